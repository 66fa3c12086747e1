#include "lang/ir/build.h"
#include "lang/ir/graph_int.h"

static NodeId refuse(Graph *g, const char **why, const char *what, NodeId a, NodeId b) {
  if (!why) return NODE_NONE;
  const char *ta = shape_text(g->arena, g_shape(g, a), g->count_names);
  const char *tb = shape_text(g->arena, g_shape(g, b), g->count_names);
  *why = arena_printf(g->arena, "%s: %s and %s do not fit", what, ta, tb);
  return NODE_NONE;
}

/* Product with a number. */
static NodeId times(Graph *g, NodeId x, double factor, Span span) {
  return g_binary(g, OP_MUL, x, g_scalar(g, factor, span), span);
}

/* ---- images ---- */
NodeId g_conv(Graph *g, NodeId x, NodeId w, int64_t stride, int64_t pad, Span span, const char **why) {
  return g_make(g, OP_CONV, 2, (NodeId[]){x, w}, &(Attr){.i = {stride, pad}}, NULL, span, why);
}

NodeId g_deconv(Graph *g, NodeId x, NodeId w, int64_t stride, int64_t pad, int64_t out_pad, Span span,
                const char **why) {
  const Shape *a = g_shape(g, x), *k = g_shape(g, w);
  Attr attr = {.i = {stride, pad}};
  if (a->rank != 4 || k->rank != 4) return refuse(g, why, "deconv", x, w);
  bool small = stride > 0 && stride <= INT32_MAX && pad >= 0 && pad <= INT32_MAX;
  if (small && (out_pad < 0 || out_pad >= stride)) {
    if (why)
      *why = arena_printf(g->arena, "an output pad of %lld: it is at least 0 and below the stride, %lld",
                          (long long)out_pad, (long long)stride);
    return NODE_NONE;
  }
  for (int j = 2; j < 4 && small; j++)
    if (a->d[j].n <= INT32_MAX && k->d[j].n <= INT32_MAX)
      attr.i[j] = (a->d[j].n - 1) * stride - 2 * pad + k->d[j].n + out_pad;
  return g_make(g, OP_CONV_DX, 2, (NodeId[]){x, w}, &attr, NULL, span, why);
}

/* v as [1, channels, 1, ...] for x; NODE_NONE if it does not have x's channels. */
static NodeId by_channel(Graph *g, NodeId v, NodeId x) {
  const Shape *s = g_shape(g, x), *have = g_shape(g, v);
  if (s->rank < 2 || s->d[1].count || !shape_is_static(have) || shape_capacity(have) != s->d[1].n)
    return NODE_NONE;
  Shape to = {.rank = s->rank};
  for (int k = 0; k < s->rank; k++) to.d[k] = k == 1 ? s->d[1] : dim_static(1);
  return g_reshape(g, v, &to, g_node(g, v)->span);
}

NodeId g_add_bias(Graph *g, NodeId x, NodeId b, Span span, const char **why) {
  NodeId v = by_channel(g, b, x);
  return v == NODE_NONE ? refuse(g, why, "bias", x, b) : g_binary(g, OP_ADD, x, v, span);
}

NodeId g_maxpool(Graph *g, NodeId x, int64_t size, int64_t stride, int64_t pad, Span span, const char **why) {
  return g_make(g, OP_MAXPOOL, 1, &x, &(Attr){.i = {stride, pad, size}}, NULL, span, why);
}

NodeId g_avgpool(Graph *g, NodeId x, int64_t size, int64_t stride, int64_t pad, Span span, const char **why) {
  Attr attr = {.i = {stride, pad, size}, .f = {size > 0 ? 1 / ((double)size * (double)size) : 0}};
  return g_make(g, OP_SUMPOOL, 1, &x, &attr, NULL, span, why);
}

/* Windows of that size side by side, each filled with one pixel: the derivative of summing them. */
NodeId g_upsample(Graph *g, NodeId x, int64_t factor, Span span, const char **why) {
  const Shape *s = g_shape(g, x);
  Attr attr = {.i = {factor, 0, factor}, .f = {1}};
  for (int k = 2; k < 4 && k < s->rank; k++)
    if (__builtin_mul_overflow(s->d[k].n, factor, &attr.i[k + 1])) attr.i[k + 1] = INT64_MAX;
  return g_make(g, OP_SUMPOOL_DX, 1, &x, &attr, NULL, span, why);
}

