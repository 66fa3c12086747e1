/* One function for each shape rule of ops.def; those of images stand in shape_images.c. Texts name
 * the shapes and the two numbers that differ; the caller adds what the script called them. */
#include "lang/ir/circuit.h"
#include "lang/ir/graph_int.h"

#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) ShapeRule shape_rule_##shape;
#include "lang/ir/ops.def"
#undef OP

ShapeRule *const shape_rule_of[OP_COUNT_OF] = {
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) [OP_##ID] = shape_rule_##shape,
#include "lang/ir/ops.def"
#undef OP
};

static const Shape *in_shape(const Make *m, int k) { return g_shape(m->g, m->in[k]); }

static const char *text_of(const Make *m, const Shape *s) {
  return shape_text(m->g->arena, s, m->g->count_names);
}

static const char *dim_text_of(const Make *m, Dim d) { return dim_text(m->g->arena, d, m->g->count_names); }

/* ---- elements ---------------------------------------------------------------------------- */
typedef enum ElemRule { RULE_REAL, RULE_BOOL, RULE_WHOLE, RULE_FIRST, RULE_COMMON, RULE_BRANCHES } ElemRule;

static const ElemRule elem_rule[OP_COUNT_OF] = {
    [OP_COUNT] = RULE_WHOLE,      [OP_CLOCK] = RULE_WHOLE,      [OP_FLOOR] = RULE_WHOLE,
    [OP_ROUND] = RULE_WHOLE,      [OP_NOT] = RULE_BOOL,         [OP_IS_FINITE] = RULE_BOOL,
    [OP_EQ] = RULE_BOOL,          [OP_NE] = RULE_BOOL,          [OP_LT] = RULE_BOOL,
    [OP_LE] = RULE_BOOL,          [OP_AND] = RULE_BOOL,         [OP_OR] = RULE_BOOL,
    [OP_MAXIMUM] = RULE_COMMON,   [OP_MINIMUM] = RULE_COMMON,   [OP_SELECT] = RULE_BRANCHES,
    [OP_REDUCE_MAX] = RULE_FIRST, [OP_REDUCE_MIN] = RULE_FIRST, [OP_ARGMAX] = RULE_WHOLE,
    [OP_STRETCH] = RULE_FIRST,    [OP_RESHAPE] = RULE_FIRST,    [OP_TRANSPOSE] = RULE_FIRST,
    [OP_SLICE] = RULE_FIRST,      [OP_PAD] = RULE_FIRST,        [OP_CONCAT] = RULE_COMMON,
    [OP_GATHER] = RULE_FIRST,     [OP_STOP_GRAD] = RULE_FIRST,  [OP_MARK] = RULE_FIRST,
    [OP_ENTRIES] = RULE_FIRST,    [OP_FLIP] = RULE_FIRST,       [OP_COUNTS] = RULE_WHOLE,
    [OP_NEAREST] = RULE_WHOLE,    [OP_MAXPOOL] = RULE_FIRST,    [OP_CATEGORICAL] = RULE_WHOLE,
    [OP_STORE] = RULE_FIRST,      [OP_UPDATE] = RULE_BOOL,      [OP_JOIN_ROWS] = RULE_COMMON,
    [OP_TAKE_ROWS] = RULE_FIRST,  [OP_PUT_ROWS] = RULE_FIRST,
};

/* The kind of inputs first.. if they agree, else real. */
static ElemKind common_elem(const Make *m, int first) {
  ElemKind e = g_node(m->g, m->in[first])->elem;
  for (int k = first + 1; k < m->n_in; k++)
    if (g_node(m->g, m->in[k])->elem != e) return ELEM_REAL;
  return e;
}

ElemKind elem_of(const Make *m) {
  if (m->op == OP_CONST) return (ElemKind)m->attr->i[0];
  if (m->op == OP_INPUT) return (ElemKind)m->attr->i[1];
  switch (elem_rule[m->op]) {
  case RULE_REAL: return ELEM_REAL;
  case RULE_BOOL: return ELEM_BOOL;
  case RULE_WHOLE: return ELEM_LABEL;
  case RULE_FIRST: return g_node(m->g, m->in[0])->elem;
  case RULE_COMMON: return common_elem(m, 0);
  case RULE_BRANCHES: return common_elem(m, 1);
  }
  return ELEM_REAL;
}

/* ---- elementwise --------------------------------------------------------------------------- */
const char *shape_rule_scalar(Make *m) {
  m->shape = shape_scalar();
  return NULL;
}

