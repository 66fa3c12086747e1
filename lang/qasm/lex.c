/* Words of OpenQASM. */
#include "lang/qasm/qasm_int.h"
#include <string.h>
#include "lang/base/num.h"

static bool is_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c >= 0x80;
}
static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }

/* A byte, or 0 behind the end. */
static unsigned char at(const QLex *l, uint32_t i) {
  return i < l->src->size ? (unsigned char)l->src->text[i] : 0;
}

static Span span_of(const QLex *l, uint32_t begin, uint32_t end) {
  return (Span){l->src->base + begin, l->src->base + end};
}

static void skip_line(QLex *l) {
  while (l->pos < l->src->size && l->src->text[l->pos] != '\n') l->pos++;
}

static void skip_block(QLex *l) {
  const uint32_t begin = l->pos;
  for (l->pos += 2; l->pos < l->src->size; l->pos++)
    if (at(l, l->pos) == '*' && at(l, l->pos + 1) == '/') {
      l->pos += 2;
      return;
    }
  diag_add(l->sink, DIAG_TEXT, span_of(l, begin, begin + 2), "this comment is not closed: `*/` is missing");
}

static void skip_blanks(QLex *l) {
  for (;;) {
    const unsigned char c = at(l, l->pos);
    if (c == '\n') l->line_start = true;
    if (c == ' ' || c == '\t' || c == '\r' || c == '\n') l->pos++;
    else if (c == '/' && at(l, l->pos + 1) == '/') skip_line(l);
    else if (c == '/' && at(l, l->pos + 1) == '*') skip_block(l);
    else return;
  }
}

/* 0x1F, 0b101, 0o17; the bytes behind the prefix. */
static bool radix_number(QLex *l, uint32_t begin, int radix, double *out) {
  double x = 0;
  bool any = false;
  for (;; l->pos++) {
    const unsigned char c = at(l, l->pos);
    int digit = 99;
    if (is_digit(c)) digit = c - '0';
    else if (c >= 'a' && c <= 'f') digit = c - 'a' + 10;
    else if (c >= 'A' && c <= 'F') digit = c - 'A' + 10;
    if (c == '_' && any) continue;
    if (digit >= radix) break;
    x = x * radix + digit;
    any = true;
  }
  *out = x;
  if (any && x <= 9007199254740992.0) return true;
  diag_add(l->sink, DIAG_NUMBER, span_of(l, begin, l->pos), "this number is not written right, or too large");
  return false;
}

/* The digits of a decimal number without `_`. */
static void digits(QLex *l, char *buf, size_t cap, size_t *n) {
  for (; is_digit(at(l, l->pos)) || (at(l, l->pos) == '_' && is_digit(at(l, l->pos + 1))); l->pos++)
    if (at(l, l->pos) != '_' && *n + 1 < cap) buf[(*n)++] = (char)at(l, l->pos);
}

static QTok number(QLex *l) {
  const uint32_t begin = l->pos;
  QTok t = {.kind = QT_INT};
  const unsigned char mark = (unsigned char)(at(l, begin + 1) | 0x20);
  if (at(l, begin) == '0' && (mark == 'x' || mark == 'b' || mark == 'o')) {
    l->pos += 2;
    radix_number(l, begin, mark == 'x' ? 16 : mark == 'b' ? 2 : 8, &t.num);
  } else {
    char buf[400];
    size_t n = 0;
    digits(l, buf, sizeof buf, &n);
    if (at(l, l->pos) == '.') {
      t.kind = QT_REAL;
      if (n + 1 < sizeof buf) buf[n++] = '.';
      l->pos++;
      const size_t before = n;
      digits(l, buf, sizeof buf, &n);
      if (n == before && n > 0) n--; /* `1.` */
    }
    uint32_t e = l->pos + 1;
    if (at(l, e) == '+' || at(l, e) == '-') e++;
    if ((at(l, l->pos) | 0x20) == 'e' && is_digit(at(l, e))) {
      t.kind = QT_REAL;
      for (; l->pos < e; l->pos++)
        if (n + 1 < sizeof buf) buf[n++] = (char)at(l, l->pos);
      digits(l, buf, sizeof buf, &n);
    }
    char zero[402] = "0";
    memcpy(zero + 1, buf, n);
    if (!num_parse(n > 0 && buf[0] == '.' ? zero : buf, n > 0 && buf[0] == '.' ? n + 1 : n, &t.num))
      diag_add(l->sink, DIAG_NUMBER, span_of(l, begin, l->pos), "this number is too large or too small");
  }
  while (is_letter(at(l, l->pos)) || is_digit(at(l, l->pos))) {
    t.kind = QT_TIME; /* 100ns, 2im */
    l->pos++;
  }
  if (t.kind == QT_INT && t.num > 9007199254740992.0) t.kind = QT_REAL;
  t.span = span_of(l, begin, l->pos);
  return t;
}

