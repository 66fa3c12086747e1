/* Operators (X(q) * Z(p) + 0.5) and what is measured at the end of a circuit. */
#include "lang/sema/builtins.h"
#include <math.h>
#include <string.h>

/* ---- Pauli operators ---------------------------------------------------------------------------- */

static const Value *op_value(Sema *S, int n, const PauliTerm *terms, Span span) {
  Value *v = val_new(S, VAL_OP, span);
  v->u.op = (OpValue){n, terms};
  return v;
}

const Value *fn_pauli(Sema *S, Args *args, const Builtin *self) {
  const Value *q = args->v[0];
  if (S->circuit == NULL) {
    say(S, DIAG_PLACE, args->span,
        "`%s` is an operator on qubits: it stands in a circuit, in `expval(%s(q[0]))`", self->name,
        self->name);
    return S->error;
  }
  if (q->kind != VAL_QUBITS) {
    wrong_kind(S, q, arena_printf(S->a, "what `%s` acts on", self->name), "a qubit or a register");
    return S->error;
  }
  const Value **at = ARENA_ARRAY(S->a, const Value *, q->u.qubits.n + 1);
  for (int i = 0; i < q->u.qubits.n; i++) {
    PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
    const uint64_t bit = (uint64_t)1 << q->u.qubits.at[i];
    *t = (PauliTerm){1, self->name[0] != 'Z' ? bit : 0, self->name[0] != 'X' ? bit : 0};
    at[i] = op_value(S, 1, t, args->span);
  }
  if (q->u.qubits.is_single) return at[0];
  return val_list(S, VAL_LIST, q->u.qubits.n, at, args->span);
}

typedef VEC(PauliTerm) Terms;

static void add_term(Sema *S, Terms *out, PauliTerm t) {
  for (int i = 0; i < out->n; i++)
    if (out->at[i].x == t.x && out->at[i].z == t.z) {
      out->at[i].coefficient += t.coefficient;
      return;
    }
  vec_push(S->a, out, t);
}

/* A number as that multiple of the identity. */
static bool terms_of(Sema *S, const Value *v, OpValue *out) {
  if (v->kind == VAL_OP) {
    *out = v->u.op;
    return true;
  }
  if (val_is_number(v)) {
    PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
    t->coefficient = v->u.num;
    *out = (OpValue){1, t};
    return true;
  }
  if (v->kind == VAL_TENSOR || v->kind == VAL_SERIES)
    later(S, v->span, "an operator with computed coefficients");
  else if (v->kind == VAL_LIST) {
    Diag *d = say(S, DIAG_TYPE, v->span,
                  "an operator combines with operators and numbers, but this is a list of %d", v->u.list.n);
    diag_help(d, "`sum([...])` makes one operator of several");
  } else wrong_kind(S, v, "what an operator is combined with", "an operator or a number");
  return false;
}

/* i^e of the product of two Pauli words, e mod 4; words are i^(x.z) X^x Z^z. */
static int product_phase(const PauliTerm *a, const PauliTerm *b) {
  const uint64_t x = a->x ^ b->x, z = a->z ^ b->z;
  const int e = __builtin_popcountll(a->x & a->z) + __builtin_popcountll(b->x & b->z) +
                2 * __builtin_popcountll(a->z & b->x) - __builtin_popcountll(x & z);
  return ((e % 4) + 4) % 4;
}

static const Value *op_product(Sema *S, const OpValue *a, const OpValue *b, Span span) {
  Terms out = {0};
  for (int i = 0; i < a->n; i++)
    for (int k = 0; k < b->n; k++) {
      const int e = product_phase(&a->terms[i], &b->terms[k]);
      if (e % 2 != 0) {
        Diag *d = say(
            S, DIAG_GATE, span,
            "this product is no observable: two different Pauli operators on one qubit give an imaginary factor");
        diag_help(d, "X(q) * Y(q) is i Z(q); multiply operators on different qubits");
        return S->error;
      }
      const double c = a->terms[i].coefficient * b->terms[k].coefficient;
      add_term(S, &out,
               (PauliTerm){e == 2 ? -c : c, a->terms[i].x ^ b->terms[k].x, a->terms[i].z ^ b->terms[k].z});
    }
  return op_value(S, out.n, out.at, span);
}

