/* Sweeps. `vary` lines are studies around the defaults, one grid each; a point is a set of values for
 * hypers, repeated with each seed. The whole script holds the list of points and slots for what they record;
 * the program of a point (SemaOptions.point) is the script up to the sweep, elaborated with the settings of
 * the point, and then the values that the sweep records. */
#include "lang/base/num.h"
#include "lang/sema/sweep_random.h"
#include <string.h>

#define MOST_RUNS 100000

typedef struct PointValues {
  VEC(int) axes;
  VEC(const Value *) values;
} PointValues;

struct SweepInfo {
  const char *name;
  int index;                /* in Program.sweeps */
  VEC(const Value *) hyper; /* by axis: the value of the hyper in this elaboration */
  VEC(PointValues) points;
  bool is_target; /* this program is a point of it */
  bool has_seeds, has_study;
  bool broken;     /* a record has an error, which was told: nothing more is said of what it lacks */
  int64_t samples; /* of each random study; 0: not given */
  int random;      /* how many random studies there were */
  const AstNode *best;
  Span seeds_span;
};

static Sweep *sweep_now(Sema *S) { return &S->p->sweeps.at[S->sweep->index]; }

/* ---- points ------------------------------------------------------------------------------------ */

static bool is_word(const char *s) {
  if (*s == '\0' || (*s >= '0' && *s <= '9')) return false;
  for (; *s != '\0'; s++)
    if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') || (*s >= '0' && *s <= '9') || *s == '_'))
      return false;
  return true;
}

static const char *literal_of(Sema *S, const Value *v, bool shown);

static const char *list_literal(Sema *S, const Value *v, bool shown) {
  const char *out = "[";
  for (int i = 0; i < v->u.list.n; i++) {
    const char *one = literal_of(S, v->u.list.at[i], shown);
    if (one == NULL) return NULL;
    out = arena_printf(S->a, "%s%s%s", out, i > 0 ? ", " : "", one);
  }
  return arena_printf(S->a, "%s]", out);
}

/* The value as --set reads it, or for people. NULL: it cannot be set. */
static const char *literal_of(Sema *S, const Value *v, bool shown) {
  char buf[NUM_MAX];
  switch ((int)v->kind) {
  case VAL_INT:
  case VAL_REAL: num_print(buf, sizeof buf, v->u.num); return arena_str(S->a, buf);
  case VAL_DURATION: num_print(buf, sizeof buf, v->u.num); return arena_printf(S->a, "%ss", buf);
  case VAL_BOOL: return v->u.num != 0 ? "true" : "false";
  case VAL_LIST: return list_literal(S, v, shown);
  case VAL_TEXT: break;
  default: return NULL;
  }
  const char *text = v->u.text, *out = "";
  if (shown) return text;
  if (is_word(text) && strcmp(text, "true") != 0 && strcmp(text, "false") != 0) return text;
  for (; *text != '\0'; text++) {
    const char c = *text;
    out = arena_printf(S->a, c == '"' || c == '\\' ? "%s\\%c" : "%s%c", out, c);
  }
  return arena_printf(S->a, "\"%s\"", out);
}

static int axis_of(Sema *S, const char *name) {
  const Sweep *s = sweep_now(S);
  for (int i = 0; i < s->axes.n; i++)
    if (strcmp(s->axes.at[i].name, name) == 0) return i;
  return -1;
}

/* A hyper of a study, and what it takes: the values of a list, or draws of a distribution. */
typedef struct StudyAxis {
  const AstNode *node;
  const char *name;
  int axis;
  bool is_number;
  int count; /* of items; 0: drawn */
  const Value *const *items;
  const Value *drawn, *start; /* the distribution; the default of the hyper */
} StudyAxis;

/* The part of a value that is of another kind than the default has, which is *wanted; NULL if all of it fits.
 */
