/* The commands of the prompt: one row of the table each; help, prefixes and completion come from it. */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "lang/draw/draw.h"
#include "runtime/cli/plan.h"
#include "runtime/cli/repl.h"
#include "runtime/record/record.h"

#define SCRIPT_LIMIT ((size_t)16 << 20)

/* ---- small things ------------------------------------------------------------------------------------- */

static bool usage(Repl *R, const char *command, const char *what) {
  for (int i = 0; i < repl_n_commands; i++)
    if (strcmp(repl_commands[i].name, command) == 0)
      repl_complain(R, DIAG_USAGE, repl_commands[i].example, "`:%s` wants %s", command, what);
  return false;
}

/* The entry that declares a name as it was typed, Greek or not; -1 and a message if there is none. */
static int entry_named(Repl *R, const char *name) {
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

/* The first word of an argument, and the rest. */
static const char *first_word(Arena *a, const char *s, const char **rest) {
  const size_t n = strcspn(s, " \t");
  *rest = s + n + strspn(s + n, " \t");
  return arena_strn(a, s, n);
}

/* ---- commands --------------------------------------------------------------------------------------------
 */

static bool do_help(Repl *R, const char *argument) {
  (void)R;
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
    printf("%*s  %s\n", wide - n > 0 ? wide - n : 0, "", c->doc);
    if (*argument) printf("  example: %s\n", c->example);
  }
  if (!any) repl_complain(R, DIAG_USAGE, "`:help` lists them", "there is no command `:%s`", argument);
  if (!*argument)
    puts(
        "Anything else is a statement of the language: `let a = 2`, `a^2`, `circuit c(x) -> [] on q[1] { rx(x) q; "
        "return expval(Z(q)) }`. Ctrl-C stops a train, Ctrl-D leaves.");
  return any;
}

static bool do_type(Repl *R, const char *argument) {
  if (!*argument) return usage(R, "type", "a name or an expression");
  int i = repl_find(&R->entries, sym_text(sym_intern(argument)));
  Arena *a = arena_new();
  const char *name = i >= 0 ? argument : "this_value";
  const char *text = repl_script(a, &R->entries);
  if (i < 0) text = arena_printf(a, "%slet this_value = %s\n", text, argument);
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  DiagSink *sink = diag_sink(a);
  AstNode *tree = NULL;
  char *out = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&out, &size);
  bool ok = f && src && parse_source(a, src, sink, false, &tree, NULL) == PARSE_OK;
  const SemaOptions options = cli_sema_options(R->cli, SRC_REPL);
  if (ok) sema_dump_types(a, tree, &options, sink, f);
  if (f) fclose(f);
  ok = ok && sink->n_errors == 0;
  if (!ok) {
    diag_render(sink, R->cli->style, stderr);
    if (R->code == 0) R->code = diag_exit_code(sink);
  }
  const char *want = arena_printf(a, " %s: ", sym_text(sym_intern(name)));
  for (char *line = out, *next; ok && line && *line; line = next) {
    next = strchrnul(line, '\n');
    if (*next) *next++ = '\0';
    const char *kind = strchr(line, ' '), *at = kind ? strstr(kind, want) : NULL;
    if (at && strchr(kind + 1, ' ') == at) puts(i >= 0 ? kind + 1 : at + strlen(want));
  }
  mem_give_back(out);
  arena_free(a);
  return ok;
}

/* The session as it is, or with a statement that is not run. */
static bool do_plan(Repl *R, const char *argument) {
  Arena *a = arena_new();
  Cli c = *R->cli;
  c.arena = a, c.sink = diag_sink(a), c.shown = 0;
  const char *text = arena_printf(a, "%s%s\n", repl_script(a, &R->entries), argument);
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  AstNode *tree = NULL;
  const Program *p = NULL;
  const SemaOptions options = cli_sema_options(&c, SRC_REPL);
  if (src && parse_source(a, src, c.sink, false, &tree, NULL) == PARSE_OK)
    p = sema_elaborate(a, tree, &options, c.sink);
  if (p && c.sink->n_errors == 0) plan_show(&c, p);
  cli_show(&c);
  const int code = diag_exit_code(c.sink);
  if (R->code == 0) R->code = code;
  arena_free(a);
  return code == 0;
}

