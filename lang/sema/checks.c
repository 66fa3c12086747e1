/* Where each kind of statement may stand, and what --set may give. */
#include "lang/sema/walk.h"
#include <string.h>

const char *const place_text[] = {"script", "circuit", "model", "dataset", "def",
                                  "train",  "step",    "every", "sweep",   "report"};

const char *const place_in[] = {"the script's top level",
                                "a `circuit`",
                                "a `model`",
                                "a `dataset`",
                                "a `def`",
                                "a `train`",
                                "a `step`",
                                "an `every`",
                                "a `sweep`",
                                "a `report`"};

#define AT(place) (1u << PLACE_##place)
#define LOOPS                                                                                                \
  (AT(TOP) | AT(CIRCUIT) | AT(MODEL) | AT(DATASET) | AT(DEF) | AT(TRAIN) | AT(STEP) | AT(EVERY) | AT(REPORT))

/* Places of a kind; 0 for kinds that are no statements. `home` says where it belongs. */
typedef struct Home {
  unsigned places;
  const char *word, *home;
} Home;

static Home home_of(AstKind kind) {
  switch (kind) {
  case AST_USE: return (Home){AT(TOP), "`use`", "stands at the top level of a script"};
  case AST_HYPER: return (Home){AT(TOP), "`hyper`", "stands at the top level of a script"};
  case AST_DEF: return (Home){AT(TOP), "`def`", "stands at the top level of a script"};
  case AST_CIRCUIT: return (Home){AT(TOP), "`circuit`", "stands at the top level of a script"};
  case AST_MODEL: return (Home){AT(TOP), "`model`", "stands at the top level of a script"};
  case AST_DATASET: return (Home){AT(TOP), "`dataset`", "stands at the top level of a script"};
  case AST_TRAIN: return (Home){AT(TOP), "`train`", "stands at the top level of a script"};
  case AST_SWEEP: return (Home){AT(TOP), "`sweep`", "stands at the top level of a script"};
  case AST_REPORT: return (Home){AT(TOP), "`report`", "stands at the top level of a script"};
  case AST_EXPECT: return (Home){AT(TOP), "`expect` and `assert`", "stand at the top level of a script"};
  case AST_LET:
    return (Home){(LOOPS & ~AT(TRAIN)) | AT(SWEEP), "`let`",
                  "stands in the `step` or `every` of a train, not beside them"};
  case AST_VAR:
  case AST_ASSIGN:
    return (Home){AT(TOP) | AT(DEF) | AT(STEP) | AT(EVERY), kind == AST_VAR ? "`var`" : "`:=`",
                  "belongs in a `def`, a `step`, an `every` or the top level"};
  case AST_DRAW:
    return (Home){AT(TOP) | AT(DEF) | AT(STEP) | AT(EVERY) | AT(CIRCUIT), "`draw`",
                  "belongs in a `def`, a `step`, an `every` or the top level"};
  case AST_PARAM: return (Home){AT(CIRCUIT) | AT(MODEL), "`param`", "belongs in a `circuit` or `model`"};
  case AST_STEP: return (Home){AT(TRAIN), "`step`", "belongs in a `train` block"};
  case AST_EVERY: return (Home){AT(TRAIN), "`every`", "belongs in a `train` block, beside its `step`"};
  case AST_VARY: return (Home){AT(SWEEP), "`vary`", "belongs in a `sweep` block"};
  case AST_MINIMIZE: return (Home){AT(STEP), "`minimize`", "belongs in a `step` of a `train` block"};
  case AST_UPDATE: return (Home){AT(STEP), "`update`", "belongs in a `step` of a `train` block"};
  case AST_RETURN:
    return (Home){AT(CIRCUIT) | AT(MODEL) | AT(DEF), "`return`",
                  "belongs in a `def`, a `circuit` or a `model`"};
  case AST_FOR:
  case AST_IF: return (Home){LOOPS, "", ""};
  case AST_REPEAT:
    return (Home){LOOPS & ~(AT(MODEL) | AT(DATASET) | AT(TRAIN) | AT(REPORT)), "`repeat`",
                  "belongs in a `step`, a `def` or a `circuit`"};
  case AST_STAGE:
    return (Home){LOOPS & ~AT(TRAIN), "an expression on a line of its own", "belongs in a `step` or `every`"};
  case AST_COMMAND:
  case AST_MODIFIED: return (Home){AT(CIRCUIT) | AT(REPORT), "", ""};
  case AST_ATTR: return (Home){LOOPS | AT(SWEEP), "", ""};
  case AST_NO_STATEMENT: break;
  }
  return (Home){LOOPS, "", ""};
}

