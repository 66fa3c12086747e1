#include "runtime/data/glyphs.h"
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/tensor/rng.h"

/* Part of every glyph's numbers: a change here, or in what is drawn, is a new edition. */
#define GLYPH_SITE "glyphs/edition 1"

/* ---- skeletons --------------------------------------------------------------------------------- */

/* Points in a box of 1 x 1, x to the right, y down. A stroke is a smooth curve through its points; corners
 * are where one stroke ends and the next begins. */
typedef struct Point {
  float x, y;
} Point;

#define STROKE_MAX 12
typedef struct Stroke {
  int n;
  bool joined; /* begins where the one before ended: that point is moved once */
  Point at[STROKE_MAX];
} Stroke;

#define STROKES_MAX 3
typedef struct Skeleton {
  int digit, n;
  Stroke stroke[STROKES_MAX];
} Skeleton;

static const Skeleton skeletons[] = {
    {0,
     1,
     {{9,
       false,
       {{.55f, .0f},
        {.3f, .07f},
        {.14f, .35f},
        {.16f, .72f},
        {.42f, 1},
        {.72f, .9f},
        {.86f, .58f},
        {.8f, .2f},
        {.52f, .01f}}}}},
    {0,
     1,
     {{10,
       false,
       {{.62f, .05f},
        {.38f, .03f},
        {.2f, .3f},
        {.17f, .68f},
        {.38f, .97f},
        {.66f, .95f},
        {.83f, .65f},
        {.82f, .28f},
        {.62f, .02f},
        {.42f, .1f}}}}},
    {1, 1, {{2, false, {{.52f, .0f}, {.48f, 1}}}}},
    {1, 1, {{3, false, {{.55f, .0f}, {.52f, .5f}, {.46f, 1}}}}},
    {1, 2, {{2, false, {{.3f, .24f}, {.55f, .0f}}}, {2, true, {{.55f, .0f}, {.53f, 1}}}}},
    {1,
     3,
     {{2, false, {{.32f, .2f}, {.54f, .0f}}},
      {2, true, {{.54f, .0f}, {.52f, 1}}},
      {2, false, {{.28f, 1}, {.78f, .99f}}}}},
    {2,
     2,
     {{7,
       false,
       {{.16f, .24f}, {.32f, .04f}, {.6f, .01f}, {.79f, .2f}, {.7f, .47f}, {.42f, .76f}, {.14f, .98f}}},
      {3, true, {{.14f, .98f}, {.5f, .97f}, {.9f, .99f}}}}},
    {2,
     1,
     {{11,
       false,
       {{.18f, .18f},
        {.4f, .01f},
        {.68f, .07f},
        {.74f, .32f},
        {.56f, .63f},
        {.3f, .93f},
        {.13f, .95f},
        {.14f, .81f},
        {.34f, .82f},
        {.6f, .96f},
        {.9f, .92f}}}}},
    {3,
     2,
     {{5, false, {{.18f, .12f}, {.46f, .0f}, {.75f, .13f}, {.7f, .37f}, {.4f, .47f}}},
      {5, true, {{.4f, .47f}, {.76f, .57f}, {.82f, .82f}, {.52f, 1}, {.14f, .9f}}}}},
    {3,
     2,
     {{3, false, {{.2f, .03f}, {.5f, .04f}, {.8f, .03f}}},
      {7,
       true,
       {{.8f, .03f}, {.6f, .24f}, {.46f, .4f}, {.74f, .5f}, {.82f, .76f}, {.55f, .98f}, {.16f, .93f}}}}},
    {4,
     3,
     {{3, false, {{.28f, .02f}, {.2f, .3f}, {.14f, .55f}}},
      {3, true, {{.14f, .55f}, {.5f, .56f}, {.88f, .52f}}},
      {3, false, {{.74f, .04f}, {.7f, .5f}, {.66f, 1}}}}},
    {4,
     3,
     {{2, false, {{.64f, .0f}, {.1f, .64f}}},
      {2, true, {{.1f, .64f}, {.92f, .63f}}},
      {2, false, {{.66f, .01f}, {.63f, 1}}}}},
    {5,
     3,
     {{2, false, {{.82f, .02f}, {.3f, .03f}}},
      {2, true, {{.3f, .03f}, {.23f, .44f}}},
      {6, true, {{.23f, .44f}, {.5f, .37f}, {.79f, .52f}, {.8f, .8f}, {.5f, 1}, {.14f, .9f}}}}},
    {5,
     2,
     {{7,
       false,
       {{.3f, .04f}, {.24f, .4f}, {.5f, .4f}, {.76f, .55f}, {.74f, .84f}, {.46f, .99f}, {.16f, .9f}}},
      {2, false, {{.3f, .04f}, {.84f, .0f}}}}},
    {6,
     1,
     {{9,
       false,
       {{.68f, .0f},
        {.4f, .18f},
        {.2f, .52f},
        {.2f, .84f},
        {.48f, 1},
        {.78f, .86f},
        {.76f, .62f},
        {.5f, .52f},
        {.23f, .7f}}}}},
    {6,
     1,
     {{9,
       false,
       {{.44f, .0f},
        {.28f, .3f},
        {.18f, .66f},
        {.3f, .95f},
        {.6f, .99f},
        {.8f, .79f},
        {.66f, .58f},
        {.4f, .6f},
        {.24f, .8f}}}}},
    {7,
     2,
     {{3, false, {{.12f, .05f}, {.5f, .04f}, {.86f, .03f}}},
      {3, true, {{.86f, .03f}, {.62f, .46f}, {.44f, 1}}}}},
    {7,
     3,
     {{3, false, {{.14f, .08f}, {.5f, .02f}, {.85f, .05f}}},
      {3, true, {{.85f, .05f}, {.6f, .5f}, {.4f, 1}}},
      {2, false, {{.32f, .52f}, {.8f, .5f}}}}},
    {8,
     1,
     {{11,
       false,
       {{.74f, .14f},
        {.5f, .0f},
        {.26f, .13f},
        {.32f, .36f},
        {.62f, .55f},
        {.79f, .78f},
        {.52f, 1},
        {.22f, .8f},
        {.36f, .57f},
        {.68f, .36f},
        {.73f, .12f}}}}},
    {8,
     2,
     {{7,
       false,
       {{.5f, .47f}, {.26f, .3f}, {.32f, .06f}, {.6f, .01f}, {.76f, .2f}, {.68f, .4f}, {.5f, .47f}}},
      {7, true, {{.5f, .47f}, {.76f, .62f}, {.8f, .86f}, {.5f, 1}, {.2f, .86f}, {.26f, .6f}, {.5f, .47f}}}}},
    {9,
     2,
     {{7,
       false,
       {{.78f, .16f}, {.52f, .0f}, {.24f, .13f}, {.2f, .38f}, {.44f, .51f}, {.72f, .4f}, {.78f, .16f}}},
      {3, true, {{.78f, .16f}, {.76f, .6f}, {.66f, 1}}}}},
    {9,
     2,
     {{7,
       false,
       {{.76f, .18f}, {.54f, .01f}, {.28f, .1f}, {.2f, .33f}, {.42f, .48f}, {.68f, .38f}, {.76f, .18f}}},
      {4, true, {{.76f, .18f}, {.8f, .6f}, {.62f, .94f}, {.26f, .97f}}}}},
};
#define N_SKELETONS ((int)(sizeof skeletons / sizeof *skeletons))

