#include "runtime/data/source.h"
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/data/glyphs.h"

/* ---- reading ------------------------------------------------------------------------------------ */

static DataFile file_of(const Dataset *d, int k) {
  return (DataFile){.path = d->files.at[k].path, .name = d->files.at[k].name};
}

static bool is_label_name(const char *name) { return strcmp(name, "label") == 0; }

/* The arrays of several files side by side. */
static bool read_npy(DataError *e, const Dataset *d, DataTable *out) {
  *out = (DataTable){.at = ARENA_ARRAY(e->arena, DataColumn, d->files.n)};
  for (int k = 0; k < d->files.n; k++) {
    DataTable one;
    DataFile f = file_of(d, k);
    bool ok = npy_read(e, &f, d->picks.at[k].as, &one);
    if (ok && out->n > 0 && one.rows != out->rows) {
      data_fail(e, DIAG_DATA_BROKEN, "`%s` and `%s` differ in the number of rows", d->files.at[0].name,
                f.name);
      ok = data_found(e, "%s and %s", data_count(e->arena, (uint64_t)out->rows),
                      data_count(e->arena, (uint64_t)one.rows));
      table_free(&one);
    } else if (ok && is_label_name(d->picks.at[k].as) && !column_to_labels(e, f.name, one.at, one.rows, 0)) {
      table_free(&one);
      ok = false;
    }
    if (!ok) return table_free(out), false;
    out->rows = one.rows;
    out->at[out->n++] = one.at[0];
  }
  return true;
}

static bool read_npz(DataError *e, const Dataset *d, DataTable *out) {
  DataFile f = file_of(d, 0);
  NpzPick *picks = ARENA_ARRAY(e->arena, NpzPick, d->picks.n + 1);
  for (int k = 0; k < d->picks.n; k++) picks[k] = (NpzPick){d->picks.at[k].as, d->picks.at[k].from[0]};
  if (!(d->picks.n ? npz_pick(e, &f, picks, d->picks.n, out) : npz_read(e, &f, out))) return false;
  for (int k = 0; k < out->n; k++)
    if (is_label_name(out->at[k].name) && !column_to_labels(e, f.name, &out->at[k], out->rows, 0))
      return table_free(out), false;
  return true;
}

static bool read_csv(DataError *e, const Dataset *d, DataTable *out) {
  DataFile f = file_of(d, 0);
  CsvColumn *columns = ARENA_ARRAY(e->arena, CsvColumn, d->picks.n + 1);
  for (int k = 0; k < d->picks.n; k++) {
    const DataPick *p = &d->picks.at[k];
    columns[k] = (CsvColumn){.as = p->as, .from = p->from, .n = p->n, .vector = p->vector};
    columns[k].kind = p->vector ? CSV_NUMBER : is_label_name(p->as) ? CSV_LABEL : CSV_AUTO;
  }
  CsvOptions o = {.header = d->header,
                  .separator = d->separator,
                  .missing = d->drop_missing ? CSV_DROP : CSV_REFUSE,
                  .columns = d->picks.n > 0 ? columns : NULL,
                  .n = d->picks.n};
  return csv_read(e, &f, &o, out);
}

static bool read_rows(DataError *e, const Dataset *d, uint64_t key, DataTable *out) {
  DataFile f[2] = {{0}};
  *out = (DataTable){0};
  for (int k = 0; k < 2 && k < d->files.n; k++) f[k] = file_of(d, k);
  if (d->op == DATA_IDX) return idx_read(e, &f[0], d->files.n > 1 ? &f[1] : NULL, 0, out);
  if (d->op == DATA_CSV) return read_csv(e, d, out);
  if (d->op == DATA_NPY) return read_npy(e, d, out);
  if (d->op == DATA_NPZ) return read_npz(e, d, out);
  if (d->op == DATA_WEIGHTS) return weights_read(e, &f[0], out);
  if (d->op == DATA_PNG) return png_read(e, &f[0], out);
  if (d->op == DATA_GLYPHS) return glyphs_read(e, (uint64_t)d->n, d->rows, out);
  if (data_is_toy(d->op)) return toys_make(e, d, key, out);
  return data_fail(e, DIAG_INTERNAL, "`%s` is no source of rows", data_op_name[d->op]);
}

