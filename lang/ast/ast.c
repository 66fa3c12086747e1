#include <string.h>
#include "lang/ast/ast_build.h"

const char *const ast_kind_name[AST_KIND_COUNT] = {
#define AST(kind, name, ...) [AST_##kind] = name,
#include "lang/ast/ast.def"
#undef AST
};

/* Field names: the arguments after the name, as texts. A row without fields expands to one empty
 * text, which ends the list as NULL would; ast_kind_fields points at the common empty list then. */
#define FIELDS_1(a) #a
#define FIELDS_2(a, b) #a, #b
#define FIELDS_3(a, b, c) #a, #b, #c
#define FIELDS_4(a, b, c, d) #a, #b, #c, #d
#define FIELDS_PICK(a, b, c, d, macro, ...) macro
#define FIELDS(...) FIELDS_PICK(__VA_ARGS__, FIELDS_4, FIELDS_3, FIELDS_2, FIELDS_1, )(__VA_ARGS__)
#define AST_HAS_FIELDS(...) (sizeof(#__VA_ARGS__) > 1)

#define AST(kind, name, ...) static const char *const fields_##kind[] = {FIELDS(__VA_ARGS__), NULL};
#include "lang/ast/ast.def"
#undef AST
static const char *const no_fields[] = {NULL};

const char *const *const ast_kind_fields[AST_KIND_COUNT] = {
#define AST(kind, name, ...) [AST_##kind] = AST_HAS_FIELDS(__VA_ARGS__) ? fields_##kind : no_fields,
#include "lang/ast/ast.def"
#undef AST
};

const char *const ast_op_text[AST_OP_COUNT] = {
    [AST_OP_PIPE] = "|>",      [AST_OP_OR] = "or", [AST_OP_AND] = "and", [AST_OP_NOT] = "not",
    [AST_OP_EQ] = "==",        [AST_OP_NE] = "!=", [AST_OP_LT] = "<",    [AST_OP_GT] = ">",
    [AST_OP_LE] = "<=",        [AST_OP_GE] = ">=", [AST_OP_IN] = "in",   [AST_OP_RANGE] = "..",
    [AST_OP_RANGE_TO] = "..=", [AST_OP_PM] = "±",  [AST_OP_ADD] = "+",   [AST_OP_SUB] = "-",
    [AST_OP_MUL] = "*",        [AST_OP_DIV] = "/", [AST_OP_NEG] = "-",   [AST_OP_POW] = "^",
};

/* Groups and one-child wrappers are no level of their own (see ast.h). */
static bool is_level(AstKind kind) {
  switch ((int)kind) {
  case AST_SCRIPT:
  case AST_BLOCK:
  case AST_LIST:
  case AST_STAGE:
  case AST_ARG:
  case AST_PATTERN:
  case AST_RESULT:
  case AST_AXIS: return false;
  default: return true;
  }
}

static AstNode *error_node(AstBuild *b, Span span) {
  AstNode *n = ARENA_NEW(b->arena, AstNode);
  n->kind = AST_ERROR;
  n->span = span;
  n->depth = 1;
  return n;
}

static AstNode *too_deep(AstBuild *b, Span span) {
  if (!b->too_deep) {
    Diag *d = diag_add(b->sink, DIAG_NESTING, span, "this is nested deeper than %d levels", AST_MAX_DEPTH);
    diag_help(d, "give a part of it a name with `let`, or take it apart into several statements");
    b->too_deep = true;
  }
  return error_node(b, span);
}

AstNode *ast_node(AstBuild *b, AstKind kind, Span span, int n, AstNode *const *kids) {
  int depth = 0;
  for (int i = 0; i < n; i++)
    if (kids[i] && kids[i]->depth > depth) depth = kids[i]->depth;
  depth += is_level(kind) ? 1 : 0;
  if (depth > AST_MAX_DEPTH) return too_deep(b, span);
  AstNode *node = ARENA_NEW(b->arena, AstNode);
  node->kind = kind;
  node->span = span;
  node->depth = depth;
  node->n = n;
  node->kids = n ? ARENA_ARRAY(b->arena, AstNode *, n) : NULL;
  if (n) memcpy(node->kids, kids, (size_t)n * sizeof *kids);
  return node;
}

AstNode *ast_node_op(AstBuild *b, AstKind kind, Span span, int op, int n, AstNode *const *kids) {
  AstNode *node = ast_node(b, kind, span, n, kids);
  if (node->kind == kind) node->op = op;
  return node;
}

