/* Rows of channels.def: the transfer of each is that of its operators, which keep the trace; slopes of
 * formulas against differences; what parameters may be. */
#define _GNU_SOURCE
#include <complex.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/ir/channel.h"

#define WORDS_MOST 16
typedef double complex Cx;

/* Letters as channel.h codes them: I, X, Z, Y. */
static const Cx letters[4][4] = {{1, 0, 0, 1}, {0, 1, 1, 0}, {1, 0, 0, -1}, {0, -(Cx)I, (Cx)I, 0}};

static int qubits_of(ChannelId id) { return channel_info[id].n_qubits; }

/* Element (r, c) of a word of one or two letters; the first letter is that of the most significant qubit. */
static Cx word_at(int word, int n_qubits, int r, int c) {
  Cx e = 1;
  for (int q = 0; q < n_qubits; q++) {
    const int shift = n_qubits - 1 - q;
    e *= letters[word >> (2 * q) & 3][2 * (r >> shift & 1) + (c >> shift & 1)];
  }
  return e;
}

/* The operators of a row as numbers, re and im; returns how many. */
static int operators(ChannelId id, const double *v, double *out) {
  KrausFormula k[CHANNEL_MAX_KRAUS];
  const int n = channel_kraus(id, k), d = 1 << qubits_of(id), params = channel_n_params(id);
  for (int i = 0; i < n; i++)
    for (int e = 0; e < d * d; e++) {
      Cx x;
      if (channel_info[id].kind == CHANNEL_WORDS)
        x = sqrt(formula_value(&k[i].probability, params, v, NULL)) *
            word_at(k[i].word, qubits_of(id), e / d, e % d);
      else x = formula_value(&k[i].element[e], params, v, NULL);
      out[2 * (i * d * d + e)] = creal(x), out[2 * (i * d * d + e) + 1] = cimag(x);
    }
  return n;
}

/* All entries of the transfer at v as a matrix over words. */
static void matrix(Arena *a, ChannelId id, int n_qubits, int n, const double *kraus, const double *v,
                   double *out) {
  TransferEntry *e;
  const int words = 1 << (2 * n_qubits), entries = channel_transfer(a, id, n_qubits, n, kraus, &e);
  memset(out, 0, sizeof *out * WORDS_MOST * WORDS_MOST);
  for (int i = 0; i < entries; i++)
    out[e[i].row * words + e[i].col] = formula_value(&e[i].formula, channel_n_params(id), v, NULL);
}

/* The sum of K^+ K. */
static void keeps_the_trace(int d, int n, const double *k) {
  for (int r = 0; r < d; r++)
    for (int c = 0; c < d; c++) {
      Cx sum = 0;
      for (int i = 0; i < n; i++)
        for (int m = 0; m < d; m++) {
          const double *x = k + 2 * (i * d * d + m * d + r), *y = k + 2 * (i * d * d + m * d + c);
          sum += (x[0] - (Cx)I * x[1]) * (y[0] + (Cx)I * y[1]);
        }
      assert_true(cabs(sum - (r == c)) < 1e-14);
    }
}

static void check_at(Arena *a, ChannelId id, const double *v) {
  double k[2 * CHANNEL_MAX_KRAUS * 16], want[WORDS_MOST * WORDS_MOST], got[WORDS_MOST * WORDS_MOST];
  const int n_qubits = qubits_of(id), n = operators(id, v, k);
  keeps_the_trace(1 << n_qubits, n, k);
  matrix(a, CHANNEL_KRAUS, n_qubits, n, k, v, want);
  matrix(a, id, n_qubits, 0, NULL, v, got);
  for (int i = 0; i < WORDS_MOST * WORDS_MOST; i++)
    if (!(fabs(want[i] - got[i]) < 1e-14))
      fail_msg("%s: entry %d is %g, its operators give %g", channel_info[id].name, i, got[i], want[i]);
}

/* Values inside of what is allowed. */
static void values_of(ChannelId id, int turn, double *v) {
  for (int k = 0; k < channel_n_params(id); k++) v[k] = 0.02 + 0.03 * (k + 1) * (1 + turn % 3);
  if (id == CHANNEL_RELAX) v[0] = 2, v[1] = 1 + turn % 3, v[2] = 0.3 * turn;
}

