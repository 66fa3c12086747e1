/* Sweeps of a script: a list of runs, numbered from 0 over all its sweeps; points first, seeds inside. Each
 * is `qgn run SCRIPT --point K` with one thread, its folder is `points/K` in the folder of the whole run. */
#ifndef QGN_CLI_SWEEP_H
#define QGN_CLI_SWEEP_H
#include "runtime/cli/cli.h"
#include "runtime/cli/left.h"
#include "runtime/record/record.h"

int sweep_total(const Program *p);
/* `--list`: a line for each: number, sweep, done or open, settings; tabs between. */
void sweep_list(Cli *c, const Program *p, const char *folder);
/* `--point K`: sets c->point and the settings. False after E0901. */
bool sweep_choose(Cli *c, const Program *p);
/* Runs what is not done yet, as many at once as there are threads, and writes all records into the run.
 * failed[k]: why run k has none. `folder`: of the whole run; `left`: what its
 * trains took, for the time left that is shown. */
RunEnd sweep_run(Cli *c, const char *script, const char *folder, Run *run, int sweep, const Left *left,
                 const char **failed);
#endif
