#define _GNU_SOURCE
#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/record/memo.h"
#include "runtime/record/record_int.h"
#include "runtime/record/replay.h"

#define RUNS "runs"
#define EMPTYING ".emptying"
#define RESULTS_LIMIT ((size_t)64 << 20)

static double seconds_of(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

double record_clock(void) { return seconds_of(CLOCK_MONOTONIC); }
double record_thread_clock(void) { return seconds_of(CLOCK_THREAD_CPUTIME_ID); }

const char *record_folder(const Record *r) { return r->folder; }
bool record_continues(const Record *r) { return r->continues; }
const char *record_path(const Record *r, const char *name) {
  return arena_printf(r->arena, "%s/%s", r->folder, name);
}

void record_event(Record *r, EventKind kind, int index) {
  RecordEvent e = {kind, index};
  vec_push(r->arena, &r->events, e);
}

/* ---- writing ------------------------------------------------------------------------------ */

void record_failed(Record *r, const char *name, const IoError *e) {
  for (int i = 0; i < r->failures.n; i++)
    if (strcmp(r->failures.at[i].name, name) == 0) return;
  RecordFailure f = {arena_str(r->arena, name), io_message(r->arena, e), e->err == ENOMEM};
  vec_push(r->arena, &r->failures, f);
  Diag *d = diag_add(r->sink, DIAG_UNSAVED, SPAN_NONE, "%s", f.message);
  diag_note(d, "the run goes on; what was saved before is intact");
}

void record_written(Record *r, const char *name) {
  int n = 0;
  for (int i = 0; i < r->failures.n; i++)
    if (strcmp(r->failures.at[i].name, name) != 0) r->failures.at[n++] = r->failures.at[i];
  r->failures.n = n;
}

static void sync_all(Record *r) {
  IoError e;
  for (int i = 0; i < r->unsynced.n; i++)
    if (!io_sync(record_path(r, r->unsynced.at[i]), &e) && e.kind != IO_MISSING)
      record_failed(r, r->unsynced.at[i], &e);
  r->unsynced.n = 0;
}

bool record_write(Record *r, const char *name, const void *bytes, size_t size) {
  IoError e;
  bool last = strcmp(name, "results.json") == 0;
  if (last) sync_all(r);
  const char *path = record_path(r, name);
  if (!(last ? io_write_file : io_write_quick)(path, bytes, size, &e)) {
    record_failed(r, name, &e);
    return false;
  }
  if (!last) vec_push(r->arena, &r->unsynced, arena_str(r->arena, name));
  record_written(r, name);
  return true;
}

bool record_write_text(Record *r, const char *name, const Text *t) {
  return record_write(r, name, text_str(t), t->n);
}

/* ---- the name of a run --------------------------------------------------------------------- */

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Their order on the command line means nothing. */
static const char *const *sorted(Record *r, int n, const char *const *sets) {
  const char **list = ARENA_ARRAY(r->arena, const char *, n + 1);
  for (int i = 0; i < n; i++) list[i] = sets[i];
  if (n) qsort(list, (size_t)n, sizeof *list, by_text);
  return list;
}

/* Everything that can change a result, each piece with its length, so that no two differ unseen. */
static void hash_content(Record *r, const RecordSpec *s, char *out) {
  Text t = text_new(r->arena);
  text_printf(&t, "qgn run %d\nedition %d\nnumerics %d\n", RECORD_VERSION, s->program->edition,
              RECORD_NUMERICS);
  text_printf(&t, "family %zu %s\n", strlen(s->family), s->family);
  for (int i = 0; i < s->n_sets; i++) text_printf(&t, "set %zu %s\n", strlen(s->sets[i]), s->sets[i]);
  for (int i = 0; i < s->program->imports.n; i++) {
    const Import *m = &s->program->imports.at[i];
    text_printf(&t, "import %zu %s %s\n", strlen(m->name), m->name, m->sha256);
  }
  for (int i = 0; i < r->files.n; i++)
    text_printf(&t, "data %zu %s %s\n", strlen(r->files.at[i].name), r->files.at[i].name,
                r->files.at[i].sha256);
  if (s->main_folder) text_printf(&t, "point %d seed %s\n", s->point, s->point_seed);
  text_printf(&t, "script %zu\n", s->size);
  text_bytes(&t, s->text, s->size);
  io_sha256(t.at, t.n, out);
}

/* ---- opening ----------------------------------------------------------------------------------- */

static bool io_failed(Record *r, const IoError *e) {
  Diag *d = diag_add(r->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(r->arena, e));
  diag_note(d, "a run keeps its results in ./" RUNS " of the current folder");
  return false;
}

static bool ends_with(const char *s, const char *end) {
  size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

/* Removes what an earlier run left: all of it, or only temporary files of a process that died. */
static bool clean(Record *r, const char *path, bool all) {
  char **names;
  int n;
  IoError e;
  if (!io_list(r->arena, path, &names, &n, &e)) return io_failed(r, &e);
  for (int i = 0; i < n; i++) {
    const char *file = arena_printf(r->arena, "%s/%s", path, names[i]);
    const bool inside = strcmp(names[i], "figures") == 0 || strcmp(names[i], "saved") == 0;
    if (strcmp(names[i], ".lock") == 0 || (!all && !inside && !strstr(names[i], ".tmp-"))) continue;
    if (path == r->folder && strcmp(names[i], EMPTYING) == 0) continue;
    if (io_is_folder(file) && !clean(r, file, all)) return false;
    if (io_is_folder(file) && all && !io_remove(arena_printf(r->arena, "%s/.lock", file), &e))
      return io_failed(r, &e);
    if (io_is_folder(file) && !all) continue;
    if (!io_remove(file, &e)) return io_failed(r, &e);
  }
  return true;
}

static bool has_checkpoint(Record *r) {
  char **names;
  int n;
  IoError e;
  if (!io_list(r->arena, r->folder, &names, &n, &e)) return false;
  for (int i = 0; i < n; i++)
    if (ends_with(names[i], ".safetensors")) return true;
  return false;
}

static bool lock_folder(Record *r) {
  IoError e;
  if (!io_make_folder(r->folder, &e)) return io_failed(r, &e);
  if (io_lock(record_path(r, ".lock"), &r->lock, &e)) return true;
  r->lock = -1;
  if (e.kind != IO_DENIED || strstr(io_message(r->arena, &e), "another process") == NULL)
    return io_failed(r, &e);
  Diag *d = diag_add(r->sink, DIAG_RUN_LOCKED, SPAN_NONE, "another process is working in %s", r->folder);
  diag_note(d, "it runs the same script with the same settings");
  return false;
}

/* Whether the folder holds this run; hashes are cut to 8 digits, so another one is possible. */
static bool same_content(Record *r) {
  json_t *lock = record_json(r->arena, record_path(r, "qgn.lock"));
  bool other = lock && strcmp(record_json_text(lock, "content"), r->content) != 0;
  json_decref(lock);
  if (!other) return true;
  Diag *d = diag_add(r->sink, DIAG_RESUME, SPAN_NONE, "%s holds another run", r->folder);
  diag_help(d, "move that folder away");
  return false;
}

static bool is_complete(Record *r) {
  json_t *results = record_json(r->arena, record_path(r, "results.json"));
  bool complete = json_is_true(json_object_get(results, "complete"));
  json_decref(results);
  return complete;
}

/* Empties the folder for a run that begins with --fresh. A process that is killed in the middle leaves its
 * sign, and the next one goes on with emptying. */
static bool empty(Record *r) {
  const char *sign = record_path(r, EMPTYING);
  IoError e;
  if (!io_write_quick(sign, "", 0, &e)) return io_failed(r, &e);
  if (!clean(r, r->folder, true)) return false;
  if (!r->spec.main_folder && !io_make_folder(record_path(r, "memo"), &e)) return io_failed(r, &e);
  return io_remove(sign, &e) || io_failed(r, &e);
}

static RecordState find_state(Record *r) {
  if (r->spec.fresh || io_exists(record_path(r, EMPTYING))) return empty(r) ? RECORD_READY : RECORD_REFUSED;
  if (!clean(r, r->folder, false) || !same_content(r)) return RECORD_REFUSED;
  if (is_complete(r)) {
    record_memo_finish(r, true); /* left by a process that was killed behind its results */
    return RECORD_COMPLETE;
  }
  r->continues = has_checkpoint(r);
  if (!r->continues || r->spec.resume) return RECORD_READY;
  Diag *d = diag_add(r->sink, DIAG_RESUME, SPAN_NONE, "%s holds an unfinished run of this script", r->folder);
  diag_help(d, "`--resume` continues it, `--fresh` starts over");
  return RECORD_REFUSED;
}

static bool name_folder(Record *r) {
  const RecordSpec *s = &r->spec;
  r->trains = ARENA_ARRAY(r->arena, RecordTrain, s->program->trains.n + 1);
  r->claims = ARENA_ARRAY(r->arena, RecordClaim, s->program->claims.n + 1);
  r->spec.sets = sorted(r, s->n_sets, s->sets);
  if (!record_hash_files(r)) return false;
  hash_content(r, s, r->content);
  RecordSpec common = *s;
  common.sets = sorted(r, s->n_common, s->common_sets);
  common.n_sets = s->n_common;
  if (s->common) common.text = s->common;
  hash_content(r, &common, r->common);
  r->folder = s->main_folder ? record_point_folder(r->arena, s->main_folder, s->point)
                             : arena_printf(r->arena, RUNS "/%s-%.8s", s->name, r->content);
  return true;
}

const char *record_main_folder(Arena *a, const RecordSpec *spec, DiagSink *sink) {
  Record r = {.arena = a, .spec = *spec, .sink = sink, .lock = -1};
  return name_folder(&r) ? r.folder : NULL;
}

/* A run that began with --fresh takes nothing that other runs left, and neither do its points: its memo is in
 * its folder as long as it is not complete. */
static void choose_memo(Record *r) {
  const RecordSpec *s = &r->spec;
  const char *own = arena_printf(r->arena, "%s/memo", s->main_folder ? s->main_folder : r->folder);
  IoError e;
  if (s->main_folder && s->fresh) return;
  r->memo = io_is_folder(own) ? own : s->memo;
  if (r->memo && r->memo != own && !io_make_folder(r->memo, &e)) r->memo = NULL;
}

void record_memo_finish(Record *r, bool complete) {
  const char *own = record_path(r, "memo");
  uint64_t freed, left;
  IoError e;
  if (!r->spec.main_folder && complete && io_is_folder(own)) {
    memo_trim(r->arena, own, 0, &freed, &left);
    io_remove(own, &e);
  }
  if (r->memo_grew && r->memo == r->spec.memo) memo_trim(r->arena, r->memo, MEMO_CAP, &freed, &left);
}

RecordState record_open(Arena *a, const RecordSpec *spec, DiagSink *sink, Record **out) {
  Record *r = ARENA_NEW(a, Record);
  *r = (Record){.arena = a, .spec = *spec, .sink = sink, .lock = -1, .live.last = record_clock()};
  *out = r;
  if (!name_folder(r)) return RECORD_REFUSED;
  if (!record_check_lock(r) || !lock_folder(r)) return RECORD_REFUSED;
  RecordState state = find_state(r);
  IoError e;
  if (state == RECORD_REFUSED) return state;
  const bool is_point = spec->main_folder != NULL;
  if (!is_point &&
      !io_symlink(r->folder + strlen(RUNS "/"), RUNS "/latest", record_path(r, "latest.tmp-link"), &e))
    return io_failed(r, &e), RECORD_REFUSED;
  if (state == RECORD_COMPLETE) return state;
  if (spec->resume && !spec->fresh && !is_point) record_find_shorter(r);
  if (!io_write_quick(record_path(r, "script.qgn"), spec->text, spec->size, &e))
    return io_failed(r, &e), RECORD_REFUSED;
  if (!record_write_run_lock(r)) return RECORD_REFUSED;
  choose_memo(r);
  if (spec->replay && !(r->replay = replay_open(r, spec->replay, spec->sample))) return RECORD_REFUSED;
  if (!is_point) record_write_script_lock(r);
  return RECORD_READY;
}

void record_close(Record *r) {
  if (r && r->lock >= 0) io_unlock(r->lock);
  if (r) r->lock = -1;
}

bool record_stored(Record *r, RecordStored *out) {
  memset(out, 0, sizeof *out);
  json_t *root = record_json(r->arena, record_path(r, "results.json"));
  const json_t *code = json_object_get(root, "exit_code"), *lines = json_object_get(root, "output");
  bool ok = json_is_integer(code) && json_is_array(lines);
  for (size_t i = 0; ok && i < json_array_size(lines); i++) {
    const char *line = json_string_value(json_array_get(lines, i));
    if (line) vec_push(r->arena, &out->lines, arena_str(r->arena, line));
  }
  if (ok) out->exit_code = (int)json_integer_value(code);
  json_decref(root);
  return ok;
}
