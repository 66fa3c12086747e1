/* Parts of ref_op (ref_eval.h), by families of operations. Test-only code. */
#ifndef QGN_REF_MORE_H
#define QGN_REF_MORE_H
#include "tests/ref/ref_eval.h"

/* MAXPOOL, MAXPOOL_DX, MAXPOOL_AT, SUMPOOL, SUMPOOL_DX. */
void ref_pool(OpId op, const Attr *attr, const RefTensor *in, RefTensor *out);
/* SOFTMAX, LOG_SOFTMAX, LOGSUMEXP, CUMSUM, FLIP, QUANTILE, QUANTILE_DX, QUANTILE_AT. */
void ref_along(OpId op, const Attr *attr, int n_in, const RefTensor *in, RefTensor *out);
/* SOLVE, by Cramer's rule. */
void ref_solve(const Attr *attr, const RefTensor *in, RefTensor *out);
/* COUNTS, CATEGORICAL, NEAREST. */
void ref_label(OpId op, const RefTensor *in, RefTensor *out);
/* ENTROPY, HERMITIAN_LOG, HERMITIAN_LOG_DX; ref_linalg.c. */
void ref_hermitian(OpId op, const RefTensor *in, RefTensor *out);
void ref_eigenvalues(const RefTensor *in, RefTensor *out);  /* ref_linalg.c */
double ref_frechet(const RefTensor *a, const RefTensor *b); /* ref_linalg.c */
#endif
