/* The KernelSet of this variant, from the rows of ops.def and optims.def. A row marked K without
 * its function is an undefined symbol at link time. */
#include <math.h>
#include "lang/ir/op.h"
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/variant.h"
#include "runtime/kernels/basic_k.h"

#define DECLARE_K(lower) KernelFn KNAME(k_##lower);
#define DECLARE_EXEC(lower)
#define DECLARE_LATER(lower)
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) DECLARE_##kernel(lower)
#include "lang/ir/ops.def"
#undef OP

#define ROW_K(ID, lower) [OP_##ID] = KNAME(k_##lower),
#define ROW_EXEC(ID, lower) [OP_##ID] = NULL,
#define ROW_LATER(ID, lower) [OP_##ID] = NULL,
static KernelFn *const kernels[OP_COUNT_OF] = {
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) ROW_##kernel(ID, lower)
#include "lang/ir/ops.def"
#undef OP
};

#define OPT_DECLARE_K(ID) OptFn KNAME(opt_##ID);
#define OPT_DECLARE_SEARCH(ID)
#define OPT_DECLARE_LATER(ID)
#define OPTIM(ID, name, states, status, ...) OPT_DECLARE_##status(ID)
#include "lang/ir/optims.def"
#undef OPTIM

#define OPT_ROW_K(ID) KNAME(opt_##ID),
#define OPT_ROW_SEARCH(ID) NULL,
#define OPT_ROW_LATER(ID) NULL,
static OptFn *const optimisers[] = {
#define OPTIM(ID, name, states, status, ...) OPT_ROW_##status(ID)
#include "lang/ir/optims.def"
#undef OPTIM
};

extern const KernelSet KNAME(kernel_table);
const KernelSet KNAME(kernel_table) = {
    .name = KSTRING(QGN_VARIANT),
    .real = sizeof(Real),
    .op = kernels,
    .opt = optimisers,
    .add = KNAME(k_add_into),
    .sum_squares = KNAME(k_sum_squares),
    .all_finite = KNAME(k_all_finite),
};
