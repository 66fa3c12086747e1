/* Files that are wrong, each with the code and a word of the message that it must give. They are made here,
 * written, read through the reader of their format, and must leave no table and no memory behind. */
#include "data_mock.h"
#include <errno.h>
#include <math.h>
#include <sys/stat.h>

static int n_cases;

typedef enum Format { IDX, LABELS, NPY, NPZ, CSV, CSV_BARE, PNG, GZ, WEIGHTS } Format;

static bool read_as(Format format, const DataFile *f, DataTable *out) {
  DataFile images = {0};
  DataHead head;
  DataBlock block;
  Bytes good = {0};
  IoData d;
  IoError io;
  switch (format) {
  case IDX: return idx_read(&error, f, NULL, 0, out);
  case LABELS:
    good = idx_bytes(8, 2, (uint32_t[]){3, 1});
    add_bytes(&good, "abc", 3);
    images = put("images", good.at, good.n);
    return idx_read(&error, &images, f, 10, out);
  case NPY: return npy_read(&error, f, "x", out);
  case NPZ: return npz_read(&error, f, out);
  case WEIGHTS: return weights_read(&error, f, out);
  case CSV: return csv_read(&error, f, &(CsvOptions){.header = true}, out);
  case CSV_BARE: return csv_read(&error, f, &(CsvOptions){0}, out);
  case PNG:
    assert_true(io_read_file(a, f->path, 1 << 30, &d, &io));
    bool ok = png_parse(&error, f->name, d.bytes, d.size, &head, &block);
    assert_true(ok || (!block.base && !block.at));
    data_block_free(&block);
    return ok;
  case GZ:
    if (!data_read(&error, f, &block)) return false;
    data_block_free(&block);
    return true;
  }
  return true;
}

static void bad_file(Format format, const DataFile *f, DiagCode code, const char *says) {
  DataTable t = {.rows = 7};
  uint64_t live = mem_live_bytes();
  n_cases++;
  if (read_as(format, f, &t)) fail_msg("%s: read without an error; it should say `%s`", f->name, says);
  const char *all = arena_printf(a, "%s | %s | %s | %s", error.text, error.expected ? error.expected : "",
                                 error.found ? error.found : "", error.help ? error.help : "");
  if (error.code != code || !strstr(all, says))
    fail_msg("%s: %s `%s` does not say `%s`", f->name, diag_info[error.code].code, all, says);
  if (format != PNG && format != GZ) {
    assert_int_equal(t.n, 0);
    assert_null(t.at);
  }
  assert_int_equal(mem_live_bytes(), live);
}

static void bad(Format format, Bytes b, const char *says) {
  static const char *const ends[] = {"idx", "idx", "npy", "npz", "csv", "csv", "png", "gz", "safetensors"};
  DataFile f = put(arena_printf(a, "%03d.%s", n_cases, ends[format]), b.at, b.n);
  bad_file(format, &f, DIAG_DATA_BROKEN, says);
}

static Bytes some(const void *p, size_t n) {
  Bytes b = {0};
  add_bytes(&b, p, n);
  return b;
}

/* ---- IDX ---- */

static Bytes idx_with(unsigned type, int axes, const uint32_t *dims, size_t payload) {
  Bytes b = idx_bytes(type, axes, dims);
  add_zeros(&b, payload);
  return b;
}

static void idx_headers(void **state) {
  (void)state;
  bad(IDX, some("", 0), "ends too early");
  bad(IDX, some("\0", 1), "at least 4 bytes");
  bad(IDX, some("\0\0\x08", 3), "at least 4 bytes");
  bad(IDX, some("\0\0\x08\x03\0\0\0\x01\0\0\0\x01\0\0\0", 15), "16 bytes of header for 3 axes");
  bad(IDX, some("\x01\0\x08\x01\0\0\0\x01x", 9), "no IDX file");
  bad(IDX, some("\0\x01\x08\x01\0\0\0\x01x", 9), "no IDX file");
  bad(IDX, some("\x01\x08\0\0\x01\0\0\0x", 9), "no IDX file");
  bad(IDX, some("\x03\x08\0\0\x01\0\0\0x", 9), "wrong order");
  bad(IDX, some("\x1f\x8b\x08\0\0\0\0\0\0", 9), "must end in `.gz`");
  for (unsigned type = 0; type <= 0x10; type++)
    if (type < 8 || type == 0x0A || type > 0x0E)
      bad(IDX, idx_with(type, 1, (uint32_t[]){1}, 8), "a type from 08");
  static const struct {
    unsigned type;
    size_t size;
  } types[] = {{0x08, 1}, {0x09, 1}, {0x0B, 2}, {0x0C, 4}, {0x0D, 4}, {0x0E, 8}};
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) {
    bad(IDX, idx_with(types[k].type, 2, (uint32_t[]){3, 2}, 6 * types[k].size - 1), "ends too early");
    bad(IDX, idx_with(types[k].type, 2, (uint32_t[]){3, 2}, 6 * types[k].size + 1), "goes on after its end");
  }
  bad(IDX, idx_with(8, 0, NULL, 1), "says 0 axes");
  bad(IDX, idx_with(8, 7, (uint32_t[]){1, 1, 1, 1, 1, 1, 1}, 1), "says 7 axes");
  bad(IDX, some("\0\0\x08\xff\0\0\0\x01\0\0\0\x01", 12), "says 255 axes");
  bad(IDX, idx_with(8, 1, (uint32_t[]){0}, 0), "says 0 rows");
  bad(IDX, idx_with(8, 2, (uint32_t[]){4, 0}, 0), "says 0 elements");
}

