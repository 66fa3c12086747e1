/* Any bytes as a gzip file: as they are, and, if the first one is odd, as the deflated part of a member whose
 * checksum and size are then repaired, so that the search is not stopped by them. */
#include "data_fuzz.h"

#define MOST ((size_t)1 << 20)

/* What zlib itself makes of the bytes: the number it unpacks, or SIZE_MAX. */
static size_t inflate_plain(const uint8_t *bytes, size_t size, uint8_t *out, uint32_t *crc) {
  z_stream z = {.next_in = (Bytef *)bytes, .avail_in = (uInt)size, .next_out = out, .avail_out = (uInt)MOST};
  inflateInit2(&z, -15);
  bool whole = inflate(&z, Z_FINISH) == Z_STREAM_END && z.avail_in == 0;
  size_t n = z.total_out;
  inflateEnd(&z);
  *crc = (uint32_t)crc32_z(0, out, n);
  return whole ? n : SIZE_MAX;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  uint8_t *plain = mem_alloc(MOST), head[64], *file = arena_alloc(a, size + 18);
  uint32_t crc;
  bool repaired = bytes[0] & 1;
  size_t n = repaired ? inflate_plain(bytes + 1, size - 1, plain, &crc) : SIZE_MAX, got;
  memcpy(file, "\x1f\x8b\x08\0\0\0\0\0\0\x03", 10);
  memcpy(file + 10, bytes + 1, size - 1);
  for (int k = 0; k < 4 && n != SIZE_MAX; k++) {
    file[9 + size + (size_t)k] = (uint8_t)(crc >> 8 * k);
    file[13 + size + (size_t)k] = (uint8_t)(n >> 8 * k);
  }
  DataBlock b;
  const uint8_t *from = repaired ? file : bytes + 1;
  size_t length = repaired ? size + 17 : size - 1;
  bool ok = gz_inflate(&e, "fuzz", from, length, &b);
  require(ok || (e.text && !b.base), "an error without a text");
  if (n != SIZE_MAX) require(ok && b.size == n && memcmp(b.at, plain, n) == 0, "other bytes than zlib's");
  if (ok) {
    require(gz_head(&e, "fuzz", from, length, head, sizeof head, &got), "a whole without a head");
    require(got == (b.size < 64 ? b.size : 64) && memcmp(head, b.at, got) == 0, "a head of something else");
  }
  data_block_free(&b);
  require(mem_live_bytes() == 0, "memory that stays behind");
  mem_free(plain);
  arena_free(a);
  return 0;
}
