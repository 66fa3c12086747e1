/* Circuits and models as objects with weights. A body is elaborated once where it is declared, on
 * made-up inputs in a scratch graph: that finds its errors and makes its weights. Each call
 * elaborates it again, finds the weights by their keys ("linear_1.weight") and yields graph. */
#include "lang/sema/walk.h"
#include <string.h>

void object_note_line(Sema *S, const char *text, const Value *v, int64_t before) {
  const ObjectInfo *o = S->object->object;
  if (!o->first || o->index < 0 || val_is_error(v)) return;
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  Object *object = &S->p->objects.at[o->index];
  object->inputs = params != NULL && params->n > 0 ? src_of_span(S, params->span) : "";
  const ModelLine line = {text, shape_of_value(S, v), object_size(S, o) - before};
  vec_push(S->a, &object->lines, line);
}

static bool has_return(const AstNode *n) {
  if (n == NULL) return false;
  if (n->kind == AST_RETURN) return true;
  if (n->kind == AST_ERROR) return true; /* whatever it was: no second message about it */
  for (int i = 0; i < n->n; i++)
    if (n->kids[i] != NULL &&
        (n->kind == AST_BLOCK || n->kind == AST_IF || n->kind == AST_FOR || n->kind == AST_REPEAT) &&
        has_return(n->kids[i]))
      return true;
  return false;
}

/* ---- weights ------------------------------------------------------------------------------- */

static int own_slot(Sema *S, SlotKind kind, const char *key, const Shape *shape, Start start, Span span) {
  ObjectInfo *o = S->object->object;
  for (int i = 0; i < o->parts.n; i++) {
    if (o->parts.at[i].part != NULL || strcmp(o->parts.at[i].key, key) != 0) continue;
    const int slot = o->parts.at[i].slot;
    const Shape *old = &S->p->slots.at[slot].shape;
    if (shape_equal(old, shape)) return slot;
    Diag *d = say(S, DIAG_SHAPE, span, "`%s.%s` is %s in an earlier call and %s in this one", o->name, key,
                  sema_shape_text(S, old), sema_shape_text(S, shape));
    diag_help(d, "weights have one shape: make a second object with `new %s`", o->name);
    return -1;
  }
  if (o->ready) {
    Diag *d =
        say(S, DIAG_SHAPE, span, "`%s.%s` was not made by an earlier call of `%s`", o->name, key, o->name);
    diag_help(d, "a call makes no new weights: make a second object with `new %s`", o->name);
    return -1;
  }
  const char *name = arena_printf(S->a, "%s.%s", o->path, key);
  const int slot = slot_new(S, kind, name, shape, ELEM_REAL, span);
  Slot *s = &S->p->slots.at[slot];
  s->object = o->index;
  s->in_circuit = o->is_circuit;
  s->start = start;
  vec_push(S->a, &S->p->sites, ((Site){s->name, span}));
  s->site = S->p->sites.n - 1;
  vec_push(S->a, &o->parts, ((Part){key, slot, NULL}));
  return slot;
}

int object_weight(Sema *S, const char *key, const Shape *shape, Start start, Span span) {
  return own_slot(S, SLOT_PARAM, key, shape, start, span);
}

int object_buffer(Sema *S, const char *key, const Shape *shape, double start, Span span) {
  return own_slot(S, SLOT_BUFFER, key, shape, (Start){.kind = START_CONST, .a = start}, span);
}

bool object_holds(const ObjectInfo *o, const ObjectInfo *part) {
  if (o == part) return true;
  for (int i = 0; i < o->parts.n; i++)
    if (o->parts.at[i].part != NULL && object_holds(o->parts.at[i].part, part)) return true;
  return false;
}

void object_uses(Sema *S, ObjectInfo *part) {
  if (S->object == NULL || S->object->object == part) return;
  ObjectInfo *o = S->object->object;
  for (int i = 0; i < o->parts.n; i++)
    if (o->parts.at[i].part == part) return;
  vec_push(S->a, &o->parts, ((Part){part->name, -1, part}));
}

