/* Circuits: gates over registers and pairs, modifiers, angles traced to their sources, observables. */
#include "tests/unit/sema_rig.h"

static const CircuitProgram *circuit_of(Rig *r, const char *text, const Node **node, const Graph **graph) {
  *r = rig_new(text, NULL);
  const Node *n = rig_node(&rig_program(r)->top, OP_CIRCUIT, graph);
  assert_non_null(n);
  if (node != NULL) *node = n;
  return n->attr.p;
}

static void broadcast(void **state) {
  (void)state;
  Rig r;
  const CircuitProgram *c = circuit_of(
      &r,
      "edition = 1\ncircuit c(x[3]) on q[3] { ry(x) q; rx(0.5) q; cx ring(q); cz q[0..2], q[1..3]; return expval(Z(q)) }\n"
      "c([0.1, 0.2, 0.3])\n",
      NULL, NULL);
  assert_int_equal(c->n_qubits, 3);
  assert_int_equal(c->gates.n, 3 + 3 + 3 + 2);
  assert_int_equal(c->gates.at[1].gate, GATE_RY);
  assert_int_equal(c->gates.at[1].qubit[0], 1);
  rig_close(c->gates.at[4].angle[0].shift, 0.5, 0);
  assert_int_equal(c->gates.at[4].angle[0].source, -1);
  const GateUse *last = &c->gates.at[8]; /* the ring closes */
  assert_int_equal(last->qubit[0], 2);
  assert_int_equal(last->qubit[1], 0);
  assert_int_equal(c->gates.at[10].qubit[0], 1);
  assert_int_equal(c->gates.at[10].qubit[1], 2);
  assert_int_equal(c->n_outputs, 3);
  rig_free(&r);
}

/* Angles lead back through slices, signs, factors and shifts to the weights and the inputs. */
static void angles(void **state) {
  (void)state;
  Rig r;
  const Node *node;
  const Graph *g;
  const CircuitProgram *c = circuit_of(&r,
                                       "edition = 1\n"
                                       "circuit c(x[2]) on q[2] {\n"
                                       "  param t[2, 2, 2] = 0.1\n"
                                       "  rx(3 * x + 1) q\n"
                                       "  ry(-t[1, :, 0]) q\n"
                                       "  rz(t[0, 1, 1] / 2 - 0.5) q[1]\n"
                                       "  return expval(Z(q[0]))\n"
                                       "}\n"
                                       "draw x[7, 2] ~ normal(0, 1)\nc(x)\n",
                                       &node, &g);
  assert_int_equal(c->n_inputs, 2);
  assert_true(c->input_has_rows[0]);
  assert_int_equal(c->input_size[0], 2);
  assert_false(c->input_has_rows[1]);
  assert_int_equal(c->input_size[1], 8);
  assert_int_equal(g_node(g, node->in[1])->op, OP_PARAM);
  const AngleRef *x1 = &c->gates.at[1].angle[0], *t1 = &c->gates.at[3].angle[0],
                 *t2 = &c->gates.at[4].angle[0];
  assert_int_equal(x1->source, 0);
  assert_int_equal(x1->element, 1);
  rig_close(x1->scale, 3, 0);
  rig_close(x1->shift, 1, 0);
  assert_int_equal(t1->source, 1);
  assert_int_equal(t1->element, 6); /* t[1, 1, 0] */
  rig_close(t1->scale, -1, 0);
  assert_int_equal(t2->element, 3); /* t[0, 1, 1] */
  rig_close(t2->scale, 0.5, 0);
  rig_close(t2->shift, -0.5, 0);
  assert_int_equal(node->shape.rank, 2);
  assert_int_equal(node->shape.d[0].n, 7);
  rig_free(&r);
}

/* What is not affine stays graph: the source is its node. */
static void not_affine(void **state) {
  (void)state;
  Rig r;
  const Node *node;
  const Graph *g;
  const CircuitProgram *c = circuit_of(
      &r,
      "edition = 1\ncircuit c(x[2]) on q[2] { param t[2] = 0.1; ry(sin(x) * t) q; return expval(Z(q)) }\nc([0.1, 0.2])\n",
      &node, &g);
  assert_int_equal(c->n_inputs, 1);
  assert_int_equal(g_node(g, node->in[0])->op, OP_MUL);
  rig_close(c->gates.at[0].angle[0].scale, 1, 0);
  rig_free(&r);
}

