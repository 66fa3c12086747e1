/* Derivatives through values of other regions. A value of a closed region is read from a slot, so the graph
 * that uses it holds no way back to what it was computed from. Where a derivative needs that way, the
 * operations on it are made again in the open graph. Everything that these only use is read from slots, draws
 * above all: it is what it was.
 *
 * A way that was changed meanwhile is refused: one that begins at weights or a var that were set since
 * (E0413), vars that a block sets when it runs, circuits that would be sampled anew, batch norms whose
 * statistics would not follow (E0998). */
#include "lang/sema/across.h"
#include <string.h>

/* What is derived by: `n` weights, or with n = 0 the value of the slot `by`, which is the node `here`. */
typedef struct Across {
  Sema *S;
  int n;
  const int *slots;
  int by;
  NodeId here;
  Span span;
  int n_known;
  char *known;  /* by slot: does a differentiable way lead to it? */
  NodeId *made; /* by slot: its value again */
} Across;
enum { UNKNOWN, NO, YES };

/* The name in the script: the last part of the slot's path. */
static const char *short_name(const Slot *s) {
  const char *dot = strrchr(s->name, '.');
  return dot != NULL ? dot + 1 : s->name;
}

static bool is_seed(const Across *a, const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  if (a->n > 0) return n->op == OP_PARAM && slot_in((int)n->attr.i[0], a->n, a->slots);
  if (n->op == OP_INPUT && n->attr.i[0] == a->by) return true;
  for (const SlotInfo *by = &a->S->slots.at[a->by]; by != NULL; by = by->before)
    if (g == by->g && id == by->node) return true;
  return false;
}

static bool flows(const Node *n, int k) {
  return op_info[n->op].diff != OPDIFF_NOGRAD && op_info[n->op].cls != CLASS_EFFECT && op_carries(n->op, k);
}

static bool is_var(const Sema *S, int slot) { return slot_in(slot, S->kept_vars.n, S->kept_vars.at); }

static bool slot_leads(Across *a, int slot);

/* Which nodes up to `last` a differentiable way leads to, through whatever regions. */
static bool *leads(Across *a, const Graph *g, NodeId last) {
  bool *out = ARENA_ARRAY(a->S->a, bool, last + 1);
  for (NodeId id = 0; id <= last; id++) {
    const Node *n = g_node(g, id);
    out[id] = is_seed(a, g, id);
    if (!out[id] && n->op == OP_INPUT && n->attr.i[0] >= 0) out[id] = slot_leads(a, (int)n->attr.i[0]);
    for (int k = 0; k < n->n_in && !out[id]; k++) out[id] = out[n->in[k]] && flows(n, k);
  }
  return out;
}

static bool slot_leads(Across *a, int slot) {
  if (slot >= a->n_known) return false;
  if (a->known[slot] != UNKNOWN) return a->known[slot] == YES;
  a->known[slot] = NO; /* what is computed from itself, turn by turn, is asked once */
  const SlotInfo *info = &a->S->slots.at[slot];
  bool deps = a->n == 0;
  for (int i = 0; i < info->n_deps && !deps; i++) deps = slot_in(info->deps[i], a->n, a->slots);
  const bool by_deps = a->n > 0 && (info->g == NULL || is_var(a->S, slot)); /* one of several assignments */
  bool yes = deps && by_deps;
  for (const SlotInfo *i = info; deps && i != NULL && !yes; i = i->before)
    yes = i->g != NULL && leads(a, i->g, i->node)[i->node];
  a->known[slot] = yes ? YES : NO;
  return yes;
}

/* ---- what cannot be made again ----------------------------------------------------------------------- */

static NodeId refuse(const Across *a, int slot, const char *why) {
  Sema *S = a->S;
  const char *name = short_name(&S->p->slots.at[slot]);
  later(S, a->span, "a derivative through `%s`, %s,", name, why);
  Diag *d = S->sink->all.at[S->sink->all.n - 1];
  diag_label(d, S->p->slots.at[slot].span, "computed here");
  diag_help(d, "compute it where the derivative is, or write `stop_grad(%s)` to use its value alone", name);
  return NODE_NONE;
}

