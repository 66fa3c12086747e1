/* Graphs and blocks of the program under construction.
 *
 * Statements that follow one another share one graph until something must happen between them
 * (a repeat, an if, a printed line): then the region is closed and the next value opens another.
 * A value of a closed region that is used again is stored in a slot by its own graph (which may
 * still grow: nothing runs yet) and read from there. */
#include "lang/sema/walk.h"
#include <string.h>

Stmt stmt_make(StmtKind kind, Span span) {
  return (Stmt){.kind = kind, .span = span, .slot = -1, .series = -1, .index = -1};
}

Graph *graph_now(Sema *S) {
  Region *r = S->region;
  if (r->graph == NULL) {
    r->graph = g_new(S->a);
    Stmt s = stmt_make(STMT_REGION, SPAN_NONE);
    s.graph = r->graph;
    vec_push(S->a, &r->block->stmts, s);
  }
  return r->graph;
}

void region_close(Sema *S) {
  Region *r = S->region;
  r->graph = NULL;
  for (int i = 0; i < r->pending.n; i++) vec_push(S->a, &r->block->stmts, r->pending.at[i]);
  r->pending.n = 0;
}

void block_pending(Sema *S, Stmt s) { vec_push(S->a, &S->region->pending, s); }

Stmt *block_push(Sema *S, StmtKind kind, Span span) {
  region_close(S);
  Block *b = S->region->block;
  vec_push(S->a, &b->stmts, stmt_make(kind, span));
  return &b->stmts.at[b->stmts.n - 1];
}

/* ---- names of sites and slots ------------------------------------------------------------- */

static const char *path_in(Sema *S, const Path *path, const char *leaf) {
  return path->prefix[0] == '\0' ? leaf : arena_printf(S->a, "%s.%s", path->prefix, leaf);
}

const char *path_here(Sema *S, const char *leaf) { return path_in(S, S->path, leaf); }

/* The place of the name; where it is not there, the free one that it would get. */
static PathName *path_name(const PathNames *names, Symbol name) {
  uint32_t k = (name * 2654435761u) & (names->cap - 1);
  while (names->at[k].count > 0 && names->at[k].name != name) k = (k + 1) & (names->cap - 1);
  return &names->at[k];
}

/* The name with the number of its use, from the second on: z, z_2. */
static const char *count_name(Sema *S, PathNames *names, const char *text) {
  const Symbol name = sym_intern(text);
  if (2 * (names->n + 1) > names->cap) {
    const PathNames old = *names;
    names->cap = old.cap > 0 ? 2 * old.cap : 8;
    names->at = ARENA_ARRAY(S->a, PathName, names->cap);
    for (uint32_t i = 0; i < old.cap; i++)
      if (old.at[i].count > 0) *path_name(names, old.at[i].name) = old.at[i];
  }
  PathName *at = path_name(names, name);
  if (at->count > 0) return arena_printf(S->a, "%s_%d", text, ++at->count);
  *at = (PathName){name, 1};
  names->n++;
  return text;
}

static const char *path_count(Sema *S, const char *name) { return count_name(S, &S->path->seen, name); }

Path *path_of_call(Sema *S, const char *name) {
  Path *from = S->object != NULL && S->shots != NULL ? S->shots : S->path, *p = ARENA_NEW(S->a, Path);
  p->prefix = path_in(S, from, count_name(S, &from->called, name));
  return p;
}

int site_of_shots(Sema *S, Span span) {
  Path *at = S->shots != NULL ? S->shots : S->path;
  vec_push(S->a, &S->p->sites, ((Site){path_in(S, at, count_name(S, &at->seen, "shots")), span}));
  return S->p->sites.n - 1;
}

Path *path_enter(Sema *S, const char *name) {
  Path *before = S->path, *p = ARENA_NEW(S->a, Path);
  p->prefix = path_here(S, path_count(S, name));
  S->path = p;
  return before;
}

int site_new(Sema *S, const char *leaf, Span span) {
  const char *path = path_here(S, path_count(S, leaf));
  vec_push(S->a, &S->p->sites, ((Site){path, span}));
  return S->p->sites.n - 1;
}

