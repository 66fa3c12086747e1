/* Statements that may stand in several places: let, draw, var, for, if, repeat, return, and lines
 * that are expressions. */
#include "lang/sema/builtins.h"
#include "lang/sema/across.h"
#include <math.h>
#include <string.h>

void walk_stmts(Sema *S, const AstNode *block) {
  if (block->kind != AST_BLOCK && block->kind != AST_SCRIPT) {
    walk_stmt(S, block);
    return;
  }
  const Symbols before = S->derived;
  S->derived = block_derives_by(S, block);
  for (int i = 0; i < block->n && !S->returned && !S->ended; i++)
    if (block->kids[i] != NULL) walk_stmt(S, block->kids[i]);
  S->derived = before;
}

void walk_block(Sema *S, const AstNode *block) {
  Scope *before = scope_push(S);
  walk_stmts(S, block);
  scope_pop(S, before);
}

/* ---- let, var, draw -------------------------------------------------------------------------- */

static bool is_discard(const AstNode *p) { return strcmp(sym_text(p->name), "_") == 0; }

/* A tensor under the name it is bound to: for slots, and for derivatives by it. */
const Value *named(Sema *S, const Value *v, Symbol name, bool again) {
  if (v->kind != VAL_TENSOR) return v;
  const char *path = path_here(S, sym_text(name));
  const Tensor before = *v->u.tensor;
  if (S->object == NULL) v = val_mark(S, v, path, again);
  v->u.tensor->features = before.features;
  v->u.tensor->metric = before.metric;
  if (v->u.tensor->name == NULL) v->u.tensor->name = path;
  return v;
}

static void bind_one(Sema *S, const AstNode *p, const Value *v, BindKind kind) {
  if (is_discard(p)) return;
  if (p->kind == AST_PATTERN) v = pattern_bind(S, p, v, S->scope, sym_text(p->name));
  if (v->kind == VAL_NOTHING) {
    say(S, DIAG_TYPE, p->span, "`%s` gets no value: the call yields none", sym_text(p->name));
    v = S->error;
  }
  const Span at = p->kind == AST_PATTERN && p->name_span.end != 0 ? p->name_span : p->span;
  if (kind == BIND_LET) v = value_derived_by(S, p->name, v);
  Binding *b = declare(S, p->name, at, kind, kind == BIND_LOOP ? v : named(S, v, p->name, kind == BIND_LET));
  if (kind == BIND_VAR) kept_declare(S, b);
}

/* "a, b, c": as many names as there are values; of many the first. */
static const char *names_for(Sema *S, int n) {
  const char *out = "a";
  for (int i = 1; i < n && i < 6; i++) out = arena_printf(S->a, "%s, %c", out, 'a' + i);
  return n > 6 ? arena_printf(S->a, "%s, ...", out) : out;
}

void bind_patterns(Sema *S, const AstNode *patterns, const Value *v, BindKind kind) {
  if (patterns->n == 1) {
    if (v->kind == VAL_TUPLE && kind == BIND_LET && patterns->kids[0]->kind == AST_PATTERN) {
      Diag *d = say(S, DIAG_TYPE, patterns->span, "one name for a tuple of %d values", v->u.list.n);
      diag_help(d, "take it apart: `let %s = %s`; `_` leaves a value out", names_for(S, v->u.list.n),
                src_of_span(S, v->span));
      v = S->error;
    }
    bind_one(S, patterns->kids[0], v, kind);
    return;
  }
  const Value *const *items = NULL;
  int n = 0;
  if (v->kind == VAL_TUPLE || v->kind == VAL_LIST || v->kind == VAL_RANGE)
    items = static_items(S, v, "the value", &n);
  if (!val_is_error(v) && n != patterns->n) {
    Diag *d = say(S, DIAG_TYPE, patterns->span, "%d names for %s", patterns->n, val_describe(S, v));
    diag_label(d, v->span, "%s", val_describe(S, v));
    items = NULL;
  }
  for (int i = 0; i < patterns->n; i++)
    bind_one(S, patterns->kids[i], items != NULL ? items[i] : S->error, kind);
}

