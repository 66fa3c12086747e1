/* The state-vector simulator: circuits over batches of samples, forward, adjoint gradient and
 * exact Hessian products (forward over adjoint). Formulas: state_k.h, circuit_k.c, circuit_hvp_k.c; what
 * becomes of the gates: plan.h.
 *
 * A tile of L samples (L = SIMD lanes) is simulated at once, its state stored as re[2^n][L],
 * im[2^n][L], so every gate is vertical SIMD. Angles come from the inputs of the CIRCUIT node
 * (circuit.h: AngleRef). Gradients: rows of the row inputs; for shared inputs the sum over the
 * rows of the call (one partial sum per shard; the executor adds shards in a fixed tree).
 *
 * A SimPlan is made once per CircuitProgram and variant and never changed: gates decomposed and
 * fused, angles numbered, buffers sized. The three op kernels (k_circuit, k_circuit_vjp,
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
/* Scratch bytes of one call of OP_CIRCUIT, OP_CIRCUIT_VJP or OP_CIRCUIT_HVP. */
size_t sim_scratch(const SimPlan *p, OpId op);
#endif
