/* What a step does with its losses: minimize, update, record; and the series they fill. */
#include "lang/sema/minimize.h"
#include "lang/sema/across.h"
#include <string.h>

/* ---- series ---------------------------------------------------------------------------------------- */

int train_series(Sema *S, const char *name, const Shape *entry, int64_t capacity, bool per_epoch,
                 int64_t first, int64_t stride, Span span) {
  TrainInfo *info = S->train;
  const char *full = arena_printf(S->a, "%s.%s", info->name, name);
  if (capacity < 1) capacity = 1;
  vec_push(S->a, &S->p->counts,
           ((Count){arena_printf(S->a, "entries of %s", full), COUNT_SERIES, S->p->series.n, capacity}));
  Shape shape = {.rank = entry->rank + 1};
  shape.d[0] = (Dim){capacity, (uint32_t)(S->p->counts.n - 1), origin_new(S, span, full, 0, 0)};
  for (int i = 0; i < entry->rank; i++) shape.d[i + 1] = entry->d[i];
  const int slot = slot_new(S, SLOT_SERIES, full, &shape, ELEM_REAL, span);
  Series s = {.name = full,
              .entry = *entry,
              .slot = slot,
              .capacity = capacity,
              .per_epoch = per_epoch,
              .first = first,
              .stride = stride,
              .train = info->index};
  vec_push(S->a, &S->p->series, s);
  const int index = S->p->series.n - 1;
  S->p->slots.at[slot].series = index;
  vec_push(S->a, &S->p->trains.at[info->index].series, index);
  vec_push(S->a, &info->series, ((TrainSeries){name, index, info->conditional > 0 || info->repeats <= 0}));
  return index;
}

static const TrainInfo *train_of_series(const Sema *S, int series) {
  for (int i = 0; i < S->trains.n; i++)
    if (S->trains.at[i]->index == S->p->series.at[series].train) return S->trains.at[i];
  return NULL;
}

/* Ends the open region if a record of the series waits for its end. */
static void records_settle(Sema *S, int series) {
  for (int i = 0; i < S->region->pending.n; i++)
    if (S->region->pending.at[i].series == series) {
      region_close(S);
      return;
    }
}

/* A series as a tensor. Its number of entries is known now unless the train may stop early or runs, or its
 * steps follow from the rows of its data. */
const Value *series_value(Sema *S, int series, Span span) {
  const Series *s = &S->p->series.at[series];
  const TrainInfo *t = train_of_series(S, series);
  if (t == NULL) return S->error;
  if (!t->done) records_settle(S, series);
  Shape shape = S->p->slots.at[s->slot].shape;
  const int64_t epochs = S->p->trains.at[t->index].epochs;
  if (s->per_epoch && s->first > epochs) {
    Diag *d = say(S, DIAG_SHAPE, span,
                  "`%s` has no entry: it is recorded every %lld epochs, and the train has %lld", s->name,
                  (long long)s->first, (long long)epochs);
    diag_label(d, S->p->slots.at[s->slot].span, "recorded here");
    return S->error;
  }
  bool open = t->may_stop || !t->done || (t->open_rows && !s->per_epoch);
  for (int i = 0; i < t->series.n; i++)
    open = open || (t->series.at[i].series == series && t->series.at[i].open);
  if (!open) {
    const uint32_t origin = shape.d[0].origin;
    shape.d[0] = dim_static(s->capacity);
    shape.d[0].origin = origin;
  }
  const Value *v = val_node(S, g_input(graph_now(S), s->slot, &shape, ELEM_REAL, span), 0, span);
  v->u.tensor->slot = s->slot;
  return v;
}

/* ---- record ------------------------------------------------------------------------------------------ */

