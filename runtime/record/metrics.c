/* Series as metrics.csv (one line for each value) and metrics.jsonl (one for each epoch or
 * iteration), and the statements in order as log.jsonl. All from memory, so that a resumed run
 * writes the bytes of an unbroken one. No clock. */
#include <string.h>
#include "runtime/record/record_int.h"

int64_t series_at(const Series *s, int64_t j) { return s->first + j * (s->stride > 0 ? s->stride : 1); }

int64_t series_entry(const Run *run, int series, int64_t at) {
  const Series *s = &run_program(run)->series.at[series];
  int64_t stride = s->stride > 0 ? s->stride : 1, past = at - s->first;
  if (past < 0 || past % stride != 0) return -1;
  return past / stride < run_series_entries(run, series) ? past / stride : -1;
}

static double entry_value(const Run *run, const Series *s, int64_t j, int64_t size, int64_t k) {
  return run_slot_get(run, s->slot, j * size + k);
}

/* The name inside its train: "loss.D" of "qgan.loss.D". */
static const char *short_name(const Program *p, const Series *s) {
  if (s->train < 0) return s->name;
  const char *train = p->trains.at[s->train].name;
  size_t n = strlen(train);
  return strncmp(s->name, train, n) == 0 && s->name[n] == '.' ? s->name + n + 1 : s->name;
}

static void put_csv(Record *r, const Run *run, int series, Text *t) {
  const Series *s = &r->spec.program->series.at[series];
  int64_t n = run_series_entries(run, series), size = shape_capacity(&s->entry);
  for (int64_t j = 0; j < n; j++)
    for (int64_t k = 0; k < size; k++) {
      text_add(t, s->name);
      if (size > 1) text_printf(t, "[%lld]", (long long)k);
      text_printf(t, ",%s,%lld,", s->per_epoch ? "epoch" : "iteration", (long long)series_at(s, j));
      text_number(t, entry_value(run, s, j, size, k), record_single(r));
      text_add(t, "\n");
    }
}

/* `, "loss.D": 0.5`, or a list if an entry has several values. */
static void put_entry(Record *r, const Run *run, const Series *s, int64_t j, Text *t) {
  int64_t size = shape_capacity(&s->entry);
  text_add(t, ", ");
  text_json_string(t, short_name(r->spec.program, s));
  text_add(t, size == 1 ? ": " : ": [");
  for (int64_t k = 0; k < size; k++) {
    if (k) text_add(t, ", ");
    text_json_number(t, entry_value(run, s, j, size, k), record_single(r));
  }
  if (size != 1) text_add(t, "]");
}

/* One object with the entries of a train's series at one abscissa; false if there are none. */
static bool put_point(Record *r, const Run *run, const Train *train, bool per_epoch, int64_t at,
                      const char *event, Text *t) {
  const Program *p = r->spec.program;
  size_t begin = t->n;
  bool any = false;
  if (event) text_printf(t, "{\"event\": \"%s\", \"train\": ", event);
  else text_add(t, "{\"train\": ");
  text_json_string(t, train->name);
  text_printf(t, ", \"%s\": %lld", per_epoch ? "epoch" : "iteration", (long long)at);
  for (int i = 0; i < train->series.n; i++) {
    const Series *s = &p->series.at[train->series.at[i]];
    int64_t j = s->per_epoch == per_epoch ? series_entry(run, train->series.at[i], at) : -1;
    if (j < 0) continue;
    put_entry(r, run, s, j, t);
    any = true;
  }
  text_add(t, "}\n");
  if (any) return true;
  t->n = begin;
  t->at[begin] = '\0';
  return false;
}

static int64_t last_at(Record *r, const Run *run, const Train *train, bool per_epoch) {
  int64_t last = 0;
  for (int i = 0; i < train->series.n; i++) {
    const Series *s = &r->spec.program->series.at[train->series.at[i]];
    int64_t n = run_series_entries(run, train->series.at[i]);
    if (s->per_epoch == per_epoch && n > 0 && series_at(s, n - 1) > last) last = series_at(s, n - 1);
  }
  return last;
}

/* Series only grow, so as many entries are the same entries. */
static int64_t all_entries(const Record *r, const Run *run) {
  int64_t n = 1;
  for (int i = 0; i < r->spec.program->series.n; i++) n += run_series_entries(run, i);
  return n;
}

