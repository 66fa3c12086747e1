/* Where a value that is not finite comes from. A step leaves its slots as they were, and draws are counted,
 * so what failed can be run once more, looking at every node: first the region that saw it, then, if it came
 * in by a slot, the region that filled the slot. Updates are not repeated. */
#include <math.h>
#include "runtime/exec/run_state.h"

#define BLAME_DEPTH 16 /* slots gone back at most */

typedef struct Found {
  const Graph *graph;
  NodeId node;     /* NODE_NONE: nothing found */
  int64_t row;     /* in the minibatch, -1: none */
  int64_t element; /* of the row, or of all */
} Found;

static bool hunt_slot(Run *r, const Block *b, int slot, int depth, Found *f);

static const Block *step_of(const Run *r) {
  return r->train >= 0 ? &r->program->trains.at[r->train].step : NULL;
}

static bool stores(const Graph *g, int slot) {
  for (NodeId id = 0; id < g_count(g); id++)
    if (g_node(g, id)->op == OP_STORE && g_node(g, id)->attr.i[0] == slot) return true;
  return false;
}

/* A slot of another region that the node reads and that is not finite itself; -1 if there is none. */
static int bad_input(const Run *r, const Graph *g, const Node *n) {
  for (int k = 0; k < n->n_in; k++) {
    const Node *in = g_node(g, n->in[k]);
    while (in->op == OP_RESHAPE) in = g_node(g, in->in[0]);
    if (in->op != OP_INPUT) continue;
    const int slot = (int)in->attr.i[0];
    if (!r->set->all_finite(r->slot_data[slot], run_slot_size(r, slot))) return slot;
  }
  return -1;
}

/* The first node of the region that is not finite; a slot that it reads is followed. */
static bool hunt_region(Run *r, const RegionPlan *p, int depth, Found *f) {
  const NotFinite at = region_find_not_finite(&r->env, p);
  const NodeId id = at.node;
  if (id == NODE_NONE) return false;
  const Shape *shape = &g_node(p->graph, id)->shape;
  const uint32_t count = shape->rank > 0 ? shape->d[0].count : 0;
  const bool joined =
      count != 0 && r->program->counts.at[count].kind == COUNT_SUM; /* rows of several values */
  *f = (Found){p->graph, id, joined ? -1 : at.row, at.element};
  const int slot = bad_input(r, p->graph, g_node(p->graph, id));
  if (slot >= 0 && depth < BLAME_DEPTH && step_of(r) != NULL)
    (void)hunt_slot(r, step_of(r), slot, depth + 1, f);
  return true;
}

/* The groups one after the other, with what they add up to set to 0. */
static bool hunt_groups(Run *r, const Stmt *s, int slot, int depth, Found *f) {
  const Grouping *g = &r->program->groupings.at[s->index];
  GroupState *state = &r->groups[s->index];
  for (int k = 0; k < g->to.n; k++)
    if (g->to.at[k] == slot) return hunt_slot(r, step_of(r), g->from.at[k], depth + 1, f);
  groups_clear(r, s->index);
  groups_find(r, s->index);
  for (int k = 0; k < state->n; k++) {
    groups_take(r, s->index, k);
    if (!hunt_slot(r, s->block, slot, depth, f)) continue;
    if (f->row >= 0) f->row = state->order[state->start[k] + f->row];
    return true;
  }
  return false;
}

static bool hunt_slot(Run *r, const Block *b, int slot, int depth, Found *f) {
  for (int k = 0; k < b->stmts.n; k++) {
    const Stmt *s = &b->stmts.at[k];
    if (s->kind == STMT_REGION && stores(s->graph, slot) &&
        hunt_region(r, run_region_plan(r, s->graph), depth, f))
      return true;
    if (s->kind == STMT_GROUPS && hunt_groups(r, s, slot, depth, f)) return true;
    if (s->kind != STMT_GROUPS && s->block && hunt_slot(r, s->block, slot, depth, f)) return true;
    if (s->other && hunt_slot(r, s->other, slot, depth, f)) return true;
  }
  return false;
}

/* ---- messages ------------------------------------------------------------------------------------- */

static void where_in_train(const Run *r, Diag *d) {
  if (r->train < 0) return;
  const Train *t = &r->program->trains.at[r->train];
  const TrainState *s = &r->trains[r->train];
  diag_note(d, "in `%s`: epoch %lld of %lld, batch %lld", t->name, (long long)s->counters[AT_EPOCH] + 1,
            (long long)t->epochs, (long long)s->counters[AT_BATCH] + 1);
}

