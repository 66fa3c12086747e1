/* The walk over the statements of a file: names, registers, measurement, conditions. */
#include "lang/qasm/qasm_int.h"
#include <string.h>

Diag *qw_say(QWalk *w, DiagCode code, Span span, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *text = arena_vprintf(w->a, fmt, ap);
  va_end(ap);
  w->errors++;
  return diag_add(w->sink, code, span, "%s", text);
}

bool qw_spend(QWalk *w, long n, Span span) {
  if (w->full) return false;
  w->budget -= n;
  if (w->budget >= 0) return true;
  w->full = true;
  qw_say(w, DIAG_TOO_LARGE, span, "with its definitions written out this file has more than %d operations",
         QASM_MAX_OPS);
  return false;
}

/* ---- names ----------------------------------------------------------------------------------------- */

QName *qw_find(QWalk *w, Symbol name) {
  const int at = (int)name < w->by_symbol.n ? w->by_symbol.at[name] : 0;
  return at > 0 ? &w->names.at[at - 1] : NULL;
}

QName *qw_declare(QWalk *w, Symbol name, Span span, QNameKind kind) {
  const QName *old = qw_find(w, name);
  if (old != NULL && !old->library) {
    Diag *d = qw_say(w, DIAG_REDECLARED, span, "`%s` is declared twice", sym_text(name));
    diag_label(d, old->span, "first here");
  }
  while (w->by_symbol.n <= (int)name) vec_push(w->a, &w->by_symbol, 0);
  vec_push(w->a, &w->names,
           ((QName){.name = name, .span = span, .kind = kind, .library = w->library, .node = -1}));
  w->by_symbol.at[name] = w->names.n;
  return &w->names.at[w->names.n - 1];
}

/* ---- operands ---------------------------------------------------------------------------------------- */

static bool pick(QWalk *w, const QExpr *e, int size, const char *name, long *out) {
  if (!qw_int(w, e, NULL, "an index", -(long)size - 1000000, (long)size + 1000000, out)) return false;
  const long given = *out;
  if (*out < 0 && w->f->version == 3) *out += size;
  if (*out >= 0 && *out < size) return true;
  qw_say(w, DIAG_QUBIT, e->span, "there is no index %ld: `%s` has %d", given, name, size);
  return false;
}

/* The numbers that an index picks of `at`. */
static bool picks(QWalk *w, const QExpr *e, int size, const int *at, const char *name, int *n,
                  const int **out, bool *single) {
  VEC(int) list = {0};
  long k = 0, from = 0, to = size - 1, step = 1;
  *single = false;
  if (e->kind == QE_SET) {
    for (int i = 0; i < e->n; i++) {
      if (!pick(w, e->kids[i], size, name, &k)) return false;
      vec_push(w->a, &list, at[k]);
    }
  } else if (e->kind == QE_RANGE) {
    if (e->kids[1] != NULL && !qw_int(w, e->kids[1], NULL, "a step", -1000000, 1000000, &step)) return false;
    if (step < 0) from = size - 1, to = 0;
    if (e->kids[0] != NULL && !pick(w, e->kids[0], size, name, &from)) return false;
    if (e->kids[2] != NULL && !pick(w, e->kids[2], size, name, &to)) return false;
    for (k = from; step != 0 && (step > 0 ? k <= to : k >= to); k += step) vec_push(w->a, &list, at[k]);
  } else {
    if (!pick(w, e, size, name, &k)) return false;
    vec_push(w->a, &list, at[k]);
    *single = true;
  }
  *n = list.n;
  *out = list.at;
  if (list.n == 0) qw_say(w, DIAG_QUBIT, e->span, "this picks nothing of `%s`", name);
  return list.n > 0 && qw_spend(w, list.n / 16, e->span);
}

