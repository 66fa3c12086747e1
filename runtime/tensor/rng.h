/* Counter-based random numbers: Philox4x32-10 (Salmon et al., SC 2011), no state anywhere.
 *
 * Word j of row i at a site is lane (j mod 4) of Philox with counter (j div 4, i, t, r) and key =
 * the first 64 bits of SHA-256 of "<seed>/<path of the site>" (big-endian; the low half of that number
 * is Philox's first key word). Row i is the index on axis 0; j counts
 * the elements inside the row (normal numbers use words 2k and 2k+1 of the row for elements 2k
 * and 2k+1: Box-Muller, cosine first). A scalar is row 0.
 * Uniform = (w + 0.5) * 2^-32 in double, rounded to Real and kept below 1; normal numbers are
 * computed in double. Any thread may compute any value.
 *
 * The functions here and the kernel k_draw give the same bits of double, in every kernel family and
 * on every machine: both are built from draw_core.h, where each step is one rounded operation. */
#ifndef QGN_RNG_H
#define QGN_RNG_H
#include <stdint.h>

/* Key of a site: "<seed>/<path>" hashed. */
uint64_t rng_key(uint64_t seed, const char *path);
/* Four words. */
void rng_philox(uint64_t key, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t out[4]);
/* One value, slowly: element j of row i (the reference for the kernels; also for initial weights). */
double rng_uniform(uint64_t key, uint32_t i, uint32_t j, uint32_t t, uint32_t r);
double rng_normal(uint64_t key, uint32_t i, uint32_t j, uint32_t t, uint32_t r);
#endif
