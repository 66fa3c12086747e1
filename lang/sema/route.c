/* `route(c, x, A, B)`: the rows of x where c holds go through A, the others through B, and each row runs one
 * of them only; `cost(e)`: the operations that computing e takes. How many rows go where is known when run,
 * so each side is a block over a count of its own (program.h: Routing), like the groups of `per`. */
#include <string.h>
#include "lang/ir/flops.h"
#include "lang/sema/builtins.h"

/* ---- route ------------------------------------------------------------------------------------------ */

static bool row_condition(Sema *S, const Value *v, const Tensor *c, const Tensor *x) {
  const bool column = c->shape.rank == 2 && dim_is_one(c->shape.d[1]);
  if (c->elem != ELEM_BOOL) {
    Diag *d = wrong_kind(S, v, "the condition of `route`", "true or false for each row");
    if (d != NULL) diag_help(d, "compare first: `%s > 0.5`", src_of_span(S, v->span));
    return false;
  }
  if (x->shape.rank > 0 && (c->shape.rank == 1 || column) && dim_equal(c->shape.d[0], x->shape.d[0]))
    return true;
  say(S, DIAG_SHAPE, v->span, "`route` takes one condition for each row: %s for rows %s",
      sema_shape_text(S, &c->shape), sema_shape_text(S, &x->shape));
  return false;
}

static const Value *call_with(Sema *S, const Value *f, const Value *x, const Args *args) {
  const AstNode *ast[1] = {NULL};
  const Value *pos[1] = {x};
  Args inner = {.span = args->span,
                .name_span = args->name_span,
                .name = src_of_span(S, f->span),
                .n_pos = 1,
                .pos = pos,
                .pos_ast = ast};
  return apply(S, f, &inner);
}

/* The block of one side: fills part and rows of the routing; false after an error. */
static bool side_of(Sema *S, const Value *f, const Tensor *x, const Args *args, Routing *r) {
  const int64_t most = x->shape.d[0].n;
  vec_push(S->a, &S->p->counts, ((Count){"rows routed", COUNT_GROUP, S->p->routings.n, most}));
  r->rows = (uint32_t)(S->p->counts.n - 1);
  Shape shape = x->shape;
  shape.d[0] = (Dim){most, r->rows, 0};
  r->to = slot_new(S, SLOT_VALUE, path_here(S, "route.x"), &shape, x->elem, args->span);
  r->block = ARENA_NEW(S->a, Block);
  Region inner = {.block = r->block}, *outer = S->region;
  Path *path = path_enter(S, r->holds ? "route" : "route_else");
  S->region = &inner;
  S->runtime_depth++;
  const Value *y = call_with(
      S, f, val_node(S, g_input(graph_now(S), r->to, &shape, x->elem, args->span), 0, f->span), args);
  const Tensor *t = val_is_error(y) ? NULL : want_tensor(S, y, "what a side of `route` gives");
  const bool fits = t != NULL && t->shape.rank > 0 && t->shape.d[0].count == r->rows;
  if (t != NULL && !fits)
    say(S, DIAG_SHAPE, f->span, "a side of `route` gives a value for each of its rows, but this gives %s",
        sema_shape_text(S, &t->shape));
  if (fits) r->part = tensor_export(S, t, path_here(S, "part"));
  region_close(S);
  S->runtime_depth--;
  S->region = outer;
  S->path = path;
  return fits;
}

const Value *fn_route(Sema *S, Args *args, const Builtin *self) {
  if (S->object != NULL || S->train != NULL) {
    say(S, DIAG_PLACE, args->span, "`route` stands at the top level and in functions called there");
    return S->error;
  }
  const Tensor *c = arg_tensor(S, args, 0, self), *x = arg_tensor(S, args, 1, self);
  if (c == NULL || x == NULL || !row_condition(S, args->v[0], c, x)) return S->error;
  Routing r[2] = {{.holds = true}, {.holds = false}};
  r[0].mask = r[1].mask = tensor_export(S, c, path_here(S, "route"));
  r[0].from = r[1].from = tensor_export(S, x, path_here(S, "route.x"));
  r[0].count = r[1].count = x->shape.d[0];
  region_close(S);
  for (int k = 0; k < 2; k++)
    if (!side_of(S, args->v[2 + k], x, args, &r[k])) return S->error;
  Shape shape = S->p->slots.at[r[0].part].shape, other = S->p->slots.at[r[1].part].shape;
  shape.d[0] = other.d[0] = x->shape.d[0];
  if (!shape_equal(&shape, &other)) {
    Diag *d = say(S, DIAG_SHAPE, args->span, "the sides of `route` give different rows: %s and %s",
                  sema_shape_text(S, &shape), sema_shape_text(S, &other));
    diag_label(d, args->v[2]->span, "%s", sema_shape_text(S, &shape));
    return S->error;
  }
  const int result = slot_new(S, SLOT_VALUE, path_here(S, "routed"), &shape, ELEM_REAL, args->span);
  for (int k = 0; k < 2; k++) {
    r[k].result = result;
    vec_push(S->a, &S->p->routings, r[k]);
    Stmt *s = block_push(S, STMT_ROUTE, args->span);
    s->index = S->p->routings.n - 1;
    s->block = r[k].block;
  }
  const Value *v = val_node(S, g_input(graph_now(S), result, &shape, ELEM_REAL, args->span), 0, args->span);
  v->u.tensor->slot = result;
  return v;
}

