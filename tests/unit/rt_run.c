/* Whole programs through parser, lowering and executor: no allocation inside a step, the same bits
 * for any number of threads and after stopping and going on, NaN found and named. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/mem.h"
#include "lang/parse/parse.h"
#include "lang/sema/sema.h"
#include "runtime/exec/run.h"

static const char hybrid[] =
    "edition = 1\nseed = 3\n"
    "dataset target { normal(0, 0.2); redraw(40) }\n"
    "circuit pqc(x[2]) on q[2] { param t[2, 2] ~ uniform(0, 2pi)\n rx(x) q; ry(t[0]) q; cx chain(q); rx(t[1]) q\n return expval(Z(q[0])) }\n"
    "model G(z[2]) -> [1] { linear(2); pqc }\n"
    "model D(x[1]) -> [1] { linear(8); leaky_relu(0.2); linear(1) }\n"
    "train gan {\n data = target; batch = 32; epochs = 30\n optimizer G, D = adam(1e-2)\n"
    " step x[B, 1] {\n  repeat 2 { draw z[B, 2] ~ normal(0, 1)\n   minimize mean(D(G(z))) - mean(D(x)) over D }\n"
    "  draw z[B, 2] ~ normal(0, 1)\n  minimize -mean(D(G(z))) over G\n }\n"
    " every 10 { draw z[64, 2] ~ normal(0, 1)\n record m = mean(G(z)) }\n}\n";

/* Optimisers with more state than moments, groups, schedules. */
static const char many[] =
    "edition = 1\nseed = 4\n"
    "dataset target { uniform(-1, 1); take(40) }\n"
    "circuit c(x[1]) -> [] on q[2] { param t[2] ~ uniform(0, 2pi)\n rx(x[0]) q; ry(t) q; return expval(Z(q[0]) * Z(q[1])) }\n"
    "model A(x[1]) -> [1] { linear(3); tanh; linear(1) }\n"
    "let B1 = new A\nlet C1 = new A\n"
    "train fit {\n data = target; batch = 12; epochs = 8\n optimizer A = lbfgs(max_iter = 3)\n"
    " optimizer B1 = spsa(0.1, samples = 2)\n optimizer c = rotosolve()\n optimizer C1 = rmsprop(cosine(1e-2), momentum = 0.5, centered = true)\n"
    " step x[B, 1] {\n  draw z[B, 1] ~ normal(0, 1)\n  minimize mse(A(x + 0.1 * z), x^2) over A\n"
    "  minimize mse(B1(x), x) over B1\n  minimize mean(c(x)) over c\n"
    "  let g = argmax(concat(x, -x, 0 * z - 2, axis = 1))\n"
    "  minimize mse(C1(x + 0.1 * z), x^2) over C1 per g clip exponential(0.1, 0.9)\n }\n}\n";

static const char diverging[] = "edition = 1\n"
                                "dataset d { normal(0, 1); redraw(8) }\n"
                                "model M(x[1]) -> [1] { linear(1) }\n"
                                "train fit {\n data = d; batch = 8; epochs = 5\n optimizer M = sgd(0.1)\n"
                                " step x[B, 1] { minimize mean(log(M(x) - 1000)) over M }\n}\n";

/* Weights of more than one piece of an update; the infinite derivative stands in the last one. */
static const char wide[] =
    "edition = 1\nseed = 5\n"
    "dataset d { normal(0, 1); take(80) }\n"
    "model M(x[1]) -> [1] { linear(150); dropout(0.2); linear(130); batchnorm; tanh; dropout(0.5); linear(1) }\n"
    "train fit {\n data = d; batch = 48; epochs = 3\n optimizer M = adam(1e-2)\n"
    " step x[B, 1] { minimize mse(M(x), x^2) over M }\n}\n";
