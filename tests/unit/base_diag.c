/* Messages: records, suggestions, and their text to the byte. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/diag.h"
#include "lang/base/mem.h"
#include "lang/base/source.h"

static Arena *a;
static DiagSink *sink;
static const DiagStyle plain = {.unicode = true};

static int set_up(void **state) {
  (void)state;
  a = arena_new();
  sink = diag_sink(a);
  return 0;
}

static int tear_down(void **state) {
  (void)state;
  arena_free(a);
  src_clear();
  return 0;
}

/* The span of the nth (from 0) `what` in the text of s. */
static Span nth(const Source *s, const char *what, int n) {
  const char *p = strstr(s->text, what);
  while (n-- > 0) p = strstr(p + 1, what);
  assert_non_null(p);
  uint32_t begin = s->base + (uint32_t)(p - s->text);
  return (Span){begin, begin + (uint32_t)strlen(what)};
}

static Span first(const Source *s, const char *what) { return nth(s, what, 0); }

static const Source *add(const char *name, const char *text) { return src_add(name, text, strlen(text)); }

static void check_text(DiagStyle style, const char *want) {
  char *got = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&got, &n);
  diag_render(sink, style, f);
  fclose(f);
  if (strcmp(got, want) != 0) printf("--- expected\n%s--- got\n%s---\n", want, got);
  assert_string_equal(got, want);
  free(got);
}

static void one_place(void **state) {
  (void)state;
  const Source *s = add("gaussian.qgn", "let a = 1\nlinear(64); leaky_rleu(0.2)\n");
  Diag *d =
      diag_add(sink, DIAG_NAME, first(s, "leaky_rleu"), "there is no layer or function `%s`", "leaky_rleu");
  diag_mark(d, "did you mean `leaky_relu`?");
  diag_help(d, "write `leaky_relu(0.2)`");
  check_text(plain, "error[E0101]: there is no layer or function `leaky_rleu`\n"
                    "   ┌─ gaussian.qgn:2:13\n"
                    " 2 │ linear(64); leaky_rleu(0.2)\n"
                    "   │             ^^^^^^^^^^ did you mean `leaky_relu`?\n"
                    "   = help: write `leaky_relu(0.2)`\n");
  check_text((DiagStyle){0}, "error[E0101]: there is no layer or function `leaky_rleu`\n"
                             "   --> gaussian.qgn:2:13\n"
                             " 2 | linear(64); leaky_rleu(0.2)\n"
                             "   |             ^^^^^^^^^^ did you mean `leaky_relu`?\n"
                             "   = help: write `leaky_relu(0.2)`\n");
}

/* The first sample of the design: two lines far apart, two marks on one of them. */
static void several_places(void **state) {
  (void)state;
  const Source *s = add("repfair.qgn", "# 1\n# 2\n# 3\n# 4\n# 5\n# 6\n# 7\n# 8\n# 9\n# 10\n# 11\n# 12\n"
                                       "def two_tone(d) = d |> resize(14, 14)\n# 14\n# 15\n# 16\n"
                                       "  linear(784); sigmoid; reshape(1, 14, 14)\n");
  Diag *d = diag_add(sink, DIAG_SHAPE, first(s, "reshape(1, 14, 14)"),
                     "`reshape` needs 196 values for each image, but gets 784");
  diag_mark(d, "needs 1 · 14 · 14 = 196");
  diag_label(d, first(s, "784"), "784 comes from here");
  diag_label(d, first(s, "resize(14, 14)"), "images are 14 × 14 since here");
  diag_help(d, "write `linear(196)`, the size of an image of `digits`");
  check_text(plain, "error[E0301]: `reshape` needs 196 values for each image, but gets 784\n"
                    "   ┌─ repfair.qgn:17:25\n"
                    "13 │ def two_tone(d) = d |> resize(14, 14)\n"
                    "   │                        -------------- images are 14 × 14 since here\n"
                    "   ·\n"
                    "17 │   linear(784); sigmoid; reshape(1, 14, 14)\n"
                    "   │          ---            ^^^^^^^^^^^^^^^^^^ needs 1 · 14 · 14 = 196\n"
                    "   │          │\n"
                    "   │          784 comes from here\n"
                    "   = help: write `linear(196)`, the size of an image of `digits`\n");
}

