/* Checking and lowering in one walk: names, kinds, shapes and places are checked while the tree
 * is elaborated, top to bottom, into a Program. Static values (hypers, sizes, loop bounds) are
 * computed here; whatever depends on data becomes graph.
 *
 * Errors do not stop the walk: a statement with an error yields values of the error type, about
 * which nothing more is said, so independent errors are all found in one run. */
#ifndef QGN_SEMA_H
#define QGN_SEMA_H
#include "lang/ast/ast.h"
#include "lang/ir/program.h"

/* One `--set name=value`; value is a literal parsed by parse_literal. */
typedef struct SemaSet {
  const char *name;
  Span name_span;
  const AstNode *value;
} SemaSet;

/* The text of a module, as the callback finds it. */
typedef struct SemaModule {
  const char *id;     /* the same for the same file, whatever path names it */
  const char *shown;  /* its name in messages; a library's is <std.gan> */
  const char *listed; /* in qgn.lock: relative to the script, or std.gan */
  const char *text;
  size_t size;
  const char *problem; /* why there is none: one sentence; `near`: what may be meant, or NULL */
  const char *near;
} SemaModule;
/* Reads the module that `use` in the source called `from` names by `name`: a path as written, or a dotted
 * name of the library. False with a problem. Texts live in `a`. */
typedef bool SemaRead(void *ctx, Arena *a, const char *from, const char *name, bool is_library,
                      SemaModule *out);

/* One run of a sweep: the settings of the point stand in `sets`. */
typedef struct SemaPoint {
  const char *sweep;
  bool has_seed;
  int64_t seed;
} SemaPoint;

#define SEMA_MAX_STEPS 10000000
typedef struct SemaOptions {
  const SemaSet *sets;
  int n_sets;
  SemaRead *read; /* NULL: there are no modules */
  void *read_ctx;
  DataHeadFn *head; /* NULL: there are no data files */
  void *head_ctx;
  const SemaPoint *point; /* NULL: the whole script */
  const char *const
      *ended; /* trains that were ended before their last epoch, at the prompt: their series are shorter */
  int n_ended;
  int64_t
      max_steps; /* values and statements that loops and functions may be written out to; 0: SEMA_MAX_STEPS */
  /* The module of the library that defines a name ("ansatz" of std.ansatz), or NULL; NULL: nobody knows. With
   * `near` that of the one that is most like it, which is stored there. For messages, asked once a name was
   * not found. */
  const char *(*module_of)(Arena *a, const char *name, const char **near);
  const AstNode *prelude; /* of sema_prelude, for those who elaborate many scripts; NULL: it is parsed anew */
} SemaOptions;

/* The tree of the prelude, for SemaOptions; it is good as long as `a`, its source and its names are. */
const AstNode *sema_prelude(Arena *a);
/* Elaborates a whole script. Returns NULL if there were errors (the sink has them); warnings do
 * not count. Program, graphs and texts live in `a`. */
Program *sema_elaborate(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink);
/* `qgn check --why`: where the sizes of a name come from. False if the script declares no such name; *near is
 * then one that may be meant, or NULL. */
bool sema_why(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink, const char *name,
              const char **near, FILE *out);
/* `qgn dump --types`: every declared name with its kind and shape, in text order. Also after errors. */
void sema_dump_types(Arena *a, const AstNode *script, const SemaOptions *options, DiagSink *sink, FILE *out);
#endif
