/* The whole program with its n-th allocation failing, for n = 1, 2, 3 ...: it says E0702 and leaves
 * with 5, or does not need that memory and works as ever. It never crashes, and a run of which the
 * memory ran out does not disturb the next. */
#define _GNU_SOURCE
#include "lang/base/mem.h"
#include "tests/oom/child.h"

#define TEXT_CAP 4096

/* Runs the program in a child in the folder, its n-th allocation (and, with all, those after it)
 * failing; the wait status. What it wrote to stderr is in text. */
static int run(char **argv, uint64_t n, int all, char text[TEXT_CAP]) {
  char errors[128];
  snprintf(errors, sizeof errors, "%s/stderr", folder);
  pid_t child = fork();
  if (child == 0) {
    child_begin(".", "/dev/null", errors);
    uint64_t before = mem_calls();
    mem_fail_after(n, all);
    int code = child_run(argv);
    mem_fail_after(0, 0);
    if (n == 0) *calls = mem_calls() - before;
    exit(code);
  }
  int status = child_end(child);
  FILE *f = fopen(errors, "r");
  size_t got = f ? fread(text, 1, TEXT_CAP - 1, f) : 0;
  text[got] = '\0';
  if (f) fclose(f);
  return status;
}

/* Tries about `tries` values of n, spread over all allocations of a whole run. */
static void check_verb(char **argv, uint64_t tries) {
  char text[TEXT_CAP];
  int good = run(argv, 0, 0, text);
  if (!WIFEXITED(good) || WEXITSTATUS(good) != 0) fail_msg("without a fault: status %d\n%s", good, text);
  uint64_t total = *calls, step = total / tries + 1;
  assert_true(total > 10);
  int refused = 0;
  for (uint64_t n = 1; n <= total; n += step)
    for (int all = 0; all < 2; all++) {
      int status = run(argv, n, all, text);
      if (!WIFEXITED(status))
        fail_msg("allocation %d%s of %s: signal %d\n%s", (int)n, all ? " and all after it" : "", argv[1],
                 WTERMSIG(status), text);
      if (WEXITSTATUS(status) == 0) continue;
      if (WEXITSTATUS(status) != 5 || !strstr(text, "E0702"))
        fail_msg("allocation %d%s of %s: exit %d\n%s", (int)n, all ? " and all after it" : "", argv[1],
                 WEXITSTATUS(status), text);
      refused++;
    }
  assert_true(refused > 5);
  assert_int_equal(run(argv, 0, 0, text), good);
}

static char *script(void) {
  static char path[4096];
  const char *root = getenv("QGN_ROOT");
  snprintf(path, sizeof path, "%s/examples/hello", root ? root : ".");
  return path;
}

static uint64_t tries(uint64_t most) { return getenv("QGN_QUICK") ? most / 4 : most; }

static void check(void **state) {
  (void)state;
  check_verb((char *[]){"qgn", "check", script(), NULL}, tries(200));
}

static void dump(void **state) {
  (void)state;
  check_verb((char *[]){"qgn", "dump", "--ast", script(), NULL}, tries(100));
  check_verb((char *[]){"qgn", "dump", "--graph", script(), NULL}, tries(100));
  check_verb((char *[]){"qgn", "dump", "--plan", script(), NULL}, tries(100));
}

static void whole_run(void **state) {
  (void)state;
  check_verb((char *[]){"qgn", "run", script(), "--fresh", "-q", "--threads", "1", NULL}, tries(200));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(check, folder_set_up, folder_tear_down),
      cmocka_unit_test_setup_teardown(dump, folder_set_up, folder_tear_down),
      cmocka_unit_test_setup_teardown(whole_run, folder_set_up, folder_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
