/* Any bytes as a gzip file: as they are, and, if the first one is odd, as the deflated part of a member whose
 * checksum and size are then repaired, so that the search is not stopped by them. With 2 the member comes
 * twice: what is unpacked is then twice the same. */
#include "data_fuzz.h"

#define MOST ((size_t)1 << 20)

/* Head, deflated bytes, checksum and size. */
static size_t member(uint8_t *to, const uint8_t *bytes, size_t size, const uint8_t *plain, size_t n) {
  memcpy(to, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  memcpy(to + 10, bytes, size);
  put_little(to + 10 + size, (uint32_t)crc32_z(0, plain, n), 4);
  put_little(to + 14 + size, (uint32_t)n, 4);
  return size + 18;
}

static void check_head(DataError *e, const uint8_t *file, size_t length, const DataBlock *b) {
  uint8_t head[64];
  size_t got;
  require(gz_head(e, "fuzz", file, length, head, sizeof head, &got), "a whole without a head");
  require(got == (b->size < 64 ? b->size : 64) && memcmp(head, b->at, got) == 0, "a head of something else");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  static uint8_t plain[MOST];
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  const size_t packed = size - 1;
  size_t used = 0, length = packed,
         n = bytes[0] & 1 ? inflate_plain(bytes + 1, packed, plain, MOST, &used) : SIZE_MAX;
  if (used != packed) n = SIZE_MAX;
  uint8_t *file = mem_alloc(2 * packed + 40);
  memcpy(file, bytes + 1, packed);
  const int times = n != SIZE_MAX && bytes[0] & 2 ? 2 : 1;
  if (n != SIZE_MAX) length = member(file, bytes + 1, packed, plain, n);
  if (times == 2) length += member(file + length, bytes + 1, packed, plain, n);
  DataBlock b;
  bool ok = gz_inflate(&e, "fuzz", file, length, &b);
  require(ok || (e.text && !b.base), "an error without a text");
  if (n != SIZE_MAX) require(ok && b.size == n * (size_t)times, "another size than zlib's");
  for (int k = 0; n != SIZE_MAX && k < times; k++)
    require(memcmp(b.at + n * (size_t)k, plain, n) == 0, "other bytes than zlib's");
  if (ok) check_head(&e, file, length, &b);
  data_block_free(&b);
  require(mem_live_bytes() == 0, "memory that stays behind");
  mem_free(file);
  arena_free(a);
  return 0;
}
