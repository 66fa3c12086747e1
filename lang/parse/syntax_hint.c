/* Frequent slips: each function knows one and gives its complete message, or returns NULL. The
 * first that fits wins, so special ones stand before general ones in the table at the end. */
#include <string.h>
#include "build/gen/qgn.tab.h"
#include "lang/parse/lex.h"

typedef Diag *Hint(const SyntaxError *e);

/* i = 0: the token before the one found. */
static const LexToken *before(const SyntaxError *e, int i) { return &e->p->lex.recent[i + 1]; }
static const LexToken *first(const SyntaxError *e) { return &e->p->lex.first; }

static bool is_word(const LexToken *t, const char *text) {
  return t->word.text && strcmp(t->word.text, text) == 0;
}
static bool is_name(const LexToken *t, const char *text) { return t->code == TOK_NAME && is_word(t, text); }

static char innermost(const SyntaxError *e) {
  const Lex *x = &e->p->lex;
  /* A bracket that was just opened or closed by the token found is already counted. */
  return x->depth > 0 ? x->open[x->depth - 1].bracket : 0;
}

static bool is_value(int code) {
  return code == TOK_NAME || code == TOK_NUMBER || code == TOK_STRING || code == '(' || code == '[';
}

/* The state after a complete value. */
static bool after_value(const SyntaxError *e) { return e->want['+'] && !e->want[TOK_NUMBER]; }

static Diag *error_at(const SyntaxError *e, Span span, const char *text) {
  return lex_error(&e->p->lex, DIAG_SYNTAX, span, "%s", text);
}

static Diag *with_help(Diag *d, const char *help) {
  diag_help(d, "%s", help);
  return d;
}

/* ---- words ---- */

static const struct {
  const char *word, *text, *help;
} habits[] = {
    {"elif", "`elif` is written `else if`", "write `} else if condition {`"},
    {"elsif", "`elsif` is written `else if`", "write `} else if condition {`"},
    {"elseif", "`elseif` is written `else if`", "write `} else if condition {`"},
    {"while", "there is no `while`",
     "every loop has an end: `for k in 0..n { ... }` or `repeat 100 { ... }`"},
    {"loop", "there is no `loop`", "every loop has an end: `for k in 0..n { ... }` or `repeat 100 { ... }`"},
    {"import", "other files are brought in with `use`",
     "write `use std.gan: wgan_gp`, or `use \"lib/file.qgn\" as lib`"},
    {"from", "other files are brought in with `use`", "write `use std.gan: wgan_gp`"},
    {"include", "other files are brought in with `use`", "write `use \"lib/file.qgn\" as lib`"},
    {"function", "functions begin with `def`", "write `def f(x) = x^2`, or `def f(x) { ... }`"},
    {"func", "functions begin with `def`", "write `def f(x) = x^2`, or `def f(x) { ... }`"},
    {"fn", "functions begin with `def`", "write `def f(x) = x^2`, or `def f(x) { ... }`"},
    {"class", "there are no classes", "a `model` holds layers and weights, a `circuit` gates and angles"},
    {"gate", "there is no `gate` declaration",
     "a `circuit` without `return` is one: `circuit g(x) on a, b { ... }`"},
    {"qubit", "qubits are declared by `on`", "write `circuit c(x) on q[4] { ... }`"},
    {"qreg", "qubits are declared by `on`", "write `circuit c(x) on q[4] { ... }`"},
    {"const", "constants are declared by `let`",
     "write `let name = value`; `hyper` if it can be set from outside"},
    {"int", "a value is declared by `let`", "write `let name = value`; its kind follows from the value"},
    {"float", "a value is declared by `let`", "write `let name = value`; its kind follows from the value"},
    {"lambda", "there are no functions without a name", "write `def f(x) = x + 1`"},
    {"try", "there are no exceptions", "`expect condition, \"reason\"` states what must hold"},
    {"async", "nothing is asynchronous here", "statements run in order; the work itself is done in parallel"},
};

static Diag *habit_of(const SyntaxError *e, const LexToken *t) {
  for (size_t i = 0; t->code == TOK_NAME && i < sizeof habits / sizeof *habits; i++)
    if (is_word(t, habits[i].word)) return with_help(error_at(e, t->span, habits[i].text), habits[i].help);
  return NULL;
}

/* A statement of another language is told by its first word, `elif` by standing after a `}`, and
 * `lambda` by the name after it. */
