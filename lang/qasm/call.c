/* Gate calls: definitions are written out, modifiers applied to what came of them, registers broadcast. */
#define _GNU_SOURCE /* M_PI */
#include "lang/qasm/qasm_int.h"
#include <math.h>
#include <string.h>

#define NO_GATE GATE_COUNT
#define MAX_OPERANDS 64

/* What is called. */
typedef struct Callee {
  const QName *name; /* NULL: a gate of gates.def */
  int order;
  GateId gate;
  int n_qubits, n_angles;
  bool is_u, is_gphase;
} Callee;

typedef struct Mod {
  QModKind kind;
  int n;        /* controls */
  double power; /* POW */
  Span span;
} Mod;

/* ---- names -------------------------------------------------------------------------------------- */

static Callee primitive(GateId g) {
  return (Callee){.gate = g, .n_qubits = gate_info[g].n_qubits, .n_angles = gate_info[g].n_angles};
}

/* Where the file defines what a statement uses before; NULL: nowhere. */
static const QStmt *defined_later(const QWalk *w, Symbol name) {
  for (int i = 0; i < w->script->n; i++) {
    const QStmt *s = w->script->at[i];
    if ((s->kind == QS_GATE || s->kind == QS_OPAQUE) && s->name == name) return s;
  }
  return NULL;
}

static bool no_gate(QWalk *w, const QStmt *s) {
  if (w->lacks_include) return false; /* it may be declared there */
  const char *name = sym_text(s->name);
  const QStmt *later = defined_later(w, s->name);
  if (later != NULL) {
    Diag *d = qw_say(w, DIAG_NAME, s->name_span, "the gate `%s` is used before its definition", name);
    diag_label(d, later->name_span, "defined here");
    return false;
  }
  Diag *d = qw_say(w, DIAG_NAME, s->name_span, "there is no gate `%s`", name);
  const char *known[200];
  int n = 0;
  for (int i = 0; i < w->names.n && n < 200; i++)
    if (w->names.at[i].kind == QN_GATE) known[n++] = sym_text(w->names.at[i].name);
  const char *near = diag_nearest(name, known, n);
  if (near != NULL) diag_mark(d, "did you mean `%s`?", near);
  else if (!w->has_qelib1 && !w->has_stdgates)
    diag_help(d, w->f->version == 2 ? "`include \"qelib1.inc\";` declares the usual gates"
                                    : "`include \"stdgates.inc\";` declares the usual gates");
  else diag_help(d, "define it: `gate %s q { ... }`", name);
  return false;
}

static bool find_callee(QWalk *w, const QStmt *s, const QEnv *env, Callee *out) {
  const char *name = sym_text(s->name);
  if (env != NULL && env->library) {
    const GateId g = gate_find(name);
    *out = primitive(g == NO_GATE ? GATE_ID : g);
    out->is_gphase = g == GATE_GPHASE;
    if (out->is_gphase) out->n_qubits = 0;
    return g != NO_GATE;
  }
  QName *n = qw_find(w, s->name);
  if (n != NULL && n->text != NULL) qw_define(w, n);
  if (n == NULL && strcmp(name, "U") == 0) {
    *out = primitive(GATE_U3);
    out->is_u = true;
    return true;
  }
  if (n == NULL && strcmp(name, "CX") == 0 && w->f->version == 2) {
    *out = primitive(GATE_CX);
    return true;
  }
  if (n == NULL && strcmp(name, "gphase") == 0 && w->f->version == 3) {
    *out = primitive(GATE_GPHASE);
    out->n_qubits = 0;
    out->is_gphase = true;
    return true;
  }
  if (n == NULL) return no_gate(w, s);
  if (n->kind != QN_GATE) {
    Diag *d = n->kind == QN_OPAQUE
                  ? qw_say(w, DIAG_QASM, s->name_span, "`%s` is opaque: its matrix is not known", name)
                  : qw_say(w, DIAG_NAME, s->name_span, "`%s` is no gate", name);
    diag_label(d, n->span, "declared here");
    return false;
  }
  const int order = (int)(n - w->names.at);
  if (env != NULL && order > env->order && w->errors > 0)
    return false; /* said where the definition was read */
  if (env != NULL && order >= env->order) {
    Diag *d = qw_say(w, order == env->order ? DIAG_RECURSION : DIAG_NAME, s->name_span,
                     order == env->order ? "the gate `%s` uses itself"
                                         : "the gate `%s` is used before its definition",
                     name);
    diag_label(d, n->span, "defined here");
    return false;
  }
  if (n->decl == NULL) {
    *out = primitive(n->gate);
    return true;
  }
  *out = (Callee){.name = n,
                  .order = order,
                  .gate = NO_GATE,
                  .n_qubits = n->decl->qubits.n,
                  .n_angles = n->decl->params.n};
  return true;
}

