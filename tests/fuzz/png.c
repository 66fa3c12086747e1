/* Any bytes as a .png file. The first one: 1 repairs the checksum of each chunk, 2 takes what stands in IDAT
 * for the rows as they are and packs it (stored, with its own checksum), so that filters, palettes and
 * interlacing are reached. */
#include "data_fuzz.h"

static size_t big32(const uint8_t *p) {
  return (size_t)p[0] << 24 | (size_t)p[1] << 16 | (size_t)p[2] << 8 | p[3];
}

/* One stored block as a zlib stream: 11 bytes more. */
static size_t stored(uint8_t *to, const uint8_t *bytes, size_t n) {
  memcpy(to, "\x78\x01\x01", 3);
  put_little(to + 3, (uint32_t)n, 2);
  put_little(to + 5, ~(uint32_t)n, 2);
  memcpy(to + 7, bytes, n);
  put_big32(to + 7 + n, (uint32_t)adler32_z(1, bytes, n));
  return n + 11;
}

/* The file with its chunks repaired; what is no chunk stays. */
static size_t repair(uint8_t *to, const uint8_t *p, size_t size, bool pack) {
  size_t n = size < 8 ? size : 8, at = n;
  memcpy(to, p, n);
  while (size - at >= 12 && big32(p + at) <= size - at - 12) {
    const size_t length = big32(p + at);
    size_t got = length;
    memcpy(to + n + 4, p + at + 4, 4);
    if (pack && length <= UINT16_MAX && memcmp(p + at + 4, "IDAT", 4) == 0)
      got = stored(to + n + 8, p + at + 8, length);
    else memcpy(to + n + 8, p + at + 8, length);
    put_big32(to + n, (uint32_t)got);
    put_big32(to + n + 8 + got, (uint32_t)crc32_z(0, to + n + 4, got + 4));
    at += 12 + length;
    n += 12 + got;
  }
  memcpy(to + n, p + at, size - at);
  return n + size - at;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size == 0) return 0;
  Arena *a = arena_new();
  DataError e = {.arena = a};
  DataHead head;
  DataBlock b;
  uint8_t *file = mem_alloc(2 * size + 16);
  size_t n = size - 1;
  if (bytes[0] & 3) n = repair(file, bytes + 1, size - 1, bytes[0] & 2);
  else memcpy(file, bytes + 1, n);
  if (png_parse(&e, "fuzz", file, n, &head, &b)) {
    const size_t channels = head.rank == 3 ? 3 : 1;
    require(head.rows == 1 && head.dims[0] > 0 && head.dims[1] > 0, "an image without pixels");
    require(b.size == (size_t)head.dims[0] * (size_t)head.dims[1] * channels, "an image of a wrong size");
  } else require(e.text && diag_info[e.code].exit_code != 0 && !b.base, "an error without a text");
  data_block_free(&b);
  require(mem_live_bytes() == 0, "memory that stays behind");
  mem_free(file);
  arena_free(a);
  return 0;
}
