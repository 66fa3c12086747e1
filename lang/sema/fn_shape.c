/* Functions that change shapes, and those that look at whole tensors. */
#include "lang/sema/layers.h"
#include "lang/sema/rows.h"
#include <string.h>

const Tensor *arg_tensor(Sema *S, const Args *args, int i, const Builtin *self) {
  return want_tensor(S, args->v[i],
                     arena_printf(S->a, i == 0 ? "the argument of `%s`" : "an argument of `%s`", self->name));
}

const Value *val_made(Sema *S, NodeId id, int lift, const char *why, Span span) {
  if (id == NODE_NONE) say(S, DIAG_SHAPE, span, "%s", why != NULL ? why : "these shapes do not fit");
  return val_node(S, id, lift, span);
}

/* A matrix for each row times one that all rows share, or the other way round: (B^T A^T)^T. */
static const Value *matrix_for_rows(Sema *S, const Tensor *a, const Tensor *b, Span span) {
  Graph *g = graph_now(S);
  static const int turn[] = {1, 0}, turn_rows[] = {0, 2, 1};
  if (a->lift != 0)
    return val_node(S, times_matrix(S, a->node, g_transpose(g, b->node, turn, span), span), 1, span);
  const NodeId turned = g_transpose(g, b->node, turn_rows, span);
  return val_node(S, g_transpose(g, times_matrix(S, turned, a->node, span), turn_rows, span), 1, span);
}

static const Value *product(Sema *S, const Tensor *a, const Tensor *b, const Args *args) {
  const Shape sa = tensor_sample(a), sb = tensor_sample(b);
  if (sa.rank < 2 || sa.rank != sb.rank || !dim_equal(sa.d[sa.rank - 1], sb.d[sb.rank - 2])) {
    Diag *d = say(S, DIAG_SHAPE, args->span, "%s and %s do not multiply", sema_shape_text(S, &sa),
                  sema_shape_text(S, &sb));
    if (sa.rank != sb.rank || sa.rank < 2)
      diag_note(d, "both sides are matrices [rows, columns], or stacks of equally many, or one is a vector");
    else {
      label_origin(S, d, sa.d[sa.rank - 1]);
      label_origin(S, d, sb.d[sb.rank - 2]);
    }
    return S->error;
  }
  if (a->lift != b->lift && sa.rank == 2) return matrix_for_rows(S, a, b, args->span);
  const char *why = NULL;
  const Tensor *const both[2] = {a, b};
  NodeId in[2];
  int lift;
  if (!align_lift(S, 2, both, in, &lift, args->span)) return S->error;
  return val_made(S, g_make(graph_now(S), OP_MATMUL, 2, in, NULL, NULL, args->span, &why), lift, why,
                  args->span);
}

/* The tensor with axis `at` of its sample, of size 1, put in or taken away. */
static Tensor *with_axis(Sema *S, const Tensor *t, int at, bool put, Span span) {
  Shape to = {.rank = 0};
  for (int k = 0; k < t->shape.rank; k++) {
    if (put && k == at + t->lift) to.d[to.rank++] = dim_static(1);
    if (put || k != at + t->lift) to.d[to.rank++] = t->shape.d[k];
  }
  if (put && at + t->lift == t->shape.rank) to.d[to.rank++] = dim_static(1);
  return val_node(S, g_reshape(graph_now(S), t->node, &to, span), t->lift, span)->u.tensor;
}

/* A vector on the left is a row, on the right a column; the result lacks that axis. */
const Value *fn_matmul(Sema *S, Args *args, const Builtin *self) {
  const Tensor *a = arg_tensor(S, args, 0, self), *b = arg_tensor(S, args, 1, self);
  if (a == NULL || b == NULL) return S->error;
  const bool row = tensor_sample(a).rank == 1 && tensor_sample(b).rank == 2,
             column = tensor_sample(b).rank == 1 && tensor_sample(a).rank == 2;
  if (row) a = with_axis(S, a, 0, true, args->span);
  if (column) b = with_axis(S, b, 1, true, args->span);
  const Value *out = product(S, a, b, args);
  if (val_is_error(out) || (!row && !column)) return out;
  const Tensor *t = with_axis(S, out->u.tensor, row ? 0 : 1, false, args->span);
  return val_node(S, t->node, t->lift, args->span);
}

