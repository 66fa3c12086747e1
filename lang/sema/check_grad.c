/* check_grad(f, x, ...): the gradients of a circuit or model by every method that runs, held against each
 * other in each weight and argument. It prints a line for each method and states, like `expect`, that they
 * agree. What is differentiated is the sum of the outputs times fixed random numbers. */
#include <string.h>
#include "lang/sema/builtins.h"

/* What the gradients are taken by: weights, then arguments. */
typedef struct Wanted {
  int n_slots, n;
  const int *slots;
  NodeId *by;
  const char *names; /* "θ, x" */
} Wanted;

typedef struct Agreement {
  CircuitMethod method;
  const Value *apart, *most; /* [n] largest relative differences; the largest of these */
} Agreement;

static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot != NULL ? dot + 1 : name;
}

static void add_name(Sema *S, Wanted *w, const char *name) {
  w->names = w->names == NULL ? name : arena_printf(S->a, "%s, %s", w->names, name);
}

/* The arguments as tensors of their own, so that derivatives by them see this call only. */
static bool wanted_of(Sema *S, const ObjectInfo *o, const Args *args, const Value **in, Wanted *out) {
  Graph *g = graph_now(S);
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  *out = (Wanted){0};
  out->slots = object_slots(S, o, &out->n_slots);
  out->by = ARENA_ARRAY(S->a, NodeId, out->n_slots + args->n_rest + 1);
  for (int i = 0; i < out->n_slots; i++) {
    out->by[out->n++] = g_param(g, out->slots[i], &S->p->slots.at[out->slots[i]].shape, args->span);
    add_name(S, out, last_part(S->p->slots.at[out->slots[i]].name));
  }
  for (int i = 0; i < args->n_rest; i++) {
    in[i] = args->rest[i];
    if (!val_can_be_tensor(in[i])) continue;
    const Tensor *t = want_tensor(S, in[i], "an argument");
    if (t == NULL) return false;
    if (t->elem != ELEM_REAL && t->elem != ELEM_LABEL) continue;
    in[i] = val_node(S, g_mark(t->g, t->node, ++S->marks, in[i]->span), t->lift, in[i]->span);
    out->by[out->n++] = in[i]->u.tensor->node;
    add_name(S, out, params != NULL && i < params->n ? sym_text(params->kids[i]->name) : "?");
  }
  return true;
}

/* The sum of all results times random numbers; NODE_NONE after an error. */
static NodeId weighted_sum(Sema *S, const Value *v, NodeId sum, int site, Span span) {
  Graph *g = graph_now(S);
  if (v->kind == VAL_TUPLE || v->kind == VAL_LIST) {
    for (int i = 0; i < v->u.list.n && sum != NODE_NONE; i++)
      sum = weighted_sum(S, v->u.list.at[i], sum, site, span);
    return sum;
  }
  const Tensor *t = want_tensor(S, v, "a result of `check_grad`");
  if (t == NULL) return NODE_NONE;
  const NodeId w = g_draw(g, DRAW_NORMAL, site, &t->shape, span);
  const NodeId product = g_binary(g, OP_MUL, t->node, w, span);
  const int64_t every = ((int64_t)1 << t->shape.rank) - 1;
  return g_binary(g, OP_ADD, sum, g_sum(g, product, every, false, span), span);
}

/* The circuits behind a sum of results. */
typedef struct Behind {
  bool circuits;     /* there are any */
  const Node *noisy; /* one that is measured with shots, or NULL */
} Behind;