const Value *op_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  OpValue x, y;
  if (!terms_of(S, a, &x) || !terms_of(S, b, &y)) return S->error;
  if (op == AST_OP_MUL) return op_product(S, &x, &y, span);
  if (op == AST_OP_DIV && val_is_number(b) && b->u.num != 0) {
    PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
    t->coefficient = 1 / b->u.num;
    const OpValue by = {1, t};
    return op_product(S, &x, &by, span);
  }
  if (op != AST_OP_ADD && op != AST_OP_SUB) {
    say(S, DIAG_TYPE, span, "operators are added, subtracted and multiplied; `%s` does not apply",
        ast_op_text[op]);
    return S->error;
  }
  Terms out = {0};
  for (int i = 0; i < x.n; i++) add_term(S, &out, x.terms[i]);
  for (int i = 0; i < y.n; i++) {
    PauliTerm t = y.terms[i];
    if (op == AST_OP_SUB) t.coefficient = -t.coefficient;
    add_term(S, &out, t);
  }
  return op_value(S, out.n, out.at, span);
}

/* sum([...]) of operators. */
const Value *op_sum(Sema *S, const Value *list, Span span) {
  const Value *out = list->u.list.at[0];
  for (int i = 1; i < list->u.list.n; i++) {
    out = op_binary(S, AST_OP_ADD, out, list->u.list.at[i], span);
    if (val_is_error(out)) return out;
  }
  return out;
}

/* ---- pairs ------------------------------------------------------------------------------------------ */

static void add_pair(int *at, int *n, int a, int b) {
  at[2 * *n] = a;
  at[2 * *n + 1] = b;
  (*n)++;
}

static const Value *pairs_of(Sema *S, const char *kind, const QubitsValue *q, Span span) {
  const int m = q->n;
  int *at = ARENA_ARRAY(S->a, int, 2 * (m * m + 1)), n = 0;
  if (strcmp(kind, "chain") == 0 || strcmp(kind, "ring") == 0)
    for (int i = 0; i + 1 < m; i++) add_pair(at, &n, q->at[i], q->at[i + 1]);
  if (strcmp(kind, "ring") == 0 && m > 2) add_pair(at, &n, q->at[m - 1], q->at[0]);
  if (strcmp(kind, "all") == 0)
    for (int i = 0; i < m; i++)
      for (int k = i + 1; k < m; k++) add_pair(at, &n, q->at[i], q->at[k]);
  if (strcmp(kind, "star") == 0)
    for (int i = 1; i < m; i++) add_pair(at, &n, q->at[0], q->at[i]);
  if (strcmp(kind, "brick") == 0)
    for (int first = 0; first < 2; first++)
      for (int i = first; i + 1 < m; i += 2) add_pair(at, &n, q->at[i], q->at[i + 1]);
  Value *v = val_new(S, VAL_PAIRS, span);
  v->u.qubits = (QubitsValue){n, at, false, q->name};
  return v;
}

static const QubitsValue *want_register(Sema *S, const Value *v, const char *what) {
  if (v->kind == VAL_QUBITS) return &v->u.qubits;
  wrong_kind(S, v, what, "a register");
  return NULL;
}

const Value *fn_pairs(Sema *S, Args *args, const Builtin *self) {
  if (strcmp(self->name, "all") == 0 && args->v[0]->kind != VAL_QUBITS) return fn_all(S, args, self);
  const QubitsValue *q = want_register(S, args->v[0], arena_printf(S->a, "the argument of `%s`", self->name));
  return q != NULL ? pairs_of(S, self->name, q, args->span) : S->error;
}

const Value *fn_entangle(Sema *S, Args *args, const Builtin *self) {
  static const char *const known[] = {"chain", "ring", "all", "star", "brick", "none"};
  const QubitsValue *q = want_register(S, args->v[0], "the first argument of `entangle`");
  const char *pattern = want_text(S, args->v[1], "the pattern of `entangle`");
  if (q == NULL || pattern == NULL) return S->error;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(pattern, known[i]) == 0) return pairs_of(S, pattern, q, args->span);
  Diag *d = say(S, DIAG_GATE, args->v[1]->span, "there is no pattern \"%s\"", pattern);
  const char *near = diag_nearest(pattern, known, 6);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  else diag_help(d, "patterns are \"chain\", \"ring\", \"all\", \"star\", \"brick\" and \"none\"");
  (void)self;
  return S->error;
}

const Value *fn_pair_list(Sema *S, Args *args, const Builtin *self) {
  const QubitsValue *q = want_register(S, args->v[0], "the first argument of `pairs`");
  if (q == NULL) return S->error;
  int n = 0;
  const Value *const *items = static_items(S, args->v[1], "the list of `pairs`", &n);
  if (items == NULL) return S->error;
  int *at = ARENA_ARRAY(S->a, int, 2 * n + 1);
  for (int i = 0; i < n; i++) {
    const Value *pair = items[i];
    if ((pair->kind != VAL_TUPLE && pair->kind != VAL_LIST) || pair->u.list.n != 2) {
      wrong_kind(S, pair, "an entry of `pairs`", "a pair of numbers like `(0, 1)`");
      return S->error;
    }
    for (int k = 0; k < 2; k++) {
      int64_t j;
      if (!want_int(S, pair->u.list.at[k], "a qubit", &j)) return S->error;
      if (j < 0 || j >= q->n) {
        say(S, DIAG_QUBIT, pair->u.list.at[k]->span, "there is no qubit %lld: register `%s` has %d",
            (long long)j, q->name, q->n);
        return S->error;
      }
      at[2 * i + k] = q->at[j];
    }
  }
  Value *v = val_new(S, VAL_PAIRS, args->span);
  v->u.qubits = (QubitsValue){n, at, false, q->name};
  (void)self;
  return v;
}

