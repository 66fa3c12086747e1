/* Circuit programs: what is measured at the end of a circuit, as a node of the graph. */
#include "lang/sema/measure.h"
#include <string.h>

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

static bool same_pairs(const CircuitProgram *a, const CircuitProgram *b) {
  if (a->pairs.n != b->pairs.n) return false;
  for (int i = 0; i < a->pairs.n; i++)
    if (a->pairs.at[i].a != b->pairs.at[i].a || a->pairs.at[i].b != b->pairs.at[i].b) return false;
  return true;
}

static bool same_program(const CircuitProgram *a, const CircuitProgram *b) {
  if (a->n_qubits != b->n_qubits || a->gates.n != b->gates.n || a->measure != b->measure ||
      a->n_inputs != b->n_inputs)
    return false;
  if (a->of_state != b->of_state &&
      (a->of_state == NULL || b->of_state == NULL || strcmp(a->of_state, b->of_state) != 0))
    return false;
  if (a->shots != b->shots || a->site != b->site || !same_pairs(a, b)) return false;
  if (a->trajectories != b->trajectories || a->path_site != b->path_site) return false;
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

/* Samples are drawn for each row, also where all rows have the same angles: then no angle has rows, and an
 * argument that has becomes an input that no gate uses. */
static void give_rows(Sema *S) {
  const CircuitBuild *c = S->circuit;
  bool rows = c->lifted == NULL;
  for (int i = 0; i < c->inputs.n; i++) rows = rows || c->rows.at[i];
  if (!rows) circuit_input(S, c->lifted->node, 1);
}

/* The program of the gates so far; one that is equal is used again, so equal calls are one node. */
static const CircuitProgram *circuit_program(Sema *S, CircuitProgram *p, Span span) {
  const CircuitBuild *c = S->circuit;
  p->n_qubits = c->n_qubits;
  if (!noise_add(S, p, &c->gates, span)) return NULL;
  if (p->mixed && p->measure == MEASURE_AMPLITUDES) {
    Diag *d =
        say(S, DIAG_GATE, span, "a circuit with noise has no amplitudes: its state is a density matrix");
    diag_help(d, "`density(q)` measures it");
    return NULL;
  }
  if (p->shots > 0 || p->trajectories > 0) give_rows(S);
  p->n_inputs = c->inputs.n;
  p->input_has_rows = ARENA_ARRAY(S->a, bool, c->inputs.n + 1);
  p->input_size = ARENA_ARRAY(S->a, int64_t, c->inputs.n + 1);
  for (int i = 0; i < c->inputs.n; i++) {
    p->input_has_rows[i] = c->rows.at[i];
    p->input_size[i] = c->sizes.at[i];
  }
  p->n_outputs = circuit_n_outputs(p);
  p->name = sym_intern(c->object->name);
  p->span = c->object->decl->name_span;
  p->body = c->object->decl->span;
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

const Value *circuit_node(Sema *S, CircuitProgram *p, Span span) {
  CircuitBuild *c = S->circuit;
  uint64_t x = 0; /* qubits measured in another basis than that of Z */
  for (int i = 0; i < p->observables.n; i++)
    for (int k = 0; k < p->observables.at[i].terms.n; k++) x |= p->observables.at[i].terms.at[k].x;
  held_settle(S, x, span);
  const CircuitProgram *program = circuit_program(S, p, span);
  if (program == NULL) return S->error;
  vec_push(S->a, &c->programs, program);
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
  const Value *all = val_node(S, id, lift, span);
  return program->trajectories > 0 && program->shots == 0
             ? means_with_errors(S, all, program->n_outputs / 2, span)
             : all;
}

const Value *part_of(Sema *S, const Value *v, int64_t from, int64_t n, Span span) {
  if (val_is_error(v)) return v;
  const Tensor *t = v->u.tensor;
  return val_node(S, g_slice(graph_now(S), t->node, t->shape.rank - 1, from, n, span), t->lift, span);
}

const Value *output_of(Sema *S, const Value *outputs, int i, Span span) {
  const Value *one = part_of(S, outputs, i, 1, span);
  return val_is_error(one) ? one : val_to_scalar(S, one, "an output");
}

bool in_circuit(Sema *S, const Args *args) {
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

typedef VEC(const Value *) Operators;

static bool add_operators(Sema *S, Operators *out, const Value *v, const char *name) {
  if (v->kind == VAL_LIST) {
    if (v->u.list.n == 0) say(S, DIAG_TYPE, v->span, "an empty list of operators");
    for (int i = 0; i < v->u.list.n; i++)
      if (!add_operators(S, out, v->u.list.at[i], name)) return false;
    return v->u.list.n > 0;
  }
  if (v->kind == VAL_QUBITS) {
    Diag *d =
        say(S, DIAG_TYPE, v->span, "`%s` measures an operator, but this is %s", name, val_describe(S, v));
    diag_help(d, "write `%s(Z(%s))`", name, src_of_span(S, v->span));
    return false;
  }
  if (v->kind != VAL_OP) {
    Diag *d = wrong_kind(S, v, arena_printf(S->a, "what `%s` measures", name), "an operator like `Z(q[0])`");
    if (d != NULL && v->kind == VAL_BUILTIN)
      diag_help(d, "name its qubits: `%s(%s(q))` of all of `q`, `%s(q[0])` of one", name, v->u.builtin->name,
                v->u.builtin->name);
    return false;
  }
  vec_push(S->a, out, v);
  return true;
}

const Value *const *operators_of(Sema *S, const Value *v, const char *name, int *n) {
  Operators all = {0};
  if (!add_operators(S, &all, v, name)) return NULL;
  *n = all.n;
  return all.at;
}

Observable observable_of(Sema *S, const OpValue *op, Span span) {
  Observable o = {.span = span};
  for (int i = 0; i < op->n; i++) vec_push(S->a, &o.terms, op->terms[i]);
  return o;
}

/* ---- operators with computed coefficients: the words are measured, the sums are graph --------------- */

/* Splits into the terms whose coefficients are numbers, one operator, and the others, one each. */
static int split_terms(Sema *S, const OpValue *op, OpValue *part, const Value **factor) {
  VEC(PauliTerm) known = {0};
  int n = 0;
  for (int i = 0; i < op->n; i++) {
    if (op->factor != NULL && op->factor[i] != NULL) {
      part[n] = (OpValue){1, &op->terms[i], NULL};
      factor[n++] = op->factor[i];
    } else vec_push(S->a, &known, op->terms[i]);
  }
  if (known.n > 0) {
    part[n] = (OpValue){known.n, known.at, NULL};
    factor[n++] = NULL;
  }
  return n;
}

static const Value *computed_expval(Sema *S, const Value *const *op, int n, const Value *shots, Span span) {
  VEC(const Value *) parts = {0};
  VEC(const Value *) factors = {0};
  int *first = ARENA_ARRAY(S->a, int, n + 1);
  for (int i = 0; i < n; i++) {
    OpValue *part = ARENA_ARRAY(S->a, OpValue, op[i]->u.op.n + 1);
    const Value **factor = ARENA_ARRAY(S->a, const Value *, op[i]->u.op.n + 1);
    const int m = split_terms(S, &op[i]->u.op, part, factor);
    for (int k = 0; k < m; k++) {
      vec_push(S->a, &parts, op_value(S, part[k].n, part[k].terms, NULL, op[i]->span));
      vec_push(S->a, &factors, factor[k]);
    }
    first[i + 1] = parts.n;
  }
  const Value *y = expval_of(S, parts.at, parts.n, shots, span);
  const Value **sum = ARENA_ARRAY(S->a, const Value *, n);
  for (int i = 0; i < n; i++) {
    for (int k = first[i]; k < first[i + 1]; k++) {
      const Value *v = output_of(S, y, k, span);
      if (factors.at[k] != NULL) v = arith_binary(S, AST_OP_MUL, factors.at[k], v, span);
      sum[i] = k == first[i] ? v : arith_binary(S, AST_OP_ADD, sum[i], v, span);
      if (val_is_error(sum[i])) return sum[i];
    }
  }
  const Tensor *t = want_tensor(S, val_list(S, VAL_LIST, n, sum, span), "expectation values");
  return t != NULL ? val_node(S, t->node, t->lift, span) : S->error;
}

const Value *expval_of(Sema *S, const Value *const *op, int n, const Value *shots, Span span) {
  CircuitProgram p = {.measure = MEASURE_EXPVAL};
  for (int i = 0; i < n; i++)
    if (op[i]->u.op.factor != NULL) return computed_expval(S, op, n, shots, span);
  if (shots != NULL) return sampled_expval(S, op, n, shots, span);
  for (int i = 0; i < n; i++) vec_push(S->a, &p.observables, observable_of(S, &op[i]->u.op, op[i]->span));
  return circuit_node(S, &p, span);
}

const Value *fn_expval(Sema *S, Args *args, const Builtin *self) {
  int n = 0;
  if (!in_circuit(S, args)) return S->error;
  const Value *const *op = operators_of(S, args->v[0], self->name, &n);
  return op != NULL ? expval_of(S, op, n, shots_here(S, args->v[1], args->span), args->span) : S->error;
}

/* ---- registers -------------------------------------------------------------------------------------- */

bool program_register(Sema *S, CircuitProgram *p, const Value *v, const char *what) {
  const QubitsValue *q = op_register(S, v, what);
  for (int i = 0; q != NULL && i < q->n; i++) vec_push(S->a, &p->probs_qubits, (uint8_t)q->at[i]);
  return q != NULL;
}

const Value *fn_probs(Sema *S, Args *args, const Builtin *self) {
  CircuitProgram p = {.measure = MEASURE_PROBS};
  (void)self;
  if (!in_circuit(S, args)) return S->error;
  if (!program_register(S, &p, args->v[0], "the register of `probs`")) return S->error;
  const Value *shots = shots_here(S, args->v[1], args->span);
  if (shots != NULL) return sampled_probs(S, &p, shots, args->span);
  return circuit_node(S, &p, args->span);
}
