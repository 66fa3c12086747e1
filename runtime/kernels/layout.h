/* Sizes that kop_prepare and the kernels of matrices compute alike. */
#ifndef QGN_LAYOUT_H
#define QGN_LAYOUT_H
#include "runtime/kernels/kernel.h"

/* Extent of axis 0 of input k in this call. */
static inline int64_t in_rows_of(const KOp *op, int k, int64_t rows) {
  return op->in_rows[k] ? rows : op->in[k].rank > 0 ? op->in[k].d[0].n : 1;
}

/* Elements of input k in this call. */
static inline int64_t in_size_of(const KOp *op, int k, int64_t rows) {
  int64_t n = in_rows_of(op, k, rows);
  for (int j = 1; j < op->in[k].rank; j++) n *= op->in[k].d[j].n;
  return n;
}

/* out[m, n] = sum over k of a(m, k) b(k, n), for each of `batch` matrices. */
typedef struct MatShape {
  int64_t batch, m, n, k;
} MatShape;

static inline const char *mat_shape(const KOp *op, int64_t rows, MatShape *s) {
  const Shape *a = &op->in[0], *b = &op->in[1];
  if (a->rank < 2 || b->rank != a->rank) return "a matrix product needs two axes";
  int r = a->rank;
  int64_t a0 = r == 2 ? in_rows_of(op, 0, rows) : a->d[r - 2].n, a1 = a->d[r - 1].n;
  int64_t b0 = r == 2 ? in_rows_of(op, 1, rows) : b->d[r - 2].n, b1 = b->d[r - 1].n;
  bool ta = op->attr.i[0] != 0, tb = op->attr.i[1] != 0;
  *s = (MatShape){.batch = 1, .m = ta ? a1 : a0, .k = ta ? a0 : a1, .n = tb ? b0 : b1};
  if (r > 2) {
    s->batch = in_rows_of(op, 0, rows);
    for (int j = 1; j < r - 2; j++) s->batch *= a->d[j].n;
  }
  return NULL;
}

/* Products of whole matrices (no axis of rows that could be cut into calls) with m, n and k all of
 * this size and more go to OpenBLAS: on one core our tiles were at least as fast below it, and a
 * row must not change its bits with the number of rows around it. The base family has no
 * multiply-add, while OpenBLAS picks its code by the CPU itself. */
#define MAT_BLAS_FROM 768
#define MAT_BLAS_FROM_BASE 160

static inline bool mat_goes_to_blas(const KOp *op, const MatShape *s, int64_t from) {
  return !op->out_rows && !op->in_rows[0] && s->m >= from && s->n >= from && s->k >= from;
}

/* The widest column panel of a micro-kernel in bytes, for any variant. */
#define MAT_PANEL_BYTES 256

/* Convolutions: images [c, h, w], kernels [k, c, kh, kw], results [k, oh, ow]. */
typedef struct ConvShape {
  int64_t c, h, w, k, oh, ow, kh, kw, stride, pad;
} ConvShape;

static inline ConvShape conv_shape(const KOp *op) {
  const Shape *image = op->op == OP_CONV_DX ? &op->out : &op->in[0];
  const Shape *kernel = op->op == OP_CONV_DW ? &op->out : &op->in[1];
  const Shape *result = op->op == OP_CONV ? &op->out : op->op == OP_CONV_DX ? &op->in[0] : &op->in[1];
  return (ConvShape){.c = image->d[1].n,
                     .h = image->d[2].n,
                     .w = image->d[3].n,
                     .k = kernel->d[0].n,
                     .oh = result->d[2].n,
                     .ow = result->d[3].n,
                     .kh = kernel->d[2].n,
                     .kw = kernel->d[3].n,
                     .stride = op->attr.i[0],
                     .pad = op->attr.i[1]};
}

