/* Bodies of circuits: registers, blocks, and angles as references into tensors. */
#include "lang/sema/walk.h"
#include <string.h>

/* ---- registers ----------------------------------------------------------------------------- */

/* The number of qubits of `on q[n]`; 1 without dims. */
static bool register_size(Sema *S, const AstNode *p, int *out) {
  const AstNode *dims = ast_kid(p, AST_PATTERN_dims);
  *out = 1;
  if (dims == NULL) return true;
  if (dims->n != 1) {
    say(S, DIAG_GATE, p->span, "a register has one size: `%s[n]`", sym_text(p->name));
    return false;
  }
  int64_t n;
  const Value *v = eval(S, dims->kids[0]);
  if (val_is_error(v) || !want_int(S, v, "a number of qubits", &n)) return false;
  if (n < 1 || n > CIRCUIT_MAX_QUBITS) {
    Diag *d = say(S, n < 1 ? DIAG_GATE : DIAG_TOO_LARGE, dims->span, "a register of %lld qubits: %s",
                  (long long)n, n < 1 ? "at least 1 is needed" : "at most 30 can be simulated");
    if (n > CIRCUIT_MAX_QUBITS)
      diag_note(d, "30 qubits are 2^30 amplitudes: 8 GB in single precision for one state");
    label_origin(S, d, dim_of_int(S, v));
    return false;
  }
  *out = (int)n;
  return true;
}

bool circuit_is_known(Sema *S, const ObjectInfo *o) {
  const AstNode *regs = ast_kid(o->decl, AST_CIRCUIT_registers),
                *params = ast_kid(o->decl, AST_CIRCUIT_params);
  for (int i = 0; regs != NULL && i < regs->n; i++) {
    const AstNode *dims = ast_kid(regs->kids[i], AST_PATTERN_dims);
    for (int k = 0; dims != NULL && k < dims->n; k++) {
      if (dims->kids[k]->kind != AST_NAME) continue;
      bool known = scope_find(o->scope, dims->kids[k]->name) != NULL || !o->is_block;
      for (int j = 0; params != NULL && j < params->n; j++)
        known = known || params->kids[j]->name == dims->kids[k]->name;
      if (!known) return false;
    }
  }
  (void)S;
  return true;
}

static void declare_register(Sema *S, const AstNode *p, int n, const int *at) {
  Value *v = val_new(S, VAL_QUBITS, p->span);
  v->u.qubits = (QubitsValue){n, at, ast_kid(p, AST_PATTERN_dims) == NULL, sym_text(p->name)};
  declare(S, p->name, p->name_span, BIND_REGISTER, v);
}

static ViewRegister register_view(const AstNode *p, int n) {
  return (ViewRegister){sym_text(p->name), n, ast_kid(p, AST_PATTERN_dims) == NULL};
}

static bool new_registers(Sema *S, const ObjectInfo *o) {
  const AstNode *regs = ast_kid(o->decl, AST_CIRCUIT_registers);
  bool ok = true;
  for (int i = 0; regs != NULL && i < regs->n; i++) {
    int n = 0;
    if (!register_size(S, regs->kids[i], &n)) ok = false;
    else if (S->circuit->n_qubits + n > CIRCUIT_MAX_QUBITS) {
      say(S, DIAG_TOO_LARGE, regs->span, "%d qubits in all; at most %d can be simulated",
          S->circuit->n_qubits + n, CIRCUIT_MAX_QUBITS);
      ok = false;
    }
    if (!ok) continue;
    int *at = ARENA_ARRAY(S->a, int, n);
    for (int k = 0; k < n; k++) at[k] = S->circuit->n_qubits++;
    vec_push(S->a, &S->circuit->registers, register_view(regs->kids[i], n));
    declare_register(S, regs->kids[i], n, at);
  }
  return ok;
}