static void three_marks_on_a_line(void **state) {
  (void)state;
  const Source *s = add("x.qgn", "aaa bbb ccc\nnext\nlast\n");
  Diag *d = diag_add(sink, DIAG_RANKS, first(s, "bbb"), "no");
  diag_mark(d, "middle");
  diag_label(d, first(s, "ccc"), "right");
  diag_label(d, first(s, "aaa"), "left");
  diag_label(d, first(s, "last"), "%s", "");
  check_text(plain, "error[E0303]: no\n"
                    "   ┌─ x.qgn:1:5\n"
                    " 1 │ aaa bbb ccc\n"
                    "   │ --- ^^^ --- right\n"
                    "   │ │   │\n"
                    "   │ │   middle\n"
                    "   │ left\n"
                    " 2 │ next\n"
                    " 3 │ last\n"
                    "   │ ----\n");
}

static void one_mark_inside_another(void **state) {
  (void)state;
  const Source *s = add("x.qgn", "f(a + b, c)\n");
  Diag *d = diag_add(sink, DIAG_TYPE, first(s, "b"), "no");
  diag_mark(d, "this");
  diag_label(d, first(s, "f(a + b, c)"), "in this call");
  check_text(plain, "error[E0201]: no\n"
                    "   ┌─ x.qgn:1:7\n"
                    " 1 │ f(a + b, c)\n"
                    "   │ ------^---- in this call\n"
                    "   │       │\n"
                    "   │       this\n");
}

static void two_files(void **state) {
  (void)state;
  const Source *c = add(SRC_COMMAND_LINE, "--set qubits=16");
  const Source *s = add("repfair.qgn", "hyper qubits = 8 where qubits in 2..=12\n");
  Diag *d = diag_add(sink, DIAG_SET_RANGE, first(c, "16"), "--set qubits=16 is outside `qubits in 2..=12`");
  diag_label(d, first(s, "qubits in 2..=12"), "the script allows 2 to 12");
  diag_note(d, "nothing was run");
  check_text(plain, "error[E0107]: --set qubits=16 is outside `qubits in 2..=12`\n"
                    "   ┌─ command line\n"
                    "   │ --set qubits=16\n"
                    "   │              ^^\n"
                    "   ┌─ repfair.qgn:1:24\n"
                    " 1 │ hyper qubits = 8 where qubits in 2..=12\n"
                    "   │                        ---------------- the script allows 2 to 12\n"
                    "   = note: nothing was run\n");
}

/* Marks stand below what they mark whatever the characters: Greek, wide, combining, tab, escaped. */
static void display_width(void **state) {
  (void)state;
  const Source *s = add("x.qgn", "θ日e\xCC\x81\t\x01\xE2\x80\xAE\xFFz = q\n");
  diag_mark(diag_add(sink, DIAG_CHARACTER, first(s, "z"), "no"), "here");
  check_text(plain, "error[E0002]: no\n"
                    "   ┌─ x.qgn:1:9\n"
                    " 1 │ θ日e\xCC\x81  \\x01\\u{202e}\\xffz = q\n"
                    "   │                       ^ here\n");
}

static void texts_are_escaped(void **state) {
  (void)state;
  const Source *s = add("a\033[2Jb.qgn", "x\n");
  Diag *d = diag_add(sink, DIAG_NAME, first(s, "x"), "there is no `%s`", "a\033]0;b\007\nc");
  diag_mark(d, "\r\xC2\x9B");
  diag_line(d, "saved", "%s", "\x7F");
  check_text(plain, "error[E0101]: there is no `a\\x1b]0;b\\x07\\x0ac`\n"
                    "   ┌─ a\\x1b[2Jb.qgn:1:1\n"
                    " 1 │ x\n"
                    "   │ ^ \\x0d\\u{9b}\n"
                    "   = saved: \\x7f\n");
}

static void ends_and_several_lines(void **state) {
  (void)state;
  const Source *s = add("x.qgn", "def f() {\n  a\n");
  Diag *d = diag_add(sink, DIAG_BRACKET, (Span){s->base + s->size, s->base + s->size}, "a `}` is missing");
  diag_label(d, (Span){s->base + 8, s->base + 13}, "opened here");
  check_text(plain, "error[E0005]: a `}` is missing\n"
                    "   ┌─ x.qgn:3:1\n"
                    " 1 │ def f() {\n"
                    "   │         - opened here\n"
                    " 2 │   a\n"
                    " 3 │\n"
                    "   │ ^\n");
}

