/* Elementwise functions. */
#include "lang/sema/layers.h"
#include <math.h>
#include <string.h>

static bool static_function(OpId op, double x, double *out) {
  switch ((int)op) {
  case OP_EXP: *out = exp(x); return true;
  case OP_EXPM1: *out = expm1(x); return true;
  case OP_ERF: *out = erf(x); return true;
  case OP_LOG: *out = log(x); return true;
  case OP_SAFE_LOG: *out = x > 0 ? fmax(log(x), -100) : -100; return true;
  case OP_SQRT: *out = sqrt(x); return true;
  case OP_ABS: *out = fabs(x); return true;
  case OP_SIGN: *out = (x > 0) - (x < 0); return true;
  case OP_SIN: *out = sin(x); return true;
  case OP_COS: *out = cos(x); return true;
  case OP_TANH: *out = tanh(x); return true;
  case OP_SIGMOID: *out = x >= 0 ? 1 / (1 + exp(-x)) : exp(x) / (1 + exp(x)); return true;
  case OP_SOFTPLUS: *out = x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); return true;
  case OP_FLOOR: *out = floor(x); return true;
  case OP_ROUND: *out = nearbyint(x); return true;
  case OP_IS_FINITE: *out = isfinite(x) ? 1 : 0; return true;
  case OP_STOP_GRAD: *out = x; return true;
  default: return false;
  }
}

/* Numbers known now stay so; sizes may be computed by floor, round and abs. */
static const Value *unary_static(Sema *S, OpId op, const Value *x, Span span) {
  double r = 0;
  if (!static_function(op, x->u.num, &r)) return NULL;
  if (!isfinite(r)) {
    say(S, DIAG_TYPE, span, "`%s` is not a finite number", src_of_span(S, span));
    return S->error;
  }
  const bool whole = op == OP_FLOOR || op == OP_ROUND || op == OP_SIGN ||
                     ((op == OP_ABS || op == OP_STOP_GRAD) && x->kind == VAL_INT);
  if (op == OP_IS_FINITE) return val_bool(S, r != 0, span);
  if (!whole || fabs(r) > 9e15) return val_real(S, r, span);
  Value *v = val_new(S, VAL_INT, span);
  v->u.num = r;
  if (x->origin != 0)
    v->origin = origin_new(S, span, arena_printf(S->a, "`%s`", src_of_span(S, span)), x->origin, 0);
  return v;
}

const Value *fn_unary(Sema *S, Args *args, const Builtin *self) {
  const Value *x = args->v[0];
  if (val_is_number(x)) return unary_static(S, (OpId)self->op, x, args->span);
  if (x->kind == VAL_BUNDLE) return bundle_unary(S, (OpId)self->op, x, args->span);
  const Tensor *t = want_tensor(S, x, arena_printf(S->a, "the argument of `%s`", self->name));
  if (t == NULL) return S->error;
  return val_node(S, g_unary(graph_now(S), (OpId)self->op, t->node, args->span), t->lift, args->span);
}

const Value *fn_leaky(Sema *S, Args *args, const Builtin *self) {
  double slope = self->op == 0 ? 0 : 0.01;
  if (self->op != 0 && args->v[1] != NULL && !want_real(S, args->v[1], "the slope of `leaky_relu`", &slope))
    return S->error;
  if (slope < 0 || slope >= 1) {
    say(S, DIAG_TYPE, args->v[1]->span, "the slope of `leaky_relu` is in 0..1, but this is %s",
        num_text(S, slope));
    return S->error;
  }
  const Value *x = args->v[0];
  if (val_is_number(x)) return val_real(S, x->u.num > 0 ? x->u.num : slope * x->u.num, args->span);
  const Tensor *t = want_tensor(S, x, arena_printf(S->a, "the argument of `%s`", self->name));
  if (t == NULL) return S->error;
  return val_node(S, g_leaky_relu(graph_now(S), t->node, slope, args->span), t->lift, args->span);
}

/* elu, gelu, silu: made of several operations. */
const Value *fn_curve_of(Sema *S, Args *args, const Builtin *self) {
  double alpha = 1;
  const Value *x = args->v[0];
  if (self->op == 0 && !layer_real(S, args->v[1], "`alpha` of `elu`", 0, INFINITY, &alpha)) return S->error;
  const Tensor *t = want_tensor(S, x, arena_printf(S->a, "the argument of `%s`", self->name));
  if (t == NULL) return S->error;
  Graph *g = graph_now(S);
  const NodeId y = self->op == 0   ? g_elu(g, t->node, alpha, args->span)
                   : self->op == 1 ? g_gelu(g, t->node, args->span)
                                   : g_silu(g, t->node, args->span);
  return val_node(S, y, t->lift, args->span);
}

