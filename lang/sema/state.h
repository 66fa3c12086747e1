/* What the walk over a script holds: names, where it is, what is under construction, and `Sema`, its whole
 * state. The functions that work on it are in walk.h, which includes this. All of it lives in the arena of
 * the program. */
#ifndef QGN_SEMA_STATE_H
#define QGN_SEMA_STATE_H
#include "lang/qasm/qasm.h"
#include "lang/sema/sema.h"
#include "lang/sema/value.h"

/* ---- names ------------------------------------------------------------------------------- */
typedef enum BindKind {
  BIND_HYPER,
  BIND_LET,
  BIND_VAR,
  BIND_DRAW,
  BIND_PARAM,
  BIND_ARG,
  BIND_SIZE,
  BIND_COLUMN,
  BIND_LOOP,
  BIND_DEF,
  BIND_CIRCUIT,
  BIND_MODEL,
  BIND_DATASET,
  BIND_TRAIN,
  BIND_SWEEP,
  BIND_REPORT,
  BIND_REGISTER,
  BIND_MODULE
} BindKind;
extern const char *const bind_kind_text[];

typedef struct Binding {
  Symbol name;
  BindKind kind;
  Span span;
  const Value *value;
  bool used;
  int depth;               /* run-time blocks around its declaration */
  int slot;                /* VAR that an `if` or `repeat` when run sets: where its value is kept; else -1 */
  const struct Call *call; /* the call it was declared in */
  const struct KeptVar *kept; /* a var that a train changes; NULL else */
} Binding;
typedef struct KeptVar KeptVar;

typedef struct Scope Scope;
struct Scope {
  Scope *parent;
  VEC(Binding *) names;
  bool is_library; /* names of the prelude may be hidden by the script's */
  bool is_plain;   /* a nested block: hiding a name of the parents warns */
};

/* ---- where the walk is ------------------------------------------------------------------- */
typedef enum Place {
  PLACE_TOP,
  PLACE_CIRCUIT,
  PLACE_MODEL,
  PLACE_DATASET,
  PLACE_DEF,
  PLACE_TRAIN,
  PLACE_STEP,
  PLACE_EVERY,
  PLACE_SWEEP,
  PLACE_REPORT
} Place;
extern const char *const place_text[]; /* "step" */
extern const char *const place_in[];   /* "a `step`" */

/* A block of the program under construction and the graph of its open region (or NULL). */
typedef struct Region {
  Block *block;
  Graph *graph;
  VEC(Stmt) pending; /* losses and records whose values the open region stores */
} Region;

/* The path of names to here, for sites; counts how often each name was used. */
typedef struct PathName {
  Symbol name;
  int count;
} PathName;
/* at: by the hash of the name, every second place free at least; a loop has a name for each of its turns. */
typedef struct PathNames {
  PathName *at;
  uint32_t n, cap; /* cap: a power of 2, or 0 */
} PathNames;
typedef struct Path {
  const char *prefix;
  PathNames seen;
  PathNames called; /* circuits and models called here: their shots are at other sites each time */
} Path;

/* A function being inlined, innermost first. */
typedef struct Call {
  const struct Call *up;
  Span span;
  const char *name;
  const void *what;
} Call;

struct DefInfo {
  const char *name;
  const char *path; /* of its sites: "parts.spread" in the module `parts` */
  const AstNode *decl;
  Scope *scope;
};

typedef struct Part {
  const char *key;
  int slot;
  ObjectInfo *part;
} Part; /* one weight, or an object with its own */
typedef struct LabelledStage {
  const char *name;
  VEC(int) slots;
} LabelledStage;
typedef struct CopyOf {
  const ObjectInfo *original;
  ObjectInfo *copy;
} CopyOf;
typedef struct CopyMap {
  const char *name;
  VEC(CopyOf) at;
} CopyMap; /* of one `new`: which object stands for which */
typedef struct IntArg {
  Symbol name;
  const Value *value;
} IntArg;

#define TRAJECTORIES_MAX 10000000
/* What `noisy` puts behind gates on one qubit, behind those on more, and in front of measurements. */
typedef struct NoiseModel {
  ChannelList gate1, gate2, readout;
  int64_t shots; /* of every measurement in it; 0: as elsewhere */
  Span span;
} NoiseModel;

struct ObjectInfo {
  const char *name;
  const char *path; /* of its weights and sites: "parts.G" in the module `parts` */
  const AstNode *decl;
  Scope *scope;
  bool is_circuit, is_block; /* block: a circuit without return */
  bool broken;               /* its body has errors: calls are silent */
  bool ready;                /* its body was elaborated once: weights are known */
  int index;                 /* in Program.objects; -1 for blocks */
  bool building;             /* its body is being elaborated */
  bool first;                /* on made-up inputs, where it is declared */
  VEC(IntArg) ints;          /* given by `new` for int parameters */
  VEC(Part) parts;           /* in the order of the text */
  VEC(LabelledStage *) stages;
  CopyMap *copies;     /* of `new`; NULL for originals */
  ObjectInfo *view_of; /* made by `noisy`: whose weights and body it has; NULL else */
  const NoiseModel *noise;
  const Value *results; /* of the body at its declaration: shapes for messages and dumps */
};