void walk_record(Sema *S, const AstNode *n) {
  if (S->train->validating) return;
  const AstNode *operands = ast_kid(n, AST_ATTR_operands);
  const AstNode *target = operands != NULL && operands->n > 0 ? operands->kids[0] : NULL;
  if (operands == NULL || operands->n != 1 || target->kind != AST_NAME) {
    Diag *d = say(S, DIAG_ATTRIBUTE, n->span, "`record` keeps one value under one name");
    diag_help(d, "write `record mean = mean(x)`");
    return;
  }
  const char *name = sym_text(target->name);
  const Value *v = eval(S, ast_kid(n, AST_ATTR_value));
  if (val_is_error(v)) {
    S->train->broken = true;
    return;
  }
  static const char *const taken[] = {"loss",         "clipped",        "iterations", "epochs_run",
                                      "circuit_runs", "missing_groups", "val_loss",   "best_epoch"};
  for (size_t i = 0; i < sizeof taken / sizeof *taken; i++)
    if (strcmp(name, taken[i]) == 0) {
      Diag *d = say(S, DIAG_REDECLARED, target->span,
                    "every train has a `%s` already; record under another name", name);
      if (strcmp(name, "val_loss") == 0)
        diag_help(d, "`validate = held` of a dataset records the loss on its rows after every epoch");
      return;
    }
  for (int i = 0; i < S->train->series.n; i++)
    if (strcmp(S->train->series.at[i].name, name) == 0) {
      Diag *d = say(S, DIAG_REDECLARED, target->span, "`%s` is recorded twice in this train", name);
      diag_label(d, S->p->slots.at[S->p->series.at[S->train->series.at[i].series].slot].span, "first here");
      return;
    }
  const Tensor *t = v->kind == VAL_TENSOR ? v->u.tensor : want_tensor(S, v, "what is recorded");
  if (t == NULL) return;
  Shape entry = t->shape;
  if (!shape_is_static(&entry)) {
    Diag *d = say(S, DIAG_STATIC, ast_kid(n, AST_ATTR_value)->span,
                  "what is recorded has a fixed shape, but this is %s", sema_shape_text(S, &entry));
    diag_help(d, "record its mean: `record %s = mean(...)`", name);
    return;
  }
  const int64_t epochs = S->p->trains.at[S->train->index].epochs, k = S->train->every;
  if (k == 0 && S->train->repeats < 0) {
    Diag *d =
        say(S, DIAG_STATIC, n->span,
            "the number of entries of `%s` must be known before the run, but the count of this `repeat` is "
            "computed",
            name);
    diag_help(d, "keep the value in a `var` of the step, and record it behind the `repeat`");
    return;
  }
  const int64_t capacity = k > 0 ? epochs / k : epochs * S->train->per_epoch * S->train->repeats;
  const int series =
      train_series(S, name, &entry, capacity, k > 0, k > 0 ? k : 1, k > 0 ? k : 1, target->span);
  Stmt s = stmt_make(STMT_RECORD, n->span);
  s.slot = tensor_export(S, t, arena_printf(S->a, "%s.%s.value", S->train->name, name));
  s.series = series;
  block_pending(S, s);
}

/* ---- minimize ------------------------------------------------------------------------------------------ */

static TrainOptim *optimizer_of(const TrainInfo *t, const ObjectInfo *o, const char *stage) {
  for (int i = 0; i < t->optims.n; i++) {
    TrainOptim *x = &t->optims.at[i];
    if (x->object == o &&
        (stage == NULL ? x->stage == NULL : x->stage != NULL && strcmp(x->stage, stage) == 0))
      return x;
  }
  return NULL;
}

/* The optimizer of the whole where a part is asked for, or those of parts where the whole is: weights have
 * one. */
static void say_no_optimizer(Sema *S, const Trained *x, Span span) {
  Diag *d =
      say(S, DIAG_NO_OPTIMIZER, span, "`%s` has no optimizer in the train `%s`", x->name, S->train->name);
  const char *theirs = NULL;
  for (int i = 0; i < S->train->optims.n; i++) {
    const TrainOptim *o = &S->train->optims.at[i];
    if (o->object != x->object || (x->v->kind != VAL_OBJECT && o->stage != NULL)) continue;
    const char *name = S->p->trains.at[S->train->index].optimizers.at[o->optimizer].name;
    diag_label(d, o->span, "this one is of `%s`", name);
    theirs = theirs == NULL ? name : arena_printf(S->a, "%s, %s", theirs, name);
  }
  if (theirs == NULL) diag_help(d, "add a line before the step: `optimizer %s = adam(1e-3)`", x->name);
  else diag_help(d, "name `%s` here, or `%s` there", theirs, x->name);
}

