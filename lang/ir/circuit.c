#include "lang/ir/circuit.h"

enum { CELL_K, CELL_LATER, CELL_NO };

typedef struct MethodInfo {
  const char *name;
  uint8_t first[3]; /* of each MeasureKind */
  uint8_t second, shots, noise;
  const char *why;
} MethodInfo;

static const MethodInfo methods[METHOD_COUNT] = {
#define METHOD(ID, name, expval, probs, amplitudes, second, shots, noise, doc, why)                          \
  [METHOD_##ID] = {name,          {CELL_##expval, CELL_##probs, CELL_##amplitudes},                          \
                   CELL_##second, CELL_##shots,                                                              \
                   CELL_##noise,  why},
#include "lang/ir/circuit_methods.def"
#undef METHOD
};

const char *circuit_method_name(CircuitMethod m) { return methods[m].name; }

const char *circuit_method_why(Arena *a, CircuitMethod m, const MethodUse *use) {
  const MethodInfo *info = &methods[m];
  uint8_t cell[4] = {info->first[use->measure], use->order > 1 ? info->second : CELL_K,
                     use->shots ? info->shots : CELL_K, use->noise ? info->noise : CELL_K};
  if (use->order > 2)
    return "a third derivative through a circuit is not available, only the first and the second are";
  uint8_t worst = CELL_K;
  for (int i = 0; i < 4; i++) worst = cell[i] > worst ? cell[i] : worst;
  if (worst == CELL_NO)
    return arena_printf(a, "gradient method `%s` is not possible here: %s", info->name, info->why);
  if (worst == CELL_LATER)
    return arena_printf(a, "gradient method `%s` is not available here in this version", info->name);
  return NULL;
}

/* i^result is the factor of the product of two Hermitian words as a Hermitian word with sign +. */
static int product_phase(const PauliTerm *a, const PauliTerm *b) {
  uint64_t x = a->x ^ b->x, z = a->z ^ b->z;
  /* a word is i^|x & z| X^x Z^z, and Z^z X^x = (-1)^|z & x| X^x Z^z */
  int t = __builtin_popcountll(a->x & a->z) + __builtin_popcountll(b->x & b->z) +
          2 * __builtin_popcountll(a->z & b->x) - __builtin_popcountll(x & z);
  return t & 3;
}

Observable observable_square(Arena *a, const Observable *o) {
  Observable out = {.span = o->span};
  for (int i = 0; i < o->terms.n; i++) {
    for (int j = 0; j < o->terms.n; j++) {
      const PauliTerm *p = &o->terms.at[i], *q = &o->terms.at[j];
      int t = product_phase(p, q), k = 0;
      if (t & 1) continue; /* i and -i of the two orders cancel */
      PauliTerm next = {p->coefficient * q->coefficient * (t == 2 ? -1 : 1), p->x ^ q->x, p->z ^ q->z};
      while (k < out.terms.n && !(out.terms.at[k].x == next.x && out.terms.at[k].z == next.z)) k++;
      if (k < out.terms.n) {
        out.terms.at[k].coefficient += next.coefficient;
      } else {
        vec_push(a, &out.terms, next);
      }
    }
  }
  return out;
}