const Value *fn_transpose(Sema *S, Args *args, const Builtin *self) {
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL) return S->error;
  const Shape s = tensor_sample(t);
  int perm[SHAPE_MAX_RANK] = {0};
  for (int i = 0; i < s.rank + t->lift; i++) perm[i] = i;
  if (args->n_rest == 0 && s.rank >= 2) {
    perm[t->lift + s.rank - 1] = t->lift + s.rank - 2;
    perm[t->lift + s.rank - 2] = t->lift + s.rank - 1;
  } else if (args->n_rest != s.rank || s.rank < 2) {
    say(S, DIAG_RANKS, args->span,
        "`transpose` names every axis of %s once, or none to exchange the last two", sema_shape_text(S, &s));
    return S->error;
  }
  int64_t seen = 0;
  for (int i = 0; i < args->n_rest; i++) {
    int64_t k;
    if (!want_int(S, args->rest[i], "an axis", &k)) return S->error;
    if (k < 0 || k >= s.rank || (seen >> k & 1)) {
      say(S, DIAG_SHAPE, args->rest[i]->span, "the axes of %s are 0 to %d, each once", sema_shape_text(S, &s),
          s.rank - 1);
      return S->error;
    }
    seen |= (int64_t)1 << k;
    perm[t->lift + i] = t->lift + (int)k;
  }
  return val_node(S, g_transpose(graph_now(S), t->node, perm, args->span), t->lift, args->span);
}

/* Parts along axis 0, the number of rows of which is known only when run for one of them at least. */
static const Value *joined_rows(Sema *S, int n, const Tensor *const *t, Span span) {
  Graph *g = graph_now(S);
  NodeId all = t[0]->node;
  Rows rows = rows_of_dim(S, t[0]->shape.d[0]);
  for (int i = 1; i < n; i++) {
    const Rows more = rows_of_dim(S, t[i]->shape.d[0]);
    Shape to = t[i]->shape;
    if (!rows_add(&rows, &more, 1, &rows)) {
      say(S, DIAG_TOO_LARGE, span, "`concat` of rows with more than %d different numbers of them",
          ROWS_TERMS);
      return S->error;
    }
    to.d[0] = rows_dim(S, &rows);
    to.d[0].origin = origin_new(S, span, "`concat`", t[0]->shape.d[0].origin, t[i]->shape.d[0].origin);
    const NodeId in[2] = {all, t[i]->node};
    all = g_make(g, OP_JOIN_ROWS, 2, in, NULL, &to, span, NULL);
  }
  return val_node(S, all, 0, span);
}

static const Value *joined(Sema *S, const Value *v, int n, const Value *const *parts, int64_t axis,
                           Span span) {
  const Tensor **t = ARENA_ARRAY(S->a, const Tensor *, n + 1);
  for (int i = 0; i < n; i++)
    if ((t[i] = want_tensor(S, parts[i], "a part of `concat`")) == NULL) return S->error;
  const Shape first = tensor_sample(t[0]);
  if (axis < 0) axis += first.rank;
  if (axis < 0 || axis >= first.rank) {
    say(S, DIAG_SHAPE, v->span, "`concat` runs along an axis, and %s has no axis %lld",
        sema_shape_text(S, &first), (long long)axis);
    return S->error;
  }
  bool counted = false, lifted = false;
  for (int i = 0; i < n; i++) {
    const Shape s = tensor_sample(t[i]);
    bool fits = s.rank == first.rank;
    for (int k = 0; fits && k < s.rank; k++) fits = k == axis || dim_equal(s.d[k], first.d[k]);
    if (!fits) {
      Diag *d = say(S, DIAG_SHAPE, parts[i]->span,
                    "`concat` joins values that differ along axis %lld only: %s here, %s first",
                    (long long)axis, sema_shape_text(S, &s), sema_shape_text(S, &first));
      diag_label(d, parts[0]->span, "%s", sema_shape_text(S, &first));
      return S->error;
    }
    counted = counted || s.d[axis].count != 0;
    lifted = lifted || t[i]->lift != 0;
  }
  if (counted && axis == 0 && !lifted) return joined_rows(S, n, t, span);
  if (counted) return later_rows(S, span, "`concat` along an axis behind the first whose size is");
  NodeId *in = ARENA_ARRAY(S->a, NodeId, n + 1);
  int lift;
  if (!align_lift(S, n, t, in, &lift, span)) return S->error;
  return val_node(S, n == 1 ? in[0] : g_concat(graph_now(S), n, in, (int)axis + lift, span), lift, span);
}

