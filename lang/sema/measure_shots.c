/* Finite shots. Words that agree on every qubit they share are measured together; each such group is a
 * circuit of its own, whose last gates turn X and Y into Z, with shots of its own, as on a machine. So the
 * estimates of different groups are independent and their variances add up. Each node yields means, and
 * behind them the estimated covariances of the means that standard errors need. */
#include <string.h>
#include "lang/sema/measure.h"

#define SHOTS_MAX 10000000

bool shots_of(Sema *S, const Value *v, int64_t *out) {
  const int errors = S->sink->n_errors;
  if (!want_int(S, v, "`shots`", out)) {
    if (v->kind == VAL_OP && S->sink->n_errors > errors)
      diag_help(S->sink->all.at[S->sink->all.n - 1],
                "several operators stand in a list, `expval([Z(q[0]), Z(q[1])])`, and have one value each");
    return false;
  }
  if (*out >= 1 && *out <= SHOTS_MAX) return true;
  Diag *d =
      say(S, DIAG_ARGUMENTS, v->span, "`shots` is 1 to %d, but this is %lld", SHOTS_MAX, (long long)*out);
  if (*out == 0) diag_help(d, "leave `shots` out for the exact value");
  return false;
}

const Value *shots_here(Sema *S, const Value *given, Span span) {
  return given == NULL && S->default_shots > 0 ? val_int(S, S->default_shots, span) : given;
}

bool exact_only(Sema *S, const Args *args) {
  if (S->default_shots == 0) return true;
  Diag *d =
      say(S, DIAG_ARGUMENTS, args->span, "`%s` is not estimated from shots, but `shots = %lld` holds here",
          args->name, (long long)S->default_shots);
  diag_help(d, "expval, variance, probs, counts and sample have finite shots");
  return false;
}

/* ---- standard errors ----------------------------------------------------------------------------------- */

/* Remembers the standard errors of a sampled value. */
static const Value *with_error(Sema *S, const Value *v, const Value *error) {
  if (val_is_error(v) || val_is_error(error)) return S->error;
  vec_push(S->a, &S->sampled, ((Sampled){v->u.tensor->g, v->u.tensor->node, error->u.tensor}));
  return v;
}

const Value *means_with_errors(Sema *S, const Value *outputs, int n, Span span) {
  const Value *error = part_of(S, outputs, n, n, span);
  if (!val_is_error(error)) error = tensor_unary(S, OP_STOP_GRAD, error, span);
  return with_error(S, part_of(S, outputs, 0, n, span), error);
}

static const Value *square_root(Sema *S, const Value *variance, Span span) {
  const Value *cut = tensor_binary(S, OP_MAXIMUM, "max", variance, val_real(S, 0, span), span);
  const Value *root = val_is_error(cut) ? cut : tensor_unary(S, OP_SQRT, cut, span);
  return val_is_error(root) ? root : tensor_unary(S, OP_STOP_GRAD, root, span);
}

static const Sampled *find_sampled(const Sema *S, const Graph *g, NodeId id) {
  for (int i = 0; i < S->sampled.n; i++)
    if (S->sampled.at[i].g == g && S->sampled.at[i].node == id) return &S->sampled.at[i];
  return NULL;
}

/* stderr(m), m measured with shots or by trajectories. */
const Value *fn_stderr(Sema *S, Args *args, const Builtin *self) {
  const Value *v = args->v[0];
  const Tensor *t = val_can_be_tensor(v) ? want_tensor(S, v, "the argument of `stderr`") : NULL;
  const Graph *g = graph_now(S);
  for (NodeId id = t != NULL ? t->node : NODE_NONE; id != NODE_NONE;) {
    const Sampled *s = find_sampled(S, g, id);
    if (s != NULL)
      return val_node(S, g_reshape(graph_now(S), s->error->node, &t->shape, args->span), t->lift, args->span);
    const Node *n = g_node(g, id);
    id = n->op == OP_MARK || n->op == OP_RESHAPE ? n->in[0] : NODE_NONE;
  }
  Diag *d = say(S, DIAG_TYPE, v->span,
                "`stderr` wants what was measured with `shots` or by trajectories, but this is %s",
                val_describe(S, v));
  diag_help(d, "`let m = expval(Z(q), shots = 1000)`, then `return m, stderr(m)`");
  (void)self;
  return S->error;
}

/* ---- groups of words ------------------------------------------------------------------------------------
 */

/* The letters that a group measures: bit q of x and z as in words. */
typedef struct Group {
  uint64_t x, z;
} Group;
typedef VEC(Group) Groups;

