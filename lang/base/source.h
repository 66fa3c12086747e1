/* All loaded source texts in one address space of byte offsets, so that a Span (span.h) alone
 * names a file and a place. The text is kept for the life of the process, unless it is forgotten by
 * name: tokens, trees and messages are slices of it.
 *
 * Columns count characters of the text (UTF-8 sequences), from 1; width on screen is the
 * renderer's business (diag.c). */
#ifndef QGN_SOURCE_H
#define QGN_SOURCE_H
#include <stdbool.h>
#include <stddef.h>
#include "lang/base/span.h"

typedef struct Source {
  const char *name; /* as shown in messages: path as given, <prelude>, <repl>, command line */
  const char *text; /* NUL at text[size]; may hold NULs before */
  uint32_t size;
  uint32_t base; /* offset of its first byte */
} Source;

/* The name of texts that come from the command line; messages show them without line numbers. */
#define SRC_COMMAND_LINE "command line"
/* The name of what is typed at the prompt; other names in <> are the library's. */
#define SRC_REPL "<repl>"

/* Copies name and text. NULL if more than 4 GiB of text would be loaded at a time. The offset just
 * behind the last byte belongs to the source too, so the end of a file is a place. */
const Source *src_add(const char *name, const char *text, size_t size);
const Source *src_of(uint32_t offset); /* NULL for offset 0 */
/* Line and column (both from 1) of an offset. False for offset 0. */
bool src_locate(uint32_t offset, const Source **src, int *line, int *col);
/* Text of line `line` (from 1), without its newline (\n or \r\n); empty if there is none. */
const char *src_line(const Source *src, int line, size_t *len);
/* The bytes of a span, cut at the end of its source. */
const char *src_text(Span s, size_t *len);
/* For those who read without end: texts with begin <= base < end are freed, and no place in them is known any
 * more. src_next is the base of the next text, unless the addresses are used up and one that is free is
 * taken. */
uint32_t src_next(void);
void src_forget(uint32_t begin, uint32_t end);
void src_clear(void); /* forgets all; for tests and a clean exit */
#endif