static Diag *hint_habit(const SyntaxError *e) {
  bool after_block = before(e, 0)->code == '}';
  Diag *d = after_block ? habit_of(e, &e->found) : NULL;
  if (!d && is_name(before(e, 0), "lambda")) d = habit_of(e, before(e, 0));
  return d ? d : habit_of(e, first(e));
}

/* A misspelled keyword: `ovr` where `over` would be right, `ciruit` before what only follows `circuit`. */
static Diag *hint_keyword(const SyntaxError *e) {
  const char *names[LEX_N_KEYWORDS];
  int n = 0;
  const bool here = e->found.code == TOK_NAME;
  for (int i = 0; i < LEX_N_KEYWORDS; i++)
    if (here ? e->want[lex_keywords[i].code] : syntax_form(lex_keywords[i].code) != NULL)
      names[n++] = lex_keywords[i].word;
  const LexToken *t = here ? &e->found : first(e);
  if (t->code != TOK_NAME || !t->word.text || diag_nearest(t->word.text, names, n) == NULL) return NULL;
  Lex *x = &e->p->lex;
  Diag *d = here ? lex_error(x, DIAG_SYNTAX, t->span, "`%s` does not fit here", t->word.text)
                 : lex_error(x, DIAG_SYNTAX, t->span, "`%s` begins no statement", t->word.text);
  diag_did_you_mean(d, t->span, t->word.text, names, n);
  return d;
}

/* `record a = x, b = y`, as in `vary a in x, b in y`. */
static Diag *hint_record(const SyntaxError *e) {
  static const char *const words[] = {"record", "optimizer"};
  for (int i = 0; i < 2 && e->found.code == ','; i++) {
    if (!is_name(first(e), words[i])) continue;
    Diag *d = lex_error(&e->p->lex, DIAG_SYNTAX, e->found.span, "a line of `%s` has one `=`", words[i]);
    diag_help(d, "write `%s` again, on a line of its own or behind a `;`", words[i]);
    return d;
  }
  return NULL;
}

static Diag *hint_select(const SyntaxError *e) {
  if (e->found.code != TOK_IF || (!e->want[TOK_NUMBER] && !after_value(e))) return NULL;
  return with_help(error_at(e, e->found.span, "`if` is a statement and has no value"),
                   "write `select(condition, a, b)`");
}

static Diag *hint_reserved(const SyntaxError *e) {
  bool is_reserved = e->found.word.name && e->found.code != TOK_NAME;
  if (!is_reserved || !e->want[TOK_NAME] || e->want[TOK_LET] || e->want['+'] || e->want['{']) return NULL;
  int code = e->found.code, last = before(e, 0)->code;
  if ((code == TOK_IN || code == TOK_AND || code == TOK_OR) && last != '(' && last != ',') return NULL;
  Lex *x = &e->p->lex;
  const char *word = e->found.word.text;
  Diag *d = lex_error(x, DIAG_SYNTAX, e->found.span, "`%s` is a reserved word and cannot be a name", word);
  if (code == TOK_VAR)
    diag_help(d, "the mean squared deviation is `variance(x)`; as a name take `%s_1`", word);
  else diag_help(d, "take another name, for example `%s_1`", word);
  return d;
}

/* ---- lines and blocks ---- */

static Diag *hint_block(const SyntaxError *e) {
  if (!e->want['{']) return NULL;
  int code = e->found.code;
  Lex *x = &e->p->lex;
  if (code == ':')
    return with_help(error_at(e, e->found.span, "a block begins with `{`, not with `:`"), "write `{ ... }`");
  if (is_name(&e->found, "then") || is_name(&e->found, "do")) {
    Diag *d = lex_error(x, DIAG_SYNTAX, e->found.span, "a block begins with `{`, not with `%s`",
                        e->found.word.text);
    return with_help(d, "write `{ ... }`");
  }
  if (code != TOK_NL && code != ';' && code != TOK_YYEOF) return NULL;
  Diag *d = error_at(e, e->found.span, "the `{` of the block is missing at the end of this line");
  const char *form = syntax_form(first(e)->code);
  if (form) diag_help(d, "the form is `%s`", form);
  return d;
}

/* At the very beginning of the text; elsewhere the token filter sees it first. */
static Diag *hint_leading(const SyntaxError *e) {
  return e->found.first_on_line && e->want[TOK_LET] ? lex_line_error(&e->p->lex, &e->found) : NULL;
}

