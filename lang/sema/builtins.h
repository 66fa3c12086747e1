/* Functions behind the rows of builtins.def. Each gets its arguments by place in the signature
 * (args->v[k], NULL where left out; args->rest), its row, and yields a value; errors are said by
 * the function, which then yields S->error. Kinds and shapes are the function's to check. */
#ifndef QGN_SEMA_BUILTINS_H
#define QGN_SEMA_BUILTINS_H
#include "lang/ir/optim.h"
#include "lang/sema/walk.h"

/* fn_math.c */
BuiltinFn fn_unary, fn_leaky, fn_softmax, fn_mod, fn_select, fn_straight_through;
/* fn_reduce.c */
BuiltinFn fn_sum, fn_mean, fn_extreme, fn_variance, fn_norm, fn_any, fn_all, fn_argmax, fn_accuracy;
/* fn_shape.c */
BuiltinFn fn_matmul, fn_transpose, fn_concat, fn_stack, fn_reshape, fn_flatten, fn_lift, fn_gather, fn_onehot,
    fn_fill, fn_linspace, fn_w1, fn_rows;
/* bundle.c */
BuiltinFn fn_grad, fn_params, fn_weights, fn_clip_norm;
/* layers.c */
BuiltinFn fn_linear;
/* measure.c, measure_state.c, measure_shots.c; operators.c, operator_matrix.c; pairs.c */
BuiltinFn fn_expval, fn_probs, fn_amplitudes, fn_density, fn_purity, fn_entropy, fn_fidelity, fn_sample,
    fn_stderr, fn_counts, fn_pauli, fn_word, fn_hermitian, fn_projector, fn_paulis, fn_pairs, fn_pair_list,
    fn_entangle;
const Value *op_variance(Sema *S, Args *args, const Value *shots); /* `variance` of operators */
/* noise.c */
BuiltinFn fn_channel, fn_noisy;
/* check_grad.c, metric.c */
BuiltinFn fn_check_grad, fn_metric_tensor, fn_solve;
/* settings.c */
BuiltinFn fn_dist, fn_optim, fn_schedule, fn_plateau, fn_warmup;
/* dataset_source.c */
BuiltinFn fn_glyphs, fn_toy, fn_bars_source, fn_file, fn_npy, fn_csv;
/* dataset_stage.c */
BuiltinFn fn_redraw, fn_take, fn_drop, fn_order, fn_corrupt, fn_split, fn_kfold, fn_join, fn_keep, fn_columns,
    fn_rename, fn_scale, fn_resize, fn_invert, fn_augment;
/* report.c, toplevel.c, train.c */
BuiltinFn fn_histogram, fn_curve, fn_bars, fn_row, fn_claim, fn_stop;

/* metric.c: grads[i], the gradient by slots[i] of a circuit that `loss` uses, become the natural ones. */
bool natural_gradient(Sema *S, NodeId loss, int n, const int *slots, const char *name, double ridge,
                      NodeId *grads, Span span);
const Value *op_sum(Sema *S, const Value *list, Span span);
/* The bundle scaled so that its norm is at most `bound`; *clipped (if not NULL) is 1 where that changes it.
 */
const Value *clip_bundle(Sema *S, const Value *bundle, const Value *bound, Span span, NodeId *clipped);
const Value *bundle_value(Sema *S, int n, const int *slots, const NodeId *nodes, Span span);
#endif
