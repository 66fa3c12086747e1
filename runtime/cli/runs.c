/* qgn list, show, diff, clean: runs that are there. */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "lang/base/io.h"
#include "lang/base/num.h"
#include "runtime/cli/json.h"
#include "runtime/record/memo.h"
#include "runtime/record/text.h"

#define SHOW_LIMIT ((size_t)256 << 20)

/* ---- list -------------------------------------------------------------------------------------------- */

static const char *state_of(const json_t *results) {
  if (!results) return "unfinished";
  const char *end = cli_json_text(results, "end");
  const json_int_t code = json_integer_value(json_object_get(results, "exit_code"));
  if (strcmp(end, "done") != 0) return end;
  return code == 0 ? "ok" : "failed";
}

/* "3/3": how many of a list have `key`. */
static const char *share_of(Arena *a, const json_t *results, const char *list, const char *key,
                            const char *wanted) {
  const json_t *all = json_object_get(results, list);
  int n = 0;
  for (size_t i = 0; i < json_array_size(all); i++) {
    const json_t *x = json_object_get(json_array_get(all, i), key);
    n += wanted ? json_is_string(x) && strcmp(json_string_value(x), wanted) == 0 : json_is_true(x);
  }
  return json_array_size(all) ? arena_printf(a, "%d/%d", n, (int)json_array_size(all)) : "-";
}

static const char *sets_of(Arena *a, const json_t *lock) {
  const json_t *sets = json_object_get(lock, "sets");
  const char *out = "";
  for (size_t i = 0; i < json_array_size(sets); i++)
    out = arena_printf(a, "%s%s%s", out, i ? " " : "", cli_json_value(a, json_array_get(sets, i)));
  return out;
}

typedef struct ListedRun {
  const char *name, *folder;
  double written; /* last, seconds since 1970 */
} ListedRun;

/* The one that was written last stands first. */
static int newest_first(const void *a, const void *b) {
  const ListedRun *x = a, *y = b;
  return x->written > y->written ? -1 : x->written < y->written ? 1 : strcmp(x->name, y->name);
}

static double last_written(Arena *a, const char *folder) {
  static const char *const files[] = {"qgn.lock", "timing.jsonl", "results.json"};
  double last = 0;
  for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
    uint64_t size;
    double changed;
    if (io_stat(arena_printf(a, "%s/%s", folder, files[i]), &size, &changed) && changed > last)
      last = changed;
  }
  return last;
}

static void list_run(Cli *c, const ListedRun *run) {
  json_t *lock = cli_json(c->arena, run->folder, "qgn.lock"),
         *results = cli_json(c->arena, run->folder, "results.json");
  const time_t written = (time_t)run->written;
  struct tm local;
  char when[32] = "-";
  if (localtime_r(&written, &local)) strftime(when, sizeof when, "%Y-%m-%d %H:%M", &local);
  printf("%-32s %-16s %-11s %-8s %-8s %s\n", run->name, when, state_of(results),
         share_of(c->arena, results, "expects", "holds", NULL),
         share_of(c->arena, results, "claims", "verdict", "reproduced"), sets_of(c->arena, lock));
  json_decref(lock);
  json_decref(results);
}

int cli_verb_list(Cli *c) {
  char **names;
  int n = 0, shown = 0;
  IoError e;
  if (io_is_folder("runs") && !io_list(c->arena, "runs", &names, &n, &e)) {
    diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(c->arena, &e));
    return cli_code(c);
  }
  ListedRun *run = ARENA_ARRAY(c->arena, ListedRun, n + 1);
  for (int i = 0; i < n; i++) {
    const char *folder = arena_printf(c->arena, "runs/%s", names[i]);
    if (strcmp(names[i], "latest") == 0 || !io_exists(arena_printf(c->arena, "%s/qgn.lock", folder)))
      continue;
    run[shown++] = (ListedRun){names[i], folder, last_written(c->arena, folder)};
  }
  qsort(run, (size_t)shown, sizeof *run, newest_first);
  if (shown > 0)
    printf("%-32s %-16s %-11s %-8s %-8s %s\n", "run", "written", "state", "expects", "claims", "settings");
  for (int i = 0; i < shown; i++) list_run(c, &run[i]);
  if (shown == 0 && !c->given[OPT_QUIET]) fprintf(stderr, "there are no runs in ./runs\n");
  return 0;
}