/* ---- modifiers ----------------------------------------------------------------------------------- */

static bool read_mods(QWalk *w, const QStmt *s, const QEnv *env, Mod *out, int *controls) {
  *controls = 0;
  for (int i = 0; i < s->mods.n; i++) {
    const QMod *m = &s->mods.at[i];
    out[i] = (Mod){m->kind, 1, 1, m->span};
    long k = 1;
    if (m->kind == QM_POW) {
      if (!qw_static(w, m->arg, env, "an exponent", &out[i].power)) return false;
    } else if (m->arg != NULL && m->kind == QM_INV) {
      qw_say(w, DIAG_SYNTAX, m->span, "`inv` takes no number");
      return false;
    } else if (m->arg != NULL) {
      if (!qw_int(w, m->arg, env, "the number of controls", 1, GATE_MAX_QUBITS, &k)) return false;
      out[i].n = (int)k;
    }
    if (m->kind == QM_CTRL || m->kind == QM_NEGCTRL) *controls += out[i].n;
    if (*controls >= GATE_MAX_QUBITS) {
      qw_say(w, DIAG_GATE, m->span, "%d controls; a gate has at most %d qubits, controls included", *controls,
             GATE_MAX_QUBITS);
      return false;
    }
  }
  return true;
}

static void invert(QWalk *w, int start) {
  for (int i = start, k = w->f->ops.n - 1; i < k; i++, k--) {
    const QasmOp t = w->f->ops.at[i];
    w->f->ops.at[i] = w->f->ops.at[k];
    w->f->ops.at[k] = t;
  }
  for (int i = start; i < w->f->ops.n; i++) w->f->ops.at[i].inverse = !w->f->ops.at[i].inverse;
}

static bool control(QWalk *w, int start, const Mod *m, const int *qubit) {
  for (int i = start; i < w->f->ops.n; i++) {
    QasmOp *o = &w->f->ops.at[i];
    const int have = o->n_controls + o->n_targets;
    if (have + m->n > GATE_MAX_QUBITS) {
      qw_say(w, DIAG_GATE, m->span, "this acts on %d qubits together; at most %d are possible", have + m->n,
             GATE_MAX_QUBITS);
      return false;
    }
    memmove(o->qubit + m->n, o->qubit, (size_t)have * sizeof *o->qubit);
    memmove(o->control_on + m->n, o->control_on, (size_t)o->n_controls);
    for (int k = 0; k < m->n; k++) {
      o->qubit[k] = qubit[k];
      o->control_on[k] = m->kind == QM_CTRL;
    }
    o->n_controls += m->n;
  }
  return true;
}

/* The gate as a phase of angle * pi on |1...1> of its qubits, conjugated with h on the last one or not. */
static bool as_phase(GateId g, double *angle, bool *with_h) {
  static const struct {
    GateId gate;
    double angle;
    bool with_h;
  } rows[] = {{GATE_Z, 1, false},      {GATE_S, 0.5, false},     {GATE_SDG, -0.5, false},
              {GATE_T, 0.25, false},   {GATE_TDG, -0.25, false}, {GATE_CZ, 1, false},
              {GATE_CCZ, 1, false},    {GATE_X, 1, true},        {GATE_SX, 0.5, true},
              {GATE_SXDG, -0.5, true}, {GATE_CX, 1, true},       {GATE_CCX, 1, true}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if (rows[i].gate != g) continue;
    *angle = rows[i].angle * M_PI;
    *with_h = rows[i].with_h;
    return true;
  }
  return false;
}

