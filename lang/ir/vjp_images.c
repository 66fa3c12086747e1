/* Derivative rules of operations on images. y = conv(x, w) is linear in x and in w, and the three
 * operations conv, conv_dx and conv_dw are the three ways to fix two of (x, w, y) in the sum of all
 * products x w y; so the derivatives of each are the other two. */
#include "lang/ir/vjp.h"

static NodeId conv(Graph *g, const Node *n, NodeId x, NodeId w) {
  Attr attr = {.i = {n->attr.i[0], n->attr.i[1]}};
  return g_make(g, OP_CONV, 2, (NodeId[]){x, w}, &attr, NULL, n->span, NULL);
}

/* The derivative by images of the shape of `like`. */
static NodeId conv_dx(Graph *g, const Node *n, NodeId y, NodeId w, NodeId like) {
  const Shape *s = g_shape(g, like);
  Attr attr = {.i = {n->attr.i[0], n->attr.i[1], s->d[2].n, s->d[3].n}};
  return g_make(g, OP_CONV_DX, 2, (NodeId[]){y, w}, &attr, NULL, n->span, NULL);
}

static NodeId conv_dw(Graph *g, const Node *n, NodeId x, NodeId y, NodeId like) {
  const Shape *s = g_shape(g, like);
  Attr attr = {.i = {n->attr.i[0], n->attr.i[1], s->d[2].n, s->d[3].n}};
  return g_make(g, OP_CONV_DW, 2, (NodeId[]){x, y}, &attr, NULL, n->span, NULL);
}

const char *vjp_conv(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = conv_dx(g, n, gout[0], n->in[1], n->in[0]);
  if (need[1]) gin[1] = conv_dw(g, n, n->in[0], gout[0], n->in[1]);
  return NULL;
}

const char *vjp_conv_dx(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = conv(g, n, gout[0], n->in[1]);
  if (need[1]) gin[1] = conv_dw(g, n, gout[0], n->in[0], n->in[1]);
  return NULL;
}

const char *vjp_conv_dw(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = conv_dx(g, n, n->in[1], gout[0], n->in[0]);
  if (need[1]) gin[1] = conv(g, n, n->in[0], gout[0]);
  return NULL;
}

/* ---- windows ---- */
static NodeId pool(Graph *g, const Node *n, OpId op, NodeId a, NodeId picked) {
  return g_make(g, op, picked == NODE_NONE ? 1 : 2, (NodeId[]){a, picked}, &n->attr, NULL, n->span, NULL);
}

const char *vjp_maxpool(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = pool(g, n, OP_MAXPOOL_DX, gout[0], n->in[0]);
  return NULL;
}

const char *vjp_maxpool_dx(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = pool(g, n, OP_MAXPOOL_AT, gout[0], n->in[1]);
  return NULL;
}

const char *vjp_maxpool_at(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[0]) gin[0] = pool(g, n, OP_MAXPOOL_DX, gout[0], n->in[1]);
  return NULL;
}

const char *vjp_sumpool(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  const Shape *s = g_shape(g, n->in[0]);
  Attr attr = {.i = {n->attr.i[0], n->attr.i[1], n->attr.i[2], s->d[2].n, s->d[3].n}, .f = {n->attr.f[0]}};
  (void)need;
  gin[0] = g_make(g, OP_SUMPOOL_DX, 1, gout, &attr, NULL, n->span, NULL);
  return NULL;
}

const char *vjp_sumpool_dx(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  Attr attr = {.i = {n->attr.i[0], n->attr.i[1], n->attr.i[2]}, .f = {n->attr.f[0]}};
  (void)need;
  gin[0] = g_make(g, OP_SUMPOOL, 1, gout, &attr, NULL, n->span, NULL);
  return NULL;
}
