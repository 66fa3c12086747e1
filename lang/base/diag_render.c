/* Diagnostics as text. A place is drawn as its source line, a row of carets (primary) and dashes
 * (secondary) below it, and the labels: the one furthest right beside its underline, the others
 * below on rows of their own, joined by bars. Everything is laid out in display columns (wide
 * characters count 2, combining marks 0, tabs 2), so marks stay below what they mark. */
#include "lang/base/diag.h"
#include "lang/base/diag_format.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "lang/base/source.h"

#define MAX_SHOWN 20
#define MAX_COLUMNS 400 /* a longer line is cut even where there is no width to respect */
#define ROOM_MIN 24

typedef enum Ink { INK_NONE, INK_BOLD, INK_ERROR, INK_WARNING, INK_PLACE, INK_HELP } Ink;

static const char *const ink_code[] = {"", "\033[1m", "\033[1;31m", "\033[1;33m", "\033[1;34m", "\033[1;32m"};

/* One character of a line, or several that are shown for a byte that cannot be shown. */
typedef struct Cell {
  char text[12];
  int column, width;
  uint32_t byte; /* offset in the line */
} Cell;

/* One underlined piece of a line. */
typedef struct Mark {
  int from, to; /* display columns; to > from */
  bool primary;
  const char *text; /* NULL or a label */
} Mark;

/* One place to show: a span with its label, resolved. */
typedef struct Place {
  const Source *source;
  int line, col;
  Span span;
  bool primary;
  const char *text;
} Place;

typedef struct Render {
  Arena *arena; /* of this call */
  DiagStyle style;
  FILE *out;
  Ink level;  /* colour of the severity */
  int gutter; /* digits of the largest line number shown */
} Render;

/* ---- text ---- */

static void ink(const Render *r, Ink which) {
  if (r->style.color && which != INK_NONE) fputs(ink_code[which], r->out);
}

static void ink_end(const Render *r, Ink which) {
  if (r->style.color && which != INK_NONE) fputs("\033[0m", r->out);
}

static void inked(const Render *r, Ink which, const char *text) {
  ink(r, which);
  fputs(text, r->out);
  ink_end(r, which);
}

static void spaces(const Render *r, int n) {
  for (int i = 0; i < n; i++) fputc(' ', r->out);
}

/* Characters that would act on the terminal or reorder what is read. */
static bool must_escape(utf8proc_int32_t c) {
  return c < 0x20 || (c >= 0x7F && c < 0xA0) || (c >= 0x200B && c <= 0x200F) ||
         (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF || c == 0x061C ||
         (c >= 0xFFF9 && c <= 0xFFFB);
}

/* Reads one character of s[0..n), n > 0: fills text (what is shown) and width, returns the bytes
 * used. */
static size_t next_cell(const char *s, size_t n, Cell *cell) {
  utf8proc_int32_t c;
  utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &c);
  if (used <= 0) {
    cell->width = snprintf(cell->text, sizeof cell->text, "\\x%02x", (unsigned char)s[0]);
    return 1;
  }
  if (c == '\t') {
    memcpy(cell->text, "  ", 3);
    cell->width = 2;
  } else if (must_escape(c)) {
    cell->width = snprintf(cell->text, sizeof cell->text, c < 0x80 ? "\\x%02x" : "\\u{%x}", (unsigned)c);
  } else {
    memcpy(cell->text, s, (size_t)used);
    cell->text[used] = '\0';
    cell->width = utf8proc_charwidth(c);
  }
  return (size_t)used;
}

/* Text of a message: control characters escaped, line breaks too. */
static void put_text(const Render *r, const char *s) {
  size_t n = strlen(s);
  Cell cell;
  while (n > 0) {
    size_t used = next_cell(s, n, &cell);
    fputs(cell.text, r->out);
    s += used;
    n -= used;
  }
}

static const char *bar(const Render *r) { return r->style.unicode ? "│" : "|"; }

/* The left edge of a row: line number (0 = none), bar. */
static void edge(const Render *r, int line) {
  ink(r, INK_PLACE);
  if (line > 0) fprintf(r->out, "%*d %s", r->gutter, line, bar(r));
  else fprintf(r->out, "%*s %s", r->gutter, "", bar(r));
  ink_end(r, INK_PLACE);
}

