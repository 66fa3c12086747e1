#include "lang/sema/rows.h"
#include <math.h>
#include <string.h>

Value *val_new(Sema *S, ValueKind kind, Span span) {
  Value *v = ARENA_NEW(S->a, Value);
  v->kind = kind;
  v->span = span;
  return v;
}

const Value *val_int(Sema *S, int64_t i, Span span) {
  Value *v = val_new(S, VAL_INT, span);
  v->u.num = (double)i;
  return v;
}

const Value *val_real(Sema *S, double x, Span span) {
  Value *v = val_new(S, VAL_REAL, span);
  v->u.num = x;
  return v;
}

const Value *val_bool(Sema *S, bool b, Span span) {
  Value *v = val_new(S, VAL_BOOL, span);
  v->u.num = b ? 1 : 0;
  return v;
}

const Value *val_text(Sema *S, const char *text, Span span) {
  Value *v = val_new(S, VAL_TEXT, span);
  v->u.text = text;
  return v;
}

const Value *val_list(Sema *S, ValueKind kind, int n, const Value *const *at, Span span) {
  Value *v = val_new(S, kind, span);
  v->u.list.n = n;
  v->u.list.at = at;
  return v;
}

const Value *val_nothing(Sema *S, Span span) { return val_new(S, VAL_NOTHING, span); }

const Value *val_node(Sema *S, NodeId node, int lift, Span span) {
  if (node == NODE_NONE) return S->error;
  Tensor *t = ARENA_NEW(S->a, Tensor);
  t->g = graph_now(S);
  t->node = node;
  t->lift = lift;
  t->slot = -1;
  t->shape = g_node(t->g, node)->shape;
  t->elem = g_node(t->g, node)->elem;
  t->stamp = S->updates.n;
  Value *v = val_new(S, VAL_TENSOR, span);
  v->u.tensor = t;
  return v;
}

const Value *val_at(Sema *S, const Value *v, Span span) {
  if (v->kind == VAL_ERROR) return v;
  Value *w = val_new(S, v->kind, span);
  *w = *v;
  w->span = span;
  return w;
}

Shape tensor_sample(const Tensor *t) {
  if (t->lift == 0) return t->shape;
  Shape s = {.rank = t->shape.rank - 1};
  for (int i = 0; i < s.rank; i++) s.d[i] = t->shape.d[i + 1];
  return s;
}

int64_t tensor_classes(const Tensor *t) {
  if (t->elem == ELEM_BOOL) return 2;
  const Node *n = g_node(t->g, t->node);
  while (n->op == OP_MARK || n->op == OP_STOP_GRAD) n = g_node(t->g, n->in[0]);
  if (n->op == OP_ARGMAX) return g_node(t->g, n->in[0])->shape.d[n->attr.i[0]].n;
  if (n->op != OP_CATEGORICAL) return 0;
  const Shape *p = &g_node(t->g, n->in[1])->shape;
  return p->rank > 0 ? p->d[p->rank - 1].n : 0;
}

/* ---- sizes ------------------------------------------------------------------------------- */

Dim dim_of_int(Sema *S, const Value *v) {
  Dim d = dim_static((int64_t)v->u.num);
  const char *text = src_of_span(S, v->span);
  const bool literal = strspn(text, "0123456789_") == strlen(text);
  d.origin = v->origin != 0 ? v->origin
                            : origin_new(S, v->span, literal ? "" : arena_printf(S->a, "`%s`", text), 0, 0);
  return d;
}

const Value *val_of_dim(Sema *S, Dim d, Span span) {
  if (d.count != 0) {
    Value *v = val_new(S, VAL_COUNT, span);
    v->u.dim = d;
    return v;
  }
  Value *v = val_new(S, VAL_INT, span);
  v->u.num = (double)d.n;
  v->origin = d.origin;
  return v;
}

/* ---- shapes ------------------------------------------------------------------------------- */

