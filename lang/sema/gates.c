/* Lines of circuits: gates and blocks on qubits, over registers and pairs, with modifiers. */
#include "lang/sema/gates.h"
#include <string.h>

/* ---- operands ----------------------------------------------------------------------------------- */

static bool eval_operand(Sema *S, const AstNode *n, const Value **out) {
  *out = eval(S, n);
  if (val_is_error(*out)) return false;
  if ((*out)->kind == VAL_QUBITS || (*out)->kind == VAL_PAIRS) return true;
  Diag *d = wrong_kind(S, *out, "what a gate acts on", "a qubit or a register");
  (void)d;
  return false;
}

const Value **eval_operands(Sema *S, const AstNode *list, int *n) {
  *n = list != NULL ? list->n : 0;
  const Value **v = ARENA_ARRAY(S->a, const Value *, *n + 1);
  bool ok = true;
  for (int i = 0; i < *n; i++) ok = eval_operand(S, list->kids[i], &v[i]) && ok;
  return ok ? v : NULL;
}

void single_qubit(Sema *S, QubitsValue *out, int qubit) {
  int *at = ARENA_NEW(S->a, int);
  *at = qubit;
  *out = (QubitsValue){1, at, true, ""};
}

/* Pairs: the operand of a line that acts on two things. */
bool operands_pairs(Sema *S, const Line *l, const char *name, const Value *v, int width, Operands *out) {
  if (width != 2) {
    Diag *d = say(S, DIAG_GATE, v->span, "`%s` acts on %d qubit%s, but these are pairs", name, width,
                  width == 1 ? "" : "s");
    if (width == 1)
      diag_help(d, "write `%s %s`, or a gate of two qubits such as `cx`", src_of_span(S, l->head->span),
                v->u.qubits.name);
    return false;
  }
  out->m = v->u.qubits.n;
  out->width = 2;
  out->at = ARENA_ARRAY(S->a, QubitsValue, 2 * out->m + 1);
  for (int i = 0; i < 2 * out->m; i++) single_qubit(S, &out->at[i], v->u.qubits.at[i]);
  return true;
}

bool operands_wise(Sema *S, const char *name, const Value **v, int n, Operands *out) {
  out->m = v[0]->u.qubits.n;
  out->width = n;
  out->at = ARENA_ARRAY(S->a, QubitsValue, n * out->m + 1);
  for (int k = 0; k < n; k++) {
    if (v[k]->u.qubits.n != out->m) {
      Diag *d = say(S, DIAG_GATE, v[k]->span, "`%s` takes registers of one size: %d qubit%s here, %d before",
                    name, v[k]->u.qubits.n, v[k]->u.qubits.n == 1 ? "" : "s", out->m);
      diag_label(d, v[0]->span, "%d qubit%s", out->m, out->m == 1 ? "" : "s");
      if (n == 2 && out->m == 1)
        diag_help(d, "the one with each of the others: `%s star([%s, %s])`", name, src_of_span(S, v[0]->span),
                  src_of_span(S, v[1]->span));
      return false;
    }
    for (int i = 0; i < out->m; i++) single_qubit(S, &out->at[i * n + k], v[k]->u.qubits.at[i]);
  }
  return true;
}

bool gate_operands(Sema *S, const Line *l, const char *name, int width, Operands *out) {
  int n = 0;
  const Value **v = eval_operands(S, l->operands, &n);
  if (v == NULL) return false;
  if (n == 1 && v[0]->kind == VAL_PAIRS) return operands_pairs(S, l, name, v[0], width, out);
  for (int i = 0; i < n; i++)
    if (v[i]->kind == VAL_PAIRS) {
      say(S, DIAG_GATE, v[i]->span, "pairs are the only operand of their line");
      return false;
    }
  if (n == 1 && width == 2 && !v[0]->u.qubits.is_single) {
    Diag *d = say(S, DIAG_GATE, l->operands->span, "`%s` acts on two qubits, but this is one register", name);
    diag_help(d, "say which pairs: `%s chain(%s)`, `ring(%s)`, `all(%s)`", src_of_span(S, l->head->span),
              v[0]->u.qubits.name, v[0]->u.qubits.name, v[0]->u.qubits.name);
    return false;
  }
  if (n != width) {
    Diag *d = say(S, DIAG_GATE, l->operands != NULL ? l->operands->span : l->span,
                  "`%s` acts on %d qubit%s, but %d %s given", name, width, width == 1 ? "" : "s", n,
                  n == 1 ? "is" : "are");
    if (width == 1 && n > 1) {
      const char *head = src_of_span(S, l->head->span);
      diag_help(d, "write a line for each, `%s %s; %s %s`, or name a register", head,
                src_of_span(S, v[0]->span), head, src_of_span(S, v[1]->span));
    }
    if (l->n_controls > 0)
      diag_note(d, "%d of them %s", l->n_controls, l->n_controls == 1 ? "is a control" : "are controls");
    return false;
  }
  return operands_wise(S, name, v, n, out);
}