static bool add_trained(Sema *S, const Value *v, Span span, TrainedList *out) {
  if (v->kind == VAL_LIST) {
    for (int i = 0; i < v->u.list.n; i++)
      if (!add_trained(S, v->u.list.at[i], span, out)) return false;
    return true;
  }
  if (val_is_error(v)) return false;
  if (v->kind != VAL_OBJECT && v->kind != VAL_STAGE) {
    Diag *d = wrong_kind(S, v, "what stands after `over`", "a circuit, a model, or a stage of one");
    if (d != NULL && v->kind == VAL_TENSOR)
      diag_help(d, "values are not trained; the weights of circuits and models are");
    return false;
  }
  Trained t = {.v = v};
  t.object = v->kind == VAL_OBJECT ? object_root(v->u.object) : v->u.stage.object;
  const char *stage = v->kind == VAL_STAGE ? v->u.stage.name : NULL;
  if (t.object->broken) return false;
  t.name = stage != NULL ? arena_printf(S->a, "%s.%s", t.object->name, stage) : t.object->name;
  t.slots = v->kind == VAL_OBJECT ? object_slots(S, t.object, &t.n) : v->u.stage.slots;
  if (v->kind == VAL_STAGE) t.n = v->u.stage.n;
  t.optim = optimizer_of(S->train, t.object, stage);
  for (int i = 0; i < out->n; i++)
    if (out->at[i].optim == t.optim && t.optim != NULL) {
      say(S, DIAG_NO_OPTIMIZER, span, "`%s` stands twice after `over`", t.name);
      return false;
    }
  if (t.optim == NULL && S->train->broken) return false;
  if (t.optim == NULL) {
    say_no_optimizer(S, &t, span);
    return false;
  }
  t.optim->used = true;
  vec_push(S->a, out, t);
  return true;
}

static bool trained_of(Sema *S, const AstNode *refs, TrainedList *out) {
  const int errors = S->sink->n_errors;
  bool ok = true;
  for (int i = 0; i < refs->n; i++)
    ok = add_trained(S, eval(S, refs->kids[i]), refs->kids[i]->span, out) && ok;
  if (!ok && S->sink->n_errors == errors) return false;
  return ok;
}

/* All weights of all objects, in their order. */
static int *all_slots(Sema *S, const TrainedList *list, int *n) {
  *n = 0;
  for (int i = 0; i < list->n; i++) *n += list->at[i].n;
  int *out = ARENA_ARRAY(S->a, int, *n + 1), k = 0;
  for (int i = 0; i < list->n; i++)
    for (int j = 0; j < list->at[i].n; j++) out[k++] = list->at[i].slots[j];
  return out;
}

static void say_no_path(Sema *S, const AstNode *loss, const AstNode *ref, const char *name, NodeId node) {
  Diag *d = say(S, DIAG_NO_PATH, ref->span, "this loss does not depend on `%s`, so its gradient is 0", name);
  diag_mark(d, "no weight of `%s` is used", name);
  int n;
  const int *deps = node_deps(S, graph_now(S), node, &n);
  const char *other = NULL;
  bool several = false;
  for (int i = 0; i < n; i++) {
    const char *owner = slot_owner(S, deps[i]);
    if (other != NULL && strcmp(other, owner) != 0) several = true;
    other = owner;
  }
  if (other == NULL) diag_label(d, loss->span, "depends on no weights");
  else
    diag_label(d, loss->span,
               several ? "depends on the weights of `%s` and others" : "depends on the weights of `%s`",
               other);
  if (other != NULL && !several) diag_help(d, "did you mean `over %s`?", other);
}

/* E0412 for each object that the loss does not use. */
static bool all_used(Sema *S, const Minimize *m) {
  const AstNode *refs = ast_kid(m->n, AST_MINIMIZE_over);
  const NodeId node = m->loss->u.tensor->node;
  bool ok = true;
  int total;
  const int *deps = node_deps(S, graph_now(S), node, &total);
  for (int i = 0; i < m->list->n; i++) {
    const Trained *t = &m->list->at[i];
    bool used = false;
    for (int k = 0; k < t->n; k++) used = used || slot_in(t->slots[k], total, deps);
    if (used) continue;
    say_no_path(S, ast_kid(m->n, AST_MINIMIZE_loss), refs->n == m->list->n ? refs->kids[i] : refs, t->name,
                node);
    ok = false;
  }
  return ok;
}

