/* Trains: attributes and optimizers first, then the step and what happens every k epochs. */
#include "lang/sema/builtins.h"
#include "lang/sema/across.h"
#include "lang/sema/dataset.h"
#include <string.h>

static Train *train_now(Sema *S) { return &S->p->trains.at[S->train->index]; }

/* ---- attributes --------------------------------------------------------------------------------- */

static const char *const attributes[] = {"data",      "batch",     "epochs",     "gradient",  "shots",
                                         "shuffle",   "drop_last", "checkpoint", "validate",  "patience",
                                         "min_delta", "monitor",   "goal",       "keep_best", "instruments",
                                         "balance",   "iterations"};
#define N_ATTRIBUTES ((int)(sizeof attributes / sizeof *attributes))

const char *const *train_attributes(int *n) {
  *n = N_ATTRIBUTES;
  return attributes;
}

/* The value of an attribute: what --set gives, else what the script says; NULL if neither. */
static const Value *attribute_value(Sema *S, const char *name, const AstNode *written) {
  Span at;
  const AstNode *set = strcmp(name, "data") == 0 || strcmp(name, "validate") == 0
                           ? NULL
                           : setting_find(S, arena_printf(S->a, "%s.%s", S->train->name, name), &at);
  if (set != NULL) return eval(S, set);
  return written != NULL ? eval(S, written) : NULL;
}

/* A refused number leaves *out as it was. */
static bool count_of(Sema *S, const Value *v, const char *what, int64_t least, int64_t *out) {
  int64_t n;
  if (!want_int(S, v, what, &n)) return false;
  if (n >= least && n < ((int64_t)1 << 40)) {
    *out = n;
    return true;
  }
  Diag *d = say(S, DIAG_ATTRIBUTE, v->span,
                n < least ? "%s is at least %lld, but this is %lld" : "%s is at most %lld, but this is %lld",
                what, (long long)(n < least ? least : ((int64_t)1 << 40) - 1), (long long)n);
  label_origin(S, d, dim_of_int(S, v));
  return false;
}

static void set_gradient(Sema *S, const Value *v) {
  int method;
  if (gradient_of(S, v, &method)) train_now(S)->gradient = circuit_method_name((CircuitMethod)(method - 1));
}

static void set_attribute(Sema *S, const char *name, const Value *v) {
  Train *t = train_now(S);
  if (v != NULL && val_is_error(v)) S->train->broken = true;
  if (v == NULL || val_is_error(v)) return;
  if (strcmp(name, "batch") == 0 || strcmp(name, "shuffle") == 0 || strcmp(name, "drop_last") == 0)
    vec_push(S->a, &S->train->of_rows, ((Given){name, v->span}));
  if (strcmp(name, "data") == 0) {
    if (v->kind == VAL_DATASET) t->dataset = v->u.index;
    else wrong_kind(S, v, "`data` of a train", "a dataset");
  } else if (strcmp(name, "batch") == 0) count_of(S, v, "`batch`", 1, &t->batch);
  else if (strcmp(name, "epochs") == 0) count_of(S, v, "`epochs`", 1, &t->epochs);
  else if (strcmp(name, "iterations") == 0)
    S->train->may_stop |= count_of(S, v, "`iterations`", 1, &t->iterations);
  else if (strcmp(name, "checkpoint") == 0) count_of(S, v, "`checkpoint`", 1, &t->checkpoint);
  else if (strcmp(name, "shuffle") == 0) want_bool(S, v, "`shuffle`", &t->shuffle);
  else if (strcmp(name, "drop_last") == 0) want_bool(S, v, "`drop_last`", &t->drop_last);
  else if (strcmp(name, "gradient") == 0) set_gradient(S, v);
  else if (strcmp(name, "balance") == 0) S->train->balance = v;
  else if (strcmp(name, "shots") == 0) (void)shots_of(S, v, &S->train->shots);
  else watch_attribute(S, name, v);
}

