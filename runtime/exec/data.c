/* Rows of data: tables of synthetic sources, the order of an epoch, minibatches. */
#include <string.h>

#include "runtime/exec/run_state.h"
#include "runtime/tensor/rng.h"

static size_t column_row_bytes(const Run *r, const Dataset *d, int column) {
  return (size_t)shape_capacity(&d->columns.at[column].row) * r->set->real;
}

/* Table columns stand one after the other, 64-byte aligned. */
static char *table_column(const Run *r, int dataset, int column) {
  const Dataset *d = &r->program->datasets.at[dataset];
  char *at = r->data[dataset].table;
  for (int c = 0; c < column; c++) at += ((size_t)d->rows * column_row_bytes(r, d, c) + 63) & ~(size_t)63;
  return at;
}

void data_prepare(Run *r, int dataset, int64_t epoch) {
  const Dataset *d = &r->program->datasets.at[dataset];
  DataState *s = &r->data[dataset];
  int64_t version = d->redraw ? epoch : 0;
  if (s->made_for != version) {
    RunClock clock = {.epoch = (uint64_t)version, .t = (uint32_t)version};
    KCall c = {.op = &s->draw,
               .rows = d->rows,
               .out = s->table,
               .clock = &clock,
               .scratch = r->env.scratch[0] + r->env.kernel_scratch_at};
    s->draw.fn(&c);
    double scale = d->source == SOURCE_NORMAL ? d->b : d->b - d->a;
    for (int64_t k = 0; k < d->rows; k++) run_write(r, s->table, k, d->a + scale * run_read(r, s->table, k));
    s->made_for = version;
  }
  for (int k = 0; k < r->program->slots.n; k++) {
    const Slot *slot = &r->program->slots.at[k];
    if (slot->kind == SLOT_TABLE && slot->dataset == dataset)
      memcpy(r->slot_data[k], table_column(r, dataset, slot->column),
             (size_t)d->rows * column_row_bytes(r, d, slot->column));
  }
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

/* Rows drawn anew each epoch are in random order already; others are sorted by a random word of
 * (site "<train>.shuffle", epoch), ties by index. */
void data_order(Run *r, const Train *t, TrainState *s, int64_t epoch) {
  const Dataset *d = &r->program->datasets.at[t->dataset];
  if (!t->shuffle || d->redraw) return;
  for (int64_t k = 0; k < d->rows; k++) {
    uint32_t w[4];
    rng_philox(s->shuffle_key, 0, (uint32_t)k, (uint32_t)epoch, 0, w);
    s->order[k] = (uint64_t)w[0] << 32 | (uint64_t)k;
  }
  sort_by_word(s->order, s->spare, d->rows);
}

void data_batch(Run *r, const Train *t, const TrainState *s, int64_t first, int64_t rows) {
  const Dataset *d = &r->program->datasets.at[t->dataset];
  bool in_order = !t->shuffle || d->redraw;
  for (int c = 0; c < t->columns.n; c++) {
    int slot = t->columns.at[c], column = r->program->slots.at[slot].column;
    size_t size = column_row_bytes(r, d, column);
    const char *from = table_column(r, t->dataset, column);
    char *to = r->slot_data[slot];
    if (in_order) memcpy(to, from + (size_t)first * size, (size_t)rows * size);
    else
      for (int64_t k = 0; k < rows; k++)
        memcpy(to + (size_t)k * size, from + (size_t)(uint32_t)s->order[first + k] * size, size);
  }
}
