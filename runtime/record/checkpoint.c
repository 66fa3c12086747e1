/* State of a train on disk: two rolling checkpoints, kept ones, and what stands at the end. */
#include <stdlib.h>
#include <string.h>
#include "runtime/record/memo.h"
#include "runtime/record/record_int.h"
#include "runtime/record/replay.h"
#include "runtime/record/safetensors.h"

#define TIMED_SECONDS 2.0
#define TIMED_SHARE 0.02 /* of the time may go into timed checkpoints */

static const Train *train_of(const Record *r, int train) { return &r->spec.program->trains.at[train]; }

static const char *slot_name(const Record *r, int train, int slot) {
  return arena_printf(r->arena, "%s.checkpoint-%c.safetensors", train_of(r, train)->name, slot ? 'b' : 'a');
}

static const char *state_name(const Record *r, int train) {
  return arena_printf(r->arena, "%s.state.safetensors", train_of(r, train)->name);
}

/* ---- timing --------------------------------------------------------------------------------- */

/* Adds the stretch since the last line to timing.jsonl. It is written before the checkpoint that
 * ends it, so that steps whose checkpoint is there are always in the log. */
static void flush_timing(Record *r, int train, bool loaded) {
  RecordTrain *t = &r->trains[train];
  double now = record_clock(), seconds = now - t->stretch_clock;
  if (t->epoch == t->stretch_epoch && t->steps == t->stretch_steps && !loaded) return;
  Text line = text_new(r->arena);
  text_add(&line, "{\"train\":");
  text_json_string(&line, train_of(r, train)->name);
  text_printf(&line, ",\"from_epoch\":%lld,\"to_epoch\":%lld,\"steps\":%lld,\"seconds\":",
              (long long)t->stretch_epoch, (long long)t->epoch, (long long)(t->steps - t->stretch_steps));
  text_json_number(&line, loaded ? 0 : (double)(int64_t)(seconds * 1e6) / 1e6, false);
  if (!r->timed_setup) {
    text_add(&line, ",\"setup_seconds\":");
    text_json_number(&line, (double)(int64_t)((t->stretch_clock - r->spec.started) * 1e6) / 1e6, false);
    r->timed_setup = true;
  }
  text_printf(&line, ",\"threads\":%d,\"resumed\":%s,\"loaded\":%s}\n", r->spec.threads,
              t->from_epoch > 0 ? "true" : "false", loaded ? "true" : "false");
  IoError e;
  if (io_append(record_path(r, "timing.jsonl"), line.at, line.n, NULL, &e)) record_written(r, "timing.jsonl");
  else record_failed(r, "timing.jsonl", &e);
  t->stretch_clock = now;
  t->stretch_epoch = t->epoch;
  t->stretch_steps = t->steps;
}

int record_epoch(Record *r, const RunProgress *p) {
  RecordTrain *t = &r->trains[p->train_index];
  t->epoch = p->epoch;
  t->steps = p->steps;
  if (r->replay) return replay_epoch(r->replay, p->train_index, p->epoch) ? 3 : 0;
  double interval = r->save_cost / TIMED_SHARE;
  if (interval < TIMED_SECONDS) interval = TIMED_SECONDS;
  return record_clock() - r->last_save >= interval;
}

void record_train_begin(Record *r, int train, int64_t from_epoch) {
  RecordTrain *t = &r->trains[train];
  t->from_epoch = t->epoch = t->stretch_epoch = from_epoch;
  t->steps = t->stretch_steps = 0;
  r->last_save = t->stretch_clock = record_clock();
  record_event(r, EVENT_TRAIN, train);
}

void record_train_end(Record *r, const Run *run, int train, int64_t epochs, int64_t steps) {
  RecordTrain *t = &r->trains[train];
  t->epoch = epochs;
  t->steps = steps;
  /* one that ran comes to its end with SAVE_FINAL */
  t->ended = steps == 0 && (t->loaded_final || epochs >= train_of(r, train)->epochs);
  flush_timing(r, train, t->loaded_final);
  record_write_metrics(r, run);
}

/* ---- saving ---------------------------------------------------------------------------------- */

static StTensor tensor_of(const StateItem *item) {
  StTensor t = {.name = item->name, .dtype = item->dtype, .rank = item->rank, .data = item->data};
  for (int i = 0; i < item->rank; i++) t.dims[i] = item->dims[i];
  if (item->rows) t.dims[0] = *item->rows;
  return t;
}

/* How many epochs (0), batches (1), steps (2) the state stands behind the train's begin; steps order
 * checkpoints of one epoch. */
