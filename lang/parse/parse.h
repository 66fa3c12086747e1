/* The only entry to scanner and grammar: text in, tree out. */
#ifndef QGN_PARSE_H
#define QGN_PARSE_H
#include "lang/ast/ast.h"
#include "lang/base/source.h"

typedef enum ParseResult {
  PARSE_OK,
  PARSE_ERROR,     /* the sink has the messages; *out holds what could be parsed (with AST_ERROR nodes) */
  PARSE_INCOMPLETE /* only when `interactive`: the first error is at the end of input */
} ParseResult;

typedef struct ParseOpener {
  char bracket;
  Span span;
} ParseOpener;

/* Parses a whole source unit. The tree lives in `a` (*out is never NULL), messages in the sink. With
 * `interactive`, an input that ends too early gives PARSE_INCOMPLETE, no message, and in *open (if not NULL)
 * the innermost bracket still open. */
ParseResult parse_source(Arena *a, const Source *src, DiagSink *sink, bool interactive, AstNode **out,
                         ParseOpener *open);
/* Parses one literal of the command line: number with unit (a negative one is a UNARY over a NUMBER), TEXT,
 * BOOL, or an ARRAY of these; a bare word is a TEXT. False: *out is NULL and the sink says why. */
bool parse_literal(Arena *a, const Source *src, DiagSink *sink, AstNode **out);
/* Token kinds, spans and texts, one a line (`qgn dump --tokens`). */
void parse_dump_tokens(Arena *a, const Source *src, DiagSink *sink, FILE *out);
/* What a script says, in one form: its words, one a line, without comments, layout and reports, Greek names
 * in English. Scripts with the same text do the same. The text lives in `a`; NULL, with messages in the sink,
 * if the source does not parse. */
const char *parse_statements(Arena *a, const Source *src, DiagSink *sink);
#endif
