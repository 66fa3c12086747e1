/* Stages: what `keep`, `take`, `scale`, ... make of a dataset. Names of columns in their arguments stand
 * for the value of one row (dataset_name_value); `by` and `of` name a column. */
#include <string.h>
#include "lang/sema/dataset.h"

/* The dataset a stage is applied to; NULL after an error. */
const Dataset *want_dataset(Sema *S, const Value *v, const char *what) {
  if (v->kind != VAL_DATASET) {
    wrong_kind(S, v, what, "a dataset");
    return NULL;
  }
  if (v->u.index < 0) {
    Diag *d = say(S, DIAG_TYPE, v->span, "there are no rows yet: the first line of a dataset is a source");
    diag_help(d, "like `idx(...)`, `csv(...)`, `glyphs(1000)`, `normal(0, 1)`");
    return NULL;
  }
  const Dataset *d = &S->p->datasets.at[v->u.index];
  if (!dataset_is_unbounded(d)) return d;
  Diag *diag = say(S, DIAG_TYPE, v->span, "this distribution has no number of rows yet");
  diag_help(diag, "take some first: `take(1000)`, or `redraw(64)` for new rows every epoch");
  return NULL;
}

const Value *stage_input(Sema *S, const Value *v) {
  return v->kind == VAL_DIST ? dataset_of_distribution(S, v) : v;
}

bool stage_has_rows(Sema *S, const Builtin *stage, const Value *it) {
  const bool source = stage->fn == fn_columns && it->kind == VAL_DATASET && it->u.index < 0;
  return source || it->kind != VAL_DATASET || it->u.index >= 0 || want_dataset(S, it, stage->name) != NULL;
}

/* Whether statements may make a dataset here: not while training. */
static bool stage_place(Sema *S, const Args *args) {
  if (S->train == NULL && S->circuit == NULL && S->object == NULL) return true;
  const bool piped = args->v[0] != NULL && !span_within(args->v[0]->span, args->span);
  Diag *d = say(S, DIAG_PLACE, args->span,
                "`%s` makes a dataset: it stands at the top level or in a `dataset`", args->name);
  if (S->train != NULL)
    diag_help(d, "name the dataset before the train: `let part = %s%s%s`",
              piped ? src_of_span(S, args->v[0]->span) : "", piped ? " |> " : "", src_of_span(S, args->span));
  return false;
}

static const Dataset *stage_data(Sema *S, Args *args) {
  if (!stage_place(S, args)) return NULL;
  return want_dataset(S, args->v[0], arena_printf(S->a, "the first argument of `%s`", args->name));
}

/* A stage that would have to be done again in each epoch. */
static bool fixed_rows(Sema *S, const Dataset *d, const Args *args, bool pixels) {
  if (d->redraw) {
    later(S, args->span, "`%s` of rows that are new every epoch", args->name);
    return false;
  }
  if (!pixels || !d->augment) return true;
  Diag *diag = say(S, DIAG_PLACE, args->span, "`%s` after `augment`", args->name);
  diag_help(diag, "`augment` moves the pixels anew in every epoch, so what makes rows stands before it");
  return false;
}

/* The column of labels in `by`, whose number of classes is known if that is `counted`; false after an error,
 * NULL in *by if there is none. */
static bool label_column(Sema *S, const Dataset *d, const Value *v, bool counted, const char **by) {
  const int column = v == NULL ? -1 : dataset_labels(S, d, v, "`by`", counted);
  *by = column < 0 ? NULL : d->columns.at[column].name;
  return v == NULL || column >= 0;
}

static int classes_of(const Dataset *d, const char *by) {
  return by == NULL ? 1 : d->columns.at[dataset_column(d, by)].n_classes;
}

static bool row_count(Sema *S, const Value *v, const char *who, int64_t least, int64_t *n) {
  if (v->kind == VAL_TEXT || v->kind == VAL_LIST) {
    Diag *d =
        say(S, DIAG_TYPE, v->span, "`%s` takes a number of rows, but this is %s", who, val_describe(S, v));
    diag_help(
        d,
        "columns are chosen where they are read, `csv(\"f.csv\", x = [\"a\", \"b\"])`, or made: `columns(x = ...)`");
    return false;
  }
  if (!want_int(S, v, arena_printf(S->a, "the number of rows of `%s`", who), n)) return false;
  if (*n >= least && *n <= ((int64_t)1 << 40)) return true;
  Diag *d = say(S, DIAG_SHAPE, v->span,
                least > 0 ? "a dataset has at least 1 row, but this is %lld"
                          : "a number of rows is at least 0, but this is %lld",
                (long long)*n);
  label_origin(S, d, dim_of_int(S, v));
  return false;
}

