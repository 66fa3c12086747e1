/* The elaborated program: all that the runtime needs to know, and nothing about text except
 * spans. Lowering (lang/sema) makes it, `qgn dump --graph|--plan` prints it, runtime/exec runs it.
 *
 * Central idea: values live in *slots* (weights, lets, columns, recorded series, losses); a
 * straight-line piece of the script is a *region*, one graph that reads and writes slots; a
 * *block* is a list of statements around regions (repeat, if, record, train, expect, ...).
 *
 * Everything is an index into the arrays here. Owner: one arena for the whole program. */
#ifndef QGN_PROGRAM_H
#define QGN_PROGRAM_H
#include "lang/ir/circuit.h"
#include "lang/ir/data.h"
#include "lang/ir/graph.h"

/* ---- counts and origins -------------------------------------------------------------- */
/* A number of rows known at run time. Index 0 is unused. */
typedef enum CountKind { COUNT_BATCH, COUNT_DATA_ROWS, COUNT_SERIES, COUNT_GROUP, COUNT_SUM } CountKind;
typedef struct Count {
  const char *name; /* "B", "rows(d)", "entries of qgan.mean" */
  CountKind kind;
  int owner;        /* BATCH: train; DATA_ROWS: dataset; SERIES: series; GROUP: grouping; SUM: of `sums` */
  int64_t capacity; /* largest value */
} Count;

/* What a COUNT_SUM is: other counts, none of them a sum, in ascending order and as often as they are added,
 * and a number. Equal sums are one count. */
typedef struct CountSum {
  int n;
  const uint32_t *terms;
  int64_t more;
} CountSum;

typedef struct Origin {
  Span span;
  const char *text;
  uint32_t parent[2];
} Origin; /* "hyper latent", "linear(64)", ... */

/* ---- sites of random numbers --------------------------------------------------------- */
typedef struct Site {
  const char *path;
  Span span;
} Site; /* "qgan.step.repeat.z" */

/* ---- slots ----------------------------------------------------------------------------- */
typedef enum SlotKind {
  SLOT_PARAM,  /* weights; part of an object; initialised from `start` */
  SLOT_BUFFER, /* running statistics: part of an object and initialised likewise, changed by STORE */
  SLOT_VALUE,  /* a let, draw, var; result of a region */
  SLOT_COLUMN, /* a column of the train's minibatch, filled before each step */
  SLOT_TABLE,  /* a whole column of a dataset */
  SLOT_SERIES  /* what `record` collected: shape [entries, ...] with a COUNT_SERIES */
} SlotKind;

typedef enum StartKind {
  START_CONST,
  START_UNIFORM,
  START_NORMAL,
  START_ORTHOGONAL /* a times a matrix [axis 0, all others] whose rows or columns are orthonormal */
} StartKind;
typedef struct Start {
  StartKind kind;
  double a, b;
  const double *values;
} Start; /* CONST: a everywhere, or values[] if not NULL */

typedef struct Slot {
  SlotKind kind;
  const char *name; /* "G.linear_1.weight", "fake", "qgan.mean": unique, used in files */
  Shape shape;
  ElemKind elem;
  Span span;
  int object;          /* PARAM, BUFFER: index of its object; else -1 */
  bool in_circuit;     /* PARAM: declared in a circuit, so a number of quantum gates */
  int site;            /* PARAM, BUFFER: where its start is drawn */
  Start start;         /* PARAM, BUFFER */
  int dataset, column; /* COLUMN, TABLE */
  int series;          /* SERIES */
} Slot;

/* A circuit or model with weights (or none). Its slots, in declaration order, parts included. */
/* A line of a model as it was elaborated where it is declared, for drawings. */
typedef struct ModelLine {
  const char *text, *shape; /* as written; of what it yields */
  int64_t weights;          /* that it added */
} ModelLine;
typedef struct Object {
  const char *name;
  bool is_circuit;
  int n_slots;
  const int *slots;
  Span span;
  const char *inputs;   /* "x[2], k" as written */
  VEC(ModelLine) lines; /* none if its sizes are not all in its signature */
} Object;

/* What a circuit is made of, for drawing and export: its body as it was elaborated where it is declared,
 * for one sample, on made-up arguments. */
