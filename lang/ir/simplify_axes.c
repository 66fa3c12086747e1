/* Rewrites of operations on axes and matrices: see simplify.c. Reverse sweeps begin with a
 * stretched constant, so sums and products over stretched axes matter most. */
#include "lang/ir/simplify.h"

/* The constant in the result's shape, with the elements of `a`. */
static NodeId same_constant(const Make *m, NodeId a) {
  return g_make(m->g, OP_CONST, 0, NULL, &g_node(m->g, a)->attr, &m->shape, m->span, NULL);
}

static NodeId reshaped(const Make *m, NodeId a) {
  return shape_equal(g_shape(m->g, a), &m->shape) ? a : g_reshape(m->g, a, &m->shape, m->span);
}

/* ---- sums ---------------------------------------------------------------------------------- */
/* Axes of `whole` along which a tensor of shape `part` (same rank, or scalar) is repeated. */
static int64_t repeated_axes(const Shape *part, const Shape *whole) {
  int64_t axes = 0;
  for (int k = 0; k < whole->rank; k++)
    if (part->rank == 0 || !dim_equal(part->d[k], whole->d[k])) axes |= (int64_t)1 << k;
  return axes;
}

static int64_t axes_of_size_one(const Shape *s) {
  int64_t axes = 0;
  for (int k = 0; k < s->rank; k++)
    if (dim_is_one(s->d[k])) axes |= (int64_t)1 << k;
  return axes;
}

/* True if there is one element, known now. */
static bool is_single(const Shape *s) { return axes_of_size_one(s) == ((int64_t)1 << s->rank) - 1; }

static NodeId kept_sum(const Make *m, NodeId a, int64_t axes) { return g_sum(m->g, a, axes, true, m->span); }

/* Sum of a tensor that is repeated along some of the axes: times their size. */
static NodeId sum_of_repeated(const Make *m) {
  const Node *a = g_peek(m->g, m->in[0]);
  int64_t mask = m->attr->i[0], axes;
  if (!a || (a->op != OP_STRETCH && a->op != OP_CONST)) return NODE_NONE;
  NodeId size, inner;
  if (a->op == OP_CONST) {
    size = g_size_of(m->g, m->in[0], mask, m->span);
    inner = scalar(m, a->attr.f[0]);
  } else {
    axes = mask & repeated_axes(g_shape(m->g, a->in[0]), &a->shape) & ~axes_of_size_one(&a->shape);
    if (axes == 0) return NODE_NONE;
    Shape s = a->shape;
    for (int k = 0; k < s.rank; k++)
      if (axes >> k & 1) s.d[k] = dim_static(1);
    size = g_size_of(m->g, m->in[0], axes, m->span);
    inner = g_sum(m->g, g_stretch(m->g, a->in[0], &s, m->span), mask, m->attr->i[1] != 0, m->span);
  }
  return stretched(m, binary(m, OP_MUL, inner, size));
}

/* sum(p * q) where q is the same along the axes: sum(p) * q. */
static NodeId sum_of_product(const Make *m) {
  int64_t mask = m->attr->i[0];
  const Node *a = g_peek(m->g, m->in[0]);
  if (!a) return NODE_NONE;
  if (a->op == OP_NEG) return unary(m, OP_NEG, g_sum(m->g, a->in[0], mask, m->attr->i[1] != 0, m->span));
  if (a->op != OP_MUL && a->op != OP_DIV) return NODE_NONE;
  for (int k = 1; k >= (a->op == OP_DIV ? 1 : 0); k--) {
    const Shape *q = g_shape(m->g, a->in[k]), *p = g_shape(m->g, a->in[1 - k]);
    if (p->rank == 0 || (q->rank > 0 && (axes_of_size_one(q) & mask) != mask)) continue;
    if (q->rank == 0)
      return binary(m, a->op, g_sum(m->g, a->in[1 - k], mask, m->attr->i[1] != 0, m->span), a->in[k]);
    return reshaped(m, binary(m, a->op, kept_sum(m, a->in[1 - k], mask), a->in[k]));
  }
  return NODE_NONE;
}

