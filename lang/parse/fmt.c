#include "lang/parse/fmt.h"
#include <string.h>
#include <utf8proc.h>
#include "build/gen/qgn.tab.h"
#include "lang/parse/lex.h"
#include "lang/parse/parse.h"

#define STEP 2   /* columns of a level */
#define NEAR 4   /* lines above and below that a gap can line something up with */
#define MANY 200 /* tokens of a line in which nobody lines anything up */

/* A token with the space before it. */
typedef struct Piece {
  const char *text;
  size_t n;
  int code, width;
  int gap; /* columns before it; 0 for the first of a line */
  bool is_unary;
} Piece;

typedef struct FmtLine {
  int first, n;        /* pieces */
  const char *comment; /* NULL if none */
  size_t comment_n;
  int comment_column; /* in the source */
  int old_indent, indent;
  int depth;      /* blocks open at its begin, less those that it begins by closing */
  bool continues; /* goes on with the statement of the line above */
  bool closes;    /* begins with a closing bracket */
  bool blank_above;
} FmtLine;

typedef struct Fmt {
  Arena *arena;
  const Source *src;
  VEC(Piece) pieces;
  VEC(FmtLine) lines;
  VEC(char) out;
  int blocks, parens;     /* open now */
  bool at_statement;      /* the next token begins a statement */
  bool waiting_semicolon; /* a `;` was read and is written if something follows on its line */
  uint32_t semicolon;     /* where the last one stands */
  int newlines;           /* since the last thing on a line */
} Fmt;

/* ---- widths ---- */

static int width_of(const char *s, size_t n) {
  int width = 0;
  for (size_t i = 0; i < n;) {
    utf8proc_int32_t c;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(n - i), &c);
    if (used <= 0) used = 1, c = ' ';
    width += c == '\t' ? STEP : utf8proc_charwidth(c);
    i += (size_t)used;
  }
  return width;
}

/* Column of a byte of the source, from 0. */
static int source_column(const Fmt *f, uint32_t at) {
  uint32_t line = at;
  while (line > 0 && f->src->text[line - 1] != '\n') line--;
  return width_of(f->src->text + line, at - line);
}

static int line_width(const Fmt *f, const FmtLine *l) {
  int width = l->indent;
  for (int i = 0; i < l->n; i++) width += f->pieces.at[l->first + i].gap + f->pieces.at[l->first + i].width;
  return width;
}

/* ---- space between two tokens ---- */

static bool is_open(int code) { return code == '(' || code == '['; }
static bool is_close(int code) { return code == ')' || code == ']'; }
static bool is_tight(int code) { return code == '.' || code == '^'; }
static bool is_range(int code) { return code == TOK_RANGE || code == TOK_RANGE_TO; }

/* `..` stands as it was written: 0..n, and i + 1 .. n. */
static int gap_between(const Piece *a, int code, int source_gap) {
  if (a->is_unary || is_open(a->code) || is_close(code)) return 0;
  if (code == ',' || code == ';' || is_tight(code) || is_tight(a->code)) return 0;
  if (a->code != ',' && (is_range(code) || is_range(a->code))) return source_gap > 0 ? 1 : 0;
  if (code == ':') return a->code == ',' ? 1 : 0;
  if (is_open(code)) return a->code == TOK_NAME || is_close(a->code) ? 0 : 1;
  return a->code == '{' && code == '}' ? 0 : 1;
}

/* ---- lines ---- */

static FmtLine *last_line(Fmt *f) { return &f->lines.at[f->lines.n - 1]; }
static Piece *last_piece(Fmt *f) { return f->pieces.n ? &f->pieces.at[f->pieces.n - 1] : NULL; }

/* Begins a line with the thing at source byte `at`, if a line break (or nothing) stands before it. */
static void open_line(Fmt *f, uint32_t at, bool continues) {
  if (f->lines.n > 0 && f->newlines == 0) return;
  FmtLine line = {.first = f->pieces.n,
                  .old_indent = source_column(f, at),
                  .depth = f->blocks,
                  .continues = continues,
                  .blank_above = f->lines.n > 0 && f->newlines > 1};
  vec_push(f->arena, &f->lines, line);
  f->newlines = 0;
  f->waiting_semicolon = false;
}

