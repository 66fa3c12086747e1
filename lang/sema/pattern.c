/* Shape patterns: `x[B, 28, 28]` checks the sizes that are known and names the others. */
#include "lang/sema/rows.h"
#include <string.h>

int pattern_rank(const AstNode *pattern) {
  const AstNode *dims = ast_kid(pattern, AST_PATTERN_dims);
  if (dims == NULL) return -1;
  for (int i = 0; i < dims->n; i++)
    if (dims->kids[i]->kind == AST_REST) return -1;
  return dims->n;
}

/* Rank of a circuit's or model's input: a plain name is one number for each sample. */
int input_rank(const AstNode *pattern) {
  const AstNode *type = ast_kid(pattern, AST_PATTERN_type);
  if (ast_kid(pattern, AST_PATTERN_dims) != NULL) return pattern_rank(pattern);
  if (type == NULL) return 0;
  static const char *const numbers[] = {"real", "angle", "label", "bool"};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
    if (strcmp(sym_text(type->name), numbers[i]) == 0) return 0;
  return -1;
}

/* A size name as it is visible from a signature: named earlier in it, or where it is written. */
static Binding *size_name(Sema *S, const AstNode *n, const Scope *lexical) {
  Binding *b = scope_find_here(S->scope, n->name);
  if (b == NULL && lexical != NULL) b = scope_find(lexical, n->name);
  if (b != NULL) b->used = true;
  return b;
}

bool pattern_is_known(Sema *S, const AstNode *pattern) {
  const AstNode *dims = ast_kid(pattern, AST_PATTERN_dims);
  if (dims == NULL) return ast_kid(pattern, AST_PATTERN_def) != NULL || input_rank(pattern) == 0;
  for (int i = 0; i < dims->n; i++) {
    const AstNode *d = dims->kids[i];
    if (d->kind == AST_REST) return false;
    if (d->kind == AST_NAME && scope_find(S->scope, d->name) == NULL) return false;
  }
  return true;
}

bool dims_eval(Sema *S, const AstNode *dims, bool count_first, Shape *out) {
  memset(out, 0, sizeof *out);
  if (dims == NULL) return true;
  if (dims->n > SHAPE_MAX_RANK) {
    say(S, DIAG_RANKS, dims->span, "%d axes; at most %d are possible", dims->n, SHAPE_MAX_RANK);
    return false;
  }
  bool ok = true;
  for (int i = 0; i < dims->n; i++) {
    const AstNode *d = dims->kids[i];
    if (d->kind == AST_REST) {
      say(S, DIAG_SHAPE, d->span, "`...` stands in patterns of parameters only; here every size is needed");
      ok = false;
      continue;
    }
    const Value *v = eval(S, d);
    if (val_is_error(v) || !want_dim(S, v, "a size", &out->d[i])) {
      ok = false;
      continue;
    }
    if (out->d[i].count != 0 && (i > 0 || !count_first)) {
      say(S, DIAG_STATIC, d->span,
          "`%s` is known only when run, so it can be the first size of a `draw` only",
          S->p->counts.at[out->d[i].count].name);
      ok = false;
    }
  }
  out->rank = dims->n;
  return ok;
}

static const char *pattern_text(Sema *S, const AstNode *p) { return src_of_span(S, p->span); }

/* The shape of a value before the leading axes of a call became one. */
static Shape given_shape(Sema *S, const Tensor *t) {
  if (t->g != graph_now(S) || g_node(t->g, t->node)->op != OP_RESHAPE) return t->shape;
  return g_node(t->g, g_node(t->g, t->node)->in[0])->shape;
}

