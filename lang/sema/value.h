/* Values of the elaborating walk. A value is *static* (known now: numbers, texts, lists, ranges),
 * a *tensor* (a node of a graph, known when run), or a thing of the script: circuit, model,
 * function, dataset, train, qubits, operator, distribution, optimizer, ...
 *
 * Invariants
 *  - A value is never changed after it was made, except that a tensor remembers the slot it was
 *    exported to.
 *  - VAL_ERROR stands for "something was already said about this": whoever meets it yields
 *    VAL_ERROR and says nothing.
 *  - A tensor may have one hidden leading axis (`lift` = 1): the rows over which a circuit or model
 *    that is written for one sample is lifted. Its *sample shape* is its shape without that axis.
 *
 * Owner: the arena of the walk. */
#ifndef QGN_SEMA_VALUE_H
#define QGN_SEMA_VALUE_H
#include "lang/ast/ast.h"
#include "lang/ir/program.h"

typedef enum ValueKind {
  VAL_ERROR,
  VAL_INT,      /* num, origin */
  VAL_REAL,     /* num */
  VAL_BOOL,     /* num: 0 or 1 */
  VAL_TEXT,     /* text */
  VAL_DURATION, /* num: seconds */
  VAL_COUNT,    /* dim: a number of rows known when run */
  VAL_RANGE,    /* range of ints: lo, hi, half open */
  VAL_INTERVAL, /* interval: lo, hi are values, hi_closed */
  VAL_LIST,     /* list */
  VAL_TUPLE,    /* list */
  VAL_TENSOR,   /* tensor */
  VAL_OBJECT,   /* object: circuit or model */
  VAL_STAGE,    /* object, slots: a labelled stage or a param named from outside */
  VAL_DEF,      /* def */
  VAL_BUILTIN,  /* builtin */
  VAL_DATASET,  /* index */
  VAL_TRAIN,    /* train */
  VAL_SERIES,   /* index of a series */
  VAL_SWEEP,    /* sweep, or one of its points */
  VAL_DIST,     /* dist */
  VAL_OPTIM,    /* optim */
  VAL_SCHEDULE, /* schedule */
  VAL_QUBITS,   /* qubits */
  VAL_PAIRS,    /* qubits, two by two */
  VAL_OP,       /* op: a sum of Pauli products */
  VAL_CHANNEL,  /* channel: a noise channel */
  VAL_OUTCOME,  /* index: of a measurement inside the circuit under way */
  VAL_BUNDLE,   /* bundle: one node for each weight */
  VAL_FIGURE,   /* figure: one or several of a plot */
  VAL_ROW,      /* row of a report table */
  VAL_MODULE,   /* module */
  VAL_FILE,     /* file: a block from an OpenQASM file */
  VAL_GROUPS,   /* groups: of rows; one of them in a comprehension; what that makes, to be summed up */
  VAL_NOTHING   /* result of a call made for its effect */
} ValueKind;

typedef struct Value Value;
typedef struct ObjectInfo ObjectInfo;
typedef struct TrainInfo TrainInfo;
typedef struct DefInfo DefInfo;
typedef struct Builtin Builtin;
typedef struct ModuleInfo ModuleInfo;
typedef struct FileBlock FileBlock;
typedef struct GroupsValue GroupsValue;

typedef struct Tensor {
  Graph *g;
  NodeId node;
  int lift; /* 1: axis 0 of the node is the hidden row axis */
  int slot; /* where it was exported; -1: not yet */
  Shape shape;
  ElemKind elem;
  const char *name;     /* of the let, draw, ... that bound it first; NULL if none */
  const char *features; /* of a Frechet distance or inception score: the network that it was made with */
  NetworkMetric metric; /* which of them */
  int stamp;            /* how many updates had been seen when it was made */
} Tensor;

typedef enum DistKind {
  DIST_NORMAL,
  DIST_UNIFORM,
  DIST_LOG_UNIFORM, /* 0 < a <= b: the logarithm is uniform */
  DIST_BERNOULLI,
  DIST_CATEGORICAL, /* a: probabilities along the last axis */
  DIST_POISSON      /* a: rate, known now */
} DistKind;
typedef struct DistValue {
  DistKind kind;
  const Value *a, *b;
} DistValue;
typedef struct OptimValue {
  int row;
  Schedule hypers[8];
  int n;
} OptimValue;
typedef struct QubitsValue {
  int n;
  const int *at;
  bool is_single;
  const char *name;
} QubitsValue;
typedef struct OpValue {
  int n;
  const PauliTerm *terms;
  const Value *const *factor; /* of each term a computed scalar or NULL; NULL: none of them has one */
} OpValue;
/* Parameter k of a channel is a number or a tensor; or the operators of `kraus`. */
typedef struct ChannelValue {
  ChannelId id;
  int n_qubits;
  const struct Value *param[CHANNEL_MAX_PARAMS];
  int n_kraus;
  const double *values;
} ChannelValue;
typedef struct ChannelList {
  int n;
  const ChannelValue *const *at;
} ChannelList;
typedef struct BundleValue {
  int n;
  const int *slots;
  Tensor *const *parts;
} BundleValue; /* a tensor for each weight */
typedef struct RowValue {
  int n;
  const Value *const *cells;
  bool is_head;
} RowValue;

typedef struct FigureValue {
  int n;
  const Figure *at;
} FigureValue;

struct Value {
  ValueKind kind;
  Span span;
  uint32_t origin; /* INT: where the number comes from; 0 unknown */
  union {
    double num;
    const char *text;
    Dim dim;
    struct {
      int64_t lo, hi;
      bool closed;
    } range; /* hi is never part; closed: written with ..= */
    struct {
      const Value *lo, *hi;
      bool hi_closed;
    } interval;
    struct {
      int n;
      const Value *const *at;
    } list;
    Tensor *tensor;
    ObjectInfo *object;
    struct {
      ObjectInfo *object;
      const char *name;
      int n;
      const int *slots;
      bool is_param;
    } stage; /* is_param: a `param`, a tensor where one is wanted */
    DefInfo *def;
    const Builtin *builtin;
    int index;
    TrainInfo *train;
    DistValue dist;
    OptimValue *optim;
    Schedule *schedule;
    QubitsValue qubits;
    OpValue op;
    const ChannelValue *channel;
    BundleValue bundle;
    FigureValue figure;
    RowValue row;
    const ModuleInfo *module;
    const FileBlock *file;
    GroupsValue *groups;
    struct {
      int index, point; /* point -1: all */
    } sweep;
  } u;
};

int64_t tensor_classes(const Tensor *t); /* how many different labels it can have; 0: not known */
static inline bool val_is_error(const Value *v) { return v->kind == VAL_ERROR; }
/* A number known now: int, real or bool. */
static inline bool val_is_number(const Value *v) {
  return v->kind == VAL_INT || v->kind == VAL_REAL || v->kind == VAL_BOOL;
}
#endif