/* ---- show -------------------------------------------------------------------------------------------- */

#define SHOW_WIDTH 80
#define SHOW_COLUMN 42 /* where values stand */

/* A text cut between words so that it fits into SHOW_WIDTH; the first line goes on at column `at`, the others
 * begin at `indent`. */
static void show_wrapped(const char *s, int at, int indent) {
  if (*s == '\0') printf("\n");
  while (*s != '\0') {
    int columns = at;
    size_t end = 0, n = 0;
    for (; s[n] != '\0' && (columns < SHOW_WIDTH || end == 0); n++) {
      if (s[n] == ' ' && n > 0 && s[n - 1] != ' ') end = n;
      columns += ((unsigned char)s[n] & 0xc0) != 0x80;
    }
    if (s[n] == '\0') end = n;
    printf("%.*s\n", (int)end, s);
    s += end + strspn(s + end, " ");
    if (*s != '\0') printf("%*s", indent, "");
    at = indent;
  }
}

static void show_line(const char *title, const char *key, const char *value) {
  printf("%-12s %-28s ", title, key);
  const int wide = (int)strlen(key) > 28 ? (int)strlen(key) - 28 : 0;
  show_wrapped(value, SHOW_COLUMN + wide, SHOW_COLUMN);
}

static void show_object(Arena *a, const char *title, const json_t *object, const char *member) {
  const char *key;
  json_t *x;
  json_object_foreach((json_t *)object, key, x) {
    const json_t *value = member ? json_object_get(x, member) : x;
    if (!value) continue;
    show_line(title, key, cli_json_value(a, value));
    title = "";
  }
}

/* The verdict of each claim, what was measured and what the document says below it. */
static void show_claims(Arena *a, const json_t *claims) {
  for (size_t i = 0; i < json_array_size(claims); i++) {
    const json_t *x = json_array_get(claims, i), *measured = json_object_get(x, "measured"),
                 *document = json_object_get(x, "document");
    show_line(i ? "" : "claims", cli_json_text(x, "id"), cli_json_text(x, "verdict"));
    if (json_array_size(measured) > 0)
      show_line("", "", arena_printf(a, "measured %s", cli_json_value(a, measured)));
    if (json_array_size(document) > 0)
      show_line("", "", arena_printf(a, "document %s", cli_json_value(a, document)));
  }
}

static void show_choices(Arena *a, const json_t *choices) {
  for (size_t i = 0; i < json_array_size(choices); i++) {
    const json_t *x = json_array_get(choices, i);
    const char *why = cli_json_text(x, "why"), *document = cli_json_text(x, "document");
    const bool changed = strcmp(cli_json_text(x, "kind"), "changed") == 0;
    show_line(i ? "" : "choices", cli_json_text(x, "name"),
              arena_printf(a, "%s, %s%s%s%s", cli_json_text(x, "here"), cli_json_text(x, "kind"),
                           changed ? arena_printf(a, " from %s", document) : "", *why ? ": " : "", why));
  }
}

/* What timing.jsonl says of a train: its stretches together, and how often it was loaded from the memo. */
typedef struct TrainTime {
  const char *train;
  double seconds;
  json_int_t epochs, steps;
  int loaded;
} TrainTime;
typedef struct Times {
  Arena *arena;
  VEC(TrainTime) of;
} Times;

static TrainTime *time_of(Times *t, const char *train) {
  for (int i = 0; i < t->of.n; i++)
    if (strcmp(t->of.at[i].train, train) == 0) return &t->of.at[i];
  vec_push(t->arena, &t->of, ((TrainTime){.train = arena_str(t->arena, train)}));
  return &t->of.at[t->of.n - 1];
}

