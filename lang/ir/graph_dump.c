/* The graph as text. Nodes are numbered anew in order; scalar constants stand where they are used. */
#include "lang/base/num.h"
#include "lang/base/source.h"
#include "lang/ir/graph_int.h"

typedef struct Dump {
  const Graph *g;
  Arena *arena; /* texts, freed at the end */
  const char *const *counts;
  const char *const *slots;
  const int *number; /* by id; 0: not printed */
  int indent;
  FILE *out;
} Dump;

static void put_number(const Dump *d, double x) {
  char text[NUM_MAX];
  num_print(text, sizeof text, x);
  fputs(text, d->out);
}

static void put_slot(const Dump *d, int64_t slot) {
  if (d->slots) fputs(d->slots[slot], d->out);
  else fprintf(d->out, "slot %lld", (long long)slot);
}

static bool is_inline(const Node *n) { return n->op == OP_CONST && n->shape.rank == 0; }

static void put_input(const Dump *d, NodeId id) {
  const Node *n = g_node(d->g, id);
  if (is_inline(n)) put_number(d, n->attr.f[0]);
  else fprintf(d->out, "%%%d", d->number[id]);
}

/* The axes of a bit mask: `axes 0 2`. */
static void put_axes(const Dump *d, int64_t mask) {
  fputs(", axes", d->out);
  for (int k = 0; k < SHAPE_MAX_RANK; k++)
    if (mask >> k & 1) fprintf(d->out, " %d", k);
}

static void put_source(const Dump *d, const Node *n) {
  const int64_t *i = n->attr.i;
  fputc(' ', d->out);
  if (n->op == OP_CONST) {
    put_number(d, n->attr.f[0]);
  } else if (n->op == OP_DRAW) {
    fprintf(d->out, "%s site %lld", i[0] == DRAW_UNIFORM ? "uniform" : "normal", (long long)i[1]);
  } else if (n->op == OP_COUNT) {
    if (d->counts) fputs(d->counts[i[0]], d->out);
    else fprintf(d->out, "%lld", (long long)i[0]);
  } else if (n->op == OP_CLOCK) {
    fputs(i[0] == CLOCK_EPOCH ? "epoch" : "iteration", d->out);
  } else {
    put_slot(d, i[0]);
    if (n->op == OP_PARAM) fprintf(d->out, " v%lld", (long long)i[1]);
  }
}

static bool is_conv(OpId op) { return op == OP_CONV || op == OP_CONV_DX || op == OP_CONV_DW; }

static bool is_pool(OpId op) {
  return op == OP_MAXPOOL || op == OP_MAXPOOL_DX || op == OP_MAXPOOL_AT || op == OP_SUMPOOL ||
         op == OP_SUMPOOL_DX;
}

static bool is_along(OpId op) {
  return op == OP_ARGMAX || op == OP_CONCAT || op == OP_SOFTMAX || op == OP_LOG_SOFTMAX ||
         op == OP_LOGSUMEXP || op == OP_CUMSUM || op == OP_FLIP;
}

static bool is_quantile(OpId op) { return op == OP_QUANTILE || op == OP_QUANTILE_DX || op == OP_QUANTILE_AT; }

