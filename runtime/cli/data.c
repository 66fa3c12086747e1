/* What the checker asks of the world outside the script: modules, --set, the heads of data files. */
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/cli.h"
#include "runtime/cli/doc.h"
#include "runtime/data/source.h"

static const char *folder_of(Arena *a, const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? arena_strn(a, path, slash == path ? 1 : (size_t)(slash - path)) : ".";
}

DataPlaces cli_data_places(const Cli *c, const char *script) {
  const char *home = getenv("XDG_DATA_HOME"), *user = getenv("HOME");
  DataPlaces p = {
      .script = folder_of(c->arena, script), .option = c->value[OPT_DATA], .env = getenv("QGN_DATA")};
  if (home && *home) p.home = home;
  else if (user && *user) p.home = arena_printf(c->arena, "%s/.local/share", user);
  return p;
}

static bool read_head(void *ctx, Arena *a, Dataset *d, DataProblem *problem) {
  DataError e = {.arena = a};
  if (source_head(&e, ctx, d)) return true;
  *problem = (DataProblem){e.code, e.text, e.expected, e.found, e.help};
  return false;
}

SemaOptions cli_sema_options(const Cli *c, const char *script) {
  SemaSet *sets = ARENA_ARRAY(c->arena, SemaSet, c->sets.n + 1);
  for (int i = 0; i < c->sets.n; i++)
    sets[i] = (SemaSet){c->sets.at[i].name, c->sets.at[i].name_span, c->sets.at[i].value};
  DataPlaces *places = ARENA_NEW(c->arena, DataPlaces);
  *places = cli_data_places(c, script);
  return (SemaOptions){.sets = sets,
                       .n_sets = c->sets.n,
                       .read = cli_read_module,
                       .read_ctx = (void *)script,
                       .head = read_head,
                       .head_ctx = places,
                       .module_of = doc_module_of,
                       .point = c->point};
}
