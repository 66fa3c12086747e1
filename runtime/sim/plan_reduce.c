/* Merging, dropping and sorting of rotations. All three rest on one question: do two rotations
 * commute? The answer "no" may be wrong for controlled ones; then less is merged or dropped. */
#include <string.h>
#include "runtime/sim/plan.h"

/* How far back a search looks, so that very long circuits stay affordable. */
#define MAX_LOOK 4096

bool rotations_commute(const SimRotation *a, const SimRotation *b) {
  if (!pauli_commute(a->p, b->p)) return false;
  for (int i = 0; i < a->n_controls; i++) {
    if (bit_parity(a->control[i].mask & b->p.x)) return false;
  }
  for (int i = 0; i < b->n_controls; i++) {
    if (bit_parity(b->control[i].mask & a->p.x)) return false;
  }
  return true;
}

static bool same_controls(const SimRotation *a, const SimRotation *b) {
  if (a->n_controls != b->n_controls) return false;
  for (int i = 0; i < a->n_controls; i++) {
    bool found = false;
    for (int j = 0; j < b->n_controls; j++) {
      found |= a->control[i].mask == b->control[j].mask && a->control[i].value == b->control[j].value;
    }
    if (!found) return false;
  }
  return true;
}

static bool same_generator(const SimRotation *a, const SimRotation *b) {
  return a->p.x == b->p.x && a->p.z == b->p.z && a->p.t == b->p.t && same_controls(a, b);
}

SimAngle plan_add_angles(Arena *a, SimAngle f, SimAngle g) {
  SimTerm *t = ARENA_ARRAY(a, SimTerm, f.n + g.n);
  int n = 0;
  for (int i = 0; i < f.n + g.n; i++) {
    SimTerm next = i < f.n ? f.term[i] : g.term[i - f.n];
    int j = 0;
    while (j < n && !(t[j].source == next.source && t[j].element == next.element)) j++;
    if (j < n) {
      t[j].scale += next.scale;
    } else {
      t[n++] = next;
    }
  }
  int kept = 0;
  for (int i = 0; i < n; i++) {
    if (t[i].scale != 0) t[kept++] = t[i];
  }
  return (SimAngle){f.shift + g.shift, kept, t};
}

static void merge(Arena *a, SimRotations *r) {
  int n = 0;
  for (int i = 0; i < r->n; i++) {
    SimRotation next = r->at[i];
    int j = n - 1, end = n > MAX_LOOK ? n - MAX_LOOK : 0;
    while (j >= end && !same_generator(&r->at[j], &next) && rotations_commute(&r->at[j], &next)) j--;
    if (j >= end && same_generator(&r->at[j], &next)) {
      r->at[j].angle = plan_add_angles(a, r->at[j].angle, next.angle);
    } else {
      r->at[n++] = next;
    }
  }
  r->n = 0;
  for (int i = 0; i < n; i++) {
    if (r->at[i].angle.n > 0 || r->at[i].angle.shift != 0) r->at[r->n++] = r->at[i];
  }
}

/* A rotation that commutes with all measured words and all kept rotations after it could be the
 * last one, and would not be seen there. */
static void drop_unseen(SimRotations *r, int n_seen, const Pauli *seen) {
  int kept = r->n; /* the kept ones stand in [kept, r->n) */
  for (int i = r->n - 1; i >= 0; i--) {
    SimRotation next = r->at[i];
    bool useful = r->n - kept > MAX_LOOK;
    for (int j = 0; j < n_seen && !useful; j++) {
      SimRotation word = {.p = seen[j]};
      useful = !rotations_commute(&word, &next);
    }
    for (int j = kept; j < r->n && !useful; j++) useful = !rotations_commute(&r->at[j], &next);
    if (useful) r->at[--kept] = next;
  }
  r->n -= kept;
  if (kept > 0) memmove(r->at, r->at + kept, (size_t)r->n * sizeof *r->at);
}

/* What a diagonal rotation is on |0...0>: nothing where a control is not met. */
static void idle_phase(Arena *a, const SimRotation *r, SimPhase *phase) {
  if (phase == NULL) return;
  for (int i = 0; i < r->n_controls; i++)
    if (r->control[i].value != 0) return;
  phase->angle = plan_add_angles(a, phase->angle, r->angle);
}

/* A diagonal rotation that commutes with all before it acts on |0...0>: a phase. */
static void drop_idle(Arena *a, SimRotations *r, SimPhase *phase) {
  int n = 0;
  for (int i = 0; i < r->n; i++) {
    SimRotation next = r->at[i];
    bool useful = next.p.x != 0 || n > MAX_LOOK;
    for (int j = n - 1; j >= 0 && !useful; j--) useful = !rotations_commute(&r->at[j], &next);
    if (useful) r->at[n++] = next;
    else idle_phase(a, &next, phase);
  }
  r->n = n;
}

/* The level of a rotation is the lowest of its parity at which everything before it that does not
 * commute with it has been done: even levels for rotations that flip bits, which keep their order
 * within a level, odd ones for diagonal rotations. */
static int *find_levels(Arena *a, const SimRotations *r) {
  int *level = ARENA_ARRAY(a, int, r->n), highest = 0;
  for (int i = 0; i < r->n; i++) {
    int odd = r->at[i].p.x == 0, at = odd, end = i > MAX_LOOK ? i - MAX_LOOK : 0;
    if (end > 0) at = highest + ((highest & 1) != odd);
    for (int j = i - 1; j >= end && at <= highest; j--) {
      if (rotations_commute(&r->at[j], &r->at[i])) continue;
      int least = level[j] + ((level[j] & 1) != odd);
      if (least > at) at = least;
    }
    level[i] = at;
    if (at > highest) highest = at;
  }
  return level;
}

void plan_reduce(Arena *a, SimRotations *r, int n_seen, const Pauli *seen, SimPhase *phase, int **level) {
  merge(a, r);
  if (phase == NULL) drop_unseen(r, n_seen, seen);
  drop_idle(a, r, phase);
  int *found = find_levels(a, r), highest = 0, n = 0;
  for (int i = 0; i < r->n; i++) highest = found[i] > highest ? found[i] : highest;
  SimRotation *sorted = ARENA_ARRAY(a, SimRotation, r->n);
  *level = ARENA_ARRAY(a, int, r->n);
  int *place = ARENA_ARRAY(a, int, highest + 2);
  for (int i = 0; i < r->n; i++) place[found[i] + 1]++;
  for (int l = 0; l <= highest; l++) place[l + 1] += place[l];
  for (int i = 0; i < r->n; i++) {
    sorted[place[found[i]]] = r->at[i];
    (*level)[place[found[i]]++] = found[i];
    n++;
  }
  r->at = sorted;
  r->n = r->cap = n;
}
