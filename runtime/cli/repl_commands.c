/* The commands of the prompt: one row of the table each; help, prefixes and completion come from it. */
#define _GNU_SOURCE
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "runtime/cli/repl.h"
#include "runtime/record/record.h"

#define NARROW 60 /* columns; what a command does then stands below it */
#define SCRIPT_LIMIT ((size_t)16 << 20)

/* ---- small things ------------------------------------------------------------------------------------- */

bool repl_usage(Repl *R, const char *command, const char *what) {
  for (int i = 0; i < repl_n_commands; i++)
    if (strcmp(repl_commands[i].name, command) == 0)
      repl_complain(R, DIAG_USAGE, repl_commands[i].example, "`:%s` wants %s", command, what);
  return false;
}

int repl_entry_named(Repl *R, const char *name) {
  int i = repl_find(&R->entries, sym_text(sym_intern(name)));
  if (i >= 0) return i;
  VEC(const char *) names = {0};
  Arena *a = arena_new();
  for (int e = 0; e < R->entries.n; e++)
    for (int k = 0; k < R->entries.at[e].names.n; k++) vec_push(a, &names, R->entries.at[e].names.at[k]);
  const char *near = diag_nearest(name, names.at, names.n);
  repl_complain(R, DIAG_NAME, near ? arena_printf(a, "did you mean `%s`?", near) : NULL,
                "nothing here is called `%s`", name);
  arena_free(a);
  return -1;
}

const char *repl_first_word(Arena *a, const char *s, const char **rest) {
  const size_t n = strcspn(s, " \t");
  *rest = s + n + strspn(s + n, " \t");
  return arena_strn(a, s, n);
}

/* ---- commands --------------------------------------------------------------------------------------------
 */

static bool do_help(Repl *R, const char *argument) {
  const int width = repl_width();
  int wide = 0;
  for (int i = 0; i < repl_n_commands; i++) {
    const ReplCommand *c = &repl_commands[i];
    int n = (int)(strlen(c->name) + strlen(c->argument)) + 2;
    wide = n > wide ? n : wide;
  }
  if (*argument == ':') argument++;
  bool any = false;
  for (int i = 0; i < repl_n_commands; i++) {
    const ReplCommand *c = &repl_commands[i];
    if (*argument && strncmp(c->name, argument, strlen(argument)) != 0) continue;
    any = true;
    int n = printf("  :%s %s", c->name, c->argument) - 2;
    if (width < NARROW) fputs("\n      ", stdout);
    else printf("%*s  ", wide - n > 0 ? wide - n : 0, "");
    cli_put_wrapped(c->doc, width < NARROW ? 6 : wide + 4, width < NARROW ? 6 : wide + 4, width);
    if (*argument) printf("  example: %s\n", c->example);
  }
  if (!any) repl_complain(R, DIAG_USAGE, "`:help` lists them", "there is no command `:%s`", argument);
  if (!*argument)
    cli_put_wrapped(
        "Anything else is a statement of the language: `let a = 2`, `a^2`, `circuit c(x) -> [] on q[1] { rx(x) q; "
        "return expval(Z(q)) }`. Ctrl-C stops a train, Ctrl-D leaves.",
        0, 0, width);
  return any;
}

static bool do_source(Repl *R, const char *argument) {
  if (!*argument) {
    Arena *a = arena_new();
    fputs(repl_saved(a, &R->entries), stdout);
    arena_free(a);
    return true;
  }
  int i = repl_entry_named(R, argument);
  if (i >= 0) puts(R->entries.at[i].text);
  return i >= 0;
}

/* `fit.epochs = 40`: the train is declared again with it. */
static bool set_of_train(Repl *R, Arena *a, const char *name, const char *value) {
  const size_t n = strcspn(name, ".");
  const int i = repl_entry_named(R, arena_strn(a, name, n));
  if (i < 0) return false;
  if (R->entries.at[i].kind != AST_TRAIN) {
    repl_complain(R, DIAG_USAGE, NULL, "`%.*s` is no train", (int)n, name);
    return false;
  }
  return repl_statements(R, repl_train_with(a, R->entries.at[i].text, name + n + 1, value), true);
}

