/* The syntax tree: what was written, nothing more. Every node has one shape (kind, span, name,
 * text, num, op, kids), so dumping, walking and formatting need no code per kind; ast.def names
 * the children of each kind, and ast_kid(node, AST_LET_value) reads one.
 *
 * Invariants: a node's span covers its children's; names are interned (Greek folded to ASCII),
 * `text` of a NAME or NUMBER is the spelling in the source; depth is at most AST_MAX_DEPTH,
 * which the constructors enforce (E0007), so recursion over a tree is safe. Depth counts what a
 * reader would call a level: groups and wrappers (LIST, BLOCK, ARG, STAGE, ...) add none, so a
 * walk recurses at most 4 * AST_MAX_DEPTH deep.
 *
 * Owner: the arena of the source unit. Nodes are never changed after parsing. Constructors are
 * in ast_build.h; only the grammar calls them. */
#ifndef QGN_AST_H
#define QGN_AST_H
#include <stdbool.h>
#include <stdio.h>
#include "lang/base/arena.h"
#include "lang/base/diag.h"
#include "lang/base/intern.h"
#include "lang/base/span.h"

#define AST_MAX_DEPTH 256

typedef enum AstKind {
#define AST(kind, ...) AST_##kind,
#include "lang/ast/ast.def"
#undef AST
  AST_KIND_COUNT
} AstKind;

/* `case AST_NO_STATEMENT:` for all other kinds where a `switch` is over statements: the compiler still lists
 * those that are missing. */
#define AST_NO_STATEMENT                                                                                     \
  AST_ERROR:                                                                                                 \
  case AST_SCRIPT:                                                                                           \
  case AST_BLOCK:                                                                                            \
  case AST_LIST:                                                                                             \
  case AST_PATTERN:                                                                                          \
  case AST_TYPE:                                                                                             \
  case AST_RESULT:                                                                                           \
  case AST_REST:                                                                                             \
  case AST_AXIS:                                                                                             \
  case AST_BINARY:                                                                                           \
  case AST_UNARY:                                                                                            \
  case AST_NAME:                                                                                             \
  case AST_NUMBER:                                                                                           \
  case AST_TEXT:                                                                                             \
  case AST_BOOL:                                                                                             \
  case AST_NEW:                                                                                              \
  case AST_MEMBER:                                                                                           \
  case AST_INDEX:                                                                                            \
  case AST_SLICE:                                                                                            \
  case AST_CALL:                                                                                             \
  case AST_ARG:                                                                                              \
  case AST_TUPLE:                                                                                            \
  case AST_PAREN:                                                                                            \
  case AST_ARRAY:                                                                                            \
  case AST_COMPREHENSION:                                                                                    \
  case AST_KIND_COUNT

/* Binary and unary operators, in the order of their binding. */
typedef enum AstOp {
  AST_OP_PIPE,
  AST_OP_OR,
  AST_OP_AND,
  AST_OP_NOT,
  AST_OP_EQ,
  AST_OP_NE,
  AST_OP_LT,
  AST_OP_GT,
  AST_OP_LE,
  AST_OP_GE,
  AST_OP_IN,
  AST_OP_RANGE,
  AST_OP_RANGE_TO,
  AST_OP_PM,
  AST_OP_ADD,
  AST_OP_SUB,
  AST_OP_MUL,
  AST_OP_DIV,
  AST_OP_NEG,
  AST_OP_POW,
  AST_OP_COUNT
} AstOp;
extern const char *const ast_op_text[AST_OP_COUNT]; /* "|>", "or", ... "^" */

typedef enum AstUnit {
  UNIT_NONE,
  UNIT_DEG,
  UNIT_TURN,
  UNIT_RAD,
  UNIT_PI,
  UNIT_PX,
  UNIT_PERCENT,
  UNIT_NS,
  UNIT_US,
  UNIT_MS,
  UNIT_S,
  UNIT_MIN,
  UNIT_H
} AstUnit;

