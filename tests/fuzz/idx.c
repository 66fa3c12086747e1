/* Any bytes as an IDX file; the first one says whether it is read as labels, and of how many classes. */
#include "data_fuzz.h"

static bool read_idx(DataError *e, uint8_t choice, DataBlock *file, DataTable *t) {
  const size_t size = file->size;
  const bool ok = idx_parse(e, "fuzz", file, "image", t);
  require(!file->base, "the input was not taken over");
  if (!ok || !(choice & 1) || column_to_labels(e, "fuzz", t->at, t->rows, size % 8 == 7 ? 0 : 1 + choice / 2))
    return ok;
  table_free(t);
  return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  return fuzz_table(bytes, size, size, read_idx);
}
