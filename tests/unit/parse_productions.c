/* Every production of the grammar has a test that uses it: the rows `NAME.K FILE` of tests/spec/coverage.txt,
 * where NAME.K is the K-th alternative of NAME. The parser is compiled once more, with bison's trace, which
 * tells which productions a file is reduced by. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/io.h"
#include "lang/parse/parse.h"

static int trace(FILE *out, const char *fmt, ...);

#define QGN_YYDEBUG 1
#define YYFPRINTF trace
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wswitch-enum"
#pragma GCC diagnostic ignored "-Wpedantic"
#pragma GCC diagnostic ignored "-Wunused-parameter"
#include "build/gen/qgn.tab.c"
#pragma GCC diagnostic pop

static bool used[YYNRULES + 1];

/* The parser says "Reducing stack by rule N (line L)", where N counts from 0. */
static int trace(FILE *out, const char *fmt, ...) {
  va_list args;
  (void)out;
  if (strncmp(fmt, "Reducing stack by rule", 22) != 0) return 0;
  va_start(args, fmt);
  const int rule = va_arg(args, int) + 1;
  va_end(args);
  if (rule >= 0 && rule <= YYNRULES) used[rule] = true;
  return 0;
}

/* "stmt.3" for the third production of stmt. */
static void name_of(int rule, char *out, size_t size) {
  int k = 1;
  for (int i = 1; i < rule; i++) k += yyr1[i] == yyr1[rule];
  snprintf(out, size, "%s.%d", yysymbol_name((yysymbol_kind_t)yyr1[rule]), k);
}

static void parse_file(Arena *arena, const char *path) {
  IoData file;
  IoError error;
  AstNode *tree;
  if (!io_read_file(arena, path, 16 << 20, &file, &error)) fail_msg("%s cannot be read", path);
  memset(used, 0, sizeof used);
  parse_source(arena, src_add(path, (const char *)file.bytes, file.size), diag_sink(arena), false, &tree,
               NULL);
}

static void productions(void **state) {
  (void)state;
  bool *named = calloc(YYNRULES + 1, sizeof *named);
  char line[1024], name[64], path[512];
  int gaps = 0;
  FILE *f = fopen("tests/spec/coverage.txt", "r");
  assert_non_null(f);
  qgn_yydebug = 1;
  while (fgets(line, sizeof line, f) != NULL) {
    int found = 0;
    if (strchr("#\n", line[0]) != NULL || sscanf(line, "%63s %511s", name, path) != 2) continue;
    for (int rule = 2; rule <= YYNRULES && found == 0; rule++) {
      char its[64];
      name_of(rule, its, sizeof its);
      if (strcmp(its, name) == 0) found = rule;
    }
    if (found == 0) continue;
    Arena *arena = arena_new();
    named[found] = true;
    parse_file(arena, path);
    if (!used[found]) print_error("%s is not used in %s\n", name, path);
    gaps += !used[found];
    arena_free(arena);
    src_clear();
  }
  fclose(f);
  for (int rule = 2; rule <= YYNRULES; rule++) {
    if (named[rule]) continue;
    name_of(rule, name, sizeof name);
    print_error("%s has no row in tests/spec/coverage.txt\n", name);
    gaps++;
  }
  free(named);
  sym_clear();
  assert_int_equal(gaps, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(productions)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
