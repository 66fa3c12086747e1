/* What optims.def says, as C: names, hyperparameters in order and their defaults. */
#ifndef QGN_OPTIM_H
#define QGN_OPTIM_H

#define OPTIM_MAX_HYPERS 8

typedef enum OptimId {
#define OPTIM(ID, ...) OPTIM_##ID,
#include "lang/ir/optims.def"
#undef OPTIM
  OPTIM_COUNT
} OptimId;

/* What a script may give for a number of an optimiser; optims.def explains. */
typedef enum OptimRange {
  RANGE_ABOVE0,
  RANGE_FROM0,
  RANGE_SHARE,
  RANGE_FLAG,
  RANGE_WHOLE,
  RANGE_COUNT
} OptimRange;

typedef struct OptimHyper {
  const char *name;
  double value; /* NAN: must be given */
  OptimRange range;
} OptimHyper;

/* K: steps along one gradient; SEARCH: evaluates the loss itself; LATER: refused by `run`. */
typedef enum OptimStatus { OPTIM_IS_K, OPTIM_IS_SEARCH, OPTIM_IS_LATER } OptimStatus;

typedef struct OptimInfo {
  const char *name;
  int states; /* state tensors for each weight tensor */
  OptimStatus status;
  const char *doc;
  OptimHyper hypers[OPTIM_MAX_HYPERS]; /* name NULL: no more */
} OptimInfo;
extern const OptimInfo optim_info[OPTIM_COUNT];
/* OPTIM_COUNT if there is none of that name. */
OptimId optim_find(const char *name);
#endif
