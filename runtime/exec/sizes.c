#include "runtime/exec/sizes.h"

int64_t sizes_elements(const Shape *s, const int64_t *counts) {
  int64_t n = 1;
  for (int k = 0; k < s->rank; k++) n *= s->d[k].count != 0 ? counts[s->d[k].count] : s->d[k].n;
  return n;
}

/* ---- while planning ------------------------------------------------------------------------------- */

/* The first axis whose count is a size to the kernel. */
static int first_size(bool rows) { return rows ? 1 : 0; }

static bool has_counts(const Shape *s, int first) {
  for (int k = first; k < s->rank; k++)
    if (s->d[k].count != 0) return true;
  return false;
}

static bool operands_have_sizes(const KOp *op) {
  bool found = has_counts(&op->out, first_size(op->out_rows));
  for (int k = 0; k < op->n_in; k++) found = found || has_counts(&op->in[k], first_size(op->in_rows[k]));
  return found;
}

/* A whole-tensor operation along the axis of rows, or one that moves it. */
static bool along_rows(const KOp *op, const Node *n) {
  bool rows = false;
  for (int k = 0; k < op->n_in; k++) rows = rows || op->in_rows[k];
  if (!rows) return false;
  return n->op == OP_TRANSPOSE ? n->attr.i[0] != 0 : op_info[n->op].cls == CLASS_AXIS && n->attr.i[0] == 0;
}

static void note_counts(PlanEnv *env, Sizes *z, const Shape *s, int first) {
  for (int k = first; k < s->rank; k++) {
    bool known = s->d[k].count == 0;
    for (int j = 0; j < z->counts.n && !known; j++) known = z->counts.at[j] == s->d[k].count;
    if (!known) vec_push(env->arena, &z->counts, s->d[k].count);
  }
}

void sizes_note(PlanEnv *env, RegionPlan *p, Instr *i, const Node *n, int instr) {
  KOp *op = &i->kop;
  const bool serial = p->placed.at[i->node].place == PLACE_FULL;
  if (!operands_have_sizes(op) && !(serial && (i->mixed_counts || along_rows(op, n)))) return;
  if (p->sizes == NULL) p->sizes = ARENA_NEW(env->arena, Sizes);
  if (serial) {
    for (int k = 0; k < op->n_in; k++) op->in_rows[k] = false;
    op->out_rows = false;
    i->rows_domain = -1;
    i->mixed_counts = false;
  }
  for (int k = 0; k < op->n_in; k++) note_counts(env, p->sizes, &op->in[k], first_size(op->in_rows[k]));
  note_counts(env, p->sizes, &op->out, first_size(op->out_rows));
  vec_push(env->arena, &p->sizes->instrs, instr);
}

void sizes_end(PlanEnv *env, RegionPlan *p) {
  if (p->sizes == NULL) return;
  p->sizes->now = ARENA_ARRAY(env->arena, int64_t, p->sizes->counts.n + 1);
  for (int k = 0; k < p->sizes->counts.n; k++) p->sizes->now[k] = -1;
}

/* ---- when run ----------------------------------------------------------------------------------------- */

static void fill(Shape *s, int first, const int64_t *counts) {
  for (int k = first; k < s->rank; k++)
    if (s->d[k].count != 0) s->d[k].n = counts[s->d[k].count];
}

static void fill_instr(Instr *i, const KernelSet *set, const int64_t *counts) {
  KOp *op = &i->kop;
  const size_t scratch = op->scratch;
  const int64_t real = (int64_t)set->real;
  for (int k = 0; k < op->n_in; k++) {
    fill(&op->in[k], first_size(op->in_rows[k]), counts);
    if (op->in_rows[k] && i->in[k].row_bytes > 0) i->in[k].row_bytes = shape_row_size(&op->in[k]) * real;
  }
  fill(&op->out, first_size(op->out_rows), counts);
  if (op->out_rows && i->out.row_bytes > 0) i->out.row_bytes = shape_row_size(&op->out) * real;
  (void)kop_prepare(op, set); /* what it would refuse it has refused when planned */
  op->scratch = scratch;
}

void sizes_fill(const RegionPlan *p, const KernelSet *set, const int64_t *counts) {
  Sizes *z = p->sizes;
  bool same = true;
  if (z == NULL) return;
  for (int k = 0; k < z->counts.n; k++) {
    same = same && z->now[k] == counts[z->counts.at[k]];
    z->now[k] = counts[z->counts.at[k]];
  }
  for (int k = 0; !same && k < z->instrs.n; k++) fill_instr(&p->instrs.at[z->instrs.at[k]], set, counts);
}
