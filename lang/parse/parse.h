/* The only entry to scanner and grammar: text in, tree out. */
#ifndef QGN_PARSE_H
#define QGN_PARSE_H
#include "lang/ast/ast.h"
#include "lang/base/source.h"
#include "lang/base/vec.h"

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
/* What may stand behind a text that ends in the middle of a statement: what the parser expects there, and
 * where that is. Words live in the arena given or for ever. */
typedef struct ParseNext {
  bool known;              /* false: a mistake stands before, or the end is inside of a comment */
  bool in_text;            /* the end is inside of a text; nothing else is said */
  bool statement;          /* a statement may begin */
  bool name, value;        /* a name; any value (then a name too) */
  bool declares;           /* the name is a new one: behind `let`, `circuit`, ... */
  bool operand;            /* the name is that of a register or of weights: behind `ry(x)`, `over` */
  bool draws;              /* what stands here is drawn from: behind `~` */
  VEC(const char *) words; /* reserved words that fit, in the order of keywords.def */
  const char *block;     /* the word that the innermost block belongs to (`circuit`, `step`); "" at the top */
  const char *call;      /* what is called, inside of its brackets; "" elsewhere */
  const char *owner;     /* behind `a.b.`: "a.b"; else "" */
  const char *attribute; /* behind `name =` of a statement: its name; else "" */
  VEC(const char *) names; /* names in the text before, each once */
} ParseNext;
/* `text` begins with a statement and ends where the word begins that is being typed. */
void parse_next(Arena *a, const char *text, ParseNext *out);
/* Reserved word i, from 0, sorted; NULL behind the last. */
const char *parse_word(int i);
/* The form of the statement that a reserved word begins: "let name = value"; NULL for other words. */
const char *parse_form(const char *word);
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
