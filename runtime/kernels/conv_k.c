/* Convolutions of images, without a matrix of copied patches; here with places in the lanes. Where
 * the channels of the result fill the lanes better, conv_lanes_k.c computes the same.
 *
 * Planes. The padded image is cut by stride: plane (py, px) of a channel holds the pixels whose
 * place in the padded image leaves py and px when divided by the stride. In a plane the pixels that
 * one weight meets on its way over the image are neighbours: result (j, i) needs, for each weight,
 * the element j * pitch + i behind a fixed place, its tap. So a run of results over whole rows of a
 * plane is a sum of runs of the planes, each times one weight: a matrix product whose rows are read
 * where they lie. A few results between the rows are computed for nothing and not stored.
 *
 * The derivative by images (transposed convolution) is the same with the cotangents, surrounded by
 * zeros, as planes, once for each remainder of a pixel's place by the stride; no sum is scattered.
 * The derivative by kernels sums products of runs of cotangents and planes, one vector for each
 * weight, for several images at once, lanes in a fixed tree.
 *
 * Each result of CONV and CONV_DX is one chain of multiply-adds in the order of the taps, for one
 * image alone, so a row has the same bits however many rows a call has. */
#include "runtime/kernels/conv_k.h"

/* ---- planes ---- */

static void copy_every(Real *to, const Real *from, int64_t n, int64_t step) {
  if (step == 1) {
    copy_run(to, from, n);
  } else if (step == 2) {
    for (int64_t i = 0; i < n; i++) to[i] = from[2 * i];
  } else {
    for (int64_t i = 0; i < n; i++) to[i] = from[i * step];
  }
}

/* The first index whose place index * stride + from is not below `place`. */
static int64_t first_at(int64_t place, int64_t stride, int64_t from) {
  return place <= from ? 0 : ceil_div(place - from, stride);
}

/* to[y][x] = image[y * stride + y0][x * stride + x0], 0 outside of the image. */
static void fill_plane(Real *to, int64_t rows, int64_t pitch, const Real *image, int64_t h, int64_t w,
                       int64_t stride, int64_t y0, int64_t x0) {
  int64_t low = min_of(first_at(0, stride, x0), pitch), high = min_of(first_at(w, stride, x0), pitch);
  for (int64_t y = 0; y < rows; y++, to += pitch) {
    int64_t from = y * stride + y0;
    if (from < 0 || from >= h) {
      zero_run(to, pitch);
      continue;
    }
    zero_run(to, low);
    if (high > low) copy_every(to + low, image + from * w + low * stride + x0, high - low, stride);
    zero_run(to + high, pitch - high);
  }
}

/* The planes of one image, channel by channel. */
static void cut_image(Real *to, const Real *image, const ConvShape *s, const ConvRoom *r) {
  int64_t py_n = min_of(s->stride, s->kh), px_n = min_of(s->stride, s->kw);
  for (int64_t c = 0; c < s->c; c++, image += s->h * s->w)
    for (int64_t py = 0; py < py_n; py++)
      for (int64_t px = 0; px < px_n; px++, to += r->rows * r->pitch)
        fill_plane(to, r->rows, r->pitch, image, s->h, s->w, s->stride, py - s->pad, px - s->pad);
}

/* Where the sum of result 0 finds its pixel for each weight [c, kh, kw]. */
static void image_taps(int32_t *tap, const ConvShape *s, const ConvRoom *r) {
  int64_t py_n = min_of(s->stride, s->kh), px_n = min_of(s->stride, s->kw);
  for (int64_t c = 0; c < s->c; c++)
    for (int64_t y = 0; y < s->kh; y++)
      for (int64_t x = 0; x < s->kw; x++) {
        int64_t plane = (c * py_n + y % s->stride) * px_n + x % s->stride;
        *tap++ = (int32_t)((plane * r->rows + y / s->stride) * r->pitch + x / s->stride);
      }
}

/* ---- tiles: mr rows of weights times nv vectors of places ---- */

#if defined(QGN_ISA_avx512)
#define TILE_ROWS 8
#define WIDE_ROWS 4 /* rows of a tile of four vectors */
#elif defined(QGN_ISA_avx2)
#define TILE_ROWS 6
#define WIDE_ROWS 2
#else
#define TILE_ROWS 4
#define WIDE_ROWS 2
#endif

