/* Second half of planning: kernels, addresses, chains of the parallel parts, lists of the serial
 * parts. */
#include <string.h>

#include "lang/base/mem.h"
#include "runtime/exec/sizes.h"
#include "runtime/kernels/layout.h"
#include "runtime/sim/sim.h"
#include "runtime/tensor/rng.h"

static bool has_parts(OpId op) { return op == OP_CIRCUIT_VJP || op == OP_CIRCUIT_HVP; }
static bool is_circuit(OpId op) { return op == OP_CIRCUIT || has_parts(op); }

/* ---- first half ------------------------------------------------------------------------- */

static bool find_kernels(PlanEnv *env, const Graph *g) {
  bool ok = true;
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    if (op_info[n->op].kernel != OPKERNEL_LATER) continue;
    Diag *d =
        diag_add(env->sink, DIAG_LATER, n->span, "`%s` cannot be run by this version", op_info[n->op].name);
    diag_mark(d, "known and checked, but its kernel is not built yet");
    diag_note(d, "nothing was run");
    ok = false;
  }
  return ok;
}

bool plan_layout(PlanEnv *env, const Graph *g, Span span, RegionPlan *out) {
  *out = (RegionPlan){.graph = g_optimize(g, env->arena), .span = span};
  if (!find_kernels(env, out->graph)) return false;
  NodeId where = NODE_NONE;
  const char *why = place_graph(env->arena, out->graph, env->program, &out->placed, &where);
  if (!why && out->placed.n_domains > DOMAINS_MAX)
    why = "more than 16 different numbers of rows in one block cannot be run by this version";
  if (why) {
    Diag *d = diag_add(env->sink, DIAG_LATER, where == NODE_NONE ? span : g_node(out->graph, where)->span,
                       "%s", why);
    diag_note(d, "nothing was run");
    return false;
  }
  layout_fuse(env, out);
  layout_memory(env, out);
  return true;
}

/* ---- addresses ----------------------------------------------------------------------------- */

char *plan_address(const PlanEnv *env, const RegionPlan *p, NodeId id) {
  const Where *w = &p->where[plan_root(p, id)];
  switch (w->kind) {
  case WHERE_SLOT: return env->slot_data[w->slot];
  case WHERE_CONST: return (char *)w->offset; /* an address since plan_bind */
  case WHERE_SLAB: return p->base + w->offset;
  case WHERE_LOCAL:
  case WHERE_NONE: return NULL;
  }
  return NULL;
}

static int64_t row_bytes(const PlanEnv *env, const Shape *s) {
  return shape_row_size(s) * (int64_t)env->set->real;
}

/* `rows`: the reader or writer works on rows of its shard; `shard`: on the shard's partial sum (a
 * partial value that has been added up is read as a whole, where shard 0's part stood). */
static Operand operand(const PlanEnv *env, const RegionPlan *p, NodeId id, bool rows, bool shard) {
  NodeId root = plan_root(p, id);
  const Where *w = &p->where[root];
  const NodePlace *at = &p->placed.at[root];
  const Shape *shape = &g_node(p->graph, id)->shape;
  if (w->kind == WHERE_LOCAL) return (Operand){.base = (char *)w->offset, .local = true};
  Operand o = {.base = plan_address(env, p, id)};
  if (at->place == PLACE_PARTIAL && shard) {
    int64_t domain_rows = p->placed.domains[at->domain].rows.n;
    int64_t shards = domain_rows <= SHARD_ROWS * SHARDS_MAX ? shard_count(domain_rows) : SHARDS_MAX;
    o.shard_bytes = (int64_t)w->bytes / shards;
  } else if (rows) {
    o.row_bytes = row_bytes(env, shape);
  }
  return o;
}

