/* Sums, means and their kin over all axes, over `axis`, or over all but `keep`. In a circuit or
 * model axis 0 is the sample's; the hidden row axis is never reduced. */
#include "lang/sema/builtins.h"
#include <string.h>

bool axis_mask(Sema *S, const Value *v, const Shape *s, int64_t *mask) {
  int64_t k;
  if (v->kind == VAL_LIST || v->kind == VAL_TUPLE) {
    for (int i = 0; i < v->u.list.n; i++)
      if (!axis_mask(S, v->u.list.at[i], s, mask)) return false;
    return true;
  }
  if (!want_int(S, v, "an axis", &k)) return false;
  const int64_t given = k;
  if (k < 0) k += s->rank;
  if (k < 0 || k >= s->rank) {
    Diag *d = say(S, DIAG_SHAPE, v->span, "there is no axis %lld: the value is %s", (long long)given,
                  sema_shape_text(S, s));
    if (s->rank > 0) diag_mark(d, "0 to %d", s->rank - 1);
    return false;
  }
  *mask |= (int64_t)1 << k;
  return true;
}

bool axes_of(Sema *S, const Tensor *t, const Value *axis, const Value *keep, int64_t *out) {
  const Shape s = tensor_sample(t);
  const int64_t every = ((int64_t)1 << s.rank) - 1;
  int64_t mask = 0;
  if (axis != NULL && keep != NULL) {
    say(S, DIAG_ARGUMENTS, keep->span,
        "`axis` names the axes that go, `keep` those that stay: only one of them is given");
    return false;
  }
  if (axis != NULL && !axis_mask(S, axis, &s, &mask)) return false;
  if (keep != NULL) {
    if (!axis_mask(S, keep, &s, &mask)) return false;
    mask = every & ~mask;
  }
  if (axis == NULL && keep == NULL) mask = every;
  *out = mask << t->lift;
  return true;
}

static const Tensor *reduced(Sema *S, Args *args, const Builtin *self, int axis_at, int64_t *mask) {
  const Tensor *t = want_tensor(S, args->v[0], arena_printf(S->a, "the argument of `%s`", self->name));
  if (t == NULL || !axes_of(S, t, args->v[axis_at], args->v[axis_at + 1], mask)) return NULL;
  return t;
}

/* A list of numbers that are all known, so that the result is known too. */
static bool all_numbers(Sema *S, const Value *v, const Value *const **items, int *n) {
  if (v->kind != VAL_LIST && v->kind != VAL_RANGE) return false;
  *items = static_items(S, v, "a list", n);
  if (*items == NULL || *n == 0) return false;
  for (int i = 0; i < *n; i++)
    if (!val_is_number((*items)[i])) return false;
  return true;
}

static const Value *fold(Sema *S, AstOp op, const Value *const *items, int n, Span span) {
  const Value *out = items[0];
  for (int i = 1; i < n && !val_is_error(out); i++) out = static_binary(S, op, out, items[i], span);
  return out;
}

const Value *fn_sum(Sema *S, Args *args, const Builtin *self) {
  const Value *const *items;
  int n;
  const Value *x = args->v[0];
  if (x->kind == VAL_GROUPS && args->v[1] == NULL && args->v[2] == NULL) return groups_sum(S, x, args->span);
  if (x->kind == VAL_LIST && x->u.list.n > 0 && x->u.list.at[0]->kind == VAL_OP)
    return op_sum(S, x, args->span);
  if (args->v[1] == NULL && args->v[2] == NULL && all_numbers(S, x, &items, &n))
    return fold(S, AST_OP_ADD, items, n, args->span);
  if (x->kind == VAL_LIST && x->u.list.n > 0 && x->u.list.at[0]->kind == VAL_BUNDLE) {
    const Value *out = x->u.list.at[0];
    for (int i = 1; i < x->u.list.n; i++) out = arith_binary(S, AST_OP_ADD, out, x->u.list.at[i], args->span);
    return out;
  }
  int64_t mask;
  const Tensor *t = reduced(S, args, self, 1, &mask);
  if (t == NULL) return S->error;
  return val_node(S, g_sum(graph_now(S), t->node, mask, false, args->span), t->lift, args->span);
}

const Value *fn_mean(Sema *S, Args *args, const Builtin *self) {
  int64_t mask;
  const Tensor *t = reduced(S, args, self, 1, &mask);
  if (t == NULL) return S->error;
  return val_node(S, g_mean(graph_now(S), t->node, mask, false, args->span), t->lift, args->span);
}

static const Value *extreme_static(Sema *S, bool largest, const Value *const *items, int n, Span span) {
  const Value *out = items[0];
  for (int i = 1; i < n; i++)
    if (largest ? items[i]->u.num > out->u.num : items[i]->u.num < out->u.num) out = items[i];
  return val_at(S, out, span);
}