/* The row of the data that stands at this place of the minibatch; -1 if rows are new every epoch. */
static int64_t data_row(const Run *r, int64_t sample) {
  if (r->train < 0) return -1;
  const Train *t = &r->program->trains.at[r->train];
  const TrainState *s = &r->trains[r->train];
  if (t->dataset < 0 || t->batch_count == 0 || r->program->datasets.at[t->dataset].redraw) return -1;
  if (sample >= r->counts[t->batch_count]) return -1;
  const int64_t at = s->counters[AT_BATCH] * t->batch + sample;
  return t->shuffle ? (int64_t)(uint32_t)s->order[at] : at;
}

static bool picks_by_label(const Node *n) { return n->op == OP_ONEHOT || n->op == OP_GATHER; }

/* What one-hot vectors and picked rows that are NaN say about their labels; false for other operations. */
static bool explain_label(const Graph *g, const Node *n, Diag *d) {
  if (!picks_by_label(n)) return false;
  const Dim classes = n->op == OP_ONEHOT ? n->shape.d[n->shape.rank - 1] : g_node(g, n->in[0])->shape.d[0];
  if (classes.count != 0) diag_note(d, "it picks by labels, and one of them is none");
  else
    diag_note(d, "it picks by labels, and one of them is no whole number from 0 to %lld",
              (long long)classes.n - 1);
  return true;
}

/* The first channel of a circuit whose strength is computed; NULL: there is none. */
static const GateUse *open_channel(const Node *n) {
  if (n->op != OP_CIRCUIT && n->op != OP_CIRCUIT_VJP) return NULL;
  const CircuitProgram *c = n->attr.p;
  for (int i = 0; c->open_noise && i < c->gates.n; i++) {
    const GateUse *u = &c->gates.at[i];
    for (int k = 0; u->channel != CHANNEL_NONE && k < GATE_MAX_ANGLES; k++)
      if (u->angle[k].source >= 0 && u->angle[k].scale != 0) return u;
  }
  return NULL;
}

/* A circuit whose noise is computed: its strengths are the likely reason. */
static bool noise_label(Diag *d, const Node *n) {
  const GateUse *u = open_channel(n);
  if (u == NULL) return false;
  diag_label(d, u->span, "the strength of `%s` is computed", channel_info[u->channel].name);
  diag_help(d, "a probability is in 0..1: keep it there, as `sigmoid(w)`");
  return true;
}

/* What `amplitude` puts in place of angles where the squares of computed amplitudes do not add up to 1. */
static bool guards_amplitudes(const Graph *g, const Node *n) {
  const Node *other = n->op == OP_SELECT ? g_node(g, n->in[2]) : NULL;
  return other != NULL && other->op == OP_CONST && isnan(other->attr.f[0]);
}

static bool amplitude_label(const Graph *g, const Node *n, Diag *d) {
  if (!guards_amplitudes(g, n)) return false;
  diag_note(d, "the squares of these amplitudes do not add up to 1");
  diag_help(d, "`amplitude(v, normalize = true)` divides them by their norm");
  return true;
}

/* The circuit in whose body this divides by what the circuit measured: post-selection. NULL: it does not. */
static const CircuitProgram *post_selects(const Graph *g, const Node *n) {
  if (n->op != OP_DIV) return NULL;
  const Node *d = g_node(g, n->in[1]);
  while (d->op != OP_CIRCUIT && d->n_in == 1) d = g_node(g, d->in[0]);
  const CircuitProgram *c = d->op == OP_CIRCUIT ? d->attr.p : NULL;
  return c != NULL && n->span.begin >= c->body.begin && n->span.end <= c->body.end ? c : NULL;
}

static bool selection_label(Diag *d, const Found *f, const Node *n) {
  const CircuitProgram *c = post_selects(f->graph, n);
  if (c == NULL) return false;
  const Node *divisor = g_node(f->graph, n->in[1]);
  int64_t sample = f->row;
  if (sample < 0 && n->shape.rank > 1 && divisor->shape.rank > 0)
    sample = f->element / shape_row_size(&n->shape);
  if (sample >= 0)
    diag_note(d, "the circuit `%s` divides by a probability that is 0 in sample %lld", sym_text(c->name),
              (long long)sample);
  else diag_note(d, "the circuit `%s` divides by a probability that is 0", sym_text(c->name));
  diag_help(d, "select outcomes that can occur, or divide by `max(p, 1e-12)`, which selects nothing there");
  return true;
}

static bool explain(Diag *d, const Found *f, const Node *n) {
  return explain_label(f->graph, n, d) || noise_label(d, n) || amplitude_label(f->graph, n, d) ||
         selection_label(d, f, n);
}

/* A region of the top level: nobody looks at its values but the script. What a circuit or a pick by labels
 * was given that it cannot take is refused; other values may be NaN or infinite, and are printed so. */
