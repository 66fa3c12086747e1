/* Arguments of calls. A signature is a text, one word for each parameter in order of position:
 *   x      must be given            x=     may be left out (x=0: what it is then, for readers)
 *   $x     the same, and a tensor (a line of a model gives `it` for it)
 *   xs...  the rest of the positional arguments (last positional one)
 *   *=     (last) any further names
 * Parameters may be given by position or by name. */
#include "lang/sema/walk.h"
#include <string.h>

typedef struct Param {
  const char *name;
  bool optional, tensor, rest;
} Param;

static int parse_signature(Sema *S, const char *signature, Param *out) {
  int n = 0;
  for (const char *s = signature; *s != '\0' && n < ARGS_MAX;) {
    while (*s == ' ') s++;
    const char *end = s;
    while (*end != '\0' && *end != ' ') end++;
    if (end == s) break;
    Param p = {0};
    if (*s == '$') {
      p.tensor = true;
      s++;
    }
    size_t len = (size_t)(end - s);
    if (len > 3 && strncmp(end - 3, "...", 3) == 0) {
      p.rest = true;
      len -= 3;
    } else if (memchr(s, '=', len) != NULL) {
      p.optional = true;
      len = strcspn(s, "=");
    }
    p.name = arena_strn(S->a, s, len);
    out[n++] = p;
    s = end;
  }
  return n;
}

/* Whether the parameter at `place`, behind the dataset, is `by`. */
static bool is_by(Sema *S, int place) {
  Param p[ARGS_MAX];
  return place + 1 < parse_signature(S, S->stage.signature, p) && strcmp(p[place + 1].name, "by") == 0;
}

/* `by` and `of` of a stage name a column, and so does all that `rename` gives. */
static bool names_column(Sema *S, const AstNode *k, const AstNode *e, int place) {
  if (!S->stage.on || S->stage.call != S->call || e->kind != AST_NAME) return false;
  if (k->kind != AST_ARG) return is_by(S, place) && dataset_name_value(S, e) != NULL;
  const char *name = sym_text(k->name);
  return S->stage.renames || strcmp(name, "by") == 0 || strcmp(name, "of") == 0;
}

void args_eval(Sema *S, const AstNode *list, Args *out) {
  const int n = list != NULL ? list->n : 0;
  out->pos = ARENA_ARRAY(S->a, const Value *, n + 2);
  out->named = ARENA_ARRAY(S->a, const Value *, n + 1);
  const AstNode **pos_ast = ARENA_ARRAY(S->a, const AstNode *, n + 2),
                **named_ast = ARENA_ARRAY(S->a, const AstNode *, n + 1);
  Symbol *names = ARENA_ARRAY(S->a, Symbol, n + 1);
  Span *spans = ARENA_ARRAY(S->a, Span, n + 1);
  int first = 0; /* behind a dataset that is an argument itself */
  for (int i = 0; i < n; i++) {
    const AstNode *k = list->kids[i];
    const AstNode *e = k->kind == AST_ARG ? ast_kid(k, AST_ARG_value) : k;
    const Value *v = names_column(S, k, e, i - first) ? val_text(S, sym_text(e->name), e->span) : eval(S, e);
    if (val_is_error(v)) out->broken = true;
    if (S->stage.on && k->kind != AST_ARG && S->stage.data == NULL && v->kind == VAL_DATASET)
      S->stage.data = v, first = i + 1;
    if (k->kind == AST_ARG) {
      names[out->n_named] = k->name;
      spans[out->n_named] = k->name_span.end != 0 ? k->name_span : k->span;
      named_ast[out->n_named] = ast_kid(k, AST_ARG_value);
      out->named[out->n_named++] = v;
      continue;
    }
    pos_ast[out->n_pos] = k;
    out->pos[out->n_pos++] = v;
    if (out->n_named > 0) {
      say(S, DIAG_ARGUMENTS, k->span, "a positional argument stands before the named ones");
      out->broken = true;
    }
  }
  out->names = names;
  out->named_span = spans;
  out->pos_ast = pos_ast;
  out->named_ast = named_ast;
}

void args_prepend(Sema *S, Args *args, const Value *v) {
  const Value **pos = ARENA_ARRAY(S->a, const Value *, args->n_pos + 1);
  const AstNode **ast = ARENA_ARRAY(S->a, const AstNode *, args->n_pos + 1);
  pos[0] = v;
  for (int i = 0; i < args->n_pos; i++) {
    pos[i + 1] = args->pos[i];
    ast[i + 1] = args->pos_ast[i];
  }
  args->pos = pos;
  args->pos_ast = ast;
  args->n_pos++;
  if (val_is_error(v)) args->broken = true;
}

/* "leaky_relu(x, slope =)", as it is shown in messages. */
static const char *signature_text(Sema *S, const char *name, const Param *p, int n) {
  const char *out = arena_printf(S->a, "%s(", name);
  for (int i = 0; i < n; i++)
    out = arena_printf(S->a, "%s%s%s%s", out, i > 0 ? ", " : "", p[i].name[0] == '*' ? "name" : p[i].name,
                       p[i].rest       ? ", ..."
                       : p[i].optional ? " = ..."
                                       : "");
  return arena_printf(S->a, "%s)", out);
}

/* `normal(0, 1, 4)`, `normal(0, 1, size = 4)` */
static void help_shape_of_draw(Diag *d, const Args *args) {
  const Builtin *f = builtin_find(sym_intern(args->name));
  if (f != NULL && f->kind == BI_DIST)
    diag_help(d, "`%s` describes; the shape stands behind a name: `draw z[8, 4] ~ normal(0, 1)`", args->name);
}

