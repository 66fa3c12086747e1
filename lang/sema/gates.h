/* Lines of circuits, shared by gates.c (gates and blocks on qubits), modifiers.c, outcome.c, given.c (gates
 * given by words, matrices and vectors) and foreign.c (gates of other systems). */
#ifndef QGN_SEMA_GATES_H
#define QGN_SEMA_GATES_H
#include "lang/sema/walk.h"

typedef enum ModKind { MOD_CTRL, MOD_NEGCTRL, MOD_INV, MOD_POW, MOD_WHEN } ModKind;
typedef struct Mod {
  ModKind kind;
  int n;        /* controls */
  double power; /* of POW */
  struct When *when;
  Span span;
} Mod;

/* A gate line in parts. */
typedef struct Line {
  const AstNode *head, *operands;
  Mod mods[8];
  int n_mods, n_controls;
  int n_impure, n_prepared; /* of the circuit, before the line */
  bool is_block;
  Span span;
} Line;

/* The applications of a line: m of them, each on `width` qubits or registers, controls first. */
typedef struct Operands {
  int m, width;
  QubitsValue *at; /* [m][width] */
} Operands;

/* gates.c: the operands of a gate on `width` qubits (controls included): pairs, registers that go
 * together, or single qubits. False after an error. */
bool gate_operands(Sema *S, const Line *l, const char *name, int width, Operands *out);
/* The operands as values: qubits or pairs. NULL after an error. */
const Value **eval_operands(Sema *S, const AstNode *list, int *n);
/* Registers of one size go together, qubit by qubit. */
bool operands_wise(Sema *S, const char *name, const Value **v, int n, Operands *out);
bool operands_pairs(Sema *S, const Line *l, const char *name, const Value *v, int width, Operands *out);
void single_qubit(Sema *S, QubitsValue *out, int qubit);

/* How the modifier of this name is used, or NULL if there is none. */
const char *modifier_example(const char *name);
/* modifiers.c: reads one modifier of a line. False after an error. */
bool line_modifier(Sema *S, Line *l, const AstNode *m);
/* Applies the modifiers of a line to the gates from `start` on, innermost (the last one written) first;
 * operands: of this application, controls first. Checks that no qubit stands twice in a gate. */
bool line_modify(Sema *S, const Line *l, int start, const QubitsValue *operands);
/* True if the line has an odd number of `inv @`. */
bool line_is_inverse(const Line *l);

/* outcome.c: reads `when(condition) @`; NULL after an error. */
struct When *when_read(Sema *S, const AstNode *m, const AstNode *args);
/* Puts the gates from `start` on under the condition. Returns where they begin then, behind gates that copy
 * outcomes and compute the condition; -1 after an error. */
int when_apply(Sema *S, const Line *l, struct When *w, int start, const QubitsValue *operands);

/* given.c: a line with one of paulirot, unitary, diag, basis, amplitude. */
void given_line(Sema *S, const Line *l, const char *name, GateId gate, const AstNode *args);

/* foreign.c: says what to write for a gate that Qiskit, Cirq or PennyLane has under this name and qgn has
 * not (foreign_gates.def); false if it is none of these. */
bool say_foreign_gate(Sema *S, const char *name, Span span);
#endif