/* How often the name was given to a slot, 0 if never; by symbol. */
static int *name_uses(Sema *S, const char *name) {
  const Symbol sym = sym_intern(name);
  while ((Symbol)S->slot_names.n <= sym) vec_push(S->a, &S->slot_names, 0);
  return &S->slot_names.at[sym];
}

const char *unique_name(Sema *S, const char *name) {
  const char *out = name;
  int k = *name_uses(S, name);
  while (*name_uses(S, out) > 0) out = arena_printf(S->a, "%s_%d", name, ++k);
  *name_uses(S, name) = k > 0 ? k : 1;
  if (out != name) *name_uses(S, out) = 1;
  return out;
}

/* ---- slots -------------------------------------------------------------------------------- */

int slot_new(Sema *S, SlotKind kind, const char *name, const Shape *shape, ElemKind elem, Span span) {
  Slot s = {.kind = kind,
            .name = unique_name(S, name),
            .shape = *shape,
            .elem = elem,
            .span = span,
            .object = -1,
            .site = -1,
            .dataset = -1,
            .column = -1,
            .series = -1};
  vec_push(S->a, &S->p->slots, s);
  vec_push(S->a, &S->slots, ((SlotInfo){.stamp = S->updates.n, .node = NODE_NONE}));
  return S->p->slots.n - 1;
}

typedef VEC(int) Ints;

static void add_dep(Sema *S, Ints *out, int slot) {
  for (int i = 0; i < out->n; i++)
    if (out->at[i] == slot) return;
  vec_push(S->a, out, slot);
}

const int *node_deps(Sema *S, const Graph *g, NodeId id, int *n) {
  bool *seen = ARENA_ARRAY(S->a, bool, g_count(g) + 1);
  Ints out = {0};
  seen[id] = true;
  for (NodeId k = id; k >= 0; k--) {
    if (!seen[k]) continue;
    const Node *node = g_node(g, k);
    for (int i = 0; i < node->n_in; i++) seen[node->in[i]] = true;
    if (node->op == OP_PARAM) add_dep(S, &out, (int)node->attr.i[0]);
    if (node->op != OP_INPUT || node->attr.i[0] < 0) continue;
    const SlotInfo *info = &S->slots.at[node->attr.i[0]];
    for (int i = 0; i < info->n_deps; i++) add_dep(S, &out, info->deps[i]);
  }
  *n = out.n;
  return out.at;
}

int tensor_export(Sema *S, const Tensor *t, const char *name) {
  if (t->slot >= 0) return t->slot;
  Tensor *own = (Tensor *)t; /* the one thing about a value that may change: see value.h */
  const char *as = t->name != NULL ? t->name : name;
  const Span span = g_node(t->g, t->node)->span;
  own->slot = slot_new(S, SLOT_VALUE, as, &t->shape, t->elem, span);
  SlotInfo *info = &S->slots.at[own->slot];
  info->deps = node_deps(S, t->g, t->node, &info->n_deps);
  info->stamp = t->stamp, info->g = t->g, info->node = t->node;
  g_store(t->g, t->node, own->slot, span);
  return own->slot;
}

NodeId tensor_here(Sema *S, const Tensor *t, Span span) {
  if (t->g == graph_now(S)) return t->node;
  const int slot = tensor_export(S, t, path_here(S, "value"));
  return g_input(graph_now(S), slot, &t->shape, t->elem, span);
}

int value_slot(Sema *S, const Value *v, const char *name) {
  const Tensor *t = v->kind == VAL_TENSOR ? v->u.tensor : want_tensor(S, v, "a value");
  if (t == NULL) return -1;
  return tensor_export(S, t, name);
}

bool value_cell(Sema *S, const Value *v, const char *name, Cell *out) {
  *out = (Cell){NULL, -1, 0};
  if (v->kind == VAL_TEXT) {
    out->text = v->u.text;
    return true;
  }
  if (val_is_number(v) || v->kind == VAL_DURATION) {
    out->value = v->u.num;
    return true;
  }
  out->slot = value_slot(S, v, name);
  return out->slot >= 0;
}
