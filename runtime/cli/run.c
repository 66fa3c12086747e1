/* `qgn run`: reads, elaborates, plans, opens the run's folder, executes with hooks that record
 * and show, and sums up. */
#define _GNU_SOURCE
#include <string.h>
#include "runtime/cli/cli.h"
#include "runtime/cli/progress.h"
#include "runtime/cli/sweep.h"
#include "runtime/record/record.h"

typedef struct RunVerb {
  Cli *cli;
  Record *record;
  const Run *run;
  Progress progress;
  const char *script; /* path, for the points of sweeps */
  bool points_failed;
  bool save_failed; /* the state asked for by a signal could not be written */
} RunVerb;

/* ---- hooks ------------------------------------------------------------------------------------- */

/* Shows records that a hook added, without tearing the progress line. */
static void show_new(RunVerb *v) {
  if (v->cli->shown == v->cli->sink->all.n) return;
  progress_clear(&v->progress);
  cli_show(v->cli);
}

static int hook_load(void *ctx, const Run *run, int train, const StateItem *items, int n) {
  RunVerb *v = ctx;
  int loaded = record_load(v->record, run, train, items, n);
  show_new(v);
  if (loaded > 0 && record_from_memo(v->record, train) && !v->cli->given[OPT_QUIET]) {
    progress_clear(&v->progress);
    fprintf(stderr, "%s: loaded, an equal train was run before; `--fresh` trains it again\n",
            run_program(run)->trains.at[train].name);
  }
  return loaded;
}

static int hook_epoch(void *ctx, const RunProgress *p) {
  RunVerb *v = ctx;
  const int ask = record_epoch(v->record, p);
  progress_epoch(&v->progress, p);
  record_live(v->record, v->run, p->train_index, -1);
  show_new(v);
  if (cli_stop_asked()) return 2;
  return ask;
}

static bool hook_save(void *ctx, const Run *run, int train, SaveReason why, const StateItem *items, int n) {
  RunVerb *v = ctx;
  bool ok = record_save(v->record, run, train, why, items, n);
  if (why == SAVE_SIGNAL) v->save_failed = !ok;
  show_new(v);
  return ok;
}

static void hook_train_begin(void *ctx, const Run *run, int train, int64_t from_epoch) {
  RunVerb *v = ctx;
  record_train_begin(v->record, train, from_epoch);
  progress_begin(&v->progress, run, train, from_epoch);
  record_live(v->record, run, train, -1);
}

static void hook_train_end(void *ctx, const Run *run, int train, int64_t epochs, int64_t steps) {
  RunVerb *v = ctx;
  progress_end(&v->progress, run, train, epochs, steps);
  record_train_end(v->record, run, train, epochs, steps);
  show_new(v);
}

static void hook_print(void *ctx, const Run *run, const Stmt *s) {
  RunVerb *v = ctx;
  const char *line = record_print(v->record, run, s);
  progress_clear(&v->progress);
  puts(line);
  fflush(stdout);
}

static void hook_expect(void *ctx, const Run *run, const Stmt *s, bool holds) {
  record_expect(((RunVerb *)ctx)->record, run, s, holds);
}

static void hook_claim(void *ctx, const Run *run, const Stmt *s, ClaimVerdict verdict) {
  record_claim(((RunVerb *)ctx)->record, run, s, verdict);
}

static void hook_report(void *ctx, const Run *run, const Stmt *s) {
  RunVerb *v = ctx;
  record_report(v->record, run, s);
  show_new(v);
}

static void hook_write(void *ctx, const Run *run, const Stmt *s) {
  record_save_values(((RunVerb *)ctx)->record, run, s);
}

static RunEnd hook_sweep(void *ctx, Run *run, int sweep) {
  RunVerb *v = ctx;
  const Sweep *s = &run_program(run)->sweeps.at[sweep];
  const char **failed = ARENA_ARRAY(v->cli->arena, const char *, sweep_runs(s) + 1), **lines;
  progress_clear(&v->progress);
  record_live(v->record, run, -1, sweep);
  RunEnd end = sweep_run(v->cli, v->script, record_folder(v->record), run, sweep, &v->progress.left, failed);
  show_new(v);
  if (end != RUN_DONE) return end;
  for (int i = 0; i < sweep_runs(s); i++) v->points_failed |= failed[i] != NULL;
  int n = record_sweep(v->record, run, sweep, failed, &lines);
  for (int i = 0; i < n; i++) puts(lines[i]);
  fflush(stdout);
  return RUN_DONE;
}

/* ---- the verb ------------------------------------------------------------------------------------ */

static void put_summary(RunVerb *v, RunEnd end) {
  const char **lines;
  int n = record_lines(v->record, &lines), failed, expects = record_expects(v->record, &failed);
  fflush(stderr);
  for (int i = 0; i < n; i++) puts(lines[i]);
  fflush(stdout);
  if (v->cli->given[OPT_QUIET]) return;
  if (failed) fprintf(stderr, "%d of %d expectations failed\n", failed, expects);
  if (end == RUN_STOPPED)
    fprintf(stderr, "%s; `--resume` continues it: %s\n",
            cli_time_is_over() ? "stopped at its --max-time" : "interrupted", record_folder(v->record));
  else if (!v->cli->point) fprintf(stderr, "report: %s/report.html\n", record_folder(v->record));
}

