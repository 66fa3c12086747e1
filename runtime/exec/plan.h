/* The plan of a region: how one graph runs on shards of rows.
 *
 * Idea. A value is FULL (complete, stored in one place), ROW (each shard makes its own rows) or
 * PARTIAL (each shard holds a partial sum, to be added later). Row operations of one shard run as
 * a chain on one thread, their results in that thread's scratch, so they stay in cache; only what
 * must cross shards is stored outside. So a region is a list of *phases*: a parallel part (every
 * shard runs the phase's chain), then a serial part (partial sums are added in a fixed tree, then
 * whole-tensor operations and weight updates run on one thread). A barrier stands only between
 * the two; `dump --plan` counts them.
 *
 * Linear operations keep a PARTIAL value partial (a sum of weight gradients is added inside the
 * shard first), so there is one cross-shard sum for each result that is really needed.
 *
 * Shards. The number of shards depends on the number of rows alone: 16 rows each, more when there
 * are over 1024 rows (shard_rows), never on threads or instruction set. The same sums in the same
 * order then give the same bits for any number of threads.
 *
 * Owner: the arena of the run. Buffers are numbered offsets into memory that run.c allocates. */
#ifndef QGN_PLAN_H
#define QGN_PLAN_H
#include "lang/ir/program.h"
#include "runtime/kernels/kernel.h"

#define SHARD_ROWS 16
#define SHARDS_MAX 64
#define DOMAINS_MAX 16 /* different numbers of rows in one region */

/* Rows of one shard for `rows` rows. */
static inline int64_t shard_rows(int64_t rows) {
  int64_t unit = SHARD_ROWS * (int64_t)SHARDS_MAX;
  return rows <= unit ? SHARD_ROWS : SHARD_ROWS * ((rows + unit - 1) / unit);
}
static inline int64_t shard_count(int64_t rows) {
  int64_t each = shard_rows(rows);
  return (rows + each - 1) / each;
}

typedef enum Placement { PLACE_FULL, PLACE_ROW, PLACE_PARTIAL } Placement;

/* The rows that a parallel part is cut along: a count, or a static number of rows. */
typedef struct Domain {
  Dim rows;
} Domain;

typedef struct NodePlace {
  Placement place;
  int domain; /* ROW, PARTIAL; -1 otherwise */
  int phase;  /* parallel part (ROW, PARTIAL) or serial part (FULL) in which it is made; -1: stored before the
                 region */
  bool stored;  /* FULL although made by rows: its shards write into one full buffer */
  bool reduced; /* PARTIAL that is added up in the serial part of its phase */
  bool fused;   /* made inside another node's kernel; no instruction of its own */
  bool dead;    /* nothing needs it */
  NodeId alias; /* same memory as this node; NODE_NONE: its own */
} NodePlace;

typedef struct Placed {
  int n_domains;
  Domain *domains;
  int n_phases;
  NodePlace *at; /* by NodeId */
} Placed;

/* Fills `out` for every node. NULL, or why the graph cannot be placed (a case that is not built
 * yet), with *where. */
const char *place_graph(Arena *a, const Graph *g, const Program *p, Placed *out, NodeId *where);

/* Has input `k` of CIRCUIT, CIRCUIT_VJP or CIRCUIT_HVP a value for each row? Behind the inputs of the circuit
 * stand the cotangent (of a HVP's last PART: the tangent), then a direction for each input. */
bool circuit_input_is_rows(const Graph *g, const Node *n, int k);

/* Where an operand stands in memory. Address = base (+ thread scratch if local)
 * + first row of the shard * row_bytes + shard number * shard_bytes. */
typedef struct Operand {
  char *base; /* or an offset, if local */
  int64_t row_bytes;
  int64_t shard_bytes;
  bool local;
} Operand;

typedef struct Instr {
  KOp kop;
  NodeId node; /* for messages and dumps */
  int n_in, n_parts;
  Operand in[KMAX_IN];
  Operand out;
  Operand part[KMAX_PARTS];
  bool has_part[KMAX_PARTS];
  int rows_domain;   /* serial part: domain whose rows an operand has, -1 none */
  bool mixed_counts; /* serial part: operands with two different counts */
  size_t
      scratch_at; /* of the kernel, in the thread's kernel scratch; not 0: shared with another instruction */
  double cost;    /* rough work per row (parallel) or in all (serial), in nanoseconds */
} Instr;

typedef struct Reduction {
  char *base;
  int64_t n;
  int64_t shard_bytes;
  int domain;
} Reduction;

