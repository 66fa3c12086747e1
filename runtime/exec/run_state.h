/* What a Run holds; shared by run.c (building), train.c (executing), state.c (saving) and
 * plan_dump.c. */
#ifndef QGN_RUN_STATE_H
#define QGN_RUN_STATE_H
#include "runtime/exec/data_load.h"
#include "runtime/exec/region.h"
#include "runtime/exec/run.h"

/* Live part of an optimiser: moments for each of its weights, one block per state and weight. */
typedef struct OptState {
  const Optimizer *def;
  char **moments; /* [slot * states + state] */
  int64_t *steps; /* by slot: updates so far */
  double *memory; /* of an optimiser that searches: all that it remembers, and room to work in */
  int64_t n_memory;
  uint64_t key;    /* of its random numbers */
  double hyper[8]; /* with schedules applied, for the present epoch */
} OptState;

/* Where a train is. Everything here is saved, so a resumed run goes on with the same bits. */
typedef struct TrainState {
  int64_t counters[4]; /* epoch, batch inside it, iteration, stopped by stop() */
  double *loss_sum;    /* by series of the train: sum of loss * rows in this epoch */
  double *loss_rows;   /* rows in that sum */
  OptState *opts;
  double *plateau; /* PLATEAU_NUMBERS for each number of each optimiser */
  uint64_t shuffle_key;
  uint64_t *order; /* this epoch's order: random word << 32 | row */
  uint64_t *spare; /* for sorting it */
  int64_t *turns; /* of `balance`: for each class where its rows begin in spare; one more at the end; then how
                     many were taken */
  uint32_t *batch; /* rows of the minibatch */
  double *watch;   /* WATCH_NUMBERS */
  double *rivals;  /* RIVAL_NUMBERS for each rival: found again from the series after loading */
  char **best;     /* of keep_best: the weights of the best entry, by their order in watch_slot */
  int64_t circuit_runs;
  int64_t steps_here; /* steps executed in this process */
} TrainState;
enum { PLATEAU_VALUE, PLATEAU_BEST, PLATEAU_BAD, PLATEAU_REST, PLATEAU_NUMBERS };
/* Numbers of plateaus of a train, and those of number `h` of optimiser `o`. */
static inline int64_t plateau_size(const Train *t) { return (int64_t)t->optimizers.n * 8 * PLATEAU_NUMBERS; }
static inline double *plateau_at(const TrainState *s, int o, int h) {
  return s->plateau + (o * 8 + h) * PLATEAU_NUMBERS;
}
/* Best value; entries since; epochs until it, 0: none; 1: the weights are the best ones, `best` holds the
 * last. */
enum { WATCH_BEST, WATCH_BAD, WATCH_EPOCH, WATCH_SWAPPED, WATCH_NUMBERS };
enum { AT_EPOCH, AT_BATCH, AT_ITERATION, AT_STOPPED };

/* Working memory of a grouping: which rows belong together. */
typedef struct GroupState {
  int32_t *table; /* open addressing by labels: group + 1, 0 is free; `mask` + 1 entries */
  int64_t mask;
  int32_t *group; /* by row */
  int32_t *start; /* by group: where its rows begin in `order`; one more at the end */
  int32_t *order; /* rows, group after group */
  int n;          /* groups */
} GroupState;

struct Run {
  Arena *arena;
  const Program *program;
  DiagSink *sink;
  const KernelSet *set;
  Pool *pool;
  char **slot_data;
  int64_t *slot_rows; /* by series: entries so far */
  int64_t *counts;
  DataState *data;
  uint8_t *augmented; /* an image of bytes for each thread, */
  size_t augmented_bytes;
  TrainState *trains;
  GroupState *groups;
  int n_regions;
  struct RegionEntry {
    const Graph *graph;
    RegionPlan *plan;
  } * regions;
  RegionEnv env;
  int train; /* the train being executed, -1 none */
  const RunHooks *hooks;
  bool only_sizes;
  bool stop_now;   /* stop() was reached */
  bool rehearsing; /* the rows are made up: what is not finite or not as asserted ends nothing */
  RunBytes bytes;
  StateItem *items; /* of the train being saved or loaded */
  int n_items;
  const char ****state_names; /* [train][optimiser][moment], made once: saving allocates nothing */
  const char ***step_names, ***memory_names;
  const char **series_names;
  const char **kept_names, **best_names; /* by slot */
  void *blocks[4];                       /* slots, slab, scratch, data; of mem_try_alloc */
  size_t block_size[4];
};

