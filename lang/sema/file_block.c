/* Blocks from OpenQASM files. The file's gates become gates of the circuit under way; its measurements
 * are deferred: a qubit that was measured holds its outcome for as long as only gates follow that
 * leave it in the basis of Z, and is copied to a fresh qubit before one that does not. A reset
 * exchanges the qubit with a fresh one; a condition is a control. So the state stays pure, and what is
 * measured at the end has exactly the distribution of the file. */
#include <math.h>
#include <string.h>
#include "lang/base/source.h"
#include "lang/sema/deferral.h"

/* ---- reading ----------------------------------------------------------------------------------- */

static const Source *read_include(void *ctx, const char *from, const char *name, const char **problem) {
  Sema *S = ctx;
  SemaModule file = {.problem = "files cannot be included here"};
  if (S->options->read == NULL || !S->options->read(S->options->read_ctx, S->a, from, name, false, &file)) {
    *problem = file.problem;
    return NULL;
  }
  import_add(S, &file);
  return src_add(file.shown, file.text, file.size);
}

/* Of a file that is too large, what its measurements depend on. */
static bool cut_to_cone(Sema *S, const AstNode *use, QasmFile *f) {
  const int all = f->n_qubits, n = qasm_cone(S->a, f, CIRCUIT_MAX_QUBITS);
  if (n >= 1 && n <= CIRCUIT_MAX_QUBITS) return true;
  Diag *d = say(S, DIAG_TOO_LARGE, use->span,
                n == 0 ? "`%s` has %d qubits and measures none of them"
                       : "`%s` has %d qubits, and what it measures depends on %d of them",
                use->text, all, n);
  diag_note(d,
            "at most %d can be simulated; of a larger file the qubits that its measurements depend on count",
            CIRCUIT_MAX_QUBITS);
  return false;
}

const Value *file_block_read(Sema *S, const AstNode *use, const char *name, const SemaModule *file) {
  const Source *src = src_add(file->shown, file->text, file->size);
  import_add(S, file);
  QasmFile *f = src != NULL ? qasm_read(S->a, src, read_include, S, S->sink) : NULL;
  if (f == NULL) return S->error;
  if (f->n_qubits == 0) {
    say(S, DIAG_MODULE_FILE, use->span, "`%s` declares no qubits", use->text);
    return S->error;
  }
  if (f->n_qubits > CIRCUIT_MAX_QUBITS && !cut_to_cone(S, use, f)) return S->error;
  FileBlock *b = ARENA_NEW(S->a, FileBlock);
  *b = (FileBlock){name, f, use->span};
  Value *v = val_new(S, VAL_FILE, use->span);
  v->u.file = b;
  return v;
}

/* ---- arguments -------------------------------------------------------------------------------------- */

/* One number: element of a tensor. */
typedef struct Num {
  const Tensor *t;
  int64_t element;
} Num;

typedef struct Apply {
  Sema *S;
  const FileBlock *block;
  const QasmFile *f;
  Span span;
  Num *inputs, *angles; /* angles NULL: the file's own numbers */
  double *known;        /* of each node, where it is_known */
  bool *is_known;
  const Value **values; /* of the other nodes, as far as they were needed */
  int *qubit;           /* of each of the file's */
  int *condition;       /* the qubit that holds a condition, -1: none does */
  int *holder;
  bool phases; /* of all states, which a control around the block sees */
} Apply;

static bool add_numbers(Sema *S, const Value *v, const char *what, Num *out, int cap, int *n) {
  const Tensor *t = want_tensor(S, v, what);
  if (t == NULL) return false;
  const Shape s = tensor_sample(t);
  if (!shape_is_static(&s)) {
    say(S, DIAG_STATIC, v->span, "%s has a size that is known only when run", what);
    return false;
  }
  const int64_t k = shape_capacity(&s);
  for (int64_t i = 0; i < k; i++, (*n)++)
    if (*n < cap) out[*n] = (Num){t, i};
  return true;
}

static const char *input_names(Sema *S, const QasmFile *f) {
  const char *out = "";
  for (int i = 0; i < f->inputs.n && i < 6; i++)
    out = arena_printf(S->a, "%s%s`%s`", out, i > 0 ? ", " : "", f->inputs.at[i].name);
  return f->inputs.n > 6 ? arena_printf(S->a, "%s, ...", out) : out;
}

