/* Any bytes must be checked without a crash or a hang: a program or errors, never both; no E0999; every
 * message with a text and a place that does not end before it begins; every graph sound, as made and as
 * optimised. Some programs are elaborated twice, which must give one text, and dumped, drawn, exported. Built
 * with -fsanitize=fuzzer and -DLIBFUZZER it searches (`make soak-lang`); without, it replays the files named
 * on the command line.
 *
 * A script sees no disk but the library's modules and those beside the tests' scripts: files of data have
 * made-up heads, other modules are texts in memory. An input may bring files of its own: what stands behind
 * a line `#file NAME` is no part of the script but the text of NAME, up to the next such line. A first line
 * `# run: ... --set name=value` gives settings, as in the wrong programs. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "lang/base/num.h"
#include "lang/draw/draw.h"
#include "lang/ir/digest.h"
#include "lang/ir/flops.h"
#include "lang/ir/plateau.h"
#include "lang/parse/fmt.h"
#include "lang/parse/parse.h"
#include "lang/qasm/write.h"
#include "lang/sema/library.h"
#include "lang/sema/sema.h"
#include "tests/fuzz/replay.h"

#ifdef LIBFUZZER
#define MAX_STEPS 20000
#else
#define MAX_STEPS 0
#endif

static void require(bool holds, const char *what, const char *more) {
  if (holds) return;
  fprintf(stderr, "check: %s: %s\n", what, more);
  abort();
}

/* What is looked at besides the messages: by turns, by the size of the input, where there are many; else all.
 */
static bool turn(size_t size, size_t of, size_t which) {
#ifdef LIBFUZZER
  return size % of == which;
#else
  return getenv("QGN_QUICK") == NULL || size % of == which;
#endif
}

/* ---- the world outside the script ------------------------------------------------------------------- */

static const char module_text[] = "edition = 1\n"
                                  "hyper n = 2 where n in 1..=4\n"
                                  "def twice(x) = 2 * x\n"
                                  "circuit G(x[2]) on q[2] { param t[2] ~ normal(0, 1); ry(x) q; ry(t) q; "
                                  "cx chain(q); return expval(Z(q)) }\n"
                                  "circuit body(t[k]) on q[k] { ry(t) q }\n"
                                  "model D(x[2]) -> [1] { linear(4); tanh; linear(1) }\n";
static const char qasm_text[] =
    "OPENQASM 3;\ninclude \"stdgates.inc\";\ninput float x;\nqubit[2] q;\nbit[2] c;\n"
    "h q[0];\nrx(x) q[1];\ncx q[0], q[1];\nrz(0.5) q[1];\nc = measure q;\n";
static const char paulis_text[] = "0.5 Z0 Z1\n-0.25 XX\n0.1\n";

/* ---- files that an input brings along ----------------------------------------------------------------- */

#define FILES_MAX 8
#define FILE_LINE "#file "
static struct Carried { const char *name, *text; } carried[FILES_MAX];
static int n_carried;

/* Takes the files off; the size of the script before them. */
static size_t take_files(Arena *a, const char *bytes, size_t size) {
  const char *end = bytes + size, *at = bytes;
  size_t script = size;
  n_carried = 0;
  while ((at = memmem(at, (size_t)(end - at), "\n" FILE_LINE, sizeof FILE_LINE)) != NULL) {
    const char *name = at + sizeof FILE_LINE, *line = memchr(name, '\n', (size_t)(end - name));
    if (n_carried == 0) script = (size_t)(at - bytes) + 1;
    if (line == NULL || n_carried == FILES_MAX) break;
    const char *next = memmem(line, (size_t)(end - line), "\n" FILE_LINE, sizeof FILE_LINE);
    const char *stop = next != NULL ? next : end;
    carried[n_carried++] =
        (struct Carried){arena_strn(a, name, (size_t)(line - name)),
                         arena_strn(a, line + 1, stop > line ? (size_t)(stop - line) - 1 : 0)};
    at = line;
  }
  return script;
}

