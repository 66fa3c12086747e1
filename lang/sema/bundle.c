/* Bundles (one tensor for each weight of an object) and derivatives. */
#include "lang/sema/builtins.h"
#include "lang/sema/across.h"
#include <string.h>

const Value *bundle_value(Sema *S, int n, const int *slots, const NodeId *nodes, Span span) {
  Value *v = val_new(S, VAL_BUNDLE, span);
  Tensor **parts = ARENA_ARRAY(S->a, Tensor *, n + 1);
  for (int i = 0; i < n; i++) parts[i] = val_node(S, nodes[i], 0, span)->u.tensor;
  v->u.bundle = (BundleValue){n, slots, parts};
  return v;
}

const NodeId *bundle_nodes(Sema *S, const Value *b) {
  NodeId *out = ARENA_ARRAY(S->a, NodeId, b->u.bundle.n + 1);
  for (int i = 0; i < b->u.bundle.n; i++) out[i] = tensor_here(S, b->u.bundle.parts[i], b->span);
  return out;
}

const Value *bundle_unary(Sema *S, OpId op, const Value *b, Span span) {
  const NodeId *in = bundle_nodes(S, b);
  NodeId *out = ARENA_ARRAY(S->a, NodeId, b->u.bundle.n + 1);
  for (int i = 0; i < b->u.bundle.n; i++) out[i] = g_unary(graph_now(S), op, in[i], span);
  return bundle_value(S, b->u.bundle.n, b->u.bundle.slots, out, span);
}

const Value *bundle_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  static const struct {
    AstOp op;
    OpId id;
  } ops[] = {{AST_OP_ADD, OP_ADD}, {AST_OP_SUB, OP_SUB}, {AST_OP_MUL, OP_MUL}, {AST_OP_DIV, OP_DIV}};
  for (int i = 0; i < 4; i++)
    if (ops[i].op == op) return bundle_apply(S, ops[i].id, a, b, span);
  say(S, DIAG_TYPE, span, "bundles of weights combine with + - * /; `%s` does not apply", ast_op_text[op]);
  return S->error;
}

/* The elementwise result of two bundles, or of a bundle and a number or scalar. */
const Value *bundle_apply(Sema *S, OpId id, const Value *a, const Value *b, Span span) {
  const BundleValue *shape = a->kind == VAL_BUNDLE ? &a->u.bundle : &b->u.bundle;
  const Tensor *scalar = NULL;
  const Value *other = a->kind == VAL_BUNDLE ? b : a;
  if (other->kind != VAL_BUNDLE) {
    const Value *one = val_to_scalar(S, other, "what a bundle is combined with");
    if (val_is_error(one)) return one;
    scalar = one->u.tensor;
  }
  if (scalar == NULL && a->u.bundle.n != b->u.bundle.n) {
    say(S, DIAG_SHAPE, span, "bundles of %d and of %d tensors do not combine", a->u.bundle.n, b->u.bundle.n);
    return S->error;
  }
  NodeId *out = ARENA_ARRAY(S->a, NodeId, shape->n + 1);
  Graph *g = graph_now(S);
  const NodeId *x = a->kind == VAL_BUNDLE ? bundle_nodes(S, a) : NULL,
               *y = b->kind == VAL_BUNDLE ? bundle_nodes(S, b) : NULL;
  for (int i = 0; i < shape->n; i++) {
    const NodeId in[2] = {x != NULL ? x[i] : scalar->node, y != NULL ? y[i] : scalar->node};
    const char *why = NULL;
    out[i] = g_make(g, id, 2, in, NULL, NULL, span, &why);
    if (out[i] == NODE_NONE) {
      say(S, DIAG_SHAPE, span, "these bundles do not combine: %s", why != NULL ? why : "their shapes differ");
      return S->error;
    }
  }
  return bundle_value(S, shape->n, shape->slots, out, span);
}