static void idx_sizes(void **state) {
  (void)state;
  bad(IDX, idx_with(8, 1, (uint32_t[]){UINT32_MAX}, 1), "says 4 294 967 295 rows");
  bad(IDX, idx_with(8, 1, (uint32_t[]){1u << 31}, 1), "says 2 147 483 648 rows");
  bad(IDX, idx_with(8, 2, (uint32_t[]){1, 1u << 31}, 1), "elements on an axis");
  bad(IDX, idx_with(8, 2, (uint32_t[]){65536, 32768}, 1), "ends too early");
  bad(IDX, idx_with(8, 2, (uint32_t[]){65536, 65537}, 1), "at most 4 294 967 296 bytes");
  bad(IDX, idx_with(0x0E, 2, (uint32_t[]){1u << 30, 4}, 1), "at most 4 294 967 296 bytes");
  bad(IDX, idx_with(8, 3, (uint32_t[]){1u << 30, 1u << 30, 16}, 1), "at most 4 294 967 296 bytes");
  bad(IDX, idx_with(8, 4, (uint32_t[]){1u << 30, 1u << 30, 1u << 30, 1u << 30}, 1), "at most");
  bad(IDX, idx_with(0x0E, 6, (uint32_t[]){65536, 65536, 65536, 65536, 65536, 65536}, 1), "at most");
  bad(IDX, idx_with(8, 3, (uint32_t[]){60000, 28, 28}, 31457264),
      "47 040 016 bytes: 16 of header + 60 000 x 28 x 28");
  Bytes nan = idx_bytes(0x0D, 1, (uint32_t[]){1}), inf = idx_bytes(0x0E, 1, (uint32_t[]){2});
  add_bytes(&nan, "\x7f\xc0\0\0", 4);
  add_bytes(&inf, "\0\0\0\0\0\0\0\0\xff\xf0\0\0\0\0\0\0", 16);
  bad(IDX, nan, "row 1 of");
  bad(IDX, inf, "row 2 of");
}

static void idx_labels(void **state) {
  (void)state;
  Bytes l = idx_bytes(8, 1, (uint32_t[]){3}), half = idx_bytes(0x0D, 1, (uint32_t[]){3});
  add_bytes(&l, "\x01\x0a\x02", 3);
  bad(LABELS, l, "row 2 of");
  bad(LABELS, idx_with(8, 1, (uint32_t[]){4}, 4), "differ in the number of rows");
  bad(LABELS, idx_with(8, 1, (uint32_t[]){2}, 2), "differ in the number of rows");
  bad(LABELS, idx_with(8, 2, (uint32_t[]){3, 2}, 6), "holds no labels");
  add_bytes(&half, "\0\0\0\0\x3f\0\0\0\0\0\0\0", 12);
  bad(LABELS, half, "a whole number from 0 to 9");
  Bytes less = idx_bytes(9, 1, (uint32_t[]){3});
  add_bytes(&less, "\0\xff\0", 3);
  bad(LABELS, less, "is no label");
}

/* ---- npy ---- */

static Bytes npy_with(const char *dictionary, size_t payload) {
  Bytes b = npy_bytes(1, dictionary);
  add_zeros(&b, payload);
  return b;
}

static Bytes npy_of(const char *descr, const char *shape, size_t payload) {
  return npy_with(arena_printf(a, "{'descr': %s, 'fortran_order': False, 'shape': %s, }", descr, shape),
                  payload);
}

