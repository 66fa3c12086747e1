/* The Fubini-Study metric of a circuit in its weights, and the quantum natural gradient (Stokes, Izaac,
 * Killoran, Carleo 2020): (G + ridge 1)^-1 times the gradient, G_ij = Re(<d_i psi|d_j psi> - <d_i
 * psi|psi><psi|d_j psi>), in the mean over the rows of a batch. */
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

/* Do two measurements follow the same gates, in one call? */
static bool same_gates(const CircuitProgram *a, const CircuitProgram *b) {
  if (a->gates.n != b->gates.n || a->n_qubits != b->n_qubits) return false;
  for (int i = 0; i < a->gates.n; i++) {
    const GateUse *x = &a->gates.at[i], *y = &b->gates.at[i];
    if (x->gate != y->gate || x->inverse != y->inverse || x->n_targets != y->n_targets ||
        x->n_controls != y->n_controls || x->word != y->word || x->values != y->values ||
        memcmp(x->qubit, y->qubit, sizeof x->qubit) != 0 ||
        memcmp(x->control_on, y->control_on, sizeof x->control_on) != 0)
      return false;
    for (int k = 0; k < gate_info[x->gate].n_angles; k++)
      if (x->angle[k].source != y->angle[k].source || x->angle[k].element != y->angle[k].element ||
          x->angle[k].scale != y->angle[k].scale || x->angle[k].shift != y->angle[k].shift)
        return false;
  }
  return true;
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
    const bool same = old == NULL || (old->n_in == node->n_in && same_gates(old->attr.p, node->attr.p) &&
                                      memcmp(old->in, node->in, (size_t)node->n_in * sizeof *node->in) == 0);
    if (!same) {
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

/* Where each weight stands among the elements of the circuit's shared inputs; -1 where it gets there through
 * other operations only. False after an error. */
static bool places_of(Sema *S, NodeId circuit, int n, const int *slots, const char *name, Span span,
                      int64_t *place) {
  const Graph *g = graph_now(S);
  const Node *node = g_node(g, circuit);
  const CircuitProgram *p = node->attr.p;
  int64_t at = 0;
  for (int i = 0; i < n; i++) place[i] = -1;
  for (int k = 0; k < p->n_inputs; k++) {
    const Node *in = g_node(g, unmarked_id(g, node->in[k]));
    if (p->input_has_rows[k]) {
      if (!uses_slots(S, node->in[k], n, slots)) continue;
      later(S, span, "the metric of `%s`, whose weights are combined with inputs before they become angles,",
            name);
      return false;
    }
    for (int i = 0; i < n && in->op == OP_PARAM; i++)
      if (slots[i] == (int)in->attr.i[0]) place[i] = at;
    at += p->input_size[k];
  }
  for (int i = 0; i < n; i++) {
    if (uses_slots(S, circuit, 1, &slots[i])) continue;
    later(S, span, "the metric of `%s`, which has weights outside of its circuit (`%s`),", name,
          S->p->slots.at[slots[i]].name);
    return false;
  }
  return true;
}

/* True if every shared input that depends on the weights is one of them. */
static bool all_direct(Sema *S, NodeId circuit, int n, const int *slots) {
  const Graph *g = graph_now(S);
  const Node *node = g_node(g, circuit);
  for (int k = 0; k < node->n_in; k++)
    if (g_node(g, unmarked_id(g, node->in[k]))->op != OP_PARAM && uses_slots(S, node->in[k], n, slots))
      return false;
  return true;
}

/* Parts one after the other, in groups: an operation of the runtime has few inputs. */
static NodeId join(Graph *g, int n, NodeId *parts, int axis, Span span) {
  enum { GROUP = 8 };
  if (n == 1) return parts[0];
  int count = 0;
  for (int i = 0; i < n; i += GROUP) {
    const int left = n - i < GROUP ? n - i : GROUP;
    parts[count++] = left == 1 ? parts[i] : g_concat(g, left, parts + i, axis, span);
  }
  return join(g, count, parts, axis, span);
}

/* d (one element of the inputs) / d (all weights), as a row. */
static NodeId jacobian_row(Sema *S, NodeId element, int n, const int *slots, Span span) {
  Graph *g = graph_now(S);
  NodeId *by = ARENA_ARRAY(S->a, NodeId, n + 1), *out = ARENA_ARRAY(S->a, NodeId, n + 1);
  for (int i = 0; i < n; i++) by[i] = g_param(g, slots[i], &S->p->slots.at[slots[i]].shape, span);
  if (!derive(S, element, n, by, out, span)) return NODE_NONE;
  for (int i = 0; i < n; i++) {
    const Shape line = shape_of(2, (int64_t[]){1, shape_capacity(&S->p->slots.at[slots[i]].shape)});
    out[i] = out[i] == NODE_NONE ? g_const(g, 0, &line, span) : g_reshape(g, out[i], &line, span);
  }
  return join(g, n, out, 1, span);
}

/* J^T m J with J = d inputs / d weights; NODE_NONE after an error. */
static NodeId through_jacobian(Sema *S, NodeId m, NodeId circuit, int n, const int *slots, Span span) {
  Graph *g = graph_now(S);
  const Node *node = g_node(g, circuit);
  const CircuitProgram *p = node->attr.p;
  NodeId *rows = ARENA_ARRAY(S->a, NodeId, (int)g_node(g, m)->shape.d[0].n + 1);
  int count = 0;
  for (int k = 0; k < p->n_inputs; k++) {
    if (p->input_has_rows[k]) continue;
    const Shape line = shape_of(1, &p->input_size[k]);
    const NodeId flat = g_reshape(g, node->in[k], &line, span);
    for (int64_t e = 0; e < p->input_size[k]; e++) {
      rows[count] = jacobian_row(S, g_slice(g, flat, 0, e, 1, span), n, slots, span);
      if (rows[count++] == NODE_NONE) return NODE_NONE;
    }
  }
  const NodeId j = join(g, count, rows, 0, span), right = g_matmul(g, m, j, false, false, span);
  return g_matmul(g, j, right, true, false, span);
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
  if (!all_direct(S, circuit, n, slots)) return through_jacobian(S, m, circuit, n, slots, span);
  return pick(S, pick(S, m, 0, n, slots, place, span), 1, n, slots, place, span);
}

const Value *fn_metric_tensor(Sema *S, Args *args, const Builtin *self) {
  const Value *f = args->v[0];
  (void)self;
  if (f->kind != VAL_OBJECT || f->u.object->is_block) {
    wrong_kind(S, f, "the first argument of `metric_tensor`", "a circuit with `return`");
    return S->error;
  }
  Args call = {.span = args->span, .name_span = args->name_span, .name = f->u.object->name};
  call.n_pos = args->n_rest;
  call.pos = args->rest;
  call.pos_ast = ARENA_ARRAY(S->a, const AstNode *, args->n_rest + 1);
  const Value *v = call_object(S, f->u.object, &call);
  while (!val_is_error(v) && (v->kind == VAL_TUPLE || v->kind == VAL_LIST) && v->u.list.n > 0)
    v = v->u.list.at[0];
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

const Value *fn_eigenvalues(Sema *S, Args *args, const Builtin *self) {
  const Tensor *a = arg_tensor(S, args, 0, self);
  const char *why = NULL;
  if (a == NULL) return S->error;
  if (a->lift != 0) return later(S, args->span, "`eigenvalues` in a model");
  const NodeId x = g_make(graph_now(S), OP_EIGENVALUES, 1, &a->node, NULL, NULL, args->span, &why);
  return val_made(S, x, 0, why, args->span);
}

bool natural_gradient(Sema *S, NodeId loss, int n, const int *slots, const char *name, double ridge,
                      NodeId *grads, Span span) {
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
