/* Arenas, growing arrays and interned names. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/arena.h"
#include "lang/base/intern.h"
#include "lang/base/mem.h"
#include "lang/base/vec.h"

static void blocks_are_aligned_zeroed_and_apart(void **state) {
  (void)state;
  Arena *a = arena_new();
  unsigned char *block[2000];
  for (int i = 0; i < 2000; i++) {
    size_t size = (size_t)(i * 37 % 5000);
    block[i] = arena_alloc(a, size);
    assert_int_equal((uintptr_t)block[i] % 16, 0);
    for (size_t k = 0; k < size; k++) assert_int_equal(block[i][k], 0);
    memset(block[i], i & 0xFF, size);
  }
  for (int i = 0; i < 2000; i++)
    for (size_t k = 0; k < (size_t)(i * 37 % 5000); k++) assert_int_equal(block[i][k], i & 0xFF);
  arena_free(a);
  arena_free(NULL);
}

static void arenas_are_freed_in_any_order(void **state) {
  (void)state;
  Arena *a[5];
  for (int i = 0; i < 5; i++) {
    a[i] = arena_new();
    arena_alloc(a[i], 100000);
  }
  static const int order[] = {2, 0, 4, 1, 3};
  for (int i = 0; i < 5; i++) arena_free(a[order[i]]);
}

static void growing_keeps_old_and_zeroes_new(void **state) {
  (void)state;
  Arena *a = arena_new();
  unsigned char *p = arena_alloc(a, 10);
  memset(p, 7, 10);
  for (size_t size = 10; size < 100000; size = size * 3 / 2) {
    p = arena_grow(a, p, size, size * 3 / 2);
    for (size_t i = 0; i < size; i++) assert_int_equal(p[i], 7);
    for (size_t i = size; i < size * 3 / 2; i++) assert_int_equal(p[i], 0);
    memset(p, 7, size * 3 / 2);
    if (size % 2) arena_alloc(a, 1); /* what stands behind is never overwritten */
  }
  assert_ptr_equal(arena_grow(a, p, 100, 50), p);
  assert_non_null(arena_grow(a, NULL, 0, 16));
  arena_free(a);
}

static void vectors_grow(void **state) {
  (void)state;
  Arena *a = arena_new();
  VEC(int) v = {0};
  for (int i = 0; i < 10000; i++) vec_push(a, &v, i);
  assert_int_equal(v.n, 10000);
  for (int i = 0; i < 10000; i++) assert_int_equal(v.at[i], i);
  arena_free(a);
}

static void texts(void **state) {
  (void)state;
  Arena *a = arena_new();
  assert_string_equal(arena_str(a, "θ"), "θ");
  assert_string_equal(arena_str(a, ""), "");
  assert_string_equal(arena_strn(a, "abcdef", 3), "abc");
  assert_memory_equal(arena_strn(a, "a\0b", 3), "a\0b", 4);
  assert_string_equal(arena_printf(a, "%d of %s", 3, "x"), "3 of x");
  char *lengthy = arena_printf(a, "%05000d", 1);
  assert_int_equal(strlen(lengthy), 5000);
  arena_free(a);
}

static jmp_buf on_fatal;
static void jump(size_t size) {
  (void)size;
  longjmp(on_fatal, 1);
}

/* Whichever allocation fails, the handler is called and the arena can still be freed. */
static void every_failure_is_survived(void **state) {
  (void)state;
  mem_on_fatal(jump);
  volatile int failures = 0;
  for (volatile uint64_t n = 1;; n++) {
    Arena *volatile a = NULL;
    mem_fail_after(n, 0);
    if (setjmp(on_fatal) == 0) {
      a = arena_new();
      VEC(char *) v = {0};
      for (int i = 0; i < 200; i++) vec_push(a, &v, arena_printf(a, "%0100d", i));
      for (int i = 0; i < 200; i++) assert_int_equal(strlen(v.at[i]), 100);
      arena_free(a);
      break;
    }
    failures++;
    mem_fail_after(0, 0);
    arena_free(a);
  }
  mem_fail_after(0, 0);
  mem_on_fatal(NULL);
  assert_true(failures > 3);
}

static void names(void **state) {
  (void)state;
  sym_clear();
  assert_string_equal(sym_text(SYM_NONE), "");
  assert_string_equal(sym_text(12345), "");
  assert_int_equal(sym_intern(""), SYM_NONE);
  Symbol theta = sym_intern("theta"), phi = sym_intern("phi");
  assert_true(theta != phi && theta != SYM_NONE && phi != SYM_NONE);
  assert_int_equal(sym_intern_n("theta1", 5), theta);
  assert_int_equal(sym_intern("phi"), phi);
  assert_string_equal(sym_text(theta), "theta");
  char name[32];
  Symbol first[3000];
  for (int round = 0; round < 2; round++)
    for (int i = 0; i < 3000; i++) {
      snprintf(name, sizeof name, "name_%d", i);
      if (round == 0) first[i] = sym_intern(name);
      else assert_int_equal(sym_intern(name), first[i]);
      assert_string_equal(sym_text(first[i]), name);
    }
  sym_clear();
  assert_string_equal(sym_text(theta), "");
  assert_int_equal(sym_intern("again"), 1);
  sym_clear();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_aligned_zeroed_and_apart),
      cmocka_unit_test(arenas_are_freed_in_any_order),
      cmocka_unit_test(growing_keeps_old_and_zeroes_new),
      cmocka_unit_test(vectors_grow),
      cmocka_unit_test(texts),
      cmocka_unit_test(every_failure_is_survived),
      cmocka_unit_test(names),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