static const Value *misfit(const Value *v, const Value *start, const Value **wanted) {
  const bool numbers =
      val_is_number(v) && val_is_number(start) && v->kind != VAL_BOOL && start->kind != VAL_BOOL;
  *wanted = start;
  if (numbers || val_is_error(v) || val_is_error(start)) return NULL;
  if (v->kind != start->kind) return v;
  for (int i = 0; v->kind == VAL_LIST && start->u.list.n > 0 && i < v->u.list.n; i++) {
    const Value *bad = misfit(v->u.list.at[i], start->u.list.at[0], wanted);
    if (bad != NULL) return bad;
  }
  return NULL;
}

static bool read_values(Sema *S, StudyAxis *x, const Value *v) {
  x->items = static_items(S, v, arena_printf(S->a, "what `%s` runs over", x->name), &x->count);
  if (x->items == NULL) return false;
  x->is_number = true;
  for (int i = 0; i < x->count; i++) {
    const Value *one = x->items[i], *wanted = x->start, *bad = misfit(one, x->start, &wanted);
    x->is_number = x->is_number && (one->kind == VAL_INT || one->kind == VAL_REAL);
    if (bad == NULL && literal_of(S, one, false) != NULL) continue;
    if (bad == NULL) bad = one;
    wrong_kind(S, bad,
               arena_printf(S->a, bad == one ? "a value of `%s`" : "an element of a value of `%s`", x->name),
               val_kind_text(wanted->kind));
    return false;
  }
  if (x->count == 0) say(S, DIAG_TYPE, v->span, "`%s` runs over no value", x->name);
  return x->count > 0;
}

static void say_no_hyper(Sema *S, const AstNode *n) {
  int attributes;
  const char *const *attribute = train_attributes(&attributes);
  for (int i = 0; i < attributes; i++) {
    if (strcmp(attribute[i], sym_text(n->name)) != 0) continue;
    Diag *d = say(S, DIAG_NAME, n->name_span, "there is no hyper `%s`", attribute[i]);
    diag_help(
        d, "an attribute of a train is varied through a hyper: `hyper h = ...` above, `%s = h` in the train",
        attribute[i]);
    return;
  }
  report_unknown(S, n->name, n->name_span, "hyper");
}

static bool read_axis(Sema *S, StudyAxis *x) {
  const AstNode *n = x->node;
  x->name = sym_text(n->name);
  Binding *b = scope_find(S->scope, n->name);
  if (b == NULL) {
    say_no_hyper(S, n);
    return false;
  }
  b->used = true;
  if (b->kind != BIND_HYPER) {
    Diag *d = say(S, DIAG_TYPE, n->name_span, "`vary` changes hypers, and `%s` is a %s", x->name,
                  bind_kind_text[b->kind]);
    diag_label(d, b->span, "declared here");
    diag_help(d, "declare `hyper %s = ...`", x->name);
    return false;
  }
  const Value *v = eval(S, ast_kid(n, AST_AXIS_value));
  if (val_is_error(v)) return false;
  x->start = b->value;
  if (n->op == '~' && val_is_error(x->start)) return false;
  if (n->op == '~' ? !random_fits(S, v, x->name, x->start) : !read_values(S, x, v)) return false;
  if (n->op == '~') x->drawn = v, x->is_number = x->start->kind != VAL_BOOL;
  x->axis = axis_of(S, x->name);
  if (x->axis < 0) {
    x->axis = sweep_now(S)->axes.n;
    vec_push(S->a, &sweep_now(S)->axes, ((SweepAxis){x->name, x->is_number, false}));
    vec_push(S->a, &S->sweep->hyper, x->start);
  }
  if (x->drawn != NULL) sweep_now(S)->axes.at[x->axis].drawn = true;
  return true;
}

static void grid_point(Sema *S, int n, const StudyAxis *axes, int64_t total, int64_t k) {
  PointValues p = {0};
  int64_t rest = total, at = k;
  for (int i = 0; i < n; i++) {
    rest /= axes[i].count;
    vec_push(S->a, &p.axes, axes[i].axis);
    vec_push(S->a, &p.values, axes[i].items[at / rest]);
    at %= rest;
  }
  vec_push(S->a, &S->sweep->points, p);
}

