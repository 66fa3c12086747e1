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

/* hyper: lr, momentum. state: velocity. */
void KNAME(opt_SGD)(const OptCall *c);
void KNAME(opt_SGD)(const OptCall *c) {
  RVec lr = splat((Real)c->hyper[0]), momentum = splat((Real)c->hyper[1]);
  bool plain = c->hyper[1] == 0;
  Real *w = c->w, *v = c->state[0];
  const Real *g = c->g;
  for (int64_t i = 0; i < c->n; i += VL) {
    int lanes = lanes_of(c->n - i);
    RVec step = take(g + i, lanes);
    if (!plain) {
      step += momentum * take(v + i, lanes);
      give(v + i, step, lanes);
    }
    give(w + i, take(w + i, lanes) - lr * step, lanes);
  }
}

/* hyper: lr, beta1, beta2, eps. state: first and second moment. */
void KNAME(opt_ADAM)(const OptCall *c);
void KNAME(opt_ADAM)(const OptCall *c) {
  double lr = c->hyper[0], beta1 = c->hyper[1], beta2 = c->hyper[2];
  RVec step = splat((Real)(lr / (1 - pow(beta1, (double)c->step))));
  RVec root = splat((Real)(1 / sqrt(1 - pow(beta2, (double)c->step))));
  RVec rest1 = splat((Real)(1 - beta1)), b2 = splat((Real)beta2), rest2 = splat((Real)(1 - beta2));
  RVec eps = splat((Real)c->hyper[3]);
  Real *w = c->w, *m = c->state[0], *v = c->state[1];
  const Real *g = c->g;
  for (int64_t i = 0; i < c->n; i += VL) {
    int lanes = lanes_of(c->n - i);
    RVec grad = take(g + i, lanes), mean = take(m + i, lanes);
    mean += rest1 * (grad - mean);
    RVec square = b2 * take(v + i, lanes) + rest2 * (grad * grad);
    give(m + i, mean, lanes);
    give(v + i, square, lanes);
    RVec x = take(w + i, lanes) - step * mean / (vsqrt(square) * root + eps);
    give(w + i, x, lanes);
  }
}
