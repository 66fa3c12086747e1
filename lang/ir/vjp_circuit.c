/* Derivative rules of circuits. With angles a (inputs), outputs y(a) and cotangents w:
 *   CIRCUIT      y                     VJP: CIRCUIT_VJP
 *   CIRCUIT_VJP  g = J^T w             VJP along u (one direction for each input): with
 *                F = <u, J^T w>:  dF/da = h (Hessian product), dF/dw = J u = y'
 *   CIRCUIT_HVP  h, y'                 third order: refused
 * i[0], the method of the gradient, goes along. A direction that is not there is a CONST 0, which the
 * simulator may use as a static fact. */
#include "lang/ir/circuit.h"
#include "lang/ir/vjp.h"

static const char *refused(Graph *g, const Node *n, int order) {
  const MethodUse use = circuit_use(n->attr.p, order);
  const char *why;
  (void)circuit_method_check(g->arena, (CircuitMethod)n->attr.i[0], &use, &why);
  return why;
}

const char *vjp_circuit(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  const char *why = refused(g, n, 1);
  if (why != NULL) return why;
  NodeId *in = ARENA_ARRAY(g->arena, NodeId, n->n_in + 1);
  for (int k = 0; k < n->n_in; k++) in[k] = n->in[k];
  in[n->n_in] = gout[0];
  NodeId v = g_make(g, OP_CIRCUIT_VJP, n->n_in + 1, in, &n->attr, NULL, n->span, NULL);
  for (int k = 0; k < n->n_in; k++)
    if (need[k]) gin[k] = g_part(g, v, k, g_shape(g, n->in[k]), n->span);
  return NULL;
}

const char *vjp_circuit_vjp(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  const Node *n = g_node(g, self);
  int n_inputs = n->n_parts;
  const char *why = refused(g, n, 2);
  if (why != NULL) return why;
  NodeId *in = ARENA_ARRAY(g->arena, NodeId, 2 * n_inputs + 1);
  for (int k = 0; k <= n_inputs; k++) in[k] = n->in[k];
  for (int k = 0; k < n_inputs; k++)
    in[n_inputs + 1 + k] = gout[k] != NODE_NONE ? gout[k] : g_const(g, 0, g_shape(g, n->in[k]), n->span);
  NodeId h = g_make(g, OP_CIRCUIT_HVP, 2 * n_inputs + 1, in, &n->attr, NULL, n->span, NULL);
  for (int k = 0; k <= n_inputs; k++)
    if (need[k]) gin[k] = g_part(g, h, k, g_shape(g, n->in[k]), n->span);
  return NULL;
}

const char *vjp_circuit_hvp(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  (void)gout, (void)need, (void)gin;
  return refused(g, g_node(g, self), 3);
}
