/* Functions that run along axes: softmax and its kin, running sums, quantiles, and those that repeat,
 * surround or part a tensor along one. Axes are those of the sample; negative ones count from the end. */
#include "lang/sema/layers.h"
#include <string.h>

/* The one axis of the node that `v` names; NULL: axis `fallback` of the sample (from the end if negative). */
static bool one_axis(Sema *S, const Value *v, const Tensor *t, int fallback, const Args *args, int *axis) {
  const Shape s = tensor_sample(t);
  int64_t mask = 0;
  if (s.rank == 0) {
    say(S, DIAG_RANKS, args->v[0]->span, "`%s` runs along an axis, but this is one number", args->name);
    return false;
  }
  if (v == NULL) {
    *axis = (fallback < 0 ? s.rank + fallback : fallback) + t->lift;
    return true;
  }
  if (!axis_mask(S, v, &s, &mask)) return false;
  int k = 0;
  while (mask != 0 && !(mask >> k & 1)) k++;
  if (mask != (int64_t)1 << k) {
    say(S, DIAG_ARGUMENTS, v->span, "`%s` runs along one axis", args->name);
    return false;
  }
  *axis = k + t->lift;
  return true;
}

/* An axis whose size is known now. */
static bool fixed_axis(Sema *S, const Args *args, const Tensor *t, int axis) {
  if (t->shape.d[axis].count == 0) return true;
  const bool columns = axis == 0 && t->shape.rank > 1 && strcmp(args->name, "split") == 0;
  later_rows(S, args->span,
             columns ? "`split` along axis 0 (rows; `axis = 1` are columns), whose size is"
                     : arena_printf(S->a, "`%s` along an axis whose size is", args->name));
  return false;
}

/* SOFTMAX, LOG_SOFTMAX, CUMSUM, FLIP. */
const Value *fn_along(Sema *S, Args *args, const Builtin *self) {
  int axis;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !one_axis(S, args->v[1], t, -1, args, &axis)) return S->error;
  const char *why = NULL;
  return val_made(S, g_along(graph_now(S), (OpId)self->op, t->node, axis, args->span, &why), t->lift, why,
                  args->span);
}

/* Over several axes one after the other: the logarithm of a sum of sums. */
const Value *fn_logsumexp(Sema *S, Args *args, const Builtin *self) {
  int64_t mask;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !axes_of(S, t, args->v[1], args->v[2], &mask)) return S->error;
  NodeId x = t->node;
  for (int k = t->shape.rank - 1; k >= 0; k--)
    if (mask >> k & 1) x = g_along(graph_now(S), OP_LOGSUMEXP, x, k, args->span, NULL);
  return val_node(S, x, t->lift, args->span);
}

/* ones for the first `by` positions, then x without its last ones */
static NodeId shifted(Graph *g, NodeId x, int axis, int64_t by, Span span) {
  Shape head = g_node(g, x)->shape;
  const int64_t n = head.d[axis].n;
  head.d[axis] = dim_static(by);
  const NodeId rest = g_slice(g, x, axis, 0, n - by, span), one = g_scalar(g, 1, span);
  const NodeId parts[2] = {g_stretch(g, one, &head, span), rest};
  return g_concat(g, 2, parts, axis, span);
}

/* Running product in log2(n) rounds (Hillis and Steele 1986): right for zeros and negative numbers too. */
const Value *fn_cumprod(Sema *S, Args *args, const Builtin *self) {
  int axis;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !one_axis(S, args->v[1], t, -1, args, &axis) || !fixed_axis(S, args, t, axis))
    return S->error;
  Graph *g = graph_now(S);
  NodeId x = t->node;
  for (int64_t by = 1; by < t->shape.d[axis].n; by *= 2)
    x = g_binary(g, OP_MUL, x, shifted(g, x, axis, by, args->span), args->span);
  return val_node(S, x, t->lift, args->span);
}

/* ---- quantiles -------------------------------------------------------------------------------- */

/* All axes of the sample as one, in *axis; NODE_NONE after an error. */
static NodeId one_list(Sema *S, const Args *args, const Tensor *t, int *axis) {
  const Shape s = tensor_sample(t);
  Shape to = {.rank = 1 + t->lift};
  Dim all = dim_static(1);
  bool fits = true;
  if (t->lift) to.d[0] = t->shape.d[0];
  for (int k = 0; k < s.rank; k++) {
    if (dim_is_one(s.d[k])) continue;
    if (all.count != 0 || (s.d[k].count != 0 && !dim_is_one(all))) fits = false;
    if (dim_is_one(all)) all = s.d[k];
    else all.n *= s.d[k].n;
  }
  if (!fits) {
    Diag *d = say(S, DIAG_SHAPE, args->span,
                  "`%s` of %s cannot take all of it: its number of rows is known only when run", args->name,
                  sema_shape_text(S, &s));
    diag_help(d, "name the axis: `axis = 0`");
    return NODE_NONE;
  }
  *axis = t->lift;
  to.d[t->lift] = all;
  return g_reshape(graph_now(S), t->node, &to, args->span);
}

