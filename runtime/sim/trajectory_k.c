/* Circuits by trajectories: trajectory.h. One row after the other, VL trajectories of it at once. */
#include <math.h>
#include "runtime/sim/call_k.h"
#include "runtime/sim/moved_k.h"
#include "runtime/sim/trajectory.h"
#include "runtime/tensor/rng.h"

void KNAME(path_circuit)(const KCall *c);
void KNAME(path_circuit_vjp)(const KCall *c);

typedef struct Paths {
  Sim s;
  const PathPlan *p;
  double *uniform; /* [draws][VL] */
  uint8_t *choice; /* [draws][VL] */
  double *coefficient;
  RVec *mean, *square;
  State psi, other, lam;
  uint32_t x[VL], z[VL]; /* the word of each lane */
  RVec weight;           /* 1 / trajectories, 0 in lanes behind the last one */
  int forced, word;      /* op whose word is given; -1: none */
  double
      wrong[2 * CIRCUIT_MAX_QUBITS]; /* of measured qubit i: chances that 0 and 1 are misread, of this row */
  Real *reading;                     /* coefficients of readings, of this row */
  const PathMisread *probed;         /* a misreading whose strengths are given; NULL: none */
  const double *probe;
} Paths;

static Paths paths_begin(const KCall *c) {
  const SimPlan *plan = c->op->plan;
  const PathPlan *p = plan->paths;
  Paths P = {.s = sim_begin_at(c, &plan->at, 0), .p = p, .forced = -1};
  char *at = P.s.scratch;
  P.uniform = (double *)(void *)(at + p->uniform_at);
  P.choice = (uint8_t *)(at + p->choice_at);
  P.coefficient = (double *)(void *)(at + p->coefficient_at);
  P.mean = (RVec *)(void *)(at + p->mean_at);
  P.square = (RVec *)(void *)(at + p->square_at);
  P.reading = (Real *)(void *)(at + p->reading_at);
  P.psi = state_at(at, p->psi_at, p->n_qubits);
  P.other = state_at(at, p->other_at, p->n_qubits);
  P.lam = state_at(at, p->lam_at, p->n_qubits);
  sim_shared_angles(&P.s);
  return P;
}

/* ---- a row: its angles and strengths, the same in all lanes ---- */

static Real row_value(const Paths *P, int i) {
  const SimSlot *slot = &P->s.plan->slot[i];
  Real v = P->s.scalar[i];
  for (int k = 0; k < slot->n_row; k++) {
    const SimTerm *t = &slot->term[slot->n_shared + k];
    const int64_t size = P->s.plan->program->input_size[t->source];
    v += (Real)t->scale * ((const Real *)P->s.call->in[t->source])[P->s.row * size + t->element];
  }
  return v;
}

static bool channel_values(const Paths *P, const DensityChannel *c, double *v) {
  for (int k = 0; k < c->n_params; k++)
    v[k] = c->slot[k] < 0 ? c->constant[k] : (double)row_value(P, c->slot[k]);
  return channel_refuses(c->id, v) == NULL;
}

/* Misreadings of the row, and what they leave of what is read. */
static bool path_readings(Paths *P) {
  const PathPlan *p = P->p;
  double qubit[2 * CIRCUIT_MAX_QUBITS] = {0};
  bool good = true;
  for (int i = 0; i < p->n_misreads; i++) {
    const PathMisread *m = &p->misread[i];
    double v[CHANNEL_MAX_PARAMS];
    if (!channel_values(P, m->channel, v)) good = false;
    if (m == P->probed) memcpy(v, P->probe, sizeof v);
    path_misread_again(qubit + 2 * m->qubit, v[0], v[1]);
  }
  for (int i = 0; i < 2 * p->n_probs; i++)
    P->wrong[i] = p->n_misreads == 0 ? p->wrong[i] : qubit[2 * p->probs_qubit[i / 2] + i % 2];
  for (int i = 0; i < p->n_readings; i++) {
    const PathReading *r = &p->reading[i];
    double c = r->coefficient;
    for (int q = 0; q < p->n_qubits; q++) {
      if (r->kept >> q & 1) c *= 1 - qubit[2 * q] - qubit[2 * q + 1];
      if (r->lost >> q & 1) c *= qubit[2 * q + 1] - qubit[2 * q];
    }
    P->reading[i] = (Real)c;
  }
  return good;
}

