/* Layers: stages of models that own weights. */
#include "lang/sema/builtins.h"
#include <math.h>
#include <string.h>

bool in_model(Sema *S, const Args *args) {
  if (S->object != NULL && !S->object->object->is_circuit) return true;
  Diag *d = say(S, DIAG_PLACE, args->span, "`%s` owns weights, so it stands in a `model`", args->name);
  if (S->place == PLACE_DEF) diag_help(d, "a `def` has no weights: make it a `model`, or pass a model in");
  else diag_help(d, "declare one: `model M(x[n]) { %s }`", src_of_span(S, args->span));
  return false;
}

static void note_stage(Sema *S, int slot) {
  if (S->object->stage == NULL || slot < 0) return;
  LabelledStage *st = S->object->stage;
  for (int i = 0; i < st->slots.n; i++)
    if (st->slots.at[i] == slot) return;
  vec_push(S->a, &st->slots, slot);
}

/* [rows, in] for the matrix product, whatever the leading axes; lead gets them. */
static NodeId as_matrix(Sema *S, const Tensor *t, Shape *lead, Span span) {
  *lead = t->shape;
  lead->rank--;
  if (t->shape.rank == 2) return t->node;
  Shape to = {.rank = 2};
  to.d[1] = t->shape.d[t->shape.rank - 1];
  if (t->shape.rank == 1) {
    to.d[0] = dim_static(1);
    return g_reshape(graph_now(S), t->node, &to, span);
  }
  if (!shape_is_static(lead)) return NODE_NONE;
  to.d[0] = dim_static(shape_capacity(lead));
  return g_reshape(graph_now(S), t->node, &to, span);
}

/* x W^T + b with W [out, in]; both start uniform in +-1/sqrt(in), as PyTorch's Linear. */
const Value *fn_linear(Sema *S, Args *args, const Builtin *self) {
  bool bias = true;
  Dim out;
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `linear`");
  if (t == NULL || !want_dim(S, args->v[1], "the number of outputs of `linear`", &out)) return S->error;
  if (args->v[2] != NULL && !want_bool(S, args->v[2], "`bias`", &bias)) return S->error;
  if (out.count != 0) {
    say(S, DIAG_STATIC, args->v[1]->span, "the number of outputs of `linear` must be known before the run");
    return S->error;
  }
  const Shape s = tensor_sample(t);
  if (s.rank == 0 || s.d[s.rank - 1].count != 0) {
    Diag *d = say(S, DIAG_SHAPE, args->span, "`linear` works along the last axis, but its input is %s",
                  sema_shape_text(S, &s));
    if (s.rank == 0) diag_help(d, "make it one: `reshape(1)`");
    return S->error;
  }
  const Dim in = s.d[s.rank - 1];
  const char *key = stage_key(S, "linear");
  const double bound = 1 / sqrt((double)in.n);
  const Start start = {.kind = START_UNIFORM, .a = -bound, .b = bound};
  Shape w = {.rank = 2}, b = {.rank = 1};
  w.d[0] = b.d[0] = out;
  w.d[1] = in;
  w.d[0].origin = b.d[0].origin =
      origin_new(S, args->span, arena_printf(S->a, "`linear(%lld)`", (long long)out.n), out.origin, 0);
  const int ws = object_weight(S, arena_printf(S->a, "%s.weight", key), &w, start, args->span);
  const int bs = bias ? object_weight(S, arena_printf(S->a, "%s.bias", key), &b, start, args->span) : -1;
  if (ws < 0 || (bias && bs < 0)) return S->error;
  note_stage(S, ws);
  note_stage(S, bs);
  Graph *g = graph_now(S);
  Shape lead;
  const NodeId x = as_matrix(S, t, &lead, args->span);
  if (x == NODE_NONE)
    return later(S, args->span, "`linear` on samples with several axes and rows known only when run");
  NodeId y = g_matmul(g, x, g_param(g, ws, &w, args->span), false, true, args->span);
  if (bias) {
    Shape flat = {.rank = 2};
    flat.d[0] = dim_static(1);
    flat.d[1] = b.d[0];
    y = g_binary(g, OP_ADD, y, g_reshape(g, g_param(g, bs, &b, args->span), &flat, args->span), args->span);
  }
  Shape to = lead;
  to.d[to.rank++] = b.d[0];
  return val_node(S, g_reshape(g, y, &to, args->span), t->lift, args->span);
}
