#include "runtime/exec/data_load.h"
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/data/source.h"
#include "runtime/exec/run_state.h"
#include "runtime/tensor/rng.h"

/* One dataset while it is made. `owned[k]`: its column's block belongs to it, not to the one before. */
typedef struct Make {
  Run *r;
  const Dataset *d;
  DataState *s;
  const DataState *from;
  DataError e;
} Make;

static uint64_t key_of(const Run *r, const Dataset *d) {
  return d->site < 0 ? 0 : rng_key(r->program->seed, r->program->sites.at[d->site].path);
}

static bool say(Make *m) {
  Diag *d = diag_add(m->r->sink, m->e.code, m->d->span, "%s", m->e.text);
  if (m->e.expected) diag_line(d, "expected", "%s", m->e.expected);
  if (m->e.found) diag_line(d, "found", "%s", m->e.found);
  if (m->e.help) diag_help(d, "%s", m->e.help);
  return false;
}

/* ---- sharing -------------------------------------------------------------------------------------- */

/* Others that read the blocks of dataset `index`: stages, trains, whole columns. */
static int readers(const Program *p, int index) {
  int n = 0;
  for (int k = index + 1; k < p->datasets.n; k++)
    n += (p->datasets.at[k].from == index) + (p->datasets.at[k].other == index);
  for (int k = 0; k < p->trains.n; k++)
    n += (p->trains.at[k].dataset == index) +
         (train_validates(&p->trains.at[k]) && p->trains.at[k].validation.dataset == index);
  for (int k = 0; k < p->slots.n; k++)
    n += p->slots.at[k].kind == SLOT_TABLE && p->slots.at[k].dataset == index;
  return n;
}

/* The columns of the dataset before, with their blocks if nobody else wants them. */
static void inherit(Make *m) {
  Arena *a = m->r->arena;
  DataState *from = &m->r->data[m->d->from], *s = m->s;
  bool take = readers(m->r->program, m->d->from) == 1;
  int n = from->table.n;
  s->table = (DataTable){.rows = from->table.rows, .n = n, .at = ARENA_ARRAY(a, DataColumn, n + 8)};
  s->owned = ARENA_ARRAY(a, bool, n + 8);
  for (int k = 0; k < n; k++) {
    s->table.at[k] = from->table.at[k];
    s->owned[k] = take && from->owned[k];
    if (take) from->owned[k] = false;
  }
  s->order = from->order;
  s->augment = from->augment, s->augment_key = from->augment_key;
}

/* A block of its own, to be changed. */
static bool make_own(Make *m, int k) {
  DataColumn *c = &m->s->table.at[k];
  if (m->s->owned[k]) return true;
  DataBlock copy;
  if (!data_block(&m->e, c->name, c->block.size, &copy)) return false;
  memcpy(copy.at, c->block.at, c->block.size);
  c->block = copy;
  return m->s->owned[k] = true;
}

static int column_at(const DataState *s, const char *name) {
  for (int k = 0; k < s->table.n; k++)
    if (strcmp(s->table.at[k].name, name) == 0) return k;
  return -1;
}

static const DataColumn *by_column(const Make *m) {
  return m->d->by ? &m->s->table.at[column_at(m->s, m->d->by)] : NULL;
}

/* ---- orders ---------------------------------------------------------------------------------------- */

static void make_order(Make *m) {
  Arena *a = m->r->arena;
  const Dataset *d = m->d;
  DataState *s = m->s;
  DataOrder o = s->order, rest;
  if (d->op == DATA_TAKE) s->order = order_take(a, o, d->n, by_column(m));
  if (d->op == DATA_DROP) s->order = order_drop(a, o, d->n, by_column(m));
  if (d->op == DATA_SHUFFLE) s->order = order_shuffle(a, o, key_of(m->r, d), 0);
  if (d->op == DATA_BALANCE && d->n == 0) s->order = order_balance(a, o, by_column(m));
  if (d->op == DATA_BALANCE && d->n > 0) s->order = order_repeat(a, o, by_column(m), d->n);
  if (d->op == DATA_SPLIT)
    order_split(a, o, d->a, by_column(m), d->n ? &rest : &s->order, d->n ? &s->order : &rest);
  if (d->op == DATA_FOLD)
    order_fold(a, o, (int)d->n, (int)d->m, by_column(m), d->a != 0 ? &rest : &s->order,
               d->a != 0 ? &s->order : &rest);
}