/* run.c */
const RegionPlan *run_region_plan(const Run *r, const Graph *g);
double run_read(const Run *r, const char *data, int64_t element);
void run_write(const Run *r, char *data, int64_t element, double x);
/* start.c: fills a weight or buffer with its start; false after E0702 */
bool start_slot(Run *r, int slot);
/* train.c */
RunEnd train_execute(Run *r, const Stmt *s);
RunEnd block_execute(Run *r, const Block *b);
/* The parts of an epoch. A step takes the batch where the state is. */
void train_epoch_begin(Run *r, int train);
int64_t train_batches(const Run *r, int train); /* steps of an epoch */
RunEnd train_step(Run *r, int train);
void train_epoch_end(Run *r, int train, RunProgress *p); /* losses as means, what follows them */
RunEnd train_every(Run *r, int train, int k);
/* Reads the numbers of the optimisers that are values of slots. */
void train_hypers(Run *r, int train);
bool train_update(void *ctx, const UpdateInfo *u, const char *const *grads);
/* update.c: are all gradients of an update finite? One step of its optimiser, whose numbers of updates are
 * those after it. And the position of a weight among those of the optimiser. */
bool update_is_finite(const Run *r, const UpdateInfo *u, const char *const *grads);
void update_apply(const Run *r, const UpdateInfo *u, const OptState *opt, const char *const *grads);
int update_position(const Optimizer *o, int slot);
/* data.c */
void data_prepare(Run *r, int dataset, int64_t epoch); /* rows that are new in this epoch */
int64_t data_rows(const Run *r, int dataset);
void data_batch(Run *r, const Train *t, const TrainState *s, int64_t first, int64_t rows);
void data_order(Run *r, const Train *t, TrainState *s, int64_t epoch);
int64_t balance_classes(const Program *p, const Train *t); /* that `balance` of a train lets take turns */
void data_batch_in_order(Run *r, const Validation *v, uint32_t *rows, int64_t first, int64_t n);
/* watch.c: losses of `validate`, and what `patience` and `keep_best` do. */
int watch_count(const Run *r, const Train *t);       /* weights and statistics that keep_best keeps, */
int watch_slot(const Run *r, const Train *t, int k); /* the k-th of them */
RunEnd watch_validate(Run *r, const Train *t, TrainState *s);
bool watch_follow(Run *r, const Train *t, TrainState *s, int64_t before); /* true: patience is at its end */
void watch_best(Run *r, const Train *t, TrainState *s,
                bool best); /* the best weights, or the last ones again */
/* rivals.c: warnings about adversarial training, after an epoch, or of a train that was `loaded` at its end.
 */
enum { RIVAL_SEEN, RIVAL_NORM, RIVAL_SPREAD, RIVAL_SAID, RIVAL_NUMBERS };
void rivals_judge(Run *r, const Train *t, TrainState *s, bool loaded);
/* groups.c */
void groups_make(Run *r);
RunEnd groups_execute(Run *r, const Stmt *s);
RunEnd route_execute(Run *r, const Stmt *s);
/* Finds the groups of the present minibatch; sets the rows of group k and their number. */
void groups_clear(Run *r, int grouping); /* sets what they add up to to 0 */
void groups_find(Run *r, int grouping);
void groups_take(Run *r, int grouping, int k);
/* blame.c: E0601, with the first value that is to blame. The region that failed, or a slot of the step. */
RunEnd blame_region(Run *r, const RegionPlan *p, Span span, const char *what);
/* E0601 where a region of the top level gives a circuit or a pick by labels what it cannot take, else
 * RUN_DONE. */
RunEnd blame_values(Run *r, const RegionPlan *p);
/* W0604 if the value that is printed is not finite. */
void warn_not_finite(Run *r, const Stmt *s);
RunEnd blame_slot(Run *r, int slot, Span span, const char *what);
RunEnd blame_weights(Run *r, const Optimizer *o, int slot);
/* search.c */
RunEnd search_execute(Run *r, const Stmt *s);
size_t search_doubles(const Optimizer *o, int64_t weights); /* that it needs in OptState.memory */
/* state.c */
void state_names(Run *r);                                    /* once, after the plans */
int run_state(Run *r, int train, StateItem *items, int cap); /* the items of a train */
int state_item_count(const Run *r, int train);
void state_loaded(Run *r, int train); /* after items were written: counts of series */
/* State tensors of row `optim` of optims.def. */
int optim_states(int optim);
#endif
