#include "runtime/record/picture.h"
#include <math.h>
#include <string.h>
#include <zlib.h>

#define GAP 1     /* pixels of an image between two */
#define WIDTH 560 /* a grid is enlarged to at least so many pixels, by a whole factor */
#define MOST_PIXELS 16000000

/* ---- PNG (ISO 15948): a header, one block of deflated rows, an end ------------------------------------ */

static void put_32(unsigned char *at, uint32_t x) {
  for (int i = 0; i < 4; i++) at[i] = (unsigned char)(x >> (24 - 8 * i));
}

static unsigned char *put_chunk(unsigned char *at, const char *type, const unsigned char *data, size_t n) {
  put_32(at, (uint32_t)n);
  memcpy(at + 4, type, 4);
  if (n) memcpy(at + 8, data, n);
  put_32(at + 8 + n, (uint32_t)crc32(crc32(0, NULL, 0), at + 4, (uInt)(n + 4)));
  return at + 12 + n;
}

bool png_write(Arena *a, const unsigned char *pixels, int w, int h, int channels, unsigned char **out,
               size_t *size) {
  static const unsigned char magic[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  const size_t row = (size_t)w * (size_t)channels, raw_size = (row + 1) * (size_t)h;
  unsigned char *raw = arena_alloc(a, raw_size + 1), head[13] = {0};
  uLongf packed_size = compressBound((uLong)raw_size);
  unsigned char *packed = arena_alloc(a, packed_size + 1);
  for (int y = 0; y < h; y++) {
    raw[(size_t)y * (row + 1)] = 0; /* no filter */
    memcpy(raw + (size_t)y * (row + 1) + 1, pixels + (size_t)y * row, row);
  }
  if (compress2(packed, &packed_size, raw, (uLong)raw_size, 9) != Z_OK) return false;
  put_32(head, (uint32_t)w), put_32(head + 4, (uint32_t)h);
  head[8] = 8, head[9] = channels == 3 ? 2 : 0;
  *out = arena_alloc(a, 8 + 25 + 12 + packed_size + 12);
  memcpy(*out, magic, 8);
  unsigned char *at = put_chunk(*out + 8, "IHDR", head, 13);
  at = put_chunk(at, "IDAT", packed, packed_size);
  at = put_chunk(at, "IEND", NULL, 0);
  *size = (size_t)(at - *out);
  return true;
}

static const char *base64(Arena *a, const unsigned char *s, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  char *out = arena_alloc(a, (n + 2) / 3 * 4 + 1), *at = out;
  for (size_t i = 0; i < n; i += 3) {
    const size_t left = n - i;
    const uint32_t x =
        (uint32_t)s[i] << 16 | (left > 1 ? (uint32_t)s[i + 1] << 8 : 0) | (left > 2 ? s[i + 2] : 0);
    *at++ = digits[x >> 18];
    *at++ = digits[x >> 12 & 63];
    *at++ = left > 1 ? digits[x >> 6 & 63] : '=';
    *at++ = left > 2 ? digits[x & 63] : '=';
  }
  *at = '\0';
  return out;
}

/* ---- grids -------------------------------------------------------------------------------------------- */

typedef struct Grid {
  int64_t n, channels, h, w, columns;
  double low, high; /* drawn black and white */
} Grid;

/* 0..1 and -1..1 keep their ends, so that grids of one kind compare. */
static void find_range(const Run *run, int slot, Grid *g) {
  double least = INFINITY, most = -INFINITY;
  for (int64_t i = 0; i < run_slot_size(run, slot); i++) {
    const double x = run_slot_get(run, slot, i);
    if (!isfinite(x)) continue;
    least = x < least ? x : least;
    most = x > most ? x : most;
  }
  g->low = least >= 0 && most <= 1 ? 0 : least >= -1 && most <= 1 ? -1 : least;
  g->high = least >= -1 && most <= 1 ? 1 : most;
}

static unsigned char shade(const Grid *g, double x) {
  const double part = g->high > g->low ? (x - g->low) / (g->high - g->low) : 0;
  return (unsigned char)(part >= 1 ? 255 : part > 0 ? lround(255 * part) : 0);
}

bool record_picture(Record *r, const Run *run, const char *name, const Figure *f, RecordFigure *out) {
  const Shape s = run_slot_shape(run, f->x);
  Grid g = {
      .n = s.d[0].n, .channels = s.rank == 4 ? s.d[1].n : 1, .h = s.d[s.rank - 2].n, .w = s.d[s.rank - 1].n};
  g.columns = f->bins < g.n ? f->bins : g.n;
  if (g.n < 1 || g.columns < 1) return false;
  const int64_t lines = (g.n + g.columns - 1) / g.columns, w = g.columns * (g.w + GAP) + GAP,
                h = lines * (g.h + GAP) + GAP;
  const int64_t zoom = w < WIDTH ? WIDTH / w : 1;
  if (w * h > MOST_PIXELS / (zoom * zoom)) return false;
  unsigned char *pixels = arena_alloc(r->arena, (size_t)(w * h * zoom * zoom * g.channels)), *file;
  size_t size;
  IoError e;
  find_range(run, f->x, &g);
  memset(pixels, 128, (size_t)(w * h * zoom * zoom * g.channels));
  for (int64_t i = 0; i < g.n; i++)
    for (int64_t c = 0; c < g.channels; c++)
      for (int64_t y = 0; y < g.h * zoom; y++)
        for (int64_t x = 0; x < g.w * zoom; x++) {
          const int64_t py = (i / g.columns * (g.h + GAP) + GAP) * zoom + y,
                        px = (i % g.columns * (g.w + GAP) + GAP) * zoom + x;
          pixels[(py * w * zoom + px) * g.channels + c] =
              shade(&g, run_slot_get(run, f->x, ((i * g.channels + c) * g.h + y / zoom) * g.w + x / zoom));
        }
  *out = (RecordFigure){.name = name, .title = f->title ? f->title : f->label};
  out->caption = arena_printf(r->arena, "%s: %lld images of %lld x %lld; black is %s, white is %s. ",
                              f->label, (long long)g.n, (long long)g.h, (long long)g.w,
                              text_short(r->arena, g.low), text_short(r->arena, g.high));
  if (!png_write(r->arena, pixels, (int)(w * zoom), (int)(h * zoom), (int)g.channels, &file, &size))
    return false;
  out->image = base64(r->arena, file, size);
  if (!io_make_folder(record_path(r, "figures"), &e)) record_failed(r, "figures", &e);
  else record_write(r, arena_printf(r->arena, "figures/%s.png", name), file, size);
  return true;
}
