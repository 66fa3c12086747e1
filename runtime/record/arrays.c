/* What `save` writes: arrays of NumPy (.npy, version 1.0 of the format, and .npz, a zip file of them that is
 * not packed), .safetensors, and images as one .png, into saved/ of the run's folder. Single values are kept
 * as such; labels are whole numbers of 64 bits. Dates of the zip file are all the same, so equal values are
 * equal bytes. */
#include <errno.h>
#include <math.h>
#include <string.h>
#include <zlib.h>
#include "lang/base/mem.h"
#include "runtime/record/picture.h"
#include "runtime/record/safetensors.h"

#define HEAD_ALIGN 64u
#define LIMIT ((size_t)4 << 30)

/* One array as bytes. */
typedef struct Array {
  const char *name, *dtype; /* of NumPy: "<f4" */
  const char *type;         /* of safetensors: "F32" */
  Shape shape;
  size_t element, size;
  unsigned char *bytes; /* mem_try_alloc */
} Array;

static void put_little(unsigned char *at, uint64_t x, size_t n) {
  for (size_t i = 0; i < n; i++) at[i] = (unsigned char)(x >> (8 * i) & 255);
}

static void put_element(const Array *a, const Run *run, int slot, int64_t k) {
  unsigned char *at = a->bytes + (size_t)k * a->element;
  const double x = run_slot_get(run, slot, k);
  uint64_t bits = 0;
  const float narrow = (float)x;
  if (a->type[0] == 'B') bits = x != 0;
  else if (a->type[0] == 'I') bits = (uint64_t)(int64_t)(isfinite(x) ? x : -1);
  else if (a->element == 8) memcpy(&bits, &x, sizeof x);
  else memcpy(&bits, &narrow, sizeof narrow);
  put_little(at, bits, a->element);
}

static bool array_of(const Record *r, const Run *run, const char *name, int slot, Array *out) {
  const Slot *s = &r->spec.program->slots.at[slot];
  *out = (Array){.name = name, .shape = run_slot_shape(run, slot)};
  const bool single = record_single(r);
  out->type = s->elem == ELEM_BOOL ? "BOOL" : s->elem == ELEM_LABEL ? "I64" : single ? "F32" : "F64";
  out->dtype = s->elem == ELEM_BOOL ? "|b1" : s->elem == ELEM_LABEL ? "<i8" : single ? "<f4" : "<f8";
  out->element = st_element(out->type);
  const int64_t n = run_slot_size(run, slot);
  out->size = mem_mul((size_t)n, out->element);
  if (out->size > LIMIT || (out->bytes = mem_try_alloc(out->size + 1)) == NULL) return false;
  for (int64_t k = 0; k < n; k++) put_element(out, run, slot, k);
  return true;
}

/* ---- NumPy ---------------------------------------------------------------------------------------- */