static void npy_preludes(void **state) {
  (void)state;
  Bytes good = npy_of("'<f4'", "(2,)", 8);
  bad(NPY, some("", 0), "no npy file");
  bad(NPY, some(good.at, 5), "no npy file");
  bad(NPY, some(good.at, 6), "ends too early");
  bad(NPY, some(good.at, 11), "ends too early");
  bad(NPY, some(good.at, 60), "ends too early");
  bad(NPY, some("PK\x03\x04 zip, not npy", 17), "no npy file");
  bad(NPY, some("\x1f\x8b\x08\0\0\0\0\0\0", 9), "must end in `.gz`");
  for (int version = 0; version < 10; version++) {
    if (version >= 1 && version <= 3) continue;
    Bytes b = some(good.at, good.n);
    b.at[6] = (unsigned char)version;
    bad(NPY, b, "of the format");
  }
  Bytes minor = some(good.at, good.n), huge = npy_bytes(2, "{}"), long_head = some(good.at, good.n);
  minor.at[7] = 1;
  bad(NPY, minor, "version 1.1");
  memset(huge.at + 8, 0xff, 4);
  bad(NPY, huge, "4 294 967 295 bytes");
  memset(long_head.at + 8, 0xff, 2);
  bad(NPY, long_head, "ends too early");
}

static void npy_dictionaries(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "",
      "{}",
      "{",
      "['descr']",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'shape': (2,)}",
      "{'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'shape': (2,)}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), 'more': 1}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)} x",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2,)",
      "{'descr': '<f4' 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': 0, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': not True, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': [2]}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1+1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2 2)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2L,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (2x2,)}",
      "{'descr': __import__('os').system('id'), 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4}",
      "{descr: '<f4', 'fortran_order': False, 'shape': (2,)}",
      "{\t'descr': '<f4', 'fortran_order': False, 'shape': (2,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shap\xc3\xa9': (2,)}",
  };
  for (size_t k = 0; k < sizeof wrong / sizeof *wrong; k++) bad(NPY, npy_with(wrong[k], 8), "is damaged");
  char deep[2000];
  memset(deep, '(', sizeof deep - 1);
  deep[sizeof deep - 1] = '\0';
  bad(NPY, npy_of("'<f4'", deep, 8), "is damaged");
}

static void npy_types_and_shapes(void **state) {
  (void)state;
  static const char *const types[] = {"'|O'",  "'<c8'", "'<c16'", "'|S3'", "'<U4'", "'<M8[ns]'", "'<f16'",
                                      "'<f1'", "'<i3'", "'<b2'",  "'f4'",  "'*f4'", "''",        "'<V8'"};
  for (size_t k = 0; k < sizeof types / sizeof *types; k++) bad(NPY, npy_of(types[k], "(2,)", 8), "u1 to u8");
  bad(NPY, npy_of("'|O'", "(2,)", 8), "Python objects");
  bad(NPY, npy_of("[('x', '<f4'), ('y', '<f4')]", "(1,)", 8), "holds records");
  bad(NPY, npy_of("'<f4'", "()", 4), "a single number");
  bad(NPY, npy_of("'<f4'", "(0,)", 0), "says 0 elements");
  bad(NPY, npy_of("'<f4'", "(2, 0)", 0), "says 0 elements");
  bad(NPY, npy_of("'<f4'", "(65536, 65536)", 8), "more elements");
  bad(NPY, npy_of("'<f8'", "(65536, 65536, 65536, 65536)", 8), "more elements");
  bad(NPY, npy_of("'<f4'", "(2147483648,)", 8), "on an axis");
  bad(NPY, npy_of("'<f4'", "(9223372036854775808,)", 8), "on an axis");
  bad(NPY, npy_of("'<f4'", "(99999999999999999999999999999999,)", 8), "on an axis");
  bad(NPY, npy_of("'<f4'", "(1, 1, 1, 1, 1, 1, 1)", 4), "too many axes");
  bad(NPY, npy_of("'<f4'", "(3,)", 11), "ends too early");
  bad(NPY, npy_of("'<f4'", "(3,)", 13), "goes on after its end");
  bad(NPY, npy_of("'<f4'", "(1000000,)", 12), "4 000 128 bytes");
  static const struct {
    const char *descr, *bytes;
    size_t n;
  } values[] = {{"'<f4'", "\0\0\xc0\x7f", 4},
                {"'<f8'", "\0\0\0\0\0\0\xf0\x7f", 8},
                {"'<f2'", "\0\x7c", 2},
                {"'<f2'", "\x01\xfc", 2},
                {"'<u8'", "\xff\xff\xff\xff\xff\xff\xff\xff", 8},
                {"'<i8'", "\0\0\0\0\0\0\0\x80", 8},
                {"'|b1'", "\x02", 1}};
  for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
    Bytes b = npy_of(values[k].descr, "(1,)", 0);
    add_bytes(&b, values[k].bytes, values[k].n);
    bad(NPY, b, "row 1 of");
  }
}

/* ---- npz ---- */

static Bytes good_zip(void) {
  return zip_bytes(
      (ZipMember[]){{"x.npy", npy_of("'|u1'", "(2,)", 2)}, {"y.npy", npy_of("'|u1'", "(2,)", 2)}}, 2);
}

