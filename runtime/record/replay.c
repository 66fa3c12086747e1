#include "runtime/record/replay.h"
#include <stdlib.h>
#include <string.h>
#include "runtime/record/record_int.h"
#include "runtime/record/safetensors.h"

/* A stored state; the stretch that belongs to it ends there and begins where the one before stands. */
typedef struct Stored {
  const char *file; /* NULL: the end, which is not there */
  int train;
  int64_t epoch, iteration;
  bool chosen;
  char rank[65]; /* the order in which stretches are taken */
} Stored;

typedef struct Course {
  int n;
  Stored *at; /* in the order of time, the end last */
  int next;   /* the first stretch that may still be executed */
  int now;    /* the one under way, -1: none */
} Course;

struct Replay {
  Record *r;
  const char *folder;
  Course *trains;
  bool failed;
};

static const Train *train_of(const Replay *p, int train) { return &p->r->spec.program->trains.at[train]; }

static Diag *disagree(Replay *p, const char *where) {
  p->failed = true;
  return diag_add(p->r->sink, DIAG_VERIFY, SPAN_NONE, "%s does not agree: %s", p->folder, where);
}

/* ---- what is there ----------------------------------------------------------------------------------- */

/* The metadata of a state of this run, and its hash: every file is read once as a whole. */
static bool read_stored(Replay *p, Stored *s) {
  Arena *a = arena_new();
  StFile f;
  const char *path = arena_printf(a, "%s/%s", p->folder, s->file), *why = st_read(a, path, &f);
  const char *run = why ? NULL : st_meta(&f, "run"), *epoch = why ? NULL : st_meta(&f, "epoch"),
             *iteration = why ? NULL : st_meta(&f, "iteration");
  if (!why && (!run || !epoch || !iteration || strcmp(run, p->r->content) != 0))
    why = "it belongs to another run";
  if (why) disagree(p, arena_printf(p->r->arena, "%s is damaged: %s", s->file, why));
  else s->epoch = strtoll(epoch, NULL, 10), s->iteration = strtoll(iteration, NULL, 10);
  arena_free(a);
  return why == NULL;
}

static int by_time(const void *a, const void *b) {
  const Stored *x = a, *y = b;
  if (x->epoch != y->epoch) return x->epoch < y->epoch ? -1 : 1;
  return x->iteration < y->iteration ? -1 : x->iteration > y->iteration;
}

static bool read_course(Replay *p, int train, int n_names, char **names) {
  Arena *a = p->r->arena;
  Course *c = &p->trains[train];
  const char *end = arena_printf(a, "%s.state.safetensors", train_of(p, train)->name);
  bool ended = false;
  c->at = ARENA_ARRAY(a, Stored, n_names + 2);
  for (int i = 0; i < n_names; i++) {
    Stored s = {.file = names[i], .train = train};
    if (strcmp(names[i], end) == 0) {
      ended = true;
      continue;
    }
    const int64_t epoch = record_kept_epoch(names[i], train_of(p, train)->name);
    if (epoch < 0) continue;
    if (!read_stored(p, &s)) return false;
    if (s.epoch != epoch) {
      disagree(p, arena_printf(a, "%s stands at epoch %lld", names[i], (long long)s.epoch));
      return false;
    }
    c->at[c->n++] = s;
  }
  if (c->n > 1) qsort(c->at, (size_t)c->n, sizeof *c->at, by_time);
  Stored last = {.file = ended ? end : NULL, .train = train, .epoch = -1, .chosen = !ended};
  if (ended && !read_stored(p, &last)) return false;
  while (ended && c->n > 0 && c->at[c->n - 1].epoch >= last.epoch) c->n--;
  c->at[c->n++] = last;
  return true;
}

/* ---- choosing ---------------------------------------------------------------------------------------- */

static int by_rank(const void *a, const void *b) {
  const Stored *const *x = a, *const *y = b;
  return strcmp((*x)->rank, (*y)->rank);
}

static int64_t steps_of(const Course *c, int k) {
  return c->at[k].iteration - (k > 0 ? c->at[k - 1].iteration : 0);
}

static void choose(Replay *p, int64_t steps) {
  const Program *program = p->r->spec.program;
  VEC(Stored *) all = {0};
  for (int t = 0; t < program->trains.n; t++)
    for (int k = 0; k < p->trains[t].n; k++) {
      Stored *s = &p->trains[t].at[k];
      const char *text = arena_printf(p->r->arena, "%s %s %lld", p->r->content, program->trains.at[t].name,
                                      (long long)s->epoch);
      io_sha256(text, strlen(text), s->rank);
      if (s->file) vec_push(p->r->arena, &all, s);
    }
  if (all.n > 1) qsort(all.at, (size_t)all.n, sizeof all.at[0], by_rank);
  for (int i = 0; i < all.n && steps > 0; i++) {
    const Course *c = &p->trains[all.at[i]->train];
    const int64_t own = steps_of(c, (int)(all.at[i] - c->at));
    if (own <= 0) continue;
    all.at[i]->chosen = true;
    steps -= own;
  }
}

