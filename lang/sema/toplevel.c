/* The top level of a script: attributes, hypers, printed lines, expectations, claims; and the
 * entry to the walk. */
#include "lang/sema/builtins.h"
#include <string.h>

/* ---- attributes of the script -------------------------------------------------------------------- */

static const char *const script_attributes[] = {"edition", "seed", "precision", "noise_method",
                                                "trajectories"};
#define N_SCRIPT_ATTRIBUTES ((int)(sizeof script_attributes / sizeof *script_attributes))

const char *const *top_attributes(int *n) {
  *n = N_SCRIPT_ATTRIBUTES;
  return script_attributes;
}

void set_script_attribute(Sema *S, const char *name, const Value *v) {
  int64_t k;
  if (val_is_error(v)) return;
  if (strcmp(name, "edition") == 0) {
    if (!want_int(S, v, "`edition`", &k)) return;
    S->edition_seen = true;
    if (k != 1) {
      Diag *d = say(S, DIAG_ATTRIBUTE, v->span, "there is no edition %lld; this version knows edition 1",
                    (long long)k);
      diag_help(d, "write `edition = 1`");
    }
  } else if (strcmp(name, "seed") == 0) {
    if (!want_int(S, v, "`seed`", &k)) return;
    if (k < 0) say(S, DIAG_ATTRIBUTE, v->span, "a seed is at least 0, but this is %lld", (long long)k);
    else S->p->seed = (uint64_t)k;
  } else if (strcmp(name, "precision") == 0) {
    const char *text = want_text(S, v, "`precision`");
    if (text == NULL) return;
    S->p->is_double = strcmp(text, "double") == 0;
    if (!S->p->is_double && strcmp(text, "single") != 0) {
      Diag *d = say(S, DIAG_ATTRIBUTE, v->span, "there is no precision \"%s\"", text);
      diag_help(d, "it is \"single\" or \"double\"");
    }
  } else if (strcmp(name, "noise_method") == 0) {
    const char *text = want_text(S, v, "`noise_method`");
    if (text == NULL) return;
    S->by_paths = strcmp(text, "trajectories") == 0;
    if (S->by_paths || strcmp(text, "exact") == 0) return;
    Diag *d = say(S, DIAG_ATTRIBUTE, v->span, "there is no noise method \"%s\"", text);
    diag_help(d, "it is \"exact\" (density matrices) or \"trajectories\"");
  } else if (want_int(S, v, "`trajectories`", &k)) {
    S->trajectories = k;
    if (k >= 2 && k <= TRAJECTORIES_MAX) return;
    say(S, DIAG_ATTRIBUTE, v->span, "there are 2 to %d trajectories, but this is %lld", TRAJECTORIES_MAX,
        (long long)k);
  }
}

/* A line `WORD name = value` whose word is nearly one that declares: says so, and the name stands for nothing
 * known, so that its uses are no further errors. False if none is near. */
static bool misspelt_word(Sema *S, const AstNode *n, const char *name) {
  static const char *const top[] = {"hyper", "let", "var"}, *const object[] = {"param", "let"},
                           *const step[] = {"record", "let"};
  const AstNode *target = ast_kid(n, AST_ATTR_target), *operands = ast_kid(n, AST_ATTR_operands);
  const bool in_object = S->place == PLACE_CIRCUIT || S->place == PLACE_MODEL;
  const bool runs = S->place == PLACE_STEP || S->place == PLACE_EVERY;
  const char *const *words = S->place == PLACE_TOP ? top : in_object ? object : runs ? step : step + 1;
  const int count = S->place == PLACE_TOP ? 3 : in_object || runs ? 2 : 1;
  if (operands == NULL || diag_nearest(name, words, count) == NULL) return false;
  Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "`%s` is no statement of %s", name,
                S->place == PLACE_TOP ? "a script" : place_in[S->place]);
  diag_did_you_mean(d, target->span, name, words, count);
  for (int i = 0; i < operands->n; i++) {
    const AstNode *o = operands->kids[i];
    while (o->kind == AST_INDEX) o = ast_kid(o, AST_INDEX_value);
    if (o->kind == AST_NAME && scope_find(S->scope, o->name) == NULL)
      declare(S, o->name, o->span, BIND_LET, S->error);
  }
  return true;
}

