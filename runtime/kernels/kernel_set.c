/* Which variants are built in, and which of them this CPU can run. */
#include <stddef.h>
#include "runtime/kernels/kernel.h"

/* The makefile says which families a build has: QGN_HAS_base, ... */
#if defined(QGN_HAS_base)
#define BASE(V) V(FAMILY_BASE, base)
#else
#define BASE(V)
#endif
#if defined(QGN_HAS_avx2)
#define AVX2(V) V(FAMILY_AVX2, avx2)
#else
#define AVX2(V)
#endif
#if defined(QGN_HAS_avx512)
#define AVX512(V) V(FAMILY_AVX512, avx512)
#else
#define AVX512(V)
#endif
#define VARIANTS(V) BASE(V) AVX2(V) AVX512(V)

#define DECLARE(FAMILY, isa) extern const KernelSet kernel_table_f32_##isa, kernel_table_f64_##isa;
VARIANTS(DECLARE)

static const KernelSet *const sets[FAMILY_COUNT][2] = {
#define ROW(FAMILY, isa) [FAMILY] = {&kernel_table_f32_##isa, &kernel_table_f64_##isa},
    VARIANTS(ROW)};

static const char *const names[FAMILY_COUNT] = {"base", "avx2", "avx512", "neon"};

const char *kernel_family_name(KernelFamily f) { return names[f]; }

const KernelSet *kernel_set(KernelFamily f, bool is_double) { return sets[f][is_double ? 1 : 0]; }

/* The features that -march=x86-64-v3 and -v4 let the compiler use. __builtin_cpu_supports also
 * asks whether the system saves the wide registers. */
static KernelFamily machine_family(void) {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
            __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
            __builtin_cpu_supports("popcnt");
  if (!v3) return FAMILY_BASE;
  bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  return v4 ? FAMILY_AVX512 : FAMILY_AVX2;
#else
  return FAMILY_BASE;
#endif
}

KernelFamily kernel_family(void) {
  KernelFamily f = machine_family();
  while (f > FAMILY_BASE && sets[f][0] == NULL) f--;
  return f;
}