const Value *minimize_gradient(Sema *S, const Minimize *m, const Value *loss) {
  const Value *down = loss;
  if (m->n->op == '+')
    down = val_node(S, g_unary(graph_now(S), OP_NEG, loss->u.tensor->node, m->n->span), 0, m->n->span);
  const Value *b = grad_of_objects(S, down, m->n_weights, m->weights, m->list->at[0].name, m->n->span);
  return val_is_error(b) ? NULL : b;
}

const Value *minimize_clip(Sema *S, const Minimize *m, const Value *gradient) {
  if (m->bound == NULL) return gradient;
  NodeId clipped = NODE_NONE;
  const Span span = ast_kid(m->n, AST_MINIMIZE_clip)->span;
  const Value *b = clip_bundle(S, gradient, m->bound, span, &clipped);
  if (val_is_error(b)) return NULL;
  const char *dot = strchr(m->name, '.'),
             *name = dot == NULL ? "clipped" : arena_printf(S->a, "clipped%s", dot);
  const Shape scalar = shape_scalar();
  Stmt s = stmt_make(STMT_SHARE, span);
  s.slot =
      value_slot(S, val_node(S, clipped, 0, span), arena_printf(S->a, "%s.%s.value", S->train->name, name));
  s.series = train_series(S, name, &scalar, S->p->trains.at[S->train->index].epochs, true, 1, 1, span);
  block_pending(S, s);
  return b;
}

void minimize_follow(Sema *S, const Minimize *m, int series) {
  for (int i = 0; i < m->list->n; i++) {
    Optimizer *o = &S->p->trains.at[S->train->index].optimizers.at[m->list->at[i].optim->optimizer];
    for (int h = 0; h < o->n_hypers; h++)
      if (o->hypers[h].kind == SCHED_PLATEAU && o->hypers[h].series < 0) o->hypers[h].series = series;
  }
}

void minimize_record(Sema *S, const Minimize *m, const Value *loss, uint32_t count_id) {
  const Shape scalar = shape_scalar();
  Stmt s = stmt_make(STMT_LOSS, m->n->span);
  s.slot = tensor_export(S, loss->u.tensor, arena_printf(S->a, "%s.%s.value", S->train->name, m->name));
  s.series =
      train_series(S, m->name, &scalar, S->p->trains.at[S->train->index].epochs, true, 1, 1, m->n->span);
  if (!S->train->validating) minimize_follow(S, m, s.series);
  s.count_id = (int)count_id;
  block_pending(S, s);
}

/* The update of each object by its optimizer. */
static void push_updates(Sema *S, const TrainedList *list, const Value *bundle, int norm, Span span) {
  Graph *g = graph_now(S);
  const NodeId *grads = bundle_nodes(S, bundle);
  int at = 0, n_slots;
  const int *slots = all_slots(S, list, &n_slots);
  norms_follow(S, bundle->u.bundle.n, grads, n_slots, slots, span);
  for (int i = 0; i < list->n; i++) {
    const Trained *t = &list->at[i];
    UpdateInfo *info = ARENA_NEW(S->a, UpdateInfo);
    *info = (UpdateInfo){S->train->index, t->optim->optimizer, t->optim->ordinal++, t->n, t->slots, norm + 1};
    g_update(g, info, grads + at, span);
    at += t->n;
  }
  for (int i = 0; i < list->n; i++)
    for (int k = 0; k < list->at[i].n; k++) vec_push(S->a, &S->updates, list->at[i].slots[k]);
}

void minimize_update(Sema *S, const Minimize *m, const Value *gradient) {
  push_updates(S, m->list, gradient, m->norm, m->n->span);
}

static bool is_series(const Sema *S, const char *name) {
  for (int i = 0; i < S->train->series.n; i++)
    if (strcmp(S->train->series.at[i].name, name) == 0) return true;
  return false;
}

