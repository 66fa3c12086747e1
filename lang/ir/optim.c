#include "lang/ir/optim.h"
#include <math.h>
#include <string.h>

#define OPTIM_HYPER(name, value, range)                                                                      \
  { name, value, RANGE_##range }

const OptimInfo optim_info[OPTIM_COUNT] = {
#define OPTIM(ID, name, states, status, doc, ...)                                                            \
  [OPTIM_##ID] = {name, states, OPTIM_IS_##status, doc, {__VA_ARGS__}},
#include "lang/ir/optims.def"
#undef OPTIM
};

OptimId optim_find(const char *name) {
  for (int k = 0; k < OPTIM_COUNT; k++)
    if (strcmp(optim_info[k].name, name) == 0) return (OptimId)k;
  return OPTIM_COUNT;
}
