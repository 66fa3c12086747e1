/* What runs and cannot mean what it says: angles in degrees, a critic with a sigmoid under a Wasserstein
 * loss, a generator whose tanh cannot be the data's 0..1, a softmax taken twice, the logarithm of values down
 * to -1, data to test with that are trained on. */
#include "lang/sema/minimize.h"
#include <math.h>
#include <string.h>

/* ---- degrees ---------------------------------------------------------------------------------------- */

/* From here on a whole number of radians that is a multiple of STEP_DEGREES is taken for degrees: nobody
 * writes more than four turns, and fewer of these numbers are mistakes. */
#define LEAST_DEGREES 30
#define STEP_DEGREES 15

static const AstNode *degrees_in(const AstNode *n) {
  if (n->kind == AST_NUMBER && n->is_int && n->op == UNIT_NONE)
    return n->num >= LEAST_DEGREES && fmod(n->num, STEP_DEGREES) == 0 ? n : NULL;
  const bool through = n->kind == AST_ARRAY || n->kind == AST_PAREN || n->kind == AST_UNARY ||
                       n->kind == AST_CALL || n->kind == AST_LIST || n->kind == AST_ARG;
  const AstNode *found = NULL;
  for (int i = 0; through && i < n->n && found == NULL; i++)
    if (n->kids[i] != NULL) found = degrees_in(n->kids[i]);
  return found;
}

void advise_angle(Sema *S, const AstNode *angle) {
  const AstNode *n = degrees_in(angle);
  if (n == NULL) return;
  Diag *d =
      diag_add(S->sink, DIAG_DEGREES, n->span, "angles are in radians, but %s looks like degrees", n->text);
  diag_help(d, "write `%sdeg`", n->text);
}

/* ---- a Wasserstein loss of sigmoids --------------------------------------------------------------- */

typedef struct Signs {
  Sema *S;
  const Minimize *m;
  const Graph *g;
  int left; /* nodes that are looked at */
  NodeId plus, minus;
} Signs;

/* The sign of a factor that depends on no data: a constant, or one over a number of rows. 0: it is another
 * one. */
static int sign_of_factor(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  if (n->op == OP_CONST) return n->attr.f[0] > 0 ? 1 : n->attr.f[0] < 0 ? -1 : 0;
  if (n->op == OP_COUNT) return 1;
  const bool through = n->op == OP_RECIP || n->op == OP_RESHAPE || n->op == OP_STRETCH || n->op == OP_MARK;
  return through ? sign_of_factor(g, n->in[0]) : 0;
}

static bool trained_here(const Signs *s, NodeId id) {
  int n;
  const int *deps = node_deps(s->S, s->g, id, &n);
  for (int i = 0; i < n; i++)
    if (slot_in(deps[i], s->m->n_weights, s->m->weights)) return true;
  return false;
}

/* Follows sums, differences and constant factors down to sigmoids. */
static void signs_of(Signs *s, NodeId id, int sign) {
  const Node *n = g_node(s->g, id);
  if (sign == 0 || s->left-- <= 0) return;
  if (n->op == OP_SIGMOID && trained_here(s, id)) *(sign > 0 ? &s->plus : &s->minus) = id;
  const bool through = n->op == OP_SUM || n->op == OP_RESHAPE || n->op == OP_STRETCH || n->op == OP_MARK ||
                       n->op == OP_ADD || n->op == OP_SUB || n->op == OP_NEG || n->op == OP_SLICE;
  if (through) signs_of(s, n->in[0], n->op == OP_NEG ? -sign : sign);
  if (n->op == OP_ADD || n->op == OP_SUB) signs_of(s, n->in[1], n->op == OP_SUB ? -sign : sign);
  if (n->op == OP_MUL || n->op == OP_DIV) signs_of(s, n->in[0], sign * sign_of_factor(s->g, n->in[1]));
  if (n->op == OP_MUL) signs_of(s, n->in[1], sign * sign_of_factor(s->g, n->in[0]));
}

