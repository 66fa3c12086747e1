/* Circuits to text (write.h). */
#define _GNU_SOURCE /* M_PI */
#include "lang/ir/gate_matrix.h"
#include "lang/ir/gate_steps.h"
#include "lang/qasm/matrix.h"
#include "lang/qasm/write.h"
#include <math.h>
#include <string.h>
#include "lang/base/num.h"

#define MAX_ANGLE_TEXT 20000 /* bytes of one angle */

typedef VEC(char) Text;

typedef struct Write {
  Arena *a;
  const QasmWriting *from;
  const CircuitView *v;
  ViewAngles angles;
  const char **leaf;  /* names of the leaves */
  const char **qubit; /* names of the qubits */
  Text defs, body;
  VEC(const char *) defined;
  VEC(struct Matrix {
    const GateUse *u;
    const char *name;
  })
  matrices;                /* defined too, each once */
  VEC(const char *) taken; /* names that stand for something */
  QasmFault *fault;
} Write;

static void put(Arena *a, Text *t, const char *s) {
  for (; *s != '\0'; s++) vec_push(a, t, *s);
}

static bool fail(Write *w, Span span, const char *text) {
  if (w->fault->text == NULL) *w->fault = (QasmFault){text, span};
  return false;
}

/* ---- numbers ------------------------------------------------------------------------------------- */

const char *qasm_number(Arena *a, double x) {
  static const int parts[] = {1, 2, 3, 4, 6, 8, 16, 32};
  for (size_t i = 0; i < sizeof parts / sizeof *parts && x != 0; i++)
    for (int k = 1; k <= 16; k++) {
      if (k * M_PI / parts[i] != fabs(x)) continue;
      const char *sign = x < 0 ? "-" : "", *pi = k == 1 ? "pi" : arena_printf(a, "%d*pi", k);
      return parts[i] == 1 ? arena_printf(a, "%s%s", sign, pi)
                           : arena_printf(a, "%s%s/%d", sign, pi, parts[i]);
    }
  char buf[NUM_MAX];
  num_print(buf, sizeof buf, x);
  /* a whole number would divide like one */
  return arena_printf(a, "%s%s", buf, strpbrk(buf, ".e") != NULL || x == 0 ? "" : ".0");
}

static const char *const function_text[] = {
    [QASM_SIN] = "sin",       [QASM_COS] = "cos",       [QASM_TAN] = "tan",
    [QASM_EXP] = "exp",       [QASM_LN] = "log",        [QASM_SQRT] = "sqrt",
    [QASM_ARCSIN] = "arcsin", [QASM_ARCCOS] = "arccos", [QASM_ARCTAN] = "arctan"};

static int strength(const QasmNode *n) {
  if (n->kind == QASM_NUMBER) return n->num < 0 ? 1 : 2;
  if (n->kind == QASM_BINARY) return n->op == '^' ? 3 : n->op == '*' || n->op == '/' ? 2 : 1;
  return n->kind == QASM_UNARY && n->op == '-' ? 1 : 4;
}

/* The expression, in brackets if it binds weaker than `least`. */
static void put_node(Write *w, Text *t, int id, int least) {
  const QasmNode *n = &w->angles.nodes.at[id];
  const bool brackets = strength(n) < least;
  if (t->n > MAX_ANGLE_TEXT) return;
  if (brackets) put(w->a, t, "(");
  if (n->kind == QASM_NUMBER) {
    put(w->a, t, qasm_number(w->a, n->num));
  } else if (n->kind == QASM_INPUT) {
    const AngleLeaf *l = &w->angles.leaves.at[n->a];
    if (l->op != NULL)
      fail(w, l->span,
           arena_printf(w->a, "an angle is computed by `%s`, which OpenQASM has no function for", l->op));
    put(w->a, t, w->leaf[n->a]);
  } else if (n->kind == QASM_UNARY) {
    put(w->a, t, n->op == '-' ? "-" : function_text[n->op]);
    if (n->op != '-') put(w->a, t, "(");
    put_node(w, t, n->a, n->op == '-' ? 2 : 0);
    if (n->op != '-') put(w->a, t, ")");
  } else {
    const int s = strength(n);
    put_node(w, t, n->a, n->op == '^' ? 4 : s);
    put(w->a, t,
        n->op == '+'   ? " + "
        : n->op == '-' ? " - "
        : n->op == '^' ? "**"
        : n->op == '*' ? "*"
                       : "/");
    put_node(w, t, n->b, n->op == '+' || n->op == '*' ? s : n->op == '^' ? 3 : s + 1);
  }
  if (brackets) put(w->a, t, ")");
}

