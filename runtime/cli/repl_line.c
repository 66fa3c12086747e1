/* Lines from a terminal through readline or libedit, from anything else as they come. The history is kept in
 * $XDG_STATE_HOME/qgn/history (default ~/.local/state), readable by its owner only. */
#define _GNU_SOURCE
#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/select.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
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

/* ---- what was read but not yet given out: the lines of a paste
 * --------------------------------------------- */

static char *waiting; /* of mem_alloc; NULL: nothing */
static size_t waiting_at;

static void wait_for(const char *text) {
  const size_t n = strlen(text) + 1;
  mem_free(waiting);
  waiting = mem_alloc(n);
  memcpy(waiting, text, n);
  waiting_at = 0;
}

static char *next_waiting(Arena *a) {
  if (!waiting) return NULL;
  const char *s = waiting + waiting_at;
  const size_t n = strcspn(s, "\n");
  char *line = arena_strn(a, s, n);
  waiting_at += n + 1;
  if (s[n] == '\0') mem_free(waiting), waiting = NULL;
  return line;
}

/* The length of a prompt at the start of a line: `qgn> `, `  {> `. */
static size_t prompt_length(const char *s) {
  if (strncmp(s, "qgn> ", 5) == 0) return 5;
  return strncmp(s, "  ", 2) == 0 && strchr("([{.#", s[2]) && s[2] && strncmp(s + 3, "> ", 2) == 0 ? 5 : 0;
}

/* Of a pasted transcript only what was typed: the lines behind prompts. */
static const char *typed_only(Arena *a, const char *text) {
  if (strncmp(text, "qgn> ", 5) != 0) return text;
  const char *out = "";
  for (const char *s = text; *s;) {
    const size_t n = strcspn(s, "\n"), skip = prompt_length(s);
    if (skip) out = arena_printf(a, "%s%s%.*s", out, *out ? "\n" : "", (int)(n - skip), s + skip);
    s += n + (s[n] == '\n');
  }
  return out;
}

static char *plain_line(const Repl *R, Arena *a, const char *prompt) {
  char *line = NULL;
  size_t cap = 0;
  ssize_t n = getline(&line, &cap, stdin);
  if (n > 0 && line[n - 1] == '\n') n--;
  char *out = n < 0 ? NULL : arena_strn(a, line, (size_t)n);
  mem_give_back(line);
  if (out && R->echo) printf("%s%s\n", prompt, out), fflush(stdout);
  return out;
}

#if HAS_EDITOR
static Repl *current;
static const char *history_file(Arena *a) {
  const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
  if (state && *state == '/') return arena_printf(a, "%s/qgn/history", state);
  return home && *home == '/' ? arena_printf(a, "%s/.local/state/qgn/history", home) : NULL;
}

/* ---- completion
 * ----------------------------------------------------------------------------------------------- */

static Arena *shown_arena; /* of the completions that were offered last */
static ReplCompletions shown;
static const char *prefix; /* what the line editor takes for a part of the word, and we do not */
static bool was_unique;    /* the last Tab completed a word: the next one says what it is */

static char *next_candidate(const char *text, int state) {
  static int at;
  (void)text;
  if (state == 0) at = 0;
  if (at >= shown.n) return NULL;
  Arena *a = arena_new();
  char *out = mem_hand_over(arena_printf(a, "%s%s", prefix, shown.at[at++].text));
  arena_free(a);
  return out;
}

#if defined(QGN_LINE_EDITOR_readline)
#define IS_SECOND_TAB (rl_last_func == rl_complete)

/* The second Tab: a line for each completion, with what is known about it; many go into columns. */
static void display(char **matches, int n, int longest) {
  rl_crlf();
  if (n > 40) {
    rl_display_match_list(matches, n, longest);
  } else {
    const int wide = longest < 24 ? longest : 24;
    for (int i = 1; i <= n; i++) {
      const char *doc = "";
      for (int k = 0; k < shown.n; k++)
        if (strcmp(shown.at[k].text, matches[i] + strlen(prefix)) == 0) doc = shown.at[k].doc;
      repl_put_completion(rl_outstream, matches[i], doc, wide);
    }
  }
  rl_forced_update_display();
}

static void say_unique(void) {
  rl_crlf();
  repl_put_completion(rl_outstream, shown.at[0].text, shown.at[0].doc, 0);
  rl_forced_update_display();
}

/* A path is one word behind a command; everywhere else operators divide words. */
static char *word_breaks(void) {
  static char paths[] = " \t\n", words[] = " \t\n\"'`@$><=;|&{}()[]+-*/^,~.";
  return rl_line_buffer[strspn(rl_line_buffer, " ")] == ':' ? paths : words;
}
#else
#define IS_SECOND_TAB false
static void say_unique(void) {}
#endif

