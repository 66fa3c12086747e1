/* x[i], x[a..b], x[:, 0], x[[0, 2]]: picking from tensors, lists, registers and series. Indices
 * are known before the run; a negative one counts from the end. */
#include "lang/sema/rows.h"
#include "lang/base/source.h"
#include <string.h>

typedef enum PickKind { PICK_ALL, PICK_ONE, PICK_SLICE, PICK_LIST, PICK_ROWS } PickKind;
typedef struct Pick {
  PickKind kind;
  int64_t from, to;
  Rows first, rows; /* ROWS: how many are left out before, and how many there are */
  const Value *list;
  Span span;
} Pick;

static const Value *out_of_range(Sema *S, Span span, int64_t i, Dim size, const char *what) {
  Diag *d = say(S, DIAG_SHAPE, span, "there is no index %lld: %s has %lld element%s", (long long)i, what,
                (long long)size.n, size.n == 1 ? "" : "s");
  if (size.n > 0)
    diag_mark(d, "0 to %lld, or -1 to -%lld from the end", (long long)(size.n - 1), (long long)size.n);
  label_origin(S, d, size);
  return S->error;
}

static bool end_of(Sema *S, const AstNode *n, int64_t size, int64_t missing, int64_t *out) {
  if (n == NULL) {
    *out = missing;
    return true;
  }
  if (!eval_int(S, n, "an index", out)) return false;
  if (*out < 0) *out += size;
  return true;
}

/* A slice of an axis that is a count, by ends that may be counts too; NULL: none was written. ROWS if the
 * number of its rows follows from them whatever the counts are. False after an error. */
static bool pick_between(Sema *S, const Value *from, const Value *to, Dim size, Pick *out) {
  const Rows all = rows_of_dim(S, size), none = {0};
  Rows ends[2] = {none, all}, left;
  const Value *const v[2] = {from, to};
  bool known = true;
  for (int k = 0; k < 2; k++) {
    if (v[k] == NULL) continue;
    if (val_is_error(v[k])) return false;
    known = rows_of_value(S, v[k], &ends[k]) && known;
    if (known && !rows_at_least(&ends[k], 0)) known = rows_add(&all, &ends[k], 1, &ends[k]);
  }
  known = known && rows_add(&ends[1], &ends[0], -1, &out->rows) && rows_add(&all, &ends[1], -1, &left);
  const bool some = known && (out->rows.n > 0 || out->rows.more > 0);
  if (some && rows_at_least(&ends[0], 0) && rows_at_least(&out->rows, 0) && rows_at_least(&left, 0)) {
    out->kind = PICK_ROWS;
    out->first = ends[0];
    return true;
  }
  int64_t n[2] = {0, 0}; /* from the end where negative; `to` of an open slice is 0 */
  for (int k = 0; k < 2; k++) {
    Rows ignored;
    if (v[k] != NULL && v[k]->kind != VAL_INT && rows_of_value(S, v[k], &ignored)) {
      Diag *d = say(S, DIAG_STATIC, out->span,
                    "whether these rows are there is known only when run: there are `%s`",
                    S->p->counts.at[size.count].name);
      diag_help(d,
                "a slice whose length follows from the counts is taken: of `2 B` rows `[..B]` and `[B..]`");
      return false;
    }
    if (v[k] != NULL && !want_int(S, v[k], "an index", &n[k])) return false;
  }
  out->from = n[0], out->to = n[1];
  return true;
}

