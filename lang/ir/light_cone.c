#define _GNU_SOURCE /* M_PI */
#include "lang/ir/light_cone.h"
#include <math.h>
#include <string.h>
#include "lang/ir/gate_steps.h"

#define WORDS_MAX 1024
#define TABLE (4 * WORDS_MAX)
#define CONTROLS_MAX 6 /* more are looked at letter by letter */

typedef struct Word {
  uint64_t x, z;
} Word;

/* Letters of a qubit as bits: 1 I, 2 X, 4 Y, 8 Z. */
enum { IS_I = 1, IS_X = 2, IS_Y = 4, IS_Z = 8, ANY = 15 };

typedef struct Cone {
  const CircuitProgram *c;
  bool by_letters;
  int n;
  Word word[WORDS_MAX + 1], old[WORDS_MAX + 1];
  int16_t table[TABLE]; /* 1 + index; 0: free */
  uint8_t letters[64];
  LightCone out;
} Cone;

/* ---- sets of words --------------------------------------------------------------------------- */

static int letter_of(Word w, int q) {
  const int x = (int)(w.x >> q & 1), z = (int)(w.z >> q & 1);
  return x && z ? IS_Y : x ? IS_X : z ? IS_Z : IS_I;
}

static void to_letters(Cone *k) {
  memset(k->letters, 0, sizeof k->letters);
  for (int i = 0; i < k->n; i++)
    for (int q = 0; q < k->c->n_qubits; q++) k->letters[q] |= (uint8_t)letter_of(k->word[i], q);
  k->by_letters = true;
}

static void clear(Cone *k) {
  k->n = 0;
  memset(k->table, 0, sizeof k->table);
}

static void add(Cone *k, Word w) {
  if (k->by_letters) {
    for (int q = 0; q < k->c->n_qubits; q++) k->letters[q] |= (uint8_t)letter_of(w, q);
    return;
  }
  uint64_t h = (w.x * 0x9E3779B97F4A7C15u) ^ (w.z * 0xC2B2AE3D27D4EB4Fu);
  h ^= h >> 29;
  size_t at = (size_t)(h % TABLE);
  for (; k->table[at] != 0; at = (at + 1) % TABLE) {
    const Word *old = &k->word[k->table[at] - 1];
    if (old->x == w.x && old->z == w.z) return;
  }
  k->word[k->n++] = w;
  k->table[at] = (int16_t)k->n;
  if (k->n > WORDS_MAX) to_letters(k);
}

static bool odd(uint64_t v) { return __builtin_popcountll(v) % 2 != 0; }
static bool anticommute(Word a, Word b) { return odd((a.x & b.z) ^ (a.z & b.x)); }

static uint64_t support(const Cone *k) {
  uint64_t s = 0;
  for (int i = 0; !k->by_letters && i < k->n; i++) s |= k->word[i].x | k->word[i].z;
  for (int q = 0; k->by_letters && q < k->c->n_qubits; q++)
    if ((k->letters[q] & ~IS_I) != 0) s |= (uint64_t)1 << q;
  return s;
}

/* Letters of qubit q as they are now. */
static int letters_at(const Cone *k, int q) {
  if (k->by_letters) return k->letters[q];
  int out = 0;
  for (int i = 0; i < k->n; i++) out |= letter_of(k->word[i], q);
  return out;
}

static bool commutes(const Cone *k, Word p) {
  for (int i = 0; !k->by_letters && i < k->n; i++)
    if (anticommute(k->word[i], p)) return false;
  for (int q = 0; k->by_letters && q < k->c->n_qubits; q++) {
    const int own = letter_of(p, q);
    if (own != IS_I && (k->letters[q] & ~(IS_I | own)) != 0) return false;
  }
  return true;
}

/* ---- gates, backwards ------------------------------------------------------------------------- */

static int times(int letters, int p) { /* each letter times p, as a set */
  static const Word of[9] = {[IS_I] = {0, 0}, [IS_X] = {1, 0}, [IS_Y] = {1, 1}, [IS_Z] = {0, 1}};
  int out = 0;
  for (int b = IS_I; b <= IS_Z; b *= 2)
    if ((letters & b) != 0) out |= letter_of((Word){of[b].x ^ of[p].x, of[b].z ^ of[p].z}, 0);
  return out;
}