/* The column of labels by which minibatches are balanced. */
static void settle_balance(Sema *S) {
  const Value *v = S->train->balance;
  Train *t = train_now(S);
  if (v == NULL) return;
  if (t->dataset >= 0) t->balance = dataset_labels(S, &S->p->datasets.at[t->dataset], v, "`balance`", true);
  else if (!S->train->broken)
    say(S, DIAG_ATTRIBUTE, v->span, "the train `%s` has no data to balance", t->name);
}

/* Without data there are no rows to order and to take in minibatches. */
static void settle_rows(Sema *S) {
  const TrainInfo *info = S->train;
  if (train_now(S)->dataset >= 0 || info->broken) return;
  for (int i = 0; i < info->of_rows.n; i++) {
    const Given *g = &info->of_rows.at[i];
    Diag *d = say(S, DIAG_ATTRIBUTE, g->span, "the train `%s` has no data, so its `%s` would do nothing",
                  info->name, g->name);
    if (strcmp(g->name, "batch") == 0)
      diag_help(d, "write `data = ...`, or draw so many rows in the step: `draw z[%s, 2] ~ normal(0, 1)`",
                src_of_span(S, g->span));
    else diag_help(d, "write `data = ...`, or leave `%s` out", g->name);
  }
}

static void no_attribute(Sema *S, const AstNode *target) {
  S->train->broken = true;
  const char *name = src_of_span(S, target->span);
  Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "a train has no attribute `%s`", name);
  const char *ours = synonym_of(name);
  bool known = false;
  for (int i = 0; ours != NULL && i < N_ATTRIBUTES; i++) known = known || strcmp(ours, attributes[i]) == 0;
  if (diag_did_you_mean(d, target->span, known ? ours : name, attributes, N_ATTRIBUTES) != NULL) return;
  if (strcmp(name, "lr") == 0 || strcmp(name, "learning_rate") == 0)
    diag_help(d, "the learning rate belongs to the optimizer: `optimizer G = adam(1e-3)`");
  else if (strcmp(name, "optimizer") == 0 || strcmp(name, "optim") == 0)
    diag_help(d, "an optimizer names what it trains: `optimizer G = adam(1e-3)`");
  else if (strcmp(name, "loss") == 0 || strcmp(name, "criterion") == 0)
    diag_help(d, "a loss is minimized in a step: `step x[B, 2] { minimize ... over G }`");
  else
    diag_help(d,
              "attributes are data, batch, epochs, iterations, gradient, shots, shuffle, drop_last, balance, "
              "checkpoint, validate, patience, min_delta, monitor, goal, keep_best, instruments");
}

/* ---- optimizers ---------------------------------------------------------------------------------- */

/* E0402 if another optimizer of the train has some of these weights. */
static bool share_weights(Sema *S, const Optimizer *out) {
  const Train *t = train_now(S);
  for (int i = 0; i < t->optimizers.n; i++) {
    const Optimizer *other = &t->optimizers.at[i];
    for (int k = 0; k < out->n_slots; k++) {
      if (!slot_in(out->slots[k], other->n_slots, other->slots)) continue;
      Diag *d = say(S, DIAG_ATTRIBUTE, out->span, "`%s` and `%s` share weights, and both have an optimizer",
                    out->name, other->name);
      diag_mark(d, "`%s` is in both", S->p->slots.at[out->slots[k]].name);
      diag_label(d, other->span, "the first one");
      diag_help(d, "give the optimizer to one of them, and write that one after `over`");
      return true;
    }
  }
  return false;
}