const Value *fn_concat(Sema *S, Args *args, const Builtin *self) {
  int64_t axis = 0;
  int n = args->n_rest;
  const Value *const *parts = args->rest;
  (void)self;
  if (args->v[1] != NULL && !want_int(S, args->v[1], "the axis of `concat`", &axis)) return S->error;
  if (n == 1 && parts[0]->kind == VAL_LIST) parts = static_items(S, parts[0], "the list of `concat`", &n);
  if (parts == NULL || n == 0) {
    say(S, DIAG_ARGUMENTS, args->span, "`concat` needs at least one value");
    return S->error;
  }
  return joined(S, val_nothing(S, args->span), n, parts, axis, args->span);
}

const Value *fn_stack(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  const Value *list = args->n_rest == 1 && args->rest[0]->kind == VAL_LIST
                          ? args->rest[0]
                          : val_list(S, VAL_LIST, args->n_rest, args->rest, args->span);
  const Tensor *t = want_tensor(S, list, "what `stack` joins");
  return t != NULL ? val_node(S, t->node, t->lift, args->span) : S->error;
}

/* The product of static sizes, and how many counts. */
static int64_t volume(const Shape *s, int *counts) {
  *counts = 0;
  int64_t n = 1;
  for (int i = 0; i < s->rank; i++) {
    if (s->d[i].count != 0) (*counts)++;
    else if (__builtin_mul_overflow(n, s->d[i].n, &n)) return INT64_MAX;
  }
  return n;
}

#define HELP_ROWS "a number of rows known only when run stays a size of its own: `reshape(x, B, n)`"

static const Value *reshaped(Sema *S, const Tensor *t, const Shape *want, const Value *v, Span span) {
  const Shape have = tensor_sample(t);
  int c0, c1;
  const int64_t n0 = volume(&have, &c0), n1 = volume(want, &c1);
  Shape to = *want;
  if (t->lift) {
    if (want->rank + 1 > SHAPE_MAX_RANK) return too_many_axes(S, span, SHAPE_MAX_RANK - 1);
    to.rank = want->rank + 1;
    to.d[0] = t->shape.d[0];
    for (int i = 0; i < want->rank; i++) to.d[i + 1] = want->d[i];
  }
  const char *why = NULL;
  const NodeId id = g_make(graph_now(S), OP_RESHAPE, 1, &t->node, NULL, &to, span, &why);
  if (id != NODE_NONE) return val_node(S, id, t->lift, span);
  const char *to_text = sema_shape_text(S, want);
  Diag *d = c0 + c1 == 0 ? say(S, DIAG_SHAPE, span, "`reshape` to %s needs %lld values, but gets %lld",
                               to_text, (long long)n1, (long long)n0)
                         : say(S, DIAG_SHAPE, span, "`reshape` cannot make %s of %s", to_text,
                               sema_shape_text(S, &have));
  if (c0 + c1 > 0) diag_help(d, HELP_ROWS);
  if (v->span.begin != span.begin) diag_label(d, v->span, "%s", sema_shape_text(S, &have));
  for (int i = 0; i < have.rank; i++) label_origin(S, d, have.d[i]);
  return S->error;
}

/* Sizes may stand in one list or tuple. NULL after an error. */
static const Value *const *listed(Sema *S, const Value *const *v, const char *what, int *n) {
  const bool is_one = *n == 1 && (v[0]->kind == VAL_LIST || v[0]->kind == VAL_TUPLE);
  return is_one ? static_items(S, v[0], what, n) : v;
}

