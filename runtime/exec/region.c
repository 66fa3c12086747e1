#include "runtime/exec/region.h"
#include "runtime/exec/sizes.h"

#include <string.h>

/* Below this estimate (ns) a parallel part is done by the calling thread alone: waking the others
 * costs more. Only time depends on it, never a result. */
#define ALONE_NS 3000.0

/* On the caller's stack, in lines that nothing else of it shares: all threads read it while the caller works.
 */
typedef struct Job {
  _Alignas(128) RegionEnv *env;
  const RegionPlan *plan;
  const Phase *phase;
  int64_t rows[DOMAINS_MAX]; /* by chain */
  int first_task[DOMAINS_MAX +
                 1]; /* tasks first_task[d] .. first_task[d + 1] - 1 are the shards of chain d */
  int n_chains;
  bool alone;      /* one instruction runs at a time, on thread 0 */
  NotFinite *hunt; /* NULL in ordinary runs */
} Job;

static void team_run(void *pool, void (*task)(void *ctx, int task, int thread), void *ctx, int n) {
  pool_run(pool, task, ctx, n);
}

static int64_t domain_rows(const RegionEnv *env, const RegionPlan *p, int domain) {
  Dim d = p->placed.domains[domain].rows;
  return d.count ? env->counts[d.count] : d.n;
}

static char *address(const Operand *o, char *scratch, int64_t row0, int64_t shard) {
  return (o->local ? scratch + (uintptr_t)o->base : o->base) + row0 * o->row_bytes + shard * o->shard_bytes;
}

static int64_t result_size(const Shape *s, bool rows, int64_t n) {
  return rows ? n * shape_row_size(s) : shape_capacity(s);
}

static void look(Job *j, const Instr *in, const KCall *c, const Graph *g) {
  const Node *n = g_node(g, in->node);
  if (j->hunt->node != NODE_NONE) return;
  if (in->n_parts > 0) {
    for (NodeId id = in->node + 1; id < g_count(g); id++) {
      const Node *part = g_node(g, id);
      if (part->op != OP_PART || part->in[0] != in->node) continue;
      bool rows = j->plan->placed.at[id].place == PLACE_ROW;
      if (!j->env->set->all_finite(c->part[part->attr.i[0]], result_size(&part->shape, rows, c->rows)))
        *j->hunt = (NotFinite){in->node, c->row0, 0};
    }
    return;
  }
  const char *out = c->out;
  const size_t real = j->env->set->real;
  int64_t size = result_size(&in->kop.out, in->kop.out_rows, c->rows);
  if (j->env->set->all_finite(out, size)) return;
  *j->hunt = (NotFinite){in->node, -1, 0};
  while (j->env->set->all_finite(out + j->hunt->element * (int64_t)real, 1)) j->hunt->element++;
  if (!in->kop.out_rows || n->shape.rank == 0) return;
  int64_t row = shape_row_size(&in->kop.out);
  j->hunt->row = c->row0 + j->hunt->element / row;
  j->hunt->element %= row;
}

static void run_instr(Job *j, const Instr *in, int64_t rows, int64_t row0, int64_t shard, int thread) {
  char *scratch = j->env->scratch[thread];
  KCall c;
  c.op = &in->kop;
  c.rows = rows;
  c.row0 = row0;
  for (int k = 0; k < in->n_in; k++) c.in[k] = address(&in->in[k], scratch, row0, shard);
  c.out = address(&in->out, scratch, row0, shard);
  for (int k = 0; k < in->n_parts; k++)
    c.part[k] = in->has_part[k] ? address(&in->part[k], scratch, row0, shard) : NULL;
  for (int k = in->n_parts; k < KMAX_PARTS && in->n_parts > 0; k++) c.part[k] = NULL;
  c.clock = &j->env->clock;
  c.scratch = scratch + j->env->kernel_scratch_at + in->scratch_at;
  KTeam team = {team_run, j->env->pool, j->env->scratch, j->env->kernel_scratch_at + in->scratch_at};
  c.team = j->alone && pool_threads(j->env->pool) > 1 ? &team : NULL;
  in->kop.fn(&c);
  if (j->hunt) look(j, in, &c, j->plan->graph);
}

static void shard_task(void *ctx, int task, int thread) {
  Job *j = ctx;
  int d = 0;
  while (task >= j->first_task[d + 1]) d++;
  int64_t shard = task - j->first_task[d], each = shard_rows(j->rows[d]);
  int64_t row0 = shard * each, rows = j->rows[d] - row0 < each ? j->rows[d] - row0 : each;
  const Chain *chain = &j->phase->chains[d];
  for (int k = 0; k < chain->instrs.n; k++)
    run_instr(j, &j->plan->instrs.at[chain->instrs.at[k]], rows, row0, shard, thread);
}

