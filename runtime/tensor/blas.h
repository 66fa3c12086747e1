/* OpenBLAS, behind the only functions of it that are used. It must run in the calling thread
 * alone: shards are the parallelism (and the same bits for every number of threads need it). */
#ifndef QGN_BLAS_H
#define QGN_BLAS_H
#include <stdbool.h>
#include <stdint.h>

/* True if OpenBLAS is the serial build, or could be held to one thread. Called once at start. */
bool blas_is_serial(void);
/* "OpenBLAS 0.3.21 (SkylakeX)": name and version of the library and the core it chose. Static storage. */
const char *blas_name(void);

/* out[m, n] = a b; a is [m, k] ([k, m] if ta), b is [k, n] ([n, k] if tb); all contiguous, row
 * major, extents at most INT_MAX. */
void blas_gemm_f32(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a, const float *b,
                   float *out);
void blas_gemm_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
                   double *out);
#endif
