/* Matrix products. Small and narrow ones run here in register-blocked tiles on the operands as
 * they lie; a transposed b and the last, incomplete columns are first copied into a panel padded
 * to whole vectors. Large ones go to OpenBLAS.
 *
 * Every element is one chain of multiply-adds over the inner dimension in order, whatever tile it
 * falls into. So a row has the same bits however many rows a call has, and a transposed operand
 * gives the same bits as one laid out straight. Products with one column are sums along rows
 * instead: one vector for each row, lanes in a fixed tree. */
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/transpose_k.h"
#include "runtime/kernels/variant.h"
#include "runtime/tensor/blas.h"

#if defined(QGN_ISA_avx512)
#define TILE_ROWS 8
#define BLAS_FROM MAT_BLAS_FROM
#elif defined(QGN_ISA_avx2)
#define TILE_ROWS 6
#define BLAS_FROM MAT_BLAS_FROM
#else
#define TILE_ROWS 4
#define BLAS_FROM MAT_BLAS_FROM_BASE
#endif

typedef struct Product {
  int64_t m, n, k;
  const Real *a;
  int64_t a_row, a_inner; /* steps of a along m and along k */
  const Real *b;
  int64_t b_row; /* step of b along k (or along n if b_turned); the other one is 1 */
  bool b_turned;
  Real *out; /* rows of n */
  int epilogue;
  const Real *extra; /* bias or the result of leaky_relu */
  int64_t bias_step; /* 1: one bias for each column; 0: one for all */
  Real slope;
} Product;

KINLINE RVec take(const Real *p, int lanes) { return lanes == VL ? load(p) : load_part(p, lanes); }
KINLINE void give(Real *p, RVec x, int lanes) {
  if (lanes == VL) store(p, x);
  else store_part(p, x, lanes);
}

/* What follows the sums of a tile before they are stored: mr rows times nv vectors, of which the
 * last has `lanes` columns. */
KINLINE void finish(const Product *g, RVec sum[8][4], int64_t row, int64_t col, int mr, int nv, int lanes) {
  const RVec slope = splat(g->slope);
  Real *out = g->out + row * g->n + col;
#define EACH_SUM                                                                                             \
  _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) _Pragma("GCC unroll 4") for (int v = 0; v < nv; v++)
#define LANES_OF(v) ((v) == nv - 1 ? lanes : VL)
  if (g->epilogue & EPI_BIAS) {
    const Real *from = g->extra + col * g->bias_step;
    RVec bias[4];
    _Pragma("GCC unroll 4") for (int v = 0; v < nv; v++) {
      bias[v] = g->bias_step ? take(from + v * VL, LANES_OF(v)) : splat(*from);
    }
    EACH_SUM sum[i][v] += bias[v];
  }
  if (g->epilogue & EPI_LEAKY) {
    EACH_SUM sum[i][v] = where_positive(sum[i][v], sum[i][v], slope * sum[i][v]);
  }
  if (g->epilogue & EPI_LEAKY_GRAD) {
    const Real *y = g->extra + row * g->n + col;
    EACH_SUM sum[i][v] *= where_positive(take(y + i * g->n + v * VL, LANES_OF(v)), splat((Real)1), slope);
  }
  if (g->epilogue & EPI_ADD) {
    EACH_SUM sum[i][v] += take(out + i * g->n + v * VL, LANES_OF(v));
  }
  EACH_SUM give(out + i * g->n + v * VL, sum[i][v], LANES_OF(v));
}

/* mr rows times nv vectors of columns of the result; b is the panel's first row. */
KINLINE void tile(const Product *g, int64_t row, int64_t col, const Real *b, int64_t b_row, int mr, int nv) {
  RVec sum[8][4];
  const Real *a = g->a + row * g->a_row;
  const int64_t a_row = g->a_row, a_inner = g->a_inner;
  EACH_SUM sum[i][v] = (RVec){0};
  for (int64_t k = g->k; k > 0; k--, a += a_inner, b += b_row) {
    RVec bv[4];
    _Pragma("GCC unroll 4") for (int v = 0; v < nv; v++) bv[v] = load(b + v * VL);
    _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) {
      RVec av = splat(a[i * a_row]);
      _Pragma("GCC unroll 4") for (int v = 0; v < nv; v++) sum[i][v] += av * bv[v];
    }
  }
  int64_t left = g->n - col - (nv - 1) * VL;
  if (left >= VL) finish(g, sum, row, col, mr, nv, VL);
  else finish(g, sum, row, col, mr, nv, (int)left);
}

