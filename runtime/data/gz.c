/* Inflating with limits. zlib takes its memory through mem.h and only ever sees sizes below 2^30. */
#include <string.h>
#include <zlib.h>
#include "lang/base/mem.h"
#include "runtime/data/table.h"

#define PIECE ((size_t)1 << 30)
#define RATIO_FROM ((size_t)100 * 1000 * 1000) /* below this, any ratio is fine */
#define RATIO 1000
#define GZIP_WINDOW (15 + 16) /* the largest window, with gzip's head and checks */

static void *z_alloc(void *ctx, unsigned n, unsigned size) {
  (void)ctx;
  return mem_alloc(mem_mul(n, size));
}

static void z_free(void *ctx, void *p) {
  (void)ctx;
  mem_free(p);
}

static bool z_start(DataError *e, z_stream *z, int window) {
  *z = (z_stream){.zalloc = z_alloc, .zfree = z_free};
  return inflateInit2(z, window) == Z_OK || data_fail(e, DIAG_INTERNAL, "zlib does not start");
}

/* Where the compressed bytes end and where the next byte goes. */
typedef struct Flow {
  const unsigned char *in;
  size_t in_left;
  unsigned char *out;
  size_t out_left;
} Flow;

/* Inflates until a member ends (Z_STREAM_END), the room is full or the input is used up (Z_BUF_ERROR),
 * or something is wrong. */
static int pump(z_stream *z, Flow *f) {
  for (;;) {
    size_t in = f->in_left < PIECE ? f->in_left : PIECE, out = f->out_left < PIECE ? f->out_left : PIECE;
    z->next_in = (Bytef *)f->in;
    z->avail_in = (uInt)in;
    z->next_out = f->out;
    z->avail_out = (uInt)out;
    int status = inflate(z, Z_NO_FLUSH);
    size_t used = in - z->avail_in, made = out - z->avail_out;
    f->in += used;
    f->in_left -= used;
    f->out += made;
    f->out_left -= made;
    if (status != Z_OK) return status;
    if (used + made == 0) return Z_BUF_ERROR;
  }
}

static bool is_gzip(const unsigned char *bytes, size_t size) {
  return size >= 2 && bytes[0] == 0x1f && bytes[1] == 0x8b;
}

static bool not_gzip(DataError *e, const char *name, const unsigned char *bytes, size_t size) {
  data_fail(e, DIAG_DATA_BROKEN, "`%s` is no gzip file", name);
  data_expected(e, "the bytes 1f 8b at its beginning");
  if (size < 2) return data_found(e, "%d bytes in all", (int)size);
  data_found(e, "%02x %02x", bytes[0], bytes[1]);
  return data_help(e, "if it was unpacked already, take `.gz` off its name");
}

