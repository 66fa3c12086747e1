/* Runs single kernels of any variant on arrays of double: what the tests of kernels share.
 * Values are rounded to the variant's Real on the way in, so a reference in double sees the
 * numbers that the kernel sees (rig_round). Test-only code. */
#ifndef QGN_KERNEL_RIG_H
#define QGN_KERNEL_RIG_H
#include "runtime/kernels/kernel.h"

/* Variants that are built in and that this CPU runs, at most RIG_VARIANTS. */
#define RIG_VARIANTS (2 * FAMILY_COUNT)
int rig_variants(const KernelSet *sets[RIG_VARIANTS]);

/* x as a Real of the set. */
double rig_round(const KernelSet *set, double x);
/* New memory with n Reals, 16 more behind them that no kernel may change; free with rig_drop,
 * which fails (assert) if one did. */
void *rig_reals(const KernelSet *set, int64_t n, const double *x);
double rig_get(const KernelSet *set, const void *x, int64_t i);
void rig_drop(const KernelSet *set, void *x, int64_t n);

/* Calls op->fn with `rows` rows; scratch is op->scratch bytes, checked like rig_reals. */
void rig_call(const KOp *op, int64_t rows, int64_t row0, const void *const *in, void *out,
              const RunClock *clock);
/* Elements of one row, and of the whole with `rows` rows if has_rows. */
int64_t rig_row_size(const Shape *s);
int64_t rig_size(const Shape *s, bool has_rows, int64_t rows);

/* A number in (low, high) that depends on the seed and the index only. */
double rig_random(uint64_t seed, uint64_t index, double low, double high);
#endif
