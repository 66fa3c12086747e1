/* Gates to rotations, by the `steps` column of gates.def. */
#define _GNU_SOURCE /* M_PI */
#include <math.h>
#include <string.h>
#include "lang/ir/gate_steps.h"
#include "runtime/sim/plan_steps.h"

/* Is `angle` a multiple of pi/2, but for rounding? Then *m is that multiple, modulo 8. */
static bool quarter_turns(double angle, int *m) {
  double k = rint(angle / M_PI_2);
  if (fabs(angle - k * M_PI_2) > 4e-16 * fmax(1, fabs(angle))) return false;
  double r = fmod(k, 8);
  *m = (int)(r < 0 ? r + 8 : r);
  return true;
}

/* Takes a rotation by m quarter turns into the frame, if it permutes basis states up to phases. */
static bool into_frame(Steps *s, const Raw *r, int m) {
  Frame *f = s->frame;
  int n = s->program->n_qubits;
  bool no_word = r->p.x == 0 && r->p.z == 0;
  if (r->n_controls == 0) {
    if (m % 2 == 1 && r->p.x != 0) return false;
    if (no_word || m % 4 == 0) return true;
    if (m % 4 == 2) {
      frame_pauli(f, n, r->p);
    } else {
      frame_quarter(f, n, r->p, m % 4 == 1 ? 1 : -1);
    }
    return true;
  }
  if (m == 0) return true;
  if (no_word && r->n_controls == 2 && m == 4) { /* -1 where both controls hold */
    int a = r->control[0], b = r->control[1];
    frame_controlled(f, n, a, pauli_word(0, 1u << b));
    if (!r->on[1]) frame_pauli(f, n, pauli_word(0, 1u << a));
    if (!r->on[0]) frame_pauli(f, n, pauli_word(0, 1u << b));
    return true;
  }
  if (no_word || r->n_controls != 1 || m % 2 == 1) return false;
  Pauli zc = pauli_word(0, 1u << r->control[0]);
  if (m == 4) {
    frame_pauli(f, n, zc);
    return true;
  }
  /* exp(-+ i pi/2 C P) = (P where C) exp(-+ i pi/2 C), and C = (1 -+ Z) / 2 */
  frame_controlled(f, n, r->control[0], r->p);
  if (!r->on[0]) frame_pauli(f, n, r->p);
  frame_quarter(f, n, zc, (m == 2) == (r->on[0] != 0) ? -1 : 1);
  return true;
}

void steps_phase(double angle, double *re, double *im) {
  static const double at[8] = {1, M_SQRT1_2, 0, -M_SQRT1_2, -1, -M_SQRT1_2, 0, M_SQRT1_2};
  int m;
  const bool exact = quarter_turns(angle, &m);
  *re = exact ? at[m] : cos(angle / 2);
  *im = exact ? at[(m + 2) % 8] : -sin(angle / 2);
}

static SimAngle scaled_angle(Arena *a, SimAngle g, double by) {
  SimTerm *t = ARENA_ARRAY(a, SimTerm, g.n);
  for (int i = 0; i < g.n; i++) {
    t[i] = g.term[i];
    t[i].scale *= by;
  }
  return (SimAngle){g.shift * by, g.n, t};
}

static void add_phase(Steps *s, SimAngle angle, double by) {
  if (s->phase == NULL) return;
  s->phase->angle = plan_add_angles(s->arena, s->phase->angle, scaled_angle(s->arena, angle, by));
}

/* F |0...0> after a rotation by m quarter turns that went into the frame. */
static void turn_image(Steps *s, const Raw *r, int m) {
  SimPhase *f = s->phase;
  if (f == NULL) return;
  for (int i = 0; i < r->n_controls; i++)
    if ((f->image >> r->control[i] & 1) != (r->on[i] != 0)) return;
  const int minus = bit_parity(f->image & r->p.z);
  if (r->p.x == 0) {
    f->angle.shift += (minus ? -M_PI_2 : M_PI_2) * m;
  } else if (m == 4) {
    f->angle.shift += 2 * M_PI;
  } else if (m != 0) { /* -i P or i P */
    f->angle.shift -= M_PI * (r->p.t + 2 * minus + (m == 2 ? 3 : 1));
    f->image ^= r->p.x;
  }
}

void steps_rotation(Steps *s, Raw r) {
  int m;
  int n = s->program->n_qubits;
  if (s->raw != NULL) {
    vec_push(s->arena, s->raw, r);
    return;
  }
  if (r.p.x == 0 && r.p.z == 0) {
    if (r.n_controls == 0) { /* a global phase */
      add_phase(s, r.angle, 1);
      return;
    }
    if (r.n_controls == 1) { /* C = (1 -+ Z) / 2 */
      add_phase(s, r.angle, 0.5);
      r.p = pauli_word(0, 1u << r.control[0]);
      r.angle = scaled_angle(s->arena, r.angle, r.on[0] ? -0.5 : 0.5);
      r.n_controls = 0;
    }
  }
  if (r.angle.n == 0 && quarter_turns(r.angle.shift, &m) && into_frame(s, &r, m)) {
    turn_image(s, &r, m);
    return;
  }
  SimRotation q = {.p = frame_image(s->frame, n, r.p), .n_controls = r.n_controls, .angle = r.angle};
  if (q.p.t >= 2) {
    q.p.t -= 2;
    q.angle = scaled_angle(s->arena, q.angle, -1);
  }
  for (int i = 0; i < r.n_controls; i++) {
    Pauli z = s->frame->z[r.control[i]];
    q.control[i] = (Parity){z.z, (r.on[i] != 0) ^ (z.t == 2)};
  }
  vec_push(s->arena, s->out, q);
}

