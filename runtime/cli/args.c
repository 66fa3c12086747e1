#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/num.h"
#include "runtime/cli/cli.h"

#define V(ID) ((uint32_t)1 << CLI_##ID)
#define V_ALL (~(uint32_t)0)
#define NOW false
#define LATER true

const VerbInfo verb_info[CLI_VERB_COUNT] = {
#define VERB(ID, name, state, argument, doc, example) [CLI_##ID] = {name, state, argument, doc, example},
#include "runtime/cli/verbs.def"
#undef VERB
};

const OptionInfo option_info[OPT_COUNT] = {
#define OPTION(ID, name, letter, value, verbs, state, doc)                                                   \
  [OPT_##ID] = {name, letter, value, verbs, state, doc},
#include "runtime/cli/options.def"
#undef OPTION
};

#define MAX_ARG ((size_t)1 << 20)

bool cli_usage(Cli *c, Span at, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  const char *text = arena_vprintf(c->arena, fmt, ap);
  va_end(ap);
  Diag *d = diag_add(c->sink, DIAG_USAGE, at, "%s", text);
  if (c->has_verb) diag_help(d, "`qgn help %s` shows what it takes", verb_info[c->verb].name);
  else diag_help(d, "`qgn help` lists the verbs");
  return false;
}

/* Another help for the record that was added last. */
static void replace_help(Cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void replace_help(Cli *c, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  diag_help(c->sink->all.at[c->sink->all.n - 1], "%s", arena_vprintf(c->arena, fmt, ap));
  va_end(ap);
}

/* ---- the line as text --------------------------------------------------------------- */

/* Adds the command line as a source, so that messages can point into it; spans[i] is argument i. */
static bool add_line(Cli *c, int argc, char **argv, Span *spans) {
  size_t size = 0;
  for (int i = 0; i < argc; i++) size += strlen(argv[i]) + 1;
  if (size > MAX_ARG) return cli_usage(c, SPAN_NONE, "the command line is longer than 1 MB");
  char *text = arena_alloc(c->arena, size + 4);
  size_t n = 0;
  for (int i = 0; i < argc; i++) {
    const char *word = i == 0 ? "qgn" : argv[i];
    size_t len = strlen(word);
    memcpy(text + n, word, len);
    spans[i] = (Span){(uint32_t)n, (uint32_t)(n + len)};
    n += len;
    text[n++] = ' ';
  }
  for (size_t i = 0; i < n; i++)
    if ((unsigned char)text[i] < ' ') text[i] = ' ';
  const Source *src = src_add(SRC_COMMAND_LINE, text, n - 1);
  if (!src) return cli_usage(c, SPAN_NONE, "the command line is too long");
  for (int i = 0; i < argc; i++) spans[i].begin += src->base, spans[i].end += src->base;
  c->line = (Span){src->base, src->base + src->size};
  return true;
}

/* ---- options -------------------------------------------------------------------------- */

static bool has_option(const Cli *c, CliOption o) {
  if (option_info[o].verbs == V_ALL) return true;
  return c->has_verb && (option_info[o].verbs >> c->verb & 1) != 0;
}

static CliOption find_long(const Cli *c, const char *name, size_t len) {
  for (int o = 0; o < OPT_COUNT; o++) {
    if (!has_option(c, (CliOption)o)) continue;
    if (strncmp(option_info[o].name, name, len) == 0 && option_info[o].name[len] == '\0') return (CliOption)o;
  }
  return OPT_COUNT;
}

static CliOption find_letter(const Cli *c, char letter) {
  for (int o = 0; o < OPT_COUNT; o++)
    if (has_option(c, (CliOption)o) && option_info[o].letter == letter) return (CliOption)o;
  return OPT_COUNT;
}

static bool unknown_option(Cli *c, const char *word, Span at) {
  const char *names[OPT_COUNT];
  size_t len = strcspn(word, "=");
  char *name = arena_strn(c->arena, word + 2, len - 2);
  int n = 0;
  const char *owner = NULL;
  for (int o = 0; o < OPT_COUNT; o++) {
    if (has_option(c, (CliOption)o)) names[n++] = option_info[o].name;
    else if (strcmp(option_info[o].name, name) == 0)
      for (int v = 0; v < CLI_VERB_COUNT && !owner; v++)
        if (option_info[o].verbs >> v & 1) owner = verb_info[v].name;
  }
  if (owner && c->has_verb) {
    cli_usage(c, at, "`qgn %s` has no option `--%s`", verb_info[c->verb].name, name);
    replace_help(c, "`qgn %s` has it", owner);
    return false;
  }
  if (owner) {
    cli_usage(c, at, "`--%s` stands behind its verb", name);
    replace_help(c, "write `qgn %s ...` first", owner);
    return false;
  }
  const char *near = diag_nearest(name, names, n);
  cli_usage(c, at, "there is no option `--%s`", name);
  if (near) replace_help(c, "did you mean `--%s`?", near);
  else if (c->has_verb && (c->verb == CLI_RUN || c->verb == CLI_CHECK))
    replace_help(c, "values of the script: `--set %s=...`, of a train in it: `--set TRAIN.%s=...`", name,
                 name);
  return false;
}

/* Greek letters are spellings of English names, so the scanner has to read the name; one that it
 * cannot read stays as it is and is refused by name later. */
static const char *folded(Cli *c, const char *name, uint32_t base) {
  Source src = {SRC_COMMAND_LINE, name, (uint32_t)strlen(name), base};
  AstNode *tree = NULL;
  if (parse_source(c->arena, &src, diag_sink(c->arena), false, &tree, NULL) != PARSE_OK || tree->n != 1)
    return name;
  const AstNode *node = tree->kids[0]->kind == AST_STAGE ? ast_kid(tree->kids[0], AST_STAGE_value) : NULL;
  const char *text = "";
  for (; node && node->kind == AST_MEMBER; node = ast_kid(node, AST_MEMBER_value))
    text = arena_printf(c->arena, ".%s%s", sym_text(node->name), text);
  return node && node->kind == AST_NAME ? arena_printf(c->arena, "%s%s", sym_text(node->name), text) : name;
}

/* One `--set`: splits at the first `=` and parses the value, both inside a source of their own. */
static bool add_set(Cli *c, CliOption o, const char *value) {
  bool seed = o == OPT_SEED;
  char *text = arena_printf(c->arena, "--%s %s", option_info[o].name, value);
  const Source *src = src_add(SRC_COMMAND_LINE, text, strlen(text));
  if (!src) return cli_usage(c, SPAN_NONE, "the command line is too long");
  Span all = {src->base, src->base + src->size};
  const char *name = src->text + strlen(option_info[o].name) + 3;
  const char *equals = seed ? name - 1 : strchr(name, '=');
  if (!equals) {
    cli_usage(c, all, "`--set %s` has no value", value);
    replace_help(c, "write `--set %s=...`", value);
    return false;
  }
  const char *from = equals + 1;
  size_t skip = strspn(from, " ");
  from += skip;
  if (!seed && equals == name) return cli_usage(c, all, "`--set` wants a name in front of `=`");
  if (*from == '\0')
    return cli_usage(c, all, "`--%s` has no value behind `%s`", option_info[o].name, seed ? "it" : "=");
  Source literal = *src;
  literal.base = src->base + (uint32_t)(from - src->text);
  literal.text = from;
  literal.size = (uint32_t)(src->text + src->size - from);
  AstNode *node = NULL;
  if (!parse_literal(c->arena, &literal, c->sink, &node)) return false;
  CliSet set = {.value = node};
  set.name = seed ? "seed" : arena_strn(c->arena, name, (size_t)(equals - name));
  if (!seed) set.name = folded(c, set.name, src->base + (uint32_t)(name - src->text));
  set.text = arena_printf(c->arena, "%s=%s", set.name, from);
  set.name_span =
      seed ? all
           : (Span){src->base + (uint32_t)(name - src->text), src->base + (uint32_t)(equals - src->text)};
  for (int i = 0; i < c->sets.n; i++)
    if (strcmp(c->sets.at[i].name, set.name) == 0)
      return cli_usage(c, set.name_span, "`%s` is set twice", set.name);
  vec_push(c->arena, &c->sets, set);
  return true;
}

bool cli_replace_set(Cli *c, const char *name, const char *value) {
  int n = 0;
  for (int i = 0; i < c->sets.n; i++)
    if (strcmp(c->sets.at[i].name, name) != 0) c->sets.at[n++] = c->sets.at[i];
  c->sets.n = n;
  return add_set(c, OPT_SET, arena_printf(c->arena, "%s=%s", name, value));
}

static bool one_of(Cli *c, CliOption o, const char *value, Span at, const char *const *choices, int n) {
  for (int i = 0; i < n; i++)
    if (strcmp(choices[i], value) == 0) return true;
  char *list = arena_str(c->arena, choices[0]);
  for (int i = 1; i < n; i++) list = arena_printf(c->arena, "%s, %s", list, choices[i]);
  cli_usage(c, at, "`--%s` does not know `%s`", option_info[o].name, value);
  replace_help(c, "one of: %s", list);
  return false;
}

/* "2h", "1h30min", "0.5s": seconds, above 0. */
static bool read_time(const char *s, double *out) {
  static const struct {
    const char *name;
    double seconds;
  } units[] = {{"ms", 1e-3}, {"min", 60}, {"s", 1}, {"h", 3600}};
  *out = 0;
  while (*s != '\0') {
    const size_t n = strspn(s, "0123456789.");
    double x;
    if (n == 0 || !num_parse(s, n, &x)) return false;
    s += n;
    size_t k = 0, len = 0;
    for (; k < sizeof units / sizeof *units; k++) {
      len = strlen(units[k].name);
      if (strncmp(s, units[k].name, len) == 0) break;
    }
    if (k == sizeof units / sizeof *units) return false;
    *out += x * units[k].seconds;
    s += len;
  }
  return *out > 0;
}

const char *const *cli_choices(CliOption o, int *n) {
  static const struct {
    CliOption option;
    int n;
    const char *words[5];
  } table[] = {{OPT_PROGRESS, 5, {"auto", "line", "plain", "json", "none"}},
               {OPT_COLOR, 3, {"auto", "always", "never"}},
               {OPT_DENY, 1, {"warnings"}},
               {OPT_MESSAGE_FORMAT, 3, {"text", "json", "github"}}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
    if (table[i].option != o) continue;
    *n = table[i].n;
    return table[i].words;
  }
  return NULL;
}

static bool check_value(Cli *c, CliOption o, const char *value, Span at) {
  double n;
  int words;
  const char *const *choices = cli_choices(o, &words);
  if (choices) return one_of(c, o, value, at, choices, words);
  if (o == OPT_MAX_TIME && !read_time(value, &c->max_time))
    return cli_usage(c, at, "`--max-time` wants a time like 2h, 30min, 1h30min or 90s, not `%s`", value);
  if (o == OPT_SAMPLE) {
    if (!num_parse(value, strlen(value), &n) || n < 0 || n > 1e15 || n != (double)(int64_t)n)
      return cli_usage(c, at, "`--sample` wants a number of steps, not `%s`", value);
    c->sample = (int64_t)n;
  }
  if (o == OPT_THREADS) {
    if (!num_parse(value, strlen(value), &n) || n < 1 || n > 1024 || n != (double)(int)n)
      return cli_usage(c, at, "`--threads` wants a whole number from 1 to 1024, not `%s`", value);
    c->threads = (int)n;
  }
  if (o == OPT_DATA && !io_is_folder(value))
    return cli_usage(c, at, "`--data %s`: there is no such folder", value);
  return true;
}

static bool take_option(Cli *c, CliOption o, const char *value, Span at) {
  if (o == OPT_SET || o == OPT_SEED) {
    if (c->given[OPT_SEED] && o == OPT_SEED) return cli_usage(c, at, "`--seed` is given twice");
    c->given[o] = true;
    return add_set(c, o, value);
  }
  if (c->given[o] && option_info[o].value)
    return cli_usage(c, at, "`--%s` is given twice", option_info[o].name);
  c->given[o] = true;
  c->value[o] = value;
  return !value || check_value(c, o, value, at);
}

static bool is_value(const char *word) {
  return word && (word[0] != '-' || word[1] == '\0' || (word[1] >= '0' && word[1] <= '9'));
}

/* One argument that begins with `-`, and its value if that is the next one. */
static bool read_option(Cli *c, char **argv, int argc, int *i, const Span *spans) {
  const char *word = argv[*i];
  Span at = spans[*i];
  bool is_long = word[1] == '-';
  const char *equals = is_long ? strchr(word, '=') : NULL;
  size_t len = equals ? (size_t)(equals - word) : strlen(word);
  CliOption o = is_long ? find_long(c, word + 2, len - 2) : find_letter(c, word[1]);
  if (o == OPT_COUNT) {
    if (is_long) return unknown_option(c, word, at);
    return cli_usage(c, at, "there is no option `-%c`", word[1]);
  }
  const char *name = option_info[o].name;
  if (!option_info[o].value) {
    if (equals) return cli_usage(c, at, "`--%s` takes no value", name);
    if (!take_option(c, o, NULL, at)) return false;
    for (const char *more = is_long ? "" : word + 2; *more; more++) {
      CliOption next = find_letter(c, *more);
      if (next == OPT_COUNT || option_info[next].value)
        return cli_usage(c, at, "there is no option `-%c` in `%s`", *more, word);
      if (!take_option(c, next, NULL, at)) return false;
    }
    return true;
  }
  const char *value = equals ? equals + 1 : !is_long && word[2] ? word + 2 : NULL;
  if (!value) {
    const char *next = *i + 1 < argc ? argv[*i + 1] : NULL;
    if (!is_value(next))
      return cli_usage(c, at, "`--%s` wants a value: --%s %s", name, name, option_info[o].value);
    value = next;
    at = span_join(at, spans[++*i]);
  }
  return take_option(c, o, value, at);
}

CliVerb cli_verb_named(const char *word) {
  int v = 0;
  while (v < CLI_VERB_COUNT && strcmp(word, verb_info[v].name) != 0) v++;
  return (CliVerb)v;
}

static bool read_verb(Cli *c, const char *word, Span at) {
  const char *names[CLI_VERB_COUNT];
  for (int v = 0; v < CLI_VERB_COUNT; v++) {
    names[v] = verb_info[v].name;
    if (strcmp(word, names[v]) != 0) continue;
    c->verb = (CliVerb)v;
    c->has_verb = true;
    return true;
  }
  size_t len = strlen(word);
  bool script = io_is_folder(word) || (len > 4 && strcmp(word + len - 4, ".qgn") == 0);
  const char *near = diag_nearest(word, names, CLI_VERB_COUNT);
  cli_usage(c, at, "there is no verb `%s`", word);
  static const char *const others[][2] = {
      {"train", "run"},  {"execute", "run"}, {"report", "show"}, {"plot", "show"}, {"lint", "check"},
      {"format", "fmt"}, {"prompt", "repl"}, {"create", "new"},  {"init", "new"},  {"install", "doctor"}};
  for (size_t i = 0; i < sizeof others / sizeof *others; i++)
    if (strcmp(others[i][0], word) == 0) near = others[i][1];
  if (script) replace_help(c, "`qgn run %s` runs it", word);
  else if (near) replace_help(c, "did you mean `qgn %s`?", near);
  return false;
}

/* What may stand in place of a verb. */
static bool special_word(Cli *c, const char *word) {
  if (strcmp(word, "--version") == 0 || strcmp(word, "-V") == 0) c->verb = CLI_VERSION;
  else if (strcmp(word, "--help") == 0 || strcmp(word, "-h") == 0) c->verb = CLI_HELP;
  else return false;
  c->has_verb = true;
  return true;
}

bool cli_args(Cli *c, int argc, char **argv) {
  Span *spans = ARENA_ARRAY(c->arena, Span, argc + 1);
  if (!add_line(c, argc, argv, spans)) return false;
  if (argc <= 1) c->verb = CLI_REPL, c->has_verb = true;
  bool options = true;
  for (int i = 1; i < argc; i++) {
    const char *word = argv[i];
    if (!c->has_verb && (strcmp(word, "-c") == 0 || strcmp(word, "--command") == 0))
      c->verb = CLI_REPL, c->has_verb = true;
    if (options && strcmp(word, "--") == 0) {
      options = false;
    } else if (!c->has_verb && special_word(c, word)) {
      continue;
    } else if (options && word[0] == '-' && word[1] != '\0') {
      if (!read_option(c, argv, argc, &i, spans)) return false;
    } else if (!c->has_verb) {
      if (!read_verb(c, word, spans[i])) return false;
    } else {
      vec_push(c->arena, &c->operands, word);
      vec_push(c->arena, &c->operand_spans, spans[i]);
    }
  }
  if (!c->has_verb) return cli_usage(c, c->line, "a verb is missing");
  if (c->given[OPT_RESUME] && c->given[OPT_FRESH])
    return cli_usage(c, c->line, "`--resume` and `--fresh` exclude each other");
  if (c->has_verb && c->verb == CLI_RUN && c->given[OPT_SAMPLE] != c->given[OPT_REPLAY])
    return cli_usage(c, c->line, "`--replay RUN` and `--sample N` of `qgn run` stand together");
  return true;
}

/* "script" of "SCRIPT [CIRCUIT]", "name" of "[NAME]". */
static const char *argument_noun(Arena *a, const char *argument) {
  argument += *argument == '[';
  char *word = arena_strn(a, argument, strcspn(argument, " ]"));
  for (char *s = word; *s != '\0'; s++)
    if (*s >= 'A' && *s <= 'Z') *s = (char)(*s - 'A' + 'a');
  return word;
}

const char *cli_one_operand(Cli *c) {
  const VerbInfo *v = &verb_info[c->verb];
  const char *noun = argument_noun(c->arena, v->argument);
  if (c->operands.n == 1) return c->operands.at[0];
  if (c->operands.n == 0) {
    cli_usage(c, c->line, "`qgn %s` wants a %s", v->name, noun);
    replace_help(c, "%s", v->example);
  } else {
    cli_usage(c, c->operand_spans.at[1], "`qgn %s` takes one %s", v->name, noun);
  }
  return NULL;
}