/* The space between two tokens: line breaks and comments. */
static void read_space(Fmt *f, uint32_t from, uint32_t to) {
  const char *s = f->src->text;
  for (uint32_t i = from; i < to; i++) {
    if (s[i] == '\n') f->newlines++;
    if (s[i] != '#') continue;
    uint32_t end = i;
    while (end < to && s[end] != '\n') end++;
    uint32_t stop = end;
    while (stop > i && (s[stop - 1] == ' ' || s[stop - 1] == '\t' || s[stop - 1] == '\r')) stop--;
    Piece *last = last_piece(f);
    bool ended = !last || lex_can_end(last->code) || last->code == '{' || last->code == ';';
    open_line(f, i, f->parens > 0 || !ended);
    FmtLine *line = last_line(f);
    line->comment = s + i;
    line->comment_n = stop - i;
    line->comment_column = source_column(f, i);
    i = end - 1;
  }
}

static void add_piece(Fmt *f, int code, uint32_t begin, uint32_t end, int source_gap) {
  open_line(f, begin, !f->at_statement && code != '}');
  FmtLine *line = last_line(f);
  Piece *last = last_piece(f);
  Piece p = {.text = f->src->text + begin, .n = end - begin, .code = code};
  p.width = width_of(p.text, p.n);
  p.is_unary = code == '-' && (f->at_statement || !last || !lex_can_end(last->code));
  if (line->n > 0) {
    int gap = gap_between(last, code, source_gap);
    p.gap = gap == 1 && source_gap > 1 ? source_gap : gap;
  } else {
    line->closes = is_close(code);
  }
  if (code == '}') {
    f->blocks--;
    bool leads = line->n == 0 || (line->closes && last->code == '}');
    if (leads) line->depth = f->blocks;
    line->closes = line->closes || leads;
  }
  if (code == '{') f->blocks++;
  if (is_open(code)) f->parens++;
  if (is_close(code)) f->parens--;
  vec_push(f->arena, &f->pieces, p);
  line->n++;
}

/* One token of the source; a `;` is kept until something follows it on its line. */
static void add_token(Fmt *f, int code, uint32_t begin, uint32_t end, int source_gap) {
  if (code == ';') {
    Piece *last = last_piece(f);
    f->waiting_semicolon =
        last && f->lines.n > 0 && f->newlines == 0 && last_line(f)->n > 0 && last->code != '{';
    f->at_statement = true;
    f->semicolon = begin;
    return;
  }
  if (code == '-' && f->at_statement && (f->lines.n == 0 || f->newlines > 0)) /* no line begins with `-` */
    add_piece(f, ';', f->semicolon, f->semicolon + 1, 0);
  if (f->waiting_semicolon && f->newlines == 0 && code != '}') {
    Piece p = {.text = ";", .n = 1, .code = ';', .width = 1};
    vec_push(f->arena, &f->pieces, p);
    last_line(f)->n++;
  }
  f->waiting_semicolon = false;
  add_piece(f, code, begin, end, source_gap);
  f->at_statement = code == '{';
}

static void read_tokens(Fmt *f, DiagSink *sink) {
  AstBuild build = {.arena = f->arena, .sink = sink};
  Lex *x = ARENA_NEW(f->arena, Lex);
  lex_begin(x, &build, f->src);
  uint32_t base = f->src->base, end = 0;
  QGN_YYSTYPE value;
  Span span = SPAN_NONE;
  f->at_statement = true;
  for (int code; (code = qgn_yylex(&value, &span, x->scanner)) != TOK_YYEOF;) {
    if (code == TOK_NL) {
      f->at_statement = true;
      continue;
    }
    read_space(f, end, span.begin - base);
    add_token(f, code, span.begin - base, span.end - base, (int)(span.begin - base - end));
    end = span.end - base;
  }
  read_space(f, end, f->src->size);
  lex_end(x);
}

/* ---- layout ---- */

static void indent_lines(Fmt *f) {
  int shift = 0;
  for (int i = 0; i < f->lines.n; i++) {
    FmtLine *l = &f->lines.at[i];
    int base = STEP * l->depth, least = l->closes ? base : base + STEP;
    if (!l->continues) {
      l->indent = base;
      shift = base - l->old_indent;
    } else {
      l->indent = l->old_indent + shift > least ? l->old_indent + shift : least;
    }
  }
}

/* A blank line at the edge of a block says nothing. */
static bool keeps_blank(const Fmt *f, int i) {
  const FmtLine *l = &f->lines.at[i], *above = l - 1;
  if (!l->blank_above || (l->closes && l->n > 0 && f->pieces.at[l->first].code == '}')) return false;
  return above->n == 0 || f->pieces.at[above->first + above->n - 1].code != '{';
}

