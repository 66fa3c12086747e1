/* Reading back what was written: each line against the gate that it stands for, on a state of their
 * qubits with no symmetry. Two lists of gates are the same operation if their parts are, so no state of
 * the whole circuit is needed, and circuits of any size are checked. */
#define _GNU_SOURCE /* M_PI */
#include <complex.h>
#include <math.h>
#include <string.h>
#include "lang/ir/gate_matrix.h"
#include "lang/ir/gate_steps.h"
#include "lang/qasm/write.h"

#define TOLERANCE 1e-11
static const double complex i_unit = I;

/* A few qubits of the circuit. */
typedef struct State {
  Arena *a;
  int n, qubit[GATE_MAX_QUBITS];
  double complex amp[1 << GATE_MAX_QUBITS];
} State;

static int place(const State *s, int qubit) {
  for (int i = 0; i < s->n; i++)
    if (s->qubit[i] == qubit) return i;
  return -1;
}

/* exp(-i angle W / 2) of a step where the controls hold. */
static void turn(State *s, const GateUse *u, const GateStep *step, double angle) {
  unsigned on = 0, off = 0, x = 0, z = 0;
  int y = 0;
  for (int i = 0; i < u->n_controls; i++) {
    const unsigned bit = 1u << place(s, u->qubit[i]);
    if (u->control_on[i]) on |= bit;
    else off |= bit;
  }
  for (int i = 0; i < u->n_targets; i++) {
    const unsigned bit = 1u << place(s, u->qubit[u->n_controls + i]);
    const char c = step->word[i];
    if (c == 'C') on |= bit;
    if (c == 'X' || c == 'Y') x |= bit;
    if (c == 'Z' || c == 'Y') z |= bit;
    y += c == 'Y';
  }
  static const double complex powers[4] = {1, I, -1, -I};
  const double c = cos(angle / 2), sn = sin(angle / 2);
  for (unsigned k = 0; k < 1u << s->n; k++) {
    const unsigned j = k ^ x;
    if ((k & on) != on || (k & off) != 0 || j < k) continue;
    /* W |k> = i^y (-1)^(z.k) |j> */
    const double complex wk = powers[y % 4] * (__builtin_popcount(z & k) % 2 ? -1 : 1);
    const double complex wj = powers[y % 4] * (__builtin_popcount(z & j) % 2 ? -1 : 1);
    const double complex ak = s->amp[k], aj = s->amp[j];
    s->amp[k] = c * ak - i_unit * sn * wj * aj;
    s->amp[j] = j == k ? s->amp[k] : c * aj - i_unit * sn * wk * ak;
  }
}

static void cx(State *s, const GateUse *u, const GateStep *step) {
  const unsigned c = 1u << place(s, u->qubit[u->n_controls + step->control]),
                 t = 1u << place(s, u->qubit[u->n_controls + step->target]);
  for (unsigned k = 0; k < 1u << s->n; k++) {
    bool holds = (k & c) != 0 && (k & t) == 0;
    for (int i = 0; i < u->n_controls; i++)
      holds = holds && (k >> place(s, u->qubit[i]) & 1) == u->control_on[i];
    if (!holds) continue;
    const double complex keep = s->amp[k];
    s->amp[k] = s->amp[k | t];
    s->amp[k | t] = keep;
  }
}

/* A gate that is given by numbers. */
static void apply_matrix(State *s, const GateUse *u) {
  const int d = 1 << u->n_targets;
  const double complex *m = gate_use_matrix(s->a, u);
  double complex in[1 << UNITARY_MAX_QUBITS];
  unsigned at[1 << UNITARY_MAX_QUBITS];
  for (unsigned k = 0; k < 1u << s->n; k++) {
    bool holds = true;
    for (int i = 0; i < u->n_controls; i++)
      holds = holds && (k >> place(s, u->qubit[i]) & 1) == u->control_on[i];
    for (int i = 0; i < u->n_targets; i++) holds = holds && !(k >> place(s, u->qubit[u->n_controls + i]) & 1);
    for (int j = 0; j < d && holds; j++) {
      at[j] = k;
      for (int i = 0; i < u->n_targets; i++)
        if (j >> (u->n_targets - 1 - i) & 1) at[j] |= 1u << place(s, u->qubit[u->n_controls + i]);
      in[j] = s->amp[at[j]];
    }
    for (int j = 0; j < d && holds; j++) {
      s->amp[at[j]] = 0;
      for (int i = 0; i < d; i++) s->amp[at[j]] += m[j * d + i] * in[i];
    }
  }
}

