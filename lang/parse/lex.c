/* The token filter: lines, brackets, `##` texts. */
#include "lang/parse/lex.h"
#include <string.h>
#include <utf8proc.h>
#include "build/gen/qgn.tab.h"
#define YYSTYPE QGN_YYSTYPE /* names that flex's header relies on */
#define YYLTYPE Span
#include "build/gen/qgn.lex.h"

/* ---- small things ---- */

Span lex_span(const Lex *x, size_t n) { return (Span){x->pos - (uint32_t)n, x->pos}; }

Diag *lex_error(Lex *x, DiagCode code, Span span, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *text = arena_vprintf(x->ast->arena, fmt, ap);
  va_end(ap);
  x->error_at = span.begin;
  if (x->ast->sink->n_errors - x->errors_before >= LEX_MAX_ERRORS) x->stopped = true;
  return diag_add(x->ast->sink, code, span, "%s", text);
}

void lex_internal(Lex *x, const char *what) {
  diag_add(x->ast->sink, DIAG_INTERNAL, lex_span(x, 0), "the scanner failed: %s", what);
  x->stopped = true;
}

char lex_closer(char opener) { return opener == '(' ? ')' : opener == '[' ? ']' : '}'; }

bool lex_can_end(int code) {
  return code == TOK_NAME || code == TOK_NUMBER || code == TOK_STRING || code == TOK_TRUE ||
         code == TOK_FALSE || code == ')' || code == ']' || code == '}';
}

static const char *at(const Lex *x, uint32_t offset) { return x->src->text + (offset - x->src->base); }
static uint32_t text_end(const Lex *x) { return x->src->base + x->src->size; }

static bool is_blank(const Lex *x, uint32_t from, uint32_t to) {
  for (const char *s = at(x, from), *end = at(x, to); s < end; s++)
    if (*s != ' ' && *s != '\t') return false;
  return true;
}

static LexBracket *top(Lex *x) { return x->depth > 0 ? &x->open[x->depth - 1] : NULL; }

static bool in_parens(Lex *x) { return top(x) && top(x)->bracket != '{'; }

static bool block_open(const Lex *x) {
  for (int i = 0; i < x->depth; i++)
    if (x->open[i].bracket == '{') return true;
  return false;
}

static LexToken added_token(Lex *x, int code) {
  uint32_t end = x->recent[0].span.end;
  x->added = true;
  return (LexToken){.code = code, .span = {end, end}}; /* empty, so that no node grows over what follows */
}

static void hold(Lex *x, LexToken t) {
  x->held = t;
  x->has_held = true;
}

/* ---- what qgn.l reports beside tokens ---- */

void lex_blank(Lex *x, const char *s, size_t n) {
  const char *tab = memchr(s, '\t', n);
  Span span = lex_span(x, n);
  bool last = span.end == text_end(x) || *at(x, span.end) == '\n' || *at(x, span.end) == '\r';
  if (!tab || last || span.begin == x->line_begin) return;
  uint32_t begin = span.begin + (uint32_t)(tab - s), end = begin, before = x->error_at;
  while (*at(x, end) == '\t') end++;
  Diag *d = lex_error(x, DIAG_CHARACTER, (Span){begin, end}, "a tab in the middle of a line");
  diag_help(d, "write spaces; `qgn fmt` indents with them too");
  x->error_at = before; /* the statement itself may have another mistake */
}

void lex_comment(Lex *x, const char *s, size_t n) {
  Span span = lex_span(x, n);
  if (n < 2 || s[1] != '#' || !is_blank(x, x->line_begin, span.begin)) return;
  Arena *a = x->ast->arena;
  bool goes_on = x->doc.n > 0 && is_blank(x, x->line_begin, span.begin) && x->doc_end == x->line_begin;
  if (goes_on) vec_push(a, &x->doc, '\n');
  else x->doc.n = 0;
  if (n > 0 && s[n - 1] == '\r') n--;
  for (size_t i = n > 2 && s[2] == ' ' ? 3 : 2; i < n; i++) vec_push(a, &x->doc, s[i]);
  x->doc_end = span.end < text_end(x) ? span.end + 1 : span.end; /* begin of the next line */
}

/* Keeps the `##` lines directly above the token that begins a line. */
static void take_doc(Lex *x, const LexToken *t) {
  if (x->doc.n > 0 && x->doc_end == x->line_begin) {
    AstDoc doc = {t->span.begin, arena_strn(x->ast->arena, x->doc.at, (size_t)x->doc.n)};
    vec_push(x->ast->arena, &x->ast->docs, doc);
  }
  x->doc.n = 0;
}