/* A distribution or toy set gets its number of rows: the same dataset once more, with rows. */
static const Value *with_rows(Sema *S, Args *args, int64_t n, bool redraw) {
  const Dataset from = S->p->datasets.at[args->v[0]->u.index];
  const Value *out;
  Dataset *d = dataset_new(S, from.op, NULL, args->span, &out);
  *d = from;
  d->rows = n, d->redraw = redraw, d->span = from.span, d->from = args->v[0]->u.index;
  return dataset_done(S, out);
}

/* redraw(n) of a distribution or a toy set */
const Value *fn_redraw(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  const Value *v = args->v[0];
  if (!stage_place(S, args) || !row_count(S, args->v[1], self->name, 1, &n)) return S->error;
  const Dataset *d = v->kind == VAL_DATASET && v->u.index >= 0 ? &S->p->datasets.at[v->u.index]
                                                               : want_dataset(S, v, "what is redrawn");
  if (d == NULL) return S->error;
  if (data_is_drawn(d->op) || data_is_toy(d->op)) return with_rows(S, args, n, true);
  Diag *diag = say(S, DIAG_TYPE, args->span,
                   "`redraw` draws new rows of a distribution or a toy set, and these come from `%s`",
                   data_op_name[d->op]);
  diag_help(diag, "`redraw(%lld)` stands directly behind `normal(...)`, `moons(...)`, ...", (long long)n);
  return S->error;
}

/* take(n, by = column) */
const Value *fn_take(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  const char *by;
  const Value *v = args->v[0], *out;
  if (!stage_place(S, args) || !row_count(S, args->v[1], self->name, 1, &n)) return S->error;
  if (v->kind == VAL_DATASET && v->u.index >= 0 && dataset_is_unbounded(&S->p->datasets.at[v->u.index])) {
    if (args->v[2] == NULL) return with_rows(S, args, n, false);
    say(S, DIAG_TYPE, args->v[2]->span,
        "`by` takes rows of each class, and this distribution has no rows yet");
    return S->error;
  }
  const Dataset *from = stage_data(S, args);
  if (from == NULL || !label_column(S, from, args->v[2], false, &by)) return S->error;
  if (from->redraw) return later(S, args->span, "`take` after `redraw`");
  const int64_t rows = from->rows, classes = classes_of(from, by);
  const bool exact = from->exact && by == NULL;
  if (exact && n > rows) {
    Diag *d = say(S, DIAG_TAKE_FEWER, args->v[1]->span, "`take(%lld)` finds %lld rows and takes them all",
                  (long long)n, (long long)rows);
    diag_help(d, "write `take(%lld)`, or leave it out", (long long)rows);
  }
  Dataset *d = dataset_new(S, DATA_TAKE, v, args->span, &out);
  const int64_t most = classes > 0 && n <= rows / classes ? n * classes : by == NULL && n < rows ? n : rows;
  d->n = n, d->by = by;
  dataset_other_rows(d, most, exact);
  return dataset_done(S, out);
}

/* drop(n, by = column) */
const Value *fn_drop(Sema *S, Args *args, const Builtin *self) {
  int64_t n;
  const char *by;
  const Dataset *from = stage_data(S, args);
  const Value *out;
  if (from == NULL || !row_count(S, args->v[1], self->name, 0, &n) || !fixed_rows(S, from, args, false) ||
      !label_column(S, from, args->v[2], false, &by))
    return S->error;
  if (n >= from->rows) {
    say(S, DIAG_SHAPE, args->v[1]->span, "`drop(%lld)` leaves none of %s%lld rows", (long long)n,
        from->exact ? "" : "at most ", (long long)from->rows);
    return S->error;
  }
  Dataset *d = dataset_new(S, DATA_DROP, args->v[0], args->span, &out);
  d->n = n, d->by = by;
  dataset_other_rows(d, d->rows - n, d->exact && by == NULL);
  return dataset_done(S, out);
}

