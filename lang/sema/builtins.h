/* Functions behind the rows of builtins.def. Each gets its arguments by place in the signature
 * (args->v[k], NULL where left out; args->rest), its row, and yields a value; errors are said by
 * the function, which then yields S->error. Kinds and shapes are the function's to check. */
#ifndef QGN_SEMA_BUILTINS_H
#define QGN_SEMA_BUILTINS_H
#include "lang/ir/optim.h"
#include "lang/sema/walk.h"

/* fn_math.c */
BuiltinFn fn_unary, fn_leaky, fn_curve_of, fn_clamp, fn_mod, fn_atan2, fn_select, fn_straight_through;
/* fn_reduce.c */
BuiltinFn fn_sum, fn_mean, fn_extreme, fn_variance, fn_norm, fn_any, fn_all, fn_argmax, fn_accuracy, fn_sem,
    fn_fraction;
/* fn_shape.c */
BuiltinFn fn_matmul, fn_transpose, fn_concat, fn_stack, fn_reshape, fn_flatten, fn_lift, fn_fill, fn_linspace,
    fn_w1, fn_rows;
/* fn_metric.c */
BuiltinFn fn_fid, fn_inception;
/* fn_along.c */
BuiltinFn fn_extrapolate, fn_along, fn_logsumexp, fn_cumprod, fn_quantile, fn_tile, fn_pad, fn_parts;
/* fn_label.c */
BuiltinFn fn_gather, fn_onehot, fn_nearest, label_counts, fn_counts_in, fn_index, fn_eye, fn_bits, fn_outer;
/* bundle.c */
BuiltinFn fn_grad, fn_params, fn_weights, fn_clip_norm;
/* layers.c, layers_images.c, layers_norm.c */
BuiltinFn fn_linear, fn_affine, fn_embedding, fn_attention, fn_conv, fn_pool, fn_upsample, fn_batchnorm,
    fn_layernorm, fn_standardized, fn_dropout;
/* measure.c, measure_state.c, measure_shots.c; operators.c, operator_matrix.c; pairs.c */
BuiltinFn fn_expval, fn_probs, fn_amplitudes, fn_density, fn_purity, fn_entropy, fn_fidelity, fn_sample,
    fn_measure, fn_stderr, fn_counts, fn_pauli, fn_word, fn_hermitian, fn_projector, fn_paulis, fn_pairs,
    fn_pair_list, fn_entangle;
const Value *op_variance(Sema *S, Args *args, const Value *shots); /* `variance` of operators */
/* noise.c */
BuiltinFn fn_channel, fn_noisy;
/* check_grad.c, metric.c */
BuiltinFn fn_check_grad, fn_metric_tensor, fn_solve, fn_eigenvalues;
/* settings.c */
BuiltinFn fn_dist, fn_optim, fn_schedule, fn_plateau, fn_warmup;
/* dataset_source.c */
BuiltinFn fn_glyphs, fn_toy, fn_bars_source, fn_file, fn_npy, fn_npz, fn_csv;
/* dataset_stage.c */
BuiltinFn fn_redraw, fn_take, fn_drop, fn_order, fn_corrupt, fn_split, fn_kfold, fn_join, fn_keep, fn_columns,
    fn_rename, fn_scale, fn_resize, fn_invert, fn_augment;
/* group_values.c */
BuiltinFn fn_groups;
/* route.c */
BuiltinFn fn_route, fn_cost;
/* weights_file.c */
BuiltinFn fn_load, fn_save;
/* figures.c, report.c, toplevel.c, train.c */
BuiltinFn fn_histogram, fn_curve, fn_lines, fn_scatter, fn_bars, fn_heatmap, fn_boundary, fn_grid, fn_diagram,
    fn_row, fn_claim, fn_choice, fn_stop;

/* figures.c: whether the call stands in a report (E0401); rows of images as one strip (E0301). */
bool in_report(Sema *S, const Args *args);
bool figure_strip(Sema *S, const Value *v, Figure *out);
bool is_images(const Shape *s); /* figures.c: [n, h, w] or [n, channels, h, w] with 1 or 3 channels */
/* metric.c: grads[i], the gradient by slots[i] of a circuit that `loss` uses, become the natural ones. */
bool natural_gradient(Sema *S, NodeId loss, int n, const int *slots, const char *name, double ridge,
                      NodeId *grads, Span span);
/* Argument `i` as a tensor of the open graph; NULL after an error. */
const Tensor *arg_tensor(Sema *S, const Args *args, int i, const Builtin *self);
/* The value of a node; NODE_NONE: E0301 with the text of g_make. */
const Value *val_made(Sema *S, NodeId id, int lift, const char *why, Span span);
/* Labels, bools, counts or numbers known now; otherwise E0201. */
bool want_labels(Sema *S, const Value *v, const Tensor *t, const char *name);
/* fn_reduce.c: the axes of the sample that `v` names (a number or a list) as bits, added to *mask; and the
 * bits of the node's axes that a reduction with these arguments runs over. */
bool axis_mask(Sema *S, const Value *v, const Shape *sample, int64_t *mask);
bool axes_of(Sema *S, const Tensor *t, const Value *axis, const Value *keep, int64_t *out);
const Value *op_sum(Sema *S, const Value *list, Span span);
/* The bundle scaled so that its norm is at most `bound`; *clipped (if not NULL) is 1 where that changes it.
 */
const Value *clip_bundle(Sema *S, const Value *bundle, const Value *bound, Span span, NodeId *clipped);
const Value *bundle_value(Sema *S, int n, const int *slots, const NodeId *nodes, Span span);
#endif
