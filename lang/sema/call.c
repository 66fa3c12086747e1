/* Calls: functions of the script (inlined), circuits and models (lifted over rows), built-in
 * functions, and the pipe. */
#include "lang/sema/walk.h"
#include <string.h>

/* Tensor arguments at the front that a line of a model gives by `it`. */
static int builtin_tensors(const Builtin *f) {
  int n = 0;
  const char *s = f->signature;
  for (; *s != '\0'; s++) {
    if (*s != '$') continue;
    n++;
    const char *end = strchr(s, ' ');
    const size_t len = end != NULL ? (size_t)(end - s) : strlen(s);
    if (len > 3 && strncmp(s + len - 3, "...", 3) == 0) n++;
  }
  return n;
}

static bool is_tensor_like(const Value *v) {
  if (v->kind == VAL_LIST) return v->u.list.n > 0 && !val_is_number(v->u.list.at[0]);
  return v->kind == VAL_TENSOR || v->kind == VAL_SERIES || v->kind == VAL_STAGE || v->kind == VAL_DATASET ||
         v->kind == VAL_ERROR;
}

static int params_required(const AstNode *params) {
  int n = 0;
  for (int i = 0; params != NULL && i < params->n; i++)
    if (ast_kid(params->kids[i], AST_PATTERN_def) == NULL) n++;
  return n;
}

/* `gradient` of a call is no argument but the method of the circuits in it, unless a parameter has the name.
 */
static bool is_method_word(const AstNode *params, Symbol name) {
  if (strcmp(sym_text(name), "gradient") != 0) return false;
  for (int i = 0; params != NULL && i < params->n; i++)
    if (params->kids[i]->name == name) return false;
  return true;
}

/* The parameters without a default that `new` gave. */
static int ints_given(const ObjectInfo *o) {
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  int n = 0;
  for (int i = 0; params != NULL && i < params->n; i++)
    n += ast_kid(params->kids[i], AST_PATTERN_def) == NULL && int_argument(o, params->kids[i]->name) != NULL;
  return n;
}

/* True if a line of a model must put `it` in front of these arguments. */
static bool lacks_it(const Value *callee, const Args *args) {
  if (callee->kind == VAL_DEF)
    return args->n_pos + args->n_named < params_required(ast_kid(callee->u.def->decl, AST_DEF_params));
  if (callee->kind == VAL_OBJECT) {
    const AstNode *params = ast_kid(callee->u.object->decl, AST_MODEL_params);
    int given = args->n_pos + args->n_named;
    for (int i = 0; i < args->n_named; i++) given -= is_method_word(params, args->names[i]) ? 1 : 0;
    return given < params_required(params) - ints_given(callee->u.object);
  }
  if (callee->kind == VAL_STAGE)
    return args->n_pos + args->n_named <
           params_required(ast_kid(callee->u.stage.object->decl, AST_MODEL_params)) -
               ints_given(callee->u.stage.object);
  if (callee->kind != VAL_BUILTIN) return false;
  const int want = builtin_tensors(callee->u.builtin);
  if (callee->u.builtin->kind == BI_DSTAGE) {
    int datasets = 0;
    while (datasets < args->n_pos && args->pos[datasets]->kind == VAL_DATASET) datasets++;
    return datasets < want;
  }
  int given = 0;
  while (given < args->n_pos && is_tensor_like(args->pos[given])) given++;
  if (given > 0 && args->pos[0]->kind == VAL_LIST) return false;
  return given < want;
}

static bool is_stage(const Value *callee) {
  return callee->kind == VAL_BUILTIN && callee->u.builtin->kind == BI_DSTAGE;
}

/* Arguments; those of a stage of datasets see the columns of the dataset it is given. */
static void eval_args(Sema *S, const Value *callee, const AstNode *list, const Value *given, Args *args) {
  if (!is_stage(callee)) {
    args_eval(S, list, args);
    return;
  }
  const Value *data = given != NULL && given->kind == VAL_DATASET && given->u.index >= 0 ? given : NULL;
  const bool was_on = S->stage.on, renamed = S->stage.renames;
  const char *signature = S->stage.signature;
  const Value *before = S->stage.data;
  const Call *call = S->stage.call;
  S->stage.on = true, S->stage.renames = strcmp(callee->u.builtin->name, "rename") == 0;
  S->stage.data = data, S->stage.call = S->call, S->stage.signature = callee->u.builtin->signature;
  args_eval(S, list, args);
  S->stage.signature = signature;
  S->stage.on = was_on, S->stage.renames = renamed, S->stage.data = before, S->stage.call = call;
}

