/* Circuits with channels, exactly: the density matrix as the real vector r_P = Tr(P rho) over the 4^n
 * words P of I, X, Y, Z (the Pauli-transfer form). A tile of VL samples is simulated at once, entry P in
 * r[P], so everything is vertical, as for pure states. Private to runtime/sim.
 *
 * Index of a word: two bits for each qubit q at bit 2q: 0 I, 1 X, 2 Z, 3 Y (bit 0 flips, bit 1 signs).
 *
 *   exp(-i a W / 2)     a plane rotation of each pair (P, iWP) of words that anticommute with W: TURN.
 *                       A rotation under controls is a product of such, for C W = 2^-k sum +- Z.. W and
 *                       the terms commute.
 *   fixed Clifford      a permutation with signs
 *   words with          one factor for each word: 1 - 2 sum of the probabilities of what anticommutes
 *   probabilities       with it. Both go into a TABLE, r'[to] = factor r[from], and neighbours into one;
 *                       a factor that is the same on all pairs of a rotation goes past it, so that all
 *                       the noise of a layer ends in one table.
 *   any other channel   a real matrix on the words of its qubits: MATRIX, and so is a channel whose
 *                       strength differs from sample to sample
 *
 * Gradients. With l = dF/dr, taken back by the transposed steps,
 *   TURN     dF/da = sum over pairs of l_b r_a - l_a r_b (read behind the rotation)
 *   TABLE    dF/dp = sum over entries of l'[to] r[from] dfactor/dp
 *   MATRIX   dF/dp = sum over entries of l'[row] r[col] dm/dp
 * Rotations are undone in place. Tables and matrices may lose what they scale down, so nothing is divided:
 * each of them writes to a buffer of its own and the buffer before it is kept. Where that is too much, states
 * at the begins of some blocks of steps are kept and the blocks computed again (2 sqrt instead of all).
 *
 * Hessian products: the same with tangents (forward over reverse), for constant strengths.
 *
 * A strength outside its range makes its sample NaN, which the run reports (E0601). */
#ifndef QGN_SIM_DENSITY_H
#define QGN_SIM_DENSITY_H
#include "runtime/sim/plan.h"

typedef enum DensityKind { DENSITY_TURN, DENSITY_TABLE, DENSITY_MATRIX } DensityKind;

/* A channel in use: parameter k is `constant[k]`, or the value of slot[k] >= 0. */
typedef struct DensityChannel {
  ChannelId id;
  int n_params;
  int slot[CHANNEL_MAX_PARAMS];
  double constant[CHANNEL_MAX_PARAMS];
  bool rows; /* a parameter differs from sample to sample */
  bool open; /* a parameter is an input */
  int n;
  const TransferEntry *entry;
} DensityChannel;

/* A channel in a table: entry at[i] - 1 of it is a factor of the table's entry i, none if at[i] is 0. */
#define DENSITY_SCALE 17 /* entries of such a channel, and 1 */
typedef struct DensityScale {
  const DensityChannel *channel;
  const uint8_t *at;
} DensityScale;

/* Index = hi[h] | lo[l] | offset of the step. */
typedef struct DensityWalk {
  uint32_t n_hi, n_lo;
  const uint32_t *hi, *lo;
} DensityWalk;

typedef struct DensityOp {
  uint8_t kind;
  bool grad;
  bool sparse; /* TABLE: what it does not list becomes 0 */
  int slot;    /* TURN */
  DensityWalk walk;
  uint32_t n;            /* TURN: pairs; TABLE: entries */
  const uint32_t *a, *b; /* TURN: r[a]' = c r[a] - s r[b]; TABLE: r'[a] = factor r[b] */
  const double *factor;  /* TABLE: what is constant of it */
  int n_scales;
  const DensityScale *scale;
  size_t table; /* TABLE: begin of its factors among all, Reals in scratch */
  size_t sums;  /* TABLE with scales: of its sums, vectors in scratch */
  /* MATRIX: local codes 0 .. n_local - 1 at `offset`; entry 0 is the identities' 1. Rows as lists of
   * (column, entry), and the same transposed */
  const DensityChannel *channel;
  uint32_t n_local;
  const uint32_t *offset;
  const uint16_t *row_at, *row_col, *row_entry, *col_at, *col_row, *col_entry;
  size_t matrix; /* begin of its entries among all, vectors in scratch */
} DensityOp;

/* output += coefficient * r[index] */
typedef struct DensityReading {
  int output;
  uint32_t index;
  double coefficient;
} DensityReading;

/* Ops first .. first + n - 1, which make n_states buffers but the one they start in. */
typedef struct DensityBlock {
  int first, n, n_states;
} DensityBlock;

typedef struct DensityPlan {
  int n_qubits;
  uint32_t dim; /* 4^n */
  int n_ops;
  const DensityOp *op;
  uint32_t n_start; /* r[start] = value, all others 0 */
  const uint32_t *start;
  const double *start_value;
  int n_blocks;
  const DensityBlock *block;
  int max_states; /* of a block, with the one it starts in */
  bool open;      /* a strength is an input */
  size_t n_factors, n_sums, n_entries;
  int max_scales; /* of a table */
  /* expval */
  const double *constant;
  int n_readings;
  const DensityReading *reading;
  /* probs: words of Z by the set of measured qubits, first qubit most significant */
  int n_probs;
  const uint32_t *probs;
  /* in scratch, bytes */
  size_t factor_at, sum_at, scale_at, entry_at, slope_at, state_at, check_at, lam_at, dstate_at, dcheck_at,
      dlam_at;
  size_t total[3];
} DensityPlan;

/* A channel with its parameters, slots of inputs among `slots`; without entries. */
DensityChannel *density_channel(Arena *a, const CircuitProgram *p, SimSlots *slots, const GateUse *u);
/* Makes the plan of a mixed circuit; NULL and *why, *where. keep_bytes: of states that a gradient keeps;
 * prune: leave out what stays 0 or is not read, in registers of at most DENSITY_PRUNE_QUBITS. */
const SimPlan *density_plan(Arena *a, const CircuitProgram *c, const KernelSet *set, size_t keep_bytes,
                            bool prune, const char **why, Span *where);
/* Bytes of states that a gradient keeps before it computes them again. */
#define DENSITY_KEEP_BYTES ((size_t)96 << 20)
/* Leaves out entries that stay 0 or are never read, in small registers (density_prune.c). */
void density_prune(Arena *a, DensityPlan *d, DensityOp *op);
#define DENSITY_PRUNE_QUBITS 5
size_t density_scratch(const KOp *op);
#endif
