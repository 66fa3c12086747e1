/* IDX, the format of MNIST: two zero bytes, the type of the elements, the number of axes, the size of each
 * axis as a big-endian 32-bit number, then the elements, big-endian, and nothing else. */
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/data/table.h"

#define HEAD_MAX (4 + 4 * (DATA_MAX_RANK + 1))

typedef enum IdxType {
  IDX_U8 = 0x08,
  IDX_I8 = 0x09,
  IDX_I16 = 0x0B,
  IDX_I32 = 0x0C,
  IDX_F32 = 0x0D,
  IDX_F64 = 0x0E
} IdxType;

static size_t type_size(unsigned type) {
  switch (type) {
  case IDX_U8:
  case IDX_I8: return 1;
  case IDX_I16: return 2;
  case IDX_I32:
  case IDX_F32: return 4;
  case IDX_F64: return 8;
  default: return 0;
  }
}

static uint32_t big32(const unsigned char *p) {
  return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

/* `60 000 x 28 x 28` */
static const char *sizes_text(Arena *a, const unsigned char *p, int n) {
  const char *text = data_count(a, big32(p));
  for (int k = 1; k < n; k++) text = arena_printf(a, "%s x %s", text, data_count(a, big32(p + 4 * k)));
  return text;
}

static bool bad_magic(DataError *e, const char *name, const unsigned char *p, size_t size) {
  data_fail(e, DIAG_DATA_BROKEN, "`%s` is no IDX file", name);
  data_expected(e, "00 00, a type from 08 to 0e and a number of axes");
  data_found(e, "%02x %02x %02x %02x", p[0], p[1], p[2], p[3]);
  if (p[0] == 0x1f && p[1] == 0x8b) return data_help(e, "it is packed: its name must end in `.gz`");
  if (p[2] == 0 && p[3] == 0 && size >= 8 && type_size(p[1]) > 0)
    return data_help(e, "its bytes stand in the wrong order: numbers are big-endian");
  return false;
}

/* The header of what begins with these bytes; *begin: where the elements start, *size: of all of them. */
static bool read_head(DataError *e, const char *name, const unsigned char *p, size_t size, DataHead *h,
                      size_t *begin, size_t *payload) {
  *h = (DataHead){0};
  if (size < 4) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` ends too early", name);
    data_expected(e, "at least 4 bytes of header");
    return data_found(e, "%d bytes", (int)size);
  }
  int axes = p[3];
  if (p[0] != 0 || p[1] != 0 || type_size(p[2]) == 0) return bad_magic(e, name, p, size);
  if (axes < 1 || axes > DATA_MAX_RANK + 1) {
    data_fail(e, DIAG_DATA_BROKEN, "the header of `%s` says %d axes", name, axes);
    return data_expected(e, "1 to %d", DATA_MAX_RANK + 1);
  }
  *begin = 4 + 4 * (size_t)axes;
  if (size < *begin) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` ends too early", name);
    data_expected(e, "%d bytes of header for %d axes", (int)*begin, axes);
    return data_found(e, "%d bytes", (int)size);
  }
  *payload = type_size(p[2]);
  for (int k = 0; k < axes; k++) {
    int64_t n = big32(p + 4 + 4 * k);
    if (n == 0 || n > DATA_MAX_AXIS) {
      data_fail(e, DIAG_DATA_BROKEN, "the header of `%s` says %s %s", name, data_count(e->arena, (uint64_t)n),
                k == 0 ? "rows" : "elements on an axis");
      return data_expected(e, "1 to %s", data_count(e->arena, (uint64_t)DATA_MAX_AXIS));
    }
    *payload = mem_mul(*payload, (size_t)n);
    if (k == 0) h->rows = n;
    else h->dims[k - 1] = n;
  }
  h->rank = axes - 1;
  h->elem = p[2] == IDX_U8 ? DATA_U8 : DATA_REAL;
  if (*payload <= DATA_LIMIT) return true;
  data_fail(e, DIAG_DATA_BROKEN, "the header of `%s` says %s elements", name,
            sizes_text(e->arena, p + 4, axes));
  return data_expected(e, "at most %s bytes", data_count(e->arena, DATA_LIMIT));
}

/* Element k as a real. */
static double element(const unsigned char *p, unsigned type, size_t k) {
  float single;
  double number;
  uint64_t bits;
  uint32_t word;
  switch (type) {
  case IDX_I8: return (int8_t)p[k];
  case IDX_I16: return (int16_t)(uint16_t)(p[2 * k] << 8 | p[2 * k + 1]);
  case IDX_I32: return (int32_t)big32(p + 4 * k);
  case IDX_F32:
    word = big32(p + 4 * k);
    memcpy(&single, &word, sizeof single);
    return (double)single;
  case IDX_F64:
    bits = (uint64_t)big32(p + 8 * k) << 32 | big32(p + 8 * k + 4);
    memcpy(&number, &bits, sizeof number);
    return number;
  default: return p[k];
  }
}

