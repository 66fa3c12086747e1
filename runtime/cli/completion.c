/* `qgn completion SHELL`: scripts for bash, zsh and fish, from the tables of verbs and options alone. */
#include <string.h>
#include "runtime/cli/cli.h"

static bool has_option(int verb, int o) {
  return !option_info[o].later && (option_info[o].verbs >> verb & 1) != 0;
}

/* The words that a value of an option may be, with blanks between; "" if they are no list. */
static const char *words_of(Arena *a, int o) {
  int n;
  const char *const *choices = cli_choices((CliOption)o, &n);
  const char *out = "";
  for (int i = 0; choices && i < n; i++) out = arena_printf(a, "%s%s%s", out, i > 0 ? " " : "", choices[i]);
  return out;
}

/* Operands that are words and no files: "bash|zsh|fish". */
static const char *operands_of(Arena *a, int verb) {
  const char *s = verb_info[verb].argument;
  if (strchr(s, '|') == NULL) return "";
  char *out = arena_strn(a, s, strcspn(s, " "));
  for (char *p = out; *p; p++)
    if (*p == '|') *p = ' ';
  return out;
}

static void verbs_line(void) {
  for (int v = 0, n = 0; v < CLI_VERB_COUNT; v++)
    if (!verb_info[v].later) printf("%s%s", n++ > 0 ? " " : "", verb_info[v].name);
}

/* ---- bash
 * -------------------------------------------------------------------------------------------------- */

static void bash_options(Arena *a, int v) {
  const char *list = "";
  for (int o = 0; o < OPT_COUNT; o++)
    if (has_option(v, o)) list = arena_printf(a, "%s%s--%s", list, *list ? " " : "", option_info[o].name);
  const char *operands = operands_of(a, v);
  if (v == CLI_HELP) operands = "$verbs";
  printf("  %s) options=\"%s\" words=\"%s\" ;;\n", verb_info[v].name, list, operands);
}