/* The body of a circuit or model while it is elaborated. */
typedef struct KindCount {
  const char *kind;
  int n;
} KindCount;
typedef struct UsedLabel {
  Symbol name;
  const char *key; /* with the turn of its loop: "block[0]" */
  Span span;
} UsedLabel;
typedef struct ObjectBuild {
  ObjectInfo *object;
  VEC(KindCount) counts;
  VEC(UsedLabel) labels;
  const char *label;      /* of the line under way; NULL */
  const char *labelled;   /* the kind of the layer that has it, "linear"; NULL: none yet */
  LabelledStage *stage;   /* where its weights are noted */
  const TrainInfo *train; /* called in the step of this train; NULL: somewhere else */
  const char *until;      /* the labelled line whose value is wanted; NULL: the whole */
} ObjectBuild;

/* A block that was read from an OpenQASM file. */
struct FileBlock {
  const char *name;
  const QasmFile *file;
  Span span;
};
/* One that was applied in the circuit under way. holder[k]: the qubit that holds bit k now, -1:
 * it is 0; NULL if the application has errors. */
typedef struct FileUse {
  const FileBlock *block;
  int *holder;
} FileUse;
/* A qubit that was measured and still holds its outcome; since: number of gates then. A copy is made
 * where something changes it. */
typedef struct Held {
  int qubit, since;
} Held;

typedef VEC(GateUse) GateUses;
/* A batch norm that was applied in training mode: its running statistics follow when a statement updates
 * its weights by a loss that depends on it. */
typedef struct NormUse {
  const Graph *g;
  NodeId out, mean, variance; /* result; of the batch */
  int weight, slots[2];       /* slots of its scale; of its running mean and variance */
  double momentum;
  bool done;
} NormUse;

typedef struct CircuitBuild {
  int n_qubits;
  GateUses gates;
  VEC(NodeId) inputs;
  VEC(bool) rows;
  VEC(int64_t) sizes;
  ObjectInfo *object;
  const Tensor *lifted; /* an argument with rows; NULL: the call has none */
  bool measured;
  Span measured_span;
  VEC(ViewRegister) registers;
  VEC(const CircuitProgram *) programs; /* one for each measurement */
  VEC(FileUse) files;
  VEC(Held) held;
  VEC(int) outcomes;    /* of `draw m ~ measure(q)`: the qubits that hold them now */
  uint64_t touched;     /* qubits that had a gate, while a file is applied */
  int n_impure;         /* measurements and resets so far */
  int n_prepared;       /* applications of `basis` and `amplitude` so far */
  const char *prepared; /* the last of them */
  Span prepared_span;
  bool drawing;   /* `measure` stands behind `draw` */
  bool full;      /* it needs more qubits than there are */
  bool backwards; /* inside a block that is inverted: state preparation leads back to |0...0> */
} CircuitBuild;

typedef struct TrainSeries {
  const char *name;
  int series;
  bool open;
} TrainSeries; /* open: it may have fewer entries than planned */
typedef struct Given {
  const char *name;
  Span span;
} Given; /* an attribute that was set */
typedef struct TrainOptim {
  ObjectInfo *object;
  const char *stage;
  int optimizer;
  int ordinal;
  Span span;
  bool used;
} TrainOptim;

struct TrainInfo {
  const char *name;
  int index; /* in Program.trains */
  VEC(TrainSeries) series;
  VEC(TrainOptim) optims;
  VEC(Given) given;
  VEC(Given) of_rows;     /* those that need data, by the script or --set, with the place of their value */
  bool may_stop, done;    /* has a stop(): all series are open; its block is closed */
  bool open_rows;         /* how many rows its data has is known when it runs: how many steps, too */
  bool broken;            /* it has errors: what it lacks is not said again */
  int64_t per_epoch;      /* iterations */
  int64_t repeats;        /* product of the repeats around the statement under way */
  int conditional;        /* run-time `if`s around it */
  int64_t every;          /* k of the `every` under way, 0 in the step */
  int n_minimize;         /* minimize statements in the step, without those that a static `if` leaves out */
  int64_t shots;          /* of measurements in its step and every; 0: exact */
  bool validating, fixed; /* its step is elaborated for `validate`; its columns have a known number of rows */
  bool no_instruments;
  bool said_bytes;            /* W0412 is said once of a train */
  const char *monitor, *goal; /* attributes of watch.c as given */
  Span monitor_span, watch_span;
  int pass; /* 1: attributes and optimizers, 2: step and every */
  int n_steps;
  uint32_t step_at;   /* where the first one begins */
  int missing_groups; /* its slot, -1: no `per` yet */
  const AstNode *decl;
  const Value *balance; /* what `balance` was given; NULL: nothing */
};

