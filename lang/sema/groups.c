/* `minimize L over M per g clip c`: the gradients of L on each group of rows with equal labels, clipped,
 * weighted with the group's share of the rows, and added up. The groups are known only when run, so the loss
 * is made again over a count of its own (lang/ir/restrict.h), in a block that is run once for each group. */
#include "lang/ir/restrict.h"
#include <string.h>
#include "lang/sema/minimize.h"
#include "lang/sema/rows.h"

/* ---- labels ------------------------------------------------------------------------------------- */

static bool is_label_row(Sema *S, const Value *v, const Tensor *t, uint32_t count, const char *who) {
  const char *name = src_of_span(S, v->span);
  if (t->elem == ELEM_REAL) {
    Diag *d =
        say(S, DIAG_TYPE, v->span, "`%s` groups rows by labels or bools, but `%s` is of reals", who, name);
    diag_help(d, "a comparison, `argmax`, `floor` or `round` makes labels of them");
    return false;
  }
  if (t->shape.rank == 1 && t->shape.d[0].count == count) return true;
  Diag *d = say(S, DIAG_SHAPE, v->span, "`%s` needs one label for each row of the minibatch, but `%s` is %s",
                who, name, sema_shape_text(S, &t->shape));
  if (t->shape.rank == 2 && dim_is_one(t->shape.d[1])) diag_help(d, "write `let g = %s[:, 0]` before", name);
  return false;
}

/* A number that every train has, as a slot that its steps add to. */
static int missing_slot(Sema *S) {
  TrainInfo *info = S->train;
  if (info->missing_groups < 0) {
    const Shape scalar = shape_scalar();
    info->missing_groups = slot_new(S, SLOT_VALUE, arena_printf(S->a, "%s.missing_groups", info->name),
                                    &scalar, ELEM_LABEL, info->decl->name_span);
    vec_push(S->a, &S->p->trains.at[info->index].kept, info->missing_groups);
  }
  return info->missing_groups;
}

bool grouping_make(Sema *S, int n, const Value *const *labels, const char *name, Span span, Grouping *g) {
  const Train *t = &S->p->trains.at[S->train->index];
  int *by = ARENA_ARRAY(S->a, int, n + 1);
  int64_t *classes = ARENA_ARRAY(S->a, int64_t, n + 1);
  bool ok = true;
  if (t->batch_count == 0) {
    Diag *d =
        say(S, DIAG_PLACE, span, "`%s` groups the rows of a minibatch, but this step has no columns", name);
    diag_help(d, "name columns of the train's data: `step x[B, 1] { ... }`");
    return false;
  }
  for (int i = 0; i < n; i++) {
    const Tensor *x = val_is_error(labels[i])
                          ? NULL
                          : want_tensor(S, labels[i], arena_printf(S->a, "what `%s` groups by", name));
    if (x == NULL || !is_label_row(S, labels[i], x, (uint32_t)t->batch_count, name)) {
      ok = false;
      continue;
    }
    classes[i] = tensor_classes(x);
    by[i] = tensor_export(S, x, path_here(S, "per"));
  }
  if (!ok) return false;
  vec_push(S->a, &S->p->counts, ((Count){"rows of the group", COUNT_GROUP, S->p->groupings.n, t->batch}));
  *g = (Grouping){.n_by = n,
                  .by = by,
                  .classes = classes,
                  .count = (uint32_t)t->batch_count,
                  .rows = (uint32_t)(S->p->counts.n - 1),
                  .missing = missing_slot(S),
                  .span = span};
  return true;
}

/* The grouping of a statement; false after an error. */
static bool grouping_of(Sema *S, const AstNode *names, Grouping *g) {
  const Value **labels = ARENA_ARRAY(S->a, const Value *, names->n + 1);
  for (int i = 0; i < names->n; i++) labels[i] = eval(S, names->kids[i]);
  return grouping_make(S, names->n, labels, "per", names->span, g);
}

/* ---- values that the groups read ------------------------------------------------------------------ */

typedef struct Kept {
  NodeId node;
  int slot, rows; /* all of it; the rows of the group, -1: not wanted yet */
} Kept;

typedef struct Again {
  Sema *S;
  Restrict r;
  Graph *from;
  Grouping *groups;
  VEC(Kept) kept;
} Again;

