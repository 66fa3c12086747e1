/* What ops.def says, as C. Names, shape rules and derivative rules are linked here, kernels in
 * runtime/kernels/kernel_table.c; both come from the same rows. */
#ifndef QGN_OP_H
#define QGN_OP_H
#include <stdbool.h>

typedef enum OpId {
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) OP_##ID,
#include "lang/ir/ops.def"
#undef OP
  OP_COUNT_OF
} OpId;

typedef enum OpClass {
  CLASS_SOURCE,
  CLASS_EW,
  CLASS_ROWS,
  CLASS_REDUCE,
  CLASS_MATMUL,
  CLASS_SHARED,
  CLASS_CONTRACT,
  CLASS_AXIS,
  CLASS_VIEW,
  CLASS_CIRCUIT,
  CLASS_PART,
  CLASS_WHOLE,
  CLASS_EFFECT
} OpClass;

typedef enum OpKernel { OPKERNEL_K, OPKERNEL_EXEC, OPKERNEL_LATER } OpKernel;
typedef enum OpDiff { OPDIFF_GRAD, OPDIFF_NOGRAD, OPDIFF_NONE } OpDiff;
typedef enum DrawKind { DRAW_UNIFORM, DRAW_NORMAL } DrawKind;
typedef enum ClockKind { CLOCK_EPOCH, CLOCK_ITERATION } ClockKind;

typedef struct OpInfo {
  const char *name;
  int n_in;
  OpClass cls;
  OpKernel kernel;
  OpDiff diff;
  const char *doc;
} OpInfo;
extern const OpInfo op_info[OP_COUNT_OF];

/* False if input k of the operation carries no derivative by nature: a condition, a label, the
 * side of a kink. Derivatives with respect to it are zero (almost) everywhere. */
bool op_carries(OpId op, int k);
#endif
