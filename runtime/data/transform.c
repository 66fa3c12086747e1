#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif
#include "runtime/data/transform.h"
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/tensor/rng.h"

typedef double DrawVec __attribute__((vector_size(16)));
typedef int64_t DrawInt __attribute__((vector_size(16)));
#include "runtime/tensor/draw_core.h"

/* ---- lists of rows ----------------------------------------------------------------------------- */

static DataOrder order_new(Arena *a, int64_t n) { return (DataOrder){ARENA_ARRAY(a, uint32_t, n), 0}; }
static void add(DataOrder *o, uint32_t row) { o->at[o->n++] = row; }

/* The class of a row; everything is one class without `by`. */
static int class_of(const DataColumn *by, uint32_t row) { return by ? column_label(by)[row] : 0; }
static int class_count(const DataColumn *by) { return by ? by->n_classes : 1; }

static int64_t *count_classes(Arena *a, DataOrder o, const DataColumn *by) {
  int64_t *count = ARENA_ARRAY(a, int64_t, class_count(by));
  for (int64_t k = 0; k < o.n; k++) count[class_of(by, o.at[k])]++;
  return count;
}

DataOrder order_all(Arena *a, int64_t rows) {
  DataOrder out = order_new(a, rows);
  for (int64_t k = 0; k < rows; k++) add(&out, (uint32_t)k);
  return out;
}

DataOrder order_keep(Arena *a, DataOrder o, const uint8_t *keep) {
  DataOrder out = order_new(a, o.n);
  for (int64_t k = 0; k < o.n; k++)
    if (keep[o.at[k]]) add(&out, o.at[k]);
  return out;
}

DataOrder order_take(Arena *a, DataOrder o, int64_t n, const DataColumn *by) {
  DataOrder out = order_new(a, o.n);
  int64_t *taken = ARENA_ARRAY(a, int64_t, class_count(by));
  for (int64_t k = 0; k < o.n; k++)
    if (taken[class_of(by, o.at[k])]++ < n) add(&out, o.at[k]);
  return out;
}

DataOrder order_drop(Arena *a, DataOrder o, int64_t n, const DataColumn *by) {
  DataOrder out = order_new(a, o.n);
  int64_t *seen = ARENA_ARRAY(a, int64_t, class_count(by));
  for (int64_t k = 0; k < o.n; k++)
    if (seen[class_of(by, o.at[k])]++ >= n) add(&out, o.at[k]);
  return out;
}

/* Stable radix sort by the upper half. */
static void sort_by_word(uint64_t *keys, uint64_t *spare, int64_t n) {
  for (int shift = 32; shift < 64; shift += 8) {
    int64_t start[257] = {0};
    for (int64_t k = 0; k < n; k++) start[((keys[k] >> shift) & 255) + 1]++;
    for (int b = 0; b < 256; b++) start[b + 1] += start[b];
    for (int64_t k = 0; k < n; k++) spare[start[(keys[k] >> shift) & 255]++] = keys[k];
    uint64_t *swap = keys;
    keys = spare;
    spare = swap;
  }
}

DataOrder order_shuffle(Arena *a, DataOrder o, uint64_t key, uint32_t epoch) {
  DataOrder out = order_new(a, o.n);
  size_t n = (size_t)o.n;
  uint64_t *keys = mem_alloc(mem_mul(n, 2 * sizeof *keys));
  for (size_t k = 0; k < n; k++) {
    uint32_t word[4];
    rng_philox(key, 0, (uint32_t)k, epoch, 0, word);
    keys[k] = (uint64_t)word[0] << 32 | k;
  }
  sort_by_word(keys, keys + n, o.n);
  for (size_t k = 0; k < n; k++) add(&out, o.at[(uint32_t)keys[k]]);
  mem_free(keys);
  return out;
}

void order_split(Arena *a, DataOrder o, double share, const DataColumn *by, DataOrder *first,
                 DataOrder *rest) {
  int64_t *left = count_classes(a, o, by);
  for (int k = 0; k < class_count(by); k++) left[k] = (int64_t)floor(share * (double)left[k] + 0.5);
  *first = order_new(a, o.n);
  *rest = order_new(a, o.n);
  for (int64_t k = 0; k < o.n; k++) add(left[class_of(by, o.at[k])]-- > 0 ? first : rest, o.at[k]);
}