/* One index of x[...], for an axis of the given size. */
static bool pick_of(Sema *S, const AstNode *n, Dim size, const char *what, Pick *out) {
  *out = (Pick){.kind = PICK_SLICE, .from = 0, .to = size.n, .span = n->span};
  if (n->kind == AST_SLICE) {
    if (ast_kid(n, AST_SLICE_from) == NULL && ast_kid(n, AST_SLICE_to) == NULL) {
      out->kind = PICK_ALL;
      return true;
    }
    const AstNode *from = ast_kid(n, AST_SLICE_from), *to = ast_kid(n, AST_SLICE_to);
    if (size.count != 0) {
      const Value *first = from != NULL ? eval(S, from) : NULL, *end = to != NULL ? eval(S, to) : NULL;
      return pick_between(S, first, end, size, out);
    }
    if (!end_of(S, from, size.n, 0, &out->from) || !end_of(S, to, size.n, size.n, &out->to)) return false;
  } else {
    const Value *v = eval(S, n);
    if (val_is_error(v)) return false;
    if (v->kind == VAL_LIST) {
      out->kind = PICK_LIST;
      out->list = v;
      return true;
    }
    if (size.count != 0 && v->kind == VAL_INTERVAL && !v->u.interval.hi_closed)
      return pick_between(S, v->u.interval.lo, v->u.interval.hi, size, out);
    if (size.count != 0 && v->kind == VAL_RANGE)
      return pick_between(S, val_int(S, v->u.range.lo, n->span), val_int(S, v->u.range.hi, n->span), size,
                          out);
    if (v->kind == VAL_RANGE) {
      out->from = v->u.range.lo < 0 ? v->u.range.lo + size.n : v->u.range.lo;
      out->to = v->u.range.hi < 0 ? v->u.range.hi + size.n : v->u.range.hi;
    } else if (v->kind == VAL_TENSOR) {
      Diag *d = say(S, DIAG_STATIC, n->span, "an index is known before the run, but this is %s",
                    val_describe(S, v));
      diag_help(d, "`gather(x, i)` picks rows by computed labels");
      return false;
    } else {
      if (!want_int(S, v, "an index", &out->from)) return false;
      out->kind = PICK_ONE;
      if (size.count != 0) return true;
      const int64_t i = out->from < 0 ? out->from + size.n : out->from;
      if (i < 0 || i >= size.n) return out_of_range(S, n->span, out->from, size, what), false;
      out->from = i;
      out->to = i + 1;
      return true;
    }
  }
  if (size.count != 0) return true;
  if (out->from < 0 || out->to > size.n)
    return out_of_range(S, n->span, out->from < 0 ? out->from : out->to - 1, size, what), false;
  if (out->to <= out->from) {
    say(S, DIAG_SHAPE, n->span, "this slice is empty: %lld..%lld", (long long)out->from, (long long)out->to);
    return false;
  }
  return true;
}

/* ---- lists and registers -------------------------------------------------------------------- */

static const Value *index_items(Sema *S, const Value *v, const Pick *p, const char *what) {
  int n = 0;
  const Value *const *items = static_items(S, v, what, &n);
  if (items == NULL) return S->error;
  if (p->kind == PICK_ALL) return v;
  if (p->kind == PICK_ONE) return items[p->from];
  if (p->kind == PICK_SLICE) return val_list(S, VAL_LIST, (int)(p->to - p->from), items + p->from, p->span);
  const Value **out = ARENA_ARRAY(S->a, const Value *, p->list->u.list.n + 1);
  for (int i = 0; i < p->list->u.list.n; i++) {
    int64_t k;
    if (!want_int(S, p->list->u.list.at[i], "an index", &k)) return S->error;
    if (k < 0) k += n;
    if (k < 0 || k >= n) return out_of_range(S, p->list->u.list.at[i]->span, k, dim_static(n), what);
    out[i] = items[k];
  }
  return val_list(S, VAL_LIST, p->list->u.list.n, out, p->span);
}

static const Value *index_qubits(Sema *S, const Value *v, const Pick *p, Span span) {
  Value *out = val_new(S, VAL_QUBITS, span);
  const QubitsValue *q = &v->u.qubits;
  out->u.qubits = (QubitsValue){(int)(p->to - p->from), q->at + p->from, p->kind == PICK_ONE, q->name};
  if (p->kind == PICK_ALL) return v;
  if (p->kind != PICK_LIST) return out;
  const int n = p->list->u.list.n;
  int *at = ARENA_ARRAY(S->a, int, n + 1);
  for (int i = 0; i < n; i++) {
    int64_t k;
    if (!want_int(S, p->list->u.list.at[i], "a qubit", &k)) return S->error;
    if (k < 0) k += q->n;
    if (k < 0 || k >= q->n)
      return out_of_range(S, p->list->u.list.at[i]->span, k, dim_static(q->n), "the register");
    at[i] = q->at[k];
  }
  out->u.qubits.n = n;
  out->u.qubits.at = at;
  return out;
}

/* ---- tensors --------------------------------------------------------------------------------- */

static NodeId drop_axis(Graph *g, NodeId id, int axis, Span span) {
  Shape s = g_node(g, id)->shape;
  for (int i = axis; i + 1 < s.rank; i++) s.d[i] = s.d[i + 1];
  s.rank--;
  return g_reshape(g, id, &s, span);
}

