/* Numbers of rows that are sums of others: those of two minibatches one behind the other, 2 B, or of what is
 * left of them, B. Such a sum is a count of its own (program.h: COUNT_SUM), and equal sums are one count, so
 * that shapes compare as always. What can be known of it before the run is what holds for all numbers of rows
 * from 0 on. */
#ifndef QGN_SEMA_ROWS_H
#define QGN_SEMA_ROWS_H
#include "lang/sema/walk.h"

#define ROWS_TERMS 8 /* different counts in one sum, at most */

/* more + sum of times[i] * counts[i], counts in ascending order, no times[i] 0. */
typedef struct Rows {
  int n;
  uint32_t counts[ROWS_TERMS];
  int64_t times[ROWS_TERMS];
  int64_t more;
} Rows;

/* The number as such a sum; a static size is one without counts. */
Rows rows_of_dim(const Sema *S, Dim d);
/* Of an int, a count, or a number that was computed of these by + - *; false if it is something else. */
bool rows_of_value(const Sema *S, const Value *v, Rows *out);
/* a + times * b; false if that has too many different counts. */
bool rows_add(const Rows *a, const Rows *b, int64_t times, Rows *out);
/* Is it at least `least`, whatever its counts are? */
bool rows_at_least(const Rows *r, int64_t least);
bool rows_equal(const Rows *a, const Rows *b);
/* The size of an axis; r has no negative part. */
Dim rows_dim(Sema *S, const Rows *r);
/* The value as a count or an int where it is a number of rows that may be a size; else v. */
const Value *rows_as_size(Sema *S, const Value *v);
/* The count with `to` in place of `from`, also within a sum; the count itself where it has nothing of `from`.
 */
uint32_t rows_replace(Sema *S, uint32_t count, uint32_t from, uint32_t to);
#endif