/* Rows of an image for a vector with as many numbers. */
static void advise_reshape(Sema *S, Diag *d, const AstNode *p, const Value *v, int64_t want) {
  if (ast_kid(p, AST_PATTERN_dims)->n != 1 || v->kind != VAL_TENSOR) return;
  const Shape s = given_shape(S, v->u.tensor);
  int64_t all = 1;
  int axis = s.rank - 1;
  for (; axis >= 0 && s.d[axis].count == 0 && all < want; axis--) all *= s.d[axis].n;
  if (all != want || axis + 2 >= s.rank) return;
  if (axis < 0) diag_help(d, "all its numbers in one axis: `flatten(x)`");
  else diag_help(d, "rows of %lld numbers: `reshape(x, -1, %lld)`", (long long)want, (long long)want);
}

/* Images where rows of numbers are wanted. */
static void advise_rows(Sema *S, Diag *d, const AstNode *dims, const Shape *s) {
  int64_t all = 1;
  if (dims == NULL || dims->n != 2 || s->rank < 3) return;
  for (int k = 0; k < 2; k++)
    if (dims->kids[k]->kind != AST_NAME) return;
  for (int k = 1; k < s->rank; k++) {
    if (s->d[k].count != 0) return;
    all *= s->d[k].n;
  }
  const char *rows =
      s->d[0].count != 0 ? S->p->counts.at[s->d[0].count].name : num_text(S, (double)s->d[0].n);
  diag_help(d, "rows of %lld numbers: `reshape(x, %s, %lld)`", (long long)all, rows, (long long)all);
}

static const Value *wrong_shape(Sema *S, const AstNode *p, const Value *v, const Shape *s, int at,
                                const Value *want, const char *who) {
  const bool given = S->call == NULL || span_within(v->span, S->call->span); /* else it came by `it` */
  Diag *d = say(S, DIAG_SHAPE, given ? v->span : S->call->span, "`%s` wants `%s`, but gets %s", who,
                pattern_text(S, p), sema_shape_text(S, s));
  if (!given && at < 0) diag_label(d, v->span, "%s", sema_shape_text(S, s));
  if (p->span.begin != d->span.begin) diag_label(d, p->span, "declared here");
  if (at < 0) {
    const AstNode *dims = ast_kid(p, AST_PATTERN_dims);
    bool rest = false;
    for (int i = 0; dims != NULL && i < dims->n; i++) rest = rest || dims->kids[i]->kind == AST_REST;
    diag_mark(d, "%d ax%s, not %s%d", s->rank, s->rank == 1 ? "is" : "es", rest ? "at least " : "",
              dims != NULL ? dims->n - rest : 0);
    if (dims != NULL && dims->n == 1 && dims->kids[0]->kind == AST_NUMBER)
      advise_reshape(S, d, p, v, (int64_t)eval(S, dims->kids[0])->u.num);
    advise_rows(S, d, dims, s);
    return S->error;
  }
  const char *found =
      s->d[at].count != 0 ? S->p->counts.at[s->d[at].count].name : num_text(S, (double)s->d[at].n);
  if (want->kind == VAL_INT) diag_mark(d, "axis %d is %s, not %s", at, found, num_text(S, want->u.num));
  else diag_mark(d, "axis %d is %s, not `%s`", at, found, S->p->counts.at[want->u.dim.count].name);
  label_origin(S, d, s->d[at]);
  if (want->origin != 0 || want->kind == VAL_COUNT)
    label_origin(S, d, want->kind == VAL_INT ? dim_of_int(S, want) : want->u.dim);
  if (want->kind == VAL_INT) advise_reshape(S, d, p, v, (int64_t)want->u.num);
  return S->error;
}