static bool list_shape(Sema *S, const Value *v, Shape *out, ElemKind *elem) {
  Shape inner = shape_scalar();
  ElemKind e = ELEM_REAL;
  for (int i = 0; i < v->u.list.n; i++) {
    Shape s;
    ElemKind k;
    if (!val_shape(S, v->u.list.at[i], &s, &k)) return false;
    if (i > 0 && !shape_equal(&s, &inner)) return false;
    inner = s;
    e = i == 0 || k == e ? k : ELEM_REAL;
  }
  if (v->u.list.n == 0 || inner.rank + 1 > SHAPE_MAX_RANK) return false;
  out->rank = inner.rank + 1;
  for (int i = 0; i < inner.rank; i++) out->d[i + 1] = inner.d[i];
  out->d[0] = dim_static(v->u.list.n);
  out->d[0].origin = origin_new(S, v->span, arena_printf(S->a, "a list of %d", v->u.list.n), 0, 0);
  *elem = e;
  return true;
}

bool val_shape(Sema *S, const Value *v, Shape *out, ElemKind *elem) {
  memset(out, 0, sizeof *out);
  *elem = ELEM_REAL;
  switch (v->kind) {
  case VAL_INT:
  case VAL_COUNT: *elem = ELEM_LABEL; return true;
  case VAL_REAL: return true;
  case VAL_BOOL: *elem = ELEM_BOOL; return true;
  case VAL_TENSOR:
    *out = tensor_sample(v->u.tensor);
    *elem = v->u.tensor->elem;
    return true;
  case VAL_RANGE:
    *elem = ELEM_LABEL;
    out->rank = 1;
    out->d[0] = dim_static(v->u.range.hi > v->u.range.lo ? v->u.range.hi - v->u.range.lo : 0);
    return true;
  case VAL_LIST: return list_shape(S, v, out, elem);
  case VAL_SERIES: *out = S->p->slots.at[S->p->series.at[v->u.index].slot].shape; return true;
  case VAL_STAGE:
    if (v->u.stage.is_param) *out = S->p->slots.at[v->u.stage.slots[0]].shape;
    return v->u.stage.is_param;
  case VAL_ERROR:
  case VAL_TEXT:
  case VAL_DURATION:
  case VAL_INTERVAL:
  case VAL_TUPLE:
  case VAL_OBJECT:
  case VAL_DEF:
  case VAL_BUILTIN:
  case VAL_DATASET:
  case VAL_TRAIN:
  case VAL_SWEEP:
  case VAL_DIST:
  case VAL_OPTIM:
  case VAL_SCHEDULE:
  case VAL_QUBITS:
  case VAL_PAIRS:
  case VAL_OP:
  case VAL_CHANNEL:
  case VAL_OUTCOME:
  case VAL_BUNDLE:
  case VAL_FIGURE:
  case VAL_ROW:
  case VAL_MODULE:
  case VAL_FILE:
  case VAL_GROUPS:
  case VAL_NOTHING: return false;
  }
  return false;
}

bool val_can_be_tensor(const Value *v) {
  if (v->kind == VAL_STAGE) return v->u.stage.is_param;
  return val_is_number(v) || v->kind == VAL_COUNT || v->kind == VAL_TENSOR || v->kind == VAL_LIST ||
         v->kind == VAL_RANGE || v->kind == VAL_SERIES;
}

/* ---- kinds wanted ------------------------------------------------------------------------- */

/* A value is wanted, and this is a dataset: one of its columns is meant. */
static void help_columns(Sema *S, Diag *d, const Value *v) {
  if (v->u.index < 0 || S->p->datasets.at[v->u.index].columns.n == 0) return;
  const Dataset *from = &S->p->datasets.at[v->u.index];
  const char *column = from->columns.at[0].name;
  if (S->place == PLACE_DATASET)
    diag_help(d, "`columns(y = ...)` computes a column, with `%s` for the value of one row", column);
  else if (*from->name != '\0') diag_help(d, "name one of its columns: `%s.%s`", from->name, column);
  else diag_help(d, "give it a name, `let d = ...`, and name one of its columns, `d.%s`", column);
}

