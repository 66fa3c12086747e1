#define _GNU_SOURCE
#include <jansson.h>
#include <limits.h>
#include <png.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include "lang/base/io.h"
#include "runtime/cli/cli.h"
#include "runtime/kernels/kernel.h"
#include "runtime/tensor/blas.h"

#define TEXT_CAP 4096
#define PATH_CAP 2048

/* Cores of a quota of `quota` in each `period`, rounded up: half a core still runs one thread. */
static long quota_cores(const char *quota, const char *period) {
  long q = strtol(quota, NULL, 10), p = strtol(period, NULL, 10);
  return q > 0 && p > 0 ? (q + p - 1) / p : 0;
}

/* The quota of one cgroup folder of version 2 ("max 100000") or 1; 0 if there is none. */
static long folder_quota(const char *folder) {
  char path[PATH_CAP + 64], text[TEXT_CAP], period[TEXT_CAP];
  snprintf(path, sizeof path, "%s/cpu.max", folder);
  if (io_read_kernel(path, text, sizeof text)) {
    char *space = strchr(text, ' ');
    return space ? quota_cores(text, space + 1) : 0;
  }
  snprintf(path, sizeof path, "%s/cpu.cfs_quota_us", folder);
  if (!io_read_kernel(path, text, sizeof text)) return 0;
  snprintf(path, sizeof path, "%s/cpu.cfs_period_us", folder);
  return io_read_kernel(path, period, sizeof period) ? quota_cores(text, period) : 0;
}

/* The least quota of a cgroup and those above it. */
static long least_quota(const char *top, const char *below, long least) {
  char folder[PATH_CAP];
  int n = snprintf(folder, sizeof folder, "%s%s", top, below);
  if (n < 0 || (size_t)n >= sizeof folder) return least;
  for (;;) {
    long cores = folder_quota(folder);
    if (cores > 0 && cores < least) least = cores;
    char *slash = strrchr(folder, '/');
    if (!slash || strlen(folder) <= strlen(top)) return least;
    *slash = '\0';
  }
}

int cli_cores(void) {
  cpu_set_t set;
  CPU_ZERO(&set);
  long cores = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : sysconf(_SC_NPROCESSORS_ONLN);
  if (cores < 1) cores = 1;
  char text[TEXT_CAP];
  if (!io_read_kernel("/proc/self/cgroup", text, sizeof text)) return (int)cores;
  for (char *line = text, *end; line && *line; line = end) {
    end = strchr(line, '\n');
    if (end) *end++ = '\0';
    char *first = strchr(line, ':'), *second = first ? strchr(first + 1, ':') : NULL;
    if (!second) continue;
    *second = '\0';
    const char *below = strcmp(second + 1, "/") == 0 ? "" : second + 1;
    if (first + 1 == second) cores = least_quota("/sys/fs/cgroup", below, cores);
    else if (strstr(first, "cpu") && !strstr(first, "cpuset"))
      cores = least_quota("/sys/fs/cgroup/cpu", below, cores);
  }
  return (int)cores;
}

const char *cli_memo(Arena *a) {
  const char *cache = getenv("XDG_CACHE_HOME"), *home = getenv("HOME");
  if (cache && *cache) return arena_printf(a, "%s/qgn/memo", cache);
  return home && io_is_folder(home) ? arena_printf(a, "%s/.cache/qgn/memo", home) : NULL;
}

const char *cli_stdlib(Arena *a) {
  static const char *const places[] = {"../share/qgn/stdlib", "../stdlib", "../../stdlib", "stdlib"};
  char exe[PATH_CAP];
  ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);
  if (n <= 0) return NULL;
  exe[n] = '\0';
  char *slash = strrchr(exe, '/');
  if (slash) *slash = '\0';
  for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
    const char *path = arena_printf(a, "%s/%s", exe, places[i]);
    if (!io_exists(arena_printf(a, "%s/prelude.qgn", path))) continue;
    char real[PATH_MAX];
    return arena_str(a, realpath(path, real) ? real : path);
  }
  return NULL;
}

#ifndef QGN_BUILD
#define QGN_BUILD "" /* the optimisation of releases */
#endif

const char *cli_family(Arena *a) {
  return arena_printf(a, "%s%s, %s", kernel_family_name(kernel_family()), QGN_BUILD, blas_name());
}

const char *cli_libraries(Arena *a) {
  return arena_printf(a, "%s, jansson %s, libmd, utf8proc, zlib %s, libpng %s", blas_name(),
                      jansson_version_str(), zlibVersion(), png_get_libpng_ver(NULL));
}

const char *cli_compiler(void) {
#if defined(__clang__)
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

const char *cli_find_program(Arena *a, const char *name) {
  const char *path = getenv("PATH");
  for (const char *s = path ? path : "/usr/local/bin:/usr/bin:/bin"; *s;) {
    size_t n = strcspn(s, ":");
    if (n > 0 && s[0] == '/') {
      const char *full = arena_printf(a, "%.*s/%s", (int)n, s, name);
      if (access(full, X_OK) == 0 && !io_is_folder(full)) return full;
    }
    s += n + (s[n] == ':');
  }
  return NULL;
}