typedef VEC(int) Ints;

static void collect_slots(Sema *S, const ObjectInfo *o, Ints *out) {
  for (int i = 0; i < o->parts.n; i++) {
    const Part *p = &o->parts.at[i];
    if (p->part != NULL) {
      collect_slots(S, p->part, out);
      continue;
    }
    if (S->p->slots.at[p->slot].kind == SLOT_BUFFER) continue;
    bool seen = false;
    for (int k = 0; k < out->n; k++) seen = seen || out->at[k] == p->slot;
    if (!seen) vec_push(S->a, out, p->slot);
  }
}

const int *object_slots(Sema *S, const ObjectInfo *o, int *n) {
  Ints out = {0};
  if (o->view_of != NULL) o = o->view_of;
  collect_slots(S, o, &out);
  *n = out.n;
  return out.at;
}

int64_t object_size(Sema *S, const ObjectInfo *o) {
  int n;
  const int *slots = object_slots(S, o, &n);
  int64_t total = 0;
  for (int i = 0; i < n; i++) total += shape_capacity(&S->p->slots.at[slots[i]].shape);
  return total;
}

static const char *numbered_key(Sema *S, const char *kind) {
  ObjectBuild *b = S->object;
  for (int i = 0; i < b->counts.n; i++)
    if (strcmp(b->counts.at[i].kind, kind) == 0)
      return arena_printf(S->a, "%s_%d", kind, ++b->counts.at[i].n);
  vec_push(S->a, &b->counts, ((KindCount){kind, 1}));
  return arena_printf(S->a, "%s_1", kind);
}

const char *stage_key(Sema *S, const char *kind, Span at) {
  ObjectBuild *b = S->object;
  if (b->label != NULL && b->labelled == NULL) {
    b->labelled = kind;
    return b->label;
  }
  if (b->label != NULL) {
    Diag *d = say(S, DIAG_REDECLARED, at,
                  "the label `%s` names the weights of one layer, and this is a second", b->label);
    diag_label(d, b->labels.at[b->labels.n - 1].span, "has those of `%s` already", b->labelled);
    diag_help(d, "write the layers on lines of their own, each with its label or without");
    return arena_printf(S->a, "%s, %s", b->label, kind);
  }
  const char *key = numbered_key(S, kind);
  for (int i = 0; i < b->labels.n; i++) {
    if (strcmp(b->labels.at[i].key, key) != 0) continue;
    Diag *d = say(S, DIAG_REDECLARED, at, "`%s` is the name of this layer, and a label has it", key);
    diag_label(d, b->labels.at[i].span, "first here, as a label");
    diag_help(d, "take another label; layers without one are numbered by their kind");
  }
  return key;
}

/* Whether a layer without a label is called `key`. */
static bool is_numbered(Sema *S, const char *key) {
  const ObjectBuild *b = S->object;
  for (int i = 0; i < b->counts.n; i++)
    for (int k = 1; k <= b->counts.at[i].n; k++)
      if (strcmp(arena_printf(S->a, "%s_%d", b->counts.at[i].kind, k), key) == 0) return true;
  return false;
}

static const UsedLabel *label_named(const ObjectBuild *b, Symbol name, const char *key) {
  for (int i = 0; i < b->labels.n; i++) {
    const UsedLabel *u = &b->labels.at[i];
    if (strcmp(u->key, key) == 0) return u;
    if (u->name == name && (strchr(u->key, '[') == NULL || strchr(key, '[') == NULL)) return u;
  }
  return NULL;
}