void order_fold(Arena *a, DataOrder o, int k, int of, const DataColumn *by, DataOrder *others,
                DataOrder *held) {
  int64_t *seen = ARENA_ARRAY(a, int64_t, class_count(by));
  *others = order_new(a, o.n);
  *held = order_new(a, o.n);
  for (int64_t i = 0; i < o.n; i++) add(seen[class_of(by, o.at[i])]++ % of == k ? held : others, o.at[i]);
}

DataOrder order_balance(Arena *a, DataOrder o, const DataColumn *by) {
  int64_t *count = count_classes(a, o, by), least = o.n;
  for (int k = 0; k < class_count(by); k++)
    if (count[k] > 0 && count[k] < least) least = count[k];
  return order_take(a, o, least, by);
}

DataOrder order_repeat(Arena *a, DataOrder o, const DataColumn *by, int64_t n) {
  const int classes = class_count(by);
  const int64_t *count = count_classes(a, o, by);
  int64_t *start = ARENA_ARRAY(a, int64_t, classes + 1), *at = ARENA_ARRAY(a, int64_t, classes + 1),
          there = 0;
  uint32_t *rows = ARENA_ARRAY(a, uint32_t, o.n + 1);
  for (int c = 0; c < classes; c++) start[c + 1] = start[c] + count[c], there += count[c] > 0;
  for (int c = 0; c < classes; c++) at[c] = start[c];
  for (int64_t k = 0; k < o.n; k++) rows[at[class_of(by, o.at[k])]++] = o.at[k];
  DataOrder out = order_new(a, n * there);
  for (int64_t k = 0; k < n; k++)
    for (int c = 0; c < classes; c++)
      if (count[c] > 0) add(&out, rows[start[c] + k % count[c]]);
  return out;
}

/* ---- values ------------------------------------------------------------------------------------- */

static bool is_numbers(DataError *e, const DataColumn *c, const char *what) {
  return c->elem != DATA_LABEL ||
         data_fail(e, DIAG_DATA_BROKEN, "`%s` holds labels, which %s", c->name, what);
}

static void range(const DataColumn *c, DataOrder o, double *least, double *most) {
  *least = INFINITY;
  *most = -INFINITY;
  for (int64_t k = 0; k < o.n; k++) {
    const double *row = column_real(c) + o.at[k] * c->row_size;
    for (size_t j = 0; j < c->row_size; j++) {
      if (row[j] < *least) *least = row[j];
      if (row[j] > *most) *most = row[j];
    }
  }
}

/* All elements of the column: v to v * factor + offset. */
static void affine(DataColumn *c, double factor, double offset) {
  size_t n = c->block.size / sizeof(double);
  for (size_t k = 0; k < n; k++) column_real(c)[k] = column_real(c)[k] * factor + offset;
}

