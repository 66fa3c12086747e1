/* Timing a train by a few steps on made-up rows. */
#include <math.h>

#include "lang/base/mem.h"
#include "runtime/exec/forecast.h"
#include "runtime/exec/run_state.h"
#include "runtime/tensor/rng.h"

#define FAKE_ROWS 64    /* different rows of a made-up dataset */
#define FILL_MOST 65536 /* elements of a value that are made up, from the first on */
#define SLICES 200      /* at most, of the time for steps, */
#define SLICES_LEAST 8  /* at least where a run is shorter, */
#define SLICE 1.5e-3    /* seconds of one, if a step is not longer */
/* Seconds of an operation of a circuit, of another one, and of the longest step that is run. */
#define ASSUMED_QUANTUM 0.25e-9
#define ASSUMED_OTHER 0.05e-9
#define LONGEST 0.4
#define WARM_MOST 1e6 /* operations of a statement before the train that is computed */

/* ---- made-up data ---------------------------------------------------------------------------- */

static bool fill_column(Run *r, const Column *def, DataColumn *c) {
  *c = (DataColumn){.name = def->name, .row_size = 1, .low = -1, .high = 1, .n_classes = def->n_classes};
  c->elem = def->elem == ELEM_LABEL ? DATA_LABEL : def->bytes ? DATA_U8 : DATA_REAL;
  c->rank = def->row.rank;
  for (int k = 0; k < c->rank; k++) c->dims[k] = def->row.d[k].n, c->row_size *= (size_t)c->dims[k];
  if (def->image && c->rank == 3) { /* channels last, and none where there is one */
    const int64_t channels = c->dims[0];
    c->dims[0] = c->dims[1], c->dims[1] = c->dims[2], c->dims[2] = channels;
    if (channels == 1) c->rank = 2;
  }
  DataError e = {.arena = r->arena};
  const size_t n = mem_mul(FAKE_ROWS, c->row_size);
  if (!data_block(&e, def->name, mem_mul(n, data_elem_bytes(c->elem)), &c->block)) return false;
  for (size_t k = 0; k < n; k++) {
    const double u = rng_uniform(1, (uint32_t)k, 0, 0, 0);
    if (c->elem == DATA_U8) column_u8(c)[k] = (uint8_t)(255 * u);
    else if (c->elem == DATA_REAL) column_real(c)[k] = 2 * u - 1;
    else column_label(c)[k] = (int32_t)(u * (c->n_classes > 0 ? c->n_classes : 2));
  }
  return true;
}

/* `rows` rows, of which FAKE_ROWS differ. Distributions are drawn as in the run. */
static bool fake_data(Run *r, int dataset, int64_t rows) {
  const Dataset *d = &r->program->datasets.at[dataset];
  DataState *s = &r->data[dataset];
  if (data_is_drawn(d->op) || (data_is_toy(d->op) && d->redraw)) return data_make(r, dataset);
  if (!s->made) {
    s->made = true;
    s->table = (DataTable){.rows = FAKE_ROWS, .n = d->columns.n};
    s->table.at = ARENA_ARRAY(r->arena, DataColumn, d->columns.n + 1);
    s->owned = ARENA_ARRAY(r->arena, bool, d->columns.n + 1);
    s->augment = (Augment){.turn = 0.02, .shift = 1};
    for (int k = 0; k < d->columns.n; k++) {
      if (!fill_column(r, &d->columns.at[k], &s->table.at[k])) return false;
      s->owned[k] = true;
    }
  }
  s->order.n = rows;
  s->order.at = ARENA_ARRAY(r->arena, uint32_t, rows + 1);
  for (int64_t k = 0; k < rows; k++) s->order.at[k] = (uint32_t)(k % FAKE_ROWS);
  if (d->count) r->counts[d->count] = rows;
  return true;
}

