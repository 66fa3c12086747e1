/* The record of a run: the folder ./runs/<name>-<hash>/ and everything in it.
 *
 * The folder's name is a hash of all that can change a result (script, settings, edition, kernel
 * family, numerics number), so equal names mean equal bytes and nothing is ever overwritten with
 * different content. What it holds:
 *
 *   script.qgn                 the script as run
 *   qgn.lock                   edition, hashes, and the facts of the machine (a copy without these
 *                              stands beside the script)
 *   <train>.safetensors        weights at the end of a train
 *   <train>.state.safetensors  everything at the end, so that a resumed run can skip the train
 *   <train>.checkpoint-a|b     the last two of the timed checkpoints, while a train runs
 *   <train>-000050.safetensors kept ones
 *   metrics.csv, metrics.jsonl, log.jsonl   series and statements in order
 *   results.json               settings, expects, claims, prints, final values, exit code
 *   timing.jsonl               wall-clock times; no other file holds any
 *   report.html, report.md, figures/
 *   saved/                     what `save` writes
 *
 * Every file but timing.jsonl has the same bytes whether the run was unbroken or resumed, on any
 * number of threads: they are written whole, from the values in memory, by io_write_file.
 *
 * results.json is written last; a folder with a results.json that says "complete" is a finished
 * run. A write that fails is reported (W0803) and remembered; the run goes on and record_finish
 * adds E0805 (E0702 if it was memory that ran out), unless the same file was written later.
 *
 * Owner: the record lives in the arena given to record_open; it holds a lock on the folder until
 * record_close. Not thread safe: hooks are called on the main thread. */
#ifndef QGN_RECORD_H
#define QGN_RECORD_H
#include "lang/base/diag.h"
#include "runtime/exec/run.h"

#define RECORD_EDITION 1
#define RECORD_NUMERICS 4 /* raised by every change of the program that can change bits of a result */
#define RECORD_VERSION 1  /* of the layout of results.json and of checkpoints */

typedef struct Record Record;

typedef struct RecordSpec {
  const char *script; /* path as given, for the report */
  const char *name;   /* of the run: "gaussian" */
  const void *text;   /* the script's bytes */
  size_t size;
  int n_sets;
  const char *const *sets; /* "name=value", any order */
  const char
      *statements;    /* hash of what script and modules say, without comments, layout and reports; or NULL */
  const char *common; /* the script and the settings without their numbers of epochs */
  int n_common;
  const char *const *common_sets;
  const char *family; /* "avx2, OpenBLAS 0.3.21 (Haswell)" */
  const char *version, *libraries, *compiler;
  const char *gnuplot; /* path of the program; NULL: figures are left as .gp and .csv */
  const Program *program;
  int threads;
  double started; /* record_clock() when the process began */
  bool fresh, resume;
  bool update_lock;   /* data files that changed are accepted */
  const char *replay; /* folder of this same run, whose states are taken (replay.h); NULL: none */
  int64_t sample;     /* steps of it to be executed again */
  const char *memo;   /* folder of the memo; NULL: none */
  /* A point of a sweep: the folder of the whole run (record_main_folder), the point's number, its seed. */
  const char *main_folder;
  int point;
  const char *point_seed; /* "" without */
} RecordSpec;

typedef enum RecordState {
  RECORD_READY,    /* go on: a new run, or one that continues */
  RECORD_COMPLETE, /* this very run was finished before; record_stored tells how it ended */
  RECORD_REFUSED   /* the sink says why */
} RecordState;

/* Finds or makes the folder and locks it. With RECORD_READY the script and locks have been
 * written and runs/latest points here. */
RecordState record_open(Arena *a, const RecordSpec *spec, DiagSink *sink, Record **out);
/* The folder that record_open would give, nothing made; NULL: a data file could not be read. */
const char *record_main_folder(Arena *a, const RecordSpec *spec, DiagSink *sink);
void record_close(Record *r);               /* gives the lock back; NULL is fine */
const char *record_folder(const Record *r); /* "runs/gaussian-3f2a91c4" */
/* With `resume` and nothing of its own: the folder of a run of fewer epochs that this one goes on from; or
 * NULL. */
const char *record_shorter(const Record *r);
bool record_continues(const Record *r); /* checkpoints of an unfinished run are there */

/* A finished run, read back: lines of its results (as the run printed them) and its exit code. */
typedef struct RecordStored {
  int exit_code;
  VEC(const char *) lines;
} RecordStored;
bool record_stored(Record *r, RecordStored *out);

/* ---- hooks of a run (run.h), to be called by whoever installs them ------------------------- */
int record_load(Record *r, const Run *run, int train, const StateItem *items, int n);
/* Whether the end of this train was taken from the memo. */
bool record_from_memo(const Record *r, int train);
bool record_save(Record *r, const Run *run, int train, SaveReason why, const StateItem *items, int n);
/* Notes where a train stands. 1 if a timed checkpoint is due: 2 s after the last one, or at the interval at
 * which writing costs 2 % of the time if that is longer; 3 where a replayed stretch ends; else 0: as
 * RunHooks.epoch. */
int record_epoch(Record *r, const RunProgress *p);
void record_train_begin(Record *r, int train, int64_t from_epoch);
void record_train_end(Record *r, const Run *run, int train, int64_t epochs, int64_t steps);

/* Returns the line that stands for the statement on standard output; the second one without recording it. */
const char *record_print(Record *r, const Run *run, const Stmt *s);
const char *record_print_line(Arena *a, const Run *run, const Stmt *s);
void record_expect(Record *r, const Run *run, const Stmt *s, bool holds);
void record_claim(Record *r, const Run *run, const Stmt *s, ClaimVerdict verdict);
void record_report(Record *r, const Run *run, const Stmt *s);
void record_save_values(Record *r, const Run *run, const Stmt *s); /* arrays.c: to saved/ */

/* ---- sweeps: sweep.c ------------------------------------------------------------------------ */
/* Where a point's run is kept, by its number among all runs of all sweeps of the script. */
const char *record_point_folder(Arena *a, const char *main_folder, int point);
/* What a complete point recorded: out[i] gets the elements of record i. False: there is none. `out` may be
 * NULL. */
bool record_point_read(Arena *a, const char *folder, const Sweep *s, double *const *out);
/* Notes a sweep whose records are filled; failed[k] says why run k has none (NULL: it has). Gives the lines
 * that stand for it on standard output. */
int record_sweep(Record *r, const Run *run, int sweep, const char *const *failed, const char ***lines);

/* report.html of the run under way, where train `train` or sweep `sweep` is at work (-1: none), if it is time
 * to rewrite it; a sweep always. */
void record_live(Record *r, const Run *run, int train, int sweep);

/* The run stopped because its time was over: its report is written all the same. */
void record_out_of_time(Record *r);
/* After the run: metrics, log, report, results. `end` is how it ended and `code` the exit code so
 * far; returns the exit code to end with (3 if something could not be written, 5 if memory ran out
 * for it). */
int record_finish(Record *r, const Run *run, RunEnd end, int code);
/* Lines for standard output: expects, then claims (those not run too), in order. */
int record_lines(Record *r, const char ***lines);
/* How many expects ran, and how many of them failed. */
int record_expects(const Record *r, int *failed);
/* The only clocks of the runtime, in seconds from an arbitrary start: of the wall, and of what the calling
 * thread ran itself. They are read for progress, for timed checkpoints, for timing.jsonl and for forecasts;
 * no result depends on them. */
double record_clock(void);
double record_thread_clock(void);
#endif
