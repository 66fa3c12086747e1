/* The tables of gates and optimisers, and the elaborated program as text. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>
#include "lang/ir/optim.h"
#include "lang/ir/program.h"

static void gates_are_found(void **state) {
  (void)state;
  for (int k = 0; k < GATE_COUNT; k++) {
    assert_int_equal(gate_find(gate_info[k].name), k);
    assert_true(gate_info[k].n_angles <= GATE_MAX_ANGLES);
    const char *inverse = gate_info[k].inverse;
    bool word =
        !*inverse || !strcmp(inverse, "self") || !strcmp(inverse, "negate") || !strcmp(inverse, "rule");
    assert_true(word || gate_find(inverse) != GATE_COUNT);
  }
  assert_int_equal(gate_find("phase"), GATE_P);
  assert_int_equal(gate_find("CNOT"), GATE_COUNT);
  assert_int_equal(gate_find(""), GATE_COUNT);
}

static void optimisers_are_found(void **state) {
  (void)state;
  assert_int_equal(optim_find("adam"), OPTIM_ADAM);
  assert_int_equal(optim_find("nothing"), OPTIM_COUNT);
  assert_true(isnan(optim_info[OPTIM_ADAM].hypers[0].value));
  assert_string_equal(optim_info[OPTIM_ADAM].hypers[2].name, "beta2");
  assert_null(optim_info[OPTIM_SGD].hypers[4].name);
  assert_true(optim_info[OPTIM_SGD].hypers[2].value == 0); /* what a script does not name changes nothing */
}

/* A train of one weight: w goes to 3. */
static Program *small_program(Arena *a) {
  Program *p = ARENA_NEW(a, Program);
  Shape s = shape_scalar();
  p->arena = a;
  p->edition = 1;
  p->seed = 7;
  vec_push(a, &p->counts, ((Count){0}));
  vec_push(a, &p->counts, ((Count){"B", COUNT_BATCH, 0, 64}));
  vec_push(a, &p->hypers, ((HyperValue){"lr", "0.1", true}));
  vec_push(a, &p->sites, ((Site){"m.w", SPAN_NONE}));
  vec_push(a, &p->slots,
           ((Slot){.kind = SLOT_PARAM, .name = "m.w", .shape = s, .start = {START_UNIFORM, 0, 0.5, NULL}}));
  vec_push(a, &p->slots, ((Slot){.kind = SLOT_VALUE, .name = "t.loss", .shape = s, .object = -1}));
  static const int owned[] = {0};
  vec_push(a, &p->objects, ((Object){.name = "m", .n_slots = 1, .slots = owned}));
  vec_push(a, &p->series, ((Series){.name = "t.loss.m", .slot = 1}));
  Graph *g = g_new(a);
  NodeId w = g_param(g, 0, &s, SPAN_NONE), grad;
  NodeId off = g_binary(g, OP_SUB, w, g_scalar(g, 3, SPAN_NONE), SPAN_NONE);
  NodeId loss = g_unary(g, OP_SQUARE, off, SPAN_NONE);
  assert_true(g_grad(g, loss, 1, &w, &grad, SPAN_NONE, NULL));
  g_store(g, loss, 1, SPAN_NONE);
  g_update(g, &(UpdateInfo){0, 0, 0, 1, owned, 0}, &grad, SPAN_NONE);
  Train t = {.name = "t", .dataset = -1, .epochs = 10, .gradient = "adjoint"};
  Optimizer o = {.optim = OPTIM_SGD, .n_hypers = 2, .n_slots = 1, .slots = owned, .name = "m"};
  o.hypers[0] = (Schedule){.kind = SCHED_COSINE, .base = 0.1, .slot = -1};
  o.hypers[1] = (Schedule){.kind = SCHED_CONST, .slot = -1};
  vec_push(a, &t.optimizers, o);
  vec_push(a, &t.step.stmts, ((Stmt){.kind = STMT_REGION, .graph = g}));
  vec_push(a, &t.step.stmts, ((Stmt){.kind = STMT_LOSS, .slot = 1, .series = 0}));
  vec_push(a, &p->trains, t);
  vec_push(a, &p->top.stmts, ((Stmt){.kind = STMT_TRAIN, .slot = -1}));
  vec_push(
      a, &p->top.stmts,
      ((Stmt){.kind = STMT_EXPECT, .slot = 1, .left = {"a", -1, 0}, .right = {NULL, -1, 0.5}, .op = "<"}));
  return p;
}

static void count_region(void *ctx, const Graph *g, Span span) {
  (void)g, (void)span;
  ++*(int *)ctx;
}

static void programs_are_readable(void **state) {
  (void)state;
  Arena *a = arena_new();
  Program *p = small_program(a);
  char *text = NULL;
  size_t size;
  FILE *f = open_memstream(&text, &size);
  program_dump(p, f);
  fclose(f);
  assert_string_equal(text, "program: edition 1, seed 7, single precision\n"
                            "count B at most 64\n"
                            "hyper lr = 0.1 (set)\n"
                            "site 0 m.w\n"
                            "param m.w [] ~ uniform(0, 0.5) site 0\n"
                            "value t.loss []\n"
                            "model m: m.w\n"
                            "train t: 10 epochs, gradient adjoint\n"
                            "  optimizer m = sgd(lr = cosine 0.1 to 0, momentum = 0) of m.w\n"
                            "  step\n"
                            "    region\n"
                            "      %1 [] = param m.w v0\n"
                            "      %2 [] = sub(%1, 3)\n"
                            "      %3 [] = square(%2)\n"
                            "      %4 [] = mul(%2, 2)\n"
                            "      store(%3) -> t.loss\n"
                            "      update(m.w by %4; train 0, optimizer 0, update 0)\n"
                            "    loss t.loss to t.loss.m\n"
                            "expect t.loss: \"a\" < 0.5\n");
  free(text);
  int regions = 0;
  program_each_region(p, count_region, &regions);
  assert_int_equal(regions, 1);
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(gates_are_found),
                                     cmocka_unit_test(optimisers_are_found),
                                     cmocka_unit_test(programs_are_readable)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
