/* Reports: lines of text, tables and plots. A line `plot a, b` and the call `plot(a, b)` are one
 * thing; only the call takes expressions and options. */
#include "lang/base/greek.h"
#include "lang/sema/builtins.h"
#include <string.h>

static const char *unique_value(Sema *S) { return path_here(S, "value"); }

const Value *fn_row(Sema *S, Args *args, const Builtin *self) {
  if (!in_report(S, args)) return S->error;
  for (int i = 0; i < args->n_rest; i++)
    if (args->rest[i]->kind != VAL_TEXT && args->rest[i]->kind != VAL_DURATION &&
        !val_can_be_tensor(args->rest[i])) {
      wrong_kind(S, args->rest[i], "a cell of a table", "a number or a text");
      return S->error;
    }
  Value *v = val_new(S, VAL_ROW, args->span);
  v->u.row = (RowValue){args->n_rest, args->rest, self->op != 0};
  return v;
}

/* ---- lines -------------------------------------------------------------------------------------------- */

static Report *report_now(Sema *S) { return &S->p->reports.at[S->report]; }

static void add_figure(Sema *S, Span span, Figure f, ReportItem *item) {
  if (item->figures.n == REPORT_MOST_FIGURES) {
    Diag *d = say(S, DIAG_TYPE, span, "a plot shows at most %d figures", REPORT_MOST_FIGURES);
    diag_help(d, "begin another `plot`");
  }
  if (item->figures.n < REPORT_MOST_FIGURES + 1) vec_push(S->a, &item->figures, f);
}

static void add_series(Sema *S, Span span, const Series *s, ReportItem *item) {
  Figure f = figure_make(FIGURE_SERIES, s->name);
  f.x = s->slot;
  add_figure(S, span, f, item);
}

/* A name like `qgan.loss` that stands for several series. */
static bool plot_losses(Sema *S, const AstNode *n, ReportItem *item) {
  if (n->kind != AST_MEMBER || strcmp(sym_text(n->name), "loss") != 0) return false;
  const AstNode *root = ast_kid(n, AST_MEMBER_value);
  Binding *b = root->kind == AST_NAME ? scope_find(S->scope, root->name) : NULL;
  if (b == NULL || b->value->kind != VAL_TRAIN) return false;
  bool any = false;
  const TrainInfo *t = b->value->u.train;
  for (int i = 0; i < t->series.n; i++) {
    if (strncmp(t->series.at[i].name, "loss", 4) != 0) continue;
    const Series *s = &S->p->series.at[t->series.at[i].series];
    add_series(S, n->span, s, item);
    any = b->used = true;
  }
  return any;
}

static bool is_picture(const Figure *f) { return f->kind == FIGURE_GRID || f->kind == FIGURE_DIAGRAM; }

static void image_part(Sema *S, const AstNode *n, ReportItem *item) {
  const Value *v = eval(S, n);
  Figure strip;
  if (val_is_error(v)) return;
  if (v->kind == VAL_FIGURE && is_picture(&v->u.figure.at[0])) {
    vec_push(S->a, &item->figures, v->u.figure.at[0]);
    return;
  }
  if (v->kind == VAL_TENSOR || v->kind == VAL_LIST) {
    if (figure_strip(S, v, &strip)) vec_push(S->a, &item->figures, strip);
    return;
  }
  Diag *d = wrong_kind(S, v, "what `images` draws", "a tensor of images, a `grid(...)` or a `diagram(...)`");
  if (d != NULL && v->kind == VAL_FIGURE) diag_help(d, "write `plot %s`", src_of_span(S, n->span));
  if (d != NULL && v->kind == VAL_OBJECT) diag_help(d, "write `images diagram(%s)`", src_of_span(S, n->span));
}