static bool operand(QWalk *w, const QExpr *e, QNameKind kind, int *n, const int **at, bool *single) {
  if (e->kind == QE_INDEX) {
    int size;
    const int *all;
    bool whole_single;
    if (!operand(w, e->kids[0], kind, &size, &all, &whole_single)) return false;
    const char *name = e->kids[0]->kind == QE_NAME ? sym_text(e->kids[0]->name) : "this";
    if (whole_single) {
      qw_say(w, DIAG_QUBIT, e->span, "`%s` is a single one, without an index", name);
      return false;
    }
    return picks(w, e->kids[1], size, all, name, n, at, single);
  }
  const char *what = kind == QN_QUBITS ? "qubit or register" : "bit or classical register";
  const QName *q = e->kind == QE_NAME ? qw_find(w, e->name) : NULL;
  if (q == NULL || q->kind != kind) {
    const char *name = e->kind == QE_NAME ? sym_text(e->name) : "this";
    if (q == NULL && name[0] == '$') {
      qw_say(w, DIAG_QASM, e->span, "the physical qubit `%s` cannot be taken into a circuit", name);
      return false;
    }
    Diag *d = qw_say(w, DIAG_NAME, e->span,
                     q == NULL ? "there is no %s `%s`" : "a %s is wanted here, not `%s`", what, name);
    const char *known[64];
    int k = 0;
    for (int i = 0; q == NULL && i < w->names.n && k < 64; i++)
      if (w->names.at[i].kind == kind) known[k++] = sym_text(w->names.at[i].name);
    const char *near = diag_nearest(name, known, k);
    if (near != NULL) diag_mark(d, "did you mean `%s`?", near);
    else if (k == 1) diag_help(d, "declared is `%s`", known[0]);
    if (q != NULL) diag_label(d, q->span, "declared here");
    return false;
  }
  *n = q->n;
  *at = q->at;
  *single = q->is_single;
  return true;
}

bool qw_qubits(QWalk *w, const QExpr *e, const QEnv *env, int *n, const int **at, bool *single) {
  if (env == NULL) return operand(w, e, QN_QUBITS, n, at, single);
  for (int i = 0; e->kind == QE_NAME && i < env->gate->qubits.n; i++) {
    if (env->gate->qubits.at[i] != e->name) continue;
    *n = 1;
    *at = env->qubit + i;
    *single = true;
    return true;
  }
  const char *name = e->kind == QE_NAME ? sym_text(e->name) : "this";
  Diag *d = qw_say(w, DIAG_NAME, e->span, "`%s` is no qubit of this gate", name);
  diag_label(d, env->gate->name_span, "the definition of `%s`", sym_text(env->gate->name));
  return false;
}

bool qw_bits(QWalk *w, const QExpr *e, int *n, const int **at, bool *single) {
  return operand(w, e, QN_BITS, n, at, single);
}

/* ---- declarations ---------------------------------------------------------------------------------------
 */

static void declare_register(QWalk *w, const QStmt *s) {
  const bool quantum = s->kind == QS_QUBITS;
  int *total = quantum ? &w->f->n_qubits : &w->f->n_bits;
  long n = 1;
  if (s->value != NULL && !qw_int(w, s->value, NULL, quantum ? "the number of qubits" : "the number of bits",
                                  1, QASM_MAX_QUBITS, &n))
    return;
  if (w->condition >= 0 || w->depth > 0) {
    qw_say(w, DIAG_QASM, s->span, "a register in a block cannot be taken into a circuit");
    return;
  }
  if (*total + n > QASM_MAX_QUBITS) {
    qw_say(w, DIAG_TOO_LARGE, s->span, "more than %d %s in all", QASM_MAX_QUBITS,
           quantum ? "qubits" : "bits");
    return;
  }
  int *at = ARENA_ARRAY(w->a, int, n);
  for (int i = 0; i < n; i++) at[i] = *total + i;
  const QasmRegister r = {sym_text(s->name), *total, (int)n, s->value == NULL, s->name_span};
  if (quantum) vec_push(w->a, &w->f->qubits, r);
  else vec_push(w->a, &w->f->bits, r);
  *total += (int)n;
  QName *q = qw_declare(w, s->name, s->name_span, quantum ? QN_QUBITS : QN_BITS);
  q->n = (int)n;
  q->at = at;
  q->is_single = s->value == NULL;
}

static void declare_alias(QWalk *w, const QStmt *s) {
  VEC(int) list = {0};
  bool all_single = s->operands.n == 1;
  for (int i = 0; i < s->operands.n; i++) {
    int n;
    const int *at;
    bool single;
    if (!qw_qubits(w, s->operands.at[i], NULL, &n, &at, &single) || !qw_spend(w, n / 16 + 1, s->span)) return;
    for (int k = 0; k < n; k++) vec_push(w->a, &list, at[k]);
    all_single = all_single && single;
  }
  QName *q = qw_declare(w, s->name, s->name_span, QN_QUBITS);
  q->n = list.n;
  q->at = list.at;
  q->is_single = all_single;
}

