/* What a declared circuit or model cannot show: parameters and qubits that no result depends on, inputs that
 * it ignores, gates that undo each other. All of it by structure, from the graph of its first elaboration. */
#include "lang/sema/walk.h"
#include <string.h>
#include "lang/ir/light_cone.h"

enum { COMMUTES = 1, IDLE = 2 }; /* why an angle changes nothing (light_cone.h) */

typedef struct Reach {
  Sema *S;
  const Graph *g;
  bool *node;   /* a result depends on it, */
  bool **param; /* and on which elements of a PARAM; NULL elsewhere */
  bool **turns; /* by PARAM: the elements that are an angle of a gate, in vain or not; NULL: none */
  Span *dead;   /* [nodes]: a gate in vain whose angle it is, */
  uint64_t *in; /* and the qubits of all of them; */
  int *why;     /* COMMUTES, IDLE */
  uint64_t touched, reached;
  int n_qubits;
} Reach;

static void mark_element(Reach *r, NodeId id, int64_t element) {
  const Node *n = g_node(r->g, id);
  if (n->op != OP_PARAM || r->node[id]) {
    r->node[id] = true;
    return;
  }
  if (r->param[id] == NULL) r->param[id] = ARENA_ARRAY(r->S->a, bool, shape_capacity(&n->shape) + 1);
  r->param[id][element] = true;
}

/* How many angles of the use refer to inputs, as far as it has any; given gates mark the others. */
static int n_angles(const GateUse *u) {
  if (u->channel != CHANNEL_NONE) return channel_n_params(u->channel);
  return gate_info[u->gate].given ? GATE_MAX_ANGLES : gate_info[u->gate].n_angles;
}

static void note_dead(Reach *r, NodeId id, const GateUse *u, int why) {
  r->dead[id] = u->span;
  r->why[id] |= why;
  for (int q = 0; q < u->n_controls + u->n_targets; q++) r->in[id] |= (uint64_t)1 << u->qubit[q];
}

static void note_angle(Reach *r, NodeId id, int64_t element) {
  const Node *n = g_node(r->g, id);
  if (n->op != OP_PARAM) return;
  if (r->turns[id] == NULL) r->turns[id] = ARENA_ARRAY(r->S->a, bool, shape_capacity(&n->shape) + 1);
  r->turns[id][element] = true;
}

static void mark_circuit(Reach *r, const Node *n) {
  const CircuitProgram *c = n->attr.p;
  const LightCone cone = light_cone(r->S->a, c);
  r->touched |= cone.touched, r->reached |= cone.reached, r->n_qubits = c->n_qubits;
  for (int i = 0; i < c->gates.n; i++)
    for (int k = 0; k < n_angles(&c->gates.at[i]); k++) {
      const AngleRef *a = &c->gates.at[i].angle[k];
      if (a->source < 0 || a->source >= n->n_in) continue;
      const NodeId in = n->in[a->source];
      const int at = i * GATE_MAX_ANGLES + k;
      note_angle(r, in, a->element);
      if (!cone.angle[at]) note_dead(r, in, &c->gates.at[i], cone.idle[at] ? IDLE : COMMUTES);
      else mark_element(r, in, a->element);
    }
}

static void mark_results(Reach *r, const Value *v) {
  if (v->kind == VAL_TENSOR && v->u.tensor->g == r->g) r->node[v->u.tensor->node] = true;
  const bool list = v->kind == VAL_LIST || v->kind == VAL_TUPLE;
  for (int i = 0; list && i < v->u.list.n; i++) mark_results(r, v->u.list.at[i]);
}

static bool flow(Reach *r, const Value *results) {
  const int n = g_count(r->g);
  r->node = ARENA_ARRAY(r->S->a, bool, n + 1);
  r->param = ARENA_ARRAY(r->S->a, bool *, n + 1);
  r->turns = ARENA_ARRAY(r->S->a, bool *, n + 1);
  r->dead = ARENA_ARRAY(r->S->a, Span, n + 1);
  r->in = ARENA_ARRAY(r->S->a, uint64_t, n + 1);
  r->why = ARENA_ARRAY(r->S->a, int, n + 1);
  mark_results(r, results);
  bool any = false;
  for (NodeId id = n - 1; id >= 0; id--) {
    const Node *at = g_node(r->g, id);
    if (!r->node[id]) continue;
    any = true;
    if (at->op == OP_CIRCUIT) mark_circuit(r, at);
    else
      for (int i = 0; i < at->n_in; i++) r->node[at->in[i]] = true;
  }
  return any;
}

