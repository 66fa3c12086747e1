/* Layers: stages of models that own weights. */
#include "lang/sema/layers.h"
#include <math.h>
#include <string.h>

bool in_model(Sema *S, const Args *args) {
  if (S->object != NULL && !S->object->object->is_circuit) return true;
  Diag *d = say(S, DIAG_PLACE, args->span, "`%s` is a layer, so it stands in a `model`", args->name);
  if (S->place == PLACE_DEF) diag_help(d, "a `def` has no weights: make it a `model`, or pass a model in");
  else diag_help(d, "declare one: `model M(x[n]) { %s }`", src_of_span(S, args->span));
  return false;
}

static void note_stage(Sema *S, int slot) {
  if (S->object->stage == NULL || slot < 0) return;
  LabelledStage *st = S->object->stage;
  for (int i = 0; i < st->slots.n; i++)
    if (st->slots.at[i] == slot) return;
  vec_push(S->a, &st->slots, slot);
}

NodeId layer_weight(Sema *S, const char *key, const char *name, const Shape *shape, Start start, Span span,
                    int *slot) {
  const int s = object_weight(S, arena_printf(S->a, "%s.%s", key, name), shape, start, span);
  if (slot != NULL) *slot = s;
  if (s < 0) return NODE_NONE;
  note_stage(S, s);
  return g_param(graph_now(S), s, shape, span);
}

bool layer_size(Sema *S, const Value *v, const char *what, int64_t least, int64_t *out) {
  if (v == NULL) return true;
  if (!want_int(S, v, what, out)) return false;
  if (*out >= least && *out <= INT32_MAX) return true;
  Diag *d = *out < least ? say(S, DIAG_SHAPE, v->span, "%s is at least %lld, but this is %s", what,
                               (long long)least, num_text(S, (double)*out))
                         : say(S, DIAG_SHAPE, v->span, "%s is at most %d, but this is %s", what, INT32_MAX,
                               num_text(S, (double)*out));
  label_origin(S, d, dim_of_int(S, v));
  return false;
}

bool layer_real(Sema *S, const Value *v, const char *what, double low, double high, double *out) {
  if (v == NULL) return true;
  if (!want_real(S, v, what, out)) return false;
  if (*out >= low && *out <= high) return true;
  Diag *d = isinf(high) ? say(S, DIAG_TYPE, v->span, "%s is at least %s, but this is %s", what,
                              num_text(S, low), num_text(S, *out))
                        : say(S, DIAG_TYPE, v->span, "%s is in %s..=%s, but this is %s", what,
                              num_text(S, low), num_text(S, high), num_text(S, *out));
  if (low == 0 && high == 1 && *out >= 5 && *out <= 100) diag_help(d, "write `%s%%`", num_text(S, *out));
  return false;
}

/* ---- rows ------------------------------------------------------------------------------------ */

NodeId with_rows(Sema *S, const Tensor *t, Span span) {
  if (t->lift != 0) return t->node;
  Shape to = {.rank = t->shape.rank + 1};
  to.d[0] = dim_static(1);
  for (int k = 0; k < t->shape.rank; k++) to.d[k + 1] = t->shape.d[k];
  return g_reshape(graph_now(S), t->node, &to, span);
}

const Value *without_rows(Sema *S, const Tensor *t, NodeId y, Span span) {
  if (t->lift != 0 || y == NODE_NONE) return val_node(S, y, t->lift, span);
  const Shape s = g_node(graph_now(S), y)->shape;
  Shape to = {.rank = s.rank - 1};
  for (int k = 0; k < to.rank; k++) to.d[k] = s.d[k + 1];
  return val_node(S, g_reshape(graph_now(S), y, &to, span), 0, span);
}

/* [rows, .., in] with rows known only when run is no matrix: a convolution with kernels as wide as the
 * last axis takes all positions of a row together. */
