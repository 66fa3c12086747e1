/* A script as text to a program, for the tests of lang/sema. */
#ifndef QGN_TEST_SEMA_RIG_H
#define QGN_TEST_SEMA_RIG_H
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "lang/base/source.h"
#include "lang/parse/parse.h"
#include "lang/sema/sema.h"

#define rig_close(a, b, tolerance) assert_true(fabs((double)((a) - (b))) <= (tolerance))

typedef struct Rig {
  Arena *arena;
  DiagSink *sink;
  Program *program; /* NULL after errors */
} Rig;

static inline const AstNode *rig_literal(Rig *r, const char *text) {
  AstNode *out = NULL;
  assert_true(parse_literal(r->arena, src_add("command line", text, strlen(text)), r->sink, &out));
  return out;
}

/* set: "name=value" or NULL. */
static inline Rig rig_new(const char *text, const char *set) {
  Rig r = {.arena = arena_new()};
  r.sink = diag_sink(r.arena);
  AstNode *tree = NULL;
  const Source *src = src_add("test.qgn", text, strlen(text));
  const ParseResult parsed = parse_source(r.arena, src, r.sink, false, &tree, NULL);
  SemaSet one;
  SemaOptions options = {0};
  if (set != NULL) {
    const char *eq = strchr(set, '=');
    one = (SemaSet){arena_strn(r.arena, set, (size_t)(eq - set)), SPAN_NONE, rig_literal(&r, eq + 1)};
    options = (SemaOptions){.sets = &one, .n_sets = 1};
  }
  if (parsed == PARSE_OK) r.program = sema_elaborate(r.arena, tree, &options, r.sink);
  return r;
}

static inline void rig_free(Rig *r) {
  arena_free(r->arena);
  src_clear();
}

/* The program, or a failure that shows the first message. */
static inline const Program *rig_program(const Rig *r) {
  if (r->program == NULL)
    fail_msg("%s", r->sink->all.n > 0 ? r->sink->all.at[0]->text : "no program, no message");
  return r->program;
}

static inline int rig_slot(const Program *p, const char *name) {
  for (int i = 0; i < p->slots.n; i++)
    if (strcmp(p->slots.at[i].name, name) == 0) return i;
  fail_msg("there is no slot %s", name);
  return -1;
}

/* The first node of an op in any region of the block, blocks inside included; NULL if there is none. */
static inline const Node *rig_node(const Block *b, OpId op, const Graph **graph) {
  for (int i = 0; i < b->stmts.n; i++) {
    const Stmt *s = &b->stmts.at[i];
    for (int k = 0; s->graph != NULL && k < g_count(s->graph); k++)
      if (g_node(s->graph, k)->op == op) {
        if (graph != NULL) *graph = s->graph;
        return g_node(s->graph, k);
      }
    const Node *inner = s->block != NULL ? rig_node(s->block, op, graph) : NULL;
    if (inner == NULL && s->other != NULL) inner = rig_node(s->other, op, graph);
    if (inner != NULL) return inner;
  }
  return NULL;
}
#endif
