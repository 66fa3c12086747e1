/* A table of data as its file holds it: columns of equal length, bytes kept as bytes, labels as whole
 * numbers with the names of their classes. Rows are never moved or deleted: what `keep`, `take`, `split`
 * and `shuffle` do is a list of row numbers (transform.h), and bytes become reals only when a minibatch
 * is put together, by the column's map.
 *
 * Invariants: a column holds rows * row_size elements; every real is finite; every label is in
 * 0..n_classes; bytes stand for low + byte * (high - low) / 255.
 *
 * Readers know a size before they take memory, and take it from mem_try_alloc after a comparison with
 * the limit and mem_budget: for bytes what is really there, for reals at most eight bytes for each
 * number that is really there. They never print: a DataError says what is wrong.
 *
 * Owner: the table owns its blocks (table_free); names live in the arena. */
#ifndef QGN_DATA_TABLE_H
#define QGN_DATA_TABLE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lang/base/diag.h"

#define DATA_MAX_RANK 5                    /* of a row: with the rows, the most axes that a shape has */
#define DATA_MAX_CLASSES 65536             /* of a column of labels */
#define DATA_MAX_COLUMNS 65536             /* of a file */
#define DATA_MAX_AXIS ((int64_t)INT32_MAX) /* of each axis */
#define DATA_LIMIT ((size_t)4 << 30)       /* bytes of one file, unpacked */

/* What is wrong with a file, as parts of a diagnostic. The arena is set by the caller. */
typedef struct DataError {
  Arena *arena;
  DiagCode code;
  const char *text;
  const char *expected, *found, *help; /* NULL if there is nothing to say */
} DataError;

