/* Circuits as pictures: text that wraps, and SVG.
 *
 * Both start from one layout: gates stand in columns, each as far to the left as the gates before it on
 * its qubits, and those between, allow. A run of gates that is repeated three times or more with the
 * same structure is drawn once, between brackets with the number; its angles are those of the first.
 *
 * Owner: texts live in the arena given. */
#ifndef QGN_DRAW_H
#define QGN_DRAW_H
#include "lang/ir/program.h"

typedef struct DrawStyle {
  bool unicode;
  int width; /* of the text, in columns; 0: one line for each qubit, however long */
} DrawStyle;

const char *draw_text(Arena *a, const Program *p, const CircuitView *v, DrawStyle style);
/* A whole SVG document. */
const char *draw_svg(Arena *a, const Program *p, const CircuitView *v);
/* The lines of a model from top to bottom, with shapes and weights; it has lines. */
const char *draw_model_svg(Arena *a, const Object *object);
#endif