typedef struct ViewRegister {
  const char *name;
  int n;
  bool is_single;
} ViewRegister;
typedef struct CircuitView {
  const char *name; /* "parts.G" in a module */
  bool is_block;
  const Graph *graph;                   /* computes the angles: weights are PARAM nodes, */
  VEC(const char *) args;               /* argument i is the DRAW node of site -1 - i; its name, */
  VEC(NodeId) arg_nodes;                /* or NODE_NONE if it is known or not used */
  VEC(NodeId) inputs;                   /* of the programs */
  VEC(ViewRegister) registers;          /* qubits in order; what is left are helpers for outcomes */
  const CircuitProgram *body;           /* all gates, measuring nothing */
  VEC(const CircuitProgram *) measured; /* one for each measurement */
  Span span;
} CircuitView;

/* ---- statements ------------------------------------------------------------------------ */
typedef struct Block Block;

/* A number that a schedule or a var may change: value of a slot (one element) or of a schedule. */
typedef enum ScheduleKind {
  SCHED_CONST,
  SCHED_COSINE,
  SCHED_EXPONENTIAL,
  SCHED_STEPS,
  SCHED_PLATEAU
} ScheduleKind;
typedef struct Schedule {
  ScheduleKind kind;
  double base;    /* value at epoch 0 */
  double a;       /* cosine: final value; exponential: factor per epoch; steps, plateau: factor */
  int64_t each;   /* steps: epochs between changes */
  int64_t warmup; /* epochs of linear rise from base/warmup */
  int slot;       /* >= 0: read from this slot instead */
  /* plateau: epochs without improvement and epochs of rest after a change, share by which the loss has to
   * fall, least value, and the series that is followed (-1: none yet) */
  int64_t patience, cooldown;
  double threshold, least;
  int series;
} Schedule;

typedef struct Optimizer {
  int optim; /* row of optims.def */
  int n_hypers;
  Schedule hypers[8];
  int n_slots; /* weights it owns */
  const int *slots;
  const char *name; /* names of its objects: "D", "G, E" */
  Span span;
} Optimizer;

typedef struct Series {
  const char *name;      /* "qgan.mean", "qgan.loss.D" */
  Shape entry;           /* of one value */
  int slot;              /* SLOT_SERIES */
  int64_t capacity;      /* entries at most */
  bool per_epoch;        /* abscissa: epochs (1, 2, ...) or, for `every k`, k, 2k, ...; else iterations */
  int64_t first, stride; /* abscissa of entry j: first + j * stride */
  int train;             /* -1: none */
} Series;

typedef enum StmtKind {
  STMT_REGION, /* run graph */
  STMT_REPEAT, /* run block `count` times (or slot, if slot >= 0) */
  STMT_IF,     /* slot (one bool): then, else */
  STMT_LOSS, /* the value of a minimize in `slot`: checked for NaN, added to series with the weight of rows */
  STMT_SHARE,  /* 0 or 1 in `slot`, added to series, whose entries are means over an epoch */
  STMT_GROUPS, /* run block once for each group of rows */
  STMT_ROUTE,  /* run block on the rows that a condition picks */
  STMT_SEARCH, /* an optimiser that runs block, which evaluates the loss, as often as it likes */
  STMT_RECORD, /* append slot to series */
  STMT_STOP,   /* end the train after this step or every */
  STMT_TRAIN,
  STMT_DATA,   /* make the dataset `index`, which needs values of the run */
  STMT_PRINT,  /* name or expression text, slot */
  STMT_EXPECT, /* expect or assert */
  STMT_CLAIM,
  STMT_REPORT,
  STMT_SAVE, /* write the values of `index` to a file */
  STMT_SWEEP /* run every point of the sweep `index` and fill its records */
} StmtKind;

/* One number or several that stand beside a document's: each a slot (>= 0), a constant, or a text. */
typedef struct Cell {
  const char *text;
  int slot;
  double value;
} Cell; /* text != NULL: a text; slot >= 0: a value; else value */

typedef struct Claim {
  const char *id;
  const char *text;                   /* of the condition, as it is written */
  int condition, opposite, undecided; /* slots of one bool; -1: none */
  int n_document, n_measured;
  const Cell *document, *measured;
} Claim;