static int execute(RunVerb *v, Run *run) {
  RunHooks hooks = {
      .ctx = v,
      .load = hook_load,
      .epoch = hook_epoch,
      .save = hook_save,
      .stop = cli_stop_hook,
      .train_begin = hook_train_begin,
      .train_end = hook_train_end,
      .print = hook_print,
      .expect = hook_expect,
      .claim = hook_claim,
      .report = hook_report,
      .write = hook_write,
      .sweep = hook_sweep,
  };
  int failed;
  v->run = run;
  progress_plan(&v->progress, v->cli->arena, run);
  RunEnd end = run_execute(run, &hooks);
  progress_clear(&v->progress);
  record_expects(v->record, &failed);
  int code = end == RUN_DONE ? failed > 0 || v->points_failed : end == RUN_STOPPED ? 130 : cli_code(v->cli);
  if (end == RUN_STOPPED && v->save_failed) code = 3;
  if (end == RUN_FAILED && code == 0) code = 1;
  show_new(v);
  if (end == RUN_STOPPED && cli_time_is_over()) record_out_of_time(v->record);
  code = record_finish(v->record, run, end, code);
  put_summary(v, end);
  return code;
}

/* A run that was finished before: its results once more. */
static int show_stored(Cli *c, Record *record) {
  RecordStored stored;
  if (!record_stored(record, &stored)) {
    Diag *d = diag_add(c->sink, DIAG_CHECKPOINT, SPAN_NONE, "%s/results.json cannot be read",
                       record_folder(record));
    diag_help(d, "`--fresh` runs it again");
    return cli_code(c);
  }
  for (int i = 0; i < stored.lines.n; i++) puts(stored.lines.at[i]);
  fflush(stdout);
  if (!c->given[OPT_QUIET]) {
    fprintf(stderr, "already complete; `--fresh` runs it again\n");
    fprintf(stderr, "report: %s/report.html\n", record_folder(record));
  }
  return stored.exit_code;
}

static const char **set_texts(Cli *c) {
  const char **list = ARENA_ARRAY(c->arena, const char *, c->sets.n + 1);
  for (int i = 0; i < c->sets.n; i++) list[i] = c->sets.at[i].text;
  return list;
}

static RecordSpec spec_of(Cli *c, const CliScript *script, const Program *p) {
  return (RecordSpec){
      .script = script->path,
      .name = script->name,
      .text = script->source->text,
      .size = script->source->size,
      .n_sets = c->sets.n,
      .sets = set_texts(c),
      .family = cli_family(c->arena),
      .version = QGN_VERSION,
      .libraries = cli_libraries(c->arena),
      .compiler = cli_compiler(),
      .gnuplot = cli_find_program(c->arena, "gnuplot"),
      .program = p,
      .threads = c->threads,
      .started = c->started,
      .fresh = c->given[OPT_FRESH],
      .resume = c->given[OPT_RESUME],
      .update_lock = c->given[OPT_UPDATE_LOCK],
      .replay = c->value[OPT_REPLAY],
      .sample = c->sample,
      .memo = cli_memo(c->arena),
  };
}

static int run_recorded(Cli *c, const CliScript *script, const AstNode *tree, const Program *p, Run *run,
                        const char *main_folder) {
  RecordSpec spec = spec_of(c, script, p);
  const char **common_sets;
  spec.statements = cli_statements(c, script, p);
  spec.common = cli_common(c, script, tree, &spec.n_common, &common_sets);
  spec.common_sets = common_sets;
  if (c->point) {
    spec.main_folder = main_folder;
    spec.point = c->point_number;
    spec.point_seed = c->point->has_seed ? arena_printf(c->arena, "%lld", (long long)c->point->seed) : "";
  }
  RunVerb v = {.cli = c, .script = script->path};
  int code;
  switch (record_open(c->arena, &spec, c->sink, &v.record)) {
  case RECORD_COMPLETE: code = show_stored(c, v.record); break;
  case RECORD_READY:
    progress_init(&v.progress, c);
    if (record_shorter(v.record) && !c->given[OPT_QUIET])
      fprintf(stderr, "goes on from %s\n", record_shorter(v.record));
    show_new(&v);
    code = execute(&v, run);
    break;
  case RECORD_REFUSED:
  default: code = cli_code(c); break;
  }
  record_close(v.record);
  return code;
}

/* The program of the point that `--point` names; NULL after an error. */
static Program *load_point(Cli *c, CliScript *script, const Program *whole, const char **folder) {
  RecordSpec spec = spec_of(c, script, whole);
  *folder = record_main_folder(c->arena, &spec, c->sink);
  return *folder && sweep_choose(c, whole) ? cli_elaborate(c, script, NULL) : NULL;
}

int cli_verb_run(Cli *c) {
  CliScript script;
  const char *path = cli_one_operand(c), *folder = NULL;
  AstNode *tree = NULL;
  Program *p = path ? cli_load(c, path, &script, &tree) : NULL;
  if (!p || cli_code(c)) return cli_code(c);
  if (c->given[OPT_LIST_POINTS]) {
    RecordSpec spec = spec_of(c, &script, p);
    folder = record_main_folder(c->arena, &spec, c->sink);
    if (folder) sweep_list(c, p, folder);
    return cli_code(c);
  }
  if (c->given[OPT_POINT] && !(p = load_point(c, &script, p, &folder))) return cli_code(c);
  if (c->threads == 0) c->threads = c->point ? 1 : cli_cores();
  RunOptions options = {.threads = c->threads, .family = kernel_family()};
  if (!cli_fits(c, &script, p)) return cli_code(c);
  Run *run = run_new(c->arena, p, &options, c->sink);
  if (!run) return cli_code(c);
  cli_show(c);
  if (c->given[OPT_VERBOSE])
    fprintf(stderr, "%d thread%s, kernels %s, %.1f MB\n", c->threads, c->threads == 1 ? "" : "s",
            kernel_family_name(kernel_family()), (double)run_bytes(run).total / 1e6);
  cli_signals_install();
  if (c->max_time > 0) cli_deadline(c->started + c->max_time);
  int code = run_recorded(c, &script, tree, p, run, folder);
  run_free(run);
  return code;
}
