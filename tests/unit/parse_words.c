/* Names, numbers and texts: what each spelling means. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include "tests/unit/parse_rig.h"

/* The value of the stage that the text is; NULL if it does not parse. */
static const AstNode *value(const char *text) {
  AstNode *out;
  int errors = sink->n_errors;
  ParseResult r = parse_source(arena, src_add("t", text, strlen(text)), sink, false, &out, NULL);
  assert_int_equal(r == PARSE_ERROR, sink->n_errors > errors);
  if (r != PARSE_OK) return NULL;
  assert_int_equal(out->n, 1);
  assert_int_equal(out->kids[0]->kind, AST_STAGE);
  return out->kids[0]->kids[AST_STAGE_value];
}

static void check_number(const char *text, double x, AstUnit unit, bool is_int) {
  const AstNode *n = value(text);
  assert_non_null(n);
  assert_int_equal(n->kind, AST_NUMBER);
  assert_true(n->num == x);
  assert_int_equal(n->op, unit);
  assert_int_equal(n->is_int, is_int);
  assert_string_equal(n->text, text);
}

static void numbers(void **state) {
  (void)state;
  check_number("0", 0, UNIT_NONE, true);
  check_number("60_000", 60000, UNIT_NONE, true);
  check_number("9007199254740991", 9007199254740991.0, UNIT_NONE, true);
  check_number("0.5", 0.5, UNIT_NONE, false);
  check_number("1e-3", 1e-3, UNIT_NONE, false);
  check_number("1E5", 1e5, UNIT_NONE, false);
  check_number("2.5e+3", 2500, UNIT_NONE, false);
  check_number("1_0.2_5", 10.25, UNIT_NONE, false);
  check_number("0.1", 0.1, UNIT_NONE, false);
  check_number("1.7976931348623157e308", 1.7976931348623157e308, UNIT_NONE, false);
}

static void units(void **state) {
  (void)state;
  check_number("10deg", 10, UNIT_DEG, false);
  check_number("0.25turn", 0.25, UNIT_TURN, false);
  check_number("1rad", 1, UNIT_RAD, false);
  check_number("2pi", 2, UNIT_PI, false);
  check_number("2π", 2, UNIT_PI, false);
  check_number("2px", 2, UNIT_PX, true);
  check_number("50%", 50, UNIT_PERCENT, false);
  check_number("20ns", 20, UNIT_NS, false);
  check_number("50us", 50, UNIT_US, false);
  check_number("50µs", 50, UNIT_US, false);
  check_number("50μs", 50, UNIT_US, false);
  check_number("3ms", 3, UNIT_MS, false);
  check_number("1.5s", 1.5, UNIT_S, false);
  check_number("2min", 2, UNIT_MIN, false);
  check_number("1h", 1, UNIT_H, false);
  check_number("1e3s", 1000, UNIT_S, false);
}

static void wrong_numbers(void **state) {
  (void)state;
  static const char *const texts[] = {"1.",    ".5",     "05",    "00",   "1_",   "1__0",
                                      "1_.5",  "1e",     "1e+",   "0x1F", "3x",   "10degs",
                                      "1e999", "1e-999", "2.5px", "5%%",  "2pix", "9007199254740992",
                                      "1.5.2", "1._5"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int before = sink->n_errors;
    assert_null(value(texts[i]));
    assert_int_equal(sink->n_errors, before + 1);
    DiagCode code = sink->all.at[before]->code;
    bool known = code == DIAG_NUMBER || strcmp(texts[i], "5%%") == 0 || strcmp(texts[i], "1._5") == 0;
    assert_true(known);
  }
}

/* Every reserved word is one, and only these; the list is sorted, as the scanner's search needs. */
static void reserved_words(void **state) {
  (void)state;
  static const char *const words[] = {
#define KEYWORD(word, token) word,
#include "grammar/keywords.def"
#undef KEYWORD
  };
  const size_t n = sizeof words / sizeof *words;
  assert_int_equal(n, 40);
  for (size_t i = 0; i < n; i++) {
    if (i > 0) assert_true(strcmp(words[i - 1], words[i]) < 0);
    AstNode *out;
    const char *text = arena_printf(arena, "let %s = 1", words[i]);
    assert_int_equal(parse_source(arena, src_add("t", text, strlen(text)), sink, false, &out, NULL),
                     PARSE_ERROR);
    text = arena_printf(arena, "let %s_ = 1; let _%s = 2", words[i], words[i]);
    assert_int_equal(parse_source(arena, src_add("t", text, strlen(text)), sink, false, &out, NULL),
                     PARSE_OK);
  }
}

