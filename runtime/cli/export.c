/* qgn export: a circuit as OpenQASM 3, proved by reading it back. */
#include <string.h>
#include "lang/base/io.h"
#include "lang/qasm/write.h"
#include "runtime/cli/cli.h"
#include "runtime/record/safetensors.h"

static bool refuse(Cli *c, const char *text) {
  Diag *d = diag_add(c->sink, DIAG_CHECKPOINT, SPAN_NONE, "%s", text);
  diag_help(d, "`--weights` takes the folder of a finished run, or a .safetensors file");
  return false;
}

/* The values of one tensor as doubles; NULL if its type or size is another. */
static const double *numbers(Cli *c, const StTensor *t, const Shape *shape) {
  int64_t n = 1;
  for (int i = 0; i < t->rank; i++) n *= t->dims[i];
  const bool single = strcmp(t->dtype, "F32") == 0;
  if (n != shape_capacity(shape) || (!single && strcmp(t->dtype, "F64") != 0)) return NULL;
  double *out = ARENA_ARRAY(c->arena, double, n + 1);
  for (int64_t i = 0; i < n; i++) {
    float x;
    if (single) memcpy(&x, (const char *)t->data + (size_t)i * sizeof x, sizeof x), out[i] = (double)x;
    else memcpy(&out[i], (const char *)t->data + (size_t)i * sizeof *out, sizeof *out);
  }
  return out;
}

/* Weights of the program that the file has, later files over earlier ones. */
static bool take_file(Cli *c, const Program *p, const char *path, const double **weights) {
  StFile f;
  const char *why = st_read(c->arena, path, &f);
  if (why != NULL) return refuse(c, arena_printf(c->arena, "%s: %s", path, why));
  for (int s = 0; s < p->slots.n; s++) {
    const StTensor *t = p->slots.at[s].kind == SLOT_PARAM ? st_find(&f, p->slots.at[s].name) : NULL;
    if (t == NULL) continue;
    weights[s] = numbers(c, t, &p->slots.at[s].shape);
    if (weights[s] == NULL)
      return refuse(c,
                    arena_printf(c->arena, "%s: `%s` has another shape than in the script", path, t->name));
  }
  return true;
}

static bool read_weights(Cli *c, const Program *p, const char *from, const double **weights) {
  bool any = false;
  if (!io_is_folder(from))
    return io_exists(from) ? take_file(c, p, from, weights)
                           : refuse(c, arena_printf(c->arena, "there is no run and no file `%s`", from));
  for (int i = 0; i < p->trains.n; i++) {
    const char *path = arena_printf(c->arena, "%s/%s.safetensors", from, p->trains.at[i].name);
    if (!io_exists(path)) continue;
    any = true;
    if (!take_file(c, p, path, weights)) return false;
  }
  return any || refuse(c, arena_printf(c->arena, "`%s` has no weights of a train of this script", from));
}

/* All weights of the circuit must be there, or the text would be half trained. */
static bool has_all(Cli *c, const Program *p, const CircuitView *v, const double *const *weights) {
  for (int k = 0; k < g_count(v->graph); k++) {
    const Node *n = g_node(v->graph, k);
    if (n->op != OP_PARAM || weights[n->attr.i[0]] != NULL) continue;
    return refuse(c, arena_printf(c->arena, "`%s` has no value of `%s`", c->value[OPT_WEIGHTS],
                                  p->slots.at[n->attr.i[0]].name));
  }
  return true;
}

int cli_verb_export(Cli *c) {
  CliScript script;
  const CircuitView *view;
  int code;
  QasmFault fault;
  const Program *p = cli_load_circuit(c, &script, &view, false, &code);
  if (p == NULL) return code;
  const double **weights = ARENA_ARRAY(c->arena, const double *, p->slots.n + 1);
  const bool trained = c->given[OPT_WEIGHTS];
  if (trained && (!read_weights(c, p, c->value[OPT_WEIGHTS], weights) || !has_all(c, p, view, weights)))
    return cli_code(c);
  const QasmWriting w = {
      p, view, trained ? weights : NULL,
      arena_printf(c->arena, "circuit %s of %s, by qgn %s", view->name, script.name, QGN_VERSION)};
  const char *text = qasm_write(c->arena, &w, &fault);
  if (text == NULL) {
    Diag *d = diag_add(c->sink, DIAG_QASM, fault.span, "`%s` cannot be written as OpenQASM: %s", view->name,
                       fault.text);
    diag_note(d, "nothing was written");
    return cli_code(c);
  }
  if (!qasm_verify(c->arena, &w, text, &fault)) {
    Diag *d = diag_add(c->sink, DIAG_INTERNAL, fault.span, "the export of `%s` is wrong: %s", view->name,
                       fault.text);
    if (c->given[OPT_VERBOSE]) fputs(text, stderr);
    diag_note(d, "nothing was written");
    return cli_code(c);
  }
  return cli_put_text(c, text);
}