/* Bools of the run stand in the order of the rows before. */
static bool make_keep(Make *m) {
  const char *mask = m->r->slot_data[m->d->given.at[0].slot];
  uint8_t *keep = ARENA_ARRAY(m->r->arena, uint8_t, m->s->table.rows + 1);
  for (int64_t k = 0; k < m->s->order.n; k++) keep[m->s->order.at[k]] = run_read(m->r, mask, k) != 0;
  m->s->order = order_keep(m->r->arena, m->s->order, keep);
  return true;
}

/* ---- new columns ------------------------------------------------------------------------------------- */

/* The rows of the order as a table of their own: rows and places are the same then. */
static bool compact(Make *m) {
  DataState *s = m->s;
  for (int k = 0; k < s->table.n; k++) {
    DataColumn *c = &s->table.at[k];
    size_t row = c->row_size * data_elem_bytes(c->elem);
    DataBlock made;
    if (!data_block(&m->e, c->name, mem_mul((size_t)s->order.n, row), &made)) return false;
    for (int64_t i = 0; i < s->order.n; i++)
      memcpy(made.at + (size_t)i * row, c->block.at + s->order.at[i] * row, row);
    if (s->owned[k]) data_block_free(&c->block);
    c->block = made;
    s->owned[k] = true;
  }
  s->table.rows = s->order.n;
  s->order = order_all(m->r->arena, s->order.n);
  return true;
}

static bool label_from(Make *m, DataColumn *c, const Column *want, int64_t i, double x) {
  const int below = want->n_classes > 0 ? want->n_classes : DATA_MAX_CLASSES;
  if (x >= 0 && x == floor(x) && x < below) {
    column_label(c)[i] = (int32_t)x;
    if (c->n_classes <= (int)x) c->n_classes = (int)x + 1;
    return true;
  }
  data_fail(&m->e, DIAG_DATA_BROKEN, "row %lld of column `%s` is no label", (long long)i, want->name);
  if (want->n_classes > 0) data_expected(&m->e, "a whole number from 0 to %d", want->n_classes - 1);
  else data_expected(&m->e, "a whole number from 0 on");
  return data_found(&m->e, "%g", x);
}

/* A value of the run as a column: images as the language has them, channels first, stay so. */
static bool add_given(Make *m, const DataGiven *g) {
  const Column *want = &m->d->columns.at[dataset_column(m->d, g->name)];
  DataState *s = m->s;
  int k = column_at(s, g->name);
  int64_t n = s->order.n, row = shape_capacity(&want->row);
  DataColumn c = {.name = g->name, .rank = want->row.rank, .row_size = (size_t)row, .high = 1};
  for (int i = 0; i < c.rank; i++) c.dims[i] = want->row.d[i].n;
  c.elem = want->elem == ELEM_LABEL && c.rank == 0 ? DATA_LABEL : DATA_REAL;
  c.n_classes = c.elem == DATA_LABEL ? want->n_classes : 0;
  size_t bytes = mem_mul((size_t)n, mem_mul((size_t)row, data_elem_bytes(c.elem)));
  if (!data_block(&m->e, g->name, bytes, &c.block)) return false;
  const char *values = m->r->slot_data[g->slot];
  for (int64_t i = 0; i < n * row; i++) {
    double x = run_read(m->r, values, i);
    if (!isfinite(x)) {
      data_block_free(&c.block);
      data_fail(&m->e, DIAG_NOT_FINITE, "column `%s` is not finite in row %lld", g->name,
                (long long)(i / row));
      return false;
    }
    if (c.elem == DATA_REAL) column_real(&c)[i] = x;
    else if (!label_from(m, &c, want, i, x)) return data_block_free(&c.block), false;
  }
  if (k < 0) k = s->table.n++;
  else if (s->owned[k]) data_block_free(&s->table.at[k].block);
  s->table.at[k] = c;
  s->owned[k] = true;
  return true;
}

