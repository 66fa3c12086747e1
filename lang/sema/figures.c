/* Figures of reports: what a plot or a grid of images is made of. A figure holds slots and what is written
 * beside them; nothing is computed but the plane of `boundary`. */
#include "lang/sema/builtins.h"
#include "lang/sema/dataset.h"
#include <string.h>

#define MOST_LABELS 4096
#define MOST_PARTS 3   /* of what stands below an image */
#define MOST_LEVELS 16 /* of a boundary */
#define MOST_STRIP 16  /* images that stand in one row */
#define PLANE 60       /* points of a boundary along each axis */

static const char *unique_value(Sema *S) { return path_here(S, "value"); }

static const char *label_of(Sema *S, const Args *args, int i) {
  return args->ast[i] != NULL ? src_of_span(S, args->ast[i]->span) : src_of_span(S, args->v[i]->span);
}

bool in_report(Sema *S, const Args *args) {
  if (S->place == PLACE_REPORT) return true;
  Diag *d = say(S, DIAG_PLACE, args->span, "`%s` belongs in a `report`", args->name);
  const bool row = strcmp(args->name, "row") == 0, grid = strcmp(args->name, "grid") == 0;
  diag_help(d, "`report result { %s %s }`",
            row    ? "table"
            : grid ? "images"
                   : "plot",
            src_of_span(S, args->span));
  if (strcmp(args->name, "histogram") == 0)
    diag_line(d, "help", "as numbers: `counts_in(x, low, high, bins)`");
  return false;
}

static const Value *figure_value(Sema *S, int n, const Figure *f, Span span) {
  Figure *own = ARENA_ARRAY(S->a, Figure, n);
  for (int i = 0; i < n; i++) own[i] = f[i];
  Value *v = val_new(S, VAL_FIGURE, span);
  v->u.figure = (FigureValue){n, own};
  return v;
}

static bool slot_of(Sema *S, const Value *v, int *out) {
  if (v->kind == VAL_SERIES) {
    *out = S->p->series.at[v->u.index].slot;
    return true;
  }
  *out = value_slot(S, v, unique_value(S));
  return *out >= 0;
}

static const Shape *slot_shape(const Sema *S, int slot) { return &S->p->slots.at[slot].shape; }

/* ---- options ---------------------------------------------------------------------------------------- */

static bool take_text(Sema *S, const Value *v, const char *what, const char **out) {
  return v == NULL || (*out = want_text(S, v, what)) != NULL;
}

static bool take_bool(Sema *S, const Value *v, const char *what, bool *out) {
  return v == NULL || want_bool(S, v, what, out);
}

/* title, name, x_label, y_label, from argument k on; the figure has at least as many as its signature. */
static bool take_texts(Sema *S, const Args *args, int k, Figure *f) {
  return take_text(S, args->v[k], "a title", &f->title) &&
         take_text(S, args->v[k + 1], "a name", &f->label) &&
         take_text(S, args->v[k + 2], "`x_label`", &f->x_name) &&
         take_text(S, args->v[k + 3], "`y_label`", &f->y_name);
}

static bool take_logs(Sema *S, const Args *args, int k, Figure *f) {
  return take_bool(S, args->v[k], "`log_x`", &f->log_x) && take_bool(S, args->v[k + 1], "`log_y`", &f->log_y);
}

static bool take_band(Sema *S, const Value *v, Figure *f) {
  static const char *const bands[] = {[BAND_INTERVAL] = "interval",
                                      [BAND_STD] = "std",
                                      [BAND_QUARTILES] = "quartiles",
                                      [BAND_RANGE] = "range"};
  const char *text = NULL;
  if (!take_text(S, v, "`band`", &text)) return false;
  for (int i = 0; text != NULL && i < 4; i++)
    if (strcmp(text, bands[i]) == 0) {
      f->band = (FigureBand)i;
      return true;
    }
  if (text == NULL) return true;
  Diag *d = say(S, DIAG_TYPE, v->span, "there is no band \"%s\"", text);
  diag_did_you_mean(d, v->span, text, bands, 4);
  diag_help(d,
            "\"interval\" and \"std\" stand around the mean, \"quartiles\" and \"range\" around the median");
  return false;
}

