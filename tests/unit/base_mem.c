/* The allocator: alignment, zeroing, faults, saturating sizes, the budget. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>
#include "lang/base/mem.h"

static jmp_buf on_fatal;
static size_t fatal_size;

static void jump(size_t size) {
  fatal_size = size;
  longjmp(on_fatal, 1);
}

static int reset(void **state) {
  (void)state;
  mem_fail_after(0, 0);
  mem_on_fatal(NULL);
  return 0;
}

static void small_is_zeroed(void **state) {
  (void)state;
  for (size_t size = 0; size < 300; size += 7) {
    unsigned char *p = mem_alloc(size);
    assert_non_null(p);
    for (size_t i = 0; i < size; i++) assert_int_equal(p[i], 0);
    memset(p, 0xFF, size);
    mem_free(p);
  }
  mem_free(NULL);
}

static void realloc_keeps_contents(void **state) {
  (void)state;
  char *p = mem_realloc(NULL, 4);
  memcpy(p, "abc", 4);
  p = mem_realloc(p, 100000);
  assert_string_equal(p, "abc");
  mem_free(p);
}

/* Sizes around the one from which blocks are mapped. */
static void big_is_aligned_zeroed_and_counted(void **state) {
  (void)state;
  static const size_t sizes[] = {
      0, 1, 63, 64, 65, 4096, (1u << 20) - 64, (1u << 20) - 63, 1u << 20, (3u << 20) + 5};
  uint64_t before = mem_live_bytes();
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    for (int again = 0; again < 2; again++) {
      unsigned char *p = mem_try_alloc(sizes[k]);
      assert_non_null(p);
      assert_int_equal((uintptr_t)p % 64, 0);
      for (size_t i = 0; i < sizes[k]; i++) assert_int_equal(p[i], 0);
      memset(p, 0xA5, sizes[k]);
      assert_true(mem_live_bytes() >= before + sizes[k]);
      mem_free_big(p, sizes[k]);
    }
  }
  mem_free_big(NULL, 10);
  assert_int_equal(mem_live_bytes(), before);
}

static void sizes_saturate(void **state) {
  (void)state;
  assert_int_equal(mem_mul(6, 7), 42);
  assert_int_equal(mem_mul(SIZE_MAX, 0), 0);
  assert_int_equal(mem_mul((size_t)1 << 33, (size_t)1 << 33), SIZE_MAX);
  assert_int_equal(mem_add(SIZE_MAX, 1), SIZE_MAX);
  assert_int_equal(mem_add(SIZE_MAX - 1, 1), SIZE_MAX);
  assert_int_equal(mem_add(1, 2), 3);
  assert_null(mem_try_alloc(SIZE_MAX));
  assert_null(mem_try_alloc(mem_mul((size_t)1 << 33, (size_t)1 << 33)));
  assert_null(mem_try_alloc(SIZE_MAX - 100));
}

static void nth_call_fails(void **state) {
  (void)state;
  mem_fail_after(3, 0);
  for (int i = 1; i <= 5; i++) {
    void *p = mem_try_alloc(10);
    if (i == 3) assert_null(p);
    else assert_non_null(p);
    mem_free_big(p, 10);
  }
  mem_fail_after(2, 1);
  for (int i = 1; i <= 5; i++) {
    void *p = mem_try_alloc(10);
    if (i >= 2) assert_null(p);
    else assert_non_null(p);
    mem_free_big(p, 10);
  }
}

static void failure_reaches_the_handler(void **state) {
  (void)state;
  mem_on_fatal(jump);
  for (volatile int which = 0; which < 3; which++) {
    fatal_size = 0;
    if (which < 2) mem_fail_after(1, 0);
    if (setjmp(on_fatal) == 0) {
      if (which == 0) mem_alloc(123);
      else if (which == 1) mem_realloc(NULL, 123);
      else mem_alloc(SIZE_MAX);
      fail_msg("call %d returned", which);
    }
    assert_int_equal(fatal_size, which < 2 ? 123 : SIZE_MAX);
  }
}

static void calls_are_counted(void **state) {
  (void)state;
  uint64_t before = mem_calls();
  mem_free(mem_alloc(1));
  mem_free(mem_realloc(NULL, 1));
  mem_free_big(mem_try_alloc(1), 1);
  assert_int_equal(mem_calls(), before + 3);
}

/* ---- the budget, from kernel files below a made-up root ---- */

static char root[64];

