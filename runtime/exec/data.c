/* Rows of data while training: redrawn distributions, the order of an epoch, minibatches. Allocates
 * nothing. */
#include <math.h>
#include <string.h>

#include "runtime/data/source.h"
#include "runtime/exec/run_state.h"
#include "runtime/tensor/rng.h"

/* ---- rows of distributions --------------------------------------------------------------------- */

/* The largest k with the probability of fewer than k at most u, by adding up; what lies twelve standard
 * deviations below the mean, 1e-33, is nothing beside a uniform number. */
static double poisson_value(double rate, double u) {
  int k = (int)fmax(0, rate - 12 * sqrt(rate));
  double p = k > 0 ? exp(k * log(rate) - rate - lgamma(k + 1.0)) : exp(-rate), sum = 0;
  for (; u >= sum + p && sum + p > sum; k++) {
    sum += p;
    p *= rate / (k + 1);
  }
  return k;
}

static double class_value(const Dataset *d, double u) {
  int64_t k = 0;
  for (double sum = d->chances[0]; u >= sum && k + 1 < d->n; sum += d->chances[k]) k++;
  while (k > 0 && d->chances[k] == 0) k--; /* rounding may have led past the last one that can be */
  return (double)k;
}

/* What a standard normal number or a uniform one in 0..1 becomes. */
static double drawn_value(const Dataset *d, double z) {
  if (d->op == DATA_NORMAL) return d->a + d->b * z;
  if (d->op == DATA_LOG_UNIFORM) return d->a * pow(d->b / d->a, z);
  if (d->op == DATA_BERNOULLI) return z < d->a;
  if (d->op == DATA_POISSON) return poisson_value(d->a, z);
  if (d->op == DATA_CATEGORICAL) return class_value(d, z);
  return d->a + (d->b - d->a) * z;
}

void data_draw(Run *r, const Dataset *d, DataState *s, int64_t epoch) {
  RunClock clock = {.epoch = (uint64_t)epoch, .t = (uint32_t)epoch};
  KCall c = {.op = &s->draw,
             .rows = d->rows,
             .out = s->drawn,
             .clock = &clock,
             .scratch = r->env.scratch[0] + r->env.kernel_scratch_at};
  s->draw.fn(&c);
  const DataColumn *x = &s->table.at[0];
  for (int64_t k = 0; k < d->rows; k++) {
    run_write(r, s->drawn, k, drawn_value(d, run_read(r, s->drawn, k)));
    const double made = run_read(r, s->drawn, k);
    if (x->elem == DATA_LABEL) column_label(x)[k] = (int32_t)made;
    else column_real(x)[k] = made;
  }
  s->made_for = epoch;
}

void data_prepare(Run *r, int dataset, int64_t epoch) {
  const Dataset *d = &r->program->datasets.at[dataset];
  DataState *s = &r->data[dataset];
  if (!d->redraw || s->made_for == epoch) return;
  if (data_is_drawn(d->op)) {
    data_draw(r, d, s, epoch);
    return;
  }
  toys_fill(d, rng_key(r->program->seed, r->program->sites.at[d->site].path), (uint32_t)epoch, &s->table);
  s->made_for = epoch;
}

int64_t data_rows(const Run *r, int dataset) { return r->data[dataset].order.n; }
int64_t run_data_rows(const Run *r, int dataset) { return data_rows(r, dataset); }

/* ---- rows as reals ------------------------------------------------------------------------------ */

/* Channels last, as images are kept, to channels first. */
static void channels_first(const Run *r, const DataColumn *c, const uint8_t *bytes, char *out) {
  size_t channels = (size_t)c->dims[2], pixels = c->row_size / channels;
  for (size_t j = 0; j < channels; j++)
    for (size_t k = 0; k < pixels; k++)
      run_write(r, out, (int64_t)(j * pixels + k),
                c->low + bytes[k * channels + j] * ((c->high - c->low) / 255));
}

typedef struct Gather {
  const Run *r;
  const DataState *s;
  const DataColumn *c;
  const uint32_t *rows;
  int64_t n, epoch;
  bool augment, colour;
  char *out;
} Gather;

#define GATHER_ROWS 16 /* of one task */

static void gather_task(void *ctx, int task, int thread) {
  const Gather *g = ctx;
  const DataColumn *c = g->c;
  size_t row_bytes = c->row_size * g->r->set->real;
  int64_t end = (task + 1) * (int64_t)GATHER_ROWS < g->n ? (task + 1) * (int64_t)GATHER_ROWS : g->n;
  for (int64_t k = (int64_t)task * GATHER_ROWS; k < end; k++) {
    char *out = g->out + (size_t)k * row_bytes;
    const uint8_t *bytes = column_u8(c) + g->rows[k] * c->row_size;
    if (g->augment) {
      uint8_t *moved = g->r->augmented + (size_t)thread * g->r->augmented_bytes;
      int channels = c->rank == 3 ? (int)c->dims[2] : 1;
      augment_row(&g->s->augment, g->s->augment_key, g->rows[k], (uint32_t)g->epoch, bytes, (int)c->dims[0],
                  (int)c->dims[1], channels, moved);
      bytes = moved;
    }
    if (g->colour) channels_first(g->r, c, bytes, out);
    else bytes_to_reals(c, bytes, c->row_size, (int)g->r->set->real, out);
  }
}