/* Does a token of line `l` begin or end where the given one does? */
static bool line_has(const Fmt *f, const FmtLine *l, int from, int to) {
  int column = l->indent;
  for (int i = 0; i < l->n && l->n <= MANY; i++) {
    const Piece *p = &f->pieces.at[l->first + i];
    column += p->gap;
    if (i > 0 && p->gap > 0 && (column == from || column + p->width == to)) return true;
    column += p->width;
  }
  return false;
}

static bool lines_up(const Fmt *f, int i, int from, int to) {
  const FmtLine *lines = f->lines.at;
  for (int k = i - 1; k >= 0 && k >= i - NEAR && !keeps_blank(f, k + 1); k--)
    if (line_has(f, &lines[k], from, to)) return true;
  for (int k = i + 1; k < f->lines.n && k <= i + NEAR && !keeps_blank(f, k); k++)
    if (line_has(f, &lines[k], from, to)) return true;
  return false;
}

/* Closes the wide gaps of a line that line nothing up; false if there are none. */
static bool close_gaps(Fmt *f, int i) {
  const FmtLine *l = &f->lines.at[i];
  int column = l->indent;
  bool closed = false;
  for (int k = 0; k < l->n; k++) {
    Piece *p = &f->pieces.at[l->first + k];
    int from = column + p->gap;
    if (p->gap > 1 && (l->n > MANY || !lines_up(f, i, from, from + p->width))) {
      p->gap = 1;
      closed = true;
    }
    column += p->gap + p->width;
  }
  return closed;
}

/* Closing a gap moves what follows, so the lines around are looked at again. */
static void close_all_gaps(Fmt *f) {
  for (int i = 0; i < f->lines.n;) {
    if (close_gaps(f, i)) i = i > NEAR ? i - NEAR : 0;
    else i++;
  }
}

static bool has_both(const FmtLine *l) { return l->n > 0 && l->comment; }

/* Column of the comments of lines i to n - 1. */
static int comment_column(const Fmt *f, int i, int n) {
  int least = 0, common = f->lines.at[i].comment_column;
  for (int k = i; k < n; k++) {
    int width = line_width(f, &f->lines.at[k]) + STEP;
    if (width > least) least = width;
    if (f->lines.at[k].comment_column != common) common = -1;
  }
  return common >= least ? common : least;
}

/* ---- output ---- */

static void put(Fmt *f, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) vec_push(f->arena, &f->out, s[i]);
}

static void put_spaces(Fmt *f, int n) {
  for (int i = 0; i < n; i++) put(f, " ", 1);
}

static void put_line(Fmt *f, const FmtLine *l, int column) {
  put_spaces(f, l->indent);
  for (int i = 0; i < l->n; i++) {
    const Piece *p = &f->pieces.at[l->first + i];
    put_spaces(f, p->gap);
    put(f, p->text, p->n);
  }
  if (l->comment) {
    if (l->n > 0) put_spaces(f, column - line_width(f, l));
    put(f, l->comment, l->comment_n);
  }
  put(f, "\n", 1);
}

static void put_lines(Fmt *f) {
  for (int i = 0; i < f->lines.n;) {
    int end = i;
    while (end < f->lines.n && has_both(&f->lines.at[end]) && (end == i || !keeps_blank(f, end))) end++;
    int column = end > i ? comment_column(f, i, end) : 0;
    if (end == i) end = i + 1;
    for (; i < end; i++) {
      if (i > 0 && keeps_blank(f, i)) put(f, "\n", 1);
      put_line(f, &f->lines.at[i], column);
    }
  }
  put(f, "", 1);
}

const char *fmt_source(Arena *a, const Source *src, DiagSink *sink) {
  AstNode *before, *after;
  if (parse_source(a, src, sink, false, &before, NULL) != PARSE_OK) return NULL;
  Fmt *f = ARENA_NEW(a, Fmt);
  f->arena = a;
  f->src = src;
  read_tokens(f, diag_sink(a));
  indent_lines(f);
  close_all_gaps(f);
  put_lines(f);
  Source result = {src->name, f->out.at, (uint32_t)strlen(f->out.at), src->base};
  if (parse_source(a, &result, diag_sink(a), false, &after, NULL) == PARSE_OK && ast_equal(before, after))
    return f->out.at;
  diag_add(sink, DIAG_INTERNAL, SPAN_NONE, "formatting `%s` would change it; it was left as it is",
           src->name);
  return NULL;
}
