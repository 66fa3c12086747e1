/* Gates into columns (layout.h). */
#define _GNU_SOURCE /* M_PI */
#include "lang/draw/layout.h"
#include <math.h>
#include <string.h>
#include "lang/base/num.h"
#include "lang/qasm/angles.h"

#define LABEL_MAX 24 /* columns of the angles of a label */

/* A gate, or a bracket of a repeated part (gate -1). */
typedef struct Item {
  int gate, repeat; /* repeat: bracket with how many, 0: the opening one */
} Item;

typedef struct Drawing {
  Arena *a;
  const Program *p;
  const CircuitView *v;
  bool unicode;
  ViewAngles angles;
  VEC(Item) items;
} Drawing;

int draw_width(const char *s) {
  int n = 0;
  for (; *s != '\0'; s++) n += ((unsigned char)*s & 0xC0) != 0x80;
  return n;
}

/* ---- labels ------------------------------------------------------------------------------------- */

static const char *greek(const Drawing *d, const char *name) {
  static const struct {
    const char *name, *letter;
  } letters[] = {{"alpha", "α"}, {"beta", "β"},  {"gamma", "γ"}, {"delta", "δ"},  {"epsilon", "ε"},
                 {"eta", "η"},   {"theta", "θ"}, {"kappa", "κ"}, {"lambda", "λ"}, {"mu", "μ"},
                 {"nu", "ν"},    {"xi", "ξ"},    {"pi", "π"},    {"rho", "ρ"},    {"sigma", "σ"},
                 {"tau", "τ"},   {"phi", "φ"},   {"chi", "χ"},   {"psi", "ψ"},    {"omega", "ω"}};
  for (size_t i = 0; d->unicode && i < sizeof letters / sizeof *letters; i++)
    if (strcmp(letters[i].name, name) == 0) return letters[i].letter;
  return name;
}

static const char *number_label(const Drawing *d, double x) {
  const char *pi = d->unicode ? "π" : "pi";
  for (int part = 1; part <= 8 && x != 0; part++)
    for (int k = 1; k <= 8; k++) {
      if (fabs(fabs(x) - k * M_PI / part) > 1e-12) continue;
      const char *top = k == 1 ? pi : arena_printf(d->a, "%d%s", k, pi), *sign = x < 0 ? "-" : "";
      return part == 1 ? arena_printf(d->a, "%s%s", sign, top)
                       : arena_printf(d->a, "%s%s/%d", sign, top, part);
    }
  char buf[NUM_MAX];
  num_print(buf, sizeof buf, rint(x * 1e4) / 1e4);
  return arena_str(d->a, buf);
}

static const char *leaf_label(const Drawing *d, const AngleLeaf *l) {
  const char *out = greek(d, l->base);
  int64_t at[SHAPE_MAX_RANK] = {0}, e = l->element;
  if (l->op != NULL) return d->unicode ? "…" : "...";
  for (int i = l->shape.rank - 1; i >= 0; i--) {
    at[i] = e % l->shape.d[i].n;
    e /= l->shape.d[i].n;
  }
  for (int i = 0; i < l->shape.rank; i++)
    out = arena_printf(d->a, "%s%s%lld", out, i == 0 ? "[" : ",", (long long)at[i]);
  return l->shape.rank > 0 ? arena_printf(d->a, "%s]", out) : out;
}

/* The expression, cut off where it is long: NULL. */
static const char *node_label(const Drawing *d, int id, int depth) {
  static const char *const functions[] = {"",    "sin",  "cos",  "tan",  "exp",
                                          "log", "sqrt", "asin", "acos", "atan"};
  const QasmNode *n = &d->angles.nodes.at[id];
  if (depth > 5) return NULL;
  if (n->kind == QASM_NUMBER) return number_label(d, n->num);
  if (n->kind == QASM_INPUT) return leaf_label(d, &d->angles.leaves.at[n->a]);
  const char *x = node_label(d, n->a, depth + 1);
  if (x == NULL) return NULL;
  if (n->kind == QASM_UNARY)
    return n->op == '-' ? arena_printf(d->a, "-%s", x) : arena_printf(d->a, "%s(%s)", functions[n->op], x);
  const char *y = node_label(d, n->b, depth + 1);
  if (y == NULL) return NULL;
  const bool sums = (n->op == '*' || n->op == '/' || n->op == '^') &&
                    d->angles.nodes.at[n->a].kind == QASM_BINARY &&
                    strchr("+-", d->angles.nodes.at[n->a].op) != NULL;
  const char *sign = n->op == '*' ? (d->unicode ? "·" : "*") : arena_printf(d->a, "%c", n->op);
  if (n->op == '+' && y[0] == '-') sign = "";
  return arena_printf(d->a, sums ? "(%s)%s%s" : "%s%s%s", x, sign, y);
}

