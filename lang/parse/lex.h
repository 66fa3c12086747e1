/* Inside of the front end: what the scanner, the token filter, the grammar and the error texts
 * share. Nothing outside lang/parse and grammar/ includes it; parse.h is the way in.
 *
 *   bytes -> qgn.l (words: one token for each piece of text, no state)
 *         -> lex.c (lines and brackets: sends NL where a statement can end, closes what was left
 *            open, keeps `##` texts and the last tokens for messages)
 *         -> qgn.y (statements)
 *
 * A mistake in a word or bracket is reported where it is found, and a sensible token is sent in
 * its place; `error_at` then keeps the grammar silent about the same statement. So each statement
 * reports its own first error. */
#ifndef QGN_LEX_H
#define QGN_LEX_H
#include "lang/ast/ast_build.h"
#include "lang/base/source.h"
#include "lang/parse/parse.h"

/* The reserved words with their tokens, sorted: lex_word.c. */
typedef struct LexKeyword {
  const char *word;
  int code;
} LexKeyword;
enum {
  LEX_N_KEYWORDS = 0
#define KEYWORD(word, token) +1
#include "grammar/keywords.def"
#undef KEYWORD
};
extern const LexKeyword lex_keywords[LEX_N_KEYWORDS];
int lex_keyword(const char *s); /* the token, 0 for other words */

#define LEX_MAX_OPEN 256 /* brackets open at once */
#define LEX_RECENT 4
#define LEX_MAX_ERRORS 200    /* then the rest is not read; far fewer are shown */
#define LEX_MAX_WARNINGS 1000 /* of the scanner */

/* A token as the hints see it. */
typedef struct LexToken {
  int code;
  AstWord word;
  Span span;
  bool first_on_line;
} LexToken;

typedef struct LexBracket {
  char bracket; /* ( [ { */
  Span span;
  int indent;        /* of the line it stands on */
  bool reported;     /* a message has named it */
  LexToken first;    /* of the statement that it belongs to */
  uint32_t error_at; /* of that statement */
  Span suspect;      /* {: the first line whose indentation says that the block is over */
} LexBracket;

typedef struct Lex {
  AstBuild *ast; /* arena, sink, docs */
  const Source *src;
  bool interactive; /* the end of the text may be the middle of a statement */
  bool is_literal;  /* a value of the command line: it may begin with `-`, and words are texts */
  ParseNext
      *next; /* not NULL: what may follow is asked for (next.c); a token that fits nowhere ends the text */
  void *scanner;
  uint32_t pos;        /* offset of the next byte */
  uint32_t line_begin; /* offset of the current line */
  int indent;          /* bytes before its first token */

  LexBracket open[LEX_MAX_OPEN];
  int depth;
  bool stopped;          /* too deep or too many errors: the rest is not read */
  bool incomplete;       /* interactive: the text ended inside a bracket or statement */
  int errors_before;     /* of the sink, at the begin */
  bool no_comment_end;   /* what is left of the text has no end of a C comment */
  bool close_at_newline; /* a text was not closed: brackets cannot be trusted on this line */
  int closed_early;      /* brackets closed by us, whose own closers may still come in this line: */
  uint32_t closed_line;
  int missing_blocks;               /* `{` that a message has missed, whose `}` may still come */
  int extra_blocks;                 /* `{` that a message has called wrong, whose `}` may be missing */
  Span early_suspect, early_opener; /* first suspect of a block that was closed all the same */

  LexToken held; /* read but not sent, because something else goes first */
  bool has_held;
  bool added; /* the last token sent is not in the text */

  LexToken recent[LEX_RECENT]; /* [0] is the last token sent */
  LexToken first;              /* of the current statement */
  bool at_statement;           /* the next token begins a statement */
  uint32_t error_at;           /* place of the last message in the current statement, 0 = none */

  VEC(char) doc; /* `##` lines read so far */
  uint32_t doc_end;
} Lex;

typedef struct Parse {
  AstBuild ast;
  Lex lex;
  AstNode *script;
} Parse;

#define LEX_NEWLINE 1 /* code of a line break between qgn.l and lex.c */

/* For qgn.l, which passes the text of the token; it sets *word and returns the token's code. */
int lex_name(Lex *x, const char *s, size_t n, AstWord *word);
int lex_number(Lex *x, const char *s, size_t n, AstWord *word);
/* A text in double quotes; `closed` is false where the line ends first. */
int lex_text(Lex *x, const char *s, size_t n, bool closed, AstWord *word);
/* A text in other quotes of `quote` bytes each. */
int lex_text_quoted(Lex *x, const char *s, size_t n, size_t quote, AstWord *word);
int lex_foreign(Lex *x, const char *s, size_t n, AstWord *word);
/* A single character that is no token; returns the token that was meant, or 0: skip it. */
int lex_stray(Lex *x, const char *s, size_t n, AstWord *word);
/* An operator of another language: reports it and returns the nearest of our own, or 0. */
int lex_habit(Lex *x, Span span, const char *op, int code);
/* Whether a comment of another language that begins here has an end. */
bool lex_comment_ends(Lex *x);
/* `//` and what follows on the line: a comment of another language, or a division. Returns the
 * number of bytes that belong to it. */
size_t lex_slashes(Lex *x, size_t n);
void lex_comment(Lex *x, const char *s, size_t n);
void lex_blank(Lex *x, const char *s, size_t n);
void lex_internal(Lex *x, const char *what);
Span lex_span(const Lex *x, size_t n); /* of the last n bytes read */

void lex_begin(Lex *x, AstBuild *ast, const Source *src);
void lex_end(Lex *x);
/* Reports bytes that are no text of ours, wherever they stand. False: the rest makes no sense. */
bool lex_check_bytes(Lex *x);
bool lex_can_end(int code); /* may a statement end after this token? */
/* Adds an error and notes it for the current statement. */
Diag *lex_error(Lex *x, DiagCode code, Span span, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
char lex_closer(char opener);
/* The message for a token that cannot begin a line, or NULL if t can. */
Diag *lex_line_error(Lex *x, const LexToken *t);

/* Called by the grammar: `expected` are token codes. */
void syntax_error(Parse *p, int found, Span span, const int *expected, int n);
void syntax_exhausted(Parse *p, Span span);

/* Text of a token for messages: `word`, "the end of the line". */
const char *syntax_token(Parse *p, const LexToken *t);
/* next.c: the same where the cursor is. */
void next_expected(Parse *p, const int *expected, int n);
/* Recognised slips. Each adds a complete message and returns it, or returns NULL. */
typedef struct SyntaxError {
  Parse *p;
  LexToken found;
  bool want[512]; /* by token code */
} SyntaxError;
Diag *syntax_hint(const SyntaxError *e);
/* The form of the statement that begins with token `code`, or NULL. */
const char *syntax_form(int code);
#endif
