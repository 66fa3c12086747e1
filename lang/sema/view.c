/* Circuits as they are drawn and exported: what their first elaboration made. */
#include "lang/sema/walk.h"

/* The node of made-up argument i: object.c draws it at site -1 - i. */
static NodeId made_up_node(const Graph *g, int i) {
  for (NodeId k = 0; k < g_count(g); k++) {
    const Node *n = g_node(g, k);
    if (n->op == OP_DRAW && n->attr.i[1] == -1 - i) return k;
  }
  return NODE_NONE;
}

static const CircuitProgram *body_program(Sema *S, const ObjectInfo *o) {
  const CircuitBuild *c = S->circuit;
  CircuitProgram *p = ARENA_NEW(S->a, CircuitProgram);
  p->n_qubits = c->n_qubits;
  p->n_inputs = c->inputs.n;
  p->input_has_rows = ARENA_ARRAY(S->a, bool, c->inputs.n + 1);
  p->input_size = ARENA_ARRAY(S->a, int64_t, c->inputs.n + 1);
  for (int i = 0; i < c->inputs.n; i++) p->input_size[i] = c->sizes.at[i];
  for (int i = 0; i < c->gates.n; i++) vec_push(S->a, &p->gates, c->gates.at[i]);
  p->name = sym_intern(o->path);
  p->span = o->decl->name_span;
  p->arena = S->a;
  return p;
}

void view_add(Sema *S, const ObjectInfo *o) {
  const CircuitBuild *c = S->circuit;
  const AstNode *params = ast_kid(o->decl, AST_CIRCUIT_params);
  CircuitView v = {
      .name = o->path, .is_block = o->is_block, .graph = graph_now(S), .span = o->decl->name_span};
  for (int i = 0; params != NULL && i < params->n; i++) {
    vec_push(S->a, &v.args, sym_text(params->kids[i]->name));
    vec_push(S->a, &v.arg_nodes, made_up_node(v.graph, i));
  }
  for (int i = 0; i < c->inputs.n; i++) vec_push(S->a, &v.inputs, c->inputs.at[i]);
  for (int i = 0; i < c->registers.n; i++) vec_push(S->a, &v.registers, c->registers.at[i]);
  for (int i = 0; i < c->programs.n; i++) vec_push(S->a, &v.measured, c->programs.at[i]);
  v.body = body_program(S, o);
  if (!span_in_library(o->decl->span)) warn_cancelling(S, v.body);
  vec_push(S->a, &S->p->circuits, v);
}
