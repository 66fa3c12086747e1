/* A span is where a piece of source text stands: two byte offsets into one address space that
 * covers every loaded file (source.h). Eight bytes, so every token, tree node, graph node and
 * run-time error can carry one to the very end. Line and column are computed only when a
 * message is printed.
 *
 * Offset 0 belongs to no file: {0, 0} is "no place". */
#ifndef QGN_SPAN_H
#define QGN_SPAN_H
#include <stdint.h>

typedef struct Span {
  uint32_t begin; /* first byte */
  uint32_t end;   /* one past the last byte */
} Span;

#define SPAN_NONE ((Span){0, 0})

static inline Span span_join(Span a, Span b) {
  if (a.end == 0) return b;
  if (b.end == 0) return a;
  return (Span){a.begin < b.begin ? a.begin : b.begin, a.end > b.end ? a.end : b.end};
}
#endif
