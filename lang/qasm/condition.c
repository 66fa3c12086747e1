/* Conditions on classical bits. Any expression of them is a truth table over the bits it names. */
#include "lang/qasm/qasm_int.h"
#include <string.h>

typedef struct Bits {
  int n;
  int bit[QASM_MAX_CONDITION];
  bool too_many;
} Bits;

static void add_bits(Bits *b, int n, const int *bit) {
  for (int i = 0; i < n; i++) {
    bool seen = false;
    for (int k = 0; k < b->n; k++) seen = seen || b->bit[k] == bit[i];
    if (seen) continue;
    if (b->n == QASM_MAX_CONDITION) {
      b->too_many = true;
      return;
    }
    b->bit[b->n++] = bit[i];
  }
}

static bool is_bits(QWalk *w, const QExpr *e) {
  while (e->kind == QE_INDEX) e = e->kids[0];
  const QName *n = e->kind == QE_NAME ? qw_find(w, e->name) : NULL;
  return n != NULL && n->kind == QN_BITS;
}

static bool is_cast(const QExpr *e) {
  const char *name = e->kind == QE_CALL && e->n == 1 ? sym_text(e->name) : "";
  return strcmp(name, "bool") == 0 || strcmp(name, "int") == 0 || strcmp(name, "uint") == 0 ||
         strcmp(name, "bit") == 0;
}

/* The bits below, and whether everything else there is a number; false after an error. */
static bool collect(QWalk *w, const QExpr *e, Bits *out) {
  if (e->kind == QE_NAME || e->kind == QE_INDEX) {
    int n;
    const int *at;
    bool single;
    if (!is_bits(w, e)) {
      long ignored;
      return e->kind == QE_NAME && qw_find(w, e->name) != NULL && qw_find(w, e->name)->kind == QN_CONST
                 ? qw_int(w, e, NULL, "a number in a condition", -1000000000, 1000000000, &ignored)
                 : (qw_bits(w, e, &n, &at, &single), false);
    }
    if (!qw_bits(w, e, &n, &at, &single)) return false;
    add_bits(out, n, at);
    return true;
  }
  if (e->kind == QE_NUM && e->is_int) return true;
  const bool known = e->kind == QE_UNARY || e->kind == QE_BINARY || is_cast(e);
  if (!known || (e->kind == QE_BINARY && (e->op == '/' || e->op == '^'))) {
    qw_say(w, DIAG_QASM, e->span, "this cannot stand in a condition");
    return false;
  }
  for (int i = 0; i < e->n; i++)
    if (!collect(w, e->kids[i], out)) return false;
  return true;
}

static long value(QWalk *w, const QExpr *e, const Bits *bits, unsigned k);

static long binary_value(QWalk *w, const QExpr *e, const Bits *bits, unsigned k) {
  const long a = value(w, e->kids[0], bits, k), b = value(w, e->kids[1], bits, k);
  switch (e->op) {
  case SIGN2('=', '='): return a == b;
  case SIGN2('!', '='): return a != b;
  case '<': return a < b;
  case '>': return a > b;
  case SIGN2('<', '='): return a <= b;
  case SIGN2('>', '='): return a >= b;
  case SIGN2('&', '&'): return a != 0 && b != 0;
  case SIGN2('|', '|'): return a != 0 || b != 0;
  case '&': return a & b;
  case '|': return a | b;
  case SIGN2('^', '^'): return a ^ b;
  case SIGN2('<', '<'): return b >= 0 && b < 31 ? (long)((unsigned long)a << b) : 0;
  case SIGN2('>', '>'): return b >= 0 && b < 31 ? a >> b : 0;
  case '+': return (long)((unsigned long)a + (unsigned long)b);
  case '-': return (long)((unsigned long)a - (unsigned long)b);
  case '*': return (long)((unsigned long)a * (unsigned long)b);
  case '%': return b != 0 ? a % b : 0;
  default: return 0;
  }
}

/* What the expression is when bit j of `bits` is bit j of k; c[0] is the least significant of a register. */
static long value(QWalk *w, const QExpr *e, const Bits *bits, unsigned k) {
  if (e->kind == QE_NUM) return (long)e->num;
  if (e->kind == QE_BINARY) return binary_value(w, e, bits, k);
  if (e->kind == QE_CALL) {
    const long a = value(w, e->kids[0], bits, k);
    return strcmp(sym_text(e->name), "bool") == 0 ? a != 0 : a;
  }
  if (e->kind == QE_UNARY) {
    const long a = value(w, e->kids[0], bits, k);
    int n = 64;
    const int *at;
    bool single;
    if (e->op == '~' && is_bits(w, e->kids[0])) (void)qw_bits(w, e->kids[0], &n, &at, &single);
    if (e->op == '~') return n < 62 ? ~a & ((1L << n) - 1) : ~a;
    return e->op == '!' ? a == 0 : (long)(0UL - (unsigned long)a);
  }
  if (!is_bits(w, e)) {
    const QName *c = qw_find(w, e->name);
    return (long)w->f->nodes.at[c->node].num;
  }
  int n = 0;
  const int *at = NULL;
  bool single;
  unsigned long out = 0;
  (void)qw_bits(w, e, &n, &at, &single);
  for (int i = 0; i < n && i < 62; i++)
    for (int j = 0; j < bits->n; j++)
      if (bits->bit[j] == at[i]) out |= (unsigned long)(k >> j & 1) << i;
  return (long)out;
}

int qw_condition(QWalk *w, const QExpr *e, bool negated) {
  Bits bits = {0};
  if (!collect(w, e, &bits)) return -2;
  if (bits.too_many) {
    qw_say(w, DIAG_QASM, e->span, "a condition on more than %d bits cannot be taken into a circuit",
           QASM_MAX_CONDITION);
    return -2;
  }
  const unsigned size = 1u << bits.n;
  uint8_t *table = ARENA_ARRAY(w->a, uint8_t, size);
  unsigned holds = 0;
  if (!qw_spend(w, size / 4 + 1, e->span)) return -2;
  const int nodes = w->f->nodes.n;
  for (unsigned k = 0; k < size; k++) {
    table[k] = (value(w, e, &bits, k) != 0) != negated;
    holds += table[k];
  }
  w->f->nodes.n = nodes;
  if (holds == 0) return -2;
  if (holds == size) return w->condition;
  int *bit = ARENA_ARRAY(w->a, int, bits.n);
  memcpy(bit, bits.bit, (size_t)bits.n * sizeof *bit);
  vec_push(w->a, &w->f->conditions, ((QasmCondition){bits.n, w->condition, bit, table}));
  return w->f->conditions.n - 1;
}