Diag *wrong_kind(Sema *S, const Value *v, const char *what, const char *wanted) {
  if (v->kind == VAL_ERROR) return NULL;
  if (v->kind == VAL_DIST) {
    Diag *d = say(S, DIAG_DISTRIBUTION, v->span, "%s is %s, but this is a distribution", what, wanted);
    diag_help(d, "draw from it first: `draw z[8] ~ %s`", src_of_span(S, v->span));
    return d;
  }
  Diag *d = say(S, DIAG_TYPE, v->span, "%s is %s, but this is %s", what, wanted, val_describe(S, v));
  if (strstr(wanted, "number") == NULL && strstr(wanted, "value") == NULL) return d;
  if (v->kind == VAL_OBJECT && S->place == PLACE_STEP)
    diag_help(d, "call it: `%s(...)`; its weights are `weights(%s)`", v->u.object->name, v->u.object->name);
  else if (v->kind == VAL_OBJECT) diag_help(d, "call it: `%s(...)`", v->u.object->name);
  if (v->kind == VAL_DATASET) help_columns(S, d, v);
  if (v->kind == VAL_DEF) diag_help(d, "call it: `%s(...)`", v->u.def->name);
  if (v->kind == VAL_BUILTIN) diag_help(d, "call it: `%s(...)`", v->u.builtin->name);
  return d;
}

bool want_int(Sema *S, const Value *v, const char *what, int64_t *out) {
  if (v->kind == VAL_INT) {
    *out = (int64_t)v->u.num;
    return true;
  }
  if (v->kind == VAL_REAL) {
    Diag *d = say(S, DIAG_TYPE, v->span, "%s is a whole number, but this is %s", what, num_text(S, v->u.num));
    if (fabs(v->u.num) > 9007199254740992.0) diag_note(d, "a whole number is at most 2^53");
    else if (v->u.num == floor(v->u.num)) diag_help(d, "write `%s`", num_text(S, v->u.num));
    else if (strchr("0123456789", src_of_span(S, v->span)[0]) != NULL)
      diag_help(d, "a whole number has no point, exponent or unit");
    else diag_help(d, "write `floor(%s)` or `round(%s)`", src_of_span(S, v->span), src_of_span(S, v->span));
    return false;
  }
  if (v->kind == VAL_TENSOR || v->kind == VAL_COUNT || v->kind == VAL_SERIES) {
    Diag *d = say(S, DIAG_STATIC, v->span, "%s must be known before the run, but this is %s", what,
                  val_describe(S, v));
    diag_help(d, "use a number, a hyper or a size");
    return false;
  }
  wrong_kind(S, v, what, "a whole number");
  return false;
}

bool want_real(Sema *S, const Value *v, const char *what, double *out) {
  if (val_is_number(v)) {
    *out = v->u.num;
    return true;
  }
  if (v->kind == VAL_TENSOR || v->kind == VAL_COUNT || v->kind == VAL_SERIES) {
    Diag *d = say(S, DIAG_STATIC, v->span, "%s must be known before the run, but this is %s", what,
                  val_describe(S, v));
    diag_help(d, "use a number or a hyper");
    return false;
  }
  wrong_kind(S, v, what, "a number");
  return false;
}

bool want_bool(Sema *S, const Value *v, const char *what, bool *out) {
  if (v->kind == VAL_BOOL) {
    *out = v->u.num != 0;
    return true;
  }
  if (v->kind == VAL_TENSOR) {
    say(S, DIAG_STATIC, v->span, "%s must be known before the run, but this is computed from data or weights",
        what);
    return false;
  }
  wrong_kind(S, v, what, "true or false");
  return false;
}

const char *want_text(Sema *S, const Value *v, const char *what) {
  if (v->kind == VAL_TEXT) return v->u.text;
  wrong_kind(S, v, what, "a text");
  return NULL;
}

