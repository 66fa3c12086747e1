/* Logarithms of positive Hermitian matrices by quadrature, which has nothing in common with eigenvalues:
 *   log A = integral over t from 0 to 1 of (A - 1) R(t),  R(t) = (1 + t (A - 1))^-1,
 *   its derivative along W: integral of R(t) W R(t). NaN where A is not positive. */
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include "tests/ref/ref_more.h"

#define POINTS 96
typedef double complex Cx;

/* Gauss and Legendre on 0 .. 1, found at the first call. */
static double t[POINTS], weight[POINTS];
static void quadrature(void) {
  if (weight[0] > 0) return;
  for (int i = 0; i < POINTS; i++) {
    double x = cos(3.14159265358979323846 * (i + 0.75) / (POINTS + 0.5)), slope = 1;
    for (int step = 0; step < 50; step++) {
      double p = 1, before = 0;
      for (int k = 0; k < POINTS; k++) {
        double next = ((2 * k + 1) * x * p - k * before) / (k + 1);
        before = p;
        p = next;
      }
      slope = POINTS * (x * p - before) / (x * x - 1);
      x -= p / slope;
    }
    t[i] = (1 + x) / 2;
    weight[i] = 1 / ((1 - x * x) * slope * slope);
  }
}

/* The inverse of a, by elimination; *least: its smallest pivot, positive for positive matrices. */
static void inverse(int d, const Cx *a, Cx *out, double *least) {
  Cx *m = malloc((size_t)(d * d) * sizeof *m);
  for (int i = 0; i < d * d; i++) m[i] = a[i], out[i] = i / d == i % d;
  *least = INFINITY;
  for (int p = 0; p < d; p++) {
    Cx pivot = m[p * d + p];
    *least = fmin(*least, creal(pivot));
    for (int k = 0; k < d; k++) m[p * d + k] /= pivot, out[p * d + k] /= pivot;
    for (int i = 0; i < d; i++) {
      Cx f = m[i * d + p];
      for (int k = 0; k < d && i != p; k++) {
        m[i * d + k] -= f * m[p * d + k];
        out[i * d + k] -= f * out[p * d + k];
      }
    }
  }
  free(m);
}

static void hermitian_part(int d, const double *x, Cx *out) {
  for (int i = 0; i < d; i++)
    for (int k = 0; k < d; k++) {
      const double *a = x + 2 * (i * d + k), *b = x + 2 * (k * d + i);
      out[i * d + k] = (a[0] + b[0]) / 2 + (Cx)I * (a[1] - b[1]) / 2;
    }
}

static void product(int d, const Cx *a, const Cx *b, Cx *out) {
  for (int i = 0; i < d * d; i++) {
    out[i] = 0;
    for (int k = 0; k < d; k++) out[i] += a[i / d * d + k] * b[k * d + i % d];
  }
}

/* w NULL: log a; else its derivative along w. */
static void log_of(int d, const Cx *a, const Cx *w, Cx *out) {
  double least;
  Cx *m = calloc((size_t)(4 * d * d), sizeof *m), *r = m + d * d, *x = m + 2 * d * d, *y = m + 3 * d * d;
  quadrature();
  inverse(d, a, r, &least);
  for (int i = 0; i < d * d; i++) out[i] = least > 0 ? 0 : (Cx)NAN;
  for (int q = 0; q < POINTS; q++) {
    for (int i = 0; i < d * d; i++) {
      const Cx one = i / d == i % d;
      x[i] = a[i] - one;
      m[i] = one + t[q] * x[i];
    }
    inverse(d, m, r, &least);
    if (w != NULL) product(d, r, w, x);
    product(d, x, r, y);
    for (int i = 0; i < d * d; i++) out[i] += weight[q] * y[i];
  }
  free(m);
}

