/* What the fuzzers of data files share: a table is whole or there is an error, and nothing stays behind.
 * Built with -fsanitize=fuzzer and -DLIBFUZZER they search; without, they replay the files named on the
 * command line. Every input is one byte that chooses, then the file. */
#ifndef QGN_DATA_FUZZ_H
#define QGN_DATA_FUZZ_H
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "lang/base/mem.h"
#include "runtime/data/table.h"
#include "tests/fuzz/replay.h"

static inline void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "data: %s\n", what);
  abort();
}

static inline uint32_t little(const uint8_t *p, int n) {
  uint32_t v = 0;
  for (int k = 0; k < n; k++) v |= (uint32_t)p[k] << 8 * k;
  return v;
}

static inline void put_little(uint8_t *p, uint32_t v, int n) {
  for (int k = 0; k < n; k++) p[k] = (uint8_t)(v >> 8 * k);
}

static inline void put_big32(uint8_t *p, uint32_t v) {
  for (int k = 0; k < 4; k++) p[k] = (uint8_t)(v >> 8 * (3 - k));
}

/* What zlib itself makes of raw deflated bytes: the number that it unpacks, or SIZE_MAX. */
static inline size_t inflate_plain(const uint8_t *bytes, size_t size, uint8_t *out, size_t cap,
                                   size_t *used) {
  z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)cap};
  require(inflateInit2(&z, -15) == Z_OK, "zlib does not start");
  bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END;
  size_t n = z.total_out;
  *used = size - z.avail_in;
  inflateEnd(&z);
  return whole ? n : SIZE_MAX;
}

/* The bytes in a block of their own. */
static inline DataBlock fuzz_block(DataError *e, const uint8_t *bytes, size_t size) {
  DataBlock b;
  require(data_block(e, "fuzz", size, &b), "no memory for the input");
  if (size > 0) memcpy(b.at, bytes, size);
  return b;
}

static inline void check_table(const DataError *e, bool ok, DataTable *t, size_t size) {
  if (!ok) require(e->text && diag_info[e->code].exit_code == 3 && t->n == 0, "an error without a text");
  for (int k = 0; k < t->n; k++) {
    const DataColumn *c = &t->at[k];
    size_t elements = (size_t)t->rows * c->row_size;
    require(t->rows > 0 && c->row_size > 0, "an empty column");
    require(c->block.size == elements * data_elem_bytes(c->elem), "a column of a wrong size");
    require(elements <= size || size == 0, "more elements than bytes");
    for (size_t i = 0; i < elements; i++) {
      double v = column_value(c, (int64_t)(i / c->row_size), i % c->row_size);
      require(isfinite(v), "a number that is not finite");
      require(c->elem != DATA_LABEL || (v >= 0 && v < c->n_classes), "a label without a class");
    }
  }
  table_free(t);
  require(mem_live_bytes() == 0, "memory that stays behind");
}

/* A reader: the first byte of the input, the file, which it may take over. */
typedef bool FuzzReader(DataError *e, uint8_t choice, DataBlock *file, DataTable *out);

/* One input; the table has at most `most` elements, 0: any number. */
static inline int fuzz_table(const uint8_t *bytes, size_t size, size_t most, FuzzReader *read) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataTable t;
  DataBlock b = fuzz_block(&e, bytes + 1, size - 1);
  const bool ok = read(&e, bytes[0], &b, &t);
  data_block_free(&b);
  check_table(&e, ok, &t, most);
  arena_free(a);
  return 0;
}

#ifndef LIBFUZZER
int main(int argc, char **argv) { return replay(argc, argv); }
#endif
#endif