static void warn_wasserstein(Sema *S, const Minimize *m, const Value *loss) {
  Signs s = {S, m, loss->u.tensor->g, 400, NODE_NONE, NODE_NONE};
  signs_of(&s, loss->u.tensor->node, 1);
  if (s.plus == NODE_NONE || s.minus == NODE_NONE) return;
  const Span at = g_node(s.g, s.plus)->span;
  Diag *d = diag_add(S->sink, DIAG_SIGMOID_CRITIC, ast_kid(m->n, AST_MINIMIZE_loss)->span,
                     "a Wasserstein loss of `%s`, which ends in a sigmoid", m->list->at[0].name);
  diag_label(d, at, "its scores are in 0..1 here, so the distance is at most 1 and its slopes vanish");
  diag_help(d, "leave the sigmoid out, or use a loss of probabilities: `bce(D(x), 1) + bce(D(G(z)), 0)`");
}

/* ---- tanh against 0..1 ------------------------------------------------------------------------------ */

/* Whether the column was brought to 0..1 and not changed since. */
static const Dataset *scaled_to_unit(const Sema *S, int index, const char *column) {
  for (; index >= 0; index = S->p->datasets.at[index].from) {
    const Dataset *d = &S->p->datasets.at[index];
    const bool own = d->by == NULL || strcmp(d->by, column) == 0;
    if (d->op == DATA_SCALE && own) return d->a == 0 && d->b == 1 ? d : NULL;
    if ((d->op == DATA_STANDARDIZE && own) || d->op == DATA_VALUES || d->op == DATA_RENAME) return NULL;
  }
  return NULL;
}

static bool ends_in_tanh(const ObjectInfo *o, const Shape *row) {
  if (o->results == NULL || o->results->kind != VAL_TENSOR) return false;
  const Tensor *t = o->results->u.tensor;
  const Node *n = g_node(t->g, t->node);
  while (n->op == OP_RESHAPE || n->op == OP_MARK) n = g_node(t->g, n->in[0]);
  const Shape sample = tensor_sample(t);
  return n->op == OP_TANH && shape_equal(&sample, row);
}

/* Whether the step itself brings the column to another range, as `2 * image - 1` does: a product of it with a
 * number. */
static bool rescaled_here(const Graph *g, int slot) {
  for (NodeId id = 0; id < g_count(g); id++) {
    const Node *n = g_node(g, id);
    if (n->op != OP_MUL && n->op != OP_DIV) continue;
    for (int k = 0; k < 2; k++) {
      const Node *x = g_node(g, n->in[k]);
      while (x->op == OP_RESHAPE || x->op == OP_MARK || x->op == OP_SLICE) x = g_node(g, x->in[0]);
      if (x->op == OP_INPUT && x->attr.i[0] == slot && sign_of_factor(g, n->in[1 - k]) != 0) return true;
    }
  }
  return false;
}

static void warn_tanh(Sema *S, const Minimize *m, const Graph *g) {
  const Train *t = &S->p->trains.at[S->train->index];
  for (int c = 0; c < t->columns.n; c++) {
    const Slot *slot = &S->p->slots.at[t->columns.at[c]];
    const Column *column = &S->p->datasets.at[t->dataset].columns.at[slot->column];
    const Dataset *d = scaled_to_unit(S, t->dataset, column->name);
    for (int i = 0; d != NULL && i < m->list->n; i++) {
      const ObjectInfo *o = m->list->at[i].object;
      if (!ends_in_tanh(o, &column->row) || rescaled_here(g, t->columns.at[c])) continue;
      Diag *diag = diag_add(S->sink, DIAG_TANH_RANGE, o->decl->name_span,
                            "`%s` ends in tanh, in -1..1, but `%s` is in 0..1", o->name, column->name);
      diag_label(diag, d->span, "scaled here");
      diag_help(diag, "end with `sigmoid`, or write `scale(-1, 1)`");
      return;
    }
  }
}

