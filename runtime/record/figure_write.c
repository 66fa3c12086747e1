/* A plot written down: NAME.csv with the columns of each layer side by side (x, y and, with a band, its lower
 * and upper end), and NAME.gp. */
#include <math.h>
#include <string.h>
#include "runtime/record/figure.h"

static const char *const palette[] = {"#0072B2", "#E69F00", "#009E73", "#D55E00",
                                      "#CC79A7", "#56B4E9", "#6B6B6B", "#000000"};
#define N_COLORS ((int)(sizeof palette / sizeof *palette))
#define WIDE 56       /* letters that fit below a plot */
#define MOST_TICKS 64 /* labels of an axis that can be read */
#define LONGEST 48    /* letters of a label for which a figure is made higher, */
#define USUAL 80      /* and how many pixels of labels leave enough room for the rest */

const char *plot_color(int k) { return palette[k % N_COLORS]; }

/* ---- the CSV file ------------------------------------------------------------------------------ */

void plot_csv_text(Text *t, const char *s) {
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

static const FigureLabels *labels_of(const Plot *p) {
  const Figure *f = p->layers[0].figure;
  return f->kind == FIGURE_BARS && f->n_labels > 0 ? &f->labels[0] : NULL;
}

static void put_heads(Plot *p, Text *t) {
  int column = 1;
  for (int k = 0; k < p->n; k++) {
    Layer *l = &p->layers[k];
    const char *x = l->figure->kind == FIGURE_HISTOGRAM ? "middle of bin"
                    : l->figure->kind == FIGURE_BARS    ? "index"
                    : l->figure->kind == FIGURE_SERIES  ? p->x_label
                                                        : "x";
    const char *const *ends = l->repeats > 1 ? (const char *const[]){"lower end of", "upper end of"}
                                             : (const char *const[]){"least of", "largest of"};
    l->column = column;
    column += l->low ? 4 : 2;
    if (k) text_add(t, ",");
    plot_csv_text(t, x);
    text_add(t, ",");
    plot_csv_text(t, l->label);
    for (int i = 0; l->low && i < 2; i++) {
      text_add(t, ",");
      plot_csv_text(t, arena_printf(p->r->arena, "%s %s", ends[i], l->label));
    }
  }
  text_add(t, labels_of(p) ? ",\"label\"\n" : "\n");
}

void plot_put_csv(Plot *p, Text *t) {
  int64_t rows = 0;
  const FigureLabels *labels = labels_of(p);
  put_heads(p, t);
  for (int k = 0; k < p->n; k++) rows = p->layers[k].n > rows ? p->layers[k].n : rows;
  for (int64_t i = 0; i < rows; i++) {
    Text row = text_new(p->r->arena);
    for (int k = 0; k < p->n; k++) {
      const Layer *l = &p->layers[k];
      put_cell(&row, l->x, l, i);
      put_cell(&row, l->y, l, i);
      if (l->low) put_cell(&row, l->low, l, i), put_cell(&row, l->high, l, i);
    }
    text_bytes(t, row.at + 1, row.n - 1);
    if (labels) {
      text_add(t, ",");
      plot_csv_text(t, record_label_at(p->r, p->run, labels, i));
    }
    text_add(t, "\n");
  }
}

/* ---- the script -------------------------------------------------------------------------------- */

void plot_quoted(Text *t, const char *s) {
  text_add(t, "'");
  for (; *s; s++) {
    if (*s == '\'') text_add(t, "'");
    text_bytes(t, (unsigned char)*s < 0x20 || *s == 0x7f ? " " : s, 1);
  }
  text_add(t, "'");
}

void plot_name(Text *t, const char *command, const char *s) {
  if (!s || !*s) return;
  text_printf(t, "set %s ", command);
  plot_quoted(t, s);
  text_add(t, " noenhanced\n");
}

void plot_head(const Plot *p, Text *t) {
  text_add(t, "# gnuplot draws this in its folder: gnuplot ");
  text_printf(t, "%s.gp\nset encoding utf8\nset datafile separator ','\n", p->name);
  text_add(t, "set border 3 linecolor rgb '#888888'\nset tics nomirror textcolor rgb '#444444'\n");
  plot_name(t, "xlabel", p->x_label);
  plot_name(t, "ylabel", p->y_label);
}

static size_t letters(const char *s) { /* of UTF-8 */
  size_t n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

int plot_ticks(const Plot *p, char axis, const FigureLabels *labels, int64_t n, Text *t) {
  const int64_t step = (n + MOST_TICKS - 1) / MOST_TICKS;
  const size_t shown = (size_t)((n + step - 1) / step);
  size_t before = 0, pair = 0,
         most = 0; /* letters; of a label and its neighbour, which may take two places */
  text_printf(t, "set %ctics (", axis);
  for (int64_t i = 0; i < n; i += step) {
    const char *label = record_label_at(p->r, p->run, labels, i);
    const size_t wide = letters(label) + 1;
    pair = i && before + wide > pair ? before + wide : pair;
    before = wide;
    most = wide > most ? wide : most;
    if (i) text_add(t, ", ");
    plot_quoted(t, label);
    text_printf(t, " %lld", (long long)i);
  }
  text_add(t, ") noenhanced scale 0");
  const bool upright = axis == 'x' && pair * shown > 2 * WIDE;
  text_add(t, upright ? " rotate by 90 right" : "");
  text_add(t, n > 24 ? " font ',10'\n" : "\n");
  return upright ? (int)(most < LONGEST ? most : LONGEST) * (n > 24 ? 6 : 8) : 0;
}

static void put_clause(Plot *p, const Layer *l, bool *first, const char *using, const char *style, bool named,
                       Text *t) {
  text_add(t, *first ? "plot " : ", \\\n     ");
  *first = false;
  plot_quoted(t, arena_printf(p->r->arena, "%s.csv", p->name));
  text_printf(t, " skip 1 using %s with %s linecolor rgb '%s' ", using, style, plot_color(l->color));
  if (!named) {
    text_add(t, "notitle");
    return;
  }
  text_add(t, "title ");
  plot_quoted(t, l->label);
  text_add(t, " noenhanced");
}

static void put_bars(Plot *p, const Layer *l, int k, bool *first, Text *t) {
  const double width = 0.8 / (double)p->bars;
  Text x = text_new(p->r->arena);
  text_printf(&x, "($%d+", l->column);
  text_number(&x, width * ((double)k - 0.5 * (double)(p->bars - 1)), false);
  text_add(&x, ")");
  Arena *a = p->r->arena;
  put_clause(p, l, first, arena_printf(a, "%s:%d", text_str(&x), l->column + 1),
             "boxes fillstyle solid 0.85 noborder", true, t);
  if (!l->low) return;
  text_add(t, ", \\\n     ");
  plot_quoted(t, arena_printf(a, "%s.csv", p->name));
  /* arrows with flat heads: error bars would have a white dot in their middle */
  text_printf(
      t,
      " skip 1 using %s:%d:(0):($%d-$%d) with vectors heads size screen 0.006,90 linewidth 1.2 linecolor "
      "rgb '#333333' notitle",
      text_str(&x), l->column + 2, l->column + 3, l->column + 2);
}

static void put_layer(Plot *p, int k, bool *first, Text *t) {
  static const int points[] = {7, 5, 9, 13, 11, 4, 8, 12};
  Arena *a = p->r->arena;
  const Layer *l = &p->layers[k];
  const int dash = 1 + l->color / N_COLORS, point = points[l->color % N_COLORS];
  const char *xy = arena_printf(a, "%d:%d", l->column, l->column + 1);
  if (l->low && (l->figure->kind == FIGURE_SERIES || l->figure->kind == FIGURE_CURVE))
    put_clause(p, l, first, arena_printf(a, "%d:%d:%d", l->column, l->column + 2, l->column + 3),
               "filledcurves fillstyle transparent solid 0.22 noborder", false, t);
  switch (l->figure->kind) {
  case FIGURE_HISTOGRAM:
    put_clause(p, l, first, xy, "boxes fillstyle transparent solid 0.35 noborder", true, t);
    put_clause(p, l, first, xy, "histeps linewidth 1.5", false, t);
    break;
  case FIGURE_SERIES:
    put_clause(p, l, first, xy, arena_printf(a, "lines linewidth 1.8 dashtype %d", dash), true, t);
    break;
  case FIGURE_CURVE:
    put_clause(
        p, l, first, xy,
        l->n <= 40
            ? arena_printf(a, "linespoints linewidth 1.8 dashtype %d pointtype %d pointsize 0.6", dash, point)
            : arena_printf(a, "lines linewidth 1.8 dashtype %d", dash),
        true, t);
    break;
  case FIGURE_SCATTER:
    put_clause(p, l, first, xy,
               arena_printf(a, "points pointtype %d pointsize %s", point, l->n > 400 ? "0.35" : "0.55"), true,
               t);
    break;
  case FIGURE_BARS: put_bars(p, l, k, first, t); break;
  case FIGURE_HEAT:
  case FIGURE_BOUNDARY:
  case FIGURE_GRID:
  case FIGURE_DIAGRAM: break;
  }
}

/* Series alone, over so few epochs or iterations that ticks between them would be drawn. */
static bool counts_few(const Plot *p) {
  double least = INFINITY, most = -INFINITY;
  for (int k = 0; k < p->n; k++) {
    const Layer *l = &p->layers[k];
    if (l->figure->kind != FIGURE_SERIES) return false;
    if (l->n > 0) least = fmin(least, l->x[0]), most = fmax(most, l->x[l->n - 1]);
  }
  return most - least >= 1 && most - least <= 10;
}

/* How many pixels of the height labels below the axis take. */
static int put_axes(Plot *p, Text *t) {
  int labels_high = 0;
  const FigureLabels *labels = labels_of(p);
  const char *key = NULL;
  bool log_x = false, log_y = false;
  int64_t most = 0;
  for (int k = 0; k < p->n; k++) {
    const Layer *l = &p->layers[k];
    log_x |= l->figure->log_x, log_y |= l->figure->log_y;
    if (l->figure->key) key = l->figure->key;
    most = l->n > most ? l->n : most;
  }
  const bool keyed = p->n > 1 || !p->y_label || strcmp(p->layers[0].label, p->y_label) != 0;
  const char *title = p->title && *p->title ? p->title : NULL;
  plot_head(p, t);
  text_add(t, "set grid ytics linecolor rgb '#dddddd' linetype 1 linewidth 0.5\n");
  if (keyed) text_add(t, "set key outside above center horizontal noenhanced\n");
  else text_add(t, "unset key\n");
  /* the title above the key, which otherwise stands above the title */
  if (keyed)
    plot_name(t, "key title",
              title && key ? arena_printf(p->r->arena, "%s: %s", title, key)
              : title      ? title
                           : key);
  else plot_name(t, "title", title);
  if (log_x) text_add(t, "set logscale x\nset format x '%g'\n");
  if (log_y) text_add(t, "set logscale y\nset format y '%g'\n");
  if (p->scatters) text_add(t, "set offsets graph 0.04, graph 0.04, graph 0.04, graph 0.04\n");
  if (labels && !p->histograms) labels_high = plot_ticks(p, 'x', labels, most, t);
  else if ((p->bars && !p->histograms && most <= 24) || (!log_x && counts_few(p)))
    text_add(t, "set xtics 1\n");
  const double width = p->histograms ? p->bin_width : p->bars ? 0.8 / (double)p->bars : 0;
  if (!(width > 0)) return labels_high;
  text_add(t, "set boxwidth ");
  text_number(t, width, false);
  text_add(t, log_y ? "\n" : "\nset yrange [*<0:0<*]\n");
  if (p->bars && !p->histograms) text_printf(t, "set xrange [-0.6:%lld.6]\n", (long long)(most - 1));
  return labels_high;
}

void plot_terminals(const Plot *p, int w, int h, const char *body, Text *t) {
  text_printf(
      t, "set terminal svg size %d,%d dynamic standalone noenhanced font 'sans-serif,14'\nset output ", w, h);
  plot_quoted(t, arena_printf(p->r->arena, "%s.svg", p->name));
  text_printf(
      t,
      "\n%s\nset terminal pngcairo size %d,%d noenhanced font 'sans-serif,14' fontscale 2 linewidth 2 pointscale 2\nset output ",
      body, 2 * w, 2 * h);
  plot_quoted(t, arena_printf(p->r->arena, "%s.png", p->name));
  text_add(t, "\nreplot\nset output\n");
}

void plot_put_script(Plot *p, Text *t) {
  bool first = true;
  Text body = text_new(p->r->arena);
  const int labels_high = put_axes(p, t);
  for (int k = 0; k < p->n; k++)
    if (p->layers[k].n > 0) put_layer(p, k, &first, &body);
  plot_terminals(p, 560, 350 + (labels_high > USUAL ? labels_high - USUAL : 0), text_str(&body), t);
}
