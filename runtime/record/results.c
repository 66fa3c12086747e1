/* results.json: everything that a run found, in a fixed order, without times or paths. */
#include <string.h>
#include "runtime/record/record_int.h"

static void key(Text *t, int depth, const char *name) {
  text_printf(t, "%*s", 2 * depth, "");
  text_json_string(t, name);
  text_add(t, ": ");
}

/* Objects and lists are written as `open item, item close`, one item a line. */
static void next(Text *t, int *n, int depth) {
  text_add(t, (*n)++ ? ",\n" : "\n");
  text_printf(t, "%*s", 2 * depth, "");
}

static void close_list(Text *t, int n, int depth, char bracket) {
  if (n) text_printf(t, "\n%*s", 2 * depth, "");
  text_printf(t, "%c", bracket);
}

static void put_hypers(const Program *p, Text *t) {
  int n = 0;
  key(t, 1, "hypers");
  text_add(t, "{");
  for (int i = 0; i < p->hypers.n; i++) {
    next(t, &n, 2);
    text_json_string(t, p->hypers.at[i].name);
    text_add(t, ": ");
    text_json_string(t, p->hypers.at[i].value);
  }
  close_list(t, n, 1, '}');
}

static void put_sets(const Record *r, Text *t) {
  int n = 0;
  key(t, 1, "set");
  text_add(t, "[");
  for (int i = 0; i < r->spec.n_sets; i++) {
    next(t, &n, 2);
    text_json_string(t, r->spec.sets[i]);
  }
  close_list(t, n, 1, ']');
}

static void put_objects(const Program *p, Text *t) {
  int n = 0;
  key(t, 1, "parameters");
  text_add(t, "{");
  for (int i = 0; i < p->objects.n; i++) {
    int64_t count = 0;
    for (int k = 0; k < p->objects.at[i].n_slots; k++)
      count += shape_capacity(&p->slots.at[p->objects.at[i].slots[k]].shape);
    next(t, &n, 2);
    text_json_string(t, p->objects.at[i].name);
    text_printf(t, ": %lld", (long long)count);
  }
  close_list(t, n, 1, '}');
}

/* The source that a dataset goes back to: files, glyphs, a distribution. */
static const Dataset *source_of(const Program *p, const Dataset *d) {
  while (d->from >= 0) d = &p->datasets.at[d->from];
  return d;
}

static void put_files(const Record *r, const Dataset *d, Text *t) {
  text_add(t, ", \"files\": {");
  for (int i = 0, n = 0; i < r->files.n; i++)
    for (int k = 0; k < d->files.n; k++) {
      if (strcmp(r->files.at[i].name, d->files.at[k].name) != 0) continue;
      if (n++ > 0) text_add(t, ", ");
      text_json_string(t, r->files.at[i].name);
      text_printf(t, ": \"%s\"", r->files.at[i].sha256);
    }
  text_add(t, "}");
}

static void put_data(const Record *r, const Run *run, Text *t) {
  const Program *p = r->spec.program;
  int n = 0;
  key(t, 1, "data");
  text_add(t, "{");
  for (int i = 0; i < p->datasets.n; i++) {
    const Dataset *d = &p->datasets.at[i], *source = source_of(p, d);
    if (*d->name == '\0') continue;
    next(t, &n, 2);
    text_json_string(t, d->name);
    text_printf(t, ": {\"source\": \"%s\", \"a\": ", data_op_name[source->op]);
    text_json_number(t, source->a, false);
    text_add(t, ", \"b\": ");
    text_json_number(t, source->b, false);
    if (source->files.n > 0) put_files(r, source, t);
    text_printf(t, ", \"rows\": %lld, \"redraw\": %s}", (long long)run_data_rows(run, i),
                d->redraw ? "true" : "false");
  }
  close_list(t, n, 1, '}');
}

