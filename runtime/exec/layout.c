/* First half of planning: what is fused, and where every value stands. Sizes only; addresses come
 * in plan.c. */
#include <stdlib.h>

#include "lang/base/mem.h"
#include "runtime/exec/plan.h"

#define ALIGN 64u

static size_t align_up(size_t n) { return (n + ALIGN - 1) & ~(size_t)(ALIGN - 1); }

NodeId plan_root(const RegionPlan *p, NodeId id) {
  while (p->placed.at[id].alias != NODE_NONE) id = p->placed.at[id].alias;
  return id;
}

/* Of images: rows of the result are finished by its kernel. CONV_DW is a sum like other partial ones. */
static bool is_convolution(OpId op) { return op == OP_CONV || op == OP_CONV_DX; }
static bool has_parts(OpId op) { return op == OP_CIRCUIT_VJP || op == OP_CIRCUIT_HVP; }

/* ---- fusion ------------------------------------------------------------------------------ */

static bool same_place(const RegionPlan *p, NodeId a, NodeId b) {
  const NodePlace *x = &p->placed.at[a], *y = &p->placed.at[b];
  return x->place == y->place && x->domain == y->domain && x->phase == y->phase;
}

static bool bias_fits(const RegionPlan *p, NodeId id, int64_t columns) {
  if (g_node(p->graph, id)->op == OP_CONST) return false; /* may be stored as one number */
  return p->placed.at[id].place == PLACE_FULL && shape_capacity(&g_node(p->graph, id)->shape) == columns;
}

/* product + bias, in either order: one number for each column, or for each channel of images */
static NodeId bias_of(const RegionPlan *p, const Node *sum, NodeId product) {
  if (sum->op != OP_ADD) return NODE_NONE;
  NodeId other = sum->in[0] == product ? sum->in[1] : sum->in[0];
  const Shape *s = &g_node(p->graph, product)->shape, *b = &g_node(p->graph, other)->shape;
  if (other == product || p->placed.at[product].place == PLACE_PARTIAL) return NODE_NONE;
  if (!shape_equal(s, &sum->shape) || !bias_fits(p, other, s->d[1].n)) return NODE_NONE;
  if (s->rank == 4 && b->rank != 4) return NODE_NONE;
  if (b->rank > 0 && !dim_equal(b->d[s->rank == 4 ? 1 : b->rank - 1], s->d[1])) return NODE_NONE;
  return other;
}

/* partial sum + product, the product added in the sum's memory */
static NodeId sum_of(const RegionPlan *p, const Node *add, NodeId product) {
  if (add->op != OP_ADD || p->placed.at[product].place != PLACE_PARTIAL) return NODE_NONE;
  NodeId other = add->in[0] == product ? add->in[1] : add->in[0];
  const NodePlace *o = &p->placed.at[other];
  bool own_memory = o->alias == NODE_NONE || p->fused[other].add_to != NODE_NONE;
  if (other == product || !own_memory || o->fused || p->uses[other] != 1) return NODE_NONE;
  OpId op = g_node(p->graph, other)->op;
  if (o->place != PLACE_PARTIAL || op == OP_PART ||
      !shape_equal(&g_node(p->graph, other)->shape, &add->shape))
    return NODE_NONE;
  return other;
}

static void fuse_from(RegionPlan *p, NodeId m, const NodeId *consumer) {
  const Graph *g = p->graph;
  Fused f = {m, NODE_NONE, NODE_NONE, NODE_NONE, NODE_NONE};
  NodeId last = m;
  for (;;) {
    if (p->uses[last] != 1) break;
    NodeId c = consumer[last];
    const Node *n = g_node(g, c);
    if (!same_place(p, last, c)) break;
    NodeId bias = bias_of(p, n, last), sum = sum_of(p, n, last);
    if (last == m && bias != NODE_NONE) f.bias = bias;
    else if (last == m && sum != NODE_NONE) f.add_to = sum;
    else if (n->op == OP_LEAKY_RELU && f.leaky == NODE_NONE && f.add_to == NODE_NONE && f.mask == NODE_NONE)
      f.leaky = c;
    else if (n->op == OP_LEAKY_RELU_GRAD && last == m && n->in[0] == m && n->in[1] != m &&
             shape_equal(&g_node(g, n->in[1])->shape, &n->shape))
      f.mask = n->in[1];
    else break;
    last = c;
    if (f.add_to != NODE_NONE || f.mask != NODE_NONE || f.leaky != NODE_NONE) break;
  }
  if (last == m) return;
  for (NodeId id = m; id != last; id = consumer[id]) p->placed.at[id].fused = true;
  p->fused[last] = f;
  if (f.mask != NODE_NONE) p->fused[last].leaky = last;
  if (f.add_to != NODE_NONE) {
    NodePlace *sum = &p->placed.at[plan_root(p, f.add_to)], *all = &p->placed.at[last];
    sum->stored |= all->stored, sum->reduced |= all->reduced;
    all->alias = f.add_to;
  }
}