/* to[i][v] = sum over t of a[t][i] * b[tap[t] + v]; a is packed, mr weights for each tap. */
KINLINE void tile(const Real *a, const int32_t *tap, int64_t taps, const Real *b, Real *to, int mr, int nv) {
  RVec sum[8][8];
#define EACH_SUM                                                                                             \
  _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) _Pragma("GCC unroll 8") for (int v = 0; v < nv; v++)
  EACH_SUM sum[i][v] = (RVec){0};
  for (int64_t t = 0; t < taps; t++, a += mr) {
    const Real *p = b + tap[t];
    RVec bv[8];
    _Pragma("GCC unroll 8") for (int v = 0; v < nv; v++) bv[v] = load(p + v * VL);
    _Pragma("GCC unroll 8") for (int i = 0; i < mr; i++) {
      RVec av = splat(a[i]);
      _Pragma("GCC unroll 8") for (int v = 0; v < nv; v++) sum[i][v] += av * bv[v];
    }
  }
  EACH_SUM store(to + (i * nv + v) * VL, sum[i][v]);
}

typedef void TileFn(const Real *a, const int32_t *tap, int64_t taps, const Real *b, Real *to);
#define TILE(mr, nv)                                                                                         \
  static __attribute__((noinline)) void tile_##mr##x##nv(const Real *a, const int32_t *tap, int64_t taps,    \
                                                         const Real *b, Real *to) {                          \
    tile(a, tap, taps, b, to, mr, nv);                                                                       \
  }
#define TILES_OF(nv) TILE(1, nv) TILE(2, nv) TILE(3, nv) TILE(4, nv)
TILES_OF(1)
TILES_OF(2)
TILE(1, 4)
TILE(2, 4)
TILE(1, 8)
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

static TileFn *const tiles[4][9] = {
    {
        NULL,
        tile_1x1,
        tile_2x1,
        tile_3x1,
        tile_4x1,
#if TILE_ROWS >= 6
        tile_5x1,
        tile_6x1,
#endif
#if TILE_ROWS >= 8
        tile_7x1,
        tile_8x1,
#endif
    },
    {
        NULL,
        tile_1x2,
        tile_2x2,
        tile_3x2,
        tile_4x2,
#if TILE_ROWS >= 6
        tile_5x2,
        tile_6x2,
#endif
#if TILE_ROWS >= 8
        tile_7x2,
        tile_8x2,
#endif
    },
    {
        NULL,
        tile_1x4,
        tile_2x4,
#if TILE_ROWS >= 8
        tile_3x4,
        tile_4x4,
#endif
    },
    {NULL, tile_1x8},
};

/* Rows of weights by places of a plane. Place q stands for result (q / pitch, q % pitch), which is
 * stored at out + row * out_row + j * out_y + i * out_x if i < columns. */
typedef struct Sweep {
  int64_t rows, taps;
  const Real *a; /* packed */
  const int32_t *tap;
  int64_t lines, columns, pitch;
  int64_t out_row, out_y, out_x;
  Finish finish; /* of row r as channel r */
} Sweep;

typedef struct TileSize {
  int rows, shape, vectors;
} TileSize;

/* Few rows take more vectors, so that there are always enough sums under way. */
static TileSize tile_size(int64_t rows, int64_t places) {
  TileSize z = {TILE_ROWS, 1, 2};
  if (rows <= WIDE_ROWS) z = (TileSize){WIDE_ROWS, 2, 4};
  if (rows == 1) z = (TileSize){1, 3, 8};
  while (z.shape > 0 && (z.vectors / 2) * VL >= places) {
    z.shape--;
    z.vectors /= 2;
  }
  return z;
}

/* Weights [rows][taps] (steps as given) as tiles of `tall` rows: a[tap][row of the tile]. */
static void pack_weights(Real *to, const Real *w, int64_t rows, int64_t taps, int64_t row_step,
                         int64_t tap_step, int tall) {
  for (int64_t row = 0; row < rows; row += tall) {
    int64_t mr = min_of(rows - row, tall);
    for (int64_t t = 0; t < taps; t++)
      for (int64_t i = 0; i < mr; i++) *to++ = w[(row + i) * row_step + t * tap_step];
  }
}

/* Stores the results of one tile's row, places q .. q + n. */
KINLINE void give_row(const Sweep *s, Real *out, const Real *from, int64_t q, int64_t n) {
  int64_t j = q / s->pitch, i = q - j * s->pitch;
  while (n > 0) {
    int64_t run = min_of(s->pitch - i, n), keep = min_of(s->columns - i, run);
    Real *to = out + j * s->out_y + i * s->out_x;
    if (keep > 0 && s->out_x == 1) copy_run(to, from, keep);
    else
      for (int64_t x = 0; x < keep; x++) to[x * s->out_x] = from[x];
    from += run;
    n -= run;
    i = 0;
    j++;
  }
}

