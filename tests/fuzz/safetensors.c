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

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataTable t;
  DataBlock b = fuzz_block(&e, bytes + 1, size - 1);
  if (b.size > 8) {
    const size_t header = header_size(b.at, b.size);
    if (bytes[0] & 1) put_little(b.at + 4, 0, 4);
    if (bytes[0] & 1) put_little(b.at, (uint32_t)header, 4);
    if (bytes[0] & 2) repair_checksum(b.at, header, b.size);
  }
  bool ok = weights_parse(&e, "fuzz.safetensors", b.at, b.size, &t);
  data_block_free(&b);
  check_table(&e, ok, &t, size);
  arena_free(a);
  return 0;
}
