/* Arithmetic, comparisons and membership of values that are computed when run.
 *
 * Rules: ranks of samples are equal, only an axis of size 1 stretches, scalars go anywhere. The
 * hidden row axis is not part of that: a lifted and an unlifted operand combine by their samples. */
#include "lang/sema/walk.h"
#include <string.h>

/* The node with its sample brought to `rank` axes of size 1 where it is a scalar, and with the
 * hidden axis where `lift`. */
static NodeId fit(Sema *S, const Tensor *t, int rank, int lift, Span span) {
  Graph *g = graph_now(S);
  const Shape sample = tensor_sample(t);
  if (lift == 0 || (t->lift == 0 && sample.rank == 0)) return t->node;
  if (t->lift == lift && sample.rank == rank) return t->node;
  Shape to = {.rank = rank + 1};
  to.d[0] = t->lift ? t->shape.d[0] : dim_static(1);
  for (int i = 0; i < rank; i++) to.d[i + 1] = sample.rank == 0 ? dim_static(1) : sample.d[i];
  return g_reshape(g, t->node, &to, span);
}

bool align_lift(Sema *S, int n, const Tensor *const *in, NodeId *out, int *lift, Span span) {
  *lift = 0;
  Dim rows = dim_static(1);
  for (int i = 0; i < n; i++) {
    if (in[i]->lift == 0) continue;
    *lift = 1;
    const Dim d = in[i]->shape.d[0];
    if (dim_is_one(rows)) rows = d;
    else if (!dim_is_one(d) && !dim_equal(d, rows)) {
      say(S, DIAG_SHAPE, span, "these values have different numbers of rows");
      return false;
    }
  }
  for (int i = 0; i < n; i++) {
    out[i] = in[i]->node;
    if (*lift == 0) continue;
    Shape to = {.rank = tensor_sample(in[i]).rank + 1};
    to.d[0] = in[i]->lift ? in[i]->shape.d[0] : dim_static(1);
    for (int k = 1; k < to.rank; k++) to.d[k] = in[i]->shape.d[k - 1 + in[i]->lift];
    out[i] = g_reshape(graph_now(S), out[i], &to, span);
    if (dim_equal(to.d[0], rows)) continue;
    to.d[0] = rows;
    out[i] = g_stretch(graph_now(S), out[i], &to, span);
  }
  return true;
}

const Value *val_to_scalar(Sema *S, const Value *v, const char *what) {
  const Tensor *t = want_tensor(S, v, what);
  if (t == NULL) return S->error;
  const Shape s = tensor_sample(t);
  for (int i = 0; i < s.rank; i++)
    if (!dim_is_one(s.d[i])) {
      Diag *d = say(S, DIAG_SHAPE, v->span, "%s has exactly one element, but this is %s", what,
                    sema_shape_text(S, &s));
      label_origin(S, d, s.d[i]);
      const char *text = src_of_span(S, v->span);
      if (strcmp(what, SCALAR_OF_GRAD) == 0) {
        diag_help(d, "the gradient of each row's own value, as in a gradient penalty: `grad(sum(%s), ...)`",
                  text);
        diag_line(d, "help", "of one number for all rows: `grad(mean(%s), ...)`", text);
      } else if (t->elem == ELEM_BOOL) diag_help(d, "ask `any(%s)` or `all(%s)`", text, text);
      else diag_help(d, "take the mean: `mean(%s)`", text);
      return S->error;
    }
  Shape to = shape_scalar();
  if (t->lift) {
    to.rank = 1;
    to.d[0] = t->shape.d[0];
  }
  return val_node(S, g_reshape(graph_now(S), t->node, &to, v->span), t->lift, v->span);
}

const Value *tensor_unary(Sema *S, OpId op, const Value *a, Span span) {
  const Tensor *t = want_tensor(S, a, "the operand");
  if (t == NULL) return S->error;
  return val_node(S, g_unary(graph_now(S), op, t->node, span), t->lift, span);
}