/* Magic, version 1.0, length of the header, the header, blanks to a multiple of 64 and a newline. */
static void put_npy_head(const Array *a, Text *t) {
  Text head = text_new(t->arena);
  text_printf(&head, "{'descr': '%s', 'fortran_order': False, 'shape': (", a->dtype);
  for (int i = 0; i < a->shape.rank; i++)
    text_printf(&head, "%lld%s", (long long)a->shape.d[i].n,
                a->shape.rank == 1 || i + 1 < a->shape.rank ? ", " : "");
  text_add(&head, "), }");
  while ((10 + head.n + 1) % HEAD_ALIGN) text_add(&head, " ");
  text_add(&head, "\n");
  unsigned char begin[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  put_little(begin + 8, head.n, 2);
  text_bytes(t, (const char *)begin, sizeof begin);
  text_bytes(t, head.at, head.n);
}

/* A local header (30 bytes) or an entry of the directory (46), as far as they are alike. */
static void put_entry(Text *t, const Array *a, const Text *head, uint32_t crc, size_t at, bool directory) {
  unsigned char e[46] = {'P', 'K', 3, 4};
  const size_t begin = directory ? 6 : 4, size = head->n + a->size, name = strlen(a->name) + 4;
  if (directory) e[2] = 1, e[3] = 2, put_little(e + 4, 20, 2);
  put_little(e + begin, 20, 2);       /* version needed */
  put_little(e + begin + 8, 0x21, 2); /* 1980-01-01 */
  put_little(e + begin + 10, crc, 4);
  put_little(e + begin + 14, size, 4);
  put_little(e + begin + 18, size, 4);
  put_little(e + begin + 22, name, 2);
  if (directory) put_little(e + 42, at, 4);
  text_bytes(t, (const char *)e, directory ? 46 : 30);
  text_printf(t, "%s.npy", a->name);
}

static bool write_npz(Record *r, const char *file, const Array *arrays, int n) {
  Arena *a = arena_new();
  Text out = text_new(a), directory = text_new(a);
  for (int k = 0; k < n; k++) {
    Text head = text_new(a);
    put_npy_head(&arrays[k], &head);
    const size_t at = out.n;
    uint32_t crc = (uint32_t)crc32_z(crc32_z(0, NULL, 0), (const Bytef *)head.at, head.n);
    crc = (uint32_t)crc32_z(crc, arrays[k].bytes, arrays[k].size);
    put_entry(&out, &arrays[k], &head, crc, at, false);
    put_entry(&directory, &arrays[k], &head, crc, at, true);
    text_bytes(&out, head.at, head.n);
    text_bytes(&out, (const char *)arrays[k].bytes, arrays[k].size);
  }
  unsigned char end[22] = {'P', 'K', 5, 6};
  put_little(end + 8, (uint64_t)n, 2);
  put_little(end + 10, (uint64_t)n, 2);
  put_little(end + 12, directory.n, 4);
  put_little(end + 16, out.n, 4);
  text_bytes(&out, directory.at, directory.n);
  text_bytes(&out, (const char *)end, sizeof end);
  const bool ok = record_write(r, file, out.at, out.n);
  arena_free(a);
  return ok;
}

/* A zip file without extensions counts its bytes in 32 bits. */
static bool fits_zip(const Array *arrays, int n) {
  size_t total = 0;
  for (int k = 0; k < n; k++) total = mem_add(total, mem_add(arrays[k].size, 4096));
  return total < LIMIT && n < 65535;
}

static bool write_npy(Record *r, const char *file, const Array *array) {
  Arena *a = arena_new();
  Text out = text_new(a);
  put_npy_head(array, &out);
  text_bytes(&out, (const char *)array->bytes, array->size);
  const bool ok = record_write(r, file, out.at, out.n);
  arena_free(a);
  return ok;
}

/* ---- safetensors ------------------------------------------------------------------------------------ */

static bool write_safetensors(Record *r, const char *file, const Array *arrays, int n) {
  Arena *a = arena_new();
  StTensor *list = ARENA_ARRAY(a, StTensor, n + 1);
  for (int k = 0; k < n; k++) {
    list[k] = (StTensor){.name = arrays[k].name,
                         .dtype = arrays[k].type,
                         .rank = arrays[k].shape.rank,
                         .data = arrays[k].bytes};
    for (int i = 0; i < list[k].rank; i++) list[k].dims[i] = arrays[k].shape.d[i].n;
  }
  const StMeta meta[] = {{"format", "pt"}, {"qgn", "saved"}, {"run", r->content}};
  IoError e;
  const bool ok = st_write(a, record_path(r, file), list, n, meta, 3, &e);
  if (ok) record_written(r, file);
  else record_failed(r, file, &e);
  arena_free(a);
  return ok;
}

/* ---- the statement ------------------------------------------------------------------------------------ */

/* What stands in results.json, so that two runs are compared by it. */
static void note(Record *r, const Saved *saved, const Array *arrays, int n) {
  Text t = text_new(r->arena);
  text_add(&t, "{\"file\": ");
  text_json_string(&t, saved->file);
  text_add(&t, ", \"arrays\": [");
  for (int k = 0; k < n; k++) {
    char sha256[65];
    io_sha256(arrays[k].bytes, arrays[k].size, sha256);
    text_add(&t, k > 0 ? ", {\"name\": " : "{\"name\": ");
    text_json_string(&t, arrays[k].name);
    text_printf(&t, ", \"type\": \"%s\", \"shape\": [", arrays[k].type);
    for (int i = 0; i < arrays[k].shape.rank; i++)
      text_printf(&t, "%s%lld", i > 0 ? ", " : "", (long long)arrays[k].shape.d[i].n);
    text_printf(&t, "], \"sha256\": \"%s\"}", sha256);
  }
  text_add(&t, "]}");
  vec_push(r->arena, &r->saved, text_str(&t));
}

static IoError failure(const char *file, int err) {
  IoError e = {.kind = IO_FAILED, .err = err, .doing = "write"};
  strncpy(e.path, file, sizeof e.path - 1);
  return e;
}

static void write_png(Record *r, const Run *run, const char *file, int slot) {
  unsigned char *bytes;
  size_t size;
  if (record_png(r, run, slot, &bytes, &size)) {
    record_write(r, file, bytes, size);
    return;
  }
  const IoError e = failure(file, EFBIG);
  record_failed(r, file, &e);
}

void record_save_values(Record *r, const Run *run, const Stmt *s) {
  const Saved *saved = &r->spec.program->saves.at[s->index];
  const char *file = arena_printf(r->arena, "saved/%s", saved->file);
  IoError e;
  if (!io_make_folder(record_path(r, "saved"), &e)) {
    record_failed(r, "saved", &e);
    return;
  }
  Array *arrays = ARENA_ARRAY(r->arena, Array, saved->slots.n + 1);
  int n = 0;
  while (n < saved->slots.n && array_of(r, run, saved->names.at[n], saved->slots.at[n], &arrays[n])) n++;
  const bool whole = n == saved->slots.n, large = saved->format == SAVED_NPZ && !fits_zip(arrays, n);
  if (!whole || large) {
    e = failure(file, whole ? EFBIG : ENOMEM);
    record_failed(r, file, &e);
  } else if (saved->format == SAVED_NPY) write_npy(r, file, &arrays[0]);
  else if (saved->format == SAVED_NPZ) write_npz(r, file, arrays, n);
  else if (saved->format == SAVED_PNG) write_png(r, run, file, saved->slots.at[0]);
  else write_safetensors(r, file, arrays, n);
  note(r, saved, arrays, n);
  for (int k = 0; k < n; k++) mem_free_big(arrays[k].bytes, arrays[k].size + 1);
}
