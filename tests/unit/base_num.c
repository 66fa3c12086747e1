/* Numbers to text and back. */
#include <float.h>
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/num.h"

static void check_text(double x, const char *text) {
  char buf[NUM_MAX];
  int n = num_print(buf, sizeof buf, x);
  assert_string_equal(buf, text);
  assert_int_equal(n, strlen(text));
}

static void texts(void **state) {
  (void)state;
  check_text(0, "0");
  check_text(-0.0, "-0");
  check_text(1, "1");
  check_text(-1.5, "-1.5");
  check_text(0.1, "0.1");
  check_text(0.1 + 0.2, "0.30000000000000004");
  check_text(60000, "60000");
  check_text(1e15, "1000000000000000");
  check_text(1e16, "1e16");
  check_text(1.5e20, "1.5e20");
  check_text(123456789.25, "123456789.25");
  check_text(1e-4, "0.0001");
  check_text(1e-5, "1e-5");
  check_text(-2.5e-300, "-2.5e-300");
  check_text(3.14159265358979323846, "3.141592653589793");
  check_text(DBL_MAX, "1.7976931348623157e308");
  check_text(DBL_MIN, "2.2250738585072014e-308");
  check_text(5e-324, "5e-324");
  check_text(0x1p-44,
             "5.684341886080802e-14"); /* a power of two: the nearest 16 digits read back as its neighbour */
  check_text((double)NAN, "nan");
  check_text((double)INFINITY, "inf");
  check_text(-(double)INFINITY, "-inf");
  char buf[NUM_MAX];
  num_print_single(buf, sizeof buf, 0.1f);
  assert_string_equal(buf, "0.1");
  num_print_single(buf, sizeof buf, 16777216.0f);
  assert_string_equal(buf, "16777216");
  num_print_single(buf, sizeof buf, FLT_MAX);
  assert_string_equal(buf, "3.4028235e38");
  num_print_single(buf, sizeof buf, 1e-45f);
  assert_string_equal(buf, "1e-45");
}

static void short_buffers(void **state) {
  (void)state;
  char buf[8] = "zzzzzzz";
  assert_int_equal(num_print(buf, 4, 3.25159), 7);
  assert_string_equal(buf, "3.2");
  assert_int_equal(buf[4], 'z');
  assert_int_equal(num_print(NULL, 0, 3.25), 4);
}

static uint64_t next_bits(uint64_t *s) {
  *s ^= *s << 13;
  *s ^= *s >> 7;
  *s ^= *s << 17;
  return *s;
}

/* Any bits: what is printed reads back the same, and no text with fewer digits does. */
static void round_trip(void **state) {
  (void)state;
  uint64_t seed = 88172645463325252u;
  for (int i = 0; i < 200000; i++) {
    uint64_t bits = next_bits(&seed);
    if (i % 16 == 0) bits &= 0x800FFFFFFFFFFFFFu; /* subnormal */
    double x, back;
    memcpy(&x, &bits, sizeof x);
    if (!isfinite(x)) continue;
    if (i % 3 == 0) x = (double)(int64_t)(bits >> 40) / 1000;
    char buf[NUM_MAX], shorter[64];
    int n = num_print(buf, sizeof buf, x);
    assert_true(n < NUM_MAX);
    assert_true(num_parse(buf, (size_t)n, &back));
    assert_memory_equal(&x, &back, sizeof x);
    int digits = 0;
    for (const char *p = buf + strcspn(buf, "123456789"); *p && *p != 'e'; p++)
      digits += *p != '.' && *p != '-';
    for (char *p = buf + strlen(buf) - 1; x != 0 && !strchr(buf, 'e') && !strchr(buf, '.') && *p == '0'; p--)
      digits--;
    if (digits > 1) {
      snprintf(shorter, sizeof shorter, "%.*e", digits - 2, x);
      assert_true(strtod(shorter, NULL) != x);
    }
  }
}

static void round_trip_single(void **state) {
  (void)state;
  uint64_t seed = 1234567;
  for (int i = 0; i < 200000; i++) {
    uint32_t bits = (uint32_t)next_bits(&seed);
    float x;
    memcpy(&x, &bits, sizeof x);
    if (!isfinite(x)) continue;
    char buf[NUM_MAX];
    int n = num_print_single(buf, sizeof buf, x);
    assert_true(n <= 17);
    assert_true(strtof(buf, NULL) == x);
  }
}

static void check_parse(const char *text, double want) {
  double x = -77;
  assert_true(num_parse(text, strlen(text), &x));
  assert_memory_equal(&x, &want, sizeof x);
}

static void check_refused(const char *text, size_t n) {
  double x = -77;
  if (num_parse(text, n, &x)) fail_msg("`%s` was taken", text);
  assert_true(x == -77);
}

static void parsing(void **state) {
  (void)state;
  check_parse("0", 0);
  check_parse("-0", -0.0);
  check_parse("0.0e-999", 0);
  check_parse("+7", 7);
  check_parse("12.50", 12.5);
  check_parse("1e3", 1000);
  check_parse("1E-3", 0.001);
  check_parse("4.9e-324", 5e-324);
  check_parse("2.2250738585072011e-308", 2.2250738585072011e-308);
  check_parse("1.7976931348623157e308", DBL_MAX);
  char lengthy[3000];
  memset(lengthy, '0', sizeof lengthy);
  memcpy(lengthy, "1.", 2);
  lengthy[sizeof lengthy - 1] = '\0';
  check_parse(lengthy, 1);
  static const char *const wrong[] = {"",    "-",     ".5",     "1.",     "1e",  "1e+",
                                      " 1",  "1 ",    "0x10",   "1,5",    "1_0", "nan",
                                      "inf", "1e999", "-1e999", "1e-400", "--1", "1.5.2"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) check_refused(wrong[i], strlen(wrong[i]));
  check_refused("1\0002", 3);
  double x;
  assert_true(num_parse("123abc", 3, &x)); /* only n bytes are looked at */
  assert_true(x == 123);
}

/* A locale with a decimal comma must change nothing. Where the system has none, the C locale is
 * tested once more. */
static void locale_does_not_matter(void **state) {
  (void)state;
  static const char *const names[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "C"};
  for (size_t i = 0; i < 4 && !setlocale(LC_ALL, names[i]); i++) {
  }
  check_text(1234.5, "1234.5");
  check_parse("1234.5", 1234.5);
  setlocale(LC_ALL, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(texts),      cmocka_unit_test(short_buffers),
      cmocka_unit_test(round_trip), cmocka_unit_test(round_trip_single),
      cmocka_unit_test(parsing),    cmocka_unit_test(locale_does_not_matter),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