static int copy_slot(Sema *S, const char *name, const Shape *shape, ElemKind elem, Span span, int n_deps,
                     const int *deps) {
  const int slot = slot_new(S, SLOT_VALUE, name, shape, elem, span);
  S->slots.at[slot].n_deps = n_deps, S->slots.at[slot].deps = deps;
  return slot;
}

/* The slot that holds the value of a node of the outer graph once that was run. */
static int whole_slot(Again *a, NodeId id) {
  Sema *S = a->S;
  const Node *n = g_node(a->from, id);
  if (n->op == OP_INPUT && g_version(a->from, (int)n->attr.i[0]) == 0) return (int)n->attr.i[0];
  const Shape shape = n->shape;
  const int slot = copy_slot(S, path_here(S, "value"), &shape, n->elem, n->span, 0, NULL);
  g_store(a->from, id, slot, n->span);
  return slot;
}

int group_rows_slot(Sema *S, Grouping *g, int from, Span span) {
  const Slot slot = S->p->slots.at[from];
  const SlotInfo info = S->slots.at[from];
  Shape shape = slot.shape;
  shape.d[0].count = g->rows;
  const int to = copy_slot(S, arena_printf(S->a, "%s.group", slot.name), &shape, slot.elem, span, info.n_deps,
                           info.deps);
  vec_push(S->a, &g->from, from);
  vec_push(S->a, &g->to, to);
  return to;
}

static NodeId keep(void *ctx, NodeId id, bool rows_only) {
  Again *a = ctx;
  const Node *n = g_node(a->from, id);
  const bool is_input = n->op == OP_INPUT;
  Kept *k = NULL;
  for (int i = 0; i < a->kept.n; i++)
    if (a->kept.at[i].node == id) k = &a->kept.at[i];
  if (k == NULL) {
    vec_push(a->S->a, &a->kept, ((Kept){id, whole_slot(a, id), -1}));
    k = &a->kept.at[a->kept.n - 1];
  }
  if (rows_only && k->rows < 0) k->rows = group_rows_slot(a->S, a->groups, k->slot, n->span);
  Shape shape = n->shape;
  if (rows_only) shape.d[0].count = a->groups->rows;
  const NodeId in = g_input(a->r.to, rows_only ? k->rows : k->slot, &shape, n->elem, n->span);
  return is_input ? in : g_unary(a->r.to, OP_STOP_GRAD, in, n->span); /* no weight that is trained is in it */
}

static uint32_t count_of(void *ctx, uint32_t count) {
  const Again *a = ctx;
  return rows_replace(a->S, count, a->groups->count, a->groups->rows);
}

/* ---- the statement ---------------------------------------------------------------------------------- */

static void say_not_a_mean(Sema *S, const Minimize *m, const Restrict *r) {
  const NodeId at = g_not_a_mean(r);
  if (at == NODE_NONE) return;
  const Node *n = g_node(r->from, at);
  const AstNode *loss = ast_kid(m->n, AST_MINIMIZE_loss);
  const bool norm = strncmp(src_of_span(S, n->span), "batchnorm", 9) == 0;
  Diag *d = say(
      S, DIAG_GROUP_LAW, loss->span,
      norm ? "batch norm in this loss sees the rows of one group at a time"
           : "this loss is no mean over rows, so `per` changes its gradient even where nothing is clipped");
  if (!span_in_library(n->span) && n->span.end > n->span.begin)
    diag_label(d, n->span, norm ? "here" : at == r->loss ? "a sum over rows" : "rows are mixed here");
}

static void say_cannot(Sema *S, const Minimize *m, const Restrict *r) {
  const Node *n = r->where != NODE_NONE ? g_node(r->from, r->where) : NULL;
  const AstNode *loss = ast_kid(m->n, AST_MINIMIZE_loss);
  Diag *d;
  if (r->stale) {
    d = say(S, DIAG_STALE_VALUE, loss->span,
            "this loss leads through a value computed before `%s` was updated",
            slot_owner(S, (int)n->attr.i[0]));
    diag_label(d, n->span, "computed here");
    diag_help(d, "compute it again after the update, or write `stop_grad(...)` to use the old value");
    return;
  }
  d = say(S, DIAG_SHAPE, loss->span, "this loss cannot be restricted to the rows of a group");
  if (n != NULL) diag_label(d, n->span, "%s", r->why != NULL ? r->why : "its rows cannot be taken out here");
  diag_help(d, "compute it inside of the loss, from the columns of the step");
}

