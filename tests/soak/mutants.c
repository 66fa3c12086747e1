/* One-token mutants of scripts, checked in one process: a token deleted, doubled, exchanged with the next, or
 * a name misspelled by one letter.
 *
 *   mutants COUNT SEED SCRIPT ...        MUTANTS_SHOW=1 prints those that miss
 *
 * Three figures, of the mutants that are refused: how many have their first error within 2 lines of the
 * change, how many errors they have on average, how many misspelled ones `qgn fix` makes what they were.
 * Status 1 below 85 %, above 1.4, or below 50 %. A mutant that takes more than 5 s ends the program. */
#define _GNU_SOURCE
#include <ctype.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"

#define SCRIPTS_MAX 32
#define TOKENS_MAX 8000

typedef struct Script {
  const char *path, *text;
  int n;
  uint32_t begin[TOKENS_MAX], end[TOKENS_MAX];
} Script;

typedef enum Change { DELETED, DOUBLED, EXCHANGED, MISSPELLED, CHANGES } Change;
static const char *const change_text[] = {"deleted", "doubled", "exchanged", "misspelled"};

typedef struct Tally {
  int mutants, refused, near, errors, misspelled, restored;
} Tally;

static uint64_t rng_state;
static uint64_t rng(void) {
  rng_state ^= rng_state << 13;
  rng_state ^= rng_state >> 7;
  rng_state ^= rng_state << 17;
  return rng_state;
}
static int below(int n) { return (int)((rng() >> 33) % (uint64_t)n); }

/* ---- tokens ---------------------------------------------------------------------------------- */

static bool in_name(char c) {
  return isalnum((unsigned char)c) || c == '_' || ((unsigned char)c & 0x80) != 0;
}

static uint32_t token_end(const char *s, uint32_t i) {
  static const char *const two[] = {"|>", ":=", "==", "!=", "<=", ">=", "->", ".."};
  if (s[i] == '"') {
    for (i++; s[i] != '\0' && s[i] != '"'; i++) i += s[i] == '\\' ? 1 : 0;
    return i + (s[i] == '"' ? 1 : 0);
  }
  if (in_name(s[i])) {
    const bool number = isdigit((unsigned char)s[i]);
    while (in_name(s[i]) || (number && s[i] == '.' && isdigit((unsigned char)s[i + 1]))) i++;
    return i + (number && s[i] == '%' ? 1 : 0);
  }
  for (size_t k = 0; k < sizeof two / sizeof *two; k++)
    if (strncmp(s + i, two[k], 2) == 0) return i + (s[i + 2] == '=' && s[i] == '.' ? 3 : 2);
  return i + 1;
}

static void find_tokens(Script *s) {
  for (uint32_t i = 0; s->text[i] != '\0' && s->n < TOKENS_MAX;) {
    if (isspace((unsigned char)s->text[i])) i++;
    else if (s->text[i] == '#') i += (uint32_t)strcspn(s->text + i, "\n");
    else {
      s->begin[s->n] = i;
      i = s->end[s->n++] = token_end(s->text, i);
    }
  }
}

/* ---- mutants ---------------------------------------------------------------------------------- */

static bool is_long_name(const Script *s, int t) {
  const char c = s->text[s->begin[t]];
  return isalpha((unsigned char)c) && s->end[t] - s->begin[t] >= 4;
}

static const char *pieces(Arena *a, const Script *s, uint32_t from, uint32_t to, const char *middle) {
  return arena_printf(a, "%.*s%s%s", (int)from, s->text, middle, s->text + to);
}

/* The token with one letter left out, doubled, exchanged or another one. */
static const char *misspell(Arena *a, const char *token, int n) {
  char *out = arena_strn(a, token, (size_t)n + 1);
  const int at = 1 + below(n - 1);
  const char letter = (char)('a' + below(26));
  switch (below(4)) {
  case 0: return arena_printf(a, "%.*s%.*s", at, token, n - at - 1, token + at + 1);
  case 1: return arena_printf(a, "%.*s%c%.*s", at, token, letter, n - at, token + at);
  case 2: out[at] = token[at - 1], out[at - 1] = token[at], out[n] = '\0'; return out;
  default: out[at] = letter, out[n] = '\0'; return out;
  }
}

/* A mutant of the token; NULL if it would be the script itself. */
static const char *mutant(Arena *a, const Script *s, int t, Change change) {
  const uint32_t b = s->begin[t], e = s->end[t];
  const char *token = arena_strn(a, s->text + b, e - b), *out = NULL;
  if (change == DELETED) out = pieces(a, s, b, e, "");
  if (change == DOUBLED) out = pieces(a, s, e, e, arena_printf(a, " %s", token));
  if (change == EXCHANGED && t + 1 < s->n) {
    const uint32_t b2 = s->begin[t + 1], e2 = s->end[t + 1];
    out = pieces(
        a, s, b, e2,
        arena_printf(a, "%.*s%.*s%s", (int)(e2 - b2), s->text + b2, (int)(b2 - e), s->text + e, token));
  }
  if (change == MISSPELLED && is_long_name(s, t)) out = pieces(a, s, b, e, misspell(a, token, (int)(e - b)));
  return out == NULL || strcmp(out, s->text) == 0 ? NULL : out;
}

