/* How long the rest of a script takes: the operations that its trains and sweeps have left, counted in the
 * plan (forecast.h), at the speed of those that ran so far in this process. Trains that will be loaded, or
 * that a computed `if` leaves out, are counted too, and a sweep's points as if the threads shared one train's
 * work evenly: it is said as "about". Shown on standard error only.
 *
 * Owner: lists live in the arena given. */
#ifndef QGN_CLI_LEFT_H
#define QGN_CLI_LEFT_H
#include "lang/base/vec.h"
#include "runtime/exec/run.h"

typedef struct LeftPart {
  bool is_sweep;
  int index;          /* of the train or sweep */
  double work, epoch; /* in all; an epoch of a train */
} LeftPart;

typedef struct Left {
  VEC(LeftPart) parts;  /* in the order of the text; empty where only one thing is run */
  double work, seconds; /* done in this process */
} Left;

void left_plan(Left *l, Arena *a, const Run *run);
/* So many epochs of a train took so many seconds. */
void left_did(Left *l, int train, int64_t epochs, double seconds);
/* Seconds for everything behind a train or sweep; of a train that goes on `epochs` took `seconds`. 0: nothing
 * comes, or nothing is known. */
double left_behind(const Left *l, bool is_sweep, int index, int64_t epochs, double seconds);
#endif