void layout_fuse(PlanEnv *env, RegionPlan *p) {
  int n = g_count(p->graph);
  p->uses = ARENA_ARRAY(env->arena, int, n);
  p->fused = ARENA_ARRAY(env->arena, Fused, n);
  NodeId *consumer = ARENA_ARRAY(env->arena, NodeId, n);
  for (NodeId id = 0; id < n; id++) {
    const Node *node = g_node(p->graph, id);
    p->fused[id] = (Fused){NODE_NONE, NODE_NONE, NODE_NONE, NODE_NONE, NODE_NONE};
    for (int k = 0; k < node->n_in; k++) p->uses[node->in[k]]++, consumer[node->in[k]] = id;
  }
  for (NodeId id = 0; id < n; id++) {
    const Node *node = g_node(p->graph, id);
    bool product = (node->op == OP_MATMUL && node->shape.rank == 2) || is_convolution(node->op);
    if (product && p->placed.at[id].place != PLACE_FULL) fuse_from(p, id, consumer);
  }
}

bool plan_reads_flipped(const RegionPlan *p, NodeId id) {
  const Node *n = g_node(p->graph, id);
  if (n->op != OP_MATMUL || n->shape.rank != 2 || n->attr.i[1] == 0 || p->placed.at[id].place != PLACE_ROW)
    return false;
  const Node *b = g_node(p->graph, n->in[1]);
  return p->placed.at[n->in[1]].place == PLACE_FULL && b->op != OP_CONST && shape_is_static(&b->shape) &&
         !dim_is_one(b->shape.d[0]);
}

/* ---- memory -------------------------------------------------------------------------------- */

typedef struct Item {
  size_t bytes, offset;
  int from, to; /* inclusive times */
  NodeId node;
} Item;

static int by_offset(const void *a, const void *b) {
  size_t x = (*(const Item *const *)a)->offset, y = (*(const Item *const *)b)->offset;
  return (x > y) - (x < y);
}

/* Lowest place for each item such that items alive at one time do not overlap. Bytes in all. */
static size_t pack(Arena *a, Item *items, int n) {
  Item **live = ARENA_ARRAY(a, Item *, n + 1);
  size_t total = 0;
  for (int i = 0; i < n; i++) {
    int m = 0;
    for (int j = 0; j < i; j++)
      if (items[j].from <= items[i].to && items[i].from <= items[j].to) live[m++] = &items[j];
    qsort(live, (size_t)m, sizeof *live, by_offset);
    size_t at = 0;
    for (int j = 0; j < m && live[j]->offset < at + items[i].bytes; j++) {
      size_t end = live[j]->offset + live[j]->bytes;
      if (end > at) at = end;
    }
    items[i].offset = at;
    if (at + items[i].bytes > total) total = at + items[i].bytes;
  }
  return total;
}

/* Nodes that the kernel of `id` reads, fused ones resolved. */
static int operands_of(const RegionPlan *p, NodeId id, NodeId *out, int cap) {
  const Fused *f = &p->fused[id];
  const Node *n = g_node(p->graph, f->matmul != NODE_NONE ? f->matmul : id);
  int m = 0;
  for (int k = 0; k < n->n_in && m < cap; k++) out[m++] = n->in[k];
  if (f->bias != NODE_NONE) out[m++] = f->bias;
  if (f->mask != NODE_NONE) out[m++] = f->mask;
  if (f->add_to != NODE_NONE) out[m++] = f->add_to;
  return m;
}

static bool only_elementwise(const RegionPlan *p, NodeId id) {
  for (NodeId c = id + 1; c < g_count(p->graph); c++) {
    const Node *n = g_node(p->graph, c);
    for (int k = 0; k < n->n_in; k++)
      if (n->in[k] == id && (op_info[n->op].cls != CLASS_EW || n->op == OP_STRETCH)) return false;
  }
  return true;
}

/* A value that one STORE keeps can be made in the slot's own memory, if nothing else in this
 * region reads or writes the slot. */
