/* Any bytes must parse without a crash, give an error exactly when the result says so, and give the
 * same tree twice; formatting keeps the tree, and doing it twice changes nothing. Built with
 * -fsanitize=fuzzer and -DLIBFUZZER it searches; without, it replays the files named on the command line. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "lang/base/mem.h"
#include "lang/parse/fmt.h"
#include "lang/parse/parse.h"
#include "tests/fuzz/replay.h"

static void require(bool holds, const char *what) {
  if (holds) return;
  fprintf(stderr, "parse: %s\n", what);
  abort();
}

static void check_spans(const AstNode *n) {
  for (int i = 0; i < n->n; i++) {
    const AstNode *kid = n->kids[i];
    if (!kid) continue;
    require(n->span.begin <= kid->span.begin && kid->span.end <= n->span.end, "a child outside its parent");
    require(kid->depth <= n->depth && n->depth <= AST_MAX_DEPTH, "a wrong depth");
    check_spans(kid);
  }
}

static void check_format(Arena *a, const Source *src) {
  DiagSink *sink = diag_sink(a);
  const char *once = fmt_source(a, src, sink);
  require(once, "a script that cannot be formatted");
  Source formatted = {"<fuzz>", once, (uint32_t)strlen(once), src->base};
  const char *twice = fmt_source(a, &formatted, sink);
  require(twice && strcmp(once, twice) == 0, "formatting twice changes the text");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  AstNode *tree[2];
  Arena *a = arena_new();
  const Source *src = src_add("<fuzz>", (const char *)bytes, size);
  for (int round = 0; round < 3; round++) {
    DiagSink *sink = diag_sink(a);
    AstNode *out;
    ParseResult result = parse_source(a, src, sink, round == 2, &out, NULL);
    require((result == PARSE_ERROR) == (sink->n_errors > 0), "result and messages differ");
    require(round == 2 || result != PARSE_INCOMPLETE, "incomplete though not interactive");
    check_spans(out);
    if (round < 2) tree[round] = out;
    if (round == 0 && result == PARSE_OK) check_format(a, src);
  }
  require(ast_equal(tree[0], tree[1]), "two trees of one text");
  arena_free(a);
  src_clear();
  return 0;
}

#ifndef LIBFUZZER
int main(int argc, char **argv) {
  const int status = replay(argc, argv);
  sym_clear();
  return status;
}
#endif