static Diag *hint_dict(const SyntaxError *e) {
  int last = before(e, 0)->code;
  bool needs_value =
      last == '=' || last == TOK_ASSIGN || last == '(' || last == '[' || last == ',' || last == TOK_RETURN;
  if (e->found.code != '{' || !needs_value || !e->want[TOK_NUMBER]) return NULL;
  return with_help(error_at(e, e->found.span, "`{` begins a block and not a value"),
                   "a list is written `[a, b]`");
}

static Diag *hint_brackets(const SyntaxError *e) {
  if (e->found.code != '(' || first(e)->code != TOK_FOR || !e->want[TOK_NAME]) return NULL;
  return with_help(error_at(e, e->found.span, "`for` has no brackets"),
                   "write `for k in 0..n { ... }`, of tuples `for i, j, w in edges { ... }`");
}

/* ---- `=` and its relatives ---- */

static Diag *hint_assign(const SyntaxError *e) {
  int code = e->found.code;
  if (code != TOK_ASSIGN && code != TOK_EQ && code != '~' && code != '=' && code != ':') return NULL;
  Lex *x = &e->p->lex;
  const char *found = syntax_token(e->p, &e->found), *word = first(e)->word.text;
  bool takes_value = e->want['='] && first(e)->code != TOK_NAME && word;
  if (takes_value && code != '=' && innermost(e) != '(') {
    bool draws = code == '~';
    Diag *d = lex_error(x, DIAG_SYNTAX, e->found.span, "`%s` takes `=`, not %s", word, found);
    diag_help(d, draws ? "`draw` takes a sample: `draw z[8] ~ normal(0, 1)`" : "write `=`");
    return d;
  }
  if (e->want['~'] && !e->want['='] && !e->want[TOK_IN] && code != '~') {
    Diag *d = lex_error(x, DIAG_SYNTAX, e->found.span, "`draw` takes `~`, not %s", found);
    diag_help(d, "write `draw z[8] ~ normal(0, 1)`; `let` takes `=`");
    return d;
  }
  return NULL;
}

static Diag *hint_equals(const SyntaxError *e) {
  if (e->found.code != '=' || !after_value(e)) return NULL;
  int start = first(e)->code;
  Lex *x = &e->p->lex;
  if (e->want[TOK_EQ] && (innermost(e) == '(' || innermost(e) == '[' || start == TOK_IF ||
                          start == TOK_EXPECT || start == TOK_ASSERT || start == TOK_HYPER)) {
    Diag *d = error_at(e, e->found.span, "`=` gives a name its value, `==` compares");
    diag_help(d, "write `==`");
    diag_fix(d, e->found.span, "==", false);
    return d;
  }
  if (start == TOK_LET || start == TOK_VAR)
    return with_help(error_at(e, e->found.span, "one statement sets one value"),
                     "write a `let` of its own for each name");
  Diag *d = lex_error(x, DIAG_SYNTAX, e->found.span, "only a name can stand left of `=`");
  return with_help(d, "`let name = value` names a value, `==` compares");
}

/* ---- values ---- */

static Diag *hint_slice(const SyntaxError *e) {
  bool colon = e->found.code == ':' && after_value(e);
  bool after_colon = before(e, 0)->code == ':' && (is_value(e->found.code) || e->found.code == '-');
  char in = innermost(e);
  if (e->found.code == '(' || e->found.code == '[') in = after_colon ? '[' : in;
  if (in == '(' && colon)
    return with_help(error_at(e, e->found.span, "an argument is named with `=`"), "write `f(name = value)`");
  if (in != '[' || (!colon && !after_colon)) return NULL;
  Span at = colon ? e->found.span : before(e, 0)->span;
  Diag *d = error_at(e, at, "a range is written with `..`");
  diag_help(d, "write `x[0..16]`, `x[4..]` or `x[..4]`; `:` alone is a whole axis");
  diag_fix(d, at, "..", true);
  return d;
}

/* `sum(i^2 for i in 0..3)` */
static Diag *hint_comprehension(const SyntaxError *e) {
  if (e->found.code != TOK_FOR || !after_value(e) || innermost(e) != '(') return NULL;
  return with_help(error_at(e, e->found.span, "values over a range stand in square brackets"),
                   "write `sum([k^2 for k in 0..n])`");
}

