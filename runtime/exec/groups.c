/* `per`: the rows of a minibatch, group by group; `route`: rows by a condition. Groups are numbered in the
 * order of their first rows, so what labels are called changes no bit. */
#include <string.h>

#include "runtime/exec/run_state.h"
#include "runtime/exec/sizes.h"

/* Bytes of a row of the slot in this run. */
static size_t row_bytes(const Run *r, int slot) {
  Shape row = r->program->slots.at[slot].shape;
  row.d[0] = dim_static(1);
  return (size_t)sizes_elements(&row, r->counts) * r->set->real;
}

static const Grouping *grouping_of(const Run *r, int grouping) { return &r->program->groupings.at[grouping]; }

void groups_make(Run *r) {
  const Program *p = r->program;
  r->groups = ARENA_ARRAY(r->arena, GroupState, p->groupings.n + 1);
  for (int k = 0; k < p->groupings.n; k++) {
    GroupState *s = &r->groups[k];
    const int64_t rows = p->counts.at[p->groupings.at[k].count].capacity;
    for (s->mask = 1; s->mask < 2 * rows;) s->mask *= 2;
    s->table = ARENA_ARRAY(r->arena, int32_t, s->mask);
    s->mask--;
    s->group = ARENA_ARRAY(r->arena, int32_t, rows + 1);
    s->start = ARENA_ARRAY(r->arena, int32_t, rows + 2);
    s->order = ARENA_ARRAY(r->arena, int32_t, rows + 1);
  }
}

static double label(const Run *r, const Grouping *g, int k, int64_t row) {
  return run_read(r, r->slot_data[g->by[k]], row);
}

static bool same_labels(const Run *r, const Grouping *g, int64_t a, int64_t b) {
  for (int k = 0; k < g->n_by; k++)
    if (label(r, g, k, a) != label(r, g, k, b)) return false;
  return true;
}

static uint64_t hash_labels(const Run *r, const Grouping *g, int64_t row) {
  uint64_t h = 0;
  for (int k = 0; k < g->n_by; k++) {
    const double x = label(r, g, k, row);
    h = (h ^ (uint64_t)(int64_t)(x == x ? x : -1)) * 0x9E3779B97F4A7C15u;
    h ^= h >> 29;
  }
  return h;
}

/* The group of a row, a new one if no row before has its labels. `start` holds each group's first row. */
static int32_t group_of(const Run *r, const Grouping *g, GroupState *s, int64_t row) {
  uint64_t at = hash_labels(r, g, row) & (uint64_t)s->mask;
  for (; s->table[at] != 0; at = (at + 1) & (uint64_t)s->mask)
    if (same_labels(r, g, s->start[s->table[at] - 1], row)) return s->table[at] - 1;
  s->start[s->n] = (int32_t)row;
  s->table[at] = s->n + 1;
  return s->n++;
}

void groups_find(Run *r, int grouping) {
  const Grouping *g = grouping_of(r, grouping);
  GroupState *s = &r->groups[grouping];
  const int64_t rows = r->counts[g->count];
  memset(s->table, 0, (size_t)(s->mask + 1) * sizeof *s->table);
  s->n = 0;
  for (int64_t row = 0; row < rows; row++) s->group[row] = group_of(r, g, s, row);
  memset(s->start, 0, (size_t)(s->n + 1) * sizeof *s->start);
  for (int64_t row = 0; row < rows; row++) s->start[s->group[row] + 1]++;
  for (int k = 0; k < s->n; k++) s->start[k + 1] += s->start[k];
  for (int64_t row = 0; row < rows; row++) s->order[s->start[s->group[row]]++] = (int32_t)row;
  for (int k = s->n; k > 0; k--) s->start[k] = s->start[k - 1]; /* they have moved to the next group's */
  s->start[0] = 0;
}

void groups_take(Run *r, int grouping, int k) {
  const Grouping *g = grouping_of(r, grouping);
  const GroupState *s = &r->groups[grouping];
  const int64_t n = s->start[k + 1] - s->start[k];
  const int32_t *rows = s->order + s->start[k];
  r->counts[g->rows] = n;
  for (int v = 0; v < g->from.n; v++) {
    const size_t size = row_bytes(r, g->from.at[v]);
    const char *from = r->slot_data[g->from.at[v]];
    char *to = r->slot_data[g->to.at[v]];
    for (int64_t row = 0; row < n; row++)
      memcpy(to + (size_t)row * size, from + (size_t)rows[row] * size, size);
  }
}

/* Groups that could be there and are not; 0 where the number of labels is not known. */
static int64_t absent(const Grouping *g, int n) {
  int64_t all = 1;
  for (int k = 0; k < g->n_by; k++) all *= g->classes[k];
  return all > n ? all - n : 0;
}

void groups_clear(Run *r, int grouping) {
  const Grouping *g = grouping_of(r, grouping);
  for (int k = 0; k < g->sums.n; k++) {
    const Shape *shape = &r->program->slots.at[g->sums.at[k]].shape;
    memset(r->slot_data[g->sums.at[k]], 0, (size_t)shape_capacity(shape) * r->set->real);
  }
}

RunEnd groups_execute(Run *r, const Stmt *s) {
  const Grouping *g = grouping_of(r, s->index);
  GroupState *state = &r->groups[s->index];
  groups_clear(r, s->index);
  groups_find(r, s->index);
  RunEnd end = RUN_DONE;
  for (int k = 0; k < state->n && end == RUN_DONE; k++) {
    groups_take(r, s->index, k);
    end = block_execute(r, s->block);
  }
  char *missing = r->slot_data[g->missing];
  run_write(r, missing, 0, run_read(r, missing, 0) + (double)absent(g, state->n));
  return end;
}

/* ---- route ------------------------------------------------------------------------------------------ */

RunEnd route_execute(Run *r, const Stmt *s) {
  const Routing *way = &r->program->routings.at[s->index];
  const int64_t rows = way->count.count != 0 ? r->counts[way->count.count] : way->count.n;
  const size_t in = row_bytes(r, way->from), out = row_bytes(r, way->part);
  int64_t n = 0;
  for (int64_t row = 0; row < rows; row++)
    if ((run_read(r, r->slot_data[way->mask], row) != 0) == way->holds)
      memcpy(r->slot_data[way->to] + (size_t)n++ * in, r->slot_data[way->from] + (size_t)row * in, in);
  r->counts[way->rows] = n;
  RunEnd end = n > 0 ? block_execute(r, s->block) : RUN_DONE;
  n = 0;
  for (int64_t row = 0; end == RUN_DONE && row < rows; row++)
    if ((run_read(r, r->slot_data[way->mask], row) != 0) == way->holds)
      memcpy(r->slot_data[way->result] + (size_t)row * out, r->slot_data[way->part] + (size_t)n++ * out, out);
  return end;
}