/* Sets the row; a strength outside its range makes the row NaN. */
static Real path_row(Paths *P, int64_t row) {
  const SimPlan *plan = P->s.plan;
  Real good = 1;
  P->s.row = row;
  for (int i = 0; i < plan->n_slots; i++)
    if (plan->slot[i].n_row > 0) vsincos(splat(row_value(P, i)), &P->s.cs[2 * i + 1], &P->s.cs[2 * i]);
  for (int i = 0; i < P->p->n_ops; i++) {
    const PathOp *op = &P->p->op[i];
    double v[CHANNEL_MAX_PARAMS];
    if (op->kind == PATH_TURN) continue;
    if (!channel_values(P, op->channel, v)) good = (Real)NAN;
    if (op->kind == PATH_JUMP) path_coefficients(op, v, P->coefficient + op->at);
  }
  if (!path_readings(P)) good = (Real)NAN;
  return good;
}

/* Draws of trajectories first .. first + VL - 1 of the row. */
static void path_draws(Paths *P, int64_t first) {
  const KCall *c = P->s.call;
  const uint64_t row = (uint64_t)(P->s.plan->any_rows ? c->row0 + P->s.row : 0);
  for (int l = 0; l < VL; l++) {
    P->weight[l] = first + l < P->p->paths ? (Real)1 / (Real)P->p->paths : 0;
    for (int d = 0; d < P->p->n_draws; d += 4) {
      uint32_t word[4];
      const uint64_t block = (uint64_t)((first + l) * (P->p->n_draws / 4) + d / 4);
      rng_philox(c->op->key, (uint32_t)block, (uint32_t)row, c->clock->t, c->clock->repeat, word);
      for (int k = 0; k < 4; k++) P->uniform[(d + k) * VL + l] = ((double)word[k] + 0.5) * 0x1p-32;
    }
  }
}

/* ---- words on states ---- */

/* -1 in lanes whose word anticommutes with w. */
static RVec lane_signs(const Paths *P, Pauli w) {
  RVec s;
  for (int l = 0; l < VL; l++) s[l] = bit_parity(P->x[l] & w.z) ^ bit_parity(P->z[l] & w.x) ? -1 : 1;
  return s;
}

/* Runs what follows for every k whose bit is clear. */
#define FOR_PAIRS(n, bit, k)                                                                                 \
  for (uint32_t pair_i = 0, k;                                                                               \
       pair_i < 1u << ((n)-1) && (k = (pair_i & ((bit)-1)) | (pair_i & ~((bit)-1)) << 1, true); pair_i++)

/* exp(-i a w / 2), c and s of a / 2; w Hermitian with sign +. */
static void turn(const State p, int n, Pauli w, RVec c, RVec s) {
  if (w.x == 0) {
    for (uint32_t k = 0; k < 1u << n; k++) {
      const RVec t = bit_parity(k & w.z) ? -s : s, re = p.re[k], im = p.im[k];
      p.re[k] = c * re + t * im;
      p.im[k] = c * im - t * re;
    }
    return;
  }
  const uint32_t bit = 1u << (31 - __builtin_clz(w.x));
  if (w.t >= 2) s = -s;
  FOR_PAIRS(n, bit, k) {
    const uint32_t j = k ^ w.x;
    const RVec t = bit_parity(k & w.z) ? -s : s;
    const RVec ar = p.re[k], ai = p.im[k], br = p.re[j], bi = p.im[j];
    if (w.t & 1) {
      p.re[k] = c * ar - t * br;
      p.im[k] = c * ai - t * bi;
      p.re[j] = c * br + t * ar;
      p.im[j] = c * bi + t * ai;
    } else {
      p.re[k] = c * ar + t * bi;
      p.im[k] = c * ai - t * br;
      p.re[j] = c * br + t * ai;
      p.im[j] = c * bi - t * ar;
    }
  }
}

