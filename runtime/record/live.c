/* The report of a run under way: report.html with what is there, which its reader's browser loads again every
 * few seconds. It is rewritten after 2 s, or at the interval at which that costs 2 % of the time if that is
 * longer. Nothing of it stays: its curves are drawn here, not by gnuplot, the file is written whole at the
 * end of the run, and its memory is given back each time. A page that cannot be written is no fault of the
 * run. */
#include <math.h>
#include <string.h>
#include "runtime/record/figure.h"

#define LIVE_SECONDS 2.0
#define LIVE_SHARE 0.02
#define WIDTH 700
#define HEIGHT 220
#define LEFT 60
#define MOST_PIECES 300

/* Mean of each of at most MOST_PIECES pieces of a series; their number. */
static int pieces_of(const Run *run, int series, double *x, double *y) {
  const Series *s = &run_program(run)->series.at[series];
  const int64_t n = run_series_entries(run, series), each = n / MOST_PIECES + 1;
  int at = 0;
  for (int64_t i = 0; i < n; i += each) {
    const int64_t end = i + each < n ? i + each : n;
    double sum = 0;
    for (int64_t k = i; k < end; k++) sum += run_slot_get(run, s->slot, k);
    x[at] = 0.5 * (double)(series_at(s, i) + series_at(s, end - 1));
    y[at] = sum / (double)(end - i);
    if (isfinite(y[at])) at++;
  }
  return at;
}

typedef struct Curve {
  const char *name;
  int n;
  double x[MOST_PIECES + 1], y[MOST_PIECES + 1];
} Curve;

static void put_curves(const Record *r, const Curve *curves, int n, Text *t) {
  double last = 1, least = INFINITY, most = -INFINITY;
  for (int k = 0; k < n; k++)
    for (int i = 0; i < curves[k].n; i++) {
      last = fmax(last, curves[k].x[i]);
      least = fmin(least, curves[k].y[i]);
      most = fmax(most, curves[k].y[i]);
    }
  const double span = most > least ? most - least : 1;
  text_printf(t, "<figure><svg viewBox=\"0 0 %d %d\" font-family=\"sans-serif\" font-size=\"12\">\n",
              WIDTH + LEFT + 10, HEIGHT + 50);
  for (int k = 0; k < n; k++) {
    text_printf(t, "<text x=\"%d\" y=\"14\" fill=\"%s\">", LEFT + 170 * k, plot_color(k));
    text_html(t, curves[k].name);
    text_printf(t, "</text><polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" points=\"",
                plot_color(k));
    for (int i = 0; i < curves[k].n; i++)
      text_printf(t, "%d,%d ", LEFT + (int)(WIDTH * curves[k].x[i] / last),
                  24 + (int)(HEIGHT * (most - curves[k].y[i]) / span));
    text_add(t, "\"/>\n");
  }
  text_printf(t, "<path d=\"M%d 24V%dH%d\" fill=\"none\" stroke=\"#888888\"/>\n", LEFT, 24 + HEIGHT,
              LEFT + WIDTH);
  text_printf(t, "<text x=\"%d\" y=\"30\" text-anchor=\"end\">%s</text>", LEFT - 6,
              text_short(r->arena, most));
  text_printf(t, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>", LEFT - 6, 24 + HEIGHT,
              text_short(r->arena, least));
  text_printf(t, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">epoch %lld</text>\n</svg></figure>\n",
              LEFT + WIDTH, HEIGHT + 42, (long long)r->trains[r->live.train].epoch);
}

void record_put_live(const Record *r, const Run *run, Text *t) {
  const Program *p = r->spec.program;
  const Train *train = r->live.train >= 0 ? &p->trains.at[r->live.train] : NULL;
  Curve *curves = ARENA_ARRAY(r->arena, Curve, 4);
  int n = 0;
  for (int k = 0; train && k < train->series.n && n < 4; k++) {
    const Series *s = &p->series.at[train->series.at[k]];
    if (!record_is_loss(s) || !s->per_epoch || shape_capacity(&s->entry) != 1) continue;
    curves[n].name = s->name;
    curves[n].n = pieces_of(run, train->series.at[k], curves[n].x, curves[n].y);
    if (curves[n].n > 1) n++;
  }
  if (n > 0) put_curves(r, curves, n, t);
}

static void write_page(Record *r, const Run *run) {
  const double began = record_clock();
  Arena *own = r->arena;
  r->arena = arena_new();
  Text html = text_new(r->arena);
  IoError e;
  r->live.on = true;
  record_html(r, run, RUN_STOPPED, &html);
  r->live.on = false;
  (void)io_write_quick(record_path(r, "report.html"), text_str(&html), html.n, &e);
  arena_free(r->arena);
  r->arena = own;
  r->live.last = record_clock();
  r->live.cost = r->live.last - began;
}

void record_live(Record *r, const Run *run, int train, int sweep) {
  const double interval = fmax(LIVE_SECONDS, r->live.cost / LIVE_SHARE);
  if (r->spec.main_folder || (sweep < 0 && record_clock() - r->live.last < interval)) return;
  r->live.train = train;
  r->live.sweep = sweep;
  write_page(r, run);
}
