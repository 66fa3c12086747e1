#include "lang/base/arena.h"
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include "lang/base/mem.h"

/* Blocks grow from FIRST to LARGEST bytes; what is larger gets a block of its own. */
#define FIRST_BLOCK ((size_t)2048)
#define LARGEST_BLOCK ((size_t)262144)
#define ALIGNMENT ((size_t)16)

/* Under the address sanitizer the bytes that are no allocation cannot be touched, and there are some behind
 * each one, so that an overrun is seen at once. */
#ifndef __has_feature
#define __has_feature(x) 0
#endif
#if defined(__SANITIZE_ADDRESS__) || __has_feature(address_sanitizer)
#include <sanitizer/asan_interface.h>
#define GAP ((size_t)16)
#define FORBID(p, n) ASAN_POISON_MEMORY_REGION(p, n)
#define ALLOW(p, n) ASAN_UNPOISON_MEMORY_REGION(p, n)
#else
#define GAP ((size_t)0)
#define FORBID(p, n) ((void)0)
#define ALLOW(p, n) ((void)0)
#endif

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

/* What an allocation of that size takes of a block. */
static size_t room_of(size_t size) {
  size_t up = mem_add(size ? size : 1, ALIGNMENT - 1 + GAP);
  return up == SIZE_MAX ? SIZE_MAX : up & ~(ALIGNMENT - 1);
}

static Block *add_block(Arena *a, size_t size) {
  Block *b = mem_alloc(mem_add(sizeof(Block), size));
  b->size = size;
  b->next = a->blocks;
  a->blocks = b;
  FORBID(b->bytes, size);
  return b;
}

void *arena_alloc(Arena *a, size_t size) {
  size_t real = room_of(size);
  Block *b = a->blocks;
  if (!b || b->size - b->used < real) {
    b = add_block(a, real > a->next_size ? real : a->next_size);
    if (a->next_size < LARGEST_BLOCK) a->next_size *= 2;
  }
  b->last = b->used;
  b->used += real;
  ALLOW(b->bytes + b->last, size ? size : 1);
  return b->bytes + b->last;
}

void *arena_grow(Arena *a, void *old, size_t old_size, size_t new_size) {
  if (old && new_size <= old_size) return old;
  Block *b = a->blocks;
  if (old && b && old == b->bytes + b->last && b->last + room_of(old_size) == b->used) {
    size_t real = room_of(new_size);
    if (b->size - b->last >= real) { /* the room behind the newest block is still zero */
      b->used = b->last + real;
      ALLOW(old, new_size);
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
