/* The report: what `report` statements ask for, collected as the run comes by, and what every
 * report holds (settings, expects, claims, trains). html.c writes it down. */
#include <stdio.h>
#include <string.h>
#include "runtime/record/picture.h"

#define MOST_SWEEP_FIGURES 4 /* of the records of one sweep */

static void add_part(Record *r, ReportPart part) { vec_push(r->arena, &r->parts, part); }

/* " (weights 1a2b3c4d5e6f)": which network it was, by the SHA-256 of its weights as they are now; "" for a
 * function of the script, or of pixels. `network` is an object, or a stage of it: "C.feat". */
static const char *network_hash(Record *r, const Run *run, const char *network) {
  const Program *p = r->spec.program;
  Text all = text_new(r->arena);
  char hex[65];
  for (int i = 0; i < p->objects.n; i++) {
    const Object *o = &p->objects.at[i];
    const size_t n = strlen(o->name);
    if (strncmp(o->name, network, n) != 0 || (network[n] != '\0' && network[n] != '.')) continue;
    for (int k = 0; k < o->n_slots; k++)
      for (int64_t x = 0; x < run_slot_size(run, o->slots[k]); x++) {
        const double value = run_slot_get(run, o->slots[k], x);
        text_bytes(&all, (const char *)&value, sizeof value);
      }
  }
  if (all.n == 0) return "";
  io_sha256(all.at, all.n, hex);
  return arena_printf(r->arena, " (weights %.12s)", hex);
}

static void add_table(Record *r, const Run *run, const ReportItem *item) {
  ReportPart part = {.kind = PART_TABLE, .text = item->text};
  for (int i = 0; i < item->rows.n; i++) {
    const ReportRow *row = &item->rows.at[i];
    const char **cells = ARENA_ARRAY(r->arena, const char *, row->n + 1);
    bool *numbers = ARENA_ARRAY(r->arena, bool, row->n + 1);
    for (int k = 0; k < row->n; k++) {
      cells[k] = record_cell(r, run, &row->cells[k]);
      numbers[k] = row->cells[k].text == NULL;
    }
    PartRow out = {row->is_head, row->n, cells, numbers};
    vec_push(r->arena, &part.rows, out);
  }
  add_part(r, part);
  static const char *const by[N_NETWORK_METRICS] = {[METRIC_FRECHET] = "Fréchet distances by the features of",
                                                    [METRIC_INCEPTION] =
                                                        "Inception scores by the classes of"};
  for (int m = 0; m < N_NETWORK_METRICS; m++)
    if (item->network[m])
      add_part(r, (ReportPart){
                      .kind = PART_TEXT,
                      .text = arena_printf(r->arena,
                                           "%s `%s`%s of this script; they do not compare with those "
                                           "of another network.",
                                           by[m], item->network[m], network_hash(r, run, item->network[m]))});
}

static void add_plot(Record *r, const Run *run, const char *stem, int number, const char *title,
                     const Figure *figures, int n) {
  ReportPart part = {.kind = PART_FIGURE};
  const char *name = arena_printf(r->arena, "%s-%d", stem, number);
  if (!record_figure(r, run, name, title, figures, n, &part.figure))
    part = (ReportPart){.kind = PART_TEXT, .text = "A figure was left out: it has no values."};
  add_part(r, part);
}

static void add_images(Record *r, const Run *run, const char *stem, int number, const Figure *f) {
  ReportPart part = {.kind = PART_FIGURE};
  const char *name = arena_printf(r->arena, "%s-%d", stem, number);
  if (f->kind == FIGURE_DIAGRAM) record_diagram(r, name, f, &part.figure);
  else if (!record_picture(r, run, name, f, &part.figure))
    part =
        (ReportPart){.kind = PART_TEXT, .text = "A grid of images was left out: it is empty, or too large."};
  add_part(r, part);
}

static void add_sweep(Record *r, const Run *run, int sweep) {
  ReportPart part = {.kind = PART_TABLE, .text = r->spec.program->sweeps.at[sweep].name};
  record_sweep_rows(r, run, sweep, &part);
  add_part(r, part);
  const Sweep *s = &r->spec.program->sweeps.at[sweep];
  for (int i = 0, drawn = 0; i < s->records.n && drawn < MOST_SWEEP_FIGURES; i++) {
    bool any = false;
    for (int k = 0;; k++) {
      ReportPart figure = {.kind = PART_FIGURE};
      if (!record_sweep_figure(r, run, sweep, i, k, &figure.figure)) break;
      add_part(r, figure);
      any = true;
    }
    drawn += any;
  }
  const char *best = record_sweep_best(r, run, sweep);
  if (best) add_part(r, (ReportPart){.kind = PART_TEXT, .text = best});
}

/* Sweeps that no report shows. */
static void default_sweeps(Record *r, const Run *run) {
  const Program *p = r->spec.program;
  for (int i = 0; i < p->sweeps.n; i++) {
    bool shown = false;
    for (int k = 0; k < p->reports.n; k++)
      for (int x = 0; x < p->reports.at[k].items.n; x++)
        shown = shown || (p->reports.at[k].items.at[x].kind == REPORT_SWEEP &&
                          p->reports.at[k].items.at[x].sweep == i);
    if (shown) continue;
    add_part(r, (ReportPart){.kind = PART_HEADING, .text = p->sweeps.at[i].name});
    add_sweep(r, run, i);
  }
}

