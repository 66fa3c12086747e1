/* PNG through libpng: grey or colours of 8 bits, palettes and fewer bits expanded, 16 bits cut to 8, opaque
 * alpha dropped and any other refused. Sizes are checked against what the file can hold before libpng
 * sees them: deflate never packs more than 1032 bytes into one. */
#include <png.h>
#include <setjmp.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "runtime/data/locate.h"
#include "runtime/data/table.h"

#define DEFLATE_MOST 1032
#define PNG_FILE_MAX ((size_t)1 << 30)

/* ---- one image --------------------------------------------------------------------------------- */

typedef struct Reader {
  DataError *e;
  const char *name;
  const unsigned char *bytes;
  size_t size, at;
  char message[128]; /* of libpng */
  png_structp png;
  png_infop info;
  size_t w, h, channels; /* as decoded: 1 or 3, plus alpha */
  bool alpha;
  unsigned char *pixels; /* decoded, with alpha */
  size_t n_pixels;       /* bytes of it */
  png_bytep *rows;
} Reader;

static png_voidp png_take(png_structp png, png_alloc_size_t size) {
  (void)png;
  return mem_alloc(size);
}

static void png_return(png_structp png, png_voidp p) {
  (void)png;
  mem_free(p);
}

static void png_failed(png_structp png, png_const_charp message) {
  Reader *r = png_get_error_ptr(png);
  size_t n = strlen(message);
  if (n >= sizeof r->message) n = sizeof r->message - 1;
  memcpy(r->message, message, n);
  r->message[n] = '\0';
  longjmp(png_jmpbuf(png), 1);
}