static void add_optimizer(Sema *S, const Value *target, const OptimValue *o, Span span) {
  TrainInfo *info = S->train;
  ObjectInfo *object = target->kind == VAL_OBJECT ? object_root(target->u.object) : target->u.stage.object;
  const char *stage = target->kind == VAL_STAGE ? target->u.stage.name : NULL;
  if (object->broken) return;
  if (!object->ready) {
    S->train->broken = true;
    sizes_unknown(S, span, object, "to train it");
    return;
  }
  for (int i = 0; i < info->optims.n; i++) {
    const TrainOptim *other = &info->optims.at[i];
    if (other->object != object || (other->stage != NULL) != (stage != NULL) ||
        (stage != NULL && strcmp(stage, other->stage) != 0))
      continue;
    Diag *d = say(S, DIAG_ATTRIBUTE, span, "`%s` has two optimizers", object->name);
    diag_label(d, other->span, "the first one");
    return;
  }
  Optimizer out = {.optim = o->row, .n_hypers = o->n, .span = span};
  memcpy(out.hypers, o->hypers, sizeof out.hypers);
  out.name = stage != NULL ? arena_printf(S->a, "%s.%s", object->name, stage) : object->name;
  out.slots = target->kind == VAL_OBJECT ? object_slots(S, object, &out.n_slots) : target->u.stage.slots;
  if (target->kind == VAL_STAGE) out.n_slots = target->u.stage.n;
  if (out.n_slots == 0) {
    Diag *d = say(S, DIAG_NO_PATH, span, "`%s` has no weights to train", out.name);
    diag_label(d, object->decl->name_span, "declared here");
    S->train->broken = true; /* `over` need not complain again */
    return;
  }
  if (share_weights(S, &out)) {
    S->train->broken = true;
    return;
  }
  Train *t = train_now(S);
  vec_push(S->a, &t->optimizers, out);
  vec_push(S->a, &info->optims, ((TrainOptim){object, stage, t->optimizers.n - 1, 0, span, false}));
}

static void add_optimizers(Sema *S, const Value *target, const OptimValue *o, Span span) {
  if (target->kind == VAL_OBJECT || target->kind == VAL_STAGE) {
    add_optimizer(S, target, o, span);
    return;
  }
  if (target->kind == VAL_LIST) {
    for (int i = 0; i < target->u.list.n; i++) add_optimizers(S, target->u.list.at[i], o, span);
    return;
  }
  S->train->broken = true;
  wrong_kind(S, target, "what an optimizer trains", "a circuit, a model, or a stage of one");
}

static void walk_optimizer(Sema *S, const AstNode *n) {
  const AstNode *operands = ast_kid(n, AST_ATTR_operands);
  const Value *v = eval(S, ast_kid(n, AST_ATTR_value));
  if (!val_is_error(v) && v->kind != VAL_OPTIM) {
    Diag *d = wrong_kind(S, v, "what stands after `=`", "an optimizer like `adam(1e-3)`");
    if (d != NULL && val_is_number(v)) diag_help(d, "write `adam(%s)`", num_text(S, v->u.num));
    if (d != NULL && v->kind == VAL_BUILTIN && v->u.builtin->kind == BI_OPTIM)
      diag_help(d, "give it its numbers: `%s(1e-3)`", v->u.builtin->name);
  }
  if (val_is_error(v) || v->kind != VAL_OPTIM) S->train->broken = true;
  for (int i = 0; i < operands->n; i++) {
    const AstNode *to = operands->kids[i];
    if (to->kind == AST_NAME && scope_find(S->scope, to->name) == NULL && builtin_find(to->name) == NULL) {
      report_unknown(S, to->name, to->span, TRAINED);
      S->train->broken = true;
      continue;
    }
    const Value *target = eval(S, to);
    if (val_is_error(target)) S->train->broken = true;
    if (!val_is_error(target) && v->kind == VAL_OPTIM) add_optimizers(S, target, v->u.optim, to->span);
  }
}

