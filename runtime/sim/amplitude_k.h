/* Amplitudes out of states and cotangents into them (amplitude.h), samples in the lanes. Included by call_k.h
 * and wide_call_k.h only. */
#ifndef QGN_SIM_AMPLITUDE_K_H
#define QGN_SIM_AMPLITUDE_K_H
#include "runtime/sim/amplitude.h"

/* Output o, phase i^quarter. */
typedef struct AmpPlace {
  uint32_t o;
  int quarter;
} AmpPlace;

KINLINE AmpPlace amp_toggled(AmpPlace at, const AmpBit *b, uint32_t set) {
  return (AmpPlace){at.o ^ b->flip, (at.quarter + b->quarter[set] + 2 * bit_parity(at.o & b->sign)) & 3};
}

/* Runs what follows for each k < 2^dim, with its place; bits: of bit 0 of k on. */
#define FOR_AMPLITUDES(dim, bits, begin, k, at)                                                              \
  for (uint32_t amp_n = 0, k = 0, amp_go = 1; amp_go; amp_go = 0)                                            \
    for (AmpPlace at = {begin, 0}; amp_n < 1u << (dim); amp_n++, amp_step(amp_n, dim, bits, &k, &at))

/* To number n of the Gray code. */
KINLINE void amp_step(uint32_t n, int dim, const AmpBit *bits, uint32_t *k, AmpPlace *at) {
  if (n >> dim) return;
  const int b = __builtin_ctz(n);
  *k ^= 1u << b;
  *at = amp_toggled(*at, &bits[b], *k >> b & 1);
}
#endif
