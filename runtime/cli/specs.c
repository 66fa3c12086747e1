/* qgn specs: what circuits need. */
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/cli/cli.h"

typedef struct Counts {
  int depth, multi_depth; /* moments; those with a gate on several qubits */
  int total, one, two, more, controlled, ancillas, channels;
  int by_gate[GATE_COUNT];
} Counts;

static Counts count(const CircuitProgram *c, int declared) {
  Counts out = {.total = c->gates.n, .ancillas = c->n_qubits - declared};
  int at[64] = {0}, multi[64] = {0};
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
  }
  return out;
}

static void row(const char *name, const char *text) { printf("  %-12s %s\n", name, text); }

static const char *bytes_text(Arena *a, double x) {
  static const char *const units[] = {"B", "kB", "MB", "GB", "TB"};
  int u = 0;
  for (; x >= 1000 && u < 4; u++) x /= 1000;
  return arena_printf(a, u == 0 ? "%.0f %s" : "%.3g %s", x, units[u]);
}

static int64_t weights_of(const Program *p, const CircuitView *v) {
  bool *seen = ARENA_ARRAY(p->arena, bool, p->slots.n + 1);
  int64_t n = 0;
  for (int k = 0; k < g_count(v->graph); k++) {
    const Node *node = g_node(v->graph, k);
    if (node->op != OP_PARAM || seen[node->attr.i[0]]) continue;
    seen[node->attr.i[0]] = true;
    n += shape_capacity(&node->shape);
  }
  return n;
}

static const char *outputs_text(Arena *a, const CircuitView *v) {
  const char *out = "";
  for (int i = 0; i < v->measured.n; i++) {
    const CircuitProgram *m = v->measured.at[i];
    const int q = m->probs_qubits.n;
    static const char *const of[] = {"", "probabilities", "amplitudes", "sampled bits"}; /* by MeasureKind */
    const char *what =
        q > 0 ? arena_printf(a, "%s of %d qubit%s", of[m->measure], q, q == 1 ? "" : "s")
              : arena_printf(a, "%d expectation value%s", m->observables.n, m->observables.n == 1 ? "" : "s");
    if (m->shots > 0) what = arena_printf(a, "%s by %lld shots", what, (long long)m->shots);
    out = arena_printf(a, "%s%s%s", out, i > 0 ? ", " : "", what);
  }
  return v->measured.n > 0 ? out : "none: a block";
}

static void show(const Program *p, const CircuitView *v) {
  Arena *a = p->arena;
  int declared = 0, angles = 0, free_angles = 0;
  const CircuitProgram *c = v->body;
  for (int i = 0; i < v->registers.n; i++) declared += v->registers.at[i].n;
  const Counts n = count(c, declared);
  for (int i = 0; i < c->gates.n; i++)
    for (int k = 0; k < gate_info[c->gates.at[i].gate].n_angles; k++) {
      angles++;
      free_angles += c->gates.at[i].angle[k].source >= 0;
    }
  printf("%s\n", v->name);
  row("qubits", n.ancillas > 0 ? arena_printf(a, "%d, and %d that hold outcomes", declared, n.ancillas)
                               : arena_printf(a, "%d", declared));
  row("depth", arena_printf(a, "%d, of gates on several qubits %d", n.depth, n.multi_depth));
  row("gates", arena_printf(a, "%d: %d on one qubit, %d on two, %d on more; %d with ctrl @", n.total, n.one,
                            n.two, n.more, n.controlled));
  const char *list = "";
  for (int g = 0; g < GATE_COUNT; g++)
    if (n.by_gate[g] > 0)
      list = arena_printf(a, "%s%s%s %d", list, *list != '\0' ? ", " : "", gate_info[g].name, n.by_gate[g]);
  if (n.channels > 0)
    list = arena_printf(a, "%s%snoise channels %d", list, *list != '\0' ? ", " : "", n.channels);
  if (*list != '\0') row("", list);
  row("angles", arena_printf(a, "%d, %d of them free", angles, free_angles));
  row("parameters", arena_printf(a, "%lld", (long long)weights_of(p, v)));
  row("measures", outputs_text(a, v));
  bool matrix = false;
  for (int i = 0; i < v->measured.n; i++)
    matrix = matrix || (v->measured.at[i]->mixed && v->measured.at[i]->trajectories == 0);
  const double size = (double)((uint64_t)1 << c->n_qubits),
               state = (p->is_double ? 8 : 4) * size * (matrix ? size : 2);
  row("bytes",
      arena_printf(
          a, "%s for a %s, %s for a sample with its gradient, %s with second derivatives (%s precision)",
          bytes_text(a, state), matrix ? "density matrix" : "state", bytes_text(a, 2 * state),
          bytes_text(a, 4 * state), p->is_double ? "double" : "single"));
}

int cli_verb_specs(Cli *c) {
  CliScript script;
  const CircuitView *view;
  int code;
  const Program *p = cli_load_circuit(c, &script, &view, true, &code);
  if (p == NULL) return code;
  cli_show(c);
  for (int i = 0; i < p->circuits.n; i++) {
    if (view != NULL && view != &p->circuits.at[i]) continue;
    if (view == NULL && i > 0) printf("\n");
    show(p, &p->circuits.at[i]);
  }
  if (p->circuits.n == 0) printf("%s has no circuit whose sizes are all in its signature\n", script.path);
  return cli_code(c);
}
