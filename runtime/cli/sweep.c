/* Sweeps: points as processes of this program, one thread each. `--point K` runs one of them, so that another
 * scheduler can; a point that is complete is not run again. */
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/num.h"
#include "runtime/cli/progress.h"
#include "runtime/cli/sweep.h"

#define LOG_LIMIT ((size_t)1 << 20)

int sweep_total(const Program *p) {
  int n = 0;
  for (int i = 0; i < p->sweeps.n; i++) n += sweep_runs(&p->sweeps.at[i]);
  return n;
}

/* Number of the first run of a sweep among all of the script. */
static int first_of(const Program *p, int sweep) {
  int n = 0;
  for (int i = 0; i < sweep; i++) n += sweep_runs(&p->sweeps.at[i]);
  return n;
}

static int seeds_of(const Sweep *s) { return s->seeds.n > 0 ? s->seeds.n : 1; }

/* "lr=0.1 qubits=4 seed 2": what makes this run different. */
static const char *point_text(Arena *a, const Sweep *s, int run) {
  const SweepPoint *p = &s->points.at[run / seeds_of(s)];
  const char *out = "";
  for (int i = 0; i < s->axes.n; i++)
    if (p->sets[i])
      out = arena_printf(a, "%s%s--set %s=%s", out, *out ? " " : "", s->axes.at[i].name, p->sets[i]);
  if (s->seeds.n > 0)
    out = arena_printf(a, "%s%sseed %lld", out, *out ? " " : "", (long long)s->seeds.at[run % s->seeds.n]);
  return out;
}

void sweep_list(Cli *c, const Program *p, const char *folder) {
  int number = 0;
  for (int i = 0; i < p->sweeps.n; i++)
    for (int k = 0; k < sweep_runs(&p->sweeps.at[i]); k++, number++) {
      const bool done =
          record_point_read(c->arena, record_point_folder(c->arena, folder, number), &p->sweeps.at[i], NULL);
      printf("%d\t%s\t%s\t%s\n", number, p->sweeps.at[i].name, done ? "done" : "open",
             point_text(c->arena, &p->sweeps.at[i], k));
    }
}

bool sweep_choose(Cli *c, const Program *p) {
  double x = -1;
  const char *given = c->value[OPT_POINT];
  const int total = sweep_total(p);
  if (!num_parse(given, strlen(given), &x) || x < 0 || x >= total || x != floor(x)) {
    if (total == 0) return cli_usage(c, c->line, "this script has no sweep, so there is no point %s", given);
    return cli_usage(c, c->line, "`--point` wants a number from 0 to %d, not `%s`", total - 1, given);
  }
  int at = (int)x, sweep = 0;
  while (at >= sweep_runs(&p->sweeps.at[sweep])) at -= sweep_runs(&p->sweeps.at[sweep++]);
  const Sweep *s = &p->sweeps.at[sweep];
  const SweepPoint *point = &s->points.at[at / seeds_of(s)];
  c->point_number = (int)x;
  c->point = ARENA_NEW(c->arena, SemaPoint);
  *c->point = (SemaPoint){.sweep = arena_str(c->arena, s->name), .has_seed = s->seeds.n > 0};
  if (c->point->has_seed) c->point->seed = s->seeds.at[at % s->seeds.n];
  for (int i = 0; i < s->axes.n; i++)
    if (point->sets[i] && !cli_replace_set(c, s->axes.at[i].name, point->sets[i])) return false;
  return true;
}

/* ---- processes --------------------------------------------------------------------------------------- */

typedef VEC(char *) Words;

static void word(Cli *c, Words *w, const char *s) { vec_push(c->arena, w, arena_str(c->arena, s)); }

/* Steps of a replayed run that this run of a sweep executes again: one of each sweep does, chosen by the name
 * of the run, which is a hash. */
static int64_t sample_of(Cli *c, const char *folder, const Sweep *s, int run) {
  const char *text = arena_printf(c->arena, "%s %s", folder, s->name);
  char hex[65];
  io_sha256(text, strlen(text), hex);
  hex[7] = '\0';
  return strtol(hex, NULL, 16) % sweep_runs(s) == run ? c->sample : 0;
}

