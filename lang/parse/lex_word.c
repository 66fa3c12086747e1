/* Words: names, numbers, texts, and what stands in their place by mistake. */
#define _GNU_SOURCE
#include <ctype.h>
#include <string.h>
#include <utf8proc.h>
#include "build/gen/qgn.tab.h"
#include "lang/base/greek.h"
#include "lang/base/num.h"
#include "lang/parse/lex.h"

/* ---- names ---- */

const LexKeyword lex_keywords[LEX_N_KEYWORDS] = {
#define KEYWORD(word, token) {word, TOK_##token},
#include "grammar/keywords.def"
#undef KEYWORD
};

int lex_keyword(const char *s) {
  size_t low = 0, high = LEX_N_KEYWORDS;
  while (low < high) {
    size_t mid = (low + high) / 2;
    int order = strcmp(s, lex_keywords[mid].word);
    if (order == 0) return lex_keywords[mid].code;
    if (order < 0) high = mid;
    else low = mid + 1;
  }
  return 0;
}

int lex_name(Lex *x, const char *s, size_t n, AstWord *word) {
  Arena *a = x->ast->arena;
  *word = (AstWord){.text = arena_strn(a, s, n), .span = lex_span(x, n)};
  int code = lex_keyword(word->text);
  word->name = sym_intern(greek_fold(a, s, n));
  word->num = code == TOK_TRUE ? 1 : 0;
  const bool is_bare = x->is_literal && code != TOK_TRUE && code != TOK_FALSE; /* --set kind=circuit */
  return code && !is_bare ? code : TOK_NAME;
}

int lex_foreign(Lex *x, const char *s, size_t n, AstWord *word) {
  Diag *d =
      lex_error(x, DIAG_CHARACTER, lex_span(x, n), "`%.*s` has letters that a name cannot have", (int)n, s);
  diag_help(
      d,
      "names are of ASCII letters, digits, `_` and Greek letters; comments and texts may use any alphabet");
  return lex_name(x, s, n, word);
}

/* ---- numbers ---- */

static const struct {
  const char *text;
  int unit;
} units[] = {
    {"", UNIT_NONE}, {"deg", UNIT_DEG},   {"rad", UNIT_RAD}, {"turn", UNIT_TURN}, {"pi", UNIT_PI},
    {"px", UNIT_PX}, {"%", UNIT_PERCENT}, {"ns", UNIT_NS},   {"us", UNIT_US},     {"mus", UNIT_US},
    {"ms", UNIT_MS}, {"s", UNIT_S},       {"min", UNIT_MIN}, {"h", UNIT_H},
};

typedef struct NumberParts {
  size_t whole;  /* bytes of the whole part */
  size_t digits; /* bytes before the unit */
  bool is_whole; /* no point, no exponent */
} NumberParts;

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

static size_t digits_at(const char *s, size_t i, size_t n) {
  while (i < n && (is_digit(s[i]) || s[i] == '_')) i++;
  return i;
}

static NumberParts number_parts(const char *s, size_t n) {
  NumberParts p = {.is_whole = true};
  size_t i = p.whole = digits_at(s, 0, n);
  if (i + 1 < n && s[i] == '.' && is_digit(s[i + 1])) {
    i = digits_at(s, i + 1, n);
    p.is_whole = false;
  }
  if (i < n && (s[i] == 'e' || s[i] == 'E')) {
    size_t sign = i + 1 < n && (s[i + 1] == '+' || s[i + 1] == '-') ? 1 : 0;
    if (i + 1 + sign < n && is_digit(s[i + 1 + sign])) {
      i = digits_at(s, i + 1 + sign, n);
      p.is_whole = false;
    }
  }
  p.digits = i;
  return p;
}

/* `_` stands between two digits only. */
static bool underscores_right(const char *s, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (s[i] == '_' && (i == 0 || i + 1 == n || !is_digit(s[i - 1]) || !is_digit(s[i + 1]))) return false;
  return true;
}

