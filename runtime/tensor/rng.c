#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "runtime/tensor/rng.h"

typedef double DrawVec __attribute__((vector_size(16)));
typedef int64_t DrawInt __attribute__((vector_size(16)));
#include "runtime/tensor/draw_core.h"

uint64_t rng_key(uint64_t seed, const char *path) {
  char number[24], hex[65];
  int digits = snprintf(number, sizeof number, "%llu/", (unsigned long long)seed);
  size_t length = strlen(path), size = (size_t)digits + length;
  char *text = mem_alloc(size + 1);
  memcpy(text, number, (size_t)digits);
  memcpy(text + digits, path, length);
  io_sha256(text, size, hex);
  mem_free(text);
  uint64_t key = 0;
  for (int i = 0; i < 16; i++) {
    int digit = hex[i] <= '9' ? hex[i] - '0' : hex[i] - 'a' + 10;
    key = key << 4 | (uint64_t)digit;
  }
  return key;
}

void rng_philox(uint64_t key, uint32_t c0, uint32_t c1, uint32_t c2, uint32_t c3, uint32_t out[4]) {
  uint32_t k0 = (uint32_t)key, k1 = (uint32_t)(key >> 32);
  for (int i = 0; i < PHILOX_ROUNDS; i++, k0 += PHILOX_W0, k1 += PHILOX_W1) {
    uint64_t p0 = (uint64_t)PHILOX_M0 * c0, p1 = (uint64_t)PHILOX_M1 * c2;
    c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
    c1 = (uint32_t)p1;
    c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
    c3 = (uint32_t)p0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
}

double rng_uniform(uint64_t key, uint32_t i, uint32_t j, uint32_t t, uint32_t r) {
  uint32_t word[4];
  rng_philox(key, j / 4, i, t, r, word);
  return draw_unit((DrawInt){word[j % 4]})[0];
}

double rng_normal(uint64_t key, uint32_t i, uint32_t j, uint32_t t, uint32_t r) {
  uint32_t word[4];
  rng_philox(key, j / 4, i, t, r, word);
  uint32_t pair = j % 4 / 2 * 2;
  DrawVec cosine, sine;
  DrawVec radius = draw_radius_squared(draw_unit((DrawInt){word[pair]}));
  draw_turn(draw_unit((DrawInt){word[pair + 1]}), &cosine, &sine);
  return sqrt(radius[0]) * (j % 2 == 0 ? cosine[0] : sine[0]);
}