/* True if the circuits behind `loss` can be differentiated by this method, and there is one that would be. */
static bool applies(Sema *S, NodeId loss, CircuitMethod m, Behind *behind) {
  const Graph *g = graph_now(S);
  bool *seen = ARENA_ARRAY(S->a, bool, loss + 1), used = false;
  seen[loss] = true;
  for (NodeId k = loss; k >= 0; k--) {
    if (!seen[k]) continue;
    const Node *n = g_node(g, k);
    for (int i = 0; i < n->n_in; i++) seen[n->in[i]] = true;
    if (n->op != OP_CIRCUIT) continue;
    behind->circuits = true;
    const CircuitProgram *program = n->attr.p;
    if (program->shots > 0) behind->noisy = n;
    used = used || n->attr.i[0] == (int64_t)m;
    const MethodUse use = circuit_use(program, 1);
    const char *why;
    if (circuit_method_check(S->a, (CircuitMethod)n->attr.i[0], &use, &why) != METHOD_RUNS) return false;
  }
  return used;
}

static NodeId largest(Sema *S, NodeId x, Span span) {
  Graph *g = graph_now(S);
  const Attr attr = {.i = {((int64_t)1 << g_node(g, x)->shape.rank) - 1, 0}};
  const NodeId size = g_unary(g, OP_ABS, x, span);
  return g_make(g, OP_REDUCE_MAX, 1, &size, &attr, NULL, span, NULL);
}

/* max |a - b| / max(1, max |b|) */
static const Value *apart(Sema *S, NodeId a, NodeId b, Span span) {
  Graph *g = graph_now(S);
  const NodeId off = largest(S, g_binary(g, OP_SUB, a, b, span), span);
  const NodeId size = g_binary(g, OP_MAXIMUM, largest(S, b, span), g_scalar(g, 1, span), span);
  return val_node(S, g_binary(g, OP_DIV, off, size, span), 0, span);
}

static Agreement agreement(Sema *S, CircuitMethod m, int n, const NodeId *a, const NodeId *b, Span span) {
  const Value **each = ARENA_ARRAY(S->a, const Value *, n + 1);
  for (int i = 0; i < n; i++) each[i] = apart(S, a[i], b[i], span);
  const Value *list = val_list(S, VAL_LIST, n, each, span);
  const Tensor *t = want_tensor(S, list, "the differences");
  return (Agreement){m, list, t != NULL ? val_node(S, largest(S, t->node, span), 0, span) : S->error};
}

/* Derivatives that no path leads to are zeros. */
static bool gradients_of(Sema *S, NodeId loss, const Wanted *w, NodeId *out, Span span) {
  Graph *g = graph_now(S);
  if (!derive(S, loss, w->n, w->by, out, span)) return false;
  for (int i = 0; i < w->n; i++)
    if (out[i] == NODE_NONE) out[i] = g_const(g, 0, &g_node(g, w->by[i])->shape, span);
  return true;
}

/* How close a method has to come: rounding, and the error of differences. */
static double tolerance(const Sema *S, CircuitMethod m) {
  if (m == METHOD_FINITE) return S->p->is_double ? 1e-7 : 2e-3;
  return S->p->is_double ? 1e-10 : 1e-4;
}

static void state(Sema *S, const Agreement *a, const char *first, const char *title, Span span) {
  const char *name = circuit_method_name(a->method);
  const double bound = tolerance(S, a->method);
  const Value *holds = arith_binary(S, AST_OP_LT, a->most, val_real(S, bound, span), span);
  const int most = value_slot(S, a->most, path_here(S, "most"));
  const int condition = value_slot(S, holds, path_here(S, "agrees"));
  if (most < 0 || condition < 0) return;
  Stmt *s = block_push(S, STMT_EXPECT, span);
  s->slot = condition;
  s->text = arena_printf(S->a, "%s: `%s` agrees with `%s`", title, name, first);
  s->condition = arena_printf(S->a, "%s: %s", title, name);
  s->left = (Cell){NULL, most, 0};
  s->right = (Cell){NULL, -1, bound};
  s->op = "<";
}

static void print(Sema *S, const char *text, const Value *v, Span span) {
  const int slot = v != NULL ? value_slot(S, v, path_here(S, "apart")) : -1;
  Stmt *s = block_push(S, STMT_PRINT, span);
  s->slot = slot;
  s->text = text;
}