static bool wrong_count(Sema *S, const FileBlock *b, const Args *args, int given, int open) {
  const QasmFile *f = b->file;
  Diag *d = say(S, DIAG_ARGUMENTS, args->span, "`%s` has %d input%s and %d angle%s, but %d number%s %s given",
                b->name, f->inputs.n, f->inputs.n == 1 ? "" : "s", f->angles.n, f->angles.n == 1 ? "" : "s",
                given, given == 1 ? "" : "s", given == 1 ? "is" : "are");
  if (open > 0) diag_note(d, "its inputs, in order: %s", input_names(S, f));
  diag_label(d, b->span, "read here");
  if (f->angles.n > 0)
    diag_help(d,
              "give the inputs alone, which leaves the file's angles as they are, or the angles behind them");
  return false;
}

static bool named_argument(Apply *p, const Args *args, int i) {
  Sema *S = p->S;
  const char *name = sym_text(args->names[i]);
  int n = 0, k = 0;
  if (strcmp(name, "angles") == 0) {
    p->angles = ARENA_ARRAY(S->a, Num, p->f->angles.n + 1);
    if (!add_numbers(S, args->named[i], "`angles`", p->angles, p->f->angles.n, &n)) return false;
    if (n == p->f->angles.n) return true;
    say(S, DIAG_ARGUMENTS, args->named[i]->span, "`%s` has %d angles, but %d %s given", p->block->name,
        p->f->angles.n, n, n == 1 ? "is" : "are");
    return false;
  }
  while (k < p->f->inputs.n && strcmp(p->f->inputs.at[k].name, name) != 0) k++;
  if (k == p->f->inputs.n) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->named_span[i], "`%s` has no input `%s`", p->block->name, name);
    if (p->f->inputs.n > 0) diag_help(d, "its inputs are %s", input_names(S, p->f));
    return false;
  }
  if (!add_numbers(S, args->named[i], "an input", &p->inputs[k], 1, &n)) return false;
  if (n != 1)
    say(S, DIAG_ARGUMENTS, args->named[i]->span, "the input `%s` is one number, but %d are given", name, n);
  return n == 1;
}

static bool read_arguments(Apply *p, const Args *args) {
  Sema *S = p->S;
  const int m = p->f->inputs.n, k = p->f->angles.n;
  Num *list = ARENA_ARRAY(S->a, Num, m + k + 1);
  int n = 0, open = 0, at = 0;
  p->inputs = ARENA_ARRAY(S->a, Num, m + 1);
  for (int i = 0; i < args->n_named; i++)
    if (!named_argument(p, args, i)) return false;
  for (int i = 0; i < args->n_pos; i++)
    if (!add_numbers(S, args->pos[i], "an argument", list, m + k, &n)) return false;
  for (int i = 0; i < m; i++) open += p->inputs[i].t == NULL;
  const bool with_angles = p->angles == NULL && k > 0 && n == open + k;
  if (n != open && !with_angles) return wrong_count(S, p->block, args, n, open);
  for (int i = 0; i < m; i++)
    if (p->inputs[i].t == NULL) p->inputs[i] = list[at++];
  if (with_angles) p->angles = list + at;
  return true;
}

/* ---- angles ------------------------------------------------------------------------------------------ */

static void find_known(Apply *p) {
  const int n = p->f->nodes.n;
  p->known = ARENA_ARRAY(p->S->a, double, n + 1);
  p->is_known = ARENA_ARRAY(p->S->a, bool, n + 1);
  p->values = ARENA_ARRAY(p->S->a, const Value *, n + 1);
  qasm_values(p->f, NULL, NULL, p->known);
  for (int i = 0; i < n; i++) {
    const QasmNode *q = &p->f->nodes.at[i];
    switch (q->kind) {
    case QASM_NUMBER: p->is_known[i] = true; break;
    case QASM_INPUT: break;
    case QASM_ANGLE: p->is_known[i] = p->angles == NULL; break;
    case QASM_UNARY: p->is_known[i] = p->is_known[q->a]; break;
    case QASM_BINARY: p->is_known[i] = p->is_known[q->a] && p->is_known[q->b]; break;
    }
  }
}