/* `tanh linear(2)`: reads like a gate on a qubit, but this is no circuit. */
static bool wrong_command(Sema *S, const AstNode *n) {
  const char *first = n->kind == AST_COMMAND ? src_of_span(S, ast_kid(n, AST_COMMAND_head)->span) : "";
  if (S->place == PLACE_MODEL || S->place == PLACE_DATASET) {
    Diag *d = say(S, DIAG_PLACE, n->span, "two stages on one line need `;` between them");
    if (n->kind == AST_COMMAND)
      diag_help(d, "write `%s; %s`", first, src_of_span(S, ast_kid(n, AST_COMMAND_operands)->span));
    return false;
  }
  const AstNode *head = n->kind == AST_COMMAND ? ast_kid(n, AST_COMMAND_head) : NULL;
  if (head != NULL && head->kind == AST_CALL) head = ast_kid(head, AST_CALL_callee);
  const char *word = head != NULL && head->kind == AST_NAME ? sym_text(head->name) : "",
             *ours = synonym_of(word);
  if (n->kind == AST_MODIFIED || gate_find(word) != GATE_COUNT ||
      (ours != NULL && gate_find(ours) != GATE_COUNT)) {
    Diag *d =
        say(S, DIAG_PLACE, n->span, "a gate belongs in a `circuit`, but this is %s", place_in[S->place]);
    diag_help(d, "`circuit c() on q[1] { %s }`", src_of_span(S, n->span));
    return false;
  }
  const AstNode *ops = ast_kid(n, AST_COMMAND_operands);
  Diag *d = say(S, DIAG_PLACE, ops->span, "something is missing between `%s` and this", first);
  const char *what = src_of_span(S, ops->span), *dot = strrchr(what, '.');
  if (strcmp(word, "import") == 0 && dot != NULL && strcmp(dot, ".qasm\"") == 0)
    diag_help(d, "write `use %s as a`", what);
  else if (strcmp(word, "import") == 0 || strcmp(word, "from") == 0)
    diag_help(
        d, "the library needs no import; `use std.gan: wgan_gp` takes a module, `use \"parts.qgn\"` a file");
  else diag_help(d, "an operator, `=`, `;` or brackets: `%s(%s)`", first, src_of_span(S, ops->span));
  return false;
}

/* What a misplaced statement would have declared: its names exist, and nothing more is said about them. */
static void declare_broken(Sema *S, const AstNode *n) {
  if (S->quiet_names) return;
  const AstNode *patterns = n->kind == AST_LET || n->kind == AST_VAR ? ast_kid(n, AST_LET_patterns) : NULL;
  for (int i = 0; patterns != NULL && i < patterns->n; i++)
    declare(S, patterns->kids[i]->name, patterns->kids[i]->name_span, BIND_LET, S->error);
  const bool named = n->kind == AST_PARAM || n->kind == AST_DRAW || n->kind == AST_HYPER ||
                     (n->kind >= AST_DEF && n->kind <= AST_REPORT);
  if (named) declare(S, n->name, n->name_span, BIND_LET, S->error);
}

