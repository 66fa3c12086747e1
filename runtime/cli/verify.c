/* qgn verify: runs a run again, from nothing or, with --sample, from its stored states, and names the first
 * number that differs. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "runtime/cli/json.h"
#include "runtime/record/safetensors.h"

#define SCRIPT_LIMIT ((size_t)16 << 20)
#define METRICS_LIMIT ((size_t)1 << 30)

typedef struct Verify {
  Cli *c;
  const char *folder; /* of the run */
  const char *again;  /* of its repetition */
  const char *work;   /* temporary folder */
  json_t *lock;
} Verify;

static int mismatch(Verify *v, const char *where, const char *before, const char *now) {
  Diag *d = diag_add(v->c->sink, DIAG_VERIFY, SPAN_NONE, "%s does not agree: %s", v->folder, where);
  if (before) diag_line(d, "stored", "%s", before);
  if (now) diag_line(d, "found", "%s", now);
  return cli_code(v->c);
}

/* ---- what it was made of ------------------------------------------------------------------------------ */

static int check_script(Verify *v, IoData *text) {
  char hex[65];
  IoError e;
  if (!io_read_file(v->c->arena, arena_printf(v->c->arena, "%s/script.qgn", v->folder), SCRIPT_LIMIT, text,
                    &e)) {
    diag_add(v->c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "%s", io_message(v->c->arena, &e));
    return cli_code(v->c);
  }
  io_sha256(text->bytes, text->size, hex);
  const char *stored = cli_json_text(v->lock, "script");
  if (strcmp(stored, hex) == 0) return 0;
  return mismatch(v, "script.qgn was changed", arena_printf(v->c->arena, "SHA-256 %.16s...", stored),
                  arena_printf(v->c->arena, "SHA-256 %.16s...", hex));
}

static int check_family(Verify *v) {
  const char *stored = cli_json_text(v->lock, "family"), *own = cli_family(v->c->arena);
  if (strcmp(stored, own) == 0) return 0;
  Diag *d = diag_add(v->c->sink, DIAG_RESUME, SPAN_NONE, "%s was made with other kernels", v->folder);
  diag_line(d, "stored", "%s", stored);
  diag_line(d, "found", "%s", own);
  diag_note(d, "bits are promised for one kernel family only");
  return cli_code(v->c);
}

/* ---- comparing ----------------------------------------------------------------------------------------- */

/* The first place where two JSON values differ; NULL if nowhere. */
static const char *first_place(Arena *a, const char *path, const json_t *x, const json_t *y,
                               const json_t **vx, const json_t **vy) {
  const char *key;
  json_t *v;
  if (json_is_object(x) && json_is_object(y)) {
    json_object_foreach((json_t *)x, key, v) {
      const char *at = first_place(a, arena_printf(a, "%s%s%s", path, *path ? "." : "", key), v,
                                   json_object_get(y, key), vx, vy);
      if (at) return at;
    }
    if (json_object_size(x) == json_object_size(y)) return NULL;
  } else if (json_is_array(x) && json_is_array(y) && json_array_size(x) == json_array_size(y)) {
    for (size_t i = 0; i < json_array_size(x); i++) {
      const char *at = first_place(a, arena_printf(a, "%s[%zu]", path, i), json_array_get(x, i),
                                   json_array_get(y, i), vx, vy);
      if (at) return at;
    }
    return NULL;
  } else if (x && y && json_equal((json_t *)x, (json_t *)y)) {
    return NULL;
  }
  *vx = x, *vy = y;
  return path;
}

static int compare_json(Verify *v, const char *name, const char *only) {
  Arena *a = v->c->arena;
  json_t *x = cli_json(a, v->folder, name), *y = cli_json(a, v->again, name);
  const json_t *vx = NULL, *vy = NULL;
  const char *at =
      first_place(a, "", only ? json_object_get(x, only) : x, only ? json_object_get(y, only) : y, &vx, &vy);
  int code = 0;
  if (!x || !y) code = mismatch(v, arena_printf(a, "%s is missing or damaged", name), NULL, NULL);
  else if (at)
    code = mismatch(v, arena_printf(a, "%s%s%s, %s", only ? only : "", only ? " in " : "", name, at),
                    vx ? cli_json_value(a, vx) : "nothing", vy ? cli_json_value(a, vy) : "nothing");
  json_decref(x);
  json_decref(y);
  return code;
}

