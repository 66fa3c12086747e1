/* What the files of layers share.
 *
 * A layer is a line of a model. Its weights are inputs of the graph, made by layer_weight under the key of
 * the line ("linear_2", or the label); the same call in another elaboration of the body finds them again.
 * Formulas and default starts are PyTorch's, so that numbers can be compared. */
#ifndef QGN_SEMA_LAYERS_H
#define QGN_SEMA_LAYERS_H
#include "lang/ir/build.h"
#include "lang/sema/builtins.h"

/* The weight KEY.NAME as a node of the open graph, and its slot if `slot` is not NULL; NODE_NONE after an
 * error. Noted with the labelled line under way. */
NodeId layer_weight(Sema *S, const char *key, const char *name, const Shape *shape, Start start, Span span,
                    int *slot);

/* inits.c: what `init =` says (NULL: `fallback`), for a weight with these fans. False after an error.
 * With an `init` given, layers let biases start at 0: bias_start. */
bool start_of_init(Sema *S, const Value *init, double fan_in, double fan_out, Start fallback, Start *out);
Start bias_start(const Value *init, Start fallback);
Start start_uniform(double bound);
Start start_value(double value);

/* A size of a layer that is at least `least`: E0201, E0202, E0301. NULL: `out` stays. */
bool layer_size(Sema *S, const Value *v, const char *what, int64_t least, int64_t *out);
/* A real argument in low..high; NULL: `out` stays. */
bool layer_real(Sema *S, const Value *v, const char *what, double low, double high, double *out);

/* The tensor with its rows as axis 0: a sample alone becomes a batch of one. */
NodeId with_rows(Sema *S, const Tensor *t, Span span);
/* The result of a layer on with_rows(t): the row axis goes if t had none. */
const Value *without_rows(Sema *S, const Tensor *t, NodeId y, Span span);
/* x W^T along the last axis, whatever the others are; W is [out, in]. */
NodeId times_matrix(Sema *S, NodeId x, NodeId w, Span span);
#endif
