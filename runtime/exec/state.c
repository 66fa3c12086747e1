/* The state of a train as named arrays: everything a later process needs to go on with the same
 * bits. Random streams have no state; they are counted. */
#include "lang/ir/optim.h"
#include "runtime/exec/run_state.h"

int optim_states(int optim) { return optim_info[optim].states; }

typedef struct Items {
  Run *r;
  StateItem *at;
  int n, cap;
} Items;

static StateItem *add(Items *s, const char *name, const char *dtype, const Shape *shape, void *data) {
  StateItem *i = &s->at[s->n < s->cap - 1 ? s->n++ : s->cap - 1];
  *i = (StateItem){.name = name, .dtype = dtype, .rank = shape->rank, .data = data};
  for (int k = 0; k < shape->rank; k++) i->dims[k] = shape->d[k].n;
  return i;
}

static void add_optimizer(Items *s, int train, int o) {
  Run *r = s->r;
  OptState *opt = &r->trains[train].opts[o];
  const char *real = r->program->is_double ? "F64" : "F32";
  int states = optim_states(opt->def->optim);
  Shape steps = shape_of(1, (int64_t[]){opt->def->n_slots});
  for (int k = 0; k < opt->def->n_slots; k++) {
    const Slot *slot = &r->program->slots.at[opt->def->slots[k]];
    add(s, slot->name, real, &slot->shape, r->slot_data[opt->def->slots[k]])->is_weight = true;
    for (int m = 0; m < states; m++)
      add(s, r->state_names[train][o][k * states + m], real, &slot->shape, opt->moments[k * states + m]);
  }
  Shape memory = shape_of(1, (int64_t[]){opt->n_memory});
  if (opt->n_memory > 0) add(s, r->memory_names[train][o], "F64", &memory, opt->memory);
  if (opt->def->n_slots > 0) add(s, r->step_names[train][o], "I64", &steps, opt->steps);
}

int run_state(Run *r, int train, StateItem *items, int cap) {
  const Train *t = &r->program->trains.at[train];
  TrainState *state = &r->trains[train];
  Items s = {r, items, 0, cap};
  for (int o = 0; o < t->optimizers.n; o++) add_optimizer(&s, train, o);
  const char *real = r->program->is_double ? "F64" : "F32";
  for (int k = 0; k < t->buffers.n; k++) {
    const Slot *slot = &r->program->slots.at[t->buffers.at[k]];
    add(&s, slot->name, real, &slot->shape, r->slot_data[t->buffers.at[k]])->is_weight = true;
  }
  for (int k = 0; k < t->series.n; k++) {
    const Series *series = &r->program->series.at[t->series.at[k]];
    Shape shape = {.rank = series->entry.rank + 1};
    shape.d[0] = dim_static(series->capacity);
    for (int d = 0; d < series->entry.rank; d++) shape.d[d + 1] = series->entry.d[d];
    add(&s, r->series_names[t->series.at[k]], real, &shape, r->slot_data[series->slot])->rows =
        &r->slot_rows[t->series.at[k]];
  }
  for (int k = 0; k < t->kept.n; k++) {
    const Slot *slot = &r->program->slots.at[t->kept.at[k]];
    const bool weight = slot->kind == SLOT_PARAM;
    add(&s, weight ? slot->name : r->kept_names[t->kept.at[k]], real, &slot->shape,
        r->slot_data[t->kept.at[k]])
        ->is_weight = weight;
  }
  const Shape watch = shape_of(1, (int64_t[]){WATCH_NUMBERS});
  if (train_watches(t)) add(&s, "progress/watch", "F64", &watch, state->watch);
  for (int k = 0, m = watch_count(r, t); k < m; k++) {
    const int slot = watch_slot(r, t, k);
    add(&s, r->best_names[slot], real, &r->program->slots.at[slot].shape, state->best[k]);
  }
  Shape sums = shape_of(1, (int64_t[]){t->series.n}), counters = shape_of(1, (int64_t[]){4});
  Shape plateau = shape_of(1, (int64_t[]){plateau_size(t)});
  if (t->optimizers.n > 0) add(&s, "progress/plateau", "F64", &plateau, state->plateau);
  if (t->series.n > 0) {
    add(&s, "progress/loss_sum", "F64", &sums, state->loss_sum);
    add(&s, "progress/loss_rows", "F64", &sums, state->loss_rows);
  }
  const Shape one = shape_of(1, (int64_t[]){1});
  if (t->ran[RAN_CIRCUITS] != 0) add(&s, "progress/circuit_runs", "I64", &one, &state->circuit_runs);
  add(&s, "progress/counters", "I64", &counters, state->counters);
  return s.n;
}