const Value *circuit_body(Sema *S, ObjectInfo *o, const Tensor *lifted) {
  CircuitBuild build = {.object = o, .lifted = lifted};
  S->circuit = &build;
  if (!new_registers(S, o)) return S->error;
  const int errors = S->sink->n_errors;
  walk_stmts(S, ast_kid(o->decl, AST_CIRCUIT_body));
  const Value *out = S->result;
  if (out == NULL) {
    if (S->sink->n_errors == errors)
      say(S, DIAG_TYPE, o->decl->name_span, "no `return` of `%s` was reached", o->name);
    return S->error;
  }
  if (val_is_error(out) || S->sink->n_errors > errors) return S->error;
  if (o->first) view_add(S, o);
  return results_check(S, ast_kid(o->decl, AST_CIRCUIT_results), out, &out, o->name) ? out : S->error;
}

/* ---- blocks ----------------------------------------------------------------------------------- */

/* Binds the registers of a block to the qubits it is applied to. */
static bool bind_registers(Sema *S, const ObjectInfo *o, int n, const QubitsValue *operands, Span span) {
  const AstNode *regs = ast_kid(o->decl, AST_CIRCUIT_registers);
  const int want = regs != NULL ? regs->n : 0;
  if (n != want) {
    Diag *d = say(S, DIAG_GATE, span, "`%s` is applied to %d register%s, but stands on %d", o->name, n,
                  n == 1 ? "" : "s", want);
    if (regs != NULL) diag_label(d, regs->span, "declared here");
    return false;
  }
  for (int i = 0; i < n; i++) {
    const AstNode *p = regs->kids[i], *dims = ast_kid(p, AST_PATTERN_dims);
    const int size = operands[i].n;
    const AstNode *dim = dims != NULL && dims->n == 1 ? dims->kids[0] : NULL;
    if (dim != NULL && dim->kind == AST_NAME && scope_find_here(S->scope, dim->name) == NULL &&
        scope_find(o->scope, dim->name) == NULL)
      declare(S, dim->name, dim->span, BIND_SIZE, val_int(S, size, dim->span));
    int need = 1;
    if (!register_size(S, p, &need)) return false;
    if (need != size) {
      Diag *d = say(S, DIAG_GATE, span, "`%s` stands on %d qubit%s here, but is applied to %d", o->name, need,
                    need == 1 ? "" : "s", size);
      diag_label(d, p->span, "declared here");
      return false;
    }
    declare_register(S, p, size, operands[i].at);
  }
  return true;
}

void apply_block(Sema *S, ObjectInfo *o, const Value *const *inputs, int n_inputs, int n,
                 const QubitsValue *operands, Span span) {
  if (o->building) {
    say(S, DIAG_RECURSION, span, "`%s` applies itself", o->name);
    return;
  }
  const Sema saved = *S;
  const Call call = {S->call, span, o->name, o};
  const AstNode *params = ast_kid(o->decl, AST_CIRCUIT_params);
  ObjectBuild build = {.object = o};
  if (S->circuit->object != o) S->call = &call;
  S->scope = scope_new(S, o->scope, false);
  S->object = &build;
  o->building = true;
  bool ok = true;
  for (int i = 0; i < n_inputs; i++) {
    const AstNode *p = params->kids[i];
    const Value *v = inputs[i] != NULL ? inputs[i] : eval(S, ast_kid(p, AST_PATTERN_def));
    v = pattern_bind(S, p, v, o->scope, o->name);
    if (val_is_error(v)) ok = false;
    declare(S, p->name, p->name_span, BIND_ARG, v);
  }
  if (ok && bind_registers(S, o, n, operands, span)) walk_stmts(S, ast_kid(o->decl, AST_CIRCUIT_body));
  o->building = false;
  scope_pop(S, saved.scope);
  S->call = saved.call;
  S->object = saved.object;
}

