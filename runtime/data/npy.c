/* The .npy format: a magic text, a version, the length of a header, the header (a Python dictionary with
 * exactly the keys descr, fortran_order, shape), the elements. Pickled objects are refused: nothing in
 * a file is ever executed. */
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/data/table.h"

#define HEADER_MAX 65536 /* numpy's own limit is 10 000 */
#define WHOLE_MAX 9007199254740992.0

typedef struct NpyHead {
  char kind; /* u i f b */
  int size;  /* of an element */
  bool big, fortran;
  int axes;
  int64_t dims[DATA_MAX_RANK + 1];
  size_t begin, payload;
} NpyHead;

/* The header's text while it is read. */
typedef struct Scan {
  DataError *e;
  const char *name;
  const char *at, *end;
} Scan;

static bool bad_header(const Scan *s, const char *expected) {
  data_fail(s->e, DIAG_DATA_BROKEN, "the header of `%s` is damaged", s->name);
  data_expected(s->e, "%s", expected);
  if (s->at == s->end) return data_found(s->e, "its end");
  size_t left = (size_t)(s->end - s->at);
  return data_found(s->e, "`%s`", arena_strn(s->e->arena, s->at, left < 20 ? left : 20));
}

static void skip_blanks(Scan *s) {
  while (s->at < s->end && *s->at == ' ') s->at++;
}

static bool accept(Scan *s, char c) {
  skip_blanks(s);
  if (s->at == s->end || *s->at != c) return false;
  s->at++;
  return true;
}

/* A text in single or double quotes, without escapes. */
static bool quoted(Scan *s, const char **text, size_t *n) {
  skip_blanks(s);
  char quote = s->at < s->end ? *s->at : '\0';
  if (quote != '\'' && quote != '"') return false;
  const char *from = s->at + 1, *to = memchr(from, quote, (size_t)(s->end - from));
  if (!to) return false;
  *text = from;
  *n = (size_t)(to - from);
  s->at = to + 1;
  return true;
}

static bool is_text(const char *s, size_t n, const char *word) {
  return n == strlen(word) && memcmp(s, word, n) == 0;
}

static bool word(Scan *s, const char *w) {
  skip_blanks(s);
  size_t n = strlen(w);
  if ((size_t)(s->end - s->at) < n || memcmp(s->at, w, n) != 0) return false;
  s->at += n;
  return true;
}

/* `<f4`, `|u1`, `>i8`, `|b1`. */
static bool read_descr(Scan *s, NpyHead *h) {
  const char *d;
  size_t n;
  skip_blanks(s);
  if (s->at < s->end && *s->at == '[') {
    data_fail(s->e, DIAG_DATA_BROKEN, "`%s` holds records, not numbers", s->name);
    return data_help(s->e, "save each field as an array of its own");
  }
  if (!quoted(s, &d, &n)) return bad_header(s, "the type of the elements, as '<f4'");
  if (n == 3 && strchr("<>|=", d[0]) && d[0] && strchr("uifb", d[1]) && d[1]) {
    h->kind = d[1];
    h->size = d[2] - '0';
    h->big = d[0] == '>';
    bool one = h->size == 1, small = h->size == 2 || h->size == 4 || h->size == 8;
    if ((h->kind == 'b' && one) || (h->kind == 'f' && small)) return true;
    if ((h->kind == 'u' || h->kind == 'i') && (one || small)) return true;
  }
  bool object = n >= 2 && d[1] == 'O';
  data_fail(s->e, DIAG_DATA_BROKEN, object ? "`%s` holds Python objects" : "`%s` holds no real numbers",
            s->name);
  data_expected(s->e, "u1 to u8, i1 to i8, f2 to f8 or b1");
  return data_found(s->e, "%s", arena_strn(s->e->arena, d, n < 20 ? n : 20));
}

