/* What a script and its settings have in common with runs of other numbers of epochs: the text with these
 * numbers left out, wherever they stand: in the train, in a hyper that is used for nothing else, or in a
 * --set. */
#define _GNU_SOURCE
#include <string.h>
#include "lang/base/source.h"
#include "runtime/cli/cli.h"

typedef struct Common {
  const Cli *c;
  const CliScript *script;
  const AstNode *tree;
  char *text;
  VEC(const char *) left_out; /* names of --set */
} Common;

static bool is_name(const AstNode *n, const char *name) {
  return n != NULL && n->kind == AST_NAME && strcmp(sym_text(n->name), name) == 0;
}

static int uses(const AstNode *n, Symbol name) {
  if (n == NULL) return 0;
  int k = n->kind == AST_NAME && n->name == name;
  for (int i = 0; i < n->n; i++) k += uses(n->kids[i], name);
  return k;
}

static void blank(Common *m, Span s) {
  for (uint32_t i = s.begin; i < s.end; i++) {
    const uint32_t at = i - m->script->source->base;
    if (at < m->script->source->size) m->text[at] = ' ';
  }
}

/* The number of epochs of a train, as written. */
static void leave_out(Common *m, const AstNode *value) {
  if (value->kind == AST_NUMBER) blank(m, value->span);
  if (value->kind != AST_NAME || uses(m->tree, value->name) != 1) return;
  for (int i = 0; i < m->tree->n; i++) {
    const AstNode *n = m->tree->kids[i];
    if (n == NULL || n->kind != AST_HYPER || n->name != value->name) continue;
    if (ast_kid(n, AST_HYPER_value)->kind == AST_NUMBER) blank(m, ast_kid(n, AST_HYPER_value)->span);
    vec_push(m->c->arena, &m->left_out, sym_text(n->name));
  }
}

static void look_at(Common *m, const AstNode *n) {
  const AstNode *body = n != NULL && n->kind == AST_TRAIN ? ast_kid(n, AST_TRAIN_body) : NULL;
  if (body == NULL) return;
  vec_push(m->c->arena, &m->left_out, arena_printf(m->c->arena, "%s.epochs", sym_text(n->name)));
  for (int i = 0; i < body->n; i++) {
    const AstNode *a = body->kids[i];
    if (a != NULL && a->kind == AST_ATTR && ast_kid(a, AST_ATTR_operands) == NULL &&
        is_name(ast_kid(a, AST_ATTR_target), "epochs"))
      leave_out(m, ast_kid(a, AST_ATTR_value));
  }
}

const char *cli_common(const Cli *c, const CliScript *script, const AstNode *tree, int *n,
                       const char ***sets) {
  Common m = {.c = c, .script = script, .tree = tree};
  m.text = arena_strn(c->arena, script->source->text, script->source->size);
  for (int i = 0; i < tree->n; i++) look_at(&m, tree->kids[i]);
  const char **list = ARENA_ARRAY(c->arena, const char *, c->sets.n + 1);
  *n = 0;
  for (int i = 0; i < c->sets.n; i++) {
    bool out = false;
    for (int k = 0; k < m.left_out.n; k++) out = out || strcmp(m.left_out.at[k], c->sets.at[i].name) == 0;
    if (!out) list[(*n)++] = c->sets.at[i].text;
  }
  *sets = list;
  return m.text;
}
