/* Speeds of this machine for steps that are too long to be rehearsed: a small script of the same kind is
 * planned and rehearsed instead, and what it takes for each operation is what the long step is said to take.
 */
#include <string.h>
#include "runtime/cli/plan.h"
#include "runtime/record/record.h"

#define LARGEST 18 /* qubits: a state beside which caches no longer matter */
#define SMALLEST 8
#define SECONDS 0.05

static const char script[] =
    "edition = 1\n"
    "precision = \"%s\"\n"
    "circuit c() on q[%d] {\n"
    "  param t[4, %d] ~ uniform(0, 2pi)\n"
    "  for l in 0..4 { ry(t[l]) q; rx(0.5 * t[l]) q; cx chain(q) }\n"
    "  return expval(Z(q[0]))\n"
    "}\n"
    "model m(x[256]) -> [256] { linear(256); tanh; linear(256) }\n"
    "train circuits { epochs = 1; optimizer c = sgd(0.1); step { minimize c() over c } }\n"
    "train others {\n"
    "  epochs = 1; optimizer m = sgd(0.1)\n"
    "  step { draw x[128, 256] ~ normal(0, 1); minimize mean(m(x)^2) over m }\n"
    "}\n";

bool plan_calibrate(Cli *c, const Plan *plan, int qubits, double speed[2]) {
  const int n = qubits < SMALLEST ? SMALLEST : qubits > LARGEST ? LARGEST : qubits;
  const char *text = arena_printf(c->arena, script, plan->precision, n, n);
  DiagSink *sink = diag_sink(c->arena);
  AstNode *tree = NULL;
  const Source *source = src_add("calibration", text, strlen(text));
  if (source == NULL || parse_source(c->arena, source, sink, false, &tree, NULL) != PARSE_OK) return false;
  const SemaOptions options = {0};
  const Program *p = sema_elaborate(c->arena, tree, &options, sink);
  const RunOptions how = {.threads = plan->threads, .family = kernel_family()};
  Run *run = p != NULL ? run_new(c->arena, p, &how, sink) : NULL;
  if (run == NULL) return false;
  bool ok = true;
  for (int k = 0; k < 2; k++) {
    Forecast f;
    forecast_count(run, k, &f);
    forecast_time(run, k, SECONDS, plan_clocks, &f);
    ok = ok && f.measured && f.step_seconds > 0;
    speed[k] = ok ? f.flops / f.step_seconds : 0;
  }
  run_free(run);
  return ok;
}