const char *label_key(Sema *S, const AstNode *n) {
  ObjectBuild *b = S->object;
  const char *name = sym_text(n->name), *key = arena_printf(S->a, "%s%s", name, S->loop_index);
  const UsedLabel *old = label_named(b, n->name, key);
  const Binding *bound = scope_find(S->scope, n->name);
  Diag *d = NULL;
  if (old != NULL) {
    d = say(S, DIAG_REDECLARED, n->name_span, "the label `%s` is given twice", name);
    diag_label(d, old->span, "first here");
    diag_help(d, "the weights of a line have its label; to use them twice, make them a model of their own");
  } else if (is_numbered(S, key)) {
    d = say(S, DIAG_REDECLARED, n->name_span, "`%s` is the name of a layer without a label above", name);
    diag_help(d, "take another label; layers without one are numbered by their kind");
  } else if (bound != NULL && bound->kind == BIND_PARAM) {
    d = say(S, DIAG_REDECLARED, n->name_span, "the label `%s` is the name of a param", name);
    diag_label(d, bound->span, "declared here");
  }
  if (d != NULL) key = arena_printf(S->a, "%s, %d", key, b->labels.n);
  vec_push(S->a, &b->labels, ((UsedLabel){n->name, key, n->name_span}));
  b->labelled = NULL;
  return key;
}

/* ---- param ---------------------------------------------------------------------------------- */

static bool flatten_numbers(Sema *S, const Value *v, double *out, int64_t *at, int64_t n) {
  if (v->kind == VAL_LIST) {
    for (int i = 0; i < v->u.list.n; i++)
      if (!flatten_numbers(S, v->u.list.at[i], out, at, n)) return false;
    return true;
  }
  double x;
  if (!want_real(S, v, "a starting value", &x)) return false;
  if (*at < n) out[*at] = x;
  (*at)++;
  return true;
}

/* The slot of the param that `v` is, untouched; -1: it is none. */
static int slot_of_param(Sema *S, const Value *v) {
  if (v->kind == VAL_STAGE && v->u.stage.is_param) return v->u.stage.slots[0];
  if (v->kind != VAL_TENSOR) return -1;
  const Node *node = g_node(v->u.tensor->g, v->u.tensor->node);
  const bool is_param = node->op == OP_PARAM && S->p->slots.at[node->attr.i[0]].kind == SLOT_PARAM;
  return is_param ? (int)node->attr.i[0] : -1;
}

/* Whether a value is computed from tables and other values of the script alone: no input, no weights. */
static bool is_outside(const Value *v) {
  if (v->kind != VAL_TENSOR || v->u.tensor->lift != 0) return false;
  const Graph *g = v->u.tensor->g;
  Arena *a = arena_new();
  bool *seen = ARENA_ARRAY(a, bool, v->u.tensor->node + 1), outside = true;
  seen[v->u.tensor->node] = true;
  for (NodeId k = v->u.tensor->node; k >= 0; k--) {
    if (!seen[k]) continue;
    const Node *node = g_node(g, k);
    outside = outside && node->op != OP_DRAW && node->op != OP_PARAM && node->op != OP_COUNT &&
              (node->op != OP_INPUT || node->attr.i[0] >= 0);
    for (int i = 0; i < node->n_in; i++) seen[node->in[i]] = true;
  }
  arena_free(a);
  return outside;
}