/* One byte changed, counted from the end where `at` is negative. */
static Bytes changed(Bytes b, long at, int value) {
  Bytes c = some(b.at, b.n);
  c.at[at < 0 ? (long)b.n + at : at] = (unsigned char)value;
  return c;
}

static void npz_files(void **state) {
  (void)state;
  Bytes good = good_zip(), x = npy_of("'|u1'", "(2,)", 2);
  long end = -22, second = end - 51, first = second - 51;
  bad(NPZ, some("", 0), "no npz file");
  bad(NPZ, some(good.at, 21), "no npz file");
  bad(NPZ, some(good.at, good.n - 1), "directory of a zip file");
  bad(NPZ, some(good.at + 1, good.n - 1), "place and size are right");
  bad(NPZ, changed(good, end + 8, 3), "place and size are right");
  bad(NPZ, changed(good, end + 4, 1), "place and size are right");
  bad(NPZ, changed(good, end + 15, 0xff), "place and size are right");
  bad(NPZ, changed(good, end + 19, 0xff), "place and size are right");
  bad(NPZ, changed(changed(good, end + 8, 0), end + 10, 0), "place and size are right");
  bad(NPZ, changed(changed(good, end + 8, 1), end + 10, 1), "nothing behind its directory");
  bad(NPZ, changed(changed(good, end + 9, 0xff), end + 11, 0xff), "place and size are right");
  bad(NPZ, changed(good, first, 'X'), "an entry of its directory");
  bad(NPZ, changed(good, first + 29, 0xff), "an entry of its directory");
  bad(NPZ, changed(good, first + 8, 1), "not encrypted");
  bad(NPZ, changed(good, first + 10, 12), "stored or deflated");
  bad(NPZ, changed(good, first + 16, good.at[(long)good.n + first + 16] ^ 1), "checksum of");
  bad(NPZ, changed(good, first + 24, 1), "sizes of members");
  bad(NPZ, changed(good, second + 27, 0x7f), "sizes of members");
  bad(NPZ, changed(good, second + 42, 0), "one after the other");
  bad(NPZ, changed(good, second + 45, 0x7f), "one after the other");
  bad(NPZ, changed(good, 0, 'X'), "one after the other");
  bad(NPZ, changed(good, 27, 0xff), "end before the directory");
  bad(NPZ, changed(good, first + 10, 8), "is damaged");
  bad(NPZ, zip_bytes((ZipMember[]){{"x.txt", x}}, 1), "end in .npy");
  bad(NPZ, zip_bytes((ZipMember[]){{".npy", x}}, 1), "end in .npy");
  bad(NPZ, zip_bytes((ZipMember[]){{"x.npy", x}, {"x.npy", x}}, 2), "different names");
  bad(NPZ, zip_bytes((ZipMember[]){{"x.npy", x}, {"y.npy", npy_of("'|u1'", "(3,)", 3)}}, 2),
      "number of rows");
  bad(NPZ, zip_bytes((ZipMember[]){{"x.npy", some("\x80\x04K\x01.", 5)}}, 1), "no npy file");
  bad(NPZ, zip_bytes((ZipMember[]){{"x.npy", npy_of("'|O'", "(2,)", 2)}}, 1), "Python objects");
  for (size_t n = 22; n < good.n; n += 37) bad(NPZ, some(good.at, n), "no npz file");
}

/* ---- csv ---- */

static Bytes text(const char *s) { return some(s, strlen(s)); }