/* Element of a tensor as a scalar. */
static const Value *number_value(Sema *S, Num n, Span span) {
  Graph *g = graph_now(S);
  const Shape s = tensor_sample(n.t);
  NodeId id = n.t->node;
  Shape flat = {.rank = n.t->lift + 1};
  if (s.rank == 0) return val_node(S, id, n.t->lift, span);
  if (n.t->lift != 0) flat.d[0] = n.t->shape.d[0];
  flat.d[n.t->lift] = dim_static(shape_capacity(&s));
  id = g_reshape(g, id, &flat, span);
  id = g_slice(g, id, n.t->lift, n.element, 1, span);
  flat.rank--;
  return val_node(S, g_reshape(g, id, &flat, span), n.t->lift, span);
}

static const Value *unary_value(Sema *S, int op, const Value *a, Span span) {
  switch (op) {
  case '-': return tensor_unary(S, OP_NEG, a, span);
  case QASM_SIN: return tensor_unary(S, OP_SIN, a, span);
  case QASM_COS: return tensor_unary(S, OP_COS, a, span);
  case QASM_EXP: return tensor_unary(S, OP_EXP, a, span);
  case QASM_LN: return tensor_unary(S, OP_LOG, a, span);
  case QASM_SQRT: return tensor_unary(S, OP_SQRT, a, span);
  case QASM_TAN: {
    const Value *sine = tensor_unary(S, OP_SIN, a, span);
    return arith_binary(S, AST_OP_DIV, sine, tensor_unary(S, OP_COS, a, span), span);
  }
  default: break;
  }
  say(S, DIAG_QASM, span,
      "an inverse of sine, cosine or tangent of a value that the script gives is not available");
  return S->error;
}

static const Value *node_value(Apply *p, int id) {
  Sema *S = p->S;
  const QasmNode *n = &p->f->nodes.at[id];
  if (p->values[id] != NULL) return p->values[id];
  const Value *out = S->error, *a, *b;
  if (p->is_known[id]) {
    out = val_real(S, p->known[id], n->span);
  } else if (n->kind == QASM_UNARY) {
    a = node_value(p, n->a);
    out = val_is_error(a) ? a : unary_value(S, n->op, a, n->span);
  } else if (n->kind == QASM_BINARY) {
    const AstOp op = n->op == '+'   ? AST_OP_ADD
                     : n->op == '-' ? AST_OP_SUB
                     : n->op == '*' ? AST_OP_MUL
                     : n->op == '/' ? AST_OP_DIV
                                    : AST_OP_POW;
    a = node_value(p, n->a);
    b = node_value(p, n->b);
    out = val_is_error(a) || val_is_error(b) ? S->error : arith_binary(S, op, a, b, n->span);
  } else {
    out = number_value(S, n->kind == QASM_INPUT ? p->inputs[n->a] : p->angles[n->a], n->span);
  }
  p->values[id] = out;
  return out;
}

static bool angle_of_node(Apply *p, int id, AngleRef *out) {
  Sema *S = p->S;
  const QasmNode *n = &p->f->nodes.at[id];
  if (p->is_known[id]) {
    *out = (AngleRef){-1, 0, 0, p->known[id]};
    if (isfinite(p->known[id])) return true;
    say(S, DIAG_TYPE, n->span, "this has no finite value");
    return false;
  }
  if (n->kind == QASM_INPUT || n->kind == QASM_ANGLE) {
    const Num at = n->kind == QASM_INPUT ? p->inputs[n->a] : p->angles[n->a];
    return circuit_angle(S, at.t, at.element, out);
  }
  const Value *v = node_value(p, id);
  const Tensor *t = val_is_error(v) ? NULL : want_tensor(S, v, "an angle");
  return t != NULL && circuit_angle(S, t, 0, out);
}

/* ---- conditions ---------------------------------------------------------------------------------------- */

/* Bits that were never written are 0; the table over the others. */
static void written_bits(const Apply *p, const QasmCondition *c, Condition *out) {
  int place[QASM_MAX_CONDITION];
  out->n = 0;
  for (int i = 0; i < c->n; i++) {
    if (p->holder[c->bit[i]] < 0) continue;
    place[out->n] = i;
    out->holder[out->n++] = p->holder[c->bit[i]];
  }
  for (unsigned k = 0; k < 1u << out->n; k++) {
    unsigned at = 0;
    for (int i = 0; i < out->n; i++) at |= (k >> i & 1) << place[i];
    out->table[k] = c->table[at];
  }
}