static bool start_of(Sema *S, const AstNode *n, const Value *v, const Shape *shape, Start *out) {
  *out = (Start){.kind = START_CONST};
  if (n->op == '~') {
    if (v->kind != VAL_DIST) {
      Diag *d = wrong_kind(S, v, "what stands after `~`", "a distribution like `uniform(0, 2pi)`");
      if (d != NULL) diag_help(d, "to start at a value, write `param %s = ...`", sym_text(n->name));
      return false;
    }
    if (v->u.dist.kind != DIST_NORMAL && v->u.dist.kind != DIST_UNIFORM) {
      say(S, DIAG_TYPE, v->span, "weights start from `uniform` or `normal`, or at a value");
      return false;
    }
    out->kind = v->u.dist.kind == DIST_NORMAL ? START_NORMAL : START_UNIFORM;
    return want_real(S, v->u.dist.a, "a bound of a starting distribution", &out->a) &&
           want_real(S, v->u.dist.b, "a bound of a starting distribution", &out->b);
  }
  if (val_is_number(v)) {
    out->a = v->u.num;
    return true;
  }
  Shape s;
  ElemKind elem;
  const int same = slot_of_param(S, v);
  const bool outside = same < 0 && is_outside(v);
  if (v->kind != VAL_LIST && same < 0 && !outside) {
    wrong_kind(S, v, "the starting value of a param",
               "a number, a list of numbers, a value from outside, or another param");
    return false;
  }
  if (!val_shape(S, v, &s, &elem) || !shape_equal(&s, shape)) {
    Diag *d = say(S, DIAG_SHAPE, v->span, "`%s` is %s, but its starting value is %s", sym_text(n->name),
                  sema_shape_text(S, shape), shape_of_value(S, v));
    diag_label(d, n->name_span, "declared here");
    return false;
  }
  if (same >= 0) *out = S->p->slots.at[same].start;
  if (same >= 0 || outside) return true;
  const int64_t count = shape_capacity(shape);
  double *values = ARENA_ARRAY(S->a, double, (int)count);
  int64_t at = 0;
  if (!flatten_numbers(S, v, values, &at, count)) return false;
  out->values = values;
  return true;
}

/* A start that the run computes: stored where the script declares the object, in front of whatever uses it.
 */
static bool store_start(Sema *S, const AstNode *n, int slot) {
  Region *before = S->region;
  S->region = S->top_region;
  const Value *v = eval(S, ast_kid(n, AST_PARAM_value));
  const Tensor *t = val_is_error(v) ? NULL : want_tensor(S, v, "the starting value of a param");
  if (t != NULL) g_store(graph_now(S), t->node, slot, n->name_span);
  region_close(S);
  S->region = before;
  return t != NULL;
}

void walk_param(Sema *S, const AstNode *n) {
  Shape shape;
  const Value *v = eval(S, ast_kid(n, AST_PARAM_value));
  Start start;
  const Value *out = S->error;
  const bool dims_ok = dims_eval(S, ast_kid(n, AST_PARAM_dims), false, &shape);
  if (S->object != NULL && S->object->object->is_block)
    say(S, DIAG_PLACE, n->span,
        "a `param` belongs to a circuit with `return`; `%s` has none and takes its weights as arguments",
        S->object->object->name);
  else if (dims_ok && !val_is_error(v) && start_of(S, n, v, &shape, &start)) {
    if (S->object != NULL && S->object->object->is_circuit) advise_angle(S, ast_kid(n, AST_PARAM_value));
    const char *key = arena_printf(S->a, "%s%s", sym_text(n->name), S->loop_index);
    const int known = S->p->slots.n;
    const int slot = object_weight(S, key, &shape, start, n->name_span);
    const int same = slot_of_param(S, v);
    const bool is_new = S->p->slots.n > known;
    if (is_new && slot >= 0 && same < 0 && is_outside(v) && !store_start(S, n, slot)) out = NULL;
    if (slot >= 0 && same >= 0) S->p->slots.at[slot].site = S->p->slots.at[same].site;
    if (slot >= 0 && out != NULL)
      out = val_node(S, g_param(graph_now(S), slot, &shape, n->name_span), 0, n->name_span);
  }
  const UsedLabel *label = S->object != NULL ? label_named(S->object, n->name, sym_text(n->name)) : NULL;
  if (label != NULL) {
    Diag *d = say(S, DIAG_REDECLARED, n->name_span, "`%s` is a label already", sym_text(n->name));
    diag_label(d, label->span, "first here");
  }
  declare(S, n->name, n->name_span, BIND_PARAM, out != NULL ? out : S->error);
}

/* ---- bodies ---------------------------------------------------------------------------------- */

const Value *int_argument(const ObjectInfo *o, Symbol name) {
  for (int i = 0; i < o->ints.n; i++)
    if (o->ints.at[i].name == name) return o->ints.at[i].value;
  return NULL;
}

