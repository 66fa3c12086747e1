/* Messages of the walk: where they point, what they call things, where numbers come from. */
#include "lang/sema/walk.h"
#include "lang/base/num.h"
#include "lang/base/source.h"
#include <string.h>

bool span_in_library(Span s) {
  const Source *src = src_of(s.begin);
  return src != NULL && (strcmp(src->name, "<prelude>") == 0 || strncmp(src->name, "<std.", 5) == 0);
}

/* The call in the script that led into the library, or NULL. */
static const Call *script_call(const Sema *S) {
  const Call *c = S->call;
  while (c != NULL && span_in_library(c->span)) c = c->up;
  return c;
}

Diag *say(Sema *S, DiagCode code, Span span, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *text = arena_vprintf(S->a, fmt, ap);
  va_end(ap);
  const Call *c = S->call;
  if (span_in_library(span) && (c = script_call(S)) != NULL) {
    Diag *d = diag_add(S->sink, code, c->span, "in `%s`: %s", c->name, text);
    diag_label(d, span, "this line of the library");
    return d;
  }
  Diag *d = diag_add(S->sink, code, span, "%s", text);
  if (c != NULL && !span_within(span, c->span)) diag_label(d, c->span, "in this call of `%s`", c->name);
  return d;
}

bool span_within(Span inner, Span outer) { return inner.begin >= outer.begin && inner.end <= outer.end; }

const Value *too_many_axes(Sema *S, Span span, int most) {
  say(S, DIAG_RANKS, span, "this would have more than %d axes", most);
  return S->error;
}

const Value *later(Sema *S, Span span, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *text = arena_vprintf(S->a, fmt, ap);
  va_end(ap);
  Diag *d = say(S, DIAG_LATER, span, "%s cannot be run by this version yet", text);
  diag_note(d, "it is part of the language; nothing was run");
  return S->error;
}

const Value *later_rows(Sema *S, Span span, const char *what) {
  Diag *d = say(S, DIAG_LATER, span, "%s known only when run cannot be run by this version yet", what);
  diag_note(d, "it is part of the language; nothing was run");
  const Train *t = S->train != NULL ? &S->p->trains.at[S->train->index] : NULL;
  if (t != NULL && t->batch_count != 0)
    diag_help(
        d,
        "take what is called to one axis of rows, as `x[:, 0]` does, or write the number in place of its name: "
        "`step x[%lld, ...]`, with `drop_last = true` in the train",
        (long long)t->batch);
  return S->error;
}

uint32_t origin_new(Sema *S, Span span, const char *text, uint32_t p1, uint32_t p2) {
  if (S->p->origins.n == 0) vec_push(S->a, &S->p->origins, ((Origin){SPAN_NONE, "", {0, 0}}));
  vec_push(S->a, &S->p->origins, ((Origin){span, text, {p1, p2}}));
  return (uint32_t)(S->p->origins.n - 1);
}

static const Origin *origin_of(const Sema *S, uint32_t id) {
  return id != 0 && (int)id < S->p->origins.n ? &S->p->origins.at[id] : NULL;
}

void label_origin(Sema *S, Diag *d, Dim dim) {
  const Origin *o = origin_of(S, dim.origin);
  if (o == NULL || o->span.end == 0 || span_in_library(o->span)) return;
  const bool here = o->span.begin == d->span.begin && o->span.end == d->span.end;
  if (!here && dim.count != 0) diag_label(d, o->span, "`%s` is named here", S->p->counts.at[dim.count].name);
  else if (!here && o->text[0] == '\0') diag_label(d, o->span, "the %lld comes from here", (long long)dim.n);
  else if (!here) diag_label(d, o->span, "the %lld comes from here: %s", (long long)dim.n, o->text);
  for (int i = 0; i < 2; i++) {
    const Origin *up = origin_of(S, o->parent[i]);
    const bool shown = up == NULL || up->span.end == 0 || up->text[0] == '\0' ||
                       span_within(up->span, here ? SPAN_NONE : o->span);
    if (!shown) diag_label(d, up->span, "%s", up->text);
  }
}

const char *num_text(Sema *S, double x) {
  char buf[NUM_MAX];
  num_print(buf, sizeof buf, x);
  return arena_str(S->a, buf);
}

static const char *one_line(Sema *S, Span s, size_t most) {
  size_t n = 0;
  const char *t = src_text(s, &n);
  if (t == NULL) return "";
  char *out = arena_alloc(S->a, n + 4);
  size_t k = 0;
  bool cut = false;
  for (size_t i = 0; i < n && !cut; i++) {
    const bool blank = t[i] == '\n' || t[i] == '\t' || t[i] == '\r' || t[i] == ' ';
    if (blank && k > 0 && out[k - 1] == ' ') continue;
    cut = k >= most && ((unsigned char)t[i] & 0xC0) != 0x80;
    if (!cut) out[k++] = blank ? ' ' : t[i];
  }
  if (cut) memcpy(out + k, "...", 3);
  return out;
}

const char *src_of_span(Sema *S, Span s) { return one_line(S, s, 72); }
const char *src_whole(Sema *S, Span s) { return one_line(S, s, SIZE_MAX); }

