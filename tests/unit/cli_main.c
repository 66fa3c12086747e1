/* The tables of verbs and options, and cli_main as a function that returns. */
#include <fcntl.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "runtime/cli/cli.h"

/* Runs with both outputs thrown away. */
static int run(const char *a, const char *b, const char *c) {
  char *argv[] = {(char *)(uintptr_t) "qgn", (char *)(uintptr_t)a, (char *)(uintptr_t)b, (char *)(uintptr_t)c,
                  NULL};
  int argc = c ? 4 : b ? 3 : a ? 2 : 1;
  fflush(NULL);
  int null = open("/dev/null", O_WRONLY), out = dup(STDOUT_FILENO), err = dup(STDERR_FILENO);
  dup2(null, STDOUT_FILENO);
  dup2(null, STDERR_FILENO);
  int code = cli_main(argc, argv);
  fflush(NULL);
  dup2(out, STDOUT_FILENO);
  dup2(err, STDERR_FILENO);
  close(null);
  close(out);
  close(err);
  return code;
}

static void test_every_verb_has_help(void **state) {
  (void)state;
  for (int v = 0; v < CLI_VERB_COUNT; v++) {
    const VerbInfo *verb = &verb_info[v];
    assert_int_equal(run("help", verb->name, NULL), 0);
    assert_int_equal(run(verb->name, "--help", NULL), 0);
    assert_memory_equal(verb->example, "qgn ", 4);
    assert_memory_equal(verb->example + 4, verb->name, strlen(verb->name));
    if (verb->later) assert_int_equal(run(verb->name, NULL, NULL), 2);
  }
}

static void test_tables_are_unique(void **state) {
  (void)state;
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    for (int w = 0; w < v; w++) assert_string_not_equal(verb_info[v].name, verb_info[w].name);
  for (int o = 0; o < OPT_COUNT; o++)
    for (int p = 0; p < o; p++) {
      if ((option_info[o].verbs & option_info[p].verbs) == 0) continue;
      assert_string_not_equal(option_info[o].name, option_info[p].name);
      if (option_info[o].letter) assert_int_not_equal(option_info[o].letter, option_info[p].letter);
    }
}

/* Every code is explained, and nothing else is. */
static void test_explain(void **state) {
  (void)state;
  for (int i = 0; i < DIAG_COUNT; i++) assert_int_equal(run("explain", diag_info[i].code, NULL), 0);
  assert_int_equal(run("explain", "E0000", NULL), 2);
  assert_int_equal(run("explain", NULL, NULL), 2);
}

static void test_names_of_runs(void **state) {
  (void)state;
  Arena *a = arena_new();
  assert_string_equal(cli_run_name(a, "examples/gaussian/main.qgn"), "gaussian");
  assert_string_equal(cli_run_name(a, "x/my run!.qgn"), "my_run_");
  assert_string_equal(cli_run_name(a, "noext"), "noext");
  assert_string_equal(cli_run_name(a, ".qgn"), "_qgn");
  assert_string_equal(cli_run_name(a, "..qgn"), "_");
  assert_string_equal(cli_run_name(a, "θ.qgn"), "__");
  arena_free(a);
}

static void test_machine(void **state) {
  (void)state;
  Arena *a = arena_new();
  assert_true(cli_cores() >= 1);
  assert_true(cli_cores() <= sysconf(_SC_NPROCESSORS_CONF));
  assert_non_null(cli_find_program(a, "sh"));
  assert_null(cli_find_program(a, "no-such-program"));
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_verb_has_help),
      cmocka_unit_test(test_tables_are_unique),
      cmocka_unit_test(test_explain),
      cmocka_unit_test(test_names_of_runs),
      cmocka_unit_test(test_machine),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
