/* Records for programs: a JSON object or a GitHub annotation a line (`--message-format`). Fields are stable;
 * the layout of texts for people is not part of them. */
#ifndef QGN_DIAG_FORMAT_H
#define QGN_DIAG_FORMAT_H
#include <stdio.h>
#include "lang/base/diag.h"

/* {"v":1,"level","code","message","spans":[{"file","byte":[from,
 * to],"line","col","end_line","end_col","primary",
 * "label"}],"notes":[{"kind","text"}],"fixes":[{"applicability":"sure"|"maybe","edits":[{"file","byte","text"}]}]}
 * Bytes count from 0, lines and columns (of characters) from 1; a record without a place has no spans. */
void diag_put_json(const Diag *d, FILE *out);
/* ::error file=..,line=..,col=..,endLine=..,endColumn=..,title=E0301::message */
void diag_put_github(const Diag *d, FILE *out);
#endif
