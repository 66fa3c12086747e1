/* References of windows, quantiles, softmax and labels: naive loops, as in ref_eval.c. */
#include "tests/ref/ref_more.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- windows ---- */
typedef struct Window {
  const Attr *attr;
  const RefTensor *large, *small;
} Window;

/* Index of pixel (dy, dx) of the window of element `at` of the small images, or -1. */
static int64_t pixel(const Window *w, int64_t at, int64_t dy, int64_t dx) {
  const int64_t *i = w->attr->i;
  int64_t x = at % w->small->d[3], y = at / w->small->d[3] % w->small->d[2];
  int64_t image = at / w->small->d[3] / w->small->d[2];
  int64_t row = y * i[0] - i[1] + dy, column = x * i[0] - i[1] + dx;
  if (row < 0 || row >= w->large->d[2] || column < 0 || column >= w->large->d[3]) return -1;
  return (image * w->large->d[2] + row) * w->large->d[3] + column;
}

static int64_t largest(const Window *w, const double *x, int64_t at) {
  int64_t best = -1, size = w->attr->i[2];
  for (int64_t k = 0; k < size * size; k++) {
    int64_t p = pixel(w, at, k / size, k % size);
    if (p >= 0 && (best < 0 || x[p] > x[best])) best = p;
  }
  return best;
}

void ref_pool(OpId op, const Attr *attr, const RefTensor *in, RefTensor *out) {
  bool back = op == OP_MAXPOOL_DX || op == OP_SUMPOOL_DX;
  Window w = {attr, back ? out : &in[0], back ? &in[0] : out};
  int64_t size = attr->i[2];
  memset(out->x, 0, (size_t)ref_numel(out) * sizeof(double));
  for (int64_t at = 0; at < ref_numel(w.small); at++) {
    if (op == OP_MAXPOOL) out->x[at] = in[0].x[largest(&w, in[0].x, at)];
    if (op == OP_MAXPOOL_AT) out->x[at] = in[0].x[largest(&w, in[1].x, at)];
    if (op == OP_MAXPOOL_DX) out->x[largest(&w, in[1].x, at)] += in[0].x[at];
    for (int64_t k = 0; k < size * size; k++) {
      int64_t p = pixel(&w, at, k / size, k % size);
      if (op == OP_SUMPOOL && p >= 0) out->x[at] += attr->f[0] * in[0].x[p];
      if (op == OP_SUMPOOL_DX && p >= 0) out->x[p] += attr->f[0] * in[0].x[at];
    }
  }
}

/* ---- along an axis ---- */
static double log_sum(const double *x, int64_t n, int64_t step) {
  double top = -INFINITY, sum = 0;
  for (int64_t k = 0; k < n; k++) top = fmax(top, x[k * step]);
  for (int64_t k = 0; k < n; k++) sum += exp(x[k * step] - top);
  return top + log(sum);
}

static const double *sorted_by;
static int64_t sorted_step;
static int by_value(const void *a, const void *b) {
  int64_t i = *(const int64_t *)a, k = *(const int64_t *)b;
  double x = sorted_by[i * sorted_step], y = sorted_by[k * sorted_step];
  return x != y ? (x > y) - (x < y) : (i > k) - (i < k);
}

/* One run of n elements of `order`, `step` apart: its quantile in terms of `from`, or its derivative. */
static void quantile(OpId op, double q, const double *order, const double *from, double *out, int64_t n,
                     int64_t step) {
  int64_t *at = malloc((size_t)n * sizeof *at);
  for (int64_t k = 0; k < n; k++) at[k] = k;
  sorted_by = order;
  sorted_step = step;
  qsort(at, (size_t)n, sizeof *at, by_value);
  double place = q * (double)(n - 1), share = place - floor(place);
  int64_t low = at[(int64_t)floor(place)] * step, high = at[(int64_t)ceil(place)] * step;
  if (op == OP_QUANTILE_DX) {
    for (int64_t k = 0; k < n; k++) out[k * step] = 0;
    out[low] += (1 - share) * *from;
    out[high] += share * *from;
  } else {
    *out = (1 - share) * from[low] + share * from[high];
  }
  free(at);
}