/* What it reads. */
static int compare_sources(Verify *v) {
  const int code = compare_json(v, "qgn.lock", "data");
  return code ? code : compare_json(v, "qgn.lock", "imports");
}

/* ---- running it again -------------------------------------------------------------------------------- */

/* As the results say; of one that ended before them, by its folder: runs/gaussian-3f2a91c4. */
static const char *name_of(Arena *a, const char *folder) {
  json_t *results = cli_json(a, folder, "results.json");
  const char *slash = strrchr(folder, '/'), *known = cli_json_text(results, "run");
  char *name = arena_str(a, *known ? known : slash ? slash + 1 : folder), *dash = strrchr(name, '-');
  if (!*known && dash) *dash = '\0';
  json_decref(results);
  return name;
}

/* Where the script to run lies: as it was, if it uses modules; else a copy, so that nothing beside it
 * changes. */
static const char *script_of(Verify *v, const IoData *text) {
  Arena *a = v->c->arena;
  const char *path = v->c->operands.n > 1 ? v->c->operands.at[1] : cli_json_text(v->lock, "path");
  IoError e;
  if (json_object_size(json_object_get(v->lock, "imports")) > 0) {
    IoData now;
    if (io_read_file(a, path, SCRIPT_LIMIT, &now, &e) && now.size == text->size &&
        memcmp(now.bytes, text->bytes, now.size) == 0)
      return io_real_path(a, path);
    Diag *d = diag_add(v->c->sink, DIAG_RESUME, SPAN_NONE, "%s uses modules, and the script is not at `%s`",
                       v->folder, path);
    diag_help(d, "name the script behind the run: `qgn verify %s SCRIPT`", v->folder);
    return NULL;
  }
  const char *copy = arena_printf(a, "%s/%s.qgn", v->work, name_of(a, io_real_path(a, v->folder)));
  if (io_write_quick(copy, text->bytes, text->size, &e)) return copy;
  diag_add(v->c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(a, &e));
  return NULL;
}

typedef VEC(char *) Words;
static void word(Cli *c, Words *w, const char *s) { vec_push(c->arena, w, arena_str(c->arena, s)); }

/* A line `kind: ...` of a message in a log; NULL if there is none before the next message. */
static const char *line_of(Arena *a, const char *message, const char *kind) {
  const char *end = strstr(message, "\n\n"), *at = strstr(message, arena_printf(a, "= %s: ", kind));
  if (!at || (end && at > end)) return NULL;
  at += strlen(kind) + 4;
  return arena_strn(a, at, strcspn(at, "\n"));
}

/* What the other process found, said again here; 0 if it ended well. */
static int relay(Verify *v, const char *log, int status) {
  Arena *a = v->c->arena;
  IoData text;
  IoError e;
  if (!io_read_file(a, log, SCRIPT_LIMIT, &text, &e)) text.bytes = (unsigned char *)arena_str(a, "");
  const char *found = strstr((const char *)text.bytes, "error[E0808]: "), *where = NULL;
  if (found) where = strstr(found, " does not agree: ");
  if (where) {
    where += strlen(" does not agree: ");
    return mismatch(v, arena_strn(a, where, strcspn(where, "\n")), line_of(a, found, "stored"),
                    line_of(a, found, "found"));
  }
  if (v->again && io_exists(arena_printf(a, "%s/results.json", v->again))) return 0;
  found = strstr((const char *)text.bytes, "error[");
  return mismatch(v, arena_printf(a, "running it again ends with status %d", status), NULL,
                  found ? arena_strn(a, found, strcspn(found, "\n")) : NULL);
}