/* ---- one source line with its marks ---- */

typedef VEC(Cell) Cells;

static Cells cells_of(const Render *r, const Source *source, int line, uint32_t *line_offset) {
  size_t n;
  const char *s = src_line(source, line, &n);
  *line_offset = source->base + (uint32_t)(s - source->text);
  Cells cells = {0};
  int column = 0;
  for (size_t i = 0; i < n;) {
    Cell cell = {.column = column, .byte = (uint32_t)i};
    i += next_cell(s + i, n - i, &cell);
    column += cell.width;
    vec_push(r->arena, &cells, cell);
  }
  return cells;
}

static int line_width(const Cells *cells) {
  return cells->n ? cells->at[cells->n - 1].column + cells->at[cells->n - 1].width : 0;
}

/* Display column of a byte of the line; beyond the end: the column after the last character. */
static int column_of(const Cells *cells, uint32_t byte) {
  int low = 0, high = cells->n;
  while (low < high) {
    int mid = low + (high - low) / 2;
    if (cells->at[mid].byte < byte) low = mid + 1;
    else high = mid;
  }
  return low < cells->n ? cells->at[low].column : line_width(cells);
}

static int by_column(const void *a, const void *b) {
  const Mark *x = a, *y = b;
  if (x->from != y->from) return x->from < y->from ? -1 : 1;
  return (x->to > y->to) - (x->to < y->to);
}

typedef VEC(Mark) Marks;

/* The places on this line, from left to right. A place that goes on on later lines is underlined
 * to the end of this one. */
static Marks marks_of(const Render *r, const Place *places, int n, const Cells *cells, uint32_t line_offset) {
  Marks marks = {0};
  for (int i = 0; i < n; i++) {
    Mark m = {.primary = places[i].primary, .text = places[i].text};
    m.from = column_of(cells, places[i].span.begin - line_offset);
    m.to = column_of(cells, places[i].span.end - line_offset);
    if (m.to <= m.from) m.to = m.from + 1;
    vec_push(r->arena, &marks, m);
  }
  qsort(marks.at, (size_t)marks.n, sizeof *marks.at, by_column);
  return marks;
}

/* The part of a line that is shown: columns [from, to), with an ellipsis where something is cut. */
typedef struct Window {
  int from, to;
} Window;

static Window window_of(const Render *r, const Marks *marks, int width) {
  int room = (r->style.width > 0 ? r->style.width : MAX_COLUMNS) - r->gutter - 3;
  if (room < ROOM_MIN) room = ROOM_MIN;
  if (width <= room) return (Window){0, width};
  int first = width, last = 0;
  for (int i = 0; i < marks->n; i++) {
    if (marks->at[i].from < first) first = marks->at[i].from;
    if (marks->at[i].to > last) last = marks->at[i].to;
  }
  int from = 0;
  if (last > room * 3 / 4) from = last - room * 3 / 4;
  if (from > first - 2) from = first > 2 ? first - 2 : 0;
  return (Window){from, from + room - 2};
}

static void put_line(const Render *r, const Cells *cells, Window w, int line) {
  const char *dots = r->style.unicode ? "…" : "~";
  edge(r, line);
  int last = cells->n; /* no blanks at the end of a row */
  while (last > 0 && cells->at[last - 1].text[0] == ' ') last--;
  if (last > 0) fputc(' ', r->out);
  if (w.from > 0) fputs(dots, r->out);
  bool cut = false;
  for (int i = 0; i < last; i++) {
    const Cell *c = &cells->at[i];
    if (c->column < w.from) continue;
    if (c->column + c->width > w.to) {
      cut = true;
      break;
    }
    fputs(c->text, r->out);
  }
  if (cut) fputs(dots, r->out);
  fputc('\n', r->out);
}

/* The column on the screen of a column of the line. */
static int shown(Window w, int column) {
  int c = column < w.from ? w.from : column > w.to ? w.to : column;
  return c - w.from + (w.from > 0 ? 1 : 0);
}

