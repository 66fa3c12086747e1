/* The names that the language itself has, for `qgn doc`: rows of builtins.def and of channels.def. */
#ifndef QGN_SEMA_LIBRARY_H
#define QGN_SEMA_LIBRARY_H
#include "lang/base/arena.h"

typedef struct LibraryName {
  const char *name, *kind, *doc;
  const char *call; /* "conv(out, k, stride =, pad =)", without what a line of a model gives */
  bool later;       /* known, not built yet */
} LibraryName;
int library_count(void);
/* Attributes of a block: "train", "sweep", or "" for the script. */
const char *const *library_attributes(const char *block, int *n);
/* Row i; texts live in `a` or for ever. */
LibraryName library_at(Arena *a, int i);
#endif