static void add_times(Times *t, const char *folder) {
  Arena *a = t->arena;
  IoData data;
  IoError e;
  if (!io_read_file(a, arena_printf(a, "%s/timing.jsonl", folder), SHOW_LIMIT, &data, &e)) return;
  const char *s = arena_strn(a, (const char *)data.bytes, data.size);
  for (; *s != '\0'; s += strcspn(s, "\n") + (s[strcspn(s, "\n")] != '\0')) {
    json_t *line = json_loadb(s, strcspn(s, "\n"), 0, NULL);
    if (line == NULL) continue; /* the process ended while it wrote it */
    TrainTime *x = time_of(t, cli_json_text(line, "train"));
    x->loaded += json_is_true(json_object_get(line, "loaded"));
    if (!json_is_true(json_object_get(line, "loaded"))) {
      x->seconds += json_number_value(json_object_get(line, "seconds"));
      x->steps += json_integer_value(json_object_get(line, "steps"));
      x->epochs += json_integer_value(json_object_get(line, "to_epoch")) -
                   json_integer_value(json_object_get(line, "from_epoch"));
    }
    json_decref(line);
  }
}

/* How long each train took; of what this machine did, so no other command and no file says it. */
static void show_times(Arena *a, const char *folder) {
  Times t = {.arena = a};
  add_times(&t, folder);
  for (int i = 0; i < t.of.n; i++) {
    const TrainTime *x = &t.of.at[i];
    const char *text = "loaded, an equal train was run before", *each = "";
    if (x->epochs > 0)
      each = arena_printf(a, ", %s s an epoch", text_short(a, x->seconds / (double)x->epochs));
    if (x->steps > 0)
      text = arena_printf(a, "%s s%s, %lld step%s%s", text_short(a, x->seconds), each, (long long)x->steps,
                          x->steps == 1 ? "" : "s", x->loaded > 0 ? ", then loaded" : "");
    show_line(i ? "" : "times", x->train, text);
  }
}

/* What the run printed, then its expectations: all lines but those of claims, which stand above. */
static void show_output(Arena *a, const json_t *results) {
  const json_t *output = json_object_get(results, "output");
  const size_t n = json_array_size(output), claims = json_array_size(json_object_get(results, "claims"));
  for (size_t i = 0; i + claims < n; i++) show_wrapped(cli_json_value(a, json_array_get(output, i)), 0, 4);
}

/* ---- show --json ------------------------------------------------------------------------------------- */

/* The lines of a file of the run behind `"key": `, as they are; `without` is left out, the place of this
 * machine. Nothing if the file is not there. */
static void put_file(Arena *a, const char *folder, const char *name, const char *without) {
  IoData data;
  IoError e;
  if (!io_read_file(a, arena_printf(a, "%s/%s", folder, name), SHOW_LIMIT, &data, &e)) {
    printf("null");
    return;
  }
  const char *s = arena_strn(a, (const char *)data.bytes, data.size);
  for (size_t n; *s != '\0'; s += n) {
    n = strcspn(s, "\n");
    if (without == NULL || strncmp(s, without, strlen(without)) != 0)
      printf("%.*s%s", (int)n, s, s[n] != '\0' && s[n + 1] != '\0' ? "\n" : "");
    n += s[n] != '\0';
  }
}

static void put_times(Arena *a, const char *folder) {
  const char *points = arena_printf(a, "%s/points", folder);
  char **names, buf[NUM_MAX];
  Times all = {.arena = a};
  int n = 0, runs = 0;
  IoError e;
  add_times(&all, folder);
  if (io_is_folder(points) && !io_list(a, points, &names, &n, &e)) n = 0;
  for (int i = 0; i < n; i++) {
    const char *point = arena_printf(a, "%s/%s", points, names[i]);
    if (!io_is_folder(point)) continue;
    add_times(&all, point);
    runs++;
  }
  double seconds = 0;
  int loaded = 0;
  for (int i = 0; i < all.of.n; i++) seconds += all.of.at[i].seconds, loaded += all.of.at[i].loaded;
  num_print(buf, sizeof buf, (double)(int64_t)(seconds * 1e6) / 1e6);
  printf("{\"training_seconds\": %s, \"points\": %d, \"loaded\": %d}", buf, runs, loaded);
}

