/* `minimize L over M` where M's optimizer is handed L itself and evaluates it several times on the same
 * minibatch and draws (lbfgs, spsa, rotosolve): L is made again in a block of its own, which the optimizer
 * runs as often as it likes. */
#include <string.h>
#include "lang/sema/minimize.h"

bool optim_searches(const Sema *S, const TrainOptim *o) {
  const Train *t = &S->p->trains.at[S->train->index];
  return optim_info[t->optimizers.at[o->optimizer].optim].status == OPTIM_IS_SEARCH;
}

/* ---- rotosolve: is the loss a sine along every weight? ------------------------------------------------- */

/* FREE: no trained weight in it; ANGLE: a trained tensor as it is; LINEAR: in the results of circuits. */
typedef enum SineClass { FREE, ANGLE, LINEAR, OTHER } SineClass;

typedef struct Sine {
  const Graph *g;
  SineClass *cls;
  NodeId where;
  const char *why;
} Sine;

static SineClass refuse(Sine *s, NodeId id, const char *why) {
  if (s->why == NULL) s->where = id, s->why = why;
  return OTHER;
}

/* The angles of a circuit that trained tensors give: each element once, by itself, in a plain rotation. */
static SineClass sine_of_circuit(Sine *s, NodeId id) {
  const Node *n = g_node(s->g, id);
  const CircuitProgram *c = n->attr.p;
  for (int k = 0; k < n->n_in; k++)
    if (s->cls[n->in[k]] == LINEAR) return refuse(s, id, "an angle here is computed from the weights");
  for (int i = 0; i < c->gates.n; i++)
    for (int a = 0; a < gate_info[c->gates.at[i].gate].n_angles; a++) {
      const GateUse *use = &c->gates.at[i];
      const AngleRef *angle = &use->angle[a];
      if (angle->source < 0 || s->cls[n->in[angle->source]] != ANGLE) continue;
      if (gate_info[use->gate].n_angles > 1 || use->n_controls > 0 ||
          strcmp(gate_info[use->gate].spectrum, "1") != 0)
        return refuse(s, id, "a gate here has more than one frequency");
      if (angle->scale != 1 && angle->scale != -1)
        return refuse(s, id, "an angle here is a multiple of a weight");
      for (int j = 0; j < i; j++)
        if (c->gates.at[j].angle[0].source == angle->source &&
            c->gates.at[j].angle[0].element == angle->element)
          return refuse(s, id, "a weight is the angle of several gates here");
    }
  return LINEAR;
}

static SineClass sine_class(Sine *s, NodeId id, int n_weights, const int *weights) {
  const Node *n = g_node(s->g, id);
  if (n->op == OP_PARAM) return slot_in((int)n->attr.i[0], n_weights, weights) ? ANGLE : FREE;
  int linear = 0, angles = 0, first = -1;
  for (int k = 0; k < n->n_in; k++) {
    const SineClass c = s->cls[n->in[k]];
    if (c == OTHER) return OTHER;
    linear += c == LINEAR, angles += c == ANGLE;
    if (c == LINEAR && first < 0) first = k;
  }
  if (linear + angles == 0 || op_info[n->op].diff == OPDIFF_NOGRAD) return FREE;
  if (n->op == OP_CIRCUIT) return sine_of_circuit(s, id);
  const bool as_it_is = n->op == OP_MARK || n->op == OP_RESHAPE;
  if (as_it_is) return angles > 0 ? ANGLE : LINEAR;
  if (angles > 0) return refuse(s, id, "a weight is used here outside of the angle of a gate");
  const bool one = n->op == OP_NEG || n->op == OP_SUM || n->op == OP_STRETCH || n->op == OP_SLICE ||
                   n->op == OP_TRANSPOSE || n->op == OP_PAD || n->op == OP_CONCAT;
  const bool two = n->op == OP_ADD || n->op == OP_SUB ||
                   ((n->op == OP_MUL || n->op == OP_MATMUL) && linear == 1) ||
                   (n->op == OP_DIV && linear == 1 && first == 0);
  return one || two ? LINEAR : refuse(s, id, "this is not linear in what the circuit measures");
}

