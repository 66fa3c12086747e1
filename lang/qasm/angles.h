/* The angles of a circuit as expressions over single numbers: elements of weights and arguments. What
 * sema lowered to tensors is taken apart again, element by element, for texts: OpenQASM and drawings.
 *
 * Owner: the arena given. */
#ifndef QGN_QASM_ANGLES_H
#define QGN_QASM_ANGLES_H
#include "lang/ir/program.h"
#include "lang/qasm/qasm.h"

#define ANGLES_MAX_NODES 2000000
#define ANGLES_MAX_DEPTH 3000

/* Where a number comes from. */
typedef struct AngleLeaf {
  const char *base; /* the weight's or argument's name: "theta" */
  int slot, arg;    /* one of them is not -1, or both are: then it is computed in a way that has no
                     * expression here, and `op` names the operation */
  int64_t element;
  Shape shape; /* of the whole */
  const char *op;
  Span span;
} AngleLeaf;

typedef struct ViewAngles {
  VEC(QasmNode) nodes; /* INPUT a: leaf a */
  VEC(AngleLeaf) leaves;
  int (*gate)[GATE_MAX_ANGLES]; /* nodes of each gate's angles, of a channel's strengths */
} ViewAngles;

/* False if the expressions are too many (ANGLES_MAX_NODES). */
bool view_angles(Arena *a, const Program *p, const CircuitView *v, ViewAngles *out);
#endif
