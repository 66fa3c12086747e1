/* Operators on qubits: sums of Pauli words with coefficients. Whatever is measured as an expectation value
 * is one: X(q) * Z(p) + 0.5, pauli("XZ", q), a Hermitian matrix, a projector, the terms of a file.
 *
 * A coefficient is a number known now, or such a number times a computed scalar (`factor`); then the words
 * are measured and the sum is formed by the graph. */
#include <math.h>
#include <string.h>
#include "lang/sema/measure.h"

const Value *op_value(Sema *S, int n, const PauliTerm *terms, const Value *const *factor, Span span) {
  Value *v = val_new(S, VAL_OP, span);
  bool computed = false;
  for (int i = 0; factor != NULL && i < n; i++) computed |= factor[i] != NULL;
  v->u.op = (OpValue){n, terms, computed ? factor : NULL};
  return v;
}

static bool in_circuit_body(Sema *S, const Args *args, const char *name) {
  if (S->circuit != NULL) return true;
  say(S, DIAG_PLACE, args->span, "`%s` is an operator on qubits: it stands in a circuit, in `expval(%s)`",
      name, strlen(name) == 1 ? arena_printf(S->a, "%s(q[0])", name) : src_of_span(S, args->span));
  return false;
}

const Value *fn_pauli(Sema *S, Args *args, const Builtin *self) {
  if (!in_circuit_body(S, args, self->name)) return S->error;
  const Value *q = outcome_qubits(S, args->v[0]);
  if (val_is_error(q)) return q;
  if (q->kind != VAL_QUBITS) {
    Diag *d = wrong_kind(S, q, arena_printf(S->a, "what `%s` acts on", self->name), "a qubit or a register");
    if (d != NULL && q->kind == VAL_INT)
      diag_help(d, "a qubit is named by its register: `%s(q[%s])`", self->name, src_of_span(S, q->span));
    return S->error;
  }
  const Value **at = ARENA_ARRAY(S->a, const Value *, q->u.qubits.n + 1);
  for (int i = 0; i < q->u.qubits.n; i++) {
    PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
    const uint64_t bit = (uint64_t)1 << q->u.qubits.at[i];
    *t = (PauliTerm){1, self->name[0] != 'Z' ? bit : 0, self->name[0] != 'X' ? bit : 0};
    at[i] = op_value(S, 1, t, NULL, args->span);
  }
  if (q->u.qubits.is_single) return at[0];
  return val_list(S, VAL_LIST, q->u.qubits.n, at, args->span);
}

/* The register of an operator: different qubits. */
const QubitsValue *op_register(Sema *S, const Value *v, const char *what) {
  v = outcome_qubits(S, v);
  const QubitsValue *q = val_is_error(v) ? NULL : want_register(S, v, what);
  for (int i = 0; q != NULL && i < q->n; i++)
    for (int k = 0; k < i; k++)
      if (q->at[k] == q->at[i]) {
        say(S, DIAG_QUBIT, v->span, "a qubit stands twice in %s", what);
        return NULL;
      }
  return q;
}

/* pauli("XZIY", q) */
const Value *fn_word(Sema *S, Args *args, const Builtin *self) {
  if (!in_circuit_body(S, args, self->name)) return S->error;
  const char *word = want_text(S, args->v[0], "the word of `pauli`");
  const QubitsValue *q = op_register(S, args->v[1], "the register of `pauli`");
  if (word == NULL || q == NULL) return S->error;
  if ((int)strlen(word) != q->n) {
    say(S, DIAG_GATE, args->v[0]->span, "the word \"%s\" has %d letters, but the register has %d qubit%s",
        word, (int)strlen(word), q->n, q->n == 1 ? "" : "s");
    return S->error;
  }
  PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
  t->coefficient = 1;
  for (int i = 0; i < q->n; i++) {
    if (strchr("IXYZ", word[i]) == NULL) {
      Diag *d = say(S, DIAG_GATE, args->v[0]->span, "\"%c\" is no letter of a Pauli word", word[i]);
      diag_help(d, "letters are I, X, Y and Z, one for each qubit");
      return S->error;
    }
    if (word[i] == 'X' || word[i] == 'Y') t->x |= (uint64_t)1 << q->at[i];
    if (word[i] == 'Z' || word[i] == 'Y') t->z |= (uint64_t)1 << q->at[i];
  }
  return op_value(S, 1, t, NULL, args->span);
}

/* ---- arithmetic ------------------------------------------------------------------------------------- */

typedef struct Terms {
  VEC(PauliTerm) term;
  VEC(const Value *) factor; /* NULL: none */
} Terms;