static void script_attr(Sema *S, const AstNode *n) {
  const AstNode *target = ast_kid(n, AST_ATTR_target), *operands = ast_kid(n, AST_ATTR_operands);
  const char *name = src_of_span(S, target->span);
  int which = -1;
  for (int i = 0; i < N_SCRIPT_ATTRIBUTES; i++)
    if (strcmp(name, script_attributes[i]) == 0) which = i;
  if (misspelt_word(S, n, name)) return;
  if (operands != NULL) {
    const bool train = strcmp(name, "optimizer") == 0 || strcmp(name, "record") == 0;
    Diag *d = say(S, train ? DIAG_PLACE : DIAG_ATTRIBUTE, target->span,
                  train ? "`%s` belongs in a `train`" : "`%s` is no statement of a script", name);
    if (!train) diag_help(d, "a value gets a name by `let`");
    return;
  }
  if (which < 0) {
    Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "a script has no attribute `%s`", name);
    const Binding *b = target->kind == AST_NAME ? scope_find(S->scope, target->name) : NULL;
    if (b != NULL && b->kind == BIND_VAR) diag_help(d, "to change the `var`, write `%s := ...`", name);
    else if (diag_did_you_mean(d, target->span, name, script_attributes, N_SCRIPT_ATTRIBUTES) == NULL)
      diag_help(d, "write `let %s = ...` for a value, or `hyper %s = ...` for one that --set can change",
                name, name);
    return;
  }
  if (S->acted) {
    Diag *d = say(S, DIAG_PLACE, n->span, "`%s` stands before everything else in a script", name);
    diag_help(d, "move this line to the top");
    return;
  }
  for (int i = 0; i < S->script_given.n; i++)
    if (strcmp(S->script_given.at[i].name, name) == 0) {
      Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "`%s` is given twice", name);
      diag_label(d, S->script_given.at[i].span, "first here");
      return;
    }
  vec_push(S->a, &S->script_given, ((Given){name, target->span}));
  Span at;
  const AstNode *set = which > 0 ? setting_find(S, name, &at) : NULL;
  set_script_attribute(S, name, eval(S, set != NULL ? set : ast_kid(n, AST_ATTR_value)));
}

/* An object that has weights, or a member of one. */
static bool names_weights(Sema *S, const AstNode *target) {
  const AstNode *root = target->kind == AST_MEMBER ? ast_kid(target, AST_MEMBER_value) : target;
  const Binding *b = root->kind == AST_NAME ? scope_find(S->scope, root->name) : NULL;
  return b != NULL && b->value != NULL && b->value->kind == VAL_OBJECT;
}

void walk_attr(Sema *S, const AstNode *n) {
  const AstNode *target = ast_kid(n, AST_ATTR_target);
  const char *name = target->kind == AST_NAME ? sym_text(target->name) : "";
  if (S->place == PLACE_TOP) {
    script_attr(S, n);
    return;
  }
  if (S->place == PLACE_TRAIN) {
    walk_train_attr(S, n);
    return;
  }
  if (S->place == PLACE_SWEEP) {
    walk_sweep_attr(S, n);
    return;
  }
  const bool runs = S->place == PLACE_STEP || S->place == PLACE_EVERY;
  if (runs && strcmp(name, "record") == 0) {
    walk_record(S, n);
    return;
  }
  if (strcmp(name, "record") == 0 || strcmp(name, "optimizer") == 0) {
    say(S, DIAG_PLACE, target->span, "`%s` belongs in %s", name,
        name[0] == 'r' ? "a `step`, an `every` or a `sweep`" : "a `train`, before its `step`");
    return;
  }
  if (misspelt_word(S, n, name)) return;
  Diag *d = say(S, DIAG_ATTRIBUTE, target->span, "%s has no attribute `%s`", place_in[S->place],
                src_of_span(S, target->span));
  const Binding *b = target->kind == AST_NAME ? scope_find(S->scope, target->name) : NULL;
  if (b != NULL && b->kind == BIND_VAR) diag_help(d, "to change the `var`, write `%s := ...`", name);
  else if (runs && names_weights(S, target))
    diag_help(d, "weights are set by `:=`: `%s := ...`", src_of_span(S, target->span));
  else if (name[0] != '\0') diag_help(d, "for a value of your own write `let %s = ...`", name);
  if (b != NULL || target->kind != AST_NAME) return;
  if (ast_kid(n, AST_ATTR_operands) == NULL) (void)eval(S, ast_kid(n, AST_ATTR_value));
  declare(S, target->name, target->span, BIND_LET, S->error); /* what uses it is no second mistake */
}