static int64_t state_counter(const StateItem *items, int n, int which) {
  for (int i = 0; i < n; i++) {
    int64_t counters[4]; /* epochs, batches, iterations, stopped; see state.c */
    if (strcmp(items[i].name, "progress/counters") != 0 || items[i].rank != 1 || items[i].dims[0] < 4)
      continue;
    memcpy(counters, items[i].data, sizeof counters);
    return counters[which];
  }
  return 0;
}

static bool write_items(Record *r, int train, const char *path, const char *what, bool weights_only,
                        const StateItem *items, int n, IoError *e) {
  Arena *a = arena_new();
  StTensor *list = ARENA_ARRAY(a, StTensor, n + 1);
  int m = 0;
  for (int i = 0; i < n; i++)
    if (!weights_only || items[i].is_weight) list[m++] = tensor_of(&items[i]);
  const StMeta meta[] = {
      {"qgn", what},
      {"version", arena_printf(a, "%d", RECORD_VERSION)},
      {"edition", arena_printf(a, "%d", r->spec.program->edition)},
      {"numerics", arena_printf(a, "%d", RECORD_NUMERICS)},
      {"train", train_of(r, train)->name},
      {"epoch", arena_printf(a, "%lld", (long long)r->trains[train].epoch)},
      {"iteration", arena_printf(a, "%lld", (long long)state_counter(items, n, 2))},
      {"run", r->content},
  };
  bool ok = st_write(a, path, list, m, meta, (int)(sizeof meta / sizeof *meta), e);
  arena_free(a);
  return ok;
}

/* One file of a train's state; `key` is the name under which a failure is remembered. */
static bool save_file(Record *r, int train, const char *name, const char *key, bool weights_only,
                      const StateItem *items, int n) {
  IoError e;
  if (!write_items(r, train, record_path(r, name), weights_only ? "weights" : "checkpoint", weights_only,
                   items, n, &e)) {
    record_failed(r, key, &e);
    return false;
  }
  record_written(r, key);
  return true;
}

static bool save_final(Record *r, int train, const StateItem *items, int n) {
  const char *weights = arena_printf(r->arena, "%s.safetensors", train_of(r, train)->name);
  const char *state = state_name(r, train);
  bool ok = save_file(r, train, weights, weights, true, items, n);
  ok = save_file(r, train, state, state, false, items, n) && ok;
  if (!ok) return false;
  IoError e;
  for (int slot = 0; slot < 2; slot++) {
    io_remove(record_path(r, slot_name(r, train, slot)), &e); /* one that stays does no harm */
    record_written(r, slot_name(r, train, slot));
  }
  record_written(r, train_of(r, train)->name);
  return true;
}

/* A memo that cannot be written is no fault of the run. */
static void save_memo(Record *r, int train, const StateItem *items, int n) {
  IoError e;
  const RecordTrain *t = &r->trains[train];
  if (!r->memo || !*t->key || t->from_memo) return;
  r->memo_grew |= write_items(r, train, memo_path(r->arena, r->memo, t->key), "memo", false, items, n, &e);
}

bool record_save(Record *r, const Run *run, int train, SaveReason why, const StateItem *items, int n) {
  RecordTrain *t = &r->trains[train];
  const char *name = train_of(r, train)->name;
  bool ok = false;
  /* a kept checkpoint inside a stretch is one that is not stored any more */
  const bool ends =
      why == SAVE_FINAL || (why == SAVE_KEPT && r->replay && replay_epoch(r->replay, train, t->epoch));
  if (r->replay && ends && !replay_reached(r->replay, train, items, n)) return false;
  if (r->replay && why != SAVE_FINAL) return true;
  if (why != SAVE_FINAL) flush_timing(r, train, false);
  double begin = record_clock();
  switch (why) {
  case SAVE_TIMED:
  case SAVE_SIGNAL:
    ok = save_file(r, train, slot_name(r, train, t->slot), name, false, items, n);
    if (ok) t->slot = 1 - t->slot;
    break;
  case SAVE_KEPT: {
    const char *file = arena_printf(r->arena, "%s-%06lld.safetensors", name, (long long)t->epoch);
    ok = save_file(r, train, file, file, false, items, n);
    break;
  }
  case SAVE_FINAL:
    t->ended = true;
    ok = save_final(r, train, items, n);
    save_memo(r, train, items, n);
    break;
  }
  if (why == SAVE_SIGNAL) record_write_metrics(r, run);
  r->last_save = record_clock();
  r->save_cost = r->last_save - begin;
  return ok;
}