static void bash(Arena *a) {
  printf("# bash completion of qgn\n_qgn() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} verb= options= words= i\n"
         "  local verbs=\"");
  verbs_line();
  printf("\"\n  COMPREPLY=()\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    [[ ${COMP_WORDS[i]} == -* ]] || { verb=${COMP_WORDS[i]}; break; }\n  done\n"
         "  if [[ -z $verb ]]; then\n"
         "    COMPREPLY=($(compgen -W \"$verbs --help --version --command\" -- \"$cur\"))\n    return\n  fi\n"
         "  case $prev in\n");
  for (int o = 0; o < OPT_COUNT; o++) {
    const char *words = words_of(a, o);
    if (option_info[o].later || option_info[o].value == NULL) continue;
    if (*words)
      printf("  --%s) COMPREPLY=($(compgen -W \"%s\" -- \"$cur\")); return ;;\n", option_info[o].name, words);
    else if (strcmp(option_info[o].value, "FOLDER") == 0)
      printf("  --%s) COMPREPLY=($(compgen -d -- \"$cur\")); return ;;\n", option_info[o].name);
  }
  printf("  esac\n  case $verb in\n");
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    if (!verb_info[v].later) bash_options(a, v);
  printf("  esac\n"
         "  if [[ $cur == -* ]]; then\n    COMPREPLY=($(compgen -W \"$options\" -- \"$cur\"))\n"
         "  elif [[ -n $words ]]; then\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "  else\n    COMPREPLY=($(compgen -f -X '!*.qgn' -- \"$cur\") $(compgen -d -- \"$cur\"))\n  fi\n}\n"
         "complete -o filenames -F _qgn qgn\n");
}

/* ---- zsh
 * ---------------------------------------------------------------------------------------------------- */

/* A description between apostrophes, where brackets and colons mean something. */
static const char *zsh_text(Arena *a, const char *s) {
  const char *out = "";
  for (; *s; s++) {
    if (*s == '\'') out = arena_printf(a, "%s'\\''", out);
    else out = arena_printf(a, strchr("[]:`\\", *s) ? "%s\\%c" : "%s%c", out, *s);
  }
  return out;
}

static void zsh_options(Arena *a, int v) {
  printf("    %s)\n      _arguments", verb_info[v].name);
  for (int o = 0; o < OPT_COUNT; o++) {
    if (!has_option(v, o)) continue;
    const char *words = words_of(a, o), *value = option_info[o].value;
    printf(" \\\n        '%s--%s%s[%s]", o == OPT_SET ? "*" : "", option_info[o].name, value ? "=" : "",
           zsh_text(a, option_info[o].doc));
    if (value && *words) printf(":%s:(%s)", value, words);
    else if (value)
      printf(":%s:%s", value,
             strcmp(value, "FOLDER") == 0 ? "_files -/"
             : strcmp(value, "FILE") == 0 ? "_files"
                                          : "");
    printf("'");
  }
  const char *operands = operands_of(a, v);
  if (*operands) printf(" \\\n        '*:%s:(%s)'\n", verb_info[v].argument, operands);
  else printf(" \\\n        '*:file:_files'\n");
  printf("      ;;\n");
}

static void zsh(Arena *a) {
  printf("#compdef qgn\n# zsh completion of qgn\n_qgn() {\n  local -a verbs\n  verbs=(\n");
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    if (!verb_info[v].later) printf("    '%s:%s'\n", verb_info[v].name, zsh_text(a, verb_info[v].doc));
  printf("  )\n  if (( CURRENT == 2 )); then\n    _describe verb verbs\n    return\n  fi\n"
         "  local verb=$words[2]\n  shift words\n  (( CURRENT-- ))\n  case $verb in\n");
  for (int v = 0; v < CLI_VERB_COUNT; v++)
    if (!verb_info[v].later) zsh_options(a, v);
  printf("  esac\n}\n_qgn \"$@\"\n");
}

/* ---- fish
 * --------------------------------------------------------------------------------------------------- */

static const char *fish_text(Arena *a, const char *s) {
  const char *out = "";
  for (; *s; s++) out = arena_printf(a, strchr("'\\", *s) ? "%s\\%c" : "%s%c", out, *s);
  return out;
}

static void fish_option(Arena *a, int v, int o) {
  const OptionInfo *i = &option_info[o];
  const char *words = words_of(a, o);
  printf("complete -c qgn -n '__fish_seen_subcommand_from %s' -l %s", verb_info[v].name, i->name);
  if (i->letter) printf(" -s %c", i->letter);
  if (*words) printf(" -x -a '%s'", words);
  else if (i->value) printf(" -r");
  printf(" -d '%s'\n", fish_text(a, i->doc));
}

static void fish(Arena *a) {
  puts("# fish completion of qgn");
  for (int v = 0; v < CLI_VERB_COUNT; v++) {
    if (verb_info[v].later) continue;
    printf("complete -c qgn -n __fish_use_subcommand -f -a %s -d '%s'\n", verb_info[v].name,
           fish_text(a, verb_info[v].doc));
    const char *operands = operands_of(a, v);
    if (*operands)
      printf("complete -c qgn -n '__fish_seen_subcommand_from %s' -f -a '%s'\n", verb_info[v].name, operands);
    for (int o = 0; o < OPT_COUNT; o++)
      if (has_option(v, o)) fish_option(a, v, o);
  }
}

int cli_verb_completion(Cli *c) {
  static const struct {
    const char *name;
    void (*print)(Arena *a);
  } shells[] = {{"bash", bash}, {"zsh", zsh}, {"fish", fish}};
  for (int i = 0; i < 3 && c->operands.n == 1; i++) {
    if (strcmp(c->operands.at[0], shells[i].name) != 0) continue;
    shells[i].print(c->arena);
    return 0;
  }
  cli_usage(c, c->operands.n == 1 ? c->operand_spans.at[0] : c->line,
            "`qgn completion` wants bash, zsh or fish");
  diag_help(c->sink->all.at[c->sink->all.n - 1],
            "`qgn completion bash >~/.local/share/bash-completion/completions/qgn`");
  return 2;
}