static bool sizes_of(Sema *S, int n, const Value *const *v, const char *what, Shape *out) {
  *out = shape_scalar();
  v = listed(S, v, what, &n);
  if (v == NULL) return false;
  if (n > SHAPE_MAX_RANK) {
    say(S, DIAG_RANKS, v[0]->span, "%d axes; at most %d are possible", n, SHAPE_MAX_RANK);
    return false;
  }
  for (int i = 0; i < n; i++)
    if (!want_dim(S, v[i], what, &out->d[i])) return false;
  out->rank = n;
  return true;
}

/* What the others leave for sizes[open]: a number, or the rows that are known only when run. NULL after an
 * error. */
static const Value *left_size(Sema *S, const Tensor *t, int n, const Value *const *sizes, int open) {
  const Shape s = tensor_sample(t);
  const Span span = sizes[open]->span;
  int counts;
  const int64_t all = volume(&s, &counts);
  int64_t others = 1;
  const bool is_static = counts == 0;
  for (int i = 0; i < n; i++) {
    if (i == open) continue;
    if (sizes[i]->kind == VAL_COUNT) counts--;
    else if (__builtin_mul_overflow(others, (int64_t)sizes[i]->u.num, &others)) others = INT64_MAX;
  }
  if (counts == 0 && all % others == 0) return val_int(S, all / others, span);
  for (int k = 0; counts == 1 && all == others && k < s.rank; k++)
    if (s.d[k].count != 0) return val_of_dim(S, s.d[k], span);
  Diag *d = say(S, DIAG_SHAPE, span, "the other sizes of `reshape` leave no size of %s for -1",
                sema_shape_text(S, &s));
  if (!is_static) diag_help(d, HELP_ROWS);
  return NULL;
}

/* The sizes with what the others leave in place of the one that is -1. NULL after an error; as they are where
 * one is no size, for sizes_of to say. */
static const Value *const *with_left_size(Sema *S, const Tensor *t, int n, const Value *const *sizes) {
  const Value **out = ARENA_ARRAY(S->a, const Value *, n + 1);
  int open = -1, n_open = 0;
  for (int i = 0; i < n; i++) {
    const bool is_int = sizes[i]->kind == VAL_INT, is_open = is_int && sizes[i]->u.num == -1;
    out[i] = sizes[i];
    if (is_open) open = i, n_open++;
    else if (sizes[i]->kind != VAL_COUNT && !(is_int && sizes[i]->u.num >= 1 && sizes[i]->u.num <= 1e12))
      return sizes;
  }
  if (n_open == 0) return sizes;
  if (n_open > 1) {
    say(S, DIAG_SHAPE, sizes[open]->span, "only one size of `reshape` may be -1");
    return NULL;
  }
  out[open] = left_size(S, t, n, sizes, open);
  return out[open] != NULL ? out : NULL;
}

const Value *fn_reshape(Sema *S, Args *args, const Builtin *self) {
  Shape want;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL) return S->error;
  int n = args->n_rest;
  const char *what = "a size of `reshape`";
  const Value *const *sizes = listed(S, args->rest, what, &n);
  if (sizes != NULL) sizes = with_left_size(S, t, n, sizes);
  if (sizes == NULL || !sizes_of(S, n, sizes, what, &want)) return S->error;
  return reshaped(S, t, &want, args->v[0], args->span);
}

const Value *fn_flatten(Sema *S, Args *args, const Builtin *self) {
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL) return S->error;
  const Shape s = tensor_sample(t);
  int counts;
  const int64_t n = volume(&s, &counts);
  if (counts > 0) {
    Diag *d = say(S, DIAG_SHAPE, args->span,
                  "`flatten` makes one axis of all, but %s has a number of rows known only when run",
                  sema_shape_text(S, &s));
    diag_help(d, "in a model `flatten` works on each sample; here write `reshape(x, B, n)`");
    return S->error;
  }
  Shape want = {.rank = 1};
  want.d[0] = dim_static(n);
  want.d[0].origin = origin_new(S, args->span, arena_printf(S->a, "`flatten` of %s", sema_shape_text(S, &s)),
                                s.rank > 0 ? s.d[0].origin : 0, 0);
  return reshaped(S, t, &want, args->v[0], args->span);
}

