/* Convolutions of images with the channels of the result in the lanes.
 *
 * All three operations are one sum, result[i][v] = sum over t of a[base i + term t] * b[t][v]: a is
 * the padded image (or its cotangents), read one number at a time where it lies, b a matrix whose
 * rows hold one number for each channel. So neither the stride nor the width of an image costs
 * anything, and every tile is full but for the last channels.
 *
 *              i                    t                     b[t]
 *   CONV       place                weight [c, kh, kw]    that weight for each channel k
 *   CONV_DX    pixel of a phase     weight [k, a, b]      that weight for each channel c
 *   CONV_DW    weight [c, kh, kw]   place of an image     cotangent there for each channel k
 *
 * Pixels of one phase have the same remainder of their place by the stride, so the same weights meet
 * them (conv_k.c). Sums stand as [i][v] and are turned to [v][i] at the end.
 *
 * Each result of CONV and CONV_DX is one chain of multiply-adds in the order of the terms, as in
 * conv_k.c: the same bits. CONV_DW is one chain over the places of all images of the call. */
#include "runtime/kernels/conv_k.h"
#include "runtime/kernels/transpose_k.h"

typedef struct Product {
  const Real *a, *b;
  const int32_t *base, *to; /* by i: where its numbers begin in a, where its sums stand */
  const int32_t *term;      /* by t: how far behind the base */
  int64_t n, terms;
  int64_t vectors, width; /* of channels; Reals from one row of b or of the sums to the next */
  Real *sums;
  bool add; /* to what stands there */
} Product;

/* Adds (or sets, if they are the first) the terms from .. from + n to m rows times nv vectors. */
KINLINE void tile(const Product *p, int64_t row, int64_t col, int64_t from, int64_t n, int m, int nv) {
  RVec sum[8][4];
  const Real *x[8], *b = p->b + from * p->width + col;
  const int32_t *term = p->term + from;
  Real *to[8];
#define EACH_ROW _Pragma("GCC unroll 8") for (int i = 0; i < m; i++)
#define EACH_VECTOR _Pragma("GCC unroll 4") for (int v = 0; v < nv; v++)
  EACH_ROW x[i] = p->a + p->base[row + i], to[i] = p->sums + p->to[row + i] + col;
  if (from == 0 && !p->add) {
    EACH_ROW EACH_VECTOR sum[i][v] = (RVec){0};
  } else {
    EACH_ROW EACH_VECTOR sum[i][v] = load(to[i] + v * VL);
  }
  for (int64_t t = 0; t < n; t++, b += p->width) {
    int64_t at = term[t];
    RVec bv[4];
    EACH_VECTOR bv[v] = load(b + v * VL);
    EACH_ROW {
      RVec av = splat(x[i][at]);
      EACH_VECTOR sum[i][v] += av * bv[v];
    }
  }
  EACH_ROW EACH_VECTOR store(to[i] + v * VL, sum[i][v]);
}

typedef void TileFn(const Product *p, int64_t row, int64_t col, int64_t from, int64_t n);
#define TILE(m, nv)                                                                                          \
  static __attribute__((noinline)) void tile_##m##x##nv(const Product *p, int64_t row, int64_t col,          \
                                                        int64_t from, int64_t n) {                           \
    tile(p, row, col, from, n, m, nv);                                                                       \
  }
#define TILES_TO_6(nv) TILE(1, nv) TILE(2, nv) TILE(3, nv) TILE(4, nv) TILE(5, nv) TILE(6, nv)
#define NAMES_TO_6(nv) NULL, tile_1x##nv, tile_2x##nv, tile_3x##nv, tile_4x##nv, tile_5x##nv, tile_6x##nv
TILES_TO_6(1)
TILE(7, 1)
TILE(8, 1)
TILES_TO_6(2)
#if defined(QGN_ISA_avx512)
TILE(7, 2)
TILE(8, 2)
TILES_TO_6(3)
TILES_TO_6(4)
#define WIDEST 4
static const int tallest[WIDEST] = {8, 8, 6, 6};
#else
#define WIDEST 2
static const int tallest[WIDEST] = {8, 6};
#endif

