/* Random studies of a sweep: values drawn for hypers. Value number k of a hyper depends on the seed of the
 * script, the names of sweep and hyper, the place of the study among the random ones, and k; nothing else. So
 * another hyper, or more samples, changes none of them. */
#ifndef QGN_SWEEP_RANDOM_H
#define QGN_SWEEP_RANDOM_H
#include "lang/sema/walk.h"

typedef struct RandomSite {
  const char *sweep, *hyper;
  int study; /* from 0 */
} RandomSite;

/* Whether a hyper with that default can be drawn from v; else a message, and false. */
bool random_fits(Sema *S, const Value *v, const char *hyper, const Value *start);
/* Value k of a hyper: an int if `start` is one, a number of four digits else, true or false of `bernoulli`.
 */
const Value *random_value(Sema *S, RandomSite at, const DistValue *d, const Value *start, int64_t k,
                          Span span);
/* Number below n: which one of a list is taken. */
int random_index(Sema *S, RandomSite at, int64_t k, int n);
#endif