/* ---- angles -------------------------------------------------------------------------------------- */

typedef struct Angles {
  int k;
  const Tensor *t[GATE_MAX_ANGLES];
  bool joint;
} Angles;

static const Value *say_angles(Sema *S, const char *name, const AstNode *at, const Value *v, const Shape *s,
                               int m, int k, Span operands) {
  Diag *d;
  if (m > 1 && k == 1)
    d = say(S, DIAG_GATE, at->span, "`%s` on %d qubits needs %d angles or 1, but `%s` is %s", name, m, m,
            src_of_span(S, at->span), sema_shape_text(S, s));
  else
    d = say(S, DIAG_GATE, at->span, "`%s` needs %d angle%s, but `%s` is %s", name, k, k == 1 ? "" : "s",
            src_of_span(S, at->span), sema_shape_text(S, s));
  diag_label(d, operands, "%d qubit%s", m, m == 1 ? "" : "s");
  for (int i = 0; i < s->rank && i < 2; i++) label_origin(S, d, s->d[i]);
  if (k == 1 && s->rank == 2 && s->d[0].n == m && at->kind == AST_INDEX)
    diag_help(d, "pick one of the %lld angles of each qubit: `%.*s, :, 0]`", (long long)s->d[1].n,
              (int)strlen(src_of_span(S, at->span)) - 1, src_of_span(S, at->span));
  (void)v;
  return S->error;
}

static bool gate_angles(Sema *S, const char *name, GateId gate, const AstNode *args, int m, Span operands,
                        Angles *out) {
  const int k = gate_info[gate].n_angles, given = args != NULL ? args->n : 0;
  *out = (Angles){.k = k, .joint = k > 1 && given == 1};
  if (given != k && !out->joint) {
    Diag *d = say(S, DIAG_GATE, args != NULL && given > 0 ? args->span : operands,
                  "`%s` has %s angle%s, but %s %s given", name, k == 0 ? "no" : num_text(S, k),
                  k == 1 ? "" : "s", given == 0 ? "none" : num_text(S, given), given < 2 ? "is" : "are");
    if (k == 1) diag_help(d, "write `%s(0.5) %s`", name, src_of_span(S, operands));
    if (k == 0) diag_help(d, "write `%s %s`", name, src_of_span(S, operands));
    return false;
  }
  for (int i = 0; i < given; i++) {
    const AstNode *a = args->kids[i];
    if (a->kind == AST_ARG) {
      say(S, DIAG_ARGUMENTS, a->span, "angles of a gate have no names");
      return false;
    }
    const Value *v = eval(S, a);
    if (val_is_error(v)) return false;
    out->t[i] = want_tensor(S, v, arena_printf(S->a, "an angle of `%s`", name));
    if (out->t[i] == NULL) return false;
    advise_angle(S, a);
    const Shape s = tensor_sample(out->t[i]);
    const bool one = s.rank == 0 || (s.rank == 1 && dim_is_one(s.d[0]) && !out->joint);
    const bool each = s.rank == 1 && dim_equal(s.d[0], dim_static(out->joint ? k : m));
    const bool matrix =
        out->joint && s.rank == 2 && dim_equal(s.d[0], dim_static(m)) && dim_equal(s.d[1], dim_static(k));
    if (!(one && !out->joint) && !each && !matrix) {
      say_angles(S, name, a, v, &s, m, k, operands);
      return false;
    }
  }
  return true;
}

/* Angle `a` of application i. */
static void angle_of(Sema *S, const Angles *angles, int a, int i, AngleRef *out) {
  const Tensor *t = angles->joint ? angles->t[0] : angles->t[a];
  const Shape s = tensor_sample(t);
  int64_t e = 0;
  if (angles->joint) e = s.rank == 2 ? (int64_t)i * angles->k + a : a;
  else if (shape_capacity(&s) > 1) e = i;
  circuit_angle(S, t, e, out);
}

/* ---- gates and blocks ------------------------------------------------------------------------------ */