static void random_point(Sema *S, int n, const StudyAxis *axes, int64_t k) {
  PointValues p = {0};
  for (int i = 0; i < n; i++) {
    const StudyAxis *x = &axes[i];
    const RandomSite at = {S->sweep->name, x->name, S->sweep->random};
    vec_push(S->a, &p.axes, x->axis);
    vec_push(S->a, &p.values,
             x->drawn != NULL ? random_value(S, at, &x->drawn->u.dist, x->start, k, x->node->span)
                              : x->items[random_index(S, at, k, x->count)]);
  }
  vec_push(S->a, &S->sweep->points, p);
}

static bool too_many(Sema *S, int64_t total, Span span) {
  if (total <= MOST_RUNS) return false;
  say(S, DIAG_SHAPE, span, "a sweep has at most %d points", MOST_RUNS);
  return true;
}

static void walk_random(Sema *S, const AstNode *n, int count, const StudyAxis *axes) {
  if (S->sweep->samples == 0) {
    Diag *d = say(S, DIAG_ATTRIBUTE, n->span, "how many points are drawn is not said");
    diag_help(d, "write `samples = 20` above this line");
    return;
  }
  if (too_many(S, S->sweep->samples + S->sweep->points.n, n->span)) return;
  S->sweep->has_study = true;
  for (int64_t k = 0; k < S->sweep->samples; k++) random_point(S, count, axes, k);
  S->sweep->random++;
}

void walk_vary(Sema *S, const AstNode *n) {
  const AstNode *list = ast_kid(n, AST_VARY_axes);
  StudyAxis *axes = ARENA_ARRAY(S->a, StudyAxis, list->n + 1);
  int64_t total = 1;
  bool random = false;
  for (int i = 0; i < list->n; i++) {
    axes[i].node = list->kids[i];
    if (!read_axis(S, &axes[i])) return;
    for (int k = 0; k < i; k++)
      if (axes[k].axis == axes[i].axis) {
        say(S, DIAG_REDECLARED, list->kids[i]->name_span, "`%s` stands twice in one grid", axes[i].name);
        return;
      }
    random = random || axes[i].drawn != NULL;
  }
  if (random) {
    walk_random(S, n, list->n, axes);
    return;
  }
  for (int i = 0; i < list->n; i++) {
    total *= axes[i].count;
    if (too_many(S, total, n->span)) return;
  }
  S->sweep->has_study = true;
  for (int64_t k = 0; k < total; k++) grid_point(S, list->n, axes, total, k);
}

/* The value of an axis at a point; the hyper's own where the study does not vary it. */
static const Value *value_at(const struct SweepInfo *s, int point, int axis, bool *varied) {
  const PointValues *p = &s->points.at[point];
  for (int i = 0; i < p->axes.n; i++)
    if (p->axes.at[i] == axis) {
      if (varied != NULL) *varied = true;
      return p->values.at[i];
    }
  if (varied != NULL) *varied = false;
  return s->hyper.at[axis];
}

static void make_points(Sema *S) {
  Sweep *s = sweep_now(S);
  if (!S->sweep->has_study) vec_push(S->a, &S->sweep->points, ((PointValues){{0}, {0}}));
  for (int k = 0; k < S->sweep->points.n; k++) {
    const char **sets = ARENA_ARRAY(S->a, const char *, s->axes.n + 1);
    const char **shown = ARENA_ARRAY(S->a, const char *, s->axes.n + 1);
    for (int i = 0; i < s->axes.n; i++) {
      bool varied;
      const Value *v = value_at(S->sweep, k, i, &varied);
      shown[i] = val_is_error(v) ? "" : literal_of(S, v, true);
      sets[i] = varied ? literal_of(S, v, false) : NULL;
    }
    vec_push(S->a, &s->points, ((SweepPoint){sets, shown}));
  }
}

/* ---- lines ------------------------------------------------------------------------------------- */

