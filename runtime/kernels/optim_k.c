/* Optimisers as PyTorch defines them. Step sizes and bias corrections are computed in double,
 * weights and moments in Real. */
#include <math.h>
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/variant.h"

KINLINE RVec take(const Real *p, int lanes) { return lanes == VL ? load(p) : load_part(p, lanes); }
KINLINE void give(Real *p, RVec v, int lanes) {
  if (lanes == VL) store(p, v);
  else store_part(p, v, lanes);
}
KINLINE int lanes_of(int64_t left) { return left < VL ? (int)left : VL; }

/* hyper: lr, momentum, nesterov, weight_decay. state: velocity. */
void KNAME(opt_SGD)(const OptCall *c);
void KNAME(opt_SGD)(const OptCall *c) {
  RVec lr = splat((Real)c->hyper[0]), momentum = splat((Real)c->hyper[1]), decay = splat((Real)c->hyper[3]);
  bool plain = c->hyper[1] == 0, ahead = c->hyper[2] != 0, decays = c->hyper[3] != 0;
  Real *w = c->w, *v = c->state[0];
  const Real *g = c->g;
  for (int64_t i = 0; i < c->n; i += VL) {
    int lanes = lanes_of(c->n - i);
    RVec x = take(w + i, lanes), step = take(g + i, lanes);
    if (decays) step += decay * x;
    if (!plain) {
      RVec speed = momentum * take(v + i, lanes) + step;
      give(v + i, speed, lanes);
      step = ahead ? step + momentum * speed : speed;
    }
    give(w + i, x - lr * step, lanes);
  }
}

typedef enum AdamKind { ADAM, ADAMW, AMSGRAD } AdamKind;

/* hyper: lr, beta1, beta2, eps, weight_decay. state: first and second moment, AMSGRAD: its largest. */
KINLINE void adam(const OptCall *c, AdamKind kind) {
  double lr = c->hyper[0], beta1 = c->hyper[1], beta2 = c->hyper[2];
  RVec step = splat((Real)(lr / (1 - pow(beta1, (double)c->step))));
  RVec root = splat((Real)(1 / sqrt(1 - pow(beta2, (double)c->step))));
  RVec rest1 = splat((Real)(1 - beta1)), b2 = splat((Real)beta2), rest2 = splat((Real)(1 - beta2));
  RVec eps = splat((Real)c->hyper[3]), decay = splat((Real)c->hyper[4]),
       keep = splat((Real)(1 - lr * c->hyper[4]));
  bool decays = c->hyper[4] != 0;
  Real *w = c->w, *m = c->state[0], *v = c->state[1], *most = c->state[2];
  const Real *g = c->g;
  for (int64_t i = 0; i < c->n; i += VL) {
    int lanes = lanes_of(c->n - i);
    RVec x = take(w + i, lanes), grad = take(g + i, lanes), mean = take(m + i, lanes);
    if (decays && kind != ADAMW) grad += decay * x;
    if (decays && kind == ADAMW) x *= keep;
    mean += rest1 * (grad - mean);
    RVec square = b2 * take(v + i, lanes) + rest2 * (grad * grad);
    give(m + i, mean, lanes);
    give(v + i, square, lanes);
    if (kind == AMSGRAD) {
      RVec before = take(most + i, lanes);
      square = select(before > square, before, square);
      give(most + i, square, lanes);
    }
    give(w + i, x - step * mean / (vsqrt(square) * root + eps), lanes);
  }
}

void KNAME(opt_ADAM)(const OptCall *c);
void KNAME(opt_ADAM)(const OptCall *c) { adam(c, ADAM); }
void KNAME(opt_ADAMW)(const OptCall *c);
void KNAME(opt_ADAMW)(const OptCall *c) { adam(c, ADAMW); }
void KNAME(opt_AMSGRAD)(const OptCall *c);
void KNAME(opt_AMSGRAD)(const OptCall *c) { adam(c, AMSGRAD); }

/* hyper: lr, alpha, eps, momentum, centered, weight_decay. state: mean square, steps, mean gradient. */
void KNAME(opt_RMSPROP)(const OptCall *c);
void KNAME(opt_RMSPROP)(const OptCall *c) {
  RVec lr = splat((Real)c->hyper[0]), alpha = splat((Real)c->hyper[1]), rest = splat((Real)(1 - c->hyper[1]));
  RVec eps = splat((Real)c->hyper[2]), momentum = splat((Real)c->hyper[3]), decay = splat((Real)c->hyper[5]);
  bool moves = c->hyper[3] != 0, centered = c->hyper[4] != 0, decays = c->hyper[5] != 0;
  Real *w = c->w, *v = c->state[0], *steps = c->state[1], *m = c->state[2];
  const Real *g = c->g;
  for (int64_t i = 0; i < c->n; i += VL) {
    int lanes = lanes_of(c->n - i);
    RVec x = take(w + i, lanes), grad = take(g + i, lanes);
    if (decays) grad += decay * x;
    RVec square = alpha * take(v + i, lanes) + rest * (grad * grad), spread = square;
    give(v + i, square, lanes);
    if (centered) {
      RVec mean = take(m + i, lanes);
      mean += rest * (grad - mean);
      give(m + i, mean, lanes);
      spread -= mean * mean;
    }
    RVec step = grad / (vsqrt(spread) + eps);
    if (moves) {
      step += momentum * take(steps + i, lanes);
      give(steps + i, step, lanes);
    }
    give(w + i, x - lr * step, lanes);
  }
}

/* hyper: lr, ridge (which the gradient holds already). */
void KNAME(opt_QNG)(const OptCall *c);
void KNAME(opt_QNG)(const OptCall *c) {
  RVec lr = splat((Real)c->hyper[0]);
  Real *w = c->w;
  const Real *g = c->g;
  for (int64_t i = 0; i < c->n; i += VL) {
    int lanes = lanes_of(c->n - i);
    give(w + i, take(w + i, lanes) - lr * take(g + i, lanes), lanes);
  }
}