static QTok text(QLex *l) {
  const uint32_t begin = l->pos;
  const unsigned char quote = at(l, l->pos++);
  while (l->pos < l->src->size && at(l, l->pos) != quote && at(l, l->pos) != '\n') l->pos++;
  QTok t = {.kind = QT_TEXT, .text = arena_strn(l->a, l->src->text + begin + 1, l->pos - begin - 1)};
  if (at(l, l->pos) == quote) l->pos++;
  else {
    diag_add(l->sink, DIAG_TEXT, span_of(l, begin, l->pos), "this text is not closed");
    t.text = NULL;
  }
  t.span = span_of(l, begin, l->pos);
  return t;
}

static QTok sign(QLex *l) {
  static const char *const two[] = {"->", "==", "!=", "<=", ">=", "&&", "||", "**",
                                    "++", "<<", ">>", "+=", "-=", "*=", "/="};
  const uint32_t begin = l->pos;
  const unsigned char c = at(l, begin), d = at(l, begin + 1);
  QTok t = {.kind = QT_SIGN, .sign = c};
  l->pos++;
  for (size_t i = 0; i < sizeof two / sizeof *two; i++)
    if (c == (unsigned char)two[i][0] && d == (unsigned char)two[i][1]) {
      t.sign = SIGN2(c, d);
      l->pos = begin + 2;
      break;
    }
  t.span = span_of(l, begin, l->pos);
  return t;
}

QTok qasm_lex(QLex *l) {
  for (;;) {
    skip_blanks(l);
    const uint32_t begin = l->pos;
    if (begin >= l->src->size) return (QTok){.kind = QT_END, .span = span_of(l, begin, begin)};
    const unsigned char c = at(l, begin);
    const bool first = l->line_start;
    l->line_start = false;
    if (is_digit(c) || (c == '.' && is_digit(at(l, begin + 1)))) return number(l);
    if (c == '"' || c == '\'') return text(l);
    if (first && c == '@' && is_letter(at(l, begin + 1))) {
      skip_line(l); /* an annotation */
      continue;
    }
    if (is_letter(c) || c == '$' || (c == '#' && first)) {
      l->pos++;
      while (is_letter(at(l, l->pos)) || is_digit(at(l, l->pos))) l->pos++;
      QTok t = {.kind = QT_NAME, .name = sym_intern_n(l->src->text + begin, l->pos - begin)};
      t.span = span_of(l, begin, l->pos);
      const char *name = sym_text(t.name);
      if (first && (strcmp(name, "pragma") == 0 || strcmp(name, "#pragma") == 0)) {
        skip_line(l);
        continue;
      }
      return t;
    }
    if (c != 0 && strchr("()[]{};,:+-*/%^=<>!&|~@", c) != NULL) return sign(l);
    l->pos++;
    diag_add(l->sink, DIAG_CHARACTER, span_of(l, begin, begin + 1),
             c < ' ' ? "the byte %d cannot stand in OpenQASM" : "the character `%c` cannot stand in OpenQASM",
             c);
  }
}