/* ---- cost ------------------------------------------------------------------------------------------ */

typedef struct Cost {
  Sema *S;
  double fixed;
  VEC(Flops) rows; /* those that have counts, one for each product of such */
  VEC(int) slots;  /* seen, */
  VEC(struct SeenIn {
    const Graph *g;
    bool *nodes; /* counted */
  })
  graphs;
} Cost;

static void add_cost(Cost *c, const Flops *f) {
  if (f->n == 0) c->fixed += f->each;
  if (f->n == 0 || f->each == 0) return;
  for (int i = 0; i < c->rows.n; i++) {
    Flops *known = &c->rows.at[i];
    if (known->n != f->n || memcmp(known->count, f->count, (size_t)f->n * sizeof *f->count) != 0) continue;
    known->each += f->each;
    return;
  }
  vec_push(c->S->a, &c->rows, *f);
}

static void cost_of_node(Cost *c, const Graph *g, NodeId id);

/* What computed the value of a slot: another region, or the two sides of a `route`. */
static void cost_of_slot(Cost *c, int slot) {
  Sema *S = c->S;
  if (slot_in(slot, c->slots.n, c->slots.at)) return;
  vec_push(S->a, &c->slots, slot);
  const SlotInfo info = S->slots.at[slot];
  if (info.g != NULL) cost_of_node(c, info.g, info.node);
  for (int k = 0; k < S->p->routings.n; k++) {
    const Routing r = S->p->routings.at[k];
    if (r.result != slot) continue;
    cost_of_slot(c, r.mask);
    cost_of_slot(c, r.from);
    cost_of_slot(c, r.part);
  }
}

/* Which nodes of a graph were counted. Graphs that are read here do not grow meanwhile. */
static bool *counted_in(Cost *c, const Graph *g) {
  for (int i = 0; i < c->graphs.n; i++)
    if (c->graphs.at[i].g == g) return c->graphs.at[i].nodes;
  vec_push(c->S->a, &c->graphs, ((struct SeenIn){g, ARENA_ARRAY(c->S->a, bool, g_count(g) + 1)}));
  return c->graphs.at[c->graphs.n - 1].nodes;
}

static void cost_of_node(Cost *c, const Graph *g, NodeId id) {
  bool *seen = ARENA_ARRAY(c->S->a, bool, id + 1), *counted = counted_in(c, g);
  seen[id] = true;
  for (NodeId k = id; k >= 0; k--) {
    if (!seen[k] || counted[k]) continue;
    counted[k] = true;
    const Node *n = g_node(g, k);
    const Flops flops = g_flops(g, k);
    add_cost(c, &flops);
    for (int i = 0; i < n->n_in; i++) seen[n->in[i]] = true;
    if (n->op == OP_INPUT && n->attr.i[0] >= 0) cost_of_slot(c, (int)n->attr.i[0]);
  }
}

/* Operations that computing e takes, from data and weights: a number known before the run unless rows are
 * counted when run. */
const Value *fn_cost(Sema *S, Args *args, const Builtin *self) {
  const Tensor *t = arg_tensor(S, args, 0, self);
  if (t == NULL) return S->error;
  if (t->lift != 0) return later(S, args->span, "`cost` in a model");
  Cost c = {.S = S};
  cost_of_node(&c, t->g, t->node);
  Graph *g = graph_now(S);
  NodeId sum = g_scalar(g, c.fixed, args->span);
  for (int i = 0; i < c.rows.n; i++) {
    NodeId all = g_scalar(g, c.rows.at[i].each, args->span);
    for (int k = 0; k < c.rows.at[i].n; k++) {
      const Attr count = {.i = {c.rows.at[i].count[k]}};
      const NodeId rows = g_make(g, OP_COUNT, 0, NULL, &count, NULL, args->span, NULL);
      all = g_binary(g, OP_MUL, rows, all, args->span);
    }
    sum = g_binary(g, OP_ADD, sum, all, args->span);
  }
  return c.rows.n == 0 ? val_real(S, c.fixed, args->span) : val_node(S, sum, 0, args->span);
}