/* shuffle(), balance(by, n = rows of each class) */
const Value *fn_order(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = stage_data(S, args);
  const char *by = NULL;
  const Value *out;
  int64_t n = 0;
  if (from == NULL || !fixed_rows(S, from, args, false)) return S->error;
  if (self->op == DATA_BALANCE && !label_column(S, from, args->v[1], args->v[2] != NULL, &by))
    return S->error;
  if (self->op == DATA_BALANCE && args->v[2] != NULL && !row_count(S, args->v[2], self->name, 1, &n))
    return S->error;
  if (n > 0 && !fixed_rows(S, from, args, true)) return S->error;
  if (n > ((int64_t)1 << 31) / (by != NULL ? classes_of(from, by) + 1 : 1)) {
    say(S, DIAG_SHAPE, args->v[2]->span, "`balance` of %lld rows of each class makes too many rows",
        (long long)n);
    return S->error;
  }
  const int64_t rows = n > 0 ? n * classes_of(from, by) : from->rows;
  const int site = self->op == DATA_SHUFFLE ? site_new(S, "shuffle", args->span) : -1;
  Dataset *d = dataset_new(S, (DataOp)self->op, args->v[0], args->span, &out);
  d->by = by, d->site = site, d->n = n;
  if (by != NULL) dataset_other_rows(d, rows, false);
  return dataset_done(S, out);
}

/* corrupt(share, by = label): labels of a share of the rows become another class */
const Value *fn_corrupt(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = stage_data(S, args);
  const char *by;
  double share;
  const Value *out;
  if (from == NULL || !fixed_rows(S, from, args, true)) return S->error;
  if (!want_share(S, args->v[1], self->name, &share) || !label_column(S, from, args->v[2], true, &by))
    return S->error;
  if (classes_of(from, by) < 2) {
    say(S, DIAG_TYPE, args->v[2]->span, "`%s` has one class: there is no other label", by);
    return S->error;
  }
  const int site = site_new(S, "corrupt", args->span);
  Dataset *d = dataset_new(S, DATA_CORRUPT, args->v[0], args->span, &out);
  d->a = share, d->by = by, d->site = site;
  return dataset_done(S, out);
}

/* ---- parts ------------------------------------------------------------------------------------------- */

static const Value *part(Sema *S, Args *args, DataOp op, int64_t n, int64_t m, double a, const char *by,
                         int64_t rows) {
  const Value *out;
  Dataset *d = dataset_new(S, op, args->v[0], args->span, &out);
  d->n = n, d->m = m, d->a = a, d->by = by;
  dataset_other_rows(d, rows, d->exact && by == NULL);
  return dataset_done(S, out);
}

/* let a, b = split(d, 80%, by = label) */
const Value *fn_split(Sema *S, Args *args, const Builtin *self) {
  if (val_can_be_tensor(args->v[0])) return fn_parts(S, args, self);
  const Dataset *from = stage_data(S, args);
  const char *by;
  double share;
  if (from != NULL && args->v[2] != NULL && val_is_number(args->v[2])) {
    Diag *d =
        say(S, DIAG_ARGUMENTS, args->v[2]->span, "`split` of a dataset makes two parts, with one share");
    diag_help(
        d, "split the rest again: `let train, rest = split(d, 60%%)`, `let held, test = split(rest, 50%%)`");
    return S->error;
  }
  if (from == NULL || !fixed_rows(S, from, args, false) || !want_share(S, args->v[1], self->name, &share) ||
      !label_column(S, from, args->v[2], false, &by))
    return S->error;
  const int64_t rows = from->rows, first = (int64_t)(share * (double)rows + 0.5);
  if (from->exact && by == NULL && (first == 0 || first == rows)) {
    say(S, DIAG_SHAPE, args->v[1]->span, "one part of %lld rows is empty with this share", (long long)rows);
    return S->error;
  }
  const bool bound = !from->exact || by != NULL;
  const Value **at = ARENA_ARRAY(S->a, const Value *, 2);
  at[0] = part(S, args, DATA_SPLIT, 0, 0, share, by, bound ? rows : first);
  at[1] = part(S, args, DATA_SPLIT, 1, 0, share, by, bound ? rows : rows - first);
  return val_list(S, VAL_TUPLE, 2, at, args->span);
}

