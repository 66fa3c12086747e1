/* Modifiers of gate lines: inv @, ctrl @, negctrl @, pow @, when @. */
#include <math.h>
#include <string.h>
#include "lang/ir/gate_matrix.h"
#include "lang/ir/gate_steps.h"
#include "lang/sema/gates.h"

#define MAX_GATES 100000 /* that one `pow @` may make of a block */

/* ---- reading --------------------------------------------------------------------------------- */

static const struct {
  const char *name, *example;
} modifiers[] = {
    [MOD_CTRL] = {"ctrl", "ctrl @ rx(x) q[0], q[1]"},
    [MOD_NEGCTRL] = {"negctrl", "negctrl @ rx(x) q[0], q[1]"},
    [MOD_INV] = {"inv", "inv @ block(x) q"},
    [MOD_POW] = {"pow", "pow(2) @ block(x) q"},
    [MOD_WHEN] = {"when", "when(m) @ x q[0]"},
};
#define MODIFIERS ((int)(sizeof modifiers / sizeof *modifiers))

/* The kind of this name, MODIFIERS: there is none. */
static int modifier_find(const char *name) {
  int k = 0;
  while (k < MODIFIERS && strcmp(name, modifiers[k].name) != 0) k++;
  return k;
}

const char *modifier_example(const char *name) {
  const int k = modifier_find(name);
  return k < MODIFIERS ? modifiers[k].example : NULL;
}

static void say_unknown(Sema *S, const AstNode *m, const char *text) {
  Diag *d = say(S, DIAG_NAME, m->span, "there is no modifier `%s`", src_of_span(S, m->span));
  const char *near = synonym_of(text);
  const char *known[MODIFIERS];
  for (int i = 0; i < MODIFIERS; i++) known[i] = modifiers[i].name;
  if (near == NULL || modifier_find(near) == MODIFIERS) near = diag_nearest(text, known, MODIFIERS);
  if (near != NULL) diag_mark(d, "did you mean `%s`?", near);
  else diag_help(d, "modifiers are `ctrl @`, `negctrl @`, `inv @`, `pow(k) @`, `when(m) @`");
}

static bool read_power(Sema *S, const AstNode *m, const AstNode *args, Mod *mod) {
  if (args == NULL || args->n != 1) {
    Diag *d = say(S, DIAG_ARGUMENTS, m->span, "`pow` takes one argument, the power");
    diag_help(d, "write `pow(2) @ ...`");
    return false;
  }
  const Value *v = eval(S, args->kids[0]);
  if (val_is_error(v) || !want_real(S, v, "the power of `pow`", &mod->power)) return false;
  if (fabs(mod->power) <= 1e9) return true;
  say(S, DIAG_GATE, v->span, "a power of %s; its size is at most 1e9", num_text(S, mod->power));
  return false;
}

static bool read_controls(Sema *S, const AstNode *m, const char *text, const AstNode *args, Mod *mod) {
  int64_t k = 1;
  if (args == NULL || args->n != 1) {
    say(S, DIAG_ARGUMENTS, m->span, "`%s` takes one argument, the number of controls", text);
    return false;
  }
  if (!eval_int(S, args->kids[0], "a number of controls", &k)) return false;
  if (k < 1 || k >= GATE_MAX_QUBITS) {
    say(S, DIAG_GATE, m->span, "%lld controls; 1 to %d are possible", (long long)k, GATE_MAX_QUBITS - 1);
    return false;
  }
  mod->n = (int)k;
  return true;
}

bool line_modifier(Sema *S, Line *l, const AstNode *m) {
  const bool call = m->kind == AST_CALL;
  const AstNode *name = call ? ast_kid(m, AST_CALL_callee) : m;
  const AstNode *args = call ? ast_kid(m, AST_CALL_args) : NULL;
  const char *text = name->kind == AST_NAME ? sym_text(name->name) : "";
  const int kind = modifier_find(text);
  if (kind == MODIFIERS) {
    say_unknown(S, m, text);
    return false;
  }
  Mod mod = {(ModKind)kind, 1, 1, NULL, m->span};
  if (mod.kind == MOD_POW && !read_power(S, m, args, &mod)) return false;
  if (mod.kind == MOD_WHEN && (mod.when = when_read(S, m, args)) == NULL) return false;
  if (mod.kind == MOD_INV && call) {
    say(S, DIAG_ARGUMENTS, m->span, "`inv` takes no argument");
    return false;
  }
  const bool controls = mod.kind == MOD_CTRL || mod.kind == MOD_NEGCTRL;
  if (controls && call && !read_controls(S, m, text, args, &mod)) return false;
  if (l->n_mods == 8) {
    say(S, DIAG_GATE, m->span, "more than 8 modifiers");
    return false;
  }
  l->mods[l->n_mods++] = mod;
  if (controls) l->n_controls += mod.n;
  return true;
}

