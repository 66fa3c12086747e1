/* Measurement inside of circuits, by deferral (deferral.h). */
#include "lang/sema/deferral.h"
#include <string.h>

/* ---- qubits that hold outcomes ------------------------------------------------------------------- */

/* Does the gate keep the value of its qubit number `pos` (controls first) in the basis of Z? */
static bool keeps_z(const GateUse *u, int pos) {
  const GateInfo *info = &gate_info[u->gate];
  if (u->channel != CHANNEL_NONE) return false;
  if (pos < u->n_controls || info->cls == GATE_DIAG) return true;
  const int target = pos - u->n_controls;
  if (info->steps[0] == '\0') return false;
  for (const char *s = info->steps; *s != '\0';) {
    if (*s == 'c') { /* cx01 */
      if (s[3] - '0' == target) return false;
    } else {
      int k = 0;
      while (k < target && s[k + 1] != '(' && s[k + 1] != '*') k++;
      if (s[k] == 'X' || s[k] == 'Y') return false;
    }
    s += strcspn(s, " ");
    s += strspn(s, " ");
  }
  return true;
}

static bool changes(const GateUse *u, int qubit) {
  for (int i = 0; i < u->n_controls + u->n_targets; i++)
    if (u->qubit[i] == qubit && !keeps_z(u, i)) return true;
  return false;
}

int deferral_fresh(Sema *S, Span span) {
  if (S->circuit->n_qubits < CIRCUIT_MAX_QUBITS) return S->circuit->n_qubits++;
  if (S->circuit->full) return -1;
  S->circuit->full = true;
  Diag *d = say(S, DIAG_TOO_LARGE, span, "more than %d qubits, with those that keep outcomes of measurements",
                CIRCUIT_MAX_QUBITS);
  diag_note(d, "a qubit that is measured and then used again, or reset, takes a further one");
  return -1;
}

static void touch(CircuitBuild *c, const GateUse *u) {
  for (int i = 0; i < u->n_controls + u->n_targets; i++) c->touched |= (uint64_t)1 << u->qubit[i];
}

void deferral_push(Sema *S, const GateUse *u) {
  touch(S->circuit, u);
  vec_push(S->a, &S->circuit->gates, *u);
}

static void insert_gate(Sema *S, int at, GateUse u) {
  CircuitBuild *c = S->circuit;
  deferral_push(S, &u);
  for (int i = c->gates.n - 1; i > at; i--) c->gates.at[i] = c->gates.at[i - 1];
  c->gates.at[at] = u;
  for (int i = 0; i < c->held.n; i++)
    if (c->held.at[i].since > at) c->held.at[i].since++;
}

void deferral_rename(CircuitBuild *c, int from, int to) {
  for (int i = 0; i < c->files.n; i++)
    for (int k = 0; c->files.at[i].holder != NULL && k < c->files.at[i].block->file->n_bits; k++)
      if (c->files.at[i].holder[k] == from) c->files.at[i].holder[k] = to;
  for (int i = 0; i < c->outcomes.n; i++)
    if (c->outcomes.at[i] == from) c->outcomes.at[i] = to;
}

static GateUse copy_gate(int from, int to, Span span) {
  return (GateUse){.gate = GATE_CX,
                   .n_targets = 2,
                   .qubit = {(uint8_t)from, (uint8_t)to},
                   .n_kept = 2,
                   .angle = {{-1, 0, 0, 0}, {-1, 0, 0, 0}, {-1, 0, 0, 0}, {-1, 0, 0, 0}},
                   .span = span};
}

/* Copies what held qubit number i measured, before gate `at`, and forgets it. */
static bool copy_held(Sema *S, int i, int at, Span span) {
  CircuitBuild *c = S->circuit;
  const int q = c->held.at[i].qubit, copy = deferral_fresh(S, span);
  if (copy < 0) return false;
  c->held.at[i] = c->held.at[--c->held.n];
  insert_gate(S, at, copy_gate(q, copy, span));
  deferral_rename(c, q, copy);
  return true;
}

void held_settle(Sema *S, uint64_t x, Span span) {
  CircuitBuild *c = S->circuit;
  for (int i = c->held.n - 1; i >= 0; i--) {
    const int q = c->held.at[i].qubit;
    int at = c->held.at[i].since;
    while (at < c->gates.n && !changes(&c->gates.at[at], q)) at++;
    if (at == c->gates.n && (x >> q & 1) == 0) c->held.at[i].since = at;
    else if (!copy_held(S, i, at, span)) return;
  }
}

int deferral_find(const CircuitBuild *c, int qubit) {
  for (int i = 0; i < c->held.n; i++)
    if (c->held.at[i].qubit == qubit) return i;
  return -1;
}

void deferral_measure(Sema *S, int qubit, Span span) {
  CircuitBuild *c = S->circuit;
  c->n_impure++;
  if (deferral_find(c, qubit) >= 0) return;
  vec_push(S->a, &c->held, ((Held){qubit, c->gates.n}));
  /* what a noise model adds later is not seen by held_settle */
  if (S->noise != NULL) (void)copy_held(S, c->held.n - 1, c->gates.n, span);
}

