/* The library's texts are read from stdlib/, with the `##` lines above a definition. */
#include <ctype.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/ir/gate.h"
#include "lang/ir/optim.h"
#include "lang/sema/library.h"
#include "lang/sema/walk.h"
#include "runtime/cli/doc.h"

typedef struct Docs {
  Arena *arena;
  DocNames *index;           /* not NULL: names are collected, nothing is printed */
  const char *name, *module; /* "wgan_gp", and "gan" of std.gan.wgan_gp or NULL */
  int shown;
  VEC(const char *) names; /* all that there are, for did-you-mean */
} Docs;

static void title(Docs *d, const char *text, const char *kind) {
  printf("%s%s   (%s)\n", d->shown++ > 0 ? "\n" : "", text, kind);
}

static void show_built_in(Docs *d) {
  Arena *a = d->arena;
  for (int i = 0; i < library_count(); i++) {
    const LibraryName n = library_at(a, i);
    vec_push(a, &d->names, n.name);
    if (d->module != NULL || strcmp(n.name, d->name) != 0) continue;
    title(d, n.call, n.later ? "known, not built yet" : n.kind);
    printf("  %s\n", n.doc);
  }
  for (int i = 0; i < OPTIM_COUNT; i++) {
    if (d->module != NULL || strcmp(optim_info[i].name, d->name) != 0) continue;
    printf("  %s\n", optim_info[i].doc);
  }
}

/* "rx(a) q[0]", "cx q[0], q[1]": how a gate of angles is written. */
static const char *gate_form(Arena *a, const GateInfo *g) {
  const char *out = g->name;
  for (int i = 0; i < g->n_angles; i++) out = arena_printf(a, "%s%s%c", out, i == 0 ? "(" : ", ", 'a' + i);
  if (g->n_angles > 0) out = arena_printf(a, "%s)", out);
  if (g->n_qubits < 0) return arena_printf(a, "%s q", out);
  for (int i = 0; i < g->n_qubits; i++) out = arena_printf(a, "%s%s q[%d]", out, i == 0 ? "" : ",", i);
  return out;
}

static void show_gate(Docs *d) {
  for (int g = 0; g < GATE_COUNT; g++) {
    vec_push(d->arena, &d->names, gate_info[g].name);
    if (d->module != NULL || gate_find(d->name) != (GateId)g) continue;
    const GateInfo *i = &gate_info[g];
    title(d, i->name, "gate");
    if (!i->given)
      printf("  `%s`%s\n", gate_form(d->arena, i),
             i->n_qubits == 1   ? "; over a register: `q`"
             : i->n_qubits == 2 ? "; over pairs: `chain(q)`, `ring(q)`, ..."
                                : "");
    printf("  %s\n", i->doc);
    if (*i->aliases != '\0') printf("  also called %s\n", i->aliases);
    const bool self = strcmp(i->inverse, "self") == 0, negate = strcmp(i->inverse, "negate") == 0,
               rule = strcmp(i->inverse, "rule") == 0;
    if (*i->inverse == '\0') printf("  has no inverse\n");
    else
      printf("  inverse: %s\n", self     ? "itself"
                                : negate ? "the negated angle"
                                : rule   ? "`inv @`"
                                         : i->inverse);
  }
}

static void list_built_in(Arena *a, DocNames *out) {
  for (int i = 0; i < library_count(); i++) {
    const LibraryName n = library_at(a, i);
    if (n.later) continue;
    vec_push(a, out, ((DocName){.name = n.name, .kind = n.kind, .call = n.call, .doc = n.doc}));
  }
  for (int g = 0; g < GATE_COUNT; g++) {
    const GateInfo *i = &gate_info[g];
    if (i->later) continue;
    vec_push(a, out, ((DocName){.name = i->name, .kind = "gate", .call = i->name, .doc = i->doc}));
  }
}

/* ---- texts of the library --------------------------------------------------------------------------- */

