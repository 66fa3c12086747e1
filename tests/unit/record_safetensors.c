/* The format of weights and checkpoints: round trip, and no damage goes unnoticed. */
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "runtime/record/safetensors.h"

static const float weights[6] = {0, 0.1f, -2, 3e-9f, 4, 5};
static const int64_t counters[3] = {5, 1, 77};
static const StTensor tensors[] = {
    {.name = "G.linear_1.weight", .dtype = "F32", .rank = 2, .dims = {2, 3}, .data = weights},
    {.name = "empty", .dtype = "F32", .rank = 2, .dims = {0, 4}, .data = NULL},
    {.name = "bias", .dtype = "F32", .rank = 1, .dims = {1}, .data = weights + 1},
    {.name = "progress", .dtype = "I64", .rank = 1, .dims = {3}, .data = counters},
    {.name = "scalar", .dtype = "F32", .rank = 0, .data = weights + 4},
};
static const StMeta meta[] = {{"train", "qgan \"x\"\n"}, {"epoch", "5"}};
static char path[64];

static int setup(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/qgn-st-%ld.safetensors", (long)getpid());
  return 0;
}

static int teardown(void **state) {
  (void)state;
  IoError e;
  return io_remove(path, &e) ? 0 : -1;
}

static IoData written(Arena *a) {
  IoError e;
  IoData data;
  assert_true(st_write(a, path, tensors, 5, meta, 2, &e));
  assert_true(io_read_file(a, path, 1 << 20, &data, &e));
  return data;
}

static void test_round_trip(void **state) {
  (void)state;
  Arena *a = arena_new();
  StFile f;
  written(a);
  assert_null(st_read(a, path, &f));
  assert_int_equal(f.tensors.n, 5);
  for (int i = 0; i < 5; i++) {
    const StTensor *t = st_find(&f, tensors[i].name);
    assert_non_null(t);
    assert_string_equal(t->dtype, tensors[i].dtype);
    assert_int_equal(t->rank, tensors[i].rank);
    size_t size = st_element(t->dtype);
    for (int k = 0; k < t->rank; k++) {
      assert_int_equal(t->dims[k], tensors[i].dims[k]);
      size *= (size_t)t->dims[k];
    }
    assert_int_equal(t->size, size);
    if (size) assert_memory_equal(t->data, tensors[i].data, size);
  }
  assert_string_equal(st_meta(&f, "train"), "qgan \"x\"\n");
  assert_non_null(st_meta(&f, "sha256"));
  assert_null(st_meta(&f, "nothing"));
  arena_free(a);
}

/* What Python's reader wants: an aligned data part, and every tensor aligned to its elements. */
static void test_aligned(void **state) {
  (void)state;
  Arena *a = arena_new();
  StFile f;
  IoData data = written(a);
  uint64_t header;
  memcpy(&header, data.bytes, 8);
  assert_int_equal(header % 8, 0);
  assert_int_equal(data.bytes[8], '{');
  assert_null(st_parse(a, data.bytes, data.size, &f));
  for (int i = 0; i < f.tensors.n; i++) {
    size_t at = (size_t)((const unsigned char *)f.tensors.at[i].data - data.bytes) - 8 - header;
    assert_int_equal(at % st_element(f.tensors.at[i].dtype), 0);
  }
  arena_free(a);
}

static void test_every_truncation(void **state) {
  (void)state;
  Arena *a = arena_new();
  IoData data = written(a);
  for (size_t n = 0; n < data.size; n++) {
    StFile f;
    unsigned char *copy = malloc(n ? n : 1); /* so that reading past the end is seen */
    memcpy(copy, data.bytes, n);
    assert_non_null(st_parse(a, copy, n, &f));
    assert_int_equal(f.tensors.n, 0);
    free(copy);
  }
  arena_free(a);
}

/* A flipped bit is found, or it stands where nothing depends on it (a name, a blank, a digest). */
static void test_every_flipped_byte(void **state) {
  (void)state;
  Arena *a = arena_new();
  IoData data = written(a);
  uint64_t header;
  memcpy(&header, data.bytes, 8);
  unsigned char *copy = malloc(data.size);
  for (size_t at = 0; at < data.size; at++)
    for (int bit = 0; bit < 8; bit++) {
      StFile f;
      memcpy(copy, data.bytes, data.size);
      copy[at] ^= (unsigned char)(1 << bit);
      const char *why = st_parse(a, copy, data.size, &f);
      if (at >= 8 + header) assert_non_null(why);
    }
  free(copy);
  arena_free(a);
}

