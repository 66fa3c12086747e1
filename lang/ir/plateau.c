#include "lang/ir/plateau.h"
#include "lang/ir/light_cone.h"

#define QUBITS_MAX 64

CircuitCounts circuit_counts(const CircuitProgram *c) {
  CircuitCounts out = {.total = c->gates.n};
  int at[QUBITS_MAX] = {0}, multi[QUBITS_MAX] = {0};
  for (int i = 0; i < c->gates.n; i++) {
    const GateUse *u = &c->gates.at[i];
    const int n = u->n_controls + u->n_targets;
    int last = 0, last_multi = 0;
    for (int k = 0; k < n; k++) {
      if (at[u->qubit[k]] > last) last = at[u->qubit[k]];
      if (multi[u->qubit[k]] > last_multi) last_multi = multi[u->qubit[k]];
    }
    for (int k = 0; k < n; k++) {
      at[u->qubit[k]] = last + 1;
      multi[u->qubit[k]] = last_multi + (n > 1);
    }
    if (last + 1 > out.depth) out.depth = last + 1;
    if (last_multi + (n > 1) > out.multi_depth) out.multi_depth = last_multi + (n > 1);
    out.one += n == 1;
    out.two += n == 2;
    out.more += n > 2;
    out.controlled += u->n_controls > 0;
    if (u->channel != CHANNEL_NONE) out.channels++;
    else out.by_gate[u->gate]++;
    for (int k = 0; k < gate_info[u->gate].n_angles; k++) {
      out.angles++;
      out.open += u->angle[k].source >= 0;
    }
  }
  return out;
}

/* Letters of the longest word that is measured: an outcome of a register is a projector on all its qubits. */
static int measured_letters(const CircuitProgram *c) {
  int most = c->measure == MEASURE_EXPVAL ? 0 : c->probs_qubits.n;
  for (int i = 0; i < c->observables.n; i++)
    for (int k = 0; k < c->observables.at[i].terms.n; k++) {
      const PauliTerm *t = &c->observables.at[i].terms.at[k];
      const int n = __builtin_popcountll(t->x | t->z);
      if (n > most) most = n;
    }
  return most;
}

/* The most layers of gates on several qubits that a qubit with free angles has. */
static int entangling_layers(const CircuitProgram *c) {
  int layers[QUBITS_MAX] = {0}, open[QUBITS_MAX] = {0}, most = 0;
  for (int i = 0; i < c->gates.n; i++) {
    const GateUse *u = &c->gates.at[i];
    const int n = u->n_controls + u->n_targets;
    for (int k = 0; k < gate_info[u->gate].n_angles; k++)
      for (int q = 0; q < n && u->angle[k].source >= 0; q++) open[u->qubit[q]] = 1;
    int last = 0, any = 0;
    for (int k = 0; k < n && n > 1; k++) {
      if (layers[u->qubit[k]] > last) last = layers[u->qubit[k]];
      any |= open[u->qubit[k]];
    }
    for (int k = 0; k < n && any; k++) layers[u->qubit[k]] = last + (n > 1);
    if (any && last + (n > 1) > most) most = last + (n > 1);
  }
  return most;
}

const char *plateau_name(PlateauRisk r) {
  static const char *const names[] = {"none", "low", "moderate", "high"};
  return names[r];
}

Plateau circuit_plateau(Arena *a, const CircuitProgram *c, bool small_start) {
  const CircuitCounts n = circuit_counts(c);
  const int letters = measured_letters(c), layers = entangling_layers(c);
  const int seen = __builtin_popcountll(light_cone(a, c).reached);
  Plateau out = {.why = "no free angle reaches a measurement"};
  if (n.open == 0 || letters == 0 || seen == 0) return out;
  const int reach = letters + 2 * layers < seen ? letters + 2 * layers : seen;
  out.qubits = reach > letters ? reach : letters;
  out.risk = out.qubits < 5 ? PLATEAU_LOW : out.qubits < 10 ? PLATEAU_MODERATE : PLATEAU_HIGH;
  if (letters >= out.qubits)
    out.why =
        arena_printf(a, "what is measured acts on %d qubit%s at once", letters, letters == 1 ? "" : "s");
  else
    out.why =
        arena_printf(a, "a word on %d qubit%s is spread over %d by %d layer%s of gates on several qubits",
                     letters, letters == 1 ? "" : "s", out.qubits, layers, layers == 1 ? "" : "s");
  if (small_start && out.risk > PLATEAU_LOW) {
    out.risk--;
    out.why = arena_printf(a, "%s, but all angles start near a fixed circuit", out.why);
  }
  return out;
}
