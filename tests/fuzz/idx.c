/* Any bytes as an IDX file; the first one says whether it is read as labels, and of how many classes. */
#include "data_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataTable t;
  DataBlock b = fuzz_block(&e, bytes + 1, size - 1);
  bool ok = idx_parse(&e, "fuzz", &b, "image", &t);
  require(!b.base, "the input was not taken over");
  if (ok && bytes[0] & 1 &&
      !column_to_labels(&e, "fuzz", t.at, t.rows, size % 8 == 0 ? 0 : 1 + bytes[0] / 2)) {
    ok = false;
    table_free(&t);
  }
  check_table(&e, ok, &t, size);
  arena_free(a);
  return 0;
}
