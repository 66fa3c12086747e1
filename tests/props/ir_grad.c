/* Every GRAD row of ops.def: its first derivative against Richardson central differences, and the
 * derivative of a weighted sum of that against central differences of it, in double. A new row is
 * tested without writing a test, except that one with attributes of its own needs a pattern in
 * cases_of; a GRAD row without any case fails. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "lang/ir/circuit.h"
#include "lang/ir/graph.h"
#include "tests/ref/ref_eval.h"

enum { MAX_IN = 4, COTANGENT = 10, DIRECTION = 20, RESULT = 40, SLOTS = 60, MAX_CASES = 64, B = 1 };
static const int64_t counts[] = {0, 4};
static const Dim rows = {8, B, 0};

typedef struct Case {
  int n_in;
  Shape in[MAX_IN];
  bool fixed[MAX_IN]; /* the input is the scalar constant value[] */
  double value[MAX_IN];
  bool twice; /* input 1 is input 0 */
  Attr attr;
  Shape given;
  int64_t labels; /* inputs without derivative are whole numbers below this; 0: any number */
} Case;

typedef struct Cases {
  int n;
  Case at[MAX_CASES];
} Cases;

static const char *const rule_name[OP_COUNT_OF] = {
#define OP(ID, lower, n_in, shape, cls, kernel, diff, doc) [OP_##ID] = #shape,
#include "lang/ir/ops.def"
#undef OP
};

/* ---- patterns ------------------------------------------------------------------------------- */
static Shape sh(int rank, int64_t a, int64_t b, int64_t c) { return shape_of(rank, (int64_t[]){a, b, c}); }

static Shape with_rows(Shape s) {
  s.d[0] = rows;
  return s;
}

static Case *add(Cases *cs, int n_in) {
  assert_true(cs->n < MAX_CASES);
  Case *c = &cs->at[cs->n++];
  *c = (Case){.n_in = n_in};
  return c;
}

static void add_shapes(Cases *cs, Shape a, Shape b) {
  Case *c = add(cs, 2);
  c->in[0] = a;
  c->in[1] = b;
}

static void add_given(Cases *cs, Shape a, Shape to) {
  Case *c = add(cs, 1);
  c->in[0] = a;
  c->given = to;
}

static void add_attr(Cases *cs, Shape a, int64_t i0, int64_t i1, int64_t i2) {
  Case *c = add(cs, 1);
  c->in[0] = a;
  c->attr = (Attr){.i = {i0, i1, i2}};
}

static void elementwise_cases(Cases *cs, OpId op) {
  static const double constants[] = {2, 0.5, -1, 3, 1.7};
  Shape shapes[][2] = {{sh(0, 0, 0, 0), sh(0, 0, 0, 0)},
                       {sh(1, 1, 0, 0), sh(1, 7, 0, 0)},
                       {sh(2, 3, 5, 0), sh(2, 3, 5, 0)},
                       {sh(2, 3, 5, 0), sh(0, 0, 0, 0)},
                       {sh(2, 1, 5, 0), sh(2, 3, 1, 0)},
                       {with_rows(sh(2, 0, 3, 0)), sh(2, 1, 3, 0)},
                       {with_rows(sh(2, 0, 1, 0)), sh(2, 1, 3, 0)},
                       {sh(3, 2, 1, 3), sh(3, 2, 4, 1)}};
  int n_in = op_info[op].n_in;
  for (size_t k = 0; k < sizeof shapes / sizeof *shapes; k++)
    for (int swap = 0; swap < (n_in > 1 ? 2 : 1); swap++) {
      Case *c = add(cs, n_in);
      for (int j = 0; j < n_in; j++) c->in[j] = shapes[k][(j + swap) % 2];
      c->attr.f[0] = 0.2;
      c->labels = op == OP_SELECT ? 2 : 0;
    }
  for (int j = 0; n_in == 2 && j < 2; j++)
    for (size_t k = 0; k < sizeof constants / sizeof *constants; k++) {
      Case *c = add(cs, 2);
      c->in[1 - j] = sh(2, 2, 3, 0);
      c->fixed[j] = true;
      c->value[j] = constants[k];
      c->attr.f[0] = 0.2;
    }
  if (n_in == 2) {
    Case *c = add(cs, 2);
    c->in[0] = c->in[1] = sh(1, 5, 0, 0);
    c->twice = true;
    c->attr.f[0] = 0.2;
  }
}

