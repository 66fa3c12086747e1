/* `use`: modules of definitions. Each file is elaborated once, in a scope of its own above the
 * prelude, whoever uses it; its names are reached through the alias, or directly after `:`. */
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/source.h"
#include "lang/parse/parse.h"
#include "lang/sema/walk.h"

#define MODULE_DEPTH 16

const char *module_path(Sema *S, const char *name) {
  return S->module != NULL ? arena_printf(S->a, "%s.%s", S->module->stem, name) : name;
}

const char *module_setting(Sema *S, const char *name) {
  return S->module != NULL ? arena_printf(S->a, "%s.%s", S->module->prefix, name) : name;
}

static bool is_qasm(const AstNode *n) {
  const size_t len = strlen(n->text);
  return n->op != 'p' && len > 5 && strcmp(n->text + len - 5, ".qasm") == 0;
}

/* "parts" of "lib/parts.qgn", "gan" of "std.gan". */
static const char *stem_of(Sema *S, const AstNode *n) {
  const char *last = strrchr(n->text, n->op == 'p' ? '.' : '/');
  last = last != NULL ? last + 1 : n->text;
  const size_t len = strlen(last);
  size_t ends = n->op == 't' && len > 4 && strcmp(last + len - 4, ".qgn") == 0 ? 4 : 0;
  if (is_qasm(n)) ends = 5;
  return arena_strn(S->a, last, len - ends);
}

static bool is_name(const char *s) {
  for (const char *c = s; *c != '\0'; c++) {
    const bool letter = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || *c == '_';
    if (!letter && !(*c >= '0' && *c <= '9' && c > s)) return false;
  }
  return *s != '\0';
}

/* ---- what a module may hold ---------------------------------------------------------------- */

static bool is_computed(const Value *v) {
  if (v->kind == VAL_LIST || v->kind == VAL_TUPLE) {
    for (int i = 0; i < v->u.list.n; i++)
      if (is_computed(v->u.list.at[i])) return true;
    return false;
  }
  return v->kind == VAL_TENSOR || v->kind == VAL_COUNT || v->kind == VAL_BUNDLE;
}

static void check_lets(Sema *S, int from) {
  for (int i = from; i < S->scope->names.n; i++) {
    Binding *b = S->scope->names.at[i];
    if (!is_computed(b->value)) continue;
    Diag *d = say(S, DIAG_MODULE_ACTS, b->span, "`%s` is computed when the script runs, but this is a module",
                  sym_text(b->name));
    diag_help(d, "a module's values are known before the run; make it a function: `def %s() = ...`",
              sym_text(b->name));
    b->value = S->error;
  }
}

static bool declares(const AstNode *n) {
  if (n->kind == AST_ATTR) {
    const AstNode *target = ast_kid(n, AST_ATTR_target);
    return target->kind == AST_NAME && strcmp(sym_text(target->name), "edition") == 0;
  }
  return n->kind == AST_USE || n->kind == AST_HYPER || n->kind == AST_LET || n->kind == AST_DEF ||
         n->kind == AST_CIRCUIT || n->kind == AST_MODEL || n->kind == AST_ERROR;
}

static void walk_module(Sema *S, const AstNode *tree) {
  for (int i = 0; i < tree->n; i++) {
    const AstNode *n = tree->kids[i];
    if (n == NULL) continue;
    if (!declares(n)) {
      Diag *d = say(S, DIAG_MODULE_ACTS, n->span, "a module declares and does not act");
      diag_label(d, S->module->used, "used as a module here");
      diag_help(d, "it holds `use`, `hyper`, `let`, `def`, `circuit` and `model`; move this into the script");
      continue;
    }
    if (n->kind == AST_ATTR) {
      set_script_attribute(S, "edition", eval(S, ast_kid(n, AST_ATTR_value)));
      continue;
    }
    const int before = S->scope->names.n;
    walk_stmt(S, n);
    if (n->kind == AST_LET) check_lets(S, before);
  }
}

/* ---- loading --------------------------------------------------------------------------------- */

