/* One mistake, one message: wrong programs give exactly the code named, and no other error; right
 * ones give none. */
#include "tests/unit/sema_rig.h"

typedef struct Case {
  const char *text;
  DiagCode code;
} Case;

#define C "circuit c() on q[1] { param t[1] ~ uniform(0, 1); ry(t) q; return expval(Z(q)) }\n"
#define DATA "dataset d { normal(0, 1); take(20) }\n"
#define TRAIN(body)                                                                                          \
  C DATA "train fit { data = d; batch = 4; epochs = 2; optimizer c = adam(0.1)\n step x[B, 1] {\n" body      \
         "\n} }\n"

static const Case cases[] = {
    {"let a = b + 1\nexpect a * 2 > a\n", DIAG_NAME},
    {"let a = 1\nlet a = 2\na\n", DIAG_REDECLARED},
    {"def f(x) = f(x)\nf(1)\n", DIAG_RECURSION},
    {"def a(x) = b(x)\nlet y = 1\n", DIAG_NAME},
    {"let a = \"t\" * 2\na\n", DIAG_TYPE},
    {"let a = normal(0, 1) + 1\na\n", DIAG_DISTRIBUTION},
    {"draw n ~ uniform(1, 5)\nlet a = fill(1, n)\na\n", DIAG_LATER},
    {"draw z[3 / 2] ~ normal(0, 1)\nz\n", DIAG_TYPE},
    {"let a = 5s + 1\na\n", DIAG_DURATION},
    {"def f(x, y) = x + y\nf(1)\n", DIAG_ARGUMENTS},
    {"draw a[2] ~ normal(0, 1)\ndraw b[3] ~ normal(0, 1)\nlet c = a + b\nlet e = c * 2\ne\n", DIAG_SHAPE},
    {"draw a[2] ~ normal(0, 1)\ndraw b[2, 1] ~ normal(0, 1)\na + b\n", DIAG_RANKS},
    {"circuit f(x[3]) on q[2] { ry(x) q; return expval(Z(q)) }\nf([1, 2, 3])\nf([4, 5, 6])\n", DIAG_GATE},
    {"circuit f() on q[2] { cx q[0], q[0]; return expval(Z(q)) }\nf()\n", DIAG_QUBIT},
    {"circuit f() on q[31] { h q; return expval(Z(q)) }\nf()\n", DIAG_TOO_LARGE},
    {"circuit f() on q[2] { h q; return expval(Z(q)) }\nmodel M(x[2]) -> [1] { linear(2); f; linear(3) }\nM([1, 2])\n",
     DIAG_ARGUMENTS},
    {"model M(x[2]) -> [1] { linear(3) }\nM([1, 2])\nM([1, 2])\n", DIAG_SHAPE},
    {"minimize 1 over c\n", DIAG_PLACE},
    {"def f(x) { minimize x over x }\n", DIAG_PLACE},
    {"let a = 1\nepochs = 3\na\n", DIAG_ATTRIBUTE},
    {"def f(x) { x; return x }\nf(1)\n", DIAG_UNUSED_VALUE},
    {"claim(\"a\", 1 < 2)\nclaim(\"a\", 1 < 2)\n", DIAG_CLAIM_ID},
    {"assert 2 < 1\n", DIAG_EXPECT},
    {"hyper p = 2 where p < 1\np\n", DIAG_SET_RANGE},
    {TRAIN("minimize mean(x) over c"), DIAG_NO_PATH},
    {TRAIN("let y = mean(x) * c()\n minimize y over c\n minimize y^2 over c"), DIAG_STALE_VALUE},
    {TRAIN("let y = c()\n repeat 2 { minimize c() over c }\n minimize y^2 over c"), DIAG_STALE_VALUE},
    {TRAIN("let y = c()\n repeat 2 { minimize y^2 over c }"), DIAG_STALE_VALUE},
    {TRAIN("var s = mean(c())\n if s > 0 { s := 2 * s }\n minimize s + mean(c()) over c"), DIAG_LATER},
    {TRAIN("minimize w1(x, c()) over c"), DIAG_NO_DERIVATIVE},
    {TRAIN("minimize undefined over c") "expect fit.loss[-1] < 1\n", DIAG_NAME},
    {C "train fit { epochs = 2; step { minimize c() over c } }\nexpect fit.loss[-1] < 1\n",
     DIAG_NO_OPTIMIZER},
    {C "train fit { epohcs = 2; optimizer c = adam(0.1); step { minimize c() over c } }\n", DIAG_ATTRIBUTE},
    {"dataset e { idx(\"f\") ; take(3) }\n" C
     "train fit { data = e; epochs = 2; optimizer c = adam(0.1); step x[B, 1] { minimize mean(x) * c() over c } }\nfit.loss\n",
     DIAG_LATER},
    {"sweep s { seeds = 3 }\nexpect s.loss > 1\n", DIAG_ATTRIBUTE},
    {"use std.gan: f\nexpect f(1) > 1\n", DIAG_MODULE_FILE},
};

