#define _GNU_SOURCE /* M_PI */
/* Executing statements: blocks, trains, updates, losses, records. */
#include <math.h>
#include <string.h>

#include "runtime/exec/run_state.h"

/* A hook that has no answer. */
#define TELL(r, hook, ...)                                                                                   \
  do {                                                                                                       \
    if ((r)->hooks->hook != NULL) (r)->hooks->hook((r)->hooks->ctx, __VA_ARGS__);                            \
  } while (0)

static const Slot *slot_of(const Run *r, int slot) { return &r->program->slots.at[slot]; }

/* ---- optimisers ------------------------------------------------------------------------------ */

/* Value of a schedule in an epoch (PyTorch's convention: a function of the epochs finished). */
static double schedule_at(const Run *r, const Schedule *s, int64_t epoch, int64_t epochs,
                          const double *plateau) {
  double base = s->kind == SCHED_PLATEAU ? plateau[PLATEAU_VALUE]
                : s->slot >= 0           ? run_slot_get(r, s->slot, 0)
                                         : s->base,
         x = base;
  switch (s->kind) {
  case SCHED_CONST:
  case SCHED_PLATEAU: break;
  case SCHED_COSINE:
    x = s->a + (base - s->a) * 0.5 * (1.0 + cos(M_PI * (double)epoch / (double)epochs));
    break;
  case SCHED_EXPONENTIAL: x = base * pow(s->a, (double)epoch); break;
  case SCHED_STEPS: x = base * pow(s->a, (double)(s->each > 0 ? epoch / s->each : 0)); break;
  }
  if (s->warmup > 0 && epoch < s->warmup) x *= (double)(epoch + 1) / (double)s->warmup;
  return x;
}

static void set_hypers(Run *r, const Train *t, TrainState *s, bool only_slots) {
  for (int o = 0; o < t->optimizers.n; o++)
    for (int h = 0; h < t->optimizers.at[o].n_hypers; h++) {
      const Schedule *sched = &t->optimizers.at[o].hypers[h];
      if (!only_slots || sched->slot >= 0)
        s->opts[o].hyper[h] = schedule_at(r, sched, s->counters[AT_EPOCH], t->epochs, plateau_at(s, o, h));
    }
  for (int k = 0; k < t->scheduled.n && !only_slots; k++) {
    const Scheduled *sched = &t->scheduled.at[k];
    run_write(r, r->slot_data[sched->slot], 0,
              schedule_at(r, &sched->schedule, s->counters[AT_EPOCH], t->epochs, NULL));
  }
}

void train_hypers(Run *r, int train) {
  set_hypers(r, &r->program->trains.at[train], &r->trains[train], true);
}

static int series_position(const Train *t, int series) {
  for (int k = 0; k < t->series.n; k++)
    if (t->series.at[k] == series) return k;
  return 0;
}

static void add_norm(const Run *r, const Train *t, TrainState *s, const UpdateInfo *u,
                     const char *const *grads) {
  const int at = series_position(t, u->norm - 1);
  double sum = 0;
  for (int k = 0; k < u->n; k++)
    sum += r->set->sum_squares(grads[k], shape_capacity(&slot_of(r, u->slots[k])->shape));
  s->loss_sum[at] += sqrt(sum);
  s->loss_rows[at]++;
}

bool train_update(void *ctx, const UpdateInfo *u, const char *const *grads) {
  Run *r = ctx;
  const Train *t = &r->program->trains.at[u->train];
  TrainState *s = &r->trains[u->train];
  OptState *opt = &s->opts[u->optimizer];
  if (!update_is_finite(r, u, grads) && !r->rehearsing) return false;
  if (u->norm > 0) add_norm(r, t, s, u, grads);
  set_hypers(r, t, s, true);
  for (int k = 0; k < u->n; k++) opt->steps[update_position(opt->def, u->slots[k])]++;
  update_apply(r, u, opt, grads);
  return true;
}

/* ---- regions, losses ---------------------------------------------------------------------------- */

static void count_circuits(const Run *r, const RegionPlan *p, TrainState *s) {
  for (int k = 0; k < p->runs.n; k++) {
    const Dim rows = p->runs.at[k].rows;
    s->circuit_runs += p->runs.at[k].each * (rows.count != 0 ? r->counts[rows.count] : rows.n);
  }
}

