/* Hessian products through density matrices, for constant strengths: r and l carry tangents along the
 * directions u. With G = dR/da at a = 0 a turn on the pair is
 *     r -> R r,   r' -> R r' + u G (R r),
 * its inverse the same with -a and -u; tables and matrices act on both alike. The result is, for each angle,
 *     <l'|G|r> + <l|G|r'>,   l' = 0 behind the last step (outputs are linear in r),
 * and the tangents of the outputs are those of r'. */
#include "runtime/sim/density_k.h"

void KNAME(density_circuit_hvp)(const KCall *c);

KINLINE void turn_dual(RVec *r, RVec *d, const DensityOp *op, RVec c, RVec s, RVec u) {
  const uint32_t *pa = op->a, *pb = op->b, n = op->n;
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < n; i++) {
      const uint32_t a = base | pa[i], b = base | pb[i];
      RVec x = c * r[a] - s * r[b], y = c * r[b] + s * r[a];
      RVec dx = c * d[a] - s * d[b], dy = c * d[b] + s * d[a];
      r[a] = x;
      r[b] = y;
      d[a] = dx - u * y;
      d[b] = dy + u * x;
    }
  }
}

KINLINE RVec turn_product(const RVec *l, const RVec *r, const DensityOp *op) {
  const uint32_t *pa = op->a, *pb = op->b, n = op->n;
  RVec g = {0}, h = {0};
  FOR_BASE(&op->walk, base) {
    for (uint32_t i = 0; i < n; i++) {
      const uint32_t a = base | pa[i], b = base | pb[i];
      g += l[b] * r[a];
      h += l[a] * r[b];
    }
  }
  return g - h;
}

static void density_tangents(Sim *s) {
  const SimPlan *p = s->plan;
  for (int i = 0; i < p->n_slots; i++) {
    const SimSlot *slot = &p->slot[i];
    RVec u = splat(s->scalar[p->n_slots + i]);
    for (int k = 0; k < slot->n_row; k++) {
      const SimTerm *t = &slot->term[slot->n_shared + k];
      if (sim_directions(s)[t->source] != NULL) u += (Real)t->scale * gather_term(s, sim_directions(s), t);
    }
    s->u[i] = u;
  }
}

static size_t run_block(const Density *D, int k) {
  const DensityBlock *b = &D->d->block[k];
  const size_t dim = D->d->dim;
  size_t at = 0;
  for (int i = b->first; i < b->first + b->n; i++) {
    const DensityOp *op = &D->d->op[i];
    if (op->kind == DENSITY_TURN) {
      turn_dual(D->work + at, D->dwork + at, op, D->s.cs[2 * op->slot], D->s.cs[2 * op->slot + 1],
                D->s.u[op->slot]);
      continue;
    }
    density_step(D, op, D->work + at + dim, D->work + at);
    density_step(D, op, D->dwork + at + dim, D->dwork + at);
    at += dim;
  }
  return at;
}

static void copy_states(const Density *D, RVec *to, RVec *dto, const RVec *from, const RVec *dfrom) {
  memcpy(to, from, D->d->dim * sizeof(RVec));
  memcpy(dto, dfrom, D->d->dim * sizeof(RVec));
}

static size_t run_forward(const Density *D) {
  const int n = D->d->n_blocks;
  size_t at = 0;
  density_start(D, D->work);
  state_zero(D->dwork, D->d->dim);
  for (int k = 0; k < n; k++) {
    const size_t keep = (size_t)k * D->d->dim;
    if (k > 0) copy_states(D, D->work, D->dwork, D->work + at, D->dwork + at);
    if (n > 1) copy_states(D, D->check + keep, D->dcheck + keep, D->work, D->dwork);
    at = run_block(D, k);
  }
  return at;
}

static void block_back(const Density *D, int k, size_t at, int *side) {
  const DensityBlock *b = &D->d->block[k];
  for (int i = b->first + b->n - 1; i >= b->first; i--) {
    const DensityOp *op = &D->d->op[i];
    RVec *r = D->work + at, *dr = D->dwork + at, *l = D->lam[*side], *dl = D->dlam[*side];
    if (op->kind == DENSITY_TURN) {
      const RVec c = D->s.cs[2 * op->slot], s = D->s.cs[2 * op->slot + 1], u = D->s.u[op->slot];
      if (op->grad)
        part_add(&D->s, op->slot, (Real)0.5 * (turn_product(dl, r, op) + turn_product(l, dr, op)));
      turn_dual(r, dr, op, c, -s, -u);
      turn_dual(l, dl, op, c, -s, -u);
      continue;
    }
    *side = !*side;
    density_step_back(D, op, D->lam[*side], l);
    density_step_back(D, op, D->dlam[*side], dl);
    at -= D->d->dim;
  }
}

void KNAME(density_circuit_hvp)(const KCall *c) {
  Density D = density_begin(c);
  const DensityPlan *d = D.d;
  Real *tangents = c->part[D.s.plan->program->n_inputs];
  density_call(&D, false);
  sim_shared_tangents(&D.s);
  parts_begin(&D.s);
  for (int64_t row = 0; row < D.s.samples; row += VL) {
    density_tile(&D, row, false);
    density_tangents(&D.s);
    sim_cotangent(&D.s);
    size_t at = run_forward(&D);
    int side = 0;
    density_observe(&D, D.lam[0]);
    state_zero(D.dlam[0], d->dim);
    if (tangents != NULL) {
      density_measure(&D, D.dwork + at, false);
      store_outputs(&D.s, tangents);
    }
    for (int k = d->n_blocks - 1; k >= 0; k--) {
      if (k < d->n_blocks - 1) {
        const size_t kept = (size_t)k * d->dim;
        copy_states(&D, D.work, D.dwork, D.check + kept, D.dcheck + kept);
        at = run_block(&D, k);
      }
      block_back(&D, k, at, &side);
    }
  }
  parts_end(&D.s);
}