static char **complete(const char *text, int start, int end) {
  const bool ask_again = was_unique && IS_SECOND_TAB;
  rl_attempted_completion_over = 1;
  was_unique = false;
  if (ask_again) {
    say_unique();
    return NULL;
  }
  if (shown_arena) arena_free(shown_arena);
  shown_arena = arena_new();
  shown = (ReplCompletions){0};
  size_t begin;
  const char *line = arena_strn(shown_arena, rl_line_buffer, (size_t)end);
  if (repl_complete(current, shown_arena, line, &shown, &begin)) {
    rl_completion_append_character = '\0';
    return rl_completion_matches(text, rl_filename_completion_function);
  }
  if ((int)begin < start) return NULL;
  prefix = arena_strn(shown_arena, line + start, begin - (size_t)start);
  was_unique = shown.n == 1;
  rl_completion_append_character = shown.n == 1 ? shown.at[0].append : '\0';
  return rl_completion_matches(text, next_candidate);
}

/* One byte of the terminal. Ctrl-C gives the line up; the other signals that ask for a stop end the input.
 * A signal is let through only while nothing but the terminal is waited for, so that none is lost between
 * looking for it and reading. */
static int get_byte(FILE *f) {
  static const int stops[] = {SIGINT, SIGTERM, SIGHUP};
  sigset_t held, before;
  sigemptyset(&held);
  for (size_t i = 0; i < sizeof stops / sizeof *stops; i++) sigaddset(&held, stops[i]);
  sigprocmask(SIG_BLOCK, &held, &before);
  int out = EOF;
  for (;;) {
    if (cli_stop_asked()) {
      if (cli_stop_signal() != SIGINT) break;
      cli_signals_clear();
      cancelled = true;
      out = '\n';
      break;
    }
    fd_set terminal;
    FD_ZERO(&terminal);
    FD_SET(fileno(f), &terminal);
    if (pselect(fileno(f) + 1, &terminal, NULL, NULL, NULL, &before) < 0) {
      if (errno == EINTR) continue;
      break;
    }
    unsigned char byte;
    if (read(fileno(f), &byte, 1) == 1) out = byte;
    break;
  }
  sigprocmask(SIG_SETMASK, &before, NULL);
  return out;
}

void repl_line_init(Repl *R) {
  current = R;
  if (!R->is_tty) return;
  rl_readline_name = "qgn";
  rl_attempted_completion_function = complete;
  rl_basic_word_break_characters = " \t\n\"'`@$><=;|&{}()[]+-*/^,~";
  rl_completer_quote_characters = "\"";
  rl_getc_function = get_byte;
  rl_catch_signals = 0;
#if defined(QGN_LINE_EDITOR_readline)
  const char *term = getenv("TERM");
  rl_variable_bind("enable-bracketed-paste", !term || strcmp(term, "dumb") == 0 ? "off" : "on");
  rl_completion_display_matches_hook = display;
  rl_completion_word_break_hook = word_breaks;
#endif
  Arena *a = arena_new();
  const char *file = history_file(a);
  using_history();
  stifle_history(HISTORY_MOST);
  if (file) read_history(file);
  arena_free(a);
}

/* The same line is not kept twice in a row. */
static void remember(const char *line) {
  HIST_ENTRY *last = history_length > 0 ? history_get(history_base + history_length - 1) : NULL;
  if (*line && !(last && strcmp(last->line, line) == 0)) add_history(line);
}

/* Letters of more than one byte are the terminal's business alone: nothing else here knows a locale. */
static char *edited_line(Repl *R, Arena *a, const char *prompt) {
  fflush(stdout);
  cli_signals_interrupt(true);
  if (R->cli->style.unicode) setlocale(LC_CTYPE, "");
  char *line = readline(prompt);
  setlocale(LC_CTYPE, "C");
  cli_signals_interrupt(false);
  was_unique = false;
  if (line && !cancelled) remember(line);
  char *out = line ? arena_str(a, cancelled ? "" : line) : NULL;
  mem_give_back(line);
  return out;
}

char *repl_line(Repl *R, Arena *a, const char *prompt) {
  char *out = next_waiting(a);
  if (out) {
    if (R->is_tty) printf("%s%s\n", prompt, out);
    return out;
  }
  if (!R->is_tty) return plain_line(R, a, prompt);
  out = edited_line(R, a, prompt);
  if (!out || (!strchr(out, '\n') && strncmp(out, "qgn> ", 5) != 0)) return out;
  wait_for(typed_only(a, out));
  return next_waiting(a);
}

void repl_line_end(Repl *R) {
  if (shown_arena) arena_free(shown_arena);
  shown_arena = NULL;
  mem_free(waiting), waiting = NULL;
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
  char *out = next_waiting(a);
  if (out) return out;
  if (R->is_tty) fputs(prompt, stdout), fflush(stdout);
  out = plain_line(R, a, prompt);
  if (!out || strncmp(out, "qgn> ", 5) != 0) return out;
  wait_for(typed_only(a, out));
  return next_waiting(a);
}
void repl_line_end(Repl *R) {
  (void)R;
  mem_free(waiting), waiting = NULL;
}
void repl_line_history(void) {}
#endif
