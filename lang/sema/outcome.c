/* Measurement inside of circuits of a script: `draw m ~ measure(q)` and the modifier `when(m) @`. Outcomes
 * are held by qubits (deferral.h); a condition becomes controls of the gates behind it. A measured qubit
 * may be used further, and what was measured may be measured again at the end: `probs(m)`. */
#include <string.h>
#include "lang/sema/deferral.h"
#include "lang/sema/gates.h"
#include "lang/sema/measure.h"

/* ---- draw m ~ measure(q) ------------------------------------------------------------------------ */

static const Value *outcome_new(Sema *S, int qubit, Span span) {
  CircuitBuild *c = S->circuit;
  vec_push(S->a, &c->outcomes, qubit);
  Value *v = val_new(S, VAL_OUTCOME, span);
  v->u.index = c->outcomes.n - 1;
  deferral_measure(S, qubit, span);
  return v;
}

/* One outcome for a qubit, a list of them for a register. */
const Value *fn_measure(Sema *S, Args *args, const Builtin *self) {
  const char *text = src_of_span(S, args->v[0]->span);
  if (S->circuit == NULL || !S->circuit->drawing) {
    Diag *d = say(S, DIAG_PLACE, args->span, "`%s` stands in a circuit, behind `draw`", self->name);
    diag_help(d,
              "write `draw m ~ measure(%s)`; at the end of a circuit `probs`, `expval` and `sample` measure",
              text);
    return S->error;
  }
  S->circuit->drawing = false;
  const QubitsValue *q = op_register(S, args->v[0], "the register of `measure`");
  if (q == NULL) return S->error;
  if (S->circuit->measured) {
    Diag *d = say(S, DIAG_PLACE, args->span, "a measurement inside of the circuit, after the last one");
    diag_label(d, S->circuit->measured_span, "measured here");
    return S->error;
  }
  held_settle(S, 0, args->span);
  const Value **at = ARENA_ARRAY(S->a, const Value *, q->n + 1);
  for (int i = 0; i < q->n; i++) at[i] = outcome_new(S, q->at[i], args->span);
  return q->is_single ? at[0] : val_list(S, VAL_LIST, q->n, at, args->span);
}

const Value *outcome_draw(Sema *S, const AstNode *n) {
  const AstNode *from = ast_kid(n, AST_DRAW_value), *dims = ast_kid(n, AST_DRAW_dims);
  const AstNode *callee = from->kind == AST_CALL ? ast_kid(from, AST_CALL_callee) : NULL;
  Shape shape;
  if (callee == NULL || callee->kind != AST_NAME || strcmp(sym_text(callee->name), "measure") != 0) {
    Diag *d = say(S, DIAG_PLACE, n->span, "in a circuit `draw` measures");
    diag_help(d, "write `draw %s ~ measure(q[0])`; draw random numbers outside, and pass them in",
              sym_text(n->name));
    return S->error;
  }
  if (!dims_eval(S, dims, false, &shape)) return S->error;
  S->circuit->drawing = true;
  const Value *v = eval(S, from);
  S->circuit->drawing = false;
  if (val_is_error(v) || dims == NULL) return v;
  const int have = v->kind == VAL_LIST ? v->u.list.n : 0;
  if (shape.rank == 1 && have > 0 && shape.d[0].count == 0 && shape.d[0].n == have) return v;
  say(S, DIAG_SHAPE, from->span, "this measures %s, but `%s` is declared as %s",
      have == 0 ? "one qubit" : arena_printf(S->a, "%d qubits", have), sym_text(n->name),
      sema_shape_text(S, &shape));
  return S->error;
}

/* ---- outcomes at the end ------------------------------------------------------------------------- */

/* A value as the qubits of a register: of a qubit or register itself, of an outcome the one that holds it
 * now. Brackets may hold others. */
typedef struct Joined {
  VEC(int) at;          /* qubits, or holders of outcomes, */
  VEC(bool) is_outcome; /* which of the two */
  int n_outcomes;
} Joined;

/* False if something else is among them. */
static bool join(Sema *S, const Value *v, Joined *out) {
  if (v->kind == VAL_LIST) {
    for (int i = 0; i < v->u.list.n; i++)
      if (!join(S, v->u.list.at[i], out)) return false;
    return v->u.list.n > 0;
  }
  if (v->kind == VAL_OUTCOME) {
    vec_push(S->a, &out->at, v->u.index);
    vec_push(S->a, &out->is_outcome, true);
    out->n_outcomes++;
  }
  for (int i = 0; v->kind == VAL_QUBITS && i < v->u.qubits.n; i++) {
    vec_push(S->a, &out->at, v->u.qubits.at[i]);
    vec_push(S->a, &out->is_outcome, false);
  }
  return v->kind == VAL_OUTCOME || v->kind == VAL_QUBITS;
}