static Ink mark_ink(const Render *r, const Mark *m) { return m->primary ? r->level : INK_PLACE; }

/* The mark whose label stands beside the underlines: the one that ends last and, of those, begins
 * last; -1 if it has no label. */
static int beside(const Marks *marks) {
  int best = 0;
  for (int i = 1; i < marks->n; i++)
    if (marks->at[i].to > marks->at[best].to ||
        (marks->at[i].to == marks->at[best].to && marks->at[i].from >= marks->at[best].from))
      best = i;
  return marks->at[best].text ? best : -1;
}

static void put_underlines(const Render *r, const Marks *marks, Window w, int inline_mark) {
  int end = 0;
  for (int i = 0; i < marks->n; i++) {
    int to = shown(w, marks->at[i].to);
    if (to <= shown(w, marks->at[i].from)) to = shown(w, marks->at[i].from) + 1;
    if (to > end) end = to;
  }
  unsigned char *owner = arena_alloc(r->arena, (size_t)end + 1); /* 0 blank, else mark + 1 */
  for (int pass = 0; pass < 2; pass++)                           /* primary ones on top */
    for (int i = 0; i < marks->n; i++) {
      if (marks->at[i].primary != (pass == 1)) continue;
      int from = shown(w, marks->at[i].from), to = shown(w, marks->at[i].to);
      if (to <= from) to = from + 1;
      for (int c = from; c < to; c++) owner[c] = (unsigned char)(i + 1);
    }
  edge(r, 0);
  fputc(' ', r->out);
  for (int c = 0; c < end;) {
    int same = c;
    while (same < end && owner[same] == owner[c]) same++;
    if (owner[c] == 0) {
      spaces(r, same - c);
      c = same;
      continue;
    }
    const Mark *m = &marks->at[owner[c] - 1];
    ink(r, mark_ink(r, m));
    for (; c < same; c++) fputc(m->primary ? '^' : '-', r->out);
    ink_end(r, mark_ink(r, m));
  }
  if (inline_mark >= 0) {
    fputc(' ', r->out);
    ink(r, mark_ink(r, &marks->at[inline_mark]));
    put_text(r, marks->at[inline_mark].text);
    ink_end(r, mark_ink(r, &marks->at[inline_mark]));
  }
  fputc('\n', r->out);
}

/* One row below the underlines: bars for the marks before `last`, then the label of `last`, or a
 * bar for it too. */
static void put_joins(const Render *r, const Marks *marks, Window w, int inline_mark, int last, bool label) {
  edge(r, 0);
  fputc(' ', r->out);
  int at = 0;
  for (int i = 0; i <= last; i++) {
    const Mark *m = &marks->at[i];
    if (i == inline_mark || !m->text) continue;
    int column = shown(w, m->from);
    bool text = label && i == last;
    if (column < at || (!text && label && column == shown(w, marks->at[last].from))) continue;
    spaces(r, column - at);
    ink(r, mark_ink(r, m));
    if (text) put_text(r, m->text);
    else fputs(bar(r), r->out);
    ink_end(r, mark_ink(r, m));
    at = column + 1;
  }
  fputc('\n', r->out);
}

static void put_marks(const Render *r, const Marks *marks, Window w) {
  int inline_mark = beside(marks);
  put_underlines(r, marks, w, inline_mark);
  bool first = true;
  for (int i = marks->n - 1; i >= 0; i--) {
    if (i == inline_mark || !marks->at[i].text) continue;
    if (first) put_joins(r, marks, w, inline_mark, i, false);
    put_joins(r, marks, w, inline_mark, i, true);
    first = false;
  }
}

/* Number to show before a line: texts of the command line have none. */
static int number_of(const Source *source, int line) {
  return strcmp(source->name, SRC_COMMAND_LINE) == 0 ? 0 : line;
}

static void put_source_line(const Render *r, const Place *places, int n) {
  uint32_t offset;
  Cells cells = cells_of(r, places[0].source, places[0].line, &offset);
  Marks marks = marks_of(r, places, n, &cells, offset);
  Window w = window_of(r, &marks, line_width(&cells));
  put_line(r, &cells, w, number_of(places[0].source, places[0].line));
  put_marks(r, &marks, w);
}

