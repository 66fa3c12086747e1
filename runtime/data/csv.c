/* Tables as text. Two passes over the bytes: the first finds rows, kinds of columns and everything that is
 * wrong, the second fills columns whose sizes are then known. Rows end with LF or CRLF, blank lines are
 * skipped, a cell in quotes may hold separators, line ends and doubled quotes. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <utf8proc.h>
#include "lang/base/mem.h"
#include "lang/base/num.h"
#include "runtime/data/csv_classes.h"
#include "runtime/data/table.h"

typedef struct Cell {
  const char *at;
  size_t n;
  bool quoted, doubled; /* doubled: holds "" for " */
  bool last;            /* of its row */
  uint64_t line;
} Cell;

typedef struct Scan {
  DataError *e;
  const char *name;
  const char *at, *end;
  char separator;
  uint64_t line; /* of `at`, from 1 */
} Scan;

typedef enum CellKind { CELL_MISSING, CELL_NUMBER, CELL_RANGE, CELL_TEXT } CellKind;

/* What the first pass learns about a column of the file. */
typedef struct Source {
  const char *name;
  bool used;
  CsvKind kind;
  uint64_t numbers, texts, first_number, first_text; /* first_*: lines */
  const char *text;                                  /* the first one, for messages */
  bool whole;                                        /* all numbers are whole, 0 to DATA_MAX_CLASSES - 1 */
} Source;

typedef struct Csv {
  DataError *e;
  const char *name;
  const CsvOptions *o;
  Scan start; /* at the first row of data */
  int width;
  Source *source;
  CsvColumn *columns; /* what is read; from[] are names */
  int **from;         /* the same as columns of the file */
  int n;
  int64_t rows, dropped;
} Csv;

/* ---- cells ----------------------------------------------------------------------------------- */

static bool bad_line(DataError *e, const char *name, uint64_t line, const char *what) {
  return data_fail(e, DIAG_DATA_BROKEN, "line %s of `%s` %s", data_count(e->arena, line), name, what);
}

static void skip_blank_lines(Scan *s) {
  while (s->at < s->end) {
    const char *p = s->at;
    if (*p == '\r' && p + 1 < s->end) p++;
    if (*p != '\n') return;
    s->at = p + 1;
    s->line++;
  }
}

/* A cell in quotes; s->at stands behind the first one. */
static bool quoted_cell(Scan *s, Cell *c) {
  c->quoted = true;
  c->at = s->at;
  for (; s->at < s->end; s->at++) {
    if (*s->at == '\n') s->line++;
    if (*s->at != '"') continue;
    if (s->at + 1 == s->end || s->at[1] != '"') {
      c->n = (size_t)(s->at++ - c->at);
      return true;
    }
    c->doubled = true;
    s->at++;
  }
  return bad_line(s->e, s->name, c->line, "opens a quote that is not closed");
}

static void plain_cell(Scan *s, Cell *c) {
  c->at = s->at;
  while (s->at < s->end && *s->at != s->separator && *s->at != '\n' && *s->at != '\r' && *s->at != '"')
    s->at++;
  const char *end = s->at;
  while (c->at < end && (*c->at == ' ' || *c->at == '\t')) c->at++;
  while (end > c->at && (end[-1] == ' ' || end[-1] == '\t')) end--;
  c->n = (size_t)(end - c->at);
}

/* The next cell, with what ends it. */
static bool next_cell(Scan *s, Cell *c) {
  *c = (Cell){.line = s->line};
  while (s->at < s->end && *s->at == ' ' && s->separator != ' ') s->at++;
  if (s->at < s->end && *s->at == '"') {
    s->at++;
    if (!quoted_cell(s, c)) return false;
    while (s->at < s->end && *s->at == ' ' && s->separator != ' ') s->at++;
  } else plain_cell(s, c);
  if (s->at == s->end) return c->last = true;
  if (*s->at == s->separator) return s->at++, true;
  if (*s->at == '\r' && s->at + 1 < s->end && s->at[1] == '\n') s->at++;
  if (*s->at == '\n') {
    s->at++;
    s->line++;
    return c->last = true;
  }
  if (*s->at == '\r') {
    bad_line(s->e, s->name, s->line, "holds a carriage return alone");
    return data_help(s->e, "end lines with a line feed");
  }
  return bad_line(s->e, s->name, s->line,
                  c->quoted ? "goes on behind a closing quote" : "holds a quote inside a cell");
}

