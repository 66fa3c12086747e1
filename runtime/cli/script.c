#define _GNU_SOURCE
#include <limits.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

#define SCRIPT_LIMIT ((size_t)16 << 20)
#define NAME_LIMIT 64

static const char *last_part(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* Only letters, digits, `_`, `-` and `.` not in front: a name that is safe in any file system. */
static char *safe_name(Arena *a, const char *s, size_t n) {
  if (n > NAME_LIMIT) n = NAME_LIMIT;
  char *out = arena_strn(a, s, n);
  for (size_t i = 0; i < n; i++) {
    unsigned char ch = (unsigned char)out[i];
    bool fine = (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') ||
                ch == '_' || ch == '-' || (ch == '.' && i > 0);
    if (!fine) out[i] = '_';
  }
  return n ? out : arena_str(a, "script");
}

const char *cli_run_name(Arena *a, const char *path) {
  const char *file = last_part(path);
  size_t n = strlen(file);
  if (strcmp(file, "main.qgn") != 0) {
    if (n > 4 && strcmp(file + n - 4, ".qgn") == 0) n -= 4;
    return safe_name(a, file, n);
  }
  char *folder = file == path ? arena_str(a, ".") : arena_strn(a, path, (size_t)(file - path));
  char real[PATH_MAX];
  const char *name = last_part(realpath(folder, real) ? real : folder);
  return safe_name(a, name, strlen(name));
}

static bool refuse(Cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static bool refuse(Cli *c, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  diag_add(c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "%s", arena_vprintf(c->arena, fmt, ap));
  va_end(ap);
  return false;
}

static bool refuse_no_script(Cli *c, const char *text) {
  Diag *d = diag_add(c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "%s", text);
  diag_help(d, "name a text file, or a folder with a main.qgn");
  return false;
}

static bool refuse_io(Cli *c, const char *path, const IoError *e) {
  switch (e->kind) {
  case IO_MISSING: {
    const char *with = arena_printf(c->arena, "%s.qgn", path);
    refuse(c, "there is no script `%s`", path);
    if (io_exists(with)) diag_help(c->sink->all.at[c->sink->all.n - 1], "did you mean `%s`?", with);
    return false;
  }
  case IO_DENIED: return refuse(c, "no permission to read the script `%s`", path);
  case IO_FOLDER: return refuse(c, "`%s` is a folder, no script", path);
  case IO_NOT_REGULAR: return refuse_no_script(c, arena_printf(c->arena, "`%s` is no regular file", path));
  case IO_TOO_LARGE: return refuse(c, "`%s` is too large for a script (at most 16 MB)", path);
  case IO_CHANGED: return refuse(c, "`%s` changed while it was read", path);
  case IO_NO_SPACE:
  case IO_FAILED:
  case IO_OK: break;
  }
  diag_add(c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "%s", io_message(c->arena, e));
  return false;
}

/* Programs, pictures, archives: one message instead of one for each odd byte. A text with a
 * stray NUL is none of these; the scanner names its place. */
static bool is_binary(const IoData *data) {
  static const char *const magic[] = {"\177ELF",      "\211PNG", "\037\213", "PK\003\004",
                                      "\377\330\377", "BZh",     "GIF8",     "%PDF"};
  for (size_t i = 0; i < sizeof magic / sizeof *magic; i++) {
    size_t n = strlen(magic[i]);
    if (data->size >= n && memcmp(data->bytes, magic[i], n) == 0) return true;
  }
  size_t look = data->size < 4096 ? data->size : 4096, odd = 0;
  for (size_t i = 0; i < look; i++) {
    unsigned char ch = data->bytes[i];
    if (ch < ' ' && ch != '\n' && ch != '\r' && ch != '\t') odd++;
  }
  return odd > 8 && odd * 10 > look;
}

/* Whether the name is that of another kind of file, which as a script would be one error a line. */
static bool is_no_script(const char *file) {
  static const char *const ends[] = {".csv", ".tsv", ".json", ".jsonl", ".html", ".md", ".py", ".ipynb"};
  const char *dot = strrchr(file, '.');
  for (size_t i = 0; dot != NULL && i < sizeof ends / sizeof *ends; i++)
    if (strcmp(dot, ends[i]) == 0) return true;
  return false;
}

static bool refuse_other(Cli *c, const char *file) {
  Diag *d = diag_add(c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "`%s` is no script", file);
  if (strcmp(strrchr(file, '.'), ".csv") == 0 || strcmp(strrchr(file, '.'), ".tsv") == 0)
    diag_help(
        d, "data are read in a script: `dataset d { csv(\"%s\") }`; `qgn data show %s` says what is in them",
        file, file);
  else diag_help(d, "scripts are files that end in .qgn");
  return false;
}

bool cli_read_script(Cli *c, const char *path, CliScript *out) {
  IoError e;
  IoData data;
  char *file = arena_str(c->arena, path);
  if (*path == '\0') return refuse(c, "the script's name is empty");
  if (io_is_folder(path)) {
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/') n--;
    char *folder = arena_strn(c->arena, path, n);
    file = strcmp(folder, "/") == 0 ? arena_str(c->arena, "/main.qgn")
                                    : arena_printf(c->arena, "%s/main.qgn", folder);
    if (!io_exists(file))
      return refuse_no_script(c, arena_printf(c->arena, "the folder `%s` has no main.qgn", folder));
  }
  if (!io_read_file(c->arena, file, SCRIPT_LIMIT, &data, &e)) return refuse_io(c, file, &e);
  if (is_no_script(file)) return refuse_other(c, file);
  if (is_binary(&data)) return refuse(c, "`%s` is a binary file, no script", file);
  out->path = file;
  out->name = cli_run_name(c->arena, file);
  out->source = src_add(file, (const char *)data.bytes, data.size);
  return out->source || refuse(c, "`%s` is too large for a script", file);
}

Program *cli_elaborate(Cli *c, const CliScript *script, AstNode **tree) {
  AstNode *parsed = NULL;
  ParseResult result = parse_source(c->arena, script->source, c->sink, false, &parsed, NULL);
  if (tree) *tree = parsed;
  if (result != PARSE_OK) return NULL;
  const SemaOptions options = cli_sema_options(c, script->path);
  return sema_elaborate(c->arena, parsed, &options, c->sink);
}

Program *cli_load(Cli *c, const char *path, CliScript *script, AstNode **tree) {
  return cli_read_script(c, path, script) ? cli_elaborate(c, script, tree) : NULL;
}

Cli cli_trial(Cli *c) {
  const Cli before = *c;
  c->arena = arena_new();
  c->sink = diag_sink(c->arena);
  c->sets.at = ARENA_ARRAY(c->arena, CliSet, before.sets.n + 1);
  c->sets.cap = before.sets.n + 1;
  if (before.sets.n > 0) memcpy(c->sets.at, before.sets.at, (size_t)before.sets.n * sizeof(CliSet));
  return before;
}