static void apply(State *s, const GateUse *u, const double *angle) {
  if ((u->gate == GATE_UNITARY || u->gate == GATE_DIAGONAL) && u->values != NULL) {
    apply_matrix(s, u);
    return;
  }
  GateStep step[GATE_MAX_STEPS];
  int n = 1;
  if (u->gate == GATE_PAULIROT && u->word != NULL) {
    step[0] = (GateStep){.k = {1}};
    memcpy(step[0].word, u->word, (size_t)u->n_targets);
  } else {
    n = gate_steps(u->gate, u->n_targets, step);
  }
  for (int i = 0; i < n; i++) {
    const GateStep *e = &step[u->inverse ? n - 1 - i : i];
    double a = e->shift;
    for (int k = 0; k < gate_info[u->gate].n_angles; k++) a += e->k[k] * angle[k];
    if (e->is_cx) cx(s, u, e);
    else turn(s, u, e, u->inverse ? -a : a);
  }
  if (u->gate != GATE_BASIS || u->word == NULL) return;
  for (int i = 0; i < u->n_targets; i++) {
    const GateUse flip = {.gate = GATE_X, .n_targets = 1, .qubit = {u->qubit[i]}};
    if (u->word[i] == '1') apply(s, &flip, NULL);
  }
}

/* Numbers without symmetry, the same every time. */
static double sample(int i) { return 0.35 + fmod(0.6180339887498949 * (i + 1), 1) * 0.6; }

static void start(State *s, const GateUse *u) {
  double norm = 0;
  s->n = u->n_controls + u->n_targets;
  for (int i = 0; i < s->n; i++) s->qubit[i] = u->qubit[i];
  for (int k = 0; k < 1 << s->n; k++) {
    s->amp[k] = sample(2 * k) * cexp(i_unit * 7 * sample(2 * k + 1));
    norm += creal(s->amp[k] * conj(s->amp[k]));
  }
  for (int k = 0; k < 1 << s->n; k++) s->amp[k] /= sqrt(norm);
}

/* Equal but for a phase, and with controls exactly (what is not controlled has a phase of its own). */
static bool same(const State *a, const State *b) {
  double complex dot = 0;
  for (int k = 0; k < 1 << a->n; k++) dot += conj(a->amp[k]) * b->amp[k];
  return fabs(cabs(dot) - 1) < TOLERANCE;
}

/* The operations of `f` from *at on that stand in this line, on the state. */
static bool apply_line(const QasmFile *f, const double *values, uint32_t begin, uint32_t end, int *at,
                       State *s) {
  for (; *at < f->ops.n && f->ops.at[*at].span.begin < end; ++*at) {
    const QasmOp *o = &f->ops.at[*at];
    GateUse u = {
        .gate = o->gate, .inverse = o->inverse, .n_targets = o->n_targets, .n_controls = o->n_controls};
    double angle[GATE_MAX_ANGLES] = {0};
    if (o->kind != QASM_GATE || o->span.begin < begin) return false;
    if (o->gate == GATE_GPHASE && o->n_controls == 0) continue; /* states are compared but for that */
    for (int k = 0; k < o->n_controls + o->n_targets; k++) {
      u.qubit[k] = (uint8_t)o->qubit[k];
      if (o->qubit[k] > UINT8_MAX || place(s, o->qubit[k]) < 0) return false;
    }
    memcpy(u.control_on, o->control_on, sizeof u.control_on);
    for (int k = 0; k < gate_info[o->gate].n_angles; k++) angle[k] = values[o->angle[k]];
    apply(s, &u, angle);
  }
  return true;
}

static bool differs(Arena *a, const QasmWriting *w, int gate, QasmFault *fault) {
  const GateUse *u = &w->view->body->gates.at[gate];
  *fault = (QasmFault){
      arena_printf(a, "read back, gate %d (`%s`) is not what was written", gate, gate_info[u->gate].name),
      u->span};
  return false;
}

