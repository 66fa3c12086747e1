/* What optims.def says, as C: names, hyperparameters in order and their defaults. */
#ifndef QGN_OPTIM_H
#define QGN_OPTIM_H
#include <stdbool.h>

#define OPTIM_MAX_HYPERS 8

typedef enum OptimId {
#define OPTIM(ID, ...) OPTIM_##ID,
#include "lang/ir/optims.def"
#undef OPTIM
  OPTIM_COUNT
} OptimId;

typedef struct OptimHyper {
  const char *name;
  double value;
} OptimHyper; /* value NAN: must be given */

typedef struct OptimInfo {
  const char *name;
  int states; /* state tensors for each weight tensor */
  bool later; /* known, refused by `run` */
  const char *doc;
  OptimHyper hypers[OPTIM_MAX_HYPERS]; /* name NULL: no more */
} OptimInfo;
extern const OptimInfo optim_info[OPTIM_COUNT];
/* OPTIM_COUNT if there is none of that name. */
OptimId optim_find(const char *name);
#endif
