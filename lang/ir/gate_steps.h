/* The column `steps` of gates.def as C: what a gate is made of, exact with its phase. The simulator
 * makes rotations of it, gate_matrix.h matrices, the drawing and the export decompositions. */
#ifndef QGN_GATE_STEPS_H
#define QGN_GATE_STEPS_H
#include "lang/ir/circuit.h"

#define GATE_MAX_STEPS 16

/* One step: exp(-i angle W / 2) for a word W of I, X, Y, Z and C = |1><1|, or CX. */
typedef struct GateStep {
  bool is_cx;
  int control, target;              /* cx: numbers of targets of the gate */
  char word[GATE_MAX_QUBITS + 1];   /* one letter for each target */
  double shift, k[GATE_MAX_ANGLES]; /* angle = shift + sum of k[i] * angle i of the gate */
} GateStep;

/* The steps of a row of gates.def on this many targets, in the order they are applied; how many.
 * 0 for gates given by a word or values. */
int gate_steps(GateId gate, int n_targets, GateStep step[GATE_MAX_STEPS]);
#endif
