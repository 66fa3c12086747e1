/* What good files give: every format, its element types, and MNIST where it is. */
#include "data_mock.h"
#include "runtime/data/glyphs.h"

static DataTable t;

static int tear_down_table(void **state) {
  table_free(&t);
  return mock_tear_down(state);
}

static void check_column(const DataColumn *c, const double *want, size_t n) {
  for (size_t k = 0; k < n; k++)
    assert_float_equal(column_value(c, (int64_t)(k / c->row_size), k % c->row_size), want[k], 0);
}

static void idx_types(void **state) {
  (void)state;
  static const struct {
    unsigned type;
    const char *bytes;
    size_t size;
    double want[2];
  } rows[] = {
      {0x08, "\x05\xff", 2, {5, 255}},
      {0x09, "\x05\xff", 2, {5, -1}},
      {0x0B, "\x01\x02\xff\xfe", 4, {258, -2}},
      {0x0C, "\x00\x01\x00\x00\xff\xff\xff\xfd", 8, {65536, -3}},
      {0x0D, "\x3f\xc0\x00\x00\xc0\x00\x00\x00", 8, {1.5, -2}},
      {0x0E, "\x3f\xf8\x00\x00\x00\x00\x00\x00\xc0\x00\x00\x00\x00\x00\x00\x00", 16, {1.5, -2}},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++) {
    Bytes b = idx_bytes(rows[k].type, 1, (uint32_t[]){2});
    add_bytes(&b, rows[k].bytes, rows[k].size);
    DataFile f = put("x", b.at, b.n);
    DataHead h;
    must(idx_head(&error, &f, &h));
    must(idx_read(&error, &f, NULL, 0, &t));
    assert_int_equal(h.rows, 2);
    assert_int_equal(t.rows, 2);
    assert_int_equal(t.at[0].elem, rows[k].type == 8 ? DATA_U8 : DATA_REAL);
    assert_int_equal(h.elem, t.at[0].elem);
    check_column(&t.at[0], rows[k].want, 2);
    table_free(&t);
  }
}

static void idx_with_labels(void **state) {
  (void)state;
  Bytes b = idx_bytes(8, 3, (uint32_t[]){3, 2, 2}), l = idx_bytes(8, 1, (uint32_t[]){3});
  add_bytes(&b, "abcdefghijkl", 12);
  add_bytes(&l, "\x02\x00\x04", 3);
  Bytes packed = gz_bytes(b.at, b.n);
  DataFile images = put("x.gz", packed.at, packed.n), labels = put("y", l.at, l.n);
  must(idx_read(&error, &images, &labels, 0, &t));
  assert_int_equal(t.n, 2);
  assert_int_equal(t.at[0].rank, 2);
  assert_int_equal(t.at[0].dims[1], 2);
  check_column(&t.at[0], (double[]){'a', 'b', 'c', 'd', 'e'}, 5);
  assert_int_equal(column_label(&t.at[1])[2], 4);
  assert_int_equal(t.at[1].n_classes, 5);
  assert_string_equal(t.at[1].classes[4], "4");
  assert_true(table_bytes(&t) <= 2 * (b.n + l.n) + 64);
  table_free(&t);
  DataHead h;
  must(idx_head(&error, &images, &h));
  assert_int_equal(h.rank, 2);
  must(idx_read(&error, &images, &labels, 10, &t));
  assert_int_equal(t.at[1].n_classes, 10);
}