static int variants(int digit, int *first) {
  int n = 0;
  for (int k = N_SKELETONS - 1; k >= 0; k--)
    if (skeletons[k].digit == digit) {
      *first = k;
      n++;
    }
  return n;
}

/* ---- random numbers ------------------------------------------------------------------------------ */

/* Uniform numbers of one glyph, two from a word. */
typedef struct Stream {
  uint64_t key, i;
  uint32_t block, word[4];
  int at; /* half words used */
} Stream;

static float unit(Stream *s) {
  if (s->at == 8) {
    rng_philox(s->key, s->block++, (uint32_t)s->i, (uint32_t)(s->i >> 32), 0, s->word);
    s->at = 0;
  }
  uint32_t half = s->at & 1 ? s->word[s->at / 2] >> 16 : s->word[s->at / 2] & 0xFFFF;
  s->at++;
  return ((float)half + 0.5f) / 65536;
}

static float between(Stream *s, float low, float high) { return low + (high - low) * unit(s); }
/* From -w to w, most often near 0. */
static float around(Stream *s, float w) {
  float a = unit(s);
  return w * (a - unit(s));
}

/* ---- drawing ------------------------------------------------------------------------------------- */

/* From the box of the skeleton to pixels. */
typedef struct Frame {
  float xx, xy, yx, yy, x0, y0;
} Frame;