/* ---- parameters -------------------------------------------------------------------------------- */

typedef struct DeadParams {
  int64_t all, dead, unused;
  uint64_t qubits; /* of the gates that they turn */
  int why;
  Span place;
  const char *list;
} DeadParams;

static const char *element_text(Sema *S, const char *key, const Shape *s, int64_t element) {
  const char *out = "";
  int64_t at[SHAPE_MAX_RANK];
  for (int k = s->rank - 1; k >= 0; k--) at[k] = element % s->d[k].n, element /= s->d[k].n;
  for (int k = 0; k < s->rank; k++)
    out = arena_printf(S->a, "%s%s%lld", out, k > 0 ? ", " : "", (long long)at[k]);
  return s->rank == 0 ? key : arena_printf(S->a, "%s[%s]", key, out);
}

/* "θ[2, :, 1]" where the elements that are not live fill a block; NULL else. */
static const char *block_text(Sema *S, const char *key, const Shape *s, const bool *live, int64_t dead) {
  int64_t low[SHAPE_MAX_RANK], high[SHAPE_MAX_RANK] = {0}, inside = 1;
  for (int k = 0; k < s->rank; k++) low[k] = s->d[k].n;
  for (int64_t e = 0; e < shape_capacity(s); e++)
    for (int64_t k = s->rank - 1, rest = e; !live[e] && k >= 0; k--) {
      const int64_t at = rest % s->d[k].n;
      rest /= s->d[k].n;
      if (at < low[k]) low[k] = at;
      if (at + 1 > high[k]) high[k] = at + 1;
    }
  const char *out = "";
  for (int k = 0; k < s->rank; k++) {
    const long long from = (long long)low[k], to = (long long)high[k];
    inside *= high[k] - low[k];
    const char *axis = to - from == 1          ? arena_printf(S->a, "%lld", from)
                       : to - from < s->d[k].n ? arena_printf(S->a, "%lld..%lld", from, to)
                                               : ":";
    out = arena_printf(S->a, "%s%s%s", out, k > 0 ? ", " : "", axis);
  }
  if (inside != dead) return NULL;
  return dead == shape_capacity(s) ? key : arena_printf(S->a, "%s[%s]", key, out);
}

#define MOST_LISTED 4

/* The elements that are not live, as the script would write them. */
static const char *dead_text(Sema *S, const char *key, const Shape *s, const bool *live, int64_t dead) {
  const char *out = block_text(S, key, s, live, dead);
  if (out != NULL) return out;
  out = "";
  int n = 0;
  for (int64_t e = 0; e < shape_capacity(s) && n <= MOST_LISTED; e++) {
    if (live[e]) continue;
    out = n++ == MOST_LISTED
              ? arena_printf(S->a, "%s, ...", out)
              : arena_printf(S->a, "%s%s%s", out, n > 1 ? ", " : "", element_text(S, key, s, e));
  }
  return out;
}

/* A param without any use is W0101's to say. */
static bool has_use(const Graph *g, NodeId id) {
  for (NodeId k = id + 1; k < g_count(g); k++)
    for (int i = 0; i < g_node(g, k)->n_in; i++)
      if (g_node(g, k)->in[i] == id) return true;
  return false;
}

/* Is it read by circuits alone where a result depends on it, so that what no gate turns by has no use? */
static bool only_angles(const Reach *r, NodeId id) {
  for (NodeId k = id + 1; k < g_count(r->g); k++)
    for (int i = 0; r->node[k] && i < g_node(r->g, k)->n_in; i++)
      if (g_node(r->g, k)->in[i] == id && g_node(r->g, k)->op != OP_CIRCUIT) return false;
  return true;
}