static void walk_let(Sema *S, const AstNode *n) {
  const AstNode *patterns = ast_kid(n, AST_LET_patterns);
  const char *before = S->new_name;
  const AstNode *names = S->new_names;
  const int n_new = S->n_new;
  S->new_name = patterns->n == 1 ? sym_text(patterns->kids[0]->name) : NULL;
  S->new_names = patterns, S->n_new = 0;
  const Value *v = eval(S, ast_kid(n, AST_LET_value));
  S->new_name = before, S->new_names = names, S->n_new = n_new;
  bind_patterns(S, patterns, v, n->kind == AST_VAR ? BIND_VAR : BIND_LET);
}

/* Weights of the classes for each element of the draw: p as it is, or the same for all. */
static NodeId class_weights(Sema *S, const Value *p, const Shape *shape, Span span) {
  const Tensor *t = want_tensor(S, p, "the probabilities");
  if (t == NULL) return NODE_NONE;
  Graph *g = graph_now(S);
  Shape to = *shape, apart = {.rank = shape->rank + 1};
  const Dim classes = t->shape.d[t->shape.rank - 1];
  to.d[to.rank++] = classes;
  bool fits = t->lift == 0 && to.rank <= SHAPE_MAX_RANK && (t->shape.rank == to.rank || t->shape.rank == 1);
  for (int k = 0; fits && t->shape.rank > 1 && k < shape->rank; k++)
    fits = dim_equal(t->shape.d[k], shape->d[k]);
  if (!fits || classes.count != 0) {
    Diag *d = say(S, DIAG_SHAPE, p->span, "probabilities of %s do not fit a draw of %s",
                  sema_shape_text(S, &t->shape), sema_shape_text(S, shape));
    diag_help(d, "they are [classes], the same for all, or have the axes of the draw and then classes");
    return NODE_NONE;
  }
  if (t->shape.rank == to.rank) return t->node;
  for (int k = 0; k < apart.rank; k++) apart.d[k] = k + 1 < apart.rank ? dim_static(1) : classes;
  return g_stretch(g, g_reshape(g, t->node, &apart, span), &to, span);
}

/* The probabilities of 0, 1, ... until what is left is below 1e-17, as a list. */
static const Value *poisson_weights(Sema *S, double rate, Span span) {
  const int n = (int)(rate + 12 * sqrt(rate) + 20);
  const Value **at = ARENA_ARRAY(S->a, const Value *, n + 1);
  for (int k = 0; k < n; k++)
    at[k] = val_real(S, rate > 0 ? exp(k * log(rate) - rate - lgamma(k + 1.0)) : k == 0, span);
  return val_list(S, VAL_LIST, n, at, span);
}

static const Value *draw_labels(Sema *S, const DistValue *d, int site, const Shape *shape, Span span) {
  const Value *p = d->kind == DIST_POISSON ? poisson_weights(S, d->a->u.num, span) : d->a;
  const NodeId weights = class_weights(S, p, shape, span);
  if (weights == NODE_NONE) return S->error;
  Graph *g = graph_now(S);
  const NodeId in[2] = {g_draw(g, DRAW_UNIFORM, site, shape, span), weights};
  return val_node(S, g_make(g, OP_CATEGORICAL, 2, in, NULL, NULL, span, NULL), 0, span);
}

/* low (high / low)^u */
static const Value *log_uniform_of(Sema *S, const Value *u, const DistValue *d, Span at) {
  const Value *ratio = arith_binary(S, AST_OP_DIV, d->b, d->a, at);
  return arith_binary(S, AST_OP_MUL, d->a, arith_binary(S, AST_OP_POW, ratio, u, at), at);
}

