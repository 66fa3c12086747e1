/* Runs a fuzz target on the files of a command line, where no libFuzzer does. Included once by each target.
 */
#ifndef QGN_FUZZ_REPLAY_H
#define QGN_FUZZ_REPLAY_H
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include "lang/base/mem.h"

#define REPLAY_MOST (1 << 20) /* bytes of a file */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

/* The exit status: 2 where a file cannot be read. With FUZZ_SAY in the environment each name is printed
 * before. */
static inline int replay(int argc, char **argv) {
  for (int i = 1; i < argc; i++) {
    FILE *f = fopen(argv[i], "rb");
    if (!f) return 2;
    uint8_t *bytes = mem_alloc(REPLAY_MOST);
    size_t size = fread(bytes, 1, REPLAY_MOST, f);
    fclose(f);
    if (getenv("FUZZ_SAY") != NULL) fprintf(stderr, "%s\n", argv[i]);
    LLVMFuzzerTestOneInput(bytes, size);
    mem_free(bytes);
  }
  return 0;
}
#endif