/* exp(-i angle p / 2); quarters: of a fixed angle in turns of pi/2, -1: any angle. True if it changes
 * anything. */
static bool rotate(Cone *k, Word p, int quarters) {
  if (commutes(k, p)) return false;
  if (quarters >= 0 && quarters % 2 == 0) return true;
  if (!k->by_letters) {
    const int n = k->n;
    const Word *old = k->old;
    memcpy(k->old, k->word, (size_t)n * sizeof *old);
    if (quarters >= 0) clear(k);
    for (int i = 0; i < n; i++) {
      const bool turns = anticommute(old[i], p);
      if (turns) add(k, (Word){old[i].x ^ p.x, old[i].z ^ p.z});
      else if (quarters >= 0) add(k, old[i]);
    }
    return true;
  }
  const bool one = __builtin_popcountll(p.x | p.z) == 1;
  for (int q = 0; q < k->c->n_qubits; q++) {
    const int own = letter_of(p, q), was = k->letters[q];
    if (own == IS_I) continue;
    const int turned = times(was & ~(IS_I | own), own);
    k->letters[q] = (uint8_t)(one && quarters >= 0 ? (was & (IS_I | own)) | turned
                              : one                ? was | turned
                                                   : was | times(was, own));
  }
  return true;
}

static void exchange(Cone *k, int control, int target) { /* CX */
  const uint64_t c = (uint64_t)1 << control, t = (uint64_t)1 << target;
  if (!k->by_letters) {
    const int n = k->n;
    const Word *old = k->old;
    memcpy(k->old, k->word, (size_t)n * sizeof *old);
    clear(k);
    for (int i = 0; i < n; i++) {
      Word w = old[i];
      if ((w.x & c) != 0) w.x ^= t;
      if ((w.z & t) != 0) w.z ^= c;
      add(k, w);
    }
    return;
  }
  int at_c = 0, at_t = 0;
  for (int a = IS_I; a <= IS_Z; a *= 2)
    for (int b = IS_I; b <= IS_Z; b *= 2) {
      if ((k->letters[control] & a) == 0 || (k->letters[target] & b) == 0) continue;
      at_c |= (b & (IS_Y | IS_Z)) != 0 ? times(a, IS_Z) : a;
      at_t |= (a & (IS_X | IS_Y)) != 0 ? times(b, IS_X) : b;
    }
  k->letters[control] = (uint8_t)at_c, k->letters[target] = (uint8_t)at_t;
}

/* Any letters on these qubits, if a word has one there. True if so. */
static bool mix(Cone *k, uint64_t qubits) {
  if ((support(k) & qubits) == 0) return false;
  if (!k->by_letters) to_letters(k);
  for (int q = 0; q < k->c->n_qubits; q++)
    if ((qubits >> q & 1) != 0) k->letters[q] = ANY;
  return true;
}

static uint64_t qubits_of(const GateUse *u) {
  uint64_t out = 0;
  for (int i = 0; i < u->n_controls + u->n_targets; i++) out |= (uint64_t)1 << u->qubit[i];
  return out;
}

/* A step as words: `base`, and Z on any of the qubits of `controls`. */
typedef struct Turn {
  Word base;
  int n_controls, control[GATE_MAX_QUBITS];
  int quarters;               /* of each of its words, -1: any angle */
  bool free[GATE_MAX_ANGLES]; /* which angles of the gate it turns by */
} Turn;

