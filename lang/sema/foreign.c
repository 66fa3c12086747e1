/* What to write for gates of other systems: foreign_gates.def. */
#include <string.h>
#include "lang/sema/gates.h"

typedef struct Foreign {
  const char *names, *ours, *line, *circuit; /* ours: an alias; else line and circuit */
} Foreign;

static const Foreign foreign[] = {
#define ALIAS(names, ours) {names, ours, NULL, NULL},
#define FOREIGN(names, line, circuit) {names, NULL, line, circuit},
#include "lang/sema/foreign_gates.def"
#undef ALIAS
#undef FOREIGN
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

static const Foreign *foreign_find(const char *name) {
  for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
    if (has_word(foreign[i].names, name)) return &foreign[i];
  return NULL;
}

bool say_foreign_gate(Sema *S, const char *name, Span span) {
  const Foreign *f = foreign_find(name);
  if (f == NULL) return false;
  Diag *d = say(S, DIAG_NAME, span, "there is no gate or block `%s`", name);
  if (f->ours != NULL) {
    diag_mark(d, "did you mean `%s`?", f->ours);
    diag_fix(d, span, f->ours, true);
    return true;
  }
  diag_mark(d, "write `%s`", f->line);
  if (*f->circuit != '\0') diag_help(d, "with `%s` before the circuit", f->circuit);
  return true;
}
