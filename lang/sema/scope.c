#include "lang/base/greek.h"
#include "lang/base/source.h"
#include "lang/sema/gates.h"
#include "lang/sema/walk.h"
#include <string.h>
#include <strings.h>

const char *const bind_kind_text[] = {"hyper",   "let",    "var",       "draw",   "param",    "argument",
                                      "size",    "column", "loop name", "def",    "circuit",  "model",
                                      "dataset", "train",  "sweep",     "report", "register", "module"};

static const char *const synonym_from[] = {
#define SYNONYM(from, to) from,
#include "lang/sema/synonyms.def"
#undef SYNONYM
};
static const char *const synonym_to[] = {
#define SYNONYM(from, to) to,
#include "lang/sema/synonyms.def"
#undef SYNONYM
};

const char *synonym_of(const char *name) {
  for (size_t i = 0; i < sizeof synonym_from / sizeof *synonym_from; i++)
    if (strcmp(name, synonym_from[i]) == 0) return synonym_to[i];
  return NULL;
}

static const struct {
  const char *name;
  BuiltinKind kind;
  const char *help;
} absent[] = {
#define ABSENT(name, kind, help) {name, BI_##kind, help},
#include "lang/sema/absent.def"
#undef ABSENT
};

enum { N_ABSENT = sizeof absent / sizeof *absent };

static int absent_find(const char *name) {
  int at = 0;
  while (at < N_ABSENT && strcmp(absent[at].name, name) != 0) at++;
  return at;
}

bool is_absent(const char *name) { return absent_find(name) < N_ABSENT; }

bool report_absent(Sema *S, Diag *d, const char *name) {
  const int at = absent_find(name);
  if (at == N_ABSENT) return false;
  const char *what = absent[at].kind == BI_OPTIM   ? "optimizers"
                     : absent[at].kind == BI_SCHED ? "schedules"
                     : absent[at].kind == BI_LAYER ? "layers"
                                                   : NULL;
  const char *list = "";
  for (int i = 0; i < n_builtins; i++)
    if (builtins[i].kind == absent[at].kind)
      list = arena_printf(S->a, "%s%s%s", list, *list ? ", " : "", builtins[i].name);
  diag_mark(d, "this language does not have it");
  if (what != NULL) diag_note(d, "the %s are %s", what, list);
  if (*absent[at].help) diag_help(d, "%s", absent[at].help);
  return true;
}

Scope *scope_new(Sema *S, Scope *parent, bool is_plain) {
  Scope *s = ARENA_NEW(S->a, Scope);
  s->parent = parent;
  s->is_plain = is_plain;
  return s;
}

Scope *scope_push(Sema *S) {
  Scope *before = S->scope;
  S->scope = scope_new(S, before, true);
  return before;
}

/* Names that may stand unused: they are given by a signature or only count. */
static bool may_be_unused(const Binding *b) {
  switch (b->kind) {
  case BIND_HYPER:
  case BIND_LET:
  case BIND_VAR:
  case BIND_DRAW:
  case BIND_PARAM:
  case BIND_DEF:
  case BIND_MODULE: return false;
  case BIND_ARG:
  case BIND_SIZE:
  case BIND_COLUMN:
  case BIND_LOOP:
  case BIND_CIRCUIT:
  case BIND_MODEL:
  case BIND_DATASET:
  case BIND_TRAIN:
  case BIND_SWEEP:
  case BIND_REPORT:
  case BIND_REGISTER: return true;
  }
  return true;
}

void scope_pop(Sema *S, Scope *before) {
  Scope *s = S->scope;
  S->scope = before;
  if (S->sink->n_errors > 0 || s->is_library) return; /* after errors a use may have gone unseen */
  for (int i = 0; i < s->names.n; i++) {
    const Binding *b = s->names.at[i];
    if (may_be_unused(b) || val_is_error(b->value)) continue;
    if (b->used) vec_push(S->a, &S->used_at, b->span.begin);
    else vec_push(S->a, &S->unused, b);
  }
}

static bool used_elsewhere(const Sema *S, const Binding *b) {
  for (int i = 0; i < S->used_at.n; i++)
    if (S->used_at.at[i] == b->span.begin) return true;
  return false;
}

/* Names of a loop or function count as used if one turn or call uses them. */
void warn_unused(Sema *S) {
  for (int i = 0; i < S->unused.n && S->sink->n_errors == 0; i++) {
    const Binding *b = S->unused.at[i];
    if (used_elsewhere(S, b)) continue;
    vec_push(S->a, &S->used_at, b->span.begin); /* said once */
    Diag *d = diag_add(S->sink, DIAG_UNUSED, b->span, "%s `%s` is never used", bind_kind_text[b->kind],
                       sym_text(b->name));
    if (b->kind == BIND_PARAM)
      diag_help(d, "use it as an angle, or remove it: its weights would never change");
    if (b->kind == BIND_LET) diag_help(d, "remove it; where several values are named, `_` leaves one out");
  }
}

