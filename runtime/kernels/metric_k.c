/* KS: the same sorted samples, and where their distribution functions differ most.
 *
 * W1: the Wasserstein-1 distance of two samples on the line, the area between their distribution
 * functions. Both are sorted (radix sort on keys whose order is that of the numbers), then the
 * quantile functions are walked together. Samples of equal size: the mean of |x_(i) - y_(i)|. */
#include <math.h>
#include <string.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"

#define DIGIT_BITS 8
#define DIGITS (1 << DIGIT_BITS)
#define SIGN_BIT ((RBits)1 << (8 * sizeof(Real) - 1))

/* Keys that as unsigned numbers stand in the order of the reals. */
static void to_keys(RBits *key, const Real *x, int64_t n) {
  memcpy(key, x, (size_t)n * sizeof(Real));
  for (int64_t i = 0; i < n; i++) key[i] = key[i] & SIGN_BIT ? ~key[i] : key[i] | SIGN_BIT;
}

static double from_key(RBits key) {
  Real x;
  key = key & SIGN_BIT ? key & ~SIGN_BIT : ~key;
  memcpy(&x, &key, sizeof x);
  return (double)x;
}

/* Sorts key[0..n); spare has room for n, too. An even number of passes ends where it began. */
static void sort_keys(RBits *key, RBits *spare, int64_t n) {
  for (unsigned shift = 0; shift < 8 * sizeof(RBits); shift += DIGIT_BITS) {
    int64_t place[DIGITS] = {0}, sum = 0;
    for (int64_t i = 0; i < n; i++) place[key[i] >> shift & (DIGITS - 1)]++;
    for (int d = 0; d < DIGITS; d++) {
      int64_t count = place[d];
      place[d] = sum;
      sum += count;
    }
    for (int64_t i = 0; i < n; i++) spare[place[key[i] >> shift & (DIGITS - 1)]++] = key[i];
    RBits *other = key;
    key = spare;
    spare = other;
  }
}

static bool has_nan(const Real *x, int64_t n) {
  bool found = false;
  for (int64_t i = 0; i < n; i++) found |= x[i] != x[i];
  return found;
}

/* Area between the quantile functions: steps end at i/n and j/m. */
static double area(const RBits *x, int64_t n, const RBits *y, int64_t m) {
  double sum = 0, lost = 0; /* Kahan: samples may be long */
  int64_t i = 0, j = 0;
  int64_t done = 0; /* in units of 1/(n m) */
  while (i < n && j < m) {
    int64_t end_x = (i + 1) * m, end_y = (j + 1) * n, end = end_x < end_y ? end_x : end_y;
    double term = fabs(from_key(x[i]) - from_key(y[j])) * (double)(end - done) - lost;
    double next = sum + term;
    lost = isfinite(next) ? (next - sum) - term : 0;
    sum = next;
    done = end;
    if (end == end_x) i++;
    if (end == end_y) j++;
  }
  return sum / ((double)n * (double)m);
}

/* Both distribution functions right behind each value. */
static double largest_gap(const RBits *x, int64_t n, const RBits *y, int64_t m) {
  double most = 0;
  for (int64_t i = 0, j = 0; i < n && j < m;) {
    const double a = from_key(x[i]), b = from_key(y[j]), at = a < b ? a : b;
    while (i < n && from_key(x[i]) <= at) i++;
    while (j < m && from_key(y[j]) <= at) j++;
    const double gap = fabs((double)i / (double)n - (double)j / (double)m);
    most = gap > most ? gap : most;
  }
  return most;
}

static void compare_samples(const KCall *c, double (*how)(const RBits *, int64_t, const RBits *, int64_t)) {
  const Real *a = c->in[0], *b = c->in[1];
  int64_t n = in_size_of(c->op, 0, c->rows), m = in_size_of(c->op, 1, c->rows);
  Real *out = c->out;
  if (n == 0 || m == 0 || has_nan(a, n) || has_nan(b, m)) {
    *out = (Real)NAN;
    return;
  }
  RBits *x = c->scratch, *y = x + n, *spare = y + m;
  to_keys(x, a, n);
  to_keys(y, b, m);
  sort_keys(x, spare, n);
  sort_keys(y, spare, m);
  *out = (Real)how(x, n, y, m);
}

void KNAME(k_w1)(const KCall *c);
void KNAME(k_ks)(const KCall *c);
void KNAME(k_w1)(const KCall *c) { compare_samples(c, area); }
void KNAME(k_ks)(const KCall *c) { compare_samples(c, largest_gap); }
