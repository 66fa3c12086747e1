/* The graphs of a program as a picture for Graphviz: a box for each region inside boxes for the blocks around
 * it, a node for each operation, dashed arrows from where a value is stored to where another region reads it.
 */
#include "lang/ir/graph_int.h"
#include "lang/ir/program.h"

typedef struct Dot {
  const Program *p;
  Arena *arena;
  const char **counts;
  int regions, blocks;
  const char **stored; /* by slot: the node that stored it last */
  FILE *out;
} Dot;

/* Text between double quotes. */
static void put_text(const Dot *d, const char *s) {
  for (; *s != '\0'; s++) {
    if (*s == '"' || *s == '\\') fputc('\\', d->out);
    fputc(*s == '\n' ? ' ' : *s, d->out);
  }
}

static const char *slot_name(const Dot *d, int64_t slot) {
  return slot >= 0 && slot < d->p->slots.n ? d->p->slots.at[slot].name : "a row";
}

static bool reads_slot(const Node *n) { return n->op == OP_INPUT || n->op == OP_PARAM; }

static void put_label(const Dot *d, const Node *n) {
  fputs(op_info[n->op].name, d->out);
  if (reads_slot(n) || n->op == OP_STORE) {
    fputc(' ', d->out);
    put_text(d, slot_name(d, n->attr.i[0]));
  }
  if (n->op == OP_DRAW) {
    fputc(' ', d->out);
    put_text(d, d->p->sites.at[n->attr.i[1]].path);
  }
  if (op_info[n->op].cls == CLASS_EFFECT) return;
  fputs("\\n", d->out);
  put_text(d, shape_text(d->arena, &n->shape, d->counts));
}

/* Constants stand in what uses them and would only hide the rest. */
static bool is_shown(const Node *n, bool live) { return live && n->op != OP_CONST; }

static void put_node(Dot *d, const Graph *g, NodeId id, int region, int depth) {
  const Node *n = g_node(g, id);
  const char *name = arena_printf(d->arena, "r%d_%d", region, id);
  fprintf(d->out, "%*s%s [label=\"", 2 * depth, "", name);
  put_label(d, n);
  fprintf(d->out, "\"%s];\n",
          n->op == OP_PARAM                     ? " shape=box3d"
          : op_info[n->op].cls == CLASS_EFFECT  ? " shape=cds"
          : op_info[n->op].cls == CLASS_SOURCE  ? " shape=ellipse"
          : op_info[n->op].cls == CLASS_CIRCUIT ? " style=filled fillcolor=lightblue"
                                                : "");
  for (int k = 0; k < n->n_in; k++)
    if (g_node(g, n->in[k])->op != OP_CONST)
      fprintf(d->out, "%*sr%d_%d -> %s;\n", 2 * depth, "", region, n->in[k], name);
  if (reads_slot(n) && n->attr.i[0] >= 0 && d->stored[n->attr.i[0]] != NULL)
    fprintf(d->out, "%*s%s -> %s [style=dashed constraint=false];\n", 2 * depth, "", d->stored[n->attr.i[0]],
            name);
  if (n->op == OP_STORE) d->stored[n->attr.i[0]] = name;
}

static void put_region(Dot *d, const Graph *g, int depth) {
  const int region = d->regions++;
  bool *live = ARENA_ARRAY(d->arena, bool, g_count(g) + 1);
  g_mark_live(g, live);
  fprintf(d->out, "%*ssubgraph cluster_region_%d {\n%*slabel=\"\";\n", 2 * depth, "", region, 2 * depth + 2,
          "");
  for (NodeId id = 0; id < g_count(g); id++)
    if (is_shown(g_node(g, id), live[id])) put_node(d, g, id, region, depth + 1);
  fprintf(d->out, "%*s}\n", 2 * depth, "");
}

static void put_block(Dot *d, const Block *b, const char *name, int depth);

static void put_train(Dot *d, const Train *t, int depth) {
  put_block(d, &t->step, arena_printf(d->arena, "%s.step", t->name), depth);
  for (int k = 0; k < t->everys.n; k++)
    put_block(d, &t->everys.at[k].block,
              arena_printf(d->arena, "%s.every %lld", t->name, (long long)t->everys.at[k].k), depth);
}

static void put_block(Dot *d, const Block *b, const char *name, int depth) {
  fprintf(d->out, "%*ssubgraph cluster_block_%d {\n%*slabel=\"", 2 * depth, "", d->blocks++, 2 * depth + 2,
          "");
  put_text(d, name);
  fputs("\";\n", d->out);
  for (int k = 0; k < b->stmts.n; k++) {
    const Stmt *s = &b->stmts.at[k];
    if (s->kind == STMT_REGION) put_region(d, s->graph, depth + 1);
    if (s->kind == STMT_TRAIN) put_train(d, &d->p->trains.at[s->index], depth + 1);
    if (s->block != NULL)
      put_block(d, s->block,
                s->kind == STMT_IF       ? "if"
                : s->kind == STMT_REPEAT ? "repeat"
                                         : "block",
                depth + 1);
    if (s->other != NULL) put_block(d, s->other, "else", depth + 1);
  }
  fprintf(d->out, "%*s}\n", 2 * depth, "");
}

void program_dot(const Program *p, FILE *out) {
  Arena *arena = arena_new();
  const char **counts = ARENA_ARRAY(arena, const char *, p->counts.n + 1);
  for (int k = 0; k < p->counts.n; k++) counts[k] = p->counts.at[k].name;
  Dot d = {.p = p, .arena = arena, .counts = counts, .out = out};
  d.stored = ARENA_ARRAY(arena, const char *, p->slots.n + 1);
  fputs("digraph program {\n  node [shape=box fontname=\"sans-serif\"];\n", out);
  put_block(&d, &p->top, "script", 1);
  fputs("}\n", out);
  arena_free(arena);
}