static bool ends_with(const char *s, const char *end) {
  const size_t n = strlen(s), m = strlen(end);
  return n >= m && strcmp(s + n - m, end) == 0;
}

static bool read_text(Arena *a, const char *path, SemaModule *out) {
  IoData data;
  IoError e;
  if (!io_read_file(a, path, 1 << 20, &data, &e)) return false;
  out->text = (const char *)data.bytes, out->size = data.size;
  return true;
}

/* The files that stand beside the tests' scripts: in folders called NAME.d, and lists of Pauli words. */
static bool read_test_file(Arena *a, const char *from, const char *name, SemaModule *out) {
  static const char *const beside[] = {"golden/run", "bad/qasm", "bad/names", "bad/placement",
                                       "bad/circuits"};
  const char *folder =
      strstr(from, ".d/") != NULL ? arena_strn(a, from, (size_t)(strstr(from, ".d/") - from) + 3) : "";
  const char *path = arena_printf(a, "%s%s", folder, name);
  const bool words = strncmp(name, "paulis_", 7) == 0 && ends_with(name, ".txt");
  if ((strstr(path, ".d/") == NULL && !words) || strstr(path, "..") != NULL) return false;
  for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
    if (!read_text(a, arena_printf(a, "tests/%s/%s", beside[i], path), out)) continue;
    out->id = out->shown = out->listed = path;
    return true;
  }
  return false;
}

static bool read_module(void *ctx, Arena *a, const char *from, const char *name, bool is_library,
                        SemaModule *out) {
  (void)ctx;
  *out = (SemaModule){.id = name, .shown = name, .listed = name};
  for (int i = 0; i < n_carried && !is_library; i++)
    if (strcmp(carried[i].name, name) == 0) out->text = carried[i].text;
  if (out->text != NULL) {
    out->size = strlen(out->text);
    return true;
  }
  if (is_library) {
    const bool known = strcmp(name, "std.gan") == 0 || strcmp(name, "std.ansatz") == 0 ||
                       strcmp(name, "std.vae") == 0 || strcmp(name, "std.fair") == 0;
    if (known && read_text(a, arena_printf(a, "stdlib/std/%s.qgn", name + 4), out)) {
      out->shown = arena_printf(a, "<%s>", name);
      return true;
    }
  } else if (read_test_file(a, from, name, out)) return true;
  else if (ends_with(name, ".qasm")) out->text = qasm_text;
  else if (ends_with(name, ".txt")) out->text = paulis_text;
  else if (ends_with(name, ".qgn")) out->text = module_text;
  out->size = out->text != NULL ? strlen(out->text) : 0;
  if (out->text != NULL) return true;
  out->problem = "there is no such module";
  out->near = "parts.qgn";
  return false;
}

static void add_column(Arena *a, Dataset *d, const char *name, ElemKind elem, int rank,
                       const int64_t *sizes) {
  Column c = {.name = name, .elem = elem, .row = shape_of(rank, sizes)};
  if (elem == ELEM_LABEL) c.n_classes = 3;
  c.image = c.bytes = rank == 3;
  vec_push(a, &d->columns, c);
}

/* A file that the input brings along lists its columns: a name and the sizes of a row in each line. */
static void add_columns(Arena *a, Dataset *d, const char *text) {
  for (; *text != '\0'; text += strcspn(text, "\n"), text += *text == '\n') {
    const size_t n = strcspn(text, " \n");
    const char *name = arena_strn(a, text, n), *at = text + n;
    int64_t sizes[SHAPE_MAX_RANK] = {0};
    int rank = 0;
    for (; *at == ' ' && rank < SHAPE_MAX_RANK; rank++) {
      for (at++; *at >= '0' && *at <= '9' && sizes[rank] < 1000; at++)
        sizes[rank] = 10 * sizes[rank] + (*at - '0');
      if (sizes[rank] == 0) sizes[rank] = 1;
    }
    const bool label = strcmp(name, "label") == 0;
    if (n > 0 && dataset_column(d, name) < 0)
      add_column(a, d, name, label ? ELEM_LABEL : ELEM_REAL, label ? 0 : rank, sizes);
  }
}