/* ---- elementwise ---- */
NodeId g_gelu(Graph *g, NodeId x, Span span) {
  NodeId e = g_unary(g, OP_ERF, times(g, x, 0.70710678118654752440, span), span);
  NodeId share = g_binary(g, OP_ADD, times(g, e, 0.5, span), g_scalar(g, 0.5, span), span);
  return g_binary(g, OP_MUL, x, share, span);
}

/* The exponential sees no positive number, so its branch is finite where it is not taken. */
NodeId g_elu(Graph *g, NodeId x, double alpha, Span span) {
  NodeId zero = g_scalar(g, 0, span), positive = g_binary(g, OP_LT, zero, x, span);
  NodeId below = g_unary(g, OP_EXPM1, g_binary(g, OP_MINIMUM, x, zero, span), span);
  NodeId scaled = times(g, below, alpha, span);
  return g_make(g, OP_SELECT, 3, (NodeId[]){positive, x, scaled}, NULL, NULL, span, NULL);
}

NodeId g_silu(Graph *g, NodeId x, Span span) {
  return g_binary(g, OP_MUL, x, g_unary(g, OP_SIGMOID, x, span), span);
}

NodeId g_clamp(Graph *g, NodeId x, NodeId low, NodeId high, Span span) {
  NodeId above = g_binary(g, OP_MAXIMUM, x, low, span);
  return g_binary(g, OP_MINIMUM, above, high, span);
}

NodeId g_dropout(Graph *g, NodeId x, double p, int site, Span span) {
  if (p <= 0) return x;
  NodeId u = g_draw(g, DRAW_UNIFORM, site, g_shape(g, x), span);
  return g_make(g, OP_DROP, 2, (NodeId[]){x, u}, &(Attr){.f = {p}}, NULL, span, NULL);
}

/* ---- axes ---- */
NodeId g_along(Graph *g, OpId op, NodeId x, int axis, Span span, const char **why) {
  return g_make(g, op, 1, &x, &(Attr){.i = {axis}}, NULL, span, why);
}

NodeId g_quantile(Graph *g, NodeId x, int axis, double q, Span span, const char **why) {
  if (!(q >= 0 && q <= 1)) {
    if (why) *why = arena_printf(g->arena, "a quantile lies between 0 and 1, not at %g", q);
    return NODE_NONE;
  }
  return g_make(g, OP_QUANTILE, 1, &x, &(Attr){.i = {axis}, .f = {q}}, NULL, span, why);
}

/* [.., n, ..] as [.., 1, n, ..], stretched, and joined again. */
NodeId g_tile(Graph *g, NodeId x, int axis, int64_t n, Span span, const char **why) {
  Shape s = *g_shape(g, x), wide = s, joined = s;
  bool fits = axis >= 0 && axis < s.rank && s.rank < SHAPE_MAX_RANK && n >= 1 && s.d[axis].count == 0 &&
              n <= INT32_MAX && s.d[axis].n <= INT32_MAX;
  if (!fits) {
    const char *text = shape_text(g->arena, &s, g->count_names);
    if (why)
      *why = arena_printf(g->arena, "%s is not repeated %lld times along axis %d", text, (long long)n, axis);
    return NODE_NONE;
  }
  wide.rank++;
  for (int k = s.rank; k > axis; k--) wide.d[k] = wide.d[k - 1];
  wide.d[axis] = dim_static(1);
  NodeId apart = g_reshape(g, x, &wide, span);
  wide.d[axis] = dim_static(n);
  joined.d[axis] = dim_static(n * s.d[axis].n);
  return g_reshape(g, g_stretch(g, apart, &wide, span), &joined, span);
}

NodeId g_variance(Graph *g, NodeId x, int64_t axes, bool keep, bool unbiased, Span span) {
  NodeId centred = g_binary(g, OP_SUB, x, g_mean(g, x, axes, true, span), span);
  NodeId sum = g_sum(g, g_unary(g, OP_SQUARE, centred, span), axes, keep, span);
  NodeId n = g_size_of(g, x, axes, span);
  if (unbiased) {
    NodeId less = g_binary(g, OP_SUB, n, g_scalar(g, 1, span), span);
    n = g_binary(g, OP_MAXIMUM, less, g_scalar(g, 1, span), span);
  }
  return g_binary(g, OP_DIV, sum, n, span);
}

