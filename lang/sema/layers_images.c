/* Convolutions and windows over images [channels, height, width]. */
#include "lang/sema/layers.h"
#include <math.h>

/* The images as [rows, channels, height, width]: samples with three axes or, outside of models, a tensor
 * with rows. NODE_NONE after an error; *alone: the result has no rows. */
static NodeId images_of(Sema *S, const Args *args, const Tensor *t, bool *alone) {
  const Shape s = tensor_sample(t);
  *alone = t->lift == 0 && s.rank == 3;
  const bool rows = t->lift == 0 && s.rank == 4 && S->object == NULL;
  bool fits = s.rank == 3 || rows;
  for (int k = rows ? 1 : 0; fits && k < s.rank; k++) fits = s.d[k].count == 0;
  if (fits) return *alone ? with_rows(S, t, args->span) : t->node;
  Diag *d =
      say(S, DIAG_SHAPE, args->span, "`%s` works on images [channels, height, width], but its input is %s",
          args->name, sema_shape_text(S, &s));
  if (s.rank > 0) label_origin(S, d, s.d[s.rank - 1]);
  if (s.rank == 2)
    diag_help(d, "images of one channel: `reshape(1, %lld, %lld)`", (long long)s.d[0].n, (long long)s.d[1].n);
  else if (s.rank == 1) diag_help(d, "give them their shape: `reshape(channels, height, width)`");
  return NODE_NONE;
}

static const Value *images_made(Sema *S, const Tensor *t, NodeId y, bool alone, const char *why, Span span) {
  if (y == NODE_NONE) return val_made(S, y, 0, why, span);
  return alone ? without_rows(S, t, y, span) : val_node(S, y, t->lift, span);
}

/* Height and width of kernels: one number, or a pair. */
static bool kernel_size(Sema *S, const Value *v, const char *name, int64_t *k) {
  const char *what = arena_printf(S->a, "the kernel of `%s`", name);
  if (v->kind != VAL_TUPLE && v->kind != VAL_LIST) {
    if (!layer_size(S, v, what, 1, &k[0])) return false;
    k[1] = k[0];
    return true;
  }
  if (v->u.list.n != 2) {
    say(S, DIAG_SHAPE, v->span, "%s is one number, or a pair (height, width)", what);
    return false;
  }
  return layer_size(S, v->u.list.at[0], what, 1, &k[0]) && layer_size(S, v->u.list.at[1], what, 1, &k[1]);
}

/* A window that is larger than what it slides over. */
static bool window_fits(Sema *S, const Args *args, const char *what, const int64_t *k, int64_t pad,
                        const Shape *images) {
  const int64_t h = images->d[2].n, w = images->d[3].n;
  if (k[0] <= h + 2 * pad && k[1] <= w + 2 * pad) return true;
  Diag *d = say(S, DIAG_SHAPE, args->span, "a %s of %lld x %lld is larger than the image of %lld x %lld%s",
                what, (long long)k[0], (long long)k[1], (long long)h, (long long)w,
                pad > 0 ? arena_printf(S->a, " with its pad of %lld", (long long)pad) : "");
  label_origin(S, d, images->d[3]);
  diag_help(
      d, pad > 0 || k[0] > h + 2 ? "a smaller %s, or a smaller stride before" : "a smaller %s, or `pad = 1`",
      what);
  return false;
}

typedef struct Conv {
  int64_t out, k[2], stride, pad, out_pad;
  bool bias;
  const Value *init;
} Conv;

static bool conv_arguments(Sema *S, const Args *args, bool back, Conv *c) {
  *c = (Conv){.stride = 1, .bias = true};
  const char *name = args->name;
  const Value *const *v = args->v;
  const Value *bias = v[back ? 6 : 5];
  c->init = v[back ? 7 : 6];
  return layer_size(S, v[1], arena_printf(S->a, "the number of channels that `%s` makes", name), 1,
                    &c->out) &&
         kernel_size(S, v[2], name, c->k) &&
         layer_size(S, v[3], arena_printf(S->a, "the stride of `%s`", name), 1, &c->stride) &&
         layer_size(S, v[4], arena_printf(S->a, "the pad of `%s`", name), 0, &c->pad) &&
         (!back || layer_size(S, v[5], "the output pad of `deconv`", 0, &c->out_pad)) &&
         (bias == NULL || want_bool(S, bias, "`bias`", &c->bias));
}

static bool deconv_fits(Sema *S, const Args *args, const Conv *c, const Shape *images) {
  if (c->out_pad >= c->stride) {
    Diag *d = say(S, DIAG_SHAPE, args->v[5]->span,
                  "the output pad of `deconv` is below its stride, %lld, but this is %lld",
                  (long long)c->stride, (long long)c->out_pad);
    diag_help(d, "it chooses between the sizes that a `conv` of this stride would bring to the same image");
    return false;
  }
  for (int j = 0; j < 2; j++) {
    const int64_t n = (images->d[j + 2].n - 1) * c->stride - 2 * c->pad + c->k[j] + c->out_pad;
    if (n >= 1 && n <= INT32_MAX && c->k[j] <= n + 2 * c->pad) continue;
    say(S, DIAG_SHAPE, args->span,
        "this `deconv` makes of %lld pixels %lld: ((%lld - 1) * stride - 2 * pad + kernel)",
        (long long)images->d[j + 2].n, (long long)n, (long long)images->d[j + 2].n);
    return false;
  }
  return true;
}