#define TILE(mr, nv)                                                                                         \
  static __attribute__((noinline)) void tile_##mr##x##nv(const Product *g, int64_t row, int64_t col,         \
                                                         const Real *b, int64_t b_row) {                     \
    tile(g, row, col, b, b_row, mr, nv);                                                                     \
  }
TILE(1, 1)
TILE(2, 1)
TILE(3, 1)
TILE(4, 1)
TILE(1, 2)
TILE(2, 2)
TILE(3, 2)
TILE(4, 2)
TILE(1, 4)
TILE(2, 4)
#if TILE_ROWS >= 6
TILE(5, 1)
TILE(6, 1)
TILE(5, 2)
TILE(6, 2)
#endif
#if TILE_ROWS >= 8
TILE(7, 1)
TILE(8, 1)
TILE(7, 2)
TILE(8, 2)
TILE(3, 4)
TILE(4, 4)
#endif

typedef void TileFn(const Product *g, int64_t row, int64_t col, const Real *b, int64_t b_row);
static TileFn *const tiles[3][9] = {
    {NULL, tile_1x1, tile_2x1, tile_3x1, tile_4x1,
#if TILE_ROWS >= 6
     tile_5x1, tile_6x1,
#endif
#if TILE_ROWS >= 8
     tile_7x1, tile_8x1
#endif
    },
    {NULL, tile_1x2, tile_2x2, tile_3x2, tile_4x2,
#if TILE_ROWS >= 6
     tile_5x2, tile_6x2,
#endif
#if TILE_ROWS >= 8
     tile_7x2, tile_8x2
#endif
    },
    {NULL, tile_1x4, tile_2x4,
#if TILE_ROWS >= 8
     tile_3x4, tile_4x4
#endif
    },
};
#define WIDE_ROWS (TILE_ROWS >= 8 ? 4 : 2) /* rows of the tallest tile of four vectors */

/* Columns col .. col + lanes of b as rows of nv whole vectors. */
static void pack(const Product *g, int64_t col, int nv, Real *to) {
  int64_t width = (int64_t)nv * VL, left = g->n - col;
  for (int v = 0; v < nv; v++, left -= VL, to += VL) {
    int lanes = left < VL ? (int)left : VL;
    if (g->b_turned) {
      transpose_strip(to, width, g->b + (col + v * VL) * g->b_row, g->b_row, lanes, g->k, true);
    } else {
      const Real *from = g->b + col + v * VL;
      for (int64_t k = 0; k < g->k; k++) store(to + k * width, take(from + k * g->b_row, lanes));
    }
  }
}

/* Copying a panel costs little if many rows use it, and pays where its rows lie far apart. */
#define PACK_ROWS 64
#define PACK_STEP (2048 / (int)sizeof(Real))

static void product_by_tiles(const Product *g, Real *panel) {
  bool pack_all = g->m >= PACK_ROWS && g->b_row >= PACK_STEP;
  for (int64_t col = 0; col < g->n;) {
    int64_t left = g->n - col;
    int shape = left <= VL ? 0 : left > 2 * VL && g->m <= WIDE_ROWS ? 2 : 1;
    int nv = 1 << shape;
    if (nv * VL > left + VL - 1) nv = 2, shape = 1; /* three vectors left: two, then one */
    int tallest = shape == 2 ? WIDE_ROWS : TILE_ROWS;
    const Real *b = g->b + col;
    int64_t b_row = g->b_row;
    if (g->b_turned || left < nv * VL || pack_all) {
      pack(g, col, nv, panel);
      b = panel;
      b_row = (int64_t)nv * VL;
    }
    for (int64_t row = 0; row < g->m;) {
      int mr = g->m - row < tallest ? (int)(g->m - row) : tallest;
      tiles[shape][mr](g, row, col, b, b_row);
      row += mr;
    }
    col += (int64_t)nv * VL;
  }
}