Binding *scope_find_here(const Scope *s, Symbol name) {
  for (int i = s->names.n - 1; i >= 0; i--)
    if (s->names.at[i]->name == name) return s->names.at[i];
  return NULL;
}

Binding *scope_find(const Scope *s, Symbol name) {
  for (; s != NULL; s = s->parent) {
    Binding *b = scope_find_here(s, name);
    if (b != NULL) return b;
  }
  return NULL;
}

static bool is_given_name(Symbol name) {
  const char *t = sym_text(name);
  return strcmp(t, "it") == 0 || strcmp(t, "epoch") == 0 || strcmp(t, "iteration") == 0 ||
         strcmp(t, "pi") == 0;
}

static bool warns_when_hiding(BindKind kind) {
  return kind == BIND_LET || kind == BIND_VAR || kind == BIND_DRAW;
}

/* Warnings about names that hide others; parameters, columns and loop names may hide silently. */
static void warn_hiding(Sema *S, Symbol name, Span span, BindKind kind, const Value *v) {
  if (kind == BIND_ARG || kind == BIND_COLUMN || kind == BIND_LOOP || kind == BIND_SIZE ||
      kind == BIND_REGISTER)
    return;
  if (S->scope == S->prelude) return;
  const Scope *s = S->scope;
  while (s->is_plain && s->parent != NULL) {
    s = s->parent;
    const Binding *b = scope_find_here(s, name);
    if (b == NULL || s->is_library || !warns_when_hiding(kind)) continue;
    Diag *d = diag_add(S->sink, DIAG_HIDES, span, "`%s` hides the %s of the same name in an enclosing block",
                       sym_text(name), bind_kind_text[b->kind]);
    diag_label(d, b->span, "hidden from here on");
    return;
  }
  if (S->scope != S->top || kind == BIND_REPORT || kind == BIND_TRAIN || kind == BIND_SWEEP ||
      span_in_library(v->span))
    return;
  if (scope_find_here(S->prelude, name) != NULL || builtin_find(name) != NULL)
    diag_add(S->sink, DIAG_HIDES_LIBRARY, span, "`%s` hides the library's `%s`", sym_text(name),
             sym_text(name));
}

Binding *declare(Sema *S, Symbol name, Span span, BindKind kind, const Value *v) {
  if (is_given_name(name))
    say(S, DIAG_REDECLARED, span, "`%s` is a name of the language and cannot be declared", sym_text(name));
  const Binding *old = strcmp(sym_text(name), "_") == 0 ? NULL : scope_find_here(S->scope, name);
  if (old != NULL) {
    Diag *d = say(S, DIAG_REDECLARED, span, "`%s` is declared twice", sym_text(name));
    diag_mark(d, "a second time");
    diag_label(d, old->span, "first here, as %s %s",
               strchr("aeiou", bind_kind_text[old->kind][0]) != NULL ? "an" : "a", bind_kind_text[old->kind]);
    if (old->kind == BIND_VAR) diag_help(d, "to change it, write `%s := ...`", sym_text(name));
  } else if (!val_is_error(v)) {
    warn_hiding(S, name, span, kind, v);
  }
  Binding *b = ARENA_NEW(S->a, Binding);
  *b = (Binding){name, kind, span, v, false, S->runtime_depth, -1, S->call, NULL};
  vec_push(S->a, &S->scope->names, b);
  if (S->scope != S->prelude) types_note(S, span, kind, name, v);
  return b;
}

typedef VEC(const char *) Names;

/* A line of a dataset, and not what stands in its brackets. */
static bool is_stage_line(const Sema *S) { return S->place == PLACE_DATASET && !S->stage.on; }

/* Whether a built-in name makes sense here, so that it may be what was meant. */
static bool fits_here(const Sema *S, BuiltinKind kind) {
  switch (kind) {
  case BI_LAYER: return S->object != NULL && S->circuit == NULL;
  case BI_MEASURE:
  case BI_OP:
  case BI_PAIRS: return S->circuit != NULL || S->place == PLACE_DEF || S->place == PLACE_TOP;
  case BI_SOURCE: return S->place == PLACE_DATASET || S->place == PLACE_TOP;
  case BI_DSTAGE: return S->place == PLACE_DATASET || S->place == PLACE_TOP || S->place == PLACE_DEF;
  case BI_FIGURE: return S->place == PLACE_REPORT;
  case BI_OPTIM: return S->train != NULL;
  case BI_FN: return !is_stage_line(S);
  case BI_DIST:
  case BI_SCHED:
  case BI_ACT: break;
  }
  return true;
}

static void collect_names(Sema *S, Names *out) {
  for (const Scope *s = S->scope; s != NULL && !(s->is_library && is_stage_line(S)); s = s->parent)
    for (int i = 0; i < s->names.n; i++) vec_push(S->a, out, sym_text(s->names.at[i]->name));
  for (int i = 0; i < n_builtins; i++)
    if (fits_here(S, builtins[i].kind)) vec_push(S->a, out, builtins[i].name);
}

