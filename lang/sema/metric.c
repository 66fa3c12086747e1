/* The Fubini-Study metric of a circuit in its weights, and the quantum natural gradient (Stokes, Izaac, Killoran,
 * Carleo 2020): (G + ridge 1)^-1 times the gradient, G_ij = Re(<d_i psi|d_j psi> - <d_i psi|psi><psi|d_j psi>),
 * in the mean over the rows of a batch. */
#include <string.h>
#include "lang/sema/builtins.h"

static NodeId unmarked_id(const Graph *g, NodeId id) {
  while (g_node(g, id)->op == OP_MARK) id = g_node(g, id)->in[0];
  return id;
}

static bool uses_slots(Sema *S, NodeId id, int n, const int *slots) {
  int total;
  const int *deps = node_deps(S, graph_now(S), id, &total);
  for (int i = 0; i < total; i++)
    if (slot_in(deps[i], n, slots)) return true;
  return false;
}

/* The circuit behind `from` that the weights go into; NODE_NONE after an error. */
static NodeId circuit_of(Sema *S, NodeId from, int n, const int *slots, const char *name, Span span) {
  const Graph *g = graph_now(S);
  bool *seen = ARENA_ARRAY(S->a, bool, from + 1);
  NodeId found = NODE_NONE;
  seen[from] = true;
  for (NodeId k = from; k >= 0; k--) {
    if (!seen[k]) continue;
    const Node *node = g_node(g, k);
    for (int i = 0; i < node->n_in; i++) seen[node->in[i]] = true;
    if (node->op != OP_CIRCUIT || !uses_slots(S, k, n, slots)) continue;
    const Node *old = found != NODE_NONE ? g_node(g, found) : NULL;
    if (old != NULL && (old->n_in != node->n_in || memcmp(old->in, node->in, (size_t)node->n_in * sizeof *node->in) != 0)) {
      later(S, span, "the metric of `%s` where it is called several times", name);
      return NODE_NONE;
    }
    found = k;
  }
  if (found == NODE_NONE)
    say(S, DIAG_NO_PATH, span, "no circuit depends on the weights of `%s`, so they have no metric", name);
  else if (((const CircuitProgram *)g_node(g, found)->attr.p)->mixed) {
    later(S, span, "the metric of a circuit with noise");
    return NODE_NONE;
  }
  return found;
}

/* Where each weight stands among the shared inputs of the circuit; false after an error. */
static bool places_of(Sema *S, NodeId circuit, int n, const int *slots, const char *name, Span span, int64_t *place) {
  const Graph *g = graph_now(S);
  const Node *node = g_node(g, circuit);
  const CircuitProgram *p = node->attr.p;
  int64_t at = 0;
  for (int i = 0; i < n; i++) place[i] = -1;
  for (int k = 0; k < p->n_inputs; k++) {
    const Node *in = g_node(g, unmarked_id(g, node->in[k]));
    const int slot = in->op == OP_PARAM && !p->input_has_rows[k] ? (int)in->attr.i[0] : -1;
    for (int i = 0; i < n && slot >= 0; i++)
      if (slots[i] == slot) place[i] = at;
    if ((slot < 0 || !slot_in(slot, n, slots)) && uses_slots(S, node->in[k], n, slots)) {
      later(S, span, "the metric of `%s`, whose weights are worked on before they become angles,", name);
      return false;
    }
    if (!p->input_has_rows[k]) at += p->input_size[k];
  }
  for (int i = 0; i < n; i++)
    if (place[i] < 0) {
      later(S, span, "the metric of `%s`, which has weights outside of its circuit (`%s`),", name,
            S->p->slots.at[slots[i]].name);
      return false;
    }
  return true;
}

/* Rows (axis 0) or columns of the weights, in their order. */
static NodeId pick(Sema *S, NodeId m, int axis, int n, const int *slots, const int64_t *place, Span span) {
  Graph *g = graph_now(S);
  NodeId out = NODE_NONE;
  for (int i = 0; i < n; i++) {
    const NodeId part = g_slice(g, m, axis, place[i], shape_capacity(&S->p->slots.at[slots[i]].shape), span);
    out = out == NODE_NONE ? part : g_concat(g, 2, (NodeId[]){out, part}, axis, span);
  }
  return out;
}