static bool is_missing(const Cell *c) {
  static const char *const words[] = {"NA", "N/A", "na", "nan", "NaN", "NAN", "null", "NULL", "?"};
  if (c->n == 0) return true;
  if (c->quoted) return false;
  for (size_t k = 0; k < sizeof words / sizeof *words; k++)
    if (c->n == strlen(words[k]) && memcmp(c->at, words[k], c->n) == 0) return true;
  return false;
}

static CellKind cell_kind(const Cell *c, double *number) {
  *number = 0;
  if (is_missing(c)) return CELL_MISSING;
  if (num_parse(c->at, c->n, number)) return CELL_NUMBER;
  bool digits = false;
  for (size_t k = 0; k < c->n; k++) {
    if (c->at[k] >= '0' && c->at[k] <= '9') digits = true;
    else if (c->at[k] != 'e' && c->at[k] != 'E') {
      if (!strchr("+-.", c->at[k]) || c->at[k] == '\0') return CELL_TEXT;
    } else if (!digits) return CELL_TEXT;
  }
  /* 1e999 is a number that cannot be held; 1.2.3, 2024-01-31 and 5E are texts. */
  const char *exponent = memchr(c->at, 'e', c->n) ? memchr(c->at, 'e', c->n) : memchr(c->at, 'E', c->n);
  double mantissa;
  if (!digits || !exponent || !num_parse(c->at, (size_t)(exponent - c->at), &mantissa)) return CELL_TEXT;
  size_t tail = c->n - (size_t)(exponent - c->at) - 1;
  return tail > 0 && num_parse(exponent + 1, tail, &mantissa) ? CELL_RANGE : CELL_TEXT;
}

static const char *cell_text(Arena *a, const Cell *c) {
  char *text = arena_strn(a, c->at, c->n);
  if (!c->doubled) return text;
  size_t n = 0;
  for (size_t k = 0; k < c->n; k++, n++) {
    text[n] = c->at[k];
    if (c->at[k] == '"') k++;
  }
  text[n] = '\0';
  return text;
}

/* For a message: not too long. */
static const char *shown(Arena *a, const Cell *c) {
  return c->n <= 40 ? arena_strn(a, c->at, c->n) : arena_printf(a, "%.40s...", arena_strn(a, c->at, 40));
}

/* ---- before the first row ---------------------------------------------------------------------- */

