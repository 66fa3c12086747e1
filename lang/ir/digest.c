#include "lang/ir/digest.h"
#include <string.h>
#include "lang/ir/op.h"

void digest_bytes(Digest *d, const void *p, size_t n) {
  const unsigned char *s = p;
  for (size_t i = 0; i < n; i++) vec_push(d->arena, &d->out, s[i]);
}

void digest_int(Digest *d, int64_t x) { digest_bytes(d, &x, sizeof x); }
static void real(Digest *d, double x) { digest_bytes(d, &x, sizeof x); }

void digest_text(Digest *d, const char *s) {
  digest_int(d, s != NULL ? (int64_t)strlen(s) : -1);
  if (s != NULL) digest_bytes(d, s, strlen(s));
}

static void count_name(Digest *d, uint32_t count) {
  const Count *c = &d->program->counts.at[count];
  digest_text(d, c->name);
  digest_int(d, c->kind);
  digest_int(d, c->capacity);
  for (int i = 0; i < d->counts.n; i++)
    if (d->counts.at[i] == (int)count) return;
  vec_push(d->arena, &d->counts, (int)count);
  if (c->kind != COUNT_SUM) return;
  const CountSum *sum = &d->program->sums.at[c->owner];
  digest_int(d, sum->more);
  for (int i = 0; i < sum->n; i++) count_name(d, sum->terms[i]);
}

static void shape(Digest *d, const Shape *s) {
  digest_int(d, s->rank);
  for (int i = 0; i < s->rank; i++) {
    digest_int(d, s->d[i].n);
    if (s->d[i].count != 0) count_name(d, s->d[i].count);
  }
}

static void slot(Digest *d, int64_t k) {
  if (k < 0) {
    digest_int(d, k);
    return;
  }
  const Slot *s = &d->program->slots.at[k];
  digest_text(d, s->name);
  digest_int(d, s->kind);
  shape(d, &s->shape);
}

static void reads(Digest *d, int64_t k) {
  for (int i = 0; i < d->reads.n; i++)
    if (d->reads.at[i] == (int)k) return;
  if (k >= 0) vec_push(d->arena, &d->reads, (int)k);
}

static void site(Digest *d, int64_t k) { digest_text(d, k >= 0 ? d->program->sites.at[k].path : NULL); }

static void series(Digest *d, int k) {
  if (k < 0) {
    digest_int(d, k);
    return;
  }
  const Series *s = &d->program->series.at[k];
  digest_text(d, s->name);
  shape(d, &s->entry);
  digest_int(d, s->capacity), digest_int(d, s->per_epoch), digest_int(d, s->first), digest_int(d, s->stride);
}

static void schedule(Digest *d, const Schedule *s) {
  digest_int(d, s->kind);
  real(d, s->base), real(d, s->a), real(d, s->threshold), real(d, s->least);
  digest_int(d, s->each), digest_int(d, s->warmup), digest_int(d, s->patience), digest_int(d, s->cooldown);
  slot(d, s->slot);
  if (s->slot >= 0) reads(d, s->slot);
  if (s->kind == SCHED_PLATEAU) series(d, s->series);
}

/* ---- circuits ------------------------------------------------------------------------------------ */

static void gate(Digest *d, const GateUse *u) {
  digest_int(d, u->gate), digest_int(d, u->channel), digest_int(d, u->inverse);
  digest_int(d, u->n_targets), digest_int(d, u->n_controls), digest_int(d, u->n_kraus);
  digest_bytes(d, u->qubit, (size_t)(u->n_targets + u->n_controls));
  digest_bytes(d, u->control_on, (size_t)u->n_controls);
  for (int i = 0; i < GATE_MAX_ANGLES; i++) {
    digest_int(d, u->angle[i].source), digest_int(d, u->angle[i].element);
    real(d, u->angle[i].scale), real(d, u->angle[i].shift);
  }
  digest_text(d, u->word);
  digest_bytes(d, u->values, gate_use_values(u) * sizeof(double));
}