static void set_seeds(Sema *S, const Value *v, Span span) {
  int n = 0;
  int64_t count;
  S->sweep->has_seeds = true;
  S->sweep->seeds_span = span;
  if (val_is_error(v)) return;
  if (v->kind == VAL_LIST || v->kind == VAL_RANGE) {
    const Value *const *items = static_items(S, v, "`seeds` of a sweep", &n);
    for (int i = 0; items != NULL && i < n; i++) {
      if (!want_int(S, items[i], "a seed", &count)) return;
      vec_push(S->a, &sweep_now(S)->seeds, count);
    }
    if (items != NULL && n == 0) say(S, DIAG_ATTRIBUTE, v->span, "`seeds` is an empty list");
    return;
  }
  if (!want_int(S, v, "`seeds` of a sweep", &count)) return;
  if (count < 1 || count > MOST_RUNS) {
    say(S, DIAG_ATTRIBUTE, v->span, "`seeds` is at least 1, but this is %lld", (long long)count);
    return;
  }
  for (int64_t i = 0; i < count; i++) vec_push(S->a, &sweep_now(S)->seeds, i);
}

/* Of the random studies below it. */
static void set_samples(Sema *S, const AstNode *n, Span at) {
  Span set_at;
  int64_t count;
  const AstNode *set = setting_find(S, arena_printf(S->a, "%s.samples", S->sweep->name), &set_at);
  const Value *v = eval(S, set != NULL ? set : ast_kid(n, AST_ATTR_value));
  if (S->sweep->samples > 0) {
    say(S, DIAG_ATTRIBUTE, at, "`samples` is given twice");
    return;
  }
  if (val_is_error(v) || !want_int(S, v, "`samples` of a sweep", &count)) return;
  if (count < 1 || count > MOST_RUNS)
    say(S, DIAG_ATTRIBUTE, v->span, "`samples` is from 1 to %d, but this is %lld", MOST_RUNS,
        (long long)count);
  else S->sweep->samples = count;
}

/* Is evaluated aside in the whole script, where only its shape counts. */
static void sweep_record(Sema *S, const AstNode *n) {
  const AstNode *target = ast_kid(n, AST_ATTR_operands)->kids[0];
  const char *name = target->kind == AST_NAME ? sym_text(target->name) : "";
  Sweep *s = sweep_now(S);
  if (target->kind != AST_NAME || ast_kid(n, AST_ATTR_operands)->n != 1) {
    say(S, DIAG_ATTRIBUTE, target->span, "`record` names one value: `record loss = ...`");
    return;
  }
  bool twice = axis_of(S, name) >= 0;
  for (int i = 0; i < s->records.n; i++) twice = twice || strcmp(s->records.at[i].name, name) == 0;
  if (twice) {
    say(S, DIAG_REDECLARED, target->span, "the sweep `%s` has a `%s` already", s->name, name);
    return;
  }
  SweepRecord record = {.name = name, .slot = -1};
  ElemKind elem;
  const Value *v = eval(S, ast_kid(n, AST_ATTR_value));
  S->sweep->broken = S->sweep->broken || val_is_error(v);
  if (val_is_error(v)) return;
  if (!val_can_be_tensor(v) || !val_shape(S, v, &record.entry, &elem)) {
    wrong_kind(S, v, "what a sweep records", "a number or a tensor");
    return;
  }
  if (!shape_is_static(&record.entry) || record.entry.rank > SHAPE_MAX_RANK - 2) {
    Diag *d = say(S, DIAG_STATIC, v->span, "what a sweep records has a shape known before the run, not %s",
                  sema_shape_text(S, &record.entry));
    if (v->kind == VAL_SERIES) diag_help(d, "`%s[-1]` is the last entry", src_of_span(S, v->span));
    return;
  }
  if (S->sweep->is_target) record.slot = value_slot(S, v, path_here(S, name));
  vec_push(S->a, &sweep_now(S)->records, record);
}

static const char *const attributes[] = {"seeds", "samples", "best", "record"};
#define N_ATTRIBUTES ((int)(sizeof attributes / sizeof *attributes))

const char *const *sweep_attributes(int *n) {
  *n = N_ATTRIBUTES;
  return attributes;
}

