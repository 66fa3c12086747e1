/* Statements of OpenQASM. Each reports its first error; reading goes on behind the next `;` or block. */
#include "lang/qasm/qasm_int.h"
#include <string.h>

/* ---- words ------------------------------------------------------------------------------------ */

void qp_take(QParse *p) {
  p->last_end = p->tok.span.end;
  p->tok = p->next;
  if (p->tok.kind != QT_END) p->next = qasm_lex(&p->lex);
}

bool qp_sign(const QParse *p, int sign) { return p->tok.kind == QT_SIGN && p->tok.sign == sign; }

bool qp_word(const QParse *p, const char *word) {
  return p->tok.kind == QT_NAME && strcmp(sym_text(p->tok.name), word) == 0;
}

bool qp_accept(QParse *p, int sign) {
  if (!qp_sign(p, sign)) return false;
  qp_take(p);
  return true;
}

Span qp_span(const QParse *p, uint32_t begin) {
  return (Span){begin, p->last_end > begin ? p->last_end : p->tok.span.end};
}

static const char *found(QParse *p) {
  if (p->tok.kind == QT_END) return "the end of the file";
  size_t n = 0;
  const char *s = src_text(p->tok.span, &n);
  return s != NULL ? arena_printf(p->a, "`%.*s`", n > 40 ? 40 : (int)n, s) : "nothing";
}

bool qp_error(QParse *p, const char *expected) {
  if (p->errors++ < QASM_MAX_ERRORS)
    diag_add(p->sink, DIAG_SYNTAX, p->tok.span, "expected %s, but found %s", expected, found(p));
  return false;
}

static const char *sign_text(QParse *p, int sign) {
  return sign > 255 ? arena_printf(p->a, "%c%c", sign & 255, sign >> 8) : arena_printf(p->a, "%c", sign);
}

bool qp_expect(QParse *p, int sign, const char *where) {
  if (qp_accept(p, sign)) return true;
  if (sign != ';' || p->last_end == 0)
    return qp_error(p, arena_printf(p->a, "`%s` after %s", sign_text(p, sign), where));
  if (p->errors++ < QASM_MAX_ERRORS) {
    Diag *d =
        diag_add(p->sink, DIAG_SYNTAX, p->tok.span, "expected `;` after %s, but found %s", where, found(p));
    diag_label(d, (Span){p->last_end - 1, p->last_end}, "`;` is missing behind this");
  }
  return false;
}

static bool take_name(QParse *p, const char *what, QStmt *s) {
  if (p->tok.kind != QT_NAME) return qp_error(p, what);
  s->name = p->tok.name;
  s->name_span = p->tok.span;
  qp_take(p);
  return true;
}

/* ---- what is not static --------------------------------------------------------------------------- */

static const struct Refused {
  const char *word, *what;
} refused[] = {
    {"for", "a loop (`for`)"},
    {"while", "a loop (`while`)"},
    {"break", "a loop's `break`"},
    {"continue", "a loop's `continue`"},
    {"switch", "`switch`"},
    {"def", "a subroutine (`def`)"},
    {"return", "a subroutine's `return`"},
    {"extern", "an external function (`extern`)"},
    {"cal", "a calibration (`cal`)"},
    {"defcal", "a calibration (`defcal`)"},
    {"defcalgrammar", "a calibration grammar (`defcalgrammar`)"},
    {"box", "timing (`box`)"},
    {"delay", "timing (`delay`)"},
    {"stretch", "timing (`stretch`)"},
    {"duration", "timing (`duration`)"},
    {"end", "`end`"},
    {"array", "an array"},
    {"int", "a classical variable (`int`)"},
    {"uint", "a classical variable (`uint`)"},
    {"float", "a classical variable (`float`)"},
    {"angle", "a classical variable (`angle`)"},
    {"bool", "a classical variable (`bool`)"},
    {"complex", "a classical variable (`complex`)"},
    {"nop", "`nop`"},
};

static bool is_refused(QParse *p) {
  for (size_t i = 0; p->tok.kind == QT_NAME && i < sizeof refused / sizeof *refused; i++) {
    if (!qp_word(p, refused[i].word)) continue;
    p->errors++;
    Diag *d = diag_add(p->sink, DIAG_QASM, p->tok.span, "%s cannot be taken into a circuit", refused[i].what);
    diag_note(d, "qgn reads OpenQASM 2 and the part of OpenQASM 3 in which the list of gates is fixed");
    return true;
  }
  return false;
}

/* ---- statements ------------------------------------------------------------------------------------- */