static void one_message_each(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[2000];
    snprintf(text, sizeof text, "edition = 1\n%s", cases[i].text);
    Rig r = rig_new(text, NULL);
    DiagCode first = DIAG_COUNT;
    int others = 0;
    for (int k = 0; k < r.sink->all.n; k++) {
      const Diag *d = r.sink->all.at[k];
      if (diag_info[d->code].severity != SEV_ERROR) continue;
      const bool same = first != DIAG_COUNT && d->code == first;
      if (first == DIAG_COUNT) first = d->code;
      else if (!same) others++;
    }
    if (first != cases[i].code || others > 0)
      fail_msg("%s\ngives %s and %d other errors, not %s alone", text,
               first == DIAG_COUNT ? "nothing" : diag_info[first].code, others,
               diag_info[cases[i].code].code);
    assert_null(r.program);
    rig_free(&r);
  }
}

/* Several independent mistakes are all found in one run. */
static void all_independent_errors(void **state) {
  (void)state;
  Rig r = rig_new(
      "edition = 1\nlet a = u1\nlet b = 1 / 0\nmodel M(x[2]) -> [1] { linear(2) }\nlet y = M([1, 2])\nexpect a + b < y\nexpect u2 > 0\n",
      NULL);
  static const DiagCode want[] = {DIAG_NAME, DIAG_TYPE, DIAG_SHAPE, DIAG_NAME};
  assert_int_equal(r.sink->n_errors, 4);
  for (int i = 0; i < 4; i++) assert_int_equal(r.sink->all.at[i]->code, want[i]);
  rig_free(&r);
}

/* A statement that did not parse declares its names silently. */
static void silent_about_broken_statements(void **state) {
  (void)state;
  Rig r = {.arena = arena_new()};
  static const char text[] =
      "edition = 1\nhyper theta = 2 2\nlet a = theta + 1\ntrain fit { epochs = 3 3 }\nexpect fit.loss[-1] < a\n";
  r.sink = diag_sink(r.arena);
  AstNode *tree = NULL;
  assert_int_equal(parse_source(r.arena, src_add("t.qgn", text, sizeof text - 1), r.sink, false, &tree, NULL),
                   PARSE_ERROR);
  const int before = r.sink->n_errors;
  assert_null(sema_elaborate(r.arena, tree, NULL, r.sink));
  for (int i = before; i < r.sink->n_errors; i++) fail_msg("%s", r.sink->all.at[i]->text);
  rig_free(&r);
}

static void warnings(void **state) {
  (void)state;
  static const Case right[] = {
      {"edition = 1\nhyper a = 1\n", DIAG_UNUSED},
      {"let a = 1\na\n", DIAG_NO_EDITION},
      {"edition = 1\ndef mse(x) = x\nmse(1)\n", DIAG_HIDES_LIBRARY},
      {"edition = 1\ndef f(x) { let y = x; for i in 0..2 { let y = i; let z = y }; return y }\nf(1)\n",
       DIAG_HIDES},
      {"# nothing\n", DIAG_EMPTY},
  };
  for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
    Rig r = rig_new(right[i].text, NULL);
    assert_non_null(r.program);
    assert_true(r.sink->n_warnings > 0);
    assert_int_equal(r.sink->all.at[0]->code, right[i].code);
    rig_free(&r);
  }
}

static void settings(void **state) {
  (void)state;
  static const struct {
    const char *set;
    DiagCode code;
  } wrong[] = {
      {"nosuch=1", DIAG_SET_NAME},  {"n=99", DIAG_SET_RANGE},           {"n=two", DIAG_TYPE},
      {"edition=1", DIAG_SET_NAME}, {"precision=half", DIAG_ATTRIBUTE},
  };
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    Rig r = rig_new("edition = 1\nhyper n = 2 where n in 1..=12\nn\n", wrong[i].set);
    assert_null(r.program);
    assert_int_equal(r.sink->n_errors, 1);
    assert_int_equal(r.sink->all.at[0]->code, wrong[i].code);
    rig_free(&r);
  }
}

/* Nested loops and functions that call functions end at a number of steps, with one message and at once. */
static void too_long(void **state) {
  (void)state;
  static const char *const texts[] = {
      "edition = 1\nfor i in 0..1000 { for j in 0..1000 { for k in 0..1000 { } } }\n",
      "edition = 1\ndef a(x) = x + x + x + x\ndef b(x) = a(x) + a(x) + a(x)\ndef c(x) = b(x) + b(x) + b(x)\n"
      "def d(x) = c(x) + c(x) + c(x)\ndef e(x) = d(x) + d(x) + d(x)\nlet y = e(e(e(1)))\nexpect y > 1\n",
      "edition = 1\nlet x = [[i * j for j in 0..1000] for i in 0..1000]\nexpect x[0, 0] == 0\n",
  };
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    Arena *a = arena_new();
    DiagSink *sink = diag_sink(a);
    AstNode *tree = NULL;
    const Source *src = src_add("test.qgn", texts[i], strlen(texts[i]));
    assert_int_equal(parse_source(a, src, sink, false, &tree, NULL), PARSE_OK);
    const SemaOptions options = {.max_steps = 2000};
    assert_null(sema_elaborate(a, tree, &options, sink));
    assert_int_equal(sink->n_errors, 1);
    assert_int_equal(sink->all.at[0]->code, DIAG_TOO_LARGE);
    arena_free(a);
    src_clear();
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(one_message_each),
      cmocka_unit_test(all_independent_errors),
      cmocka_unit_test(silent_about_broken_statements),
      cmocka_unit_test(warnings),
      cmocka_unit_test(settings),
      cmocka_unit_test(too_long),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