static const Value *draw_value(Sema *S, const AstNode *n, const DistValue *d, const Shape *shape) {
  const Span at = n->span;
  const int site = site_new(S, sym_text(n->name), n->name_span);
  if (d->kind == DIST_CATEGORICAL || d->kind == DIST_POISSON) return draw_labels(S, d, site, shape, at);
  const DrawKind kind = d->kind == DIST_NORMAL ? DRAW_NORMAL : DRAW_UNIFORM;
  const Value *z = val_node(S, g_draw(graph_now(S), kind, site, shape, n->name_span), 0, at);
  if (d->kind == DIST_BERNOULLI) return tensor_binary(S, OP_LT, "<", z, d->a, at);
  if (d->kind == DIST_LOG_UNIFORM) return log_uniform_of(S, z, d, at);
  const Value *scale = d->kind == DIST_NORMAL ? d->b : arith_binary(S, AST_OP_SUB, d->b, d->a, at);
  const bool unit = val_is_number(scale) && scale->u.num == 1, zero = val_is_number(d->a) && d->a->u.num == 0;
  if (!unit) z = arith_binary(S, AST_OP_MUL, z, scale, at);
  return zero ? z : arith_binary(S, AST_OP_ADD, z, d->a, at);
}

static void draw_in_model(Sema *S, const AstNode *n) {
  Diag *d =
      say(S, DIAG_PLACE, n->span, "a model has no random numbers of its own, but this is called in `%s`",
          S->object->object->name);
  diag_help(d, "draw outside of the model, and pass the values in");
}

/* Arguments that the distribution takes. */
static const char *usual_numbers(const Builtin *dist) {
  if (strcmp(dist->name, "log_uniform") == 0) return "1e-4, 1";
  if (strcmp(dist->name, "categorical") == 0) return "[0.5, 0.5]";
  return strchr(dist->signature, ' ') != NULL ? "0, 1" : "0.5";
}

static void walk_draw(Sema *S, const AstNode *n) {
  Shape shape;
  const Value *out = S->error;
  if (S->place == PLACE_CIRCUIT) {
    declare(S, n->name, n->name_span, BIND_DRAW, outcome_draw(S, n));
    return;
  }
  const Value *v = eval(S, ast_kid(n, AST_DRAW_value));
  const bool dims = dims_eval(S, ast_kid(n, AST_DRAW_dims), true, &shape);
  if (S->object != NULL) draw_in_model(S, n);
  else if (!val_is_error(v) && v->kind != VAL_DIST) {
    Diag *d = wrong_kind(S, v, "what stands after `~`", "a distribution like `normal(0, 1)`");
    if (d != NULL && v->kind == VAL_BUILTIN && v->u.builtin->kind == BI_DIST)
      diag_help(d, "with its numbers, and the shape of the draw: `draw %s[8] ~ %s(%s)`", sym_text(n->name),
                v->u.builtin->name, usual_numbers(v->u.builtin));
    else if (d != NULL) diag_help(d, "a value gets a name by `let %s = ...`", sym_text(n->name));
  } else if (dims && !val_is_error(v)) out = draw_value(S, n, &v->u.dist, &shape);
  if (out->kind == VAL_TENSOR) {
    const Shape got = tensor_sample(out->u.tensor);
    if (!shape_equal(&got, &shape)) {
      say(S, DIAG_SHAPE, v->span, "the parameters of this distribution are larger than the draw: %s for %s",
          sema_shape_text(S, &got), sema_shape_text(S, &shape));
      out = S->error;
    }
  }
  declare(S, n->name, n->name_span, BIND_DRAW, named(S, out, n->name, false));
}