static bool make_values(Make *m) {
  const Dataset *d = m->d;
  DataState *s = m->s;
  if (d->from < 0) {
    const Shape shape = run_slot_shape(m->r, d->given.at[0].slot);
    s->table = (DataTable){.rows = shape.d[0].n, .at = ARENA_ARRAY(m->r->arena, DataColumn, d->given.n)};
    s->owned = ARENA_ARRAY(m->r->arena, bool, d->given.n);
    s->order = order_all(m->r->arena, shape.d[0].n);
  } else {
    DataColumn *more = ARENA_ARRAY(m->r->arena, DataColumn, s->table.n + d->given.n);
    bool *owned = ARENA_ARRAY(m->r->arena, bool, s->table.n + d->given.n);
    memcpy(more, s->table.at, (size_t)s->table.n * sizeof *more);
    memcpy(owned, s->owned, (size_t)s->table.n * sizeof *owned);
    s->table.at = more, s->owned = owned;
    if (!compact(m)) return false;
  }
  for (int k = 0; k < d->given.n; k++)
    if (!add_given(m, &d->given.at[k])) return false;
  return true;
}

static bool same_bytes(const DataColumn *a, const DataColumn *b) {
  return a->elem == b->elem && (a->elem != DATA_U8 || (a->low == b->low && a->high == b->high)) &&
         a->rank == b->rank && memcmp(a->dims, b->dims, (size_t)a->rank * sizeof a->dims[0]) == 0;
}

/* Rows of both in one block: bytes stay bytes where they stand for the same values. */
static bool join_column(Make *m, DataColumn *c, const DataState *other) {
  const DataColumn *b = &other->table.at[column_at(other, c->name)];
  DataColumn out = *c;
  bool same = same_bytes(c, b);
  out.elem = same ? c->elem : DATA_REAL;
  const int promised = m->d->columns.at[dataset_column(m->d, c->name)].n_classes;
  out.n_classes = c->n_classes > b->n_classes ? c->n_classes : b->n_classes;
  out.classes = c->n_classes >= b->n_classes ? c->classes : b->classes;
  if (promised > 0 && out.n_classes > promised) {
    data_fail(&m->e, DIAG_DATA_BROKEN, "column `%s` has labels of more classes than were known", c->name);
    data_expected(&m->e, "whole numbers from 0 to %d", promised - 1);
    return data_found(&m->e, "%d", out.n_classes - 1);
  }
  int64_t n = m->s->order.n, all = n + other->order.n;
  size_t row = out.row_size * data_elem_bytes(out.elem);
  if (!data_block(&m->e, c->name, mem_mul((size_t)all, row), &out.block)) return false;
  for (int64_t i = 0; i < all; i++) {
    const DataColumn *from = i < n ? c : b;
    uint32_t at = i < n ? m->s->order.at[i] : other->order.at[i - n];
    if (same) memcpy(out.block.at + (size_t)i * row, from->block.at + at * row, row);
    else column_gather(from, &at, 1, sizeof(double), out.block.at + (size_t)i * row);
  }
  *c = out;
  return true;
}

static bool make_join(Make *m) {
  const DataState *other = &m->r->data[m->d->other];
  for (int k = 0; k < m->s->table.n; k++) {
    DataBlock before = m->s->table.at[k].block;
    if (!join_column(m, &m->s->table.at[k], other)) return false;
    if (m->s->owned[k]) data_block_free(&before);
    m->s->owned[k] = true;
  }
  m->s->table.rows = m->s->order.n + other->order.n;
  m->s->order = order_all(m->r->arena, m->s->table.rows);
  return true;
}

/* ---- changed columns ------------------------------------------------------------------------------------
 */