static NodeId times_by_rows(Graph *g, NodeId x, NodeId w, Span span) {
  const Shape s = g_node(g, x)->shape, m = g_node(g, w)->shape;
  int64_t positions = 1;
  for (int k = 1; k + 1 < s.rank; k++) positions *= s.d[k].n;
  Shape image = {.rank = 4}, kernel = {.rank = 4}, flat = {.rank = 3}, to = s;
  image.d[0] = flat.d[0] = s.d[0];
  image.d[1] = kernel.d[1] = kernel.d[2] = dim_static(1);
  image.d[2] = flat.d[2] = dim_static(positions);
  image.d[3] = kernel.d[3] = m.d[1];
  kernel.d[0] = flat.d[1] = to.d[s.rank - 1] = m.d[0];
  const NodeId images = g_reshape(g, x, &image, span), kernels = g_reshape(g, w, &kernel, span);
  const NodeId y = g_reshape(g, g_conv(g, images, kernels, 1, 0, span, NULL), &flat, span);
  return g_reshape(g, g_transpose(g, y, (const int[]){0, 2, 1}, span), &to, span);
}

NodeId times_matrix(Sema *S, NodeId x, NodeId w, Span span) {
  Graph *g = graph_now(S);
  const Shape s = g_node(g, x)->shape;
  if (s.rank == 2) return g_matmul(g, x, w, false, true, span);
  Shape flat = {.rank = 2}, to = s, lead = s;
  lead.rank = s.rank - 1;
  if (!shape_is_static(&lead)) return times_by_rows(g, x, w, span);
  flat.d[0] = dim_static(shape_capacity(&lead));
  flat.d[1] = s.d[s.rank - 1];
  to.d[s.rank - 1] = g_node(g, w)->shape.d[0];
  const NodeId rows = g_reshape(g, x, &flat, span);
  return g_reshape(g, g_matmul(g, rows, w, false, true, span), &to, span);
}

/* x + b along the last axis. */
static NodeId add_last(Graph *g, NodeId x, NodeId b, Span span) {
  const Shape s = g_node(g, x)->shape;
  Shape to = {.rank = s.rank};
  for (int k = 0; k < s.rank; k++) to.d[k] = k + 1 < s.rank ? dim_static(1) : s.d[k];
  return g_binary(g, OP_ADD, x, g_reshape(g, b, &to, span), span);
}

/* ---- linear ------------------------------------------------------------------------------------ */

static bool last_axis(Sema *S, const Args *args, const Tensor *t, Dim *out) {
  const Shape s = tensor_sample(t);
  if (s.rank > 0 && s.d[s.rank - 1].count == 0) {
    *out = s.d[s.rank - 1];
    return true;
  }
  Diag *d = say(S, DIAG_SHAPE, args->span, "`%s` works along the last axis, but its input is %s", args->name,
                sema_shape_text(S, &s));
  if (s.rank == 0) diag_help(d, "make it one: `reshape(1)`");
  return false;
}

const Value *fn_linear(Sema *S, Args *args, const Builtin *self) {
  bool bias = true;
  Dim in, out;
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `linear`");
  if (t == NULL || !want_dim(S, args->v[1], "the number of outputs of `linear`", &out)) return S->error;
  if (args->n_pos > 2 && args->v[2] != NULL && args->v[2]->kind == VAL_INT) {
    Diag *d = say(S, DIAG_TYPE, args->v[2]->span,
                  "`linear` takes the number of its outputs alone, and here a second one stands");
    diag_help(d, "the inputs are counted by themselves: `linear(%lld)`", (long long)args->v[2]->u.num);
    return S->error;
  }
  if (args->v[2] != NULL && !want_bool(S, args->v[2], "`bias`", &bias)) return S->error;
  if (out.count != 0) {
    say(S, DIAG_STATIC, args->v[1]->span, "the number of outputs of `linear` must be known before the run");
    return S->error;
  }
  if (!last_axis(S, args, t, &in)) return S->error;
  const char *key = stage_key(S, "linear", args->span);
  const Start fallback = start_uniform(1 / sqrt((double)in.n));
  Start start;
  if (!start_of_init(S, args->v[3], (double)in.n, (double)out.n, fallback, &start)) return S->error;
  Shape w = {.rank = 2}, b = {.rank = 1};
  w.d[0] = b.d[0] = out;
  w.d[1] = in;
  w.d[0].origin = b.d[0].origin =
      origin_new(S, args->span, arena_printf(S->a, "`linear(%lld)`", (long long)out.n), out.origin, 0);
  const NodeId weight = layer_weight(S, key, "weight", &w, start, args->span, NULL);
  const NodeId shift =
      bias ? layer_weight(S, key, "bias", &b, bias_start(args->v[3], fallback), args->span, NULL) : NODE_NONE;
  if (weight == NODE_NONE || (bias && shift == NODE_NONE)) return S->error;
  NodeId y = times_matrix(S, with_rows(S, t, args->span), weight, args->span);
  if (bias) y = add_last(graph_now(S), y, shift, args->span);
  return without_rows(S, t, y, args->span);
}