RunEnd blame_values(Run *r, const RegionPlan *p) {
  bool finite = true;
  for (NodeId id = 0; id < g_count(p->graph); id++) {
    const Node *n = g_node(p->graph, id);
    if (n->op != OP_STORE) continue;
    const int slot = (int)n->attr.i[0];
    finite = finite && r->set->all_finite(r->slot_data[slot], run_slot_size(r, slot));
  }
  if (finite || r->rehearsing) return RUN_DONE;
  const NotFinite at = region_find_not_finite(&r->env, p);
  if (at.node == NODE_NONE) return RUN_DONE;
  const Node *n = g_node(p->graph, at.node);
  const bool selects = post_selects(p->graph, n) != NULL;
  if (!selects && !picks_by_label(n) && open_channel(n) == NULL && !guards_amplitudes(p->graph, n))
    return RUN_DONE;
  const Found f = {p->graph, at.node, at.row, at.element};
  Diag *d = diag_add(r->sink, DIAG_NOT_FINITE, n->span, "%s",
                     selects ? "post-selection of an outcome that never occurs" : "a value became NaN");
  if (!selects && at.row >= 0) diag_mark(d, "in sample %lld", (long long)at.row);
  (void)explain(d, &f, n);
  return RUN_FAILED;
}

void warn_not_finite(Run *r, const Stmt *s) {
  if (s->slot < 0) return; /* known before the run */
  const Slot *slot = &r->program->slots.at[s->slot];
  const int64_t n = run_slot_size(r, s->slot);
  if (slot->elem != ELEM_REAL || r->rehearsing || r->set->all_finite(r->slot_data[s->slot], n)) return;
  int64_t bad = 0;
  for (int64_t k = 0; k < n; k++) bad += !isfinite(run_slot_get(r, s->slot, k));
  Diag *d =
      diag_add(r->sink, DIAG_PRINTED_NAN, s->span,
               n > 1 ? "%lld of these %lld values are NaN or infinite" : "this value is NaN or infinite",
               (long long)bad, (long long)n);
  diag_help(d, "a guard such as `max(x, 1e-12)` under a root, logarithm or division keeps it finite");
}

static RunEnd say(Run *r, Span span, const char *what, const Found *f) {
  Diag *d = diag_add(r->sink, DIAG_NOT_FINITE, span, "%s became NaN or infinite", what);
  where_in_train(r, d);
  if (f->node != NODE_NONE) {
    const Node *n = g_node(f->graph, f->node);
    const int64_t row = f->row >= 0 ? data_row(r, f->row) : -1;
    if (row >= 0)
      diag_label(d, n->span,
                 "the first value that is not finite is the `%s` here, sample %lld, row %lld of `%s`",
                 op_info[n->op].name, (long long)f->row, (long long)row,
                 r->program->datasets.at[r->program->trains.at[r->train].dataset].name);
    else if (f->row >= 0)
      diag_label(d, n->span, "the first value that is not finite is the `%s` here, sample %lld",
                 op_info[n->op].name, (long long)f->row);
    else diag_label(d, n->span, "the first value that is not finite is the `%s` here", op_info[n->op].name);
    if (explain(d, f, n)) return RUN_FAILED;
    if (n->op == OP_SAFE_LOG) { /* of a finite number, so of a negative one */
      diag_help(
          d, "its argument is below 0: probabilities come from `sigmoid` or `softmax`; `bce_logits` takes a "
             "model's output without");
      return RUN_FAILED;
    }
  }
  diag_help(
      d, "a smaller learning rate, or a guard such as `max(x, 1e-12)` under a root, logarithm or division");
  return RUN_FAILED;
}

RunEnd blame_region(Run *r, const RegionPlan *p, Span span, const char *what) {
  Found f = {NULL, NODE_NONE, -1, 0};
  (void)hunt_region(r, p, 0, &f);
  return say(r, span, what, &f);
}

RunEnd blame_slot(Run *r, int slot, Span span, const char *what) {
  Found f = {NULL, NODE_NONE, -1, 0};
  if (step_of(r) != NULL) (void)hunt_slot(r, step_of(r), slot, 0, &f);
  return say(r, span, what, &f);
}

RunEnd blame_weights(Run *r, const Optimizer *o, int slot) {
  Diag *d =
      diag_add(r->sink, DIAG_NOT_FINITE, o->span, "the weights of `%s` became NaN or infinite", o->name);
  diag_mark(d, "`%s`, after an update with a finite gradient", r->program->slots.at[slot].name);
  const Train *t = &r->program->trains.at[r->train];
  diag_note(d, "in `%s`: seen after epoch %lld of %lld", t->name,
            (long long)r->trains[r->train].counters[AT_EPOCH] + 1, (long long)t->epochs);
  diag_help(d, "a smaller learning rate, or `clip` behind the loss");
  return RUN_FAILED;
}
