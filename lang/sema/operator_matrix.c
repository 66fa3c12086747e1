/* Operators given by matrices, states and files, as sums of Pauli words. */
#include <complex.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/num.h"
#include "lang/sema/measure.h"

#define J ((double complex)I)
#define HERMITIAN_TOLERANCE                                                                                  \
  1e-6 /* of the largest entry: values may have been written in single precision                             \
        */
#define PROJECTOR_MAX_QUBITS 12
#define FILE_MAX_TERMS 20000

/* The bits of the program's qubits for a number of basis states of the register, first qubit most
 * significant. */
static uint64_t spread_bits(const QubitsValue *q, uint32_t k) {
  uint64_t bits = 0;
  for (int i = 0; i < q->n; i++)
    if (k >> (q->n - 1 - i) & 1) bits |= (uint64_t)1 << q->at[i];
  return bits;
}

/* M = sum of c_P P, c_P = 2^-n Tr(P M), with P|i> = i^|x & z| (-1)^(i . z) |i ^ x>. */
const Value *op_of_matrix(Sema *S, const QubitsValue *q, const double complex *m, Span span) {
  const uint32_t d = 1u << q->n;
  const double complex turn[4] = {1, J, -1, -J};
  VEC(PauliTerm) terms = {0};
  double largest = 0;
  for (uint32_t i = 0; i < d * d; i++) largest = fmax(largest, cabs(m[i]));
  for (uint32_t x = 0; x < d; x++)
    for (uint32_t z = 0; z < d; z++) {
      double complex sum = 0;
      for (uint32_t i = 0; i < d; i++)
        sum += __builtin_parity(i & z) ? -m[i * d + (i ^ x)] : m[i * d + (i ^ x)];
      const double c = creal(sum * turn[__builtin_popcount(x & z) & 3]) / d;
      if (fabs(c) <= 1e-15 * largest) continue;
      vec_push(S->a, &terms, ((PauliTerm){c, spread_bits(q, x), spread_bits(q, z)}));
    }
  if (terms.n == 0) vec_push(S->a, &terms, ((PauliTerm){0, 0, 0}));
  return op_value(S, terms.n, terms.at, NULL, span);
}

/* Numbers of a list of numbers, or of pairs of real and imaginary part. */
double complex *static_vector(Sema *S, const Value *v, const char *what, int *n) {
  const Value *const *items = static_items(S, v, what, n);
  if (items == NULL) return NULL;
  double complex *out = ARENA_ARRAY(S->a, double complex, *n + 1);
  for (int i = 0; i < *n; i++) {
    const Value *e = items[i];
    double re, im = 0;
    if (e->kind == VAL_LIST || e->kind == VAL_TUPLE) {
      if (e->u.list.n != 2) {
        wrong_kind(S, e, arena_printf(S->a, "an entry of %s", what), "a number, or [real, imaginary]");
        return NULL;
      }
      if (!want_real(S, e->u.list.at[0], "a real part", &re)) return NULL;
      if (!want_real(S, e->u.list.at[1], "an imaginary part", &im)) return NULL;
    } else if (!want_real(S, e, arena_printf(S->a, "an entry of %s", what), &re)) return NULL;
    out[i] = re + J * im;
  }
  return out;
}

