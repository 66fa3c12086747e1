#define _GNU_SOURCE /* open_memstream */
/* Generated programs, from the grammar of spec.md: formatting keeps the tree, and doing it twice changes
 * nothing. 10000 programs, 1500 with QGN_QUICK; those that break a rule of lines (a unary minus at the begin)
 * are not counted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/parse/fmt.h"
#include "lang/parse/parse.h"

#define TEXT_MAX 20000

typedef struct Text {
  char at[TEXT_MAX];
  size_t n;
} Text;

static uint64_t rng_state = 0x2545F4914F6CDD1Du;
static int below(int n) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return (int)((rng_state >> 33) % (uint64_t)n);
}

static void put(Text *t, const char *s) {
  const size_t n = strlen(s);
  if (t->n + n + 1 >= TEXT_MAX) return;
  memcpy(t->at + t->n, s, n + 1);
  t->n += n;
}
static void pick(Text *t, int n, const char *const *of) { put(t, of[below(n)]); }
#define PICK(t, ...)                                                                                         \
  pick((t), (int)(sizeof((const char *const[]){__VA_ARGS__}) / sizeof(char *)),                              \
       (const char *const[]){__VA_ARGS__})

static void space(Text *t) { PICK(t, "", " ", " ", "  "); }
static void name(Text *t) { PICK(t, "a", "b2", "θ", "x_1", "lambda", "λ", "Gen", "q", "epochs"); }
static void number(Text *t) {
  PICK(t, "0", "3", "60_000", "0.5", "1e-3", "2.5E+6", "10deg", "2pi", "50%", "2px", "40ns");
}
static void expr(Text *t, int depth);
static void block(Text *t, int depth);

static void list(Text *t, int depth, int least) {
  const int n = least + below(3);
  for (int i = 0; i < n; i++) {
    if (i > 0) put(t, below(4) == 0 ? ",\n   " : ", ");
    expr(t, depth - 1);
  }
}

static void arguments(Text *t, int depth) {
  put(t, "(");
  const int n = below(3);
  for (int i = 0; i < n; i++) {
    if (i > 0) put(t, ",");
    space(t);
    if (below(3) == 0) name(t), put(t, " = ");
    expr(t, depth - 1);
  }
  put(t, ")");
}

static void indices(Text *t, int depth) {
  put(t, "[");
  for (int i = 0, n = 1 + below(2); i < n; i++) {
    if (i > 0) put(t, ", ");
    switch (below(4)) {
    case 0: put(t, ":"); break;
    case 1: number(t), put(t, ".."); break;
    case 2: put(t, ".."), number(t); break;
    default: expr(t, depth - 1);
    }
  }
  put(t, "]");
}

static void ref(Text *t, int depth) {
  name(t);
  for (int n = below(3); n > 0 && depth > 0; n--) {
    switch (below(3)) {
    case 0: put(t, "."), name(t); break;
    case 1: arguments(t, depth); break;
    default: indices(t, depth);
    }
  }
}

static void primary(Text *t, int depth) {
  switch (depth > 0 ? below(9) : below(3)) {
  case 0: number(t); break;
  case 1: name(t); break;
  case 2: PICK(t, "true", "false", "\"a {b:.2f} {{\"", "\"\\n\""); break;
  case 3: put(t, "("), expr(t, depth - 1), put(t, ")"); break;
  case 4: put(t, "["), list(t, depth, 0), put(t, "]"); break;
  case 5: put(t, "["), expr(t, depth - 1), put(t, " for i in "), expr(t, depth - 1), put(t, "]"); break;
  case 6: put(t, "("), list(t, depth, 2), put(t, ")"); break;
  case 7: put(t, "new "), ref(t, depth - 1); break;
  default: ref(t, depth);
  }
}

static void expr(Text *t, int depth) {
  if (depth <= 0 || below(3) == 0) {
    primary(t, depth);
    return;
  }
  if (below(8) == 0) put(t, "not ");
  else if (below(8) == 0) put(t, "-");
  put(t, "(");
  expr(t, depth - 1);
  put(t, ")");
  space(t);
  PICK(t, "+", "-", "*", "/", "^", "==", "!=", "<", ">=", " in ", " and ", " or ", "..", "..=", "±", "+/-",
       "|>");
  PICK(t, " ", "", "\n    ");
  primary(t, depth - 1);
}

static void patterns(Text *t) {
  name(t);
  if (below(2) == 0) PICK(t, "[n]", "[B, 3]", "[B, ...]", "[2 * n]");
  if (below(4) == 0) put(t, ": label");
}

static void declaration(Text *t, int depth) {
  switch (below(9)) {
  case 0: put(t, "hyper "), name(t), put(t, " = "), expr(t, depth), put(t, " where "), expr(t, depth); break;
  case 1: put(t, below(2) ? "let " : "var "), patterns(t), put(t, " = "), expr(t, depth); break;
  case 2: put(t, "param "), name(t), put(t, "[n] ~ "), expr(t, depth); break;
  case 3: put(t, "draw "), name(t), put(t, "[B, 2] ~ "), expr(t, depth); break;
  case 4: put(t, "def "), name(t), put(t, "("), patterns(t), put(t, ") = "), expr(t, depth); break;
  case 5:
    put(t, "circuit "), name(t), put(t, "("), patterns(t), put(t, ") -> [n] on q[n], r "), block(t, depth);
    break;
  case 6: put(t, "model "), name(t), put(t, "("), patterns(t), put(t, ") "), block(t, depth); break;
  case 7: put(t, "train "), name(t), put(t, " "), block(t, depth); break;
  default: put(t, "dataset "), name(t), put(t, " "), block(t, depth);
  }
}

static void action(Text *t, int depth) {
  switch (below(7)) {
  case 0: put(t, "step x[B, 1] "), block(t, depth); break;
  case 1: put(t, "every "), number(t), put(t, " "), block(t, depth); break;
  case 2:
    put(t, "minimize "), expr(t, depth), put(t, " over "), ref(t, 0), put(t, " clip "), expr(t, depth);
    break;
  case 3: put(t, "expect "), expr(t, depth), put(t, ", \"why\""); break;
  case 4: put(t, "return "), list(t, depth, 1); break;
  case 5: put(t, "for i, j in "), expr(t, depth), put(t, " "), block(t, depth); break;
  default: put(t, "if "), expr(t, depth), put(t, " "), block(t, depth), put(t, " else "), block(t, depth);
  }
}

static void simple(Text *t, int depth) {
  switch (below(7)) {
  case 0: name(t), put(t, ": "), expr(t, depth); break;
  case 1: name(t), put(t, " := "), expr(t, depth); break;
  case 2: name(t), put(t, " = "), expr(t, depth); break;
  case 3: put(t, "ctrl @ inv @ ry"), arguments(t, depth), put(t, " q[0], q"); break;
  case 4: put(t, "optimizer G, D = "), expr(t, depth); break;
  case 5: name(t), put(t, " "), name(t); break;
  default: name(t), arguments(t, depth);
  }
}

static void statements(Text *t, int depth) {
  for (int n = below(4); n >= 0; n--) {
    const int kind = depth > 0 ? below(3) : 2;
    if (kind == 0) declaration(t, depth - 1);
    else if (kind == 1) action(t, depth - 1);
    else simple(t, depth);
    PICK(t, "\n", "\n", "; ", "   # a comment\n", "\n\n\n", "\n  ## a doc\n");
  }
}

static void block(Text *t, int depth) {
  put(t, "{");
  PICK(t, " ", "\n");
  statements(t, depth - 1);
  put(t, "\n}");
}

/* The tree as text without places. */
static char *tree_of(Arena *a, const char *text, size_t n, bool *ok) {
  AstNode *tree;
  DiagSink *sink = diag_sink(a);
  const Source *src = src_add("<generated>", text, n);
  *ok = parse_source(a, src, sink, false, &tree, NULL) == PARSE_OK;
  char *out = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&out, &size);
  ast_dump(tree, f);
  fclose(f);
  size_t to = 0; /* places are " @3:1-3:12" at the ends of lines */
  for (size_t i = 0; i < size; i++) {
    if (out[i] == ' ' && out[i + 1] == '@')
      while (i < size && out[i] != '\n') i++;
    out[to++] = out[i];
  }
  out[to] = '\0';
  return out;
}

