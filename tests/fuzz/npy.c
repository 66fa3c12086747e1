/* Any bytes as a .npy file, or, if the first one is odd, as a .npz whose checksums are repaired. */
#include "data_fuzz.h"

static uint32_t little(const uint8_t *p, int n) {
  uint32_t v = 0;
  for (int k = 0; k < n; k++) v |= (uint32_t)p[k] << 8 * k;
  return v;
}

/* For each entry of a directory that can be followed: the checksum of its stored bytes. */
static void repair(uint8_t *p, size_t size) {
  for (size_t at = 0; at + 46 <= size; at++) {
    if (little(p + at, 4) != 0x02014b50) continue;
    size_t local = little(p + at + 42, 4), n = little(p + at + 20, 4);
    if (local > size || size - local < 30) continue;
    size_t begin = local + 30 + little(p + local + 26, 2) + little(p + local + 28, 2);
    if (begin > size || n > size - begin) continue;
    uint32_t crc = (uint32_t)crc32_z(0, p + begin, n);
    for (int k = 0; k < 4; k++) p[at + 16 + (size_t)k] = (uint8_t)(crc >> 8 * k);
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataTable t;
  DataBlock b = fuzz_block(&e, bytes + 1, size - 1);
  bool zip = bytes[0] & 1;
  if (zip) repair(b.at, b.size);
  bool ok = zip ? npz_parse(&e, "fuzz", b.at, b.size, &t) : npy_parse(&e, "fuzz", &b, "x", &t);
  data_block_free(&b);
  check_table(&e, ok, &t, zip ? 0 : size);
  arena_free(a);
  return 0;
}