/* Numbers of rows that are sums of others. */
static void sum_counts(Run *r) {
  const Program *p = r->program;
  for (int k = 0; p->sums.n > 0 && k < p->counts.n; k++) {
    if (p->counts.at[k].kind != COUNT_SUM) continue;
    const CountSum *sum = &p->sums.at[p->counts.at[k].owner];
    r->counts[k] = sum->more;
    for (int i = 0; i < sum->n; i++) r->counts[k] += r->counts[sum->terms[i]];
  }
}

static RunEnd run_region(Run *r, const Stmt *s) {
  NodeId failed = NODE_NONE;
  const RegionPlan *p = run_region_plan(r, s->graph);
  sum_counts(r);
  if (r->train >= 0) count_circuits(r, p, &r->trains[r->train]);
  if (region_run(&r->env, p, &failed)) return r->train < 0 ? blame_values(r, p) : RUN_DONE;
  return blame_region(r, p, g_node(p->graph, failed)->span, "a gradient");
}

/* Adds to the mean over the epoch that the series gets. */
static void add_to_mean(Run *r, const Stmt *s, double x, double weight) {
  TrainState *state = &r->trains[r->train];
  int k = series_position(&r->program->trains.at[r->train], s->series);
  state->loss_sum[k] += x * weight;
  state->loss_rows[k] += weight;
}

static RunEnd add_loss(Run *r, const Stmt *s) {
  double x = run_slot_get(r, s->slot, 0);
  if (!isfinite(x) && !r->rehearsing) {
    return blame_slot(r, s->slot, s->span, "the loss");
  }
  const Train *t = &r->program->trains.at[r->train];
  int count = s->count_id ? s->count_id : t->batch_count;
  add_to_mean(r, s, x, count ? (double)r->counts[count] : 1.0);
  return RUN_DONE;
}

static void append(Run *r, int series, const char *value) {
  const Series *s = &r->program->series.at[series];
  if (r->slot_rows[series] >= s->capacity) return;
  size_t bytes = (size_t)shape_capacity(&s->entry) * r->set->real;
  memcpy(r->slot_data[s->slot] + (size_t)r->slot_rows[series] * bytes, value, bytes);
  r->slot_rows[series]++;
  const Slot *slot = slot_of(r, s->slot);
  if (slot->shape.rank > 0 && slot->shape.d[0].count)
    r->counts[slot->shape.d[0].count] = r->slot_rows[series];
}

/* ---- statements ------------------------------------------------------------------------------------ */

static RunEnd repeat(Run *r, const Stmt *s) {
  int64_t count = s->slot >= 0 ? (int64_t)run_slot_get(r, s->slot, 0) : s->count;
  uint32_t outer = r->env.clock.repeat;
  RunEnd end = RUN_DONE;
  for (int64_t k = 0; k < count && end == RUN_DONE; k++) {
    r->env.clock.repeat = outer * (uint32_t)count + (uint32_t)k;
    end = block_execute(r, s->block);
  }
  r->env.clock.repeat = outer;
  return end;
}

static RunEnd check(Run *r, const Stmt *s) {
  bool holds = (s->slot >= 0 ? run_slot_get(r, s->slot, 0) : (double)s->count) != 0;
  TELL(r, expect, r, s, holds);
  if (holds || !s->is_assert || r->rehearsing) return RUN_DONE;
  Diag *d = diag_add(r->sink, DIAG_EXPECT, s->span, "`assert` failed: %s", s->text ? s->text : s->condition);
  if (s->op) diag_note(d, "measured: %g %s %g", run_cell(r, &s->left), s->op, run_cell(r, &s->right));
  return RUN_FAILED;
}

static void claim(Run *r, const Stmt *s) {
  const Claim *c = &r->program->claims.at[s->index];
  const bool holds = run_slot_get(r, c->condition, 0) != 0;
  const bool opposite = c->opposite >= 0 && run_slot_get(r, c->opposite, 0) != 0;
  const bool undecided = c->undecided >= 0 && run_slot_get(r, c->undecided, 0) != 0;
  TELL(r, claim, r, s,
       undecided  ? CLAIM_UNDECIDED
       : holds    ? CLAIM_REPRODUCED
       : opposite ? CLAIM_OPPOSITE
                  : CLAIM_NOT_REPRODUCED);
}