static void test_formatting_keeps_the_tree(void **state) {
  (void)state;
  const int programs = getenv("QGN_QUICK") != NULL ? 1500 : 10000;
  int good = 0, tried = 0;
  static Text t;
  for (; good < programs && tried < 4 * programs; tried++) {
    Arena *a = arena_new();
    t.n = 0;
    put(&t, "edition = 1\n");
    statements(&t, 4);
    bool ok, again;
    char *before = tree_of(a, t.at, t.n, &ok);
    if (ok && t.n + 2 < TEXT_MAX) {
      good++;
      DiagSink *sink = diag_sink(a);
      const char *once = fmt_source(a, src_add("<generated>", t.at, t.n), sink);
      assert_non_null(once);
      char *after = tree_of(a, once, strlen(once), &again);
      const char *twice = fmt_source(a, src_add("<formatted>", once, strlen(once)), sink);
      if (!again || strcmp(before, after) != 0)
        fail_msg("formatting changes the tree of\n%s\ninto\n%s", t.at, once);
      if (twice == NULL || strcmp(once, twice) != 0) fail_msg("formatting twice changes\n%s", once);
      free(after);
    }
    free(before);
    arena_free(a);
    src_clear();
  }
  if (getenv("QGN_SAY") != NULL) printf("# %d programs of %d tried\n", good, tried);
  assert_int_equal(good, programs);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_formatting_keeps_the_tree)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  sym_clear();
  return failed;
}