static void no_place_and_lines(void **state) {
  (void)state;
  Diag *d = diag_add(sink, DIAG_NO_MEMORY, SPAN_NONE, "memory ran out");
  diag_help(d, "first");
  diag_line(d, "expected", "%d bytes", 3);
  diag_line(d, "found", "2 bytes");
  diag_help(d, "second"); /* there is one help only */
  check_text(plain, "error[E0702]: memory ran out\n"
                    "   = help: second\n"
                    "   = expected: 3 bytes\n"
                    "   = found:    2 bytes\n");
}

static void colours(void **state) {
  (void)state;
  const Source *s = add("x", "a b\n");
  Diag *d = diag_add(sink, DIAG_UNUSED, first(s, "b"), "no");
  diag_mark(d, "here");
  diag_label(d, first(s, "a"), "there");
  diag_help(d, "h");
  check_text((DiagStyle){.color = true, .unicode = true},
             "\033[1;33mwarning[W0101]\033[0m\033[1m: no\033[0m\n"
             "   \033[1;34m┌─ \033[0mx:1:3\n"
             "\033[1;34m 1 │\033[0m a b\n"
             "\033[1;34m   │\033[0m \033[1;34m-\033[0m \033[1;33m^\033[0m \033[1;33mhere\033[0m\n"
             "\033[1;34m   │\033[0m \033[1;34m│\033[0m\n"
             "\033[1;34m   │\033[0m \033[1;34mthere\033[0m\n"
             "   \033[1;34m= \033[0m\033[1;32mhelp:\033[0m h\n");
}

static void long_lines_are_cut(void **state) {
  (void)state;
  char text[2001];
  for (int i = 0; i < 2000; i++) text[i] = (char)('a' + i % 26);
  memcpy(text + 1000, "#THIS#", 6);
  text[2000] = '\0';
  const Source *s = add("x", text);
  diag_mark(diag_add(sink, DIAG_NAME, first(s, "#THIS#"), "no"), "here");
  check_text((DiagStyle){.unicode = true, .width = 60},
             "error[E0101]: no\n"
             "   ┌─ x:1:1001\n"
             " 1 │ …defghijklmnopqrstuvwxyzabcdefghijkl#THIS#stuvwxyzabcd…\n"
             "   │                                     ^^^^^^ here\n");
  sink = diag_sink(a);
  diag_add(sink, DIAG_NAME, (Span){s->base, s->base + 2000}, "no");
  check_text((DiagStyle){.unicode = true, .width = 40}, "error[E0101]: no\n"
                                                        "   ┌─ x:1:1\n"
                                                        " 1 │ abcdefghijklmnopqrstuvwxyzabcdefg…\n"
                                                        "   │ ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^\n");
}

static void sorted_without_doubles(void **state) {
  (void)state;
  const Source *s = add("x", "a b c\n");
  diag_add(sink, DIAG_NO_MEMORY, SPAN_NONE, "last");
  diag_add(sink, DIAG_NAME, first(s, "c"), "third");
  diag_add(sink, DIAG_NAME, first(s, "a"), "first");
  diag_add(sink, DIAG_NAME, first(s, "b"), "second");
  diag_add(sink, DIAG_NAME, first(s, "a"), "first");
  check_text(plain, "error[E0101]: first\n   ┌─ x:1:1\n 1 │ a b c\n   │ ^\n\n"
                    "error[E0101]: second\n   ┌─ x:1:3\n 1 │ a b c\n   │   ^\n\n"
                    "error[E0101]: third\n   ┌─ x:1:5\n 1 │ a b c\n   │     ^\n\n"
                    "error[E0702]: last\n");
  assert_int_equal(sink->n_errors, 5);
}