static uint32_t little(const unsigned char *p) {
  return p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* A member that zlib rejects: which of its parts is wrong. */
static bool bad_member(DataError *e, const char *name, const z_stream *z, size_t offset, size_t made) {
  const char *why = z->msg ? z->msg : "";
  if (strcmp(why, "incorrect data check") == 0) {
    data_fail(e, DIAG_DATA_BROKEN, "the checksum of `%s` is wrong", name);
    return data_found(e, "%s bytes that are not those that were packed", data_count(e->arena, made));
  }
  if (strcmp(why, "incorrect length check") == 0) {
    data_fail(e, DIAG_DATA_BROKEN, "the size of `%s` is not the one at its end", name);
    return data_found(e, "%s bytes", data_count(e->arena, made));
  }
  data_fail(e, DIAG_DATA_BROKEN, "`%s` is damaged at byte %s", name, data_count(e->arena, offset));
  return data_found(e, "%s", *why ? why : "a dictionary that is not there");
}

static bool ends_early(DataError *e, const char *name, size_t size, size_t made) {
  data_fail(e, DIAG_DATA_BROKEN, "`%s` ends too early", name);
  return data_found(e, "%s bytes, which give %s unpacked", data_count(e->arena, size),
                    data_count(e->arena, made));
}

/* More room: twice as much, up to what may come out of `packed` bytes. */
static bool grow(DataError *e, const char *name, size_t packed, DataBlock *b) {
  size_t most = mem_mul(packed, RATIO);
  if (most < RATIO_FROM) most = RATIO_FROM;
  if (most > DATA_LIMIT) most = DATA_LIMIT;
  if (b->size >= most) {
    data_fail(e, DIAG_DATA_BROKEN, "`%s` unpacks to too much", name);
    data_expected(e, "at most %s bytes and, above 100 MB, at most %d times its size",
                  data_count(e->arena, DATA_LIMIT), RATIO);
    return data_found(e, "%s bytes that give more than %s", data_count(e->arena, packed),
                      data_count(e->arena, b->size));
  }
  DataBlock more;
  if (!data_block(e, name, b->size < most / 2 ? 2 * b->size : most, &more)) return false;
  memcpy(more.at, b->at, b->size);
  data_block_free(b);
  *b = more;
  return true;
}

/* The size field at the end is only a hint: at most what this much input usually gives is believed. */
static size_t first_room(const unsigned char *bytes, size_t size) {
  size_t hint = size >= 18 ? little(bytes + size - 4) : 0, most = mem_add(mem_mul(size, 16), 4096);
  if (hint > most) hint = most;
  if (hint > DATA_LIMIT) hint = DATA_LIMIT;
  return hint < 64 ? 64 : hint;
}

static bool inflate_members(DataError *e, const char *name, z_stream *z, const unsigned char *bytes,
                            size_t size, DataBlock *out) {
  Flow f = {bytes, size, out->at, out->size};
  for (;;) {
    int status = pump(z, &f);
    size_t made = out->size - f.out_left;
    if (status == Z_BUF_ERROR && f.out_left == 0) {
      if (!grow(e, name, size, out)) return false;
      f.out = out->at + made;
      f.out_left = out->size - made;
      continue;
    }
    if (status == Z_BUF_ERROR) return ends_early(e, name, size, made);
    if (status != Z_STREAM_END) return bad_member(e, name, z, size - f.in_left, made);
    if (f.in_left == 0) break;
    if (!is_gzip(f.in, f.in_left)) {
      data_fail(e, DIAG_DATA_BROKEN, "`%s` goes on after its end", name);
      return data_found(e, "%s bytes behind the packed data", data_count(e->arena, f.in_left));
    }
    inflateReset(z);
  }
  out->size -= f.out_left;
  return true;
}

bool gz_inflate(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataBlock *out) {
  *out = (DataBlock){0};
  if (!is_gzip(bytes, size)) return not_gzip(e, name, bytes, size);
  z_stream z;
  if (!data_block(e, name, first_room(bytes, size), out)) return false;
  bool ok = z_start(e, &z, GZIP_WINDOW);
  if (ok) {
    ok = inflate_members(e, name, &z, bytes, size, out);
    inflateEnd(&z);
  }
  if (!ok) data_block_free(out);
  return ok;
}

bool gz_head(DataError *e, const char *name, const unsigned char *bytes, size_t size, void *out, size_t cap,
             size_t *got) {
  if (!is_gzip(bytes, size)) return not_gzip(e, name, bytes, size);
  z_stream z;
  if (!z_start(e, &z, GZIP_WINDOW)) return false;
  Flow f = {bytes, size, out, cap};
  int status = pump(&z, &f);
  while (status == Z_STREAM_END && f.out_left > 0 && is_gzip(f.in, f.in_left)) { /* the next member */
    inflateReset(&z);
    status = pump(&z, &f);
  }
  *got = cap - f.out_left;
  bool ok = f.out_left == 0 || status == Z_STREAM_END;
  if (!ok && status == Z_BUF_ERROR) ends_early(e, name, size, *got);
  else if (!ok) bad_member(e, name, &z, size - f.in_left, *got);
  inflateEnd(&z);
  return ok;
}

bool gz_raw(DataError *e, const char *name, const unsigned char *bytes, size_t size, unsigned char *out,
            size_t out_size) {
  z_stream z;
  if (!z_start(e, &z, -15)) return false;
  Flow f = {bytes, size, out, out_size};
  unsigned char beyond;
  int status = pump(&z, &f);
  if (status == Z_BUF_ERROR && f.out_left == 0) { /* the end mark may still be to come */
    f.out = &beyond;
    f.out_left = 1;
    status = pump(&z, &f);
    if (f.out_left == 0) status = Z_DATA_ERROR;
    f.out_left = 0;
  }
  bool ok = status == Z_STREAM_END && f.out_left == 0 && f.in_left == 0;
  inflateEnd(&z);
  if (ok) return true;
  data_fail(e, DIAG_DATA_BROKEN, "`%s` is damaged", name);
  data_expected(e, "%s bytes from %s packed ones", data_count(e->arena, out_size),
                data_count(e->arena, size));
  return data_found(e, "%s bytes", data_count(e->arena, out_size - f.out_left));
}