static void put_attributes(const Dump *d, const Node *n) {
  const int64_t *i = n->attr.i;
  bool has_f = n->op == OP_LEAKY_RELU || n->op == OP_LEAKY_RELU_GRAD || n->op == OP_DROP;
  if (has_f) {
    fputs(", ", d->out);
    put_number(d, n->attr.f[0]);
  } else if (n->op == OP_SUM || n->op == OP_REDUCE_MAX || n->op == OP_REDUCE_MIN) {
    put_axes(d, i[0]);
    if (i[1]) fputs(" kept", d->out);
  } else if (n->op == OP_TRANSPOSE) {
    fputs(", axes", d->out);
    for (int k = 0; k < n->shape.rank; k++) fprintf(d->out, " %lld", (long long)i[k]);
  } else if (is_along(n->op)) {
    fprintf(d->out, ", axis %lld", (long long)i[0]);
    if (n->op == OP_CUMSUM && i[1]) fputs(" from the end", d->out);
  } else if (n->op == OP_SLICE) {
    fprintf(d->out, ", axis %lld, %lld..%lld", (long long)i[0], (long long)i[1], (long long)(i[1] + i[2]));
  } else if (n->op == OP_PAD) {
    fprintf(d->out, ", axis %lld, at %lld of %lld", (long long)i[0], (long long)i[1], (long long)i[2]);
  } else if (n->op == OP_PART || n->op == OP_ONEHOT || n->op == OP_COUNTS || n->op == OP_MARK) {
    fprintf(d->out, ", %lld", (long long)i[0]);
  } else if (n->op == OP_TAKE_ROWS || n->op == OP_PUT_ROWS) {
    fputs(i[0] ? ", last" : ", first", d->out);
  } else if (is_conv(n->op)) {
    fprintf(d->out, ", stride %lld, pad %lld", (long long)i[0], (long long)i[1]);
  } else if (is_pool(n->op)) {
    fprintf(d->out, ", size %lld, stride %lld, pad %lld", (long long)i[2], (long long)i[0], (long long)i[1]);
  } else if (is_quantile(n->op)) {
    fprintf(d->out, ", axis %lld, ", (long long)i[0]);
    put_number(d, n->attr.f[0]);
  }
}

static void put_update(const Dump *d, const Node *n) {
  const UpdateInfo *info = n->attr.p;
  for (int k = 0; k < n->n_in; k++) {
    if (k) fputs(", ", d->out);
    put_slot(d, info->slots[k]);
    fputs(" by ", d->out);
    put_input(d, n->in[k]);
  }
  fprintf(d->out, "; train %d, optimizer %d, update %d", info->train, info->optimizer, info->ordinal);
}

static void put_operation(const Dump *d, const Node *n) {
  if (n->n_in == 0 && op_info[n->op].cls == CLASS_SOURCE) {
    put_source(d, n);
    return;
  }
  fputc('(', d->out);
  if (n->op == OP_UPDATE) {
    put_update(d, n);
  } else {
    for (int k = 0; k < n->n_in; k++) {
      if (k) fputs(", ", d->out);
      put_input(d, n->in[k]);
      if (n->op == OP_MATMUL && n->attr.i[k]) fputc('\'', d->out);
    }
    put_attributes(d, n);
  }
  fputc(')', d->out);
  if (n->op == OP_STORE) {
    fputs(" -> ", d->out);
    put_slot(d, n->attr.i[0]);
  }
}

static void put_node(const Dump *d, NodeId id) {
  static const char *const elem[] = {"", " label", " bool"};
  const Node *n = g_node(d->g, id);
  fprintf(d->out, "%*s", d->indent, "");
  if (op_info[n->op].cls != CLASS_EFFECT)
    fprintf(d->out, "%%%d %s%s = ", d->number[id], shape_text(d->arena, &n->shape, d->counts), elem[n->elem]);
  fputs(op_info[n->op].name, d->out);
  put_operation(d, n);
  const Source *src;
  int line, col;
  if (n->span.end && src_locate(n->span.begin, &src, &line, &col)) fprintf(d->out, " @%d:%d", line, col);
  fputc('\n', d->out);
}

void g_dump(const Graph *g, const char *const *count_names, const char *const *slot_names, FILE *out) {
  g_dump_indented(g, count_names, slot_names, 0, out);
}

void g_dump_indented(const Graph *g, const char *const *count_names, const char *const *slot_names,
                     int indent, FILE *out) {
  Arena *arena = arena_new();
  bool *live = ARENA_ARRAY(arena, bool, g_count(g) + 1);
  int *number = ARENA_ARRAY(arena, int, g_count(g) + 1), n = 0;
  g_mark_live(g, live);
  Dump d = {g, arena, count_names, slot_names, number, indent, out};
  for (NodeId id = 0; id < g_count(g); id++) {
    if (!live[id] || is_inline(g_node(g, id))) continue;
    if (op_info[g_node(g, id)->op].cls != CLASS_EFFECT) number[id] = ++n;
    put_node(&d, id);
  }
  arena_free(arena);
}
