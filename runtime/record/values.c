/* Values of a run as text, and the lines that stand for its statements on standard output. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/num.h"
#include "lang/base/source.h"
#include "runtime/record/record_int.h"

#define PRINT_MOST 8   /* elements on a printed line */
#define ROWS_MOST 12   /* rows and columns of a matrix that is printed by rows */
#define JSON_MOST 4096 /* elements of a print in results.json */
#define CELL_MOST 8

static const Slot *slot_of(const Run *run, int slot) { return &run_program(run)->slots.at[slot]; }

/* An element as text: labels and bools as what they are. */
static const char *element(Arena *a, const Run *run, int slot, int64_t i) {
  double x = run_slot_get(run, slot, i);
  if (slot_of(run, slot)->elem == ELEM_BOOL) return x != 0 ? "true" : "false";
  return text_short(a, x);
}

static const char *slot_shape_text(Arena *a, const Run *run, int slot) {
  Shape s = run_slot_shape(run, slot);
  if (s.rank == 0) return "";
  Text t = text_new(a);
  for (int i = 0; i < s.rank; i++) text_printf(&t, "%s%lld", i ? ", " : "[", (long long)s.d[i].n);
  text_add(&t, "]");
  return text_str(&t);
}

/* Mean, standard deviation (n - 1), least and largest of a slot. */
static const char *moments(Arena *a, const Run *run, int slot, int64_t n) {
  double sum = 0, squares = 0, least = INFINITY, most = -INFINITY;
  for (int64_t i = 0; i < n; i++) {
    double x = run_slot_get(run, slot, i);
    sum += x;
    least = x < least ? x : least;
    most = x > most ? x : most;
  }
  if (least > most) return "(none is a number)";
  double mean = sum / (double)n;
  for (int64_t i = 0; i < n; i++) {
    double d = run_slot_get(run, slot, i) - mean;
    squares += d * d;
  }
  return arena_printf(a, "(mean %s, std %s, min %s, max %s)", text_short(a, mean),
                      text_short(a, sqrt(squares / (double)(n - 1))), text_short(a, least),
                      text_short(a, most));
}

static const char *slot_values_text(Arena *a, const Run *run, int slot, int most) {
  int64_t n = run_slot_size(run, slot);
  Text t = text_new(a);
  for (int64_t i = 0; i < n && (n <= most || i < most / 2); i++) {
    if (i) text_add(&t, "  ");
    text_add(&t, element(a, run, slot, i));
  }
  if (n > most) {
    text_add(&t, "  ...  ");
    text_add(&t, moments(a, run, slot, n));
  }
  return text_str(&t);
}

/* A matrix that is too large for a line, and small enough to be read. */
static bool is_table(const Run *run, int slot) {
  const Shape s = run_slot_shape(run, slot);
  return s.rank == 2 && run_slot_size(run, slot) > PRINT_MOST && s.d[0].n > 1 && s.d[0].n <= ROWS_MOST &&
         s.d[1].n > 1 && s.d[1].n <= ROWS_MOST;
}

/* Its rows, each on a line of its own, with columns of one width. */
static const char *rows_text(Arena *a, const Run *run, int slot) {
  const Shape s = run_slot_shape(run, slot);
  const int64_t n = run_slot_size(run, slot);
  size_t width = 0;
  for (int64_t i = 0; i < n; i++) {
    const size_t w = strlen(element(a, run, slot, i));
    width = w > width ? w : width;
  }
  Text t = text_new(a);
  for (int64_t i = 0; i < n; i++)
    text_printf(&t, "%s%*s", i % s.d[1].n ? "  " : "\n  ", (int)width, element(a, run, slot, i));
  return text_str(&t);
}

const char *record_shape(Record *r, const Run *run, int slot) { return slot_shape_text(r->arena, run, slot); }
const char *record_values(Record *r, const Run *run, int slot, int most) {
  return slot_values_text(r->arena, run, slot, most);
}

const char *record_cell(Record *r, const Run *run, const Cell *c) {
  if (c->text) return c->text;
  if (c->slot < 0) return text_short(r->arena, c->value);
  int64_t n = run_slot_size(run, c->slot);
  if (n == 1) return element(r->arena, run, c->slot, 0);
  Text t = text_new(r->arena);
  text_add(&t, "[");
  for (int64_t i = 0; i < n && i < CELL_MOST; i++)
    text_printf(&t, "%s%s", i ? ", " : "", element(r->arena, run, c->slot, i));
  text_add(&t, n > CELL_MOST ? ", ...]" : "]");
  return text_str(&t);
}

void record_cell_json(Record *r, const Run *run, const Cell *c, Text *out) {
  if (c->text) {
    text_json_string(out, c->text);
  } else if (c->slot < 0) {
    text_json_number(out, c->value, false);
  } else {
    int64_t n = run_slot_size(run, c->slot);
    if (n != 1) text_add(out, "[");
    for (int64_t i = 0; i < n && i < JSON_MOST; i++) {
      if (i) text_add(out, ", ");
      text_json_number(out, run_slot_get(run, c->slot, i), record_single(r));
    }
    if (n != 1) text_add(out, "]");
  }
}

