#define _GNU_SOURCE
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/mem.h"
#include "runtime/cli/repl.h"
#include "runtime/record/record.h"
#include "runtime/record/text.h"

#define UNDO_MOST 50

/* ---- names --------------------------------------------------------------------------------------- */

static bool has_name(const ReplNames *names, const char *name) {
  for (int i = 0; i < names->n; i++)
    if (strcmp(names->at[i], name) == 0) return true;
  return false;
}

static void add_name(Arena *a, ReplNames *names, Symbol name) {
  if (name == SYM_NONE || has_name(names, sym_text(name))) return;
  const char *copy = arena_str(a, sym_text(name));
  vec_push(a, names, copy);
}

/* The depth of a tree is bounded (ast.h). */
static void all_names(Arena *a, const AstNode *n, ReplNames *out) {
  if (n == NULL) return;
  add_name(a, out, n->name);
  for (int i = 0; i < n->n; i++) all_names(a, n->kids[i], out);
}

/* What is declared inside a statement. */
static void inner_names(Arena *a, const AstNode *n, ReplNames *out) {
  for (int i = 0; n != NULL && i < n->n; i++) {
    const AstNode *k = n->kids[i];
    if (k && (k->kind == AST_PATTERN || k->kind == AST_DRAW || k->kind == AST_PARAM))
      add_name(a, out, k->name);
    inner_names(a, k, out);
  }
}

/* `lib/parts.qgn` is called parts, `std.gan` gan. */
static Symbol stem_of(const AstNode *n) {
  const char *last = strrchr(n->text, n->op == 't' ? '/' : '.'), *from = last ? last + 1 : n->text;
  return sym_intern_n(from, strcspn(from, "."));
}

/* The names of patterns, and those of sizes in them; the kind after a `:` declares nothing. */
static void pattern_names(Arena *a, const AstNode *n, ReplNames *out) {
  if (n == NULL) return;
  if (n->kind != AST_TYPE) add_name(a, out, n->name);
  for (int i = 0; i < n->n; i++) pattern_names(a, n->kids[i], out);
}

static void declared(Arena *a, const AstNode *n, ReplNames *out) {
  switch ((int)n->kind) {
  case AST_LET: pattern_names(a, ast_kid(n, AST_LET_patterns), out); break;
  case AST_VAR: pattern_names(a, ast_kid(n, AST_VAR_patterns), out); break;
  case AST_ATTR: all_names(a, ast_kid(n, AST_ATTR_target), out); break;
  case AST_USE:
    if (ast_kid(n, AST_USE_names)) all_names(a, ast_kid(n, AST_USE_names), out);
    else add_name(a, out, n->name != SYM_NONE ? n->name : stem_of(n));
    break;
  case AST_HYPER:
  case AST_PARAM:
  case AST_DRAW:
  case AST_DEF:
  case AST_CIRCUIT:
  case AST_MODEL:
  case AST_DATASET:
  case AST_TRAIN:
  case AST_SWEEP:
  case AST_REPORT: add_name(a, out, n->name); break;
  default: break;
  }
}

int repl_find(const ReplEntries *e, const char *name) {
  for (int i = 0; i < e->n; i++)
    if (has_name(&e->at[i].names, name)) return i;
  return -1;
}

void repl_mark_stale(Repl *R, ReplEntries *e, const ReplNames *names, int but) {
  ReplNames changed = {0};
  for (int i = 0; i < names->n; i++) vec_push(R->arena, &changed, names->at[i]);
  const char *list = "";
  for (int i = 0; i < e->n; i++) {
    ReplEntry *x = &e->at[i];
    const char *why = NULL;
    for (int k = 0; k < changed.n && !why && i != but; k++)
      if (has_name(&x->uses, changed.at[k]) && !has_name(names, x->names.n > 0 ? x->names.at[0] : ""))
        why = changed.at[k];
    if (!why) continue;
    for (int k = 0; k < x->names.n; k++)
      if (!has_name(&changed, x->names.at[k])) vec_push(R->arena, &changed, x->names.at[k]);
    if (!x->train || (x->is_stale && !x->is_unfit)) continue;
    x->is_stale = true, x->is_unfit = false;
    list = arena_printf(R->arena, "%s%s%s (uses %s)", list, *list ? ", " : "", x->names.at[0], why);
  }
  if (*list) printf("stale: %s\n", list);
}

