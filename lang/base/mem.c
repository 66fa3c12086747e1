#define _GNU_SOURCE
#include "lang/base/mem.h"
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* From this size on, blocks of mem_try_alloc are mapped: the pages are zero without being
 * touched, and go back to the system when they are freed. Under a sanitizer everything stays on
 * its heap, so that leaks and overruns of large blocks are seen too. */
#ifdef QGN_SANITIZED
#define MAP_FROM SIZE_MAX
#else
#define MAP_FROM ((size_t)1 << 20)
#endif
#define BIG_ALIGN ((size_t)64)

static atomic_uint_fast64_t calls;
static atomic_uint_fast64_t fail_at; /* number of the call that fails; 0 = none */
static atomic_int fail_all_after;
static atomic_uint_fast64_t live_big;
static MemFatal *fatal_handler;

/* Counts a call and says whether it has to fail. */
static bool must_fail(void) {
  uint64_t call = atomic_fetch_add(&calls, 1) + 1;
  uint64_t at = atomic_load(&fail_at);
  if (at == 0 || call < at) return false;
  return call == at || atomic_load(&fail_all_after) != 0;
}

static _Noreturn void fatal(size_t size) {
  if (fatal_handler) fatal_handler(size);
  abort();
}

void *mem_alloc(size_t size) {
  void *p = must_fail() || size == SIZE_MAX ? NULL : calloc(1, size ? size : 1);
  if (!p) fatal(size);
  return p;
}

void *mem_realloc(void *p, size_t size) {
  void *q = must_fail() || size == SIZE_MAX ? NULL : realloc(p, size ? size : 1);
  if (!q) fatal(size);
  return q;
}

/* The size a large block really takes; SIZE_MAX if there is none. */
static size_t big_size(size_t size) {
  size_t up = mem_add(size ? size : 1, BIG_ALIGN - 1);
  return up == SIZE_MAX ? SIZE_MAX : up & ~(BIG_ALIGN - 1);
}

void *mem_try_alloc(size_t size) {
  size_t real = big_size(size);
  if (must_fail() || real == SIZE_MAX || real > PTRDIFF_MAX) return NULL;
  void *p;
  if (real >= MAP_FROM) {
    p = mmap(NULL, real, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED) return NULL;
  } else {
    p = aligned_alloc(BIG_ALIGN, real);
    if (!p) return NULL;
    memset(p, 0, real);
  }
  atomic_fetch_add(&live_big, real);
  return p;
}

void mem_free(void *p) { free(p); }

void mem_free_big(void *p, size_t size) {
  if (!p) return;
  size_t real = big_size(size);
  atomic_fetch_sub(&live_big, real);
  if (real >= MAP_FROM) munmap(p, real);
  else free(p);
}

size_t mem_mul(size_t a, size_t b) {
  size_t r;
  return __builtin_mul_overflow(a, b, &r) ? SIZE_MAX : r;
}

size_t mem_add(size_t a, size_t b) {
  size_t r;
  return __builtin_add_overflow(a, b, &r) ? SIZE_MAX : r;
}

void mem_give_back(void *p) { free(p); }

char *mem_hand_over(const char *s) {
  const size_t n = strlen(s) + 1;
  char *out = malloc(n);
  if (out == NULL) fatal(n);
  return memcpy(out, s, n);
}

void mem_on_fatal(MemFatal *handler) { fatal_handler = handler; }

void mem_fail_after(uint64_t n, int all_after) {
  atomic_store(&fail_all_after, all_after);
  atomic_store(&fail_at, n ? atomic_load(&calls) + n : 0);
}

uint64_t mem_calls(void) { return atomic_load(&calls); }
uint64_t mem_live_bytes(void) { return atomic_load(&live_big); }