/* ---- heads --------------------------------------------------------------------------------------- */

/* Bytes with height and width, and channels last, are images: channels first in the language. */
static Column column_of(const DataColumn *c) {
  Column out = {.name = c->name, .elem = c->elem == DATA_LABEL ? ELEM_LABEL : ELEM_REAL};
  out.n_classes = c->n_classes, out.classes = c->classes, out.bytes = c->elem == DATA_U8;
  int64_t last = c->rank == 3 ? c->dims[2] : 1;
  out.image = out.bytes && (c->rank == 2 || (c->rank == 3 && (last == 1 || last == 3)));
  if (out.image) out.row = shape_of(3, (const int64_t[]){last, c->dims[0], c->dims[1]});
  else out.row = shape_of(c->rank, c->dims);
  return out;
}

static void set_columns(Arena *a, Dataset *d, const DataTable *t) {
  d->columns.n = 0;
  for (int k = 0; k < t->n; k++) vec_push(a, &d->columns, column_of(&t->at[k]));
  d->rows = t->rows;
  d->exact = true;
}

static bool find_files(DataError *e, const DataPlaces *places, Dataset *d) {
  for (int k = 0; k < d->files.n; k++) {
    DataFile f;
    if (!data_locate(e, places, d->files.at[k].name, d->op == DATA_PNG, &f)) return false;
    d->files.at[k].path = f.path;
  }
  return true;
}

/* Images by their head, labels as a whole (they are small, and their classes must be known). */
static bool idx_columns(DataError *e, Dataset *d) {
  DataHead h;
  DataFile images = file_of(d, 0), labels;
  if (!idx_head(e, &images, &h)) return false;
  DataColumn c[2] = {{.name = "image", .elem = h.elem, .rank = h.rank}, {0}};
  memcpy(c[0].dims, h.dims, sizeof h.dims);
  DataTable t = {.rows = h.rows, .n = 1, .at = c}, second = {0};
  if (d->files.n > 1) {
    labels = file_of(d, 1);
    if (!idx_read(e, &labels, NULL, 0, &second)) return false;
    if (second.rows != h.rows) {
      data_fail(e, DIAG_DATA_BROKEN, "`%s` and `%s` differ in the number of rows", images.name, labels.name);
      data_found(e, "%s and %s", data_count(e->arena, (uint64_t)h.rows),
                 data_count(e->arena, (uint64_t)second.rows));
      return table_free(&second), false;
    }
    if (!column_to_labels(e, labels.name, second.at, second.rows, 0)) return table_free(&second), false;
    second.at[0].name = "label";
    c[t.n++] = second.at[0];
  }
  set_columns(e->arena, d, &t);
  table_free(&second);
  return true;
}

bool source_head(DataError *e, const DataPlaces *places, Dataset *d) {
  if (!find_files(e, places, d)) return false;
  if (d->op == DATA_IDX) return idx_columns(e, d);
  DataTable t;
  if (!read_rows(e, d, 0, &t)) return false;
  set_columns(e->arena, d, &t);
  table_free(&t);
  return true;
}

/* ---- what was promised ----------------------------------------------------------------------------- */

static bool same(const Dataset *d, const DataTable *t) {
  if (t->rows != d->rows || t->n != d->columns.n) return false;
  for (int k = 0; k < t->n; k++) {
    Column now = column_of(&t->at[k]);
    const Column *then = &d->columns.at[k];
    if (!shape_equal(&now.row, &then->row) || now.n_classes > then->n_classes) return false;
  }
  return true;
}

bool source_read(DataError *e, const Dataset *d, uint64_t key, DataTable *out) {
  if (!read_rows(e, d, key, out)) return false;
  if (d->files.n == 0 || same(d, out)) return true;
  data_fail(e, DIAG_DATA_BROKEN, "`%s` changed after the script was checked", d->files.at[0].name);
  table_free(out);
  return data_help(e, "run it again, when nobody writes the file");
}