static Shape *add_second(Cases *cs) {
  Case *c = &cs->at[cs->n - 1];
  c->n_in = 2;
  return &c->in[1];
}

static void given_cases(Cases *cs, OpId op) {
  if (op == OP_STRETCH) {
    add_given(cs, sh(0, 0, 0, 0), sh(2, 3, 2, 0));
    add_given(cs, sh(2, 1, 3, 0), with_rows(sh(2, 0, 3, 0)));
    add_given(cs, sh(3, 1, 3, 1), sh(3, 2, 3, 5));
    add_given(cs, sh(2, 3, 1, 0), sh(2, 3, 1, 0));
  } else if (op == OP_JOIN_ROWS) {
    add_given(cs, sh(2, 3, 2, 0), sh(2, 8, 2, 0));
    *add_second(cs) = sh(2, 5, 2, 0);
    add_given(cs, with_rows(sh(2, 0, 3, 0)), sh(2, 6, 3, 0)); /* 4 rows, as counts[B] says */
    *add_second(cs) = sh(2, 2, 3, 0);
  } else if (op == OP_TAKE_ROWS || op == OP_PUT_ROWS) {
    const Shape few = sh(2, 3, 2, 0), many = sh(2, 7, 2, 0), rows_few = with_rows(sh(3, 0, 2, 2)),
                rows_many = sh(3, 6, 2, 2);
    for (int last = 0; last < 2; last++) {
      add_given(cs, op == OP_TAKE_ROWS ? many : few, op == OP_TAKE_ROWS ? few : many);
      cs->at[cs->n - 1].attr.i[0] = last;
      add_given(cs, op == OP_TAKE_ROWS ? rows_many : rows_few, op == OP_TAKE_ROWS ? rows_few : rows_many);
      cs->at[cs->n - 1].attr.i[0] = last;
    }
  } else if (op == OP_RESHAPE) {
    add_given(cs, sh(2, 4, 3, 0), sh(3, 2, 3, 2));
    add_given(cs, with_rows(sh(3, 0, 2, 3)), with_rows(sh(2, 0, 6, 0)));
    add_given(cs, sh(0, 0, 0, 0), sh(2, 1, 1, 0));
  }
}

static void axis_cases(Cases *cs, OpId op) {
  const char *rule = rule_name[op];
  Shape cube = sh(3, 3, 4, 5), batch = with_rows(sh(2, 0, 5, 0));
  if (strcmp(rule, "reduce") == 0) {
    for (int mask = 0; mask < 8; mask++)
      for (int keep = 0; keep < 2; keep++) add_attr(cs, sh(3, 3, 1, 5), mask, keep, 0);
    for (int mask = 1; mask < 4; mask++) add_attr(cs, batch, mask, mask & 1, 0);
  } else if (strcmp(rule, "transpose") == 0) {
    add_attr(cs, cube, 2, 0, 1);
    add_attr(cs, cube, 1, 0, 2);
    add_attr(cs, sh(2, 3, 1, 0), 1, 0, 0);
    add_attr(cs, batch, 1, 0, 0);
  } else if (strcmp(rule, "slice") == 0) {
    add_attr(cs, cube, 1, 1, 2);
    add_attr(cs, cube, 0, 0, 3);
    add_attr(cs, batch, 1, 4, 1);
  } else if (strcmp(rule, "pad") == 0) {
    add_attr(cs, cube, 1, 1, 7);
    add_attr(cs, batch, 1, 2, 7);
    add_attr(cs, sh(1, 3, 0, 0), 0, 0, 4);
  } else if (strcmp(rule, "along") == 0 || op == OP_LOGSUMEXP || op == OP_QUANTILE) {
    add_attr(cs, cube, 1, 0, 0);
    add_attr(cs, cube, 0, 1, 0);
    add_attr(cs, batch, 1, 1, 0);
    add_attr(cs, sh(1, 1, 0, 0), 0, 0, 0);
    for (int k = 0; k < cs->n; k++) cs->at[k].attr.f[0] = op == OP_QUANTILE ? 0.3 : 0;
  } else if (strcmp(rule, "same") == 0) {
    add_attr(cs, cube, 1, 0, 0);
    add_attr(cs, batch, 2, 0, 0);
  }
}

