#include "lang/base/arena.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "lang/base/mem.h"

/* Blocks grow from FIRST to LARGEST bytes; what is larger gets a block of its own. Under a
 * sanitizer every allocation has its own block, so that an overrun is seen at once. */
#define FIRST_BLOCK ((size_t)2048)
#define LARGEST_BLOCK ((size_t)262144)
#define ALIGNMENT ((size_t)16)

typedef struct Block Block;
struct Block {
  Block *next;
  size_t size, used;
  size_t last; /* offset of the newest allocation, which arena_grow can extend in place */
  _Alignas(16) unsigned char bytes[];
};

struct Arena {
  Block *blocks; /* the newest, from which allocations are cut, is first */
  size_t next_size;
  Arena *prev, *next; /* list of all arenas */
};

static Arena *all_arenas;
static pthread_mutex_t all_lock = PTHREAD_MUTEX_INITIALIZER;

Arena *arena_new(void) {
  Arena *a = mem_alloc(sizeof *a);
  a->next_size = FIRST_BLOCK;
  pthread_mutex_lock(&all_lock);
  a->next = all_arenas;
  if (all_arenas) all_arenas->prev = a;
  all_arenas = a;
  pthread_mutex_unlock(&all_lock);
  return a;
}

void arena_free(Arena *a) {
  if (!a) return;
  pthread_mutex_lock(&all_lock);
  if (a->prev) a->prev->next = a->next;
  else all_arenas = a->next;
  if (a->next) a->next->prev = a->prev;
  pthread_mutex_unlock(&all_lock);
  for (Block *b = a->blocks, *next; b; b = next) {
    next = b->next;
    mem_free(b);
  }
  mem_free(a);
}

static size_t round_up(size_t size) {
  size_t up = mem_add(size ? size : 1, ALIGNMENT - 1);
  return up == SIZE_MAX ? SIZE_MAX : up & ~(ALIGNMENT - 1);
}

static Block *add_block(Arena *a, size_t size) {
  Block *b = mem_alloc(mem_add(sizeof(Block), size));
  b->size = size;
  b->next = a->blocks;
  a->blocks = b;
  return b;
}

#ifdef QGN_SANITIZED
void *arena_alloc(Arena *a, size_t size) {
  Block *b = add_block(a, size ? size : 1);
  b->used = b->size;
  return b->bytes;
}
#else
void *arena_alloc(Arena *a, size_t size) {
  size_t real = round_up(size);
  Block *b = a->blocks;
  if (!b || b->size - b->used < real) {
    b = add_block(a, real > a->next_size ? real : a->next_size);
    if (a->next_size < LARGEST_BLOCK) a->next_size *= 2;
  }
  b->last = b->used;
  b->used += real;
  return b->bytes + b->last;
}
#endif

void *arena_grow(Arena *a, void *old, size_t old_size, size_t new_size) {
  if (old && new_size <= old_size) return old;
  Block *b = a->blocks;
  if (old && b && old == b->bytes + b->last && b->last + round_up(old_size) == b->used) {
    size_t real = round_up(new_size);
    if (b->size - b->last >= real) { /* the room behind the newest block is still zero */
      b->used = b->last + real;
      return old;
    }
  }
  void *p = arena_alloc(a, new_size);
  if (old_size) memcpy(p, old, old_size);
  return p;
}

char *arena_strn(Arena *a, const char *s, size_t n) {
  char *copy = arena_alloc(a, mem_add(n, 1));
  if (n) memcpy(copy, s, n);
  return copy;
}

char *arena_str(Arena *a, const char *s) { return arena_strn(a, s, strlen(s)); }

char *arena_vprintf(Arena *a, const char *fmt, va_list ap) {
  va_list again;
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  char *s = arena_alloc(a, n < 0 ? 1 : (size_t)n + 1);
  if (n > 0) vsnprintf(s, (size_t)n + 1, fmt, again);
  va_end(again);
  return s;
}

char *arena_printf(Arena *a, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  char *s = arena_vprintf(a, fmt, ap);
  va_end(ap);
  return s;
}
