#define _GNU_SOURCE
#include "runtime/cli/json.h"
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/num.h"

#define JSON_LIMIT ((size_t)256 << 20)

json_t *cli_json(Arena *a, const char *folder, const char *name) {
  IoData data;
  IoError e;
  if (!io_read_file(a, arena_printf(a, "%s/%s", folder, name), JSON_LIMIT, &data, &e)) return NULL;
  return json_loadb((const char *)data.bytes, data.size, JSON_REJECT_DUPLICATES, NULL);
}

const char *cli_json_text(const json_t *root, const char *key) {
  const char *s = json_string_value(json_object_get(root, key));
  return s ? s : "";
}

const char *cli_json_value(Arena *a, const json_t *x) {
  char buf[NUM_MAX];
  if (json_is_string(x)) return arena_str(a, json_string_value(x));
  if (json_is_integer(x)) return arena_printf(a, "%lld", (long long)json_integer_value(x));
  if (json_is_real(x)) {
    num_print(buf, sizeof buf, json_real_value(x));
    return arena_str(a, buf);
  }
  if (json_is_array(x)) {
    const char *out = "";
    for (size_t i = 0; i < json_array_size(x) && i < 8; i++)
      out = arena_printf(a, "%s%s%s", out, i ? ", " : "", cli_json_value(a, json_array_get(x, i)));
    return json_array_size(x) > 8 ? arena_printf(a, "%s, ...", out) : out;
  }
  return json_is_true(x) ? "true" : json_is_false(x) ? "false" : json_is_null(x) ? "null" : "";
}

/* The run of this folder whose name begins so, or NULL if none or several do; it is only offered. */
static const char *run_like(Cli *c, const char *head) {
  char **names;
  int n = 0;
  IoError e;
  const char *found = NULL;
  if (strchr(head, '/') != NULL || *head == '\0' || !io_list(c->arena, "runs", &names, &n, &e)) return NULL;
  for (int i = 0; i < n; i++) {
    if (strncmp(names[i], head, strlen(head)) != 0 || strcmp(names[i], "latest") == 0) continue;
    if (found != NULL) return NULL;
    found = names[i];
  }
  return found;
}

const char *cli_run_folder(Cli *c, const char *given, Span at) {
  char *name = arena_str(c->arena, given);
  for (size_t n = strlen(name); n > 1 && name[n - 1] == '/'; n--) name[n - 1] = '\0';
  const char *tries[] = {name, arena_printf(c->arena, "runs/%s", name)};
  for (int i = 0; i < 2; i++)
    if (io_exists(arena_printf(c->arena, "%s/qgn.lock", tries[i])) &&
        io_exists(arena_printf(c->arena, "%s/script.qgn", tries[i])))
      return tries[i];
  Diag *d = diag_add(c->sink, DIAG_RESUME, at, "`%s` is no folder of a run", given);
  const char *like = run_like(c, name);
  if (like != NULL) diag_help(d, "did you mean `%s`?", like);
  else diag_help(d, "`qgn list` shows those of this folder");
  return NULL;
}

int cli_child(const char *folder, const char *log, char *const *words) {
  const pid_t parent = getpid(), child = fork();
  int status;
  if (child < 0) return 127;
  if (child == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
    if (!io_redirect(log)) _exit(127);
    if (folder && chdir(folder) != 0) _exit(127);
    execv("/proc/self/exe", words);
    _exit(127);
  }
  while (waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return 127;
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void cli_remove_folder(Arena *a, const char *path) {
  char **names;
  int n = 0;
  IoError e;
  if (!io_list(a, path, &names, &n, &e)) n = 0;
  for (int i = 0; i < n; i++) {
    const char *file = arena_printf(a, "%s/%s", path, names[i]);
    if (io_is_folder(file) && strcmp(names[i], "latest") != 0) cli_remove_folder(a, file);
    else io_remove(file, &e);
  }
  io_remove(path, &e);
}