/* `M := bundle`, `M.stage := bundle`, `M.w := tensor`: what follows reads the new weights. */
static void assign_weights(Sema *S, const AstNode *n, const Value *t, const Value *v) {
  const char *name = src_of_span(S, ast_kid(n, AST_ASSIGN_target)->span);
  int count = 1;
  const int *slots = t->kind == VAL_OBJECT ? object_slots(S, t->u.object, &count) : t->u.stage.slots;
  if (t->kind == VAL_STAGE) count = t->u.stage.n;
  const bool is_param = t->kind == VAL_STAGE && t->u.stage.is_param;
  if (S->train != NULL && S->train->validating) return;
  if (S->call != NULL) {
    Diag *d = say(S, DIAG_PLACE, n->span, "a `def` has no effects, so it sets no weights");
    diag_help(d, "return the new weights, and set them where it is called");
    return;
  }
  const Tensor *one = is_param ? want_tensor(S, v, "new weights") : NULL;
  if (is_param ? one == NULL : v->kind != VAL_BUNDLE) {
    Diag *d = is_param ? NULL : wrong_kind(S, v, "what the weights are set to", "a bundle");
    if (d != NULL) diag_help(d, "write `%s := weights(...)`, or set one of its params", name);
    return;
  }
  bool fits = is_param || v->u.bundle.n == count;
  for (int i = 0; fits && i < count; i++)
    fits =
        shape_equal(&S->p->slots.at[slots[i]].shape, is_param ? &one->shape : &v->u.bundle.parts[i]->shape);
  if (!fits) {
    say(S, DIAG_SHAPE, n->span, "this is not shaped like the weights of `%s`", name);
    return;
  }
  const NodeId *nodes = is_param ? &one->node : bundle_nodes(S, v);
  Graph *g = graph_now(S);
  for (int i = 0; i < count; i++) {
    g_store(g, g_mark(g, nodes[i], ++S->marks, n->span), slots[i], n->span);
    vec_push(S->a, &S->updates, slots[i]);
  }
  region_close(S);
  if (S->train != NULL) train_keeps(S, count, slots);
}

static void walk_assign(Sema *S, const AstNode *n) {
  const AstNode *target = ast_kid(n, AST_ASSIGN_target);
  const Value *v = eval(S, ast_kid(n, AST_ASSIGN_value));
  if (target->kind != AST_NAME) {
    const Value *t = eval(S, target);
    if (!val_is_error(t) && !val_is_error(v) && t->kind == VAL_STAGE) assign_weights(S, n, t, v);
    else if (!val_is_error(t) && !val_is_error(v)) {
      Diag *d = say(S, DIAG_TYPE, target->span, "`:=` sets a whole `var`, or weights, but this is %s",
                    target->kind == AST_INDEX ? "a part of a value" : val_describe(S, t));
      diag_help(d, "`select(cond, a, b)` and `concat(a, b)` make a new value of old ones");
    }
    return;
  }
  Binding *b = scope_find(S->scope, target->name);
  const char *name = sym_text(target->name);
  if (b == NULL) {
    report_unknown(S, target->name, target->span, "var");
    return;
  }
  b->used = true;
  if (b->value->kind == VAL_OBJECT) {
    if (!val_is_error(v)) assign_weights(S, n, eval(S, target), v);
    return;
  }
  if (val_is_error(b->value)) return;
  if (b->kind != BIND_VAR) {
    Diag *d = say(S, DIAG_PLACE, target->span, "`:=` changes a `var`, but `%s` is a %s", name,
                  bind_kind_text[b->kind]);
    diag_label(d, b->span, "declared here");
    if (b->kind == BIND_LET) diag_help(d, "declare it `var %s = ...`", name);
    return;
  }
  if (b->call != S->call) {
    Diag *d =
        say(S, DIAG_PLACE, target->span, "a `def` cannot change `%s`, a `var` from outside of it", name);
    diag_help(d, "return the new value, and assign it where the `var` is");
    return;
  }
  if (b->kept != NULL) {
    kept_assign(S, b, v, n->span);
    return;
  }
  var_assign(S, n, b, v);
}

/* ---- control ------------------------------------------------------------------------------------ */

