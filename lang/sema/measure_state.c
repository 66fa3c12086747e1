/* What depends on the whole state of some qubits: variance, amplitudes, density matrices, purity, entropy,
 * fidelity. All are made of expectation values and amplitudes, so they have the derivatives of those; what
 * is quadratic in the state is formed by the graph and never pushed through a rule for linear things. */
#include <math.h>
#include "lang/sema/measure.h"

#define SQUARE_MAX_WORDS 400 /* of an operator whose variance is measured: its square has as many squared */

/* ---- tensors of a sample ---------------------------------------------------------------------------- */

static const Value *sample_reshape(Sema *S, const Value *v, int rank, const int64_t *d, Span span) {
  if (val_is_error(v)) return v;
  const Tensor *t = v->u.tensor;
  Shape to = {.rank = rank + t->lift};
  if (t->lift) to.d[0] = t->shape.d[0];
  for (int i = 0; i < rank; i++) to.d[i + t->lift] = dim_static(d[i]);
  return val_node(S, g_reshape(graph_now(S), t->node, &to, span), t->lift, span);
}

/* Sum over all axes of the sample. */
static const Value *sample_sum(Sema *S, const Value *v, Span span) {
  if (val_is_error(v)) return v;
  const Tensor *t = v->u.tensor;
  const int64_t mask = ((int64_t)1 << t->shape.rank) - 1 - t->lift;
  return val_node(S, g_sum(graph_now(S), t->node, mask, false, span), t->lift, span);
}

static const Value *square_of(Sema *S, const Value *v, Span span) {
  return val_is_error(v) ? v : tensor_unary(S, OP_SQUARE, v, span);
}

static const Value *combine(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  return val_is_error(a) || val_is_error(b) ? S->error : arith_binary(S, op, a, b, span);
}

/* ---- variance --------------------------------------------------------------------------------------------
 */

/* O^2 for each, then O: the variance is <O^2> - <O>^2. */
const Value *const *squares_and_operators(Sema *S, const Value *const *op, int n, const char *name) {
  const Value **all = ARENA_ARRAY(S->a, const Value *, 2 * n);
  for (int i = 0; i < n; i++) {
    const OpValue *o = &op[i]->u.op;
    if (o->factor != NULL) {
      later(S, op[i]->span, "the %s of an operator with computed coefficients", name);
      return NULL;
    }
    if (o->n > SQUARE_MAX_WORDS) {
      say(S, DIAG_TOO_LARGE, op[i]->span, "the %s of an operator of %d words: at most %d are possible", name,
          o->n, SQUARE_MAX_WORDS);
      return NULL;
    }
    const Observable plain = observable_of(S, o, op[i]->span), square = observable_square(S->a, &plain);
    all[i] = op_value(S, square.terms.n, square.terms.at, NULL, op[i]->span);
    all[n + i] = op[i];
  }
  return all;
}

/* variance(op): a measurement, where `variance` of a tensor is a statistic. */
const Value *op_variance(Sema *S, Args *args, const Value *given) {
  const Value *shots = shots_here(S, given, args->span);
  int n = 0;
  if (!in_circuit(S, args)) return S->error;
  const Value *const *op = operators_of(S, args->v[0], args->name, &n);
  const Value *const *all = op != NULL ? squares_and_operators(S, op, n, args->name) : NULL;
  if (all == NULL) return S->error;
  if (shots != NULL) return sampled_variance(S, all, n, shots, args->span);
  const Value *y = expval_of(S, all, 2 * n, NULL, args->span);
  const Value *mean = part_of(S, y, n, n, args->span);
  return combine(S, AST_OP_SUB, part_of(S, y, 0, n, args->span), square_of(S, mean, args->span), args->span);
}

/* ---- amplitudes
 * --------------------------------------------------------------------------------------------- */