/* ---- measurements ------------------------------------------------------------------------------------- */

static bool same_angle(const AngleRef *a, const AngleRef *b) {
  return a->source == b->source && a->element == b->element && a->scale == b->scale && a->shift == b->shift;
}

static bool same_gate(const GateUse *a, const GateUse *b) {
  if (a->channel != b->channel || a->n_kraus != b->n_kraus) return false;
  if (a->gate != b->gate || a->inverse != b->inverse || a->n_targets != b->n_targets ||
      a->n_controls != b->n_controls)
    return false;
  const size_t n = (size_t)(a->n_targets + a->n_controls);
  if (memcmp(a->qubit, b->qubit, n) != 0 || memcmp(a->control_on, b->control_on, (size_t)a->n_controls) != 0)
    return false;
  const int n_angles =
      a->channel != CHANNEL_NONE ? channel_n_params(a->channel) : gate_info[a->gate].n_angles;
  for (int i = 0; i < n_angles; i++)
    if (!same_angle(&a->angle[i], &b->angle[i])) return false;
  if ((a->word == NULL) != (b->word == NULL) || (a->word != NULL && strcmp(a->word, b->word) != 0))
    return false;
  const size_t values = gate_use_values(a);
  return values == gate_use_values(b) &&
         (values == 0 || memcmp(a->values, b->values, values * sizeof(double)) == 0);
}

static bool same_observable(const Observable *a, const Observable *b) {
  if (a->terms.n != b->terms.n) return false;
  for (int i = 0; i < a->terms.n; i++)
    if (a->terms.at[i].coefficient != b->terms.at[i].coefficient || a->terms.at[i].x != b->terms.at[i].x ||
        a->terms.at[i].z != b->terms.at[i].z)
      return false;
  return true;
}

static bool same_program(const CircuitProgram *a, const CircuitProgram *b) {
  if (a->n_qubits != b->n_qubits || a->gates.n != b->gates.n || a->measure != b->measure ||
      a->n_inputs != b->n_inputs)
    return false;
  if (a->observables.n != b->observables.n || a->probs_qubits.n != b->probs_qubits.n) return false;
  for (int i = 0; i < a->n_inputs; i++)
    if (a->input_has_rows[i] != b->input_has_rows[i] || a->input_size[i] != b->input_size[i]) return false;
  for (int i = 0; i < a->gates.n; i++)
    if (!same_gate(&a->gates.at[i], &b->gates.at[i])) return false;
  for (int i = 0; i < a->observables.n; i++)
    if (!same_observable(&a->observables.at[i], &b->observables.at[i])) return false;
  for (int i = 0; i < a->probs_qubits.n; i++)
    if (a->probs_qubits.at[i] != b->probs_qubits.at[i]) return false;
  return true;
}

/* The program of the gates so far; one that is equal is used again, so equal calls are one node. */
static const CircuitProgram *circuit_program(Sema *S, CircuitProgram *p, Span span) {
  const CircuitBuild *c = S->circuit;
  p->n_qubits = c->n_qubits;
  if (!noise_add(S, p, &c->gates, span)) return NULL;
  p->n_inputs = c->inputs.n;
  p->input_has_rows = ARENA_ARRAY(S->a, bool, c->inputs.n + 1);
  p->input_size = ARENA_ARRAY(S->a, int64_t, c->inputs.n + 1);
  for (int i = 0; i < c->inputs.n; i++) {
    p->input_has_rows[i] = c->rows.at[i];
    p->input_size[i] = c->sizes.at[i];
  }
  p->n_outputs = p->measure == MEASURE_EXPVAL ? p->observables.n : 1 << p->probs_qubits.n;
  p->name = sym_intern(c->object->name);
  p->span = c->object->decl->name_span;
  p->arena = S->a;
  for (int i = 0; i < S->programs.n; i++)
    if (same_program(S->programs.at[i], p)) return S->programs.at[i];
  CircuitProgram *kept = ARENA_NEW(S->a, CircuitProgram);
  *kept = *p;
  vec_push(S->a, &S->programs, kept);
  return kept;
}