static void several_input_cases(Cases *cs, OpId op) {
  const char *rule = rule_name[op];
  Case *c;
  if (strcmp(rule, "concat") == 0) {
    c = add(cs, 3);
    c->in[0] = sh(2, 3, 2, 0), c->in[1] = sh(2, 3, 1, 0), c->in[2] = sh(2, 3, 4, 0);
    c->attr.i[0] = 1;
    c = add(cs, 2);
    c->in[0] = sh(1, 1, 0, 0), c->in[1] = sh(1, 6, 0, 0);
  } else if (strcmp(rule, "gather") == 0) {
    add_shapes(cs, sh(2, 5, 3, 0), sh(1, 7, 0, 0));
    add_shapes(cs, sh(1, 5, 0, 0), sh(2, 2, 2, 0));
    add_shapes(cs, sh(2, 5, 2, 0), sh(0, 0, 0, 0));
    add_shapes(cs, sh(2, 5, 2, 0), with_rows(sh(1, 0, 0, 0)));
  } else if (strcmp(rule, "scatter") == 0) {
    add_shapes(cs, sh(2, 7, 3, 0), sh(1, 7, 0, 0));
    add_shapes(cs, sh(2, 2, 2, 0), sh(2, 2, 2, 0));
    for (int k = 0; k < cs->n; k++) cs->at[k].attr.i[0] = 5;
  }
  for (int k = 0; k < cs->n; k++) cs->at[k].labels = 5;
}

static void matmul_cases(Cases *cs) {
  static const int64_t sizes[][3] = {{3, 4, 5}, {1, 4, 1}, {3, 1, 5}, {1, 1, 1}, {1, 5, 3}, {4, 3, 1}};
  for (int flags = 0; flags < 4; flags++)
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++)
      for (int rank = 2; rank < (k < 1 ? 4 : 3); rank++) {
        const int64_t *s = sizes[k];
        Shape a = flags & 1 ? sh(2, s[1], s[0], 0) : sh(2, s[0], s[1], 0);
        Shape b = flags & 2 ? sh(2, s[2], s[1], 0) : sh(2, s[1], s[2], 0);
        if (rank == 3) {
          a = sh(3, 2, a.d[0].n, a.d[1].n);
          b = sh(3, 2, b.d[0].n, b.d[1].n);
        }
        add_shapes(cs, a, b);
        cs->at[cs->n - 1].attr = (Attr){.i = {flags & 1, flags >> 1}};
      }
  add_shapes(cs, with_rows(sh(2, 0, 3, 0)), sh(2, 3, 2, 0));
  add_shapes(cs, with_rows(sh(2, 0, 3, 0)), with_rows(sh(2, 0, 2, 0)));
  cs->at[cs->n - 1].attr.i[0] = 1;
}

/* Images [n, c, h, w], kernels [k, c, kh, kw], stride, pad. */
static void conv_cases(Cases *cs, OpId op) {
  static const int64_t sizes[][9] = {{2, 2, 3, 4, 2, 2, 2, 1, 0}, {1, 1, 4, 4, 2, 3, 3, 1, 1},
                                     {1, 2, 5, 4, 1, 3, 2, 2, 1}, {0, 1, 4, 3, 2, 2, 2, 2, 0},
                                     {1, 1, 1, 1, 1, 1, 1, 1, 0}, {2, 1, 5, 5, 1, 2, 1, 3, 2}};
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    const int64_t *z = sizes[k];
    int64_t oh = (z[2] + 2 * z[8] - z[5]) / z[7] + 1, ow = (z[3] + 2 * z[8] - z[6]) / z[7] + 1;
    Shape x = shape_of(4, (int64_t[]){z[0], z[1], z[2], z[3]});
    Shape w = shape_of(4, (int64_t[]){z[4], z[1], z[5], z[6]}),
          y = shape_of(4, (int64_t[]){z[0], z[4], oh, ow});
    if (z[0] == 0) x = with_rows(x), y = with_rows(y);
    add_shapes(cs, op == OP_CONV_DX ? y : x, op == OP_CONV_DW ? y : w);
    bool by_image = op == OP_CONV_DX;
    cs->at[cs->n - 1].attr = (Attr){.i = {z[7], z[8], by_image ? z[2] : z[5], by_image ? z[3] : z[6]}};
  }
}