/* Of the whole register, in the order of q; NULL after an error. */
static const Value *amplitudes_of(Sema *S, const Value *q, const char *what, Span span) {
  CircuitProgram p = {.measure = MEASURE_AMPLITUDES};
  if (S->circuit->n_impure > 0) {
    Diag *d =
        say(S, DIAG_GATE, span,
            "a circuit that measures or resets inside has no amplitudes: its state is a density matrix");
    diag_help(d, "`density(q)` measures it");
    return S->error;
  }
  if (!program_register(S, &p, q, what)) return S->error;
  if (p.probs_qubits.n != S->circuit->n_qubits) {
    Diag *d = say(S, DIAG_GATE, q->span,
                  "amplitudes belong to all %d qubits of the circuit, but this register has %d",
                  S->circuit->n_qubits, p.probs_qubits.n);
    diag_help(d, "`density(%s)` is the state of a part", src_of_span(S, q->span));
    return S->error;
  }
  const int64_t d[2] = {(int64_t)1 << p.probs_qubits.n, 2};
  return sample_reshape(S, circuit_node(S, &p, span), 2, d, span);
}

const Value *fn_amplitudes(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args) || !exact_only(S, args)) return S->error;
  return amplitudes_of(S, args->v[0], "the register of `amplitudes`", args->span);
}

/* ---- density matrices
 * ---------------------------------------------------------------------------------------- */

/* By channels, or by a measurement or reset in the middle. */
static bool state_is_mixed(const Sema *S) {
  for (int i = 0; i < S->circuit->gates.n; i++)
    if (S->circuit->gates.at[i].channel != CHANNEL_NONE) return true;
  return S->noise != NULL || S->circuit->n_impure > 0;
}

/* The register of what needs all words on it; NULL after an error. */
static const QubitsValue *small_register(Sema *S, const Args *args, const Value *v) {
  const QubitsValue *q = op_register(S, v, arena_printf(S->a, "the register of `%s`", args->name));
  if (q == NULL || q->n <= HERMITIAN_MAX_QUBITS) return q;
  Diag *d = say(S, DIAG_TOO_LARGE, v->span, "`%s` of %d qubits: at most %d are possible", args->name, q->n,
                HERMITIAN_MAX_QUBITS);
  diag_note(d, "it takes the expectation values of 4^%d words", q->n);
  if (state_is_mixed(S)) return NULL;
  if (S->circuit->n_qubits - q->n <= HERMITIAN_MAX_QUBITS && S->circuit->n_qubits > q->n)
    diag_help(d, "in a circuit without noise purity and entropy of the other %d are the same",
              S->circuit->n_qubits - q->n);
  else diag_help(d, "`amplitudes(q)` holds the whole state");
  return NULL;
}

/* rho[i, k] = <|k><i|>: real part, then imaginary part, as sums of words. With s the qubits where a letter I
 * or X becomes Z or Y, |0><0| = (I + Z) / 2, |1><1| = (I - Z) / 2, |0><1| = (X + i Y) / 2. */
static void element_words(Sema *S, const QubitsValue *q, uint32_t i, uint32_t k, Observable part[2]) {
  const int n = q->n;
  for (uint32_t s = 0; s < 1u << n; s++) {
    PauliTerm t = {1.0 / (1 << n), 0, 0};
    int quarter = 0; /* factor i^quarter */
    for (int b = 0; b < n; b++) {
      const uint64_t qubit = (uint64_t)1 << q->at[n - 1 - b];
      const bool flips = (i ^ k) >> b & 1, second = s >> b & 1;
      if (flips) t.x |= qubit;
      if (!second) continue;
      t.z |= qubit;
      if (flips) quarter += k >> b & 1 ? 3 : 1;
      else quarter += i >> b & 1 ? 2 : 0;
    }
    if (quarter & 2) t.coefficient = -t.coefficient;
    vec_push(S->a, &part[quarter & 1].terms, t);
  }
}

static const Value *density_of(Sema *S, const QubitsValue *q, const char *of_state, Span span) {
  CircuitProgram p = {.measure = MEASURE_EXPVAL, .of_state = of_state};
  const uint32_t d = 1u << q->n;
  for (uint32_t i = 0; i < d; i++)
    for (uint32_t k = 0; k < d; k++) {
      Observable part[2] = {{.span = span}, {.span = span}};
      element_words(S, q, i, k, part);
      vec_push(S->a, &p.observables, part[0]);
      vec_push(S->a, &p.observables, part[1]);
    }
  const int64_t shape[3] = {d, d, 2};
  return sample_reshape(S, circuit_node(S, &p, span), 3, shape, span);
}

const Value *fn_density(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args) || !exact_only(S, args)) return S->error;
  const QubitsValue *q = small_register(S, args, args->v[0]);
  return q != NULL ? density_of(S, q, "density", args->span) : S->error;
}

