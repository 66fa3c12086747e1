/* Arithmetic of numbers known before the run. Ints stay ints where the result is whole by rule:
 * sums, products, quotients that divide, powers with exponent >= 0 (LANGUAGE, rule 7). */
#include "lang/sema/walk.h"
#include <math.h>
#include <string.h>

#define PI 3.14159265358979323846
#define INT_LIMIT 9007199254740992.0 /* 2^53: every whole number up to here is exact */

const Value *number_literal(Sema *S, const AstNode *n) {
  ValueKind kind = n->is_int ? VAL_INT : VAL_REAL;
  double x = n->num;
  switch ((AstUnit)n->op) {
  case UNIT_NONE:
  case UNIT_PX:
  case UNIT_RAD: break;
  case UNIT_DEG: x = x * PI / 180; break;
  case UNIT_TURN: x = x * 2 * PI; break;
  case UNIT_PI: x = x * PI; break;
  case UNIT_PERCENT: x = x / 100; break;
  case UNIT_NS:
    x /= 1e9;
    kind = VAL_DURATION;
    break;
  case UNIT_US:
    x /= 1e6;
    kind = VAL_DURATION;
    break;
  case UNIT_MS:
    x /= 1e3;
    kind = VAL_DURATION;
    break;
  case UNIT_S: kind = VAL_DURATION; break;
  case UNIT_MIN:
    x *= 60;
    kind = VAL_DURATION;
    break;
  case UNIT_H:
    x *= 3600;
    kind = VAL_DURATION;
    break;
  }
  if (kind == VAL_INT && fabs(x) > INT_LIMIT) kind = VAL_REAL;
  Value *v = val_new(S, kind, n->span);
  v->u.num = x;
  return v;
}

static bool is_whole(const Value *v) { return v->kind == VAL_INT || v->kind == VAL_BOOL; }

static const Value *whole(Sema *S, double x, const Value *a, const Value *b, Span span) {
  if (!(fabs(x) <= INT_LIMIT)) {
    say(S, DIAG_TYPE, span, "this whole number is too large: %s (at most 2^53)", num_text(S, x));
    return S->error;
  }
  Value *v = val_new(S, VAL_INT, span);
  v->u.num = x;
  if (a->origin != 0 || (b != NULL && b->origin != 0))
    v->origin = origin_new(S, span, arena_printf(S->a, "`%s`", src_of_span(S, span)), a->origin,
                           b != NULL ? b->origin : 0);
  return v;
}

static const Value *durations(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  Value *v = val_new(S, VAL_DURATION, span);
  if (a->kind == b->kind && (op == AST_OP_ADD || op == AST_OP_SUB)) {
    v->u.num = op == AST_OP_ADD ? a->u.num + b->u.num : a->u.num - b->u.num;
    return v;
  }
  if (a->kind == b->kind && op == AST_OP_DIV) return val_real(S, a->u.num / b->u.num, span);
  if (op == AST_OP_MUL && a->kind != b->kind) {
    v->u.num = a->u.num * b->u.num;
    return v;
  }
  if (op == AST_OP_DIV && a->kind == VAL_DURATION) {
    v->u.num = a->u.num / b->u.num;
    return v;
  }
  Diag *d =
      say(S, DIAG_DURATION, span, "a duration and a plain number do not combine with `%s`", ast_op_text[op]);
  diag_note(d, "%s and %s", val_describe(S, a), val_describe(S, b));
  return S->error;
}

const Value *by_zero(Sema *S, const Value *b) {
  Diag *d = say(S, DIAG_TYPE, b->span, "a division by zero");
  if (b->origin != 0) label_origin(S, d, dim_of_int(S, b));
  return S->error;
}

const Value *static_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  if (a->kind == VAL_DURATION || b->kind == VAL_DURATION) return durations(S, op, a, b, span);
  const double x = a->u.num, y = b->u.num;
  const bool ints = is_whole(a) && is_whole(b);
  double r = 0;
  if (op == AST_OP_ADD) r = x + y;
  else if (op == AST_OP_SUB) r = x - y;
  else if (op == AST_OP_MUL) r = x * y;
  else if (op == AST_OP_DIV) {
    if (y == 0) return by_zero(S, b);
    r = x / y;
    if (ints && fmod(x, y) == 0) return whole(S, r, a, b, span);
    return val_real(S, r, span);
  } else if (op == AST_OP_POW) {
    r = pow(x, y);
    if (!(ints && y >= 0)) {
      if (isfinite(r)) return val_real(S, r, span);
      Diag *d = say(S, DIAG_TYPE, span, "`%s` is not a real number", src_of_span(S, span));
      diag_note(d, "%s ^ %s", num_text(S, x), num_text(S, y));
      return S->error;
    }
  }
  return ints ? whole(S, r, a, b, span) : val_real(S, r, span);
}

const Value *static_unary(Sema *S, AstOp op, const Value *a, Span span) {
  if (op == AST_OP_NOT) return val_bool(S, a->u.num == 0, span);
  if (a->kind == VAL_DURATION) {
    Value *v = val_new(S, VAL_DURATION, span);
    v->u.num = -a->u.num;
    return v;
  }
  return is_whole(a) ? whole(S, -a->u.num, a, NULL, span) : val_real(S, -a->u.num, span);
}

bool val_equal_static(const Value *a, const Value *b) {
  if (a->kind == VAL_LIST && b->kind == VAL_LIST) {
    bool same = a->u.list.n == b->u.list.n;
    for (int k = 0; same && k < a->u.list.n; k++) same = val_equal_static(a->u.list.at[k], b->u.list.at[k]);
    return same;
  }
  if (a->kind == VAL_TEXT && b->kind == VAL_TEXT) return strcmp(a->u.text, b->u.text) == 0;
  if (val_is_number(a) && val_is_number(b)) return a->u.num == b->u.num;
  if (a->kind == VAL_DURATION && b->kind == VAL_DURATION) return a->u.num == b->u.num;
  return false;
}

/* Whether a comparison of two static values means anything. */
static bool comparable(const Value *a, const Value *b) {
  if (a->kind == VAL_TEXT || b->kind == VAL_TEXT || a->kind == VAL_DURATION || b->kind == VAL_DURATION)
    return a->kind == b->kind;
  return val_is_number(a) && val_is_number(b);
}

const Value *static_compare(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  if (!comparable(a, b)) {
    say(S, DIAG_TYPE, span, "%s and %s do not compare", val_describe(S, a), val_describe(S, b));
    return S->error;
  }
  if (op == AST_OP_EQ) return val_bool(S, val_equal_static(a, b), span);
  if (op == AST_OP_NE) return val_bool(S, !val_equal_static(a, b), span);
  double x = a->u.num, y = b->u.num;
  if (a->kind == VAL_TEXT) {
    say(S, DIAG_TYPE, span, "texts have no order; `==`, `!=` and `in` compare them");
    return S->error;
  }
  bool r = op == AST_OP_LT ? x < y : op == AST_OP_GT ? x > y : op == AST_OP_LE ? x <= y : x >= y;
  return val_bool(S, r, span);
}
