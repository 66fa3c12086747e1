/* Any bytes as a .safetensors file of weights. The first one: 1 makes the length of the header that up to the
 * last `}`, 2 puts the right checksum into the header's "sha256". */
#include "data_fuzz.h"
#include "lang/base/io.h"
#include "runtime/record/safetensors.h"

/* The length of the header, which ends with the last `}`. */
static size_t header_size(const uint8_t *p, size_t size) {
  size_t n = size;
  while (n > 8 && p[n - 1] != '}') n--;
  return n > 8 ? n - 8 : 0;
}

static void repair_checksum(uint8_t *p, size_t header, size_t size) {
  static const char key[] = "\"sha256\":\"";
  char sum[65];
  for (size_t at = 8; at + sizeof key - 1 + 64 <= 8 + header; at++) {
    if (memcmp(p + at, key, sizeof key - 1) != 0) continue;
    io_sha256(p + 8 + header, size - 8 - header, sum);
    memcpy(p + at + sizeof key - 1, sum, 64);
    return;
  }
}

static bool read_safetensors(DataError *e, uint8_t choice, DataBlock *file, DataTable *t) {
  if (file->size > 8) {
    const size_t header = header_size(file->at, file->size);
    if (choice & 1) put_little(file->at + 4, 0, 4);
    if (choice & 1) put_little(file->at, (uint32_t)header, 4);
    if (choice & 2) repair_checksum(file->at, header, file->size);
  }
  return weights_parse(e, "fuzz.safetensors", file->at, file->size, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  return fuzz_table(bytes, size, size, read_safetensors);
}