static void count_dead(Reach *r, const Part *part, DeadParams *d) {
  Sema *S = r->S;
  const Slot *slot = &S->p->slots.at[part->slot];
  if (slot->kind != SLOT_PARAM) return;
  const int64_t size = shape_capacity(&slot->shape);
  bool *live = ARENA_ARRAY(S->a, bool, size + 1), whole = false, any = false, only = true;
  bool *turns = ARENA_ARRAY(S->a, bool, size + 1);
  Span gate = {0};
  int64_t dead = 0;
  int why = 0;
  for (NodeId id = 0; id < g_count(r->g); id++) {
    const Node *n = g_node(r->g, id);
    if (n->op != OP_PARAM || n->attr.i[0] != part->slot) continue;
    whole = whole || r->node[id], any = any || has_use(r->g, id);
    if (r->dead[id].end != 0) gate = r->dead[id];
    d->qubits |= r->in[id], why |= r->why[id];
    only = only && only_angles(r, id);
    for (int64_t e = 0; r->param[id] != NULL && e < size; e++) live[e] = live[e] || r->param[id][e];
    for (int64_t e = 0; r->turns[id] != NULL && e < size; e++) turns[e] = turns[e] || r->turns[id][e];
  }
  d->all += size;
  for (int64_t e = 0; any && !whole && e < size; e++) {
    dead += !live[e];
    d->unused += only && !live[e] && !turns[e];
  }
  if (dead == 0) return;
  if (d->dead == 0) d->place = gate.end != 0 && !span_in_library(gate) && d->unused == 0 ? gate : slot->span;
  const char *list = dead_text(S, src_of_span(S, slot->span), &slot->shape, live, dead);
  d->list = d->dead == 0 ? list : arena_printf(S->a, "%s, %s", d->list, list);
  d->dead += dead, d->why |= why;
}

static const char *reason(int why) {
  if (why == IDLE)
    return "the qubits are in a basis state there still, where these rotations turn a phase that nothing shows";
  if ((why & IDLE) == 0)
    return "between these angles and the measurement stands only what commutes with their rotations";
  return "some turn qubits that are in a basis state still; between the others and the measurement stands only "
         "what commutes with their rotations";
}

static void say_dead(Reach *r, const ObjectInfo *o) {
  DeadParams d = {0};
  for (int i = 0; i < o->parts.n; i++)
    if (o->parts.at[i].part == NULL) count_dead(r, &o->parts.at[i], &d);
  if (d.dead == 0) return;
  if (d.qubits != 0 && (d.qubits & r->touched & r->reached) == 0) return; /* said of the qubits */
  Diag *diag = diag_add(r->S->sink, DIAG_DEAD_PARAMS, d.place,
                        "%lld of the %lld parameters of `%s` can never change its result", (long long)d.dead,
                        (long long)d.all, o->name);
  diag_mark(diag, "%s", d.list);
  if (d.unused == d.dead) diag_note(diag, "no gate turns by them");
  else if (d.unused > 0)
    diag_note(diag, "no gate turns by %lld of them; of the others: %s", (long long)d.unused, reason(d.why));
  else diag_note(diag, "%s", reason(d.why));
  diag_help(diag, "%s; `# allow W0312` on this line keeps it quiet",
            d.unused == d.dead ? "leave them out of its shape"
            : d.why == IDLE    ? "begin with a rotation about another axis"
                               : "measure another operator as well, or end with another rotation");
}

/* "3", or "b[1]" where there are several registers; NULL for one that only keeps an outcome. */
static const char *qubit_text(Sema *S, const ObjectInfo *o, int q) {
  const AstNode *registers = ast_kid(o->decl, AST_CIRCUIT_registers);
  const CircuitView *v = NULL;
  for (int i = 0; i < S->p->circuits.n; i++)
    if (strcmp(S->p->circuits.at[i].name, o->path) == 0) v = &S->p->circuits.at[i];
  for (int i = 0, first = 0; v != NULL && i < v->registers.n; first += v->registers.at[i++].n) {
    const ViewRegister *x = &v->registers.at[i];
    if (q >= first + x->n) continue;
    if (registers == NULL || registers->n < 2) return arena_printf(S->a, "%d", q);
    return x->is_single ? x->name : arena_printf(S->a, "%s[%d]", x->name, q - first);
  }
  return v == NULL ? arena_printf(S->a, "%d", q) : NULL;
}

static void say_qubits(Reach *r, const ObjectInfo *o) {
  const uint64_t lost = r->touched & ~r->reached;
  const char *list = "";
  int n = 0;
  for (int q = 0; q < r->n_qubits; q++) {
    const char *name = (lost >> q & 1) != 0 ? qubit_text(r->S, o, q) : NULL;
    if (name != NULL) list = arena_printf(r->S->a, "%s%s%s", list, n++ > 0 ? ", " : "", name);
  }
  if (n == 0) return;
  Diag *d = diag_add(r->S->sink, DIAG_LOST_QUBITS, o->decl->name_span,
                     "qubit%s %s of `%s` cannot reach the measurement", n > 1 ? "s" : "", list, o->name);
  const char *it = n > 1 ? "them" : "it";
  diag_help(d, "entangle %s with what is measured, measure %s, or leave %s out", it, it, it);
}