/* ---- loading ----------------------------------------------------------------------------------- */

typedef struct Candidate {
  const char *name;
  int64_t epoch, iteration;
  int slot;
} Candidate;

static int newest_first(const void *a, const void *b) {
  const Candidate *x = a, *y = b;
  if (x->epoch != y->epoch) return x->epoch > y->epoch ? -1 : 1;
  if (x->iteration != y->iteration) return x->iteration > y->iteration ? -1 : 1;
  return strcmp(x->name, y->name);
}

/* "qgan-000050.safetensors" of train qgan: 50; -1 if the name is another. */
int64_t record_kept_epoch(const char *file, const char *train) {
  size_t n = strlen(train);
  if (strncmp(file, train, n) != 0 || file[n] != '-') return -1;
  char *end;
  long long epoch = strtoll(file + n + 1, &end, 10);
  return end > file + n + 1 && strcmp(end, ".safetensors") == 0 && epoch >= 0 ? epoch : -1;
}

/* Where a timed checkpoint stands. A damaged one counts as the newest, so that it is tried and named. */
static void read_place(Record *r, Candidate *c) {
  Arena *a = arena_new();
  StFile f;
  c->epoch = INT64_MAX - 1;
  if (!st_read(a, record_path(r, c->name), &f)) {
    const char *epoch = st_meta(&f, "epoch"), *iteration = st_meta(&f, "iteration");
    c->epoch = epoch ? strtoll(epoch, NULL, 10) : 0;
    c->iteration = iteration ? strtoll(iteration, NULL, 10) : 0;
  }
  arena_free(a);
}

static Candidate *find_candidates(Record *r, int train, int *n) {
  VEC(Candidate) found = {0};
  char **names;
  int n_names;
  IoError e;
  if (!io_list(r->arena, r->folder, &names, &n_names, &e)) n_names = 0;
  for (int i = 0; i < n_names; i++) {
    Candidate c = {
        .name = names[i], .epoch = record_kept_epoch(names[i], train_of(r, train)->name), .slot = -1};
    if (strcmp(names[i], state_name(r, train)) == 0) c.epoch = INT64_MAX;
    for (int slot = 0; slot < 2; slot++)
      if (strcmp(names[i], slot_name(r, train, slot)) == 0) {
        c.slot = slot;
        read_place(r, &c);
      }
    if (c.epoch >= 0) vec_push(r->arena, &found, c);
  }
  if (found.n) qsort(found.at, (size_t)found.n, sizeof *found.at, newest_first);
  *n = found.n;
  return found.at;
}

static const char *check_meta(const Record *r, int train, bool memo, const StFile *f) {
  const char *what = st_meta(f, "qgn"), *version = st_meta(f, "version"), *run = st_meta(f, "run");
  const char *name = st_meta(f, "train");
  if (!what || strcmp(what, memo ? "memo" : "checkpoint") != 0 || !st_meta(f, "sha256"))
    return "it is no checkpoint of qgn";
  if (!version || strtol(version, NULL, 10) > RECORD_VERSION) return "a newer qgn wrote it";
  if (!memo && (!run || strcmp(run, r->content) != 0)) return "it belongs to another run";
  if (!name || strcmp(name, train_of(r, train)->name) != 0) return "it belongs to another train";
  return NULL;
}

static const char *check_item(Arena *a, const StateItem *item, const StTensor *t) {
  if (!t) return arena_printf(a, "`%s` is missing", item->name);
  bool same = strcmp(t->dtype, item->dtype) == 0 && t->rank == item->rank;
  for (int i = 0; same && i < t->rank; i++)
    same = i == 0 && item->rows ? t->dims[0] <= item->dims[0] : t->dims[i] == item->dims[i];
  return same ? NULL : arena_printf(a, "`%s` has another type or shape", item->name);
}

/* Everything is checked before the first byte is copied. */
static const char *load_file(Arena *a, Record *r, int train, const char *path, bool memo,
                             const StateItem *items, int n) {
  StFile f;
  const char *why = st_read(a, path, &f);
  if (!why) why = check_meta(r, train, memo, &f);
  if (!why && f.tensors.n != n) why = "it holds other values than this train has";
  for (int i = 0; i < n && !why; i++) why = check_item(a, &items[i], st_find(&f, items[i].name));
  if (why) return why;
  for (int i = 0; i < n; i++) {
    const StTensor *t = st_find(&f, items[i].name);
    if (t->size) memcpy(items[i].data, t->data, t->size);
    if (items[i].rows) *items[i].rows = t->dims[0];
  }
  return NULL;
}

