/* The safetensors format: 8 bytes header length, a JSON header, the tensors' bytes.
 *
 * Writing: tensors of eight-byte elements stand first, so every tensor is aligned to its element
 * size without a gap, which the format forbids; the header is padded with blanks to 8 bytes.
 * `__metadata__` holds texts only and gets "sha256", the hash of the data part.
 *
 * Reading is strict: every length, offset, type and shape is checked against the bytes really
 * there before anything is taken; tensors cover the data part exactly, without gap or overlap;
 * no name twice. A damaged file is a reason in words, never a partial result. */
#ifndef QGN_SAFETENSORS_H
#define QGN_SAFETENSORS_H
#include <stdint.h>
#include "lang/base/io.h"
#include "lang/base/vec.h"

#define ST_MAX_RANK 8
#define ST_MAX_HEADER ((size_t)16 << 20)
#define ST_MAX_FILE ((size_t)4 << 30)

typedef struct StTensor {
  const char *name;
  const char *dtype; /* "F32", "F64", "I64", ... */
  int rank;
  int64_t dims[ST_MAX_RANK];
  const void *data;
  size_t size; /* bytes; computed by st_write */
} StTensor;

typedef struct StMeta {
  const char *key, *value;
} StMeta;

typedef struct StFile {
  VEC(StTensor) tensors;
  VEC(StMeta) meta;
} StFile;

/* Bytes of one element, 0 for a type that the format does not know. */
size_t st_element(const char *dtype);
/* All or nothing, through io_write_file. IO_FAILED with ENOMEM if there is no memory for the file. */
bool st_write(Arena *a, const char *path, const StTensor *tensors, int n, const StMeta *meta, int n_meta,
              IoError *e);
/* Takes the bytes apart. Data pointers point into `bytes` (not aligned: copy). NULL, or what is wrong. */
const char *st_parse(Arena *a, const unsigned char *bytes, size_t size, StFile *out);
/* Reads a whole file into the arena and takes it apart. NULL, or what is wrong. */
const char *st_read(Arena *a, const char *path, StFile *out);
const char *st_meta(const StFile *f, const char *key); /* NULL if it is not there */
const StTensor *st_find(const StFile *f, const char *name);
#endif