/* Two calls have independent directions: their site is named after the place of the call. */
static int estimate_site(Sema *S, Span span) {
  Path *path = S->path;
  if (S->caller != NULL) S->path = S->caller;
  const int site = site_new(S, arena_printf(S->a, "%s.spsa", S->circuit->object->name), span);
  S->path = path;
  return site;
}

static const Value *circuit_node(Sema *S, CircuitProgram *p, Span span) {
  CircuitBuild *c = S->circuit;
  uint64_t x = 0; /* qubits measured in another basis than that of Z */
  for (int i = 0; i < p->observables.n; i++)
    for (int k = 0; k < p->observables.at[i].terms.n; k++) x |= p->observables.at[i].terms.at[k].x;
  held_settle(S, x, span);
  const CircuitProgram *program = circuit_program(S, p, span);
  if (program == NULL) return S->error;
  const MethodUse use = circuit_use(program, 1);
  const CircuitMethod method =
      S->gradient > 0 ? (CircuitMethod)(S->gradient - 1) : circuit_method_default(&use);
  if (method == METHOD_SPSA && S->estimates == 0) S->estimates = estimate_site(S, span) + 1;
  const Attr attr = {.i = {method, method == METHOD_SPSA ? S->estimates - 1 : 0}, .p = program};
  int lift = 0;
  for (int i = 0; i < c->inputs.n; i++) lift = c->rows.at[i] ? 1 : lift;
  const char *why = NULL;
  const NodeId id = g_make(graph_now(S), OP_CIRCUIT, c->inputs.n, c->inputs.at, &attr, NULL, span, &why);
  if (id == NODE_NONE)
    say(S, DIAG_SHAPE, span, "%s", why != NULL ? why : "the inputs of this circuit do not fit together");
  c->measured = true;
  c->measured_span = span;
  return val_node(S, id, lift, span);
}

static bool in_circuit(Sema *S, const Args *args) {
  if (S->circuit == NULL) {
    Diag *d = say(S, DIAG_PLACE, args->span, "`%s` measures qubits, so it stands in a circuit", args->name);
    diag_help(d, "call a circuit that returns it");
    return false;
  }
  if (S->circuit->object->is_block || S->object->object->is_block) {
    say(S, DIAG_PLACE, args->span, "`%s` measures, but `%s` is a block without `return`", args->name,
        S->object->object->name);
    return false;
  }
  return true;
}

static bool add_observable(Sema *S, CircuitProgram *p, const Value *v) {
  if (v->kind == VAL_LIST) {
    if (v->u.list.n == 0) say(S, DIAG_TYPE, v->span, "an empty list of operators");
    for (int i = 0; i < v->u.list.n; i++)
      if (!add_observable(S, p, v->u.list.at[i])) return false;
    return v->u.list.n > 0;
  }
  if (v->kind == VAL_QUBITS) {
    Diag *d = say(S, DIAG_TYPE, v->span, "`expval` measures an operator, but this is %s", val_describe(S, v));
    diag_help(d, "write `expval(Z(%s))`", src_of_span(S, v->span));
    return false;
  }
  OpValue op;
  if (v->kind != VAL_OP) {
    wrong_kind(S, v, "what `expval` measures", "an operator like `Z(q[0])`");
    return false;
  }
  if (!terms_of(S, v, &op)) return false;
  Observable o = {.span = v->span};
  for (int i = 0; i < op.n; i++) vec_push(S->a, &o.terms, op.terms[i]);
  vec_push(S->a, &p->observables, o);
  return true;
}

const Value *fn_expval(Sema *S, Args *args, const Builtin *self) {
  CircuitProgram p = {.measure = MEASURE_EXPVAL};
  (void)self;
  if (!in_circuit(S, args)) return S->error;
  if (args->v[1] != NULL) return later(S, args->v[1]->span, "`shots`");
  if (!add_observable(S, &p, args->v[0])) return S->error;
  return circuit_node(S, &p, args->span);
}

const Value *fn_probs(Sema *S, Args *args, const Builtin *self) {
  CircuitProgram p = {.measure = MEASURE_PROBS};
  (void)self;
  if (!in_circuit(S, args)) return S->error;
  if (args->v[1] != NULL) return later(S, args->v[1]->span, "`shots`");
  const QubitsValue *q = want_register(S, args->v[0], "what `probs` measures");
  if (q == NULL) return S->error;
  for (int i = 0; i < q->n; i++) {
    for (int k = 0; k < i; k++)
      if (q->at[k] == q->at[i]) {
        say(S, DIAG_QUBIT, args->v[0]->span, "a qubit stands twice in `probs`");
        return S->error;
      }
    vec_push(S->a, &p.probs_qubits, (uint8_t)q->at[i]);
  }
  return circuit_node(S, &p, args->span);
}
