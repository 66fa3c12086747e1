/* A circuit program: what a CIRCUIT node runs. Gates in order, qubits by number, angles as
 * references into the node's inputs; then what is measured. It is made by lowering and read by
 * the simulator, the drawing and the export.
 *
 * An angle is  scale * input[source][element] + shift,  or the constant `shift` if source < 0.
 * An input is *shared* (one value for all samples: weights) or has rows (one value per sample,
 * axis 0 = rows; `element` then counts inside the row). The op sees angles only: expressions that
 * are not affine are graph nodes outside, so derivatives here are those of gate angles.
 *
 * Owner: the arena of the program that holds it; never changed after lowering. */
#ifndef QGN_CIRCUIT_IR_H
#define QGN_CIRCUIT_IR_H
#include "lang/base/span.h"
#include "lang/base/vec.h"
#include "lang/ir/channel.h"
#include "lang/ir/gate.h"

#define CIRCUIT_MAX_QUBITS 30
#define DENSITY_MAX_QUBITS 10
#define GATE_MAX_QUBITS 12 /* targets and controls together; a multi-qubit gate beyond it is refused */
#define GATE_MAX_ANGLES 4

typedef struct AngleRef {
  int source;  /* input of the CIRCUIT node; -1: none */
  int element; /* inside the tensor (shared), or inside a row */
  double scale, shift;
} AngleRef;

typedef struct GateUse {
  GateId gate;
  ChannelId channel; /* not CHANNEL_NONE: a noise channel; `gate` is GATE_ID then, parameters are angles */
  bool inverse;      /* apply the inverse of the gate */
  int n_targets, n_controls;
  uint8_t qubit[GATE_MAX_QUBITS];      /* controls first, then targets, in the gate's order */
  uint8_t control_on[GATE_MAX_QUBITS]; /* 1: control on |1>, 0: on |0> */
  int n_kept; /* so many of the first qubits hold outcomes of measurements, on which no noise model acts */
  AngleRef angle[GATE_MAX_ANGLES];
  const char *word;     /* paulirot: a letter of I, X, Y, Z for each target; basis: 0 or 1 for each */
  const double *values; /* unitary: matrix, row by row, re and im; diag: phases; amplitude: re and im */
  const char *label;    /* unitary: the gate and power that it is, "x^0.5"; NULL: a matrix of the script */
  int n_kraus;          /* kraus: so many matrices in values */
  Span span;
} GateUse;
/* Numbers in `values`: 0 where the gate has none. */
size_t gate_use_values(const GateUse *u);
/* `word` and `values` are constants in the program's arena; the first target is the most significant
 * bit of their indices. A unitary has at most 5 targets. Basis and amplitude stand on fresh qubits (|0>,
 * no gate before); inverted they lead back to |0>. */
#define UNITARY_MAX_QUBITS 5

/* coefficient * product of Pauli operators; bit q of x and z: X = x, Z = z, Y = both; 0, 0 is the identity */
typedef struct PauliTerm {
  double coefficient;
  uint64_t x, z;
} PauliTerm;

typedef enum MeasureKind {
  MEASURE_EXPVAL,
  MEASURE_PROBS,
  MEASURE_AMPLITUDES,
  MEASURE_SAMPLE
} MeasureKind; /* column order of circuit_methods.def */

typedef struct Observable {
  VEC(PauliTerm) terms;
  Span span;
} Observable;

/* i^result, 0 to 3, is the factor of the product of two Hermitian words as a Hermitian word with sign +. */
int pauli_product_phase(const PauliTerm *a, const PauliTerm *b);
/* O^2 with equal words added up: the variance of O is <O^2> - <O>^2, two expectation values. */
Observable observable_square(Arena *a, const Observable *o);

/* Two observables whose covariance is wanted with finite shots. */
typedef struct ShotPair {
  int a, b;
} ShotPair;