static int run_again(Verify *v, const char *script) {
  Cli *c = v->c;
  Words w = {0};
  const json_t *sets = json_object_get(v->lock, "sets");
  const char *path = cli_json_text(v->lock, "path"), *slash = strrchr(path, '/');
  word(c, &w, "qgn"), word(c, &w, "run"), word(c, &w, script), word(c, &w, "--fresh"), word(c, &w, "--quiet");
  word(c, &w, "--color"), word(c, &w, "never");
  if (c->given[OPT_SAMPLE]) {
    word(c, &w, "--replay"), word(c, &w, io_real_path(c->arena, v->folder));
    word(c, &w, "--sample"), word(c, &w, c->value[OPT_SAMPLE]);
  }
  for (size_t i = 0; i < json_array_size(sets); i++)
    word(c, &w, "--set"), word(c, &w, cli_json_value(c->arena, json_array_get(sets, i)));
  if (c->value[OPT_DATA]) word(c, &w, "--data"), word(c, &w, io_real_path(c->arena, c->value[OPT_DATA]));
  else if (slash && io_is_folder(arena_strn(c->arena, path, (size_t)(slash - path))))
    word(c, &w, "--data"), word(c, &w, arena_strn(c->arena, path, (size_t)(slash - path)));
  vec_push(c->arena, &w, NULL);
  const char *log = arena_printf(c->arena, "%s/log", v->work);
  const int status = cli_child(v->work, log, w.at);
  v->again = io_real_path(c->arena, arena_printf(c->arena, "%s/runs/latest", v->work));
  const int code = v->again ? compare_sources(v) : 0;
  return code ? code : relay(v, log, status);
}

/* Steps that were executed, by timing.jsonl of the repetition and of its points. */
static int64_t executed(Arena *a, const char *folder) {
  IoData text;
  IoError e;
  char **names;
  int n;
  int64_t sum = 0;
  if (io_read_file(a, arena_printf(a, "%s/timing.jsonl", folder), METRICS_LIMIT, &text, &e))
    for (const char *s = (const char *)text.bytes; (s = strstr(s, "\"steps\":")) != NULL;)
      sum += strtoll(s += strlen("\"steps\":"), NULL, 10);
  const char *points = arena_printf(a, "%s/points", folder);
  if (!io_is_folder(points) || !io_list(a, points, &names, &n, &e)) return sum;
  for (int i = 0; i < n; i++) {
    const char *point = arena_printf(a, "%s/%s", points, names[i]);
    if (io_is_folder(point)) sum += executed(a, point);
  }
  return sum;
}

/* ---- weights and metrics ---------------------------------------------------------------------------------
 */

/* Line by line: the first that differs. */
static int compare_lines(Verify *v, const char *name) {
  Arena *a = v->c->arena;
  IoData x, y;
  IoError e;
  if (!io_read_file(a, arena_printf(a, "%s/%s", v->folder, name), METRICS_LIMIT, &x, &e))
    return mismatch(v, arena_printf(a, "%s is missing", name), NULL, NULL);
  if (!io_read_file(a, arena_printf(a, "%s/%s", v->again, name), METRICS_LIMIT, &y, &e)) return 0;
  if (x.size == y.size && memcmp(x.bytes, y.bytes, x.size) == 0) return 0;
  const char *s = (const char *)x.bytes, *t = (const char *)y.bytes;
  int line = 1;
  for (;; line++) {
    const size_t n = strcspn(s, "\n"), m = strcspn(t, "\n");
    if (n != m || memcmp(s, t, n) != 0)
      return mismatch(v, arena_printf(a, "%s, line %d", name, line), arena_strn(a, s, n),
                      arena_strn(a, t, m));
    if (s[n] == '\0' || t[m] == '\0') break;
    s += n + 1, t += m + 1;
  }
  return mismatch(v, name, NULL, NULL);
}

static double element_of(const StTensor *t, size_t i) {
  double d;
  float f;
  int64_t k;
  if (strcmp(t->dtype, "F64") == 0) return memcpy(&d, (const char *)t->data + 8 * i, 8), d;
  if (strcmp(t->dtype, "F32") == 0) return memcpy(&f, (const char *)t->data + 4 * i, 4), (double)f;
  if (strcmp(t->dtype, "I64") == 0) return memcpy(&k, (const char *)t->data + 8 * i, 8), (double)k;
  return 0;
}