const char *record_load_file(Arena *a, Record *r, int train, const char *path, const StateItem *items,
                             int n) {
  return load_file(a, r, train, path, false, items, n);
}

bool record_from_memo(const Record *r, int train) { return r->trains[train].from_memo; }

/* Kept checkpoints are made by training only. */
static void find_key(Record *r, const Run *run, int train) {
  if (!r->memo || train_of(r, train)->checkpoint > 0) return;
  const char *salt = arena_printf(r->arena, "qgn memo %d numerics %d family %s", RECORD_VERSION,
                                  RECORD_NUMERICS, r->spec.family);
  run_train_key(run, train, salt, r->trains[train].key);
}

static int load_memo(Record *r, int train, const StateItem *items, int n) {
  RecordTrain *t = &r->trains[train];
  if (!*t->key) return 0;
  const char *path = memo_path(r->arena, r->memo, t->key);
  if (!io_exists(path)) return 0;
  Arena *a = arena_new();
  t->from_memo = load_file(a, r, train, path, true, items, n) == NULL;
  arena_free(a);
  if (!t->from_memo) return 0;
  io_touch(path);
  t->loaded_final = true;
  t->epoch = state_counter(items, n, 0); /* as the file says where it stands */
  save_final(r, train, items, n);
  return 1;
}

static int load_here(Record *r, int train, const StateItem *items, int n) {
  RecordTrain *t = &r->trains[train];
  int n_found;
  Candidate *found = find_candidates(r, train, &n_found);
  const char *first_bad = NULL, *first_why = NULL;
  for (int i = 0; i < n_found; i++) {
    Arena *a = arena_new();
    const char *why = load_file(a, r, train, record_path(r, found[i].name), false, items, n);
    if (why && !first_bad) first_bad = found[i].name, first_why = arena_str(r->arena, why);
    arena_free(a);
    if (why) continue;
    t->slot = found[i].slot < 0 ? 0 : 1 - found[i].slot;
    t->loaded_final = found[i].epoch == INT64_MAX;
    if (first_bad) {
      Diag *d = diag_add(r->sink, DIAG_OLD_CHECKPOINT, SPAN_NONE, "%s is damaged: %s",
                         record_path(r, first_bad), first_why);
      diag_note(d, "the run continues from %s instead", found[i].name);
    }
    return 1;
  }
  if (!first_bad) return 0;
  Diag *d = diag_add(r->sink, DIAG_CHECKPOINT, SPAN_NONE, "%s is damaged: %s", record_path(r, first_bad),
                     first_why);
  diag_help(d, "`--fresh` starts over");
  return -1;
}

/* From the run of fewer epochs. What is as it would be here at the end is written here too. */
static int load_shorter(Record *r, int train, const StateItem *items, int n) {
  RecordTrain *t = &r->trains[train];
  bool longer = false;
  if (r->shorter.folder == NULL || !record_goes_on(r, train, &longer)) return 0;
  const char *folder = r->folder;
  char content[65];
  memcpy(content, r->content, sizeof content);
  r->folder = r->shorter.folder;
  memcpy(r->content, r->shorter.content, sizeof content);
  int loaded = load_here(r, train, items, n);
  r->folder = folder;
  memcpy(r->content, content, sizeof content);
  t->slot = 0;
  if (loaded <= 0) return loaded;
  if (longer && state_counter(items, n, 3) == 0) {
    t->loaded_final = false;
    return record_may_go_on(r, train) ? 1 : -1;
  }
  t->epoch = state_counter(items, n, 0);
  if (t->loaded_final) save_final(r, train, items, n);
  return 1;
}

/* The end of a train that is not executed again to its end stands in this folder, too. */
static int load_replay(Record *r, int train, const StateItem *items, int n) {
  RecordTrain *t = &r->trains[train];
  const int loaded = replay_load(r->replay, train, items, n, &t->loaded_final);
  if (loaded <= 0) return loaded;
  t->epoch = state_counter(items, n, 0);
  if (t->loaded_final) save_final(r, train, items, n);
  return 1;
}

int record_load(Record *r, const Run *run, int train, const StateItem *items, int n) {
  if (r->replay) return load_replay(r, train, items, n);
  find_key(r, run, train);
  int loaded = r->continues && r->spec.resume ? load_here(r, train, items, n) : 0;
  if (loaded == 0) loaded = load_memo(r, train, items, n);
  if (loaded == 0 && r->spec.resume) loaded = load_shorter(r, train, items, n);
  return loaded;
}