static void walk_for(Sema *S, const AstNode *n) {
  const Value *over = eval(S, ast_kid(n, AST_FOR_range));
  int count = 0;
  if (val_is_error(over)) return;
  if (over->kind == VAL_TENSOR || over->kind == VAL_COUNT) {
    Diag *d =
        say(S, DIAG_STATIC, over->span,
            "a `for` runs over a list or range known before the run, but this is %s", val_describe(S, over));
    diag_help(d, "arithmetic works on whole tensors at once");
    return;
  }
  const Value *const *items = static_items(S, over, "what a `for` runs over", &count);
  if (items == NULL) return;
  const char *index = S->loop_index;
  S->loop_depth++;
  for (int i = 0; i < count && !S->returned && may_go_on(S, 1, n->span); i++) {
    Scope *before = scope_push(S);
    Path *path = path_enter(S, arena_printf(S->a, "for[%d]", i));
    S->loop_index = arena_printf(S->a, "%s[%d]", index, i);
    bind_patterns(S, ast_kid(n, AST_FOR_names), items[i], BIND_LOOP);
    const int errors = S->sink->n_errors;
    walk_stmts(S, ast_kid(n, AST_FOR_body));
    S->path = path;
    scope_pop(S, before);
    if (S->sink->n_errors > errors) break; /* the other turns would say the same */
  }
  S->loop_depth--;
  S->loop_index = index;
}

/* Walks a block that is run when the program runs, perhaps several times, into `out`. */
static void runtime_block(Sema *S, const AstNode *body, const char *name, Block *out) {
  Region inner = {.block = out}, *outer = S->region;
  Path *path = path_enter(S, name);
  S->region = &inner;
  S->runtime_depth++;
  walk_block(S, body);
  region_close(S);
  S->runtime_depth--;
  S->region = outer;
  S->path = path;
}

static void repeat_static(Sema *S, const AstNode *n, int64_t count) {
  if (count > 100000) {
    say(S, DIAG_SHAPE, ast_kid(n, AST_REPEAT_count)->span,
        "a `repeat` that is written out has at most 100000 turns, not %lld", (long long)count);
    return;
  }
  const char *index = S->loop_index;
  S->loop_depth++;
  for (int i = 0; i < count && !S->returned && may_go_on(S, 1, n->span); i++) {
    Path *path = path_enter(S, arena_printf(S->a, "repeat[%d]", i));
    S->loop_index = arena_printf(S->a, "%s[%d]", index, i);
    const int errors = S->sink->n_errors;
    walk_block(S, ast_kid(n, AST_REPEAT_body));
    S->path = path;
    if (S->sink->n_errors > errors) break;
  }
  S->loop_depth--;
  S->loop_index = index;
}

static void walk_repeat(Sema *S, const AstNode *n) {
  const Value *v = eval(S, ast_kid(n, AST_REPEAT_count));
  int64_t count;
  if (val_is_error(v)) return;
  const bool at_run = S->place == PLACE_STEP || S->place == PLACE_EVERY;
  int slot = -1;
  if (at_run && (v->kind == VAL_TENSOR || v->kind == VAL_COUNT)) {
    if (!slot_of_number(S, v, "the count of a `repeat`", &slot)) return;
    count = 1;
  } else if (!want_int(S, v, "the count of a `repeat`", &count)) return;
  if (count < 0) {
    Diag *d =
        say(S, DIAG_TYPE, v->span, "a `repeat` has at least 0 turns, but this is %lld", (long long)count);
    label_origin(S, d, dim_of_int(S, v));
    return;
  }
  if (!at_run) {
    repeat_static(S, n, count);
    return;
  }
  Block *body = ARENA_NEW(S->a, Block);
  vars_settle(S, ast_kid(n, AST_REPEAT_body));
  region_close(S);
  const int64_t repeats = S->train != NULL ? S->train->repeats : 1;
  if (S->train != NULL) S->train->repeats = slot >= 0 ? -1 : repeats * count;
  if (slot >= 0 || count > 1) updates_ahead(S, ast_kid(n, AST_REPEAT_body));
  runtime_block(S, ast_kid(n, AST_REPEAT_body), "repeat", body);
  if (S->train != NULL) S->train->repeats = repeats;
  Stmt *s = block_push(S, STMT_REPEAT, n->span);
  s->count = count;
  s->slot = slot;
  s->block = body;
  s->site_block = "repeat";
}

