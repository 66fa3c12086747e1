/* Gates given by something else than angles: paulirot (a word), unitary, diag, basis, amplitude
 * (matrices and vectors). What is known before the run goes into the gate's use as word and values;
 * phases and amplitudes that are computed become rotations whose angles are computed in the graph
 * (the uniformly controlled rotations of Mottonen et al., Phys. Rev. Lett. 93, 130502 (2004)). */
#include <math.h>
#include <string.h>
#include "lang/ir/gate_matrix.h"
#include "lang/sema/gates.h"

#define TOLERANCE 1e-6 /* of matrices and norms: numbers may be written in single precision */

/* ---- values ---------------------------------------------------------------------------------- */

/* The argument of a gate as a tensor; its shape for one sample. */
typedef struct GivenValue {
  const Tensor *t;
  Shape shape;
  int n;                /* qubits */
  const double *values; /* all elements; NULL if they are computed */
  Span span;
} GivenValue;

static int qubits_of(int64_t size) {
  int n = 0;
  while (n < 62 && ((int64_t)1 << n) < size) n++;
  return ((int64_t)1 << n) == size && n > 0 ? n : -1;
}

/* Its numbers, if all are known now. */
static const double *known_values(Sema *S, const Tensor *t, int64_t n) {
  double *out = ARENA_ARRAY(S->a, double, (int)n);
  for (int64_t i = 0; i < n; i++)
    if (!circuit_constant(S, t, i, &out[i])) return NULL;
  return out;
}

static bool read_value(Sema *S, const Value *v, const char *name, GivenValue *out) {
  *out =
      (GivenValue){.t = want_tensor(S, v, arena_printf(S->a, "the argument of `%s`", name)), .span = v->span};
  if (out->t == NULL) return false;
  out->shape = tensor_sample(out->t);
  if (!shape_is_static(&out->shape)) {
    say(S, DIAG_STATIC, v->span, "the argument of `%s` has a fixed size, but this is %s", name,
        sema_shape_text(S, &out->shape));
    return false;
  }
  out->values = known_values(S, out->t, shape_capacity(&out->shape));
  return true;
}

static bool say_size(Sema *S, const GivenValue *g, const char *name, const char *wanted) {
  Diag *d = say(S, DIAG_SHAPE, g->span, "`%s` takes %s, but this is %s", name, wanted,
                sema_shape_text(S, &g->shape));
  for (int i = 0; i < g->shape.rank && i < 2; i++) label_origin(S, d, g->shape.d[i]);
  return false;
}

static bool say_computed(Sema *S, const GivenValue *g, const char *name, const char *help) {
  Diag *d = say(S, DIAG_STATIC, g->span,
                "the matrix of `%s` must be known before the run, but this is computed", name);
  diag_help(d, "%s", help);
  return false;
}

/* ---- operands --------------------------------------------------------------------------------- */

/* Qubits behind the controls; -1 if there are pairs among the operands or a control is no single qubit. */
static int count_targets(const Line *l, const Value **v, int n) {
  int total = 0;
  for (int i = 0; i < n; i++) {
    if (v[i]->kind == VAL_PAIRS) return -1;
    if (i < l->n_controls && v[i]->u.qubits.n != 1) return -1;
    if (i >= l->n_controls) total += v[i]->u.qubits.n;
  }
  return total;
}

/* A gate on k qubits: all operands together if they are k qubits, else like any other gate on k qubits. */
static bool given_operands(Sema *S, const Line *l, const char *name, int k, Operands *out) {
  int n = 0;
  const Value **v = eval_operands(S, l->operands, &n);
  if (v == NULL) return false;
  if (k + l->n_controls > GATE_MAX_QUBITS) {
    say(S, DIAG_GATE, l->span, "this gate would act on %d qubits; at most %d are possible", k + l->n_controls,
        GATE_MAX_QUBITS);
    return false;
  }
  const int width = k + l->n_controls, total = count_targets(l, v, n);
  if (total != k) {
    const bool fits = n == width || (n == 1 && v[0]->kind == VAL_PAIRS && width == 2);
    if (fits) return gate_operands(S, l, name, width, out);
    say(S, DIAG_GATE, l->operands->span, "this `%s` acts on %d qubit%s, but %d %s given", name, k,
        k == 1 ? "" : "s", total < 0 ? n - l->n_controls : total, total == 1 ? "is" : "are");
    return false;
  }
  *out = (Operands){1, width, ARENA_ARRAY(S->a, QubitsValue, width + 1)};
  int at = 0;
  for (int i = 0; i < n; i++)
    for (int q = 0; q < v[i]->u.qubits.n; q++) single_qubit(S, &out->at[at++], v[i]->u.qubits.at[q]);
  return true;
}

