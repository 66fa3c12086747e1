/* Sweeps at the prompt: every point is elaborated from the session with its settings and run here, one after
 * the other; `qgn run` on the saved session gives the same bits. What was recorded is kept like the state of
 * a train. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>
#include "runtime/cli/repl.h"
#include "runtime/record/text.h"

static int point_epoch(void *ctx, const RunProgress *p) {
  (void)ctx, (void)p;
  return cli_stop_asked() ? 2 : 0;
}

/* A sweep whose records another sweep uses: found like its own. */
static RunEnd inner_sweep(void *ctx, Run *run, int sweep) { return repl_sweep(ctx, run, sweep); }

static const char *item_name(Arena *a, const SweepRecord *r) { return arena_printf(a, "record/%s", r->name); }

/* Values that were kept; false if there are none of these shapes. */
static bool put_kept(const ReplTrain *kept, Run *run, const Sweep *s) {
  Arena *a = arena_new();
  bool all = true;
  for (int i = 0; i < s->records.n && all; i++) {
    const SweepRecord *r = &s->records.at[i];
    const int64_t n = run_slot_size(run, r->slot);
    const char *name = item_name(a, r);
    const ReplItem *item = NULL;
    for (int k = 0; k < kept->items.n; k++)
      if (strcmp(kept->items.at[k].name, name) == 0) item = &kept->items.at[k];
    all = item && item->size == (size_t)n * sizeof(double);
    for (int64_t k = 0; k < n && all; k++) run_slot_put(run, r->slot, k, ((const double *)item->data)[k]);
  }
  arena_free(a);
  return all;
}

static ReplTrain *keep(const Run *run, const Sweep *s) {
  Arena *a = arena_new();
  StateItem *items = ARENA_ARRAY(a, StateItem, s->records.n + 1);
  for (int i = 0; i < s->records.n; i++) {
    const int64_t n = run_slot_size(run, s->records.at[i].slot);
    double *x = repl_numbers(a, run, s->records.at[i].slot, n);
    items[i] = (StateItem){.name = item_name(a, &s->records.at[i]), .dtype = "F64", .rank = 1, .data = x};
    items[i].dims[0] = n;
  }
  ReplTrain *t = repl_train_copy(items, s->records.n, false);
  arena_free(a);
  return t;
}

static void take(Run *run, const Sweep *s, int k, const Run *point, const Sweep *of_point) {
  for (int i = 0; i < s->records.n; i++) {
    const int64_t n = shape_capacity(&s->records.at[i].entry);
    for (int64_t j = 0; j < n; j++)
      run_slot_put(run, s->records.at[i].slot, k * n + j,
                   point ? run_slot_get(point, of_point->records.at[i].slot, j) : (double)NAN);
  }
}

static bool set_point(Cli *c, const Sweep *s, int k) {
  const int seeds = s->seeds.n > 0 ? s->seeds.n : 1;
  const SweepPoint *point = &s->points.at[k / seeds];
  c->point = ARENA_NEW(c->arena, SemaPoint);
  *c->point = (SemaPoint){.sweep = s->name, .has_seed = s->seeds.n > 0};
  if (c->point->has_seed) c->point->seed = s->seeds.at[k % seeds];
  for (int i = 0; i < s->axes.n; i++)
    if (point->sets[i] && !cli_replace_set(c, s->axes.at[i].name, point->sets[i])) return false;
  return true;
}