/* The rest of a file of weights: its head. Equal runs write equal bytes. */
static int compare_bytes(Verify *v, const char *name) {
  Arena *a = v->c->arena;
  IoData x, y;
  IoError e;
  if (!io_read_file(a, arena_printf(a, "%s/%s", v->folder, name), METRICS_LIMIT, &x, &e)) return 0;
  if (!io_read_file(a, arena_printf(a, "%s/%s", v->again, name), METRICS_LIMIT, &y, &e)) return 0;
  size_t n = x.size < y.size ? x.size : y.size, at = 0;
  while (at < n && x.bytes[at] == y.bytes[at]) at++;
  if (at == n && x.size == y.size) return 0;
  return mismatch(v, arena_printf(a, "%s, byte %zu of its head", name, at), NULL, NULL);
}

static int compare_weights(Verify *v, const char *name) {
  Arena *a = v->c->arena;
  StFile x, y;
  const char *why = st_read(a, arena_printf(a, "%s/%s", v->folder, name), &x);
  if (why) return mismatch(v, arena_printf(a, "%s is damaged: %s", name, why), NULL, NULL);
  if (st_read(a, arena_printf(a, "%s/%s", v->again, name), &y)) return 0;
  for (int i = 0; i < x.tensors.n; i++) {
    const StTensor *s = &x.tensors.at[i], *t = st_find(&y, s->name);
    if (t && t->size == s->size && memcmp(t->data, s->data, s->size) == 0) continue;
    if (!t || t->size != s->size)
      return mismatch(v, arena_printf(a, "%s has another `%s`", name, s->name), NULL, NULL);
    const size_t each = st_element(s->dtype);
    for (size_t k = 0; k < s->size / each; k++)
      if (memcmp((const char *)s->data + k * each, (const char *)t->data + k * each, each) != 0)
        return mismatch(v, arena_printf(a, "%s, `%s`, element %zu", name, s->name, k),
                        arena_printf(a, "%.17g", element_of(s, k)),
                        arena_printf(a, "%.17g", element_of(t, k)));
  }
  return compare_bytes(v, name);
}

static int compare(Verify *v) {
  char **names;
  int n, code = compare_lines(v, "metrics.csv");
  IoError e;
  if (!code) code = compare_json(v, "results.json", NULL);
  if (!code && !io_list(v->c->arena, v->folder, &names, &n, &e)) n = 0;
  for (int i = 0; !code && i < n; i++)
    if (strstr(names[i], ".safetensors") && !strstr(names[i], ".checkpoint-"))
      code = compare_weights(v, names[i]);
  return code;
}

int cli_verb_verify(Cli *c) {
  char work[] = "/tmp/qgn-verify-XXXXXX";
  IoData text;
  int64_t steps = 0;
  if (c->operands.n < 1 || c->operands.n > 2) return cli_usage(c, c->line, "`qgn verify` wants a run"), 2;
  Verify v = {.c = c, .folder = cli_run_folder(c, c->operands.at[0], c->operand_spans.at[0])};
  if (!v.folder) return cli_code(c);
  v.lock = cli_json(c->arena, v.folder, "qgn.lock");
  int code = check_script(&v, &text);
  if (!code) code = check_family(&v);
  if (!code && !mkdtemp(work)) {
    diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "no temporary folder can be made in /tmp");
    code = cli_code(c);
  } else if (!code) {
    v.work = work;
    const char *script = script_of(&v, &text);
    code = script ? run_again(&v, script) : cli_code(c);
    if (!code) code = compare(&v);
    steps = code || !c->given[OPT_SAMPLE] ? 0 : executed(c->arena, v.again);
    cli_remove_folder(c->arena, work);
  }
  json_decref(v.lock);
  if (!code && c->given[OPT_SAMPLE])
    printf("verified: %s, every number is the same; %lld step%s executed again\n", v.folder, (long long)steps,
           steps == 1 ? "" : "s");
  else if (!code) printf("verified: %s, every number is the same\n", v.folder);
  return code;
}