/* What the script chose, beside what a document says about it; all known before the run, as text. */
typedef enum ChoiceKind { CHOICE_STATED, CHOICE_ASSUMED, CHOICE_CHANGED } ChoiceKind;
typedef struct ScriptChoice {
  ChoiceKind kind;
  const char *name, *here;
  const char *document, *why; /* NULL: nothing is said */
  double times;               /* CHANGED: of two numbers, here / document; 0: they are none */
} ScriptChoice;

typedef struct Stmt {
  StmtKind kind;
  Span span;
  Graph *graph;         /* REGION */
  int64_t count;        /* REPEAT; EXPECT without slot: 1 if it holds (known before the run) */
  int slot;             /* REPEAT, IF, LOSS, RECORD, PRINT, EXPECT (condition); -1 none */
  int series;           /* LOSS, RECORD */
  Block *block, *other; /* REPEAT, IF */
  int index;            /* TRAIN, DATA, CLAIM, REPORT, SAVE, ROUTE, GROUPS, SEARCH, SWEEP: which */
  int count_id;         /* LOSS: count of the rows that it is the mean of; 0: those of the minibatch */
  bool is_assert;       /* EXPECT */
  const char *text; /* PRINT: what was written (without slot: the whole line); EXPECT: the reason, or NULL */
  const char *condition;  /* EXPECT: text of the condition */
  Cell left, right;       /* EXPECT with a comparison: both sides; op */
  const char *op;         /* "<", NULL if no comparison */
  const char *site_block; /* REPEAT: "repeat", for messages */
} Stmt;

struct Block {
  VEC(Stmt) stmts;
};

/* The rows of a minibatch with equal labels, group by group in the order of their first rows: for each the
 * count `rows` is set, the rows of `from` are copied to `to`, and the block of the statement is run. */
typedef struct Grouping {
  int n_by;
  const int *by;          /* slots [count] of labels */
  const int64_t *classes; /* how many each can have, 0: unknown */
  uint32_t count, rows;
  VEC(int) from, to; /* slots [count, ...] and [rows, ...] */
  VEC(int) sums;     /* set to 0 before the first group */
  int missing;       /* slot to which the number of absent groups is added */
  Span span;
} Grouping;

/* One side of a `route`: the rows of `from` where the bools of `mask` are `holds` are copied to `to`, whose
 * count `rows` is set, the block makes `part` of them (unless there are none), and its rows go to their
 * places in `result`. */
typedef struct Routing {
  int mask, from, to, part, result;
  bool holds;
  Dim count; /* rows of mask, from, result */
  uint32_t rows;
  Block *block;
} Routing;

/* What an optimiser needs that evaluates the loss itself. After its step slot `loss` holds what it first was.
 */
typedef struct Search {
  int train, optimizer;
  int n;
  const int *weights, *gradients; /* slots; gradients NULL if the block makes none */
  int loss;                       /* slot; the optimiser goes down on sign times it */
  double sign;
} Search;

/* A number that follows a schedule and is read by graphs. */
typedef struct Scheduled {
  Schedule schedule;
  int slot;
} Scheduled;

typedef struct Every {
  int64_t k;
  Block block;
  Span span;
} Every;

/* The losses of the step on other data, in evaluation mode and without updates, after every epoch. */
typedef struct Validation {
  int dataset; /* -1: none */
  int64_t batch;
  int batch_count;
  VEC(int) columns;
  Block block;
} Validation;

/* One series that decides how long a train runs, and which weights it leaves. */
typedef struct Watch {
  int series;       /* -1: none */
  bool up;          /* the largest value is the best */
  int64_t patience; /* entries that are not better before the train ends, 0: any number */
  double min_delta; /* by which a better value differs at least */
  bool keep;        /* at the end the weights are those of the best entry */
} Watch;

/* An object of adversarial training: series of the norms of its gradient and, of a critic, of the spread of
 * what is generated. */
typedef struct Rival {
  const char *name;
  bool critic;
  int norm, spread; /* -1: none */
  Span span;
} Rival;

/* Numbers of a train that may end early. */
typedef enum RanNumber { RAN_ITERATIONS, RAN_EPOCHS, RAN_BEST_EPOCH, RAN_CIRCUITS, RAN_NUMBERS } RanNumber;

