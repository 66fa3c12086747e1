#include "runtime/record/safetensors.h"
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/record/text.h"

static const struct {
  const char *name;
  size_t size;
} dtypes[] = {
    {"F64", 8},  {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4}, {"U32", 4},  {"F16", 2},
    {"BF16", 2}, {"I16", 2}, {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1},
};

size_t st_element(const char *dtype) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(dtypes[i].name, dtype) == 0) return dtypes[i].size;
  return 0;
}

static const char *dtype_name(const char *dtype) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; i++)
    if (strcmp(dtypes[i].name, dtype) == 0) return dtypes[i].name;
  return NULL;
}

/* ---- writing ---------------------------------------------------------------------------- */

static size_t tensor_bytes(const StTensor *t) {
  size_t n = st_element(t->dtype);
  for (int i = 0; i < t->rank; i++) n = mem_mul(n, (size_t)t->dims[i]);
  return n;
}

/* The larger elements first; otherwise in the order given. */
static void order_tensors(StTensor *list, const StTensor *tensors, int n) {
  static const size_t sizes[] = {8, 4, 2, 1};
  int at = 0;
  for (size_t s = 0; s < 4; s++)
    for (int i = 0; i < n; i++)
      if (st_element(tensors[i].dtype) == sizes[s]) {
        list[at] = tensors[i];
        list[at++].size = tensor_bytes(&tensors[i]);
      }
}

static void put_meta(Text *t, const StMeta *meta, int n, const char *sha256) {
  text_add(t, "{\"__metadata__\":{");
  for (int i = 0; i < n; i++) {
    text_json_string(t, meta[i].key);
    text_add(t, ":");
    text_json_string(t, meta[i].value);
    text_add(t, ",");
  }
  text_printf(t, "\"sha256\":\"%s\"}", sha256);
}

static void put_tensor(Text *t, const StTensor *tensor, size_t begin) {
  text_add(t, ",");
  text_json_string(t, tensor->name);
  text_printf(t, ":{\"dtype\":\"%s\",\"shape\":[", tensor->dtype);
  for (int i = 0; i < tensor->rank; i++) text_printf(t, "%s%lld", i ? "," : "", (long long)tensor->dims[i]);
  text_printf(t, "],\"data_offsets\":[%zu,%zu]}", begin, begin + tensor->size);
}

bool st_write(Arena *a, const char *path, const StTensor *tensors, int n, const StMeta *meta, int n_meta,
              IoError *e) {
  StTensor *list = ARENA_ARRAY(a, StTensor, n + 1);
  order_tensors(list, tensors, n);
  size_t data = 0;
  for (int i = 0; i < n; i++) data = mem_add(data, list[i].size);
  *e = (IoError){.kind = IO_FAILED, .err = ENOMEM, .doing = "write"};
  size_t path_size = strlen(path), skip = path_size >= sizeof e->path ? path_size - sizeof e->path + 1 : 0;
  memcpy(e->path, path + skip, path_size - skip + 1);
  /* One block, so that header and data are one write; the header's size is known by then. */
  unsigned char *body = mem_try_alloc(data);
  if (!body) return false;
  size_t at = 0;
  for (int i = 0; i < n; i++) {
    if (list[i].size) memcpy(body + at, list[i].data, list[i].size);
    at += list[i].size;
  }
  char sha256[65];
  io_sha256(body, data, sha256);
  Text header = text_new(a);
  put_meta(&header, meta, n_meta, sha256);
  at = 0;
  for (int i = 0; i < n; i++) {
    put_tensor(&header, &list[i], at);
    at += list[i].size;
  }
  text_add(&header, "}");
  while (header.n % 8) text_add(&header, " ");
  size_t total = mem_add(mem_add(data, header.n), 8);
  unsigned char *file = mem_try_alloc(total);
  bool ok = file != NULL;
  if (ok) {
    for (int i = 0; i < 8; i++) file[i] = (unsigned char)(header.n >> (8 * i) & 255);
    memcpy(file + 8, header.at, header.n);
    if (data) memcpy(file + 8 + header.n, body, data);
    ok = io_write_file(path, file, total, e);
    mem_free_big(file, total);
  }
  mem_free_big(body, data);
  return ok;
}

/* ---- reading ---------------------------------------------------------------------------- */

static const char *read_shape(Arena *a, const char *name, const json_t *shape, StTensor *out) {
  if (!json_is_array(shape)) return arena_printf(a, "`%s` has no shape", name);
  if (json_array_size(shape) > ST_MAX_RANK)
    return arena_printf(a, "`%s` has more than %d axes", name, ST_MAX_RANK);
  out->rank = (int)json_array_size(shape);
  out->size = st_element(out->dtype);
  for (int i = 0; i < out->rank; i++) {
    const json_t *dim = json_array_get(shape, (size_t)i);
    if (!json_is_integer(dim) || json_integer_value(dim) < 0)
      return arena_printf(a, "an axis of `%s` has no size", name);
    out->dims[i] = json_integer_value(dim);
    out->size = mem_mul(out->size, (size_t)out->dims[i]);
    /* a product that overflowed must not come back to 0 */
    if (out->size == SIZE_MAX) return arena_printf(a, "`%s` would be larger than the file", name);
  }
  return NULL;
}