static void run_parallel(Job *j) {
  double cost = 0;
  j->first_task[0] = 0;
  for (int d = 0; d < j->n_chains; d++) {
    bool used = j->phase->chains[d].instrs.n > 0;
    j->rows[d] = domain_rows(j->env, j->plan, d);
    j->first_task[d + 1] = j->first_task[d] + (used ? (int)shard_count(j->rows[d]) : 0);
    cost += j->phase->chains[d].row_cost * (double)j->rows[d];
  }
  int n = j->first_task[j->n_chains];
  j->alone = j->hunt || cost < ALONE_NS || n <= 1;
  if (j->alone) {
    for (int k = 0; k < n; k++) shard_task(j, k, 0);
  } else {
    pool_run(j->env->pool, shard_task, j, n);
  }
}

/* Elements of a sum that one thread adds at a time, and how many there must be in all to wake others. */
#define PIECE 4096
#define PIECES_ALONE (4 * PIECE)

static int64_t pieces_of(const Reduction *r) { return (r->n + PIECE - 1) / PIECE; }

/* Adds the shards' partial sums in a fixed tree: (0+1), (2+3), ...; then pairs of pairs. Each element is
 * added for itself, so pieces of a sum can be added by anyone. */
static void reduce_piece(void *ctx, int task, int thread) {
  const Job *j = ctx;
  const size_t real = j->env->set->real;
  (void)thread;
  int k = 0;
  int64_t piece = task;
  for (; piece >= pieces_of(&j->phase->reductions.at[k]); k++)
    piece -= pieces_of(&j->phase->reductions.at[k]);
  const Reduction *r = &j->phase->reductions.at[k];
  const int64_t shards = shard_count(domain_rows(j->env, j->plan, r->domain));
  const int64_t n = r->n - piece * PIECE < PIECE ? r->n - piece * PIECE : PIECE;
  char *base = r->base + (size_t)(piece * PIECE) * real;
  if (shards == 0) memset(base, 0, (size_t)n * real);
  for (int64_t step = 1; step < shards; step *= 2)
    for (int64_t i = 0; i + step < shards; i += 2 * step)
      j->env->set->add(base + i * r->shard_bytes, base + (i + step) * r->shard_bytes, n);
}

static void reduce(Job *j) {
  int64_t pieces = 0, elements = 0;
  for (int k = 0; k < j->phase->reductions.n; k++) {
    pieces += pieces_of(&j->phase->reductions.at[k]);
    elements += j->phase->reductions.at[k].n;
  }
  if (elements >= PIECES_ALONE && !j->hunt) {
    pool_run(j->env->pool, reduce_piece, j, (int)pieces);
  } else {
    for (int k = 0; k < pieces; k++) reduce_piece(j, k, 0);
  }
}

static void write_scalar(const RegionEnv *env, char *at, double x) {
  if (env->set->real == sizeof(double)) memcpy(at, &x, sizeof x);
  else memcpy(at, &(float){(float)x}, sizeof(float));
}

static void write_scalars(const RegionEnv *env, const RegionPlan *p) {
  for (int k = 0; k < p->scalars.n; k++) {
    const Node *n = g_node(p->graph, p->scalars.at[k]);
    double x = n->op == OP_COUNT             ? (double)env->counts[n->attr.i[0]]
               : n->attr.i[0] == CLOCK_EPOCH ? (double)env->clock.epoch
                                             : (double)env->clock.iteration;
    write_scalar(env, p->base + p->where[p->scalars.at[k]].offset, x);
  }
}

static bool run_serials(Job *j, NodeId *failed) {
  const RegionEnv *env = j->env;
  j->alone = true;
  for (int k = 0; k < j->phase->serials.n; k++) {
    const Serial *s = &j->phase->serials.at[k];
    int64_t rows = s->rows_domain >= 0 ? domain_rows(env, j->plan, s->rows_domain) : 1;
    switch (s->kind) {
    case SERIAL_INSTR: run_instr(j, &j->plan->instrs.at[s->instr], rows, 0, 0, 0); break;
    case SERIAL_COPY:
      memmove(s->to, s->from,
              (size_t)sizes_elements(&g_node(j->plan->graph, s->node)->shape, env->counts) * env->set->real);
      break;
    case SERIAL_UPDATE:
      if (j->hunt) break;
      if (!env->update(env->ctx, s->update, s->grads)) {
        *failed = s->node;
        return false;
      }
      write_scalar(env, s->to, 1.0);
      break;
    }
  }
  return true;
}

static bool run_phases(Job *j, NodeId *failed) {
  const RegionPlan *p = j->plan;
  j->n_chains = p->n_chains;
  sizes_fill(p, j->env->set, j->env->counts);
  write_scalars(j->env, p);
  for (int k = 0; k <= p->placed.n_phases; k++) {
    j->phase = &p->phases[k];
    if (k > 0) run_parallel(j);
    reduce(j);
    if (!run_serials(j, failed)) return false;
  }
  return true;
}

bool region_run(RegionEnv *env, const RegionPlan *p, NodeId *node) {
  Job j = {.env = env, .plan = p};
  return run_phases(&j, node);
}

NotFinite region_find_not_finite(RegionEnv *env, const RegionPlan *p) {
  NotFinite hunt = {NODE_NONE, -1, 0};
  Job j = {.env = env, .plan = p, .hunt = &hunt};
  NodeId ignored = NODE_NONE;
  run_phases(&j, &ignored);
  return hunt;
}
