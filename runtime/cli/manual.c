/* `qgn man PAGE`: manual pages in the man macros of roff, from the tables: qgn.1, one for each verb, and the
 * gates, library and statements of the language (qgn-gates.7, qgn-library.7, qgn-script.5). Installed by
 * `make install`. */
#include <ctype.h>
#include <string.h>
#include "lang/ir/gate.h"
#include "lang/sema/library.h"
#include "runtime/cli/cli.h"

/* Text for roff: `x` in bold, hyphens and backslashes as they are, no line that begins like a request. */
static void put(const char *s) {
  bool bold = false;
  for (const char *at = s; *at; at++) {
    if (at == s && (*at == '.' || *at == '\'')) fputs("\\&", stdout);
    if (*at == '`') fputs((bold = !bold) ? "\\fB" : "\\fR", stdout);
    else if (*at == '-') fputs("\\-", stdout);
    else if (*at == '\\') fputs("\\e", stdout);
    else putchar(*at);
  }
  if (bold) fputs("\\fR", stdout);
}

static void line(const char *s) {
  put(s);
  putchar('\n');
}

static void head(const char *name, const char *section, const char *doc) {
  fputs(".TH ", stdout);
  for (const char *s = name; *s; s++) putchar(toupper((unsigned char)*s));
  printf(" %s \"\" \"qgn %s\" \"qgn manual\"\n.SH NAME\n", section, QGN_VERSION);
  put(name);
  fputs(" \\- ", stdout);
  line(doc);
}

/* A section that begins with a sentence. */
static void section(const char *title, const char *text) {
  printf(".SH %s\n", title);
  line(text);
}

/* A term in bold and what it means. */
static void item(const char *term, const char *text) {
  fputs(".TP\n\\fB", stdout);
  put(term);
  fputs("\\fR\n", stdout);
  line(text);
}

static void see_also(const char *list) { printf(".SH SEE ALSO\n%s\n", list); }

/* ---- options
 * ------------------------------------------------------------------------------------------------- */

static void option(Arena *a, int o) {
  const OptionInfo *i = &option_info[o];
  const char *term = arena_printf(a, "--%s", i->name);
  if (i->letter) term = arena_printf(a, "-%c, %s", i->letter, term);
  if (i->value) term = arena_printf(a, "%s %s", term, i->value);
  item(term, i->later ? arena_printf(a, "%s (not built yet)", i->doc) : i->doc);
}

static void exit_codes(void) {
  static const char *const codes[][2] = {
      {"0", "everything went well"},
      {"1", "an expectation failed, or a run did"},
      {"2", "a mistake in the script or the command line"},
      {"3", "data or files"},
      {"4", "numbers that are not finite"},
      {"5", "not enough memory or time"},
      {"7", "a verified run is different"},
      {"130", "interrupted; a checkpoint is saved"},
  };
  puts(".SH EXIT STATUS");
  for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) item(codes[i][0], codes[i][1]);
}

static void page_verb(Arena *a, int v) {
  const VerbInfo *i = &verb_info[v];
  head(arena_printf(a, "qgn-%s", i->name), "1", i->doc);
  puts(".SH SYNOPSIS");
  printf(".B qgn %s\n", i->name);
  line(arena_printf(a, "[options] %s", i->argument));
  puts(".SH OPTIONS");
  for (int o = 0; o < OPT_COUNT; o++)
    if (option_info[o].verbs >> v & 1) option(a, o);
  puts(".SH EXAMPLE\n.EX");
  line(i->example);
  puts(".EE");
  exit_codes();
  see_also(".BR qgn (1),\n.BR qgn\\-script (5)");
}

static void page_main(Arena *a) {
  head("qgn", "1", "train quantum generative models that a script declares");
  puts(".SH SYNOPSIS\n.B qgn\n[verb] [options] [operands]");
  section(
      "DESCRIPTION",
      "A script declares data, circuits, models, losses, training and a report; all of it is checked before "
      "anything runs. Without a verb `qgn` reads statements one by one.");
  puts(".SH VERBS");
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    if (!verb_info[v].later)
      item(arena_printf(a, "%s %s", verb_info[v].name, verb_info[v].argument), verb_info[v].doc);
  puts(".SH OPTIONS OF EVERY VERB");
  for (int o = 0; o < OPT_COUNT; o++)
    if (option_info[o].verbs == ~(uint32_t)0) option(a, o);
  exit_codes();
  puts(".SH ENVIRONMENT");
  item("QGN_DATA", "a folder with data files, looked into behind the script's own and `--data`");
  item("QGN_STDLIB", "the folder of the library, where it is not beside the program");
  item("XDG_DATA_HOME, XDG_CACHE_HOME, XDG_STATE_HOME",
       "data files, memo of trains and history of the prompt: in qgn/ "
       "of these");
  item("NO_COLOR, TERM", "no colours with the first, or where the second is dumb");
  puts(".SH FILES");
  item("runs/NAME-HASH/", "script, metrics, weights, results and report of a run");
  item("qgn.lock", "hashes of data and modules, beside the script");
  see_also(".BR qgn\\-run (1),\n.BR qgn\\-script (5),\n.BR qgn\\-gates (7),\n.BR qgn\\-library (7)");
}

