/* Values of elementwise operations on numbers: constants are folded when their node is made. One
 * function for each EW row of ops.def; a missing one is an undefined name at compile time. */
#include <math.h>
#include "lang/ir/graph_int.h"

typedef double Fold(const double *x, const double *f);

#define FOLD(lower, value)                                                                                   \
  static double fold_##lower(const double *x, const double *f) {                                             \
    (void)f;                                                                                                 \
    return value;                                                                                            \
  }
FOLD(neg, -x[0])
FOLD(recip, 1 / x[0])
FOLD(square, x[0] * x[0])
FOLD(sqrt, sqrt(x[0]))
FOLD(exp, exp(x[0]))
FOLD(log, log(x[0]))
FOLD(safe_log, isnan(x[0]) ? x[0] : fmax(log(x[0]), -100))
FOLD(abs, fabs(x[0]))
FOLD(sign, isnan(x[0]) ? x[0] : (x[0] > 0) - (x[0] < 0))
FOLD(expm1, expm1(x[0]))
FOLD(erf, erf(x[0]))
FOLD(sin, sin(x[0]))
FOLD(cos, cos(x[0]))
FOLD(tanh, tanh(x[0]))
FOLD(sigmoid, 1 / (1 + exp(-x[0])))
FOLD(softplus, x[0] > 0 ? x[0] + log1p(exp(-x[0])) : log1p(exp(x[0])))
FOLD(leaky_relu, x[0] > 0 ? x[0] : f[0] * x[0])
FOLD(floor, floor(x[0]))
FOLD(round, rint(x[0]))
FOLD(not, x[0] == 0)
FOLD(is_finite, isfinite(x[0]) != 0)
FOLD(add, x[0] + x[1])
FOLD(sub, x[0] - x[1])
FOLD(mul, x[0] * x[1])
FOLD(div, x[0] / x[1])
FOLD(pow, pow(x[0], x[1]))
FOLD(maximum, isnan(x[0]) || x[0] >= x[1] ? x[0] : x[1])
FOLD(minimum, isnan(x[0]) || x[0] <= x[1] ? x[0] : x[1])
FOLD(atan2, atan2(x[0], x[1]))
FOLD(mod, x[0] - x[1] * floor(x[0] / x[1]))
FOLD(eq, x[0] == x[1])
FOLD(ne, x[0] != x[1])
FOLD(lt, x[0] < x[1])
FOLD(le, x[0] <= x[1])
FOLD(and, x[0] != 0 && x[1] != 0)
FOLD(or, x[0] != 0 || x[1] != 0)
FOLD(leaky_relu_grad, x[1] > 0 ? x[0] : f[0] * x[0])
FOLD(drop, x[1] >= f[0] ? x[0] / (1 - f[0]) : 0)
FOLD(select, x[0] != 0 ? x[1] : x[2])
FOLD(stretch, x[0])
#undef FOLD

#define FOLD_EW(ID, lower) [OP_##ID] = fold_##lower,
#define FOLD_SOURCE(ID, lower)
#define FOLD_ROWS(ID, lower)
#define FOLD_REDUCE(ID, lower)
#define FOLD_MATMUL(ID, lower)
#define FOLD_SHARED(ID, lower)
#define FOLD_CONTRACT(ID, lower)
#define FOLD_AXIS(ID, lower)
#define FOLD_VIEW(ID, lower)
#define FOLD_CIRCUIT(ID, lower)
#define FOLD_PART(ID, lower)
#define FOLD_WHOLE(ID, lower)
#define FOLD_EFFECT(ID, lower)

static Fold *const fold_of[OP_COUNT_OF] = {
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) FOLD_##cls(ID, lower)
#include "lang/ir/ops.def"
#undef OP
};

bool fold_elementwise(OpId op, const double *x, const Attr *attr, double *out) {
  if (!fold_of[op]) return false;
  *out = fold_of[op](x, attr->f);
  return true;
}
