/* The text of what a train computes, in every detail that can change a bit of it and nothing else: names of
 * slots, sites and counts in place of their numbers, no places in the script, no origins. Two trains with
 * equal texts, equal values of the slots listed and equal data end with the same bits.
 *
 * Graphs are the cleaned copies that run, so what is dead or only named otherwise does not count. */
#ifndef QGN_DIGEST_H
#define QGN_DIGEST_H
#include "lang/ir/program.h"

typedef VEC(unsigned char) Bytes;
typedef VEC(int) SlotList;

typedef struct Digest {
  Arena *arena;
  const Program *program;
  Bytes out;
  SlotList reads;                                           /* slots whose values the graphs take */
  SlotList counts;                                          /* numbers of rows that they depend on */
  const Graph *(*cleaned)(const void *ctx, const Graph *g); /* the copy that runs */
  const void *ctx;
} Digest;

void digest_train(Digest *d, const Train *t);
/* A step of a dataset, as written; its rows are hashed by who holds them. */
void digest_dataset(Digest *d, const Dataset *x);
void digest_text(Digest *d, const char *s); /* NULL is fine */
void digest_bytes(Digest *d, const void *p, size_t n);
void digest_int(Digest *d, int64_t x);
#endif