/* ---- sessions ------------------------------------------------------------------------------------ */

static ReplEntries copy_of(Repl *R, const ReplEntries *e) {
  ReplEntries out = {0};
  for (int i = 0; i < e->n; i++) {
    vec_push(R->arena, &out, e->at[i]);
    if (e->at[i].train) e->at[i].train->references++;
  }
  return out;
}

static void drop(ReplEntries *e) {
  for (int i = 0; i < e->n; i++) repl_train_drop(e->at[i].train);
  e->n = 0;
}

/* Makes entries the session; the one before can be had by `:undo`. */
static void take(Repl *R, ReplEntries entries, const char *what) {
  if (R->undo.n == UNDO_MOST) {
    drop(&R->undo.at[0].entries);
    memmove(R->undo.at, R->undo.at + 1, (UNDO_MOST - 1) * sizeof *R->undo.at);
    R->undo.n--;
  }
  const ReplPast past = {R->entries, what, R->base_taken};
  vec_push(R->arena, &R->undo, past);
  R->entries = entries;
  R->base_taken = R->base;
}

const char *repl_undo(Repl *R) {
  if (R->undo.n == 0) return NULL;
  drop(&R->entries);
  const ReplPast *past = &R->undo.at[--R->undo.n];
  R->entries = past->entries;
  R->base = R->base_taken = past->base;
  return past->what;
}

/* ---- what is given back ------------------------------------------------------------------------------ */

#define TIDY_AFTER 64

static ReplNames names_copy(Arena *a, const ReplNames *names) {
  ReplNames out = {0};
  for (int i = 0; i < names->n; i++) vec_push(a, &out, arena_str(a, names->at[i]));
  return out;
}

/* `like` and `done` are the session before this one, as it was and as it is now: most entries are the same.
 */
static ReplEntries entries_copy(Arena *a, const ReplEntries *e, const ReplEntries *like,
                                const ReplEntries *done) {
  ReplEntries out = {0};
  for (int i = 0; i < e->n; i++) {
    ReplEntry x = e->at[i];
    int same = -1;
    for (int k = i - 1; k <= i + 1 && same < 0; k++)
      if (k >= 0 && k < like->n && like->at[k].text == x.text) same = k;
    if (same >= 0) {
      x.text = done->at[same].text, x.names = done->at[same].names, x.uses = done->at[same].uses;
      x.inner = done->at[same].inner;
    } else {
      x.text = arena_str(a, x.text), x.names = names_copy(a, &x.names), x.uses = names_copy(a, &x.uses);
      x.inner = names_copy(a, &x.inner);
    }
    vec_push(a, &out, x);
  }
  return out;
}

void repl_tidy(Repl *R) {
  if (++R->untidy < TIDY_AFTER) return;
  R->untidy = 0;
  Arena *a = arena_new(), *old = R->arena;
  ReplEntries like = {0}, done = {0};
  const ReplPast *past = R->undo.at;
  const int n = R->undo.n;
  R->undo.at = NULL, R->undo.n = R->undo.cap = 0;
  for (int i = 0; i < n; i++) {
    done = entries_copy(a, &past[i].entries, &like, &done);
    like = past[i].entries;
    vec_push(a, &R->undo, ((ReplPast){done, arena_str(a, past[i].what), past[i].base}));
  }
  R->entries = entries_copy(a, &R->entries, &like, &done);
  R->arena = a;
  arena_free(old);
}

const char *repl_script(Arena *a, const ReplEntries *e) {
  const char *text = repl_find(e, "edition") < 0 ? "edition = 1\n" : "";
  for (int i = 0; i < e->n; i++) text = arena_printf(a, "%s%s\n", text, e->at[i].text);
  return text;
}

void repl_view_free(ReplView *v) {
  run_free(v->run);
  src_forget(v->sources, v->sources_end);
  if (v->arena) arena_free(v->arena);
  *v = (ReplView){0};
}

/* ---- messages --------------------------------------------------------------------------------------- */