const Value *fn_lift(Sema *S, Args *args, const Builtin *self) {
  if (val_is_number(args->v[0])) return args->v[0];
  const Tensor *t = arg_tensor(S, args, 0, self);
  Shape like, s;
  ElemKind elem;
  if (t == NULL) return S->error;
  s = tensor_sample(t);
  if (!val_can_be_tensor(args->v[1]) || !val_shape(S, args->v[1], &like, &elem)) {
    wrong_kind(S, args->v[1], "`like` of `lift`", "a tensor");
    return S->error;
  }
  if (s.rank > like.rank) {
    say(S, DIAG_RANKS, args->span, "`lift` adds axes: %s has more than %s", sema_shape_text(S, &s),
        sema_shape_text(S, &like));
    return S->error;
  }
  if (s.rank == 0) return args->v[0];
  while (s.rank < like.rank) s.d[s.rank++] = dim_static(1);
  return reshaped(S, t, &s, args->v[0], args->span);
}

const Value *fn_fill(Sema *S, Args *args, const Builtin *self) {
  Shape s;
  double x;
  (void)self;
  if (!want_real(S, args->v[0], "the value of `fill`", &x) ||
      !sizes_of(S, args->n_rest, args->rest, "a size of `fill`", &s))
    return S->error;
  const Attr a = {.i = {args->v[0]->kind == VAL_INT    ? ELEM_LABEL
                        : args->v[0]->kind == VAL_BOOL ? ELEM_BOOL
                                                       : ELEM_REAL},
                  .f = {x}};
  return val_made(S, g_make(graph_now(S), OP_CONST, 0, NULL, &a, &s, args->span, NULL), 0, NULL, args->span);
}

const Value *fn_linspace(Sema *S, Args *args, const Builtin *self) {
  double a, b;
  int64_t n;
  (void)self;
  if (!want_real(S, args->v[0], "the start of `linspace`", &a) ||
      !want_real(S, args->v[1], "the end of `linspace`", &b) ||
      !want_int(S, args->v[2], "the number of points", &n))
    return S->error;
  if (n < 2 || n > 10000) {
    say(S, DIAG_SHAPE, args->v[2]->span, "`linspace` has 2 to 10000 points, not %lld", (long long)n);
    return S->error;
  }
  const Value **at = ARENA_ARRAY(S->a, const Value *, (int)n);
  for (int i = 0; i < n; i++) at[i] = val_real(S, a + (b - a) * (double)i / (double)(n - 1), args->span);
  return val_list(S, VAL_LIST, (int)n, at, args->span);
}

const Value *fn_w1(Sema *S, Args *args, const Builtin *self) {
  const Tensor *a = arg_tensor(S, args, 0, self), *b = arg_tensor(S, args, 1, self);
  if (a == NULL || b == NULL) return S->error;
  if (a->lift != 0 || b->lift != 0) return later(S, args->span, "`%s` in a model", self->name);
  const NodeId in[2] = {a->node, b->node};
  const char *why = NULL;
  return val_made(S, g_make(graph_now(S), (OpId)self->op, 2, in, NULL, NULL, args->span, &why), 0, why,
                  args->span);
}

const Value *fn_rows(Sema *S, Args *args, const Builtin *self) {
  const Value *x = args->v[0];
  Shape s;
  ElemKind elem;
  (void)self;
  if (x->kind == VAL_DATASET) return dataset_rows(S, x, args->span);
  if (x->kind == VAL_GROUPS) return groups_count(S, x, args->span);
  if (val_can_be_tensor(x) && val_shape(S, x, &s, &elem) && s.rank > 0)
    return val_of_dim(S, s.d[0], args->span);
  wrong_kind(S, x, "the argument of `rows`", "a dataset or a tensor with rows");
  return S->error;
}
