#define _GNU_SOURCE
#include "runtime/cli/plan.h"
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "lang/ir/optim.h"
#include "runtime/record/record.h"

#define BUDGET 0.35     /* seconds of all rehearsals */
#define BUDGET_MOST 0.2 /* and of one */

const ForecastClocks plan_clocks = {record_clock, record_thread_clock};

/* ---- parameters ------------------------------------------------------------------------------ */

static void add_slot(const Program *p, int slot, PlanParams *out) {
  const Slot *s = &p->slots.at[slot];
  if (s->kind != SLOT_PARAM) return;
  *(s->in_circuit ? &out->quantum : &out->classical) += shape_capacity(&s->shape);
}

static bool starts_small(const Start *s) {
  switch (s->kind) {
  case START_CONST: return true;
  case START_UNIFORM: return fabs(s->a) <= 0.5 && fabs(s->b) <= 0.5;
  case START_NORMAL: return fabs(s->a) <= 0.25 && s->b <= 0.25;
  case START_ORTHOGONAL: break;
  }
  return false;
}

/* ---- circuits -------------------------------------------------------------------------------- */

typedef struct Gather {
  Cli *c;
  Plan *plan;
} Gather;

static bool is_same(const CircuitProgram *a, const CircuitProgram *b) {
  return a == b || (a->name == b->name && a->n_qubits == b->n_qubits && a->gates.n == b->gates.n &&
                    a->measure == b->measure && a->n_outputs == b->n_outputs && a->shots == b->shots);
}

/* Weights of one object of the circuit: others are copies of it. */
static bool circuit_params(const Program *p, const CircuitProgram *c, int64_t *n) {
  const char *first = NULL;
  size_t path = 0;
  bool small = true;
  *n = 0;
  for (int k = 0; k < p->slots.n; k++) {
    const Slot *s = &p->slots.at[k];
    if (s->kind != SLOT_PARAM || !s->in_circuit || s->span.begin < c->body.begin || s->span.end > c->body.end)
      continue;
    const char *dot = strrchr(s->name, '.');
    if (first == NULL) first = s->name, path = dot != NULL ? (size_t)(dot - s->name) : 0;
    if (strncmp(first, s->name, path) != 0 || dot != s->name + path) continue;
    *n += shape_capacity(&s->shape);
    small = small && starts_small(&s->start);
  }
  return first != NULL && small;
}

static void add_circuit(Gather *g, const CircuitProgram *c) {
  const Program *p = g->plan->program;
  for (int k = 0; k < g->plan->circuits.n; k++)
    if (is_same(g->plan->circuits.at[k].program, c)) return;
  PlanCircuit out = {.program = c, .counts = circuit_counts(c)};
  const bool small = circuit_params(p, c, &out.params);
  out.plateau = circuit_plateau(g->c->arena, c, small);
  const bool matrix = c->mixed && c->trajectories == 0;
  const double size = ldexp(1, c->n_qubits);
  out.state_bytes = (p->is_double ? 8 : 4) * size * (matrix ? size : 2);
  vec_push(g->c->arena, &g->plan->circuits, out);
}

static void region_circuits(void *ctx, const Graph *g, Span span) {
  (void)span;
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    if (n->op == OP_CIRCUIT) add_circuit(ctx, n->attr.p);
  }
}

/* ---- trains ---------------------------------------------------------------------------------- */

static const char *methods_of(Arena *a, const Forecast *f) {
  const char *out = "";
  for (int m = 0; m < METHOD_COUNT; m++)
    if (f->method[m].used)
      out = arena_printf(a, "%s%s%s", out, *out != '\0' ? ", " : "", circuit_method_name((CircuitMethod)m));
  return out;
}

