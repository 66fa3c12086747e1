/* Shape rules of operations on images [rows, channels, height, width]. */
#include "lang/ir/graph_int.h"

#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) ShapeRule shape_rule_##shape;
#include "lang/ir/ops.def"
#undef OP

static const Shape *in_shape(const Make *m, int k) { return g_shape(m->g, m->in[k]); }

static const char *text_of(const Make *m, const Shape *s) {
  return shape_text(m->g->arena, s, m->g->count_names);
}

/* Four axes, of which only the first may be a count. */
static const char *is_images(const Make *m, const Shape *s, const char *what) {
  bool fits = s->rank == 4;
  for (int k = 1; fits && k < 4; k++) fits = s->d[k].count == 0;
  if (fits) return NULL;
  return arena_printf(m->g->arena, "%s are [rows, channels, height, width], not %s", what, text_of(m, s));
}

static const char *is_kernels(const Make *m, const Shape *w) {
  if (w->rank == 4 && shape_is_static(w)) return NULL;
  return arena_printf(m->g->arena, "kernels are [out, in, height, width], not %s", text_of(m, w));
}

static const char *check_steps(const Make *m, int64_t stride, int64_t pad) {
  if (stride < 1) return arena_printf(m->g->arena, "a stride of %lld", (long long)stride);
  if (pad < 0) return arena_printf(m->g->arena, "a pad of %lld", (long long)pad);
  if (stride > INT32_MAX || pad > INT32_MAX) return "a stride or pad of more than 2^31 - 1";
  return NULL;
}

/* Places of windows of `size` along an axis of n with `pad` on both sides; 0 and *why if there is none. */
static int64_t places(const Make *m, int64_t n, int64_t size, int64_t stride, int64_t pad, const char *what,
                      const char **why) {
  if (n > INT32_MAX || size > INT32_MAX) {
    *why = "an image or kernel of more than 2^31 - 1 pixels along one axis";
    return 0;
  }
  int64_t room = n + 2 * pad - size;
  if (size >= 1 && room >= 0) return room / stride + 1;
  if (size < 1) {
    *why = arena_printf(m->g->arena, "a %s of size %lld", what, (long long)size);
    return 0;
  }
  const char *padded = pad ? " with its padding" : "";
  *why = arena_printf(m->g->arena, "a %s of size %lld is larger than %lld%s", what, (long long)size,
                      (long long)(n + 2 * pad), padded);
  return 0;
}

static const char *channels_differ(const Make *m, const Shape *a, int64_t have, const Shape *w,
                                   int64_t want) {
  return arena_printf(m->g->arena, "images %s have %lld channels, kernels %s take %lld", text_of(m, a),
                      (long long)have, text_of(m, w), (long long)want);
}

const char *shape_rule_conv(Make *m) {
  const Shape *a = in_shape(m, 0), *w = in_shape(m, 1);
  int64_t stride = m->attr->i[0], pad = m->attr->i[1];
  const char *why = is_images(m, a, "images");
  if (!why) why = is_kernels(m, w);
  if (!why) why = check_steps(m, stride, pad);
  if (!why && a->d[1].n != w->d[1].n) why = channels_differ(m, a, a->d[1].n, w, w->d[1].n);
  m->shape = *a;
  for (int k = 2; k < 4 && !why; k++)
    m->shape.d[k] = dim_static(places(m, a->d[k].n, w->d[k].n, stride, pad, "kernel", &why));
  if (!why) m->shape.d[1] = w->d[0];
  return why;
}

/* Does a convolution of images of height and width `to` with kernels of size `kernel` give `small`? */
static const char *undoes(const Make *m, const int64_t *to, const int64_t *kernel, const Shape *small) {
  const char *why = NULL;
  for (int k = 0; k < 2; k++) {
    int64_t n = places(m, to[k], kernel[k], m->attr->i[0], m->attr->i[1], "kernel", &why);
    if (why) return why;
    if (n != small->d[k + 2].n)
      return arena_printf(m->g->arena,
                          "images of size %lld give %lld with this kernel, stride and pad, not %lld",
                          (long long)to[k], (long long)n, (long long)small->d[k + 2].n);
  }
  return NULL;
}

const char *shape_rule_conv_dx(Make *m) {
  const Shape *a = in_shape(m, 0), *w = in_shape(m, 1);
  const int64_t *i = m->attr->i;
  const char *why = is_images(m, a, "images");
  if (!why) why = is_kernels(m, w);
  if (!why) why = check_steps(m, i[0], i[1]);
  if (!why && a->d[1].n != w->d[0].n) why = channels_differ(m, a, a->d[1].n, w, w->d[0].n);
  if (!why) why = undoes(m, &i[2], (int64_t[]){w->d[2].n, w->d[3].n}, a);
  if (why) return why;
  m->shape = *a;
  m->shape.d[1] = w->d[1];
  for (int k = 2; k < 4; k++) m->shape.d[k] = dim_static(i[k]);
  return NULL;
}

const char *shape_rule_conv_dw(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, 1);
  const int64_t *i = m->attr->i;
  const char *why = is_images(m, a, "images");
  if (!why) why = is_images(m, b, "results");
  if (!why) why = check_steps(m, i[0], i[1]);
  if (!why && !dim_equal(a->d[0], b->d[0]))
    why = arena_printf(m->g->arena, "%s and %s do not have the same rows", text_of(m, a), text_of(m, b));
  if (!why) why = undoes(m, (int64_t[]){a->d[2].n, a->d[3].n}, &i[2], b);
  if (why) return why;
  m->shape = shape_of(4, (int64_t[]){b->d[1].n, a->d[1].n, i[2], i[3]});
  return NULL;
}

/* ---- windows ---- */
static const char *check_windows(const Make *m, const Shape *a) {
  const int64_t *i = m->attr->i;
  const char *why = is_images(m, a, "images");
  if (!why) why = check_steps(m, i[0], i[1]);
  if (!why && i[1] >= i[2] && i[1] > 0)
    why = arena_printf(m->g->arena, "a pad of %lld leaves windows of size %lld without a pixel",
                       (long long)i[1], (long long)i[2]);
  return why;
}

static const char *pooled(const Make *m, const Shape *a, Shape *out) {
  const int64_t *i = m->attr->i;
  const char *why = check_windows(m, a);
  *out = *a;
  for (int k = 2; k < 4 && !why; k++)
    out->d[k] = dim_static(places(m, a->d[k].n, i[2], i[0], i[1], "window", &why));
  return why;
}

static const char *not_alike(const Make *m, const Shape *a, const Shape *b) {
  return arena_printf(m->g->arena, "%s and %s do not belong together", text_of(m, a), text_of(m, b));
}

const char *shape_rule_pool(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, m->n_in - 1);
  const char *why = pooled(m, a, &m->shape);
  return !why && !shape_equal(a, b) ? not_alike(m, a, b) : why;
}

const char *shape_rule_pool_dx(Make *m) {
  Shape small;
  const char *why = pooled(m, in_shape(m, 1), &small);
  if (!why && !shape_equal(&small, in_shape(m, 0))) why = not_alike(m, &small, in_shape(m, 0));
  m->shape = *in_shape(m, 1);
  return why;
}

const char *shape_rule_sumpool_dx(Make *m) {
  const Shape *a = in_shape(m, 0);
  const int64_t *i = m->attr->i;
  const char *why = check_windows(m, a);
  if (!why) why = undoes(m, &i[3], (int64_t[]){i[2], i[2]}, a);
  m->shape = *a;
  for (int k = 2; k < 4; k++) m->shape.d[k] = dim_static(i[k + 1]);
  return why;
}
