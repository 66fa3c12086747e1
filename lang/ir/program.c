/* The elaborated program as text, and a walk over its regions. */
#include "lang/ir/program.h"
#include "lang/base/num.h"
#include "lang/base/source.h"
#include "lang/ir/graph_int.h"
#include "lang/ir/optim.h"

/* ---- regions ---------------------------------------------------------------------------- */
typedef void Visit(void *ctx, const Graph *g, Span span);

static void visit_block(const Program *p, const Block *b, Visit *visit, void *ctx);

static void visit_train(const Program *p, const Train *t, Visit *visit, void *ctx) {
  visit_block(p, &t->step, visit, ctx);
  visit_block(p, &t->validation.block, visit, ctx);
  for (int k = 0; k < t->everys.n; k++) visit_block(p, &t->everys.at[k].block, visit, ctx);
}

static void visit_block(const Program *p, const Block *b, Visit *visit, void *ctx) {
  for (int k = 0; k < b->stmts.n; k++) {
    const Stmt *s = &b->stmts.at[k];
    if (s->kind == STMT_REGION) visit(ctx, s->graph, s->span);
    if (s->kind == STMT_TRAIN) visit_train(p, &p->trains.at[s->index], visit, ctx);
    if (s->block) visit_block(p, s->block, visit, ctx);
    if (s->other) visit_block(p, s->other, visit, ctx);
  }
}

void program_each_region(const Program *p, void (*visit)(void *ctx, const Graph *g, Span span), void *ctx) {
  visit_block(p, &p->top, visit, ctx);
}

/* ---- text -------------------------------------------------------------------------------- */
typedef struct Print {
  const Program *p;
  Arena *arena;
  const char **counts; /* names by id */
  const char **slots;
  FILE *out;
} Print;

static void put_number(const Print *d, double x) {
  char text[NUM_MAX];
  num_print(text, sizeof text, x);
  fputs(text, d->out);
}

static void put_place(const Print *d, Span span) {
  const Source *src;
  int line, col;
  if (span.end && src_locate(span.begin, &src, &line, &col)) fprintf(d->out, " @%d:%d", line, col);
  fputc('\n', d->out);
}

static void indent(const Print *d, int depth) { fprintf(d->out, "%*s", 2 * depth, ""); }

static const char *slot_text(const Print *d, int slot) { return slot >= 0 ? d->slots[slot] : "none"; }

static void put_start(const Print *d, const Start *s) {
  if (s->kind == START_CONST && s->values) {
    fputs(" = given values", d->out);
  } else if (s->kind == START_CONST) {
    fputs(" = ", d->out);
    put_number(d, s->a);
  } else if (s->kind == START_ORTHOGONAL) {
    fputs(" ~ orthogonal(", d->out);
    put_number(d, s->a);
    fputc(')', d->out);
  } else {
    fputs(s->kind == START_UNIFORM ? " ~ uniform(" : " ~ normal(", d->out);
    put_number(d, s->a);
    fputs(", ", d->out);
    put_number(d, s->b);
    fputc(')', d->out);
  }
}

static void put_slots(const Print *d) {
  static const char *const kind[] = {"param", "buffer", "value", "column", "table", "series"};
  static const char *const elem[] = {"", " label", " bool"};
  for (int k = 0; k < d->p->slots.n; k++) {
    const Slot *s = &d->p->slots.at[k];
    fprintf(d->out, "%s %s %s%s", kind[s->kind], s->name, shape_text(d->arena, &s->shape, d->counts),
            elem[s->elem]);
    if (s->kind == SLOT_PARAM || s->kind == SLOT_BUFFER) {
      put_start(d, &s->start);
      if (s->start.kind != START_CONST) fprintf(d->out, " site %d", s->site);
    }
    if (s->kind == SLOT_COLUMN || s->kind == SLOT_TABLE)
      fprintf(d->out, " of %s", d->p->datasets.at[s->dataset].name);
    put_place(d, s->span);
  }
}