static NodeId metric_node(Sema *S, NodeId from, int n, const int *slots, const char *name, Span span) {
  Graph *g = graph_now(S);
  const NodeId circuit = circuit_of(S, from, n, slots, name, span);
  int64_t *place = ARENA_ARRAY(S->a, int64_t, n + 1);
  if (circuit == NODE_NONE || !places_of(S, circuit, n, slots, name, span, place)) return NODE_NONE;
  const Node *node = g_node(g, circuit);
  const CircuitProgram *p = node->attr.p;
  const Attr attr = {.p = p};
  const char *why = NULL;
  NodeId m = g_make(g, OP_CIRCUIT_METRIC, node->n_in, node->in, &attr, NULL, span, &why);
  if (m == NODE_NONE) {
    say(S, DIAG_SHAPE, span, "%s", why);
    return m;
  }
  for (int k = 0; k < p->n_inputs; k++) {
    if (!p->input_has_rows[k]) continue;
    m = g_binary(g, OP_DIV, m, g_size_of(g, node->in[k], 1, span), span);
    break;
  }
  return pick(S, pick(S, m, 0, n, slots, place, span), 1, n, slots, place, span);
}

const Value *fn_metric_tensor(Sema *S, Args *args, const Builtin *self) {
  const Value *f = args->v[0];
  (void)self;
  if (f->kind != VAL_OBJECT || f->u.object->is_block) {
    wrong_kind(S, f, "what `metric_tensor` is of", "a circuit with `return`");
    return S->error;
  }
  Args call = {.span = args->span, .name_span = args->name_span, .name = f->u.object->name};
  call.n_pos = args->n_rest;
  call.pos = args->rest;
  call.pos_ast = ARENA_ARRAY(S->a, const AstNode *, args->n_rest + 1);
  const Value *v = call_object(S, f->u.object, &call);
  while (!val_is_error(v) && (v->kind == VAL_TUPLE || v->kind == VAL_LIST) && v->u.list.n > 0) v = v->u.list.at[0];
  if (val_is_error(v)) return v;
  int n;
  const int *slots = object_slots(S, f->u.object, &n);
  const Tensor *t = want_tensor(S, v, "the result of a circuit");
  if (t == NULL) return S->error;
  return val_node(S, metric_node(S, t->node, n, slots, f->u.object->name, args->span), 0, args->span);
}

const Value *fn_solve(Sema *S, Args *args, const Builtin *self) {
  const Tensor *a = want_tensor(S, args->v[0], "the matrix of `solve`"),
               *b = want_tensor(S, args->v[1], "the right side of `solve`");
  const char *why = NULL;
  (void)self;
  if (a == NULL || b == NULL) return S->error;
  if (a->lift != 0 || b->lift != 0) return later(S, args->span, "`solve` in a model");
  const NodeId in[2] = {a->node, b->node};
  const NodeId x = g_make(graph_now(S), OP_SOLVE, 2, in, NULL, NULL, args->span, &why);
  if (x == NODE_NONE) say(S, DIAG_SHAPE, args->span, "%s", why);
  return val_node(S, x, 0, args->span);
}

bool natural_gradient(Sema *S, NodeId loss, int n, const int *slots, const char *name, double ridge, NodeId *grads,
                      Span span) {
  Graph *g = graph_now(S);
  const NodeId m = metric_node(S, loss, n, slots, name, span);
  if (m == NODE_NONE) return false;
  NodeId flat = NODE_NONE;
  for (int i = 0; i < n; i++) {
    const Shape line = shape_of(1, (int64_t[]){shape_capacity(&S->p->slots.at[slots[i]].shape)});
    const NodeId part = g_reshape(g, grads[i], &line, span);
    flat = flat == NODE_NONE ? part : g_concat(g, 2, (NodeId[]){flat, part}, 0, span);
  }
  const Attr attr = {.f = {ridge}};
  const NodeId x = g_make(g, OP_SOLVE, 2, (NodeId[]){m, flat}, &attr, NULL, span, NULL);
  int64_t at = 0;
  for (int i = 0; i < n; i++) {
    const Shape *s = &S->p->slots.at[slots[i]].shape;
    grads[i] = g_reshape(g, g_slice(g, x, 0, at, shape_capacity(s), span), s, span);
    at += shape_capacity(s);
  }
  return true;
}