/* ---- labels ------------------------------------------------------------------------------------------ */

/* A text, a number, or the digits of a list of numbers; NULL after an error. */
static const char *one_label(Sema *S, const Value *v) {
  if (v->kind == VAL_TEXT) return v->u.text;
  if (val_is_number(v)) return num_text(S, v->u.num);
  if (v->kind == VAL_LIST || v->kind == VAL_RANGE) {
    int n = 0;
    const Value *const *items = static_items(S, v, "a label", &n);
    const char *out = items != NULL ? "" : NULL;
    for (int i = 0; items != NULL && i < n && out != NULL; i++) {
      const char *part = one_label(S, items[i]);
      out = part != NULL ? arena_printf(S->a, "%s%s", out, part) : NULL;
    }
    return out;
  }
  wrong_kind(S, v, "a label", "a text or a number");
  return NULL;
}

/* `labels =`: a list or range now, or a tensor of the run; as many as `size` (0: not known). */
static bool take_labels(Sema *S, const Value *v, int64_t size, const char *of, FigureLabels *out) {
  *out = (FigureLabels){.slot = -1};
  if (v->kind == VAL_LIST || v->kind == VAL_TUPLE || v->kind == VAL_RANGE) {
    bool known = true;
    for (int i = 0; v->kind != VAL_RANGE && i < v->u.list.n; i++)
      known = known && v->u.list.at[i]->kind != VAL_TENSOR;
    const Value *const *items = known ? static_items(S, v, "labels", &out->n) : NULL;
    if (known && items == NULL) return false;
    const char **text = ARENA_ARRAY(S->a, const char *, out->n + 1);
    for (int i = 0; i < out->n; i++)
      if ((text[i] = one_label(S, items[i])) == NULL) return false;
    if (known) out->text = text;
  }
  if (out->text == NULL) {
    if (!slot_of(S, v, &out->slot)) return false;
    const Shape *s = slot_shape(S, out->slot);
    if (s->rank != 1 && s->rank != 2) {
      say(S, DIAG_SHAPE, v->span, "labels are [n], or [n, digits], not %s", sema_shape_text(S, s));
      return false;
    }
    out->n = s->d[0].count == 0 ? (int)s->d[0].n : 0;
  }
  if (size > 0 && out->n > 0 && out->n != size) {
    say(S, DIAG_SHAPE, v->span, "%d labels for %lld %s", out->n, (long long)size, of);
    return false;
  }
  return true;
}

static int64_t known_size(const Shape *s, int axis) {
  return axis < s->rank && s->d[axis].count == 0 ? s->d[axis].n : 0;
}

/* ---- plots --------------------------------------------------------------------------------------------- */

const Value *fn_histogram(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_HISTOGRAM, label_of(S, args, 0));
  f.bins = 50;
  (void)self;
  if (!in_report(S, args) || !slot_of(S, args->v[0], &f.x)) return S->error;
  if (args->v[1] != NULL) {
    if (!want_int(S, args->v[1], "the number of bins", &f.bins)) return S->error;
    if (f.bins < 1 || f.bins > 10000) {
      say(S, DIAG_TYPE, args->v[1]->span, "a histogram has 1 to 10000 bins, not %lld", (long long)f.bins);
      return S->error;
    }
  }
  return take_texts(S, args, 2, &f) && take_logs(S, args, 6, &f) ? figure_value(S, 1, &f, args->span)
                                                                 : S->error;
}