/* Convolutions: weights [out, in, h, w] and biases start uniform in +-1/sqrt(in h w), as PyTorch's Conv2d.
 * Transposed ones: weights [in, out, h, w], +-1/sqrt(out h w), as PyTorch's ConvTranspose2d. */
const Value *fn_conv(Sema *S, Args *args, const Builtin *self) {
  const bool back = self->op != 0;
  Conv c;
  bool alone;
  const Tensor *t = want_tensor(S, args->v[0], arena_printf(S->a, "the input of `%s`", self->name));
  if (t == NULL || !conv_arguments(S, args, back, &c)) return S->error;
  const char *key = stage_key(S, self->name, args->span);
  const NodeId x = images_of(S, args, t, &alone);
  if (x == NODE_NONE) return S->error;
  const Shape images = g_node(graph_now(S), x)->shape;
  if (back ? !deconv_fits(S, args, &c, &images) : !window_fits(S, args, "kernel", c.k, c.pad, &images))
    return S->error;
  Dim made = dim_static(c.out);
  made.origin =
      origin_new(S, args->span, arena_printf(S->a, "`%s(%lld, ...)`", self->name, (long long)c.out), 0, 0);
  const Shape bias = {.rank = 1, .d = {made}};
  const Shape w = {
      .rank = 4,
      .d = {back ? images.d[1] : made, back ? made : images.d[1], dim_static(c.k[0]), dim_static(c.k[1])}};
  const double area = (double)(c.k[0] * c.k[1]), fan_in = (double)w.d[1].n * area,
               fan_out = (double)w.d[0].n * area;
  const Start fallback = start_uniform(1 / sqrt(fan_in));
  Start start;
  if (!start_of_init(S, c.init, fan_in, fan_out, fallback, &start)) return S->error;
  const NodeId kernels = layer_weight(S, key, "weight", &w, start, args->span, NULL);
  const NodeId b = c.bias
                       ? layer_weight(S, key, "bias", &bias, bias_start(c.init, fallback), args->span, NULL)
                       : NODE_NONE;
  if (kernels == NODE_NONE || (c.bias && b == NODE_NONE)) return S->error;
  const char *why = NULL;
  Graph *g = graph_now(S);
  NodeId y = back ? g_deconv(g, x, kernels, c.stride, c.pad, c.out_pad, args->span, &why)
                  : g_conv(g, x, kernels, c.stride, c.pad, args->span, &why);
  if (y != NODE_NONE && c.bias) y = g_add_bias(g, y, b, args->span, &why);
  return images_made(S, t, y, alone, why, args->span);
}

/* ---- windows ------------------------------------------------------------------------------------- */

const Value *fn_pool(Sema *S, Args *args, const Builtin *self) {
  const bool largest = self->op != 0;
  int64_t size = 0, stride, pad = 0;
  bool alone;
  const Tensor *t = want_tensor(S, args->v[0], arena_printf(S->a, "the input of `%s`", self->name));
  if (t == NULL || !layer_size(S, args->v[1], arena_printf(S->a, "the window of `%s`", self->name), 1, &size))
    return S->error;
  stride = size;
  if (!layer_size(S, args->v[2], arena_printf(S->a, "the stride of `%s`", self->name), 1, &stride) ||
      !layer_size(S, args->v[3], arena_printf(S->a, "the pad of `%s`", self->name), 0, &pad))
    return S->error;
  const NodeId x = images_of(S, args, t, &alone);
  if (x == NODE_NONE) return S->error;
  if (2 * pad > size) {
    say(S, DIAG_SHAPE, args->v[3]->span, "the pad of `%s` is at most half its window, %lld, but this is %lld",
        self->name, (long long)size, (long long)pad);
    return S->error;
  }
  Graph *g = graph_now(S);
  const Shape images = g_node(g, x)->shape;
  if (!window_fits(S, args, "window", (const int64_t[]){size, size}, pad, &images)) return S->error;
  const char *why = NULL;
  const NodeId y = largest ? g_maxpool(g, x, size, stride, pad, args->span, &why)
                           : g_avgpool(g, x, size, stride, pad, args->span, &why);
  return images_made(S, t, y, alone, why, args->span);
}

const Value *fn_upsample(Sema *S, Args *args, const Builtin *self) {
  int64_t times = 2;
  bool alone;
  const Tensor *t = want_tensor(S, args->v[0], arena_printf(S->a, "the input of `%s`", self->name));
  if (t == NULL || !layer_size(S, args->v[1], "the factor of `upsample`", 1, &times)) return S->error;
  const NodeId x = images_of(S, args, t, &alone);
  if (x == NODE_NONE) return S->error;
  const char *why = NULL;
  return images_made(S, t, g_upsample(graph_now(S), x, times, args->span, &why), alone, why, args->span);
}