/* A gate on any number of qubits: all operands together, one application. */
static void wide_gate(Sema *S, const Line *l, const char *name, GateId gate, const AstNode *args) {
  int n = 0;
  const Value **v = eval_operands(S, l->operands, &n);
  Angles angles;
  if (v == NULL || !gate_angles(S, name, gate, args, 1, l->operands->span, &angles)) return;
  GateUse u = {.gate = gate, .span = l->span};
  for (int i = l->n_controls; i < n; i++)
    for (int k = 0; k < v[i]->u.qubits.n; k++) {
      if (v[i]->kind == VAL_PAIRS || u.n_targets + l->n_controls == GATE_MAX_QUBITS) {
        say(S, DIAG_GATE, l->operands->span, "`%s` acts on at most %d qubits together, not on pairs", name,
            GATE_MAX_QUBITS);
        return;
      }
      u.qubit[u.n_targets++] = (uint8_t)v[i]->u.qubits.at[k];
    }
  QubitsValue *q = ARENA_ARRAY(S->a, QubitsValue, n + 1);
  for (int i = 0; i < n; i++) q[i] = v[i]->u.qubits;
  if (n <= l->n_controls) {
    say(S, DIAG_GATE, l->operands->span, "`%s` has no qubit left to act on", name);
    return;
  }
  for (int a = 0; a < angles.k; a++) angle_of(S, &angles, a, 0, &u.angle[a]);
  const int start = S->circuit->gates.n;
  vec_push(S->a, &S->circuit->gates, u);
  line_modify(S, l, start, q);
}

/* Under k controls alone, as in OpenQASM 3, a global phase is a phase of the last control: where that
 * is 1 the gate p(a), else gphase(a) p(-a). False if the line has a target too, or no control. */
static bool phase_of_controls(Sema *S, const Line *l, Line *out, bool *when_zero) {
  if (l->n_controls == 0 || l->operands == NULL || l->operands->n != l->n_controls) return false;
  int n = 0;
  const Value **v = eval_operands(S, l->operands, &n);
  for (int i = 0; i < n; i++)
    if (v == NULL || v[i]->kind == VAL_PAIRS) return false;
  *out = *l;
  int last = out->n_mods - 1;
  while (out->mods[last].kind != MOD_CTRL && out->mods[last].kind != MOD_NEGCTRL) last--;
  *when_zero = out->mods[last].kind == MOD_NEGCTRL;
  out->n_controls--;
  if (--out->mods[last].n > 0) return true;
  for (int i = last; i + 1 < out->n_mods; i++) out->mods[i] = out->mods[i + 1];
  out->n_mods--;
  return true;
}

/* Before p(a) turned about: gphase(a). */
static void negate_phase(Sema *S, GateUse *u) {
  GateUse all = *u;
  all.gate = GATE_GPHASE;
  vec_push(S->a, &S->circuit->gates, all);
  u->angle[0].scale = -u->angle[0].scale;
  u->angle[0].shift = -u->angle[0].shift;
}

static void gate_line(Sema *S, const Line *l, const char *name, GateId gate, const AstNode *args) {
  Line phase;
  bool when_zero = false;
  if (gate == GATE_GPHASE && phase_of_controls(S, l, &phase, &when_zero)) l = &phase, gate = GATE_P;
  const GateInfo *info = &gate_info[gate];
  if (info->later) {
    later(S, l->head->span, "the gate `%s`", name);
    return;
  }
  if (info->given) {
    const bool backwards = S->circuit->backwards;
    S->circuit->backwards = backwards != line_is_inverse(l);
    given_line(S, l, name, gate, args);
    S->circuit->backwards = backwards;
    return;
  }
  if (info->n_qubits < 0) {
    wide_gate(S, l, name, gate, args);
    return;
  }
  const int width = info->n_qubits + l->n_controls;
  if (width > GATE_MAX_QUBITS) {
    say(S, DIAG_GATE, l->span, "this gate would act on %d qubits; at most %d are possible", width,
        GATE_MAX_QUBITS);
    return;
  }
  Operands ops;
  Angles angles;
  if (!gate_operands(S, l, name, width, &ops)) return;
  if (!gate_angles(S, name, gate, args, ops.m, l->operands->span, &angles)) return;
  for (int i = 0; i < ops.m; i++) {
    GateUse u = {.gate = gate, .n_targets = info->n_qubits, .span = l->span};
    const QubitsValue *q = ops.at + (ptrdiff_t)i * width;
    for (int k = 0; k < info->n_qubits; k++) u.qubit[k] = (uint8_t)q[l->n_controls + k].at[0];
    for (int a = 0; a < info->n_angles; a++) angle_of(S, &angles, a, i, &u.angle[a]);
    const int start = S->circuit->gates.n;
    if (when_zero) negate_phase(S, &u);
    vec_push(S->a, &S->circuit->gates, u);
    if (!line_modify(S, l, start, q)) return;
  }
}

