/* `qgn` without a verb: reads statements and commands until the end of the input. */
#define _GNU_SOURCE
#include "runtime/cli/repl.h"
#include <string.h>
#include <unistd.h>
#include "lang/base/mem.h"
#include "runtime/record/record.h"

static void greet(const Repl *R) {
  Arena *a = R->cli->arena;
  const char *line =
      arena_printf(a, "qgn %s  edition 1  %d thread%s  %s   :help for help, Ctrl-D to leave", QGN_VERSION,
                   R->cli->threads, R->cli->threads == 1 ? "" : "s", cli_family(a));
  cli_put_wrapped(line, 0, 0, repl_width());
  fflush(stdout);
}

/* A `##` line belongs to the statement below it. */
static bool ends_in_doc(const char *text) {
  const char *last = strrchr(text, '\n');
  last = last ? last + 1 : text;
  last += strspn(last, " \t");
  return last[0] == '#' && last[1] == '#';
}

/* Whether the text needs more lines, and the bracket that is open. */
static bool is_unfinished(const char *text, char *open) {
  Arena *a = arena_new();
  const uint32_t place = src_next();
  const char *line = arena_printf(a, "%s\n", text); /* where a line may not end it is no use to go on */
  const Source *src = src_add(SRC_REPL, line, strlen(line));
  AstNode *tree;
  ParseOpener opener = {0};
  bool unfinished = src && parse_source(a, src, diag_sink(a), true, &tree, &opener) == PARSE_INCOMPLETE;
  *open = opener.bracket ? opener.bracket : '.';
  src_forget(place, UINT32_MAX);
  arena_free(a);
  if (!unfinished && ends_in_doc(text)) {
    *open = '#';
    return true;
  }
  return unfinished;
}

static bool is_blank(const char *s) {
  s += strspn(s, " \t\r\n");
  return *s == '\0';
}

/* A statement with the lines that it needs; NULL at the end of the input. */
static const char *read_statement(Repl *R, Arena *a) {
  const char *text = repl_line(R, a, "qgn> ");
  char open;
  if (!text || is_blank(text) || *text == ':' || *text == '?') return text;
  while (is_unfinished(text, &open)) {
    R->pending = arena_printf(a, "%s\n", text);
    const char *more = repl_line(R, a, arena_printf(a, "  %c> ", open));
    R->pending = NULL;
    if (!more || repl_line_cancelled()) return more ? "" : text;
    text = arena_printf(a, "%s\n%s", text, more);
  }
  return text;
}

/* A word that leaves or helps elsewhere, if it is no name here: the command. */
static const char *bare_command(const Repl *R, const char *s) {
  static const char *const words[][2] = {{"quit", ":quit"}, {"exit", ":quit"}, {"help", ":help"}};
  const size_t n = strcspn(s, "( \t\r\n");
  const char *rest = s + n + (strncmp(s + n, "()", 2) == 0 ? 2 : 0);
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strlen(words[i][0]) == n && strncmp(words[i][0], s, n) == 0 && is_blank(rest) &&
        repl_find(&R->entries, words[i][0]) < 0)
      return words[i][1];
  return NULL;
}

/* `draw bell`, which failed: perhaps `:draw bell` was meant. */
static void hint_command(const Repl *R, Arena *a, const char *s) {
  const size_t n = strspn(s, "abcdefghijklmnopqrstuvwxyz");
  const ReplCommand *c = n > 0 ? repl_command_named(arena_strn(a, s, n)) : NULL;
  if (!c || strlen(c->name) != n || R->json || strchr(s, '\n')) return;
  const char *rest = s + n + strspn(s + n, " \t(");
  if (*rest == '=') return; /* `seed = 2` is a statement */
  size_t end = strlen(rest);
  if (s[n] == '(' && end > 0 && rest[end - 1] == ')') end--;
  fprintf(stderr, "   = help: a command begins with a colon: `:%s%s%.*s`\n", c->name, end > 0 ? " " : "",
          (int)end, rest);
}

/* `ry?` asks as `?ry` does: then that, else the text. */
static const char *asked(Arena *a, const char *text) {
  const char *s = text + strspn(text, " \t");
  const size_t n = strcspn(s, "? \t\r\n");
  const char *end = s + n + strspn(s + n, " \t");
  if (n == 0 || *s == ':' || *end != '?' || !is_blank(end + 1)) return text;
  return arena_printf(a, "?%.*s", (int)n, s);
}

bool repl_carry_out(Repl *R, const char *given) {
  Arena *a = arena_new();
  const char *text = asked(a, given), *s = text + strspn(text, " \t");
  const double from = record_clock();
  bool ok = true;
  R->n_last = 0;
  if (*s == ':' || *s == '?') {
    ok = repl_command(R, s);
  } else if (bare_command(R, s)) {
    ok = repl_command(R, bare_command(R, s));
  } else if (!is_blank(s)) {
    ok = repl_statements(R, text, false);
    if (!ok) hint_command(R, a, s);
    if (R->timing) printf("%.3g s\n", record_clock() - from);
  }
  if (R->step > 0 && !is_blank(s)) repl_tutorial_look(R, s, ok);
  fflush(stdout);
  arena_free(a);
  repl_tidy(R);
  return ok;
}

static void loop(Repl *R) {
  while (!R->quit) {
    Arena *a = arena_new();
    const char *text = read_statement(R, a);
    repl_line_cancelled();
    if (text) repl_carry_out(R, text);
    arena_free(a);
    if (!text) break;
  }
  if (R->is_tty && !R->quit) putchar('\n');
}

void repl_begin(Repl *R, Cli *c) {
  *R = (Repl){.cli = c, .arena = arena_new(), .keep = arena_new(), .base = SRC_REPL, .base_taken = SRC_REPL};
  progress_init(&R->progress, c);
}

void repl_end(Repl *R) {
  while (repl_undo(R)) continue;
  for (int i = 0; i < R->entries.n; i++) repl_train_drop(R->entries.at[i].train);
  repl_view_free(&R->view);
  if (R->docs_arena) arena_free(R->docs_arena);
  arena_free(R->keep);
  arena_free(R->arena);
}

int cli_verb_repl(Cli *c) {
  if (c->operands.n > 0) {
    cli_usage(c, c->operand_spans.at[0], "`qgn repl` takes no script: `qgn run %s`, or `:load` at the prompt",
              c->operands.at[0]);
    return cli_code(c);
  }
  if (c->threads == 0) c->threads = cli_cores();
  Repl R;
  repl_begin(&R, c);
  R.is_tty = isatty(STDIN_FILENO) == 1;
  R.echo = c->given[OPT_ECHO] && !R.is_tty;
  cli_signals_install();
  if (c->given[OPT_COMMAND]) {
    repl_statements(&R, c->value[OPT_COMMAND], true);
  } else {
    repl_line_init(&R);
    if (R.is_tty && !c->given[OPT_QUIET]) greet(&R);
    loop(&R);
    repl_line_end(&R);
  }
  repl_end(&R);
  return R.is_tty && !c->given[OPT_COMMAND] ? 0 : R.code;
}
