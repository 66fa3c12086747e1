/* Times the three convolutions at the shapes of W4, W5 and W6, one core: `conv [seconds per row]`.
 * Beside our kernels stand, where they are compiled in (-DWITH_DNNL -ldnnl, -DWITH_BLAS), oneDNN's primitives
 * on one thread, with and without bringing images from and to rows of channels, and im2col with
 * OpenBLAS. Milliseconds of a call with 16 images (minimum of many), and GF/s. */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "tests/ref/kernel_rig.h"
#ifdef WITH_BLAS
#include "runtime/tensor/blas.h"
#endif
#ifdef WITH_DNNL
#include <dnnl.h>
#endif

enum { ROWS = 16 };
static double seconds_per_row = 0.1;

typedef struct Case {
  const char *name;
  int64_t c, h, k, kernel, stride, pad;
} Case;

/* Images c x h x h of the larger side, k channels on the smaller side. */
static const Case cases[] = {
    {"W4 1x28 -> 32x14, k4 s2", 1, 28, 32, 4, 2, 1},  {"W4 32x14 -> 64x7, k4 s2", 32, 14, 64, 4, 2, 1},
    {"W5 1x28 -> 32x14, k3 s2", 1, 28, 32, 3, 2, 1},  {"W5 32x14 -> 64x7, k3 s2", 32, 14, 64, 3, 2, 1},
    {"W5 64x7 -> 128x4, k3 s2", 64, 7, 128, 3, 2, 1}, {"W6 1x28 -> 8x28, k3 s1", 1, 28, 8, 3, 1, 1},
    {"W6 8x14 -> 16x14, k3 s1", 8, 14, 16, 3, 1, 1},  {"   64x14 -> 64x14, k3 s1", 64, 14, 64, 3, 1, 1},
};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

typedef void Work(void *ctx);
static double best_of(Work *work, void *ctx) {
  double best = 1e30, end = now() + seconds_per_row;
  work(ctx);
  do {
    double start = now();
    work(ctx);
    double took = now() - start;
    if (took < best) best = took;
  } while (now() < end);
  return best;
}

static int64_t small_side(const Case *c) { return (c->h + 2 * c->pad - c->kernel) / c->stride + 1; }

static double *numbers(int64_t n, uint64_t seed) {
  double *x = malloc((size_t)(n + 1) * sizeof *x);
  for (int64_t i = 0; i < n; i++) x[i] = rig_random(seed, (uint64_t)i, -1, 1);
  return x;
}

static void call_kernel(void *ctx) {
  const KCall *c = ctx;
  c->op->fn(c);
}

static double time_ours(const KernelSet *set, const Case *c, OpId id) {
  int64_t o = small_side(c);
  Shape image = shape_of(4, (int64_t[]){ROWS, c->c, c->h, c->h});
  Shape result = shape_of(4, (int64_t[]){ROWS, c->k, o, o});
  Shape kernel = shape_of(4, (int64_t[]){c->k, c->c, c->kernel, c->kernel});
  KOp op = {.op = id, .n_in = 2, .attr.i = {c->stride, c->pad}};
  op.in_rows[0] = true;
  op.in[0] = id == OP_CONV_DX ? result : image;
  op.in[1] = id == OP_CONV_DW ? result : kernel;
  op.in_rows[1] = id == OP_CONV_DW;
  op.out = id == OP_CONV ? result : id == OP_CONV_DX ? image : kernel;
  op.out_rows = id != OP_CONV_DW;
  if (id == OP_CONV_DX) op.attr.i[2] = op.attr.i[3] = c->h;
  if (id == OP_CONV_DW) op.attr.i[2] = op.attr.i[3] = c->kernel;
  if (kop_prepare(&op, set)) return 0;
  KCall call = {.op = &op, .rows = ROWS};
  int64_t size[4] = {rig_size(&op.in[0], true, ROWS), rig_size(&op.in[1], op.in_rows[1], ROWS),
                     rig_size(&op.out, op.out_rows, ROWS), (int64_t)(op.scratch / set->real) + 1};
  void *memory[4];
  for (int k = 0; k < 4; k++) {
    double *x = numbers(size[k], (uint64_t)k);
    memory[k] = rig_reals(set, size[k], x);
    free(x);
  }
  call.in[0] = memory[0], call.in[1] = memory[1], call.out = memory[2], call.scratch = memory[3];
  double t = best_of(call_kernel, &call);
  for (int k = 0; k < 4; k++) rig_drop(set, memory[k], size[k]);
  return t;
}

