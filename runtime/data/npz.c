/* The .npz format: a zip file of .npy members, stored or deflated. The directory at its end is followed;
 * members may not overlap and their sizes and checksums must be right. */
#include <string.h>
#include <zlib.h>
#include "lang/base/mem.h"
#include "runtime/data/table.h"

#define END_SIZE 22u
#define ENTRY_SIZE 46u
#define LOCAL_SIZE 30u
#define COMMENT_MAX 65535u

typedef struct Member {
  const char *name; /* without .npy */
  unsigned method;
  uint32_t crc;
  size_t packed, size, local; /* where its local header begins */
} Member;

typedef struct Zip {
  DataError *e;
  const char *name;
  const unsigned char *bytes;
  size_t size;
  size_t directory; /* where it begins */
  int n;
  Member *at;
  bool apart;           /* arrays need not have equal numbers of rows: each is one row */
  const NpzPick *picks; /* NULL: all */
  int n_picks;
} Zip;

static unsigned little16(const unsigned char *p) { return p[0] | (unsigned)p[1] << 8; }
static uint32_t little32(const unsigned char *p) { return little16(p) | (uint32_t)little16(p + 2) << 16; }

static bool damaged(const Zip *z, const char *expected) {
  data_fail(z->e, DIAG_DATA_BROKEN, "`%s` is no npz file, or damaged", z->name);
  return data_expected(z->e, "%s", expected);
}

/* The record at the end, behind which only a comment of the length it says may stand. */
static const unsigned char *find_end(const Zip *z) {
  for (size_t back = END_SIZE; back <= z->size && back <= END_SIZE + COMMENT_MAX; back++) {
    const unsigned char *p = z->bytes + z->size - back;
    if (little32(p) == 0x06054b50 && little16(p + 20) == back - END_SIZE) return p;
  }
  return NULL;
}

static bool read_entry(Zip *z, size_t *at, size_t end, Member *m) {
  const unsigned char *p = z->bytes + *at;
  if (end - *at < ENTRY_SIZE || little32(p) != 0x02014b50) return damaged(z, "an entry of its directory");
  size_t name = little16(p + 28), more = name + little16(p + 30) + little16(p + 32);
  if (end - *at - ENTRY_SIZE < more) return damaged(z, "an entry of its directory");
  *at += ENTRY_SIZE + more;
  *m = (Member){.method = little16(p + 10), .crc = little32(p + 16), .packed = little32(p + 20)};
  m->size = little32(p + 24);
  m->local = little32(p + 42);
  const char *text = arena_strn(z->e->arena, (const char *)p + ENTRY_SIZE, name);
  if (strlen(text) != name || name < 5 || strcmp(text + name - 4, ".npy") != 0)
    return damaged(z, "members whose names end in .npy");
  m->name = arena_strn(z->e->arena, text, name - 4);
  if (little16(p + 8) & 1) return damaged(z, "members that are not encrypted");
  if (m->method != 0 && m->method != 8) return damaged(z, "members that are stored or deflated");
  if (m->packed == UINT32_MAX || m->size == UINT32_MAX || m->local == UINT32_MAX)
    return damaged(z, "members below 4 GB");
  if (m->size / 1032 > m->packed || (m->method == 0 && m->size != m->packed))
    return damaged(z, "sizes of members that can be true");
  return true;
}

static bool read_directory(Zip *z) {
  const unsigned char *p = find_end(z);
  if (!p) return damaged(z, "the directory of a zip file at its end");
  size_t size = little32(p + 12), end = (size_t)(p - z->bytes), total = 0;
  z->directory = little32(p + 16);
  z->n = (int)little16(p + 10);
  if (little16(p + 4) != 0 || little16(p + 8) != (unsigned)z->n || z->directory > end ||
      end - z->directory != size || z->n == 0 || (size_t)z->n > size / ENTRY_SIZE)
    return damaged(z, "a directory whose place and size are right");
  z->at = ARENA_ARRAY(z->e->arena, Member, z->n);
  size_t at = z->directory;
  for (int k = 0; k < z->n; k++) {
    if (!read_entry(z, &at, end, &z->at[k])) return false;
    total = mem_add(total, z->at[k].size);
  }
  if (at != end) return damaged(z, "nothing behind its directory");
  if (total > DATA_LIMIT) return damaged(z, "members of at most 4 GB in all");
  return true;
}

/* Members in the order of the directory must follow one another in the file: then none overlap. */
static bool member_bytes(const Zip *z, const Member *m, size_t *free_from, const unsigned char **packed) {
  size_t at = m->local;
  const unsigned char *p = z->bytes + at;
  if (at < *free_from || at > z->directory || z->directory - at < LOCAL_SIZE || little32(p) != 0x04034b50)
    return damaged(z, "each member at the place that the directory says, one after the other");
  size_t begin = LOCAL_SIZE + little16(p + 26) + little16(p + 28);
  if (z->directory - at < begin || z->directory - at - begin < m->packed)
    return damaged(z, "members that end before the directory");
  *packed = p + begin;
  *free_from = at + begin + m->packed;
  return true;
}

static bool unpack(const Zip *z, const Member *m, const unsigned char *packed, DataBlock *out) {
  const char *name = arena_printf(z->e->arena, "%s/%s.npy", z->name, m->name);
  if (!data_block(z->e, name, m->size, out)) return false;
  bool ok = true;
  if (m->method == 0) memcpy(out->at, packed, m->size);
  else ok = gz_raw(z->e, name, packed, m->packed, out->at, m->size);
  if (ok && crc32_z(crc32_z(0, NULL, 0), out->at, m->size) != m->crc)
    ok = data_fail(z->e, DIAG_DATA_BROKEN, "the checksum of `%s` is wrong", name);
  if (!ok) data_block_free(out);
  return ok;
}