static bool is_pool(OpId op) {
  return op == OP_MAXPOOL || op == OP_MAXPOOL_DX || op == OP_MAXPOOL_AT || op == OP_SUMPOOL ||
         op == OP_SUMPOOL_DX;
}

/* Images [n, c, h, w], stride, pad, size of the windows. */
static void pool_cases(Cases *cs, OpId op) {
  static const int64_t sizes[][7] = {
      {2, 2, 4, 4, 2, 0, 2}, {1, 2, 5, 4, 1, 1, 2}, {0, 1, 3, 3, 2, 1, 3}, {1, 1, 5, 5, 3, 0, 1}};
  bool back = op == OP_MAXPOOL_DX || op == OP_SUMPOOL_DX;
  for (size_t k = 0; k < sizeof sizes / sizeof *sizes; k++) {
    const int64_t *z = sizes[k];
    Shape x = shape_of(4, (int64_t[]){z[0], z[1], z[2], z[3]}), y = x;
    for (int j = 2; j < 4; j++) y.d[j].n = (z[j] + 2 * z[5] - z[6]) / z[4] + 1;
    if (z[0] == 0) x = with_rows(x), y = with_rows(y);
    Case *c = add(cs, op_info[op].n_in);
    c->in[0] = back ? y : x;
    c->in[1] = x;
    c->attr = (Attr){.i = {z[4], z[5], z[6], z[2], z[3]}, .f = {0.25}};
  }
}

static void quantile_cases(Cases *cs, OpId op) {
  Shape whole[] = {sh(3, 3, 4, 5), sh(2, 5, 3, 0), with_rows(sh(2, 0, 5, 0))};
  Shape part[] = {sh(2, 3, 5, 0), sh(1, 3, 0, 0), with_rows(sh(1, 0, 0, 0))};
  for (int k = 0; k < 3; k++) {
    add_shapes(cs, op == OP_QUANTILE_DX ? part[k] : whole[k], whole[k]);
    cs->at[cs->n - 1].attr = (Attr){.i = {k == 1 ? 0 : 1}, .f = {0.3}};
  }
}

static void hermitian_cases(Cases *cs) {
  for (int64_t d = 1; d < 4; d++) add(cs, 1)->in[0] = shape_of(4, (int64_t[]){2, d, d, 2});
  cs->at[2].in[0] = with_rows(cs->at[2].in[0]);
}

/* The real part of an entry of the diagonal of [rows, d, d, 2]: large, so that the matrix is positive. */
static bool on_diagonal(OpId op, const Shape *s, int64_t j) {
  if (op != OP_ENTROPY && op != OP_HERMITIAN_LOG) return false;
  const int64_t d = s->d[1].n, entry = j / 2 % (d * d);
  return j % 2 == 0 && entry / d == entry % d;
}

/* Matrices far from singular: f[0] on the diagonal. */
static void solve_cases(Cases *cs) {
  add_shapes(cs, sh(2, 4, 4, 0), sh(1, 4, 0, 0));
  add_shapes(cs, sh(2, 3, 3, 0), sh(2, 3, 2, 0));
  add_shapes(cs, sh(2, 1, 1, 0), sh(1, 1, 0, 0));
  for (int k = 0; k < cs->n; k++) cs->at[k].attr.f[0] = 6;
}

static void cases_of(Cases *cs, OpId op) {
  cs->n = 0;
  const bool rows_given = op == OP_JOIN_ROWS || op == OP_TAKE_ROWS || op == OP_PUT_ROWS;
  if (rows_given || strcmp(rule_name[op], "given") == 0) given_cases(cs, op);
  else if (op_info[op].cls == CLASS_EW) elementwise_cases(cs, op);
  else if (strcmp(rule_name[op], "matmul") == 0) matmul_cases(cs);
  else if (op == OP_CONV || op == OP_CONV_DX || op == OP_CONV_DW) conv_cases(cs, op);
  else if (op == OP_SOLVE) solve_cases(cs);
  else if (is_pool(op)) pool_cases(cs, op);
  else if (op == OP_QUANTILE_DX || op == OP_QUANTILE_AT) quantile_cases(cs, op);
  else if (op == OP_ENTROPY || op == OP_HERMITIAN_LOG) hermitian_cases(cs);
  else if (op_info[op].n_in == 1) axis_cases(cs, op);
  else several_input_cases(cs, op);
}

