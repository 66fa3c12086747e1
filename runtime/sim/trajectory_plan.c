/* The plan of trajectories: rotations of the whole circuit in its frame, and the channels between them. */
#include <math.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/sim/plan_steps.h"
#include "runtime/sim/trajectory.h"

typedef struct Build {
  Arena *arena;
  const CircuitProgram *program;
  PathPlan *p;
  double *constant;
  VEC(PathOp) ops;
  SimSlots slots;
  size_t coefficients;
} Build;

static Pauli without_sign(Pauli w, double *sign) {
  const Pauli plus = pauli_word(w.x, w.z);
  *sign = w.t == plus.t ? 1 : -1;
  return plus;
}

/* A rotation under controls: one for each subset of them (density_plan.c). */
static void add_rotation(Build *b, const SimRotation *r) {
  const double part = ldexp(0.5, -r->n_controls);
  for (uint32_t set = 0; set < 1u << r->n_controls; set++) {
    Pauli w = r->p;
    double sign = 1, of_word;
    for (int i = 0; i < r->n_controls; i++) {
      if (!(set >> i & 1)) continue;
      w = pauli_mul(pauli_word(0, r->control[i].mask), w);
      if (r->control[i].value) sign = -sign;
    }
    w = without_sign(w, &of_word);
    if (w.x == 0 && w.z == 0) continue;
    PathOp op = {.kind = PATH_TURN, .word = w, .grad = r->angle.n > 0};
    op.slot = plan_slot(b->arena, b->program, &b->slots, r->angle, part * sign * of_word);
    vec_push(b->arena, &b->ops, op);
  }
}

/* ---- channels ---- */

static Pauli image_of(const Build *b, const Frame *f, const GateUse *u, uint32_t code) {
  uint32_t x = 0, z = 0;
  for (int i = 0; i < u->n_targets; i++) {
    x |= (code >> (2 * i) & 1) << u->qubit[i];
    z |= (code >> (2 * i + 1) & 1) << u->qubit[i];
  }
  return frame_image(f, b->program->n_qubits, pauli_word(x, z));
}

static void add_words(Build *b, PathOp *op, const Frame *f, const GateUse *u, const KrausFormula *k, int n) {
  Pauli *image = ARENA_ARRAY(b->arena, Pauli, n);
  Formula *probability = ARENA_ARRAY(b->arena, Formula, n);
  for (int i = 0; i < n; i++) {
    image[i] = image_of(b, f, u, k[i].word);
    probability[i] = k[i].probability;
  }
  op->kind = PATH_WORDS;
  op->n = n;
  op->image = image;
  op->probability = probability;
}

/* c_P = Tr(P K) / 2^n of matrices, re and im. */
static void coefficients(int n_qubits, int n, const double *m, double *out) {
  const int d = 1 << n_qubits, words = d * d;
  for (int k = 0; k < n; k++)
    for (int w = 0; w < words; w++) {
      double re = 0, im = 0;
      for (int i = 0; i < d; i++) {
        int j = i, turns = 0; /* <i| P |j> = i^turns */
        for (int q = 0; q < n_qubits; q++) {
          const int letter = w >> (2 * q) & 3, bit = n_qubits - 1 - q, at = i >> bit & 1;
          if (letter & 1) j ^= 1 << bit;
          if (letter == 2 && at) turns += 2;
          if (letter == 3) turns += at ? 1 : 3;
        }
        const double *e = m + 2 * ((k * d + j) * d + i);
        const int t = turns & 3;
        re += t == 0 ? e[0] : t == 1 ? -e[1] : t == 2 ? -e[0] : e[1];
        im += t == 0 ? e[1] : t == 1 ? e[0] : t == 2 ? -e[1] : -e[0];
      }
      out[2 * (k * words + w)] = re / d;
      out[2 * (k * words + w) + 1] = im / d;
    }
}

void path_coefficients(const PathOp *op, const double *v, double *out) {
  if (op->kraus == NULL) {
    memcpy(out, op->coefficient, (size_t)(2 * op->n * op->n_words) * sizeof(double));
    return;
  }
  double m[CHANNEL_MAX_KRAUS * 8];
  for (int k = 0; k < op->n; k++)
    for (int i = 0; i < 4; i++) {
      m[8 * k + 2 * i] = formula_value(&op->kraus[k].element[i], op->channel->n_params, v, NULL);
      m[8 * k + 2 * i + 1] = 0;
    }
  coefficients(1, op->n, m, out);
}

