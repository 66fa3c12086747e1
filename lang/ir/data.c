#include "lang/ir/data.h"
#include <string.h>

const char *const data_op_name[] = {
#define DATA(id, name, use) name,
#include "lang/ir/data.def"
#undef DATA
};

int dataset_column(const Dataset *d, const char *name) {
  for (int i = 0; i < d->columns.n; i++)
    if (strcmp(d->columns.at[i].name, name) == 0) return i;
  return -1;
}
