/* One variant of the kernels: a precision and a kernel family. Every *_k.c file is compiled once
 * for each variant with -DQGN_SINGLE or -DQGN_DOUBLE, -DQGN_ISA_base|avx2|avx512 and
 * -DQGN_VARIANT=f32_avx2 (and the like); every external symbol in it is wrapped in KNAME, so that
 * all variants live in one program. Nothing outside *_k.c files includes this.
 *
 * Real is the element, RVec a vector register full of them, RInt and RVecInt the integers of the
 * same width (comparisons of vectors give RVecInt, all bits set where true). VL lanes.
 *
 * Bits of an element must not depend on where it stands in a vector or whether it stands in the
 * last, incomplete one: ends are loaded with load_part (zeros behind) and computed by the same
 * vector code, never by scalar loops. */
#ifndef QGN_VARIANT_H
#define QGN_VARIANT_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#if defined(QGN_ISA_avx2) || defined(QGN_ISA_avx512) || defined(__SSE2__)
#include <immintrin.h>
#endif

#define KNAME_PASTE(a, b) a##_##b
#define KNAME_EXPAND(a, b) KNAME_PASTE(a, b)
#define KNAME(name) KNAME_EXPAND(name, QGN_VARIANT)
#define KSTRING_OF(a) #a
#define KSTRING(a) KSTRING_OF(a)

#if defined(QGN_SINGLE)
typedef float Real;
typedef int32_t RInt;
typedef uint32_t RBits;
#elif defined(QGN_DOUBLE)
typedef double Real;
typedef int64_t RInt;
typedef uint64_t RBits;
#else
#error "a kernel file is compiled with -DQGN_SINGLE or -DQGN_DOUBLE"
#endif

#if defined(QGN_ISA_avx512)
#define VBYTES 64
#elif defined(QGN_ISA_avx2)
#define VBYTES 32
#else
#define VBYTES 16
#endif
#define VL ((int)(VBYTES / sizeof(Real)))

/* LANES(F, x): F(0, x), F(1, x), ... for every lane, for constant shuffles. */
#define LANES_2(F, x) F(0, x), F(1, x)
#define LANES_4(F, x) LANES_2(F, x), F(2, x), F(3, x)
#define LANES_8(F, x) LANES_4(F, x), F(4, x), F(5, x), F(6, x), F(7, x)
#define LANES_16(F, x)                                                                                       \
  LANES_8(F, x), F(8, x), F(9, x), F(10, x), F(11, x), F(12, x), F(13, x), F(14, x), F(15, x)
#if VBYTES == 64 && defined(QGN_SINGLE)
#define VLANES 16
#define LANES LANES_16
#elif (VBYTES == 32 && defined(QGN_SINGLE)) || (VBYTES == 64 && defined(QGN_DOUBLE))
#define VLANES 8
#define LANES LANES_8
#elif (VBYTES == 16 && defined(QGN_SINGLE)) || (VBYTES == 32 && defined(QGN_DOUBLE))
#define VLANES 4
#define LANES LANES_4
#else
#define VLANES 2
#define LANES LANES_2
#endif
#define LANE_NUMBER(l, x) (l)
#define LANE_ACROSS(l, x) ((l) ^ (x))

typedef Real RVec __attribute__((vector_size(VBYTES)));
typedef RInt RVecInt __attribute__((vector_size(VBYTES)));
typedef Real RVecAny __attribute__((vector_size(VBYTES), aligned(sizeof(Real)), may_alias));
typedef RBits RVecBits __attribute__((vector_size(VBYTES)));

#define KINLINE static inline __attribute__((always_inline, unused))

KINLINE RVec splat(Real x) { return x - (RVec){0}; } /* x - 0 is x, also for -0 */
KINLINE RVec load(const Real *p) { return *(const RVecAny *)p; }
KINLINE void store(Real *p, RVec v) { *(RVecAny *)p = v; }
KINLINE RVec select(RVecInt where, RVec a, RVec b) {
  return (RVec)((where & (RVecInt)a) | (~where & (RVecInt)b));
}

/* x > 0 ? a : b, where compilers do not see that one comparison and one blend are enough. */
KINLINE RVec where_positive(RVec x, RVec a, RVec b) {
#if defined(QGN_ISA_avx512) && defined(QGN_SINGLE)
  __mmask16 m = _mm512_cmp_ps_mask((__m512)x, _mm512_setzero_ps(), _CMP_GT_OQ);
  return (RVec)_mm512_mask_blend_ps(m, (__m512)b, (__m512)a);
#elif defined(QGN_ISA_avx512)
  __mmask8 m = _mm512_cmp_pd_mask((__m512d)x, _mm512_setzero_pd(), _CMP_GT_OQ);
  return (RVec)_mm512_mask_blend_pd(m, (__m512d)b, (__m512d)a);
#elif defined(QGN_ISA_avx2) && defined(QGN_SINGLE)
  return (RVec)_mm256_blendv_ps((__m256)b, (__m256)a, (__m256)(x > (RVec){0}));
#elif defined(QGN_ISA_avx2)
  return (RVec)_mm256_blendv_pd((__m256d)b, (__m256d)a, (__m256d)(x > (RVec){0}));
#else
  return select(x > (RVec){0}, a, b);
#endif
}

