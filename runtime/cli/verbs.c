/* The verbs that need no run: check, dump, fmt, explain, help. */
#define _GNU_SOURCE
#include <string.h>
#include "lang/base/io.h"
#include "lang/parse/fmt.h"
#include "runtime/cli/cli.h"
#include "runtime/cli/plan.h"
#include "runtime/exec/run.h"

/* check --why NAME */
static int check_why(Cli *c, const char *path) {
  CliScript script;
  AstNode *tree = NULL;
  const char *near = NULL, *name = c->value[OPT_WHY];
  if (!cli_read_script(c, path, &script)) return cli_code(c);
  if (parse_source(c->arena, script.source, c->sink, false, &tree, NULL) != PARSE_OK) return cli_code(c);
  const SemaOptions options = cli_sema_options(c, script.path);
  if (sema_why(c->arena, tree, &options, c->sink, name, &near, stdout)) return cli_code(c);
  cli_usage(c, c->line, "the script declares no `%s`", name);
  if (near) diag_help(c->sink->all.at[c->sink->all.n - 1], "did you mean `--why %s`?", near);
  return 2;
}

/* Each script by itself, with its messages before what is said of it; the first exit code that is not 0. */
static int each_script(Cli *c, int (*verb)(Cli *c, const char *path)) {
  const char *one = c->operands.n > 1 ? NULL : cli_one_operand(c);
  int code = 0;
  if (c->operands.n < 2) return one ? verb(c, one) : cli_code(c);
  for (int i = 0; i < c->operands.n; i++) {
    c->sink = diag_sink(c->arena);
    c->shown = 0;
    const int got = verb(c, c->operands.at[i]);
    cli_show(c);
    if (code == 0) code = got;
  }
  return code;
}

static int check_one(Cli *c, const char *path) {
  CliScript script;
  if (c->given[OPT_WHY]) return check_why(c, path);
  AstNode *tree = NULL;
  Program *p = cli_load(c, path, &script, &tree);
  if (p && c->sink->n_errors == 0 && cli_fits(c, &script, p)) cli_points_hold(c, &script, tree, p);
  cli_show(c);
  int code = cli_code(c);
  const bool json = c->style.format == FORM_JSON && c->given[OPT_CHECK_PLAN];
  if (p && code == 0 && !c->given[OPT_QUIET] && !json)
    printf("%s: ok (%d object%s, %d train%s, %d claim%s)\n", script.path, p->objects.n,
           p->objects.n == 1 ? "" : "s", p->trains.n, p->trains.n == 1 ? "" : "s", p->claims.n,
           p->claims.n == 1 ? "" : "s");
  if (p && code == 0 && c->given[OPT_CHECK_PLAN]) {
    plan_show(c, p);
    code = cli_code(c);
  }
  return code;
}

int cli_verb_check(Cli *c) { return each_script(c, check_one); }

/* ---- dump ------------------------------------------------------------------------------- */

static void dump_types(Cli *c, const AstNode *tree, const char *path) {
  const SemaOptions options = cli_sema_options(c, path);
  sema_dump_types(c->arena, tree, &options, c->sink, stdout);
}

static void dump_plan(Cli *c, const Program *p) {
  RunOptions options = {.threads = c->threads ? c->threads : 1, .family = kernel_family()};
  Run *run = run_new(c->arena, p, &options, c->sink);
  if (!run) return;
  run_dump_plan(run, stdout);
  run_free(run);
}