static bool do_draw(Repl *R, const char *argument) {
  Arena *a = arena_new();
  const char *file, *name = first_word(a, argument, &file);
  const Program *p = R->view.program;
  const CircuitView *v = NULL;
  for (int i = 0; p && i < p->circuits.n; i++)
    if ((*name && strcmp(p->circuits.at[i].name, name) == 0) || (!*name && p->circuits.n == 1))
      v = &p->circuits.at[i];
  bool ok = v != NULL;
  IoError e;
  if (!v) {
    repl_complain(R, DIAG_NAME, "`:draw NAME`, of a circuit whose sizes are in its signature",
                  *name ? "there is no circuit `%s` to draw" : "which circuit?%s", *name ? name : "");
  } else if (*file) {
    const char *svg = draw_svg(a, p, v);
    ok = io_write_file(file, svg, strlen(svg), &e);
    if (ok) printf("%s\n", file);
    else repl_complain(R, DIAG_WRITE, NULL, "%s", io_message(a, &e));
  } else {
    struct winsize size;
    int width =
        isatty(STDOUT_FILENO) == 1 && ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 ? size.ws_col : 100;
    fputs(draw_text(a, p, v, (DrawStyle){.unicode = R->cli->style.unicode, .width = width > 20 ? width : 20}),
          stdout);
  }
  arena_free(a);
  return ok;
}

/* ---- states
 * ------------------------------------------------------------------------------------------------ */

#define KETS 16
#define LEAST 1e-12 /* probabilities below are rounding */

/* Without the sign of what six digits show as 0. */
static double as_shown(double x) { return fabs(x) < 5e-7 ? 0 : x; }

/* The largest amplitudes, those of equal size in the order of their basis states. */
static void put_kets(Repl *R, const Run *run, const Stmt *s) {
  const int64_t n = run_slot_size(run, s->slot) / 2;
  int qubits = 0;
  while ((int64_t)1 << qubits < n) qubits++;
  int64_t best[KETS];
  double size[KETS];
  int found = 0;
  for (int64_t i = 0; i < n; i++) {
    const double re = run_slot_get(run, s->slot, 2 * i), im = run_slot_get(run, s->slot, 2 * i + 1);
    const double p = re * re + im * im;
    int at = found;
    if (p < LEAST) continue;
    while (at > 0 && p > size[at - 1] * (1 + 1e-6)) at--;
    if (at == KETS) continue;
    if (found < KETS) found++;
    for (int k = found - 1; k > at; k--) best[k] = best[k - 1], size[k] = size[k - 1];
    best[at] = i, size[at] = p;
  }
  for (int k = 0; k < found; k++) {
    char bits[65] = {0};
    for (int q = 0; q < qubits; q++) bits[q] = best[k] >> (qubits - 1 - q) & 1 ? '1' : '0';
    const double re = as_shown(run_slot_get(run, s->slot, 2 * best[k])),
                 im = as_shown(run_slot_get(run, s->slot, 2 * best[k] + 1));
    printf("|%s%s  %9.6f %c %8.6fi  %5.1f %%\n", bits, R->cli->style.unicode ? "⟩" : ">", re,
           im < 0 ? '-' : '+', fabs(im), 100 * size[k]);
  }
  if (found == KETS && n > found) printf("the %d largest of %lld amplitudes; ", found, (long long)n);
  puts("the first bit is that of qubit 0");
}

/* The same circuit under another name, returning its amplitudes; NULL if it cannot be written. */
static const char *with_amplitudes(Repl *R, Arena *a, const ReplEntry *e, const char *name) {
  const Source *src = src_add(SRC_REPL, e->text, strlen(e->text));
  AstNode *tree = NULL;
  if (!src || parse_source(a, src, diag_sink(a), false, &tree, NULL) != PARSE_OK) return NULL;
  const AstNode *c = tree->kids[0], *registers = ast_kid(c, AST_CIRCUIT_registers),
                *results = ast_kid(c, AST_CIRCUIT_results), *body = ast_kid(c, AST_CIRCUIT_body);
  const AstNode *last = body && body->n > 0 ? body->kids[body->n - 1] : NULL;
  if (!registers || registers->n != 1) {
    repl_complain(R, DIAG_USAGE, NULL, "`:state` shows circuits on one register");
    return NULL;
  }
  const uint32_t b = src->base, size = src->size;
  const bool returns = last && last->kind == AST_RETURN;
  const uint32_t cut = returns ? last->span.begin - b : size - 1,
                 go_on = returns ? last->span.end - b : size - 1;
  uint32_t from = c->name_span.end - b, to = from;
  if (results) {
    to = results->span.end - b;
    for (from = results->span.begin - b; from > 0 && strncmp(e->text + from, "->", 2) != 0;) from--;
  }
  return arena_printf(a, "circuit %s%.*s%.*s\nreturn amplitudes(%s)\n%s", name,
                      (int)(from - (c->name_span.end - b)), e->text + (c->name_span.end - b), (int)(cut - to),
                      e->text + to, sym_text(registers->kids[0]->name), e->text + go_on);
}