static ObjectInfo *checked_object(Sema *S, const Args *args) {
  const Value *f = args->v[0];
  if (S->place != PLACE_TOP) {
    say(S, DIAG_PLACE, args->span, "`check_grad` prints and stands at the top level");
    return NULL;
  }
  if (f->kind == VAL_OBJECT && !f->u.object->is_block) return f->u.object->broken ? NULL : f->u.object;
  wrong_kind(S, f, "what `check_grad` checks", "a circuit with `return` or a model");
  return NULL;
}

/* Estimates from shots differ by their own errors, which no fixed bound knows. */
static const Value *say_shots(Sema *S, const ObjectInfo *o, const Node *noisy, Span span) {
  Diag *d = say(S, DIAG_GRADIENT_METHOD, span,
                "`check_grad` compares exact gradients, but `%s` is measured with shots", o->name);
  diag_label(d, noisy->span, "measured with shots here");
  diag_help(d, "check it without `shots`: the circuit and its derivatives are the same");
  return S->error;
}

const Value *fn_check_grad(Sema *S, Args *args, const Builtin *self) {
  ObjectInfo *o = checked_object(S, args);
  const Span span = args->span;
  const int gradient = S->gradient, errors = S->sink->n_errors;
  (void)self;
  if (o == NULL) return S->error;
  const Value **in = ARENA_ARRAY(S->a, const Value *, args->n_rest + 1);
  Wanted w;
  if (!wanted_of(S, o, args, in, &w)) return S->error;
  NodeId *reference = NULL;
  const char *first = NULL, *title = arena_printf(S->a, "check_grad(%s)", o->name);
  const int site = site_new(S, "check_grad", span);
  Agreement found[METHOD_COUNT];
  int n_found = 0;
  Behind behind = {false, NULL};
  for (int m = 0; m < METHOD_COUNT; m++) {
    if (m == METHOD_SPSA) continue; /* an estimate agrees with nothing */
    Args call = {
        .span = span, .name_span = args->name_span, .name = o->name, .n_pos = args->n_rest, .pos = in};
    call.pos_ast = ARENA_ARRAY(S->a, const AstNode *, args->n_rest + 1);
    S->gradient = m + 1;
    const Value *v = call_object(S, o, &call);
    S->gradient = gradient;
    if (val_is_error(v)) return v;
    const NodeId loss = weighted_sum(S, v, g_scalar(graph_now(S), 0, span), site, span);
    if (loss == NODE_NONE) return S->error;
    const bool here = applies(S, loss, (CircuitMethod)m, &behind);
    if (behind.noisy != NULL) return say_shots(S, o, behind.noisy, span);
    if (!here) continue;
    NodeId *g = ARENA_ARRAY(S->a, NodeId, w.n + 1);
    if (!gradients_of(S, loss, &w, g, span)) return S->error;
    if (reference != NULL) found[n_found++] = agreement(S, (CircuitMethod)m, w.n, g, reference, span);
    else reference = g, first = circuit_method_name((CircuitMethod)m);
  }
  if (!behind.circuits || w.n == 0) {
    say(S, DIAG_NO_PATH, span,
        behind.circuits ? "`%s` has neither weights nor arguments to derive by"
                        : "`%s` has no circuit in it, so there is one gradient only",
        o->name);
    return S->error;
  }
  if (S->sink->n_errors > errors || first == NULL) return S->error;
  print(S, arena_printf(S->a, "%s: largest relative difference to `%s` in %s", title, first, w.names), NULL,
        span);
  for (int i = 0; i < n_found; i++)
    print(S, arena_printf(S->a, "  %-9s", circuit_method_name(found[i].method)), found[i].apart, span);
  for (int i = 0; i < n_found; i++) state(S, &found[i], first, title, span);
  return val_nothing(S, span);
}
