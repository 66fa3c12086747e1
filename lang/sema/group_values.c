/* Groups of rows as values: `sum([e for s in groups(g, h)])` in a step. How many groups there are is known
 * when run, so e is a block that is run for each of them (program.h: Grouping), and what it makes is added
 * up. */
#include <string.h>
#include "lang/sema/minimize.h"

struct GroupsValue {
  Grouping g;
  bool one;         /* inside of the comprehension: the group under way */
  const Value *sum; /* after it */
};

static const Value *groups_value(Sema *S, GroupsValue *v, Span span) {
  Value *out = val_new(S, VAL_GROUPS, span);
  out->u.groups = v;
  return out;
}

/* groups(g, h, ...) */
const Value *fn_groups(Sema *S, Args *args, const Builtin *self) {
  const bool in_step =
      S->train != NULL && S->place != PLACE_TRAIN && S->train->every == 0 && S->object == NULL;
  (void)self;
  if (!in_step || args->n_rest == 0) {
    Diag *d = in_step ? say(S, DIAG_ARGUMENTS, args->span, "`groups` needs labels of the rows")
                      : say(S, DIAG_PLACE, args->span,
                            "`groups` stands in a `step`: it groups the rows of a minibatch");
    diag_help(d, "`sum([rows(s) / B * grad(loss(M, x[s]), M) for s in groups(label)])`");
    return S->error;
  }
  GroupsValue *v = ARENA_NEW(S->a, GroupsValue);
  if (!grouping_make(S, args->n_rest, args->rest, "groups", args->span, &v->g)) return S->error;
  return groups_value(S, v, args->span);
}

const Value *groups_count(Sema *S, const Value *group, Span span) {
  const GroupsValue *v = group->u.groups;
  if (!v->one) {
    wrong_kind(S, group, "the argument of `rows`", "a dataset, a tensor with rows or one group");
    return S->error;
  }
  return val_of_dim(S, (Dim){S->p->counts.at[v->g.rows].capacity, v->g.rows, 0}, span);
}

const Value *groups_rows_of(Sema *S, const Value *x, const Value *group, Span span) {
  GroupsValue *v = group->u.groups;
  const Tensor *t = x->u.tensor;
  if (!v->one || t->lift != 0 || t->shape.rank < 1 || t->shape.d[0].count != v->g.count) {
    Diag *d = say(S, DIAG_SHAPE, span, "a group picks rows of the minibatch, but `%s` is %s",
                  src_of_span(S, x->span), sema_shape_text(S, &t->shape));
    if (t->shape.rank > 0) label_origin(S, d, t->shape.d[0]);
    return S->error;
  }
  if (t->g == graph_now(S)) {
    later(S, span, "rows of a value that is computed for each group");
    return S->error;
  }
  const int slot = group_rows_slot(S, &v->g, tensor_export(S, t, path_here(S, "value")), span);
  const Slot *s = &S->p->slots.at[slot];
  const Value *out = val_node(S, g_input(graph_now(S), slot, &s->shape, s->elem, span), 0, span);
  out->u.tensor->slot = slot;
  return out;
}

/* Adds a tensor to a sum over the groups; its node behind them is left in *slot. */
static bool add_up(Sema *S, Grouping *g, const Tensor *t, Span span, int *slot) {
  for (int k = 0; k < t->shape.rank; k++)
    if (t->shape.d[k].count != 0) {
      Diag *d = say(S, DIAG_SHAPE, span, "groups have different numbers of rows, so %s of each do not add up",
                    sema_shape_text(S, &t->shape));
      diag_help(d, "take the mean or the sum over the rows of a group first");
      return false;
    }
  Graph *to = graph_now(S);
  *slot = group_sum_slot(S, g, path_here(S, "groups"), &t->shape, span);
  const NodeId before = g_input(to, *slot, &t->shape, ELEM_REAL, span);
  g_store(to, g_binary(to, OP_ADD, before, t->node, span), *slot, span);
  return true;
}

/* The block of one group; slots of what it adds to, and how many; NULL after an error. */
static int *group_body(Sema *S, const AstNode *n, GroupsValue *v, const Value **made, int *count) {
  Scope *before = scope_push(S);
  GroupsValue *one = v;
  one->one = true;
  bind_patterns(S, ast_kid(n, AST_COMPREHENSION_names), groups_value(S, one, n->span), BIND_LOOP);
  Path *path = path_enter(S, "groups");
  *made = eval(S, ast_kid(n, AST_COMPREHENSION_value));
  const bool bundle = (*made)->kind == VAL_BUNDLE;
  *count = bundle ? (*made)->u.bundle.n : 1;
  int *slots = ARENA_ARRAY(S->a, int, *count + 1);
  bool ok = !val_is_error(*made);
  const NodeId *nodes = bundle ? bundle_nodes(S, *made) : NULL;
  for (int k = 0; ok && k < *count; k++) {
    const Tensor *t = bundle ? val_node(S, nodes[k], 0, n->span)->u.tensor
                             : want_tensor(S, *made, "what is added up over groups");
    ok = t != NULL && add_up(S, &v->g, t, n->span, &slots[k]);
  }
  S->path = path;
  scope_pop(S, before);
  one->one = false;
  return ok ? slots : NULL;
}

const Value *groups_each(Sema *S, const AstNode *n, const Value *groups) {
  GroupsValue *v = groups->u.groups;
  Block *body = ARENA_NEW(S->a, Block);
  Region inner = {.block = body}, *outer = S->region;
  const Value *made;
  int count;
  S->region = &inner;
  S->runtime_depth++;
  const int *slots = group_body(S, n, v, &made, &count);
  region_close(S);
  S->runtime_depth--;
  S->region = outer;
  if (slots == NULL) return S->error;
  vec_push(S->a, &S->p->groupings, v->g);
  Stmt *s = block_push(S, STMT_GROUPS, n->span);
  s->index = S->p->groupings.n - 1;
  s->block = body;
  NodeId *nodes = ARENA_ARRAY(S->a, NodeId, count + 1);
  for (int k = 0; k < count; k++)
    nodes[k] = g_input(graph_now(S), slots[k], &S->p->slots.at[slots[k]].shape, ELEM_REAL, n->span);
  GroupsValue *out = ARENA_NEW(S->a, GroupsValue);
  out->sum = made->kind == VAL_BUNDLE ? bundle_value(S, count, made->u.bundle.slots, nodes, n->span)
                                      : val_node(S, nodes[0], 0, n->span);
  return groups_value(S, out, n->span);
}

const Value *groups_sum(Sema *S, const Value *made, Span span) {
  if (made->u.groups->sum != NULL) return val_at(S, made->u.groups->sum, span);
  Diag *d = say(S, DIAG_TYPE, made->span, "groups of rows are no numbers");
  diag_help(d, "`sum([mean(x[s]) for s in groups(label)])`");
  return S->error;
}
