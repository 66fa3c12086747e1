/* A run replayed: the trains of a run are taken from the states that an earlier process left in another
 * folder of the same run, and only some *stretches* of them are executed again, each from one stored state
 * (or the start) to the next one (a kept checkpoint, or the end). There every byte of the state is compared.
 *
 * Which stretches: all of the run are put into an order by a hash of the run and of where they end, and as
 * many are taken from the front as make up the wanted number of steps. A train whose end is not stored is
 * executed from the last state on. Stretches of one train are executed in the order of time; what lies
 * between is skipped by loading the state in which the next one begins.
 *
 * Owner: the arena of the record. A difference is E0808 in the sink, with the train, the epochs, the name and
 * element, and both values. */
#ifndef QGN_REPLAY_H
#define QGN_REPLAY_H
#include "runtime/record/record.h"

typedef struct Replay Replay;

/* Reads which states the folder holds and chooses. NULL after E0808: a state is damaged, or of another run.
 */
Replay *replay_open(Record *r, const char *folder, int64_t steps);
/* Where a train begins, and after each stretch: the state of the next one. As RunHooks.load. *at_end: it is
 * the end of the train. */
int replay_load(Replay *p, int train, const StateItem *items, int n, bool *at_end);
/* Whether a stretch ends with this epoch, and another state than that of the next one is wanted. */
bool replay_epoch(const Replay *p, int train, int64_t epoch);
/* Compares the state that was reached. False after E0808. */
bool replay_reached(Replay *p, int train, const StateItem *items, int n);
#endif
