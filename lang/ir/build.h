/* Layers and functions that are made of several rows of ops.def. They hold no weights: what a layer
 * learns are inputs here. Formulas are PyTorch's, so that numbers can be compared.
 *
 * Functions with `why` return NODE_NONE and set *why (if not NULL; a text in the graph's arena, as
 * g_make's) where shapes or numbers do not fit; the others are for shapes that are known to fit.
 * Images are [rows, channels, height, width]. */
#ifndef QGN_BUILD_H
#define QGN_BUILD_H
#include "lang/ir/graph.h"

/* ---- images ---- */
/* Kernels [out, in, kh, kw]; no bias. */
NodeId g_conv(Graph *g, NodeId x, NodeId w, int64_t stride, int64_t pad, Span span, const char **why);
/* Transposed convolution, kernels [in, out, kh, kw]: height (h - 1) * stride - 2 * pad + kh + out_pad, and
 * width likewise; 0 <= out_pad < stride. */
NodeId g_deconv(Graph *g, NodeId x, NodeId w, int64_t stride, int64_t pad, int64_t out_pad, Span span,
                const char **why);
/* x + b along axis 1 (channels of images, columns of a matrix); b has that axis' size. */
NodeId g_add_bias(Graph *g, NodeId x, NodeId b, Span span, const char **why);
NodeId g_maxpool(Graph *g, NodeId x, int64_t size, int64_t stride, int64_t pad, Span span, const char **why);
/* Mean over all size * size places, those of the pad counted as zeros. */
NodeId g_avgpool(Graph *g, NodeId x, int64_t size, int64_t stride, int64_t pad, Span span, const char **why);
/* Each pixel repeated `times` times in both directions (nearest neighbour). */
NodeId g_upsample(Graph *g, NodeId x, int64_t times, Span span, const char **why);

/* ---- elementwise ---- */
NodeId g_gelu(Graph *g, NodeId x, Span span);              /* x * P(normal < x), by the error function */
NodeId g_elu(Graph *g, NodeId x, double alpha, Span span); /* x if x > 0, else alpha * (e^x - 1) */
NodeId g_silu(Graph *g, NodeId x, Span span);              /* x * sigmoid(x) */
NodeId g_clamp(Graph *g, NodeId x, NodeId low, NodeId high, Span span); /* derivative 1 at the limits */
/* Zero with probability p in 0..1, else x / (1 - p): one uniform number per element from `site`. With
 * p = 1 everything is zero. */
NodeId g_dropout(Graph *g, NodeId x, double p, int site, Span span);

/* ---- axes ---- */
/* SOFTMAX, LOG_SOFTMAX, LOGSUMEXP, FLIP or CUMSUM along an axis. */
NodeId g_along(Graph *g, OpId op, NodeId x, int axis, Span span, const char **why);
/* Quantile q in 0..1 along the axis, which is removed; q = 0.5 is the median. */
NodeId g_quantile(Graph *g, NodeId x, int axis, double q, Span span, const char **why);
/* x `times` times, one after the other, along an axis of static size. */
NodeId g_tile(Graph *g, NodeId x, int axis, int64_t times, Span span, const char **why);
/* Mean of the squares of the distances from the mean over the axes in the mask; unbiased: n - 1 in place
 * of n (n = 1: 0). */
NodeId g_variance(Graph *g, NodeId x, int64_t axes, bool keep, bool unbiased, Span span);

/* ---- norms ---- */
typedef struct BatchNorm {
  NodeId out;
  NodeId mean, variance; /* [channels], of this batch; variance unbiased, for running statistics */
} BatchNorm;
/* Axis 1 holds channels; scale and shift have its size. Normalises with the biased variance of the batch
 * over all other axes: (x - mean) / sqrt(variance + eps) * scale + shift. out is NODE_NONE if it fails. */
BatchNorm g_batchnorm(Graph *g, NodeId x, NodeId scale, NodeId shift, double eps, Span span,
                      const char **why);
/* The same with a mean and a variance that are given ([channels]): evaluation mode. */
NodeId g_batchnorm_with(Graph *g, NodeId x, NodeId scale, NodeId shift, NodeId mean, NodeId variance,
                        double eps, Span span, const char **why);
/* (1 - momentum) * old + momentum * now: running statistics, without derivative. */
NodeId g_running(Graph *g, NodeId old, NodeId now, double momentum, Span span);
/* Normalises over the last axes, those that scale and shift have: (x - mean) / sqrt(variance + eps) * scale
 * + shift. */
NodeId g_layernorm(Graph *g, NodeId x, NodeId scale, NodeId shift, double eps, Span span, const char **why);
#endif
