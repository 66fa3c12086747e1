/* `qgn` without a verb: reads statements and commands until the end of the input. */
#define _GNU_SOURCE
#include "runtime/cli/repl.h"
#include <string.h>
#include <unistd.h>
#include "lang/base/mem.h"
#include "runtime/record/record.h"

static void greet(const Repl *R) {
  printf("qgn %s  edition 1  %d thread%s  %s   :help for help, Ctrl-D to leave\n", QGN_VERSION,
         R->cli->threads, R->cli->threads == 1 ? "" : "s", cli_family(R->cli->arena));
  fflush(stdout);
}

/* Whether the text needs more lines, and the bracket that is open. */
static bool is_unfinished(const char *text, char *open) {
  Arena *a = arena_new();
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  AstNode *tree;
  ParseOpener opener = {0};
  bool unfinished = src && parse_source(a, src, diag_sink(a), true, &tree, &opener) == PARSE_INCOMPLETE;
  *open = opener.bracket ? opener.bracket : '.';
  arena_free(a);
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
    const char *more = repl_line(R, a, arena_printf(a, "  %c> ", open));
    if (!more || repl_line_cancelled()) return more ? "" : text;
    text = arena_printf(a, "%s\n%s", text, more);
  }
  return text;
}

static void loop(Repl *R) {
  while (!R->quit) {
    Arena *a = arena_new();
    const char *text = read_statement(R, a);
    if (!text) {
      arena_free(a);
      break;
    }
    repl_line_cancelled();
    const char *s = text + strspn(text, " \t");
    double from = record_clock();
    if (*s == ':' || *s == '?') {
      repl_command(R, s);
    } else if (!is_blank(s)) {
      repl_statements(R, text, false);
      if (R->timing) printf("%.3g s\n", record_clock() - from);
    }
    fflush(stdout);
    arena_free(a);
  }
  if (R->is_tty && !R->quit) putchar('\n');
}

int cli_verb_repl(Cli *c) {
  if (c->operands.n > 0) {
    cli_usage(c, c->operand_spans.at[0], "`qgn repl` takes no script: `qgn run %s`, or `:load` at the prompt",
              c->operands.at[0]);
    return cli_code(c);
  }
  if (c->threads == 0) c->threads = cli_cores();
  Repl R = {.cli = c, .arena = arena_new(), .is_tty = isatty(STDIN_FILENO) == 1};
  cli_signals_install();
  progress_init(&R.progress, c);
  if (c->given[OPT_COMMAND]) {
    repl_statements(&R, c->value[OPT_COMMAND], true);
  } else {
    repl_line_init(&R);
    if (R.is_tty && !c->given[OPT_QUIET]) greet(&R);
    loop(&R);
    repl_line_end(&R);
  }
  while (repl_undo(&R)) continue;
  for (int i = 0; i < R.entries.n; i++) repl_train_drop(R.entries.at[i].train);
  repl_view_free(&R.view);
  arena_free(R.arena);
  return R.is_tty && !c->given[OPT_COMMAND] ? 0 : R.code;
}