static char **command_of(Cli *c, const char *script, int number, int64_t sample) {
  Words w = {0};
  word(c, &w, "qgn"), word(c, &w, "run"), word(c, &w, script);
  word(c, &w, "--point"), word(c, &w, arena_printf(c->arena, "%d", number));
  word(c, &w, "--threads"), word(c, &w, "1");
  word(c, &w, "--quiet"), word(c, &w, "--color"), word(c, &w, "never");
  word(c, &w, "--resume"); /* of a fresh run: its folder was emptied, and says which memo is its own */
  const char *stored =
      c->value[OPT_REPLAY] ? record_point_folder(c->arena, c->value[OPT_REPLAY], number) : NULL;
  if (stored && io_is_folder(stored)) {
    word(c, &w, "--replay"), word(c, &w, stored);
    word(c, &w, "--sample"), word(c, &w, arena_printf(c->arena, "%lld", (long long)sample));
  }
  if (c->value[OPT_DATA]) word(c, &w, "--data"), word(c, &w, c->value[OPT_DATA]);
  if (c->given[OPT_UPDATE_LOCK]) word(c, &w, "--update-lock");
  for (int i = 0; i < c->sets.n; i++) word(c, &w, "--set"), word(c, &w, c->sets.at[i].text);
  vec_push(c->arena, &w, NULL);
  return w.at;
}

/* The child ends with this process, however that ends, so a resumed run finds its points free. */
static pid_t start(Cli *c, const char *script, int number, int64_t sample, const char *log) {
  char **words = command_of(c, script, number, sample);
  const pid_t parent = getpid(), child = fork();
  if (child != 0) return child;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(127);
  if (!io_redirect(log)) _exit(127);
  execv("/proc/self/exe", words);
  _exit(127);
}

/* Why a point failed: the first error that it printed. */
static const char *reason(Cli *c, const char *log, int status) {
  IoData data;
  IoError e;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 127) return "its process could not be started";
  const char *found = NULL;
  if (io_read_file(c->arena, log, LOG_LIMIT, &data, &e)) found = strstr((const char *)data.bytes, "error[");
  if (found) return arena_strn(c->arena, found, strcspn(found, "\n"));
  if (WIFSIGNALED(status)) return arena_printf(c->arena, "ended by signal %d", WTERMSIG(status));
  if (WEXITSTATUS(status) == 0) return "what it recorded has another shape than in the script as it stands";
  return arena_printf(c->arena, "ended with status %d", WEXITSTATUS(status));
}

typedef struct Job {
  pid_t child; /* 0: none */
  int run;
} Job;

typedef struct Jobs {
  Cli *c;
  const char *script, *folder; /* of the whole run */
  const Sweep *sweep;
  int first; /* number of run 0 */
  int n;     /* at once */
  Job *at;
  const char **failed;
  double *const *values; /* of one run */
  Run *run;
  int done, ran; /* `ran` of them here */
  double begin;  /* clock */
  const Left *left;
  int number;    /* of the sweep */
  bool stopping; /* the children were told to end: what is not whole goes on with --resume */
} Jobs;

static const char *log_of(const Jobs *j, int run) {
  return arena_printf(j->c->arena, "%s.log", record_point_folder(j->c->arena, j->folder, j->first + run));
}

/* Takes what the run recorded; false if there is nothing. */
static bool take(Jobs *j, int run) {
  const char *folder = record_point_folder(j->c->arena, j->folder, j->first + run);
  if (!record_point_read(j->c->arena, folder, j->sweep, j->values)) return false;
  for (int i = 0; i < j->sweep->records.n; i++) {
    const int64_t n = shape_capacity(&j->sweep->records.at[i].entry);
    for (int64_t k = 0; k < n; k++)
      run_slot_put(j->run, j->sweep->records.at[i].slot, run * n + k, j->values[i][k]);
  }
  return true;
}

static void lack(Jobs *j, int run, const char *why) {
  j->failed[run] = why;
  for (int i = 0; i < j->sweep->records.n; i++) {
    const int64_t n = shape_capacity(&j->sweep->records.at[i].entry);
    for (int64_t k = 0; k < n; k++) run_slot_put(j->run, j->sweep->records.at[i].slot, run * n + k, NAN);
  }
}