static void csv_files(void **state) {
  (void)state;
  bad(CSV, text(""), "is empty");
  bad(CSV, text("\n\n\r\n"), "is empty");
  bad(CSV, text("\xEF\xBB\xBF"), "is empty");
  bad(CSV, text("a,b\n"), "has no rows");
  bad(CSV, text("a,b"), "has no rows");
  bad(CSV, text("1,2\n3,4\n"), "header = false");
  bad(CSV, text("a,a\n1,2\n"), "two columns");
  bad(CSV, text("a,b\n1,2\n3\n"), "line 3 of");
  bad(CSV, text("a,b\n1,2,3\n"), "more than 2 cells");
  bad(CSV, text("a,b\n1,2,\n"), "more than 2 cells");
  bad(CSV, text("a,b\n1,2\n\n\n3,4,5\n"), "line 5 of");
  bad(CSV, text("a,b\n1,5,2,5\n"), "with a point");
  bad(CSV, text("a\n1\n\"2,5\"\n"), "with a point");
  bad(CSV, text("a,b\n1,2\na,b\n3,4\n"), "line 3 of");
  bad(CSV, text("a,b\n1,x\n3,y\n4,5\n"), "a text, as `x` in line 2");
  bad(CSV, text("a,b\n1,2\n\"3,4\n"), "opens a quote");
  bad(CSV, text("a,b\n1,2\n\"3\n\n\n\",\"4\n"), "line 6 of");
  bad(CSV, text("a,b\n1,\"2\"3\n"), "goes on behind a closing quote");
  bad(CSV, text("a,b\n1,2\"3\n"), "a quote inside a cell");
  bad(CSV, some("a,b\n1,\0\n", 8), "NUL byte");
  bad(CSV, some("\0", 1), "NUL byte");
  bad(CSV, text("a,b\r1,2\r3,4\r"), "a carriage return alone");
  bad(CSV, text("a,b\n1,2\r\n3,4\r"), "a carriage return alone");
  bad(CSV,
      some("\xff\xfe"
           "a\0,\0b\0",
           8),
      "UTF-16");
  bad(CSV, some("\xfe\xff\0a", 4), "UTF-16");
  bad(CSV, text("a,b\n1,caf\xe9\n"), "is no UTF-8");
  bad(CSV, text("a,b\n1,\xc3"), "byte c3");
  bad(CSV, text("a,b\n1,\xed\xa0\x80\n"), "is no UTF-8");
  bad(CSV, text("a,b\n1,\n"), "no value for `b`");
  bad(CSV, text("a,b\n,2\n"), "an empty cell");
  bad(CSV, text("a,b\n1,nan\n"), "`nan`");
  bad(CSV, text("a,b\n1,NA\n"), "`NA`");
  bad(CSV, text("a,b\n1,?\n"), "missing = \"drop\"");
  bad(CSV, text("a,b\n1,\"\"\n"), "an empty cell");
  bad(CSV, text("a,b\n1,1e999\n"), "too large or too small");
  bad(CSV, text("a,b\n1,-1e999\n"), "`-1e999`");
  bad(CSV, text("a,b\n1,1e-999\n"), "too large or too small");
  bad(CSV, text("a,b\n1,2\n1,inf\n"), "no number for `b`");
  bad(CSV, text("a,b\n1,2\n1,0x10\n"), "`0x10`");
  bad(CSV, text("a,b\n1,2\n1,1_000\n"), "`1_000`");
  bad(CSV_BARE, text("a,b\n1,2\n3,4\n"), "header = true");
  bad(CSV_BARE, text("1,2\n3,x\n"), "a number, as in line 1");
  bad(CSV_BARE, text("1,2\n3,,4\n"), "line 2 of");
}

static void csv_sizes(void **state) {
  (void)state;
  Bytes wide = {0}, many = text("kind\n"), line = {0};
  for (int k = 0; k < 70000; k++) add_bytes(&wide, ",", 1);
  bad(CSV, wide, "too many cells");
  for (int k = 0; k < 70000; k++) {
    const char *one = arena_printf(a, "t%d\n", k);
    add_bytes(&many, one, strlen(one));
  }
  bad(CSV, many, "one text too many");
  add_bytes(&line, "a,b\n1,", 6);
  for (int k = 0; k < 400000; k++) add_bytes(&line, "0123456789", 10);
  add_bytes(&line, ",", 1);
  bad(CSV, line, "more than 2 cells");
  const CsvColumn columns[] = {{.as = "x", .from = (const char *const[]){"widht"}, .n = 1}};
  DataFile f = put("x.csv", "width,b\n1,2\n", 12);
  DataTable t;
  assert_false(csv_read(&error, &f, &(CsvOptions){.header = true, .columns = columns, .n = 1}, &t));
  assert_string_equal(error.help, "`width`?");
  const CsvColumn twice[] = {{.as = "x", .from = (const char *const[]){"b", "b"}, .n = 2, .vector = true}};
  assert_false(csv_read(&error, &f, &(CsvOptions){.header = true, .columns = twice, .n = 1}, &t));
  assert_non_null(strstr(error.text, "read twice"));
  f = put("x.csv", "a\nNA\n?\n", 7);
  assert_false(csv_read(&error, &f, &(CsvOptions){.header = true, .missing = CSV_DROP}, &t));
  assert_non_null(strstr(error.found, "2 rows, each with a missing"));
}

/* ---- png ---- */