typedef enum SerialKind { SERIAL_INSTR, SERIAL_COPY, SERIAL_UPDATE } SerialKind;
typedef struct Serial {
  SerialKind kind;
  int instr;        /* INSTR */
  const char *from; /* COPY */
  char *to;         /* COPY; UPDATE: its result, one number */
  int rows_domain;  /* INSTR: domain whose rows an operand has, -1 none */
  const UpdateInfo *update;
  const char **grads; /* UPDATE: gradient of each weight tensor */
  NodeId node;
} Serial;

typedef struct Chain {
  VEC(int) instrs;
  double row_cost;
} Chain; /* of one domain, in graph order */

/* Phase 0 of the array is the prologue (serial only); parallel part p and serial part p are
 * phases[p + 1]. */
typedef struct Phase {
  Chain *chains; /* by domain; NULL in the prologue */
  VEC(Reduction) reductions;
  VEC(Serial) serials;
} Phase;

/* A MATMUL, CONV or CONV_DX with what follows it in one kernel; by the last of the nodes. */
typedef struct Fused {
  NodeId matmul;            /* NODE_NONE: nothing fused */
  NodeId bias, leaky, mask; /* NODE_NONE where absent; mask: result whose sign gates the product */
  NodeId add_to;            /* partial sum that the product is added to, in its place */
} Fused;

typedef enum WhereKind {
  WHERE_NONE,  /* never stored: fused, or nothing needs it */
  WHERE_SLOT,  /* memory of a slot: PARAM, INPUT, or the only STORE of the value */
  WHERE_CONST, /* constants of the region */
  WHERE_SLAB,  /* between phases */
  WHERE_LOCAL  /* scratch of a thread, inside one phase */
} WhereKind;
typedef struct Where {
  WhereKind kind;
  int slot;
  size_t offset;
  size_t bytes;
} Where; /* by root node */

/* So many runs for each row. */
typedef struct CircuitRuns {
  int64_t each;
  Dim rows;
} CircuitRuns;

typedef struct Sizes Sizes; /* sizes.h */

typedef struct RegionPlan {
  const Graph *graph; /* optimised copy */
  Placed placed;
  Fused *fused;          /* by NodeId */
  Where *where;          /* by NodeId */
  int *uses;             /* by NodeId: instructions that read it */
  size_t *flipped;       /* by NodeId: 1 + offset in the slab of its transpose; 0: none. A matrix that row
                            products read transposed is transposed once, not in every shard. */
  size_t slab;           /* bytes of values that live between phases */
  size_t local;          /* bytes of local values of each thread */
  size_t kernel_scratch; /* bytes of kernel scratch of each thread, behind the local values */
  VEC(Instr) instrs;
  Phase *phases;       /* n_phases + 1 */
  int n_chains;        /* of each phase: domains that parallel parts have */
  VEC(NodeId) scalars; /* COUNT and CLOCK nodes, written before each run */
  VEC(NodeId) updates;
  VEC(CircuitRuns) runs; /* of its circuits, each time that it is run */
  bool *flip_made;       /* by NodeId: the copy's instruction is there */
  char *base;            /* the slab, once bound */
  Sizes *sizes;          /* numbers of rows on other axes than that of the shards; NULL: there are none */
  Span span;
} RegionPlan;

typedef struct PlanEnv {
  Arena *arena;
  const Program *program;
  const KernelSet *set;
  char **slot_data; /* by slot; needed by plan_bind only */
  DiagSink *sink;
  VEC(struct SimCache {
    const CircuitProgram *program;
    const void *plan;
  })
  sims;
} PlanEnv;

/* First half: optimise, place, fuse, size everything. False: the sink says why. */
bool plan_layout(PlanEnv *env, const Graph *g, Span span, RegionPlan *out);
/* Second half, once memory is there: addresses and instructions. */
bool plan_bind(PlanEnv *env, RegionPlan *plan, char *slab);

/* The node whose memory `id` uses. */
NodeId plan_root(const RegionPlan *p, NodeId id);
/* Address of a full, partial or constant value; NULL if it is local. */
char *plan_address(const PlanEnv *env, const RegionPlan *p, NodeId id);

/* layout.c */
void layout_fuse(PlanEnv *env, RegionPlan *p);
void layout_memory(PlanEnv *env, RegionPlan *p);
/* Does MATMUL `id` read a transposed copy of its second input? */
bool plan_reads_flipped(const RegionPlan *p, NodeId id);
bool plan_is_rows(const RegionPlan *p, NodeId consumer, int input);
#endif
