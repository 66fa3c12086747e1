#include "runtime/sim/plain.h"
#include "lang/base/mem.h"
#include "runtime/sim/plan_steps.h"

const PlainPlan *plan_plain(Arena *a, const CircuitProgram *c, const char **why, Span *where) {
  RawSteps raw = {0};
  *why = plan_raw_steps(a, c, &raw, where);
  if (*why != NULL) return NULL;
  PlainPlan *p = ARENA_NEW(a, PlainPlan);
  PlainTurn *turn = ARENA_ARRAY(a, PlainTurn, raw.n + 1);
  int n = 0;
  for (int i = 0; i < raw.n; i++) {
    const Raw *r = &raw.at[i];
    if (r->n_controls == 0 && r->p.x == 0 && r->p.z == 0) continue; /* a global phase */
    PlainTurn *t = &turn[n++];
    *t = (PlainTurn){.x = r->p.x, .z = r->p.z, .angle = r->angle};
    t->quarter = __builtin_popcount(r->p.x & r->p.z) & 3;
    for (int k = 0; k < r->n_controls; k++) {
      t->mask |= 1u << r->control[k];
      t->value |= r->on[k] ? 1u << r->control[k] : 0;
    }
  }
  *p = (PlainPlan){.program = c, .n_turns = n, .turn = turn};
  for (int k = 0; k < c->n_inputs; k++) {
    p->any_rows |= c->input_has_rows[k];
    if (!c->input_has_rows[k]) p->n_shared += (int)c->input_size[k];
  }
  return p;
}

/* States of n_turns + 1 moments, two cotangents, cosine, sine and gradient of each turn, cotangents. */
size_t plain_backprop_scratch(const PlainPlan *p, size_t vec) {
  size_t state = mem_mul((size_t)2 << p->program->n_qubits, vec), turns = (size_t)p->n_turns;
  size_t states = mem_mul(mem_add(turns, 3), state);
  return mem_add(mem_add(states, mem_mul(mem_mul(turns, 3), vec)),
                 mem_mul((size_t)p->program->n_outputs, vec));
}

/* The state, a tangent for each weight, one state of room. */
size_t plain_metric_scratch(const PlainPlan *p, size_t vec) {
  size_t state = mem_mul((size_t)2 << p->program->n_qubits, vec);
  return mem_mul(mem_add((size_t)p->n_shared, 2), state);
}