static const char *loss_name(Sema *S, const TrainedList *list) {
  const char *word = S->train->validating ? "val_loss" : "loss";
  if (S->train->n_minimize == 1 && S->loop_depth == 0 && !is_series(S, word)) return word;
  const char *of = list->at[0].name; /* of a labelled line in a loop without the turn: `M.block` */
  const char *base = arena_printf(S->a, "%s.%.*s", word, (int)strcspn(of, "["), of), *name = base;
  for (int k = 2;; k++) {
    if (!is_series(S, name)) return name;
    name = arena_printf(S->a, "%s_%d", base, k);
  }
}

/* The bound after `clip`; a schedule is a number that the train sets anew each epoch. NULL without, an error
 * value after one. */
static const Value *clip_bound(Sema *S, const AstNode *clip) {
  if (clip == NULL) return NULL;
  const Value *v = eval(S, clip);
  if (v->kind != VAL_SCHEDULE) return v;
  if (v->u.schedule->kind == SCHED_PLATEAU) {
    Diag *d = say(S, DIAG_TYPE, clip->span,
                  "`plateau` follows a loss and stands in an optimizer; `clip` takes none");
    diag_help(d, "`cosine`, `exponential` and `steps` are functions of the epoch");
    return S->error;
  }
  const Shape scalar = shape_scalar();
  const int slot = slot_new(S, SLOT_VALUE, path_here(S, "clip"), &scalar, ELEM_REAL, clip->span);
  vec_push(S->a, &S->p->trains.at[S->train->index].scheduled, ((Scheduled){*v->u.schedule, slot}));
  const Value *out = val_node(S, g_input(graph_now(S), slot, &scalar, ELEM_REAL, clip->span), 0, clip->span);
  out->u.tensor->slot = slot;
  return out;
}

/* The optimizer `qng` of this object, or NULL. */
static const Optimizer *natural_of(const Sema *S, const Trained *t) {
  const Optimizer *o = &S->p->trains.at[S->train->index].optimizers.at[t->optim->optimizer];
  return o->optim == OPTIM_QNG ? o : NULL;
}

/* E0998 where the gradient that `qng` gets is not that of a whole loss. */
static bool refuse_natural(Sema *S, const TrainedList *list, Span span, const char *what) {
  for (int i = 0; i < list->n; i++) {
    if (natural_of(S, &list->at[i]) == NULL) continue;
    later(S, span, "%s for `%s`, whose optimizer is `qng`,", what, list->at[i].name);
    return true;
  }
  return false;
}

/* The gradient with the parts of objects that `qng` trains made natural; NULL after an error. */
static const Value *minimize_natural(Sema *S, const Minimize *m, const Value *gradient) {
  const Span span = m->n->span;
  NodeId *grads = (NodeId *)bundle_nodes(S, gradient);
  bool any = false;
  for (int i = 0, at = 0; i < m->list->n; at += m->list->at[i++].n) {
    const Trained *t = &m->list->at[i];
    const Optimizer *o = natural_of(S, t);
    if (o == NULL) continue;
    any = true;
    const double ridge = o->hypers[1].base;
    if (!natural_gradient(S, m->loss->u.tensor->node, t->n, t->slots, t->name, ridge, grads + at, span))
      return NULL;
  }
  if (!any) return gradient;
  Value *v = val_new(S, VAL_BUNDLE, span);
  Tensor **parts = ARENA_ARRAY(S->a, Tensor *, m->n_weights + 1);
  for (int i = 0; i < m->n_weights; i++) parts[i] = val_node(S, grads[i], 0, span)->u.tensor;
  v->u.bundle = (BundleValue){m->n_weights, m->weights, parts};
  return v;
}

/* The loss with what other regions computed from the weights. */
static bool loss_across(Sema *S, Minimize *m, bool in_groups) {
  Ways *ways = in_groups ? &m->ways : NULL;
  const NodeId loss = m->loss->u.tensor->node,
               whole = across_by_weights(S, loss, m->n_weights, m->weights, ways, m->n->span);
  if (whole != NODE_NONE && whole != loss) m->loss = val_node(S, whole, 0, m->loss->span);
  return whole != NODE_NONE;
}