static void put_trains(const Record *r, Text *t) {
  const Program *p = r->spec.program;
  int n = 0;
  key(t, 1, "trains");
  text_add(t, "{");
  for (int i = 0; i < p->trains.n; i++) {
    const Train *train = &p->trains.at[i];
    next(t, &n, 2);
    text_json_string(t, train->name);
    text_printf(t, ": {\"epochs\": %lld, \"batch\": %lld, \"gradient\": ", (long long)train->epochs,
                (long long)train->batch);
    text_json_string(t, train->gradient);
    text_printf(t, ", \"epochs_run\": %lld, \"finished\": %s}", (long long)r->trains[i].epoch,
                r->trains[i].ended ? "true" : "false");
  }
  close_list(t, n, 1, '}');
}

static void put_series(const Record *r, const Run *run, Text *t) {
  const Program *p = r->spec.program;
  int n = 0;
  key(t, 1, "series");
  text_add(t, "{");
  for (int i = 0; i < p->series.n; i++) {
    const Series *s = &p->series.at[i];
    int64_t entries = run_series_entries(run, i), size = shape_capacity(&s->entry);
    next(t, &n, 2);
    text_json_string(t, s->name);
    text_printf(t, ": {\"entries\": %lld", (long long)entries);
    if (entries > 0) {
      text_printf(t, ", \"%s\": %lld, \"last\": %s", s->per_epoch ? "epoch" : "iteration",
                  (long long)series_at(s, entries - 1), size == 1 ? "" : "[");
      for (int64_t k = 0; k < size; k++) {
        if (k) text_add(t, ", ");
        text_json_number(t, run_slot_get(run, s->slot, (entries - 1) * size + k), record_single(r));
      }
      if (size != 1) text_add(t, "]");
    }
    text_add(t, "}");
  }
  close_list(t, n, 1, '}');
}

static void put_prints(const Record *r, Text *t) {
  int n = 0;
  key(t, 1, "prints");
  text_add(t, "[");
  for (int i = 0; i < r->prints.n; i++) {
    next(t, &n, 2);
    text_add(t, "{\"text\": ");
    text_json_string(t, r->prints.at[i].text);
    text_add(t, ", \"shape\": ");
    text_json_string(t, r->prints.at[i].shape);
    text_printf(t, ", \"values\": %s}", r->prints.at[i].json);
  }
  close_list(t, n, 1, ']');
}

static void put_expects(const Record *r, Text *t) {
  int n = 0;
  key(t, 1, "expects");
  text_add(t, "[");
  for (int i = 0; i < r->expects.n; i++) {
    const RecordExpect *x = &r->expects.at[i];
    next(t, &n, 2);
    text_add(t, "{\"text\": ");
    text_json_string(t, x->condition);
    text_printf(t, ", \"line\": %d, \"holds\": %s", x->line, x->holds ? "true" : "false");
    if (x->has_sides) {
      text_add(t, ", \"left\": ");
      text_json_number(t, x->left, record_single(r));
      text_add(t, ", \"op\": ");
      text_json_string(t, x->op);
      text_add(t, ", \"right\": ");
      text_json_number(t, x->right, record_single(r));
    }
    text_add(t, ", \"why\": ");
    text_json_string(t, x->why);
    text_add(t, "}");
  }
  close_list(t, n, 1, ']');
}

static void put_claims(const Record *r, Text *t) {
  const Program *p = r->spec.program;
  int n = 0;
  key(t, 1, "claims");
  text_add(t, "[");
  for (int i = 0; i < p->claims.n; i++) {
    const RecordClaim *x = &r->claims[i];
    next(t, &n, 2);
    text_add(t, "{\"id\": ");
    text_json_string(t, p->claims.at[i].id);
    text_printf(t, ", \"verdict\": \"%s\", \"document\": %s, \"measured\": %s, \"seeds\": [%llu]}",
                claim_verdict_text(x->verdict), x->document_json ? x->document_json : "[]",
                x->measured_json ? x->measured_json : "[]", (unsigned long long)p->seed);
  }
  close_list(t, n, 1, ']');
}

