/* What both ways of convolving (conv_k.c: places in the lanes, conv_lanes_k.c: channels in the lanes)
 * have in common. */
#ifndef QGN_CONV_K_H
#define QGN_CONV_K_H
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/layout.h"
#include "runtime/kernels/variant.h"

KINLINE void copy_run(Real *to, const Real *from, int64_t n) {
  for (; n >= VL; n -= VL, to += VL, from += VL) store(to, load(from));
  if (n > 0) store_part(to, load_part(from, (int)n), (int)n);
}

KINLINE void zero_run(Real *to, int64_t n) {
  for (; n >= VL; n -= VL, to += VL) store(to, (RVec){0});
  if (n > 0) store_part(to, (RVec){0}, (int)n);
}

/* Pixels of an axis of n whose place in the padded image leaves `phase` by the stride. */
typedef struct Line {
  int64_t first, count; /* quotients */
  int64_t pixel;        /* of the first */
  int64_t taps;         /* weights that meet them: phase, phase + stride, ... */
} Line;

KINLINE Line line_of(int64_t n, int64_t kernel, int64_t stride, int64_t pad, int64_t phase) {
  Line l = {.first = pad > phase ? ceil_div(pad - phase, stride) : 0};
  l.pixel = l.first * stride + phase - pad;
  l.count = l.pixel < n ? (n - 1 - l.pixel) / stride + 1 : 0;
  l.taps = kernel > phase ? ceil_div(kernel - phase, stride) : 0;
  return l;
}

/* Zeros above and to the left of the results, in their planes. */
KINLINE int64_t above(const ConvShape *s) { return ceil_div(s->kh, s->stride) - 1; }
KINLINE int64_t left(const ConvShape *s) { return ceil_div(s->kw, s->stride) - 1; }

/* What follows the sums before they are stored: a bias for each channel and leaky_relu, or the factor
 * of a leaky_relu's derivative. */
typedef struct Finish {
  int epilogue;
  const Real *extra; /* biases; or results of leaky_relu, one for each result of this image */
  Real slope;
} Finish;

KINLINE Finish finish_of(const KCall *c) {
  const KOp *op = c->op;
  bool has_extra = (op->epilogue & (EPI_BIAS | EPI_LEAKY_GRAD)) != 0;
  return (Finish){op->epilogue, has_extra ? c->in[2] : NULL, (Real)op->attr.f[0]};
}

/* The sums x of channel `row`, as they are to be stored; y: leaky_relu's results at these places. */
KINLINE RVec finished(const Finish *f, RVec x, int64_t row, RVec y) {
  if (f->epilogue & EPI_BIAS) x += splat(f->extra[row]);
  if (f->epilogue & EPI_LEAKY) x = where_positive(x, x, splat(f->slope) * x);
  if (f->epilogue & EPI_LEAKY_GRAD) x *= where_positive(y, splat((Real)1), splat(f->slope));
  return x;
}

KINLINE const Real *results_of_leaky(const Finish *f) {
  return f->epilogue & EPI_LEAKY_GRAD ? f->extra : NULL;
}

/* After an image whose result has n numbers. */
KINLINE void finish_next(Finish *f, int64_t n) {
  if (f->epilogue & EPI_LEAKY_GRAD) f->extra += n;
}

/* The same operations with channels of the result in the lanes; false if places are better there. */
bool KNAME(conv_by_lanes)(const KCall *c);
#endif