const Value *eval_call(Sema *S, const AstNode *n, const Value *piped, const Value *it) {
  Args args = {.span = n->span, .name_span = n->span, .name = src_of_span(S, n->span)};
  const Value *callee;
  if (n->kind == AST_CALL) {
    const AstNode *f = ast_kid(n, AST_CALL_callee);
    args.name_span = f->span;
    args.name = f->kind == AST_NAME ? sym_text(f->name) : src_of_span(S, f->span);
    callee = f->kind == AST_NAME && scope_find(S->scope, f->name) == NULL && builtin_find(f->name) == NULL
                 ? NULL
                 : eval(S, f);
    if (callee == NULL) {
      const bool gate = gate_find(sym_text(f->name)) != GATE_COUNT && S->circuit != NULL;
      if (gate) {
        Diag *d = say(S, DIAG_PLACE, n->span, "the gate `%s` needs its qubits", sym_text(f->name));
        diag_help(d, "write them after it: `%s q[0]`", src_of_span(S, n->span));
      } else {
        report_unknown(S, f->name, f->span, S->place == PLACE_MODEL ? "layer or function" : "function");
      }
      callee = S->error;
    }
    if (callee->kind == VAL_BUILTIN && callee->u.builtin->fn == NULL)
      return later(S, args.name_span, "`%s`", args.name);
    if (is_stage(callee) && piped != NULL) piped = stage_input(S, piped);
    if (is_stage(callee) && it != NULL && !stage_has_rows(S, callee->u.builtin, it)) return S->error;
    eval_args(S, callee, ast_kid(n, AST_CALL_args), piped != NULL ? piped : it, &args);
  } else {
    callee = eval(S, n);
    if (n->kind == AST_NAME) args.name = sym_text(n->name);
  }
  if (val_is_error(callee)) return callee;
  if (piped != NULL) args_prepend(S, &args, piped);
  else if (it != NULL && lacks_it(callee, &args)) args_prepend(S, &args, it);
  return apply(S, callee, &args);
}

const Value *apply(Sema *S, const Value *callee, Args *args) {
  if (val_is_error(callee)) return callee;
  if (callee->kind == VAL_DEF) return call_def(S, callee->u.def, args);
  if (callee->kind == VAL_OBJECT) return call_object(S, callee->u.object, args);
  if (callee->kind == VAL_BUILTIN) {
    const Builtin *f = callee->u.builtin;
    args->name = f->name;
    if (f->fn == NULL) return later(S, args->name_span, "`%s`", f->name);
    if (args->broken || (f->kind == BI_LAYER && !in_model(S, args))) return S->error;
    if (!args_match(S, args, f->signature)) return S->error;
    return f->fn(S, args, f);
  }
  if (callee->kind == VAL_STAGE && !callee->u.stage.is_param) {
    S->until = callee->u.stage.name;
    const Value *v = call_object(S, callee->u.stage.object, args);
    S->until = NULL;
    return v;
  }
  if (callee->kind == VAL_SWEEP) return sweep_call(S, callee, args);
  Diag *d = say(S, DIAG_TYPE, args->name_span, "`%s` is no function: it is %s", args->name,
                val_describe(S, callee));
  if (callee->kind == VAL_TENSOR || val_is_number(callee))
    diag_help(d, "a product needs its sign: `%s * (...)`", args->name);
  return S->error;
}

/* ---- functions of the script -------------------------------------------------------------------- */

static bool is_recursive(const Sema *S, const void *what) {
  for (const Call *c = S->call; c != NULL; c = c->up)
    if (c->what == what) return true;
  return false;
}

bool match_params(Sema *S, Args *args, const AstNode *params, const ObjectInfo *of, const Value **out) {
  const int n = params != NULL ? params->n : 0;
  const char *signature = "";
  for (int i = 0; i < n; i++) {
    const AstNode *p = params->kids[i];
    const bool given = of != NULL && int_argument(of, p->name) != NULL;
    const bool optional = given || ast_kid(p, AST_PATTERN_def) != NULL;
    signature =
        arena_printf(S->a, "%s%s%s%s", signature, i > 0 ? " " : "", sym_text(p->name), optional ? "=" : "");
  }
  if (n > ARGS_MAX) {
    say(S, DIAG_ARGUMENTS, params->span, "%d parameters; at most %d are possible", n, ARGS_MAX);
    return false;
  }
  if (!args_match(S, args, signature)) return false;
  for (int i = 0; i < n; i++) out[i] = args->v[i];
  return true;
}

