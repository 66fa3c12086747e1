/* What a train looks at beside its data: `validate`, and the series that `patience` and `keep_best` follow.
 *
 * Validation is the step once more, on other rows: its losses in evaluation mode, without updates, records,
 * assignments and `stop()`. So the script does not say twice what a loss is. The terms are those of Keras'
 * EarlyStopping: an entry is better if it differs from the best by more than `min_delta`, and after
 * `patience` entries that are not the train ends. */
#include <math.h>
#include <string.h>
#include "lang/sema/walk.h"

static Train *train_now(Sema *S) { return &S->p->trains.at[S->train->index]; }

void watch_attribute(Sema *S, const char *name, const Value *v) {
  TrainInfo *info = S->train;
  Train *t = train_now(S);
  if (strcmp(name, "validate") == 0) {
    if (v->kind == VAL_DATASET) t->validation.dataset = v->u.index;
    else wrong_kind(S, v, "`validate` of a train", "a dataset");
    return;
  }
  if (strcmp(name, "instruments") == 0) {
    bool on = true;
    if (want_bool(S, v, "`instruments`", &on)) info->no_instruments = !on;
    return;
  }
  info->watch_span = v->span;
  if (strcmp(name, "patience") == 0) {
    int64_t n = 0;
    if (!want_int(S, v, "`patience`", &n)) return;
    if (n < 1) say(S, DIAG_ATTRIBUTE, v->span, "`patience` is at least 1, but this is %lld", (long long)n);
    else t->watch.patience = n;
  } else if (strcmp(name, "min_delta") == 0) {
    double x = 0;
    if (!want_real(S, v, "`min_delta`", &x)) return;
    if (!(x >= 0) || !isfinite(x))
      say(S, DIAG_ATTRIBUTE, v->span, "`min_delta` is at least 0, but this is %s", num_text(S, x));
    else t->watch.min_delta = x;
  } else if (strcmp(name, "keep_best") == 0) {
    want_bool(S, v, "`keep_best`", &t->watch.keep);
  } else if (strcmp(name, "goal") == 0) {
    info->goal = want_text(S, v, "`goal`");
    if (info->goal != NULL && strcmp(info->goal, "min") != 0 && strcmp(info->goal, "max") != 0) {
      Diag *d =
          say(S, DIAG_ATTRIBUTE, v->span, "`goal` is \"min\" or \"max\", but this is \"%s\"", info->goal);
      diag_help(d, "\"min\" for losses, \"max\" for accuracies");
    }
  } else {
    info->monitor = want_text(S, v, "`monitor`");
    info->monitor_span = v->span;
  }
}

bool can_validate(Sema *S, const AstNode *columns) {
  const TrainInfo *info = S->train;
  Span at = info->decl->name_span;
  for (int i = 0; i < info->given.n; i++)
    if (strcmp(info->given.at[i].name, "validate") == 0) at = info->given.at[i].span;
  if (columns != NULL && info->n_minimize > 0) return true;
  Diag *d = say(S, DIAG_ATTRIBUTE, at, "the step of `%s` has no %s to validate", info->name,
                columns == NULL ? "columns" : "`minimize`, so there is no loss");
  diag_help(d, "validation computes the losses of the step on the rows of another dataset");
  return false;
}

static bool is_watchable(const Sema *S, const TrainSeries *x) {
  const Series *s = &S->p->series.at[x->series];
  return s->per_epoch && shape_capacity(&s->entry) == 1;
}

/* The series that is meant if the script names none: the only loss, of the validation if there is one. */
static const TrainSeries *only_loss(const Sema *S, int *n) {
  const TrainInfo *info = S->train;
  const char *word = S->p->trains.at[info->index].validation.dataset >= 0 ? "val_loss" : "loss";
  const TrainSeries *found = NULL;
  *n = 0;
  for (int i = 0; i < info->series.n; i++)
    if (strncmp(info->series.at[i].name, word, strlen(word)) == 0) found = &info->series.at[i], (*n)++;
  return found;
}

static const TrainSeries *watched(Sema *S) {
  TrainInfo *info = S->train;
  int n = 0;
  VEC(const char *) names = {0};
  for (int i = 0; i < info->series.n; i++)
    if (is_watchable(S, &info->series.at[i])) vec_push(S->a, &names, info->series.at[i].name);
  const char *list = "";
  for (int i = 0; i < names.n; i++)
    list = arena_printf(S->a, "%s%s\"%s\"", list, i > 0 ? ", " : "", names.at[i]);
  if (info->monitor == NULL) {
    const TrainSeries *loss = only_loss(S, &n);
    if (n == 1) return loss;
    Diag *d = say(S, DIAG_ATTRIBUTE, info->watch_span, "`%s` records %s to follow", info->name,
                  n == 0 ? "no loss" : "several losses");
    if (names.n > 0) diag_help(d, "say which: `monitor = ...`, one of %s", list);
    return NULL;
  }
  for (int i = 0; i < info->series.n; i++)
    if (strcmp(info->series.at[i].name, info->monitor) == 0) {
      if (is_watchable(S, &info->series.at[i])) return &info->series.at[i];
      Diag *d = say(S, DIAG_ATTRIBUTE, info->monitor_span, "`%s` is not one number for an epoch",
                    S->p->series.at[info->series.at[i].series].name);
      diag_help(d, "record its mean in an `every 1 { ... }`, and follow that");
      return NULL;
    }
  Diag *d =
      say(S, DIAG_ATTRIBUTE, info->monitor_span, "the train `%s` records no `%s`", info->name, info->monitor);
  const char *near = diag_did_you_mean(d, info->monitor_span, info->monitor, names.at, names.n);
  if (near == NULL && names.n > 0) diag_help(d, "it can follow %s", list);
  return NULL;
}

void watch_settle(Sema *S, const AstNode *n) {
  TrainInfo *info = S->train;
  Train *t = train_now(S);
  (void)n;
  bool asked = t->watch.patience > 0 || t->watch.keep;
  if (!asked && info->watch_span.end == 0 && info->monitor == NULL) return;
  if (!asked) {
    Diag *d = say(S, DIAG_ATTRIBUTE, info->monitor != NULL ? info->monitor_span : info->watch_span,
                  "nothing follows this: the train has neither `patience` nor `keep_best`");
    diag_help(d, "write `patience = 10`, or `keep_best = true`");
    return;
  }
  const TrainSeries *s = watched(S);
  if (s == NULL) return;
  t->watch.series = s->series;
  t->watch.up = info->goal != NULL && strcmp(info->goal, "max") == 0;
  if (t->watch.patience > 0) info->may_stop = true;
}
