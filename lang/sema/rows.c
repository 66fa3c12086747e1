#include "lang/sema/rows.h"

/* ---- sums ---------------------------------------------------------------------------------------- */

static bool add_term(Rows *r, uint32_t count, int64_t times) {
  int at = 0;
  while (at < r->n && r->counts[at] < count) at++;
  if (at < r->n && r->counts[at] == count) {
    r->times[at] += times;
    if (r->times[at] != 0) return true;
    for (r->n--; at < r->n; at++) r->counts[at] = r->counts[at + 1], r->times[at] = r->times[at + 1];
    return true;
  }
  if (times == 0) return true;
  if (r->n == ROWS_TERMS) return false;
  for (int k = r->n++; k > at; k--) r->counts[k] = r->counts[k - 1], r->times[k] = r->times[k - 1];
  r->counts[at] = count, r->times[at] = times;
  return true;
}

static Rows number(int64_t more) { return (Rows){.more = more}; }

static Rows rows_of_count(const Sema *S, uint32_t count) {
  const Count *c = &S->p->counts.at[count];
  Rows r = {0};
  if (c->kind != COUNT_SUM) {
    (void)add_term(&r, count, 1);
    return r;
  }
  const CountSum *sum = &S->p->sums.at[c->owner];
  for (int k = 0; k < sum->n; k++) (void)add_term(&r, sum->terms[k], 1);
  r.more = sum->more;
  return r;
}

Rows rows_of_dim(const Sema *S, Dim d) { return d.count != 0 ? rows_of_count(S, d.count) : number(d.n); }

#define ROWS_MOST ((int64_t)1 << 40) /* of any number in a sum */

static bool in_bounds(const Rows *r) {
  bool ok = r->more <= ROWS_MOST && r->more >= -ROWS_MOST;
  for (int k = 0; k < r->n; k++) ok = ok && r->times[k] <= 4096 && r->times[k] >= -4096;
  return ok;
}

bool rows_add(const Rows *a, const Rows *b, int64_t times, Rows *out) {
  Rows r = *a;
  if (times > 4096 || times < -4096) return false;
  for (int k = 0; k < b->n; k++)
    if (!add_term(&r, b->counts[k], times * b->times[k])) return false;
  r.more += times * b->more;
  *out = r;
  return in_bounds(&r);
}

bool rows_at_least(const Rows *r, int64_t least) {
  for (int k = 0; k < r->n; k++)
    if (r->times[k] < 0) return false;
  return r->more >= least;
}

bool rows_equal(const Rows *a, const Rows *b) {
  bool same = a->n == b->n && a->more == b->more;
  for (int k = 0; same && k < a->n; k++) same = a->counts[k] == b->counts[k] && a->times[k] == b->times[k];
  return same;
}

/* ---- of values --------------------------------------------------------------------------------------- */

static bool product(const Rows *a, const Rows *b, Rows *out) {
  const Rows zero = {0};
  if (a->n > 0 && b->n > 0) return false;
  return a->n == 0 ? rows_add(&zero, b, a->more, out) : rows_add(&zero, a, b->more, out);
}

static bool rows_of_node(const Sema *S, const Graph *g, NodeId id, int depth, Rows *out) {
  const Node *n = g_node(g, id);
  Rows in[2];
  if (n->shape.rank > 0 || depth == 0) return false;
  if (n->op == OP_COUNT) {
    *out = rows_of_count(S, (uint32_t)n->attr.i[0]);
    return true;
  }
  if (n->op == OP_CONST) {
    const double x = n->attr.f[0];
    *out = number(x <= (double)ROWS_MOST && x >= -(double)ROWS_MOST ? (int64_t)x : 0);
    return (double)out->more == x;
  }
  const bool one = n->op == OP_MARK || n->op == OP_NEG || n->op == OP_RESHAPE,
             two = n->op == OP_ADD || n->op == OP_SUB || n->op == OP_MUL;
  if (!one && !two) return false;
  for (int k = 0; k < n->n_in; k++)
    if (!rows_of_node(S, g, n->in[k], depth - 1, &in[k])) return false;
  const Rows zero = {0};
  if (n->op == OP_NEG) return rows_add(&zero, &in[0], -1, out);
  if (n->op == OP_ADD || n->op == OP_SUB) return rows_add(&in[0], &in[1], n->op == OP_SUB ? -1 : 1, out);
  if (n->op == OP_MUL) return product(&in[0], &in[1], out);
  *out = in[0];
  return true;
}