/* ---- functions of probabilities and of scores -------------------------------------------------------- */

/* What a node shows the elements of. */
static const Node *seen_through(const Graph *g, NodeId id) {
  const Node *n = g_node(g, id);
  while (n->op == OP_RESHAPE || n->op == OP_MARK || n->op == OP_SLICE || n->op == OP_PART)
    n = g_node(g, n->in[0]);
  return n;
}

/* The least value that a sum of Pauli words can have, by its coefficients alone. */
static double least_of(const Observable *o) {
  double least = 0;
  for (int k = 0; k < o->terms.n; k++) {
    const PauliTerm *t = &o->terms.at[k];
    least += t->x == 0 && t->z == 0 ? t->coefficient : -fabs(t->coefficient);
  }
  return least;
}

static bool measures_signs(const CircuitProgram *c) {
  return c->measure == MEASURE_EXPVAL && c->of_state == NULL && c->observables.n > 0 &&
         least_of(&c->observables.at[0]) <= -0.5;
}

static bool warn_twice(Sema *S, Span at, const Node *inner) {
  const bool circuit = inner->op == OP_CIRCUIT;
  Diag *d = diag_add(S->sink, DIAG_SOFTMAX_TWICE, at, "a loss that takes the softmax of %s",
                     circuit ? "probabilities" : "a softmax");
  diag_label(d, inner->span, "probabilities, in 0..1, are taken for scores");
  if (circuit) diag_help(d, "of probabilities p it is `nll(safe_log(p), label)`");
  else
    diag_help(
        d, "leave this `softmax` out: `cross_entropy` and `log_softmax` take scores and make it themselves");
  return true;
}

static bool are_probabilities(const Node *n) {
  return n->op == OP_SOFTMAX ||
         (n->op == OP_CIRCUIT && ((const CircuitProgram *)n->attr.p)->measure == MEASURE_PROBS);
}

static bool warn_signed(Sema *S, Span at, const Node *inner) {
  const bool tanh = inner->op == OP_TANH;
  Diag *d = diag_add(S->sink, DIAG_SIGNED_LOG, at, "a loss with the logarithm of a value in -1..1");
  diag_label(d, inner->span, "%s, taken for a probability",
             tanh ? "-1 to 1" : "an expectation value, -1 to 1");
  if (tanh) diag_help(d, "end with `sigmoid` in place of `tanh`");
  else diag_help(d, "the probability of 1 is `(1 - z) / 2` of `z = expval(Z(...))`; or measure `probs(...)`");
  return true;
}

/* The nodes that the loss was computed from. */
static bool *nodes_of(Sema *S, const Tensor *loss) {
  bool *used = ARENA_ARRAY(S->a, bool, loss->node + 1);
  used[loss->node] = true;
  for (NodeId id = loss->node; id >= 0; id--)
    for (int k = 0; used[id] && k < g_node(loss->g, id)->n_in; k++) used[g_node(loss->g, id)->in[k]] = true;
  return used;
}

/* Of all that the loss was computed from, the first that is taken for something else. */
static void warn_taken(Sema *S, const Minimize *m, const Tensor *loss, const bool *used) {
  const Span at = ast_kid(m->n, AST_MINIMIZE_loss)->span;
  bool said = false;
  for (NodeId id = loss->node; id >= 0 && !said; id--) {
    const Node *n = g_node(loss->g, id);
    if (!used[id] || (n->op != OP_LOG_SOFTMAX && n->op != OP_SAFE_LOG && n->op != OP_LOG)) continue;
    const Node *inner = seen_through(loss->g, n->in[0]);
    if (n->op == OP_LOG_SOFTMAX) said = are_probabilities(inner) && warn_twice(S, at, inner);
    else if (inner->op == OP_TANH || (inner->op == OP_CIRCUIT && measures_signs(inner->attr.p)))
      said = warn_signed(S, at, inner);
  }
}

