/* Optimisers that are handed the loss itself and evaluate it several times in a step, always on the same
 * minibatch and the same draws: L-BFGS, SPSA, Rotosolve. They compute in double whatever the precision of
 * the script; what has to survive the step stands in OptState.memory and is saved with the weights.
 *
 * L-BFGS follows torch.optim.LBFGS, with its line search for the strong Wolfe conditions (Nocedal and Wright,
 * Numerical Optimization, algorithms 3.5 and 3.6). */
#define _GNU_SOURCE /* M_PI_2 */
#include <math.h>
#include <string.h>

#include "lang/base/mem.h"
#include "lang/ir/optim.h"
#include "runtime/exec/run_state.h"
#include "runtime/tensor/rng.h"

typedef struct Find {
  Run *r;
  const Search *s;
  const Block *block;
  OptState *opt;
  int64_t n;  /* weights */
  RunEnd end; /* of the last evaluation */
} Find;

/* ---- weights and gradients as one vector -------------------------------------------------------- */

static int64_t slot_size(const Run *r, int slot) { return shape_capacity(&r->program->slots.at[slot].shape); }

static void read_slots(const Find *f, const int *slots, double *out) {
  for (int k = 0; k < f->s->n; k++)
    for (int64_t i = 0, n = slot_size(f->r, slots[k]); i < n; i++)
      *out++ = run_read(f->r, f->r->slot_data[slots[k]], i);
}

static void write_weights(const Find *f, const double *x) {
  for (int k = 0; k < f->s->n; k++)
    for (int64_t i = 0, n = slot_size(f->r, f->s->weights[k]); i < n; i++)
      run_write(f->r, f->r->slot_data[f->s->weights[k]], i, *x++);
}

static double dot(const double *a, const double *b, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += a[i] * b[i];
  return sum;
}

static double largest(const double *a, int64_t n) {
  double most = 0;
  for (int64_t i = 0; i < n; i++) most = fmax(most, fabs(a[i]));
  return most;
}

/* The loss at the present weights, and its gradient if wanted. */
static double evaluate(Find *f, double *gradient) {
  f->end = block_execute(f->r, f->block);
  if (f->end != RUN_DONE) return NAN;
  if (gradient) read_slots(f, f->s->gradients, gradient);
  return f->s->sign * run_slot_get(f->r, f->s->loss, 0);
}

static double evaluate_at(Find *f, const double *x, double t, const double *d, double *spare,
                          double *gradient) {
  for (int64_t i = 0; i < f->n; i++) spare[i] = x[i] + t * d[i];
  write_weights(f, spare);
  return evaluate(f, gradient);
}

/* ---- L-BFGS --------------------------------------------------------------------------------------- */

enum {
  LR,
  MAX_ITER,
  MAX_EVAL,
  TOLERANCE_GRAD,
  TOLERANCE_CHANGE,
  HISTORY,
  LINE_SEARCH
}; /* rows of optims.def */
enum { BFGS_STEP, BFGS_SCALE, BFGS_ITERATIONS, BFGS_KEPT, BFGS_COUNTERS };
#define BFGS_VECTORS 9 /* of n numbers, beside the history */

/* What L-BFGS remembers, and room to work in. */
typedef struct Bfgs {
  double *counter;                    /* BFGS_COUNTERS */
  double *direction, *last;           /* of the last iteration: its direction and its gradient */
  double *y, *s, *ro;                 /* the history, oldest first */
  double *g, *x, *spare, *low, *high; /* not remembered from here on */
  double *trial, *al, *before;
  int history;
} Bfgs;

static Bfgs bfgs_of(const Find *f) {
  double *at = f->opt->memory;
  const int64_t n = f->n, m = (int64_t)f->opt->hyper[HISTORY];
  Bfgs b = {.counter = at, .history = (int)m};
  at += BFGS_COUNTERS;
  double **vectors[] = {&b.direction, &b.last, &b.g, &b.x, &b.spare, &b.low, &b.high, &b.trial, &b.before};
  for (int k = 0; k < BFGS_VECTORS; k++, at += n) *vectors[k] = at;
  b.y = at, b.s = at + m * n, b.ro = at + 2 * m * n, b.al = b.ro + m;
  return b;
}

static void add_pair(const Find *f, Bfgs *b) {
  const int64_t n = f->n;
  double *y = b->trial, *s = b->spare;
  for (int64_t i = 0; i < n; i++) {
    y[i] = b->g[i] - b->last[i];
    s[i] = b->direction[i] * b->counter[BFGS_STEP];
  }
  const double ys = dot(y, s, n);
  if (!(ys > 1e-10)) return;
  int kept = (int)b->counter[BFGS_KEPT];
  if (kept == b->history) {
    kept--;
    memmove(b->y, b->y + n, (size_t)(kept * n) * sizeof *b->y);
    memmove(b->s, b->s + n, (size_t)(kept * n) * sizeof *b->s);
    memmove(b->ro, b->ro + 1, (size_t)kept * sizeof *b->ro);
  }
  memcpy(b->y + kept * n, y, (size_t)n * sizeof *y);
  memcpy(b->s + kept * n, s, (size_t)n * sizeof *s);
  b->ro[kept] = 1 / ys;
  b->counter[BFGS_KEPT] = kept + 1;
  b->counter[BFGS_SCALE] = ys / dot(y, y, n);
}