void data_gather(const Run *r, int dataset, int column, const uint32_t *rows, int64_t n, int64_t epoch,
                 void *out) {
  const DataState *s = &r->data[dataset];
  const Column *def = &r->program->datasets.at[dataset].columns.at[column];
  const DataColumn *c = &s->table.at[column];
  bool image = def->image && c->elem == DATA_U8;
  Gather g = {r, s, c, rows, n, epoch, false, image && c->rank == 3 && c->dims[2] > 1, out};
  g.augment = image && epoch >= 0 && r->program->datasets.at[dataset].augment;
  if (!g.augment && !g.colour) {
    column_gather(c, rows, n, (int)r->set->real, out);
    return;
  }
  pool_run(r->pool, gather_task, &g, (int)((n + GATHER_ROWS - 1) / GATHER_ROWS));
}

/* Stable radix sort by the high half (a random word), so ties stay in index order. Allocates nothing. */
static void sort_by_word(uint64_t *keys, uint64_t *spare, int64_t n) {
  for (int shift = 32; shift < 64; shift += 8) {
    int64_t start[257] = {0};
    for (int64_t k = 0; k < n; k++) start[((keys[k] >> shift) & 255) + 1]++;
    for (int b = 0; b < 256; b++) start[b + 1] += start[b];
    for (int64_t k = 0; k < n; k++) spare[start[(keys[k] >> shift) & 255]++] = keys[k];
    memcpy(keys, spare, (size_t)n * sizeof *keys);
  }
}

int64_t balance_classes(const Program *p, const Train *t) {
  return p->datasets.at[t->dataset].columns.at[t->balance].n_classes;
}

/* Classes that occur take turns, each giving its rows in the order that they have now, and from the start
 * again when they are used up: every run of as many rows as there are classes has one of each. */
static void take_turns(const Run *r, const Train *t, TrainState *s, int64_t n) {
  const DataState *data = &r->data[t->dataset];
  const int32_t *label = column_label(&data->table.at[t->balance]);
  const int64_t classes = balance_classes(r->program, t);
  int64_t *start = s->turns, *taken = s->turns + classes + 1;
  memset(start, 0, (size_t)(2 * classes + 2) * sizeof *start);
  for (int64_t k = 0; k < n; k++) start[label[data->order.at[(uint32_t)s->order[k]]] + 1]++;
  for (int64_t c = 0; c < classes; c++) start[c + 1] += start[c];
  for (int64_t k = 0; k < n; k++) {
    const int32_t c = label[data->order.at[(uint32_t)s->order[k]]];
    s->spare[start[c] + taken[c]++] = s->order[k];
  }
  memset(taken, 0, (size_t)(classes + 1) * sizeof *taken);
  for (int64_t k = 0, c = 0; k < n; c = (c + 1) % classes) {
    const int64_t own = start[c + 1] - start[c];
    if (own > 0) s->order[k++] = s->spare[start[c] + taken[c]++ % own];
  }
}

/* Rows drawn anew each epoch are in random order already; others are sorted by a random word of
 * (site "<train>.shuffle", epoch), ties by place. */
void data_order(Run *r, const Train *t, TrainState *s, int64_t epoch) {
  const Dataset *d = &r->program->datasets.at[t->dataset];
  int64_t n = data_rows(r, t->dataset);
  bool shuffle = t->shuffle && !d->redraw;
  for (int64_t k = 0; k < n; k++) {
    uint32_t w[4] = {0};
    if (shuffle) rng_philox(s->shuffle_key, 0, (uint32_t)k, (uint32_t)epoch, 0, w);
    s->order[k] = (uint64_t)w[0] << 32 | (uint64_t)k;
  }
  if (shuffle) sort_by_word(s->order, s->spare, n);
  if (t->balance >= 0) take_turns(r, t, s, n);
}

void data_batch_in_order(Run *r, const Validation *v, uint32_t *rows, int64_t first, int64_t n) {
  const DataState *data = &r->data[v->dataset];
  for (int64_t k = 0; k < n; k++) rows[k] = data->order.at[first + k];
  for (int c = 0; c < v->columns.n; c++) {
    const int slot = v->columns.at[c];
    data_gather(r, v->dataset, r->program->slots.at[slot].column, rows, n, -1, r->slot_data[slot]);
  }
}

void data_batch(Run *r, const Train *t, const TrainState *s, int64_t first, int64_t rows) {
  const DataState *data = &r->data[t->dataset];
  for (int64_t k = 0; k < rows; k++) s->batch[k] = data->order.at[(uint32_t)s->order[first + k]];
  for (int c = 0; c < t->columns.n; c++) {
    int slot = t->columns.at[c];
    data_gather(r, t->dataset, r->program->slots.at[slot].column, s->batch, rows, s->counters[AT_EPOCH],
                r->slot_data[slot]);
  }
}
