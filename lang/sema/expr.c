/* Values of expressions. */
#include "lang/sema/gates.h"
#include "lang/sema/walk.h"
#include <stdlib.h>
#include <string.h>

/* Loops and functions are written out, and what becomes of them stays in memory: a few nested ones would take
 * all of it. */
bool may_go_on(Sema *S, int64_t more, Span span) {
  const int64_t most = S->options->max_steps > 0 ? S->options->max_steps : SEMA_MAX_STEPS;
  const bool before = S->steps <= most;
  S->steps += more;
  if (S->steps <= most) return true;
  if (!before) return false;
  Diag *d =
      say(S, DIAG_TOO_LARGE, span,
          "with its loops and functions written out the script has more than %lld statements and values",
          (long long)most);
  diag_help(d, "arithmetic works on whole tensors at once; a `repeat` in a `step` is not written out");
  return false;
}

bool eval_int(Sema *S, const AstNode *n, const char *what, int64_t *out) {
  const Value *v = eval(S, n);
  return !val_is_error(v) && want_int(S, v, what, out);
}

const Value *const *static_items(Sema *S, const Value *v, const char *what, int *n) {
  if (v->kind == VAL_LIST || v->kind == VAL_TUPLE) {
    *n = v->u.list.n;
    return v->u.list.at != NULL ? v->u.list.at : ARENA_ARRAY(S->a, const Value *, 1);
  }
  if (v->kind == VAL_RANGE) {
    const int64_t count = v->u.range.hi > v->u.range.lo ? v->u.range.hi - v->u.range.lo : 0;
    if (count > 1000000) {
      say(S, DIAG_SHAPE, v->span, "%s has %lld entries; at most 1000000 are possible", what,
          (long long)count);
      return NULL;
    }
    if (!may_go_on(S, count / 8, v->span)) return NULL;
    const Value **out = ARENA_ARRAY(S->a, const Value *, (int)count + 1);
    for (int i = 0; i < count; i++) out[i] = val_int(S, v->u.range.lo + i, v->span);
    *n = (int)count;
    return out;
  }
  wrong_kind(S, v, what, "a list or a range");
  return NULL;
}

/* ---- names ------------------------------------------------------------------------------------ */

static const Value *given_name(Sema *S, const char *name, Span span) {
  if (strcmp(name, "pi") == 0) return val_real(S, 3.14159265358979323846, span);
  if (strcmp(name, "it") == 0 && S->it != NULL) return val_at(S, S->it, span);
  if (strcmp(name, "it") == 0) {
    say(S, DIAG_NAME, span,
        "there is no `it` here: it is the running value of the lines of a model or dataset");
    return S->error;
  }
  const bool epoch = strcmp(name, "epoch") == 0;
  if (!epoch && strcmp(name, "iteration") != 0) return NULL;
  if (S->train == NULL || (S->place == PLACE_TRAIN)) {
    Diag *d = say(S, DIAG_NAME, span, "`%s` exists inside a `step` or `every` only", name);
    if (epoch && S->train != NULL) diag_help(d, "`every 1 { ... }` is done after every epoch");
    return S->error;
  }
  const Attr at = {.i = {epoch ? CLOCK_EPOCH : CLOCK_ITERATION}};
  return val_node(S, g_make(graph_now(S), OP_CLOCK, 0, NULL, &at, NULL, span, NULL), 0, span);
}

const Value *eval_name(Sema *S, const AstNode *n) {
  const char *text = sym_text(n->name);
  const Value *column = dataset_name_value(S, n);
  if (column != NULL) return column;
  Binding *b = scope_find(S->scope, n->name);
  if (b != NULL) {
    b->used = true;
    if (b->value->kind == VAL_OBJECT && S->object != NULL) {
      Value *v = val_new(S, VAL_OBJECT, n->span);
      v->u.object = object_resolve(S, b->value->u.object);
      return v;
    }
    if (b->kept != NULL) return kept_read(S, b, n->span);
    return b->slot >= 0 ? var_read(S, b, n->span) : val_at(S, b->value, n->span);
  }
  const Value *given = given_name(S, text, n->span);
  if (given != NULL) return given;
  const Builtin *f = builtin_find(n->name);
  if (f != NULL) {
    Value *v = val_new(S, VAL_BUILTIN, n->span);
    v->u.builtin = f;
    return v;
  }
  report_unknown(S, n->name, n->span, "name");
  return S->error;
}