static void npy_types(void **state) {
  (void)state;
  static const struct {
    const char *descr, *bytes;
    size_t size;
    double want[2];
  } rows[] = {
      {"|u1", "\x05\xff", 2, {5, 255}},
      {"|b1", "\x01\x00", 2, {1, 0}},
      {"|i1", "\x05\xff", 2, {5, -1}},
      {"<i2", "\x02\x01\xfe\xff", 4, {258, -2}},
      {">i2", "\x01\x02\xff\xfe", 4, {258, -2}},
      {"<u2", "\x02\x01\xfe\xff", 4, {258, 65534}},
      {"<i4", "\x02\x01\x00\x00\xfe\xff\xff\xff", 8, {258, -2}},
      {"<i8", "\x02\x01\x00\x00\x00\x00\x00\x00\xfe\xff\xff\xff\xff\xff\xff\xff", 16, {258, -2}},
      {"<u8", "\x02\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00", 16, {258, 4294967296}},
      {"<f2", "\x00\x3e\x01\x80", 4, {1.5, -0x1p-24}},
      {"<f4", "\x00\x00\xc0\x3f\x00\x00\x00\xc0", 8, {1.5, -2}},
      {">f4", "\x3f\xc0\x00\x00\xc0\x00\x00\x00", 8, {1.5, -2}},
      {"<f8", "\x00\x00\x00\x00\x00\x00\xf8\x3f\x00\x00\x00\x00\x00\x00\x00\xc0", 16, {1.5, -2}},
  };
  for (size_t k = 0; k < sizeof rows / sizeof *rows; k++)
    for (int version = 1; version <= 3; version++) {
      const char *dictionary =
          arena_printf(a, "{'descr': '%s', 'fortran_order': False, 'shape': (2,), }", rows[k].descr);
      Bytes b = npy_bytes(version, dictionary);
      add_bytes(&b, rows[k].bytes, rows[k].size);
      DataFile f = put("x.npy", b.at, b.n);
      DataHead h;
      must(npy_head(&error, &f, &h));
      must(npy_read(&error, &f, "x", &t));
      assert_int_equal(h.rows, 2);
      assert_int_equal(h.elem, t.at[0].elem);
      check_column(&t.at[0], rows[k].want, 2);
      table_free(&t);
    }
}

static void npy_fortran(void **state) {
  (void)state;
  Bytes b = npy_bytes(1, "{\"shape\": (2, 3, 2), 'descr': '|u1', 'fortran_order': True}");
  unsigned char memory[12];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 2; k++) memory[i + 2 * (j + 3 * k)] = (unsigned char)(100 * i + 10 * j + k);
  add_bytes(&b, memory, 12);
  DataFile f = put("x.npy", b.at, b.n);
  must(npy_read(&error, &f, "x", &t));
  assert_int_equal(t.at[0].dims[0], 3);
  check_column(&t.at[0], (double[]){0, 1, 10, 11, 20, 21, 100, 101, 110, 111, 120, 121}, 12);
}

static void npz_members(void **state) {
  (void)state;
  Bytes x = npy_bytes(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}");
  Bytes y = npy_bytes(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}");
  add_bytes(&x, "abcdef", 6);
  add_bytes(&y, "\x03\x00\x01\x00", 4);
  Bytes zip = zip_bytes((ZipMember[]){{"x.npy", x}, {"y.npy", y}}, 2);
  DataFile f = put("x.npz", zip.at, zip.n);
  must(npz_read(&error, &f, &t));
  assert_int_equal(t.n, 2);
  assert_non_null(table_column(&t, "x"));
  check_column(table_column(&t, "y"), (double[]){3, 1}, 2);
  must(column_to_labels(&error, "y", table_column(&t, "y"), t.rows, 0));
  assert_int_equal(table_column(&t, "y")->n_classes, 4);
}

/* As Keras keeps MNIST: arrays of different numbers of rows, of which those that belong together are picked.
 */