static void add_train(Gather *g, Run *run, int train) {
  const Program *p = g->plan->program;
  const Train *t = &p->trains.at[train];
  PlanTrain out = {.train = t};
  for (int o = 0; o < t->optimizers.n; o++)
    for (int k = 0; k < t->optimizers.at[o].n_slots; k++) {
      const int slot = t->optimizers.at[o].slots[k];
      add_slot(p, slot, &out.params);
      out.moments += (double)shape_capacity(&p->slots.at[slot].shape) *
                     optim_info[t->optimizers.at[o].optim].states * (p->is_double ? 8 : 4);
    }
  forecast_count(run, train, &out.f);
  out.method = methods_of(g->c->arena, &out.f);
  const double share = BUDGET / p->trains.n;
  forecast_time(run, train, share < BUDGET_MOST ? share : BUDGET_MOST, plan_clocks, &out.f);
  vec_push(g->c->arena, &g->plan->trains, out);
}

/* Steps that were too long to be run. */
static void estimate(Cli *c, Plan *plan) {
  double speed[2];
  int qubits = 0;
  bool known = true;
  for (int k = 0; k < plan->trains.n; k++) known = known && plan->trains.at[k].f.measured;
  for (int k = 0; k < plan->circuits.n; k++)
    if (plan->circuits.at[k].program->n_qubits > qubits) qubits = plan->circuits.at[k].program->n_qubits;
  if (known || !plan_calibrate(c, plan, qubits, speed)) return;
  for (int k = 0; k < plan->trains.n; k++) {
    Forecast *f = &plan->trains.at[k].f;
    if (f->measured) continue;
    f->step_seconds = f->quantum / speed[0] + (f->flops - f->quantum) / speed[1];
    f->epoch_seconds = f->steps * f->step_seconds;
  }
}

Plan *plan_make(Cli *c, const Program *p) {
  Plan *plan = ARENA_NEW(c->arena, Plan);
  const int threads = c->threads ? c->threads : cli_cores();
  plan->program = p, plan->threads = threads, plan->family = kernel_family_name(kernel_family());
  plan->precision = p->is_double ? "double" : "single";
  plan->budget = (double)mem_budget();
  const RunOptions options = {.threads = threads, .family = kernel_family()};
  Run *run = run_new(c->arena, p, &options, c->sink);
  if (run == NULL) return NULL;
  plan->bytes = run_bytes(run);
  Gather g = {c, plan};
  program_each_region(p, region_circuits, &g);
  for (int k = 0; k < p->objects.n; k++) {
    const Object *o = &p->objects.at[k];
    PlanObject out = {.name = o->name, .is_circuit = o->is_circuit};
    for (int i = 0; i < o->n_slots; i++) add_slot(p, o->slots[i], &out.params);
    if (o->n_slots > 0) vec_push(c->arena, &plan->objects, out);
  }
  for (int k = 0; k < p->trains.n; k++) add_train(&g, run, k);
  run_free(run);
  estimate(c, plan);
  return plan;
}

/* ---- numbers for people ---------------------------------------------------------------------- */

const char *plan_number(Arena *a, double x) {
  static const char *const units[] = {"", " k", " M", " G", " T", " P", " E"};
  int u = 0;
  if (x < 9999.5) return arena_printf(a, "%.0f", x);
  for (; x >= 999.5 && u < 6; u++) x /= 1000;
  return arena_printf(a, "%.3g%s", x, units[u]);
}

const char *plan_seconds(Arena *a, double x) {
  if (x < 1e-6) return arena_printf(a, "%.2g us", x * 1e6);
  if (x < 0.9995e-3) return arena_printf(a, "%.3g us", x * 1e6);
  if (x < 0.9995) return arena_printf(a, "%.3g ms", x * 1e3);
  if (x < 120) return arena_printf(a, "%.3g s", x);
  if (x < 7200) return arena_printf(a, "%.0f min", x / 60);
  if (x < 48 * 3600.0) return arena_printf(a, "%.3g h", x / 3600);
  return arena_printf(a, "%.3g days", x / 86400);
}

void plan_show(Cli *c, const Program *p) {
  const Plan *plan = plan_make(c, p);
  cli_show(c);
  if (plan == NULL) return;
  if (c->style.format == FORM_JSON) plan_json(c, plan);
  else plan_text(c, plan, cli_width(80));
}