/* ---- numbers ------------------------------------------------------------------------------------- */
static uint64_t random_state = 1;

static double uniform(void) {
  random_state = random_state * 6364136223846793005u + 1442695040888963407u;
  return (double)(random_state >> 11) / 9007199254740992.0;
}

typedef struct Data {
  double *slot[SLOTS];
  int64_t size[SLOTS];
} Data;

static const double *slot_value(void *ctx, int slot, int version) {
  (void)version;
  return ((Data *)ctx)->slot[slot];
}

static void put(Data *d, int slot, const Shape *s) {
  RefTensor t = ref_shape(s, &(RefEnv){.counts = counts});
  free(d->slot[slot]);
  d->size[slot] = ref_numel(&t);
  d->slot[slot] = calloc((size_t)d->size[slot], sizeof(double));
  for (int64_t k = 0; k < d->size[slot]; k++) d->slot[slot][k] = 2 * uniform() - 1;
}

static void clear(Data *d) {
  for (int k = 0; k < SLOTS; k++) free(d->slot[k]);
  memset(d, 0, sizeof *d);
}

/* All numbers of the inputs are distinct by 0.03 and at least 0.3 away from 0, so that no kink of
 * a maximum or an absolute value is near. */
static void fill_inputs(Data *d, OpId op, const Case *c, bool positive) {
  int used[256] = {0};
  for (int k = 0; k < c->n_in; k++) {
    if (c->fixed[k] || (c->twice && k == 1)) continue;
    put(d, k, &c->in[k]);
    for (int64_t j = 0; j < d->size[k]; j++) {
      int at;
      do at = (int)(uniform() * 128);
      while (used[at]);
      used[at] = 1;
      double x = 0.3 + 0.013 * at;
      d->slot[k][j] = !positive && uniform() < 0.5 ? -x : x;
      if (on_diagonal(op, &c->in[k], j)) d->slot[k][j] = x + 8;
      if (!op_carries(op, k) && c->labels) d->slot[k][j] = floor(uniform() * (double)c->labels);
    }
  }
}

/* ---- the fake circuit: y_j = sin(sum of all angles of the row, weighted, + j) -------------------- */
static double angle_weight(int64_t k, int64_t j) { return 0.3 + 0.2 * (double)((k * 5 + j * 3) % 7); }

/* phase[j] of one row, or (directions) its derivative along them. */
static double phase(const CircuitProgram *p, const RefTensor *in, int64_t row, int64_t j) {
  double sum = 0;
  int64_t at = 0;
  for (int k = 0; k < p->n_inputs; k++)
    for (int64_t e = 0; e < p->input_size[k]; e++, at++)
      sum += angle_weight(at, j) * in[k].x[(p->input_has_rows[k] ? row * p->input_size[k] : 0) + e];
  return sum;
}

static void circuit(void *ctx, const Node *n, const RefTensor *in, RefTensor *out) {
  (void)ctx;
  const CircuitProgram *p = n->attr.p;
  const RefTensor *w = &in[p->n_inputs], *u = &in[p->n_inputs + 1];
  bool first = n->op == OP_CIRCUIT;
  int64_t m = p->n_outputs, n_rows = first ? ref_numel(&out[0]) / m : ref_numel(w) / m;
  for (int64_t r = 0; r < n_rows; r++)
    for (int64_t j = 0; j < m; j++) {
      double f = phase(p, in, r, j) + (double)j, along = 0, factor;
      if (first) {
        out[0].x[r * m + j] = sin(f);
        continue;
      }
      factor = w->x[r * m + j] * cos(f);
      if (n->op == OP_CIRCUIT_HVP) {
        along = phase(p, u, r, j);
        out[p->n_inputs].x[r * m + j] = cos(f) * along;
        factor = -w->x[r * m + j] * sin(f) * along;
      }
      int64_t at = 0;
      for (int k = 0; k < p->n_inputs; k++)
        for (int64_t e = 0; e < p->input_size[k]; e++, at++)
          out[k].x[(p->input_has_rows[k] ? r * p->input_size[k] : 0) + e] += factor * angle_weight(at, j);
    }
}

