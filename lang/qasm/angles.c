/* From tensors back to single numbers (angles.h). */
#include "lang/qasm/angles.h"
#include <string.h>

typedef struct Build {
  Arena *a;
  const Program *p;
  const CircuitView *v;
  ViewAngles *out;
  int **memo; /* of each graph node: node of each element + 1 */
  int depth;
  bool full;
} Build;

static int add(Build *b, QasmNode n) {
  if (b->out->nodes.n >= ANGLES_MAX_NODES) {
    b->full = true;
    return 0;
  }
  vec_push(b->a, &b->out->nodes, n);
  return b->out->nodes.n - 1;
}

static int number(Build *b, double x) { return add(b, (QasmNode){.kind = QASM_NUMBER, .num = x}); }

static bool is_number(const Build *b, int node, double x) {
  const QasmNode *n = &b->out->nodes.at[node];
  return n->kind == QASM_NUMBER && n->num == x;
}

static int unary(Build *b, int op, int x) {
  return add(b, (QasmNode){.kind = QASM_UNARY, .op = op, .a = x, .of_input = true});
}

static int binary(Build *b, int op, int x, int y) {
  if (op == '+' && is_number(b, x, 0)) return y;
  if ((op == '+' || op == '-') && is_number(b, y, 0)) return x;
  if (op == '*' && is_number(b, x, 1)) return y;
  if ((op == '*' || op == '/') && is_number(b, y, 1)) return x;
  if (op == '*' && is_number(b, x, -1)) return unary(b, '-', y);
  return add(b, (QasmNode){.kind = QASM_BINARY, .op = op, .a = x, .b = y, .of_input = true});
}

static int leaf(Build *b, AngleLeaf l) {
  vec_push(b->a, &b->out->leaves, l);
  return add(b, (QasmNode){.kind = QASM_INPUT, .a = b->out->leaves.n - 1, .of_input = true});
}

/* "theta" of "parts.G.theta". */
static const char *last_part(const char *name) {
  const char *dot = strrchr(name, '.');
  return dot != NULL ? dot + 1 : name;
}

static int leaf_of(Build *b, NodeId id, int64_t e) {
  const Node *n = g_node(b->v->graph, id);
  AngleLeaf l = {.base = "", .slot = -1, .arg = -1, .element = e, .shape = n->shape, .span = n->span};
  for (int i = 0; i < b->v->arg_nodes.n; i++)
    if (b->v->arg_nodes.at[i] == id) l.arg = i, l.base = b->v->args.at[i];
  if (n->op == OP_PARAM) {
    l.slot = (int)n->attr.i[0];
    l.base = last_part(b->p->slots.at[l.slot].name);
  }
  if (l.slot < 0 && l.arg < 0) l.op = op_info[n->op].name;
  return leaf(b, l);
}

/* ---- places of elements --------------------------------------------------------------------------- */

static void unravel(const Shape *s, int64_t e, int64_t *at) {
  for (int i = s->rank - 1; i >= 0; i--) {
    at[i] = e % s->d[i].n;
    e /= s->d[i].n;
  }
}

/* An axis of size 1 stretches, and so does a scalar. */
static int64_t ravel(const Shape *s, const int64_t *at) {
  int64_t e = 0;
  for (int i = 0; i < s->rank; i++) e = e * s->d[i].n + (s->d[i].n == 1 ? 0 : at[i]);
  return e;
}

static int element(Build *b, NodeId id, int64_t e);

/* Element of an operand at the place that element e of n has. */
static int operand(Build *b, const Node *n, int k, int64_t e) {
  int64_t at[SHAPE_MAX_RANK] = {0};
  unravel(&n->shape, e, at);
  return element(b, n->in[k], ravel(&g_node(b->v->graph, n->in[k])->shape, at));
}

static int moved(Build *b, const Node *n, int64_t e) {
  const Shape *s = &g_node(b->v->graph, n->in[0])->shape;
  int64_t at[SHAPE_MAX_RANK] = {0}, from[SHAPE_MAX_RANK] = {0};
  unravel(&n->shape, e, at);
  memcpy(from, at, sizeof from);
  const int axis = (int)n->attr.i[0];
  if (n->op == OP_SLICE) from[axis] += n->attr.i[1];
  else if (n->op == OP_FLIP) from[axis] = s->d[axis].n - 1 - at[axis];
  else if (n->op == OP_TRANSPOSE)
    for (int i = 0; i < n->shape.rank; i++) from[n->attr.i[i]] = at[i];
  else if (n->op == OP_PAD) {
    from[axis] -= n->attr.i[1];
    if (from[axis] < 0 || from[axis] >= s->d[axis].n) return number(b, 0);
  }
  return element(b, n->in[0], ravel(s, from));
}

static int concatenated(Build *b, const Node *n, int64_t e) {
  int64_t at[SHAPE_MAX_RANK] = {0};
  const int axis = (int)n->attr.i[0];
  unravel(&n->shape, e, at);
  for (int k = 0; k < n->n_in; k++) {
    const Shape *s = &g_node(b->v->graph, n->in[k])->shape;
    if (at[axis] < s->d[axis].n) return element(b, n->in[k], ravel(s, at));
    at[axis] -= s->d[axis].n;
  }
  return number(b, 0);
}

