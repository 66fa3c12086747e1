/* The Fubini-Study metric in the elements of all inputs without rows, added up over the rows:
 *     G_ij = Re <d_i psi|d_j psi> - Re (<d_i psi|psi> <psi|d_j psi>).
 * The tangents go through the circuit with the state: behind a turn by half an angle h = shift + sum of
 * scale * input / 2, d_i psi <- U d_i psi - i (scale_i / 2) C W U psi. */
#include "runtime/sim/plain_k.h"

void KNAME(k_circuit_metric)(const KCall *c);

/* to += by * (-i W) from, where the controls hold */
static void add_generator(const PlainTurn *t, size_t d, Plain from, Plain to, Real by) {
  for (uint32_t k = 0; k < d; k++) {
    if (!plain_met(t, k)) continue;
    RVec re, im;
    plain_times(plain_power(t, k), from.re[k ^ t->x], from.im[k ^ t->x], &re, &im);
    to.re[k] += by * re;
    to.im[k] += by * im;
  }
}

static void copy_state(Plain to, Plain from, size_t d) {
  memcpy(to.re, from.re, d * sizeof *to.re);
  memcpy(to.im, from.im, d * sizeof *to.im);
}

/* Number of element 0 of an input among the weights; -1 for inputs with rows. */
static int64_t first_of(const CircuitProgram *c, int input) {
  int64_t at = 0;
  if (c->input_has_rows[input]) return -1;
  for (int k = 0; k < input; k++) at += c->input_has_rows[k] ? 0 : c->input_size[k];
  return at;
}

/* State 0, tangents 1 .. n_shared, room behind them. */
static void through(const KCall *c, const PlainPlan *p, RVec *states, size_t d, int64_t row, int lanes) {
  const size_t n = (size_t)p->n_shared;
  Plain room = plain_at(states, n + 1, d);
  for (size_t s = 0; s <= n; s++) plain_zero(plain_at(states, s, d), d, s == 0 ? 1 : 0);
  for (int i = 0; i < p->n_turns; i++) {
    const PlainTurn *t = &p->turn[i];
    RVec cosine, sine;
    vsincos(plain_half(p, c->in, t, row, lanes), &sine, &cosine);
    for (size_t s = 0; s <= n; s++) {
      Plain state = plain_at(states, s, d);
      plain_turn(t, d, state, room, cosine, sine);
      copy_state(state, room, d);
    }
    for (int j = 0; j < t->angle.n; j++) {
      const SimTerm *m = &t->angle.term[j];
      const int64_t first = first_of(p->program, m->source);
      if (first < 0) continue;
      add_generator(t, d, plain_at(states, 0, d), plain_at(states, (size_t)(first + m->element) + 1, d),
                    (Real)(0.5 * m->scale));
    }
  }
}

/* <a|b> */
static void inner(Plain a, Plain b, size_t d, RVec *re, RVec *im) {
  *re = *im = (RVec){0};
  for (size_t k = 0; k < d; k++) {
    *re += a.re[k] * b.re[k] + a.im[k] * b.im[k];
    *im += a.re[k] * b.im[k] - a.im[k] * b.re[k];
  }
}

void KNAME(k_circuit_metric)(const KCall *c) {
  const PlainPlan *p = ((const SimPlan *)c->op->plan)->plain;
  const size_t d = (size_t)1 << p->program->n_qubits, n = (size_t)p->n_shared;
  RVec *states = c->scratch;
  Real *out = c->out;
  int64_t rows = 1;
  for (int k = 0; k < p->program->n_inputs; k++)
    if (p->program->input_has_rows[k]) rows = c->op->in_rows[k] ? c->rows : c->op->in[k].d[0].n;
  memset(out, 0, n * n * sizeof *out);
  for (int64_t row = 0; row < rows; row += VL) {
    const int lanes = rows - row < VL ? (int)(rows - row) : VL;
    through(c, p, states, d, row, lanes);
    for (size_t i = 0; i < n; i++) {
      RVec ar, ai, br, bi, re, im;
      inner(plain_at(states, 0, d), plain_at(states, i + 1, d), d, &ar, &ai); /* <psi|d_i psi> */
      for (size_t j = 0; j <= i; j++) {
        inner(plain_at(states, 0, d), plain_at(states, j + 1, d), d, &br, &bi);
        inner(plain_at(states, i + 1, d), plain_at(states, j + 1, d), d, &re, &im);
        RVec v = re - (ar * br + ai * bi);
        for (int l = lanes; l < VL; l++) v[l] = 0;
        const Real g = sum_lanes(v);
        out[i * n + j] += g;
        if (i != j) out[j * n + i] += g;
      }
    }
  }
}
