/* Shapes: up to SHAPE_MAX_RANK axes, row major, axis 0 slowest. An axis has a static size, or is
 * a *count*: a number of rows known only at run time (`B` of a step, rows of a file), named by
 * an id in the program's table of counts, with an upper bound for planning. Two counts are equal
 * if they have the same id. A scalar has rank 0.
 *
 * Every axis remembers where its size came from (origin, a row of the program's table of
 * origins), so messages can say so. Origins never take part in comparisons. */
#ifndef QGN_SHAPE_H
#define QGN_SHAPE_H
#include <stdbool.h>
#include <stdint.h>
#include "lang/base/arena.h"
#include "lang/base/intern.h"
#include "lang/base/span.h"

#define SHAPE_MAX_RANK 6

typedef struct Dim {
  int64_t n;       /* static size, or the largest value a count can take (planning) */
  uint32_t count;  /* 0: static; otherwise id of a count (index into Program.counts) */
  uint32_t origin; /* 0: unknown; otherwise index into Program.origins */
} Dim;

typedef struct Shape {
  int rank;
  Dim d[SHAPE_MAX_RANK];
} Shape;

/* What an element is. All are stored as reals; labels and bools are whole. */
typedef enum ElemKind { ELEM_REAL, ELEM_LABEL, ELEM_BOOL } ElemKind;

static inline Dim dim_static(int64_t n) { return (Dim){n, 0, 0}; }
static inline bool dim_equal(Dim a, Dim b) { return a.count == b.count && (a.count != 0 || a.n == b.n); }
static inline bool dim_is_one(Dim a) { return a.count == 0 && a.n == 1; }

Shape shape_scalar(void);
Shape shape_of(int rank, const int64_t *sizes);
bool shape_equal(const Shape *a, const Shape *b);
bool shape_is_static(const Shape *s);
/* Elements at most: product of n, saturating at INT64_MAX. 1 for a scalar. */
int64_t shape_capacity(const Shape *s);
/* Elements of one row: product of axes 1.. */
int64_t shape_row_size(const Shape *s);
/* Elementwise combination: equal ranks, an axis of size 1 stretches, a scalar goes anywhere.
 * False if they do not combine (nothing is written then). */
bool shape_broadcast(const Shape *a, const Shape *b, Shape *out);
/* "[B, 64]", "[]" for a scalar; counts by name (names[id]), or "n rows" where names is NULL. The
 * texts live in `a`; dim_text is one axis: "64", "B". */
const char *dim_text(Arena *a, Dim d, const char *const *count_names);
const char *shape_text(Arena *a, const Shape *s, const char *const *count_names);
#endif
