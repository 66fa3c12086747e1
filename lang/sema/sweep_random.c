#include "lang/sema/sweep_random.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"

#define PI 3.14159265358979323846

/* Of an int are drawn whole numbers that a double holds, and there has to be one. */
static bool has_whole(Sema *S, const Value *v, const char *hyper, const Value *start, double a, double b) {
  const bool normal = v->u.dist.kind == DIST_NORMAL; /* no normal number is 9 deviations away */
  const double low = normal ? a - 9 * b : ceil(a), high = normal ? a + 9 * b : floor(b);
  if (low <= high && fabs(low) < 9e15 && fabs(high) < 9e15) return true;
  Diag *d = say(S, DIAG_TYPE, v->span,
                low > high ? "`%s` is a whole number, and there is none from %s to %s"
                           : "`%s` is a whole number, and %s and %s reach beyond those that are exact",
                hyper, num_text(S, a), num_text(S, b));
  diag_help(d, "declared as `hyper %s = %s.0` it takes any number", hyper, num_text(S, start->u.num));
  return false;
}

bool random_fits(Sema *S, const Value *v, const char *hyper, const Value *start) {
  if (v->kind != VAL_DIST) {
    Diag *d = wrong_kind(S, v, arena_printf(S->a, "what `%s` is drawn from", hyper),
                         "a distribution like `log_uniform(1e-4, 1e-1)`");
    if (d != NULL) diag_help(d, "to choose among values write `%s in [...]`", hyper);
    return false;
  }
  const DistKind kind = v->u.dist.kind;
  if (kind == DIST_CATEGORICAL || kind == DIST_POISSON) {
    Diag *d = say(S, DIAG_TYPE, v->span,
                  "`vary` draws from `uniform`, `log_uniform`, `normal` and `bernoulli`, not from this");
    diag_help(d, "to choose among values write `%s in [...]`", hyper);
    return false;
  }
  const bool fits =
      kind == DIST_BERNOULLI ? start->kind == VAL_BOOL : start->kind == VAL_INT || start->kind == VAL_REAL;
  if (!fits) {
    Diag *d = say(S, DIAG_TYPE, v->span, "`%s` is %s, and this draws %s", hyper, val_kind_text(start->kind),
                  kind == DIST_BERNOULLI ? "true or false" : "numbers");
    diag_help(d, "to choose among values write `%s in [...]`", hyper);
    return false;
  }
  double a, b = 0;
  if (!want_real(S, v->u.dist.a, "a parameter of the distribution", &a)) return false;
  if (v->u.dist.b != NULL && !want_real(S, v->u.dist.b, "a parameter of the distribution", &b)) return false;
  return start->kind != VAL_INT || has_whole(S, v, hyper, start, a, b);
}

/* In (0, 1), with 52 bits: from the hash of where it is drawn. */
static double unit(Sema *S, RandomSite at, int64_t k, int word) {
  char hex[65];
  const char *text = arena_printf(S->a, "%llu/%s.%s/%d/%lld/%d", (unsigned long long)S->p->seed, at.sweep,
                                  at.hyper, at.study, (long long)k, word);
  io_sha256(text, strlen(text), hex);
  hex[13] = '\0';
  return ((double)strtoull(hex, NULL, 16) + 0.5) / 4503599627370496.0;
}

int random_index(Sema *S, RandomSite at, int64_t k, int n) { return (int)(unit(S, at, k, 0) * n); }

/* Four digits, so that a person can type what was drawn. */
static double short_number(double x) {
  if (x == 0 || !isfinite(x)) return x;
  const double shift = 3 - floor(log10(fabs(x)));
  if (fabs(shift) > 22) return x;
  return shift >= 0 ? round(x * pow(10, shift)) / pow(10, shift)
                    : round(x / pow(10, -shift)) * pow(10, -shift);
}

/* The whole numbers from low to high; each has an equal share (of the logarithm, with `logs`). */
static double whole(double low, double high, double u, bool logs) {
  low = ceil(low), high = floor(high);
  const double x = logs ? low * pow((high + 1) / low, u) : low + u * (high + 1 - low);
  return fmin(floor(x), high);
}

const Value *random_value(Sema *S, RandomSite at, const DistValue *d, const Value *start, int64_t k,
                          Span span) {
  const double u = unit(S, at, k, 0), a = d->a->u.num, b = d->b != NULL ? d->b->u.num : 0;
  const bool is_int = start->kind == VAL_INT;
  double x = 0;
  switch (d->kind) {
  case DIST_UNIFORM: x = is_int ? whole(a, b, u, false) : a + (b - a) * u; break;
  case DIST_LOG_UNIFORM: x = is_int ? whole(a, b, u, true) : a * pow(b / a, u); break;
  case DIST_NORMAL: x = a + b * sqrt(-2 * log(u)) * cos(2 * PI * unit(S, at, k, 1)); break;
  case DIST_BERNOULLI: return val_bool(S, u < a, span);
  case DIST_CATEGORICAL:
  case DIST_POISSON: break;
  }
  return is_int ? val_int(S, (int64_t)round(x), span) : val_real(S, short_number(x), span);
}
