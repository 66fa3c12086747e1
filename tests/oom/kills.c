/* The whole program killed at its n-th system call on files, for n = 1, 2, 3 ...: before a write and in its
 * middle, between a write and the rename, behind it. Whatever was there, `--resume` ends with the bytes of a
 * run that nobody disturbed, takes no half of a memo entry or checkpoint, and leaves nothing half in the
 * folder of the run. */
#define _GNU_SOURCE
#include "lang/base/io.h"
#include "tests/oom/child.h"

/* One train whose end goes into the memo, one that keeps checkpoints, a file in saved/. */
static const char script[] = "edition = 1\n"
                             "dataset d { uniform(-1, 1); take(16) }\n"
                             "model F(x[1]) -> [1] { linear(3); tanh; dropout(0.1); linear(1) }\n"
                             "let G = new F\n"
                             "train first {\n"
                             "  data = d; batch = 8; epochs = 3\n"
                             "  optimizer F = adam(0.1)\n"
                             "  step x[B, 1] { minimize mse(F(x), x^2) over F }\n"
                             "}\n"
                             "train second {\n"
                             "  data = d; batch = 8; epochs = 4; checkpoint = 2\n"
                             "  optimizer G = adam(0.1)\n"
                             "  step x[B, 1] { minimize mse(G(x), stop_grad(F(x))) over G }\n"
                             "}\n"
                             "save(\"g.npz\", G)\n"
                             "G([0.5])\n";

static void shell(const char *format, ...) {
  char command[1024];
  va_list args;
  va_start(args, format);
  vsnprintf(command, sizeof command, format, args);
  va_end(args);
  if (system(command) != 0) fail_msg("failed: %s", command);
}

/* Runs the script in folder/where with a memo of all, killed at its n-th call (0: never). */
static pid_t start(const char *where, uint64_t n, bool fresh) {
  pid_t child = fork();
  if (child != 0) return child;
  char cache[96], log[96];
  snprintf(cache, sizeof cache, "%s/cache", folder);
  snprintf(log, sizeof log, "%s/%s.log", folder, where);
  setenv("XDG_CACHE_HOME", cache, 1);
  setenv("PATH", "", 1); /* no gnuplot: pictures are not what is tested */
  child_begin(where, log, NULL);
  char *argv[] = {"qgn", "run", "a.qgn", fresh ? "--fresh" : "--resume", "-q", "--threads", "1", NULL};
  uint64_t before = io_calls();
  io_fail_after(n, IO_KILL);
  int code = child_run(argv);
  if (n == 0) *calls = io_calls() - before;
  exit(code);
}

static void whole(const char *where, bool fresh) {
  const int status = child_end(start(where, 0, fresh));
  if (!WIFEXITED(status) || WEXITSTATUS(status) != 0) {
    char log[4096] = "", path[96];
    snprintf(path, sizeof path, "%s/%s.log", folder, where);
    FILE *f = fopen(path, "r");
    if (f) log[fread(log, 1, sizeof log - 1, f)] = '\0', fclose(f);
    fail_msg("status %d in %s\n%s", status, where, log);
  }
}

/* Killed at call n; false if the run was over before that. */
static bool killed(const char *where, uint64_t n, bool fresh) {
  const int status = child_end(start(where, n, fresh));
  if (WIFSIGNALED(status)) assert_int_equal(WTERMSIG(status), SIGKILL);
  else assert_int_equal(WEXITSTATUS(status), 0);
  return WIFSIGNALED(status);
}

/* The same files with the same bytes as in `whole`; times and pictures of the page apart. */
static void same(const char *where, uint64_t n) {
  char command[1024];
  snprintf(command, sizeof command,
           "cd %s && diff -rq -x timing.jsonl -x .lock -x qgn.lock whole/runs %s/runs >differs 2>&1 && "
           "test -z \"$(find %s/runs -name '*.tmp-*' -o -name memo -o -name .emptying)\"",
           folder, where, where);
  if (system(command) != 0) {
    shell("cat %s/differs; find %s/%s -name '*.tmp-*' -o -name memo -o -name .emptying", folder, folder,
          where);
    fail_msg("not the whole run after a kill at call %d, in %s", (int)n, where);
  }
}

static void make_folder(const char *name) {
  char path[160];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  shell("rm -rf '%s' && mkdir '%s'", path, path);
  strcat(path, "/a.qgn");
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs(script, f);
  fclose(f);
}

static int set_up(void **state) {
  if (folder_set_up(state) != 0) return -1;
  make_folder("whole");
  whole("whole", true);
  return 0;
}

/* Distance between the calls that are tried. */
static uint64_t step_of(uint64_t most) {
  const uint64_t tries = getenv("QGN_QUICK") ? most / 25 : most;
  return *calls / tries + 1;
}

/* Each try has an empty memo, so that its entry is written, in this process or in the next. */
static void resumed(void **state) {
  (void)state;
  make_folder("k");
  shell("rm -rf %s/cache", folder);
  whole("k", false);
  assert_true(*calls > 100);
  const uint64_t total = *calls, step = step_of(400);
  uint64_t n, done = 0;
  for (n = 1; n <= total; n += step) {
    make_folder("k");
    shell("rm -rf %s/cache", folder);
    done += killed("k", n, false);
    whole("k", false);
    same("k", n);
  }
  assert_true(done >= (total - 1) / step);
  print_message("# %d kills at system calls of a run\n", (int)done);
}

/* --fresh over a run that is complete: nothing of that one is taken for this one's, and nothing of the memo.
 */
static void fresh_again(void **state) {
  (void)state;
  shell("mkdir -p %s/cache", folder);
  make_folder("k");
  whole("k", true);
  whole("k", true);
  const uint64_t total = *calls, step = step_of(400);
  uint64_t done = 0;
  for (uint64_t n = 1; n <= total; n += step) {
    done += killed("k", n, true);
    whole("k", false);
    same("k", n);
    shell("cd %s/k/runs/latest && grep -q 'first.*\"loaded\":false' timing.jsonl && "
          "grep -q 'second.*\"loaded\":false' timing.jsonl",
          folder);
  }
  shell("test -z \"$(find %s/cache -type f 2>&1)\"", folder);
  print_message("# %d kills at system calls of a fresh run\n", (int)done);
}

/* Two processes, one memo: one of them is killed anywhere, the other one does not notice. Then the entry is
 * there. */
static void two_at_once(void **state) {
  (void)state;
  const uint64_t step = step_of(80);
  const uint64_t total = *calls;
  for (uint64_t n = 1; n <= total; n += step) {
    make_folder("k");
    make_folder("l");
    make_folder("m");
    shell("rm -rf %s/cache", folder);
    const pid_t one = start("k", n, false), other = start("l", 0, false);
    const int first = child_end(one), second = child_end(other);
    assert_true(WIFSIGNALED(first) || WEXITSTATUS(first) == 0);
    assert_true(WIFEXITED(second) && WEXITSTATUS(second) == 0);
    same("l", n);
    whole("k", false);
    same("k", n);
    whole("m", false);
    same("m", n);
    shell("grep -q '\"train\":\"first\".*\"loaded\":true' %s/m/runs/latest/timing.jsonl", folder);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(resumed, set_up, folder_tear_down),
      cmocka_unit_test_setup_teardown(fresh_again, set_up, folder_tear_down),
      cmocka_unit_test_setup_teardown(two_at_once, set_up, folder_tear_down),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