int cli_verb_dump(Cli *c) {
  static const CliOption stages[] = {OPT_TOKENS, OPT_AST, OPT_TYPES, OPT_GRAPH, OPT_PLAN, OPT_HASH, OPT_DOT};
  CliScript script;
  AstNode *tree = NULL;
  int n = 0;
  CliOption stage = OPT_AST;
  for (size_t i = 0; i < sizeof stages / sizeof *stages; i++)
    if (c->given[stages[i]]) stage = stages[i], n++;
  if (n != 1) {
    cli_usage(c, c->line, "`qgn dump` wants one of --tokens, --ast, --types, --graph, --plan, --hash, --dot");
    return 2;
  }
  const char *path = cli_one_operand(c);
  if (!path || !cli_read_script(c, path, &script)) return cli_code(c);
  if (stage == OPT_TOKENS) {
    parse_dump_tokens(c->arena, script.source, c->sink, stdout);
    return cli_code(c);
  }
  if (stage == OPT_AST || stage == OPT_TYPES) {
    ParseResult result = parse_source(c->arena, script.source, c->sink, false, &tree, NULL);
    if (tree && stage == OPT_AST) ast_dump(tree, stdout);
    else if (result == PARSE_OK) dump_types(c, tree, script.path);
    return cli_code(c);
  }
  Program *p = cli_load(c, path, &script, &tree);
  if (p && stage == OPT_GRAPH) program_dump(p, stdout);
  if (p && stage == OPT_DOT) program_dot(p, stdout);
  if (p && stage == OPT_PLAN) dump_plan(c, p);
  if (p && stage == OPT_HASH) printf("%s\n", cli_statements(c, &script, p));
  return cli_code(c);
}

/* ---- fmt ------------------------------------------------------------------------------- */

static int fmt_one(Cli *c, const char *path) {
  CliScript script;
  if (!cli_read_script(c, path, &script)) return cli_code(c);
  const char *text = fmt_source(c->arena, script.source, c->sink);
  if (!text) return cli_code(c);
  size_t n = strlen(text);
  if (n == script.source->size && memcmp(text, script.source->text, n) == 0) return 0;
  if (c->given[OPT_CHECK_FORM]) {
    printf("%s\n", script.path);
    return 1;
  }
  IoError e;
  if (io_write_file(script.path, text, n, &e)) return 0;
  diag_add(c->sink, DIAG_WRITE, SPAN_NONE, "%s", io_message(c->arena, &e));
  return cli_code(c);
}

int cli_verb_fmt(Cli *c) { return each_script(c, fmt_one); }

/* ---- explain ------------------------------------------------------------------------------ */

/* Lines of a page up to its end, moved to the right: commands (`$ qgn run ...`) first, then the script, then
 * what other files hold. */
static void show_part(const char *text, const char *end) {
  static const char file[] = "---- file ";
  for (const char *s = text; s < end; s += strcspn(s, "\n") + 1) {
    const int n = (int)strcspn(s, "\n");
    const bool is_file = strncmp(s, file, sizeof file - 1) == 0;
    if (is_file) printf("\n%.*s:\n\n", n - (int)sizeof file + 1, s + sizeof file - 1);
    else printf("  %.*s\n", n, s);
    if (strncmp(s, "$ ", 2) == 0 && strncmp(s + n + 1, "$ ", 2) != 0) printf("\nscript.qgn:\n\n");
  }
}

/* The two scripts of a code in stdlib/explain: the smallest that gives it, and the same repaired. The tests
 * run both. */
static void show_scripts(Cli *c, const char *code) {
  static const char mark[] = "---- repaired\n";
  const char *folder = cli_stdlib(c->arena);
  IoData data;
  IoError e;
  if (folder == NULL) return;
  const char *path = arena_printf(c->arena, "%s/explain/%s.txt", folder, code);
  if (!io_read_file(c->arena, path, 1 << 16, &data, &e)) return;
  const char *text = arena_strn(c->arena, (const char *)data.bytes, data.size), *at = strstr(text, mark);
  if (at == NULL) return;
  printf("\nA script that gives it:\n\n");
  show_part(text, at);
  printf("\nRepaired:\n\n");
  show_part(at + strlen(mark), text + strlen(text));
}