static bool read_shape(Scan *s, NpyHead *h) {
  if (!accept(s, '(')) return bad_header(s, "the shape, as (100, 28, 28)");
  h->axes = 0;
  while (!accept(s, ')')) {
    int64_t n = 0;
    skip_blanks(s);
    const char *from = s->at;
    for (; s->at < s->end && *s->at >= '0' && *s->at <= '9'; s->at++)
      if (n <= DATA_MAX_AXIS) n = 10 * n + (*s->at - '0');
    if (s->at == from) return bad_header(s, "a size that is a whole number");
    if (n > DATA_MAX_AXIS || n == 0) {
      data_fail(s->e, DIAG_DATA_BROKEN, "the header of `%s` says %s elements on an axis", s->name,
                arena_strn(s->e->arena, from, s->at - from < 24 ? (size_t)(s->at - from) : 24));
      return data_expected(s->e, "1 to %s", data_count(s->e->arena, (uint64_t)DATA_MAX_AXIS));
    }
    if (h->axes == DATA_MAX_RANK + 1) {
      data_fail(s->e, DIAG_DATA_BROKEN, "the header of `%s` says too many axes", s->name);
      return data_expected(s->e, "1 to %d", DATA_MAX_RANK + 1);
    }
    h->dims[h->axes++] = n;
    if (accept(s, ',')) continue;
    if (h->axes == 1) return bad_header(s, "`,` (one number in brackets is no shape)");
    if (!accept(s, ')')) return bad_header(s, "`,` or `)`");
    break;
  }
  if (h->axes > 0) return true;
  data_fail(s->e, DIAG_DATA_BROKEN, "`%s` holds a single number, not rows", s->name);
  return data_expected(s->e, "at least one axis");
}

/* The three keys, each once, in any order. */
static bool read_dictionary(Scan *s, NpyHead *h) {
  bool descr = false, fortran = false, shape = false;
  if (!accept(s, '{')) return bad_header(s, "`{`");
  while (!accept(s, '}')) {
    const char *key;
    size_t n;
    if (!quoted(s, &key, &n)) return bad_header(s, "a key in quotes");
    if (!accept(s, ':')) return bad_header(s, "`:`");
    bool *seen = is_text(key, n, "descr")           ? &descr
                 : is_text(key, n, "fortran_order") ? &fortran
                 : is_text(key, n, "shape")         ? &shape
                                                    : NULL;
    if (!seen || *seen) return bad_header(s, "the keys descr, fortran_order, shape, each once");
    *seen = true;
    if (seen == &descr) {
      if (!read_descr(s, h)) return false;
    } else if (seen == &shape) {
      if (!read_shape(s, h)) return false;
    } else {
      h->fortran = word(s, "True");
      if (!h->fortran && !word(s, "False")) return bad_header(s, "True or False");
    }
    if (accept(s, ',')) continue;
    if (!accept(s, '}')) return bad_header(s, "`,` or `}`");
    break;
  }
  if (!descr || !fortran || !shape) return bad_header(s, "the keys descr, fortran_order, shape, each once");
  skip_blanks(s);
  if (s->at < s->end && *s->at == '\n') s->at++;
  return s->at == s->end || bad_header(s, "nothing behind `}`");
}

static bool too_short(DataError *e, const char *name, size_t size, size_t wanted) {
  data_fail(e, DIAG_DATA_BROKEN, "`%s` ends too early", name);
  data_expected(e, "%s bytes of header", data_count(e->arena, wanted));
  return data_found(e, "%s bytes", data_count(e->arena, size));
}

static bool bad_magic(DataError *e, const char *name, const unsigned char *p, size_t size) {
  data_fail(e, DIAG_DATA_BROKEN, "`%s` is no npy file", name);
  data_expected(e, "93 and NUMPY at its beginning");
  if (size < 6) return data_found(e, "%d bytes in all", (int)size);
  data_found(e, "%02x %02x %02x %02x %02x %02x", p[0], p[1], p[2], p[3], p[4], p[5]);
  if (p[0] == 0x1f && p[1] == 0x8b) return data_help(e, "it is packed: its name must end in `.gz`");
  return false;
}