/* One run of the sweep in an arena of its own. */
static RunEnd one_point(Repl *R, Run *run, const Sweep *s, int k) {
  Cli c = *R->cli;
  c.arena = arena_new();
  c.sink = diag_sink(c.arena);
  c.sets.at = NULL, c.sets.n = c.sets.cap = 0;
  const uint32_t from = src_next();
  const char *text = repl_saved(c.arena, R->trial); /* a train that Ctrl-C ended has as many steps here */
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  AstNode *tree;
  Program *p = NULL;
  RunEnd end = RUN_FAILED;
  if (src && set_point(&c, s, k) && parse_source(c.arena, src, c.sink, false, &tree, NULL) == PARSE_OK) {
    SemaOptions options = cli_sema_options(&c, R->base);
    options.prelude = R->prelude;
    p = sema_elaborate(c.arena, tree, &options, c.sink);
  }
  const RunOptions options = {.threads = R->cli->threads, .family = kernel_family()};
  Run *point = p ? run_new(c.arena, p, &options, c.sink) : NULL;
  const RunHooks hooks = {.ctx = R, .epoch = point_epoch, .stop = cli_stop_hook, .sweep = inner_sweep};
  if (point) end = run_execute(point, &hooks);
  const Sweep *own = NULL;
  for (int i = 0; end == RUN_DONE && i < p->sweeps.n; i++)
    if (strcmp(p->sweeps.at[i].name, s->name) == 0) own = &p->sweeps.at[i];
  take(run, s, k, own ? point : NULL, own);
  if (end == RUN_FAILED) diag_render(c.sink, R->cli->style, stderr);
  run_free(point);
  src_forget(from, UINT32_MAX);
  arena_free(c.arena);
  return end;
}

RunEnd repl_sweep(Repl *R, Run *run, int sweep) {
  const Sweep *s = &run_program(run)->sweeps.at[sweep];
  const int at = repl_find(R->trial, sym_text(sym_intern(s->name)));
  ReplEntry *e = at < 0 ? NULL : &R->trial->at[at];
  if (e && e->train && put_kept(e->train, run, s)) return RUN_DONE;
  for (int k = 0; k < sweep_runs(s); k++) {
    if (cli_stop_asked() || one_point(R, run, s, k) == RUN_STOPPED) {
      progress_clear(&R->progress);
      puts("stopped: a sweep that did not end is not kept");
      return RUN_FAILED;
    }
  }
  if (!e) return RUN_DONE;
  repl_train_drop(e->train);
  e->train = keep(run, s);
  e->is_stale = e->is_kept = false;
  return RUN_DONE;
}

#define TABLE_ROWS 24

static const char *cell(Arena *a, const char *text) { return arena_printf(a, "%12s", text); }

void repl_sweep_table(const Program *p, const Run *run, const char *name) {
  const Sweep *s = NULL;
  for (int i = 0; i < p->sweeps.n; i++)
    if (strcmp(p->sweeps.at[i].name, name) == 0) s = &p->sweeps.at[i];
  if (!s) return;
  Arena *a = arena_new();
  const int runs = sweep_runs(s), seeds = s->seeds.n > 0 ? s->seeds.n : 1;
  for (int i = 0; i < s->axes.n; i++) fputs(cell(a, s->axes.at[i].name), stdout);
  if (s->seeds.n > 0) fputs(cell(a, "seed"), stdout);
  for (int i = 0; i < s->records.n; i++)
    if (shape_capacity(&s->records.at[i].entry) == 1) fputs(cell(a, s->records.at[i].name), stdout);
  puts("");
  for (int k = 0; k < runs && k < TABLE_ROWS; k++) {
    const SweepPoint *point = &s->points.at[k / seeds];
    for (int i = 0; i < s->axes.n; i++) fputs(cell(a, point->sets[i] ? point->shown[i] : "-"), stdout);
    if (s->seeds.n > 0) fputs(cell(a, arena_printf(a, "%lld", (long long)s->seeds.at[k % seeds])), stdout);
    for (int i = 0; i < s->records.n; i++)
      if (shape_capacity(&s->records.at[i].entry) == 1)
        fputs(cell(a, text_short(a, run_slot_get(run, s->records.at[i].slot, k))), stdout);
    puts("");
  }
  if (runs > TABLE_ROWS)
    printf("  ... %d more: `%s.%s` shows all\n", runs - TABLE_ROWS, name, s->records.at[0].name);
  arena_free(a);
}
