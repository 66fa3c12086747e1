/* A pool of threads that share out numbered tasks. A job is a function and a number of tasks;
 * every thread, the caller included, claims the next task from one atomic ticket until none is
 * left, so a descheduled worker never holds up more than the one task it has claimed. Which
 * thread does which task is not fixed; results must not depend on it (tasks write to places of
 * their own).
 *
 * Workers spin for a short time after a job, since the next one usually follows within
 * microseconds, then sleep on a futex. Nothing is allocated after pool_new. */
#ifndef QGN_POOL_H
#define QGN_POOL_H
#include "lang/base/arena.h"

typedef struct Pool Pool;
typedef void PoolTask(void *ctx, int task, int thread);

/* `threads` in all, the caller included; fewer if the system gives no more (pool_threads tells). */
Pool *pool_new(Arena *a, int threads);
int pool_threads(const Pool *p);
/* Runs tasks 0..n-1; returns when all are done. Called from one thread only. */
void pool_run(Pool *p, PoolTask *task, void *ctx, int n);
void pool_free(Pool *p); /* joins the workers; NULL is fine */
#endif