/* `x[::2]`, `x[0..8:2]`, `x[..., 1]` */
static Diag *hint_stride(const SyntaxError *e) {
  const int last = before(e, 0)->code;
  if (innermost(e) != '[') return NULL;
  if (e->found.code == TOK_DOTS && last == '[')
    return with_help(error_at(e, e->found.span, "`...` stands in patterns of parameters only"),
                     "a whole axis is `:`, as in `x[:, 1]`");
  const bool behind_range = last == TOK_NUMBER && before(e, 1)->code == TOK_RANGE;
  if (e->found.code != ':' || (last != ':' && !behind_range)) return NULL;
  return with_help(error_at(e, e->found.span, "a range has no step"),
                   "write `[x[2 * k] for k in 0..4]` for every second of eight");
}

static const char *const unit_words[] = {"deg", "rad", "turn", "pi", "π",   "px",
                                         "ns",  "us",  "ms",   "s",  "min", "h"};

static Diag *hint_product(const SyntaxError *e) {
  const LexToken *number = before(e, 0);
  if (number->code != TOK_NUMBER || !is_value(e->found.code) || !after_value(e)) return NULL;
  Lex *x = &e->p->lex;
  Span both = span_join(number->span, e->found.span);
  const char *word = e->found.word.text;
  if (number->word.unit == UNIT_PERCENT)
    return with_help(error_at(e, number->span, "`%` belongs to the number before it and is no operator"),
                     "the remainder is `mod(a, b)`");
  for (size_t i = 0; e->found.code == TOK_NAME && i < sizeof unit_words / sizeof *unit_words; i++) {
    if (!is_word(&e->found, unit_words[i])) continue;
    const char *glued = arena_printf(e->p->ast.arena, "%s%s", number->word.text, word);
    Diag *d = lex_error(x, DIAG_SYNTAX, both, "a unit is glued to its number");
    diag_help(d, "write `%s`", glued);
    diag_fix(d, both, glued, true);
    return d;
  }
  if (e->found.code != TOK_NAME && e->found.code != '(') return NULL;
  if (is_name(&e->found, "epochs") || is_name(&e->found, "epoch"))
    if (before(e, 1)->code == TOK_EVERY)
      return with_help(error_at(e, e->found.span, "`every` counts epochs"),
                       arena_printf(e->p->ast.arena, "write `every %s { ... }`", number->word.text));
  Diag *d = error_at(e, e->found.span, "an operator is missing before this");
  if (word) diag_help(d, "to multiply, write `%s * %s`", number->word.text, word);
  else diag_help(d, "to multiply, write `%s * (...)`", number->word.text);
  return d;
}

static Diag *hint_point(const SyntaxError *e) {
  const LexToken *number = before(e, 0);
  if (e->found.code != '.' || number->code != TOK_NUMBER || number->span.end != e->found.span.begin)
    return NULL;
  Diag *d = lex_error(&e->p->lex, DIAG_NUMBER, span_join(number->span, e->found.span),
                      "`%s.` has no digit after the point", number->word.text);
  diag_help(d, "write `%s.0`, or `%s` for a whole number", number->word.text, number->word.text);
  return d;
}

static Diag *hint_chain(const SyntaxError *e) {
  int code = e->found.code;
  if (!after_value(e) || e->found.first_on_line) return NULL;
  bool compares = code == TOK_EQ || code == TOK_NE || code == '<' || code == '>' || code == TOK_LE ||
                  code == TOK_GE || code == TOK_IN;
  if (compares)
    return with_help(error_at(e, e->found.span, "comparisons do not chain"),
                     "write `a < b and b < c`, or `b in a..c`");
  if (code == TOK_RANGE || code == TOK_RANGE_TO)
    return with_help(error_at(e, e->found.span, "ranges do not chain"),
                     "for a stride write `[2 * k for k in 0..n]`");
  if (code == TOK_PM)
    return with_help(error_at(e, e->found.span, "`±` does not chain"), "put brackets around one of them");
  if (code == TOK_DOTS) {
    Diag *d = with_help(error_at(e, e->found.span, "a range is written with two points"),
                        "write `a..b`, or `a..=b` with b");
    diag_fix(d, e->found.span, "..", false);
    return d;
  }
  return NULL;
}

static Diag *hint_increment(const SyntaxError *e) {
  int a = before(e, 0)->code, b = before(e, 1)->code;
  if (a != '+' || (b != '+' && e->found.code != '+')) return NULL;
  return with_help(error_at(e, before(e, 0)->span, "there is no `++`"), "write `x := x + 1`");
}