static void png_files(void **state) {
  (void)state;
  Bytes good = png_bytes(2, 2, 8, 0, "\0ab\0cd", 6);
  bad(PNG, some("", 0), "no png file");
  bad(PNG, some(good.at, 7), "no png file");
  bad(PNG, some("\xff\xd8\xff\xe0 a JPEG", 11), "no png file");
  for (size_t n = 8; n < good.n; n += 5) bad(PNG, some(good.at, n), "ends too early");
  bad(PNG, changed(good, 29, good.at[29] ^ 1), "is damaged");
  bad(PNG, changed(good, 45, good.at[45] ^ 1), "is damaged");
  bad(PNG, changed(good, -17, good.at[good.n - 17] ^ 1), "is damaged");
  add_bytes(&good, "more", 4);
  bad(PNG, good, "goes on after its end");
  bad(PNG, png_bytes(2, 2, 8, 0, "\0ab\0c", 5), "is damaged");
  bad(PNG,
      png_bytes(2, 2, 8, 0,
                "\x09"
                "ab\0cd",
                6),
      "is damaged");
  bad(PNG, png_bytes(0, 2, 8, 0, "\0", 1), "is damaged");
  bad(PNG, png_bytes(1, 0x80000000, 8, 0, "\0", 1), "is damaged");
  bad(PNG, png_bytes(1, 0x7fffffff, 8, 0, "\0", 1), "is damaged");
  bad(PNG, png_bytes(2, 2, 3, 0, "\0", 1), "is damaged");
  bad(PNG, png_bytes(2, 2, 16, 3, "\0", 1), "is damaged");
  bad(PNG, png_bytes(2, 2, 8, 5, "\0", 1), "is damaged");
  bad(PNG, png_bytes(2, 2, 8, 3, "\0\1\1\0\1\1", 6), "is damaged");
  bad(PNG, png_bytes(1, 1, 8, 4, "\0a\x7f", 3), "transparent pixels");
  bad(PNG, png_bytes(1, 1, 8, 6, "\0rgb\0", 5), "transparent pixels");
  bad(PNG, png_bytes(50000, 50000, 8, 2, "\0", 1), "cannot hold");
  Bytes chunk = {0};
  add_ihdr(&chunk, 1, 1, 8, 0, 0);
  add_big32(&chunk, 0x7ffffff0);
  add_bytes(&chunk, "tEXtxyz", 7);
  bad(PNG, chunk, "ends too early");
  Bytes none = {0};
  add_ihdr(&none, 1, 1, 8, 0, 0);
  add_chunk(&none, "IEND", NULL, 0);
  bad(PNG, none, "is damaged");
  Bytes twice = {0};
  add_ihdr(&twice, 1, 1, 8, 0, 0);
  add_chunk(&twice, "ABCD", "x", 1);
  add_idat(&twice, "\0a", 2);
  add_chunk(&twice, "IEND", NULL, 0);
  bad(PNG, twice, "is damaged");
}

static void png_folders(void **state) {
  (void)state;
  static const char *const dirs[] = {"none",     "mixed/c", "text",  "empty/c",
                                     "deep/c/d", "sizes",   "out/c", "kinds"};
  IoError io;
  for (size_t k = 0; k < sizeof dirs / sizeof *dirs; k++)
    assert_true(io_make_folder(arena_printf(a, "%s/%s", folder, dirs[k]), &io));
  Bytes one = png_bytes(1, 1, 8, 0, "\0a", 2), two = png_bytes(2, 1, 8, 0, "\0ab", 3);
  Bytes rgb = png_bytes(1, 1, 8, 2, "\0rgb", 4);
  put("mixed/1.png", one.at, one.n);
  put("text/1.png", one.at, one.n);
  put("text/2.jpg", "x", 1);
  put("sizes/1.png", one.at, one.n);
  put("sizes/2.png", two.at, two.n);
  put("kinds/1.png", one.at, one.n);
  put("kinds/2.png", rgb.at, rgb.n);
  put("secret.png", one.at, one.n);
  assert_int_equal(symlink("../../secret.png", arena_printf(a, "%s/out/c/1.png", folder)), 0);
  static const struct {
    const char *name, *says;
  } rows[] = {{"none", "holds no images"}, {"mixed", "beside its folders"}, {"text", "is no .png file"},
              {"empty", "is empty"},       {"deep", "inside a class"},      {"sizes", "differ in size"},
              {"out", "leads out"},        {"kinds", "1 x 1, colours"}};
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    DataTable t;
    DataFile f = {arena_printf(a, "%s/%s", folder, rows[k].name), rows[k].name};
    assert_false(png_read(&error, &f, &t));
    const char *all = arena_printf(a, "%s | %s", error.text, error.found ? error.found : "");
    if (!strstr(all, rows[k].says)) fail_msg("%s: %s", rows[k].name, all);
    assert_int_equal(error.code, DIAG_DATA_BROKEN);
    assert_int_equal(mem_live_bytes(), 0);
    n_cases++;
  }
}

/* ---- gz ---- */

/* A gzip file of n zeros, made of pieces so that no n bytes are needed. */
static Bytes zeros_packed(size_t n) {
  z_stream z = {0};
  Bytes b = {0};
  unsigned char out[4096], *in = arena_alloc(a, 1 << 20);
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (z.avail_in == 0 && n > 0) {
      z.next_in = in;
      z.avail_in = (uInt)(n < 1 << 20 ? n : 1 << 20);
      n -= z.avail_in;
    }
    z.next_out = out;
    z.avail_out = sizeof out;
    status = deflate(&z, n > 0 ? Z_NO_FLUSH : Z_FINISH);
    add_bytes(&b, out, sizeof out - z.avail_out);
  }
  deflateEnd(&z);
  return b;
}