/* ---- the checks ------------------------------------------------------------------------------------- */
static RefEnv env_of(Data *d) {
  return (RefEnv){.counts = counts, .slot = slot_value, .circuit = circuit, .ctx = d};
}

static double value_of(const Graph *g, NodeId id, Data *d) {
  RefEnv env = env_of(d);
  double **v = calloc((size_t)g_count(g), sizeof *v);
  ref_eval(g, &env, v);
  double x = v[id][0];
  ref_free(g_count(g), v);
  free(v);
  return x;
}

static double difference(const Graph *g, NodeId f, Data *d, int slot, int64_t k, double h) {
  double x = d->slot[slot][k];
  d->slot[slot][k] = x + h;
  double up = value_of(g, f, d);
  d->slot[slot][k] = x - h;
  double down = value_of(g, f, d);
  d->slot[slot][k] = x;
  return (up - down) / (2 * h);
}

typedef enum Verdict { GOOD, BAD, NEAR_KINK, OUTSIDE } Verdict; /* OUTSIDE: of the domain */

/* The elements of node `grad` (NODE_NONE: zero) against differences of node f. */
static Verdict compare(const Graph *g, NodeId f, NodeId grad, Data *d, int slot, double tolerance,
                       const char *name) {
  Verdict verdict = GOOD;
  RefEnv env = env_of(d);
  double **v = calloc((size_t)g_count(g), sizeof *v);
  ref_eval(g, &env, v);
  for (int64_t k = 0; k < d->size[slot] && verdict == GOOD; k++) {
    double exact = grad == NODE_NONE ? 0 : v[grad][k], h = 2e-3;
    double coarse = difference(g, f, d, slot, k, h), fine = difference(g, f, d, slot, k, h / 2);
    double numeric = (4 * fine - coarse) / 3;
    if (fabs(exact - numeric) <= tolerance * fmax(1, fabs(numeric))) continue;
    verdict = fabs(fine - coarse) > 1e-2 * fmax(1, fabs(fine)) ? NEAR_KINK : BAD;
    if (verdict == BAD)
      print_message("%s: input %d, element %d: %.12g, differences say %.12g\n", name, slot, (int)k, exact,
                    numeric);
  }
  ref_free(g_count(g), v);
  free(v);
  return verdict;
}

static NodeId everything(Graph *g, NodeId a) {
  return g_sum(g, a, ((int64_t)1 << g_node(g, a)->shape.rank) - 1, false, SPAN_NONE);
}

/* sum of a times the slot's numbers. */
static NodeId weighted(Graph *g, NodeId a, int slot, Data *d) {
  Shape s = *(&g_node(g, a)->shape);
  if (!d->slot[slot]) put(d, slot, &s);
  return everything(g, g_binary(g, OP_MUL, a, g_input(g, slot, &s, ELEM_REAL, SPAN_NONE), SPAN_NONE));
}

/* Stored values of the graph and of its optimised copy agree. */
static bool optimized_agrees(const Graph *g, Data *d) {
  Graph *o = g_optimize(g, g_arena(g));
  RefEnv env = env_of(d);
  double **v = calloc((size_t)g_count(g), sizeof *v), **w = calloc((size_t)g_count(o), sizeof *w);
  bool agree = g_verify(g) == NULL && g_verify(o) == NULL;
  ref_eval(g, &env, v);
  ref_eval(o, &env, w);
  NodeId at = 0;
  for (NodeId id = 0; id < g_count(g) && agree; id++) {
    if (g_node(g, id)->op != OP_STORE) continue;
    while (g_node(o, at)->op != OP_STORE) at++;
    RefTensor t = ref_shape(&g_node(g, id)->shape, &env);
    for (int64_t k = 0; k < ref_numel(&t); k++)
      agree &= fabs(v[id][k] - w[at][k]) <= 1e-11 * fmax(1, fabs(v[id][k]));
    at++;
  }
  ref_free(g_count(g), v);
  ref_free(g_count(o), w);
  free(v);
  free(w);
  return agree;
}

