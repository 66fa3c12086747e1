/* Any bytes as a table of text; the first one chooses header, separator, what happens to missing values. */
#include "data_fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataTable t;
  CsvColumn label = {.as = "label", .from = (const char *const[]){"1"}, .n = 1, .kind = CSV_LABEL};
  CsvOptions o = {.header = bytes[0] & 1,
                  .missing = bytes[0] & 2 ? CSV_DROP : CSV_REFUSE,
                  .separator = bytes[0] & 4 ? ';' : '\0',
                  .columns = bytes[0] & 8 ? &label : NULL,
                  .n = 1};
  bool ok = csv_parse(&e, "fuzz", bytes + 1, size - 1, &o, &t);
  check_table(&e, ok, &t, size);
  arena_free(a);
  return 0;
}
