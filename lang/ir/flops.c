#include "lang/ir/flops.h"
#include "lang/ir/circuit.h"

/* Elements, with an axis that is a count as one. */
static double elements(const Shape *s, uint32_t *count) {
  double n = 1;
  for (int k = 0; k < s->rank; k++) {
    if (s->d[k].count != 0) *count = s->d[k].count;
    else n *= (double)s->d[k].n;
  }
  return n;
}

static double circuit_flops(const CircuitProgram *c) {
  const bool density = c->mixed && c->trajectories == 0;
  double sum = 0;
  for (int k = 0; k < c->gates.n; k++)
    sum += c->gates.at[k].n_targets + c->gates.at[k].n_controls > 1 ? 30 : 14;
  const double runs = c->trajectories > 0 ? (double)c->trajectories : 1;
  return sum * runs * (double)((int64_t)1 << (density ? 2 : 1) * c->n_qubits);
}

static double product_flops(const Graph *g, const Node *n, double out, uint32_t *count) {
  const Shape *a = &g_node(g, n->in[0])->shape, *b = &g_node(g, n->in[1])->shape;
  uint32_t ignored = 0;
  if (n->op == OP_MATMUL) {
    const Dim inner = a->d[a->rank - (n->attr.i[0] != 0 ? 2 : 1)];
    if (inner.count != 0) *count = inner.count;
    return 2 * out * (inner.count != 0 ? 1 : (double)inner.n);
  }
  const double kernels = n->op == OP_CONV_DW ? elements(&n->shape, &ignored) : elements(b, &ignored);
  if (n->op == OP_CONV) return 2 * out * kernels / (double)b->d[0].n;
  if (n->op == OP_CONV_DX) return 2 * elements(a, count) * kernels / (double)b->d[0].n;
  return 2 * elements(b, count) * kernels / (double)n->shape.d[0].n;
}

double g_flops(const Graph *g, NodeId id, uint32_t *count) {
  const Node *n = g_node(g, id);
  *count = 0;
  double most = elements(&n->shape, count);
  for (int k = 0; k < n->n_in; k++) {
    const double in = elements(&g_node(g, n->in[k])->shape, count);
    if (n->op != OP_GATHER && in > most) most = in;
  }
  if (n->op == OP_SOLVE) { /* elimination, then a triangle each way */
    const double rows = (double)n->shape.d[0].n;
    return 2.0 / 3.0 * rows * rows * rows + 2.0 * rows * elements(&n->shape, count);
  }
  switch (op_info[n->op].cls) {
  case CLASS_SOURCE: return n->op == OP_DRAW ? most : 0;
  case CLASS_VIEW:
  case CLASS_PART:
  case CLASS_EFFECT: return 0;
  case CLASS_CIRCUIT: return circuit_flops(n->attr.p) * (n->op == OP_CIRCUIT ? 1 : 3);
  case CLASS_MATMUL:
  case CLASS_SHARED:
  case CLASS_CONTRACT:
    if (n->op == OP_MATMUL || n->op == OP_CONV || n->op == OP_CONV_DX || n->op == OP_CONV_DW)
      return product_flops(g, n, elements(&n->shape, count), count);
    return most;
  case CLASS_EW:
  case CLASS_ROWS:
  case CLASS_REDUCE:
  case CLASS_AXIS:
  case CLASS_WHOLE: break;
  }
  const bool moves = n->op == OP_STRETCH || n->op == OP_SLICE || n->op == OP_PAD || n->op == OP_CONCAT ||
                     n->op == OP_FLIP || n->op == OP_ENTRIES;
  return moves ? 0 : most;
}