static void note_code(Repl *R, int code) {
  if (R->code == 0) R->code = code;
}

void repl_complain(Repl *R, DiagCode code, const char *help, const char *fmt, ...) {
  Arena *a = arena_new();
  DiagSink *sink = diag_sink(a);
  va_list ap;
  va_start(ap, fmt);
  Diag *d = diag_add(sink, code, SPAN_NONE, "%s", arena_vprintf(a, fmt, ap));
  va_end(ap);
  if (help) diag_help(d, "%s", help);
  fflush(stdout);
  diag_render(sink, R->cli->style, stderr);
  note_code(R, diag_exit_code(sink));
  arena_free(a);
}

static bool is_fresh(const Repl *R, Span s) { return s.begin >= R->fresh_begin && s.begin < R->fresh_end; }

/* Errors, and the warnings of the statement that is being tried; a name that is not used yet may be soon. */
static void show(Repl *R, DiagSink *all, int *shown) {
  DiagSink *sink = diag_sink(all->arena);
  for (; *shown < all->all.n; ++*shown) {
    Diag *d = all->all.at[*shown];
    const bool is_error = diag_info[d->code].severity == SEV_ERROR;
    if (!is_error && (!is_fresh(R, d->span) || d->code == DIAG_UNUSED)) continue;
    vec_push(sink->arena, &sink->all, d);
    if (is_error) sink->n_errors++;
    else sink->n_warnings++;
  }
  progress_clear(&R->progress);
  fflush(stdout);
  diag_render(sink, R->cli->style, stderr);
  fflush(stderr);
  note_code(R, diag_exit_code(sink));
}

/* ---- hooks ------------------------------------------------------------------------------------------- */

static ReplEntry *entry_of(const Repl *R, const Run *run, int train) {
  const char *name = run_program(run)->trains.at[train].name;
  Symbol folded = sym_intern(name);
  int i = repl_find(R->trial, sym_text(folded));
  return i < 0 ? NULL : &R->trial->at[i];
}

static int hook_load(void *ctx, const Run *run, int train, const StateItem *items, int n) {
  Repl *R = ctx;
  ReplEntry *e = entry_of(R, run, train);
  if (!e || !e->train) return 0;
  if (!repl_train_load(e->train, items, n)) e->is_unfit = !e->is_stale, e->is_stale = true;
  return 1;
}

static int hook_epoch(void *ctx, const RunProgress *p) {
  progress_epoch(&((Repl *)ctx)->progress, p);
  return cli_stop_asked() ? 2 : 0;
}

static bool hook_save(void *ctx, const Run *run, int train, SaveReason why, const StateItem *items, int n) {
  Repl *R = ctx;
  ReplEntry *e = entry_of(R, run, train);
  if (!e || (why != SAVE_SIGNAL && why != SAVE_FINAL)) return true;
  repl_train_drop(e->train);
  e->train = repl_train_copy(items, n, why == SAVE_SIGNAL);
  e->is_stale = e->is_kept = e->is_unfit = false;
  return true;
}

static void hook_train_begin(void *ctx, const Run *run, int train, int64_t from_epoch) {
  Repl *R = ctx;
  const ReplEntry *e = entry_of(R, run, train);
  if (!e || !e->train) progress_begin(&R->progress, run, train, from_epoch);
}

static void hook_train_end(void *ctx, const Run *run, int train, int64_t epochs, int64_t steps) {
  Repl *R = ctx;
  const ReplEntry *e = entry_of(R, run, train);
  if (!e || !e->train) progress_end(&R->progress, run, train, epochs, steps);
}

static void hook_print(void *ctx, const Run *run, const Stmt *s) {
  Repl *R = ctx;
  if (!is_fresh(R, s->span)) return;
  progress_clear(&R->progress);
  if (R->printer) R->printer(R, run, s);
  else repl_value(R, run, s);
}

