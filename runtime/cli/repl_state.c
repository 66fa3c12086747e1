/* `:draw` and `:state`. The state is that of a copy of the circuit which returns its amplitudes: it goes the
 * way of every other measurement, noise and parameters included. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/draw/draw.h"
#include "runtime/cli/repl.h"
#include "runtime/record/text.h"

bool repl_do_draw(Repl *R, const char *argument) {
  Arena *a = arena_new();
  const char *file, *name = repl_first_word(a, argument, &file);
  const Program *p = R->view.program;
  const CircuitView *v = NULL;
  for (int i = 0; p && i < p->circuits.n; i++)
    if ((*name && strcmp(p->circuits.at[i].name, name) == 0) || (!*name && p->circuits.n == 1))
      v = &p->circuits.at[i];
  for (int i = 0; p && *name && !v && i < p->circuits.n; i++) { /* `pqc` of a module is parts.pqc */
    const char *dot = strrchr(p->circuits.at[i].name, '.');
    if (dot && strcmp(dot + 1, name) == 0) v = &p->circuits.at[i];
  }
  bool ok = v != NULL;
  IoError e;
  if (!v) {
    repl_complain(R, DIAG_NAME, "`:draw NAME`, of a circuit whose sizes are in its signature",
                  *name ? "there is no circuit `%s` to draw" : "which circuit?%s", *name ? name : "");
  } else if (*file) {
    const char *svg = draw_svg(a, p, v);
    ok = io_write_file(file, svg, strlen(svg), &e);
    if (ok) printf("%s\n", file);
    else repl_complain(R, DIAG_WRITE, NULL, "%s", io_message(a, &e));
  } else {
    fputs(draw_text(a, p, v, (DrawStyle){.unicode = R->cli->style.unicode, .width = repl_width()}), stdout);
  }
  arena_free(a);
  return ok;
}

/* ---- states -------------------------------------------------------------------------------------------- */

/* Lines that do something to qubits; the others are kept wherever a circuit is cut. */
static bool is_gate_line(const AstNode *n) {
  switch ((int)n->kind) {
  case AST_COMMAND:
  case AST_MODIFIED:
  case AST_FOR:
  case AST_REPEAT:
  case AST_IF: return true;
  default: return false;
  }
}

/* The same circuit under another name, returning its amplitudes after `lines` of its gates (-1: all); NULL
 * and a message if it cannot be written. *last is the line before the cut, "" if there is none. */
static const char *with_amplitudes(Repl *R, Arena *a, const ReplEntry *e, const char *name, int lines,
                                   const char **last) {
  const Source src = {SRC_REPL, e->text, (uint32_t)strlen(e->text),
                      1}; /* it was read before: no message comes */
  AstNode *tree = NULL;
  if (parse_source(a, &src, diag_sink(a), false, &tree, NULL) != PARSE_OK) return NULL;
  const AstNode *c = tree->kids[0], *registers = ast_kid(c, AST_CIRCUIT_registers),
                *results = ast_kid(c, AST_CIRCUIT_results), *body = ast_kid(c, AST_CIRCUIT_body);
  if (!registers || registers->n != 1) {
    repl_complain(R, DIAG_USAGE, NULL, "`:state` shows circuits on one register");
    return NULL;
  }
  uint32_t from = c->name_span.end - 1, to = from;
  if (results) {
    to = results->span.end - 1;
    for (from = results->span.begin - 1; from > 0 && strncmp(e->text + from, "->", 2) != 0;) from--;
  }
  const uint32_t open = body->span.begin, head = c->name_span.end - 1;
  Text t = text_new(a);
  text_printf(&t, "circuit %s", name);
  text_bytes(&t, e->text + head, from - head);
  text_bytes(&t, e->text + to, open - to);
  int gates = 0;
  *last = "";
  for (int i = 0; i < body->n; i++) {
    const AstNode *k = body->kids[i];
    const char *line = arena_strn(a, e->text + k->span.begin - 1, k->span.end - k->span.begin);
    const bool is_gate = is_gate_line(k);
    if (k->kind == AST_RETURN || (is_gate && lines >= 0 && gates >= lines)) continue;
    if (is_gate) gates++, *last = line;
    text_printf(&t, "\n%s", line);
  }
  if (lines > gates) {
    repl_complain(R, DIAG_USAGE, NULL, "`%s` has %d line%s of gates, so there is no state at %d",
                  e->names.at[0], gates, gates == 1 ? "" : "s", lines);
    return NULL;
  }
  text_printf(&t, "\nreturn amplitudes(%s)\n}", sym_text(registers->kids[0]->name));
  return text_str(&t);
}

/* Takes `at K` from the end of an argument; -1 if there is none. */
static int lines_asked(Arena *a, const char **argument) {
  const char *s = *argument, *at = NULL;
  for (const char *p = strstr(s, " at "); p; p = strstr(p + 1, " at ")) at = p;
  if (!at) return -1;
  const char *digits = at + 4;
  const size_t n = strspn(digits, "0123456789");
  if (n == 0 || n > 6 || digits[n] != '\0') return -1;
  *argument = arena_strn(a, s, (size_t)(at - s));
  return atoi(digits);
}

static bool has_weights(const Repl *R, const char *circuit) {
  const Program *p = R->view.program;
  for (int o = 0; p && o < p->objects.n; o++)
    if (strcmp(p->objects.at[o].name, circuit) == 0 && p->objects.at[o].n_slots > 0) return true;
  return false;
}

static bool takes_arguments(const ReplEntry *e) {
  const char *s = e->text;
  while (*s == '#') s += strcspn(s, "\n"), s += strspn(s, " \t\r\n"); /* comments in front of it */
  const char *open = strchr(s, '(');
  return open && open[1 + strspn(open + 1, " \t\n")] != ')';
}

bool repl_do_state(Repl *R, const char *argument) {
  if (!*argument) return repl_usage(R, "state", "a call of a circuit");
  Arena *a = arena_new();
  const int lines = lines_asked(a, &argument);
  const size_t n = strcspn(argument, "( ");
  const char *circuit = arena_strn(a, argument, n), *last = "";
  const char *name = arena_printf(a, "state_of_%s", circuit);
  const int i = repl_entry_named(R, circuit);
  bool ok = i >= 0;
  if (ok && R->entries.at[i].kind != AST_CIRCUIT) {
    if (R->entries.at[i].kind == AST_USE)
      repl_complain(R, DIAG_USAGE, "declare the circuit at the prompt",
                    "`%s` comes from a module, whose circuits `:state` does not take apart", circuit);
    else repl_complain(R, DIAG_USAGE, NULL, "`%s` is no circuit", circuit);
    ok = false;
  }
  if (ok && argument[n] != '(' && takes_arguments(&R->entries.at[i])) {
    repl_complain(R, DIAG_USAGE, arena_printf(a, "`:state %s(...)`", circuit), "`%s` wants its arguments",
                  circuit);
    ok = false;
  }
  const char *text = ok ? with_amplitudes(R, a, &R->entries.at[i], name, lines, &last) : NULL;
  if (text) {
    const bool weights = has_weights(R, circuit);
    const char *texts[3] = {text, arena_printf(a, "%s := weights(%s)", name, circuit),
                            arena_printf(a, "%s%s", name, argument[n] == '(' ? argument + n : "()")};
    if (!weights) texts[1] = texts[2];
    if (*last && lines >= 0) printf("after %.*s\n", (int)strcspn(last, "\n"), last);
    ok = repl_look(R, weights ? 3 : 2, texts, repl_kets);
  }
  arena_free(a);
  return ok && text;
}