/* <a| w |b>, its real or imaginary part. */
static RVec inner(const State a, const State b, int n, Pauli w, bool imaginary) {
  RVec re = {0}, im = {0};
  for (uint32_t k = 0; k < 1u << n; k++) {
    const uint32_t j = k ^ w.x;
    const RVec r = a.re[j] * b.re[k] + a.im[j] * b.im[k], i = a.re[j] * b.im[k] - a.im[j] * b.re[k];
    if (bit_parity(k & w.z)) re -= r, im -= i;
    else re += r, im += i;
  }
  const int t = (w.t + (imaginary ? 3 : 0)) & 3; /* Im v = Re(-i v); Re(i^t v) */
  return t == 0 ? re : t == 1 ? -im : t == 2 ? -re : im;
}

/* to += (f + i g) w from */
static void add_word(const State to, const State from, int n, Pauli w, RVec f, RVec g) {
  RVec a = f, b = g;
  if (w.t == 1) a = -g, b = f;
  if (w.t == 2) a = -f, b = -g;
  if (w.t == 3) a = g, b = -f;
  for (uint32_t k = 0; k < 1u << n; k++) {
    const uint32_t j = k ^ w.x;
    const RVec re = a * from.re[k] - b * from.im[k], im = a * from.im[k] + b * from.re[k];
    if (bit_parity(k & w.z)) to.re[j] -= re, to.im[j] -= im;
    else to.re[j] += re, to.im[j] += im;
  }
}

/* ---- a tile of trajectories forward ---- */

static void change_word(Paths *P, const PathOp *op) {
  for (int l = 0; l < VL; l++) {
    const Pauli w = op->image[P->choice[op->draw * VL + l]];
    P->x[l] ^= w.x;
    P->z[l] ^= w.z;
  }
}

static void choose_words(Paths *P, int i) {
  const PathOp *op = &P->p->op[i];
  double v[CHANNEL_MAX_PARAMS], sum[CHANNEL_MAX_KRAUS], total = 0;
  (void)channel_values(P, op->channel, v);
  for (int w = 0; w < op->n; w++)
    sum[w] = total += formula_value(&op->probability[w], op->channel->n_params, v, NULL);
  for (int l = 0; l < VL; l++) {
    int w = 0;
    while (w < op->n - 1 && !(P->uniform[op->draw * VL + l] < sum[w])) w++;
    P->choice[op->draw * VL + l] = (uint8_t)(i == P->forced ? P->word : w);
  }
  change_word(P, op);
}

/* K^+ K as coefficients of words: real, for it is Hermitian. */
static void squares(const PathOp *op, const double *c, double out[CHANNEL_MAX_KRAUS][16]) {
  for (int k = 0; k < op->n; k++) {
    const double *a = c + 2 * k * op->n_words;
    for (int w = 0; w < op->n_words; w++) out[k][w] = 0;
    for (int p = 0; p < op->n_words; p++)
      for (int q = 0; q < op->n_words; q++) {
        uint32_t x[2] = {0, 0}, z[2] = {0, 0};
        for (int i = 0; i < CHANNEL_MAX_QUBITS; i++) {
          x[0] |= (uint32_t)(p >> (2 * i) & 1) << i, z[0] |= (uint32_t)(p >> (2 * i + 1) & 1) << i;
          x[1] |= (uint32_t)(q >> (2 * i) & 1) << i, z[1] |= (uint32_t)(q >> (2 * i + 1) & 1) << i;
        }
        const Pauli product = pauli_mul(pauli_word(x[0], z[0]), pauli_word(x[1], z[1]));
        const int t = (product.t - pauli_word(product.x, product.z).t) & 3;
        const double re = a[2 * p] * a[2 * q] + a[2 * p + 1] * a[2 * q + 1],
                     im = a[2 * p] * a[2 * q + 1] - a[2 * p + 1] * a[2 * q];
        out[k][p ^ q] += t == 0 ? re : t == 1 ? -im : t == 2 ? -re : im;
      }
  }
}

