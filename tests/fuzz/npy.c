/* Any bytes as a .npy file. */
#include "data_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataTable t;
  DataBlock b = fuzz_block(&e, bytes + 1, size - 1);
  bool ok = npy_parse(&e, "fuzz", &b, "x", &t);
  require(!b.base, "the input was not taken over");
  check_table(&e, ok, &t, size);
  arena_free(a);
  return 0;
}
