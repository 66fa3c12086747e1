/* The memo: ends of trains by their keys (run_train_key), KEY.safetensors in one folder that all runs of a
 * user share. A file is whole or not there, and holds its own hash; a damaged one is as good as none.
 *
 * The folder has a cap; the entries that were used the longest ago go first. */
#ifndef QGN_MEMO_H
#define QGN_MEMO_H
#include <stdbool.h>
#include <stdint.h>
#include "lang/base/arena.h"

#define MEMO_CAP ((uint64_t)2 << 30)

/* The path of an entry. */
const char *memo_path(Arena *a, const char *folder, const char *key);
/* Removes entries until all together are at most `cap` bytes; *freed is what that gave back. Returns how many
 * are left, -1 if the folder cannot be read. */
int memo_trim(Arena *a, const char *folder, uint64_t cap, uint64_t *freed, uint64_t *left);
#endif