/* Each changed label is uniform among the other classes. Words of the row: 0 whether, 1 which. */
static bool make_corrupt(Make *m) {
  int k = column_at(m->s, m->d->by);
  if (!make_own(m, k)) return false;
  DataColumn *c = &m->s->table.at[k];
  uint64_t key = key_of(m->r, m->d);
  for (int64_t i = 0; i < m->s->order.n; i++) {
    uint32_t row = m->s->order.at[i];
    if (!(rng_uniform(key, row, 0, 0, 0) < m->d->a)) continue;
    int32_t other = (int32_t)(rng_uniform(key, row, 1, 0, 0) * (c->n_classes - 1));
    column_label(c)[row] = other + (other >= column_label(c)[row]);
  }
  return true;
}

static bool is_image(const Make *m, const DataColumn *c) {
  int k = dataset_column(&m->r->program->datasets.at[m->d->from], c->name);
  return k >= 0 && m->r->program->datasets.at[m->d->from].columns.at[k].image;
}

static bool change_column(Make *m, int k) {
  const Dataset *d = m->d;
  DataColumn *c = &m->s->table.at[k];
  bool numbers = c->elem != DATA_LABEL && (!d->by || strcmp(d->by, c->name) == 0);
  if (d->op == DATA_SCALE || d->op == DATA_STANDARDIZE) {
    if (!numbers) return true;
    if (c->elem == DATA_REAL && !make_own(m, k)) return false;
    return d->op == DATA_SCALE ? column_scale(&m->e, c, m->s->order, d->a, d->b)
                               : column_standardize(&m->e, c, m->s->order);
  }
  if (!is_image(m, c)) return true;
  return make_own(m, k) && column_resize(&m->e, c, m->s->table.rows, d->n, d->m);
}

/* All columns of images together, with one list of marks. */
static bool make_invert(Make *m) {
  const Dataset *d = m->d;
  DataState *s = m->s;
  DataColumn mark = {.name = d->text};
  bool marked = d->text == NULL;
  for (int k = 0, n = s->table.n; k < n; k++) {
    if (!is_image(m, &s->table.at[k])) continue;
    if (!make_own(m, k)) return false;
    if (!column_invert(&m->e, &s->table.at[k], s->table.rows, d->a, key_of(m->r, d), marked ? NULL : &mark))
      return false;
    if (marked) continue;
    s->owned[s->table.n] = true;
    s->table.at[s->table.n++] = mark;
    marked = true;
  }
  return true;
}

static void make_rename(Make *m) {
  for (int k = 0; k < m->s->table.n && k < m->d->columns.n; k++)
    m->s->table.at[k].name = m->d->columns.at[k].name;
}

static void make_augment(Make *m) {
  m->s->augment = (Augment){m->d->a, m->d->b, m->d->flag};
  m->s->augment_key = key_of(m->r, m->d);
}

/* ---- all --------------------------------------------------------------------------------------------------
 */

static bool make_source(Make *m) {
  DataState *s = m->s;
  if (!source_read(&m->e, m->d, key_of(m->r, m->d), &s->table)) return false;
  s->owned = ARENA_ARRAY(m->r->arena, bool, s->table.n + 1);
  for (int k = 0; k < s->table.n; k++) s->owned[k] = true;
  s->order = order_all(m->r->arena, s->table.rows);
  return true;
}

static bool make_drawn(Make *m) {
  DataState *s = m->s;
  DataColumn *c = ARENA_NEW(m->r->arena, DataColumn);
  const bool labels = m->d->op == DATA_CATEGORICAL;
  *c = (DataColumn){.name = m->d->columns.at[0].name,
                    .elem = labels ? DATA_LABEL : DATA_REAL,
                    .rank = labels ? 0 : 1,
                    .dims = {1},
                    .row_size = 1,
                    .n_classes = (int)m->d->n};
  s->table = (DataTable){.rows = m->d->rows, .n = 1, .at = c};
  s->owned = ARENA_ARRAY(m->r->arena, bool, 1);
  if (!data_block(&m->e, c->name, mem_mul((size_t)m->d->rows, sizeof(double)), &c->block)) return false;
  s->owned[0] = true;
  s->order = order_all(m->r->arena, m->d->rows);
  data_draw(m->r, m->d, s, 0);
  return true;
}

