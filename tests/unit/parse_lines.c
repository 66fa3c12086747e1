/* Where statements end, what is incomplete, and how many messages a mistake gives. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "tests/unit/parse_rig.h"

static ParseResult parse_n(const char *text, size_t n, bool interactive, AstNode **out, ParseOpener *open) {
  return parse_source(arena, src_add("t", text, n), sink, interactive, out, open);
}

static AstNode *parse(const char *text) {
  AstNode *out;
  assert_int_equal(parse_n(text, strlen(text), false, &out, NULL), PARSE_OK);
  return out;
}

/* Two texts with the same tree. */
static void same(const char *a, const char *b) { assert_true(ast_equal(parse(a), parse(b))); }
static void differ(const char *a, const char *b) { assert_false(ast_equal(parse(a), parse(b))); }

static void lines(void **state) {
  (void)state;
  same("a\nb", "a; b");
  same("\n\n a \n\n;; b;\n", "a; b");
  same("let a = 1 +\n  2", "let a = 1 + 2");
  same("let a =\n\n  # why\n  2", "let a = 2");
  same("f(1,\n\n  2\n)", "f(1, 2)");
  same("x[\n0\n]", "x[0]");
  same("minimize a over\nG per\nk clip\n2", "minimize a over G per k clip 2");
  same("return\na", "return a");
  same("if a { b } else { c }\nd", "if a { b } else { c }; d");
}

static void lines_of_their_own(void **state) {
  (void)state;
  assert_int_equal(parse("a\n(b)")->n, 2);
  assert_int_equal(parse("a\n[b]")->n, 2);
  assert_int_equal(parse("f(x)\n(b)\n[c]")->n, 3);
  differ("a\n(b)", "a(b)");
  same("a\r\nb\r\n", "a\nb");
  assert_int_equal(parse("")->n, 0);
  assert_int_equal(parse("\n# only a comment")->n, 0);
}

static void interactive_input(void **state) {
  (void)state;
  static const struct {
    const char *text;
    ParseResult result;
    char bracket;
  } cases[] = {
      {"let a = 1", PARSE_OK, 0},
      {"let a =", PARSE_INCOMPLETE, 0},
      {"let a = f(1,", PARSE_INCOMPLETE, '('},
      {"a +\n\n", PARSE_INCOMPLETE, 0},
      {"train t {\n  epochs = 3\n", PARSE_INCOMPLETE, '{'},
      {"[1, (2", PARSE_INCOMPLETE, '('},
      {"if a { b }", PARSE_OK, 0},
      {"let a = = (", PARSE_ERROR, 0},
      {"let a = \"abc", PARSE_ERROR, 0},
      {"-x", PARSE_OK, 0},
      {"a\n-x", PARSE_OK, 0},
      {"", PARSE_OK, 0},
      {"x = 1/2pi +", PARSE_INCOMPLETE, 0},
      {")", PARSE_ERROR, 0},
      {"circuit c(x) on", PARSE_INCOMPLETE, 0},
      {"def f(x", PARSE_INCOMPLETE, '('},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    AstNode *out;
    ParseOpener open;
    int before = sink->all.n, errors = sink->n_errors;
    assert_int_equal(parse_n(cases[i].text, strlen(cases[i].text), true, &out, &open), cases[i].result);
    assert_int_equal(open.bracket, cases[i].bracket);
    if (cases[i].result == PARSE_INCOMPLETE) assert_int_equal(sink->all.n, before);
    assert_int_equal(sink->n_errors > errors, cases[i].result == PARSE_ERROR);
    assert_non_null(out);
  }
}

/* One message for each line, at that line. */
static void one_message_each(void **state) {
  (void)state;
  static const char *const wrong[] = {
      "let = 3",          "let b 4",
      "x = f(1 2)",       "if a = 2 { b }",
      "for k in 0..3: b", "let c = [1, 2",
      "y = (1 + 2",       "hyper lr 1e-3",
      "z = 2 ** 3 3",     "vary lr = [1, 2]",
      "let model = 2",    "def f(x = x",
      "train t",          "repeat { a }",
      "minimize a",       "draw z = normal(0)",
      "x = a ? b : c",    "let d = 1 // 2 // 3",
      "circuit c(x) {",   "a }",
      "let e = \"abc",    "q = x[1:2:3]",
      "let größe = é",    "let f = a $ b $ c",
  };
  const int n = (int)(sizeof wrong / sizeof *wrong);
  for (int i = 0; i < n; i++) {
    AstNode *out;
    char *text;
    /* The one open block is closed in the same line. */
    bool opens = strchr(wrong[i], '{') && !strchr(wrong[i], '}');
    assert_true(asprintf(&text, "let first = 1\n%s%s\nlet last = 2\n", wrong[i], opens ? " }" : "") > 0);
    int before = sink->all.n;
    assert_int_equal(parse_n(text, strlen(text), false, &out, NULL), PARSE_ERROR);
    free(text);
    int most = strstr(wrong[i], "**") || strstr(wrong[i], "größe") || strchr(wrong[i], '$') ? 2 : 1;
    assert_in_range(sink->all.n - before, 1, most);
    const Source *src;
    int line, col;
    assert_true(src_locate(sink->all.at[before]->span.begin, &src, &line, &col));
    assert_int_equal(line, 2);
    assert_int_equal(out->kids[0]->kind, AST_LET);
    assert_int_equal(out->kids[out->n - 1]->kind, AST_LET);
  }
}