/* ---- names ----------------------------------------------------------------------------------------- */

static const struct Std {
  const char *name;
  bool is_gate; /* the gate of gates.def */
} std_names[] = {
#define QELIB1 1
#define STDGATES 2
#define BOTH 3
#define QASM_NAME(name, sets, definition) {(sets)&STDGATES ? name : "", sizeof definition == 1},
#include "lang/qasm/names.def"
#undef QASM_NAME
};

static bool is_std(const char *name, bool gates_only) {
  for (size_t i = 0; i < sizeof std_names / sizeof *std_names; i++)
    if (strcmp(std_names[i].name, name) == 0) return !gates_only || std_names[i].is_gate;
  return false;
}

static bool is_taken(const Write *w, const char *name) {
  static const char *const reserved[] = {
      "pi",       "tau",     "euler",    "U",      "gphase", "qubit",   "bit",     "qreg",    "creg",
      "input",    "output",  "const",    "float",  "int",    "uint",    "angle",   "bool",    "gate",
      "if",       "else",    "for",      "while",  "in",     "measure", "reset",   "barrier", "ctrl",
      "negctrl",  "inv",     "pow",      "let",    "def",    "return",  "end",     "box",     "delay",
      "sin",      "cos",     "tan",      "exp",    "log",    "sqrt",    "array",   "switch",  "opaque",
      "duration", "stretch", "complex",  "arcsin", "arccos", "arctan",  "include", "extern",  "cal",
      "defcal",   "break",   "continue", "true",   "false",  "OPENQASM"};
  for (size_t i = 0; i < sizeof reserved / sizeof *reserved; i++)
    if (strcmp(reserved[i], name) == 0) return true;
  for (int i = 0; i < w->taken.n; i++)
    if (strcmp(w->taken.at[i], name) == 0) return true;
  return is_std(name, false) || gate_find(name) != GATE_COUNT;
}

/* A name that nothing else has. */
static const char *new_name(Write *w, const char *want) {
  char *name = arena_str(w->a, want);
  for (char *c = name; *c != '\0'; c++)
    if (strchr("[].", *c) != NULL) *c = '_';
  while (is_taken(w, name)) name = arena_printf(w->a, "%s_", name);
  vec_push(w->a, &w->taken, name);
  return name;
}

/* "theta_0_1" for an element of a tensor. */
static const char *element_name(Write *w, const AngleLeaf *l) {
  const char *name = l->base;
  int64_t at[SHAPE_MAX_RANK] = {0}, e = l->element;
  for (int i = l->shape.rank - 1; i >= 0; i--) {
    at[i] = e % l->shape.d[i].n;
    e /= l->shape.d[i].n;
  }
  for (int i = 0; i < l->shape.rank; i++) name = arena_printf(w->a, "%s_%lld", name, (long long)at[i]);
  return name;
}

static const double *weight_of(const Write *w, const AngleLeaf *l) {
  const double *const *all = w->from->weights;
  return all != NULL && l->slot >= 0 && all[l->slot] != NULL ? &all[l->slot][l->element] : NULL;
}

static int leaf_order(const AngleLeaf *a, const AngleLeaf *b) {
  const int64_t x[3] = {a->arg >= 0 ? 0 : 1, a->arg >= 0 ? a->arg : a->slot, a->element};
  const int64_t y[3] = {b->arg >= 0 ? 0 : 1, b->arg >= 0 ? b->arg : b->slot, b->element};
  for (int i = 0; i < 3; i++)
    if (x[i] != y[i]) return x[i] < y[i] ? -1 : 1;
  return 0;
}

