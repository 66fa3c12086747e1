/* Metrics of samples by what a network of the script makes of them: distances by features, scores by classes.
 */
#include "lang/sema/builtins.h"
#include <string.h>
#include "lang/ir/build.h"

#define FEW_ROWS 1000

static const Value *call_with(Sema *S, const Value *f, const char *name, const Value *x, const Args *args) {
  const AstNode *ast[1] = {NULL};
  const Value *pos[1] = {x};
  Args inner = {
      .span = args->span, .name_span = args->name_span, .name = name, .n_pos = 1, .pos = pos, .pos_ast = ast};
  return apply(S, f, &inner);
}

/* A model, a labelled stage or a function: what can be called with rows. */
static bool is_network(const Value *v) {
  return v->kind == VAL_DEF || v->kind == VAL_OBJECT || (v->kind == VAL_STAGE && !v->u.stage.is_param);
}

/* As the run knows it, so that its weights are found: `judge.feat` of a module `parts` is parts.judge.feat.
 */
static const char *network_name(Sema *S, const Value *v) {
  if (v->kind == VAL_OBJECT) return v->u.object->path;
  if (v->kind == VAL_STAGE) return arena_printf(S->a, "%s.%s", v->u.stage.object->path, v->u.stage.name);
  return src_of_span(S, v->span);
}

/* Features of rows as vectors [rows, d]; NODE_NONE after an error. */
static NodeId features_of(Sema *S, const Value *network, const Value *x, const Args *args) {
  const Value *v =
      network->kind == VAL_BUILTIN ? x : call_with(S, network, src_of_span(S, network->span), x, args);
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
  if (!plain && !is_network(network)) {
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
  v->u.tensor->features = plain ? "pixels" : network_name(S, network);
  v->u.tensor->metric = METRIC_FRECHET;
  return v;
}

/* The value of `inception_of` of the prelude for what the classifier gives, with its name. */
const Value *fn_inception(Sema *S, Args *args, const Builtin *self) {
  const Value *judge = args->v[1];
  (void)self;
  if (!is_network(judge)) {
    wrong_kind(S, judge, "the classifier of `inception_score`", "a model, a labelled stage or a function");
    return S->error;
  }
  const Value *logits = call_with(S, judge, src_of_span(S, judge->span), args->v[0], args);
  const Tensor *t = val_is_error(logits) ? NULL : want_tensor(S, logits, "logits");
  if (t == NULL) return S->error;
  if (t->shape.rank != 2) {
    say(S, DIAG_SHAPE, judge->span, "an inception score needs logits [rows, classes], and `%s` gives %s",
        src_of_span(S, judge->span), sema_shape_text(S, &t->shape));
    return S->error;
  }
  const NodeId p = g_along(graph_now(S), OP_SOFTMAX, t->node, 1, args->span, NULL);
  const Binding *of = scope_find_here(S->prelude, sym_intern("inception_of"));
  const Value *score = call_with(S, of->value, "inception_of", val_node(S, p, 0, args->span), args);
  const Tensor *result = val_is_error(score) ? NULL : want_tensor(S, score, "an inception score");
  if (result == NULL) return S->error;
  Value *v = (Value *)val_node(S, result->node, 0, args->span);
  v->u.tensor->features = network_name(S, judge);
  v->u.tensor->metric = METRIC_INCEPTION;
  return v;
}
