/* The arithmetic of random numbers, written once for vectors of any width: rng.c computes single
 * values with it, draw_k.c whole blocks, and both give the same bits on every machine and in
 * every variant. So nothing here may be contracted to multiply-adds: a file that includes this
 * begins with DRAW_EXACT's pragma (see there), and every step is one rounded operation of double
 * precision.
 *
 * The including file defines DrawVec and DrawInt: vectors of double and of int64_t, equally long.
 * Box-Muller: radius^2 = -2 log(u1), angle 2 pi u2. The log is that of FreeBSD's msun, the angle
 * is reduced in turns, where it is exact. */
#ifndef QGN_DRAW_CORE_H
#define QGN_DRAW_CORE_H

#define DRAW_INLINE static inline __attribute__((always_inline, unused))

#define PHILOX_M0 0xD2511F53u
#define PHILOX_M1 0xCD9E8D57u
#define PHILOX_W0 0x9E3779B9u /* golden ratio */
#define PHILOX_W1 0xBB67AE85u /* sqrt(3) - 1 */
#define PHILOX_ROUNDS 10

/* (w + 1/2) 2^-32, exact, from words in 64-bit lanes (upper halves zero). */
DRAW_INLINE DrawVec draw_unit(DrawInt words) {
  DrawVec w = (DrawVec)(words | 0x4330000000000000) - 0x1p52;
  return (w + 0.5) * 0x1p-32;
}

/* -2 log(u), 0 < u < 1. */
DRAW_INLINE DrawVec draw_radius_squared(DrawVec u) {
  DrawInt k = ((DrawInt)u - 0x3FE6A09E667F3BCD) >> 52; /* u = 2^k m, m in [sqrt(1/2), sqrt(2)) */
  DrawVec f = (DrawVec)((DrawInt)u - (k << 52)) - 1.0;
  DrawVec kf = (DrawVec)(k + 0x4338000000000000) - 0x1.8p52;
  DrawVec s = f / (f + 2.0);
  DrawVec z = s * s, w = z * z;
  DrawVec even =
      w * (w * (w * 1.531383769920937332e-01 + 2.222219843214978396e-01) + 3.999999999940941908e-01);
  DrawVec odd =
      w * (w * (w * 1.479819860511658591e-01 + 1.818357216161805012e-01) + 2.857142874366239149e-01) +
      6.666666666666735130e-01;
  DrawVec r = even + z * odd;
  DrawVec half = f * f * 0.5;
  DrawVec low = s * (half + r) + kf * 1.90821492927058770002e-10;
  return (kf * 6.93147180369123816490e-01 - ((half - low) - f)) * -2.0;
}

/* Cosine and sine of 2 pi u, 0 < u < 1. */
DRAW_INLINE void draw_turn(DrawVec u, DrawVec *cosine, DrawVec *sine) {
  DrawVec turns = u * 4.0;
  DrawVec t = turns + 0x1.8p52;
  DrawInt q = (DrawInt)t - 0x4338000000000000;
  DrawVec x = (turns - (t - 0x1.8p52)) * 1.57079632679489661923; /* |x| <= pi / 4 */
  DrawVec z = x * x;
  DrawVec ps =
      ((((z * 1.58969099521155010221e-10 + -2.50507602534068634195e-08) * z + 2.75573137070700676789e-06) *
            z +
        -1.98412698298579493134e-04) *
           z +
       8.33333333332248946124e-03) *
          z +
      -1.66666666666666324348e-01;
  DrawVec s = x + x * z * ps;
  DrawVec pc =
      ((((z * -1.13596475577881948265e-11 + 2.08757232129817482790e-09) * z + -2.75573143513506633035e-07) *
            z +
        2.48015872894767294178e-05) *
           z +
       -1.38888888888741095749e-03) *
          z +
      4.16666666666666019037e-02;
  DrawVec h = z * 0.5, w = 1.0 - h;
  DrawVec c = w + (((1.0 - w) - h) + z * z * pc);
  DrawInt swap = -(q & 1);
  DrawInt si = (swap & (DrawInt)c) | (~swap & (DrawInt)s), ci = (swap & (DrawInt)s) | (~swap & (DrawInt)c);
  *sine = (DrawVec)(si ^ ((q & 2) << 62));
  *cosine = (DrawVec)(ci ^ (((q + 1) & 2) << 62));
}
#endif