static void plot_part(Sema *S, const AstNode *n, ReportItem *item) {
  if (plot_losses(S, n, item)) return;
  const Value *v = eval(S, n);
  if (val_is_error(v)) return;
  if (v->kind == VAL_FIGURE && is_picture(&v->u.figure.at[0])) {
    Diag *d = say(S, DIAG_TYPE, n->span, "%s is no plot",
                  v->u.figure.at[0].kind == FIGURE_GRID ? "a `grid` of images" : "a `diagram`");
    diag_help(d, "write `images %s`", src_of_span(S, n->span));
    return;
  }
  if (v->kind == VAL_FIGURE) {
    for (int i = 0; i < v->u.figure.n; i++) add_figure(S, n->span, v->u.figure.at[i], item);
    return;
  }
  if (v->kind == VAL_SERIES) {
    add_series(S, n->span, &S->p->series.at[v->u.index], item);
    return;
  }
  Diag *d = wrong_kind(S, v, "what `plot` draws", "a figure or a recorded series");
  if (d != NULL && val_can_be_tensor(v))
    diag_help(d, "say how: `histogram(%s)` or `curve(t, %s)`", src_of_span(S, n->span),
              src_of_span(S, n->span));
}

typedef VEC(Cell) Cells;

/* A number, a text, or several: a list or vector fills a cell for each of its elements. */
static bool add_cells(Sema *S, const Value *v, Cells *out) {
  Cell c;
  Shape s;
  ElemKind e;
  if (v->kind == VAL_LIST || v->kind == VAL_RANGE) {
    int n = 0;
    const Value *const *items = static_items(S, v, "a cell", &n);
    for (int i = 0; items != NULL && i < n; i++)
      if (!add_cells(S, items[i], out)) return false;
    return items != NULL;
  }
  if (v->kind == VAL_TENSOR && val_shape(S, v, &s, &e) && s.rank == 1 && shape_is_static(&s) &&
      s.d[0].n <= 64) {
    const Tensor *t = want_tensor(S, v, "a cell");
    for (int i = 0; t != NULL && i < s.d[0].n; i++) {
      const Value *one = val_to_scalar(
          S, val_node(S, g_slice(graph_now(S), t->node, 0, i, 1, v->span), 0, v->span), "a cell");
      if (val_is_error(one) || !value_cell(S, one, unique_value(S), &c)) return false;
      vec_push(S->a, out, c);
    }
    return t != NULL;
  }
  if (!value_cell(S, v, unique_value(S), &c)) return false;
  vec_push(S->a, out, c);
  return true;
}

/* Distances by the features of different networks do not compare, nor do inception scores by different
 * classifiers, so they do not stand in one table. */
static bool one_network(Sema *S, const Value *v, ReportItem *item) {
  int n = 0;
  if (v->kind == VAL_LIST) {
    const Value *const *items = static_items(S, v, "a cell", &n);
    for (int i = 0; items != NULL && i < n; i++)
      if (!one_network(S, items[i], item)) return false;
    return true;
  }
  const char *own = v->kind == VAL_TENSOR ? v->u.tensor->features : NULL;
  if (own == NULL) return true;
  const NetworkMetric metric = v->u.tensor->metric;
  const char **network = &item->network[metric];
  if (*network == NULL) *network = own, item->network_span[metric] = v->span;
  if (strcmp(own, *network) == 0) return true;
  Diag *d = say(S, DIAG_TYPE, v->span, "%s by `%s` does not compare with one by `%s`",
                metric == METRIC_FRECHET ? "a Frechet distance" : "an inception score", own, *network);
  diag_label(d, item->network_span[metric], "by `%s`", *network);
  diag_help(d, "give each network a table of its own");
  return false;
}

static void table_row(Sema *S, const Value *v, ReportItem *item) {
  Cells cells = {0};
  for (int i = 0; i < v->u.row.n; i++)
    if (!one_network(S, v->u.row.cells[i], item)) return;
  for (int i = 0; i < v->u.row.n; i++)
    if (!add_cells(S, v->u.row.cells[i], &cells)) return;
  vec_push(S->a, &item->rows, ((ReportRow){cells.n, cells.at, v->u.row.is_head}));
}