static int show_json(Arena *a, const char *folder, const json_t *lock) {
  Text script = text_new(a);
  text_json_string(&script, cli_project_path(a, cli_json_text(lock, "path")));
  printf("{\n\"script\": %s,\n\"lock\": ", text_str(&script));
  put_file(a, folder, "qgn.lock", "  \"path\": ");
  printf(",\n\"results\": ");
  put_file(a, folder, "results.json", NULL);
  printf(",\n\"times\": ");
  put_times(a, folder);
  printf("\n}\n");
  return 0;
}

int cli_verb_show(Cli *c) {
  const char *given = cli_one_operand(c),
             *folder = given ? cli_run_folder(c, given, c->operand_spans.at[0]) : NULL;
  if (!folder) return cli_code(c);
  if (c->given[OPT_JSON]) {
    json_t *lock = cli_json(c->arena, folder, "qgn.lock");
    const int code = show_json(c->arena, folder, lock);
    json_decref(lock);
    return code;
  }
  json_t *lock = cli_json(c->arena, folder, "qgn.lock"),
         *results = cli_json(c->arena, folder, "results.json");
  printf("%-12s %s\n%-12s %s\n%-12s %s\n", "run", folder, "state", state_of(results), "kernels",
         cli_json_text(lock, "family"));
  printf("%-12s %s\n", "seed", cli_json_value(c->arena, json_object_get(results, "seed")));
  show_object(c->arena, "hypers", json_object_get(results, "hypers"), NULL);
  show_object(c->arena, "weights", json_object_get(results, "parameters"), NULL);
  show_object(c->arena, "epochs", json_object_get(results, "trains"), "epochs_run");
  show_times(c->arena, folder);
  show_object(c->arena, "series", json_object_get(results, "series"), "last");
  show_claims(c->arena, json_object_get(results, "claims"));
  show_choices(c->arena, json_object_get(results, "choices"));
  show_output(c->arena, results);
  printf("%-12s %s/report.html\n", "report", folder);
  json_decref(lock);
  json_decref(results);
  return 0;
}

/* ---- diff -------------------------------------------------------------------------------------------- */

static int differences;

static void differ(Arena *a, const char *what, const json_t *x, const json_t *y) {
  if (x && y && json_equal((json_t *)x, (json_t *)y)) return;
  if (!x && !y) return;
  printf("%-40s %-28s %s\n", what, x ? cli_json_value(a, x) : "-", y ? cli_json_value(a, y) : "-");
  differences++;
}

/* All members of two objects, named `prefix` and their key; in objects below, `member` of each, or they. */
static void differ_in(Arena *a, const char *prefix, const json_t *x, const json_t *y, const char *member) {
  const char *key;
  json_t *v;
  json_object_foreach((json_t *)x, key, v) {
    const json_t *w = json_object_get(y, key);
    differ(a, arena_printf(a, "%s %s", prefix, key), member ? json_object_get(v, member) : v,
           member ? json_object_get(w, member) : w);
  }
  json_object_foreach((json_t *)y, key, v) if (!json_object_get(x, key))
      differ(a, arena_printf(a, "%s %s", prefix, key), NULL, member ? json_object_get(v, member) : v);
}

static void differ_lists(Arena *a, const char *prefix, const json_t *x, const json_t *y, const char *name,
                         const char *member) {
  const size_t n = json_array_size(x), m = json_array_size(y);
  for (size_t i = 0; i < n || i < m; i++) {
    const json_t *v = json_array_get(x, i), *w = json_array_get(y, i);
    if (*cli_json_text(v ? v : w, name) == '\0') continue; /* the place of what only runs */
    differ(a, arena_printf(a, "%s %s", prefix, cli_json_text(v ? v : w, name)), json_object_get(v, member),
           json_object_get(w, member));
  }
}

