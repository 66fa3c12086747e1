/* Records, codes and name suggestions; diag_render.c turns records into text. */
#include "lang/base/diag.h"
#include <ctype.h>
#include <stdarg.h>
#include <string.h>
#include <strings.h>

const DiagInfo diag_info[DIAG_COUNT] = {
#define DIAG(id, code, sev, exit, title, explain) {code, SEV_##sev, exit, title, explain},
#include "lang/base/diag.def"
#undef DIAG
};

DiagSink *diag_sink(Arena *a) {
  DiagSink *s = ARENA_NEW(a, DiagSink);
  s->arena = a;
  return s;
}

Diag *diag_add(DiagSink *s, DiagCode code, Span span, const char *fmt, ...) {
  Diag *d = ARENA_NEW(s->arena, Diag);
  d->arena = s->arena;
  d->code = code;
  d->span = span;
  va_list ap;
  va_start(ap, fmt);
  d->text = arena_vprintf(s->arena, fmt, ap);
  va_end(ap);
  vec_push(s->arena, &s->all, d);
  if (diag_info[code].severity == SEV_ERROR) s->n_errors++;
  else s->n_warnings++;
  return d;
}

void diag_pass(DiagSink *s, Diag *d) {
  if (diag_info[d->code].severity != SEV_ERROR) return;
  vec_push(s->arena, &s->all, d);
  s->n_errors++;
}

void diag_mark(Diag *d, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  d->label = arena_vprintf(d->arena, fmt, ap);
  va_end(ap);
}

void diag_label(Diag *d, Span span, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  DiagLabel label = {span, arena_vprintf(d->arena, fmt, ap)};
  va_end(ap);
  vec_push(d->arena, &d->labels, label);
}

__attribute__((format(printf, 3, 0))) static void add_line(Diag *d, const char *kind, const char *fmt,
                                                           va_list ap) {
  DiagLine line = {kind, arena_vprintf(d->arena, fmt, ap)};
  vec_push(d->arena, &d->lines, line);
}

void diag_note(Diag *d, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  add_line(d, "note", fmt, ap);
  va_end(ap);
}

void diag_help(Diag *d, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  for (int i = 0; i < d->lines.n; i++) {
    if (strcmp(d->lines.at[i].kind, "help") != 0) continue;
    d->lines.at[i].text = arena_vprintf(d->arena, fmt, ap);
    va_end(ap);
    return;
  }
  add_line(d, "help", fmt, ap);
  va_end(ap);
}

void diag_line(Diag *d, const char *kind, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  add_line(d, kind, fmt, ap);
  va_end(ap);
}

void diag_fix(Diag *d, Span span, const char *text, bool sure) {
  d->fix_span = span;
  d->fix_text = arena_str(d->arena, text);
  d->fix_sure = sure;
}

int diag_exit_code(const DiagSink *s) {
  const Diag *first = NULL;
  for (int i = 0; i < s->all.n; i++) {
    const Diag *d = s->all.at[i];
    if (diag_info[d->code].severity != SEV_ERROR) continue;
    /* begin - 1 sorts "no place" (0) behind every place */
    if (!first || d->span.begin - 1 < first->span.begin - 1) first = d;
  }
  return first ? diag_info[first->code].exit_code : 0;
}

DiagCode diag_find(const char *code) {
  for (int i = 0; i < DIAG_COUNT; i++)
    if (strcasecmp(diag_info[i].code, code) == 0) return (DiagCode)i;
  return DIAG_COUNT;
}

#define NAME_MAX_LEN 64

static int least3(int a, int b, int c) {
  int m = a < b ? a : b;
  return m < c ? m : c;
}

/* Damerau-Levenshtein distance (insert, delete, replace, swap of neighbours); case is ignored.
 * Both lengths are at most NAME_MAX_LEN. */
static int distance(const char *a, int n, const char *b, int m) {
  int rows[3][NAME_MAX_LEN + 1];
  for (int j = 0; j <= m; j++) rows[0][j] = j;
  for (int i = 1; i <= n; i++) {
    int *now = rows[i % 3], *up = rows[(i - 1) % 3], *up2 = rows[(i + 1) % 3];
    now[0] = i;
    for (int j = 1; j <= m; j++) {
      int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
      now[j] = least3(up[j] + 1, now[j - 1] + 1, up[j - 1] + (ca != cb));
      if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
          cb == tolower((unsigned char)a[i - 2]) && up2[j - 2] + 1 < now[j])
        now[j] = up2[j - 2] + 1;
    }
  }
  return rows[n % 3][m];
}

/* The nearest name; *alone: no other is as near. */
static const char *nearest(const char *name, const char *const *names, int n, bool *alone) {
  size_t len = strlen(name);
  if (len == 0 || len > NAME_MAX_LEN) return NULL;
  int most = len / 3 > 1 ? (int)(len / 3) : 1;
  if (most >= (int)len) most = (int)len - 1; /* `x` is not a misspelling of `y` */
  const char *best = NULL;
  for (int i = 0; i < n; i++) {
    size_t other = strlen(names[i]);
    if (other == 0 || other > NAME_MAX_LEN || other > len + (size_t)most || len > other + (size_t)most)
      continue;
    int d = distance(name, (int)len, names[i], (int)other);
    if (best && d == most && strcmp(best, names[i]) != 0) *alone = false;
    if (d > most || (best && d == most)) continue;
    best = names[i];
    most = d;
    *alone = true;
  }
  return best;
}

const char *diag_nearest(const char *name, const char *const *names, int n) {
  bool alone;
  return nearest(name, names, n, &alone);
}

const char *diag_did_you_mean(Diag *d, Span span, const char *name, const char *const *names, int n) {
  bool alone = false;
  const char *near = nearest(name, names, n, &alone);
  if (near == NULL) return NULL;
  diag_mark(d, "did you mean `%s`?", near);
  diag_fix(d, span, near, alone);
  return near;
}