/* hermitian([[1, 0], [0, -1]], q) */
const Value *fn_hermitian(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args)) return S->error;
  const QubitsValue *q = op_register(S, args->v[1], "the register of `hermitian`");
  int n = 0;
  const Value *const *rows = static_items(S, args->v[0], "the matrix of `hermitian`", &n);
  if (q == NULL || rows == NULL) return S->error;
  if (q->n > HERMITIAN_MAX_QUBITS) {
    say(S, DIAG_TOO_LARGE, args->span, "`hermitian` on %d qubits: at most %d are possible", q->n,
        HERMITIAN_MAX_QUBITS);
    return S->error;
  }
  const int d = 1 << q->n;
  double complex *m = ARENA_ARRAY(S->a, double complex, d *d);
  double largest = 0;
  for (int i = 0; i < n || i == 0; i++) {
    int width = 0;
    const double complex *row = n > 0 ? static_vector(S, rows[i], "a row of `hermitian`", &width) : m;
    if (row == NULL) return S->error;
    if (n != d || width != d) {
      say(S, DIAG_SHAPE, args->v[0]->span, "on %d qubit%s `hermitian` needs a matrix of %d x %d, but %s",
          q->n, q->n == 1 ? "" : "s", d, d,
          n != d ? arena_printf(S->a, "this has %d rows", n)
                 : arena_printf(S->a, "row %d has %d entries", i, width));
      return S->error;
    }
    for (int k = 0; k < d; k++) largest = fmax(largest, cabs(m[i * d + k] = row[k]));
  }
  for (int i = 0; i < d; i++)
    for (int k = 0; k <= i; k++) {
      const double complex a = m[i * d + k], b = m[k * d + i];
      if (cabs(a - conj(b)) <= HERMITIAN_TOLERANCE * largest) continue;
      Diag *e =
          say(S, DIAG_GATE, args->v[0]->span,
              "this matrix is not Hermitian: entry [%d, %d] is not the conjugate of [%d, %d]", i, k, k, i);
      diag_note(e, "entry [%d, %d] is %s %s %si, entry [%d, %d] is %s %s %si", i, k, num_text(S, creal(a)),
                cimag(a) < 0 ? "-" : "+", num_text(S, fabs(cimag(a))), k, i, num_text(S, creal(b)),
                cimag(b) < 0 ? "-" : "+", num_text(S, fabs(cimag(b))));
      diag_help(e, "only Hermitian operators have real expectation values; measure M + M^+ and i (M - M^+)");
      return S->error;
    }
  return op_of_matrix(S, q, m, args->span);
}

/* |v><v| of a state that is normalised; NULL (and said) if it is zero or has the wrong size. */
const Value *op_of_state(Sema *S, const QubitsValue *q, double complex *v, int n, const Value *from,
                         Span span) {
  const int d = 1 << q->n;
  double norm = 0;
  for (int i = 0; i < n; i++) norm += creal(v[i] * conj(v[i]));
  if (n != d) {
    say(S, DIAG_SHAPE, from->span, "a state of %d qubit%s has %d amplitudes, but this has %d", q->n,
        q->n == 1 ? "" : "s", d, n);
    return NULL;
  }
  if (!(norm > 0) || !isfinite(norm)) {
    say(S, DIAG_GATE, from->span, "this state has norm 0");
    return NULL;
  }
  double complex *m = ARENA_ARRAY(S->a, double complex, d *d);
  for (int i = 0; i < d * d; i++) m[i] = v[i / d] * conj(v[i % d]) / norm;
  return op_of_matrix(S, q, m, span);
}

/* |01><01| as the product of (1 +- Z) / 2. */
static const Value *basis_projector(Sema *S, const QubitsValue *q, const char *bits, const Value *from,
                                    Span span) {
  const int n = (int)strlen(bits);
  if (n != q->n || (int)strspn(bits, "01") != n) {
    Diag *d = say(S, DIAG_GATE, from->span, "\"%s\" is no basis state of %d qubit%s", bits, q->n,
                  q->n == 1 ? "" : "s");
    diag_help(d, "write one digit 0 or 1 for each qubit");
    return S->error;
  }
  if (n > PROJECTOR_MAX_QUBITS) {
    Diag *d = say(S, DIAG_TOO_LARGE, span, "`projector` on %d qubits: at most %d are possible", n,
                  PROJECTOR_MAX_QUBITS);
    diag_help(d, "`probs(q)[k]` is the same number for basis state k");
    return S->error;
  }
  PauliTerm *t = ARENA_ARRAY(S->a, PauliTerm, 1 << n);
  for (uint32_t k = 0; k < 1u << n; k++) {
    t[k] = (PauliTerm){1.0 / (1 << n), 0, spread_bits(q, k)};
    for (int i = 0; i < n; i++)
      if ((k >> (n - 1 - i) & 1) && bits[i] == '1') t[k].coefficient = -t[k].coefficient;
  }
  return op_value(S, 1 << n, t, NULL, span);
}