static void hook_expect(void *ctx, const Run *run, const Stmt *s, bool holds) {
  Repl *R = ctx;
  (void)run;
  if (!is_fresh(R, s->span)) return;
  R->last[0] = holds, R->n_last = 1;
  const char *condition = s->condition ? s->condition : "", *why = holds || !s->text ? "" : s->text;
  if (R->json) {
    Arena *a = arena_new();
    Text t = text_new(a);
    text_add(&t, "{\"kind\": \"expect\", \"condition\": ");
    text_json_string(&t, condition);
    text_printf(&t, ", \"holds\": %s}", holds ? "true" : "false");
    puts(text_str(&t));
    arena_free(a);
  } else {
    printf("%-7s %s%s%s\n", holds ? "ok" : "FAILED", condition, *why ? "  " : "", why);
  }
  if (!holds) note_code(R, 1);
}

static void hook_claim(void *ctx, const Run *run, const Stmt *s, ClaimVerdict verdict) {
  Repl *R = ctx;
  if (is_fresh(R, s->span))
    printf("%s  %s\n", run_program(run)->claims.at[s->index].id, claim_verdict_text(verdict));
}

static void hook_report(void *ctx, const Run *run, const Stmt *s) {
  if (is_fresh(ctx, s->span)) repl_report(ctx, run, s);
}

static void hook_write(void *ctx, const Run *run, const Stmt *s) {
  (void)run;
  if (is_fresh(ctx, s->span)) puts("values are saved by `qgn run`: `:save FILE`, then `qgn run FILE`");
}

static RunEnd hook_sweep(void *ctx, Run *run, int sweep) { return repl_sweep(ctx, run, sweep); }

/* ---- a trial ------------------------------------------------------------------------------------------ */

static void say_declared(const Repl *R, Arena *a, const char *line) {
  if (!R->json) {
    puts(line);
    return;
  }
  Text t = text_new(a);
  text_add(&t, "{\"kind\": \"declared\", \"text\": ");
  text_json_string(&t, line);
  text_add(&t, "}");
  puts(text_str(&t));
}

/* What was declared, as `qgn dump --types` says it. */
static void show_declared(Repl *R, const ReplView *v, const ReplEntry *e) {
  char *text = NULL;
  size_t size = 0;
  FILE *f = open_memstream(&text, &size);
  if (f == NULL) return;
  const SemaOptions options = repl_sema_options(R);
  sema_dump_types(v->arena, v->tree, &options, diag_sink(v->arena), f);
  fclose(f);
  const Source *src;
  int first = 1, last = 1, col;
  src_locate(R->fresh_begin, &src, &first, &col);
  src_locate(R->fresh_end, &src, &last, &col);
  for (char *line = text, *next; line && *line; line = next) {
    next = strchrnul(line, '\n');
    if (*next) *next++ = '\0';
    const char *kind = strchr(line, ' '), *name = kind ? strchr(kind + 1, ' ') : NULL;
    const int at = atoi(line);
    if (!name || at < first || at > last) continue;
    const char *colon = strchr(name, ':');
    const char *word = colon ? arena_strn(v->arena, name + 1, (size_t)(colon - name - 1)) : "";
    if (has_name(&e->names, word)) say_declared(R, v->arena, kind + 1);
  }
  mem_give_back(text);
  if (e->kind == AST_TRAIN && !R->json) repl_losses(R, v->program, v->run, e->names.at[0]);
  if (e->kind == AST_SWEEP && !R->json) repl_sweep_table(v->program, v->run, e->names.at[0]);
  fflush(stdout);
}

SemaOptions repl_sema_options(Repl *R) {
  SemaOptions options = cli_sema_options(R->cli, R->base);
  if (!R->prelude) R->prelude = sema_prelude(R->keep);
  options.prelude = R->prelude;
  return options;
}

static SemaOptions options_of(Repl *R, Arena *a, const ReplEntries *e) {
  SemaOptions options = repl_sema_options(R);
  const char **ended = ARENA_ARRAY(a, const char *, e->n + 1);
  for (int i = 0; i < e->n; i++)
    if (e->at[i].train && e->at[i].train->is_stopped) ended[options.n_ended++] = e->at[i].names.at[0];
  options.ended = ended;
  return options;
}