/* ---- members ----------------------------------------------------------------------------------- */

/* A number that the train leaves at its end. */
static const Value *train_ran(Sema *S, const TrainInfo *t, RanNumber which, const AstNode *n) {
  int *at = &S->p->trains.at[t->index].ran[which];
  const Shape scalar = shape_scalar();
  if (*at == 0)
    *at = 1 + slot_new(S, SLOT_VALUE, arena_printf(S->a, "%s.%s", t->name, sym_text(n->name)), &scalar,
                       ELEM_LABEL, n->span);
  const Value *v = val_node(S, g_input(graph_now(S), *at - 1, &scalar, ELEM_LABEL, n->span), 0, n->span);
  v->u.tensor->slot = *at - 1;
  return v;
}

static const Value *train_member(Sema *S, const TrainInfo *t, const AstNode *n) {
  const char *name = sym_text(n->name);
  static const char *const known[] = {"iterations", "epochs_run", "circuit_runs", "best_epoch"};
  for (int i = 0; i < t->series.n; i++) {
    if (strcmp(t->series.at[i].name, name) != 0) continue;
    Value *v = val_new(S, VAL_SERIES, n->span);
    v->u.index = t->series.at[i].series;
    return v;
  }
  const Train *train = &S->p->trains.at[t->index];
  if (t->done && !t->may_stop && !t->open_rows && strcmp(name, "iterations") == 0)
    return val_int(S, train->epochs * t->per_epoch, n->span);
  if (t->done && !t->may_stop && strcmp(name, "epochs_run") == 0) return val_int(S, train->epochs, n->span);
  if (t->done && strcmp(name, "iterations") == 0) return train_ran(S, t, RAN_ITERATIONS, n);
  if (t->done && strcmp(name, "epochs_run") == 0) return train_ran(S, t, RAN_EPOCHS, n);
  if (t->done && strcmp(name, "circuit_runs") == 0) return train_ran(S, t, RAN_CIRCUITS, n);
  if (t->done && train_watches(train) && strcmp(name, "best_epoch") == 0)
    return train_ran(S, t, RAN_BEST_EPOCH, n);
  if (strcmp(name, "missing_groups") == 0) {
    if (t->missing_groups < 0) return val_int(S, 0, n->span);
    const Shape scalar = shape_scalar();
    const Value *v =
        val_node(S, g_input(graph_now(S), t->missing_groups, &scalar, ELEM_LABEL, n->span), 0, n->span);
    v->u.tensor->slot = t->missing_groups;
    return v;
  }
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (!t->done && strcmp(known[i], name) == 0)
      return later(S, n->span, "`%s.%s` inside its own train", t->name, name);
  if (t->broken) return S->error;
  if (!t->done && strncmp(name, "loss", 4) == 0)
    return later(S, n->span, "reading `%s.%s` inside its own train", t->name, name);
  const char **names = ARENA_ARRAY(S->a, const char *, t->series.n + 1);
  for (int i = 0; i < t->series.n; i++) names[i] = t->series.at[i].name;
  Diag *d = say(S, DIAG_NAME, n->name_span.end != 0 ? n->name_span : n->span,
                "the train `%s` records no `%s`", t->name, name);
  const char *near = diag_nearest(name, names, t->series.n), *several = "";
  for (int i = 0; i < t->series.n; i++)
    if (strncmp(names[i], name, strlen(name)) == 0 && names[i][strlen(name)] == '.')
      several = arena_printf(S->a, "%s%s`%s.%s`", several, *several != '\0' ? ", " : "", t->name, names[i]);
  for (size_t i = 0; i < sizeof known / sizeof *known && near == NULL; i++)
    if (strncmp(known[i], name, strlen(name)) == 0) near = known[i];
  if (*several != '\0') diag_help(d, "it has one for each object: %s", several);
  else if (strcmp(name, "best_epoch") == 0)
    diag_help(d, "it keeps no best: write `keep_best = true`, or `patience = 10`, in the train");
  else if (strncmp(name, "seconds", 7) == 0 || strcmp(name, "time") == 0)
    diag_help(d,
              "times differ from run to run and are no results: `qgn show RUN` has them, and timing.jsonl");
  else if (near != NULL) diag_mark(d, "did you mean `%s.%s`?", t->name, near);
  else diag_help(d, "record it in the train's `step` or `every`: `record %s = ...`", name);
  return S->error;
}

