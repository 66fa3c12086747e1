/* How much memory a program can need at most, without planning it. */
#include <math.h>

#include "lang/base/mem.h"
#include "lang/ir/optim.h"
#include "runtime/exec/plan.h"
#include "runtime/exec/run.h"

#define LANES 16           /* of the widest vectors */
#define SPARE_STATES 8     /* of a call beside those that a gradient keeps */
#define MOMENTS 8          /* numbers that an optimiser keeps for a weight, at most; */
#define SEARCH_NUMBERS 256 /* one that evaluates the loss itself */

typedef struct Bound {
  const Program *program;
  double real, threads, bytes;
} Bound;

/* A value may stand once for each shard, and kernels want copies of what they read. */
static void add_node(Bound *b, const Node *n) {
  b->bytes += SHARDS_MAX * (b->real * (double)shape_capacity(&n->shape) + 64);
  if (n->op != OP_CIRCUIT && n->op != OP_CIRCUIT_VJP && n->op != OP_CIRCUIT_HVP && n->op != OP_CIRCUIT_METRIC)
    return;
  const CircuitProgram *c = n->attr.p;
  const bool density = c->mixed && c->trajectories == 0;
  const double state = 2 * b->real * LANES * ldexp(1, (density ? 2 : 1) * c->n_qubits);
  double kept = c->gates.n;
  for (int k = 0; n->op == OP_CIRCUIT_METRIC && k < c->n_inputs; k++) kept += (double)c->input_size[k];
  b->bytes += b->threads * (state * (SPARE_STATES + 4 * kept) + 32.0 * (double)c->shots);
}

static void add_region(void *ctx, const Graph *g, Span span) {
  (void)span;
  for (NodeId id = 0; id < g_count(g); id++) add_node(ctx, g_node(g, id));
}

size_t run_bytes_bound(const Program *p, int threads) {
  Bound b = {p, p->is_double ? sizeof(double) : sizeof(float), threads, 1 << 20};
  for (int k = 0; k < p->slots.n; k++)
    b.bytes += b.real * (double)shape_capacity(&p->slots.at[k].shape) + 128;
  for (int t = 0; t < p->trains.n; t++)
    for (int o = 0; o < p->trains.at[t].optimizers.n; o++) {
      const Optimizer *opt = &p->trains.at[t].optimizers.at[o];
      const double each = optim_info[opt->optim].status == OPTIM_IS_SEARCH ? SEARCH_NUMBERS : MOMENTS;
      for (int k = 0; k < opt->n_slots; k++)
        b.bytes += each * sizeof(double) * (double)shape_capacity(&p->slots.at[opt->slots[k]].shape) + 1024;
    }
  for (int d = 0; d < p->datasets.n; d++) b.bytes += b.real * (double)p->datasets.at[d].rows;
  program_each_region(p, add_region, &b);
  return b.bytes < (double)(SIZE_MAX / 2) ? (size_t)b.bytes : SIZE_MAX;
}