/* As many x as y; y may have a second axis of repetitions. */
static bool curve_fits(Sema *S, const Args *args, const Figure *f, bool repeats) {
  const Shape *x = slot_shape(S, f->x), *y = slot_shape(S, f->y);
  if (!shape_is_static(x) || !shape_is_static(y) || shape_capacity(x) == shape_capacity(y)) return true;
  const bool columns = y->rank == 2 && y->d[0].n == shape_capacity(x);
  if (repeats && columns) return true;
  Diag *d = say(S, DIAG_SHAPE, args->span, "`%s` needs as many x as y: %s and %s", args->name,
                sema_shape_text(S, x), sema_shape_text(S, y));
  label_origin(S, d, x->rank > 0 ? x->d[0] : dim_static(1));
  if (repeats && y->rank == 2 && y->d[1].n == shape_capacity(x))
    diag_help(d, "`lines` draws a curve for each row; repetitions are the second axis of y: `transpose(%s)`",
              label_of(S, args, 1));
  return false;
}

const Value *fn_curve(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_CURVE, label_of(S, args, 1));
  f.x_name = label_of(S, args, 0);
  (void)self;
  if (!in_report(S, args) || !slot_of(S, args->v[0], &f.x) || !slot_of(S, args->v[1], &f.y) ||
      !curve_fits(S, args, &f, true) || !take_texts(S, args, 2, &f) || !take_logs(S, args, 6, &f) ||
      !take_band(S, args->v[8], &f))
    return S->error;
  return figure_value(S, 1, &f, args->span);
}

/* Whether y is [lines, n] or [lines, repetitions, n] with the n of x; its lines in *n. */
static bool lines_fit(Sema *S, const Args *args, const Figure *f, int64_t *n) {
  const Shape *x = slot_shape(S, f->x), *y = slot_shape(S, f->y);
  const bool fits = (y->rank == 2 || y->rank == 3) && shape_is_static(y) && shape_is_static(x) &&
                    y->d[y->rank - 1].n == shape_capacity(x);
  *n = y->d[0].n;
  if (fits && *n <= 12) return true;
  if (fits) {
    say(S, DIAG_SHAPE, args->v[1]->span, "a plot has at most 12 lines, and this is %s",
        sema_shape_text(S, y));
    return false;
  }
  say(S, DIAG_SHAPE, args->span,
      "`lines` needs y [lines, n] or [lines, repetitions, n] over x [n], not %s over %s",
      sema_shape_text(S, y), sema_shape_text(S, x));
  return false;
}

const Value *fn_lines(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_CURVE, label_of(S, args, 1)), all[12];
  FigureLabels labels = {.slot = -1};
  int64_t n;
  (void)self;
  f.x_name = label_of(S, args, 0);
  if (!in_report(S, args) || !slot_of(S, args->v[0], &f.x) || !slot_of(S, args->v[1], &f.y) ||
      !lines_fit(S, args, &f, &n) || !take_text(S, args->v[3], "a title", &f.title) ||
      !take_text(S, args->v[4], "`x_label`", &f.x_name) ||
      !take_text(S, args->v[5], "`y_label`", &f.y_name) || !take_logs(S, args, 6, &f) ||
      !take_band(S, args->v[8], &f))
    return S->error;
  if (f.y_name == NULL) f.y_name = f.label;
  if (args->v[2] != NULL) {
    if (!take_labels(S, args->v[2], n, "lines", &labels)) return S->error;
    if (labels.text == NULL) {
      Diag *d = say(S, DIAG_STATIC, args->v[2]->span, "the labels of lines must be known before the run");
      diag_help(d, "write a list of texts or numbers");
      return S->error;
    }
    if (args->ast[2]->kind == AST_NAME) f.key = label_of(S, args, 2);
  }
  for (int i = 0; i < n; i++) {
    all[i] = f;
    all[i].line = i;
    all[i].label = labels.text != NULL ? labels.text[i] : arena_printf(S->a, "%s[%d]", f.label, i);
  }
  return figure_value(S, (int)n, all, args->span);
}

