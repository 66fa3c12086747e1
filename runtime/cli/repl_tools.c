/* Commands that ask: `:type :why :plan :doc :complete`; that measure: `:profile`; that change the session as
 * a whole: `:mode :seed :watch`. */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "lang/base/num.h"
#include "runtime/cli/plan.h"
#include "runtime/cli/repl.h"
#include "runtime/record/record.h"

#define MOST_SHOWN 60 /* completions */

/* ---- types ------------------------------------------------------------------------------------------------
 */

/* The session with `more` behind it, parsed; its text is forgotten by src_forget from *place. */
static AstNode *tree_with(Repl *R, Arena *a, const char *more, DiagSink *sink, uint32_t *place) {
  const char *text = arena_printf(a, "%s%s", repl_script(a, &R->entries), more);
  repl_sema_options(R); /* the prelude's text stays */
  *place = src_next();
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  AstNode *tree = NULL;
  if (src && parse_source(a, src, sink, false, &tree, NULL) == PARSE_OK) return tree;
  return NULL;
}

bool repl_show_errors(Repl *R, DiagSink *sink) {
  if (sink->n_errors == 0) return true;
  DiagSink *errors = diag_sink(sink->arena);
  for (int i = 0; i < sink->all.n; i++)
    if (diag_info[sink->all.at[i]->code].severity == SEV_ERROR)
      vec_push(sink->arena, &errors->all, sink->all.at[i]);
  errors->n_errors = sink->n_errors;
  fflush(stdout);
  diag_render(errors, R->cli->style, stderr);
  if (R->code == 0) R->code = diag_exit_code(sink);
  return false;
}

bool repl_do_type(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "type", "a name or an expression");
  const int i = repl_find(&R->entries, sym_text(sym_intern(argument)));
  Arena *a = arena_new();
  const char *name = i >= 0 ? argument : "this_value";
  DiagSink *sink = diag_sink(a);
  uint32_t place;
  const AstNode *tree =
      tree_with(R, a, i >= 0 ? "" : arena_printf(a, "let this_value = %s\n", argument), sink, &place);
  char *out = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&out, &size);
  const SemaOptions options = repl_sema_options(R);
  if (f && tree) sema_dump_types(a, tree, &options, sink, f);
  if (f) fclose(f);
  const bool ok = repl_show_errors(R, sink) && f && tree;
  const char *want = arena_printf(a, " %s: ", sym_text(sym_intern(name)));
  for (char *line = out, *next; ok && line && *line; line = next) {
    next = strchrnul(line, '\n');
    if (*next) *next++ = '\0';
    const char *kind = strchr(line, ' '), *at = kind ? strstr(kind, want) : NULL;
    if (at && strchr(kind + 1, ' ') == at) puts(i >= 0 ? kind + 1 : at + strlen(want));
  }
  mem_give_back(out);
  src_forget(place, UINT32_MAX);
  arena_free(a);
  return ok;
}

bool repl_do_why(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "why", "a name");
  if (repl_entry_named(R, argument) < 0) return false;
  Arena *a = arena_new();
  DiagSink *sink = diag_sink(a);
  uint32_t place;
  const char *near;
  const AstNode *tree = tree_with(R, a, "", sink, &place);
  const SemaOptions options = repl_sema_options(R);
  bool ok = tree && sema_why(a, tree, &options, sink, argument, &near, stdout);
  ok = repl_show_errors(R, sink) && ok;
  src_forget(place, UINT32_MAX);
  arena_free(a);
  return ok;
}

/* ---- plans
 * --------------------------------------------------------------------------------------------------- */

/* The session as it is, or with a statement that is not run. */
bool repl_do_plan(Repl *R, const char *argument) {
  Arena *a = arena_new();
  Cli c = *R->cli;
  c.arena = a, c.sink = diag_sink(a), c.shown = 0;
  uint32_t place;
  const AstNode *tree = tree_with(R, a, arena_printf(a, "%s\n", argument), c.sink, &place);
  SemaOptions options = cli_sema_options(&c, R->base);
  options.prelude = R->prelude;
  const Program *p = tree ? sema_elaborate(a, tree, &options, c.sink) : NULL;
  if (p && c.sink->n_errors == 0) plan_show(&c, p);
  const bool ok = repl_show_errors(R, c.sink);
  src_forget(place, UINT32_MAX);
  arena_free(a);
  return ok;
}

/* ---- documentation
 * ------------------------------------------------------------------------------------------ */