/* A hyper's default is replaced in its text, so that a saved session says what was used. */
static bool do_set(Repl *R, const char *argument) {
  Arena *a = arena_new();
  const size_t n = strcspn(argument, " \t=");
  const char *name = arena_strn(a, argument, n), *value = argument + n + strspn(argument + n, " \t");
  if (*value == '=') value += 1 + strspn(value + 1, " \t");
  bool ok = false;
  if (!*name || !*value) {
    arena_free(a);
    return repl_usage(R, "set", "a hyper and its value");
  }
  if (strchr(name, '.')) {
    ok = set_of_train(R, a, name, value);
    arena_free(a);
    return ok;
  }
  int i = repl_entry_named(R, name);
  AstNode *tree = NULL;
  const char *text = i >= 0 ? R->entries.at[i].text : "";
  const uint32_t place = src_next();
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  const uint32_t place_end = src_next();
  if (i >= 0 && R->entries.at[i].kind != AST_HYPER) {
    if (R->entries.at[i].kind == AST_USE)
      repl_complain(R, DIAG_USAGE, "`qgn run --set MODULE.NAME=VALUE` changes those of modules",
                    "`%s` comes from a module", name);
    else repl_complain(R, DIAG_USAGE, "declare it again, with another value", "`%s` is no hyper", name);
  } else if (i >= 0 && src && parse_source(a, src, diag_sink(a), false, &tree, NULL) == PARSE_OK) {
    const Span s = ast_kid(tree->kids[0], AST_HYPER_value)->span;
    const char *whole =
        arena_printf(a, "%.*s%s%s", (int)(s.begin - src->base), text, value, text + (s.end - src->base));
    ok = repl_statements(R, whole, true);
  }
  src_forget(place, place_end);
  arena_free(a);
  return ok;
}

static bool do_undo(Repl *R, const char *argument) {
  const bool is_number =
      *argument && argument[strspn(argument, "0123456789")] == '\0' && strlen(argument) < 4;
  const int times = is_number ? atoi(argument) : 1;
  if ((*argument && !is_number) || times < 1) return repl_usage(R, "undo", "nothing, or how many statements");
  for (int i = 0; i < times; i++) {
    const char *what = repl_undo(R);
    if (!what && i == 0) {
      repl_complain(R, DIAG_USAGE, NULL, "there is nothing to undo");
      return false;
    }
    if (!what) break;
    const size_t n = strcspn(what, "\n");
    printf("taken back: %.*s%s\n", (int)n, what, what[n] ? " ..." : "");
  }
  return repl_again(R, &R->entries, NULL);
}

/* The train that a name names; -1 and a message. */
static int train_named(Repl *R, const char *command, const char *name) {
  if (!*name) {
    repl_usage(R, command, "the name of a train");
    return -1;
  }
  int i = repl_entry_named(R, name);
  if (i < 0 || R->entries.at[i].kind == AST_TRAIN || R->entries.at[i].kind == AST_SWEEP) return i;
  repl_complain(R, DIAG_USAGE, NULL, "`%s` is neither a train nor a sweep", name);
  return -1;
}

static bool do_rerun(Repl *R, const char *argument) {
  int i = train_named(R, "rerun", argument);
  if (i < 0) return false;
  ReplEntries trial = {0};
  for (int k = 0; k < R->entries.n; k++) vec_push(R->arena, &trial, R->entries.at[k]);
  trial.at[i].train = NULL;
  trial.at[i].is_stale = trial.at[i].is_kept = false;
  if (!repl_again(R, &trial, arena_printf(R->arena, ":rerun %s", argument))) return false;
  repl_mark_stale(R, &R->entries, &R->entries.at[i].names, i);
  if (!R->json) repl_losses(R, R->view.program, R->view.run, R->entries.at[i].names.at[0]);
  return true;
}

static bool do_keep(Repl *R, const char *argument) {
  int i = train_named(R, "keep", argument);
  if (i < 0) return false;
  ReplEntry *e = &R->entries.at[i];
  e->is_kept = e->is_kept || e->is_stale;
  e->is_stale = false;
  return true;
}

static bool do_stale(Repl *R, const char *argument) {
  (void)argument;
  int n = 0;
  for (int i = 0; i < R->entries.n; i++)
    if (R->entries.at[i].is_stale) n++, printf("%s\n", R->entries.at[i].names.at[0]);
  if (n == 0) puts("nothing is stale");
  return true;
}

static bool do_explain(Repl *R, const char *argument) {
  char upper[8] = {0}; /* `e0301` and `301` will do */
  const char *number = argument + (isalpha((unsigned char)*argument) != 0);
  snprintf(upper, sizeof upper, "%c%04d", number > argument ? toupper((unsigned char)*argument) : 'E',
           atoi(number) % 10000);
  DiagCode code = diag_find(upper);
  if (!*argument) return repl_usage(R, "explain", "the code of a message");
  if (code == DIAG_COUNT) {
    repl_complain(R, DIAG_USAGE, "a code is a letter and four digits: `:explain E0301`",
                  "there is no message `%s`", argument);
    return false;
  }
  printf("%s: %s\n%s\n", diag_info[code].code, diag_info[code].title, diag_info[code].explain);
  return true;
}

