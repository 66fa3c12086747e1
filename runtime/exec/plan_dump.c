/* The plan as text: what runs where, in which order, and what it costs in memory and barriers. */
#include <inttypes.h>

#include "lang/base/source.h"
#include "runtime/exec/run_state.h"

static const char *const place_name[] = {"full", "row", "partial"};

static const char *shape(const Run *r, const Shape *s) {
  const char **names = ARENA_ARRAY(r->arena, const char *, r->program->counts.n + 1);
  for (int k = 0; k < r->program->counts.n; k++) names[k] = r->program->counts.at[k].name;
  return shape_text(r->arena, s, names);
}

static void where_text(const Run *r, const RegionPlan *p, NodeId id, FILE *out) {
  NodeId root = plan_root(p, id);
  const Where *w = &p->where[root];
  switch (w->kind) {
  case WHERE_SLOT: fprintf(out, "slot %s", r->program->slots.at[w->slot].name); break;
  case WHERE_CONST: fputs("constant", out); break;
  case WHERE_SLAB: fprintf(out, "slab +%zu (%zu bytes)", w->offset, w->bytes); break;
  case WHERE_LOCAL: fprintf(out, "local +%zu (%zu bytes)", w->offset, w->bytes); break;
  case WHERE_NONE: fputs("-", out); break;
  }
}

static void dump_instr(const Run *r, const RegionPlan *p, int instr, FILE *out) {
  const Instr *i = &p->instrs.at[instr];
  const Node *n = g_node(p->graph, i->node);
  const Fused *f = &p->fused[i->node];
  if (i->kop.op == OP_TRANSPOSE && n->op != OP_TRANSPOSE) {
    fprintf(out, "      transposed copy of %%%d  @ slab +%zu\n", i->node, p->flipped[i->node] - 1);
    return;
  }
  fprintf(out, "      %%%d %s %s = %s", i->node, place_name[p->placed.at[i->node].place], shape(r, &n->shape),
          op_info[i->kop.op].name);
  if (i->kop.epilogue & EPI_BIAS) fputs("+bias", out);
  if (i->kop.epilogue & EPI_LEAKY) fputs("+leaky_relu", out);
  if (i->kop.epilogue & EPI_LEAKY_GRAD) fputs("+leaky_relu_grad", out);
  if (i->kop.epilogue & EPI_ADD) fputs("+add", out);
  const Node *reader = f->matmul != NODE_NONE ? g_node(p->graph, f->matmul) : n;
  for (int k = 0; k < reader->n_in; k++) fprintf(out, "%s%%%d", k ? ", " : " ", reader->in[k]);
  if (f->bias != NODE_NONE) fprintf(out, ", bias %%%d", f->bias);
  if (f->mask != NODE_NONE) fprintf(out, ", mask %%%d", f->mask);
  if (f->add_to != NODE_NONE) fprintf(out, ", to %%%d", f->add_to);
  fputs("  @ ", out);
  where_text(r, p, i->node, out);
  fputc('\n', out);
}

static void dump_phase(const Run *r, const RegionPlan *p, int k, FILE *out) {
  const Phase *phase = &p->phases[k];
  for (int d = 0; k > 0 && d < p->n_chains; d++) {
    const Chain *c = &phase->chains[d];
    if (c->instrs.n == 0) continue;
    Shape rows = {.rank = 1, .d = {p->placed.domains[d].rows}};
    fprintf(out, "    parallel %d over rows %s, shards of %d: %d instructions\n", k - 1, shape(r, &rows),
            SHARD_ROWS, c->instrs.n);
    for (int j = 0; j < c->instrs.n; j++) dump_instr(r, p, c->instrs.at[j], out);
  }
  if (phase->reductions.n + phase->serials.n == 0) return;
  fprintf(out, "    serial %d: %d sums over shards, %d operations\n", k - 1, phase->reductions.n,
          phase->serials.n);
  for (int j = 0; j < phase->serials.n; j++) {
    const Serial *s = &phase->serials.at[j];
    if (s->kind == SERIAL_INSTR) dump_instr(r, p, s->instr, out);
    if (s->kind == SERIAL_COPY) fprintf(out, "      store %%%d\n", s->node);
    if (s->kind == SERIAL_UPDATE) fprintf(out, "      update %d weight tensors\n", s->update->n);
  }
}

typedef struct Dump {
  const Run *r;
  FILE *out;
  int k;
} Dump;

static void dump_region(void *ctx, const Graph *g, Span span) {
  Dump *d = ctx;
  const RegionPlan *p = run_region_plan(d->r, g);
  const Source *src;
  int line = 0, col = 0, barriers = 0;
  for (NodeId id = 0; span.end == 0 && id < g_count(g); id++) span = g_node(g, id)->span;
  src_locate(span.begin, &src, &line, &col);
  for (int k = 1; k <= p->placed.n_phases; k++)
    for (int c = 0; c < p->n_chains; c++) barriers += p->phases[k].chains[c].instrs.n > 0;
  fprintf(d->out,
          "  region %d at line %d: %d nodes, %d instructions, %d barriers, slab %zu bytes, local %zu bytes\n",
          d->k++, line, g_count(p->graph), p->instrs.n, barriers, p->slab, p->local);
  for (int k = 0; k <= p->placed.n_phases; k++) dump_phase(d->r, p, k, d->out);
}

void run_dump_plan(const Run *r, FILE *out) {
  fprintf(out, "plan: %s, weights %zu bytes, moments %zu bytes\n",
          r->program->is_double ? "double" : "single", r->bytes.weights, r->bytes.moments);
  Dump d = {r, out, 0};
  program_each_region(r->program, dump_region, &d);
}