/* The labelled line of this name; of one in a written-out loop the list of its turns. NULL: there is none. */
static const Value *stage_named(Sema *S, ObjectInfo *o, const char *name, Span span) {
  const size_t len = strlen(name);
  int turns = 0;
  for (int i = 0; i < o->stages.n; i++) {
    const LabelledStage *stage = o->stages.at[i];
    if (strcmp(stage->name, name) == 0) {
      Value *v = val_new(S, VAL_STAGE, span);
      v->u.stage.object = o;
      v->u.stage.name = stage->name;
      v->u.stage.n = stage->slots.n;
      v->u.stage.slots = stage->slots.at;
      return v;
    }
    if (strncmp(stage->name, name, len) != 0 || stage->name[len] != '[') continue;
    const int turn = (int)strtol(stage->name + len + 1, NULL, 10);
    turns = turn >= turns ? turn + 1 : turns;
  }
  if (turns == 0) return NULL;
  const Value **at = ARENA_ARRAY(S->a, const Value *, turns);
  int n = 0;
  for (int k = 0; k < turns; k++) {
    const Value *v = stage_named(S, o, arena_printf(S->a, "%s[%d]", name, k), span);
    if (v != NULL) at[n++] = v;
  }
  return val_list(S, VAL_LIST, n, at, span);
}

static const Value *object_member(Sema *S, ObjectInfo *o, const AstNode *n) {
  const char *name = sym_text(n->name);
  const Value *stage = stage_named(S, o, name, n->span);
  if (stage != NULL) return stage;
  Value *v = val_new(S, VAL_STAGE, n->span);
  v->u.stage.object = o;
  v->u.stage.name = name;
  for (int i = 0; i < o->parts.n; i++) {
    if (o->parts.at[i].part != NULL || strcmp(o->parts.at[i].key, name) != 0) continue;
    int *slot = ARENA_NEW(S->a, int);
    *slot = o->parts.at[i].slot;
    v->u.stage.n = 1;
    v->u.stage.slots = slot;
    v->u.stage.is_param = true;
    return v;
  }
  if (o->broken || !o->ready) return S->error;
  Diag *d = say(S, DIAG_NAME, n->span, "`%s` has no labelled stage and no param `%s`", o->name, name);
  if (is_absent(name) && report_absent(S, d, name)) return S->error;
  VEC(const char *) names = {0};
  for (int i = 0; i < o->stages.n; i++) vec_push(S->a, &names, o->stages.at[i]->name);
  for (int i = 0; i < o->parts.n; i++)
    if (o->parts.at[i].part == NULL) vec_push(S->a, &names, o->parts.at[i].key);
  const char *near = diag_nearest(name, names.at, names.n);
  if (near != NULL) {
    diag_mark(d, "did you mean `%s.%s`?", o->name, near);
    return S->error;
  }
  const char *list = "";
  int listed = 0;
  for (int i = 0; i < names.n && listed < 8; i++)
    if (strchr(names.at[i], '.') == NULL)
      list = arena_printf(S->a, "%s%s`%s`", list, listed++ > 0 ? ", " : "", names.at[i]);
  if (listed > 0) diag_help(d, "it has %s", list);
  else if (!o->is_circuit)
    diag_help(d, "a stage with a label can be reached: `%s: linear(4)`; `weights(%s)` are all", name,
              o->name);
  return S->error;
}