/* ---- norms ---- */
static NodeId inverse_root(Graph *g, NodeId variance, double eps, Span span) {
  NodeId shifted = g_binary(g, OP_ADD, variance, g_scalar(g, eps, span), span);
  return g_unary(g, OP_RECIP, g_unary(g, OP_SQRT, shifted, span), span);
}

static NodeId scaled(Graph *g, NodeId centred, NodeId scale, NodeId inverse, NodeId shift, Span span) {
  NodeId factor = g_binary(g, OP_MUL, scale, inverse, span);
  return g_binary(g, OP_ADD, g_binary(g, OP_MUL, centred, factor, span), shift, span);
}

BatchNorm g_batchnorm(Graph *g, NodeId x, NodeId scale, NodeId shift, double eps, Span span,
                      const char **why) {
  BatchNorm r = {NODE_NONE, NODE_NONE, NODE_NONE};
  NodeId a = by_channel(g, scale, x), b = by_channel(g, shift, x);
  if (a == NODE_NONE || b == NODE_NONE) {
    refuse(g, why, "batch norm", x, a == NODE_NONE ? scale : shift);
    return r;
  }
  int64_t axes = (((int64_t)1 << g_shape(g, x)->rank) - 1) & ~(int64_t)2;
  Shape channels = {.rank = 1, .d = {g_shape(g, x)->d[1]}};
  NodeId n = g_size_of(g, x, axes, span), mean = g_mean(g, x, axes, true, span);
  NodeId centred = g_binary(g, OP_SUB, x, mean, span);
  NodeId sum = g_sum(g, g_unary(g, OP_SQUARE, centred, span), axes, true, span);
  NodeId inverse = inverse_root(g, g_binary(g, OP_DIV, sum, n, span), eps, span);
  NodeId less = g_binary(g, OP_SUB, n, g_scalar(g, 1, span), span);
  NodeId free_n = g_binary(g, OP_MAXIMUM, less, g_scalar(g, 1, span), span);
  r.out = scaled(g, centred, a, inverse, b, span);
  r.mean = g_reshape(g, mean, &channels, span);
  r.variance = g_reshape(g, g_binary(g, OP_DIV, sum, free_n, span), &channels, span);
  return r;
}

NodeId g_batchnorm_with(Graph *g, NodeId x, NodeId scale, NodeId shift, NodeId mean, NodeId variance,
                        double eps, Span span, const char **why) {
  NodeId v[4] = {scale, shift, mean, variance}, c[4];
  for (int k = 0; k < 4; k++) {
    c[k] = by_channel(g, v[k], x);
    if (c[k] == NODE_NONE) return refuse(g, why, "batch norm", x, v[k]);
  }
  NodeId centred = g_binary(g, OP_SUB, x, c[2], span);
  return scaled(g, centred, c[0], inverse_root(g, c[3], eps, span), c[1], span);
}

NodeId g_running(Graph *g, NodeId old, NodeId now, double momentum, Span span) {
  NodeId before = times(g, old, 1 - momentum, span), after = times(g, now, momentum, span);
  return g_unary(g, OP_STOP_GRAD, g_binary(g, OP_ADD, before, after, span), span);
}

NodeId g_layernorm(Graph *g, NodeId x, NodeId scale, NodeId shift, double eps, Span span, const char **why) {
  const Shape *s = g_shape(g, x), *w = g_shape(g, scale);
  bool fits = w->rank >= 1 && w->rank <= s->rank && shape_equal(w, g_shape(g, shift));
  int first = s->rank - w->rank;
  Shape to = {.rank = s->rank};
  for (int k = 0; k < s->rank && fits; k++) {
    to.d[k] = k < first ? dim_static(1) : s->d[k];
    fits = k < first || (s->d[k].count == 0 && dim_equal(s->d[k], w->d[k - first]));
  }
  if (!fits) return refuse(g, why, "layer norm", x, scale);
  int64_t axes = (((int64_t)1 << s->rank) - 1) & ~(((int64_t)1 << first) - 1);
  NodeId a = g_reshape(g, scale, &to, span), b = g_reshape(g, shift, &to, span);
  NodeId centred = g_binary(g, OP_SUB, x, g_mean(g, x, axes, true, span), span);
  NodeId variance = g_mean(g, g_unary(g, OP_SQUARE, centred, span), axes, true, span);
  NodeId y = g_binary(g, OP_MUL, centred, inverse_root(g, variance, eps, span), span);
  return g_binary(g, OP_ADD, g_binary(g, OP_MUL, y, a, span), b, span);
}