static GateUse use_on(const Line *l, const Operands *ops, int i, GateId gate) {
  GateUse u = {.gate = gate, .n_targets = ops->width - l->n_controls, .span = l->span};
  for (int k = 0; k < u.n_targets; k++)
    u.qubit[k] = (uint8_t)ops->at[i * ops->width + l->n_controls + k].at[0];
  for (int k = 0; k < GATE_MAX_ANGLES; k++) u.angle[k].source = -1;
  return u;
}

static void prepared(Sema *S, const char *name, Span span) {
  S->circuit->n_prepared++;
  S->circuit->prepared = name;
  S->circuit->prepared_span = span;
}

static void push(Sema *S, GateUse u) { vec_push(S->a, &S->circuit->gates, u); }

/* State preparation begins with |0...0>: no gate stands on these qubits yet. */
static bool is_fresh(Sema *S, const char *name, const GateUse *u) {
  const CircuitBuild *c = S->circuit;
  if (c->backwards) return true;
  for (int g = 0; g < c->gates.n; g++) {
    const GateUse *old = &c->gates.at[g];
    for (int i = 0; i < old->n_controls + old->n_targets; i++)
      for (int k = 0; k < u->n_targets; k++) {
        if (old->qubit[i] != u->qubit[k]) continue;
        Diag *d = say(S, DIAG_GATE, u->span,
                      "`%s` prepares a state from |0...0>, but a gate stands on qubit %d before", name,
                      u->qubit[k]);
        diag_label(d, old->span, "this one");
        return false;
      }
  }
  return true;
}

/* ---- computed phases and amplitudes --------------------------------------------------------------- */

/* A node of computed angles, as a tensor whose elements become angles. */
static const Tensor *angles_of(Sema *S, NodeId id, int lift, Span span) {
  return val_node(S, id, lift, span)->u.tensor;
}

/* `gate` on target k where the targets before it have the bits of pattern p; the angle is element e of t. */
static void push_pattern(Sema *S, const GateUse *on, GateId gate, int target, int p, const Tensor *t,
                         int64_t e) {
  GateUse u = *on;
  u.gate = gate;
  u.n_targets = 1;
  u.n_controls = target;
  for (int i = 0; i < target; i++) {
    u.qubit[i] = on->qubit[i];
    u.control_on[i] = p >> (target - 1 - i) & 1;
  }
  u.qubit[target] = on->qubit[target];
  circuit_angle(S, t, e, &u.angle[0]);
  push(S, u);
}

/* Elements from, from + 2, ... of the last axis. */
static NodeId every_second(Graph *g, NodeId x, int from, Span span) {
  Shape s = g_node(g, x)->shape, half = s;
  half.d[s.rank - 1] = dim_static(s.d[s.rank - 1].n / 2);
  Shape pairs = half;
  pairs.d[pairs.rank++] = dim_static(2);
  return g_reshape(g, g_slice(g, g_reshape(g, x, &pairs, span), s.rank, from, 1, span), &half, span);
}

/* Phases of all basis states of the targets: each pair that differs in the last bit has a common one. */
static void push_phases(Sema *S, const GateUse *on, NodeId phase, int lift, Span span) {
  Graph *g = graph_now(S);
  const int last = on->n_targets - 1;
  const NodeId zero = every_second(g, phase, 0, span), one = every_second(g, phase, 1, span);
  const Tensor *common = angles_of(S, zero, lift, span);
  const Tensor *rest = angles_of(S, g_binary(g, OP_SUB, one, zero, span), lift, span);
  for (int p = 0; p < 1 << last; p++) {
    push_pattern(S, on, GATE_GPHASE, last, p, common, p);
    push_pattern(S, on, GATE_P, last, p, rest, p);
  }
}

