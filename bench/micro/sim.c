/* Times the circuit kernels on one thread: `sim [seconds per figure] [variant or all] [n ...]`. The circuit
 * is that of workload W2 (bench/README.md): H and RY(x) on all qubits, three layers of RY, RZ and a chain of
 * CX, Z on all. Microseconds of one call, minimum over many: forward, forward with gradient, Hessian product,
 * for each variant of this CPU. A call has the shape of the batch and all its rows, which is what one thread
 * does with a whole batch. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lang/base/mem.h"
#include "runtime/sim/sim.h"
#include "tests/ref/sim_rig.h"

#define LAYERS 3

static double seconds = 0.05;
static const char *variant = "all";

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static CircuitProgram *layers(Arena *a, int n) {
  CircuitProgram *c = rig_circuit(a, n, 2, (int64_t[]){n, 2 * LAYERS * n}, (bool[]){true, false});
  for (int q = 0; q < n; q++) {
    rig_gate(c, GATE_H, 0, 1, &q);
    rig_gate(c, GATE_RY, 0, 1, &q)->angle[0] = (AngleRef){0, q, 1, 0};
  }
  for (int l = 0; l < LAYERS; l++) {
    for (int q = 0; q < n; q++) {
      int at = (l * n + q) * 2;
      rig_gate(c, GATE_RY, 0, 1, &q)->angle[0] = (AngleRef){1, at, 1, 0};
      rig_gate(c, GATE_RZ, 0, 1, &q)->angle[0] = (AngleRef){1, at + 1, 1, 0};
    }
    for (int q = 0; q + 1 < n; q++) rig_gate(c, GATE_CX, 0, 2, (int[]){q, q + 1});
  }
  for (int q = 0; q < n; q++) rig_expval(c, 1, 0, 1ull << q);
  return c;
}

/* Seconds of the fastest call. */
static double time_call(const KernelSet *set, const KCall *call) {
  double best = 1e30, end = now() + seconds;
  int repeats = 1;
  do {
    double start = now();
    for (int i = 0; i < repeats; i++) set->op[call->op->op](call);
    double took = now() - start;
    if (took < 20e-6 && repeats < 1 << 20) repeats *= 2;
    else if (took / repeats < best) best = took / repeats;
  } while (now() < end);
  return best;
}

static void *reals(const KernelSet *set, int64_t n) {
  char *p = mem_alloc((size_t)n * set->real);
  for (int64_t i = 0; i < n; i++) {
    double v = (double)(i * 7919 % 1009) / 505 - 1;
    if (set->real == sizeof(double)) ((double *)(void *)p)[i] = v;
    else ((float *)(void *)p)[i] = (float)v;
  }
  return p;
}

static double time_op(const CircuitProgram *c, const KernelSet *set, OpId op, int64_t batch) {
  Arena *a = arena_new();
  const char *why;
  Span where;
  KOp k = {.op = op, .n_in = op == OP_CIRCUIT ? 2 : op == OP_CIRCUIT_VJP ? 3 : 5};
  k.plan = sim_plan(a, c, set, &why, &where);
  int64_t size[5] = {c->input_size[0], c->input_size[1], c->n_outputs, c->input_size[0], c->input_size[1]};
  KCall call = {.op = &k, .rows = batch};
  for (int i = 0; i < k.n_in; i++) {
    bool rows = i % 3 != 1 && i != 4;
    k.in_rows[i] = rows;
    k.in[i] = rows ? shape_of(2, (int64_t[]){batch, size[i]}) : shape_of(1, &size[i]);
    call.in[i] = reals(set, size[i] * (rows ? batch : 1));
  }
  void *out[3] = {reals(set, size[0] * batch), reals(set, size[1]), reals(set, size[2] * batch)};
  call.out = out[2];
  memcpy(call.part, out, sizeof out);
  size_t scratch = sim_scratch(&k);
  call.scratch = mem_try_alloc(scratch);
  double t = time_call(set, &call);
  for (int i = 0; i < k.n_in; i++) mem_free((void *)(uintptr_t)call.in[i]);
  for (int i = 0; i < 3; i++) mem_free(out[i]);
  mem_free_big(call.scratch, scratch);
  arena_free(a);
  return t;
}

static void row(int n, int64_t batch) {
  Arena *a = arena_new();
  CircuitProgram *c = layers(a, n);
  for (int is_double = 0; is_double < 2; is_double++) {
    for (int f = 0; f <= (int)kernel_family(); f++) {
      const KernelSet *set = kernel_set((KernelFamily)f, is_double);
      if (strcmp(variant, "all") != 0 && strcmp(variant, set->name) != 0) continue;
      printf("%2d %4lld  %-10s", n, (long long)batch, set->name);
      static const OpId op[3] = {OP_CIRCUIT, OP_CIRCUIT_VJP, OP_CIRCUIT_HVP};
      for (int i = 0; i < 3; i++) printf(" %10.2f", 1e6 * time_op(c, set, op[i], batch));
      printf("\n");
      fflush(stdout);
    }
  }
  arena_free(a);
}

int main(int argc, char **argv) {
  if (argc > 1) seconds = atof(argv[1]);
  if (argc > 2) variant = argv[2];
  static const int64_t batch[] = {1, 32, 64, 256};
  printf(" n batch kernel       forward   gradient    Hessian   (microseconds)\n");
  for (int i = 3; i < (argc > 3 ? argc : 10); i++) {
    int n = argc > 3 ? atoi(argv[i]) : 2 * i - 4;
    for (int b = 0; b < (n > 14 ? 1 : 4); b++) row(n, batch[b]);
  }
  return 0;
}
