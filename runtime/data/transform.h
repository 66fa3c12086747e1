/* What stages do with rows and columns. Rows stay where they are: choosing and ordering them makes lists of
 * row numbers. Columns of bytes stay bytes: `scale`, `standardize` change what a byte stands for, `resize`
 * and `augment` round to the nearest grey level, and bytes become reals in column_gather, for the rows of
 * one minibatch.
 *
 * Random choices are Philox words of (row, epoch) under a key of the site (rng.h), so they depend on no
 * order and no thread; nothing here takes a sine from the C library, so bits are the same everywhere.
 *
 * Owner: lists live in the caller's arena; new columns own their blocks. */
#ifndef QGN_DATA_TRANSFORM_H
#define QGN_DATA_TRANSFORM_H
#include "runtime/data/table.h"

/* Row numbers of a table, in an order. */
typedef struct DataOrder {
  uint32_t *at;
  int64_t n;
} DataOrder;

DataOrder order_all(Arena *a, int64_t rows);
/* Those whose byte in `keep` (one for each row of the table) is not 0. */
DataOrder order_keep(Arena *a, DataOrder o, const uint8_t *keep);
/* The first n, or all if there are fewer. by: a column of labels or NULL; with it n of each class, in the
 * order they have. */
DataOrder order_take(Arena *a, DataOrder o, int64_t n, const DataColumn *by);
DataOrder order_drop(Arena *a, DataOrder o, int64_t n, const DataColumn *by); /* all but the first n */
/* Sorted by a random word of (place in o, epoch); equal words by place. */
DataOrder order_shuffle(Arena *a, DataOrder o, uint64_t key, uint32_t epoch);
/* The first round(share * n) rows (of each class with `by`) and the rest, 0 <= share <= 1. */
void order_split(Arena *a, DataOrder o, double share, const DataColumn *by, DataOrder *first,
                 DataOrder *rest);
/* Fold k of `of` (0 <= k < of): the held-out rows, every of-th from k (of each class), and the others. */
void order_fold(Arena *a, DataOrder o, int k, int of, const DataColumn *by, DataOrder *others,
                DataOrder *held);
/* As many rows of each class as the smallest has (of those in o that occur). */
DataOrder order_balance(Arena *a, DataOrder o, const DataColumn *by);
/* n rows of each class that there is, one class after the other in turn; those of a class again from its
 * first. */
DataOrder order_repeat(Arena *a, DataOrder o, const DataColumn *by, int64_t n);

/* Values from the column's range to low..high: bytes from 0..255 as they stand for, reals from the least and
 * greatest in the rows of o. E0502 if all are equal. Labels are E0502. */
bool column_scale(DataError *e, DataColumn *c, DataOrder o, double low, double high);
/* To mean 0 and standard deviation 1 (ddof 0) over the rows of o: each element of a row by itself if rows
 * have at most one axis and are reals, else all together. An element that is always the same becomes 0. */
bool column_standardize(DataError *e, DataColumn *c, DataOrder o);
/* Images [h, w] or [h, w, channels] of the size wanted: the mean of the area on an axis that shrinks, linear
 * between the middles of pixels on one that grows. Frees the old block. */
bool column_resize(DataError *e, DataColumn *c, int64_t rows, int64_t h, int64_t w);
/* Turns each row with probability `share` (uniform of word 0 of its row under key): bytes b to 255 - b, reals
 * v to least + greatest - v of the column. mark, if not NULL, becomes labels 0 (as it was) and 1. */
bool column_invert(DataError *e, DataColumn *c, int64_t rows, double share, uint64_t key, DataColumn *mark);

/* Small random movements, anew in each epoch. */
typedef struct Augment {
  double turn;  /* at most so far, in turns (360 degrees), both ways; 0 to 0.5 */
  double shift; /* at most so many pixels on each axis, both ways */
  bool flip;    /* left and right, for every second image */
} Augment;

/* One image of h x w x channels bytes: turned about its middle, shifted, flipped; bilinear, and outside the
 * nearest pixel of the border. in and out do not overlap. */
void augment_row(const Augment *g, uint64_t key, uint32_t row, uint32_t epoch, const uint8_t *in, int h,
                 int w, int channels, uint8_t *out);

/* Rows as reals of 4 or 8 bytes, one after the other: what a minibatch is. */
void column_gather(const DataColumn *c, const uint32_t *rows, int64_t n, int real_size, void *out);
/* The same for bytes that are already put together (after augment_row): n of them. */
void bytes_to_reals(const DataColumn *c, const uint8_t *bytes, size_t n, int real_size, void *out);
#endif