static bool do_state(Repl *R, const char *argument) {
  static const char name[] = "this_state";
  if (!*argument) return usage(R, "state", "a call of a circuit");
  Arena *a = arena_new();
  const size_t n = strcspn(argument, "( ");
  const char *circuit = arena_strn(a, argument, n);
  int i = entry_named(R, circuit);
  bool ok = i >= 0;
  if (ok && R->entries.at[i].kind != AST_CIRCUIT) {
    repl_complain(R, DIAG_USAGE, NULL, "`%s` is no circuit", circuit);
    ok = false;
  }
  const char *text = ok ? with_amplitudes(R, a, &R->entries.at[i], name) : NULL;
  if (text) {
    const Program *p = R->view.program;
    bool weights = false;
    for (int o = 0; p && o < p->objects.n; o++)
      weights |= strcmp(p->objects.at[o].name, circuit) == 0 && p->objects.at[o].n_slots > 0;
    const char *texts[3] = {text, arena_printf(a, "%s := weights(%s)", name, circuit),
                            arena_printf(a, "%s%s", name, argument[n] == '(' ? argument + n : "()")};
    if (!weights) texts[1] = texts[2];
    ok = repl_look(R, weights ? 3 : 2, texts, put_kets);
  }
  arena_free(a);
  return ok && text;
}

static bool do_source(Repl *R, const char *argument) {
  if (!*argument) {
    Arena *a = arena_new();
    fputs(repl_script(a, &R->entries), stdout);
    arena_free(a);
    return true;
  }
  int i = entry_named(R, argument);
  if (i >= 0) puts(R->entries.at[i].text);
  return i >= 0;
}

/* A hyper's default is replaced in its text, so that a saved session says what was used. */
static bool do_set(Repl *R, const char *argument) {
  Arena *a = arena_new();
  const char *value, *equals = strchr(argument, '='), *name = first_word(a, argument, &value);
  bool ok = false;
  if (equals)
    name = arena_strn(a, argument, strcspn(argument, " \t=")), value = equals + 1 + strspn(equals + 1, " \t");
  if (!*name || !*value) {
    arena_free(a);
    return usage(R, "set", "a hyper and its value");
  }
  int i = entry_named(R, name);
  AstNode *tree = NULL;
  const char *text = i >= 0 ? R->entries.at[i].text : "";
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  if (i >= 0 && R->entries.at[i].kind != AST_HYPER) {
    repl_complain(R, DIAG_USAGE, "declare it again, with another value", "`%s` is no hyper", name);
  } else if (i >= 0 && src && parse_source(a, src, diag_sink(a), false, &tree, NULL) == PARSE_OK) {
    const Span s = ast_kid(tree->kids[0], AST_HYPER_value)->span;
    const char *whole =
        arena_printf(a, "%.*s%s%s", (int)(s.begin - src->base), text, value, text + (s.end - src->base));
    ok = repl_statements(R, whole, true);
  }
  arena_free(a);
  return ok;
}

static bool do_undo(Repl *R, const char *argument) {
  (void)argument;
  const char *what = repl_undo(R);
  if (!what) {
    repl_complain(R, DIAG_USAGE, NULL, "there is nothing to undo");
    return false;
  }
  const size_t n = strcspn(what, "\n");
  printf("taken back: %.*s%s\n", (int)n, what, what[n] ? " ..." : "");
  return repl_again(R, &R->entries, NULL);
}

/* The train that a name names; -1 and a message. */
static int train_named(Repl *R, const char *command, const char *name) {
  if (!*name) {
    usage(R, command, "the name of a train");
    return -1;
  }
  int i = entry_named(R, name);
  if (i < 0 || R->entries.at[i].kind == AST_TRAIN) return i;
  repl_complain(R, DIAG_USAGE, NULL, "`%s` is no train", name);
  return -1;
}

static bool do_rerun(Repl *R, const char *argument) {
  int i = train_named(R, "rerun", argument);
  if (i < 0) return false;
  ReplEntries trial = {0};
  for (int k = 0; k < R->entries.n; k++) vec_push(R->arena, &trial, R->entries.at[k]);
  trial.at[i].train = NULL;
  trial.at[i].is_stale = false;
  if (!repl_again(R, &trial, arena_printf(R->arena, ":rerun %s", argument))) return false;
  repl_mark_stale(R, &R->entries, &R->entries.at[i].names, i);
  return true;
}

