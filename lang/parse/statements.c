/* What a script says, without how it is written down. */
#include <string.h>
#include "build/gen/qgn.tab.h"
#include "lang/parse/lex.h"
#include "lang/parse/parse.h"

typedef struct Said {
  Arena *arena;
  VEC(char) text;
  int waiting; /* a comma or an end of line that counts only if no bracket closes behind it; 0: none */
  int last;
} Said;

static void put(Said *s, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) vec_push(s->arena, &s->text, text[i]);
  vec_push(s->arena, &s->text, '\n');
}

static void say(Said *s, int code, const char *text, size_t n) {
  const bool closes = code == ')' || code == ']' || code == '}';
  if (s->waiting && !closes) put(s, s->waiting == ',' ? "," : ";", 1);
  s->waiting = 0;
  put(s, text, n);
  s->last = code;
}

/* Ends of lines and `;` are one; several are one; behind an opening bracket they are nothing. */
static void say_end(Said *s) {
  if (s->last != 0 && s->last != '{' && s->waiting == 0) s->waiting = ';';
}

static bool is_reported(const AstNode *script, uint32_t at) {
  for (int i = 0; i < script->n; i++) {
    const AstNode *n = script->kids[i];
    if (n != NULL && n->kind == AST_REPORT && at >= n->span.begin && at < n->span.end) return true;
  }
  return false;
}

const char *parse_statements(Arena *a, const Source *src, DiagSink *sink) {
  AstNode *script = NULL;
  if (parse_source(a, src, sink, false, &script, NULL) != PARSE_OK) return NULL;
  AstBuild build = {.arena = a, .sink = sink};
  Lex *x = ARENA_NEW(a, Lex);
  Said s = {.arena = a};
  QGN_YYSTYPE value;
  Span span = SPAN_NONE;
  lex_begin(x, &build, src);
  for (int code; (code = qgn_yylex(&value, &span, x->scanner)) != TOK_YYEOF;) {
    size_t n;
    const char *text = src_text(span, &n);
    if (code == TOK_NL || code == ';') say_end(&s);
    else if (is_reported(script, span.begin)) continue;
    else if (code == ',') s.waiting = ',';
    else if (code == TOK_NAME) say(&s, code, sym_text(value.word.name), strlen(sym_text(value.word.name)));
    else say(&s, code, text, n);
  }
  lex_end(x);
  vec_push(a, &s.text, '\0');
  return s.text.at;
}