/* The numbers of a row of the result that belong to places q .. q + n; what lies between rows is left. */
static void take_row(const Sweep *s, Real *to, const Real *from, int64_t q, int64_t n) {
  int64_t j = q / s->pitch, i = q - j * s->pitch;
  while (n > 0) {
    int64_t run = min_of(s->pitch - i, n), keep = min_of(s->columns - i, run);
    for (int64_t x = 0; x < keep; x++) to[x] = from[j * s->out_y + (i + x) * s->out_x];
    to += run;
    n -= run;
    i = 0;
    j++;
  }
}

/* Finishes the sums of one tile's row in their place; y: its row of leaky_relu's results, or NULL. */
static void finish_row(const Sweep *s, Real *sums, int64_t row, const Real *y, int64_t q, int64_t n) {
  if (!y) {
    for (int64_t v = 0; v < n; v += VL) store(sums + v, finished(&s->finish, load(sums + v), row, (RVec){0}));
    return;
  }
  Real there[8 * VLANES] = {0};
  take_row(s, there, y, q, n);
  for (int64_t v = 0; v < n; v += VL)
    store(sums + v, finished(&s->finish, load(sums + v), row, load(there + v)));
}

/* y lies as out does; NULL: no factor of leaky_relu. */
static void sweep(const Sweep *s, const Real *planes, Real *out, const Real *y, Real *block) {
  int64_t places = (s->lines - 1) * s->pitch + s->columns;
  TileSize z = tile_size(s->rows, places);
  int64_t width = (int64_t)z.vectors * VL;
  for (int64_t q = 0; q < places; q += width) {
    int64_t n = min_of(places - q, width);
    for (int64_t row = 0; row < s->rows; row += z.rows) {
      int mr = (int)min_of(s->rows - row, z.rows);
      tiles[z.shape][mr](s->a + row * s->taps, s->tap, s->taps, planes + q, block);
      for (int i = 0; i < mr; i++) {
        int64_t at = (row + i) * s->out_row;
        if (s->finish.epilogue) finish_row(s, block + i * width, row + i, y ? y + at : NULL, q, n);
        give_row(s, out + at, block + i * width, q, n);
      }
    }
  }
}

/* ---- the three operations ---- */

typedef struct Job {
  ConvShape s;
  ConvRoom r;
  Real *planes, *weights, *block, *lines;
  int32_t *tap;
} Job;

static bool start(Job *j, const KCall *c) {
  j->s = conv_shape(c->op);
  if (conv_room(c->op->op, &j->s, sizeof(Real), &j->r)) return false;
  char *room = c->scratch;
  j->planes = (Real *)(void *)(room + j->r.at_planes);
  j->weights = (Real *)(void *)(room + j->r.at_weights);
  j->tap = (int32_t *)(void *)(room + j->r.at_taps);
  j->block = (Real *)(void *)(room + j->r.at_tile);
  j->lines = (Real *)(void *)(room + j->r.at_lines);
  zero_run(j->planes + j->r.images * j->r.reals, CONV_SLACK / (int64_t)sizeof(Real));
  return true;
}

void KNAME(k_conv)(const KCall *c);
void KNAME(k_conv)(const KCall *c) {
  Job j;
  if (KNAME(conv_by_lanes)(c) || !start(&j, c)) return;
  const ConvShape *s = &j.s;
  int64_t rows = in_rows_of(c->op, 0, c->rows), places = (s->oh - 1) * j.r.pitch + s->ow;
  Sweep w = {.rows = s->k,
             .taps = s->c * s->kh * s->kw,
             .a = j.weights,
             .tap = j.tap,
             .lines = s->oh,
             .columns = s->ow,
             .pitch = j.r.pitch,
             .out_row = s->oh * s->ow,
             .out_y = s->ow,
             .out_x = 1,
             .finish = finish_of(c)};
  pack_weights(j.weights, c->in[1], s->k, w.taps, w.taps, 1, tile_size(s->k, places).rows);
  image_taps(j.tap, s, &j.r);
  const Real *image = c->in[0];
  Real *out = c->out;
  for (; rows > 0; rows--, image += s->c * s->h * s->w, out += s->k * s->oh * s->ow) {
    cut_image(j.planes, image, s, &j.r);
    sweep(&w, j.planes, out, results_of_leaky(&w.finish), j.block);
    finish_next(&w.finish, s->k * s->oh * s->ow);
  }
}