static void if_runtime(Sema *S, const AstNode *n, const Value *cond) {
  const Value *one = val_to_scalar(S, cond, "the condition of an `if`");
  if (val_is_error(one)) return;
  if (one->u.tensor->elem != ELEM_BOOL) {
    wrong_kind(S, cond, "the condition of an `if`", "true or false");
    return;
  }
  const int slot = value_slot(S, one, path_here(S, "if"));
  vars_settle(S, n);
  region_close(S);
  Block *then = ARENA_NEW(S->a, Block), *other = NULL;
  if (S->train != NULL) S->train->conditional++;
  const int before = S->updates.n;
  runtime_block(S, ast_kid(n, AST_IF_then), "if", then);
  if (ast_kid(n, AST_IF_other) != NULL) {
    other = ARENA_NEW(S->a, Block);
    const int n_then = S->updates.n - before; /* they have not happened where the other side runs */
    int *then_updates = ARENA_ARRAY(S->a, int, n_then + 1);
    for (int i = 0; i < n_then; i++) then_updates[i] = S->updates.at[before + i];
    S->updates.n = before;
    runtime_block(S, ast_kid(n, AST_IF_other), "else", other);
    for (int i = 0; i < n_then; i++) vec_push(S->a, &S->updates, then_updates[i]);
  }
  if (S->train != NULL) S->train->conditional--;
  Stmt *s = block_push(S, STMT_IF, n->span);
  s->slot = slot;
  s->block = then;
  s->other = other;
}

/* What the side that is not taken names is used with other settings. */
static void mark_used(Sema *S, const AstNode *n) {
  if (n == NULL) return;
  const bool refers = n->kind == AST_NAME || n->kind == AST_AXIS;
  Binding *b = refers ? scope_find(S->scope, n->name) : NULL;
  if (b != NULL) b->used = true;
  for (int i = 0; i < n->n; i++) mark_used(S, n->kids[i]);
}

static void walk_if(Sema *S, const AstNode *n) {
  const Value *cond = eval(S, ast_kid(n, AST_IF_cond));
  if (val_is_error(cond)) return;
  if (cond->kind == VAL_TENSOR &&
      (S->place == PLACE_TOP || S->place == PLACE_STEP || S->place == PLACE_EVERY)) {
    if_runtime(S, n, cond);
    return;
  }
  bool yes;
  if (cond->kind == VAL_TENSOR) {
    Diag *d = say(S, DIAG_STATIC, cond->span, "the condition of an `if` in %s must be known before the run",
                  place_in[S->place]);
    diag_help(d, "`select(cond, a, b)` chooses between values");
    return;
  }
  if (cond->kind == VAL_OUTCOME || cond->kind == VAL_QUBITS) {
    const char *text = src_of_span(S, cond->span);
    Diag *d = wrong_kind(S, cond, "the condition of an `if`", "true or false");
    if (cond->kind == VAL_OUTCOME) diag_help(d, "a gate where it is 1: `when(%s) @ gate target`", text);
    else diag_help(d, "a gate where it is 1: `ctrl @ gate %s, target`", text);
    return;
  }
  if (!want_bool(S, cond, "the condition of an `if`", &yes)) return;
  const AstNode *side = yes ? ast_kid(n, AST_IF_then) : ast_kid(n, AST_IF_other);
  mark_used(S, yes ? ast_kid(n, AST_IF_other) : ast_kid(n, AST_IF_then));
  if (side == NULL) return;
  if (side->kind == AST_IF) walk_if(S, side);
  else walk_block(S, side);
}

static void walk_return(Sema *S, const AstNode *n) {
  const AstNode *values = ast_kid(n, AST_RETURN_values);
  const Value **at = ARENA_ARRAY(S->a, const Value *, values->n + 1);
  bool ok = true;
  for (int i = 0; i < values->n; i++) {
    at[i] = eval(S, values->kids[i]);
    ok = ok && !val_is_error(at[i]);
  }
  S->result = !ok ? S->error : values->n == 1 ? at[0] : val_list(S, VAL_TUPLE, values->n, at, n->span);
  S->returned = true;
}

/* ---- lines that are expressions ------------------------------------------------------------------- */