/* sqrt(x), with derivative 0 at 0. */
static NodeId safe_sqrt(Graph *g, NodeId x, Span span) {
  const NodeId zero = g_scalar(g, 0, span), is = g_binary(g, OP_LT, zero, x, span);
  const NodeId inside =
      g_make(g, OP_SELECT, 3, (NodeId[]){is, x, g_scalar(g, 1, span)}, NULL, NULL, span, NULL);
  const NodeId root = g_unary(g, OP_SQRT, inside, span);
  return g_make(g, OP_SELECT, 3, (NodeId[]){is, root, zero}, NULL, NULL, span, NULL);
}

/* The angles 2 atan2(one, zero) of rotations that split pairs. */
static NodeId split_angles(Graph *g, NodeId x, Span span) {
  const NodeId zero = every_second(g, x, 0, span), one = every_second(g, x, 1, span);
  const NodeId half = g_binary(g, OP_ATAN2, one, zero, span);
  return g_binary(g, OP_MUL, half, g_scalar(g, 2, span), span);
}

/* Sums of neighbours along the last axis. */
static NodeId pair_sums(Graph *g, NodeId x, Span span) {
  const NodeId zero = every_second(g, x, 0, span), one = every_second(g, x, 1, span);
  return g_binary(g, OP_ADD, zero, one, span);
}

/* The first angle where the squares add up to 1 (or to anything, if they are to be normalised), else NaN. */
static NodeId guarded(Graph *g, NodeId angle, NodeId total, bool normalize, Span span) {
  const NodeId zero = g_scalar(g, 0, span), off = g_binary(g, OP_SUB, total, g_scalar(g, 1, span), span);
  const NodeId ok = normalize
                        ? g_binary(g, OP_LT, zero, total, span)
                        : g_binary(g, OP_LT, g_unary(g, OP_ABS, off, span), g_scalar(g, 1e-3, span), span);
  return g_make(g, OP_SELECT, 3, (NodeId[]){ok, angle, g_scalar(g, NAN, span)}, NULL, NULL, span, NULL);
}

/* Prepares amplitudes x [.., 2^n] or [.., 2^n, 2] (re, im), level by level from the first target. */
static void push_amplitudes(Sema *S, const GateUse *on, const GivenValue *v, bool normalize) {
  Graph *g = graph_now(S);
  const int n = on->n_targets, lift = v->t->lift;
  const bool complex_values = v->shape.rank == 2;
  const Span span = v->span;
  const NodeId x = v->t->node, square = g_unary(g, OP_SQUARE, x, span);
  const int last_axis = g_node(g, x)->shape.rank - 1;
  NodeId level[GATE_MAX_QUBITS + 1], angle[GATE_MAX_QUBITS];
  level[n] = complex_values ? g_sum(g, square, (int64_t)1 << last_axis, false, span) : square;
  for (int k = n - 1; k >= 0; k--) {
    level[k] = pair_sums(g, level[k + 1], span);
    const bool is_signed = k == n - 1 && !complex_values;
    angle[k] = split_angles(g, is_signed ? x : safe_sqrt(g, level[k + 1], span), span);
  }
  angle[0] = guarded(g, angle[0], level[0], normalize, span);
  for (int k = 0; k < n; k++) {
    const Tensor *t = angles_of(S, angle[k], lift, span);
    for (int p = 0; p < 1 << k; p++) push_pattern(S, on, GATE_RY, k, p, t, p);
  }
  if (!complex_values) return;
  Shape flat = g_node(g, level[n])->shape;
  const NodeId re = g_reshape(g, g_slice(g, x, last_axis, 0, 1, span), &flat, span);
  const NodeId im = g_reshape(g, g_slice(g, x, last_axis, 1, 1, span), &flat, span);
  push_phases(S, on, g_binary(g, OP_ATAN2, im, re, span), lift, span);
}