/* Sums of what is linear: sum(p + q) where q is repeated along the axes is sum(p) + n q, and the rows
 * of a product are added before it is made. */
static NodeId sum_of_linear(const Make *m) {
  const Node *a = g_peek(m->g, m->in[0]);
  if (!a) return NODE_NONE;
  int64_t mask = m->attr->i[0] & ~axes_of_size_one(&a->shape);
  if (a->op == OP_ADD || a->op == OP_SUB) {
    for (int k = 0; k < 2; k++) {
      int64_t repeated = repeated_axes(g_shape(m->g, a->in[k]), &a->shape);
      if ((repeated & mask) != mask || g_shape(m->g, a->in[1 - k])->rank == 0) continue;
      NodeId in[2];
      in[1 - k] = kept_sum(m, a->in[1 - k], mask);
      in[k] = binary(m, OP_MUL, a->in[k], g_size_of(m->g, m->in[0], mask, m->span));
      return reshaped(m, binary(m, a->op, in[0], in[1]));
    }
  }
  if (a->op == OP_MATMUL && a->shape.rank == 2 && (mask == 1 || mask == 2)) {
    int k = mask == 1 ? 0 : 1;
    bool flag = a->attr.i[k] != 0;
    NodeId in[2] = {a->in[0], a->in[1]};
    in[k] = kept_sum(m, in[k], flag ? 3 - mask : mask);
    return reshaped(m, g_matmul(m->g, in[0], in[1], a->attr.i[0] != 0, a->attr.i[1] != 0, m->span));
  }
  return NODE_NONE;
}

NodeId rewrite_sum(const Make *m) {
  NodeId a = m->in[0], r;
  const Shape *s = g_shape(m->g, a);
  int64_t mask = m->attr->i[0], ones = mask & axes_of_size_one(s);
  const Node *n;
  if (mask == ones && g_node(m->g, a)->elem == ELEM_REAL) return reshaped(m, a);
  if ((r = sum_of_repeated(m)) != NODE_NONE) return r;
  if ((r = sum_of_product(m)) != NODE_NONE) return r;
  if ((r = sum_of_linear(m)) != NODE_NONE) return r;
  bool all = mask == ((int64_t)1 << s->rank) - 1;
  if (all && (n = opened(m, a, OP_RESHAPE))) {
    int64_t every = ((int64_t)1 << g_shape(m->g, n->in[0])->rank) - 1;
    return reshaped(m, g_sum(m->g, n->in[0], every, false, m->span));
  }
  if ((n = opened(m, a, OP_SUM)) && n->attr.i[1])
    return reshaped(m, kept_sum(m, n->in[0], mask | n->attr.i[0]));
  return NODE_NONE;
}

NodeId rewrite_reduce(const Make *m) {
  NodeId a = m->in[0];
  int64_t mask = m->attr->i[0];
  if (g_node(m->g, a)->op == OP_CONST) return same_constant(m, a);
  return mask == (mask & axes_of_size_one(g_shape(m->g, a))) ? reshaped(m, a) : NODE_NONE;
}

NodeId rewrite_argmax(const Make *m) {
  if (g_node(m->g, m->in[0])->op != OP_CONST) return NODE_NONE;
  return g_make(m->g, OP_CONST, 0, NULL, &(Attr){.i = {m->elem}}, &m->shape, m->span, NULL);
}

/* ---- views ----------------------------------------------------------------------------------- */
NodeId rewrite_stretch(const Make *m) {
  NodeId a = m->in[0];
  const Node *n;
  if (shape_equal(g_shape(m->g, a), &m->shape)) return a;
  if (g_node(m->g, a)->op == OP_CONST) return same_constant(m, a);
  if ((n = opened(m, a, OP_STRETCH))) return g_stretch(m->g, n->in[0], &m->shape, m->span);
  return is_single(&m->shape) ? reshaped(m, a) : NODE_NONE;
}

