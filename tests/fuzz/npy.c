/* Any bytes as a .npy file. */
#include "data_fuzz.h"

static bool read_npy(DataError *e, uint8_t choice, DataBlock *file, DataTable *t) {
  (void)choice;
  const bool ok = npy_parse(e, "fuzz", file, "x", t);
  require(!file->base, "the input was not taken over");
  return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  return fuzz_table(bytes, size, size, read_npy);
}