static void add_term(Sema *S, Terms *out, PauliTerm t, const Value *factor) {
  for (int i = 0; i < out->term.n && factor == NULL; i++)
    if (out->term.at[i].x == t.x && out->term.at[i].z == t.z && out->factor.at[i] == NULL) {
      out->term.at[i].coefficient += t.coefficient;
      return;
    }
  vec_push(S->a, &out->term, t);
  vec_push(S->a, &out->factor, factor);
}

static const Value *factor_of(const OpValue *o, int i) { return o->factor != NULL ? o->factor[i] : NULL; }

/* A number as that multiple of the identity; a computed scalar likewise. */
static bool terms_of(Sema *S, const Value *v, OpValue *out) {
  if (v->kind == VAL_OP) {
    *out = v->u.op;
    return true;
  }
  if (val_is_number(v)) {
    PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
    t->coefficient = v->u.num;
    *out = (OpValue){1, t, NULL};
    return true;
  }
  if (v->kind == VAL_LIST) {
    Diag *d = say(S, DIAG_TYPE, v->span,
                  "an operator combines with operators and numbers, but this is a list of %d", v->u.list.n);
    diag_help(d, "`sum([...])` makes one operator of several");
    return false;
  }
  if (!val_can_be_tensor(v)) {
    wrong_kind(S, v, "what an operator is combined with", "an operator or a number");
    return false;
  }
  const Value *scalar = val_to_scalar(S, v, "a coefficient of an operator");
  if (val_is_error(scalar)) return false;
  PauliTerm *t = ARENA_NEW(S->a, PauliTerm);
  const Value **f = ARENA_ARRAY(S->a, const Value *, 1);
  t->coefficient = 1;
  *f = scalar;
  *out = (OpValue){1, t, f};
  return true;
}

static const Value *factor_product(Sema *S, const Value *a, const Value *b, Span span) {
  if (a == NULL || b == NULL) return a == NULL ? b : a;
  return arith_binary(S, AST_OP_MUL, a, b, span);
}

static const Value *op_product(Sema *S, const OpValue *a, const OpValue *b, Span span) {
  Terms out = {0};
  for (int i = 0; i < a->n; i++)
    for (int k = 0; k < b->n; k++) {
      const int e = pauli_product_phase(&a->terms[i], &b->terms[k]);
      if (e % 2 != 0) {
        Diag *d = say(
            S, DIAG_GATE, span,
            "this product is no observable: two different Pauli operators on one qubit give an imaginary factor");
        diag_help(d, "X(q) * Y(q) is i Z(q); multiply operators on different qubits");
        return S->error;
      }
      const double c = a->terms[i].coefficient * b->terms[k].coefficient;
      const PauliTerm t = {e == 2 ? -c : c, a->terms[i].x ^ b->terms[k].x, a->terms[i].z ^ b->terms[k].z};
      add_term(S, &out, t, factor_product(S, factor_of(a, i), factor_of(b, k), span));
    }
  return op_value(S, out.term.n, out.term.at, out.factor.at, span);
}

const Value *op_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span) {
  OpValue x, y;
  if (op == AST_OP_DIV && a->kind == VAL_OP && b->kind != VAL_OP) {
    if (val_is_number(b) && b->u.num == 0) {
      say(S, DIAG_TYPE, span, "an operator divided by zero");
      return S->error;
    }
    b = arith_binary(S, AST_OP_DIV, val_real(S, 1, b->span), b, span);
    if (val_is_error(b)) return b;
    op = AST_OP_MUL;
  }
  if (!terms_of(S, a, &x) || !terms_of(S, b, &y)) return S->error;
  if (op == AST_OP_MUL) return op_product(S, &x, &y, span);
  if (op != AST_OP_ADD && op != AST_OP_SUB) {
    say(S, DIAG_TYPE, span, "operators are added, subtracted and multiplied; `%s` does not apply",
        ast_op_text[op]);
    return S->error;
  }
  Terms out = {0};
  for (int i = 0; i < x.n; i++) add_term(S, &out, x.terms[i], factor_of(&x, i));
  for (int i = 0; i < y.n; i++) {
    PauliTerm t = y.terms[i];
    if (op == AST_OP_SUB) t.coefficient = -t.coefficient;
    add_term(S, &out, t, factor_of(&y, i));
  }
  return op_value(S, out.term.n, out.term.at, out.factor.at, span);
}

/* sum([...]) of operators. */
const Value *op_sum(Sema *S, const Value *list, Span span) {
  Terms out = {0};
  for (int i = 0; i < list->u.list.n; i++) {
    OpValue o;
    if (!terms_of(S, list->u.list.at[i], &o)) return S->error;
    for (int k = 0; k < o.n; k++) add_term(S, &out, o.terms[k], factor_of(&o, k));
  }
  return op_value(S, out.term.n, out.term.at, out.factor.at, span);
}