static void say_ranks(Sema *S, const char *sign, const Value *a, const Value *b, const Shape *sa,
                      const Shape *sb, Span span) {
  Diag *d = say(S, DIAG_RANKS, span, "%s and %s do not combine: ranks %d and %d", sema_shape_text(S, sa),
                sema_shape_text(S, sb), sa->rank, sb->rank);
  diag_label(d, a->span, "%s", sema_shape_text(S, sa));
  diag_label(d, b->span, "%s", sema_shape_text(S, sb));
  const bool a_small = sa->rank < sb->rank;
  Shape out, padded = {.rank = a_small ? sb->rank : sa->rank};
  const Shape *small = a_small ? sa : sb, *big = a_small ? sb : sa;
  for (int i = 0; i < padded.rank; i++) {
    const int k = i - (padded.rank - small->rank);
    padded.d[i] = k < 0 ? dim_static(1) : small->d[k];
  }
  if (shape_broadcast(&padded, big, &out) && !shape_equal(&out, big))
    diag_note(d, "NumPy and PyTorch would give %s here: every row with every other",
              sema_shape_text(S, &out));
  const Value *less = a_small ? a : b, *more = a_small ? b : a;
  if (small->rank > 0 && dim_equal(small->d[0], big->d[0]))
    diag_help(d, "`lift(%s, like = %s)` gives it axes of size 1", src_of_span(S, less->span),
              src_of_span(S, more->span));
  (void)sign;
}

static void say_sizes(Sema *S, const Value *a, const Value *b, const Shape *sa, const Shape *sb, Span span) {
  Diag *d =
      say(S, DIAG_SHAPE, span, "%s and %s do not combine", sema_shape_text(S, sa), sema_shape_text(S, sb));
  diag_label(d, a->span, "%s", sema_shape_text(S, sa));
  diag_label(d, b->span, "%s", sema_shape_text(S, sb));
  for (int i = 0; i < sa->rank; i++) {
    if (dim_equal(sa->d[i], sb->d[i]) || dim_is_one(sa->d[i]) || dim_is_one(sb->d[i])) continue;
    label_origin(S, d, sa->d[i]);
    label_origin(S, d, sb->d[i]);
    return;
  }
}

const Value *tensor_binary(Sema *S, OpId op, const char *sign, const Value *a, const Value *b, Span span) {
  if (val_is_error(a) || val_is_error(b)) return S->error;
  const Tensor *ta = want_tensor(S, a, "the left side"), *tb = want_tensor(S, b, "the right side");
  if (ta == NULL || tb == NULL) {
    if (ta != NULL && b->kind == VAL_TEXT && ta->elem == ELEM_LABEL)
      diag_help(S->sink->all.at[S->sink->all.n - 1],
                "labels are numbers: the classes of a file count from 0 in the order of their bytes");
    return S->error;
  }
  const Shape sa = tensor_sample(ta), sb = tensor_sample(tb);
  if (sa.rank != sb.rank && sa.rank != 0 && sb.rank != 0) {
    say_ranks(S, sign, a, b, &sa, &sb, span);
    return S->error;
  }
  Shape out;
  if (!shape_broadcast(&sa, &sb, &out)) {
    say_sizes(S, a, b, &sa, &sb, span);
    return S->error;
  }
  const int lift = ta->lift || tb->lift ? 1 : 0, rank = sa.rank > sb.rank ? sa.rank : sb.rank;
  const NodeId in[2] = {fit(S, ta, rank, lift, a->span), fit(S, tb, rank, lift, b->span)};
  const char *why = NULL;
  const NodeId id = g_make(graph_now(S), op, 2, in, NULL, NULL, span, &why);
  if (id == NODE_NONE) say(S, DIAG_SHAPE, span, "%s", why != NULL ? why : "these values do not combine");
  return val_node(S, id, lift, span);
}

/* ---- operators ---------------------------------------------------------------------------- */

static OpId op_of(AstOp op, bool *swap) {
  *swap = op == AST_OP_GT || op == AST_OP_GE;
  switch (op) {
  case AST_OP_ADD: return OP_ADD;
  case AST_OP_SUB: return OP_SUB;
  case AST_OP_MUL: return OP_MUL;
  case AST_OP_DIV: return OP_DIV;
  case AST_OP_POW: return OP_POW;
  case AST_OP_EQ: return OP_EQ;
  case AST_OP_NE: return OP_NE;
  case AST_OP_LT:
  case AST_OP_GT: return OP_LT;
  case AST_OP_LE:
  case AST_OP_GE: return OP_LE;
  case AST_OP_AND: return OP_AND;
  case AST_OP_OR: return OP_OR;
  case AST_OP_PIPE:
  case AST_OP_NOT:
  case AST_OP_IN:
  case AST_OP_RANGE:
  case AST_OP_RANGE_TO:
  case AST_OP_PM:
  case AST_OP_NEG:
  case AST_OP_COUNT: break;
  }
  return OP_COUNT_OF;
}

static bool is_comparison(AstOp op) { return op >= AST_OP_EQ && op <= AST_OP_GE; }
static bool is_logic(AstOp op) { return op == AST_OP_AND || op == AST_OP_OR; }

