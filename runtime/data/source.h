/* Sources of datasets (lang/ir/data.h) as tables: files, glyphs, toy data. Distributions are not among
 * them: they are drawn by kernels of the run. */
#ifndef QGN_DATA_SOURCE_H
#define QGN_DATA_SOURCE_H
#include "lang/ir/data.h"
#include "runtime/data/locate.h"

/* Finds the files of `d` (sets their paths) and fills its columns, rows and exact: what a script can be
 * checked against. From the heads of IDX and npy files alone (and the labels of IDX); others are read. */
bool source_head(DataError *e, const DataPlaces *places, Dataset *d);
/* Reads or makes the rows. `key` is that of the dataset's site (0 if it has none). What was promised by
 * source_head is compared: E0502 if a file has changed since. */
bool source_read(DataError *e, const Dataset *d, uint64_t key, DataTable *out);

/* toys.c. Row i is a function of key, epoch and i alone; no sine of the C library, so bits are the same
 * everywhere. Columns `x` [2] and `label`; the sources are described in lang/sema/builtins.def. `bars` has a
 * column `image` [side, side] of bytes 0 and 255: all rows or all columns of one kind, the 2 (2^side) - 2
 * patterns equally likely. toys_make makes the table with the rows of epoch 0, toys_fill puts those of
 * another epoch in their place. */
bool toys_make(DataError *e, const Dataset *d, uint64_t key, DataTable *out);
void toys_fill(const Dataset *d, uint64_t key, uint32_t epoch, DataTable *t);
#endif