static void rows_are_their_operators(void **state) {
  Arena *a = arena_new();
  (void)state;
  for (int id = CHANNEL_NONE + 1; id < CHANNEL_COUNT; id++) {
    double v[CHANNEL_MAX_PARAMS] = {0}, probe[CHANNEL_MAX_PROBES][CHANNEL_MAX_PARAMS];
    const int probes = channel_probes((ChannelId)id, probe);
    assert_in_range(probes, 0, CHANNEL_MAX_PROBES);
    for (int i = 0; i < probes; i++) assert_null(channel_refuses((ChannelId)id, probe[i]));
    if (id == CHANNEL_KRAUS || id == CHANNEL_READOUT) continue;
    for (int turn = 0; turn < 6; turn++) {
      values_of((ChannelId)id, turn, v);
      assert_null(channel_refuses((ChannelId)id, v));
      check_at(a, (ChannelId)id, v);
    }
    for (int i = 0; i < probes; i++) check_at(a, (ChannelId)id, probe[i]);
  }
  arena_free(a);
}

static void slopes_are_differences(void **state) {
  Arena *a = arena_new();
  (void)state;
  for (int id = CHANNEL_NONE + 1; id < CHANNEL_COUNT; id++) {
    TransferEntry *e;
    const int params = channel_n_params((ChannelId)id);
    if (id == CHANNEL_KRAUS) continue;
    const int n = channel_transfer(a, (ChannelId)id, qubits_of((ChannelId)id), 0, NULL, &e);
    for (int i = 0; i < n; i++) {
      double v[CHANNEL_MAX_PARAMS], d[CHANNEL_MAX_PARAMS];
      values_of((ChannelId)id, 1, v);
      formula_value(&e[i].formula, params, v, d);
      for (int k = 0; k < params; k++) {
        const double at = v[k], h = 1e-5;
        v[k] = at + h;
        const double up = formula_value(&e[i].formula, params, v, NULL);
        v[k] = at - h;
        const double down = formula_value(&e[i].formula, params, v, NULL);
        v[k] = at;
        if (!(fabs(d[k] - (up - down) / (2 * h)) < 1e-8))
          fail_msg("%s: slope %d of entry %d", channel_info[id].name, k, i);
      }
    }
  }
  arena_free(a);
}

static void names_and_parameters(void **state) {
  Arena *a = arena_new();
  bool is_duration;
  int same_as;
  (void)state;
  for (int id = CHANNEL_NONE + 1; id < CHANNEL_COUNT; id++)
    assert_int_equal(channel_find(channel_info[id].name), id);
  assert_int_equal(channel_find("depolarizing"), CHANNEL_DEPOLARIZE);
  assert_int_equal(channel_find("depol"), CHANNEL_NONE);
  assert_string_equal(channel_param(a, CHANNEL_DAMP, 0, &is_duration, &same_as), "gamma");
  assert_int_equal(same_as, -1);
  assert_string_equal(channel_param(a, CHANNEL_DAMP, 1, &is_duration, &same_as), "up");
  assert_int_equal(same_as, -2);
  assert_string_equal(channel_param(a, CHANNEL_READOUT, 1, &is_duration, &same_as), "down");
  assert_int_equal(same_as, 0);
  assert_string_equal(channel_param(a, CHANNEL_RELAX, 2, &is_duration, &same_as), "time");
  assert_true(is_duration);
  assert_string_equal(channel_refuses(CHANNEL_BITFLIP, (double[]){1.5}), "a probability is in 0..1");
  assert_string_equal(channel_refuses(CHANNEL_BITFLIP, (double[]){NAN}), "a probability is in 0..1");
  assert_string_equal(channel_refuses(CHANNEL_PAULIFLIP, (double[]){0.5, 0.5, 0.5}),
                      "the three probabilities add up to at most 1");
  assert_string_equal(channel_refuses(CHANNEL_RELAX, (double[]){1, 3, 0}), "t2 is at most 2 t1");
  assert_non_null(channel_refuses(CHANNEL_RELAX, (double[]){0, 1, 0}));
  assert_null(channel_refuses(CHANNEL_RELAX, (double[]){1, 2, 0}));
  assert_null(channel_refuses(CHANNEL_RESET, (double[]){0}));
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(rows_are_their_operators),
      cmocka_unit_test(slopes_are_differences),
      cmocka_unit_test(names_and_parameters),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
