/* A figure is three files: NAME.csv holds what is drawn, NAME.gp says how, and gnuplot makes
 * NAME.svg and NAME.png of the two. The first two are there on every machine.
 *
 * In the CSV file each layer has columns of its own, side by side: x, y and, for a thinned
 * series, the least and largest value of what one point stands for. A series of thousands of
 * noisy values is thinned to means of equal pieces with their range as a band, which shows more
 * than a thick line and keeps the report small. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/record/record_int.h"

#define MOST_LAYERS 12
#define MOST_POINTS 400 /* of a series that is drawn as it is */
#define PIECES 200      /* of a longer one */
#define DEFAULT_BINS 50
#define SVG_LIMIT ((size_t)8 << 20)

/* Okabe and Ito's colours, told apart by colour-blind readers; the first two are far apart in grey too. */
static const char *const palette[] = {"#0072B2", "#E69F00", "#009E73", "#D55E00", "#CC79A7", "#56B4E9"};
#define N_COLORS (sizeof palette / sizeof *palette)

typedef struct Layer {
  const Figure *figure;
  const char *label;
  int64_t n;
  double *x, *y, *low, *high; /* low and high: NULL without a band */
  int64_t each;               /* values in one point */
  int column;                 /* of its x in the CSV file, from 1 */
} Layer;

typedef struct Plot {
  Record *r;
  const Run *run;
  const char *name, *title;
  int n;
  Layer layers[MOST_LAYERS];
  const char *x_label, *y_label;
  double bin_width;
  int histograms, bars;
  int64_t not_finite; /* values left out */
} Plot;

/* ---- data ------------------------------------------------------------------------------------ */

static void take_points(Plot *p, Layer *l, int64_t n) {
  l->n = n;
  l->x = ARENA_ARRAY(p->r->arena, double, n + 1);
  l->y = ARENA_ARRAY(p->r->arena, double, n + 1);
}

/* Mean and range of entries [from, to); false if none is finite. */
static bool piece(Plot *p, const Series *s, int64_t from, int64_t to, double out[3]) {
  int64_t n = 0;
  double sum = 0;
  for (int64_t j = from; j < to; j++) {
    double v = run_slot_get(p->run, s->slot, j);
    if (!isfinite(v)) {
      p->not_finite++;
      continue;
    }
    out[1] = n == 0 || v < out[1] ? v : out[1];
    out[2] = n == 0 || v > out[2] ? v : out[2];
    sum += v;
    n++;
  }
  if (n) out[0] = sum / (double)n;
  return n > 0;
}

static void series_layer(Plot *p, Layer *l, int series) {
  const Series *s = &run_program(p->run)->series.at[series];
  int64_t n = run_series_entries(p->run, series);
  if (shape_capacity(&s->entry) != 1) n = 0;
  l->each = n > MOST_POINTS ? (n + PIECES - 1) / PIECES : 1;
  take_points(p, l, (n + l->each - 1) / l->each);
  if (l->each > 1) {
    l->low = ARENA_ARRAY(p->r->arena, double, l->n + 1);
    l->high = ARENA_ARRAY(p->r->arena, double, l->n + 1);
  }
  int64_t at = 0;
  for (int64_t j = 0; j < n; j += l->each) {
    int64_t to = j + l->each < n ? j + l->each : n;
    double v[3];
    if (!piece(p, s, j, to, v)) continue;
    l->x[at] = 0.5 * ((double)series_at(s, j) + (double)series_at(s, to - 1));
    l->y[at] = v[0];
    if (l->low) l->low[at] = v[1], l->high[at] = v[2];
    at++;
  }
  l->n = at;
  p->x_label = s->per_epoch ? "epoch" : "iteration";
}

static void curve_layer(Plot *p, Layer *l) {
  int64_t n = run_slot_size(p->run, l->figure->y), m = run_slot_size(p->run, l->figure->x), at = 0;
  if (m < n) n = m;
  p->x_label = l->figure->x_name;
  if (p->n == 1) p->y_label = l->label;
  take_points(p, l, n);
  for (int64_t i = 0; i < n; i++) {
    l->x[at] = run_slot_get(p->run, l->figure->x, i);
    l->y[at] = run_slot_get(p->run, l->figure->y, i);
    if (isfinite(l->x[at]) && isfinite(l->y[at])) at++;
    else p->not_finite++;
  }
  l->n = at;
}

static void bars_layer(Plot *p, Layer *l) {
  take_points(p, l, run_slot_size(p->run, l->figure->x));
  for (int64_t i = 0; i < l->n; i++) {
    l->x[i] = (double)i;
    l->y[i] = run_slot_get(p->run, l->figure->x, i);
  }
  p->bars++;
}