static bool fits(const Group *g, const PauliTerm *t) {
  const uint64_t both = (g->x | g->z) & (t->x | t->z);
  return ((g->x ^ t->x) & both) == 0 && ((g->z ^ t->z) & both) == 0;
}

/* The group of a word; a new one if none fits. */
static int group_of(Sema *S, Groups *all, const PauliTerm *t) {
  for (int i = 0; i < all->n; i++) {
    if (!fits(&all->at[i], t)) continue;
    all->at[i].x |= t->x;
    all->at[i].z |= t->z;
    return i;
  }
  vec_push(S->a, all, ((Group){t->x, t->z}));
  return all->n - 1;
}

static void add_turn(Sema *S, CircuitProgram *p, GateId gate, int qubit, Span span) {
  GateUse u = {.gate = gate, .n_targets = 1, .span = span};
  u.qubit[0] = (uint8_t)qubit;
  for (int i = 0; i < GATE_MAX_ANGLES; i++) u.angle[i].source = -1;
  vec_push(S->a, &p->turns, u);
}

/* H takes X to Z, and S^+ before it Y to Z. */
static void turn_bases(Sema *S, CircuitProgram *p, const Group *g, Span span) {
  for (int q = 0; q < S->circuit->n_qubits; q++) {
    if (!(g->x >> q & 1)) continue;
    if (g->z >> q & 1) add_turn(S, p, GATE_SDG, q, span);
    add_turn(S, p, GATE_H, q, span);
  }
}

/* The means of the operators and the covariances of the pairs, one after the other, summed over groups. */
static const Value *sampled_node(Sema *S, const Value *const *op, int n, const ShotPair *pair, int n_pairs,
                                 int64_t shots, Span span) {
  Groups groups = {0};
  int **group = ARENA_ARRAY(S->a, int *, n);
  for (int i = 0; i < n; i++) {
    const OpValue *o = &op[i]->u.op;
    group[i] = ARENA_ARRAY(S->a, int, o->n + 1);
    for (int k = 0; k < o->n; k++) group[i][k] = group_of(S, &groups, &o->terms[k]);
  }
  const Value *sum = NULL;
  for (int g = 0; g < groups.n; g++) {
    CircuitProgram p = {.measure = MEASURE_EXPVAL, .shots = shots, .site = site_of_shots(S, span)};
    turn_bases(S, &p, &groups.at[g], span);
    for (int i = 0; i < n; i++) {
      Observable part = {.span = op[i]->span};
      for (int k = 0; k < op[i]->u.op.n; k++) {
        const PauliTerm *t = &op[i]->u.op.terms[k];
        if (group[i][k] == g) vec_push(S->a, &part.terms, ((PauliTerm){t->coefficient, 0, t->x | t->z}));
      }
      vec_push(S->a, &p.observables, part);
    }
    for (int i = 0; i < n_pairs; i++) vec_push(S->a, &p.pairs, pair[i]);
    const Value *y = circuit_node(S, &p, span);
    sum = sum == NULL ? y : arith_binary(S, AST_OP_ADD, sum, y, span);
    if (val_is_error(sum)) return sum;
  }
  return sum;
}

const Value *sampled_expval(Sema *S, const Value *const *op, int n, const Value *shots, Span span) {
  int64_t count;
  if (!shots_of(S, shots, &count)) return S->error;
  ShotPair *pair = ARENA_ARRAY(S->a, ShotPair, n);
  for (int i = 0; i < n; i++) pair[i] = (ShotPair){i, i};
  const Value *y = sampled_node(S, op, n, pair, n, count, span);
  if (val_is_error(y)) return y;
  return with_error(S, part_of(S, y, 0, n, span), square_root(S, part_of(S, y, n, n, span), span));
}