static RunEnd statement(Run *r, const Block *b, int at) {
  const Stmt *s = &b->stmts.at[at];
  switch (s->kind) {
  case STMT_REGION: return run_region(r, s);
  case STMT_REPEAT: return repeat(r, s);
  case STMT_IF:
    if (run_slot_get(r, s->slot, 0) != 0) return block_execute(r, s->block);
    return s->other ? block_execute(r, s->other) : RUN_DONE;
  case STMT_LOSS: return add_loss(r, s);
  case STMT_SHARE: add_to_mean(r, s, run_slot_get(r, s->slot, 0), 1); return RUN_DONE;
  case STMT_SEARCH: return search_execute(r, s);
  case STMT_GROUPS: return groups_execute(r, s);
  case STMT_ROUTE: return route_execute(r, s);
  case STMT_RECORD: append(r, s->series, r->slot_data[s->slot]); return RUN_DONE;
  case STMT_STOP: r->stop_now = true; return RUN_DONE;
  case STMT_TRAIN: return train_execute(r, s);
  case STMT_DATA: return data_make(r, s->index) ? RUN_DONE : RUN_FAILED;
  case STMT_PRINT:
    warn_not_finite(r, s);
    TELL(r, print, r, s);
    return RUN_DONE;
  case STMT_EXPECT: return check(r, s);
  case STMT_CLAIM: claim(r, s); return RUN_DONE;
  case STMT_REPORT: TELL(r, report, r, s); return RUN_DONE;
  case STMT_SAVE: TELL(r, write, r, s); return RUN_DONE;
  case STMT_SWEEP: return r->hooks->sweep != NULL ? r->hooks->sweep(r->hooks->ctx, r, s->index) : RUN_DONE;
  }
  return RUN_DONE;
}

RunEnd block_execute(Run *r, const Block *b) {
  RunEnd end = RUN_DONE;
  for (int k = 0; k < b->stmts.n && end == RUN_DONE; k++) end = statement(r, b, k);
  return end;
}

/* ---- trains ------------------------------------------------------------------------------------------ */

static bool save(Run *r, int train, SaveReason why) {
  if (r->hooks->save == NULL) return true;
  StateItem *items = r->items;
  int n = run_state(r, train, items, r->n_items);
  return r->hooks->save(r->hooks->ctx, r, train, why, items, n);
}

RunEnd train_step(Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  TrainState *s = &r->trains[train];
  if (t->batch_count) {
    const int64_t first = s->counters[AT_BATCH] * t->batch, all = data_rows(r, t->dataset);
    const int64_t rows = all - first < t->batch ? all - first : t->batch;
    r->counts[t->batch_count] = rows;
    data_batch(r, t, s, first, rows);
  }
  r->env.clock = (RunClock){(uint64_t)s->counters[AT_EPOCH], (uint64_t)s->counters[AT_ITERATION],
                            (uint32_t)s->counters[AT_ITERATION], 0};
  RunEnd end = block_execute(r, &t->step);
  if (end != RUN_DONE) return end;
  s->counters[AT_ITERATION]++;
  s->counters[AT_BATCH]++;
  s->steps_here++;
  return RUN_DONE;
}

int64_t train_batches(const Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  if (t->dataset < 0) return 1;
  int64_t rows = data_rows(r, t->dataset);
  if (t->batch_count == 0) return 1;
  return t->drop_last ? rows / t->batch : (rows + t->batch - 1) / t->batch;
}

int64_t run_train_epochs(const Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  const int64_t steps = train_batches(r, train);
  if (t->iterations == 0 || steps == 0) return t->epochs;
  const int64_t enough = (t->iterations - 1) / steps + 1;
  return enough < t->epochs ? enough : t->epochs;
}

bool run_train_is_over(const Run *r, int train) {
  const TrainState *s = &r->trains[train];
  return s->counters[AT_STOPPED] != 0 || s->counters[AT_EPOCH] >= r->program->trains.at[train].epochs;
}

static bool is_enough(const Train *t, const TrainState *s) {
  return t->iterations > 0 && s->counters[AT_ITERATION] >= t->iterations;
}

/* Steps of one epoch, from the batch where the state is, until there are enough. RUN_STOPPED: a stop was
 * asked for. */
static RunEnd run_steps(Run *r, int train) {
  const TrainState *s = &r->trains[train];
  const int64_t n = train_batches(r, train);
  while (s->counters[AT_BATCH] < n && !r->stop_now && !is_enough(&r->program->trains.at[train], s)) {
    RunEnd end = train_step(r, train);
    if (end != RUN_DONE) return end;
    const bool stop = r->hooks->stop != NULL && r->hooks->stop(r->hooks->ctx);
    if (s->counters[AT_BATCH] < n && stop) return RUN_STOPPED;
  }
  return RUN_DONE;
}