/* projector("01", q), projector([0.6, 0.8], q) */
const Value *fn_projector(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!in_circuit(S, args)) return S->error;
  const QubitsValue *q = op_register(S, args->v[1], "the register of `projector`");
  if (q == NULL) return S->error;
  if (args->v[0]->kind == VAL_TEXT) return basis_projector(S, q, args->v[0]->u.text, args->v[0], args->span);
  if (q->n > HERMITIAN_MAX_QUBITS) {
    say(S, DIAG_TOO_LARGE, args->span, "`projector` on a state of %d qubits: at most %d are possible", q->n,
        HERMITIAN_MAX_QUBITS);
    return S->error;
  }
  int n = 0;
  double complex *v = static_vector(S, args->v[0], "the state of `projector`", &n);
  const Value *out = v != NULL ? op_of_state(S, q, v, n, args->v[0], args->span) : NULL;
  return out != NULL ? out : S->error;
}

/* ---- files -------------------------------------------------------------------------------------------
 * One term in a line: a coefficient, then a word. `0.17 XXYZ` has a letter for each qubit of the register, in
 * order; `0.17 X0 Z3` names qubits by their place, as OpenFermion prints them: `(0.17+0j) [X0 Z3] +`. A line
 * with the coefficient alone is that multiple of the identity; `#` begins a comment. */

typedef struct TermFile {
  Sema *S;
  const QubitsValue *q;
  const char *name; /* of the file, for messages */
  int line;
  Span span;
} TermFile;

static bool bad_line(const TermFile *f, const char *what) {
  Diag *d = say(f->S, DIAG_DATA_BROKEN, f->span, "line %d of \"%s\": %s", f->line, f->name, what);
  diag_help(d, "a line is a coefficient and a word: `0.5 XXYZ`, or `0.5 X0 Z3`");
  return false;
}

static const char *skip_blanks(const char *s) {
  while (*s == ' ' || *s == '\t' || *s == '\r') s++;
  return s;
}

/* The longest number that stands at s. */
static bool read_number(const char *s, double *out, size_t *used) {
  size_t n = *s == '-';
  while ((s[n] >= '0' && s[n] <= '9') || s[n] == '.') n++;
  if (n > 0 && (s[n] == 'e' || s[n] == 'E')) {
    const size_t sign = s[n + 1] == '-' || s[n + 1] == '+', digits = strspn(s + n + 1 + sign, "0123456789");
    if (digits > 0) n += 1 + sign + digits;
  }
  *used = n;
  return num_parse(s, n, out);
}

/* 0.5, -1e-3, (0.5+0j) */
static const char *read_coefficient(const TermFile *f, const char *s, double *out) {
  const bool bracket = *s == '(';
  size_t used = 0;
  s = skip_blanks(s + bracket);
  if (*s == '+') s++;
  if (!read_number(s, out, &used)) {
    bad_line(f, arena_printf(f->S->a, "\"%.20s\" does not begin with a number", s));
    return NULL;
  }
  s += used;
  if (!bracket) return s;
  double imaginary = 0;
  if (*s == '+' || *s == '-') {
    if (!read_number(s + 1, &imaginary, &used) || s[1 + used] != 'j') {
      bad_line(f, arena_printf(f->S->a, "\"%.20s\" is no imaginary part", s));
      return NULL;
    }
    s += used + 2;
  }
  s = skip_blanks(s);
  if (*s != ')' || imaginary != 0) {
    bad_line(f, "the coefficient is not real");
    return NULL;
  }
  return s + 1;
}