/* ---- the language
 * ---------------------------------------------------------------------------------------------- */

static void page_script(Arena *a) {
  (void)a;
  head("qgn-script", "5", "the language of experiments");
  section(
      "DESCRIPTION",
      "A script is text in UTF-8, named *.qgn. It begins with `edition = 1`; a statement ends with its line, or "
      "with a semicolon; `#` begins a comment, `##` documentation of what stands below.");
  puts(".SH STATEMENTS");
  for (int i = 0; parse_word(i); i++)
    if (parse_form(parse_word(i))) item(parse_word(i), parse_form(parse_word(i)));
  puts(".SH ATTRIBUTES");
  static const char *const blocks[] = {"", "train", "sweep"};
  for (int b = 0; b < 3; b++) {
    int n;
    const char *const *names = library_attributes(blocks[b], &n);
    printf(".TP\n\\fB%s\\fR\n", *blocks[b] ? blocks[b] : "script");
    for (int i = 0; i < n; i++) {
      put(names[i]);
      puts(i + 1 < n ? "," : "");
    }
  }
  see_also(".BR qgn (1),\n.BR qgn\\-gates (7),\n.BR qgn\\-library (7)");
}

static void page_gates(Arena *a) {
  head("qgn-gates", "7", "the gates of circuits");
  section(
      "DESCRIPTION",
      "A gate stands in front of its qubits: `ry(x) q[0]`, `cx q[0], q[1]`. Qubit 0 is the leftmost in kets. Gates "
      "made of others, and more names of OpenQASM, are in the library.");
  puts(".SH GATES");
  for (int g = 0; g < GATE_COUNT; g++) {
    const GateInfo *i = &gate_info[g];
    if (i->later) continue;
    const char *text = i->doc;
    if (*i->aliases) text = arena_printf(a, "%s; also %s", text, i->aliases);
    if (i->n_qubits > 0)
      text = arena_printf(a, "%s (%d qubit%s, %d angle%s)", text, i->n_qubits, i->n_qubits == 1 ? "" : "s",
                          i->n_angles, i->n_angles == 1 ? "" : "s");
    item(i->name, text);
  }
  see_also(".BR qgn (1),\n.BR qgn\\-script (5)");
}

static void page_library(Arena *a) {
  head("qgn-library", "7", "the names that a script can use without `use`");
  puts(".SH NAMES");
  for (int i = 0; i < library_count(); i++) {
    const LibraryName n = library_at(a, i);
    if (!n.later) item(n.call, arena_printf(a, "%s: %s", n.kind, n.doc));
  }
  see_also(".BR qgn (1),\n.BR qgn\\-script (5),\n.BR qgn\\-doc (1)");
}

/* ---- pages
 * ------------------------------------------------------------------------------------------------------ */

static const struct {
  const char *name;
  void (*print)(Arena *a);
} pages[] = {{"qgn.1", page_main},
             {"qgn-script.5", page_script},
             {"qgn-gates.7", page_gates},
             {"qgn-library.7", page_library}};
#define N_PAGES ((int)(sizeof pages / sizeof *pages))

/* "qgn-run.1", "qgn-run" and "run" are the same page. */
static bool same_page(const char *page, const char *given) {
  const size_t n = strcspn(page, ".");
  if (strcmp(page, given) == 0 || (strlen(given) == n && strncmp(page, given, n) == 0)) return true;
  return strncmp(page, "qgn-", 4) == 0 && strlen(given) == n - 4 && strncmp(page + 4, given, n - 4) == 0;
}

int cli_verb_man(Cli *c) {
  Arena *a = c->arena;
  const char *given = c->operands.n > 0 ? c->operands.at[0] : "qgn.1";
  const bool lists = strcmp(given, "pages") == 0;
  if (c->operands.n > 1) return cli_usage(c, c->operand_spans.at[1], "`qgn man` takes one page"), 2;
  for (int i = 0; i < N_PAGES; i++) {
    if (lists) puts(pages[i].name);
    else if (same_page(pages[i].name, given)) return pages[i].print(a), 0;
  }
  for (int v = 0; v < CLI_VERB_COUNT; v++) {
    const char *page = arena_printf(a, "qgn-%s.1", verb_info[v].name);
    if (verb_info[v].later) continue;
    if (lists) puts(page);
    else if (same_page(page, given)) return page_verb(a, v), 0;
  }
  if (lists) return 0;
  cli_usage(c, c->operand_spans.at[0], "there is no page `%s`", given);
  diag_help(c->sink->all.at[c->sink->all.n - 1], "`qgn man pages` lists them");
  return 2;
}