static const char weights_text[] = "G.t 2\nlinear_1.weight 4 2\nlinear_1.bias 4\n";

static bool read_head(void *ctx, Arena *a, Dataset *d, DataProblem *problem) {
  const char *columns = d->op == DATA_WEIGHTS ? weights_text : NULL;
  (void)ctx;
  for (int i = 0; i < d->files.n; i++) {
    d->files.at[i].path = d->files.at[i].name;
    for (int k = 0; k < n_carried; k++)
      if (strcmp(carried[k].name, d->files.at[i].name) == 0) columns = carried[k].text;
    if (strstr(d->files.at[i].name, "missing") == NULL) continue;
    *problem = (DataProblem){DIAG_DATA_MISSING, "there is no such file", NULL, NULL, NULL};
    return false;
  }
  d->rows = d->op == DATA_WEIGHTS ? 1 : 100, d->exact = true;
  if (columns != NULL) add_columns(a, d, columns);
  if (d->columns.n > 0) return true;
  for (int i = 0; i < d->picks.n; i++) {
    const DataPick *p = &d->picks.at[i];
    const bool label = strcmp(p->as, "label") == 0;
    add_column(a, d, p->as, label ? ELEM_LABEL : ELEM_REAL, p->vector ? 1 : 0, (const int64_t[]){p->n});
  }
  if (d->picks.n > 0) return true;
  const bool flat = d->op == DATA_CSV || d->op == DATA_NPZ;
  add_column(a, d, flat ? "x" : "image", ELEM_REAL, flat ? 1 : 3, (const int64_t[]){flat ? 2 : 1, 8, 8});
  add_column(a, d, "label", ELEM_LABEL, 0, NULL);
  return true;
}

/* Parsed once for many scripts. */
static Arena *kept;
static const AstNode *prelude;

static void keep_prelude(void) {
  static unsigned turn;
  if (turn++ % 256 != 0) return;
  arena_free(kept);
  src_clear();
  sym_clear();
  kept = arena_new();
  prelude = sema_prelude(kept);
}

/* ---- one script ---------------------------------------------------------------------------------------- */

#define SETS_MAX 16

static int settings(Arena *a, const char *text, SemaSet sets[SETS_MAX], DiagSink *sink) {
  int n = 0;
  if (strncmp(text, "# run: ", 7) != 0) return 0;
  const char *line = arena_strn(a, text, strcspn(text, "\n"));
  for (const char *at = strstr(line, "--set "); at != NULL && n < 8; at = strstr(at + 6, "--set ")) {
    const size_t name = strcspn(at + 6, "= "), value = strcspn(at + 6 + name, " ");
    AstNode *literal = NULL;
    if (value < 2) continue;
    const char *given = arena_strn(a, at + 6 + name + 1, value - 1);
    const Source *src = src_add(SRC_COMMAND_LINE, given, strlen(given));
    if (!parse_literal(a, src, sink, &literal)) continue;
    sets[n++] = (SemaSet){arena_strn(a, at + 6, name), literal->span, literal};
  }
  return n;
}

static void check_messages(const DiagSink *sink) {
  for (int i = 0; i < sink->all.n; i++) {
    const Diag *d = sink->all.at[i];
    require(d->code != DIAG_INTERNAL, "a fault of its own", d->text);
    require(d->text[0] != '\0' && d->span.begin <= d->span.end, "a message without text or place", d->text);
  }
}

