/* Two functions of a KernelSet that belong to no op. Included by *_k.c files only. */
#ifndef QGN_BASIC_K_H
#define QGN_BASIC_K_H
#include <stdbool.h>
#include <stdint.h>
#include "runtime/kernels/variant.h"

/* dst += src, n Reals each. */
void KNAME(k_add_into)(void *dst, const void *src, int64_t n);
/* True if none of n Reals is NaN or infinite. */
double KNAME(k_sum_squares)(const void *x, int64_t n);
bool KNAME(k_all_finite)(const void *x, int64_t n);
#endif
