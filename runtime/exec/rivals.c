/* Warnings about adversarial training, from the series that its instruments record (instruments.c of
 * lang/sema). Each is given once for a train; nothing else depends on them. */
#include <math.h>

#include "runtime/exec/run_state.h"

#define EPOCHS_BEFORE 5   /* that a gradient must have had to be compared with */
#define VANISHED 1e-3     /* of the largest norm so far */
#define COLLAPSED 0.1     /* of the spread of the real rows, */
#define SPREAD_BEFORE 0.3 /* after it was so large, or at the end of the train */

enum { SAID_NORM = 1, SAID_SPREAD = 2 };

static double entry(const Run *r, int series, int64_t k) {
  return run_read(r, r->slot_data[r->program->series.at[series].slot], k);
}

static void add_loaded(Diag *d, bool loaded) {
  if (loaded) diag_note(d, "as recorded: the train was run before, and is loaded");
}

static void judge_norm(Run *r, const Train *t, const Rival *o, double *now, int64_t k, bool loaded) {
  const double norm = entry(r, o->norm, k);
  if (k >= EPOCHS_BEFORE && norm < VANISHED * now[RIVAL_NORM] && !((int)now[RIVAL_SAID] & SAID_NORM)) {
    now[RIVAL_SAID] += SAID_NORM;
    Diag *d = o->critic ? diag_add(r->sink, DIAG_SATURATED, o->span, "the critic `%s` of `%s` is saturated",
                                   o->name, t->name)
                        : diag_add(r->sink, DIAG_VANISHING, o->span, "the gradient of `%s` in `%s` vanishes",
                                   o->name, t->name);
    diag_note(d, "in epoch %lld its norm is %.2g, and it was %.2g", (long long)k + 1, norm, now[RIVAL_NORM]);
    add_loaded(d, loaded);
    if (o->critic)
      diag_help(d, "a lower learning rate of `%s`, fewer steps of it, or smoothed labels", o->name);
    else diag_help(d, "a weaker critic, or a loss that does not saturate, like `wgan_gp` of std.gan");
  }
  now[RIVAL_NORM] = fmax(now[RIVAL_NORM], norm);
}

static void judge_spread(Run *r, const Train *t, const Rival *o, double *now, int64_t k, bool loaded) {
  const double spread = entry(r, o->spread, k);
  const bool fell = now[RIVAL_SPREAD] > SPREAD_BEFORE || k + 1 == t->epochs;
  if (spread < COLLAPSED && fell && !((int)now[RIVAL_SAID] & SAID_SPREAD)) {
    now[RIVAL_SAID] += SAID_SPREAD;
    Diag *d = diag_add(r->sink, DIAG_COLLAPSE, o->span,
                       "what is generated for the critic `%s` of `%s` has collapsed", o->name, t->name);
    diag_note(d, "in epoch %lld the generated rows spread %.2g times as far as the real ones",
              (long long)k + 1, spread);
    add_loaded(d, loaded);
    diag_help(d, "a slower generator, or a critic with a gradient penalty (`wgan_gp` of std.gan)");
  }
  now[RIVAL_SPREAD] = fmax(now[RIVAL_SPREAD], spread);
}

void rivals_judge(Run *r, const Train *t, TrainState *s, bool loaded) {
  for (int i = 0; i < t->rivals.n; i++) {
    const Rival *o = &t->rivals.at[i];
    double *now = s->rivals + i * RIVAL_NUMBERS;
    const int64_t n = r->slot_rows[o->norm];
    for (int64_t k = (int64_t)now[RIVAL_SEEN]; k < n; k++) {
      judge_norm(r, t, o, now, k, loaded);
      if (o->spread >= 0 && k < r->slot_rows[o->spread]) judge_spread(r, t, o, now, k, loaded);
    }
    now[RIVAL_SEEN] = (double)n;
  }
}