Replay *replay_open(Record *r, const char *folder, int64_t steps) {
  Replay *p = ARENA_NEW(r->arena, Replay);
  *p = (Replay){.r = r, .folder = folder};
  p->trains = ARENA_ARRAY(r->arena, Course, r->spec.program->trains.n + 1);
  char **names;
  int n;
  IoError e;
  if (!io_list(r->arena, folder, &names, &n, &e)) {
    disagree(p, io_message(r->arena, &e));
    return NULL;
  }
  for (int t = 0; t < r->spec.program->trains.n; t++) {
    p->trains[t].now = -1;
    if (!read_course(p, t, n, names)) return NULL;
  }
  choose(p, steps);
  return p;
}

/* ---- executing --------------------------------------------------------------------------------------- */

static int load_stored(Replay *p, int train, const Stored *s, const StateItem *items, int n) {
  Arena *a = arena_new();
  const char *path = arena_printf(a, "%s/%s", p->folder, s->file);
  const char *why = record_load_file(a, p->r, train, path, items, n);
  if (why) disagree(p, arena_printf(p->r->arena, "%s is damaged: %s", s->file, why));
  arena_free(a);
  return why ? -1 : 1;
}

int replay_load(Replay *p, int train, const StateItem *items, int n, bool *at_end) {
  Course *c = &p->trains[train];
  *at_end = false;
  if (p->failed) return -1;
  int k = c->next;
  while (k < c->n && !c->at[k].chosen) k++;
  if (k == c->n) {
    c->now = -1;
    *at_end = true;
    return load_stored(p, train, &c->at[c->n - 1], items, n);
  }
  const bool goes_on = k > 0 && c->now == k - 1;
  c->now = k;
  c->next = k + 1;
  if (goes_on) return 1;
  return k == 0 ? 0 : load_stored(p, train, &c->at[k - 1], items, n);
}

bool replay_epoch(const Replay *p, int train, int64_t epoch) {
  const Course *c = &p->trains[train];
  return c->now >= 0 && c->now < c->n - 1 && c->at[c->now].epoch == epoch;
}

/* ---- comparing --------------------------------------------------------------------------------------- */

static const char *value_text(Arena *a, const char *dtype, const char *at) {
  double d;
  float f;
  int64_t i;
  if (strcmp(dtype, "F32") == 0) return memcpy(&f, at, sizeof f), arena_printf(a, "%.9g", (double)f);
  if (strcmp(dtype, "F64") == 0) return memcpy(&d, at, sizeof d), arena_printf(a, "%.17g", d);
  return memcpy(&i, at, sizeof i), arena_printf(a, "%lld", (long long)i);
}

static size_t bytes_of(const StateItem *item) {
  size_t n = st_element(item->dtype);
  for (int i = 0; i < item->rank; i++) n *= (size_t)(i == 0 && item->rows ? *item->rows : item->dims[i]);
  return n;
}

static bool is_series(const StateItem *item) { return strncmp(item->name, "series/", 7) == 0; }

/* "fit from epoch 20 to 30 (60 steps)" */
static const char *stretch_text(const Replay *p, int train, int k) {
  const Course *c = &p->trains[train];
  return arena_printf(p->r->arena, "%s from epoch %lld to %lld (%lld steps)", train_of(p, train)->name,
                      (long long)(k > 0 ? c->at[k - 1].epoch : 0), (long long)c->at[k].epoch,
                      (long long)steps_of(c, k));
}

static bool same_item(Replay *p, const char *stretch, const StateItem *item, const StTensor *t) {
  Arena *a = p->r->arena;
  const size_t each = st_element(item->dtype), size = bytes_of(item);
  const char *name = is_series(item) ? item->name + strlen("series/") : item->name;
  if (t && strcmp(t->dtype, item->dtype) == 0 && t->size == size &&
      (size == 0 || memcmp(t->data, item->data, size) == 0))
    return true;
  if (!t || strcmp(t->dtype, item->dtype) != 0)
    return disagree(p, arena_printf(a, "%s, `%s` is not stored", stretch, name)), false;
  const char *x = t->data, *y = item->data;
  size_t k = 0;
  const size_t common = (t->size < size ? t->size : size) / each;
  while (k < common && memcmp(x + k * each, y + k * each, each) == 0) k++;
  Diag *d = disagree(p, arena_printf(a, "%s, `%s`, element %zu", stretch, name, k));
  diag_line(d, "stored", "%s", k * each < t->size ? value_text(a, item->dtype, x + k * each) : "nothing");
  diag_line(d, "found", "%s", k * each < size ? value_text(a, item->dtype, y + k * each) : "nothing");
  return false;
}

/* Series first: their entries say when it began. */
static bool same_state(Replay *p, int train, int k, const StFile *f, const StateItem *items, int n) {
  const char *stretch = stretch_text(p, train, k);
  for (int pass = 0; pass < 2; pass++)
    for (int i = 0; i < n; i++)
      if (is_series(&items[i]) == (pass == 0) && !same_item(p, stretch, &items[i], st_find(f, items[i].name)))
        return false;
  return true;
}

bool replay_reached(Replay *p, int train, const StateItem *items, int n) {
  const Course *c = &p->trains[train];
  const int k = c->now;
  if (p->failed) return false;
  if (k < 0 || !c->at[k].file) return true; /* the end was loaded, or is not stored */
  Arena *a = arena_new();
  StFile f;
  const char *why = st_read(a, arena_printf(a, "%s/%s", p->folder, c->at[k].file), &f);
  if (why) disagree(p, arena_printf(p->r->arena, "%s is damaged: %s", c->at[k].file, why));
  else same_state(p, train, k, &f, items, n);
  arena_free(a);
  return !p->failed;
}