static void unknown_unit(Lex *x, Span span, const char *s, NumberParts p, const char *unit) {
  const char *number = arena_strn(x->ast->arena, s, p.digits);
  if (strcmp(number, "0") == 0 && strchr("xXbBoO", unit[0])) {
    Diag *d = lex_error(x, DIAG_NUMBER, span, "`%s%s` is not decimal", number, unit);
    diag_help(d, "numbers are written 255, 60_000, 0.5, 1e-3");
    return;
  }
  if (strcmp(unit, "e") == 0 || strcmp(unit, "E") == 0) {
    Diag *d = lex_error(x, DIAG_NUMBER, span, "the exponent of `%s%s` has no digits", number, unit);
    diag_help(d, "write `%se3` for %s times 1000", number, number);
    return;
  }
  const char *known[sizeof units / sizeof *units - 1];
  int n = 0;
  for (size_t i = 1; i < sizeof units / sizeof *units; i++) known[n++] = units[i].text;
  const char *near = strlen(unit) > 1 ? diag_nearest(unit, known, n) : NULL;
  Span at = {span.begin + (uint32_t)p.digits, span.end};
  Diag *d = lex_error(x, DIAG_NUMBER, at, "`%s` is no unit", unit);
  if (!near) {
    diag_help(d, "to multiply, write `%s * %s`", number, unit);
    return;
  }
  diag_mark(d, "did you mean `%s`?", near);
  diag_note(d, "units are deg rad turn pi px %% ns us ms s min h, glued to their number");
}

static void too_far(Lex *x, Span span, const char *s, size_t n) {
  bool small = memchr(s, '-', n) != NULL;
  Diag *d = lex_error(x, DIAG_NUMBER, span, "this number is too %s", small ? "small" : "large");
  diag_help(d,
            small ? "the smallest positive number is about 5e-324" : "the largest number is about 1.8e308");
}

/* The checks of a number's spelling that do not depend on its value. */
static void check_number(Lex *x, Span span, const char *s, size_t n, NumberParts p) {
  if (s[0] == '.') {
    Diag *d = lex_error(x, DIAG_NUMBER, span, "`%.*s` has no digit before the point", (int)n, s);
    diag_help(d, "write `0%.*s`", (int)n, s);
    diag_fix(d, span, arena_printf(x->ast->arena, "0%.*s", (int)n, s), true);
  } else if (!underscores_right(s, p.digits)) {
    Diag *d = lex_error(x, DIAG_NUMBER, span, "`_` stands between two digits of a number");
    diag_help(d, "for example 60_000");
  } else if (p.whole > 1 && s[0] == '0') {
    size_t zeros = 0;
    while (zeros + 1 < p.whole && (s[zeros] == '0' || s[zeros] == '_')) zeros++;
    Diag *d = lex_error(x, DIAG_NUMBER, span, "`%.*s` begins with a zero", (int)n, s);
    diag_help(d, "write `%.*s`", (int)(n - zeros), s + zeros);
    diag_fix(d, span, arena_strn(x->ast->arena, s + zeros, n - zeros), true);
  }
}

static void number_value(Lex *x, Span span, const char *s, size_t n, AstWord *word) {
  char *plain = arena_alloc(x->ast->arena, n + 2);
  size_t m = 0;
  if (s[0] == '.') plain[m++] = '0';
  for (size_t i = 0; i < n; i++)
    if (s[i] != '_') plain[m++] = s[i];
  if (!num_parse(plain, m, &word->num)) {
    word->num = 1;
    if (x->error_at != span.begin) too_far(x, span, s, n);
  } else if (word->is_int && word->num > 9007199254740991.0) {
    Diag *d = lex_error(x, DIAG_NUMBER, span, "whole numbers go up to 9007199254740991 (2^53 - 1)");
    diag_help(d, "write it with a point or an exponent if it need not be exact");
  }
}

