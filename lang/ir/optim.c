#include "lang/ir/optim.h"
#include <math.h>
#include <string.h>

#define STATUS_K false
#define STATUS_BUILT true
#define STATUS_LATER true
#define OPTIM_HYPER(name, value)                                                                             \
  { name, value }

const OptimInfo optim_info[OPTIM_COUNT] = {
#define OPTIM(ID, name, states, status, doc, ...)                                                            \
  [OPTIM_##ID] = {name, states, STATUS_##status, doc, {__VA_ARGS__}},
#include "lang/ir/optims.def"
#undef OPTIM
};

OptimId optim_find(const char *name) {
  for (int k = 0; k < OPTIM_COUNT; k++)
    if (strcmp(optim_info[k].name, name) == 0) return (OptimId)k;
  return OPTIM_COUNT;
}