/* Does input `k` of `consumer`, in a parallel part, have the rows of the shard on axis 0? */
bool plan_is_rows(const RegionPlan *p, NodeId consumer, int k) {
  const Node *n = g_node(p->graph, consumer), *in = g_node(p->graph, n->in[k]);
  const NodePlace *at = &p->placed.at[consumer];
  Dim rows = p->placed.domains[at->domain].rows;
  if (in->shape.rank == 0 || !dim_equal(in->shape.d[0], rows)) return false;
  if (is_circuit(n->op)) return circuit_input_is_rows(p->graph, n, k);
  bool by_rows = p->placed.at[n->in[k]].place == PLACE_ROW;
  if (op_info[n->op].cls == CLASS_SHARED) return by_rows && k == (n->op == OP_GATHER ? 1 : 0);
  if (n->op == OP_MATMUL && n->shape.rank == 2) return by_rows && (k == 0 || at->place == PLACE_PARTIAL);
  if (at->place == PLACE_PARTIAL) return by_rows; /* sums over rows; linear operations of partial values */
  return true;
}

/* ---- kernels ------------------------------------------------------------------------------- */

static const void *sim_of(PlanEnv *env, const Node *n) {
  const CircuitProgram *c = n->attr.p;
  for (int k = 0; k < env->sims.n; k++)
    if (env->sims.at[k].program == c) return env->sims.at[k].plan;
  const char *why = NULL;
  Span where = n->span;
  const SimPlan *s = sim_plan(env->arena, c, env->set, &why, &where);
  if (!s) {
    Diag *d = diag_add(env->sink, DIAG_LATER, where, "%s",
                       why ? why : "this circuit cannot be simulated by this version");
    diag_note(d, "nothing was run");
    return NULL;
  }
  struct SimCache entry = {c, s};
  vec_push(env->arena, &env->sims, entry);
  return s;
}

/* Constants stand as one number where only elementwise kernels read them. */
static void shrink_const(const RegionPlan *p, const Node *n, int k, NodeId id, KOp *kop) {
  const Node *in = g_node(p->graph, id);
  if (in->op == OP_CONST && op_info[n->op].cls == CLASS_EW && n->op != OP_STRETCH)
    kop->in[k] = shape_scalar(), kop->in_rows[k] = false;
}

/* A direction of a Hessian product that is 0 is none: its kernels read NULL. */
static bool no_direction(const Node *n, int k, const Node *in) {
  if (n->op != OP_CIRCUIT_HVP || in->op != OP_CONST) return false;
  return k > ((const CircuitProgram *)n->attr.p)->n_inputs && in->attr.f[0] == 0;
}

/* In a serial part only counts are resolved at run time. */
static bool serial_rows(const RegionPlan *p, const Node *n, const Node *in, int k) {
  if (is_circuit(n->op)) return circuit_input_is_rows(p->graph, n, k);
  return in->shape.rank >= 1 && in->shape.d[0].count != 0;
}

static int find_domain(const RegionPlan *p, Dim rows) {
  for (int k = 0; k < p->placed.n_domains; k++)
    if (dim_equal(p->placed.domains[k].rows, rows)) return k;
  return -1;
}

static int domain_for(PlanEnv *env, RegionPlan *p, Dim rows) {
  int k = find_domain(p, rows);
  if (k >= 0) return k;
  Placed *q = &p->placed;
  q->domains = arena_grow(env->arena, q->domains, (size_t)q->n_domains * sizeof(Domain),
                          (size_t)(q->n_domains + 1) * sizeof(Domain));
  q->domains[q->n_domains].rows = rows;
  return q->n_domains++;
}

/* A serial operation has the rows of one count; two different ones are filled in as sizes (sizes.h). */
static void need_count(PlanEnv *env, RegionPlan *p, Instr *i, Dim rows) {
  int d = domain_for(env, p, rows);
  if (i->rows_domain >= 0 && i->rows_domain != d) i->mixed_counts = true;
  i->rows_domain = d;
}

static void set_input(PlanEnv *env, RegionPlan *p, Instr *i, int k, NodeId reader, int reader_k, NodeId id) {
  const Node *n = g_node(p->graph, reader), *in = g_node(p->graph, id);
  bool parallel = p->placed.at[i->node].place != PLACE_FULL;
  bool rows = parallel ? plan_is_rows(p, reader, reader_k) : serial_rows(p, n, in, reader_k);
  i->kop.in[k] = in->shape;
  i->kop.in_rows[k] = rows;
  i->in[k] = operand(env, p, id, parallel && rows, p->placed.at[i->node].place == PLACE_PARTIAL);
  shrink_const(p, n, k, id, &i->kop);
  if (no_direction(n, k, in)) i->in[k] = (Operand){0};
  if (!parallel && rows) need_count(env, p, i, in->shape.d[0]);
}

