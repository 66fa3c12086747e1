/* Digits drawn by the program: 28 x 28 bytes with labels, so that every example with images runs on a bare
 * machine. A glyph is the skeleton of a digit (strokes through a few points), its points moved a little,
 * the whole scaled, sheared, turned and shifted, drawn with a pen of some width and anti-aliased.
 *
 * Glyph i is a function of i and the edition of the language alone: of Philox words (rng.h) and of sums,
 * products, quotients and square roots, so it has the same bytes on every machine. Any range of numbers is
 * a data set; ranges that do not meet share no glyph. */
#ifndef QGN_DATA_GLYPHS_H
#define QGN_DATA_GLYPHS_H
#include "runtime/data/table.h"

#define GLYPH_SIDE 28
#define GLYPH_PIXELS (GLYPH_SIDE * GLYPH_SIDE)

/* The key of all glyphs of this edition: computed once, given to every call. */
uint64_t glyph_key(void);
/* Draws glyph i; returns its digit. */
int glyph_draw(uint64_t key, uint64_t i, uint8_t pixels[GLYPH_PIXELS]);
/* Glyphs first ... first + n - 1: columns `image` [28, 28] and `label`. */
bool glyphs_read(DataError *e, uint64_t first, int64_t n, DataTable *out);
#endif