/* ---- one record ---- */

static bool add_place(Place *places, int *n, Span span, const char *text, bool primary) {
  Place p = {.span = span, .text = text, .primary = primary};
  if (span.begin == 0 || !src_locate(span.begin, &p.source, &p.line, &p.col)) return false;
  if (text && text[0] == '\0') p.text = NULL;
  places[(*n)++] = p;
  return true;
}

/* Files in the order in which they were named first, the lines of each in their order. */
static void sort_places(Place *places, int n) {
  int done = 0;
  while (done < n) {
    const Source *source = places[done].source;
    for (int i = done; i < n; i++) {
      if (places[i].source != source) continue;
      Place p = places[i];
      int at = i;
      while (at > done && (places[at - 1].source != source || places[at - 1].line > p.line)) {
        places[at] = places[at - 1];
        at--;
      }
      places[at] = p;
    }
    while (done < n && places[done].source == source) done++;
  }
}

/* `┌─ file:line:col` of the primary place in the file, else of the first. */
static void put_file(const Render *r, const Place *places, int n) {
  const Place *named = &places[0];
  for (int i = n - 1; i >= 0; i--)
    if (places[i].primary) named = &places[i];
  spaces(r, r->gutter + 1);
  inked(r, INK_PLACE, r->style.unicode ? "┌─ " : "--> ");
  put_text(r, named->source->name);
  if (number_of(named->source, 1)) fprintf(r->out, ":%d:%d", named->line, named->col);
  fputc('\n', r->out);
}

static void put_file_places(const Render *r, const Place *places, int n) {
  put_file(r, places, n);
  for (int i = 0; i < n;) {
    int same = i;
    while (same < n && places[same].line == places[i].line) same++;
    if (i > 0 && places[i].line > places[i - 1].line + 2) {
      spaces(r, r->gutter + 1);
      inked(r, INK_PLACE, r->style.unicode ? "·" : ":");
      fputc('\n', r->out);
    } else if (i > 0 && places[i].line == places[i - 1].line + 2) {
      uint32_t offset;
      Cells between = cells_of(r, places[i].source, places[i].line - 1, &offset);
      Marks none = {0};
      put_line(r, &between, window_of(r, &none, line_width(&between)), places[i].line - 1);
    }
    put_source_line(r, places + i, same - i);
    i = same;
  }
}

static void put_lines(const Render *r, const Diag *d) {
  bool expected = false;
  for (int i = 0; i < d->lines.n; i++) {
    const DiagLine *line = &d->lines.at[i];
    expected = expected || strcmp(line->kind, "expected") == 0;
    bool pad = expected && strcmp(line->kind, "found") == 0;
    spaces(r, r->gutter + 1);
    inked(r, INK_PLACE, "= ");
    ink(r, strcmp(line->kind, "help") == 0 ? INK_HELP : INK_BOLD);
    fprintf(r->out, "%s:", line->kind);
    ink_end(r, INK_BOLD);
    fputs(pad ? "    " : " ", r->out);
    put_text(r, line->text);
    fputc('\n', r->out);
  }
}

static int digits_of(int n) {
  int digits = 1;
  while (n >= 10) n /= 10, digits++;
  return digits;
}

static void render(Arena *a, const Diag *d, DiagStyle style, FILE *out) {
  const DiagInfo *info = &diag_info[d->code];
  Render r = {.arena = a, .style = style, .out = out, .gutter = 2};
  r.level = info->severity == SEV_ERROR ? INK_ERROR : INK_WARNING;
  Place *places = ARENA_ARRAY(a, Place, d->labels.n + 1);
  int n = 0;
  add_place(places, &n, d->span, d->label, true);
  for (int i = 0; i < d->labels.n && i < 250; i++)
    add_place(places, &n, d->labels.at[i].span, d->labels.at[i].text, false);
  sort_places(places, n);
  for (int i = 0; i < n; i++)
    if (digits_of(places[i].line) > r.gutter) r.gutter = digits_of(places[i].line);

  ink(&r, r.level);
  fprintf(out, "%s[%s]", info->severity == SEV_ERROR ? "error" : "warning", info->code);
  ink_end(&r, r.level);
  ink(&r, INK_BOLD);
  fputs(": ", out);
  put_text(&r, d->text);
  ink_end(&r, INK_BOLD);
  fputc('\n', out);
  for (int i = 0; i < n;) {
    int same = i;
    while (same < n && places[same].source == places[i].source) same++;
    put_file_places(&r, places + i, same - i);
    i = same;
  }
  put_lines(&r, d);
}

