/* Elementary functions on vectors: exp, expm1, erf, log, log1p, tanh, sigmoid, softplus, sine and cosine.
 *
 * Errors against the exact value, measured by tests/unit/rt_vmath.c: at most 2 ulp in single
 * (sigmoid 2.5) and 1e-15 relative in double. NaN goes through, infinities and zeros give what C's functions
 * give, results below the normal range are rounded to the subnormal grid. No tables, no branches except for
 * the far sines, so a lane never depends on its neighbours.
 *
 * Methods: exp(x) = 2^n exp(r), |r| <= ln 2 / 2, polynomial near minimax; log as in FreeBSD's
 * msun (s = f / (2 + f)); tanh through expm1; sine and cosine by pi/2 in several parts, exact to
 * |x| of TRIG_FAR, beyond that libm does it lane by lane. */
#ifndef QGN_VMATH_K_H
#define QGN_VMATH_K_H
#include <math.h>
#include "runtime/kernels/variant.h"

#ifdef QGN_SINGLE
#define ROUND_MAGIC 0x1.8p23f
#define WHOLE_FROM 0x1p23f
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define LOG2_E 0x1.715476p0f
#define LN2_HI 0x1.62e3p-1f /* few bits: n * LN2_HI is exact */
#define LN2_LO 0x1.2fefa2p-17f
#define EXP_HIGH 89.0f  /* beyond: infinite, */
#define EXP_LOW -104.5f /* and 0 */
#define TANH_FAR 20.0f
#define TINY_EXPM1 0x1p-26f
#define ERF_MASK ((RVecInt){0} + (RInt)0xfffff000)
#define TINY_NORMAL 0x1p-126f
#define SUBNORMAL_UP 0x1p24f
#define SUBNORMAL_N 24.0f
#define TRIG_FAR 1e6f
#define R(x) (x##f)
#else
#define ROUND_MAGIC 0x1.8p52
#define WHOLE_FROM 0x1p52
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define LOG2_E 0x1.71547652b82fep0
#define LN2_HI 0x1.62e42feep-1
#define LN2_LO 0x1.a39ef35793c76p-33
#define EXP_HIGH 710.0
#define EXP_LOW -746.0
#define TANH_FAR 45.0
#define TINY_EXPM1 0x1p-60
#define ERF_MASK ((RVecInt){0} + (RInt)0xffffffff00000000)
#define TINY_NORMAL 0x1p-1022
#define SUBNORMAL_UP 0x1p54
#define SUBNORMAL_N 54.0
#define TRIG_FAR 5e5
#define R(x) (x)
#endif

KINLINE RVecInt bits_of(RVec a) { return (RVecInt)a; }
KINLINE RVecInt sign_bit(RVec a) { return bits_of(a) & ((RVecInt)splat(R(-0.0))); }
KINLINE RVec vabs(RVec a) { return (RVec)(bits_of(a) & ~(RVecInt)splat(R(-0.0))); }
KINLINE RVec vmin_keep_nan(RVec a, Real limit) { return select(a > splat(limit), splat(limit), a); }
KINLINE RVec vmax_keep_nan(RVec a, Real limit) { return select(a < splat(limit), splat(limit), a); }

/* Nearest whole number, ties to even; numbers of 2^MANTISSA_BITS and more are whole already. */
KINLINE RVec vround(RVec a) {
  RVec m = vabs(a);
  RVec whole = (m + WHOLE_FROM) - WHOLE_FROM;
  whole = (RVec)(bits_of(whole) | sign_bit(a));
  return select(m < splat(WHOLE_FROM), whole, a);
}

KINLINE RVec vfloor(RVec a) {
  RVec r = vround(a);
  RVec below = r - splat(R(1.0));
  return select(r > a, below, r);
}

/* 2^n for whole n (in the low bits of `n`) from 1 - EXPONENT_BIAS to EXPONENT_BIAS. */
KINLINE RVec pow2(RVecInt n) { return (RVec)(((RVecBits)n + EXPONENT_BIAS) << MANTISSA_BITS); }

/* exp(r) - 1 = p for the remainder r of x, and n: x = n ln 2 + r. */
KINLINE RVec exp_reduced(RVec x, RVecInt *n) {
  RVec t = x * LOG2_E + ROUND_MAGIC;
  *n = (RVecInt)((RVecBits)t - (RVecBits)splat(ROUND_MAGIC));
  RVec k = t - ROUND_MAGIC;
  RVec r = (x - k * LN2_HI) - k * LN2_LO;
#ifdef QGN_SINGLE
  RVec q = r * 1.98919814e-4f + 1.39345419e-3f;
  q = q * r + 8.33331002e-3f;
  q = q * r + 4.16664568e-2f;
  q = q * r + 1.66666667e-1f;
  q = q * r + 0.5f;
#else
  RVec q = r * 2.0915442297780116e-09 + 2.5106274733573296e-08;
  q = q * r + 2.75572718102198e-07;
  q = q * r + 2.755725283351691e-06;
  q = q * r + 2.4801587327007187e-05;
  q = q * r + 0.00019841269876864356;
  q = q * r + 0.0013888888888883327;
  q = q * r + 0.008333333333325544;
  q = q * r + 0.04166666666666667;
  q = q * r + 0.1666666666666667;
  q = q * r + 0.5;
#endif
  return r + r * r * q;
}

