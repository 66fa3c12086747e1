/* What a run will cost, before it: counted from its plan, and timed by rehearsing a few steps.
 *
 * Counting. Each region of a train's step is walked once with the number of times it runs, instruction by
 * instruction: rows, circuits, floating-point operations (runtime/sim/effort.h for circuits; a product or
 * convolution 2 for each multiplication and addition, everything else 1 for each element that it reads or
 * makes). The same walk counts what every other gradient method would cost and says where one does not exist.
 * Steps of an optimiser that evaluates the loss itself count one evaluation.
 *
 * Rehearsing. The cost of a step depends on caches, fusion and threads in ways that no table of speeds
 * predicts within a few per cent, so the train's own planned instructions are run on made-up rows, for a
 * limited time: no file is read, and nothing of it is kept. What happens once in many epochs (`every k`,
 * `validate`) is timed by itself and counted with its share. A step that would take too long is not run but
 * estimated from its counts and the speeds of small kernels on this machine.
 *
 * A Run that was rehearsed has made-up weights and series: it can only be freed. */
#ifndef QGN_FORECAST_H
#define QGN_FORECAST_H
#include "runtime/exec/run.h"

typedef struct ForecastMethod {
  bool used; /* by a gradient of the step as it is written */
  MethodVerdict verdict;
  const char *why; /* if it does not run: a sentence */
  double circuits; /* of a step: with this method for all first derivatives */
  double flops;    /* of a step, circuits and all else */
} ForecastMethod;

typedef struct Forecast {
  int64_t rows;      /* of data in an epoch; 0: none */
  double steps;      /* of an epoch; a last, smaller batch is a part of one */
  double epochs;     /* those given, or as many as `iterations` are; the last perhaps not to its end */
  double circuits;   /* of a step */
  double flops;      /* of a step, */
  double quantum;    /* those of circuits among them */
  bool has_gradient; /* of a circuit: `method` says something */
  bool searches;     /* an optimiser evaluates the loss as often as it likes: counts are of one evaluation */
  ForecastMethod method[METHOD_COUNT];
  double step_seconds, epoch_seconds;
  bool measured; /* by a rehearsal; else estimated */
} Forecast;

/* In seconds: of the wall, and of what the calling thread ran itself. */
typedef struct ForecastClocks {
  double (*wall)(void), (*thread)(void);
} ForecastClocks;

/* Operations of a region. */
double forecast_region(const Run *r, const Graph *g);
/* Counts; the seconds are 0 yet. Texts live in the arena of the run. */
void forecast_count(const Run *r, int train, Forecast *out);
/* Seconds by a rehearsal of about so many seconds, or by estimate. */
void forecast_time(Run *r, int train, double budget, ForecastClocks clock, Forecast *out);
#endif
