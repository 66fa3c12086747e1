/* More epochs: a run whose script and settings differ from those of an earlier one in numbers of epochs alone
 * goes on where that one ended, with the bits of one long run. Trains before the first one that is longer now
 * are taken as they are, that one goes on, those behind it start anew, since they may depend on it. A
 * schedule that is a function of the share of the epochs makes a long run differ from its begin; then E0804
 * says so. */
#include <jansson.h>
#include <string.h>
#include "runtime/record/record_int.h"

#define RUNS "runs"

static int64_t epochs_of(const Record *r, int train) { return r->spec.program->trains.at[train].epochs; }

/* Epochs of all trains of the run in that folder if it is one that this one can go on from, else -1. */
static int64_t fits(Record *r, const char *folder, json_t *lock, int64_t *epochs) {
  const int n = r->spec.program->trains.n;
  const json_t *list = json_object_get(lock, "epochs");
  int64_t sum = 0;
  bool shorter = false;
  if (strcmp(record_json_text(lock, "common"), r->common) != 0 || (int)json_array_size(list) != n) return -1;
  if (strcmp(folder, r->folder) == 0 || strlen(record_json_text(lock, "content")) != 64) return -1;
  for (int i = 0; i < n; i++) {
    epochs[i] = (int64_t)json_integer_value(json_array_get(list, (size_t)i));
    if (!shorter && epochs[i] > epochs_of(r, i)) return -1;
    shorter = shorter || epochs[i] < epochs_of(r, i);
    sum += epochs[i];
  }
  return shorter ? sum : -1;
}

void record_find_shorter(Record *r) {
  const int n = r->spec.program->trains.n;
  int64_t best = -1, *epochs = ARENA_ARRAY(r->arena, int64_t, n + 1);
  char **names;
  int n_names;
  IoError e;
  if (!io_list(r->arena, RUNS, &names, &n_names, &e)) return;
  for (int i = 0; i < n_names; i++) {
    const size_t len = strlen(r->spec.name);
    if (strncmp(names[i], r->spec.name, len) != 0 || names[i][len] != '-') continue;
    const char *folder = arena_printf(r->arena, RUNS "/%s", names[i]);
    json_t *lock = record_json(r->arena, arena_printf(r->arena, "%s/qgn.lock", folder));
    const int64_t sum = fits(r, folder, lock, epochs);
    if (sum > best) {
      best = sum;
      r->shorter.folder = folder;
      r->shorter.content = arena_str(r->arena, record_json_text(lock, "content"));
      r->shorter.epochs = ARENA_ARRAY(r->arena, int64_t, n + 1);
      memcpy(r->shorter.epochs, epochs, (size_t)n * sizeof *epochs);
    }
    json_decref(lock);
  }
}

const char *record_shorter(const Record *r) { return r->continues ? NULL : r->shorter.folder; }

/* What follows the share of the epochs that have passed: the name of its owner, or NULL. */
static const char *follows_epochs(const Train *t) {
  for (int o = 0; o < t->optimizers.n; o++)
    for (int h = 0; h < t->optimizers.at[o].n_hypers; h++)
      if (t->optimizers.at[o].hypers[h].kind == SCHED_COSINE) return t->optimizers.at[o].name;
  for (int k = 0; k < t->scheduled.n; k++)
    if (t->scheduled.at[k].schedule.kind == SCHED_COSINE) return "a bound after `clip`";
  return NULL;
}

bool record_goes_on(Record *r, int train, bool *longer) {
  const Train *t = &r->spec.program->trains.at[train];
  const int64_t was = r->shorter.epochs[train];
  for (int i = 0; i < train; i++)
    if (r->shorter.epochs[i] != epochs_of(r, i)) return false;
  *longer = was != t->epochs;
  return true;
}

bool record_may_go_on(Record *r, int train) {
  const Train *t = &r->spec.program->trains.at[train];
  const char *who = follows_epochs(t);
  if (who == NULL) return true;
  Diag *d = diag_add(r->sink, DIAG_RESUME, t->span, "the %lld epochs of %s are not the begin of %lld",
                     (long long)r->shorter.epochs[train], r->shorter.folder, (long long)t->epochs);
  diag_mark(d, "`cosine` of `%s` falls over all epochs", who);
  diag_help(d, "`--fresh` trains from the start; `exponential`, `steps` and `plateau` can be gone on with");
  return false;
}