static const Value *joined_value(Sema *S, const Value *v, int n, const int *at) {
  Value *q = val_new(S, VAL_QUBITS, v->span);
  q->u.qubits = (QubitsValue){n, at, v->kind != VAL_LIST, src_of_span(S, v->span)};
  return q;
}

const Value *registers_joined(Sema *S, const Value *v) {
  Joined j = {0};
  if (v->kind != VAL_LIST || !join(S, v, &j) || j.n_outcomes > 0) return v;
  return joined_value(S, v, j.at.n, j.at.at);
}

/* Outcomes are asked for together with the qubits beside them: two on one qubit are copied apart. */
const Value *outcome_qubits(Sema *S, const Value *v) {
  Joined j = {0};
  if (S->circuit == NULL || (v->kind != VAL_OUTCOME && v->kind != VAL_LIST) || !join(S, v, &j)) return v;
  if (j.n_outcomes == 0) return joined_value(S, v, j.at.n, j.at.at);
  held_settle(S, 0, v->span);
  int *holder = ARENA_ARRAY(S->a, int, j.at.n + 1), n = 0;
  uint64_t taken = 0;
  for (int i = 0; i < j.at.n; i++) {
    if (j.is_outcome.at[i]) holder[n++] = S->circuit->outcomes.at[j.at.at[i]];
    else taken |= (uint64_t)1 << j.at.at[i];
  }
  const int *held = deferral_outcomes(S, holder, n, taken, v->span);
  if (held == NULL) return S->error;
  n = 0;
  for (int i = 0; i < j.at.n; i++)
    if (j.is_outcome.at[i]) j.at.at[i] = held[n++];
  return joined_value(S, v, j.at.n, j.at.at);
}

/* ---- when(condition) @ --------------------------------------------------------------------------- */

/* The leaves of a condition, in the order of the text. */
typedef struct Leaves {
  VEC(const Value *) at;
  int n_outcomes;
  int outcome[QASM_MAX_CONDITION];
} Leaves;

static bool is_join(const AstNode *n) {
  return n->kind == AST_BINARY &&
         (n->op == AST_OP_AND || n->op == AST_OP_OR || n->op == AST_OP_EQ || n->op == AST_OP_NE);
}

static bool add_outcome(Sema *S, Leaves *l, const Value *v) {
  for (int i = 0; i < l->n_outcomes; i++)
    if (l->outcome[i] == v->u.index) return true;
  if (l->n_outcomes == QASM_MAX_CONDITION) {
    say(S, DIAG_TOO_LARGE, v->span, "a condition on more than %d outcomes", QASM_MAX_CONDITION);
    return false;
  }
  l->outcome[l->n_outcomes++] = v->u.index;
  return true;
}

static bool gather(Sema *S, const AstNode *n, Leaves *out) {
  if (is_join(n))
    return gather(S, ast_kid(n, AST_BINARY_left), out) && gather(S, ast_kid(n, AST_BINARY_right), out);
  if (n->kind == AST_UNARY && n->op == AST_OP_NOT) return gather(S, ast_kid(n, AST_UNARY_value), out);
  const Value *v = eval(S, n);
  if (val_is_error(v)) return false;
  vec_push(S->a, &out->at, v);
  if (v->kind == VAL_BOOL || v->kind == VAL_INT) return true;
  if (v->kind == VAL_OUTCOME) return add_outcome(S, out, v);
  bool all = v->kind == VAL_LIST && v->u.list.n > 0;
  for (int i = 0; all && i < v->u.list.n; i++) all = v->u.list.at[i]->kind == VAL_OUTCOME;
  if (!all) {
    Diag *d = wrong_kind(S, v, "what `when` asks for", "an outcome of a measurement");
    if (d != NULL) diag_help(d, "`draw m ~ measure(q[0])`, then `when(m) @ x q[1]`, `when(not m) @ ...`");
    return false;
  }
  for (int i = 0; i < v->u.list.n; i++)
    if (!add_outcome(S, out, v->u.list.at[i])) return false;
  return true;
}

/* A leaf where the outcomes have the bits of k; the first of a list is its most significant bit. */
static int64_t leaf_value(const Leaves *l, const Value *v, unsigned k) {
  if (v->kind == VAL_BOOL || v->kind == VAL_INT) return (int64_t)v->u.num;
  int64_t out = 0;
  const int n = v->kind == VAL_LIST ? v->u.list.n : 1;
  for (int i = 0; i < n; i++) {
    int at = 0;
    while (l->outcome[at] != (v->kind == VAL_LIST ? v->u.list.at[i] : v)->u.index) at++;
    out = 2 * out + (k >> at & 1);
  }
  return out;
}