static void npz_picked(void **state) {
  (void)state;
  Bytes x = npy_bytes(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (2, 3)}");
  Bytes y = npy_bytes(1, "{'descr': '<i2', 'fortran_order': False, 'shape': (2,)}");
  Bytes other = npy_bytes(1, "{'descr': '|u1', 'fortran_order': False, 'shape': (3,)}");
  add_bytes(&x, "abcdef", 6);
  add_bytes(&y, "\x03\x00\x01\x00", 4);
  add_bytes(&other, "xyz", 3);
  Bytes zip = zip_bytes((ZipMember[]){{"x_train.npy", x}, {"x_test.npy", other}, {"y_train.npy", y}}, 3);
  DataFile f = put("x.npz", zip.at, zip.n);
  assert_false(npz_read(&error, &f, &t));
  must(npz_pick(&error, &f, (NpzPick[]){{"label", "y_train"}, {"image", "x_train"}}, 2, &t));
  assert_int_equal(t.n, 2);
  assert_int_equal(t.rows, 2);
  check_column(table_column(&t, "image"), (double[]){'a', 'b', 'c', 'd', 'e', 'f'}, 6);
  check_column(table_column(&t, "label"), (double[]){3, 1}, 2);
  table_free(&t);
  assert_false(npz_pick(&error, &f, (NpzPick[]){{"label", "y_trian"}}, 1, &t));
  assert_string_equal(error.text, "`x.npz` has no array `y_trian`");
  assert_string_equal(error.help, "`y_train`?");
  assert_string_equal(error.found, "`x_train`, `x_test`, `y_train`");
}

static void csv_with_header(void **state) {
  (void)state;
  const char *text =
      "\xEF\xBB\xBFwidth,\"petal, length\", kind \r\n1.5,2e-1, virginica\n\n-3,4,\"se\"\"tosa\"\n"
      "0.25,7,\"two\nlines\"\n1,1,virginica";
  DataFile f = put("x.csv", text, strlen(text));
  must(csv_read(&error, &f, &(CsvOptions){.header = true}, &t));
  assert_int_equal(t.rows, 4);
  assert_int_equal(t.n, 3);
  assert_string_equal(t.at[1].name, "petal, length");
  check_column(&t.at[0], (double[]){1.5, -3, 0.25, 1}, 4);
  check_column(&t.at[2], (double[]){2, 0, 1, 2}, 4);
  assert_int_equal(t.at[2].n_classes, 3);
  assert_string_equal(t.at[2].classes[0], "se\"tosa");
  table_free(&t);
  const CsvColumn columns[] = {
      {.as = "x", .from = (const char *const[]){"petal, length", "width"}, .n = 2, .vector = true},
      {.as = "label", .from = (const char *const[]){"kind"}, .n = 1, .kind = CSV_LABEL}};
  must(csv_read(&error, &f, &(CsvOptions){.header = true, .columns = columns, .n = 2}, &t));
  assert_int_equal(t.n, 2);
  assert_int_equal(t.at[0].rank, 1);
  check_column(&t.at[0], (double[]){0.2, 1.5, 4, -3, 7, 0.25, 1, 1}, 8);
}

static void csv_missing_and_numbers(void **state) {
  (void)state;
  const char *text = "1;2;3\n?;2;7\n4;;0\n7;8;1\n";
  DataFile f = put("x.csv", text, strlen(text));
  const CsvColumn columns[] = {
      {.as = "x", .from = (const char *const[]){"1"}, .n = 1},
      {.as = "label", .from = (const char *const[]){"2"}, .n = 1, .kind = CSV_LABEL}};
  CsvOptions o = {.separator = ';', .missing = CSV_DROP, .columns = columns, .n = 2};
  must(csv_read(&error, &f, &o, &t));
  assert_int_equal(t.rows, 3);
  assert_int_equal(t.dropped, 1);
  check_column(&t.at[0], (double[]){2, 2, 8}, 3);
  check_column(&t.at[1], (double[]){3, 7, 1}, 3);
  assert_int_equal(t.at[1].n_classes, 8);
}

