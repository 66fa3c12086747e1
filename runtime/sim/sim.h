/* The state-vector simulator: circuits over batches of samples, forward, adjoint gradient and
 * exact Hessian products (forward over adjoint). Formulas: state_k.h, circuit_k.c, circuit_hvp_k.c; what
 * becomes of the gates: plan.h.
 *
 * Two layouts. Samples in the lanes: a tile of L samples (L = SIMD lanes) is simulated at once, its
 * state stored as re[2^n][L], im[2^n][L], so every gate is vertical SIMD. Amplitudes in the lanes
 * (wide.h): one sample at a time, for calls of few samples and for states that do not fit into the
 * cache. Angles come from the inputs of the CIRCUIT node (circuit.h: AngleRef). Gradients: rows of
 * the row inputs; for shared inputs the sum over the rows of the call (one partial sum per shard; the
 * executor adds shards in a fixed tree).
 *
 * Bits. The layouts add in different orders, so the layout must not depend on anything that a user
 * cannot see. It is chosen by the circuit, the kernel family and the *planned* number of rows of the
 * node (the shapes in its KOp: the batch, or the largest value of a count), never by the rows of a
 * call. So within one node a row's results depend on that row's values and the weights alone: they
 * are the same bits in any shard, at any place of it, in a last, smaller batch, and next to any other
 * rows; sums over rows depend on the number of rows alone. Two nodes with different planned numbers
 * of rows (a step of batch 64, a metric of one row) may differ in the last bits of the same circuit
 * on the same row, as they already may where the graph around them is fused differently; neither
 * spec.md nor docs/engine.md promises otherwise.
 *
 * Circuits with channels are density matrices (density.h) or means over trajectories (trajectory.h), samples
 * or trajectories in the lanes.
 *
 * Gradients are computed by the method in i[0] of the node (lang/ir/circuit_methods.def): adjoint, or
 * runs with moved angles (circuit_moved_k.c; samples in the lanes always). Hessian products are by
 * forward over adjoint whatever the method.
 *
 * One large state is shared by the threads of a run where nothing else runs beside the call (KTeam, wide.h):
 * blocks of its sweeps in a fixed number of parts, each with sums of its own.
 *
 * A SimPlan is made once per CircuitProgram and variant and never changed: gates decomposed and
 * fused, angles numbered, buffers sized for both layouts. The three op kernels (k_circuit, k_circuit_vjp,
 * k_circuit_hvp) are ordinary rows of the KernelSet and read the plan from KOp.plan. */
#ifndef QGN_SIM_H
#define QGN_SIM_H
#include "lang/ir/circuit.h"
#include "runtime/kernels/kernel.h"

typedef struct SimPlan SimPlan;

/* Makes the plan in arena `a`. NULL, *why (a sentence that names the gate) and
 * *where if something has no kernel yet. */
const SimPlan *sim_plan(Arena *a, const CircuitProgram *c, const KernelSet *set, const char **why,
                        Span *where);
/* Scratch bytes of one call of this op, whose plan and shapes are set. */
size_t sim_scratch(const KOp *op);
/* How often the circuit is run for a row: once, or as often as the gradient's method says (adjoint and
 * backprop take one run back). `wanted`: by input, whose gradient is computed; `shift` and `finite` move no
 * other angle. */
int64_t sim_runs(const KOp *op, const bool *wanted);
int64_t sim_gradient_runs(const SimPlan *p, CircuitMethod method, const bool *wanted);
/* The layout of its calls: amplitudes in the lanes (true) or samples. */
bool sim_is_wide(const KOp *op);

/* A circuit and its gradient, called one after the other for the same rows of the same inputs, can share what
 * the first computes: if the calls of both get one scratch that nothing else writes to in between, the second
 * continues from there. sim_share sets the KOps to do so and their scratch bytes to what that takes for calls
 * of up to `rows` rows; false, and nothing is changed, if it would not pay. Bits do not depend on it. */
bool sim_share(KOp *circuit, KOp *gradient, int64_t rows);
#endif