static void add_jump(Build *b, PathOp *op, const Frame *f, const GateUse *u, const KrausFormula *k, int n) {
  op->kind = PATH_JUMP;
  op->n = u->channel == CHANNEL_KRAUS ? u->n_kraus : n;
  op->n_words = 1 << (2 * u->n_targets);
  Pauli *image = ARENA_ARRAY(b->arena, Pauli, op->n_words);
  for (int w = 0; w < op->n_words; w++) image[w] = image_of(b, f, u, (uint32_t)w);
  op->image = image;
  op->at = b->coefficients;
  b->coefficients += (size_t)(2 * op->n * op->n_words);
  if (u->channel == CHANNEL_KRAUS) {
    double *c = ARENA_ARRAY(b->arena, double, 2 * op->n * op->n_words);
    coefficients(u->n_targets, op->n, u->values, c);
    op->coefficient = c;
    return;
  }
  KrausFormula *kept = ARENA_ARRAY(b->arena, KrausFormula, n);
  memcpy(kept, k, (size_t)n * sizeof *k);
  op->kraus = kept;
}

/* Solves A x = r in place, A symmetric and positive, n <= CHANNEL_MAX_PROBES. */
static void solve(int n, double A[CHANNEL_MAX_PROBES][CHANNEL_MAX_PROBES], double *r) {
  for (int i = 0; i < n; i++)
    for (int j = i + 1; j < n; j++) {
      const double f = A[j][i] / A[i][i];
      for (int k = i; k < n; k++) A[j][k] -= f * A[i][k];
      r[j] -= f * r[i];
    }
  for (int i = n - 1; i >= 0; i--) {
    for (int k = i + 1; k < n; k++) r[i] -= A[i][k] * r[k];
    r[i] /= A[i][i];
  }
}

const PathProbes *path_probes(Arena *a, const DensityChannel *c) {
  PathProbes *p = ARENA_NEW(a, PathProbes);
  p->n = channel_probes(c->id, p->at);
  const int n = p->n, entries = c->n;
  double *T = ARENA_ARRAY(a, double, n *(entries + 1)), gram[CHANNEL_MAX_PROBES][CHANNEL_MAX_PROBES] = {{0}};
  double *weight = ARENA_ARRAY(a, double, n *entries + 1);
  for (int j = 0; j < n; j++) {
    for (int e = 0; e < entries; e++)
      T[j * (entries + 1) + e] = formula_value(&c->entry[e].formula, c->n_params, p->at[j], NULL);
    T[j * (entries + 1) + entries] = 1; /* of identities */
  }
  for (int i = 0; i < n; i++)
    for (int j = 0; j < n; j++)
      for (int e = 0; e <= entries; e++) gram[i][j] += T[i * (entries + 1) + e] * T[j * (entries + 1) + e];
  for (int e = 0; e < entries; e++) {
    double A[CHANNEL_MAX_PROBES][CHANNEL_MAX_PROBES], r[CHANNEL_MAX_PROBES];
    memcpy(A, gram, sizeof A);
    for (int j = 0; j < n; j++) r[j] = T[j * (entries + 1) + e];
    solve(n, A, r);
    for (int j = 0; j < n; j++) weight[j * entries + e] = r[j];
  }
  p->weight = weight;
  return p;
}

static const DensityChannel *channel_of(Build *b, const GateUse *u) {
  DensityChannel *c = density_channel(b->arena, b->program, &b->slots, u);
  TransferEntry *e;
  c->n = channel_transfer(b->arena, u->channel, u->n_targets, u->n_kraus, u->values, &e);
  c->entry = e;
  return c;
}

static void add_channel(Build *b, const SimMark *mark) {
  const GateUse *u = &b->program->gates.at[mark->gate];
  KrausFormula k[CHANNEL_MAX_KRAUS];
  if (u->channel == CHANNEL_READOUT) return;
  PathOp op = {.channel = channel_of(b, u), .draw = b->p->n_draws++, .slot = -1};
  const int n = channel_kraus(u->channel, k);
  if (channel_info[u->channel].kind == CHANNEL_WORDS) {
    add_words(b, &op, &mark->frame, u, k, n);
  } else {
    add_jump(b, &op, &mark->frame, u, k, n);
    if (op.channel->open) op.probes = path_probes(b->arena, op.channel);
  }
  vec_push(b->arena, &b->ops, op);
}