static void png_kinds(void **state) {
  (void)state;
  DataHead h;
  DataBlock b;
  Bytes grey = png_bytes(3, 2, 8, 0, "\0abc\0def", 8);
  must(png_parse(&error, "x", grey.at, grey.n, &h, &b));
  assert_int_equal(h.rank, 2);
  assert_int_equal(h.dims[0], 2);
  assert_memory_equal(b.at, "abcdef", 6);
  data_block_free(&b);
  Bytes deep = png_bytes(1, 1, 16, 0, "\0\x12\x34", 3);
  must(png_parse(&error, "x", deep.at, deep.n, &h, &b));
  assert_int_equal(b.at[0], 0x12);
  data_block_free(&b);
  Bytes bits = png_bytes(9, 1, 1, 0, "\0\xA0\x80", 3);
  must(png_parse(&error, "x", bits.at, bits.n, &h, &b));
  assert_memory_equal(b.at, "\xff\0\xff\0\0\0\0\0\xff", 9);
  data_block_free(&b);
  Bytes opaque = png_bytes(1, 1, 8, 6, "\0rgb\xff", 5);
  must(png_parse(&error, "x", opaque.at, opaque.n, &h, &b));
  assert_int_equal(h.dims[2], 3);
  assert_memory_equal(b.at, "rgb", 3);
  data_block_free(&b);
}

static void png_folder(void **state) {
  (void)state;
  static const char *const names[] = {"cat/1.png", "cat/2.png", "ant/7.png"};
  IoError io;
  for (int k = 0; k < 3; k++) {
    assert_true(io_make_folder(arena_printf(a, "%s/d/%s", folder, k < 2 ? "cat" : "ant"), &io));
    Bytes b = png_bytes(2, 1, 8, 0, (char[]){0, (char)(10 * k), 1}, 3);
    put(arena_printf(a, "d/%s", names[k]), b.at, b.n);
  }
  put("d/.hidden", "x", 1);
  DataFile f = {arena_printf(a, "%s/d", folder), "d"};
  must(png_read(&error, &f, &t));
  assert_int_equal(t.rows, 3);
  check_column(&t.at[0], (double[]){20, 1, 0, 1, 10, 1}, 6);
  check_column(&t.at[1], (double[]){0, 1, 1}, 3);
  assert_string_equal(t.at[1].classes[1], "cat");
}

static void gz_members_and_head(void **state) {
  (void)state;
  char text[5000];
  for (size_t k = 0; k < sizeof text; k++) text[k] = (char)(k * k >> 3);
  Bytes one = gz_bytes(text, sizeof text), none = gz_bytes("", 0), all = {0};
  add_bytes(&all, one.at, one.n);
  add_bytes(&all, none.at, none.n);
  add_bytes(&all, one.at, one.n);
  DataBlock b;
  must(gz_inflate(&error, "x", all.at, all.n, &b));
  assert_int_equal(b.size, 2 * sizeof text);
  assert_memory_equal(b.at, text, sizeof text);
  assert_memory_equal(b.at + sizeof text, text, sizeof text);
  data_block_free(&b);
  char head[100];
  size_t got;
  must(gz_head(&error, "x", one.at, one.n - 30, head, sizeof head, &got));
  assert_int_equal(got, sizeof head);
  assert_memory_equal(head, text, sizeof head);
  must(gz_head(&error, "x", none.at, none.n, head, sizeof head, &got));
  assert_int_equal(got, 0);
  Bytes short_one = gz_bytes("ab", 2), both = {0}; /* a head goes on into the next member */
  add_bytes(&both, short_one.at, short_one.n);
  add_bytes(&both, short_one.at, short_one.n);
  must(gz_head(&error, "x", both.at, both.n, head, 3, &got));
  assert_int_equal(got, 3);
  assert_memory_equal(head, "aba", 3);
  must(gz_head(&error, "x", both.at, both.n, head, sizeof head, &got));
  assert_int_equal(got, 4);
  char *large = arena_alloc(a, 3000000);
  Bytes zeros = gz_bytes(large, 3000000);
  must(gz_inflate(&error, "x", zeros.at, zeros.n, &b));
  assert_int_equal(b.size, 3000000);
  data_block_free(&b);
}