/* Sums found elsewhere: `lanes` of them, in a line of the result. */
static void finish_line(const Product *g, const Real *sums, int64_t row, int64_t col, int lanes) {
  RVec sum[8][4];
  sum[0][0] = take(sums, lanes);
  finish(g, sum, row, col, 1, 1, lanes);
}

/* One column: a's rows times the vector b, both contiguous. */
static void product_by_rows(const Product *g) {
  for (int64_t row = 0; row < g->m; row += VL) {
    int lanes = g->m - row < VL ? (int)(g->m - row) : VL;
    Real sums[VLANES];
    for (int i = 0; i < lanes; i++) {
      const Real *a = g->a + (row + i) * g->a_row;
      RVec s = {0};
      int64_t k = 0;
      for (; k + VL <= g->k; k += VL) s += load(a + k) * load(g->b + k);
      if (k < g->k) s += load_part(a + k, (int)(g->k - k)) * load_part(g->b + k, (int)(g->k - k));
      sums[i] = sum_lanes(s);
    }
    finish_line(g, sums, row, 0, lanes);
  }
}

static void product_by_blas(const Product *g, bool ta, bool tb, void *scratch) {
  Real *to = g->epilogue == EPI_NONE ? g->out : scratch;
#ifdef QGN_SINGLE
  blas_gemm_f32(ta, tb, g->m, g->n, g->k, g->a, g->b, to);
#else
  blas_gemm_f64(ta, tb, g->m, g->n, g->k, g->a, g->b, to);
#endif
  if (g->epilogue == EPI_NONE) return;
  for (int64_t row = 0; row < g->m; row++) {
    for (int64_t col = 0; col < g->n; col += VL) {
      int lanes = g->n - col < VL ? (int)(g->n - col) : VL;
      finish_line(g, to + row * g->n + col, row, col, lanes);
    }
  }
}

static void one_product(const Product *g, bool ta, void *scratch) {
  if (g->n == 1 && !ta) {
    product_by_rows(g);
    return;
  }
  if (g->n == 1) { /* the transposed product: the row b^T times a as it lies */
    Product turned = *g;
    turned.m = 1;
    turned.n = g->m;
    turned.a = g->b;
    turned.a_row = 0;
    turned.a_inner = 1;
    turned.b = g->a;
    turned.b_row = g->m;
    turned.b_turned = false;
    product_by_tiles(&turned, scratch);
    return;
  }
  product_by_tiles(g, scratch);
}

void KNAME(k_matmul)(const KCall *c);
void KNAME(k_matmul)(const KCall *c) {
  const KOp *op = c->op;
  MatShape s;
  if (mat_shape(op, c->rows, &s)) return;
  bool ta = op->attr.i[0] != 0, tb = op->attr.i[1] != 0;
  bool turned = tb && s.n > 1 && s.k > 1; /* a single row or column lies the same way */
  Product g = {
      .m = s.m,
      .n = s.n,
      .k = s.k,
      .a = c->in[0],
      .a_row = ta ? 1 : s.k,
      .a_inner = ta ? s.m : 1,
      .b = c->in[1],
      .b_row = turned ? s.k : s.n,
      .b_turned = turned,
      .out = c->out,
      .epilogue = op->epilogue,
      .extra = op->n_in > 2 ? c->in[2] : NULL,
      .bias_step = s.n == 1 ? 0 : 1,
      .slope = (Real)op->attr.f[0],
  };
  bool blas = mat_goes_to_blas(op, &s, BLAS_FROM);
  for (int64_t i = 0; i < s.batch; i++) {
    if (blas) product_by_blas(&g, ta, tb, c->scratch);
    else one_product(&g, ta, c->scratch);
    g.a += s.m * s.k;
    g.b += s.k * s.n;
    g.out += s.m * s.n;
    if (g.extra && (g.epilogue & EPI_LEAKY_GRAD)) g.extra += s.m * s.n;
  }
}