void walk_minimize(Sema *S, const AstNode *n) {
  const AstNode *refs = ast_kid(n, AST_MINIMIZE_over), *per = ast_kid(n, AST_MINIMIZE_per);
  TrainedList list = {0};
  Minimize m = {.n = n, .list = &list, .norm = -1, .ways.first = g_count(graph_now(S))};
  const Value *loss = eval(S, ast_kid(n, AST_MINIMIZE_loss));
  const bool trained = trained_of(S, refs, &list);
  if (val_is_error(loss) || !trained) S->train->broken = true;
  if (val_is_error(loss)) return;
  m.loss = val_to_scalar(S, loss, "a loss");
  if (trained && list.n == 0) {
    say(S, DIAG_NO_PATH, refs->span, "there is nothing to train here: an empty list");
    S->train->broken = true;
  }
  if (val_is_error(m.loss) || !trained || list.n == 0) return;
  if (want_tensor(S, m.loss, "a loss") == NULL) return;
  m.weights = all_slots(S, &list, &m.n_weights);
  m.bound = clip_bound(S, ast_kid(n, AST_MINIMIZE_clip));
  if (!all_used(S, &m) || (m.bound != NULL && val_is_error(m.bound))) return;
  m.name = loss_name(S, &list);
  if (S->train->validating) {
    minimize_record(S, &m, m.loss, (uint32_t)S->p->trains.at[S->train->index].batch_count);
    return;
  }
  advise_loss(S, &m, m.loss);
  if (!loss_across(S, &m, per != NULL)) return;
  for (int i = 0; i < list.n; i++)
    if (optim_searches(S, list.at[i].optim)) {
      minimize_search(S, &m);
      return;
    }
  if (per != NULL && refuse_natural(S, &list, n->span, "`per`")) return;
  if (per != NULL) {
    m.norm = instruments_watch(S, &m, NULL);
    minimize_per(S, &m, per);
    return;
  }
  const Value *b = minimize_gradient(S, &m, m.loss);
  if (b == NULL) return;
  m.norm = instruments_watch(S, &m, m.bound != NULL ? b : NULL);
  minimize_record(S, &m, m.loss, 0);
  b = minimize_clip(S, &m, b);
  if (b != NULL) b = minimize_natural(S, &m, b);
  if (b == NULL) return;
  minimize_update(S, &m, b);
}

void walk_update(Sema *S, const AstNode *n) {
  if (S->train->validating) return;
  const AstNode *target = ast_kid(n, AST_UPDATE_target);
  TrainedList list = {0};
  const Value *v = eval(S, ast_kid(n, AST_UPDATE_value)), *t = eval(S, target);
  if (val_is_error(t) || !add_trained(S, t, target->span, &list) || val_is_error(v)) return;
  if (v->kind != VAL_BUNDLE) {
    Diag *d = wrong_kind(S, v, "what `update ... with` takes", "a gradient");
    if (d != NULL)
      diag_help(d, "write `update %s with grad(loss, %s)`", src_of_span(S, target->span),
                src_of_span(S, target->span));
    return;
  }
  if (optim_searches(S, list.at[0].optim)) {
    Diag *d = say(S, DIAG_SEARCHER, n->span,
                  "the optimizer of `%s` evaluates the loss itself and takes no gradient", list.at[0].name);
    diag_help(d, "write `minimize LOSS over %s`", list.at[0].name);
    return;
  }
  if (refuse_natural(S, &list, n->span, "`update ... with`")) return;
  int n_slots;
  const int *slots = all_slots(S, &list, &n_slots);
  bool fits = n_slots == v->u.bundle.n;
  for (int i = 0; fits && i < n_slots; i++)
    fits = shape_equal(&S->p->slots.at[slots[i]].shape, &S->p->slots.at[v->u.bundle.slots[i]].shape);
  if (!fits) {
    Diag *d = say(S, DIAG_SHAPE, ast_kid(n, AST_UPDATE_value)->span,
                  "this gradient is not shaped like the weights of `%s`", list.at[0].name);
    diag_label(d, target->span, "%d tensors of weights, but %d in the gradient", n_slots, v->u.bundle.n);
    return;
  }
  push_updates(S, &list, v, -1, n->span);
}