/* The new direction: minus the approximate inverse of the Hessian times the gradient (two loops). */
static void turn(const Find *f, Bfgs *b) {
  const int64_t n = f->n;
  double *d = b->direction;
  if (b->counter[BFGS_ITERATIONS] == 1) {
    b->counter[BFGS_KEPT] = 0, b->counter[BFGS_SCALE] = 1;
    for (int64_t i = 0; i < n; i++) d[i] = -b->g[i];
    return;
  }
  add_pair(f, b);
  const int kept = (int)b->counter[BFGS_KEPT];
  for (int64_t i = 0; i < n; i++) d[i] = -b->g[i];
  for (int k = kept - 1; k >= 0; k--) {
    b->al[k] = dot(b->s + k * n, d, n) * b->ro[k];
    for (int64_t i = 0; i < n; i++) d[i] -= b->al[k] * b->y[k * n + i];
  }
  for (int64_t i = 0; i < n; i++) d[i] *= b->counter[BFGS_SCALE];
  for (int k = 0; k < kept; k++) {
    const double be = dot(b->y + k * n, d, n) * b->ro[k];
    for (int64_t i = 0; i < n; i++) d[i] += (b->al[k] - be) * b->s[k * n + i];
  }
}

typedef struct Point {
  double t, f, slope;
  double *g;
} Point;

/* Where the cubic through two points with slopes is least, kept in lo..hi. */
static double cubic(const Point *a, const Point *b, double lo, double hi) {
  const double d1 = a->slope + b->slope - 3 * (a->f - b->f) / (a->t - b->t);
  const double square = d1 * d1 - a->slope * b->slope;
  if (!(square >= 0) || !isfinite(square)) return (lo + hi) / 2;
  const double d2 = sqrt(square);
  const Point *l = a->t <= b->t ? a : b, *r = a->t <= b->t ? b : a;
  const double at = r->t - (r->t - l->t) * ((r->slope + d2 - d1) / (r->slope - l->slope + 2 * d2));
  return fmin(fmax(at, lo), hi);
}

static void set_point(Point *p, double t, double f, double slope, const double *g, int64_t n) {
  p->t = t, p->f = f, p->slope = slope;
  memcpy(p->g, g, (size_t)n * sizeof *g);
}

typedef struct Wolfe {
  Find *f;
  Bfgs *b;
  double f0, slope0, tolerance;
  int evaluations, rounds;
  Point now; /* the trial */
  Point at[2];
} Wolfe;

#define WOLFE_ROUNDS 25

static void try_step(Wolfe *w, double t) {
  double f = evaluate_at(w->f, w->b->x, t, w->b->direction, w->b->spare, w->now.g);
  w->now.t = t, w->now.f = isnan(f) ? HUGE_VAL : f;
  w->now.slope = dot(w->now.g, w->b->direction, w->f->n);
  w->evaluations++;
}

static bool too_high(const Wolfe *w) { return w->now.f > w->f0 + 1e-4 * w->now.t * w->slope0; }
static bool flat(const Wolfe *w) { return fabs(w->now.slope) <= -0.9 * w->slope0; }

/* Larger steps until a good one lies between at[0] and at[1]; true if the trial itself is good (in at[0]). */
static bool bracket(Wolfe *w) {
  const int64_t n = w->f->n;
  set_point(&w->at[0], 0, w->f0, w->slope0, w->b->g, n);
  for (; w->rounds < WOLFE_ROUNDS && w->f->end == RUN_DONE; w->rounds++) {
    if (too_high(w) || (w->rounds > 1 && w->now.f >= w->at[0].f)) break;
    if (flat(w)) {
      set_point(&w->at[0], w->now.t, w->now.f, w->now.slope, w->now.g, n);
      return true;
    }
    if (w->now.slope >= 0) break;
    const double t = w->now.t;
    const double next = cubic(&w->at[0], &w->now, t + 0.01 * (t - w->at[0].t), t * 10);
    set_point(&w->at[0], t, w->now.f, w->now.slope, w->now.g, n);
    try_step(w, next);
  }
  if (w->rounds == WOLFE_ROUNDS) set_point(&w->at[0], 0, w->f0, w->slope0, w->b->g, n);
  set_point(&w->at[1], w->now.t, w->now.f, w->now.slope, w->now.g, n);
  return false;
}

