#include "runtime/record/memo.h"
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/vec.h"

const char *memo_path(Arena *a, const char *folder, const char *key) {
  return arena_printf(a, "%s/%s.safetensors", folder, key);
}

typedef struct Entry {
  const char *path;
  uint64_t size;
  double used;
} Entry;

static int oldest_first(const void *a, const void *b) {
  const Entry *x = a, *y = b;
  if (x->used != y->used) return x->used < y->used ? -1 : 1;
  return strcmp(x->path, y->path);
}

/* KEY.safetensors, or what a process that died was writing. */
static bool is_entry(const char *name) {
  return strlen(name) >= 64 + strlen(".safetensors") && strspn(name, "0123456789abcdef") == 64 &&
         strncmp(name + 64, ".safetensors", strlen(".safetensors")) == 0;
}

int memo_trim(Arena *a, const char *folder, uint64_t cap, uint64_t *freed, uint64_t *left) {
  VEC(Entry) found = {0};
  char **names;
  int n, gone = 0;
  IoError e;
  *freed = *left = 0;
  if (!io_is_folder(folder)) return 0;
  if (!io_list(a, folder, &names, &n, &e)) return -1;
  for (int i = 0; i < n; i++) {
    Entry x = {.path = arena_printf(a, "%s/%s", folder, names[i])};
    if (!is_entry(names[i]) || !io_stat(x.path, &x.size, &x.used)) continue;
    *left += x.size;
    vec_push(a, &found, x);
  }
  if (found.n > 0) qsort(found.at, (size_t)found.n, sizeof found.at[0], oldest_first);
  for (int i = 0; i<found.n && * left> cap; i++) {
    if (!io_remove(found.at[i].path, &e)) continue;
    *left -= found.at[i].size;
    *freed += found.at[i].size;
    gone++;
  }
  return found.n - gone;
}