static bool size_of(QParse *p, QStmt *s) { /* [n] */
  if (!qp_accept(p, '[')) return true;
  s->value = qp_expr(p);
  return s->value != NULL && qp_expect(p, ']', "a size");
}

static QStmt *stmt_new(QParse *p, QStmtKind kind) {
  QStmt *s = ARENA_NEW(p->a, QStmt);
  s->kind = kind;
  s->span = p->tok.span;
  return s;
}

/* measure q, as a statement or behind `=` or `->`. */
static bool measured(QParse *p, QStmt *s) {
  if (!qp_word(p, "measure")) {
    p->errors++;
    diag_add(p->sink, DIAG_QASM, p->tok.span,
             "a classical value cannot be taken into a circuit: bits hold outcomes of `measure` only");
    return false;
  }
  qp_take(p);
  s->value = qp_operand(p);
  return s->value != NULL;
}

/* qubit[n] q;  qreg q[n];  bit[n] c = measure q;  creg c[n]; */
static bool declaration(QParse *p, QStmts *out) {
  const bool old = qp_word(p, "qreg") || qp_word(p, "creg");
  QStmt *s = stmt_new(p, qp_word(p, "qubit") || qp_word(p, "qreg") ? QS_QUBITS : QS_BITS);
  qp_take(p);
  if (!old && !size_of(p, s)) return false;
  if (!take_name(p, "a name", s) || (old && !size_of(p, s))) return false;
  vec_push(p->a, out, s);
  if (s->kind == QS_QUBITS || !qp_accept(p, '=')) return true;
  QStmt *m = stmt_new(p, QS_MEASURE);
  if (!measured(p, m)) return false;
  m->target = ARENA_NEW(p->a, QExpr);
  *m->target = (QExpr){.kind = QE_NAME, .name = s->name, .span = s->name_span};
  m->span = qp_span(p, s->name_span.begin);
  vec_push(p->a, out, m);
  return true;
}

/* const float x = ...;  input float[64] x;  The type's width does not matter. */
static bool constant(QParse *p, QStmts *out) {
  static const char *const types[] = {"int", "uint", "float", "angle", "bool"};
  const bool input = qp_word(p, "input");
  QStmt *s = stmt_new(p, input ? QS_INPUT : QS_CONST);
  qp_take(p);
  int type = -1;
  for (int i = 0; i < 5; i++)
    if (qp_word(p, types[i])) type = i;
  if (type < 0 || (input && type != 2 && type != 3)) {
    p->errors++;
    Diag *d = diag_add(p->sink, DIAG_QASM, p->tok.span, "%s of this type cannot be taken into a circuit",
                       input ? "an input" : "a constant");
    diag_help(d, input ? "inputs are `input float x;` or `input angle x;`"
                       : "constants are int, uint, float, angle or bool");
    return false;
  }
  s->text = types[type];
  qp_take(p);
  if (!size_of(p, s) || !take_name(p, "a name", s)) return false;
  if (!input && (!qp_expect(p, '=', "the name of a constant") || (s->value = qp_expr(p)) == NULL))
    return false;
  if (input && qp_sign(p, '=')) return qp_error(p, "`;` behind an input, whose value comes from outside");
  vec_push(p->a, out, s);
  return true;
}

static bool operands(QParse *p, QStmt *s) {
  do {
    QExpr *e = qp_operand(p);
    if (e == NULL) return false;
    vec_push(p->a, &s->operands, e);
  } while (qp_accept(p, ','));
  return true;
}

static bool names(QParse *p, int close, const char *what, QStmt *s, bool params) {
  while (!qp_sign(p, close)) {
    if (p->tok.kind != QT_NAME) return qp_error(p, what);
    if (params) vec_push(p->a, &s->params, p->tok.name);
    else vec_push(p->a, &s->qubits, p->tok.name);
    qp_take(p);
    if (!qp_accept(p, ',')) break;
  }
  return true;
}

static void block(QParse *p, QStmts *out);

/* gate g(a, b) q, r { ... }  and  opaque g(a) q; */
static bool gate(QParse *p, QStmts *out) {
  QStmt *s = stmt_new(p, qp_word(p, "gate") ? QS_GATE : QS_OPAQUE);
  qp_take(p);
  if (!take_name(p, "the name of a gate", s)) return false;
  if (qp_accept(p, '(')) {
    if (!names(p, ')', "the name of an angle", s, true) || !qp_expect(p, ')', "the angles of a gate"))
      return false;
  }
  if (!names(p, s->kind == QS_GATE ? '{' : ';', "the name of a qubit", s, false)) return false;
  if (s->qubits.n == 0 && s->kind == QS_GATE && p->version == 2) return qp_error(p, "the name of a qubit");
  vec_push(p->a, out, s);
  if (s->kind == QS_OPAQUE) return true;
  if (!qp_sign(p, '{')) return qp_expect(p, '{', "the qubits of a gate");
  block(p, &s->body);
  return true;
}