void walk_train_attr(Sema *S, const AstNode *n) {
  const AstNode *target = ast_kid(n, AST_ATTR_target), *operands = ast_kid(n, AST_ATTR_operands);
  const char *name = target->kind == AST_NAME ? sym_text(target->name) : "";
  if (S->train->pass != 1) return;
  if (operands != NULL) {
    if (strcmp(name, "optimizer") == 0) walk_optimizer(S, n);
    else if (strcmp(name, "record") == 0) {
      Diag *d = say(S, DIAG_PLACE, n->span, "`record` belongs in a `step` or `every`");
      diag_help(d, "`every 100 { %s }`", src_of_span(S, n->span));
    } else {
      static const char *const words[] = {"optimizer", "record"};
      Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "a train has no line `%s ... = ...`", name);
      diag_did_you_mean(d, target->span, name, words, 2);
    }
    return;
  }
  for (int i = 0; i < N_ATTRIBUTES; i++) {
    if (strcmp(name, attributes[i]) != 0) continue;
    for (int k = 0; k < S->train->given.n; k++)
      if (strcmp(S->train->given.at[k].name, name) == 0) {
        Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "`%s` is given twice", name);
        diag_label(d, S->train->given.at[k].span, "first here");
        return;
      }
    vec_push(S->a, &S->train->given, ((Given){name, target->span}));
    set_attribute(S, name, attribute_value(S, name, ast_kid(n, AST_ATTR_value)));
    return;
  }
  no_attribute(S, target);
}

/* --set of attributes that the script leaves out. */
static void set_the_rest(Sema *S) {
  for (int i = 0; i < N_ATTRIBUTES; i++) {
    bool given = false;
    for (int k = 0; k < S->train->given.n; k++)
      given = given || strcmp(S->train->given.at[k].name, attributes[i]) == 0;
    if (!given) set_attribute(S, attributes[i], attribute_value(S, attributes[i], NULL));
  }
}

/* ---- step and every --------------------------------------------------------------------------------- */

/* The names of a refused column exist, and nothing more is said about them. */
static void broken_sizes(Sema *S, const AstNode *p) {
  const AstNode *dims = ast_kid(p, AST_PATTERN_dims);
  for (int i = 0; dims != NULL && i < dims->n; i++)
    if (dims->kids[i]->kind == AST_NAME && scope_find(S->scope, dims->kids[i]->name) == NULL)
      declare(S, dims->kids[i]->name, dims->kids[i]->span, BIND_SIZE, S->error);
}

static void broken_column(Sema *S, const AstNode *p) {
  declare(S, p->name, p->name_span, BIND_COLUMN, S->error);
  broken_sizes(S, p);
}

/* The columns of a minibatch, each a slot that is filled before the step. */
static void bind_column(Sema *S, const AstNode *p) {
  Train *t = train_now(S);
  const Dataset *d = &S->p->datasets.at[t->dataset];
  const int column = dataset_column(d, sym_text(p->name));
  if (column < 0) {
    say_no_column(S, d, sym_text(p->name), p->name_span);
    broken_column(S, p);
    return;
  }
  const Column *c = &d->columns.at[column];
  Shape shape = {.rank = c->row.rank + 1};
  shape.d[0] = (Dim){t->batch, S->train->fixed ? 0 : (uint32_t)t->batch_count,
                     origin_new(S, p->span, "rows of the minibatch", 0, 0)};
  for (int i = 0; i < c->row.rank; i++) shape.d[i + 1] = c->row.d[i];
  const int slot = slot_new(S, SLOT_COLUMN, arena_printf(S->a, "%s.%s", S->train->name, c->name), &shape,
                            c->elem, p->span);
  S->p->slots.at[slot].dataset = t->dataset;
  S->p->slots.at[slot].column = column;
  vec_push(S->a, &train_now(S)->columns, slot);
  const Value *v = val_node(S, g_input(graph_now(S), slot, &shape, c->elem, p->span), 0, p->span);
  v->u.tensor->slot = slot;
  v->u.tensor->name = c->name;
  const int errors = S->sink->n_errors;
  const Value *bound = pattern_bind(S, p, v, S->scope, "step");
  const AstNode *dims = ast_kid(p, AST_PATTERN_dims);
  if (S->sink->n_errors == errors + 1 && c->row.rank == 0 && dims != NULL && dims->n == 2)
    diag_help(S->sink->all.at[S->sink->all.n - 1],
              "`%s` is one number in a row: `%s[B]`; a list of columns makes a vector: `%s = [\"...\"]`",
              c->name, c->name, c->name);
  declare(S, p->name, p->name_span, BIND_COLUMN, bound);
  if (S->sink->n_errors > errors) broken_sizes(S, p);
}