/* What the values of a graph cost: never less than nothing, and most with the most rows there can be. */
static void check_costs(const Graph *g) {
  for (NodeId id = 0; id < g_count(g); id++) {
    const Flops f = g_flops(g, id);
    for (int k = 0; k < f.n; k++) require(k == 0 || f.count[k - 1] <= f.count[k], "counts out of order", "");
    require(f.n > 0 || f.each == f.most, "two costs of one value", "");
    require(f.each >= 0 && f.each <= f.most && f.most < 1e300, "a cost that cannot be",
            op_info[g_node(g, id)->op].name);
  }
}

static void check_region(void *ctx, const Graph *g, Span span) {
  (void)span;
  check_costs(g);
  const char *fault = g_verify(g);
  require(fault == NULL, "a graph as made", fault);
  fault = g_verify(g_optimize(g, ctx));
  require(fault == NULL, "a graph as optimised", fault);
}

/* Free numbers once, once those of a run. */
static void look_at_text(Arena *a, const Program *p, const CircuitView *v, const double *const *weights) {
  const QasmWriting w = {p, v, weights, weights != NULL ? "with its weights" : NULL};
  QasmFault fault = {0};
  const char *text = qasm_write(a, &w, &fault);
  if (text == NULL) require(fault.text != NULL, "no OpenQASM and no reason", v->name);
  else require(qasm_verify(a, &w, text, &fault), "OpenQASM that does not read back", fault.text);
}

static void look_at_circuits(Arena *a, const Program *p) {
  const double **weights = ARENA_ARRAY(a, const double *, p->slots.n + 1);
  for (int i = 0; i < p->slots.n; i++) {
    const int64_t n = shape_capacity(&p->slots.at[i].shape);
    if (p->slots.at[i].kind != SLOT_PARAM || n > 1000) continue;
    double *x = ARENA_ARRAY(a, double, n + 1);
    for (int64_t k = 0; k < n; k++) x[k] = k % 3 == 0 ? 0.5 * (double)k : 0.37 * (double)(k - 5);
    weights[i] = x;
  }
  for (int i = 0; i < p->circuits.n && i < 4; i++) {
    const CircuitView *v = &p->circuits.at[i];
    require(draw_text(a, p, v, (DrawStyle){.unicode = true, .width = 80}) != NULL, "no drawing", v->name);
    require(draw_text(a, p, v, (DrawStyle){.width = i % 2 == 0 ? 30 : 0}) != NULL, "no drawing", v->name);
    require(draw_svg(a, p, v) != NULL, "no picture", v->name);
    look_at_text(a, p, v, NULL);
    look_at_text(a, p, v, weights);
    for (int k = 0; k < 2; k++) {
      const Plateau risk = circuit_plateau(a, v->measured.n > 0 ? v->measured.at[0] : v->body, k == 1);
      require(risk.qubits <= v->body->n_qubits && plateau_name(risk.risk) != NULL, "a risk that cannot be",
              v->name);
    }
    const CircuitCounts n = circuit_counts(v->body);
    require(n.depth <= n.total && n.open <= n.angles, "counts that cannot be", v->name);
  }
  for (int i = 0; i < p->objects.n && i < 4; i++)
    if (p->objects.at[i].lines.n > 0)
      require(draw_model_svg(a, &p->objects.at[i]) != NULL, "no picture", p->objects.at[i].name);
}

typedef void Printing(FILE *out, const void *what);
static void print_program(FILE *out, const void *what) { program_dump(what, out); }
static void print_pictures(FILE *out, const void *what) { program_dot(what, out); }
static void print_messages(FILE *out, const void *what) {
  diag_render(what, (DiagStyle){.unicode = true, .color = true, .width = 60}, out);
  diag_render(what, (DiagStyle){.format = FORM_JSON}, out);
  diag_render(what, (DiagStyle){.format = FORM_GITHUB}, out);
}
static const char *printed(Arena *a, Printing *print, const void *what) {
  char *text = NULL;
  size_t n = 0;
  FILE *out = open_memstream(&text, &n);
  require(out != NULL, "no memory for a text", "");
  print(out, what);
  fclose(out);
  const char *copy = arena_strn(a, text, n);
  mem_give_back(text);
  return copy;
}