static void store_in_place(PlanEnv *env, RegionPlan *p) {
  const Graph *g = p->graph;
  int n = g_count(g);
  char *touched = ARENA_ARRAY(env->arena, char, env->program->slots.n + 1);
  for (NodeId id = 0; id < n; id++) {
    const Node *node = g_node(g, id);
    if (node->op == OP_INPUT || node->op == OP_PARAM) touched[node->attr.i[0]] = 2;
    if (node->op == OP_STORE && touched[node->attr.i[0]] < 2) touched[node->attr.i[0]]++;
  }
  for (NodeId id = 0; id < n; id++) {
    const Node *node = g_node(g, id);
    if (node->op != OP_STORE || touched[node->attr.i[0]] != 1) continue;
    NodeId root = plan_root(p, node->in[0]);
    const Node *value = g_node(g, root);
    bool made_here = op_info[value->op].cls != CLASS_SOURCE || value->op == OP_DRAW;
    if (!made_here || p->placed.at[root].place == PLACE_PARTIAL || p->where[root].kind != WHERE_NONE ||
        value->op == OP_UPDATE)
      continue;
    if (shape_capacity(&value->shape) != shape_capacity(&env->program->slots.at[node->attr.i[0]].shape))
      continue;
    p->where[root] = (Where){WHERE_SLOT, (int)node->attr.i[0], 0, 0};
  }
}

static size_t value_bytes(const PlanEnv *env, const RegionPlan *p, NodeId id, bool local) {
  const Shape *s = &g_node(p->graph, id)->shape;
  const NodePlace *at = &p->placed.at[id];
  size_t n = (size_t)shape_capacity(s), real = env->set->real;
  if (at->place == PLACE_ROW && local) {
    int64_t rows = shard_rows(p->placed.domains[at->domain].rows.n);
    if (rows < s->d[0].n) n = (size_t)(rows * shape_row_size(s));
  }
  size_t bytes = align_up(mem_mul(n ? n : 1, real));
  if (at->place == PLACE_PARTIAL && !local) {
    int64_t rows = p->placed.domains[at->domain].rows.n;
    bytes = mem_mul(bytes, (size_t)(rows <= SHARD_ROWS * SHARDS_MAX ? shard_count(rows) : SHARDS_MAX));
  }
  return bytes;
}

static WhereKind kind_of(const RegionPlan *p, NodeId id) {
  const Node *n = g_node(p->graph, id);
  const NodePlace *at = &p->placed.at[id];
  if (at->fused || at->alias != NODE_NONE || has_parts(n->op) || n->op == OP_STORE) return WHERE_NONE;
  if (n->op == OP_INPUT || n->op == OP_PARAM) return WHERE_SLOT;
  if (n->op == OP_CONST) return WHERE_CONST;
  if (at->place == PLACE_FULL || at->stored || at->reduced) return WHERE_SLAB;
  return WHERE_LOCAL;
}

/* Time in the order of execution: even, parallel parts; odd, serial ones. */
static int time_of(const RegionPlan *p, NodeId id) {
  const NodePlace *at = &p->placed.at[id];
  return 2 * (at->phase + 1) + (at->place == PLACE_FULL ? 1 : 0);
}

typedef struct Lives {
  int *from, *to, *last_use;
} Lives;

static Lives find_lives(PlanEnv *env, const RegionPlan *p) {
  int n = g_count(p->graph);
  Lives l = {ARENA_ARRAY(env->arena, int, n), ARENA_ARRAY(env->arena, int, n),
             ARENA_ARRAY(env->arena, int, n)};
  NodeId ops[KMAX_IN + 8 + 512];
  for (NodeId id = 0; id < n; id++) l.from[id] = l.to[id] = time_of(p, id), l.last_use[id] = id;
  for (NodeId id = 0; id < n; id++) {
    const Node *node = g_node(p->graph, id);
    const NodePlace *at = &p->placed.at[id];
    if (at->fused || (at->alias != NODE_NONE && p->fused[id].matmul == NODE_NONE)) continue;
    int m = node->op == OP_UPDATE ? 0 : operands_of(p, id, ops, KMAX_IN + 512);
    int n_in = node->op == OP_UPDATE ? node->n_in : m;
    for (int k = 0; k < n_in; k++) {
      NodeId root = plan_root(p, node->op == OP_UPDATE ? node->in[k] : ops[k]);
      if (time_of(p, id) > l.to[root]) l.to[root] = time_of(p, id);
      if (id > l.last_use[root]) l.last_use[root] = id;
    }
  }
  return l;
}

static size_t pack_slab(PlanEnv *env, RegionPlan *p, const Lives *l) {
  int n = g_count(p->graph), m = 0;
  Item *items = ARENA_ARRAY(env->arena, Item, 2 * n + 1);
  for (NodeId id = 0; id < n; id++) {
    const Node *node = g_node(p->graph, id);
    if (!plan_reads_flipped(p, id) || p->flipped[node->in[1]]) continue;
    p->flipped[node->in[1]] = 1;
    size_t bytes =
        align_up(mem_mul((size_t)shape_capacity(&g_node(p->graph, node->in[1])->shape), env->set->real));
    items[m++] = (Item){bytes, 0, time_of(p, node->in[1]), 1 << 30, ~node->in[1]};
  }
  for (NodeId id = 0; id < n; id++) {
    if (p->where[id].kind != WHERE_SLAB) continue;
    OpId op = g_node(p->graph, id)->op;
    bool always = op == OP_COUNT || op == OP_CLOCK || op == OP_UPDATE;
    int to = p->placed.at[id].reduced ? l->to[id] + 1 : l->to[id];
    items[m++] = (Item){p->where[id].bytes, 0, always ? 0 : l->from[id], always ? 1 << 30 : to, id};
  }
  size_t total = pack(env->arena, items, m);
  for (int k = 0; k < m; k++) {
    if (items[k].node < 0) p->flipped[~items[k].node] = 1 + items[k].offset;
    else p->where[items[k].node].offset = items[k].offset;
  }
  return total;
}