/* An array as a column with one row. Whole numbers are no weights: counters are passed over. */
static bool add_apart(const Zip *z, const Member *m, DataTable *one, DataTable *out) {
  DataColumn *c = one->at;
  if (c->elem != DATA_REAL || c->rank == DATA_MAX_RANK) {
    data_fail(z->e, DIAG_DATA_BROKEN, "`%s` of `%s` holds no weights", m->name, z->name);
    data_expected(z->e, "real numbers with at most %d axes", DATA_MAX_RANK);
    table_free(one);
    return false;
  }
  memmove(c->dims + 1, c->dims, (size_t)c->rank * sizeof *c->dims);
  c->dims[0] = one->rows;
  c->rank++;
  c->row_size *= (size_t)one->rows;
  out->rows = 1;
  out->at[out->n++] = *c;
  return true;
}

static bool add_column(const Zip *z, const Member *m, const char *as, const unsigned char *packed,
                       DataTable *out) {
  DataBlock bytes;
  DataTable one;
  const char *name = arena_printf(z->e->arena, "%s/%s.npy", z->name, m->name);
  if (table_column(out, as)) return damaged(z, "members with different names");
  if (!unpack(z, m, packed, &bytes) || !npy_parse(z->e, name, &bytes, as, &one)) return false;
  if (z->apart) return add_apart(z, m, &one, out);
  if (out->n > 0 && one.rows != out->rows) {
    data_fail(z->e, DIAG_DATA_BROKEN, "the arrays of `%s` differ in the number of rows", z->name);
    data_found(z->e, "%s in `%s` and %s in `%s`", data_count(z->e->arena, (uint64_t)out->rows),
               out->at[0].name, data_count(z->e->arena, (uint64_t)one.rows), as);
    table_free(&one);
    return false;
  }
  out->rows = one.rows;
  out->at[out->n++] = one.at[0];
  return true;
}

/* PyTorch's counters of batches are single numbers. */
static bool is_counter(const char *name) {
  const size_t n = strlen(name), m = strlen("num_batches_tracked");
  return n >= m && strcmp(name + n - m, "num_batches_tracked") == 0;
}

/* A member under its own name, or under those that it is picked for. */
static bool add_member(const Zip *z, const Member *m, const unsigned char *packed, DataTable *out) {
  if (z->apart && is_counter(m->name)) return true;
  if (!z->picks) return add_column(z, m, m->name, packed, out);
  for (int k = 0; k < z->n_picks; k++)
    if (strcmp(z->picks[k].from, m->name) == 0 && !add_column(z, m, z->picks[k].as, packed, out))
      return false;
  return true;
}

static bool read_members(Zip z, DataTable *out) {
  *out = (DataTable){0};
  if (!read_directory(&z)) return false;
  out->at = ARENA_ARRAY(z.e->arena, DataColumn, z.n + z.n_picks);
  size_t free_from = 0;
  for (int k = 0; k < z.n; k++) {
    const unsigned char *packed = NULL;
    if (!member_bytes(&z, &z.at[k], &free_from, &packed) || !add_member(&z, &z.at[k], packed, out)) {
      table_free(out);
      return false;
    }
  }
  return true;
}

/* Every array that is picked is there. */
static bool has_picks(Zip z) {
  if (!read_directory(&z)) return false;
  const char **names = ARENA_ARRAY(z.e->arena, const char *, z.n), *all = "";
  for (int k = 0; k < z.n; k++) {
    names[k] = z.at[k].name;
    if (k < 8) all = arena_printf(z.e->arena, "%s%s`%s`", all, k ? ", " : "", names[k]);
  }
  for (int i = 0; i < z.n_picks; i++) {
    int k = 0;
    while (k < z.n && strcmp(names[k], z.picks[i].from) != 0) k++;
    if (k < z.n) continue;
    data_fail(z.e, DIAG_DATA_BROKEN, "`%s` has no array `%s`", z.name, z.picks[i].from);
    const char *near = diag_nearest(z.picks[i].from, names, z.n);
    if (near) data_help(z.e, "`%s`?", near);
    return data_found(z.e, "%s%s", all, z.n > 8 ? ", ..." : "");
  }
  return true;
}

bool npz_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataTable *out) {
  return read_members((Zip){.e = e, .name = name, .bytes = bytes, .size = size}, out);
}

bool npz_arrays(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataTable *out) {
  return read_members((Zip){.e = e, .name = name, .bytes = bytes, .size = size, .apart = true}, out);
}

bool npz_read(DataError *e, const DataFile *f, DataTable *out) {
  DataBlock bytes;
  *out = (DataTable){0};
  if (!data_read(e, f, &bytes)) return false;
  bool ok = npz_parse(e, f->name, bytes.at, bytes.size, out);
  data_block_free(&bytes);
  return ok;
}

bool npz_pick(DataError *e, const DataFile *f, const NpzPick *picks, int n, DataTable *out) {
  DataBlock bytes;
  *out = (DataTable){0};
  if (!data_read(e, f, &bytes)) return false;
  const Zip z = {
      .e = e, .name = f->name, .bytes = bytes.at, .size = bytes.size, .picks = picks, .n_picks = n};
  bool ok = has_picks(z) && read_members(z, out);
  data_block_free(&bytes);
  return ok;
}