static bool add_letter(const TermFile *f, PauliTerm *t, char letter, long at) {
  if (at < 0 || at >= f->q->n)
    return bad_line(f, arena_printf(f->S->a, "there is no qubit %ld: the register has %d", at, f->q->n));
  const uint64_t bit = (uint64_t)1 << f->q->at[at];
  if ((t->x | t->z) & bit) return bad_line(f, arena_printf(f->S->a, "qubit %ld stands twice", at));
  if (letter == 'X' || letter == 'Y') t->x |= bit;
  if (letter == 'Z' || letter == 'Y') t->z |= bit;
  return true;
}

/* The words of a line behind the coefficient. */
static bool read_word(const TermFile *f, const char *s, PauliTerm *t) {
  s = skip_blanks(s);
  const bool bracket = *s == '[';
  s = skip_blanks(s + bracket);
  const size_t letters = strspn(s, "IXYZ");
  if (letters > 0 && (s[letters] < '0' || s[letters] > '9')) {
    if ((int)letters != f->q->n)
      return bad_line(f, arena_printf(f->S->a, "the word has %d letter%s, but the register has %d qubits",
                                      (int)letters, letters == 1 ? "" : "s", f->q->n));
    for (int i = 0; i < f->q->n; i++)
      if (s[i] != 'I' && !add_letter(f, t, s[i], i)) return false;
    s = skip_blanks(s + letters);
  }
  while (*s == 'X' || *s == 'Y' || *s == 'Z' || *s == 'I') {
    const char letter = *s++;
    long at = 0;
    if (*s < '0' || *s > '9')
      return bad_line(f, arena_printf(f->S->a, "a number of a qubit is missing after %c", letter));
    while (*s >= '0' && *s <= '9' && at < 1000) at = 10 * at + (*s++ - '0');
    if (letter != 'I' && !add_letter(f, t, letter, at)) return false;
    s = skip_blanks(s);
  }
  if (bracket && *s++ != ']') return bad_line(f, "a bracket is not closed");
  s = skip_blanks(s);
  if (bracket && *s == '+') s = skip_blanks(s + 1);
  if (*s != '\0' && *s != '#') return bad_line(f, arena_printf(f->S->a, "\"%.20s\" cannot be read", s));
  return true;
}

/* paulis("h2.txt", q) */
const Value *fn_paulis(Sema *S, Args *args, const Builtin *self) {
  if (!in_circuit(S, args)) return S->error;
  const QubitsValue *q = op_register(S, args->v[1], "the register of `paulis`");
  const char *name = want_text(S, args->v[0], "the file of `paulis`");
  if (q == NULL || name == NULL) return S->error;
  const char *text = module_text(S, name, args->v[0]->span);
  if (text == NULL) return S->error;
  TermFile f = {S, q, name, 0, args->v[0]->span};
  VEC(PauliTerm) terms = {0};
  while (*text != '\0') {
    const size_t n = strcspn(text, "\n");
    const char *line = skip_blanks(arena_printf(S->a, "%.*s", (int)n, text));
    text += n + (text[n] == '\n');
    f.line++;
    if (*line == '\0' || *line == '#') continue;
    PauliTerm t = {0};
    const char *rest = read_coefficient(&f, line, &t.coefficient);
    if (rest == NULL || !read_word(&f, rest, &t)) return S->error;
    vec_push(S->a, &terms, t);
    if (terms.n > FILE_MAX_TERMS) {
      say(S, DIAG_TOO_LARGE, f.span, "\"%s\" has more than %d terms", name, FILE_MAX_TERMS);
      return S->error;
    }
  }
  if (terms.n == 0) {
    say(S, DIAG_DATA_BROKEN, f.span, "\"%s\" has no terms", name);
    return S->error;
  }
  (void)self;
  return op_value(S, terms.n, terms.at, NULL, args->span);
}
