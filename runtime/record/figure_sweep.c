/* What a sweep recorded, as a figure: over a hyper that is a number, with a line for each value of another
 * one; in all other cases a bar for each point. Seeds become the 95 % interval of their mean. Where numbers
 * were drawn, a cloud of points over each of them, in the colours of the first hyper that is no number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/num.h"
#include "runtime/record/figure.h"

#define LEAST_POINTS 3 /* of a line */
#define MOST_LINES 8
#define MOST_BARS 64
#define FAR 20.0 /* from this ratio on the axis of positive values is logarithmic */

typedef struct Place {
  double x;
  int point;
} Place;

static int by_place(const void *a, const void *b) {
  const Place *x = a, *y = b;
  return x->x < y->x ? -1 : x->x > y->x ? 1 : x->point - y->point;
}

static void put_point(Layer *l, double x, MeanInterval m) {
  l->x[l->n] = x;
  l->y[l->n] = m.mean;
  if (l->low) l->low[l->n] = m.mean - m.half, l->high[l->n] = m.mean + m.half;
  l->n++;
}

static Layer *new_layer(Plot *p, const Sweep *s, const Figure *f, const char *label) {
  Layer *l = &p->layers[p->n];
  *l = (Layer){.figure = f, .label = label, .color = p->n, .repeats = s->seeds.n};
  p->n++;
  plot_points(p, l, s->points.n);
  if (s->seeds.n > 1 && f->kind != FIGURE_SCATTER) plot_band(p, l, s->points.n);
  l->n = 0;
  return l;
}

/* ---- random studies ------------------------------------------------------------------------------- */

/* The axis of figure number `which`, -1: there are fewer. */
static int drawn_axis(const Sweep *s, int which) {
  for (int i = 0; i < s->axes.n; i++)
    if (s->axes.at[i].drawn && s->axes.at[i].is_number && which-- == 0) return i;
  return -1;
}

static int word_axis(const Sweep *s) {
  for (int i = 0; i < s->axes.n; i++)
    if (!s->axes.at[i].is_number) return i;
  return -1;
}

static bool same_text(const char *a, const char *b) { return strcmp(a, b) == 0; }

static void put_cloud(Plot *p, const Sweep *s, int record, int axis, Figure *f) {
  const int by = word_axis(s);
  double least = HUGE_VAL, largest = -HUGE_VAL;
  for (int k = 0; k < s->points.n; k++) {
    const char *label = by >= 0 ? s->points.at[k].shown[by] : s->records.at[record].name;
    const MeanInterval m = record_sweep_at(p->r, p->run, s, record, k);
    const char *text = s->points.at[k].shown[axis];
    double x;
    Layer *l = NULL;
    for (int i = 0; i < p->n; i++)
      if (same_text(p->layers[i].label, label)) l = &p->layers[i];
    if (!l && p->n < MOST_LAYERS) l = new_layer(p, s, f, label);
    if (!l || !num_parse(text, strlen(text), &x) || !isfinite(m.mean)) continue;
    l->each = 1;
    put_point(l, x, m);
    least = fmin(least, x), largest = fmax(largest, x);
  }
  f->x_name = s->axes.at[axis].name;
  f->key = by >= 0 ? s->axes.at[by].name : NULL;
  f->log_x = least > 0 && largest / least >= FAR;
}

/* ---- listed points -------------------------------------------------------------------------------- */

/* Points in the order of axis `axis`; 0 if one of them is no number there, or is not of its study. */
static int places_of(const Sweep *s, int axis, Place *out) {
  for (int k = 0; k < s->points.n; k++) {
    const char *text = s->points.at[k].shown[axis];
    out[k].point = k;
    if (!num_parse(text, strlen(text), &out[k].x)) return 0;
  }
  qsort(out, (size_t)s->points.n, sizeof *out, by_place);
  return s->points.n;
}

static int distinct(const Place *places, int n) {
  int count = n > 0;
  for (int i = 1; i < n; i++) count += places[i].x > places[i - 1].x;
  return count;
}

/* The axis along which there are most values, and whether it can be one of a line. */
static int line_axis(const Sweep *s, Place *places) {
  int best = -1, most = LEAST_POINTS - 1;
  if (s->axes.n > 2) return -1;
  for (int i = 0; i < s->axes.n; i++) {
    const int n = s->axes.at[i].is_number ? distinct(places, places_of(s, i, places)) : 0;
    if (n <= most) continue;
    most = n;
    best = i;
  }
  if (best >= 0) (void)places_of(s, best, places);
  return best;
}

/* The value of the other axis at a point, "" if there is none. */
static const char *other_of(const Sweep *s, int axis, int point) {
  return s->axes.n == 2 ? s->points.at[point].shown[1 - axis] : "";
}