static NodeId pick_list(Sema *S, NodeId id, int axis, const Value *list, Dim size, Span span) {
  Graph *g = graph_now(S);
  const int n = list->u.list.n;
  NodeId *parts = ARENA_ARRAY(S->a, NodeId, n + 1);
  for (int i = 0; i < n; i++) {
    int64_t k;
    if (!want_int(S, list->u.list.at[i], "an index", &k)) return NODE_NONE;
    if (k < 0) k += size.n;
    if (k < 0 || k >= size.n) {
      out_of_range(S, list->u.list.at[i]->span, k, size, "the axis");
      return NODE_NONE;
    }
    parts[i] = g_slice(g, id, axis, k, 1, span);
  }
  return n == 1 ? parts[0] : g_concat(g, n, parts, axis, span);
}

/* Rows of an axis whose size is known only when run; what is not there then is NaN. NODE_NONE after an error.
 */
static NodeId pick_rows(Sema *S, NodeId id, int axis, const Pick *p, Dim size) {
  Graph *g = graph_now(S);
  const int n = p->kind == PICK_LIST ? p->list->u.list.n : 1;
  const int64_t rows = p->kind == PICK_SLICE ? p->to - p->from : 1;
  if (axis == 0 && rows < 1) {
    Diag *d = say(S, DIAG_STATIC, p->span, "how many rows these are is known only when run: there are `%s`",
                  S->p->counts.at[size.count].name);
    diag_help(d, "a slice with both ends, `0..8`, or of the last ones, `-8..`, has a length");
    return NODE_NONE;
  }
  if (axis != 0) {
    later_rows(S, p->span,
               arena_printf(S->a, "such an index into the axis `%s`, whose size is",
                            S->p->counts.at[size.count].name));
    return NODE_NONE;
  }
  NodeId *parts = ARENA_ARRAY(S->a, NodeId, n + 1);
  for (int i = 0; i < n; i++) {
    int64_t from = p->from;
    if (p->kind == PICK_LIST && !want_int(S, p->list->u.list.at[i], "an index", &from)) return NODE_NONE;
    parts[i] = g_make(g, OP_ENTRIES, 1, &id, &(Attr){.i = {from, rows}}, NULL, p->span, NULL);
  }
  return n == 1 ? parts[0] : g_concat(g, n, parts, 0, p->span);
}

/* Rows whose number is a count: those up to the end of the slice, then the last of them. */
static NodeId pick_between_rows(Sema *S, NodeId id, int axis, const Pick *p, Dim size) {
  Graph *g = graph_now(S);
  const Rows all = rows_of_dim(S, size);
  Rows upto;
  if (axis != 0 || !rows_add(&p->first, &p->rows, 1, &upto)) {
    later_rows(S, p->span, "a slice of an axis behind the first whose size is");
    return NODE_NONE;
  }
  for (int last = 0; last < 2; last++) {
    const Rows *want = last ? &p->rows : &upto, *have = last ? &upto : &all;
    Shape to = g_node(g, id)->shape;
    if (rows_equal(want, have)) continue;
    to.d[0] = rows_dim(S, want);
    to.d[0].origin = size.origin;
    id = g_make(g, OP_TAKE_ROWS, 1, &id, &(Attr){.i = {last}}, &to, p->span, NULL);
  }
  return id;
}

static const Value *index_tensor(Sema *S, const Value *v, const AstNode *n) {
  const Tensor *t = want_tensor(S, v, "the indexed value");
  if (t == NULL) return S->error;
  const AstNode *indices = ast_kid(n, AST_INDEX_indices);
  const Shape shape = tensor_sample(t);
  if (indices->n > shape.rank) {
    Diag *d = say(S, DIAG_RANKS, indices->span, "%d ind%s, but `%s` has %d ax%s", indices->n,
                  indices->n == 1 ? "ex" : "ices", src_of_span(S, ast_kid(n, AST_INDEX_value)->span),
                  shape.rank, shape.rank == 1 ? "is" : "es");
    diag_label(d, ast_kid(n, AST_INDEX_value)->span, "%s", sema_shape_text(S, &shape));
    return S->error;
  }
  Graph *g = graph_now(S);
  NodeId id = t->node;
  int axis = t->lift;
  for (int i = 0; i < indices->n; i++) {
    Pick p;
    const char *what =
        arena_printf(S->a, "axis %d of `%s`", i, src_of_span(S, ast_kid(n, AST_INDEX_value)->span));
    if (!pick_of(S, indices->kids[i], shape.d[i], what, &p)) return S->error;
    if (p.kind == PICK_ROWS) id = pick_between_rows(S, id, axis, &p, shape.d[i]);
    else if (p.kind != PICK_ALL && shape.d[i].count != 0) id = pick_rows(S, id, axis, &p, shape.d[i]);
    else if (p.kind == PICK_SLICE || p.kind == PICK_ONE)
      id = g_slice(g, id, axis, p.from, p.to - p.from, n->span);
    else if (p.kind == PICK_LIST) id = pick_list(S, id, axis, p.list, shape.d[i], n->span);
    if (id == NODE_NONE) return S->error;
    if (p.kind == PICK_ONE) id = drop_axis(g, id, axis, n->span);
    else axis++;
  }
  return val_node(S, id, t->lift, n->span);
}

