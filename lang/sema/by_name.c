/* Which `let`s a block derives by. A number that is known before the run is folded into what uses it, and
 * then nothing leads back to it; so where the block holds `grad(..., a)`, `let a = 0.7` binds a value of the
 * run. */
#include <string.h>
#include "lang/sema/walk.h"

static bool is_grad(const AstNode *n) {
  const AstNode *callee = n->kind == AST_CALL ? ast_kid(n, AST_CALL_callee) : NULL;
  return callee != NULL && callee->kind == AST_NAME && strcmp(sym_text(callee->name), "grad") == 0;
}

/* The name behind the first argument of a call, or NULL. */
static const AstNode *derived_name(const AstNode *call) {
  const AstNode *args = ast_kid(call, AST_CALL_args);
  const AstNode *by = args != NULL && args->n == 2 ? args->kids[1] : NULL;
  if (by != NULL && by->kind == AST_ARG) by = ast_kid(by, AST_ARG_value);
  return by != NULL && by->kind == AST_NAME ? by : NULL;
}

static void collect(Sema *S, const AstNode *n, Symbols *out) {
  if (n == NULL || n->kind == AST_DEF || n->kind == AST_CIRCUIT || n->kind == AST_MODEL ||
      n->kind == AST_TRAIN)
    return; /* their names are their own */
  if (is_grad(n) && derived_name(n) != NULL) vec_push(S->a, out, derived_name(n)->name);
  for (int i = 0; i < n->n; i++) collect(S, n->kids[i], out);
}

Symbols block_derives_by(Sema *S, const AstNode *block) {
  Symbols out = {0};
  for (int i = 0; S->object == NULL && i < block->n; i++) collect(S, block->kids[i], &out);
  return out;
}

const Value *value_derived_by(Sema *S, Symbol name, const Value *v) {
  bool by = false;
  for (int i = 0; i < S->derived.n; i++) by = by || S->derived.at[i] == name;
  if (!by || val_is_error(v) || !val_can_be_tensor(v)) return v;
  if (v->kind == VAL_TENSOR && (v->u.tensor->g != graph_now(S) || v->u.tensor->lift != 0 ||
                                g_node(v->u.tensor->g, v->u.tensor->node)->op != OP_CONST))
    return v;
  const Value *real = v->kind == VAL_INT ? val_real(S, v->u.num, v->span) : v;
  const Tensor *t = want_tensor(S, real, "the value of a `let`");
  if (t == NULL) return S->error;
  return val_node(S, g_mark(t->g, t->node, ++S->marks, v->span), 0, v->span);
}
