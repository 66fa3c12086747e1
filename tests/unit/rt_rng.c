/* Random streams: known answers, agreement with Random123 and with C's functions, distribution. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include <Random123/philox.h>
#include "lang/base/io.h"
#include "runtime/tensor/rng.h"
#include "tests/ref/kernel_rig.h"

/* The vectors for philox4x32-10 that Random123 ships (kat_vectors). */
typedef struct Known {
  uint32_t counter[4], key[2], word[4];
} Known;
static const Known known[] = {
    {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
    {{~0u, ~0u, ~0u, ~0u}, {~0u, ~0u}, {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
    {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
     {0xa4093822, 0x299f31d0},
     {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
};

static uint64_t key_of(const uint32_t k[2]) { return (uint64_t)k[1] << 32 | k[0]; }

static void known_answers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint32_t word[4];
    const uint32_t *c = known[i].counter;
    rng_philox(key_of(known[i].key), c[0], c[1], c[2], c[3], word);
    assert_memory_equal(word, known[i].word, sizeof word);
  }
}

static void like_random123(void **state) {
  (void)state;
  for (uint32_t i = 0; i < 10000; i++) {
    philox4x32_ctr_t c = {{i * 2654435761u, i, ~i, i ^ 0x5555u}};
    philox4x32_key_t k = {{i * 40503u, i + 7}};
    philox4x32_ctr_t r = philox4x32(c, k);
    uint32_t word[4];
    rng_philox(key_of(k.v), c.v[0], c.v[1], c.v[2], c.v[3], word);
    assert_memory_equal(word, r.v, sizeof word);
  }
}

static void keys(void **state) {
  (void)state;
  char hex[65], head[17];
  io_sha256("11/G.linear_1.weight", 20, hex);
  snprintf(head, sizeof head, "%016llx", (unsigned long long)rng_key(11, "G.linear_1.weight"));
  assert_memory_equal(head, hex, 16);
  assert_true(rng_key(1, "a") != rng_key(2, "a"));
  assert_true(rng_key(1, "a") != rng_key(1, "b"));
  assert_true(rng_key(UINT64_MAX, "") != rng_key(0, ""));
}

/* A word of the stream as said in rng.h. */
static uint32_t word_at(uint64_t key, uint32_t i, uint32_t j, uint32_t t, uint32_t r) {
  uint32_t word[4];
  rng_philox(key, j / 4, i, t, r, word);
  return word[j % 4];
}

static void by_definition(void **state) {
  (void)state;
  uint64_t key = rng_key(5, "z");
  for (uint32_t i = 0; i < 300; i++) {
    for (uint32_t j = 0; j < 11; j++) {
      double u = ((double)word_at(key, i, j, 3, 1) + 0.5) * 0x1p-32;
      assert_true(rng_uniform(key, i, j, 3, 1) == u);
      double u1 = ((double)word_at(key, i, j & ~1u, 3, 1) + 0.5) * 0x1p-32;
      double u2 = ((double)word_at(key, i, j | 1u, 3, 1) + 0.5) * 0x1p-32;
      double angle = 2 * acos(-1) * u2, radius = sqrt(-2 * log(u1));
      double z = radius * (j % 2 == 0 ? cos(angle) : sin(angle));
      assert_true(fabs(rng_normal(key, i, j, 3, 1) - z) <= 4e-15 * radius);
    }
  }
}

static int ascending(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double normal_cdf(double x) { return 0.5 * erfc(-x / sqrt(2)); }

/* Kolmogorov-Smirnov statistic times sqrt(n): above 1.95 with probability 0.001. */
static double ks(double *x, int n, bool normal) {
  double worst = 0;
  qsort(x, (size_t)n, sizeof *x, ascending);
  for (int i = 0; i < n; i++) {
    double f = normal ? normal_cdf(x[i]) : x[i];
    worst = fmax(worst, fmax(f - (double)i / n, (double)(i + 1) / n - f));
  }
  return worst * sqrt(n);
}

static void distribution(void **state) {
  (void)state;
  static const char *const sites[] = {"z", "data.noise", "G.linear_1.weight"};
  enum { N = 1000000 };
  double *x = malloc(N * sizeof *x);
  for (int s = 0; s < 6; s++) {
    uint64_t key = rng_key(11, sites[s / 2]);
    bool normal = s % 2;
    double sum = 0, squares = 0, lag = 0, before = 0;
    for (uint32_t i = 0; i < N; i++) {
      /* rows, elements and steps all vary, as in a run */
      uint32_t row = i % 64, element = i / 64 % 5, step = i / 320;
      x[i] = normal ? rng_normal(key, row, element, step, 0) : rng_uniform(key, row, element, step, 0);
      assert_true(normal ? isfinite(x[i]) : x[i] > 0 && x[i] < 1);
      double z = normal ? x[i] : (x[i] - 0.5) * sqrt(12);
      sum += z;
      squares += z * z;
      lag += z * before;
      before = z;
    }
    assert_true(fabs(sum / N) < 4e-3 && fabs(squares / N - 1) < 6e-3 && fabs(lag / N) < 4e-3);
    double d = ks(x, N, normal);
    if (d > 1.95) fail_msg("site %s, %s: KS statistic %g", sites[s / 2], normal ? "normal" : "uniform", d);
  }
  free(x);
}

/* The kernel of every variant gives the bits of rng_uniform and rng_normal, rounded to Real. */
static void kernels(void **state) {
  (void)state;
  static const int64_t shapes[][3] = {{64, -1},   {33, 1, -1}, {33, 2, -1}, {17, 3, -1},
                                      {5, 4, -1}, {9, 30, -1}, {-1}};
  const KernelSet *sets[RIG_VARIANTS];
  int n_sets = rig_variants(sets);
  for (int v = 0; v < n_sets; v++) {
    for (size_t s = 0; s < 2 * sizeof shapes / sizeof *shapes; s++) {
      bool normal = s % 2;
      KOp op = {.op = OP_DRAW, .key = rng_key(11, "site")};
      op.attr.i[0] = normal ? DRAW_NORMAL : DRAW_UNIFORM;
      int rank = 0;
      while (shapes[s / 2][rank] >= 0) rank++;
      op.out = shape_of(rank, shapes[s / 2]);
      op.out_rows = rank > 0;
      assert_null(kop_prepare(&op, sets[v]));
      int64_t width = rig_row_size(&op.out), rows = rank > 0 ? op.out.d[0].n : 1, row0 = rank > 0 ? 1000 : 0;
      RunClock clock = {.t = 7, .repeat = 2};
      void *out = rig_reals(sets[v], rows * width, NULL);
      rig_call(&op, rows, row0, NULL, out, &clock);
      for (int64_t k = 0; k < rows * width; k++) {
        uint32_t i = (uint32_t)(row0 + k / width), j = (uint32_t)(k % width);
        double want = normal ? rng_normal(op.key, i, j, 7, 2) : rng_uniform(op.key, i, j, 7, 2);
        double got = rig_get(sets[v], out, k);
        if (got != rig_round(sets[v], want))
          fail_msg("%s row %u element %u: %.17g instead of %.17g", sets[v]->name, i, j, got, want);
      }
      rig_drop(sets[v], out, rows * width);
    }
  }
}

/* The largest word gives a uniform number below 1 in single precision, too. */
static void below_one(void **state) {
  (void)state;
  const KernelSet *sets[RIG_VARIANTS];
  int n_sets = rig_variants(sets);
  for (int v = 0; v < n_sets; v++) {
    KOp op = {.op = OP_DRAW, .key = 3, .out_rows = true};
    enum { ROWS = 1 << 18, WIDTH = 256 };
    op.attr.i[0] = DRAW_UNIFORM;
    op.out = shape_of(2, (int64_t[]){ROWS, WIDTH});
    assert_null(kop_prepare(&op, sets[v]));
    RunClock clock = {0};
    const int64_t step = 64;
    void *out = rig_reals(sets[v], step * WIDTH, NULL);
    double high = 0, low = 1;
    for (int64_t at = 0; at < ROWS / 4; at += step) {
      rig_call(&op, step, at, NULL, out, &clock);
      for (int64_t k = 0; k < step * WIDTH; k++) {
        double x = rig_get(sets[v], out, k);
        if (x > high) high = x;
        if (x < low) low = x;
      }
    }
    assert_true(high < 1 && high > 1 - 1e-6 && low > 0 && low < 1e-6);
    rig_drop(sets[v], out, step * WIDTH);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(known_answers), cmocka_unit_test(like_random123), cmocka_unit_test(keys),
      cmocka_unit_test(by_definition), cmocka_unit_test(distribution),   cmocka_unit_test(kernels),
      cmocka_unit_test(below_one),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
