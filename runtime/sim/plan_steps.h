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

typedef struct Steps {
  Arena *arena;
  const CircuitProgram *program;
  SimRotations *out;
  Frame *frame;
} Steps;

void steps_rotation(Steps *s, Raw r);
/* The controls of the gate's use, and nothing else yet. */
Raw steps_controls(const GateUse *u);
/* Gates given by a word or by values: paulirot, unitary, diag, basis, amplitude. NULL, or why not. */
const char *steps_given(Steps *s, const GateUse *u);
#endif
