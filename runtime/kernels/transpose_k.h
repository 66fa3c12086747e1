/* Turning a square of VL by VL elements in registers: log2(VL) rounds, each exchanging blocks of
 * half the size across the diagonal. */
#ifndef QGN_TRANSPOSE_K_H
#define QGN_TRANSPOSE_K_H
#include "runtime/kernels/variant.h"

#define LANE_LOW(l, h) (((l) & (h)) ? VLANES + (l) - (h) : (l))
#define LANE_HIGH(l, h) (((l) & (h)) ? VLANES + (l) : (l) + (h))
#define EXCHANGE(r, h)                                                                                       \
  _Pragma("GCC unroll 16") for (int i = 0; i < VL; i++) {                                                    \
    if (i & (h)) continue;                                                                                   \
    RVec low = (r)[i], high = (r)[i + (h)];                                                                  \
    (r)[i] = __builtin_shufflevector(low, high, LANES(LANE_LOW, h));                                         \
    (r)[i + (h)] = __builtin_shufflevector(low, high, LANES(LANE_HIGH, h));                                  \
  }

KINLINE void transpose_square(RVec r[VLANES]) {
#if VLANES >= 16
  EXCHANGE(r, 8)
#endif
#if VLANES >= 8
  EXCHANGE(r, 4)
#endif
#if VLANES >= 4
  EXCHANGE(r, 2)
#endif
  EXCHANGE(r, 1)
}

/* to[j][i] = from[i][j] for i < rows, j < columns; rows <= VL. Lanes of `to` behind `rows` are set
 * to zero if `pad` is true, else left alone. */
KINLINE void transpose_strip(Real *to, int64_t to_step, const Real *from, int64_t from_step, int rows,
                             int64_t columns, bool pad) {
  for (int64_t j = 0; j < columns; j += VL) {
    int width = columns - j < VL ? (int)(columns - j) : VL;
    RVec r[VLANES];
    if (rows == VL && width == VL) {
      _Pragma("GCC unroll 16") for (int i = 0; i < VL; i++) r[i] = load(from + i * from_step + j);
    } else {
      _Pragma("GCC unroll 16") for (int i = 0; i < VL; i++) {
        r[i] = i < rows ? load_part(from + i * from_step + j, width) : (RVec){0};
      }
    }
    transpose_square(r);
    if (width == VL && (pad || rows == VL)) {
      _Pragma("GCC unroll 16") for (int i = 0; i < VL; i++) store(to + (j + i) * to_step, r[i]);
    } else {
      _Pragma("GCC unroll 16") for (int i = 0; i < VL; i++) {
        if (i < width && pad) store(to + (j + i) * to_step, r[i]);
        else if (i < width) store_part(to + (j + i) * to_step, r[i], rows);
      }
    }
  }
}
#endif