const char *shape_rule_entries(Make *m) {
  const Shape *a = in_shape(m, 0);
  if (a->rank < 1 || m->attr->i[1] < 1)
    return arena_printf(m->g->arena, "%lld rows of %s", (long long)m->attr->i[1], text_of(m, a));
  m->shape = *a;
  m->shape.d[0] = dim_static(m->attr->i[1]);
  return NULL;
}

const char *shape_rule_frechet(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, 1);
  if (a->rank != 2 || b->rank != 2 || a->d[1].count != 0 || !dim_equal(a->d[1], b->d[1]))
    return arena_printf(m->g->arena,
                        "a Frechet distance is that of two samples of vectors [rows, d], not of %s and %s",
                        text_of(m, a), text_of(m, b));
  m->shape = shape_scalar();
  return NULL;
}

const char *shape_rule_solve(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, 1);
  if (a->rank != 2 || !dim_equal(a->d[0], a->d[1]) || !shape_is_static(a))
    return arena_printf(m->g->arena, "a linear system has a square matrix, not %s", text_of(m, a));
  if (b->rank < 1 || b->rank > 2 || !dim_equal(b->d[0], a->d[0]) || !shape_is_static(b))
    return arena_printf(m->g->arena, "a linear system with a matrix %s has no right side %s", text_of(m, a),
                        text_of(m, b));
  m->shape = *b;
  return NULL;
}

const char *shape_rule_eigenvalues(Make *m) {
  const Shape *a = in_shape(m, 0);
  if (a->rank != 2 || !shape_is_static(a) || !dim_equal(a->d[0], a->d[1]))
    return arena_printf(m->g->arena, "a square matrix has eigenvalues, %s has none", text_of(m, a));
  m->shape = (Shape){.rank = 1, .d = {a->d[0]}};
  return NULL;
}

const char *shape_rule_same(Make *m) {
  m->shape = *in_shape(m, 0);
  return NULL;
}

static const char *do_not_combine(const Make *m, const Shape *a, const Shape *b) {
  const char *ta = text_of(m, a), *tb = text_of(m, b);
  if (a->rank != b->rank)
    return arena_printf(m->g->arena, "%s and %s do not combine: ranks %d and %d", ta, tb, a->rank, b->rank);
  for (int k = 0; k < a->rank; k++) {
    if (dim_equal(a->d[k], b->d[k]) || dim_is_one(a->d[k]) || dim_is_one(b->d[k])) continue;
    return arena_printf(m->g->arena, "%s and %s do not combine: %s and %s", ta, tb, dim_text_of(m, a->d[k]),
                        dim_text_of(m, b->d[k]));
  }
  return NULL;
}

const char *shape_rule_broadcast(Make *m) {
  m->shape = *in_shape(m, 0);
  for (int k = 1; k < m->n_in; k++)
    if (!shape_broadcast(&m->shape, in_shape(m, k), &m->shape))
      return do_not_combine(m, &m->shape, in_shape(m, k));
  return NULL;
}

/* ---- shapes that are given ----------------------------------------------------------------- */
static const char *fits_stretch(const Make *m, const Shape *a) {
  const Shape *to = m->given;
  if (a->rank == 0) return NULL;
  if (a->rank != to->rank)
    return arena_printf(m->g->arena, "%s does not stretch to %s: ranks %d and %d", text_of(m, a),
                        text_of(m, to), a->rank, to->rank);
  for (int k = 0; k < a->rank; k++) {
    if (dim_equal(a->d[k], to->d[k]) || dim_is_one(a->d[k])) continue;
    return arena_printf(m->g->arena, "%s does not stretch to %s: %s and %s", text_of(m, a), text_of(m, to),
                        dim_text_of(m, a->d[k]), dim_text_of(m, to->d[k]));
  }
  return NULL;
}

/* Product of the static sizes; counts[] gets the counts in ascending order, returns how many. */
static int split_counts(const Shape *s, int64_t *product, uint32_t *counts) {
  int n = 0;
  *product = 1;
  for (int k = 0; k < s->rank; k++) {
    if (s->d[k].count == 0) {
      if (__builtin_mul_overflow(*product, s->d[k].n, product)) *product = INT64_MAX;
      continue;
    }
    int at = n++;
    for (; at > 0 && counts[at - 1] > s->d[k].count; at--) counts[at] = counts[at - 1];
    counts[at] = s->d[k].count;
  }
  return n;
}