static const char infinite[] = "edition = 1\n"
                               "dataset d { normal(0, 1); take(8) }\n"
                               "model M(x[1]) -> [20000] { linear(20000) }\n"
                               "train fit {\n data = d; batch = 8; epochs = 5\n optimizer M = sgd(0.1)\n"
                               " step x[B, 1] { minimize mean(sqrt(0 * M(x)[:, 19999]^2)) over M }\n}\n";

typedef struct Session {
  Arena *a;
  Program *p;
  Run *r;
  DiagSink *sink;
  int64_t stop_after;  /* epochs; 0: never */
  StateItem saved[64]; /* a copy of the state at the stop */
  int n_saved;
  const struct Session *from; /* state to load, or NULL */
  uint64_t calls_at_2, calls_at_end;
} Session;

static int load(void *ctx, const Run *r, int train, const StateItem *items, int n) {
  (void)r, (void)train;
  Session *s = ctx;
  if (!s->from) return 0;
  assert_int_equal(n, s->from->n_saved);
  for (int k = 0; k < n; k++) {
    const StateItem *o = &s->from->saved[k];
    assert_string_equal(items[k].name, o->name);
    int64_t size = items[k].dtype[1] == '3' ? 4 : 8;
    for (int d = 0; d < o->rank; d++) size *= o->dims[d];
    memcpy(items[k].data, o->data, (size_t)size);
    if (items[k].rows) *items[k].rows = *o->rows;
  }
  return 1;
}

static int64_t item_bytes(const StateItem *i) {
  int64_t size = i->dtype[1] == '3' ? 4 : 8;
  for (int d = 0; d < i->rank; d++) size *= i->dims[d];
  return size;
}

static bool save(void *ctx, const Run *r, int train, SaveReason why, const StateItem *items, int n) {
  (void)r, (void)train;
  Session *s = ctx;
  if (why != SAVE_SIGNAL && why != SAVE_FINAL) return true;
  assert_true(n <= 64);
  s->n_saved = n;
  for (int k = 0; k < n; k++) {
    s->saved[k] = items[k];
    s->saved[k].data = arena_alloc(s->a, (size_t)item_bytes(&items[k]) + 1);
    memcpy(s->saved[k].data, items[k].data, (size_t)item_bytes(&items[k]));
    if (items[k].rows) {
      s->saved[k].rows = ARENA_NEW(s->a, int64_t);
      *s->saved[k].rows = *items[k].rows;
    }
  }
  return true;
}

static int epoch(void *ctx, const RunProgress *p) {
  Session *s = ctx;
  if (p->epoch == 2) s->calls_at_2 = mem_calls();
  if (p->epoch == 29) s->calls_at_end = mem_calls();
  return s->stop_after && p->epoch >= s->stop_after ? 2 : 0;
}

static RunEnd go(Session *s, const char *text, int threads) {
  s->a = arena_new();
  s->sink = diag_sink(s->a);
  const Source *src = src_add("test.qgn", text, strlen(text));
  AstNode *tree = NULL;
  if (parse_source(s->a, src, s->sink, false, &tree, NULL) != PARSE_OK)
    diag_render(s->sink, (DiagStyle){0}, stderr);
  SemaOptions options = {0};
  s->p = sema_elaborate(s->a, tree, &options, s->sink);
  if (!s->p) diag_render(s->sink, (DiagStyle){0}, stderr);
  assert_non_null(s->p);
  RunOptions o = {.threads = threads, .family = kernel_family()};
  s->r = run_new(s->a, s->p, &o, s->sink);
  if (s->r != NULL) assert_true(run_bytes(s->r).total <= run_bytes_bound(s->p, o.threads));
  if (!s->r) diag_render(s->sink, (DiagStyle){0}, stderr);
  assert_non_null(s->r);
  const RunHooks hooks = {.ctx = s, .load = load, .epoch = epoch, .save = save};
  return run_execute(s->r, &hooks);
}

static void finish(Session *s) {
  run_free(s->r);
  arena_free(s->a);
}

