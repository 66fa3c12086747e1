/* A figure is three files: NAME.csv holds what is drawn, NAME.gp says how, and gnuplot makes
 * NAME.svg and NAME.png of the two. The first two are there on every machine. Here: from slots to layers.
 *
 * A series of thousands of noisy values is thinned to means of equal pieces with their range as a band, which
 * shows more than a thick line and keeps the report small. Repeated values, seeds of a sweep, become a line
 * with a band. */
#include "runtime/record/figure.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/record/statistics.h"

#define MOST_POINTS 400   /* of a series that is drawn as it is */
#define PIECES 200        /* of a longer one */
#define MOST_SCATTER 4000 /* points of one set */
#define MOST_CLASSES 16
#define DEFAULT_BINS 50
#define SVG_LIMIT ((size_t)8 << 20)

/* ---- data ------------------------------------------------------------------------------------ */

void plot_points(Plot *p, Layer *l, int64_t n) {
  l->n = n;
  l->x = ARENA_ARRAY(p->r->arena, double, n + 1);
  l->y = ARENA_ARRAY(p->r->arena, double, n + 1);
}

void plot_band(Plot *p, Layer *l, int64_t n) {
  l->low = ARENA_ARRAY(p->r->arena, double, n + 1);
  l->high = ARENA_ARRAY(p->r->arena, double, n + 1);
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
  plot_points(p, l, (n + l->each - 1) / l->each);
  if (l->each > 1) plot_band(p, l, l->n);
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

/* n and where value `i` of repetition `k` stands in the slot. */
typedef struct Repeats {
  int slot;
  int64_t n, repeats, first, of_value, of_repeat;
} Repeats;

/* `flat`: so many values are no repetitions, whatever their shape. */
static Repeats repeats_of(const Plot *p, const Figure *f, int slot, int64_t flat) {
  const Shape s = run_slot_shape(p->run, slot);
  const int64_t size = run_slot_size(p->run, slot), last = s.rank > 0 ? s.d[s.rank - 1].n : 1;
  if (f->line >= 0) {
    const int64_t repeats = s.rank == 3 ? s.d[1].n : 1;
    return (Repeats){slot, last, repeats, f->line * repeats * last, 1, last};
  }
  const bool columns = size != flat && s.rank == 2 && last > 1 && s.d[0].n > 1;
  return (Repeats){slot, columns ? s.d[0].n : size, columns ? last : 1, 0, columns ? last : 1, 1};
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double quantile(const double *sorted, int64_t n, double q) {
  const double at = q * (double)(n - 1), whole = floor(at);
  const int64_t i = (int64_t)whole;
  return i + 1 < n ? sorted[i] + (at - whole) * (sorted[i + 1] - sorted[i]) : sorted[n - 1];
}

/* Middle, lower and upper end of the finite ones of n values, which are sorted; false if there is none. */
static bool band_of(FigureBand band, double *x, int64_t n, double out[3]) {
  if (n < 1) return false;
  const MeanInterval m = mean_interval(x, n);
  qsort(x, (size_t)n, sizeof *x, by_size);
  double half = n > 1 ? m.half : 0, squares = 0;
  if (band == BAND_STD) {
    for (int64_t i = 0; i < n; i++) squares += (x[i] - m.mean) * (x[i] - m.mean);
    half = n > 1 ? sqrt(squares / (double)(n - 1)) : 0;
  }
  const bool ranks = band == BAND_QUARTILES || band == BAND_RANGE;
  const double q = band == BAND_RANGE ? 0 : 0.25;
  out[0] = ranks ? quantile(x, n, 0.5) : m.mean;
  out[1] = ranks ? quantile(x, n, q) : m.mean - half;
  out[2] = ranks ? quantile(x, n, 1 - q) : m.mean + half;
  return true;
}

/* The values of one point, taken together; false if none is finite. */
static bool repeated(Plot *p, const Figure *f, const Repeats *y, int64_t i, double *room, double out[3]) {
  int64_t n = 0;
  for (int64_t k = 0; k < y->repeats; k++) {
    room[n] = run_slot_get(p->run, y->slot, y->first + i * y->of_value + k * y->of_repeat);
    if (isfinite(room[n])) n++;
    else p->not_finite++;
  }
  return band_of(f->band, room, n, out);
}

static void curve_layer(Plot *p, Layer *l) {
  const int64_t m = run_slot_size(p->run, l->figure->x);
  const Repeats y = repeats_of(p, l->figure, l->figure->y, m);
  double *room = ARENA_ARRAY(p->r->arena, double, y.repeats + 1), v[3];
  int64_t at = 0;
  plot_points(p, l, y.n);
  l->repeats = y.repeats;
  if (y.repeats > 1) plot_band(p, l, y.n);
  for (int64_t i = 0; i < y.n && i < m; i++) {
    l->x[at] = run_slot_get(p->run, l->figure->x, i);
    if (!repeated(p, l->figure, &y, i, room, v)) continue;
    l->y[at] = v[0];
    if (l->low) l->low[at] = v[1], l->high[at] = v[2];
    if (isfinite(l->x[at])) at++;
    else p->not_finite++;
  }
  l->n = at;
}

static void bars_layer(Plot *p, Layer *l) {
  const Repeats y = repeats_of(p, l->figure, l->figure->x, -1);
  double *room = ARENA_ARRAY(p->r->arena, double, y.repeats + 1), v[3];
  int64_t at = 0;
  plot_points(p, l, y.n);
  l->repeats = y.repeats;
  if (y.repeats > 1) plot_band(p, l, y.n);
  for (int64_t i = 0; i < y.n; i++) {
    if (!repeated(p, l->figure, &y, i, room, v)) continue;
    l->x[at] = (double)i;
    l->y[at] = v[0];
    if (l->low) l->low[at] = v[1], l->high[at] = v[2];
    at++;
  }
  l->n = at;
  p->bars++;
}

/* Points of class `class` (-1: of all) among every `each`-th. */
static void scatter_points(Plot *p, Layer *l, int class) {
  const Figure *f = l->figure;
  const bool pairs = f->y < 0;
  const int64_t size = run_slot_size(p->run, f->x), n = pairs ? size / 2 : size;
  int64_t at = 0;
  l->each = n > MOST_SCATTER ? (n + MOST_SCATTER - 1) / MOST_SCATTER : 1;
  plot_points(p, l, n / l->each + 1);
  for (int64_t i = 0; i < n; i += l->each) {
    if (class >= 0 && (int)run_slot_get(p->run, f->by, i) != class) continue;
    l->x[at] = run_slot_get(p->run, f->x, pairs ? 2 * i : i);
    l->y[at] = pairs ? run_slot_get(p->run, f->x, 2 * i + 1) : run_slot_get(p->run, f->y, i);
    if (isfinite(l->x[at]) && isfinite(l->y[at])) at++;
    else p->not_finite++;
  }
  l->n = at;
}

/* A layer for each class that occurs; classes beyond the first ones share the last. */
static void scatter_layers(Plot *p, const Figure *f, const char *label) {
  int most = -1;
  const bool alone = p->scatters++ == 0;
  if (f->by >= 0)
    for (int64_t i = 0; i < run_slot_size(p->run, f->by); i++) {
      const double v = run_slot_get(p->run, f->by, i);
      if (v > most && v < MOST_CLASSES) most = (int)v;
    }
  for (int class = f->by >= 0 ? 0 : -1; class <= most && p->n < MOST_LAYERS; class ++) {
    Layer *l = &p->layers[p->n];
    *l = (Layer){.figure = f, .label = label, .color = class >= 0 ? class : p->n};
    scatter_points(p, l, class);
    const char *name = class >= 0 ? record_label(p->r, p->run, f->by, (double)class) : NULL;
    if (name) l->label = alone ? name : arena_printf(p->r->arena, "%s %s", label, name);
    if (l->n > 0) p->n++;
  }
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
    plot_points(p, l, bins);
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

static void fill_layer(Plot *p, Layer *l) {
  switch (l->figure->kind) {
  case FIGURE_HISTOGRAM: p->histograms++; break;
  case FIGURE_SERIES: series_layer(p, l, run_program(p->run)->slots.at[l->figure->x].series); break;
  case FIGURE_CURVE: curve_layer(p, l); break;
  case FIGURE_BARS: bars_layer(p, l); break;
  case FIGURE_SCATTER:
  case FIGURE_HEAT:
  case FIGURE_BOUNDARY:
  case FIGURE_GRID:
  case FIGURE_DIAGRAM: break;
  }
}

static void fill_layers(Plot *p, const Figure *figures, int n) {
  for (int k = 0; k < n && p->n < MOST_LAYERS; k++) {
    const char *label = figures[k].label ? figures[k].label : "";
    if (figures[k].kind == FIGURE_SCATTER) {
      scatter_layers(p, &figures[k], label);
      continue;
    }
    Layer *l = &p->layers[p->n];
    *l = (Layer){.figure = &figures[k], .label = label, .color = p->n};
    p->n++;
    fill_layer(p, l);
  }
  if (p->histograms) histogram_layers(p);
}

/* What the axes are called where the script does not say it. */
static void name_axes(Plot *p, const Figure *figures, int n) {
  const Figure *f = &figures[0];
  const char *x = NULL, *y = NULL;
  for (int k = n - 1; k >= 0; k--) {
    if (figures[k].x_name) x = figures[k].x_name;
    if (figures[k].y_name) y = figures[k].y_name;
  }
  const bool pairs = f->kind == FIGURE_SCATTER && f->y < 0;
  const char *of = n == 1 ? f->label : "x";
  if (!x && p->histograms) x = n == 1 ? f->label : "value";
  if (!x && p->bars) x = f->n_labels ? "label" : "index";
  if (!x && pairs) x = arena_printf(p->r->arena, "%s[:, 0]", of);
  if (!y && p->histograms) y = "density";
  if (!y && pairs) y = arena_printf(p->r->arena, "%s[:, 1]", of);
  if (!y) y = n == 1 ? f->label : "value";
  if (x) p->x_label = x;
  p->y_label = y;
}

/* ---- the picture for the report ----------------------------------------------------------------- */

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
  static const char *const middle[] = {"means", "means", "medians", "medians"},
                           *const around[] = {[BAND_INTERVAL] = "95 % interval of the mean",
                                              [BAND_STD] = "standard deviation",
                                              [BAND_QUARTILES] = "quartiles",
                                              [BAND_RANGE] = "range"};
  int64_t each = 1, every = 1;
  const Layer *repeated = NULL;
  for (int k = 0; k < p->n; k++) {
    const Layer *l = &p->layers[k];
    if (l->figure->kind == FIGURE_SCATTER) every = l->each > every ? l->each : every;
    else each = l->each > each ? l->each : each;
    if (l->repeats > 1) repeated = l;
  }
  Text t = text_new(p->r->arena);
  if (each > 1) text_printf(&t, "Lines: means of %lld values; bands: their range. ", (long long)each);
  if (every > 1) text_printf(&t, "Every %lldth point is shown. ", (long long)every);
  if (repeated)
    text_printf(&t, "%s: %s of %lld repetitions, with their %s. ", p->bars ? "Bars" : "Lines",
                middle[repeated->figure->band], (long long)repeated->repeats, around[repeated->figure->band]);
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

static bool put_file(Plot *p, const char *suffix, void (*put)(Plot *p, Text *t)) {
  Text t = text_new(p->r->arena);
  put(p, &t);
  return record_write_text(p->r, arena_printf(p->r->arena, "figures/%s%s", p->name, suffix), &t);
}

bool plot_finish(Plot *p, RecordFigure *out) {
  const Figure *f = p->layers[0].figure;
  Record *r = p->r;
  int64_t points = 0;
  IoError e;
  for (int k = 0; k < p->n; k++) points += p->layers[k].n;
  if (points == 0) return false;
  const bool map = p->map != NULL;
  *out = (RecordFigure){.name = p->name, .title = p->title ? p->title : "", .caption = caption(p)};
  if (!io_make_folder(record_path(r, "figures"), &e)) {
    record_failed(r, "figures", &e);
    return true;
  }
  bool ok = put_file(p, ".csv", map ? map_put_csv : plot_put_csv);
  if (map && f->of >= 0) ok = put_file(p, "-rows.csv", map_put_points) && ok;
  ok = put_file(p, ".gp", map ? map_put_script : plot_put_script) && ok;
  if (ok) draw(p, out);
  return true;
}

bool record_figure(Record *r, const Run *run, const char *name, const char *title, const Figure *figures,
                   int n, RecordFigure *out) {
  Plot *p = ARENA_NEW(r->arena, Plot);
  *p = (Plot){.r = r, .run = run, .name = name, .title = title};
  for (int k = 0; k < n; k++)
    if (!p->title && figures[k].title) p->title = figures[k].title;
  if (n < 1) return false;
  if (figures[0].kind == FIGURE_HEAT || figures[0].kind == FIGURE_BOUNDARY) {
    p->layers[0] = (Layer){.figure = &figures[0], .label = figures[0].label};
    p->n = 1;
    return map_fill(p) && plot_finish(p, out);
  }
  fill_layers(p, figures, n);
  name_axes(p, figures, n);
  return plot_finish(p, out);
}
