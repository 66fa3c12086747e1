#include "tests/ref/sim_rig.h"
#include <assert.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/mem.h"
#include "runtime/sim/density.h"
#include "runtime/sim/trajectory.h"
#include "runtime/sim/wide.h"

CircuitProgram *rig_circuit(Arena *a, int n_qubits, int n_inputs, const int64_t *size, const bool *rows) {
  CircuitProgram *c = ARENA_NEW(a, CircuitProgram);
  c->arena = a;
  c->n_qubits = n_qubits;
  c->n_inputs = n_inputs;
  c->input_size = ARENA_ARRAY(a, int64_t, n_inputs);
  c->input_has_rows = ARENA_ARRAY(a, bool, n_inputs);
  for (int k = 0; k < n_inputs; k++) {
    c->input_size[k] = size[k];
    c->input_has_rows[k] = rows[k];
  }
  return c;
}

GateUse *rig_gate(CircuitProgram *c, GateId gate, int n_controls, int n_targets, const int *qubits) {
  GateUse u = {.gate = gate, .n_controls = n_controls, .n_targets = n_targets};
  for (int i = 0; i < n_controls + n_targets; i++) {
    u.qubit[i] = (uint8_t)qubits[i];
    u.control_on[i] = 1;
  }
  for (int i = 0; i < GATE_MAX_ANGLES; i++) u.angle[i].source = -1;
  vec_push(c->arena, &c->gates, u);
  return &c->gates.at[c->gates.n - 1];
}

GateUse *rig_channel(CircuitProgram *c, ChannelId channel, int n_targets, const int *qubits) {
  GateUse *u = rig_gate(c, GATE_ID, 0, n_targets, qubits);
  u->channel = channel;
  c->mixed = true;
  return u;
}

void rig_term(CircuitProgram *c, double coefficient, uint64_t x, uint64_t z) {
  Observable *o = &c->observables.at[c->observables.n - 1];
  vec_push(c->arena, &o->terms, ((PauliTerm){coefficient, x, z}));
}

void rig_expval(CircuitProgram *c, double coefficient, uint64_t x, uint64_t z) {
  Observable o = {0};
  c->measure = MEASURE_EXPVAL;
  vec_push(c->arena, &c->observables, o);
  c->n_outputs = c->observables.n;
  rig_term(c, coefficient, x, z);
}

void rig_probs(CircuitProgram *c, int n, const int *qubits) {
  c->measure = MEASURE_PROBS;
  for (int i = 0; i < n; i++) vec_push(c->arena, &c->probs_qubits, (uint8_t)qubits[i]);
  c->n_outputs = 1 << n;
}

void rig_amplitudes(CircuitProgram *c, const int *qubits) {
  c->measure = MEASURE_AMPLITUDES;
  for (int i = 0; i < c->n_qubits; i++) vec_push(c->arena, &c->probs_qubits, (uint8_t)qubits[i]);
  c->n_outputs = circuit_n_outputs(c);
}

int64_t rig_samples(const CircuitProgram *c, int64_t rows) {
  for (int k = 0; k < c->n_inputs; k++) {
    if (c->input_has_rows[k]) return rows;
  }
  return 1;
}

static void *to_reals(const KernelSet *set, const double *v, int64_t n) {
  char *p = malloc((size_t)n * set->real + 1);
  for (int64_t i = 0; i < n; i++) {
    if (set->real == sizeof(double)) {
      ((double *)(void *)p)[i] = v[i];
    } else {
      ((float *)(void *)p)[i] = (float)v[i];
    }
  }
  return p;
}

static void from_reals(const KernelSet *set, const void *p, double *v, int64_t n) {
  for (int64_t i = 0; i < n; i++) {
    v[i] = set->real == sizeof(double) ? ((const double *)p)[i] : (double)((const float *)p)[i];
  }
}

int64_t rig_batch;
uint64_t rig_key;
CircuitMethod rig_method;
size_t rig_block_bytes = WIDE_BLOCK_BYTES;
bool rig_prune = true;
int rig_team = 1;
size_t rig_keep_bytes = DENSITY_KEEP_BYTES;

static void backwards(void *pool, void (*task)(void *ctx, int task, int thread), void *ctx, int n) {
  (void)pool;
  for (int i = n - 1; i >= 0; i--) task(ctx, i, i % rig_team);
}

static Shape input_shape(const CircuitProgram *c, int k, int64_t rows) {
  int64_t d[2] = {rows, c->input_size[k]};
  Shape s = {.rank = c->input_has_rows[k] ? 2 : 1};
  for (int i = 0; i < s.rank; i++) s.d[i] = dim_static(d[2 - s.rank + i]);
  return s;
}