static bool bind_inputs(Sema *S, ObjectInfo *o, const Value *const *inputs, int n) {
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  bool ok = true;
  for (int i = 0; i < n; i++) {
    const AstNode *p = params->kids[i];
    const Value *v = inputs[i] != NULL ? inputs[i] : int_argument(o, p->name);
    if (v == NULL) v = eval(S, ast_kid(p, AST_PATTERN_def));
    v = pattern_bind(S, p, v, o->scope, o->name);
    if (val_is_error(v)) ok = false;
    declare(S, p->name, p->name_span, BIND_ARG, v);
    if (i == 0 && !o->is_circuit) S->it = v;
  }
  return ok;
}

static const Value *no_value(Sema *S, const ObjectInfo *o) {
  say(S, DIAG_TYPE, o->decl->name_span, "the model `%s` has no lines that yield a value", o->name);
  return S->error;
}

/* The train in whose step the body is called, through however many objects. */
static const TrainInfo *train_of_call(const Sema *S) {
  if (S->object != NULL) return S->object->train;
  return S->train != NULL && S->train->pass == 2 && S->train->every == 0 && !S->train->validating ? S->train
                                                                                                  : NULL;
}

static const Tensor *lifted_input(const Value *const *inputs, int n) {
  for (int i = 0; i < n; i++)
    if (inputs[i] != NULL && inputs[i]->kind == VAL_TENSOR && inputs[i]->u.tensor->lift != 0)
      return inputs[i]->u.tensor;
  return NULL;
}

const Value *object_body(Sema *S, ObjectInfo *o, const Value *const *inputs, int n) {
  const Sema saved = *S;
  ObjectBuild build = {.object = o, .train = train_of_call(S), .until = S->until};
  Path path = {.prefix = o->path};
  S->object = &build;
  S->until = NULL;
  S->circuit = NULL;
  S->train = NULL;
  S->path = &path;
  S->scope = scope_new(S, o->scope, false);
  S->place = o->is_circuit ? PLACE_CIRCUIT : PLACE_MODEL;
  S->it = NULL;
  S->returned = false;
  S->result = NULL;
  S->loop_index = "";
  o->building = true;
  const Value *out = S->error;
  if (bind_inputs(S, o, inputs, n)) {
    if (o->is_circuit) {
      out = circuit_body(S, o, lifted_input(inputs, n));
    } else {
      walk_stmts(S, ast_kid(o->decl, AST_MODEL_body));
      out = S->result != NULL ? S->result : S->it;
      if (out == NULL) out = no_value(S, o);
      if (val_is_error(out)) out = S->error;
      else if (build.until != NULL) out = S->it;
      else if (!results_check(S, ast_kid(o->decl, AST_MODEL_results), out, &out, o->name)) out = S->error;
    }
  }
  o->building = false;
  scope_pop(S, saved.scope);
  S->object = saved.object;
  S->until = saved.until;
  S->circuit = saved.circuit;
  S->train = saved.train;
  S->path = saved.path;
  S->place = saved.place;
  S->it = saved.it;
  S->returned = saved.returned;
  S->result = saved.result;
  S->loop_index = saved.loop_index;
  return out;
}

/* ---- declaration -------------------------------------------------------------------------------- */

/* A made-up input of the declared shape; NULL if the signature leaves a size open. */
static const Value *made_up(Sema *S, const AstNode *p, int i) {
  if (!pattern_is_known(S, p)) return NULL;
  const AstNode *dims = ast_kid(p, AST_PATTERN_dims), *def = ast_kid(p, AST_PATTERN_def);
  if (def != NULL) return eval(S, def);
  Shape shape;
  if (!dims_eval(S, dims, false, &shape)) return S->error;
  NodeId id = g_draw(graph_now(S), DRAW_NORMAL, -1 - i, &shape, p->span);
  const AstNode *type = ast_kid(p, AST_PATTERN_type);
  if (type != NULL && strcmp(sym_text(type->name), "label") == 0)
    id = g_unary(graph_now(S), OP_FLOOR, id, p->span);
  return val_node(S, id, 0, p->span);
}

