/* OpenQASM files: OpenQASM 2 and the static part of OpenQASM 3, as lists of gates.
 *
 *   lex.c      words
 *   parse.c    statements, parse_expr.c expressions: a tree, one error for each statement
 *   expand.c   the tree walked once: registers, broadcast, measurement, conditions
 *   call.c     gate calls: definitions written out, modifiers, powers
 *   fold.c     numbers: constants folded, what depends on inputs kept as a list of expressions
 *   names.def  what qelib1.inc and stdgates.inc declare, in terms of lang/ir/gates.def
 *   write.c    the other way: a circuit as OpenQASM 3
 *
 * What remains of a file is flat: qubits and classical bits by number in the order of declaration, and
 * operations on them. An angle is an expression over the file's inputs (`input float x`) and over its
 * *angles*: every number that a gate outside of definitions is given, in the order of the text, so
 * that a script can put parameters in their place.
 *
 * Global phases are kept where a control in the file can see them; what is left of them stands as GATE_GPHASE
 * on qubit 0, for a control around the whole file. `U` and `u3` have the phases of their version of OpenQASM:
 * in version 3, U(a, b, c) is exp(i a/2) times the u3 of gates.def and u3 of stdgates.inc is exp(-i (b+c)/2)
 * times it.
 *
 * What is not static (loops, subroutines, classical variables, timing) is refused by name. Sizes are
 * bounded: a file cannot ask for more than QASM_MAX_OPS operations.
 *
 * Owner: everything lives in the arena given. */
#ifndef QGN_QASM_H
#define QGN_QASM_H
#include "lang/base/diag.h"
#include "lang/base/source.h"
#include "lang/ir/circuit.h"

#define QASM_MAX_QUBITS 100000
#ifndef QASM_MAX_OPS /* the soak sets a smaller one, to go on to the next text sooner */
#define QASM_MAX_OPS 1000000
#endif
#define QASM_MAX_NODES 4000000 /* of expressions */
#define QASM_MAX_CONDITION 10  /* bits of one condition */

typedef enum QasmNodeKind {
  QASM_NUMBER, /* num */
  QASM_INPUT,  /* input a */
  QASM_ANGLE,  /* angle a of the file, whose own value is num */
  QASM_UNARY,  /* op of a: '-' or a QasmFunction */
  QASM_BINARY  /* op of a and b: + - * / ^ (power) */
} QasmNodeKind;

typedef enum QasmFunction {
  QASM_SIN = 1,
  QASM_COS,
  QASM_TAN,
  QASM_EXP,
  QASM_LN,
  QASM_SQRT,
  QASM_ARCSIN,
  QASM_ARCCOS,
  QASM_ARCTAN
} QasmFunction;

/* Operands stand before the node. */
typedef struct QasmNode {
  QasmNodeKind kind;
  int op, a, b;
  double num;
  bool is_int;   /* NUMBER: a whole number by its type */
  bool of_input; /* an input is below: no value without arguments */
  Span span;
} QasmNode;

typedef struct QasmInput {
  const char *name;
  Span span;
} QasmInput;

typedef struct QasmRegister {
  const char *name;
  int first, n; /* qubits or bits of the file */
  bool is_single;
  Span span;
} QasmRegister;

typedef enum QasmOpKind { QASM_GATE, QASM_MEASURE, QASM_RESET } QasmOpKind;

typedef struct QasmOp {
  QasmOpKind kind;
  GateId gate;
  bool inverse;
  int n_targets, n_controls;
  int qubit[GATE_MAX_QUBITS]; /* controls first; MEASURE, RESET: the first */
  uint8_t control_on[GATE_MAX_QUBITS];
  int angle[GATE_MAX_ANGLES]; /* nodes */
  int bit;                    /* MEASURE; -1: the outcome is not kept */
  int condition;              /* under which it is done; -1: always */
  Span span;
} QasmOp;

/* Holds if table[k] is not 0, k the bits as a number, bit[0] its least significant, and the parent does. */
typedef struct QasmCondition {
  int n, parent;
  const int *bit;
  const uint8_t *table;
} QasmCondition;

typedef struct QasmFile {
  const char *name; /* as shown */
  int version;      /* 2 or 3 */
  int n_qubits, n_bits;
  VEC(QasmRegister) qubits;
  VEC(QasmRegister) bits;
  VEC(QasmInput) inputs;
  VEC(QasmNode) nodes;
  VEC(int) angles; /* nodes */
  VEC(QasmOp) ops;
  VEC(QasmCondition) conditions;
  bool is_pure; /* gates only, under no condition */
} QasmFile;

/* Reads the file that `include` in the source called `from` names; NULL and *problem if there is none. */
typedef const Source *QasmRead(void *ctx, const char *from, const char *name, const char **problem);

/* NULL after errors; the sink has them. `read` may be NULL: only qelib1.inc and stdgates.inc are there. */
QasmFile *qasm_read(Arena *a, const Source *src, QasmRead *read, void *ctx, DiagSink *sink);
/* The number of qubits on which the final values of the file's bits depend. From 1 to `most` of them: the
 * file is cut to these qubits, numbered in their old order, and to the operations that have a part in it; its
 * registers of qubits keep their old numbers. Angles and inputs stay as they are. */
int qasm_cone(Arena *a, QasmFile *f, int most);
/* The values of all nodes. inputs: one number each; angles: one for each of the file's, or NULL: the
 * file's own numbers. Not finite where a function is outside of its domain. */
void qasm_values(const QasmFile *f, const double *inputs, const double *angles, double *out);
#endif
