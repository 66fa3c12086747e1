#include "lang/ir/op.h"

const OpInfo op_info[OP_COUNT_OF] = {
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc)                                                   \
  [OP_##ID] = {#lower, n_in, CLASS_##cls, OPKERNEL_##kernel, OPDIFF_##diff, doc},
#include "lang/ir/ops.def"
#undef OP
};

bool op_carries(OpId op, int k) {
  if (op == OP_SELECT) return k != 0;
  if (op == OP_LEAKY_RELU_GRAD || op == OP_DROP || op == OP_GATHER || op == OP_SCATTER_ROWS) return k != 1;
  if (op == OP_MAXPOOL_DX || op == OP_MAXPOOL_AT || op == OP_QUANTILE_DX || op == OP_QUANTILE_AT)
    return k != 1;
  return true;
}