/* The weights or the var that the way begins at and that were set since, or -1. */
static int stale_begin(const Across *a, int slot, const bool *need, const bool *lead) {
  const Sema *S = a->S;
  const SlotInfo *info = &S->slots.at[slot];
  for (int u = info->stamp; u < S->updates.n; u++) {
    const int w = S->updates.at[u];
    if (a->n == 0 ? w == a->by : slot_in(w, a->n, a->slots) && slot_in(w, info->n_deps, info->deps)) return w;
  }
  for (NodeId id = 0; id <= info->node; id++) {
    const Node *n = g_node(info->g, id);
    const bool begins = need[id] && lead[id] && (n->op == OP_PARAM || n->op == OP_INPUT) && n->attr.i[0] >= 0;
    const int w = begins ? (int)n->attr.i[0] : -1;
    if (w < 0 || (a->n == 0 ? w != a->by : n->op != OP_PARAM)) continue;
    if (a->n == 0 ? S->slots.at[w].g == info->g : n->attr.i[1] < g_version(info->g, w)) return w;
  }
  return -1;
}

static const char *why_not(const Across *a, int slot, const bool *need, const bool *lead) {
  const SlotInfo *info = &a->S->slots.at[slot];
  for (NodeId id = 0; id <= info->node; id++) {
    const Node *n = g_node(info->g, id);
    if (!need[id] || !lead[id]) continue;
    if (n->op == OP_CIRCUIT || n->op == OP_CIRCUIT_VJP || n->op == OP_CIRCUIT_HVP) {
      const CircuitProgram *c = n->attr.p;
      if (c->shots > 0 || (c->mixed && c->trajectories > 0)) return "which another block has sampled";
    }
    for (int i = 0; i < a->S->norms.n; i++)
      if (a->S->norms.at[i].g == info->g && a->S->norms.at[i].out == id && !a->S->norms.at[i].done)
        return "with a batch norm in another block";
  }
  return NULL;
}

/* ---- the way again ------------------------------------------------------------------------------------ */

static NodeId slot_again(Across *a, int slot);

/* The nodes of g that the value `last` is made again from: those on the way, and what they use. */
static bool *needed(const Across *a, const Graph *g, NodeId last, const bool *lead) {
  bool *out = ARENA_ARRAY(a->S->a, bool, last + 1);
  out[last] = true;
  for (NodeId id = last; id >= 0; id--) {
    const Node *n = g_node(g, id);
    for (int k = 0; out[id] && lead[id] && !is_seed(a, g, id) && k < n->n_in; k++) out[n->in[k]] = true;
  }
  return out;
}

/* A value of `from` that is only used; it was there when `stamp` updates had been seen. */
static NodeId value_of(const Across *a, Graph *from, NodeId id, int stamp) {
  Sema *S = a->S;
  const Node *n = g_node(from, id);
  Graph *g = graph_now(S);
  if (n->op == OP_CONST || n->op == OP_COUNT || n->op == OP_CLOCK)
    return g_make(g, n->op, 0, NULL, &n->attr, &n->shape, n->span, NULL);
  int slot = n->op == OP_INPUT ? (int)n->attr.i[0] : -1;
  if (slot >= 0) {
    const SlotKind kind = S->p->slots.at[slot].kind;
    const bool fixed =
        kind == SLOT_COLUMN || kind == SLOT_TABLE || kind == SLOT_BUFFER || S->slots.at[slot].g != NULL;
    if (!fixed || is_var(S, slot)) slot = -1;
  }
  for (int i = 0; slot < 0 && i < S->slots.n; i++)
    if (S->slots.at[i].g == from && S->slots.at[i].node == id && !is_var(S, i)) slot = i;
  if (slot < 0) {
    Tensor t = {.g = from, .node = id, .slot = -1, .shape = n->shape, .elem = n->elem, .stamp = stamp};
    slot = tensor_export(S, &t, path_here(S, "value"));
  }
  return g_input(g, slot, &n->shape, n->elem, n->span);
}

