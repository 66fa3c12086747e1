/* Norms, standardized and dropout: the layers that look at more than one sample, or at where they are called.
 *
 * Training mode. A layer runs in training mode in the `step` of a train that has an optimizer for the
 * object (or labelled line) that it stands in, or for an object that holds it; everywhere else it runs in
 * evaluation mode: batch norm with its running statistics, dropout as nothing. So a frozen part needs no
 * word of its own. Running statistics follow when a statement updates the weights of the batch norm by a
 * loss that depends on it, once for each application. */
#include "lang/sema/layers.h"
#include <math.h>
#include <string.h>

static bool is_trained(const Sema *S) {
  const ObjectBuild *b = S->object;
  for (int i = 0; b->train != NULL && i < b->train->optims.n; i++) {
    const TrainOptim *o = &b->train->optims.at[i];
    if (o->stage == NULL && object_holds(o->object, b->object)) return true;
    if (o->stage != NULL && o->object == b->object && b->label != NULL && strcmp(o->stage, b->label) == 0)
      return true;
  }
  return false;
}

/* ---- batch norm ---------------------------------------------------------------------------------- */

static bool has_features(Sema *S, const Args *args, const Shape *s) {
  if (s->rank > 0 && s->d[0].count == 0) return true;
  Diag *d = say(S, DIAG_SHAPE, args->span, "`%s` works on features along axis 0, but its input is %s",
                args->name, sema_shape_text(S, s));
  if (s->rank == 0) diag_help(d, "make it one: `reshape(1)`");
  return false;
}

/* Scale and shift start at 1 and 0, running mean and variance at 0 and 1, as PyTorch's BatchNorm. */
const Value *fn_batchnorm(Sema *S, Args *args, const Builtin *self) {
  double eps = 1e-5, momentum = 0.1;
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `batchnorm`");
  if (t == NULL || !layer_real(S, args->v[1], "`eps` of `batchnorm`", 0, INFINITY, &eps) ||
      !layer_real(S, args->v[2], "`momentum` of `batchnorm`", 0, 1, &momentum))
    return S->error;
  const Shape s = tensor_sample(t);
  const char *key = stage_key(S, "batchnorm", args->span);
  if (!has_features(S, args, &s)) return S->error;
  const Span at = args->span;
  const Shape n = {.rank = 1, .d = {s.d[0]}};
  NormUse use = {.momentum = momentum};
  const NodeId scale = layer_weight(S, key, "weight", &n, start_value(1), at, &use.weight),
               shift = layer_weight(S, key, "bias", &n, start_value(0), at, NULL);
  use.slots[0] = object_buffer(S, arena_printf(S->a, "%s.running_mean", key), &n, 0, at);
  use.slots[1] = object_buffer(S, arena_printf(S->a, "%s.running_var", key), &n, 1, at);
  if (scale == NODE_NONE || shift == NODE_NONE || use.slots[0] < 0 || use.slots[1] < 0) return S->error;
  Graph *g = graph_now(S);
  const NodeId x = with_rows(S, t, at);
  const char *why = NULL;
  if (!is_trained(S)) {
    const NodeId mean = g_input(g, use.slots[0], &n, ELEM_REAL, at),
                 variance = g_input(g, use.slots[1], &n, ELEM_REAL, at);
    return without_rows(S, t, g_batchnorm_with(g, x, scale, shift, mean, variance, eps, at, &why), at);
  }
  const BatchNorm norm = g_batchnorm(g, x, scale, shift, eps, at, &why);
  use.g = g;
  use.out = norm.out;
  use.mean = norm.mean;
  use.variance = norm.variance;
  vec_push(S->a, &S->norms, use);
  return without_rows(S, t, norm.out, at);
}

static bool *needed_for(Sema *S, const Graph *g, int n, const NodeId *nodes) {
  bool *seen = ARENA_ARRAY(S->a, bool, g_count(g) + 1);
  for (int i = 0; i < n; i++) seen[nodes[i]] = true;
  for (NodeId id = g_count(g) - 1; id >= 0; id--)
    for (int k = 0; seen[id] && k < g_node(g, id)->n_in; k++) seen[g_node(g, id)->in[k]] = true;
  return seen;
}