const Value *bundle_norm(Sema *S, const Value *b, Span span) {
  Graph *g = graph_now(S);
  const NodeId *in = bundle_nodes(S, b);
  NodeId sum = g_scalar(g, 0, span);
  for (int i = 0; i < b->u.bundle.n; i++) {
    const NodeId x = in[i];
    const int64_t every = ((int64_t)1 << g_node(g, x)->shape.rank) - 1;
    sum = g_binary(g, OP_ADD, sum, g_sum(g, g_unary(g, OP_SQUARE, x, span), every, false, span), span);
  }
  return val_node(S, g_unary(g, OP_SQRT, sum, span), 0, span);
}

/* min(1, bound / norm): what a vector is multiplied with so that its norm is at most bound. */
static NodeId clip_factor(Sema *S, NodeId norm, NodeId bound, Span span) {
  Graph *g = graph_now(S);
  const NodeId safe = g_binary(g, OP_MAXIMUM, norm, g_scalar(g, 1e-12, span), span);
  return g_binary(g, OP_MINIMUM, g_binary(g, OP_DIV, bound, safe, span), g_scalar(g, 1, span), span);
}

static bool bound_above_0(Sema *S, const Value *bound) {
  if (!val_is_number(bound) || bound->u.num > 0) return true;
  say(S, DIAG_TYPE, bound->span, "the bound of a norm is above 0, but this is %s", num_text(S, bound->u.num));
  return false;
}

const Value *clip_bundle(Sema *S, const Value *b, const Value *bound, Span span, NodeId *clipped) {
  const Value *c = val_to_scalar(S, bound, "the bound of a norm");
  const Value *norm = bundle_norm(S, b, span);
  if (val_is_error(c) || val_is_error(norm)) return S->error;
  if (!bound_above_0(S, bound)) return S->error;
  const NodeId f = clip_factor(S, norm->u.tensor->node, c->u.tensor->node, span);
  if (clipped != NULL)
    *clipped = g_binary(graph_now(S), OP_LT, c->u.tensor->node, norm->u.tensor->node, span);
  return bundle_binary(S, AST_OP_MUL, b, val_node(S, f, 0, span), span);
}

const Value *fn_clip_norm(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (args->v[0]->kind == VAL_BUNDLE) return clip_bundle(S, args->v[0], args->v[1], args->span, NULL);
  const Tensor *t = want_tensor(S, args->v[0], "the argument of `clip_norm`");
  const Value *c = val_to_scalar(S, args->v[1], "the bound of a norm");
  if (t == NULL || val_is_error(c) || !bound_above_0(S, args->v[1])) return S->error;
  if (c->u.tensor->lift != 0) return later(S, args->span, "`clip_norm` with a bound for each row");
  Graph *g = graph_now(S);
  const int64_t every = (((int64_t)1 << t->shape.rank) - 1) & ~(int64_t)t->lift; /* of each sample */
  const NodeId sum = g_sum(g, g_unary(g, OP_SQUARE, t->node, args->span), every, t->lift != 0, args->span);
  const NodeId f = clip_factor(S, g_unary(g, OP_SQRT, sum, args->span), c->u.tensor->node, args->span);
  return val_node(S, g_binary(g, OP_MUL, t->node, f, args->span), t->lift, args->span);
}

/* ---- derivatives ---------------------------------------------------------------------------- */

bool slot_in(int slot, int n, const int *slots) {
  for (int i = 0; i < n; i++)
    if (slots[i] == slot) return true;
  return false;
}

const char *slot_owner(const Sema *S, int slot) {
  const Slot *s = &S->p->slots.at[slot];
  return s->object >= 0 ? S->p->objects.at[s->object].name : s->name;
}

/* True after saying that the method of the circuit at `where` has no such derivative (E0417, E0998). */
static bool refuse_method(Sema *S, NodeId where, Span at, Span span) {
  if (where < 0) return false;
  const Node *n = g_node(graph_now(S), where);
  if (n->op != OP_CIRCUIT && n->op != OP_CIRCUIT_VJP) return false;
  const MethodUse use = circuit_use(n->attr.p, n->op == OP_CIRCUIT ? 1 : 2);
  const char *why, *possible = circuit_methods_text(S->a, &use);
  const MethodVerdict verdict = circuit_method_check(S->a, (CircuitMethod)n->attr.i[0], &use, &why);
  if (verdict == METHOD_RUNS) return false;
  Diag *d;
  if (verdict == METHOD_LATER) {
    later(S, span, "%s", why);
    d = S->sink->all.at[S->sink->all.n - 1];
  } else {
    d = say(S, DIAG_GRADIENT_METHOD, span, "%s", why);
  }
  if (at.begin != span.begin) diag_label(d, at, "the derivative is needed here");
  if (strcmp(possible, "none") != 0) diag_help(d, "methods that are possible here: %s", possible);
  else if (((const CircuitProgram *)n->attr.p)->measure == MEASURE_SAMPLE)
    diag_help(
        d,
        "no method differentiates samples: `probs(q)` and `expval(Z(q))` have derivatives, with `shots = 500` too");
  return true;
}

