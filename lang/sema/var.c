/* `var`s that an `if` or `repeat` of the run sets from outside of it. Such a `var` gets a slot before the
 * block begins; each assignment stores there, and what follows in another region reads from there. (Vars of
 * the top level that a train sets are in kept.c.)
 *
 * Derivatives lead through an assignment above in the same region as through a `let`; what an earlier run of
 * the block has left is a number without derivative. */
#include "lang/sema/walk.h"

static bool can_be_kept(const Value *v) { return !val_is_error(v) && val_can_be_tensor(v); }

static void settle_one(Sema *S, Binding *b) {
  if (b->kind != BIND_VAR || b->slot >= 0 || b->kept != NULL || b->call != S->call || !can_be_kept(b->value))
    return;
  const Value *v = b->value->kind == VAL_INT ? val_real(S, b->value->u.num, b->value->span) : b->value;
  const Tensor *t = want_tensor(S, v, "the value of a `var`");
  if (t == NULL) return;
  const char *name = path_here(S, sym_text(b->name));
  b->slot = slot_new(S, SLOT_VALUE, name, &t->shape, t->elem, b->span);
  vec_push(S->a, &S->kept_vars, b->slot);
  g_store(graph_now(S), t->node, b->slot, b->span);
  b->value = val_node(S, t->node, 0, b->span);
  b->value->u.tensor->slot = b->slot;
  SlotInfo *info = &S->slots.at[b->slot];
  info->deps = node_deps(S, graph_now(S), t->node, &info->n_deps);
  info->stamp = t->stamp, info->g = graph_now(S), info->node = t->node;
}

void vars_settle(Sema *S, const AstNode *block) {
  if (block->kind == AST_ASSIGN && ast_kid(block, AST_ASSIGN_target)->kind == AST_NAME) {
    Binding *b = scope_find(S->scope, ast_kid(block, AST_ASSIGN_target)->name);
    if (b != NULL) settle_one(S, b);
  }
  for (int i = 0; i < block->n; i++)
    if (block->kids[i] != NULL) vars_settle(S, block->kids[i]);
}

void vars_forget(Sema *S) {
  for (int i = 0; i < S->kept_vars.n; i++) S->slots.at[S->kept_vars.at[i]].n_deps = 0;
}

const Value *var_read(Sema *S, const Binding *b, Span span) {
  const Tensor *t = b->value->u.tensor;
  const Value *v = val_node(S, tensor_here(S, t, span), 0, span);
  v->u.tensor->stamp = t->stamp;
  return v;
}

/* E0301 or E0201 where the new value is not of the kind of the old. */
static bool fits(Sema *S, const AstNode *n, const Binding *b, const Value *v) {
  Shape was, is;
  ElemKind e, new_e;
  if (val_is_error(v) || !val_shape(S, b->value, &was, &e) || !val_shape(S, v, &is, &new_e)) return true;
  Diag *d = NULL;
  if (!shape_equal(&was, &is))
    d = say(S, DIAG_SHAPE, n->span, "`%s` is %s, but its new value is %s", sym_text(b->name),
            sema_shape_text(S, &was), sema_shape_text(S, &is));
  else if (b->slot >= 0 && (e == ELEM_BOOL) != (new_e == ELEM_BOOL))
    d = say(S, DIAG_TYPE, n->span, "`%s` holds %s, but its new value is %s", sym_text(b->name),
            e == ELEM_BOOL ? "true or false" : "a number", e == ELEM_BOOL ? "a number" : "true or false");
  if (d != NULL) diag_label(d, b->span, "declared here");
  return d == NULL;
}

/* A block may not run, or run again: then the var holds what it held before, unless that was set in the same
 * region. */
static void may_hold(Sema *S, SlotInfo *info, const SlotInfo *was) {
  if (was->g != info->g) {
    SlotInfo *copy = ARENA_NEW(S->a, SlotInfo);
    *copy = *was;
    info->before = copy;
  } else info->before = was->before;
  if (info->before == NULL || info->before->n_deps == 0) return;
  int *deps = ARENA_ARRAY(S->a, int, info->n_deps + info->before->n_deps), n = 0;
  for (int i = 0; i < info->n_deps; i++) deps[n++] = info->deps[i];
  for (int i = 0; i < info->before->n_deps; i++)
    if (!slot_in(info->before->deps[i], n, deps)) deps[n++] = info->before->deps[i];
  info->deps = deps, info->n_deps = n;
}

static void store(Sema *S, const AstNode *n, Binding *b, const Value *v) {
  const Tensor *t = want_tensor(S, v, "the new value of a `var`");
  if (t == NULL) return;
  const Span span = n->span;
  Graph *g = graph_now(S);
  const NodeId node = g_mark(g, t->node, ++S->marks, span);
  g_store(g, node, b->slot, span);
  const Value *now = val_node(S, node, 0, span);
  now->u.tensor->slot = b->slot;
  now->u.tensor->stamp = t->stamp;
  SlotInfo *info = &S->slots.at[b->slot];
  const SlotInfo was = *info;
  info->deps = node_deps(S, g, node, &info->n_deps);
  info->stamp = t->stamp, info->g = g, info->node = node, info->before = NULL;
  if (S->runtime_depth > b->depth) may_hold(S, info, &was);
  vec_push(S->a, &S->updates, b->slot);
  b->value = now;
  if (S->train != NULL && b->depth == 0) train_keeps(S, 1, &b->slot);
}

void var_assign(Sema *S, const AstNode *n, Binding *b, const Value *v) {
  if (!fits(S, n, b, v)) return;
  if (S->train != NULL && S->train->validating && b->depth == 0) return;
  if (b->slot >= 0) {
    if (!val_is_error(v)) store(S, n, b, v);
    return;
  }
  if (b->depth != S->runtime_depth && !val_is_error(b->value)) {
    Diag *d = say(S, DIAG_TYPE, n->span, "`%s` is %s, which cannot change while the program runs",
                  sym_text(b->name), val_describe(S, b->value));
    diag_label(d, b->span, "declared here");
    diag_help(d, "numbers and tensors can; weights are set by `M := bundle`");
    return;
  }
  b->value = named(S, v, b->name, false);
}
