/* Philox4x32-10 for as many blocks of four words at once as there are lanes of 64 bits. Included by *_k.c
 * files only; the same words as rng_philox. */
#ifndef QGN_PHILOX_K_H
#define QGN_PHILOX_K_H
#include "runtime/kernels/variant.h"

#define DRAW_LANES ((int)(VBYTES / sizeof(double)))
typedef double DrawVec __attribute__((vector_size(VBYTES)));
typedef int64_t DrawInt __attribute__((vector_size(VBYTES)));
typedef uint64_t DrawWords __attribute__((vector_size(VBYTES)));
#include "runtime/tensor/draw_core.h"

/* Product of the lower halves of the lanes with m; upper halves are ignored. */
DRAW_INLINE DrawWords philox_times(DrawWords c, uint32_t m) {
#if defined(QGN_ISA_avx512)
  return (DrawWords)_mm512_mul_epu32((__m512i)c, _mm512_set1_epi64((long long)m));
#elif defined(QGN_ISA_avx2)
  return (DrawWords)_mm256_mul_epu32((__m256i)c, _mm256_set1_epi64x((long long)m));
#elif defined(__SSE2__)
  return (DrawWords)_mm_mul_epu32((__m128i)c, _mm_set1_epi64x((long long)m));
#else
  return (c & 0xFFFFFFFFu) * (uint64_t)m;
#endif
}

/* One block of words for each lane; c holds its counters and then the words. */
DRAW_INLINE void philox(uint64_t key, DrawWords c[4]) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int i = 0; i < PHILOX_ROUNDS; i++, k0 += PHILOX_W0, k1 += PHILOX_W1) {
    DrawWords p0 = philox_times(c[0], PHILOX_M0), p1 = philox_times(c[2], PHILOX_M1);
    c[0] = (p1 >> 32) ^ c[1] ^ k0;
    c[1] = p1;
    c[2] = (p0 >> 32) ^ c[3] ^ k1;
    c[3] = p0;
  }
  for (int w = 0; w < 4; w++) c[w] &= 0xFFFFFFFFu;
}
#endif