/* Elaborates the body on made-up inputs if all sizes are known; otherwise the first call does it. */
static void first_elaboration(Sema *S, ObjectInfo *o) {
  Block block = {0};
  Region scratch = {.block = &block}, *before = S->region;
  S->region = &scratch;
  const int errors = S->sink->n_errors, faults = S->faults;
  Scope *scope = S->scope;
  S->scope = o->scope;
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  const int n = params != NULL ? params->n : 0;
  const Value *inputs[ARGS_MAX] = {0};
  bool known = n <= ARGS_MAX;
  for (int i = 0; i < n && known; i++) {
    if (int_argument(o, params->kids[i]->name) != NULL) continue;
    inputs[i] = made_up(S, params->kids[i], i);
    known = inputs[i] != NULL;
  }
  S->scope = scope;
  if (known && o->is_circuit) known = circuit_is_known(S, o);
  if (known) {
    o->first = true;
    o->results = o->is_block ? block_check(S, o, inputs, n) : object_body(S, o, inputs, n);
    o->first = false;
    o->ready = true;
    o->broken = S->sink->n_errors > errors || S->faults > faults;
    if (!o->broken && S->region->graph != NULL) warn_reach(S, o, S->region->graph);
  }
  S->region = before;
}

/* Of the objects of the program each has a name of its own: copies that a list holds have one path. */
static const char *object_name(Sema *S, const char *path) {
  const char *name = path;
  bool taken = true;
  for (int k = 1; taken;) {
    taken = false;
    for (int i = 0; i < S->p->objects.n; i++) {
      if (strcmp(S->p->objects.at[i].name, name) != 0) continue;
      name = arena_printf(S->a, "%s_%d", path, ++k);
      taken = true;
    }
  }
  return name;
}

static ObjectInfo *object_make(Sema *S, const char *name, const char *path, const AstNode *decl, Scope *scope,
                               Span span) {
  ObjectInfo *o = ARENA_NEW(S->a, ObjectInfo);
  o->name = name;
  o->path = path;
  o->decl = decl;
  o->scope = scope;
  o->is_circuit = decl->kind == AST_CIRCUIT;
  o->is_block = o->is_circuit && !has_return(ast_kid(decl, AST_CIRCUIT_body));
  o->index = -1;
  if (!o->is_block) {
    const char *own = object_name(S, path);
    vec_push(S->a, &S->p->objects, ((Object){.name = own, .is_circuit = o->is_circuit, .span = span}));
    o->index = S->p->objects.n - 1;
    vec_push(S->a, &S->objects, o);
  }
  return o;
}

void declare_object(Sema *S, const AstNode *n) {
  const char *name = sym_text(n->name);
  ObjectInfo *o = object_make(S, name, module_path(S, name), n, S->scope, n->name_span);
  Value *v = val_new(S, VAL_OBJECT, n->name_span);
  v->u.object = o;
  const char *taken = line_takes(name);
  if (o->is_circuit && taken != NULL) {
    Diag *d =
        say(S, DIAG_REDECLARED, n->name_span, "`%s` is a %s, so no circuit can have this name", name, taken);
    diag_help(d, "choose another name: in a circuit the %s would always win", taken);
  }
  declare(S, n->name, n->name_span, o->is_circuit ? BIND_CIRCUIT : BIND_MODEL, v);
  first_elaboration(S, o);
}

/* ---- new ------------------------------------------------------------------------------------------ */

static ObjectInfo *copy_of(Sema *S, ObjectInfo *o, const char *name, CopyMap *map, Span span) {
  ObjectInfo *c = object_make(S, name, name, o->decl, o->scope, span);
  c->copies = map;
  c->ints = o->ints;
  vec_push(S->a, &map->at, ((CopyOf){o, c}));
  return c;
}