/* let fit, held = kfold(d, k, of = 5, by = label) */
const Value *fn_kfold(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = stage_data(S, args);
  const char *by;
  int64_t k, of;
  if (from == NULL || !fixed_rows(S, from, args, false) ||
      !want_int(S, args->v[1], "the number of the fold", &k) ||
      !want_int(S, args->v[2], "the number of folds", &of) || !label_column(S, from, args->v[3], false, &by))
    return S->error;
  if (of < 2 || of > from->rows) {
    say(S, DIAG_SHAPE, args->v[2]->span,
        "`%s` makes 2 folds or more, at most one for each row, but this is %lld", self->name, (long long)of);
    return S->error;
  }
  if (k < 0 || k >= of) {
    say(S, DIAG_SHAPE, args->v[1]->span, "folds are numbered 0 to %lld, but this is %lld", (long long)of - 1,
        (long long)k);
    return S->error;
  }
  const int64_t rows = from->rows, held = (rows - k + of - 1) / of;
  const bool bound = !from->exact || by != NULL;
  const Value **at = ARENA_ARRAY(S->a, const Value *, 2);
  at[0] = part(S, args, DATA_FOLD, k, of, 0, by, bound ? rows : rows - held);
  at[1] = part(S, args, DATA_FOLD, k, of, 1, by, bound ? rows : held);
  return val_list(S, VAL_TUPLE, 2, at, args->span);
}

static bool same_column(const Column *a, const Column *b) {
  return a->elem == b->elem && a->image == b->image && shape_equal(&a->row, &b->row);
}

/* join(other): its rows after the rows so far */
const Value *fn_join(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = stage_data(S, args), *other;
  const Value *out, *with = args->v[1];
  if (from == NULL || (other = want_dataset(S, with, "what is joined")) == NULL) return S->error;
  if (!fixed_rows(S, from, args, true) || !fixed_rows(S, other, args, true)) return S->error;
  for (int i = 0; i < from->columns.n; i++) {
    const Column *mine = &from->columns.at[i];
    const int k = dataset_column(other, mine->name);
    if (k >= 0 && same_column(mine, &other->columns.at[k])) continue;
    Diag *d = say(S, DIAG_SHAPE, with->span,
                  k < 0 ? "`%s` needs column `%s` in both datasets"
                        : "`%s`: column `%s` is of another kind or shape here",
                  self->name, mine->name);
    if (k < 0) diag_help(d, "its columns: %s", dataset_columns_text(S, other));
    return S->error;
  }
  const int64_t rows = other->rows;
  const bool exact = other->exact, late = other->late;
  Dataset *d = dataset_new(S, DATA_JOIN, args->v[0], args->span, &out);
  d->other = with->u.index;
  d->late = d->late || late;
  dataset_other_rows(d, d->rows + rows, d->exact && exact);
  other = &S->p->datasets.at[d->other];
  for (int i = 0; i < d->columns.n; i++) {
    const Column *theirs = &other->columns.at[dataset_column(other, d->columns.at[i].name)];
    Column *mine = &d->columns.at[i];
    if (theirs->n_classes > mine->n_classes)
      mine->n_classes = theirs->n_classes, mine->classes = theirs->classes;
    mine->bytes = mine->bytes && theirs->bytes;
  }
  return dataset_done(S, out);
}

/* ---- rows by their values ----------------------------------------------------------------------------- */

/* A value of each row, with the hidden row axis as its first one; NULL after an error. */
static const Tensor *row_value(Sema *S, const Value *v, const Value *data, const char *what) {
  const Tensor *t = want_tensor(S, v, what);
  if (t == NULL || t->lift != 0) return t;
  const Dataset *d = &S->p->datasets.at[data->u.index];
  Shape s = {.rank = t->shape.rank + 1};
  s.d[0] = d->exact ? dim_static(d->rows) : (Dim){d->rows, (uint32_t)d->count, 0};
  for (int i = 0; i < t->shape.rank; i++) s.d[i + 1] = t->shape.d[i];
  if (s.rank > SHAPE_MAX_RANK) {
    too_many_axes(S, v->span, SHAPE_MAX_RANK);
    return NULL;
  }
  Shape one = s;
  one.d[0] = dim_static(1);
  Graph *g = graph_now(S);
  const Value *out = val_node(S, g_stretch(g, g_reshape(g, t->node, &one, v->span), &s, v->span), 1, v->span);
  return val_is_error(out) ? NULL : out->u.tensor;
}