static bool put_lines(Plot *p, const Sweep *s, int record, int axis, const Place *places, Figure *f) {
  for (int k = 0; k < s->points.n; k++) {
    const char *other = other_of(s, axis, k);
    bool seen = false;
    for (int i = 0; i < p->n; i++) seen = seen || strcmp(p->layers[i].label, other) == 0;
    if (seen) continue;
    if (p->n == MOST_LINES) return false;
    Layer *l = new_layer(p, s, f, other);
    for (int i = 0; i < s->points.n; i++) {
      const MeanInterval m = record_sweep_at(p->r, p->run, s, record, places[i].point);
      if (strcmp(other_of(s, axis, places[i].point), other) == 0 && isfinite(m.mean))
        put_point(l, places[i].x, m);
    }
  }
  f->x_name = s->axes.at[axis].name;
  f->key = s->axes.n == 2 ? s->axes.at[1 - axis].name : NULL;
  if (s->axes.n < 2) p->layers[0].label = s->records.at[record].name;
  f->log_x = places[0].x > 0 && places[s->points.n - 1].x / places[0].x >= FAR;
  return true;
}

static bool is_varied(const Sweep *s, int axis, int point) { return s->points.at[point].sets[axis] != NULL; }

/* A bar's values of all hypers, whose names stand below the axis; where studies vary some of them each,
 * only what its own study varies, with names. */
static const char *bar_label(Arena *a, const Sweep *s, int point, bool some) {
  const char *text = "";
  for (int i = 0; i < s->axes.n; i++) {
    const char *value = s->points.at[point].shown[i], *gap = *text ? some ? ", " : " " : "";
    if (!some) text = arena_printf(a, "%s%s%s", text, gap, value);
    else if (is_varied(s, i, point))
      text = arena_printf(a, "%s%s%s %s", text, gap, s->axes.at[i].name, value);
  }
  return text;
}

static void put_bars(Plot *p, const Sweep *s, int record, Figure *f) {
  FigureLabels *labels = ARENA_NEW(p->r->arena, FigureLabels);
  const char **text = ARENA_ARRAY(p->r->arena, const char *, s->points.n + 1);
  Layer *l = new_layer(p, s, f, s->records.at[record].name);
  bool some = false;
  for (int k = 0; k < s->points.n; k++)
    for (int i = 0; i < s->axes.n; i++) some |= !is_varied(s, i, k);
  for (int k = 0; k < s->points.n; k++) {
    const MeanInterval m = record_sweep_at(p->r, p->run, s, record, k);
    if (isfinite(m.mean)) put_point(l, (double)k, m);
    text[k] = bar_label(p->r->arena, s, k, some);
  }
  f->x_name = "";
  for (int i = 0; i < s->axes.n && !some; i++)
    f->x_name = arena_printf(p->r->arena, "%s%s%s", f->x_name, i ? " " : "", s->axes.at[i].name);
  *labels = (FigureLabels){s->points.n, text, -1};
  f->labels = labels;
  f->n_labels = 1;
  p->bars = 1;
}

bool record_sweep_figure(Record *r, const Run *run, int sweep, int record, int which, RecordFigure *out) {
  const Sweep *s = &r->spec.program->sweeps.at[sweep];
  Plot *p = ARENA_NEW(r->arena, Plot);
  Figure *f = ARENA_NEW(r->arena, Figure);
  Place *places = ARENA_ARRAY(r->arena, Place, s->points.n + 1);
  const char *name = s->records.at[record].name;
  if (!record_sweep_is_number(&s->records.at[record]) || s->points.n < 2) return false;
  *p = (Plot){.r = r, .run = run, .name = arena_printf(r->arena, "%s-%s", s->name, name)};
  const int drawn = drawn_axis(s, which);
  if (which > 0 && drawn < 0) return false;
  if (drawn >= 0) {
    if (which > 0) p->name = arena_printf(r->arena, "%s-%s", p->name, s->axes.at[drawn].name);
    *f = figure_make(FIGURE_SCATTER, name);
    put_cloud(p, s, record, drawn, f);
    p->x_label = f->x_name;
    p->y_label = name;
    return plot_finish(p, out);
  }
  const int axis = line_axis(s, places);
  *f = figure_make(axis >= 0 ? FIGURE_CURVE : FIGURE_BARS, name);
  if (axis < 0 || !put_lines(p, s, record, axis, places, f)) {
    if (s->points.n > MOST_BARS) return false;
    p->n = 0;
    *f = figure_make(FIGURE_BARS, name);
    put_bars(p, s, record, f);
  }
  p->x_label = f->x_name;
  p->y_label = name;
  return plot_finish(p, out);
}