/* ---- affine, embedding --------------------------------------------------------------------------- */

/* x * scale + shift, one of each for every feature (axis 0 of the sample); they start at 1 and 0. */
const Value *fn_affine(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `affine`");
  if (t == NULL) return S->error;
  const Shape s = tensor_sample(t);
  const char *key = stage_key(S, "affine", args->span);
  if (s.rank == 0 || s.d[0].count != 0) {
    Diag *d = say(S, DIAG_SHAPE, args->span, "`affine` works on features along axis 0, but its input is %s",
                  sema_shape_text(S, &s));
    if (s.rank == 0) diag_help(d, "make it one: `reshape(1)`");
    return S->error;
  }
  const Shape n = {.rank = 1, .d = {s.d[0]}};
  const NodeId scale = layer_weight(S, key, "weight", &n, start_value(1), args->span, NULL);
  const NodeId shift = layer_weight(S, key, "bias", &n, start_value(0), args->span, NULL);
  if (scale == NODE_NONE || shift == NODE_NONE) return S->error;
  Graph *g = graph_now(S);
  Shape to = {.rank = s.rank + 1};
  for (int k = 0; k < to.rank; k++) to.d[k] = k == 1 ? s.d[0] : dim_static(1);
  const NodeId x = with_rows(S, t, args->span);
  const NodeId scaled = g_binary(g, OP_MUL, x, g_reshape(g, scale, &to, args->span), args->span);
  const NodeId y = g_binary(g, OP_ADD, scaled, g_reshape(g, shift, &to, args->span), args->span);
  return without_rows(S, t, y, args->span);
}

/* A vector for each of n labels; they start normal(0, 1), as PyTorch's Embedding. */
const Value *fn_embedding(Sema *S, Args *args, const Builtin *self) {
  int64_t n, out;
  Start start;
  const Start fallback = {.kind = START_NORMAL, .b = 1};
  const Tensor *t = want_tensor(S, args->v[0], "the input of `embedding`");
  if (t == NULL || !layer_size(S, args->v[1], "the number of labels of `embedding`", 1, &n) ||
      !layer_size(S, args->v[2], "the size of the vectors of `embedding`", 1, &out))
    return S->error;
  if (!want_labels(S, args->v[0], t, self->name)) return S->error;
  if (!start_of_init(S, args->v[3], (double)out, (double)n, fallback, &start)) return S->error;
  const Shape w = shape_of(2, (const int64_t[]){n, out});
  const NodeId weight =
      layer_weight(S, stage_key(S, "embedding", args->span), "weight", &w, start, args->span, NULL);
  if (weight == NODE_NONE) return S->error;
  const char *why = NULL;
  const NodeId in[2] = {weight, t->node};
  return val_made(S, g_make(graph_now(S), OP_GATHER, 2, in, NULL, NULL, args->span, &why), t->lift, why,
                  args->span);
}

/* ---- attention ------------------------------------------------------------------------------------- */

/* [rows, tokens, heads * n] as [rows, heads, tokens, n]. */
static NodeId by_head(Graph *g, NodeId x, int64_t from, int64_t width, int64_t heads, Span span) {
  const NodeId part = g_slice(g, x, 2, from, width, span);
  Shape to = g_node(g, part)->shape;
  to.rank = 4;
  to.d[2] = dim_static(heads);
  to.d[3] = dim_static(width / heads);
  return g_transpose(g, g_reshape(g, part, &to, span), (const int[]){0, 2, 1, 3}, span);
}

