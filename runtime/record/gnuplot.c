#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "runtime/record/record_int.h"

#define LIMIT_SECONDS 20.0

/* Nothing of the environment reaches gnuplot but where its programs and fonts are. */
static char *const environment[] = {"PATH=/usr/local/bin:/usr/bin:/bin", "LC_ALL=C.UTF-8",
                                    "HOME=/nonexistent", NULL};

static const char *wait_for(Arena *a, pid_t child) {
  double end = record_clock() + LIMIT_SECONDS;
  int status;
  pid_t got;
  while ((got = waitpid(child, &status, WNOHANG)) == 0 || (got < 0 && errno == EINTR)) {
    if (record_clock() > end) {
      kill(child, SIGKILL);
      while (waitpid(child, &status, 0) < 0 && errno == EINTR) continue;
      return "gnuplot took longer than 20 s";
    }
    struct timespec pause = {0, 2000000};
    nanosleep(&pause, NULL);
  }
  if (got < 0) return arena_printf(a, "gnuplot was lost: %s", strerror(errno));
  if (WIFSIGNALED(status)) return arena_printf(a, "gnuplot was ended by signal %d", WTERMSIG(status));
  return WEXITSTATUS(status) == 0 ? NULL
                                  : arena_printf(a, "gnuplot ended with status %d", WEXITSTATUS(status));
}

const char *gnuplot_run(Arena *a, const char *gnuplot, const char *folder, const char *script) {
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t attributes;
  sigset_t none, defaults;
  char *argv[] = {arena_str(a, gnuplot), arena_str(a, "-d"), arena_str(a, script), NULL};
  pid_t child;
  posix_spawn_file_actions_init(&actions);
  posix_spawnattr_init(&attributes);
  sigemptyset(&none);
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  sigaddset(&defaults, SIGXFSZ);
  /* a group of its own: the terminal's interrupt is for the run */
  posix_spawnattr_setpgroup(&attributes, 0);
  posix_spawnattr_setsigmask(&attributes, &none);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes,
                           POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_addchdir_np(&actions, folder);
  posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
  int failed = posix_spawn(&child, gnuplot, &actions, &attributes, argv, environment);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (failed) return arena_printf(a, "gnuplot could not be started: %s", strerror(failed));
  return wait_for(a, child);
}
