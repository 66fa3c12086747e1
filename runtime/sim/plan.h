/* What a circuit becomes before it runs (private to runtime/sim).
 *
 * 1. plan_steps.c: every gate becomes rotations exp(-i angle C P / 2), P a Pauli word, C a product
 *    of projectors (controls); gates that permute basis states up to phases go into the frame
 *    (pauli.h) and are gone. So no generator depends on its angle and second derivatives need no
 *    further term.
 * 2. plan_reduce.c: rotations about the same word are merged where those between commute; what no
 *    observable can see is dropped (its derivatives are exactly 0), and so is what only multiplies
 *    |0...0> by a phase; then rotations are sorted into alternating levels, diagonal and not.
 * 3. plan_emit.c: a basis of index bits is chosen in which the words of the first rotations flip
 *    one new bit each. The state starts with one amplitude and grows by a bit at such a rotation
 *    (SIM_ENTER): a product state costs 2^n, not n 2^n. Bits that never enter do not exist. The
 *    phases of the new bits are chosen so that SIM_ENTER is real; as long as only such and other
 *    real rotations came, the imaginary parts are neither stored nor computed (planes = 1).
 *    Diagonal rotations with shared angles become one table of phases for all samples (SIM_TABLE).
 *
 * Indices in loops are sums over GF(2): entry = base ^ col ^ ... ^ lo[j] (SimWalk). The sign of a
 * rotation's sine is constant within each of the two halves of a walk.
 *
 * A further form of the plan (layers of commuting rotations in one pass) is a further SimOpKind. */
#ifndef QGN_SIM_PLAN_H
#define QGN_SIM_PLAN_H
#include "runtime/sim/pauli.h"
#include "runtime/sim/sim.h"

/* coefficient * input[source][element] */
typedef struct SimTerm {
  int source, element;
  double scale;
} SimTerm;

/* Sum of terms and a shift. */
typedef struct SimAngle {
  double shift;
  int n;
  const SimTerm *term;
} SimAngle;

/* exp(-i angle C P / 2); C: every parity (k & mask) has its value. P has sign +. */
typedef struct SimRotation {
  Pauli p;
  int n_controls;
  Parity control[GATE_MAX_QUBITS];
  SimAngle angle;
} SimRotation;

typedef VEC(SimRotation) SimRotations;

/* What measured words do not see and amplitudes do: the phase exp(-i angle / 2) of the whole state, and the
 * basis state of the qubits to which the frame takes |0...0>. */
typedef struct SimPhase {
  SimAngle angle;
  uint32_t image;
} SimPhase;

typedef enum SimOpKind {
  SIM_ENTER, /* a real rotation that flips a bit which is 0 so far */
  SIM_REAL,  /* pairs of amplitudes, re and im on their own (an odd number of Y) */
  SIM_CROSS, /* pairs of amplitudes, re with im (an even number of Y) */
  SIM_DIAG,  /* phases, cos and sin of each sample */
  SIM_TABLE, /* phases shared by the samples */
  SIM_IMAG,  /* the state gets imaginary parts: zeros */
  SIM_REAL2, /* passes only: two to four SIM_REAL at once, each flipping no bit that another one */
  SIM_REAL3, /* reads, so that one amplitude of each group has all signs + */
  SIM_REAL4
} SimOpKind;

/* Indices k0: for each sign g with has[g]: base[g] ^ (columns by Gray code) ^ lo[j]. */
typedef struct SimWalk {
  uint32_t base[2]; /* sign + and sign - */
  bool has[2];
  uint32_t n_lo, n_hi; /* powers of two */
  const uint32_t *lo, *col;
} SimWalk;

/* Sums over k of sign(k & z_w) q(k) for several words z_w at once. The words span m dimensions;
 * k is a linear function of a number i, bit b of i flips col[b], such that the words read the low m
 * bits of i only: sign = parity(i & mask). Loops go through i by Gray code (FOR_WORDS). */
typedef struct SimWords {
  int dim, m;          /* k < 2^dim */
  const uint32_t *col; /* [dim + 1] */
  int lo_bits;
  const uint32_t *lo; /* [2^lo_bits]: k of the lowest i */
  int n;
  const uint32_t *mask;
  const uint32_t *z; /* the words as masks of k */
  bool tree;         /* n = m and mask[w] = 1 << w */
} SimWords;

