/* Building a run: plans of all regions, memory in four blocks, kernels, threads. */
#include "runtime/exec/run.h"

#include <math.h>
#include <string.h>

#include "lang/base/mem.h"
#include "lang/base/num.h"
#include "runtime/exec/run_state.h"
#include "runtime/tensor/blas.h"
#include "runtime/tensor/rng.h"

#define ALIGN 64u
static size_t align_up(size_t n) { return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

/* Bytes between the scratch of one thread and that of the next. What prefetches for a core that writes one
 * state after the other runs ahead over the end of its scratch and takes the lines there from their owner. On
 * two cores without a common cache a shard of 16 rows of W2 took 13.6 us on the second thread with nothing or
 * 8 KiB between them, 13.2 us with 32 KiB, 11.2 us from 128 KiB on, and 11.1 us alone. */
#define APART ((size_t)128 << 10)

enum { BLOCK_SLOTS, BLOCK_SLAB, BLOCK_SCRATCH, BLOCK_DATA };

/* ---- sizes --------------------------------------------------------------------------------- */

static size_t slot_bytes(const Run *r, const Slot *s) {
  return align_up(mem_mul((size_t)shape_capacity(&s->shape), r->set->real) + r->set->real);
}

static size_t memory_doubles(const Run *r, const Optimizer *o) {
  int64_t n = 0;
  for (int k = 0; k < o->n_slots; k++) n += shape_capacity(&r->program->slots.at[o->slots[k]].shape);
  return search_doubles(o, n);
}

static size_t moments_bytes(const Run *r) {
  size_t n = 0;
  for (int t = 0; t < r->program->trains.n; t++) {
    const Train *train = &r->program->trains.at[t];
    for (int k = 0, m = watch_count(r, train); k < m; k++)
      n = mem_add(n, slot_bytes(r, &r->program->slots.at[watch_slot(r, train, k)]));
    for (int o = 0; o < train->optimizers.n; o++) {
      const Optimizer *opt = &train->optimizers.at[o];
      n = mem_add(n, align_up(mem_mul(memory_doubles(r, opt), sizeof(double))));
      for (int k = 0; k < opt->n_slots; k++)
        n = mem_add(n, mem_mul((size_t)optim_states(opt->optim),
                               slot_bytes(r, &r->program->slots.at[opt->slots[k]])));
    }
  }
  return n;
}

static bool is_drawn(const Dataset *d) { return data_is_drawn(d->op) && d->rows > 0; }

static size_t drawn_bytes(const Run *r, const Dataset *d) {
  return is_drawn(d) ? align_up(mem_mul((size_t)d->rows, r->set->real)) : 0;
}

static bool take_block(Run *r, int which, size_t size) {
  r->block_size[which] = size ? size : ALIGN;
  r->blocks[which] = mem_try_alloc(r->block_size[which]);
  if (r->blocks[which]) return true;
  diag_add(r->sink, DIAG_NO_MEMORY, SPAN_NONE, "no memory for %zu bytes", size);
  return false;
}

/* ---- slots and weights ----------------------------------------------------------------------- */

double run_read(const Run *r, const char *data, int64_t k) {
  if (r->set->real == sizeof(double)) return ((const double *)(const void *)data)[k];
  return (double)((const float *)(const void *)data)[k];
}

void run_write(const Run *r, char *data, int64_t k, double x) {
  if (r->set->real == sizeof(double)) ((double *)(void *)data)[k] = x;
  else ((float *)(void *)data)[k] = (float)x;
}

/* Weights and running statistics: they have a start. */
static bool is_kept(const Slot *s) { return s->kind == SLOT_PARAM || s->kind == SLOT_BUFFER; }

/* Of all slots and moments. */
static size_t count_slots(Run *r) {
  const Program *p = r->program;
  size_t total = 0;
  for (int k = 0; k < p->slots.n; k++) {
    size_t n = slot_bytes(r, &p->slots.at[k]), *sum = &r->bytes.values;
    if (is_kept(&p->slots.at[k])) sum = &r->bytes.weights;
    *sum = mem_add(*sum, n);
    total = mem_add(total, n);
  }
  r->bytes.moments = moments_bytes(r);
  return mem_add(total, r->bytes.moments);
}

static bool make_slots(Run *r, size_t total) {
  const Program *p = r->program;
  if (!take_block(r, BLOCK_SLOTS, total)) return false;
  char *at = r->blocks[BLOCK_SLOTS];
  for (int k = 0; k < p->slots.n; k++) {
    r->slot_data[k] = at;
    at += slot_bytes(r, &p->slots.at[k]);
    if (is_kept(&p->slots.at[k]) && !r->only_sizes && !start_slot(r, k)) return false;
  }
  for (int t = 0; t < p->trains.n; t++) {
    for (int k = 0, m = watch_count(r, &p->trains.at[t]); k < m; k++) {
      r->trains[t].best[k] = at;
      at += slot_bytes(r, &p->slots.at[watch_slot(r, &p->trains.at[t], k)]);
    }
    for (int o = 0; o < p->trains.at[t].optimizers.n; o++) {
      OptState *s = &r->trains[t].opts[o];
      s->memory = (double *)(void *)at;
      s->n_memory = (int64_t)memory_doubles(r, s->def);
      at += align_up((size_t)s->n_memory * sizeof(double));
      for (int k = 0; k < s->def->n_slots * optim_states(s->def->optim); k++) {
        s->moments[k] = at;
        at += slot_bytes(r, &p->slots.at[s->def->slots[k / optim_states(s->def->optim)]]);
      }
    }
  }
  return true;
}

static void make_trains(Run *r) {
  const Program *p = r->program;
  r->trains = ARENA_ARRAY(r->arena, TrainState, p->trains.n + 1);
  for (int t = 0; t < p->trains.n; t++) {
    const Train *train = &p->trains.at[t];
    TrainState *s = &r->trains[t];
    s->loss_sum = ARENA_ARRAY(r->arena, double, train->series.n + 1);
    s->loss_rows = ARENA_ARRAY(r->arena, double, train->series.n + 1);
    s->opts = ARENA_ARRAY(r->arena, OptState, train->optimizers.n + 1);
    s->plateau = ARENA_ARRAY(r->arena, double, plateau_size(train) + 1);
    s->rivals = ARENA_ARRAY(r->arena, double, train->rivals.n *RIVAL_NUMBERS + 1);
    s->watch = ARENA_ARRAY(r->arena, double, WATCH_NUMBERS);
    s->best = ARENA_ARRAY(r->arena, char *, watch_count(r, train) + 1);
    for (int o = 0; o < train->optimizers.n; o++) {
      const Optimizer *def = &train->optimizers.at[o];
      for (int h = 0; h < def->n_hypers; h++) {
        plateau_at(s, o, h)[PLATEAU_VALUE] = def->hypers[h].base;
        plateau_at(s, o, h)[PLATEAU_BEST] = HUGE_VAL;
      }
      int n = def->n_slots * (optim_states(def->optim) + 1);
      s->opts[o] = (OptState){
          .def = def,
          .moments = ARENA_ARRAY(r->arena, char *, n + 1),
          .key = rng_key(p->seed, arena_printf(r->arena, "%s.%s.directions", train->site, def->name)),
          .steps = ARENA_ARRAY(r->arena, int64_t, def->n_slots + 1)};
    }
    if (train->dataset >= 0) {
      int64_t rows = p->datasets.at[train->dataset].rows;
      s->order = ARENA_ARRAY(r->arena, uint64_t, rows + 1);
      s->spare = ARENA_ARRAY(r->arena, uint64_t, rows + 1);
      const int64_t most = train->validation.batch > train->batch ? train->validation.batch : train->batch;
      s->batch = ARENA_ARRAY(r->arena, uint32_t, most + 1);
      if (train->balance >= 0) s->turns = ARENA_ARRAY(r->arena, int64_t, 2 * balance_classes(p, train) + 2);
      s->shuffle_key = rng_key(p->seed, arena_printf(r->arena, "%s.shuffle", train->site));
    }
  }
}

/* ---- data -------------------------------------------------------------------------------------- */

static bool make_draw(Run *r, const Dataset *def, DataState *s) {
  s->draw = (KOp){.op = OP_DRAW,
                  .out_rows = true,
                  .key = rng_key(r->program->seed, r->program->sites.at[def->site].path)};
  s->draw.attr.i[0] = def->op == DATA_NORMAL ? DRAW_NORMAL : DRAW_UNIFORM;
  s->draw.out = shape_of(2, (int64_t[]){def->rows, 1});
  const char *why = kop_prepare(&s->draw, r->set);
  if (why) diag_add(r->sink, DIAG_LATER, def->span, "%s", why);
  return why == NULL;
}

/* The largest image that is augmented, one for each thread. */
static void make_augmented(Run *r, int threads) {
  const Program *p = r->program;
  for (int d = 0; d < p->datasets.n; d++)
    for (int c = 0; p->datasets.at[d].augment && c < p->datasets.at[d].columns.n; c++) {
      size_t n = (size_t)shape_capacity(&p->datasets.at[d].columns.at[c].row);
      if (p->datasets.at[d].columns.at[c].image && n > r->augmented_bytes) r->augmented_bytes = align_up(n);
    }
  if (r->augmented_bytes > 0)
    r->augmented = arena_alloc(r->arena, mem_mul(r->augmented_bytes, (size_t)threads));
}

static bool make_data(Run *r, int threads) {
  const Program *p = r->program;
  size_t total = 0;
  for (int d = 0; d < p->datasets.n; d++) total = mem_add(total, drawn_bytes(r, &p->datasets.at[d]));
  r->bytes.values = mem_add(r->bytes.values, total);
  r->data = ARENA_ARRAY(r->arena, DataState, p->datasets.n + 1);
  if (!take_block(r, BLOCK_DATA, total)) return false;
  char *at = r->blocks[BLOCK_DATA];
  for (int d = 0; d < p->datasets.n; d++) {
    const Dataset *def = &p->datasets.at[d];
    r->data[d].drawn = at;
    r->data[d].made_for = -1;
    at += drawn_bytes(r, def);
    if (is_drawn(def) && !make_draw(r, def, &r->data[d])) return false;
  }
  make_augmented(r, threads);
  return true;
}

/* ---- regions ------------------------------------------------------------------------------------ */

typedef struct Collect {
  Run *r;
  PlanEnv *env;
  int n;
  bool ok;
} Collect;

static void count_region(void *ctx, const Graph *g, Span span) {
  (void)g, (void)span;
  ((Collect *)ctx)->n++;
}

static void layout_region(void *ctx, const Graph *g, Span span) {
  Collect *c = ctx;
  RegionPlan *plan = ARENA_NEW(c->r->arena, RegionPlan);
  c->r->regions[c->r->n_regions].graph = g;
  c->r->regions[c->r->n_regions++].plan = plan;
  if (!plan_layout(c->env, g, span, plan)) c->ok = false;
}

const RegionPlan *run_region_plan(const Run *r, const Graph *g) {
  for (int k = 0; k < r->n_regions; k++)
    if (r->regions[k].graph == g) return r->regions[k].plan;
  return NULL;
}

/* The operation that needs the most scratch, to blame it; NULL if none is known yet. */
static const Instr *largest_scratch(const Run *r, const RegionPlan **plan) {
  const Instr *most = NULL;
  for (int k = 0; k < r->n_regions; k++)
    for (int i = 0; i < r->regions[k].plan->instrs.n; i++) {
      const Instr *in = &r->regions[k].plan->instrs.at[i];
      if (!most || in->kop.scratch > most->kop.scratch) most = in, *plan = r->regions[k].plan;
    }
  return most;
}

static bool check_budget(Run *r) {
  size_t budget = mem_budget();
  r->bytes.total =
      mem_add(mem_add(r->bytes.weights, r->bytes.moments), mem_add(r->bytes.values, r->bytes.scratch));
  if (r->bytes.total <= budget) return true;
  const RegionPlan *plan = NULL;
  const Instr *blame = largest_scratch(r, &plan);
  bool blamed = blame && blame->kop.scratch > r->bytes.total / 4;
  Span span = blamed ? g_node(plan->graph, blame->node)->span : SPAN_NONE;
  Arena *a = r->arena;
  Diag *d = diag_add(r->sink, DIAG_TOO_LARGE, span, "this program needs %s, and %s are free",
                     num_bytes(a, (double)r->bytes.total), num_bytes(a, (double)budget));
  const char *help = "make the batch, the data or the models smaller";
  if (blamed && blame->kop.attr.p) {
    const CircuitProgram *c = blame->kop.attr.p;
    diag_mark(d, "`%s` with %d qubits needs %s for each thread", sym_text(c->name), c->n_qubits,
              num_bytes(a, (double)blame->kop.scratch));
    int n = c->n_qubits;
    double scratch = (double)r->bytes.scratch, rest = (double)r->bytes.total - scratch;
    for (; n > 0 && rest + scratch > (double)budget; n--) scratch /= c->mixed && c->trajectories == 0 ? 4 : 2;
    help = arena_printf(a, "%d qubits fit, or take fewer threads with `--threads`", n);
  } else if (blamed) {
    diag_mark(d, "this needs %s for each thread", num_bytes(a, (double)blame->kop.scratch));
    help = "make the batch smaller, or take fewer threads with `--threads`";
  }
  diag_note(d, "weights %s, optimiser moments %s, values %s, scratch %s",
            num_bytes(a, (double)r->bytes.weights), num_bytes(a, (double)r->bytes.moments),
            num_bytes(a, (double)r->bytes.values), num_bytes(a, (double)r->bytes.scratch));
  diag_note(d, "found before anything of this size was allocated");
  diag_help(d, "%s", help);
  return false;
}

static bool make_regions(Run *r, PlanEnv *env, int threads) {
  Collect c = {r, env, 0, true};
  program_each_region(r->program, count_region, &c);
  r->regions = ARENA_ARRAY(r->arena, struct RegionEntry, c.n + 1);
  program_each_region(r->program, layout_region, &c);
  if (!c.ok) return false;
  size_t slab = 0, local = 0, kernel = 0;
  for (int k = 0; k < r->n_regions; k++) {
    if (r->regions[k].plan->slab > slab) slab = r->regions[k].plan->slab;
    if (r->regions[k].plan->local > local) local = r->regions[k].plan->local;
  }
  const size_t slots = count_slots(r);
  r->bytes.values = mem_add(r->bytes.values, slab);
  r->bytes.scratch = mem_mul(local, (size_t)threads);
  if (!check_budget(r) || !make_slots(r, slots) || !make_data(r, threads) || !take_block(r, BLOCK_SLAB, slab))
    return false;
  for (int k = 0; k < r->n_regions; k++) {
    RegionPlan *p = r->regions[k].plan;
    if (!plan_bind(env, p, r->blocks[BLOCK_SLAB])) return false;
    if (p->kernel_scratch > kernel) kernel = p->kernel_scratch;
  }
  for (int d = 0; d < r->program->datasets.n; d++)
    if (r->data[d].draw.scratch > kernel) kernel = r->data[d].draw.scratch;
  local = align_up(local), kernel = align_up(kernel);
  const size_t each = mem_add(mem_add(local, kernel), threads > 1 ? APART : 0);
  r->bytes.scratch = mem_mul(each, (size_t)threads);
  if (!check_budget(r)) return false;
  if (r->only_sizes) return true;
  if (!take_block(r, BLOCK_SCRATCH, r->bytes.scratch)) return false;
  r->env.kernel_scratch_at = local;
  r->env.scratch = ARENA_ARRAY(r->arena, char *, threads);
  for (int t = 0; t < threads; t++) r->env.scratch[t] = (char *)r->blocks[BLOCK_SCRATCH] + (size_t)t * each;
  return true;
}

Run *run_new(Arena *a, const Program *p, const RunOptions *o, DiagSink *sink) {
  Run *r = ARENA_NEW(a, Run);
  r->arena = a, r->program = p, r->sink = sink, r->train = -1, r->only_sizes = o->only_sizes;
  r->set = kernel_set(o->family, p->is_double);
  if (!r->set) {
    diag_add(sink, DIAG_LATER, SPAN_NONE, "no kernels of family `%s` are built in",
             kernel_family_name(o->family));
    return NULL;
  }
  if (!blas_is_serial()) {
    diag_add(sink, DIAG_INTERNAL, SPAN_NONE,
             "OpenBLAS would start threads of its own; build with the serial one");
    return NULL;
  }
  r->slot_data = ARENA_ARRAY(a, char *, p->slots.n + 1);
  r->slot_rows = ARENA_ARRAY(a, int64_t, p->series.n + 1);
  r->counts = ARENA_ARRAY(a, int64_t, p->counts.n + 1);
  PlanEnv env = {.arena = a, .program = p, .set = r->set, .slot_data = r->slot_data, .sink = sink};
  make_trains(r);
  groups_make(r);
  if (!make_regions(r, &env, o->threads)) {
    run_free(r);
    return NULL;
  }
  if (o->only_sizes) return r;
  state_names(r);
  r->pool = pool_new(a, o->threads);
  r->env.set = r->set, r->env.pool = r->pool, r->env.counts = r->counts;
  r->env.update = train_update, r->env.ctx = r;
  return r;
}

void run_free(Run *r) {
  if (!r) return;
  pool_free(r->pool);
  data_free(r);
  for (int k = 0; k < 4; k++) mem_free_big(r->blocks[k], r->block_size[k]);
}

/* ---- looking ------------------------------------------------------------------------------------- */

const Program *run_program(const Run *r) { return r->program; }
RunBytes run_bytes(const Run *r) { return r->bytes; }
int64_t run_series_entries(const Run *r, int series) { return r->slot_rows[series]; }
const void *run_slot_data(const Run *r, int slot) { return r->slot_data[slot]; }
double run_slot_get(const Run *r, int slot, int64_t element) {
  return run_read(r, r->slot_data[slot], element);
}

void run_slot_put(Run *r, int slot, int64_t element, double x) {
  run_write(r, r->slot_data[slot], element, x);
}

Shape run_slot_shape(const Run *r, int slot) {
  Shape s = r->program->slots.at[slot].shape;
  for (int k = 0; k < s.rank; k++)
    if (s.d[k].count) s.d[k] = dim_static(r->counts[s.d[k].count]);
  return s;
}

int64_t run_slot_size(const Run *r, int slot) {
  Shape s = run_slot_shape(r, slot);
  return shape_capacity(&s);
}

double run_cell(const Run *r, const Cell *c) {
  if (c->text) return NAN;
  return c->slot >= 0 ? run_slot_get(r, c->slot, 0) : c->value;
}
