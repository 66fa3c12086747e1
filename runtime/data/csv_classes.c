#include "runtime/data/csv_classes.h"
#include <stdlib.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/data/table.h"
#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#include <uthash.h>

typedef struct Entry {
  const char *text;
  size_t n;
  int id;
  UT_hash_handle hh;
} Entry;

struct ClassTable {
  Arena *arena;
  Entry *all;
  int n;
};

ClassTable *class_table(Arena *a) {
  ClassTable *t = ARENA_NEW(a, ClassTable);
  t->arena = a;
  return t;
}

int class_id(ClassTable *t, const char *text, size_t n) {
  Entry *found;
  HASH_FIND(hh, t->all, text, n, found);
  if (found) return found->id;
  if (t->n == DATA_MAX_CLASSES) return -1;
  Entry *entry = ARENA_NEW(t->arena, Entry);
  *entry = (Entry){.text = text, .n = n, .id = t->n++};
  HASH_ADD_KEYPTR(hh, t->all, entry->text, n, entry);
  return entry->id;
}

static int by_bytes(const void *a, const void *b) {
  const Entry *x = *(Entry *const *)a, *y = *(Entry *const *)b;
  int order = memcmp(x->text, y->text, x->n < y->n ? x->n : y->n);
  return order != 0 ? order : (x->n > y->n) - (x->n < y->n);
}

void class_sort(ClassTable *t, int32_t *labels, int64_t rows, const char ***names, int *n) {
  Entry **sorted = ARENA_ARRAY(t->arena, Entry *, t->n);
  int32_t *rank = ARENA_ARRAY(t->arena, int32_t, t->n);
  *names = ARENA_ARRAY(t->arena, const char *, t->n);
  *n = t->n;
  for (Entry *entry = t->all; entry; entry = entry->hh.next) sorted[entry->id] = entry;
  qsort(sorted, (size_t)t->n, sizeof *sorted, by_bytes);
  for (int k = 0; k < t->n; k++) {
    rank[sorted[k]->id] = k;
    (*names)[k] = arena_strn(t->arena, sorted[k]->text, sorted[k]->n);
  }
  for (int64_t i = 0; i < rows; i++) labels[i] = rank[labels[i]];
}

void class_free(ClassTable *t) {
  if (t) HASH_CLEAR(hh, t->all);
}
