#include "runtime/sim/effort.h"

#include "runtime/sim/plain.h"
#include "runtime/sim/trajectory.h"

#define TURN 6.0    /* operations for an amplitude: a rotation or a phase of a complex number */
#define READ 4.0    /* Im <lambda|G|psi> */
#define TANGENT 8.0 /* a rotated tangent gets a share of the state */

static double power2(int n) { return (double)((uint64_t)1 << n); }

static double op_size(const SimOp *o) { return power2((int)o->dim); }

static double op_flops(const SimOp *o) {
  switch ((SimOpKind)o->kind) {
  case SIM_ENTER: return op_size(o) * o->planes;
  case SIM_DIAG:
  case SIM_TABLE: return TURN * op_size(o);
  case SIM_IMAG: return 0;
  case SIM_REAL:
  case SIM_CROSS:
  case SIM_REAL2:
  case SIM_REAL3:
  case SIM_REAL4: break;
  }
  return TURN / 2 * o->planes * op_size(o);
}

/* Reading all words: those of Z together, the others pair by pair. */
static double read_flops(const SimPlan *p) { return (3.0 + 2.0 * p->n_pairs) * power2(p->dim); }

static double pure_forward(const SimPlan *p) {
  double n = read_flops(p);
  for (int i = 0; i < p->n_ops; i++) n += op_flops(&p->op[i]);
  return n + 4.0 * (double)(p->shots != NULL ? p->shots->n : 0);
}

/* The way back: both states are turned, lambda is complex. */
static double pure_back(const SimPlan *p) {
  double n = 2 * read_flops(p);
  for (int i = 0; i < p->n_ops; i++)
    n += op_flops(&p->op[i]) + op_size(&p->op[i]) * (TURN + (p->op[i].grad ? READ : 0));
  return n;
}

static double density_forward(const DensityPlan *d) {
  double n = 2.0 * d->n_readings;
  for (int i = 0; i < d->n_ops; i++) {
    const DensityOp *o = &d->op[i];
    n += o->kind == DENSITY_TURN     ? TURN * o->n
         : o->kind == DENSITY_MATRIX ? 2.0 * o->n_local * d->dim
                                     : (double)o->n;
  }
  return n;
}

static double paths_forward(const PathPlan *p) {
  const double size = power2(p->n_qubits);
  double n = 2.0 * p->n_readings * size;
  for (int i = 0; i < p->n_ops; i++)
    n += p->op[i].kind == PATH_TURN   ? TURN * size
         : p->op[i].kind == PATH_JUMP ? 8.0 * p->op[i].n * p->op[i].n_words * size
                                      : 1.0;
  return n * (double)p->paths;
}

static double forward(const SimPlan *p) {
  if (p->density != NULL) return density_forward(p->density);
  return p->paths != NULL ? paths_forward(p->paths) : pure_forward(p);
}

SimEffort sim_effort_forward(const SimPlan *p) { return (SimEffort){1, forward(p)}; }

SimEffort sim_effort_gradient(const SimPlan *p, CircuitMethod method, const bool *wanted) {
  const double runs = (double)sim_gradient_runs(p, method, wanted);
  if (method == METHOD_BACKPROP && p->plain != NULL && p->density == NULL && p->paths == NULL)
    return (SimEffort){1, p->plain->n_turns * (3 * TURN + READ) * power2(p->program->n_qubits)};
  if (method == METHOD_SHIFT || method == METHOD_FINITE || method == METHOD_SPSA)
    return (SimEffort){runs, runs * forward(p)};
  if (p->density != NULL || p->paths != NULL) return (SimEffort){1, 3 * forward(p)};
  return (SimEffort){1, pure_forward(p) + pure_back(p)};
}

/* Forward over adjoint: the same with a tangent beside each state. */
SimEffort sim_effort_second(const SimPlan *p) {
  if (p->density != NULL || p->paths != NULL) return (SimEffort){1, 8 * forward(p)};
  double n = 2 * (pure_forward(p) + pure_back(p));
  for (int i = 0; i < p->n_ops; i++)
    if (p->op[i].grad) n += (2 * TANGENT + 2 * READ) * op_size(&p->op[i]);
  return (SimEffort){1, n};
}

SimEffort sim_effort_metric(const SimPlan *p) {
  if (p->plain == NULL) return (SimEffort){1, 0};
  const double size = power2(p->program->n_qubits), w = p->plain->n_shared;
  return (SimEffort){1, size * (p->plain->n_turns * (TURN + w * TURN + TANGENT) + w * w * TANGENT)};
}
