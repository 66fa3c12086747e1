/* What the language, the gates, the optimizers and the library's texts say about a name: `qgn doc`, `:doc`
 * and the lines beside completions. */
#ifndef QGN_CLI_DOC_H
#define QGN_CLI_DOC_H
#include "runtime/cli/cli.h"

typedef struct DocName {
  const char *name;
  const char *kind;   /* "function", "gate", "layer", "circuit", ... as builtins.h has them */
  const char *call;   /* "adam(lr, betas =)"; a gate's is its name */
  const char *doc;    /* one line, "" if there is none */
  const char *module; /* "gan" of std.gan; NULL: no `use` is needed */
} DocName;
typedef VEC(DocName) DocNames;

/* Every name that has documentation, in the order of the tables. */
void doc_names(Arena *a, DocNames *out);
/* The module of the library that defines a name, or NULL; with `near` that of the name that is most like it,
 * which is stored there. */
const char *doc_module_of(Arena *a, const char *name, const char **near);
/* Prints the names of one kind, "layers" or "layer"; false if there is none of it. */
bool doc_print_kind(Arena *a, const char *kind);
/* Prints all that is known about a name ("wgan_gp", "std.gan.wgan_gp"). False if nothing is; *near is then a
 * name that may be meant, or NULL. */
bool doc_print(Arena *a, const char *name, const char **near);
/* Prints the `##` lines that a text begins with, without their marks, and returns what stands behind them. */
const char *doc_lines(const char *s, const char *indent);
#endif