NodeId rewrite_reshape(const Make *m) {
  NodeId a = m->in[0];
  const Node *n;
  if (shape_equal(g_shape(m->g, a), &m->shape)) return a;
  if (g_node(m->g, a)->op == OP_CONST) return same_constant(m, a);
  if ((n = opened(m, a, OP_RESHAPE))) return g_reshape(m->g, n->in[0], &m->shape, m->span);
  if ((n = opened(m, a, OP_STRETCH)) && is_single(g_shape(m->g, n->in[0])))
    return g_stretch(m->g, g_reshape(m->g, n->in[0], &(Shape){0}, m->span), &m->shape, m->span);
  return NODE_NONE;
}

/* True if the order of the axes that are not of size 1 stays. */
static bool keeps_order(const Make *m) {
  int64_t last = -1;
  for (int k = 0; k < m->shape.rank; k++) {
    if (dim_is_one(m->shape.d[k])) continue;
    if (m->attr->i[k] < last) return false;
    last = m->attr->i[k];
  }
  return true;
}

NodeId rewrite_transpose(const Make *m) {
  NodeId a = m->in[0];
  const Node *n;
  int perm[SHAPE_MAX_RANK];
  if (g_node(m->g, a)->op == OP_CONST) return same_constant(m, a);
  if (keeps_order(m)) return reshaped(m, a);
  if (!(n = opened(m, a, OP_TRANSPOSE))) return NODE_NONE;
  for (int k = 0; k < m->shape.rank; k++) perm[k] = (int)n->attr.i[m->attr->i[k]];
  return g_transpose(m->g, n->in[0], perm, m->span);
}

/* A slice that lies inside one input of a concat. */
static NodeId slice_of_concat(const Make *m, const Node *n) {
  int axis = (int)m->attr->i[0];
  int64_t from = m->attr->i[1], at = 0;
  if (n->attr.i[0] != axis) return NODE_NONE;
  for (int k = 0; k < n->n_in; k++) {
    int64_t len = g_shape(m->g, n->in[k])->d[axis].n;
    if (from >= at && from + m->attr->i[2] <= at + len)
      return g_slice(m->g, n->in[k], axis, from - at, m->attr->i[2], m->span);
    at += len;
  }
  return NODE_NONE;
}

NodeId rewrite_slice(const Make *m) {
  NodeId a = m->in[0];
  const Node *n;
  int axis = (int)m->attr->i[0];
  if (shape_equal(g_shape(m->g, a), &m->shape)) return a;
  if (g_node(m->g, a)->op == OP_CONST) return same_constant(m, a);
  if ((n = opened(m, a, OP_SLICE)) && n->attr.i[0] == axis)
    return g_slice(m->g, n->in[0], axis, n->attr.i[1] + m->attr->i[1], m->attr->i[2], m->span);
  if ((n = opened(m, a, OP_PAD)) && n->attr.i[0] == axis) {
    int64_t from = m->attr->i[1] - n->attr.i[1], len = g_shape(m->g, n->in[0])->d[axis].n;
    if (from >= 0 && from + m->attr->i[2] <= len)
      return g_slice(m->g, n->in[0], axis, from, m->attr->i[2], m->span);
  }
  n = opened(m, a, OP_CONCAT);
  return n ? slice_of_concat(m, n) : NODE_NONE;
}

NodeId rewrite_pad(const Make *m) {
  NodeId a = m->in[0];
  if (shape_equal(g_shape(m->g, a), &m->shape)) return a;
  return is_value(m, a, 0) ? same_constant(m, a) : NODE_NONE;
}

NodeId rewrite_concat(const Make *m) {
  double first, c;
  if (m->n_in == 1) return m->in[0];
  if (!g_is_const(m->g, m->in[0], &first)) return NODE_NONE;
  for (int k = 1; k < m->n_in; k++)
    if (!g_is_const(m->g, m->in[k], &c) || c != first) return NODE_NONE;
  return same_constant(m, m->in[0]);
}

NodeId rewrite_gather(const Make *m) {
  return g_node(m->g, m->in[0])->op == OP_CONST ? same_constant(m, m->in[0]) : NODE_NONE;
}

