#include "runtime/data/locate.h"
#include <string.h>
#include "lang/base/io.h"

#define N_PLACES 4

/* Relative, no empty part, no `.` or `..`. */
static bool is_plain(const char *name) {
  for (const char *p = name;; p++) {
    size_t n = strcspn(p, "/");
    if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.')) return false;
    p += n;
    if (*p == '\0') return true;
  }
}

bool data_is_below(Arena *a, const char *root, const char *path) {
  const char *real_root = io_real_path(a, root), *real = io_real_path(a, path);
  if (!real_root || !real) return false;
  size_t n = strlen(real_root);
  if (n > 0 && real_root[n - 1] == '/') n--;
  return strncmp(real, real_root, n) == 0 && real[n] == '/';
}

/* What is at path must be what is wanted. */
static bool check_kind(DataError *e, const char *path, const char *name, bool folder) {
  if (io_is_folder(path)) {
    if (folder) return true;
    return data_fail(e, DIAG_DATA_BROKEN, "`%s` is a folder, not a file", name);
  }
  IoError io;
  unsigned char none;
  size_t got;
  uint64_t size;
  if (folder) return data_fail(e, DIAG_DATA_BROKEN, "`%s` is no folder", name);
  if (io_read_head(path, &none, 0, &got, &size, &io)) return true;
  if (io.kind == IO_NOT_REGULAR) return data_fail(e, DIAG_DATA_BROKEN, "`%s` is no regular file", name);
  return data_fail(e, DIAG_DATA_BROKEN, "%s", io_message(e->arena, &io));
}

static bool bad_name(DataError *e, const char *name) {
  data_fail(e, DIAG_DATA_BROKEN, "`%s` may not be read", name);
  data_expected(e, "a path below the data folder: relative, without `.` and `..`");
  return data_help(e, "name the folder with --data, and the file in it here");
}

bool data_locate(DataError *e, const DataPlaces *places, const char *name, bool folder, DataFile *out) {
  *out = (DataFile){0};
  if (!is_plain(name)) return bad_name(e, name);
  Arena *a = e->arena;
  const char *home = places->home && *places->home ? arena_printf(a, "%s/qgn", places->home) : NULL;
  const char *roots[N_PLACES] = {places->script, places->option, places->env, home};
  const char *looked = "";
  for (int k = 0; k < N_PLACES; k++) {
    if (!roots[k] || !*roots[k]) continue;
    const char *path = arena_printf(a, "%s/%s", roots[k], name);
    if (io_exists(path)) {
      if (!data_is_below(a, roots[k], path)) {
        data_fail(e, DIAG_DATA_BROKEN, "`%s` leads out of its folder", name);
        return data_found(e, "a link to %s", io_real_path(a, path) ? io_real_path(a, path) : "nothing");
      }
      if (!check_kind(e, path, name, folder)) return false;
      *out = (DataFile){io_real_path(a, path), arena_str(a, name)};
      return true;
    }
    looked = arena_printf(a, "%s%s%s", looked, *looked ? ", " : "", path);
  }
  data_fail(e, DIAG_DATA_MISSING, "`%s` is not there", name);
  data_found(e, *looked ? "nothing at %s" : "no place to look at%s", looked);
  if (strncmp(name, "mnist/", 6) == 0 || strncmp(name, "fashion-mnist/", 14) == 0)
    return data_help(e, "`make data` fetches it");
  return data_help(e, "put it beside the script, or name its folder with --data DIR or $QGN_DATA");
}