/* One size of the pattern against one of the value. False after a message. */
static bool bind_size(Sema *S, const AstNode *p, int k, const Value *v, const Shape *s, int at,
                      const Scope *lexical, const char *who) {
  const AstNode *n = ast_kid(p, AST_PATTERN_dims)->kids[k];
  const Value *want;
  if (n->kind == AST_NAME) {
    const Binding *b = size_name(S, n, lexical);
    if (b == NULL) {
      declare(S, n->name, n->span, BIND_SIZE, val_of_dim(S, s->d[at], n->span));
      return true;
    }
    want = rows_as_size(S, b->value);
    if (want->kind != VAL_INT && want->kind != VAL_COUNT) {
      if (val_is_error(want)) return false;
      Diag *d = say(S, DIAG_TYPE, n->span, "a size is a whole number, but `%s` is %s", sym_text(n->name),
                    val_describe(S, want));
      diag_label(d, b->span, "declared here");
      diag_help(d, "choose another name for the size");
      return false;
    }
  } else {
    want = rows_as_size(S, eval(S, n));
    int64_t ignored;
    if (val_is_error(want) || (want->kind != VAL_COUNT && !want_int(S, want, "a size", &ignored)))
      return false;
  }
  const Dim need = want->kind == VAL_COUNT ? want->u.dim : dim_static((int64_t)want->u.num);
  if (dim_equal(need, s->d[at])) return true;
  wrong_shape(S, p, v, s, at, want, who);
  return false;
}

static bool type_fits(const char *type, const Value *v) {
  if (strcmp(type, "int") == 0) return v->kind == VAL_INT;
  if (strcmp(type, "real") == 0 || strcmp(type, "angle") == 0) return val_can_be_tensor(v);
  if (strcmp(type, "bool") == 0)
    return v->kind == VAL_BOOL || (v->kind == VAL_TENSOR && v->u.tensor->elem == ELEM_BOOL);
  if (strcmp(type, "text") == 0) return v->kind == VAL_TEXT;
  if (strcmp(type, "label") == 0)
    return v->kind == VAL_INT || (v->kind == VAL_TENSOR && v->u.tensor->elem != ELEM_REAL);
  if (strcmp(type, "circuit") == 0) return v->kind == VAL_OBJECT && v->u.object->is_circuit;
  if (strcmp(type, "model") == 0) return v->kind == VAL_OBJECT;
  if (strcmp(type, "dataset") == 0) return v->kind == VAL_DATASET;
  return false;
}

static bool check_type(Sema *S, const AstNode *p, const Value *v, const char *who) {
  static const char *const known[] = {"int",   "real",    "angle", "bool",   "text",
                                      "label", "circuit", "model", "dataset"};
  const AstNode *type = ast_kid(p, AST_PATTERN_type);
  if (type == NULL) return true;
  const char *name = sym_text(type->name);
  bool exists = false;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) exists = exists || strcmp(known[i], name) == 0;
  if (!exists) {
    Diag *d = say(S, DIAG_NAME, type->span, "there is no type `%s`", name);
    const char *near = synonym_of(name);
    if (near == NULL) near = diag_nearest(name, known, (int)(sizeof known / sizeof *known));
    if (near != NULL) diag_mark(d, "did you mean `%s`?", near);
    else diag_help(d, "types are int, real, angle, bool, text, label, circuit, model, dataset");
    return false;
  }
  if (type_fits(name, v)) return true;
  Diag *d = say(S, DIAG_TYPE, v->span, "`%s` of `%s` is of type %s, but this is %s", sym_text(p->name), who,
                name, val_describe(S, v));
  diag_label(d, p->span, "declared here");
  return false;
}

/* A one-element tensor stands where a scalar is wanted. */
static const Value *scalar_of(Sema *S, const Value *v, const Shape *s) {
  for (int i = 0; i < s->rank; i++)
    if (!dim_is_one(s->d[i])) return NULL;
  return val_to_scalar(S, v, "a scalar");
}