/* Whether the first size of the columns is a number, which is then that of all minibatches: not a new name.
 */
static bool names_a_number(Sema *S, const AstNode *columns) {
  for (int i = 0; i < columns->n; i++) {
    const AstNode *dims = ast_kid(columns->kids[i], AST_PATTERN_dims);
    const AstNode *first = dims != NULL && dims->n > 0 ? dims->kids[0] : NULL;
    const Binding *b = first != NULL && first->kind == AST_NAME ? scope_find(S->scope, first->name) : NULL;
    if (first == NULL || first->kind == AST_REST) continue;
    return first->kind != AST_NAME || (b != NULL && b->value != NULL && b->value->kind == VAL_INT);
  }
  return false;
}

/* The first column that says its rows, with a name for them: `x[B, 2]`. */
static const char *with_named_rows(Sema *S, const AstNode *columns) {
  for (int i = 0; i < columns->n; i++) {
    const AstNode *dims = ast_kid(columns->kids[i], AST_PATTERN_dims);
    if (dims == NULL || dims->n == 0 || dims->kids[0]->kind == AST_REST) continue;
    const char *out = arena_printf(S->a, "%s[B", sym_text(columns->kids[i]->name));
    for (int k = 1; k < dims->n; k++)
      out = arena_printf(S->a, "%s, %s", out, src_of_span(S, dims->kids[k]->span));
    return arena_printf(S->a, "%s]", out);
  }
  return "x[B, 2]";
}

/* A number of rows that a smaller last minibatch would not have. */
static void check_fixed(Sema *S, const AstNode *columns) {
  const Train *t = train_now(S);
  const Dataset *d = &S->p->datasets.at[t->dataset];
  const bool drops = t->drop_last && !S->train->validating;
  const long long rows = (long long)t->batch, left = (long long)(t->batch > 0 ? d->rows % t->batch : 0);
  if (drops || t->batch == 0 || (d->exact && left == 0)) return;
  const char *name = S->train->validating ? d->name : S->train->name;
  Diag *diag = d->exact ? say(S, DIAG_SHAPE, columns->span,
                              "the last minibatch of `%s` has %lld rows, not %lld", name, left, rows)
                        : say(S, DIAG_SHAPE, columns->span,
                              "the last minibatch of `%s` may have fewer than %lld rows", name, rows);
  const char *named = with_named_rows(S, columns);
  if (S->train->validating) diag_help(diag, "a name for the rows, as in `%s`, is any number of them", named);
  else diag_help(diag, "write `drop_last = true` in the train, or a name for the rows: `%s`", named);
}

static void bind_columns(Sema *S, const AstNode *columns) {
  Train *t = train_now(S);
  if (t->dataset < 0) {
    if (!S->train->broken) {
      Diag *d = say(S, DIAG_ATTRIBUTE, columns->span,
                    "the train `%s` has no data, so its step has no columns", t->name);
      diag_help(d, "write `data = ...` in the train");
    }
    for (int i = 0; i < columns->n; i++) broken_column(S, columns->kids[i]);
    return;
  }
  const AstNode *dims = ast_kid(columns->kids[0], AST_PATTERN_dims);
  const char *name =
      dims != NULL && dims->n > 0 && dims->kids[0]->kind == AST_NAME ? sym_text(dims->kids[0]->name) : "B";
  vec_push(S->a, &S->p->counts, ((Count){name, COUNT_BATCH, S->train->index, t->batch}));
  train_now(S)->batch_count = S->p->counts.n - 1;
  S->train->fixed = names_a_number(S, columns);
  if (S->train->fixed) check_fixed(S, columns);
  for (int i = 0; i < columns->n; i++) bind_column(S, columns->kids[i]);
}