static void table_part(Sema *S, const AstNode *n, ReportItem *item) {
  const Value *v = eval(S, n);
  if (val_is_error(v)) return;
  if (v->kind == VAL_SWEEP && v->u.sweep.point < 0) {
    vec_push(S->a, &report_now(S)->items,
             ((ReportItem){.kind = REPORT_SWEEP, .sweep = v->u.sweep.index, .span = n->span}));
    return;
  }
  if (v->kind == VAL_LIST && v->u.list.n > 0 && v->u.list.at[0]->kind == VAL_ROW) {
    for (int i = 0; i < v->u.list.n; i++) table_row(S, v->u.list.at[i], item);
    return;
  }
  if (v->kind != VAL_ROW) {
    Diag *d = wrong_kind(S, v, "a line of a table", "a `row(...)` or `head(...)`");
    if (d != NULL && val_can_be_tensor(v))
      diag_help(d, "write `row(\"%s\", %s)`", src_of_span(S, n->span), src_of_span(S, n->span));
    return;
  }
  table_row(S, v, item);
}

/* The value of `name` or `a.b` inside { } of a text. */
static const Value *place_value(Sema *S, const char *name, size_t n, Span span) {
  const char *dot = memchr(name, '.', n);
  const size_t first = dot != NULL ? (size_t)(dot - name) : n;
  const Symbol root = sym_intern(greek_fold(S->a, name, first));
  AstNode leaf = {
      .kind = AST_NAME, .span = span, .name = root, .name_span = span, .text = arena_strn(S->a, name, first)};
  if (dot == NULL) return eval_name(S, &leaf);
  AstNode *kids[1] = {&leaf};
  AstNode member = {.kind = AST_MEMBER,
                    .span = span,
                    .name = sym_intern(greek_fold(S->a, dot + 1, n - first - 1)),
                    .name_span = span,
                    .n = 1,
                    .kids = kids};
  return eval_member(S, &member);
}

/* `name` or `a.b`; letters that are no ASCII are left to the search for the name. */
static bool is_dotted_name(const char *s, size_t n) {
  int dots = 0;
  bool begins = true;
  for (size_t i = 0; i < n; i++) {
    const unsigned char c = (unsigned char)s[i];
    const bool digit = c >= '0' && c <= '9', letter = (c | 32) >= 'a' && (c | 32) <= 'z';
    if (c == '.') dots++;
    else if (!letter && c != '_' && c < 128 && (begins || !digit)) return false;
    if (c == '.' && begins) return false;
    begins = c == '.';
  }
  return n > 0 && !begins && dots <= 1;
}

/* What may stand behind the `:` of a place in a text: [.digits][feg%] or d. */
static bool is_format(const char *s, size_t n) {
  size_t i = 0;
  if (n == 1 && s[0] == 'd') return true;
  if (n > 0 && s[0] == '.')
    for (i = 1; i < n && i < 3 && s[i] >= '0' && s[i] <= '9';) i++;
  return i != 1 && i + 1 == n && strchr("feg%", s[i]) != NULL;
}

static void text_part(Sema *S, const AstNode *n, ReportItem *item) {
  const Value *v = eval(S, n);
  const char *text = val_is_error(v) ? NULL : want_text(S, v, "what `text` writes");
  if (text == NULL) return;
  item->text = item->text == NULL ? text : arena_printf(S->a, "%s\n%s", item->text, text);
  for (const char *s = text; *s != '\0'; s++) {
    if (*s != '{') continue;
    if (s[1] == '{') {
      s++;
      continue;
    }
    const char *end = s + strcspn(s, "}");
    if (*end == '\0') return;
    const size_t len = strcspn(s + 1, ":}");
    if (!is_dotted_name(s + 1, len)) {
      Diag *d = say(S, DIAG_TYPE, n->span,
                    "only a name is inserted in a text, `{x}` or `{a.b:.3f}`, but this is `{%.*s}`",
                    (int)(end - s - 1), s + 1);
      diag_help(d, "give it a name before: `let x = %.*s`; two braces, `{{`, stand for one", (int)len, s + 1);
      return;
    }
    const char *format = s + len + 2; /* behind the `:` */
    if (s[len + 1] == ':' && !is_format(format, (size_t)(end - format))) {
      Diag *d = say(S, DIAG_TYPE, n->span, "there is no format `%.*s`", (int)(end - format), format);
      diag_help(d, "formats are `.3f`, `.2e`, `.4g`, `.1%%` and `d`");
      return;
    }
    const Value *x = place_value(S, s + 1, len, n->span);
    Cell cell;
    if (val_is_error(x) || !value_cell(S, x, unique_value(S), &cell)) return;
    if (s[len + 1] == ':' && cell.text != NULL) {
      Diag *d = say(S, DIAG_TYPE, n->span, "`%.*s` is a text, which has no format", (int)len, s + 1);
      diag_help(d, "write `{%.*s}`", (int)len, s + 1);
      return;
    }
    vec_push(S->a, &item->places, cell);
    s = end;
  }
}

