#define _GNU_SOURCE
#include "runtime/exec/pool.h"

#include <errno.h>
#include <linux/futex.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

/* About 50 us of spinning: longer than the serial part between two phases of a step, shorter than
 * anything a user could notice on an idle machine. */
#define SPIN_ROUNDS 4000

typedef struct Worker {
  Pool *pool;
  pthread_t thread;
  int index;
} Worker;

struct Pool {
  int n_threads;
  Worker *workers;
  /* All that a waiting worker needs to begin stands in one cache line, the one it looks at. A late worker may
   * read the fields while they change; its claim fails then. */
  _Alignas(64) _Atomic uint32_t job; /* raised for each job; workers wait for it to change */
  _Atomic int n_tasks;
  PoolTask *_Atomic task;
  void *_Atomic ctx;
  /* The job's number and its ticket share one word: job << 32 | next task. A late worker that
   * still holds an older job's number can therefore claim nothing of a newer job. */
  _Alignas(64) _Atomic uint64_t ticket;
  _Alignas(64) _Atomic int done; /* tasks finished, each thread's together when it finds no other */
  _Alignas(64) _Atomic int sleepers;
  _Atomic bool quit;
};

static void cpu_pause(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#else
  atomic_signal_fence(memory_order_seq_cst);
#endif
}

static void futex_wait(_Atomic uint32_t *word, uint32_t value) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, value, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int n) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, n, NULL, NULL, 0);
}

/* Claims and runs tasks of job `job` until none is left; their number. */
static int work(Pool *p, uint32_t job, int thread) {
  for (int n = 0;;) {
    uint64_t t = atomic_load_explicit(&p->ticket, memory_order_acquire);
    if ((uint32_t)(t >> 32) != job) return n;
    int task = (int)(uint32_t)t;
    if (task < 0 || task >= atomic_load_explicit(&p->n_tasks, memory_order_acquire)) return n;
    if (!atomic_compare_exchange_weak_explicit(&p->ticket, &t, t + 1, memory_order_acq_rel,
                                               memory_order_acquire))
      continue;
    /* Claimed: the caller waits for it, so the job stays what it is. */
    PoolTask *run = atomic_load_explicit(&p->task, memory_order_relaxed);
    run(atomic_load_explicit(&p->ctx, memory_order_relaxed), task, thread);
    n++;
  }
}

static uint32_t wait_for_job(Pool *p, uint32_t seen) {
  for (int i = 0; i < SPIN_ROUNDS; i++) {
    uint32_t now = atomic_load_explicit(&p->job, memory_order_acquire);
    if (now != seen) return now;
    cpu_pause();
  }
  atomic_fetch_add(&p->sleepers, 1);
  uint32_t now;
  while ((now = atomic_load(&p->job)) == seen) futex_wait(&p->job, seen);
  atomic_fetch_sub(&p->sleepers, 1);
  return now;
}

static void *worker_main(void *arg) {
  Worker *w = arg;
  Pool *p = w->pool;
  uint32_t seen = 0;
  for (;;) {
    seen = wait_for_job(p, seen);
    if (atomic_load(&p->quit)) return NULL;
    const int n = work(p, seen, w->index);
    if (n > 0) atomic_fetch_add_explicit(&p->done, n, memory_order_release);
  }
}

Pool *pool_new(Arena *a, int threads) {
  Pool *p = arena_alloc(a, sizeof *p + 64);
  p = (Pool *)(((uintptr_t)p + 63) & ~(uintptr_t)63);
  p->n_threads = 1;
  p->workers = ARENA_ARRAY(a, Worker, threads);
  /* Signals are for the main thread: it polls the flag between steps. */
  sigset_t all, old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  for (int i = 1; i < threads; i++) {
    Worker *w = &p->workers[p->n_threads];
    *w = (Worker){.pool = p, .index = p->n_threads};
    if (pthread_create(&w->thread, NULL, worker_main, w) != 0) break;
    p->n_threads++;
  }
  pthread_sigmask(SIG_SETMASK, &old, NULL);
  return p;
}

int pool_threads(const Pool *p) { return p->n_threads; }

void pool_run(Pool *p, PoolTask *task, void *ctx, int n) {
  if (p->n_threads == 1 || n <= 1) {
    for (int i = 0; i < n; i++) task(ctx, i, 0);
    return;
  }
  uint32_t job = atomic_load_explicit(&p->job, memory_order_relaxed) + 1;
  /* From here on a late worker's claim for the old job fails: its compare-and-swap expects the
   * old ticket, and the number has changed. Only then may the job's fields change. */
  atomic_store_explicit(&p->ticket, (uint64_t)job << 32 | UINT32_MAX, memory_order_relaxed);
  atomic_store_explicit(&p->done, 0, memory_order_relaxed);
  atomic_store_explicit(&p->task, task, memory_order_release);
  atomic_store_explicit(&p->ctx, ctx, memory_order_release);
  atomic_store_explicit(&p->n_tasks, n, memory_order_release);
  atomic_store_explicit(&p->ticket, (uint64_t)job << 32, memory_order_release);
  atomic_store(&p->job, job);
  if (atomic_load(&p->sleepers) > 0) futex_wake(&p->job, p->n_threads);
  const int others = n - work(p, job, 0);
  while (atomic_load_explicit(&p->done, memory_order_acquire) < others) cpu_pause();
}

void pool_free(Pool *p) {
  if (!p) return;
  atomic_store(&p->quit, true);
  atomic_fetch_add(&p->job, 1);
  futex_wake(&p->job, p->n_threads);
  for (int i = 1; i < p->n_threads; i++) pthread_join(p->workers[i].thread, NULL);
}