static Turn turn_of(const GateUse *u, const GateStep *s) {
  Turn t = {.quarters = -1};
  const uint8_t *target = u->qubit + u->n_controls;
  for (int i = 0; i < u->n_controls; i++) t.control[t.n_controls++] = u->qubit[i];
  for (int i = 0; !s->is_cx && i < u->n_targets; i++) {
    const uint64_t bit = (uint64_t)1 << target[i];
    if (s->word[i] == 'C') t.control[t.n_controls++] = target[i];
    if (s->word[i] == 'X' || s->word[i] == 'Y') t.base.x |= bit;
    if (s->word[i] == 'Z' || s->word[i] == 'Y') t.base.z |= bit;
  }
  if (s->is_cx) {
    t.control[t.n_controls++] = target[s->control];
    t.base.x = (uint64_t)1 << target[s->target];
    return t;
  }
  double angle = s->shift;
  bool known = true;
  for (int i = 0; i < GATE_MAX_ANGLES; i++) {
    if (s->k[i] == 0) continue;
    t.free[i] = u->angle[i].source >= 0;
    known = known && !t.free[i];
    angle += s->k[i] * u->angle[i].shift;
  }
  const double turns = angle / (double)(1 << t.n_controls) / (M_PI / 2);
  if (known && fabs(turns - round(turns)) < 1e-9) t.quarters = (int)(fabs(fmod(round(turns), 4.0)));
  return t;
}

static bool turn_back(Cone *k, const Turn *t) {
  if (t->n_controls > CONTROLS_MAX) {
    uint64_t all = t->base.x | t->base.z;
    for (int i = 0; i < t->n_controls; i++) all |= (uint64_t)1 << t->control[i];
    return mix(k, all);
  }
  bool seen = false;
  for (int s = 0; s < 1 << t->n_controls; s++) {
    Word w = t->base;
    for (int i = 0; i < t->n_controls; i++)
      if ((s >> i & 1) != 0) w.z |= (uint64_t)1 << t->control[i];
    seen = rotate(k, w, t->quarters) || seen;
  }
  return seen;
}

static int steps_of(const GateUse *u, GateStep step[GATE_MAX_STEPS]) {
  if (u->gate != GATE_PAULIROT) return gate_steps(u->gate, u->n_targets, step);
  step[0] = (GateStep){.k = {1}};
  for (int i = 0; i < u->n_targets && u->word != NULL; i++) step[0].word[i] = u->word[i];
  return 1;
}

static void channel_back(Cone *k, int g, const GateUse *u) {
  const bool seen = (support(k) & qubits_of(u)) != 0;
  k->out.gate[g] = seen;
  for (int i = 0; i < GATE_MAX_ANGLES; i++) k->out.angle[g * GATE_MAX_ANGLES + i] = seen;
  if (channel_info[u->channel].kind == CHANNEL_GENERAL) mix(k, qubits_of(u));
}

static bool has_bit_letters(const Cone *k, const GateUse *u) {
  for (int i = 0; i < u->n_controls + u->n_targets; i++)
    if ((letters_at(k, u->qubit[i]) & (IS_X | IS_Y)) != 0) return true;
  return false;
}

static void gate_back(Cone *k, int g) {
  const GateUse *u = &k->c->gates.at[g];
  GateStep step[GATE_MAX_STEPS];
  k->out.touched |= qubits_of(u);
  k->out.reached |= qubits_of(u) & support(k);
  if (u->channel != CHANNEL_NONE) {
    channel_back(k, g, u);
    return;
  }
  const int n = steps_of(u, step);
  if (n == 0 && u->gate != GATE_ID) {
    const bool diagonal = gate_info[u->gate].cls == GATE_DIAG && !has_bit_letters(k, u);
    const bool seen = !diagonal && mix(k, qubits_of(u));
    k->out.gate[g] = seen;
    for (int i = 0; i < GATE_MAX_ANGLES; i++) k->out.angle[g * GATE_MAX_ANGLES + i] = seen;
  }
  for (int s = 0; s < n; s++) {
    const GateStep *at = &step[u->inverse ? s : n - 1 - s];
    const uint8_t *target = u->qubit + u->n_controls;
    const Turn t = turn_of(u, at);
    bool seen = true;
    if (at->is_cx && u->n_controls == 0) {
      seen = (support(k) & qubits_of(u)) != 0;
      exchange(k, target[at->control], target[at->target]);
    } else seen = turn_back(k, &t);
    k->out.gate[g] = k->out.gate[g] || seen;
    for (int i = 0; i < GATE_MAX_ANGLES; i++)
      if (t.free[i] && seen) k->out.angle[g * GATE_MAX_ANGLES + i] = true;
  }
}

/* ---- what is measured ---------------------------------------------------------------------------- */