static const Value *say_colon(Sema *S, const AstNode *n) {
  Diag *d = say(S, DIAG_TYPE, n->span, "%s cannot be indexed", val_kind_text(VAL_TUPLE));
  return d != NULL ? S->error : NULL;
}

const Value *eval_index(Sema *S, const AstNode *n) {
  const AstNode *indices = ast_kid(n, AST_INDEX_indices);
  const Value *v = eval(S, ast_kid(n, AST_INDEX_value));
  if (val_is_error(v)) return v;
  if (v->kind == VAL_TENSOR && indices->n == 1 && indices->kids[0]->kind == AST_NAME) {
    const Binding *b = scope_find(S->scope, indices->kids[0]->name);
    if (b != NULL && b->value->kind == VAL_GROUPS)
      return groups_rows_of(S, v, eval(S, indices->kids[0]), n->span);
  }
  if (v->kind == VAL_TENSOR || v->kind == VAL_SERIES || v->kind == VAL_STAGE) return index_tensor(S, v, n);
  if (v->kind == VAL_DATASET) {
    const Value *name = indices->n == 1 ? eval(S, indices->kids[0]) : S->error;
    if (val_is_error(name)) return S->error;
    const char *text = want_text(S, name, "what is between the brackets after a dataset");
    return text != NULL ? dataset_member(S, v, text, n->span) : S->error;
  }
  if (v->kind == VAL_SWEEP) {
    const Value *value = indices->n == 1 ? eval(S, indices->kids[0]) : S->error;
    return val_is_error(value) ? value : sweep_pick(S, v, value, n);
  }
  if (v->kind == VAL_TRAIN) {
    Diag *d = wrong_kind(S, v, "what is indexed", "a tensor, a list or a register");
    if (d != NULL) diag_help(d, "its series can be: `%s.loss[-1]`", v->u.train->name);
    return S->error;
  }
  bool slices = false;
  for (int i = 0; i < indices->n; i++) slices = slices || indices->kids[i]->kind == AST_SLICE;
  if (v->kind == VAL_LIST && indices->n > 1 && slices) return index_tensor(S, v, n);
  const bool items = v->kind == VAL_LIST || v->kind == VAL_TUPLE || v->kind == VAL_RANGE;
  if (!items && v->kind != VAL_QUBITS) {
    wrong_kind(S, v, "what is indexed", "a tensor, a list or a register");
    return S->error;
  }
  const Value *out = v;
  for (int i = 0; i < indices->n; i++) {
    Pick p;
    int count = v->kind == VAL_QUBITS ? v->u.qubits.n : 0;
    if (items && out->kind != VAL_LIST && out->kind != VAL_TUPLE && out->kind != VAL_RANGE) {
      Diag *d = say(S, DIAG_RANKS, indices->span, "%d indices, but `%s` has %d ax%s", indices->n,
                    src_of_span(S, ast_kid(n, AST_INDEX_value)->span), i, i == 1 ? "is" : "es");
      diag_help(d, "an element is `x[1]`, a part `x[1..3]`");
      return S->error;
    }
    if (items && static_items(S, out, "the list", &count) == NULL) return S->error;
    const char *what = v->kind == VAL_QUBITS ? arena_printf(S->a, "register `%s`", v->u.qubits.name)
                                             : val_kind_text(v->kind);
    if (v->kind == VAL_QUBITS && (i > 0 || v->u.qubits.is_single)) return say_colon(S, n);
    if (!pick_of(S, indices->kids[i], dim_static(count), what, &p)) return S->error;
    out = v->kind == VAL_QUBITS ? index_qubits(S, v, &p, n->span) : index_items(S, out, &p, "the list");
    if (val_is_error(out) || out->kind == VAL_TENSOR) break;
  }
  return out;
}
