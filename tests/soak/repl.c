/* Sessions of the prompt at random: statements, right and wrong, commands, Ctrl-C at any moment.
 *
 *   repl STATEMENTS SEED
 *
 * Checked: nothing crashes; a line that failed leaves the session as it was; what the session holds runs
 * again; memory does not grow with the number of statements. The last line is "N statements, K failed, M
 * interrupted, RSS a to b MB". */
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <unistd.h>
#include "lang/base/intern.h"
#include "lang/base/mem.h"
#include "runtime/cli/repl.h"

#define MOST_ENTRIES 30 /* then a new session */
#define MOST_TEXT 4000

static uint64_t state;
static uint32_t pick(uint32_t n) {
  state = state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(state >> 33) % n;
}

typedef struct Line {
  char text[MOST_TEXT + 200];
  size_t n;
} Line;

static void add(Line *l, const char *s) {
  const size_t n = strlen(s);
  if (l->n + n > MOST_TEXT) return;
  memcpy(l->text + l->n, s, n + 1);
  l->n += n;
}

/* What may stand for what: a text of one row, in which %X is a row of kind X. */
static const struct {
  char kind;
  const char *text;
} rows[] = {
    {'n', "0"},
    {'n', "1"},
    {'n', "2"},
    {'n', "0.5"},
    {'n', "90deg"},
    {'n', "1e-3"},
    {'n', "-1"},
    {'v', "a"},
    {'v', "b"},
    {'v', "d"},
    {'v', "f"},
    {'c', "C1"},
    {'c', "C2"},
    {'m', "M1"},
    {'m', "M2"},
    {'t', "T1"},
    {'t', "T2"},
    {'h', "lr"},
    {'h', "k"},
    {'D', "S1"},
    {'D', "S2"},
    {'w', "W1"},
    {'e', "%n"},
    {'e', "%v"},
    {'e', "%v"},
    {'e', "%h"},
    {'e', "%e + %e"},
    {'e', "%e * %n"},
    {'e', "sin(%e)"},
    {'e', "[%e, %n]"},
    {'e', "%c(%e)"},
    {'e', "mean(%t.loss)"},
    {'e', "%m([%n, %n])"},
    {'e', "%e > %n"},
    {'e', "grad(sum(%c(%v)), %v)"},
    {'e', "params(%m)"},
    {'e', "%w.r"},
    {'e', "%e[0]"},
    {'e', "(%e)^2"},
    {'e', "mean(%D.x)"},
    {'e', "theta"},
    {'e', "check_grad(%c, %n)"},
    {'g', "ry(x) q"},
    {'g', "h q"},
    {'g', "cx q[0], q[1]"},
    {'g', "ry(t) q[0]"},
    {'g', "rz(%e) q"},
    {'g', "for i in 0..2 { rx(x * i) q[i] }"},
    {'g', "ctrl @ ry(t) q[0], q[1]"},
    {'g', "x q[%n]"},
    {'r', "expval(Z(q))"},
    {'r', "probs(q)"},
    {'r', "expval(Z(q[0]) * X(q[1]))"},
    {'r', "purity(q[0])"},
    {'s', "let %v = %e"},
    {'s', "let %v = %e"},
    {'s', "hyper %h = %n"},
    {'s', "%e"},
    {'s', "%e"},
    {'s', "%e"},
    {'s', "draw %v[3] ~ normal(%n, 1)"},
    {'s', "def u(x) = x * %e"},
    {'s', "let %v, %v = %e, %e"},
    {'s', "circuit %c(x) on q[2] { param t ~ uniform(0, 1); %g; %g; return %r }"},
    {'s', "circuit %c(x) on q[2] { param t = %n\n %g\n %g\n return %r\n}"},
    {'s', "model %m(x[2]) -> [1] { linear(%n); tanh; linear(1) }"},
    {'s', "model %m(x[2]) { linear(2); %c; sum }"},
    {'s', "dataset %D { normal(0, 1); redraw(8) }"},
    {'s', "dataset %D { moons(20, noise = 0.1) }"},
    {'s', "train %t { epochs = 6; optimizer %c = adam(lr); step { minimize sum(%c(%n)) over %c } }"},
    {'s',
     "train %t { data = %D; batch = 4; epochs = 5; optimizer %m = sgd(0.1); step x[B, 2] { minimize mean(%m(x)^2) "
     "over %m } }"},
    {'s', "train %t { epochs = 100000; optimizer %c = adam(lr); step { minimize sum(%c(0.3)) over %c } }!"},
    {'s', "sweep %w over %t { vary lr in [0.1, 0.2]; record r = %e }"},
    {'s', "expect %e > %n"},
    {'s', "assert %e"},
    {'s', "claim(\"X.1\", %e > 0, document = 1, measured = %e)"},
    {'s', "seed = 3"},
    {'s', "use std.gan: wgan_gp"},
    {'s', "report R1 { table row(\"a\", %e) }"},
    {'s', "precision = \"double\""},
    {'s', "%t"},
    {'s', "%w"},
    {'s', "%D"},
    {'s', "R1"},
    {'s', "help"},
    {'s', "weights(%m)"},
    {'s', "grad(sum(%c(%n)), %c)"},
    {'k', ":set %t.epochs = %n"},
    {'k', ":set %t.iterations = %n"},
    {'k', ":doc layers"},
    {'k', ":tutorial %n"},
    {'k', ":tutorial skip"}, /* a command: the next step of the tutorial; nothing is left out here */
    {'k', ":tutorial stop"},
    {'k', ":undo"},
    {'k', ":undo"},
    {'k', ":type %e"},
    {'k', ":state %c(%n)"},
    {'k', ":state %c(%n) at %n"},
    {'k', ":draw %c"},
    {'k', ":draw"},
    {'k', ":set lr = %n"},
    {'k', ":rerun %t"},
    {'k', ":rerun %w"},
    {'k', ":keep %t"},
    {'k', ":stale"},
    {'k', ":save s.qgn !"},
    {'k', ":load s.qgn"},
    {'k', ":source %v"},
    {'k', ":why %v"},
    {'k', ":why %m"},
    {'k', ":plan %s"},
    {'k', ":doc adam"},
    {'k', "?%v"},
    {'k', ":mode json"},
    {'k', ":mode text"},
    {'k', ":seed 4"},
    {'k', ":time %e"},
    {'k', ":tutorial"},
    {'k', ":tutorial stop"},
    {'k', ":complete %s"},
    {'k', ":help %v"},
    {'k', ":explain E0301"},
    {'k', ":nothing"},
    {'k', ":profile %n"},
    {'k', ":watch s.qgn"},
};
#define N_ROWS ((uint32_t)(sizeof rows / sizeof *rows))