/* Adds the controls of a condition and those around it. Returns 1, 0 if it never holds, -1 after an error. */
static int add_controls(Apply *p, int id, Controls *out) {
  for (; id >= 0; id = p->f->conditions.at[id].parent) {
    Condition k;
    written_bits(p, &p->f->conditions.at[id], &k);
    const int holds = condition_controls(p->S, &k, &p->condition[id], out, p->span);
    if (holds <= 0) return holds;
  }
  return 1;
}

/* ---- operations -------------------------------------------------------------------------------------------
 */
static bool apply_gate(Apply *p, const QasmOp *o) {
  if (o->gate == GATE_GPHASE && !p->phases) return true;
  GateUse u = {.gate = o->gate,
               .inverse = o->inverse,
               .n_targets = o->n_targets,
               .n_controls = o->n_controls,
               .span = p->span};
  for (int i = 0; i < o->n_controls + o->n_targets; i++) u.qubit[i] = (uint8_t)p->qubit[o->qubit[i]];
  for (int i = 0; i < o->n_controls; i++) u.control_on[i] = o->control_on[i];
  for (int i = 0; i < gate_info[o->gate].n_angles; i++)
    if (!angle_of_node(p, o->angle[i], &u.angle[i])) return false;
  if (!deferral_keep(p->S, &u, o->condition >= 0, p->S->circuit->gates.n, p->span)) return false;
  if (o->condition >= 0) {
    Controls c = {0};
    const int holds = add_controls(p, o->condition, &c);
    if (holds <= 0) return holds == 0;
    if (!gate_condition(p->S, &u, &c, p->span)) return false;
  }
  deferral_push(p->S, &u);
  return true;
}

static void apply_measure(Apply *p, const QasmOp *o) {
  const int q = p->qubit[o->qubit[0]];
  if (o->bit >= 0) p->holder[o->bit] = q;
  deferral_measure(p->S, q, p->span);
}

static bool apply_reset(Apply *p, const QasmOp *o) {
  const int q = p->qubit[o->qubit[0]];
  CircuitBuild *c = p->S->circuit;
  if ((c->touched >> q & 1) == 0) return true; /* still |0> */
  const int other = deferral_fresh(p->S, p->span), held = deferral_find(c, q);
  if (other < 0) return false;
  const GateUse swap = {
      .gate = GATE_SWAP, .n_targets = 2, .qubit = {(uint8_t)q, (uint8_t)other}, .n_kept = 2, .span = p->span};
  deferral_push(p->S, &swap);
  c->n_impure++;
  if (held >= 0) c->held.at[held] = (Held){other, c->gates.n};
  deferral_rename(c, q, other);
  return true;
}

/* ---- the block
 * ---------------------------------------------------------------------------------------------- */

static bool bind_qubits(Apply *p, int n, const QubitsValue *operands) {
  Sema *S = p->S;
  uint64_t seen = 0;
  int total = 0;
  for (int i = 0; i < n; i++) total += operands[i].n;
  if (total != p->f->n_qubits) {
    Diag *d = say(S, DIAG_GATE, p->span, "`%s` has %d qubit%s, but is applied to %d", p->block->name,
                  p->f->n_qubits, p->f->n_qubits == 1 ? "" : "s", total);
    diag_label(d, p->block->span, "read here");
    return false;
  }
  p->qubit = ARENA_ARRAY(S->a, int, total + 1);
  total = 0;
  for (int i = 0; i < n; i++)
    for (int k = 0; k < operands[i].n; k++) {
      const int q = operands[i].at[k];
      if (seen >> q & 1) {
        say(S, DIAG_QUBIT, p->span, "`%s` gets one qubit twice", p->block->name);
        return false;
      }
      seen |= (uint64_t)1 << q;
      p->qubit[total++] = q;
    }
  return true;
}