static bool elaborate(Repl *R, ReplView *v, DiagSink *sink) {
  if (!v->source) return false;
  const double from = record_clock();
  if (parse_source(v->arena, v->source, sink, false, &v->tree, NULL) != PARSE_OK) return false;
  const SemaOptions options = options_of(R, v->arena, R->trial);
  v->program = sema_elaborate(v->arena, v->tree, &options, sink);
  if (!v->program) return false;
  const double checked = record_clock();
  const RunOptions run = {.threads = R->cli->threads, .family = kernel_family()};
  v->run = run_new(v->arena, v->program, &run, sink);
  R->spent[0] = checked - from, R->spent[1] = record_clock() - checked;
  return v->run != NULL;
}

static RunEnd execute(Repl *R, Run *run) {
  const RunHooks hooks = {.ctx = R,
                          .load = hook_load,
                          .epoch = hook_epoch,
                          .save = hook_save,
                          .stop = cli_stop_hook,
                          .train_begin = hook_train_begin,
                          .train_end = hook_train_end,
                          .print = hook_print,
                          .expect = hook_expect,
                          .claim = hook_claim,
                          .report = hook_report,
                          .write = hook_write,
                          .sweep = hook_sweep};
  cli_signals_clear();
  return run_execute(run, &hooks);
}

/* Checks and runs the session; what entry `shown` (or none: -1) says is shown. */
static bool attempt(Repl *R, ReplEntries *entries, int shown) {
  Cli *c = R->cli;
  Arena *arena = c->arena;
  DiagSink *before = c->sink;
  ReplView v = {.arena = arena_new()};
  DiagSink *sink = diag_sink(v.arena);
  ReplEntries head = *entries;
  int seen = 0;
  head.n = shown < 0 ? entries->n : shown;
  const char *text = repl_script(v.arena, entries);
  if (!R->prelude) R->prelude = sema_prelude(R->keep); /* its text stays */
  v.sources = src_next();
  v.source = src_add(SRC_REPL, text, strlen(text));
  const uint32_t base = v.source ? v.source->base : 0;
  if (shown >= 0 && repl_find(&head, "edition") < 0 && repl_find(entries, "edition") >= 0)
    R->fresh_begin = base + (uint32_t)strlen(repl_script(v.arena, &head)) - (uint32_t)strlen("edition = 1\n");
  else R->fresh_begin = base + (uint32_t)strlen(repl_script(v.arena, &head));
  R->fresh_end = R->fresh_begin + (shown < 0 ? 0 : (uint32_t)strlen(entries->at[shown].text));
  R->trial = entries;
  c->arena = v.arena, c->sink = sink;
  bool ok = elaborate(R, &v, sink);
  show(R, sink, &seen);
  const double planned = record_clock();
  RunEnd end = ok ? execute(R, v.run) : RUN_FAILED;
  R->spent[2] = record_clock() - planned;
  progress_clear(&R->progress);
  show(R, sink, &seen);
  ok = ok && end != RUN_FAILED;
  if (ok && shown >= 0 && entries->at[shown].names.n > 0) show_declared(R, &v, &entries->at[shown]);
  if (end == RUN_STOPPED) puts("stopped: weights are those of the last whole step");
  c->arena = arena, c->sink = before;
  v.sources_end = src_next();
  if (ok && !R->printer) repl_view_free(&R->view), R->view = v;
  else repl_view_free(&v);
  return ok;
}

bool repl_again(Repl *R, const ReplEntries *entries, const char *what) {
  ReplEntries trial = copy_of(R, entries);
  const bool ok = attempt(R, &trial, -1);
  if (ok && what) take(R, trial, what);
  else drop(&trial);
  return ok;
}

bool repl_look(Repl *R, int n, const char *const *texts,
               void (*printer)(Repl *R, const Run *run, const Stmt *s)) {
  ReplEntries trial = copy_of(R, &R->entries);
  for (int i = 0; i < n; i++) {
    const ReplEntry e = {.text = texts[i]};
    vec_push(R->arena, &trial, e);
  }
  R->printer = printer;
  const bool ok = attempt(R, &trial, trial.n - 1);
  R->printer = NULL;
  drop(&trial);
  return ok;
}

/* ---- statements --------------------------------------------------------------------------------------- */

/* What only looks is not kept: an expression on a line of its own, except claims, what loads
 * weights and what saves values. */