static void check_name(const char *text, const char *folded) {
  const AstNode *n = value(text);
  assert_non_null(n);
  assert_int_equal(n->kind, AST_NAME);
  assert_string_equal(sym_text(n->name), folded);
  assert_string_equal(n->text, text);
}

static void greek_is_a_spelling(void **state) {
  (void)state;
  check_name("θ", "theta");
  check_name("theta", "theta");
  check_name("θ1", "theta1");
  check_name("x_θφ", "x_thetaphi");
  check_name("π", "pi");
  check_name("λ", "lambda");
  check_name("Λ", "Lambda");
  check_name("Ω2", "Omega2");
  check_name("µ", "mu");
  check_name("μ", "mu");
  check_name("ϕ", "phi");
  check_name("ϵ", "epsilon");
  check_name("ϑ", "theta");
  check_name("σς", "sigmasigma");
  static const char *const letters[] = {
      "α",    "alpha",   "β",     "beta", "γ",     "gamma", "δ",     "delta",   "ε",   "epsilon", "ζ",
      "zeta", "η",       "eta",   "ι",    "iota",  "κ",     "kappa", "ν",       "nu",  "ξ",       "xi",
      "ο",    "omicron", "ρ",     "rho",  "τ",     "tau",   "υ",     "upsilon", "χ",   "chi",     "ψ",
      "psi",  "ω",       "omega", "Α",    "Alpha", "Σ",     "Sigma", "Φ",       "Phi", "Ψ",       "Psi"};
  for (size_t i = 0; i < sizeof letters / sizeof *letters; i += 2) check_name(letters[i], letters[i + 1]);
}

static void other_alphabets(void **state) {
  (void)state;
  static const char *const texts[] = {"größe", "é", "имя", "図", "ά", "xé1", "naïve_θ"};
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
    int before = sink->n_errors;
    assert_null(value(texts[i]));
    assert_int_equal(sink->n_errors, before + 1);
    assert_int_equal(sink->all.at[before]->code, DIAG_CHARACTER);
  }
}

static void check_text(const char *source, const char *decoded) {
  const AstNode *n = value(source);
  assert_non_null(n);
  assert_int_equal(n->kind, AST_TEXT);
  assert_string_equal(n->text, decoded);
}

static void texts(void **state) {
  (void)state;
  check_text("\"\"", "");
  check_text("\"a b\"", "a b");
  check_text("\"a\\\"b\\\\c\\nd\\te\"", "a\"b\\c\nd\te");
  check_text("\"ä θ 図 # {x} {a.b:.2f} {{ }\"", "ä θ 図 # {x} {a.b:.2f} {{ }");
  static const char *const wrong[] = {"\"abc",    "\"abc\\", "\"a\\qb\"", "\"a {b\"",
                                      "\"a {}\"", "\"\\\"",  "'abc'",     "“abc”"};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    int before = sink->n_errors;
    assert_null(value(wrong[i]));
    assert_int_equal(sink->n_errors, before + 1);
    assert_int_equal(sink->all.at[before]->code, DIAG_TEXT);
  }
}

static void literals(void **state) {
  (void)state;
  static const struct {
    const char *text;
    int kind;
  } good[] = {
      {"1e-3", AST_NUMBER},
      {"50%", AST_NUMBER},
      {"-3", AST_UNARY},
      {"\"a b\"", AST_TEXT},
      {"shift", AST_TEXT},
      {"true", AST_BOOL},
      {"[1, -2, x, [true]]", AST_ARRAY},
      {"[]", AST_ARRAY},
      {" 3 ", AST_NUMBER},
  };
  AstNode *out;
  for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
    assert_true(parse_literal(arena, src_add("--set", good[i].text, strlen(good[i].text)), sink, &out));
    assert_int_equal(out->kind, good[i].kind);
  }
  assert_int_equal(sink->n_errors, 0);
  static const char *const bad[] = {"",     "1..2",     "a b", "f(x)", "[a.b]", "1 + 2", "x = 3",
                                    "1; 2", "not true", "(1)", "- -1", "[",     "1 2"};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    int before = sink->n_errors;
    assert_false(parse_literal(arena, src_add("--set", bad[i], strlen(bad[i])), sink, &out));
    assert_null(out);
    assert_int_equal(sink->n_errors, before + 1);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(reserved_words, start, end),
      cmocka_unit_test_setup_teardown(numbers, start, end),
      cmocka_unit_test_setup_teardown(units, start, end),
      cmocka_unit_test_setup_teardown(wrong_numbers, start, end),
      cmocka_unit_test_setup_teardown(greek_is_a_spelling, start, end),
      cmocka_unit_test_setup_teardown(other_alphabets, start, end),
      cmocka_unit_test_setup_teardown(texts, start, end),
      cmocka_unit_test_setup_teardown(literals, start, end),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