/* A file with this header and `n` bytes of data. */
static const char *parse_header(Arena *a, const char *header, size_t n) {
  size_t len = strlen(header);
  unsigned char *file = arena_alloc(a, 8 + len + n);
  for (int i = 0; i < 8; i++) file[i] = (unsigned char)(len >> (8 * i) & 255);
  memcpy(file + 8, header, len);
  StFile f;
  return st_parse(a, file, 8 + len + n, &f);
}

static void test_damaged_headers(void **state) {
  (void)state;
  static const struct {
    const char *header;
    size_t n;
  } bad[] = {
      {"[]", 0},
      {"{", 0},
      {"{}", 4},
      {"{\"a\":1}", 0},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4},
      {"{\"a\":{\"dtype\":\"F99\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":1,\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[-1],\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1.0],\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,8]}}", 8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,0]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[-4,0]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,8]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 3},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 5},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}", 8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"more\":0}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[4194305,4194305,211106198978564],\"data_offsets\":[0,16]}}", 16},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[99999999999999999999],\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1,1,1,1,1,1,1,1,1],\"data_offsets\":[0,4]}}", 4},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
       8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[2],\"data_offsets\":[0,8]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[4,8]}}",
       8},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[8,12]}}",
       12},
      {"{\"__metadata__\":{\"a\":1}}", 0},
      {"{\"__metadata__\":[]}", 0},
      {"{\"__metadata__\":{\"sha256\":\"00\"}}", 0},
      {"{\"a\":{\"dtype\":\"F32\",\"shape\":[NaN],\"data_offsets\":[0,4]}}", 4},
      {"{\"\xff\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4},
  };
  Arena *a = arena_new();
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
    if (!parse_header(a, bad[i].header, bad[i].n)) fail_msg("was accepted: %s", bad[i].header);
  /* the sound ones beside them */
  assert_null(parse_header(a, "{}", 0));
  assert_null(parse_header(a, "{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4));
  assert_null(parse_header(
      a,
      "{\"a\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[0,0]},\"b\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}",
      4));
  arena_free(a);
}

static void test_deep_and_long_headers(void **state) {
  (void)state;
  Arena *a = arena_new();
  char *deep = arena_alloc(a, 20002);
  deep[0] = '{';
  memset(deep + 1, '[', 20000);
  assert_non_null(parse_header(a, deep, 0));
  unsigned char huge[16] = {0, 0, 0, 0, 0, 0, 0, 0x80, '{', '}'};
  StFile f;
  assert_non_null(st_parse(a, huge, sizeof huge, &f));
  memset(huge, 0xff, 8);
  assert_non_null(st_parse(a, huge, sizeof huge, &f));
  memset(huge, 0, 8);
  assert_non_null(st_parse(a, huge, sizeof huge, &f));
  arena_free(a);
}

static void test_failed_write_keeps_the_old(void **state) {
  (void)state;
  Arena *a = arena_new();
  IoData before = written(a), after;
  IoError e;
  for (uint64_t n = 1; n < 40; n++) {
    io_fail_after(n, 28 /* ENOSPC */);
    bool ok = st_write(a, path, tensors, 2, meta, 2, &e);
    io_fail_after(0, 0);
    if (ok) break;
    assert_true(n < 30);
    StFile f;
    assert_null(st_read(a, path, &f)); /* the old file or, after the rename, the new one */
    assert_true(f.tensors.n == 5 || f.tensors.n == 2);
  }
  assert_true(st_write(a, path, tensors, 5, meta, 2, &e));
  assert_true(io_read_file(a, path, 1 << 20, &after, &e));
  assert_int_equal(after.size, before.size);
  assert_memory_equal(after.bytes, before.bytes, before.size);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_round_trip),
      cmocka_unit_test(test_aligned),
      cmocka_unit_test(test_every_truncation),
      cmocka_unit_test(test_every_flipped_byte),
      cmocka_unit_test(test_damaged_headers),
      cmocka_unit_test(test_deep_and_long_headers),
      cmocka_unit_test(test_failed_write_keeps_the_old),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