static bool only_looks(const AstNode *n) {
  if (n->kind != AST_STAGE) return false;
  const AstNode *call = ast_kid(n, AST_STAGE_value);
  const AstNode *callee = call && call->kind == AST_CALL ? ast_kid(call, AST_CALL_callee) : NULL;
  if (!callee || callee->kind != AST_NAME) return true;
  static const char *const acts[] = {"claim", "choice", "load", "save"};
  for (size_t i = 0; i < sizeof acts / sizeof *acts; i++)
    if (strcmp(sym_text(callee->name), acts[i]) == 0) return false;
  return true;
}

static bool shares_name(const ReplNames *a, const ReplNames *b) {
  for (int i = 0; i < a->n; i++)
    if (has_name(b, a->at[i])) return true;
  return false;
}

/* Moves entry `from` before entry `to`. */
static void move_up(ReplEntries *e, int from, int to) {
  const ReplEntry x = e->at[from];
  memmove(e->at + to + 1, e->at + to, (size_t)(from - to) * sizeof *e->at);
  e->at[to] = x;
}

/* Whether an entry uses one of these names, other than as names of its own inside. */
static bool uses_of(const ReplEntry *e, const ReplNames *names) {
  for (int i = 0; i < names->n; i++)
    if (has_name(&e->uses, names->at[i]) && !has_name(&e->inner, names->at[i])) return true;
  return false;
}

/* Moves what entry `at` uses and was declared behind it before it, with what that uses; where it stands then.
 * -1 if something of that uses `mine` in turn: e->at is then in no useful order. */
static int bring_up(ReplEntries *e, int at, const ReplNames *mine, int depth) {
  for (int i = at + 1; i < e->n; i++) {
    if (!uses_of(&e->at[at], &e->at[i].names)) continue;
    if (shares_name(&e->at[i].uses, mine) || depth > e->n) return -1;
    move_up(e, i, at);
    const int moved = bring_up(e, at, mine, depth + 1);
    if (moved < 0) return -1;
    at = moved + 1;
    i = at;
  }
  return at;
}

/* Where a name that is declared again stands: in its place, so that what used it finds it; at the end if it
 * uses what was declared since and nothing there uses it. If both, what it uses comes before it. */
static int place_again(Repl *R, ReplEntries *e, int at) {
  const ReplEntry x = e->at[at];
  bool later = false, used = false;
  for (int i = at + 1; i < e->n; i++) {
    later = later || shares_name(&e->at[i].names, &x.uses);
    used = used || shares_name(&x.names, &e->at[i].uses);
  }
  if (later && used) {
    ReplEntries moved = {0};
    for (int i = 0; i < e->n; i++) vec_push(R->arena, &moved, e->at[i]);
    const int there = bring_up(&moved, at, &x.names, 0);
    if (there < 0) return at;
    *e = moved;
    return there;
  }
  if (!later) return at;
  memmove(e->at + at, e->at + at + 1, (size_t)(e->n - 1 - at) * sizeof *e->at);
  e->at[e->n - 1] = x;
  return e->n - 1;
}

/* Everything depends on the seed and the precision. */
static void mark_all_stale(Repl *R, ReplEntries *e, const char *why) {
  const char *list = "";
  for (int i = 0; i < e->n; i++) {
    if (!e->at[i].train || e->at[i].is_stale) continue;
    e->at[i].is_stale = true;
    list = arena_printf(R->arena, "%s%s%s (uses %s)", list, *list ? ", " : "", e->at[i].names.at[0], why);
  }
  if (*list) printf("stale: %s\n", list);
}

/* The entry of this kind whose name is the line, or -1. */
static int named(const Repl *R, const AstNode *n, AstKind kind) {
  const AstNode *value = n->kind == AST_STAGE ? ast_kid(n, AST_STAGE_value) : NULL;
  const int at = value && value->kind == AST_NAME ? repl_find(&R->entries, sym_text(value->name)) : -1;
  return at >= 0 && R->entries.at[at].kind == kind ? at : -1;
}