void record_report(Record *r, const Run *run, const Stmt *s) {
  const Report *report = &r->spec.program->reports.at[s->index];
  int plots = 0;
  record_event(r, EVENT_REPORT, s->index);
  add_part(r, (ReportPart){.kind = PART_HEADING, .text = report->name});
  for (int i = 0; i < report->items.n; i++) {
    const ReportItem *item = &report->items.at[i];
    switch (item->kind) {
    case REPORT_TEXT:
      add_part(r, (ReportPart){.kind = PART_TEXT,
                               .text = record_fill(r, run, item->text ? item->text : "", item->places.at,
                                                   item->places.n)});
      break;
    case REPORT_TABLE: add_table(r, run, item); break;
    case REPORT_PLOT:
      add_plot(r, run, report->name, ++plots, item->text, item->figures.at, item->figures.n);
      break;
    case REPORT_IMAGES:
      for (int f = 0; f < item->figures.n; f++)
        add_images(r, run, report->name, ++plots, &item->figures.at[f]);
      break;
    case REPORT_SWEEP: add_sweep(r, run, item->sweep); break;
    }
  }
}

/* Whether a report of the script draws a series. */
static bool is_drawn(const Program *p, const Series *s) {
  for (int i = 0; i < p->reports.n; i++)
    for (int k = 0; k < p->reports.at[i].items.n; k++) {
      const ReportItem *item = &p->reports.at[i].items.at[k];
      for (int f = 0; f < item->figures.n; f++)
        if (item->figures.at[f].kind == FIGURE_SERIES && item->figures.at[f].x == s->slot) return true;
    }
  return false;
}

bool record_is_loss(const Series *s) {
  return strstr(s->name, ".loss") != NULL || strstr(s->name, ".val_loss") != NULL;
}

/* The curves of every train that the script does not draw itself: all of them in a report without
 * any figure, else the losses. */
static void default_figures(Record *r, const Run *run, bool all) {
  const Program *p = r->spec.program;
  for (int i = 0; i < p->trains.n; i++) {
    const Train *train = &p->trains.at[i];
    VEC(Figure) figures = {0};
    for (int k = 0; k < train->series.n; k++) {
      const Series *s = &p->series.at[train->series.at[k]];
      if (!s->per_epoch || shape_capacity(&s->entry) != 1 || run_series_entries(run, train->series.at[k]) < 2)
        continue;
      if (is_drawn(p, s) || (!all && !record_is_loss(s))) continue;
      Figure f = figure_make(FIGURE_SERIES, s->name);
      f.x = s->slot;
      vec_push(r->arena, &figures, f);
    }
    if (!figures.n) continue;
    add_part(r, (ReportPart){.kind = PART_HEADING, .text = train->name});
    add_plot(r, run, train->name, 1, NULL, figures.at, figures.n);
  }
}

const char *record_title(const Record *r) {
  const char *doc = r->spec.program->doc;
  if (!doc) return r->spec.name;
  while (*doc == ' ' || *doc == '\n') doc++;
  size_t n = strcspn(doc, "\n");
  return n ? arena_strn(r->arena, doc, n) : r->spec.name;
}

void record_write_report(Record *r, const Run *run, RunEnd end) {
  bool any = false;
  for (int i = 0; i < r->parts.n; i++) any |= r->parts.at[i].kind == PART_FIGURE;
  if (end == RUN_DONE) default_sweeps(r, run);
  default_figures(r, run, !any);
  Text html = text_new(r->arena), markdown = text_new(r->arena);
  record_html(r, run, end, &html);
  record_markdown(r, run, end, &markdown);
  record_write_text(r, "report.html", &html);
  record_write_text(r, "report.md", &markdown);
}

static bool memory_ran_out(const Record *r) {
  for (int i = 0; i < r->failures.n; i++)
    if (r->failures.at[i].memory) return true;
  return false;
}

/* The exit code of a run with files that could not be written, unless something worse happened. */
static int unsaved_code(const Record *r, int code) {
  bool harmless = code == 0 || code == 1 || code == 3 || code == 130;
  return !r->failures.n || !harmless ? code : memory_ran_out(r) ? 5 : 3;
}

static void say_unsaved(Record *r, RunEnd end) {
  int n = r->failures.n;
  Diag *d = diag_add(r->sink, memory_ran_out(r) ? DIAG_NO_MEMORY : DIAG_WRITE, SPAN_NONE,
                     "%d file%s of %s could not be written", n, n == 1 ? "" : "s", r->folder);
  for (int i = 0; i < n && i < 4; i++) diag_note(d, "%s", r->failures.at[i].message);
  if (r->continues || end == RUN_STOPPED) diag_help(d, "make room, then `--resume`");
  else diag_help(d, "make room, then run it again with `--resume`");
}

void record_out_of_time(Record *r) { r->out_of_time = true; }

int record_finish(Record *r, const Run *run, RunEnd end, int code) {
  IoError e;
  record_write_metrics(r, run);
  if (!r->spec.main_folder) record_write_report(r, run, end);
  if (io_exists(record_path(r, "timing.jsonl")) && !io_sync(record_path(r, "timing.jsonl"), &e))
    record_failed(r, "timing.jsonl", &e);
  code = unsaved_code(r, code);
  record_write_results(r, run, end, code);
  record_memo_finish(r, end == RUN_DONE && code <= 1);
  if (r->failures.n) say_unsaved(r, end);
  return unsaved_code(r, code);
}