static const char *line_end(const char *s) {
  const char *end = strchr(s, '\n');
  return end != NULL ? end : s + strlen(s);
}

const char *doc_lines(const char *s, const char *indent) {
  while (s[0] == '#' && s[1] == '#') {
    const char *end = line_end(s);
    s += s[2] == ' ' ? 3 : 2;
    printf("%s%.*s\n", indent, (int)(end - s), s);
    s = end + (*end == '\n');
  }
  return s;
}

/* The name behind `def`, `circuit` or `model` at the start of a line; its length, 0 if there is none. */
static size_t defined_name(const char *line, const char **name) {
  static const char *const words[] = {"def ", "circuit ", "model "};
  for (int i = 0; i < 3; i++) {
    const size_t n = strlen(words[i]);
    if (strncmp(line, words[i], n) != 0) continue;
    *name = line + n;
    return strcspn(*name, "( ");
  }
  return 0;
}

/* The end of the definition: behind its brackets, and the line after one that ends in `=`. */
static const char *definition_end(const char *s) {
  int depth = 0;
  for (; *s != '\0'; s++) {
    if (*s == '#') s = line_end(s) - 1;
    else if (*s == '"') {
      for (s++; *s != '\0' && *s != '"'; s++) s += *s == '\\';
    } else if (strchr("([{", *s) != NULL) depth++;
    else if (strchr(")]}", *s) != NULL) depth--;
    else if (*s == '\n' && depth == 0) {
      const char *before = s - 1;
      while (*before == ' ') before--;
      if (*before != '=') return s;
    }
  }
  return s;
}

/* The `##` lines directly above; the definitions between them and this one share them. */
static const char *doc_begin(const char *text, const char *line) {
  const char *at = line;
  bool seen = false;
  while (at > text) {
    const char *up = at - 1;
    while (up > text && up[-1] != '\n') up--;
    const bool doc = up[0] == '#' && up[1] == '#';
    if (*up == '\n' || (seen && !doc)) break;
    seen = seen || doc;
    at = up;
  }
  return at;
}

static void show_definition(Docs *d, const char *text, const char *line, const char *module) {
  title(d, d->name,
        module != NULL ? arena_printf(d->arena, "use std.%s: %s", module, d->name)
                       : "prelude, needs no `use`");
  doc_lines(doc_begin(text, line), "  ");
  printf("\n");
  const char *end = definition_end(line);
  for (const char *s = line; s < end; s = line_end(s) + 1) printf("  %.*s\n", (int)(line_end(s) - s), s);
}

static void show_module(Docs *d, const char *text, const char *module) {
  title(d, arena_printf(d->arena, "std.%s", module), "module");
  doc_lines(text, "  ");
  printf("\n");
  for (const char *s = text; *s != '\0'; s = *line_end(s) != '\0' ? line_end(s) + 1 : line_end(s)) {
    const char *name;
    if (defined_name(s, &name) == 0) continue;
    const char *end = line_end(s);
    const char *brace = memchr(s, '{', (size_t)(end - s));
    if (brace != NULL) end = brace;
    printf("  %.*s\n", (int)(end - s), s);
  }
}

/* A definition as a row of the index: its first line without the body, and the first of its `##` lines. */
static void list_definition(Docs *d, const char *text, const char *line, const char *name, size_t n,
                            const char *module) {
  Arena *a = d->arena;
  const char *end = line_end(line), *brace = memchr(line, '{', (size_t)(end - line));
  const size_t kind = strcspn(line, " ");
  const char *doc = "";
  if (brace != NULL) end = brace;
  while (end > line && (end[-1] == ' ' || end[-1] == '=')) end--;
  const char *s = doc_begin(text, line);
  if (s < line && s[0] == '#' && s[1] == '#') {
    s += 2 + (s[2] == ' ');
    doc = arena_strn(a, s, (size_t)(line_end(s) - s));
  }
  vec_push(a, d->index,
           ((DocName){.name = arena_strn(a, name, n),
                      .kind = arena_strn(a, line, kind),
                      .call = arena_strn(a, name, (size_t)(end - name)),
                      .doc = doc,
                      .module = module}));
}