/* ---- bytes ---- */

static bool reorders_text(utf8proc_int32_t c) {
  return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069);
}

/* Names what is wrong with the character c (or byte, if used <= 0) at s; NULL if nothing is. */
static Diag *check_byte(Lex *x, const char *s, utf8proc_ssize_t used, utf8proc_int32_t c, uint32_t offset) {
  unsigned char byte = (unsigned char)*s;
  Span one = {offset, offset + 1};
  if (used <= 0) {
    Diag *d = lex_error(x, DIAG_CHARACTER, one, "the byte 0x%02X is not UTF-8", byte);
    diag_help(d, "save the file as UTF-8");
    return d;
  }
  Span whole = {offset, offset + (uint32_t)used};
  if (c == 0xFEFF && offset == x->src->base) {
    Diag *d = lex_error(x, DIAG_CHARACTER, whole, "the file begins with a byte-order mark");
    diag_help(d, "save it as UTF-8 without BOM");
    diag_fix(d, whole, "", true);
    return d;
  }
  if (reorders_text(c)) {
    Diag *d = lex_error(x, DIAG_CHARACTER, whole, "U+%04X makes text read in another order than it runs",
                        (unsigned)c);
    diag_help(d, "remove it");
    return d;
  }
  if (byte == '\r' && s[1] != '\n')
    return lex_error(x, DIAG_CHARACTER, one, "a carriage return inside a line");
  if ((c < 0x20 && byte != '\n' && byte != '\t' && byte != '\r') || c == 0x7F)
    return lex_error(x, DIAG_CHARACTER, one, "the control character U+%04X cannot stand here", (unsigned)c);
  return NULL;
}

bool lex_check_bytes(Lex *x) {
  const char *s = x->src->text, *nul = memchr(s, '\0', x->src->size);
  if (nul) {
    uint32_t offset = x->src->base + (uint32_t)(nul - s);
    Diag *d = lex_error(x, DIAG_CHARACTER, (Span){offset, offset + 1}, "a NUL byte: this is not a text");
    diag_help(d, "a script is UTF-8 text");
    return false;
  }
  int found = 0;
  for (uint32_t i = 0; i < x->src->size;) {
    utf8proc_int32_t c = 0;
    utf8proc_ssize_t left = (utf8proc_ssize_t)(x->src->size - i);
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s + i, left, &c);
    if (check_byte(x, s + i, used, c, x->src->base + i) && ++found > 4) return false;
    i += used > 0 ? (uint32_t)used : 1;
  }
  return true;
}

/* ---- reading ---- */

/* The next token of the text; line breaks and comments are passed over and noted. */
static LexToken read_token(Lex *x) {
  if (x->has_held) {
    x->has_held = false;
    return x->held;
  }
  bool first = x->recent[0].code == 0;
  for (;;) {
    QGN_YYSTYPE value;
    Span span = lex_span(x, 0);
    memset(&value, 0, sizeof value);
    int code = x->stopped ? TOK_YYEOF : qgn_raw_lex(&value, &span, x->scanner);
    if (code != LEX_NEWLINE) {
      LexToken t = {.code = code, .word = value.word, .span = span, .first_on_line = first};
      if (code == TOK_YYEOF) t.span = added_token(x, 0).span;
      if (first) {
        x->indent = (int)(t.span.begin - x->line_begin);
        take_doc(x, &t);
      }
      return t;
    }
    first = true;
    x->line_begin = x->pos;
  }
}

