/* The locks: what a run was made of. The one beside the script (qgn.lock) holds what must be the same on
 * every machine: the edition, the hashes of modules and data files. Several scripts of a folder share it. The
 * one in the folder of a run holds the facts of the machine too. */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/data/table.h"
#include "runtime/record/record_int.h"

#define JSON_LIMIT ((size_t)256 << 20)

json_t *record_json(Arena *a, const char *path) {
  IoData data;
  IoError e;
  if (!io_read_file(a, path, JSON_LIMIT, &data, &e)) return NULL;
  return json_loadb((const char *)data.bytes, data.size, JSON_REJECT_DUPLICATES, NULL);
}

const char *record_json_text(const json_t *root, const char *key) {
  const char *s = json_string_value(json_object_get(root, key));
  return s ? s : "";
}

/* ---- data files ------------------------------------------------------------------------------------ */

static bool hash_one(Record *r, const char *path, char hex[65]) {
  IoData data;
  IoError e;
  if (!io_read_large(path, DATA_LIMIT, &data, &e)) {
    diag_add(r->sink, DIAG_DATA_BROKEN, SPAN_NONE, "%s", io_message(r->arena, &e));
    return false;
  }
  io_sha256(data.bytes, data.size, hex);
  io_free_large(&data);
  return true;
}

/* Of a folder: the hash of the names and hashes below it. */
static bool hash_folder(Record *r, const char *path, char hex[65]) {
  char **names;
  int n;
  IoError e;
  if (!io_list(r->arena, path, &names, &n, &e)) {
    diag_add(r->sink, DIAG_DATA_BROKEN, SPAN_NONE, "%s", io_message(r->arena, &e));
    return false;
  }
  Text t = text_new(r->arena);
  for (int i = 0; i < n; i++) {
    const char *at = arena_printf(r->arena, "%s/%s", path, names[i]);
    char one[65];
    if (!(io_is_folder(at) ? hash_folder(r, at, one) : hash_one(r, at, one))) return false;
    text_printf(&t, "%zu %s %s\n", strlen(names[i]), names[i], one);
  }
  io_sha256(t.at, t.n, hex);
  return true;
}

static int by_name(const void *a, const void *b) {
  return strcmp(((const RecordFile *)a)->name, ((const RecordFile *)b)->name);
}

static bool is_hashed(const Record *r, const char *name) {
  for (int i = 0; i < r->files.n; i++)
    if (strcmp(r->files.at[i].name, name) == 0) return true;
  return false;
}

bool record_hash_files(Record *r) {
  const Program *p = r->spec.program;
  for (int i = 0; i < p->datasets.n; i++)
    for (int k = 0; k < p->datasets.at[i].files.n; k++) {
      const DataPath *f = &p->datasets.at[i].files.at[k];
      RecordFile one = {.name = f->name};
      if (is_hashed(r, f->name)) continue;
      if (!(io_is_folder(f->path) ? hash_folder(r, f->path, one.sha256) : hash_one(r, f->path, one.sha256)))
        return false;
      vec_push(r->arena, &r->files, one);
    }
  if (r->files.n > 0) qsort(r->files.at, (size_t)r->files.n, sizeof r->files.at[0], by_name);
  return true;
}

/* ---- the lock beside the script ------------------------------------------------------------------------ */

static const char *script_lock(const Record *r) {
  const char *slash = strrchr(r->spec.script, '/');
  int n = slash ? (int)(slash - r->spec.script) + 1 : 0;
  return arena_printf(r->arena, "%.*sqgn.lock", n, r->spec.script);
}

bool record_check_lock(Record *r) {
  if (r->spec.update_lock || r->files.n == 0) return true;
  json_t *old = record_json(r->arena, script_lock(r));
  const json_t *data = json_object_get(old, "data");
  bool ok = true;
  for (int i = 0; i < r->files.n; i++) {
    const char *before = record_json_text(data, r->files.at[i].name);
    if (!*before || strcmp(before, r->files.at[i].sha256) == 0) continue;
    Diag *d = diag_add(r->sink, DIAG_DATA_CHANGED, SPAN_NONE,
                       "the data file `%s` is not the one this script ran with", r->files.at[i].name);
    diag_line(d, "expected", "SHA-256 %.16s..., as in %s", before, script_lock(r));
    diag_line(d, "found", "SHA-256 %.16s...", r->files.at[i].sha256);
    diag_help(d, "`--update-lock` accepts it");
    ok = false;
  }
  json_decref(old);
  return ok;
}

/* Sets key to text; true if that changed anything. */
static bool set_text(json_t *object, const char *key, const char *text) {
  if (strcmp(record_json_text(object, key), text) == 0) return false;
  json_object_set_new(object, key, json_string(text));
  return true;
}