static void elaborate(Sema *S, ModuleInfo *m, const SemaModule *file) {
  const int errors = S->sink->n_errors, faults = S->faults;
  const Source *src = src_add(file->shown, file->text, file->size);
  AstNode *tree = NULL;
  m->broken = true;
  if (src == NULL || parse_source(S->a, src, S->sink, false, &tree, NULL) != PARSE_OK) return;
  const Sema saved = *S;
  Block block = {0};
  Region scratch = {.block = &block};
  Path path = {.prefix = m->stem};
  S->region = &scratch;
  S->path = &path;
  S->scope = m->scope;
  S->module = m;
  walk_module(S, tree);
  S->region = saved.region;
  S->path = saved.path;
  S->scope = saved.scope;
  S->module = saved.module;
  S->edition_seen = saved.edition_seen;
  m->broken = S->sink->n_errors > errors || S->faults > faults;
}

static void say_cycle(Sema *S, const AstNode *n, const ModuleInfo *of) {
  const char *chain = of->shown;
  for (const ModuleInfo *m = S->module; m != NULL && m != of; m = m->user)
    chain = arena_printf(S->a, "%s, which uses %s", m->shown, chain);
  say(S, DIAG_RECURSION, n->span, "modules use each other in a circle: %s uses %s", of->shown, chain);
}

static bool too_deep(Sema *S) {
  int depth = 0;
  for (const ModuleInfo *m = S->module; m != NULL; m = m->user) depth++;
  return depth >= MODULE_DEPTH;
}

void import_add(Sema *S, const SemaModule *file) {
  Import import = {.name = file->listed, .text = file->text, .size = file->size};
  for (int i = 0; i < S->p->imports.n; i++)
    if (strcmp(S->p->imports.at[i].name, file->listed) == 0) return;
  io_sha256(file->text, file->size, import.sha256);
  vec_push(S->a, &S->p->imports, import);
}

static bool read_file(Sema *S, const AstNode *n, SemaModule *file) {
  const Source *from = src_of(n->span.begin);
  *file = (SemaModule){.problem = "modules cannot be read here"};
  if (S->options->read != NULL && from != NULL &&
      S->options->read(S->options->read_ctx, S->a, from->name, n->text, n->op == 'p', file))
    return true;
  Diag *d = say(S, DIAG_MODULE_FILE, n->span, "%s", file->problem);
  if (file->near != NULL) diag_mark(d, "did you mean `%s`?", file->near);
  return false;
}

static ModuleInfo *load(Sema *S, const AstNode *n, const char *alias) {
  SemaModule file;
  if (!read_file(S, n, &file)) return NULL;
  for (int i = 0; i < S->modules.n; i++) {
    ModuleInfo *m = S->modules.at[i];
    if (strcmp(m->id, file.id) != 0) continue;
    if (!m->loading) return m;
    say_cycle(S, n, m);
    return NULL;
  }
  if (too_deep(S)) {
    say(S, DIAG_MODULE_FILE, n->span, "modules use each other more than %d deep", MODULE_DEPTH);
    return NULL;
  }
  ModuleInfo *m = ARENA_NEW(S->a, ModuleInfo);
  *m = (ModuleInfo){
      .id = file.id, .shown = file.shown, .stem = stem_of(S, n), .prefix = module_setting(S, alias)};
  m->is_library = n->op == 'p';
  m->used = n->span;
  m->user = S->module;
  m->names = S->module == NULL ? ast_kid(n, AST_USE_names) : NULL;
  m->scope = scope_new(S, S->prelude, false);
  vec_push(S->a, &S->modules, m);
  import_add(S, &file);
  m->loading = true;
  elaborate(S, m, &file);
  m->loading = false;
  return m;
}

const char *module_text(Sema *S, const char *name, Span span) {
  SemaModule file = {.problem = "files cannot be read here"};
  const Source *from = src_of(span.begin);
  if (S->options->read == NULL || from == NULL ||
      !S->options->read(S->options->read_ctx, S->a, from->name, name, false, &file)) {
    Diag *d = say(S, DIAG_DATA_MISSING, span, "the file \"%s\" cannot be read", name);
    if (file.near != NULL) diag_mark(d, "did you mean \"%s\"?", file.near);
    diag_note(d, "a path is relative to the file that names it, and stays inside the project");
    return NULL;
  }
  if (memchr(file.text, 0, file.size) != NULL) {
    say(S, DIAG_DATA_BROKEN, span, "the file \"%s\" is no text: it holds a NUL", name);
    return NULL;
  }
  Import import = {.name = file.listed, .text = file.text, .size = file.size};
  io_sha256(file.text, file.size, import.sha256);
  for (int i = 0; i < S->p->imports.n; i++)
    if (strcmp(S->p->imports.at[i].name, import.name) == 0)
      return arena_printf(S->a, "%.*s", (int)file.size, file.text);
  vec_push(S->a, &S->p->imports, import);
  return arena_printf(S->a, "%.*s", (int)file.size, file.text);
}

