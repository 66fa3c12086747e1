/* Derivative rules of functions of Hermitian matrices: d(-Tr a log a) = -Tr (1 + log a) da. */
#include "lang/ir/vjp.h"

const char *vjp_entropy(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  const Shape *s = g_shape(g, n->in[0]);
  Shape wide = {.rank = 4};
  for (int k = 0; k < 4; k++) wide.d[k] = k == 0 ? s->d[0] : dim_static(1);
  const NodeId slope = g_unary(g, OP_HERMITIAN_LOG, n->in[0], n->span);
  const NodeId w = g_unary(g, OP_NEG, g_reshape(g, gout[0], &wide, n->span), n->span);
  (void)need;
  gin[0] = g_binary(g, OP_MUL, w, slope, n->span);
  return NULL;
}

const char *vjp_hermitian_log(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  (void)need;
  gin[0] = g_binary(g, OP_HERMITIAN_LOG_DX, gout[0], n->in[0], n->span);
  return NULL;
}

/* Linear in the cotangent and its own transpose. */
const char *vjp_hermitian_log_dx(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  if (need[1]) return "a third derivative of an entropy is not available, only the first and the second are";
  gin[0] = g_binary(g, OP_HERMITIAN_LOG_DX, gout[0], n->in[1], n->span);
  return NULL;
}