/* The check of a block where it is declared: applied to made-up registers. */
const Value *block_check(Sema *S, ObjectInfo *o, const Value *const *inputs, int n) {
  const Sema saved = *S;
  CircuitBuild build = {.object = o};
  const AstNode *regs = ast_kid(o->decl, AST_CIRCUIT_registers);
  const int n_regs = regs != NULL ? regs->n : 0;
  QubitsValue *operands = ARENA_ARRAY(S->a, QubitsValue, n_regs + 1);
  S->circuit = &build;
  S->place = PLACE_CIRCUIT;
  S->scope = scope_new(S, o->scope, false);
  const AstNode *params = ast_kid(o->decl, AST_CIRCUIT_params);
  for (int i = 0; i < n; i++)
    if (!val_is_error(inputs[i]))
      declare(S, params->kids[i]->name, params->kids[i]->name_span, BIND_ARG,
              pattern_bind(S, params->kids[i], inputs[i], o->scope, o->name));
  bool ok = true;
  for (int i = 0; i < n_regs && ok; i++) {
    int size = 1;
    ok = register_size(S, regs->kids[i], &size);
    int *at = ARENA_ARRAY(S->a, int, size);
    for (int k = 0; k < size; k++) at[k] = build.n_qubits++;
    vec_push(S->a, &build.registers, register_view(regs->kids[i], size));
    operands[i] = (QubitsValue){size, at, false, sym_text(regs->kids[i]->name)};
  }
  S->scope = saved.scope;
  const int errors = S->sink->n_errors;
  if (ok) apply_block(S, o, inputs, n, n_regs, operands, o->decl->name_span);
  if (ok && S->sink->n_errors == errors) view_add(S, o);
  S->circuit = saved.circuit;
  S->place = saved.place;
  return S->error;
}

/* ---- angles ----------------------------------------------------------------------------------------- */

/* Where one element of a sample comes from: scale * element e of the node's sample + shift. A trace
 * ends at a MARK: derivatives may be taken there. */
typedef struct Trace {
  NodeId id;
  int lift;
  int64_t e;
  double scale, shift;
} Trace;

static void unravel(const Shape *s, int lift, int64_t e, int64_t *at) {
  for (int i = s->rank - 1; i >= lift; i--) {
    at[i] = e % s->d[i].n;
    e /= s->d[i].n;
  }
}

static int64_t ravel(const Shape *s, int lift, const int64_t *at) {
  int64_t e = 0;
  for (int i = lift; i < s->rank; i++) e = e * s->d[i].n + at[i];
  return e;
}

/* One step back through an operation that moves elements. False: the trace ends here. */
static bool step_move(const Graph *g, Trace *t, const Node *n) {
  const Node *in = g_node(g, n->in[0]);
  int64_t at[SHAPE_MAX_RANK] = {0}, from[SHAPE_MAX_RANK] = {0};
  const bool rows = t->lift != 0;
  if (rows && (in->shape.rank == 0 || !dim_equal(in->shape.d[0], n->shape.d[0]))) return false;
  unravel(&n->shape, t->lift, t->e, at);
  if (n->op == OP_SLICE) {
    if (rows && n->attr.i[0] == 0) return false;
    memcpy(from, at, sizeof from);
    from[n->attr.i[0]] += n->attr.i[1];
  } else if (n->op == OP_TRANSPOSE) {
    if (rows && n->attr.i[0] != 0) return false;
    for (int i = t->lift; i < n->shape.rank; i++) from[n->attr.i[i]] = at[i];
  } else if (n->op == OP_STRETCH) {
    for (int i = t->lift; i < in->shape.rank; i++) from[i] = dim_is_one(in->shape.d[i]) ? 0 : at[i];
  }
  t->e = n->op == OP_RESHAPE ? t->e : ravel(&in->shape, t->lift, from);
  t->id = n->in[0];
  return true;
}