NodeId rewrite_stop_grad(const Make *m) {
  const Node *n = g_peek(m->g, m->in[0]);
  return n && (n->op == OP_CONST || n->op == OP_STOP_GRAD) ? m->in[0] : NODE_NONE;
}

/* ---- matrices -------------------------------------------------------------------------------- */
/* One factor of a product as the product sees it: rows x columns after its flag. */
typedef struct Factor {
  NodeId id;
  bool flag; /* transposed */
  int r, c;  /* axes of id that are its rows and columns */
} Factor;

static Factor factor(const Make *m, int k) {
  bool flag = m->attr->i[k] != 0;
  int rank = g_shape(m->g, m->in[k])->rank;
  return (Factor){m->in[k], flag, rank - (flag ? 1 : 2), rank - (flag ? 2 : 1)};
}

static NodeId product(const Make *m, NodeId a, bool ta, NodeId b, bool tb) {
  return g_matmul(m->g, a, b, ta, tb, m->span);
}

/* A transposed input becomes a flag. */
static NodeId matmul_of_transposed(const Make *m) {
  for (int k = 0; k < 2; k++) {
    const Node *n = opened(m, m->in[k], OP_TRANSPOSE);
    if (!n) continue;
    int rank = n->shape.rank;
    bool swaps = n->attr.i[rank - 1] == rank - 2 && n->attr.i[rank - 2] == rank - 1;
    for (int j = 0; j < rank - 2; j++) swaps &= n->attr.i[j] == j;
    if (!swaps) continue;
    NodeId in[2] = {m->in[0], m->in[1]};
    bool flag[2] = {m->attr->i[0] != 0, m->attr->i[1] != 0};
    in[k] = n->in[0];
    flag[k] = !flag[k];
    return product(m, in[0], flag[0], in[1], flag[1]);
  }
  return NODE_NONE;
}

/* Factor k is repeated along its outer or its inner axis: once is enough. */
static NodeId matmul_of_repeated(const Make *m, int k) {
  const Node *n = g_peek(m->g, m->in[k]);
  if (!n || (n->op != OP_STRETCH && n->op != OP_CONST)) return NODE_NONE;
  Factor f = factor(m, k), other = factor(m, 1 - k);
  int inner = k == 0 ? f.c : f.r;
  int64_t axes = n->op == OP_CONST ? 3 : repeated_axes(g_shape(m->g, n->in[0]), &n->shape);
  axes &= ~axes_of_size_one(&n->shape);
  if (axes == 0) return NODE_NONE;
  Shape s = n->shape;
  for (int j = 0; j < 2; j++)
    if (axes >> j & 1) s.d[j] = dim_static(1);
  NodeId small = n->op == OP_CONST ? constant(m, n->attr.f[0], &s) : g_stretch(m->g, n->in[0], &s, m->span);
  NodeId rest = other.id;
  if (axes >> inner & 1) rest = kept_sum(m, rest, (int64_t)1 << (k == 0 ? other.r : other.c));
  NodeId p =
      k == 0 ? product(m, small, f.flag, rest, other.flag) : product(m, rest, other.flag, small, f.flag);
  return stretched(m, p);
}

/* A factor of one element is a scalar. */
static NodeId matmul_of_single(const Make *m, int k) {
  if (!is_single(g_shape(m->g, m->in[k]))) return NODE_NONE;
  NodeId s = g_reshape(m->g, m->in[k], &(Shape){0}, m->span);
  return binary(m, OP_MUL, reshaped(m, m->in[1 - k]), s);
}

NodeId rewrite_matmul(const Make *m) {
  NodeId r = matmul_of_transposed(m);
  if (r != NODE_NONE || g_shape(m->g, m->in[0])->rank != 2) return r;
  for (int k = 0; k < 2; k++) {
    if ((r = matmul_of_repeated(m, k)) != NODE_NONE) return r;
    if ((r = matmul_of_single(m, k)) != NODE_NONE) return r;
  }
  return NODE_NONE;
}