void rig_run(const CircuitProgram *c, const KernelSet *set, OpId op, int64_t rows, const double *const *in,
             const double *w, const double *const *u, double *const *out) {
  Arena *a = arena_new();
  const char *why;
  Span where;
  int n = c->n_inputs;
  int64_t samples = rig_samples(c, rows), n_out[KMAX_PARTS] = {0};
  KOp k = {.op = op, .n_in = op == OP_CIRCUIT ? n : op == OP_CIRCUIT_VJP ? n + 1 : 2 * n + 1};
  k.attr.i[0] = rig_method;
  static const RunClock start = {0};
  k.key = rig_key;
  k.plan = c->trajectories > 0 ? path_plan(a, c, set, &why, &where)
           : c->mixed          ? density_plan(a, c, set, rig_keep_bytes, rig_prune, &why, &where)
                               : sim_plan_blocks(a, c, set, rig_block_bytes, &why, &where);
  assert(k.plan != NULL);
  KCall call = {.op = &k, .rows = rows, .clock = &start};
  for (int i = 0; i < k.n_in; i++) {
    int source = i > n ? i - n - 1 : i;
    k.in_rows[i] = i == n ? samples == rows : c->input_has_rows[source];
    if (i == n) {
      k.in[i] = (Shape){.rank = 2, .d = {dim_static(samples), dim_static(c->n_outputs)}};
    } else {
      k.in[i] = input_shape(c, source, rows);
    }
    call.in[i] = to_reals(set, i == n ? w : i > n ? u[source] : in[source], shape_capacity(&k.in[i]));
    if (k.in_rows[i] && rig_batch > 0) k.in[i].d[0] = dim_static(rig_batch);
  }
  int parts = op == OP_CIRCUIT ? 0 : op == OP_CIRCUIT_VJP ? n : n + 1;
  for (int i = 0; i < (parts == 0 ? 1 : parts); i++) {
    bool outputs = op == OP_CIRCUIT || i == n;
    n_out[i] = outputs ? samples * c->n_outputs : c->input_size[i] * (c->input_has_rows[i] ? rows : 1);
    void *to = malloc((size_t)n_out[i] * set->real + 1);
    memset(to, 0xff, (size_t)n_out[i] * set->real);
    call.part[i] = out[i] != NULL || parts == 0 ? to : NULL;
    if (call.part[i] == NULL) free(to);
  }
  if (parts == 0) call.out = call.part[0];
  k.scratch = sim_scratch(&k);
  char *scratch[4];
  assert(rig_team <= 4);
  for (int i = 0; i < rig_team; i++) {
    scratch[i] = mem_try_alloc(k.scratch);
    memset(scratch[i], 0xff, k.scratch); /* NaN: nothing may be read before it is written */
  }
  const KTeam team = {.run = backwards, .scratch = scratch};
  call.scratch = scratch[0];
  call.team = rig_team > 1 ? &team : NULL;
  set->op[op](&call);
  for (int i = 0; i < (parts == 0 ? 1 : parts); i++) {
    if (call.part[i] != NULL) from_reals(set, call.part[i], out[i], n_out[i]);
    free(call.part[i]);
  }
  for (int i = 0; i < k.n_in; i++) free((void *)(uintptr_t)call.in[i]);
  for (int i = 0; i < rig_team; i++) mem_free_big(scratch[i], k.scratch);
  arena_free(a);
}

uint64_t rig_rng_state = 1;

uint64_t rig_rng(void) {
  rig_rng_state ^= rig_rng_state << 13;
  rig_rng_state ^= rig_rng_state >> 7;
  rig_rng_state ^= rig_rng_state << 17;
  return rig_rng_state;
}

int rig_below(int n) { return (int)(rig_rng() >> 33) % n; }

double rig_uniform(double from, double to) {
  return from + (to - from) * (double)(rig_rng() >> 11) * 0x1p-53;
}

const KernelSet *rig_best(void) { return kernel_set(kernel_family(), true); }

int64_t rig_values(const CircuitProgram *c, int k, int64_t rows) {
  return c->input_size[k] * (c->input_has_rows[k] ? rows : 1);
}

void rig_describe(const CircuitProgram *c) {
  print_message("circuit of %d qubits:", c->n_qubits);
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    print_message(" %s%s", u->inverse ? "inv@" : "",
                  u->channel ? channel_info[u->channel].name : gate_info[u->gate].name);
    for (int i = 0; i < u->n_controls + u->n_targets; i++)
      print_message("%s%d%s", i ? "," : " ", u->qubit[i],
                    i >= u->n_controls ? ""
                    : u->control_on[i] ? "*"
                                       : "o");
    print_message(";");
  }
  print_message("\n");
}

void rig_near(const CircuitProgram *c, const double *a, const double *b, int64_t n, double tolerance,
              const char *what, const char *set) {
  for (int64_t i = 0; i < n; i++) {
    if (fabs(a[i] - b[i]) <= tolerance * fmax(1, fabs(b[i]))) continue;
    rig_describe(c);
    fail_msg("%s, %s[%lld]: %.17g instead of %.17g", set, what, (long long)i, a[i], b[i]);
  }
}