/* ", 2 min 10 s left": of the sweep, at the speed of the runs so far, and of what stands behind it. */
static const char *left_text(const Jobs *j) {
  const double seconds = record_clock() - j->begin, rest = left_behind(j->left, true, j->number, 0, 0);
  const double left = seconds / j->ran * (sweep_runs(j->sweep) - j->done);
  if (left + rest <= 0) return "";
  return arena_printf(j->c->arena, rest > 0 ? ", %s left, about %s in all" : ", %s left",
                      progress_duration(j->c->arena, left), progress_duration(j->c->arena, left + rest));
}

static void say_done(Jobs *j, int run) {
  j->done++, j->ran++;
  if (j->c->given[OPT_QUIET]) return;
  fprintf(stderr, "%s  %d/%d  %s%s%s\n", j->sweep->name, j->done, sweep_runs(j->sweep),
          point_text(j->c->arena, j->sweep, run), j->failed[run] ? "  failed" : "",
          j->stopping ? "" : left_text(j));
}

/* Looks after the children; how many are still there. */
static int collect(Jobs *j) {
  int alive = 0;
  for (int i = 0; i < j->n; i++) {
    Job *job = &j->at[i];
    int status;
    if (job->child == 0) continue;
    const pid_t got = waitpid(job->child, &status, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) {
      alive++;
      continue;
    }
    job->child = 0;
    const bool whole = take(j, job->run);
    if (!whole && j->stopping) continue;
    if (!whole) lack(j, job->run, got < 0 ? "it was lost" : reason(j->c, log_of(j, job->run), status));
    say_done(j, job->run);
  }
  return alive;
}

static void stop_all(Jobs *j) {
  struct timespec pause = {0, 5000000};
  j->stopping = true;
  for (int i = 0; i < j->n; i++)
    if (j->at[i].child > 0) kill(j->at[i].child, SIGTERM);
  while (collect(j) > 0) nanosleep(&pause, NULL);
}

static bool launch(Jobs *j, int run) {
  for (int i = 0; i < j->n; i++) {
    if (j->at[i].child != 0) continue;
    const pid_t child =
        start(j->c, j->script, j->first + run, sample_of(j->c, j->folder, j->sweep, run), log_of(j, run));
    if (child > 0) j->at[i] = (Job){child, run};
    else lack(j, run, "its process could not be started"), say_done(j, run);
    return true;
  }
  return false;
}

RunEnd sweep_run(Cli *c, const char *script, const char *folder, Run *run, int sweep, const Left *left,
                 const char **failed) {
  const Program *p = run_program(run);
  const Sweep *s = &p->sweeps.at[sweep];
  double **values = ARENA_ARRAY(c->arena, double *, s->records.n + 1);
  for (int i = 0; i < s->records.n; i++)
    values[i] = ARENA_ARRAY(c->arena, double, shape_capacity(&s->records.at[i].entry) + 1);
  Jobs j = {.c = c,
            .script = script,
            .folder = folder,
            .sweep = s,
            .first = first_of(p, sweep),
            .n = c->threads,
            .at = ARENA_ARRAY(c->arena, Job, c->threads),
            .failed = failed,
            .values = values,
            .begin = record_clock(),
            .left = left,
            .number = sweep,
            .run = run};
  IoError e;
  struct timespec pause = {0, 2000000};
  if (!io_make_folder(arena_printf(c->arena, "%s/points", folder), &e)) {
    diag_add(c->sink, DIAG_WRITE, s->span, "%s", io_message(c->arena, &e));
    return RUN_FAILED;
  }
  for (int next = 0; next < sweep_runs(s);) {
    if (cli_stop_asked()) break;
    if (take(&j, next)) {
      j.done++, next++;
    } else if (launch(&j, next)) {
      next++;
    } else {
      collect(&j);
      nanosleep(&pause, NULL);
    }
  }
  while (!cli_stop_asked() && collect(&j) > 0) nanosleep(&pause, NULL);
  if (!cli_stop_asked()) return RUN_DONE;
  stop_all(&j);
  return RUN_STOPPED;
}
