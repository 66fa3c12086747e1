/* What to write for gates of other systems: foreign_gates.def. */
#include <string.h>
#include "lang/sema/gates.h"

typedef struct Foreign {
  const char *names, *ours, *line, *circuit; /* ours: an alias; else line and circuit; else a note */
  const char *note;
} Foreign;

static const Foreign foreign[] = {
#define ALIAS(names, ours) {names, ours, NULL, NULL, NULL},
#define FOREIGN(names, line, circuit) {names, NULL, line, circuit, NULL},
#define NOTE(names, text) {names, NULL, NULL, NULL, text},
#include "lang/sema/foreign_gates.def"
#undef ALIAS
#undef FOREIGN
#undef NOTE
};

static bool has_word(const char *list, const char *word) {
  const size_t n = strlen(word);
  for (const char *at = list; *at != '\0';) {
    const size_t len = strcspn(at, " ");
    if (len == n && memcmp(at, word, n) == 0) return true;
    at += len;
    at += strspn(at, " ");
  }
  return false;
}

/* `strongly_entangling_layers` is `StronglyEntanglingLayers`: letters and digits only, all of them small. */
static const char *bare(Arena *a, const char *text) {
  char *out = arena_strn(a, text, strlen(text)), *to = out;
  for (const char *c = text; *c != '\0'; c++)
    if (*c != '_') *to++ = (char)(*c >= 'A' && *c <= 'Z' ? *c - 'A' + 'a' : *c);
  *to = '\0';
  return out;
}

/* Shorter names differ by nothing but capitals: `s` and `S`. */
enum { BARE_LEAST = 8 };

static const Foreign *foreign_find(Arena *a, const char *name) {
  const size_t n = sizeof foreign / sizeof *foreign;
  for (size_t i = 0; i < n; i++)
    if (has_word(foreign[i].names, name)) return &foreign[i];
  const char *word = bare(a, name);
  for (size_t i = 0; strlen(word) >= BARE_LEAST && i < n; i++)
    if (has_word(bare(a, foreign[i].names), word)) return &foreign[i];
  return NULL;
}

/* `HGate` is looked for as `H`. */
static const Foreign *foreign_of(Sema *S, const char *name) {
  const Foreign *f = foreign_find(S->a, name);
  const size_t n = strlen(name);
  if (f != NULL || n < 5 || strcmp(name + n - 4, "Gate") != 0) return f;
  return foreign_find(S->a, arena_printf(S->a, "%.*s", (int)(n - 4), name));
}

bool say_foreign_gate(Sema *S, const char *name, Span span) {
  const bool is_ours = S->options->module_of != NULL && S->options->module_of(S->a, name, NULL) != NULL;
  const Foreign *f = is_ours ? NULL : foreign_of(S, name);
  if (f == NULL) return false;
  Diag *d = say(S, DIAG_NAME, span, "there is no gate or block `%s`", name);
  if (f->note != NULL) {
    diag_help(d, "%s", f->note);
    return true;
  }
  if (f->ours != NULL) {
    diag_mark(d, "did you mean `%s`?", f->ours);
    diag_fix(d, span, f->ours, true);
    return true;
  }
  diag_mark(d, "write `%s`", f->line);
  if (*f->circuit != '\0') diag_help(d, "with `%s` before the circuit", f->circuit);
  return true;
}
