/* Times single kernels in every variant this CPU runs: `kernels [seconds per row]`. Minimum over
 * many short runs; products in GF/s, the rest in ns a call. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/tensor/blas.h"
#include "tests/ref/kernel_rig.h"

static double seconds_per_row = 0.05;

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Nanoseconds of one call. */
static double time_call(const KCall *c) {
  double best = 1e30, end = now() + seconds_per_row;
  int repeats = 4;
  while (now() < end) {
    double start = now();
    for (int i = 0; i < repeats; i++) c->op->fn(c);
    double took = now() - start;
    if (took < 20e-6 && repeats < 1 << 20) repeats *= 2;
    else if (took / repeats < best) best = took / repeats;
  }
  return best * 1e9;
}

typedef struct Row {
  const char *name;
  OpId op;
  int64_t a[2], b[2], extra[2], out[2];
  bool ta, tb;
  int epilogue;
} Row;

#define MM(text, m, n, k, ta, tb, epi)                                                                       \
  {                                                                                                          \
    text, OP_MATMUL, {ta ? k : m, ta ? m : k}, {tb ? n : k, tb ? k : n}, {(epi)&EPI_BIAS ? 1 : m, n},        \
        {m, n}, ta, tb, epi                                                                                  \
  }
#define BL (EPI_BIAS | EPI_LEAKY)
static const Row rows[] = {
    MM("NN 16x64x64", 16, 64, 64, false, false, 0),
    MM("NN 16x64x64 bias leaky", 16, 64, 64, false, false, BL),
    MM("NT 16x64x64 bias leaky", 16, 64, 64, false, true, BL),
    MM("NT 16x64x64 leaky grad", 16, 64, 64, false, true, EPI_LEAKY_GRAD),
    MM("NN 64x64x64 bias leaky", 64, 64, 64, false, false, BL),
    MM("NT 64x64x64", 64, 64, 64, false, true, 0),
    MM("TN 64x64x16 add", 64, 64, 16, true, false, EPI_ADD),
    MM("TN 64x64x64", 64, 64, 64, true, false, 0),
    MM("NN 16x64x1 bias leaky", 16, 64, 1, false, false, BL),
    MM("NT 16x64x1 bias leaky", 16, 64, 1, false, true, BL),
    MM("NN 16x1x64 bias", 16, 1, 64, false, false, EPI_BIAS),
    MM("TN 64x1x16 add", 64, 1, 16, true, false, EPI_ADD),
    MM("TN 1x64x16 add", 1, 64, 16, true, false, EPI_ADD),
    MM("NN 16x2x2 bias", 16, 2, 2, false, false, EPI_BIAS),
    MM("NN 64x10x128", 64, 10, 128, false, false, 0),
    MM("NN 16x256x784", 16, 256, 784, false, false, 0),
    MM("NT 16x256x784", 16, 256, 784, false, true, 0),
    MM("TN 784x256x16 add", 784, 256, 16, true, false, EPI_ADD),
    MM("NN 128x128x128", 128, 128, 128, false, false, 0),
    MM("NN 159x512x512", 159, 512, 512, false, false, 0),
    MM("NN 768x768x768 (BLAS)", 768, 768, 768, false, false, 0),
    {"add 16", OP_ADD, {1, 16}, {1, 16}, {0, 0}, {1, 16}, false, false, 0},
    {"add 16x64", OP_ADD, {16, 64}, {16, 64}, {0, 0}, {16, 64}, false, false, 0},
    {"add 16x64 + 1x64", OP_ADD, {16, 64}, {1, 64}, {0, 0}, {16, 64}, false, false, 0},
    {"mul 16x64 * 16x1", OP_MUL, {16, 64}, {16, 1}, {0, 0}, {16, 64}, false, false, 0},
    {"exp 16x64", OP_EXP, {16, 64}, {0, 0}, {0, 0}, {16, 64}, false, false, 0},
    {"log 16x64", OP_LOG, {16, 64}, {0, 0}, {0, 0}, {16, 64}, false, false, 0},
    {"tanh 16x64", OP_TANH, {16, 64}, {0, 0}, {0, 0}, {16, 64}, false, false, 0},
    {"sigmoid 16x64", OP_SIGMOID, {16, 64}, {0, 0}, {0, 0}, {16, 64}, false, false, 0},
    {"sin 16x64", OP_SIN, {16, 64}, {0, 0}, {0, 0}, {16, 64}, false, false, 0},
    {"pow 16x64", OP_POW, {16, 64}, {16, 64}, {0, 0}, {16, 64}, false, false, 0},
    {"sum 16x64 axis 0", OP_SUM, {16, 64}, {0, 0}, {0, 0}, {1, 64}, true, false, 0},
    {"sum 16x64 axis 1", OP_SUM, {16, 64}, {0, 0}, {0, 0}, {16, 1}, false, true, 0},
    {"sum 16x64 all", OP_SUM, {16, 64}, {0, 0}, {0, 0}, {1, 1}, true, true, 0},
    {"sum 16x1 axis 0", OP_SUM, {16, 1}, {0, 0}, {0, 0}, {1, 1}, true, false, 0},
    {"transpose 64x64", OP_TRANSPOSE, {64, 64}, {0, 0}, {0, 0}, {64, 64}, false, false, 0},
    {"uniform 64x1", OP_DRAW, {0, 0}, {0, 0}, {0, 0}, {64, 1}, false, false, 0},
    {"normal 64x1", OP_DRAW, {0, 0}, {0, 0}, {0, 0}, {64, 1}, true, false, 0},
    {"normal 64x8", OP_DRAW, {0, 0}, {0, 0}, {0, 0}, {64, 8}, true, false, 0},
};

