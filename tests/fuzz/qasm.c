/* Any bytes must be read as OpenQASM without a crash: a file or an error, never both, every number in range,
 * the same list twice, and all values computable. Built with -fsanitize=fuzzer and -DLIBFUZZER it searches
 * (`make soak-qasm`); without, it replays the files named on the command line. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/mem.h"
#include "lang/qasm/qasm.h"
#include "tests/fuzz/replay.h"

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "qasm: %s\n", what);
  abort();
}

static bool below(int x, int n) { return x >= 0 && x < n; }

static void check_ops(const QasmFile *f) {
  for (int i = 0; i < f->ops.n; i++) {
    const QasmOp *o = &f->ops.at[i];
    const int n = o->n_controls + o->n_targets;
    require(o->n_targets > 0 && n <= GATE_MAX_QUBITS, "a wrong number of qubits");
    require(o->condition < f->conditions.n && o->bit < f->n_bits, "a condition or bit that is not there");
    for (int k = 0; k < n; k++) {
      require(below(o->qubit[k], f->n_qubits), "a qubit out of range");
      for (int j = 0; j < k; j++) require(o->qubit[j] != o->qubit[k], "a qubit twice");
    }
    if (o->kind != QASM_GATE) continue;
    require(below((int)o->gate, GATE_COUNT), "a gate that is not there");
    require(gate_info[o->gate].n_qubits == o->n_targets, "targets that are not the gate's");
    for (int k = 0; k < gate_info[o->gate].n_angles; k++)
      require(below(o->angle[k], f->nodes.n), "an angle out of range");
  }
}

static void check_nodes(const QasmFile *f) {
  for (int i = 0; i < f->nodes.n; i++) {
    const QasmNode *n = &f->nodes.at[i];
    if (n->kind == QASM_INPUT) require(below(n->a, f->inputs.n), "an input out of range");
    if (n->kind == QASM_ANGLE) require(below(n->a, f->angles.n), "an angle of the file out of range");
    if (n->kind == QASM_UNARY || n->kind == QASM_BINARY)
      require(below(n->a, i), "an operand behind its node");
    if (n->kind == QASM_BINARY) require(below(n->b, i), "an operand behind its node");
  }
  for (int i = 0; i < f->conditions.n; i++) {
    const QasmCondition *c = &f->conditions.at[i];
    require(c->parent < i && c->n <= QASM_MAX_CONDITION, "a wrong condition");
    for (int k = 0; k < c->n; k++) require(below(c->bit[k], f->n_bits), "a bit out of range");
  }
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  Arena *a = arena_new();
  const Source *src = src_add("<fuzz>", (const char *)bytes, size);
  QasmFile *f[2];
  const int rounds = size % 4 == 0 ? 2 : 1;
  for (int round = 0; round < rounds; round++) {
    DiagSink *sink = diag_sink(a);
    f[round] = qasm_read(a, src, NULL, NULL, sink);
    require((f[round] == NULL) == (sink->n_errors > 0), "result and messages differ");
    for (int i = 0; i < sink->all.n; i++)
      require(sink->all.at[i]->span.begin <= sink->all.at[i]->span.end, "a place that ends before it begins");
  }
  if (rounds == 1) f[1] = f[0];
  require((f[0] == NULL) == (f[1] == NULL), "two results of one text");
  if (f[0] != NULL) {
    require(f[0]->ops.n == f[1]->ops.n && f[0]->nodes.n == f[1]->nodes.n, "two lists of one text");
    check_ops(f[0]);
    check_nodes(f[0]);
    double *in = ARENA_ARRAY(a, double, f[0]->inputs.n + 1), *out = ARENA_ARRAY(a, double, f[0]->nodes.n + 1);
    for (int i = 0; i < f[0]->inputs.n; i++) in[i] = 0.3 + i;
    qasm_values(f[0], in, NULL, out);
    const int all = f[0]->n_qubits, most = CIRCUIT_MAX_QUBITS, n = qasm_cone(a, f[0], most);
    require(n <= all && f[0]->n_qubits == (n >= 1 && n <= most ? n : all), "a cone of a wrong size");
    check_ops(f[0]);
  }
  arena_free(a);
  src_clear();
  sym_clear();
  return 0;
}

#ifndef LIBFUZZER
int main(int argc, char **argv) { return replay(argc, argv); }
#endif