static const char *fits_reshape(const Make *m, const Shape *a) {
  int64_t have, need;
  uint32_t ca[SHAPE_MAX_RANK], cb[SHAPE_MAX_RANK];
  int na = split_counts(a, &have, ca), nb = split_counts(m->given, &need, cb);
  bool same_counts = na == nb;
  for (int k = 0; same_counts && k < na; k++) same_counts = ca[k] == cb[k];
  if (same_counts && have == need) return NULL;
  const char *ta = text_of(m, a), *tb = text_of(m, m->given);
  if (!same_counts)
    return arena_printf(m->g->arena, "%s does not fill %s: a count of rows is kept by `reshape`", ta, tb);
  return arena_printf(m->g->arena, "%s does not fill %s: %lld values%s, but %lld are needed", ta, tb,
                      (long long)have, na ? " for each row" : "", (long long)need);
}

static const char *fits_part(const Make *m) {
  const Node *of = g_node(m->g, m->in[0]);
  int k = (int)m->attr->i[0];
  if (k < 0 || k >= of->n_parts)
    return arena_printf(m->g->arena, "`%s` has %d results, there is no result %d", op_info[of->op].name,
                        of->n_parts, k);
  if (of->op != OP_CIRCUIT_VJP && of->op != OP_CIRCUIT_HVP) return NULL;
  const Shape *want = g_shape(m->g, of->in[k]);
  if (shape_equal(want, m->given)) return NULL;
  return arena_printf(m->g->arena, "result %d of `%s` is %s, not %s", k, op_info[of->op].name,
                      text_of(m, want), text_of(m, m->given));
}

const char *shape_rule_given(Make *m) {
  if (m->given->rank < 0 || m->given->rank > SHAPE_MAX_RANK)
    return arena_printf(m->g->arena, "%d axes, but at most %d are possible", m->given->rank, SHAPE_MAX_RANK);
  for (int k = 0; k < m->given->rank; k++)
    if (m->given->d[k].n < 1)
      return arena_printf(m->g->arena, "%s has an axis of size %lld", text_of(m, m->given),
                          (long long)m->given->d[k].n);
  m->shape = *m->given;
  if (m->op == OP_STRETCH) return fits_stretch(m, in_shape(m, 0));
  if (m->op == OP_RESHAPE) return fits_reshape(m, in_shape(m, 0));
  return m->op == OP_PART ? fits_part(m) : NULL;
}

/* ---- axes ------------------------------------------------------------------------------------ */
static const char *no_axis(const Make *m, const Shape *a, int64_t axis) {
  return arena_printf(m->g->arena, "%s has no axis %lld", text_of(m, a), (long long)axis);
}

static void drop_axis(Shape *s, int axis) {
  for (int k = axis; k + 1 < s->rank; k++) s->d[k] = s->d[k + 1];
  s->rank--;
}

const char *shape_rule_reduce(Make *m) {
  const Shape *a = in_shape(m, 0);
  int64_t mask = m->attr->i[0];
  for (int k = a->rank; k < 63; k++)
    if (mask >> k & 1) return no_axis(m, a, k);
  m->shape = *a;
  for (int k = a->rank - 1; k >= 0; k--) {
    if (!(mask >> k & 1)) continue;
    if (m->attr->i[1]) m->shape.d[k] = dim_static(1);
    else drop_axis(&m->shape, k);
  }
  return NULL;
}

const char *shape_rule_argmax(Make *m) {
  const Shape *a = in_shape(m, 0);
  if (m->attr->i[0] < 0 || m->attr->i[0] >= a->rank) return no_axis(m, a, m->attr->i[0]);
  m->shape = *a;
  drop_axis(&m->shape, (int)m->attr->i[0]);
  return NULL;
}

const char *shape_rule_along(Make *m) {
  const Shape *a = in_shape(m, 0);
  if (m->attr->i[0] < 0 || m->attr->i[0] >= a->rank) return no_axis(m, a, m->attr->i[0]);
  m->shape = *a;
  return NULL;
}

/* a and b, one of them (`short_one`) without the axis. */
static const char *along_both(Make *m, int short_one) {
  const Shape *whole = in_shape(m, 1), *other = in_shape(m, 0);
  if (m->attr->i[0] < 0 || m->attr->i[0] >= whole->rank) return no_axis(m, whole, m->attr->i[0]);
  Shape part = *whole;
  drop_axis(&part, (int)m->attr->i[0]);
  if (!shape_equal(other, short_one == 0 ? &part : whole))
    return arena_printf(m->g->arena, "%s and %s do not belong together", text_of(m, other),
                        text_of(m, whole));
  m->shape = short_one == 0 ? *whole : part;
  return NULL;
}