static void put(const char *path, const char *text) {
  char full[512];
  snprintf(full, sizeof full, "%s%s", root, path);
  for (char *p = full + strlen(root) + 1; (p = strchr(p, '/')) != NULL; p++) {
    *p = '\0';
    mkdir(full, 0777);
    *p = '/';
  }
  FILE *f = fopen(full, "w");
  assert_non_null(f);
  fputs(text, f);
  fclose(f);
}

static int make_root(void **state) {
  (void)state;
  snprintf(root, sizeof root, "/tmp/qgn-mem-XXXXXX");
  return mkdtemp(root) ? 0 : -1;
}

static int remove_root(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", root);
  return system(command);
}

static void budget_of_the_machine(void **state) {
  (void)state;
  assert_int_equal(mem_budget_at(root), SIZE_MAX); /* nothing known: no limit */
  put("/proc/meminfo",
      "MemTotal:       24684092 kB\nMemFree:        4344912 kB\nMemAvailable:   1000000 kB\n");
  assert_int_equal(mem_budget_at(root), (size_t)1000000 * 1024 / 10 * 9);
}

static void budget_of_cgroup_2(void **state) {
  (void)state;
  put("/proc/meminfo", "MemAvailable:   1000000 kB\n");
  put("/proc/self/cgroup", "0::/a.slice/b\n");
  put("/sys/fs/cgroup/a.slice/b/memory.max", "max\n");
  put("/sys/fs/cgroup/a.slice/b/memory.current", "5000000\n");
  assert_int_equal(mem_budget_at(root), (size_t)1000000 * 1024 / 10 * 9);
  put("/sys/fs/cgroup/a.slice/memory.max", "300000000\n");
  put("/sys/fs/cgroup/a.slice/memory.current", "100000000\n");
  assert_int_equal(mem_budget_at(root), 180000000);
  put("/sys/fs/cgroup/a.slice/b/memory.max", "6000000\n");
  assert_int_equal(mem_budget_at(root), 900000);
  put("/sys/fs/cgroup/a.slice/b/memory.max", "4000000\n"); /* more used than allowed */
  assert_int_equal(mem_budget_at(root), 0);
}

/* In a container the path of the group is often not there, but the limit is at the top. */
static void budget_of_cgroup_1(void **state) {
  (void)state;
  put("/proc/meminfo", "MemAvailable:   1000000 kB\n");
  put("/proc/self/cgroup", "9:name=systemd:/\n5:cpu,memory:/not/here\n0::/\n");
  put("/sys/fs/cgroup/memory/memory.limit_in_bytes", "500000000\n");
  put("/sys/fs/cgroup/memory/memory.usage_in_bytes", "400000000\n");
  assert_int_equal(mem_budget_at(root), 90000000);
}

static void budget_of_the_process(void **state) {
  (void)state;
#ifdef QGN_SANITIZED
  return; /* the sanitizers' shadow takes more address space than any limit would leave */
#endif
  struct rlimit old, now;
  assert_int_equal(getrlimit(RLIMIT_AS, &old), 0);
  now = old;
  now.rlim_cur = (rlim_t)4 << 30;
  assert_int_equal(setrlimit(RLIMIT_AS, &now), 0);
  size_t real = mem_budget();
  assert_int_equal(mem_budget_at(root), ((size_t)4 << 30) / 10 * 9); /* no statm there: nothing used */
  void *too_much = mem_try_alloc((size_t)5 << 30);
  assert_int_equal(setrlimit(RLIMIT_AS, &old), 0);
  assert_null(too_much);
  assert_true(real > 0 && real < ((size_t)4 << 30) / 10 * 9);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(small_is_zeroed, reset),
      cmocka_unit_test_teardown(realloc_keeps_contents, reset),
      cmocka_unit_test_teardown(big_is_aligned_zeroed_and_counted, reset),
      cmocka_unit_test_teardown(sizes_saturate, reset),
      cmocka_unit_test_teardown(nth_call_fails, reset),
      cmocka_unit_test_teardown(failure_reaches_the_handler, reset),
      cmocka_unit_test_teardown(calls_are_counted, reset),
      cmocka_unit_test_setup_teardown(budget_of_the_machine, make_root, remove_root),
      cmocka_unit_test_setup_teardown(budget_of_cgroup_2, make_root, remove_root),
      cmocka_unit_test_setup_teardown(budget_of_cgroup_1, make_root, remove_root),
      cmocka_unit_test_setup_teardown(budget_of_the_process, make_root, remove_root),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
