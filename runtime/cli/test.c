/* qgn test: every script of a folder, each afresh in a folder of its own; its `expect`s are the test. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "runtime/cli/json.h"
#include "runtime/record/record.h"

#define LOG_LIMIT ((size_t)16 << 20)
#define DEEPEST 16

typedef VEC(const char *) Paths;

/* Scripts below a folder, in the order of their names; folders of runs are none of them. */
static bool find_scripts(Cli *c, const char *path, int depth, Paths *out) {
  char **names;
  int n;
  IoError e;
  if (!io_is_folder(path)) {
    vec_push(c->arena, out, path);
    return true;
  }
  if (!io_list(c->arena, path, &names, &n, &e)) {
    diag_add(c->sink, DIAG_SCRIPT_FILE, SPAN_NONE, "%s", io_message(c->arena, &e));
    return false;
  }
  for (int i = 0; i < n; i++) {
    const char *at = arena_printf(c->arena, "%s/%s", path, names[i]);
    const size_t len = strlen(names[i]);
    if (names[i][0] == '.' || strcmp(names[i], "runs") == 0) continue;
    if (io_is_folder(at) ? depth < DEEPEST && !find_scripts(c, at, depth + 1, out) : false) return false;
    if (!io_is_folder(at) && len > 4 && strcmp(names[i] + len - 4, ".qgn") == 0) vec_push(c->arena, out, at);
  }
  return true;
}

/* What failed: lines that begin with FAILED or error[. */
static void show_failures(Cli *c, const char *log) {
  IoData text;
  IoError e;
  int shown = 0;
  if (!io_read_file(c->arena, log, LOG_LIMIT, &text, &e)) return;
  for (const char *s = (const char *)text.bytes; *s && shown < 10;) {
    const size_t n = strcspn(s, "\n");
    if (strncmp(s, "FAILED", 6) == 0 || strncmp(s, "error[", 6) == 0) {
      printf("        %.*s\n", (int)n, s);
      shown++;
    }
    s += n + (s[n] == '\n');
  }
}

static bool run_one(Cli *c, const char *path, const char *work, int number) {
  const char *folder = arena_printf(c->arena, "%s/%d", work, number),
             *log = arena_printf(c->arena, "%s/log", folder);
  const char *script = io_real_path(c->arena, path);
  IoError e;
  if (!script || !io_make_folder(folder, &e)) return false;
  const char *threads = arena_printf(c->arena, "%d", c->threads);
  const char *words[] = {"qgn",   "run",       script,  "--fresh", "--quiet", "--color",
                         "never", "--threads", threads, NULL,      NULL,      NULL};
  if (c->value[OPT_DATA]) words[9] = "--data", words[10] = io_real_path(c->arena, c->value[OPT_DATA]);
  const double begin = record_clock();
  const int status = cli_child(folder, log, (char *const *)words);
  printf("%-6s  %s  (%.1f s)\n", status == 0 ? "ok" : "FAILED", path, record_clock() - begin);
  if (status != 0) show_failures(c, log);
  fflush(stdout);
  cli_remove_folder(c->arena, folder);
  return status == 0;
}

int cli_verb_test(Cli *c) {
  char work[] = "/tmp/qgn-test-XXXXXX";
  Paths scripts = {0};
  int failed = 0;
  if (c->operands.n == 0) return cli_usage(c, c->line, "`qgn test` wants a folder or scripts"), 2;
  for (int i = 0; i < c->operands.n; i++) {
    const char *path = c->operands.at[i];
    if (!io_exists(path)) return cli_usage(c, c->operand_spans.at[i], "there is no `%s`", path), 2;
    if (!find_scripts(c, path, 0, &scripts)) return cli_code(c);
  }
  if (c->threads == 0) c->threads = cli_cores();
  if (!mkdtemp(work)) {
    diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "no temporary folder can be made in /tmp");
    return cli_code(c);
  }
  for (int i = 0; i < scripts.n; i++) failed += !run_one(c, scripts.at[i], work, i);
  cli_remove_folder(c->arena, work);
  printf("%d passed, %d failed\n", scripts.n - failed, failed);
  return failed > 0 ? 1 : 0;
}
