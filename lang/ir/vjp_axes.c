/* Derivative rules of operations on axes, of views and of products. */
#include "lang/ir/vjp.h"

/* The shape that a reduction of n would have with its axes kept. */
static Shape kept_shape(const Graph *g, const Node *n) {
  Shape s = *g_shape(g, n->in[0]);
  for (int k = 0; k < s.rank; k++)
    if (n->attr.i[0] >> k & 1) s.d[k] = dim_static(1);
  return s;
}

static NodeId like_input(Graph *g, const Node *n, NodeId v) {
  return g_stretch(g, v, g_shape(g, n->in[0]), n->span);
}

const char *vjp_sum(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  Shape kept = kept_shape(g, n);
  (void)need;
  gin[0] = like_input(g, n, g_reshape(g, gout[0], &kept, n->span));
  return NULL;
}

/* To all elements that are equal to the largest (smallest), in equal parts. */
static const char *vjp_reduce(Graph *g, NodeId self, NodeId gout, NodeId *gin) {
  const Node *n = g_node(g, self);
  Shape kept = kept_shape(g, n);
  NodeId y = g_reshape(g, self, &kept, n->span);
  NodeId hit = g_binary(g, OP_EQ, n->in[0], y, n->span);
  NodeId hits = g_sum(g, hit, n->attr.i[0], true, n->span);
  NodeId share = g_binary(g, OP_DIV, g_reshape(g, gout, &kept, n->span), hits, n->span);
  gin[0] =
      g_make(g, OP_SELECT, 3, (NodeId[]){hit, share, g_scalar(g, 0, n->span)}, NULL, NULL, n->span, NULL);
  return NULL;
}

const char *vjp_reduce_max(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  (void)need;
  return vjp_reduce(g, self, gout[0], gin);
}

const char *vjp_reduce_min(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  (void)need;
  return vjp_reduce(g, self, gout[0], gin);
}

/* The result with the axis attribute as size 1. */
static NodeId with_axis(Graph *g, const Node *n, NodeId v) {
  Shape s = *g_shape(g, n->in[n->n_in - 1]);
  s.d[n->attr.i[0]] = dim_static(1);
  return g_reshape(g, v, &s, n->span);
}

static NodeId sum_along(Graph *g, const Node *n, NodeId v) {
  return g_sum(g, v, (int64_t)1 << n->attr.i[0], true, n->span);
}

/* y (g - sum(g y)) */
const char *vjp_softmax(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  NodeId mean = sum_along(g, n, g_binary(g, OP_MUL, gout[0], self, n->span));
  (void)need;
  gin[0] = g_binary(g, OP_MUL, self, g_binary(g, OP_SUB, gout[0], mean, n->span), n->span);
  return NULL;
}

/* g - e^y sum(g) */
const char *vjp_log_softmax(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  NodeId total = sum_along(g, n, gout[0]), share = g_unary(g, OP_EXP, self, n->span);
  (void)need;
  gin[0] = g_binary(g, OP_SUB, gout[0], g_binary(g, OP_MUL, share, total, n->span), n->span);
  return NULL;
}

const char *vjp_logsumexp(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  NodeId share = g_make(g, OP_SOFTMAX, 1, n->in, &n->attr, NULL, n->span, NULL);
  (void)need;
  gin[0] = g_binary(g, OP_MUL, share, with_axis(g, n, gout[0]), n->span);
  return NULL;
}

const char *vjp_cumsum(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  Attr attr = {.i = {n->attr.i[0], !n->attr.i[1]}};
  (void)need;
  gin[0] = g_make(g, OP_CUMSUM, 1, gout, &attr, NULL, n->span, NULL);
  return NULL;
}

const char *vjp_flip(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = g_make(g, OP_FLIP, 1, gout, &n->attr, NULL, n->span, NULL);
  return NULL;
}

static NodeId with_picks(Graph *g, const Node *n, OpId op, NodeId v, NodeId picked) {
  return g_make(g, op, 2, (NodeId[]){v, picked}, &n->attr, NULL, n->span, NULL);
}

const char *vjp_quantile(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = with_picks(g, n, OP_QUANTILE_DX, gout[0], n->in[0]);
  return NULL;
}

