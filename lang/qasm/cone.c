/* The light cone of what a file measures. */
#include "lang/qasm/qasm.h"

typedef struct Cone {
  const QasmFile *f;
  bool *live;   /* qubits whose state matters here, from the end backwards */
  bool *needed; /* qubits that were live somewhere */
  bool *bit;    /* bits whose value matters here */
} Cone;

static void wake(Cone *c, int qubit) { c->live[qubit] = c->needed[qubit] = true; }

static bool gate_matters(Cone *c, const QasmOp *o) {
  bool any = false;
  for (int i = 0; i < o->n_controls + o->n_targets; i++) any = any || c->live[o->qubit[i]];
  if (!any) return false;
  for (int i = 0; i < o->n_controls + o->n_targets; i++) wake(c, o->qubit[i]);
  for (int k = o->condition; k >= 0; k = c->f->conditions.at[k].parent)
    for (int i = 0; i < c->f->conditions.at[k].n; i++) c->bit[c->f->conditions.at[k].bit[i]] = true;
  return true;
}

/* Whether the operation has a part in what comes behind it. */
static bool matters(Cone *c, const QasmOp *o) {
  const int q = o->qubit[0];
  if (o->kind == QASM_GATE) return gate_matters(c, o);
  if (o->kind == QASM_RESET) {
    const bool was = c->live[q];
    c->live[q] = false;
    return was;
  }
  const bool read = o->bit >= 0 && c->bit[o->bit];
  if (read) c->bit[o->bit] = false;
  if (read) wake(c, q);
  return read || c->live[q];
}

int qasm_cone(Arena *a, QasmFile *f, int most) {
  Cone c = {f, ARENA_ARRAY(a, bool, f->n_qubits + 1), ARENA_ARRAY(a, bool, f->n_qubits + 1),
            ARENA_ARRAY(a, bool, f->n_bits + 1)};
  bool *kept = ARENA_ARRAY(a, bool, f->ops.n + 1);
  int *number = ARENA_ARRAY(a, int, f->n_qubits + 1), n = 0, n_ops = 0;
  for (int i = 0; i < f->n_bits; i++) c.bit[i] = true;
  for (int i = f->ops.n - 1; i >= 0; i--) kept[i] = matters(&c, &f->ops.at[i]);
  for (int q = 0; q < f->n_qubits; q++)
    if (c.needed[q]) number[q] = n++;
  if (n == 0 || n > most) return n;
  for (int i = 0; i < f->ops.n; i++) {
    if (!kept[i]) continue;
    QasmOp *o = &f->ops.at[n_ops++];
    *o = f->ops.at[i];
    const int width = o->kind == QASM_GATE ? o->n_controls + o->n_targets : 1;
    for (int k = 0; k < width; k++) o->qubit[k] = number[o->qubit[k]];
  }
  f->ops.n = n_ops;
  f->n_qubits = n;
  return n;
}