/* All histograms of a plot share their bins, or they could not be compared. */
static void histogram_layers(Plot *p) {
  double least = INFINITY, most = -INFINITY;
  int64_t bins = 0;
  for (int k = 0; k < p->n; k++) {
    const Figure *f = p->layers[k].figure;
    if (f->kind != FIGURE_HISTOGRAM) continue;
    int64_t n = run_slot_size(p->run, f->x);
    if (f->bins > bins) bins = f->bins;
    for (int64_t i = 0; i < n; i++) {
      double v = run_slot_get(p->run, f->x, i);
      if (!isfinite(v)) continue;
      least = v < least ? v : least;
      most = v > most ? v : most;
    }
  }
  if (!(least <= most)) return;
  if (bins <= 0) bins = DEFAULT_BINS;
  if (bins > 1000) bins = 1000;
  double width = (most - least) / (double)bins;
  if (!(width > 0)) width = fabs(least) > 0 ? 0.01 * fabs(least) : 0.01, least -= 0.5 * width * (double)bins;
  p->bin_width = width;
  for (int k = 0; k < p->n; k++) {
    Layer *l = &p->layers[k];
    if (l->figure->kind != FIGURE_HISTOGRAM) continue;
    int64_t n = run_slot_size(p->run, l->figure->x), counted = 0;
    take_points(p, l, bins);
    for (int64_t i = 0; i < n; i++) {
      double v = run_slot_get(p->run, l->figure->x, i), bin = floor((v - least) / width);
      if (!isfinite(v)) {
        p->not_finite++;
        continue;
      }
      if (bin >= (double)bins) bin = (double)bins - 1;
      l->y[bin > 0 ? (int64_t)bin : 0] += 1;
      counted++;
    }
    for (int64_t i = 0; i < bins; i++) {
      l->x[i] = least + ((double)i + 0.5) * width;
      if (counted) l->y[i] /= (double)counted * width;
    }
  }
}

static void fill_layers(Plot *p) {
  for (int k = 0; k < p->n; k++) {
    Layer *l = &p->layers[k];
    switch (l->figure->kind) {
    case FIGURE_HISTOGRAM: p->histograms++; break;
    case FIGURE_SERIES: series_layer(p, l, run_program(p->run)->slots.at[l->figure->x].series); break;
    case FIGURE_CURVE:
    case FIGURE_SCATTER: curve_layer(p, l); break;
    case FIGURE_GRID: break; /* picture.c */
    case FIGURE_BARS: bars_layer(p, l); break;
    }
  }
  if (p->histograms) histogram_layers(p);
}

/* ---- files ----------------------------------------------------------------------------------- */

static void put_csv_text(Text *t, const char *s) {
  text_add(t, "\"");
  for (; *s; s++) {
    if (*s == '"') text_add(t, "\"");
    text_bytes(t, (unsigned char)*s < 0x20 ? " " : s, 1);
  }
  text_add(t, "\"");
}

static void put_cell(Text *t, const double *column, const Layer *l, int64_t i) {
  text_add(t, ",");
  if (i < l->n) text_number(t, column[i], false);
}

static void put_csv(Plot *p, Text *t) {
  int64_t rows = 0;
  int column = 1;
  for (int k = 0; k < p->n; k++) {
    Layer *l = &p->layers[k];
    const char *x = l->figure->kind == FIGURE_HISTOGRAM ? "middle of bin"
                    : l->figure->kind == FIGURE_BARS    ? "index"
                    : l->figure->kind == FIGURE_SERIES  ? p->x_label
                                                        : "x";
    l->column = column;
    column += l->low ? 4 : 2;
    rows = l->n > rows ? l->n : rows;
    if (k) text_add(t, ",");
    put_csv_text(t, x);
    text_add(t, ",");
    put_csv_text(t, l->label);
    if (!l->low) continue;
    text_add(t, ",");
    put_csv_text(t, arena_printf(p->r->arena, "least of %s", l->label));
    text_add(t, ",");
    put_csv_text(t, arena_printf(p->r->arena, "largest of %s", l->label));
  }
  text_add(t, "\n");
  for (int64_t i = 0; i < rows; i++) {
    Text row = text_new(p->r->arena);
    for (int k = 0; k < p->n; k++) {
      const Layer *l = &p->layers[k];
      put_cell(&row, l->x, l, i);
      put_cell(&row, l->y, l, i);
      if (l->low) put_cell(&row, l->low, l, i), put_cell(&row, l->high, l, i);
    }
    text_bytes(t, row.at + 1, row.n - 1);
    text_add(t, "\n");
  }
}