bool column_scale(DataError *e, DataColumn *c, DataOrder o, double low, double high) {
  if (!is_numbers(e, c, "have no scale")) return false;
  if (c->elem == DATA_U8) {
    c->low = low;
    c->high = high;
    return true;
  }
  double least, most;
  range(c, o, &least, &most);
  if (!(least < most)) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` cannot be scaled: its values do not differ", c->name);
    return o.n > 0 ? data_found(e, "%g in every row", least) : false;
  }
  affine(c, (high - low) / (most - least), low - least * ((high - low) / (most - least)));
  return true;
}

/* Mean and standard deviation of bytes, from their counts: exact. */
static void byte_moments(const DataColumn *c, DataOrder o, double *mean, double *deviation) {
  uint64_t count[256] = {0};
  for (int64_t k = 0; k < o.n; k++)
    for (size_t j = 0; j < c->row_size; j++) count[column_u8(c)[o.at[k] * c->row_size + j]]++;
  double n = (double)o.n * (double)c->row_size, sum = 0, square = 0;
  for (int b = 0; b < 256; b++) sum += (double)count[b] * b;
  *mean = sum / n;
  for (int b = 0; b < 256; b++) square += (double)count[b] * ((b - *mean) * (b - *mean));
  *deviation = sqrt(square / n);
}

/* Elements first, first + step, ... of all rows. What is always the same is found by comparing: its deviation
 * from a rounded mean need not be 0. */
static void standardize_reals(DataColumn *c, DataOrder o, size_t first, size_t step) {
  double n = 0, sum = 0, square = 0, one = column_real(c)[o.at[0] * c->row_size + first];
  bool differ = false;
  for (int64_t k = 0; k < o.n; k++)
    for (size_t j = first; j < c->row_size; j += step, n++) {
      double v = column_real(c)[o.at[k] * c->row_size + j];
      differ = differ || v != one;
      sum += v;
    }
  double mean = differ ? sum / n : one;
  for (int64_t k = 0; k < o.n; k++)
    for (size_t j = first; j < c->row_size; j += step) {
      double d = column_real(c)[o.at[k] * c->row_size + j] - mean;
      square += d * d;
    }
  double deviation = differ ? sqrt(square / n) : 1;
  size_t all = c->block.size / sizeof(double);
  for (size_t k = 0; k < all; k += c->row_size)
    for (size_t j = first; j < c->row_size; j += step)
      column_real(c)[k + j] = (column_real(c)[k + j] - mean) / deviation;
}

bool column_standardize(DataError *e, DataColumn *c, DataOrder o) {
  if (!is_numbers(e, c, "have no mean")) return false;
  if (o.n == 0) return data_fail(e, DIAG_DATA_BROKEN, "`%s` has no rows to take a mean of", c->name);
  if (c->elem == DATA_U8) {
    double mean, deviation;
    byte_moments(c, o, &mean, &deviation);
    if (!(deviation > 0)) deviation = 1;
    c->low = (0 - mean) / deviation;
    c->high = (255 - mean) / deviation;
    return true;
  }
  if (c->rank > 1) standardize_reals(c, o, 0, 1);
  else
    for (size_t j = 0; j < c->row_size; j++) standardize_reals(c, o, j, c->row_size);
  return true;
}

static bool make_mark(DataError *e, int64_t rows, DataColumn *mark) {
  *mark = (DataColumn){.name = mark->name, .elem = DATA_LABEL, .row_size = 1, .n_classes = 2};
  mark->classes = ARENA_ARRAY(e->arena, const char *, 2);
  mark->classes[0] = "0";
  mark->classes[1] = "1";
  return data_block(e, mark->name, mem_mul((size_t)rows, sizeof(int32_t)), &mark->block);
}

bool column_invert(DataError *e, DataColumn *c, int64_t rows, double share, uint64_t key, DataColumn *mark) {
  if (!is_numbers(e, c, "cannot be inverted")) return false;
  if (mark && !make_mark(e, rows, mark)) return false;
  double least = 0, most = 0;
  if (c->elem == DATA_REAL) range(c, order_all(e->arena, rows), &least, &most);
  for (int64_t i = 0; i < rows; i++) {
    if (!(rng_uniform(key, (uint32_t)i, 0, 0, 0) < share)) continue;
    size_t first = (size_t)i * c->row_size;
    if (mark) column_label(mark)[i] = 1;
    for (size_t k = first; k < first + c->row_size; k++) {
      if (c->elem == DATA_U8) column_u8(c)[k] = (uint8_t)(255 - column_u8(c)[k]);
      else column_real(c)[k] = least + most - column_real(c)[k];
    }
  }
  return true;
}

/* ---- images ------------------------------------------------------------------------------------- */

/* One axis of a resize: output k is the sum of weight[k][j] times input first[k] + j, j < count[k]. */
typedef struct Axis {
  int64_t from, to;
  int most; /* of count */
  int64_t *first;
  int *count;
  double *weight;
} Axis;

static Axis axis_new(Arena *a, int64_t from, int64_t to) {
  Axis x = {.from = from, .to = to, .most = to < from ? (int)(from / to) + 2 : 2};
  x.first = ARENA_ARRAY(a, int64_t, to);
  x.count = ARENA_ARRAY(a, int, to);
  x.weight = ARENA_ARRAY(a, double, to *x.most);
  for (int64_t k = 0; k < to; k++) {
    double *w = x.weight + k * x.most;
    if (to < from) { /* output k covers k from .. (k + 1) from, in units of 1 / to of an input */
      int64_t begin = k * from, end = begin + from;
      x.first[k] = begin / to;
      for (int64_t at = x.first[k]; at * to < end; at++) {
        int64_t left = at * to > begin ? at * to : begin, right = (at + 1) * to < end ? (at + 1) * to : end;
        w[x.count[k]++] = (double)(right - left) / (double)from;
      }
    } else {
      double middle = ((double)k + 0.5) * (double)from / (double)to - 0.5;
      if (middle < 0) middle = 0;
      if (middle > (double)(from - 1)) middle = (double)(from - 1);
      x.first[k] = (int64_t)middle;
      double part = middle - (double)x.first[k];
      x.count[k] = part > 0 ? 2 : 1;
      w[0] = 1 - part;
      w[1] = part;
    }
  }
  return x;
}

/* One axis of an image that stands as outer x from x inner. */
static void resize_axis(const Axis *x, const double *in, int64_t outer, int64_t inner, double *out) {
  for (int64_t o = 0; o < outer; o++)
    for (int64_t k = 0; k < x->to; k++) {
      const double *row = in + (o * x->from + x->first[k]) * inner, *w = x->weight + k * x->most;
      double *to = out + (o * x->to + k) * inner;
      for (int64_t i = 0; i < inner; i++) to[i] = w[0] * row[i];
      for (int j = 1; j < x->count[k]; j++)
        for (int64_t i = 0; i < inner; i++) to[i] += w[j] * row[j * inner + i];
    }
}

static uint8_t grey(double v) { return (uint8_t)(v + 0.5); }

static bool check_resize(DataError *e, const DataColumn *c, int64_t h, int64_t w) {
  if (!is_numbers(e, c, "have no size")) return false;
  if (c->rank != 2 && c->rank != 3) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` holds no images", c->name);
    data_expected(e, "rows [h, w] or [h, w, channels]");
    return data_found(e, "rows with %d axes", c->rank);
  }
  if (h >= 1 && w >= 1 && h <= DATA_MAX_AXIS && w <= DATA_MAX_AXIS) return true;
  return data_fail(e, DIAG_DATA_BROKEN, "an image cannot have %lld x %lld pixels", (long long)h,
                   (long long)w);
}