/* keep(condition) */
const Value *fn_keep(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = stage_data(S, args);
  const Value *out;
  if (from == NULL || !fixed_rows(S, from, args, false)) return S->error;
  const Tensor *t = row_value(S, args->v[1], args->v[0], "the condition of `keep`");
  if (t == NULL) return S->error;
  if (t->elem != ELEM_BOOL || t->shape.rank != 1) {
    Diag *d = say(S, DIAG_TYPE, args->v[1]->span,
                  "the condition of `%s` is true or false for each row, but this is %s", self->name,
                  val_describe(S, args->v[1]));
    diag_help(d, "`keep(label in [0, 1])`, `keep(x[0] > 0)`");
    return S->error;
  }
  const int slot = tensor_export(S, t, path_here(S, "keep"));
  Dataset *d = dataset_new(S, DATA_KEEP, args->v[0], args->span, &out);
  vec_push(S->a, &d->given, ((DataGiven){"", slot}));
  d->late = true;
  dataset_other_rows(d, d->rows, false);
  return dataset_done(S, out);
}

/* Labels that stand in place of others have their number of classes if their own is not known: the run checks
 * it. */
static void set_column(Sema *S, Dataset *d, const char *name, const Tensor *t, int axes) {
  Column c = {.name = name, .elem = t->elem == ELEM_BOOL ? ELEM_LABEL : t->elem};
  c.row = (Shape){.rank = t->shape.rank - axes};
  for (int i = 0; i < c.row.rank; i++) c.row.d[i] = t->shape.d[i + axes];
  c.image = c.row.rank == 3 && (c.row.d[0].n == 1 || c.row.d[0].n == 3);
  const int at = dataset_column(d, name);
  if (c.elem == ELEM_LABEL) c.n_classes = (int)tensor_classes(t);
  if (at >= 0 && c.elem == ELEM_LABEL && c.n_classes == 0) c.n_classes = d->columns.at[at].n_classes;
  if (at >= 0) d->columns.at[at] = c;
  else vec_push(S->a, &d->columns, c);
}

/* columns(name = expr, ...): of a dataset, one value for each row; as a source, tensors whose first axis are
 * the rows */
const Value *fn_columns(Sema *S, Args *args, const Builtin *self) {
  const bool source = args->v[0] == NULL || (args->v[0]->kind == VAL_DATASET && args->v[0]->u.index < 0);
  const Tensor *t[ARGS_MAX];
  int slot[ARGS_MAX];
  const Value *out;
  if (args->n_free == 0) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->name_span, "`%s` names columns", self->name);
    diag_help(d, "`columns(y = 2 * x)`");
    return S->error;
  }
  if (!stage_place(S, args)) return S->error;
  const Dataset *from = source ? NULL : want_dataset(S, args->v[0], "the first argument of `columns`");
  if (!source && (from == NULL || !fixed_rows(S, from, args, true))) return S->error;
  for (int i = 0; i < args->n_free; i++) {
    t[i] = source ? want_tensor(S, args->free[i], "a column")
                  : row_value(S, args->free[i], args->v[0], "a column");
    if (t[i] == NULL) return S->error;
    if (t[i]->shape.rank == 0 || t[i]->shape.rank - 1 > 5) {
      say(S, DIAG_SHAPE, args->free[i]->span, "the first axis of a column are its rows, but this is %s",
          val_describe(S, args->free[i]));
      return S->error;
    }
    if (source && i > 0 && !dim_equal(t[i]->shape.d[0], t[0]->shape.d[0])) {
      say(S, DIAG_SHAPE, args->free[i]->span, "columns have one number of rows: %s here, %s before",
          sema_shape_text(S, &t[i]->shape), sema_shape_text(S, &t[0]->shape));
      return S->error;
    }
    slot[i] = tensor_export(S, t[i], path_here(S, args->free_name[i]));
  }
  Dataset *d = dataset_new(S, DATA_VALUES, source ? NULL : args->v[0], args->span, &out);
  if (source) dataset_other_rows(d, t[0]->shape.d[0].n, t[0]->shape.d[0].count == 0);
  d->late = true;
  for (int i = 0; i < args->n_free; i++) {
    set_column(S, d, args->free_name[i], t[i], 1);
    vec_push(S->a, &d->given, ((DataGiven){args->free_name[i], slot[i]}));
  }
  return dataset_done(S, out);
}