/* No NUL, valid UTF-8; a byte-order mark of UTF-8 is passed over. */
static bool check_text(DataError *e, const char *name, const unsigned char *bytes, size_t size,
                       size_t *begin) {
  *begin = size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
  if (size >= 2 && (memcmp(bytes, "\xFF\xFE", 2) == 0 || memcmp(bytes, "\xFE\xFF", 2) == 0)) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` is UTF-16", name);
    return data_help(e, "save it as UTF-8");
  }
  uint64_t line = 1;
  for (size_t k = *begin; k < size; k++) {
    if (bytes[k] == '\n') line++;
    if (bytes[k] != 0 && bytes[k] < 0x80) continue;
    if (bytes[k] == 0) return bad_line(e, name, line, "holds a NUL byte");
    utf8proc_int32_t point;
    utf8proc_ssize_t left = size - k < 4 ? (utf8proc_ssize_t)(size - k) : 4;
    utf8proc_ssize_t used = utf8proc_iterate(bytes + k, left, &point);
    if (used < 1) {
      bad_line(e, name, line, "is no UTF-8");
      return data_found(e, "byte %02x", bytes[k]);
    }
    k += (size_t)used - 1;
  }
  return true;
}

/* How many cells the first line has, and their names. */
static bool first_line(Csv *v) {
  Scan s = v->start;
  Cell c = {0};
  int cap = 0, numbers = 0;
  for (v->width = 0; !c.last; v->width++) {
    if (!next_cell(&s, &c)) return false;
    if (v->width == DATA_MAX_COLUMNS) {
      bad_line(v->e, v->name, c.line, "has too many cells");
      return data_expected(v->e, "at most %s", data_count(v->e->arena, DATA_MAX_COLUMNS));
    }
    if (v->width == cap) {
      int more = cap ? 2 * cap : 16;
      v->source =
          arena_grow(v->e->arena, v->source, (size_t)cap * sizeof(Source), (size_t)more * sizeof(Source));
      cap = more;
    }
    double number;
    numbers += cell_kind(&c, &number) == CELL_NUMBER;
    bool named = v->o->header && c.n > 0;
    v->source[v->width] = (Source){.whole = true};
    v->source[v->width].name = named ? cell_text(v->e->arena, &c) : arena_printf(v->e->arena, "%d", v->width);
  }
  if (!v->o->header) return true;
  if (numbers == v->width) {
    data_fail(v->e, DIAG_DATA_BROKEN, "the first line of `%s` holds numbers, not names", v->name);
    return data_help(v->e, "write `header = false`");
  }
  v->start = s;
  return true;
}

static bool find_source(Csv *v, const char *name, CsvKind kind, int *out) {
  *out = -1;
  for (int k = 0; k < v->width; k++) {
    if (strcmp(v->source[k].name, name) != 0) continue;
    if (*out >= 0)
      return data_fail(v->e, DIAG_DATA_BROKEN, "two columns of `%s` are called `%s`", v->name, name);
    *out = k;
  }
  if (*out >= 0) {
    v->source[*out].used = true;
    v->source[*out].kind = kind;
    return true;
  }
  const char **names = ARENA_ARRAY(v->e->arena, const char *, v->width);
  for (int k = 0; k < v->width; k++) names[k] = v->source[k].name;
  data_fail(v->e, DIAG_DATA_BROKEN, "`%s` has no column `%s`", v->name, name);
  const char *near = diag_nearest(name, names, v->width);
  if (near) return data_help(v->e, "`%s`?", near);
  return data_found(v->e, "%d columns, the first is `%s`", v->width, names[0]);
}

/* Two names that are equal, of all columns; sorted, because there may be many. */
static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static bool all_columns(Csv *v) {
  const char **names = ARENA_ARRAY(v->e->arena, const char *, v->width);
  v->n = v->width;
  v->columns = ARENA_ARRAY(v->e->arena, CsvColumn, v->n);
  v->from = ARENA_ARRAY(v->e->arena, int *, v->n);
  int *index = ARENA_ARRAY(v->e->arena, int, v->n);
  for (int k = 0; k < v->n; k++) {
    names[k] = v->source[k].name;
    v->source[k].used = true;
    v->columns[k] = (CsvColumn){.as = names[k], .n = 1};
    index[k] = k;
    v->from[k] = &index[k];
  }
  qsort(names, (size_t)v->n, sizeof *names, by_name);
  for (int k = 1; k < v->n; k++)
    if (strcmp(names[k - 1], names[k]) == 0)
      return data_fail(v->e, DIAG_DATA_BROKEN, "two columns of `%s` are called `%s`", v->name, names[k]);
  return true;
}

static bool choose_columns(Csv *v) {
  if (!v->o->columns) return all_columns(v);
  v->n = v->o->n;
  v->columns = ARENA_ARRAY(v->e->arena, CsvColumn, v->n);
  v->from = ARENA_ARRAY(v->e->arena, int *, v->n);
  for (int k = 0; k < v->n; k++) {
    v->columns[k] = v->o->columns[k];
    v->from[k] = ARENA_ARRAY(v->e->arena, int, v->columns[k].n);
    CsvKind kind = v->columns[k].vector ? CSV_NUMBER : v->columns[k].kind;
    for (int j = 0; j < v->columns[k].n; j++)
      if (!find_source(v, v->columns[k].from[j], kind, &v->from[k][j])) return false;
  }
  return true;
}

/* ---- first pass -------------------------------------------------------------------------------- */

static bool look_at(Csv *v, Source *s, const Cell *c, bool *missing) {
  double number;
  CellKind kind = cell_kind(c, &number);
  if (kind == CELL_MISSING) {
    *missing = true;
    if (v->o->missing == CSV_DROP) return true;
    bad_line(v->e, v->name, c->line, arena_printf(v->e->arena, "has no value for `%s`", s->name));
    data_found(v->e, c->n ? "`%s`" : "an empty cell%s", c->n ? shown(v->e->arena, c) : "");
    return data_help(v->e, "write `missing = \"drop\"` to leave such rows out");
  }
  if (kind == CELL_RANGE && s->kind != CSV_LABEL) {
    bad_line(v->e, v->name, c->line, "holds a number that is too large or too small");
    return data_found(v->e, "`%s`", shown(v->e->arena, c));
  }
  if (kind == CELL_NUMBER) {
    if (s->numbers++ == 0) s->first_number = c->line;
    s->whole = s->whole && number >= 0 && number < DATA_MAX_CLASSES && number == (double)(int)number;
  } else if (s->texts++ == 0) {
    s->first_text = c->line;
    s->text = shown(v->e->arena, c);
  }
  return true;
}

