/* What of a circuit its results can show, found by structure: the measured operators are taken backwards
 * through the gates, as words of Pauli letters. A gate whose generator commutes with every word that reaches
 * it can change nothing, whatever its angle; nor can a diagonal one on qubits that are in a basis state
 * still.
 *
 * Invariants
 *  - The words are kept one by one up to a number; beyond it for each qubit the letters that may stand there.
 * Both hold at least the words that there are, so what is called unseen is unseen for all angles.
 *  - Words grow by rotations of free angles; fixed quarter turns exchange letters. */
#ifndef QGN_LIGHT_CONE_H
#define QGN_LIGHT_CONE_H
#include "lang/ir/circuit.h"

typedef struct LightCone {
  bool *gate;       /* [gates]: it can change a result */
  bool *angle;      /* [gates * GATE_MAX_ANGLES]: this angle or parameter can */
  bool *idle;       /* [gates * GATE_MAX_ANGLES]: it cannot only because its qubits are in a basis state */
  uint64_t touched; /* qubits with gates, as bits; */
  uint64_t reached; /* those from which a measurement is reached at some gate */
} LightCone;

/* The result lives in `a`. */
LightCone light_cone(Arena *a, const CircuitProgram *c);
#endif
