/* Datasets: a source of rows, then stages. */
#include "lang/sema/builtins.h"
#include <string.h>

/* A distribution as the first line: rows of one number named x. */
static void source_distribution(Sema *S, int index, const Value *v) {
  Dataset *d = &S->p->datasets.at[index];
  const DistValue *dist = &v->u.dist;
  if (dist->kind == DIST_BERNOULLI) {
    later(S, v->span, "`bernoulli` as a source of data");
    return;
  }
  d->source = dist->kind == DIST_NORMAL ? SOURCE_NORMAL : SOURCE_UNIFORM;
  if (!want_real(S, dist->a, "a parameter of the source", &d->a) ||
      !want_real(S, dist->b, "a parameter of the source", &d->b))
    return;
  Column c = {.name = "x", .elem = ELEM_REAL};
  c.row = shape_of(1, (const int64_t[]){1});
  c.row.d[0].origin = origin_new(S, v->span, "a distribution gives x of one number", 0, 0);
  vec_push(S->a, &d->columns, c);
}

/* redraw(n) and take(n): how many rows, and whether each epoch has its own. */
const Value *fn_redraw(Sema *S, Args *args, const Builtin *self) {
  const Value *d = args->v[0];
  int64_t n;
  if (d->kind != VAL_DATASET || S->dataset < 0 || d->u.index != S->dataset) {
    if (d->kind == VAL_DATASET) return later(S, args->span, "`%s` of a finished dataset", self->name);
    wrong_kind(S, d, arena_printf(S->a, "the first argument of `%s`", self->name), "a dataset");
    return S->error;
  }
  if (self->op == 0 && args->v[2] != NULL) return later(S, args->v[2]->span, "`by` of `take`");
  if (!want_int(S, args->v[1], arena_printf(S->a, "the number of rows of `%s`", self->name), &n))
    return S->error;
  if (n < 1 || n > ((int64_t)1 << 40)) {
    Diag *diag =
        say(S, DIAG_SHAPE, args->v[1]->span, "a dataset has at least 1 row, but this is %lld", (long long)n);
    label_origin(S, diag, dim_of_int(S, args->v[1]));
    return S->error;
  }
  Dataset *data = &S->p->datasets.at[S->dataset];
  if (data->rows > 0) {
    if (self->op != 0) return later(S, args->span, "`redraw` of rows that were taken before");
    if (n > data->rows) n = data->rows;
    if (n < data->rows && data->redraw) return later(S, args->span, "`take` after `redraw`");
  }
  data->rows = n;
  data->redraw = data->redraw || self->op != 0;
  return d;
}

/* A line of a dataset: a source first, then stages. After an error `it` is one, and lines are silent. */
void dataset_line(Sema *S, const AstNode *e) {
  const Value *self = S->it, *v;
  Dataset *d = &S->p->datasets.at[S->dataset];
  if (val_is_error(self)) return;
  S->it = val_at(S, self, e->span);
  v = eval_stage(S, e);
  S->it = S->error;
  if (val_is_error(v)) return;
  if (v->kind == VAL_DIST && d->columns.n == 0) source_distribution(S, S->dataset, v);
  else if (v->kind == VAL_DATASET && v->u.index != S->dataset)
    later(S, e->span, "a dataset made from another");
  else if (v->kind != VAL_DATASET)
    wrong_kind(S, v, "a line of a dataset",
               d->columns.n == 0 ? "a source of rows" : "a stage like `take(100)`");
  if (v->kind == VAL_DATASET || d->columns.n > 0) S->it = self;
}

void declare_dataset(Sema *S, const AstNode *n) {
  const char *name = sym_text(n->name);
  Dataset d = {.name = name, .span = n->name_span, .site = -1};
  vec_push(S->a, &S->p->datasets, d);
  const int index = S->p->datasets.n - 1;
  Path *path = path_enter(S, name);
  const int site = site_new(S, "rows", n->name_span);
  S->p->datasets.at[index].site = site;
  Value *self = val_new(S, VAL_DATASET, n->name_span);
  self->u.index = index;
  const Place place = S->place;
  const Value *it = S->it;
  const int errors = S->sink->n_errors, faults = S->faults;
  S->place = PLACE_DATASET;
  S->dataset = index;
  S->it = self;
  Scope *before = scope_push(S);
  walk_stmts(S, ast_kid(n, AST_DATASET_body));
  scope_pop(S, before);
  const bool broken = val_is_error(S->it) || S->faults > faults;
  S->place = place;
  S->dataset = -1;
  S->it = it;
  S->path = path;
  Dataset *made = &S->p->datasets.at[index];
  const bool ok = S->sink->n_errors == errors && !broken;
  if (ok && made->columns.n == 0) {
    Diag *diag = say(S, DIAG_TYPE, n->name_span, "the dataset `%s` has no source of rows", name);
    diag_help(diag, "its first line is one: `normal(0, 1)`, followed by `redraw(64)` or `take(1000)`");
  } else if (ok && made->rows == 0) {
    Diag *diag = say(S, DIAG_TYPE, n->name_span, "the dataset `%s` has no number of rows", name);
    diag_help(diag, "a distribution needs `take(n)`, or `redraw(n)` for new rows every epoch");
  }
  vec_push(S->a, &S->p->counts,
           ((Count){arena_printf(S->a, "rows(%s)", name), COUNT_DATA_ROWS, index, made->rows}));
  made->count = S->p->counts.n - 1;
  declare(S, n->name, n->name_span, BIND_DATASET, ok && S->sink->n_errors == errors ? self : S->error);
}