static TileFn *const tiles[WIDEST][9] = {
    {NAMES_TO_6(1), tile_7x1, tile_8x1},
#if defined(QGN_ISA_avx512)
    {NAMES_TO_6(2), tile_7x2, tile_8x2},
    {NAMES_TO_6(3)},
    {NAMES_TO_6(4)},
#else
    {NAMES_TO_6(2)},
#endif
};

/* So many terms at once that their part of b stays in the first cache while all rows use it. */
#define TERMS_BYTES 24576

static void multiply(const Product *p) {
  int64_t parts = ceil_div(p->terms * WIDEST * VBYTES, TERMS_BYTES);
  int64_t each = parts > 0 ? ceil_div(p->terms, parts) : 1, from = 0;
  do { /* once without terms, too: the sums are set to 0 */
    int64_t n = min_of(p->terms - from, each);
    for (int64_t col = 0; col < p->vectors;) {
      int nv = (int)min_of(p->vectors - col, WIDEST);
      int64_t left = p->n, cuts = ceil_div(p->n, tallest[nv - 1]);
      for (int64_t row = 0; left > 0; cuts--) {
        int m = (int)ceil_div(left, cuts);
        tiles[nv - 1][m](p, row, col * VL, from, n);
        row += m;
        left -= m;
      }
      col += nv;
    }
    from += each;
  } while (from < p->terms);
}

/* ---- what stands around the sums ---- */

typedef struct Job {
  ConvShape s;
  ConvLanes r;
  Real *a, *b, *sums, *strip;
  int32_t *base, *to, *term;
} Job;

static bool start(Job *j, const KCall *c) {
  j->s = conv_shape(c->op);
  if (!conv_lanes(c->op->op, &j->s, sizeof(Real), VBYTES, &j->r)) return false;
  char *room = c->scratch;
  j->a = (Real *)(void *)(room + j->r.at_a);
  j->b = (Real *)(void *)(room + j->r.at_b);
  j->sums = (Real *)(void *)(room + j->r.at_sums);
  j->strip = (Real *)(void *)(room + j->r.at_strip);
  j->base = (int32_t *)(void *)(room + j->r.at_tables);
  j->to = j->base + j->r.n;
  j->term = j->to + j->r.n;
  return true;
}

static Product product_of(const Job *j, const Real *a, int64_t n, int64_t terms) {
  return (Product){.a = a,
                   .b = j->b,
                   .base = j->base,
                   .to = j->to,
                   .term = j->term,
                   .n = n,
                   .terms = terms,
                   .vectors = ceil_div(j->r.channels, VL),
                   .width = j->r.width,
                   .sums = j->sums};
}

/* to[y][x] = from[y - above][x - left] for each channel; what is around them was set to 0 before. */
static void pad_channels(Real *to, const Real *from, int64_t channels, int64_t h, int64_t w,
                         const ConvLanes *r) {
  int64_t keep_w = min_of(w, r->pitch - r->left), keep_h = min_of(h, r->rows - r->above);
  to += r->above * r->pitch + r->left;
  for (int64_t c = 0; c < channels; c++, from += h * w, to += r->rows * r->pitch)
    if (keep_w <= VL) {
      for (int64_t i = 0; i < keep_h; i++)
        store_part(to + i * r->pitch, load_part(from + i * w, (int)keep_w), (int)keep_w);
    } else
      for (int64_t i = 0; i < keep_h; i++) copy_run(to + i * r->pitch, from + i * w, keep_w);
}

/* to[t][v] = from[v][t], v < channels, zeros behind them. */
static void turn_rows(Real *to, int64_t width, const Real *from, int64_t channels, int64_t n) {
  for (int64_t v = 0; v < channels; v += VL)
    transpose_strip(to + v, width, from + v * n, n, (int)min_of(channels - v, VL), n, true);
}