/* ---- images in 0..255 ------------------------------------------------------------------------------- */

/* Whether a column has the bytes of its source: no stage brought it to another range. */
static bool are_bytes(const Sema *S, int index, const Column *column) {
  for (; index >= 0 && column->bytes; index = S->p->datasets.at[index].from) {
    const Dataset *d = &S->p->datasets.at[index];
    const bool own = d->by == NULL || strcmp(d->by, column->name) == 0;
    if ((d->op == DATA_SCALE || d->op == DATA_STANDARDIZE) && own) return false;
    if (d->op == DATA_VALUES || d->op == DATA_RENAME) return false;
  }
  return column->bytes;
}

/* What takes numbers around 1: a layer, a difference from what another one makes. */
static bool takes_numbers(const Node *n) { return n->op == OP_MATMUL || n->op == OP_CONV || n->op == OP_SUB; }

static void warn_bytes(Sema *S, const Minimize *m, const Tensor *loss) {
  const Train *t = &S->p->trains.at[S->train->index];
  for (NodeId id = 0; id <= loss->node && !S->train->said_bytes; id++) {
    const Node *n = g_node(loss->g, id);
    for (int k = 0; takes_numbers(n) && k < n->n_in && !S->train->said_bytes; k++) {
      const Node *x = seen_through(loss->g, n->in[k]);
      if (x->op != OP_INPUT || !slot_in((int)x->attr.i[0], t->columns.n, t->columns.at)) continue;
      const Column *c = &S->p->datasets.at[t->dataset].columns.at[S->p->slots.at[x->attr.i[0]].column];
      if (!are_bytes(S, t->dataset, c)) continue;
      Diag *d = diag_add(S->sink, DIAG_RAW_BYTES, ast_kid(m->n, AST_MINIMIZE_loss)->span,
                         "`%s` is learned from as bytes, in 0..255", c->name);
      diag_label(d, S->p->datasets.at[t->dataset].span, "no stage brings it to another range");
      diag_help(d, "write `scale(0, 1)` in the dataset, or `scale(-1, 1)` for a tanh");
      S->train->said_bytes = true;
    }
  }
}

/* ---- a norm of all rows ------------------------------------------------------------------------------- */

/* The root of a sum over the rows of a minibatch, and over what each of them has. */
static const Node *norm_of_rows(const Graph *g, NodeId id) {
  const Node *root = seen_through(g, id);
  if (root->op != OP_SQRT) return NULL;
  const Node *sum = seen_through(g, root->in[0]);
  if (sum->op != OP_SUM || (sum->attr.i[0] & 1) == 0) return NULL;
  const Shape *of = &g_node(g, sum->in[0])->shape;
  return of->rank > 1 && of->d[0].count != 0 && shape_capacity(&sum->shape) == 1 ? root : NULL;
}

/* (norm - 1)^2, as in a gradient penalty. */
static void warn_whole_norm(Sema *S, const Minimize *m, const Tensor *loss, const bool *used) {
  for (NodeId id = 0; id <= loss->node; id++) {
    const Node *n = g_node(loss->g, id);
    const Node *apart = used[id] && n->op == OP_SQUARE ? seen_through(loss->g, n->in[0]) : n;
    if (apart == n || (apart->op != OP_SUB && apart->op != OP_ADD)) continue;
    const Node *root = NULL;
    for (int k = 0; k < 2 && root == NULL; k++)
      if (seen_through(loss->g, apart->in[1 - k])->op == OP_CONST) root = norm_of_rows(loss->g, apart->in[k]);
    if (root == NULL) continue;
    Diag *d = diag_add(S->sink, DIAG_WHOLE_NORM, ast_kid(m->n, AST_MINIMIZE_loss)->span,
                       "a penalty on one norm of all rows of the minibatch");
    diag_label(d, root->span, "the root of a sum over the rows");
    diag_help(d, "`sample_norm(g)` has a norm for each row: `mean((sample_norm(g) - 1)^2)`");
    return;
  }
}