/* ---- the gates --------------------------------------------------------------------------------------- */

static void finish(Sema *S, const Line *l, const Operands *ops, int i, int start) {
  (void)line_modify(S, l, start, ops->at + (ptrdiff_t)i * ops->width);
}

static void unitary(Sema *S, const Line *l, const char *name, Args *args) {
  GivenValue v;
  if (!args_match(S, args, "matrix") || !read_value(S, args->v[0], name, &v)) return;
  const Shape *s = &v.shape;
  const bool pair = s->rank == 3 && s->d[2].n == 2;
  const int n = (s->rank == 2 || pair) && s->d[0].n == s->d[1].n ? qubits_of(s->d[0].n) : -1;
  if (n < 0) {
    say_size(S, &v, name, "a matrix [d, d] or [d, d, 2] (real and imaginary parts) with d a power of 2");
    return;
  }
  if (n > UNITARY_MAX_QUBITS) {
    say(S, DIAG_GATE, v.span, "`%s` acts on at most %d qubits, but this matrix needs %d", name,
        UNITARY_MAX_QUBITS, n);
    return;
  }
  if (v.values == NULL) {
    say_computed(S, &v, name, "computed angles belong to rotations: `u3(a) q`, or `diag(phases) q`");
    return;
  }
  const int d = 1 << n;
  double *values = ARENA_ARRAY(S->a, double, 2 * d * d);
  double complex *m = ARENA_ARRAY(S->a, double complex, d *d);
  for (int i = 0; i < d * d; i++) {
    values[2 * i] = v.values[pair ? 2 * i : i];
    values[2 * i + 1] = pair ? v.values[2 * i + 1] : 0;
    m[i] = values[2 * i] + (double complex)I * values[2 * i + 1];
  }
  int row = 0, col = 0;
  const double off = matrix_not_unitary(d, m, &row, &col);
  if (!(off < TOLERANCE)) {
    Diag *diag = say(S, DIAG_GATE, v.span, "the matrix of `%s` is not unitary", name);
    diag_note(diag, "row %d times the conjugate of row %d is off by %s; it must be %d", row, col,
              num_text(S, off), row == col);
    return;
  }
  Operands ops;
  if (!given_operands(S, l, name, n, &ops)) return;
  for (int i = 0; i < ops.m; i++) {
    const int start = S->circuit->gates.n;
    GateUse u = use_on(l, &ops, i, GATE_UNITARY);
    u.values = values;
    push(S, u);
    finish(S, l, &ops, i, start);
  }
}

static void diagonal(Sema *S, const Line *l, const char *name, Args *args) {
  GivenValue v;
  if (!args_match(S, args, "phases") || !read_value(S, args->v[0], name, &v)) return;
  const int n = v.shape.rank == 1 ? qubits_of(v.shape.d[0].n) : -1;
  if (n < 0) {
    say_size(S, &v, name, "a phase for each basis state, [2^n]");
    return;
  }
  Operands ops;
  if (!given_operands(S, l, name, n, &ops)) return;
  for (int i = 0; i < ops.m; i++) {
    const int start = S->circuit->gates.n;
    GateUse u = use_on(l, &ops, i, GATE_DIAGONAL);
    u.values = v.values;
    if (v.values != NULL) push(S, u);
    else push_phases(S, &u, v.t->node, v.t->lift, v.span);
    finish(S, l, &ops, i, start);
  }
}

/* The word of paulirot; NULL after an error. */
static const char *read_word(Sema *S, const Value *v, const char *name) {
  const char *word = want_text(S, v, "the first argument of `paulirot`");
  if (word == NULL) return NULL;
  if (*word != '\0' && word[strspn(word, "IXYZ")] == '\0') return word;
  Diag *d = say(S, DIAG_GATE, v->span, "\"%s\" is no word of Pauli operators", word);
  diag_help(d, "a letter of I, X, Y, Z for each qubit: `%s(\"XZY\", 0.5) q[0], q[1], q[2]`", name);
  return NULL;
}

