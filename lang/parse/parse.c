#include "lang/parse/parse.h"
#include <string.h>
#include "build/gen/qgn.tab.h"
#include "lang/parse/lex.h"

/* Result of a parser run; the tree is in p->script. */
static ParseResult run(Parse *p, Arena *a, const Source *src, DiagSink *sink, bool interactive,
                       bool is_literal) {
  *p = (Parse){.ast = {.arena = a, .sink = sink}};
  int errors = sink->n_errors;
  lex_begin(&p->lex, &p->ast, src);
  p->lex.interactive = interactive;
  p->lex.is_literal = is_literal;
  if (lex_check_bytes(&p->lex)) qgn_yyparse(p->lex.scanner, p);
  lex_end(&p->lex);
  Span whole = {src->base, src->base + src->size};
  if (!p->script) p->script = ast_group(&p->ast, AST_SCRIPT, whole, NULL);
  p->script->span = whole;
  if (p->lex.incomplete) return PARSE_INCOMPLETE;
  return sink->n_errors == errors ? PARSE_OK : PARSE_ERROR;
}

ParseResult parse_source(Arena *a, const Source *src, DiagSink *sink, bool interactive, AstNode **out,
                         ParseOpener *open) {
  Parse *p = ARENA_NEW(a, Parse);
  int all = sink->all.n, errors = sink->n_errors, warnings = sink->n_warnings;
  ParseResult result = run(p, a, src, sink, interactive, false);
  *out = p->script;
  if (open) *open = (ParseOpener){0};
  if (result != PARSE_INCOMPLETE) return result;
  /* Warnings so far are given again with the whole statement. */
  sink->all.n = all;
  sink->n_errors = errors;
  sink->n_warnings = warnings;
  if (open && p->lex.depth > 0) {
    const LexBracket *b = &p->lex.open[p->lex.depth - 1];
    *open = (ParseOpener){b->bracket, b->span};
  }
  return result;
}

/* Whether n is a literal; bare words become texts. */
static AstNode *literal(Parse *p, AstNode *n) {
  switch ((int)n->kind) {
  case AST_NUMBER:
  case AST_TEXT:
  case AST_BOOL: return n;
  case AST_NAME: return ast_leaf(&p->ast, AST_TEXT, (AstWord){.text = n->text, .span = n->span});
  case AST_UNARY: return n->op == AST_OP_NEG && n->kids[0]->kind == AST_NUMBER ? n : NULL;
  case AST_ARRAY:
    for (int i = 0; i < n->n; i++)
      if (!(n->kids[i] = literal(p, n->kids[i]))) return NULL;
    return n;
  default: return NULL;
  }
}

bool parse_literal(Arena *a, const Source *src, DiagSink *sink, AstNode **out) {
  Parse *p = ARENA_NEW(a, Parse);
  int errors = sink->n_errors;
  *out = NULL;
  ParseResult result = run(p, a, src, sink, false, true);
  if (result == PARSE_OK && p->script->n == 1 && p->script->kids[0]->kind == AST_STAGE &&
      !p->script->kids[0]->name)
    *out = literal(p, p->script->kids[0]->kids[0]);
  if (*out) return true;
  if (sink->n_errors == errors) {
    Span whole = {src->base, src->base + src->size};
    Diag *d = src->size ? diag_add(sink, DIAG_SYNTAX, whole, "`%s` is not a literal value", src->text)
                        : diag_add(sink, DIAG_SYNTAX, whole, "a value is missing");
    diag_help(d, "a value is a number such as 1e-3 or 50%%, a text, true, false, or a list such as [1, 2]");
  }
  return false;
}

static void dump_token(Parse *p, int code, AstWord word, Span span, FILE *out) {
  const Source *src;
  int line = 0, col = 0, end_line = 0, end_col = 0;
  src_locate(span.begin, &src, &line, &col);
  src_locate(span.end, &src, &end_line, &end_col);
  char place[64];
  snprintf(place, sizeof place, "%d:%d-%d:%d", line, col, end_line, end_col);
  size_t n;
  const char *text = src_text(span, &n);
  const char *what = code == TOK_NAME     ? "name"
                     : code == TOK_NUMBER ? "number"
                     : code == TOK_STRING ? "text"
                     : word.name          ? "word"
                                          : "mark";
  if (code == TOK_NL) fprintf(out, "%-14s end of line\n", place);
  else if (p->lex.added) fprintf(out, "%-14s %-6s %c (added)\n", place, what, code);
  else if (code == TOK_NAME && strcmp(word.text, sym_text(word.name)) != 0)
    fprintf(out, "%-14s %-6s %s = %s\n", place, what, word.text, sym_text(word.name));
  else fprintf(out, "%-14s %-6s %.*s\n", place, what, (int)n, text);
}

void parse_dump_tokens(Arena *a, const Source *src, DiagSink *sink, FILE *out) {
  Parse *p = ARENA_NEW(a, Parse);
  p->ast = (AstBuild){.arena = a, .sink = sink};
  lex_begin(&p->lex, &p->ast, src);
  if (lex_check_bytes(&p->lex)) {
    QGN_YYSTYPE value;
    Span span = SPAN_NONE;
    for (int code; (code = qgn_yylex(&value, &span, p->lex.scanner)) != TOK_YYEOF;)
      dump_token(p, code, value.word, span, out);
  }
  lex_end(&p->lex);
}