/* ---- texts with places ----------------------------------------------------------------------- */

/* Digits behind the point; rounding is that of printf, which no program here gives a locale. */
static const char *fixed(Arena *a, double x, int digits, char form) {
  if (form == 'e') return arena_printf(a, "%.*e", digits, x);
  if (form == 'g') return arena_printf(a, "%.*g", digits, x);
  if (form == '%') return arena_printf(a, "%.*f%%", digits, 100 * x);
  return arena_printf(a, "%.*f", digits, x);
}

/* One number. A format is [.digits][feg%] or d; what is not understood, and what is not finite, has the usual
 * form; NULL. */
static const char *formatted(Arena *a, double x, const char *format, size_t n) {
  int digits = 6;
  size_t i = 0;
  if (n == 0 || !isfinite(x)) return NULL;
  if (n == 1 && format[0] == 'd') return arena_printf(a, "%.0f", fabs(x) <= 0.5 ? 0.0 : x);
  if (format[i] == '.') {
    digits = 0;
    for (i = 1; i < n && format[i] >= '0' && format[i] <= '9' && digits < 10; i++)
      digits = 10 * digits + format[i] - '0';
    if (digits > 17) digits = 17;
  }
  char form = i < n ? format[i] : 'g';
  return i + 1 < n || !strchr("feg%", form) ? NULL : fixed(a, x, digits, form);
}

/* A cell with each of its numbers in the format. */
static const char *formatted_cell(Record *r, const Run *run, const Cell *c, const char *format, size_t n) {
  int64_t count = c->text || c->slot < 0 ? 1 : run_slot_size(run, c->slot);
  if (c->text || n == 0) return record_cell(r, run, c);
  if (count == 1) {
    const char *one = formatted(r->arena, run_cell(run, c), format, n);
    return one ? one : record_cell(r, run, c);
  }
  Text t = text_new(r->arena);
  text_add(&t, "[");
  for (int64_t i = 0; i < count && i < CELL_MOST; i++) {
    const char *one = formatted(r->arena, run_slot_get(run, c->slot, i), format, n);
    text_printf(&t, "%s%s", i ? ", " : "", one ? one : element(r->arena, run, c->slot, i));
  }
  text_add(&t, count > CELL_MOST ? ", ...]" : "]");
  return text_str(&t);
}

const char *record_fill(Record *r, const Run *run, const char *text, const Cell *places, int n) {
  Text t = text_new(r->arena);
  int next = 0;
  for (const char *s = text; *s; s++) {
    const char *end = *s == '{' ? strchr(s, '}') : NULL;
    if ((*s == '{' && s[1] == '{') || (*s == '}' && s[1] == '}')) {
      text_bytes(&t, s++, 1);
    } else if (end && next < n) {
      const char *colon = memchr(s, ':', (size_t)(end - s));
      const char *format = colon ? colon + 1 : end;
      text_add(&t, formatted_cell(r, run, &places[next++], format, (size_t)(end - format)));
      s = end;
    } else {
      text_bytes(&t, s, 1);
    }
  }
  return text_str(&t);
}

/* ---- statements ---------------------------------------------------------------------------------- */

static int line_of(Span span) {
  const Source *src;
  int line = 0, col;
  return src_locate(span.begin, &src, &line, &col) ? line : 0;
}

static const char *json_values(Record *r, const Run *run, int slot) {
  Text t = text_new(r->arena);
  int64_t n = slot >= 0 ? run_slot_size(run, slot) : 0;
  text_add(&t, "[");
  for (int64_t i = 0; i < n && i < JSON_MOST; i++) {
    if (i) text_add(&t, ", ");
    text_json_number(&t, run_slot_get(run, slot, i), record_single(r));
  }
  text_add(&t, "]");
  return text_str(&t);
}

const char *record_print_line(Arena *a, const Run *run, const Stmt *s) {
  const char *text = s->text ? s->text : "";
  if (s->slot < 0) return text;
  const char *shape = slot_shape_text(a, run, s->slot);
  if (is_table(run, s->slot)) return arena_printf(a, "%s  %s%s", text, shape, rows_text(a, run, s->slot));
  return arena_printf(a, "%s  %s%s%s", text, shape, *shape ? "  " : "",
                      slot_values_text(a, run, s->slot, PRINT_MOST));
}

const char *record_print(Record *r, const Run *run, const Stmt *s) {
  RecordPrint p = {.text = s->text ? s->text : "", .shape = "", .json = json_values(r, run, s->slot)};
  if (s->slot >= 0) p.shape = record_shape(r, run, s->slot);
  p.line = record_print_line(r->arena, run, s);
  record_event(r, EVENT_PRINT, r->prints.n);
  vec_push(r->arena, &r->prints, p);
  return p.line;
}

static const char *all_digits(Record *r, double x) {
  Text t = text_new(r->arena);
  text_number(&t, x, false);
  return text_str(&t);
}