const char *vjp_quantile_dx(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = with_picks(g, n, OP_QUANTILE_AT, gout[0], n->in[1]);
  return NULL;
}

const char *vjp_quantile_at(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = with_picks(g, n, OP_QUANTILE_DX, gout[0], n->in[1]);
  return NULL;
}

const char *vjp_stretch(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = g_sum_to(g, gout[0], g_shape(g, n->in[0]), n->span);
  return NULL;
}

const char *vjp_reshape(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = g_reshape(g, gout[0], g_shape(g, n->in[0]), n->span);
  return NULL;
}

const char *vjp_transpose(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  int back[SHAPE_MAX_RANK];
  (void)need;
  for (int k = 0; k < n->shape.rank; k++) back[n->attr.i[k]] = k;
  gin[0] = g_transpose(g, gout[0], back, n->span);
  return NULL;
}

const char *vjp_slice(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  int axis = (int)n->attr.i[0];
  (void)need;
  gin[0] = g_pad(g, gout[0], axis, n->attr.i[1], g_shape(g, n->in[0])->d[axis].n, n->span);
  return NULL;
}

const char *vjp_pad(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  int axis = (int)n->attr.i[0];
  (void)need;
  gin[0] = g_slice(g, gout[0], axis, n->attr.i[1], g_shape(g, n->in[0])->d[axis].n, n->span);
  return NULL;
}

const char *vjp_concat(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  int axis = (int)n->attr.i[0];
  int64_t at = 0;
  for (int k = 0; k < n->n_in; k++) {
    int64_t len = g_shape(g, n->in[k])->d[axis].n;
    if (need[k]) gin[k] = g_slice(g, gout[0], axis, at, len, n->span);
    at += len;
  }
  return NULL;
}

/* TAKE_ROWS and PUT_ROWS are each other's derivatives. */
static NodeId end_rows(Graph *g, const Node *n, OpId op, int64_t last, NodeId v, NodeId like) {
  return g_make(g, op, 1, &v, &(Attr){.i = {last}}, g_shape(g, like), n->span, NULL);
}

const char *vjp_join_rows(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  for (int k = 0; k < 2; k++)
    if (need[k]) gin[k] = end_rows(g, n, OP_TAKE_ROWS, k, gout[0], n->in[k]);
  return NULL;
}

const char *vjp_take_rows(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = end_rows(g, n, OP_PUT_ROWS, n->attr.i[0], gout[0], n->in[0]);
  return NULL;
}

const char *vjp_put_rows(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = end_rows(g, n, OP_TAKE_ROWS, n->attr.i[0], gout[0], n->in[0]);
  return NULL;
}

const char *vjp_gather(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  Dim rows = g_shape(g, n->in[0])->d[0];
  Attr attr = {.i = {rows.n, rows.count}};
  if (need[0])
    gin[0] = g_make(g, OP_SCATTER_ROWS, 2, (NodeId[]){gout[0], n->in[1]}, &attr, NULL, n->span, NULL);
  return NULL;
}

const char *vjp_scatter_rows(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = g_binary(g, OP_GATHER, gout[0], n->in[1], n->span);
  return NULL;
}

/* c = A b, A = a or its transpose, likewise B: dA = c' B^T, dB = A^T c'. */
const char *vjp_matmul(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  NodeId a = n->in[0], b = n->in[1], c = gout[0];
  bool ta = n->attr.i[0] != 0, tb = n->attr.i[1] != 0;
  if (need[0]) gin[0] = ta ? g_matmul(g, b, c, tb, true, n->span) : g_matmul(g, c, b, false, !tb, n->span);
  if (need[1]) gin[1] = tb ? g_matmul(g, c, a, true, ta, n->span) : g_matmul(g, a, c, !ta, false, n->span);
  return NULL;
}

const char *vjp_mark(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  (void)g, (void)self, (void)need;
  gin[0] = gout[0];
  return NULL;
}

/* g_grad adds it to the cotangent of that result. */
const char *vjp_part(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  (void)g, (void)self, (void)need;
  gin[0] = gout[0];
  return NULL;
}
