#include <assert.h>
#include <string.h>
#include "lang/ir/graph_int.h"

Graph *g_new(Arena *a) {
  Graph *g = ARENA_NEW(a, Graph);
  g->arena = a;
  return g;
}

Arena *g_arena(const Graph *g) { return g->arena; }

int g_count(const Graph *g) { return g->nodes.n; }

const Node *g_node(const Graph *g, NodeId id) {
  assert(id >= 0 && id < g->nodes.n);
  return &g->nodes.at[id];
}

void g_name_counts(Graph *g, const char *const *names) { g->count_names = names; }

/* ---- equal nodes ------------------------------------------------------------------------- */
static uint64_t mix(uint64_t h, uint64_t x) {
  h ^= x;
  h *= 0x9E3779B97F4A7C15u;
  return h ^ (h >> 29);
}

static uint64_t hash_node(OpId op, int n_in, const NodeId *in, const Attr *attr, const Shape *s) {
  uint64_t h = mix(0, (uint64_t)op), bits;
  for (int k = 0; k < n_in; k++) h = mix(h, (uint64_t)in[k]);
  for (int k = 0; k < 8; k++) h = mix(h, (uint64_t)attr->i[k]);
  for (int k = 0; k < 4; k++) {
    memcpy(&bits, &attr->f[k], sizeof bits);
    h = mix(h, bits);
  }
  h = mix(h, (uint64_t)(uintptr_t)attr->p);
  for (int k = 0; k < s->rank; k++)
    h = mix(h, s->d[k].count ? ~(uint64_t)s->d[k].count : (uint64_t)s->d[k].n);
  return h;
}

static bool same_attr(const Attr *a, const Attr *b) {
  return memcmp(a->i, b->i, sizeof a->i) == 0 && memcmp(a->f, b->f, sizeof a->f) == 0 && a->p == b->p;
}

static bool same_node(const Node *n, const Make *m) {
  if (n->op != m->op || n->n_in != m->n_in || !same_attr(&n->attr, m->attr)) return false;
  for (int k = 0; k < n->n_in; k++)
    if (n->in[k] != m->in[k]) return false;
  return shape_equal(&n->shape, &m->shape);
}

static uint64_t hash_of_id(const Graph *g, NodeId id) {
  const Node *n = &g->nodes.at[id];
  return hash_node(n->op, n->n_in, n->in, &n->attr, &n->shape);
}

static void table_put(Graph *g, NodeId id) {
  uint64_t mask = (uint64_t)g->table_size - 1, at = hash_of_id(g, id) & mask;
  while (g->table[at] != 0) at = (at + 1) & mask;
  g->table[at] = id + 1;
}

static void table_grow(Graph *g) {
  g->table_size = g->table_size ? 2 * g->table_size : 64;
  g->table = ARENA_ARRAY(g->arena, int32_t, g->table_size);
  for (NodeId id = 0; id < g->nodes.n; id++)
    if (op_info[g->nodes.at[id].op].cls != CLASS_EFFECT) table_put(g, id);
}

static NodeId find_equal(const Graph *g, const Make *m) {
  if (g->table_size == 0) return NODE_NONE;
  uint64_t mask = (uint64_t)g->table_size - 1;
  uint64_t at = hash_node(m->op, m->n_in, m->in, m->attr, &m->shape) & mask;
  for (; g->table[at] != 0; at = (at + 1) & mask)
    if (same_node(&g->nodes.at[g->table[at] - 1], m)) return g->table[at] - 1;
  return NODE_NONE;
}

/* ---- slots --------------------------------------------------------------------------------- */
static void grow_slots(Graph *g, int slot) {
  while (g->version.n <= slot) {
    vec_push(g->arena, &g->version, 0);
    vec_push(g->arena, &g->stored, 0);
  }
}

int g_version(const Graph *g, int slot) { return slot < g->version.n ? g->version.at[slot] : 0; }

/* What an effect does to the slots, and to rewrites. */
static void note_effect(Graph *g, NodeId id) {
  const Node *n = &g->nodes.at[id];
  g->barrier = id + 1;
  if (n->op == OP_STORE) {
    int slot = (int)n->attr.i[0];
    grow_slots(g, slot);
    g->version.at[slot]++;
    g->stored.at[slot] = n->in[0] + 1;
    return;
  }
  const UpdateInfo *info = n->attr.p;
  for (int k = 0; k < info->n; k++) {
    grow_slots(g, info->slots[k]);
    g->version.at[info->slots[k]]++;
    g->stored.at[info->slots[k]] = 0;
  }
}

