/* The layout of a drawing (draw.h). */
#ifndef QGN_DRAW_LAYOUT_H
#define QGN_DRAW_LAYOUT_H
#include "lang/draw/draw.h"

typedef enum CellKind {
  CELL_WIRE,    /* nothing */
  CELL_CROSS,   /* a line from above to below */
  CELL_BOX,     /* label */
  CELL_CONTROL, /* on |1> */
  CELL_OPEN,    /* control on |0> */
  CELL_X,       /* the target of cx */
  CELL_SWAP,
  CELL_FOLD, /* bracket of a repeated part: label */
} CellKind;

typedef struct DrawCell {
  CellKind kind;
  const char *label;
  int gate; /* number of the item that it belongs to: cells of one column with one number are joined */
} DrawCell;

typedef struct Layout {
  int rows, columns;
  DrawCell *at;           /* [columns][rows] */
  const char **row_label; /* "q[0]" */
  const char **end_label; /* what is measured there, or "" */
  VEC(const char *) notes;
} Layout;

void draw_layout(Arena *a, const Program *p, const CircuitView *v, bool unicode, Layout *out);
int draw_width(const char *utf8); /* in columns */
/* The next line of a note, cut before a sign so that it is at most `width` columns wide where that can be (0:
 * the whole note); *note moves behind it, to "" at the end. */
const char *draw_note_line(Arena *a, const char **note, int width);
#endif