/* Walks a block of a train into `out`, which must not move meanwhile. */
static void train_block(Sema *S, const AstNode *body, const AstNode *columns, Place place, Block *out) {
  Region inner = {.block = out}, *outer = S->region;
  Path *path = path_enter(S, S->train->validating ? "validate" : place_text[place]);
  const Place before_place = S->place;
  const int gradient = S->gradient;
  S->default_shots = S->train->shots;
  S->region = &inner;
  S->place = place;
  const CircuitMethod method = circuit_method_find(train_now(S)->gradient);
  S->gradient = method < METHOD_COUNT ? (int)method + 1 : 0;
  S->runtime_depth++;
  Scope *before = scope_push(S);
  if (columns != NULL) bind_columns(S, columns);
  vars_forget(S);
  updates_ahead(S, S->train->decl);
  walk_stmts(S, body);
  scope_pop(S, before);
  region_close(S);
  S->runtime_depth--;
  S->place = before_place;
  S->gradient = gradient;
  S->default_shots = 0;
  S->region = outer;
  S->path = path;
}

void train_keeps(Sema *S, int n, const int *slots) {
  Train *t = train_now(S);
  for (int k = 0; k < n; k++) {
    bool saved = slot_in(slots[k], t->kept.n, t->kept.at);
    for (int o = 0; o < t->optimizers.n; o++)
      saved = saved || slot_in(slots[k], t->optimizers.at[o].n_slots, t->optimizers.at[o].slots);
    if (!saved) vec_push(S->a, &t->kept, slots[k]);
  }
}

/* The step once more on the data of `validate`: see watch.c. What it would say again is not said. */
static void walk_validation(Sema *S, const AstNode *n) {
  Train *t = train_now(S);
  const Train step = *t;
  DiagSink *sink = S->sink;
  const int types = S->types.n;
  const AstNode *columns = ast_kid(n, AST_STEP_columns);
  if (!can_validate(S, columns)) return;
  Block block = {0};
  S->sink = diag_sink(S->a);
  S->train->validating = true;
  t->dataset = t->validation.dataset;
  const int64_t rows = S->p->datasets.at[t->dataset].rows;
  if (rows > 0 && t->batch > rows) t->batch = rows;
  t->columns.n = 0, t->columns.at = NULL, t->columns.cap = 0;
  train_block(S, ast_kid(n, AST_STEP_body), columns, PLACE_STEP, &block);
  t = train_now(S);
  Validation v = {.dataset = t->dataset, .batch = t->batch, .batch_count = t->batch_count, .block = block};
  for (int i = 0; i < t->columns.n; i++) vec_push(S->a, &v.columns, t->columns.at[i]);
  t->validation = v;
  t->dataset = step.dataset, t->batch = step.batch, t->batch_count = step.batch_count;
  t->columns.n = step.columns.n, t->columns.at = step.columns.at, t->columns.cap = step.columns.cap;
  S->train->validating = false;
  S->types.n = types;
  DiagSink *said = S->sink;
  S->sink = sink;
  for (int i = 0; i < said->all.n; i++) diag_pass(sink, said->all.at[i]);
}

/* Whether a condition is made of numbers and texts of the script alone: it can be computed ahead of its turn.
 */
static bool is_settled(const Sema *S, const AstNode *n) {
  if (n == NULL) return true;
  if (n->kind == AST_NAME) {
    const Binding *b = scope_find(S->scope, n->name);
    return b != NULL && b->value != NULL && (val_is_number(b->value) || b->value->kind == VAL_TEXT);
  }
  if (n->kind == AST_CALL || n->kind == AST_MEMBER || n->kind == AST_INDEX || n->kind == AST_COMPREHENSION)
    return false;
  for (int i = 0; i < n->n; i++)
    if (!is_settled(S, n->kids[i])) return false;
  return true;
}

