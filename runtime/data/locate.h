/* Where data files are looked for: beside the script, in --data DIR, in $QGN_DATA, in $XDG_DATA_HOME/qgn,
 * in this order; the first that has it wins. The name in a script is relative, holds no `..`, and what it
 * leads to, links followed, lies below the folder it was found in. The caller reads the environment. */
#ifndef QGN_DATA_LOCATE_H
#define QGN_DATA_LOCATE_H
#include "runtime/data/table.h"

typedef struct DataPlaces {
  const char *script; /* folder of the script */
  const char *option; /* --data */
  const char *env;    /* $QGN_DATA */
  const char *home;   /* $XDG_DATA_HOME, or $HOME/.local/share */
} DataPlaces;         /* each may be NULL or empty: not looked at */

/* path (without links) and name in the error's arena. folder: a folder is wanted, else a regular file.
 * E0502 for a name that may not stand in a script or leads out of its folder, E0501 if it is nowhere, with
 * the list of places; what is found but is no regular file (FIFO, device) is E0502. */
bool data_locate(DataError *e, const DataPlaces *places, const char *name, bool folder, DataFile *out);
/* Whether path, without links, lies below root, without links: for files listed in a folder. */
bool data_is_below(Arena *a, const char *root, const char *path);
#endif
