/* Trivial algebra, done when a node is made. Results are equal in real arithmetic; a rewrite may
 * change the rounding, never a value that is not finite into one that is (0 * x stays).
 *
 * The aim are the graphs that reverse sweeps leave behind, so small things go to small tensors:
 *  - STRETCH moves outwards, behind elementwise operations, and vanishes where the consumer
 *    stretches by itself;
 *  - factors join the smallest tensor of a product;
 *  - signs move where they cost least, and end in SUB. */
#include <math.h>
#include "lang/ir/simplify.h"

/* ---- constants and stretched inputs --------------------------------------------------------- */
static bool is_elementwise(OpId op) { return op_info[op].cls == CLASS_EW && op != OP_STRETCH; }

static NodeId fold_constants(const Make *m) {
  double x[3], value;
  if (m->n_in > 3) return NODE_NONE;
  for (int k = 0; k < m->n_in; k++)
    if (!g_is_const(m->g, m->in[k], &x[k])) return NODE_NONE;
  if (!fold_elementwise(m->op, x, m->attr, &value)) return NODE_NONE;
  return g_make(m->g, OP_CONST, 0, NULL, &(Attr){.i = {m->elem}, .f = {value}}, &m->shape, m->span, NULL);
}

/* The input as it was before it was stretched (a scalar may have been reshaped to [1, 1]); a
 * constant as a scalar. */
static NodeId unstretched(const Make *m, NodeId id) {
  const Node *n = g_peek(m->g, id);
  if (n && n->op == OP_STRETCH) return n->in[0];
  if (n && n->op == OP_RESHAPE && g_shape(m->g, n->in[0])->rank == 0) return n->in[0];
  if (n && n->op == OP_CONST && n->shape.rank > 0)
    return g_make(m->g, OP_CONST, 0, NULL, &n->attr, &(Shape){0}, n->span, NULL);
  return id;
}

static NodeId strip_stretches(const Make *m) {
  NodeId in[3];
  bool changed = false;
  Shape s = shape_scalar();
  for (int k = 0; k < m->n_in; k++) {
    in[k] = unstretched(m, m->in[k]);
    changed |= in[k] != m->in[k];
    if (!shape_broadcast(&s, g_shape(m->g, in[k]), &s)) return NODE_NONE;
  }
  if (!changed) return NODE_NONE;
  return stretched(m, g_make(m->g, m->op, m->n_in, in, m->attr, NULL, m->span, NULL));
}

/* Inputs that are all reshaped in the same way are combined first and reshaped afterwards, so that
 * what belongs together meets. */
static NodeId lift_reshape(const Make *m) {
  NodeId in[3];
  const Shape *from = NULL;
  for (int k = 0; k < m->n_in; k++) {
    in[k] = m->in[k];
    if (g_shape(m->g, in[k])->rank == 0) continue;
    const Node *n = opened(m, in[k], OP_RESHAPE);
    if (!n || !shape_equal(&n->shape, &m->shape)) return NODE_NONE;
    in[k] = n->in[0];
    if (from && !shape_equal(from, g_shape(m->g, in[k]))) return NODE_NONE;
    from = g_shape(m->g, in[k]);
  }
  if (!from) return NODE_NONE;
  NodeId r = g_make(m->g, m->op, m->n_in, in, m->attr, NULL, m->span, NULL);
  return g_reshape(m->g, r, &m->shape, m->span);
}

/* ---- one input ------------------------------------------------------------------------------- */
static NodeId rewrite_neg(const Make *m) {
  NodeId a = m->in[0];
  const Node *n;
  double c;
  if ((n = opened(m, a, OP_NEG)) && g_node(m->g, n->in[0])->elem == ELEM_REAL) return n->in[0];
  if ((n = opened(m, a, OP_SUB))) return stretched(m, binary(m, OP_SUB, n->in[1], n->in[0]));
  if (!(n = opened(m, a, OP_MUL)) && !(n = opened(m, a, OP_DIV))) return NODE_NONE;
  for (int k = 0; k < 2; k++) {
    bool small = size_of(m, n->in[k]) < size_of(m, a);
    if (!small && !g_is_const(m->g, n->in[k], &c)) continue;
    NodeId in[2] = {n->in[0], n->in[1]};
    in[k] = unary(m, OP_NEG, in[k]);
    return binary(m, n->op, in[0], in[1]);
  }
  return NODE_NONE;
}

static NodeId rewrite_even(const Make *m) {
  const Node *n = opened(m, m->in[0], OP_NEG);
  if (!n && m->op != OP_COS) n = opened(m, m->in[0], OP_ABS);
  return n ? unary(m, m->op, n->in[0]) : NODE_NONE;
}