/* A stored value: the weights it was computed with, and the node that it is the value of. */
typedef struct SlotInfo {
  int n_deps, stamp;
  const int *deps;
  Graph *g;
  NodeId node;
  const struct SlotInfo *before; /* what a `var` set in a block may hold as well; NULL: nothing */
} SlotInfo;
typedef struct TypeLine {
  Span span;
  BindKind kind;
  Symbol name;
  const Value *value;
} TypeLine;

/* A module is elaborated once, at the first `use` that names it. */
struct ModuleInfo {
  const char *id, *shown; /* the file; its name in messages */
  const char *stem;       /* in front of its sites */
  const char *prefix;     /* of its hypers for --set: alias of its first `use`, after those around it */
  Scope *scope;
  bool loading, broken, is_library;
  Span used;                     /* by which `use` it was loaded, and */
  const struct ModuleInfo *user; /* in which module; NULL: the script */
  const AstNode *names;          /* that the script took by it (`use "m.qgn": a, b`); NULL: none */
};

/* A call of a circuit or model in the step of a train, by its first argument. */
typedef struct ObjectUse {
  ObjectInfo *object;
  const Tensor *in, *out;
} ObjectUse;

/* A value measured with shots, and its standard errors. */
typedef struct Sampled {
  const Graph *g;
  NodeId node;
  const Tensor *error;
} Sampled;

typedef VEC(Symbol) Symbols;

struct Sema {
  Arena *a;
  DiagSink *sink;
  const AstNode *script;
  VEC(const Binding *) unused; /* in the scopes that are closed, */
  VEC(uint32_t) used_at;       /* and where used ones were declared: warn_unused */
  Program *p;
  const SemaOptions *options;
  bool *set_used;
  VEC(const char *) settable; /* names that --set may give */
  Scope *prelude, *top, *scope;
  Symbols derived; /* lets of the present block that it derives by: by_name.c */
  Place place;
  Region *region, *top_region; /* under way; of the script itself */
  Path *path;
  const Call *call;
  ObjectBuild *object;
  CircuitBuild *circuit;
  TrainInfo *train;
  Path *caller;  /* of the outermost call of a circuit or model */
  int estimates; /* 1 + site of the random directions of its gradient estimates (SPSA); 0: not yet */
  const NoiseModel *noise; /* of the circuits called here; NULL: none */
  Path *shots;             /* names the sites of shots in the object under way; NULL: none is called */
  int64_t default_shots;   /* of measurements that say nothing; 0: exact */
  bool by_paths;           /* noise_method = "trajectories" */
  int64_t trajectories;    /* of each sample; 0: not given */
  int gradient;            /* CircuitMethod + 1 of the circuits called here; 0: each the default of its use */
  const char *dataset_name; /* of the block under way; NULL outside */
  const Value *no_rows;     /* `it` of a dataset's first line */
  struct {
    bool on, renames;        /* the arguments of a stage are being evaluated; of `rename` */
    const char *signature;   /* of the stage */
    const Value *data;       /* the dataset whose columns are names in them; NULL: none */
    const struct Call *call; /* where they are */
  } stage;
  const Value *it;
  bool returned;
  const Value *result;
  const char *new_name;     /* what `new` is going to be called */
  const AstNode *new_names; /* or several ones, in order, of which n_new are taken */
  int n_new;
  const Value *error;
  VEC(SlotInfo) slots;       /* beside Program.slots */
  VEC(ObjectInfo *) objects; /* beside Program.objects */
  VEC(TrainInfo *) trains;   /* beside Program.trains */
  VEC(TypeLine) types;
  bool want_types;
  VEC(int) slot_names; /* by symbol: how often a slot got the name */
  VEC(CircuitProgram *) programs;
  VEC(Sampled) sampled;
  VEC(ObjectUse) uses;    /* in the train under way, see instruments.c */
  VEC(int) kept_vars;     /* slots of `var`s, see var.c */
  VEC(int) updates;       /* stamps: slot of weights or of a var set by update number i */
  VEC(NormUse) norms;     /* batch norms in training mode */
  const char *until;      /* labelled line that the call under way wants, see ObjectBuild */
  int loop_depth;         /* static loops around the statement under way */
  const char *loop_index; /* "[0][2]": the turns of these loops */
  int runtime_depth;      /* run-time blocks (repeat, if) around it */
  int64_t marks;          /* MARK nodes made */
  VEC(Span) broken;       /* statements that did not parse */
  int faults;             /* values that were errors, said or not: what holds one is broken */
  int64_t steps;          /* statements and values so far, see may_go_on */
  bool quiet_names;       /* check_def: nothing is declared */
  bool acted;             /* something other than an attribute was seen */
  bool edition_seen;
  VEC(Given) script_given;
  int report; /* the report under way */
  bool ended; /* the sweep was reached whose point this is: what follows is left out */
  VEC(ModuleInfo *) modules;
  const ModuleInfo *module;       /* under way; NULL: the script */
  VEC(struct SweepInfo *) sweeps; /* beside Program.sweeps */
  struct SweepInfo *sweep;        /* under way */
};
typedef struct Sema Sema;
#endif