static bool do_keep(Repl *R, const char *argument) {
  int i = train_named(R, "keep", argument);
  if (i >= 0) R->entries.at[i].is_stale = false;
  return i >= 0;
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
  DiagCode code = diag_find(argument);
  if (code == DIAG_COUNT) return usage(R, "explain", "the code of a message");
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

static bool do_save(Repl *R, const char *argument) {
  Arena *a = arena_new();
  const char *rest, *file = first_word(a, argument, &rest);
  IoError e;
  bool ok = false;
  if (!*file) {
    ok = usage(R, "save", "a file");
  } else if (io_exists(file) && strcmp(rest, "!") != 0) {
    repl_complain(R, DIAG_WRITE, arena_printf(a, "`:save %s !` replaces it", file), "`%s` is there already",
                  file);
  } else {
    const char *text = repl_script(a, &R->entries);
    ok = io_write_file(file, text, strlen(text), &e);
    if (ok) printf("%s: %d statement%s\n", file, R->entries.n, R->entries.n == 1 ? "" : "s");
    else repl_complain(R, DIAG_WRITE, NULL, "%s", io_message(a, &e));
  }
  arena_free(a);
  return ok;
}

static bool do_load(Repl *R, const char *argument) {
  if (!*argument) return usage(R, "load", "a file");
  Arena *a = arena_new();
  IoData data;
  IoError e;
  bool ok = io_read_file(a, argument, SCRIPT_LIMIT, &data, &e);
  if (!ok) repl_complain(R, DIAG_SCRIPT_FILE, NULL, "%s", io_message(a, &e));
  else ok = repl_statements(R, arena_strn(a, (const char *)data.bytes, data.size), true);
  arena_free(a);
  return ok;
}

static bool do_quit(Repl *R, const char *argument) {
  (void)argument;
  R->quit = true;
  return true;
}

const ReplCommand repl_commands[] = {
    {"draw", "[CIRCUIT [FILE]]", "a circuit as text, or as SVG in a file", ":draw pqc", do_draw},
    {"explain", "CODE", "what a message code means", ":explain E0301", do_explain},
    {"help", "[COMMAND]", "the commands, or one with an example", ":help draw", do_help},
    {"history", "", "the lines that were typed", ":history", do_history},
    {"keep", "TRAIN", "a stale train counts as up to date", ":keep fit", do_keep},
    {"load", "FILE", "the statements of a script", ":load target.qgn", do_load},
    {"plan", "[STATEMENT]", "what the session, with a statement that is not run, will need and take",
     ":plan train fit { epochs = 9; optimizer pqc = adam(0.1); step { minimize pqc() over pqc } }", do_plan},
    {"quit", "", "leave; so does Ctrl-D", ":quit", do_quit},
    {"rerun", "TRAIN", "run a train again from its start", ":rerun fit", do_rerun},
    {"save", "FILE [!]", "write the session as a script; with ! over one that is there", ":save target.qgn",
     do_save},
    {"set", "HYPER = VALUE", "give a hyper another value; what was trained with the old one is stale",
     ":set lr = 0.01", do_set},
    {"source", "[NAME]", "the text of a declaration, or of the session", ":source pqc", do_source},
    {"stale", "", "the trains that were run before something they use changed", ":stale", do_stale},
    {"state", "CIRCUIT(...)", "the state that a call of a circuit makes, before it is measured",
     ":state bell()", do_state},
    {"time", "[STATEMENT]", "how long a statement takes; alone: for all that follow", ":time pqc([0.1, 0.2])",
     do_time},
    {"type", "EXPRESSION", "kind and shape of a name or an expression, which is not run",
     ":type pqc([0.1, 0.2])", do_type},
    {"undo", "", "take the last statement back, weights included", ":undo", do_undo},
};
const int repl_n_commands = (int)(sizeof repl_commands / sizeof *repl_commands);

bool repl_command(Repl *R, const char *line) {
  Arena *a = arena_new();
  const char *argument, *word;
  char *text = arena_str(a, line + 1);
  for (size_t n = strlen(text); n > 0 && strchr(" \t\r", text[n - 1]); n--) text[n - 1] = '\0';
  word = first_word(a, text, &argument);
  bool ok = false;
  int found = -1, n = 0;
  if (*line == '?') {
    ok = do_type(R, text + strspn(text, " \t"));
    arena_free(a);
    return ok;
  }
  for (int i = 0; i < repl_n_commands; i++) {
    if (strncmp(repl_commands[i].name, word, strlen(word)) != 0) continue;
    found = i, n++;
    if (strcmp(repl_commands[i].name, word) == 0) {
      n = 1;
      break;
    }
  }
  if (n == 1 && *word) {
    ok = repl_commands[found].run(R, argument);
  } else {
    const char *list = "";
    for (int i = 0; i < repl_n_commands; i++)
      if (n > 1 && strncmp(repl_commands[i].name, word, strlen(word)) == 0)
        list = arena_printf(a, "%s%s`:%s`", list, *list ? ", " : "", repl_commands[i].name);
    if (n > 1 && *word)
      repl_complain(R, DIAG_USAGE, list, "`:%s` is the beginning of several commands", word);
    else repl_complain(R, DIAG_USAGE, "`:help` lists them", "there is no command `:%s`", word);
  }
  fflush(stdout);
  arena_free(a);
  return ok;
}
