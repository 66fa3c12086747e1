/* The second layout of a circuit: amplitudes in the lanes, one sample at a time, for calls with
 * few samples and for states that are large (private to runtime/sim; sim_is_wide chooses).
 *
 * Amplitude k stands in lane k mod L of vector k / L, so a mask of index bits falls into a part
 * that stays in the vector (xl, zl) and one that goes from vector to vector (xv, zv). With sigma(k)
 * the sign of k in the word and P' the word without signs, every rotation is
 *     psi(k) <- cos psi(k) + sigma(k) sin P' psi(k ^ x)
 * for all k, so a vector needs its partner's vector, lanes exchanged, and the signs of its lanes.
 *
 * Sweeps. A state that does not fit into the cache goes through it once for each sweep, not for each
 * rotation. A sweep is a set of rotations that flip bits of a space of few dimensions only; the
 * cosets of that space (blocks) are independent, each is copied to a small contiguous buffer, all
 * rotations of the sweep done there, and copied back. Which rotations can come first is found by
 * asking which commute (plan_wide.c), so a layer over all qubits is two or three sweeps, and parts
 * of neighbouring layers share one. `local` masks are those of the numbers inside of a block. Phases of
 * tables are computed anew in each block, so that nothing is as large as the states themselves.
 *
 * Parts. The blocks of a sweep fall into 8 or 16 parts, which the threads of a call share (KTeam). Inner
 * products are summed for each part on its own and the parts then added as a tree, so bits do not depend on
 * threads. */
#ifndef QGN_SIM_WIDE_H
#define QGN_SIM_WIDE_H
#include "runtime/sim/plan.h"

typedef enum WideShape { WIDE_PAIR, WIDE_ACROSS, WIDE_BOTH } WideShape; /* what the flips exchange */

/* parity(local) ^ parity(whole: of the block) ^ parity(lane) = value */
typedef struct WideControl {
  uint32_t local, whole, lane;
  int value;
} WideControl;

/* Words of Z; the low `bucket` bits of a local number are transformed together. */
typedef struct WideWords {
  int n, bits, bucket;
  const uint32_t *local, *whole, *lane;
} WideWords;

typedef struct WideTable {
  const SimTable *table;
  WideWords words; /* of the whole state at that place */
  int bits;
  size_t cosine_at, sine_at, tangent_at; /* WidePlan.stored; vectors in scratch: 2^bits three times */
  size_t weight_at, moved_at; /* else: [words.n] half angles and their tangents, with signs of lanes */
  int sum;                    /* its first place among the sums of a part */
} WideTable;

typedef struct WideOp {
  uint8_t kind, planes, shape; /* SimOpKind, WideShape */
  bool grad, enters, clear;
  bool odd; /* the partner's vector has the other sign */
  int slot, bits;
  uint32_t xv, xl, zl;
  uint32_t z_local, z_whole; /* z_whole: of the block's base */
  int n_controls;
  const WideControl *control;
  SimWalk walk; /* local numbers, the first of each pair; without controls */
  const WideTable *table;
  WideWords words; /* of the table, in the block */
} WideOp;

typedef struct WideSweep {
  bool whole; /* one block, the state itself */
  int bits;   /* of local numbers */
  int run;    /* the lowest `run` of them are the lowest bits of the vector's number */
  int planes; /* that are copied */
  int block_bits;
  const uint32_t *col;       /* [bits]: what a local bit flips */
  const uint32_t *block_col; /* [block_bits] */
  int n;
  const WideOp *op;
} WideSweep;

typedef struct WidePair {
  uint32_t xv, xl, zv, zl;
  bool odd;
} WidePair;

typedef struct WidePlan {
  int lane_bits, bits; /* the state has 2^bits vectors */
  bool stored;         /* all sweeps are whole, and phases are made once */
  int part_bits;       /* 2^: parts; 0 if stored */
  int table_bucket;    /* the largest of all tables */
  int n_sums;          /* of a part: slots, then words of tables */
  size_t phases_at;    /* three times 2^table_bucket vectors */
  size_t measured_at;  /* [parts][words.n] */
  int block_bits;      /* vectors of a buffer */
  int n_sweeps;
  const WideSweep *sweep;
  int n_tables;
  WideTable *table;
  WideWords words;
  int n_words;          /* places at SimLayout.word for one level of sums */
  const WidePair *pair; /* [SimPlan.n_pairs] */
  SimLayout at;
  size_t buffer[4]; /* psi, lam, dpsi, dlam of a block */
} WidePlan;

/* Sums over a large state are added up in levels of this many: few numbers are ever added one after the
 * other, so single precision keeps its digits. */
#define WIDE_LEVEL_BITS 5
#define WIDE_LEVELS 4

#define WIDE_BLOCK_BYTES ((size_t)1 << 16) /* of one state in the cache */

/* The wide form of a plan; NULL if the state has fewer amplitudes than a vector lanes. `block_bytes`:
 * what a block of one state may take, WIDE_BLOCK_BYTES but in tests. */
const WidePlan *plan_wide(Arena *a, const SimPlan *p, size_t vec, size_t real, size_t block_bytes);
#endif