/* ---- names ------------------------------------------------------------------------------------- */

static const Binding *find_in(Sema *S, const ModuleInfo *m, Symbol name, Span span) {
  Binding *b = scope_find_here(m->scope, name);
  if (b != NULL) b->used = true;
  if (b != NULL || m->broken) return b;
  Diag *d = say(S, DIAG_NAME, span, "the module `%s` has no `%s`", m->stem, sym_text(name));
  VEC(const char *) names = {0};
  for (int i = 0; i < m->scope->names.n; i++) vec_push(S->a, &names, sym_text(m->scope->names.at[i]->name));
  const char *near = diag_nearest(sym_text(name), names.at, names.n), *list = "";
  if (near != NULL) diag_mark(d, "did you mean `%s`?", near);
  for (int i = 0; i < names.n && i < 8; i++)
    list = arena_printf(S->a, "%s%s`%s`", list, i > 0 ? ", " : "", names.at[i]);
  if (near == NULL && names.n > 0) diag_help(d, "it has %s%s", list, names.n > 8 ? ", ..." : "");
  return NULL;
}

const Value *module_member(Sema *S, const ModuleInfo *m, const AstNode *n) {
  const Binding *b = find_in(S, m, n->name, n->span);
  if (b == NULL) return S->error;
  if (b->value->kind != VAL_OBJECT || S->object == NULL) return val_at(S, b->value, n->span);
  Value *v = val_new(S, VAL_OBJECT, n->span);
  v->u.object = object_resolve(S, b->value->u.object);
  return v;
}

static void use_names(Sema *S, const ModuleInfo *m, const AstNode *names) {
  for (int i = 0; i < names->n; i++) {
    const AstNode *k = names->kids[i];
    const Binding *b = m != NULL ? find_in(S, m, k->name, k->span) : NULL;
    declare(S, k->name, k->span, b != NULL ? b->kind : BIND_DEF, b != NULL ? b->value : S->error);
  }
}

/* A circuit file is one block, not a module. */
static void use_circuit(Sema *S, const AstNode *n, const char *alias, const AstNode *names) {
  SemaModule file;
  if (names != NULL) {
    Diag *d = say(S, DIAG_MODULE_FILE, names->span, "an OpenQASM file is one block and has no names to take");
    diag_help(d, "`use \"%s\" as body`, then `body q`", n->text);
    return;
  }
  const Symbol name = sym_intern(alias);
  const Value *v = read_file(S, n, &file) ? file_block_read(S, n, alias, &file) : S->error;
  declare(S, name, n->span, BIND_CIRCUIT, v);
  const char *taken = line_takes(alias);
  if (taken == NULL) return;
  Diag *d = say(S, DIAG_REDECLARED, n->span, "`%s` is a %s, so no block can have this name", alias, taken);
  diag_help(d, "give it another: `use \"%s\" as body`", n->text);
}

void walk_use(Sema *S, const AstNode *n) {
  if (S->scope->is_plain) {
    say(S, DIAG_PLACE, n->span, "`use` stands at the top level of a script, not in a block");
    return;
  }
  const AstNode *names = ast_kid(n, AST_USE_names);
  if (n->text[0] == '\0') {
    say(S, DIAG_MODULE_FILE, n->span, "the name of the module is empty");
    return;
  }
  const char *alias = n->name != SYM_NONE ? sym_text(n->name) : stem_of(S, n);
  if (n->name == SYM_NONE && !is_name(alias)) {
    Diag *d = say(S, DIAG_MODULE_FILE, n->span, "`%s` is no name", alias);
    diag_help(d, "give the module one: `use \"%s\" as parts`", n->text);
    return;
  }
  if (is_qasm(n)) {
    use_circuit(S, n, alias, names);
    return;
  }
  ModuleInfo *m = load(S, n, alias);
  if (names != NULL) {
    use_names(S, m, names);
    return;
  }
  Value *v = val_new(S, VAL_MODULE, n->span);
  v->u.module = m;
  declare(S, sym_intern(alias), n->span, BIND_MODULE, m != NULL ? v : S->error);
}
