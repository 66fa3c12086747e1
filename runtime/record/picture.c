#include "runtime/record/picture.h"
#include <math.h>
#include <string.h>
#include <zlib.h>
#include "lang/draw/draw.h"
#include "runtime/record/figure.h"

#define GAP 1     /* pixels of an image between two, */
#define COLUMNS 8 /* and images in a row, of a file that a script saves */
#define WIDTH 560 /* a grid is enlarged to at least so many pixels, by a whole factor */
#define LANE 18   /* height of a line of text below images */
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
  int64_t n, channels, h, w, columns, gap;
  double low, high; /* drawn black and white */
} Grid;

static Grid grid_of(const Run *run, int slot, int64_t columns) {
  const Shape s = run_slot_shape(run, slot);
  const int64_t n = s.rank > 2 ? s.d[0].n : 1;
  return (Grid){.n = n,
                .channels = s.rank == 4 ? s.d[1].n : 1,
                .h = s.d[s.rank - 2].n,
                .w = s.d[s.rank - 1].n,
                .columns = columns < n ? columns : n,
                .gap = GAP};
}

static int64_t lines_of(const Grid *g) { return (g->n + g->columns - 1) / g->columns; }
static int64_t width_of(const Grid *g) { return g->columns * (g->w + g->gap) + g->gap; }
static int64_t height_of(const Grid *g, int64_t lines) { return lines * (g->h + g->gap) + g->gap; }

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

/* Pixels of image rows [from, to), each image enlarged `zoom` times, with a frame. */
static unsigned char *paint(Record *r, const Run *run, int slot, const Grid *g, int64_t from, int64_t to,
                            int64_t zoom) {
  const int64_t w = width_of(g), h = height_of(g, to - from);
  const size_t size = (size_t)(w * h * zoom * zoom * g->channels);
  unsigned char *pixels = arena_alloc(r->arena, size);
  memset(pixels, 128, size);
  for (int64_t i = from * g->columns; i < g->n && i < to * g->columns; i++)
    for (int64_t c = 0; c < g->channels; c++)
      for (int64_t y = 0; y < g->h * zoom; y++)
        for (int64_t x = 0; x < g->w * zoom; x++) {
          const int64_t py = ((i / g->columns - from) * (g->h + g->gap) + g->gap) * zoom + y,
                        px = (i % g->columns * (g->w + g->gap) + g->gap) * zoom + x;
          pixels[(py * w * zoom + px) * g->channels + c] =
              shade(g, run_slot_get(run, slot, ((i * g->channels + c) * g->h + y / zoom) * g->w + x / zoom));
        }
  return pixels;
}

/* The PNG of image rows [from, to); false: no memory. */
static bool paint_png(Record *r, const Run *run, int slot, const Grid *g, int64_t from, int64_t to,
                      int64_t zoom, unsigned char **file, size_t *size) {
  return png_write(r->arena, paint(r, run, slot, g, from, to, zoom), (int)(width_of(g) * zoom),
                   (int)(height_of(g, to - from) * zoom), (int)g->channels, file, size);
}

/* ---- with texts below -----------------------------------------------------------------------------------
 */

/* What stands below image i: its labels, numbers that are no labels with two or three digits. */
static const char *below(Record *r, const Run *run, const Figure *f, int64_t i) {
  Text t = text_new(r->arena);
  for (int k = 0; k < f->n_labels; k++) {
    const FigureLabels *l = &f->labels[k];
    const bool number = !l->text && run_slot_shape(run, l->slot).rank == 1 &&
                        run_program(run)->slots.at[l->slot].elem == ELEM_REAL;
    if (k) text_add(&t, "  ");
    if (number) text_printf(&t, "%.2f", run_slot_get(run, l->slot, i));
    else text_add(&t, record_label_at(r, run, l, i));
  }
  return text_str(&t);
}

