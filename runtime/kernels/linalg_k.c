/* Functions of Hermitian matrices, in double whatever the precision. A complex matrix R + iM of d x d is
 * the real symmetric matrix [[R, -M], [M, R]] of 2d x 2d with each eigenvalue twice; functions of it, and
 * their derivatives, have the same form. Eigenvalues by Jacobi's cyclic method. */
#include <math.h>
#include <string.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"

void KNAME(k_entropy)(const KCall *c);
void KNAME(k_hermitian_log)(const KCall *c);
void KNAME(k_hermitian_log_dx)(const KCall *c);
void KNAME(k_frechet)(const KCall *c);
void KNAME(k_eigenvalues)(const KCall *c);

#define LEAST_EIGENVALUE 1e-15
#define MOST_SWEEPS 40

typedef struct Eigen {
  int n;     /* 2d */
  double *a; /* [n][n]; its diagonal becomes the eigenvalues */
  double *v; /* [n][n]; column j: eigenvector of a[j][j]; NULL: not wanted */
  double *w; /* [n][n]: room */
} Eigen;

static Eigen eigen_in(const KCall *c, int64_t d) {
  const int n = (int)(2 * d);
  double *room = c->scratch;
  return (Eigen){n, room, room + (size_t)n * (size_t)n, room + 2 * (size_t)n * (size_t)n};
}

/* The Hermitian part of m [d][d][2] as a real matrix. */
static void embed(const Real *m, int n, double *out) {
  const int d = n / 2;
  for (int i = 0; i < d; i++) {
    for (int k = 0; k < d; k++) {
      const Real *x = m + 2 * (i * d + k), *y = m + 2 * (k * d + i);
      const double re = 0.5 * ((double)x[0] + (double)y[0]), im = 0.5 * ((double)x[1] - (double)y[1]);
      out[i * n + k] = out[(i + d) * n + k + d] = re;
      out[(i + d) * n + k] = im;
      out[i * n + k + d] = -im;
    }
  }
}

/* One turn that makes a[p][q] zero. */
static void turn(const Eigen *e, int p, int q) {
  const int n = e->n;
  double *a = e->a, *v = e->v;
  const double off = a[p * n + q];
  if (off == 0) return;
  const double theta = (a[q * n + q] - a[p * n + p]) / (2 * off);
  const double t = (theta < 0 ? -1 : 1) / (fabs(theta) + sqrt(theta * theta + 1));
  const double c = 1 / sqrt(t * t + 1), s = t * c;
  for (int k = 0; k < n; k++) {
    const double x = a[k * n + p], y = a[k * n + q];
    a[k * n + p] = c * x - s * y;
    a[k * n + q] = s * x + c * y;
  }
  for (int k = 0; k < n; k++) {
    const double x = a[p * n + k], y = a[q * n + k];
    a[p * n + k] = c * x - s * y;
    a[q * n + k] = s * x + c * y;
  }
  for (int k = 0; v != NULL && k < n; k++) {
    const double x = v[k * n + p], y = v[k * n + q];
    v[k * n + p] = c * x - s * y;
    v[k * n + q] = s * x + c * y;
  }
}

static void eigen(const Eigen *e) {
  const int n = e->n;
  if (e->v != NULL) memset(e->v, 0, (size_t)n * (size_t)n * sizeof *e->v);
  for (int i = 0; e->v != NULL && i < n; i++) e->v[i * n + i] = 1;
  for (int sweep = 0; sweep < MOST_SWEEPS; sweep++) {
    double off = 0, all = 0;
    for (int i = 0; i < n * n; i++) {
      all += e->a[i] * e->a[i];
      if (i / n != i % n) off += e->a[i] * e->a[i];
    }
    if (!(off > 1e-34 * all)) return; /* also with NaN */
    for (int p = 0; p < n; p++) {
      for (int q = p + 1; q < n; q++) turn(e, p, q);
    }
  }
}

static double log_of(double x) { return 1 + log(x > LEAST_EIGENVALUE || x != x ? x : LEAST_EIGENVALUE); }

/* The first block column of V F V^T, as a complex matrix; F = e->w. */
static void back(const Eigen *e, double *room, Real *out) {
  const int n = e->n, d = n / 2;
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < n; k++) {
      double sum = 0;
      for (int j = 0; j < n; j++) sum += e->v[i * n + j] * e->w[j * n + k];
      room[i * n + k] = sum;
    }
  }
  for (int i = 0; i < n; i++) {
    for (int k = 0; k < d; k++) {
      double sum = 0;
      for (int j = 0; j < n; j++) sum += room[i * n + j] * e->v[k * n + j];
      out[2 * (i % d * d + k) + (i >= d)] = (Real)sum;
    }
  }
}

static int64_t matrices(const KCall *c) { return c->op->in_rows[0] ? c->rows : c->op->in[0].d[0].n; }

void KNAME(k_entropy)(const KCall *c) {
  const int64_t d = c->op->in[0].d[1].n, rows = matrices(c);
  const Eigen e = eigen_in(c, d);
  for (int64_t r = 0; r < rows; r++) {
    embed((const Real *)c->in[0] + r * d * d * 2, e.n, e.a);
    eigen(&e);
    double sum = 0;
    for (int i = 0; i < e.n; i++) {
      const double x = e.a[i * e.n + i];
      if (x > LEAST_EIGENVALUE || x != x) sum -= x * log(x);
    }
    ((Real *)c->out)[r] = (Real)(0.5 * sum);
  }
}