/* The principal power of one gate. */
static bool power_of_one(QWalk *w, int at, const Mod *m) {
  QasmOp *o = &w->f->ops.at[at];
  double angle = 0;
  bool with_h = false;
  if (o->gate == GATE_ID) return true;
  if (strcmp(gate_info[o->gate].inverse, "negate") == 0) {
    const int a = qw_binary(w, '*', qw_number(w, m->power, false, m->span), o->angle[0], m->span);
    w->f->ops.at[at].angle[0] = a;
    return a >= 0;
  }
  if (!as_phase(o->gate, &angle, &with_h)) {
    Diag *d = qw_say(w, DIAG_QASM, m->span, "a power that is not whole is not known for `%s`",
                     gate_info[o->gate].name);
    diag_help(d, "powers of rotations, phases, x, sx, z, s, t, cx, cz, ccx are");
    return false;
  }
  QasmOp p = *o;
  const int targets = p.n_targets, last = p.n_controls + targets - 1;
  for (int k = p.n_controls; k < last; k++) p.control_on[k] = 1;
  p.n_controls = last;
  p.n_targets = 1;
  p.gate = GATE_P;
  p.angle[0] = qw_number(w, angle * m->power * (p.inverse ? -1 : 1), false, m->span);
  p.inverse = false;
  if (p.angle[0] < 0) return false;
  *o = p;
  if (!with_h) return true;
  const QasmOp h = {.kind = QASM_GATE,
                    .gate = GATE_H,
                    .n_targets = 1,
                    .qubit = {p.qubit[last]},
                    .condition = p.condition,
                    .bit = -1,
                    .span = p.span};
  *o = h;
  vec_push(w->a, &w->f->ops, p);
  vec_push(w->a, &w->f->ops, h);
  return true;
}

static bool power(QWalk *w, int start, const Mod *m) {
  const int n = w->f->ops.n - start;
  if (n == 0) return true;
  if (n == 1 &&
      (m->power != floor(m->power) || strcmp(gate_info[w->f->ops.at[start].gate].inverse, "negate") == 0))
    return power_of_one(w, start, m);
  if (m->power != floor(m->power)) {
    Diag *d = qw_say(w, DIAG_QASM, m->span,
                     "a power that is not whole is possible for a single gate only, not for %d", n);
    diag_note(d, "the definition is written out first");
    return false;
  }
  if (m->power < 0) invert(w, start);
  const double k = fabs(m->power);
  if (k * n > QASM_MAX_OPS) return qw_spend(w, QASM_MAX_OPS * 100L, m->span);
  if (!qw_spend(w, (long)k * n, m->span)) return false;
  if (k == 0) w->f->ops.n = start;
  for (int i = 1; i < (int)k; i++)
    for (int j = 0; j < n; j++) vec_push(w->a, &w->f->ops, w->f->ops.at[start + j]);
  return true;
}

/* ---- global phases ---------------------------------------------------------------------------------- */

/* exp(i angle) where the controls hold, as phases of qubits; what is left for all states stands at the file's
 * first qubit, but for a condition, which no control sees. */
static bool lower_phase(QWalk *w, const QasmOp *from, QasmOp *out, int *n) {
  QasmOp o = *from;
  int angle = o.inverse ? qw_unary(w, '-', o.angle[0], o.span) : o.angle[0];
  for (; o.n_controls > 0; o.n_controls--) {
    const int last = o.n_controls - 1;
    const int negated = o.control_on[last] ? angle : qw_unary(w, '-', angle, o.span);
    if (angle < 0 || negated < 0) return false;
    QasmOp p = o;
    p.gate = GATE_P;
    p.inverse = false;
    p.n_controls = last;
    p.n_targets = 1;
    p.angle[0] = negated;
    out[(*n)++] = p;
    if (o.control_on[last]) return true;
  }
  if (o.condition >= 0) return angle >= 0;
  o.n_targets = 1;
  o.qubit[0] = 0;
  o.inverse = false;
  o.angle[0] = angle;
  out[(*n)++] = o;
  return angle >= 0;
}

static bool lower_phases(QWalk *w, int start) {
  bool any = false;
  for (int i = start; i < w->f->ops.n; i++) any = any || w->f->ops.at[i].n_targets == 0;
  if (!any) return true;
  const int n = w->f->ops.n - start;
  QasmOp *old = ARENA_ARRAY(w->a, QasmOp, n);
  memcpy(old, w->f->ops.at + start, (size_t)n * sizeof *old);
  w->f->ops.n = start;
  for (int i = 0; i < n; i++) {
    QasmOp phases[GATE_MAX_QUBITS + 1];
    int k = 0;
    if (old[i].n_targets > 0) phases[k++] = old[i];
    else if (!lower_phase(w, &old[i], phases, &k)) return false;
    for (int j = 0; j < k; j++) vec_push(w->a, &w->f->ops, phases[j]);
  }
  return true;
}