bool deferral_keep(Sema *S, const GateUse *u, bool conditional, int at, Span span) {
  CircuitBuild *c = S->circuit;
  for (int i = 0; i < u->n_controls + u->n_targets; i++) {
    const int held = deferral_find(c, u->qubit[i]);
    if (held < 0 || (keeps_z(u, i) && !conditional)) continue;
    if (!copy_held(S, held, at, span)) return false;
  }
  return true;
}

const int *deferral_outcomes(Sema *S, const int *holder, int n, uint64_t taken, Span span) {
  CircuitBuild *c = S->circuit;
  int *at = ARENA_ARRAY(S->a, int, n + 1);
  uint64_t seen = taken;
  for (int i = 0; i < n; i++) {
    const int q = holder[i];
    at[i] = q;
    if (q < 0 || (seen >> q & 1)) {
      if ((at[i] = deferral_fresh(S, span)) < 0) return NULL;
      const GateUse cx = copy_gate(q, at[i], span);
      if (q >= 0) vec_push(S->a, &c->gates, cx);
    }
    seen |= (uint64_t)1 << at[i];
  }
  c->measured = true;
  c->measured_span = span;
  return at;
}

/* ---- conditions ---------------------------------------------------------------------------------- */

bool control_add(Controls *c, int qubit, bool on) {
  for (int i = 0; i < c->n; i++)
    if (c->qubit[i] == qubit) return c->on[i] == on;
  c->qubit[c->n] = qubit;
  c->on[c->n++] = on;
  return true;
}

/* x on `target` where all controls hold; with more of them than a gate has room for through further qubits.
 */
static bool controlled_x(Sema *S, const Controls *c, int target, Span span) {
  int from = 0;
  int carry = -1;
  do {
    const int room = GATE_MAX_QUBITS - 1 - (carry >= 0), left = c->n - from, take = left < room ? left : room;
    const bool last = take == left;
    const int to = last ? target : deferral_fresh(S, span);
    if (to < 0) return false;
    GateUse u = {.gate = GATE_X, .n_targets = 1, .span = span};
    if (carry >= 0) u.qubit[u.n_controls] = (uint8_t)carry, u.control_on[u.n_controls++] = 1;
    for (int i = 0; i < take; i++) {
      u.qubit[u.n_controls] = (uint8_t)c->qubit[from + i];
      u.control_on[u.n_controls++] = c->on[from + i];
    }
    u.qubit[u.n_controls] = (uint8_t)to;
    u.n_kept = u.n_controls + 1;
    deferral_push(S, &u);
    carry = to;
    from += take;
  } while (from < c->n);
  return true;
}

int controls_qubit(Sema *S, const Controls *c, Span span) {
  const int to = deferral_fresh(S, span);
  return to >= 0 && controlled_x(S, c, to, span) ? to : -1;
}

/* The one assignment that holds, or -1 if there are several; -2 if none. */
static int single_case(const Condition *k) {
  int at = -2;
  for (int i = 0; i < 1 << k->n; i++)
    if (k->table[i]) at = at == -2 ? i : -1;
  return at;
}

/* Computes the condition into a fresh qubit, as the sum modulo 2 of products of bits (its algebraic normal
 * form, which takes the place of the table). */
static int condition_qubit(Sema *S, Condition *k, Span span) {
  const int to = deferral_fresh(S, span);
  if (to < 0) return -1;
  for (int i = 0; i < k->n; i++)
    for (unsigned j = 0; j < 1u << k->n; j++)
      if (j >> i & 1) k->table[j] ^= k->table[j ^ 1u << i];
  for (unsigned j = 0; j < 1u << k->n; j++) {
    if (!k->table[j]) continue;
    Controls c = {0};
    for (int i = 0; i < k->n; i++)
      if (j >> i & 1) (void)control_add(&c, k->holder[i], true);
    if (!controlled_x(S, &c, to, span)) return -1;
  }
  return to;
}

int condition_controls(Sema *S, Condition *k, int *qubit, Controls *out, Span span) {
  if (*qubit < 0) {
    const int one = single_case(k);
    if (one == -2) return 0;
    if (one >= 0) {
      for (int i = 0; i < k->n; i++)
        if (!control_add(out, k->holder[i], one >> i & 1)) return 0;
      return 1;
    }
    *qubit = condition_qubit(S, k, span);
    if (*qubit < 0) return -1;
  }
  (void)control_add(out, *qubit, true);
  return 1;
}

bool gate_condition(Sema *S, GateUse *u, const Controls *c, Span span) {
  const Controls *use = c;
  Controls one = {.n = 1, .on = {1}};
  if (u->n_controls + u->n_targets + c->n > GATE_MAX_QUBITS) {
    one.qubit[0] = controls_qubit(S, c, span);
    if (one.qubit[0] < 0) return false;
    use = &one;
  }
  const int have = u->n_controls + u->n_targets;
  if (have + use->n > GATE_MAX_QUBITS) {
    say(S, DIAG_GATE, span, "a gate under a condition would act on %d qubits; at most %d are possible",
        have + use->n, GATE_MAX_QUBITS);
    return false;
  }
  memmove(u->qubit + use->n, u->qubit, (size_t)have);
  memmove(u->control_on + use->n, u->control_on, (size_t)u->n_controls);
  for (int i = 0; i < use->n; i++) {
    u->qubit[i] = (uint8_t)use->qubit[i];
    u->control_on[i] = use->on[i];
  }
  u->n_controls += use->n;
  u->n_kept += use->n;
  return true;
}