static bool ragged(const Csv *v, uint64_t line, int cells) {
  bad_line(v->e, v->name, line,
           arena_printf(v->e->arena, "has %s%d cells", cells > v->width ? "more than " : "",
                        cells > v->width ? v->width : cells));
  data_expected(v->e, "%d, as in the first line", v->width);
  if (cells <= v->width) return false;
  return data_help(v->e,
                   "numbers are written with a point, `1.5`; a cell that holds a separator stands in quotes");
}

static bool next_row(Csv *v, Scan *s, bool *missing) {
  Cell c = {0};
  uint64_t line = s->line;
  *missing = false;
  for (int k = 0; !c.last; k++) {
    if (!next_cell(s, &c)) return false;
    if (k == v->width) return ragged(v, line, k + 1);
    if (v->source[k].used && !look_at(v, &v->source[k], &c, missing)) return false;
    if (c.last && k + 1 < v->width) return ragged(v, line, k + 1);
  }
  return true;
}

static bool mixed(const Csv *v, const Source *s) {
  bool odd_text = s->kind == CSV_NUMBER || s->numbers >= s->texts;
  if (odd_text) {
    bad_line(v->e, v->name, s->first_text, arena_printf(v->e->arena, "has no number for `%s`", s->name));
    if (s->numbers) data_expected(v->e, "a number, as in line %s", data_count(v->e->arena, s->first_number));
    data_found(v->e, "`%s`", s->text);
    if (strchr(s->text, ',')) return data_help(v->e, "numbers are written with a point: `1.5`");
    if (s->first_text == 1 && !v->o->header)
      return data_help(v->e, "if these are names, write `header = true`");
    return false;
  }
  bad_line(v->e, v->name, s->first_number, arena_printf(v->e->arena, "has a number for `%s`", s->name));
  return data_expected(v->e, "a text, as `%s` in line %s", s->text, data_count(v->e->arena, s->first_text));
}

static bool first_pass(Csv *v) {
  Scan s = v->start;
  for (skip_blank_lines(&s); s.at < s.end; skip_blank_lines(&s)) {
    bool missing;
    if (!next_row(v, &s, &missing)) return false;
    if (missing) v->dropped++;
    else v->rows++;
    if (v->rows + v->dropped > DATA_MAX_AXIS) return bad_line(v->e, v->name, s.line, "is one too many");
  }
  if (v->rows == 0) {
    data_fail(v->e, DIAG_DATA_BROKEN, "`%s` has no rows", v->name);
    return v->dropped == 0 ? false
                           : data_found(v->e, "%s rows, each with a missing value",
                                        data_count(v->e->arena, (uint64_t)v->dropped));
  }
  for (int k = 0; k < v->width; k++) {
    const Source *c = &v->source[k];
    if (c->used && c->kind != CSV_LABEL && c->texts > 0 && (c->kind == CSV_NUMBER || c->numbers > 0))
      return mixed(v, c);
  }
  return true;
}

/* ---- second pass ------------------------------------------------------------------------------- */

/* Where the cells of a column of the file go. */
typedef struct Target {
  DataColumn *column;
  size_t element;
  ClassTable *classes; /* of texts; NULL for numbers */
  bool label;
} Target;

static bool make_columns(Csv *v, Target *target, DataTable *out) {
  *out =
      (DataTable){.rows = v->rows, .at = ARENA_ARRAY(v->e->arena, DataColumn, v->n), .dropped = v->dropped};
  for (int k = 0; k < v->n; k++) {
    const CsvColumn *from = &v->columns[k];
    const Source *s = &v->source[v->from[k][0]];
    bool label = from->kind == CSV_LABEL || (from->kind == CSV_AUTO && !from->vector && s->texts > 0);
    DataColumn *c = &out->at[out->n];
    *c = (DataColumn){.name = from->as, .elem = label ? DATA_LABEL : DATA_REAL, .row_size = (size_t)from->n};
    c->rank = from->vector ? 1 : 0;
    c->dims[0] = from->vector ? from->n : 0;
    size_t size = mem_mul(mem_mul((size_t)v->rows, c->row_size), data_elem_bytes(c->elem));
    if (!data_block(v->e, v->name, size, &c->block)) return false;
    out->n++;
    for (int j = 0; j < from->n; j++) {
      Target *t = &target[v->from[k][j]];
      if (t->column)
        return data_fail(v->e, DIAG_DATA_BROKEN, "column `%s` of `%s` is read twice",
                         v->source[v->from[k][j]].name, v->name);
      *t = (Target){.column = c, .element = (size_t)j, .label = label};
      if (label && (s->texts > 0 || !s->whole)) t->classes = class_table(v->e->arena);
    }
  }
  return true;
}

