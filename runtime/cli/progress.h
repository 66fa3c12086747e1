/* Progress of training on standard error: a line that is redrawn on a terminal, plain lines at
 * every tenth otherwise, or one JSON object a line. Nothing else reads what it prints. */
#ifndef QGN_PROGRESS_H
#define QGN_PROGRESS_H
#include "runtime/cli/cli.h"
#include "runtime/cli/left.h"

typedef enum ProgressForm { PROGRESS_NONE, PROGRESS_LINE, PROGRESS_PLAIN, PROGRESS_JSON } ProgressForm;

typedef struct Progress {
  ProgressForm form;
  bool color, unicode;
  int width;
  double begin, drawn; /* clock at its begin, at the last redraw */
  int64_t from_epoch;
  int tenth; /* next tenth to report */
  bool open; /* a redrawn line stands on the terminal */
  Left left; /* of the whole script */
} Progress;

/* What `--progress`, `-q` and the terminal ask for. */
void progress_init(Progress *p, const Cli *c);
/* Before the run, so that the time left of the whole script is known; without it only that of a train is. */
void progress_plan(Progress *p, Arena *a, const Run *run);
/* "40 ms", "12 s", "3 min 05 s". */
const char *progress_duration(Arena *a, double seconds);
/* A train by its place in the program. */
void progress_begin(Progress *p, const Run *run, int train, int64_t from_epoch);
void progress_epoch(Progress *p, const RunProgress *at);
/* `epochs` is where the train stands now, `steps` how many it ran here: 0 of one that was loaded at its end.
 */
void progress_end(Progress *p, const Run *run, int train, int64_t epochs, int64_t steps);
/* Takes the redrawn line away, so that something else can be printed. */
void progress_clear(Progress *p);
#endif