ObjectInfo *object_resolve(Sema *S, ObjectInfo *o) {
  if (o->view_of != NULL) { /* inside a copy: the same view of the copy */
    ObjectInfo *root = object_resolve(S, o->view_of), *view = ARENA_NEW(S->a, ObjectInfo);
    *view = *o;
    view->view_of = root;
    return root == o->view_of ? o : view;
  }
  CopyMap *map = S->object != NULL ? S->object->object->copies : NULL;
  if (map == NULL || o->is_block) return o;
  for (int i = 0; i < map->at.n; i++)
    if (map->at.at[i].original == o || map->at.at[i].copy == o) return map->at.at[i].copy;
  ObjectInfo *c = copy_of(S, o, arena_printf(S->a, "%s.%s", map->name, o->name), map, o->decl->name_span);
  const Sema saved = *S;
  S->object = NULL;
  first_elaboration(S, c);
  S->object = saved.object;
  return c;
}

static bool new_arguments(Sema *S, ObjectInfo *o, Args *args) {
  if (args->n_pos > 0) {
    say(S, DIAG_ARGUMENTS, args->span, "`new` takes named arguments only, for the whole numbers of `%s`",
        args->name);
    return false;
  }
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  const char *signature = "";
  for (int i = 0; params != NULL && i < params->n && params->n <= ARGS_MAX; i++) {
    const AstNode *p = params->kids[i];
    if (ast_kid(p, AST_PATTERN_dims) != NULL) continue; /* an input */
    signature = arena_printf(S->a, "%s%s%s=", signature, *signature != '\0' ? " " : "", sym_text(p->name));
  }
  if (!args_match(S, args, signature)) return false;
  o->ints.n = 0;
  o->ints.at = NULL;
  o->ints.cap = 0;
  for (int i = 0; i < args->n_named; i++) {
    int64_t k;
    if (!want_int(S, args->named[i], "an argument of `new`", &k)) return false;
    vec_push(S->a, &o->ints, ((IntArg){args->names[i], args->named[i]}));
  }
  return true;
}

static bool is_copied(Sema *S, const Value *v, const AstNode *n, const AstNode *name) {
  if (v->kind != VAL_OBJECT || v->u.object->is_block) {
    wrong_kind(S, val_at(S, v, name->span), "what `new` copies", "a circuit with `return` or a model");
    return false;
  }
  if (v->u.object->view_of != NULL) {
    Diag *d = say(S, DIAG_TYPE, n->span, "`%s` is a noisy view, without weights of its own",
                  src_of_span(S, name->span));
    diag_help(d, "copy what it looks at, and make a view of the copy: `noisy(new %s, ...)`",
              v->u.object->name);
    return false;
  }
  if (!v->u.object->building) return true;
  say(S, DIAG_RECURSION, n->span, "`%s` uses itself", v->u.object->name);
  return false;
}

/* Gives the copy its whole numbers and its weights. */
static bool new_elaborated(Sema *S, ObjectInfo *c, const ObjectInfo *of, const AstNode *ref) {
  if (ref->kind == AST_CALL) {
    Args args = {.span = ref->span, .name_span = ast_kid(ref, AST_CALL_callee)->span, .name = of->name};
    args_eval(S, ast_kid(ref, AST_CALL_args), &args);
    if (args.broken || !new_arguments(S, c, &args)) return false;
  }
  c->broken = of->broken;
  ObjectBuild *around = S->object;
  S->object = NULL;
  if (!c->broken) first_elaboration(S, c);
  S->object = around;
  return true;
}

