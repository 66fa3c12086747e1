/* Amplitudes of circuits: forward, gradient and Hessian product in this form (amplitude.h). Called by
 * the kernels of circuits. */
#include "runtime/sim/call_k.h"
#include "runtime/sim/amplitude.h"

void KNAME(amp_circuit)(const KCall *c);
void KNAME(amp_circuit_vjp)(const KCall *c);
void KNAME(amp_circuit_hvp)(const KCall *c);

typedef struct Amplitude {
  RVec r, i;
} Amplitude;

KINLINE Amplitude at(State p, uint32_t k) { return (Amplitude){p.re[k], p.im[k]}; }
KINLINE void put(State p, uint32_t k, Amplitude a) {
  p.re[k] = a.r;
  p.im[k] = a.i;
}

/* The factor of P from amplitude `from`: i^quarter and a sign, as (real, imaginary) signs. */
typedef struct Factor {
  bool imaginary;
  RVec sign;
} Factor;

KINLINE Factor factor_of(const AmpOp *op, uint32_t from) {
  const bool minus = (op->quarter >= 2) ^ bit_parity(from & op->z);
  return (Factor){op->quarter & 1, splat(minus ? -1 : 1)};
}

KINLINE Amplitude times(Factor f, Amplitude a) {
  if (f.imaginary) return (Amplitude){-f.sign * a.i, f.sign * a.r};
  return (Amplitude){f.sign * a.r, f.sign * a.i};
}

/* c a - i s g */
KINLINE Amplitude turned(Amplitude a, Amplitude g, RVec c, RVec s) {
  return (Amplitude){c * a.r + s * g.i, c * a.i - s * g.r};
}

KINLINE RVec inner(Amplitude l, Amplitude g) { return l.r * g.i - l.i * g.r; } /* Im conj(l) g */

/* Runs the statement that follows for all pairs k0, k1 = k0 ^ x whose controls are met; k0 = k1 without
 * flips, and then only the first of a pair counts. */
#define FOR_PAIRS(op, dim, k0)                                                                               \
  for (uint32_t k0 = 0, pair_top = (op)->x == 0 ? 0 : 1u << (31 - __builtin_clz((op)->x)); k0 < 1u << (dim); \
       k0++)                                                                                                 \
    if (((k0)&pair_top) == 0 && ((k0) & (op)->controls) == (op)->value)

static void forward_op(State p, const AmpOp *op, int dim, RVec c, RVec s) {
  FOR_PAIRS(op, dim, k0) {
    const uint32_t k1 = k0 ^ op->x;
    const Amplitude a = at(p, k0), b = at(p, k1);
    put(p, k0, turned(a, times(factor_of(op, k1), b), c, s));
    if (k1 != k0) put(p, k1, turned(b, times(factor_of(op, k0), a), c, s));
  }
}

/* The pair (p, d) with d' = U d - i u P U p; back with -s and -u. */
static void forward_dual(State p, State d, const AmpOp *op, int dim, RVec c, RVec s, RVec u) {
  FOR_PAIRS(op, dim, k0) {
    const uint32_t k1 = k0 ^ op->x;
    const Factor f0 = factor_of(op, k1), f1 = factor_of(op, k0);
    const Amplitude a = at(p, k0), b = at(p, k1), da = at(d, k0), db = at(d, k1);
    const Amplitude a2 = turned(a, times(f0, b), c, s), b2 = k1 != k0 ? turned(b, times(f1, a), c, s) : a2;
    put(p, k0, a2);
    put(d, k0, turned(turned(da, times(f0, db), c, s), times(f0, b2), splat(1), u));
    if (k1 == k0) continue;
    put(p, k1, b2);
    put(d, k1, turned(turned(db, times(f1, da), c, s), times(f1, a2), splat(1), u));
  }
}

/* Im <l|P|p> */
static RVec inner_op(State l, State p, const AmpOp *op, int dim) {
  RVec total = {0}, part = {0};
  uint32_t n = 0;
  FOR_PAIRS(op, dim, k0) {
    const uint32_t k1 = k0 ^ op->x;
    part += inner(at(l, k0), times(factor_of(op, k1), at(p, k1)));
    if (k1 != k0) part += inner(at(l, k1), times(factor_of(op, k0), at(p, k0)));
    if (++n % SUM_BLOCK != 0) continue;
    total += part;
    part = (RVec){0};
  }
  return total + part;
}