/* Arguments, then weights, each in the order of their elements, whatever gate uses them first. */
static void put_inputs(Write *w, Text *out) {
  const int n = w->angles.leaves.n;
  int *order = ARENA_ARRAY(w->a, int, n + 1);
  w->leaf = ARENA_ARRAY(w->a, const char *, n + 1);
  for (int i = 0; i < n; i++) {
    int k = i;
    for (; k > 0 && leaf_order(&w->angles.leaves.at[order[k - 1]], &w->angles.leaves.at[i]) > 0; k--)
      order[k] = order[k - 1];
    order[k] = i;
  }
  for (int k = 0; k < n; k++) {
    const AngleLeaf *l = &w->angles.leaves.at[order[k]];
    if (l->op != NULL) {
      w->leaf[order[k]] = "?";
      continue;
    }
    const char *name = w->leaf[order[k]] = new_name(w, element_name(w, l));
    const double *x = weight_of(w, l);
    put(w->a, out,
        x != NULL ? arena_printf(w->a, "const float[64] %s = %s;\n", name, qasm_number(w->a, *x))
                  : arena_printf(w->a, "input float[64] %s;\n", name));
  }
}

static void put_registers(Write *w, Text *out) {
  int q = 0;
  w->qubit = ARENA_ARRAY(w->a, const char *, w->v->body->n_qubits + 1);
  for (int i = 0; i < w->v->registers.n; i++) {
    const ViewRegister *r = &w->v->registers.at[i];
    const char *name = new_name(w, r->name);
    put(w->a, out,
        r->is_single ? arena_printf(w->a, "qubit %s;\n", name)
                     : arena_printf(w->a, "qubit[%d] %s;\n", r->n, name));
    for (int k = 0; k < r->n; k++)
      w->qubit[q++] = r->is_single ? name : arena_printf(w->a, "%s[%d]", name, k);
  }
  const int more = w->v->body->n_qubits - q;
  if (more <= 0) return;
  const char *name = new_name(w, "outcome");
  put(w->a, out, arena_printf(w->a, "qubit[%d] %s; // hold what is measured on the way\n", more, name));
  for (int k = 0; k < more; k++) w->qubit[q++] = arena_printf(w->a, "%s[%d]", name, k);
}

/* ---- definitions ------------------------------------------------------------------------------------- */

static const char *angle_text(Write *w, const GateStep *s, double by) {
  static const char letters[] = "abcd";
  const char *out = s->shift != 0 ? qasm_number(w->a, s->shift * by) : "";
  for (int i = 0; i < GATE_MAX_ANGLES; i++) {
    const double k = s->k[i] * by;
    if (k == 0) continue;
    const char *size = fabs(k) == 1 ? "" : arena_printf(w->a, "%s*", qasm_number(w->a, fabs(k)));
    out = arena_printf(w->a, "%s%s%s%c", out, k < 0 ? " - " : *out != '\0' ? " + " : "", size, letters[i]);
  }
  if (strncmp(out, " - ", 3) == 0) out = arena_printf(w->a, "-%s", out + 3);
  return *out != '\0' ? out : "0";
}

