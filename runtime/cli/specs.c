/* qgn specs: what circuits need. */
#include <string.h>
#include "lang/base/mem.h"
#include "lang/base/num.h"
#include "runtime/cli/plan.h"

static void row(const char *name, const char *text) { printf("  %-12s %s\n", name, text); }

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
  int declared = 0;
  const CircuitProgram *c = v->body;
  for (int i = 0; i < v->registers.n; i++) declared += v->registers.at[i].n;
  const CircuitCounts n = circuit_counts(c);
  const int ancillas = c->n_qubits - declared;
  printf("%s\n", v->name);
  row("qubits", ancillas > 0 ? arena_printf(a, "%d, and %d that hold outcomes", declared, ancillas)
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
  row("angles", arena_printf(a, "%d, %d of them free", n.angles, n.open));
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
          num_bytes(a, state), matrix ? "density matrix" : "state", num_bytes(a, 2 * state),
          num_bytes(a, 4 * state), p->is_double ? "double" : "single"));
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