/* Child numbers, from the field names of ast.def. */
enum { AST_USE_names };
enum { AST_HYPER_type, AST_HYPER_value, AST_HYPER_where };
enum { AST_LET_patterns, AST_LET_value };
enum { AST_VAR_patterns, AST_VAR_value };
enum { AST_PARAM_dims, AST_PARAM_value };
enum { AST_DRAW_dims, AST_DRAW_value };
enum { AST_DEF_params, AST_DEF_results, AST_DEF_body };
enum { AST_CIRCUIT_params, AST_CIRCUIT_results, AST_CIRCUIT_registers, AST_CIRCUIT_body };
enum { AST_MODEL_params, AST_MODEL_results, AST_MODEL_body };
enum { AST_DATASET_body };
enum { AST_TRAIN_body };
enum { AST_SWEEP_over, AST_SWEEP_body };
enum { AST_REPORT_body };
enum { AST_PATTERN_dims, AST_PATTERN_type, AST_PATTERN_def };
enum { AST_RESULT_dims };
enum { AST_STEP_columns, AST_STEP_body };
enum { AST_EVERY_count, AST_EVERY_body };
enum { AST_VARY_axes };
enum { AST_AXIS_value };
enum { AST_MINIMIZE_loss, AST_MINIMIZE_over, AST_MINIMIZE_per, AST_MINIMIZE_clip };
enum { AST_UPDATE_target, AST_UPDATE_value };
enum { AST_EXPECT_cond };
enum { AST_RETURN_values };
enum { AST_FOR_names, AST_FOR_range, AST_FOR_body };
enum { AST_REPEAT_count, AST_REPEAT_body };
enum { AST_IF_cond, AST_IF_then, AST_IF_other };
enum { AST_STAGE_value };
enum { AST_ASSIGN_target, AST_ASSIGN_value };
enum { AST_ATTR_target, AST_ATTR_operands, AST_ATTR_value };
enum { AST_COMMAND_head, AST_COMMAND_operands };
enum { AST_MODIFIED_modifier, AST_MODIFIED_command };
enum { AST_BINARY_left, AST_BINARY_right };
enum { AST_UNARY_value };
enum { AST_NEW_ref };
enum { AST_MEMBER_value };
enum { AST_INDEX_value, AST_INDEX_indices };
enum { AST_SLICE_from, AST_SLICE_to };
enum { AST_CALL_callee, AST_CALL_args };
enum { AST_ARG_value };
enum { AST_PAREN_value };
enum { AST_COMPREHENSION_value, AST_COMPREHENSION_names, AST_COMPREHENSION_range };

typedef struct AstNode AstNode;
struct AstNode {
  AstKind kind;
  Span span;
  Symbol name;
  Span name_span; /* of the name, where the node has one */
  int op;         /* AstOp, AstUnit, or a character; see ast.def */
  bool is_int;    /* NUMBER: no point, exponent or unit (px counts as int) */
  int depth;      /* levels below and at this node, see above */
  double num;
  const char *text;
  const char *doc; /* statements: text of the `##` lines directly above, or NULL */
  int n;           /* children */
  AstNode **kids;
};

static inline AstNode *ast_kid(const AstNode *n, int i) { return i < n->n ? n->kids[i] : NULL; }

extern const char *const ast_kind_name[AST_KIND_COUNT];
/* Field names of a kind, NULL-terminated; an empty list for LIST-like kinds. */
extern const char *const *const ast_kind_fields[AST_KIND_COUNT];

/* Indented text, stable order: `let @3:1-3:12` then children by field name. */
void ast_dump(const AstNode *n, FILE *out);
/* Structural equality; spans, docs and the spelling of numbers and names (1e-3 and 0.001, θ and
 * theta) are ignored. NULL equals only NULL. */
bool ast_equal(const AstNode *a, const AstNode *b);
#endif