/* ---- measurement ---- */

/* Lists the misreadings if the strength of one is an input. */
static void plan_misreads(Build *b) {
  const CircuitProgram *c = b->program;
  VEC(PathMisread) all = {0};
  bool open = false;
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    if (u->channel != CHANNEL_READOUT) continue;
    PathMisread m = {.qubit = u->qubit[0], .channel = channel_of(b, u)};
    if (m.channel->open) m.probes = path_probes(b->arena, m.channel);
    open = open || m.channel->open;
    vec_push(b->arena, &all, m);
  }
  if (!open) return;
  b->p->n_misreads = all.n;
  b->p->misread = all.at;
}

/* The chances that 0 and 1 of a qubit are misread by all its `readout`, constants. */
static void misread(const CircuitProgram *c, int q, double wrong[2]) {
  wrong[0] = wrong[1] = 0;
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    if (u->channel != CHANNEL_READOUT || u->qubit[0] != q) continue;
    path_misread_again(wrong, u->angle[0].shift, u->angle[1].shift);
  }
}

typedef VEC(PathReading) Readings;

static bool is_misread(const Build *b, int q) {
  for (int i = 0; i < b->p->n_misreads; i++)
    if (b->p->misread[i].qubit == q) return true;
  return false;
}

/* Letter by letter: a letter P is read as (1 - p - q) P + (q - p). With misreads the factors are those of a
 * row, and r.kept and r.lost say which. */
static void add_reading(Build *b, const Frame *f, Readings *out, PathReading r, uint32_t x, uint32_t z,
                        int q) {
  const CircuitProgram *c = b->program;
  double wrong[2], sign;
  for (; q < c->n_qubits; q++) {
    if (!((x | z) >> q & 1)) continue;
    PathReading lost = r;
    if (is_misread(b, q)) {
      lost.lost |= 1u << q;
      r.kept |= 1u << q;
    } else {
      misread(c, q, wrong);
      lost.coefficient *= wrong[1] - wrong[0];
      r.coefficient *= 1 - wrong[0] - wrong[1];
    }
    if (lost.coefficient != 0) add_reading(b, f, out, lost, x & ~(1u << q), z & ~(1u << q), q + 1);
  }
  if (x == 0 && z == 0 && (r.kept | r.lost) == 0) {
    b->constant[r.output] += r.coefficient;
    return;
  }
  r.word = without_sign(frame_image(f, c->n_qubits, pauli_word(x, z)), &sign);
  r.coefficient *= sign;
  vec_push(b->arena, out, r);
}

static void plan_register(Build *b, const Frame *f) {
  const CircuitProgram *c = b->program;
  PathPlan *p = b->p;
  uint8_t *qubit = ARENA_ARRAY(b->arena, uint8_t, CIRCUIT_MAX_QUBITS);
  p->n_probs = plan_shots_qubits(c, qubit);
  p->probs_qubit = qubit;
  Pauli *probs = ARENA_ARRAY(b->arena, Pauli, p->n_probs + 1);
  double *wrong = ARENA_ARRAY(b->arena, double, 2 * p->n_probs + 1);
  for (int i = 0; i < p->n_probs; i++) {
    probs[i] = f->z[qubit[i]];
    misread(c, qubit[i], wrong + 2 * i);
  }
  p->probs = probs;
  p->wrong = wrong;
  if (c->shots == 0) return;
  p->shot = p->n_draws;
  p->n_draws += 1 + p->n_probs;
  p->paths = c->shots;
}

/* A term as a sign of outcomes. */
static void add_outcome_reading(Build *b, Readings *out, int output, const PauliTerm *t) {
  uint8_t qubit[CIRCUIT_MAX_QUBITS];
  const int n = plan_shots_qubits(b->program, qubit);
  const uint32_t mask = plan_shots_mask(t, n, qubit);
  if (mask == 0) b->constant[output] += t->coefficient;
  else
    vec_push(b->arena, out, ((PathReading){.output = output, .coefficient = t->coefficient, .mask = mask}));
}

