#include "tests/ref/kernel_rig.h"
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define FENCE_BYTES 128
#define FENCE 0xA5

int rig_variants(const KernelSet *sets[RIG_VARIANTS]) {
  int n = 0;
  for (int f = 0; f <= (int)kernel_family(); f++) {
    for (int is_double = 0; is_double < 2; is_double++) {
      const KernelSet *set = kernel_set((KernelFamily)f, is_double != 0);
      if (set) sets[n++] = set;
    }
  }
  return n;
}

double rig_round(const KernelSet *set, double x) { return set->real == sizeof(float) ? (double)(float)x : x; }

static unsigned char *fenced(size_t size) {
  size_t whole = (size + FENCE_BYTES + 63) / 64 * 64;
  unsigned char *p = aligned_alloc(64, whole);
  assert(p);
  memset(p, 0, size);
  memset(p + size, FENCE, whole - size);
  return p;
}

static void check_fence(const unsigned char *p, size_t size) {
  for (size_t i = size; i < size + FENCE_BYTES; i++) {
    assert(p[i] == FENCE && "a kernel wrote behind its memory");
  }
}

void *rig_reals(const KernelSet *set, int64_t n, const double *x) {
  void *p = fenced((size_t)n * set->real);
  for (int64_t i = 0; x && i < n; i++) {
    if (set->real == sizeof(float)) ((float *)p)[i] = (float)x[i];
    else ((double *)p)[i] = x[i];
  }
  return p;
}

double rig_get(const KernelSet *set, const void *x, int64_t i) {
  return set->real == sizeof(float) ? (double)((const float *)x)[i] : ((const double *)x)[i];
}

void rig_drop(const KernelSet *set, void *x, int64_t n) {
  check_fence(x, (size_t)n * set->real);
  free(x);
}

void rig_call(const KOp *op, int64_t rows, int64_t row0, const void *const *in, void *out,
              const RunClock *clock) {
  KCall c = {.op = op, .rows = rows, .row0 = row0, .out = out, .clock = clock};
  for (int k = 0; k < op->n_in; k++) c.in[k] = in[k];
  unsigned char *scratch = fenced(op->scratch);
  memset(scratch, 0x7F, op->scratch); /* a kernel may find anything in it */
  c.scratch = scratch;
  op->fn(&c);
  check_fence(scratch, op->scratch);
  free(scratch);
}

int64_t rig_row_size(const Shape *s) {
  int64_t n = 1;
  for (int k = 1; k < s->rank; k++) n *= s->d[k].n;
  return n;
}

int64_t rig_size(const Shape *s, bool has_rows, int64_t rows) {
  return rig_row_size(s) * (has_rows ? rows : s->rank > 0 ? s->d[0].n : 1);
}

double rig_random(uint64_t seed, uint64_t index, double low, double high) {
  uint64_t x = seed * 0x9E3779B97F4A7C15u + index; /* splitmix64 */
  x = (x + 0x9E3779B97F4A7C15u);
  x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9u;
  x = (x ^ (x >> 27)) * 0x94D049BB133111EBu;
  x ^= x >> 31;
  return low + (high - low) * ((double)(x >> 11) + 0.5) * 0x1p-53;
}