static bool step_concat(const Graph *g, Trace *t, const Node *n) {
  const int axis = (int)n->attr.i[0];
  if (t->lift != 0 && axis == 0) return false;
  int64_t at[SHAPE_MAX_RANK] = {0};
  unravel(&n->shape, t->lift, t->e, at);
  for (int k = 0; k < n->n_in; k++) {
    const Node *in = g_node(g, n->in[k]);
    if (at[axis] >= in->shape.d[axis].n) {
      at[axis] -= in->shape.d[axis].n;
      continue;
    }
    t->id = n->in[k];
    t->e = ravel(&in->shape, t->lift, at);
    return true;
  }
  return false;
}

/* One step back through + - * / with a constant. */
static bool step_affine(const Graph *g, Trace *t, const Node *n) {
  const Node *a = g_node(g, n->in[0]), *b = g_node(g, n->in[1]);
  const bool left = a->op == OP_CONST;
  if (!left && b->op != OP_CONST) return false;
  const double c = left ? a->attr.f[0] : b->attr.f[0];
  const Node *other = left ? b : a;
  if (!shape_equal(&other->shape, &n->shape) || (n->op == OP_DIV && left)) return false;
  if (n->op == OP_ADD) t->shift += t->scale * c;
  else if (n->op == OP_SUB && left) {
    t->shift += t->scale * c;
    t->scale = -t->scale;
  } else if (n->op == OP_SUB) t->shift -= t->scale * c;
  else if (n->op == OP_MUL) t->scale *= c;
  else t->scale /= c;
  t->id = left ? n->in[1] : n->in[0];
  return true;
}

static bool step_back(const Graph *g, Trace *t) {
  const Node *n = g_node(g, t->id);
  if (n->op == OP_NEG) {
    t->scale = -t->scale;
    t->id = n->in[0];
    return true;
  }
  if (n->op == OP_SLICE || n->op == OP_RESHAPE || n->op == OP_TRANSPOSE || n->op == OP_STRETCH)
    return step_move(g, t, n);
  if (n->op == OP_CONCAT) return step_concat(g, t, n);
  if (n->op == OP_ADD || n->op == OP_SUB || n->op == OP_MUL || n->op == OP_DIV) return step_affine(g, t, n);
  return false;
}

int circuit_input(Sema *S, NodeId id, int lift) {
  CircuitBuild *c = S->circuit;
  for (int i = 0; i < c->inputs.n; i++)
    if (c->inputs.at[i] == id && c->rows.at[i] == (lift != 0)) return i;
  const Shape *s = &g_node(graph_now(S), id)->shape;
  vec_push(S->a, &c->inputs, id);
  vec_push(S->a, &c->rows, lift != 0);
  vec_push(S->a, &c->sizes, lift != 0 ? shape_row_size(s) : shape_capacity(s));
  return c->inputs.n - 1;
}

bool circuit_constant(Sema *S, const Tensor *t, int64_t element, double *out) {
  const Graph *g = graph_now(S);
  Trace tr = {t->node, t->lift, element, 1, 0};
  while (step_back(g, &tr)) continue;
  const Node *n = g_node(g, tr.id);
  if (n->op != OP_CONST) return false;
  *out = tr.scale * n->attr.f[0] + tr.shift;
  return true;
}

bool circuit_angle(Sema *S, const Tensor *t, int64_t element, AngleRef *out) {
  const Graph *g = graph_now(S);
  Trace tr = {t->node, t->lift, element, 1, 0};
  while (step_back(g, &tr)) continue;
  const Node *n = g_node(g, tr.id);
  if (n->op == OP_CONST) {
    *out = (AngleRef){-1, 0, 0, tr.scale * n->attr.f[0] + tr.shift};
    return true;
  }
  if (tr.scale == 0) {
    *out = (AngleRef){-1, 0, 0, tr.shift};
    return true;
  }
  *out = (AngleRef){circuit_input(S, tr.id, tr.lift), (int)tr.e, tr.scale, tr.shift};
  return true;
}