/* Derivatives of a scalar by nodes. out[k] is NODE_NONE where no path leads. */
bool derive(Sema *S, NodeId loss, int n, const NodeId *wrt, NodeId *out, Span span) {
  GradError e = {0};
  Graph *g = graph_now(S);
  if (g_grad(g, loss, n, wrt, out, span, &e)) return true;
  const Span at = e.where >= 0 && e.where < g_count(g) ? g_node(g, e.where)->span : span;
  if (e.stale) {
    const char *owner = e.stale_slot >= 0 ? slot_owner(S, e.stale_slot) : "an object";
    Diag *d = say(S, DIAG_STALE_VALUE, span,
                  "this derivative leads through a value computed before `%s` was updated", owner);
    diag_label(d, at, "computed here");
    diag_help(d, "compute it again after the update, or write `stop_grad(...)` to use the old value");
    return false;
  }
  if (refuse_method(S, e.where, at, span)) return false;
  Diag *d = say(S, DIAG_NO_DERIVATIVE, span, "%s", e.why != NULL ? e.why : "this has no derivative");
  if (at.begin != span.begin) diag_label(d, at, "the derivative is needed here");
  return false;
}

static const Value *grad_object(Sema *S, const Tensor *e, int n, const int *slots, const char *name,
                                Span span) {
  Graph *g = graph_now(S);
  NodeId *wrt = ARENA_ARRAY(S->a, NodeId, n + 1), *out = ARENA_ARRAY(S->a, NodeId, n + 1);
  for (int i = 0; i < n; i++) wrt[i] = g_param(g, slots[i], &S->p->slots.at[slots[i]].shape, span);
  const NodeId loss = across_by_weights(S, e->node, n, slots, NULL, span);
  if (loss == NODE_NONE || !derive(S, loss, n, wrt, out, span)) return S->error;
  bool any = false;
  for (int i = 0; i < n; i++) {
    any = any || out[i] != NODE_NONE;
    if (out[i] == NODE_NONE) out[i] = g_const(g, 0, &S->p->slots.at[slots[i]].shape, span);
  }
  if (!any) {
    say(S, DIAG_NO_PATH, span, "this value does not depend on `%s`, so its gradient is 0", name);
    return S->error;
  }
  return bundle_value(S, n, slots, out, span);
}

const Value *grad_of_objects(Sema *S, const Value *loss, int n, const int *slots, const char *name,
                             Span span) {
  const Value *one = val_to_scalar(S, loss, "a loss");
  return val_is_error(one) ? one : grad_object(S, one->u.tensor, n, slots, name, span);
}

typedef VEC(int) Ints;

/* The weights of a list of labelled lines, as `M.block` is; false if something else is in it. */
static bool slots_of_lines(Sema *S, const Value *v, Ints *out) {
  for (int i = 0; v->kind == VAL_LIST && i < v->u.list.n; i++)
    if (!slots_of_lines(S, v->u.list.at[i], out)) return false;
  if (v->kind == VAL_LIST) return v->u.list.n > 0;
  if (v->kind != VAL_STAGE || v->u.stage.is_param) return false;
  for (int i = 0; i < v->u.stage.n; i++)
    if (!slot_in(v->u.stage.slots[i], out->n, out->at)) vec_push(S->a, out, v->u.stage.slots[i]);
  return true;
}