/* ---- hypers ------------------------------------------------------------------------------------------ */

static const char *hyper_text(Sema *S, const Value *v) {
  if (v->kind == VAL_TEXT) return v->u.text;
  if (v->kind == VAL_BOOL) return v->u.num != 0 ? "true" : "false";
  if (val_is_number(v) || v->kind == VAL_DURATION) return num_text(S, v->u.num);
  return src_of_span(S, v->span);
}

static const char *const hyper_types[] = {"int", "real", "angle", "bool", "text", "duration"};

static const char *type_of(const Value *v) {
  switch ((int)v->kind) {
  case VAL_INT: return "int";
  case VAL_REAL: return "real";
  case VAL_BOOL: return "bool";
  case VAL_TEXT: return "text";
  case VAL_DURATION: return "duration";
  default: return NULL;
  }
}

/* The value as the type; S->error after a message. `shown` is what it is a value of. */
static const Value *as_type(Sema *S, const Value *v, const char *type, const char *shown) {
  const char *have = type_of(v);
  if (have != NULL && strcmp(have, type) == 0) return v;
  const bool real = strcmp(type, "real") == 0 || strcmp(type, "angle") == 0;
  if (real && (v->kind == VAL_INT || v->kind == VAL_REAL)) return val_real(S, v->u.num, v->span);
  Diag *d = say(S, DIAG_TYPE, v->span, "%s is of type %s, but this is %s", shown, type, val_describe(S, v));
  if (strcmp(type, "int") == 0 && v->kind == VAL_REAL)
    diag_help(d, "a whole number has no point, exponent or unit");
  return S->error;
}

/* Whether the script takes this name of the module by `use "m.qgn": name`: then --set, and `vary` of a sweep,
 * know it as the script does. */
static bool is_taken(const Sema *S, Symbol name) {
  const AstNode *names = S->module != NULL ? S->module->names : NULL;
  for (int i = 0; names != NULL && i < names->n; i++)
    if (names->kids[i]->name == name) return true;
  return false;
}

/* What --set gives a hyper, and by which name; NULL: nothing. */
static const AstNode *setting_of(Sema *S, const AstNode *n, const char **by) {
  Span at, plain_at;
  const char *name = module_setting(S, sym_text(n->name));
  const AstNode *set = setting_find(S, name, &at), *plain = NULL;
  if (is_taken(S, n->name)) plain = setting_find(S, sym_text(n->name), &plain_at);
  if (set != NULL && plain != NULL) {
    Diag *d = say(S, DIAG_SET_NAME, plain_at, "`%s` and `%s` are one hyper", sym_text(n->name), name);
    diag_label(d, at, "set here already");
  }
  *by = plain != NULL ? sym_text(n->name) : set != NULL ? name : NULL;
  return plain != NULL ? plain : set;
}

static const Value *override_hyper(Sema *S, const AstNode *n, const Value *v, const char *type,
                                   const char **by) {
  const AstNode *set = setting_of(S, n, by);
  if (set == NULL || val_is_error(v)) return v;
  const Value *given = eval(S, set);
  if (val_is_error(given)) return given;
  if (type == NULL) return given;
  return as_type(S, given, type, arena_printf(S->a, "`%s`", sym_text(n->name)));
}