static bool fill(const Csv *v, const Target *t, const Cell *c, int64_t row) {
  double number;
  size_t at = (size_t)row * t->column->row_size + t->element;
  if (t->classes) {
    const char *text = c->doubled ? cell_text(v->e->arena, c) : c->at;
    int id = class_id(t->classes, text, c->doubled ? strlen(text) : c->n);
    if (id < 0) {
      bad_line(v->e, v->name, c->line, "holds one text too many for labels");
      return data_expected(v->e, "at most %s different ones", data_count(v->e->arena, DATA_MAX_CLASSES));
    }
    column_label(t->column)[at] = id;
    return true;
  }
  cell_kind(c, &number);
  if (t->label) {
    column_label(t->column)[at] = (int32_t)number;
    if (number >= t->column->n_classes) t->column->n_classes = (int)number + 1;
  } else column_real(t->column)[at] = number;
  return true;
}

static bool second_pass(Csv *v, const Target *target) {
  Scan s = v->start;
  int64_t row = 0;
  Cell *cells = mem_alloc((size_t)v->width * sizeof *cells);
  bool ok = true;
  for (skip_blank_lines(&s); ok && s.at < s.end; skip_blank_lines(&s)) {
    bool missing = false;
    for (int k = 0; k < v->width; k++) {
      next_cell(&s, &cells[k]);
      missing = missing || (v->source[k].used && is_missing(&cells[k]));
    }
    for (int k = 0; k < v->width && ok && !missing; k++)
      if (target[k].column) ok = fill(v, &target[k], &cells[k], row);
    row += !missing;
  }
  mem_free(cells);
  return ok;
}

static void name_classes(const Csv *v, const Target *target) {
  for (int k = 0; k < v->width; k++) {
    DataColumn *c = target[k].column;
    if (!c || c->elem != DATA_LABEL) continue;
    if (target[k].classes) {
      class_sort(target[k].classes, column_label(c), v->rows, &c->classes, &c->n_classes);
      continue;
    }
    c->classes = ARENA_ARRAY(v->e->arena, const char *, c->n_classes);
    for (int j = 0; j < c->n_classes; j++) c->classes[j] = arena_printf(v->e->arena, "%d", j);
  }
}

static bool read_all(Csv *v, DataTable *out) {
  if (v->start.at == v->start.end) return data_fail(v->e, DIAG_DATA_BROKEN, "`%s` is empty", v->name);
  if (!first_line(v) || !choose_columns(v) || !first_pass(v)) return false;
  Target *target = ARENA_ARRAY(v->e->arena, Target, v->width);
  bool ok = make_columns(v, target, out) && second_pass(v, target);
  if (ok) name_classes(v, target);
  for (int k = 0; k < v->width; k++) class_free(target[k].classes);
  if (!ok) table_free(out);
  return ok;
}

bool csv_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, const CsvOptions *o,
               DataTable *out) {
  *out = (DataTable){0};
  size_t begin;
  if (!check_text(e, name, bytes, size, &begin)) return false;
  char separator = ',';
  if (o->separator) separator = o->separator;
  Csv v = {.e = e, .name = name, .o = o};
  v.start = (Scan){e, name, (const char *)bytes + begin, (const char *)bytes + size, separator, 1};
  skip_blank_lines(&v.start);
  return read_all(&v, out);
}

bool csv_read(DataError *e, const DataFile *f, const CsvOptions *o, DataTable *out) {
  DataBlock bytes;
  *out = (DataTable){0};
  if (!data_read(e, f, &bytes)) return false;
  bool ok = csv_parse(e, f->name, bytes.at, bytes.size, o, out);
  data_block_free(&bytes);
  return ok;
}
