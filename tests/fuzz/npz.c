/* Any bytes as a .npz file. The first one: 1 repairs the checksums of its members, 2 what the directory says
 * of places and sizes, 4 reads it as weights. */
#include "data_fuzz.h"

#define MEMBER_MOST ((size_t)1 << 16)

/* Where the next record with that signature begins, or `size`. */
static size_t next_record(const uint8_t *p, size_t size, size_t from, uint32_t signature) {
  for (; size >= 4 && from <= size - 4; from++)
    if (little(p + from, 4) == signature) return from;
  return size;
}

/* The k-th entry of the directory gets the place of the k-th member. */
static void repair_places(uint8_t *p, size_t size) {
  size_t member = next_record(p, size, 0, 0x04034b50), first = next_record(p, size, 0, 0x02014b50),
         end = first;
  uint32_t n = 0;
  for (size_t at = first; at < size; at = next_record(p, size, at + 4, 0x02014b50)) {
    if (size - at < 46) return;
    if (member < size) put_little(p + at + 42, (uint32_t)member, 4);
    if (member < size) member = next_record(p, size, member + 4, 0x04034b50);
    end = at + 46;
    n++;
  }
  end = next_record(p, size, end, 0x06054b50);
  if (size - end < 22) return;
  put_little(p + end + 4, 0, 4);
  put_little(p + end + 8, n, 2);
  put_little(p + end + 10, n, 2);
  put_little(p + end + 12, (uint32_t)(end - first), 4);
  put_little(p + end + 16, (uint32_t)first, 4);
  put_little(p + end + 20, (uint32_t)(size - end - 22), 2);
}

/* For each entry of a directory that can be followed: the checksum of what the member holds, and its size. */
static void repair_checks(uint8_t *p, size_t size) {
  static uint8_t plain[MEMBER_MOST];
  for (size_t at = next_record(p, size, 0, 0x02014b50); size - at >= 46;
       at = next_record(p, size, at + 4, 0x02014b50)) {
    size_t local = little(p + at + 42, 4), n = little(p + at + 20, 4), used;
    if (local > size || size - local < 30) continue;
    size_t begin = local + 30 + little(p + local + 26, 2) + little(p + local + 28, 2);
    if (begin > size || n > size - begin) continue;
    const uint8_t *from = p + begin;
    if (little(p + at + 10, 2) == 8) {
      n = inflate_plain(from, n, plain, sizeof plain, &used);
      if (n == SIZE_MAX) continue;
      from = plain;
    }
    put_little(p + at + 16, (uint32_t)crc32_z(0, from, n), 4);
    put_little(p + at + 24, (uint32_t)n, 4);
  }
}

static bool read_npz(DataError *e, uint8_t choice, DataBlock *file, DataTable *t) {
  if (choice & 2) repair_places(file->at, file->size);
  if (choice & 1) repair_checks(file->at, file->size);
  return choice & 4 ? weights_parse(e, "fuzz.npz", file->at, file->size, t)
                    : npz_parse(e, "fuzz", file->at, file->size, t);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) { return fuzz_table(bytes, size, 0, read_npz); }
