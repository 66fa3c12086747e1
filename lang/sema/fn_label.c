/* Functions of labels: picking by them, counting them, making them. */
#include "lang/sema/layers.h"
#include <math.h>
#include <string.h>

bool want_labels(Sema *S, const Value *v, const Tensor *t, const char *name) {
  if (t->elem != ELEM_REAL || v->kind != VAL_TENSOR) return true;
  Diag *d = say(S, DIAG_TYPE, v->span, "`%s` takes labels or whole numbers, but this is real", name);
  diag_help(d, "`round(...)` makes whole numbers");
  return false;
}

/* x with axis `axis` moved to the end, or (back) from there to it. */
static NodeId axis_last(Graph *g, NodeId x, int axis, bool back, Span span) {
  const int rank = g_node(g, x)->shape.rank;
  int perm[SHAPE_MAX_RANK], n = 0;
  for (int k = 0; k < rank; k++)
    if (k != axis) perm[n++] = k;
  perm[n] = axis;
  if (!back) return g_transpose(g, x, perm, span);
  int inverse[SHAPE_MAX_RANK];
  for (int k = 0; k < rank; k++) inverse[perm[k]] = k;
  return g_transpose(g, x, inverse, span);
}

static bool which_axis(Sema *S, const Value *v, const Shape *s, int *axis) {
  int64_t mask = 0;
  if (!axis_mask(S, v, s, &mask)) return false;
  for (*axis = 0; mask != 0 && !(mask >> *axis & 1);) (*axis)++;
  if (mask == (int64_t)1 << *axis) return true;
  say(S, DIAG_ARGUMENTS, v->span, "one axis is wanted");
  return false;
}

/* ---- picking ------------------------------------------------------------------------------------- */

/* One element along the axis for each position of the others: labels are shaped like x without it. */
static const Value *gather_along(Sema *S, Args *args, const Tensor *t, const Tensor *labels) {
  const Shape s = tensor_sample(t), l = tensor_sample(labels);
  int axis;
  if (!which_axis(S, args->v[2], &s, &axis)) return S->error;
  bool fits = l.rank == s.rank - 1;
  for (int k = 0; fits && k < l.rank; k++) fits = dim_equal(l.d[k], s.d[k < axis ? k : k + 1]);
  if (!fits || s.d[axis].count != 0) {
    Diag *d = say(S, DIAG_SHAPE, args->span,
                  "`gather` along axis %d of %s takes a label for each other position, but gets %s", axis,
                  sema_shape_text(S, &s), sema_shape_text(S, &l));
    diag_help(d, "without `axis` it picks rows");
    return S->error;
  }
  NodeId in[2];
  int lift;
  const Tensor *const both[2] = {t, labels};
  if (!align_lift(S, 2, both, in, &lift, args->span)) return S->error;
  Graph *g = graph_now(S);
  const Attr classes = {.i = {s.d[axis].n}};
  const NodeId x = axis_last(g, in[0], axis + lift, false, args->span);
  const NodeId hot = g_make(g, OP_ONEHOT, 1, &in[1], &classes, NULL, args->span, NULL);
  /* hot is 1, 0, or NaN for what is no label: that must not pick */
  const NodeId here = g_binary(g, OP_LT, g_scalar(g, 0, args->span), hot, args->span);
  const NodeId parts[3] = {here, x, hot};
  const NodeId picked = g_make(g, OP_SELECT, 3, parts, NULL, NULL, args->span, NULL);
  const int64_t last = (int64_t)1 << (g_node(g, x)->shape.rank - 1);
  return val_node(S, g_sum(g, picked, last, false, args->span), lift, args->span);
}

const Value *fn_gather(Sema *S, Args *args, const Builtin *self) {
  const Tensor *t = arg_tensor(S, args, 0, self), *i = arg_tensor(S, args, 1, self);
  if (t == NULL || i == NULL || !want_labels(S, args->v[1], i, "gather")) return S->error;
  if (args->v[2] != NULL) return gather_along(S, args, t, i);
  if (t->lift != 0) return later(S, args->span, "`gather` from a value of each row");
  const char *why = NULL;
  if (tensor_sample(t).rank == 0) {
    say(S, DIAG_SHAPE, args->v[0]->span, "`gather` picks rows, but this is one number");
    return S->error;
  }
  const NodeId in[2] = {t->node, i->node};
  return val_made(S, g_make(graph_now(S), OP_GATHER, 2, in, NULL, NULL, args->span, &why), i->lift, why,
                  args->span);
}