KINLINE RVec vexp(RVec x) {
  RVecInt n;
  x = vmax_keep_nan(vmin_keep_nan(x, EXP_HIGH), EXP_LOW);
  RVec p = exp_reduced(x, &n);
  RVecInt half = n >> 1; /* two steps, so that overflow and subnormal results come out right */
  return (splat(R(1.0)) + p) * pow2(half) * pow2(n - half);
}

/* The reduced exponential less 1, so that nothing cancels for small x. */
KINLINE RVec vexpm1(RVec x) {
  RVecInt n;
  RVec one = splat(R(1.0)), far = vexp(x);
  RVec y = vmax_keep_nan(vmin_keep_nan(x, EXP_HIGH / 2), -EXP_HIGH / 2);
  RVec p = exp_reduced(y, &n), s = pow2(n);
  RVec near = s * p + (s - one);
  near = select(vabs(x) < splat(TINY_EXPM1), x, near); /* also keeps -0 */
  return select(x > splat(EXP_HIGH / 2), far, near);
}

/* Error function, the rational approximations of msun's erf in four ranges of |x|. */
KINLINE RVec erf_tail(RVec y, RVec r, RVec s) {
  RVec z = (RVec)(bits_of(y) & ERF_MASK); /* exact square */
  return splat(R(1.0)) - vexp(-z * z - R(0.5625)) * vexp((z - y) * (z + y) + r / s) / y;
}

KINLINE RVec verf(RVec x) {
  RVec y = vabs(x), z = y * y, t = y - R(1.0);
  RVec p = (((z * R(-2.37630166566501626084e-05) + R(-5.77027029648944159157e-03)) * z +
             R(-2.84817495755985104766e-02)) *
                z +
            R(-3.25042107247001499370e-01)) *
               z +
           R(1.28379167095512558561e-01);
  RVec q = ((((z * R(-3.96022827877536812320e-06) + R(1.32494738004321644526e-04)) * z +
              R(5.08130628187576562776e-03)) *
                 z +
             R(6.50222499887672944485e-02)) *
                z +
            R(3.97917223959155352819e-01)) *
               z +
           R(1.0);
  RVec small = y + y * (p / q);
  p = (((((t * R(-2.16637559486879084300e-03) + R(3.54783043256182359371e-02)) * t +
          R(-1.10894694282396677476e-01)) *
             t +
         R(3.18346619901161753674e-01)) *
            t +
        R(-3.72207876035701323847e-01)) *
           t +
       R(4.14856118683748331666e-01)) *
          t +
      R(-2.36211856075265944077e-03);
  q = (((((t * R(1.19844998467991074170e-02) + R(1.36370839120290507362e-02)) * t +
          R(1.26171219808761642112e-01)) *
             t +
         R(7.18286544141962662868e-02)) *
            t +
        R(5.40397917702171048937e-01)) *
           t +
       R(1.06420880400844228286e-01)) *
          t +
      R(1.0);
  RVec middle = R(8.45062911510467529297e-01) + p / q;
  RVec v = vmin_keep_nan(vmax_keep_nan(y, R(1.25)), R(6.0));
  RVec s = R(1.0) / (v * v);
  p = ((((((s * R(-9.81432934416914548592e+00) + R(-8.12874355063065934246e+01)) * s +
           R(-1.84605092906711035994e+02)) *
              s +
          R(-1.62396669462573470355e+02)) *
             s +
         R(-6.23753324503260060396e+01)) *
            s +
        R(-1.05586262253232909814e+01)) *
           s +
       R(-6.93858572707181764372e-01)) *
          s +
      R(-9.86494403484714822705e-03);
  q = (((((((s * R(-6.04244152148580987438e-02) + R(6.57024977031928170135e+00)) * s +
            R(1.08635005541779435134e+02)) *
               s +
           R(4.29008140027567833386e+02)) *
              s +
          R(6.45387271733267880336e+02)) *
             s +
         R(4.34565877475229228821e+02)) *
            s +
        R(1.37657754143519042600e+02)) *
           s +
       R(1.96512716674392571292e+01)) *
          s +
      R(1.0);
  RVec far_p = (((((s * R(-4.83519191608651397019e+02) + R(-1.02509513161107724954e+03)) * s +
                   R(-6.37566443368389627722e+02)) *
                      s +
                  R(-1.60636384855821916062e+02)) *
                     s +
                 R(-1.77579549177547519889e+01)) *
                    s +
                R(-7.99283237680523006574e-01)) *
                   s +
               R(-9.86494292470009928597e-03);
  RVec far_q = ((((((s * R(-2.24409524465858183362e+01) + R(4.74528541206955367215e+02)) * s +
                    R(2.55305040643316442583e+03)) *
                       s +
                   R(3.19985821950859553908e+03)) *
                      s +
                  R(1.53672958608443695994e+03)) *
                     s +
                 R(3.25792512996573918826e+02)) *
                    s +
                R(3.03380607434824582924e+01)) *
                   s +
               R(1.0);
  RVecInt is_far = v >= splat(R(1.0) / R(0.35));
  RVec tail = erf_tail(v, select(is_far, far_p, p), select(is_far, far_q, q));
  RVec e = select(y < splat(R(0.84375)), small, select(y < splat(R(1.25)), middle, tail));
  return (RVec)(bits_of(e) | sign_bit(x));
}