static bool is_a_sine(Sema *S, const Minimize *m, const char *name) {
  const Node *loss = g_node(graph_now(S), m->loss->u.tensor->node);
  const NodeId last = m->loss->u.tensor->node;
  Sine s = {.g = graph_now(S), .cls = ARENA_ARRAY(S->a, SineClass, last + 1), .where = NODE_NONE};
  bool *need = ARENA_ARRAY(S->a, bool, last + 1);
  need[last] = true;
  for (NodeId id = last; id >= 0; id--)
    for (int k = 0; need[id] && k < g_node(s.g, id)->n_in; k++) need[g_node(s.g, id)->in[k]] = true;
  for (NodeId id = 0; id <= last; id++)
    if (need[id]) s.cls[id] = sine_class(&s, id, m->n_weights, m->weights);
  if (s.why == NULL) return true;
  const Node *at = s.where != NODE_NONE ? g_node(s.g, s.where) : loss;
  Diag *d =
      say(S, DIAG_SEARCHER, m->n->span,
          "`rotosolve` needs a loss that is a sine along each weight, but this is none along those of `%s`",
          name);
  diag_label(d, at->span, "%s", s.why);
  diag_help(d, "`lbfgs()` or `spsa(0.1)` take any loss, `adam(0.1)` any with a derivative");
  return false;
}

/* ---- the statement ----------------------------------------------------------------------------------- */

static bool search_fits(Sema *S, const Minimize *m, const char *optim) {
  const AstNode *clip = ast_kid(m->n, AST_MINIMIZE_clip), *per = ast_kid(m->n, AST_MINIMIZE_per);
  if (clip != NULL || per != NULL) {
    const Span at = clip != NULL ? clip->span : per->span;
    Diag *d = say(S, DIAG_SEARCHER, at, "`%s` evaluates the loss itself, so `%s` has no gradient to work on",
                  optim, clip != NULL ? "clip" : "per");
    diag_help(d, "leave it out, or take an optimizer that steps along a gradient, like `adam(1e-3)`");
    return false;
  }
  if (m->list->n > 1) {
    Diag *d = say(S, DIAG_SEARCHER, ast_kid(m->n, AST_MINIMIZE_over)->span,
                  "`%s` trains one object at a time, but here are %d", optim, m->list->n);
    diag_help(d, "make them parts of one `model`, and train that");
    return false;
  }
  return strcmp(optim, "rotosolve") != 0 || is_a_sine(S, m, m->list->at[0].name);
}

/* The loss, and for lbfgs its gradient, in the block's graph; false after an error. */
static bool search_block(Sema *S, const Minimize *m, Graph *from, bool gradient, Search *out) {
  const Value *loss = loss_again(S, m, from, NULL);
  if (loss == NULL) return false;
  out->loss = tensor_export(S, loss->u.tensor, arena_printf(S->a, "%s.%s.value", S->train->name, m->name));
  if (!gradient) return true;
  const Value *b = minimize_gradient(S, m, loss);
  if (b == NULL) return false;
  const NodeId *nodes = bundle_nodes(S, b);
  int *slots = ARENA_ARRAY(S->a, int, m->n_weights + 1);
  for (int k = 0; k < m->n_weights; k++) {
    const Slot *w = &S->p->slots.at[m->weights[k]];
    const Shape shape = w->shape;
    slots[k] = slot_new(S, SLOT_VALUE, arena_printf(S->a, "%s.%s.gradient", S->train->name, w->name), &shape,
                        ELEM_REAL, m->n->span);
    g_store(graph_now(S), nodes[k], slots[k], m->n->span);
  }
  out->gradients = slots;
  return true;
}

void minimize_search(Sema *S, Minimize *m) {
  const TrainOptim *o = m->list->at[0].optim;
  const int row = S->p->trains.at[S->train->index].optimizers.at[o->optimizer].optim;
  if (!search_fits(S, m, optim_info[row].name)) return;
  Search out = {.train = S->train->index,
                .optimizer = o->optimizer,
                .n = m->n_weights,
                .weights = m->weights,
                .sign = m->n->op == '+' ? -1 : 1};
  Block *body = ARENA_NEW(S->a, Block);
  Region inner = {.block = body}, *outer = S->region;
  Graph *from = graph_now(S);
  S->region = &inner;
  const bool ok = search_block(S, m, from, row == OPTIM_LBFGS, &out);
  region_close(S);
  S->region = outer;
  if (!ok) return;
  vec_push(S->a, &S->p->searches, out);
  Stmt *s = block_push(S, STMT_SEARCH, m->n->span);
  s->index = S->p->searches.n - 1;
  s->block = body;
  for (int k = 0; k < m->n_weights; k++) vec_push(S->a, &S->updates, m->weights[k]);
  const Shape scalar = shape_scalar();
  const int64_t epochs = S->p->trains.at[S->train->index].epochs;
  const int series = train_series(S, m->name, &scalar, epochs, true, 1, 1, m->n->span);
  minimize_follow(S, m, series);
  Stmt *loss = block_push(S, STMT_LOSS, m->n->span);
  loss->slot = out.loss;
  loss->series = series;
}
