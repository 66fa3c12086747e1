/* A plan as text: `label value` rows, values wrapped between words. */
#include <string.h>
#include "lang/base/num.h"
#include "runtime/cli/plan.h"

#define LABEL 12 /* columns of a label */

typedef struct Out {
  Arena *a;
  int width;
} Out;

/* A line of the table: the text behind its label, wrapped below itself. */
static void row(const Out *o, const char *label, const char *text) {
  const int from = 2 + LABEL;
  int at = printf("  %s", label) - (int)strlen(label) + cli_columns(label, strlen(label));
  for (; at < from; at++) putchar(' ');
  putchar(' ');
  cli_put_wrapped(text, at + 1, from + 1, o->width);
}

static const char *count_of(Arena *a, int64_t n, const char *what) {
  return arena_printf(a, "%s %s%s", plan_number(a, (double)n), what, n == 1 ? "" : "s");
}

static const char *params_text(Arena *a, PlanParams p) {
  if (p.quantum == 0) return arena_printf(a, "%lld, all classical", (long long)p.classical);
  if (p.classical == 0) return arena_printf(a, "%lld, all of circuits", (long long)p.quantum);
  return arena_printf(a, "%lld: %lld classical, %lld of circuits", (long long)(p.classical + p.quantum),
                      (long long)p.classical, (long long)p.quantum);
}

static void circuit(const Out *o, const PlanCircuit *c) {
  const CircuitCounts *n = &c->counts;
  Arena *a = o->a;
  const char *name = sym_text(c->program->name), *dot = strrchr(name, '.');
  printf("\ncircuit %s\n", dot != NULL ? dot + 1 : name);
  row(o, "qubits",
      arena_printf(a, "%d, %s for a %s", c->program->n_qubits, num_bytes(a, c->state_bytes),
                   c->program->mixed && c->program->trajectories == 0 ? "density matrix" : "state"));
  row(o, "gates",
      arena_printf(a, "%d, %d of them on several qubits%s", n->total, n->two + n->more,
                   n->channels > 0 ? arena_printf(a, ", %d noise channels", n->channels) : ""));
  row(o, "depth", arena_printf(a, "%d, of gates on several qubits %d", n->depth, n->multi_depth));
  row(o, "angles", arena_printf(a, "%d, %d of them free", n->angles, n->open));
  if (c->params > 0) row(o, "parameters", arena_printf(a, "%lld", (long long)c->params));
  row(o, "plateau risk", arena_printf(a, "%s: %s", plateau_name(c->plateau.risk), c->plateau.why));
}

static void memory(const Out *o, const Plan *p) {
  Arena *a = o->a;
  printf("\nmemory\n");
  row(o, "in all",
      arena_printf(a, "%s of %s that are free", num_bytes(a, (double)p->bytes.total),
                   num_bytes(a, p->budget)));
  row(o, "weights", num_bytes(a, (double)p->bytes.weights));
  row(o, "optimisers", num_bytes(a, (double)p->bytes.moments));
  row(o, "values",
      arena_printf(a, "%s: activations, results, series, rows drawn", num_bytes(a, (double)p->bytes.values)));
  row(o, "scratch",
      arena_printf(a, "%s: states of circuits and what kernels need, on %s",
                   num_bytes(a, (double)p->bytes.scratch), count_of(a, p->threads, "thread")));
}

static const char *method_text(Arena *a, const ForecastMethod *m) {
  const char *at = m->why != NULL ? strstr(m->why, ": ") : NULL;
  if (m->verdict == METHOD_LATER) return "not built yet for this circuit";
  if (m->verdict == METHOD_IMPOSSIBLE)
    return arena_printf(a, "not possible: %s", at != NULL ? at + 2 : m->why);
  return arena_printf(a, "%s circuit%s, %s operations", plan_number(a, m->circuits),
                      m->circuits == 1 ? "" : "s", plan_number(a, m->flops));
}

/* "20 of 10 steps, the last one smaller: 300 rows of d, 32 in a batch"; bounds where the rows follow from the
 * data. */