/* log of normal or subnormal positive numbers; log(0) and the rest are put right by vlog. */
KINLINE RVec log_positive(RVec x) {
  RVecInt small = x < splat(TINY_NORMAL);
  x = select(small, x * SUBNORMAL_UP, x);
  RVec shift = select(small, splat(SUBNORMAL_N), (RVec){0});
  /* x = 2^k m with m in [sqrt(1/2), sqrt(2)) */
  RVecBits bits = (RVecBits)x, root_half = (RVecBits)splat(R(0.70710678118654752));
  RVecInt k = (RVecInt)(bits - root_half) >> MANTISSA_BITS;
  RVec m = (RVec)(bits - ((RVecBits)k << MANTISSA_BITS));
  RVec kf = (RVec)(k + bits_of(splat(ROUND_MAGIC))) - ROUND_MAGIC - shift;
  RVec f = m - R(1.0);
  RVec s = f / (f + R(2.0));
  RVec z = s * s, w = z * z;
#ifdef QGN_SINGLE
  RVec even = w * 0x1.f13c4cp-3f + 0x1.999c26p-2f;
  RVec odd = w * 0x1.23d3dcp-2f + 0x1.555554p-1f;
  RVec r = w * even + z * odd;
  RVec lo = kf * 9.0580006145e-06f, hi = kf * 6.9313812256e-01f;
#else
  RVec even = w * (w * (w * 1.531383769920937332e-01 + 2.222219843214978396e-01) + 3.999999999940941908e-01);
  RVec odd = w * (w * (w * 1.479819860511658591e-01 + 1.818357216161805012e-01) + 2.857142874366239149e-01) +
             6.666666666666735130e-01;
  RVec r = even + z * odd;
  RVec lo = kf * 1.90821492927058770002e-10, hi = kf * 6.93147180369123816490e-01;
#endif
  RVec half_square = f * f * R(0.5);
  return hi - ((half_square - (s * (half_square + r) + lo)) - f);
}

KINLINE RVec vlog(RVec x) {
  RVec y = log_positive(x);
  RVec infinity = splat((Real)INFINITY);
  y = select(x == infinity, infinity, y);
  y = select(x == (RVec){0}, -infinity, y);
  return select(x >= (RVec){0}, y, splat((Real)NAN)); /* negative, or NaN */
}

/* log(1 + y) for 0 <= y <= 1 (or NaN): the rounding of 1 + y is put back as c / u. */
KINLINE RVec log1p_unit(RVec y) {
  RVec one = splat(R(1.0));
  RVec u = one + y;
  RVec c = y - (u - one);
  return log_positive(u) + c / u;
}

/* (e^2|x| - 1) / (e^2|x| + 1) with the numerator e from exp_reduced, so that nothing cancels. In
 * single the quotient loses up to 2.4 ulp for small x, where a polynomial takes over. */
KINLINE RVec vtanh(RVec x) {
  RVecInt n;
  RVec y = vabs(x), y2 = vmin_keep_nan(y + y, TANH_FAR);
  RVec p = exp_reduced(y2, &n);
  RVec s = pow2(n);
  RVec e = s * p + (s - R(1.0));
  RVec t = e / (e + R(2.0));
#ifdef QGN_SINGLE
  RVec z = y * y; /* coefficients of Cephes' tanhf */
  RVec q =
      (((z * -5.70498872745e-3f + 2.06390887954e-2f) * z - 5.37397155531e-2f) * z + 1.33314422036e-1f) * z -
      3.33332819422e-1f;
  t = select(y < splat(0.625f), y + y * (z * q), t);
#endif
  return (RVec)(bits_of(t) | sign_bit(x));
}