typedef struct SimMember {
  int slot, word;
  double coefficient; /* the slot's angle counts with this */
} SimMember;

typedef struct SimTable {
  SimWords words;
  int n;
  const SimMember *member;
  int number;                  /* of this table */
  size_t phase_at, tangent_at; /* in scratch: Reals re[2^m], im[2^m]; and for Hessian products tangent[2^m] */
} SimTable;

typedef struct SimOp {
  uint8_t kind;   /* SimOpKind */
  uint8_t planes; /* 1: the state is real here */
  bool grad;      /* its angle depends on an input */
  bool clear;     /* a bit enters under controls: the new half is zeroed first */
  bool enters;    /* it flips a bit that is 0 so far, the highest of dim */
  int n_controls;
  const Parity *control;
  uint32_t dim;  /* bits of the state after it */
  uint32_t x, z; /* flipped bits, bits that give the sign */
  int slot;
  SimWalk walk;
  SimTable *table;
} SimOp;

#define SIM_PASS_MOST 4

/* One pass over the state: an op, or several in one; their x and slots in order. */
typedef struct SimPass {
  uint8_t kind, planes, n; /* n: ops */
  bool shared;             /* SIM_REAL*, without controls, all angles shared by the samples */
  bool keep; /* gradients: it writes the state to a place of its own, which the way back reads */
  int first; /* op */
  uint32_t x[SIM_PASS_MOST];
  SimWalk walk;
} SimPass;

typedef struct SimPasses {
  int n;
  const SimPass *pass;
} SimPasses;

/* Half an angle: shift + sum scale * input; terms of shared inputs first. */
typedef struct SimSlot {
  double shift;
  const SimTerm *term;
  int n_shared, n_row;
  bool controlled; /* the generator has the eigenvalue 0 besides +-1/2 */
} SimSlot;

/* A word that is measured and flips bits. */
typedef struct SimPairWord {
  uint32_t x, z;
  bool odd; /* number of Y */
  SimWalk walk;
} SimPairWord;

/* output += coefficient * <word>; words: those of z first, then pair words */
typedef struct SimReading {
  int output, word;
  double coefficient;
} SimReading;

/* Finite shots (shots_k.h): measured are numbers i < 2^bits: of `words`, or the outcomes of a register. */
typedef struct SimShots {
  int64_t n;
  int bits;
  int means;                  /* the outputs before the covariances */
  int guide_bits;             /* the guide has a place for each value of this many leading bits */
  const uint32_t *outcome_of; /* [2^m] PROBS, SAMPLE: the basis state of the register */
  const double *const *value; /* [means] EXPVAL: of the numbers, without constants; NULL where not needed */
  bool whole;                 /* of a register: all values are there, with constants */
  size_t limit, start, count,
      share; /* in scratch: uint32_t [2^m][lanes], [2^guide_bits + 16], [2^m], vectors [2^m] */
} SimShots;

/* Where things stand in the scratch of a call, in bytes. */
typedef struct SimLayout {
  size_t cs, u, scalar, sum, w, y, word, q, psi, turn, factor, kept, dkept, lam, dpsi, dlam;
  size_t total[3]; /* CIRCUIT, VJP, HVP */
} SimLayout;