#if defined(QGN_ISA_avx512) && defined(QGN_SINGLE)
KINLINE __mmask16 first_lanes(int n) { return (__mmask16)((1u << n) - 1u); }
KINLINE RVec load_part(const Real *p, int n) { return (RVec)_mm512_maskz_loadu_ps(first_lanes(n), p); }
KINLINE void store_part(Real *p, RVec v, int n) { _mm512_mask_storeu_ps(p, first_lanes(n), (__m512)v); }
KINLINE RVec vsqrt(RVec a) { return (RVec)_mm512_sqrt_ps((__m512)a); }
KINLINE bool any_lane(RVecInt m) { return _mm512_movepi32_mask((__m512i)m) != 0; }
#elif defined(QGN_ISA_avx512)
KINLINE __mmask8 first_lanes(int n) { return (__mmask8)((1u << n) - 1u); }
KINLINE RVec load_part(const Real *p, int n) { return (RVec)_mm512_maskz_loadu_pd(first_lanes(n), p); }
KINLINE void store_part(Real *p, RVec v, int n) { _mm512_mask_storeu_pd(p, first_lanes(n), (__m512d)v); }
KINLINE RVec vsqrt(RVec a) { return (RVec)_mm512_sqrt_pd((__m512d)a); }
KINLINE bool any_lane(RVecInt m) { return _mm512_movepi64_mask((__m512i)m) != 0; }
#elif defined(QGN_ISA_avx2) && defined(QGN_SINGLE)
KINLINE __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi32(_mm256_set1_epi32(n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}
KINLINE RVec load_part(const Real *p, int n) { return (RVec)_mm256_maskload_ps(p, first_lanes(n)); }
KINLINE void store_part(Real *p, RVec v, int n) { _mm256_maskstore_ps(p, first_lanes(n), (__m256)v); }
KINLINE RVec vsqrt(RVec a) { return (RVec)_mm256_sqrt_ps((__m256)a); }
KINLINE bool any_lane(RVecInt m) { return _mm256_movemask_ps((__m256)m) != 0; }
#elif defined(QGN_ISA_avx2)
KINLINE __m256i first_lanes(int n) {
  return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}
KINLINE RVec load_part(const Real *p, int n) { return (RVec)_mm256_maskload_pd(p, first_lanes(n)); }
KINLINE void store_part(Real *p, RVec v, int n) { _mm256_maskstore_pd(p, first_lanes(n), (__m256d)v); }
KINLINE RVec vsqrt(RVec a) { return (RVec)_mm256_sqrt_pd((__m256d)a); }
KINLINE bool any_lane(RVecInt m) { return _mm256_movemask_pd((__m256d)m) != 0; }
#else
KINLINE RVec load_part(const Real *p, int n) {
  RVec v = {0};
  for (int i = 0; i < n; i++) v[i] = p[i];
  return v;
}
KINLINE void store_part(Real *p, RVec v, int n) {
  for (int i = 0; i < n; i++) p[i] = v[i];
}
KINLINE bool any_lane(RVecInt m) {
  RInt any = 0;
  for (int i = 0; i < VL; i++) any |= m[i];
  return any != 0;
}
#if defined(__SSE2__) && defined(QGN_SINGLE)
KINLINE RVec vsqrt(RVec a) { return (RVec)_mm_sqrt_ps((__m128)a); }
#elif defined(__SSE2__)
KINLINE RVec vsqrt(RVec a) { return (RVec)_mm_sqrt_pd((__m128d)a); }
#else
KINLINE RVec vsqrt(RVec a) {
  for (int i = 0; i < VL; i++) a[i] = (Real)__builtin_sqrt((double)a[i]); /* exact for float, too */
  return a;
}
#endif
#endif

/* A load of n elements with `behind` in the other lanes. */
KINLINE RVec load_part_or(const Real *p, int n, RVec behind) {
  RVecInt lane = {LANES(LANE_NUMBER, 0)};
  return select(lane < (RInt)n, load_part(p, n), behind);
}

/* The sum of the lanes, always by the same tree: halves are added to each other. */
KINLINE Real sum_lanes(RVec v) {
#if VLANES >= 16
  v += __builtin_shufflevector(v, v, LANES(LANE_ACROSS, 8));
#endif
#if VLANES >= 8
  v += __builtin_shufflevector(v, v, LANES(LANE_ACROSS, 4));
#endif
#if VLANES >= 4
  v += __builtin_shufflevector(v, v, LANES(LANE_ACROSS, 2));
#endif
  v += __builtin_shufflevector(v, v, LANES(LANE_ACROSS, 1));
  return v[0];
}
#endif