static void declare_number(QWalk *w, const QStmt *s) {
  int node = -1;
  if (s->kind == QS_INPUT) {
    node = qw_add_node(
        w, (QasmNode){.kind = QASM_INPUT, .a = w->f->inputs.n, .of_input = true, .span = s->name_span});
    vec_push(w->a, &w->f->inputs, ((QasmInput){sym_text(s->name), s->name_span}));
  } else {
    double x = 0;
    const bool whole = s->text[0] == 'i' || s->text[0] == 'u' || s->text[0] == 'b';
    if (!qw_static(w, s->value, NULL, "a constant", &x)) return;
    if (whole && !(x >= -9e15 && x <= 9e15 && x == (double)(long)x)) {
      qw_say(w, DIAG_TYPE, s->value->span, "`%s` is a whole number by its type", sym_text(s->name));
      return;
    }
    node = qw_number(w, x, whole, s->value->span);
  }
  if (node >= 0) qw_declare(w, s->name, s->name_span, s->kind == QS_INPUT ? QN_INPUT : QN_CONST)->node = node;
}

static void declare_gate(QWalk *w, const QStmt *s) {
  QName *g = qw_declare(w, s->name, s->name_span, s->kind == QS_GATE ? QN_GATE : QN_OPAQUE);
  g->decl = s;
  if (s->kind == QS_GATE && !w->library) qw_check_gate(w, w->names.n - 1);
}

/* ---- includes ---------------------------------------------------------------------------------------------
 */

#define QELIB1 1
#define STDGATES 2
#define BOTH 3
static const struct Row {
  const char *name;
  int sets;
  const char *definition;
} rows[] = {
#define QASM_NAME(name, sets, definition) {name, sets, definition},
#include "lang/qasm/names.def"
#undef QASM_NAME
};

void qw_library(QWalk *w, bool stdgates) {
  const int set = stdgates ? STDGATES : QELIB1;
  w->library = true;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    if ((rows[i].sets & set) == 0) continue;
    QName *n = qw_declare(w, sym_intern(rows[i].name), SPAN_NONE, QN_GATE);
    if (rows[i].definition[0] == '\0') n->gate = gate_find(rows[i].name);
    else n->text = rows[i].definition;
  }
  w->library = false;
}

void qw_define(QWalk *w, QName *n) {
  const Source *src = src_add("<include>", n->text, strlen(n->text));
  QStmts list = {0};
  QParse p = {.a = w->a, .sink = w->sink, .version = 3};
  n->text = NULL;
  if (src != NULL) qasm_parse(&p, src, &list);
  if (list.n > 0) n->decl = list.at[0];
}

static void include(QWalk *w, const QStmt *s) {
  const bool std = strcmp(s->text, "stdgates.inc") == 0;
  if (std || strcmp(s->text, "qelib1.inc") == 0) {
    bool *seen = std ? &w->has_stdgates : &w->has_qelib1;
    if (!*seen) qw_library(w, std);
    *seen = true;
    return;
  }
  const Source *from = src_of(s->name_span.begin);
  const char *problem = "files cannot be included here";
  const Source *src = w->read != NULL && from != NULL ? w->read(w->ctx, from->name, s->text, &problem) : NULL;
  if (src == NULL) {
    Diag *d = qw_say(w, DIAG_MODULE_FILE, s->name_span, "%s", problem);
    diag_note(d, "qelib1.inc and stdgates.inc are built in");
    w->lacks_include = true;
    return;
  }
  for (int i = 0; i < w->files.n; i++)
    if (strcmp(w->files.at[i], src->name) == 0) {
      qw_say(w, DIAG_RECURSION, s->name_span, "`%s` includes itself", s->text);
      return;
    }
  if (w->files.n >= 16 || !qw_spend(w, 1000, s->span)) {
    if (!w->full) qw_say(w, DIAG_MODULE_FILE, s->name_span, "files include each other more than 16 deep");
    return;
  }
  QStmts list = {0};
  QParse p = {.a = w->a, .sink = w->sink, .version = w->f->version};
  qasm_parse(&p, src, &list);
  w->errors += p.errors;
  vec_push(w->a, &w->files, src->name);
  qw_stmts(w, &list);
  w->files.n--;
}

/* ---- actions
 * ------------------------------------------------------------------------------------------------ */

