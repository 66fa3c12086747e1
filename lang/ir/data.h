/* Datasets of a program: each is one step (data.def) from another dataset or from a source, so a
 * `dataset` block with three lines is three of them, the last with its name.
 *
 * Invariants
 *  - `from` and `other` are smaller than a dataset's own index: whoever walks the array in order
 *    finds what a dataset is made of before it.
 *  - `rows` is exact, or (exact false) an upper bound, and `count` is then the number at run time.
 *  - A column's shape, kind and classes are known before the run, from the heads of files.
 *  - `late`: it is made of values of the run, so it comes to be where a STMT_DATA stands. All others
 *    are made before the first statement, so a broken file is found at once.
 *
 * Images have their channels first in the language ([1, 28, 28]) and last in memory, where they are bytes
 * until a minibatch is put together. Owner: the arena of the program. */
#ifndef QGN_DATA_H
#define QGN_DATA_H
#include "lang/base/arena.h"
#include "lang/base/diag.h"
#include "lang/ir/shape.h"

typedef enum DataOp {
#define DATA(id, name, use) DATA_##id,
#include "lang/ir/data.def"
#undef DATA
  DATA_OP_COUNT
} DataOp;
extern const char *const data_op_name[];

typedef struct Column {
  const char *name;
  Shape row; /* of one row; images channels first */
  ElemKind elem;
  int n_classes;        /* LABEL: labels are below it */
  const char **classes; /* their names, or NULL */
  bool image;           /* has height and width */
  bool bytes;           /* kept as bytes */
} Column;

/* A file of a source: as written, and where it was found. */
typedef struct DataPath {
  const char *name, *path;
} DataPath;

/* A column that `csv` makes of one or several of the file's. */
typedef struct DataPick {
  const char *as;
  const char *const *from;
  int n;
  bool vector; /* written as a list: rows are [n], else [] */
} DataPick;

/* A value of the run that becomes a column, or the bools of `keep`. */
typedef struct DataGiven {
  const char *name;
  int slot; /* its first axis are the rows */
} DataGiven;

typedef struct Dataset {
  const char *name; /* "digits"; "" for one on the way to it */
  DataOp op;
  int from, other; /* -1: none */
  double a, b;
  int64_t n, m;
  const double *chances; /* CATEGORICAL: [n], their sum is 1; else NULL */
  bool flag;
  const char *by, *text; /* NULL: none */
  VEC(DataPath) files;
  VEC(DataPick) picks;
  bool header, drop_missing;
  char separator;
  VEC(DataGiven) given;
  int64_t rows;
  bool exact;
  bool redraw;  /* new rows every epoch */
  bool augment; /* it or one before it is AUGMENT */
  bool late;
  int site;  /* of its random numbers; -1: none */
  int count; /* if not exact: id of its number of rows, else 0 */
  VEC(Column) columns;
  Span span;
} Dataset;

/* What a source promises. Made by whoever can read files (SemaOptions.head), from the heads alone where
 * the format has one: fills files[].path, rows, exact and columns of the dataset; false with the parts of a
 * diagnostic. */
typedef struct DataProblem {
  DiagCode code;
  const char *text, *expected, *found, *help;
} DataProblem;
typedef bool DataHeadFn(void *ctx, Arena *a, Dataset *d, DataProblem *problem);

/* Is it a distribution, whose rows are drawn by a kernel of the run; toy data, whose rows are a function of
 * their number and of the epoch? Both can be new in every epoch. */
bool data_is_drawn(DataOp op);
bool data_is_toy(DataOp op);
/* The column with that name, -1 if there is none. */
int dataset_column(const Dataset *d, const char *name);
#endif
