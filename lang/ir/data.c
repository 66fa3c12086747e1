#include "lang/ir/data.h"
#include <string.h>

const char *const data_op_name[] = {
#define DATA(id, name, use) name,
#include "lang/ir/data.def"
#undef DATA
};

bool data_is_drawn(DataOp op) {
  return op == DATA_NORMAL || op == DATA_UNIFORM || op == DATA_LOG_UNIFORM || op == DATA_BERNOULLI ||
         op == DATA_POISSON || op == DATA_CATEGORICAL;
}

bool data_is_toy(DataOp op) {
  return op == DATA_MOONS || op == DATA_CIRCLES || op == DATA_RING || op == DATA_BARS;
}

int dataset_column(const Dataset *d, const char *name) {
  for (int i = 0; i < d->columns.n; i++)
    if (strcmp(d->columns.at[i].name, name) == 0) return i;
  return -1;
}
