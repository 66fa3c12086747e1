/* Sources of datasets: distributions, files, drawn and toy data. What a file holds is asked of
 * SemaOptions.head, so shapes, classes and numbers of rows are known before anything runs. */
#include <string.h>
#include "lang/sema/dataset.h"

#define ROWS_MAX ((int64_t)1 << 31)

static void add_column(Sema *S, Dataset *d, const char *name, ElemKind elem, int rank, const int64_t *sizes) {
  Column c = {.name = name, .elem = elem, .row = shape_of(rank, sizes)};
  for (int i = 0; i < rank; i++)
    c.row.d[i].origin =
        origin_new(S, d->span, arena_printf(S->a, "column `%s` of %s", name, data_op_name[d->op]), 0, 0);
  vec_push(S->a, &d->columns, c);
}

/* The probabilities of `categorical` as numbers that add up to 1; NULL after an error. */
static const double *chances_of(Sema *S, const Value *p, int *n) {
  const Value *const *items = NULL;
  if (p->kind == VAL_LIST) items = static_items(S, p, "the probabilities of `categorical`", n);
  else say(S, DIAG_STATIC, p->span, "the probabilities of a source of data are known before the run");
  if (items == NULL) return NULL;
  double *out = ARENA_ARRAY(S->a, double, *n + 1), sum = 0;
  for (int i = 0; i < *n; i++) {
    if (!want_real(S, items[i], "a probability of `categorical`", &out[i])) return NULL;
    sum += out[i];
  }
  for (int i = 0; i < *n; i++) out[i] /= sum;
  return out;
}

const Value *dataset_of_distribution(Sema *S, const Value *v) {
  static const DataOp op_of[] = {
      [DIST_NORMAL] = DATA_NORMAL,           [DIST_UNIFORM] = DATA_UNIFORM,
      [DIST_LOG_UNIFORM] = DATA_LOG_UNIFORM, [DIST_BERNOULLI] = DATA_BERNOULLI,
      [DIST_POISSON] = DATA_POISSON,         [DIST_CATEGORICAL] = DATA_CATEGORICAL};
  const DistValue *dist = &v->u.dist;
  const bool labels = dist->kind == DIST_CATEGORICAL;
  double a = 0, b = 0;
  int n = 0;
  const double *chances = labels ? chances_of(S, dist->a, &n) : NULL;
  if (!labels && dist->a->kind == VAL_LIST) {
    Diag *d =
        say(S, DIAG_TYPE, dist->a->span, "a distribution as a source gives one number a row, but this is %s",
            val_describe(S, dist->a));
    diag_help(d, "rows of several are drawn in the `step`: `draw z[B, 4] ~ normal(0, 1)`");
    return S->error;
  }
  if (labels ? chances == NULL : !want_real(S, dist->a, "a parameter of the source", &a)) return S->error;
  if (dist->b != NULL && !want_real(S, dist->b, "a parameter of the source", &b)) return S->error;
  const Value *out;
  const int site = site_new(S, "rows", v->span);
  Dataset *d = dataset_new(S, op_of[dist->kind], NULL, v->span, &out);
  d->a = a, d->b = b, d->site = site, d->n = n, d->chances = chances;
  if (labels) add_column(S, d, "label", ELEM_LABEL, 0, NULL), d->columns.at[0].n_classes = n;
  else add_column(S, d, "x", ELEM_REAL, 1, (const int64_t[]){1});
  return out;
}

static bool rows_of(Sema *S, const Value *v, const char *who, int64_t *n) {
  if (!want_int(S, v, arena_printf(S->a, "the number of rows of `%s`", who), n)) return false;
  if (*n >= 1 && *n <= ROWS_MAX) return true;
  Diag *d = say(S, DIAG_SHAPE, v->span, "a dataset has 1 to %lld rows, but this is %lld", (long long)ROWS_MAX,
                (long long)*n);
  label_origin(S, d, dim_of_int(S, v));
  return false;
}

static bool at_least(Sema *S, const Value *v, const char *what, double least, double *out) {
  if (v == NULL) return true;
  if (!want_real(S, v, what, out)) return false;
  if (*out >= least) return true;
  say(S, DIAG_TYPE, v->span, "%s is at least %s, but this is %s", what, num_text(S, least),
      num_text(S, *out));
  return false;
}

/* glyphs(n, first = 0) */
const Value *fn_glyphs(Sema *S, Args *args, const Builtin *self) {
  int64_t n, first = 0;
  if (!rows_of(S, args->v[0], self->name, &n)) return S->error;
  if (args->v[1] != NULL && !want_int(S, args->v[1], "the number of the first glyph", &first))
    return S->error;
  if (first < 0 || first > ((int64_t)1 << 40)) {
    say(S, DIAG_SHAPE, args->v[1]->span, "glyphs are numbered from 0 on, but this is %lld", (long long)first);
    return S->error;
  }
  const Value *out;
  Dataset *d = dataset_new(S, DATA_GLYPHS, NULL, args->span, &out);
  d->rows = n, d->n = first;
  add_column(S, d, "image", ELEM_REAL, 3, (const int64_t[]){1, 28, 28});
  d->columns.at[0].image = d->columns.at[0].bytes = true;
  add_column(S, d, "label", ELEM_LABEL, 0, NULL);
  d->columns.at[1].n_classes = 10;
  return out;
}

