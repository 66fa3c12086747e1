/* `qgn fmt`: the one form of a script. It works on tokens and comments, line by line: what stands
 * on a line stays on it, spellings stay as they are, and only space changes, so that
 *   - the tree stays equal (checked on every call),
 *   - formatting twice changes nothing,
 *   - no comment is lost.
 *
 * Blocks are indented by 2; the further lines of a statement keep their distance to its first.
 * At most one blank line, none at the edges of a block. One space around operators, none inside
 * brackets and around `.` `..` `^`; wider gaps stay where they line something up with the line
 * above or below. Comments behind code share a column with those of the lines next to them. A `;`
 * at the end of a line goes. Lives in lang/parse because comments are in no tree. */
#ifndef QGN_FMT_H
#define QGN_FMT_H
#include "lang/base/diag.h"
#include "lang/base/source.h"

/* The formatted text (in `a`), or NULL with messages in the sink if the source does not parse. */
const char *fmt_source(Arena *a, const Source *src, DiagSink *sink);
#endif