static void pauli_rotation(Sema *S, const Line *l, const char *name, Args *args) {
  if (!args_match(S, args, "word angle")) return;
  const char *word = read_word(S, args->v[0], name);
  const Tensor *t = want_tensor(S, args->v[1], "the angle of `paulirot`");
  Operands ops;
  if (word == NULL || t == NULL || !given_operands(S, l, name, (int)strlen(word), &ops)) return;
  advise_angle(S, args->ast[1]);
  const Shape s = tensor_sample(t);
  const bool one = shape_is_static(&s) && shape_capacity(&s) == 1;
  if (!one && !(s.rank == 1 && dim_equal(s.d[0], dim_static(ops.m)))) {
    Diag *d = say(S, DIAG_GATE, args->v[1]->span, "`%s` takes one angle%s, but this is %s", name,
                  ops.m > 1 ? " or one for each application" : "", sema_shape_text(S, &s));
    diag_label(d, l->operands->span, "%d application%s", ops.m, ops.m == 1 ? "" : "s");
    return;
  }
  for (int i = 0; i < ops.m; i++) {
    const int start = S->circuit->gates.n;
    GateUse u = use_on(l, &ops, i, GATE_PAULIROT);
    u.word = word;
    circuit_angle(S, t, one ? 0 : i, &u.angle[0]);
    push(S, u);
    finish(S, l, &ops, i, start);
  }
}

/* Bits given by a text or a list; NULL if they are computed (then *v is read) or after an error (*ok false).
 */
static const char *read_bits(Sema *S, const Value *arg, const char *name, GivenValue *v, int *n, bool *ok) {
  *ok = false;
  if (arg->kind == VAL_TEXT) {
    *n = (int)strlen(arg->u.text);
    *ok = *n > 0 && arg->u.text[strspn(arg->u.text, "01")] == '\0';
    if (!*ok) say(S, DIAG_GATE, arg->span, "\"%s\" is no row of bits: it takes 0 and 1 only", arg->u.text);
    return arg->u.text;
  }
  if (!read_value(S, arg, name, v)) return NULL;
  if (v->shape.rank != 1) {
    say_size(S, v, name, "a bit for each qubit, [n], or a text of them");
    return NULL;
  }
  *n = (int)v->shape.d[0].n;
  *ok = true;
  if (v->values == NULL) return NULL;
  char *word = ARENA_ARRAY(S->a, char, *n + 1);
  for (int i = 0; i < *n; i++) {
    const double b = v->values[i];
    if (b != 0 && b != 1) {
      say(S, DIAG_GATE, arg->span, "bit %d of `%s` is %s; bits are 0 and 1", i, name, num_text(S, b));
      *ok = false;
      return NULL;
    }
    word[i] = b != 0 ? '1' : '0';
  }
  return word;
}

/* x on the bits that are 1, so it has any size; a computed bit b turns its qubit by ry(pi b). */
static void basis(Sema *S, const Line *l, const char *name, Args *args) {
  GivenValue v;
  int n = 0, total = 0;
  bool ok;
  if (!args_match(S, args, "bits")) return;
  const char *word = read_bits(S, args->v[0], name, &v, &n, &ok);
  const Value **q = ok ? eval_operands(S, l->operands, &total) : NULL;
  if (q == NULL) return;
  const int qubits = count_targets(l, q, total), start = S->circuit->gates.n;
  if (qubits != n) {
    say(S, DIAG_GATE, l->operands->span, "this `%s` has %d bit%s, but %d qubit%s given", name, n,
        n == 1 ? "" : "s", qubits < 0 ? total : qubits, qubits == 1 ? " is" : "s are");
    return;
  }
  QubitsValue *controls = ARENA_ARRAY(S->a, QubitsValue, total + 1);
  for (int i = 0; i < total; i++) controls[i] = q[i]->u.qubits;
  const Tensor *turn = NULL;
  if (word == NULL) {
    Graph *g = graph_now(S);
    turn = angles_of(S, g_binary(g, OP_MUL, v.t->node, g_scalar(g, acos(-1), v.span), v.span), v.t->lift,
                     v.span);
  }
  int bit = 0;
  for (int i = l->n_controls; i < total; i++)
    for (int k = 0; k < q[i]->u.qubits.n; k++, bit++) {
      GateUse u = {.gate = word != NULL ? GATE_X : GATE_RY, .n_targets = 1, .span = l->span};
      u.qubit[0] = (uint8_t)q[i]->u.qubits.at[k];
      for (int a = 0; a < GATE_MAX_ANGLES; a++) u.angle[a].source = -1;
      const int here = S->circuit->gates.n;
      S->circuit->gates.n = start; /* what this line made does not count */
      ok = is_fresh(S, name, &u);
      S->circuit->gates.n = here;
      if (!ok) return;
      if (turn != NULL) circuit_angle(S, turn, bit, &u.angle[0]);
      if (word == NULL || word[bit] == '1') push(S, u);
    }
  prepared(S, name, l->span);
  (void)line_modify(S, l, start, controls);
}