/* What one phase computes, and how much of the weights and taps the phases so far have taken. */
typedef struct Phase {
  Line y, x;
  int64_t py, px, taken;
  Sweep sweep;
} Phase;

/* The next phase that has pixels; false after the last one. Starts with py = 0, px = -1. */
static bool next_phase(const Job *j, Phase *p) {
  const ConvShape *s = &j->s;
  p->taken += p->sweep.taps;
  p->sweep.taps = 0;
  do {
    if (++p->px == s->stride) p->px = 0, p->py++;
    if (p->py == s->stride) return false;
    p->y = line_of(s->h, s->kh, s->stride, s->pad, p->py);
    p->x = line_of(s->w, s->kw, s->stride, s->pad, p->px);
  } while (p->y.count == 0 || p->x.count == 0);
  p->sweep = (Sweep){.rows = s->c,
                     .taps = s->k * p->y.taps * p->x.taps,
                     .a = j->weights + p->taken * s->c,
                     .tap = j->tap + p->taken,
                     .lines = p->y.count,
                     .columns = p->x.count,
                     .pitch = j->r.pitch,
                     .out_row = s->h * s->w,
                     .out_y = s->stride * s->w,
                     .out_x = s->stride};
  return true;
}

static void pack_phase(const Job *j, const Phase *p, const Real *w) {
  const ConvShape *s = &j->s;
  Real *to = j->weights + p->taken * s->c;
  int32_t *tap = j->tap + p->taken;
  int tall = tile_size(s->c, (p->y.count - 1) * j->r.pitch + p->x.count).rows;
  int64_t size = s->kh * s->kw, n = 0;
  for (int64_t k = 0; k < s->k; k++, w += s->c * size)
    for (int64_t a = 0; a < p->y.taps; a++)
      for (int64_t b = 0; b < p->x.taps; b++, n++) {
        const Real *from = w + (p->py + a * s->stride) * s->kw + p->px + b * s->stride;
        int64_t line = k * j->r.rows + p->y.first - a + above(s);
        tap[n] = (int32_t)(line * j->r.pitch + p->x.first - b + left(s));
        for (int64_t c = 0; c < s->c; c++) {
          int64_t row = c / tall * tall, mr = min_of(s->c - row, tall);
          to[row * p->sweep.taps + n * mr + c - row] = from[c * size];
        }
      }
}

void KNAME(k_conv_dx)(const KCall *c);
void KNAME(k_conv_dx)(const KCall *c) {
  Job j;
  if (KNAME(conv_by_lanes)(c) || !start(&j, c)) return;
  const ConvShape *s = &j.s;
  int64_t rows = in_rows_of(c->op, 0, c->rows), plane = j.r.rows * j.r.pitch;
  for (Phase p = {.px = -1}; next_phase(&j, &p);) pack_phase(&j, &p, c->in[1]);
  const Real *from = c->in[0];
  Real *out = c->out;
  Finish f = finish_of(c);
  for (; rows > 0; rows--, out += s->c * s->h * s->w) {
    for (int64_t k = 0; k < s->k; k++, from += s->oh * s->ow)
      fill_plane(j.planes + k * plane, j.r.rows, j.r.pitch, from, s->oh, s->ow, 1, -above(s), -left(s));
    for (Phase p = {.px = -1}; next_phase(&j, &p);) {
      int64_t at = p.y.pixel * s->w + p.x.pixel;
      const Real *y = results_of_leaky(&f);
      p.sweep.finish = f;
      sweep(&p.sweep, j.planes, out + at, y ? y + at : NULL, j.block);
    }
    finish_next(&f, s->c * s->h * s->w);
  }
}

/* ---- derivative by kernels ---- */

#if defined(QGN_ISA_avx512)
#define DW_ROWS 4
#define DW_TAPS 6
#else
#define DW_ROWS 3
#define DW_TAPS 4
#endif

/* Sums over the places of `images` images: rows of cotangents by taps of planes. */
typedef struct Weights {
  const Real *lines, *planes;
  int64_t line, reals, all_lines; /* Reals of one line, of one image's planes and lines */
  int64_t images;
} Weights;

