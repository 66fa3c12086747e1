#include "runtime/cli/left.h"
#include <string.h>
#include "runtime/exec/forecast.h"

void left_plan(Left *l, Arena *a, const Run *run) {
  const Program *p = run_program(run);
  memset(l, 0, sizeof *l);
  if (p->trains.n + p->sweeps.n < 2) return;
  double before = 0; /* a point runs all trains in front of its sweep */
  for (int t = 0, s = 0; t < p->trains.n || s < p->sweeps.n;) {
    const bool is_sweep =
        t == p->trains.n || (s < p->sweeps.n && p->sweeps.at[s].span.begin < p->trains.at[t].span.begin);
    LeftPart part = {.is_sweep = is_sweep, .index = is_sweep ? s : t};
    Forecast f;
    if (is_sweep) {
      part.work = before * sweep_runs(&p->sweeps.at[s++]);
    } else {
      forecast_count(run, t++, &f);
      part.epoch = f.flops * f.steps;
      before += part.work = part.epoch * f.epochs;
    }
    vec_push(a, &l->parts, part);
  }
}

static int place_of(const Left *l, bool is_sweep, int index) {
  int k = 0;
  while (k < l->parts.n && (l->parts.at[k].is_sweep != is_sweep || l->parts.at[k].index != index)) k++;
  return k;
}

void left_did(Left *l, int train, int64_t epochs, double seconds) {
  const int k = place_of(l, false, train);
  if (k == l->parts.n || epochs <= 0) return;
  l->work += (double)epochs * l->parts.at[k].epoch;
  l->seconds += seconds;
}

static double at_speed(double work, double done, double seconds) {
  return done > 0 ? work * (seconds / done) : 0;
}

double left_behind(const Left *l, bool is_sweep, int index, int64_t epochs, double seconds) {
  const int k = place_of(l, is_sweep, index);
  if (k == l->parts.n) return 0;
  double rest = 0;
  for (int i = k + 1; i < l->parts.n; i++) rest += l->parts.at[i].work;
  return at_speed(rest, l->work + (double)epochs * l->parts.at[k].epoch, l->seconds + seconds);
}
