/* Growing text, and the three ways in which values stand in files: JSON, HTML, plain.
 *
 * Numbers are written by num_print only, so no locale can touch them. In a single-precision
 * program a value is written as the shortest decimal that reads back as the same float.
 *
 * Owner: the arena. Grown text is copied, so memory is at most four times the final size. */
#ifndef QGN_RECORD_TEXT_H
#define QGN_RECORD_TEXT_H
#include <stdbool.h>
#include <stddef.h>
#include "lang/base/arena.h"

typedef struct Text {
  Arena *arena;
  char *at; /* NUL-terminated once anything was added */
  size_t n, cap;
} Text;

Text text_new(Arena *a);
void text_bytes(Text *t, const char *s, size_t n);
void text_add(Text *t, const char *s);
void text_printf(Text *t, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *text_str(const Text *t); /* "" if empty */

/* A number in full: `nan`, `inf` as such. */
void text_number(Text *t, double x, bool single);
/* The same for JSON, where what is not finite is null. */
void text_json_number(Text *t, double x, bool single);
/* With quotes, everything escaped; NULL is null. Bytes that are no UTF-8 become U+FFFD. */
void text_json_string(Text *t, const char *s);
/* & < > " ' escaped, control characters dropped except newline and tab. */
void text_html(Text *t, const char *s);
/* Characters that mean something in Markdown escaped, on one line. */
void text_markdown(Text *t, const char *s);

/* About five significant digits, for people: `0.00123`, `-0.99913`, `1.2e-7`. */
const char *text_short(Arena *a, double x);
#endif
