#include "lang/ir/flops.h"
#include "lang/ir/circuit.h"

static Flops fixed(double each) { return (Flops){.each = each, .most = each}; }

static void times_axis(Flops *f, Dim d) {
  f->most *= (double)d.n;
  if (d.count == 0) {
    f->each *= (double)d.n;
    return;
  }
  int at = f->n++;
  for (; at > 0 && f->count[at - 1] > d.count; at--) f->count[at] = f->count[at - 1];
  f->count[at] = d.count;
}

static Flops times(Flops f, double by) {
  f.each *= by, f.most *= by;
  return f;
}

static Flops elements(const Shape *s) {
  Flops f = fixed(1);
  for (int k = 0; k < s->rank; k++) times_axis(&f, s->d[k]);
  return f;
}

static Flops circuit_flops(const Graph *g, const Node *n) {
  const CircuitProgram *c = n->attr.p;
  const bool density = c->mixed && c->trajectories == 0;
  double sum = 0;
  for (int k = 0; k < c->gates.n; k++)
    sum += c->gates.at[k].n_targets + c->gates.at[k].n_controls > 1 ? 30 : 14;
  const double runs = (c->trajectories > 0 ? (double)c->trajectories : 1) * (n->op == OP_CIRCUIT ? 1 : 3);
  Flops f = fixed(sum * runs * (double)((int64_t)1 << (density ? 2 : 1) * c->n_qubits));
  for (int k = 0; k < c->n_inputs; k++)
    if (c->input_has_rows[k]) {
      times_axis(&f, g_node(g, n->in[k])->shape.d[0]);
      break;
    }
  return f;
}

static Flops product_flops(const Graph *g, const Node *n) {
  const Shape *a = &g_node(g, n->in[0])->shape, *b = &g_node(g, n->in[1])->shape;
  Flops out = times(elements(&n->shape), 2);
  if (n->op == OP_MATMUL) {
    times_axis(&out, a->d[a->rank - (n->attr.i[0] != 0 ? 2 : 1)]);
    return out;
  }
  const double kernels = n->op == OP_CONV_DW ? elements(&n->shape).each : elements(b).each;
  if (n->op == OP_CONV) return times(out, kernels / (double)b->d[0].n);
  if (n->op == OP_CONV_DX) return times(elements(a), 2 * kernels / (double)b->d[0].n);
  return times(elements(b), 2 * kernels / (double)n->shape.d[0].n);
}

Flops g_flops(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  Flops most = elements(&n->shape);
  for (int k = 0; k < n->n_in && n->op != OP_GATHER; k++) {
    const Flops in = elements(&g_node(g, n->in[k])->shape);
    if (in.most > most.most) most = in;
  }
  if (n->op == OP_SOLVE) { /* elimination, then a triangle each way */
    const double rows = (double)n->shape.d[0].n;
    return fixed(2.0 / 3.0 * rows * rows * rows + 2.0 * rows * elements(&n->shape).each);
  }
  switch (op_info[n->op].cls) {
  case CLASS_SOURCE: return n->op == OP_DRAW ? most : fixed(0);
  case CLASS_VIEW:
  case CLASS_PART:
  case CLASS_EFFECT: return fixed(0);
  case CLASS_CIRCUIT: return circuit_flops(g, n);
  case CLASS_MATMUL:
  case CLASS_SHARED:
  case CLASS_CONTRACT:
    if (n->op == OP_MATMUL || n->op == OP_CONV || n->op == OP_CONV_DX || n->op == OP_CONV_DW)
      return product_flops(g, n);
    return most;
  case CLASS_EW:
  case CLASS_ROWS:
  case CLASS_REDUCE:
  case CLASS_AXIS:
  case CLASS_WHOLE: break;
  }
  const bool moves = n->op == OP_STRETCH || n->op == OP_SLICE || n->op == OP_PAD || n->op == OP_CONCAT ||
                     n->op == OP_FLIP || n->op == OP_ENTRIES || n->op == OP_JOIN_ROWS ||
                     n->op == OP_TAKE_ROWS || n->op == OP_PUT_ROWS;
  return moves ? fixed(0) : most;
}