void walk_sweep_attr(Sema *S, const AstNode *n) {
  const AstNode *target = ast_kid(n, AST_ATTR_target);
  const char *name = target->kind == AST_NAME ? sym_text(target->name) : "";
  if (strcmp(name, "record") == 0 && ast_kid(n, AST_ATTR_operands) != NULL) {
    sweep_record(S, n);
    return;
  }
  if (strcmp(name, "seeds") == 0 && ast_kid(n, AST_ATTR_operands) == NULL) {
    Span at;
    const AstNode *set = setting_find(S, arena_printf(S->a, "%s.seeds", S->sweep->name), &at);
    if (S->sweep->has_seeds) say(S, DIAG_ATTRIBUTE, target->span, "`seeds` is given twice");
    else set_seeds(S, eval(S, set != NULL ? set : ast_kid(n, AST_ATTR_value)), target->span);
    return;
  }
  if (strcmp(name, "samples") == 0 && ast_kid(n, AST_ATTR_operands) == NULL) {
    set_samples(S, n, target->span);
    return;
  }
  if (strcmp(name, "best") == 0 && ast_kid(n, AST_ATTR_operands) == NULL) {
    S->sweep->best = ast_kid(n, AST_ATTR_value);
    return;
  }
  Diag *d =
      say(S, DIAG_ATTRIBUTE, target->span, "a sweep has no attribute `%s`", src_of_span(S, target->span));
  if (diag_did_you_mean(d, target->span, name, attributes, N_ATTRIBUTES) == NULL)
    diag_help(d, "lines of a sweep are `vary a in [...]`, `seeds = 5`, `samples = 20`, `record name = ...`, "
                 "`best = max(name)`");
}

/* `best = max(acc)`. */
static void find_best(Sema *S) {
  Sweep *s = sweep_now(S);
  const AstNode *n = S->sweep->best;
  if (n == NULL) return;
  const AstNode *f = n->kind == AST_CALL ? ast_kid(n, AST_CALL_callee) : NULL;
  const AstNode *args = f != NULL ? ast_kid(n, AST_CALL_args) : NULL;
  const char *how = f != NULL && f->kind == AST_NAME ? sym_text(f->name) : "";
  s->best_largest = strcmp(how, "max") == 0;
  if ((!s->best_largest && strcmp(how, "min") != 0) || args == NULL || args->n != 1 ||
      args->kids[0]->kind != AST_NAME) {
    Diag *d = say(S, DIAG_ATTRIBUTE, n->span, "`best` says which recorded value counts, and which way");
    diag_help(d, "`best = max(acc)` or `best = min(loss)`");
    return;
  }
  const char *name = sym_text(args->kids[0]->name);
  for (int i = 0; i < s->records.n; i++)
    if (strcmp(s->records.at[i].name, name) == 0 && shape_capacity(&s->records.at[i].entry) == 1) s->best = i;
  if (s->best < 0 && S->sink->n_errors == 0)
    say(S, DIAG_NAME, args->kids[0]->span, "the sweep `%s` records no number `%s`", s->name, name);
}

static void read_over(Sema *S, const AstNode *over) {
  for (int i = 0; over != NULL && i < over->n; i++) {
    const Value *v = eval(S, over->kids[i]);
    if (val_is_error(v)) continue;
    if (v->kind == VAL_TRAIN) vec_push(S->a, &sweep_now(S)->trains, v->u.train->index);
    else wrong_kind(S, v, "what stands after `over`", "a train");
  }
}

/* ---- the whole --------------------------------------------------------------------------------- */

/* Slots for the records of all points: [points, seeds, entry ...]. */
static void make_slots(Sema *S) {
  Sweep *s = sweep_now(S);
  for (int i = 0; i < s->records.n; i++) {
    SweepRecord *r = &s->records.at[i];
    Shape shape = {.rank = r->entry.rank + (s->seeds.n > 0 ? 2 : 1)};
    shape.d[0] = dim_static(s->points.n);
    shape.d[0].origin = origin_new(S, s->span, "the points of the sweep", 0, 0);
    if (s->seeds.n > 0) {
      shape.d[1] = dim_static(s->seeds.n);
      shape.d[1].origin = origin_new(S, S->sweep->seeds_span, "the seeds of the sweep", 0, 0);
    }
    for (int k = 0; k < r->entry.rank; k++) shape.d[shape.rank - r->entry.rank + k] = r->entry.d[k];
    r->slot =
        slot_new(S, SLOT_VALUE, arena_printf(S->a, "%s.%s", s->name, r->name), &shape, ELEM_REAL, s->span);
  }
}