/* A number with three digits, as strengths of noise are written; durations with their unit. */
static const char *strength_number(const Drawing *d, double x, bool duration) {
  static const struct {
    const char *name;
    double size;
  } units[] = {{"s", 1}, {"ms", 1e-3}, {"us", 1e-6}, {"ns", 1e-9}};
  char buf[NUM_MAX];
  size_t unit = 0;
  while (duration && unit < 3 && fabs(x) < 0.9995 * units[unit].size) unit++;
  if (duration) x /= units[unit].size;
  const double digit = x != 0 ? pow(10, floor(log10(fabs(x))) - 2) : 1;
  num_print(buf, sizeof buf, digit < 1 ? rint(x / digit) / rint(1 / digit) : rint(x / digit) * digit);
  return arena_printf(d->a, "%s%s", buf, duration && x != 0 ? units[unit].name : "");
}

/* "depolarize(0.01)"; parameters at the end that have the value which they have when left out are not shown.
 */
static const char *channel_label(const Drawing *d, int gate) {
  const GateUse *u = &d->v->body->gates.at[gate];
  const char *text = "";
  int n = channel_n_params(u->channel);
  for (; n > 1; n--) {
    bool duration;
    int same_as;
    (void)channel_param(d->a, u->channel, n - 1, &duration, &same_as);
    const AngleRef *mine = &u->angle[n - 1], *other = same_as >= 0 ? &u->angle[same_as] : NULL;
    const bool known = mine->source < 0 && (other == NULL || other->source < 0);
    if (same_as == -1 || !known || mine->shift != (other != NULL ? other->shift : 0)) break;
  }
  for (int k = 0; k < n; k++) {
    bool duration;
    int same_as;
    (void)channel_param(d->a, u->channel, k, &duration, &same_as);
    const int node = d->angles.gate[gate][k];
    const char *x = d->angles.nodes.at[node].kind == QASM_NUMBER
                        ? strength_number(d, d->angles.nodes.at[node].num, duration)
                        : node_label(d, node, 0);
    text = arena_printf(d->a, "%s%s%s", text, k > 0 ? "," : "", x != NULL ? x : d->unicode ? "…" : "...");
  }
  if (draw_width(text) > LABEL_MAX) text = d->unicode ? "…" : "...";
  const char *name = channel_info[u->channel].name;
  return *text != '\0' ? arena_printf(d->a, "%s(%s)", name, text) : name;
}

/* "RX(θ[0])"; `†` behind it for an inverse. */
static const char *gate_label(const Drawing *d, int gate, const char *name) {
  const GateUse *u = &d->v->body->gates.at[gate];
  const GateInfo *info = &gate_info[u->gate];
  if (u->channel != CHANNEL_NONE) return channel_label(d, gate);
  if (u->label != NULL) name = u->label;
  const bool negate = u->inverse && strcmp(info->inverse, "negate") == 0;
  char *upper = arena_str(d->a, name);
  for (char *c = upper; *c != '\0'; c++)
    if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');
  const char *angles = "";
  for (int k = 0; k < info->n_angles; k++) {
    const char *x = node_label(d, d->angles.gate[gate][k], 0);
    if (x == NULL) x = d->unicode ? "…" : "...";
    angles = arena_printf(d->a, "%s%s%s%s", angles, k > 0 ? "," : "", negate ? "-" : "", x);
  }
  if (draw_width(angles) > LABEL_MAX) angles = d->unicode ? "…" : "...";
  const bool turned = u->inverse && !negate && strcmp(info->inverse, "self") != 0;
  const char *mark = turned ? (d->unicode ? "†" : "^-1") : "";
  return *angles != '\0' ? arena_printf(d->a, "%s%s(%s)", upper, mark, angles)
                         : arena_printf(d->a, "%s%s", upper, mark);
}