static bool normalized(Sema *S, const GivenValue *v, bool normalize, double *values, int n) {
  double total = 0;
  for (int i = 0; i < n; i++) total += values[i] * values[i];
  if (normalize && total > 0) {
    for (int i = 0; i < n; i++) values[i] /= sqrt(total);
    return true;
  }
  if (!normalize && fabs(total - 1) < TOLERANCE) return true;
  Diag *d = say(S, DIAG_GATE, v->span,
                total == 0 ? "these amplitudes are all 0"
                           : "the squares of these amplitudes add up to %s, not to 1",
                num_text(S, total));
  if (total != 0) diag_help(d, "`amplitude(v, normalize = true)` divides them by their norm");
  return false;
}

static void amplitude(Sema *S, const Line *l, const char *name, Args *args) {
  GivenValue v;
  bool normalize = false;
  if (!args_match(S, args, "values normalize=") || !read_value(S, args->v[0], name, &v)) return;
  if (args->v[1] != NULL && !want_bool(S, args->v[1], "`normalize` of `amplitude`", &normalize)) return;
  const Shape *s = &v.shape;
  const bool pair = s->rank == 2 && s->d[1].n == 2;
  const int n = s->rank == 1 || pair ? qubits_of(s->d[0].n) : -1;
  if (n < 0) {
    say_size(S, &v, name, "[2^n] numbers, or [2^n, 2] real and imaginary parts");
    return;
  }
  double *values = NULL;
  for (int i = 0, d = 1 << n; v.values != NULL && i < 2 * d; i++) {
    if (i == 0) values = ARENA_ARRAY(S->a, double, 2 * d);
    values[i] = pair ? v.values[i] : i % 2 == 0 ? v.values[i / 2] : 0;
  }
  Operands ops;
  if (values != NULL && !normalized(S, &v, normalize, values, 2 << n)) return;
  if (!given_operands(S, l, name, n, &ops)) return;
  for (int i = 0; i < ops.m; i++) {
    const int start = S->circuit->gates.n;
    GateUse u = use_on(l, &ops, i, GATE_AMPLITUDE);
    u.values = values;
    if (!is_fresh(S, name, &u)) return;
    if (values != NULL) push(S, u);
    else push_amplitudes(S, &u, &v, normalize);
    prepared(S, name, l->span);
    finish(S, l, &ops, i, start);
  }
}

void given_line(Sema *S, const Line *l, const char *name, GateId gate, const AstNode *call_args) {
  Args args = {.span = l->head->span, .name_span = l->head->span, .name = name};
  args_eval(S, call_args, &args);
  if (args.broken) return;
  switch ((int)gate) {
  case GATE_UNITARY: unitary(S, l, name, &args); break;
  case GATE_DIAGONAL: diagonal(S, l, name, &args); break;
  case GATE_PAULIROT: pauli_rotation(S, l, name, &args); break;
  case GATE_BASIS: basis(S, l, name, &args); break;
  case GATE_AMPLITUDE: amplitude(S, l, name, &args); break;
  default: break;
  }
}