/* t.loss.D is one series with a dotted name. */
static const Value *dotted_series(Sema *S, const AstNode *n) {
  const AstNode *inner = ast_kid(n, AST_MEMBER_value);
  if (inner->kind != AST_MEMBER) return NULL;
  const AstNode *root = ast_kid(inner, AST_MEMBER_value);
  if (root->kind != AST_NAME) return NULL;
  Binding *b = scope_find(S->scope, root->name);
  if (b == NULL || b->value->kind != VAL_TRAIN) return NULL;
  const TrainInfo *t = b->value->u.train;
  const char *name = arena_printf(S->a, "%s.%s", sym_text(inner->name), sym_text(n->name));
  for (int i = 0; i < t->series.n; i++) {
    if (strcmp(t->series.at[i].name, name) != 0) continue;
    Value *v = val_new(S, VAL_SERIES, n->span);
    v->u.index = t->series.at[i].series;
    b->used = true;
    return v;
  }
  return NULL;
}

/* `x.mean()`, `x.T`, `f.backward()`: methods of other systems; here a function takes the value. */
static void help_method(Sema *S, Diag *d, const AstNode *n) {
  const char *name = sym_text(n->name), *ours = strcmp(name, "T") == 0 ? "transpose" : synonym_of(name);
  if (builtin_find(n->name) != NULL) ours = name;
  if (ours != NULL && builtin_find(sym_intern(ours)) != NULL)
    diag_help(d, "a function takes the value in its brackets: `%s(%s)`", ours,
              src_of_span(S, ast_kid(n, AST_MEMBER_value)->span));
  else (void)report_absent(S, d, name);
}

/* `qml.expval`, `torch.tanh`: other systems' modules; here the name stands alone. */
static bool foreign_member(Sema *S, const AstNode *of, const AstNode *n) {
  if (of->kind != AST_NAME || scope_find(S->scope, of->name) != NULL || builtin_find(of->name) != NULL)
    return false;
  const char *name = sym_text(n->name), *ours = builtin_find(n->name) != NULL ? name : synonym_of(name);
  if (strcmp(name, "pi") == 0) ours = name;
  const bool known = ours != NULL || is_absent(name);
  if (!known) return false;
  Diag *d = say(S, DIAG_NAME, n->span, "there is no name `%s`", sym_text(of->name));
  if (ours == NULL) return report_absent(S, d, name);
  diag_mark(d, "this is `%s` here", ours);
  diag_fix(d, n->span, ours, false);
  return true;
}

const Value *eval_member(Sema *S, const AstNode *n) {
  const Value *series = dotted_series(S, n);
  if (series != NULL) return series;
  const AstNode *of = ast_kid(n, AST_MEMBER_value);
  if (foreign_member(S, of, n)) return S->error;
  const Value *v = eval(S, of);
  if (val_is_error(v)) return v;
  if (v->kind == VAL_MODULE) return module_member(S, v->u.module, n);
  if (v->kind == VAL_FILE) return file_block_member(S, v, n);
  if (v->kind == VAL_TRAIN) return train_member(S, v->u.train, n);
  if (v->kind == VAL_SWEEP) return sweep_member(S, v, n);
  if (v->kind == VAL_OBJECT) return object_member(S, object_root(v->u.object), n);
  if (v->kind == VAL_DATASET) return dataset_member(S, v, sym_text(n->name), n->span);
  Diag *d =
      say(S, DIAG_TYPE, n->span, "%s has no parts with names: `.%s`", val_describe(S, v), sym_text(n->name));
  if (v->kind == VAL_QUBITS && gate_find(sym_text(n->name)) != GATE_COUNT)
    diag_help(d, "a gate stands before its qubits: `%s %s[0]`", sym_text(n->name), src_of_span(S, of->span));
  else if (v->kind == VAL_BUNDLE)
    diag_help(d, "the derivative in one weight is `grad(L, M.%s)`", sym_text(n->name));
  else help_method(S, d, n);
  return S->error;
}

/* ---- ranges and intervals ------------------------------------------------------------------------ */

