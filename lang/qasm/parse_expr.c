/* Expressions and operands of OpenQASM: precedence climbing, with the operators of version 3 and `^` as
 * a power in version 2. */
#include "lang/qasm/qasm_int.h"
#include <string.h>

static bool too_deep(QParse *p, bool is) {
  if (!is) return false;
  if (p->errors < QASM_MAX_ERRORS)
    diag_add(p->sink, DIAG_NESTING, p->tok.span, "an expression nested too deep");
  p->errors = QASM_MAX_ERRORS; /* what is left cannot be read in a sensible way */
  return true;
}
static bool nested(QParse *p) { return too_deep(p, p->depth >= QASM_MAX_DEPTH); }

/* NULL if that is nested too deep, or an operand is NULL that must not be. */
static QExpr *make(QParse *p, QExprKind kind, uint32_t begin, int n, QExpr *a, QExpr *b, QExpr *c) {
  QExpr *e = ARENA_NEW(p->a, QExpr);
  QExpr *const kids[3] = {a, b, c};
  for (int i = 0; i < 3; i++)
    if (kids[i] != NULL && kids[i]->depth >= e->depth) e->depth = kids[i]->depth + 1;
  if (too_deep(p, e->depth > QASM_MAX_EXPR_DEPTH)) return NULL;
  e->kind = kind;
  e->n = n;
  e->kids = ARENA_ARRAY(p->a, QExpr *, 3);
  e->kids[0] = a;
  e->kids[1] = b;
  e->kids[2] = c;
  e->span = qp_span(p, begin);
  return e;
}

/* Comma separated up to the closing sign, which is taken. */
bool qp_list(QParse *p, int close, QExprs *out) {
  while (!qp_sign(p, close)) {
    QExpr *e = qp_expr(p);
    if (e == NULL) return false;
    vec_push(p->a, out, e);
    if (!qp_accept(p, ',')) break;
  }
  return qp_expect(p, close, "a list");
}

static QExpr *listed(QParse *p, QExprKind kind, uint32_t begin, const QExprs *list) {
  QExpr *e = make(p, kind, begin, 0, NULL, NULL, NULL);
  e->n = list->n;
  e->kids = list->at;
  for (int i = 0; i < list->n; i++)
    if (list->at[i]->depth >= e->depth) e->depth = list->at[i]->depth + 1;
  return too_deep(p, e->depth > QASM_MAX_EXPR_DEPTH) ? NULL : e;
}

/* One index: 3, -1, 0:2, 0:2:6, {0, 3}. */
static QExpr *index_of(QParse *p) {
  const uint32_t begin = p->tok.span.begin;
  if (qp_accept(p, '{')) {
    QExprs list = {0};
    if (!qp_list(p, '}', &list)) return NULL;
    return listed(p, QE_SET, begin, &list);
  }
  QExpr *part[3] = {NULL, NULL, NULL};
  int n = 0;
  bool range = false;
  for (;;) {
    if (!qp_sign(p, ':') && !qp_sign(p, ']') && (part[n] = qp_expr(p)) == NULL) return NULL;
    if (n == 2 || !qp_accept(p, ':')) break;
    range = true;
    n++;
  }
  if (!range && part[0] == NULL) {
    qp_error(p, "an index");
    return NULL;
  }
  if (!range) return part[0];
  if (n == 1) return make(p, QE_RANGE, begin, 3, part[0], NULL, part[1]);
  return make(p, QE_RANGE, begin, 3, part[0], part[1], part[2]);
}

QExpr *qp_operand(QParse *p) {
  const uint32_t begin = p->tok.span.begin;
  if (p->tok.kind != QT_NAME) {
    qp_error(p, "a qubit or register");
    return NULL;
  }
  QExpr *e = make(p, QE_NAME, begin, 0, NULL, NULL, NULL);
  e->name = p->tok.name;
  e->span = p->tok.span;
  qp_take(p);
  while (qp_sign(p, '[')) {
    if (nested(p)) return NULL;
    qp_take(p);
    p->depth++;
    QExpr *i = index_of(p);
    p->depth--;
    if (i == NULL || !qp_expect(p, ']', "an index")) return NULL;
    if ((e = make(p, QE_INDEX, begin, 2, e, i, NULL)) == NULL) return NULL;
  }
  return e;
}