/* What can change a result of a train stands in its digest too (digest.c). */
typedef struct Train {
  const char *name;
  const char *site; /* in front of its shuffles and directions: its name, and the repetition */
  int dataset;      /* -1: none, a step is an epoch */
  int64_t batch, epochs, checkpoint; /* checkpoint: epochs between kept ones, 0: not given */
  int64_t iterations;                /* the most steps, 0: not given */
  bool shuffle, drop_last;
  int balance;          /* column of labels by which the rows of a minibatch take turns, -1: none */
  const char *gradient; /* a row of circuit_methods.def, or "default": each circuit's first possible one */
  int batch_count;      /* id of B, 0 if the step has no columns */
  VEC(int) columns;     /* SLOT_COLUMN slots to fill */
  VEC(Rival) rivals;
  Validation validation;
  Watch watch;
  VEC(Optimizer) optimizers;
  Block step;
  VEC(Every) everys;
  VEC(int) series; /* all series of this train */
  VEC(Scheduled) scheduled;
  VEC(int) kept;        /* slots that keep their values from one step to the next */
  VEC(int) buffers;     /* SLOT_BUFFER slots that its step changes: saved with the weights */
  int ran[RAN_NUMBERS]; /* slots of what is known at its end only, 0: not asked for, else 1 + the slot */
  Span span;
} Train;

/* ---- sweeps ----------------------------------------------------------------------------- */
/* The part of the script before a sweep, once for each point and seed. A point is elaborated anew with its
 * settings (SemaOptions.point); it then ends with the sweep, and what it records are its results. */
typedef struct SweepPoint {
  const char *const *sets; /* by axis: the value as `--set` reads it; NULL: not varied in this study */
  const char *const *shown;
} SweepPoint;
typedef struct SweepAxis {
  const char *name; /* of the hyper */
  bool is_number;
  bool drawn; /* some of its values are random */
} SweepAxis;
typedef struct SweepRecord {
  const char *name;
  Shape entry; /* of one point and seed */
  int slot;    /* [points, seeds (if any), entry ...]; in the program of a point: its value */
} SweepRecord;
typedef struct Sweep {
  const char *name;
  VEC(SweepAxis) axes;
  VEC(SweepPoint) points;
  VEC(int64_t) seeds; /* none: each point runs once, with the seeds of the script */
  VEC(SweepRecord) records;
  VEC(int) trains; /* that are repeated: `over` */
  int best;        /* the record that a best point is chosen by, -1: none */
  bool best_largest;
  Span span;
} Sweep;
/* Runs of a sweep: points times seeds, points first. */
static inline int sweep_runs(const Sweep *s) { return s->points.n * (s->seeds.n > 0 ? s->seeds.n : 1); }

static inline bool train_validates(const Train *t) { return t->validation.batch > 0; }
static inline bool train_watches(const Train *t) { return t->watch.patience > 0 || t->watch.keep; }

/* ---- reports ---------------------------------------------------------------------------- */
typedef enum FigureKind {
  FIGURE_HISTOGRAM,
  FIGURE_SERIES,
  FIGURE_CURVE,
  FIGURE_SCATTER,
  FIGURE_BARS,
  FIGURE_HEAT,
  FIGURE_BOUNDARY,
  FIGURE_GRID,
  FIGURE_DIAGRAM
} FigureKind;
/* What stands for repeated values: the mean with its 95 % interval or the standard deviation, the median
 * with the quartiles or the range. */