const char *shape_rule_quantile_dx(Make *m) { return along_both(m, 0); }
const char *shape_rule_quantile_at(Make *m) { return along_both(m, 2); }

const char *shape_rule_counts(Make *m) {
  if (m->attr->i[0] < 1) return arena_printf(m->g->arena, "%lld classes", (long long)m->attr->i[0]);
  m->shape = shape_of(1, &m->attr->i[0]);
  return NULL;
}

const char *shape_rule_transpose(Make *m) {
  const Shape *a = in_shape(m, 0);
  bool seen[SHAPE_MAX_RANK] = {false};
  m->shape = *a;
  for (int k = 0; k < a->rank; k++) {
    int64_t from = m->attr->i[k];
    if (from < 0 || from >= a->rank) return no_axis(m, a, from);
    if (seen[from])
      return arena_printf(m->g->arena, "axis %lld of %s is named twice", (long long)from, text_of(m, a));
    seen[from] = true;
    m->shape.d[k] = a->d[from];
  }
  return NULL;
}

/* The axis attribute, checked to be one of static size; -1 and *why otherwise. */
static int static_axis(const Make *m, const Shape *a, const char **why) {
  int64_t axis = m->attr->i[0];
  *why = NULL;
  if (axis < 0 || axis >= a->rank) {
    *why = no_axis(m, a, axis);
    return -1;
  }
  if (a->d[axis].count != 0) {
    *why = arena_printf(m->g->arena, "axis %lld of %s is a count of rows, known only at run time",
                        (long long)axis, text_of(m, a));
    return -1;
  }
  return (int)axis;
}

const char *shape_rule_slice(Make *m) {
  const Shape *a = in_shape(m, 0);
  const char *why;
  int axis = static_axis(m, a, &why);
  if (axis < 0) return why;
  int64_t from = m->attr->i[1], len = m->attr->i[2], n = a->d[axis].n;
  if (from < 0 || len < 1 || len > n || from > n - len)
    return arena_printf(m->g->arena, "%s has %lld elements along axis %d, there are no elements %lld..%lld",
                        text_of(m, a), (long long)n, axis, (long long)from, (long long)(from + len));
  m->shape = *a;
  m->shape.d[axis] = dim_static(len);
  return NULL;
}

const char *shape_rule_pad(Make *m) {
  const Shape *a = in_shape(m, 0);
  const char *why;
  int axis = static_axis(m, a, &why);
  if (axis < 0) return why;
  int64_t at = m->attr->i[1], total = m->attr->i[2], n = a->d[axis].n;
  if (at < 0 || n > total || at > total - n)
    return arena_printf(m->g->arena, "%lld elements from %lld on do not fit into %lld", (long long)n,
                        (long long)at, (long long)total);
  m->shape = *a;
  m->shape.d[axis] = dim_static(total);
  return NULL;
}

const char *shape_rule_concat(Make *m) {
  int64_t total = 0;
  const Shape *first = in_shape(m, 0);
  for (int j = 0; j < m->n_in; j++) {
    const Shape *s = in_shape(m, j);
    const char *why;
    int axis = static_axis(m, s, &why);
    if (axis < 0) return why;
    bool fits = s->rank == first->rank;
    for (int k = 0; fits && k < s->rank; k++) fits = k == axis || dim_equal(s->d[k], first->d[k]);
    if (!fits)
      return arena_printf(m->g->arena, "%s and %s do not join along axis %d", text_of(m, first),
                          text_of(m, s), axis);
    if (__builtin_add_overflow(total, s->d[axis].n, &total)) total = INT64_MAX;
  }
  m->shape = *first;
  m->shape.d[m->attr->i[0]] = dim_static(total);
  return NULL;
}

/* The given shape, and inputs that differ from it by their number of rows only. Whether these numbers fit is
 * known to who asks: a count has no arithmetic here. */
static const char *rows_given(Make *m) {
  for (int j = 0; j < m->n_in; j++) {
    const Shape *s = in_shape(m, j);
    bool fits = s->rank == m->given->rank && s->rank > 0;
    for (int k = 1; fits && k < s->rank; k++) fits = dim_equal(s->d[k], m->given->d[k]);
    if (!fits)
      return arena_printf(m->g->arena, "%s and %s differ by more than their rows", text_of(m, s),
                          text_of(m, m->given));
  }
  m->shape = *m->given;
  return NULL;
}