static void same_state(const Session *a, const Session *b) {
  assert_true(a->n_saved > 0);
  assert_int_equal(a->n_saved, b->n_saved);
  for (int k = 0; k < a->n_saved; k++) {
    if (a->saved[k].rows) assert_int_equal(*a->saved[k].rows, *b->saved[k].rows);
    if (memcmp(a->saved[k].data, b->saved[k].data, (size_t)item_bytes(&a->saved[k])))
      fail_msg("%s differs", a->saved[k].name);
  }
}

static void steps_allocate_nothing(void **unused) {
  (void)unused;
  Session s = {0};
  assert_int_equal(go(&s, hybrid, 2), RUN_DONE);
  assert_true(s.calls_at_2 > 0);
  assert_int_equal(s.calls_at_2, s.calls_at_end);
  finish(&s);
}

static void threads_change_no_bit(void **unused) {
  (void)unused;
  static const char *const text[] = {hybrid, wide};
  for (int k = 0; k < 2; k++) {
    Session one = {0}, other;
    assert_int_equal(go(&one, text[k], 1), RUN_DONE);
    for (int threads = 2; threads <= 5; threads++) {
      other = (Session){0};
      assert_int_equal(go(&other, text[k], threads), RUN_DONE);
      same_state(&one, &other);
      finish(&other);
    }
    finish(&one);
  }
}

/* Found by whoever looks at the last piece, and then nothing is changed. */
static void infinite_far_behind(void **unused) {
  (void)unused;
  for (int threads = 1; threads <= 3; threads++) {
    Session s = {0};
    assert_int_equal(go(&s, infinite, threads), RUN_FAILED);
    assert_int_equal(s.sink->all.at[0]->code, DIAG_NOT_FINITE);
    for (int k = 0; k < s.p->slots.n; k++)
      for (int64_t i = 0; s.p->slots.at[k].kind == SLOT_PARAM && i < run_slot_size(s.r, k); i++)
        assert_true(isfinite(run_slot_get(s.r, k, i)));
    finish(&s);
  }
}

static void stopping_changes_no_bit(void **unused) {
  (void)unused;
  Session whole = {0}, first = {.stop_after = 13}, second = {.stop_after = 21, .from = &first},
          third = {.from = &second};
  assert_int_equal(go(&whole, hybrid, 2), RUN_DONE);
  assert_int_equal(go(&first, hybrid, 2), RUN_STOPPED);
  assert_int_equal(go(&second, hybrid, 1), RUN_STOPPED);
  assert_int_equal(go(&third, hybrid, 2), RUN_DONE);
  same_state(&whole, &third);
  finish(&third), finish(&second), finish(&first), finish(&whole);
}

/* The same for optimisers that search, groups and schedules. */
static void many_kinds_of_state(void **unused) {
  (void)unused;
  Session whole = {0}, first = {.stop_after = 3}, second = {.from = &first};
  assert_int_equal(go(&whole, many, 3), RUN_DONE);
  assert_int_equal(go(&first, many, 1), RUN_STOPPED);
  assert_int_equal(go(&second, many, 2), RUN_DONE);
  same_state(&whole, &second);
  finish(&second), finish(&first), finish(&whole);
}

static void nan_is_named(void **unused) {
  (void)unused;
  Session s = {0};
  assert_int_equal(go(&s, diverging, 1), RUN_FAILED);
  assert_int_equal(s.sink->n_errors, 1);
  const Diag *d = s.sink->all.at[0];
  assert_int_equal(d->code, DIAG_NOT_FINITE);
  assert_int_equal(d->labels.n, 1);
  assert_non_null(strstr(d->labels.at[0].text, "`log`"));
  finish(&s);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(steps_allocate_nothing),
      cmocka_unit_test(threads_change_no_bit),
      cmocka_unit_test(stopping_changes_no_bit),
      cmocka_unit_test(many_kinds_of_state),
      cmocka_unit_test(nan_is_named),
      cmocka_unit_test(infinite_far_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