bool rows_of_value(const Sema *S, const Value *v, Rows *out) {
  enum { DEPTH = 32 };
  if (v->kind == VAL_INT) {
    *out = number((int64_t)v->u.num);
    return in_bounds(out);
  }
  if (v->kind == VAL_COUNT) {
    *out = rows_of_dim(S, v->u.dim);
    return true;
  }
  if (v->kind != VAL_TENSOR || v->u.tensor->lift != 0) return false;
  return rows_of_node(S, v->u.tensor->g, v->u.tensor->node, DEPTH, out);
}

/* ---- as sizes ------------------------------------------------------------------------------------------ */

/* "2 B + C + 5" */
static const char *name_of(Sema *S, const Rows *r) {
  const char *text = "";
  for (int k = 0; k < r->n; k++) {
    const char *name = S->p->counts.at[r->counts[k]].name, *plus = k > 0 ? " + " : "";
    text = r->times[k] == 1 ? arena_printf(S->a, "%s%s%s", text, plus, name)
                            : arena_printf(S->a, "%s%s%lld %s", text, plus, (long long)r->times[k], name);
  }
  return r->more != 0 ? arena_printf(S->a, "%s + %lld", text, (long long)r->more) : text;
}

static uint32_t count_of(Sema *S, const Rows *r) {
  if (r->n == 1 && r->times[0] == 1 && r->more == 0) return r->counts[0];
  for (int k = 1; k < S->p->counts.n; k++) {
    if (S->p->counts.at[k].kind != COUNT_SUM) continue;
    const Rows known = rows_of_count(S, (uint32_t)k);
    if (rows_equal(&known, r)) return (uint32_t)k;
  }
  CountSum sum = {.more = r->more};
  int64_t all = 0, capacity = r->more;
  for (int k = 0; k < r->n; k++) all += r->times[k];
  uint32_t *terms = ARENA_ARRAY(S->a, uint32_t, (int)all + 1);
  for (int k = 0; k < r->n; k++)
    for (int64_t i = 0; i < r->times[k]; i++) {
      terms[sum.n++] = r->counts[k];
      if (__builtin_add_overflow(capacity, S->p->counts.at[r->counts[k]].capacity, &capacity))
        capacity = INT64_MAX;
    }
  sum.terms = terms;
  vec_push(S->a, &S->p->sums, sum);
  vec_push(S->a, &S->p->counts, ((Count){name_of(S, r), COUNT_SUM, S->p->sums.n - 1, capacity}));
  return (uint32_t)S->p->counts.n - 1;
}

Dim rows_dim(Sema *S, const Rows *r) {
  if (r->n == 0) return dim_static(r->more);
  const uint32_t count = count_of(S, r);
  return (Dim){S->p->counts.at[count].capacity, count, 0};
}

const Value *rows_as_size(Sema *S, const Value *v) {
  Rows r;
  if (v->kind != VAL_TENSOR || !rows_of_value(S, v, &r) || r.n == 0 || !rows_at_least(&r, 0)) return v;
  return val_of_dim(S, rows_dim(S, &r), v->span);
}

uint32_t rows_replace(Sema *S, uint32_t count, uint32_t from, uint32_t to) {
  Rows r = rows_of_count(S, count);
  for (int k = 0; k < r.n; k++) {
    if (r.counts[k] != from) continue;
    const int64_t times = r.times[k];
    (void)add_term(&r, from, -times);
    if (!add_term(&r, to, times)) return count;
    return count_of(S, &r);
  }
  return count;
}