/* out[v][i] = sums[i][v], finished. */
static void give_images(const Job *j, const Finish *f, Real *out) {
  int64_t n = j->r.n, width = j->r.width;
  for (int64_t v = 0; v < j->r.channels; v += VL) {
    int deep = (int)min_of(j->r.channels - v, VL);
    for (int64_t i = 0; i < n; i += VL) {
      int lanes = (int)min_of(n - i, VL);
      const Real *from = j->sums + i * width + v;
      RVec r[VLANES];
      _Pragma("GCC unroll 16") for (int k = 0; k < VL; k++) r[k] =
          k < lanes ? load(from + k * width) : (RVec){0};
      transpose_square(r);
      for (int k = 0; k < deep; k++) {
        int64_t at = (v + k) * n + i;
        RVec y = {0};
        if (f->epilogue & EPI_LEAKY_GRAD) y = load_part(f->extra + at, lanes);
        RVec x = finished(f, r[k], v + k, y);
        if (lanes == VL) store(out + at, x);
        else store_part(out + at, x, lanes);
      }
    }
  }
}

/* Where the weights [c, kh, kw] stand behind a place of a padded image. */
static void weight_offsets(const Job *j, int32_t *at) {
  const ConvShape *s = &j->s;
  for (int64_t c = 0; c < s->c; c++)
    for (int64_t y = 0; y < s->kh; y++)
      for (int64_t x = 0; x < s->kw; x++) *at++ = (int32_t)((c * j->r.rows + y) * j->r.pitch + x);
}

/* Where the places of `images` padded images begin. */
static void place_offsets(const Job *j, int64_t images, int32_t *at) {
  const ConvShape *s = &j->s;
  for (int64_t i = 0; i < images; i++)
    for (int64_t y = 0; y < s->oh; y++)
      for (int64_t x = 0; x < s->ow; x++)
        *at++ = (int32_t)(i * j->r.reals + y * s->stride * j->r.pitch + x * s->stride);
}

static void in_order(const Job *j) {
  for (int64_t i = 0; i < j->r.n; i++) j->to[i] = (int32_t)(i * j->r.width);
}

/* The image itself where there is nothing around it. */
static const Real *padded(const Job *j, const Real *image) {
  if (j->s.pad == 0) return image;
  pad_channels(j->a, image, j->s.c, j->s.h, j->s.w, &j->r);
  return j->a;
}

static void forward(const Job *j, const KCall *c) {
  const ConvShape *s = &j->s;
  Finish f = finish_of(c);
  const Real *image = c->in[0];
  Real *out = c->out;
  int64_t terms = s->c * s->kh * s->kw;
  turn_rows(j->b, j->r.width, c->in[1], s->k, terms);
  weight_offsets(j, j->term);
  place_offsets(j, 1, j->base);
  in_order(j);
  zero_run(j->a, j->r.reals);
  for (int64_t rows = in_rows_of(c->op, 0, c->rows); rows > 0; rows--) {
    Product p = product_of(j, padded(j, image), j->r.n, terms);
    multiply(&p);
    give_images(j, &f, out);
    finish_next(&f, s->k * s->oh * s->ow);
    image += s->c * s->h * s->w;
    out += s->k * s->oh * s->ow;
  }
}

/* A phase: its part of the tables and of b. */
typedef struct Phase {
  Line y, x;
  int64_t first_row, first_term; /* of bases, of terms */
} Phase;

/* Fills the tables of one phase. */
static void set_phase(const Job *j, const Phase *p) {
  const ConvShape *s = &j->s;
  int32_t *base = j->base + p->first_row, *to = j->to + p->first_row, *term = j->term + p->first_term;
  for (int64_t y = 0; y < p->y.count; y++)
    for (int64_t x = 0; x < p->x.count; x++) {
      int64_t pixel = (p->y.pixel + y * s->stride) * s->w + p->x.pixel + x * s->stride;
      *base++ = (int32_t)(y * j->r.pitch + x);
      *to++ = (int32_t)(pixel * j->r.width);
    }
  for (int64_t k = 0; k < s->k; k++)
    for (int64_t a = 0; a < p->y.taps; a++)
      for (int64_t b = 0; b < p->x.taps; b++) {
        int64_t line = k * j->r.rows + p->y.first - a + above(s);
        *term++ = (int32_t)(line * j->r.pitch + p->x.first - b + left(s));
      }
}