/* `new M` as a line of a model: the copy is a part of the object, made once, found again by the line. */
static const Value *new_part(Sema *S, const AstNode *n, const AstNode *ref, const AstNode *name) {
  ObjectInfo *o = S->object->object;
  const Binding *b = name->kind == AST_NAME ? scope_find(S->scope, name->name) : NULL;
  const Value *v = b != NULL ? b->value : eval(S, name);
  if (b != NULL) scope_find(S->scope, name->name)->used = true;
  if (val_is_error(v)) return v;
  if (!is_copied(S, v, n, name)) return S->error;
  const char *key = stage_key(S, v->u.object->name, n->span);
  ObjectInfo *c = NULL;
  for (int i = 0; i < o->parts.n; i++)
    if (o->parts.at[i].part != NULL && strcmp(o->parts.at[i].key, key) == 0) c = o->parts.at[i].part;
  if (c == NULL) {
    CopyMap *map = ARENA_NEW(S->a, CopyMap);
    map->name = arena_printf(S->a, "%s.%s", o->path, key);
    c = copy_of(S, v->u.object, map->name, map, n->span);
    vec_push(S->a, &o->parts, ((Part){key, -1, c}));
    if (!new_elaborated(S, c, v->u.object, ref)) return S->error;
  }
  Value *out = val_new(S, VAL_OBJECT, n->span);
  out->u.object = c;
  return out;
}

const Value *object_new(Sema *S, const AstNode *n) {
  const AstNode *ref = ast_kid(n, AST_NEW_ref);
  const AstNode *name = ref->kind == AST_CALL ? ast_kid(ref, AST_CALL_callee) : ref;
  if (S->place != PLACE_TOP && S->place != PLACE_MODEL) {
    Diag *d =
        say(S, DIAG_PLACE, n->span,
            "`new` makes weights, and these have one place each: it cannot stand in %s", place_in[S->place]);
    diag_help(d, "make the copy at the top level with `let`, and pass it in");
    return S->error;
  }
  if (S->place == PLACE_MODEL) return new_part(S, n, ref, name);
  const Value *v = eval(S, name);
  if (val_is_error(v)) return v;
  if (!is_copied(S, v, n, name)) return S->error;
  CopyMap *map = ARENA_NEW(S->a, CopyMap);
  map->name =
      S->new_name != NULL ? module_path(S, S->new_name) : arena_printf(S->a, "new_%s", v->u.object->name);
  ObjectInfo *c = copy_of(S, v->u.object, map->name, map, n->span);
  if (S->new_name == NULL && S->new_names != NULL && S->n_new < S->new_names->n)
    c->name = sym_text(S->new_names->kids[S->n_new++]->name); /* `let A, B = [new M for i in 0..2]` */
  if (!new_elaborated(S, c, v->u.object, ref)) return S->error;
  Value *out = val_new(S, VAL_OBJECT, n->span);
  out->u.object = c;
  return out;
}

/* ---- texts ------------------------------------------------------------------------------------------ */

static const char *results_text(Sema *S, const Value *v) {
  if (v == NULL || val_is_error(v)) return "?";
  if (v->kind != VAL_TUPLE) return shape_of_value(S, v);
  const char *out = "";
  for (int i = 0; i < v->u.list.n; i++)
    out = arena_printf(S->a, "%s%s%s", out, i > 0 ? ", " : "", shape_of_value(S, v->u.list.at[i]));
  return out;
}

const Value *sizes_unknown(Sema *S, Span span, const ObjectInfo *o, const char *why) {
  Diag *d = say(S, DIAG_STATIC, span,
                "the sizes of `%s` must be known %s, but they are not before its first call", o->name, why);
  diag_label(d, o->decl->name_span, "declared here");
  diag_help(d, "write them there, like `x[2]`, or call it before");
  return S->error;
}

const char *object_signature(Sema *S, const ObjectInfo *o) {
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  const char *out = "(";
  for (int i = 0; params != NULL && i < params->n; i++)
    out = arena_printf(S->a, "%s%s%s", out, i > 0 ? ", " : "", src_of_span(S, params->kids[i]->span));
  if (o->is_block) return arena_printf(S->a, "%s) on qubits", out);
  const long long size = (long long)object_size(S, o);
  return arena_printf(S->a, "%s) -> %s, %lld parameter%s", out, results_text(S, o->results), size,
                      size == 1 ? "" : "s");
}