/* Numbers that are told apart only by later digits have all of them. */
static const char *expect_line(Record *r, const RecordExpect *x) {
  Text t = text_new(r->arena);
  text_printf(&t, "%-7s %-44s", x->holds ? "ok" : "FAILED", x->condition);
  if (x->has_sides) {
    const char *left = text_short(r->arena, x->left), *right = text_short(r->arena, x->right);
    if (!x->holds && strcmp(left, right) == 0) left = all_digits(r, x->left), right = all_digits(r, x->right);
    text_printf(&t, "  %s %s %s", left, x->holds ? x->op : arena_printf(r->arena, "is not %s", x->op), right);
  }
  if (!x->holds && x->line > 0) text_printf(&t, "  (line %d)", x->line);
  if (!x->holds && x->why) text_printf(&t, "  %s", x->why);
  while (t.n > 0 && t.at[t.n - 1] == ' ') t.at[--t.n] = '\0';
  return text_str(&t);
}

void record_expect(Record *r, const Run *run, const Stmt *s, bool holds) {
  RecordExpect x = {.condition = s->condition ? s->condition : "",
                    .why = s->text,
                    .op = s->op,
                    .holds = holds,
                    .is_assert = s->is_assert,
                    .line = line_of(s->span)};
  if (x.op) {
    x.left = run_cell(run, &s->left);
    x.right = run_cell(run, &s->right);
    x.has_sides = true;
  }
  record_event(r, EVENT_EXPECT, r->expects.n);
  vec_push(r->arena, &r->expects, x);
}

static const char *cells_text(Record *r, const Run *run, const Cell *cells, int n) {
  Text t = text_new(r->arena);
  for (int i = 0; i < n; i++) text_printf(&t, "%s%s", i ? ", " : "", record_cell(r, run, &cells[i]));
  return text_str(&t);
}

static const char *cells_json(Record *r, const Run *run, const Cell *cells, int n) {
  Text t = text_new(r->arena);
  text_add(&t, "[");
  for (int i = 0; i < n; i++) {
    if (i) text_add(&t, ", ");
    record_cell_json(r, run, &cells[i], &t);
  }
  text_add(&t, "]");
  return text_str(&t);
}

static const char *claim_line(Record *r, int index) {
  const RecordClaim *x = &r->claims[index];
  Text t = text_new(r->arena);
  text_printf(&t, "%-7s %-16s", r->spec.program->claims.at[index].id, claim_verdict_text(x->verdict));
  if (x->measured && *x->measured) text_printf(&t, "  measured %s", x->measured);
  if (x->document && *x->document) text_printf(&t, "  (document: %s)", x->document);
  while (t.n > 0 && t.at[t.n - 1] == ' ') t.at[--t.n] = '\0';
  return text_str(&t);
}

void record_claim(Record *r, const Run *run, const Stmt *s, ClaimVerdict verdict) {
  const Claim *claim = &r->spec.program->claims.at[s->index];
  RecordClaim *x = &r->claims[s->index];
  x->verdict = verdict;
  x->document = cells_text(r, run, claim->document, claim->n_document);
  x->measured = cells_text(r, run, claim->measured, claim->n_measured);
  x->document_json = cells_json(r, run, claim->document, claim->n_document);
  x->measured_json = cells_json(r, run, claim->measured, claim->n_measured);
  record_event(r, EVENT_CLAIM, s->index);
}

int record_lines(Record *r, const char ***lines) {
  int n = 0, claims = r->spec.program->claims.n;
  const char **list = ARENA_ARRAY(r->arena, const char *, r->expects.n + claims + 1);
  for (int i = 0; i < r->expects.n; i++) list[n++] = expect_line(r, &r->expects.at[i]);
  for (int i = 0; i < claims; i++) list[n++] = claim_line(r, i);
  *lines = list;
  return n;
}

int record_expects(const Record *r, int *failed) {
  *failed = 0;
  for (int i = 0; i < r->expects.n; i++) *failed += !r->expects.at[i].holds;
  return r->expects.n;
}

/* ---- labels ---------------------------------------------------------------------------------- */

const char *record_label(Record *r, const Run *run, int slot, double x) {
  const Program *p = run_program(run);
  const Slot *s = &p->slots.at[slot];
  if (s->kind == SLOT_TABLE && s->dataset >= 0) {
    const Column *c = &p->datasets.at[s->dataset].columns.at[s->column];
    if (c->classes && x >= 0 && x < (double)c->n_classes) return c->classes[(int)x];
  }
  return text_short(r->arena, x);
}

const char *record_label_at(Record *r, const Run *run, const FigureLabels *labels, int64_t i) {
  if (labels->text) return i < labels->n ? labels->text[i] : "";
  const Shape s = run_slot_shape(run, labels->slot);
  if (i >= (s.rank > 0 ? s.d[0].n : 1)) return "";
  if (s.rank < 2) return record_label(r, run, labels->slot, run_slot_get(run, labels->slot, i));
  Text t = text_new(r->arena);
  for (int64_t k = 0; k < s.d[1].n; k++)
    text_add(&t, record_label(r, run, labels->slot, run_slot_get(run, labels->slot, i * s.d[1].n + k)));
  return text_str(&t);
}