int cli_verb_explain(Cli *c) {
  const char *code = cli_one_operand(c);
  if (!code) return 2;
  DiagCode found = diag_find(code);
  if (found == DIAG_COUNT) {
    cli_usage(c, c->operand_spans.at[0], "there is no message code `%s`", code);
    diag_help(c->sink->all.at[c->sink->all.n - 1],
              "codes look like E0301; a message shows its own in brackets");
    return 2;
  }
  const DiagInfo *info = &diag_info[found];
  printf("%s: %s\n\n", info->code, info->title);
  cli_put_wrapped(info->explain, 0, 0, 90);
  if (info->severity == SEV_WARNING)
    printf("\nA warning; `# allow %s` at the end of a line silences it there.\n", info->code);
  else printf("\nAn error; qgn ends with exit code %d.\n", info->exit_code);
  show_scripts(c, info->code);
  return 0;
}

/* ---- help ------------------------------------------------------------------------------- */

/* A line of a list: what is typed in `wide` columns, or on a line of its own, and what it does. */
static void put_item(const char *left, int wide, const char *doc) {
  const int width = cli_width(100), from = width < 60 ? 6 : wide + 3;
  int at = printf("  %s", left);
  if (at >= from) putchar('\n'), at = 0;
  printf("%*s", from - at, "");
  cli_put_wrapped(doc, from, from, width);
}

static void help_all(const Cli *c) {
  printf("qgn: a language for training quantum generative models\n\nusage: qgn VERB [OPTIONS] ...\n\n");
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    if (!verb_info[v].later)
      put_item(arena_printf(c->arena, "%s %s", verb_info[v].name, verb_info[v].argument), 26,
               verb_info[v].doc);
  printf("\nnot built yet:");
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    if (verb_info[v].later) printf(" %s", verb_info[v].name);
  printf("\n\n`qgn help VERB` shows the options of a verb and an example.\n");
  if (c->given[OPT_VERBOSE])
    printf("\nexit codes: 0 ok, 1 an expectation failed, 2 script or usage, 3 data or files, 4 numerics,\n"
           "            5 resources, 7 verification mismatch, 130 interrupted with a checkpoint saved\n");
}

static void help_verb(const Cli *c, CliVerb v) {
  const VerbInfo *verb = &verb_info[v];
  printf("usage: qgn %s%s%s%s\n\n%s\n", verb->name, verb->later ? "" : " [OPTIONS]",
         *verb->argument ? " " : "", verb->argument, verb->doc);
  if (verb->later) printf("(known, but not built yet)\n");
  printf("\noptions:\n");
  for (int o = 0; o < OPT_COUNT; o++) {
    const OptionInfo *option = &option_info[o];
    if ((option->verbs >> v & 1) == 0) continue;
    const char *left =
        arena_printf(c->arena, "%c%c%s --%s%s%s", option->letter ? '-' : ' ',
                     option->letter ? option->letter : ' ', option->letter ? "," : " ", option->name,
                     option->value ? " " : "", option->value ? option->value : "");
    put_item(left, 26,
             option->later ? arena_printf(c->arena, "%s (not built yet)", option->doc) : option->doc);
  }
  printf("\nexample:\n  %s\n", verb->example);
}

int cli_verb_help(Cli *c) {
  if (c->verb != CLI_HELP) {
    help_verb(c, c->verb);
    return 0;
  }
  if (c->operands.n == 0) {
    help_all(c);
    return 0;
  }
  for (int v = 0; v < CLI_VERB_COUNT; v++) {
    if (strcmp(verb_info[v].name, c->operands.at[0]) != 0) continue;
    help_verb(c, (CliVerb)v);
    return 0;
  }
  const char *names[CLI_VERB_COUNT];
  for (int v = 0; v < CLI_VERB_COUNT; v++) names[v] = verb_info[v].name;
  const char *near = diag_nearest(c->operands.at[0], names, CLI_VERB_COUNT);
  cli_usage(c, c->operand_spans.at[0], "there is no verb `%s`", c->operands.at[0]);
  diag_help(c->sink->all.at[c->sink->all.n - 1],
            near ? "did you mean `qgn help %s`?" : "`qgn help` lists the verbs%s", near ? near : "");
  return 2;
}