static void check_sweep(Sema *S, const AstNode *n) {
  const Sweep *s = sweep_now(S);
  if (S->sweep->samples > 0 && S->sweep->random == 0 && S->sink->n_errors == 0) {
    Diag *d =
        say(S, DIAG_ATTRIBUTE, n->name_span, "the sweep `%s` has `samples`, and draws nothing", s->name);
    diag_help(d, "`vary lr ~ log_uniform(1e-4, 1e-1)` below it does");
  }
  if (S->sweep->has_seeds && s->trains.n == 0 && ast_kid(n, AST_SWEEP_over) == NULL) {
    Diag *d =
        say(S, DIAG_ATTRIBUTE, S->sweep->seeds_span, "`seeds` repeats trains, and this sweep names none");
    diag_help(d,
              "write `sweep %s over` and the train; without one a `draw` of many rows repeats what is random",
              s->name);
  }
  if (s->records.n == 0 && S->sink->n_errors == 0) {
    Diag *d = say(S, DIAG_PLACE, n->name_span, "the sweep `%s` records nothing", s->name);
    diag_help(d, "write `record name = ...` in it");
  }
  if ((int64_t)s->points.n * (s->seeds.n > 0 ? s->seeds.n : 1) > MOST_RUNS)
    say(S, DIAG_SHAPE, n->name_span, "a sweep has at most %d runs", MOST_RUNS);
}

void declare_sweep(Sema *S, const AstNode *n) {
  struct SweepInfo *info = ARENA_NEW(S->a, struct SweepInfo);
  const SemaPoint *point = S->options->point;
  *info = (struct SweepInfo){.name = sym_text(n->name), .index = S->p->sweeps.n};
  info->is_target = point != NULL && strcmp(point->sweep, info->name) == 0;
  vec_push(S->a, &S->p->sweeps, ((Sweep){.name = info->name, .best = -1, .span = n->name_span}));
  vec_push(S->a, &S->sweeps, info);
  region_close(S);
  Region aside = {.block = ARENA_NEW(S->a, Block)}, *outer = S->region;
  Path *path = path_enter(S, info->name);
  const Place place = S->place;
  const int errors = S->sink->n_errors;
  S->sweep = info;
  read_over(S, ast_kid(n, AST_SWEEP_over));
  S->place = PLACE_SWEEP;
  if (!info->is_target) S->region = &aside;
  walk_block(S, ast_kid(n, AST_SWEEP_body));
  region_close(S);
  S->region = outer;
  S->place = place;
  S->path = path;
  make_points(S);
  find_best(S);
  check_sweep(S, n);
  Value *v = val_new(S, VAL_SWEEP, n->name_span);
  v->u.sweep.index = info->index;
  v->u.sweep.point = -1;
  const bool fine =
      S->sink->n_errors == errors && !info->broken; /* but for its name, which may be there twice */
  declare(S, n->name, n->name_span, BIND_SWEEP, fine ? v : S->error);
  if (info->is_target) {
    S->p->point = info->index + 1;
    S->ended = true;
  } else if (fine) {
    make_slots(S);
    if (point == NULL) block_push(S, STMT_SWEEP, n->name_span)->index = info->index;
  }
  S->sweep = NULL;
}

/* ---- values ------------------------------------------------------------------------------------ */