typedef struct Checked {
  Program *program;
  DiagSink *sink;
} Checked;
static Checked check_with(Arena *a, const Source *src, const AstNode *tree, const SemaPoint *point,
                          const SemaSet *axes, int n_axes) {
  Checked c = {.sink = diag_sink(a)};
  SemaSet sets[SETS_MAX];
  int n = settings(a, src->text, sets, c.sink);
  for (int i = 0; i < n_axes && n < SETS_MAX; i++) sets[n++] = axes[i];
  const SemaOptions options = {.sets = sets,
                               .n_sets = n,
                               .read = read_module,
                               .head = read_head,
                               .max_steps = MAX_STEPS,
                               .point = point,
                               .prelude = prelude};
  c.program = sema_elaborate(a, tree, &options, c.sink);
  require((c.program == NULL) == (c.sink->n_errors > 0), "result and messages differ", src->text);
  check_messages(c.sink);
  return c;
}

static Checked check_once(Arena *a, const Source *src, const AstNode *tree) {
  return check_with(a, src, tree, NULL, NULL, 0);
}

/* One run of each sweep, as the command line sets it up. */
static void check_points(Arena *a, const Source *src, const AstNode *tree, const Program *p) {
  for (int i = 0; i < p->sweeps.n; i++) {
    const Sweep *s = &p->sweeps.at[i];
    const SweepPoint *at = &s->points.at[src->size % (uint32_t)s->points.n];
    const SemaPoint point = {
        .sweep = s->name, .has_seed = s->seeds.n > 0, .seed = s->seeds.n > 0 ? s->seeds.at[0] : 0};
    SemaSet sets[SETS_MAX / 2];
    int n = 0;
    for (int k = 0; k < s->axes.n && n < SETS_MAX / 2; k++) {
      AstNode *literal = NULL;
      if (at->sets[k] == NULL) continue;
      const Source *given = src_add(SRC_COMMAND_LINE, at->sets[k], strlen(at->sets[k]));
      require(parse_literal(a, given, diag_sink(a), &literal), "a point that cannot be set", at->sets[k]);
      sets[n++] = (SemaSet){s->axes.at[k].name, literal->span, literal};
    }
    const Checked c = check_with(a, src, tree, &point, sets, n);
    if (c.program != NULL) program_each_region(c.program, check_region, a);
  }
}

static const Graph *optimised(const void *ctx, const Graph *g) { return g_optimize(g, (Arena *)ctx); }

/* What the memo of trains is keyed by. */
static Digest digest(Arena *a, const Program *p) {
  Digest d = {.arena = a, .program = p, .cleaned = optimised, .ctx = a};
  for (int i = 0; i < p->datasets.n; i++) digest_dataset(&d, &p->datasets.at[i]);
  for (int i = 0; i < p->trains.n; i++) digest_train(&d, &p->trains.at[i]);
  return d;
}

/* As the prompt does behind a train that Ctrl-C ended. */
static void check_ended(Arena *a, const AstNode *tree, const Program *p) {
  const char *ended[1] = {p->trains.n > 0 ? p->trains.at[0].name : ""};
  const SemaOptions options = {.read = read_module,
                               .head = read_head,
                               .ended = ended,
                               .n_ended = 1,
                               .max_steps = MAX_STEPS,
                               .prelude = prelude};
  DiagSink *sink = diag_sink(a);
  const Program *again = sema_elaborate(a, tree, &options, sink);
  require((again == NULL) == (sink->n_errors > 0), "result and messages differ", "an ended train");
  check_messages(sink);
  if (again != NULL) program_each_region(again, check_region, a);
}

