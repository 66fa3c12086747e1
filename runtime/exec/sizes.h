/* Numbers of rows that stand on other axes than that of the shards: of all pairs of rows of a minibatch, for
 * example, [B, B], or of the transpose of its rows, [d, B]. To a kernel they are sizes like others, which it
 * finds in its KOp. They are filled in, and the KOp is prepared again, when a run of the region begins with
 * other numbers than the one before: at the last, smaller minibatch, and for each group of `per`. Memory is
 * laid out for the largest numbers; values stand in it without gaps, as if their sizes had always been these.
 * So a smaller minibatch has the bits that it would have alone.
 *
 * Whole-tensor operations that read two different numbers of rows, or work along the axis of rows, have all
 * their counts filled in and no axis of rows. Nothing is allocated when run: a kernel's scratch grows with
 * its sizes, so what it asked for at the largest ones suffices. */
#ifndef QGN_SIZES_H
#define QGN_SIZES_H
#include "runtime/exec/plan.h"

struct Sizes {
  VEC(int) instrs;      /* that have such axes */
  VEC(uint32_t) counts; /* that stand on them */
  int64_t *now;         /* by `counts`: what the instructions are prepared for; -1: not yet */
};

/* An instruction whose operands are known, of node `n`, in a parallel part or not: if it has such axes, it is
 * made one whose sizes are filled in (in a serial part without an axis of rows), to be number `instr` of the
 * plan. Before its KOp is prepared. */
void sizes_note(PlanEnv *env, RegionPlan *p, Instr *i, const Node *n, int instr);
/* Once all instructions are there. */
void sizes_end(PlanEnv *env, RegionPlan *p);
/* Before each run of the region: `counts` by count id. */
void sizes_fill(const RegionPlan *p, const KernelSet *set, const int64_t *counts);
/* Elements of a value of that shape in this run. */
int64_t sizes_elements(const Shape *s, const int64_t *counts);
#endif