static void block_line(Sema *S, const Line *l, ObjectInfo *o, const AstNode *call_args) {
  if (!o->is_block) {
    Diag *d = say(S, DIAG_PLACE, l->head->span,
                  "`%s` returns a measurement, so it is a layer, and a circuit applies gates and blocks only",
                  o->name);
    diag_label(d, o->decl->name_span, "declared here");
    return;
  }
  if (o->broken) return;
  Args args = {.span = l->head->span, .name_span = l->head->span, .name = o->name};
  args_eval(S, call_args, &args);
  const AstNode *params = ast_kid(o->decl, AST_CIRCUIT_params);
  const Value *inputs[ARGS_MAX] = {0};
  if (args.broken || !match_params(S, &args, params, NULL, inputs)) return;
  const AstNode *regs = ast_kid(o->decl, AST_CIRCUIT_registers);
  const int width = (regs != NULL ? regs->n : 0) + l->n_controls;
  int n = 0;
  const Value **v = eval_operands(S, l->operands, &n);
  if (v == NULL) return;
  Operands ops = {1, n, NULL};
  if (n == 1 && v[0]->kind == VAL_PAIRS) {
    if (!operands_pairs(S, l, o->name, v[0], width, &ops)) return;
  } else {
    ops.at = ARENA_ARRAY(S->a, QubitsValue, n + 1);
    for (int i = 0; i < n; i++) {
      if (v[i]->kind == VAL_PAIRS) {
        say(S, DIAG_GATE, v[i]->span, "pairs are the only operand of their line");
        return;
      }
      ops.at[i] = v[i]->u.qubits;
    }
    for (int i = 0; i < l->n_controls && i < n; i++)
      if (ops.at[i].n != 1) {
        say(S, DIAG_GATE, v[i]->span, "the control of a block is one qubit, not %d", ops.at[i].n);
        return;
      }
    if (n < l->n_controls) n = l->n_controls;
  }
  for (int i = 0; i < ops.m; i++) {
    const QubitsValue *q = ops.at + (ptrdiff_t)i * ops.width;
    const int start = S->circuit->gates.n;
    const bool backwards = S->circuit->backwards;
    if (line_is_inverse(l)) S->circuit->backwards = !backwards;
    apply_block(S, o, inputs, params != NULL ? params->n : 0, ops.width - l->n_controls, q + l->n_controls,
                l->span);
    S->circuit->backwards = backwards;
    if (!line_modify(S, l, start, q)) return;
  }
}

/* A block from an OpenQASM file: the operands behind the controls are together its qubits. */
static void file_line(Sema *S, const Line *l, const FileBlock *b, const AstNode *call_args) {
  Args args = {.span = l->head->span, .name_span = l->head->span, .name = b->name};
  args_eval(S, call_args, &args);
  int n = 0;
  const Value **v = eval_operands(S, l->operands, &n);
  if (v == NULL || args.broken) return;
  QubitsValue *q = ARENA_ARRAY(S->a, QubitsValue, n + 1);
  for (int i = 0; i < n; i++) {
    q[i] = v[i]->u.qubits;
    const bool control = i < l->n_controls;
    if (v[i]->kind == VAL_PAIRS || (control && q[i].n != 1)) {
      say(S, DIAG_GATE, v[i]->span,
          control ? "the control of a block is one qubit" : "`%s` acts on registers, not on pairs", b->name);
      return;
    }
  }
  const int start = S->circuit->gates.n, skip = n < l->n_controls ? n : l->n_controls;
  if (l->n_mods > 0 && !b->file->is_pure) {
    Diag *d = say(S, DIAG_IMPURE, l->span, "`%s` measures or resets, so it takes no modifier", b->name);
    diag_label(d, b->span, "read here");
    vec_push(S->a, &S->circuit->files, ((FileUse){b, NULL}));
    return;
  }
  file_block_apply(S, b, &args, n - skip, q + skip, l->n_controls > 0,
                   l->operands != NULL ? l->operands->span : l->span);
  line_modify(S, l, start, q);
}