KINLINE RVec vsigmoid(RVec x) {
  RVec one = splat(R(1.0));
  RVec e = vexp(-vabs(x));
  return select(x < (RVec){0}, e, one) / (one + e);
}

/* log(1 + e^x) = max(x, 0) + log(1 + e^-|x|) */
KINLINE RVec vsoftplus(RVec x) {
  RVec positive = select(x < (RVec){0}, (RVec){0}, x);
  return positive + log1p_unit(vexp(-vabs(x)));
}

/* ---- sine and cosine ---- */

/* Vectors of double, also in single precision: the reduction by pi/2 needs them, and there the
 * polynomials come cheaper than exact corrections. */
typedef double DVec __attribute__((vector_size(VBYTES)));
typedef int64_t DVecInt __attribute__((vector_size(VBYTES)));

KINLINE DVec flip_sign(DVec v, DVecInt quadrant) { return (DVec)((DVecInt)v ^ ((quadrant & 2) << 62)); }

/* Sine and cosine of |x| <= TRIG_FAR. */
KINLINE void sincos_near(DVec x, DVec *sine, DVec *cosine) {
  const DVec magic = 0x1.8p52 - (DVec){0};
  DVec t = x * 0x1.45f306dc9c883p-1 + magic;
  DVecInt q = (DVecInt)t - (DVecInt)magic;
  DVec k = t - magic;
  DVec r = x - k * 1.57079632673412561417e+00;
#ifdef QGN_SINGLE
  r = r - k * 6.07710050650619224932e-11;
  DVec z = r * r;
  DVec s = r + r * z *
                   (((z * 0x1.6cd878c3b46a7p-19 + -0x1.a00f9e2cae774p-13) * z + 0x1.11110896efbb2p-7) * z +
                    -0x1.5555554cbac77p-3);
  DVec c = (((z * 0x1.99342e0ee5069p-16 + -0x1.6c087e80f1e27p-10) * z + 0x1.55553e1053a42p-5) * z +
            -0x1.ffffffd0c5e81p-2) *
               z +
           1.0;
#else
  r = ((r - k * 6.07710050630396597660e-11) - k * 2.02226624871116645580e-21) -
      k * 8.47842766036889956997e-32;
  DVec z = r * r;
  DVec ps =
      ((((z * 1.58969099521155010221e-10 + -2.50507602534068634195e-08) * z + 2.75573137070700676789e-06) *
            z +
        -1.98412698298579493134e-04) *
           z +
       8.33333333332248946124e-03) *
          z +
      -1.66666666666666324348e-01;
  DVec s = r + r * z * ps;
  DVec pc =
      ((((z * -1.13596475577881948265e-11 + 2.08757232129817482790e-09) * z + -2.75573143513506633035e-07) *
            z +
        2.48015872894767294178e-05) *
           z +
       -1.38888888888741095749e-03) *
          z +
      4.16666666666666019037e-02;
  DVec half = z * 0.5, w = 1.0 - half;
  DVec c = w + (((1.0 - w) - half) + z * z * pc);
#endif
  DVecInt swap = -(q & 1);
  DVec sv = (DVec)((swap & (DVecInt)c) | (~swap & (DVecInt)s));
  DVec cv = (DVec)((swap & (DVecInt)s) | (~swap & (DVecInt)c));
  *sine = flip_sign(sv, q);
  *cosine = flip_sign(cv, q + 1);
}

KINLINE void vsincos(RVec x, RVec *sine, RVec *cosine) {
  RVecInt far = ~(vabs(x) <= splat(TRIG_FAR));
  RVec near = select(far, (RVec){0}, x);
#ifdef QGN_SINGLE
  typedef float Half __attribute__((vector_size(VBYTES / 2)));
  typedef union Halves {
    RVec whole;
    Half half[2];
  } Halves;
  Halves in = {.whole = near}, s, c;
  for (int h = 0; h < 2; h++) {
    DVec sd, cd;
    sincos_near(__builtin_convertvector(in.half[h], DVec), &sd, &cd);
    s.half[h] = __builtin_convertvector(sd, Half);
    c.half[h] = __builtin_convertvector(cd, Half);
  }
  RVec sv = s.whole, cv = c.whole;
#else
  RVec sv, cv;
  sincos_near(near, &sv, &cv);
#endif
  if (__builtin_expect(any_lane(far), 0)) {
    for (int i = 0; i < VL; i++) {
      if (far[i]) {
        sv[i] = (Real)sin((double)x[i]);
        cv[i] = (Real)cos((double)x[i]);
      }
    }
  }
  *sine = sv;
  *cosine = cv;
}

KINLINE RVec vsin(RVec x) {
  RVec s, c;
  vsincos(x, &s, &c);
  return s;
}

KINLINE RVec vcos(RVec x) {
  RVec s, c;
  vsincos(x, &s, &c);
  return c;
}
#endif