/* Once more, and what is printed of both. */
static void check_again(Arena *a, const Source *src, const AstNode *tree, const Checked *first) {
  const Checked c = check_once(a, src, tree);
  require((c.program == NULL) == (first->program == NULL), "two results of one text", src->text);
  require(c.sink->all.n == first->sink->all.n, "two lists of messages of one text", src->text);
  printed(a, print_messages, c.sink);
  if (c.program == NULL) return;
  const char *one = printed(a, print_program, first->program), *two = printed(a, print_program, c.program);
  require(strcmp(one, two) == 0, "two programs of one text", src->text);
  const Digest x = digest(a, first->program), y = digest(a, c.program);
  require(x.out.n == y.out.n && (x.out.n == 0 || memcmp(x.out.at, y.out.at, (size_t)x.out.n) == 0),
          "two digests of one text", src->text);
  require(*printed(a, print_pictures, c.program) != '\0', "no picture of a program", src->text);
}

/* What may follow at the end of the text, as the prompt completes it; its names are then asked for. */
static void look_at_types(Arena *a, const Source *src, const AstNode *tree) {
  const SemaOptions options = {
      .read = read_module, .head = read_head, .max_steps = MAX_STEPS, .prelude = prelude};
  const char *near = NULL;
  char *text = NULL;
  size_t n = 0;
  ParseNext next;
  FILE *out = open_memstream(&text, &n);
  require(out != NULL, "no memory for a text", "");
  for (int k = 1; k < 4; k++) { /* where a line is being typed */
    const char *begun = arena_strn(a, src->text, (size_t)src->size * (size_t)k / 4);
    parse_next(a, begun, &next);
    for (int i = 0; i < next.words.n; i++) parse_form(next.words.at[i]);
  }
  parse_next(a, src->text, &next);
  sema_dump_types(a, tree, &options, diag_sink(a), out);
  ast_dump(tree, out);
  parse_dump_tokens(a, src, diag_sink(a), out);
  for (int i = 0; i < next.names.n && i < 3; i++)
    sema_why(a, tree, &options, diag_sink(a),
             next.names.at[(src->size / 16 + (uint32_t)i * 5) % (uint32_t)next.names.n], &near, out);
  fclose(out);
  mem_give_back(text);
  require(parse_statements(a, src, diag_sink(a)) != NULL, "no statements of a text that parses", src->text);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  keep_prelude();
  Arena *a = arena_new();
  size = take_files(a, (const char *)bytes, size);
  const Source *src = src_add("<fuzz>", (const char *)bytes, size);
  DiagSink *sink = diag_sink(a);
  AstNode *tree = NULL;
  const ParseResult parsed = parse_source(a, src, sink, false, &tree, NULL);
  require((parsed == PARSE_ERROR) == (sink->n_errors > 0), "result and messages differ", "parser");
  check_messages(sink);
  if (parsed != PARSE_OK && turn(size, 16, 1)) parse_next(a, src->text, &(ParseNext){0});
  if (parsed != PARSE_OK && turn(size, 16, 0)) printed(a, print_messages, sink);
  if (parsed == PARSE_OK) {
    const Checked c = check_once(a, src, tree);
    if (c.program != NULL) program_each_region(c.program, check_region, a);
    if (c.program != NULL && turn(size, 4, 0)) look_at_circuits(a, c.program);
    if (turn(size, 8, 0)) check_again(a, src, tree, &c);
    if (c.program != NULL && turn(size, 2, 0)) check_points(a, src, tree, c.program);
    if (c.program != NULL && c.program->trains.n > 0 && turn(size, 16, 2)) check_ended(a, tree, c.program);
    if (turn(size, 16, 0)) look_at_types(a, src, tree);
    if (turn(size, 8, 4)) require(fmt_source(a, src, sink) != NULL, "no formatted text", src->text);
  }
  arena_free(a);
  return 0;
}

#ifndef LIBFUZZER
int main(int argc, char **argv) {
  const int status = replay(argc, argv);
  arena_free(kept);
  src_clear();
  sym_clear();
  return status;
}
#endif