void advise_loss(Sema *S, const Minimize *m, const Value *loss) {
  if (loss->kind != VAL_TENSOR) return;
  warn_bytes(S, m, loss->u.tensor);
  warn_wasserstein(S, m, loss);
  warn_tanh(S, m, loss->u.tensor->g);
  const bool *used = nodes_of(S, loss->u.tensor);
  warn_taken(S, m, loss->u.tensor, used);
  warn_whole_norm(S, m, loss->u.tensor, used);
}

/* ---- rows to test with, in training -------------------------------------------------------------------- */

static bool is_part(const Dataset *d) { return d->op == DATA_SPLIT || d->op == DATA_FOLD; }

/* Whether the rows of `whole` come into dataset k other than through one part of a split of it. */
static bool holds_all(const Sema *S, int k, int whole) {
  if (k < 0) return false;
  if (k == whole) return true;
  const Dataset *d = &S->p->datasets.at[k];
  if (is_part(d) && d->from == whole) return false;
  return holds_all(S, d->from, whole) || holds_all(S, d->other, whole);
}

static bool made_from(const Sema *S, int k, int part) {
  if (k < 0) return false;
  const Dataset *d = &S->p->datasets.at[k];
  return k == part || made_from(S, d->from, part) || made_from(S, d->other, part);
}

/* The file that all rows of a dataset come from, in the end; NULL if stages chose among them. */
static const Dataset *plain_file(const Sema *S, int k) {
  for (; k >= 0; k = S->p->datasets.at[k].from) {
    const Dataset *d = &S->p->datasets.at[k];
    if (d->op == DATA_TAKE || d->op == DATA_DROP || d->op == DATA_KEEP || d->other >= 0 || is_part(d))
      return NULL;
    if (d->from < 0) return d->files.n > 0 ? d : NULL;
  }
  return NULL;
}

static bool same_files(const Dataset *a, const Dataset *b) {
  if (a == NULL || b == NULL || a == b || a->op != b->op || a->files.n != b->files.n) return false;
  for (int i = 0; i < a->files.n; i++)
    if (strcmp(a->files.at[i].name, b->files.at[i].name) != 0) return false;
  return true;
}

static Span data_span(const TrainInfo *t) {
  for (int i = 0; i < t->given.n; i++)
    if (strcmp(t->given.at[i].name, "data") == 0) return t->given.at[i].span;
  return t->decl->name_span;
}

static bool warn_held_out(Sema *S, const TrainInfo *t, int data, int table) {
  for (int k = 0; k < S->p->datasets.n; k++) {
    const Dataset *d = &S->p->datasets.at[k];
    if (!is_part(d) || !made_from(S, table, k) || !holds_all(S, data, d->from)) continue;
    Diag *diag = diag_add(S->sink, DIAG_TEST_DATA, data_span(t),
                          "the train `%s` sees rows that a part of a split holds out", t->name);
    diag_label(diag, d->span, "split here; a part of it is used as values");
    diag_help(diag, "train on the other part of the split");
    return true;
  }
  const Dataset *a = plain_file(S, data), *b = plain_file(S, table);
  if (!same_files(a, b)) return false;
  Diag *diag = diag_add(S->sink, DIAG_TEST_DATA, data_span(t),
                        "the train `%s` sees the same rows as another dataset of the same file", t->name);
  diag_label(diag, b->span, "read again here, and used as values");
  diag_help(diag, "read the file once and `split` it, or name the file of the test set");
  return true;
}

void advise_data(Sema *S) {
  for (int i = 0; i < S->trains.n; i++) {
    const int data = S->p->trains.at[S->trains.at[i]->index].dataset;
    bool said = data < 0;
    for (int k = 0; k < S->p->slots.n && !said; k++)
      if (S->p->slots.at[k].kind == SLOT_TABLE)
        said = warn_held_out(S, S->trains.at[i], data, S->p->slots.at[k].dataset);
  }
}