static void jump(Paths *P, const PathOp *op) {
  const int n = P->p->n_qubits;
  const double *c = P->coefficient + op->at;
  double square[CHANNEL_MAX_KRAUS][16];
  RVec mean[16], f[16] = {{0}}, g[16] = {{0}}, sign[16];
  squares(op, c, square);
  for (int w = 0; w < op->n_words; w++) {
    sign[w] = lane_signs(P, op->image[w]);
    mean[w] = sign[w] * inner(P->psi, P->psi, n, op->image[w], false);
  }
  for (int l = 0; l < VL; l++) {
    double chance[CHANNEL_MAX_KRAUS] = {0}, total = 0, sum = 0;
    int k = 0;
    for (int i = 0; i < op->n; i++) {
      for (int w = 0; w < op->n_words; w++) chance[i] += square[i][w] * (double)mean[w][l];
      if (chance[i] < 0) chance[i] = 0;
      total += chance[i];
    }
    for (sum = chance[0]; k < op->n - 1 && !(P->uniform[op->draw * VL + l] * total < sum);)
      sum += chance[++k];
    while (k > 0 && chance[k] == 0) k--;
    P->choice[op->draw * VL + l] = (uint8_t)k;
    const double root = 1 / sqrt(chance[k]);
    for (int w = 0; w < op->n_words; w++) {
      f[w][l] = (Real)(c[2 * (k * op->n_words + w)] * root) * sign[w][l];
      g[w][l] = (Real)(c[2 * (k * op->n_words + w) + 1] * root) * sign[w][l];
    }
  }
  state_zero(P->other.re, 1u << n);
  state_zero(P->other.im, 1u << n);
  for (int w = 0; w < op->n_words; w++)
    if (any_lane((f[w] != 0) | (g[w] != 0))) add_word(P->other, P->psi, n, op->image[w], f[w], g[w]);
  const State old = P->psi;
  P->psi = P->other;
  P->other = old;
}

static void path_forward(Paths *P) {
  const int n = P->p->n_qubits;
  state_zero(P->psi.re, 1u << n);
  state_zero(P->psi.im, 1u << n);
  P->psi.re[0] = splat(1);
  memset(P->x, 0, sizeof P->x);
  memset(P->z, 0, sizeof P->z);
  for (int i = 0; i < P->p->n_ops; i++) {
    const PathOp *op = &P->p->op[i];
    if (op->kind == PATH_TURN)
      turn(P->psi, n, op->word, P->s.cs[2 * op->slot], lane_signs(P, op->word) * P->s.cs[2 * op->slot + 1]);
    else if (op->kind == PATH_WORDS) choose_words(P, i);
    else jump(P, op);
  }
}

/* ---- outputs ---- */

static uint32_t outcome_of(const PathPlan *p, uint32_t k) {
  uint32_t o = 0;
  for (int i = 0; i < p->n_probs; i++)
    o = o << 1 | (uint32_t)(bit_parity(k & p->probs[i].z) ^ (p->probs[i].t >= 2));
  return o;
}

/* Outcomes of lanes whose word turns a measured qubit, there and back. */
static void flip_outcomes(const Paths *P, RVec *y) {
  const PathPlan *p = P->p;
  for (int i = 0; i < p->n_probs; i++) {
    const RVecInt flip = lane_signs(P, p->probs[i]) < 0;
    const uint32_t bit = 1u << (p->n_probs - 1 - i);
    for (uint32_t o = 0; o < 1u << p->n_probs; o++) {
      if (o & bit) continue;
      const RVec a = y[o], b = y[o | bit];
      y[o] = select(flip, b, a);
      y[o | bit] = select(flip, a, b);
    }
  }
}

/* Misreadings: outcome 0 of a qubit is read as 1 with chance wrong[0], ... ; or the transposed of it. */
static void misread(const Paths *P, RVec *y, bool transposed) {
  const PathPlan *p = P->p;
  for (int i = 0; i < p->n_probs; i++) {
    const Real up = (Real)P->wrong[2 * i], down = (Real)P->wrong[2 * i + 1];
    const uint32_t bit = 1u << (p->n_probs - 1 - i);
    for (uint32_t o = 0; o < 1u << p->n_probs; o++) {
      if (o & bit) continue;
      const RVec a = y[o], b = y[o | bit];
      y[o] = (1 - up) * a + (transposed ? up : down) * b;
      y[o | bit] = (transposed ? down : up) * a + (1 - down) * b;
    }
  }
}