/* ---- repeats ------------------------------------------------------------------------------------- */

static bool alike(const Drawing *d, int i, int k) {
  const GateUse *x = &d->v->body->gates.at[i], *y = &d->v->body->gates.at[k];
  const int n = x->n_controls + x->n_targets;
  if (x->gate != y->gate || x->channel != y->channel || x->inverse != y->inverse ||
      x->n_controls != y->n_controls || x->n_targets != y->n_targets ||
      memcmp(x->qubit, y->qubit, (size_t)n) != 0 ||
      memcmp(x->control_on, y->control_on, (size_t)x->n_controls) != 0)
    return false;
  if ((x->word == NULL) != (y->word == NULL) || (x->word != NULL && strcmp(x->word, y->word) != 0))
    return false;
  if ((x->values == NULL) != (y->values == NULL) || x->n_kraus != y->n_kraus) return false;
  if (x->values != NULL && memcmp(x->values, y->values, gate_use_values(x) * sizeof *x->values) != 0)
    return false;
  const int angles = x->channel != CHANNEL_NONE ? channel_n_params(x->channel) : gate_info[x->gate].n_angles;
  for (int j = 0; j < angles; j++) {
    const AngleRef *p = &x->angle[j], *q = &y->angle[j];
    if ((p->source < 0) != (q->source < 0) || p->scale != q->scale || p->shift != q->shift) return false;
  }
  return true;
}

#define LONGEST_REPEAT 400

/* How often the `period` gates from i on come in a row. */
static int repeats(const Drawing *d, int i, int period) {
  const int n = d->v->body->gates.n;
  int k = i + period;
  while (k < n && alike(d, k, k - period)) k++;
  return (k - i) / period;
}

static void find_repeats(Drawing *d) {
  const int n = d->v->body->gates.n;
  for (int i = 0; i < n;) {
    int best = 0, times = 0, saved = 0;
    for (int period = 1; period <= LONGEST_REPEAT && i + 3 * period <= n; period++) {
      const int r = repeats(d, i, period);
      if (r < 3 || period * (r - 1) <= saved) continue;
      best = period, times = r, saved = period * (r - 1);
    }
    if (saved < 4) best = 0;
    if (best > 0) vec_push(d->a, &d->items, ((Item){-1, 0}));
    for (int k = 0; k < (best > 0 ? best : 1); k++) vec_push(d->a, &d->items, ((Item){i + k, 0}));
    if (best > 0) vec_push(d->a, &d->items, ((Item){-1, times}));
    i += best > 0 ? best * times : 1;
  }
}

/* ---- columns --------------------------------------------------------------------------------------- */

