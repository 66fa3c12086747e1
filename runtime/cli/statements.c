/* The hash of what a script and its modules say: comments, layout and reports have no part in it. */
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

static bool is_script(const char *name) {
  const size_t n = strlen(name);
  return strncmp(name, "std.", 4) == 0 || (n > 4 && strcmp(name + n - 4, ".qgn") == 0);
}

static const char *one_of(Arena *a, const Import *m) {
  const Source *src = is_script(m->name) ? src_add(m->name, m->text, m->size) : NULL;
  const char *said = src ? parse_statements(a, src, diag_sink(a)) : NULL;
  char hex[65];
  if (said == NULL) return m->sha256;
  io_sha256(said, strlen(said), hex);
  return arena_str(a, hex);
}

const char *cli_statements(Cli *c, const CliScript *script, const Program *p) {
  Arena *a = c->arena;
  const char *said = parse_statements(a, script->source, diag_sink(a));
  char hex[65];
  if (said == NULL) return "";
  const char *all = arena_printf(a, "script %zu\n%s", strlen(said), said);
  for (int i = 0; i < p->imports.n; i++) {
    const Import *m = &p->imports.at[i];
    all = arena_printf(a, "%simport %zu %s %s\n", all, strlen(m->name), m->name, one_of(a, m));
  }
  io_sha256(all, strlen(all), hex);
  return arena_str(a, hex);
}