/* ---- writing out ----------------------------------------------------------------------------------- */

static bool push(QWalk *w, GateId g, int n, const int *qubit, int n_angles, const int *angle, Span span) {
  QasmOp o = {
      .kind = QASM_GATE, .gate = g, .n_targets = n, .bit = -1, .condition = w->condition, .span = span};
  for (int i = 0; i < n; i++) o.qubit[i] = qubit[i];
  for (int i = 0; i < n_angles; i++) o.angle[i] = angle[i];
  if (!qw_spend(w, 1, span)) return false;
  vec_push(w->a, &w->f->ops, o);
  return true;
}

static bool emit(QWalk *w, const Callee *c, const int *qubit, const int *angle, Span span) {
  if (c->name == NULL) {
    if (c->is_u && w->f->version == 3) {
      const int half = qw_binary(w, '*', qw_number(w, 0.5, false, span), angle[0], span);
      if (half < 0 || !push(w, GATE_GPHASE, 0, NULL, 1, &half, span)) return false;
    }
    return push(w, c->gate, c->n_qubits, qubit, c->n_angles, angle, span);
  }
  const QStmts *body = &c->name->decl->body;
  const QEnv env = {c->name->decl, c->order, c->name->library, angle, qubit, span};
  const int errors = w->errors;
  if (!qw_spend(w, 1, span)) return false;
  for (int i = 0; i < body->n && w->errors == errors && !w->full; i++)
    if (body->at[i]->kind == QS_CALL) qw_call(w, body->at[i], &env);
  return w->errors == errors && !w->full;
}

static bool are_distinct(QWalk *w, const QStmt *s, const int *qubit, int n) {
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++)
      if (qubit[i] == qubit[k]) {
        qw_say(w, DIAG_QUBIT, s->span, "`%s` gets one qubit twice", sym_text(s->name));
        return false;
      }
  return true;
}

/* One application: the qubits of the controls first, in the order of the modifiers. */
static bool apply(QWalk *w, const QStmt *s, const QEnv *env, const Callee *c, const Mod *mods, int controls,
                  const int *qubit, const int *angle) {
  const int start = w->f->ops.n;
  if (!emit(w, c, qubit + controls, angle, env != NULL ? env->span : s->span)) return false;
  int at = controls;
  for (int i = s->mods.n - 1; i >= 0; i--) {
    const Mod *m = &mods[i];
    if (m->kind == QM_INV) invert(w, start);
    if (m->kind == QM_POW && !power(w, start, m)) return false;
    if (m->kind != QM_CTRL && m->kind != QM_NEGCTRL) continue;
    at -= m->n;
    if (!control(w, start, m, qubit + at)) return false;
  }
  return env != NULL || lower_phases(w, start);
}

/* Node numbers of the angles. Numbers outside of definitions are angles of the file. */
static bool read_angles(QWalk *w, const QStmt *s, const QEnv *env, int *out) {
  bool ok = true;
  for (int i = 0; i < s->args.n; i++) {
    out[i] = qw_node(w, s->args.at[i], env);
    ok = ok && out[i] >= 0;
    if (out[i] < 0 || env != NULL || w->f->nodes.at[out[i]].kind != QASM_NUMBER) continue;
    out[i] = qw_add_node(w, (QasmNode){.kind = QASM_ANGLE,
                                       .a = w->f->angles.n,
                                       .num = w->f->nodes.at[out[i]].num,
                                       .span = s->args.at[i]->span});
    vec_push(w->a, &w->f->angles, out[i]);
  }
  return ok;
}

static bool counts_fit(QWalk *w, const QStmt *s, const Callee *c, int width) {
  const char *name = sym_text(s->name);
  if (s->args.n != c->n_angles) {
    Diag *d = qw_say(w, DIAG_GATE, s->span, "`%s` has %d angle%s, but %d %s given", name, c->n_angles,
                     c->n_angles == 1 ? "" : "s", s->args.n, s->args.n == 1 ? "is" : "are");
    if (c->name != NULL && !c->name->library) diag_label(d, c->name->span, "defined here");
    return false;
  }
  if (s->operands.n != width) {
    Diag *d = qw_say(w, DIAG_GATE, s->span, "`%s` acts on %d qubit%s here, but %d %s given", name, width,
                     width == 1 ? "" : "s", s->operands.n, s->operands.n == 1 ? "is" : "are");
    if (c->name != NULL && !c->name->library) diag_label(d, c->name->span, "defined here");
    return false;
  }
  return true;
}