/* The scores that a token may not see: -1e30 for those behind it. */
static NodeId causal_mask(Sema *S, int64_t tokens, Span span) {
  Graph *g = graph_now(S);
  const Shape row = shape_of(1, &tokens), side = shape_of(4, (const int64_t[]){1, 1, 1, tokens}),
              down = shape_of(4, (const int64_t[]){1, 1, tokens, 1});
  const NodeId one = g_const(g, 1, &row, span);
  const NodeId at = g_along(g, OP_CUMSUM, one, 0, span, NULL);
  const NodeId behind =
      g_binary(g, OP_LT, g_reshape(g, at, &down, span), g_reshape(g, at, &side, span), span);
  return g_binary(g, OP_MUL, behind, g_scalar(g, -1e30, span), span);
}

/* softmax(Q K^T / sqrt(n)) V for each head. qkv is [rows, tokens, 3 * width]. */
static NodeId attend(Sema *S, NodeId qkv, int64_t width, int64_t heads, bool causal, Span span) {
  Graph *g = graph_now(S);
  const Shape s = g_node(g, qkv)->shape;
  const NodeId q = by_head(g, qkv, 0, width, heads, span);
  const NodeId k = by_head(g, qkv, width, width, heads, span);
  const NodeId v = by_head(g, qkv, 2 * width, width, heads, span);
  const double scale = 1 / sqrt((double)(width / heads));
  NodeId scores = g_matmul(g, q, k, false, true, span);
  scores = g_binary(g, OP_MUL, scores, g_scalar(g, scale, span), span);
  if (causal) scores = g_binary(g, OP_ADD, scores, causal_mask(S, s.d[1].n, span), span);
  const NodeId weights = g_along(g, OP_SOFTMAX, scores, 3, span, NULL);
  const NodeId mixed = g_matmul(g, weights, v, false, false, span);
  Shape to = s;
  to.d[2] = dim_static(width);
  return g_reshape(g, g_transpose(g, mixed, (const int[]){0, 2, 1, 3}, span), &to, span);
}

/* Self-attention over [tokens, features] as PyTorch's MultiheadAttention (batch_first), with its starts:
 * input weights as "xavier", output weights as linear, biases 0. */
const Value *fn_attention(Sema *S, Args *args, const Builtin *self) {
  int64_t heads = 1;
  bool causal = false;
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `attention`");
  if (t == NULL || !layer_size(S, args->v[1], "the number of heads of `attention`", 1, &heads) ||
      (args->v[2] != NULL && !want_bool(S, args->v[2], "`causal`", &causal)))
    return S->error;
  const Shape s = tensor_sample(t);
  if (s.rank != 2 || s.d[0].count != 0 || s.d[1].count != 0) {
    say(S, DIAG_SHAPE, args->span, "`attention` works on [tokens, features], but its input is %s",
        sema_shape_text(S, &s));
    return S->error;
  }
  const int64_t width = s.d[1].n;
  if (width % heads != 0) {
    Diag *d = say(S, DIAG_SHAPE, args->span, "%lld features do not part into %lld heads", (long long)width,
                  (long long)heads);
    label_origin(S, d, s.d[1]);
    return S->error;
  }
  const char *key = stage_key(S, "attention", args->span);
  const Span at = args->span;
  const Shape wi = shape_of(2, (const int64_t[]){3 * width, width}), bi = shape_of(1, &wi.d[0].n),
              wo = shape_of(2, (const int64_t[]){width, width}), bo = shape_of(1, &width);
  const Start in = start_uniform(sqrt(6 / (double)(4 * width))), out = start_uniform(1 / sqrt((double)width));
  const NodeId w = layer_weight(S, key, "in_weight", &wi, in, at, NULL),
               b = layer_weight(S, key, "in_bias", &bi, start_value(0), at, NULL),
               ow = layer_weight(S, key, "out_weight", &wo, out, at, NULL),
               ob = layer_weight(S, key, "out_bias", &bo, start_value(0), at, NULL);
  if (w == NODE_NONE || b == NODE_NONE || ow == NODE_NONE || ob == NODE_NONE) return S->error;
  Graph *g = graph_now(S);
  const NodeId qkv = add_last(g, times_matrix(S, with_rows(S, t, at), w, at), b, at);
  const NodeId mixed = attend(S, qkv, width, heads, causal, at);
  return without_rows(S, t, add_last(g, times_matrix(S, mixed, ow, at), ob, at), at);
}