/* What has a name already: a column, a weight, a draw, a value that was marked. */
static bool is_named(const Node *n) {
  return n->op == OP_INPUT || n->op == OP_PARAM || n->op == OP_DRAW || n->op == OP_MARK;
}

/* A node of its own for a value that gets a name, so that derivatives by it see its uses only. `again`: also
 * where the value has another name, as that of `let y = x` and, as nothing is left of the product, of `let y
 * = 1 * x`. */
const Value *val_mark(Sema *S, const Value *v, const char *name, bool again) {
  if (v->kind != VAL_TENSOR) return v;
  const Tensor *t = v->u.tensor;
  const Node *node = g_node(t->g, t->node);
  if (t->g != graph_now(S) || node->op == OP_CONST || node->op == OP_COUNT || node->op == OP_CLOCK ||
      (is_named(node) && !again))
    return v;
  const NodeId id = g_mark(t->g, t->node, ++S->marks, v->span);
  const Value *out = val_node(S, id, t->lift, v->span);
  out->u.tensor->name = name;
  out->u.tensor->stamp = t->stamp;
  return out;
}

static void bind_params(Sema *S, DefInfo *def, const AstNode *params, const Value **v, bool *ok) {
  for (int i = 0; params != NULL && i < params->n; i++) {
    const AstNode *p = params->kids[i];
    if (v[i] == NULL) v[i] = eval(S, ast_kid(p, AST_PATTERN_def));
    const Value *bound = pattern_bind(S, p, v[i], def->scope, def->name);
    if (bound == NULL || val_is_error(bound)) {
      *ok = false;
      bound = S->error;
    }
    declare(S, p->name, p->name_span, BIND_ARG, val_mark(S, bound, NULL, false));
  }
}

/* A function of the library whose first argument is x[B, k]: predictions of a model. */
static bool takes_predictions(const Sema *S, const DefInfo *def) {
  const AstNode *params = ast_kid(def->decl, AST_DEF_params);
  return def->scope == S->prelude && params != NULL && params->n > 0 &&
         strcmp(sym_text(params->kids[0]->name), "x") == 0 && pattern_rank(params->kids[0]) == 2;
}

const Value *call_def(Sema *S, DefInfo *def, Args *args) {
  const AstNode *params = ast_kid(def->decl, AST_DEF_params), *body = ast_kid(def->decl, AST_DEF_body);
  if (args->broken) return S->error;
  if (is_recursive(S, def)) {
    say(S, DIAG_RECURSION, args->span,
        "`%s` calls itself; functions are written out where they are called, so this would never end",
        def->name);
    return S->error;
  }
  const Value *v[ARGS_MAX] = {0};
  if (takes_predictions(S, def) && !judge_on_data(S, args, params->n > 1)) return S->error;
  if (!match_params(S, args, params, NULL, v)) return S->error;
  const bool compares = def->scope == S->prelude && strcmp(def->name, "compare") == 0;
  if (compares && !compare_fits(S, v)) return S->error;
  Scope *caller = S->scope;
  const Place place = S->place;
  const bool returned = S->returned;
  const Value *result = S->result;
  const Call call = {S->call, args->span, def->name, def};
  Path *path = path_enter(S, def->path);
  S->call = &call;
  S->scope = scope_new(S, def->scope, false);
  S->place = PLACE_DEF;
  S->returned = false;
  S->result = NULL;
  bool ok = true;
  bind_params(S, def, params, v, &ok);
  if (ok && def->decl->op == '=') S->result = eval(S, body);
  else if (ok) walk_stmts(S, body);
  const Value *out = ok && S->result != NULL ? S->result : S->error;
  if (ok && S->result == NULL && S->sink->n_errors == 0)
    say(S, DIAG_TYPE, args->span, "`%s` returns nothing, but a value is wanted here", def->name);
  if (!val_is_error(out) && !results_check(S, ast_kid(def->decl, AST_DEF_results), out, &out, def->name))
    out = S->error;
  scope_pop(S, caller);
  S->place = place;
  S->returned = returned;
  S->result = result;
  S->call = call.up;
  S->path = path;
  return val_at(S, out, args->span);
}