/* What each leaf of the circuit's angles is, and what the file's inputs must be given for that. */
static double *leaf_values(Arena *a, const QasmWriting *w, const ViewAngles *angles) {
  double *out = ARENA_ARRAY(a, double, angles->leaves.n + 1);
  for (int i = 0; i < angles->leaves.n; i++) {
    const AngleLeaf *l = &angles->leaves.at[i];
    const double *trained = w->weights != NULL && l->slot >= 0 ? w->weights[l->slot] : NULL;
    const int key = (int)(l->element % 1000000) + 31 * (l->slot + 1) + 7 * (l->arg + 1);
    out[i] = trained != NULL ? trained[l->element] : sample(key);
  }
  return out;
}

/* By the order of the inputs in the file: arguments, then weights, elements in order. */
static double *input_values(Arena *a, const QasmWriting *w, const ViewAngles *angles, const double *leaf,
                            int want) {
  double *out = ARENA_ARRAY(a, double, want + 1);
  int n = 0;
  for (int kind = 0; kind < 2; kind++)
    for (int owner = 0; owner < (kind == 0 ? w->view->args.n : w->program->slots.n); owner++)
      for (int64_t e = -1, next; n < want; e = next) {
        int at = -1;
        next = INT64_MAX;
        for (int i = 0; i < angles->leaves.n; i++) {
          const AngleLeaf *l = &angles->leaves.at[i];
          const bool mine = kind == 0 ? l->arg == owner : l->arg < 0 && l->slot == owner;
          if (mine && l->element > e && l->element < next) next = l->element, at = i;
        }
        if (at < 0) break;
        if (kind == 1 && w->weights != NULL && w->weights[owner] != NULL) break;
        out[n++] = leaf[at];
      }
  return n == want ? out : NULL;
}

bool qasm_verify(Arena *a, const QasmWriting *w, const char *text, QasmFault *fault) {
  ViewAngles angles;
  DiagSink *sink = diag_sink(a);
  *fault = (QasmFault){"what was written cannot be read back", w->view->span};
  const Source *src = src_add("<export>", text, strlen(text));
  const QasmFile *f = src != NULL ? qasm_read(a, src, NULL, NULL, sink) : NULL;
  if (sink->all.n > 0)
    fault->text = arena_printf(a, "what was written cannot be read back: %s", sink->all.at[0]->text);
  if (f == NULL || f->n_qubits != w->view->body->n_qubits || !view_angles(a, w->program, w->view, &angles))
    return false;
  const double *leaf = leaf_values(a, w, &angles), *in = input_values(a, w, &angles, leaf, f->inputs.n);
  if (in == NULL) return false;
  double *read = ARENA_ARRAY(a, double, f->nodes.n + 1), *given = ARENA_ARRAY(a, double, angles.nodes.n + 1);
  qasm_values(f, in, NULL, read);
  const QasmFile nodes = {.nodes = {angles.nodes.at, angles.nodes.n, angles.nodes.cap}};
  qasm_values(&nodes, leaf, NULL, given);
  State *x = ARENA_NEW(a, State), *y = ARENA_NEW(a, State);
  x->a = y->a = a;
  int at = 0;
  const char *line = src->text;
  for (int i = 0; i < w->view->body->gates.n; i++) {
    const GateUse *u = &w->view->body->gates.at[i];
    double angle[GATE_MAX_ANGLES] = {0};
    if (qasm_is_nothing(u)) continue;
    for (int k = 0; k < gate_info[u->gate].n_angles; k++) angle[k] = given[angles.gate[i][k]];
    start(x, u);
    *y = *x;
    apply(x, u, angle);
    /* the line of the next operation */
    const uint32_t from = at < f->ops.n ? f->ops.at[at].span.begin - src->base : src->size;
    line = src->text + from;
    const char *end = strchr(line, '\n');
    const uint32_t stop = end != NULL ? (uint32_t)(end - src->text) : src->size;
    if (!apply_line(f, read, src->base + from, src->base + stop, &at, y) || !same(x, y))
      return differs(a, w, i, fault);
  }
  for (; at < f->ops.n; at++)
    if (f->ops.at[at].kind != QASM_MEASURE) return false;
  *fault = (QasmFault){0};
  return true;
}