/* The next trial between the two points, away from their ends if there was no progress before. */
static double inside(const Wolfe *w, bool *stuck) {
  const double lo = fmin(w->at[0].t, w->at[1].t), hi = fmax(w->at[0].t, w->at[1].t), eps = 0.1 * (hi - lo);
  double t = cubic(&w->at[0], &w->at[1], lo, hi);
  if (fmin(hi - t, t - lo) >= eps) {
    *stuck = false;
    return t;
  }
  if (!*stuck && t < hi && t > lo) {
    *stuck = true;
    return t;
  }
  *stuck = false;
  return fabs(t - hi) < fabs(t - lo) ? hi - eps : lo + eps;
}

/* Narrows the bracket; the best point is at[result]. */
static int zoom(Wolfe *w) {
  const int64_t n = w->f->n;
  const double reach = largest(w->b->direction, n);
  bool stuck = false, done = false;
  int low = w->at[0].f <= w->at[1].f ? 0 : 1;
  for (; !done && w->rounds < WOLFE_ROUNDS && w->f->end == RUN_DONE; w->rounds++) {
    if (fabs(w->at[1].t - w->at[0].t) * reach < w->tolerance) break;
    try_step(w, inside(w, &stuck));
    const int high = 1 - low;
    if (too_high(w) || w->now.f >= w->at[low].f) {
      set_point(&w->at[high], w->now.t, w->now.f, w->now.slope, w->now.g, n);
      low = w->at[0].f <= w->at[1].f ? 0 : 1;
      continue;
    }
    if (flat(w)) done = true;
    else if (w->now.slope * (w->at[high].t - w->at[low].t) >= 0)
      set_point(&w->at[high], w->at[low].t, w->at[low].f, w->at[low].slope, w->at[low].g, n);
    set_point(&w->at[low], w->now.t, w->now.f, w->now.slope, w->now.g, n);
  }
  return low;
}

/* A step along the direction; its length, with loss and gradient there. */
static double line_search(Find *f, Bfgs *b, double t, double *loss, double slope, int *evaluations) {
  Wolfe w = {.f = f, .b = b, .f0 = *loss, .slope0 = slope, .tolerance = f->opt->hyper[TOLERANCE_CHANGE]};
  w.now.g = b->trial, w.at[0].g = b->low, w.at[1].g = b->high;
  try_step(&w, t);
  const int best = bracket(&w) ? 0 : zoom(&w);
  *evaluations += w.evaluations;
  *loss = w.at[best].f;
  memcpy(b->g, w.at[best].g, (size_t)f->n * sizeof *b->g);
  for (int64_t i = 0; i < f->n; i++) b->spare[i] = b->x[i] + w.at[best].t * b->direction[i];
  write_weights(f, b->spare);
  return w.at[best].t;
}

/* One iteration; false if it was the last. */
static bool bfgs_iteration(Find *f, Bfgs *b, int iteration, int *evaluations, double *loss) {
  const double *h = f->opt->hyper;
  const double before = *loss;
  b->counter[BFGS_ITERATIONS]++;
  turn(f, b);
  memcpy(b->last, b->g, (size_t)f->n * sizeof *b->g);
  double sum = 0, t = h[LR];
  for (int64_t i = 0; i < f->n; i++) sum += fabs(b->g[i]);
  if (b->counter[BFGS_ITERATIONS] == 1) t *= fmin(1, 1 / sum);
  const double slope = dot(b->g, b->direction, f->n);
  b->counter[BFGS_STEP] = t;
  if (slope > -h[TOLERANCE_CHANGE]) return false;
  read_slots(f, f->s->weights, b->x);
  const bool last = iteration == (int)h[MAX_ITER];
  if (h[LINE_SEARCH] != 0) {
    b->counter[BFGS_STEP] = t = line_search(f, b, t, loss, slope, evaluations);
  } else {
    for (int64_t i = 0; i < f->n; i++) b->spare[i] = b->x[i] + t * b->direction[i];
    write_weights(f, b->spare);
    if (last) return false;
    *loss = evaluate(f, b->g), ++*evaluations;
  }
  const double allowed = h[MAX_EVAL] > 0 ? h[MAX_EVAL] : floor(h[MAX_ITER] * 1.25);
  return f->end == RUN_DONE && !last && *evaluations < allowed && largest(b->g, f->n) > h[TOLERANCE_GRAD] &&
         largest(b->direction, f->n) * fabs(t) > h[TOLERANCE_CHANGE] &&
         fabs(*loss - before) >= h[TOLERANCE_CHANGE];
}