typedef enum FigureBand { BAND_INTERVAL, BAND_STD, BAND_QUARTILES, BAND_RANGE } FigureBand;
/* Texts of bars, of rows and columns, below images: known now, or in a slot [n] or [n, digits]. */
typedef struct FigureLabels {
  int n;
  const char *const *text; /* NULL: in the slot */
  int slot;
} FigureLabels;
typedef struct Figure {
  FigureKind kind;
  const char *label;           /* in the key: as written, or `name =` */
  const char *x_name, *y_name; /* what the axes are, as written; NULL: as the kind has it */
  int x, y; /* DIAGRAM: x the view of a circuit, or y the object. Else slots. HISTOGRAM, BARS, HEAT, GRID use
               x only, SERIES too: a series slot; SCATTER: y -1 if x is [n, 2]; BOUNDARY: x the points of the
               plane [n, 2], y [n, k] */
  int of, by; /* BOUNDARY: slot of the rows [n, 2], -1 none; BOUNDARY, SCATTER: of their labels, -1 none */
  int line;   /* CURVE: which one of y [lines, n] or [lines, repetitions, n]; -1: y is [n] or [n, repetitions]
               */
  FigureBand band;         /* CURVE, BARS */
  int64_t bins;            /* HISTOGRAM; GRID: images in a row */
  const char *title, *key; /* key: what the labels of several figures are */
  int n_labels;
  const FigureLabels
      *labels; /* BARS: 1; HEAT: rows, columns; GRID: each a part of what stands below an image */
  int n_levels;
  const double *levels; /* BOUNDARY */
  bool log_x, log_y;
} Figure;
static inline Figure figure_make(FigureKind kind, const char *label) {
  return (Figure){.kind = kind, .label = label, .x = -1, .y = -1, .of = -1, .by = -1, .line = -1};
}
#define REPORT_MOST_FIGURES 12 /* in one plot */
typedef enum ReportKind { REPORT_TEXT, REPORT_TABLE, REPORT_PLOT, REPORT_IMAGES, REPORT_SWEEP } ReportKind;
typedef struct ReportRow {
  int n;
  const Cell *cells;
  bool is_head;
} ReportRow;
/* Metrics by a network of the script: values by different ones do not compare. */
typedef enum NetworkMetric { METRIC_FRECHET, METRIC_INCEPTION, N_NETWORK_METRICS } NetworkMetric;
typedef struct ReportItem {
  ReportKind kind;
  const char *text; /* TEXT, with {name} places; or title */
  VEC(Cell) places; /* values of the {name} places, in order */
  VEC(ReportRow) rows;
  VEC(Figure) figures; /* drawn in one plot */
  int sweep;           /* SWEEP: the table of this one */
  const char
      *network[N_NETWORK_METRICS]; /* TABLE: by which one its values of a metric are; NULL: it has none */
  Span network_span[N_NETWORK_METRICS];
  Span span;
} ReportItem;
typedef struct Report {
  const char *name;
  VEC(ReportItem) items;
  Span span;
} Report;

/* Arrays that are written to a file of the run's folder. */
typedef enum SavedFormat { SAVED_NPY, SAVED_NPZ, SAVED_SAFETENSORS, SAVED_PNG } SavedFormat;
typedef struct Saved {
  const char *file; /* without folders */
  SavedFormat format;
  VEC(const char *) names;
  VEC(int) slots;
} Saved;

/* ---- the whole ---------------------------------------------------------------------------- */
typedef struct HyperValue {
  const char *name;
  const char *value;
  bool overridden;
} HyperValue;

typedef struct Import {
  const char *name; /* relative to the script, or std.gan */
  char sha256[65];
  const char *text; /* as read */
  size_t size;
} Import;

typedef struct Program {
  Arena *arena;
  const char *doc; /* the `##` lines at its head */
  int64_t steps;   /* values and statements that it was written out to */
  int edition;
  uint64_t seed;
  bool is_double;
  VEC(Count) counts; /* index 0 unused */
  VEC(CountSum) sums;
  VEC(Origin) origins; /* index 0 unused */
  VEC(Site) sites;
  VEC(Slot) slots;
  VEC(Object) objects;
  VEC(Dataset) datasets;
  VEC(Train) trains;
  VEC(Series) series;
  VEC(Grouping) groupings;
  VEC(Routing) routings;
  VEC(Search) searches;
  VEC(Claim) claims;
  VEC(ScriptChoice) choices;
  VEC(Sweep) sweeps;
  int point; /* 1 + the sweep that the program is one point of; 0: it is the whole script */
  VEC(Report) reports;
  VEC(Saved) saves;
  VEC(CircuitView) circuits; /* blocks too; those whose sizes the signature leaves open are not there */
  VEC(HyperValue) hypers;    /* in text order, values as resolved */
  VEC(Import) imports;       /* modules, each once, in the order they were first used */
  Block top;
} Program;

/* Every graph and statement as text (`qgn dump --graph`). */
void program_dump(const Program *p, FILE *out);
/* The same graphs as a picture in Graphviz' language (`qgn dump --dot`), without constants. */
void program_dot(const Program *p, FILE *out);
/* Calls `visit` for each region of the program, in text order. */
void program_each_region(const Program *p, void (*visit)(void *ctx, const Graph *g, Span span), void *ctx);
#endif