/* Values that statements before the train would have made. */
static void fill_values(Run *r) {
  const Program *p = r->program;
  for (int k = 0; k < p->slots.n; k++) {
    const Slot *s = &p->slots.at[k];
    const int64_t n = shape_capacity(&s->shape);
    if (s->kind != SLOT_VALUE || s->elem != ELEM_REAL) continue;
    for (int64_t j = 0; j < n && j < FILL_MOST; j++) run_write(r, r->slot_data[k], j, 0.5);
  }
  for (int k = 0; k < p->datasets.n; k++)
    if (p->datasets.at[k].count) r->counts[p->datasets.at[k].count] = p->datasets.at[k].rows;
}

static bool reads_table(const Run *r, const Graph *g) {
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    if (n->op == OP_INPUT && r->program->slots.at[n->attr.i[0]].kind == SLOT_TABLE) return true;
  }
  return false;
}

/* What the script computes before the train touches code that the first step then finds: what takes no data
 * and few operations is computed here as well. */
static void warm_up(Run *r, int train) {
  const Block *top = &r->program->top;
  for (int k = 0; k < top->stmts.n; k++) {
    const Stmt *s = &top->stmts.at[k];
    if (s->kind == STMT_TRAIN && s->index == train) return;
    if (s->kind != STMT_REGION || reads_table(r, s->graph) || forecast_region(r, s->graph) > WARM_MOST)
      continue;
    NodeId failed;
    region_run(&r->env, run_region_plan(r, s->graph), &failed);
  }
}

static const RunHooks quiet = {0};

/* ---- time ------------------------------------------------------------------------------------ */

typedef struct Rehearsal {
  Run *r;
  int train;
  ForecastClocks clock;
  double step, rest; /* seconds of a full step; of an epoch beside its steps, 0: they are in `step` */
} Rehearsal;

/* Steps as if of full batches: a last one with fewer rows is a part of one. */
static double share_of_step(const Rehearsal *h) {
  const Train *t = &h->r->program->trains.at[h->train];
  return t->batch_count && t->batch > 0 ? (double)h->r->counts[t->batch_count] / (double)t->batch : 1;
}

static bool one_epoch(Rehearsal *h, double until, double *steps, double *from, double *to) {
  TrainState *s = &h->r->trains[h->train];
  const int64_t n = train_batches(h->r, h->train);
  train_epoch_begin(h->r, h->train);
  if (from != NULL) *from = h->clock.wall();
  s->counters[AT_BATCH] = 0;
  do {
    if (n > 0 && train_step(h->r, h->train) != RUN_DONE) return false;
    h->r->stop_now = false;
    *steps += share_of_step(h);
  } while (s->counters[AT_BATCH] < n && (to == NULL || h->clock.wall() < until));
  if (to != NULL) *to = h->clock.wall();
  RunProgress p = {.train = &h->r->program->trains.at[h->train], .train_index = h->train};
  train_epoch_end(h->r, h->train, &p);
  s->counters[AT_EPOCH]++;
  return true;
}

/* An epoch, or of a long one as many steps as fit into the time. */
static bool part_of_epoch(Rehearsal *h, double seconds) {
  const double begin = h->clock.wall();
  double steps = 0, from, to;
  if (!one_epoch(h, begin + seconds, &steps, &from, &to)) return false;
  h->step = steps > 0 ? (to - from) / steps : 0;
  h->rest = h->clock.wall() - begin - (to - from);
  return true;
}

/* Whole epochs that are so short that reading the clock in them would count. */
static bool whole_epochs(Rehearsal *h, int64_t epochs) {
  const double begin = h->clock.wall();
  double steps = 0;
  for (int64_t k = 0; k < epochs; k++) {
    if (!one_epoch(h, 0, &steps, NULL, NULL)) return false;
    h->clock.wall(), h->clock.wall(); /* as the run: is a checkpoint due, and progress to be shown? */
  }
  h->step = steps > 0 ? (h->clock.wall() - begin) / steps : 0;
  h->rest = 0;
  return true;
}