int lex_number(Lex *x, const char *s, size_t n, AstWord *word) {
  Arena *a = x->ast->arena;
  Span span = lex_span(x, n);
  NumberParts p = number_parts(s, n);
  *word = (AstWord){.text = arena_strn(a, s, n), .span = span};
  check_number(x, span, s, n, p);

  bool percent = s[n - 1] == '%';
  const char *unit = percent && n - p.digits == 1 ? "%" : greek_fold(a, s + p.digits, n - p.digits);
  size_t i = 0, count = sizeof units / sizeof *units;
  while (i < count && strcmp(units[i].text, unit) != 0) i++;
  if (i < count) word->unit = units[i].unit;
  else if (x->error_at != span.begin) unknown_unit(x, span, s, p, arena_strn(a, s + p.digits, n - p.digits));
  word->is_int = p.is_whole && s[0] != '.' && (word->unit == UNIT_NONE || word->unit == UNIT_PX);
  if (word->unit == UNIT_PX && !word->is_int)
    diag_help(lex_error(x, DIAG_NUMBER, span, "`%s` is not a whole number of pixels", word->text),
              "pixels are counted: `2px`");
  number_value(x, span, s, p.digits, word);
  return TOK_NUMBER;
}

/* ---- texts ---- */

static void check_braces(Lex *x, Span span, const char *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (s[i] == '\\') i++;
    if (s[i] != '{') continue;
    if (i + 1 < n && s[i + 1] == '{') {
      i++;
      continue;
    }
    const char *end = memchr(s + i, '}', n - i);
    Span at = {span.begin + 1 + (uint32_t)i, span.begin + 2 + (uint32_t)i};
    if (!end || end == s + i + 1) {
      Diag *d =
          lex_error(x, DIAG_TEXT, at, end ? "`{}` in a text names nothing" : "`{` in a text has no `}`");
      diag_help(d, "`{name}` or `{name:.2f}` inserts a value, `{{` is a brace");
      return;
    }
    i = (size_t)(end - s);
  }
}

/* The bytes between the quotes, escapes resolved. */
static const char *decode(Lex *x, Span span, const char *s, size_t n) {
  char *out = arena_alloc(x->ast->arena, n + 1);
  size_t m = 0;
  bool wrong = false; /* one message for each text */
  for (size_t i = 0; i < n; i++) {
    if (s[i] != '\\' || i + 1 == n) {
      out[m++] = s[i];
      continue;
    }
    char c = s[++i];
    Span at = {span.begin + (uint32_t)i, span.begin + 2 + (uint32_t)i};
    if (c == 'n') out[m++] = '\n';
    else if (c == 't') out[m++] = '\t';
    else out[m++] = c;
    if (!wrong && (!strchr("nt\"\\", c) || !c)) {
      wrong = true;
      Diag *d =
          lex_error(x, DIAG_TEXT, at, "`\\%.*s` is no escape", utf8proc_utf8class[(unsigned char)c], s + i);
      diag_help(d, "escapes are \\\" \\\\ \\n \\t; a backslash itself is \\\\");
    }
  }
  out[m] = '\0';
  return out;
}

int lex_text(Lex *x, const char *s, size_t n, bool closed, AstWord *word) {
  Span span = lex_span(x, n);
  if (!closed && s[n - 1] == '\r') n--, span.end--;
  size_t inner = n - (closed ? 2 : 1);
  if (!closed) {
    Diag *d = lex_error(x, DIAG_TEXT, span, "this text is not closed");
    diag_help(d, "a text ends with `\"` on the line where it begins; `\\n` in it is a new line");
    x->close_at_newline = true;
  } else {
    const char *tab = memchr(s, '\t', n);
    if (tab) {
      uint32_t at = span.begin + (uint32_t)(tab - s);
      diag_help(lex_error(x, DIAG_CHARACTER, (Span){at, at + 1}, "a tab in a text"), "write `\\t`");
    }
    check_braces(x, span, s + 1, inner);
  }
  *word = (AstWord){.text = decode(x, span, s + 1, inner), .span = span};
  return TOK_STRING;
}

