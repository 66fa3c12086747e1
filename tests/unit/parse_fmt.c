/* The one form of a script. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "lang/parse/fmt.h"
#include "tests/unit/parse_rig.h"

static const char *format(const char *text) {
  return fmt_source(arena, src_add("t", text, strlen(text)), sink);
}

static AstNode *tree(const char *text) {
  AstNode *out;
  assert_int_equal(parse_source(arena, src_add("t", text, strlen(text)), sink, false, &out, NULL), PARSE_OK);
  return out;
}

/* `text` becomes `want`, which stays as it is and means the same. */
static void check(const char *text, const char *want) {
  const char *got = format(text);
  assert_non_null(got);
  assert_string_equal(got, want);
  assert_string_equal(format(want), want);
  assert_true(ast_equal(tree(text), tree(want)));
}

static void spaces(void **state) {
  (void)state;
  check("let a=1+2*x^2", "let a = 1 + 2 * x^2\n");
  check("let a = - b-- c", "let a = -b - -c\n");
  check("f ( x , y = [ 1,2 ] ) [ 0 ] . z", "f(x, y = [1, 2])[0].z\n");
  check("x[ : ,0,..3,2..,a .. b]", "x[:, 0, ..3, 2.., a .. b]\n");
  check("ctrl@inv@U(x)a,b", "ctrl @ inv @ U(x) a, b\n");
  check("def f(x[B,1],U:circuit)->[B],m[]=x|>g", "def f(x[B, 1], U: circuit) -> [B], m[] = x |> g\n");
  check("if a{b}else{c}", "if a { b } else { c }\n");
  check("model empty ( ) { }", "model empty() {}\n");
  check("feat :linear(2)", "feat: linear(2)\n");
  check("a\n ;;- b;-c", "a\n; -b; -c\n"); /* no line begins with `-` */
  check(";-b", "; -b\n");
  check("return(a,b)", "return (a, b)\n");
  check("use std . gan:w,v", "use std.gan: w, v\n");
  check("use  \"a.qgn\":w,v", "use \"a.qgn\": w, v\n");
  check("x:=not a and(b or c)", "x := not a and (b or c)\n");
  check("let θ = 60_000;let b = 1e-3 ± 2π", "let θ = 60_000; let b = 1e-3 ± 2π\n");
}

static void lines(void **state) {
  (void)state;
  check("", "");
  check("\n\n\na\n\n\n\nb\n\n", "a\n\nb\n");
  check("train t {\n\n\nepochs=3\n\n      batch = 2\n\n}", "train t {\n  epochs = 3\n\n  batch = 2\n}\n");
  check("if a {\nif b {\nc\n} else {\nd\n} }", "if a {\n  if b {\n    c\n  } else {\n    d\n} }\n");
}

static void semicolons(void **state) {
  (void)state;
  check("a;\n;b;;c ;\n", "a\nb; c\n");
  check("train t { ;a; b; }", "train t { a; b }\n");
  check("a\r\n\tb\r\n", "a\nb\n");
}

static void continuations(void **state) {
  (void)state;
  check("claim(\"a\", x,\n      y)", "claim(\"a\", x,\n      y)\n");
  check("    claim(\"a\", x,\n          y)", "claim(\"a\", x,\n      y)\n");
  check("let a = b |>\nc |>\n      d", "let a = b |>\n  c |>\n      d\n");
  check("let a = f(\n1,\n2\n)\nb", "let a = f(\n  1,\n  2\n)\nb\n");
  check("train t {\nx = f(1,\n2)\n}", "train t {\n  x = f(1,\n    2)\n}\n");
}

static void comments(void **state) {
  (void)state;
  check("#a\n##  b  \na#c\n", "#a\n##  b\na  #c\n");
  check("a # x\nbcd    # y\n\ne # z\n", "a    # x\nbcd  # y\n\ne  # z\n");
  check("a       # x\nbcd     # y\n", "a       # x\nbcd     # y\n");
  check("train t {      # why\n# in\nx = 1\n   # out\n}\n# end",
        "train t {      # why\n  # in\n  x = 1\n  # out\n}\n# end\n");
  check("let a = # why\n# so\n1", "let a =  # why\n  # so\n  1\n");
  check("a ; # x\n", "a   # x\n");
}

static void alignment(void **state) {
  (void)state;
  check("hyper a   = 1    where a > 0\nhyper bcd = 20   where b > 0\n",
        "hyper a   = 1    where a > 0\nhyper bcd = 20   where b > 0\n");
  check("let a   = 1\n\nlet bcd = 2\n", "let a = 1\n\nlet bcd = 2\n");
  check("row(1,   23)\nrow(1, 4567)\n", "row(1,   23)\nrow(1, 4567)\n");
  check("a  +   b\n", "a + b\n");
}

static void refused(void **state) {
  (void)state;
  assert_null(format("let a = = 1"));
  assert_int_equal(sink->n_errors, 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(spaces, start, end),
      cmocka_unit_test_setup_teardown(lines, start, end),
      cmocka_unit_test_setup_teardown(semicolons, start, end),
      cmocka_unit_test_setup_teardown(continuations, start, end),
      cmocka_unit_test_setup_teardown(comments, start, end),
      cmocka_unit_test_setup_teardown(alignment, start, end),
      cmocka_unit_test_setup_teardown(refused, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