static void circuit(Digest *d, const CircuitProgram *c) {
  digest_int(d, c->n_qubits), digest_int(d, c->mixed), digest_int(d, c->trajectories);
  digest_int(d, c->measure), digest_int(d, c->shots), digest_int(d, c->n_outputs), digest_int(d, c->n_inputs);
  if (c->trajectories > 0) site(d, c->path_site);
  if (c->shots > 0) site(d, c->site);
  digest_int(d, c->gates.n);
  for (int i = 0; i < c->gates.n; i++) gate(d, &c->gates.at[i]);
  digest_int(d, c->turns.n);
  for (int i = 0; i < c->turns.n; i++) gate(d, &c->turns.at[i]);
  digest_int(d, c->observables.n);
  for (int i = 0; i < c->observables.n; i++) {
    digest_int(d, c->observables.at[i].terms.n);
    for (int k = 0; k < c->observables.at[i].terms.n; k++) {
      const PauliTerm *t = &c->observables.at[i].terms.at[k];
      real(d, t->coefficient);
      digest_bytes(d, &t->x, sizeof t->x), digest_bytes(d, &t->z, sizeof t->z);
    }
  }
  digest_int(d, c->probs_qubits.n);
  digest_bytes(d, c->probs_qubits.at, (size_t)c->probs_qubits.n);
  for (int i = 0; i < c->pairs.n; i++) digest_int(d, c->pairs.at[i].a), digest_int(d, c->pairs.at[i].b);
  for (int i = 0; i < c->n_inputs; i++) digest_int(d, c->input_has_rows[i]), digest_int(d, c->input_size[i]);
}

/* ---- graphs -------------------------------------------------------------------------------------- */

/* Attributes that are numbers of the program's tables are written by name. */
static void attributes(Digest *d, const Node *n) {
  Attr a = n->attr;
  const bool is_circuit =
      n->op == OP_CIRCUIT || n->op == OP_CIRCUIT_VJP || n->op == OP_CIRCUIT_HVP || n->op == OP_CIRCUIT_METRIC;
  if (n->op == OP_INPUT || n->op == OP_PARAM) reads(d, a.i[0]);
  if (n->op == OP_INPUT || n->op == OP_PARAM || n->op == OP_STORE) slot(d, a.i[0]), a.i[0] = 0;
  if (n->op == OP_DRAW) site(d, a.i[1]), a.i[1] = 0;
  if (is_circuit && n->op != OP_CIRCUIT_METRIC && a.i[0] == METHOD_SPSA) site(d, a.i[1]);
  if (is_circuit) a.i[1] = 0;
  if (n->op == OP_COUNT) count_name(d, (uint32_t)a.i[0]), a.i[0] = 0;
  if (n->op == OP_SCATTER_ROWS && a.i[1] != 0) count_name(d, (uint32_t)a.i[1]), a.i[1] = 0;
  digest_bytes(d, a.i, sizeof a.i);
  digest_bytes(d, a.f, sizeof a.f);
  if (is_circuit) circuit(d, a.p);
  if (n->op != OP_UPDATE) return;
  const UpdateInfo *u = a.p;
  digest_int(d, u->optimizer), digest_int(d, u->ordinal), digest_int(d, u->n);
  for (int i = 0; i < u->n; i++) slot(d, u->slots[i]);
}

static void graph(Digest *d, const Graph *written) {
  const Graph *g = d->cleaned(d->ctx, written);
  digest_int(d, g_count(g));
  for (NodeId k = 0; k < g_count(g); k++) {
    const Node *n = g_node(g, k);
    digest_int(d, n->op), digest_int(d, n->elem), digest_int(d, n->n_in), digest_int(d, n->n_parts);
    shape(d, &n->shape);
    for (int i = 0; i < n->n_in; i++) digest_int(d, n->in[i]);
    attributes(d, n);
  }
}

/* ---- statements ---------------------------------------------------------------------------------- */

static void slots(Digest *d, int n, const int *list) {
  digest_int(d, n);
  for (int i = 0; i < n; i++) slot(d, list != NULL ? list[i] : -1);
}

static void grouping(Digest *d, const Grouping *g) {
  slots(d, g->n_by, g->by);
  for (int i = 0; i < g->n_by; i++) digest_int(d, g->classes[i]);
  slots(d, g->from.n, g->from.at), slots(d, g->to.n, g->to.at), slots(d, g->sums.n, g->sums.at);
  slot(d, g->missing);
}