static double lbfgs(Find *f) {
  Bfgs b = bfgs_of(f);
  int evaluations = 1;
  double loss = evaluate(f, b.g);
  const double first = loss;
  if (f->end != RUN_DONE || !isfinite(loss) || largest(b.g, f->n) <= f->opt->hyper[TOLERANCE_GRAD])
    return first;
  for (int k = 1; bfgs_iteration(f, &b, k, &evaluations, &loss);) k++;
  return f->end == RUN_DONE && !isfinite(loss) ? loss : first;
}

/* ---- SPSA ------------------------------------------------------------------------------------------- */

enum { SPSA_LR, SPSA_C, SPSA_ALPHA, SPSA_GAMMA, SPSA_STABILITY, SPSA_SAMPLES };

/* Spall (1992): all weights are moved at once by +-c in a random direction. Mean of the losses seen. */
static double spsa(Find *f) {
  const double *h = f->opt->hyper;
  const double k = (double)f->opt->steps[0]++;
  const double a = h[SPSA_LR] / pow(k + 1 + h[SPSA_STABILITY], h[SPSA_ALPHA]);
  const double c = h[SPSA_C] / pow(k + 1, h[SPSA_GAMMA]);
  const int samples = (int)h[SPSA_SAMPLES];
  double *x = f->opt->memory, *d = x + f->n, *g = d + f->n, *spare = g + f->n, seen = 0;
  read_slots(f, f->s->weights, x);
  memset(g, 0, (size_t)f->n * sizeof *g);
  for (int s = 0; s < samples; s++) {
    for (int64_t i = 0; i < f->n; i++) {
      uint32_t word[4];
      rng_philox(f->opt->key, 0, (uint32_t)i, (uint32_t)k, (uint32_t)s, word);
      d[i] = word[0] & 1 ? 1 : -1;
    }
    const double up = evaluate_at(f, x, c, d, spare, NULL);
    if (f->end != RUN_DONE) return NAN;
    const double down = evaluate_at(f, x, -c, d, spare, NULL);
    if (f->end != RUN_DONE || !isfinite(up + down)) return NAN;
    for (int64_t i = 0; i < f->n; i++) g[i] += (up - down) / (2 * c * d[i]);
    seen += (up + down) / 2;
  }
  for (int64_t i = 0; i < f->n; i++) spare[i] = x[i] - a * g[i] / samples;
  write_weights(f, spare);
  return seen / samples;
}

/* ---- Rotosolve ---------------------------------------------------------------------------------------- */

/* Ostaszewski, Grant, Benedetti (2021): along one angle the loss is a + b sin(angle + c), so three values say
 * where it is least. */
static double rotosolve(Find *f) {
  double *x = f->opt->memory, first = NAN;
  read_slots(f, f->s->weights, x);
  for (int round = 0; round < (int)f->opt->hyper[0]; round++)
    for (int64_t i = 0; i < f->n; i++) {
      const double angle = x[i], shift[3] = {0, M_PI_2, -M_PI_2};
      double value[3];
      for (int k = 0; k < 3; k++) {
        x[i] = angle + shift[k];
        write_weights(f, x);
        value[k] = evaluate(f, NULL);
        if (f->end != RUN_DONE || !isfinite(value[k])) return NAN;
      }
      if (round == 0 && i == 0) first = value[0];
      x[i] = angle - M_PI_2 - atan2(2 * value[0] - value[1] - value[2], value[1] - value[2]);
      x[i] = remainder(x[i], 2 * M_PI);
    }
  write_weights(f, x);
  return first;
}

/* ---- all of them ------------------------------------------------------------------------------------- */

size_t search_doubles(const Optimizer *o, int64_t weights) {
  const size_t n = (size_t)weights;
  if (o->optim == OPTIM_SPSA) return mem_mul(4, n);
  if (o->optim == OPTIM_ROTOSOLVE) return n;
  if (o->optim != OPTIM_LBFGS) return 0;
  const size_t m = (size_t)o->hypers[HISTORY].base;
  return mem_add(mem_add(mem_mul(BFGS_VECTORS, n), mem_mul(mem_mul(2, m), n)), mem_add(BFGS_COUNTERS, 2 * m));
}

RunEnd search_execute(Run *r, const Stmt *s) {
  const Search *search = &r->program->searches.at[s->index];
  OptState *opt = &r->trains[search->train].opts[search->optimizer];
  Find f = {.r = r, .s = search, .block = s->block, .opt = opt, .end = RUN_DONE};
  for (int k = 0; k < search->n; k++) f.n += slot_size(r, search->weights[k]);
  double loss = NAN;
  train_hypers(r, search->train);
  if (opt->def->optim == OPTIM_LBFGS) loss = lbfgs(&f);
  if (opt->def->optim == OPTIM_SPSA) loss = spsa(&f);
  if (opt->def->optim == OPTIM_ROTOSOLVE) loss = rotosolve(&f);
  if (f.end == RUN_DONE) run_write(r, r->slot_data[search->loss], 0, search->sign * loss);
  return f.end;
}
