/* Executing a planned region. */
#ifndef QGN_REGION_H
#define QGN_REGION_H
#include "runtime/exec/plan.h"
#include "runtime/exec/pool.h"

/* What a region needs from its run. */
typedef struct RegionEnv {
  const KernelSet *set;
  Pool *pool;
  char **scratch;           /* by thread: local values, then kernel scratch */
  size_t kernel_scratch_at; /* where kernel scratch begins in it */
  const int64_t *counts;    /* by count id: its value now */
  RunClock clock;
  /* Applies one optimiser step; returns false (and changes nothing) if a gradient is not finite. */
  bool (*update)(void *ctx, const UpdateInfo *u, const char *const *grads);
  void *ctx;
} RegionEnv;

/* Runs it. False if an UPDATE refused its gradients; *node says which. */
bool region_run(RegionEnv *env, const RegionPlan *p, NodeId *node);

/* A value that is not finite: its row in the batch or -1, and the element in that row, or of all. */
typedef struct NotFinite {
  NodeId node; /* NODE_NONE: all are finite */
  int64_t row, element;
} NotFinite;
/* Runs it on one thread, without updates, and looks at every result: the first node in order of
 * execution. For messages after a failure; everything random is counted, so it repeats. */
NotFinite region_find_not_finite(RegionEnv *env, const RegionPlan *p);
#endif