static bool operand_fits(Sema *S, AstOp op, const Value *v) {
  if (val_is_error(v)) return false;
  if (v->kind == VAL_TEXT && !is_comparison(op)) {
    Diag *d = say(S, DIAG_TYPE, v->span, "`%s` combines numbers, but this is %s", ast_op_text[op],
                  val_describe(S, v));
    diag_help(d, "texts are for names, paths and reports: `text \"{name} = {value}\"`");
    return false;
  }
  if (v->kind == VAL_TUPLE) {
    Diag *d = say(S, DIAG_TYPE, v->span, "`%s` needs one value, but this is a tuple of %d", ast_op_text[op],
                  v->u.list.n);
    diag_help(d, "take it apart: `let a, b = ...`");
    return false;
  }
  return true;
}

/* x^2 is so common that it has an op of its own, whose derivatives are right at 0. */
static const Value *power(Sema *S, const Value *a, const Value *b, Span span) {
  if (val_is_number(b) && b->u.num == 2) return tensor_unary(S, OP_SQUARE, a, span);
  if (val_is_number(b) && b->u.num == 1) return a;
  if (val_is_number(b) && b->u.num == 0.5) return tensor_unary(S, OP_SQRT, a, span);
  return tensor_binary(S, OP_POW, "^", a, b, span);
}

static const Value *logic_static(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  if (op == AST_OP_AND) return val_bool(S, a->u.num != 0 && b->u.num != 0, span);
  return val_bool(S, a->u.num != 0 || b->u.num != 0, span);
}

static bool is_static(const Value *v) {
  return val_is_number(v) || v->kind == VAL_TEXT || v->kind == VAL_DURATION;
}

const Value *arith_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  if (!operand_fits(S, op, a) || !operand_fits(S, op, b)) return S->error;
  if (a->kind == VAL_OP || b->kind == VAL_OP) return op_binary(S, op, a, b, span);
  if (a->kind == VAL_BUNDLE || b->kind == VAL_BUNDLE) return bundle_binary(S, op, a, b, span);
  if (is_static(a) && is_static(b)) {
    if (is_logic(op)) return logic_static(S, op, a, b, span);
    return is_comparison(op) ? static_compare(S, op, a, b, span) : static_binary(S, op, a, b, span);
  }
  if (op == AST_OP_POW) return power(S, a, b, span);
  if (op == AST_OP_DIV && val_is_number(b) && b->u.num == 0) return by_zero(S, b);
  bool swap;
  const OpId id = op_of(op, &swap);
  return swap ? tensor_binary(S, id, ast_op_text[op], b, a, span)
              : tensor_binary(S, id, ast_op_text[op], a, b, span);
}

/* ---- x in a..b, x in a ± b, x in [a, b] ----------------------------------------------------- */

static const Value *in_list(Sema *S, const Value *x, const Value *set, Span span) {
  const Value *out = val_bool(S, false, span);
  for (int i = 0; i < set->u.list.n; i++) {
    const Value *item = set->u.list.at[i];
    if (item->kind == VAL_REAL || x->kind == VAL_REAL) {
      Diag *d = say(S, DIAG_TYPE, span, "membership in a list is for whole numbers, labels and texts");
      diag_help(d, "for real numbers write an interval: `x in a..=b` or `x in a ± b`");
      return S->error;
    }
    const Value *eq = arith_binary(S, AST_OP_EQ, x, item, span);
    if (val_is_error(eq)) return eq;
    out = i == 0 ? eq : arith_binary(S, AST_OP_OR, out, eq, span);
  }
  return out;
}

const Value *arith_in(Sema *S, const Value *x, const Value *set, Span span) {
  if (val_is_error(x) || val_is_error(set)) return S->error;
  if (set->kind == VAL_LIST) return in_list(S, x, set, span);
  const Value *lo, *hi;
  AstOp upper = AST_OP_LT;
  if (set->kind == VAL_RANGE) {
    lo = val_int(S, set->u.range.lo, set->span);
    hi = val_int(S, set->u.range.closed ? set->u.range.hi - 1 : set->u.range.hi, set->span);
    if (set->u.range.closed) upper = AST_OP_LE;
  } else if (set->kind == VAL_INTERVAL) {
    lo = set->u.interval.lo;
    hi = set->u.interval.hi;
    if (set->u.interval.hi_closed) upper = AST_OP_LE;
  } else {
    wrong_kind(S, set, "the right side of `in`", "an interval like `0..1`, `0.2 ± 0.03`, or a list");
    return S->error;
  }
  const Value *above = arith_binary(S, AST_OP_GE, x, lo, span), *below = arith_binary(S, upper, x, hi, span);
  if (val_is_error(above) || val_is_error(below)) return S->error;
  return arith_binary(S, AST_OP_AND, above, below, span);
}
