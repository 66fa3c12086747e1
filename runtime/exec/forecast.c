/* Counting a train's step. */
#include "runtime/exec/forecast.h"

#include <math.h>
#include "lang/ir/flops.h"
#include "lang/ir/optim.h"
#include "runtime/exec/run_state.h"
#include "runtime/sim/effort.h"

typedef struct Tally {
  double circuits, quantum, classical;
  double by_method[METHOD_COUNT]; /* operations of gradients of circuits, by this method */
  double circuits_by[METHOD_COUNT];
} Tally;

typedef struct Walk {
  const Run *r;
  Forecast *out;
  Tally t;
  double times; /* the region runs */
} Walk;

/* ---- one instruction ------------------------------------------------------------------------- */

/* The way back alone where the circuit itself was run just before with the same inputs. */
static SimEffort gradient_of(const RegionPlan *p, const Instr *i, CircuitMethod m) {
  const SimPlan *plan = i->kop.plan;
  SimEffort e = sim_effort_gradient(plan, m, i->has_part);
  bool before = i->kop.shared;
  if (m != METHOD_ADJOINT) return e;
  for (int k = 0; k < p->instrs.n && !before && i->kop.attr.i[0] != METHOD_ADJOINT; k++)
    before = &p->instrs.at[k] < i && p->instrs.at[k].kop.op == OP_CIRCUIT && p->instrs.at[k].kop.plan == plan;
  if (!before) return e;
  return (SimEffort){e.circuits, e.flops - sim_effort_forward(plan).flops};
}

static void judge_methods(Walk *w, const CircuitProgram *c, int order) {
  const MethodUse use = circuit_use(c, order);
  for (int m = 0; m < METHOD_COUNT; m++) {
    ForecastMethod *f = &w->out->method[m];
    const char *why;
    const MethodVerdict v = circuit_method_check(w->r->arena, (CircuitMethod)m, &use, &why);
    if (v > f->verdict) f->verdict = v, f->why = why;
  }
}

static void count_circuit(Walk *w, const RegionPlan *p, const Instr *i, double rows) {
  const Node *n = g_node(p->graph, i->node);
  const double by = rows * w->times;
  SimEffort e = {0};
  if (i->kop.op == OP_CIRCUIT_VJP) {
    w->out->has_gradient = true;
    judge_methods(w, n->attr.p, 1);
    if (n->attr.i[0] >= 0 && n->attr.i[0] < METHOD_COUNT) w->out->method[n->attr.i[0]].used = true;
    for (int m = 0; m < METHOD_COUNT; m++) {
      const SimEffort g = gradient_of(p, i, (CircuitMethod)m);
      w->t.by_method[m] += by * g.flops;
      w->t.circuits_by[m] += by * g.circuits;
    }
    e = gradient_of(p, i, (CircuitMethod)n->attr.i[0]);
    /* counted apart: what the other methods share is the rest */
    for (int m = 0; m < METHOD_COUNT; m++) {
      w->t.by_method[m] -= by * e.flops;
      w->t.circuits_by[m] -= by * e.circuits;
    }
  } else if (i->kop.op == OP_CIRCUIT_HVP) {
    judge_methods(w, n->attr.p, 2);
    e = sim_effort_second(i->kop.plan);
  } else {
    e = i->kop.op == OP_CIRCUIT_METRIC ? sim_effort_metric(i->kop.plan) : sim_effort_forward(i->kop.plan);
  }
  w->t.circuits += by * e.circuits;
  w->t.quantum += by * e.flops;
}

static void count_instr(Walk *w, const RegionPlan *p, int at, double rows) {
  const Instr *i = &p->instrs.at[at];
  if (i->kop.plan != NULL) {
    count_circuit(w, p, i, rows);
    return;
  }
  const NodeId product = p->fused[i->node].matmul; /* in whose kernel the node is computed */
  w->t.classical += w->times * g_flops(p->graph, product != NODE_NONE ? product : i->node).most;
}

static void count_update(Walk *w, const UpdateInfo *u) {
  const Optimizer *o = &w->r->program->trains.at[u->train].optimizers.at[u->optimizer];
  double n = 0;
  for (int k = 0; k < u->n; k++) n += (double)shape_capacity(&w->r->program->slots.at[u->slots[k]].shape);
  w->t.classical += w->times * n * (2.0 + 4.0 * optim_info[o->optim].states);
}

/* ---- regions and statements ------------------------------------------------------------------ */

static double domain_rows(const RegionPlan *p, int domain) {
  return domain >= 0 ? (double)p->placed.domains[domain].rows.n : 1.0;
}

static void count_region(Walk *w, const RegionPlan *p) {
  for (int k = 0; k <= p->placed.n_phases; k++) {
    const Phase *phase = &p->phases[k];
    for (int d = 0; k > 0 && d < p->n_chains; d++)
      for (int j = 0; j < phase->chains[d].instrs.n; j++)
        count_instr(w, p, phase->chains[d].instrs.at[j], domain_rows(p, d));
    for (int j = 0; j < phase->serials.n; j++) {
      const Serial *s = &phase->serials.at[j];
      if (s->kind == SERIAL_INSTR) count_instr(w, p, s->instr, domain_rows(p, s->rows_domain));
      if (s->kind == SERIAL_UPDATE) count_update(w, s->update);
    }
  }
}

static double total(const Tally *t) { return t->quantum + t->classical; }

static void count_block(Walk *w, const Block *b) {
  const double times = w->times;
  for (int k = 0; k < b->stmts.n; k++) {
    const Stmt *s = &b->stmts.at[k];
    if (s->kind == STMT_REGION) {
      count_region(w, run_region_plan(w->r, s->graph));
    } else if (s->kind == STMT_REPEAT) {
      w->times = times * (double)(s->slot >= 0 ? 1 : s->count);
      count_block(w, s->block);
      w->times = times;
    } else if (s->kind == STMT_IF) { /* the branch that costs more */
      const Tally before = w->t;
      count_block(w, s->block);
      const Tally then = w->t;
      w->t = before;
      if (s->other) count_block(w, s->other);
      if (total(&then) > total(&w->t)) w->t = then;
    } else if (s->kind == STMT_GROUPS || s->kind == STMT_SEARCH) {
      /* groups are the rows of the batch in parts */
      count_block(w, s->block);
      w->out->searches |= s->kind == STMT_SEARCH;
    }
  }
}

double forecast_region(const Run *r, const Graph *g) {
  Forecast out = {0};
  Walk w = {.r = r, .out = &out, .times = 1};
  count_region(&w, run_region_plan(r, g));
  return total(&w.t);
}

void forecast_count(const Run *r, int train, Forecast *out) {
  const Train *t = &r->program->trains.at[train];
  *out = (Forecast){.steps = 1};
  Walk w = {.r = r, .out = out, .times = 1};
  count_block(&w, &t->step);
  if (t->dataset >= 0) {
    out->rows = r->program->datasets.at[t->dataset].rows;
    if (t->batch_count && t->batch > 0) {
      out->steps = (double)out->rows / (double)t->batch;
      if (t->drop_last) out->steps = (double)(out->rows / t->batch);
    }
  }
  out->epochs = (double)t->epochs;
  if (t->iterations > 0) out->epochs = fmin(out->epochs, (double)t->iterations / out->steps);
  out->circuits = w.t.circuits;
  out->quantum = w.t.quantum;
  out->flops = total(&w.t);
  for (int m = 0; m < METHOD_COUNT; m++) {
    out->method[m].circuits = out->circuits + w.t.circuits_by[m];
    out->method[m].flops = out->flops + w.t.by_method[m];
  }
}