static Shape plane(const int64_t d[2]) { return shape_of(2, d); }

static void set_attr(KOp *op, const Row *r) {
  op->attr.f[0] = 0.2;
  op->attr.i[0] = r->ta;
  op->attr.i[1] = r->tb;
  if (r->op == OP_SUM) op->attr.i[0] = (r->ta ? 1 : 0) | (r->tb ? 2 : 0), op->attr.i[1] = 1;
  if (r->op == OP_TRANSPOSE) op->attr.i[0] = 1, op->attr.i[1] = 0;
}

static double time_row(const KernelSet *set, const Row *r) {
  RunClock clock = {0, 0, 1, 0};
  bool needs_extra = r->epilogue & (EPI_BIAS | EPI_LEAKY_GRAD);
  KOp op = {.op = r->op,
            .n_in = r->a[0] == 0   ? 0
                    : r->b[0] == 0 ? 1
                    : needs_extra  ? 3
                                   : 2,
            .epilogue = r->epilogue};
  op.in[0] = plane(r->a);
  op.in[1] = plane(r->b);
  op.in[2] = plane(r->extra);
  op.out = plane(r->out);
  set_attr(&op, r);
  const char *why = kop_prepare(&op, set);
  if (why) {
    fprintf(stderr, "%s: %s\n", r->name, why);
    exit(1);
  }
  KCall c = {.op = &op, .rows = r->out[0], .clock = &clock};
  void *memory[5];
  int64_t size[5] = {0, 0, 0, r->out[0] * r->out[1], (int64_t)(op.scratch / set->real) + 1};
  for (int k = 0; k < op.n_in; k++) size[k] = rig_size(&op.in[k], false, 0);
  for (int k = 0; k < 5; k++) {
    double *x = malloc((size_t)(size[k] + 1) * sizeof *x);
    for (int64_t i = 0; i < size[k]; i++) x[i] = rig_random((uint64_t)k, (uint64_t)i, 0.01, 1);
    memory[k] = rig_reals(set, size[k], x);
    free(x);
    if (k < op.n_in) c.in[k] = memory[k];
  }
  c.out = memory[3];
  c.scratch = memory[4];
  double t = time_call(&c);
  for (int k = 0; k < 5; k++) rig_drop(set, memory[k], size[k]);
  return t;
}

int main(int argc, char **argv) {
  const KernelSet *sets[RIG_VARIANTS];
  int n = rig_variants(sets);
  if (argc > 1) seconds_per_row = atof(argv[1]);
  printf("%s\n%-26s", blas_name(), "");
  for (int v = 0; v < n; v++) printf("%18s", sets[v]->name);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    const Row *r = &rows[i];
    printf("\n%-26s", r->name);
    for (int v = 0; v < n; v++) {
      double ns = time_row(sets[v], r);
      int64_t k = r->ta ? r->a[0] : r->a[1];
      if (r->op == OP_MATMUL) printf("%8.0f ns %3.0f GF", ns, 2.0 * (double)(r->out[0] * r->out[1] * k) / ns);
      else printf("%8.0f ns       ", ns);
    }
    fflush(stdout);
  }
  printf("\n");
  return 0;
}