/* op: n squares, then n operators. V = A - M^2 has to first order the variance of A - 2 M B with M held. */
const Value *sampled_variance(Sema *S, const Value *const *op, int n, const Value *shots, Span span) {
  int64_t count;
  if (!shots_of(S, shots, &count)) return S->error;
  ShotPair *pair = ARENA_ARRAY(S->a, ShotPair, 3 * n);
  for (int i = 0; i < n; i++) {
    pair[i] = (ShotPair){i, i};
    pair[n + i] = (ShotPair){i, n + i};
    pair[2 * n + i] = (ShotPair){n + i, n + i};
  }
  const Value *y = sampled_node(S, op, 2 * n, pair, 3 * n, count, span);
  if (val_is_error(y)) return y;
  const Value *m = part_of(S, y, n, n, span), *m2 = tensor_unary(S, OP_SQUARE, m, span);
  const Value *v = arith_binary(S, AST_OP_SUB, part_of(S, y, 0, n, span), m2, span);
  const Value *four = val_real(S, 4, span);
  const Value *cross = arith_binary(S, AST_OP_MUL, m, part_of(S, y, 3 * n, n, span), span);
  const Value *own = arith_binary(S, AST_OP_MUL, m2, part_of(S, y, 4 * n, n, span), span);
  const Value *spread = arith_binary(S, AST_OP_SUB, own, cross, span);
  spread = arith_binary(S, AST_OP_MUL, four, spread, span);
  spread = arith_binary(S, AST_OP_ADD, part_of(S, y, 2 * n, n, span), spread, span);
  return with_error(S, v, square_root(S, spread, span));
}

/* ---- registers
 * --------------------------------------------------------------------------------------------- */

const Value *sampled_probs(Sema *S, CircuitProgram *p, const Value *shots, Span span) {
  const int64_t n = (int64_t)1 << p->probs_qubits.n;
  if (!shots_of(S, shots, &p->shots)) return S->error;
  p->site = site_of_shots(S, span);
  const Value *y = circuit_node(S, p, span);
  return with_error(S, part_of(S, y, 0, n, span), square_root(S, part_of(S, y, n, n, span), span));
}

/* counts(q, shots = n): how often each basis state of the register was seen. */
static const Value *measure_counts(Sema *S, Args *args, const Value *shots) {
  CircuitProgram p = {.measure = MEASURE_PROBS};
  if (!in_circuit(S, args) || !program_register(S, &p, args->v[0], "the register of `counts`"))
    return S->error;
  if (shots == NULL) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->span, "`counts` of a register needs `shots`");
    diag_help(d, "`counts(%s, shots = 1000)`", src_of_span(S, args->v[0]->span));
    return S->error;
  }
  const Value *share = sampled_probs(S, &p, shots, args->span);
  if (val_is_error(share)) return share;
  const Value *n = val_real(S, (double)p.shots, args->span);
  const Value *error =
      val_node(S, S->sampled.at[S->sampled.n - 1].error->node, share->u.tensor->lift, args->span);
  const Value *all = arith_binary(S, AST_OP_MUL, share, n, args->span);
  return with_error(S, tensor_unary(S, OP_ROUND, all, args->span),
                    arith_binary(S, AST_OP_MUL, error, n, args->span));
}

const Value *fn_counts(Sema *S, Args *args, const Builtin *self) {
  const Value *of = args->v[0];
  const bool list = of->kind == VAL_LIST && of->u.list.n > 0;
  const ValueKind kind = list ? of->u.list.at[0]->kind : of->kind;
  if (kind == VAL_QUBITS || kind == VAL_OUTCOME) return measure_counts(S, args, args->v[2]);
  return label_counts(S, args, self);
}

/* sample(q, shots = n): [n, qubits] of bits, one row for each shot. */
const Value *fn_sample(Sema *S, Args *args, const Builtin *self) {
  CircuitProgram p = {.measure = MEASURE_SAMPLE};
  (void)self;
  if (!in_circuit(S, args) || !program_register(S, &p, args->v[0], "the register of `sample`"))
    return S->error;
  if (!shots_of(S, args->v[1], &p.shots)) return S->error;
  if (p.shots * p.probs_qubits.n > SAMPLE_MAX_BITS) {
    Diag *d =
        say(S, DIAG_TOO_LARGE, args->span, "%lld shots of %d qubits are %lld bits; at most %d are possible",
            (long long)p.shots, p.probs_qubits.n, (long long)p.shots * p.probs_qubits.n, SAMPLE_MAX_BITS);
    diag_help(d, "`counts(%s, shots = %lld)` has one number for each basis state",
              src_of_span(S, args->v[0]->span), (long long)p.shots);
    return S->error;
  }
  p.site = site_of_shots(S, args->span);
  const Value *bits = circuit_node(S, &p, args->span);
  if (val_is_error(bits)) return bits;
  const Tensor *t = bits->u.tensor;
  Shape to = {.rank = 2 + t->lift};
  if (t->lift) to.d[0] = t->shape.d[0];
  to.d[t->lift] = dim_static(p.shots);
  to.d[t->lift + 1] = dim_static(p.probs_qubits.n);
  return val_node(S, g_reshape(graph_now(S), t->node, &to, args->span), t->lift, args->span);
}