static bool is_word(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         ((unsigned char)c & 0x80) != 0;
}

bool help_use(Sema *S, Diag *d, const char *name) {
  const char *module = S->options->module_of != NULL ? S->options->module_of(S->a, name, NULL) : NULL;
  if (module != NULL) diag_help(d, "the library has it: write `use std.%s: %s` above", module, name);
  return module != NULL;
}

bool help_use_near(Sema *S, Diag *d, const char *name) {
  const char *near = NULL, *module = NULL;
  if (S->options->module_of != NULL) module = S->options->module_of(S->a, name, &near);
  if (module != NULL) diag_help(d, "the library has `%s`: write `use std.%s: %s` above", near, module, near);
  return module != NULL;
}

/* An optimizer's name is that of what it trains. */
static void help_trained(Sema *S, Diag *d, const char *name) {
  const char *list = "";
  for (int i = 0; i < S->objects.n && i < 6; i++)
    list = arena_printf(S->a, "%s%s`%s`", list, *list ? ", " : "", S->objects.at[i]->name);
  if (*list) diag_help(d, "an optimizer has the name of what it trains, here one of %s", list);
  else
    diag_help(d, "an optimizer has the name of what it trains: a `model %s`, a `circuit %s`, a `param %s`",
              name, name, name);
}

/* True if the name stands in a statement that did not parse: it may have been declared there. */
static bool in_broken_statement(Sema *S, Symbol name) {
  for (int i = 0; i < S->broken.n; i++) {
    size_t n = 0;
    const char *t = src_text(S->broken.at[i], &n);
    for (size_t k = 0; t != NULL && k < n;) {
      size_t end = k;
      while (end < n && is_word(t[end])) end++;
      if (end > k && sym_intern(greek_fold(S->a, t + k, end - k)) == name) return true;
      k = end > k ? end : k + 1;
    }
  }
  return false;
}

static bool is_register_word(const char *text) {
  static const char *const words[] = {"q", "qr", "qreg", "qubit", "qubits", "wires"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (strcmp(words[i], text) == 0) return true;
  return false;
}

void report_unknown(Sema *S, Symbol name, Span span, const char *what) {
  const char *text = sym_text(name);
  if (in_broken_statement(S, name)) return;
  const bool called = strcmp(what, "function") == 0 && S->place != PLACE_TRAIN;
  if (called && S->circuit != NULL && synonym_of(text) == NULL && say_foreign_gate(S, text, span)) return;
  Diag *d = say(S, DIAG_NAME, span, "there is no %s `%s`", what, text);
  const char *ours = synonym_of(text);
  if (gate_find(text) != GATE_COUNT) {
    diag_mark(d, "`%s` is a gate", text);
    diag_help(d,
              "a gate stands in a circuit, before its qubits: `%s`; a value of this name is declared above",
              gate_info[gate_find(text)].n_qubits == 2 ? arena_printf(S->a, "%s q[0], q[1]", text)
                                                       : arena_printf(S->a, "%s q[0]", text));
    return;
  }
  if (strcmp(text, "jacobian") == 0 || strcmp(text, "hessian") == 0) {
    diag_help(d, *text == 'j' ? "a row for each output: `[grad(f(x)[i], x) for i in 0..4]`"
                              : "a row for each input: `[grad(grad(f(x), x)[i], x) for i in 0..4]`");
    return;
  }
  const char *modified = modifier_example(ours != NULL ? ours : text);
  if (ours != NULL) diag_mark(d, "this is `%s` here", ours);
  if (modified != NULL) {
    diag_help(d, "a modifier stands before a gate or block and `@`: `%s`", modified);
    return;
  }
  if (ours != NULL) {
    diag_fix(d, span, ours, strcasecmp(text, ours) == 0);
    return;
  }
  if (is_register_word(text) && S->circuit == NULL) {
    diag_help(
        d,
        "qubits are declared by a circuit, `circuit c() on q[2] { ... }`; an operator for some is a function of them: "
        "`def H(q) = 0.5 * Z(q[0])`");
    return;
  }
  if (report_absent(S, d, text) || help_use(S, d, text)) return;
  Names names = {0};
  collect_names(S, &names);
  const Dataset *rows = S->stage.data != NULL ? &S->p->datasets.at[S->stage.data->u.index] : NULL;
  for (int i = 0; rows != NULL && i < rows->columns.n; i++) vec_push(S->a, &names, rows->columns.at[i].name);
  if (diag_did_you_mean(d, span, text, names.at, names.n) != NULL) return;
  if (strcmp(what, TRAINED) == 0) help_trained(S, d, text);
  else if (rows != NULL && !called) diag_help(d, "the columns here are %s", dataset_columns_text(S, rows));
  else if (help_use_near(S, d, text)) return;
  else if (called)
    diag_help(d, "a function is declared before it is used: `def %s(x) = ...`, or a `circuit` or `model` %s",
              text, text);
  else
    diag_help(d, "a name is declared before it is used: `let %s = ...` or `hyper %s = ...` above", text,
              text);
}