static void plan_measured(Build *b, const Frame *f) {
  const CircuitProgram *c = b->program;
  PathPlan *p = b->p;
  p->n_means = c->measure == MEASURE_EXPVAL  ? c->observables.n
               : c->measure == MEASURE_PROBS ? 1 << c->probs_qubits.n
                                             : 0;
  p->errors = c->shots == 0 && c->n_outputs > p->n_means;
  p->shot = -1;
  plan_misreads(b);
  if (c->measure != MEASURE_EXPVAL || c->shots > 0) plan_register(b, f);
  if (c->measure != MEASURE_EXPVAL) return;
  Readings readings = {0};
  b->constant = ARENA_ARRAY(b->arena, double, c->n_outputs);
  p->constant = b->constant;
  for (int o = 0; o < c->observables.n; o++)
    for (int i = 0; i < c->observables.at[o].terms.n; i++) {
      const PauliTerm *t = &c->observables.at[o].terms.at[i];
      if (c->shots > 0) add_outcome_reading(b, &readings, o, t);
      else
        add_reading(b, f, &readings, (PathReading){.output = o, .coefficient = t->coefficient},
                    (uint32_t)t->x, (uint32_t)t->z, 0);
    }
  p->n_readings = readings.n;
  p->reading = readings.at;
}

/* ---- scratch ---- */

static void plan_layout(SimPlan *s, PathPlan *p, size_t coefficients, size_t vec, size_t real) {
  SimLayout *l = &s->at;
  size_t at = 0, slots = (size_t)s->n_slots, outputs = (size_t)s->program->n_outputs;
  if (s->program->measure == MEASURE_SAMPLE) outputs = 0; /* written at once */
  const size_t state = mem_mul((size_t)2 << p->n_qubits, vec);
  l->scalar = plan_place(&at, mem_mul(slots, 2), real);
  l->cs = plan_place(&at, mem_mul(slots, 2), vec);
  l->y = plan_place(&at, outputs, vec);
  l->w = plan_place(&at, outputs, vec);
  l->sum = plan_place(&at, slots, vec);
  p->mean_at = plan_place(&at, outputs, vec);
  p->square_at = plan_place(&at, outputs, vec);
  p->uniform_at = plan_place(&at, (size_t)p->n_draws, mem_mul(vec / real, sizeof(double)));
  p->choice_at = plan_place(&at, (size_t)p->n_draws, vec / real);
  p->coefficient_at = plan_place(&at, coefficients, sizeof(double));
  p->reading_at = plan_place(&at, (size_t)p->n_readings, real);
  p->psi_at = plan_place(&at, 1, state);
  p->other_at = plan_place(&at, 1, state);
  p->total[0] = at;
  p->lam_at = plan_place(&at, 1, state);
  p->total[1] = at;
}

const SimPlan *path_plan(Arena *a, const CircuitProgram *c, const KernelSet *set, const char **why,
                         Span *where) {
  Build b = {.arena = a, .program = c, .p = ARENA_NEW(a, PathPlan)};
  SimRotations r = {0};
  SimMarks marks = {0};
  Frame frame;
  *why = plan_steps_marked(a, c, &r, &frame, &marks, where);
  int at = 0;
  for (int i = 0; *why == NULL && i <= marks.n; i++) {
    const int end = i < marks.n ? marks.at[i].at : r.n;
    while (at < end) add_rotation(&b, &r.at[at++]);
    if (i == marks.n) break;
    add_channel(&b, &marks.at[i]);
  }
  if (*why != NULL) return NULL;
  PathPlan *p = b.p;
  p->n_qubits = c->n_qubits;
  p->paths = c->trajectories;
  p->n_ops = b.ops.n;
  p->op = b.ops.at;
  plan_measured(&b, &frame);
  p->n_draws = (p->n_draws + 3) & ~3;
  SimPlan *s = ARENA_NEW(a, SimPlan);
  s->program = c;
  s->paths = p;
  for (int i = 0; i < c->n_inputs; i++) s->any_rows |= c->input_has_rows[i];
  s->n_slots = b.slots.n;
  s->slot = b.slots.at;
  size_t vec = strstr(set->name, "avx512") != NULL ? 64 : strstr(set->name, "avx2") != NULL ? 32 : 16;
  plan_layout(s, p, b.coefficients, vec, set->real);
  return s;
}

size_t path_scratch(const KOp *op) {
  return ((const SimPlan *)op->plan)->paths->total[op->op == OP_CIRCUIT ? 0 : 1];
}