/* rename(new = old, ...) */
const Value *fn_rename(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = stage_data(S, args);
  const Value *out;
  (void)self;
  if (from == NULL) return S->error;
  Dataset *d = dataset_new(S, DATA_RENAME, args->v[0], args->span, &out);
  for (int i = 0; i < args->n_free; i++) {
    const char *old = want_text(S, args->free[i], "the old name of a column");
    const int at = old == NULL ? -1 : dataset_column(d, old);
    if (old == NULL) return S->error;
    if (at < 0) {
      say_no_column(S, d, old, args->free[i]->span);
      return S->error;
    }
    if (dataset_column(d, args->free_name[i]) >= 0) {
      say(S, DIAG_ARGUMENTS, args->free_span[i], "there is a column `%s` already", args->free_name[i]);
      return S->error;
    }
    d->columns.at[at].name = args->free_name[i];
  }
  return dataset_done(S, out);
}

/* ---- what values stand for ------------------------------------------------------------------------------
 */

bool want_share(Sema *S, const Value *v, const char *who, double *out) {
  if (!want_real(S, v, arena_printf(S->a, "the share of `%s`", who), out)) return false;
  if (*out >= 0 && *out <= 1) return true;
  Diag *d = say(S, DIAG_TYPE, v->span, "a share is in 0..1, but this is %s", num_text(S, *out));
  if (*out > 1 && *out <= 100) diag_help(d, "write `%s%%`", num_text(S, *out));
  return false;
}

/* `of = column`: the column meant; NULL in *by: all numbers. */
static bool number_column(Sema *S, const Dataset *d, const Value *v, const char **by) {
  *by = NULL;
  if (v == NULL) return true;
  const char *name = want_text(S, v, "`of`");
  const int k = name == NULL ? -1 : dataset_column(d, name);
  if (name == NULL) return false;
  if (k < 0) say_no_column(S, d, name, v->span);
  else if (d->columns.at[k].elem == ELEM_LABEL)
    say(S, DIAG_TYPE, v->span, "`%s` holds labels, not numbers", name);
  else *by = name;
  return *by != NULL;
}

/* scale(low, high, of = column), standardize(of = column) */
const Value *fn_scale(Sema *S, Args *args, const Builtin *self) {
  const bool scale = self->op == DATA_SCALE;
  const Dataset *from = stage_data(S, args);
  const char *of;
  double a = 0, b = 1;
  const Value *out;
  if (from == NULL || !fixed_rows(S, from, args, false)) return S->error;
  if (scale && (!want_real(S, args->v[1], "the lower end of `scale`", &a) ||
                !want_real(S, args->v[2], "the upper end of `scale`", &b)))
    return S->error;
  if (scale && !(a < b)) {
    say(S, DIAG_TYPE, args->span, "`scale` goes from the lower end to the upper end: %s is not below %s",
        num_text(S, a), num_text(S, b));
    return S->error;
  }
  if (!number_column(S, from, args->v[scale ? 3 : 1], &of)) return S->error;
  Dataset *d = dataset_new(S, (DataOp)self->op, args->v[0], args->span, &out);
  d->a = a, d->b = b, d->by = of;
  return dataset_done(S, out);
}

/* ---- images ----------------------------------------------------------------------------------------------
 */

/* The dataset, if it has a column of images (kept as bytes, if `bytes`). */
static const Dataset *with_images(Sema *S, Args *args, bool bytes) {
  const Dataset *d = stage_data(S, args);
  if (d == NULL || !fixed_rows(S, d, args, true)) return NULL;
  bool any = false, fits = true;
  for (int i = 0; i < d->columns.n; i++)
    if (d->columns.at[i].image) any = true, fits = fits && (d->columns.at[i].bytes || !bytes);
  if (any && fits) return d;
  Diag *diag = say(S, DIAG_TYPE, args->span,
                   any ? "`%s` needs images as they were read, but these were computed"
                       : "`%s` is for images, and there is no column of images",
                   args->name);
  if (!any) {
    diag_line(diag, "found", "%s", dataset_columns_text(S, d));
    diag_help(
        diag,
        "images are those of `idx`, `png` and `glyphs`, and bytes (u1) of `npy` and `npz`: [rows, h, w], "
        "or with 1 or 3 channels last or behind the rows");
  } else diag_help(diag, "put it before the line that computes them");
  return NULL;
}

