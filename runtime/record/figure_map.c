/* Maps: a matrix in colours, and what a model says around the rows of a dataset. NAME.csv has a line for each
 * cell, with an empty one after each row, as gnuplot wants it for levels; NAME-rows.csv holds the rows. */
#include <math.h>
#include <string.h>
#include "runtime/record/figure.h"

#define MOST_CELLS 1000000
#define VECTOR_CELLS 2500 /* drawn one by one; more become a picture */
#define MOST_VALUES 12    /* rows and columns of a matrix whose values are written */
#define MOST_ROWS 2000
#define MOST_CLASSES 8

static bool is_boundary(const Plot *p) { return p->layers[0].figure->kind == FIGURE_BOUNDARY; }

/* What is drawn at a point of a boundary: the number, or the class with the largest one. */
static double seen_at(const Run *run, int slot, int64_t i, int64_t classes) {
  int64_t best = 0;
  if (classes == 1) return run_slot_get(run, slot, i);
  for (int64_t k = 1; k < classes; k++)
    if (run_slot_get(run, slot, i * classes + k) > run_slot_get(run, slot, i * classes + best)) best = k;
  return (double)best;
}

static int64_t classes_of(const Plot *p) {
  const Figure *f = p->layers[0].figure;
  return is_boundary(p) ? run_slot_size(p->run, f->y) / (f->bins * f->bins) : 0;
}

bool map_fill(Plot *p) {
  const Figure *f = p->layers[0].figure;
  const Shape s = run_slot_shape(p->run, f->x);
  const int64_t classes = classes_of(p);
  p->rows = is_boundary(p) ? f->bins : s.d[0].n;
  p->columns = is_boundary(p) ? f->bins : s.d[1].n;
  const int64_t n = p->rows * p->columns;
  if (n < 1 || n > MOST_CELLS) return false;
  double *map = ARENA_ARRAY(p->r->arena, double, n + 1);
  p->least = INFINITY, p->largest = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    map[i] = is_boundary(p) ? seen_at(p->run, f->y, i, classes) : run_slot_get(p->run, f->x, i);
    if (!isfinite(map[i])) {
      p->not_finite++;
      continue;
    }
    p->least = map[i] < p->least ? map[i] : p->least;
    p->largest = map[i] > p->largest ? map[i] : p->largest;
  }
  p->map = map;
  p->layers[0].n = n;
  p->x_label = f->x_name ? f->x_name : "column";
  p->y_label = f->y_name ? f->y_name : "row";
  return p->least <= p->largest;
}

void map_put_csv(Plot *p, Text *t) {
  const Figure *f = p->layers[0].figure;
  plot_csv_text(t, is_boundary(p) ? p->x_label : "column");
  text_add(t, ",");
  plot_csv_text(t, is_boundary(p) ? p->y_label : "row");
  text_add(t, ",");
  plot_csv_text(t, f->label);
  text_add(t, "\n");
  for (int64_t i = 0; i < p->rows * p->columns; i++) {
    if (i > 0 && i % p->columns == 0) text_add(t, "\n");
    for (int k = 0; k < 2; k++) {
      const int64_t cell = k == 0 ? i % p->columns : i / p->columns;
      text_number(t, is_boundary(p) ? run_slot_get(p->run, f->x, 2 * i + k) : (double)cell, false);
      text_add(t, ",");
    }
    text_number(t, p->map[i], false);
    text_add(t, "\n");
  }
}

static int class_at(const Plot *p, int64_t i) {
  const Figure *f = p->layers[0].figure;
  const double c = f->by >= 0 ? run_slot_get(p->run, f->by, i) : 0;
  return c < MOST_CLASSES ? (int)c : MOST_CLASSES - 1;
}

static int64_t rows_shown(const Plot *p) {
  const int64_t n = run_slot_size(p->run, p->layers[0].figure->of) / 2;
  return n < MOST_ROWS ? n : MOST_ROWS;
}