#ifdef WITH_BLAS
/* The reference that ENGINE speaks of: patches copied into a matrix [c k k, o o] of each image. */
typedef struct Im2col {
  const Case *c;
  OpId id;
  int64_t o;
  float *image, *kernel, *result, *patches, *turned;
} Im2col;

static void patches_of(const Im2col *j, const float *image, bool back, float *to_image) {
  const Case *c = j->c;
  float *p = j->patches;
  for (int64_t ch = 0; ch < c->c; ch++)
    for (int64_t y = 0; y < c->kernel; y++)
      for (int64_t x = 0; x < c->kernel; x++)
        for (int64_t i = 0; i < j->o; i++) {
          int64_t row = i * c->stride + y - c->pad;
          for (int64_t k = 0; k < j->o; k++, p++) {
            int64_t col = k * c->stride + x - c->pad;
            bool inside = row >= 0 && row < c->h && col >= 0 && col < c->h;
            int64_t at = (ch * c->h + row) * c->h + col;
            if (!back) *p = inside ? image[at] : 0;
            else if (inside) to_image[at] += *p;
          }
        }
}

static void run_im2col(void *ctx) {
  Im2col *j = ctx;
  const Case *c = j->c;
  int64_t taps = c->c * c->kernel * c->kernel, places = j->o * j->o, size = c->c * c->h * c->h;
  if (j->id == OP_CONV_DW) memset(j->kernel, 0, (size_t)(c->k * taps) * sizeof(float));
  for (int i = 0; i < ROWS; i++) {
    float *image = j->image + i * size, *result = j->result + i * c->k * places;
    if (j->id != OP_CONV_DX) patches_of(j, image, false, NULL);
    if (j->id == OP_CONV) blas_gemm_f32(false, false, c->k, places, taps, j->kernel, j->patches, result);
    if (j->id == OP_CONV_DX) {
      blas_gemm_f32(true, false, taps, places, c->k, j->kernel, result, j->patches);
      memset(image, 0, (size_t)size * sizeof(float));
      patches_of(j, NULL, true, image);
    }
    if (j->id == OP_CONV_DW) {
      blas_gemm_f32(false, true, c->k, taps, places, result, j->patches, j->turned);
      for (int64_t n = 0; n < c->k * taps; n++) j->kernel[n] += j->turned[n];
    }
  }
}

static double time_im2col(const Case *c, OpId id) {
  Im2col j = {.c = c, .id = id, .o = small_side(c)};
  int64_t taps = c->c * c->kernel * c->kernel, places = j.o * j.o;
  j.image = calloc((size_t)(ROWS * c->c * c->h * c->h), sizeof(float));
  j.kernel = calloc((size_t)(c->k * taps), sizeof(float));
  j.turned = calloc((size_t)(c->k * taps), sizeof(float));
  j.result = calloc((size_t)(ROWS * c->k * places), sizeof(float));
  j.patches = calloc((size_t)(taps * places), sizeof(float));
  double t = best_of(run_im2col, &j);
  free(j.image), free(j.kernel), free(j.turned), free(j.result), free(j.patches);
  return t;
}
#endif