static const char *epochs_text(Arena *a, const Plan *p, const Train *t, const Forecast *f) {
  const Dataset *d = t->dataset >= 0 ? &p->program->datasets.at[t->dataset] : NULL;
  const char *most = d != NULL && !d->exact ? "at most " : "", *rows = "";
  const char *steps = f->steps == (double)(int64_t)f->steps
                          ? count_of(a, (int64_t)f->steps, "step")
                          : arena_printf(a, "%.0f steps, the last one smaller", f->steps + 0.5);
  if (f->rows > 0)
    rows = arena_printf(a, ": %s%lld rows%s%s, %lld in a batch", most, (long long)f->rows,
                        d != NULL && *d->name ? " of " : "", d != NULL ? d->name : "", (long long)t->batch);
  return arena_printf(a, "%lld of %s%s%s", (long long)t->epochs, most, steps, rows);
}

static void train(const Out *o, const Plan *p, const PlanTrain *t) {
  Arena *a = o->a;
  const Forecast *f = &t->f;
  const Train *def = t->train;
  printf("\ntrain %s\n", def->name);
  row(o, "parameters", params_text(a, t->params));
  row(o, "epochs", epochs_text(a, p, def, f));
  if (def->iterations > 0) row(o, "at most", count_of(a, def->iterations, "step"));
  row(o, "operations",
      arena_printf(
          a, "%s in a step%s%s", plan_number(a, f->flops),
          f->quantum > 0 ? arena_printf(a, ", %.0f %% of them in circuits", 100 * f->quantum / f->flops) : "",
          f->searches ? ", for one evaluation of the loss" : ""));
  if (f->circuits > 0)
    row(o, "circuits",
        arena_printf(a, "%s in a step%s", plan_number(a, f->circuits),
                     f->has_gradient ? arena_printf(a, ", gradient by %s", t->method) : ""));
  row(o, "optimisers", num_bytes(a, t->moments));
  row(o, "time",
      arena_printf(a, "%s a step, %s an epoch, %s in all; %s on %s", plan_seconds(a, f->step_seconds),
                   plan_seconds(a, f->epoch_seconds), plan_seconds(a, f->epoch_seconds * f->epochs),
                   f->measured ? "rehearsed on made-up rows"
                               : "estimated, for a step is too long to rehearse",
                   count_of(a, p->threads, "thread")));
  if (!f->has_gradient) return;
  printf("  a step by each gradient method\n");
  for (int m = 0; m < METHOD_COUNT; m++)
    row(o, arena_printf(a, "%s%s", f->method[m].used ? "* " : "  ", circuit_method_name((CircuitMethod)m)),
        method_text(a, &f->method[m]));
}

void plan_text(Cli *c, const Plan *p, int width) {
  const Out o = {c->arena, width};
  Arena *a = c->arena;
  for (int k = 0; k < p->circuits.n; k++) circuit(&o, &p->circuits.at[k]);
  if (p->objects.n > 0) printf("\nparameters\n");
  for (int k = 0; k < p->objects.n; k++)
    row(&o, p->objects.at[k].name, params_text(a, p->objects.at[k].params));
  memory(&o, p);
  for (int k = 0; k < p->trains.n; k++) train(&o, p, &p->trains.at[k]);
  const Program *q = p->program;
  for (int k = 0; k < q->sweeps.n; k++) {
    const Sweep *s = &q->sweeps.at[k];
    printf("\nsweep %s\n", s->name);
    row(&o, "runs",
        arena_printf(a, "%d: %d points%s", sweep_runs(s), s->points.n,
                     s->seeds.n > 0 ? arena_printf(a, " with %d seeds each", s->seeds.n) : ""));
  }
  if (q->claims.n > 0) printf("\nclaims\n");
  for (int k = 0; k < q->claims.n; k++) {
    const Claim *claim = &q->claims.at[k];
    const char *text = claim->n_document > 0 ? "the document says" : "the document gives no figure";
    for (int i = 0; i < claim->n_document; i++) {
      const Cell *cell = &claim->document[i];
      text = cell->text != NULL ? arena_printf(a, "%s%s \"%s\"", text, i > 0 ? "," : "", cell->text)
             : cell->slot < 0   ? arena_printf(a, "%s%s %g", text, i > 0 ? "," : "", cell->value)
                                : arena_printf(a, "%s%s a value of the run", text, i > 0 ? "," : "");
    }
    row(&o, claim->id, text);
  }
}
