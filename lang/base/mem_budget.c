/* How much memory may still be taken: the limits of the process, of its cgroups, of the machine. */
#define _GNU_SOURCE
#include "lang/base/mem.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "lang/base/io.h"

#define TEXT_CAP 8192
#define PATH_CAP 1024

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

/* What a limit leaves when `used` is taken. */
static size_t left_of(size_t limit, size_t used) { return limit > used ? limit - used : 0; }

static bool read_text(const char *root, const char *path, char text[TEXT_CAP]) {
  char full[2 * PATH_CAP];
  int n = snprintf(full, sizeof full, "%s%s", root, path);
  return n > 0 && (size_t)n < sizeof full && io_read_kernel(full, text, TEXT_CAP);
}

/* A file with one number. "max" and what cannot be read give SIZE_MAX. */
static size_t read_number(const char *root, const char *folder, const char *file) {
  char path[PATH_CAP + 64], text[TEXT_CAP];
  int n = snprintf(path, sizeof path, "%s/%s", folder, file);
  if (n < 0 || (size_t)n >= sizeof path || !read_text(root, path, text)) return SIZE_MAX;
  if (text[0] < '0' || text[0] > '9') return SIZE_MAX;
  return (size_t)strtoull(text, NULL, 10);
}

/* The least that `folder` and the folders above it, up to `top`, leave. */
static size_t cgroup_left(const char *root, const char *top, const char *below, const char *limit_file,
                          const char *used_file) {
  char folder[PATH_CAP];
  int n = snprintf(folder, sizeof folder, "%s%s", top, below);
  if (n < 0 || (size_t)n >= sizeof folder) return SIZE_MAX;
  size_t left = SIZE_MAX, top_len = strlen(top);
  for (;;) {
    size_t limit = read_number(root, folder, limit_file);
    size_t used = read_number(root, folder, used_file);
    if (limit != SIZE_MAX) left = least(left, left_of(limit, used == SIZE_MAX ? 0 : used));
    char *slash = strrchr(folder, '/');
    if (!slash || (size_t)(slash - folder) < top_len) return left;
    *slash = '\0';
  }
}

static bool has_memory(const char *controllers) {
  const char *hit = strstr(controllers, "memory");
  return hit && (hit == controllers || hit[-1] == ',') && (hit[6] == '\0' || hit[6] == ',');
}

/* Lines of /proc/self/cgroup are `0::/path` (version 2) or `4:memory:/path` (version 1). */
static size_t cgroups_left(const char *root) {
  char text[TEXT_CAP];
  if (!read_text(root, "/proc/self/cgroup", text)) return SIZE_MAX;
  size_t left = SIZE_MAX;
  char *rest = text;
  for (char *line; (line = strsep(&rest, "\n")) != NULL;) {
    strsep(&line, ":");
    char *controllers = strsep(&line, ":");
    if (!controllers || !line) continue;
    if (controllers[0] == '\0')
      left = least(left, cgroup_left(root, "/sys/fs/cgroup", line, "memory.max", "memory.current"));
    else if (has_memory(controllers))
      left = least(left, cgroup_left(root, "/sys/fs/cgroup/memory", line, "memory.limit_in_bytes",
                                     "memory.usage_in_bytes"));
  }
  return left;
}

static size_t machine_left(const char *root) {
  char text[TEXT_CAP];
  if (!read_text(root, "/proc/meminfo", text)) return SIZE_MAX;
  const char *line = strstr(text, "MemAvailable:");
  return line ? mem_mul((size_t)strtoull(line + 13, NULL, 10), 1024) : SIZE_MAX;
}

static size_t process_left(const char *root) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return SIZE_MAX;
  char text[TEXT_CAP];
  size_t used = 0;
  if (read_text(root, "/proc/self/statm", text))
    used = mem_mul((size_t)strtoull(text, NULL, 10), (size_t)sysconf(_SC_PAGESIZE));
  return left_of((size_t)limit.rlim_cur, used);
}

size_t mem_budget_at(const char *root) {
  size_t left = least(process_left(root), least(cgroups_left(root), machine_left(root)));
  return left == SIZE_MAX ? SIZE_MAX : left / 10 * 9;
}

size_t mem_budget(void) { return mem_budget_at(""); }
