/* Constructors of the syntax tree, called by the actions of grammar/qgn.y and by nothing else.
 * They compute depth and copy the children into the arena; they look nothing up and fold nothing.
 *
 * A tree that becomes deeper than AST_MAX_DEPTH gets one E0007 (per AstBuild) and an ERROR node in
 * the place of the subtree, so callers need not check anything. */
#ifndef QGN_AST_BUILD_H
#define QGN_AST_BUILD_H
#include "lang/ast/ast.h"

/* Value of a token: what a NAME, NUMBER, STRING or reserved word says. */
typedef struct AstWord {
  Symbol name;      /* NAME and reserved words, Greek folded */
  const char *text; /* spelling of a NAME or NUMBER; decoded text of a STRING */
  double num;       /* NUMBER: as written, 10 for 10deg */
  int unit;         /* NUMBER: AstUnit */
  bool is_int;      /* NUMBER: no point, exponent or unit (px counts as int) */
  Span span;
} AstWord;

/* Text of `##` lines, and the offset of the statement they stand above. */
typedef struct AstDoc {
  uint32_t at;
  const char *text;
} AstDoc;

typedef struct AstBuild {
  Arena *arena; /* of the source unit; owns the nodes */
  DiagSink *sink;
  VEC(AstDoc) docs; /* in text order, added by the scanner */
  bool too_deep;    /* E0007 was given */
} AstBuild;

/* The children of a node, in the order of ast.def: ast_node(b, kind, span, KIDS(a, b)). */
#define KIDS(...)                                                                                            \
  ((int)(sizeof((AstNode *[]){__VA_ARGS__}) / sizeof(AstNode *))), ((AstNode *[]){__VA_ARGS__})

AstNode *ast_node(AstBuild *b, AstKind kind, Span span, int n, AstNode *const *kids);
/* The same with an operator or a character (see ast.def). */
AstNode *ast_node_op(AstBuild *b, AstKind kind, Span span, int op, int n, AstNode *const *kids);
/* The same with a name. */
AstNode *ast_named(AstBuild *b, AstKind kind, Span span, AstWord name, int n, AstNode *const *kids);
AstNode *ast_named_op(AstBuild *b, AstKind kind, Span span, AstWord name, int op, int n,
                      AstNode *const *kids);
/* NAME, NUMBER, TEXT, BOOL, TYPE: no children, everything from the word. */
AstNode *ast_leaf(AstBuild *b, AstKind kind, AstWord word);
AstNode *ast_binary(AstBuild *b, Span span, AstOp op, AstNode *left, AstNode *right);

/* A LIST of one, and one more at its end; the span grows with it. */
AstNode *ast_list(AstBuild *b, AstNode *first);
AstNode *ast_append(AstBuild *b, AstNode *list, AstNode *item);
/* A list (NULL: an empty one) under another kind: SCRIPT, BLOCK, ARRAY, TUPLE, LIST. */
AstNode *ast_group(AstBuild *b, AstKind kind, Span span, AstNode *list);
/* `( list )`: PAREN for one element, TUPLE for several. */
AstNode *ast_parens(AstBuild *b, Span span, AstNode *list);

/* `use`: path is a TEXT or a LIST of NAME; alias.name may be SYM_NONE, names may be NULL. */
AstNode *ast_use(AstBuild *b, Span span, AstNode *path, AstWord alias, AstNode *names);
/* `expect` ('e') and `assert` ('a'); reason.text may be NULL. */
AstNode *ast_expect(AstBuild *b, Span span, int op, AstNode *cond, AstWord reason);
/* Attaches the `##` lines that stand directly above the statement, if any. */
AstNode *ast_documented(AstBuild *b, AstNode *stmt);
#endif
