#include "runtime/sim/density_table.h"

static int place_of(const Table *t, int qubit) {
  for (int i = 0; i < t->n_qubits; i++)
    if (t->qubit[i] == qubit) return i;
  return -1;
}

/* One more qubit, behind the others: four times the table. */
static void add_qubit(Arena *a, Table *t, int qubit) {
  const uint32_t old = t->n_qubits == 0 ? 1 : t->n, n = 4 * old;
  uint32_t *from = ARENA_ARRAY(a, uint32_t, n);
  double *factor = ARENA_ARRAY(a, double, n);
  for (uint32_t k = 0; k < n; k++) {
    const uint32_t low = k % old, high = k - low;
    from[k] = high | (t->n_qubits == 0 ? 0 : t->from[low]);
    factor[k] = t->n_qubits == 0 ? 1 : t->factor[low];
  }
  for (int i = 0; i < t->n_scales; i++) {
    uint8_t *at = ARENA_ARRAY(a, uint8_t, n);
    for (uint32_t k = 0; k < n; k++) at[k] = t->scale[i].at[k % old];
    t->scale[i].at = at;
  }
  t->from = from;
  t->factor = factor;
  t->n = n;
  t->qubit[t->n_qubits++] = qubit;
}

bool table_grow(Arena *a, Table *t, uint32_t mask) {
  int more = 0;
  for (int q = 0; q < CIRCUIT_MAX_QUBITS; q++)
    if (mask >> q & 1 && place_of(t, q) < 0) more++;
  if (t->n_qubits + more > TABLE_MAX_QUBITS && t->n_qubits > 0) return false;
  for (int q = 0; q < CIRCUIT_MAX_QUBITS; q++)
    if (mask >> q & 1 && place_of(t, q) < 0) add_qubit(a, t, q);
  return true;
}

void table_apply(Arena *a, Table *t, int n, const int *qubit, const uint32_t *from, const double *factor,
                 const DensityChannel *c, const uint8_t *at) {
  int place[GATE_MAX_QUBITS];
  uint32_t mask = 0;
  for (int i = 0; i < n; i++) {
    place[i] = place_of(t, qubit[i]);
    mask |= 3u << (2 * place[i]);
  }
  uint32_t *new_from = ARENA_ARRAY(a, uint32_t, t->n);
  double *new_factor = ARENA_ARRAY(a, double, t->n);
  DensityScale *scale = ARENA_ARRAY(a, DensityScale, t->n_scales + 1);
  uint8_t *mine = ARENA_ARRAY(a, uint8_t, c != NULL ? t->n : 1);
  uint8_t **before = ARENA_ARRAY(a, uint8_t *, t->n_scales + 1);
  for (int i = 0; i < t->n_scales; i++) before[i] = ARENA_ARRAY(a, uint8_t, t->n);
  for (uint32_t k = 0; k < t->n; k++) {
    uint32_t local = 0, source = k & ~mask;
    for (int i = 0; i < n; i++) local |= (k >> (2 * place[i]) & 3) << (2 * i);
    for (int i = 0; i < n; i++) source |= (from[local] >> (2 * i) & 3) << (2 * place[i]);
    new_from[k] = t->from[source];
    new_factor[k] = factor[local] * t->factor[source];
    for (int i = 0; i < t->n_scales; i++) before[i][k] = t->scale[i].at[source];
    if (c != NULL) mine[k] = at[local];
  }
  for (int i = 0; i < t->n_scales; i++) scale[i] = (DensityScale){t->scale[i].channel, before[i]};
  if (c != NULL) scale[t->n_scales] = (DensityScale){c, mine};
  t->n_scales += c != NULL;
  t->scale = scale;
  t->from = new_from;
  t->factor = new_factor;
}

bool table_is_identity(const Table *t) {
  for (uint32_t k = 0; k < t->n; k++)
    if (t->from[k] != k || t->factor[k] != 1) return false;
  return t->n_scales == 0;
}

static bool same_formula(const Formula *f, const Formula *g) {
  if (f->n != g->n) return false;
  for (int i = 0; i < f->n; i++)
    if (f->step[i].op != g->step[i].op || f->step[i].value != g->step[i].value) return false;
  return true;
}

bool table_passes(const Table *t, uint32_t mask, uint32_t code) {
  uint32_t mine = 0;
  for (int i = 0; i < t->n_qubits; i++) mine |= 1u << t->qubit[i];
  if ((mask & mine) == 0) return true;
  const bool inside = (mask & ~mine) == 0;
  for (uint32_t k = 0; k < t->n; k++) {
    if (t->from[k] != k) return false;
    /* a pair of words that anticommute with the rotation's: k and k times its word, letter by letter */
    int anti = 0;
    for (int i = 0; i < t->n_qubits; i++) {
      const uint32_t p = k >> (2 * i) & 3, w = code >> (2 * i) & 3;
      anti ^= p != 0 && w != 0 && p != w;
    }
    if (inside && !anti) continue;
    if (t->factor[k] != t->factor[k ^ code]) return false;
    for (int i = 0; i < t->n_scales; i++) {
      const DensityScale *s = &t->scale[i];
      const uint8_t a = s->at[k], b = s->at[k ^ code];
      if (a == b) continue;
      if (a == 0 || b == 0) return false;
      if (!same_formula(&s->channel->entry[a - 1].formula, &s->channel->entry[b - 1].formula)) return false;
    }
  }
  return true;
}