static const Value *record_value(Sema *S, const Value *v, const SweepRecord *r, Span span) {
  const Slot *slot = &S->p->slots.at[r->slot];
  Graph *g = graph_now(S);
  const NodeId all = g_input(g, r->slot, &slot->shape, slot->elem, span);
  if (v->u.sweep.point < 0) {
    const Value *out = val_node(S, all, 0, span);
    out->u.tensor->slot = r->slot;
    return out;
  }
  Shape one = {.rank = slot->shape.rank - 1};
  for (int i = 0; i < one.rank; i++) one.d[i] = slot->shape.d[i + 1];
  return val_node(S, g_reshape(g, g_slice(g, all, 0, v->u.sweep.point, 1, span), &one, span), 0, span);
}

/* What is called `name`: a record, or the values of a hyper. */
static const Value *part_of(Sema *S, const Value *v, const char *name, Span span) {
  const Sweep *s = &S->p->sweeps.at[v->u.sweep.index];
  const struct SweepInfo *info = S->sweeps.at[v->u.sweep.index];
  for (int i = 0; i < s->records.n; i++)
    if (strcmp(s->records.at[i].name, name) == 0) return record_value(S, v, &s->records.at[i], span);
  for (int i = 0; i < s->axes.n; i++) {
    if (strcmp(s->axes.at[i].name, name) != 0) continue;
    if (v->u.sweep.point >= 0) return val_at(S, value_at(info, v->u.sweep.point, i, NULL), span);
    const Value **at = ARENA_ARRAY(S->a, const Value *, s->points.n + 1);
    for (int k = 0; k < s->points.n; k++) at[k] = value_at(info, k, i, NULL);
    return val_list(S, VAL_LIST, s->points.n, at, span);
  }
  VEC(const char *) names = {0};
  for (int i = 0; i < s->records.n; i++) vec_push(S->a, &names, s->records.at[i].name);
  for (int i = 0; i < s->axes.n; i++) vec_push(S->a, &names, s->axes.at[i].name);
  Diag *d = say(S, DIAG_NAME, span, "the sweep `%s` records no `%s`", s->name, name);
  const char *near = diag_nearest(name, names.at, names.n);
  if (near != NULL) diag_mark(d, "did you mean `%s.%s`?", s->name, near);
  return S->error;
}

const Value *sweep_member(Sema *S, const Value *v, const AstNode *n) {
  const Value *out = part_of(S, v, sym_text(n->name), n->name_span.end != 0 ? n->name_span : n->span);
  return val_at(S, out, n->span);
}

static const Value *picked(Sema *S, const Value *v, int point, Span span) {
  Value *out = val_new(S, VAL_SWEEP, span);
  out->u.sweep.index = v->u.sweep.index;
  out->u.sweep.point = point;
  return out;
}

const Value *sweep_pick(Sema *S, const Value *v, const Value *value, const AstNode *n) {
  const Span span = n->span;
  if (v->u.sweep.point >= 0 && value->kind == VAL_TEXT) return part_of(S, v, value->u.text, span);
  const Sweep *s = &S->p->sweeps.at[v->u.sweep.index];
  const struct SweepInfo *info = S->sweeps.at[v->u.sweep.index];
  const bool texts = s->points.n > 0 && s->axes.n == 1 && value_at(info, 0, 0, NULL)->kind == VAL_TEXT;
  if (!texts || value->kind != VAL_TEXT) {
    Diag *d = say(S, DIAG_TYPE, span, "a point is picked by brackets where one text is varied");
    diag_help(d, "name the hypers: `%s(%s = %s)`", s->name, s->axes.n > 0 ? s->axes.at[0].name : "lr",
              texts ? "\"...\"" : "...");
    if (value->kind != VAL_TEXT && s->axes.n > 0)
      diag_line(d, "help",
                "two points are compared by what they record: `paired_test(%s(%s = a).acc, %s(%s = b).acc)`",
                s->name, s->axes.at[0].name, s->name, s->axes.at[0].name);
    return S->error;
  }
  for (int k = 0; k < s->points.n; k++)
    if (val_equal_static(value_at(info, k, 0, NULL), value)) return picked(S, v, k, span);
  Diag *d = say(S, DIAG_NAME, span, "the sweep `%s` has no point with %s = \"%s\"", s->name,
                s->axes.at[0].name, value->u.text);
  const char **names = ARENA_ARRAY(S->a, const char *, s->points.n + 1);
  for (int k = 0; k < s->points.n; k++) names[k] = s->points.at[k].shown[0];
  const char *near = diag_nearest(value->u.text, names, s->points.n);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  return S->error;
}