void KNAME(k_hermitian_log)(const KCall *c) {
  const int64_t d = c->op->in[0].d[1].n, rows = matrices(c);
  const Eigen e = eigen_in(c, d);
  for (int64_t r = 0; r < rows; r++) {
    embed((const Real *)c->in[0] + r * d * d * 2, e.n, e.a);
    eigen(&e);
    memset(e.w, 0, (size_t)(e.n * e.n) * sizeof *e.w);
    for (int i = 0; i < e.n; i++) e.w[i * e.n + i] = log_of(e.a[i * e.n + i]);
    back(&e, e.w + e.n * e.n, (Real *)c->out + r * d * d * 2);
  }
}

/* (f(x) - f(y)) / (x - y), and f' where they are equal. */
static double divided(double x, double y) {
  const double low = LEAST_EIGENVALUE;
  if (x <= low && y <= low) return 0;
  if (x <= low) x = low;
  if (y <= low) y = low;
  const double u = (x - y) / y;
  return fabs(u) < 1e-8 ? 1 / y : log1p(u) / (x - y);
}

/* V (D * (V^T W V)) V^T with D the divided differences: Daleckii and Krein. */
void KNAME(k_hermitian_log_dx)(const KCall *c) {
  const int64_t d = c->op->in[0].d[1].n, rows = matrices(c);
  const Eigen e = eigen_in(c, d);
  const int n = e.n;
  double *w = e.w + n * n, *room = e.w + 2 * n * n;
  for (int64_t r = 0; r < rows; r++) {
    embed((const Real *)c->in[1] + r * d * d * 2, n, e.a);
    embed((const Real *)c->in[0] + r * d * d * 2, n, w);
    eigen(&e);
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += w[i * n + j] * e.v[j * n + k];
        room[i * n + k] = sum;
      }
    }
    for (int i = 0; i < n; i++) {
      for (int k = 0; k < n; k++) {
        double sum = 0;
        for (int j = 0; j < n; j++) sum += e.v[j * n + i] * room[j * n + k];
        e.w[i * n + k] = sum * divided(e.a[i * n + i], e.a[k * n + k]);
      }
    }
    back(&e, w, (Real *)c->out + r * d * d * 2);
  }
}

/* Ascending, by insertion: Jacobi's method leaves them nearly in any order. */
static void put_sorted(Real *out, int n, double x) {
  int k = n;
  for (; k > 0 && (double)out[k - 1] > x; k--) out[k] = out[k - 1];
  out[k] = (Real)x;
}

void KNAME(k_eigenvalues)(const KCall *c) {
  const int n = (int)c->op->in[0].d[0].n;
  const Real *m = c->in[0];
  const Eigen e = {n, c->scratch, NULL, NULL};
  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++) e.a[i * n + k] = 0.5 * ((double)m[i * n + k] + (double)m[k * n + i]);
  eigen(&e);
  for (int i = 0; i < n; i++) put_sorted(c->out, i, e.a[i * n + i]);
}

/* ---- Frechet distance (Heusel et al. 2017, equation 6) --------------------------------------------- */

/* Mean and covariance of rows x [n][d], two passes. */
static void moments_of(const Real *x, int64_t n, int d, double *mean, double *cov) {
  memset(mean, 0, (size_t)d * sizeof *mean);
  memset(cov, 0, (size_t)d * (size_t)d * sizeof *cov);
  for (int64_t i = 0; i < n; i++)
    for (int k = 0; k < d; k++) mean[k] += (double)x[i * d + k];
  for (int k = 0; k < d; k++) mean[k] /= (double)n;
  for (int64_t i = 0; i < n; i++)
    for (int j = 0; j < d; j++) {
      const double a = (double)x[i * d + j] - mean[j];
      for (int k = 0; k <= j; k++) cov[j * d + k] += a * ((double)x[i * d + k] - mean[k]);
    }
  for (int j = 0; j < d; j++)
    for (int k = 0; k <= j; k++) cov[j * d + k] = cov[k * d + j] = cov[j * d + k] / (double)(n - 1);
}

static double root(double x) { return x > 0 ? sqrt(x) : x <= 0 ? 0 : x; }

/* out = a b for n x n matrices. */
static void product(int n, const double *a, const double *b, double *out) {
  memset(out, 0, (size_t)n * (size_t)n * sizeof *out);
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      for (int k = 0; k < n; k++) out[i * n + k] += a[i * n + j] * b[j * n + k];
}

/* The trace of (A B)^1/2 is that of (R B R)^1/2 with R = A^1/2: the roots of its eigenvalues. `a`, then R,
 * and `w` are lost. */
static double trace_of_root(int n, double *a, const double *b, double *v, double *w) {
  const Eigen e = {n, a, v, w};
  eigen(&e);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < n; k++) w[k * n + i] = v[i * n + k] * root(a[k * n + k]);
  product(n, v, w, a);
  product(n, a, b, w);
  product(n, w, a, v);
  memcpy(a, v, (size_t)n * (size_t)n * sizeof *a);
  eigen(&e);
  double sum = 0;
  for (int i = 0; i < n; i++) sum += root(a[i * n + i]);
  return sum;
}

void KNAME(k_frechet)(const KCall *c) {
  const int d = (int)c->op->in[0].d[1].n;
  const int64_t n = in_size_of(c->op, 0, c->rows) / d, m = in_size_of(c->op, 1, c->rows) / d;
  const size_t square = (size_t)d * (size_t)d;
  double *a = c->scratch, *b = a + square, *v = b + square, *w = v + square, *mean = w + square;
  Real *out = c->out;
  double sum = 0;
  if (n < 2 || m < 2) {
    *out = (Real)NAN;
    return;
  }
  moments_of(c->in[0], n, d, mean, a);
  moments_of(c->in[1], m, d, mean + d, b);
  for (int k = 0; k < d; k++)
    sum += (mean[k] - mean[d + k]) * (mean[k] - mean[d + k]) + a[k * d + k] + b[k * d + k];
  *out = (Real)(sum - 2 * trace_of_root(d, a, b, v, w));
}
