#include "runtime/record/text.h"
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "lang/base/mem.h"
#include "lang/base/num.h"

Text text_new(Arena *a) { return (Text){.arena = a}; }
const char *text_str(const Text *t) { return t->at ? t->at : ""; }

void text_bytes(Text *t, const char *s, size_t n) {
  size_t want = mem_add(mem_add(t->n, n), 1);
  if (want > t->cap) {
    size_t cap = t->cap ? t->cap : 256;
    while (cap < want) cap = mem_mul(cap, 2);
    t->at = arena_grow(t->arena, t->at, t->n, cap);
    t->cap = cap;
  }
  memcpy(t->at + t->n, s, n);
  t->n += n;
  t->at[t->n] = '\0';
}

void text_add(Text *t, const char *s) { text_bytes(t, s, strlen(s)); }

void text_printf(Text *t, const char *fmt, ...) {
  char buf[512];
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(buf, sizeof buf, fmt, ap);
  va_end(ap);
  if (n >= 0 && (size_t)n < sizeof buf) text_bytes(t, buf, (size_t)n);
  else text_add(t, arena_vprintf(t->arena, fmt, again));
  va_end(again);
}

void text_number(Text *t, double x, bool single) {
  char buf[NUM_MAX];
  int n = single ? num_print_single(buf, sizeof buf, (float)x) : num_print(buf, sizeof buf, x);
  text_bytes(t, buf, (size_t)n);
}

void text_json_number(Text *t, double x, bool single) {
  if (isfinite(x)) text_number(t, x, single);
  else text_add(t, "null");
}

/* Length of the UTF-8 sequence at s, 0 if it is none. */
static size_t sequence(const unsigned char *s) {
  if (s[0] < 0x80) return 1;
  size_t n = s[0] >= 0xf0 && s[0] < 0xf5 ? 4 : s[0] >= 0xe0 ? 3 : s[0] >= 0xc2 ? 2 : 0;
  if (s[0] >= 0xf5) return 0;
  for (size_t i = 1; i < n; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  if (n == 3 && ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))) return 0;
  if (n == 4 && ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))) return 0;
  return n;
}

void text_json_string(Text *t, const char *s) {
  if (!s) {
    text_add(t, "null");
    return;
  }
  text_add(t, "\"");
  for (const unsigned char *p = (const unsigned char *)s; *p;) {
    size_t n = sequence(p);
    if (n == 0) text_add(t, "\\ufffd");
    else if (*p == '"' || *p == '\\') text_printf(t, "\\%c", *p);
    else if (*p == '\n') text_add(t, "\\n");
    else if (*p == '\t') text_add(t, "\\t");
    else if (*p < 0x20 || *p == 0x7f) text_printf(t, "\\u%04x", *p);
    else text_bytes(t, (const char *)p, n);
    p += n ? n : 1;
  }
  text_add(t, "\"");
}

void text_html(Text *t, const char *s) {
  for (const unsigned char *p = (const unsigned char *)s; *p;) {
    size_t n = sequence(p);
    if (n == 0) text_add(t, "\xef\xbf\xbd");
    else if (*p == '&') text_add(t, "&amp;");
    else if (*p == '<') text_add(t, "&lt;");
    else if (*p == '>') text_add(t, "&gt;");
    else if (*p == '"') text_add(t, "&quot;");
    else if (*p == '\'') text_add(t, "&#39;");
    else if (n > 1 || *p >= 0x20 || *p == '\n' || *p == '\t') text_bytes(t, (const char *)p, n);
    p += n ? n : 1;
  }
}

void text_markdown(Text *t, const char *s) {
  for (; *s; s++) {
    if (strchr("\\`*_{}[]<>#|~", *s)) text_bytes(t, "\\", 1);
    if ((unsigned char)*s >= 0x20) text_bytes(t, s, 1);
    else text_add(t, " ");
  }
}

const char *text_short(Arena *a, double x) {
  char buf[64];
  double y = x;
  int n = snprintf(buf, sizeof buf, "%.4e", x);
  if (isfinite(x) && n > 0 && !num_parse(buf, (size_t)n, &y)) y = x;
  num_print(buf, sizeof buf, y);
  return arena_str(a, buf);
}