AstNode *ast_named(AstBuild *b, AstKind kind, Span span, AstWord name, int n, AstNode *const *kids) {
  return ast_named_op(b, kind, span, name, 0, n, kids);
}

AstNode *ast_named_op(AstBuild *b, AstKind kind, Span span, AstWord name, int op, int n,
                      AstNode *const *kids) {
  AstNode *node = ast_node(b, kind, span, n, kids);
  if (node->kind != kind) return node;
  node->op = op;
  node->name = name.name;
  node->name_span = name.span;
  return node;
}

AstNode *ast_leaf(AstBuild *b, AstKind kind, AstWord word) {
  AstNode *node = ast_node(b, kind, word.span, 0, NULL);
  node->name = word.name;
  node->name_span = word.name ? word.span : SPAN_NONE;
  node->text = word.text;
  node->num = word.num;
  node->op = word.unit;
  node->is_int = word.is_int;
  return node;
}

AstNode *ast_binary(AstBuild *b, Span span, AstOp op, AstNode *left, AstNode *right) {
  return ast_node_op(b, AST_BINARY, span, (int)op, KIDS(left, right));
}

AstNode *ast_list(AstBuild *b, AstNode *first) { return ast_node(b, AST_LIST, first->span, KIDS(first)); }

/* The room for children doubles: it is full whenever their number is a power of two. */
AstNode *ast_append(AstBuild *b, AstNode *list, AstNode *item) {
  int n = list->n;
  if ((n & (n - 1)) == 0) {
    size_t size = (size_t)n * sizeof *list->kids;
    list->kids = arena_grow(b->arena, list->kids, size, size ? 2 * size : sizeof *list->kids);
  }
  list->kids[n] = item;
  list->n = n + 1;
  list->span = span_join(list->span, item->span);
  if (item->depth > list->depth) list->depth = item->depth;
  return list;
}

AstNode *ast_group(AstBuild *b, AstKind kind, Span span, AstNode *list) {
  if (!list) return ast_node(b, kind, span, 0, NULL);
  return ast_node(b, kind, span, list->n, list->kids);
}

AstNode *ast_parens(AstBuild *b, Span span, AstNode *list) {
  return ast_node(b, list->n == 1 ? AST_PAREN : AST_TUPLE, span, list->n, list->kids);
}

static const char *dotted(AstBuild *b, const AstNode *path) {
  const char *text = sym_text(path->kids[0]->name);
  for (int i = 1; i < path->n; i++)
    text = arena_printf(b->arena, "%s.%s", text, sym_text(path->kids[i]->name));
  return text;
}

AstNode *ast_use(AstBuild *b, Span span, AstNode *path, AstWord alias, AstNode *names) {
  bool is_file = path->kind == AST_TEXT;
  AstNode *node = ast_named_op(b, AST_USE, span, alias, is_file ? 't' : 'p', KIDS(names));
  node->text = is_file ? path->text : dotted(b, path);
  return node;
}

AstNode *ast_expect(AstBuild *b, Span span, int op, AstNode *cond, AstWord reason) {
  AstNode *node = ast_node_op(b, AST_EXPECT, span, op, KIDS(cond));
  if (node->kind == AST_EXPECT) node->text = reason.text;
  return node;
}

AstNode *ast_documented(AstBuild *b, AstNode *stmt) {
  int low = 0, high = b->docs.n;
  while (low < high) {
    int mid = (low + high) / 2;
    if (b->docs.at[mid].at < stmt->span.begin) low = mid + 1;
    else high = mid;
  }
  if (low < b->docs.n && b->docs.at[low].at == stmt->span.begin) stmt->doc = b->docs.at[low].text;
  return stmt;
}

static bool same_text(const char *a, const char *b) { return a == b || (a && b && strcmp(a, b) == 0); }

bool ast_equal(const AstNode *a, const AstNode *b) {
  if (!a || !b) return a == b;
  if (a->kind != b->kind || a->name != b->name || a->op != b->op || a->n != b->n) return false;
  if (a->kind == AST_NUMBER) return a->num == b->num && a->is_int == b->is_int;
  if (a->num != b->num) return false;
  if (a->kind != AST_NAME && !same_text(a->text, b->text)) return false;
  for (int i = 0; i < a->n; i++)
    if (!ast_equal(a->kids[i], b->kids[i])) return false;
  return true;
}
