/* Sources: offsets to files, lines and columns. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/source.h"

static int forget(void **state) {
  (void)state;
  src_clear();
  return 0;
}

static const Source *add(const char *name, const char *text) { return src_add(name, text, strlen(text)); }

static void check_place(const Source *s, uint32_t byte, int line, int col) {
  const Source *found;
  int l, c;
  assert_true(src_locate(s->base + byte, &found, &l, &c));
  assert_ptr_equal(found, s);
  assert_int_equal(l, line);
  assert_int_equal(c, col);
}

static void check_line(const Source *s, int line, const char *text) {
  size_t n;
  const char *got = src_line(s, line, &n);
  assert_int_equal(n, strlen(text));
  assert_memory_equal(got, text, n);
}

static void places(void **state) {
  (void)state;
  const Source *a = add("a.qgn", "let x\nθ1 = 2\n\n  end");
  const Source *b = add("b.qgn", "");
  const Source *c = add("c.qgn", "one\r\ntwo\n");
  check_place(a, 0, 1, 1);
  check_place(a, 4, 1, 5);
  check_place(a, 5, 1, 6); /* the newline itself */
  check_place(a, 6, 2, 1);
  check_place(a, 8, 2, 2); /* behind the two bytes of θ */
  check_place(a, 13, 2, 7);
  check_place(a, 14, 3, 1);
  check_place(a, 15, 4, 1);
  check_place(a, 20, 4, 6); /* the end of the text is a place too */
  check_place(b, 0, 1, 1);
  check_place(c, 0, 1, 1);
  check_place(c, 5, 2, 1);
  check_place(c, 9, 3, 1);
  check_line(a, 2, "θ1 = 2");
  check_line(a, 3, "");
  check_line(a, 4, "  end");
  check_line(a, 0, "");
  check_line(a, 5, "");
  check_line(c, 1, "one");
  check_line(c, 2, "two");
  check_line(c, 3, "");
}

static void no_place(void **state) {
  (void)state;
  const Source *s;
  int line, col;
  assert_false(src_locate(0, &s, &line, &col));
  assert_null(src_of(0));
  assert_null(src_of(5));
  const Source *a = add("a", "abc");
  assert_ptr_equal(src_of(a->base + 3), a);
  assert_null(src_of(a->base + 4));
}

static void many_sources(void **state) {
  (void)state;
  const Source *s[500];
  for (int i = 0; i < 500; i++) s[i] = src_add("x", "0123456789\n0123456789", (size_t)(i % 21));
  for (int i = 0; i < 500; i++)
    for (uint32_t k = 0; k <= s[i]->size; k++) assert_ptr_equal(src_of(s[i]->base + k), s[i]);
}

static void texts_of_spans(void **state) {
  (void)state;
  const Source *a = src_add("a", "ab\0cd", 5);
  size_t n;
  const char *t = src_text((Span){a->base + 1, a->base + 4}, &n);
  assert_int_equal(n, 3);
  assert_memory_equal(t, "b\0c", 3);
  src_text((Span){a->base + 3, a->base + 100}, &n);
  assert_int_equal(n, 2);
  src_text(SPAN_NONE, &n);
  assert_int_equal(n, 0);
  assert_int_equal(a->text[5], 0);
}

static void spans_join(void **state) {
  (void)state;
  Span s = span_join((Span){5, 7}, (Span){2, 6});
  assert_int_equal(s.begin, 2);
  assert_int_equal(s.end, 7);
  s = span_join(SPAN_NONE, (Span){2, 6});
  assert_int_equal(s.begin, 2);
  s = span_join((Span){2, 6}, SPAN_NONE);
  assert_int_equal(s.end, 6);
}

static void too_much_text(void **state) {
  (void)state;
  static const char text[1] = "";
  assert_non_null(src_add("a", "abc", 3));
  assert_null(src_add("b", text, UINT32_MAX - 2)); /* refused by its size, never read */
  assert_null(src_add("b", text, SIZE_MAX));
}

/* What was forgotten has no place, its neighbours keep theirs, and its address is given out again once the
 * others are used up. */
static void forgets(void **state) {
  (void)state;
  const Source *a = add("a", "one\ntwo"), *found;
  const uint32_t from = src_next();
  const Source *b = add("b", "three");
  const uint32_t to = src_next(), in_b = b->base + 1;
  const Source *c = add("c", "four\nfive");
  int line, col;
  src_forget(from, to);
  assert_false(src_locate(in_b, &found, &line, &col));
  assert_null(src_of(in_b));
  check_place(a, 4, 2, 1);
  check_place(c, 5, 2, 1);
  check_line(c, 2, "five");
  assert_int_equal(src_next(), c->base + c->size + 1);
  src_forget(0, UINT32_MAX);
  assert_int_equal(src_next(), 1);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_teardown(places, forget),         cmocka_unit_test_teardown(forgets, forget),
      cmocka_unit_test_teardown(no_place, forget),       cmocka_unit_test_teardown(many_sources, forget),
      cmocka_unit_test_teardown(texts_of_spans, forget), cmocka_unit_test_teardown(spans_join, forget),
      cmocka_unit_test_teardown(too_much_text, forget),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
