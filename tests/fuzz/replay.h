/* Runs a fuzz target on the files of a command line, where no libFuzzer does. A file whose name ends in .ar
 * is an archive (of `ar`): each of its members is an input; a quick run takes every fourth. Included once by
 * each target. */
#ifndef QGN_FUZZ_REPLAY_H
#define QGN_FUZZ_REPLAY_H
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/mem.h"

#define REPLAY_MOST (4 << 20) /* bytes of a file */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* Each input in a block of its own size, so that a sanitizer sees what lies behind it. */
static inline void replay_one(const uint8_t *bytes, size_t size) {
  uint8_t *copy = mem_alloc(size);
  if (size > 0) memcpy(copy, bytes, size);
  LLVMFuzzerTestOneInput(copy, size);
  mem_free(copy);
}

/* Members stand behind heads of 60 bytes, in which the size is a decimal number at 48, at even places. False
 * if the archive is damaged, or empty. */
static inline bool replay_archive(const uint8_t *bytes, size_t size) {
  const size_t step = getenv("QGN_QUICK") != NULL ? 4 : 1;
  size_t at = 8;
  if (size <= at || memcmp(bytes, "!<arch>\n", at) != 0) return false;
  for (size_t k = 0; at < size; k++) {
    char digits[11] = {0};
    if (size - at < 60) return false;
    memcpy(digits, bytes + at + 48, 10);
    const size_t n = strtoul(digits, NULL, 10), from = at + 60;
    if (n > size - from) return false;
    if (k % step == 0) replay_one(bytes + from, n);
    at = from + n + n % 2;
  }
  return true;
}

/* The exit status: 2 where a file cannot be read as a whole. With FUZZ_SAY in the environment each name is
 * printed before. */
static inline int replay(int argc, char **argv) {
  uint8_t *bytes = mem_alloc(REPLAY_MOST);
  int status = 0;
  for (int i = 1; i < argc && status == 0; i++) {
    FILE *f = fopen(argv[i], "rb");
    if (f == NULL) {
      status = 2;
      break;
    }
    const size_t size = fread(bytes, 1, REPLAY_MOST, f), length = strlen(argv[i]);
    fclose(f);
    if (getenv("FUZZ_SAY") != NULL) fprintf(stderr, "%s\n", argv[i]);
    if (size == REPLAY_MOST) status = 2;
    else if (length <= 3 || strcmp(argv[i] + length - 3, ".ar") != 0) replay_one(bytes, size);
    else if (!replay_archive(bytes, size)) status = 2;
  }
  mem_free(bytes);
  return status;
}
#endif