/* exp(-i angle W / 2) with controls, as gates on q0, q1, ... */
static void put_step(Write *w, Text *t, const GateStep *s) {
  if (s->is_cx) {
    put(w->a, t, arena_printf(w->a, " cx q%d, q%d;", s->control, s->target));
    return;
  }
  int on[GATE_MAX_QUBITS], n = 0, controls = 0;
  const char *head = "", *ctrl = "";
  for (int i = 0; s->word[i] != '\0'; i++) {
    if (s->word[i] == 'C')
      head = arena_printf(w->a, "%s%sq%d", head, *head != '\0' ? ", " : "", i), controls++;
    else if (s->word[i] != 'I') on[n++] = i;
  }
  if (controls > 0) ctrl = controls == 1 ? "ctrl @ " : arena_printf(w->a, "ctrl(%d) @ ", controls);
  if (n == 0) {
    put(w->a, t,
        arena_printf(w->a, " %sgphase(%s)%s%s;", ctrl, angle_text(w, s, -0.5), *head != '\0' ? " " : "",
                     head));
    return;
  }
  const bool plain = n == 1 && s->word[on[0]] != 'Z';
  for (int i = 0; i < n && !plain; i++) {
    if (s->word[on[i]] == 'X') put(w->a, t, arena_printf(w->a, " h q%d;", on[i]));
    if (s->word[on[i]] == 'Y') put(w->a, t, arena_printf(w->a, " rx(pi/2) q%d;", on[i]));
  }
  for (int i = 0; i + 1 < n; i++) put(w->a, t, arena_printf(w->a, " cx q%d, q%d;", on[i], on[i + 1]));
  put(w->a, t,
      arena_printf(w->a, " %sr%c(%s) %s%sq%d;", ctrl, plain ? s->word[on[0]] | 0x20 : 'z',
                   angle_text(w, s, 1), head, *head != '\0' ? ", " : "", on[n - 1]));
  for (int i = n - 2; i >= 0; i--) put(w->a, t, arena_printf(w->a, " cx q%d, q%d;", on[i], on[i + 1]));
  for (int i = 0; i < n && !plain; i++) {
    if (s->word[on[i]] == 'X') put(w->a, t, arena_printf(w->a, " h q%d;", on[i]));
    if (s->word[on[i]] == 'Y') put(w->a, t, arena_printf(w->a, " rx(-pi/2) q%d;", on[i]));
  }
}

/* Steps of this use; paulirot has the word that was given. */
static int steps_of(const GateUse *u, GateStep *step) {
  if (u->gate != GATE_PAULIROT || u->word == NULL) return gate_steps(u->gate, u->n_targets, step);
  step[0] = (GateStep){.k = {1}};
  memcpy(step[0].word, u->word, (size_t)u->n_targets);
  return 1;
}

/* The name of a definition of the gate, which is made at the first use. */
static const char *define(Write *w, const GateUse *u) {
  GateStep step[GATE_MAX_STEPS];
  const GateInfo *info = &gate_info[u->gate];
  const int n = steps_of(u, step);
  const char *name = info->name;
  if (is_std(name, false))
    name = arena_printf(w->a, "qgn_%s", name); /* another phase than that of stdgates.inc */
  if (info->n_qubits < 0) name = arena_printf(w->a, "%s%d", name, u->n_targets);
  if (u->gate == GATE_PAULIROT) name = arena_printf(w->a, "paulirot_%s", u->word);
  for (int i = 0; i < w->defined.n; i++)
    if (strcmp(w->defined.at[i], name) == 0) return name;
  vec_push(w->a, &w->defined, name);
  put(w->a, &w->defs, arena_printf(w->a, "gate %s", name));
  for (int i = 0; i < info->n_angles; i++)
    put(w->a, &w->defs, arena_printf(w->a, "%s%c", i == 0 ? "(" : ", ", 'a' + i));
  if (info->n_angles > 0) put(w->a, &w->defs, ")");
  for (int i = 0; i < u->n_targets; i++)
    put(w->a, &w->defs, arena_printf(w->a, "%s q%d", i == 0 ? "" : ",", i));
  put(w->a, &w->defs, " {");
  for (int i = 0; i < n; i++) put_step(w, &w->defs, &step[i]);
  put(w->a, &w->defs, " }\n");
  return name;
}

/* ---- matrices ------------------------------------------------------------------------------------------ */

static bool is_matrix(const GateUse *u) {
  return (u->gate == GATE_UNITARY || u->gate == GATE_DIAGONAL) && u->values != NULL &&
         u->n_targets <= UNITARY_MAX_QUBITS;
}

