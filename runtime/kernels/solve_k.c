/* Linear systems by elimination with partial pivoting, in double. A matrix that has no inverse gives
 * infinities or NaN, which the run reports where they matter. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/variant.h"

void KNAME(k_solve)(const KCall *c);

static void exchange(double *a, double *b, int64_t n) {
  for (int64_t k = 0; k < n; k++) {
    double t = a[k];
    a[k] = b[k];
    b[k] = t;
  }
}

void KNAME(k_solve)(const KCall *c) {
  const int64_t n = c->op->in[0].d[0].n, m = c->op->in[1].rank > 1 ? c->op->in[1].d[1].n : 1;
  const Real *in = c->in[0], *right = c->in[1];
  double *a = c->scratch, *x = a + n * n;
  Real *out = c->out;
  for (int64_t i = 0; i < n * n; i++) a[i] = (double)in[i] + (i / n == i % n ? c->op->attr.f[0] : 0);
  for (int64_t i = 0; i < n * m; i++) x[i] = (double)right[i];
  for (int64_t p = 0; p < n; p++) {
    int64_t best = p;
    for (int64_t i = p + 1; i < n; i++)
      if (fabs(a[i * n + p]) > fabs(a[best * n + p])) best = i;
    if (best != p) {
      exchange(a + p * n, a + best * n, n);
      exchange(x + p * m, x + best * m, m);
    }
    for (int64_t i = p + 1; i < n; i++) {
      const double f = a[i * n + p] / a[p * n + p];
      for (int64_t k = p; k < n; k++) a[i * n + k] -= f * a[p * n + k];
      for (int64_t k = 0; k < m; k++) x[i * m + k] -= f * x[p * m + k];
    }
  }
  for (int64_t p = n - 1; p >= 0; p--)
    for (int64_t k = 0; k < m; k++) {
      for (int64_t j = p + 1; j < n; j++) x[p * m + k] -= a[p * n + j] * x[j * m + k];
      x[p * m + k] /= a[p * n + p];
    }
  for (int64_t i = 0; i < n * m; i++) out[i] = (Real)x[i];
}