static void twenty_at_most(void **state) {
  (void)state;
  for (int i = 0; i < 27; i++) diag_add(sink, DIAG_USAGE, SPAN_NONE, "number %d", i);
  diag_add(sink, DIAG_EMPTY, SPAN_NONE, "a warning");
  char *got = NULL;
  size_t n = 0;
  FILE *f = open_memstream(&got, &n);
  diag_render(sink, plain, f);
  fclose(f);
  assert_non_null(strstr(got, "number 19\n"));
  assert_null(strstr(got, "number 20\n"));
  assert_non_null(strstr(got, "warning[W0802]: a warning\n"));
  assert_non_null(strstr(got, "\nand 7 more errors\n"));
  free(got);
}

static void allowed_warnings(void **state) {
  (void)state;
  const Source *s = add("x", "a  # allow W0105\nb  # allow W0101, W0105\nc  # allow W0101\nd\n");
  diag_add(sink, DIAG_HIDES, first(s, "a"), "one");
  diag_add(sink, DIAG_HIDES, first(s, "b"), "two");
  diag_add(sink, DIAG_HIDES, first(s, "c"), "three");
  diag_add(sink, DIAG_HIDES, first(s, "d"), "four");
  assert_int_equal(sink->n_warnings, 4);
  assert_int_equal(diag_warnings(sink), 2);
  check_text(plain, "warning[W0105]: three\n   ┌─ x:3:1\n 3 │ c  # allow W0101\n   │ ^\n\n"
                    "warning[W0105]: four\n   ┌─ x:4:1\n 4 │ d\n   │ ^\n");
  sink = diag_sink(a);
  const Source *e = add("e", "a  # allow E0101\n");
  diag_add(sink, DIAG_NAME, first(e, "a"), "errors stay");
  check_text(plain, "error[E0101]: errors stay\n   ┌─ e:1:1\n 1 │ a  # allow E0101\n   │ ^\n");
}

static uint32_t random_to(uint32_t n) {
  static uint32_t seed = 12345;
  seed = seed * 1664525 + 1013904223;
  return (seed >> 8) % n;
}

/* Any bytes, any spans, any width: rows stay text, and short where a width is given. */
static void any_bytes_and_spans(void **state) {
  (void)state;
  tear_down(NULL); /* each round has its own */
  for (int round = 0; round < 3000; round++) {
    set_up(NULL);
    char text[300];
    uint32_t size = random_to(sizeof text);
    static const char usual[] = "a b\n\r\t(\xCE\xB8\xE6\x97\xA5\x1B\x7F";
    for (uint32_t i = 0; i < size; i++)
      text[i] = random_to(4) ? usual[random_to(sizeof usual)] : (char)random_to(256);
    const Source *source[2] = {src_add("one", text, size), src_add("two", text, size / 2)};
    Diag *d = NULL;
    for (uint32_t k = 0, n = 1 + random_to(6); k < n; k++) {
      const Source *s = source[random_to(2)];
      uint32_t begin = s->base + random_to(s->size + 1);
      Span span = {begin, begin + random_to(s->base + s->size + 1 - begin)};
      if (!d) d = diag_add(sink, DIAG_TYPE, span, "text");
      else diag_label(d, span, "%s", random_to(3) ? "a label" : "");
    }
    int width = (int)random_to(3) * 40;
    char *got = NULL;
    size_t n = 0;
    FILE *f = open_memstream(&got, &n);
    diag_render(sink, (DiagStyle){.unicode = random_to(2) == 0, .width = width}, f);
    fclose(f);
    for (size_t i = 0; i < n; i++)
      assert_true(got[i] == '\n' || ((unsigned char)got[i] >= 0x20 && got[i] != 0x7F));
    assert_true(n > 0 && got[n - 1] == '\n');
    free(got);
    tear_down(NULL);
  }
  set_up(NULL);
}

static jmp_buf on_fatal;
static void jump(size_t size) {
  (void)size;
  longjmp(on_fatal, 1);
}

/* Whichever allocation fails while messages are made and rendered, nothing leaks or breaks. */
static void every_failure_is_survived(void **state) {
  (void)state;
  tear_down(NULL); /* each round has its own */
  mem_on_fatal(jump);
  volatile int failures = 0;
  volatile bool done = false;
  FILE *f = fopen("/dev/null", "w");
  for (volatile uint64_t n = 1; !done; n++) {
    set_up(NULL);
    mem_fail_after(n, 0);
    if (setjmp(on_fatal) == 0) {
      const Source *s = add("x", "let a = b\n");
      for (int i = 0; i < 30; i++)
        diag_label(diag_add(sink, DIAG_NAME, first(s, "b"), "n %d", i), first(s, "a"), "l");
      diag_render(sink, plain, f);
      done = true;
    } else {
      failures++;
    }
    mem_fail_after(0, 0);
    tear_down(NULL);
  }
  fclose(f);
  mem_on_fatal(NULL);
  set_up(NULL);
  assert_true(failures > 5);
}