static void gz_files(void **state) {
  (void)state;
  const char *plain = "the text that is packed, packed, packed and packed again";
  Bytes good = gz_bytes(plain, strlen(plain)), more = some(good.at, good.n);
  bad(GZ, some("", 0), "no gzip file");
  bad(GZ, some("\x1f", 1), "no gzip file");
  bad(GZ, some("plain text", 10), "take `.gz` off its name");
  for (size_t n = 2; n < good.n; n += 3) bad(GZ, some(good.at, n), "ends too early");
  bad(GZ, changed(good, 2, 7), "is damaged");
  bad(GZ, changed(good, 3, 0xe0), "is damaged");
  bad(GZ, changed(good, 10, 0xff), "is damaged");
  bad(GZ, changed(good, -8, good.at[good.n - 8] ^ 1), "the checksum of");
  bad(GZ, changed(good, -5, good.at[good.n - 5] ^ 0x80), "the checksum of");
  bad(GZ, changed(good, -4, good.at[good.n - 4] ^ 1), "is not the one at its end");
  bad(GZ, changed(good, -1, 0xff), "is not the one at its end");
  add_bytes(&more, "garbage", 7);
  bad(GZ, more, "7 bytes behind");
  Bytes zero = some(good.at, good.n), half = some(good.at, good.n), second = some(good.at, good.n);
  add_zeros(&zero, 512);
  bad(GZ, zero, "512 bytes behind");
  add_bytes(&half, good.at, good.n / 2);
  bad(GZ, half, "ends too early");
  Bytes wrong = changed(good, -8, good.at[good.n - 8] ^ 1);
  add_bytes(&second, wrong.at, wrong.n);
  bad(GZ, second, "the checksum of");
  bad(GZ, zeros_packed((size_t)150 << 20), "unpacks to too much");
  Bytes cut = zeros_packed((size_t)3 << 20);
  bad(GZ, some(cut.at, cut.n - 9), "ends too early");
}

static void not_files(void **state) {
  (void)state;
  DataFile none = {arena_printf(a, "%s/none", folder), "none"};
  bad_file(IDX, &none, DIAG_DATA_MISSING, "is not there");
  DataFile top = {folder, "top"};
  bad_file(NPY, &top, DIAG_DATA_BROKEN, "it is a folder");
  DataFile device = {"/dev/zero", "zero.gz"};
  bad_file(GZ, &device, DIAG_DATA_BROKEN, "no regular file");
  DataFile fifo = {arena_printf(a, "%s/fifo", folder), "fifo"};
  assert_int_equal(mkfifo(fifo.path, 0600), 0);
  bad_file(CSV, &fifo, DIAG_DATA_BROKEN, "no regular file");
  DataFile x = put("x.npy", "12345678", 8);
  uint64_t before = io_calls();
  DataTable t;
  assert_false(npy_read(&error, &x, "x", &t));
  for (uint64_t last = io_calls() - before, n = last - 4; n <= last; n++) { /* open, size, read, end, close */
    io_fail_after(n, EIO);
    bad_file(NPY, &x, DIAG_DATA_BROKEN, "input/output error");
    io_fail_after(0, 0);
  }
}

/* Truncation at every byte and a change of every byte: an error or a table, never more. */
static void every_byte(void **state) {
  (void)state;
  Bytes idx = idx_with(0x0B, 2, (uint32_t[]){3, 2}, 12), npy = npy_of("'<f4'", "(2, 2)", 16),
        zip = good_zip();
  Bytes png = png_bytes(2, 2, 8, 0, "\0ab\0cd", 6), csv = text("a,b\n1,2\n\"3\",x y\n");
  Bytes packed = gz_bytes(idx.at, idx.n);
  const Bytes *all[] = {&idx, &npy, &zip, &csv, &png, &packed};
  const Format formats[] = {IDX, NPY, NPZ, CSV, PNG, GZ};
  const char *names[] = {"x", "x", "x", "x", "x", "x.gz"};
  for (int k = 0; k < 6; k++)
    for (size_t at = 0; at < all[k]->n; at += getenv("QGN_QUICK") ? 7 : 1)
      for (int how = 0; how < 4; how++) {
        DataTable t = {0};
        int value = how == 1 ? 0 : how == 2 ? 0xff : all[k]->at[at] ^ 1;
        Bytes b = how == 0 ? some(all[k]->at, at) : changed(*all[k], (long)at, value);
        DataFile f = put(names[k], b.at, b.n);
        error = (DataError){.arena = a};
        bool ok = read_as(formats[k], &f, &t);
        assert_true(ok || (error.text && t.n == 0));
        assert_true(how > 0 || !ok || formats[k] == CSV);
        table_free(&t);
        assert_int_equal(mem_live_bytes(), 0);
      }
}