const Value *fn_onehot(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !want_labels(S, args->v[0], t, "onehot") ||
      !layer_size(S, args->v[1], "the number of classes", 1, &n))
    return S->error;
  const Value *x = args->v[0];
  if (val_is_number(x) && (x->u.num < 0 || x->u.num >= (double)n)) {
    say(S, DIAG_SHAPE, x->span, "there is no class %s: there are %lld, from 0 to %lld", num_text(S, x->u.num),
        (long long)n, (long long)n - 1);
    return S->error;
  }
  const Attr a = {.i = {n}};
  const char *why = NULL;
  return val_made(S, g_make(graph_now(S), OP_ONEHOT, 1, &t->node, &a, NULL, args->span, &why), t->lift, why,
                  args->span);
}

/* ---- nearest vectors -------------------------------------------------------------------------------- */

/* The vectors of a codebook [k, n] nearest to those of x that lie along an axis (the last one): themselves,
 * or (op 1) their numbers. */
const Value *fn_nearest(Sema *S, Args *args, const Builtin *self) {
  const Tensor *codes = arg_tensor(S, args, 0, self), *t = arg_tensor(S, args, 1, self);
  if (codes == NULL || t == NULL) return S->error;
  const Shape book = tensor_sample(codes), s = tensor_sample(t);
  int axis = s.rank - 1;
  if (codes->lift != 0) return later(S, args->span, "`%s` in a codebook for each row", self->name);
  if (args->v[2] != NULL && !which_axis(S, args->v[2], &s, &axis)) return S->error;
  if (book.rank != 2 || s.rank < 1 || book.d[0].count != 0 || !dim_equal(book.d[1], s.d[axis])) {
    Diag *d =
        say(S, DIAG_SHAPE, args->span,
            "`%s` compares vectors of one length: a codebook [k, n] and n along axis %d, but gets %s and %s",
            self->name, s.rank > 0 ? axis : 0, sema_shape_text(S, &book), sema_shape_text(S, &s));
    if (book.rank == 2) label_origin(S, d, book.d[1]);
    return S->error;
  }
  Graph *g = graph_now(S);
  const Span at = args->span;
  const NodeId x = axis_last(g, t->node, axis + t->lift, false, at), in[2] = {x, codes->node};
  const NodeId number = g_make(g, OP_NEAREST, 2, in, NULL, NULL, at, NULL);
  if (self->op != 0) return val_node(S, number, t->lift, at);
  const NodeId picks[2] = {codes->node, number};
  const NodeId found = g_make(g, OP_GATHER, 2, picks, NULL, NULL, at, NULL);
  return val_node(S, axis_last(g, found, axis + t->lift, true, at), t->lift, at);
}

/* ---- counting --------------------------------------------------------------------------------------- */

static const Value *counted(Sema *S, const Args *args, const Tensor *t, NodeId labels, int64_t n) {
  if (t->lift != 0) return later(S, args->span, "`%s` in a model", args->name);
  const Attr a = {.i = {n}};
  const char *why = NULL;
  return val_made(S, g_make(graph_now(S), OP_COUNTS, 1, &labels, &a, NULL, args->span, &why), 0, why,
                  args->span);
}

const Value *label_counts(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !want_labels(S, args->v[0], t, "counts")) return S->error;
  if (args->v[1] == NULL || args->v[2] != NULL) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->span, "`counts` of labels takes their number of classes");
    diag_help(d, "`counts(labels, 10)`; `shots` is for measured registers");
    return S->error;
  }
  if (!layer_size(S, args->v[1], "the number of classes", 1, &n)) return S->error;
  return counted(S, args, t, t->node, n);
}

/* Equal intervals between low and high; the last one includes high. What lies outside is not counted. */
const Value *fn_counts_in(Sema *S, Args *args, const Builtin *self) {
  double low, high;
  int64_t bins;
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL || !want_real(S, args->v[1], "the lower end of `counts_in`", &low) ||
      !want_real(S, args->v[2], "the upper end of `counts_in`", &high) ||
      !layer_size(S, args->v[3], "the number of intervals", 1, &bins))
    return S->error;
  if (!(low < high)) {
    say(S, DIAG_TYPE, args->v[2]->span,
        "the upper end of `counts_in` is above the lower one, %s, but this is %s", num_text(S, low),
        num_text(S, high));
    return S->error;
  }
  Graph *g = graph_now(S);
  const Span at = args->span;
  const NodeId up = g_binary(g, OP_SUB, t->node, g_scalar(g, low, at), at);
  const NodeId place = g_binary(g, OP_MUL, up, g_scalar(g, (double)bins / (high - low), at), at);
  const NodeId end = g_binary(g, OP_EQ, t->node, g_scalar(g, high, at), at);
  const NodeId parts[3] = {end, g_scalar(g, (double)bins - 1, at), g_unary(g, OP_FLOOR, place, at)};
  return counted(S, args, t, g_make(g, OP_SELECT, 3, parts, NULL, NULL, at, NULL), bins);
}

/* ---- making ------------------------------------------------------------------------------------------- */