const Value *pattern_bind(Sema *S, const AstNode *p, const Value *v, Scope *lexical, const char *who) {
  if (val_is_error(v)) return v;
  if (!check_type(S, p, v, who)) return S->error;
  const AstNode *dims = ast_kid(p, AST_PATTERN_dims);
  if (dims == NULL) return v;
  Shape s;
  ElemKind elem;
  if (!val_can_be_tensor(v) || !val_shape(S, v, &s, &elem)) {
    if (v->kind == VAL_LIST) {
      want_tensor(S, v, arena_printf(S->a, "`%s`", sym_text(p->name)));
      return S->error;
    }
    wrong_kind(S, v, arena_printf(S->a, "`%s` of `%s`", sym_text(p->name), who), "a number or a tensor");
    return S->error;
  }
  if (v->kind != VAL_TENSOR && s.rank > 0) {
    const Tensor *t = want_tensor(S, v, "an argument");
    if (t == NULL) return S->error;
    v = val_node(S, t->node, t->lift, v->span);
  }
  int rest = -1;
  for (int i = 0; i < dims->n; i++)
    if (dims->kids[i]->kind == AST_REST) rest = i;
  if (dims->n == 0 && s.rank > 0) {
    const Value *one = scalar_of(S, v, &s);
    if (one != NULL) return one;
  }
  if (rest < 0 ? s.rank != dims->n : s.rank < dims->n - 1) return wrong_shape(S, p, v, &s, -1, NULL, who);
  for (int i = 0; i < dims->n; i++) {
    if (i == rest) continue;
    const int at = rest >= 0 && i > rest ? s.rank - (dims->n - i) : i;
    if (!bind_size(S, p, i, v, &s, at, lexical, who)) return S->error;
  }
  return v;
}

/* ---- results -------------------------------------------------------------------------------------- */

static bool result_check(Sema *S, const AstNode *r, const Value *v, const Value **out, const char *who) {
  const AstNode *dims = ast_kid(r, AST_RESULT_dims);
  *out = v;
  Shape s;
  ElemKind elem;
  if (!val_can_be_tensor(v) || !val_shape(S, v, &s, &elem)) {
    wrong_kind(S, v, arena_printf(S->a, "the result of `%s`", who), "a number or a tensor");
    return false;
  }
  if (dims->n == 0 && s.rank > 0) {
    const Value *one = scalar_of(S, v, &s);
    if (one != NULL) {
      *out = one;
      return !val_is_error(one);
    }
  }
  Shape want = {.rank = dims->n};
  bool fits = s.rank == dims->n;
  for (int i = 0; i < dims->n; i++) {
    if (dims->kids[i]->kind == AST_REST) return true;
    const Value *d = eval(S, dims->kids[i]);
    if (val_is_error(d) || !want_dim(S, d, "a size", &want.d[i])) return false;
    fits = fits && dim_equal(want.d[i], s.d[i]);
  }
  if (fits) return true;
  Diag *d = say(S, DIAG_SHAPE, r->span, "`%s` promises %s, but its body gives %s", who,
                sema_shape_text(S, &want), sema_shape_text(S, &s));
  diag_label(d, v->span, "%s", sema_shape_text(S, &s));
  for (int i = 0; i < s.rank && s.rank == want.rank; i++)
    if (!dim_equal(s.d[i], want.d[i])) label_origin(S, d, s.d[i]);
  return false;
}

bool results_check(Sema *S, const AstNode *results, const Value *v, const Value **out, const char *who) {
  *out = v;
  if (results == NULL || val_is_error(v)) return true;
  if (results->n == 1) return result_check(S, results->kids[0], v, out, who);
  if (v->kind != VAL_TUPLE || v->u.list.n != results->n) {
    say(S, DIAG_SHAPE, results->span, "`%s` promises %d results, but its body gives %s", who, results->n,
        val_describe(S, v));
    return false;
  }
  const Value **at = ARENA_ARRAY(S->a, const Value *, v->u.list.n + 1);
  bool ok = true;
  for (int i = 0; i < results->n; i++)
    ok = result_check(S, results->kids[i], v->u.list.at[i], &at[i], who) && ok;
  *out = val_list(S, VAL_TUPLE, v->u.list.n, at, v->span);
  return ok;
}
