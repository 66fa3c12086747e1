/* Instruments of adversarial training. Where a `minimize` over D evaluates D once on values that depend on
 * the weights of another object with an optimizer (what that one generates) and once on values that do not, D
 * is a critic: the train records the means of D on both, how far the generated rows spread compared with the
 * others, and the norm of D's gradient. Where a `minimize` over G goes through such a D, the norm of G's
 * gradient is recorded. All are means over an epoch, made of what the step computes anyway; `instruments =
 * false` leaves them out. */
#include "lang/sema/minimize.h"
#include <string.h>

void instruments_note(Sema *S, ObjectInfo *o, const Value *in, const Value *out) {
  const TrainInfo *t = S->train;
  if (S->object != NULL || t == NULL || t->pass != 2 || t->every != 0 || t->validating || t->no_instruments)
    return;
  if (in == NULL || in->kind != VAL_TENSOR || out->kind != VAL_TENSOR) return;
  vec_push(S->a, &S->uses, ((ObjectUse){o, in->u.tensor, out->u.tensor}));
}

typedef struct Roles {
  const ObjectUse *real, *fake; /* the first of each kind of the object that is trained */
  bool generates;
} Roles;

/* Whether one of the weights belongs to the optimizer of an object that is not `except` and not in the list.
 */
static bool has_rival(const Sema *S, const Minimize *m, const ObjectInfo *except, int n, const int *deps) {
  const TrainInfo *t = S->train;
  for (int i = 0; i < t->optims.n; i++) {
    const Optimizer *o = &S->p->trains.at[t->index].optimizers.at[t->optims.at[i].optimizer];
    if (t->optims.at[i].object == except) continue;
    for (int k = 0; k < n; k++)
      if (slot_in(deps[k], o->n_slots, o->slots) && !slot_in(deps[k], m->n_weights, m->weights)) return true;
  }
  return false;
}

static bool is_trained(const Sema *S, const ObjectInfo *o) {
  for (int i = 0; i < S->train->optims.n; i++)
    if (S->train->optims.at[i].object == o) return true;
  return false;
}

static bool meets(int n, const int *a, int m, const int *b) {
  for (int i = 0; i < n; i++)
    if (slot_in(a[i], m, b)) return true;
  return false;
}

static Roles roles_of(Sema *S, const Minimize *m) {
  Graph *g = graph_now(S);
  Roles r = {0};
  if (S->train->optims.n < 2 || m->list->n != 1 || S->uses.n == 0) return r;
  bool *needed = ARENA_ARRAY(S->a, bool, g_count(g) + 1);
  needed[m->loss->u.tensor->node] = true;
  for (NodeId id = m->loss->u.tensor->node; id >= 0; id--)
    for (int k = 0; needed[id] && k < g_node(g, id)->n_in; k++) needed[g_node(g, id)->in[k]] = true;
  for (int i = 0; i < S->uses.n; i++) {
    const ObjectUse *u = &S->uses.at[i];
    if (u->out->g != g || !needed[u->out->node]) continue;
    int n;
    const int *deps = node_deps(S, u->in->g, u->in->node, &n);
    if (u->object != m->list->at[0].object) {
      r.generates = r.generates || (is_trained(S, u->object) && meets(n, deps, m->n_weights, m->weights));
    } else if (has_rival(S, m, u->object, n, deps)) r.fake = r.fake != NULL ? r.fake : u;
    else if (!meets(n, deps, m->n_weights, m->weights)) r.real = r.real != NULL ? r.real : u;
  }
  return r;
}

/* A series of means over an epoch; -1 if the train has it already. */
static int mean_series(Sema *S, const char *kind, const char *name, Span span) {
  const char *full = arena_printf(S->a, "%s.%s", kind, name);
  const Shape scalar = shape_scalar();
  for (int i = 0; i < S->train->series.n; i++)
    if (strcmp(S->train->series.at[i].name, full) == 0) return -1;
  return train_series(S, full, &scalar, S->p->trains.at[S->train->index].epochs, true, 1, 1, span);
}

static void share(Sema *S, NodeId node, const char *kind, const char *name, int *series, Span span) {
  *series = mean_series(S, kind, name, span);
  if (*series < 0) return;
  Stmt s = stmt_make(STMT_SHARE, span);
  s.slot = value_slot(S, val_node(S, node, 0, span),
                      arena_printf(S->a, "%s.value", S->p->series.at[*series].name));
  s.series = *series;
  block_pending(S, s);
}

static NodeId mean_of(Graph *g, NodeId x, Span span) {
  return g_mean(g, x, ((int64_t)1 << g_node(g, x)->shape.rank) - 1, false, span);
}

/* Mean over the features of the variance over rows, as mean(x^2) - mean((mean over rows)^2): sums only, so
 * that rows stay in their shards. */
static NodeId variance_of(Graph *g, NodeId x, Span span) {
  const NodeId rows = g_mean(g, x, 1, false, span);
  const NodeId all = mean_of(g, g_unary(g, OP_SQUARE, x, span), span),
               means = mean_of(g, g_unary(g, OP_SQUARE, rows, span), span);
  return g_binary(g, OP_MAXIMUM, g_binary(g, OP_SUB, all, means, span), g_scalar(g, 0, span), span);
}

static bool has_rows(const Tensor *t) { return t->shape.rank > 0 && t->shape.d[0].count != 0; }

static void watch_critic(Sema *S, const Roles *r, const char *name, Rival *out, Span span) {
  Graph *g = graph_now(S);
  int series;
  share(S, mean_of(g, r->real->out->node, span), "real", name, &series, span);
  share(S, mean_of(g, r->fake->out->node, span), "fake", name, &series, span);
  if (!has_rows(r->real->in) || !has_rows(r->fake->in)) return;
  const NodeId real = variance_of(g, tensor_here(S, r->real->in, span), span),
               fake = variance_of(g, tensor_here(S, r->fake->in, span), span);
  const NodeId ratio =
      g_binary(g, OP_DIV, fake, g_binary(g, OP_MAXIMUM, real, g_scalar(g, 1e-30, span), span), span);
  share(S, g_unary(g, OP_SQRT, ratio, span), "spread", name, &out->spread, span);
}

int instruments_watch(Sema *S, const Minimize *m, const Value *gradient) {
  const Roles r = roles_of(S, m);
  const bool critic = r.real != NULL && r.fake != NULL;
  const Span span = m->n->span;
  if (!critic && !r.generates) return -1;
  Rival out = {.name = m->list->at[0].name, .critic = critic, .norm = -1, .spread = -1, .span = span};
  if (critic) watch_critic(S, &r, out.name, &out, span);
  int norm;
  if (gradient != NULL)
    share(S, bundle_norm(S, gradient, span)->u.tensor->node, "grad_norm", out.name, &norm, span);
  else norm = mean_series(S, "grad_norm", out.name, span);
  out.norm = norm;
  if (norm >= 0) vec_push(S->a, &S->p->trains.at[S->train->index].rivals, out);
  return gradient == NULL ? norm : -1;
}