/* Labels of as many rows as the points have. */
static bool take_by(Sema *S, const Value *v, int points, int *out) {
  if (v == NULL) return true;
  const Tensor *t = want_tensor(S, v, "`by`");
  if (t == NULL || !want_labels(S, v, t, "scatter") || !slot_of(S, v, out)) return false;
  const Shape *s = slot_shape(S, *out), *p = slot_shape(S, points);
  if (!shape_is_static(s) || !shape_is_static(p) || shape_capacity(s) == p->d[0].n) return true;
  say(S, DIAG_SHAPE, v->span, "%lld labels for %lld points", (long long)shape_capacity(s),
      (long long)p->d[0].n);
  return false;
}

const Value *fn_scatter(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_SCATTER, label_of(S, args, args->v[1] != NULL ? 1 : 0));
  (void)self;
  if (!in_report(S, args) || !slot_of(S, args->v[0], &f.x)) return S->error;
  const Shape *x = slot_shape(S, f.x);
  if (args->v[1] != NULL) {
    f.x_name = label_of(S, args, 0);
    if (!slot_of(S, args->v[1], &f.y) || !curve_fits(S, args, &f, false)) return S->error;
  } else if (x->rank != 2 || x->d[1].n != 2) {
    Diag *d = say(S, DIAG_SHAPE, args->v[0]->span, "points are rows of two numbers, [n, 2], and this is %s",
                  sema_shape_text(S, x));
    diag_help(d, "or write `scatter(x, y)`");
    return S->error;
  }
  return take_by(S, args->v[2], f.x, &f.by) && take_texts(S, args, 3, &f) && take_logs(S, args, 7, &f)
             ? figure_value(S, 1, &f, args->span)
             : S->error;
}

const Value *fn_bars(Sema *S, Args *args, const Builtin *self) {
  FigureLabels *labels = ARENA_NEW(S->a, FigureLabels);
  Figure all[ARGS_MAX], options = figure_make(FIGURE_BARS, "");
  (void)self;
  if (!in_report(S, args)) return S->error;
  if (args->n_rest < 1 || args->n_rest > ARGS_MAX) {
    say(S, DIAG_ARGUMENTS, args->span, "`bars` takes 1 to %d vectors", ARGS_MAX);
    return S->error;
  }
  if (!take_text(S, args->v[2], "a title", &options.title) ||
      !take_text(S, args->v[3], "`x_label`", &options.x_name) ||
      !take_text(S, args->v[4], "`y_label`", &options.y_name) ||
      !take_bool(S, args->v[5], "`log_y`", &options.log_y) || !take_band(S, args->v[6], &options))
    return S->error;
  for (int i = 0; i < args->n_rest; i++) {
    all[i] = options;
    all[i].label = src_of_span(S, args->pos_ast[args->n_pos - args->n_rest + i]->span);
    if (!slot_of(S, args->rest[i], &all[i].x)) return S->error;
    const Shape *s = slot_shape(S, all[i].x), *first = slot_shape(S, all[0].x);
    if (s->rank > 2 || known_size(s, 0) != known_size(first, 0)) {
      say(S, DIAG_SHAPE, args->rest[i]->span, "bars are [n] or [n, repetitions] of one n, not %s",
          sema_shape_text(S, s));
      return S->error;
    }
  }
  if (args->v[1] != NULL) {
    if (!take_labels(S, args->v[1], known_size(slot_shape(S, all[0].x), 0), "bars", labels)) return S->error;
    for (int i = 0; i < args->n_rest; i++) all[i].n_labels = 1, all[i].labels = labels;
  }
  return figure_value(S, args->n_rest, all, args->span);
}

/* ---- maps -----------------------------------------------------------------------------------------------
 */