KINLINE void dw_tile(const Weights *w, const int32_t *tap, Real sums[DW_ROWS][DW_TAPS], int rows) {
  RVec sum[DW_ROWS][DW_TAPS];
  const Real *x[DW_TAPS];
#define EACH_WEIGHT                                                                                          \
  _Pragma("GCC unroll 8") for (int i = 0; i < rows; i++)                                                     \
      _Pragma("GCC unroll 8") for (int t = 0; t < DW_TAPS; t++)
  EACH_WEIGHT sum[i][t] = (RVec){0};
  for (int64_t image = 0; image < w->images; image++) {
    const Real *g = w->lines + image * w->all_lines, *planes = w->planes + image * w->reals;
    _Pragma("GCC unroll 8") for (int t = 0; t < DW_TAPS; t++) x[t] = planes + tap[t];
    for (int64_t q = 0; q < w->line; q += VL) {
      RVec gv[DW_ROWS];
      _Pragma("GCC unroll 8") for (int i = 0; i < rows; i++) gv[i] = load(g + i * w->line + q);
      _Pragma("GCC unroll 8") for (int t = 0; t < DW_TAPS; t++) {
        RVec xv = load(x[t] + q);
        _Pragma("GCC unroll 8") for (int i = 0; i < rows; i++) sum[i][t] += gv[i] * xv;
      }
    }
  }
  EACH_WEIGHT sums[i][t] = sum_lanes(sum[i][t]);
}

static __attribute__((noinline)) void dw_tile_one(const Weights *w, const int32_t *tap,
                                                  Real sums[DW_ROWS][DW_TAPS]) {
  dw_tile(w, tap, sums, 1);
}

static __attribute__((noinline)) void dw_tile_all(const Weights *w, const int32_t *tap,
                                                  Real sums[DW_ROWS][DW_TAPS]) {
  dw_tile(w, tap, sums, DW_ROWS);
}

/* Adds the sums of the images at hand to out, [k][taps]. */
static void add_weights(const Job *j, int64_t images, Real *out) {
  int64_t taps = j->s.c * j->s.kh * j->s.kw, k = j->s.k;
  Weights w = {j->lines, j->planes, j->r.line, j->r.reals, k * j->r.line, images};
  for (int64_t t = 0; t < taps; t += DW_TAPS) {
    int32_t tap[DW_TAPS];
    int nt = (int)min_of(taps - t, DW_TAPS);
    for (int i = 0; i < DW_TAPS; i++) tap[i] = j->tap[t + (i < nt ? i : 0)];
    for (int64_t row = 0; row < k;) {
      int rows = k - row >= DW_ROWS ? DW_ROWS : 1;
      Real sums[DW_ROWS][DW_TAPS];
      w.lines = j->lines + row * j->r.line;
      if (rows == 1) dw_tile_one(&w, tap, sums);
      else dw_tile_all(&w, tap, sums);
      for (int i = 0; i < rows; i++)
        for (int n = 0; n < nt; n++) out[(row + i) * taps + t + n] += sums[i][n];
      row += rows;
    }
  }
}

/* Each channel's cotangents on the places of a plane, zeros elsewhere. */
static void cut_lines(Real *to, const Real *from, const ConvShape *s, const ConvRoom *r) {
  for (int64_t k = 0; k < s->k; k++, to += r->line) {
    for (int64_t y = 0; y < s->oh; y++, from += s->ow) {
      copy_run(to + y * r->pitch, from, s->ow);
      zero_run(to + y * r->pitch + s->ow, r->pitch - s->ow);
    }
    zero_run(to + s->oh * r->pitch, r->line - s->oh * r->pitch);
  }
}

void KNAME(k_conv_dw)(const KCall *c);
void KNAME(k_conv_dw)(const KCall *c) {
  Job j;
  if (KNAME(conv_by_lanes)(c) || !start(&j, c)) return;
  const ConvShape *s = &j.s;
  int64_t rows = in_rows_of(c->op, 0, c->rows);
  const Real *image = c->in[0], *from = c->in[1];
  zero_run(c->out, s->k * s->c * s->kh * s->kw);
  image_taps(j.tap, s, &j.r);
  while (rows > 0) {
    int64_t n = min_of(rows, j.r.images);
    zero_run(j.planes + n * j.r.reals, CONV_SLACK / (int64_t)sizeof(Real));
    for (int64_t i = 0; i < n; i++, image += s->c * s->h * s->w, from += s->k * s->oh * s->ow) {
      cut_image(j.planes + i * j.r.reals, image, s, &j.r);
      cut_lines(j.lines + i * s->k * j.r.line, from, s, &j.r);
    }
    add_weights(&j, n, c->out);
    rows -= n;
  }
}
