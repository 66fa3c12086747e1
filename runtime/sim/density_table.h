/* Tables under construction: r'[k] = factor[k] r[from[k]] over the words of a few qubits, made by
 * putting permutations and factors one after the other (private to density_plan.c). */
#ifndef QGN_SIM_DENSITY_TABLE_H
#define QGN_SIM_DENSITY_TABLE_H
#include "runtime/sim/density.h"

#define TABLE_MAX_QUBITS 6 /* beyond it only for a single gate on more */

typedef struct Table {
  int n_qubits; /* 0: nothing in it */
  int qubit[GATE_MAX_QUBITS];
  uint32_t n; /* 4^n_qubits */
  uint32_t *from;
  double *factor;
  int n_scales;
  DensityScale *scale;
} Table;

/* Adds the qubits of the mask. False, and nothing done, if they are too many. */
bool table_grow(Arena *a, Table *t, uint32_t mask);
/* Behind the table: r'[k] = factor[k] r[from[k]] on the words of n of its qubits, and, if c is not NULL,
 * entry at[k] - 1 of the channel as a further factor. */
void table_apply(Arena *a, Table *t, int n, const int *qubit, const uint32_t *from, const double *factor,
                 const DensityChannel *c, const uint8_t *at);
bool table_is_identity(const Table *t);
/* Is a rotation behind the table, about a word on `mask` that reads `code` on the table's qubits, the same in
 * front of it? It is if the table has only factors, equal on all pairs of the rotation. */
bool table_passes(const Table *t, uint32_t mask, uint32_t code);
#endif