/* ---- inputs --------------------------------------------------------------------------------------- */

static void say_inputs(Reach *r, const ObjectInfo *o) {
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  for (NodeId id = 0; id < g_count(r->g); id++) {
    const Node *n = g_node(r->g, id);
    const int64_t i = n->op == OP_DRAW ? -1 - n->attr.i[1] : -1;
    if (i < 0 || r->node[id] || params == NULL || i >= params->n) continue;
    const AstNode *p = params->kids[i];
    const char *name = sym_text(p->name);
    if (name[0] == '_') continue;
    Diag *d = diag_add(r->S->sink, DIAG_IGNORED_INPUT, p->span,
                       "the result of `%s` does not depend on its input `%s`", o->name, name);
    if (r->dead[id].end != 0) diag_label(d, r->dead[id], "this cannot reach the measurement");
    diag_help(d, "use it, or leave it out of the signature");
  }
}

/* ---- gates that undo each other -------------------------------------------------------------------- */

static bool same_angles(const GateUse *a, const GateUse *b, double sign) {
  for (int i = 0; i < gate_info[a->gate].n_angles; i++) {
    const AngleRef *x = &a->angle[i], *y = &b->angle[i];
    if (x->source != y->source || x->element != y->element || x->shift != sign * y->shift) return false;
    if (x->source >= 0 && x->scale != sign * y->scale) return false;
  }
  return true;
}

static bool undoes(const GateUse *a, const GateUse *b) {
  const int n = a->n_controls + a->n_targets;
  if (a->channel != CHANNEL_NONE || b->channel != CHANNEL_NONE || gate_info[a->gate].given) return false;
  if (a->n_controls != b->n_controls || n != b->n_controls + b->n_targets) return false;
  if (memcmp(a->qubit, b->qubit, (size_t)n) != 0) return false;
  if (memcmp(a->control_on, b->control_on, (size_t)a->n_controls) != 0) return false;
  const char *rule = gate_info[a->gate].inverse;
  if (a->inverse != b->inverse) return a->gate == b->gate && same_angles(a, b, 1);
  if (strcmp(rule, "self") == 0) return a->gate == b->gate;
  if (strcmp(rule, "negate") == 0) return a->gate == b->gate && same_angles(a, b, -1);
  return gate_find(rule) == b->gate;
}

static bool meet(const GateUse *a, const GateUse *b) {
  for (int i = 0; i < a->n_controls + a->n_targets; i++)
    for (int k = 0; k < b->n_controls + b->n_targets; k++)
      if (a->qubit[i] == b->qubit[k]) return true;
  return false;
}

/* Two gates of the script's own text, at different places: a loop or an inverse may mean it. */
void warn_cancelling(Sema *S, const CircuitProgram *c) {
  bool *gone =
      ARENA_ARRAY(S->a, bool, c->gates.n + 1); /* the second of three equal gates goes with the first */
  uint32_t said = UINT32_MAX;                  /* a line over a register is said once */
  for (int i = 0; i < c->gates.n; i++) {
    const GateUse *a = &c->gates.at[i], *b = NULL;
    int at = i + 1;
    for (; at < c->gates.n && b == NULL; at++)
      if (meet(a, &c->gates.at[at])) b = &c->gates.at[at];
    if (b == NULL || gone[i] || a->gate == GATE_ID || !undoes(a, b) || a->inverse || b->inverse) continue;
    if (a->span.begin == b->span.begin || span_in_library(a->span) || span_in_library(b->span)) continue;
    gone[at - 1] = true;
    if (b->span.begin == said) continue;
    said = b->span.begin;
    Diag *d = diag_add(S->sink, DIAG_CANCELS, b->span, "`%s` undoes the `%s` before it",
                       gate_info[b->gate].name, gate_info[a->gate].name);
    diag_label(d, a->span, "on the same qubits, with nothing between");
    diag_help(d, "leave both out; `# allow W0314` on this line keeps it quiet");
  }
}

void warn_reach(Sema *S, const ObjectInfo *o, const Graph *g) {
  Reach r = {.S = S, .g = g};
  if (o->copies != NULL || o->view_of != NULL) return; /* what is copied was looked at */
  if (o->is_block || o->results == NULL || val_is_error(o->results) || span_in_library(o->decl->span)) return;
  if (!flow(&r, o->results)) return;
  if (o->is_circuit) {
    say_qubits(&r, o);
    say_dead(&r, o);
  }
  say_inputs(&r, o);
}
