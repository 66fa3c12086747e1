#include "lang/ir/circuit.h"
#include <string.h>

enum {
  CELL_K,
  CELL_LATER,
#define REASON(ID, text) CELL_##ID,
#define METHOD(ID, ...)
#include "lang/ir/circuit_methods.def"
#undef METHOD
#undef REASON
  CELL_COUNT
};

static const char *const reasons[CELL_COUNT] = {
#define REASON(ID, text) [CELL_##ID] = text,
#define METHOD(ID, ...)
#include "lang/ir/circuit_methods.def"
#undef METHOD
#undef REASON
};

enum {
  SETTING_PURE,
  SETTING_SHOTS,
  SETTING_MIXED,
  SETTING_PATHS,
  SETTING_OPEN,
  SETTING_OPEN_PATHS,
  SETTING_JUMPS,
  SETTING_OPEN_JUMPS,
  SETTINGS
};

typedef struct MethodInfo {
  const char *name;
  uint8_t measure[4];           /* of each MeasureKind */
  uint8_t setting[SETTINGS][2]; /* first and second order */
} MethodInfo;

static const MethodInfo methods[METHOD_COUNT] = {
#define REASON(ID, text)
#define METHOD(ID, name, expval, probs, amplitudes, sample, second, shots, shots2, mixed, mixed2, paths,     \
               paths2, open, open2, open_paths, jumps, open_jumps, doc)                                      \
  [METHOD_##ID] = {name,                                                                                     \
                   {CELL_##expval, CELL_##probs, CELL_##amplitudes, CELL_##sample},                          \
                   {{CELL_K, CELL_##second},                                                                 \
                    {CELL_##shots, CELL_##shots2},                                                           \
                    {CELL_##mixed, CELL_##mixed2},                                                           \
                    {CELL_##paths, CELL_##paths2},                                                           \
                    {CELL_##open, CELL_##open2},                                                             \
                    {CELL_##open_paths, CELL_##open_paths},                                                  \
                    {CELL_##jumps, CELL_##jumps},                                                            \
                    {CELL_##open_jumps, CELL_##open_jumps}}},
#include "lang/ir/circuit_methods.def"
#undef METHOD
#undef REASON
};

const char *circuit_method_name(CircuitMethod m) { return methods[m].name; }

CircuitMethod circuit_method_find(const char *name) {
  int m = 0;
  while (m < METHOD_COUNT && strcmp(methods[m].name, name) != 0) m++;
  return (CircuitMethod)m;
}

MethodUse circuit_use(const CircuitProgram *c, int order) {
  return (MethodUse){.measure = c->measure,
                     .order = order,
                     .shots = c->shots > 0,
                     .noise = !c->mixed             ? CIRCUIT_PURE
                              : c->trajectories > 0 ? CIRCUIT_PATHS
                                                    : CIRCUIT_MIXED,
                     .open_noise = c->open_noise,
                     .jumps = c->jumps,
                     .open_jumps = c->open_jumps};
}

/* The worst cell of a use of order 1 or 2: reasons, then LATER, then K. */
static uint8_t worst_cell(CircuitMethod m, const MethodUse *use) {
  const MethodInfo *info = &methods[m];
  const int o = use->order > 1 ? 1 : 0;
  const int noise = use->noise == CIRCUIT_MIXED ? SETTING_MIXED : SETTING_PATHS;
  const int strength = use->noise == CIRCUIT_MIXED ? SETTING_OPEN : SETTING_OPEN_PATHS;
  const bool paths = use->noise == CIRCUIT_PATHS;
  uint8_t cell[6] = {info->measure[use->measure],
                     use->shots ? info->setting[SETTING_SHOTS][o] : CELL_K,
                     use->noise != CIRCUIT_PURE ? info->setting[noise][o] : CELL_K,
                     use->open_noise ? info->setting[strength][o] : CELL_K,
                     paths && use->jumps ? info->setting[SETTING_JUMPS][o] : CELL_K,
                     paths && use->open_jumps ? info->setting[SETTING_OPEN_JUMPS][o] : CELL_K};
  if (!use->shots && use->noise == CIRCUIT_PURE) cell[1] = info->setting[SETTING_PURE][o];
  uint8_t worst = CELL_K;
  for (int i = 0; i < 6; i++)
    if (worst <= CELL_LATER && cell[i] > worst) worst = cell[i];
  return worst;
}

/* What a message says of the circuit that a method is asked for. */
static const char *setting_text(const MethodUse *use) {
  const bool paths = use->noise == CIRCUIT_PATHS, mixed = use->noise == CIRCUIT_MIXED;
  if (use->shots)
    return paths ? " with shots and trajectories" : mixed ? " with shots and noise" : " with shots";
  return paths ? " with trajectories" : mixed ? " with noise" : "";
}

MethodVerdict circuit_method_check(Arena *a, CircuitMethod m, const MethodUse *use, const char **why) {
  *why = NULL;
  if (use->order > 2) {
    *why = "a third derivative through a circuit is not available, only the first and the second are";
    return METHOD_IMPOSSIBLE;
  }
  const uint8_t worst = worst_cell(m, use);
  if (worst == CELL_K) return METHOD_RUNS;
  if (worst == CELL_LATER) {
    *why = arena_printf(a, "the %s derivative by the method `%s` of a circuit%s%s",
                        use->order > 1 ? "second" : "first", methods[m].name, setting_text(use),
                        use->open_noise ? " whose strengths are computed" : "");
    return METHOD_LATER;
  }
  *why =
      arena_printf(a, "the gradient method `%s` is not possible here: %s", methods[m].name, reasons[worst]);
  return METHOD_IMPOSSIBLE;
}

CircuitMethod circuit_method_default(const MethodUse *use) {
  int legal = METHOD_COUNT;
  for (int m = 0; m < METHOD_COUNT; m++) {
    const uint8_t cell = worst_cell((CircuitMethod)m, use);
    if (cell == CELL_K) return (CircuitMethod)m;
    if (cell == CELL_LATER && legal == METHOD_COUNT) legal = m;
  }
  return legal < METHOD_COUNT ? (CircuitMethod)legal : METHOD_ADJOINT;
}

const char *circuit_methods_text(Arena *a, const MethodUse *use) {
  const char *out = "";
  for (int m = 0; m < METHOD_COUNT; m++)
    if (use->order <= 2 && worst_cell((CircuitMethod)m, use) == CELL_K)
      out = arena_printf(a, "%s%s`%s`", out, *out != '\0' ? ", " : "", methods[m].name);
  return *out != '\0' ? out : "none";
}

size_t gate_use_values(const GateUse *u) {
  const size_t d = (size_t)1 << u->n_targets;
  if (u->values == NULL) return 0;
  if (u->channel != CHANNEL_NONE) return 2 * d * d * (size_t)u->n_kraus;
  return u->gate == GATE_UNITARY ? 2 * d * d : u->gate == GATE_AMPLITUDE ? 2 * d : d;
}

int pauli_product_phase(const PauliTerm *a, const PauliTerm *b) {
  uint64_t x = a->x ^ b->x, z = a->z ^ b->z;
  /* a word is i^|x & z| X^x Z^z, and Z^z X^x = (-1)^|z & x| X^x Z^z */
  int t = __builtin_popcountll(a->x & a->z) + __builtin_popcountll(b->x & b->z) +
          2 * __builtin_popcountll(a->z & b->x) - __builtin_popcountll(x & z);
  return t & 3;
}

int circuit_n_outputs(const CircuitProgram *c) {
  const int states = 1 << c->probs_qubits.n;
  switch (c->measure) {
  case MEASURE_EXPVAL: return (c->trajectories > 0 && c->shots == 0 ? 2 : 1) * c->observables.n + c->pairs.n;
  case MEASURE_PROBS: return c->shots > 0 || c->trajectories > 0 ? 2 * states : states;
  case MEASURE_AMPLITUDES: return 2 * states;
  case MEASURE_SAMPLE: return (int)c->shots * c->probs_qubits.n;
  }
  return 0;
}

Observable observable_square(Arena *a, const Observable *o) {
  Observable out = {.span = o->span};
  for (int i = 0; i < o->terms.n; i++) {
    for (int j = 0; j < o->terms.n; j++) {
      const PauliTerm *p = &o->terms.at[i], *q = &o->terms.at[j];
      int t = pauli_product_phase(p, q), k = 0;
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
