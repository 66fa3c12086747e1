/* What a circuit consists of, and how likely its gradients vanish.
 *
 * Barren plateaus. For random angles the mean of a derivative is 0 and its variance falls with the number m
 * of qubits that take part in what is measured:
 *   - McClean, Boixo, Smelyanskiy, Babbush, Neven, Nat. Commun. 9, 4812 (2018): a circuit as random as a
 *     2-design on m qubits gives a variance of the order of 2^-m whatever is measured.
 *   - Cerezo, Sone, Volkoff, Cincio, Coles, Nat. Commun. 12, 1791 (2021): an observable that acts on m qubits
 * at once (global) gives such a variance at any depth; one on few qubits (local) only as far as its light
 *     cone reaches, so that log n layers do no harm.
 * So m is estimated by structure: the letters of the longest measured word, widened by two qubits with each
 * layer of gates on several qubits behind which there are free angles, at most the qubits that a measurement
 * reaches. The class is that of 2^-m: low above 1/32, moderate above 1/1024, high below. Angles that start
 * near 0 start close to a fixed circuit and not at a random one (Grant, Wossnig, Ostaszewski, Benedetti,
 * Quantum 3, 214 (2019)); that takes one class away.
 *
 * This is a risk and no proof: symmetric circuits (QAOA, Ising chains) may be trained although the rule calls
 * the risk high, and 2-designs are not the only circuits that are hard. */
#ifndef QGN_PLATEAU_H
#define QGN_PLATEAU_H
#include "lang/ir/circuit.h"

/* Gates of a circuit. */
typedef struct CircuitCounts {
  int depth, multi_depth; /* moments; those with a gate on several qubits */
  int total, one, two, more, controlled, channels;
  int angles, open; /* all; those that depend on an input */
  int by_gate[GATE_COUNT];
} CircuitCounts;
CircuitCounts circuit_counts(const CircuitProgram *c);

typedef enum PlateauRisk { PLATEAU_NONE, PLATEAU_LOW, PLATEAU_MODERATE, PLATEAU_HIGH } PlateauRisk;
typedef struct Plateau {
  PlateauRisk risk;
  int qubits;      /* m */
  const char *why; /* a clause: "6 layers take Z on 1 qubit to 8 of 8 qubits" */
} Plateau;
/* `small_start`: the trained angles begin near 0, or at constants. The text lives in `a`. */
Plateau circuit_plateau(Arena *a, const CircuitProgram *c, bool small_start);
const char *plateau_name(PlateauRisk r);
#endif