/* What other libraries give with a call of a circuit, of a model, of `grad`. */
static const struct {
  const char *name, *help;
} elsewhere[] = {
    {"shots",
     "`shots` of one measurement is `expval(Z(q), shots = 1000)`, of all in a train its line `shots = 1000`, of a "
     "whole circuit `noisy(C, shots = 1000)`"},
    {"gradient", "the method of derivatives is a line of the train: `gradient = \"shift\"`"},
    {"diff_method", "the method of derivatives is a line of the train: `gradient = \"shift\"`"},
    {"params",
     "a circuit and a model hold their parameters and weights themselves: `param t[2] ~ uniform(0, 2pi)` in it"},
    {"weights",
     "a circuit and a model hold their parameters and weights themselves: `param t[2] ~ uniform(0, 2pi)` in it"},
};

static bool is_run(Sema *S, const Args *args) {
  const Binding *b = scope_find(S->scope, sym_intern(args->name));
  return strcmp(args->name, "grad") == 0 || (b != NULL && b->value->kind == VAL_OBJECT);
}

static bool unknown_named(Sema *S, const Args *args, int k, const Param *p, int n) {
  const char *given = sym_text(args->names[k]);
  const char *names[ARGS_MAX];
  for (int i = 0; i < n; i++) names[i] = p[i].name;
  Diag *d = say(S, DIAG_ARGUMENTS, args->named_span[k], "`%s` has no argument `%s`", args->name, given);
  const char *ours = synonym_of(given);
  bool known = false;
  for (int i = 0; ours != NULL && i < n; i++) known = known || strcmp(ours, names[i]) == 0;
  const bool near = diag_did_you_mean(d, args->named_span[k], known ? ours : given, names, n) != NULL;
  diag_help(d, "`%s`", signature_text(S, args->name, p, n));
  for (size_t i = 0; is_run(S, args) && i < sizeof elsewhere / sizeof *elsewhere; i++)
    if (strcmp(elsewhere[i].name, given) == 0 || (ours != NULL && strcmp(elsewhere[i].name, ours) == 0))
      diag_help(d, "%s", elsewhere[i].help);
  if (!near) help_shape_of_draw(d, args);
  return false;
}

static bool free_named(Sema *S, Args *args, int k) {
  const char *name = sym_text(args->names[k]);
  for (int i = 0; i < args->n_free; i++)
    if (strcmp(args->free_name[i], name) == 0) {
      say(S, DIAG_ARGUMENTS, args->named_span[k], "`%s` of `%s` is given twice", name, args->name);
      return false;
    }
  if (args->n_free == ARGS_MAX) {
    say(S, DIAG_ARGUMENTS, args->named_span[k], "`%s` takes at most %d names", args->name, ARGS_MAX);
    return false;
  }
  args->free_name[args->n_free] = name;
  args->free_span[args->n_free] = args->named_span[k];
  args->free[args->n_free++] = args->named[k];
  return true;
}

static bool match_named(Sema *S, Args *args, const Param *p, int n) {
  const bool any = n > 0 && strcmp(p[n - 1].name, "*") == 0;
  for (int k = 0; k < args->n_named; k++) {
    int at = -1;
    for (int i = 0; i < n; i++)
      if (strcmp(p[i].name, sym_text(args->names[k])) == 0) at = i;
    if (at < 0 && any) {
      if (!free_named(S, args, k)) return false;
      continue;
    }
    if (at < 0) return unknown_named(S, args, k, p, n);
    if (args->v[at] != NULL) {
      say(S, DIAG_ARGUMENTS, args->named_span[k], "`%s` of `%s` is given twice", p[at].name, args->name);
      return false;
    }
    args->v[at] = args->named[k];
    args->ast[at] = args->named_ast[k];
  }
  return true;
}

bool args_match(Sema *S, Args *args, const char *signature) {
  if (args->broken) return false;
  Param p[ARGS_MAX];
  const int n = parse_signature(S, signature, p);
  int i = 0, k = 0;
  for (; k < n && !p[k].rest && p[k].name[0] != '*' && i < args->n_pos; k++, i++) {
    args->v[k] = args->pos[i];
    args->ast[k] = args->pos_ast[i];
  }
  if (k < n && p[k].rest) {
    args->rest = args->pos + i;
    args->n_rest = args->n_pos - i;
    i = args->n_pos;
  }
  if (i < args->n_pos) {
    const int most = n > 0 && p[n - 1].name[0] == '*' ? n - 1 : n;
    Diag *d =
        most > 0
            ? say(S, DIAG_ARGUMENTS, args->pos[i]->span, "`%s` takes %d argument%s, but this is number %d",
                  args->name, most, most == 1 ? "" : "s", i + 1)
            : say(S, DIAG_ARGUMENTS, args->pos[i]->span,
                  n > 0 ? "`%s` takes named arguments only" : "`%s` takes no arguments", args->name);
    diag_help(d, "`%s`", signature_text(S, args->name, p, n));
    help_shape_of_draw(d, args);
    return false;
  }
  if (!match_named(S, args, p, n)) return false;
  for (k = 0; k < n; k++) {
    if (args->v[k] != NULL || p[k].optional || p[k].rest) continue;
    Diag *d = say(S, DIAG_ARGUMENTS, args->name_span, "`%s` needs `%s`", args->name, p[k].name);
    const Builtin *f = builtin_find(sym_intern(args->name));
    diag_help(d, "`%s`", signature_text(S, args->name, p, n));
    if (k == 1 && f != NULL && f->kind == BI_LAYER)
      diag_help(
          d,
          "as a function a layer takes the value first: `%s(it, ...)`, where `it` is what the line before gave",
          args->name);
    return false;
  }
  return true;
}
