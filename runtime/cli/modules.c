/* Where modules are found: files beside the script that uses them, inside the project, and the
 * library's folder. The project is the folder of the script, or the repository around it. */
#define _GNU_SOURCE
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

#define MODULE_LIMIT ((size_t)16 << 20)

static char *folder_of(Arena *a, const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return arena_str(a, ".");
  return slash == path ? arena_str(a, "/") : arena_strn(a, path, (size_t)(slash - path));
}

static bool is_inside(const char *path, const char *folder) {
  const size_t n = strlen(folder);
  return strcmp(folder, "/") == 0 || (strncmp(path, folder, n) == 0 && path[n] == '/');
}

/* The nearest folder above with a .git, else the script's own. */
static const char *project_root(Arena *a, const char *folder) {
  for (const char *at = folder;; at = folder_of(a, at)) {
    if (io_exists(arena_printf(a, "%s/.git", at))) return at;
    if (strcmp(at, "/") == 0) return folder;
  }
}

/* Both absolute and without links: `../lib/x.qgn`. */
static const char *relative(Arena *a, const char *path, const char *folder) {
  const char *up = "";
  for (; !is_inside(path, folder); folder = folder_of(a, folder)) up = arena_printf(a, "%s../", up);
  return arena_printf(a, "%s%s", up, path + (strcmp(folder, "/") == 0 ? 1 : strlen(folder) + 1));
}

static bool refuse(SemaModule *out, const char *problem) {
  out->problem = problem;
  return false;
}

static const char *nearest_file(Arena *a, const char *folder, const char *name) {
  char **names;
  int n;
  IoError e;
  if (!io_list(a, folder, &names, &n, &e)) return NULL;
  return diag_nearest(name, (const char *const *)names, n);
}

static bool read_text(Arena *a, const char *path, const char *name, SemaModule *out) {
  IoData data;
  IoError e;
  if (!io_read_file(a, path, MODULE_LIMIT, &data, &e)) {
    if (e.kind == IO_FOLDER) return refuse(out, arena_printf(a, "`%s` is a folder, no module", name));
    if (e.kind == IO_NOT_REGULAR) return refuse(out, arena_printf(a, "`%s` is no regular file", name));
    return refuse(out, io_message(a, &e));
  }
  out->id = path;
  out->text = (const char *)data.bytes;
  out->size = data.size;
  return true;
}

static bool read_library(Arena *a, const char *name, SemaModule *out) {
  const char *folder = cli_stdlib(a), *stem = name + 4;
  if (strncmp(name, "std.", 4) != 0 || strchr(stem, '.') != NULL) {
    out->problem =
        arena_printf(a, "there is no module `%s`: those of the library are called `std.NAME`", name);
    return false;
  }
  if (folder == NULL) return refuse(out, "the library's folder `stdlib` is not beside the program");
  const char *path = arena_printf(a, "%s/std/%s.qgn", folder, stem);
  if (!io_exists(path)) {
    const char *near = nearest_file(a, arena_printf(a, "%s/std", folder), arena_printf(a, "%s.qgn", stem));
    if (near != NULL) out->near = arena_printf(a, "std.%.*s", (int)strlen(near) - 4, near);
    return refuse(out, arena_printf(a, "the library has no module `%s`", name));
  }
  out->shown = arena_printf(a, "<%s>", name);
  out->listed = arena_str(a, name);
  return read_text(a, path, name, out);
}

const char *cli_project_path(Arena *a, const char *path) {
  const char *real = io_real_path(a, path);
  return real ? relative(a, real, project_root(a, folder_of(a, real))) : path;
}

bool cli_read_module(void *ctx, Arena *a, const char *from, const char *name, bool is_library,
                     SemaModule *out) {
  const char *script = ctx;
  *out = (SemaModule){0};
  if (is_library) return read_library(a, name, out);
  if (*name == '\0') return refuse(out, "the name of the module is empty");
  if (*name == '/')
    return refuse(
        out, arena_printf(a, "`%s` is absolute; a module's path is relative to the file that uses it", name));
  if (strcmp(from, SRC_REPL) == 0) from = script; /* the prompt, or what was loaded there */
  if (*from == '<' && strcmp(from, SRC_REPL) != 0)
    return refuse(out, "a module of the library uses those of the library only");
  const char *path = arena_printf(a, "%s/%s", folder_of(a, from), name), *real = io_real_path(a, path);
  const char *home = io_real_path(a, folder_of(a, script));
  if (real == NULL || home == NULL) {
    const char *folder = folder_of(a, path), *slash = strrchr(name, '/');
    const char *near = nearest_file(a, folder, slash != NULL ? slash + 1 : name);
    if (near != NULL) out->near = arena_printf(a, "%.*s%s", slash ? (int)(slash - name) + 1 : 0, name, near);
    return refuse(out, arena_printf(a, "there is no module `%s`", name));
  }
  if (!is_inside(real, project_root(a, home)))
    return refuse(out, arena_printf(a, "`%s` is outside of the project", name));
  out->listed = relative(a, real, home);
  const char *shown = folder_of(a, script);
  out->shown = strchr(script, '/') == NULL ? out->listed : arena_printf(a, "%s/%s", shown, out->listed);
  return read_text(a, real, name, out);
}
