/* What the tests of data files share: a folder of their own, bytes written to it, errors looked at. */
#ifndef QGN_DATA_MOCK_H
#define QGN_DATA_MOCK_H
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <zlib.h>
#include <cmocka.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "runtime/data/table.h"

static Arena *a;
static DataError error;
static char folder[64];

static inline int mock_set_up(void **state) {
  (void)state;
  a = arena_new();
  error = (DataError){.arena = a};
  snprintf(folder, sizeof folder, "/tmp/qgn-data-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static inline int mock_tear_down(void **state) {
  (void)state;
  arena_free(a);
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

/* Small ones are also kept in the folder QGN_KEEP_FILES, where the fuzzing of readers begins with them. */
static inline void keep_file(const void *bytes, size_t size) {
  static int n_kept;
  const char *keep = getenv("QGN_KEEP_FILES");
  IoError io;
  if (keep == NULL || size > 1024) return;
  const char *path = arena_printf(a, "%s/%d-%d", keep, (int)getpid(), n_kept++);
  if (!io_write_quick(path, bytes, size, &io)) fail_msg("%s", io_message(a, &io));
}

static inline DataFile put(const char *name, const void *bytes, size_t size) {
  IoError io;
  const char *path = arena_printf(a, "%s/%s", folder, name);
  keep_file(bytes, size);
  if (!io_write_quick(path, bytes, size, &io)) fail_msg("%s", io_message(a, &io));
  return (DataFile){path, name};
}

static inline void must(bool ok) {
  if (!ok) fail_msg("%s: %s", error.text, error.found ? error.found : "");
}

/* Bytes that grow. */
typedef struct Bytes {
  unsigned char *at;
  size_t n, cap;
} Bytes;

static inline void add_bytes(Bytes *b, const void *p, size_t n) {
  if (b->n + n > b->cap) {
    size_t cap = 2 * (b->n + n) + 64;
    b->at = arena_grow(a, b->at, b->n, cap);
    b->cap = cap;
  }
  if (n > 0) memcpy(b->at + b->n, p, n);
  b->n += n;
}

static inline void add_zeros(Bytes *b, size_t n) { add_bytes(b, arena_alloc(a, n + 1), n); }

static inline void add_big32(Bytes *b, uint32_t v) {
  unsigned char p[4] = {(unsigned char)(v >> 24), (unsigned char)(v >> 16), (unsigned char)(v >> 8),
                        (unsigned char)v};
  add_bytes(b, p, 4);
}

static inline void add_little(Bytes *b, uint64_t v, int n) {
  for (int k = 0; k < n; k++) add_bytes(b, &(unsigned char){(unsigned char)(k < 8 ? v >> 8 * k : 0)}, 1);
}

/* An IDX header. */
static inline Bytes idx_bytes(unsigned type, int axes, const uint32_t *dims) {
  Bytes b = {0};
  add_bytes(&b, (unsigned char[]){0, 0, (unsigned char)type, (unsigned char)axes}, 4);
  for (int k = 0; k < axes; k++) add_big32(&b, dims[k]);
  return b;
}

/* A .npy header, padded as numpy does. */
static inline Bytes npy_bytes(int version, const char *dictionary) {
  Bytes b = {0};
  size_t start = version == 1 ? 10 : 12, n = strlen(dictionary), pad = 63 - (start + n) % 64;
  add_bytes(&b, "\x93NUMPY", 6);
  add_bytes(&b, (unsigned char[]){(unsigned char)version, 0}, 2);
  add_little(&b, n + pad + 1, version == 1 ? 2 : 4);
  add_bytes(&b, dictionary, n);
  for (size_t k = 0; k < pad; k++) add_bytes(&b, " ", 1);
  add_bytes(&b, "\n", 1);
  return b;
}

/* One gzip member. */
static inline Bytes gz_bytes(const void *bytes, size_t n) {
  z_stream z = {0};
  Bytes b = {0};
  assert_int_equal(deflateInit2(&z, 9, Z_DEFLATED, 15 + 16, 9, Z_DEFAULT_STRATEGY), Z_OK);
  size_t cap = deflateBound(&z, n) + 64;
  add_zeros(&b, cap);
  z.next_in = (Bytef *)bytes;
  z.avail_in = (uInt)n;
  z.next_out = b.at;
  z.avail_out = (uInt)cap;
  assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
  b.n = z.total_out;
  deflateEnd(&z);
  return b;
}

/* A zip file of stored members. */
typedef struct ZipMember {
  const char *name;
  Bytes bytes;
} ZipMember;

static inline Bytes zip_bytes(const ZipMember *m, int n) {
  Bytes b = {0}, directory = {0};
  for (int k = 0; k < n; k++) {
    size_t local = b.n, name = strlen(m[k].name);
    uint32_t crc = (uint32_t)crc32_z(0, m[k].bytes.at, m[k].bytes.n);
    for (int where = 0; where < 2; where++) {
      Bytes *to = where ? &directory : &b;
      add_little(to, where ? 0x02014b50 : 0x04034b50, 4);
      if (where) add_little(to, 20, 2);
      add_little(to, 20, 2);
      add_little(to, 0, 8); /* flags, method, time, date */
      add_little(to, crc, 4);
      add_little(to, m[k].bytes.n, 4);
      add_little(to, m[k].bytes.n, 4);
      add_little(to, name, 2);
      add_little(to, 0, 2);
      if (where) {
        add_little(to, 0, 10);
        add_little(to, local, 4);
      }
      add_bytes(to, m[k].name, name);
    }
    add_bytes(&b, m[k].bytes.at, m[k].bytes.n);
  }
  size_t begin = b.n;
  add_bytes(&b, directory.at, directory.n);
  add_little(&b, 0x06054b50, 4);
  add_little(&b, 0, 4);
  add_little(&b, (uint64_t)n, 2);
  add_little(&b, (uint64_t)n, 2);
  add_little(&b, directory.n, 4);
  add_little(&b, begin, 4);
  add_little(&b, 0, 2);
  return b;
}

/* A chunk of a PNG with its right checksum. */
static inline void add_chunk(Bytes *b, const char *type, const void *data, size_t n) {
  Bytes c = {0};
  add_bytes(&c, type, 4);
  add_bytes(&c, data, n);
  add_big32(b, (uint32_t)n);
  add_bytes(b, c.at, c.n);
  add_big32(b, (uint32_t)crc32_z(0, c.at, c.n));
}

static inline void add_ihdr(Bytes *b, uint32_t w, uint32_t h, int depth, int color, int interlace) {
  Bytes c = {0};
  add_bytes(b, "\x89PNG\r\n\x1a\n", 8);
  add_big32(&c, w);
  add_big32(&c, h);
  add_bytes(&c, (unsigned char[]){(unsigned char)depth, (unsigned char)color, 0, 0, (unsigned char)interlace},
            5);
  add_chunk(b, "IHDR", c.at, c.n);
}

static inline void add_idat(Bytes *b, const void *raw, size_t n) {
  uLongf size = compressBound(n);
  unsigned char *packed = arena_alloc(a, size);
  assert_int_equal(compress2(packed, &size, raw, n, 9), Z_OK);
  add_chunk(b, "IDAT", packed, size);
}

/* A whole image: raw holds the rows, each with its filter byte. */
static inline Bytes png_bytes(uint32_t w, uint32_t h, int depth, int color, const void *raw, size_t n) {
  Bytes b = {0};
  add_ihdr(&b, w, h, depth, color, 0);
  add_idat(&b, raw, n);
  add_chunk(&b, "IEND", NULL, 0);
  return b;
}

/* Processor time of this program, so that other programs do not count. */
static inline double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, mock_set_up, mock_tear_down)
#endif