static void set_output(PlanEnv *env, RegionPlan *p, Instr *i, NodeId id) {
  const Node *n = g_node(p->graph, id);
  const NodePlace *at = &p->placed.at[id];
  i->kop.out = n->shape;
  i->kop.out_rows =
      at->place == PLACE_ROW || (at->place == PLACE_FULL && n->shape.rank >= 1 && n->shape.d[0].count != 0);
  if (at->place == PLACE_FULL && i->kop.out_rows) need_count(env, p, i, n->shape.d[0]);
  if (at->place == PLACE_FULL && is_circuit(n->op) && n->shape.rank == 2) i->kop.out_rows = true;
  if (!has_parts(n->op)) i->out = operand(env, p, id, at->place == PLACE_ROW, true);
}

static void set_parts(PlanEnv *env, RegionPlan *p, Instr *i) {
  for (NodeId id = i->node + 1; id < g_count(p->graph); id++) {
    const Node *n = g_node(p->graph, id);
    if (n->op != OP_PART || n->in[0] != i->node) continue;
    int k = (int)n->attr.i[0];
    i->has_part[k] = true;
    i->part[k] = operand(env, p, id, p->placed.at[id].place == PLACE_ROW, true);
    if (k >= i->n_parts) i->n_parts = k + 1;
  }
}

/* Rough nanoseconds of the kernel for one row (parallel) or in all; only decides whether waking
 * other threads pays. */
static double cost_of(const Node *n, const KOp *k) {
  double elements = (double)shape_row_size(&k->out);
  if (n->op == OP_MATMUL) {
    const Shape *a = &k->in[0];
    double inner = (double)a->d[a->rank - 1].n;
    if (n->attr.i[0]) return 2.0 * (double)shape_capacity(&k->out) / 60.0;
    return 2.0 * elements * inner / 60.0;
  }
  if (is_circuit(n->op)) {
    const CircuitProgram *c = n->attr.p;
    const bool density = c->mixed && c->trajectories == 0;
    return (double)c->gates.n * (double)(c->trajectories > 0 ? c->trajectories : 1) *
               (double)((int64_t)1 << (density ? 2 : 1) * c->n_qubits) * (n->op == OP_CIRCUIT ? 1.0 : 3.0) +
           4.0 * (double)c->shots;
  }
  if (n->op == OP_CONV || n->op == OP_CONV_DX || n->op == OP_CONV_DW) {
    ConvShape c = conv_shape(k);
    return 2.0 * (double)(c.k * c.c * c.kh * c.kw) * (double)(c.oh * c.ow) / 60.0;
  }
  if (n->op == OP_DRAW) return 10.0 * elements;
  return 1.0 + 0.2 * elements;
}

static bool limits(PlanEnv *env, const Node *n, int n_in) {
  if (n_in <= KMAX_IN && n->n_parts <= KMAX_PARTS) return true;
  Diag *d = diag_add(env->sink, DIAG_LATER, n->span, "`%s` with %d inputs cannot be run by this version",
                     op_info[n->op].name, n_in);
  diag_note(d, "at most %d are possible; nothing was run", KMAX_IN);
  return false;
}

/* The transposed copy of matrix `id`, made in the serial part in which the matrix is there. */
static bool add_flip(PlanEnv *env, RegionPlan *p, NodeId id) {
  const Node *n = g_node(p->graph, id);
  Instr i = {.node = id, .n_in = 1, .rows_domain = -1};
  i.kop = (KOp){.op = OP_TRANSPOSE, .attr.i = {1, 0}, .n_in = 1, .in = {n->shape}};
  i.kop.out = shape_of(2, (int64_t[]){n->shape.d[1].n, n->shape.d[0].n});
  i.in[0] = operand(env, p, id, false, false);
  i.out.base = p->base + p->flipped[id] - 1;
  const char *why = kop_prepare(&i.kop, env->set);
  if (why) diag_add(env->sink, DIAG_INTERNAL, n->span, "%s", why);
  Serial s = {.kind = SERIAL_INSTR, .instr = p->instrs.n, .node = id, .rows_domain = -1};
  vec_push(env->arena, &p->instrs, i);
  vec_push(env->arena, &p->phases[p->placed.at[id].phase + 1].serials, s);
  p->flip_made[id] = true;
  return why == NULL;
}

