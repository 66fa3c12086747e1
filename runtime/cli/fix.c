/* `qgn fix`: applies the changes that messages are certain about, again and again, since one error can hide
 * another. A change after which its message is still there is not kept. The file is written once, at the end.
 */
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

#define ROUNDS 20

static int by_place(const void *a, const void *b) {
  const Diag *x = *(const Diag *const *)a, *y = *(const Diag *const *)b;
  return x->fix_span.begin < y->fix_span.begin ? -1 : x->fix_span.begin > y->fix_span.begin;
}

/* Sure fixes inside the script, by place, without those that overlap an earlier one. */
static int collect(const Cli *c, const Source *source, const Diag **out) {
  int n = 0, kept = 0;
  for (int i = 0; i < c->sink->all.n; i++) {
    const Diag *d = c->sink->all.at[i];
    if (d->fix_text && d->fix_sure && src_of(d->fix_span.begin) == source) out[n++] = d;
  }
  if (n > 0) qsort(out, (size_t)n, sizeof *out, by_place);
  for (int i = 0; i < n; i++)
    if (kept == 0 || out[i]->fix_span.begin >= out[kept - 1]->fix_span.end) out[kept++] = out[i];
  return kept;
}

static const char *apply(Arena *a, const Source *source, const Diag *const *fixes, int n, size_t *size) {
  size_t total = source->size;
  for (int i = 0; i < n; i++) total += strlen(fixes[i]->fix_text);
  char *out = arena_alloc(a, total + 1), *to = out;
  uint32_t from = 0;
  for (int i = 0; i < n; i++) {
    const uint32_t begin = fixes[i]->fix_span.begin - source->base,
                   len = (uint32_t)strlen(fixes[i]->fix_text);
    memcpy(to, source->text + from, begin - from);
    to += begin - from;
    memcpy(to, fixes[i]->fix_text, len);
    to += len;
    from = fixes[i]->fix_span.end - source->base;
  }
  memcpy(to, source->text + from, source->size - from);
  to += source->size - from;
  *to = '\0';
  *size = (size_t)(to - out);
  return out;
}

static void say(Cli *c, const Diag *d) {
  const Source *source;
  int line, col;
  size_t n;
  if (c->given[OPT_QUIET] || !src_locate(d->fix_span.begin, &source, &line, &col)) return;
  const char *before = src_text(d->fix_span, &n);
  printf("%s:%d:%d: `%.*s` -> `%s`\n", source->name, line, col, (int)n, before, d->fix_text);
}

/* A change that did not help is not kept. (Other errors may appear: they hid behind this one.) */
static bool is_there_still(const Cli *c, const Diag *const *fixes, int n) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < c->sink->all.n; k++)
      if (c->sink->all.at[k]->code == fixes[i]->code && strcmp(c->sink->all.at[k]->text, fixes[i]->text) == 0)
        return true;
  return false;
}

const Source *cli_fix(Cli *c, CliScript *script, bool *changed) {
  const Source *source = script->source;
  *changed = false;
  for (int round = 0; round < ROUNDS && c->sink->n_errors > 0; round++) {
    const Diag **fixes = ARENA_ARRAY(c->arena, const Diag *, c->sink->all.n + 1);
    const int n = collect(c, source, fixes);
    if (n == 0) break;
    size_t size;
    const char *text = apply(c->arena, source, fixes, n, &size);
    DiagSink *before = c->sink;
    c->sink = diag_sink(c->arena);
    script->source = src_add(source->name, text, size);
    if (script->source) cli_elaborate(c, script, NULL);
    if (!script->source || is_there_still(c, fixes, n)) {
      c->sink = before;
      break;
    }
    for (int i = 0; i < n; i++) say(c, fixes[i]);
    source = script->source;
    *changed = true;
  }
  return source;
}

int cli_verb_fix(Cli *c) {
  CliScript script;
  bool changed;
  const char *path = cli_one_operand(c);
  if (!path || !cli_read_script(c, path, &script)) return cli_code(c);
  cli_elaborate(c, &script, NULL);
  const Source *source = cli_fix(c, &script, &changed);
  IoError e;
  if (changed && !io_write_file(script.path, source->text, source->size, &e))
    diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(c->arena, &e));
  if (!changed && !c->given[OPT_QUIET] && c->sink->n_errors == 0) printf("%s: nothing to fix\n", script.path);
  return cli_code(c);
}