/* resize(h, w) */
const Value *fn_resize(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = with_images(S, args, true);
  int64_t size[2];
  const Value *out;
  if (from == NULL) return S->error;
  for (int k = 0; k < 2; k++) {
    const Value *v = args->v[1 + k];
    if (!want_int(S, v, k == 0 ? "the height of `resize`" : "the width of `resize`", &size[k]))
      return S->error;
    if (size[k] < 1 || size[k] > 4096) {
      say(S, DIAG_SHAPE, v->span, "`%s` makes images of 1 to 4096 pixels a side, but this is %lld",
          self->name, (long long)size[k]);
      return S->error;
    }
  }
  Dataset *d = dataset_new(S, DATA_RESIZE, args->v[0], args->span, &out);
  d->n = size[0], d->m = size[1];
  for (int i = 0; i < d->columns.n; i++)
    for (int k = 0; k < 2 && d->columns.at[i].image; k++) {
      Dim *dim = &d->columns.at[i].row.d[1 + k];
      *dim = dim_static(size[k]);
      dim->origin = origin_new(S, args->span, "resize", 0, 0);
    }
  return dataset_done(S, out);
}

/* invert(share = 50%, mark = "name") */
const Value *fn_invert(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = with_images(S, args, false);
  double share = 0.5;
  const char *mark = NULL;
  const Value *out;
  if (from == NULL) return S->error;
  if (args->v[1] != NULL && !want_share(S, args->v[1], self->name, &share)) return S->error;
  if (args->v[2] != NULL && (mark = want_text(S, args->v[2], "`mark`")) == NULL) return S->error;
  if (mark != NULL && dataset_column(from, mark) >= 0) {
    say(S, DIAG_ARGUMENTS, args->v[2]->span, "there is a column `%s` already", mark);
    return S->error;
  }
  const int site = site_new(S, "invert", args->span);
  Dataset *d = dataset_new(S, DATA_INVERT, args->v[0], args->span, &out);
  d->a = share, d->text = mark, d->site = site;
  if (mark != NULL) {
    Column c = {.name = mark, .elem = ELEM_LABEL, .n_classes = 2};
    vec_push(S->a, &d->columns, c);
  }
  return dataset_done(S, out);
}

/* augment(rotate = 10deg, shift = 2, flip = false) */
const Value *fn_augment(Sema *S, Args *args, const Builtin *self) {
  const Dataset *from = with_images(S, args, true);
  double turn = 0, shift = 0;
  bool flip = false;
  const Value *out;
  if (from == NULL) return S->error;
  if (args->v[1] != NULL && !want_real(S, args->v[1], "`rotate`", &turn)) return S->error;
  if (args->v[2] != NULL && !want_real(S, args->v[2], "`shift`", &shift)) return S->error;
  if (args->v[3] != NULL && !want_bool(S, args->v[3], "`flip`", &flip)) return S->error;
  if (turn < 0 || turn > 3.14159265358979323846) {
    Diag *d = say(S, DIAG_TYPE, args->v[1]->span, "`rotate` is an angle of 0 to 180 degrees, to both sides");
    diag_help(d, "`rotate = 10deg`");
    return S->error;
  }
  if (shift < 0 || shift > 1024) {
    say(S, DIAG_TYPE, args->v[2]->span, "`shift` is 0 to 1024 pixels, to both sides, but this is %s",
        num_text(S, shift));
    return S->error;
  }
  if (turn == 0 && shift == 0 && !flip) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->name_span, "`%s` says what may move", self->name);
    diag_help(d, "`augment(rotate = 10deg, shift = 2)`");
    return S->error;
  }
  const int site = site_new(S, "augment", args->span);
  Dataset *d = dataset_new(S, DATA_AUGMENT, args->v[0], args->span, &out);
  d->a = turn / (2 * 3.14159265358979323846), d->b = shift, d->flag = flip, d->site = site;
  d->augment = true;
  return dataset_done(S, out);
}

/* ---- rows
 * ---------------------------------------------------------------------------------------------------- */

const Value *dataset_rows(Sema *S, const Value *data, Span span) {
  const Dataset *d = want_dataset(S, data, "the argument of `rows`");
  if (d == NULL) return S->error;
  if (d->exact) return val_int(S, d->rows, span);
  return val_of_dim(S, (Dim){d->rows, (uint32_t)d->count, 0}, span);
}
