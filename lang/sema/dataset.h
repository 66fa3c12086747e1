/* What the files about datasets share. A stage is a function of a dataset: it makes a new one and
 * leaves the old one as it was. */
#ifndef QGN_SEMA_DATASET_H
#define QGN_SEMA_DATASET_H
#include "lang/sema/builtins.h"

/* A new dataset after `from` (NULL: a source), with its rows and columns: a stage that changes how many there
 * are says so (dataset_other_rows); *out is its value. The pointer is
 * valid until the next one is made. */
Dataset *dataset_new(Sema *S, DataOp op, const Value *from, Span span, const Value **out);
/* At most `rows` rows, or just as many. */
void dataset_other_rows(Dataset *d, int64_t rows, bool exact);
/* After all its fields are set: its count, its statement if it is late. Returns v. */
const Value *dataset_done(Sema *S, const Value *v);
/* A distribution that nobody has taken rows of. */
bool dataset_is_unbounded(const Dataset *d);
/* A column as a tensor in the open graph; lift 1: the value of one row. */
const Value *dataset_table(Sema *S, int index, int column, int lift, Span span);
const Value *dataset_of_distribution(Sema *S, const Value *dist);
/* E0101 for a column that is not there. */
Diag *say_no_column(Sema *S, const Dataset *d, const char *name, Span span);
/* The column that a text names, with one label in a row, and if it is `counted` a known number of classes; -1
 * after an error. `who` is "`by`". */
int dataset_labels(Sema *S, const Dataset *d, const Value *v, const char *who, bool counted);
/* The dataset, or NULL after an error; one without a number of rows is an error. */
const Dataset *want_dataset(Sema *S, const Value *v, const char *what);
/* Asks SemaOptions.head what the files of a source hold: rows and columns. Returns `out`, its value; S->error
 * after the message of a bad file, which stands at the source. dataset_source.c */
const Value *dataset_head(Sema *S, Dataset *d, const Value *out);
/* A share in 0..1. */
bool want_share(Sema *S, const Value *v, const char *who, double *out);
#endif
