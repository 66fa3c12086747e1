/* Text of an SVG document, piece by piece. Lengths are whole pixels; colours are a palette that the
 * colour-blind can tell apart. Owner: the arena. */
#ifndef QGN_DRAW_SVG_H
#define QGN_DRAW_SVG_H
#include "lang/draw/layout.h"

typedef struct Svg {
  Arena *a;
  VEC(char) t;
} Svg;

void svg_put(Svg *s, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *svg_escaped(Arena *a, const char *s); /* < > & " */
/* The head, with a white ground; drawn as wide as it is, or less. */
void svg_open(Svg *s, int width, int height, int font, const char *title);
const char *svg_close(Svg *s); /* the whole document */
#endif