/* How many `minimize` the step has, those left out that a static `if` leaves out: what it says is said later.
 */
static int count_minimize(Sema *S, const AstNode *n) {
  if (n == NULL) return 0;
  if (n->kind == AST_IF && is_settled(S, ast_kid(n, AST_IF_cond))) {
    DiagSink *sink = S->sink;
    S->sink = diag_sink(S->a);
    const Value *yes = eval(S, ast_kid(n, AST_IF_cond));
    S->sink = sink;
    if (yes->kind == VAL_BOOL)
      return count_minimize(S, yes->u.num != 0 ? ast_kid(n, AST_IF_then) : ast_kid(n, AST_IF_other));
  }
  int total = n->kind == AST_MINIMIZE ? 1 : 0;
  for (int i = 0; i < n->n; i++) total += count_minimize(S, n->kids[i]);
  return total;
}

void walk_step(Sema *S, const AstNode *n) {
  if (S->train->pass != 2) return;
  if (S->train->n_steps++ > 0) {
    const bool again = S->train->step_at == n->span.begin;
    if (again && S->train->n_steps > 2) return;
    Diag *d =
        say(S, DIAG_PLACE, (Span){n->span.begin, n->span.begin + 4},
            again ? "the `step` of the train `%s` stands in a loop" : "the train `%s` has a second `step`",
            S->train->name);
    if (again)
      diag_help(d, "a train has one `step`; `repeat 5 { ... }` inside of it does something several times");
    return;
  }
  S->train->step_at = n->span.begin;
  Block block = {0};
  const int errors = S->sink->n_errors;
  S->train->every = 0;
  S->train->n_minimize = count_minimize(S, ast_kid(n, AST_STEP_body));
  train_block(S, ast_kid(n, AST_STEP_body), ast_kid(n, AST_STEP_columns), PLACE_STEP, &block);
  train_now(S)->step = block;
  if (train_now(S)->validation.dataset >= 0 && S->sink->n_errors == errors && !S->train->broken)
    walk_validation(S, n);
}

void walk_every(Sema *S, const AstNode *n) {
  int64_t k = 1;
  if (S->train->pass != 2) return;
  const Value *v = eval(S, ast_kid(n, AST_EVERY_count));
  if (val_is_error(v) || !count_of(S, v, "the number of epochs after `every`", 1, &k)) return;
  Every out = {.k = k, .span = n->span};
  S->train->every = k;
  train_block(S, ast_kid(n, AST_EVERY_body), NULL, PLACE_EVERY, &out.block);
  S->train->every = 0;
  vec_push(S->a, &train_now(S)->everys, out);
}

const Value *fn_stop(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (S->train != NULL && S->train->validating) return val_nothing(S, args->span);
  if (S->place != PLACE_STEP && S->place != PLACE_EVERY) {
    say(S, DIAG_PLACE, args->span, "`stop()` ends a train: it stands in its `step` or `every`");
    return S->error;
  }
  S->train->may_stop = true;
  block_push(S, STMT_STOP, args->span);
  return val_nothing(S, args->span);
}

/* ---- the whole ---------------------------------------------------------------------------------------- */

/* Rows, batch and steps of an epoch, once the attributes are known. */
static void settle(Sema *S) {
  Train *t = train_now(S);
  S->train->per_epoch = 1;
  settle_balance(S);
  settle_rows(S);
  if (t->dataset < 0) {
    t->batch = 0;
    return;
  }
  const int64_t rows = S->p->datasets.at[t->dataset].rows;
  S->train->open_rows = !S->p->datasets.at[t->dataset].exact;
  if (t->batch == 0 || t->batch > rows) t->batch = rows > 0 ? rows : 1;
  S->train->per_epoch = t->drop_last ? rows / t->batch : (rows + t->batch - 1) / t->batch;
}

