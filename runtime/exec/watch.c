/* What a train does beside its steps: the losses of `validate`, the best entry of the series that it follows,
 * and the weights that belong to it. */
#include <math.h>
#include <string.h>

#include "runtime/exec/run_state.h"

/* ---- validation --------------------------------------------------------------------------------- */

/* Rows in their order, draws by the epoch: the same in every epoch but for draws. */
RunEnd watch_validate(Run *r, const Train *t, TrainState *s) {
  const Validation *v = &t->validation;
  if (!train_validates(t)) return RUN_DONE;
  data_prepare(r, v->dataset, s->counters[AT_EPOCH]);
  const int64_t all = data_rows(r, v->dataset);
  RunEnd end = RUN_DONE;
  for (int64_t first = 0; first < all && end == RUN_DONE; first += v->batch) {
    const int64_t n = all - first < v->batch ? all - first : v->batch;
    r->counts[v->batch_count] = n;
    data_batch_in_order(r, v, s->batch, first, n);
    r->env.clock = (RunClock){(uint64_t)s->counters[AT_EPOCH], (uint64_t)s->counters[AT_ITERATION],
                              (uint32_t)s->counters[AT_EPOCH], (uint32_t)(first / v->batch)};
    end = block_execute(r, &v->block);
  }
  return end;
}

/* ---- the best entry ------------------------------------------------------------------------------ */

/* Weights of the optimisers, then running statistics, then weights that are set by `:=`. */
int watch_slot(const Run *r, const Train *t, int k) {
  for (int o = 0; o < t->optimizers.n; o++) {
    if (k < t->optimizers.at[o].n_slots) return t->optimizers.at[o].slots[k];
    k -= t->optimizers.at[o].n_slots;
  }
  if (k < t->buffers.n) return t->buffers.at[k];
  k -= t->buffers.n;
  for (int i = 0; i < t->kept.n; i++)
    if (r->program->slots.at[t->kept.at[i]].kind == SLOT_PARAM && k-- == 0) return t->kept.at[i];
  return -1;
}

int watch_count(const Run *r, const Train *t) {
  int n = 0;
  if (!t->watch.keep) return 0;
  while (watch_slot(r, t, n) >= 0) n++;
  return n;
}

static size_t bytes_of(const Run *r, int slot) {
  return (size_t)shape_capacity(&r->program->slots.at[slot].shape) * r->set->real;
}

static bool is_better(const Watch *w, double x, const double *now) {
  if (isnan(x)) return false;
  if (now[WATCH_EPOCH] == 0) return true;
  return w->up ? x > now[WATCH_BEST] + w->min_delta : x < now[WATCH_BEST] - w->min_delta;
}

bool watch_follow(Run *r, const Train *t, TrainState *s, int64_t before) {
  const Watch *w = &t->watch;
  if (!train_watches(t) || r->slot_rows[w->series] == before) return false;
  const double x =
      run_read(r, r->slot_data[r->program->series.at[w->series].slot], r->slot_rows[w->series] - 1);
  if (!is_better(w, x, s->watch)) {
    s->watch[WATCH_BAD]++;
    return w->patience > 0 && s->watch[WATCH_BAD] >= (double)w->patience;
  }
  s->watch[WATCH_BEST] = x;
  s->watch[WATCH_BAD] = 0;
  s->watch[WATCH_EPOCH] = (double)(s->counters[AT_EPOCH] + 1);
  for (int k = 0, n = watch_count(r, t); k < n; k++) {
    const int slot = watch_slot(r, t, k);
    memcpy(s->best[k], r->slot_data[slot], bytes_of(r, slot));
  }
  return false;
}

/* What stands in the weights and what is kept change places, so that a later run can go on from the last
 * ones. */
void watch_best(Run *r, const Train *t, TrainState *s, bool best) {
  const int n = watch_count(r, t);
  if (n == 0 || s->watch[WATCH_EPOCH] == 0 || (s->watch[WATCH_SWAPPED] != 0) == best) return;
  s->watch[WATCH_SWAPPED] = best ? 1 : 0;
  for (int k = 0; k < n; k++) {
    const int slot = watch_slot(r, t, k);
    char *a = r->slot_data[slot], *b = s->best[k];
    for (size_t i = 0; i < bytes_of(r, slot); i++) {
      const char x = a[i];
      a[i] = b[i];
      b[i] = x;
    }
  }
}

int64_t run_train_best(const Run *r, int train) {
  return train_watches(&r->program->trains.at[train]) ? (int64_t)r->trains[train].watch[WATCH_EPOCH] : 0;
}