static const Value *reduce(Sema *S, OpId op, const Tensor *t, int64_t mask, Span span) {
  const Attr a = {.i = {mask, 0}};
  if (mask == 0) return val_node(S, t->node, t->lift, span);
  return val_node(S, g_make(graph_now(S), op, 1, &t->node, &a, NULL, span, NULL), t->lift, span);
}

const Value *fn_extreme(Sema *S, Args *args, const Builtin *self) {
  const bool largest = self->op != 0;
  const Value *const *items;
  int n;
  if (args->v[1] != NULL) {
    if (args->v[2] != NULL || args->v[3] != NULL) {
      say(S, DIAG_ARGUMENTS, args->span, "`%s` of two values is elementwise and has no `axis` or `keep`",
          self->name);
      return S->error;
    }
    if (val_is_number(args->v[0]) && val_is_number(args->v[1]))
      return extreme_static(S, largest, args->v, 2, args->span);
    if (args->v[0]->kind == VAL_BUNDLE || args->v[1]->kind == VAL_BUNDLE)
      return bundle_apply(S, largest ? OP_MAXIMUM : OP_MINIMUM, args->v[0], args->v[1], args->span);
    return tensor_binary(S, largest ? OP_MAXIMUM : OP_MINIMUM, self->name, args->v[0], args->v[1],
                         args->span);
  }
  if (args->v[2] == NULL && args->v[3] == NULL && all_numbers(S, args->v[0], &items, &n))
    return extreme_static(S, largest, items, n, args->span);
  int64_t mask;
  const Tensor *t = reduced(S, args, self, 2, &mask);
  if (t == NULL) return S->error;
  return reduce(S, largest ? OP_REDUCE_MAX : OP_REDUCE_MIN, t, mask, args->span);
}

/* Operators are measured; of them `variance` is a measurement. */
static bool holds_operators(const Value *v) {
  return v->kind == VAL_OP || (v->kind == VAL_LIST && v->u.list.n > 0 && holds_operators(v->u.list.at[0]));
}

const Value *fn_variance(Sema *S, Args *args, const Builtin *self) {
  if (self->op == 0 && holds_operators(args->v[0])) {
    for (int i = 1; i < 4; i++)
      if (args->v[i] != NULL) {
        say(S, DIAG_ARGUMENTS, args->v[i]->span,
            "the variance of an operator has no `axis`, `keep` or `ddof`");
        return S->error;
      }
    return op_variance(S, args, args->v[4]);
  }
  if (self->op == 0 && args->v[4] != NULL) {
    say(S, DIAG_ARGUMENTS, args->v[4]->span, "`shots` is for measurements: `variance(Z(q), shots = 1000)`");
    return S->error;
  }
  int64_t mask, ddof = 1;
  const Tensor *t = reduced(S, args, self, 1, &mask);
  if (t == NULL) return S->error;
  if (args->v[3] != NULL && !want_int(S, args->v[3], "`ddof`", &ddof)) return S->error;
  int64_t least = 1;
  for (int i = 0; i < t->shape.rank; i++)
    if (mask >> i & 1) least *= t->shape.d[i].count != 0 ? ddof + 1 : t->shape.d[i].n;
  if (least <= ddof) {
    Diag *d = say(S, DIAG_SHAPE, args->v[0]->span, "`%s` divides by n - %lld, but n is %lld here", self->name,
                  (long long)ddof, (long long)least);
    diag_help(d, "`ddof = 0` divides by n");
    return S->error;
  }
  Graph *g = graph_now(S);
  const Span at = args->span;
  const NodeId off = g_binary(g, OP_SUB, t->node, g_mean(g, t->node, mask, true, at), at);
  const NodeId sum = g_sum(g, g_unary(g, OP_SQUARE, off, at), mask, false, at);
  const NodeId n = g_binary(g, OP_SUB, g_size_of(g, t->node, mask, at), g_scalar(g, (double)ddof, at), at);
  const NodeId v = g_binary(g, OP_DIV, sum, n, at);
  return val_node(S, self->op != 0 ? g_unary(g, OP_SQRT, v, at) : v, t->lift, at);
}

/* Standard error of the mean: the standard deviation over the root of n. */
const Value *fn_sem(Sema *S, Args *args, const Builtin *self) {
  int64_t mask;
  const Builtin deviation = {.name = self->name, .op = 1};
  const Value *std = fn_variance(S, args, &deviation);
  const Tensor *t = want_tensor(S, args->v[0], "the argument of `sem`");
  if (val_is_error(std) || t == NULL || !axes_of(S, t, args->v[1], args->v[2], &mask)) return S->error;
  Graph *g = graph_now(S);
  const NodeId root = g_unary(g, OP_SQRT, g_size_of(g, t->node, mask, args->span), args->span);
  return val_node(S, g_binary(g, OP_DIV, std->u.tensor->node, root, args->span), t->lift, args->span);
}