/* `by` is the name that --set gave it a value by; NULL: it has its own. */
static void check_where(Sema *S, const AstNode *n, const Value *v, const char *by) {
  const AstNode *where = ast_kid(n, AST_HYPER_where);
  if (where == NULL || val_is_error(v)) return;
  const Value *c = eval(S, where);
  bool holds = false;
  if (val_is_error(c) || !want_bool(S, c, "the condition after `where`", &holds) || holds) return;
  const char *name = module_setting(S, sym_text(n->name)), *value = hyper_text(S, v),
             *cond = src_of_span(S, where->span);
  Diag *d;
  if (by != NULL) {
    d = say(S, DIAG_SET_RANGE, v->span, "--set %s=%s is outside `%s`", by, value, cond);
    diag_label(d, where->span, "what the script allows");
  } else {
    d = say(S, DIAG_SET_RANGE, ast_kid(n, AST_HYPER_value)->span, "`%s` = %s is outside `%s`", name, value,
            cond);
    diag_label(d, where->span, "what the script allows");
  }
  diag_note(d, "nothing was run");
}

void declare_hyper(Sema *S, const AstNode *n) {
  const char *name = sym_text(n->name);
  for (int i = 0; i < N_SCRIPT_ATTRIBUTES; i++)
    if (strcmp(name, script_attributes[i]) == 0) {
      Diag *d = say(S, DIAG_REDECLARED, n->name_span,
                    "`%s` is an attribute of the script, so no hyper can have this name", name);
      diag_help(d, "write `%s = ...`; it can be set from outside as it is", name);
    }
  const AstNode *type = ast_kid(n, AST_HYPER_type);
  const Value *v = eval(S, ast_kid(n, AST_HYPER_value));
  const char *kind = NULL;
  bool ok = !val_is_error(v);
  if (type != NULL) {
    kind = sym_text(type->name);
    bool known = false;
    for (size_t i = 0; i < sizeof hyper_types / sizeof *hyper_types; i++)
      known = known || strcmp(hyper_types[i], kind) == 0;
    if (!known) {
      Diag *d = say(S, DIAG_NAME, type->span, "a hyper cannot be of type `%s`", kind);
      diag_help(d, "types of hypers are int, real, angle, bool, text, duration");
      kind = NULL;
    } else if (ok) v = as_type(S, v, kind, arena_printf(S->a, "`%s`", name));
  } else if (ok) kind = type_of(v);
  if (ok && !val_is_error(v) && type_of(v) == NULL && v->kind != VAL_LIST) {
    Diag *d =
        wrong_kind(S, v, "the default of a hyper", "a number, a text, true or false, or a list of them");
    if (d != NULL) diag_help(d, "a value that is computed is a `let`");
    v = S->error;
  }
  const char *by;
  v = override_hyper(S, n, v, kind, &by);
  const bool overridden = by != NULL;
  if (!val_is_error(v) && v->kind == VAL_INT) {
    Value *own = (Value *)val_at(S, v, v->span);
    const char *shown = hyper_text(S, v);
    own->origin =
        origin_new(S, overridden ? v->span : n->name_span,
                   overridden ? "" : arena_printf(S->a, "`hyper %s = %s`", name, shown), v->origin, 0);
    v = own;
  }
  declare(S, n->name, n->name_span, BIND_HYPER, v);
  check_where(S, n, v, by);
  Binding *b = scope_find_here(S->scope, n->name);
  if (b != NULL) b->used = false; /* its own `where` is no use */
  if (!val_is_error(v))
    vec_push(S->a, &S->p->hypers, ((HyperValue){module_setting(S, name), hyper_text(S, v), overridden}));
}

/* ---- printed lines ------------------------------------------------------------------------------------ */