bool column_resize(DataError *e, DataColumn *c, int64_t rows, int64_t h, int64_t w) {
  if (!check_resize(e, c, h, w)) return false;
  int64_t channels = c->rank == 3 ? c->dims[2] : 1;
  size_t size = mem_mul(mem_mul((size_t)h, (size_t)w), (size_t)channels);
  size_t between = mem_mul(mem_mul((size_t)h, (size_t)c->dims[1]), (size_t)channels);
  DataBlock made, work;
  size_t element = data_elem_bytes(c->elem);
  if (!data_block(e, c->name, mem_mul(mem_mul((size_t)rows, size), element), &made)) return false;
  if (!data_block(e, c->name, mem_mul(mem_add(mem_add(c->row_size, between), size), sizeof(double)), &work)) {
    data_block_free(&made);
    return false;
  }
  Arena *a = arena_new();
  Axis down = axis_new(a, c->dims[0], h), across = axis_new(a, c->dims[1], w);
  double *in = (double *)(void *)work.at, *half = in + c->row_size, *out = half + between;
  for (int64_t i = 0; i < rows; i++) {
    size_t from = (size_t)i * c->row_size, to = (size_t)i * size;
    for (size_t k = 0; k < c->row_size; k++)
      in[k] = c->elem == DATA_U8 ? column_u8(c)[from + k] : column_real(c)[from + k];
    resize_axis(&down, in, 1, c->dims[1] * channels, half);
    resize_axis(&across, half, h, channels, out);
    if (c->elem == DATA_U8)
      for (size_t k = 0; k < size; k++) made.at[to + k] = grey(out[k]);
    else memcpy(made.at + to * element, out, size * element);
  }
  arena_free(a);
  data_block_free(&work);
  data_block_free(&c->block);
  c->block = made;
  c->row_size = size;
  c->dims[0] = h;
  c->dims[1] = w;
  return true;
}

/* Where the pixel (0, 0) of the result comes from, and the steps for one pixel to the right and down. */
typedef struct Move {
  float x0, y0, xx, xy, yx, yy;
} Move;

