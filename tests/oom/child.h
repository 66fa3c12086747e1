/* The whole program in a child, for tests that disturb it: a folder of the test, and a counter that children
 * write. A signal that cmocka catches ends the child as it would end the program. */
#ifndef QGN_TEST_OOM_CHILD_H
#define QGN_TEST_OOM_CHILD_H
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "runtime/cli/cli.h"

static char folder[64];
static uint64_t *calls; /* shared with the children: what the last whole run counted */

static inline int folder_set_up(void **state) {
  (void)state;
  calls = mmap(NULL, sizeof *calls, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (calls == MAP_FAILED) return -1;
  snprintf(folder, sizeof folder, "/dev/shm/qgn-oom-XXXXXX"); /* syncs cost nothing there */
  if (mkdtemp(folder)) return 0;
  snprintf(folder, sizeof folder, "/tmp/qgn-oom-XXXXXX");
  return mkdtemp(folder) ? 0 : -1;
}

static inline int folder_tear_down(void **state) {
  (void)state;
  munmap(calls, sizeof *calls);
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

/* In the child: works in folder/where; what it prints goes to the file `out` and, unless err is NULL, to
 * `err`. */
static inline void child_begin(const char *where, const char *out, const char *err) {
  static const int deadly[] = {SIGSEGV, SIGBUS, SIGABRT, SIGFPE, SIGILL};
  for (size_t i = 0; i < sizeof deadly / sizeof *deadly; i++) signal(deadly[i], SIG_DFL);
  if (chdir(folder) != 0 || chdir(where) != 0 || !freopen(out, "w", stdout)) _exit(99);
  if (err != NULL ? !freopen(err, "w", stderr) : dup2(1, 2) < 0) _exit(99);
}

static inline int child_run(char **argv) {
  int argc = 0;
  while (argv[argc]) argc++;
  return cli_main(argc, argv);
}

static inline int child_end(pid_t child) {
  int status = -1;
  assert_int_equal(waitpid(child, &status, 0), child);
  return status;
}
#endif
