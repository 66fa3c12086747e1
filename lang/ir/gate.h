/* What gates.def says, as C: names, sizes, classes, spectra. Angle and sign conventions are
 * OpenQASM 3's; qubit 0 is the leftmost in kets and the most significant in indices. */
#ifndef QGN_GATE_H
#define QGN_GATE_H
#include <stdbool.h>
#include "lang/base/intern.h"

typedef enum GateId {
#define GATE(ID, ...) GATE_##ID,
#include "lang/ir/gates.def"
#undef GATE
  GATE_COUNT
} GateId;

typedef enum GateClass {
  GATE_DIAG,  /* diagonal in the computational basis */
  GATE_PERM,  /* permutes basis states, up to phases */
  GATE_DENSE, /* anything else on its qubits */
  GATE_OTHER  /* state preparation, reset: not a fixed unitary */
} GateClass;

typedef struct GateInfo {
  const char *name;    /* OpenQASM 3 name */
  const char *aliases; /* space separated, may be "" */
  int n_qubits;        /* -1: any number */
  int n_angles;
  GateClass cls;
  const char *inverse; /* "self", "negate" (angles negated), or the name of another gate, or "rule" */
  const char
      *spectrum;     /* positive differences of the generator's eigenvalues, per angle: "1", "0.5 1; 1", "" */
  bool later;        /* known, refused in scripts */
  bool given;        /* by a word or values, not by angles alone */
  const char *steps; /* what the simulator does (gates.def) */
  const char *doc;
} GateInfo;
extern const GateInfo gate_info[GATE_COUNT];
/* By name or alias; GATE_COUNT if there is none. */
GateId gate_find(const char *name);
#endif