typedef struct Canvas {
  float distance[GLYPH_PIXELS]; /* squared, to the nearest stroke; only what is below reach^2 is exact */
  float reach;
} Canvas;

static Frame random_frame(Stream *s) {
  float width = between(s, 12.5f, 18.5f), height = between(s, 17.5f, 20.5f);
  float shear = 0.12f + around(s, 0.33f);
  float t = around(s, 0.11f); /* tan of half the angle: up to 12.5 degrees */
  float cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  float x = 13.5f + around(s, 2.2f), y = 13.5f + around(s, 2.2f);
  /* (x, y) of the box, from its middle: x' = width x - shear height y, then turned. */
  float a = width, b = -shear * height;
  return (Frame){cosine * a, cosine * b - sine * height, sine * a, sine * b + cosine * height, x, y};
}

static Point place(const Frame *f, Point p) {
  float x = p.x - 0.5f, y = p.y - 0.5f;
  return (Point){f->x0 + (f->xx * x + f->xy * y), f->y0 + (f->yx * x + f->yy * y)};
}

static int clamp(float v) { return v < 0 ? 0 : v > GLYPH_SIDE - 1 ? GLYPH_SIDE - 1 : (int)v; }

static void draw_line(Canvas *c, Point a, Point b) {
  float dx = b.x - a.x, dy = b.y - a.y, square = dx * dx + dy * dy;
  float scale = square > 1e-6f ? 1 / square : 0;
  int left = clamp((a.x < b.x ? a.x : b.x) - c->reach), right = clamp((a.x < b.x ? b.x : a.x) + c->reach + 1);
  int top = clamp((a.y < b.y ? a.y : b.y) - c->reach), bottom = clamp((a.y < b.y ? b.y : a.y) + c->reach + 1);
  for (int y = top; y <= bottom; y++) {
    float *row = c->distance + y * GLYPH_SIDE, py = (float)y - a.y;
    for (int x = left; x <= right; x++) {
      float px = (float)x - a.x, t = (px * dx + py * dy) * scale;
      t = t < 0 ? 0 : t;
      t = t > 1 ? 1 : t;
      float ex = px - t * dx, ey = py - t * dy, d = ex * ex + ey * ey;
      row[x] = d < row[x] ? d : row[x];
    }
  }
}

/* Catmull-Rom through the points; what lies beyond the ends is mirrored. */
static void draw_stroke(Canvas *c, const Point *p, int n) {
  if (n == 2) {
    draw_line(c, p[0], p[1]);
    return;
  }
  Point from = p[0];
  for (int k = 0; k + 1 < n; k++) {
    Point b = p[k], d = p[k + 1];
    Point a = k > 0 ? p[k - 1] : (Point){2 * b.x - d.x, 2 * b.y - d.y};
    Point e = k + 2 < n ? p[k + 2] : (Point){2 * d.x - b.x, 2 * d.y - b.y};
    for (int step = 1; step <= 4; step++) {
      float t = (float)step / 4, t2 = t * t, t3 = t2 * t;
      float wa = 0.5f * (2 * t2 - t - t3), wb = 0.5f * (2 - 5 * t2 + 3 * t3);
      float wd = 0.5f * (t + 4 * t2 - 3 * t3), we = 0.5f * (t3 - t2);
      Point to = {(wa * a.x + wb * b.x) + (wd * d.x + we * e.x),
                  (wa * a.y + wb * b.y) + (wd * d.y + we * e.y)};
      draw_line(c, from, to);
      from = to;
    }
  }
}