static void path_shot(const Paths *P);

/* y of each lane, without constants. */
static void path_measure(const Paths *P) {
  const PathPlan *p = P->p;
  RVec *y = P->s.y;
  if (p->shot >= 0) {
    path_shot(P);
    return;
  }
  for (int o = 0; o < p->n_means; o++) y[o] = (RVec){0};
  if (p->n_probs > 0) {
    for (uint32_t k = 0; k < 1u << p->n_qubits; k++)
      y[outcome_of(p, k)] += P->psi.re[k] * P->psi.re[k] + P->psi.im[k] * P->psi.im[k];
    flip_outcomes(P, y);
    misread(P, y, false);
    return;
  }
  for (int i = 0; i < p->n_readings; i++) {
    const PathReading *r = &p->reading[i];
    y[r->output] +=
        P->reading[i] * lane_signs(P, r->word) * inner(P->psi, P->psi, p->n_qubits, r->word, false);
  }
}

/* ---- shots ---- */

/* One outcome of the measured qubits for each lane, misreadings included. */
static void path_outcomes(const Paths *P, uint32_t outcome[VL]) {
  const PathPlan *p = P->p;
  const uint32_t size = 1u << p->n_qubits;
  const double *uniform = P->uniform + (ptrdiff_t)p->shot * VL;
  double total[VL] = {0}, sum[VL] = {0};
  uint32_t at[VL] = {0};
  for (uint32_t k = 0; k < size; k++) {
    const RVec chance = P->psi.re[k] * P->psi.re[k] + P->psi.im[k] * P->psi.im[k];
    for (int l = 0; l < VL; l++) total[l] += (double)chance[l];
  }
  for (uint32_t k = 0; k < size; k++) { /* the last one that begins below the draw and can be */
    const RVec chance = P->psi.re[k] * P->psi.re[k] + P->psi.im[k] * P->psi.im[k];
    for (int l = 0; l < VL; l++) {
      if (chance[l] > 0 && sum[l] <= uniform[l] * total[l]) at[l] = k;
      sum[l] += (double)chance[l];
    }
  }
  for (int l = 0; l < VL; l++) outcome[l] = 0;
  for (int i = 0; i < p->n_probs; i++) {
    const RVec sign = lane_signs(P, p->probs[i]);
    for (int l = 0; l < VL; l++) {
      const bool bit = bit_parity(at[l] & p->probs[i].z) ^ (p->probs[i].t >= 2) ^ (sign[l] < 0);
      const bool flip = uniform[(i + 1) * VL + l] < P->wrong[2 * i + bit];
      outcome[l] = outcome[l] << 1 | (uint32_t)(bit ^ flip);
    }
  }
}

/* y of each lane, without constants, of one shot. */
static void path_shot(const Paths *P) {
  const PathPlan *p = P->p;
  uint32_t outcome[VL];
  path_outcomes(P, outcome);
  for (int o = 0; o < p->n_means; o++) P->s.y[o] = (RVec){0};
  for (int l = 0; l < VL; l++) {
    if (P->s.plan->program->measure == MEASURE_PROBS) P->s.y[outcome[l]][l] = 1;
    for (int i = 0; i < p->n_readings; i++) {
      const PathReading *r = &p->reading[i];
      P->s.y[r->output][l] += (Real)(bit_parity(outcome[l] & r->mask) ? -r->coefficient : r->coefficient);
    }
  }
}

/* The bits of the shots of a tile. */
static void path_bits(const Paths *P, Real *out, int64_t first, Real good) {
  const int n = P->p->n_probs;
  uint32_t outcome[VL];
  path_outcomes(P, outcome);
  for (int l = 0; l < VL && first + l < P->p->paths; l++)
    for (int b = 0; b < n; b++) out[(first + l) * n + b] = good * (Real)(outcome[l] >> (n - 1 - b) & 1);
}

/* ---- forward ---- */