/* Numbers and texts of a dataset as they are set: data.def says what they mean. */
static void put_dataset(const Print *d, int k) {
  const Dataset *s = &d->p->datasets.at[k];
  fprintf(d->out, "dataset %d %s: %s%lld rows%s, %s(", k, *s->name ? s->name : "-",
          s->exact ? "" : "at most ", (long long)s->rows, s->redraw ? " redrawn" : "", data_op_name[s->op]);
  put_number(d, s->a);
  fputs(", ", d->out);
  put_number(d, s->b);
  fprintf(d->out, ", %lld, %lld", (long long)s->n, (long long)s->m);
  if (s->flag) fputs(", flag", d->out);
  if (s->by) fprintf(d->out, ", by %s", s->by);
  if (s->text) fprintf(d->out, ", %s", s->text);
  for (int i = 0; i < s->files.n; i++) fprintf(d->out, ", \"%s\"", s->files.at[i].name);
  for (int i = 0; i < s->given.n; i++)
    fprintf(d->out, ", %s = %s", s->given.at[i].name, slot_text(d, s->given.at[i].slot));
  fputc(')', d->out);
  if (s->from >= 0) fprintf(d->out, " of %d", s->from);
  if (s->other >= 0) fprintf(d->out, " and %d", s->other);
  if (s->site >= 0) fprintf(d->out, ", site %d", s->site);
  if (s->late) fputs(", late", d->out);
  put_place(d, s->span);
  for (int i = 0; i < s->columns.n; i++) {
    const Column *c = &s->columns.at[i];
    fprintf(d->out, "  column %s %s%s\n", c->name, shape_text(d->arena, &c->row, NULL),
            c->elem == ELEM_LABEL ? arena_printf(d->arena, " label below %d", c->n_classes)
            : c->bytes            ? " bytes"
                                  : "");
  }
}

static void put_tables(const Print *d) {
  const Program *p = d->p;
  for (int k = 1; k < p->counts.n; k++)
    fprintf(d->out, "count %s at most %lld\n", p->counts.at[k].name, (long long)p->counts.at[k].capacity);
  for (int k = 0; k < p->hypers.n; k++)
    fprintf(d->out, "hyper %s = %s%s\n", p->hypers.at[k].name, p->hypers.at[k].value,
            p->hypers.at[k].overridden ? " (set)" : "");
  for (int k = 0; k < p->sites.n; k++) fprintf(d->out, "site %d %s\n", k, p->sites.at[k].path);
  for (int k = 0; k < p->datasets.n; k++) {
    put_dataset(d, k);
  }
  put_slots(d);
  for (int k = 0; k < p->objects.n; k++) {
    const Object *o = &p->objects.at[k];
    fprintf(d->out, "%s %s:", o->is_circuit ? "circuit" : "model", o->name);
    for (int j = 0; j < o->n_slots; j++) fprintf(d->out, " %s", slot_text(d, o->slots[j]));
    fputc('\n', d->out);
  }
}

static void put_schedule(const Print *d, const Schedule *s) {
  static const char *const name[] = {"", "cosine ", "exponential ", "steps ", "plateau "};
  if (s->slot >= 0) {
    fputs(slot_text(d, s->slot), d->out);
    return;
  }
  fputs(name[s->kind], d->out);
  put_number(d, s->base);
  if (s->kind == SCHED_CONST) return;
  fputs(" to ", d->out);
  put_number(d, s->a);
  if (s->kind == SCHED_STEPS) fprintf(d->out, " each %lld", (long long)s->each);
  if (s->warmup > 0) fprintf(d->out, " warmup %lld", (long long)s->warmup);
}

