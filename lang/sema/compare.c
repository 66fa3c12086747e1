/* `compare` of the library takes two points of a sweep seed by seed: what does not fit is said at the call.
 */
#include <string.h>
#include "lang/sema/walk.h"

static bool arm_fits(Sema *S, const Sweep *s, const Value *arm) {
  if (s->axes.n != 1 || arm->kind != VAL_TEXT) {
    Diag *d =
        s->axes.n == 1
            ? say(S, DIAG_TYPE, arm->span, "an arm of `compare` is a text that `%s` varies, but this is %s",
                  s->name, val_describe(S, arm))
            : say(S, DIAG_TYPE, arm->span, "`compare` is for a sweep of one text, but `%s` varies %d hypers",
                  s->name, s->axes.n);
    const char *by = s->axes.n > 0 ? s->axes.at[0].name : "lr";
    diag_help(d, "two points are compared by what they record: `paired_test(%s(%s = a).acc, %s(%s = b).acc)`",
              s->name, by, s->name, by);
    return false;
  }
  const char **names = ARENA_ARRAY(S->a, const char *, s->points.n + 1);
  for (int k = 0; k < s->points.n; k++) {
    names[k] = s->points.at[k].shown[0];
    if (strcmp(names[k], arm->u.text) == 0) return true;
  }
  Diag *d = say(S, DIAG_NAME, arm->span, "the sweep `%s` has no point with %s = \"%s\"", s->name,
                s->axes.at[0].name, arm->u.text);
  const char *near = diag_nearest(arm->u.text, names, s->points.n);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  return false;
}

static bool record_fits(Sema *S, const Sweep *s, const Value *metric) {
  const char *name = want_text(S, metric, "the record of `compare`");
  if (name == NULL) return false;
  const char **names = ARENA_ARRAY(S->a, const char *, s->records.n + 1);
  for (int i = 0; i < s->records.n; i++) {
    const Shape *entry = &s->records.at[i].entry;
    names[i] = s->records.at[i].name;
    if (strcmp(names[i], name) != 0) continue;
    if (entry->rank == 0) return true;
    Diag *d = say(S, DIAG_SHAPE, metric->span, "`compare` is for a record of one number, but `%s.%s` is %s",
                  s->name, name, sema_shape_text(S, entry));
    diag_help(d, "record its mean: `record %s = mean(...)`", name);
    return false;
  }
  Diag *d = say(S, DIAG_NAME, metric->span, "the sweep `%s` records no `%s`", s->name, name);
  const char *near = diag_nearest(name, names, s->records.n);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  return false;
}

bool compare_fits(Sema *S, const Value *const *v) {
  if (v[0]->kind != VAL_SWEEP || v[0]->u.sweep.point >= 0) {
    if (v[0]->kind == VAL_SWEEP) {
      Diag *d =
          say(S, DIAG_TYPE, v[0]->span, "`compare` takes the whole sweep, but this is one of its points");
      diag_help(d, "name its arms: `compare(%s, \"a\", \"b\", \"acc\")`",
                S->p->sweeps.at[v[0]->u.sweep.index].name);
    } else wrong_kind(S, v[0], "the first argument of `compare`", "a sweep");
    return false;
  }
  const Sweep *s = &S->p->sweeps.at[v[0]->u.sweep.index];
  if (!arm_fits(S, s, v[1]) || !arm_fits(S, s, v[2]) || !record_fits(S, s, v[3])) return false;
  if (s->seeds.n > 0) return true;
  Diag *d =
      say(S, DIAG_TYPE, v[0]->span, "`compare` goes seed by seed, but the sweep `%s` has no seeds", s->name);
  diag_label(d, s->span, "declared here");
  if (s->trains.n > 0) diag_help(d, "write `seeds = 5` in it");
  else diag_help(d, "write `sweep %s over` and the train to repeat, and `seeds = 5` in it", s->name);
  return false;
}