/* A local value that elementwise `id` reads for the last time and whose memory the result can take: both have
 * the same elements, and such a kernel reads an element before it writes it. NODE_NONE if there is none. */
static NodeId overwritten(const RegionPlan *p, const Lives *l, NodeId id) {
  const Node *n = g_node(p->graph, id);
  if (op_info[n->op].cls != CLASS_EW || p->fused[id].matmul != NODE_NONE) return NODE_NONE;
  for (int k = 0; k < n->n_in; k++) {
    const NodeId root = plan_root(p, n->in[k]);
    if (p->where[root].kind == WHERE_LOCAL && p->where[root].bytes == p->where[id].bytes &&
        l->last_use[root] == id && same_place(p, root, id) &&
        shape_equal(&g_node(p->graph, n->in[k])->shape, &n->shape))
      return root;
  }
  return NODE_NONE;
}

/* Local values of one chain. Bytes in all; `items` and `item_of` (by node) are room to work in. */
static size_t pack_chain(PlanEnv *env, RegionPlan *p, const Lives *l, int phase, int domain, Item *items,
                         int *item_of) {
  int m = 0;
  for (NodeId id = 0; id < g_count(p->graph); id++) {
    const NodePlace *at = &p->placed.at[id];
    if (p->where[id].kind != WHERE_LOCAL || at->phase != phase || at->domain != domain) continue;
    const Node *node = g_node(p->graph, id);
    const NodeId over = overwritten(p, l, id);
    item_of[id] = over != NODE_NONE ? item_of[over] : m;
    if (over != NODE_NONE) {
      items[item_of[id]].to = l->last_use[id];
      continue;
    }
    int from = node->op == OP_PART ? node->in[0] : id; /* the whole's kernel writes it */
    items[m++] = (Item){p->where[id].bytes, 0, from, l->last_use[id], id};
  }
  const size_t total = pack(env->arena, items, m);
  for (NodeId id = 0; id < g_count(p->graph); id++) {
    const NodePlace *at = &p->placed.at[id];
    if (p->where[id].kind == WHERE_LOCAL && at->phase == phase && at->domain == domain)
      p->where[id].offset = items[item_of[id]].offset;
  }
  return total;
}

/* One chain at a time runs in a thread, so each phase and domain starts at 0. */
static size_t pack_local(PlanEnv *env, RegionPlan *p, const Lives *l) {
  int n = g_count(p->graph);
  size_t most = 0;
  Item *items = ARENA_ARRAY(env->arena, Item, n + 1);
  int *item_of = ARENA_ARRAY(env->arena, int, n + 1);
  for (int phase = 0; phase < p->placed.n_phases; phase++)
    for (int d = 0; d < p->placed.n_domains; d++) {
      size_t total = pack_chain(env, p, l, phase, d, items, item_of);
      if (total > most) most = total;
    }
  return most;
}

void layout_memory(PlanEnv *env, RegionPlan *p) {
  int n = g_count(p->graph);
  p->where = ARENA_ARRAY(env->arena, Where, n);
  p->flipped = ARENA_ARRAY(env->arena, size_t, n);
  store_in_place(env, p);
  for (NodeId id = 0; id < n; id++) {
    Where *w = &p->where[id];
    const Node *node = g_node(p->graph, id);
    if (w->kind == WHERE_SLOT) continue;
    w->kind = kind_of(p, id);
    if (w->kind == WHERE_SLOT) w->slot = (int)node->attr.i[0];
    if (w->kind == WHERE_SLAB || w->kind == WHERE_LOCAL)
      w->bytes = value_bytes(env, p, id, w->kind == WHERE_LOCAL);
    if (w->kind == WHERE_CONST)
      w->bytes = only_elementwise(p, id) ? env->set->real
                                         : mem_mul((size_t)shape_capacity(&node->shape), env->set->real);
    if (node->op == OP_COUNT || node->op == OP_CLOCK) vec_push(env->arena, &p->scalars, id);
    if (node->op == OP_UPDATE) vec_push(env->arena, &p->updates, id);
  }
  Lives lives = find_lives(env, p);
  p->slab = pack_slab(env, p, &lives);
  p->local = pack_local(env, p, &lives);
}