/* max(x, low), then min(.., high); derivative 1 at the limits. */
const Value *fn_clamp(Sema *S, Args *args, const Builtin *self) {
  const Value *low = args->v[1], *high = args->v[2];
  (void)self;
  if (args->v[0]->kind == VAL_BUNDLE) {
    const Value *up = bundle_apply(S, OP_MAXIMUM, args->v[0], low, args->span);
    return val_is_error(up) ? up : bundle_apply(S, OP_MINIMUM, up, high, args->span);
  }
  if (val_is_number(low) && val_is_number(high) && low->u.num > high->u.num) {
    say(S, DIAG_TYPE, args->span, "`clamp` has its lower limit %s above its upper limit %s",
        num_text(S, low->u.num), num_text(S, high->u.num));
    return S->error;
  }
  if (val_is_number(args->v[0]) && val_is_number(low) && val_is_number(high))
    return val_real(S, fmin(fmax(args->v[0]->u.num, low->u.num), high->u.num), args->span);
  const Value *above = tensor_binary(S, OP_MAXIMUM, "clamp", args->v[0], low, args->span);
  return val_is_error(above) ? above : tensor_binary(S, OP_MINIMUM, "clamp", above, high, args->span);
}

const Value *fn_mod(Sema *S, Args *args, const Builtin *self) {
  const Value *a = args->v[0], *b = args->v[1];
  (void)self;
  if (!val_is_number(a) || !val_is_number(b)) return tensor_binary(S, OP_MOD, "mod", a, b, args->span);
  if (b->u.num == 0) {
    say(S, DIAG_TYPE, b->span, "`mod` by zero");
    return S->error;
  }
  const double r = a->u.num - b->u.num * floor(a->u.num / b->u.num);
  return a->kind == VAL_INT && b->kind == VAL_INT ? val_int(S, (int64_t)r, args->span)
                                                  : val_real(S, r, args->span);
}

const Value *fn_atan2(Sema *S, Args *args, const Builtin *self) {
  const Value *y = args->v[0], *x = args->v[1];
  if (val_is_number(y) && val_is_number(x)) return val_real(S, atan2(y->u.num, x->u.num), args->span);
  return tensor_binary(S, OP_ATAN2, self->name, y, x, args->span);
}

const Value *fn_select(Sema *S, Args *args, const Builtin *self) {
  const Value *c = args->v[0];
  (void)self;
  if (c->kind == VAL_BOOL) return val_at(S, c->u.num != 0 ? args->v[1] : args->v[2], args->span);
  const Tensor *t = want_tensor(S, c, "the condition of `select`"), *in[3];
  if (t == NULL) return S->error;
  if (t->elem != ELEM_BOOL) {
    wrong_kind(S, c, "the condition of `select`", "true or false");
    return S->error;
  }
  in[0] = t;
  for (int i = 1; i < 3; i++)
    if ((in[i] = want_tensor(S, args->v[i], "a branch of `select`")) == NULL) return S->error;
  NodeId id[3];
  int lift;
  const bool same = in[0]->lift == in[1]->lift && in[1]->lift == in[2]->lift;
  if (same)
    for (int i = 0; i < 3; i++) id[i] = in[i]->node;
  else if (!align_lift(S, 3, in, id, &lift, args->span)) return S->error;
  const char *why = NULL;
  const NodeId out = g_make(graph_now(S), OP_SELECT, 3, id, NULL, NULL, args->span, &why);
  if (out == NODE_NONE)
    say(S, DIAG_SHAPE, args->span, "%s", why != NULL ? why : "the parts of `select` do not fit together");
  return val_node(S, out, in[0]->lift | in[1]->lift | in[2]->lift, args->span);
}

/* stop_grad(y - x) + x: the value is y, the derivative that of x. */
const Value *fn_straight_through(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  const Value *d = arith_binary(S, AST_OP_SUB, args->v[1], args->v[0], args->span);
  if (val_is_error(d)) return d;
  const Value *held = tensor_unary(S, OP_STOP_GRAD, d, args->span);
  return val_is_error(held) ? held : arith_binary(S, AST_OP_ADD, args->v[0], held, args->span);
}