static void counts(void **state) {
  (void)state;
  assert_string_equal(data_count(a, 0), "0");
  assert_string_equal(data_count(a, 9999), "9999");
  assert_string_equal(data_count(a, 47040016), "47 040 016");
  assert_string_equal(data_count(a, UINT64_MAX), "18 446 744 073 709 551 615");
}

/* The three large blocks of an unpacked file: its bytes, what they give, and the column of reals. */
static void memory_runs_out(void **state) {
  (void)state;
  Bytes b = idx_bytes(0x09, 2, (uint32_t[]){100, 100});
  add_zeros(&b, 10000);
  Bytes packed = gz_bytes(b.at, b.n);
  DataFile f = put("x.gz", packed.at, packed.n);
  uint64_t before = mem_calls(), live = mem_live_bytes();
  must(idx_read(&error, &f, NULL, 0, &t));
  table_free(&t);
  uint64_t calls[] = {1, 2, mem_calls() - before};
  for (int k = 0; k < 3; k++) {
    mem_fail_after(calls[k], 0);
    assert_false(idx_read(&error, &f, NULL, 0, &t));
    mem_fail_after(0, 0);
    assert_int_equal(error.code, DIAG_TOO_LARGE);
    assert_int_equal(mem_live_bytes(), live);
  }
}

static void mnist(void **state) {
  (void)state;
  const char *root = getenv("QGN_DATA");
  const char *path = arena_printf(a, "%s/mnist/train-images-idx3-ubyte.gz", root ? root : "");
  if (!root || !io_exists(path)) skip();
  DataFile images = {path, "mnist/train-images-idx3-ubyte.gz"};
  DataFile labels = {arena_printf(a, "%s/mnist/train-labels-idx1-ubyte.gz", root),
                     "mnist/train-labels-idx1-ubyte.gz"};
  double best = 1e9;
  for (int k = 0; k < 3; k++) {
    table_free(&t);
    double start = seconds();
    must(idx_read(&error, &images, &labels, 0, &t));
    double took = seconds() - start;
    if (took < best) best = took;
  }
  print_message("# 60 000 images in %.3f s\n", best);
#ifndef QGN_SANITIZED
  assert_true(best < 0.3);
#endif
  assert_int_equal(t.rows, 60000);
  assert_int_equal(t.at[0].row_size, 784);
  assert_int_equal(t.at[1].n_classes, 10);
  static const int first[] = {5, 0, 4, 1, 9, 2, 1, 3, 1, 4};
  for (int k = 0; k < 10; k++) assert_int_equal(column_label(&t.at[1])[k], first[k]);
  uint64_t sum = 0;
  for (size_t k = 0; k < t.at[0].block.size; k++) sum += column_u8(&t.at[0])[k];
  double mean = (double)sum / (60000.0 * 784 * 255);
  assert_true(mean > 0.13065 && mean < 0.13067);
  DataHead h;
  must(idx_head(&error, &images, &h));
  assert_int_equal(h.rows, 60000);
  assert_int_equal(h.dims[1], 28);
}

#define WITH_TABLE(test) cmocka_unit_test_setup_teardown(test, mock_set_up, tear_down_table)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_TABLE(idx_types),           WITH_TABLE(idx_with_labels),
      WITH_TABLE(npy_types),           WITH_TABLE(npy_fortran),
      WITH_TABLE(npz_members),         WITH_TABLE(npz_picked),
      WITH_TABLE(csv_with_header),     WITH_TABLE(csv_missing_and_numbers),
      WITH_TABLE(png_kinds),           WITH_TABLE(png_folder),
      WITH_TABLE(gz_members_and_head), WITH_TABLE(counts),
      WITH_TABLE(memory_runs_out),     WITH_TABLE(mnist),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