const Value *sweep_call(Sema *S, const Value *v, const Args *args) {
  const Sweep *s = &S->p->sweeps.at[v->u.sweep.index];
  const struct SweepInfo *info = S->sweeps.at[v->u.sweep.index];
  const Value **want = ARENA_ARRAY(S->a, const Value *, s->axes.n + 1);
  if (args->broken) return S->error;
  for (int i = 0; i < args->n_named; i++) {
    int axis = -1;
    for (int k = 0; k < s->axes.n; k++)
      if (strcmp(s->axes.at[k].name, sym_text(args->names[i])) == 0) axis = k;
    if (axis >= 0) want[axis] = args->named[i];
    else {
      say(S, DIAG_ARGUMENTS, args->named_span[i], "the sweep `%s` does not vary `%s`", s->name,
          sym_text(args->names[i]));
      return S->error;
    }
  }
  for (int k = 0; k < s->points.n && args->n_pos == 0; k++) {
    bool same = true;
    for (int i = 0; i < s->axes.n && same; i++)
      same = val_equal_static(value_at(info, k, i, NULL), want[i] != NULL ? want[i] : info->hyper.at[i]);
    if (same) return picked(S, v, k, args->span);
  }
  Diag *d = say(S, DIAG_ARGUMENTS, args->span, "the sweep `%s` has no such point", s->name);
  if (args->n_pos > 0) diag_help(d, "name the hypers: `%s(lr = 0.1)`", s->name);
  else diag_note(d, "hypers that are not named have their defaults");
  return S->error;
}

/* ---- the program of a point ---------------------------------------------------------------------- */

static bool is_shown_only(const Stmt *s) {
  return s->kind == STMT_PRINT || s->kind == STMT_CLAIM || s->kind == STMT_REPORT ||
         (s->kind == STMT_EXPECT && !s->is_assert);
}

static void drop_shown(Block *b) {
  int n = 0;
  for (int i = 0; i < b->stmts.n; i++) {
    if (is_shown_only(&b->stmts.at[i])) continue;
    if (b->stmts.at[i].block != NULL) drop_shown(b->stmts.at[i].block);
    if (b->stmts.at[i].other != NULL) drop_shown(b->stmts.at[i].other);
    b->stmts.at[n++] = b->stmts.at[i];
  }
  b->stmts.n = n;
}

/* Sites in the named trains, and where the weights start that these optimise, get streams of their own. */
static void repeat_sites(Sema *S, const Sweep *sweep, int64_t seed) {
  Program *p = S->p;
  bool *again = ARENA_ARRAY(S->a, bool, p->sites.n + 1);
  for (int i = 0; i < sweep->trains.n; i++) {
    Train *t = &p->trains.at[sweep->trains.at[i]];
    const char *inside = arena_printf(S->a, "%s.", t->name);
    t->site = arena_printf(S->a, "%s#%lld", t->name, (long long)seed);
    for (int k = 0; k < p->sites.n; k++)
      again[k] = again[k] || strncmp(p->sites.at[k].path, inside, strlen(inside)) == 0;
    for (int o = 0; o < t->optimizers.n; o++)
      for (int k = 0; k < t->optimizers.at[o].n_slots; k++) {
        const Slot *slot = &p->slots.at[t->optimizers.at[o].slots[k]];
        if (slot->site >= 0) again[slot->site] = true;
      }
  }
  for (int k = 0; k < p->sites.n; k++)
    if (again[k]) p->sites.at[k].path = arena_printf(S->a, "%s#%lld", p->sites.at[k].path, (long long)seed);
}

void point_finish(Sema *S) {
  const SemaPoint *point = S->options->point;
  drop_shown(&S->p->top);
  if (point->has_seed) repeat_sites(S, &S->p->sweeps.at[S->p->point - 1], point->seed);
}
