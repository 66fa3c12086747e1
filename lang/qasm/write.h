/* A circuit as OpenQASM 3. Every free number becomes an `input float[64]`, weights too unless their values
 * are given. Gates that stdgates.inc lacks get definitions, made from the `steps` of gates.def and exact with
 * their phases.
 *
 * What was written is proved before anybody sees it: qasm_verify reads it back and compares, gate by gate,
 * what each line does to a state with what the circuit's gate does. */
#ifndef QGN_QASM_WRITE_H
#define QGN_QASM_WRITE_H
#include "lang/qasm/angles.h"

typedef struct QasmWriting {
  const Program *program;
  const CircuitView *view;
  const double *const *weights; /* by slot; NULL, or NULL for a slot: free */
  const char *title;            /* a comment line, or NULL */
} QasmWriting;

typedef struct QasmFault {
  const char *text; /* one sentence */
  Span span;        /* in the script; or none */
} QasmFault;

/* The text; NULL and the fault if OpenQASM cannot say it. */
const char *qasm_write(Arena *a, const QasmWriting *w, QasmFault *fault);
/* Reads `text` back; false and the fault where it differs. */
bool qasm_verify(Arena *a, const QasmWriting *w, const char *text, QasmFault *fault);
/* Gates that leave no line: a phase of everything, the basis state 0. */
bool qasm_is_nothing(const GateUse *u);
/* A number as OpenQASM: `pi/2` where that is exact. */
const char *qasm_number(Arena *a, double x);
#endif
