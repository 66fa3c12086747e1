/* Diagnostics are data. A stage that finds a mistake of the user adds a record to a sink and
 * goes on (or returns false); only the command line prints. A record has a code (a row of
 * diag.def, which fixes severity and exit code), a primary span, secondary labels with spans of
 * their own, notes and at most one help.
 *
 * Wording: the first line is complete on its own, lower case, no full stop, names in
 * backquotes, found and expected with values; help is text that can be typed. See docs and
 * CONTRIBUTING for the rules.
 *
 * Owner: records and their texts live in the sink's arena. All functions take printf formats;
 * control characters in user text are escaped when rendered. */
#ifndef QGN_DIAG_H
#define QGN_DIAG_H
#include <stdbool.h>
#include <stdio.h>
#include "lang/base/arena.h"
#include "lang/base/intern.h"
#include "lang/base/span.h"
#include "lang/base/vec.h"

typedef enum DiagCode {
#define DIAG(id, code, sev, exit, title, explain) DIAG_##id,
#include "lang/base/diag.def"
#undef DIAG
  DIAG_COUNT
} DiagCode;

typedef enum DiagSeverity { SEV_ERROR, SEV_WARNING } DiagSeverity;

typedef struct DiagInfo {
  const char *code; /* "E0301" */
  DiagSeverity severity;
  int exit_code;
  const char *title;   /* what the code means, one line */
  const char *explain; /* the text of `qgn explain` */
} DiagInfo;
extern const DiagInfo diag_info[DIAG_COUNT];

/* A secondary place. */
typedef struct DiagLabel {
  Span span;
  const char *text;
} DiagLabel;

/* A line `= kind: text` below the source; kind is note, expected, found, saved, help, ... */
typedef struct DiagLine {
  const char *kind;
  const char *text;
} DiagLine;

typedef struct Diag {
  DiagCode code;
  Span span;
  const char *text;  /* first line */
  const char *label; /* beside the carets; may be NULL */
  VEC(DiagLabel) labels;
  VEC(DiagLine) lines;
  const char *fix_text; /* replacement for fix_span, NULL if none */
  Span fix_span;
  bool fix_sure;
  Arena *arena;
} Diag;

typedef struct DiagSink {
  Arena *arena;
  VEC(Diag *) all;
  int n_errors, n_warnings;
} DiagSink;

DiagSink *diag_sink(Arena *a);
Diag *diag_add(DiagSink *s, DiagCode code, Span span, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));
/* Hands an error of another sink on, as it is; warnings stay there. The record must live as long as `s`. */
void diag_pass(DiagSink *s, Diag *d);
/* Text beside the carets of the primary span. */
void diag_mark(Diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* A secondary place, in any file. */
void diag_label(Diag *d, Span span, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void diag_note(Diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* What to write instead; a second one replaces the first. */
void diag_help(Diag *d, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void diag_line(Diag *d, const char *kind, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* A replacement that `qgn fix` could apply. */
void diag_fix(Diag *d, Span span, const char *text, bool sure);

typedef enum DiagFormat { FORM_TEXT, FORM_JSON, FORM_GITHUB } DiagFormat;

typedef struct DiagStyle {
  DiagFormat format; /* JSON, GITHUB: all records, one a line; nothing of what follows matters */
  bool color;        /* ANSI colours */
  bool unicode;      /* box characters, else ASCII */
  int width;         /* columns of the terminal; 0 = unknown, only lines over 400 columns are cut */
} DiagStyle;

/* Sorted by place (what has none comes last), duplicates dropped, at most 20 errors and 20 warnings
 * ("and 7 more errors"), a blank line between two. Drops warnings that an `# allow W....` comment
 * at the end of the line where they begin silences. */
void diag_render(const DiagSink *s, DiagStyle style, FILE *out);
void diag_render_one(const Diag *d, DiagStyle style, FILE *out);
/* Warnings that no `# allow` silences. */
int diag_warnings(const DiagSink *s);
/* Exit code of the first error in text order; 0 if there is none. */
int diag_exit_code(const DiagSink *s);
/* The row of a code text ("E0301", "w0312"); DIAG_COUNT if there is none. */
DiagCode diag_find(const char *code);

/* Did-you-mean: the nearest of `names` by Damerau-Levenshtein distance <= max(1, len/3), case
 * ignored, the first of several; or NULL. One letter alone is never a misspelling. */
const char *diag_nearest(const char *name, const char *const *names, int n);
/* "did you mean `x`?" beside the carets, if one of the names is near, and a fix of `span`: a sure one if that
 * name is nearer than every other. Returns it or NULL. */
const char *diag_did_you_mean(Diag *d, Span span, const char *name, const char *const *names, int n);
#endif