static json_t *part_of(json_t *lock, const char *key) {
  json_t *part = json_object_get(lock, key);
  return part && json_is_object(part) ? json_incref(part) : json_object();
}

static void add_part(Text *t, const char *key, json_t *part, const char *end) {
  const char *name;
  json_t *value;
  RecordFile *all = ARENA_ARRAY(t->arena, RecordFile, json_object_size(part) + 1);
  int n = 0;
  json_object_foreach(part, name, value) {
    all[n].name = name;
    snprintf(all[n++].sha256, sizeof all->sha256, "%s",
             json_string_value(value) ? json_string_value(value) : "");
  }
  qsort(all, (size_t)n, sizeof *all, by_name);
  text_printf(t, "  \"%s\": {", key);
  for (int i = 0; i < n; i++) {
    text_add(t, i > 0 ? ",\n    " : "\n    ");
    text_json_string(t, all[i].name);
    text_printf(t, ": \"%s\"", all[i].sha256);
  }
  text_add(t, n > 0 ? "\n  }" : "}");
  text_add(t, end);
}

/* It is left alone if it says the same, whatever version wrote it; what other scripts of the folder use
 * stays. */
void record_write_script_lock(Record *r) {
  const Program *p = r->spec.program;
  const char *path = script_lock(r);
  json_t *old = record_json(r->arena, path);
  const json_t *edition = json_object_get(old, "edition");
  bool changed = !json_is_integer(edition) || json_integer_value(edition) != p->edition ||
                 !json_is_object(json_object_get(old, "data")) ||
                 !json_is_object(json_object_get(old, "imports"));
  json_t *imports = part_of(old, "imports"), *data = part_of(old, "data");
  for (int i = 0; i < p->imports.n; i++)
    changed = set_text(imports, p->imports.at[i].name, p->imports.at[i].sha256) || changed;
  for (int i = 0; i < r->files.n; i++)
    changed = set_text(data, r->files.at[i].name, r->files.at[i].sha256) || changed;
  if (changed) {
    Text t = text_new(r->arena);
    text_printf(&t, "{\n  \"edition\": %d,\n  \"qgn\": ", p->edition);
    text_json_string(&t, r->spec.version);
    text_add(&t, ",\n");
    add_part(&t, "imports", imports, ",\n");
    add_part(&t, "data", data, "\n}\n");
    IoError e;
    if (!io_write_quick(path, t.at, t.n, &e))
      diag_add(r->sink, DIAG_NO_LOCK, SPAN_NONE, "%s", io_message(r->arena, &e));
  }
  json_decref(imports);
  json_decref(data);
  json_decref(old);
}

/* ---- the lock of the run ---------------------------------------------------------------------------------
 */

bool record_write_run_lock(Record *r) {
  const RecordSpec *s = &r->spec;
  const struct {
    const char *key, *value;
  } facts[] = {
      {"qgn", s->version},      {"content", r->content}, {"statements", s->statements ? s->statements : ""},
      {"common", r->common},    {"family", s->family},   {"libraries", s->libraries},
      {"compiler", s->compiler}};
  char sha256[65];
  io_sha256(s->text, s->size, sha256);
  Text t = text_new(r->arena);
  text_printf(&t, "{\n  \"edition\": %d,\n", s->program->edition);
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
    text_printf(&t, "  \"%s\": ", facts[i].key);
    text_json_string(&t, facts[i].value);
    text_add(&t, ",\n");
  }
  const char *path = io_real_path(r->arena, s->script);
  text_add(&t, "  \"path\": ");
  text_json_string(&t, path ? path : s->script);
  text_printf(&t, ",\n  \"numerics\": %d,\n  \"script\": \"%s\",\n  \"sets\": [", RECORD_NUMERICS, sha256);
  for (int i = 0; i < s->n_sets; i++) {
    if (i) text_add(&t, ", ");
    text_json_string(&t, s->sets[i]);
  }
  text_add(&t, "],\n  \"epochs\": [");
  for (int i = 0; i < s->program->trains.n; i++)
    text_printf(&t, "%s%lld", i ? ", " : "", (long long)s->program->trains.at[i].epochs);
  text_add(&t, "],\n");
  json_t *imports = json_object(), *data = json_object();
  for (int i = 0; i < s->program->imports.n; i++)
    set_text(imports, s->program->imports.at[i].name, s->program->imports.at[i].sha256);
  for (int i = 0; i < r->files.n; i++) set_text(data, r->files.at[i].name, r->files.at[i].sha256);
  add_part(&t, "imports", imports, ",\n");
  add_part(&t, "data", data, "\n}\n");
  json_decref(imports);
  json_decref(data);
  IoError e;
  if (io_write_quick(record_path(r, "qgn.lock"), t.at, t.n, &e)) return true;
  diag_add(r->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(r->arena, &e));
  return false;
}