/* Of PROBS the square of each output is all that is needed, of EXPVAL with shots those of the pairs. */
static void add_squares(const Paths *P) {
  const CircuitProgram *c = P->s.plan->program;
  const bool pairs = P->p->shot >= 0 && c->measure == MEASURE_EXPVAL;
  const RVec *y = P->s.y;
  for (int i = 0; pairs && i < c->pairs.n; i++)
    P->square[i] += P->weight * y[c->pairs.at[i].a] * y[c->pairs.at[i].b];
  for (int o = 0; !pairs && o < P->p->n_means; o++) P->square[o] += P->weight * y[o] * y[o];
}

/* Outputs of a row: means; then standard errors, with shots the covariances of means. */
static void path_store(const Paths *P, Real *out, Real good) {
  const PathPlan *p = P->p;
  const CircuitProgram *c = P->s.plan->program;
  const int n = p->n_means;
  const bool pairs = p->shot >= 0 && c->measure == MEASURE_EXPVAL;
  const int n_spreads = pairs ? c->pairs.n : p->errors || p->shot >= 0 ? n : 0;
  for (int i = 0; i < n_spreads; i++) {
    const int a = pairs ? c->pairs.at[i].a : i, b = pairs ? c->pairs.at[i].b : i;
    double spread =
        (double)sum_lanes(P->square[i]) - (double)sum_lanes(P->mean[a]) * (double)sum_lanes(P->mean[b]);
    if (a == b) spread = fmax(0, spread);
    spread /= (double)(p->paths - 1);
    out[n + i] = good * (Real)(p->errors ? sqrt(spread) : spread);
  }
  for (int o = 0; o < n; o++)
    out[o] = good * (sum_lanes(P->mean[o]) + (p->constant != NULL ? (Real)p->constant[o] : 0));
}

void KNAME(path_circuit)(const KCall *c) {
  Paths P = paths_begin(c);
  const int n = P.p->n_means;
  const bool bits = P.s.plan->program->measure == MEASURE_SAMPLE;
  for (int64_t row = 0; row < P.s.samples; row++) {
    const Real good = path_row(&P, row);
    Real *out = (Real *)c->out + row * P.s.plan->program->n_outputs;
    for (int o = 0; !bits && o < P.s.plan->program->n_outputs; o++) P.square[o] = (RVec){0};
    for (int o = 0; o < n; o++) P.mean[o] = (RVec){0};
    for (int64_t first = 0; first < P.p->paths; first += VL) {
      path_draws(&P, first);
      path_forward(&P);
      if (bits) {
        path_bits(&P, out, first, good);
        continue;
      }
      path_measure(&P);
      for (int o = 0; o < n; o++) P.mean[o] += P.weight * P.s.y[o];
      add_squares(&P);
    }
    if (!bits) path_store(&P, out, good);
  }
}

/* ---- gradients ---- */

/* g of each lane: derivative in the angle of a slot that holds half of it. */
static void path_part_add(const Paths *P, int i, RVec g) {
  const SimSlot *slot = &P->s.plan->slot[i];
  P->s.sum[i] += g;
  if (slot->n_row == 0) return;
  const Real total = sum_lanes(g);
  for (int k = 0; k < slot->n_row; k++) {
    const SimTerm *t = &slot->term[slot->n_shared + k];
    Real *out = P->s.call->part[t->source];
    const int64_t size = P->s.plan->program->input_size[t->source];
    if (out != NULL) out[P->s.row * size + t->element] += (Real)(2 * t->scale) * total;
  }
}

/* The cotangent of the row in all lanes. */
static void path_cotangent(const Paths *P) {
  const int n = P->s.plan->program->n_outputs; /* errors carry no derivative */
  const Real *in = P->s.call->in[P->s.plan->program->n_inputs];
  const int64_t row = cotangent_has_rows(&P->s) ? P->s.row : 0;
  for (int o = 0; o < P->p->n_means; o++) P->s.w[o] = splat(in[row * n + o]);
}