static bool do_time(Repl *R, const char *argument) {
  if (!*argument) {
    R->timing = !R->timing;
    printf("times of statements are %s\n", R->timing ? "shown" : "not shown");
    return true;
  }
  double from = record_clock();
  bool ok = *argument == ':' ? repl_command(R, argument) : repl_statements(R, argument, true);
  printf("%.3g s\n", record_clock() - from);
  return ok;
}

static bool do_history(Repl *R, const char *argument) {
  (void)R, (void)argument;
  repl_line_history();
  return true;
}

/* Whether a statement of the session may name a file. */
static bool names_files(const ReplEntries *e) {
  for (int i = 0; i < e->n; i++) {
    const AstKind kind = e->at[i].kind;
    if (kind != AST_ATTR && kind != AST_EXPECT && kind != AST_REPORT && strchr(e->at[i].text, '"'))
      return true;
  }
  return false;
}

bool repl_take_script(Repl *R, const char *file, bool stops) {
  Arena *a = arena_new();
  IoData data;
  IoError e;
  bool ok = io_read_file(a, file, SCRIPT_LIMIT, &data, &e);
  R->only_new = true;
  if (!ok) repl_complain(R, DIAG_SCRIPT_FILE, NULL, "%s", io_message(a, &e));
  if (ok && !names_files(&R->entries)) R->base = strchr(file, '/') ? arena_str(R->keep, file) : SRC_REPL;
  if (ok) ok = repl_statements(R, arena_strn(a, (const char *)data.bytes, data.size), stops);
  if (ok) R->base_taken = R->base;
  else R->base = R->base_taken; /* if a statement of it was taken, it is the same */
  R->only_new = false;
  fflush(stdout);
  arena_free(a);
  return ok;
}

static bool do_load(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "load", "a file");
  Arena *a = arena_new();
  const char *file = io_is_folder(argument) ? arena_printf(a, "%s/main.qgn", argument) : argument;
  const bool ok = repl_take_script(R, file, true);
  arena_free(a);
  return ok;
}

static bool do_quit(Repl *R, const char *argument) {
  (void)argument;
  R->quit = true;
  return true;
}

const ReplCommand repl_commands[] = {
    {"complete", "TEXT", "what the last word of a text may become", ":complete let a = no", repl_do_complete,
     REPL_STATEMENT, NULL},
    {"doc", "NAME", "the documentation of a name of the library, or of one that was declared", ":doc adam",
     repl_do_doc, REPL_DOC, NULL},
    {"draw", "[CIRCUIT [FILE]]", "a circuit as text, or as SVG in a file", ":draw pqc", repl_do_draw,
     REPL_CIRCUIT, NULL},
    {"explain", "CODE", "what a message code means", ":explain E0301", do_explain, REPL_CODE, NULL},
    {"help", "[COMMAND]", "the commands, or one with an example", ":help draw", do_help, REPL_COMMAND, NULL},
    {"history", "", "the lines that were typed", ":history", do_history, REPL_NOTHING, NULL},
    {"keep", "TRAIN", "a stale train or sweep counts as up to date", ":keep fit", do_keep, REPL_TRAIN, NULL},
    {"load", "FILE", "the statements of a script", ":load target.qgn", do_load, REPL_FILE, NULL},
    {"mode", "[text|json]", "how values are shown: for people, or a JSON object a line", ":mode json",
     repl_do_mode, REPL_WORD, "text|json"},
    {"plan", "[STATEMENT]", "what the session, with a statement that is not run, will need and take",
     ":plan train fit { epochs = 9; optimizer pqc = adam(0.1); step { minimize pqc() over pqc } }",
     repl_do_plan, REPL_STATEMENT, NULL},
    {"profile", "STATEMENT",
     "where the time of a statement goes: checking, planning, running; it is not kept",
     ":profile pqc([0.1, 0.2])", repl_do_profile, REPL_STATEMENT, NULL},
    {"quit", "", "leave; so does Ctrl-D", ":quit", do_quit, REPL_NOTHING, NULL},
    {"rerun", "TRAIN", "run a train or sweep again from its start", ":rerun fit", do_rerun, REPL_TRAIN, NULL},
    {"save", "FILE [!]", "write the session as a script; with ! over one that is there", ":save target.qgn",
     repl_do_save, REPL_FILE, NULL},
    {"seed", "[N]", "the seed of all random numbers; what was trained with another one is stale", ":seed 7",
     repl_do_seed, REPL_NOTHING, NULL},
    {"set", "NAME = VALUE",
     "give a hyper another value, and what was trained with the old one is stale; `fit.epochs = 9` trains anew",
     ":set lr = 0.01", do_set, REPL_HYPER, NULL},
    {"source", "[NAME]", "the text of a declaration, or of the session", ":source pqc", do_source, REPL_NAME,
     NULL},
    {"stale", "", "the trains and sweeps that were run before something they use changed", ":stale", do_stale,
     REPL_NOTHING, NULL},
    {"state", "CIRCUIT(...) [at K]",
     "the state that a call of a circuit makes, or has after K lines of its gates", ":state bell() at 1",
     repl_do_state, REPL_CIRCUIT, NULL},
    {"time", "[STATEMENT]", "how long a statement takes; alone: for all that follow", ":time pqc([0.1, 0.2])",
     do_time, REPL_STATEMENT, NULL},
    {"tutorial", "[N|skip|stop]", "ten steps, each of which checks what was typed", ":tutorial",
     repl_do_tutorial, REPL_WORD, "skip|stop"},
    {"type", "EXPRESSION", "kind and shape of a name or an expression, which is not run",
     ":type pqc([0.1, 0.2])", repl_do_type, REPL_STATEMENT, NULL},
    {"undo", "[N]", "take the last statement back, or the last N, weights included", ":undo", do_undo,
     REPL_NOTHING, NULL},
    {"watch", "FILE", "take a script's statements whenever it is saved, until Enter or Ctrl-C",
     ":watch target.qgn", repl_do_watch, REPL_FILE, NULL},
    {"why", "NAME", "where the sizes of a name come from", ":why pqc", repl_do_why, REPL_NAME, NULL},
};
const int repl_n_commands = (int)(sizeof repl_commands / sizeof *repl_commands);

