/* What this program is (version) and what this machine has (doctor). */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"
#include "runtime/cli/cli.h"
#include "runtime/kernels/kernel.h"
#include "runtime/record/record.h"

int cli_verb_version(Cli *c) {
  Arena *a = c->arena;
  printf("qgn %s\n", QGN_VERSION);
  printf("edition    %d\n", RECORD_EDITION);
  printf("kernels    %s (numerics %d)\n", cli_family(a), RECORD_NUMERICS);
  printf("libraries  %s\n", cli_libraries(a));
  printf("compiler   %s\n", cli_compiler());
  printf(
      "licence    Apache-2.0. No line editor is linked; a binary linked with GNU readline would be GPL-3.\n");
  return 0;
}

static const char *gigabytes(Arena *a, size_t bytes) {
  return arena_printf(a, "%.1f GB", (double)bytes / 1e9);
}

static bool row(bool ok, const char *name, const char *text) {
  printf("%-8s %-14s %s\n", ok ? "ok" : "missing", name, text);
  return ok;
}

/* Folders that hold data, in the order in which they are searched. */
static void data_folders(Cli *c) {
  Arena *a = c->arena;
  const char *home = getenv("XDG_DATA_HOME"), *data = getenv("QGN_DATA"), *user = getenv("HOME");
  const char *folders[3] = {c->value[OPT_DATA], data, NULL};
  if (home) folders[2] = arena_printf(a, "%s/qgn", home);
  else if (user) folders[2] = arena_printf(a, "%s/.local/share/qgn", user);
  static const char *const names[3] = {"--data", "$QGN_DATA", "data home"};
  for (int i = 0; i < 3; i++) {
    if (!folders[i] || !*folders[i]) continue;
    bool there = io_is_folder(folders[i]);
    printf("%-8s %-14s %s%s\n", there ? "ok" : "none", names[i], folders[i],
           there ? "" : " (only scripts that read files need it)");
  }
}

/* Whether runs can be written in the current folder. */
static bool can_write(Arena *a, const char **text) {
  if (io_is_folder("runs")) {
    *text = "./runs";
    return access("runs", W_OK | X_OK) == 0;
  }
  *text = arena_printf(a, "./runs (will be made)");
  return access(".", W_OK | X_OK) == 0;
}

int cli_verb_doctor(Cli *c) {
  Arena *a = c->arena;
  bool ok = true;
  const char *library = cli_stdlib(a), *gnuplot = cli_find_program(a, "gnuplot"), *runs = NULL;
  row(true, "qgn", QGN_VERSION);
  row(true, "kernels", cli_family(a));
  row(true, "cores", arena_printf(a, "%d that this process may use", cli_cores()));
  size_t memory = mem_budget();
  ok &= row(memory >= ((size_t)64 << 20), "memory", arena_printf(a, "%s for runs", gigabytes(a, memory)));
  if (library) row(true, "library", library);
  else
    printf("%-8s %-14s %s\n", "none", "library",
           "no stdlib folder beside the program; `use std.NAME` finds nothing");
  ok &= row(gnuplot != NULL, "gnuplot",
            gnuplot ? gnuplot : "figures are left as .gp and .csv; apt-get install gnuplot-nox");
  bool writable = can_write(a, &runs);
  ok &= row(writable, "runs", writable ? runs : "the current folder is not writable");
  data_folders(c);
  return ok ? 0 : 1;
}