static void path_observe(const Paths *P) {
  const PathPlan *p = P->p;
  const uint32_t size = 1u << p->n_qubits;
  state_zero(P->lam.re, size);
  state_zero(P->lam.im, size);
  if (p->n_probs > 0) {
    for (uint32_t o = 0; o < 1u << p->n_probs; o++) P->s.y[o] = P->weight * P->s.w[o];
    misread(P, P->s.y, true);
    flip_outcomes(P, P->s.y);
    for (uint32_t k = 0; k < size; k++) {
      const RVec f = P->s.y[outcome_of(p, k)];
      P->lam.re[k] = f * P->psi.re[k];
      P->lam.im[k] = f * P->psi.im[k];
    }
    return;
  }
  for (int i = 0; i < p->n_readings; i++) {
    const PathReading *r = &p->reading[i];
    const RVec f = P->reading[i] * P->weight * P->s.w[r->output] * lane_signs(P, r->word);
    add_word(P->lam, P->psi, p->n_qubits, r->word, f, (RVec){0});
  }
}

static void path_back(Paths *P) {
  const int n = P->p->n_qubits;
  for (int i = P->p->n_ops - 1; i >= 0; i--) {
    const PathOp *op = &P->p->op[i];
    if (op->kind != PATH_TURN) {
      change_word(P, op); /* a word is its own inverse; jumps are refused with this method */
      continue;
    }
    const RVec sign = lane_signs(P, op->word), c = P->s.cs[2 * op->slot],
               s = sign * P->s.cs[2 * op->slot + 1];
    if (op->grad) path_part_add(P, op->slot, sign * inner(P->lam, P->psi, n, op->word, true));
    turn(P->psi, n, op->word, c, -s);
    turn(P->lam, n, op->word, c, -s);
  }
}

/* The weighted outputs of the row, in lanes. */
static RVec path_value(Paths *P) {
  RVec f = {0};
  for (int64_t first = 0; first < P->p->paths; first += VL) {
    path_draws(P, first);
    path_forward(P);
    path_measure(P);
    for (int o = 0; o < P->p->n_means; o++) f += P->weight * P->s.w[o] * P->s.y[o];
  }
  return f;
}

/* ---- by moved angles ---- */

/* Measurements behind a value, where a small step would not do. */
static int64_t drawn(const Paths *P) {
  const bool choices = P->p->shot >= 0 || P->s.plan->program->jumps;
  return choices ? P->p->paths : 0;
}

static void set_angle(const Paths *P, int slot, Real by) {
  vsincos(splat(row_value(P, slot) + (Real)0.5 * by), &P->s.cs[2 * slot + 1], &P->s.cs[2 * slot]);
}

/* Every turn has the one frequency 1, so two terms are exact; or differences. */
static void path_shifts(Paths *P, bool shift) {
  const MovedRule rule =
      shift ? (MovedRule){1, {1.57079632679489661923, 0}, {0.5, 0}} : moved_differences(drawn(P));
  for (int i = 0; i < P->p->n_ops; i++) {
    const PathOp *op = &P->p->op[i];
    if (op->kind != PATH_TURN || !op->grad || !part_wants(P->s.call, &P->s.plan->slot[op->slot])) continue;
    for (int k = 0; k < 2 * rule.n; k++) {
      const double sign = k & 1 ? -1 : 1;
      set_angle(P, op->slot, (Real)(sign * rule.s[k / 2]));
      path_part_add(P, op->slot, (Real)(sign * rule.c[k / 2]) * path_value(P));
    }
    set_angle(P, op->slot, 0);
  }
}

static Real sign_of(const Paths *P, int slot) { return moved_sign(P->s.call, slot, true); }

static bool is_moved(const PathOp *op) { return op->kind == PATH_TURN && op->grad; }

/* All turns moved by this times their signs; returns how many of them by themselves. */
static int move_all(const Paths *P, Real step) {
  int angles = 0;
  for (int i = 0; i < P->p->n_ops; i++) {
    const PathOp *op = &P->p->op[i];
    Real by;
    if (!is_moved(op)) continue;
    const int first = moved_first(P->s.plan, op->slot, &by);
    set_angle(P, op->slot, step * by * sign_of(P, first));
    angles += first == op->slot;
  }
  return angles;
}

static void path_estimate(Paths *P) {
  const int angles = move_all(P, 0);
  const Real h = moved_step(drawn(P), angles > 0 ? angles : 1);
  for (int side = 0; side < 2; side++) {
    Real by;
    (void)move_all(P, side ? -h : h);
    const RVec f = path_value(P) * ((side ? -1 : 1) / (2 * h));
    for (int i = 0; i < P->p->n_ops; i++) {
      const PathOp *op = &P->p->op[i];
      if (is_moved(op) && moved_first(P->s.plan, op->slot, &by) == op->slot)
        path_part_add(P, op->slot, sign_of(P, op->slot) * f);
    }
  }
  (void)move_all(P, 0);
}