void ref_hermitian(OpId op, const RefTensor *in, RefTensor *out) {
  const RefTensor *matrix = op == OP_HERMITIAN_LOG_DX ? &in[1] : &in[0];
  const int d = (int)matrix->d[1], n = d * d;
  Cx *a = calloc((size_t)(3 * n), sizeof *a), *w = a + n, *y = a + 2 * n;
  for (int64_t r = 0; r < matrix->d[0]; r++) {
    hermitian_part(d, matrix->x + r * n * 2, a);
    if (op == OP_HERMITIAN_LOG_DX) hermitian_part(d, in[0].x + r * n * 2, w);
    log_of(d, a, op == OP_HERMITIAN_LOG_DX ? w : NULL, y);
    if (op == OP_ENTROPY) {
      product(d, a, y, w);
      out->x[r] = 0;
      for (int i = 0; i < d; i++) out->x[r] -= creal(w[i * d + i]);
      continue;
    }
    for (int i = 0; i < n; i++) {
      const bool one = op == OP_HERMITIAN_LOG && i / d == i % d;
      out->x[r * n * 2 + 2 * i] = creal(y[i]) + (one ? 1 : 0);
      out->x[r * n * 2 + 2 * i + 1] = cimag(y[i]);
    }
  }
  free(a);
}

/* ---- eigenvalues of a symmetric matrix: by Sylvester's law as many pivots of a - x are negative as there
 * are eigenvalues below x; each is found by bisection */

static int below(int d, const double *a, double x, double *m) {
  int count = 0;
  for (int i = 0; i < d * d; i++) m[i] = (a[i] + a[i % d * d + i / d]) / 2 - (i / d == i % d ? x : 0);
  for (int p = 0; p < d; p++) {
    const double pivot = m[p * d + p];
    count += pivot < 0;
    for (int i = p + 1; i < d; i++)
      for (int k = p + 1; k < d; k++) m[i * d + k] -= m[i * d + p] * m[p * d + k] / pivot;
  }
  return count;
}

void ref_eigenvalues(const RefTensor *in, RefTensor *out) {
  const int d = (int)in->d[0];
  double bound = 1, *m = calloc((size_t)(d * d), sizeof *m);
  for (int i = 0; i < d * d; i++) bound += fabs(in->x[i]);
  for (int k = 0; k < d; k++) {
    double low = -bound, high = bound;
    for (int turn = 0; turn < 100; turn++) {
      const double x = (low + high) / 2;
      if (below(d, in->x, x, m) > k) high = x;
      else low = x;
    }
    out->x[k] = (low + high) / 2;
  }
  free(m);
}

/* ---- Frechet distance: the root of the product of covariances by Denman and Beavers' iteration ------ */

static void covariance(const RefTensor *x, int d, double *mean, Cx *cov) {
  int64_t n = ref_numel(x) / d;
  for (int k = 0; k < d; k++) {
    mean[k] = 0;
    for (int64_t i = 0; i < n; i++) mean[k] += x->x[i * d + k] / (double)n;
  }
  for (int j = 0; j < d; j++)
    for (int k = 0; k < d; k++) {
      double sum = 0;
      for (int64_t i = 0; i < n; i++) sum += (x->x[i * d + j] - mean[j]) * (x->x[i * d + k] - mean[k]);
      cov[j * d + k] = sum / (double)(n - 1);
    }
}

double ref_frechet(const RefTensor *a, const RefTensor *b) {
  int d = (int)a->d[1];
  size_t all = (size_t)(d * d);
  Cx *s = calloc(7 * all, sizeof *s), *ca = s, *cb = s + all, *y = cb + all, *z = y + all, *iy = z + all,
     *iz = iy + all;
  double *mean = calloc((size_t)(2 * d), sizeof *mean), sum = 0, least;
  covariance(a, d, mean, ca);
  covariance(b, d, mean + d, cb);
  for (int i = 0; i < d; i++)
    for (int k = 0; k < d; k++) {
      z[i * d + k] = i == k;
      for (int j = 0; j < d; j++) y[i * d + k] += ca[i * d + j] * cb[j * d + k];
    }
  for (int step = 0; step < 60; step++) {
    inverse(d, y, iy, &least);
    inverse(d, z, iz, &least);
    for (size_t i = 0; i < all; i++) y[i] = (y[i] + iz[i]) / 2, z[i] = (z[i] + iy[i]) / 2;
  }
  for (int k = 0; k < d; k++)
    sum += (mean[k] - mean[d + k]) * (mean[k] - mean[d + k]) +
           creal(ca[k * d + k] + cb[k * d + k] - 2 * y[k * d + k]);
  free(s);
  free(mean);
  return sum;
}
