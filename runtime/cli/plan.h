/* `qgn check --plan`, and `:plan` of the prompt: what a script will need and take, before it runs.
 *
 * Seconds are measured on this machine at this moment, as far as other processes let it.
 *
 * plan.c gathers it (parameters, circuits, bytes, what forecast.h counts and times), plan_text.c shows it as
 * text, plan_json.c the same as one line of JSON. fit.c refuses what does not fit into memory. All in the
 * arena of the Cli. */
#ifndef QGN_CLI_PLAN_H
#define QGN_CLI_PLAN_H
#include "lang/ir/plateau.h"
#include "runtime/cli/cli.h"
#include "runtime/exec/forecast.h"

typedef struct PlanParams {
  int64_t classical, quantum;
} PlanParams;

typedef struct PlanCircuit {
  const CircuitProgram *program;
  CircuitCounts counts;
  int64_t params;
  Plateau plateau;
  double state_bytes; /* of a sample: state vector or density matrix */
} PlanCircuit;

typedef struct PlanObject {
  const char *name;
  bool is_circuit;
  PlanParams params;
} PlanObject;

typedef struct PlanTrain {
  const Train *train;
  PlanParams params;  /* trained */
  const char *method; /* "adjoint", or several: "adjoint, shift" */
  double moments;     /* bytes of its optimisers */
  Forecast f;
} PlanTrain;

typedef struct Plan {
  const Program *program;
  const char *precision, *family;
  int threads;
  RunBytes bytes;
  double budget;
  VEC(PlanCircuit) circuits;
  VEC(PlanObject) objects;
  VEC(PlanTrain) trains;
} Plan;

/* Of all rehearsals. */
extern const ForecastClocks plan_clocks;

/* Plans the program and rehearses its trains, in at most about half a second. NULL if it cannot be planned;
 * the sink says why. */
Plan *plan_make(Cli *c, const Program *p);
/* To standard output, in lines of at most `width` columns where words allow it. */
void plan_text(Cli *c, const Plan *plan, int width);
void plan_json(Cli *c, const Plan *plan);
/* `check --plan` of a program that was checked. */
void plan_show(Cli *c, const Program *p);

/* calibrate.c: operations in a second of circuits of about so many qubits, and of all else, on the threads of
 * the plan. False if that cannot be found out. */
bool plan_calibrate(Cli *c, const Plan *plan, int qubits, double speed[2]);

/* "12 us", "3.2 M" (operations). */
const char *plan_seconds(Arena *a, double x);
const char *plan_number(Arena *a, double x);
#endif
