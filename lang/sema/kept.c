/* Vars of the top level that a train changes. Such a var is no value of the walk but one of the run: it lives
 * in slots (one, or one for each weight of a bundle), every use reads them as they are when its graph starts,
 * and
 * `:=` ends the graph. They are part of what the train saves. No derivative leads through them. */
#include "lang/sema/builtins.h"
#include <string.h>

struct KeptVar {
  bool is_bundle;
  int n;
  const int *slots, *weights; /* weights: of a bundle, which weight each tensor belongs to */
};

/* Whether the statement or one inside it sets the var; a block that declares the name means its own. */
static bool sets(const AstNode *n, Symbol name) {
  if (n == NULL) return false;
  if (n->kind == AST_ASSIGN) {
    const AstNode *target = ast_kid(n, AST_ASSIGN_target);
    return target != NULL && target->kind == AST_NAME && target->name == name;
  }
  for (int i = 0; n->kind == AST_BLOCK && i < n->n; i++) {
    if (n->kids[i] == NULL || n->kids[i]->kind != AST_VAR) continue;
    const AstNode *patterns = ast_kid(n->kids[i], AST_VAR_patterns);
    for (int k = 0; patterns != NULL && k < patterns->n; k++)
      if (patterns->kids[k]->name == name) return false;
  }
  for (int i = 0; i < n->n; i++)
    if (sets(n->kids[i], name)) return true;
  return false;
}

static bool train_sets(const AstNode *n, Symbol name) {
  if (n == NULL || n->kind == AST_DEF) return false;
  if (n->kind == AST_TRAIN) return sets(n, name);
  for (int i = 0; i < n->n; i++)
    if (train_sets(n->kids[i], name)) return true;
  return false;
}

static bool shape_is_fixed(Sema *S, const Binding *b, const Shape *s) {
  for (int k = 0; k < s->rank; k++)
    if (s->d[k].count != 0) {
      Diag *d =
          say(S, DIAG_STATIC, b->span,
              "the shape of `%s`, a `var` that a train changes, must be known before the run, but it is %s",
              sym_text(b->name), sema_shape_text(S, s));
      diag_help(d, "keep something of it that has a fixed shape, like its mean");
      return false;
    }
  return true;
}

/* Numbers become reals: the next value may be one. */
static int new_slot(Sema *S, const Binding *b, const Tensor *t, const char *name) {
  const ElemKind elem = t->elem == ELEM_BOOL ? ELEM_BOOL : ELEM_REAL;
  return slot_new(S, SLOT_VALUE, name, &t->shape, elem, b->span);
}

static bool store(Sema *S, int slot, const Tensor *t, Span span) {
  Graph *g = graph_now(S);
  NodeId x = t->node;
  const ElemKind want = S->p->slots.at[slot].elem;
  if (t->elem != want && want == ELEM_REAL) x = g_binary(g, OP_MUL, x, g_scalar(g, 1, span), span);
  else if (t->elem != want) {
    say(S, DIAG_TYPE, span, "this var holds true or false, but its new value is a number");
    return false;
  }
  g_store(g, g_mark(g, x, ++S->marks, span), slot, span);
  return true;
}

void kept_declare(Sema *S, Binding *b) {
  const bool fits = S->place == PLACE_TOP && S->call == NULL && S->module == NULL && S->runtime_depth == 0;
  if (!fits || val_is_error(b->value) || !train_sets(S->script, b->name)) return;
  KeptVar *kept = ARENA_NEW(S->a, KeptVar);
  const Value *v = b->value;
  kept->is_bundle = v->kind == VAL_BUNDLE;
  kept->n = kept->is_bundle ? v->u.bundle.n : 1;
  kept->weights = kept->is_bundle ? v->u.bundle.slots : NULL;
  const NodeId *nodes = kept->is_bundle ? bundle_nodes(S, v) : NULL;
  int *slots = ARENA_ARRAY(S->a, int, kept->n + 1);
  kept->slots = slots;
  for (int i = 0; i < kept->n; i++) {
    const Tensor *t = kept->is_bundle ? val_node(S, nodes[i], 0, b->span)->u.tensor
                                      : want_tensor(S, v, "the value of a `var` that a train changes");
    if (t == NULL || !shape_is_fixed(S, b, &t->shape)) {
      b->value = S->error;
      return;
    }
    const char *name = sym_text(b->name);
    if (kept->is_bundle) name = arena_printf(S->a, "%s/%s", name, S->p->slots.at[kept->weights[i]].name);
    slots[i] = new_slot(S, b, t, name);
    if (!store(S, slots[i], t, b->span)) return;
  }
  region_close(S);
  b->kept = kept;
}

const Value *kept_read(Sema *S, const Binding *b, Span span) {
  const KeptVar *kept = b->kept;
  NodeId *nodes = ARENA_ARRAY(S->a, NodeId, kept->n + 1);
  for (int i = 0; i < kept->n; i++) {
    const Slot *slot = &S->p->slots.at[kept->slots[i]];
    nodes[i] = g_input(graph_now(S), kept->slots[i], &slot->shape, slot->elem, span);
  }
  if (kept->is_bundle) return bundle_value(S, kept->n, kept->weights, nodes, span);
  return val_node(S, nodes[0], 0, span);
}

void kept_assign(Sema *S, const Binding *b, const Value *v, Span span) {
  const KeptVar *kept = b->kept;
  const char *name = sym_text(b->name);
  if (val_is_error(v) || (S->train != NULL && S->train->validating)) return;
  if (kept->is_bundle != (v->kind == VAL_BUNDLE) || (kept->is_bundle && v->u.bundle.n != kept->n)) {
    Diag *d = say(S, DIAG_SHAPE, span, "`%s` is %s, but its new value is %s", name,
                  kept->is_bundle ? "a bundle of weights" : "a tensor", val_describe(S, v));
    diag_label(d, b->span, "declared here");
    return;
  }
  const NodeId *nodes = kept->is_bundle ? bundle_nodes(S, v) : NULL;
  for (int i = 0; i < kept->n; i++) {
    const Tensor *t =
        kept->is_bundle ? val_node(S, nodes[i], 0, span)->u.tensor : want_tensor(S, v, "a new value");
    if (t == NULL) return;
    const Shape *was = &S->p->slots.at[kept->slots[i]].shape;
    if (!shape_equal(was, &t->shape)) {
      Diag *d = say(S, DIAG_SHAPE, span, "`%s` is %s, but its new value is %s", name, sema_shape_text(S, was),
                    sema_shape_text(S, &t->shape));
      diag_label(d, b->span, "declared here");
      return;
    }
    if (!store(S, kept->slots[i], t, span)) return;
    vec_push(S->a, &S->updates, kept->slots[i]);
  }
  region_close(S);
  if (S->train != NULL) train_keeps(S, kept->n, kept->slots);
}

const int *var_slots(const Binding *b, int *n) {
  *n = b->kept != NULL ? b->kept->n : b->slot >= 0;
  return b->kept != NULL ? b->kept->slots : &b->slot;
}

bool slot_of_number(Sema *S, const Value *v, const char *what, int *slot) {
  const Value *one = val_to_scalar(S, v, what);
  if (val_is_error(one)) return false;
  const Tensor *t = one->u.tensor;
  const Node *n = g_node(t->g, t->node);
  while (n->op == OP_MARK || n->op == OP_RESHAPE) n = g_node(t->g, n->in[0]);
  const bool is_slot = n->op == OP_INPUT && n->attr.i[0] >= 0;
  *slot = is_slot ? (int)n->attr.i[0] : tensor_export(S, t, path_here(S, "value"));
  return *slot >= 0;
}