const char *shape_rule_rows_of_both(Make *m) { return rows_given(m); }
const char *shape_rule_other_rows(Make *m) { return rows_given(m); }

/* out = head, then tail's axes from first on. */
static const char *join_shapes(Make *m, const Shape *head, const Shape *tail, int first) {
  int rank = head->rank + tail->rank - first;
  if (rank > SHAPE_MAX_RANK)
    return arena_printf(m->g->arena, "%d axes, but at most %d are possible", rank, SHAPE_MAX_RANK);
  m->shape = *head;
  m->shape.rank = rank;
  for (int k = first; k < tail->rank; k++) m->shape.d[head->rank + k - first] = tail->d[k];
  return NULL;
}

const char *shape_rule_onehot(Make *m) {
  if (m->attr->i[0] < 1) return arena_printf(m->g->arena, "%lld classes", (long long)m->attr->i[0]);
  Shape last = shape_of(1, &m->attr->i[0]);
  return join_shapes(m, in_shape(m, 0), &last, 0);
}

const char *shape_rule_gather(Make *m) {
  const Shape *a = in_shape(m, 0);
  if (a->rank == 0) return arena_printf(m->g->arena, "[] has no rows to pick from");
  return join_shapes(m, in_shape(m, 1), a, 1);
}

const char *shape_rule_scatter(Make *m) {
  const Shape *a = in_shape(m, 0), *labels = in_shape(m, 1);
  bool fits = labels->rank <= a->rank;
  for (int k = 0; fits && k < labels->rank; k++) fits = dim_equal(a->d[k], labels->d[k]);
  if (!fits)
    return arena_printf(m->g->arena, "%s has no row for each label of %s", text_of(m, a), text_of(m, labels));
  Shape rows = {.rank = 1, .d = {{m->attr->i[0], (uint32_t)m->attr->i[1], 0}}};
  return join_shapes(m, &rows, a, labels->rank);
}

const char *shape_rule_nearest(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, 1);
  if (a->rank < 1 || b->rank != 2 || b->d[0].count != 0 || !dim_equal(a->d[a->rank - 1], b->d[1]))
    return arena_printf(m->g->arena, "vectors %s have no nearest in %s", text_of(m, a), text_of(m, b));
  m->shape = *a;
  drop_axis(&m->shape, a->rank - 1);
  return NULL;
}

const char *shape_rule_categorical(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, 1);
  bool fits = b->rank == a->rank + 1;
  for (int k = 0; fits && k < a->rank; k++) fits = dim_equal(a->d[k], b->d[k]);
  if (!fits || b->d[a->rank].count != 0)
    return arena_printf(m->g->arena, "%s has no weights of classes for each of %s", text_of(m, b),
                        text_of(m, a));
  m->shape = *a;
  return NULL;
}

/* ---- matrices ---------------------------------------------------------------------------------- */
static Shape transposed(const Shape *s, bool yes) {
  Shape t = *s;
  if (yes) {
    t.d[s->rank - 1] = s->d[s->rank - 2];
    t.d[s->rank - 2] = s->d[s->rank - 1];
  }
  return t;
}

const char *shape_rule_matmul(Make *m) {
  const Shape *a = in_shape(m, 0), *b = in_shape(m, 1);
  if (a->rank < 2 || a->rank != b->rank)
    return arena_printf(m->g->arena, "%s and %s do not multiply: ranks %d and %d", text_of(m, a),
                        text_of(m, b), a->rank, b->rank);
  Shape x = transposed(a, m->attr->i[0] != 0), y = transposed(b, m->attr->i[1] != 0);
  int r = x.rank;
  for (int k = 0; k < r - 2; k++)
    if (!dim_equal(x.d[k], y.d[k]))
      return arena_printf(m->g->arena, "%s and %s do not multiply: %s and %s", text_of(m, &x), text_of(m, &y),
                          dim_text_of(m, x.d[k]), dim_text_of(m, y.d[k]));
  if (!dim_equal(x.d[r - 1], y.d[r - 2]))
    return arena_printf(m->g->arena, "%s and %s do not multiply: %s and %s", text_of(m, &x), text_of(m, &y),
                        dim_text_of(m, x.d[r - 1]), dim_text_of(m, y.d[r - 2]));
  m->shape = x;
  m->shape.d[r - 1] = y.d[r - 1];
  return NULL;
}

