/* What the parser could not read, in words. The generated parser says which token it found and
 * which ones would have been right (with LAC this list is exact); here that becomes one message
 * per statement: a recognised slip (syntax_hint.c), or `expected ..., found ...` with the opener
 * of the bracket or the form of the statement. */
#include <string.h>
#include "build/gen/qgn.tab.h"
#include "lang/parse/lex.h"

static const struct {
  int code;
  const char *form;
} forms[] = {
    {TOK_USE, "use \"lib/file.qgn\" as name"},
    {TOK_HYPER, "hyper lr = 1e-3 where lr > 0"},
    {TOK_LET, "let name = value"},
    {TOK_VAR, "var name = value"},
    {TOK_PARAM, "param θ[n] ~ uniform(0, 2pi)"},
    {TOK_DRAW, "draw z[8] ~ normal(0, 1)"},
    {TOK_DEF, "def name(x) = value"},
    {TOK_CIRCUIT, "circuit name(x[n]) on q[n] { ... }"},
    {TOK_MODEL, "model name(x[n]) { ... }"},
    {TOK_DATASET, "dataset name { ... }"},
    {TOK_TRAIN, "train name { ... }"},
    {TOK_SWEEP, "sweep name { vary lr in [1e-3, 1e-4] ... }"},
    {TOK_REPORT, "report name { ... }"},
    {TOK_STEP, "step x[B, 1] { ... }"},
    {TOK_EVERY, "every 100 { ... }"},
    {TOK_VARY, "vary lr in [1e-3, 1e-4]"},
    {TOK_MINIMIZE, "minimize loss over G"},
    {TOK_MAXIMIZE, "maximize score over G"},
    {TOK_UPDATE, "update name with value"},
    {TOK_EXPECT, "expect condition, \"reason\""},
    {TOK_ASSERT, "assert condition, \"reason\""},
    {TOK_RETURN, "return value"},
    {TOK_FOR, "for k in 0..n { ... }"},
    {TOK_REPEAT, "repeat 5 { ... }"},
    {TOK_IF, "if condition { ... } else { ... }"},
};

const char *syntax_form(int code) {
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
    if (forms[i].code == code) return forms[i].form;
  return NULL;
}

const char *syntax_token(Parse *p, const LexToken *t) {
  if (t->code == TOK_NL) return "the end of the line";
  if (t->code == TOK_YYEOF) return "the end of the text";
  size_t n;
  const char *s = src_text(t->span, &n);
  bool cut = n > 40;
  while (cut && n > 36 && ((unsigned char)s[n - 1] & 0xC0) == 0x80) n--;
  return arena_printf(p->ast.arena, "`%.*s%s`", (int)(cut ? 36 : n), s, cut ? "..." : "");
}

/* Tokens that are named one by one when they are expected. */
static const struct {
  int code;
  const char *name;
} marks[] = {
    {'{', "`{`"}, {TOK_OVER, "`over`"}, {TOK_WITH, "`with`"}, {TOK_ON, "`on`"}, {'=', "`=`"},
    {'~', "`~`"}, {TOK_IN, "`in`"},     {',', "`,`"},         {')', "`)`"},     {']', "`]`"},
    {'(', "`(`"}, {'[', "`[`"},         {TOK_RANGE, "`..`"},
};

typedef struct Words {
  const char *at[16];
  int n;
} Words;

static void say(Words *w, const char *word) {
  if (w->n < 16) w->at[w->n++] = word;
}

/* Groups of expected tokens become one word each; in a bracket its separators come first, after a
 * complete value the operators are one word. */