bool line_is_inverse(const Line *l) {
  bool out = false;
  for (int i = 0; i < l->n_mods; i++) {
    if (l->mods[i].kind == MOD_INV || (l->mods[i].kind == MOD_POW && l->mods[i].power < 0)) out = !out;
  }
  return out;
}

/* ---- inv, ctrl --------------------------------------------------------------------------------- */

static void invert(CircuitBuild *c, int start) {
  for (int i = start, k = c->gates.n - 1; i < k; i++, k--) {
    const GateUse t = c->gates.at[i];
    c->gates.at[i] = c->gates.at[k];
    c->gates.at[k] = t;
  }
  for (int i = start; i < c->gates.n; i++) c->gates.at[i].inverse = !c->gates.at[i].inverse;
}

static bool control(Sema *S, int start, const Mod *mod, const int *controls, Span span) {
  CircuitBuild *c = S->circuit;
  for (int i = start; i < c->gates.n; i++) {
    GateUse *u = &c->gates.at[i];
    const int have = u->n_controls + u->n_targets;
    if (have + mod->n > GATE_MAX_QUBITS) {
      say(S, DIAG_GATE, span, "this gate would act on %d qubits; at most %d are possible", have + mod->n,
          GATE_MAX_QUBITS);
      return false;
    }
    uint8_t *qubit = u->qubit + u->n_kept, *on = u->control_on + u->n_kept;
    memmove(qubit + mod->n, qubit, (size_t)(have - u->n_kept));
    memmove(on + mod->n, on, (size_t)(u->n_controls - u->n_kept));
    for (int k = 0; k < mod->n; k++) {
      qubit[k] = (uint8_t)controls[k];
      on[k] = mod->kind == MOD_CTRL ? 1 : 0;
    }
    u->n_controls += mod->n;
  }
  return true;
}

/* ---- pow ----------------------------------------------------------------------------------------- */

/* U(a)^k = U(k a): rotations of one angle, and phases. */
static bool scales(const GateUse *u) {
  const GateInfo *info = &gate_info[u->gate];
  return u->gate == GATE_DIAGONAL || (info->n_angles == 1 && strcmp(info->inverse, "negate") == 0);
}

static void scale(Sema *S, GateUse *u, double k) {
  if (u->gate == GATE_DIAGONAL) {
    const int d = 1 << u->n_targets;
    double *values = ARENA_ARRAY(S->a, double, d);
    for (int i = 0; i < d; i++) values[i] = k * u->values[i];
    u->values = values;
    return;
  }
  u->angle[0].scale *= k;
  u->angle[0].shift *= k;
}

/* z and its roots are phases, -pi < phase <= pi. */
static bool as_phase(GateUse *u, double k) {
  static const struct {
    GateId gate;
    double turns;
  } phases[] = {{GATE_Z, 1}, {GATE_S, 0.5}, {GATE_SDG, -0.5}, {GATE_T, 0.25}, {GATE_TDG, -0.25}};
  for (size_t i = 0; i < sizeof phases / sizeof *phases; i++) {
    if (u->gate != phases[i].gate) continue;
    const bool back = u->inverse && u->gate != GATE_Z;
    u->gate = GATE_P;
    u->inverse = false;
    u->angle[0] = (AngleRef){-1, 0, 0, (back ? -k : k) * phases[i].turns * acos(-1)};
    return true;
  }
  return false;
}

/* The power of one gate as one gate, by its matrix; false if angles are computed or it is too large. */
static bool as_matrix(Sema *S, GateUse *u, double k) {
  if (u->n_targets > UNITARY_MAX_QUBITS) return false;
  for (int i = 0; i < gate_info[u->gate].n_angles; i++)
    if (u->angle[i].source >= 0) return false;
  const int d = 1 << u->n_targets;
  double complex *m = gate_use_matrix(S->a, u);
  if (!matrix_power(S->a, d, m, k)) return false;
  double *values = ARENA_ARRAY(S->a, double, 2 * d * d);
  for (int i = 0; i < d * d; i++) {
    values[2 * i] = creal(m[i]);
    values[2 * i + 1] = cimag(m[i]);
  }
  const char *of = u->label != NULL ? arena_printf(S->a, "(%s)", u->label) : gate_info[u->gate].name;
  u->label = arena_printf(S->a, "%s^%s", of, num_text(S, rint((u->inverse ? -k : k) * 1e4) / 1e4));
  u->gate = GATE_UNITARY;
  u->inverse = false;
  u->values = values;
  u->word = NULL;
  for (int i = 0; i < GATE_MAX_ANGLES; i++) u->angle[i] = (AngleRef){-1, 0, 0, 0};
  return true;
}

/* Whole powers of several gates, or of one that has no shorter form: the gates again and again. */
static bool repeat_gates(Sema *S, int start, const Mod *mod) {
  CircuitBuild *c = S->circuit;
  if (mod->power < 0) invert(c, start);
  const int n = c->gates.n - start;
  const double total = fabs(mod->power) * n;
  if (total > MAX_GATES) {
    say(S, DIAG_GATE, mod->span, "this power makes %s gates; at most %d are possible", num_text(S, total),
        MAX_GATES);
    return false;
  }
  if (mod->power == 0) c->gates.n = start;
  for (int k = 1; k < (int)fabs(mod->power); k++)
    for (int i = 0; i < n; i++) {
      const GateUse u = c->gates.at[start + i];
      vec_push(S->a, &c->gates, u);
    }
  return true;
}