static void nesting(void **state) {
  (void)state;
  char *text = malloc(300001);
  AstNode *out;
  for (int shape = 0; shape < 5; shape++) {
    static const char *const unit[] = {"[", "(", "f(", "- ", "x{"};
    size_t n = 0, length = strlen(unit[shape]);
    for (int i = 0; i < 100000; i++) memcpy(text + n, unit[shape], length), n += length;
    int before = sink->all.n;
    assert_int_equal(parse_n(text, n, false, &out, NULL), PARSE_ERROR);
    int deep = 0;
    for (int i = before; i < sink->all.n; i++) deep += sink->all.at[i]->code == DIAG_NESTING;
    assert_int_equal(deep, 1);
    assert_in_range(sink->all.n - before, 1, 2); /* `-` also begins a line, `x{` is no statement */
  }
  free(text);
  /* Just inside the limit. */
  char good[600] = "";
  for (int i = 0; i < 250; i++) good[i] = '(', good[251 + i] = ')';
  good[250] = 'x';
  parse(good);
}

static void bytes(void **state) {
  (void)state;
  static const struct {
    const char *text;
    size_t n;
  } cases[] = {
      {"\xEF\xBB\xBFx = 1", 8}, {"x = 1\t+ 2", 9}, {"x = 1\xC2\xA0", 7},  {"x\0y", 3},
      {"x = \xFF", 5},          {"# \xE4", 3},     {"# \xE2\x80\xAE", 5}, {"x\ry", 3},
      {"x = \x01", 5},          {"\"\xC3\"", 3},   {"x\xEF\xBB\xBF", 4},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    AstNode *out;
    int before = sink->all.n;
    assert_int_equal(parse_n(cases[i].text, cases[i].n, false, &out, NULL), PARSE_ERROR);
    assert_int_equal(sink->all.n, before + 1);
    assert_int_equal(sink->all.at[before]->code, DIAG_CHARACTER);
  }
  same("\tx = 1  \t\n# a\tb\n", "x = 1");
}

static void docs(void **state) {
  (void)state;
  AstNode *out = parse(
      "## One.\n##   two\n##\nlet a = 1\n## not above\n\nlet b = 2\n# plain\nlet c = 3 ## behind\nlet d = 4\n"
      "train t {\n  ## Inside.\n  x = 1\n}\n");
  assert_string_equal(out->kids[0]->doc, "One.\n  two\n");
  for (int i = 1; i < 4; i++) assert_null(out->kids[i]->doc);
  assert_string_equal(out->kids[4]->kids[AST_TRAIN_body]->kids[0]->doc, "Inside.");
}

static void unit_warnings(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int warnings;
  } cases[] = {
      {"1/2pi", 1},   {"2pi^2", 1}, {"1 / 4turn", 1}, {"x/2pi", 1},   {"1/(2pi)", 0},
      {"(2pi)^2", 0}, {"1/50%", 0}, {"2*pi^2", 0},    {"x/10deg", 0},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    int before = sink->n_warnings;
    parse(cases[i].text);
    assert_int_equal(sink->n_warnings - before, cases[i].warnings);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(lines, start, end),
      cmocka_unit_test_setup_teardown(lines_of_their_own, start, end),
      cmocka_unit_test_setup_teardown(interactive_input, start, end),
      cmocka_unit_test_setup_teardown(one_message_each, start, end),
      cmocka_unit_test_setup_teardown(nesting, start, end),
      cmocka_unit_test_setup_teardown(bytes, start, end),
      cmocka_unit_test_setup_teardown(docs, start, end),
      cmocka_unit_test_setup_teardown(unit_warnings, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