/* One modifier and its `@`. */
static bool modifier(QParse *p, QStmt *s) {
  static const char *const known[] = {"ctrl", "negctrl", "inv", "pow"};
  QMod m = {QM_CTRL, NULL, p->tok.span};
  for (int i = 0; i < 4; i++)
    if (qp_word(p, known[i])) m.kind = (QModKind)i;
  qp_take(p);
  if (qp_accept(p, '(')) {
    m.arg = qp_expr(p);
    if (m.arg == NULL || !qp_expect(p, ')', "a modifier")) return false;
  }
  if (m.kind == QM_POW && m.arg == NULL) return qp_error(p, "`(` and an exponent behind `pow`");
  vec_push(p->a, &s->mods, m);
  return qp_expect(p, '@', "a modifier");
}

/* ctrl @ g(a) q[0], r;   c = measure q; */
static bool call(QParse *p, QStmts *out) {
  QStmt *s = stmt_new(p, QS_CALL);
  while (qp_word(p, "ctrl") || qp_word(p, "negctrl") || qp_word(p, "inv") || qp_word(p, "pow"))
    if (!modifier(p, s)) return false;
  const bool assigns = p->next.kind == QT_SIGN && (p->next.sign == '[' || p->next.sign == '=');
  if (assigns && s->mods.n == 0) {
    s->kind = QS_MEASURE;
    s->target = qp_operand(p);
    if (s->target == NULL) return false;
    if (!qp_sign(p, '=')) return qp_error(p, "`= measure ...`");
    qp_take(p);
    if (!measured(p, s)) return false;
    vec_push(p->a, out, s);
    return true;
  }
  if (!take_name(p, "a statement", s)) return false;
  if (qp_accept(p, '(') && !qp_list(p, ')', &s->args)) return false;
  if (qp_sign(p, '[')) return qp_error(p, "qubits behind the gate"); /* a duration */
  if (!qp_sign(p, ';') && !operands(p, s)) return false;
  vec_push(p->a, out, s);
  return true;
}

static bool measure(QParse *p, QStmts *out) {
  QStmt *s = stmt_new(p, QS_MEASURE);
  if (!measured(p, s)) return false;
  if (qp_accept(p, SIGN2('-', '>')) && (s->target = qp_operand(p)) == NULL) return false;
  vec_push(p->a, out, s);
  return true;
}

static bool statement(QParse *p, QStmts *out);

/* One statement, or several in braces. */
static void body(QParse *p, QStmts *out) {
  if (qp_sign(p, '{')) block(p, out);
  else statement(p, out);
}

static bool condition(QParse *p, QStmts *out) {
  QStmt *s = stmt_new(p, QS_IF);
  qp_take(p);
  if (!qp_expect(p, '(', "`if`")) return false;
  s->value = qp_expr(p);
  if (s->value == NULL || !qp_expect(p, ')', "a condition")) return false;
  s->span = qp_span(p, s->span.begin);
  vec_push(p->a, out, s);
  p->depth++;
  body(p, &s->body);
  if (qp_word(p, "else")) {
    qp_take(p);
    body(p, &s->other);
  }
  p->depth--;
  return true;
}

/* let a = q[0:2] ++ r; */
static bool alias(QParse *p, QStmts *out) {
  QStmt *s = stmt_new(p, QS_ALIAS);
  qp_take(p);
  if (!take_name(p, "a name", s) || !qp_expect(p, '=', "a name")) return false;
  do {
    QExpr *e = qp_operand(p);
    if (e == NULL) return false;
    vec_push(p->a, &s->operands, e);
  } while (qp_accept(p, SIGN2('+', '+')));
  vec_push(p->a, out, s);
  return true;
}

static bool version(QParse *p) {
  qp_take(p);
  const double v = p->tok.num;
  const bool ok = (p->tok.kind == QT_REAL || p->tok.kind == QT_INT) && v >= 2 && v < 4;
  if (!ok) {
    p->errors++;
    diag_add(p->sink, DIAG_QASM, p->tok.span, "this version of OpenQASM is not known; 2 and 3 are");
  } else {
    p->version = v < 3 ? 2 : 3;
  }
  p->version_seen = true;
  qp_take(p);
  return true;
}