const Value *fn_quantile(Sema *S, Args *args, const Builtin *self) {
  const bool median = self->op != 0;
  double q = 0.5;
  int axis;
  const Value *where = args->v[median ? 1 : 2];
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || (!median && !layer_real(S, args->v[1], "a quantile", 0, 1, &q))) return S->error;
  NodeId x = t->node;
  if (where == NULL) x = one_list(S, args, t, &axis);
  else if (!one_axis(S, where, t, 0, args, &axis)) return S->error;
  if (x == NODE_NONE) return S->error;
  const char *why = NULL;
  return val_made(S, g_quantile(graph_now(S), x, axis, q, args->span, &why), t->lift, why, args->span);
}

/* ---- repeating, surrounding, parting ------------------------------------------------------------ */

const Value *fn_tile(Sema *S, Args *args, const Builtin *self) {
  int64_t times;
  int axis;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !layer_size(S, args->v[1], "how often `tile` repeats", 1, &times) ||
      !one_axis(S, args->v[2], t, 0, args, &axis) || !fixed_axis(S, args, t, axis))
    return S->error;
  const char *why = NULL;
  return val_made(S, g_tile(graph_now(S), t->node, axis, times, args->span, &why), t->lift, why, args->span);
}

/* Zeros before and behind along the last axis, or along each of those named. */
const Value *fn_pad(Sema *S, Args *args, const Builtin *self) {
  int64_t before = 0, after, mask = 0;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !layer_size(S, args->v[1], "the number of zeros of `pad`", 0, &before)) return S->error;
  after = before;
  if (!layer_size(S, args->v[2], "the number of zeros of `pad`", 0, &after)) return S->error;
  const Shape s = tensor_sample(t);
  if (s.rank == 0) {
    say(S, DIAG_RANKS, args->v[0]->span, "`pad` runs along an axis, but this is one number");
    return S->error;
  }
  if (args->v[3] == NULL) mask = (int64_t)1 << (s.rank - 1);
  else if (!axis_mask(S, args->v[3], &s, &mask)) return S->error;
  NodeId x = t->node;
  for (int k = 0; k < s.rank; k++) {
    if (!(mask >> k & 1)) continue;
    if (!fixed_axis(S, args, t, k + t->lift)) return S->error;
    x = g_pad(graph_now(S), x, k + t->lift, before, before + s.d[k].n + after, args->span);
  }
  return val_node(S, x, t->lift, args->span);
}

/* The sizes of the parts: of equal ones by their number, or as listed. */
static const int64_t *part_sizes(Sema *S, const Args *args, int64_t size, int *n) {
  const Value *v = args->v[1];
  int64_t parts = 0, total = 0;
  if (v->kind != VAL_LIST && v->kind != VAL_TUPLE) {
    if (!layer_size(S, v, "the number of parts of `split`", 1, &parts)) return NULL;
    if (parts > size || size % parts != 0) {
      Diag *d = say(S, DIAG_SHAPE, v->span, "%lld does not part into %lld equal parts", (long long)size,
                    (long long)parts);
      diag_help(d, "name the sizes: `split(x, [2, 3])`");
      return NULL;
    }
  }
  *n = parts > 0 ? (int)parts : v->u.list.n;
  int64_t *out = ARENA_ARRAY(S->a, int64_t, *n + 1);
  for (int i = 0; i < *n; i++) {
    out[i] = parts > 0 ? size / parts : 0;
    if (parts == 0 && !layer_size(S, v->u.list.at[i], "the size of a part of `split`", 1, &out[i]))
      return NULL;
    total += out[i];
  }
  if (total == size) return out;
  say(S, DIAG_SHAPE, v->span, "the parts of `split` have %lld elements together, but there are %lld",
      (long long)total, (long long)size);
  return NULL;
}

