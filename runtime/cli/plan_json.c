/* A plan as one line of JSON. */
#include "runtime/cli/plan.h"
#include "runtime/record/text.h"

static void number(Text *t, const char *key, double x) {
  text_printf(t, ", \"%s\": ", key);
  text_json_number(t, x, false);
}

static void word(Text *t, const char *key, const char *s) {
  text_printf(t, ", \"%s\": ", key);
  text_json_string(t, s);
}

static void circuit(Text *t, const PlanCircuit *c) {
  text_add(t, "{\"name\": ");
  text_json_string(t, sym_text(c->program->name));
  number(t, "qubits", c->program->n_qubits);
  number(t, "gates", c->counts.total);
  number(t, "gates_on_several", c->counts.two + c->counts.more);
  number(t, "depth", c->counts.depth);
  number(t, "depth_on_several", c->counts.multi_depth);
  number(t, "channels", c->counts.channels);
  number(t, "angles", c->counts.angles);
  number(t, "free_angles", c->counts.open);
  number(t, "parameters", (double)c->params);
  number(t, "state_bytes", c->state_bytes);
  word(t, "plateau_risk", plateau_name(c->plateau.risk));
  number(t, "plateau_qubits", c->plateau.qubits);
  word(t, "plateau_reason", c->plateau.why);
  text_add(t, "}");
}

static void methods(Text *t, const Forecast *f) {
  static const char *const verdict[] = {"runs", "later", "impossible"}; /* by MethodVerdict */
  text_add(t, ", \"methods\": [");
  for (int m = 0; m < METHOD_COUNT && f->has_gradient; m++) {
    const ForecastMethod *x = &f->method[m];
    text_add(t, m > 0 ? ", {\"name\": " : "{\"name\": ");
    text_json_string(t, circuit_method_name((CircuitMethod)m));
    text_printf(t, ", \"used\": %s", x->used ? "true" : "false");
    word(t, "verdict", verdict[x->verdict]);
    if (x->verdict == METHOD_RUNS) {
      number(t, "circuits", x->circuits);
      number(t, "operations", x->flops);
    } else {
      word(t, "why", x->why);
    }
    text_add(t, "}");
  }
  text_add(t, "]");
}

static void train(Text *t, const PlanTrain *x) {
  const Forecast *f = &x->f;
  text_add(t, "{\"name\": ");
  text_json_string(t, x->train->name);
  number(t, "classical_parameters", (double)x->params.classical);
  number(t, "quantum_parameters", (double)x->params.quantum);
  number(t, "optimiser_bytes", x->moments);
  number(t, "epochs", (double)x->train->epochs);
  if (x->train->iterations > 0) number(t, "iterations", (double)x->train->iterations);
  number(t, "batch", (double)x->train->batch);
  number(t, "rows", (double)f->rows);
  number(t, "steps_per_epoch", f->steps);
  number(t, "circuits_per_step", f->circuits);
  number(t, "operations_per_step", f->flops);
  number(t, "circuit_operations_per_step", f->quantum);
  word(t, "gradient", x->method);
  number(t, "seconds_per_step", f->step_seconds);
  number(t, "seconds_per_epoch", f->epoch_seconds);
  word(t, "seconds_by", f->measured ? "rehearsal" : "estimate");
  methods(t, f);
  text_add(t, "}");
}

void plan_json(Cli *c, const Plan *p) {
  Text t = text_new(c->arena);
  text_add(&t, "{\"plan\": 1");
  word(&t, "precision", p->precision);
  word(&t, "kernels", p->family);
  number(&t, "threads", p->threads);
  text_add(&t, ", \"bytes\": {\"total\": ");
  text_json_number(&t, (double)p->bytes.total, false);
  number(&t, "weights", (double)p->bytes.weights);
  number(&t, "optimisers", (double)p->bytes.moments);
  number(&t, "values", (double)p->bytes.values);
  number(&t, "scratch", (double)p->bytes.scratch);
  number(&t, "free", p->budget);
  text_add(&t, "}, \"circuits\": [");
  for (int k = 0; k < p->circuits.n; k++) {
    if (k > 0) text_add(&t, ", ");
    circuit(&t, &p->circuits.at[k]);
  }
  text_add(&t, "], \"objects\": [");
  for (int k = 0; k < p->objects.n; k++) {
    text_add(&t, k > 0 ? ", {\"name\": " : "{\"name\": ");
    text_json_string(&t, p->objects.at[k].name);
    number(&t, "classical_parameters", (double)p->objects.at[k].params.classical);
    number(&t, "quantum_parameters", (double)p->objects.at[k].params.quantum);
    text_add(&t, "}");
  }
  text_add(&t, "], \"trains\": [");
  for (int k = 0; k < p->trains.n; k++) {
    if (k > 0) text_add(&t, ", ");
    train(&t, &p->trains.at[k]);
  }
  text_add(&t, "], \"claims\": [");
  for (int k = 0; k < p->program->claims.n; k++) {
    if (k > 0) text_add(&t, ", ");
    text_json_string(&t, p->program->claims.at[k].id);
  }
  text_add(&t, "]}\n");
  fputs(text_str(&t), stdout);
}
