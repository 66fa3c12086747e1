/* What minimize.c and groups.c share: the objects after `over`, and the steps of a `minimize`. */
#ifndef QGN_SEMA_MINIMIZE_H
#define QGN_SEMA_MINIMIZE_H
#include "lang/sema/across.h"
#include "lang/sema/builtins.h"

/* One object, stage or copy after `over`, with the weights that its optimizer changes. */
typedef struct Trained {
  const Value *v;
  ObjectInfo *object;
  const char *name;
  int n;
  const int *slots;
  TrainOptim *optim;
} Trained;
typedef VEC(Trained) TrainedList;

/* A minimize under way. */
typedef struct Minimize {
  const AstNode *n;
  const TrainedList *list;
  int n_weights;
  const int *weights; /* of all objects, in their order */
  const Value *loss;  /* what is recorded, a scalar tensor; maximize goes up on it */
  Ways ways;          /* what was bound before the statement, and what it has made */
  const Value *bound; /* of `clip`, NULL without */
  const char *name;   /* of the series: "loss", "loss.D" */
  int norm;           /* series of the norms of its gradient, that the update adds to; -1: none */
} Minimize;

/* The gradient of the loss (negated for maximize) in the open graph, by the weights; NULL after an error. */
const Value *minimize_gradient(Sema *S, const Minimize *m, const Value *loss);
/* Clips it, if the statement does, and notes the share of clipped steps. */
const Value *minimize_clip(Sema *S, const Minimize *m, const Value *gradient);
/* Records the loss, a tensor of the open graph, over the rows that `count_id` counts (0: the minibatch). */
void minimize_record(Sema *S, const Minimize *m, const Value *loss, uint32_t count_id);
/* Plateaus of the optimizers follow the first loss that trains with them. */
void minimize_follow(Sema *S, const Minimize *m, int series);
/* The update of each object by its optimizer. */
void minimize_update(Sema *S, const Minimize *m, const Value *gradient);

/* advice.c: warns of losses and outputs that cannot be meant. */
void advise_loss(Sema *S, const Minimize *m, const Value *loss);

/* instruments.c: what a `minimize` of adversarial training records. With `gradient` NULL the norm is left to
 * the update: the series to add it to, or -1. */
int instruments_watch(Sema *S, const Minimize *m, const Value *gradient);

/* groups.c: `minimize ... per names`. */
void minimize_per(Sema *S, Minimize *m, const AstNode *names);
/* Groups of the minibatch's rows by n labels of the step; false after an error. `name` for messages: `per`.
 */
bool grouping_make(Sema *S, int n, const Value *const *labels, const char *name, Span span, Grouping *g);
/* A slot that the groups add to, 0 before the first. */
int group_sum_slot(Sema *S, Grouping *g, const char *name, const Shape *shape, Span span);
/* The slot of a group's rows of the slot `from`, whose first axis is the minibatch's. */
int group_rows_slot(Sema *S, Grouping *g, int from, Span span);
/* The loss, made of the nodes of `from`, again in the open graph; with `g` over the rows of a group only.
 * NULL after an error. */
const Value *loss_again(Sema *S, const Minimize *m, Graph *from, Grouping *g);

/* searching.c: an optimizer that is handed the loss itself. */
bool optim_searches(const Sema *S, const TrainOptim *o);
void minimize_search(Sema *S, Minimize *m);
#endif