static void put_optimizer(const Print *d, const Optimizer *o, int depth) {
  const OptimInfo *info = &optim_info[o->optim];
  indent(d, depth);
  fprintf(d->out, "optimizer %s = %s(", o->name, info->name);
  for (int k = 0; k < o->n_hypers; k++) {
    fprintf(d->out, "%s%s = ", k ? ", " : "", info->hypers[k].name ? info->hypers[k].name : "?");
    put_schedule(d, &o->hypers[k]);
  }
  fputs(") of", d->out);
  for (int k = 0; k < o->n_slots; k++) fprintf(d->out, " %s", slot_text(d, o->slots[k]));
  put_place(d, o->span);
}

static void put_block(const Print *d, const Block *b, int depth);

static void put_train(const Print *d, const Train *t, int depth) {
  indent(d, depth);
  fprintf(d->out, "train %s: %lld epochs, ", t->name, (long long)t->epochs);
  if (t->dataset >= 0)
    fprintf(d->out, "batches of %lld from %s%s%s, ", (long long)t->batch, d->p->datasets.at[t->dataset].name,
            t->shuffle ? ", shuffled" : "", t->drop_last ? ", last dropped" : "");
  fprintf(d->out, "gradient %s", t->gradient ? t->gradient : "default");
  put_place(d, t->span);
  for (int k = 0; k < t->optimizers.n; k++) put_optimizer(d, &t->optimizers.at[k], depth + 1);
  indent(d, depth + 1);
  fputs("step\n", d->out);
  put_block(d, &t->step, depth + 2);
  for (int k = 0; k < t->scheduled.n; k++) {
    indent(d, depth + 1);
    fprintf(d->out, "%s = ", slot_text(d, t->scheduled.at[k].slot));
    put_schedule(d, &t->scheduled.at[k].schedule);
    fputc('\n', d->out);
  }
  if (train_validates(t)) {
    indent(d, depth + 1);
    fprintf(d->out, "validate on batches of %lld from %s\n", (long long)t->validation.batch,
            d->p->datasets.at[t->validation.dataset].name);
    put_block(d, &t->validation.block, depth + 2);
  }
  if (train_watches(t)) {
    indent(d, depth + 1);
    fprintf(d->out, "watch %s, %s is best, patience %lld, min_delta ", d->p->series.at[t->watch.series].name,
            t->watch.up ? "largest" : "least", (long long)t->watch.patience);
    put_number(d, t->watch.min_delta);
    fputs(t->watch.keep ? ", best weights kept\n" : "\n", d->out);
  }
  for (int k = 0; k < t->everys.n; k++) {
    indent(d, depth + 1);
    fprintf(d->out, "every %lld", (long long)t->everys.at[k].k);
    put_place(d, t->everys.at[k].span);
    put_block(d, &t->everys.at[k].block, depth + 2);
  }
}

static void put_cell(const Print *d, const Cell *c) {
  if (c->text) fprintf(d->out, "\"%s\"", c->text);
  else if (c->slot >= 0) fputs(slot_text(d, c->slot), d->out);
  else put_number(d, c->value);
}

static void put_expect(const Print *d, const Stmt *s) {
  fprintf(d->out, "%s %s", s->is_assert ? "assert" : "expect", slot_text(d, s->slot));
  if (!s->op) return;
  fputs(": ", d->out);
  put_cell(d, &s->left);
  fprintf(d->out, " %s ", s->op);
  put_cell(d, &s->right);
}

static void put_groups(const Print *d, const Grouping *g) {
  fputs("groups by", d->out);
  for (int k = 0; k < g->n_by; k++) fprintf(d->out, "%s %s", k ? "," : "", slot_text(d, g->by[k]));
  for (int k = 0; k < g->from.n; k++)
    fprintf(d->out, "; %s to %s", slot_text(d, g->from.at[k]), slot_text(d, g->to.at[k]));
}