static Words expected_words(const SyntaxError *e) {
  Words w = {0};
  const bool *want = e->want;
  bool operator= want['+'], value = want[TOK_NUMBER], ends = want[TOK_NL];
  if (want[TOK_LET]) say(&w, "a statement");
  else if (want[TOK_CIRCUIT]) say(&w, "a kind (int, real, label, circuit, ...)");
  else if (value) say(&w, "a value");
  else if (want[TOK_NAME] && want[TOK_STRING]) say(&w, "a name or a text");
  else if (want[TOK_NAME] && !ends && !operator) say(&w, "a name");
  else if (want[TOK_STRING] && !ends) say(&w, "a text");
  if (want[TOK_LET]) return w;
  bool follows =
      want['='] || want['~'] || want[TOK_WITH] || want[','] || want['{'] || want[TOK_ON] || want[TOK_IN];
  for (size_t i = 0; i < sizeof marks / sizeof *marks; i++) {
    int code = marks[i].code;
    bool suffix = code == '(' || code == '[' || code == TOK_RANGE;
    if (!want[code] || (code == TOK_IN && operator) || (code == '=' && (ends || want[')']))) continue;
    if (suffix && (operator|| value || ends || w.n> 1 || follows)) continue;
    if ((code == '[' || code == '=' || code == ')') && value) continue;
    if (code == ',' && (ends || want['{'] || want[TOK_OVER])) continue;
    say(&w, marks[i].name);
  }
  if (operator&& w.n == 0) say(&w, "an operator");
  if (ends) say(&w, "the end of the statement");
  return w;
}

static const char *join_words(Arena *a, const Words *w) {
  if (w->n == 0) return "something else";
  const char *text = w->at[0];
  for (int i = 1; i < w->n; i++)
    text = arena_printf(a, "%s%s%s", text, i + 1 == w->n ? " or " : ", ", w->at[i]);
  return text;
}

/* The token after which something is missing, where naming it helps. */
static const char *after(const SyntaxError *e) {
  const LexToken *last = &e->p->lex.recent[e->found.code == e->p->lex.recent[0].code ? 1 : 0];
  if (last->code == 0 || last->code == TOK_NL || last->code == ';' || last->code == '{') return "";
  return arena_printf(e->p->ast.arena, " after %s", syntax_token(e->p, last));
}

static void general_error(const SyntaxError *e) {
  Lex *x = &e->p->lex;
  Words w = expected_words(e);
  Diag *d = lex_error(x, DIAG_SYNTAX, e->found.span, "expected %s%s, found %s",
                      join_words(e->p->ast.arena, &w), after(e), syntax_token(e->p, &e->found));
  LexBracket *b = x->depth > 0 ? &x->open[x->depth - 1] : NULL;
  if (b && b->bracket != '{' && e->want[(unsigned char)lex_closer(b->bracket)]) {
    diag_label(d, b->span, "in the brackets opened here");
    for (int i = 0; i < x->depth; i++)
      if (x->open[i].bracket != '{') x->open[i].reported = true;
    return;
  }
  int start = x->first.code;
  if (e->want[TOK_OVER] && start != TOK_MINIMIZE && start != TOK_MAXIMIZE && start != TOK_SWEEP)
    start = TOK_MINIMIZE; /* the first of its line is what stands around it */
  const char *form = e->want[TOK_NL] ? NULL : syntax_form(start);
  if (form) diag_help(d, "the form is `%s`", form);
}

void syntax_error(Parse *p, int found, Span span, const int *expected, int n) {
  Lex *x = &p->lex;
  if (found == TOK_YYEOF && x->interactive && p->ast.sink->n_errors == x->errors_before) x->incomplete = true;
  if (x->incomplete || x->stopped || x->added || x->error_at) {
    x->error_at = span.begin;
    return;
  }
  SyntaxError *e = ARENA_NEW(p->ast.arena, SyntaxError);
  e->p = p;
  e->found = x->recent[0];
  e->found.span = span;
  for (int i = 0; i < n; i++)
    if (expected[i] >= 0) e->want[expected[i]] = true;
  /* The partner of a `{` that is missing, or of one too many, is no second mistake. */
  if (e->want['{'] && found != '{') x->missing_blocks++;
  if (found == '{') x->extra_blocks++;
  if (!syntax_hint(e)) general_error(e);
}

void syntax_exhausted(Parse *p, Span span) {
  Diag *d = lex_error(&p->lex, DIAG_NESTING, span, "this is nested deeper than %d levels", AST_MAX_DEPTH);
  diag_note(d, "nothing after this place was read");
}