/* Loss `loss` of inputs `in` (slots slot[]): first and second order. */
static Verdict check_orders(Graph *g, NodeId loss, int n, const NodeId *in, const int *slot, Data *d,
                            const char *name) {
  NodeId first[MAX_IN + 1], second[MAX_IN + 1], sum = NODE_NONE;
  GradError err = {0};
  assert_true(g_grad(g, loss, n, in, first, SPAN_NONE, &err));
  for (int k = 0; k < n; k++) {
    Verdict v = compare(g, loss, first[k], d, slot[k], 1e-7, name);
    if (v != GOOD) return v;
    if (first[k] == NODE_NONE) continue;
    assert_true(shape_equal(&g_node(g, first[k])->shape, &g_node(g, in[k])->shape));
    NodeId part = weighted(g, first[k], DIRECTION + k, d);
    sum = sum == NODE_NONE ? part : g_binary(g, OP_ADD, sum, part, SPAN_NONE);
  }
  if (sum == NODE_NONE) return GOOD;
  bool refused = !g_grad(g, sum, n, in, second, SPAN_NONE, &err);
  if (refused) {
    assert_non_null(strstr(err.why, "third derivative"));
    return GOOD;
  }
  for (int k = 0; k < n; k++) {
    Verdict v = compare(g, sum, second[k], d, slot[k], 1e-6, name);
    if (v != GOOD) return v;
  }
  for (int k = 0; k < n; k++) {
    if (first[k] != NODE_NONE) g_store(g, first[k], RESULT + k, SPAN_NONE);
    if (second[k] != NODE_NONE) g_store(g, second[k], RESULT + 6 + k, SPAN_NONE);
  }
  return optimized_agrees(g, d) ? GOOD : BAD;
}

static Verdict check_case(OpId op, const Case *c, Data *d, bool positive) {
  Arena *a = arena_new();
  Graph *g = g_new(a);
  NodeId in[MAX_IN], wrt[MAX_IN + 1];
  int slot[MAX_IN + 1], n = 0;
  fill_inputs(d, op, c, positive);
  for (int k = 0; k < c->n_in; k++) {
    if (c->fixed[k]) in[k] = g_scalar(g, c->value[k], SPAN_NONE);
    else in[k] = c->twice && k == 1 ? in[0] : g_input(g, k, &c->in[k], ELEM_REAL, SPAN_NONE);
    if (c->fixed[k] || !op_carries(op, k) || (c->twice && k == 1)) continue;
    wrt[n] = in[k];
    slot[n++] = k;
  }
  const char *why = "";
  NodeId y = g_make(g, op, c->n_in, in, &c->attr, &c->given, SPAN_NONE, &why);
  if (y == NODE_NONE) fail_msg("%s: %s", op_info[op].name, why);
  NodeId loss = weighted(g, y, COTANGENT, d);
  Verdict v = OUTSIDE;
  if (isfinite(value_of(g, loss, d))) {
    if (n > 0 && d->slot[COTANGENT]) {
      wrt[n] = g_input(g, COTANGENT, &g_node(g, y)->shape, ELEM_REAL, SPAN_NONE);
      slot[n++] = COTANGENT;
    }
    v = check_orders(g, loss, n, wrt, slot, d, op_info[op].name);
  }
  arena_free(a);
  return v;
}

/* Signs mixed first; if that is outside of the operation's domain, positive numbers. */
static void every_rule_is_the_derivative(void **state) {
  (void)state;
  Cases *cs = calloc(1, sizeof *cs);
  int n_checked = 0;
  for (int op = 0; op < OP_COUNT_OF; op++) {
    if (op_info[op].diff != OPDIFF_GRAD || op_info[op].cls == CLASS_CIRCUIT || op == OP_PART) continue;
    if (op == OP_HERMITIAN_LOG_DX)
      continue; /* the second derivative of ENTROPY; it has no own in its matrix */
    cases_of(cs, (OpId)op);
    if (cs->n == 0) fail_msg("`%s` has a derivative, but no pattern in this test", op_info[op].name);
    for (int k = 0; k < cs->n; k++) {
      Verdict v = NEAR_KINK;
      for (int attempt = 0; attempt < 24 && (v == NEAR_KINK || v == OUTSIDE); attempt++) {
        Data d = {0};
        v = check_case((OpId)op, &cs->at[k], &d, attempt >= 12);
        clear(&d);
      }
      bool has_constant = cs->at[k].fixed[0] || cs->at[k].fixed[1];
      if (v == OUTSIDE && has_constant) continue; /* (-1)^b */
      if (v != GOOD)
        fail_msg("`%s`, case %d: %s", op_info[op].name, k, v == BAD ? "wrong" : "no smooth point");
      n_checked++;
    }
  }
  print_message("%d cases\n", n_checked);
  free(cs);
}