static bool read_flipped(PlanEnv *env, RegionPlan *p, Instr *i, NodeId b) {
  if (!p->flip_made[b] && !add_flip(env, p, b)) return false;
  const Shape *s = &g_node(p->graph, b)->shape;
  i->kop.attr.i[1] = 0;
  i->kop.in[1] = shape_of(2, (int64_t[]){s->d[1].n, s->d[0].n});
  i->in[1] = (Operand){.base = p->base + p->flipped[b] - 1};
  return true;
}

static void note_runs(PlanEnv *env, RegionPlan *p, const Node *n, const Instr *i) {
  const CircuitProgram *c = n->attr.p;
  CircuitRuns runs = {sim_runs(&i->kop, i->has_part), dim_static(1)};
  for (int k = 0; k < c->n_inputs; k++)
    if (c->input_has_rows[k]) runs.rows = g_node(p->graph, n->in[k])->shape.d[0];
  vec_push(env->arena, &p->runs, runs);
}

static bool make_instr(PlanEnv *env, RegionPlan *p, NodeId id) {
  const Fused *f = &p->fused[id];
  NodeId reader = f->matmul != NODE_NONE ? f->matmul : id;
  const Node *n = g_node(p->graph, reader);
  if (!limits(env, n, n->n_in)) return false;
  Instr i = {.node = id, .n_in = n->n_in, .rows_domain = -1};
  i.kop = (KOp){.op = n->op, .attr = n->attr, .n_in = n->n_in};
  for (int k = 0; k < n->n_in; k++) set_input(env, p, &i, k, reader, k, n->in[k]);
  if (plan_reads_flipped(p, reader) && !read_flipped(env, p, &i, n->in[1])) return false;
  if (f->matmul != NODE_NONE) {
    if (f->leaky != NODE_NONE) i.kop.attr.f[0] = g_node(p->graph, f->leaky)->attr.f[0];
    if (f->bias != NODE_NONE) {
      i.kop.epilogue |= EPI_BIAS;
      i.in[2] = operand(env, p, f->bias, false, false);
      i.kop.in[2] = g_node(p->graph, f->bias)->shape;
    }
    if (f->mask != NODE_NONE) {
      i.kop.epilogue |= EPI_LEAKY_GRAD;
      i.in[2] = operand(env, p, f->mask, true, false);
      i.kop.in[2] = g_node(p->graph, f->mask)->shape;
      i.kop.in_rows[2] = true;
    } else if (f->leaky != NODE_NONE) {
      i.kop.epilogue |= EPI_LEAKY;
    }
    if (f->add_to != NODE_NONE) i.kop.epilogue |= EPI_ADD;
    if (i.kop.epilogue & (EPI_BIAS | EPI_LEAKY_GRAD)) i.n_in = i.kop.n_in = 3;
  }
  set_output(env, p, &i, id);
  if (has_parts(n->op)) set_parts(env, p, &i);
  if (is_circuit(n->op) && ((const CircuitProgram *)n->attr.p)->trajectories > 0)
    i.kop.key = rng_key(env->program->seed,
                        env->program->sites.at[((const CircuitProgram *)n->attr.p)->path_site].path);
  const bool estimate = n->op == OP_CIRCUIT_VJP && n->attr.i[0] == METHOD_SPSA;
  if (n->op == OP_DRAW || estimate)
    i.kop.key = rng_key(env->program->seed, env->program->sites.at[n->attr.i[1]].path);
  if (is_circuit(n->op) && ((const CircuitProgram *)n->attr.p)->shots > 0)
    i.kop.key =
        rng_key(env->program->seed, env->program->sites.at[((const CircuitProgram *)n->attr.p)->site].path);
  if ((is_circuit(n->op) || n->op == OP_CIRCUIT_METRIC) && !(i.kop.plan = sim_of(env, n))) return false;
  sizes_note(env, p, &i, n, p->instrs.n);
  const char *why = kop_prepare(&i.kop, env->set);
  if (why) {
    Diag *d = diag_add(env->sink, DIAG_LATER, n->span, "%s", why);
    diag_note(d, "nothing was run");
    return false;
  }
  i.cost = cost_of(n, &i.kop);
  if (is_circuit(n->op)) note_runs(env, p, n, &i);
  vec_push(env->arena, &p->instrs, i);
  return true;
}