static void expand(Line *l, char kind, int depth) {
  uint32_t n = 0, at;
  for (uint32_t i = 0; i < N_ROWS; i++) n += rows[i].kind == kind;
  if (n == 0) return;
  at = depth > 5 ? 0 : pick(n);
  for (uint32_t i = 0; i < N_ROWS; i++) {
    if (rows[i].kind != kind || at-- > 0) continue;
    for (const char *s = rows[i].text; *s; s++) {
      char one[2] = {*s, '\0'};
      if (*s == '%') expand(l, *++s, depth + 1);
      else add(l, one);
    }
    return;
  }
}

/* A slip of the keyboard: a byte lost, doubled, another one, or the rest cut off. */
static void slip(Line *l) {
  static const char bytes[] = "()[]{}=~:;,.+-*/^@#\"\n 019aqxZ\\\xce\xb8\x01";
  if (l->n == 0) return;
  const size_t at = pick((uint32_t)l->n);
  switch (pick(4)) {
  case 0: memmove(l->text + at, l->text + at + 1, l->n - at), l->n--; break;
  case 1: memmove(l->text + at + 1, l->text + at, l->n - at + 1), l->n++; break;
  case 2: l->text[at] = bytes[pick(sizeof bytes - 1)]; break;
  default: l->text[at] = '\0', l->n = at; break;
  }
}

