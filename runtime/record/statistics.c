#include "runtime/record/statistics.h"
#include <math.h>

#define LEVEL 0.95

/* Continued fraction of the incomplete beta function (Lentz's method). */
static double beta_fraction(double a, double b, double x) {
  const double tiny = 1e-300;
  double c = 1, d = 1 - (a + b) * x / (a + 1);
  d = 1 / (fabs(d) < tiny ? tiny : d);
  double h = d;
  for (int m = 1; m <= 1000; m++) {
    const double k = m, even = k * (b - k) * x / ((a + 2 * k - 1) * (a + 2 * k)),
                 odd = -(a + k) * (a + b + k) * x / ((a + 2 * k) * (a + 2 * k + 1));
    d = 1 + even * d, c = 1 + even / c;
    d = 1 / (fabs(d) < tiny ? tiny : d), c = fabs(c) < tiny ? tiny : c;
    h *= d * c;
    d = 1 + odd * d, c = 1 + odd / c;
    d = 1 / (fabs(d) < tiny ? tiny : d), c = fabs(c) < tiny ? tiny : c;
    h *= d * c;
    if (fabs(d * c - 1) < 1e-16) break;
  }
  return h;
}

static double incomplete_beta(double a, double b, double x) {
  if (x <= 0 || x >= 1) return x <= 0 ? 0 : 1;
  const double front = exp(lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x));
  if (x < (a + 1) / (a + b + 2)) return front * beta_fraction(a, b, x) / a;
  return 1 - front * beta_fraction(b, a, 1 - x) / b;
}

double student_quantile(double level, double df) {
  double low = 0, high = 1;
  for (int grow = 0; grow < 200; grow++, high *= 2)
    if (1 - incomplete_beta(df / 2, 0.5, df / (df + high * high)) >= level) break;
  for (int k = 0; k < 200 && high - low > 1e-12 * high; k++) {
    const double mid = 0.5 * (low + high);
    if (1 - incomplete_beta(df / 2, 0.5, df / (df + mid * mid)) < level) low = mid;
    else high = mid;
  }
  return 0.5 * (low + high);
}

MeanInterval mean_interval(const double *x, int64_t n) {
  MeanInterval out = {.n = n};
  double squares = 0;
  if (n < 1) return (MeanInterval){NAN, NAN, 0};
  for (int64_t i = 0; i < n; i++) out.mean += x[i];
  out.mean /= (double)n;
  if (n == 1) return out;
  for (int64_t i = 0; i < n; i++) squares += (x[i] - out.mean) * (x[i] - out.mean);
  out.half = student_quantile(LEVEL, (double)(n - 1)) * sqrt(squares / (double)(n - 1)) / sqrt((double)n);
  return out;
}