/* Targets of a gate of gates.def that are controls, and the name of what they control. */
static int inner_controls(GateId g, const char **name) {
  static const struct {
    GateId gate;
    int n;
    const char *name;
  } rows[] = {{GATE_CX, 1, "x"}, {GATE_CY, 1, "y"},   {GATE_CZ, 1, "z"},   {GATE_CH, 1, "h"},
              {GATE_CP, 1, "p"}, {GATE_CRX, 1, "rx"}, {GATE_CRY, 1, "ry"}, {GATE_CRZ, 1, "rz"},
              {GATE_CU, 1, "u"}, {GATE_CCX, 2, "x"},  {GATE_CCZ, 2, "z"},  {GATE_CSWAP, 1, "swap"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    if (rows[i].gate == g) {
      *name = rows[i].name;
      return rows[i].n;
    }
  return 0;
}

static void put_gate(const Drawing *d, Layout *l, DrawCell *column, int item, int gate) {
  const GateUse *u = &d->v->body->gates.at[gate];
  const char *name = gate_info[u->gate].name;
  const int inner = inner_controls(u->gate, &name), targets = u->n_targets - inner;
  int lo = l->rows, hi = -1;
  for (int i = 0; i < u->n_controls + u->n_targets; i++) {
    const int q = u->qubit[i], target = i - u->n_controls - inner;
    const bool open = i < u->n_controls && !u->control_on[i];
    DrawCell *c = &column[q];
    c->kind = open ? CELL_OPEN : target < 0 ? CELL_CONTROL : CELL_BOX;
    if (target >= 0 && strcmp(name, "x") == 0 && u->n_controls + inner > 0) c->kind = CELL_X;
    if (target >= 0 && strcmp(name, "swap") == 0) c->kind = CELL_SWAP;
    if (c->kind == CELL_BOX) {
      c->label = target == 0 ? gate_label(d, gate, name) : "";
      if (targets > 1 && target > 0) c->label = gate_label(d, gate, name);
      if (targets > 1) c->label = arena_printf(d->a, "%d:%s", target, c->label);
    }
    lo = q < lo ? q : lo;
    hi = q > hi ? q : hi;
  }
  for (int q = lo; q <= hi; q++) {
    if (column[q].kind == CELL_WIRE) column[q].kind = CELL_CROSS;
    column[q].gate = item + 1;
  }
}

/* First column that is free on all qubits of the gate and between; brackets take all rows. */
static int place(const Drawing *d, const Layout *l, int *free_at, const Item *it) {
  int lo = l->rows, hi = -1, at = 0;
  if (it->gate < 0) {
    lo = 0, hi = l->rows - 1;
  } else {
    const GateUse *u = &d->v->body->gates.at[it->gate];
    for (int i = 0; i < u->n_controls + u->n_targets; i++) {
      lo = u->qubit[i] < lo ? u->qubit[i] : lo;
      hi = u->qubit[i] > hi ? u->qubit[i] : hi;
    }
  }
  for (int q = lo; q <= hi; q++) at = free_at[q] > at ? free_at[q] : at;
  for (int q = lo; q <= hi; q++) free_at[q] = at + 1;
  return at;
}

/* ---- rows ------------------------------------------------------------------------------------------- */

static void row_labels(const Drawing *d, Layout *l) {
  int q = 0;
  for (int i = 0; i < d->v->registers.n; i++) {
    const ViewRegister *r = &d->v->registers.at[i];
    for (int k = 0; k < r->n; k++)
      l->row_label[q++] = r->is_single ? greek(d, r->name) : arena_printf(d->a, "%s%d", greek(d, r->name), k);
  }
  for (int k = 0; q < l->rows; k++) l->row_label[q++] = arena_printf(d->a, "(m%d)", k);
}

static const char *word_label(const Drawing *d, const Layout *l, const PauliTerm *t) {
  const char *out = "";
  for (int q = 0; q < l->rows; q++) {
    const bool x = t->x >> q & 1, z = t->z >> q & 1;
    if (x || z)
      out = arena_printf(d->a, "%s%s%c(%s)", out, *out != '\0' ? " " : "",
                         x && z ? 'Y'
                         : x    ? 'X'
                                : 'Z',
                         l->row_label[q]);
  }
  return out;
}

/* <0.5 Z(q0) Z(q1) - X(q0) + 1>; of more than 8 terms the first. */
static const char *sum_label(const Drawing *d, const Layout *l, const Observable *o) {
  const char *out = "<";
  for (int j = 0; j < o->terms.n && j < 8; j++) {
    const PauliTerm *t = &o->terms.at[j];
    const char *word = word_label(d, l, t), *sign = t->coefficient < 0 ? "-" : "";
    const double size = fabs(t->coefficient);
    if (j > 0) sign = t->coefficient < 0 ? " - " : " + ";
    const char *number = size == 1 && *word != '\0' ? "" : number_label(d, size);
    out = arena_printf(d->a, "%s%s%s%s%s", out, sign, number, *number != '\0' && *word != '\0' ? " " : "",
                       word);
  }
  return arena_printf(d->a, "%s%s>", out, o->terms.n > 8 ? " + ..." : "");
}

/* The register of a density matrix, or of what is made of one. */
static void measured_state(const Drawing *d, Layout *l, const CircuitProgram *c) {
  uint64_t on = 0;
  for (int k = 0; k < c->observables.n; k++)
    for (int j = 0; j < c->observables.at[k].terms.n; j++)
      on |= c->observables.at[k].terms.at[j].x | c->observables.at[k].terms.at[j].z;
  for (int q = 0; q < l->rows; q++) {
    const char **e = &l->end_label[q];
    if (on >> q & 1) *e = arena_printf(d->a, "%s%s%s", *e, **e != '\0' ? " " : "", c->of_state);
  }
}

static void measured(const Drawing *d, Layout *l) {
  for (int i = 0; i < d->v->measured.n; i++) {
    const CircuitProgram *c = d->v->measured.at[i];
    for (int k = 0; k < c->probs_qubits.n; k++) {
      const char **e = &l->end_label[c->probs_qubits.at[k]];
      *e = **e != '\0' ? arena_printf(d->a, "%s p", *e) : "p";
    }
    if (c->of_state != NULL) measured_state(d, l, c);
    for (int k = 0; k < c->observables.n && c->of_state == NULL; k++) {
      const Observable *o = &c->observables.at[k];
      const PauliTerm *t = o->terms.n == 1 ? &o->terms.at[0] : NULL;
      const uint64_t support = t != NULL ? t->x | t->z : 0;
      if (t != NULL && t->coefficient == 1 && support != 0 && (support & (support - 1)) == 0) {
        const int q = __builtin_ctzll(support);
        const char letter = (t->x & t->z) != 0 ? 'Y' : t->x != 0 ? 'X' : 'Z';
        l->end_label[q] =
            arena_printf(d->a, "%s%s<%c>", l->end_label[q], *l->end_label[q] != '\0' ? " " : "", letter);
        continue;
      }
      vec_push(d->a, &l->notes, sum_label(d, l, o));
    }
  }
}

void draw_layout(Arena *a, const Program *p, const CircuitView *v, bool unicode, Layout *out) {
  Drawing d = {.a = a, .p = p, .v = v, .unicode = unicode};
  const int rows = v->body->n_qubits;
  *out = (Layout){.rows = rows};
  (void)view_angles(a, p, v, &d.angles);
  find_repeats(&d);
  int *column = ARENA_ARRAY(a, int, d.items.n + 1), *free_at = ARENA_ARRAY(a, int, rows + 1);
  for (int i = 0; i < d.items.n; i++) {
    column[i] = place(&d, out, free_at, &d.items.at[i]);
    if (column[i] + 1 > out->columns) out->columns = column[i] + 1;
  }
  out->at = arena_alloc(a, ((size_t)out->columns * (size_t)rows + 1) * sizeof *out->at);
  out->row_label = ARENA_ARRAY(a, const char *, rows + 1);
  out->end_label = ARENA_ARRAY(a, const char *, rows + 1);
  for (int q = 0; q < rows; q++) out->end_label[q] = "";
  for (int i = 0; i < d.items.n; i++) {
    DrawCell *at = out->at + (ptrdiff_t)column[i] * rows;
    if (d.items.at[i].gate >= 0) {
      put_gate(&d, out, at, i, d.items.at[i].gate);
      continue;
    }
    const int times = d.items.at[i].repeat;
    for (int q = 0; q < rows; q++)
      at[q] = (DrawCell){CELL_FOLD,
                         times == 0 ? "["
                         : q > 0    ? "]"
                                    : arena_printf(a, unicode ? "]×%d" : "]x%d", times),
                         i + 1};
  }
  row_labels(&d, out);
  measured(&d, out);
}

const char *draw_note_line(Arena *a, const char **note, int width) {
  const char *text = *note;
  size_t cut = 0;
  for (size_t i = 1; text[i] != '\0'; i++) {
    if (text[i] != ' ' || (text[i + 1] != '+' && text[i + 1] != '-') || text[i + 2] != ' ') continue;
    if (cut > 0 && width > 0 && draw_width(arena_printf(a, "%.*s", (int)i, text)) > width) break;
    cut = i;
  }
  if (width == 0 || cut == 0 || draw_width(text) <= width) cut = strlen(text);
  *note = text[cut] == ' ' ? text + cut + 1 : text + cut;
  return arena_printf(a, "%.*s", (int)cut, text);
}
