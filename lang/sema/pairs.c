/* Pairs of qubits by the name of a pattern: chain(q), ring(q), ..., pairs(q, [(0, 1)]). */
#include <string.h>
#include "lang/sema/measure.h"

static void add_pair(int *at, int *n, int a, int b) {
  at[2 * *n] = a;
  at[2 * *n + 1] = b;
  (*n)++;
}

static const Value *pairs_of(Sema *S, const char *kind, const QubitsValue *q, Span span) {
  const int m = q->n;
  int *at = ARENA_ARRAY(S->a, int, 2 * (m * m + 1)), n = 0;
  if (strcmp(kind, "chain") == 0 || strcmp(kind, "ring") == 0)
    for (int i = 0; i + 1 < m; i++) add_pair(at, &n, q->at[i], q->at[i + 1]);
  if (strcmp(kind, "ring") == 0 && m > 2) add_pair(at, &n, q->at[m - 1], q->at[0]);
  if (strcmp(kind, "all") == 0)
    for (int i = 0; i < m; i++)
      for (int k = i + 1; k < m; k++) add_pair(at, &n, q->at[i], q->at[k]);
  if (strcmp(kind, "star") == 0)
    for (int i = 1; i < m; i++) add_pair(at, &n, q->at[0], q->at[i]);
  if (strcmp(kind, "brick") == 0)
    for (int first = 0; first < 2; first++)
      for (int i = first; i + 1 < m; i += 2) add_pair(at, &n, q->at[i], q->at[i + 1]);
  Value *v = val_new(S, VAL_PAIRS, span);
  v->u.qubits = (QubitsValue){n, at, false, q->name};
  return v;
}

const QubitsValue *want_register(Sema *S, const Value *v, const char *what) {
  if (v->kind == VAL_QUBITS) return &v->u.qubits;
  wrong_kind(S, v, what, "a register");
  return NULL;
}

const Value *fn_pairs(Sema *S, Args *args, const Builtin *self) {
  const Value *on = registers_joined(S, args->v[0]);
  if (strcmp(self->name, "all") == 0 && on->kind != VAL_QUBITS) return fn_all(S, args, self);
  const QubitsValue *q = op_register(S, on, arena_printf(S->a, "the argument of `%s`", self->name));
  return q != NULL ? pairs_of(S, self->name, q, args->span) : S->error;
}

const Value *fn_entangle(Sema *S, Args *args, const Builtin *self) {
  static const char *const known[] = {"chain", "ring", "all", "star", "brick", "none"};
  const QubitsValue *q = want_register(S, args->v[0], "the first argument of `entangle`");
  const char *pattern = want_text(S, args->v[1], "the pattern of `entangle`");
  if (q == NULL || pattern == NULL) return S->error;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++)
    if (strcmp(pattern, known[i]) == 0) return pairs_of(S, pattern, q, args->span);
  Diag *d = say(S, DIAG_GATE, args->v[1]->span, "there is no pattern \"%s\"", pattern);
  const char *near = diag_nearest(pattern, known, 6);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  else diag_help(d, "patterns are \"chain\", \"ring\", \"all\", \"star\", \"brick\" and \"none\"");
  (void)self;
  return S->error;
}

const Value *fn_pair_list(Sema *S, Args *args, const Builtin *self) {
  const QubitsValue *q = want_register(S, args->v[0], "the first argument of `pairs`");
  if (q == NULL) return S->error;
  int n = 0;
  const Value *const *items = static_items(S, args->v[1], "the list of `pairs`", &n);
  if (items == NULL) return S->error;
  int *at = ARENA_ARRAY(S->a, int, 2 * n + 1);
  for (int i = 0; i < n; i++) {
    const Value *pair = items[i];
    if ((pair->kind != VAL_TUPLE && pair->kind != VAL_LIST) || pair->u.list.n != 2) {
      wrong_kind(S, pair, "an entry of `pairs`", "a pair of numbers like `(0, 1)`");
      return S->error;
    }
    for (int k = 0; k < 2; k++) {
      int64_t j;
      if (!want_int(S, pair->u.list.at[k], "a qubit", &j)) return S->error;
      if (j < 0 || j >= q->n) {
        say(S, DIAG_QUBIT, pair->u.list.at[k]->span, "there is no qubit %lld: register `%s` has %d",
            (long long)j, q->name, q->n);
        return S->error;
      }
      at[2 * i + k] = q->at[j];
    }
  }
  Value *v = val_new(S, VAL_PAIRS, args->span);
  v->u.qubits = (QubitsValue){n, at, false, q->name};
  (void)self;
  return v;
}