/* ---- making nodes ------------------------------------------------------------------------- */
NodeId g_append(const Make *m) {
  Graph *g = m->g;
  bool pure = op_info[m->op].cls != CLASS_EFFECT;
  NodeId *in = ARENA_ARRAY(g->arena, NodeId, m->n_in ? m->n_in : 1);
  for (int k = 0; k < m->n_in; k++) in[k] = m->in[k];
  Node n = {m->op, m->elem, m->shape, m->n_in, in, *m->attr, m->n_parts, m->span};
  vec_push(g->arena, &g->nodes, n);
  NodeId id = g->nodes.n - 1;
  if (!pure) note_effect(g, id);
  else if (2 * g->nodes.n >= g->table_size) table_grow(g);
  else table_put(g, id);
  return id;
}

/* Inputs of operations whose order does not matter stand in a fixed order: constants last. */
static bool swaps(const Graph *g, OpId op, const NodeId *in) {
  bool symmetric = op == OP_ADD || op == OP_MUL || op == OP_EQ || op == OP_NE || op == OP_AND || op == OP_OR;
  if (!symmetric) return false;
  bool c0 = g->nodes.at[in[0]].op == OP_CONST, c1 = g->nodes.at[in[1]].op == OP_CONST;
  return c0 != c1 ? c0 : in[0] > in[1];
}

NodeId g_make(Graph *g, OpId op, int n_in, const NodeId *in, const Attr *attr, const Shape *shape, Span span,
              const char **why) {
  static const Attr no_attr;
  NodeId swapped[2];
  assert(op_info[op].n_in < 0 || op_info[op].n_in == n_in);
  for (int k = 0; k < n_in; k++) assert(in[k] >= 0 && in[k] < g->nodes.n);
  Make m = {g, op, n_in, in, attr ? attr : &no_attr, shape, span, shape_scalar(), ELEM_REAL, 1};
  const char *text = shape_rule_of[op](&m);
  if (text) {
    if (why) *why = text;
    return NODE_NONE;
  }
  m.elem = elem_of(&m);
  if (n_in == 2 && swaps(g, op, in)) {
    swapped[0] = in[1];
    swapped[1] = in[0];
    m.in = swapped;
  }
  if (op_info[op].cls == CLASS_EFFECT) return g_append(&m);
  NodeId id = simplify(&m);
  if (id == NODE_NONE) id = find_equal(g, &m);
  return id != NODE_NONE ? id : g_append(&m);
}

/* ---- shorthands ----------------------------------------------------------------------------- */
/* A node whose shapes are known to fit. */
static NodeId must(Graph *g, OpId op, int n_in, const NodeId *in, const Attr *attr, const Shape *shape,
                   Span span) {
  const char *why = NULL;
  NodeId id = g_make(g, op, n_in, in, attr, shape, span, &why);
  assert(id != NODE_NONE && "shapes fit");
  return id;
}

NodeId g_const(Graph *g, double value, const Shape *shape, Span span) {
  return must(g, OP_CONST, 0, NULL, &(Attr){.f = {value}}, shape, span);
}

NodeId g_scalar(Graph *g, double value, Span span) { return g_const(g, value, &(Shape){0}, span); }

/* The value that this graph has stored in the slot, if it has. */
static NodeId stored(const Graph *g, int slot) {
  return slot < g->stored.n ? g->stored.at[slot] - 1 : NODE_NONE;
}

NodeId g_input(Graph *g, int slot, const Shape *shape, ElemKind elem, Span span) {
  if (stored(g, slot) != NODE_NONE) return stored(g, slot);
  return must(g, OP_INPUT, 0, NULL, &(Attr){.i = {slot, elem}}, shape, span);
}

NodeId g_param(Graph *g, int slot, const Shape *shape, Span span) {
  if (stored(g, slot) != NODE_NONE) return stored(g, slot);
  return must(g, OP_PARAM, 0, NULL, &(Attr){.i = {slot, g_version(g, slot)}}, shape, span);
}

NodeId g_draw(Graph *g, DrawKind kind, int site, const Shape *shape, Span span) {
  return must(g, OP_DRAW, 0, NULL, &(Attr){.i = {kind, site}}, shape, span);
}

NodeId g_unary(Graph *g, OpId op, NodeId a, Span span) { return must(g, op, 1, &a, NULL, NULL, span); }

NodeId g_binary(Graph *g, OpId op, NodeId a, NodeId b, Span span) {
  return must(g, op, 2, (NodeId[]){a, b}, NULL, NULL, span);
}

NodeId g_leaky_relu(Graph *g, NodeId a, double slope, Span span) {
  return must(g, OP_LEAKY_RELU, 1, &a, &(Attr){.f = {slope}}, NULL, span);
}

NodeId g_sum(Graph *g, NodeId a, int64_t axes, bool keep, Span span) {
  return must(g, OP_SUM, 1, &a, &(Attr){.i = {axes, keep}}, NULL, span);
}