const Value *fn_heatmap(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_HEAT, label_of(S, args, 0));
  FigureLabels *labels = ARENA_ARRAY(S->a, FigureLabels, 2);
  (void)self;
  if (!in_report(S, args) || !slot_of(S, args->v[0], &f.x)) return S->error;
  const Shape *s = slot_shape(S, f.x);
  if (s->rank != 2) {
    say(S, DIAG_SHAPE, args->v[0]->span, "a heat map shows a matrix, [rows, columns], not %s",
        sema_shape_text(S, s));
    return S->error;
  }
  for (int i = 0; i < 2; i++) {
    const Value *v = args->v[2 + i] != NULL ? args->v[2 + i] : args->v[1];
    labels[i] = (FigureLabels){.slot = -1};
    if (v != NULL && !take_labels(S, v, known_size(s, i), i == 0 ? "rows" : "columns", &labels[i]))
      return S->error;
  }
  f.n_labels = 2;
  f.labels = labels;
  return take_text(S, args->v[4], "a title", &f.title) && take_text(S, args->v[5], "`x_label`", &f.x_name) &&
                 take_text(S, args->v[6], "`y_label`", &f.y_name)
             ? figure_value(S, 1, &f, args->span)
             : S->error;
}

static const Value *call_one(Sema *S, const Args *args, const Value *f, const char *name, int n,
                             const Value **pos) {
  const AstNode *ast[2] = {NULL, NULL};
  Args inner = {
      .span = args->span, .name_span = args->name_span, .name = name, .n_pos = n, .pos = pos, .pos_ast = ast};
  return apply(S, f, &inner);
}

/* The first column of two numbers, and of labels; -1 where there is none. */
static int column_of(const Dataset *d, bool labels) {
  for (int i = 0; i < d->columns.n; i++) {
    const Column *c = &d->columns.at[i];
    if (labels ? c->elem == ELEM_LABEL : c->row.rank == 1 && c->row.d[0].n == 2) return i;
  }
  return -1;
}

static bool take_levels(Sema *S, const Value *v, Figure *f) {
  double *levels = ARENA_ARRAY(S->a, double, MOST_LEVELS);
  int n = 1;
  f->levels = levels;
  f->n_levels = 1;
  levels[0] = 0.5;
  if (v == NULL) return true;
  const Value *const *items = val_is_number(v) ? &v : static_items(S, v, "levels", &n);
  if (items == NULL) return false;
  if (n > MOST_LEVELS) {
    say(S, DIAG_TYPE, v->span, "at most %d levels, not %d", MOST_LEVELS, n);
    return false;
  }
  for (int i = 0; i < n; i++)
    if (!want_real(S, items[i], "a level", &levels[i])) return false;
  f->n_levels = n;
  return true;
}

/* The column called `v`, which has to have `n` numbers; -1 after an error. */
static int named_column(Sema *S, const Dataset *d, const Value *v, int64_t n) {
  const char *name = want_text(S, v, "a column of a boundary");
  const int k = name != NULL ? dataset_column(d, name) : -1;
  if (name != NULL && k < 0) say_no_column(S, d, name, v->span);
  if (k < 0) return -1;
  const Column *c = &d->columns.at[k];
  if (c->elem == ELEM_REAL && (n == 1 ? c->row.rank == 0 : c->row.rank == 1) && shape_capacity(&c->row) == n)
    return k;
  Diag *diag = say(S, DIAG_SHAPE, v->span, "`%s` is %s, and a boundary shows two numbers of each row", name,
                   sema_shape_text(S, &c->row));
  diag_help(diag,
            "`columns = \"x\"` names a column [2], `columns = (\"a\", \"b\")` two columns of one number");
  return -1;
}