/* One value behind its text; several results, and the parts of a bundle, have a line each. */
static void print_value(Sema *S, const Value *v, const char *text, Span span) {
  const char *shown = NULL;
  if (val_is_error(v) || v->kind == VAL_NOTHING) return;
  if (v->kind == VAL_TUPLE) {
    for (int i = 0; i < v->u.list.n; i++)
      print_value(S, v->u.list.at[i], arena_printf(S->a, "%s, %d of %d:", text, i + 1, v->u.list.n), span);
    return;
  }
  if (v->kind == VAL_BUNDLE) {
    for (int i = 0; i < v->u.bundle.n; i++) {
      Value *part = val_new(S, VAL_TENSOR, v->span);
      part->u.tensor = v->u.bundle.parts[i];
      print_value(S, part, arena_printf(S->a, "%s, %s:", text, S->p->slots.at[v->u.bundle.slots[i]].name),
                  span);
    }
    return;
  }
  if (v->kind == VAL_OBJECT)
    shown = arena_printf(S->a, "%s %s %s", v->u.object->is_circuit ? "circuit" : "model", v->u.object->name,
                         object_signature(S, v->u.object));
  else if (v->kind == VAL_TEXT) shown = v->u.text;
  else if (val_is_number(v) || v->kind == VAL_DURATION)
    shown = arena_printf(S->a, "%s  %s", text, hyper_text(S, v));
  else if (!val_can_be_tensor(v) || (v->kind == VAL_LIST && v->u.list.n == 0)) {
    if (v->kind == VAL_BUILTIN || v->kind == VAL_DEF || v->kind == VAL_DIST) {
      wrong_kind(S, v, "a line on its own", "a value to print");
      return;
    }
    shown = val_describe(S, v);
  }
  const int slot = shown == NULL ? value_slot(S, v, "printed") : -1;
  if (shown == NULL && slot < 0) return;
  Stmt *s = block_push(S, STMT_PRINT, span);
  s->slot = slot;
  s->text = shown != NULL ? shown : text;
}

void walk_print(Sema *S, const AstNode *n) {
  const AstNode *e = ast_kid(n, AST_STAGE_value);
  print_value(S, eval(S, e), src_of_span(S, e->span), n->span);
}

/* ---- expect, assert -------------------------------------------------------------------------------------
 */

static bool is_comparison(const AstNode *n) {
  return n->kind == AST_BINARY && n->op >= (int)AST_OP_EQ && n->op <= (int)AST_OP_GE;
}

static bool one_number(Sema *S, const Value *v) {
  Shape s;
  ElemKind e;
  return val_can_be_tensor(v) && val_shape(S, v, &s, &e) && shape_is_static(&s) && shape_capacity(&s) == 1;
}

static const Value *say_series(Sema *S, const Value *v) {
  const char *name = src_of_span(S, v->span);
  Diag *d = say(S, DIAG_SHAPE, v->span,
                "`%s` is a series of values, and a comparison that holds or not needs one", name);
  diag_help(d, "`%s[-1]` is the last, `min(%s)` the smallest, `mean(%s[-10..])` the mean of ten", name, name,
            name);
  return S->error;
}

/* The condition as one bool; both sides of a comparison in the cells if they are single numbers. */
static const Value *condition(Sema *S, const AstNode *n, Cell *left, Cell *right, const char **op) {
  *op = NULL;
  while (n->kind == AST_PAREN) n = ast_kid(n, AST_PAREN_value);
  if (!is_comparison(n)) return eval(S, n);
  const Value *a = eval(S, ast_kid(n, AST_BINARY_left)), *b = eval(S, ast_kid(n, AST_BINARY_right));
  if (val_is_error(a) || val_is_error(b)) return S->error;
  if (a->kind == VAL_SERIES || b->kind == VAL_SERIES) return say_series(S, a->kind == VAL_SERIES ? a : b);
  const Value *c = arith_binary(S, (AstOp)n->op, a, b, n->span);
  if (val_is_error(c) || !one_number(S, a) || !one_number(S, b)) return c;
  if (value_cell(S, a, path_here(S, "left"), left) && value_cell(S, b, path_here(S, "right"), right))
    *op = ast_op_text[n->op];
  return c;
}

