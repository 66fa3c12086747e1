/* What the tests of the parser share: an arena and a sink of messages for each test. To be included once,
 * behind the headers that cmocka wants; `start` and `end` are set-up and teardown. */
#ifndef QGN_PARSE_RIG_H
#define QGN_PARSE_RIG_H
#include <cmocka.h>
#include "lang/parse/parse.h"

static Arena *arena;
static DiagSink *sink;

static int start(void **state) {
  (void)state;
  arena = arena_new();
  sink = diag_sink(arena);
  return 0;
}

static int end(void **state) {
  (void)state;
  arena_free(arena);
  src_clear();
  sym_clear();
  return 0;
}
#endif