/* ---- circuits and models --------------------------------------------------------------------------- */

/* The axes that an argument has beyond its pattern's; 0 axes if it has none or is no tensor. */
static Shape extra_axes(Sema *S, const Value *v, int rank) {
  Shape s, out = shape_scalar();
  ElemKind e;
  if (rank < 0 || !val_can_be_tensor(v) || !val_shape(S, v, &s, &e) || s.rank <= rank) return out;
  out.rank = s.rank - rank;
  for (int i = 0; i < out.rank; i++) out.d[i] = s.d[i];
  return out;
}

/* The leading axes of a call: those of all arguments that have any, where 1 stretches. */
static bool leading_axes(Sema *S, const Value *const *v, const AstNode *params, Shape *lead) {
  *lead = shape_scalar();
  const int n = params != NULL ? params->n : 0;
  for (int i = 0; i < n; i++) {
    if (v[i] == NULL) continue;
    const Shape mine = extra_axes(S, v[i], input_rank(params->kids[i]));
    if (mine.rank == 0) continue;
    if (lead->rank == 0) *lead = mine;
    else if (lead->rank != mine.rank || !shape_broadcast(lead, &mine, lead)) {
      Diag *d =
          say(S, DIAG_SHAPE, v[i]->span, "the arguments have different leading axes: %s here, %s before",
              sema_shape_text(S, &mine), sema_shape_text(S, lead));
      label_origin(S, d, mine.d[0]);
      label_origin(S, d, lead->d[0]);
      return false;
    }
  }
  return true;
}

/* Brings the argument to one hidden row axis if it has more axes than the pattern names. */
static const Value *lift_argument(Sema *S, const Value *v, int rank, const Shape *lead) {
  const Shape mine = extra_axes(S, v, rank);
  if (mine.rank == 0) return v;
  const Tensor *t = want_tensor(S, v, "an argument");
  if (t == NULL) return S->error;
  if (t->lift != 0) return later(S, v->span, "more axes than the signature names, inside a model");
  NodeId id = t->node;
  if (!shape_equal(&mine, lead)) {
    Shape full = t->shape;
    for (int i = 0; i < lead->rank; i++) full.d[i] = lead->d[i];
    id = g_stretch(graph_now(S), id, &full, v->span);
  }
  if (lead->rank == 1) return val_node(S, id, 1, v->span);
  if (!shape_is_static(lead)) return later_rows(S, v->span, "several leading axes of which one is");
  Shape flat = {.rank = rank + 1};
  flat.d[0] = dim_static(shape_capacity(lead));
  for (int i = 0; i < rank; i++) flat.d[i + 1] = t->shape.d[lead->rank + i];
  return val_node(S, g_reshape(graph_now(S), id, &flat, v->span), 1, v->span);
}

/* A result of a lifted call that does not depend on the rows, repeated for each of them. */
static const Value *repeat_rows(Sema *S, const Value *v, const Shape *lead) {
  const Tensor *t = want_tensor(S, v, "a result");
  if (t == NULL) return S->error;
  Shape to = *lead, ones = {.rank = lead->rank};
  if (lead->rank + t->shape.rank > SHAPE_MAX_RANK) return too_many_axes(S, v->span, SHAPE_MAX_RANK);
  for (int i = 0; i < lead->rank; i++) ones.d[i] = dim_static(1);
  for (int i = 0; i < t->shape.rank; i++) to.d[to.rank++] = ones.d[ones.rank++] = t->shape.d[i];
  const NodeId id = g_reshape(graph_now(S), t->node, &ones, v->span);
  return val_node(S, g_stretch(graph_now(S), id, &to, v->span), 0, v->span);
}

/* The result of a lifted call, with its leading axes as ordinary ones again. */
static const Value *unlift(Sema *S, const Value *v, const Shape *lead) {
  if (v->kind == VAL_LIST || v->kind == VAL_TUPLE) {
    const Value **at = ARENA_ARRAY(S->a, const Value *, v->u.list.n + 1);
    for (int i = 0; i < v->u.list.n; i++) at[i] = unlift(S, v->u.list.at[i], lead);
    return val_list(S, v->kind, v->u.list.n, at, v->span);
  }
  if (v->kind != VAL_TENSOR) return v;
  const Tensor *t = v->u.tensor;
  if (t->lift == 0) return repeat_rows(S, v, lead);
  if (lead->rank == 1) return val_node(S, t->node, 0, v->span);
  const Shape s = tensor_sample(t);
  Shape to = *lead;
  if (lead->rank + s.rank > SHAPE_MAX_RANK) return too_many_axes(S, v->span, SHAPE_MAX_RANK);
  for (int i = 0; i < s.rank; i++) to.d[to.rank++] = s.d[i];
  return val_node(S, g_reshape(graph_now(S), t->node, &to, v->span), 0, v->span);
}

