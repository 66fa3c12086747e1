/* Lines from a terminal through readline or libedit, from anything else as they come. The history is kept in
 * $XDG_STATE_HOME/qgn/history (default ~/.local/state), readable by its owner only. */
#define _GNU_SOURCE
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "lang/ir/gate.h"
#include "runtime/cli/repl.h"
#if defined(QGN_LINE_EDITOR_readline)
#include <readline/history.h>
#include <readline/readline.h>
#define HAS_EDITOR 1
#elif defined(QGN_LINE_EDITOR_libedit)
#include <editline/readline.h>
#define HAS_EDITOR 1
#else
#define HAS_EDITOR 0
#endif

#define HISTORY_MOST 5000
static bool cancelled;

bool repl_line_cancelled(void) {
  bool was = cancelled;
  cancelled = false;
  return was;
}

static char *plain_line(Arena *a) {
  char *line = NULL;
  size_t cap = 0;
  ssize_t n = getline(&line, &cap, stdin);
  char *out = n < 0 ? NULL : arena_strn(a, line, (size_t)n - (n > 0 && line[n - 1] == '\n'));
  mem_give_back(line);
  return out;
}

#if HAS_EDITOR
static Repl *current;
static Arena *names_arena;
static VEC(const char *) candidates;

static const char *history_file(Arena *a) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (state && *state == '/') return arena_printf(a, "%s/qgn/history", state);
  return home && *home == '/' ? arena_printf(a, "%s/.local/state/qgn/history", home) : NULL;
}

static void candidate(const char *name, const char *text) {
  if (strncmp(name, text, strlen(text)) == 0) vec_push(names_arena, &candidates, name);
}

static void find_candidates(const char *text) {
  static const char *const words[] = {"circuit",  "dataset", "def",       "draw",  "expect", "hyper", "let",
                                      "minimize", "model",   "optimizer", "param", "return", "train", "use"};
  if (names_arena) arena_free(names_arena);
  names_arena = arena_new();
  candidates.at = NULL, candidates.n = candidates.cap = 0;
  if (*text == ':') {
    for (int i = 0; i < repl_n_commands; i++)
      candidate(arena_printf(names_arena, ":%s", repl_commands[i].name), text);
    return;
  }
  for (int e = 0; e < current->entries.n; e++)
    for (int k = 0; k < current->entries.at[e].names.n; k++)
      candidate(current->entries.at[e].names.at[k], text);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++) candidate(words[i], text);
  for (int g = 0; g < GATE_COUNT; g++) candidate(gate_info[g].name, text);
}

static char *next_candidate(const char *text, int state) {
  static int at;
  if (state == 0) at = 0, find_candidates(text);
  return at < candidates.n ? mem_hand_over(candidates.at[at++]) : NULL;
}

static char **complete(const char *text, int start, int end) {
  (void)start, (void)end;
  return rl_completion_matches(text, next_candidate);
}

/* One byte of the terminal. Ctrl-C gives the line up; the other signals that ask for a stop end the input. */
static int get_byte(FILE *f) {
  for (unsigned char byte;;) {
    ssize_t n = read(fileno(f), &byte, 1);
    if (n == 1) return byte;
    if (n == 0 || errno != EINTR) return EOF;
    if (!cli_stop_asked()) continue;
    if (cli_stop_signal() != SIGINT) return EOF;
    cli_signals_clear();
    cancelled = true;
    return '\n';
  }
}

void repl_line_init(Repl *R) {
  current = R;
  if (!R->is_tty) return;
  rl_readline_name = "qgn";
  rl_attempted_completion_function = complete;
  rl_basic_word_break_characters = " \t\n\"\\'`@$><=;|&{}()[]+-*/^,~";
  rl_getc_function = get_byte;
  rl_catch_signals = 0;
#if defined(QGN_LINE_EDITOR_readline)
  rl_variable_bind("enable-bracketed-paste", "on");
#endif
  Arena *a = arena_new();
  const char *file = history_file(a);
  using_history();
  stifle_history(HISTORY_MOST);
  if (file) read_history(file);
  arena_free(a);
}

char *repl_line(Repl *R, Arena *a, const char *prompt) {
  if (!R->is_tty) return plain_line(a);
  fflush(stdout);
  cli_signals_interrupt(true);
  char *line = readline(prompt);
  cli_signals_interrupt(false);
  if (line && *line && !cancelled) add_history(line);
  char *out = line ? arena_str(a, cancelled ? "" : line) : NULL;
  mem_give_back(line);
  return out;
}

void repl_line_end(Repl *R) {
  if (names_arena) arena_free(names_arena);
  names_arena = NULL;
  if (!R->is_tty) return;
  Arena *a = arena_new();
  const char *file = history_file(a);
  IoError e;
  const char *slash = file ? strrchr(file, '/') : NULL;
  const mode_t mask = umask(077);
  if (slash && io_make_folder(arena_strn(a, file, (size_t)(slash - file)), &e)) write_history(file);
  umask(mask);
  clear_history();
  arena_free(a);
}

void repl_line_history(void) {
  for (int i = 0; i < history_length; i++) {
    HIST_ENTRY *h = history_get(history_base + i);
    if (h) puts(h->line);
  }
}

#else
void repl_line_init(Repl *R) { (void)R; }
char *repl_line(Repl *R, Arena *a, const char *prompt) {
  if (R->is_tty) fputs(prompt, stdout), fflush(stdout);
  return plain_line(a);
}
void repl_line_end(Repl *R) { (void)R; }
void repl_line_history(void) {}
#endif
