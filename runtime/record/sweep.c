/* Sweeps in the record: what a point leaves behind, read back; the table with a line for each point. */
#include <jansson.h>
#include <math.h>
#include <string.h>
#include "runtime/record/record_int.h"
#include "runtime/record/statistics.h"

const char *record_point_folder(Arena *a, const char *main_folder, int point) {
  return arena_printf(a, "%s/points/%05d", main_folder, point);
}

/* ---- results of a point ------------------------------------------------------------------------- */

void record_put_point(const Record *r, const Run *run, Text *t) {
  const Program *p = r->spec.program;
  const Sweep *s = &p->sweeps.at[p->point - 1];
  text_add(t, "  \"sweep\": ");
  text_json_string(t, s->name);
  text_add(t, ",\n  \"records\": {");
  for (int i = 0; i < s->records.n; i++) {
    const SweepRecord *x = &s->records.at[i];
    text_add(t, i ? ",\n    " : "\n    ");
    text_json_string(t, x->name);
    text_add(t, ": [");
    for (int64_t k = 0; k < run_slot_size(run, x->slot); k++) {
      if (k) text_add(t, ", ");
      text_json_number(t, run_slot_get(run, x->slot, k), record_single(r));
    }
    text_add(t, "]");
  }
  text_add(t, "\n  },\n");
}

bool record_point_read(Arena *a, const char *folder, const Sweep *s, double *const *out) {
  json_t *root = record_json(a, arena_printf(a, "%s/results.json", folder));
  const json_t *records = json_object_get(root, "records");
  bool ok = json_is_true(json_object_get(root, "complete")) && json_is_object(records);
  for (int i = 0; ok && i < s->records.n; i++) {
    const json_t *list = json_object_get(records, s->records.at[i].name);
    const int64_t n = shape_capacity(&s->records.at[i].entry);
    ok = json_is_array(list) && (int64_t)json_array_size(list) == n;
    for (int64_t k = 0; ok && k < n; k++) {
      const json_t *x = json_array_get(list, (size_t)k);
      if (out) out[i][k] = json_is_number(x) ? json_number_value(x) : (double)NAN;
    }
  }
  json_decref(root);
  return ok;
}

/* ---- the table ------------------------------------------------------------------------------------ */

bool record_sweep_is_number(const SweepRecord *x) { return shape_capacity(&x->entry) == 1; }

MeanInterval record_sweep_at(Record *r, const Run *run, const Sweep *s, int record, int point) {
  const int seeds = s->seeds.n > 0 ? s->seeds.n : 1;
  double *x = ARENA_ARRAY(r->arena, double, seeds + 1);
  int n = 0;
  for (int k = 0; k < seeds; k++) {
    x[n] = run_slot_get(run, s->records.at[record].slot, (int64_t)point * seeds + k);
    if (!isnan(x[n])) n++; /* of a run that failed */
  }
  return mean_interval(x, n);
}

static const char *interval_text(Record *r, MeanInterval m) {
  if (m.n == 0) return "failed";
  if (m.n == 1) return text_short(r->arena, m.mean);
  return arena_printf(r->arena, "%s ± %s", text_short(r->arena, m.mean), text_short(r->arena, m.half));
}

void record_sweep_rows(Record *r, const Run *run, int sweep, ReportPart *part) {
  const Sweep *s = &r->spec.program->sweeps.at[sweep];
  const int cells = s->axes.n + s->records.n;
  for (int k = -1; k < s->points.n; k++) {
    const char **text = ARENA_ARRAY(r->arena, const char *, cells + 1);
    bool *numbers = ARENA_ARRAY(r->arena, bool, cells + 1);
    int n = 0;
    for (int i = 0; i < s->axes.n; i++) {
      numbers[n] = s->axes.at[i].is_number;
      text[n++] = k < 0 ? s->axes.at[i].name : s->points.at[k].shown[i];
    }
    for (int i = 0; i < s->records.n; i++) {
      if (!record_sweep_is_number(&s->records.at[i])) continue;
      numbers[n] = true;
      text[n++] = k < 0 ? s->records.at[i].name : interval_text(r, record_sweep_at(r, run, s, i, k));
    }
    PartRow row = {k < 0, n, text, numbers};
    vec_push(r->arena, &part->rows, row);
  }
}

