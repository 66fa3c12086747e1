/* `:save`: the session as a script that `qgn run` repeats with the same bits. What a text alone cannot repeat
 * is said: where Ctrl-C ended a train becomes `iterations = N` in it; a train whose weights are older than
 * what it uses is named. */
#define _GNU_SOURCE
#include <string.h>
#include "lang/base/io.h"
#include "runtime/cli/repl.h"

/* The value that a train gives to an attribute, or NULL. */
static const AstNode *own_value(const AstNode *body, const char *attribute) {
  for (int i = 0; i < body->n; i++) {
    const AstNode *k = body->kids[i];
    const AstNode *target = k->kind == AST_ATTR ? ast_kid(k, AST_ATTR_target) : NULL;
    if (target && target->kind == AST_NAME && strcmp(sym_text(target->name), attribute) == 0)
      return ast_kid(k, AST_ATTR_value);
  }
  return NULL;
}

const char *repl_train_with(Arena *a, const char *text, const char *attribute, const char *value) {
  const uint32_t place = src_next();
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  const uint32_t place_end = src_next();
  AstNode *tree = NULL;
  const char *whole = text; /* it was read before: no message comes */
  if (src && parse_source(a, src, diag_sink(a), false, &tree, NULL) == PARSE_OK) {
    const AstNode *body = ast_kid(tree->kids[0], AST_TRAIN_body), *own = own_value(body, attribute);
    const uint32_t open = body->span.begin - src->base + 1;
    const uint32_t from = own ? own->span.begin - src->base : open,
                   to = own ? own->span.end - src->base : open;
    const char *put = own ? value : arena_printf(a, " %s = %s;", attribute, value);
    whole = arena_printf(a, "%.*s%s%s", (int)from, text, put, text + to);
  }
  src_forget(place, place_end);
  return whole;
}

static bool was_stopped(const ReplEntry *e) {
  return e->kind == AST_TRAIN && e->train && e->train->is_stopped;
}

const char *repl_saved(Arena *a, const ReplEntries *e) {
  ReplEntries said = {0};
  for (int i = 0; i < e->n; i++) {
    ReplEntry x = e->at[i];
    if (was_stopped(&x))
      x.text = repl_train_with(a, x.text, "iterations",
                               arena_printf(a, "%lld", (long long)repl_train_steps(x.train)));
    vec_push(a, &said, x);
  }
  return repl_script(a, &said);
}

/* Modules beside a script that was loaded from elsewhere. */
static void say_base(const Repl *R, const char *file) {
  bool uses = false;
  for (int i = 0; i < R->entries.n; i++) uses = uses || strstr(R->entries.at[i].text, "use \"");
  const char *slash = strrchr(R->base, '/'), *own = strrchr(file, '/');
  const size_t n = slash ? (size_t)(slash - R->base) : 0;
  if (uses && slash && (!own || (size_t)(own - file) != n || strncmp(file, R->base, n) != 0))
    printf("its modules stand beside %s: save it there to run it\n", R->base);
}

/* What the file says of trains that the session does not, and what it cannot say. */
static void say_trains(const Repl *R) {
  for (int i = 0; i < R->entries.n; i++) {
    const ReplEntry *e = &R->entries.at[i];
    if (was_stopped(e))
      printf("%s ended after %lld steps: the file says `iterations = %lld`\n", e->names.at[0],
             (long long)repl_train_steps(e->train), (long long)repl_train_steps(e->train));
    if (e->is_stale || e->is_kept)
      printf("%s is older than what it uses: a run of the file makes it anew\n", e->names.at[0]);
  }
}

bool repl_do_save(Repl *R, const char *argument) {
  Arena *a = arena_new();
  const char *rest, *file = repl_first_word(a, argument, &rest);
  IoError e;
  bool ok = false;
  if (!*file) {
    ok = repl_usage(R, "save", "a file");
  } else if (io_exists(file) && strcmp(rest, "!") != 0) {
    repl_complain(R, DIAG_WRITE, arena_printf(a, "`:save %s !` replaces it", file), "`%s` is there already",
                  file);
  } else {
    const char *text = repl_saved(a, &R->entries);
    ok = io_write_file(file, text, strlen(text), &e);
    if (!ok) repl_complain(R, DIAG_WRITE, NULL, "%s", io_message(a, &e));
    if (ok) printf("%s: %d statement%s\n", file, R->entries.n, R->entries.n == 1 ? "" : "s");
    if (ok) say_trains(R), say_base(R, file);
  }
  arena_free(a);
  return ok;
}