/* The power of the one gate from `start` on. False where only repetition is left. */
static bool power_of_gate(Sema *S, int start, const Mod *mod, bool whole) {
  CircuitBuild *c = S->circuit;
  GateUse *u = &c->gates.at[start];
  const bool self = strcmp(gate_info[u->gate].inverse, "self") == 0;
  if (u->gate == GATE_ID) return true;
  if (scales(u)) {
    scale(S, u, mod->power);
    return true;
  }
  if (whole && self) {
    if (fmod(mod->power, 2) == 0) c->gates.n = start;
    return true;
  }
  return as_phase(u, mod->power) || ((!whole || u->gate == GATE_UNITARY) && as_matrix(S, u, mod->power));
}

/* Gates that a line of one gate made, `diag` of computed phases: phases, which commute. */
static bool power_of_phases(Sema *S, int start, const Mod *mod) {
  CircuitBuild *c = S->circuit;
  for (int i = start; i < c->gates.n; i++)
    if (c->gates.at[i].gate != GATE_P && c->gates.at[i].gate != GATE_GPHASE) return false;
  for (int i = start; i < c->gates.n; i++) scale(S, &c->gates.at[i], mod->power);
  return true;
}

static bool power(Sema *S, const Line *l, int start, const Mod *mod) {
  CircuitBuild *c = S->circuit;
  const int n = c->gates.n - start;
  if (c->n_prepared > l->n_prepared) {
    Diag *d = say(S, DIAG_GATE, mod->span, "`%s` prepares a state, which has no power", c->prepared);
    diag_label(d, c->prepared_span, "here");
    return false;
  }
  const bool whole = mod->power == floor(mod->power);
  if (!whole && l->is_block) {
    Diag *d = say(S, DIAG_GATE, mod->span, "a power that is not whole, of a block");
    diag_help(d, "powers of blocks are whole numbers: `pow(2) @`; gates have any");
    return false;
  }
  if (n == 1 && power_of_gate(S, start, mod, whole)) return true;
  if (whole) return repeat_gates(S, start, mod);
  if (power_of_phases(S, start, mod)) return true;
  Diag *d = say(S, DIAG_GATE, mod->span, "a power that is not whole, of a gate with several computed angles");
  diag_help(d, "scale its rotations one by one: `rz`, `ry` and `rz` in place of `u3`");
  return false;
}

/* ---- all of a line --------------------------------------------------------------------------------- */

static bool distinct(Sema *S, const GateUse *u) {
  const int n = u->n_controls + u->n_targets;
  for (int i = 0; i < n; i++)
    for (int k = 0; k < i; k++)
      if (u->qubit[i] == u->qubit[k]) {
        Diag *d = say(S, DIAG_QUBIT, u->span, "qubit %d stands twice in one gate", u->qubit[i]);
        diag_note(d, "a gate needs different qubits");
        return false;
      }
  return true;
}

bool line_modify(Sema *S, const Line *l, int start, const QubitsValue *operands) {
  if (l->n_mods > 0 && S->circuit->n_impure > l->n_impure) {
    say(S, DIAG_IMPURE, l->span, "`%s` measures or resets inside, so it takes no modifier",
        src_of_span(S, l->head->span));
    return false;
  }
  for (int i = start; i < S->circuit->gates.n && l->n_mods > 0; i++) {
    if (S->circuit->gates.at[i].channel == CHANNEL_NONE) continue;
    Diag *d =
        say(S, DIAG_IMPURE, l->span, "this block has noise in it, which has neither an inverse nor controls");
    diag_label(d, S->circuit->gates.at[i].span, "here");
    return false;
  }
  int at = l->n_controls;
  int controls[GATE_MAX_QUBITS];
  for (int i = start; i < S->circuit->gates.n; i++)
    if (!distinct(S, &S->circuit->gates.at[i])) return false;
  for (int j = l->n_mods - 1; j >= 0; j--) {
    const Mod *mod = &l->mods[j];
    if (mod->kind == MOD_INV) {
      invert(S->circuit, start);
    } else if (mod->kind == MOD_POW) {
      if (!power(S, l, start, mod)) return false;
    } else if (mod->kind == MOD_WHEN) {
      start = when_apply(S, l, mod->when, start, operands);
      if (start < 0) return false;
    } else {
      at -= mod->n;
      for (int k = 0; k < mod->n; k++) controls[k] = operands[at + k].at[0];
      if (!control(S, start, mod, controls, l->span)) return false;
    }
  }
  for (int i = start; i < S->circuit->gates.n; i++)
    if (!distinct(S, &S->circuit->gates.at[i])) return false;
  return true;
}
