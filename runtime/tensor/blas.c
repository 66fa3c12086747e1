#include <cblas.h>
#include <stdio.h>
#include <string.h>
#include "runtime/tensor/blas.h"

bool blas_is_serial(void) {
  if (openblas_get_parallel() == OPENBLAS_SEQUENTIAL) return true;
  openblas_set_num_threads(1);
  return openblas_get_num_threads() == 1;
}

/* openblas_get_config gives "OpenBLAS 0.3.21 NO_AFFINITY USE_OPENMP Zen MAX_THREADS=64": name,
 * version, and options of which none says more than the core's name does. */
const char *blas_name(void) {
  static char text[96];
  const char *config = openblas_get_config();
  const char *end = strchr(config, ' ');
  end = end ? strchr(end + 1, ' ') : NULL;
  int head = end ? (int)(end - config) : (int)strlen(config);
  snprintf(text, sizeof text, "%.*s (%s)", head > 48 ? 48 : head, config, openblas_get_corename());
  return text;
}

static CBLAS_TRANSPOSE turn(bool t) { return t ? CblasTrans : CblasNoTrans; }

void blas_gemm_f32(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const float *a, const float *b,
                   float *out) {
  cblas_sgemm(CblasRowMajor, turn(ta), turn(tb), (blasint)m, (blasint)n, (blasint)k, 1.0f, a,
              (blasint)(ta ? m : k), b, (blasint)(tb ? k : n), 0.0f, out, (blasint)n);
}

void blas_gemm_f64(bool ta, bool tb, int64_t m, int64_t n, int64_t k, const double *a, const double *b,
                   double *out) {
  cblas_dgemm(CblasRowMajor, turn(ta), turn(tb), (blasint)m, (blasint)n, (blasint)k, 1.0, a,
              (blasint)(ta ? m : k), b, (blasint)(tb ? k : n), 0.0, out, (blasint)n);
}