/* Tr rho^2 = 2^-n times the sum of <P>^2 over all words. */
const Value *fn_purity(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args) || !exact_only(S, args)) return S->error;
  const QubitsValue *q = small_register(S, args, args->v[0]);
  if (q == NULL) return S->error;
  CircuitProgram p = {.measure = MEASURE_EXPVAL, .of_state = "purity"};
  for (uint32_t x = 0; x < 1u << q->n; x++)
    for (uint32_t z = 0; z < 1u << q->n; z++) {
      Observable o = {.span = args->span};
      PauliTerm t = {1, 0, 0};
      for (int b = 0; b < q->n; b++) {
        if (x >> b & 1) t.x |= (uint64_t)1 << q->at[b];
        if (z >> b & 1) t.z |= (uint64_t)1 << q->at[b];
      }
      vec_push(S->a, &o.terms, t);
      vec_push(S->a, &p.observables, o);
    }
  const Value *sum = sample_sum(S, square_of(S, circuit_node(S, &p, args->span), args->span), args->span);
  return combine(S, AST_OP_MUL, val_real(S, 1.0 / (1 << q->n), args->span), sum, args->span);
}

/* The operation takes matrices in rows; a matrix of its own is one row. */
static const Value *matrix_entropy(Sema *S, const Value *rho, Span span) {
  if (val_is_error(rho)) return rho;
  const Tensor *t = rho->u.tensor;
  Graph *g = graph_now(S);
  Shape rows = {.rank = 4, .d = {dim_static(1), t->shape.d[0], t->shape.d[1], t->shape.d[2]}},
        one = shape_scalar();
  if (t->lift) return val_node(S, g_unary(g, OP_ENTROPY, t->node, span), 1, span);
  const NodeId s = g_unary(g, OP_ENTROPY, g_reshape(g, t->node, &rows, span), span);
  return val_node(S, g_reshape(g, s, &one, span), 0, span);
}

/* -Tr rho log rho, in units of log(base); natural without one. */
const Value *fn_entropy(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args) || !exact_only(S, args)) return S->error;
  double base = exp(1);
  if (args->v[1] != NULL && !want_real(S, args->v[1], "the base of `entropy`", &base)) return S->error;
  if (!(base > 0) || base == 1) {
    say(S, DIAG_TYPE, args->v[1]->span, "the base of a logarithm is positive and not 1, but this is %s",
        num_text(S, base));
    return S->error;
  }
  const QubitsValue *q = small_register(S, args, args->v[0]);
  if (q == NULL) return S->error;
  const Value *s = matrix_entropy(S, density_of(S, q, "entropy", args->span), args->span);
  if (args->v[1] == NULL) return s;
  return combine(S, AST_OP_MUL, val_real(S, 1 / log(base), args->span), s, args->span);
}

/* ---- fidelity
 * ------------------------------------------------------------------------------------------------- */

typedef struct Complex {
  const Value *re, *im; /* im NULL: real */
} Complex;

/* A sample [d] or [d, 2] in its parts. False after an error. */
static bool parts_of(Sema *S, const Value *v, int64_t d, Complex *out) {
  const Tensor *t = want_tensor(S, v, "the state of `fidelity`");
  if (t == NULL) return false;
  const Shape s = tensor_sample(t);
  const bool pairs = s.rank == 2 && s.d[1].n == 2;
  if ((s.rank != 1 && !pairs) || s.d[0].n != d || s.d[0].count != 0) {
    Diag *e = say(S, DIAG_SHAPE, v->span, "the state of `fidelity` has %lld amplitudes here, but this is %s",
                  (long long)d, sema_shape_text(S, &s));
    diag_help(e, "[%lld] for real amplitudes, [%lld, 2] for real and imaginary parts", (long long)d,
              (long long)d);
    return false;
  }
  const Value *whole = val_node(S, t->node, t->lift, v->span);
  *out = (Complex){whole, NULL};
  if (!pairs) return true;
  out->re = sample_reshape(S, part_of(S, whole, 0, 1, v->span), 1, &d, v->span);
  out->im = sample_reshape(S, part_of(S, whole, 1, 1, v->span), 1, &d, v->span);
  return true;
}