/* Row t of a phase's part of b: weight t of the phase for each channel c. */
static void pack_by_phases(const Job *j, const Real *w, const Phase *phase) {
  const ConvShape *s = &j->s;
  int64_t size = s->kh * s->kw;
  for (int64_t k = 0; k < s->k; k++, w += s->c * size) {
    turn_rows(j->strip, j->r.width, w, s->c, size);
    for (int64_t y = 0; y < s->kh; y++)
      for (int64_t x = 0; x < s->kw; x++) {
        const Phase *p = &phase[y % s->stride * s->stride + x % s->stride];
        int64_t t = (k * p->y.taps + y / s->stride) * p->x.taps + x / s->stride;
        copy_run(j->b + (p->first_term + t) * j->r.width, j->strip + (y * s->kw + x) * j->r.width,
                 j->r.width);
      }
  }
}

static void by_images(const Job *j, const KCall *c) {
  const ConvShape *s = &j->s;
  Finish f = finish_of(c);
  const Real *from = c->in[0];
  Real *out = c->out;
  Phase phase[CONV_LANES_STRIDE * CONV_LANES_STRIDE];
  int64_t rows_so_far = 0, terms_so_far = 0;
  for (int64_t py = 0; py < s->stride; py++)
    for (int64_t px = 0; px < s->stride; px++) {
      Phase *p = &phase[py * s->stride + px];
      *p = (Phase){line_of(s->h, s->kh, s->stride, s->pad, py), line_of(s->w, s->kw, s->stride, s->pad, px),
                   rows_so_far, terms_so_far};
      set_phase(j, p);
      rows_so_far += p->y.count * p->x.count;
      terms_so_far += s->k * p->y.taps * p->x.taps;
    }
  pack_by_phases(j, c->in[1], phase);
  zero_run(j->a, j->r.reals);
  for (int64_t rows = in_rows_of(c->op, 0, c->rows); rows > 0; rows--) {
    pad_channels(j->a, from, s->k, s->oh, s->ow, &j->r);
    for (int64_t k = 0; k < s->stride * s->stride; k++) {
      const Phase *p = &phase[k];
      Product q = product_of(j, j->a, p->y.count * p->x.count, s->k * p->y.taps * p->x.taps);
      q.base += p->first_row;
      q.to += p->first_row;
      q.term += p->first_term;
      q.b += p->first_term * j->r.width;
      if (q.n > 0) multiply(&q);
    }
    give_images(j, &f, out);
    finish_next(&f, s->c * s->h * s->w);
    from += s->k * s->oh * s->ow;
    out += s->c * s->h * s->w;
  }
}

static void by_kernels(const Job *j, const KCall *c) {
  const ConvShape *s = &j->s;
  const Real *image = c->in[0], *from = c->in[1];
  Real *out = c->out;
  int64_t taps = j->r.n, places = s->oh * s->ow, rows = in_rows_of(c->op, 0, c->rows);
  weight_offsets(j, j->base);
  place_offsets(j, j->r.images, j->term);
  in_order(j);
  zero_run(j->a, j->r.images * j->r.reals);
  if (rows == 0) zero_run(j->sums, taps * j->r.width);
  for (int64_t done = 0; done < rows; done += j->r.images) {
    int64_t n = min_of(rows - done, j->r.images);
    for (int64_t i = 0; i < n; i++, image += s->c * s->h * s->w, from += s->k * places) {
      pad_channels(j->a + i * j->r.reals, image, s->c, s->h, s->w, &j->r);
      turn_rows(j->b + i * places * j->r.width, j->r.width, from, s->k, places);
    }
    Product p = product_of(j, j->a, taps, n * places);
    p.add = done > 0;
    multiply(&p);
  }
  for (int64_t t = 0; t < taps; t += VL)
    transpose_strip(out + t, taps, j->sums + t * j->r.width, j->r.width, (int)min_of(taps - t, VL), s->k,
                    false);
}

bool KNAME(conv_by_lanes)(const KCall *c) {
  Job j;
  if (!start(&j, c)) return false;
  if (c->op->op == OP_CONV) forward(&j, c);
  else if (c->op->op == OP_CONV_DX) by_images(&j, c);
  else by_kernels(&j, c);
  return true;
}