/* Runs the session once more and shows what entry `at` says. */
static bool show_again(Repl *R, int at) {
  ReplEntries trial = copy_of(R, &R->entries);
  const bool ok = attempt(R, &trial, at);
  drop(&trial);
  return ok;
}

static bool one_statement(Repl *R, const AstNode *n, const char *text) {
  if (named(R, n, AST_REPORT) >= 0) return show_again(R, named(R, n, AST_REPORT));
  if (named(R, n, AST_DATASET) >= 0) return repl_do_type(R, text);
  ReplEntry e = {.text = text, .kind = n->kind};
  declared(R->arena, n, &e.names);
  all_names(R->arena, n, &e.uses);
  inner_names(R->arena, n, &e.inner);
  ReplEntries trial = copy_of(R, &R->entries);
  int at = -1;
  for (int k = 0; k < e.names.n && at < 0; k++) at = repl_find(&trial, e.names.at[k]);
  for (int k = 0; at >= 0 && k < trial.at[at].names.n; k++) {
    if (has_name(&e.names, trial.at[at].names.at[k])) continue;
    repl_complain(R, DIAG_REDECLARED, "declare all of its names again",
                  "`%s` was declared together with `%s`", e.names.at[0], trial.at[at].names.at[k]);
    drop(&trial);
    return false;
  }
  const bool is_first = n->kind == AST_ATTR && at < 0;
  bool was = false;
  if (at < 0) {
    at = trial.n;
    vec_push(R->arena, &trial, e);
    while (is_first && at > 0 && trial.at[at - 1].kind != AST_ATTR) { /* `seed = 2` stands at the top */
      const ReplEntry other = trial.at[at - 1];
      trial.at[at - 1] = trial.at[at];
      trial.at[at--] = other;
    }
  } else {
    repl_train_drop(trial.at[at].train);
    trial.at[at] = e;
    was = true;
    at = place_again(R, &trial, at);
  }
  if (!attempt(R, &trial, at)) {
    drop(&trial);
    return false;
  }
  if (n->kind == AST_ATTR && strcmp(e.names.at[0], "edition") != 0) mark_all_stale(R, &trial, e.names.at[0]);
  else if (was) repl_mark_stale(R, &trial, &e.names, at);
  if (only_looks(n)) {
    repl_train_drop(trial.at[at].train);
    trial.n--;
    drop(&trial);
    return true;
  }
  take(R, trial, text);
  return true;
}

/* From behind the statement before to the end of this one: with its comments, without `;` and blank lines. */
static const char *text_between(Repl *R, const Source *src, uint32_t from, uint32_t to) {
  const char *s = src->text + (from - src->base), *end = src->text + (to - src->base);
  while (s < end && (*s == ';' || *s == '\n' || *s == ' ' || *s == '\t' || *s == '\r')) s++;
  return arena_strn(R->arena, s, (size_t)(end - s));
}

static bool has_text(const ReplEntries *e, const char *text) {
  for (int i = 0; i < e->n; i++)
    if (strcmp(e->at[i].text, text) == 0) return true;
  return false;
}

bool repl_statements(Repl *R, const char *text, bool stops) {
  Arena *a = arena_new();
  const uint32_t place = src_next();
  const Source *src = src_add(SRC_REPL, text, strlen(text));
  const uint32_t place_end = src_next();
  DiagSink *sink = diag_sink(a);
  AstNode *tree = NULL;
  bool ok = true;
  ParseResult parsed = src ? parse_source(a, src, sink, false, &tree, NULL) : PARSE_ERROR;
  if (parsed != PARSE_OK) {
    int seen = 0;
    R->fresh_begin = src ? src->base : 0, R->fresh_end = R->fresh_begin + (uint32_t)strlen(text);
    show(R, sink, &seen);
    ok = false;
  }
  uint32_t from = src ? src->base : 0;
  for (int i = 0; parsed == PARSE_OK && i < tree->n && (ok || !stops); i++) {
    const char *one = text_between(R, src, from, tree->kids[i]->span.end);
    if (!R->only_new || !has_text(&R->entries, one)) ok &= one_statement(R, tree->kids[i], one);
    from = tree->kids[i]->span.end;
  }
  src_forget(place, place_end);
  arena_free(a);
  return ok;
}