typedef struct CircuitProgram {
  int n_qubits;
  VEC(GateUse) gates;
  bool mixed;           /* it has channels: the state is a density matrix, or an average over trajectories */
  bool open_noise;      /* the strength of one depends on an input */
  bool jumps;           /* a channel whose choice of an operator depends on the state */
  bool open_jumps;      /* the strength of such a one, or of a misreading, depends on an input */
  int64_t trajectories; /* of each sample of a mixed circuit; 0: density matrix. Standard errors are further
                           outputs. With shots: each shot is one */
  int path_site;        /* of their random numbers */
  MeasureKind measure;
  VEC(Observable) observables; /* EXPVAL: one output each */
  const char
      *of_state; /* EXPVAL: its words are all of a register, for "density", "purity", ...; NULL: operators */
  VEC(uint8_t)
  probs_qubits;       /* PROBS: 2^n outputs, first qubit most significant; AMPLITUDES: all qubits,
                         2^n pairs of real and imaginary part; SAMPLE: a bit of each for each shot */
  VEC(GateUse) turns; /* behind the gates of the script, and part of `gates`: bases of shots */
  int64_t shots;      /* 0: exact. Else observables hold words of Z only */
  int site;           /* of the random numbers of shots */
  VEC(ShotPair)
  pairs; /* EXPVAL with shots: further outputs, the estimated covariances of the means.
            PROBS with shots: n pairs stand for the variance of each output */
  int n_outputs;
  int n_inputs;         /* tensors with angles */
  bool *input_has_rows; /* [n_inputs] */
  int64_t *input_size;  /* [n_inputs]: elements (shared) or elements of a row */
  Symbol name;          /* the circuit's name, for messages and drawings */
  Span span, body;      /* of its name; of the whole declaration */
  Arena *arena;
} CircuitProgram;

/* The outputs of a sample: c->n_outputs once it is made. */
int circuit_n_outputs(const CircuitProgram *c);

/* How CIRCUIT_VJP computes gradients: i[0] of the CIRCUIT node, handed on to its derivatives; i[1] is the
 * site of the random directions of SPSA. */
typedef enum CircuitMethod {
#define REASON(ID, text)
#define METHOD(ID, ...) METHOD_##ID,
#include "lang/ir/circuit_methods.def"
#undef METHOD
#undef REASON
  METHOD_COUNT
} CircuitMethod;

typedef enum CircuitNoise {
  CIRCUIT_PURE,  /* no channels */
  CIRCUIT_MIXED, /* channels, on density matrices */
  CIRCUIT_PATHS  /* channels, by trajectories */
} CircuitNoise;

/* What is asked of a method. */
typedef struct MethodUse {
  MeasureKind measure;
  int order; /* of the derivative */
  bool shots;
  CircuitNoise noise;
  bool open_noise, jumps, open_jumps;
} MethodUse;

typedef enum MethodVerdict {
  METHOD_RUNS,
  METHOD_LATER,     /* legal, not built yet */
  METHOD_IMPOSSIBLE /* does not exist */
} MethodVerdict;

/* METHOD_COUNT if there is none of that name. */
CircuitMethod circuit_method_find(const char *name);
const char *circuit_method_name(CircuitMethod m);
/* What a derivative of this order of the program's outputs asks. */
MethodUse circuit_use(const CircuitProgram *c, int order);
/* Whether the method does that; *why (in the arena; NULL if it runs) is a sentence for the user. What
 * can never be comes before what is not built yet. */
MethodVerdict circuit_method_check(Arena *a, CircuitMethod m, const MethodUse *use, const char **why);
/* The method of a circuit that names none: the first row that runs, else the first that is legal. */
CircuitMethod circuit_method_default(const MethodUse *use);
/* The methods that run for this use, as a text: "`adjoint`, `shift`"; "none" if there are none. */
const char *circuit_methods_text(Arena *a, const MethodUse *use);
#endif
