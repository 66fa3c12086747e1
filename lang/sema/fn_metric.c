/* Distances of samples by the features that a network of the script gives them. */
#include "lang/sema/builtins.h"
#include <string.h>

#define FEW_ROWS 1000

/* Features of rows as vectors [rows, d]; NODE_NONE after an error. */
static NodeId features_of(Sema *S, const Value *network, const Value *x, const Args *args) {
  const AstNode *ast[1] = {NULL};
  const Value *pos[1] = {x};
  Args inner = {.span = args->span,
                .name_span = args->name_span,
                .name = src_of_span(S, network->span),
                .n_pos = 1,
                .pos = pos,
                .pos_ast = ast};
  const Value *v = network->kind == VAL_BUILTIN ? x : apply(S, network, &inner);
  const Tensor *t = val_is_error(v) ? NULL : want_tensor(S, v, "features");
  if (t == NULL) return NODE_NONE;
  Shape rows = {.rank = 2};
  rows.d[0] = t->shape.rank > 0 ? t->shape.d[0] : dim_static(1);
  rows.d[1] = dim_static(shape_row_size(&t->shape));
  return g_reshape(graph_now(S), t->node, &rows, args->span);
}

static void warn_few(Sema *S, const Args *args, const Shape *s, const Value *of) {
  if (s->d[0].count != 0 || (s->d[0].n >= FEW_ROWS && s->d[0].n > s->d[1].n)) return;
  Diag *d = say(S, DIAG_FEW_ROWS, args->span, "a Frechet distance of %lld features from %lld rows is biased",
                (long long)s->d[1].n, (long long)s->d[0].n);
  diag_label(d, of->span, "%lld rows", (long long)s->d[0].n);
  diag_help(d, "take more than %lld rows, or compare only values from equally many",
            (long long)(s->d[1].n < FEW_ROWS ? FEW_ROWS : s->d[1].n));
}

const Value *fn_fid(Sema *S, Args *args, const Builtin *self) {
  const Value *network = args->v[2];
  const bool plain = network->kind == VAL_BUILTIN && strcmp(network->u.builtin->name, "flatten") == 0;
  (void)self;
  if (!plain && network->kind != VAL_DEF && network->kind != VAL_OBJECT &&
      (network->kind != VAL_STAGE || network->u.stage.is_param)) {
    Diag *d = wrong_kind(S, network, "the features of `fid`",
                         "a labelled stage, a model, a function, or `flatten`");
    if (d != NULL)
      diag_help(d, "label a line of a classifier, `feat: linear(128)`, and write `features = C.feat`");
    return S->error;
  }
  const NodeId a = features_of(S, network, args->v[0], args);
  const NodeId b = a == NODE_NONE ? NODE_NONE : features_of(S, network, args->v[1], args);
  if (b == NODE_NONE) return S->error;
  Graph *g = graph_now(S);
  const Shape sa = g_node(g, a)->shape, sb = g_node(g, b)->shape;
  const char *why = NULL;
  const NodeId out = g_make(g, OP_FRECHET, 2, (NodeId[]){a, b}, NULL, NULL, args->span, &why);
  if (out == NODE_NONE) {
    say(S, DIAG_SHAPE, args->span, "%s", why);
    return S->error;
  }
  warn_few(S, args, sa.d[0].count != 0 || sb.d[0].n < sa.d[0].n ? &sb : &sa,
           sa.d[0].count != 0 || sb.d[0].n < sa.d[0].n ? args->v[1] : args->v[0]);
  Value *v = (Value *)val_node(S, out, 0, args->span);
  v->u.tensor->features = plain ? "pixels" : src_of_span(S, network->span);
  return v;
}