/* ---- strengths ---- */

/* Each word of a channel forced in turn. */
static void word_strengths(Paths *P, int i) {
  const PathOp *op = &P->p->op[i];
  const DensityChannel *c = op->channel;
  double v[CHANNEL_MAX_PARAMS], d[CHANNEL_MAX_PARAMS];
  (void)channel_values(P, c, v);
  P->forced = i;
  for (P->word = 0; P->word < op->n; P->word++) {
    (void)formula_value(&op->probability[P->word], c->n_params, v, d);
    bool moves = false;
    for (int k = 0; k < c->n_params; k++) moves = moves || (c->slot[k] >= 0 && d[k] != 0);
    if (!moves) continue;
    const RVec f = path_value(P);
    for (int k = 0; k < c->n_params; k++)
      if (c->slot[k] >= 0) path_part_add(P, c->slot[k], (Real)(0.5 * d[k]) * f);
  }
  P->forced = -1;
}

/* f: the value with the channel at probe j. */
static void add_probed(const Paths *P, const DensityChannel *c, const PathProbes *probes, int j, RVec f) {
  double v[CHANNEL_MAX_PARAMS], d[CHANNEL_MAX_PARAMS], g[CHANNEL_MAX_PARAMS] = {0};
  (void)channel_values(P, c, v);
  for (int e = 0; e < c->n; e++) {
    (void)formula_value(&c->entry[e].formula, c->n_params, v, d);
    for (int k = 0; k < c->n_params; k++) g[k] += probes->weight[j * c->n + e] * d[k];
  }
  for (int k = 0; k < c->n_params; k++)
    if (c->slot[k] >= 0) path_part_add(P, c->slot[k], (Real)(0.5 * g[k]) * f);
}

static void jump_strengths(Paths *P, const PathOp *op) {
  double v[CHANNEL_MAX_PARAMS];
  for (int j = 0; j < op->probes->n; j++) {
    path_coefficients(op, op->probes->at[j], P->coefficient + op->at);
    add_probed(P, op->channel, op->probes, j, path_value(P));
  }
  (void)channel_values(P, op->channel, v);
  path_coefficients(op, v, P->coefficient + op->at);
}

static void misread_strengths(Paths *P, const PathMisread *m) {
  P->probed = m;
  for (int j = 0; j < m->probes->n; j++) {
    P->probe = m->probes->at[j];
    (void)path_readings(P);
    add_probed(P, m->channel, m->probes, j, path_value(P));
  }
  P->probed = NULL;
  (void)path_readings(P);
}

static void path_strengths(Paths *P) {
  for (int i = 0; i < P->p->n_ops; i++) {
    const PathOp *op = &P->p->op[i];
    if (op->kind == PATH_WORDS && op->channel->open) word_strengths(P, i);
    if (op->kind == PATH_JUMP && op->probes != NULL) jump_strengths(P, op);
  }
  for (int i = 0; i < P->p->n_misreads; i++)
    if (P->p->misread[i].probes != NULL) misread_strengths(P, &P->p->misread[i]);
}

void KNAME(path_circuit_vjp)(const KCall *c) {
  Paths P = paths_begin(c);
  const CircuitMethod method = (CircuitMethod)c->op->attr.i[0];
  parts_begin(&P.s);
  for (int64_t row = 0; row < P.s.samples; row++) {
    (void)path_row(&P, row);
    path_cotangent(&P);
    for (int64_t first = 0; method == METHOD_ADJOINT && first < P.p->paths; first += VL) {
      path_draws(&P, first);
      path_forward(&P);
      path_observe(&P);
      path_back(&P);
    }
    if (method == METHOD_SHIFT || method == METHOD_FINITE) path_shifts(&P, method == METHOD_SHIFT);
    if (method == METHOD_SPSA) path_estimate(&P);
    path_strengths(&P);
  }
  parts_end(&P.s);
}