const ReplCommand *repl_command_named(const char *name) {
  static const char *const others[][2] = {{"h", "help"}, {"?", "help"}, {"exit", "quit"}};
  const ReplCommand *found = NULL;
  int n = 0;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i][0], name) == 0) name = others[i][1];
  for (int i = 0; i < repl_n_commands; i++) {
    if (strcmp(repl_commands[i].name, name) == 0) return &repl_commands[i];
    if (strncmp(repl_commands[i].name, name, strlen(name)) == 0) found = &repl_commands[i], n++;
  }
  return n == 1 ? found : NULL;
}

static bool no_command(Repl *R, Arena *a, const char *word) {
  const char *list = "", *names[64];
  int n = 0;
  for (int i = 0; i < repl_n_commands; i++) {
    names[i] = repl_commands[i].name;
    if (*word && strncmp(names[i], word, strlen(word)) == 0)
      list = arena_printf(a, "%s%s`:%s`", list, n++ > 0 ? ", " : "", names[i]);
  }
  const char *near = diag_nearest(word, names, repl_n_commands);
  const size_t called = strcspn(word, "(");
  const ReplCommand *meant = word[called] ? repl_command_named(arena_strn(a, word, called)) : NULL;
  if (meant) {
    const char *inner = word + called + 1;
    repl_complain(R, DIAG_USAGE, arena_printf(a, "`:%s %.*s`", meant->name, (int)strcspn(inner, ")"), inner),
                  "a command takes its argument without brackets");
  } else if (n > 1) repl_complain(R, DIAG_USAGE, list, "`:%s` is the beginning of several commands", word);
  else if (near)
    repl_complain(R, DIAG_USAGE, arena_printf(a, "did you mean `:%s`?", near), "there is no command `:%s`",
                  word);
  else repl_complain(R, DIAG_USAGE, "`:help` lists them", "there is no command `:%s`", word);
  return false;
}

/* `?adam` documents, `?pqc` and `?pqc(1)` say what it is. */
static bool question(Repl *R, const char *about) {
  if (!*about) return do_help(R, "");
  const bool declared = repl_find(&R->entries, sym_text(sym_intern(about))) >= 0;
  const DocNames *docs = repl_docs(R);
  for (int i = 0; i < docs->n && !declared; i++)
    if (strcmp(docs->at[i].name, about) == 0) return repl_do_doc(R, about);
  if (!declared && (parse_form(about) || strncmp(about, "std.", 4) == 0)) return repl_do_doc(R, about);
  return repl_do_type(R, about);
}

bool repl_command(Repl *R, const char *line) {
  Arena *a = arena_new();
  const char *argument;
  char *text = arena_str(a, line + 1);
  for (size_t n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]); n--) text[n - 1] = '\0';
  const char *word = repl_first_word(a, text, &argument);
  bool ok;
  if (*line == '?') {
    ok = question(R, text + strspn(text, " \t"));
  } else {
    const ReplCommand *c = *word ? repl_command_named(word) : NULL;
    if (c && c->run == repl_do_complete) argument = line + (argument - text) + 1; /* where a blank counts */
    ok = c ? c->run(R, argument) : no_command(R, a, word);
  }
  fflush(stdout);
  arena_free(a);
  return ok;
}