int group_sum_slot(Sema *S, Grouping *g, const char *name, const Shape *shape, Span span) {
  const int slot = slot_new(S, SLOT_VALUE, name, shape, ELEM_REAL, span);
  vec_push(S->a, &g->sums, slot);
  return slot;
}

/* Adds the group's gradient times its share of the rows to the sums. */
static int *add_share(Sema *S, Grouping *g, const Minimize *m, const Value *gradient) {
  Graph *to = graph_now(S);
  const Span span = m->n->span;
  const NodeId *part = bundle_nodes(S, gradient);
  int *sums = ARENA_ARRAY(S->a, int, m->n_weights + 1);
  const Attr rows = {.i = {g->rows}}, all = {.i = {g->count}};
  const NodeId mine = g_make(to, OP_COUNT, 0, NULL, &rows, NULL, span, NULL);
  const NodeId share =
      g_binary(to, OP_DIV, mine, g_make(to, OP_COUNT, 0, NULL, &all, NULL, span, NULL), span);
  for (int k = 0; k < m->n_weights; k++) {
    const Slot *w = &S->p->slots.at[m->weights[k]];
    const Shape shape = w->shape;
    sums[k] =
        group_sum_slot(S, g, arena_printf(S->a, "%s.%s.gradient", S->train->name, w->name), &shape, span);
    const NodeId before = g_input(to, sums[k], &shape, ELEM_REAL, span);
    g_store(to, g_binary(to, OP_ADD, before, g_binary(to, OP_MUL, part[k], share, span), span), sums[k],
            span);
  }
  return sums;
}

const Value *loss_again(Sema *S, const Minimize *m, Graph *from, Grouping *g) {
  Again a = {.S = S, .groups = g, .from = from};
  a.r = (Restrict){.from = from,
                   .to = graph_now(S),
                   .loss = m->loss->u.tensor->node,
                   .first = m->ways.first,
                   .ways_from = m->ways.from,
                   .ways_to = m->ways.to,
                   .n_weights = m->n_weights,
                   .weights = m->weights,
                   .keep = keep,
                   .count_of = count_of,
                   .ctx = &a};
  if (g != NULL) {
    a.r.count = g->count, a.r.rows = g->rows;
    say_not_a_mean(S, m, &a.r);
  }
  const NodeId node = g_restrict(&a.r);
  if (node != NODE_NONE) return val_node(S, node, 0, m->loss->span);
  say_cannot(S, m, &a.r);
  return NULL;
}

/* The block that is run for each group; the slots of the summed gradient, NULL after an error. */
static int *group_block(Sema *S, const Minimize *m, Graph *from, Grouping *g) {
  const Value *loss = loss_again(S, m, from, g);
  const Value *b = loss != NULL ? minimize_gradient(S, m, loss) : NULL;
  if (b == NULL) return NULL;
  minimize_record(S, m, loss, g->rows);
  b = minimize_clip(S, m, b);
  return b == NULL ? NULL : add_share(S, g, m, b);
}

void minimize_per(Sema *S, Minimize *m, const AstNode *names) {
  Grouping g;
  Block *body = ARENA_NEW(S->a, Block);
  Region inner = {.block = body}, *outer = S->region;
  if (!grouping_of(S, names, &g)) return;
  Graph *from = graph_now(S);
  S->region = &inner;
  const int *sums = group_block(S, m, from, &g);
  region_close(S);
  S->region = outer;
  if (sums == NULL) return;
  vec_push(S->a, &S->p->groupings, g);
  Stmt *s = block_push(S, STMT_GROUPS, m->n->span);
  s->index = S->p->groupings.n - 1;
  s->block = body;
  NodeId *nodes = ARENA_ARRAY(S->a, NodeId, m->n_weights + 1);
  for (int k = 0; k < m->n_weights; k++)
    nodes[k] = g_input(graph_now(S), sums[k], &S->p->slots.at[m->weights[k]].shape, ELEM_REAL, m->n->span);
  minimize_update(S, m, bundle_value(S, m->n_weights, m->weights, nodes, m->n->span));
}
