/* Kernels: the code that computes one op over some rows. Every file *_k.c is compiled once for
 * each precision and kernel family (base, avx2, avx512, neon); a KernelSet holds the functions of
 * one such variant, and the set is chosen once, at start, by what the CPU has.
 *
 * What a kernel sees: tensors, row major. An operand whose axis 0 is the axis of rows has, in this call,
 * `rows` rows (a shard, or all of them); every other extent stands in the KOp: static, or a number of rows
 * that was filled in for this run (runtime/exec/sizes.h). A kernel never knows about shards or slots, nor
 * about threads but those that a call may be given for one large state (KTeam). It allocates nothing.
 *
 * Sums: a kernel adds in an order that depends on the sizes of the call only; lanes are combined
 * in a fixed tree. Partial results of shards are combined by the executor in a fixed tree with
 * KernelSet.add. So results never depend on the number of threads.
 *
 * Real is float or double (QGN_SINGLE, QGN_DOUBLE); data pointers are void * outside of kernels. */
#ifndef QGN_KERNEL_H
#define QGN_KERNEL_H
#include <stddef.h>
#include "lang/ir/graph.h"

#define KMAX_IN 12 /* inputs of one op after fusion; CONCAT and CIRCUIT with more are refused by the plan */
#define KMAX_PARTS 12

/* What a MATMUL, CONV or CONV_DX does with each element before storing it, in this order (plan.c fuses). */
typedef enum Epilogue {
  EPI_NONE = 0,
  EPI_BIAS = 1,       /* + in[2][col]: one value per column; of images: per channel */
  EPI_LEAKY = 2,      /* leaky_relu with slope f[0] */
  EPI_LEAKY_GRAD = 4, /* * (in[2] at the same place > 0 ? 1 : f[0]); never together with BIAS or LEAKY */
  EPI_ADD = 8         /* MATMUL: out += value instead of out = value (after the others) */
} Epilogue;

typedef struct KOp KOp;

/* Where a run stands: the counters of random streams (spec: determinism). */
typedef struct RunClock {
  uint64_t epoch, iteration; /* from 0 */
  uint32_t t;                /* counter word t: iteration, epoch in `every` and data, 0 at the top level */
  uint32_t repeat;           /* counter word r: how many times the site's block has run in this iteration */
} RunClock;

/* The threads of a run, for calls that nothing else runs beside: a kernel may cut its work into tasks whose
 * results do not depend on who does them. Threads are numbered from 0, the caller. */
typedef struct KTeam {
  void (*run)(void *pool, void (*task)(void *ctx, int task, int thread), void *ctx, int n);
  void *pool;
  char *const *scratch; /* by thread; `at` behind them stand KOp.scratch bytes that no other call uses now */
  size_t at;
} KTeam;

typedef struct KCall {
  const KOp *op;
  int64_t rows; /* extent of axis 0 of operands with rows */
  int64_t row0; /* number of the first of them in the whole (random streams) */
  const void *in[KMAX_IN];
  void *out;              /* results with parts: unused */
  void *part[KMAX_PARTS]; /* NULL where a part is not wanted */
  const RunClock *clock;
  void *scratch;     /* KOp.scratch bytes, 64-byte aligned, of this thread */
  const KTeam *team; /* NULL: this thread alone */
} KCall;

typedef void KernelFn(const KCall *c);

/* How an elementwise kernel walks its operands, found once by kop_prepare. */
typedef enum EwMode {
  EW_FLAT,   /* all operands have the elements of the result, or are scalars (stride 0) */
  EW_GENERAL /* loops over collapsed axes with strides */
} EwMode;

struct KOp {
  OpId op;
  Attr attr;
  int n_in;
  Shape in[KMAX_IN];
  Shape out;
  bool in_rows[KMAX_IN]; /* axis 0 of input k has KCall.rows rows */
  bool out_rows;
  int epilogue;     /* MATMUL, CONV, CONV_DX: Epilogue bits */
  uint64_t key;     /* DRAW: stream key of its site */
  size_t scratch;   /* bytes a call needs, set by kop_prepare */
  const void *plan; /* CIRCUIT*: its SimPlan */
  bool shared;      /* CIRCUIT*: its scratch goes from the circuit to its gradient (sim_share) */
  KernelFn *fn;     /* set by kop_prepare */
  /* walk of elementwise and copying kernels: axes collapsed, outermost first */
  EwMode mode;
  int nd;
  int64_t size[SHAPE_MAX_RANK];
  int64_t stride[4][SHAPE_MAX_RANK]; /* of inputs 0..2 and (index 3) the result, in elements */
  bool axis0_is_rows;                /* size[0] is KCall.rows times size[0] */
};

typedef struct OptCall {
  int64_t n; /* weights */
  void *w;
  const void *g;
  void *state[4];      /* moments, zero before the first step */
  const double *hyper; /* in the order of optims.def, schedules applied */
  int64_t step;        /* 1 for the first update */
} OptCall;
typedef void OptFn(const OptCall *c);

typedef struct KernelSet {
  const char *name;                                   /* "f32_avx2" */
  size_t real;                                        /* bytes of a Real */
  KernelFn *const *op;                                /* [OP_COUNT_OF], NULL where the row is not K */
  OptFn *const *opt;                                  /* rows of optims.def, NULL where LATER */
  void (*add)(void *dst, const void *src, int64_t n); /* dst += src */
  double (*sum_squares)(const void *x, int64_t n);
  bool (*all_finite)(const void *x, int64_t n);
} KernelSet;

typedef enum KernelFamily { FAMILY_BASE, FAMILY_AVX2, FAMILY_AVX512, FAMILY_NEON, FAMILY_COUNT } KernelFamily;

/* The best family this CPU can run. */
KernelFamily kernel_family(void);
const char *kernel_family_name(KernelFamily f);
/* The functions of a variant; NULL if it is not built in. */
const KernelSet *kernel_set(KernelFamily f, bool is_double);

/* Fills fn, scratch, mode and strides of a KOp whose op, attr, n_in, in, out, in_rows, out_rows,
 * epilogue, key and plan are set. NULL, or why this case has no kernel (a user's limit). */
const char *kop_prepare(KOp *op, const KernelSet *set);
#endif