static void start(State p, int dim, Real first) {
  state_zero(p.re, 1u << dim);
  state_zero(p.im, 1u << dim);
  p.re[0] = splat(first);
}

static void forward(const Sim *s) {
  const AmpPlan *amp = s->plan->amp;
  start(s->psi, s->plan->dim, 1);
  for (int i = 0; i < amp->n; i++) {
    const RVec *cs = s->cs + 2 * amp->op[i].slot;
    forward_op(s->psi, &amp->op[i], s->plan->dim, cs[0], cs[1]);
  }
}

static void store_state(const Sim *s, State p, Real *out) {
  const int64_t n = s->plan->program->n_outputs;
  FOR_CODE(s->plan->dim, s->plan->outcome_col, 0, k, o) {
    for (int l = 0; l < s->lanes; l++) {
      Real *y = out + (s->row + l) * n + 2 * (int64_t)o;
      y[0] = p.re[k][l];
      y[1] = p.im[k][l];
    }
  }
}

/* lambda = w / 2 */
static void load_cotangent(const Sim *s, State l) {
  const int64_t n = s->plan->program->n_outputs;
  const Real *in = s->call->in[s->plan->program->n_inputs];
  const bool rows = cotangent_has_rows(s);
  FOR_CODE(s->plan->dim, s->plan->outcome_col, 0, k, o) {
    const Real *w = in + 2 * (int64_t)o;
    l.re[k] = (Real)0.5 * (rows ? gather_rows(w + s->row * n, n, s->lanes) : gather_rows(w, 0, s->lanes));
    w++;
    l.im[k] = (Real)0.5 * (rows ? gather_rows(w + s->row * n, n, s->lanes) : gather_rows(w, 0, s->lanes));
  }
}

void KNAME(amp_circuit)(const KCall *c) {
  Sim s = sim_begin(c);
  sim_shared_angles(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    forward(&s);
    store_state(&s, s.psi, c->out);
  }
}

void KNAME(amp_circuit_vjp)(const KCall *c) {
  Sim s = sim_begin(c);
  const AmpPlan *amp = s.plan->amp;
  const int dim = s.plan->dim;
  sim_shared_angles(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    forward(&s);
    load_cotangent(&s, s.lam);
    for (int i = amp->n - 1; i >= 0; i--) {
      const AmpOp *op = &amp->op[i];
      const RVec *cs = s.cs + 2 * op->slot;
      if (op->grad) part_add(&s, op->slot, inner_op(s.lam, s.psi, op, dim));
      forward_op(s.psi, op, dim, cs[0], -cs[1]);
      forward_op(s.lam, op, dim, cs[0], -cs[1]);
    }
  }
  parts_end(&s);
}

void KNAME(amp_circuit_hvp)(const KCall *c) {
  Sim s = sim_begin(c);
  const AmpPlan *amp = s.plan->amp;
  const int dim = s.plan->dim;
  Real *tangent_out = c->part[s.plan->program->n_inputs];
  sim_shared_angles(&s);
  sim_shared_tangents(&s);
  parts_begin(&s);
  for (int64_t row = 0; row < s.samples; row += VL) {
    sim_tile(&s, row);
    sim_tile_tangents(&s);
    start(s.psi, dim, 1);
    start(s.dpsi, dim, 0);
    for (int i = 0; i < amp->n; i++) {
      const RVec *cs = s.cs + 2 * amp->op[i].slot;
      forward_dual(s.psi, s.dpsi, &amp->op[i], dim, cs[0], cs[1], s.u[amp->op[i].slot]);
    }
    if (tangent_out != NULL) store_state(&s, s.dpsi, tangent_out);
    load_cotangent(&s, s.lam);
    start(s.dlam, dim, 0);
    for (int i = amp->n - 1; i >= 0; i--) {
      const AmpOp *op = &amp->op[i];
      const RVec *cs = s.cs + 2 * op->slot, u = s.u[op->slot];
      if (op->grad)
        part_add(&s, op->slot, inner_op(s.dlam, s.psi, op, dim) + inner_op(s.lam, s.dpsi, op, dim));
      forward_dual(s.psi, s.dpsi, op, dim, cs[0], -cs[1], -u);
      forward_dual(s.lam, s.dlam, op, dim, cs[0], -cs[1], -u);
    }
  }
  parts_end(&s);
}