/* A text for gnuplot: in single quotes, doubled inside; nothing in it is read as a command. */
static void put_quoted(Text *t, const char *s) {
  text_add(t, "'");
  for (; *s; s++) {
    if (*s == '\'') text_add(t, "'");
    text_bytes(t, (unsigned char)*s < 0x20 || *s == 0x7f ? " " : s, 1);
  }
  text_add(t, "'");
}

static void put_clause(Plot *p, int k, bool *first, const char *using, const char *style, const char *label,
                       Text *t) {
  text_add(t, *first ? "plot " : ", \\\n     ");
  *first = false;
  put_quoted(t, arena_printf(p->r->arena, "%s.csv", p->name));
  text_printf(t, " skip 1 using %s with %s linecolor rgb '%s' ", using, style, palette[(size_t)k % N_COLORS]);
  if (!label) {
    text_add(t, "notitle");
    return;
  }
  text_add(t, "title ");
  put_quoted(t, label);
  text_add(t, " noenhanced");
}

static void put_layer(Plot *p, int k, bool *first, Text *t) {
  Arena *a = p->r->arena;
  const Layer *l = &p->layers[k];
  const char *xy = arena_printf(a, "%d:%d", l->column, l->column + 1);
  switch (l->figure->kind) {
  case FIGURE_HISTOGRAM:
    put_clause(p, k, first, xy, "boxes fillstyle transparent solid 0.35 noborder", l->label, t);
    put_clause(p, k, first, xy, "histeps linewidth 1.5", NULL, t);
    break;
  case FIGURE_SERIES:
    if (l->low)
      put_clause(p, k, first, arena_printf(a, "%d:%d:%d", l->column, l->column + 2, l->column + 3),
                 "filledcurves fillstyle transparent solid 0.22 noborder", NULL, t);
    put_clause(p, k, first, xy, "lines linewidth 1.8", l->label, t);
    break;
  case FIGURE_CURVE:
    put_clause(p, k, first, xy,
               l->n <= 40 ? "linespoints linewidth 1.8 pointtype 7 pointsize 0.5" : "lines linewidth 1.8",
               l->label, t);
    break;
  case FIGURE_SCATTER: put_clause(p, k, first, xy, "points pointtype 7 pointsize 0.45", l->label, t); break;
  case FIGURE_GRID: break;
  case FIGURE_BARS: {
    double width = 0.8 / (double)p->bars;
    Text using = text_new(a);
    text_printf(&using, "($%d+", l->column);
    text_number(&using, width * ((double)k - 0.5 * (double)(p->bars - 1)), false);
    text_printf(&using, "):%d", l->column + 1);
    put_clause(p, k, first, text_str(&using), "boxes fillstyle solid 0.85 noborder", l->label, t);
    break;
  }
  }
}

static void put_axes(Plot *p, Text *t) {
  text_add(t, "# gnuplot draws this in its folder: gnuplot ");
  text_printf(t, "%s.gp\nset encoding utf8\nset datafile separator ','\n", p->name);
  text_add(t, "set border 3 linecolor rgb '#888888'\nset tics nomirror textcolor rgb '#444444'\n"
              "set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.5\n"
              "set key outside above center horizontal noenhanced\n");
  if (p->title && *p->title) {
    text_add(t, "set title ");
    put_quoted(t, p->title);
    text_add(t, " noenhanced\n");
  }
  if (p->x_label) {
    text_add(t, "set xlabel ");
    put_quoted(t, p->x_label);
    text_add(t, " noenhanced\n");
  }
  if (p->y_label) {
    text_add(t, "set ylabel ");
    put_quoted(t, p->y_label);
    text_add(t, " noenhanced\n");
  }
  bool log_x = false, log_y = false;
  for (int k = 0; k < p->n; k++) log_x |= p->layers[k].figure->log_x, log_y |= p->layers[k].figure->log_y;
  if (log_x) text_add(t, "set logscale x\n");
  if (log_y) text_add(t, "set logscale y\n");
  if (p->bars && !p->histograms && p->layers[0].n <= 24) text_add(t, "set xtics 1\n");
  double width = p->histograms ? p->bin_width : p->bars ? 0.8 / (double)p->bars : 0;
  if (width > 0) {
    text_add(t, "set boxwidth ");
    text_number(t, width, false);
    text_add(t, log_y ? "\n" : "\nset yrange [0:*]\n");
  }
}

