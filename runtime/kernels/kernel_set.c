/* Which variants are built in, and which of them this CPU can run. */
#include <stddef.h>
#include "runtime/kernels/kernel.h"

#if defined(__x86_64__)
#define VARIANTS(V) V(FAMILY_BASE, base) V(FAMILY_AVX2, avx2) V(FAMILY_AVX512, avx512)
#else
#define VARIANTS(V) V(FAMILY_BASE, base)
#endif

#define DECLARE(FAMILY, isa) extern const KernelSet kernel_table_f32_##isa, kernel_table_f64_##isa;
VARIANTS(DECLARE)

static const KernelSet *const sets[FAMILY_COUNT][2] = {
#define ROW(FAMILY, isa) [FAMILY] = {&kernel_table_f32_##isa, &kernel_table_f64_##isa},
    VARIANTS(ROW)};

static const char *const names[FAMILY_COUNT] = {"base", "avx2", "avx512", "neon"};

const char *kernel_family_name(KernelFamily f) { return names[f]; }

const KernelSet *kernel_set(KernelFamily f, bool is_double) { return sets[f][is_double ? 1 : 0]; }

#if defined(__x86_64__)
/* The features that -march=x86-64-v3 and -v4 let the compiler use. __builtin_cpu_supports also
 * asks whether the system saves the wide registers. */
KernelFamily kernel_family(void) {
  __builtin_cpu_init();
  bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
            __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2") &&
            __builtin_cpu_supports("popcnt");
  if (!v3) return FAMILY_BASE;
  bool v4 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
            __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
            __builtin_cpu_supports("avx512vl");
  return v4 ? FAMILY_AVX512 : FAMILY_AVX2;
}
#else
KernelFamily kernel_family(void) { return FAMILY_BASE; }
#endif