/* Rows of images, each a picture of its own, with a line of text below it. */
static const char *annotated(Record *r, const Run *run, const Figure *f, const Grid *g, const char *title) {
  const int64_t lines = lines_of(g);
  size_t most = 1;
  for (int64_t i = 0; i < g->n; i++) {
    const size_t n = strlen(below(r, run, f, i));
    most = n > most ? n : most;
  }
  /* the least whole enlargement with room for the text */
  const int64_t room = 7 * (int64_t)most + 6, zoom_least = WIDTH / width_of(g);
  int64_t zoom = zoom_least > 0 ? zoom_least : 1;
  while ((g->w + GAP) * zoom < room) zoom++;
  const int64_t w = width_of(g) * zoom, strip = (g->h + 2 * GAP) * zoom, pitch = strip + LANE;
  Text t = text_new(r->arena);
  text_printf(
      &t,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %lld %lld\" style=\"max-width:%lldpx\" "
      "font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"11\">\n<title>",
      (long long)w, (long long)(lines * pitch), (long long)w);
  text_html(&t, title);
  text_add(&t, "</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#ffffff\"/>\n");
  for (int64_t y = 0; y < lines; y++) {
    unsigned char *file;
    size_t size;
    if (!paint_png(r, run, f->x, g, y, y + 1, 1, &file, &size)) return NULL;
    text_printf(
        &t,
        "<image x=\"0\" y=\"%lld\" width=\"%lld\" height=\"%lld\" style=\"image-rendering:pixelated\" "
        "href=\"data:image/png;base64,%s\"/>\n",
        (long long)(y * pitch), (long long)w, (long long)strip, base64(r->arena, file, size));
    for (int64_t i = y * g->columns; i < g->n && i < (y + 1) * g->columns; i++) {
      text_printf(&t, "<text x=\"%lld\" y=\"%lld\" text-anchor=\"middle\">",
                  (long long)((i % g->columns * (g->w + GAP) + GAP) * zoom + g->w * zoom / 2),
                  (long long)(y * pitch + strip + 12));
      text_html(&t, below(r, run, f, i));
      text_add(&t, "</text>\n");
    }
  }
  text_add(&t, "</svg>\n");
  return text_str(&t);
}

static void put_labels(Record *r, const Run *run, const Figure *f, const Grid *g, const char *name) {
  Text t = text_new(r->arena);
  text_add(&t, "\"image\"");
  for (int k = 0; k < f->n_labels; k++) text_add(&t, ",\"label\"");
  for (int64_t i = 0; i < g->n; i++) {
    text_printf(&t, "\n%lld", (long long)i);
    for (int k = 0; k < f->n_labels; k++) {
      text_add(&t, ",");
      plot_csv_text(&t, record_label_at(r, run, &f->labels[k], i));
    }
  }
  text_add(&t, "\n");
  record_write_text(r, arena_printf(r->arena, "figures/%s.csv", name), &t);
}

bool record_picture(Record *r, const Run *run, const char *name, const Figure *f, RecordFigure *out) {
  Grid g = grid_of(run, f->x, f->bins);
  if (g.n < 1 || g.columns < 1) return false;
  const int64_t lines = lines_of(&g), w = width_of(&g), h = height_of(&g, lines);
  const int64_t zoom = w < WIDTH ? WIDTH / w : 1;
  if (w * h > MOST_PIXELS / (zoom * zoom)) return false;
  unsigned char *file;
  size_t size;
  IoError e;
  find_range(run, f->x, &g);
  *out = (RecordFigure){.name = name, .title = f->title ? f->title : f->label};
  out->caption = arena_printf(r->arena, "%s: %lld images of %lld x %lld; black is %s, white is %s. ",
                              out->title, (long long)g.n, (long long)g.h, (long long)g.w,
                              text_short(r->arena, g.low), text_short(r->arena, g.high));
  if (!paint_png(r, run, f->x, &g, 0, lines, zoom, &file, &size)) return false;
  out->image = base64(r->arena, file, size);
  if (!io_make_folder(record_path(r, "figures"), &e)) {
    record_failed(r, "figures", &e);
    return true;
  }
  record_write(r, arena_printf(r->arena, "figures/%s.png", name), file, size);
  if (f->n_labels == 0) return true;
  out->svg = annotated(r, run, f, &g, out->title);
  if (!out->svg) return false;
  record_write(r, arena_printf(r->arena, "figures/%s.svg", name), out->svg, strlen(out->svg));
  put_labels(r, run, f, &g, name);
  return true;
}

bool record_png(Record *r, const Run *run, int slot, unsigned char **file, size_t *size) {
  Grid g = grid_of(run, slot, COLUMNS);
  if (g.n < 1) return false;
  if (g.n == 1) g.gap = 0;
  if (width_of(&g) * height_of(&g, lines_of(&g)) > MOST_PIXELS) return false;
  find_range(run, slot, &g);
  return paint_png(r, run, slot, &g, 0, lines_of(&g), 1, file, size);
}

/* ---- diagrams -------------------------------------------------------------------------------------------
 */

void record_diagram(Record *r, const char *name, const Figure *f, RecordFigure *out) {
  const Program *p = r->spec.program;
  IoError e;
  *out = (RecordFigure){.name = name, .title = f->label, .is_diagram = true};
  out->svg = f->x >= 0 ? draw_svg(r->arena, p, &p->circuits.at[f->x])
                       : draw_model_svg(r->arena, &p->objects.at[f->y]);
  out->caption = arena_printf(r->arena, "%s %s. ", f->x >= 0 ? "Circuit" : "Model", f->label);
  if (!io_make_folder(record_path(r, "figures"), &e)) record_failed(r, "figures", &e);
  else record_write(r, arena_printf(r->arena, "figures/%s.svg", name), out->svg, strlen(out->svg));
}