static int summed(Build *b, const Node *n, int64_t e) {
  const Shape *s = &g_node(b->v->graph, n->in[0])->shape;
  int64_t want[SHAPE_MAX_RANK] = {0}, at[SHAPE_MAX_RANK] = {0};
  int out = -1;
  unravel(&n->shape, e, want);
  for (int64_t i = 0; i < shape_capacity(s) && !b->full; i++) {
    bool fits = true;
    unravel(s, i, at);
    for (int k = 0, j = 0; k < s->rank; k++) {
      const bool gone = n->attr.i[0] >> k & 1;
      if (!gone) fits = fits && at[k] == want[j];
      if (!gone || n->attr.i[1]) j++;
    }
    if (!fits) continue;
    const int x = element(b, n->in[0], i);
    out = out < 0 ? x : binary(b, '+', out, x);
  }
  return out < 0 ? number(b, 0) : out;
}

static int multiplied(Build *b, const Node *n, int64_t e) {
  const Shape *x = &g_node(b->v->graph, n->in[0])->shape, *y = &g_node(b->v->graph, n->in[1])->shape;
  const int64_t cols = n->shape.d[1].n, i = e / cols, j = e % cols, inner = x->d[n->attr.i[0] ? 0 : 1].n;
  int out = -1;
  for (int64_t k = 0; k < inner && !b->full; k++) {
    const int p = element(b, n->in[0], n->attr.i[0] ? k * x->d[1].n + i : i * x->d[1].n + k);
    const int q = element(b, n->in[1], n->attr.i[1] ? j * y->d[1].n + k : k * y->d[1].n + j);
    const int pq = binary(b, '*', p, q);
    out = out < 0 ? pq : binary(b, '+', out, pq);
  }
  return out < 0 ? number(b, 0) : out;
}

/* ---- operations ------------------------------------------------------------------------------------ */

static const struct Function {
  OpId op;
  int function;
} functions[] = {{OP_NEG, '-'},      {OP_SIN, QASM_SIN}, {OP_COS, QASM_COS},
                 {OP_EXP, QASM_EXP}, {OP_LOG, QASM_LN},  {OP_SQRT, QASM_SQRT}};
static const struct Sign {
  OpId op;
  int sign;
} signs[] = {{OP_ADD, '+'}, {OP_SUB, '-'}, {OP_MUL, '*'}, {OP_DIV, '/'}, {OP_POW, '^'}};

static int computed(Build *b, NodeId id, int64_t e) {
  const Node *n = g_node(b->v->graph, id);
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++)
    if (functions[i].op == n->op) return unary(b, functions[i].function, operand(b, n, 0, e));
  for (size_t i = 0; i < sizeof signs / sizeof *signs; i++) {
    if (signs[i].op != n->op) continue;
    const int x = operand(b, n, 0, e);
    return binary(b, signs[i].sign, x, operand(b, n, 1, e));
  }
  if (n->op == OP_MARK || n->op == OP_STOP_GRAD || n->op == OP_RESHAPE) return element(b, n->in[0], e);
  if (n->op == OP_SLICE || n->op == OP_TRANSPOSE || n->op == OP_STRETCH || n->op == OP_PAD ||
      n->op == OP_FLIP)
    return moved(b, n, e);
  if (n->op == OP_CONCAT) return concatenated(b, n, e);
  if (n->op == OP_SUM) return summed(b, n, e);
  if (n->op == OP_MATMUL && n->shape.rank == 2) return multiplied(b, n, e);
  if (n->op == OP_CONST) return number(b, n->attr.f[0]);
  if (n->op == OP_SQUARE || n->op == OP_RECIP || n->op == OP_SIGMOID || n->op == OP_TANH) {
    const int x = operand(b, n, 0, e), one = number(b, 1);
    if (n->op == OP_SQUARE) return binary(b, '*', x, x);
    if (n->op == OP_RECIP) return binary(b, '/', one, x);
    if (n->op == OP_SIGMOID)
      return binary(b, '/', one, binary(b, '+', one, unary(b, QASM_EXP, unary(b, '-', x))));
    const int e2 = unary(b, QASM_EXP, binary(b, '*', number(b, 2), x)); /* tanh x = 1 - 2 / (e^2x + 1) */
    return binary(b, '-', one, binary(b, '/', number(b, 2), binary(b, '+', e2, one)));
  }
  return leaf_of(b, id, e);
}

static int element(Build *b, NodeId id, int64_t e) {
  const Shape *s = &g_node(b->v->graph, id)->shape;
  const int64_t size = shape_capacity(s);
  if (b->full || e < 0 || e >= size) return 0;
  if (b->memo[id] == NULL) b->memo[id] = ARENA_ARRAY(b->a, int, size);
  if (b->memo[id][e] == 0) {
    if (b->depth++ > ANGLES_MAX_DEPTH) b->full = true;
    b->memo[id][e] = computed(b, id, e) + 1;
    b->depth--;
  }
  return b->memo[id][e] - 1;
}

bool view_angles(Arena *a, const Program *p, const CircuitView *v, ViewAngles *out) {
  Build b = {.a = a, .p = p, .v = v, .out = out};
  *out = (ViewAngles){0};
  b.memo = ARENA_ARRAY(a, int *, g_count(v->graph) + 1);
  out->gate = arena_alloc(a, (size_t)(v->body->gates.n + 1) * sizeof *out->gate);
  number(&b, 0); /* node 0, for what was cut short */
  for (int i = 0; i < v->body->gates.n && !b.full; i++) {
    const GateUse *u = &v->body->gates.at[i];
    const int n = u->channel != CHANNEL_NONE ? channel_n_params(u->channel) : gate_info[u->gate].n_angles;
    for (int k = 0; k < n; k++) {
      const AngleRef *r = &u->angle[k];
      if (r->source < 0) {
        out->gate[i][k] = number(&b, r->shift);
        continue;
      }
      const int x = element(&b, v->inputs.at[r->source], r->element), scale = number(&b, r->scale);
      out->gate[i][k] = binary(&b, '+', binary(&b, '*', scale, x), number(&b, r->shift));
    }
  }
  return !b.full;
}