static const Value *range(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  if (a->kind == VAL_INT && b->kind == VAL_INT && op != AST_OP_PM) {
    Value *v = val_new(S, VAL_RANGE, span);
    v->u.range.lo = (int64_t)a->u.num;
    v->u.range.hi = (int64_t)b->u.num + (op == AST_OP_RANGE_TO ? 1 : 0);
    v->u.range.closed = op == AST_OP_RANGE_TO;
    return v;
  }
  Value *v = val_new(S, VAL_INTERVAL, span);
  v->u.interval.lo = a;
  v->u.interval.hi = b;
  v->u.interval.hi_closed = op != AST_OP_RANGE;
  if (op != AST_OP_PM) return v;
  v->u.interval.lo = arith_binary(S, AST_OP_SUB, a, b, span);
  v->u.interval.hi = arith_binary(S, AST_OP_ADD, a, b, span);
  return val_is_error(v->u.interval.lo) || val_is_error(v->u.interval.hi) ? S->error : v;
}

static const Value *binary(Sema *S, const AstNode *n) {
  const AstOp op = (AstOp)n->op;
  const AstNode *left = ast_kid(n, AST_BINARY_left), *right = ast_kid(n, AST_BINARY_right);
  const Value *a = eval(S, left);
  if (op == AST_OP_PIPE) return eval_call(S, right, a, NULL);
  const Value *b = eval(S, right);
  if (val_is_error(a) || val_is_error(b)) return S->error;
  if (op == AST_OP_RANGE || op == AST_OP_RANGE_TO || op == AST_OP_PM) return range(S, op, a, b, n->span);
  if (op == AST_OP_IN) return arith_in(S, a, b, n->span);
  return arith_binary(S, op, a, b, n->span);
}

static const Value *unary(Sema *S, const AstNode *n) {
  const Value *v = eval(S, ast_kid(n, AST_UNARY_value));
  if (val_is_error(v)) return v;
  if (val_is_number(v) || v->kind == VAL_DURATION) return static_unary(S, (AstOp)n->op, v, n->span);
  if (v->kind == VAL_OP) return op_binary(S, AST_OP_MUL, val_real(S, -1, n->span), v, n->span);
  if (v->kind == VAL_BUNDLE) return bundle_binary(S, AST_OP_MUL, v, val_real(S, -1, n->span), n->span);
  return tensor_unary(S, n->op == AST_OP_NOT ? OP_NOT : OP_NEG, v, n->span);
}

/* ---- lists ---------------------------------------------------------------------------------------- */

static const Value *items_of(Sema *S, const AstNode *n, ValueKind kind) {
  const Value **at = ARENA_ARRAY(S->a, const Value *, n->n + 1);
  bool ok = true;
  for (int i = 0; i < n->n; i++) {
    at[i] = eval(S, n->kids[i]);
    if (val_is_error(at[i])) ok = false;
  }
  return ok ? val_list(S, kind, n->n, at, n->span) : S->error;
}

static const Value *comprehension(Sema *S, const AstNode *n) {
  const Value *over = eval(S, ast_kid(n, AST_COMPREHENSION_range));
  if (over->kind == VAL_TENSOR || over->kind == VAL_COUNT) {
    Diag *d = say(S, DIAG_STATIC, over->span,
                  "a comprehension runs over a list or range known before the run, but this is %s",
                  val_describe(S, over));
    diag_help(
        d,
        "a function takes all rows at once, `f(x)`; of all pairs of rows `outer(f, x, y)`; a few of them are `[f(x[k]) for k in 0..4]`");
    return S->error;
  }
  if (val_is_error(over)) return over;
  if (over->kind == VAL_GROUPS) return groups_each(S, n, over);
  int count = 0;
  const Value *const *items = static_items(S, over, "what a comprehension runs over", &count);
  if (items == NULL) return S->error;
  const Value **at = ARENA_ARRAY(S->a, const Value *, count + 1);
  bool ok = true;
  for (int i = 0; i < count && ok; i++) {
    Scope *before = scope_push(S);
    bind_patterns(S, ast_kid(n, AST_COMPREHENSION_names), items[i], BIND_LOOP);
    Path *path = path_enter(S, arena_printf(S->a, "[%d]", i));
    at[i] = eval(S, ast_kid(n, AST_COMPREHENSION_value));
    S->path = path;
    scope_pop(S, before);
    ok = !val_is_error(at[i]);
  }
  return ok ? val_list(S, VAL_LIST, count, at, n->span) : S->error;
}

