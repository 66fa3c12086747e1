/* What one thing costs: two ways of the same training that differ in it alone, in turn in one process.
 *
 *   cost [--unchecked] [--threads N] SECONDS WITH.qgn [WITHOUT.qgn]
 *
 * With two scripts, each is trained on a stack of its own, and they hand over to each other where a block of
 * epochs ends. With --unchecked there is one script and one run, which looks whether gradients and weights
 * are finite in one block and not in the next; so both ways have the same memory.
 *
 * A pair is four blocks, with, without, without, with, of a few milliseconds each: what the machine does
 * meanwhile falls on both, and a drift cancels. A start trains for so many seconds and yields the mean of the
 * middle half of its pairs (of logarithms of ratios). STARTS starts, each with memory of its own, yield a
 * mean and, by Student's t, an interval that holds the cost in 95 of 100 cases; so it holds what placement in
 * memory changes, too. Time is that of the thread on the processor, and with several threads what has passed.
 */
#define _GNU_SOURCE
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"
#include "runtime/exec/run_state.h"

#define STARTS 10
#define STUDENT 2.262 /* 97.5 % of t with STARTS - 1 degrees of freedom */
#define PAIRS_MOST 4096
#define BLOCK 3e-3 /* seconds, at least */
#define BLOCKS 4   /* of a pair */
#define STACK (8 << 20)

enum { WITH, WITHOUT };

typedef struct Bench {
  bool unchecked;
  int threads;
  double seconds, begin; /* of a start; of the present block */
  double took[2], spent; /* of the present pair; of all pairs */
  int64_t block, epochs; /* epochs of a block, and of the present one so far */
  int at;                /* block of the pair */
  bool long_enough, done;
  double ratio[PAIRS_MOST];
  int n;
  Run *run[2];
  KernelSet careless;
  const KernelSet *careful;
  ucontext_t way[2], back;
} Bench;

static Bench bench; /* functions of contexts take no pointer */

static const int turn[BLOCKS] = {WITH, WITHOUT, WITHOUT, WITH};

static double now(void) {
  struct timespec t;
  clock_gettime(bench.threads > 1 ? CLOCK_MONOTONIC : CLOCK_THREAD_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool all_finite(const void *x, int64_t n) {
  (void)x, (void)n;
  return true;
}

/* ---- pairs ----------------------------------------------------------------------------------- */

/* The pair is whole. Blocks are made longer until they are long enough; the pair after that counts. */
static void end_pair(void) {
  Bench *b = &bench;
  const bool enough = b->took[WITH] + b->took[WITHOUT] > BLOCKS * BLOCK;
  if (b->long_enough) {
    b->ratio[b->n++] = log(b->took[WITH] / b->took[WITHOUT]);
    b->spent += b->took[WITH] + b->took[WITHOUT];
    b->done = b->spent > b->seconds || b->n == PAIRS_MOST;
  }
  if (!b->long_enough && !enough) b->block *= 2;
  b->long_enough = b->long_enough || enough;
  b->took[WITH] = b->took[WITHOUT] = 0;
}

/* From the block of one way to that of the other one. */
static void hand_over(int from, int to) {
  Bench *b = &bench;
  if (from == to) return;
  if (b->unchecked) b->run[WITH]->set = b->run[WITH]->env.set = to == WITH ? b->careful : &b->careless;
  else swapcontext(&b->way[from], &b->way[to]);
}

/* ---- hooks: nothing is kept ------------------------------------------------------------------ */

static int epoch(void *ctx, const RunProgress *p) {
  Bench *b = &bench;
  (void)ctx, (void)p;
  if (++b->epochs < b->block) return 0;
  const int way = turn[b->at];
  b->took[way] += now() - b->begin;
  if (++b->at == BLOCKS) b->at = 0, end_pair();
  if (b->done) return 2;
  b->epochs = 0;
  hand_over(way, turn[b->at]);
  b->begin = now();
  return 0;
}

static void begin(void *ctx, const Run *r, int train, int64_t from) {
  (void)ctx, (void)r, (void)train, (void)from;
  bench.begin = now();
}

static const RunHooks hooks = {.epoch = epoch, .train_begin = begin};

/* ---- starts ---------------------------------------------------------------------------------- */

static void run_way(int way) {
  if (run_execute(bench.run[way], &hooks) == RUN_STOPPED) return;
  fputs("cost: the training ended before its time: more epochs\n", stderr);
  exit(1);
}

static void make_way(Arena *a, int way) {
  Bench *b = &bench;
  getcontext(&b->way[way]);
  b->way[way].uc_stack.ss_sp = arena_alloc(a, STACK);
  b->way[way].uc_stack.ss_size = STACK;
  b->way[way].uc_link = &b->back;
  makecontext(&b->way[way], (void (*)(void))run_way, 1, way);
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* One start; its cost as a logarithm. The other way is left where it stands. */
static bool start(char **path, double *cost) {
  Bench *b = &bench;
  Arena *a = arena_new();
  Cli c = {.arena = a, .sink = diag_sink(a)};
  c.given[OPT_QUIET] = true;
  const RunOptions options = {.threads = b->threads, .family = kernel_family()};
  b->at = b->n = 0, b->block = 1, b->epochs = 0, b->spent = 0, b->long_enough = b->done = false;
  for (int k = 0; k < (b->unchecked ? 1 : 2); k++) {
    CliScript script;
    const Program *p = cli_load(&c, path[k], &script, NULL);
    b->run[k] = p != NULL ? run_new(a, p, &options, c.sink) : NULL;
    if (b->run[k] == NULL) {
      diag_render(c.sink, (DiagStyle){0}, stderr);
      return false;
    }
    make_way(a, k);
  }
  b->careful = b->run[WITH]->set;
  b->careless = *b->careful;
  b->careless.all_finite = all_finite;
  swapcontext(&b->back, &b->way[WITH]);
  qsort(b->ratio, (size_t)b->n, sizeof *b->ratio, by_value);
  const int from = b->n / 4, to = b->n - from;
  *cost = 0;
  for (int k = from; k < to; k++) *cost += b->ratio[k] / (to - from);
  for (int k = 0; k < (b->unchecked ? 1 : 2); k++) run_free(b->run[k]);
  arena_free(a);
  src_clear();
  return true;
}

int main(int argc, char **argv) {
  Bench *b = &bench;
  int k = 1;
  b->threads = 1;
  if (k < argc && strcmp(argv[k], "--unchecked") == 0) b->unchecked = true, k++;
  if (k + 1 < argc && strcmp(argv[k], "--threads") == 0) b->threads = atoi(argv[k + 1]), k += 2;
  if (argc - k != (b->unchecked ? 2 : 3) || b->threads < 1) {
    fputs("usage: cost [--unchecked] [--threads N] SECONDS WITH.qgn [WITHOUT.qgn]\n", stderr);
    return 2;
  }
  b->seconds = atof(argv[k]);
  double cost[STARTS], mean = 0, spread = 0;
  int64_t pairs = 0;
  for (int s = 0; s < STARTS; s++) {
    if (!start(argv + k + 1, &cost[s])) return 1;
    mean += cost[s] / STARTS;
    pairs += b->n;
  }
  for (int s = 0; s < STARTS; s++) spread += (cost[s] - mean) * (cost[s] - mean) / (STARTS - 1);
  const double half = STUDENT * sqrt(spread / STARTS);
  printf("%.2f %% (95 %%: %.2f to %.2f %%; %d starts, %lld pairs)\n", 100 * expm1(mean),
         100 * expm1(mean - half), 100 * expm1(mean + half), STARTS, (long long)pairs);
  sym_clear();
  return 0;
}