/* sum of a * b, both of them one axis; NULL counts as 0. */
static const Value *dot(Sema *S, const Value *a, const Value *b, Span span) {
  if (a == NULL || b == NULL) return NULL;
  return sample_sum(S, combine(S, AST_OP_MUL, a, b, span), span);
}

static const Value *add_or(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  return b == NULL ? a : combine(S, op, a, b, span);
}

static const Value *norm_squared(Sema *S, Complex v, Span span) {
  return add_or(S, AST_OP_ADD, dot(S, v.re, v.re, span), dot(S, v.im, v.im, span), span);
}

/* |<v|psi>|^2 */
static const Value *overlap_squared(Sema *S, Complex v, Complex psi, Span span) {
  const Value *re = add_or(S, AST_OP_ADD, dot(S, v.re, psi.re, span), dot(S, v.im, psi.im, span), span);
  const Value *im = add_or(S, AST_OP_SUB, dot(S, v.re, psi.im, span), dot(S, v.im, psi.re, span), span);
  return combine(S, AST_OP_ADD, square_of(S, re, span), square_of(S, im, span), span);
}

/* sum over i, k of a_i b_k m_ik; NULL counts as 0. */
static const Value *bilinear(Sema *S, const Value *a, const Value *b, const Value *m, int64_t d, Span span) {
  if (a == NULL || b == NULL) return NULL;
  const int64_t column[2] = {d, 1}, row[2] = {1, d};
  const Value *outer =
      combine(S, AST_OP_MUL, sample_reshape(S, a, 2, column, span), sample_reshape(S, b, 2, row, span), span);
  return sample_sum(S, combine(S, AST_OP_MUL, outer, m, span), span);
}

/* <v|rho|v> */
static const Value *density_fidelity(Sema *S, Complex v, const QubitsValue *q, Span span) {
  const int64_t d = (int64_t)1 << q->n, square[2] = {d, d};
  const Value *rho = density_of(S, q, "fidelity", span);
  const Value *re = sample_reshape(S, part_of(S, rho, 0, 1, span), 2, square, span);
  const Value *im = sample_reshape(S, part_of(S, rho, 1, 1, span), 2, square, span);
  const Value *f =
      add_or(S, AST_OP_ADD, bilinear(S, v.re, v.re, re, d, span), bilinear(S, v.im, v.im, re, d, span), span);
  f = add_or(S, AST_OP_SUB, f, bilinear(S, v.re, v.im, im, d, span), span);
  return add_or(S, AST_OP_ADD, f, bilinear(S, v.im, v.re, im, d, span), span);
}

static bool all_static(const Value *v) {
  if (v->kind != VAL_LIST) return val_is_number(v);
  for (int i = 0; i < v->u.list.n; i++)
    if (!all_static(v->u.list.at[i])) return false;
  return true;
}

/* fidelity(q, v): <v|rho|v> / <v|v>, rho the state of the register. */
const Value *fn_fidelity(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args)) return S->error;
  const Value *state = args->v[1], *shots = shots_here(S, args->v[2], args->span);
  const QubitsValue *q = op_register(S, args->v[0], "the register of `fidelity`");
  if (q == NULL) return S->error;
  if (all_static(state) && q->n <= HERMITIAN_MAX_QUBITS) {
    int n = 0;
    double complex *v = static_vector(S, state, "the state of `fidelity`", &n);
    const Value *op = v != NULL ? op_of_state(S, q, v, n, state, args->span) : NULL;
    if (op == NULL) return S->error;
    return val_to_scalar(S, expval_of(S, &op, 1, shots, args->span), "a fidelity");
  }
  if (shots != NULL) return later(S, shots->span, "`shots` for the fidelity with a computed state");
  const int64_t d = (int64_t)1 << q->n;
  Complex v, psi;
  if (!parts_of(S, state, d, &v)) return S->error;
  const Value *f;
  if (q->n == S->circuit->n_qubits && !state_is_mixed(S)) {
    const Value *all = amplitudes_of(S, args->v[0], "the register of `fidelity`", args->span);
    if (val_is_error(all) || !parts_of(S, all, d, &psi)) return S->error;
    f = overlap_squared(S, v, psi, args->span);
  } else {
    if (small_register(S, args, args->v[0]) == NULL) return S->error;
    f = density_fidelity(S, v, q, args->span);
  }
  return combine(S, AST_OP_DIV, f, norm_squared(S, v, args->span), args->span);
}
