/* A report at the prompt, as text: tables and sentences in full, curves and histograms as one line each. The
 * whole page is written by `qgn run` on the saved session. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>
#include "runtime/cli/repl.h"
#include "runtime/record/text.h"

#define MOST_BINS 60

static const char *cell_text(Arena *a, const Run *run, const Cell *c) {
  if (c->text) return c->text;
  if (c->slot < 0 || run_slot_size(run, c->slot) == 1) return text_short(a, run_cell(run, c));
  const int64_t n = run_slot_size(run, c->slot);
  Text t = text_new(a);
  text_add(&t, "[");
  for (int64_t i = 0; i < n && i < 4; i++)
    text_printf(&t, "%s%s", i ? ", " : "", text_short(a, run_slot_get(run, c->slot, i)));
  text_add(&t, n > 4 ? ", ...]" : "]");
  return text_str(&t);
}

/* Values in place of {name} and {name:format}; `{{` and `}}` are brackets. */
static void put_sentence(Arena *a, const Run *run, const ReportItem *item) {
  Text t = text_new(a);
  int next = 0;
  for (const char *s = item->text ? item->text : ""; *s; s++) {
    const char *end = *s == '{' ? strchr(s, '}') : NULL;
    if ((*s == '{' && s[1] == '{') || (*s == '}' && s[1] == '}')) text_bytes(&t, s++, 1);
    else if (end && next < item->places.n) text_add(&t, cell_text(a, run, &item->places.at[next++])), s = end;
    else text_bytes(&t, s, 1);
  }
  puts(text_str(&t));
}

static int width_of(const char *s) {
  int n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
  return n;
}

static void put_table(Arena *a, const Run *run, const ReportItem *item) {
  int columns = 0, wide[64] = {0};
  for (int i = 0; i < item->rows.n; i++) {
    const ReportRow *r = &item->rows.at[i];
    for (int k = 0; k < r->n && k < 64; k++) {
      const int n = width_of(cell_text(a, run, &r->cells[k]));
      wide[k] = n > wide[k] ? n : wide[k];
      columns = k + 1 > columns ? k + 1 : columns;
    }
  }
  for (int i = 0; i < item->rows.n; i++) {
    const ReportRow *r = &item->rows.at[i];
    for (int k = 0; k < r->n && k < 64; k++) {
      const char *text = cell_text(a, run, &r->cells[k]);
      const int pad = wide[k] - width_of(text);
      if (k == 0) printf("  %s%*s", text, r->n > 1 ? pad : 0, "");
      else printf("  %*s%s", pad, "", text);
    }
    putchar('\n');
  }
}

static void put_histogram(Repl *R, Arena *a, const Figure *f, const double *x, int64_t n) {
  double low = INFINITY, high = -INFINITY, counts[MOST_BINS] = {0};
  const int64_t bins = f->bins < 1 ? 20 : f->bins > MOST_BINS ? MOST_BINS : f->bins;
  for (int64_t i = 0; i < n; i++)
    if (isfinite(x[i])) low = fmin(low, x[i]), high = fmax(high, x[i]);
  for (int64_t i = 0; i < n; i++) {
    if (!isfinite(x[i])) continue;
    int64_t at = high > low ? (int64_t)((double)bins * (x[i] - low) / (high - low)) : 0;
    counts[at < bins ? at : bins - 1]++;
  }
  printf("  %s  %s %s %s\n", f->label, text_short(a, low),
         repl_sparkline(a, counts, bins, (int)bins, R->cli->style.unicode), text_short(a, high));
}

static void put_figure(Repl *R, Arena *a, const Run *run, const Figure *f) {
  const bool is_line = f->kind == FIGURE_SERIES || f->kind == FIGURE_CURVE || f->kind == FIGURE_BARS;
  const int slot = f->kind == FIGURE_CURVE ? f->y : f->x;
  if ((!is_line && f->kind != FIGURE_HISTOGRAM) || slot < 0 ||
      (f->kind == FIGURE_CURVE && run_slot_shape(run, slot).rank != 1)) {
    printf("  %s: in the report that `qgn run` writes of the saved session\n",
           f->label ? f->label : "a figure");
    return;
  }
  const int64_t n = run_slot_size(run, slot);
  const double *x = repl_numbers(a, run, slot, n);
  if (n == 0) return;
  if (f->kind == FIGURE_HISTOGRAM) put_histogram(R, a, f, x, n);
  else
    printf("  %s  %s %s %s\n", f->label, text_short(a, x[0]),
           repl_sparkline(a, x, n, repl_width() < 60 ? repl_width() / 3 : 40, R->cli->style.unicode),
           text_short(a, x[n - 1]));
}

void repl_report(Repl *R, const Run *run, const Stmt *s) {
  const Report *report = &run_program(run)->reports.at[s->index];
  Arena *a = arena_new();
  printf("report %s\n", report->name);
  for (int i = 0; i < report->items.n; i++) {
    const ReportItem *item = &report->items.at[i];
    switch (item->kind) {
    case REPORT_TEXT: put_sentence(a, run, item); break;
    case REPORT_TABLE: put_table(a, run, item); break;
    case REPORT_PLOT:
    case REPORT_IMAGES:
      for (int k = 0; k < item->figures.n; k++) put_figure(R, a, run, &item->figures.at[k]);
      break;
    case REPORT_SWEEP: printf("  the table of %s\n", run_program(run)->sweeps.at[item->sweep].name); break;
    }
  }
  fflush(stdout);
  arena_free(a);
}