static void enough(void **state) {
  (void)state;
  print_message("# %d malformed files\n", n_cases);
  assert_true(n_cases >= 200);
}

/* ---- weights ---- */

/* A .safetensors file with this header, as long as `size` says (0: as it is), and so many bytes of data. */
static Bytes weights_with(const char *header, size_t size, const void *data, size_t n) {
  unsigned char length[8] = {0};
  Bytes b = {0};
  size_t all = size > 0 ? size : strlen(header);
  for (int i = 0; i < 8; i++, all >>= 8) length[i] = (unsigned char)(all & 255);
  add_bytes(&b, length, 8);
  add_bytes(&b, header, strlen(header));
  add_bytes(&b, data, n);
  return b;
}

#define ONE(dtype, shape, end)                                                                               \
  "{\"w\":{\"dtype\":\"" dtype "\",\"shape\":" shape ",\"data_offsets\":[0," end "]}}"

static void weights(void **state) {
  (void)state;
  static const float nan_pair[2] = {1, NAN}, pair[2] = {1, 2};
  static const uint16_t half[2] = {0x3C00, 0x7C00};
  bad(WEIGHTS, some("", 0), "it has 0 bytes");
  bad(WEIGHTS, some("\x05\0\0\0\0\0\0", 7), "it has 7 bytes");
  bad(WEIGHTS, weights_with("{}", 1 << 20, "", 0), "its header should have");
  bad(WEIGHTS, weights_with("[]", 0, "", 0), "no table");
  bad(WEIGHTS, weights_with("{\"w\":1}", 0, "", 0), "not described");
  bad(WEIGHTS, weights_with(ONE("F32", "[2]", "8"), 0, pair, 7), "outside of the file");
  bad(WEIGHTS, weights_with(ONE("F32", "[2]", "8"), 0, pair, 8 - 4), "outside of the file");
  bad(WEIGHTS, weights_with(ONE("F32", "[3]", "8"), 0, pair, 8), "another size than its shape");
  bad(WEIGHTS, weights_with(ONE("F32", "[-2]", "8"), 0, pair, 8), "has no size");
  bad(WEIGHTS, weights_with(ONE("F32", "[4611686018427387904,4]", "8"), 0, pair, 8), "larger than the file");
  bad(WEIGHTS, weights_with(ONE("F33", "[2]", "8"), 0, pair, 8), "a type that the format does not know");
  bad(WEIGHTS, weights_with(ONE("I32", "[2]", "8"), 0, pair, 8), "holds no real numbers");
  bad(WEIGHTS, weights_with(ONE("F32", "[2]", "8"), 0, nan_pair, 8), "is not finite");
  bad(WEIGHTS, weights_with(ONE("F16", "[2]", "4"), 0, half, 4), "is not finite");
  bad(WEIGHTS, weights_with(ONE("F32", "[2,0]", "0"), 0, pair, 0), "an axis of 0 elements");
  bad(WEIGHTS, weights_with(ONE("F32", "[1,1,1,1,1,2]", "8"), 0, pair, 8), "too many axes");
  bad(WEIGHTS,
      weights_with(
          "{\"__metadata__\":{\"sha256\":\"00\"},\"w\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]}}",
          0, pair, 8),
      "its checksum is not");
  DataFile other = put("weights.bin", "x", 1);
  bad_file(WEIGHTS, &other, DIAG_DATA_BROKEN, "ends in .safetensors or .npz");
  DataFile good = put("good.safetensors", "", 0);
  Bytes b = weights_with("{\"n\":{\"dtype\":\"I64\",\"shape\":[],\"data_offsets\":[0,8]},"
                         "\"w\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[8,10]}}",
                         0, "\x01\0\0\0\0\0\0\0\x80\x3F", 10);
  DataTable t;
  good = put("good.safetensors", b.at, b.n);
  assert_true(weights_read(&error, &good, &t));
  assert_int_equal(t.n, 1);
  assert_true(column_real(&t.at[0])[0] == 1);
  table_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(idx_headers),  WITH_FOLDER(idx_sizes),        WITH_FOLDER(idx_labels),
      WITH_FOLDER(npy_preludes), WITH_FOLDER(npy_dictionaries), WITH_FOLDER(npy_types_and_shapes),
      WITH_FOLDER(npz_files),    WITH_FOLDER(csv_files),        WITH_FOLDER(csv_sizes),
      WITH_FOLDER(png_files),    WITH_FOLDER(png_folders),      WITH_FOLDER(gz_files),
      WITH_FOLDER(weights),      WITH_FOLDER(not_files),        WITH_FOLDER(every_byte),
      WITH_FOLDER(enough),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