void file_block_apply(Sema *S, const FileBlock *b, const Args *args, int n, const QubitsValue *operands,
                      bool controlled, Span span) {
  Apply p = {.S = S, .block = b, .f = b->file, .span = span};
  p.phases = b->file->is_pure && (controlled || S->object->object->is_block);
  CircuitBuild *c = S->circuit;
  vec_push(S->a, &c->files, ((FileUse){b, NULL}));
  FileUse *use = &c->files.at[c->files.n - 1];
  if (!bind_qubits(&p, n, operands) || !read_arguments(&p, args)) return;
  find_known(&p);
  held_settle(S, 0, span);
  c->touched = 0;
  for (int i = 0; i < c->gates.n; i++)
    for (int k = 0; k < c->gates.at[i].n_controls + c->gates.at[i].n_targets; k++)
      c->touched |= (uint64_t)1 << c->gates.at[i].qubit[k];
  p.condition = ARENA_ARRAY(S->a, int, p.f->conditions.n + 1);
  for (int i = 0; i < p.f->conditions.n; i++) p.condition[i] = -1;
  p.holder = ARENA_ARRAY(S->a, int, p.f->n_bits + 1);
  for (int i = 0; i < p.f->n_bits; i++) p.holder[i] = -1;
  use->holder = p.holder;
  bool ok = true;
  for (int i = 0; i < p.f->ops.n && ok; i++) {
    const QasmOp *o = &p.f->ops.at[i];
    if (o->kind == QASM_MEASURE) apply_measure(&p, o);
    else ok = o->kind == QASM_RESET ? apply_reset(&p, o) : apply_gate(&p, o);
  }
}

/* ---- names of it
 * ----------------------------------------------------------------------------------------------- */

/* The qubits that hold these bits. */
static const Value *outcome(Sema *S, const FileUse *use, const char *name, int first, int n, bool single,
                            Span span) {
  held_settle(S, 0, span);
  const int *at = deferral_outcomes(S, use->holder + first, n, 0, span);
  if (at == NULL) return S->error;
  Value *v = val_new(S, VAL_QUBITS, span);
  v->u.qubits = (QubitsValue){n, at, single, name};
  return v;
}

static const Value *no_member(Sema *S, const FileBlock *b, const char *name, Span span) {
  Diag *d = say(S, DIAG_NAME, span, "`%s` has no classical register `%s`", b->name, name);
  const char *known[64], *near;
  int n = 0;
  known[n++] = "angles";
  known[n++] = "bits";
  for (int i = 0; i < b->file->bits.n && n < 64; i++) known[n++] = b->file->bits.at[i].name;
  near = diag_nearest(name, known, n);
  if (near != NULL) diag_mark(d, "did you mean `%s.%s`?", b->name, near);
  else if (n > 2)
    diag_help(d, "it has `%s.%s`, all of them are `%s.bits`, and its numbers `%s.angles`", b->name, known[2],
              b->name, b->name);
  else diag_help(d, "it measures nothing; its numbers are `%s.angles`", b->name);
  return S->error;
}

const Value *file_block_member(Sema *S, const Value *v, const AstNode *n) {
  const FileBlock *b = v->u.file;
  const char *name = sym_text(n->name);
  const QasmRegister *r = NULL;
  for (int i = 0; i < b->file->bits.n && r == NULL; i++)
    if (strcmp(b->file->bits.at[i].name, name) == 0) r = &b->file->bits.at[i];
  if (r == NULL && strcmp(name, "angles") == 0) {
    const int k = b->file->angles.n;
    const Value **at = ARENA_ARRAY(S->a, const Value *, k + 1);
    for (int i = 0; i < k; i++) at[i] = val_real(S, b->file->nodes.at[b->file->angles.at[i]].num, n->span);
    return val_list(S, VAL_LIST, k, at, n->span);
  }
  const bool all = r == NULL && strcmp(name, "bits") == 0 && b->file->n_bits > 0;
  if (r == NULL && !all) return no_member(S, b, name, n->span);
  const FileUse *use = NULL;
  for (int i = 0; S->circuit != NULL && i < S->circuit->files.n; i++)
    if (S->circuit->files.at[i].block == b) use = &S->circuit->files.at[i];
  if (use == NULL) {
    Diag *d = say(S, DIAG_PLACE, n->span,
                  "`%s.%s` are outcomes of measurements, and `%s` was not applied before, in this circuit",
                  b->name, name, b->name);
    diag_help(d, "apply it, then measure: `%s q; return probs(%s.%s)`", b->name, b->name, name);
    return S->error;
  }
  if (use->holder == NULL) return S->error;
  return outcome(S, use, name, all ? 0 : r->first, all ? b->file->n_bits : r->n, !all && r->is_single,
                 n->span);
}