/* The definition of a gate that is given by numbers. */
static const char *define_matrix(Write *w, const GateUse *u) {
  for (int i = 0; i < w->matrices.n; i++) {
    const GateUse *known = w->matrices.at[i].u;
    if (known->gate == u->gate && known->n_targets == u->n_targets &&
        memcmp(known->values, u->values, gate_use_values(u) * sizeof *u->values) == 0)
      return w->matrices.at[i].name;
  }
  GateUse plain = *u;
  plain.inverse = false;
  const char *name = new_name(w, arena_printf(w->a, "%s_%d", gate_info[u->gate].name, w->matrices.n + 1));
  put(w->a, &w->defs, arena_printf(w->a, "gate %s", name));
  for (int i = 0; i < u->n_targets; i++)
    put(w->a, &w->defs, arena_printf(w->a, "%s q%d", i == 0 ? "" : ",", i));
  put(w->a, &w->defs, " {");
  put(w->a, &w->defs, qasm_matrix_body(w->a, u->n_targets, gate_use_matrix(w->a, &plain)));
  put(w->a, &w->defs, u->label != NULL ? arena_printf(w->a, " } // %s\n", u->label) : " }\n");
  vec_push(w->a, &w->matrices, ((struct Matrix){u, name}));
  return name;
}

/* ---- gates ------------------------------------------------------------------------------------------- */

static void put_controls(Write *w, Text *t, const GateUse *u) {
  for (int i = 0, k; i < u->n_controls; i = k) {
    for (k = i; k < u->n_controls && u->control_on[k] == u->control_on[i];) k++;
    put(w->a, t, u->control_on[i] ? "ctrl" : "negctrl");
    put(w->a, t, k - i > 1 ? arena_printf(w->a, "(%d) @ ", k - i) : " @ ");
  }
}

bool qasm_is_nothing(const GateUse *u) {
  if (u->gate == GATE_GPHASE) return u->n_controls == 0;
  return u->gate == GATE_BASIS && u->word != NULL && strchr(u->word, '1') == NULL;
}

static bool put_gate(Write *w, int i) {
  const GateUse *u = &w->v->body->gates.at[i];
  const GateInfo *info = &gate_info[u->gate];
  Text *t = &w->body;
  const bool phase = u->gate == GATE_GPHASE;
  if (u->channel != CHANNEL_NONE)
    return fail(w, u->span, arena_printf(w->a, "OpenQASM has no noise: `%s`", channel_info[u->channel].name));
  if (qasm_is_nothing(u)) return true;
  if (u->gate == GATE_BASIS && u->word != NULL) {
    for (int k = 0; k < u->n_targets; k++)
      if (u->word[k] == '1') put(w->a, t, arena_printf(w->a, "x %s;%s", w->qubit[u->qubit[k]], " "));
    put(w->a, t, "\n");
    return true;
  }
  if (!is_matrix(u) && info->steps[0] == '\0' && u->gate != GATE_ID && u->gate != GATE_PAULIROT)
    return fail(w, u->span, arena_printf(w->a, "the gate `%s` has no form in OpenQASM here", info->name));
  const bool phases = u->gate == GATE_U2 || u->gate == GATE_U3; /* those of stdgates.inc are others */
  const bool std = phase || (is_std(info->name, true) && !phases) || (phases && u->n_controls == 0);
  const char *name = std ? info->name : is_matrix(u) ? define_matrix(w, u) : define(w, u);
  const bool turned = u->inverse && strcmp(info->inverse, "self") != 0,
             negate = turned && strcmp(info->inverse, "negate") == 0;
  const bool named = turned && std && is_std(info->inverse, true); /* sdg */
  put_controls(w, t, u);
  if (turned && !negate && !named) put(w->a, t, "inv @ ");
  put(w->a, t, named ? info->inverse : name);
  for (int k = 0; k < info->n_angles; k++) {
    Text angle = {0};
    put(w->a, t, k == 0 ? "(" : ", ");
    if (negate) put(w->a, &angle, "-");
    put_node(w, &angle, w->angles.gate[i][k], negate ? 2 : 0);
    if (angle.n > MAX_ANGLE_TEXT) return fail(w, u->span, "the expression of an angle becomes too long");
    vec_push(w->a, &angle, '\0');
    put(w->a, t, angle.at);
  }
  if (info->n_angles > 0) put(w->a, t, ")");
  const int n = u->n_controls + (phase ? 0 : u->n_targets);
  for (int k = 0; k < n; k++)
    put(w->a, t, arena_printf(w->a, "%s%s", k == 0 ? " " : ", ", w->qubit[u->qubit[k]]));
  put(w->a, t, ";\n");
  return w->fault->text == NULL;
}