/* ---- the phases ------------------------------------------------------------------------------ */

static void add_update(PlanEnv *env, RegionPlan *p, NodeId id) {
  const Node *n = g_node(p->graph, id);
  Serial s = {.kind = SERIAL_UPDATE,
              .update = n->attr.p,
              .node = id,
              .to = plan_address(env, p, id),
              .rows_domain = -1};
  s.grads = ARENA_ARRAY(env->arena, const char *, n->n_in);
  for (int k = 0; k < n->n_in; k++) s.grads[k] = plan_address(env, p, n->in[k]);
  vec_push(env->arena, &p->phases[p->placed.at[id].phase + 1].serials, s);
}

static void add_store(PlanEnv *env, RegionPlan *p, NodeId id) {
  const Node *n = g_node(p->graph, id);
  const char *from = plan_address(env, p, n->in[0]);
  char *to = env->slot_data[n->attr.i[0]];
  if (from == to) return; /* made in the slot's own memory */
  Serial c = {.kind = SERIAL_COPY, .from = from, .to = to, .node = id, .rows_domain = -1};
  vec_push(env->arena, &p->phases[p->placed.at[id].phase + 1].serials, c);
}

static bool add_node(PlanEnv *env, RegionPlan *p, NodeId id) {
  const Node *n = g_node(p->graph, id);
  const NodePlace *at = &p->placed.at[id];
  if (n->op == OP_UPDATE) {
    add_update(env, p, id);
    return true;
  }
  if (n->op == OP_STORE) {
    add_store(env, p, id);
    return true;
  }
  bool own = op_info[n->op].kernel == OPKERNEL_K && !at->fused &&
             (at->alias == NODE_NONE || p->fused[id].matmul != NODE_NONE);
  if (!own) return true;
  if (!make_instr(env, p, id)) return false;
  int instr = p->instrs.n - 1;
  Phase *phase = &p->phases[at->phase + 1];
  if (at->place == PLACE_FULL) {
    Serial s = {
        .kind = SERIAL_INSTR, .instr = instr, .node = id, .rows_domain = p->instrs.at[instr].rows_domain};
    vec_push(env->arena, &phase->serials, s);
  } else {
    vec_push(env->arena, &phase->chains[at->domain].instrs, instr);
    phase->chains[at->domain].row_cost += p->instrs.at[instr].cost;
  }
  return true;
}

static void add_reductions(PlanEnv *env, RegionPlan *p) {
  for (NodeId id = 0; id < g_count(p->graph); id++) {
    const NodePlace *at = &p->placed.at[id];
    if (at->place != PLACE_PARTIAL || !at->reduced || at->alias != NODE_NONE || at->fused) continue;
    Operand o = operand(env, p, id, false, true);
    Reduction r = {o.base, shape_capacity(&g_node(p->graph, id)->shape), o.shard_bytes, at->domain};
    vec_push(env->arena, &p->phases[at->phase + 1].reductions, r);
  }
}