/* ---- circuits ------------------------------------------------------------------------------------ */
/* Checks the first n_inputs inputs against the circuit program and finds the shape of its outputs. */
static const char *circuit_outputs(const Make *m, Shape *out) {
  const CircuitProgram *p = m->attr->p;
  *out = shape_of(1, &(int64_t){p->n_outputs});
  bool has_rows = false;
  for (int k = 0; k < p->n_inputs; k++) {
    const Shape *s = in_shape(m, k);
    bool rows = p->input_has_rows[k];
    int64_t size = rows ? shape_row_size(s) : shape_capacity(s);
    if (rows && s->rank == 0)
      return arena_printf(m->g->arena, "input %d of the circuit has rows, but [] has none", k);
    if (size != p->input_size[k])
      return arena_printf(m->g->arena, "input %d of the circuit has %lld values%s, but %s has %lld", k,
                          (long long)p->input_size[k], rows ? " for each row" : "", text_of(m, s),
                          (long long)size);
    if (!rows) continue;
    if (has_rows && !dim_equal(out->d[0], s->d[0]))
      return arena_printf(m->g->arena, "inputs of the circuit have %s and %s rows", dim_text_of(m, out->d[0]),
                          dim_text_of(m, s->d[0]));
    has_rows = true;
    out->rank = 2;
    out->d[0] = s->d[0];
    out->d[1] = dim_static(p->n_outputs);
  }
  return NULL;
}

/* Inputs of the circuit, then `cotangents` tensors like its outputs, then a direction like each input
 * if `directions`. */
static const char *circuit_inputs(Make *m, int cotangents, bool directions) {
  const CircuitProgram *p = m->attr->p;
  int want = p->n_inputs * (directions ? 2 : 1) + cotangents;
  if (m->n_in != want)
    return arena_printf(m->g->arena, "`%s` has %d inputs here, not %d", op_info[m->op].name, want, m->n_in);
  const char *why = circuit_outputs(m, &m->shape);
  if (why) return why;
  for (int k = p->n_inputs; k < want; k++) {
    const Shape *like = k < p->n_inputs + cotangents ? &m->shape : in_shape(m, k - p->n_inputs - cotangents);
    if (!shape_equal(in_shape(m, k), like))
      return arena_printf(m->g->arena, "input %d of `%s` is %s, not %s", k, op_info[m->op].name,
                          text_of(m, like), text_of(m, in_shape(m, k)));
  }
  return NULL;
}

const char *shape_rule_circuit(Make *m) { return circuit_inputs(m, 0, false); }

const char *shape_rule_circuit_metric(Make *m) {
  const CircuitProgram *p = m->attr->p;
  const char *why = circuit_inputs(m, 0, false);
  int64_t n = 0;
  for (int k = 0; k < p->n_inputs; k++) n += p->input_has_rows[k] ? 0 : p->input_size[k];
  if (why == NULL && n == 0) return "a circuit without weights has no metric";
  m->shape = shape_of(2, (int64_t[]){n, n});
  return why;
}

const char *shape_rule_circuit_vjp(Make *m) {
  m->n_parts = ((const CircuitProgram *)m->attr->p)->n_inputs;
  return circuit_inputs(m, 1, false);
}

const char *shape_rule_circuit_hvp(Make *m) {
  m->n_parts = ((const CircuitProgram *)m->attr->p)->n_inputs + 1;
  return circuit_inputs(m, 1, true);
}

/* ---- Hermitian matrices: [rows, d, d, 2] --------------------------------------------------------- */
static const char *matrices(const Make *m, int k) {
  const Shape *a = in_shape(m, k);
  if (a->rank == 4 && dim_equal(a->d[1], a->d[2]) && a->d[1].count == 0 && a->d[3].count == 0 &&
      a->d[3].n == 2)
    return NULL;
  return arena_printf(m->g->arena, "%s holds no complex square matrices: [rows, d, d, 2]", text_of(m, a));
}

const char *shape_rule_entropy(Make *m) {
  m->shape = (Shape){.rank = 1, .d = {in_shape(m, 0)->d[0]}};
  return matrices(m, 0);
}

const char *shape_rule_hermitian(Make *m) {
  m->shape = *in_shape(m, 0);
  return matrices(m, 0);
}

const char *shape_rule_hermitian_log_dx(Make *m) {
  const char *why = matrices(m, 1);
  m->shape = *in_shape(m, 1);
  if (why == NULL && !shape_equal(in_shape(m, 0), &m->shape)) return "a cotangent of another shape";
  return why;
}