static void modifiers(void **state) {
  (void)state;
  Rig r;
  const CircuitProgram *c = circuit_of(&r,
                                       "edition = 1\n"
                                       "circuit pair(a) on u, v { rx(a) u; s v; cx u, v }\n"
                                       "circuit c() on q[4] {\n"
                                       "  inv @ pair(0.3) q[1], q[2]\n"
                                       "  ctrl @ negctrl @ ry(0.1) q[3], q[0], q[1]\n"
                                       "  ctrl(2) @ inv @ t q[0], q[1], q[2]\n"
                                       "  return expval(Z(q))\n"
                                       "}\nc()\n",
                                       NULL, NULL);
  assert_int_equal(c->gates.n, 5);
  assert_int_equal(c->gates.at[0].gate, GATE_CX);
  assert_true(c->gates.at[0].inverse);
  assert_int_equal(c->gates.at[2].gate, GATE_RX);
  assert_int_equal(c->gates.at[2].qubit[0], 1);
  const GateUse *u = &c->gates.at[3];
  assert_int_equal(u->n_controls, 2);
  assert_int_equal(u->qubit[0], 3);
  assert_int_equal(u->control_on[0], 1);
  assert_int_equal(u->qubit[1], 0);
  assert_int_equal(u->control_on[1], 0);
  assert_int_equal(u->qubit[2], 1);
  assert_int_equal(c->gates.at[4].n_controls, 2);
  assert_true(c->gates.at[4].inverse);
  rig_free(&r);
}

static void observables(void **state) {
  (void)state;
  Rig r;
  const CircuitProgram *c =
      circuit_of(&r,
                 "edition = 1\ncircuit c() on a, b {\n"
                 "  return expval([X(a) * Y(b) - 2, 0.5 * Z(a) + Z(a), (X(a) + Z(b)) * X(a)])\n}\nc()\n",
                 NULL, NULL);
  assert_int_equal(c->measure, MEASURE_EXPVAL);
  assert_int_equal(c->observables.n, 3);
  const Observable *o = &c->observables.at[0];
  assert_int_equal(o->terms.n, 2);
  assert_int_equal(o->terms.at[0].x, 3);
  assert_int_equal(o->terms.at[0].z, 2);
  rig_close(o->terms.at[1].coefficient, -2, 0);
  assert_int_equal(c->observables.at[1].terms.n, 1);
  rig_close(c->observables.at[1].terms.at[0].coefficient, 1.5, 0);
  o = &c->observables.at[2]; /* X X = 1, and Z(b) X(a) */
  assert_int_equal(o->terms.n, 2);
  assert_int_equal(o->terms.at[0].x | o->terms.at[0].z, 0);
  assert_int_equal(o->terms.at[1].x, 1);
  assert_int_equal(o->terms.at[1].z, 2);
  rig_free(&r);
}

static void probabilities(void **state) {
  (void)state;
  Rig r;
  const CircuitProgram *c = circuit_of(
      &r, "edition = 1\ncircuit c() on q[3], a[2] { h q; return probs(q[[2, 0]]) }\nc()\n", NULL, NULL);
  assert_int_equal(c->n_qubits, 5);
  assert_int_equal(c->measure, MEASURE_PROBS);
  assert_int_equal(c->n_outputs, 4);
  assert_int_equal(c->probs_qubits.at[0], 2);
  assert_int_equal(c->probs_qubits.at[1], 0);
  rig_free(&r);
}

/* Equal calls are one node. */
static void one_program(void **state) {
  (void)state;
  Rig r;
  const Graph *g;
  circuit_of(
      &r,
      "edition = 1\ncircuit c(x[1]) on q[1] { ry(x) q; return expval(Z(q)) }\nlet a = c([0.5])\nlet b = c([0.5])\na + b\n",
      NULL, &g);
  int circuits = 0;
  for (int i = 0; i < g_count(g); i++) circuits += g_node(g, i)->op == OP_CIRCUIT;
  assert_int_equal(circuits, 1);
  rig_free(&r);
}

static void lifted_twice(void **state) {
  (void)state;
  Rig r;
  const Node *n;
  circuit_of(
      &r,
      "edition = 1\ncircuit c(x[2]) on q[2] { ry(x) q; return expval(Z(q)) }\ndraw x[5, 3, 2] ~ normal(0, 1)\nlet y = c(x)\nsum(y[4, 2])\n",
      &n, NULL);
  assert_int_equal(n->shape.d[0].n, 15);
  assert_int_equal(n->shape.d[1].n, 2);
  rig_free(&r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(broadcast),   cmocka_unit_test(angles),       cmocka_unit_test(not_affine),
      cmocka_unit_test(modifiers),   cmocka_unit_test(observables),  cmocka_unit_test(probabilities),
      cmocka_unit_test(one_program), cmocka_unit_test(lifted_twice),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