static void exit_codes(void **state) {
  (void)state;
  assert_int_equal(diag_exit_code(sink), 0);
  const Source *s = add("x", "a b c\n");
  diag_add(sink, DIAG_UNUSED, first(s, "a"), "w");
  assert_int_equal(diag_exit_code(sink), 0);
  diag_add(sink, DIAG_NO_MEMORY, SPAN_NONE, "no");
  assert_int_equal(diag_exit_code(sink), 5);
  diag_add(sink, DIAG_NOT_FINITE, first(s, "c"), "no");
  assert_int_equal(diag_exit_code(sink), 4);
  diag_add(sink, DIAG_DATA_MISSING, first(s, "b"), "no");
  assert_int_equal(diag_exit_code(sink), 3);
}

/* Codes are unique, have the form of their kind, and their texts the form of the rules. */
static void the_table(void **state) {
  (void)state;
  for (int i = 0; i < DIAG_COUNT; i++) {
    const DiagInfo *d = &diag_info[i];
    assert_int_equal(strlen(d->code), 5);
    assert_int_equal(d->code[0], d->severity == SEV_ERROR ? 'E' : 'W');
    assert_true((d->exit_code == 0) == (d->severity == SEV_WARNING));
    assert_true(strlen(d->title) > 5 && strlen(d->explain) > 5);
    assert_true(d->title[strlen(d->title) - 1] != '.');
    assert_int_equal(diag_find(d->code), i);
    if (i > 0) assert_true(strcmp(diag_info[i - 1].code, d->code) < 0);
  }
  assert_int_equal(diag_find("e0301"), DIAG_SHAPE);
  assert_int_equal(diag_find("E9999"), DIAG_COUNT);
  assert_int_equal(diag_find(""), DIAG_COUNT);
}

static void nearest_names(void **state) {
  (void)state;
  static const char *const names[] = {"leaky_relu", "linear", "mean", "norm", "normal", "ry", "rz"};
  const int n = 7;
  assert_string_equal(diag_nearest("leaky_rleu", names, n), "leaky_relu");
  assert_string_equal(diag_nearest("Linear", names, n), "linear");
  assert_string_equal(diag_nearest("maen", names, n), "mean");
  assert_string_equal(diag_nearest("norma", names, n), "norm");
  assert_string_equal(diag_nearest("ry", names, n), "ry");
  assert_string_equal(diag_nearest("rw", names, n), "ry");
  assert_null(diag_nearest("x", names, n));
  assert_null(diag_nearest("sigmoid", names, n));
  assert_null(diag_nearest("", names, n));
  assert_null(diag_nearest("mean", names, 0));
  char lengthy[200];
  memset(lengthy, 'a', sizeof lengthy);
  lengthy[199] = '\0';
  assert_null(diag_nearest(lengthy, names, n));
}

static void fixes(void **state) {
  (void)state;
  const Source *s = add("x", "a\n");
  Diag *d = diag_add(sink, DIAG_NAME, first(s, "a"), "no");
  diag_fix(d, d->span, "b", true);
  assert_string_equal(d->fix_text, "b");
  assert_true(d->fix_sure);
  assert_int_equal(d->fix_span.begin, d->span.begin);
}

#define TEST(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      TEST(one_place),
      TEST(several_places),
      TEST(three_marks_on_a_line),
      TEST(one_mark_inside_another),
      TEST(two_files),
      TEST(display_width),
      TEST(texts_are_escaped),
      TEST(ends_and_several_lines),
      TEST(no_place_and_lines),
      TEST(colours),
      TEST(long_lines_are_cut),
      TEST(sorted_without_doubles),
      TEST(twenty_at_most),
      TEST(allowed_warnings),
      TEST(any_bytes_and_spans),
      TEST(every_failure_is_survived),
      TEST(exit_codes),
      TEST(the_table),
      TEST(nearest_names),
      TEST(fixes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
