/* What a planned circuit costs, counted from its plan and not measured: how often it is run from |0...0> to
 * what it measures, and the floating-point operations of that (additions and multiplications, each one). The
 * counts follow the code: a rotation of a pair of amplitudes is 6 operations for each amplitude (3 where the
 * state is real), a phase 6, the way back of the adjoint method turns two states and reads 4 for each
 * amplitude of a gate with a derivative. Gates that only permute basis states are free, as they are when run.
 */
#ifndef QGN_SIM_EFFORT_H
#define QGN_SIM_EFFORT_H
#include "runtime/sim/sim.h"

typedef struct SimEffort {
  double circuits, flops;
} SimEffort;

/* Of one row: the circuit alone, its gradient by a method in the inputs that are `wanted`, a Hessian product.
 */
SimEffort sim_effort_forward(const SimPlan *p);
SimEffort sim_effort_gradient(const SimPlan *p, CircuitMethod method, const bool *wanted);
SimEffort sim_effort_second(const SimPlan *p);
/* The tensor of the natural gradient. */
SimEffort sim_effort_metric(const SimPlan *p);
#endif