/* The rows as [n, 2], and the names of the axes: the first column of two numbers, or what is named. */
static const Value *pairs_of(Sema *S, const Value *data, const Value *names, Figure *f) {
  const int index = data->u.index;
  const Dataset *d = &S->p->datasets.at[index];
  const bool two = names != NULL && (names->kind == VAL_TUPLE || names->kind == VAL_LIST);
  int n = 0;
  const Value *const *items = two ? static_items(S, names, "the columns of a boundary", &n) : NULL;
  if (two && items == NULL) return S->error;
  if (two && n == 2) {
    const int a = named_column(S, d, items[0], 1), b = a < 0 ? -1 : named_column(S, d, items[1], 1);
    if (b < 0) return S->error;
    f->x_name = d->columns.at[a].name, f->y_name = d->columns.at[b].name;
    const Value *parts[2] = {dataset_table(S, index, a, 0, names->span),
                             dataset_table(S, index, b, 0, names->span)};
    if (val_is_error(parts[0]) || val_is_error(parts[1])) return S->error;
    Graph *g = graph_now(S);
    NodeId in[2];
    for (int i = 0; i < 2; i++) {
      Shape one = parts[i]->u.tensor->shape;
      one.rank = 2;
      one.d[1] = dim_static(1);
      in[i] = g_reshape(g, parts[i]->u.tensor->node, &one, names->span);
    }
    return val_node(S, g_concat(g, 2, in, 1, names->span), 0, names->span);
  }
  const int x = names == NULL ? column_of(d, false) : named_column(S, d, two && n == 1 ? items[0] : names, 2);
  if (names != NULL && x < 0) return S->error;
  if (x < 0) {
    Diag *diag = say(S, DIAG_SHAPE, data->span, "a boundary needs a column of two numbers, and this has %s",
                     dataset_columns_text(S, d));
    diag_help(diag, "name two: `columns = (\"a\", \"b\")`");
    return S->error;
  }
  f->x_name = arena_printf(S->a, "%s[0]", d->columns.at[x].name);
  f->y_name = arena_printf(S->a, "%s[1]", d->columns.at[x].name);
  return dataset_table(S, index, x, 0, data->span);
}

const Value *fn_boundary(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_BOUNDARY, label_of(S, args, 0));
  const Value *model = args->v[0], *data = args->v[1];
  (void)self;
  if (!in_report(S, args)) return S->error;
  if (model->kind != VAL_OBJECT && model->kind != VAL_DEF && model->kind != VAL_STAGE) {
    wrong_kind(S, model, "the first argument of `boundary`", "a model, a circuit or a function");
    return S->error;
  }
  if (data->kind != VAL_DATASET) {
    wrong_kind(S, data, "the second argument of `boundary`", "a dataset");
    return S->error;
  }
  const Dataset *d = &S->p->datasets.at[data->u.index];
  const int label = column_of(d, true);
  const Value *rows = pairs_of(S, data, args->v[6], &f);
  const Value *by = label >= 0 ? dataset_table(S, data->u.index, label, 0, data->span) : NULL;
  if (val_is_error(rows) || (by != NULL && val_is_error(by))) return S->error;
  const Binding *plane = scope_find_here(S->prelude, sym_intern("plane_around"));
  const Value *pos[2] = {rows, val_int(S, PLANE, args->span)};
  const Value *points = call_one(S, args, plane->value, "plane_around", 2, pos);
  const Value *seen = val_is_error(points) ? points : call_one(S, args, model, f.label, 1, &points);
  if (val_is_error(seen) || !slot_of(S, points, &f.x) || !slot_of(S, seen, &f.y) ||
      !slot_of(S, rows, &f.of) || (by != NULL && !slot_of(S, by, &f.by)))
    return S->error;
  const Shape *s = slot_shape(S, f.y);
  if (s->rank < 1 || s->rank > 2 || s->d[0].n != PLANE * PLANE) {
    say(S, DIAG_SHAPE, model->span,
        "a boundary is of a model that gives one number or one for each class, not %s",
        sema_shape_text(S, s));
    return S->error;
  }
  f.bins = PLANE;
  return take_levels(S, args->v[2], &f) && take_text(S, args->v[3], "a title", &f.title) &&
                 take_text(S, args->v[4], "`x_label`", &f.x_name) &&
                 take_text(S, args->v[5], "`y_label`", &f.y_name)
             ? figure_value(S, 1, &f, args->span)
             : S->error;
}

/* ---- images ---------------------------------------------------------------------------------------------
 */

bool is_images(const Shape *s) {
  return s->rank == 3 || (s->rank == 4 && (s->d[1].n == 1 || s->d[1].n == 3));
}