static void draw_skeleton(Canvas *c, Stream *s, const Skeleton *k, const Frame *f) {
  float jitter = between(s, 0.02f, 0.075f);
  Point end = {0, 0};
  for (int j = 0; j < k->n; j++) {
    const Stroke *stroke = &k->stroke[j];
    Point p[STROKE_MAX];
    for (int i = 0; i < stroke->n; i++) {
      Point q = {stroke->at[i].x + around(s, jitter), stroke->at[i].y + around(s, jitter)};
      p[i] = i == 0 && stroke->joined ? end : place(f, q);
    }
    end = p[stroke->n - 1];
    draw_stroke(c, p, stroke->n);
  }
}

uint64_t glyph_key(void) { return rng_key(0, GLYPH_SITE); }

int glyph_draw(uint64_t key, uint64_t i, uint8_t pixels[GLYPH_PIXELS]) {
  Stream s = {.key = key, .i = i, .at = 8};
  Canvas c;
  int digit = (int)(10 * unit(&s)), first = 0, n = variants(digit, &first);
  int variant = (int)((float)n * unit(&s));
  float pen = between(&s, 0.75f, 1.75f), ink = between(&s, 0.86f, 1);
  Frame f = random_frame(&s);
  c.reach = pen + 0.5f;
  for (int k = 0; k < GLYPH_PIXELS; k++) c.distance[k] = 100;
  draw_skeleton(&c, &s, &skeletons[first + variant], &f);
  for (int k = 0; k < GLYPH_PIXELS; k++) {
    float v = c.reach - sqrtf(c.distance[k]);
    v = v < 0 ? 0 : v;
    v = v > 1 ? 1 : v;
    pixels[k] = (uint8_t)(v * ink * 255 + 0.5f);
  }
  return digit;
}

bool glyphs_read(DataError *e, uint64_t first, int64_t n, DataTable *out) {
  *out = (DataTable){0};
  if (n < 1 || n > DATA_MAX_AXIS) {
    data_fail(e, DIAG_DATA_BROKEN, "there are no %lld glyphs", (long long)n);
    return data_expected(e, "1 to %s", data_count(e->arena, (uint64_t)DATA_MAX_AXIS));
  }
  DataColumn *c = ARENA_ARRAY(e->arena, DataColumn, 2);
  c[0] = (DataColumn){.name = "image", .elem = DATA_U8, .rank = 2, .dims = {GLYPH_SIDE, GLYPH_SIDE}};
  c[0].row_size = GLYPH_PIXELS;
  c[0].high = 255;
  c[1] = (DataColumn){.name = "label", .elem = DATA_LABEL, .row_size = 1, .n_classes = 10};
  c[1].classes = ARENA_ARRAY(e->arena, const char *, 10);
  for (int k = 0; k < 10; k++) c[1].classes[k] = arena_printf(e->arena, "%d", k);
  *out = (DataTable){.rows = n, .n = 2, .at = c};
  if (!data_block(e, "glyphs", mem_mul((size_t)n, GLYPH_PIXELS), &c[0].block) ||
      !data_block(e, "glyphs", mem_mul((size_t)n, sizeof(int32_t)), &c[1].block)) {
    table_free(out);
    return false;
  }
  uint64_t key = glyph_key();
  for (int64_t i = 0; i < n; i++)
    column_label(&c[1])[i] =
        glyph_draw(key, first + (uint64_t)i, column_u8(&c[0]) + (size_t)i * GLYPH_PIXELS);
  return true;
}