bool check_place(Sema *S, const AstNode *n) {
  if (n->kind == AST_ERROR) {
    S->faults++; /* what holds it is broken */
    return false;
  }
  const Home h = home_of(n->kind);
  if (h.places >> S->place & 1) {
    const bool declares = n->kind == AST_HYPER || (n->kind >= AST_DEF && n->kind <= AST_REPORT);
    if (S->place != PLACE_TOP || !declares || S->loop_depth == 0) return true;
    Diag *d = say(S, DIAG_PLACE, span_join((Span){n->span.begin, n->span.begin + 1}, n->name_span),
                  "%s cannot be declared in a `for`", h.word);
    diag_help(d, "repeat experiments with `sweep`; make several objects with `[new M for k in 0..3]`");
    return false;
  }
  if (n->kind == AST_COMMAND || n->kind == AST_MODIFIED) return wrong_command(S, n);
  const Span word =
      n->kind == AST_STAGE
          ? n->span
          : (Span){n->span.begin, n->span.begin + (uint32_t)strcspn(src_of_span(S, n->span), " {(")};
  Diag *d = say(S, DIAG_PLACE, word, "%s %s", h.word, h.home);
  diag_mark(d, S->place == PLACE_TOP ? "this is %s" : "this is in %s", place_in[S->place]);
  if (n->kind == AST_MINIMIZE && S->place == PLACE_DEF)
    diag_help(d, "return the loss from the `def`, and minimize it in the step");
  if (n->kind == AST_MINIMIZE && S->place == PLACE_EVERY)
    diag_help(d, "an `every` looks at the weights; changing them is the `step`'s business");
  if (n->kind == AST_PARAM && S->place == PLACE_DEF) diag_help(d, "a `def` owns no weights: pass them in");
  declare_broken(S, n);
  return false;
}

/* ---- --set ------------------------------------------------------------------------------------ */

const AstNode *setting_find(Sema *S, const char *name, Span *span) {
  bool known = false;
  for (int i = 0; i < S->settable.n; i++) known = known || strcmp(S->settable.at[i], name) == 0;
  if (!known) vec_push(S->a, &S->settable, name);
  const AstNode *out = NULL;
  for (int i = 0; i < S->options->n_sets; i++) {
    const char *given = sym_text(sym_intern(S->options->sets[i].name));
    if (strcmp(given, name) != 0) continue;
    S->set_used[i] = true;
    *span = S->options->sets[i].name_span;
    out = S->options->sets[i].value;
  }
  return out;
}

void settings_check(Sema *S) {
  for (int i = 0; i < S->options->n_sets; i++) {
    const SemaSet *set = &S->options->sets[i];
    if (S->set_used[i]) continue;
    Diag *d =
        diag_add(S->sink, DIAG_SET_NAME, set->name_span, "there is nothing named `%s` to set", set->name);
    const Binding *b = scope_find_here(S->top, sym_intern(set->name));
    if (b != NULL) {
      diag_label(d, b->span, "`%s` is a %s", set->name, bind_kind_text[b->kind]);
      diag_help(d, "only hypers and attributes can be set: declare `hyper %s = ...`", set->name);
      continue;
    }
    const char *near = diag_nearest(set->name, S->settable.at, S->settable.n), *ours = synonym_of(set->name);
    for (int k = 0; ours != NULL && k < S->settable.n; k++)
      if (strcmp(S->settable.at[k], ours) == 0) near = ours;
    if (near != NULL) {
      diag_mark(d, "did you mean `%s`?", near);
      continue;
    }
    const char *list = "";
    for (int k = 0; k < S->settable.n && k < 8; k++)
      list = arena_printf(S->a, "%s%s`%s`", list, k > 0 ? ", " : "", S->settable.at[k]);
    if (S->settable.n > 0) diag_help(d, "this script has %s%s", list, S->settable.n > 8 ? ", ..." : "");
  }
}

/* ---- bodies of functions that may never be called --------------------------------------------- */

static bool has_symbol(const Symbols *s, Symbol name) {
  for (int i = 0; i < s->n; i++)
    if (s->at[i] == name) return true;
  return false;
}

