/* Programs that do not fit into memory are refused before anything runs, with the largest settings that
 * would. */
#include <string.h>
#include "lang/base/mem.h"
#include "lang/base/num.h"
#include "runtime/cli/cli.h"
#include "runtime/exec/run.h"

#define SETTINGS_MOST 4 /* that are named */
#define NEAR 8          /* values below the largest that are tried, where not every number is allowed, */
#define SHARE 128       /* by this share of it where it does not fit after all */

typedef enum Verdict { FITS, TOO_LARGE, NOT_ALLOWED } Verdict;

/* FITS, or TOO_LARGE with the message in the sink. What cannot be planned for another reason fits. */
static Verdict verdict_of(Cli *c, const Program *p, DiagSink *sink) {
  const int threads = c->threads ? c->threads : c->point ? 1 : cli_cores();
  if (run_bytes_bound(p, threads) <= mem_budget()) return FITS;
  const RunOptions how = {.threads = threads, .family = kernel_family(), .only_sizes = true};
  Run *run = run_new(c->arena, p, &how, sink);
  run_free(run);
  for (int k = 0; k < sink->all.n && run == NULL; k++)
    if (sink->all.at[k]->code == DIAG_TOO_LARGE) return TOO_LARGE;
  return FITS;
}

static Verdict with_setting(Cli *c, const CliScript *script, const char *name, int64_t value) {
  const Cli before = cli_trial(c);
  Verdict v = NOT_ALLOWED;
  if (cli_replace_set(c, name, arena_printf(c->arena, "%lld", (long long)value))) {
    const Program *p = cli_elaborate(c, script, NULL);
    if (p != NULL && c->sink->n_errors == 0) v = verdict_of(c, p, diag_sink(c->arena));
  }
  arena_free(c->arena);
  *c = before;
  return v;
}

/* The largest value below `now` that fits; 0: none, or it does not depend on this setting. */
static int64_t largest(Cli *c, const CliScript *script, const char *name, int64_t now) {
  Verdict v = NOT_ALLOWED;
  int64_t low = 1, high = now;
  for (; v == NOT_ALLOWED && low < now; low *= 2) v = with_setting(c, script, name, low);
  if (v != FITS) return 0;
  low /= 2;
  while (high - low > 1) {
    const int64_t middle = low + (high - low) / 2;
    if (with_setting(c, script, name, middle) == TOO_LARGE) high = middle;
    else low = middle;
  }
  int64_t x = low;
  for (int k = 0; k < NEAR && x > 0; k++) {
    v = with_setting(c, script, name, x);
    if (v == FITS) return x;
    x -= v == TOO_LARGE ? 1 + x / SHARE : 1; /* what is free changes while we look */
  }
  return 0;
}

static void add_help(Cli *c, const CliScript *script, const char *name, int64_t now, const char **help,
                     int *n) {
  const int64_t fits = *n < SETTINGS_MOST && now > 1 ? largest(c, script, name, now) : 0;
  if (fits == 0) return;
  *help = arena_printf(c->arena, "%s `%s = %lld` in place of %lld",
                       *n > 0 ? arena_printf(c->arena, "%s, or", *help) : "the largest that fits is", name,
                       (long long)fits, (long long)now);
  ++*n;
}

bool cli_fits(Cli *c, const CliScript *script, const Program *p) {
  DiagSink *sink = diag_sink(c->arena);
  if (verdict_of(c, p, sink) != TOO_LARGE) return true;
  Diag *d = sink->all.at[sink->all.n - 1];
  const char *help = "";
  int n = 0;
  for (int k = 0; k < p->hypers.n; k++) {
    const char *text = p->hypers.at[k].value;
    double x;
    if (num_parse(text, strlen(text), &x) && x == (double)(int64_t)x && x < 1e12)
      add_help(c, script, p->hypers.at[k].name, (int64_t)x, &help, &n);
  }
  for (int k = 0; k < p->trains.n; k++)
    if (p->trains.at[k].batch_count != 0 && p->trains.at[k].batch > 0)
      add_help(c, script, arena_printf(c->arena, "%s.batch", p->trains.at[k].name), p->trains.at[k].batch,
               &help, &n);
  if (n > 0) diag_help(d, "%s", help);
  diag_pass(c->sink, d);
  return false;
}