/* ---- sums and differences ---------------------------------------------------------------------- */
static NodeId rewrite_add(const Make *m) {
  NodeId a = m->in[0], b = m->in[1];
  const Node *n;
  double c, d;
  if (is_value(m, b, 0) && g_node(m->g, a)->elem == ELEM_REAL) return stretched(m, a);
  if ((n = opened(m, b, OP_NEG))) return binary(m, OP_SUB, a, n->in[0]);
  if ((n = opened(m, a, OP_NEG))) return binary(m, OP_SUB, b, n->in[0]);
  if (g_is_const(m->g, b, &c) && (n = opened(m, a, OP_ADD)) && g_is_const(m->g, n->in[1], &d))
    return binary(m, OP_ADD, n->in[0], scalar(m, c + d));
  return NODE_NONE;
}

static NodeId rewrite_sub(const Make *m) {
  NodeId a = m->in[0], b = m->in[1];
  const Node *n;
  if (is_value(m, b, 0) && g_node(m->g, a)->elem == ELEM_REAL) return stretched(m, a);
  if (is_value(m, a, 0)) return stretched(m, unary(m, OP_NEG, b));
  if ((n = opened(m, b, OP_NEG))) return binary(m, OP_ADD, a, n->in[0]);
  return NODE_NONE;
}

/* ---- products ------------------------------------------------------------------------------------ */
/* x * y where x = p * q (or p / q) and the factor q (or p) is small: p * (q * y), and so on. */
static NodeId join_small_factors(const Make *m, NodeId x, NodeId y) {
  if (size_of(m, x) != shape_capacity(&m->shape)) return NODE_NONE;
  const Node *n = opened(m, x, OP_MUL);
  bool quotient = !n && (n = opened(m, x, OP_DIV));
  if (!n) return NODE_NONE;
  for (int k = 1; k >= 0; k--) {
    NodeId small = n->in[k], rest = n->in[1 - k];
    Shape s;
    double c;
    bool both = g_is_const(m->g, small, &c) && g_is_const(m->g, y, &c);
    if (!shape_broadcast(g_shape(m->g, small), g_shape(m->g, y), &s)) continue;
    if (!both && shape_capacity(&s) >= shape_capacity(&m->shape)) continue;
    if (!quotient) return stretched(m, binary(m, OP_MUL, rest, binary(m, OP_MUL, small, y)));
    if (k == 0) return stretched(m, binary(m, OP_DIV, binary(m, OP_MUL, small, y), rest));
    return stretched(m, binary(m, OP_MUL, rest, binary(m, OP_DIV, y, small)));
  }
  return NODE_NONE;
}

/* (p * s) * y (or / y) where s is a scalar and p as large as the result: (p * y) * s, so that scalars
 * gather outside, or s * y if y is small. */
static NodeId scalar_outwards(const Make *m, NodeId x, NodeId y) {
  const Node *n = opened(m, x, OP_MUL);
  if (!n || size_of(m, x) != shape_capacity(&m->shape)) return NODE_NONE;
  for (int k = 1; k >= 0; k--) {
    if (g_shape(m->g, n->in[k])->rank != 0) continue;
    bool small = size_of(m, y) < shape_capacity(&m->shape);
    if (!small && g_shape(m->g, y)->rank != 0)
      return stretched(m, binary(m, OP_MUL, binary(m, m->op, n->in[1 - k], y), n->in[k]));
    if (small && m->op == OP_DIV)
      return stretched(m, binary(m, OP_MUL, n->in[1 - k], binary(m, OP_DIV, n->in[k], y)));
  }
  return NODE_NONE;
}

/* (c / n) * n where n is a count: c. */
static NodeId cancelled_count(const Make *m, NodeId x, NodeId y) {
  const Node *n = opened(m, x, OP_DIV);
  bool recip = !n && (n = opened(m, x, OP_RECIP));
  if (!n || n->in[recip ? 0 : 1] != y || g_node(m->g, y)->op != OP_COUNT) return NODE_NONE;
  return recip ? constant(m, 1, &m->shape) : stretched(m, n->in[0]);
}

/* -p * y: the sign moves out if that costs nothing. */
static NodeId negated_factor(const Make *m, NodeId x, NodeId y) {
  const Node *n = opened(m, x, OP_NEG);
  double c;
  if (!n) return NODE_NONE;
  if (g_is_const(m->g, y, &c)) return binary(m, OP_MUL, n->in[0], scalar(m, -c));
  if (opened(m, y, OP_NEG)) return binary(m, OP_MUL, n->in[0], g_node(m->g, y)->in[0]);
  if (size_of(m, x) < shape_capacity(&m->shape)) return NODE_NONE;
  return unary(m, OP_NEG, binary(m, OP_MUL, n->in[0], y));
}

