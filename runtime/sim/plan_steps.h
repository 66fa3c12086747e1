/* Shared by the files that turn gates into rotations (private to runtime/sim). */
#ifndef QGN_SIM_PLAN_STEPS_H
#define QGN_SIM_PLAN_STEPS_H
#include "runtime/sim/plan.h"

/* A rotation on the qubits of the program, before the frame. */
typedef struct Raw {
  Pauli p;
  int n_controls;
  int control[GATE_MAX_QUBITS];
  int on[GATE_MAX_QUBITS];
  SimAngle angle;
} Raw;

typedef VEC(Raw) RawSteps;

/* A channel: gate number, how many rotations stand before it, and the frame there. */
typedef struct SimMark {
  int gate, at;
  Frame frame;
} SimMark;
typedef VEC(SimMark) SimMarks;

typedef struct Steps {
  Arena *arena;
  const CircuitProgram *program;
  SimRotations *out;
  Frame *frame;
  SimMarks *marks; /* of circuits with channels */
  SimPhase *phase; /* NULL: phases of the whole state are left out */
  RawSteps *raw;   /* not NULL: rotations go here as they are, and nothing into out and frame */
} Steps;

/* All gates as rotations in order, without frame: CX is one, too, and so are global phases (no word, no
 * control). NULL, or what is missing. */
const char *plan_raw_steps(Arena *a, const CircuitProgram *c, RawSteps *out, Span *where);
/* plan_steps of a circuit with channels, which are left out and marked. */
const char *plan_steps_marked(Arena *a, const CircuitProgram *c, SimRotations *out, Frame *frame,
                              SimMarks *marks, Span *where);
void steps_rotation(Steps *s, Raw r);
/* exp(-i angle / 2); without rounding at multiples of pi/2. */
void steps_phase(double angle, double *re, double *im);
/* The controls of the gate's use, and nothing else yet. */
Raw steps_controls(const GateUse *u);
/* Gates given by a word or by values: paulirot, unitary, diag, basis, amplitude. NULL, or why not. */
const char *steps_given(Steps *s, const GateUse *u);
#endif