/* The same application, written twice, is one node; its statistics follow once. */
static bool followed_before(const Sema *S, int at) {
  const NormUse *u = &S->norms.at[at];
  for (int i = 0; i < at; i++) {
    const NormUse *o = &S->norms.at[i];
    if (o->g == u->g && o->done && o->slots[0] == u->slots[0] && o->out == u->out) return true;
  }
  return false;
}

static void note_buffer(Sema *S, int train, int slot) {
  Train *t = &S->p->trains.at[train];
  for (int i = 0; i < t->buffers.n; i++)
    if (t->buffers.at[i] == slot) return;
  vec_push(S->a, &t->buffers, slot);
}

void norms_follow(Sema *S, int n_nodes, const NodeId *nodes, int n_slots, const int *slots, Span span) {
  Graph *g = graph_now(S);
  const bool *needed = NULL;
  for (int i = 0; i < S->norms.n; i++) {
    NormUse *u = &S->norms.at[i];
    if (u->g != g || u->done || !slot_in(u->weight, n_slots, slots)) continue;
    if (needed == NULL) needed = needed_for(S, g, n_nodes, nodes);
    if (!needed[u->out]) continue;
    u->done = true;
    if (followed_before(S, i)) continue;
    for (int k = 0; k < 2; k++) {
      const Shape *s = &S->p->slots.at[u->slots[k]].shape;
      const NodeId old = g_input(g, u->slots[k], s, ELEM_REAL, span);
      g_store(g, g_running(g, old, k == 0 ? u->mean : u->variance, u->momentum, span), u->slots[k], span);
      note_buffer(S, S->train->index, u->slots[k]);
    }
  }
}

/* ---- standardized ---------------------------------------------------------------------------------- */

/* The rows as a node of the script's own graph: they are a column, or another value that has a slot. */
static NodeId rows_at_top(Sema *S, const Value *like, const Tensor *t) {
  const Node *n = g_node(t->g, t->node);
  while (n->op == OP_MARK || n->op == OP_STOP_GRAD) n = g_node(t->g, n->in[0]);
  if (n->op == OP_INPUT && n->attr.i[0] >= 0)
    return g_input(graph_now(S), (int)n->attr.i[0], &n->shape, n->elem, like->span);
  Diag *d = say(S, DIAG_TYPE, like->span, "the rows of `standardized` are a column, or a value with a name");
  diag_help(d, "`let rows = %s` before the model, then `standardized(rows)`", src_of_span(S, like->span));
  return NODE_NONE;
}

/* Mean and standard deviation (n in the denominator; 1 where nothing varies) of the rows, once, where the
 * script declares the object: in front of whatever calls it. */
static bool fill_moments(Sema *S, const Value *like, const Tensor *t, const int *slots, Span at) {
  Region *before = S->region;
  S->region = S->top_region;
  const NodeId rows = rows_at_top(S, like, t);
  if (rows != NODE_NONE) {
    Graph *g = graph_now(S);
    const NodeId variance = g_variance(g, rows, 1, false, false, at), none = g_scalar(g, 0, at);
    const NodeId parts[3] = {g_binary(g, OP_LT, none, variance, at), g_unary(g, OP_SQRT, variance, at),
                             g_scalar(g, 1, at)};
    g_store(g, g_mean(g, rows, 1, false, at), slots[0], at);
    g_store(g, g_make(g, OP_SELECT, 3, parts, NULL, NULL, at, NULL), slots[1], at);
    region_close(S);
  }
  S->region = before;
  return rows != NODE_NONE;
}