static NodeId rewrite_mul(const Make *m) {
  NodeId a = m->in[0], b = m->in[1], r;
  if (is_value(m, b, 1) && g_node(m->g, a)->elem == ELEM_REAL) return stretched(m, a);
  if (is_value(m, b, -1)) return stretched(m, unary(m, OP_NEG, a));
  const Node *recip = opened(m, a, OP_RECIP);
  if (recip && g_node(m->g, b)->op == OP_CONST && size_of(m, a) == shape_capacity(&m->shape))
    return binary(m, OP_DIV, b, recip->in[0]);
  if (a == b) return unary(m, OP_SQUARE, a);
  if ((r = negated_factor(m, a, b)) != NODE_NONE) return r;
  if ((r = negated_factor(m, b, a)) != NODE_NONE) return r;
  if ((r = cancelled_count(m, a, b)) != NODE_NONE) return r;
  if ((r = cancelled_count(m, b, a)) != NODE_NONE) return r;
  if ((r = join_small_factors(m, a, b)) != NODE_NONE) return r;
  if ((r = join_small_factors(m, b, a)) != NODE_NONE) return r;
  if ((r = scalar_outwards(m, a, b)) != NODE_NONE) return r;
  return scalar_outwards(m, b, a);
}

static NodeId rewrite_div(const Make *m) {
  NodeId a = m->in[0], b = m->in[1];
  const Node *n;
  double c;
  int exponent;
  if (is_value(m, a, 1)) return stretched(m, unary(m, OP_RECIP, b));
  if (g_is_const(m->g, b, &c)) {
    if (c == 1 && g_node(m->g, a)->elem == ELEM_REAL) return stretched(m, a);
    if (fabs(frexp(c, &exponent)) == 0.5 && isfinite(1 / c)) return binary(m, OP_MUL, a, scalar(m, 1 / c));
  }
  if ((n = opened(m, a, OP_NEG)) && size_of(m, a) == shape_capacity(&m->shape))
    return unary(m, OP_NEG, binary(m, OP_DIV, n->in[0], b));
  return scalar_outwards(m, a, b);
}

/* Exponents that have an operation of their own. */
static NodeId rewrite_pow(const Make *m) {
  NodeId a = m->in[0];
  double c;
  if (!g_is_const(m->g, m->in[1], &c)) return NODE_NONE;
  if (c == 0) return constant(m, 1, &m->shape);
  if (c == 1 && g_node(m->g, a)->elem == ELEM_REAL) return stretched(m, a);
  if (c == 2) return stretched(m, unary(m, OP_SQUARE, a));
  if (c == 3) return stretched(m, binary(m, OP_MUL, unary(m, OP_SQUARE, a), a));
  if (c == 4) return stretched(m, unary(m, OP_SQUARE, unary(m, OP_SQUARE, a)));
  if (c == 0.5) return stretched(m, unary(m, OP_SQRT, a));
  if (c == -1) return stretched(m, unary(m, OP_RECIP, a));
  return NODE_NONE;
}

/* ---- choices ---------------------------------------------------------------------------------------- */
static NodeId rewrite_extreme(const Make *m) { return m->in[0] == m->in[1] ? m->in[0] : NODE_NONE; }

static NodeId rewrite_select(const Make *m) {
  double c;
  if (m->in[1] == m->in[2] && g_node(m->g, m->in[1])->elem == m->elem) return stretched(m, m->in[1]);
  if (!g_is_const(m->g, m->in[0], &c)) return NODE_NONE;
  NodeId chosen = m->in[c != 0 ? 1 : 2];
  return g_node(m->g, chosen)->elem == m->elem ? stretched(m, chosen) : NODE_NONE;
}

static Rewrite *const rewrite_of[OP_COUNT_OF] = {
    [OP_NEG] = rewrite_neg,
    [OP_SQUARE] = rewrite_even,
    [OP_ABS] = rewrite_even,
    [OP_COS] = rewrite_even,
    [OP_ADD] = rewrite_add,
    [OP_SUB] = rewrite_sub,
    [OP_MUL] = rewrite_mul,
    [OP_DIV] = rewrite_div,
    [OP_POW] = rewrite_pow,
    [OP_MAXIMUM] = rewrite_extreme,
    [OP_MINIMUM] = rewrite_extreme,
    [OP_SELECT] = rewrite_select,
    [OP_SUM] = rewrite_sum,
    [OP_REDUCE_MAX] = rewrite_reduce,
    [OP_REDUCE_MIN] = rewrite_reduce,
    [OP_ARGMAX] = rewrite_argmax,
    [OP_STRETCH] = rewrite_stretch,
    [OP_RESHAPE] = rewrite_reshape,
    [OP_TRANSPOSE] = rewrite_transpose,
    [OP_SLICE] = rewrite_slice,
    [OP_PAD] = rewrite_pad,
    [OP_CONCAT] = rewrite_concat,
    [OP_GATHER] = rewrite_gather,
    [OP_MATMUL] = rewrite_matmul,
    [OP_STOP_GRAD] = rewrite_stop_grad,
};

NodeId simplify(const Make *m) {
  NodeId r;
  if (is_elementwise(m->op)) {
    if ((r = fold_constants(m)) != NODE_NONE) return r;
    if ((r = strip_stretches(m)) != NODE_NONE) return r;
    if ((r = lift_reshape(m)) != NODE_NONE) return r;
  }
  return rewrite_of[m->op] ? rewrite_of[m->op](m) : NODE_NONE;
}
