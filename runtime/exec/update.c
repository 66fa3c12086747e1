/* One step of an optimiser: gradients are looked at, then weights and moments change. Both go element by
 * element, so the threads share out pieces of the tensors and the bits do not depend on who does which. */
#include <stdatomic.h>

#include "runtime/exec/run_state.h"

/* Elements that one thread takes at a time, and how many there must be in all to wake others. */
#define PIECE 4096
#define PIECES_ALONE (4 * PIECE)

typedef struct Step {
  const Run *run;
  const UpdateInfo *update;
  const OptState *opt;
  const char *const *grads;
  _Atomic bool finite;
} Step;

/* A piece of one of the tensors. */
typedef struct Part {
  int tensor;
  int64_t first, n;
} Part;

static int64_t size_of(const Run *r, const UpdateInfo *u, int k) {
  return shape_capacity(&r->program->slots.at[u->slots[k]].shape);
}

static Part part_of(const Step *s, int64_t piece) {
  Part p = {0};
  int64_t size = size_of(s->run, s->update, 0);
  while (piece >= (size + PIECE - 1) / PIECE) {
    piece -= (size + PIECE - 1) / PIECE;
    size = size_of(s->run, s->update, ++p.tensor);
  }
  p.first = piece * PIECE;
  p.n = size - p.first < PIECE ? size - p.first : PIECE;
  return p;
}

static void share_out(Step *s, PoolTask *task) {
  int64_t pieces = 0, elements = 0;
  for (int k = 0; k < s->update->n; k++) {
    const int64_t size = size_of(s->run, s->update, k);
    pieces += (size + PIECE - 1) / PIECE;
    elements += size;
  }
  if (elements >= PIECES_ALONE) {
    pool_run(s->run->pool, task, s, (int)pieces);
  } else {
    for (int k = 0; k < pieces; k++) task(s, k, 0);
  }
}

static void look(void *ctx, int task, int thread) {
  Step *s = ctx;
  const Part p = part_of(s, task);
  (void)thread;
  if (!s->run->set->all_finite(s->grads[p.tensor] + (size_t)p.first * s->run->set->real, p.n))
    atomic_store_explicit(&s->finite, false, memory_order_relaxed);
}

bool update_is_finite(const Run *r, const UpdateInfo *u, const char *const *grads) {
  Step s = {.run = r, .update = u, .grads = grads, .finite = true};
  share_out(&s, look);
  return atomic_load_explicit(&s.finite, memory_order_relaxed);
}

int update_position(const Optimizer *o, int slot) {
  for (int k = 0; k < o->n_slots; k++)
    if (o->slots[k] == slot) return k;
  return -1;
}

static void apply(void *ctx, int task, int thread) {
  const Step *s = ctx;
  const Part p = part_of(s, task);
  const size_t skip = (size_t)p.first * s->run->set->real;
  const int slot = s->update->slots[p.tensor], at = update_position(s->opt->def, slot);
  const int states = optim_states(s->opt->def->optim);
  (void)thread;
  OptCall c = {.n = p.n,
               .w = s->run->slot_data[slot] + skip,
               .g = s->grads[p.tensor] + skip,
               .hyper = s->opt->hyper,
               .step = s->opt->steps[at]};
  for (int m = 0; m < states; m++) c.state[m] = s->opt->moments[at * states + m] + skip;
  s->run->set->opt[s->opt->def->optim](&c);
}

void update_apply(const Run *r, const UpdateInfo *u, const OptState *opt, const char *const *grads) {
  Step s = {.run = r, .update = u, .opt = opt, .grads = grads, .finite = true};
  share_out(&s, apply);
}