static NodeId again(Across *a, Graph *from, NodeId id, bool lead, const NodeId *map, int stamp) {
  const Node *n = g_node(from, id);
  Graph *g = graph_now(a->S);
  if (is_seed(a, from, id)) return a->n > 0 ? g_param(g, (int)n->attr.i[0], &n->shape, n->span) : a->here;
  if (!lead) return value_of(a, from, id, stamp);
  if (n->op == OP_INPUT) return slot_again(a, (int)n->attr.i[0]);
  NodeId *in = ARENA_ARRAY(a->S->a, NodeId, n->n_in + 1);
  for (int k = 0; k < n->n_in; k++) in[k] = map[n->in[k]];
  return g_make(g, n->op, n->n_in, in, &n->attr, &n->shape, n->span, NULL);
}

static NodeId say_stale(const Across *a, int slot, int since) {
  Sema *S = a->S;
  const Slot *v = &S->p->slots.at[slot], *w = &S->p->slots.at[since];
  Diag *d = a->n > 0 ? say(S, DIAG_STALE_VALUE, a->span,
                           "`%s` was computed before the weights of `%s` were updated", short_name(v),
                           slot_owner(S, since))
                     : say(S, DIAG_STALE_VALUE, a->span, "`%s` was computed before `%s` was set",
                           short_name(v), short_name(w));
  diag_label(d, v->span, "computed here");
  diag_help(d, "compute it again after the update, or write `stop_grad(...)` to use the old value");
  return NODE_NONE;
}

static NodeId slot_again(Across *a, int slot) {
  Sema *S = a->S;
  if (a->made[slot] != NODE_NONE) return a->made[slot];
  const SlotInfo info = S->slots.at[slot];
  if (info.g == NULL || is_var(S, slot)) return refuse(a, slot, "which a block sets when it runs");
  const bool *lead = leads(a, info.g, info.node), *need = needed(a, info.g, info.node, lead);
  const int stale = stale_begin(a, slot, need, lead);
  if (stale >= 0) return say_stale(a, slot, stale);
  const char *why = why_not(a, slot, need, lead);
  if (why != NULL) return refuse(a, slot, why);
  NodeId *map = ARENA_ARRAY(S->a, NodeId, info.node + 1);
  for (NodeId id = 0; id <= info.node; id++) {
    if (!need[id]) continue;
    map[id] = again(a, info.g, id, lead[id], map, info.stamp);
    if (map[id] == NODE_NONE) return NODE_NONE;
  }
  return a->made[slot] = map[info.node];
}

/* A graph under way to its copy with the ways of other regions in it; what none leads through stays as it is:
 * map[id] is id. */
typedef struct Rewrite {
  Across *a;
  Graph *g;
  const bool *lead, *need;
  NodeId *map;
} Rewrite;

static bool rewrite_node(Rewrite *w, NodeId id) {
  const Node *n = g_node(w->g, id);
  if (!w->need[id] || !w->lead[id] || is_seed(w->a, w->g, id)) return true;
  bool changed = n->op == OP_INPUT;
  for (int k = 0; k < n->n_in; k++) changed = changed || w->map[n->in[k]] != n->in[k];
  if (changed) w->map[id] = again(w->a, w->g, id, true, w->map, w->a->S->updates.n);
  return w->map[id] != NODE_NONE;
}

/* What the statement reads from a slot, as a value of its own. */
static bool rewrite_read(Rewrite *w, NodeId id) {
  const Node *n = g_node(w->g, id);
  if (n->op != OP_INPUT || !w->need[id] || !w->lead[id] || is_seed(w->a, w->g, id)) return true;
  if (!rewrite_node(w, id)) return false;
  w->map[id] = g_mark(w->g, w->map[id], ++w->a->S->marks, n->span);
  return true;
}

/* The loss with the ways in it. First what was bound before the statement, if it asks for that; then what it
 * makes itself. */