bool figure_strip(Sema *S, const Value *v, Figure *out) {
  *out = figure_make(FIGURE_GRID, src_of_span(S, v->span));
  if (!slot_of(S, v, &out->x)) return false;
  const Shape *s = slot_shape(S, out->x);
  out->bins = known_size(s, 0) > MOST_STRIP ? 8 : MOST_STRIP;
  if (is_images(s)) return true;
  say(S, DIAG_SHAPE, v->span, "images are [rows, h, w] or [rows, channels, h, w], and this is %s",
      sema_shape_text(S, s));
  return false;
}

/* What stands below the images: one list or tensor, or several in a tuple. */
static bool take_captions(Sema *S, const Value *v, const Shape *images, Figure *f) {
  const int n = v->kind == VAL_TUPLE ? v->u.list.n : 1;
  FigureLabels *labels = ARENA_ARRAY(S->a, FigureLabels, MOST_PARTS);
  if (n < 1 || n > MOST_PARTS) {
    say(S, DIAG_TYPE, v->span, "at most %d labels below an image, not %d", MOST_PARTS, n);
    return false;
  }
  for (int i = 0; i < n; i++)
    if (!take_labels(S, v->kind == VAL_TUPLE ? v->u.list.at[i] : v, known_size(images, 0), "images",
                     &labels[i]))
      return false;
  f->n_labels = n;
  f->labels = labels;
  return true;
}

/* Rows of images [n, h, w] or [n, c, h, w], c 1 or 3. */
const Value *fn_grid(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_GRID, label_of(S, args, 0));
  f.bins = 8;
  (void)self;
  if (!in_report(S, args) || !slot_of(S, args->v[0], &f.x)) return S->error;
  const Shape *s = slot_shape(S, f.x);
  if (!is_images(s)) {
    say(S, DIAG_SHAPE, args->v[0]->span, "a grid shows images [rows, h, w] or [rows, channels, h, w], not %s",
        sema_shape_text(S, s));
    return S->error;
  }
  if (args->v[1] != NULL) {
    if (!want_int(S, args->v[1], "the images in a row", &f.bins)) return S->error;
    if (f.bins < 1 || f.bins > 1000) {
      say(S, DIAG_TYPE, args->v[1]->span, "a grid has 1 to 1000 images in a row, not %lld",
          (long long)f.bins);
      return S->error;
    }
  }
  if (args->v[3] != NULL && !take_captions(S, args->v[3], s, &f)) return S->error;
  return take_text(S, args->v[2], "a title", &f.title) ? figure_value(S, 1, &f, args->span) : S->error;
}

const Value *fn_diagram(Sema *S, Args *args, const Builtin *self) {
  Figure f = figure_make(FIGURE_DIAGRAM, label_of(S, args, 0));
  const Value *v = args->v[0];
  (void)self;
  if (!in_report(S, args)) return S->error;
  if (v->kind != VAL_OBJECT) {
    wrong_kind(S, v, "what `diagram` draws", "a circuit or a model");
    return S->error;
  }
  const ObjectInfo *o = v->u.object;
  for (int i = 0; i < S->p->circuits.n; i++)
    if (strcmp(S->p->circuits.at[i].name, o->path) == 0) f.x = i;
  if (!o->is_circuit && o->index >= 0 && S->p->objects.at[o->index].lines.n > 0) f.y = o->index;
  if (f.x >= 0 || f.y >= 0) return figure_value(S, 1, &f, args->span);
  if (o->broken) return S->error;
  if (o->results != NULL && o->index >= 0) {
    say(S, DIAG_TYPE, v->span, "`%s` has no lines to draw", o->name);
    return S->error;
  }
  Diag *d =
      say(S, DIAG_STATIC, v->span, "a diagram needs sizes that are all in the signature of `%s`", o->name);
  diag_label(d, o->decl->name_span, "declared here");
  return S->error;
}