/* What a convolution keeps in its scratch, each part at a byte offset that is a multiple of 64:
 * planes (padded images cut by stride, conv_k.c), packed weights, one offset for each term of a sum,
 * one tile of results; CONV_DW also the cotangents, with planes and cotangents for `images` images. */
typedef struct ConvRoom {
  int64_t images;
  int64_t planes;      /* planes of one image */
  int64_t rows, pitch; /* of a plane */
  int64_t reals;       /* of one image's planes */
  int64_t line;        /* CONV_DW: Reals of one channel's cotangents */
  size_t at_planes, at_weights, at_taps, at_tile, at_lines, total;
} ConvRoom;

#define CONV_SLACK 1024      /* bytes behind the planes that a tile may read */
#define CONV_TILE_BYTES 4096 /* of the largest tile: 8 rows of 8 vectors */
#define CONV_DW_BYTES (768 * 1024)
#define CONV_DW_IMAGES 16

static inline int64_t ceil_div(int64_t a, int64_t b) { return (a + b - 1) / b; }
static inline int64_t min_of(int64_t a, int64_t b) { return a < b ? a : b; }

/* NULL, or why there is no room. */
static inline const char *conv_room(OpId op, const ConvShape *s, size_t real, ConvRoom *r) {
  *r = (ConvRoom){.images = 1};
  if (op == OP_CONV_DX) { /* the results, with zeros around them so that every term of a pixel is there */
    r->planes = s->k;
    r->rows = (s->h - 1 + s->pad) / s->stride + ceil_div(s->kh, s->stride);
    r->pitch = (s->w - 1 + s->pad) / s->stride + ceil_div(s->kw, s->stride);
  } else { /* the images, one plane for each remainder of a pixel's place by the stride */
    r->planes = s->c * min_of(s->stride, s->kh) * min_of(s->stride, s->kw);
    r->rows = s->oh - 1 + ceil_div(s->kh, s->stride);
    r->pitch = s->ow - 1 + ceil_div(s->kw, s->stride);
  }
  double most = (double)r->planes * (double)r->rows * (double)r->pitch;
  double weights = (double)s->k * (double)s->c * (double)s->kh * (double)s->kw;
  if (most > (double)INT32_MAX || weights > (double)INT32_MAX)
    return "an image or kernel is too large for a convolution";
  r->reals = r->planes * r->rows * r->pitch;
  if (op == OP_CONV_DW) {
    r->line = ceil_div(s->oh * r->pitch * (int64_t)real, 64) * 64 / (int64_t)real;
    int64_t each = (r->reals + s->k * r->line) * (int64_t)real;
    r->images = each > CONV_DW_BYTES ? 1 : min_of(CONV_DW_BYTES / each, CONV_DW_IMAGES);
  }
#define CONV_PART(bytes) (r->total = (r->total + (size_t)(bytes) + 63) & ~(size_t)63)
  r->at_weights = CONV_PART(r->images * r->reals * (int64_t)real + CONV_SLACK);
  r->at_taps = op == OP_CONV_DW ? r->at_weights : CONV_PART((int64_t)weights * (int64_t)real);
  r->at_tile = CONV_PART((op == OP_CONV_DX ? s->k : s->c) * s->kh * s->kw * (int64_t)sizeof(int32_t));
  r->at_lines = CONV_PART(CONV_TILE_BYTES);
  if (op == OP_CONV_DW) CONV_PART(r->images * s->k * r->line * (int64_t)real);
#undef CONV_PART
  return NULL;
}
/* The same with channels in the lanes (conv_lanes_k.c), each part of the scratch again at a multiple
 * of 64 bytes: a (padded images, or cotangents), b (weights or cotangents turned), sums, one kernel
 * turned, tables. */
typedef struct ConvLanes {
  int64_t channels, width;          /* of the result; rounded up to 64 bytes, in Reals */
  int64_t n, terms;                 /* sums of one channel, terms of each (of all phases) */
  int64_t rows, pitch, above, left; /* of one padded channel, and zeros before its first pixel */
  int64_t images, reals;            /* at once (CONV_DW), and Reals of one of them */
  size_t at_a, at_b, at_sums, at_strip, at_tables, total;
} ConvLanes;