static Diag *hint_tuple(const SyntaxError *e) {
  if (e->found.code != ')' || before(e, 0)->code != ',' || !e->want[TOK_NUMBER]) return NULL;
  Diag *d = with_help(error_at(e, before(e, 0)->span, "a tuple does not end with a comma"), "remove the `,`");
  diag_fix(d, before(e, 0)->span, "", true);
  return d;
}

/* PennyLane's tensor product, and Python's product of matrices. */
static Diag *hint_at(const SyntaxError *e) {
  if (e->found.code != '@' || !after_value(e)) return NULL;
  Diag *d = error_at(e, e->found.span, "`@` stands behind a modifier of a gate and is no operator");
  diag_help(d, "a product of operators is written `Z(q[0]) * Z(q[1])`, one of matrices `matmul(a, b)`");
  diag_fix(d, e->found.span, "*", false);
  return d;
}

static Diag *hint_texts(const SyntaxError *e) {
  if (e->found.code != TOK_STRING || before(e, 0)->code != TOK_STRING) return NULL;
  return with_help(error_at(e, e->found.span, "two texts do not join"),
                   "write one text, or a `,` between the two");
}

/* `data = d, batch = 16`, `ry(a), q[0]`, `linear(4),`: a `,` where a statement has ended. */
static Diag *hint_comma(const SyntaxError *e) {
  if (e->found.code != ',' || !e->want[TOK_NL]) return NULL;
  const int start = first(e)->code;
  Diag *d = error_at(e, e->found.span, "a `,` does not separate statements");
  if (start == TOK_LET || start == TOK_VAR)
    return with_help(d, "several values stand in brackets: `let a, b = (1, 2)`");
  if (start != TOK_NAME) return with_help(d, "write each on a line of its own, or `;` between them");
  return before(e, 0)->code == ')'
             ? with_help(
                   d, "each line of a block stands alone; a gate's qubits follow without one: `ry(a) q[0]`")
             : with_help(d, "write each on a line of its own, or `;` between them");
}

/* `cx q[0] q[1]` */
static Diag *hint_operands(const SyntaxError *e) {
  if (e->found.code != TOK_NAME || e->found.first_on_line || !e->want[','] || !e->want[TOK_NL]) return NULL;
  if (first(e)->code != TOK_NAME || innermost(e) == '(' || innermost(e) == '[') return NULL;
  const char *last = before(e, 0)->code == ']' ? "q[0]" : before(e, 0)->word.text;
  if (last == NULL) return NULL;
  Diag *d = error_at(e, e->found.span, "a `,` is missing before this");
  diag_help(d, "what a gate or optimizer is applied to is a list: `cx q[0], q[1]`");
  return d;
}

/* `ry(x) q return expval(Z(q))` */
static Diag *hint_statements(const SyntaxError *e) {
  if (syntax_form(e->found.code) == NULL || e->found.first_on_line || !e->want[TOK_NL]) return NULL;
  return with_help(error_at(e, e->found.span, "another statement begins here"),
                   "write each on a line of its own, or `;` between them");
}

/* `z ~ normal(0, 1)`, and OpenQASM's `measure q -> c`. */
static Diag *hint_draw(const SyntaxError *e) {
  if (e->found.code == TOK_ARROW && is_name(first(e), "measure"))
    return with_help(error_at(e, e->found.span, "an outcome is drawn"), "write `draw c ~ measure(q[0])`");
  if (e->found.code != '~' || !e->want[TOK_NL] || before(e, 0)->code != TOK_NAME) return NULL;
  Diag *d = error_at(e, e->found.span, "`~` stands in a `draw` or a `param`");
  diag_help(d, "`draw %s[8] ~ normal(0, 1)` takes a sample, a `param` with `~` begins there",
            before(e, 0)->word.text);
  return d;
}

Diag *syntax_hint(const SyntaxError *e) {
  static Hint *const hints[] = {
      hint_habit,    hint_record,   hint_keyword, hint_leading,       hint_point,
      hint_select,   hint_stride,   hint_slice,   hint_block,         hint_dict,
      hint_brackets, hint_product,  hint_tuple,   hint_chain,         hint_increment,
      hint_texts,    hint_at,       hint_assign,  hint_equals,        hint_reserved,
      hint_comma,    hint_operands, hint_draw,    hint_comprehension, hint_statements,
  };
  for (size_t i = 0; i < sizeof hints / sizeof *hints; i++) {
    Diag *d = hints[i](e);
    if (d) return d;
  }
  return NULL;
}