static void write_series(Record *r, const Run *run) {
  const Program *p = r->spec.program;
  if (r->written_entries == all_entries(r, run)) return;
  Arena *a = arena_new(); /* the texts are large and not needed afterwards */
  Text csv = text_new(a), lines = text_new(a);
  text_add(&csv, "series,unit,at,value\n");
  for (int i = 0; i < p->series.n; i++) put_csv(r, run, i, &csv);
  for (int i = 0; i < p->trains.n; i++)
    for (int kind = 1; kind >= 0; kind--) {
      int64_t last = last_at(r, run, &p->trains.at[i], kind);
      for (int64_t at = 0; at <= last; at++) put_point(r, run, &p->trains.at[i], kind, at, NULL, &lines);
    }
  bool ok = record_write_text(r, "metrics.csv", &csv);
  ok = record_write_text(r, "metrics.jsonl", &lines) && ok;
  r->written_entries = ok ? all_entries(r, run) : 0;
  arena_free(a);
}

/* ---- log.jsonl ---------------------------------------------------------------------------------- */

static void log_train(Record *r, const Run *run, int train, Text *t) {
  const Train *info = &r->spec.program->trains.at[train];
  const RecordTrain *state = &r->trains[train];
  text_add(t, "{\"event\": \"train\", \"train\": ");
  text_json_string(t, info->name);
  text_printf(t, ", \"epochs\": %lld, \"batch\": %lld, \"gradient\": ", (long long)info->epochs,
              (long long)info->batch);
  text_json_string(t, info->gradient);
  text_add(t, "}\n");
  int64_t last = last_at(r, run, info, true);
  for (int64_t at = 1; at <= last; at++) put_point(r, run, info, true, at, "epoch", t);
  if (state->ended) {
    text_add(t, "{\"event\": \"end\", \"train\": ");
    text_json_string(t, info->name);
    text_printf(t, ", \"epochs\": %lld}\n", (long long)state->epoch);
  }
}

static void log_expect(const Record *r, const RecordExpect *x, Text *t) {
  text_printf(t, "{\"event\": \"%s\", \"condition\": ", x->is_assert ? "assert" : "expect");
  text_json_string(t, x->condition);
  text_printf(t, ", \"holds\": %s", x->holds ? "true" : "false");
  if (x->has_sides) {
    text_add(t, ", \"measured\": ");
    text_json_number(t, x->left, record_single(r));
    text_add(t, ", \"bound\": ");
    text_json_number(t, x->right, record_single(r));
  }
  text_add(t, "}\n");
}

static void log_event(Record *r, const Run *run, const RecordEvent *e, Text *t) {
  switch (e->kind) {
  case EVENT_TRAIN: log_train(r, run, e->index, t); break;
  case EVENT_PRINT:
    text_add(t, "{\"event\": \"print\", \"text\": ");
    text_json_string(t, r->prints.at[e->index].text);
    text_printf(t, ", \"values\": %s}\n", r->prints.at[e->index].json);
    break;
  case EVENT_EXPECT: log_expect(r, &r->expects.at[e->index], t); break;
  case EVENT_CLAIM:
    text_add(t, "{\"event\": \"claim\", \"id\": ");
    text_json_string(t, r->spec.program->claims.at[e->index].id);
    text_printf(t, ", \"verdict\": \"%s\", \"measured\": %s}\n",
                claim_verdict_text(r->claims[e->index].verdict), r->claims[e->index].measured_json);
    break;
  case EVENT_REPORT:
    text_add(t, "{\"event\": \"report\", \"report\": ");
    text_json_string(t, r->spec.program->reports.at[e->index].name);
    text_add(t, "}\n");
    break;
  }
}

void record_write_log(Record *r, const Run *run) {
  Arena *a = arena_new();
  Text t = text_new(a);
  const Program *p = r->spec.program;
  text_printf(&t, "{\"event\": \"run\", \"run\": ");
  text_json_string(&t, r->spec.name);
  text_printf(&t, ", \"edition\": %d, \"seed\": %llu, \"precision\": \"%s\"}\n", p->edition,
              (unsigned long long)p->seed, p->is_double ? "double" : "single");
  for (int i = 0; i < r->events.n; i++) log_event(r, run, &r->events.at[i], &t);
  record_write_text(r, "log.jsonl", &t);
  arena_free(a);
}

void record_write_metrics(Record *r, const Run *run) {
  write_series(r, run);
  record_write_log(r, run);
}
