/* Numbers of OpenQASM: constants are folded at once; what depends on inputs, or on numbers that a script
 * may replace, becomes nodes of the file. */
#define _GNU_SOURCE /* M_PI */
#include "lang/qasm/qasm_int.h"
#include <math.h>
#include <string.h>

static const struct Function {
  const char *name;
  int op;
  int version; /* from which on */
} functions[] = {
    {"sin", QASM_SIN, 2},       {"cos", QASM_COS, 2},       {"tan", QASM_TAN, 2},
    {"exp", QASM_EXP, 2},       {"ln", QASM_LN, 2},         {"log", QASM_LN, 3},
    {"sqrt", QASM_SQRT, 2},     {"arcsin", QASM_ARCSIN, 3}, {"arccos", QASM_ARCCOS, 3},
    {"arctan", QASM_ARCTAN, 3}, {"asin", QASM_ARCSIN, 2},   {"acos", QASM_ARCCOS, 2},
    {"atan", QASM_ARCTAN, 2},
};

static double apply_unary(int op, double x) {
  switch (op) {
  case QASM_SIN: return sin(x);
  case QASM_COS: return cos(x);
  case QASM_TAN: return tan(x);
  case QASM_EXP: return exp(x);
  case QASM_LN: return log(x);
  case QASM_SQRT: return sqrt(x);
  case QASM_ARCSIN: return asin(x);
  case QASM_ARCCOS: return acos(x);
  case QASM_ARCTAN: return atan(x);
  default: return -x;
  }
}

static double apply_binary(int op, double a, double b) {
  switch (op) {
  case '+': return a + b;
  case '-': return a - b;
  case '*': return a * b;
  case '/': return a / b;
  default: return pow(a, b);
  }
}

int qw_add_node(QWalk *w, QasmNode n) {
  if (w->f->nodes.n >= QASM_MAX_NODES) {
    qw_spend(w, QASM_MAX_OPS * 100L, n.span);
    return -1;
  }
  vec_push(w->a, &w->f->nodes, n);
  return w->f->nodes.n - 1;
}

int qw_number(QWalk *w, double x, bool is_int, Span span) {
  return qw_add_node(w, (QasmNode){.kind = QASM_NUMBER, .num = x, .is_int = is_int, .span = span});
}

static int checked(QWalk *w, double x, bool is_int, Span span) {
  if (isfinite(x)) return qw_number(w, x, is_int, span);
  qw_say(w, DIAG_TYPE, span, "this has no finite value");
  return -1;
}

int qw_unary(QWalk *w, int op, int a, Span span) {
  if (a < 0) return -1;
  const QasmNode x = w->f->nodes.at[a];
  if (x.kind == QASM_NUMBER) return checked(w, apply_unary(op, x.num), op == '-' && x.is_int, span);
  return qw_add_node(w,
                     (QasmNode){.kind = QASM_UNARY, .op = op, .a = a, .of_input = x.of_input, .span = span});
}

int qw_binary(QWalk *w, int op, int a, int b, Span span) {
  if (a < 0 || b < 0) return -1;
  const QasmNode x = w->f->nodes.at[a], y = w->f->nodes.at[b];
  if (x.kind != QASM_NUMBER || y.kind != QASM_NUMBER)
    return qw_add_node(w, (QasmNode){.kind = QASM_BINARY,
                                     .op = op,
                                     .a = a,
                                     .b = b,
                                     .of_input = x.of_input || y.of_input,
                                     .span = span});
  const bool ints = x.is_int && y.is_int;
  if (op == '/' && y.num == 0) {
    qw_say(w, DIAG_TYPE, span, "a division by 0");
    return -1;
  }
  const double z = apply_binary(op, x.num, y.num);
  if (op == '/' && ints && w->f->version == 3 && z != floor(z)) {
    Diag *d = qw_say(w, DIAG_TYPE, span,
                     "whole numbers divide to a whole number in OpenQASM 3, so this would lose its fraction");
    diag_help(d, "make one of them real: `%.0f.0/%.0f`", x.num, y.num);
    return -1;
  }
  return checked(w, z, ints && z == floor(z) && (op != '/' || w->f->version == 3), span);
}

static int named(QWalk *w, const QExpr *e, const QEnv *env) {
  for (int i = 0; env != NULL && i < env->gate->params.n; i++)
    if (env->gate->params.at[i] == e->name) return env->angle[i];
  const char *name = sym_text(e->name);
  const QName *n = qw_find(w, e->name);
  if (n != NULL && (n->kind == QN_CONST || (n->kind == QN_INPUT && env == NULL))) return n->node;
  if (strcmp(name, "pi") == 0 || strcmp(name, "π") == 0) return qw_number(w, M_PI, false, e->span);
  if (strcmp(name, "tau") == 0 || strcmp(name, "τ") == 0) return qw_number(w, 2 * M_PI, false, e->span);
  if (strcmp(name, "euler") == 0 || strcmp(name, "ℇ") == 0) return qw_number(w, M_E, false, e->span);
  if (strcmp(name, "true") == 0 || strcmp(name, "false") == 0)
    return qw_number(w, name[0] == 't', true, e->span);
  if (n == NULL) {
    qw_say(w, DIAG_NAME, e->span, "there is no number `%s`", name);
  } else {
    Diag *d = qw_say(w, DIAG_TYPE, e->span, "`%s` is no number that is known here", name);
    diag_label(d, n->span, "declared here");
  }
  return -1;
}