int lex_text_quoted(Lex *x, const char *s, size_t n, size_t quote, AstWord *word) {
  Span span = lex_span(x, n);
  const char *inner = arena_strn(x->ast->arena, s + quote, n - 2 * quote);
  Diag *d = lex_error(x, DIAG_TEXT, span, "a text stands between plain double quotes");
  const char *fixed = arena_printf(x->ast->arena, "\"%s\"", inner);
  diag_help(d, "write `%s`", fixed);
  diag_fix(d, span, fixed, !strpbrk(inner, "\"\\"));
  *word = (AstWord){.text = inner, .span = span};
  return TOK_STRING;
}

/* ---- characters and operators that are not ours ---- */

static const struct {
  utf8proc_int32_t c;
  const char *what, *write;
  int code;
} characters[] = {
    {0xA0, "a non-breaking space", NULL, 0},
    {0x202F, "a narrow non-breaking space", NULL, 0},
    {0x2009, "a thin space", NULL, 0},
    {0x3000, "an ideographic space", NULL, 0},
    {0xFEFF, "a byte-order mark", NULL, 0},
    {0x2212, "the minus sign `−`", "-", '-'},
    {0x2013, "the dash `–`", "-", '-'},
    {0x2014, "the dash `—`", "-", '-'},
    {0xD7, "`×`", "*", '*'},
    {0xB7, "`·`", "*", '*'},
    {0x22C5, "`⋅`", "*", '*'},
    {0xF7, "`÷`", "/", '/'},
    {0x2264, "`≤`", "<=", TOK_LE},
    {0x2265, "`≥`", ">=", TOK_GE},
    {0x2260, "`≠`", "!=", TOK_NE},
    {0x2192, "`→`", "->", TOK_ARROW},
    {0x2208, "`∈`", "in", TOK_IN},
    {0x2227, "`∧`", "and", TOK_AND},
    {0x2228, "`∨`", "or", TOK_OR},
    {0xAC, "`¬`", "not", TOK_NOT},
    {0x2026, "`…`", "...", TOK_DOTS},
    {0xB2, "`²`", "^2", 0},
    {0xB3, "`³`", "^3", 0},
    {0xB0, "`°`", "deg", 0},
    {0x201C, "the quote `“`", "\"", 0},
    {0x201D, "the quote `”`", "\"", 0},
    {0x201E, "the quote `„`", "\"", 0},
    {0x2018, "the quote `‘`", "\"", 0},
    {0x2019, "the quote `’`", "\"", 0},
};

static void stray_ascii(Lex *x, Span span, char c) {
  Diag *d = lex_error(x, DIAG_CHARACTER, span, "`%c` has no meaning here", c);
  if (c == '\'') diag_help(d, "a text stands between double quotes");
  else if (c == '\\')
    diag_help(d, "a line goes on by itself after an operator, a comma, `=`, or inside brackets");
  else if (c == '!') diag_help(d, "write `not`");
  else diag_help(d, "names are of letters, digits and `_`");
}

int lex_stray(Lex *x, const char *s, size_t n, AstWord *word) {
  Span span = lex_span(x, n);
  *word = (AstWord){.span = span, .text = ""};
  utf8proc_int32_t c;
  utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s, (utf8proc_ssize_t)n, &c);
  bool mark = c == 0xFEFF && span.begin == x->src->base;
  if (used <= 0 || c < 0x20 || c == 0x7F || mark) { /* lex_check_bytes has named it */
    x->error_at = span.begin;
    return 0;
  }
  if (used == 1) {
    stray_ascii(x, span, s[0]);
    return 0;
  }
  for (size_t i = 0; i < sizeof characters / sizeof *characters; i++) {
    if (characters[i].c != c) continue;
    const char *write = characters[i].write;
    Diag *d =
        lex_error(x, DIAG_CHARACTER, span, "%s (U+%04X) cannot stand here", characters[i].what, (unsigned)c);
    diag_help(d, write ? "write `%s`" : "write a plain space%s", write ? write : "");
    diag_fix(d, span, write ? write : " ", characters[i].code != 0 || !write);
    return characters[i].code;
  }
  Diag *d = lex_error(x, DIAG_CHARACTER, span, "`%.*s` (U+%04X) cannot stand here", (int)n, s, (unsigned)c);
  diag_help(d, "outside of comments and texts only ASCII and Greek letters stand");
  return 0;
}