static void show_text(Docs *d, const char *path, const char *module) {
  IoData data;
  IoError e;
  if (!io_read_file(d->arena, path, (size_t)1 << 20, &data, &e)) return;
  const char *text = arena_strn(d->arena, (const char *)data.bytes, data.size);
  if (module != NULL) vec_push(d->arena, &d->names, arena_printf(d->arena, "std.%s", module));
  if (module != NULL && d->index == NULL && d->module == NULL && strcmp(d->name, module) == 0)
    show_module(d, text, module);
  for (const char *s = text; *s != '\0'; s = *line_end(s) != '\0' ? line_end(s) + 1 : line_end(s)) {
    const char *name;
    const size_t n = defined_name(s, &name);
    if (n == 0) continue;
    if (d->index != NULL) {
      list_definition(d, text, s, name, n, module);
      continue;
    }
    vec_push(d->arena, &d->names, arena_strn(d->arena, name, n));
    const bool here = d->module == NULL || (module != NULL && strcmp(d->module, module) == 0);
    if (here && strlen(d->name) == n && strncmp(name, d->name, n) == 0) show_definition(d, text, s, module);
  }
}

static void show_library(Docs *d) {
  Arena *a = d->arena;
  const char *folder = cli_stdlib(a);
  char **files;
  int n;
  IoError e;
  if (folder == NULL) return;
  show_text(d, arena_printf(a, "%s/prelude.qgn", folder), NULL);
  if (!io_list(a, arena_printf(a, "%s/std", folder), &files, &n, &e)) return;
  for (int i = 0; i < n; i++) {
    const size_t len = strlen(files[i]);
    if (len < 5 || strcmp(files[i] + len - 4, ".qgn") != 0) continue;
    show_text(d, arena_printf(a, "%s/std/%s", folder, files[i]), arena_strn(a, files[i], len - 4));
  }
}

void doc_names(Arena *a, DocNames *out) {
  Docs d = {.arena = a, .index = out, .name = ""};
  list_built_in(a, out);
  show_library(&d);
}

static void show_attributes(Arena *a) {
  int n;
  const char *const *name = train_attributes(&n), *list = "attributes:";
  for (int i = 0; i < n; i++) list = arena_printf(a, "%s%s %s", list, i > 0 ? "," : "", name[i]);
  list = arena_printf(a, "%s; then `optimizer`, `step` and `every`: section 9 of spec.md", list);
  fputs("  ", stdout);
  cli_put_wrapped(list, 2, 2, cli_width(100));
}

bool doc_print(Arena *a, const char *name, const char **near) {
  Docs d = {.arena = a, .name = strncmp(name, "std.", 4) == 0 ? name + 4 : name};
  const char *dot = strchr(d.name, '.');
  if (dot != NULL) d.module = arena_strn(a, d.name, (size_t)(dot - d.name)), d.name = dot + 1;
  const char *form = parse_form(d.name);
  if (form != NULL) title(&d, form, "statement");
  if (strcmp(d.name, "train") == 0) show_attributes(a);
  show_built_in(&d);
  show_gate(&d);
  show_library(&d);
  const char *ours = synonym_of(d.name);
  *near = d.shown > 0 ? NULL : ours != NULL ? ours : diag_nearest(d.name, d.names.at, d.names.n);
  return d.shown > 0;
}

#define LIST_WIDTH 78

