/* Scripts at random over values of many rows: circuits, products, sums, picked rows and their derivatives.
 * The first rows of a result depend on nothing behind them, so they are the same for 24 rows, which no plan
 * cuts into shards, and for 40 or 100, which are cut. 150 scripts, 30 with QGN_QUICK. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/parse/parse.h"
#include "lang/sema/sema.h"
#include "runtime/exec/run.h"

enum { SEEN = 20, MOST_VALUES = 4096, DEPTH = 4 };

static uint64_t rng_state = 0x9E3779B97F4A7C15u;
static int below(int n) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return (int)((rng_state >> 33) % (uint64_t)n);
}

/* ---- scripts --------------------------------------------------------------------------------------- */

static const char head[] =
    "edition = 1\nprecision = \"double\"\n"
    "draw x[%d, 2] ~ uniform(-1, 1)\n"
    "draw y[%d, 2] ~ uniform(-1, 1)\n"
    "draw k[%d] ~ categorical([0.3, 0.7])\n"
    "let m = [[0.3, -0.8], [0.5, 0.2]]\n"
    "circuit one(a[2]) -> [2] on q[2] { param w[2] = 0.4\n"
    "  ry(a) q; cx q[0], q[1]; rx(w) q; return expval(Z(q)) }\n"
    "circuit two(a[2], b[2]) -> [2] on q[2] {\n"
    "  rx(a) q; ry(b[0] + 0.3) q[0]; cx q[0], q[1]; ry(a * b[1]) q; return expval(Z(q)) }\n"
    "circuit chance(a[2]) -> [4] on q[2] { ry(a) q; cz q[0], q[1]; rx(0.7) q; return probs(q) }\n";

static const char *rows(Arena *a, int depth);
static const char *vector(Arena *a, int depth);

static const char *scalar(Arena *a, int depth) {
  switch (below(4)) {
  case 0: return arena_printf(a, "x[%d, %d]", below(SEEN), below(2));
  case 1: return arena_printf(a, "mean(%s)", vector(a, depth - 1));
  case 2: return arena_printf(a, "%s[%d]", vector(a, depth - 1), below(2));
  default: return arena_printf(a, "mean((%s)[0..%d])", rows(a, depth - 1), SEEN);
  }
}

/* Two numbers that all rows share. */
static const char *vector(Arena *a, int depth) {
  if (depth <= 0) return arena_printf(a, "%c[%d]", below(2) ? 'x' : 'y', below(SEEN));
  switch (below(8)) {
  case 0: return arena_printf(a, "(%s)[%d]", rows(a, depth - 1), below(SEEN));
  case 1: return arena_printf(a, "one(%s)", vector(a, depth - 1));
  case 2: return arena_printf(a, "two(%s, %s)", vector(a, depth - 1), vector(a, depth - 1));
  case 3: return arena_printf(a, "chance(%s)[1..3]", vector(a, depth - 1));
  case 4: return arena_printf(a, "mean((%s)[0..%d], axis = 0)", rows(a, depth - 1), SEEN);
  case 5: return arena_printf(a, "(%s * %s)", vector(a, depth - 1), scalar(a, depth - 1));
  case 6: return arena_printf(a, "sin(%s)", vector(a, depth - 1));
  default: return vector(a, 0);
  }
}

/* [rows, 2], each row by itself but for what all share. */
static const char *rows(Arena *a, int depth) {
  if (depth <= 0) return below(2) ? "x" : "y";
  switch (below(13)) {
  case 0: return arena_printf(a, "one(%s)", rows(a, depth - 1));
  case 1: return arena_printf(a, "two(%s, %s)", rows(a, depth - 1), rows(a, depth - 1));
  case 2: return arena_printf(a, "two(%s, %s)", rows(a, depth - 1), vector(a, depth - 1));
  case 3: return arena_printf(a, "two(%s, %s)", vector(a, depth - 1), rows(a, depth - 1));
  case 4: return arena_printf(a, "chance(%s)[:, 1..3]", rows(a, depth - 1));
  case 5: return arena_printf(a, "(%s + %s)", rows(a, depth - 1), rows(a, depth - 1));
  case 6: return arena_printf(a, "(%s * %s)", rows(a, depth - 1), scalar(a, depth - 1));
  case 7: return arena_printf(a, "sin(%s)", rows(a, depth - 1));
  case 8: return arena_printf(a, "matmul(%s, m)", rows(a, depth - 1));
  case 9: return arena_printf(a, "softmax(%s)", rows(a, depth - 1));
  case 10: return arena_printf(a, "gather(m * %s, k)", scalar(a, depth - 1));
  case 11:
    return arena_printf(a, "concat((%s)[0..12], (%s)[12..], axis = 0)", rows(a, depth - 1),
                        rows(a, depth - 1));
  default:
    return arena_printf(a, "concat((%s)[:, 1..2], (%s)[:, 0..1], axis = 1)", rows(a, depth - 1),
                        rows(a, depth - 1));
  }
}