struct SimPlan {
  const CircuitProgram *program;
  bool any_rows;
  int lanes;
  int dim; /* bits of the final state */
  int planes;
  int n_ops, n_slots, n_tables;
  const SimOp *op;
  SimPasses single; /* the ops joined */
  int n_kept;       /* passes of `single` with keep */
  const SimSlot *slot;
  /* expval */
  const double *constant; /* [n_outputs] */
  SimWords words;
  int n_pairs;
  const SimPairWord *pair;
  int n_readings;
  const SimReading *reading;
  /* probs */
  bool probs;
  uint32_t outcome;            /* output that amplitude 0 belongs to */
  const uint32_t *outcome_col; /* [dim + 1]: what bit b of k flips in it */
  const uint32_t *fold_col;    /* [words.m + 1]: what bit b of a number i of `words` flips in it */
  SimLayout at;
  const struct PlainPlan *plain; /* the gates as they are written (plain.h) */
  size_t vec;                    /* bytes of a vector */
  const uint32_t *index_col;     /* [dim + 1] with shots: what bit b of k flips in the number i of `words` */
  const SimShots *shots;         /* NULL: exact */
  const uint32_t *basis;         /* [dim] what bit b of k flips of the qubits under the frame */
  uint32_t turned;               /* bits of k whose |1> was multiplied by i */
  const struct SimAmplitudes *amplitudes; /* the outputs are amplitudes (amplitude.h); else NULL */
  const struct WidePlan
      *wide; /* amplitudes in lanes (wide.h); NULL if there are fewer amplitudes than lanes */
  const struct DensityPlan *density; /* circuits with channels (density.h): slots hold whole angles then */
  const struct PathPlan *paths;      /* by trajectories (trajectory.h) */
};

/* sim_plan with blocks of this size (wide.h). */
const SimPlan *sim_plan_blocks(Arena *a, const CircuitProgram *c, const KernelSet *set, size_t block_bytes,
                               const char **why, Span *where);
/* 1. All gates as rotations in order, and the frame at the end; *phase, if it is given (0 at first), gets the
 * phases that are in neither. NULL, or what is missing. */
const char *plan_steps(Arena *a, const CircuitProgram *c, SimRotations *out, Frame *frame, SimPhase *phase,
                       Span *where);
/* 2. `seen` are the measured words, mapped through the frame; with `phase` all is seen, and it gets the
 * phases of what is dropped. *level[i] is set for each rotation left: even levels hold those that flip bits.
 */
void plan_reduce(Arena *a, SimRotations *r, int n_seen, const Pauli *seen, SimPhase *phase, int **level);
/* The sum of two angles; terms of the same element become one. */
SimAngle plan_add_angles(Arena *a, SimAngle f, SimAngle g);
bool rotations_commute(const SimRotation *a, const SimRotation *b);
/* 3. Ops, walks and tables into the plan. `seen` are rewritten in the new basis; seen_in[i]: the
 * word flips only bits that exist. */
void plan_emit(Arena *a, SimPlan *p, const SimRotations *r, const int *level, int n_seen, Pauli *seen,
               bool *seen_in);
/* Room for n things of this size where a scratch ends so far (*at), in whole cache lines; returns where. */
size_t plan_place(size_t *at, size_t n, size_t size);
/* Adds a slot of `angle` times `by`, its shared terms first; returns its number. */
typedef VEC(SimSlot) SimSlots;
int plan_slot(Arena *a, const CircuitProgram *c, SimSlots *slots, SimAngle angle, double by);
/* Shots: how the measured numbers are drawn and read; `at`: where the scratch ends so far. */
const SimShots *plan_shots(Arena *a, SimPlan *p, size_t vec, size_t *at);
/* The same of a register, for density matrices. */
const SimShots *plan_shots_register(Arena *a, const CircuitProgram *c, size_t vec, size_t *at);
/* The qubits that shots measure, whose words are of Z: those of the register, or all that stand in an
 * observable, in order. Returns their number. */
int plan_shots_qubits(const CircuitProgram *c, uint8_t qubit[CIRCUIT_MAX_QUBITS]);
/* Term t of an observable as bits of outcomes of these qubits, the first most significant. */
uint32_t plan_shots_mask(const PauliTerm *t, int n, const uint8_t *qubit);
/* Helpers of 3: a walk over all k < 2^dim with these parities, with the sign of z; false if there are none.
 */
bool plan_walk(Arena *a, int dim, int n, const Parity *eq, uint32_t z, SimWalk *w);
/* Joins ops to passes of up to `width` (1 to SIM_PASS_MOST) rotations. */
SimPasses plan_passes(Arena *a, const SimPlan *p, int width);
/* Marks the passes whose states gradients keep, none if all would leave the cache. Their number. */
int plan_keep(const SimPlan *p, SimPasses *all, size_t state_bytes);
void plan_words(Arena *a, int dim, int n, const uint32_t *z, SimWords *w);
#endif