static double sign_uniform(DrawInt word) { return 2 * draw_unit(word)[0] - 1; }

static Move random_move(const Augment *g, uint64_t key, uint32_t row, uint32_t epoch, int h, int w) {
  uint32_t word[4];
  rng_philox(key, 0, row, epoch, 0, word);
  double turn = g->turn * sign_uniform((DrawInt){word[0]});
  double dx = g->shift * sign_uniform((DrawInt){word[1]}), dy = g->shift * sign_uniform((DrawInt){word[2]});
  DrawVec cosine, sine;
  draw_turn((DrawVec){turn < 0 ? turn + 1 : turn}, &cosine, &sine);
  double c = cosine[0], s = sine[0], mirror = g->flip && word[3] & 1 ? -1 : 1;
  double mx = (w - 1) / 2.0, my = (h - 1) / 2.0;
  /* Backwards: from the middle, less the shift, turned back, mirrored. */
  double x = -mx - dx, y = -my - dy;
  Move m = {0};
  m.x0 = (float)(mx + mirror * (c * x + s * y));
  m.y0 = (float)(my + (c * y - s * x));
  m.xx = (float)(mirror * c);
  m.xy = (float)(mirror * s);
  m.yx = (float)-s;
  m.yy = (float)c;
  return m;
}

static float within(float v, float most) { return v < 0 ? 0 : v > most ? most : v; }

void augment_row(const Augment *g, uint64_t key, uint32_t row, uint32_t epoch, const uint8_t *in, int h,
                 int w, int channels, uint8_t *out) {
  Move m = random_move(g, key, row, epoch, h, w);
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      float fx = within(m.x0 + (m.xx * (float)x + m.xy * (float)y), (float)(w - 1));
      float fy = within(m.y0 + (m.yx * (float)x + m.yy * (float)y), (float)(h - 1));
      int ix = (int)fx, iy = (int)fy;
      float px = fx - (float)ix, py = fy - (float)iy;
      const uint8_t *p = in + ((ptrdiff_t)iy * w + ix) * channels;
      int right = ix < w - 1 ? channels : 0, below = iy < h - 1 ? w * channels : 0;
      for (int c = 0; c < channels; c++, p++) {
        float top = (float)p[0] + px * (float)(p[right] - p[0]);
        float bottom = (float)p[below] + px * (float)(p[below + right] - p[below]);
        *out++ = (uint8_t)(top + py * (bottom - top) + 0.5f);
      }
    }
}

/* ---- minibatches -------------------------------------------------------------------------------- */

static void byte_values(const DataColumn *c, double value[256]) {
  for (int b = 0; b < 256; b++) value[b] = c->low + b * ((c->high - c->low) / 255);
}

static void convert_bytes(const double value[256], const uint8_t *bytes, size_t n, int real_size, void *out) {
  if (real_size == 8) {
    double *to = out;
    for (size_t k = 0; k < n; k++) to[k] = value[bytes[k]];
    return;
  }
  float single[256], *to = out;
  for (int b = 0; b < 256; b++) single[b] = (float)value[b];
  for (size_t k = 0; k < n; k++) to[k] = single[bytes[k]];
}

void bytes_to_reals(const DataColumn *c, const uint8_t *bytes, size_t n, int real_size, void *out) {
  double value[256];
  byte_values(c, value);
  convert_bytes(value, bytes, n, real_size, out);
}

void column_gather(const DataColumn *c, const uint32_t *rows, int64_t n, int real_size, void *out) {
  double value[256];
  if (c->elem == DATA_U8) byte_values(c, value);
  for (int64_t i = 0; i < n; i++) {
    size_t from = rows[i] * c->row_size;
    char *to = (char *)out + (size_t)i * c->row_size * (size_t)real_size;
    if (c->elem == DATA_U8) {
      convert_bytes(value, column_u8(c) + from, c->row_size, real_size, to);
      continue;
    }
    for (size_t j = 0; j < c->row_size; j++) {
      double v = c->elem == DATA_REAL ? column_real(c)[from + j] : column_label(c)[from + j];
      if (real_size == 8) ((double *)(void *)to)[j] = v;
      else ((float *)(void *)to)[j] = (float)v;
    }
  }
}