/* moons(n, noise = 0.1), circles(n, noise = 0.05, factor = 0.5), modes(n, modes = 8, radius = 1, std = 0.02)
 */
const Value *fn_toy(Sema *S, Args *args, const Builtin *self) {
  const DataOp op = (DataOp)self->op;
  int64_t n, modes = 8;
  double a = op == DATA_MOONS ? 0.1 : op == DATA_CIRCLES ? 0.05 : 1, b = op == DATA_RING ? 0.02 : 0.5;
  if (!rows_of(S, args->v[0], self->name, &n)) return S->error;
  if (op == DATA_RING) {
    if (args->v[1] != NULL && !want_int(S, args->v[1], "the number of modes of `modes`", &modes))
      return S->error;
    if (modes < 1 || modes > 65536) {
      say(S, DIAG_SHAPE, args->v[1]->span, "`modes` has 1 to 65536 modes, but this is %lld",
          (long long)modes);
      return S->error;
    }
    if (!at_least(S, args->v[2], "the radius of `modes`", 0, &a) ||
        !at_least(S, args->v[3], "the standard deviation of `modes`", 0, &b))
      return S->error;
  } else {
    if (!at_least(S, args->v[1], arena_printf(S->a, "the noise of `%s`", self->name), 0, &a)) return S->error;
    if (op == DATA_CIRCLES && !at_least(S, args->v[2], "the radius of the inner circle", 0, &b))
      return S->error;
  }
  const int site = site_new(S, "rows", args->span);
  const Value *out;
  Dataset *d = dataset_new(S, op, NULL, args->span, &out);
  d->rows = n, d->n = modes, d->a = a, d->b = b, d->site = site;
  add_column(S, d, "x", ELEM_REAL, 1, (const int64_t[]){2});
  add_column(S, d, "label", ELEM_LABEL, 0, NULL);
  d->columns.at[1].n_classes = op == DATA_RING ? (int)modes : 2;
  return out;
}

/* bars_and_stripes(n, side = 2): pictures with all rows or all columns either light or dark. */
const Value *fn_bars_source(Sema *S, Args *args, const Builtin *self) {
  int64_t n, side = 2;
  if (!rows_of(S, args->v[0], self->name, &n)) return S->error;
  if (args->v[1] != NULL && !want_int(S, args->v[1], "the side of the pictures", &side)) return S->error;
  if (side < 1 || side > 16) {
    say(S, DIAG_SHAPE, args->v[1]->span, "the pictures of `%s` have a side of 1 to 16, but this is %lld",
        self->name, (long long)side);
    return S->error;
  }
  const int site = site_new(S, "rows", args->span);
  const Value *out;
  Dataset *d = dataset_new(S, DATA_BARS, NULL, args->span, &out);
  d->rows = n, d->n = side, d->site = site;
  add_column(S, d, "image", ELEM_REAL, 3, (const int64_t[]){1, side, side});
  d->columns.at[0].image = d->columns.at[0].bytes = true;
  return out;
}

/* ---- files ----------------------------------------------------------------------------------------- */

static bool add_file(Sema *S, Dataset *d, const Value *v, const char *what) {
  const char *name = want_text(S, v, what);
  if (name == NULL) return false;
  vec_push(S->a, &d->files, ((DataPath){name, NULL}));
  return true;
}

const Value *dataset_head(Sema *S, Dataset *d, const Value *out) {
  DataProblem p = {0};
  if (S->options->head == NULL) return later(S, d->span, "files as data, here");
  if (S->options->head(S->options->head_ctx, S->a, d, &p)) {
    for (int i = 0; i < d->columns.n; i++)
      for (int k = 0; k < d->columns.at[i].row.rank; k++)
        d->columns.at[i].row.d[k].origin = origin_new(
            S, d->span, arena_printf(S->a, "column `%s` of %s", d->columns.at[i].name, d->files.at[0].name),
            0, 0);
    return out;
  }
  Diag *diag = say(S, p.code, d->span, "%s", p.text);
  if (diag == NULL) return S->error;
  if (p.expected != NULL) diag_line(diag, "expected", "%s", p.expected);
  if (p.found != NULL) diag_line(diag, "found", "%s", p.found);
  if (p.help != NULL) diag_help(diag, "%s", p.help);
  return S->error;
}

