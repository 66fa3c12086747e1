/* Circuits with channels by trajectories: pure states, in each of which every channel is one of its
 * operators, drawn at random; outputs are means over them. Samples one after the other, trajectories in the
 * lanes. Private to runtime/sim.
 *
 * Words. A channel that applies words with given probabilities costs nothing: with psi = F W phi, F the frame
 * of the circuit (pauli.h) and W a word for each lane, a rotation about P acts on phi as a rotation about
 * +-F^+ P F, with the sign that W commutes with it or not. So an error turns signs of later angles and of
 * measured words in its lane, and phi never meets it. Any other channel (a *jump*) has operators K = sum of
 * c_P P over the words of its qubits; with their images in phi, the probability of K is the expectation value
 * of K^+ K, and phi becomes K phi divided by its root.
 *
 * Random numbers: draw d of trajectory k of row i is word k D + d of row i at the circuit's site, D the draws
 * of a trajectory rounded up to 4; the same in forward, gradient and moved runs.
 *
 * Shots. Each shot is a trajectory: behind its last gate one outcome is drawn (draw `shot`), and each of its
 * bits may be misread (the draws behind it). Their gradients are by shift rules.
 *
 * Gradients in angles. With words only the choices do not depend on them, so the mean over trajectories of
 * adjoint gradients is without bias (adjoint). Any circuit is a trigonometric polynomial in each angle, so
 * shift rules are, too, with jumps as well (shift); differences and estimates (moved_k.h) take long steps
 * then. In strengths: F is a sum over the words of a channel, sum_w p_w F_w, F_w with that word at this
 * place; dF/dp = sum_w dp_w F_w by runs in which it is forced, all others drawn as before. Of any other
 * channel, and of misreadings, F is linear in the transfer T (channel.h), and the slopes of T at strength v
 * are a combination dT(v) = sum_j c_j(v) T(v_j) of those at a few probes v_j (channels.def), so dF/dv = sum_j
 * c_j F(v_j) by runs with the channel at v_j. */
#ifndef QGN_SIM_TRAJECTORY_H
#define QGN_SIM_TRAJECTORY_H
#include "runtime/sim/density.h"

typedef enum PathKind { PATH_TURN, PATH_WORDS, PATH_JUMP } PathKind;

/* Slopes by probes: with the derivatives d_e of the entries of the transfer, c_j = sum_e weight[j][e] d_e. */
typedef struct PathProbes {
  int n;
  double at[CHANNEL_MAX_PROBES][CHANNEL_MAX_PARAMS];
  const double *weight; /* [n][entries of the channel] */
} PathProbes;

/* i^t X^x Z^z */
typedef struct PathOp {
  uint8_t kind;
  bool grad;
  int slot;   /* TURN: half its angle */
  Pauli word; /* TURN: Hermitian, sign + */
  int draw;   /* channels: number in a trajectory */
  const DensityChannel *channel;
  int n;                      /* WORDS: words; JUMP: operators */
  const Pauli *image;         /* WORDS: of word i; JUMP: of each word of its qubits */
  const Formula *probability; /* WORDS */
  int n_words;                /* JUMP */
  const KrausFormula *kraus;  /* JUMP of a row with formulas; else constants: */
  const double *coefficient;  /* [n][n_words] re and im of c_P */
  size_t at;                  /* JUMP: begin of its coefficients in scratch, doubles */
  const PathProbes *probes;   /* JUMP whose strength is an input */
} PathOp;

/* A misreading of a circuit in which the strength of one is an input. */
typedef struct PathMisread {
  int qubit;
  const DensityChannel *channel;
  const PathProbes *probes; /* NULL: constant */
} PathMisread;

typedef struct PathReading {
  int output;
  double coefficient;
  Pauli word;    /* Hermitian, sign + */
  uint32_t mask; /* with shots instead: bits of the outcome whose parity is the sign */
  /* with misreads: times 1 - p - q of these qubits, q - p of those, p and q the chances that 0 and 1 are
   * misread */
  uint32_t kept, lost;
} PathReading;

typedef struct PathPlan {
  int n_qubits;
  int64_t paths;
  int n_ops, n_draws; /* draws: a multiple of 4 */
  const PathOp *op;
  int n_means; /* outputs; standard errors of them behind, if the program has so many outputs */
  bool errors;
  int shot; /* number of the draw of an outcome; -1: no shots */
  const double *constant;
  int n_readings;
  const PathReading *reading;
  int n_probs; /* measured qubits of PROBS, whose outputs are 2^n_probs, and with shots */
  const Pauli *probs;
  const uint8_t *probs_qubit;
  const double *wrong; /* for each: chances that 0 and 1 are misread, if n_misreads is 0 */
  int n_misreads;
  const PathMisread *misread; /* in order */
  size_t uniform_at, choice_at, coefficient_at, mean_at, square_at, reading_at, psi_at, other_at, lam_at;
  size_t total[2];
} PathPlan;

/* Makes the plan of a mixed circuit with trajectories; NULL and *why, *where. */
const SimPlan *path_plan(Arena *a, const CircuitProgram *c, const KernelSet *set, const char **why,
                         Span *where);
size_t path_scratch(const KOp *op);
/* Chances that 0 and 1 are misread, once more with p and q. */
static inline void path_misread_again(double wrong[2], double p, double q) {
  wrong[0] = (1 - wrong[0]) * p + wrong[0] * (1 - q);
  wrong[1] = (1 - wrong[1]) * q + wrong[1] * (1 - p);
}
/* Of a channel with entries, whose row has probes. */
const PathProbes *path_probes(Arena *a, const DensityChannel *c);
/* The operators of a jump as coefficients of words, for these parameters: out[n][n_words] re and im. */
void path_coefficients(const PathOp *op, const double *v, double *out);
#endif