static void measured(Cone *k) {
  const CircuitProgram *c = k->c;
  if (c->measure == MEASURE_AMPLITUDES) {
    to_letters(k);
    for (int q = 0; q < c->n_qubits; q++) k->letters[q] = ANY;
    return;
  }
  for (int o = 0; o < c->observables.n; o++)
    for (int t = 0; t < c->observables.at[o].terms.n; t++)
      add(k, (Word){c->observables.at[o].terms.at[t].x, c->observables.at[o].terms.at[t].z});
  if (c->measure == MEASURE_EXPVAL) return;
  for (int s = 0; c->probs_qubits.n <= 8 && s < 1 << c->probs_qubits.n; s++) {
    Word w = {0, 0};
    for (int i = 0; i < c->probs_qubits.n; i++)
      if ((s >> i & 1) != 0) w.z |= (uint64_t)1 << c->probs_qubits.at[i];
    add(k, w);
  }
  if (c->probs_qubits.n <= 8) return;
  to_letters(k);
  for (int q = 0; q < c->n_qubits; q++) k->letters[q] = IS_I;
  for (int i = 0; i < c->probs_qubits.n; i++) k->letters[c->probs_qubits.at[i]] = IS_I | IS_Z;
}

/* ---- forwards: qubits that are in a basis state still ---------------------------------------------- */

/* A step on basis states alone; true if it does nothing but turn the phase of the whole. */
static bool idle_on_basis(const GateUse *u, const GateStep *s, uint64_t *basis) {
  const Turn t = turn_of(u, s);
  uint64_t looked = t.base.z & ~t.base.x;
  for (int i = 0; i < t.n_controls; i++) looked |= (uint64_t)1 << t.control[i];
  if (t.base.x == 0) return (looked & ~*basis) == 0;
  const bool flips = s->is_cx || (t.n_controls == 0 && t.quarters >= 0 && t.quarters % 2 == 0);
  if (!flips || (looked & ~*basis) != 0) *basis &= ~t.base.x;
  return false;
}

static void forwards(Cone *k) {
  uint64_t basis = ~(uint64_t)0;
  for (int g = 0; g < k->c->gates.n; g++) {
    const GateUse *u = &k->c->gates.at[g];
    GateStep step[GATE_MAX_STEPS];
    const int n = u->channel == CHANNEL_NONE ? steps_of(u, step) : 0;
    if (n == 0 && u->gate != GATE_ID) basis &= ~qubits_of(u);
    if (u->channel != CHANNEL_NONE) basis &= ~qubits_of(u);
    bool used[GATE_MAX_ANGLES] = {false}, any = n == 0;
    for (int s = 0; s < n; s++) {
      const GateStep *at = &step[u->inverse ? n - 1 - s : s];
      if (idle_on_basis(u, at, &basis)) continue;
      any = true;
      for (int i = 0; i < GATE_MAX_ANGLES; i++) used[i] = used[i] || at->k[i] != 0;
    }
    k->out.gate[g] = k->out.gate[g] && any;
    for (int i = 0; n > 0 && i < GATE_MAX_ANGLES; i++) {
      bool *seen = &k->out.angle[g * GATE_MAX_ANGLES + i];
      k->out.idle[g * GATE_MAX_ANGLES + i] = *seen && !used[i];
      *seen = *seen && used[i];
    }
  }
}

LightCone light_cone(Arena *a, const CircuitProgram *c) {
  Cone *k = ARENA_NEW(a, Cone);
  *k = (Cone){.c = c};
  k->out.gate = ARENA_ARRAY(a, bool, c->gates.n + 1);
  k->out.angle = ARENA_ARRAY(a, bool, c->gates.n *GATE_MAX_ANGLES + 1);
  k->out.idle = ARENA_ARRAY(a, bool, c->gates.n *GATE_MAX_ANGLES + 1);
  measured(k);
  for (int g = c->gates.n - 1; g >= 0; g--) {
    gate_back(k, g);
    k->out.reached |= qubits_of(&c->gates.at[g]) & support(k);
  }
  if (c->measure != MEASURE_AMPLITUDES) forwards(k);
  return k->out;
}