/* idx(images, labels = ...), png(folder) */
const Value *fn_file(Sema *S, Args *args, const Builtin *self) {
  const Value *out;
  Dataset *d = dataset_new(S, (DataOp)self->op, NULL, args->span, &out);
  if (!add_file(S, d, args->v[0], arena_printf(S->a, "the file of `%s`", self->name))) return S->error;
  if (d->op == DATA_IDX && args->v[1] != NULL && !add_file(S, d, args->v[1], "the file of labels"))
    return S->error;
  return dataset_head(S, d, out);
}

/* npy(x = "a.npy", label = "b.npy") */
const Value *fn_npy(Sema *S, Args *args, const Builtin *self) {
  (void)self;
  const Value *out;
  Dataset *d = dataset_new(S, DATA_NPY, NULL, args->span, &out);
  const int index = S->p->datasets.n - 1;
  if (args->v[0] != NULL && args->n_free == 0 && S->place != PLACE_DATASET) {
    if (!add_file(S, d, args->v[0], "the file of `npy`")) return S->error;
    vec_push(S->a, &d->picks, ((DataPick){.as = "array", .n = 1}));
    out = dataset_head(S, d, out);
    return val_is_error(out) ? out : dataset_table(S, index, 0, 0, args->span);
  }
  for (int i = 0; i < args->n_free; i++) {
    if (!add_file(S, d, args->free[i], arena_printf(S->a, "the file of `%s`", args->free_name[i])))
      return S->error;
    vec_push(S->a, &d->picks, ((DataPick){.as = args->free_name[i], .n = 1}));
  }
  if (args->n_free > 0 && args->v[0] == NULL) return dataset_head(S, d, out);
  Diag *diag = say(S, DIAG_ARGUMENTS, args->name_span, "`npy` names its columns: `npy(x = \"a.npy\")`");
  diag_help(diag, "each has the file whose array it is; `npy(\"a.npy\")` is an array as a value");
  return S->error;
}

static bool add_pick(Sema *S, Dataset *d, const char *as, const Value *v) {
  const bool is_list = v->kind == VAL_LIST || v->kind == VAL_RANGE;
  int n = 1;
  const Value *const *items = is_list ? static_items(S, v, "the columns", &n) : &v;
  if (items == NULL) return false;
  const char **from = ARENA_ARRAY(S->a, const char *, n + 1);
  for (int i = 0; i < n; i++) {
    const Value *one = items[i];
    if (one->kind == VAL_INT) from[i] = num_text(S, one->u.num);
    else from[i] = want_text(S, one, arena_printf(S->a, "what column `%s` is read from", as));
    if (from[i] == NULL) return false;
  }
  vec_push(S->a, &d->picks, ((DataPick){as, from, n, is_list}));
  return true;
}

/* npz(file), npz(file, image = "x_train", label = "y_train") */
const Value *fn_npz(Sema *S, Args *args, const Builtin *self) {
  const Value *out;
  Dataset *d = dataset_new(S, DATA_NPZ, NULL, args->span, &out);
  if (!add_file(S, d, args->v[0], arena_printf(S->a, "the file of `%s`", self->name))) return S->error;
  for (int i = 0; i < args->n_free; i++) {
    const char **from = ARENA_ARRAY(S->a, const char *, 1);
    from[0] = want_text(S, args->free[i], arena_printf(S->a, "the array of `%s`", args->free_name[i]));
    if (from[0] == NULL) return S->error;
    vec_push(S->a, &d->picks, ((DataPick){args->free_name[i], from, 1, false}));
  }
  return dataset_head(S, d, out);
}

/* csv(file, x = ["a", "b"], label = "c", header = true, separator = ",", missing = "refuse") */
const Value *fn_csv(Sema *S, Args *args, const Builtin *self) {
  const Value *out;
  Dataset *d = dataset_new(S, DATA_CSV, NULL, args->span, &out);
  d->header = true;
  if (!add_file(S, d, args->v[0], arena_printf(S->a, "the file of `%s`", self->name))) return S->error;
  if (args->v[1] != NULL && !want_bool(S, args->v[1], "`header`", &d->header)) return S->error;
  if (args->v[2] != NULL) {
    const char *text = want_text(S, args->v[2], "`separator`");
    if (text == NULL) return S->error;
    if (strlen(text) != 1) {
      say(S, DIAG_TYPE, args->v[2]->span, "a separator is one character, like \";\" or \"\\t\"");
      return S->error;
    }
    d->separator = text[0];
  }
  if (args->v[3] != NULL) {
    const char *text = want_text(S, args->v[3], "`missing`");
    if (text == NULL) return S->error;
    d->drop_missing = strcmp(text, "drop") == 0;
    if (!d->drop_missing && strcmp(text, "refuse") != 0) {
      Diag *diag = say(S, DIAG_TYPE, args->v[3]->span, "`missing` is \"refuse\" or \"drop\"");
      diag_help(diag, "\"drop\" leaves out the rows that lack a value");
      return S->error;
    }
  }
  for (int i = 0; i < args->n_free; i++)
    if (!add_pick(S, d, args->free_name[i], args->free[i])) return S->error;
  return dataset_head(S, d, out);
}
