/* Datasets: a source of rows, then stages. Every source and stage makes a Dataset of its own from
 * the one before (data.h); the block gives the last one its name. Here: the block, columns as values. The
 * sources are in dataset_source.c, the stages in dataset_stage.c. */
#include "lang/sema/dataset.h"
#include <string.h>

Dataset *dataset_new(Sema *S, DataOp op, const Value *from, Span span, const Value **out) {
  Dataset d = {.name = "", .op = op, .from = -1, .other = -1, .exact = true, .site = -1, .span = span};
  if (from != NULL) {
    const Dataset *f = &S->p->datasets.at[from->u.index];
    d.from = from->u.index;
    d.rows = f->rows, d.exact = f->exact, d.redraw = f->redraw, d.augment = f->augment, d.late = f->late;
    d.count = f->count;
    for (int i = 0; i < f->columns.n; i++) vec_push(S->a, &d.columns, f->columns.at[i]);
  }
  vec_push(S->a, &S->p->datasets, d);
  Value *v = val_new(S, VAL_DATASET, span);
  v->u.index = S->p->datasets.n - 1;
  *out = v;
  return &S->p->datasets.at[v->u.index];
}

void dataset_other_rows(Dataset *d, int64_t rows, bool exact) {
  d->rows = rows;
  d->exact = exact;
  d->count = 0;
}

const Value *dataset_done(Sema *S, const Value *v) {
  Dataset *d = &S->p->datasets.at[v->u.index];
  if (!d->exact && d->count == 0) {
    const char *name = arena_printf(S->a, "rows(%s)", S->dataset_name != NULL ? S->dataset_name : "data");
    vec_push(S->a, &S->p->counts, ((Count){name, COUNT_DATA_ROWS, v->u.index, d->rows}));
    d->count = S->p->counts.n - 1;
  }
  if (!d->late) return v;
  block_push(S, STMT_DATA, d->span)->index = v->u.index;
  return v;
}

bool dataset_is_unbounded(const Dataset *d) { return data_is_drawn(d->op) && d->rows == 0; }

/* ---- columns as values ------------------------------------------------------------------------- */

static Shape table_shape(const Sema *S, int index, const Column *c, Span span) {
  const Dataset *d = &S->p->datasets.at[index];
  Shape s = {.rank = c->row.rank + 1};
  s.d[0] = d->exact ? dim_static(d->rows) : (Dim){d->rows, (uint32_t)d->count, 0};
  s.d[0].origin =
      origin_new((Sema *)S, span, arena_printf(S->a, "rows of %s", *d->name ? d->name : "the data"), 0, 0);
  for (int i = 0; i < c->row.rank; i++) s.d[i + 1] = c->row.d[i];
  return s;
}

const Value *dataset_table(Sema *S, int index, int column, int lift, Span span) {
  const Dataset *d = &S->p->datasets.at[index];
  const Column *c = &d->columns.at[column];
  if (dataset_is_unbounded(d)) {
    say(S, DIAG_TYPE, span, "this distribution has no number of rows yet: `take(1000)` before this line");
    return S->error;
  }
  if (d->redraw) return later(S, span, "a column of `%s`, whose rows are new every epoch,", d->name);
  int slot = -1;
  for (int k = 0; k < S->p->slots.n && slot < 0; k++) {
    const Slot *s = &S->p->slots.at[k];
    if (s->kind == SLOT_TABLE && s->dataset == index && s->column == column) slot = k;
  }
  const Shape shape = slot >= 0 ? S->p->slots.at[slot].shape : table_shape(S, index, c, span);
  if (shape.rank > SHAPE_MAX_RANK) return too_many_axes(S, span, SHAPE_MAX_RANK);
  if (slot < 0) {
    const char *name = arena_printf(S->a, "%s.%s", *d->name ? d->name : "data", c->name);
    slot = slot_new(S, SLOT_TABLE, name, &shape, c->elem, span);
    S->p->slots.at[slot].dataset = index;
    S->p->slots.at[slot].column = column;
  }
  const Value *v = val_node(S, g_input(graph_now(S), slot, &shape, c->elem, span), lift, span);
  if (val_is_error(v)) return v;
  if (lift == 0) v->u.tensor->slot = slot;
  v->u.tensor->name = c->name;
  return v;
}

const char *dataset_columns_text(Sema *S, const Dataset *d) {
  const char *list = "";
  for (int i = 0; i < d->columns.n; i++)
    list = arena_printf(S->a, "%s%s`%s`", list, i > 0 ? ", " : "", d->columns.at[i].name);
  return list;
}

Diag *say_no_column(Sema *S, const Dataset *d, const char *name, Span span) {
  Diag *diag = say(S, DIAG_NAME, span, "the dataset%s has no column `%s`",
                   *d->name ? arena_printf(S->a, " `%s`", d->name) : "", name);
  const char **names = ARENA_ARRAY(S->a, const char *, d->columns.n + 1);
  for (int i = 0; i < d->columns.n; i++) names[i] = d->columns.at[i].name;
  const char *near = diag_did_you_mean(diag, span, name, names, d->columns.n);
  diag_help(diag, "its columns: %s", dataset_columns_text(S, d));
  int numbers = 0;
  const char *list = "";
  for (int i = 0; i < d->columns.n; i++) {
    const Column *c = &d->columns.at[i];
    if (c->row.rank != 0 || c->elem != ELEM_REAL) continue;
    if (++numbers <= 2) list = arena_printf(S->a, "%s%s\"%s\"", list, numbers > 1 ? ", " : "", c->name);
  }
  if (d->op == DATA_CSV && numbers > 1 && near == NULL)
    diag_line(diag, "help", "several columns make a vector where they are read: `csv(..., %s = [%s%s], ...)`",
              name, list, numbers > 2 ? ", ..." : "");
  return diag;
}

