/* What verbs that look at runs share: files of a run as JSON, and this program as a child. */
#ifndef QGN_CLI_JSON_H
#define QGN_CLI_JSON_H
#include <jansson.h>
#include "runtime/cli/cli.h"

/* The folder of a run as given: runs/x-12345678, or its name alone. NULL and E0804 if there is none. */
const char *cli_run_folder(Cli *c, const char *given, Span at);
/* A JSON file of a folder, to be given back with json_decref; NULL: none, or damaged. */
json_t *cli_json(Arena *a, const char *folder, const char *name);
const char *cli_json_text(const json_t *root, const char *key); /* "" if it is no text */
/* A number, text, true, false, null or list, on one line. */
const char *cli_json_value(Arena *a, const json_t *x);
/* Runs this program in `folder` (NULL: here), output to the file `log`, without looking at signals; its exit
 * status, 128 + n for signal n. The words end with NULL; the first is "qgn". */
int cli_child(const char *folder, const char *log, char *const *words);
#endif
