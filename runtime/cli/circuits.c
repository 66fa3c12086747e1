/* What the verbs that look at circuits share: draw, export, specs. */
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

static const CircuitView *find_view(Cli *c, const Program *p, const char *name, const CliScript *script) {
  const char **names = ARENA_ARRAY(c->arena, const char *, p->circuits.n + 1), *list = "";
  int n = 0;
  for (int i = 0; i < p->circuits.n; i++) {
    const CircuitView *v = &p->circuits.at[i];
    if (name != NULL && strcmp(v->name, name) == 0) return v;
    names[n++] = v->name;
    if (n <= 8) list = arena_printf(c->arena, "%s%s`%s`", list, n > 1 ? ", " : "", v->name);
  }
  if (name == NULL && n == 1) return &p->circuits.at[0];
  if (n == 0) {
    cli_usage(c, c->line, "%s has no circuit whose sizes are all in its signature", script->path);
    return NULL;
  }
  const char *near = name != NULL ? diag_nearest(name, names, n) : NULL;
  if (name == NULL) cli_usage(c, c->line, "which circuit of %s?", script->path);
  else cli_usage(c, c->operand_spans.at[1], "%s has no circuit `%s`", script->path, name);
  Diag *d = c->sink->all.at[c->sink->all.n - 1];
  if (near != NULL) diag_help(d, "did you mean `%s`?", near);
  else diag_help(d, "it has %s%s", list, n > 8 ? ", ..." : "");
  return NULL;
}

Program *cli_load_circuit(Cli *c, CliScript *script, const CircuitView **view, bool all, int *code) {
  *view = NULL;
  *code = 2;
  if (c->operands.n == 0 || c->operands.n > 2) {
    const VerbInfo *v = &verb_info[c->verb];
    cli_usage(c, c->operands.n > 2 ? c->operand_spans.at[2] : c->line,
              "`qgn %s` takes a script and a circuit of it", v->name);
    diag_help(c->sink->all.at[c->sink->all.n - 1], "%s", v->example);
    return NULL;
  }
  Program *p = cli_load(c, c->operands.at[0], script, NULL);
  *code = cli_code(c);
  if (p == NULL || *code != 0) return NULL;
  const char *name = c->operands.n > 1 ? c->operands.at[1] : NULL;
  if (all && name == NULL) return p;
  *view = find_view(c, p, name, script);
  *code = cli_code(c);
  return *view != NULL ? p : NULL;
}

int cli_put_text(Cli *c, const char *text) {
  IoError e;
  if (!c->given[OPT_OUTPUT]) {
    fputs(text, stdout);
  } else if (!io_write_file(c->value[OPT_OUTPUT], text, strlen(text), &e)) {
    diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(c->arena, &e));
  }
  return cli_code(c);
}