/* All names that a body declares anywhere: parameters, sizes, lets, loops. */
static void collect_declared(Sema *S, const AstNode *n, Symbols *out) {
  if (n == NULL) return;
  if (n->kind == AST_PATTERN || n->kind == AST_DRAW || n->kind == AST_PARAM) vec_push(S->a, out, n->name);
  const AstNode *names = NULL;
  if (n->kind == AST_PATTERN) names = ast_kid(n, AST_PATTERN_dims);
  if (n->kind == AST_FOR) names = ast_kid(n, AST_FOR_names);
  if (n->kind == AST_COMPREHENSION) names = ast_kid(n, AST_COMPREHENSION_names);
  for (int i = 0; names != NULL && i < names->n; i++)
    if (names->kids[i]->kind == AST_NAME) vec_push(S->a, out, names->kids[i]->name);
  for (int i = 0; i < n->n; i++) collect_declared(S, n->kids[i], out);
}

static void check_names(Sema *S, const AstNode *n, const Symbols *declared) {
  if (n == NULL || n->kind == AST_ERROR || n->kind == AST_COMMAND) return;
  if (n->kind == AST_NAME) {
    const char *text = sym_text(n->name);
    const bool given = strcmp(text, "it") == 0 || strcmp(text, "epoch") == 0 ||
                       strcmp(text, "iteration") == 0 || strcmp(text, "pi") == 0;
    Binding *b = scope_find(S->scope, n->name);
    if (b != NULL) b->used = true;
    if (b == NULL && !given && !has_symbol(declared, n->name) && builtin_find(n->name) == NULL)
      report_unknown(S, n->name, n->span, "name");
    return;
  }
  if (n->kind == AST_CALL && ast_kid(n, AST_CALL_callee)->kind == AST_NAME) {
    const AstNode *f = ast_kid(n, AST_CALL_callee);
    Binding *b = scope_find(S->scope, f->name);
    if (b != NULL) b->used = true;
    if (b == NULL && !has_symbol(declared, f->name) && builtin_find(f->name) == NULL)
      report_unknown(S, f->name, f->span, "function");
    const Builtin *stage = b == NULL ? builtin_find(f->name) : NULL;
    if (stage == NULL || stage->kind != BI_DSTAGE)
      check_names(S, ast_kid(n, AST_CALL_args), declared); /* there: columns */
    return;
  }
  for (int i = 0; i < n->n; i++)
    if (!(n->kind == AST_MEMBER && n->kids[i]->kind == AST_NAME &&
          scope_find(S->scope, n->kids[i]->name) == NULL))
      check_names(S, n->kids[i], declared);
}

static void check_places(Sema *S, const AstNode *n) {
  if (n == NULL) return;
  if (n->kind == AST_BLOCK) {
    for (int i = 0; i < n->n; i++)
      if (n->kids[i] != NULL && check_place(S, n->kids[i])) check_places(S, n->kids[i]);
    return;
  }
  if (n->kind == AST_FOR) check_places(S, ast_kid(n, AST_FOR_body));
  if (n->kind == AST_REPEAT) check_places(S, ast_kid(n, AST_REPEAT_body));
  if (n->kind == AST_IF) {
    check_places(S, ast_kid(n, AST_IF_then));
    check_places(S, ast_kid(n, AST_IF_other));
  }
}

void check_def(Sema *S, const DefInfo *def) {
  const Place place = S->place;
  Symbols declared = {0};
  S->place = PLACE_DEF;
  S->quiet_names = true;
  collect_declared(S, def->decl, &declared);
  check_places(S, ast_kid(def->decl, AST_DEF_body));
  for (int i = 0; i < def->decl->n; i++) check_names(S, def->decl->kids[i], &declared);
  S->quiet_names = false;
  S->place = place;
}

void check_following(Sema *S, const AstNode *decl, const AstNode *body, const AstNode *line) {
  Symbols declared = {0};
  S->quiet_names = true;
  collect_declared(S, decl, &declared);
  for (int i = 0; i < body->n; i++) {
    const AstNode *n = body->kids[i];
    if (n == NULL || n->span.begin < line->span.end || !check_place(S, n)) continue;
    check_places(S, n);
    check_names(S, n, &declared);
  }
  S->quiet_names = false;
}

void check_names_in(Sema *S, const AstNode *n) {
  const Symbols none = {0};
  check_names(S, n, &none);
}