/* `%d` of the head is the number of rows; what is printed is compared. */
static const char *body(Arena *a) {
  const char *r = rows(a, DEPTH), *v = vector(a, DEPTH);
  const char *loss = arena_printf(a, "mean(r[0..%d]^2) + sum(v)", SEEN);
  const char *second = below(3) > 0 ? ""
                                    : arena_printf(a,
                                                   "grad(sum(grad(%s, x)[0..%d]^2), y)[0..%d]\n"
                                                   "grad(sum(grad(%s, y)[0..%d]^2), one.w)\n",
                                                   loss, SEEN, SEEN, loss, SEEN);
  return arena_printf(a,
                      "let r = %s + 0 * x + 0 * one(y)\nlet v = %s + 0 * y[0]\n"
                      "r[0..%d]\nv\ngrad(%s, x)[0..%d]\ngrad(%s, y)[0..%d]\ngrad(%s, one.w)\n%s",
                      r, v, SEEN, loss, SEEN, loss, SEEN, loss, second);
}

/* ---- runs ------------------------------------------------------------------------------------------ */

typedef struct Values {
  int n;
  double at[MOST_VALUES];
} Values;

static void print(void *ctx, const Run *run, const Stmt *s) {
  Values *v = ctx;
  assert_true(s->slot >= 0);
  for (int64_t k = 0; k < run_slot_size(run, s->slot); k++) {
    assert_true(v->n < MOST_VALUES);
    v->at[v->n++] = run_slot_get(run, s->slot, k);
  }
}

static Values run(const char *text, int n_rows, int threads) {
  Arena *a = arena_new();
  DiagSink *sink = diag_sink(a);
  Values out = {0};
  const char *whole = arena_printf(a, "%s%s", arena_printf(a, head, n_rows, n_rows, n_rows), text);
  AstNode *tree = NULL;
  const bool parsed =
      parse_source(a, src_add("test.qgn", whole, strlen(whole)), sink, false, &tree, NULL) == PARSE_OK;
  const Program *p = parsed ? sema_elaborate(a, tree, NULL, sink) : NULL;
  const RunOptions options = {.threads = threads, .family = kernel_family()};
  Run *r = p != NULL ? run_new(a, p, &options, sink) : NULL;
  const RunHooks hooks = {.ctx = &out, .print = print};
  const bool done = r != NULL && run_execute(r, &hooks) == RUN_DONE;
  if (!done) {
    diag_render(sink, (DiagStyle){0}, stderr);
    fail_msg("%d rows: %s", n_rows, whole);
  }
  run_free(r);
  arena_free(a);
  src_clear();
  return out;
}

static void first_rows_know_nothing_of_others(void **state) {
  static const struct { int rows, threads; } cut[] = {{40, 1}, {100, 2}};
  const int scripts = getenv("QGN_QUICK") != NULL ? 30 : 150;
  (void)state;
  for (int n = 0; n < scripts; n++) {
    Arena *a = arena_new();
    const char *text = body(a);
    const Values want = run(text, 24, 1);
    assert_true(want.n > 0);
    for (int c = 0; c < 2; c++) {
      const Values got = run(text, cut[c].rows, cut[c].threads);
      assert_int_equal(got.n, want.n);
      for (int k = 0; k < want.n; k++)
        if (!(fabs(got.at[k] - want.at[k]) <= 1e-11 * (1 + fabs(want.at[k]))))
          fail_msg("script %d, value %d: %.17g with %d rows, %.17g with 24\n%s", n, k, got.at[k], cut[c].rows,
                   want.at[k], text);
    }
    arena_free(a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(first_rows_know_nothing_of_others)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