static int64_t condition_value(const Leaves *l, const AstNode *n, unsigned k, int *leaf) {
  if (n->kind == AST_UNARY && n->op == AST_OP_NOT)
    return condition_value(l, ast_kid(n, AST_UNARY_value), k, leaf) == 0;
  if (!is_join(n)) return leaf_value(l, l->at.at[(*leaf)++], k);
  const int64_t a = condition_value(l, ast_kid(n, AST_BINARY_left), k, leaf);
  const int64_t b = condition_value(l, ast_kid(n, AST_BINARY_right), k, leaf);
  if (n->op == AST_OP_AND) return a != 0 && b != 0;
  if (n->op == AST_OP_OR) return a != 0 || b != 0;
  return (a == b) == (n->op == AST_OP_EQ);
}

/* What a `when` waits for: the condition with outcomes in place of holders. */
struct When {
  Condition condition;
  int outcome[QASM_MAX_CONDITION];
  int qubit; /* that holds the condition; -1: not made */
};

struct When *when_read(Sema *S, const AstNode *m, const AstNode *args) {
  Leaves l = {0};
  if (args == NULL || args->n != 1 || args->kids[0]->kind == AST_ARG) {
    Diag *d = say(S, DIAG_ARGUMENTS, m->span, "`when` takes one argument, a condition on outcomes");
    diag_help(d, "write `when(m) @ ...`, `when(m and not n) @ ...`, `when(m == 2) @ ...` of a register");
    return NULL;
  }
  held_settle(S, 0, m->span);
  if (!gather(S, args->kids[0], &l)) return NULL;
  struct When *w = ARENA_NEW(S->a, struct When);
  w->qubit = -1;
  w->condition.n = l.n_outcomes;
  memcpy(w->outcome, l.outcome, sizeof l.outcome);
  for (unsigned k = 0; k < 1u << l.n_outcomes; k++) {
    int leaf = 0;
    w->condition.table[k] = condition_value(&l, args->kids[0], k, &leaf) != 0;
  }
  return w;
}

/* Gates from `mid` on move before those from `start` on. */
static void move_before(Sema *S, int start, int mid) {
  CircuitBuild *c = S->circuit;
  const int n = mid - start, m = c->gates.n - mid;
  if (n == 0 || m == 0) return;
  GateUse *kept = ARENA_ARRAY(S->a, GateUse, n);
  memcpy(kept, c->gates.at + start, (size_t)n * sizeof *kept);
  memmove(c->gates.at + start, c->gates.at + mid, (size_t)m * sizeof *kept);
  memcpy(c->gates.at + start + m, kept, (size_t)n * sizeof *kept);
}

/* Outcomes on qubits of the line get copies: they are controls now. Returns where its gates begin then. */
static int keep_line(Sema *S, const Line *l, int start, const QubitsValue *operands) {
  CircuitBuild *c = S->circuit;
  for (int i = start; i < c->gates.n + l->n_controls; i++) {
    const int before = c->gates.n;
    GateUse u = {.n_targets = 1};
    if (i < before) u = c->gates.at[i];
    else u.qubit[0] = (uint8_t)operands[i - before].at[0];
    if (!deferral_keep(S, &u, true, start, l->span)) return -1;
    start += c->gates.n - before;
    i += c->gates.n - before;
  }
  return start;
}

int when_apply(Sema *S, const Line *l, struct When *w, int start, const QubitsValue *operands) {
  CircuitBuild *c = S->circuit;
  Controls controls = {0};
  int width = 0;
  if ((start = keep_line(S, l, start, operands)) < 0) return -1;
  const int mid = c->gates.n;
  for (int i = 0; i < w->condition.n; i++) w->condition.holder[i] = c->outcomes.at[w->outcome[i]];
  const int holds = condition_controls(S, &w->condition, &w->qubit, &controls, l->span);
  if (holds < 0) return -1;
  if (holds == 0) {
    c->gates.n = start;
    return start;
  }
  for (int i = start; i < mid; i++) {
    const int n = c->gates.at[i].n_controls + c->gates.at[i].n_targets;
    width = n > width ? n : width;
  }
  if (width + controls.n > GATE_MAX_QUBITS) {
    w->qubit = controls_qubit(S, &controls, l->span);
    if (w->qubit < 0) return -1;
    controls = (Controls){.n = 1, .qubit = {w->qubit}, .on = {1}};
  }
  move_before(S, start, mid);
  start += c->gates.n - mid;
  for (int i = start; i < c->gates.n; i++)
    if (!gate_condition(S, &c->gates.at[i], &controls, l->span)) return -1;
  return start;
}