/* The place of each element in a list of whole numbers; -1 (which is no label) for what is not in it. */
const Value *fn_index(Sema *S, Args *args, const Builtin *self) {
  int n;
  const Tensor *t = arg_tensor(S, args, 0, self);
  const Value *const *items = static_items(S, args->v[1], "the list of `index`", &n);
  if (t == NULL || items == NULL || !want_labels(S, args->v[0], t, "index")) return S->error;
  Graph *g = graph_now(S);
  const Span at = args->span;
  NodeId sum = g_scalar(g, -1, at);
  for (int i = 0; i < n; i++) {
    int64_t k;
    if (!want_int(S, items[i], "an entry of the list of `index`", &k)) return S->error;
    const NodeId here = g_binary(g, OP_EQ, t->node, g_scalar(g, (double)k, at), at);
    sum = g_binary(g, OP_ADD, sum, g_binary(g, OP_MUL, here, g_scalar(g, i + 1, at), at), at);
  }
  return val_node(S, g_unary(g, OP_ROUND, sum, at), t->lift, at);
}

/* [n, n], 1 on the diagonal. */
const Value *fn_eye(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  (void)self;
  if (!layer_size(S, args->v[0], "the size of `eye`", 1, &n)) return S->error;
  Graph *g = graph_now(S);
  const Shape row = shape_of(1, &n);
  const NodeId at = g_along(g, OP_CUMSUM, g_const(g, 1, &row, args->span), 0, args->span, NULL);
  const NodeId from_0 = g_binary(g, OP_SUB, at, g_scalar(g, 1, args->span), args->span);
  const Attr classes = {.i = {n}};
  return val_node(S, g_make(g, OP_ONEHOT, 1, &from_0, &classes, NULL, args->span, NULL), 0, args->span);
}

/* The binary digits of 0 .. 2^n - 1 as [2^n, n], the most significant first, as qubits are counted. */
const Value *fn_bits(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  (void)self;
  if (!layer_size(S, args->v[0], "the number of digits of `bits`", 1, &n)) return S->error;
  if (n > 12) {
    say(S, DIAG_SHAPE, args->v[0]->span, "`bits` makes 2^n rows, with n at most 12, not %lld", (long long)n);
    return S->error;
  }
  const int rows = 1 << n;
  const Value **all = ARENA_ARRAY(S->a, const Value *, rows);
  for (int i = 0; i < rows; i++) {
    const Value **row = ARENA_ARRAY(S->a, const Value *, (int)n);
    for (int k = 0; k < n; k++) row[k] = val_int(S, i >> (n - 1 - k) & 1, args->span);
    all[i] = val_list(S, VAL_LIST, (int)n, row, args->span);
  }
  return val_list(S, VAL_LIST, rows, all, args->span);
}

/* ---- every pair ---------------------------------------------------------------------------------------- */

static const Value *paired(Sema *S, const Tensor *t, int other, Dim n, Span span) {
  Graph *g = graph_now(S);
  Shape apart = {.rank = t->shape.rank + 1}, full;
  for (int k = 0; k < apart.rank; k++)
    apart.d[k] = k == other ? dim_static(1) : t->shape.d[k < other ? k : k - 1];
  full = apart;
  full.d[other] = n;
  return val_node(S, g_stretch(g, g_reshape(g, t->node, &apart, span), &full, span), 0, span);
}

/* f(a[i], b[j]) for every pair of rows: a circuit or model of two inputs, lifted over both. */
const Value *fn_outer(Sema *S, Args *args, const Builtin *self) {
  const Value *f = args->v[0];
  if (f->kind != VAL_OBJECT) {
    wrong_kind(S, f, "what `outer` applies", "a circuit or a model of two inputs");
    return S->error;
  }
  const Tensor *a = arg_tensor(S, args, 1, self), *b = arg_tensor(S, args, 2, self);
  if (a == NULL || b == NULL) return S->error;
  if (a->lift != 0 || b->lift != 0) return later(S, args->span, "`outer` in a model");
  for (int i = 0; i < 2; i++) {
    const Tensor *t = i == 0 ? a : b;
    if (t->shape.rank >= 1 && t->shape.rank < SHAPE_MAX_RANK) continue;
    say(S, DIAG_SHAPE, args->v[i + 1]->span, "`outer` pairs rows, but this is %s",
        sema_shape_text(S, &t->shape));
    return S->error;
  }
  const Value *pos[2] = {paired(S, a, 1, b->shape.d[0], args->v[1]->span),
                         paired(S, b, 0, a->shape.d[0], args->v[2]->span)};
  const AstNode *ast[2] = {NULL, NULL};
  Args inner = {.span = args->span,
                .name_span = args->name_span,
                .name = f->u.object->name,
                .n_pos = 2,
                .pos = pos,
                .pos_ast = ast};
  return call_object(S, f->u.object, &inner);
}