const Value *fn_norm(Sema *S, Args *args, const Builtin *self) {
  if (args->v[0]->kind == VAL_BUNDLE) return bundle_norm(S, args->v[0], args->span);
  int64_t mask;
  const Tensor *t = reduced(S, args, self, 1, &mask);
  if (t == NULL) return S->error;
  Graph *g = graph_now(S);
  const NodeId sum = g_sum(g, g_unary(g, OP_SQUARE, t->node, args->span), mask, false, args->span);
  return val_node(S, g_unary(g, OP_SQRT, sum, args->span), t->lift, args->span);
}

static const Value *quantor(Sema *S, Args *args, const Builtin *self, bool all) {
  int64_t mask;
  const Value *x = args->v[0];
  if (x->kind == VAL_BOOL) return x;
  const Tensor *t = reduced(S, args, self, 1, &mask);
  if (t == NULL) return S->error;
  if (t->elem != ELEM_BOOL) {
    Diag *d = wrong_kind(S, x, arena_printf(S->a, "the argument of `%s`", self->name),
                         "true or false for each element");
    if (d != NULL) diag_help(d, "compare first: `%s(%s > 0)`", self->name, src_of_span(S, x->span));
    return S->error;
  }
  return reduce(S, all ? OP_REDUCE_MIN : OP_REDUCE_MAX, t, mask, args->span);
}

/* The share of elements that are true. */
const Value *fn_fraction(Sema *S, Args *args, const Builtin *self) {
  int64_t mask;
  const Tensor *t = reduced(S, args, self, 1, &mask);
  if (t == NULL) return S->error;
  if (t->elem != ELEM_BOOL) {
    Diag *d = wrong_kind(S, args->v[0], "the argument of `fraction`", "true or false for each element");
    if (d != NULL) diag_help(d, "compare first: `fraction(%s > 0)`", src_of_span(S, args->v[0]->span));
    return S->error;
  }
  return val_node(S, g_mean(graph_now(S), t->node, mask, false, args->span), t->lift, args->span);
}

const Value *fn_any(Sema *S, Args *args, const Builtin *self) { return quantor(S, args, self, false); }
const Value *fn_all(Sema *S, Args *args, const Builtin *self) { return quantor(S, args, self, true); }

const Value *fn_argmax(Sema *S, Args *args, const Builtin *self) {
  const Tensor *t = want_tensor(S, args->v[0], arena_printf(S->a, "the argument of `%s`", self->name));
  if (t == NULL) return S->error;
  const Shape s = tensor_sample(t);
  int64_t mask = 0;
  if (s.rank == 0) {
    say(S, DIAG_RANKS, args->v[0]->span, "`%s` runs along an axis, but this is one number", self->name);
    return S->error;
  }
  if (args->v[1] == NULL) mask = (int64_t)1 << (s.rank - 1);
  else if (!axis_mask(S, args->v[1], &s, &mask)) return S->error;
  int axis = 0;
  while (mask != 0 && !(mask >> axis & 1)) axis++;
  if (mask != (int64_t)1 << axis) {
    say(S, DIAG_ARGUMENTS, args->v[1]->span, "`%s` runs along one axis", self->name);
    return S->error;
  }
  Graph *g = graph_now(S);
  const NodeId x = self->op != 0 ? g_unary(g, OP_NEG, t->node, args->span) : t->node;
  const Attr a = {.i = {axis + t->lift}};
  return val_node(S, g_make(g, OP_ARGMAX, 1, &x, &a, NULL, args->span, NULL), t->lift, args->span);
}

/* Predictions [B, 1], of which the largest is always number 0. */
static bool one_number_a_row(Sema *S, const Value *v) {
  if (v->kind != VAL_TENSOR) return false;
  const Shape s = tensor_sample(v->u.tensor);
  if (s.rank < 1 || !dim_is_one(s.d[s.rank - 1])) return false;
  Diag *d = say(
      S, DIAG_SHAPE, v->span,
      "`accuracy` takes a number for each class, but this is %s: the largest of one number is always number 0",
      sema_shape_text(S, &s));
  diag_help(d, "with the probability of class 1: `mean((C(x)[:, 0] > 0.5) == y)`");
  return true;
}

const Value *fn_accuracy(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (!judge_on_data(S, args, true)) return S->error;
  if (args->n_pos >= 2) args->v[0] = args->pos[0], args->v[1] = args->pos[1];
  if (one_number_a_row(S, args->v[0])) return S->error;
  Args inner = {.span = args->span, .name_span = args->name_span, .name = "argmax", .v = {args->v[0]}};
  const Builtin arg = {"argmax", BI_FN, fn_argmax, "", 0, ""};
  const Value *label = fn_argmax(S, &inner, &arg);
  if (val_is_error(label)) return label;
  const Value *hit = tensor_binary(S, OP_EQ, "==", label, args->v[1], args->span);
  if (val_is_error(hit)) return hit;
  const Tensor *t = hit->u.tensor;
  const int64_t every = (((int64_t)1 << (t->shape.rank - t->lift)) - 1) << t->lift;
  return val_node(S, g_mean(graph_now(S), t->node, every, false, args->span), t->lift, args->span);
}