static void end_losses(Run *r, const Train *t, TrainState *s, RunProgress *p) {
  p->n_losses = 0;
  for (int k = 0; k < t->series.n; k++) {
    if (s->loss_rows[k] == 0) continue;
    const Series *series = &r->program->series.at[t->series.at[k]];
    double mean = s->loss_sum[k] / s->loss_rows[k];
    char one[sizeof(double)];
    run_write(r, one, 0, mean);
    append(r, t->series.at[k], one);
    s->loss_sum[k] = s->loss_rows[k] = 0;
    const char *name = series->name + strlen(t->name) + 1, *dot = strstr(series->name, ".loss.");
    const bool validated = strncmp(name, "val_loss", 8) == 0;
    if (p->n_losses < 8 && (validated || strncmp(name, "loss", 4) == 0)) {
      p->loss_name[p->n_losses] = validated ? name : dot ? dot + 6 : "";
      p->loss[p->n_losses++] = mean;
    }
  }
}

/* After an epoch, as torch.optim.lr_scheduler.ReduceLROnPlateau (mode min, threshold relative). */
static void follow_losses(Run *r, const Train *t, const TrainState *s) {
  for (int o = 0; o < t->optimizers.n; o++)
    for (int h = 0; h < t->optimizers.at[o].n_hypers; h++) {
      const Schedule *p = &t->optimizers.at[o].hypers[h];
      if (p->kind != SCHED_PLATEAU || r->slot_rows[p->series] == 0) continue;
      double *now = plateau_at(s, o, h);
      const double loss =
          run_read(r, r->slot_data[r->program->series.at[p->series].slot], r->slot_rows[p->series] - 1);
      if (loss < now[PLATEAU_BEST] * (1 - p->threshold)) now[PLATEAU_BEST] = loss, now[PLATEAU_BAD] = 0;
      else now[PLATEAU_BAD]++;
      if (now[PLATEAU_REST] > 0) now[PLATEAU_REST]--, now[PLATEAU_BAD] = 0;
      if (now[PLATEAU_BAD] <= (double)p->patience) continue;
      now[PLATEAU_VALUE] = fmax(now[PLATEAU_VALUE] * p->a, p->least);
      now[PLATEAU_REST] = (double)p->cooldown;
      now[PLATEAU_BAD] = 0;
    }
}

RunEnd train_every(Run *r, int train, int k) {
  const TrainState *s = &r->trains[train];
  r->env.clock = (RunClock){(uint64_t)s->counters[AT_EPOCH], (uint64_t)s->counters[AT_ITERATION],
                            (uint32_t)s->counters[AT_EPOCH], 0};
  return block_execute(r, &r->program->trains.at[train].everys.at[k].block);
}

static RunEnd run_everys(Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  const int64_t done = r->trains[train].counters[AT_EPOCH] + 1;
  RunEnd end = RUN_DONE;
  for (int k = 0; k < t->everys.n && end == RUN_DONE; k++)
    if (done % t->everys.at[k].k == 0) end = train_every(r, train, k);
  return end;
}

/* An update can overflow although its gradient is finite. */
static RunEnd check_weights(Run *r, const Train *t) {
  for (int o = 0; o < t->optimizers.n; o++)
    for (int k = 0; k < t->optimizers.at[o].n_slots; k++) {
      const int slot = t->optimizers.at[o].slots[k];
      if (r->set->all_finite(r->slot_data[slot], shape_capacity(&slot_of(r, slot)->shape)) || r->rehearsing)
        continue;
      return blame_weights(r, &t->optimizers.at[o], slot);
    }
  return RUN_DONE;
}

void train_epoch_begin(Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  TrainState *s = &r->trains[train];
  if (t->dataset >= 0) {
    data_prepare(r, t->dataset, s->counters[AT_EPOCH]);
    data_order(r, t, s, s->counters[AT_EPOCH]);
  }
  set_hypers(r, t, s, false);
}

void train_epoch_end(Run *r, int train, RunProgress *p) {
  const Train *t = &r->program->trains.at[train];
  TrainState *s = &r->trains[train];
  end_losses(r, t, s, p);
  follow_losses(r, t, s);
  rivals_judge(r, t, s, false);
}