/* Sets code and text, clears the rest; returns false, so that readers can return it. */
bool data_fail(DataError *e, DiagCode code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Both return false too. */
bool data_expected(DataError *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool data_found(DataError *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool data_help(DataError *e, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* `60 000`: groups of three from 10 000 on. */
const char *data_count(Arena *a, uint64_t n);

/* A block of bytes with an owner. What is used begins at `at`, which may lie inside the block. */
typedef struct DataBlock {
  unsigned char *at;
  size_t size;
  void *base;  /* of mem_try_alloc, */
  size_t held; /* so many bytes */
} DataBlock;

/* size bytes, zero. Compared with DATA_LIMIT (E0502: no file may say so much; `name` is the file) and
 * with the memory that is there (E0701). */
bool data_block(DataError *e, const char *name, size_t size, DataBlock *out);
void data_block_free(DataBlock *b); /* an empty one is fine */

/* A file's place: what is opened, and what stands in the script. */
typedef struct DataFile {
  const char *path;
  const char *name;
} DataFile;

/* The whole file, unpacked if its name ends in `.gz` (gz.c). */
bool data_read(DataError *e, const DataFile *f, DataBlock *out);
/* Its first bytes, at most cap, unpacked likewise; *whole is the size of the unpacked file, or
 * UINT64_MAX where only unpacking all would tell. */
bool data_read_head(DataError *e, const DataFile *f, void *bytes, size_t cap, size_t *got, uint64_t *whole);

typedef enum DataElem { DATA_U8, DATA_REAL, DATA_LABEL } DataElem; /* uint8_t, double, int32_t */

typedef struct DataColumn {
  const char *name;
  DataElem elem;
  int rank;
  int64_t dims[DATA_MAX_RANK]; /* of one row */
  size_t row_size;             /* elements of one row */
  DataBlock block;
  double low, high;     /* U8: values of 0 and 255 */
  int n_classes;        /* LABEL */
  const char **classes; /* their names */
} DataColumn;

typedef struct DataTable {
  int64_t rows;
  int n;
  DataColumn *at;  /* in the arena */
  int64_t dropped; /* rows left out for a missing value */
} DataTable;

size_t data_elem_bytes(DataElem elem);
/* Bytes that the columns hold. */
size_t table_bytes(const DataTable *t);
void table_free(DataTable *t); /* safe on an empty table and twice */
/* The column with that name, or NULL. */
DataColumn *table_column(const DataTable *t, const char *name);
static inline uint8_t *column_u8(const DataColumn *c) { return c->block.at; }
static inline double *column_real(const DataColumn *c) { return (double *)(void *)c->block.at; }
static inline int32_t *column_label(const DataColumn *c) { return (int32_t *)(void *)c->block.at; }
/* Value of element j of row i, whatever the kind. */
double column_value(const DataColumn *c, int64_t i, size_t j);
/* A column of bytes or whole reals with one element to a row becomes labels; classes = 0: as many as the
 * largest label says, else E0502 for one beyond. `name` is the file's for messages. */
bool column_to_labels(DataError *e, const char *name, DataColumn *c, int64_t rows, int classes);

/* What a header promises: enough to check a script without reading its data. */
typedef struct DataHead {
  int64_t rows;
  DataElem elem;
  int rank;
  int64_t dims[DATA_MAX_RANK];
} DataHead;

/* ---- readers: *out is empty where they return false ---------------------------------------- */

/* An IDX file of images (or anything) and, if labels is not NULL, one of labels with the same number of
 * rows: columns `image` and `label`. */
bool idx_read(DataError *e, const DataFile *images, const DataFile *labels, int classes, DataTable *out);
/* One IDX file in memory; takes the block over where it can, frees it in any case. */
bool idx_parse(DataError *e, const char *name, DataBlock *bytes, const char *column, DataTable *out);
bool idx_head(DataError *e, const DataFile *f, DataHead *out);

/* One array as a column with that name; axis 0 counts the rows. Bytes [channels, h, w] with 1 or 3 channels
 * get them last, as images of a table have them. */
bool npy_read(DataError *e, const DataFile *f, const char *column, DataTable *out);
bool npy_parse(DataError *e, const char *name, DataBlock *bytes, const char *column, DataTable *out);
bool npy_head(DataError *e, const DataFile *f, DataHead *out);
/* All arrays of a .npz as columns, in the order of the file; they need equal numbers of rows. */
bool npz_read(DataError *e, const DataFile *f, DataTable *out);
bool npz_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataTable *out);
/* Only the arrays named, as columns under other names, in the order of the file; the others are not unpacked.
 */
typedef struct NpzPick {
  const char *as, *from;
} NpzPick;
bool npz_pick(DataError *e, const DataFile *f, const NpzPick *picks, int n, DataTable *out);
/* The arrays of a .npz in memory that are of reals as columns with one row each, whatever their shapes. */
bool npz_arrays(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataTable *out);
/* The named arrays of reals of a .safetensors or .npz file likewise, as its name says: weights.c. */
bool weights_read(DataError *e, const DataFile *f, DataTable *out);
bool weights_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataTable *out);
double data_half(unsigned bits); /* IEEE half precision */

typedef enum CsvMissing { CSV_REFUSE, CSV_DROP } CsvMissing; /* the rows that lack a value */
typedef enum CsvKind { CSV_AUTO, CSV_NUMBER, CSV_LABEL } CsvKind;

/* A column to read: `as` joins the columns of the file named in `from` side by side ([n] numbers). */
typedef struct CsvColumn {
  const char *as;
  const char *const *from; /* with header their names, else numbers from 0 as text */
  int n;
  bool vector;  /* rows of shape [n], else [] and n is 1 */
  CsvKind kind; /* LABEL and AUTO only with n = 1 */
} CsvColumn;

typedef struct CsvOptions {
  bool header;
  char separator; /* 0: comma */
  CsvMissing missing;
  const CsvColumn *columns; /* NULL: every column of the file, AUTO */
  int n;
} CsvOptions;

/* Texts become classes in the order of their bytes, whole numbers in a column of labels stay
 * themselves. An empty cell, NA, nan, null and ? are missing. */
bool csv_read(DataError *e, const DataFile *f, const CsvOptions *o, DataTable *out);
bool csv_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, const CsvOptions *o,
               DataTable *out);

/* All .png of a folder, of equal size: `image` [h, w] (grey) or [h, w, 3]; with subfolders (and no image
 * beside them) also `label`, whose classes are their names in the order of bytes. `root` is the folder
 * that nothing may lead out of. */
bool png_read(DataError *e, const DataFile *folder, DataTable *out);
/* One image in memory; appended to nothing: dims and bytes (h * w * channels) in *out. */
bool png_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataHead *head,
               DataBlock *out);

/* ---- gz.c ------------------------------------------------------------------------------------ */

/* A gzip file, all its members. E0502 for anything after the last one, wrong checks, more than
 * DATA_LIMIT or, above 100 MB, a ratio over 1000. */
bool gz_inflate(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataBlock *out);
/* The first bytes only; *got < cap if the file holds no more. Trailing checks are not looked at. */
bool gz_head(DataError *e, const char *name, const unsigned char *bytes, size_t size, void *out, size_t cap,
             size_t *got);
/* Raw deflate of a known size into out, for members of a .npz. */
bool gz_raw(DataError *e, const char *name, const unsigned char *bytes, size_t size, unsigned char *out,
            size_t out_size);
#endif