/* A slot with one bool, or -1 with the truth known now. */
static bool condition_slot(Sema *S, const Value *c, const char *what, int *slot, bool *truth) {
  *slot = -1;
  if (val_is_error(c)) return false;
  if (c->kind == VAL_BOOL) {
    *truth = c->u.num != 0;
    return true;
  }
  Shape s;
  ElemKind e;
  if (!val_can_be_tensor(c) || !val_shape(S, c, &s, &e) || e != ELEM_BOOL) {
    Diag *d = wrong_kind(S, c, what, "true or false");
    if (d != NULL && val_can_be_tensor(c)) diag_help(d, "compare it: `%s < 0.1`", src_of_span(S, c->span));
    return false;
  }
  if (!shape_is_static(&s) || shape_capacity(&s) != 1) {
    Diag *d =
        say(S, DIAG_SHAPE, c->span, "%s is one bool, but this is %s of them", what, sema_shape_text(S, &s));
    diag_help(d, "`all(%s)` or `any(%s)`", src_of_span(S, c->span), src_of_span(S, c->span));
    return false;
  }
  const Value *one = val_to_scalar(S, c, what);
  if (val_is_error(one)) return false;
  *slot = value_slot(S, one, "condition");
  return *slot >= 0;
}

void walk_expect(Sema *S, const AstNode *n) {
  Cell left = {NULL, -1, 0}, right = {NULL, -1, 0};
  const char *op = NULL;
  bool truth = false;
  int slot;
  const AstNode *cond = ast_kid(n, AST_EXPECT_cond);
  const Value *c = condition(S, cond, &left, &right, &op);
  if (!condition_slot(S, c, n->op == 'a' ? "what `assert` states" : "what `expect` states", &slot, &truth))
    return;
  if (n->op == 'a' && slot < 0 && !truth) {
    Diag *d = say(S, DIAG_EXPECT, cond->span, "`assert` fails: %s",
                  n->text != NULL && n->text[0] != '\0' ? n->text : src_of_span(S, cond->span));
    if (op != NULL)
      diag_note(d, "%s %s %s does not hold", num_text(S, left.value), op, num_text(S, right.value));
    return;
  }
  Stmt *s = block_push(S, STMT_EXPECT, n->span);
  s->slot = slot;
  s->count = truth ? 1 : 0;
  s->is_assert = n->op == 'a';
  s->text = n->text;
  s->condition = src_of_span(S, cond->span);
  s->left = left;
  s->right = right;
  s->op = op;
}

/* ---- claims ---------------------------------------------------------------------------------------------
 */

static bool cells_of(Sema *S, const Value *v, const char *name, int *n, const Cell **out) {
  *n = 0;
  *out = NULL;
  if (v == NULL) return true;
  const bool several = v->kind == VAL_TUPLE;
  const int count = several ? v->u.list.n : 1;
  Cell *cells = ARENA_ARRAY(S->a, Cell, count + 1);
  for (int i = 0; i < count; i++) {
    const Value *x = several ? v->u.list.at[i] : v;
    if (x->kind != VAL_TEXT && !val_can_be_tensor(x)) {
      wrong_kind(S, x, "a value of a claim", "a number or a text");
      return false;
    }
    if (!value_cell(S, x, arena_printf(S->a, "%s.%d", name, i + 1), &cells[i])) return false;
  }
  *n = count;
  *out = cells;
  return true;
}

static int bool_slot(Sema *S, const Value *v, const char *what) {
  bool truth = false;
  int slot;
  if (!condition_slot(S, v, what, &slot, &truth)) return -1;
  if (slot >= 0) return slot;
  const Attr a = {.i = {ELEM_BOOL}, .f = {truth ? 1 : 0}};
  const Shape scalar = shape_scalar();
  const NodeId id = g_make(graph_now(S), OP_CONST, 0, NULL, &a, &scalar, v->span, NULL);
  return value_slot(S, val_node(S, id, 0, v->span), "condition");
}

