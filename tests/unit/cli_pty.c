/* The prompt on a terminal: the program on a pseudo-terminal, keys in, screen out. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>

typedef struct Screen {
  pid_t child;
  int fd;
  char text[1 << 16]; /* all that came since the last look */
  size_t n;
} Screen;

static char folder[64];

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static int make_folder(void **state) {
  (void)state;
  strcpy(folder, "/tmp/qgn-pty-XXXXXX");
  return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state) {
  (void)state;
  char command[128];
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

static void launch(Screen *s, const char *term, unsigned short columns) {
  const char *program = getenv("QGN");
  struct winsize size = {.ws_row = 24, .ws_col = columns};
  char path[512];
  assert_non_null(program);
  snprintf(path, sizeof path, "%s", program);
  s->n = 0, s->text[0] = '\0';
  s->child = forkpty(&s->fd, NULL, NULL, &size);
  assert_true(s->child >= 0);
  if (s->child > 0) return;
  if (chdir(folder) != 0) _exit(126);
  setenv("TERM", term, 1);
  setenv("XDG_STATE_HOME", folder, 1);
  setenv("LC_ALL", "C.UTF-8", 1);
  setenv("INPUTRC", "/dev/null", 1);
  unsetenv("LINES"), unsetenv("COLUMNS");
  execl(path, "qgn", (char *)NULL);
  _exit(127);
}

static void keys(Screen *s, const char *text) {
  size_t n = strlen(text);
  s->n = 0, s->text[0] = '\0';
  assert_int_equal(write(s->fd, text, n), (ssize_t)n);
}

/* Waits until the text has come; the seconds that took. */
static double wait_for(Screen *s, const char *want, double limit) {
  const double from = now();
  struct pollfd p = {.fd = s->fd, .events = POLLIN};
  while (strstr(s->text, want) == NULL) {
    if (now() - from > limit) fail_msg("no \"%s\" in \"%s\"", want, s->text);
    if (poll(&p, 1, 50) <= 0) continue;
    const ssize_t got = read(s->fd, s->text + s->n, sizeof s->text - 1 - s->n);
    if (got <= 0) fail_msg("the program ended before \"%s\": \"%s\"", want, s->text);
    s->n += (size_t)got;
    s->text[s->n] = '\0';
    if (s->n > sizeof s->text - 4096) memmove(s->text, s->text + s->n - 4096, 4097), s->n = 4096;
  }
  return now() - from;
}

/* The program on a terminal, at its first prompt. */
static void start(Screen *s, const char *term, unsigned short columns) {
  launch(s, term, columns);
  wait_for(s, "qgn> ", 5);
}

/* Waits for an answer and the prompt behind it: what is typed before that the terminal itself would edit. */
static double answer(Screen *s, const char *want) {
  const double took = wait_for(s, want, 10);
  const char *behind = strstr(s->text, want) + strlen(want);
  s->n -= (size_t)(behind - s->text);
  memmove(s->text, behind, s->n + 1);
  wait_for(s, "> ", 10);
  return took;
}

/* Types a line and waits for what it shows. */
static void ask(Screen *s, const char *text, const char *want) {
  keys(s, text);
  answer(s, want);
}

/* Ctrl-C gives the line up. What is still being drawn ends with the prompt, too: it is waited for first. */
static void give_up(Screen *s) {
  struct pollfd p = {.fd = s->fd, .events = POLLIN};
  char rest[4096];
  while (poll(&p, 1, 100) > 0)
    if (read(s->fd, rest, sizeof rest) <= 0) fail_msg("the program ended");
  keys(s, "\003");
  wait_for(s, "qgn> ", 5);
}

/* Ctrl-D leaves with status 0. */
static void leave(Screen *s) {
  int status = -1;
  keys(s, "\004");
  char rest[4096];
  struct pollfd p = {.fd = s->fd, .events = POLLIN};
  for (const double from = now(); now() - from < 20 && waitpid(s->child, &status, WNOHANG) == 0;)
    if (poll(&p, 1, 20) > 0 && read(s->fd, rest, sizeof rest) <= 0) usleep(5000); /* its end is closed */
  close(s->fd);
  if (status == -1) kill(s->child, SIGKILL), waitpid(s->child, &status, 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void lines(void **state) {
  (void)state;
  Screen s;
  start(&s, "xterm", 80);
  ask(&s, "1 + 1\r", "1 + 1  2");
  ask(&s, "\020\r", "1 + 1  2"); /* the line before, again */
  keys(&s, "let wide = [1,\r");
  wait_for(&s, "[> ", 5); /* the open bracket */
  ask(&s, "2]\r", "a list of 2");
  keys(&s, "let given_up = \003"); /* Ctrl-C gives the line up */
  wait_for(&s, "qgn> ", 5);
  ask(&s, "2 + 2\r", "2 + 2  4");
  ask(&s, "\033[200~let p = 3\nlet q = 4\n\033[201~\r", "let q: int = 4"); /* a paste of two lines */
  ask(&s, "p + q\r", "p + q  7");
  ask(&s, "\033[200~qgn> let r = 5\nlet r: int = 5\nqgn> let u = 6\n\033[201~\r",
      "let u: int = 6"); /* a pasted transcript */
  ask(&s, "r + u\r", "r + u  11");
  leave(&s);
}

static void completes(void **state) {
  (void)state;
  Screen s;
  char path[128];
  snprintf(path, sizeof path, "%s/hello_there.qgn", folder);
  FILE *f = fopen(path, "w");
  assert_non_null(f);
  fputs("def twice(x) = 2 * x\n", f);
  fclose(f);
  start(&s, "xterm", 80);
  ask(&s, "let abc_long = 3\r", "abc_long: int");
  ask(&s, "abc_l\t\r", "abc_long  3");
  ask(&s, "let \\the\t = 9\r", "let theta: int = 9");
  ask(&s, "θ\r", "θ  9");
  keys(&s, ":dr\t");
  wait_for(&s, "aw ", 5);
  give_up(&s);
  keys(&s, "check_g\t"); /* the only one: the second Tab says what it is */
  wait_for(&s, "check_grad(", 5);
  keys(&s, "\t");
  wait_for(&s, "gradients of a circuit", 5);
  give_up(&s);
  keys(&s, "draw z ~ \t\t"); /* several: a line for each */
  wait_for(&s, "Poisson distribution", 5);
  give_up(&s);
  keys(&s, "use \"hello_\t"); /* a file in a text */
  wait_for(&s, "there.qgn\"", 5);
  keys(&s, "\r");
  wait_for(&s, "qgn> ", 5);
  ask(&s, "hello_there.twice(4)\r", "twice(4)  8");
  keys(&s, "circuit c(x) on q[2] {\r");
  wait_for(&s, "{> ", 5);
  keys(&s, "rx(x) q; ch\t\t"); /* in a circuit of several lines: gates, and no statements of scripts */
  wait_for(&s, "controlled", 5);
  assert_null(strstr(s.text, "check_grad"));
  give_up(&s);
  leave(&s);
}

static void stops(void **state) {
  (void)state;
  Screen s;
  start(&s, "xterm", 80);
  ask(&s, "model M(x[1]) -> [1] { linear(4); tanh; linear(1) }\r", "13 parameters");
  keys(
      &s,
      "train t { epochs = 100_000_000; optimizer M = adam(1e-3); step { draw x[8, 1] ~ normal(0, 1); minimize "
      "mse(M(x), x) over M } }\r");
  wait_for(&s, "epochs/s", 10); /* the line of progress */
  usleep(100000);
  keys(&s, "\003");
  const double took = answer(&s, "stopped: weights are those of the last whole step");
  assert_true(took < 1);
  wait_for(&s, "qgn> ", 5);
  ask(&s, "6 * 7\r", "6 * 7  42");
  leave(&s);
}

/* Types a line: no escape sequence comes, and behind its echo no line of more columns (0: any). */
static void ask_plain(Screen *s, const char *text, const char *want, int columns) {
  keys(s, text);
  wait_for(s, "\nqgn> ", 10);
  assert_non_null(strstr(s->text, want));
  assert_null(strchr(s->text, '\033'));
  int at = 0;
  for (const char *p = strchr(s->text, '\n') + 1; columns > 0 && *p != '\0'; p++) {
    at = *p == '\n' || *p == '\r' ? 0 : at + (((unsigned char)*p & 0xC0) != 0x80);
    assert_true(at <= columns);
  }
}

/* A terminal that can do nothing, 40 columns wide. */
static void dumb(void **state) {
  (void)state;
  Screen s;
  start(&s, "dumb", 40);
  ask(&s, "circuit c(x[4]) on q[4] { for k in 0..2 { ry(x) q; cx ring(q) }; return expval(Z(q)) }\r",
      "0 parameters");
  ask_plain(&s, ":draw c\r", "<Z>", 40);
  ask_plain(&s, ":help\r", "Ctrl-D leaves", 40);
  ask_plain(&s, ":doc train\r", "iterations", 40);
  ask_plain(&s, "nothing\r", "E0101", 0);
  leave(&s);
}

int main(void) {
#if !defined(QGN_LINE_EDITOR_readline)
  return cmocka_run_group_tests((const struct CMUnitTest[]){cmocka_unit_test(stops)}, make_folder,
                                remove_folder);
#else
  const struct CMUnitTest tests[] = {cmocka_unit_test(lines), cmocka_unit_test(completes),
                                     cmocka_unit_test(stops), cmocka_unit_test(dumb)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
#endif
}