/* What stands after the figures of a plot and holds for all of them. */
static bool plot_option(Sema *S, const AstNode *arg, ReportItem *item, Figure *all) {
  const char *name = sym_text(arg->name);
  const Value *v = eval(S, ast_kid(arg, AST_ARG_value));
  if (val_is_error(v)) return false;
  if (strcmp(name, "title") == 0 && (item->kind == REPORT_PLOT || item->kind == REPORT_TABLE))
    return (item->text = want_text(S, v, "a title")) != NULL;
  if (item->kind == REPORT_PLOT) {
    if (strcmp(name, "log_x") == 0) return want_bool(S, v, "`log_x`", &all->log_x);
    if (strcmp(name, "log_y") == 0) return want_bool(S, v, "`log_y`", &all->log_y);
    if (strcmp(name, "x_label") == 0) return (all->x_name = want_text(S, v, "`x_label`")) != NULL;
    if (strcmp(name, "y_label") == 0) return (all->y_name = want_text(S, v, "`y_label`")) != NULL;
  }
  static const char *const words[] = {
      [REPORT_TEXT] = "text", [REPORT_TABLE] = "table", [REPORT_IMAGES] = "images", [REPORT_PLOT] = "plot"};
  Diag *d = say(S, DIAG_ARGUMENTS, arg->span, "`%s` has no option `%s`", words[item->kind], name);
  diag_help(d, "`plot` has `title`, `x_label`, `y_label`, `log_x`, `log_y`, and `table` has `title`");
  return false;
}

/* A map has its picture for itself. */
static bool is_map(const Figure *f) { return f->kind == FIGURE_HEAT || f->kind == FIGURE_BOUNDARY; }

static void push_plot(Sema *S, const ReportItem *item) {
  ReportItem rest = *item;
  rest.figures.at = NULL;
  rest.figures.n = rest.figures.cap = 0;
  for (int i = 0; i < item->figures.n; i++) {
    ReportItem one = {.kind = REPORT_PLOT, .text = item->text, .span = item->span};
    const bool map = is_map(&item->figures.at[i]);
    vec_push(S->a, map ? &one.figures : &rest.figures, item->figures.at[i]);
    if (map) vec_push(S->a, &report_now(S)->items, one);
  }
  if (rest.figures.n > 0) vec_push(S->a, &report_now(S)->items, rest);
}

static void report_parts(Sema *S, ReportKind kind, const AstNode *list, Span span) {
  ReportItem item = {.kind = kind, .span = span};
  Figure all = figure_make(FIGURE_SERIES, "");
  for (int i = 0; list != NULL && i < list->n; i++) {
    const AstNode *n = list->kids[i];
    if (n->kind == AST_ARG) plot_option(S, n, &item, &all);
    else if (kind == REPORT_PLOT) plot_part(S, n, &item);
    else if (kind == REPORT_IMAGES) image_part(S, n, &item);
    else if (kind == REPORT_TABLE) table_part(S, n, &item);
    else text_part(S, n, &item);
  }
  for (int i = 0; i < item.figures.n; i++) {
    Figure *f = &item.figures.at[i];
    f->log_x = f->log_x || all.log_x;
    f->log_y = f->log_y || all.log_y;
    if (all.x_name != NULL) f->x_name = all.x_name;
    if (all.y_name != NULL) f->y_name = all.y_name;
  }
  if (kind == REPORT_PLOT) {
    push_plot(S, &item);
    return;
  }
  const bool empty = kind == REPORT_TABLE && item.rows.n == 0 && report_now(S)->items.n > 0;
  if (!empty) vec_push(S->a, &report_now(S)->items, item);
}