const Value *fn_claim(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  if (S->place != PLACE_TOP || S->call != NULL) {
    say(S, DIAG_PLACE, args->span, "`claim` stands at the top level of a script");
    return S->error;
  }
  Claim c = {.opposite = -1, .undecided = -1, .text = src_whole(S, args->ast[1]->span)};
  c.id = want_text(S, args->v[0], "the id of a claim");
  if (c.id == NULL) return S->error;
  if (c.id[0] == '\0') {
    say(S, DIAG_TYPE, args->v[0]->span, "the id of a claim is an empty text");
    return S->error;
  }
  for (int i = 0; i < S->p->claims.n; i++)
    if (strcmp(S->p->claims.at[i].id, c.id) == 0) {
      say(S, DIAG_CLAIM_ID, args->v[0]->span, "the claim \"%s\" stands twice in this script", c.id);
      return S->error;
    }
  const char *name = arena_printf(S->a, "claim.%s", c.id);
  c.condition = bool_slot(S, args->v[1], "the condition of a claim");
  if (c.condition < 0) return S->error;
  if (args->v[4] != NULL && (c.opposite = bool_slot(S, args->v[4], "`opposite` of a claim")) < 0)
    return S->error;
  if (args->v[5] != NULL && (c.undecided = bool_slot(S, args->v[5], "`undecided` of a claim")) < 0)
    return S->error;
  if (!cells_of(S, args->v[2], arena_printf(S->a, "%s.document", name), &c.n_document, &c.document))
    return S->error;
  if (!cells_of(S, args->v[3], arena_printf(S->a, "%s.measured", name), &c.n_measured, &c.measured))
    return S->error;
  vec_push(S->a, &S->p->claims, c);
  Stmt *s = block_push(S, STMT_CLAIM, args->span);
  s->index = S->p->claims.n - 1;
  return val_nothing(S, args->span);
}

/* A number, a text, or several, as text; NULL after an error. */
static const char *choice_text(Sema *S, const Value *v) {
  if (v->kind == VAL_TEXT) return v->u.text;
  if (v->kind == VAL_BOOL) return v->u.num != 0 ? "true" : "false";
  if (val_is_number(v)) return num_text(S, v->u.num);
  if (v->kind == VAL_DURATION) return arena_printf(S->a, "%s s", num_text(S, v->u.num));
  if (v->kind == VAL_TUPLE || v->kind == VAL_LIST || v->kind == VAL_RANGE) {
    int n = 0;
    const Value *const *items = static_items(S, v, "a choice", &n);
    const char *out = items != NULL ? "" : NULL;
    for (int i = 0; items != NULL && i < n; i++) {
      const char *part = choice_text(S, items[i]);
      if (part == NULL) return NULL;
      out = arena_printf(S->a, "%s%s%s", out, i > 0 ? ", " : "", part);
    }
    return out;
  }
  if (v->kind == VAL_TENSOR || v->kind == VAL_SERIES || v->kind == VAL_COUNT) {
    Diag *d =
        say(S, DIAG_STATIC, v->span, "a choice is known before the run, but this is %s", val_describe(S, v));
    diag_help(d, "what was measured belongs in a `claim` or a `report`");
  } else {
    wrong_kind(S, v, "a choice", "a number or a text");
  }
  return NULL;
}

const Value *fn_choice(Sema *S, Args *args, const Builtin *self) {
  const Value *here = args->v[1], *document = args->v[2];
  ScriptChoice c = {.kind = document == NULL ? CHOICE_ASSUMED : CHOICE_CHANGED};
  (void)self;
  if (S->place != PLACE_TOP || S->call != NULL) {
    say(S, DIAG_PLACE, args->span, "`choice` stands at the top level of a script");
    return S->error;
  }
  if ((c.name = want_text(S, args->v[0], "the name of a choice")) == NULL ||
      (c.here = choice_text(S, here)) == NULL ||
      (document != NULL && (c.document = choice_text(S, document)) == NULL) ||
      (args->v[3] != NULL && (c.why = want_text(S, args->v[3], "`why`")) == NULL))
    return S->error;
  if (c.name[0] == '\0') {
    say(S, DIAG_TYPE, args->v[0]->span, "the name of a choice is an empty text");
    return S->error;
  }
  for (int i = 0; i < S->p->choices.n; i++)
    if (strcmp(S->p->choices.at[i].name, c.name) == 0) {
      say(S, DIAG_CLAIM_ID, args->v[0]->span, "the choice \"%s\" stands twice in this script", c.name);
      return S->error;
    }
  if (document != NULL && strcmp(c.here, c.document) == 0) c.kind = CHOICE_STATED;
  else if (document != NULL && val_is_number(here) && val_is_number(document) && document->u.num != 0)
    c.times = here->u.num / document->u.num;
  vec_push(S->a, &S->p->choices, c);
  return val_nothing(S, args->span);
}