void ref_along(OpId op, const Attr *attr, int n_in, const RefTensor *in, RefTensor *out) {
  const RefTensor *whole = &in[n_in - 1];
  int axis = (int)attr->i[0];
  int64_t n = whole->d[axis], step = 1, outer = 1;
  for (int k = axis + 1; k < whole->rank; k++) step *= whole->d[k];
  for (int k = 0; k < axis; k++) outer *= whole->d[k];
  for (int64_t run = 0; run < outer * step; run++) {
    int64_t at = run / step * n * step + run % step;
    const double *x = whole->x + at;
    double sum = 0, *y = out->x + at;
    if (op == OP_LOGSUMEXP) out->x[run] = log_sum(x, n, step);
    if (op == OP_QUANTILE) quantile(op, attr->f[0], x, x, out->x + run, n, step);
    if (op == OP_QUANTILE_AT) quantile(op, attr->f[0], x, in[0].x + at, out->x + run, n, step);
    if (op == OP_QUANTILE_DX) quantile(op, attr->f[0], x, in[0].x + run, y, n, step);
    for (int64_t k = 0; k < n; k++) {
      int64_t from_end = n - 1 - k, place = attr->i[1] ? from_end : k;
      if (op == OP_SOFTMAX) y[k * step] = exp(x[k * step] - log_sum(x, n, step));
      if (op == OP_LOG_SOFTMAX) y[k * step] = x[k * step] - log_sum(x, n, step);
      if (op == OP_CUMSUM) y[place * step] = sum += x[place * step];
      if (op == OP_FLIP) y[k * step] = x[from_end * step];
    }
  }
}

/* ---- labels ---- */
void ref_label(OpId op, const RefTensor *in, RefTensor *out) {
  const RefTensor *a = &in[0], *b = &in[1];
  if (op == OP_COUNTS) {
    for (int64_t k = 0; k < out->d[0]; k++) {
      out->x[k] = 0;
      for (int64_t i = 0; i < ref_numel(a); i++) out->x[k] += a->x[i] == (double)k;
    }
    return;
  }
  int64_t n = b->d[b->rank - 1];
  for (int64_t i = 0; i < ref_numel(out); i++) {
    double sum = 0, so_far = 0, least = INFINITY;
    if (op == OP_CATEGORICAL) {
      const double *w = b->x + i * n;
      for (int64_t k = 0; k < n; k++) sum += w[k];
      for (int64_t k = n - 1; k >= 0; k--) {
        so_far = 0;
        for (int64_t j = 0; j <= k; j++) so_far += w[j];
        if (so_far > a->x[i] * sum) out->x[i] = (double)k;
      }
      continue;
    }
    for (int64_t k = 0; k < b->d[0]; k++) {
      sum = 0;
      for (int64_t j = 0; j < n; j++) sum += pow(a->x[i * n + j] - b->x[k * n + j], 2);
      if (sum < least) least = sum, out->x[i] = (double)k;
    }
  }
}

/* ---- linear systems ---- */

/* By the first row. */
static double determinant(int n, const double *a) {
  double sum = 0, *minor = malloc((size_t)(n * n) * sizeof *minor);
  if (n == 1) sum = a[0];
  for (int k = 0; k < n && n > 1; k++) {
    for (int i = 1; i < n; i++)
      for (int j = 0, to = 0; j < n; j++)
        if (j != k) minor[(i - 1) * (n - 1) + to++] = a[i * n + j];
    sum += (k % 2 ? -1 : 1) * a[k] * determinant(n - 1, minor);
  }
  free(minor);
  return sum;
}

void ref_solve(const Attr *attr, const RefTensor *in, RefTensor *out) {
  const int n = (int)in[0].d[0], m = (int)(ref_numel(&in[1]) / n);
  double *a = malloc((size_t)(n * n) * sizeof *a), *b = malloc((size_t)(n * n) * sizeof *b);
  for (int i = 0; i < n * n; i++) a[i] = in[0].x[i] + (i / n == i % n ? attr->f[0] : 0);
  for (int i = 0; i < n; i++)
    for (int k = 0; k < m; k++) {
      memcpy(b, a, (size_t)(n * n) * sizeof *b);
      for (int j = 0; j < n; j++) b[j * n + i] = in[1].x[j * m + k];
      out->x[i * m + k] = determinant(n, b) / determinant(n, a);
    }
  free(a);
  free(b);
}