/* A word that can only begin a statement; `circuit`, `model` and `dataset` are types too. */
static bool begins_statement(Lex *x, const LexToken *t) {
  int last = x->recent[0].code;
  switch (t->code) {
  case TOK_USE:
  case TOK_HYPER:
  case TOK_PARAM:
  case TOK_LET:
  case TOK_VAR:
  case TOK_DEF:
  case TOK_TRAIN:
  case TOK_SWEEP:
  case TOK_REPORT:
  case TOK_DRAW:
  case TOK_STEP:
  case TOK_EVERY:
  case TOK_VARY:
  case TOK_MINIMIZE:
  case TOK_MAXIMIZE:
  case TOK_UPDATE:
  case TOK_EXPECT:
  case TOK_ASSERT:
  case TOK_RETURN:
  case TOK_REPEAT: return true;
  case TOK_IF: return last != TOK_ELSE;
  case TOK_FOR: return !top(x) || top(x)->bracket != '[';
  case TOK_CIRCUIT:
  case TOK_MODEL:
  case TOK_DATASET: {
    uint32_t i = t->span.end;
    while (i < text_end(x) && *at(x, i) == ' ') i++;
    unsigned char c = (unsigned char)*at(x, i);
    return i > t->span.end && (c == '_' || c >= 0x80 || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'));
  }
  default: return false;
  }
}

/* No statement begins with one of these, so they belong to the line above. */
static bool begins_no_line(int code) {
  switch (code) {
  case TOK_PIPE:
  case TOK_OR:
  case TOK_AND:
  case TOK_EQ:
  case TOK_NE:
  case '<':
  case '>':
  case TOK_LE:
  case TOK_GE:
  case TOK_IN:
  case TOK_RANGE_TO:
  case TOK_PM:
  case '+':
  case '*':
  case '/':
  case '^':
  case ',':
  case '=':
  case TOK_ASSIGN:
  case '~':
  case ':':
  case '.':
  case '@':
  case TOK_ARROW:
  case TOK_WHERE:
  case TOK_OVER:
  case TOK_PER:
  case TOK_CLIP:
  case TOK_WITH:
  case TOK_ON:
  case TOK_AS:
  case TOK_ELSE:
  case TOK_RANGE:
  case '{': return true;
  default: return false;
  }
}

Diag *lex_line_error(Lex *x, const LexToken *t) {
  if (!begins_no_line(t->code)) return NULL;
  size_t n;
  const char *s = src_text(t->span, &n);
  if (t->code == TOK_ELSE) {
    Diag *d = lex_error(x, DIAG_SYNTAX, t->span, "`else` stands on the line of the `}` before it");
    diag_help(d, "write `} else {`");
    return d;
  }
  if (t->code == '{') {
    Diag *d = lex_error(x, DIAG_SYNTAX, t->span, "the `{` of a block stands on the line of its first words");
    diag_help(d, "write it at the end of the line above");
    return d;
  }
  Diag *d = lex_error(x, DIAG_SYNTAX, t->span, "a line cannot begin with `%.*s`", (int)n, s);
  diag_help(d, "to continue the line above, end it with `%.*s`, or put brackets around the whole", (int)n, s);
  return d;
}

/* ---- brackets ---- */

static void pop(Lex *x) {
  LexBracket *b = top(x);
  if (b->bracket == '{') {
    if (b->suspect.end && !x->early_suspect.end) {
      x->early_suspect = b->suspect;
      x->early_opener = b->span;
    }
    x->first = b->first;
    x->error_at = b->error_at;
    x->at_statement = false;
  }
  x->depth--;
}

/* Reports the innermost bracket as not closed, unless a message has named it or its statement. */
static void report_open(Lex *x, const LexToken *t, const char *why) {
  LexBracket *b = top(x);
  if (b->reported || x->error_at) return;
  uint32_t end = x->recent[0].span.end;
  Diag *d = lex_error(x, DIAG_BRACKET, b->span, "this `%c` is not closed", b->bracket);
  if (t->code == TOK_YYEOF)
    diag_label(d, (Span){end, end}, "`%c` is missing before the end", lex_closer(b->bracket));
  else diag_label(d, t->span, "`%c` is missing before %s", lex_closer(b->bracket), why);
  for (int i = 0; i < x->depth; i++)
    if (x->open[i].bracket != '{') x->open[i].reported = true;
}

static LexToken close_added(Lex *x, LexToken t) {
  char closer = lex_closer(top(x)->bracket);
  if (closer != '}') {
    x->closed_early = x->closed_line == x->line_begin ? x->closed_early + 1 : 1;
    x->closed_line = x->line_begin;
  }
  pop(x);
  hold(x, t);
  return added_token(x, closer);
}

/* A missing `}` shows at the first line that is indented too little, not at the end of the file. */
static void report_block(Lex *x) {
  if (x->extra_blocks > 0) return;
  Span suspect = x->early_suspect, opener = x->early_opener;
  for (int i = 0; i < x->depth; i++) {
    const LexBracket *b = &x->open[i];
    if (b->reported) return;
    if (b->suspect.end && (!suspect.end || b->suspect.begin < suspect.begin))
      suspect = b->suspect, opener = b->span;
  }
  if (suspect.end) {
    Diag *d = lex_error(x, DIAG_BRACKET, suspect, "a `}` is missing before this line");
    diag_label(d, opener, "to close this `{`");
  } else {
    Diag *d = lex_error(x, DIAG_BRACKET, top(x)->span, "this `{` is not closed");
    diag_help(d, "write `}` after the last line of the block");
  }
  for (int i = 0; i < x->depth; i++) x->open[i].reported = true;
}

static bool push(Lex *x, const LexToken *t) {
  if (x->depth == LEX_MAX_OPEN) {
    Diag *d = lex_error(x, DIAG_NESTING, t->span, "more than %d brackets are open here", LEX_MAX_OPEN);
    diag_note(d, "nothing after this place was read");
    x->stopped = true;
    return false;
  }
  x->open[x->depth++] = (LexBracket){.bracket = (char)t->code,
                                     .span = t->span,
                                     .indent = x->indent,
                                     .first = x->first,
                                     .error_at = x->error_at};
  return true;
}

typedef enum Closing { CLOSE_FITS, CLOSE_ADDED, CLOSE_DROPPED } Closing;

/* A closing bracket: fits, needs another one closed first, stands for another one, or has none. */
static Closing closing(Lex *x, LexToken *t) {
  LexBracket *b = top(x);
  char c = (char)t->code;
  if (b && lex_closer(b->bracket) == c) {
    pop(x);
    return CLOSE_FITS;
  }
  for (int i = x->depth - 1; i >= 0; i--) {
    if (lex_closer(x->open[i].bracket) == c) {
      report_open(x, t, arena_printf(x->ast->arena, "this `%c`", c));
      return CLOSE_ADDED;
    }
    if (x->open[i].bracket == '{') break;
  }
  if (b && b->bracket != '{') {
    char fits = lex_closer(b->bracket);
    if (!x->error_at) {
      Diag *d = lex_error(x, DIAG_BRACKET, t->span, "`%c` does not close `%c`", c, b->bracket);
      diag_mark(d, "`%c` is needed here", fits);
      diag_label(d, b->span, "opened here");
    }
    pop(x);
    t->code = fits;
    return CLOSE_FITS;
  }
  if (x->closed_line != x->line_begin) x->closed_early = 0;
  int *left_over = c == '}' ? &x->missing_blocks : &x->closed_early;
  if (*left_over > 0) {
    --*left_over;
  } else if (!x->error_at) {
    Diag *d = lex_error(x, DIAG_BRACKET, t->span, "this `%c` closes nothing", c);
    diag_help(d, c == '}' ? "remove it, or find the block that was closed too early"
                          : "remove it, or open the bracket");
  }
  return CLOSE_DROPPED;
}

static void note_suspect(Lex *x, const LexToken *t) {
  LexBracket *b = top(x);
  if (!b || b->bracket != '{' || b->suspect.end || !t->first_on_line) return;
  if (t->code == '}' ? x->indent < b->indent : x->indent <= b->indent) b->suspect = t->span;
}

/* ---- the stream of tokens ---- */

static void warn_unit(Lex *x, const LexToken *t) {
  const LexToken *last = &x->recent[0];
  if (x->ast->sink->n_warnings >= LEX_MAX_WARNINGS) return;
  if (t->code == '^' && last->code == TOK_NUMBER && last->word.unit && last->word.unit != UNIT_PERCENT) {
    Span both = span_join(last->span, t->span);
    Diag *d =
        diag_add(x->ast->sink, DIAG_UNIT, both, "this is the power of `%s` with its unit", last->word.text);
    diag_help(d, "write `(%s)^k` if that is meant%s", last->word.text,
              last->word.unit == UNIT_PI ? ", and with `* pi^k` if not" : "");
  }
  bool after_number = last->code == '/' && x->recent[1].code == TOK_NUMBER;
  if (t->code == TOK_NUMBER && last->code == '/' && t->word.unit && t->word.unit != UNIT_PERCENT &&
      (after_number || t->word.unit == UNIT_PI)) {
    Diag *d = diag_add(x->ast->sink, DIAG_UNIT, t->span, "this divides by `%s` with its unit", t->word.text);
    diag_help(d, "write `/(%s)` if that is meant%s", t->word.text,
              t->word.unit == UNIT_PI ? ", and with `* pi` at the end if not" : "");
  }
}

/* A unary minus can begin a line, but was rarely meant to. */
static void check_minus(Lex *x, const LexToken *t) {
  if (t->code != '-' || !t->first_on_line || !x->at_statement || x->is_literal || x->interactive) return;
  Diag *d = lex_error(x, DIAG_SYNTAX, t->span, "a line cannot begin with `-`");
  diag_help(d, "to continue the line above, end it with the operator; for a negative value write `(-x)`");
}

static void sent(Lex *x, const LexToken *t) {
  warn_unit(x, t);
  bool divides = t->code == TOK_NL || (t->code == ';' && !in_parens(x));
  if (x->at_statement && !divides && t->code != '}') {
    x->first = *t;
    const Span last = x->recent[0].span;
    if (x->error_at < last.end || x->error_at == last.begin)
      x->error_at = 0; /* else: found while t was read */
    check_minus(x, t);
    x->at_statement = false;
  }
  if (divides || t->code == '{') x->at_statement = true;
  memmove(x->recent + 1, x->recent, (LEX_RECENT - 1) * sizeof *x->recent);
  x->recent[0] = *t;
}

/* What has to be sent before t: a closing bracket that is missing, the end of a line. */
static bool goes_first(Lex *x, const LexToken *t, LexToken *out) {
  bool end = t->code == TOK_YYEOF, word = t->first_on_line && begins_statement(x, t);
  bool block = t->code == '{' || (t->code == '}' && block_open(x));
  if (in_parens(x) && (end || word || block || (t->first_on_line && x->close_at_newline))) {
    report_open(x, t, block ? arena_printf(x->ast->arena, "this `%c`", t->code) : "this line");
    *out = close_added(x, *t);
    return true;
  }
  if (t->first_on_line) x->close_at_newline = false;
  int last = x->recent[0].code;
  bool unfinished = word && last && last != TOK_NL && last != ';' && last != '{';
  if (t->first_on_line && lex_can_end(last) && !in_parens(x) && begins_no_line(t->code)) {
    if (!x->error_at) lex_line_error(x, t);
    return false;
  }
  if (t->first_on_line && !in_parens(x) && (lex_can_end(last) || unfinished)) {
    hold(x, *t);
    *out = added_token(x, TOK_NL);
    x->added = false;
    return true;
  }
  if (end && x->depth > 0) {
    report_block(x);
    *out = close_added(x, *t);
    return true;
  }
  return false;
}

/* The end of a text behind which something is asked for: the line before ends as it would, brackets stay
 * open. */
static LexToken cursor(Lex *x, LexToken t) {
  if (t.first_on_line && lex_can_end(x->recent[0].code) && !in_parens(x)) {
    hold(x, t);
    t = added_token(x, TOK_NL);
    x->added = false;
    return t;
  }
  x->stopped = true;
  t.code = TOK_CURSOR;
  return t;
}

static LexToken next_token(Lex *x) {
  for (;;) {
    LexToken t = read_token(x), before;
    x->added = false;
    if (x->stopped) return (LexToken){.code = TOK_YYEOF, .span = t.span};
    if (t.code == TOK_YYEOF && x->next) return cursor(x, t);
    if (t.code == TOK_YYEOF && x->interactive && x->depth > 0 && x->ast->sink->n_errors == x->errors_before) {
      x->incomplete = true;
      return t;
    }
    if (goes_first(x, &t, &before)) return before;
    note_suspect(x, &t);
    if (t.code == '(' || t.code == '[' || t.code == '{') {
      if (!push(x, &t)) t.code = TOK_YYEOF;
    } else if (t.code == ')' || t.code == ']' || t.code == '}') {
      Closing c = closing(x, &t);
      if (c == CLOSE_ADDED) return close_added(x, t);
      if (c == CLOSE_DROPPED) continue;
    }
    return t;
  }
}

int qgn_yylex(QGN_YYSTYPE *value, Span *span, yyscan_t scanner) {
  Lex *x = qgn_raw_get_extra(scanner);
  LexToken t = next_token(x);
  sent(x, &t);
  value->word = t.word;
  *span = t.span;
  return t.code;
}

void lex_begin(Lex *x, AstBuild *ast, const Source *src) {
  *x = (Lex){.ast = ast,
             .src = src,
             .pos = src->base,
             .line_begin = src->base,
             .at_statement = true,
             .errors_before = ast->sink->n_errors};
  yyscan_t scanner;
  qgn_raw_lex_init_extra(x, &scanner);
  x->scanner = scanner;
  qgn_raw__scan_bytes(src->text, (int)src->size, scanner);
}

void lex_end(Lex *x) {
  qgn_raw_lex_destroy(x->scanner);
  x->scanner = NULL;
}
