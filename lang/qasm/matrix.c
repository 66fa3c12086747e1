#include "lang/qasm/matrix.h"
#include <math.h>
#include <stdint.h>
#include <string.h>
#include "lang/base/vec.h"
#include "lang/qasm/write.h"

#define NOTHING 1e-15 /* an angle, or an entry of the matrix, that rounding has left */
#define ALIKE 1e-13   /* phases that differ by what rounding has added up */

typedef VEC(char) Text;

/* A matrix of 2 x 2 on the qubit `bit` (counted from the least significant one) of the states that are
 * `others` on all other qubits. */
typedef struct Turn {
  double complex m[4];
  int bit;
  uint32_t others;
} Turn;

typedef struct Body {
  Arena *a;
  int n;
  Text text;
} Body;

static void put(Body *b, const char *s) {
  for (; *s != '\0'; s++) vec_push(b->a, &b->text, *s);
}

/* " ctrl @ negctrl @ rz(angle) q0, q1, q2;", the target last; a gphase acts on the others alone. */
static void put_gate(Body *b, const char *name, double angle, uint32_t others, int target) {
  if (fabs(angle) < NOTHING) return;
  put(b, " ");
  for (int q = 0; q < b->n; q++)
    if (q != target) put(b, others >> (b->n - 1 - q) & 1 ? "ctrl @ " : "negctrl @ ");
  put(b, arena_printf(b->a, "%s(%s)", name, qasm_number(b->a, angle)));
  const char *comma = " ";
  for (int q = 0; q < b->n; q++) {
    if (q == target) continue;
    put(b, arena_printf(b->a, "%sq%d", comma, q));
    comma = ", ";
  }
  if (strcmp(name, "gphase") != 0) put(b, arena_printf(b->a, "%sq%d", comma, target));
  put(b, ";");
}

static void put_phase(Body *b, double angle) {
  if (fabs(angle) >= NOTHING) put(b, arena_printf(b->a, " gphase(%s);", qasm_number(b->a, angle)));
}

/* e^(i phase) rz(after) ry(turn) rz(before) */
static void put_turn(Body *b, const Turn *t) {
  const double c = cabs(t->m[0]), s = cabs(t->m[2]);
  double sum = 0, difference = 0, phase = 0; /* after + before, after - before */
  if (c > NOTHING) {
    sum = carg(t->m[3] * conj(t->m[0]));
    phase = carg(t->m[0]) + sum / 2;
    if (s > NOTHING) difference = 2 * (carg(t->m[2]) - phase);
  } else {
    difference = carg(t->m[2] * conj(-t->m[1]));
    phase = carg(t->m[2]) - difference / 2;
  }
  const int target = b->n - 1 - t->bit;
  if (b->n == 1) put_phase(b, phase);
  else put_gate(b, "gphase", phase, t->others, target);
  put_gate(b, "rz", (sum - difference) / 2, t->others, target);
  put_gate(b, "ry", 2 * atan2(s, c), t->others, target);
  put_gate(b, "rz", (sum + difference) / 2, t->others, target);
}

static uint32_t gray(int k) { return (uint32_t)k ^ (uint32_t)k >> 1; }

/* Rows i and j of m turned so that entry (j, column) becomes 0; the turn back. */
static Turn turn_away(int d, double complex *m, uint32_t i, uint32_t j, uint32_t column) {
  const double complex x = m[i * (uint32_t)d + column], y = m[j * (uint32_t)d + column];
  const double r = hypot(cabs(x), cabs(y));
  const double complex u = x / r, v = y / r;
  for (int k = 0; k < d; k++) {
    double complex *p = &m[i * (uint32_t)d + (uint32_t)k], *q = &m[j * (uint32_t)d + (uint32_t)k];
    const double complex a = *p, b = *q;
    *p = conj(u) * a + conj(v) * b;
    *q = -v * a + u * b;
  }
  Turn t = {{u, -conj(v), v, conj(u)}, __builtin_ctz(i ^ j), i & j}; /* (1, 0) goes to (u, v) */
  if (i > j) t = (Turn){{conj(u), v, -conj(v), u}, t.bit, t.others};
  return t;
}

const char *qasm_matrix_body(Arena *a, int n, double complex *m) {
  const int d = 1 << n;
  Body b = {.a = a, .n = n};
  VEC(Turn) turns = {0};
  for (int c = 0; c + 1 < d; c++)
    for (int k = d - 1; k > c; k--)
      if (cabs(m[gray(k) * (uint32_t)d + gray(c)]) > NOTHING)
        vec_push(a, &turns, turn_away(d, m, gray(k - 1), gray(k), gray(c)));
  bool one_phase = true;
  for (int k = 1; k < d; k++) one_phase = one_phase && cabs(m[k * d + k] - m[0]) < ALIKE;
  for (int k = 0; k < d && !one_phase; k++) put_gate(&b, "gphase", carg(m[k * d + k]), (uint32_t)k, -1);
  if (one_phase) put_phase(&b, carg(m[0]));
  for (int k = turns.n - 1; k >= 0; k--) put_turn(&b, &turns.at[k]);
  vec_push(a, &b.text, '\0');
  return b.text.at;
}
