/* Metrics of a model on a dataset: `accuracy(C, test)` is `accuracy(C(test.image), test.label)`, and so are
 * all functions of the library that take predictions [B, k] first. */
#include <string.h>
#include "lang/sema/dataset.h"

/* The only column that is no label; -1: there are several, or none. */
static int only_column(const Dataset *d) {
  int found = -1;
  for (int k = 0; k < d->columns.n; k++) {
    if (d->columns.at[k].elem == ELEM_LABEL) continue;
    if (found >= 0) return -1;
    found = k;
  }
  return found;
}

/* The column that a parameter of the model gets: that of its name, or the only one there is. */
static int column_for(const Dataset *d, const AstNode *param, int required) {
  const int named = dataset_column(d, sym_text(param->name));
  return named >= 0 || required > 1 ? named : only_column(d);
}

static const Value *predictions(Sema *S, ObjectInfo *o, const Value *data, const Args *args) {
  const AstNode *params = ast_kid(o->decl, AST_MODEL_params);
  const Value **pos = ARENA_ARRAY(S->a, const Value *, ARGS_MAX);
  const AstNode **ast = ARENA_ARRAY(S->a, const AstNode *, ARGS_MAX);
  int n = 0, required = 0;
  for (int i = 0; params != NULL && i < params->n; i++)
    required += ast_kid(params->kids[i], AST_PATTERN_def) == NULL;
  for (int i = 0; params != NULL && i < params->n && n < ARGS_MAX; i++) {
    if (ast_kid(params->kids[i], AST_PATTERN_def) != NULL) break;
    const Dataset *d = &S->p->datasets.at[data->u.index];
    const int column = column_for(d, params->kids[i], required);
    if (column < 0) {
      Diag *diag = say(S, DIAG_NAME, data->span, "the dataset has no column `%s`, which `%s` takes",
                       sym_text(params->kids[i]->name), o->name);
      diag_label(diag, params->kids[i]->span, "here");
      diag_help(diag, "call it: `%s(%s(...), ...)`; the columns are %s", args->name, o->name,
                dataset_columns_text(S, d));
      return S->error;
    }
    pos[n++] = dataset_table(S, data->u.index, column, 0, data->span);
    if (val_is_error(pos[n - 1])) return S->error;
  }
  Args inner = {.span = args->span,
                .name_span = args->name_span,
                .name = o->name,
                .n_pos = n,
                .pos = pos,
                .pos_ast = ast};
  return call_object(S, o, &inner);
}

/* Labels under another name: says how to call with them. */
static void say_no_label(Sema *S, const Value *data, const Args *args) {
  const Dataset *d = &S->p->datasets.at[data->u.index];
  Diag *diag = say_no_column(S, d, "label", data->span);
  int found = -1, n = 0;
  for (int k = 0; k < d->columns.n; k++)
    if (d->columns.at[k].elem == ELEM_LABEL && d->columns.at[k].row.rank == 0) found = k, n++;
  if (n == 1)
    diag_line(diag, "help", "labels of another name are given themselves: `%s(%s(...), %s.%s)`", args->name,
              args->pos[0]->u.object->name, src_of_span(S, data->span), d->columns.at[found].name);
}

bool judge_on_data(Sema *S, Args *args, bool labels) {
  if (args->n_pos >= 2 && args->pos[0]->kind == VAL_DATASET && args->pos[1]->kind == VAL_OBJECT) {
    Diag *d = say(S, DIAG_TYPE, args->pos[0]->span, "`%s` takes the model first, then the data", args->name);
    diag_help(d, "write `%s(%s, %s)`", args->name, src_of_span(S, args->pos[1]->span),
              src_of_span(S, args->pos[0]->span));
    return false;
  }
  if (args->n_pos < 2 || args->pos[0]->kind != VAL_OBJECT || args->pos[1]->kind != VAL_DATASET) return true;
  const Value *data = args->pos[1];
  if (want_dataset(S, data, "what a model is judged on") == NULL) return false;
  const Value *made = predictions(S, args->pos[0]->u.object, data, args);
  if (val_is_error(made)) return false;
  const Value **pos = ARENA_ARRAY(S->a, const Value *, args->n_pos + 1);
  const AstNode **ast = ARENA_ARRAY(S->a, const AstNode *, args->n_pos + 1);
  int n = 0;
  if (labels && dataset_column(&S->p->datasets.at[data->u.index], "label") < 0) {
    say_no_label(S, data, args);
    return false;
  }
  pos[n++] = made;
  if (labels) pos[n++] = dataset_member(S, data, "label", data->span);
  if (labels && val_is_error(pos[1])) return false;
  for (int i = 2; i < args->n_pos; i++) pos[n++] = args->pos[i];
  args->pos = pos, args->pos_ast = ast, args->n_pos = n;
  return true;
}