#ifdef WITH_DNNL
typedef struct Dnnl {
  dnnl_stream_t stream;
  dnnl_primitive_t work, before[2], after;
  dnnl_exec_arg_t args[4], before_args[2][2], after_args[2];
  int n_before, n_args;
  bool has_after;
} Dnnl;

static void must(dnnl_status_t s) {
  if (s != dnnl_success) {
    fprintf(stderr, "oneDNN: status %d\n", (int)s);
    exit(1);
  }
}

static dnnl_memory_t dnnl_room(dnnl_engine_t engine, const dnnl_memory_desc_t *d) {
  dnnl_memory_t m;
  size_t bytes = dnnl_memory_desc_get_size(d);
  void *p = aligned_alloc(64, (bytes + 63) / 64 * 64);
  memset(p, 0, bytes);
  must(dnnl_memory_create(&m, d, engine, p));
  return m;
}

static dnnl_primitive_t reorder(dnnl_engine_t e, dnnl_memory_t from, dnnl_memory_t to) {
  const dnnl_memory_desc_t *a, *b;
  dnnl_primitive_desc_t pd;
  dnnl_primitive_t p;
  dnnl_memory_get_memory_desc(from, &a);
  dnnl_memory_get_memory_desc(to, &b);
  must(dnnl_reorder_primitive_desc_create(&pd, a, e, b, e, NULL));
  must(dnnl_primitive_create(&p, pd));
  return p;
}

static void run_dnnl(void *ctx) {
  Dnnl *d = ctx;
  dnnl_primitive_execute(d->work, d->stream, d->n_args, d->args);
  dnnl_stream_wait(d->stream);
}
static void run_dnnl_all(void *ctx) {
  Dnnl *d = ctx;
  for (int i = 0; i < d->n_before; i++) dnnl_primitive_execute(d->before[i], d->stream, 2, d->before_args[i]);
  dnnl_primitive_execute(d->work, d->stream, d->n_args, d->args);
  if (d->has_after) dnnl_primitive_execute(d->after, d->stream, 2, d->after_args);
  dnnl_stream_wait(d->stream);
}