/* The names of a kind, or of a module, in lines. */
static void list_names(const DocNames *all, const char *head, const char *kind, const char *module) {
  size_t column = 0;
  printf("%s\n", head);
  for (int i = 0; i < all->n; i++) {
    const DocName *n = &all->at[i];
    const bool here = module != NULL ? n->module != NULL && strcmp(n->module, module) == 0
                                     : n->module == NULL && strcmp(n->kind, kind) == 0;
    if (!here) continue;
    if (column + strlen(n->name) + 1 > LIST_WIDTH) putchar('\n'), column = 0;
    printf("%s%s", column == 0 ? "  " : " ", n->name);
    column += strlen(n->name) + (column == 0 ? 2 : 1);
  }
  printf("\n\n");
}

/* All names by kind, in the order of the tables, then those of modules. */
static void list_all(Arena *a) {
  DocNames all = {0};
  doc_names(a, &all);
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < all.n; i++) {
      const DocName *n = &all.at[i];
      bool first = (n->module != NULL) == (pass == 1);
      for (int k = 0; k < i && first; k++)
        first = pass == 0 ? all.at[k].module != NULL || strcmp(all.at[k].kind, n->kind) != 0
                          : all.at[k].module == NULL || strcmp(all.at[k].module, n->module) != 0;
      if (first && pass == 0) list_names(&all, n->kind, n->kind, NULL);
      else if (first) list_names(&all, arena_printf(a, "use std.%s", n->module), NULL, n->module);
    }
  printf("`qgn doc NAME` shows one of them\n");
}

static bool is_documented(Arena *a, const char *name) {
  DocNames all = {0};
  doc_names(a, &all);
  for (int i = 0; i < all.n; i++)
    if (strcmp(all.at[i].name, name) == 0) return true;
  return false;
}

int cli_verb_doc(Cli *c) {
  const char *near;
  if (c->operands.n == 0) {
    list_all(c->arena);
    return 0;
  }
  const char *given = cli_one_operand(c);
  if (!given) return 2;
  if (doc_print(c->arena, given, &near) || doc_print_kind(c->arena, given)) return 0;
  const char *ours = synonym_of(given);
  if (ours != NULL && is_documented(c->arena, ours)) {
    printf("`%s` is `%s` here\n\n", given, ours);
    return doc_print(c->arena, ours, &near) ? 0 : 2;
  }
  cli_usage(c, c->operand_spans.at[0], "the library has no `%s`", given);
  Diag *d = c->sink->all.at[c->sink->all.n - 1];
  if (diag_find(given) != DIAG_COUNT) diag_help(d, "codes of messages: `qgn explain %s`", given);
  else if (ours != NULL) diag_help(d, "here it is written as %s", ours);
  else diag_help(d, near ? "did you mean `qgn doc %s`?" : "`qgn doc` lists all names%s", near ? near : "");
  return 2;
}

const char *doc_module_of(Arena *a, const char *name, const char **near) {
  DocNames names = {0};
  doc_names(a, &names);
  if (near != NULL) {
    const char **known = ARENA_ARRAY(a, const char *, names.n);
    int n = 0;
    for (int i = 0; i < names.n; i++)
      if (names.at[i].module != NULL) known[n++] = names.at[i].name;
    name = *near = diag_nearest(name, known, n);
  }
  for (int i = 0; name != NULL && i < names.n; i++)
    if (names.at[i].module != NULL && strcmp(names.at[i].name, name) == 0) return names.at[i].module;
  return NULL;
}

bool doc_print_kind(Arena *a, const char *kind) {
  DocNames names = {0};
  const size_t n = strlen(kind);
  const char *one = n > 1 && kind[n - 1] == 's' ? arena_strn(a, kind, n - 1) : kind;
  bool any = false;
  doc_names(a, &names);
  for (int i = 0; i < names.n; i++) {
    const DocName *x = &names.at[i];
    if (strcmp(x->kind, kind) != 0 && strcmp(x->kind, one) != 0) continue;
    const char *from = x->module != NULL ? arena_printf(a, "   use std.%s: %s", x->module, x->name) : "";
    any = true;
    printf("%s%s\n", x->call, from);
  }
  return any;
}