static void search(Digest *d, const Search *s) {
  digest_int(d, s->optimizer);
  slots(d, s->n, s->weights), slots(d, s->gradients != NULL ? s->n : 0, s->gradients);
  slot(d, s->loss), real(d, s->sign);
}

static void block(Digest *d, const Block *b) {
  digest_int(d, b->stmts.n);
  for (int i = 0; i < b->stmts.n; i++) {
    const Stmt *s = &b->stmts.at[i];
    digest_int(d, s->kind), digest_int(d, s->count), digest_int(d, s->count_id);
    slot(d, s->slot), series(d, s->series);
    if (s->slot >= 0) reads(d, s->slot);
    if (s->graph != NULL) graph(d, s->graph);
    if (s->kind == STMT_GROUPS) grouping(d, &d->program->groupings.at[s->index]);
    if (s->kind == STMT_SEARCH) search(d, &d->program->searches.at[s->index]);
    digest_int(d, (s->block != NULL) + 2 * (s->other != NULL));
    if (s->block != NULL) block(d, s->block);
    if (s->other != NULL) block(d, s->other);
  }
}

void digest_dataset(Digest *d, const Dataset *x) {
  digest_int(d, x->op), digest_int(d, x->n), digest_int(d, x->m), digest_int(d, x->flag),
      digest_int(d, x->rows);
  digest_int(d, x->redraw), digest_int(d, x->augment);
  real(d, x->a), real(d, x->b);
  for (int64_t i = 0; x->chances != NULL && i < x->n; i++) real(d, x->chances[i]);
  digest_text(d, x->by), digest_text(d, x->text);
  site(d, x->site);
  for (int i = 0; i < x->columns.n; i++) {
    digest_text(d, x->columns.at[i].name);
    shape(d, &x->columns.at[i].row);
    digest_int(d, x->columns.at[i].elem), digest_int(d, x->columns.at[i].n_classes);
  }
}

void digest_train(Digest *d, const Train *t) {
  digest_text(d, t->name), digest_text(d, t->site), digest_text(d, t->gradient);
  if (t->iterations > 0) digest_text(d, "iterations"), digest_int(d, t->iterations);
  digest_int(d, t->batch), digest_int(d, t->epochs), digest_int(d, t->shuffle), digest_int(d, t->drop_last),
      digest_int(d, t->balance);
  digest_int(d, t->optimizers.n);
  for (int i = 0; i < t->optimizers.n; i++) {
    const Optimizer *o = &t->optimizers.at[i];
    digest_int(d, o->optim), digest_text(d, o->name);
    for (int h = 0; h < o->n_hypers; h++) schedule(d, &o->hypers[h]);
    slots(d, o->n_slots, o->slots);
    for (int k = 0; k < o->n_slots; k++) reads(d, o->slots[k]);
  }
  slots(d, t->columns.n, t->columns.at), slots(d, t->kept.n, t->kept.at),
      slots(d, t->buffers.n, t->buffers.at);
  for (int i = 0; i < t->kept.n; i++) reads(d, t->kept.at[i]);
  for (int i = 0; i < t->buffers.n; i++) reads(d, t->buffers.at[i]);
  for (int i = 0; i < t->columns.n; i++) digest_int(d, d->program->slots.at[t->columns.at[i]].column);
  for (int i = 0; i < t->series.n; i++) series(d, t->series.at[i]);
  for (int i = 0; i < t->scheduled.n; i++) {
    schedule(d, &t->scheduled.at[i].schedule);
    slot(d, t->scheduled.at[i].slot);
  }
  block(d, &t->step);
  digest_int(d, train_validates(t) ? t->validation.batch : 0);
  if (train_validates(t)) {
    slots(d, t->validation.columns.n, t->validation.columns.at);
    for (int i = 0; i < t->validation.columns.n; i++)
      digest_int(d, d->program->slots.at[t->validation.columns.at[i]].column);
    block(d, &t->validation.block);
  }
  digest_int(d, t->watch.patience), digest_int(d, t->watch.keep);
  if (train_watches(t)) series(d, t->watch.series), digest_int(d, t->watch.up), real(d, t->watch.min_delta);
  digest_int(d, t->everys.n);
  for (int i = 0; i < t->everys.n; i++) {
    digest_int(d, t->everys.at[i].k);
    block(d, &t->everys.at[i].block);
  }
}
