/* The entry: prelude, script, what is left to check. */
#include "lang/base/source.h"
#include "lang/parse/parse.h"
#include "lang/sema/builtins.h"
#include <string.h>

/* The bytes of stdlib/prelude.qgn, each followed by a comma. */
static const unsigned char prelude_text[] = {
#include "prelude.inc"
    0};

const AstNode *sema_prelude(Arena *a) {
  const Source *src = src_add("<prelude>", (const char *)prelude_text, sizeof prelude_text - 1);
  AstNode *tree = NULL;
  return src != NULL && parse_source(a, src, diag_sink(a), false, &tree, NULL) == PARSE_OK ? tree : NULL;
}

static void walk_prelude(Sema *S) {
  const AstNode *tree = S->options->prelude != NULL ? S->options->prelude : sema_prelude(S->a);
  if (tree != NULL) walk_stmts(S, tree);
}

/* The `##` lines at the head of the script. */
static const char *head_doc(Sema *S, const AstNode *script) {
  const Span at = script->n > 0 && script->kids[0] != NULL ? script->kids[0]->span : script->span;
  const Source *src = src_of(at.begin);
  const char *out = "", *s = src != NULL ? src->text : "";
  while (s[0] == '#' && s[1] == '#') {
    const char *end = strchr(s, '\n');
    const size_t n = end != NULL ? (size_t)(end - s) : strlen(s);
    size_t skip = 2 < n && s[2] == ' ' ? 3 : 2, len = n;
    while (len > skip && (s[len - 1] == '\r' || s[len - 1] == ' ')) len--;
    out = arena_printf(S->a, "%s%s%.*s", out, out[0] != '\0' ? "\n" : "", (int)(len - skip), s + skip);
    if (end == NULL) break;
    s = end + 1;
  }
  return out;
}

static bool is_attribute(const AstNode *n) { return n->kind == AST_ATTR || n->kind == AST_ERROR; }

/* --set of attributes that the script leaves out. */
static void script_settings(Sema *S) {
  static const char *const names[] = {"seed", "precision"};
  for (int i = 0; i < 2; i++) {
    bool given = false;
    Span at;
    for (int k = 0; k < S->script_given.n; k++)
      given = given || strcmp(S->script_given.at[k].name, names[i]) == 0;
    const AstNode *set = given ? NULL : setting_find(S, names[i], &at);
    if (set == NULL) continue;
    set_script_attribute(S, names[i], eval(S, set));
  }
}

/* Statement by statement. Values that follow one another share a region, so that derivatives may lead
 * through them; whatever acts closes it. */
static void walk_script(Sema *S, const AstNode *script) {
  S->derived = block_derives_by(S, script);
  for (int i = 0; i < script->n && !S->ended; i++) {
    const AstNode *n = script->kids[i];
    if (n == NULL) continue;
    if (!is_attribute(n) && !S->acted) script_settings(S);
    if (!is_attribute(n)) S->acted = true;
    walk_stmt(S, n);
  }
}

static void finish_objects(Sema *S) {
  for (int i = 0; i < S->objects.n; i++) {
    Object *o = &S->p->objects.at[S->objects.at[i]->index];
    o->slots = object_slots(S, S->objects.at[i], &o->n_slots);
  }
}

static void find_broken(Sema *S, const AstNode *n) {
  if (n == NULL) return;
  if (n->kind == AST_ERROR) vec_push(S->a, &S->broken, n->span);
  for (int i = 0; i < n->n; i++) find_broken(S, n->kids[i]);
}

/* A script without anything to run, or without its edition. */
static void check_whole(Sema *S, const AstNode *script) {
  if (script->n == 0)
    diag_add(S->sink, DIAG_EMPTY, script->span, "the script is empty: there is nothing to run");
  else if (!S->edition_seen) {
    const AstNode *first = script->kids[0];
    Diag *d = diag_add(S->sink, DIAG_NO_EDITION, (Span){first->span.begin, first->span.begin + 1},
                       "the script does not say its edition");
    diag_help(d, "write `edition = 1` first");
  }
}

static Sema *walk_all(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink,
                      bool want_types) {
  static const SemaOptions none;
  Sema *S = ARENA_NEW(a, Sema);
  Program *p = ARENA_NEW(a, Program);
  *S = (Sema){.a = a, .sink = sink, .p = p, .options = options != NULL ? options : &none, .loop_index = ""};
  S->script = script;
  S->want_types = want_types;
  S->set_used = ARENA_ARRAY(a, bool, S->options->n_sets + 1);
  S->error = val_new(S, VAL_ERROR, SPAN_NONE);
  Value *no_rows = val_new(S, VAL_DATASET, SPAN_NONE);
  no_rows->u.index = -1;
  S->no_rows = no_rows;
  p->arena = a;
  p->edition = 1;
  vec_push(a, &p->counts, ((Count){.name = ""}));
  vec_push(a, &p->origins, ((Origin){.text = ""}));
  Region top = {.block = &p->top};
  Path path = {.prefix = ""};
  S->region = S->top_region = &top;
  S->path = &path;
  S->prelude = scope_new(S, NULL, false);
  S->prelude->is_library = true;
  S->scope = S->prelude;
  walk_prelude(S);
  S->top = scope_new(S, S->prelude, false);
  S->scope = S->top;
  p->doc = head_doc(S, script);
  find_broken(S, script);
  walk_script(S, script);
  region_close(S);
  if (!S->acted) script_settings(S);
  if (!S->ended) {
    settings_check(S);
    scope_pop(S, S->prelude);
    warn_unused(S);
    if (S->sink->n_errors == 0) advise_data(S);
  } else {
    point_finish(S);
  }
  finish_objects(S);
  check_whole(S, script);
  p->steps = S->steps;
  S->region = NULL;
  S->path = NULL;
  return S;
}

Program *sema_elaborate(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink) {
  const Sema *S = walk_all(a, script, options, sink, false);
  return sink->n_errors > 0 ? NULL : S->p;
}

void sema_dump_types(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink, FILE *out) {
  types_print(walk_all(a, script, options, sink, true), out);
}

bool sema_why(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink, const char *name,
              const char **near, FILE *out) {
  Sema *S = walk_all(a, script, options, sink, true);
  *near = why_nearest(S, name);
  return why_print(S, name, out);
}