static void time_dnnl(const Case *c, OpId id, double *alone, double *all) {
  int64_t o = small_side(c);
  dnnl_engine_t e;
  must(dnnl_engine_create(&e, dnnl_cpu, 0));
  dnnl_dims_t image = {ROWS, c->c, c->h, c->h}, kernel = {c->k, c->c, c->kernel, c->kernel},
              result = {ROWS, c->k, o, o}, stride = {c->stride, c->stride}, pad = {c->pad, c->pad};
  dnnl_dims_t pad2;
  for (int k = 0; k < 2; k++) pad2[k] = (o - 1) * c->stride + c->kernel - c->h - c->pad;
  dnnl_memory_desc_t any[3], plain[3];
  dnnl_dim_t *dims[3] = {image, kernel, result};
  for (int k = 0; k < 3; k++) {
    must(dnnl_memory_desc_init_by_tag(&any[k], 4, dims[k], dnnl_f32, dnnl_format_tag_any));
    must(dnnl_memory_desc_init_by_tag(&plain[k], 4, dims[k], dnnl_f32, dnnl_abcd));
  }
  dnnl_convolution_desc_t d;
  dnnl_primitive_desc_t fpd, pd;
  must(dnnl_convolution_forward_desc_init(&d, dnnl_forward_training, dnnl_convolution_direct, &any[0],
                                          &any[1], NULL, &any[2], stride, pad, pad2));
  must(dnnl_primitive_desc_create(&fpd, &d, NULL, e, NULL));
  pd = fpd;
  if (id == OP_CONV_DX) {
    must(dnnl_convolution_backward_data_desc_init(&d, dnnl_convolution_direct, &any[0], &any[1], &any[2],
                                                  stride, pad, pad2));
    must(dnnl_primitive_desc_create(&pd, &d, NULL, e, fpd));
  } else if (id == OP_CONV_DW) {
    must(dnnl_convolution_backward_weights_desc_init(&d, dnnl_convolution_direct, &any[0], &any[1], NULL,
                                                     &any[2], stride, pad, pad2));
    must(dnnl_primitive_desc_create(&pd, &d, NULL, e, fpd));
  }
  dnnl_query_t q[3] = {dnnl_query_src_md, dnnl_query_weights_md, dnnl_query_dst_md};
  int arg[3] = {DNNL_ARG_SRC, DNNL_ARG_WEIGHTS, DNNL_ARG_DST}, out = 2;
  if (id == OP_CONV_DX)
    q[0] = dnnl_query_diff_src_md, q[2] = dnnl_query_diff_dst_md, arg[0] = DNNL_ARG_DIFF_SRC,
    arg[2] = DNNL_ARG_DIFF_DST, out = 0;
  if (id == OP_CONV_DW)
    q[1] = dnnl_query_diff_weights_md, q[2] = dnnl_query_diff_dst_md, arg[1] = DNNL_ARG_DIFF_WEIGHTS,
    arg[2] = DNNL_ARG_DIFF_DST, out = 1;
  Dnnl w = {0};
  must(dnnl_stream_create(&w.stream, e, dnnl_stream_default_flags));
  must(dnnl_primitive_create(&w.work, pd));
  for (int k = 0; k < 3; k++) {
    const dnnl_memory_desc_t *md = dnnl_primitive_desc_query_md(pd, q[k], 0);
    dnnl_memory_t m = dnnl_room(e, md);
    w.args[w.n_args++] = (dnnl_exec_arg_t){arg[k], m};
    if (dnnl_memory_desc_equal(md, &plain[k])) continue;
    dnnl_memory_t p = dnnl_room(e, &plain[k]);
    if (k == out) {
      w.has_after = true;
      w.after = reorder(e, m, p);
      w.after_args[0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, m},
      w.after_args[1] = (dnnl_exec_arg_t){DNNL_ARG_TO, p};
    } else {
      w.before[w.n_before] = reorder(e, p, m);
      w.before_args[w.n_before][0] = (dnnl_exec_arg_t){DNNL_ARG_FROM, p};
      w.before_args[w.n_before++][1] = (dnnl_exec_arg_t){DNNL_ARG_TO, m};
    }
  }
  *alone = best_of(run_dnnl, &w);
  *all = best_of(run_dnnl_all, &w);
}
#endif

static void show(const char *what, double seconds, double flops) {
  if (seconds > 0) printf("  %s %6.3f ms %4.0f GF/s", what, seconds * 1e3, flops / seconds * 1e-9);
}

int main(int argc, char **argv) {
  const KernelSet *sets[RIG_VARIANTS];
  int n = rig_variants(sets);
  if (argc > 1) seconds_per_row = atof(argv[1]);
  static const OpId ops[] = {OP_CONV, OP_CONV_DX, OP_CONV_DW};
  static const char *const names[] = {"forward", "by images", "by kernels"};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    for (int k = 0; k < 3; k++) {
      const Case *c = &cases[i];
      int64_t o = small_side(c);
      double flops = 2.0 * ROWS * (double)(c->k * c->c * c->kernel * c->kernel * o * o);
      printf("%-26s %-10s", c->name, names[k]);
      for (int v = 0; v < n; v++)
        if (strncmp(sets[v]->name, "f32", 3) == 0 && strcmp(sets[v]->name, "f32_base") != 0)
          show(sets[v]->name, time_ours(sets[v], c, ops[k]), flops);
#ifdef WITH_BLAS
      show("im2col", time_im2col(c, ops[k]), flops);
#endif
#ifdef WITH_DNNL
      double alone, all;
      time_dnnl(c, ops[k], &alone, &all);
      show("oneDNN", alone, flops);
      show("with layouts", all, flops);
#endif
      printf("\n");
      fflush(stdout);
    }
  return 0;
}
