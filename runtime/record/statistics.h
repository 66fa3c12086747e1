/* Statistics of a few numbers, for tables of repeated runs. */
#ifndef QGN_RECORD_STATISTICS_H
#define QGN_RECORD_STATISTICS_H
#include <stdint.h>

/* The x with P(|T| <= x) = level for Student's t with `df` >= 1 degrees of freedom (found by bisection in the
 * regularised incomplete beta function, Press et al., Numerical Recipes 6.4; to 1e-10). */
double student_quantile(double level, double df);

/* Mean, and half the width of its 95 % interval (0 with one value); NaN if a value is. */
typedef struct MeanInterval {
  double mean, half;
  int64_t n;
} MeanInterval;
MeanInterval mean_interval(const double *x, int64_t n);
#endif