const char *val_kind_text(ValueKind k) {
  switch (k) {
  case VAL_ERROR: return "an error";
  case VAL_INT: return "a whole number";
  case VAL_REAL: return "a number";
  case VAL_BOOL: return "true or false";
  case VAL_TEXT: return "a text";
  case VAL_DURATION: return "a duration";
  case VAL_COUNT: return "a number of rows";
  case VAL_RANGE: return "a range";
  case VAL_INTERVAL: return "an interval";
  case VAL_LIST: return "a list";
  case VAL_TUPLE: return "a tuple";
  case VAL_TENSOR: return "a computed value";
  case VAL_OBJECT: return "a circuit or model";
  case VAL_STAGE: return "a labelled stage";
  case VAL_DEF:
  case VAL_BUILTIN: return "a function";
  case VAL_DATASET: return "a dataset";
  case VAL_TRAIN: return "a train";
  case VAL_SWEEP: return "a sweep";
  case VAL_SERIES: return "a series";
  case VAL_DIST: return "a distribution";
  case VAL_OPTIM: return "an optimizer";
  case VAL_SCHEDULE: return "a schedule";
  case VAL_QUBITS: return "a qubit or register";
  case VAL_PAIRS: return "pairs of qubits";
  case VAL_OP: return "an operator";
  case VAL_CHANNEL: return "a noise channel";
  case VAL_OUTCOME: return "an outcome of a measurement";
  case VAL_BUNDLE: return "a bundle of weights";
  case VAL_FIGURE: return "a figure";
  case VAL_ROW: return "a row of a table";
  case VAL_MODULE: return "a module";
  case VAL_FILE: return "a block from a file";
  case VAL_GROUPS: return "a grouping of rows";
  case VAL_NOTHING: return "nothing";
  }
  return "a value";
}

const char **count_names(Sema *S) {
  const char **out = ARENA_ARRAY(S->a, const char *, S->p->counts.n + 1);
  for (int i = 0; i < S->p->counts.n; i++) out[i] = S->p->counts.at[i].name;
  return out;
}

const char *sema_shape_text(Sema *S, const Shape *s) { return shape_text(S->a, s, count_names(S)); }

const char *shape_of_value(Sema *S, const Value *v) {
  Shape s;
  ElemKind e;
  return val_shape(S, v, &s, &e) ? sema_shape_text(S, &s) : val_kind_text(v->kind);
}

const char *val_describe(Sema *S, const Value *v) {
  switch ((int)v->kind) {
  case VAL_INT:
  case VAL_REAL: return arena_printf(S->a, "the number %s", num_text(S, v->u.num));
  case VAL_BOOL: return v->u.num != 0 ? "true" : "false";
  case VAL_TEXT: return arena_printf(S->a, "the text \"%s\"", v->u.text);
  case VAL_DURATION: return arena_printf(S->a, "the duration %s", src_of_span(S, v->span));
  case VAL_COUNT: return arena_printf(S->a, "the row count `%s`", S->p->counts.at[v->u.dim.count].name);
  case VAL_RANGE:
    return arena_printf(S->a, "the range %lld..%lld", (long long)v->u.range.lo, (long long)v->u.range.hi);
  case VAL_LIST:
  case VAL_TUPLE: return arena_printf(S->a, "%s of %d", val_kind_text(v->kind), v->u.list.n);
  case VAL_TENSOR:
    if (v->u.tensor->shape.rank == v->u.tensor->lift) return "a number that is computed when run";
    return arena_printf(S->a, "a tensor %s", shape_of_value(S, v));
  case VAL_OBJECT:
    return arena_printf(S->a, "the %s `%s`", v->u.object->is_circuit ? "circuit" : "model",
                        v->u.object->name);
  case VAL_STAGE: return arena_printf(S->a, "the stage `%s.%s`", v->u.stage.object->name, v->u.stage.name);
  case VAL_DEF: return arena_printf(S->a, "the function `%s`", v->u.def->name);
  case VAL_BUILTIN:
    return arena_printf(S->a, "the %s `%s`", builtin_kind_text(v->u.builtin->kind), v->u.builtin->name);
  case VAL_DATASET: {
    const char *name = v->u.index >= 0 ? S->p->datasets.at[v->u.index].name : "";
    return *name != '\0' ? arena_printf(S->a, "the dataset `%s`", name) : "a dataset";
  }
  case VAL_TRAIN: return arena_printf(S->a, "the train `%s`", v->u.train->name);
  case VAL_SWEEP: return arena_printf(S->a, "the sweep `%s`", S->p->sweeps.at[v->u.sweep.index].name);
  case VAL_SERIES: return arena_printf(S->a, "the series `%s`", S->p->series.at[v->u.index].name);
  case VAL_QUBITS:
    return v->u.qubits.is_single ? "one qubit" : arena_printf(S->a, "a register of %d qubits", v->u.qubits.n);
  case VAL_MODULE: return arena_printf(S->a, "the module `%s`", v->u.module->stem);
  case VAL_FILE: return arena_printf(S->a, "the block `%s` from a file", v->u.file->name);
  default: return val_kind_text(v->kind);
  }
}