const Value *fn_grad(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  const Value *w = args->v[1], *e = val_to_scalar(S, args->v[0], SCALAR_OF_GRAD);
  if (val_is_error(e)) return e;
  if (e->u.tensor->lift != 0) return later(S, args->span, "`grad` in a circuit or model");
  if (w->kind == VAL_OBJECT) {
    int n;
    const int *slots = object_slots(S, w->u.object, &n);
    return grad_object(S, e->u.tensor, n, slots, w->u.object->name, args->span);
  }
  if (w->kind == VAL_STAGE && w->u.stage.is_param) {
    const Value *b = grad_object(S, e->u.tensor, 1, w->u.stage.slots, w->u.stage.name, args->span);
    return val_is_error(b) ? b : val_node(S, bundle_nodes(S, b)[0], 0, args->span);
  }
  if (w->kind == VAL_STAGE)
    return grad_object(S, e->u.tensor, w->u.stage.n, w->u.stage.slots, w->u.stage.name, args->span);
  Ints lines = {0};
  if (w->kind == VAL_LIST && slots_of_lines(S, w, &lines))
    return grad_object(S, e->u.tensor, lines.n, lines.at, src_of_span(S, w->span), args->span);
  const AstNode *by = args->ast[1];
  if (w->kind != VAL_TENSOR || (by != NULL && by->kind != AST_NAME)) {
    Diag *d = say(S, DIAG_TYPE, w->span,
                  "`grad` derives by a name: of a `let`, a `draw`, a column, a circuit or a model");
    const bool named = by != NULL && by->kind == AST_NAME;
    Shape shape;
    ElemKind elem;
    if (val_shape(S, w, &shape, &elem) && !named)
      diag_help(d, "give it a name first: `let x = %s`", src_of_span(S, w->span));
    else diag_note(d, "this is %s", val_describe(S, w));
    return S->error;
  }
  const Tensor *t = want_tensor(S, w, "the second argument of `grad`");
  NodeId out;
  const NodeId loss = t != NULL ? across_by_value(S, e->u.tensor->node, t->node, args->span) : NODE_NONE;
  if (loss == NODE_NONE || !derive(S, loss, 1, &t->node, &out, args->span)) return S->error;
  if (out == NODE_NONE) {
    Diag *d = say(S, DIAG_NO_PATH, args->span, "`%s` does not depend on `%s`, so its gradient is 0",
                  src_of_span(S, args->v[0]->span), src_of_span(S, w->span));
    diag_label(d, w->span, "no path leads from here");
    return S->error;
  }
  return val_node(S, out, 0, args->span);
}

/* ---- weights -------------------------------------------------------------------------------- */

const Value *fn_params(Sema *S, Args *args, const Builtin *self) {
  int64_t total = 0;
  Ints seen = {0};
  (void)self;
  for (int i = 0; i < args->n_rest; i++) {
    const Value *v = args->rest[i];
    int n = 0;
    const int *slots = NULL;
    if (v->kind == VAL_OBJECT) slots = object_slots(S, v->u.object, &n);
    else if (v->kind == VAL_STAGE) {
      n = v->u.stage.n;
      slots = v->u.stage.slots;
    } else {
      wrong_kind(S, v, "what `params` counts", "a circuit or model");
      return S->error;
    }
    if (v->kind == VAL_OBJECT && !v->u.object->ready && !v->u.object->broken)
      return sizes_unknown(S, v->span, v->u.object, "to count its weights");
    for (int k = 0; k < n; k++) {
      if (slot_in(slots[k], seen.n, seen.at)) continue;
      vec_push(S->a, &seen, slots[k]);
      total += shape_capacity(&S->p->slots.at[slots[k]].shape);
    }
  }
  return val_int(S, total, args->span);
}

const Value *fn_weights(Sema *S, Args *args, const Builtin *self) {
  const Value *v = args->v[0];
  (void)self;
  if (v->kind != VAL_OBJECT) {
    wrong_kind(S, v, "the argument of `weights`", "a circuit or model");
    return S->error;
  }
  int n;
  const int *slots = object_slots(S, v->u.object, &n);
  NodeId *nodes = ARENA_ARRAY(S->a, NodeId, n + 1);
  for (int i = 0; i < n; i++)
    nodes[i] = g_param(graph_now(S), slots[i], &S->p->slots.at[slots[i]].shape, args->span);
  return bundle_value(S, n, slots, nodes, args->span);
}