static void unused_value(Sema *S, const AstNode *n, const Value *v) {
  Diag *d = say(S, DIAG_UNUSED_VALUE, n->span, "this value is not used: a bare expression does nothing in %s",
                place_in[S->place]);
  if (v->kind == VAL_BUILTIN && v->u.builtin->kind == BI_LAYER) diag_help(d, "layers stand in a `model`");
  else if (S->place == PLACE_DEF) diag_help(d, "give it back: `return %s`", src_of_span(S, n->span));
  else if (S->place == PLACE_STEP || S->place == PLACE_EVERY)
    diag_help(d, "keep it: `record value = %s`; behind the train `%s.value` shows all of them",
              src_of_span(S, n->span), S->train->name);
  else diag_help(d, "bind it: `let value = %s`", src_of_span(S, n->span));
}

/* A gate that is written as a call, `rx(x, q[0])` or `H(0)`, as it is written here. */
static const char *gate_text(Sema *S, const AstNode *e, GateId gate) {
  const GateInfo *g = &gate_info[gate];
  const AstNode *args = e->kind == AST_CALL ? ast_kid(e, AST_CALL_args) : NULL;
  const char *angles = "", *qubits = "";
  int n = 0, n_qubits = 0;
  for (int i = 0; args != NULL && i < args->n; i++) {
    const AstNode *k = args->kids[i];
    const char *text = src_of_span(S, k->span);
    if (n < g->n_angles && k->kind != AST_ARG)
      angles = arena_printf(S->a, "%s%s%s", angles, n++ ? ", " : "", text);
    else if (k->kind == AST_INDEX || k->kind == AST_NAME)
      qubits = arena_printf(S->a, "%s%s%s", qubits, n_qubits++ ? ", " : "", text);
  }
  if (n_qubits == 0) qubits = g->n_qubits == 2 ? "q[0], q[1]" : "q[0]";
  return arena_printf(S->a, n > 0 ? "%s(%s) %s" : "%s%s %s", g->name, angles, qubits);
}

static void circuit_line(Sema *S, const AstNode *n, const AstNode *e) {
  const AstNode *name = e->kind == AST_CALL ? ast_kid(e, AST_CALL_callee) : e;
  const char *written = name->kind == AST_NAME ? sym_text(name->name) : "", *ours = synonym_of(written);
  const GateId gate = gate_find(gate_find(written) == GATE_COUNT && ours != NULL ? ours : written);
  if (gate != GATE_COUNT || ours != NULL) {
    Diag *d = say(S, DIAG_GATE, n->span, "a gate needs its qubits");
    if (gate == GATE_COUNT) diag_help(d, "write them after it: `%s q[0]`", src_of_span(S, e->span));
    else diag_help(d, "write them after it: `%s`", gate_text(S, e, gate));
    return;
  }
  const Value *v = eval(S, e);
  if (!val_is_error(v)) unused_value(S, n, v);
}

static void model_line(Sema *S, const AstNode *n, const AstNode *e) {
  LabelledStage stage = {0}, *before = S->object->stage;
  const char *label = S->object->label, *name = NULL;
  if (n->name != SYM_NONE) {
    LabelledStage *kept = NULL;
    name = label_key(S, n);
    ObjectInfo *o = S->object->object;
    for (int i = 0; i < o->stages.n; i++)
      if (strcmp(o->stages.at[i]->name, name) == 0) kept = o->stages.at[i];
    if (kept == NULL) {
      kept = ARENA_NEW(S->a, LabelledStage);
      *kept = stage;
      kept->name = name;
      vec_push(S->a, &o->stages, kept);
    }
    S->object->stage = kept;
    S->object->label = name;
  }
  const int64_t weights = object_size(S, S->object->object);
  const Value *v = eval_stage(S, e);
  S->object->stage = before;
  S->object->label = label;
  if (v->kind == VAL_NOTHING || v->kind == VAL_DIST) {
    wrong_kind(S, v, "a line of a model", "a layer or a value");
    v = S->error;
  }
  if (v->kind == VAL_BUILTIN || v->kind == VAL_DEF) {
    say(S, DIAG_TYPE, n->span, "this line yields a function, not a value");
    v = S->error;
  }
  S->it = v;
  object_note_line(S, src_of_span(S, n->span), v, weights);
  const char *until = S->object->until;
  if (name != NULL && until != NULL && !val_is_error(v) && strcmp(until, name) == 0)
    S->returned = true; /* the labelled line that is called */
  if (!val_is_error(v)) return;
  S->faults++;
  if (!S->object->object->ready) /* what follows would have no `it` */
    check_following(S, S->object->object->decl, ast_kid(S->object->object->decl, AST_MODEL_body), n);
  S->returned = true;
  S->result = S->error;
}

