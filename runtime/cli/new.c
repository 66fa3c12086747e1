/* `qgn new KIND FOLDER`: a script to begin with, from stdlib/new/KIND.qgn. */
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

#define TEMPLATE_LIMIT ((size_t)1 << 20)

/* The kinds that there are, and as text. */
static int kinds(Arena *a, const char *folder, const char **names, int most, const char **list) {
  char **files;
  int n = 0, found = 0;
  IoError e;
  *list = "";
  if (folder == NULL || !io_list(a, arena_printf(a, "%s/new", folder), &files, &n, &e)) return 0;
  for (int i = 0; i < n && found < most; i++) {
    const size_t len = strlen(files[i]);
    if (len < 5 || strcmp(files[i] + len - 4, ".qgn") != 0) continue;
    names[found] = arena_strn(a, files[i], len - 4);
    *list = arena_printf(a, "%s%s%s", *list, found > 0 ? ", " : "", names[found]);
    found++;
  }
  return found;
}

static int fail(Cli *c, Span at, const char *text, const char *help) {
  cli_usage(c, at, "%s", text);
  if (help) diag_help(c->sink->all.at[c->sink->all.n - 1], "%s", help);
  return cli_code(c);
}

static int write_script(Cli *c, const char *from, const char *folder) {
  Arena *a = c->arena;
  IoData text;
  IoError e;
  const char *to = arena_printf(a, "%s/main.qgn", folder);
  if (io_exists(to))
    return fail(c, c->operand_spans.at[1], arena_printf(a, "`%s` is there already", to),
                "name another folder");
  if (!io_read_file(a, from, TEMPLATE_LIMIT, &text, &e)) {
    diag_add(c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "%s", io_message(a, &e));
    return cli_code(c);
  }
  if (!io_make_folder(folder, &e) || !io_write_file(to, text.bytes, text.size, &e)) {
    diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(a, &e));
    return cli_code(c);
  }
  if (!c->given[OPT_QUIET]) printf("%s\nqgn run %s\n", to, folder);
  return 0;
}

int cli_verb_new(Cli *c) {
  Arena *a = c->arena;
  const char *names[64], *list, *folder = cli_stdlib(a);
  const int n = kinds(a, folder, names, 64, &list);
  if (n == 0) return fail(c, SPAN_NONE, "the library's folder `stdlib` is not beside the program", NULL);
  const char *help = arena_printf(a, "kinds are %s: `qgn new %s my_experiment`", list, names[0]);
  if (c->operands.n != 2) return fail(c, c->line, "`qgn new` wants a kind and a folder", help);
  for (int i = 0; i < n; i++)
    if (strcmp(names[i], c->operands.at[0]) == 0)
      return write_script(c, arena_printf(a, "%s/new/%s.qgn", folder, names[i]), c->operands.at[1]);
  const char *near = diag_nearest(c->operands.at[0], names, n);
  if (near) help = arena_printf(a, "did you mean `qgn new %s %s`?", near, c->operands.at[1]);
  return fail(c, c->operand_spans.at[0],
              arena_printf(a, "there is no script of the kind `%s`", c->operands.at[0]), help);
}
