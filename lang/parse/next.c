/* What may follow: the text is scanned and parsed up to its end, where the scanner sends a token that the
 * grammar has no place for. The parser then tells, as for any mistake, which tokens it would have taken
 * (exactly, by its look-ahead correction), and the scanner's brackets tell where that is. */
#include <string.h>
#include "build/gen/qgn.tab.h"
#include "lang/parse/lex.h"

const char *parse_word(int i) { return i < LEX_N_KEYWORDS ? lex_keywords[i].word : NULL; }

const char *parse_form(const char *word) { return syntax_form(lex_keyword(word)); }

static const char *word_of(const Parse *p, Span s) {
  const Source *src = p->lex.src;
  return arena_strn(p->ast.arena, src->text + (s.begin - src->base), s.end - s.begin);
}

/* Blocks that say what may stand in them; `for`, `if` and `repeat` take what their surroundings do. */
static bool is_place(int code) {
  switch (code) {
  case TOK_CIRCUIT:
  case TOK_MODEL:
  case TOK_DEF:
  case TOK_DATASET:
  case TOK_TRAIN:
  case TOK_STEP:
  case TOK_EVERY:
  case TOK_SWEEP:
  case TOK_REPORT: return true;
  default: return false;
  }
}

/* The name in front of a place: "a.b", also of "a.b." and "a.b(". */
static const char *path_before(const Parse *p, uint32_t at) {
  const Source *src = p->lex.src;
  const char *end = src->text + (at - src->base), *s = end;
  while (s > src->text &&
         ((unsigned char)s[-1] >= 0x80 || s[-1] == '.' || s[-1] == '_' || (s[-1] >= '0' && s[-1] <= '9') ||
          (s[-1] >= 'a' && s[-1] <= 'z') || (s[-1] >= 'A' && s[-1] <= 'Z')))
    s--;
  return arena_strn(p->ast.arena, s, (size_t)(end - s));
}

static void find_place(Parse *p, ParseNext *next) {
  const Lex *x = &p->lex;
  for (int i = x->depth - 1; i >= 0 && !*next->block; i--)
    if (x->open[i].bracket == '{' && is_place(x->open[i].first.code))
      next->block = word_of(p, x->open[i].first.span);
  if (x->depth > 0 && x->open[x->depth - 1].bracket == '(')
    next->call = path_before(p, x->open[x->depth - 1].span.begin);
  const LexToken *last = &x->recent[1]; /* recent[0] is the cursor itself */
  if (last->code == '.') next->owner = path_before(p, last->span.begin);
  next->draws = last->code == '~';
  if (last->code == '=' && x->first.code == TOK_NAME &&
      (x->depth == 0 || x->open[x->depth - 1].bracket == '{'))
    next->attribute = x->first.word.text;
}

void next_expected(Parse *p, const int *expected, int n) {
  ParseNext *next = p->lex.next;
  bool want[512] = {false};
  if (p->lex.error_at || p->ast.sink->n_errors > p->lex.errors_before) return;
  for (int i = 0; i < n; i++)
    if (expected[i] >= 0) want[expected[i]] = true;
  for (int i = 0; i < LEX_N_KEYWORDS; i++)
    if (want[lex_keywords[i].code]) vec_push(p->ast.arena, &next->words, lex_keywords[i].word);
  const int last = p->lex.recent[1].code;
  next->known = true;
  next->statement = want[TOK_LET];
  next->value = want[TOK_NUMBER];
  next->name = want[TOK_NAME];
  next->declares =
      next->name && !next->value && !next->statement &&
      (last == TOK_LET || last == TOK_VAR || last == TOK_HYPER || last == TOK_PARAM || last == TOK_DRAW ||
       last == TOK_DEF || last == TOK_CIRCUIT || last == TOK_MODEL || last == TOK_DATASET ||
       last == TOK_TRAIN || last == TOK_SWEEP || last == TOK_REPORT || last == TOK_ON);
  next->operand = next->name && !next->value && !next->statement && !next->declares;
  find_place(p, next);
}

/* Inside of a text, as far as lines tell: an odd number of quotes since the last line break, none in a
 * comment. */
static bool ends_in_text(const char *text, bool *in_comment) {
  bool open = false;
  *in_comment = false;
  for (const char *s = text; *s; s++) {
    if (*s == '\n') open = *in_comment = false;
    else if (*in_comment) continue;
    else if (*s == '\\' && open && s[1]) s++;
    else if (*s == '"') open = !open;
    else if (*s == '#' && !open) *in_comment = true;
  }
  return open;
}

/* Every name of the text, once, in the order of their first places. */
static void collect_names(Arena *a, const Source *src, ParseNext *next) {
  Parse *p = ARENA_NEW(a, Parse);
  p->ast = (AstBuild){.arena = a, .sink = diag_sink(a)};
  lex_begin(&p->lex, &p->ast, src);
  p->lex.interactive = true;
  QGN_YYSTYPE value;
  Span span = SPAN_NONE;
  for (int code; (code = qgn_yylex(&value, &span, p->lex.scanner)) != TOK_YYEOF;) {
    bool seen = code != TOK_NAME;
    for (int i = 0; i < next->names.n && !seen; i++) seen = strcmp(next->names.at[i], value.word.text) == 0;
    if (!seen) vec_push(a, &next->names, value.word.text);
  }
  lex_end(&p->lex);
}

void parse_next(Arena *a, const char *text, ParseNext *out) {
  bool in_comment;
  *out = (ParseNext){.block = "", .call = "", .owner = "", .attribute = ""};
  out->in_text = ends_in_text(text, &in_comment);
  if (out->in_text || in_comment) return;
  /* not registered: no message of this parse is ever shown */
  const Source src = {SRC_REPL, text, (uint32_t)strlen(text), 1};
  Parse *p = ARENA_NEW(a, Parse);
  p->ast = (AstBuild){.arena = a, .sink = diag_sink(a)};
  lex_begin(&p->lex, &p->ast, &src);
  p->lex.interactive = true;
  p->lex.next = out;
  if (lex_check_bytes(&p->lex)) qgn_yyparse(p->lex.scanner, p);
  lex_end(&p->lex);
  if (out->known) collect_names(a, &src, out);
}