bool repl_do_doc(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "doc", "a name");
  Arena *a = arena_new();
  const char *near;
  const int i = repl_find(&R->entries, sym_text(sym_intern(argument)));
  bool ok = true;
  if (i >= 0) {
    doc_lines(R->entries.at[i].text, "");
    ok = repl_do_type(R, argument);
  } else if (!doc_print(a, argument, &near) && !doc_print_kind(a, argument)) {
    repl_complain(
        R, DIAG_USAGE,
        near
            ? arena_printf(a, "did you mean `:doc %s`?", near)
            : "`:doc layers` lists one kind; others are gates, optimizers, schedules, functions, measurements",
        "neither the library nor the session has `%s`", argument);
    ok = false;
  }
  arena_free(a);
  return ok;
}

bool repl_do_complete(Repl *R, const char *argument) {
  Arena *a = arena_new();
  ReplCompletions list = {0};
  size_t start;
  const bool files = repl_complete(R, a, argument, &list, &start);
  if (files) puts("the name of a file");
  int wide = 0;
  for (int i = 0; i < list.n && i < MOST_SHOWN; i++) {
    const int n = (int)strlen(list.at[i].text);
    wide = n > wide && n < 24 ? n : wide;
  }
  for (int i = 0; i < list.n && i < MOST_SHOWN; i++)
    repl_put_completion(stdout, list.at[i].text, list.at[i].doc, wide);
  if (list.n > MOST_SHOWN) printf("and %d more\n", list.n - MOST_SHOWN);
  if (list.n == 0 && !files) puts("nothing fits here");
  arena_free(a);
  return true;
}

/* ---- the session as a whole
 * ----------------------------------------------------------------------------------- */

bool repl_do_mode(Repl *R, const char *argument) {
  if (*argument && strcmp(argument, "text") != 0 && strcmp(argument, "json") != 0)
    return repl_usage(R, "mode", "text or json");
  if (!*argument) {
    puts(R->json ? "json" : "text");
    return true;
  }
  R->json = strcmp(argument, "json") == 0;
  R->cli->style.format = R->json ? FORM_JSON : FORM_TEXT;
  return true;
}

bool repl_do_seed(Repl *R, const char *argument) {
  if (!*argument) {
    printf("%llu\n", R->view.program ? (unsigned long long)R->view.program->seed : 0ULL);
    return true;
  }
  if (argument[strspn(argument, "0123456789_")] != '\0')
    return repl_usage(R, "seed", "a whole number, at least 0");
  Arena *a = arena_new();
  const bool ok = repl_statements(R, arena_printf(a, "seed = %s", argument), true);
  if (ok) printf("seed = %s\n", argument);
  arena_free(a);
  return ok;
}

bool repl_do_watch(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "watch", "a file");
  uint64_t size = 0, seen_size = 0;
  double changed = 0, seen = 0;
  bool ok = true;
  cli_signals_clear();
  cli_signals_interrupt(true);
  if (R->is_tty) printf("%s is watched; Enter or Ctrl-C ends that\n", argument);
  for (struct pollfd in = {STDIN_FILENO, POLLIN, 0};;) {
    if (!io_stat(argument, &size, &changed)) {
      ok = repl_take_script(R, argument, false); /* says what is wrong */
      break;
    }
    if (changed != seen || size != seen_size) ok = repl_take_script(R, argument, false);
    seen = changed, seen_size = size;
    if (cli_stop_asked() || poll(&in, 1, 200) != 0) break;
  }
  cli_signals_interrupt(false);
  if (R->is_tty && !cli_stop_asked()) {
    char line[64];
    if (fgets(line, sizeof line, stdin) == NULL) clearerr(stdin);
  }
  cli_signals_clear();
  return ok;
}

/* ---- times
 * --------------------------------------------------------------------------------------------------- */

#define REPEATS 9

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static void no_value(Repl *R, const Run *run, const Stmt *s) { (void)R, (void)run, (void)s; }

/* Medians of the three parts over a few repetitions, of one if it takes long. */
static bool measure(Repl *R, int n, const char *const *texts, double median[3]) {
  double at[3][REPEATS];
  int k = 0;
  for (double from = record_clock(); k < REPEATS && (k == 0 || record_clock() - from < 1); k++) {
    if (!repl_look(R, n, texts, no_value)) return false;
    for (int i = 0; i < 3; i++) at[i][k] = R->spent[i];
  }
  for (int i = 0; i < 3; i++) {
    qsort(at[i], (size_t)k, sizeof at[i][0], by_size);
    median[i] = at[i][k / 2];
  }
  return true;
}

bool repl_do_profile(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "profile", "a statement");
  static const char *const parts[] = {"checking", "planning", "running"};
  const char *const nothing[] = {"1"};
  double with[3], without[3];
  if (!measure(R, 1, &argument, with) || !measure(R, 1, nothing, without)) return false;
  printf("%-10s %12s %12s\n", "", "statement", "session");
  for (int i = 0; i < 3; i++)
    printf("%-10s %9.3g ms %9.3g ms\n", parts[i], 1e3 * (with[i] > without[i] ? with[i] - without[i] : 0),
           1e3 * without[i]);
  return true;
}