static void png_warned(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void png_input(png_structp png, png_bytep to, size_t n) {
  Reader *r = png_get_io_ptr(png);
  if (n > r->size - r->at) png_error(png, "the file ends too early");
  memcpy(to, r->bytes + r->at, n);
  r->at += n;
}

/* The header: only plain numbers are set after setjmp, and read through r. */
static bool start(Reader *r) {
  if (setjmp(png_jmpbuf(r->png))) return false;
  png_set_read_fn(r->png, r, png_input);
  png_set_user_limits(r->png, 1u << 20, 1u << 20);
  png_set_chunk_malloc_max(r->png, 1u << 23);
  png_set_chunk_cache_max(r->png, 64);
  png_set_crc_action(r->png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
  png_read_info(r->png, r->info);
  png_set_expand(r->png);
  png_set_strip_16(r->png);
  png_set_interlace_handling(r->png);
  png_read_update_info(r->png, r->info);
  r->w = png_get_image_width(r->png, r->info);
  r->h = png_get_image_height(r->png, r->info);
  int all = png_get_channels(r->png, r->info);
  r->alpha = all == 2 || all == 4;
  r->channels = (size_t)(r->alpha ? all - 1 : all);
  return true;
}

static bool decode(Reader *r) {
  if (setjmp(png_jmpbuf(r->png))) return false;
  png_read_image(r->png, r->rows);
  png_read_end(r->png, NULL);
  return true;
}

static bool png_damaged(const Reader *r) {
  data_fail(r->e, DIAG_DATA_BROKEN, "`%s` is damaged", r->name);
  return data_found(r->e, "libpng: %s", r->message);
}

static bool opaque(const Reader *r, unsigned char *out) {
  size_t all = r->channels + (r->alpha ? 1 : 0);
  for (size_t k = 0; k < r->w * r->h; k++) {
    const unsigned char *p = r->pixels + k * all;
    if (r->alpha && p[r->channels] != 255) {
      data_fail(r->e, DIAG_DATA_BROKEN, "`%s` has transparent pixels", r->name);
      data_found(r->e, "row %d, column %d", (int)(k / r->w), (int)(k % r->w));
      return data_help(r->e, "put it on a background of one colour first");
    }
    memcpy(out + k * r->channels, p, r->channels);
  }
  return true;
}

static bool read_pixels(Reader *r, DataHead *head, DataBlock *out) {
  size_t all = r->channels + (r->alpha ? 1 : 0);
  size_t plain = mem_mul(mem_mul(r->w, r->h), r->channels);
  if (plain / DEFLATE_MOST / 8 > r->size) {
    data_fail(r->e, DIAG_DATA_BROKEN, "`%s` cannot hold what its header says", r->name);
    data_expected(r->e, "%s x %s pixels", data_count(r->e->arena, r->h), data_count(r->e->arena, r->w));
    return data_found(r->e, "a file of %s bytes", data_count(r->e->arena, r->size));
  }
  DataBlock pixels = {0};
  if (!data_block(r->e, r->name, plain, out)) return false;
  if (r->alpha && !data_block(r->e, r->name, mem_mul(mem_mul(r->w, r->h), all), &pixels)) return false;
  r->pixels = r->alpha ? pixels.at : out->at;
  r->rows = mem_alloc(mem_mul(r->h, sizeof *r->rows));
  for (size_t k = 0; k < r->h; k++) r->rows[k] = r->pixels + k * r->w * all;
  bool ok = decode(r) || png_damaged(r);
  if (ok && r->alpha) ok = opaque(r, out->at);
  mem_free(r->rows);
  data_block_free(&pixels);
  *head = (DataHead){.rows = 1, .elem = DATA_U8, .rank = r->channels == 3 ? 3 : 2};
  head->dims[0] = (int64_t)r->h;
  head->dims[1] = (int64_t)r->w;
  head->dims[2] = r->channels == 3 ? 3 : 0;
  return ok;
}

/* Every chunk must lie in the file, because libpng takes memory for a chunk before it reads it; the last
 * one is IEND. */
static bool check_chunks(DataError *e, const char *name, const unsigned char *bytes, size_t size) {
  if (size < 8 || png_sig_cmp(bytes, 0, 8) != 0)
    return data_fail(e, DIAG_DATA_BROKEN, "`%s` is no png file", name);
  for (size_t at = 8;;) {
    size_t left = size - at, length = left < 12 ? SIZE_MAX : png_get_uint_32(bytes + at);
    if (left < 12 || length > left - 12) {
      data_fail(e, DIAG_DATA_BROKEN, "`%s` ends too early", name);
      data_expected(e, "chunks up to IEND");
      return data_found(e, "%s bytes", data_count(e->arena, size));
    }
    bool last = memcmp(bytes + at + 4, "IEND", 4) == 0;
    at += 12 + length;
    if (!last) continue;
    if (at == size) return true;
    data_fail(e, DIAG_DATA_BROKEN, "`%s` goes on after its end", name);
    return data_found(e, "%s bytes behind the image", data_count(e->arena, size - at));
  }
}

bool png_parse(DataError *e, const char *name, const unsigned char *bytes, size_t size, DataHead *head,
               DataBlock *out) {
  *out = (DataBlock){0};
  *head = (DataHead){0};
  if (!check_chunks(e, name, bytes, size)) return false;
  Reader r = {.e = e, .name = name, .bytes = bytes, .size = size};
  r.png =
      png_create_read_struct_2(PNG_LIBPNG_VER_STRING, &r, png_failed, png_warned, NULL, png_take, png_return);
  r.info = r.png ? png_create_info_struct(r.png) : NULL;
  bool ok = r.info ? start(&r) || png_damaged(&r) : data_fail(e, DIAG_INTERNAL, "libpng does not start");
  if (ok) ok = read_pixels(&r, head, out);
  png_destroy_read_struct(&r.png, &r.info, NULL);
  if (!ok) data_block_free(out);
  return ok;
}

/* ---- folders ------------------------------------------------------------------------------------ */

typedef struct Listed {
  const char *path, *name;
  int class;
} Listed;

typedef struct Folder {
  DataError *e;
  const DataFile *top;
  VEC(Listed) all;
  VEC(const char *) classes;
} Folder;

static bool is_png(const char *name) {
  size_t n = strlen(name);
  return n > 4 && (strcmp(name + n - 4, ".png") == 0 || strcmp(name + n - 4, ".PNG") == 0);
}

/* Files of one folder; class -1: the top, where subfolders may stand instead. */
static bool list_folder(Folder *f, const char *path, const char *name, int class) {
  char **names;
  int n;
  IoError io;
  Arena *a = f->e->arena;
  if (!io_list(a, path, &names, &n, &io)) return data_fail(f->e, DIAG_DATA_BROKEN, "%s", io_message(a, &io));
  for (int k = 0; k < n; k++) {
    if (names[k][0] == '.') continue;
    Listed one = {arena_printf(a, "%s/%s", path, names[k]), arena_printf(a, "%s/%s", name, names[k]), class};
    if (io_is_folder(one.path)) {
      if (class >= 0) return data_fail(f->e, DIAG_DATA_BROKEN, "`%s` is a folder inside a class", one.name);
      if (f->classes.n == DATA_MAX_CLASSES)
        return data_fail(f->e, DIAG_DATA_BROKEN, "`%s` has too many folders", name);
      vec_push(a, &f->classes, names[k]);
      continue;
    }
    if (!is_png(names[k])) {
      data_fail(f->e, DIAG_DATA_BROKEN, "`%s` is no .png file", one.name);
      return data_help(f->e, "only images may stand in the folder");
    }
    vec_push(a, &f->all, one);
  }
  return true;
}

static bool list_all(Folder *f) {
  if (!list_folder(f, f->top->path, f->top->name, -1)) return false;
  if (f->all.n > 0 && f->classes.n > 0) {
    data_fail(f->e, DIAG_DATA_BROKEN, "`%s` has images beside its folders", f->top->name);
    return data_found(f->e, "`%s`, `%s`", f->all.at[0].name, f->classes.at[0]);
  }
  for (int k = 0; k < f->classes.n; k++) {
    const char *name = f->classes.at[k];
    int before = f->all.n;
    const char *path = arena_printf(f->e->arena, "%s/%s", f->top->path, name);
    if (!data_is_below(f->e->arena, f->top->path, path))
      return data_fail(f->e, DIAG_DATA_BROKEN, "`%s/%s` leads out of its folder", f->top->name, name);
    if (!list_folder(f, path, arena_printf(f->e->arena, "%s/%s", f->top->name, name), k)) return false;
    if (f->all.n == before) return data_fail(f->e, DIAG_DATA_BROKEN, "`%s/%s` is empty", f->top->name, name);
  }
  if (f->all.n > 0) return true;
  return data_fail(f->e, DIAG_DATA_BROKEN, "`%s` holds no images", f->top->name);
}

static bool read_image(const Folder *f, const Listed *one, DataHead *head, DataBlock *out) {
  IoError io;
  IoData d;
  DataError *e = f->e;
  if (!data_is_below(e->arena, f->top->path, one->path))
    return data_fail(e, DIAG_DATA_BROKEN, "`%s` leads out of its folder", one->name);
  if (!io_read_large(one->path, PNG_FILE_MAX, &d, &io))
    return data_fail(e, DIAG_DATA_BROKEN, "%s", io_message(e->arena, &io));
  bool ok = png_parse(e, one->name, d.bytes, d.size, head, out);
  io_free_large(&d);
  return ok;
}

static const char *size_text(Arena *a, const DataHead *h) {
  return arena_printf(a, "%d x %d, %s", (int)h->dims[0], (int)h->dims[1], h->rank == 3 ? "colours" : "grey");
}

/* The first image says how large all of them are. */
static bool read_images(const Folder *f, DataColumn *image) {
  DataHead first = {0}, head;
  for (int k = 0; k < f->all.n; k++) {
    DataBlock pixels;
    if (!read_image(f, &f->all.at[k], &head, &pixels)) return false;
    bool ok = true;
    if (k == 0) {
      first = head;
      image->rank = head.rank;
      image->row_size = pixels.size;
      memcpy(image->dims, head.dims, sizeof image->dims);
      ok = data_block(f->e, f->top->name, mem_mul((size_t)f->all.n, pixels.size), &image->block);
    } else if (memcmp(&first, &head, sizeof head) != 0) {
      ok = data_fail(f->e, DIAG_DATA_BROKEN, "the images of `%s` differ in size", f->top->name);
      data_expected(f->e, "%s, as `%s`", size_text(f->e->arena, &first), f->all.at[0].name);
      data_found(f->e, "%s in `%s`", size_text(f->e->arena, &head), f->all.at[k].name);
    }
    if (ok) memcpy(image->block.at + (size_t)k * image->row_size, pixels.at, image->row_size);
    data_block_free(&pixels);
    if (!ok) return false;
  }
  return true;
}

bool png_read(DataError *e, const DataFile *folder, DataTable *out) {
  Folder f = {.e = e, .top = folder};
  *out = (DataTable){0};
  if (!list_all(&f)) return false;
  DataColumn *c = ARENA_ARRAY(e->arena, DataColumn, 2);
  c[0] = (DataColumn){.name = "image", .elem = DATA_U8, .high = 255};
  c[1] = (DataColumn){.name = "label", .elem = DATA_LABEL, .row_size = 1};
  *out = (DataTable){.rows = f.all.n, .n = f.classes.n > 0 ? 2 : 1, .at = c};
  bool ok = read_images(&f, &c[0]);
  if (ok && out->n == 2) {
    c[1].n_classes = f.classes.n;
    c[1].classes = f.classes.at;
    ok = data_block(e, folder->name, mem_mul((size_t)f.all.n, sizeof(int32_t)), &c[1].block);
    for (int k = 0; ok && k < f.all.n; k++) column_label(&c[1])[k] = f.all.at[k].class;
  }
  if (!ok) table_free(out);
  return ok;
}