bool want_dim(Sema *S, const Value *v, const char *what, Dim *out) {
  v = rows_as_size(S, v);
  if (v->kind == VAL_COUNT) {
    *out = v->u.dim;
    return true;
  }
  int64_t n;
  if (v->kind == VAL_TENSOR && v->u.tensor->shape.rank == 0) {
    later(S, v->span, "%s from a computed number of rows", what);
    return false;
  }
  if (!want_int(S, v, what, &n)) return false;
  if (n < 1 || n > ((int64_t)1 << 40)) {
    Diag *d = n < 1 ? say(S, DIAG_SHAPE, v->span, "%s is at least 1, but this is %lld", what, (long long)n)
                    : say(S, DIAG_SHAPE, v->span, "%s is at most 2^40, but this is %lld", what, (long long)n);
    label_origin(S, d, dim_of_int(S, v));
    return false;
  }
  *out = dim_of_int(S, v);
  return true;
}

/* ---- tensors ------------------------------------------------------------------------------- */

static const Value *list_node(Sema *S, const Value *v, const char *what);

static ElemKind elem_of_number(const Value *v) {
  return v->kind == VAL_INT || v->kind == VAL_COUNT ? ELEM_LABEL
         : v->kind == VAL_BOOL                      ? ELEM_BOOL
                                                    : ELEM_REAL;
}

static const Value *number_tensor(Sema *S, const Value *v) {
  const Attr a = {.i = {elem_of_number(v)}, .f = {v->u.num}};
  const Shape scalar = shape_scalar();
  return val_node(S, g_make(graph_now(S), OP_CONST, 0, NULL, &a, &scalar, v->span, NULL), 0, v->span);
}

static const Value *series_node(Sema *S, const Value *v) { return series_value(S, v->u.index, v->span); }

static const Value *as_tensor(Sema *S, const Value *v, const char *what) {
  switch ((int)v->kind) {
  case VAL_TENSOR: return v;
  case VAL_INT:
  case VAL_REAL:
  case VAL_BOOL: return number_tensor(S, v);
  case VAL_COUNT: {
    Attr at = {.i = {(int64_t)v->u.dim.count}};
    return val_node(S, g_make(graph_now(S), OP_COUNT, 0, NULL, &at, NULL, v->span, NULL), 0, v->span);
  }
  case VAL_LIST:
  case VAL_RANGE: return list_node(S, v, what);
  case VAL_SERIES: return series_node(S, v);
  case VAL_STAGE:
    if (v->u.stage.is_param) {
      const int slot = v->u.stage.slots[0];
      return val_node(S, g_param(graph_now(S), slot, &S->p->slots.at[slot].shape, v->span), 0, v->span);
    }
    break;
  default: break; /* val_can_be_tensor */
  }
  wrong_kind(S, v, what, "a number or a tensor");
  return S->error;
}

/* A list of equal parts, stacked on a new first axis. */
/* Parts one after the other, in groups: an operation of the runtime has few inputs. */
static NodeId concat_parts(Graph *g, int n, const NodeId *parts, int axis, Span span) {
  enum { GROUP = 8 };
  if (n == 1) return parts[0];
  if (n <= GROUP) return g_concat(g, n, parts, axis, span);
  NodeId *joined = ARENA_ARRAY(g_arena(g), NodeId, n / GROUP + 1);
  int count = 0;
  for (int i = 0; i < n; i += GROUP)
    joined[count++] = concat_parts(g, n - i < GROUP ? n - i : GROUP, parts + i, axis, span);
  return concat_parts(g, count, joined, axis, span);
}

/* All leaves are numbers known now: they are written to `out`. */
static bool leaves(Sema *S, const Value *v, double *out, int64_t *at) {
  int n = 0;
  if (v->kind != VAL_LIST && v->kind != VAL_RANGE) {
    if (val_is_number(v)) out[(*at)++] = v->u.num;
    return val_is_number(v);
  }
  const Value *const *items = static_items(S, v, "a list", &n);
  for (int i = 0; items != NULL && i < n; i++)
    if (!leaves(S, items[i], out, at)) return false;
  return items != NULL;
}

