/* The datasets of a run in memory. Each is a view: columns (bytes, reals, labels) with an order, a list of
 * row numbers. A stage changes the list, or what bytes stand for, or makes new columns; blocks are shared
 * with the dataset before, and taken over where nobody else reads it.
 *
 * Owner: the Run; data_free returns all blocks. Rows of distributions that are redrawn keep their place. */
#ifndef QGN_DATA_LOAD_H
#define QGN_DATA_LOAD_H
#include "runtime/data/transform.h"
#include "runtime/exec/run.h"
#include "runtime/kernels/layout.h"

typedef struct DataState {
  DataTable table;
  bool *owned; /* by column: its block is returned with this dataset */
  DataOrder order;
  bool made;
  Augment augment;
  uint64_t augment_key;
  KOp draw;         /* distributions */
  char *drawn;      /* what they draw, in the precision of the run */
  int64_t made_for; /* epoch whose rows a redrawn one holds */
} DataState;

/* Makes dataset `index` from those before it; false after saying why (E0501, E0502, E0503, E0701). Its number
 * of rows goes to counts, its columns to the slots that hold whole tables. */
bool data_make(Run *r, int index);
/* All that need no values of the run. */
bool data_make_early(Run *r);
void data_free(Run *r);
/* data.c: the rows of a distribution for an epoch; */
void data_draw(Run *r, const Dataset *d, DataState *s, int64_t epoch);
/* n rows of a column as reals of the run, images channels first; epoch >= 0: augmented for that epoch. */
void data_gather(const Run *r, int dataset, int column, const uint32_t *rows, int64_t n, int64_t epoch,
                 void *out);
#endif