/* A function or a cast: name(...), int[8](c). */
static QExpr *call(QParse *p, QExpr *name, uint32_t begin) {
  QExprs args = {0};
  while (name->kind == QE_INDEX) name = name->kids[0];
  const Symbol what = name->name;
  qp_take(p);
  p->depth++;
  const bool ok = qp_list(p, ')', &args);
  p->depth--;
  if (!ok) return NULL;
  QExpr *e = listed(p, QE_CALL, begin, &args);
  if (e != NULL) e->name = what;
  return e;
}

static QExpr *primary(QParse *p) {
  const uint32_t begin = p->tok.span.begin;
  if (p->tok.kind == QT_INT || p->tok.kind == QT_REAL) {
    QExpr *e = make(p, QE_NUM, begin, 0, NULL, NULL, NULL);
    e->num = p->tok.num;
    e->is_int = p->tok.kind == QT_INT;
    e->span = p->tok.span;
    qp_take(p);
    return e;
  }
  if (qp_accept(p, '(')) {
    p->depth++;
    QExpr *e = qp_expr(p);
    p->depth--;
    return e != NULL && qp_expect(p, ')', "an expression") ? e : NULL;
  }
  if (p->tok.kind != QT_NAME) {
    qp_error(p, "a number, a name or `(`");
    return NULL;
  }
  if (qp_word(p, "measure")) {
    qp_take(p);
    QExpr *q = qp_operand(p);
    return q != NULL ? make(p, QE_MEASURE, begin, 1, q, NULL, NULL) : NULL;
  }
  QExpr *e = qp_operand(p);
  return e != NULL && qp_sign(p, '(') ? call(p, e, begin) : e;
}

/* Binding strength of a binary sign; 0: none. */
static int strength(const QParse *p, int sign) {
  switch (sign) {
  case SIGN2('|', '|'): return 1;
  case SIGN2('&', '&'): return 2;
  case '|': return 3;
  case '^': return p->version == 2 ? 11 : 4;
  case '&': return 5;
  case SIGN2('=', '='):
  case SIGN2('!', '='): return 6;
  case '<':
  case '>':
  case SIGN2('<', '='):
  case SIGN2('>', '='): return 7;
  case SIGN2('<', '<'):
  case SIGN2('>', '>'): return 8;
  case '+':
  case '-': return 9;
  case '*':
  case '/':
  case '%': return 10;
  case SIGN2('*', '*'): return 11;
  default: return 0;
  }
}

static QExpr *binary(QParse *p, int least);

static QExpr *unary(QParse *p) {
  const uint32_t begin = p->tok.span.begin;
  if (nested(p)) return NULL;
  if (!qp_sign(p, '-') && !qp_sign(p, '!') && !qp_sign(p, '~') && !qp_sign(p, '+')) return primary(p);
  const int op = p->tok.sign;
  qp_take(p);
  p->depth++;
  QExpr *a = binary(p, 11); /* weaker than a power */
  p->depth--;
  if (a == NULL || op == '+') return a;
  QExpr *e = make(p, QE_UNARY, begin, 1, a, NULL, NULL);
  if (e != NULL) e->op = op;
  return e;
}

static QExpr *binary(QParse *p, int least) {
  const uint32_t begin = p->tok.span.begin;
  if (nested(p)) return NULL;
  p->depth++;
  QExpr *left = unary(p);
  while (left != NULL && p->tok.kind == QT_SIGN) {
    const int op = p->tok.sign, s = strength(p, op);
    if (s == 0 || s < least) break;
    qp_take(p);
    QExpr *right = binary(p, s == 11 ? 11 : s + 1);
    if (right == NULL) {
      left = NULL;
      break;
    }
    left = make(p, QE_BINARY, begin, 2, left, right, NULL);
    if (left != NULL)
      left->op = s == 11 ? '^' : op == '^' ? SIGN2('^', '^') : op; /* `^` is a power in the tree */
  }
  p->depth--;
  return left;
}

QExpr *qp_expr(QParse *p) { return binary(p, 1); }
