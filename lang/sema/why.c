/* `qgn check --why NAME`: where every size of a name comes from; and the table of names for `qgn doc`. */
#include <string.h>
#include "lang/base/greek.h"
#include "lang/base/source.h"
#include "lang/sema/library.h"
#include "lang/sema/walk.h"

#define WHY_DEPTH 12

/* "4:7 linear(64)": an origin, and below it what it was made of. */
static void print_origin(Sema *S, uint32_t id, int depth, FILE *out) {
  if (id == 0 || (int)id >= S->p->origins.n || depth > WHY_DEPTH) return;
  const Origin *o = &S->p->origins.at[id];
  const Source *src;
  int line, col;
  const bool known = o->span.end != 0 && src_locate(o->span.begin, &src, &line, &col);
  fprintf(out, "%*s", 2 + 2 * depth, "");
  if (known) fprintf(out, "%s:%d:%d ", src->name, line, col);
  const char *text = known ? src_of_span(S, o->span) : "";
  const bool both = *text != '\0' && strstr(o->text, text) == NULL;
  fprintf(out, "%s%s%s", both ? text : "", both && o->text[0] != '\0' ? ": " : "", o->text);
  fprintf(out, "\n");
  for (int i = 0; i < 2; i++) print_origin(S, o->parent[i], depth + 1, out);
}

static void print_shape(Sema *S, const Shape *s, FILE *out) {
  for (int k = 0; k < s->rank; k++) {
    const Dim d = s->d[k];
    if (d.count != 0)
      fprintf(out, "  axis %d: %s, at most %lld\n", k, S->p->counts.at[d.count].name, (long long)d.n);
    else fprintf(out, "  axis %d: %lld\n", k, (long long)d.n);
    print_origin(S, d.origin, 1, out);
  }
}

static void print_value(Sema *S, const Value *v, FILE *out) {
  Shape s;
  ElemKind e;
  if (v->kind == VAL_INT) print_origin(S, v->origin, 0, out);
  else if (v->kind == VAL_DATASET) {
    const Dataset *d = &S->p->datasets.at[v->u.index];
    for (int i = 0; i < d->columns.n; i++) {
      fprintf(out, "  column %s\n", d->columns.at[i].name);
      print_shape(S, &d->columns.at[i].row, out);
    }
  } else if (v->kind == VAL_OBJECT) {
    const ObjectInfo *o = v->u.object;
    for (int i = 0; i < o->parts.n; i++) {
      const Slot *slot = o->parts.at[i].part == NULL ? &S->p->slots.at[o->parts.at[i].slot] : NULL;
      if (slot == NULL) continue;
      fprintf(out, "  %s%s\n", slot->name, sema_shape_text(S, &slot->shape));
      print_shape(S, &slot->shape, out);
    }
  } else if (val_shape(S, v, &s, &e)) print_shape(S, &s, out);
}

bool why_print(Sema *S, const char *name, FILE *out) {
  const Symbol want = sym_intern(greek_fold(S->a, name, strlen(name)));
  bool found = false;
  for (int i = 0; i < S->types.n; i++) {
    const TypeLine *t = &S->types.at[i];
    const Source *src;
    int line, col;
    if (t->name != want || !src_locate(t->span.begin, &src, &line, &col) || span_in_library(t->span))
      continue;
    found = true;
    fprintf(
        out, "%s:%d:%d %s %s: %s\n", src->name, line, col, bind_kind_text[t->kind], src_of_span(S, t->span),
        t->value->kind == VAL_OBJECT ? object_signature(S, t->value->u.object) : val_describe(S, t->value));
    print_value(S, t->value, out);
  }
  return found;
}

const char *why_nearest(const Sema *S, const char *name) {
  const char **names = ARENA_ARRAY(S->a, const char *, S->types.n + 1);
  for (int i = 0; i < S->types.n; i++) names[i] = sym_text(S->types.at[i].name);
  return diag_nearest(name, names, S->types.n);
}

/* ---- the table of names ----------------------------------------------------------------------------- */

int library_count(void) { return n_builtins; }

/* The signature without marks: `$x` may be left out in a line of a model, `x=` may be left out anywhere. */
static const char *call_text(Arena *a, const Builtin *b) {
  const char *out = arena_printf(a, "%s(", b->name);
  bool first = true;
  for (const char *s = b->signature; *s != '\0';) {
    size_t n = strcspn(s, " ");
    const char *word = arena_strn(a, *s == '$' ? s + 1 : s, *s == '$' ? n - 1 : n);
    const size_t len = strlen(word);
    const bool option = len > 0 && word[len - 1] == '=';
    out = arena_printf(a, "%s%s%.*s%s", out, first ? "" : ", ", (int)(option ? len - 1 : len), word,
                       option ? " =" : "");
    first = false;
    s += n;
    while (*s == ' ') s++;
  }
  return arena_printf(a, "%s)", out);
}

const char *const *library_attributes(const char *block, int *n) {
  if (strcmp(block, "sweep") == 0) return sweep_attributes(n);
  return strcmp(block, "train") == 0 ? train_attributes(n) : top_attributes(n);
}

LibraryName library_at(Arena *a, int i) {
  const Builtin *b = &builtins[i];
  const char *kind = b->fn == builtins[n_builtins - 1].fn ? "noise channel" : builtin_kind_text(b->kind);
  return (LibraryName){b->name, kind, b->doc, call_text(a, b), b->fn == NULL};
}