static void measure(QWalk *w, const QStmt *s) {
  int n = 0, m = 0;
  const int *qubit = NULL, *bit = NULL;
  bool single;
  const bool ok = qw_qubits(w, s->value, NULL, &n, &qubit, &single);
  if (s->target != NULL && (!qw_bits(w, s->target, &m, &bit, &single) || !ok)) return;
  if (!ok) return;
  if (w->condition >= 0) {
    qw_say(w, DIAG_QASM, s->span, "a measurement under a condition cannot be taken into a circuit");
    return;
  }
  if (s->target != NULL && n != m) {
    qw_say(w, DIAG_GATE, s->span, "%d qubit%s measured into %d bit%s", n, n == 1 ? " is" : "s are", m,
           m == 1 ? "" : "s");
    return;
  }
  for (int i = 0; i < n && qw_spend(w, 1, s->span); i++) {
    const QasmOp o = {.kind = QASM_MEASURE,
                      .n_targets = 1,
                      .qubit = {qubit[i]},
                      .bit = bit != NULL ? bit[i] : -1,
                      .condition = -1,
                      .span = s->span};
    vec_push(w->a, &w->f->ops, o);
  }
}

static void reset(QWalk *w, const QStmt *s) {
  for (int k = 0; k < s->operands.n; k++) {
    int n;
    const int *qubit;
    bool single;
    if (!qw_qubits(w, s->operands.at[k], NULL, &n, &qubit, &single)) continue;
    if (w->condition >= 0) {
      qw_say(w, DIAG_QASM, s->span, "a reset under a condition cannot be taken into a circuit");
      return;
    }
    for (int i = 0; i < n && qw_spend(w, 1, s->span); i++) {
      const QasmOp o = {.kind = QASM_RESET,
                        .n_targets = 1,
                        .qubit = {qubit[i]},
                        .bit = -1,
                        .condition = -1,
                        .span = s->span};
      vec_push(w->a, &w->f->ops, o);
    }
  }
}

static void barrier(QWalk *w, const QStmt *s) {
  for (int k = 0; k < s->operands.n; k++) {
    int n;
    const int *qubit;
    bool single;
    (void)qw_qubits(w, s->operands.at[k], NULL, &n, &qubit, &single);
  }
}

static void branch(QWalk *w, const QStmts *list, int condition) {
  const int before = w->condition;
  if (condition == -2) return;
  if (condition >= 0) w->condition = condition;
  w->depth++;
  qw_stmts(w, list);
  w->depth--;
  w->condition = before;
}

static void statement(QWalk *w, const QStmt *s) {
  switch (s->kind) {
  case QS_INCLUDE: include(w, s); return;
  case QS_QUBITS:
  case QS_BITS: declare_register(w, s); return;
  case QS_CONST:
  case QS_INPUT: declare_number(w, s); return;
  case QS_ALIAS: declare_alias(w, s); return;
  case QS_GATE:
  case QS_OPAQUE: declare_gate(w, s); return;
  case QS_CALL: qw_call(w, s, NULL); return;
  case QS_MEASURE: measure(w, s); return;
  case QS_RESET: reset(w, s); return;
  case QS_BARRIER: barrier(w, s); return;
  case QS_IF: {
    const int errors = w->errors, holds = qw_condition(w, s->value, false);
    branch(w, &s->body, holds);
    if (s->other.n > 0 && w->errors == errors) branch(w, &s->other, qw_condition(w, s->value, true));
    return;
  }
  }
}

void qw_stmts(QWalk *w, const QStmts *list) {
  for (int i = 0; i < list->n && !w->full && w->errors < QASM_MAX_ERRORS; i++) statement(w, list->at[i]);
}

QasmFile *qasm_read(Arena *a, const Source *src, QasmRead *read, void *ctx, DiagSink *sink) {
  const int errors = sink->n_errors;
  QStmts list = {0};
  QParse p = {.a = a, .sink = sink, .version = 3};
  qasm_parse(&p, src, &list);
  QasmFile *f = ARENA_NEW(a, QasmFile);
  f->name = src->name;
  f->version = p.version;
  QWalk w = {.a = a, .sink = sink, .f = f, .read = read, .ctx = ctx, .condition = -1, .budget = QASM_MAX_OPS};
  vec_push(a, &w.files, src->name);
  w.script = &list;
  qw_stmts(&w, &list);
  f->is_pure = true;
  for (int i = 0; i < f->ops.n; i++)
    if (f->ops.at[i].kind != QASM_GATE || f->ops.at[i].condition >= 0) f->is_pure = false;
  return sink->n_errors == errors ? f : NULL;
}
