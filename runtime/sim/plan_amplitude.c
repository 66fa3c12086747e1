/* The plan of amplitudes. */
#include "lang/base/mem.h"
#include "runtime/sim/amplitude.h"
#include "runtime/sim/plan_steps.h"

static SimSlot slot_of(Arena *a, const CircuitProgram *c, const Raw *r) {
  SimTerm *t = ARENA_ARRAY(a, SimTerm, r->angle.n);
  SimSlot s = {.shift = 0.5 * r->angle.shift, .term = t, .controlled = r->n_controls > 0};
  int n = 0;
  for (int rows = 0; rows < 2; rows++) {
    for (int i = 0; i < r->angle.n; i++) {
      if (c->input_has_rows[r->angle.term[i].source] != (rows == 1)) continue;
      t[n] = r->angle.term[i];
      t[n++].scale *= 0.5;
      s.n_shared += rows == 0;
      s.n_row += rows;
    }
  }
  return s;
}

static void layout(SimPlan *p, size_t vec, size_t real) {
  SimLayout *l = &p->at;
  size_t at = 0, slots = (size_t)p->n_slots, state = mem_mul((size_t)1 << p->dim, 2);
  l->scalar = plan_place(&at, mem_mul(slots, 2), real);
  l->cs = plan_place(&at, mem_mul(slots, 2), vec);
  l->psi = plan_place(&at, state, vec);
  l->total[0] = at;
  l->sum = plan_place(&at, slots, vec);
  l->lam = plan_place(&at, state, vec);
  l->total[1] = at;
  l->u = plan_place(&at, slots, vec);
  l->dpsi = plan_place(&at, state, vec);
  l->dlam = plan_place(&at, state, vec);
  l->total[2] = at;
}

const char *plan_amplitude(Arena *a, SimPlan *p, size_t vec, size_t real, Span *where) {
  const CircuitProgram *c = p->program;
  RawSteps r = {0};
  const char *why = plan_raw_steps(a, c, &r, where);
  if (why != NULL) return why;
  AmpPlan *amp = ARENA_NEW(a, AmpPlan);
  AmpOp *op = ARENA_ARRAY(a, AmpOp, r.n);
  SimSlot *slot = ARENA_ARRAY(a, SimSlot, r.n);
  for (int i = 0; i < r.n; i++) {
    const Raw *q = &r.at[i];
    AmpOp *o = &op[i];
    *o = (AmpOp){.x = q->p.x, .z = q->p.z, .quarter = q->p.t, .slot = i, .grad = q->angle.n > 0};
    for (int k = 0; k < q->n_controls; k++) {
      o->controls |= 1u << q->control[k];
      if (q->on[k]) o->value |= 1u << q->control[k];
    }
    slot[i] = slot_of(a, c, q);
  }
  *amp = (AmpPlan){r.n, op};
  p->amp = amp;
  p->dim = c->n_qubits;
  p->planes = 2;
  p->n_slots = r.n;
  p->slot = slot;
  uint32_t *col = ARENA_ARRAY(a, uint32_t, p->dim + 1);
  for (int i = 0; i < c->probs_qubits.n; i++) col[c->probs_qubits.at[i]] = 1u << (c->probs_qubits.n - 1 - i);
  p->outcome_col = col;
  layout(p, vec, real);
  return NULL;
}