/* A statement without blocks inside, as one line. */
static void put_line(const Print *d, const Stmt *s) {
  switch (s->kind) {
  case STMT_REGION: fputs("region", d->out); break;
  case STMT_REPEAT:
    if (s->slot >= 0) fprintf(d->out, "repeat %s", slot_text(d, s->slot));
    else fprintf(d->out, "repeat %lld", (long long)s->count);
    break;
  case STMT_SHARE:
    fprintf(d->out, "share %s to %s", slot_text(d, s->slot), d->p->series.at[s->series].name);
    break;
  case STMT_SEARCH: {
    const Search *x = &d->p->searches.at[s->index];
    fprintf(d->out, "search by optimizer %d of train %d, loss %s", x->optimizer, x->train,
            slot_text(d, x->loss));
    break;
  }
  case STMT_ROUTE: {
    const Routing *r = &d->p->routings.at[s->index];
    fprintf(d->out, "route rows of %s where %s is %s", slot_text(d, r->from), slot_text(d, r->mask),
            r->holds ? "true" : "false");
    fprintf(d->out, ": %s to %s", slot_text(d, r->part), slot_text(d, r->result));
    break;
  }
  case STMT_GROUPS: put_groups(d, &d->p->groupings.at[s->index]); break;
  case STMT_IF: fprintf(d->out, "if %s", slot_text(d, s->slot)); break;
  case STMT_LOSS:
    fprintf(d->out, "loss %s to %s", slot_text(d, s->slot), d->p->series.at[s->series].name);
    break;
  case STMT_RECORD:
    fprintf(d->out, "record %s to %s", slot_text(d, s->slot), d->p->series.at[s->series].name);
    break;
  case STMT_STOP: fputs("stop", d->out); break;
  case STMT_TRAIN: fputs("train", d->out); break;
  case STMT_DATA: fprintf(d->out, "data %d", s->index); break;
  case STMT_PRINT: fprintf(d->out, "print %s as \"%s\"", slot_text(d, s->slot), s->text); break;
  case STMT_EXPECT: put_expect(d, s); break;
  case STMT_CLAIM:
    fprintf(d->out, "claim %s: %s", d->p->claims.at[s->index].id,
            slot_text(d, d->p->claims.at[s->index].condition));
    break;
  case STMT_SAVE: fprintf(d->out, "save %s", d->p->saves.at[s->index].file); break;
  case STMT_SWEEP: {
    const Sweep *w = &d->p->sweeps.at[s->index];
    fprintf(d->out, "sweep %s: %d points, %d seeds", w->name, w->points.n, w->seeds.n);
    break;
  }
  case STMT_REPORT: fprintf(d->out, "report %s", d->p->reports.at[s->index].name); break;
  }
}

static void put_block(const Print *d, const Block *b, int depth) {
  for (int k = 0; k < b->stmts.n; k++) {
    const Stmt *s = &b->stmts.at[k];
    if (s->kind == STMT_TRAIN) {
      put_train(d, &d->p->trains.at[s->index], depth);
      continue;
    }
    indent(d, depth);
    put_line(d, s);
    put_place(d, s->span);
    if (s->kind == STMT_REGION) g_dump_indented(s->graph, d->counts, d->slots, 2 * (depth + 1), d->out);
    if (s->block) put_block(d, s->block, depth + 1);
    if (!s->other) continue;
    indent(d, depth);
    fputs("else\n", d->out);
    put_block(d, s->other, depth + 1);
  }
}

void program_dump(const Program *p, FILE *out) {
  Arena *arena = arena_new();
  const char **counts = ARENA_ARRAY(arena, const char *, p->counts.n + 1);
  const char **slots = ARENA_ARRAY(arena, const char *, p->slots.n + 1);
  for (int k = 0; k < p->counts.n; k++) counts[k] = p->counts.at[k].name;
  for (int k = 0; k < p->slots.n; k++) slots[k] = p->slots.at[k].name;
  Print d = {p, arena, counts, slots, out};
  fprintf(out, "program: edition %d, seed %llu, %s precision\n", p->edition, (unsigned long long)p->seed,
          p->is_double ? "double" : "single");
  put_tables(&d);
  put_block(&d, &p->top, 0);
  arena_free(arena);
}