static void check_train(Sema *S, const AstNode *n) {
  const Train *t = train_now(S);
  if (S->train->n_steps == 0 && !S->train->broken) {
    Diag *d = say(S, DIAG_PLACE, n->name_span, "the train `%s` has no `step`", t->name);
    diag_help(d, "a step says what one minibatch does: `step { minimize ... over ... }`");
  }
  bool given = false;
  for (int i = 0; i < S->train->given.n; i++)
    given = given || strcmp(S->train->given.at[i].name, "epochs") == 0;
  if (!given && t->epochs == 0 && !S->train->broken) {
    Diag *d = say(S, DIAG_ATTRIBUTE, n->name_span, "the train `%s` does not say how long it runs", t->name);
    diag_help(d, "write `epochs = 100` in it");
  }
}

/* A plateau must have a loss to follow. */
static void check_plateaus(Sema *S) {
  const Train *t = train_now(S);
  for (int o = 0; o < t->optimizers.n; o++)
    for (int h = 0; h < t->optimizers.at[o].n_hypers; h++) {
      const Schedule *s = &t->optimizers.at[o].hypers[h];
      if (s->kind != SCHED_PLATEAU || s->series >= 0) continue;
      Diag *d = say(S, DIAG_ATTRIBUTE, t->optimizers.at[o].span, "`plateau` of `%s` has no loss to follow",
                    t->optimizers.at[o].name);
      diag_help(d, "train it by `minimize ... over %s`", t->optimizers.at[o].name);
    }
}

/* An optimizer that nothing trains by. */
static void warn_optimizers(Sema *S) {
  for (int i = 0; i < S->train->optims.n; i++) {
    const TrainOptim *o = &S->train->optims.at[i];
    if (o->used) continue;
    const char *name = train_now(S)->optimizers.at[o->optimizer].name;
    Diag *d = diag_add(S->sink, DIAG_UNUSED, o->span, "the optimizer of `%s` is never used", name);
    diag_help(d, "train it, `minimize ... over %s`, or leave it out", name);
  }
}

void declare_train(Sema *S, const AstNode *n) {
  TrainInfo *info = ARENA_NEW(S->a, TrainInfo);
  *info = (TrainInfo){.name = sym_text(n->name), .repeats = 1, .decl = n, .missing_groups = -1};
  vec_push(S->a, &S->p->trains,
           ((Train){.name = info->name,
                    .site = info->name,
                    .dataset = -1,
                    .validation.dataset = -1,
                    .balance = -1,
                    .watch.series = -1,
                    .shuffle = true,
                    .gradient = "default",
                    .span = n->name_span}));
  info->index = S->p->trains.n - 1;
  vec_push(S->a, &S->trains, info);
  S->uses.n = 0;
  Value *v = val_new(S, VAL_TRAIN, n->name_span);
  v->u.train = info;
  declare(S, n->name, n->name_span, BIND_TRAIN, v);
  Path *path = path_enter(S, info->name);
  const Place place = S->place;
  S->place = PLACE_TRAIN;
  S->train = info;
  for (int i = 0; i < S->options->n_ended; i++)
    info->may_stop |= strcmp(S->options->ended[i], sym_text(n->name)) == 0;
  const AstNode *body = ast_kid(n, AST_TRAIN_body);
  const int errors = S->sink->n_errors, faults = S->faults;
  for (info->pass = 1; info->pass <= 2; info->pass++) {
    Scope *before = scope_push(S);
    walk_stmts(S, body);
    scope_pop(S, before);
    if (info->pass == 1) {
      set_the_rest(S);
      settle(S);
    }
  }
  info->broken = info->broken || S->faults > faults;
  check_train(S, n);
  if (S->sink->n_errors == errors) check_plateaus(S), warn_optimizers(S);
  if (S->sink->n_errors == errors && !info->broken) watch_settle(S, n);
  info->broken = info->broken || S->sink->n_errors > errors;
  info->done = true;
  S->train = NULL;
  S->place = place;
  S->path = path;
  Stmt *s = block_push(S, STMT_TRAIN, n->name_span);
  s->index = info->index;
}
