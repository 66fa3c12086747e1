#define _GNU_SOURCE
#include "runtime/cli/cli.h"
#include <jansson.h>
#include <langinfo.h>
#include <locale.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "lang/base/mem.h"
#include "runtime/record/record.h"

static int (*const verb_table[CLI_VERB_COUNT])(Cli *) = {
    [CLI_RUN] = cli_verb_run,
    [CLI_CHECK] = cli_verb_check,
    [CLI_DUMP] = cli_verb_dump,
    [CLI_FMT] = cli_verb_fmt,
    [CLI_EXPLAIN] = cli_verb_explain,
    [CLI_DOC] = cli_verb_doc,
    [CLI_DOCTOR] = cli_verb_doctor,
    [CLI_VERSION] = cli_verb_version,
    [CLI_HELP] = cli_verb_help,
    [CLI_DRAW] = cli_verb_draw,
    [CLI_EXPORT] = cli_verb_export,
    [CLI_SPECS] = cli_verb_specs,
    [CLI_FIX] = cli_verb_fix,
    [CLI_REPL] = cli_verb_repl,
    [CLI_LIST] = cli_verb_list,
    [CLI_SHOW] = cli_verb_show,
    [CLI_DIFF] = cli_verb_diff,
    [CLI_CLEAN] = cli_verb_clean,
    [CLI_VERIFY] = cli_verb_verify,
    [CLI_TEST] = cli_verb_test,
    [CLI_DATA] = cli_verb_data,
    [CLI_NEW] = cli_verb_new,
    [CLI_COMPLETION] = cli_verb_completion,
    [CLI_MAN] = cli_verb_man,
};

/* Memory ran out: no call here may allocate, and files that were being written are temporary. */
static _Noreturn void out_of_memory(size_t size) {
  char text[160];
  int n = snprintf(text, sizeof text,
                   "\nerror[E0702]: memory ran out (%zu bytes were wanted)\n"
                   "   = saved: what was written before is intact\n",
                   size);
  ssize_t done = write(STDERR_FILENO, text, n > 0 ? (size_t)n : 0);
  (void)done;
  _exit(5);
}

static void fatal(size_t size) { out_of_memory(size); }

/* Colour and boxes need a terminal that can show them; nothing else depends on the environment. */
static DiagStyle find_style(const Cli *c) {
  DiagStyle style = {0};
  const char *form = c->value[OPT_MESSAGE_FORMAT];
  if (form)
    style.format = strcmp(form, "json") == 0     ? FORM_JSON
                   : strcmp(form, "github") == 0 ? FORM_GITHUB
                                                 : FORM_TEXT;
  const char *term = getenv("TERM"), *when = c->value[OPT_COLOR];
  bool tty = isatty(STDERR_FILENO) == 1;
  style.color = tty && !getenv("NO_COLOR") && term && strcmp(term, "dumb") != 0;
  if (when && strcmp(when, "always") == 0) style.color = true;
  if (when && strcmp(when, "never") == 0) style.color = false;
  setlocale(LC_CTYPE, "");
  style.unicode = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
  setlocale(LC_CTYPE, "C");
  struct winsize size;
  if (tty && ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0) style.width = size.ws_col;
  return style;
}

void cli_show(Cli *c) {
  fflush(stdout);
  if (c->shown == 0) {
    diag_render(c->sink, c->style, stderr);
  } else {
    for (int i = c->shown; i < c->sink->all.n; i++) diag_render_one(c->sink->all.at[i], c->style, stderr);
  }
  c->shown = c->sink->all.n;
  fflush(stderr);
}

int cli_code(const Cli *c) {
  int code = diag_exit_code(c->sink);
  if (code == 0 && c->given[OPT_DENY] && diag_warnings(c->sink) > 0) return 2;
  return code;
}

bool cli_later(Cli *c, const char *what) {
  Diag *d = diag_add(c->sink, DIAG_LATER, SPAN_NONE, "%s is not built yet", what);
  diag_note(d, "nothing was run");
  return false;
}

static int run_verb(Cli *c) {
  const VerbInfo *v = &verb_info[c->verb];
  if (c->given[OPT_HELP]) return cli_verb_help(c);
  if (v->later) {
    cli_later(c, arena_printf(c->arena, "`qgn %s`", v->name));
    if (c->verb == CLI_SWEEP)
      diag_help(c->sink->all.at[c->sink->all.n - 1],
                "in the script: `sweep s over TRAIN { vary lr in [1e-3, 1e-4]; record ... }`, and `qgn run`");
    return 2;
  }
  for (int o = 0; o < OPT_COUNT; o++) {
    if (!c->given[o] || !option_info[o].later) continue;
    cli_later(c, arena_printf(c->arena, "`--%s`", option_info[o].name));
    return 2;
  }
  return verb_table[c->verb](c);
}

int cli_main(int argc, char **argv) {
  Cli c = {.started = record_clock()};
  mem_on_fatal(fatal);
  json_set_alloc_funcs(mem_alloc, mem_free);
  c.arena = arena_new();
  c.sink = diag_sink(c.arena);
  c.style = find_style(&c);
  int code;
  if (!cli_args(&c, argc, argv)) {
    code = cli_code(&c);
  } else {
    c.style = find_style(&c);
    code = run_verb(&c);
  }
  cli_show(&c);
  if (fflush(stdout) != 0 || ferror(stdout)) {
    diag_add(c.sink, DIAG_WRITE, SPAN_NONE, "the results could not be written to standard output");
    cli_show(&c);
    code = code ? code : 3;
  }
  arena_free(c.arena);
  src_clear();
  sym_clear();
  return code;
}