static int call(QWalk *w, const QExpr *e, const QEnv *env) {
  const char *name = sym_text(e->name);
  if (strcmp(name, "pow") == 0 && e->n == 2) {
    const int a = qw_node(w, e->kids[0], env);
    return qw_binary(w, '^', a, qw_node(w, e->kids[1], env), e->span);
  }
  const bool cast = strcmp(name, "float") == 0 || strcmp(name, "angle") == 0;
  if (cast && e->n == 1) {
    const int a = qw_node(w, e->kids[0], env);
    if (a < 0 || w->f->nodes.at[a].kind != QASM_NUMBER) return a;
    return qw_number(w, w->f->nodes.at[a].num, false, e->span);
  }
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    if (strcmp(functions[i].name, name) != 0 || functions[i].version > w->f->version || e->n != 1) continue;
    return qw_unary(w, functions[i].op, qw_node(w, e->kids[0], env), e->span);
  }
  Diag *d = qw_say(w, DIAG_NAME, e->span, "there is no function `%s` of %d number%s here", name, e->n,
                   e->n == 1 ? "" : "s");
  diag_help(d, "known are sin, cos, tan, exp, ln, sqrt, and in OpenQASM 3 arcsin, arccos, arctan, log, pow");
  return -1;
}

static int remainder_of(QWalk *w, const QExpr *e, const QEnv *env) {
  double a, b;
  if (!qw_static(w, e->kids[0], env, "a remainder", &a) || !qw_static(w, e->kids[1], env, "a remainder", &b))
    return -1;
  return checked(w, fmod(a, b), a == floor(a) && b == floor(b), e->span);
}

int qw_node(QWalk *w, const QExpr *e, const QEnv *env) {
  switch (e->kind) {
  case QE_NUM: return qw_number(w, e->num, e->is_int, e->span);
  case QE_NAME: return named(w, e, env);
  case QE_CALL: return call(w, e, env);
  case QE_UNARY:
    if (e->op == '-') return qw_unary(w, '-', qw_node(w, e->kids[0], env), e->span);
    break;
  case QE_BINARY:
    if (e->op == '%') return remainder_of(w, e, env);
    if (e->op == '+' || e->op == '-' || e->op == '*' || e->op == '/' || e->op == '^') {
      const int a = qw_node(w, e->kids[0], env);
      return qw_binary(w, e->op, a, qw_node(w, e->kids[1], env), e->span);
    }
    break;
  case QE_INDEX:
  case QE_RANGE:
  case QE_SET:
  case QE_MEASURE: break;
  }
  qw_say(w, DIAG_TYPE, e->span, "a number is wanted here");
  return -1;
}

bool qw_static(QWalk *w, const QExpr *e, const QEnv *env, const char *what, double *out) {
  const int id = qw_node(w, e, env);
  if (id < 0) return false;
  const QasmNode *n = &w->f->nodes.at[id];
  *out = n->num;
  if (n->kind == QASM_NUMBER) return true;
  qw_say(w, DIAG_TYPE, e->span, "%s must be a number that is known", what);
  return false;
}

bool qw_int(QWalk *w, const QExpr *e, const QEnv *env, const char *what, long lo, long hi, long *out) {
  double x;
  if (!qw_static(w, e, env, what, &x)) return false;
  *out = x >= (double)lo && x <= (double)hi ? (long)x : lo;
  if (x == (double)*out) return true;
  qw_say(w, DIAG_TYPE, e->span, "%s must be a whole number from %ld to %ld", what, lo, hi);
  return false;
}

void qasm_values(const QasmFile *f, const double *inputs, const double *angles, double *out) {
  for (int i = 0; i < f->nodes.n; i++) {
    const QasmNode *n = &f->nodes.at[i];
    switch (n->kind) {
    case QASM_NUMBER: out[i] = n->num; break;
    case QASM_INPUT: out[i] = inputs != NULL ? inputs[n->a] : (double)NAN; break;
    case QASM_ANGLE: out[i] = angles != NULL ? angles[n->a] : n->num; break;
    case QASM_UNARY: out[i] = apply_unary(n->op, out[n->a]); break;
    case QASM_BINARY: out[i] = apply_binary(n->op, out[n->a], out[n->b]); break;
    }
  }
}