static bool is_line_word(const AstNode *n) {
  const char *text = n->kind == AST_NAME ? sym_text(n->name) : "";
  return strcmp(text, "plot") == 0 || strcmp(text, "table") == 0 || strcmp(text, "text") == 0 ||
         strcmp(text, "images") == 0;
}

/* What a line that is a value of its own may have meant. */
static void line_to_write(Diag *d, Sema *S, const AstNode *n) {
  const AstNode *e = ast_kid(n, AST_STAGE_value),
                *of = e->kind == AST_INDEX ? ast_kid(e, AST_INDEX_value) : e;
  const char *text = src_of_span(S, n->span);
  if (of != e && is_line_word(of)) {
    const char *word = sym_text(of->name), *list = src_of_span(S, (Span){of->span.end, n->span.end});
    diag_note(d, "`%s[...]` picks by an index", word);
    diag_help(d, "put the list in parentheses: `%s(%s)`", word, list + strspn(list, " "));
  } else if (is_line_word(e))
    diag_help(d, "say what: `plot t.loss`, `table row(\"loss\", x)`, `text \"...\"`, `images x`");
  else if (e->kind == AST_TEXT) diag_help(d, "write `text %s`", text);
  else if (strncmp(text, "imshow(", 7) == 0)
    diag_help(d, "write `images %.*s`", (int)strlen(text) - 8, text + 7);
  else if (e->kind == AST_NAME || e->kind == AST_CALL || e->kind == AST_MEMBER)
    diag_help(d, "write `plot %s`", text);
  else diag_help(d, "write `table row(\"value\", %s)`", text);
}

void walk_report_line(Sema *S, const AstNode *n) {
  static const char *const known[] = {"text", "table", "plot", "images"};
  const AstNode *head = NULL, *parts = NULL;
  if (n->kind == AST_COMMAND) {
    head = ast_kid(n, AST_COMMAND_head);
    parts = ast_kid(n, AST_COMMAND_operands);
  } else if (n->kind == AST_STAGE && ast_kid(n, AST_STAGE_value)->kind == AST_CALL) {
    head = ast_kid(ast_kid(n, AST_STAGE_value), AST_CALL_callee);
    parts = ast_kid(ast_kid(n, AST_STAGE_value), AST_CALL_args);
  }
  const char *word = head != NULL && head->kind == AST_NAME ? sym_text(head->name) : "";
  if (strcmp(word, "plot") == 0) report_parts(S, REPORT_PLOT, parts, n->span);
  else if (strcmp(word, "table") == 0) report_parts(S, REPORT_TABLE, parts, n->span);
  else if (strcmp(word, "text") == 0) report_parts(S, REPORT_TEXT, parts, n->span);
  else if (strcmp(word, "images") == 0) report_parts(S, REPORT_IMAGES, parts, n->span);
  else {
    Diag *d = say(S, DIAG_PLACE, head != NULL ? head->span : n->span,
                  "a line of a report begins with `text`, `table`, `plot` or `images`");
    const char *near = head != NULL ? diag_did_you_mean(d, head->span, word, known, 4) : NULL;
    if (near == NULL && n->kind == AST_STAGE) line_to_write(d, S, n);
  }
}

void declare_report(Sema *S, const AstNode *n) {
  vec_push(S->a, &S->p->reports, ((Report){.name = sym_text(n->name), .span = n->name_span}));
  S->report = S->p->reports.n - 1;
  Path *path = path_enter(S, sym_text(n->name));
  const Place place = S->place;
  S->place = PLACE_REPORT;
  walk_block(S, ast_kid(n, AST_REPORT_body));
  S->place = place;
  S->path = path;
  Stmt *s = block_push(S, STMT_REPORT, n->name_span);
  s->index = S->report;
  declare(S, n->name, n->name_span, BIND_REPORT, val_nothing(S, n->name_span));
}
