/* Running a program: plan once, then execute statements in order.
 *
 * The executor owns all values (slots, weights, optimiser moments, recorded series) in one block
 * of memory sized before the run; it knows no files, no clock and no terminal. Whoever runs a
 * program installs hooks: they save and load state, show progress, print, judge expects. So the
 * same code serves `qgn run`, tests and, later, the REPL.
 *
 * Bits: nothing here depends on the number of threads. State (run_state) is complete: loading it
 * and going on gives the bits of an unbroken run. */
#ifndef QGN_RUN_H
#define QGN_RUN_H
#include "lang/ir/program.h"
#include "runtime/kernels/kernel.h"

typedef struct Run Run;

/* A named array of the state of a train: weights ("G.linear_1.weight"), moments
 * ("optimizer/0/adam.1/G.linear_1.weight"), series ("series/qgan.mean"), counters ("progress").
 * `data` points into live memory: saving reads it, loading writes it. If `rows` is not NULL the
 * first dimension is *rows, at most dims[0]. */
typedef struct StateItem {
  const char *name;
  const char *dtype; /* safetensors: "F32", "F64", "I64" */
  int rank;
  int64_t dims[SHAPE_MAX_RANK + 1];
  int64_t *rows;
  void *data;
  bool is_weight; /* stands in the final weights file too */
} StateItem;

typedef struct RunProgress {
  const Train *train;
  int train_index;
  int64_t epoch, epochs; /* epochs finished, in all */
  int64_t steps;         /* steps of this train executed in this process */
  int n_losses;
  const char *loss_name[8]; /* "D", "G", or "" */
  double loss[8];           /* mean over the last epoch */
} RunProgress;

typedef enum SaveReason { SAVE_TIMED, SAVE_KEPT, SAVE_SIGNAL, SAVE_FINAL } SaveReason;

typedef enum RunEnd {
  RUN_DONE,
  RUN_STOPPED, /* a stop was asked for; state is saved */
  RUN_FAILED   /* the sink says why (assert, NaN, memory) */
} RunEnd;

typedef enum ClaimVerdict {
  CLAIM_NOT_RUN,
  CLAIM_REPRODUCED,
  CLAIM_NOT_REPRODUCED,
  CLAIM_OPPOSITE,
  CLAIM_UNDECIDED /* what was measured does not tell the claim from its opposite */
} ClaimVerdict;
const char *claim_verdict_text(ClaimVerdict v); /* verdict.c: "not reproduced" */

/* What the run tells and asks while it is executed; a hook that is NULL is told nothing, and answers 0,
 * nothing there, saved, never, RUN_DONE. */
typedef struct RunHooks {
  void *ctx;
  /* A train begins: load its state if there is one. Returns 1: loaded, 0: nothing there, -1: error reported.
   */
  int (*load)(void *ctx, const Run *run, int train, const StateItem *items, int n);
  /* Called after every epoch. Returns 0: go on; 1: save now (SAVE_TIMED) and go on; 2: save
   * (SAVE_SIGNAL) and stop; 3: save (SAVE_KEPT), then load the state to go on from. */
  int (*epoch)(void *ctx, const RunProgress *p);
  /* Saves the state; false if it could not (reported by the hook; training goes on). */
  bool (*save)(void *ctx, const Run *run, int train, SaveReason why, const StateItem *items, int n);
  /* True once a stop was asked for (signal); polled after every step. */
  bool (*stop)(void *ctx);
  void (*train_begin)(void *ctx, const Run *run, int train, int64_t from_epoch);
  void (*train_end)(void *ctx, const Run *run, int train, int64_t epochs, int64_t steps);
  void (*print)(void *ctx, const Run *run, const Stmt *s);
  void (*expect)(void *ctx, const Run *run, const Stmt *s, bool holds);
  void (*claim)(void *ctx, const Run *run, const Stmt *s, ClaimVerdict verdict);
  void (*report)(void *ctx, const Run *run, const Stmt *s);
  void (*write)(void *ctx, const Run *run, const Stmt *s); /* a `save` */
  /* Runs the points of a sweep and writes what they recorded (run_slot_put). */
  RunEnd (*sweep)(void *ctx, Run *run, int sweep);
} RunHooks;

typedef struct RunOptions {
  int threads; /* >= 1 */
  KernelFamily family;
  bool
      only_sizes; /* memory is counted, no value is made: the run can only be asked for run_bytes and freed */
} RunOptions;

/* size.c: no run of the program needs more bytes, by the shapes of its values; mostly many times too much, so
 * that what fits for sure need not be planned to know it. */
size_t run_bytes_bound(const Program *p, int threads);

/* Plans everything: kernels found (E0998 by name and place for a LATER row), memory counted and
 * checked against the budget (E0701), allocated. NULL if not; the sink says why. */
Run *run_new(Arena *a, const Program *p, const RunOptions *o, DiagSink *sink);
RunEnd run_execute(Run *r, const RunHooks *hooks);
void run_free(Run *r); /* memory and threads; NULL is fine */

const Program *run_program(const Run *r);
/* A slot's value: number of elements now, shape with counts resolved, element as double. */
int64_t run_slot_size(const Run *r, int slot);
Shape run_slot_shape(const Run *r, int slot);
double run_slot_get(const Run *r, int slot, int64_t element);
void run_slot_put(Run *r, int slot, int64_t element, double x);
const void *run_slot_data(const Run *r, int slot);
/* A Cell as number; NaN for a text. */
double run_cell(const Run *r, const Cell *c);
/* The SHA-256 of all that decides how a train ends, and of `salt`: what it computes (digest.h), the values
 * that it starts from, its data. To be called where it begins. */
void run_train_key(const Run *r, int train, const char *salt, char hex[65]);
/* Rows of a dataset; 0 before it was made. */
int64_t run_data_rows(const Run *r, int dataset);
/* Entries recorded in a series so far. */
int64_t run_series_entries(const Run *r, int series);
/* Epochs that a train may come to: those given, or fewer if `iterations` end it; the last perhaps not whole.
 * Its data must have been made. */
int64_t run_train_epochs(const Run *r, int train);
/* No step of a train is left: it was loaded, or has come to its end. */
bool run_train_is_over(const Run *r, int train);
/* The epoch, from 1, whose entry of the series that a train follows was best; 0: it follows none. */
int64_t run_train_best(const Run *r, int train);
/* Bytes planned: weights, moments, values, scratch of all threads. */
typedef struct RunBytes {
  size_t weights, moments, values, scratch, total;
} RunBytes;
RunBytes run_bytes(const Run *r);
/* Plan as text: segments, placements, instructions, bytes, barriers per step (`qgn dump --plan`). */
void run_dump_plan(const Run *r, FILE *out);
#endif