int cli_verb_diff(Cli *c) {
  Arena *a = c->arena;
  if (c->operands.n != 2) return cli_usage(c, c->line, "`qgn diff` wants two runs"), 2;
  const char *one = cli_run_folder(c, c->operands.at[0], c->operand_spans.at[0]);
  const char *two = one ? cli_run_folder(c, c->operands.at[1], c->operand_spans.at[1]) : NULL;
  if (!two) return cli_code(c);
  json_t *la = cli_json(a, one, "qgn.lock"), *lb = cli_json(a, two, "qgn.lock");
  json_t *ra = cli_json(a, one, "results.json"), *rb = cli_json(a, two, "results.json");
  static const char *const facts[] = {"script", "sets", "edition", "family", "numerics"};
  static const char *const heads[] = {"end", "exit_code", "seed", "precision"};
  differences = 0;
  for (size_t i = 0; i < sizeof facts / sizeof *facts; i++)
    differ(a, facts[i], json_object_get(la, facts[i]), json_object_get(lb, facts[i]));
  differ_in(a, "module", json_object_get(la, "imports"), json_object_get(lb, "imports"), NULL);
  differ_in(a, "data", json_object_get(la, "data"), json_object_get(lb, "data"), NULL);
  for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
    differ(a, heads[i], json_object_get(ra, heads[i]), json_object_get(rb, heads[i]));
  differ_in(a, "hyper", json_object_get(ra, "hypers"), json_object_get(rb, "hypers"), NULL);
  differ_in(a, "weights", json_object_get(ra, "parameters"), json_object_get(rb, "parameters"), NULL);
  differ_in(a, "epochs", json_object_get(ra, "trains"), json_object_get(rb, "trains"), "epochs_run");
  differ_in(a, "series", json_object_get(ra, "series"), json_object_get(rb, "series"), "last");
  differ_lists(a, "print", json_object_get(ra, "prints"), json_object_get(rb, "prints"), "text", "values");
  differ_lists(a, "expect", json_object_get(ra, "expects"), json_object_get(rb, "expects"), "text", "holds");
  differ_lists(a, "claim", json_object_get(ra, "claims"), json_object_get(rb, "claims"), "id", "verdict");
  json_decref(la), json_decref(lb), json_decref(ra), json_decref(rb);
  if (differences == 0 && !c->given[OPT_QUIET]) fprintf(stderr, "the runs agree\n");
  return differences > 0 ? 1 : 0;
}

/* ---- clean ------------------------------------------------------------------------------------------- */

static bool remove_folder(Cli *c, const char *folder) {
  char **names;
  int n;
  IoError e;
  bool ok = io_list(c->arena, folder, &names, &n, &e);
  for (int i = 0; ok && i < n; i++) {
    const char *path = arena_printf(c->arena, "%s/%s", folder, names[i]);
    ok = io_is_folder(path) ? remove_folder(c, path) : io_remove(path, &e);
  }
  if (ok) ok = io_remove(folder, &e);
  if (!ok && c->sink->n_errors == 0) diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(c->arena, &e));
  return ok;
}

/* Without operands the memo; else the runs named, which nobody may be working in. */
int cli_verb_clean(Cli *c) {
  const char *memo = cli_memo(c->arena);
  uint64_t freed = 0, left = 0;
  for (int i = 0; i < c->operands.n; i++) {
    const char *folder = cli_run_folder(c, c->operands.at[i], c->operand_spans.at[i]);
    int lock;
    IoError e;
    if (!folder) return cli_code(c);
    if (!io_lock(arena_printf(c->arena, "%s/.lock", folder), &lock, &e)) {
      diag_add(c->sink, DIAG_RUN_LOCKED, c->operand_spans.at[i], "another process is working in %s", folder);
      return cli_code(c);
    }
    const bool ok = remove_folder(c, folder);
    io_unlock(lock);
    if (!ok) return cli_code(c);
    printf("removed %s\n", folder);
  }
  if (c->operands.n > 0) return 0;
  if (memo && memo_trim(c->arena, memo, 0, &freed, &left) >= 0)
    printf("memo: %.1f kB freed (%s)\n", (double)freed / 1e3, memo);
  return 0;
}