static void fill_consts(PlanEnv *env, RegionPlan *p) {
  for (NodeId id = 0; id < g_count(p->graph); id++) {
    Where *w = &p->where[id];
    if (w->kind != WHERE_CONST) continue;
    char *at = arena_alloc(env->arena, w->bytes + 64);
    at = (char *)(((uintptr_t)at + 63) & ~(uintptr_t)63);
    double value = g_node(p->graph, id)->attr.f[0];
    for (size_t k = 0; k < w->bytes / env->set->real; k++) {
      if (env->set->real == sizeof(double)) ((double *)(void *)at)[k] = value;
      else ((float *)(void *)at)[k] = (float)value;
    }
    w->offset = (size_t)(uintptr_t)at;
  }
}

/* The circuit that a gradient can continue from: same inputs, in the same chain or serial part. -1: none. */
static int circuit_before(const RegionPlan *p, int gradient) {
  NodeId id = p->instrs.at[gradient].node;
  const Node *n = g_node(p->graph, id);
  const NodePlace *at = &p->placed.at[id];
  for (int k = gradient - 1; k >= 0; k--) {
    const Node *c = g_node(p->graph, p->instrs.at[k].node);
    const NodePlace *c_at = &p->placed.at[p->instrs.at[k].node];
    if (c->op != OP_CIRCUIT || c->attr.p != n->attr.p || p->instrs.at[k].kop.shared) continue;
    bool same = c_at->place == at->place && c_at->phase == at->phase && c_at->domain == at->domain;
    for (int i = 0; i < c->n_in; i++) same &= c->in[i] == n->in[i];
    if (same) return k;
  }
  return -1;
}

/* Gives each circuit with its gradient a scratch of their own, behind that of all other kernels, unless
 * another pair is busy at the same time in the same place. */
static void share_scratch(PlanEnv *env, RegionPlan *p) {
  typedef struct Pair {
    int from, to;
    size_t at, end;
  } Pair;
  VEC(Pair) pairs = {0};
  for (int k = 0; k < p->instrs.n; k++) {
    Instr *g = &p->instrs.at[k];
    int first = g->kop.op == OP_CIRCUIT_VJP ? circuit_before(p, k) : -1;
    const NodePlace *at = &p->placed.at[g->node];
    int64_t rows = 1;
    if (at->place != PLACE_FULL) rows = shard_rows(p->placed.domains[at->domain].rows.n);
    else if (g->rows_domain >= 0) rows = p->placed.domains[g->rows_domain].rows.n;
    if (first < 0 || !sim_share(&p->instrs.at[first].kop, &g->kop, rows)) continue;
    Pair pair = {first, k, 0, 0};
    for (int j = 0; j < pairs.n; j++)
      if (pairs.at[j].to >= first && pairs.at[j].end > pair.at) pair.at = pairs.at[j].end;
    pair.end = mem_add(pair.at, mem_add(g->kop.scratch, 63) & ~(size_t)63);
    vec_push(env->arena, &pairs, pair);
  }
  size_t common = 64, most = 0;
  for (int k = 0; k < p->instrs.n; k++)
    if (!p->instrs.at[k].kop.shared && p->instrs.at[k].kop.scratch > common)
      common = p->instrs.at[k].kop.scratch;
  common = mem_add(common, 63) & ~(size_t)63;
  for (int j = 0; j < pairs.n; j++) {
    p->instrs.at[pairs.at[j].from].scratch_at = p->instrs.at[pairs.at[j].to].scratch_at =
        common + pairs.at[j].at;
    if (pairs.at[j].end > most) most = pairs.at[j].end;
  }
  p->kernel_scratch = mem_add(common, most);
}

bool plan_bind(PlanEnv *env, RegionPlan *p, char *slab) {
  p->base = slab;
  p->n_chains = p->placed.n_domains;
  p->flip_made = ARENA_ARRAY(env->arena, bool, g_count(p->graph));
  fill_consts(env, p);
  p->phases = ARENA_ARRAY(env->arena, Phase, p->placed.n_phases + 1);
  for (int k = 1; k <= p->placed.n_phases; k++)
    p->phases[k].chains = ARENA_ARRAY(env->arena, Chain, p->n_chains + 1);
  for (NodeId id = 0; id < g_count(p->graph); id++)
    if (!add_node(env, p, id)) return false;
  sizes_end(env, p);
  share_scratch(env, p);
  add_reductions(env, p);
  return true;
}