static size_t columns_of(const char *s) { /* of UTF-8 */
  size_t n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

const char *record_sweep_best(Record *r, const Run *run, int sweep) {
  const Sweep *s = &r->spec.program->sweeps.at[sweep];
  int best = -1;
  double value = 0;
  for (int k = 0; k < s->points.n && s->best >= 0; k++) {
    const MeanInterval m = record_sweep_at(r, run, s, s->best, k);
    if (m.n == 0 || (best >= 0 && !(s->best_largest ? m.mean > value : m.mean < value))) continue;
    best = k;
    value = m.mean;
  }
  if (best < 0) return NULL;
  Text t = text_new(r->arena);
  text_printf(&t, "best %s of %s:", s->records.at[s->best].name, s->name);
  bool any = false;
  for (int i = 0; i < s->axes.n; i++)
    if (s->points.at[best].sets[i]) {
      text_printf(&t, " --set %s=%s", s->axes.at[i].name, s->points.at[best].sets[i]);
      any = true;
    }
  if (!any) text_add(&t, " the defaults");
  return text_str(&t);
}

/* A line of the program's output, part of the record like a printed value. */
static void put_line(Record *r, const char *line) {
  RecordPrint print = {.text = "", .shape = "", .line = line, .json = "[]"};
  record_event(r, EVENT_PRINT, r->prints.n);
  vec_push(r->arena, &r->prints, print);
}

int record_sweep(Record *r, const Run *run, int sweep, const char *const *failed, const char ***lines) {
  const Sweep *s = &r->spec.program->sweeps.at[sweep];
  ReportPart part = {.kind = PART_TABLE};
  const int first = r->prints.n, runs = sweep_runs(s);
  size_t width[64] = {0};
  record_sweep_rows(r, run, sweep, &part);
  put_line(r,
           arena_printf(r->arena, "sweep %s: %d point%s%s", s->name, s->points.n, s->points.n == 1 ? "" : "s",
                        s->seeds.n > 0 ? arena_printf(r->arena, ", %d seed%s (mean ± 95 %% interval)",
                                                      s->seeds.n, s->seeds.n == 1 ? "" : "s")
                                       : ""));
  for (int i = 0; i < part.rows.n; i++)
    for (int k = 0; k < part.rows.at[i].n && k < 64; k++) {
      const size_t n = columns_of(part.rows.at[i].cells[k]);
      width[k] = n > width[k] ? n : width[k];
    }
  for (int i = 0; i < part.rows.n; i++) {
    Text t = text_new(r->arena);
    for (int k = 0; k < part.rows.at[i].n && k < 64; k++) {
      const char *cell = part.rows.at[i].cells[k];
      const int pad = (int)(width[k] - columns_of(cell)), last = k + 1 == part.rows.at[i].n;
      text_printf(&t, "  %s%*s", cell, last ? 0 : pad, "");
    }
    put_line(r, text_str(&t));
  }
  int number = 0; /* of its first run, as `--point` counts */
  for (int i = 0; i < sweep; i++) number += sweep_runs(&r->spec.program->sweeps.at[i]);
  for (int k = 0; k < runs; k++)
    if (failed[k]) put_line(r, arena_printf(r->arena, "  point %d failed: %s", number + k, failed[k]));
  const char *best = record_sweep_best(r, run, sweep);
  if (best) put_line(r, best);
  *lines = ARENA_ARRAY(r->arena, const char *, r->prints.n - first + 1);
  for (int i = first; i < r->prints.n; i++) (*lines)[i - first] = r->prints.at[i].line;
  return r->prints.n - first;
}

/* ---- results.json of the whole ------------------------------------------------------------------- */

static void put_values(const Record *r, const Run *run, const Sweep *s, const SweepRecord *x, Text *t) {
  const int64_t n = run_slot_size(run, x->slot), per = n / (s->points.n > 0 ? s->points.n : 1);
  text_add(t, "[");
  for (int64_t k = 0; k < n; k++) {
    text_add(t, k == 0 ? "[" : k % per == 0 ? "], [" : ", ");
    text_json_number(t, run_slot_get(run, x->slot, k), record_single(r));
  }
  text_add(t, n > 0 ? "]]" : "]");
}

void record_put_sweeps(const Record *r, const Run *run, Text *t) {
  const Program *p = r->spec.program;
  text_add(t, "  \"sweeps\": {");
  for (int i = 0; i < p->sweeps.n; i++) {
    const Sweep *s = &p->sweeps.at[i];
    text_add(t, i ? ",\n    " : "\n    ");
    text_json_string(t, s->name);
    text_add(t, ": {\"points\": [");
    for (int k = 0; k < s->points.n; k++) {
      text_add(t, k ? ", {" : "{");
      for (int x = 0; x < s->axes.n; x++) {
        if (x) text_add(t, ", ");
        text_json_string(t, s->axes.at[x].name);
        text_add(t, ": ");
        text_json_string(t, s->points.at[k].shown[x]);
      }
      text_add(t, "}");
    }
    text_add(t, "], \"seeds\": [");
    for (int k = 0; k < s->seeds.n; k++) text_printf(t, "%s%lld", k ? ", " : "", (long long)s->seeds.at[k]);
    text_add(t, "]");
    for (int k = 0; k < s->records.n; k++) {
      text_add(t, ",\n      ");
      text_json_string(t, s->records.at[k].name);
      text_add(t, ": ");
      put_values(r, run, s, &s->records.at[k], t);
    }
    text_add(t, "}");
  }
  text_add(t, p->sweeps.n ? "\n  }" : "}");
}
