#define _GNU_SOURCE
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "runtime/cli/cli.h"
#include "runtime/record/record.h"

static atomic_int asked;
static atomic_llong first_at; /* milliseconds of the first SIGINT */

/* Only calls that are safe in a handler. */
static void handle(int number) {
  if (number == SIGINT) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    long long ms = (long long)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (atomic_load(&asked) && ms - atomic_load(&first_at) < 2000) {
      ssize_t done = write(STDERR_FILENO, "\n", 1);
      (void)done;
      _exit(130);
    }
    atomic_store(&first_at, ms);
  }
  atomic_store(&asked, number);
}

void cli_signals_install(void) {
  static const int stops[] = {SIGINT, SIGTERM, SIGHUP, SIGXCPU};
  static const int ignored[] = {SIGPIPE, SIGXFSZ};
  struct sigaction action, old;
  memset(&action, 0, sizeof action);
  sigemptyset(&action.sa_mask);
  action.sa_flags = SA_RESTART;
  action.sa_handler = handle;
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
    /* what was ignored from outside (nohup) stays so */
    if (sigaction(stops[i], NULL, &old) == 0 && old.sa_handler == SIG_IGN && stops[i] == SIGHUP) continue;
    sigaction(stops[i], &action, NULL);
  }
  action.sa_handler = SIG_IGN;
  for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) sigaction(ignored[i], &action, NULL);
}

int cli_stop_signal(void) { return atomic_load(&asked); }
void cli_signals_interrupt(bool on) {
  static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) {
    struct sigaction action;
    if (sigaction(stops[i], NULL, &action) != 0 || action.sa_handler != handle) continue;
    action.sa_flags = on ? 0 : SA_RESTART;
    sigaction(stops[i], &action, NULL);
  }
}

static double deadline; /* 0: none */

void cli_deadline(double at) { deadline = at; }
bool cli_time_is_over(void) { return deadline > 0 && record_clock() >= deadline; }
bool cli_stop_asked(void) { return atomic_load(&asked) != 0 || cli_time_is_over(); }

bool cli_stop_hook(void *ctx) {
  (void)ctx;
  return cli_stop_asked();
}
void cli_signals_clear(void) {
  atomic_store(&asked, 0);
  deadline = 0;
}