/* Takes `gradient = "shift"` out of the arguments. False after an error. */
static bool take_gradient(Sema *S, const AstNode *params, Args *args, int *out) {
  *out = S->gradient;
  int n = 0;
  bool ok = true;
  const Value **named = ARENA_ARRAY(S->a, const Value *, args->n_named + 1);
  const AstNode **ast = ARENA_ARRAY(S->a, const AstNode *, args->n_named + 1);
  Symbol *names = ARENA_ARRAY(S->a, Symbol, args->n_named + 1);
  Span *spans = ARENA_ARRAY(S->a, Span, args->n_named + 1);
  for (int i = 0; i < args->n_named; i++) {
    if (is_method_word(params, args->names[i])) {
      ok = gradient_of(S, args->named[i], out) && ok;
      continue;
    }
    named[n] = args->named[i];
    ast[n] = args->named_ast[i];
    names[n] = args->names[i];
    spans[n++] = args->named_span[i];
  }
  args->named = named;
  args->named_ast = ast;
  args->names = names;
  args->named_span = spans;
  args->n_named = n;
  return ok;
}

const Value *call_object(Sema *S, ObjectInfo *o, Args *args) {
  if (args->broken || o->broken) return S->error;
  if (o->is_block) {
    Diag *d = say(S, DIAG_PLACE, args->span, "`%s` has no `return`, so it is a block of gates, not a layer",
                  o->name);
    diag_help(d, "in a circuit, apply it to qubits: `%s(...) q`; or let it return a measurement", o->name);
    return S->error;
  }
  if (o->building) {
    say(S, DIAG_RECURSION, args->span, "`%s` uses itself", o->name);
    return S->error;
  }
  if (S->circuit != NULL) {
    Diag *d = say(S, DIAG_PLACE, args->span, "`%s` is a layer, and a circuit applies gates and blocks only",
                  o->name);
    diag_help(d, "combine layers in a `model`");
    return S->error;
  }
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  const Value *v[ARGS_MAX] = {0};
  int gradient;
  if (!take_gradient(S, params, args, &gradient) || !match_params(S, args, params, o, v)) return S->error;
  const int n = params != NULL ? params->n : 0;
  Shape lead;
  if (!leading_axes(S, v, params, &lead)) return S->error;
  for (int i = 0; i < n; i++) {
    if (v[i] != NULL) v[i] = lift_argument(S, v[i], input_rank(params->kids[i]), &lead);
    if (v[i] != NULL && val_is_error(v[i])) return S->error;
  }
  const NoiseModel *noise = S->noise;
  const int64_t shots_around = S->default_shots;
  S->noise = noise_joined(S, o->noise, S->noise);
  if (o->noise != NULL && o->noise->shots > 0) S->default_shots = o->noise->shots;
  o = object_root(o);
  object_uses(S, o);
  const Call call = {S->call, args->span, o->name, o};
  const int outer = S->gradient, estimates = S->estimates;
  Path *caller = S->caller;
  Path *const shots = S->shots;
  S->call = &call;
  S->gradient = gradient;
  if (S->object == NULL) {
    S->caller = S->path;
    S->estimates = 0;
  }
  S->shots = path_of_call(S, o->name);
  const bool whole = S->until == NULL;
  const Value *out = object_body(S, o, v, n);
  if (whole && !val_is_error(out)) o->ready = true; /* open sizes are known now */
  S->gradient = outer;
  S->noise = noise;
  S->default_shots = shots_around;
  S->caller = caller;
  S->estimates = estimates;
  S->shots = shots;
  S->call = call.up;
  if (val_is_error(out)) return out;
  instruments_note(S, o, n > 0 ? v[0] : NULL, out);
  return val_at(S, lead.rank > 0 ? unlift(S, out, &lead) : out, args->span);
}