/* A noise channel over registers or pairs, like a gate. */
static void channel_line(Sema *S, const Line *l, ChannelId id, const AstNode *args) {
  if (l->n_mods > 0) {
    say(S, DIAG_IMPURE, l->span, "`%s` is noise, which has neither an inverse nor controls",
        channel_info[id].name);
    return;
  }
  const ChannelValue *c = channel_of_line(S, id, args, l->head->span);
  Operands ops;
  if (c == NULL || !gate_operands(S, l, channel_info[id].name, c->n_qubits, &ops)) return;
  for (int i = 0; i < ops.m; i++) {
    int qubits[CHANNEL_MAX_QUBITS];
    for (int k = 0; k < c->n_qubits; k++) qubits[k] = ops.at[(ptrdiff_t)i * ops.width + k].at[0];
    if (!channel_push(S, &S->circuit->gates, c, i, ops.m, qubits, l->span)) return;
  }
}

static void unknown_gate(Sema *S, const AstNode *name) {
  const char *text = sym_text(name->name);
  const Binding *b = scope_find(S->scope, name->name);
  if (b != NULL) {
    Diag *d = say(S, DIAG_NAME, name->span, "`%s` is no gate: it is %s", text, val_describe(S, b->value));
    diag_label(d, b->span, "declared here");
    return;
  }
  if (say_foreign_gate(S, text, name->span)) return;
  Diag *d = say(S, DIAG_NAME, name->span, "there is no gate or block `%s`", text);
  const char *ours = synonym_of(text);
  VEC(const char *) names = {0};
  static const char *const words[] = {"return", "param", "let", "for"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) vec_push(S->a, &names, words[i]);
  for (int i = 0; i < GATE_COUNT; i++) vec_push(S->a, &names, gate_info[i].name);
  for (int i = CHANNEL_NONE + 1; i < CHANNEL_COUNT; i++) vec_push(S->a, &names, channel_info[i].name);
  for (int i = 0; i < S->objects.n; i++) vec_push(S->a, &names, S->objects.at[i]->name);
  if (ours != NULL) {
    diag_mark(d, "did you mean `%s`?", ours);
    diag_fix(d, name->span, ours, true);
  } else if (!help_use(S, d, text) && diag_did_you_mean(d, name->span, text, names.at, names.n) == NULL &&
             !help_use_near(S, d, text)) {
    diag_help(d, "gates have the names of OpenQASM 3: `rx(a) q`, `cx q[0], q[1]`");
  }
}

const char *line_takes(const char *name) {
  if (gate_find(name) != GATE_COUNT) return "gate";
  return channel_find(name) != CHANNEL_NONE ? "noise channel" : NULL;
}

void walk_command(Sema *S, const AstNode *n) {
  Line l = {.span = n->span, .n_impure = S->circuit->n_impure, .n_prepared = S->circuit->n_prepared};
  bool ok = true;
  for (; n->kind == AST_MODIFIED; n = ast_kid(n, AST_MODIFIED_command))
    ok = line_modifier(S, &l, ast_kid(n, AST_MODIFIED_modifier)) && ok;
  if (!ok || n->kind != AST_COMMAND) return;
  l.head = ast_kid(n, AST_COMMAND_head);
  l.operands = ast_kid(n, AST_COMMAND_operands);
  if (S->circuit->measured) {
    Diag *d = say(S, DIAG_PLACE, n->span, "a gate after the measurement");
    diag_label(d, S->circuit->measured_span, "measured here");
    return;
  }
  const AstNode *args = l.head->kind == AST_CALL ? ast_kid(l.head, AST_CALL_args) : NULL;
  const AstNode *name = l.head->kind == AST_CALL ? ast_kid(l.head, AST_CALL_callee) : l.head;
  if (name->kind == AST_NAME) {
    const ChannelId channel = channel_find(sym_text(name->name));
    if (channel != CHANNEL_NONE) {
      channel_line(S, &l, channel, args);
      return;
    }
    const GateId gate = gate_find(sym_text(name->name));
    if (gate != GATE_COUNT) {
      gate_line(S, &l, sym_text(name->name), gate, args);
      return;
    }
    Binding *b = scope_find(S->scope, name->name);
    if (b == NULL ||
        (b->value->kind != VAL_OBJECT && b->value->kind != VAL_FILE && !val_is_error(b->value))) {
      unknown_gate(S, name);
      return;
    }
    b->used = l.is_block = true;
    if (b->value->kind == VAL_OBJECT) block_line(S, &l, b->value->u.object, args);
    if (b->value->kind == VAL_FILE) file_line(S, &l, b->value->u.file, args);
    return;
  }
  const Value *v = eval(S, name);
  l.is_block = true;
  if (v->kind == VAL_OBJECT) block_line(S, &l, v->u.object, args);
  else if (v->kind == VAL_FILE) file_line(S, &l, v->u.file, args);
  else if (!val_is_error(v)) wrong_kind(S, v, "what stands before the qubits", "a gate or a block");
}