static double megabytes(void) {
  long pages = 0, all;
  FILE *f = fopen("/proc/self/statm", "r");
  if (f && fscanf(f, "%ld %ld", &all, &pages) != 2) pages = 0;
  if (f) fclose(f);
  return (double)pages * (double)sysconf(_SC_PAGESIZE) / 1e6;
}

static void interrupt_in(long microseconds) {
  const struct itimerval t = {.it_value = {.tv_usec = microseconds}};
  setitimer(ITIMER_REAL, &t, NULL);
}

static void ring(int number) {
  (void)number;
  raise(SIGINT);
}

static FILE *say;

static _Noreturn void wrong(const char *what, const Line *l, const char *before, const char *after) {
  fprintf(say, "%s\n--- line\n%s\n--- session before\n%s--- session after\n%s", what, l->text, before, after);
  fflush(say);
  _exit(1);
}

typedef struct Counts {
  long statements, failed, interrupted;
} Counts;

/* One line; a new session where this one is long. */
static void step(Repl *R, Cli *c, Counts *n) {
  Line l = {.n = 0};
  const bool command = pick(4) == 0, typo = pick(5) == 0;
  expand(&l, command ? 'k' : 's', 0);
  const bool is_long = l.n > 0 && l.text[l.n - 1] == '!' && !command; /* it has to be interrupted */
  if (is_long) l.text[--l.n] = '\0';
  if (typo && !is_long) slip(&l);
  Arena *a = arena_new();
  const char *before = repl_script(a, &R->entries);
  const bool interrupts = is_long || pick(12) == 0;
  if (interrupts) interrupt_in(is_long ? 3000 : 1 + pick(2000));
  const bool ok = repl_carry_out(R, l.text);
  interrupt_in(0);
  cli_signals_clear();
  n->statements++, n->failed += !ok, n->interrupted += interrupts;
  const char *after = repl_script(a, &R->entries);
  const bool one = !strchr(l.text, ';') && !strchr(l.text, '\n') && strncmp(l.text, ":l", 2) != 0 &&
                   strncmp(l.text, ":w", 2) != 0;
  if (!ok && one && strcmp(before, after) != 0) wrong("a line that failed left something", &l, before, after);
  if (n->statements % 50 == 0 && R->entries.n > 0) {
    const int code = R->code;
    if (!repl_again(R, &R->entries, NULL)) wrong("the session does not run again", &l, before, after);
    R->code = code;
  }
  arena_free(a);
  R->quit = false;
  if (R->entries.n < MOST_ENTRIES) return;
  repl_end(R);
  c->style.format = FORM_TEXT;
  repl_begin(R, c);
}

int main(int argc, char **argv) {
  char folder[] = "/tmp/qgn-soak-XXXXXX",
       *words[] = {(char[]){"qgn"}, (char[]){"repl"}, (char[]){"-q"}, NULL};
  const long most = argc > 1 ? atol(argv[1]) : 300;
  state = argc > 2 ? strtoull(argv[2], NULL, 10) : 1;
  say = fdopen(dup(STDERR_FILENO), "w");
  if (!say || !mkdtemp(folder) || chdir(folder) != 0 || !freopen("/dev/null", "w", stdout) ||
      !freopen("/dev/null", "w", stderr) || !freopen("/dev/null", "r", stdin))
    return 2;
  Cli c = {.arena = arena_new(), .threads = 1};
  c.sink = diag_sink(c.arena);
  if (!cli_args(&c, 3, words)) return 2;
  cli_signals_install();
  signal(SIGALRM, ring);
  Repl R;
  Counts n = {0};
  double early = 0;
  repl_begin(&R, &c);
  while (n.statements < most) {
    step(&R, &c, &n);
    if (n.statements == most / 4) early = megabytes();
  }
  repl_end(&R);
  arena_free(c.arena);
  src_clear();
  sym_clear();
  fprintf(say, "%ld statements, %ld failed, %ld interrupted, RSS %.0f to %.0f MB\n", n.statements, n.failed,
          n.interrupted, early, megabytes());
  char remove[64];
  snprintf(remove, sizeof remove, "rm -rf %s", folder);
  return system(remove);
}
