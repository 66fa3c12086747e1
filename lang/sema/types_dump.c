/* `qgn dump --types`: every declared name with its kind and shape, in the order of the text. */
#include "lang/sema/walk.h"
#include "lang/base/source.h"
#include <stdlib.h>
#include <string.h>

static const char *type_text(Sema *S, const Value *v) {
  switch ((int)v->kind) {
  case VAL_ERROR: return "error";
  case VAL_NOTHING: return "";
  case VAL_INT: return arena_printf(S->a, "int = %s", num_text(S, v->u.num));
  case VAL_REAL: return arena_printf(S->a, "real = %s", num_text(S, v->u.num));
  case VAL_BOOL: return arena_printf(S->a, "bool = %s", v->u.num != 0 ? "true" : "false");
  case VAL_TEXT: return arena_printf(S->a, "text = \"%s\"", v->u.text);
  case VAL_DURATION: return arena_printf(S->a, "duration = %s s", num_text(S, v->u.num));
  case VAL_COUNT: return "count";
  case VAL_TENSOR: {
    static const char *const elem[] = {"real", "label", "bool"};
    return arena_printf(S->a, "%s%s", elem[v->u.tensor->elem], shape_of_value(S, v));
  }
  case VAL_OBJECT: return object_signature(S, v->u.object);
  case VAL_DEF: {
    const AstNode *params = ast_kid(v->u.def->decl, AST_DEF_params);
    return params != NULL && params->n > 0 ? arena_printf(S->a, "(%s)", src_of_span(S, params->span)) : "()";
  }
  case VAL_DATASET: {
    const Dataset *d = &S->p->datasets.at[v->u.index];
    const char *out = arena_printf(S->a, "%lld rows", (long long)d->rows);
    for (int i = 0; i < d->columns.n; i++)
      out = arena_printf(S->a, "%s, %s: real%s", out, d->columns.at[i].name,
                         sema_shape_text(S, &d->columns.at[i].row));
    return out;
  }
  case VAL_TRAIN: {
    const Train *t = &S->p->trains.at[v->u.train->index];
    return arena_printf(S->a, "%lld epochs, %d series", (long long)t->epochs, t->series.n);
  }
  case VAL_QUBITS: return arena_printf(S->a, "%d qubit%s", v->u.qubits.n, v->u.qubits.n == 1 ? "" : "s");
  case VAL_SWEEP: {
    const Sweep *s = &S->p->sweeps.at[v->u.sweep.index];
    return arena_printf(S->a, "%d point%s%s, %d record%s", s->points.n, s->points.n == 1 ? "" : "s",
                        s->seeds.n == 0   ? ""
                        : s->seeds.n == 1 ? ", 1 seed"
                                          : arena_printf(S->a, ", %d seeds", s->seeds.n),
                        s->records.n, s->records.n == 1 ? "" : "s");
  }
  default: return val_describe(S, v);
  }
}

/* The value is described when all is known: a circuit's weights are counted after its body. */
void types_note(Sema *S, Span span, BindKind kind, Symbol name, const Value *v) {
  if (!S->want_types) return;
  for (int i = 0; i < S->types.n; i++)
    if (S->types.at[i].span.begin == span.begin) return;
  vec_push(S->a, &S->types, ((TypeLine){span, kind, name, v}));
}

static int by_place(const void *a, const void *b) {
  const TypeLine *x = a, *y = b;
  return (x->span.begin > y->span.begin) - (x->span.begin < y->span.begin);
}

void types_print(Sema *S, FILE *out) {
  if (S->types.n > 0) qsort(S->types.at, (size_t)S->types.n, sizeof *S->types.at, by_place);
  for (int i = 0; i < S->types.n; i++) {
    const TypeLine *t = &S->types.at[i];
    const Source *src;
    int line, col;
    if (!src_locate(t->span.begin, &src, &line, &col) ||
        (src->name[0] == '<' && strcmp(src->name, SRC_REPL) != 0))
      continue;
    const char *type = type_text(S, t->value);
    fprintf(out, "%d:%d %s %s%s%s\n", line, col, bind_kind_text[t->kind], sym_text(t->name),
            type[0] != '\0' ? ": " : "", type);
  }
}
