/* The key of a train: see run_train_key. */
#include "lang/base/io.h"
#include "lang/ir/digest.h"
#include "runtime/exec/run_state.h"

static const Graph *cleaned(const void *ctx, const Graph *g) { return run_region_plan(ctx, g)->graph; }

static void put_hash(Digest *d, const void *bytes, size_t n) {
  char hex[65];
  io_sha256(bytes, n, hex);
  digest_bytes(d, hex, 64);
}

/* What a slot holds now. What a step itself fills is not read before. */
static void put_slot(const Run *r, Digest *d, int slot) {
  const Slot *s = &r->program->slots.at[slot];
  if (s->kind == SLOT_COLUMN) return;
  digest_text(d, s->name);
  put_hash(d, r->slot_data[slot], (size_t)run_slot_size(r, slot) * r->set->real);
}

static void put_table(Digest *d, const DataState *s) {
  digest_int(d, s->table.rows);
  for (int i = 0; i < s->table.n; i++) {
    const DataColumn *c = &s->table.at[i];
    digest_text(d, c->name);
    digest_bytes(d, &c->low, sizeof c->low), digest_bytes(d, &c->high, sizeof c->high);
    put_hash(d, c->block.at, (size_t)s->table.rows * c->row_size * data_elem_bytes(c->elem));
  }
  put_hash(d, s->order.at, (size_t)s->order.n * sizeof *s->order.at);
  digest_bytes(d, &s->augment.turn, sizeof s->augment.turn);
  digest_bytes(d, &s->augment.shift, sizeof s->augment.shift);
  digest_int(d, s->augment.flip);
  digest_bytes(d, &s->augment_key, sizeof s->augment_key);
}

/* The steps that lead to a dataset, and the rows that it has now; those of redrawn ones are made by its
 * site. */
static void put_data(const Run *r, Digest *d, int dataset, bool rows) {
  const Dataset *x = &r->program->datasets.at[dataset];
  digest_dataset(d, x);
  if (rows && !x->redraw) put_table(d, &r->data[dataset]);
  if (x->from >= 0) put_data(r, d, x->from, false);
  if (x->other >= 0) put_data(r, d, x->other, false);
}

void run_train_key(const Run *r, int train, const char *salt, char hex[65]) {
  const Program *p = r->program;
  const Train *t = &p->trains.at[train];
  Arena *a = arena_new();
  Digest d = {.arena = a, .program = p, .cleaned = cleaned, .ctx = r};
  digest_text(&d, salt);
  digest_int(&d, p->edition), digest_int(&d, p->is_double), digest_int(&d, (int64_t)p->seed);
  digest_train(&d, t);
  if (t->dataset >= 0) put_data(r, &d, t->dataset, true);
  if (train_validates(t)) put_data(r, &d, t->validation.dataset, true);
  for (int i = 0; i < d.reads.n; i++) put_slot(r, &d, d.reads.at[i]);
  for (int i = 0; i < d.counts.n; i++) {
    const Count *c = &p->counts.at[d.counts.at[i]];
    if (c->kind == COUNT_DATA_ROWS || c->kind == COUNT_SERIES) digest_int(&d, r->counts[d.counts.at[i]]);
  }
  io_sha256(d.out.at, (size_t)d.out.n, hex);
  arena_free(a);
}