static bool to_reals(DataError *e, const char *name, const unsigned char *p, unsigned type, DataColumn *c,
                     int64_t rows) {
  size_t n = (size_t)rows * c->row_size;
  if (!data_block(e, name, mem_mul(n, sizeof(double)), &c->block)) return false;
  for (size_t k = 0; k < n; k++) {
    double v = element(p, type, k);
    column_real(c)[k] = v;
    if (isfinite(v)) continue;
    data_fail(e, DIAG_DATA_BROKEN, "row %s of `%s` is not finite", data_count(e->arena, k / c->row_size + 1),
              name);
    return data_found(e, "%f", v);
  }
  return true;
}

static bool wrong_size(DataError *e, const char *name, const unsigned char *p, const DataHead *h,
                       size_t begin, size_t payload, size_t size) {
  Arena *a = e->arena;
  bool early = size - begin < payload;
  data_fail(e, DIAG_DATA_BROKEN, early ? "`%s` ends too early" : "`%s` goes on after its end", name);
  data_expected(e, "%s bytes: %d of header + %s%s, as the header says", data_count(a, begin + payload),
                (int)begin, sizes_text(a, p + 4, h->rank + 1),
                type_size(p[2]) > 1 ? arena_printf(a, " x %d bytes", (int)type_size(p[2])) : "");
  if (!early) return data_found(e, "%s bytes", data_count(a, size));
  return data_found(e, "%s bytes: %s whole rows", data_count(a, size),
                    data_count(a, (size - begin) / (payload / (size_t)h->rows)));
}

bool idx_parse(DataError *e, const char *name, DataBlock *bytes, const char *column, DataTable *out) {
  *out = (DataTable){0};
  DataHead h;
  size_t begin = 0, payload = 0;
  const unsigned char *p = bytes->at;
  bool ok = read_head(e, name, p, bytes->size, &h, &begin, &payload);
  if (ok && bytes->size - begin != payload) ok = wrong_size(e, name, p, &h, begin, payload, bytes->size);
  if (ok) {
    DataColumn *c = ARENA_NEW(e->arena, DataColumn);
    *c = (DataColumn){.name = column, .elem = h.elem, .rank = h.rank, .high = 255};
    memcpy(c->dims, h.dims, sizeof c->dims);
    c->row_size = payload / type_size(p[2]) / (size_t)h.rows;
    *out = (DataTable){.rows = h.rows, .n = 1, .at = c};
    if (h.elem == DATA_U8) {
      c->block = *bytes;
      c->block.at += begin;
      c->block.size = payload;
      *bytes = (DataBlock){0};
    } else ok = to_reals(e, name, p + begin, p[2], c, h.rows);
  }
  data_block_free(bytes);
  if (!ok) table_free(out);
  return ok;
}

bool idx_head(DataError *e, const DataFile *f, DataHead *out) {
  unsigned char bytes[HEAD_MAX];
  size_t got, begin = 0, payload = 0;
  uint64_t whole;
  if (!data_read_head(e, f, bytes, sizeof bytes, &got, &whole)) return false;
  if (!read_head(e, f->name, bytes, got, out, &begin, &payload)) return false;
  return whole == UINT64_MAX || whole - begin == payload ||
         wrong_size(e, f->name, bytes, out, begin, payload, (size_t)whole);
}

static bool read_one(DataError *e, const DataFile *f, const char *column, DataTable *out) {
  DataBlock bytes;
  *out = (DataTable){0};
  return data_read(e, f, &bytes) && idx_parse(e, f->name, &bytes, column, out);
}

bool idx_read(DataError *e, const DataFile *images, const DataFile *labels, int classes, DataTable *out) {
  if (!read_one(e, images, "image", out)) return false;
  if (!labels) return true;
  DataTable second;
  if (!read_one(e, labels, "label", &second)) return table_free(out), false;
  if (second.rows != out->rows) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` and `%s` differ in the number of rows", images->name, labels->name);
    data_found(e, "%s and %s", data_count(e->arena, (uint64_t)out->rows),
               data_count(e->arena, (uint64_t)second.rows));
    table_free(&second);
    return table_free(out), false;
  }
  if (!column_to_labels(e, labels->name, second.at, second.rows, classes)) {
    table_free(&second);
    return table_free(out), false;
  }
  DataColumn *both = ARENA_ARRAY(e->arena, DataColumn, 2);
  both[0] = out->at[0];
  both[1] = second.at[0];
  out->at = both;
  out->n = 2;
  return true;
}