static void put_script(Plot *p, Text *t) {
  bool first = true;
  put_axes(p, t);
  text_add(t, "set terminal svg size 760,420 dynamic noenhanced font 'sans-serif,13'\nset output ");
  put_quoted(t, arena_printf(p->r->arena, "%s.svg", p->name));
  text_add(t, "\n");
  for (int k = 0; k < p->n; k++)
    if (p->layers[k].n > 0) put_layer(p, k, &first, t);
  text_add(
      t, "\nset terminal pngcairo size 1140,630 noenhanced font 'sans-serif,13' fontscale 1.1\nset output ");
  put_quoted(t, arena_printf(p->r->arena, "%s.png", p->name));
  text_add(t, "\nreplot\nset output\n");
}

static const char *layer_names(Plot *p) {
  Text t = text_new(p->r->arena);
  for (int k = 0; k < p->n; k++) {
    if (k) text_add(&t, ", ");
    text_html(&t, p->layers[k].label);
  }
  return text_str(&t);
}

/* The picture for the report: from `<svg` on, named after its layers; names that gnuplot gives
 * (browsers show them) are left out. NULL if it holds what a picture of ours never does. */
static const char *read_svg(Plot *p) {
  static const char open[] = "<title>", close[] = "</title>";
  Record *r = p->r;
  IoData data;
  IoError e;
  const char *path = record_path(r, arena_printf(r->arena, "figures/%s.svg", p->name));
  if (!io_read_file(r->arena, path, SVG_LIMIT, &data, &e)) return NULL;
  const char *s = strstr((const char *)data.bytes, "<svg");
  if (!s || !strstr(s, "</svg>") || strstr(s, "<script") || strstr(s, "<foreignObject")) return NULL;
  Text t = text_new(r->arena);
  for (const char *title; (title = strstr(s, open)) != NULL;) {
    const char *end = strstr(title, close), *name = title + strlen(open);
    if (!end) return NULL;
    text_bytes(&t, s, (size_t)(title - s));
    if (strncmp(name, "Gnuplot<", 8) == 0) text_printf(&t, "%s%s%s", open, layer_names(p), close);
    else if (strncmp(name, "gnuplot_", 8) != 0) text_bytes(&t, title, (size_t)(end - title) + strlen(close));
    s = end + strlen(close);
  }
  text_add(&t, s);
  return text_str(&t);
}

/* ---- entry ----------------------------------------------------------------------------------- */

static const char *caption(Plot *p) {
  int64_t each = 1;
  for (int k = 0; k < p->n; k++) each = p->layers[k].each > each ? p->layers[k].each : each;
  Text t = text_new(p->r->arena);
  if (each > 1) text_printf(&t, "Lines: means of %lld values; bands: their range. ", (long long)each);
  if (p->histograms) text_add(&t, "Areas are 1; all histograms share their bins. ");
  if (p->not_finite)
    text_printf(&t, "%lld values that are not finite were left out. ", (long long)p->not_finite);
  return text_str(&t);
}

static void draw(Plot *p, RecordFigure *out) {
  Record *r = p->r;
  if (!r->spec.gnuplot) {
    r->no_figures = "gnuplot is not installed; figures/ holds what it needs to draw them";
    return;
  }
  const char *why = gnuplot_run(r->arena, r->spec.gnuplot, record_path(r, "figures"),
                                arena_printf(r->arena, "%s.gp", p->name));
  if (why) r->no_figures = why;
  else out->svg = read_svg(p);
}

bool record_figure(Record *r, const Run *run, const char *name, const char *title, const Figure *figures,
                   int n, RecordFigure *out) {
  Plot p = {.r = r, .run = run, .name = name, .title = title, .n = n < MOST_LAYERS ? n : MOST_LAYERS};
  int64_t points = 0;
  IoError e;
  for (int k = 0; k < p.n; k++) {
    p.layers[k].figure = &figures[k];
    p.layers[k].label = figures[k].label ? figures[k].label : "";
    if (!p.title && figures[k].title) p.title = figures[k].title;
  }
  fill_layers(&p);
  for (int k = 0; k < p.n; k++) points += p.layers[k].n;
  if (points == 0) return false;
  if (p.histograms) p.x_label = "value", p.y_label = "density";
  *out = (RecordFigure){.name = name, .title = p.title ? p.title : "", .caption = caption(&p)};
  if (!io_make_folder(record_path(r, "figures"), &e)) {
    record_failed(r, "figures", &e);
    return true;
  }
  Text csv = text_new(r->arena), script = text_new(r->arena);
  put_csv(&p, &csv);
  put_script(&p, &script);
  bool ok = record_write_text(r, arena_printf(r->arena, "figures/%s.csv", name), &csv);
  ok = record_write_text(r, arena_printf(r->arena, "figures/%s.gp", name), &script) && ok;
  if (ok) draw(&p, out);
  return true;
}
