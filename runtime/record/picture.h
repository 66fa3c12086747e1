/* Pictures that gnuplot has no part in: grids of images, diagrams of circuits and models. */
#ifndef QGN_PICTURE_H
#define QGN_PICTURE_H
#include "runtime/record/record_int.h"

/* PNG of w x h pixels with 1 (grey) or 3 (RGB) bytes each; in the arena. False: no memory. */
bool png_write(Arena *a, const unsigned char *pixels, int w, int h, int channels, unsigned char **out,
               size_t *size);
/* A slot [n, h, w] or [n, c, h, w] (c 1 or 3) as a grid with so many images in a row: writes
 * figures/NAME.png; out->image is the file as base64. With labels also NAME.svg, where they stand below the
 * images (out->svg), and NAME.csv with them. False if there is nothing to draw. */
bool record_picture(Record *r, const Run *run, const char *name, const Figure *f, RecordFigure *out);
/* The PNG of a slot [n, h, w], [n, c, h, w] or [h, w], as large as its pixels are, in rows of eight with a
 * frame; one image has none. In the arena. False: there is nothing to draw, or too much of it. */
bool record_png(Record *r, const Run *run, int slot, unsigned char **file, size_t *size);
/* A circuit or model as figures/NAME.svg. */
void record_diagram(Record *r, const char *name, const Figure *f, RecordFigure *out);
#endif