/* standardized(like): as scikit-learn's StandardScaler. What it holds is kept with the weights. */
const Value *fn_standardized(Sema *S, Args *args, const Builtin *self) {
  const Tensor *t = arg_tensor(S, args, 0, self), *like = arg_tensor(S, args, 1, self);
  if (t == NULL || like == NULL) return S->error;
  const Span at = args->span;
  const Shape s = tensor_sample(t);
  Shape row = {.rank = like->shape.rank - 1};
  for (int k = 0; k < row.rank; k++) row.d[k] = like->shape.d[k + 1];
  if (like->lift != 0 || like->shape.rank < 1 || !shape_equal(&s, &row)) {
    Diag *d =
        say(S, DIAG_SHAPE, args->v[1]->span, "`standardized` of %s takes rows of that shape, but gets %s",
            sema_shape_text(S, &s), sema_shape_text(S, &like->shape));
    if (s.rank > 0) label_origin(S, d, s.d[0]);
    return S->error;
  }
  const char *key = stage_key(S, "standardized", args->span);
  const int known = S->p->slots.n;
  const int slots[2] = {object_buffer(S, arena_printf(S->a, "%s.mean", key), &s, 0, at),
                        object_buffer(S, arena_printf(S->a, "%s.std", key), &s, 1, at)};
  if (slots[0] < 0 || slots[1] < 0) return S->error;
  if (S->p->slots.n > known && !fill_moments(S, args->v[1], like, slots, at)) return S->error;
  if (is_trained(S))
    for (int k = 0; k < 2; k++) note_buffer(S, S->object->train->index, slots[k]);
  Graph *g = graph_now(S);
  Shape to = {.rank = s.rank + 1};
  for (int k = 0; k < to.rank; k++) to.d[k] = k > 0 ? s.d[k - 1] : dim_static(1);
  const NodeId mean = g_reshape(g, g_input(g, slots[0], &s, ELEM_REAL, at), &to, at),
               std = g_reshape(g, g_input(g, slots[1], &s, ELEM_REAL, at), &to, at);
  const NodeId x = with_rows(S, t, at);
  return without_rows(S, t, g_binary(g, OP_DIV, g_binary(g, OP_SUB, x, mean, at), std, at), at);
}

/* ---- layer norm ------------------------------------------------------------------------------------ */

/* Over the last axes, `axes` of them; scale and shift start at 1 and 0, as PyTorch's LayerNorm. */
const Value *fn_layernorm(Sema *S, Args *args, const Builtin *self) {
  double eps = 1e-5;
  int64_t axes = 1;
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `layernorm`");
  if (t == NULL || !layer_size(S, args->v[1], "`axes` of `layernorm`", 1, &axes) ||
      !layer_real(S, args->v[2], "`eps` of `layernorm`", 0, INFINITY, &eps))
    return S->error;
  const Shape s = tensor_sample(t);
  const char *key = stage_key(S, "layernorm", args->span);
  if (axes > s.rank) {
    say(S, DIAG_SHAPE, args->span, "`layernorm` runs over the last %lld axes, but its input is %s",
        (long long)axes, sema_shape_text(S, &s));
    return S->error;
  }
  Shape n = {.rank = (int)axes};
  for (int k = 0; k < n.rank; k++) n.d[k] = s.d[s.rank - n.rank + k];
  const NodeId scale = layer_weight(S, key, "weight", &n, start_value(1), args->span, NULL),
               shift = layer_weight(S, key, "bias", &n, start_value(0), args->span, NULL);
  if (scale == NODE_NONE || shift == NODE_NONE) return S->error;
  const char *why = NULL;
  const NodeId y =
      g_layernorm(graph_now(S), with_rows(S, t, args->span), scale, shift, eps, args->span, &why);
  if (y == NODE_NONE) return val_made(S, y, 0, why, args->span);
  return without_rows(S, t, y, args->span);
}

/* ---- dropout ----------------------------------------------------------------------------------------- */

/* While training each element is 0 with probability p, else divided by 1 - p; otherwise the input. */
const Value *fn_dropout(Sema *S, Args *args, const Builtin *self) {
  double p = 0.5;
  (void)self;
  const Tensor *t = want_tensor(S, args->v[0], "the input of `dropout`");
  if (t == NULL || !layer_real(S, args->v[1], "the share of `dropout`", 0, 1, &p)) return S->error;
  const char *key = stage_key(S, "dropout", args->span);
  if (!is_trained(S)) return val_at(S, args->v[0], args->span);
  Path *before = S->path;
  if (S->shots != NULL) S->path = S->shots;
  const int site = site_new(S, key, args->span);
  S->path = before;
  return val_node(S, g_dropout(graph_now(S), t->node, p, site, args->span), t->lift, args->span);
}