/* A list of parts, along axis 0 or the one named. */
const Value *fn_parts(Sema *S, Args *args, const Builtin *self) {
  int axis, n;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !one_axis(S, args->v[3], t, 0, args, &axis) || !fixed_axis(S, args, t, axis))
    return S->error;
  if (args->v[2] != NULL) {
    say(S, DIAG_ARGUMENTS, args->v[2]->span, "`by` parts the rows of a dataset, not a tensor");
    return S->error;
  }
  const int64_t *sizes = part_sizes(S, args, t->shape.d[axis].n, &n);
  if (sizes == NULL) return S->error;
  const Value **at = ARENA_ARRAY(S->a, const Value *, n + 1);
  int64_t from = 0;
  for (int i = 0; i < n; from += sizes[i++])
    at[i] =
        val_node(S, g_slice(graph_now(S), t->node, axis, from, sizes[i], args->span), t->lift, args->span);
  return val_list(S, VAL_LIST, n, at, args->span);
}

/* ---- extrapolation ------------------------------------------------------------------------------------ */

/* The polynomial of the degree that fits y at x, taken at `at`, is the sum of w[i] y[i]: by polynomials
 * that are orthogonal over the points (Forsythe 1957), which stays accurate where powers do not. */
static void fit_weights(int n, const double *x, double at, int degree, double *room, double *w) {
  double *before = room, *now = room + n, before_at = 0, now_at = 1, norm_before = 1;
  for (int i = 0; i < n; i++) before[i] = 0, now[i] = 1, w[i] = 0;
  for (int j = 0; j <= degree; j++) {
    double norm = 0, shift = 0;
    for (int i = 0; i < n; i++) norm += now[i] * now[i], shift += x[i] * now[i] * now[i];
    for (int i = 0; i < n; i++) w[i] += now[i] * now_at / norm;
    const double a = shift / norm, b = j > 0 ? norm / norm_before : 0;
    for (int i = 0; i < n; i++) {
      const double next = (x[i] - a) * now[i] - b * before[i];
      before[i] = now[i], now[i] = next;
    }
    const double next_at = (at - a) * now_at - b * before_at;
    before_at = now_at, now_at = next_at, norm_before = norm;
  }
}

/* The numbers x, all different; NULL after an error. */
static double *fit_points(Sema *S, const Value *v, int *n) {
  const Value *const *items = static_items(S, v, "the first argument of `extrapolate`", n);
  if (items == NULL) return NULL;
  double *x = ARENA_ARRAY(S->a, double, *n + 1);
  for (int i = 0; i < *n; i++) {
    if (!want_real(S, items[i], "a point of `extrapolate`", &x[i])) return NULL;
    for (int k = 0; k < i; k++)
      if (x[k] == x[i]) {
        say(S, DIAG_TYPE, items[i]->span, "the points of `extrapolate` are different, but %s stands twice",
            num_text(S, x[i]));
        return NULL;
      }
  }
  return x;
}

const Value *fn_extrapolate(Sema *S, Args *args, const Builtin *self) {
  double at = 0;
  int n;
  const double *x = fit_points(S, args->v[0], &n);
  const Tensor *y = x != NULL ? arg_tensor(S, args, 1, self) : NULL;
  int64_t degree = n - 1;
  if (y == NULL || (args->v[2] != NULL && !want_real(S, args->v[2], "`at` of `extrapolate`", &at)) ||
      (args->v[3] != NULL && !want_int(S, args->v[3], "`degree` of `extrapolate`", &degree)))
    return S->error;
  const Shape s = tensor_sample(y);
  if (s.rank < 1 || s.d[0].count != 0 || s.d[0].n != n) {
    say(S, DIAG_SHAPE, args->v[1]->span, "`extrapolate` takes a value for each of its %d points, but gets %s",
        n, sema_shape_text(S, &s));
    return S->error;
  }
  if (degree < 0 || degree >= n) {
    say(S, DIAG_TYPE, args->v[3]->span, "%d points determine a degree of 0 to %d, but this is %lld", n, n - 1,
        (long long)degree);
    return S->error;
  }
  double *w = ARENA_ARRAY(S->a, double, 3 * n + 1);
  fit_weights(n, x, at, (int)degree, w + n, w);
  Graph *g = graph_now(S);
  NodeId sum = NODE_NONE;
  for (int i = 0; i < n; i++) {
    const NodeId part = g_slice(g, y->node, y->lift, i, 1, args->span);
    const NodeId term = g_binary(g, OP_MUL, part, g_scalar(g, w[i], args->span), args->span);
    sum = i > 0 ? g_binary(g, OP_ADD, sum, term, args->span) : term;
  }
  return val_node(S, g_sum(g, sum, (int64_t)1 << y->lift, false, args->span), y->lift, args->span);
}