static SimAngle step_angle(Steps *s, const GateUse *u, const GateStep *e, double sign) {
  SimTerm *t = ARENA_ARRAY(s->arena, SimTerm, GATE_MAX_ANGLES);
  SimAngle g = {sign * e->shift, 0, t};
  for (int i = 0; i < GATE_MAX_ANGLES; i++) {
    const AngleRef *r = &u->angle[i];
    double k = sign * e->k[i];
    if (k == 0) continue;
    g.shift += k * r->shift;
    if (r->source >= 0 && r->scale != 0) t[g.n++] = (SimTerm){r->source, r->element, k * r->scale};
  }
  return g;
}

Raw steps_controls(const GateUse *u) {
  Raw r = {.n_controls = u->n_controls};
  for (int i = 0; i < u->n_controls; i++) {
    r.control[i] = u->qubit[i];
    r.on[i] = u->control_on[i];
  }
  return r;
}

static void run_cx(Steps *s, const GateUse *u, const GateStep *e) {
  const uint8_t *target = u->qubit + u->n_controls;
  if (u->n_controls == 0 && s->raw == NULL) {
    frame_cx(s->frame, target[e->control], target[e->target]);
    if (s->phase != NULL && s->phase->image >> target[e->control] & 1)
      s->phase->image ^= 1u << target[e->target];
    return;
  }
  Raw r = steps_controls(u);
  r.control[r.n_controls] = target[e->control];
  r.on[r.n_controls++] = 1;
  r.p = pauli_word(1u << target[e->target], 0);
  r.angle.shift = M_PI;
  steps_rotation(s, r);
  r.p = pauli_word(0, 0);
  r.angle.shift = -M_PI;
  steps_rotation(s, r);
}

static void run_word(Steps *s, const GateUse *u, const GateStep *e, double sign) {
  Raw r = steps_controls(u);
  uint32_t x = 0, z = 0;
  for (int i = 0; i < u->n_targets; i++) {
    int q = u->qubit[u->n_controls + i];
    char letter = e->word[i];
    if (letter == 'X' || letter == 'Y') x |= 1u << q;
    if (letter == 'Z' || letter == 'Y') z |= 1u << q;
    if (letter == 'C') {
      r.control[r.n_controls] = q;
      r.on[r.n_controls++] = 1;
    }
  }
  r.p = pauli_word(x, z);
  r.angle = step_angle(s, u, e, sign);
  steps_rotation(s, r);
}

static const char *all_steps(Steps *s, Span *where) {
  const CircuitProgram *c = s->program;
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *u = &c->gates.at[g];
    const GateInfo *info = &gate_info[u->gate];
    *where = u->span;
    if (u->channel != CHANNEL_NONE) {
      vec_push(s->arena, s->marks, ((SimMark){g, s->out->n, *s->frame}));
      continue;
    }
    if (u->word != NULL || u->values != NULL) {
      const char *why = steps_given(s, u);
      if (why != NULL) return why;
      continue;
    }
    if (info->later) return arena_printf(s->arena, "gate `%s` cannot be run by this version yet", info->name);
    GateStep step[GATE_MAX_STEPS];
    int n = gate_steps(u->gate, u->n_targets, step);
    for (int i = 0; i < n; i++) {
      const GateStep *e = &step[u->inverse ? n - 1 - i : i];
      if (e->is_cx) {
        run_cx(s, u, e);
      } else {
        run_word(s, u, e, u->inverse ? -1 : 1);
      }
    }
  }
  return NULL;
}

const char *plan_steps(Arena *a, const CircuitProgram *c, SimRotations *out, Frame *frame, SimPhase *phase,
                       Span *where) {
  SimMarks none = {0};
  Steps s = {.arena = a, .program = c, .out = out, .frame = frame, .marks = &none, .phase = phase};
  frame_identity(frame, c->n_qubits);
  return all_steps(&s, where);
}

const char *plan_steps_marked(Arena *a, const CircuitProgram *c, SimRotations *out, Frame *frame,
                              SimMarks *marks, Span *where) {
  Steps s = {.arena = a, .program = c, .out = out, .frame = frame, .marks = marks};
  frame_identity(frame, c->n_qubits);
  return all_steps(&s, where);
}

const char *plan_raw_steps(Arena *a, const CircuitProgram *c, RawSteps *out, Span *where) {
  Steps s = {.arena = a, .program = c, .raw = out};
  return all_steps(&s, where);
}

int plan_slot(Arena *a, const CircuitProgram *c, SimSlots *slots, SimAngle angle, double by) {
  SimSlot s = {.shift = angle.shift * by};
  SimTerm *t = ARENA_ARRAY(a, SimTerm, angle.n);
  int at = 0;
  for (int rows = 0; rows < 2; rows++)
    for (int i = 0; i < angle.n; i++) {
      if (c->input_has_rows[angle.term[i].source] != (rows == 1)) continue;
      t[at] = angle.term[i];
      t[at++].scale *= by;
      if (rows) s.n_row++;
      else s.n_shared++;
    }
  s.term = t;
  vec_push(a, slots, s);
  return slots->n - 1;
}