int dataset_labels(Sema *S, const Dataset *d, const Value *v, const char *who, bool counted) {
  const char *name = want_text(S, v, who);
  if (name == NULL) return -1;
  const int column = dataset_column(d, name);
  const Column *c = column < 0 ? NULL : &d->columns.at[column];
  if (c == NULL) {
    say_no_column(S, d, name, v->span);
  } else if (c->elem != ELEM_LABEL) {
    say(S, DIAG_TYPE, v->span, "%s names a column of labels, but `%s` holds numbers", who, name);
  } else if (c->row.rank != 0) {
    say(S, DIAG_TYPE, v->span, "%s names a column with one label in a row, but those of `%s` are %s", who,
        name, sema_shape_text(S, &c->row));
  } else if (counted && c->n_classes == 0) {
    Diag *diag = say(S, DIAG_STATIC, v->span, "how many classes `%s` has is known only when run", name);
    diag_help(diag, "`argmax`, comparisons and sources with labels say it");
  } else {
    return column;
  }
  return -1;
}

const Value *dataset_member(Sema *S, const Value *data, const char *name, Span span) {
  const Dataset *d = &S->p->datasets.at[data->u.index];
  const int column = dataset_column(d, name);
  if (column >= 0) return dataset_table(S, data->u.index, column, 0, span);
  say_no_column(S, d, name, span);
  return S->error;
}

const Value *dataset_name_value(Sema *S, const AstNode *n) {
  if (S->stage.data == NULL || S->stage.call != S->call) return NULL;
  const int column = dataset_column(&S->p->datasets.at[S->stage.data->u.index], sym_text(n->name));
  if (column < 0) return NULL;
  Binding *b = scope_find(S->scope, n->name);
  if (b != NULL && b->kind != BIND_DEF) {
    Diag *d = say(S, DIAG_HIDES_COLUMN, n->span, "`%s` is both a column and a name of the script",
                  sym_text(n->name));
    diag_label(d, b->span, "the name; here the column is meant");
  }
  return dataset_table(S, S->stage.data->u.index, column, 1, n->span);
}

/* ---- the block ------------------------------------------------------------------------------------ */

static bool made_of(const Sema *S, int index, int part) {
  if (index < 0) return false;
  const Dataset *d = &S->p->datasets.at[index];
  return index == part || made_of(S, d->from, part) || made_of(S, d->other, part);
}

/* A line of a dataset: a source first, then stages. After an error `it` is one, and lines are silent. */
void dataset_line(Sema *S, const AstNode *e) {
  const Value *self = S->it;
  if (self != NULL && val_is_error(self)) {
    check_names_in(S, e);
    return;
  }
  S->it = val_at(S, self != NULL ? self : S->no_rows, e->span);
  const Value *v = eval_stage(S, e);
  S->it = S->error;
  if (val_is_error(v)) return;
  if (v->kind == VAL_DIST) v = dataset_of_distribution(S, v);
  if (val_is_error(v)) return;
  if (v->kind != VAL_DATASET) {
    wrong_kind(S, v, "a line of a dataset", self == NULL ? "a source of rows" : "a stage like `take(100)`");
    return;
  }
  if (self != NULL && !made_of(S, v->u.index, self->u.index)) {
    Diag *d = say(S, DIAG_TYPE, e->span, "a second source of rows: the rows before this line would be lost");
    diag_help(d, "`join(other)` puts the rows of another dataset after them");
    return;
  }
  S->it = v;
}

static const Value *finish(Sema *S, const AstNode *n, const Value *made, int before) {
  const char *name = sym_text(n->name);
  if (made == NULL) {
    Diag *diag = say(S, DIAG_TYPE, n->name_span, "the dataset `%s` has no source of rows", name);
    diag_help(diag, "its first line is one: `normal(0, 1)`, followed by `redraw(64)` or `take(1000)`");
    return S->error;
  }
  Dataset *d = &S->p->datasets.at[made->u.index];
  if (dataset_is_unbounded(d)) {
    Diag *diag = say(S, DIAG_TYPE, n->name_span, "the dataset `%s` has no number of rows", name);
    diag_help(diag, "a distribution needs `take(n)`, or `redraw(n)` for new rows every epoch");
    return S->error;
  }
  if (made->u.index >= before && *d->name == '\0') d->name = name;
  return made;
}

void declare_dataset(Sema *S, const AstNode *n) {
  Path *path = path_enter(S, sym_text(n->name));
  const Place place = S->place;
  const Value *it = S->it;
  const int errors = S->sink->n_errors, faults = S->faults, before_data = S->p->datasets.n;
  S->place = PLACE_DATASET;
  S->dataset_name = sym_text(n->name);
  S->it = NULL;
  Scope *before = scope_push(S);
  walk_stmts(S, ast_kid(n, AST_DATASET_body));
  scope_pop(S, before);
  const Value *made = S->it;
  const bool ok = S->sink->n_errors == errors && S->faults == faults && (!made || !val_is_error(made));
  S->place = place;
  S->dataset_name = NULL;
  S->it = it;
  S->path = path;
  declare(S, n->name, n->name_span, BIND_DATASET, ok ? finish(S, n, made, before_data) : S->error);
}
