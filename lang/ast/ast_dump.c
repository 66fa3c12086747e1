/* The tree as indented text, in an order and form that golden tests can rely on. */
#include "lang/ast/ast.h"
#include "lang/base/num.h"
#include "lang/base/source.h"

static const char *const unit_text[] = {
    [UNIT_NONE] = "", [UNIT_DEG] = "deg",   [UNIT_TURN] = "turn", [UNIT_RAD] = "rad", [UNIT_PI] = "pi",
    [UNIT_PX] = "px", [UNIT_PERCENT] = "%", [UNIT_NS] = "ns",     [UNIT_US] = "us",   [UNIT_MS] = "ms",
    [UNIT_S] = "s",   [UNIT_MIN] = "min",   [UNIT_H] = "h",
};

static void put_text(const char *s, FILE *out) {
  fputc('"', out);
  for (; *s; s++) {
    unsigned char c = (unsigned char)*s;
    if (c == '"' || c == '\\') fprintf(out, "\\%c", c);
    else if (c == '\n') fputs("\\n", out);
    else if (c == '\t') fputs("\\t", out);
    else if (c < 0x20 || c == 0x7f) fprintf(out, "\\x%02x", c);
    else fputc(c, out);
  }
  fputc('"', out);
}

static void put_number(const AstNode *n, FILE *out) {
  char buf[40];
  num_print(buf, sizeof buf, n->num);
  fprintf(out, " %s%s%s", buf, unit_text[n->op], n->is_int ? " int" : "");
}

static void put_details(const AstNode *n, FILE *out) {
  switch ((int)n->kind) {
  case AST_NUMBER: put_number(n, out); return;
  case AST_BOOL: fputs(n->num != 0 ? " true" : " false", out); return;
  case AST_BINARY:
  case AST_UNARY: fprintf(out, " %s", ast_op_text[n->op]); return;
  default: break;
  }
  if (n->name) fprintf(out, " %s", sym_text(n->name));
  if (n->op) fprintf(out, " '%c'", n->op);
  if (n->text && n->kind != AST_NAME && n->kind != AST_TYPE) {
    fputc(' ', out);
    put_text(n->text, out);
  }
}

static void put_place(Span s, FILE *out) {
  const Source *src;
  int line = 0, col = 0;
  if (!src_locate(s.begin, &src, &line, &col)) return;
  fprintf(out, " @%d:%d", line, col);
  if (src_locate(s.end, &src, &line, &col)) fprintf(out, "-%d:%d", line, col);
}

static void dump(const AstNode *n, int indent, const char *field, FILE *out) {
  fprintf(out, "%*s%s%s%s", indent, "", field ? field : "", field ? ": " : "", ast_kind_name[n->kind]);
  put_details(n, out);
  put_place(n->span, out);
  fputc('\n', out);
  if (n->doc) {
    fprintf(out, "%*sdoc: ", indent + 2, "");
    put_text(n->doc, out);
    fputc('\n', out);
  }
  const char *const *fields = ast_kind_fields[n->kind];
  bool named = fields[0] != NULL;
  for (int i = 0; i < n->n; i++)
    if (n->kids[i]) dump(n->kids[i], indent + 2, named ? fields[i] : NULL, out);
}

void ast_dump(const AstNode *n, FILE *out) {
  if (n) dump(n, 0, NULL, out);
}