int state_item_count(const Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  int n = t->series.n + t->kept.n + t->buffers.n + 7 + watch_count(r, t);
  for (int o = 0; o < t->optimizers.n; o++)
    n += t->optimizers.at[o].n_slots * (1 + optim_states(t->optimizers.at[o].optim)) + 2;
  return n;
}

void state_names(Run *r) {
  const Program *p = r->program;
  r->state_names = ARENA_ARRAY(r->arena, const char ***, p->trains.n + 1);
  r->memory_names = ARENA_ARRAY(r->arena, const char **, p->trains.n + 1);
  r->step_names = ARENA_ARRAY(r->arena, const char **, p->trains.n + 1);
  r->series_names = ARENA_ARRAY(r->arena, const char *, p->series.n + 1);
  for (int k = 0; k < p->series.n; k++)
    r->series_names[k] = arena_printf(r->arena, "series/%s", p->series.at[k].name);
  r->kept_names = ARENA_ARRAY(r->arena, const char *, p->slots.n + 1);
  r->best_names = ARENA_ARRAY(r->arena, const char *, p->slots.n + 1);
  int most = 1;
  for (int t = 0; t < p->trains.n; t++) {
    const Train *train = &p->trains.at[t];
    r->state_names[t] = ARENA_ARRAY(r->arena, const char **, train->optimizers.n + 1);
    r->memory_names[t] = ARENA_ARRAY(r->arena, const char *, train->optimizers.n + 1);
    r->step_names[t] = ARENA_ARRAY(r->arena, const char *, train->optimizers.n + 1);
    for (int o = 0; o < train->optimizers.n; o++) {
      const Optimizer *opt = &train->optimizers.at[o];
      int states = optim_states(opt->optim);
      r->memory_names[t][o] = arena_printf(r->arena, "optimizer/%d/memory", o);
      r->step_names[t][o] = arena_printf(r->arena, "optimizer/%d/steps", o);
      r->state_names[t][o] = ARENA_ARRAY(r->arena, const char *, opt->n_slots *states + 1);
      for (int k = 0; k < opt->n_slots * states; k++)
        r->state_names[t][o][k] = arena_printf(r->arena, "optimizer/%d/moment%d/%s", o, k % states + 1,
                                               p->slots.at[opt->slots[k / states]].name);
    }
    for (int k = 0; k < train->kept.n; k++)
      r->kept_names[train->kept.at[k]] =
          arena_printf(r->arena, "value/%s", p->slots.at[train->kept.at[k]].name);
    for (int k = 0, m = watch_count(r, train); k < m; k++)
      r->best_names[watch_slot(r, train, k)] =
          arena_printf(r->arena, "best/%s", p->slots.at[watch_slot(r, train, k)].name);
    int n = state_item_count(r, t);
    if (n > most) most = n;
  }
  r->items = ARENA_ARRAY(r->arena, StateItem, most + 1);
  r->n_items = most + 1;
}

void state_loaded(Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  for (int k = 0; k < t->series.n; k++) {
    const Slot *slot = &r->program->slots.at[r->program->series.at[t->series.at[k]].slot];
    if (slot->shape.rank > 0 && slot->shape.d[0].count)
      r->counts[slot->shape.d[0].count] = r->slot_rows[t->series.at[k]];
  }
}