static void circuits_to_second_order(void **state) {
  (void)state;
  bool has_rows[3] = {true, false, true};
  int64_t size[3] = {2, 3, 1};
  CircuitProgram p = {.n_inputs = 3, .n_outputs = 2, .input_has_rows = has_rows, .input_size = size};
  Shape in_shape[3] = {with_rows(sh(2, 0, 2, 0)), sh(1, 3, 0, 0), with_rows(sh(1, 0, 0, 0))};
  for (int order = 0; order < 2; order++) {
    Arena *a = arena_new();
    Graph *g = g_new(a);
    Data d = {0};
    NodeId in[5], loss;
    int slot[4] = {0, 1, 2, COTANGENT};
    for (int k = 0; k < 3; k++) {
      put(&d, k, &in_shape[k]);
      in[k] = g_input(g, k, &in_shape[k], ELEM_REAL, SPAN_NONE);
    }
    NodeId y = g_make(g, OP_CIRCUIT, 3, in, &(Attr){.p = &p}, NULL, SPAN_NONE, NULL);
    loss = weighted(g, y, COTANGENT, &d);
    in[3] = g_input(g, COTANGENT, &g_node(g, y)->shape, ELEM_REAL, SPAN_NONE);
    if (order == 1) {
      NodeId v = g_make(g, OP_CIRCUIT_VJP, 4, in, &(Attr){.p = &p}, NULL, SPAN_NONE, NULL);
      loss = weighted(g, g_part(g, v, 1, &in_shape[1], SPAN_NONE), DIRECTION + 8, &d);
    }
    assert_int_equal(check_orders(g, loss, 4, in, slot, &d, "circuit"), GOOD);
    clear(&d);
    arena_free(a);
  }
}

/* Where a branch is not taken, nothing may become NaN: not in the second order either. */
static void edges_stay_finite(void **state) {
  (void)state;
  static const struct {
    OpId op;
    double x, y, d1, d2;
    bool two;
  } edges[] = {
      {OP_SAFE_LOG, 0, 0, 0, 0, false},     {OP_ABS, 0, 0, 0, 0, false},
      {OP_LEAKY_RELU, 0, 0, 0.2, 0, false}, {OP_POW, 0, 2.5, 0, 0, true},
      {OP_POW, 0, 1, 1, 0, true},           {OP_SOFTPLUS, 800, 0, 1, 0, false},
      {OP_SOFTPLUS, -800, 0, 0, 0, false},  {OP_MAXIMUM, 1, 1, 1, 0, true},
      {OP_TANH, 400, 0, 0, 0, false},       {OP_SIGMOID, -800, 0, 0, 0, false},
      {OP_MINIMUM, 1, 1, 1, 0, true},
  };
  for (size_t k = 0; k < sizeof edges / sizeof *edges; k++) {
    Arena *a = arena_new();
    Graph *g = g_new(a);
    Shape s = shape_scalar();
    double x = edges[k].x, y = edges[k].y;
    Data d = {.slot = {&x, &y}};
    NodeId in[2] = {g_input(g, 0, &s, ELEM_REAL, SPAN_NONE), g_input(g, 1, &s, ELEM_REAL, SPAN_NONE)}, d1, d2;
    NodeId f = g_make(g, edges[k].op, edges[k].two ? 2 : 1, in, &(Attr){.f = {0.2}}, NULL, SPAN_NONE, NULL);
    assert_true(g_grad(g, f, 1, in, &d1, SPAN_NONE, NULL));
    assert_true(g_grad(g, d1, 1, in, &d2, SPAN_NONE, NULL));
    double v1 = value_of(g, d1, &d), v2 = d2 == NODE_NONE ? 0 : value_of(g, d2, &d);
    if (!(fabs(v1 - edges[k].d1) < 1e-12) || !(fabs(v2 - edges[k].d2) < 1e-12))
      fail_msg("`%s` at %g: derivatives %g and %g", op_info[edges[k].op].name, x, v1, v2);
    arena_free(a);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_rule_is_the_derivative),
                                     cmocka_unit_test(circuits_to_second_order),
                                     cmocka_unit_test(edges_stay_finite)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
