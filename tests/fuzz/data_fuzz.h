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

#ifndef LIBFUZZER
int main(int argc, char **argv) { return replay(argc, argv); }
#endif
#endif