void map_put_points(Plot *p, Text *t) {
  const Figure *f = p->layers[0].figure;
  plot_csv_text(t, p->x_label);
  text_add(t, ",");
  plot_csv_text(t, p->y_label);
  text_add(t, ",\"label\"\n");
  for (int64_t i = 0; i < rows_shown(p); i++) {
    for (int k = 0; k < 2; k++) {
      text_number(t, run_slot_get(p->run, f->of, 2 * i + k), false);
      text_add(t, ",");
    }
    text_printf(t, "%d\n", class_at(p, i));
  }
}

/* ---- scripts ------------------------------------------------------------------------------------- */

static void put_range(Text *t, const char *name, double low, double high) {
  text_printf(t, "set %s [", name);
  text_number(t, low, false);
  text_add(t, ":");
  text_number(t, high, false);
  text_add(t, "]\n");
}

/* Values on both sides of 0 get a palette with 0 in its middle, others one from dark to light. */
static bool diverges(const Plot *p) { return p->least < 0 && p->largest > 0; }

static void put_colours(const Plot *p, Text *t) {
  const double far = fmax(fabs(p->least), fabs(p->largest)), pad = p->largest > p->least ? 0
                                                                   : far > 0             ? far / 100
                                                                                         : 1;
  if (diverges(p))
    text_add(t,
             "set palette defined (-1 '#2166ac', -0.5 '#92c5de', 0 '#f7f7f7', 0.5 '#f4a582', 1 '#b2182b')\n");
  else
    text_add(
        t, "set palette defined (0 '#440154', 0.25 '#3b528b', 0.5 '#21918c', 0.75 '#5ec962', 1 '#fde725')\n");
  put_range(t, "cbrange", diverges(p) ? -far : p->least - pad, diverges(p) ? far : p->largest + pad);
}

/* The values of cells that are light (or dark), in the colour that can be read there. */
static void put_values(const Plot *p, bool dark, Text *t) {
  Text at = text_new(p->r->arena);
  text_add(t, ", \\\n     ");
  plot_quoted(t, arena_printf(p->r->arena, "%s.csv", p->name));
  if (diverges(p)) {
    text_add(&at, "abs($3)");
    text_add(&at, dark ? ">" : "<=");
    text_number(&at, 0.6 * fmax(fabs(p->least), fabs(p->largest)), false);
  } else {
    text_add(&at, "$3");
    text_add(&at, dark ? "<" : ">=");
    text_number(&at, p->least + 0.55 * (p->largest - p->least), false);
  }
  text_printf(
      t,
      " skip 1 using (%s ? $1 : NaN):2:(sprintf('%%.3g',$3)) with labels font ',11' textcolor rgb '%s' notitle",
      text_str(&at), dark ? "#ffffff" : "#111111");
}

static void put_heat(Plot *p, Text *t) {
  const Figure *f = p->layers[0].figure;
  Text body = text_new(p->r->arena);
  const bool small = p->rows <= MOST_VALUES && p->columns <= MOST_VALUES,
             pixels = p->rows * p->columns <= VECTOR_CELLS;
  plot_name(t, "title", p->title);
  text_add(t, "unset key\nset border 0\nset tics scale 0\n");
  put_colours(p, t);
  plot_name(t, "cblabel", f->label);
  text_printf(t, "set xrange [-0.5:%lld.5]\nset yrange [%lld.5:-0.5]\n", (long long)(p->columns - 1),
              (long long)(p->rows - 1));
  if (p->rows <= 4 * p->columns && p->columns <= 4 * p->rows) text_add(t, "set size ratio -1\n");
  for (int k = 0; k < 2; k++) {
    const int64_t n = k == 0 ? p->rows : p->columns;
    const FigureLabels *labels = &f->labels[k];
    if (labels->text || labels->slot >= 0) plot_ticks(p, k == 0 ? 'y' : 'x', labels, n, t);
    else if (n <= 24) text_printf(t, "set %ctics 1\n", k == 0 ? 'y' : 'x');
  }
  text_add(&body, "plot ");
  plot_quoted(&body, arena_printf(p->r->arena, "%s.csv", p->name));
  text_printf(&body, " skip 1 using 1:2:3 with image %snotitle", pixels ? "pixels " : "");
  if (small) put_values(p, true, &body), put_values(p, false, &body);
  plot_terminals(p, 560, 450, text_str(&body), t);
}

