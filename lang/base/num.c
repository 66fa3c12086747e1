#define _GNU_SOURCE
#include "lang/base/num.h"
#include <errno.h>
#include <float.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#ifdef __APPLE__
#include <xlocale.h>
#endif
#include "lang/base/mem.h"

/* The C library converts with correct rounding; only the decimal point depends on the locale,
 * so every conversion names the C locale itself. */
static locale_t c_locale;
static pthread_once_t c_locale_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void) { c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0); }

static bool is_digit(char c) { return c >= '0' && c <= '9'; }

/* Whether s is [+-] digits [. digits] [e [+-] digits] and nothing else; *zero if all digits of
 * the mantissa are 0. */
static bool is_decimal(const char *s, size_t n, bool *zero) {
  size_t i = 0, digits = 0;
  *zero = true;
  if (i < n && (s[i] == '+' || s[i] == '-')) i++;
  for (; i < n && is_digit(s[i]); i++, digits++) *zero = *zero && s[i] == '0';
  if (digits == 0) return false;
  if (i < n && s[i] == '.') {
    size_t point = i++;
    for (; i < n && is_digit(s[i]); i++) *zero = *zero && s[i] == '0';
    if (i == point + 1) return false;
  }
  if (i < n && (s[i] == 'e' || s[i] == 'E')) {
    i++;
    if (i < n && (s[i] == '+' || s[i] == '-')) i++;
    size_t first = i;
    while (i < n && is_digit(s[i])) i++;
    if (i == first) return false;
  }
  return i == n;
}

bool num_parse(const char *s, size_t n, double *out) {
  bool zero;
  if (!is_decimal(s, n, &zero)) return false;
  pthread_once(&c_locale_once, make_c_locale);
  char small[128];
  char *text = n < sizeof small ? small : mem_alloc(mem_add(n, 1));
  memcpy(text, s, n);
  text[n] = '\0';
  double x = strtod_l(text, NULL, c_locale);
  if (text != small) mem_free(text);
  if (!isfinite(x) || (x == 0 && !zero)) return false;
  *out = x;
  return true;
}

static bool reads_back(const char *text, double x, bool single) {
  double back = single ? (double)strtof_l(text, NULL, c_locale) : strtod_l(text, NULL, c_locale);
  return back == x;
}

/* Adds one in the last digit of `-d.ddde±dd`; leaves 9.99 alone. */
static void next_decimal(char *text) {
  char *end = strchr(text, 'e'), *p = end - 1;
  while (p >= text && (*p == '9' || *p == '.')) p--;
  if (p < text || !is_digit(*p)) return;
  ++*p;
  for (p++; p < end; p++)
    if (*p == '9') *p = '0';
}

/* Writes `-d.ddde±dd` with that many digits to text and says whether it reads back as x. Below a
 * power of two numbers lie twice as dense as above it, so there the nearest decimal may fail where
 * the next one outwards reads back. */
static bool try_digits(char text[40], int digits, double x, bool single) {
  snprintf(text, 40, "%.*e", digits - 1, x);
  if (reads_back(text, x, single)) return true;
  int exponent;
  if (fabs(frexp(x, &exponent)) > 0.5) return false;
  next_decimal(text);
  return reads_back(text, x, single);
}

/* Appends to buf like snprintf: never beyond cap, *n counts all. */
static void put(char *buf, size_t cap, int *n, char c) {
  if ((size_t)*n + 1 < cap) buf[*n] = c;
  ++*n;
}

/* From d.ddde±dd to the shortest usual spelling: fixed from 1e-4 to below 1e16, else 1.5e20. */
static int lay_out(char *buf, size_t cap, const char *text) {
  int n = 0;
  if (*text == '-') put(buf, cap, &n, *text++);
  char digits[24];
  int count = 0;
  for (; *text != 'e'; text++)
    if (is_digit(*text)) digits[count++] = *text;
  int exponent = (int)strtol(text + 1, NULL, 10);
  while (count > 1 && digits[count - 1] == '0') count--;
  if (exponent < -4 || exponent >= 16) {
    put(buf, cap, &n, digits[0]);
    if (count > 1) put(buf, cap, &n, '.');
    for (int i = 1; i < count; i++) put(buf, cap, &n, digits[i]);
    char tail[16];
    snprintf(tail, sizeof tail, "e%d", exponent);
    for (const char *t = tail; *t; t++) put(buf, cap, &n, *t);
  } else if (exponent < 0) {
    put(buf, cap, &n, '0');
    put(buf, cap, &n, '.');
    for (int i = -1; i > exponent; i--) put(buf, cap, &n, '0');
    for (int i = 0; i < count; i++) put(buf, cap, &n, digits[i]);
  } else {
    for (int i = 0; i <= exponent || i < count; i++) {
      if (i == exponent + 1) put(buf, cap, &n, '.');
      put(buf, cap, &n, i < count ? digits[i] : '0');
    }
  }
  return n;
}

static int print(char *buf, size_t cap, double x, bool single) {
  const char *special = isnan(x) ? "nan" : x > DBL_MAX ? "inf" : x < -DBL_MAX ? "-inf" : NULL;
  int n;
  if (special) {
    n = 0;
    for (const char *t = special; *t; t++) put(buf, cap, &n, *t);
  } else {
    pthread_once(&c_locale_once, make_c_locale);
    locale_t before = uselocale(c_locale);
    int sure = single ? FLT_DIG : DBL_DIG; /* so many digits of a text survive the way to binary and back */
    int most = single ? FLT_DECIMAL_DIG : DBL_DECIMAL_DIG;
    bool subnormal = fabs(x) < (single ? (double)FLT_MIN : DBL_MIN);
    char text[40], shorter[40];
    int digits = subnormal ? 1 : most - 1; /* what most numbers need, or one more */
    while (!try_digits(text, digits, x, single) && digits < most) digits++;
    /* Where a text reads back, so does each longer one: below the shortest there is none. */
    while (!subnormal && digits < most && digits > sure && try_digits(shorter, digits - 1, x, single)) {
      memcpy(text, shorter, sizeof text);
      digits--;
    }
    uselocale(before);
    n = lay_out(buf, cap, text);
  }
  if (cap) buf[(size_t)n < cap ? (size_t)n : cap - 1] = '\0';
  return n;
}

int num_print(char *buf, size_t cap, double x) { return print(buf, cap, x, false); }
int num_print_single(char *buf, size_t cap, float x) { return print(buf, cap, (double)x, true); }

const char *num_bytes(Arena *a, double bytes) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
  int u = 0;
  for (; bytes >= 999.5 && u < 6; u++) bytes /= 1000;
  return arena_printf(a, u == 0 ? "%.0f %s" : "%.3g %s", bytes, units[u]);
}
