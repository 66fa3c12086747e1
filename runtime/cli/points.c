/* `check` of the points of sweeps: the script is elaborated with the settings of some of them, so that a size
 * or a text that does not fit is found before the others have run for hours. */
#include <string.h>
#include "lang/base/num.h"
#include "runtime/cli/cli.h"

/* Of a sweep: the first and the last point, and one for each further text or whole number of an axis.
 * Together they are written out to so many steps (Program.steps, of about a microsecond each): a check takes
 * no time. */
#define TRIES_MOST 12
#define STEPS_MOST 8000

/* Real numbers are rates and weights, on which no size depends. */
static bool is_real(const char *text) {
  double x;
  return num_parse(text, strlen(text), &x) && strpbrk(text, ".eE") != NULL;
}

/* Has a point a value that none of those tried had? */
static bool is_new(const Sweep *s, int point, const int *tried, int n) {
  for (int i = 0; i < s->axes.n; i++) {
    const char *mine = s->points.at[point].sets[i];
    bool seen = mine == NULL || is_real(mine);
    for (int k = 0; k < n && !seen; k++) {
      const char *other = s->points.at[tried[k]].sets[i];
      seen = other != NULL && strcmp(mine, other) == 0;
    }
    if (!seen) return true;
  }
  return false;
}

static int choose(const Sweep *s, int *tried) {
  int n = 0;
  if (s->points.n > 0) tried[n++] = 0;
  if (s->points.n > 1) tried[n++] = s->points.n - 1;
  for (int k = 1; k < s->points.n - 1 && n < TRIES_MOST; k++)
    if (is_new(s, k, tried, n)) tried[n++] = k;
  return n;
}

static const char *shown(Cli *c, const Sweep *s, int point) {
  const char *out = "";
  for (int i = 0; i < s->axes.n; i++)
    if (s->points.at[point].sets[i] != NULL)
      out = arena_printf(c->arena, "%s%s%s = %s", out, *out ? ", " : "", s->axes.at[i].name,
                         s->points.at[point].shown[i]);
  return out;
}

/* A record of the point whose shape is not that of the script as it stands; NULL: none. */
static const SweepRecord *other_shape(const Sweep *s, const Sweep *point, const SweepRecord **there) {
  for (int i = 0; i < s->records.n && i < point->records.n; i++) {
    *there = &point->records.at[i];
    if (!shape_equal(&s->records.at[i].entry, &(*there)->entry)) return &s->records.at[i];
  }
  return NULL;
}

static bool say_other_shape(Cli *c, const Program *p, const Program *of_point, int sweep, const char *point) {
  const SweepRecord *there = NULL,
                    *here = other_shape(&p->sweeps.at[sweep], &of_point->sweeps.at[sweep], &there);
  if (here == NULL) return true;
  Diag *d =
      diag_add(c->sink, DIAG_SHAPE, p->sweeps.at[sweep].span,
               "the points of a sweep record one shape, but `%s` is %s here and %s at %s", here->name,
               shape_text(c->arena, &here->entry, NULL), shape_text(c->arena, &there->entry, NULL), point);
  diag_help(d, "record a number, or a vector as long at every point");
  return false;
}

typedef struct Script {
  const char *path;
  const AstNode *tree, *prelude;
} Script;

/* The first error of a point goes to the sink, with the point; later ones mostly follow from it. */
static bool point_holds(Cli *c, const Script *script, const Program *p, int sweep, int number,
                        int64_t *steps) {
  const Cli before = cli_trial(c);
  const Sweep *s = &p->sweeps.at[sweep];
  const SweepPoint *point = &s->points.at[number];
  SemaPoint at = {.sweep = s->name, .has_seed = s->seeds.n > 0, .seed = s->seeds.n > 0 ? s->seeds.at[0] : 0};
  bool set = true;
  for (int i = 0; i < s->axes.n && set; i++)
    if (point->sets[i] != NULL) set = cli_replace_set(c, s->axes.at[i].name, point->sets[i]);
  c->point = &at;
  SemaOptions options = cli_sema_options(c, script->path);
  options.prelude = script->prelude;
  const Program *of_point = set ? sema_elaborate(c->arena, script->tree, &options, c->sink) : NULL;
  Arena *const mine = c->arena;
  DiagSink *const sink = c->sink;
  *c = before;
  for (int k = 0; k < sink->all.n; k++) {
    if (diag_info[sink->all.at[k]->code].severity == SEV_WARNING) continue;
    diag_note(sink->all.at[k], "at the point %s of the sweep `%s`", shown(c, s, number), s->name);
    diag_pass(c->sink, sink->all.at[k]);
    return false; /* the arena holds the message */
  }
  *steps += of_point != NULL ? of_point->steps : 0;
  const bool fits = of_point == NULL || say_other_shape(c, p, of_point, sweep, shown(c, s, number));
  arena_free(mine);
  return fits;
}

bool cli_points_hold(Cli *c, const CliScript *script, const AstNode *tree, const Program *p) {
  bool hold = true;
  int64_t steps = 0;
  if (p->sweeps.n == 0) return true;
  const Script parsed = {script->path, tree, sema_prelude(c->arena)};
  for (int i = 0; i < p->sweeps.n; i++) {
    int tried[TRIES_MOST];
    const int n = choose(&p->sweeps.at[i], tried);
    bool holds = true;
    for (int k = 0; k < n && steps < STEPS_MOST && holds; k++)
      holds = point_holds(c, &parsed, p, i, tried[k], &steps);
    hold = hold && holds;
  }
  return hold;
}