void qw_call(QWalk *w, const QStmt *s, const QEnv *env) {
  Callee c;
  int controls = 0;
  Mod *mods = ARENA_ARRAY(w->a, Mod, s->mods.n + 1);
  if (w->full || !qw_spend(w, 1, s->span) || !find_callee(w, s, env, &c)) return;
  if (!read_mods(w, s, env, mods, &controls)) return;
  const int width = c.n_qubits + controls;
  if (!counts_fit(w, s, &c, width)) return;
  int *angle = ARENA_ARRAY(w->a, int, s->args.n + 1), *qubit = ARENA_ARRAY(w->a, int, width + 1);
  const int **at = ARENA_ARRAY(w->a, const int *, width + 1);
  int *size = ARENA_ARRAY(w->a, int, width + 1), m = 0;
  bool *single = ARENA_ARRAY(w->a, bool, width + 1);
  bool ok = read_angles(w, s, env, angle);
  for (int i = 0; i < width; i++) {
    if (!qw_qubits(w, s->operands.at[i], env, &size[i], &at[i], &single[i])) {
      ok = false;
    } else if (!single[i] && m != 0 && size[i] != m) {
      Diag *d = qw_say(w, DIAG_GATE, s->operands.at[i]->span,
                       "registers of %d and %d qubits do not go together", m, size[i]);
      diag_help(d, "a gate takes registers of one size, and single qubits");
      ok = false;
    } else if (!single[i]) {
      m = size[i];
    }
  }
  for (int k = 0; ok && k < (m > 0 ? m : 1); k++) {
    for (int i = 0; i < width; i++) qubit[i] = at[i][single[i] ? 0 : k];
    ok = are_distinct(w, s, qubit, width) && apply(w, s, env, &c, mods, controls, qubit, angle);
  }
}

void qw_check_gate(QWalk *w, int name) {
  const QStmt *g = w->names.at[name].decl;
  const int nodes = w->f->nodes.n;
  int *angle = ARENA_ARRAY(w->a, int, g->params.n + 1), *qubit = ARENA_ARRAY(w->a, int, g->qubits.n + 1);
  for (int i = 0; i < g->params.n; i++)
    angle[i] = qw_add_node(w, (QasmNode){.kind = QASM_INPUT, .of_input = true, .span = g->span});
  for (int i = 0; i < g->qubits.n; i++) qubit[i] = i;
  const QEnv env = {g, name, false, angle, qubit, g->name_span};
  for (int i = 0; i < g->body.n && !w->full; i++) {
    const QStmt *s = g->body.at[i];
    Callee c;
    if (s->kind == QS_BARRIER) continue;
    if (s->kind != QS_CALL) {
      Diag *d = qw_say(w, DIAG_QASM, s->span, "this cannot stand in the definition of a gate");
      diag_help(d, "a definition holds gates and barriers");
      continue;
    }
    if (!find_callee(w, s, &env, &c)) continue;
    int controls = 0;
    for (int k = 0; k < s->mods.n; k++) {
      long n = 1;
      if (s->mods.at[k].kind == QM_INV || s->mods.at[k].kind == QM_POW) continue;
      if (s->mods.at[k].arg != NULL &&
          !qw_int(w, s->mods.at[k].arg, &env, "the number of controls", 1, GATE_MAX_QUBITS, &n))
        continue;
      controls += (int)n;
    }
    if (!counts_fit(w, s, &c, c.n_qubits + controls)) continue;
    for (int k = 0; k < s->args.n; k++) (void)qw_node(w, s->args.at[k], &env);
    int at[MAX_OPERANDS], n = 0;
    for (int k = 0; k < s->operands.n; k++) {
      int size;
      const int *q;
      bool single;
      if (qw_qubits(w, s->operands.at[k], &env, &size, &q, &single) && n < MAX_OPERANDS) at[n++] = q[0];
    }
    are_distinct(w, s, at, n);
  }
  w->f->nodes.n = nodes;
}