static void walk_stage(Sema *S, const AstNode *n) {
  const AstNode *e = ast_kid(n, AST_STAGE_value);
  if (n->name != SYM_NONE && S->place != PLACE_MODEL) {
    say(S, DIAG_PLACE, n->span, "a label stands on a line of a `model`; this is %s", place_in[S->place]);
    return;
  }
  const Value *v;
  switch (S->place) {
  case PLACE_TOP: walk_print(S, n); return;
  case PLACE_MODEL: model_line(S, n, e); return;
  case PLACE_DATASET: dataset_line(S, e); return;
  case PLACE_CIRCUIT: circuit_line(S, n, e); return;
  case PLACE_REPORT: walk_report_line(S, n); return;
  case PLACE_DEF:
  case PLACE_TRAIN:
  case PLACE_STEP:
  case PLACE_EVERY:
  case PLACE_SWEEP:
    v = eval(S, e);
    if (!val_is_error(v) && v->kind != VAL_NOTHING) unused_value(S, n, v);
    return;
  }
}

static void walk_command_line(Sema *S, const AstNode *n) {
  if (S->place == PLACE_CIRCUIT) walk_command(S, n);
  else walk_report_line(S, n);
}

static void declare_def(Sema *S, const AstNode *n) {
  DefInfo *def = ARENA_NEW(S->a, DefInfo);
  *def = (DefInfo){sym_text(n->name), module_path(S, sym_text(n->name)), n, S->scope};
  Value *v = val_new(S, VAL_DEF, n->name_span);
  v->u.def = def;
  declare(S, n->name, n->name_span, BIND_DEF, v);
  if (S->scope != S->prelude) check_def(S, def);
}

void walk_stmt(Sema *S, const AstNode *n) {
  if (!may_go_on(S, 1, n->span) || !check_place(S, n)) return;
  switch (n->kind) {
  case AST_LET:
  case AST_VAR: walk_let(S, n); return;
  case AST_DRAW: walk_draw(S, n); return;
  case AST_PARAM: walk_param(S, n); return;
  case AST_ASSIGN: walk_assign(S, n); return;
  case AST_FOR: walk_for(S, n); return;
  case AST_REPEAT: walk_repeat(S, n); return;
  case AST_IF: walk_if(S, n); return;
  case AST_RETURN: walk_return(S, n); return;
  case AST_STAGE: walk_stage(S, n); return;
  case AST_COMMAND:
  case AST_MODIFIED: walk_command_line(S, n); return;
  case AST_ATTR: walk_attr(S, n); return;
  case AST_MINIMIZE: walk_minimize(S, n); return;
  case AST_UPDATE: walk_update(S, n); return;
  case AST_EXPECT: walk_expect(S, n); return;
  case AST_STEP: walk_step(S, n); return;
  case AST_EVERY: walk_every(S, n); return;
  case AST_HYPER: declare_hyper(S, n); return;
  case AST_DEF: declare_def(S, n); return;
  case AST_CIRCUIT:
  case AST_MODEL: declare_object(S, n); return;
  case AST_DATASET: declare_dataset(S, n); return;
  case AST_TRAIN: declare_train(S, n); return;
  case AST_REPORT: declare_report(S, n); return;
  case AST_SWEEP: declare_sweep(S, n); return;
  case AST_VARY: walk_vary(S, n); return;
  case AST_USE: walk_use(S, n); return;
  case AST_NO_STATEMENT: return;
  }
}