static NodeId loss_with_ways(Across *a, NodeId loss, Ways *ways) {
  Graph *g = graph_now(a->S);
  const bool *lead = leads(a, g, loss);
  Rewrite w = {a, g, lead, needed(a, g, loss, lead), ARENA_ARRAY(a->S->a, NodeId, loss + 1)};
  const NodeId first = ways != NULL ? ways->first : 0;
  for (NodeId id = 0; id <= loss; id++) w.map[id] = id;
  if (ways != NULL) ways->from = g_count(g);
  for (NodeId id = 0; id <= loss && id < first; id++)
    if (!rewrite_node(&w, id)) return NODE_NONE;
  for (NodeId id = first; ways != NULL && id <= loss; id++)
    if (!rewrite_read(&w, id)) return NODE_NONE;
  if (ways != NULL) ways->to = g_count(g);
  for (NodeId id = first; id <= loss; id++)
    if (w.map[id] == id && !rewrite_node(&w, id)) return NODE_NONE;
  return w.map[loss];
}

static NodeId with_ways(Sema *S, NodeId loss, int n, const int *slots, int by, NodeId here, Ways *ways,
                        Span span) {
  Across a = {.S = S, .n = n, .slots = slots, .by = by, .here = here, .span = span, .n_known = S->slots.n};
  a.known = ARENA_ARRAY(S->a, char, a.n_known + 1);
  a.made = ARENA_ARRAY(S->a, NodeId, a.n_known + 1);
  for (int i = 0; i < a.n_known; i++) a.made[i] = NODE_NONE;
  return loss_with_ways(&a, loss, ways);
}

NodeId across_by_weights(Sema *S, NodeId loss, int n, const int *slots, Ways *ways, Span span) {
  return n > 0 ? with_ways(S, loss, n, slots, -1, NODE_NONE, ways, span) : loss;
}

NodeId across_by_value(Sema *S, NodeId loss, NodeId by, Span span) {
  const Node *w = g_node(graph_now(S), by);
  if (w->op != OP_INPUT || w->attr.i[0] < 0) return loss;
  return with_ways(S, loss, 0, NULL, (int)w->attr.i[0], by, NULL, span);
}

/* ---- what a block that runs again updates ---------------------------------------------------------------
 */

static void updated(Sema *S, const Value *v) {
  int n = 0;
  const int *slots = NULL;
  if (v->kind == VAL_OBJECT && !v->u.object->broken) slots = object_slots(S, v->u.object, &n);
  if (v->kind == VAL_STAGE) n = v->u.stage.n, slots = v->u.stage.slots;
  for (int i = 0; i < n; i++) vec_push(S->a, &S->updates, slots[i]);
  for (int i = 0; v->kind == VAL_LIST && i < v->u.list.n; i++) updated(S, v->u.list.at[i]);
}

static void updated_by_train(Sema *S) {
  const Train *t = S->train != NULL ? &S->p->trains.at[S->train->index] : NULL;
  for (int i = 0; t != NULL && i < t->optimizers.n; i++)
    for (int k = 0; k < t->optimizers.at[i].n_slots; k++)
      vec_push(S->a, &S->updates, t->optimizers.at[i].slots[k]);
}

/* The object behind `M`, `M.stage` or `nets[i]`; a name that the block itself binds may be any of the
 * train's. */
static void updated_by(Sema *S, const AstNode *ref) {
  int n;
  while (ref != NULL && ref->kind != AST_NAME) ref = ref->n > 0 ? ref->kids[0] : NULL;
  const Binding *b = ref != NULL ? scope_find(S->scope, ref->name) : NULL;
  if (b == NULL || b->kind == BIND_LOOP) {
    updated_by_train(S);
    return;
  }
  updated(S, b->value);
  const int *slots = var_slots(b, &n);
  for (int i = 0; i < n; i++) vec_push(S->a, &S->updates, slots[i]);
}

void updates_ahead(Sema *S, const AstNode *n) {
  if (n == NULL) return;
  const AstNode *refs = n->kind == AST_MINIMIZE ? ast_kid(n, AST_MINIMIZE_over) : NULL;
  for (int i = 0; refs != NULL && i < refs->n; i++) updated_by(S, refs->kids[i]);
  if (n->kind == AST_UPDATE) updated_by(S, ast_kid(n, AST_UPDATE_target));
  if (n->kind == AST_ASSIGN) updated_by(S, ast_kid(n, AST_ASSIGN_target));
  for (int i = 0; i < n->n; i++) updates_ahead(S, n->kids[i]);
}