static bool make_stage(Make *m) {
  inherit(m);
  switch (m->d->op) {
  case DATA_TAKE:
  case DATA_DROP:
  case DATA_SHUFFLE:
  case DATA_SPLIT:
  case DATA_FOLD: make_order(m); return true;
  case DATA_BALANCE: /* rows that stand there several times become rows of their own */
    make_order(m);
    return m->d->n == 0 || compact(m);
  case DATA_KEEP: return make_keep(m);
  case DATA_VALUES: return make_values(m);
  case DATA_JOIN: return make_join(m);
  case DATA_CORRUPT: return make_corrupt(m);
  case DATA_INVERT: return make_invert(m);
  case DATA_RENAME: make_rename(m); return true;
  case DATA_AUGMENT: make_augment(m); return true;
  case DATA_SCALE:
  case DATA_STANDARDIZE:
  case DATA_RESIZE:
    for (int k = 0; k < m->s->table.n; k++)
      if (!change_column(m, k)) return false;
    return true;
  case DATA_NORMAL:
  case DATA_UNIFORM:
  case DATA_LOG_UNIFORM:
  case DATA_BERNOULLI:
  case DATA_POISSON:
  case DATA_CATEGORICAL:
  case DATA_IDX:
  case DATA_CSV:
  case DATA_NPY:
  case DATA_NPZ:
  case DATA_WEIGHTS:
  case DATA_PNG:
  case DATA_GLYPHS:
  case DATA_MOONS:
  case DATA_CIRCLES:
  case DATA_RING:
  case DATA_BARS:
  case DATA_OP_COUNT: break;
  }
  return data_fail(&m->e, DIAG_INTERNAL, "`%s` is no stage", data_op_name[m->d->op]);
}

static bool make_rows(Make *m) {
  if (data_is_drawn(m->d->op)) return m->d->rows == 0 || make_drawn(m);
  if (data_is_toy(m->d->op)) return make_source(m);
  if (m->d->from >= 0) return make_stage(m);
  return m->d->op == DATA_VALUES ? make_values(m) : make_source(m);
}

bool data_make(Run *r, int index) {
  const Dataset *d = &r->program->datasets.at[index];
  Make m = {.r = r, .d = d, .s = &r->data[index], .e = {.arena = r->arena}};
  if (m.s->made) return true;
  m.s->made = true;
  if (!make_rows(&m)) return say(&m);
  if (d->rows > 0 && m.s->order.n == 0) {
    data_fail(&m.e, DIAG_DATA_EMPTY, "`%s` leaves no rows", data_op_name[d->op]);
    return say(&m);
  }
  if (d->op == DATA_TAKE && !d->exact && !d->by && m.s->order.n < d->n)
    diag_add(r->sink, DIAG_TAKE_FEWER, d->span, "`take(%lld)` finds %lld rows and takes them all",
             (long long)d->n, (long long)m.s->order.n);
  if (d->count) r->counts[d->count] = m.s->order.n;
  for (int k = 0; k < r->program->slots.n; k++) {
    const Slot *slot = &r->program->slots.at[k];
    if (slot->kind == SLOT_TABLE && slot->dataset == index)
      data_gather(r, index, slot->column, m.s->order.at, m.s->order.n, -1, r->slot_data[k]);
  }
  return true;
}

bool data_make_early(Run *r) {
  bool ok = true;
  for (int k = 0; k < r->program->datasets.n && ok; k++)
    if (!r->program->datasets.at[k].late) ok = data_make(r, k);
  return ok;
}

void data_free(Run *r) {
  for (int d = 0; r->data && d < r->program->datasets.n; d++)
    for (int k = 0; k < r->data[d].table.n; k++)
      if (r->data[d].owned && r->data[d].owned[k]) data_block_free(&r->data[d].table.at[k].block);
}
