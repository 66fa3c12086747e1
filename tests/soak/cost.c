/* What one thing costs: two scripts of one step each, that differ in it alone, trained in turn in one process
 * on one thread.
 *
 *   cost [--unchecked] SECONDS ROUNDS WITH.qgn WITHOUT.qgn
 *
 * A round trains each of them for so many seconds. Prints how much more processor time a step of the first
 * takes, in percent: least of its rounds by least of the other's, since what else the machine does only ever
 * adds. With --unchecked the second runs without looking whether gradients and weights are finite. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"
#include "runtime/exec/run_state.h"

typedef struct Timing {
  double seconds, begin, least; /* of a round; of a step */
  int64_t steps;
} Timing;

static double processor_time(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool all_finite(const void *x, int64_t n) {
  (void)x, (void)n;
  return true;
}

/* ---- hooks: nothing is kept ------------------------------------------------------------------ */

static int load(void *ctx, const Run *r, int train, const StateItem *items, int n) {
  (void)ctx, (void)r, (void)train, (void)items, (void)n;
  return 0;
}

static bool save(void *ctx, const Run *r, int train, SaveReason why, const StateItem *items, int n) {
  (void)ctx, (void)r, (void)train, (void)why, (void)items, (void)n;
  return true;
}

static int epoch(void *ctx, const RunProgress *p) {
  Timing *t = ctx;
  const double now = processor_time();
  if (now - t->begin < t->seconds) return 0;
  const double each = (now - t->begin) / (double)p->steps;
  if (t->least == 0 || each < t->least) t->least = each;
  t->steps += p->steps;
  return 2;
}

static bool stop(void *ctx) {
  (void)ctx;
  return false;
}

static void begin(void *ctx, const Run *r, int train, int64_t from) {
  (void)r, (void)train, (void)from;
  ((Timing *)ctx)->begin = processor_time();
}

static void end(void *ctx, const Run *r, int train, int64_t epochs, int64_t steps) {
  (void)ctx, (void)r, (void)train, (void)epochs, (void)steps;
}

static void ignore(void *ctx, const Run *r, const Stmt *s) { (void)ctx, (void)r, (void)s; }

static void ignore_expect(void *ctx, const Run *r, const Stmt *s, bool holds) {
  (void)ctx, (void)r, (void)s, (void)holds;
}

static void ignore_claim(void *ctx, const Run *r, const Stmt *s, bool holds, bool opposite) {
  (void)ctx, (void)r, (void)s, (void)holds, (void)opposite;
}

/* ---- rounds ---------------------------------------------------------------------------------- */

static bool train(const char *path, bool unchecked, Timing *t) {
  Arena *a = arena_new();
  Cli c = {.arena = a, .sink = diag_sink(a)};
  c.given[OPT_QUIET] = true;
  CliScript script;
  Program *p = cli_load(&c, path, &script, NULL);
  const RunOptions options = {.threads = 1, .family = kernel_family()};
  Run *r = p != NULL ? run_new(a, p, &options, c.sink) : NULL;
  bool ok = r != NULL;
  if (ok) {
    KernelSet careless = *r->set;
    careless.all_finite = all_finite;
    if (unchecked) r->set = r->env.set = &careless;
    const RunHooks hooks = {.ctx = t,
                            .load = load,
                            .epoch = epoch,
                            .save = save,
                            .stop = stop,
                            .train_begin = begin,
                            .train_end = end,
                            .print = ignore,
                            .expect = ignore_expect,
                            .claim = ignore_claim,
                            .report = ignore};
    ok = run_execute(r, &hooks) == RUN_STOPPED;
    if (!ok) fprintf(stderr, "cost: %s ended before its time: more epochs\n", path);
    run_free(r);
  }
  if (c.sink->n_errors > 0) diag_render(c.sink, (DiagStyle){0}, stderr);
  arena_free(a);
  src_clear();
  return ok;
}

int main(int argc, char **argv) {
  const bool unchecked = argc > 1 && strcmp(argv[1], "--unchecked") == 0;
  char **arg = argv + 1 + (unchecked ? 1 : 0);
  if (argc != 5 + (unchecked ? 1 : 0)) {
    fputs("usage: cost [--unchecked] SECONDS ROUNDS WITH.qgn WITHOUT.qgn\n", stderr);
    return 2;
  }
  Timing with = {.seconds = atof(arg[0])}, without = with;
  for (int k = 0; k < atoi(arg[1]); k++)
    if (!train(arg[2], false, &with) || !train(arg[3], unchecked, &without)) return 1;
  printf("%.2f %% (%.4g ms a step, %.4g without)\n", 100 * (with.least / without.least - 1), 1e3 * with.least,
         1e3 * without.least);
  sym_clear();
  return 0;
}