static bool read_head(DataError *e, const char *name, const unsigned char *p, size_t size, NpyHead *h) {
  *h = (NpyHead){0};
  if (size < 6 || memcmp(p, "\x93NUMPY", 6) != 0) return bad_magic(e, name, p, size);
  if (size < 12) return too_short(e, name, size, 12);
  if (p[6] < 1 || p[6] > 3 || p[7] != 0) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` has version %d.%d of the format", name, p[6], p[7]);
    return data_expected(e, "1.0, 2.0 or 3.0");
  }
  size_t start = p[6] == 1 ? 10 : 12, length = p[8] | (size_t)p[9] << 8;
  if (p[6] > 1) length |= (size_t)p[10] << 16 | (size_t)p[11] << 24;
  if (length > HEADER_MAX) {
    data_fail(e, DIAG_DATA_BROKEN, "the header of `%s` is too long", name);
    data_expected(e, "at most %s bytes", data_count(e->arena, HEADER_MAX));
    return data_found(e, "%s bytes", data_count(e->arena, length));
  }
  h->begin = start + length;
  if (h->begin > size) return too_short(e, name, size, h->begin);
  Scan s = {e, name, (const char *)p + start, (const char *)p + h->begin};
  if (!read_dictionary(&s, h)) return false;
  h->payload = (size_t)h->size;
  for (int k = 0; k < h->axes; k++) h->payload = mem_mul(h->payload, (size_t)h->dims[k]);
  if (h->payload <= DATA_LIMIT) return true;
  data_fail(e, DIAG_DATA_BROKEN, "the header of `%s` says more elements than a file may hold", name);
  return data_expected(e, "at most %s bytes", data_count(e->arena, DATA_LIMIT));
}

static bool wrong_size(DataError *e, const char *name, const NpyHead *h, size_t size) {
  bool early = size - h->begin < h->payload;
  data_fail(e, DIAG_DATA_BROKEN, early ? "`%s` ends too early" : "`%s` goes on after its end", name);
  data_expected(e, "%s bytes, as the header says", data_count(e->arena, h->begin + h->payload));
  return data_found(e, "%s bytes", data_count(e->arena, size));
}

double data_half(unsigned bits) {
  int exponent = bits >> 10 & 31;
  double fraction = bits & 1023, sign = bits & 0x8000 ? -1 : 1;
  if (exponent == 31) return fraction > 0 ? (double)NAN : sign * (double)INFINITY;
  return sign * (exponent == 0 ? ldexp(fraction, -24) : ldexp(1024 + fraction, exponent - 25));
}

static double element(const NpyHead *h, const unsigned char *p) {
  uint64_t bits = 0;
  for (int k = 0; k < h->size; k++) bits |= (uint64_t)p[h->big ? h->size - 1 - k : k] << (8 * k);
  if (h->kind == 'i') {
    int unused = 64 - 8 * h->size;
    return (double)((int64_t)(bits << unused) >> unused);
  }
  if (h->kind != 'f') return (double)bits;
  if (h->size == 2) return data_half((unsigned)bits);
  double number;
  memcpy(&number, &bits, sizeof number);
  if (h->size == 8) return number;
  float single;
  uint32_t low = (uint32_t)bits;
  memcpy(&single, &low, sizeof single);
  return (double)single;
}

static bool bad_value(DataError *e, const char *name, size_t row, double v) {
  data_fail(e, DIAG_DATA_BROKEN, "row %s of `%s` holds what is no number here", data_count(e->arena, row + 1),
            name);
  data_expected(e, "finite numbers, whole ones up to 2^53");
  return data_found(e, "%.17g", v);
}

/* Elements in the order of C; a Fortran array is walked with its own strides. */
static bool convert(DataError *e, const char *name, const NpyHead *h, const unsigned char *p, DataColumn *c) {
  size_t n = h->payload / (size_t)h->size, index[DATA_MAX_RANK + 1] = {0}, stride[DATA_MAX_RANK + 1];
  size_t step = (size_t)h->size, at = 0;
  for (int k = 0; k < h->axes; k++) {
    int axis = h->fortran ? k : h->axes - 1 - k;
    stride[axis] = step;
    step *= (size_t)h->dims[axis];
  }
  for (size_t k = 0; k < n; k++) {
    if (c->elem == DATA_U8) column_u8(c)[k] = p[at];
    else {
      double v = element(h, p + at);
      if (!isfinite(v) || (h->kind != 'f' && fabs(v) > WHOLE_MAX))
        return bad_value(e, name, k / c->row_size, v);
      column_real(c)[k] = v;
    }
    for (int axis = h->axes - 1; axis >= 0; axis--) {
      at += stride[axis];
      if (++index[axis] < (size_t)h->dims[axis]) break;
      at -= stride[axis] * index[axis];
      index[axis] = 0;
    }
  }
  return true;
}

/* Booleans are bytes whose 1 stands for one; anything else than 0 and 1 is damage. */
static bool check_bools(DataError *e, const char *name, DataColumn *c) {
  for (size_t k = 0; k < c->block.size; k++)
    if (column_u8(c)[k] > 1) return bad_value(e, name, k / c->row_size, column_u8(c)[k]);
  return true;
}

/* Bytes [1 or 3, h, w] are images as PyTorch keeps them; a table has channels last. */
static bool channels_last(DataError *e, const char *name, DataColumn *c, int64_t rows) {
  const int64_t channels = c->dims[0], last = c->dims[2];
  if (c->rank != 3 || (channels != 1 && channels != 3) || last == 1 || last == 3) return true;
  const size_t pixels = c->row_size / (size_t)channels;
  DataBlock work;
  if (!data_block(e, name, c->row_size, &work)) return false;
  for (int64_t i = 0; i < rows && channels > 1; i++) {
    uint8_t *row = column_u8(c) + (size_t)i * c->row_size;
    memcpy(work.at, row, c->row_size);
    for (size_t k = 0; k < pixels; k++)
      for (size_t j = 0; j < (size_t)channels; j++) row[k * (size_t)channels + j] = work.at[j * pixels + k];
  }
  data_block_free(&work);
  c->dims[0] = c->dims[1], c->dims[1] = last, c->dims[2] = channels;
  return true;
}

bool npy_parse(DataError *e, const char *name, DataBlock *bytes, const char *column, DataTable *out) {
  *out = (DataTable){0};
  NpyHead h;
  bool ok = read_head(e, name, bytes->at, bytes->size, &h);
  if (ok && bytes->size - h.begin != h.payload) ok = wrong_size(e, name, &h, bytes->size);
  if (ok) {
    DataColumn *c = ARENA_NEW(e->arena, DataColumn);
    bool u8 = h.size == 1 && h.kind != 'i';
    size_t n = h.payload / (size_t)h.size;
    *c = (DataColumn){.name = column, .elem = u8 ? DATA_U8 : DATA_REAL, .rank = h.axes - 1, .high = 255};
    for (int k = 1; k < h.axes; k++) c->dims[k - 1] = h.dims[k];
    c->row_size = n / (size_t)h.dims[0];
    *out = (DataTable){.rows = h.dims[0], .n = 1, .at = c};
    if (u8 && (!h.fortran || h.axes == 1)) {
      c->block = *bytes;
      c->block.at += h.begin;
      c->block.size = n;
      *bytes = (DataBlock){0};
    } else
      ok = data_block(e, name, mem_mul(n, data_elem_bytes(c->elem)), &c->block) &&
           convert(e, name, &h, bytes->at + h.begin, c);
    if (ok && h.kind == 'b') ok = check_bools(e, name, c);
    else if (ok && u8) ok = channels_last(e, name, c, out->rows);
  }
  data_block_free(bytes);
  if (!ok) table_free(out);
  return ok;
}

bool npy_read(DataError *e, const DataFile *f, const char *column, DataTable *out) {
  DataBlock bytes;
  *out = (DataTable){0};
  return data_read(e, f, &bytes) && npy_parse(e, f->name, &bytes, column, out);
}

bool npy_head(DataError *e, const DataFile *f, DataHead *out) {
  DataBlock head;
  NpyHead h;
  size_t got;
  uint64_t whole;
  *out = (DataHead){0};
  if (!data_block(e, f->name, HEADER_MAX + 12, &head)) return false;
  bool ok = data_read_head(e, f, head.at, head.size, &got, &whole) && read_head(e, f->name, head.at, got, &h);
  if (ok && whole != UINT64_MAX && whole - h.begin != h.payload)
    ok = wrong_size(e, f->name, &h, (size_t)whole);
  if (ok) {
    *out = (DataHead){.rows = h.dims[0], .elem = h.size == 1 && h.kind != 'i' ? DATA_U8 : DATA_REAL};
    out->rank = h.axes - 1;
    for (int k = 1; k < h.axes; k++) out->dims[k - 1] = h.dims[k];
  }
  data_block_free(&head);
  return ok;
}