/* What a quarter of the slices does not reach: other processes only ever make a slice longer. */
static double quartile(double *x, int n) {
  for (int i = 1; i < n; i++)
    for (int j = i; j > 0 && x[j] < x[j - 1]; j--) {
      const double y = x[j];
      x[j] = x[j - 1], x[j - 1] = y;
    }
  return x[n / 4];
}

/* Blocks that run once in k epochs. */
static double everys(const Rehearsal *h, double patience) {
  const Train *t = &h->r->program->trains.at[h->train];
  double sum = 0;
  for (int k = 0; k < t->everys.n; k++) {
    double best = 0;
    for (int again = 0; again < 3 && (again == 0 || best < patience); again++) {
      const double from = h->clock.wall();
      if (train_every(h->r, h->train, k) != RUN_DONE) break;
      const double took = h->clock.wall() - from;
      if (again == 0 || took < best) best = took;
    }
    sum += best / (double)t->everys.at[k].k;
  }
  h->r->stop_now = false;
  return sum;
}

/* `validate`, on a part of its rows. */
static double validation(const Rehearsal *h) {
  const Train *t = &h->r->program->trains.at[h->train];
  if (!train_validates(t)) return 0;
  const int64_t all = h->r->program->datasets.at[t->validation.dataset].rows, most = 4 * t->validation.batch;
  if (!fake_data(h->r, t->validation.dataset, all < most ? all : most)) return 0;
  const double from = h->clock.wall();
  if (watch_validate(h->r, t, &h->r->trains[h->train]) != RUN_DONE) return 0;
  const double rows = (double)data_rows(h->r, t->validation.dataset);
  return rows > 0 ? (h->clock.wall() - from) * (double)all / rows : 0;
}

static bool rehearse(Rehearsal *h, double budget, Forecast *out) {
  const Train *t = &h->r->program->trains.at[h->train];
  double step[SLICES], rest[SLICES], from = h->clock.wall();
  int n = 0;
  if (t->dataset >= 0 && !fake_data(h->r, t->dataset, h->r->program->datasets.at[t->dataset].rows))
    return false;
  h->r->trains[h->train].counters[AT_EPOCH] = 0;
  /* The first step touches all code and memory. It is there once only, so its time is that of this thread
   * alone: other processes do not count in it. */
  const double begin = h->clock.thread();
  if (!part_of_epoch(h, 0)) return false;
  const double first = h->clock.thread() - begin;
  if (!part_of_epoch(h, SLICE)) return false;
  const double epoch = h->rest + h->step * out->steps;
  /* As long as the run: one that is over in milliseconds does not see the clock of a processor that has
   * warmed up. */
  const double enough = epoch * out->epochs;
  for (; n < SLICES && (n == 0 || h->clock.wall() - from < budget); n++) {
    if (n >= SLICES_LEAST && h->clock.wall() - from > enough) break;
    const bool ok =
        epoch < SLICE / 4 ? whole_epochs(h, (int64_t)(SLICE / (epoch + 1e-9))) : part_of_epoch(h, SLICE);
    if (!ok) return false;
    step[n] = h->step, rest[n] = h->rest;
  }
  out->step_seconds = quartile(step, n);
  const double beside = quartile(rest, n), cold = fmax(first - out->step_seconds - beside, 0);
  out->epoch_seconds = out->steps * out->step_seconds + beside + everys(h, budget / 20) + validation(h);
  out->epoch_seconds += cold / out->epochs;
  out->measured = true;
  return true;
}

void forecast_time(Run *r, int train, double budget, ForecastClocks clock, Forecast *out) {
  DiagSink *sink = r->sink;
  if (ASSUMED_QUANTUM * out->quantum + ASSUMED_OTHER * (out->flops - out->quantum) > LONGEST) return;
  r->sink = diag_sink(r->arena); /* nobody is told of the values of made-up rows */
  r->hooks = &quiet;
  r->rehearsing = true;
  r->train = train;
  fill_values(r);
  warm_up(r, train);
  rehearse(&(Rehearsal){.r = r, .train = train, .clock = clock}, budget, out);
  r->train = -1;
  r->hooks = NULL;
  r->sink = sink;
}