static bool words(QParse *p, QStmts *out) {
  if (qp_word(p, "OPENQASM") && !p->version_seen) return version(p);
  if (qp_word(p, "include")) {
    QStmt *s = stmt_new(p, QS_INCLUDE);
    qp_take(p);
    if (p->tok.kind != QT_TEXT) return qp_error(p, "the name of a file in quotes");
    if (p->tok.text == NULL) return false; /* not closed: said */
    s->text = p->tok.text;
    s->name_span = p->tok.span;
    qp_take(p);
    vec_push(p->a, out, s);
    return true;
  }
  if (qp_word(p, "output") && (qp_take(p), !qp_word(p, "bit"))) return qp_error(p, "`bit` behind `output`");
  if (qp_word(p, "qubit") || qp_word(p, "qreg") || qp_word(p, "bit") || qp_word(p, "creg"))
    return declaration(p, out);
  if (qp_word(p, "const") || qp_word(p, "input")) return constant(p, out);
  if (qp_word(p, "let")) return alias(p, out);
  if (qp_word(p, "measure")) return measure(p, out);
  if (qp_word(p, "opaque")) return gate(p, out);
  if (qp_word(p, "reset") || qp_word(p, "barrier")) {
    QStmt *s = stmt_new(p, qp_word(p, "reset") ? QS_RESET : QS_BARRIER);
    qp_take(p);
    if (!(s->kind == QS_BARRIER && qp_sign(p, ';')) && !operands(p, s)) return false;
    vec_push(p->a, out, s);
    return true;
  }
  return call(p, out);
}

/* Behind the next `;`, or behind the block that comes first; before a `}` that closes one around. */
static void recover(QParse *p) {
  int open = 0;
  for (; p->tok.kind != QT_END; qp_take(p)) {
    if (open == 0 && qp_sign(p, '}')) return;
    if (qp_sign(p, '{')) open++;
    const bool closes = qp_sign(p, '}') && --open == 0;
    if (closes || (open == 0 && qp_sign(p, ';'))) {
      qp_take(p);
      return;
    }
  }
}

static bool statement(QParse *p, QStmts *out) {
  if (p->depth >= QASM_MAX_DEPTH) {
    if (p->errors < QASM_MAX_ERRORS)
      diag_add(p->sink, DIAG_NESTING, p->tok.span, "blocks nested more than %d deep", QASM_MAX_DEPTH);
    p->errors = QASM_MAX_ERRORS;
  }
  if (p->errors >= QASM_MAX_ERRORS) {
    while (p->tok.kind != QT_END) qp_take(p);
    return false;
  }
  const int before = out->n;
  const uint32_t begin = p->tok.span.begin;
  const bool whole = qp_word(p, "gate") || qp_word(p, "if"); /* ends with a block, or within one */
  const bool ok = !is_refused(p) && (qp_word(p, "gate") ? gate(p, out)
                                     : whole            ? condition(p, out)
                                                        : words(p, out));
  if (!ok || (!whole && !qp_expect(p, ';', "a statement"))) {
    if (out->n > before && out->at[out->n - 1]->kind == QS_CALL) out->n--; /* no second message about it */
    recover(p);
    return false;
  }
  for (int i = before; i < out->n; i++)
    if (out->at[i]->kind != QS_IF && out->at[i]->span.begin == begin) out->at[i]->span = qp_span(p, begin);
  return true;
}

static void block(QParse *p, QStmts *out) {
  const Span open = p->tok.span;
  qp_take(p);
  p->depth++;
  while (p->tok.kind != QT_END && !qp_sign(p, '}'))
    if (!qp_accept(p, ';')) statement(p, out);
  p->depth--;
  if (qp_accept(p, '}')) return;
  if (p->errors++ < QASM_MAX_ERRORS) diag_add(p->sink, DIAG_BRACKET, open, "this `{` is not closed");
}

void qasm_parse(QParse *p, const Source *src, QStmts *out) {
  p->lex = (QLex){.a = p->a, .sink = p->sink, .src = src, .line_start = true};
  p->tok = qasm_lex(&p->lex);
  p->next = p->tok.kind == QT_END ? p->tok : qasm_lex(&p->lex);
  while (p->tok.kind != QT_END) {
    if (qp_accept(p, ';')) continue;
    if (qp_sign(p, '}')) {
      if (p->errors++ < QASM_MAX_ERRORS)
        diag_add(p->sink, DIAG_BRACKET, p->tok.span, "this `}` closes nothing");
      qp_take(p);
    } else {
      statement(p, out);
    }
  }
}