static const char *read_tensor(Arena *a, const char *name, const json_t *entry, const unsigned char *data,
                               size_t size, StTensor *out) {
  if (!json_is_object(entry) || json_object_size(entry) != 3)
    return arena_printf(a, "`%s` is not described by dtype, shape and data_offsets", name);
  const json_t *dtype = json_object_get(entry, "dtype"), *offsets = json_object_get(entry, "data_offsets");
  out->name = arena_str(a, name);
  out->dtype = json_is_string(dtype) ? dtype_name(json_string_value(dtype)) : NULL;
  if (!out->dtype) return arena_printf(a, "`%s` has a type that the format does not know", name);
  const char *why = read_shape(a, name, json_object_get(entry, "shape"), out);
  if (why) return why;
  const json_t *from = json_array_get(offsets, 0), *to = json_array_get(offsets, 1);
  if (json_array_size(offsets) != 2 || !json_is_integer(from) || !json_is_integer(to))
    return arena_printf(a, "`%s` has no data_offsets", name);
  json_int_t b = json_integer_value(from), e = json_integer_value(to);
  if (b < 0 || e < b || (uint64_t)e > size) return arena_printf(a, "`%s` lies outside of the file", name);
  if ((size_t)(e - b) != out->size) return arena_printf(a, "`%s` has another size than its shape says", name);
  out->data = data + b;
  return NULL;
}

static int by_place(const void *a, const void *b) {
  const StTensor *x = *(const StTensor *const *)a, *y = *(const StTensor *const *)b;
  if (x->data != y->data) return x->data < y->data ? -1 : 1;
  return x->size < y->size ? -1 : x->size > y->size;
}

/* Whether the tensors cover the data exactly. */
static const char *check_cover(Arena *a, const StFile *f, const unsigned char *data, size_t size) {
  const StTensor **list = ARENA_ARRAY(a, const StTensor *, f->tensors.n + 1);
  for (int i = 0; i < f->tensors.n; i++) list[i] = &f->tensors.at[i];
  if (f->tensors.n) qsort(list, (size_t)f->tensors.n, sizeof *list, by_place);
  const unsigned char *at = data;
  for (int i = 0; i < f->tensors.n; i++) {
    if ((const unsigned char *)list[i]->data != at)
      return arena_printf(a, "`%s` does not begin where the one before it ends", list[i]->name);
    at += list[i]->size;
  }
  return at == data + size ? NULL : "there are bytes behind the last tensor";
}

static const char *read_meta(Arena *a, json_t *meta, StFile *out) {
  const char *key;
  json_t *value;
  if (!json_is_object(meta)) return "its metadata is no table";
  json_object_foreach(meta, key, value) {
    if (!json_is_string(value)) return "its metadata is no table of texts";
    StMeta m = {arena_str(a, key), arena_str(a, json_string_value(value))};
    vec_push(a, &out->meta, m);
  }
  return NULL;
}

static const char *read_header(Arena *a, json_t *root, const unsigned char *data, size_t size, StFile *out) {
  const char *key, *why = NULL;
  json_t *value;
  if (!json_is_object(root)) return "its header is no table";
  json_object_foreach(root, key, value) {
    StTensor t = {0};
    if (strcmp(key, "__metadata__") == 0) {
      why = read_meta(a, value, out);
    } else {
      why = read_tensor(a, key, value, data, size, &t);
      if (!why) vec_push(a, &out->tensors, t);
    }
    if (why) return why;
  }
  why = check_cover(a, out, data, size);
  if (why) return why;
  const char *wanted = st_meta(out, "sha256");
  char sha256[65];
  io_sha256(data, size, sha256);
  return wanted && strcmp(wanted, sha256) != 0 ? "its checksum is not that of its data" : NULL;
}

const char *st_parse(Arena *a, const unsigned char *bytes, size_t size, StFile *out) {
  memset(out, 0, sizeof *out);
  if (size < 8) return arena_printf(a, "it has %zu bytes, and the length of the header alone takes 8", size);
  uint64_t header = 0;
  for (int i = 7; i >= 0; i--) header = header << 8 | bytes[i];
  if (header > size - 8)
    return arena_printf(a, "its header should have %llu bytes, and %zu are there", (unsigned long long)header,
                        size - 8);
  if (header > ST_MAX_HEADER) return "its header is larger than 16 MB";
  if (header == 0 || bytes[8] != '{') return "its header is no table";
  json_error_t error;
  json_t *root = json_loadb((const char *)bytes + 8, (size_t)header, JSON_REJECT_DUPLICATES, &error);
  if (!root) return arena_printf(a, "its header cannot be read: %s", error.text);
  const char *why = read_header(a, root, bytes + 8 + header, size - 8 - (size_t)header, out);
  json_decref(root);
  if (why) memset(out, 0, sizeof *out);
  return why;
}

const char *st_read(Arena *a, const char *path, StFile *out) {
  IoData data;
  IoError e;
  memset(out, 0, sizeof *out);
  if (!io_read_file(a, path, ST_MAX_FILE, &data, &e)) return io_message(a, &e);
  return st_parse(a, data.bytes, data.size, out);
}

const char *st_meta(const StFile *f, const char *key) {
  for (int i = 0; i < f->meta.n; i++)
    if (strcmp(f->meta.at[i].key, key) == 0) return f->meta.at[i].value;
  return NULL;
}

const StTensor *st_find(const StFile *f, const char *name) {
  for (int i = 0; i < f->tensors.n; i++)
    if (strcmp(f->tensors.at[i].name, name) == 0) return &f->tensors.at[i];
  return NULL;
}