NodeId g_mean(Graph *g, NodeId a, int64_t axes, bool keep, Span span) {
  NodeId sum = g_sum(g, a, axes, keep, span); /* a statement of its own: the order of nodes is the text's */
  return g_binary(g, OP_DIV, sum, g_size_of(g, a, axes, span), span);
}

NodeId g_stretch(Graph *g, NodeId a, const Shape *to, Span span) {
  return must(g, OP_STRETCH, 1, &a, NULL, to, span);
}

NodeId g_reshape(Graph *g, NodeId a, const Shape *to, Span span) {
  return must(g, OP_RESHAPE, 1, &a, NULL, to, span);
}

NodeId g_transpose(Graph *g, NodeId a, const int *perm, Span span) {
  Attr attr = {0};
  for (int k = 0; k < g_shape(g, a)->rank; k++) attr.i[k] = perm[k];
  return must(g, OP_TRANSPOSE, 1, &a, &attr, NULL, span);
}

NodeId g_slice(Graph *g, NodeId a, int axis, int64_t from, int64_t len, Span span) {
  return must(g, OP_SLICE, 1, &a, &(Attr){.i = {axis, from, len}}, NULL, span);
}

NodeId g_pad(Graph *g, NodeId a, int axis, int64_t at, int64_t total, Span span) {
  return must(g, OP_PAD, 1, &a, &(Attr){.i = {axis, at, total}}, NULL, span);
}

/* Kernels join up to CONCAT_MAX inputs; more are joined in groups. */
#define CONCAT_MAX 12
NodeId g_concat(Graph *g, int n, const NodeId *in, int axis, Span span) {
  while (n > CONCAT_MAX) {
    const int groups = (n + CONCAT_MAX - 1) / CONCAT_MAX;
    NodeId *joined = ARENA_ARRAY(g->arena, NodeId, groups);
    for (int k = 0; k < groups; k++) {
      const int from = k * CONCAT_MAX, count = n - from < CONCAT_MAX ? n - from : CONCAT_MAX;
      joined[k] =
          count == 1 ? in[from] : must(g, OP_CONCAT, count, in + from, &(Attr){.i = {axis}}, NULL, span);
    }
    in = joined;
    n = groups;
  }
  return must(g, OP_CONCAT, n, in, &(Attr){.i = {axis}}, NULL, span);
}

NodeId g_matmul(Graph *g, NodeId a, NodeId b, bool ta, bool tb, Span span) {
  return must(g, OP_MATMUL, 2, (NodeId[]){a, b}, &(Attr){.i = {ta, tb}}, NULL, span);
}

NodeId g_part(Graph *g, NodeId a, int k, const Shape *shape, Span span) {
  return must(g, OP_PART, 1, &a, &(Attr){.i = {k}}, shape, span);
}

NodeId g_mark(Graph *g, NodeId a, int64_t name, Span span) {
  return must(g, OP_MARK, 1, &a, &(Attr){.i = {name}}, NULL, span);
}

NodeId g_sum_to(Graph *g, NodeId a, const Shape *to, Span span) {
  const Shape *from = g_shape(g, a);
  if (shape_equal(from, to)) return a;
  int64_t axes = 0;
  for (int k = 0; k < from->rank; k++)
    if (to->rank == 0 || !dim_equal(from->d[k], to->d[k])) axes |= (int64_t)1 << k;
  return g_sum(g, a, axes, to->rank != 0, span);
}

NodeId g_size_of(Graph *g, NodeId a, int64_t axes, Span span) {
  Shape s = *g_shape(g, a);
  double fixed = 1;
  NodeId n = NODE_NONE;
  for (int k = 0; k < s.rank; k++) {
    if (!(axes >> k & 1)) continue;
    if (s.d[k].count == 0) {
      fixed *= (double)s.d[k].n;
      continue;
    }
    NodeId count = must(g, OP_COUNT, 0, NULL, &(Attr){.i = {s.d[k].count}}, NULL, span);
    n = n == NODE_NONE ? count : g_binary(g, OP_MUL, n, count, span);
  }
  if (n != NODE_NONE && fixed == 1) return n;
  NodeId c = g_scalar(g, fixed, span);
  return n == NODE_NONE ? c : g_binary(g, OP_MUL, n, c, span);
}

NodeId g_store(Graph *g, NodeId a, int slot, Span span) {
  return must(g, OP_STORE, 1, &a, &(Attr){.i = {slot}}, NULL, span);
}

NodeId g_update(Graph *g, const UpdateInfo *info, const NodeId *grads, Span span) {
  UpdateInfo *copy = ARENA_NEW(g->arena, UpdateInfo);
  int *slots = ARENA_ARRAY(g->arena, int, info->n ? info->n : 1);
  for (int k = 0; k < info->n; k++) slots[k] = info->slots[k];
  *copy = *info;
  copy->slots = slots;
  return must(g, OP_UPDATE, info->n, grads, &(Attr){.p = copy}, NULL, span);
}