static const Value *eval_node(Sema *S, const AstNode *n) {
  switch (n->kind) {
  case AST_NAME: return eval_name(S, n);
  case AST_NUMBER: return number_literal(S, n);
  case AST_TEXT: return val_text(S, n->text, n->span);
  case AST_BOOL: return val_bool(S, n->num != 0, n->span);
  case AST_BINARY: return binary(S, n);
  case AST_UNARY: return unary(S, n);
  case AST_PAREN: return val_at(S, eval(S, ast_kid(n, AST_PAREN_value)), n->span);
  case AST_TUPLE: return items_of(S, n, VAL_TUPLE);
  case AST_ARRAY: return items_of(S, n, VAL_LIST);
  case AST_COMPREHENSION: return comprehension(S, n);
  case AST_MEMBER: return eval_member(S, n);
  case AST_INDEX: return eval_index(S, n);
  case AST_CALL: return eval_call(S, n, NULL, NULL);
  case AST_NEW: return object_new(S, n);
  case AST_ERROR: return S->error;
  case AST_SCRIPT:
  case AST_BLOCK:
  case AST_LIST:
  case AST_USE:
  case AST_HYPER:
  case AST_LET:
  case AST_VAR:
  case AST_PARAM:
  case AST_DRAW:
  case AST_DEF:
  case AST_CIRCUIT:
  case AST_MODEL:
  case AST_DATASET:
  case AST_TRAIN:
  case AST_SWEEP:
  case AST_REPORT:
  case AST_PATTERN:
  case AST_TYPE:
  case AST_RESULT:
  case AST_REST:
  case AST_STEP:
  case AST_EVERY:
  case AST_VARY:
  case AST_AXIS:
  case AST_MINIMIZE:
  case AST_UPDATE:
  case AST_EXPECT:
  case AST_RETURN:
  case AST_FOR:
  case AST_REPEAT:
  case AST_IF:
  case AST_STAGE:
  case AST_ASSIGN:
  case AST_ATTR:
  case AST_COMMAND:
  case AST_MODIFIED:
  case AST_SLICE:
  case AST_ARG:
  case AST_KIND_COUNT: break;
  }
  say(S, DIAG_INTERNAL, n->span, "a %s stands where a value is wanted", ast_kind_name[n->kind]);
  return S->error;
}

const Value *eval(Sema *S, const AstNode *n) {
  const Value *v = may_go_on(S, 1, n->span) ? eval_node(S, n) : S->error;
  if (val_is_error(v)) S->faults++;
  return v;
}

/* A line of a model or dataset: `it |> line`, unless the line has what it needs. */
const Value *eval_stage(Sema *S, const AstNode *n) {
  if (n->kind == AST_BINARY && n->op == AST_OP_PIPE) {
    const Value *left = eval_stage(S, ast_kid(n, AST_BINARY_left));
    return eval_call(S, ast_kid(n, AST_BINARY_right), left, NULL);
  }
  if (n->kind == AST_NEW) return eval_call(S, n, S->it, NULL);
  if (n->kind == AST_CALL) return eval_call(S, n, NULL, S->it);
  if (n->kind != AST_NAME && n->kind != AST_MEMBER && n->kind != AST_INDEX) return eval(S, n);
  const Value *v = eval(S, n);
  const bool stage = v->kind == VAL_STAGE && !v->u.stage.is_param;
  if (v->kind == VAL_OBJECT || v->kind == VAL_DEF || v->kind == VAL_BUILTIN || stage) {
    Args args = {.span = n->span, .name_span = n->span, .name = src_of_span(S, n->span)};
    args.pos = ARENA_ARRAY(S->a, const Value *, 1), args.pos_ast = ARENA_ARRAY(S->a, const AstNode *, 1);
    if (S->it != NULL) args_prepend(S, &args, S->it); /* a model without inputs has none on its first line */
    return apply(S, v, &args);
  }
  return v;
}