static void put_saved(const Record *r, Text *t) {
  int n = 0;
  key(t, 1, "saved");
  text_add(t, "[");
  for (int i = 0; i < r->saved.n; i++) {
    next(t, &n, 2);
    text_add(t, r->saved.at[i]);
  }
  close_list(t, n, 1, ']');
}

static void put_choices(const Record *r, Text *t) {
  static const char *const kinds[] = {
      [CHOICE_STATED] = "stated", [CHOICE_ASSUMED] = "assumed", [CHOICE_CHANGED] = "changed"};
  const Program *p = r->spec.program;
  int n = 0;
  key(t, 1, "choices");
  text_add(t, "[");
  for (int i = 0; i < p->choices.n; i++) {
    const ScriptChoice *c = &p->choices.at[i];
    next(t, &n, 2);
    text_add(t, "{\"name\": ");
    text_json_string(t, c->name);
    text_printf(t, ", \"kind\": \"%s\", \"here\": ", kinds[c->kind]);
    text_json_string(t, c->here);
    text_add(t, ", \"document\": ");
    text_json_string(t, c->document);
    text_add(t, ", \"why\": ");
    text_json_string(t, c->why);
    text_add(t, "}");
  }
  close_list(t, n, 1, ']');
}

/* The lines of standard output, so that a finished run can show them again. */
static void put_output(Record *r, Text *t) {
  int n = 0, lines;
  const char **list;
  key(t, 1, "output");
  text_add(t, "[");
  for (int i = 0; i < r->prints.n; i++) {
    next(t, &n, 2);
    text_json_string(t, r->prints.at[i].line);
  }
  lines = record_lines(r, &list);
  for (int i = 0; i < lines; i++) {
    next(t, &n, 2);
    text_json_string(t, list[i]);
  }
  close_list(t, n, 1, ']');
}

void record_write_results(Record *r, const Run *run, RunEnd end, int code) {
  static const char *const ends[] = {
      [RUN_DONE] = "done", [RUN_STOPPED] = "interrupted", [RUN_FAILED] = "failed"};
  const Program *p = r->spec.program;
  Text t = text_new(r->arena);
  text_printf(&t, "{\n  \"version\": %d,\n  \"complete\": %s,\n  \"end\": \"%s\",\n  \"exit_code\": %d,\n",
              RECORD_VERSION, end == RUN_DONE && code <= 1 ? "true" : "false", ends[end], code);
  key(&t, 1, "run");
  text_json_string(&t, r->spec.name);
  text_add(&t, ",\n");
  key(&t, 1, "doc");
  text_json_string(&t, p->doc);
  text_printf(
      &t,
      ",\n  \"edition\": %d,\n  \"seed\": %llu,\n  \"precision\": \"%s\",\n  \"content\": \"%s\",\n  \"family\": ",
      p->edition, (unsigned long long)p->seed, p->is_double ? "double" : "single", r->content);
  text_json_string(&t, r->spec.family);
  text_add(&t, ",\n");
  put_hypers(p, &t), text_add(&t, ",\n");
  put_sets(r, &t), text_add(&t, ",\n");
  put_objects(p, &t), text_add(&t, ",\n");
  put_data(r, run, &t), text_add(&t, ",\n");
  put_trains(r, &t), text_add(&t, ",\n");
  put_expects(r, &t), text_add(&t, ",\n");
  put_claims(r, &t), text_add(&t, ",\n");
  if (p->choices.n > 0) put_choices(r, &t), text_add(&t, ",\n");
  if (p->point > 0) record_put_point(r, run, &t);
  else if (p->sweeps.n > 0) record_put_sweeps(r, run, &t), text_add(&t, ",\n");
  put_series(r, run, &t), text_add(&t, ",\n");
  put_prints(r, &t), text_add(&t, ",\n");
  if (r->saved.n > 0) put_saved(r, &t), text_add(&t, ",\n");
  put_output(r, &t);
  text_add(&t, "\n}\n");
  record_write_text(r, "results.json", &t);
}
