#include "runtime/data/table.h"
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"

#define ASK_FROM ((size_t)1 << 20)

bool data_fail(DataError *e, DiagCode code, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  *e = (DataError){.arena = e->arena, .code = code, .text = arena_vprintf(e->arena, fmt, ap)};
  va_end(ap);
  return false;
}

bool data_expected(DataError *e, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  e->expected = arena_vprintf(e->arena, fmt, ap);
  va_end(ap);
  return false;
}

bool data_found(DataError *e, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  e->found = arena_vprintf(e->arena, fmt, ap);
  va_end(ap);
  return false;
}

bool data_help(DataError *e, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  e->help = arena_vprintf(e->arena, fmt, ap);
  va_end(ap);
  return false;
}

const char *data_count(Arena *a, uint64_t n) {
  if (n < 10000) return arena_printf(a, "%d", (int)n);
  char text[32];
  size_t at = sizeof text;
  text[--at] = '\0';
  for (int digits = 0; n > 0; n /= 10, digits++) {
    if (digits > 0 && digits % 3 == 0) text[--at] = ' ';
    text[--at] = (char)('0' + n % 10);
  }
  return arena_str(a, text + at);
}

/* ---- memory ---------------------------------------------------------------------------------- */

bool data_block(DataError *e, const char *name, size_t size, DataBlock *out) {
  *out = (DataBlock){0};
  if (size > DATA_LIMIT) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` is too large", name);
    data_expected(e, "at most %s bytes", data_count(e->arena, DATA_LIMIT));
    return size == SIZE_MAX ? false : data_found(e, "%s bytes", data_count(e->arena, size));
  }
  size_t held = size ? size : 1;
  /* Asking for the budget takes longer than a small block: thousands of images are read one by one. */
  void *p = held < ASK_FROM || held <= mem_budget() ? mem_try_alloc(held) : NULL;
  if (!p) {
    data_fail(e, DIAG_TOO_LARGE, "`%s` needs more memory than the machine has free", name);
    return data_found(e, "%s bytes needed", data_count(e->arena, held));
  }
  *out = (DataBlock){p, size, p, held};
  return true;
}

void data_block_free(DataBlock *b) {
  if (b->base) mem_free_big(b->base, b->held);
  *b = (DataBlock){0};
}

/* ---- files ----------------------------------------------------------------------------------- */

static bool io_failed(DataError *e, const char *name, const IoError *io) {
  if (io->kind == IO_MISSING) return data_fail(e, DIAG_DATA_MISSING, "`%s` is not there", name);
  if (io->err == ENOMEM)
    return data_fail(e, DIAG_TOO_LARGE, "`%s` needs more memory than the machine has free", name);
  if (io->kind == IO_TOO_LARGE) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` is too large", name);
    data_expected(e, "at most %s bytes", data_count(e->arena, io->limit));
    return data_found(e, "%s bytes", data_count(e->arena, io->size));
  }
  IoError shown = *io;
  size_t n = strlen(name);
  if (n < sizeof shown.path) memcpy(shown.path, name, n + 1);
  return data_fail(e, DIAG_DATA_BROKEN, "%s", io_message(e->arena, &shown));
}

static bool is_gz(const char *name) {
  size_t n = strlen(name);
  return n > 3 && strcmp(name + n - 3, ".gz") == 0;
}

static bool read_file(DataError *e, const DataFile *f, IoData *out) {
  IoError io;
  size_t budget = mem_budget(), limit = budget < DATA_LIMIT ? budget : DATA_LIMIT;
  if (io_read_large(f->path, limit, out, &io)) return true;
  if (io.kind == IO_TOO_LARGE && limit < DATA_LIMIT) io.err = ENOMEM;
  return io_failed(e, f->name, &io);
}

bool data_read(DataError *e, const DataFile *f, DataBlock *out) {
  *out = (DataBlock){0};
  IoData d;
  if (!read_file(e, f, &d)) return false;
  if (!is_gz(f->name)) {
    unsigned char *bytes = (unsigned char *)d.bytes;
    *out = (DataBlock){bytes, d.size, bytes, d.size + 1};
    return true;
  }
  bool ok = gz_inflate(e, f->name, d.bytes, d.size, out);
  io_free_large(&d);
  return ok;
}

bool data_read_head(DataError *e, const DataFile *f, void *bytes, size_t cap, size_t *got, uint64_t *whole) {
  if (!is_gz(f->name)) {
    IoError io;
    return io_read_head(f->path, bytes, cap, got, whole, &io) || io_failed(e, f->name, &io);
  }
  IoData d;
  *whole = UINT64_MAX;
  if (!read_file(e, f, &d)) return false;
  bool ok = gz_head(e, f->name, d.bytes, d.size, bytes, cap, got);
  io_free_large(&d);
  return ok;
}

/* ---- tables ---------------------------------------------------------------------------------- */

size_t data_elem_bytes(DataElem elem) {
  return elem == DATA_U8 ? 1 : elem == DATA_REAL ? sizeof(double) : sizeof(int32_t);
}

size_t table_bytes(const DataTable *t) {
  size_t sum = 0;
  for (int k = 0; k < t->n; k++) sum += t->at[k].block.held;
  return sum;
}

void table_free(DataTable *t) {
  for (int k = 0; k < t->n; k++) data_block_free(&t->at[k].block);
  *t = (DataTable){0};
}

DataColumn *table_column(const DataTable *t, const char *name) {
  for (int k = 0; k < t->n; k++)
    if (strcmp(t->at[k].name, name) == 0) return &t->at[k];
  return NULL;
}

double column_value(const DataColumn *c, int64_t i, size_t j) {
  size_t at = (size_t)i * c->row_size + j;
  if (c->elem == DATA_REAL) return column_real(c)[at];
  if (c->elem == DATA_LABEL) return column_label(c)[at];
  return c->low + column_u8(c)[at] * ((c->high - c->low) / 255);
}

/* Class names `0`, `1`, ... */
static const char **number_names(Arena *a, int n) {
  const char **names = ARENA_ARRAY(a, const char *, n);
  for (int k = 0; k < n; k++) names[k] = arena_printf(a, "%d", k);
  return names;
}

bool column_to_labels(DataError *e, const char *name, DataColumn *c, int64_t rows, int classes) {
  if (c->row_size != 1) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` holds no labels", name);
    data_expected(e, "one number for each row");
    return data_found(e, "%s", data_count(e->arena, c->row_size));
  }
  DataBlock block;
  if (!data_block(e, name, mem_mul((size_t)rows, sizeof(int32_t)), &block)) return false;
  int32_t *label = (int32_t *)(void *)block.at, most = -1;
  int bound = classes > 0 ? classes : DATA_MAX_CLASSES;
  for (int64_t i = 0; i < rows; i++) {
    double v = c->elem == DATA_U8 ? column_u8(c)[i] : column_value(c, i, 0);
    if (!(v >= 0 && v < bound && v == (double)(int32_t)v)) {
      data_block_free(&block);
      data_fail(e, DIAG_DATA_BROKEN, "row %s of `%s` is no label", data_count(e->arena, (uint64_t)i + 1),
                name);
      data_expected(e, "a whole number from 0 to %d", bound - 1);
      return data_found(e, "%.17g", v);
    }
    label[i] = (int32_t)v;
    if (label[i] > most) most = label[i];
  }
  data_block_free(&c->block);
  c->block = block;
  c->elem = DATA_LABEL;
  c->rank = 0;
  c->n_classes = classes > 0 ? classes : most + 1;
  c->classes = number_names(e->arena, c->n_classes);
  return true;
}