/* A long list of numbers is a table that the program holds, not a node for each. */
#define LIST_NODES 12
static const Value *table_of(Sema *S, const Value *v) {
  Shape s;
  ElemKind elem;
  if (S->circuit != NULL || !val_shape(S, v, &s, &elem) || !shape_is_static(&s)) return NULL;
  const int64_t n = shape_capacity(&s);
  int64_t at = 0;
  if (n <= LIST_NODES || n > 10000000) return NULL;
  double *values = ARENA_ARRAY(S->a, double, (int)n);
  if (!leaves(S, v, values, &at)) return NULL;
  const int slot = slot_new(S, SLOT_BUFFER, path_here(S, "list"), &s, elem, v->span);
  S->p->slots.at[slot].start = (Start){.kind = START_CONST, .values = values};
  return val_node(S, g_input(graph_now(S), slot, &s, elem, v->span), 0, v->span);
}

static const Value *list_node(Sema *S, const Value *v, const char *what) {
  int n = 0;
  const Value *table = table_of(S, v);
  if (table != NULL) return table;
  const Value *const *items = static_items(S, v, what, &n);
  if (items == NULL) return S->error;
  if (n == 0) {
    say(S, DIAG_SHAPE, v->span, "%s is an empty list, which has no shape", what);
    return S->error;
  }
  const Tensor **t = ARENA_ARRAY(S->a, const Tensor *, n);
  for (int i = 0; i < n; i++) {
    const Value *x = as_tensor(S, items[i], what);
    if (val_is_error(x)) return x;
    t[i] = x->u.tensor;
    if (t[i]->g != graph_now(S)) /* a part that an earlier region computed */
      t[i] = val_node(S, tensor_here(S, t[i], x->span), t[i]->lift, x->span)->u.tensor;
    const Shape s0 = tensor_sample(t[0]), s = tensor_sample(t[i]);
    if (!shape_equal(&s0, &s)) {
      Diag *d = say(S, DIAG_SHAPE, items[i]->span,
                    "the parts of a list that is used as a tensor have one shape: %s here, %s first",
                    sema_shape_text(S, &s), sema_shape_text(S, &s0));
      diag_label(d, items[0]->span, "%s", sema_shape_text(S, &s0));
      return S->error;
    }
  }
  NodeId *parts = ARENA_ARRAY(S->a, NodeId, n);
  int lift;
  if (!align_lift(S, n, t, parts, &lift, v->span)) return S->error;
  Graph *g = graph_now(S);
  for (int i = 0; i < n; i++) {
    Shape s = g_node(g, parts[i])->shape;
    if (s.rank + 1 > SHAPE_MAX_RANK) {
      say(S, DIAG_RANKS, v->span, "this list would have %d axes; at most %d are possible", s.rank + 1,
          SHAPE_MAX_RANK);
      return S->error;
    }
    for (int k = s.rank; k > lift; k--) s.d[k] = s.d[k - 1];
    s.d[lift] = dim_static(1);
    s.rank++;
    parts[i] = g_reshape(g, parts[i], &s, v->span);
  }
  return val_node(S, concat_parts(g, n, parts, lift, v->span), lift, v->span);
}

const Tensor *want_tensor(Sema *S, const Value *v, const char *what) {
  const Value *x = as_tensor(S, v, what);
  if (val_is_error(x)) return NULL;
  Tensor *t = x->u.tensor;
  if (t->g == graph_now(S)) return t;
  Tensor *here = ARENA_NEW(S->a, Tensor);
  *here = *t;
  here->node = tensor_here(S, t, v->span);
  here->g = graph_now(S);
  here->slot = t->slot;
  return here->node == NODE_NONE ? NULL : here;
}