/* RUN_FAILED after an error of the hook. */
static RunEnd load(Run *r, int train) {
  if (r->hooks->load == NULL) return RUN_DONE;
  const int n = run_state(r, train, r->items, r->n_items);
  const int loaded = r->hooks->load(r->hooks->ctx, r, train, r->items, n);
  if (loaded > 0) state_loaded(r, train);
  return loaded < 0 ? RUN_FAILED : RUN_DONE;
}

static RunEnd one_epoch(Run *r, int train) {
  const Train *t = &r->program->trains.at[train];
  TrainState *s = &r->trains[train];
  const int64_t entries = train_watches(t) ? r->slot_rows[t->watch.series] : 0;
  train_epoch_begin(r, train);
  RunEnd end = run_steps(r, train);
  if (end == RUN_DONE) end = check_weights(r, t);
  if (end == RUN_DONE && is_enough(t, s) && !r->stop_now && s->counters[AT_BATCH] < train_batches(r, train)) {
    s->counters[AT_STOPPED] = 1; /* inside an epoch, which then does not count */
    return RUN_DONE;
  }
  if (end == RUN_DONE) end = watch_validate(r, t, s);
  if (end != RUN_DONE) return end;
  bool stopped = r->stop_now || is_enough(t, s);
  r->stop_now = false;
  RunProgress p = {.train = t, .train_index = train, .steps = s->steps_here};
  p.epochs = run_train_epochs(r, train);
  train_epoch_end(r, train, &p);
  end = run_everys(r, train);
  if (end != RUN_DONE) return end;
  stopped = watch_follow(r, t, s, entries) || stopped;
  s->counters[AT_STOPPED] = stopped || r->stop_now;
  r->stop_now = false;
  s->counters[AT_BATCH] = 0;
  p.epoch = ++s->counters[AT_EPOCH];
  bool last = p.epoch == t->epochs || s->counters[AT_STOPPED];
  int ask = r->hooks->epoch != NULL ? r->hooks->epoch(r->hooks->ctx, &p) : 0;
  if (last) return RUN_DONE;
  if (ask == 2) return RUN_STOPPED;
  if (ask == 3) return save(r, train, SAVE_KEPT) ? load(r, train) : RUN_FAILED;
  if (t->checkpoint > 0 && p.epoch % t->checkpoint == 0) save(r, train, SAVE_KEPT);
  else if (ask == 1) save(r, train, SAVE_TIMED);
  return RUN_DONE;
}

/* What is known at the end only. */
static void put_ran(Run *r, const Train *t, const TrainState *s) {
  const int64_t number[RAN_NUMBERS] = {s->counters[AT_ITERATION], s->counters[AT_EPOCH],
                                       (int64_t)s->watch[WATCH_EPOCH], s->circuit_runs};
  for (int k = 0; k < RAN_NUMBERS; k++)
    if (t->ran[k] != 0) run_write(r, r->slot_data[t->ran[k] - 1], 0, (double)number[k]);
}

RunEnd train_execute(Run *r, const Stmt *stmt) {
  int train = stmt->index;
  const Train *t = &r->program->trains.at[train];
  TrainState *s = &r->trains[train];
  r->train = train;
  if (load(r, train) != RUN_DONE) return RUN_FAILED;
  int64_t from = s->counters[AT_EPOCH];
  if (!run_train_is_over(r, train)) watch_best(r, t, s, false);
  else rivals_judge(r, t, s, true);
  TELL(r, train_begin, r, train, from);
  RunEnd end = RUN_DONE;
  while (end == RUN_DONE && !run_train_is_over(r, train)) end = one_epoch(r, train);
  put_ran(r, t, s);
  if (end == RUN_DONE) watch_best(r, t, s, true);
  TELL(r, train_end, r, train, s->counters[AT_EPOCH], s->steps_here);
  if (end == RUN_STOPPED) save(r, train, SAVE_SIGNAL);
  if (end == RUN_DONE && s->steps_here > 0) save(r, train, SAVE_FINAL);
  r->train = -1;
  r->env.clock = (RunClock){0};
  return end;
}

RunEnd run_execute(Run *r, const RunHooks *hooks) {
  r->hooks = hooks;
  r->env.clock = (RunClock){0};
  RunEnd end = data_make_early(r) ? block_execute(r, &r->program->top) : RUN_FAILED;
  r->hooks = NULL;
  return end;
}