static const struct {
  const char *op, *text, *help;
} habits[] = {
    {"/*", "`/*` begins no comment", "a comment begins with `#` and ends with its line"},
    {"**", "a power is written `^`", "write `x^2`"},
    {"&&", "`&&` is written `and`", "write `a and b`"},
    {"&", "`&` is written `and`", "write `a and b`"},
    {"||", "`||` is written `or`", "write `a or b`"},
    {"|", "`|` is no operator", "`|>` passes a value on, `or` joins conditions"},
    {"!", "`!` is written `not`", "write `not a`, or `a != b`"},
    {"===", "`===` is written `==`", "write `a == b`"},
    {"!==", "`!==` is written `!=`", "write `a != b`"},
    {"<>", "`<>` is written `!=`", "write `a != b`"},
    {"=>", "`=>` is no operator", "results follow `->`; the comparison is `>=`"},
    {"+=", "there is no `+=`", "write `x := x + 1`"},
    {"-=", "there is no `-=`", "write `x := x - 1`"},
    {"*=", "there is no `*=`", "write `x := 2 * x`"},
    {"/=", "there is no `/=`", "write `x := x / 2`"},
    {"%", "`%` is no operator", "the remainder is `mod(a, b)`; a percentage is glued to its number: `50%`"},
    {"?", "there is no `?`", "write `select(condition, a, b)`"},
};

/* `c.w` of `c.w -= 1`; "" if no name stands there. */
static const char *name_before(const Lex *x, Span span) {
  const char *text = x->src->text;
  size_t end = span.begin - x->src->base;
  while (end > 0 && (text[end - 1] == ' ' || text[end - 1] == '\t')) end--;
  size_t begin = end;
  for (; begin > 0; begin--) {
    const unsigned char c = (unsigned char)text[begin - 1];
    if (!isalnum(c) && c < 0x80 && c != '_' && c != '.') break; /* beyond ASCII: Greek */
  }
  return arena_strn(x->ast->arena, text + begin, end - begin);
}

int lex_habit(Lex *x, Span span, const char *op, int code) {
  for (size_t i = 0; i < sizeof habits / sizeof *habits; i++) {
    if (strcmp(habits[i].op, op) != 0) continue;
    Diag *d = lex_error(x, DIAG_SYNTAX, span, "%s", habits[i].text);
    const char *target = strchr("+-*/", op[0]) != NULL && op[1] == '=' ? name_before(x, span) : "";
    if (*target != '\0') diag_help(d, "write `%s := %s %c ...`", target, target, op[0]);
    else diag_help(d, "%s", habits[i].help);
  }
  return code;
}

bool lex_comment_ends(Lex *x) {
  uint32_t at = x->pos - x->src->base;
  x->no_comment_end = x->no_comment_end || !memmem(x->src->text + at, x->src->size - at, "*/", 2);
  return !x->no_comment_end;
}

size_t lex_slashes(Lex *x, size_t n) {
  bool inside = x->depth > 0 && x->open[x->depth - 1].bracket != '{';
  Span span = lex_span(x, n);
  Diag *d = lex_error(x, DIAG_SYNTAX, (Span){span.begin, span.begin + 2},
                      "`//` is neither a comment nor a division");
  diag_help(d, inside ? "write `floor(a / b)` for a division without rest" : "a comment begins with `#`");
  return inside ? 2 : n;
}