/* ---- one mutant --------------------------------------------------------------------------------- */

static int line_at(const char *text, uint32_t offset) {
  int line = 1;
  for (uint32_t i = 0; i < offset && text[i] != '\0'; i++) line += text[i] == '\n';
  return line;
}

/* Errors, two of one code at one place counted once; *first: offset of the first in the script. */
static int count_errors(const Cli *c, const Source *src, uint32_t *first) {
  int n = 0;
  *first = UINT32_MAX;
  for (int i = 0; i < c->sink->all.n; i++) {
    const Diag *d = c->sink->all.at[i];
    bool again = diag_info[d->code].severity == SEV_WARNING;
    for (int k = 0; k < i && !again; k++)
      again = c->sink->all.at[k]->code == d->code && c->sink->all.at[k]->span.begin == d->span.begin;
    if (again) continue;
    n++;
    const uint32_t at = d->span.begin - src->base;
    if (at <= src->size && at < *first) *first = at;
  }
  return n;
}

static Cli new_cli(Arena *a) {
  Cli c = {.arena = a, .sink = diag_sink(a)};
  c.given[OPT_QUIET] = true;
  return c;
}

static void show(const char *what, const Script *s, int t, Change change, const char *text) {
  if (getenv("MUTANTS_SHOW") == NULL) return;
  const int line = line_at(s->text, s->begin[t]);
  const char *at = text;
  for (int i = 1; i < line && strchr(at, '\n') != NULL; i++) at = strchr(at, '\n') + 1;
  printf("%s: %s:%d `%.*s` %s: %.*s\n", what, s->path, line, (int)(s->end[t] - s->begin[t]),
         s->text + s->begin[t], change_text[change], (int)strcspn(at, "\n"), at);
}

static void check_one(const Script *s, int t, Change change, Tally *tally) {
  Arena *a = arena_new();
  const char *text = mutant(a, s, t, change);
  if (text != NULL) {
    Cli c = new_cli(a);
    CliScript script = {.path = s->path, .name = "mutant", .source = src_add(s->path, text, strlen(text))};
    alarm(5);
    cli_elaborate(&c, &script, NULL);
    uint32_t first;
    const int errors = count_errors(&c, script.source, &first), line = line_at(s->text, s->begin[t]);
    tally->mutants++;
    if (errors > 0) {
      const int far = first == UINT32_MAX ? 1000 : abs(line_at(text, first) - line);
      tally->refused++, tally->errors += errors;
      if (far <= 2) tally->near++;
      else show("far", s, t, change, text);
      if (errors > 2) show("many", s, t, change, text);
      if (change == MISSPELLED) {
        bool changed;
        const Source *fixed = cli_fix(&c, &script, &changed);
        tally->misspelled++;
        if (changed && strcmp(fixed->text, s->text) == 0) tally->restored++;
        else show("not restored", s, t, change, text);
      }
    }
    alarm(0);
  }
  arena_free(a);
  src_clear();
}

/* What is changed must be right before. */
static bool passes(const Script *s) {
  Arena *a = arena_new();
  Cli c = new_cli(a);
  CliScript script = {.path = s->path, .name = "whole", .source = src_add(s->path, s->text, strlen(s->text))};
  cli_elaborate(&c, &script, NULL);
  const bool ok = c.sink->n_errors == 0;
  if (!ok) diag_render(c.sink, (DiagStyle){0}, stderr);
  arena_free(a);
  src_clear();
  return ok;
}

static void too_long(int signal) {
  (void)signal;
  static const char text[] = "mutants: one took more than 5 s\n";
  if (write(2, text, sizeof text - 1) < 0) _exit(3);
  _exit(3);
}

int main(int argc, char **argv) {
  static Script scripts[SCRIPTS_MAX];
  Tally tally = {0};
  const int n = argc - 3;
  if (n < 1 || n > SCRIPTS_MAX) return 2;
  const int count = atoi(argv[1]);
  rng_state = 0x9E3779B97F4A7C15u ^ strtoull(argv[2], NULL, 10);
  Arena *keep = arena_new();
  for (int i = 0; i < n; i++) {
    IoData data;
    IoError e;
    if (!io_read_file(keep, argv[3 + i], 1 << 20, &data, &e)) return 2;
    scripts[i] = (Script){.path = argv[3 + i], .text = arena_strn(keep, (const char *)data.bytes, data.size)};
    find_tokens(&scripts[i]);
  }
  for (int i = 0; i < n; i++)
    if (!passes(&scripts[i])) return 2;
  signal(SIGALRM, too_long);
  while (tally.mutants < count) {
    const Script *s = &scripts[below(n)];
    check_one(s, below(s->n), (Change)below(CHANGES), &tally);
  }
  const double near = 100.0 * tally.near / tally.refused, each = (double)tally.errors / tally.refused,
               restored = 100.0 * tally.restored / (tally.misspelled > 0 ? tally.misspelled : 1);
  printf(
      "%d mutants, %d refused: first error within 2 lines %.1f %%, %.2f errors each, fix restores %.1f %% of %d\n",
      tally.mutants, tally.refused, near, each, restored, tally.misspelled);
  arena_free(keep);
  sym_clear();
  return near < 85 || each > 1.4 || restored < 50 ? 1 : 0;
}