/* ---- measurement -----------------------------------------------------------------------------------------
 */

static void put_observable(Write *w, Text *t, const Observable *o) {
  for (int i = 0; i < o->terms.n; i++) {
    const PauliTerm *p = &o->terms.at[i];
    put(w->a, t, i > 0 ? " + " : " ");
    put(w->a, t, p->coefficient == 1 && (p->x | p->z) != 0 ? "" : qasm_number(w->a, p->coefficient));
    for (int q = 0, first = p->coefficient == 1; q < w->v->body->n_qubits; q++) {
      const bool x = p->x >> q & 1, z = p->z >> q & 1;
      if (!x && !z) continue;
      put(w->a, t,
          arena_printf(w->a, "%s%c(%s)", first ? "" : "*",
                       x && z ? 'Y'
                       : x    ? 'X'
                              : 'Z',
                       w->qubit[q]));
      first = 0;
    }
  }
}

static void put_measurement(Write *w, const CircuitProgram *c, int number) {
  Text *t = &w->body;
  if (c->probs_qubits.n > 0) {
    const char *name = new_name(w, number == 0 ? "result" : arena_printf(w->a, "result%d", number));
    put(w->a, t, arena_printf(w->a, "bit[%d] %s;\n", c->probs_qubits.n, name));
    for (int i = 0; i < c->probs_qubits.n; i++)
      put(w->a, t, arena_printf(w->a, "%s[%d] = measure %s;\n", name, i, w->qubit[c->probs_qubits.at[i]]));
  }
  if (c->of_state != NULL) {
    uint64_t on = 0;
    for (int i = 0; i < c->observables.n; i++)
      for (int k = 0; k < c->observables.at[i].terms.n; k++)
        on |= c->observables.at[i].terms.at[k].x | c->observables.at[i].terms.at[k].z;
    put(w->a, t, arena_printf(w->a, "// %s of the state of", c->of_state));
    for (int q = 0; q < w->v->body->n_qubits; q++)
      if (on >> q & 1) put(w->a, t, arena_printf(w->a, " %s", w->qubit[q]));
    put(w->a, t, "\n");
    return;
  }
  for (int i = 0; i < c->observables.n; i++) {
    put(w->a, t, "// expectation value of");
    put_observable(w, t, &c->observables.at[i]);
    put(w->a, t, "\n");
  }
}

/* ---- the whole
 * ---------------------------------------------------------------------------------------------- */

const char *qasm_write(Arena *a, const QasmWriting *from, QasmFault *fault) {
  Write w = {.a = a, .from = from, .v = from->view, .fault = fault};
  Text head = {0}, registers = {0};
  *fault = (QasmFault){0};
  if (!view_angles(a, from->program, from->view, &w.angles)) {
    fail(&w, from->view->span, "the expressions of its angles become too many");
    return NULL;
  }
  put(a, &head, "OPENQASM 3.0;\ninclude \"stdgates.inc\";\n");
  if (from->title != NULL) put(a, &head, arena_printf(a, "// %s\n", from->title));
  put_inputs(&w, &head);
  put_registers(&w, &registers);
  for (int i = 0; i < w.v->body->gates.n; i++)
    if (!put_gate(&w, i)) return NULL;
  for (int i = 0, n = 0; i < w.v->measured.n; i++) {
    put_measurement(&w, w.v->measured.at[i], n);
    n += w.v->measured.at[i]->probs_qubits.n > 0;
  }
  Text *const parts[] = {&w.defs, &registers, &w.body};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    for (int k = 0; k < parts[i]->n; k++) vec_push(a, &head, parts[i]->at[k]);
  vec_push(a, &head, '\0');
  return head.at;
}