/* Light shades of the colours of the points. */
static void put_shades(const Plot *p, int64_t classes, Text *t) {
  static const char *const shades[] = {"#b3d4e8", "#f8dfb0", "#b3dfd3", "#f2cdb3",
                                       "#f0d6e4", "#cde8f8", "#d3d3d3", "#bbbbbb"};
  if (classes == 1) {
    text_add(t, "set palette defined (0 '#7fb8d8', 0.5 '#f7f7f7', 1 '#f4cf80')\n");
    put_range(t, "cbrange", p->least < 0 ? p->least : 0, p->largest > 1 ? p->largest : 1);
    return;
  }
  text_printf(t, "unset colorbox\nset cbrange [-0.5:%lld.5]\nset palette maxcolors %lld defined (",
              (long long)(classes - 1), (long long)classes);
  for (int64_t k = 0; k < classes; k++)
    text_printf(t, "%s%lld '%s'", k ? ", " : "", (long long)k, shades[k % MOST_CLASSES]);
  text_add(t, ")\n");
}

static void put_classes(Plot *p, Text *t) {
  static const int points[] = {7, 5, 9, 13, 11, 4, 8, 12};
  const Figure *f = p->layers[0].figure;
  bool there[MOST_CLASSES] = {false};
  for (int64_t i = 0; i < rows_shown(p); i++) there[class_at(p, i)] = true;
  for (int k = 0; k < MOST_CLASSES; k++) {
    if (!there[k]) continue;
    text_add(t, ", \\\n     ");
    plot_quoted(t, arena_printf(p->r->arena, "%s-rows.csv", p->name));
    text_printf(
        t,
        " skip 1 using ($3==%d ? $1 : NaN):2 with points pointtype %d pointsize 0.55 linecolor rgb '%s' title ",
        k, points[k], plot_color(k));
    plot_quoted(t, f->by >= 0 ? record_label(p->r, p->run, f->by, k) : "rows");
    text_add(t, " noenhanced");
  }
}

static void put_boundary(Plot *p, Text *t) {
  const Figure *f = p->layers[0].figure;
  const int64_t classes = classes_of(p);
  Text body = text_new(p->r->arena);
  put_shades(p, classes, t);
  text_add(t, "set key outside above center horizontal noenhanced\n");
  plot_name(t, "key title", p->title);
  plot_name(t, "cblabel", f->label);
  put_range(t, "xrange", run_slot_get(p->run, f->x, 0), run_slot_get(p->run, f->x, 2 * (f->bins - 1)));
  put_range(t, "yrange", run_slot_get(p->run, f->x, 1),
            run_slot_get(p->run, f->x, 2 * (f->bins * f->bins - 1) + 1));
  if (classes == 1) {
    text_add(t, "set contour base\nunset surface\nset cntrparam levels discrete ");
    for (int i = 0; i < f->n_levels; i++) {
      if (i) text_add(t, ", ");
      text_number(t, f->levels[i], false);
    }
    text_add(t, "\nset table $levels\nsplot ");
    plot_quoted(t, arena_printf(p->r->arena, "%s.csv", p->name));
    text_add(t, " skip 1 using 1:2:3 with lines\nunset table\nunset contour\nset surface\n");
  }
  text_add(&body, "plot ");
  plot_quoted(&body, arena_printf(p->r->arena, "%s.csv", p->name));
  text_add(&body, " skip 1 using 1:2:3 with image notitle");
  put_classes(p, &body);
  if (classes == 1)
    text_add(
        &body,
        ", \\\n     $levels using 1:2 '%lf %lf %lf' with lines linewidth 2 linecolor rgb '#111111' title 'level'");
  plot_terminals(p, 560, 430, text_str(&body), t);
}

void map_put_script(Plot *p, Text *t) {
  plot_head(p, t);
  if (is_boundary(p)) put_boundary(p, t);
  else put_heat(p, t);
}
