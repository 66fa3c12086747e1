#include <string.h>
#include "lang/base/mem.h"
#include "runtime/cli/repl.h"

#define COUNTERS "progress/counters"
#define AT_ITERATION 2 /* among the counters */
#define AT_STOPPED 3   /* the train has ended before its last epoch */

static size_t unit_of(const char *dtype) { return strcmp(dtype, "F32") == 0 ? 4 : 8; }

/* Bytes of one entry along the first axis, and the entries in use. */
static size_t bytes_of(const StateItem *s, int64_t rows) {
  size_t n = unit_of(s->dtype);
  for (int k = 0; k < s->rank; k++) n *= (size_t)(k == 0 && s->rows ? rows : s->dims[k]);
  return n;
}

ReplTrain *repl_train_copy(const StateItem *items, int n, bool is_stopped) {
  Arena *a = arena_new();
  ReplTrain *t = ARENA_NEW(a, ReplTrain);
  *t = (ReplTrain){.arena = a, .references = 1, .is_stopped = is_stopped};
  for (int i = 0; i < n; i++) {
    const StateItem *s = &items[i];
    ReplItem item = {.name = arena_str(a, s->name), .dtype = arena_str(a, s->dtype), .has_rows = s->rows};
    item.rows = s->rows ? *s->rows : 0;
    item.size = bytes_of(s, item.rows);
    item.data = ARENA_ARRAY(a, char, item.size + 1);
    memcpy(item.data, s->data, item.size);
    vec_push(a, &t->items, item);
  }
  return t;
}

static const ReplItem *item_named(const ReplTrain *t, const char *name) {
  for (int i = 0; i < t->items.n; i++)
    if (strcmp(t->items.at[i].name, name) == 0) return &t->items.at[i];
  return NULL;
}

bool repl_train_load(const ReplTrain *t, const StateItem *items, int n) {
  bool all = true;
  for (int i = 0; i < n; i++) {
    const StateItem *s = &items[i];
    const ReplItem *had = item_named(t, s->name);
    const bool fits = had && strcmp(had->dtype, s->dtype) == 0 && had->has_rows == (s->rows != NULL) &&
                      (!s->rows || had->rows <= s->dims[0]) && had->size == bytes_of(s, had->rows);
    all &= fits;
    if (!fits) continue;
    memcpy(s->data, had->data, had->size);
    if (s->rows) *s->rows = had->rows;
  }
  for (int i = 0; i < n; i++)
    if (strcmp(items[i].name, COUNTERS) == 0) ((int64_t *)items[i].data)[AT_STOPPED] = 1;
  return all;
}

int64_t repl_train_steps(const ReplTrain *t) {
  const ReplItem *counters = item_named(t, COUNTERS);
  return counters ? ((const int64_t *)counters->data)[AT_ITERATION] : 0;
}

void repl_train_drop(ReplTrain *t) {
  if (t && --t->references == 0) arena_free(t->arena);
}