#define CONV_LANES_STRIDE 8            /* larger strides are left to conv_k.c */
#define CONV_LANES_BYTES (1024 * 1024) /* of sums and of b: beyond this they would not stay in the cache */
#define CONV_LANES_TERMS 96            /* of CONV_DW: so many images at once that there are about so many */

/* The share of the lanes' work that is not for nothing if places are in them, times 0.75: vectors that
 * begin anywhere cost more than single numbers. */
static inline double conv_share_of_places(OpId op, const ConvShape *s, double lanes) {
  int64_t cut = op == OP_CONV_DX ? s->stride : 1;
  int64_t h = op == OP_CONV_DX ? ceil_div(s->h, cut) : s->oh,
          w = op == OP_CONV_DX ? ceil_div(s->w, cut) : s->ow;
  double pitch = (double)(w + ceil_div(s->kw, s->stride) - 1);
  double vectors = ((double)(h - 1) * pitch + (double)w) / lanes;
  double whole = (double)(int64_t)vectors + ((double)(int64_t)vectors < vectors ? 1 : 0);
  return 0.75 * (double)(h * w) / (whole * lanes);
}

/* False if this is not the way for these sizes with vectors of `vbytes`; total is 0 then. */
static inline bool conv_lanes(OpId op, const ConvShape *s, size_t real, size_t vbytes, ConvLanes *r) {
  bool dx = op == OP_CONV_DX, dw = op == OP_CONV_DW;
  int64_t size = (int64_t)real, lanes = (int64_t)(vbytes / real), weights = s->c * s->kh * s->kw;
  *r = (ConvLanes){.channels = dx ? s->c : s->k, .images = 1};
  double share = (double)r->channels / (double)(ceil_div(r->channels, lanes) * lanes);
  if (s->stride > CONV_LANES_STRIDE || share <= conv_share_of_places(op, s, (double)lanes)) return false;
  r->width = ceil_div(r->channels * size, 64) * 64 / size;
  r->n = dw ? weights : dx ? s->h * s->w : s->oh * s->ow;
  r->terms = dw ? s->oh * s->ow : dx ? s->k * s->kh * s->kw : weights;
  r->above = dx ? ceil_div(s->kh, s->stride) - 1 : s->pad;
  r->left = dx ? ceil_div(s->kw, s->stride) - 1 : s->pad;
  r->rows = dx ? (s->h - 1 + s->pad) / s->stride + ceil_div(s->kh, s->stride) : s->h + 2 * s->pad;
  r->pitch = dx ? (s->w - 1 + s->pad) / s->stride + ceil_div(s->kw, s->stride) : s->w + 2 * s->pad;
  r->reals = (dx ? s->k : s->c) * r->rows * r->pitch;
  if (dw) r->images = min_of(ceil_div(CONV_LANES_TERMS, r->terms), CONV_DW_IMAGES);
  double most = CONV_LANES_BYTES;
  if ((double)r->n * (double)r->width * (double)size > most || (double)r->reals * (double)size > most ||
      (double)r->terms * (double)r->images * (double)r->width * (double)size > most)
    return false;
#define CONV_PART(bytes) (r->total = (r->total + (size_t)(bytes) + 63) & ~(size_t)63)
  r->at_b = CONV_PART(r->images * r->reals * size);
  r->at_sums = CONV_PART(r->images * r->terms * r->width * size);
  r->at_strip = CONV_PART(r->n * r->width * size);
  r->at_tables = CONV_PART(dx ? s->kh * s->kw * r->width * size : 0);
  CONV_PART((2 * r->n + r->images * r->terms) * (int64_t)sizeof(int32_t));
#undef CONV_PART
  return true;
}
#endif