void diag_render_one(const Diag *d, DiagStyle style, FILE *out) {
  if (style.format == FORM_JSON) diag_put_json(d, out);
  if (style.format == FORM_GITHUB) diag_put_github(d, out);
  if (style.format != FORM_TEXT) return;
  Arena *a = arena_new();
  render(a, d, style, out);
  arena_free(a);
}

/* ---- all records of a sink ---- */

/* Whether the line on which the record begins ends in `# allow` with its code. */
static bool is_allowed(const Diag *d) {
  const Source *source;
  int line, col;
  if (diag_info[d->code].severity != SEV_WARNING || !src_locate(d->span.begin, &source, &line, &col))
    return false;
  size_t n;
  const char *s = src_line(source, line, &n);
  static const char word[] = "# allow ";
  const size_t word_len = sizeof word - 1, code_len = 5;
  size_t at = n;
  while (at > 0 && (n - at < word_len || memcmp(s + at, word, word_len) != 0)) at--;
  if (n < word_len || memcmp(s + at, word, word_len) != 0) return false;
  for (size_t i = at + word_len; i + code_len <= n; i++)
    if (memcmp(s + i, diag_info[d->code].code, code_len) == 0) return true;
  return false;
}

int diag_warnings(const DiagSink *s) {
  int n = 0;
  for (int i = 0; i < s->all.n; i++)
    if (diag_info[s->all.at[i]->code].severity == SEV_WARNING && !is_allowed(s->all.at[i])) n++;
  return n;
}

typedef struct Ordered {
  const Diag *diag;
  int added; /* place in the sink: keeps the order of what is at one place */
} Ordered;

static int by_place(const void *a, const void *b) {
  const Ordered *x = a, *y = b;
  uint32_t p = x->diag->span.begin - 1, q = y->diag->span.begin - 1; /* "no place" comes last */
  if (p != q) return p < q ? -1 : 1;
  return x->added - y->added;
}

static bool is_same(const Diag *a, const Diag *b) {
  return a->code == b->code && a->span.begin == b->span.begin && a->span.end == b->span.end &&
         strcmp(a->text, b->text) == 0;
}

static void put_rest(int n, const char *what, FILE *out) {
  if (n > 0) fprintf(out, "\nand %d more %s%s\n", n, what, n == 1 ? "" : "s");
}

void diag_render(const DiagSink *s, DiagStyle style, FILE *out) {
  Arena *a = arena_new();
  Ordered *list = ARENA_ARRAY(a, Ordered, s->all.n);
  int n = 0;
  for (int i = 0; i < s->all.n; i++)
    if (!is_allowed(s->all.at[i])) list[n++] = (Ordered){s->all.at[i], i};
  qsort(list, (size_t)n, sizeof *list, by_place);
  int errors = 0, warnings = 0;
  bool any = false;
  for (int i = 0; i < n; i++) {
    bool seen = false;
    for (int j = i - 1; j >= 0 && list[j].diag->span.begin == list[i].diag->span.begin && !seen; j--)
      seen = is_same(list[j].diag, list[i].diag);
    if (seen) continue;
    int *count = diag_info[list[i].diag->code].severity == SEV_ERROR ? &errors : &warnings;
    if (++*count > MAX_SHOWN && style.format == FORM_TEXT) continue;
    if (any && style.format == FORM_TEXT) fputc('\n', out);
    if (style.format == FORM_TEXT) render(a, list[i].diag, style, out);
    else diag_render_one(list[i].diag, style, out);
    any = true;
  }
  if (style.format != FORM_TEXT) errors = warnings = 0;
  put_rest(errors - MAX_SHOWN, "error", out);
  put_rest(warnings - MAX_SHOWN, "warning", out);
  arena_free(a);
}
