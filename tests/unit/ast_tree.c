#define _GNU_SOURCE
/* The tree itself: constructors, depth, equality, dump. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/ast/ast_build.h"
#include "lang/base/source.h"

static AstBuild b;

static int start(void **state) {
  (void)state;
  Arena *a = arena_new();
  b = (AstBuild){.arena = a, .sink = diag_sink(a)};
  return 0;
}

static int end(void **state) {
  (void)state;
  arena_free(b.arena);
  src_clear();
  sym_clear();
  return 0;
}

static AstNode *name(const char *s) {
  return ast_leaf(&b, AST_NAME, (AstWord){.name = sym_intern(s), .text = s});
}
static AstNode *number(double x, const char *s) {
  return ast_leaf(&b, AST_NUMBER, (AstWord){.num = x, .text = s, .is_int = true});
}

static void fields(void **state) {
  (void)state;
  assert_string_equal(ast_kind_name[AST_LET], "let");
  assert_string_equal(ast_kind_fields[AST_LET][AST_LET_value], "value");
  assert_null(ast_kind_fields[AST_LET][2]);
  assert_null(ast_kind_fields[AST_LIST][0]);
  for (int k = 0; k < AST_KIND_COUNT; k++) {
    assert_non_null(ast_kind_name[k]);
    for (int i = 0; ast_kind_fields[k][i]; i++) assert_true(i < 4 && *ast_kind_fields[k][i]);
  }
  for (int i = 0; i < AST_OP_COUNT; i++) assert_non_null(ast_op_text[i]);
}

static void lists_grow(void **state) {
  (void)state;
  AstNode *list = ast_list(&b, name("x0"));
  for (int i = 1; i < 1000; i++) ast_append(&b, list, number(i, "n"));
  assert_int_equal(list->n, 1000);
  for (int i = 1; i < 1000; i++) assert_true(list->kids[i]->num == i);
  AstNode *array = ast_group(&b, AST_ARRAY, SPAN_NONE, list);
  assert_int_equal(array->n, 1000);
  assert_int_equal(ast_group(&b, AST_ARRAY, SPAN_NONE, NULL)->n, 0);
  assert_int_equal(ast_parens(&b, SPAN_NONE, list)->kind, AST_TUPLE);
  assert_int_equal(ast_parens(&b, SPAN_NONE, ast_list(&b, name("x")))->kind, AST_PAREN);
}

static void depth_is_limited(void **state) {
  (void)state;
  AstNode *n = name("x");
  for (int i = 0; i < 10; i++) n = ast_list(&b, n);
  assert_int_equal(n->depth, 1);
  for (int i = 1; i < AST_MAX_DEPTH; i++) n = ast_node(&b, AST_PAREN, SPAN_NONE, KIDS(n));
  assert_int_equal(n->depth, AST_MAX_DEPTH);
  assert_int_equal(b.sink->n_errors, 0);
  for (int i = 0; i < 3; i++) {
    AstNode *over = ast_binary(&b, SPAN_NONE, AST_OP_ADD, n, n);
    assert_int_equal(over->kind, AST_ERROR);
    assert_int_equal(over->n, 0);
  }
  assert_int_equal(b.sink->n_errors, 1);
  assert_int_equal(b.sink->all.at[0]->code, DIAG_NESTING);
}

static void equality(void **state) {
  (void)state;
  assert_true(ast_equal(NULL, NULL));
  assert_false(ast_equal(name("a"), NULL));
  assert_true(ast_equal(name("a"), name("a")));
  assert_false(ast_equal(name("a"), name("b")));
  assert_true(ast_equal(number(1000, "1_000"), number(1000, "1000")));
  AstNode *real = ast_leaf(&b, AST_NUMBER, (AstWord){.num = 1000, .text = "1e3"});
  assert_false(ast_equal(number(1000, "1000"), real));
  AstNode *sum = ast_binary(&b, SPAN_NONE, AST_OP_ADD, name("a"), name("b"));
  assert_false(ast_equal(sum, ast_binary(&b, SPAN_NONE, AST_OP_SUB, name("a"), name("b"))));
  assert_false(ast_equal(sum, ast_binary(&b, SPAN_NONE, AST_OP_ADD, name("b"), name("a"))));
  assert_true(ast_equal(sum, ast_binary(&b, (Span){3, 9}, AST_OP_ADD, name("a"), name("b"))));
  AstNode *text = ast_leaf(&b, AST_TEXT, (AstWord){.text = "a"});
  assert_false(ast_equal(text, ast_leaf(&b, AST_TEXT, (AstWord){.text = "b"})));
  assert_true(ast_equal(text, ast_leaf(&b, AST_TEXT, (AstWord){.text = "a"})));
  AstNode *none[] = {NULL};
  assert_false(ast_equal(ast_node(&b, AST_RESULT, SPAN_NONE, 1, none),
                         ast_node(&b, AST_RESULT, SPAN_NONE, KIDS(name("a")))));
}

static void use_joins_its_path(void **state) {
  (void)state;
  AstNode *path = ast_append(&b, ast_append(&b, ast_list(&b, name("std")), name("gan")), name("w"));
  AstNode *use = ast_use(&b, SPAN_NONE, path, (AstWord){.name = sym_intern("g")}, NULL);
  assert_string_equal(use->text, "std.gan.w");
  assert_string_equal(sym_text(use->name), "g");
  assert_int_equal(use->op, 'p');
}

static void docs_are_found(void **state) {
  (void)state;
  for (uint32_t i = 1; i <= 3; i++) {
    AstDoc doc = {10 * i, arena_printf(b.arena, "doc %u", i)};
    vec_push(b.arena, &b.docs, doc);
  }
  AstNode *stmt = ast_documented(&b, ast_node(&b, AST_ERROR, (Span){20, 25}, 0, NULL));
  assert_string_equal(stmt->doc, "doc 2");
  assert_null(ast_documented(&b, ast_node(&b, AST_ERROR, (Span){21, 25}, 0, NULL))->doc);
  assert_null(ast_documented(&b, ast_node(&b, AST_ERROR, (Span){99, 100}, 0, NULL))->doc);
}

static void dump_shows_everything(void **state) {
  (void)state;
  const Source *s = src_add("d.qgn", "a + 2\n", 6);
  Span span = {s->base, s->base + 5};
  AstNode *text = ast_leaf(&b, AST_TEXT, (AstWord){.text = "q\"\n\001", .span = {s->base, s->base + 1}});
  AstNode *sum = ast_binary(
      &b, span, AST_OP_ADD, text,
      ast_leaf(&b, AST_NUMBER, (AstWord){.num = 2, .unit = UNIT_PI, .span = {s->base + 4, s->base + 5}}));
  sum->doc = "what";
  char *got = NULL;
  size_t size;
  FILE *f = open_memstream(&got, &size);
  ast_dump(sum, f);
  fclose(f);
  assert_string_equal(got, "binary + @1:1-1:6\n"
                           "  doc: \"what\"\n"
                           "  left: text \"q\\\"\\n\\x01\" @1:1-1:2\n"
                           "  right: number 2pi @1:5-1:6\n");
  free(got);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(fields, start, end),
      cmocka_unit_test_setup_teardown(lists_grow, start, end),
      cmocka_unit_test_setup_teardown(depth_is_limited, start, end),
      cmocka_unit_test_setup_teardown(equality, start, end),
      cmocka_unit_test_setup_teardown(use_joins_its_path, start, end),
      cmocka_unit_test_setup_teardown(docs_are_found, start, end),
      cmocka_unit_test_setup_teardown(dump_shows_everything, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
