/* Files of named arrays, as PyTorch's users write them: .safetensors and .npz. Each array is a column of its
 * own with one row, so that a file of weights is found, hashed, locked and checked like any other data. */
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/data/source.h"
#include "runtime/record/safetensors.h"

static bool ends_with(const char *name, const char *end) {
  const size_t n = strlen(name), m = strlen(end);
  return n >= m && strcmp(name + n - m, end) == 0;
}

static double real_of(const StTensor *t, size_t k) {
  const unsigned char *p = (const unsigned char *)t->data + k * st_element(t->dtype);
  double wide;
  float narrow;
  uint16_t half;
  if (strcmp(t->dtype, "F64") == 0) return memcpy(&wide, p, sizeof wide), wide;
  if (strcmp(t->dtype, "F32") == 0) return memcpy(&narrow, p, sizeof narrow), (double)narrow;
  memcpy(&half, p, sizeof half);
  if (strcmp(t->dtype, "F16") == 0) return data_half(half);
  const uint32_t bits = (uint32_t)half << 16; /* BF16: the upper half of a float */
  memcpy(&narrow, &bits, sizeof narrow);
  return (double)narrow;
}

static bool is_real(const StTensor *t) { return strchr(t->dtype, 'F') != NULL; }

/* Counters of other programs, like batch norm's num_batches_tracked, are no weights. */
static bool is_counter(const StTensor *t) { return t->rank == 0 && !is_real(t); }

static bool add_array(DataError *e, const char *file, const StTensor *t, DataTable *out) {
  DataColumn c = {.name = t->name, .elem = DATA_REAL, .rank = t->rank, .row_size = 1, .high = 1};
  if (!is_real(t)) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` of `%s` holds no real numbers", t->name, file);
    data_expected(e, "F64, F32, F16 or BF16");
    return data_found(e, "%s", t->dtype);
  }
  if (t->rank > DATA_MAX_RANK) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` of `%s` has too many axes", t->name, file);
    return data_expected(e, "at most %d", DATA_MAX_RANK);
  }
  for (int k = 0; k < t->rank; k++) {
    if (t->dims[k] < 1 || t->dims[k] > DATA_MAX_AXIS)
      return data_fail(e, DIAG_DATA_BROKEN, "`%s` of `%s` has an axis of %lld elements", t->name, file,
                       (long long)t->dims[k]);
    c.dims[k] = t->dims[k];
    c.row_size = mem_mul(c.row_size, (size_t)t->dims[k]);
  }
  if (!data_block(e, file, mem_mul(c.row_size, sizeof(double)), &c.block)) return false;
  out->at[out->n++] = c;
  for (size_t k = 0; k < c.row_size; k++) {
    column_real(&c)[k] = real_of(t, k);
    if (isfinite(column_real(&c)[k])) continue;
    data_fail(e, DIAG_DATA_BROKEN, "`%s` of `%s` is not finite", t->name, file);
    return data_found(e, "%g at element %zu", column_real(&c)[k], k);
  }
  return true;
}

static bool parse_safetensors(DataError *e, const char *name, const unsigned char *bytes, size_t size,
                              DataTable *out) {
  StFile file;
  const char *why = st_parse(e->arena, bytes, size, &file);
  bool ok = why == NULL;
  if (!ok) data_fail(e, DIAG_DATA_BROKEN, "`%s` is no safetensors file, or damaged: %s", name, why);
  *out = (DataTable){.rows = 1, .at = ARENA_ARRAY(e->arena, DataColumn, file.tensors.n + 1)};
  for (int k = 0; ok && k < file.tensors.n; k++)
    ok = is_counter(&file.tensors.at[k]) || add_array(e, name, &file.tensors.at[k], out);
  if (!ok) table_free(out);
  return ok;
}

bool weights_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataTable *out) {
  return ends_with(name, ".npz") ? npz_arrays(e, name, bytes, size, out)
                                 : parse_safetensors(e, name, bytes, size, out);
}

bool weights_read(DataError *e, const DataFile *f, DataTable *out) {
  DataBlock bytes;
  *out = (DataTable){0};
  if (!ends_with(f->name, ".npz") && !ends_with(f->name, ".safetensors")) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` is no file of weights", f->name);
    data_expected(e, "a name that ends in .safetensors or .npz");
    return data_help(e, "in Python: safetensors.torch.save_file(net.state_dict(), \"net.safetensors\")");
  }
  if (!data_read(e, f, &bytes)) return false;
  bool ok = weights_parse(e, f->name, bytes.at, bytes.size, out);
  data_block_free(&bytes);
  return ok;
}
