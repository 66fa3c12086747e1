/* Weights from files and values to files: `load` and `save`. A file of weights is read like data (its head by
 * `check`, its hash in the lock), so names and shapes are compared before anything runs; what is loaded is
 * then stored into the weights like any `M := ...`. */
#include <string.h>
#include "lang/sema/dataset.h"

typedef VEC(int) Ints;

/* All that an object keeps: weights and running statistics, each once. */
static void kept_slots(const ObjectInfo *o, Arena *a, Ints *out) {
  for (int i = 0; i < o->parts.n; i++) {
    const Part *p = &o->parts.at[i];
    if (p->part != NULL) kept_slots(p->part, a, out);
    else if (!slot_in(p->slot, out->n, out->at)) vec_push(a, out, p->slot);
  }
}

/* A circuit or model whose weights are all known; NULL after an error. */
static ObjectInfo *want_object(Sema *S, const Value *v, const char *what) {
  if (v->kind != VAL_OBJECT || v->u.object->is_block) {
    wrong_kind(S, v, what, "a circuit or model with weights");
    return NULL;
  }
  ObjectInfo *o = object_root(v->u.object);
  if (o->broken) return NULL;
  if (o->ready) return o;
  sizes_unknown(S, v->span, o, "for its weights");
  return NULL;
}

static bool at_top(Sema *S, const Args *args) {
  if (S->place == PLACE_TOP && S->call == NULL) return true;
  say(S, DIAG_PLACE, args->span, "`%s` stands at the top level of a script", args->name);
  return false;
}

/* ---- load ----------------------------------------------------------------------------------------- */

typedef struct Load {
  Sema *S;
  const ObjectInfo *object;
  const char *file, *from; /* the object's name in the file; NULL: not said */
  int dataset;
  Ints slots;
  int *column; /* of each slot, -1: none */
} Load;

/* The name of a weight inside its object: what PyTorch's users see in a state_dict. */
static const char *short_name(const Load *l, int slot) {
  const char *name = l->S->p->slots.at[slot].name;
  const size_t n = strlen(l->object->path);
  return strncmp(name, l->object->path, n) == 0 && name[n] == '.' ? name + n + 1 : name;
}

static const char *prefix(const Load *l) { return l->from != NULL ? l->from : l->object->path; }

static void find_columns(Load *l) {
  Sema *S = l->S;
  const Dataset *d = &S->p->datasets.at[l->dataset];
  l->column = ARENA_ARRAY(S->a, int, l->slots.n + 1);
  for (int i = 0; i < l->slots.n; i++) {
    const char *name = short_name(l, l->slots.at[i]);
    l->column[i] = dataset_column(d, arena_printf(S->a, "%s.%s", prefix(l), name));
    if (l->column[i] < 0) l->column[i] = dataset_column(d, name);
  }
}

/* Whether a column is meant for the object: one with its name in front, or any where no name has. */
static bool is_meant(const Load *l, const char *name) {
  const Dataset *d = &l->S->p->datasets.at[l->dataset];
  const char *head = arena_printf(l->S->a, "%s.", prefix(l));
  bool any = l->from != NULL;
  for (int k = 0; k < d->columns.n; k++) any = any || strncmp(d->columns.at[k].name, head, strlen(head)) == 0;
  return !any || strncmp(name, head, strlen(head)) == 0;
}

static bool is_used(const Load *l, int column) { return slot_in(column, l->slots.n, l->column); }

/* "`linear_1.bias` [4], `linear_1.weight` [4, 2]", cut after eight. */
static const char *add_name(Sema *S, const char *list, int n, const char *name, const Shape *shape) {
  if (n > 8) return list;
  if (n == 8) return arena_printf(S->a, "%s, ...", list);
  return arena_printf(S->a, "%s%s`%s` %s", list, n > 0 ? ", " : "", name, sema_shape_text(S, shape));
}

/* Both lists, of what is not in the other. False after E0101. */
static bool names_fit(const Load *l, const Args *args) {
  Sema *S = l->S;
  const Dataset *d = &S->p->datasets.at[l->dataset];
  const char *missing = "", *left = "";
  int n_missing = 0, n_left = 0;
  for (int i = 0; i < l->slots.n; i++)
    if (l->column[i] < 0)
      missing = add_name(S, missing, n_missing++, short_name(l, l->slots.at[i]),
                         &S->p->slots.at[l->slots.at[i]].shape);
  for (int k = 0; k < d->columns.n; k++)
    if (!is_used(l, k) && is_meant(l, d->columns.at[k].name))
      left = add_name(S, left, n_left++, d->columns.at[k].name, &d->columns.at[k].row);
  if (n_missing == 0 && n_left == 0) return true;
  Diag *diag = n_missing > 0 ? say(S, DIAG_NAME, args->v[1]->span, "`%s` lacks %d of the %d weights of `%s`",
                                   l->file, n_missing, l->slots.n, l->object->name)
                             : say(S, DIAG_NAME, args->v[1]->span, "`%s` holds %d weight%s that `%s` has not",
                                   l->file, n_left, n_left == 1 ? "" : "s", l->object->name);
  if (n_missing > 0) diag_line(diag, "missing", "%s", missing);
  if (n_left > 0) diag_line(diag, "left over", "%s", left);
  int n_held = 0;
  const char *held = "";
  for (int k = 0; n_left == 0 && k < d->columns.n; k++)
    if (!is_used(l, k)) held = add_name(S, held, n_held++, d->columns.at[k].name, &d->columns.at[k].row);
  if (n_held > 0) diag_line(diag, "in the file", "%s", held);
  diag_help(diag,
            n_missing == l->slots.n && l->from == NULL
                ? "weights of another object are named by it: `load(%s, \"%s\", from = \"G\")`"
                : "label the lines of the model as the file names them: `fc1: linear(64)` is `fc1.weight`",
            l->object->name, l->file);
  return false;
}

static bool shapes_fit(const Load *l, const Args *args) {
  Sema *S = l->S;
  const Dataset *d = &S->p->datasets.at[l->dataset];
  bool ok = true;
  for (int i = 0; i < l->slots.n; i++) {
    const Slot *slot = &S->p->slots.at[l->slots.at[i]];
    const Column *c = &d->columns.at[l->column[i]];
    if (shape_equal(&slot->shape, &c->row)) continue;
    Diag *diag = say(S, DIAG_SHAPE, args->v[1]->span, "`%s` is %s, but `%s` of `%s` is %s", slot->name,
                     sema_shape_text(S, &slot->shape), c->name, l->file, sema_shape_text(S, &c->row));
    diag_label(diag, slot->span, "made here");
    ok = false;
  }
  return ok;
}

/* load(M, "file.safetensors", from = "G") */
const Value *fn_load(Sema *S, Args *args, const Builtin *self) {
  Load l = {.S = S};
  (void)self;
  if (args->v[0]->kind == VAL_TEXT && args->v[1]->kind == VAL_OBJECT) {
    Diag *d = wrong_kind(S, args->v[0], "what `load` fills", "a circuit or model");
    if (d != NULL)
      diag_help(d, "the file stands second: `load(%s, \"%s\")`", args->v[1]->u.object->name,
                args->v[0]->u.text);
    return S->error;
  }
  l.object = want_object(S, args->v[0], "what `load` fills");
  l.file = want_text(S, args->v[1], "the file of `load`");
  if (l.object == NULL || l.file == NULL || !at_top(S, args)) return S->error;
  if (args->v[2] != NULL && (l.from = want_text(S, args->v[2], "`from` of `load`")) == NULL) return S->error;
  kept_slots(l.object, S->a, &l.slots);
  if (l.slots.n == 0) {
    say(S, DIAG_NO_PATH, args->v[0]->span, "`%s` has no weights to load", l.object->name);
    return S->error;
  }
  const Value *data;
  Dataset *d = dataset_new(S, DATA_WEIGHTS, NULL, args->span, &data);
  vec_push(S->a, &d->files, ((DataPath){l.file, NULL}));
  if (val_is_error(dataset_head(S, d, data))) return S->error;
  l.dataset = data->u.index;
  find_columns(&l);
  if (!names_fit(&l, args) || !shapes_fit(&l, args)) return S->error;
  for (int i = 0; i < l.slots.n; i++) {
    const int slot = l.slots.at[i];
    const Value *v = dataset_table(S, l.dataset, l.column[i], 0, args->span);
    if (val_is_error(v)) return v;
    Graph *g = graph_now(S);
    const Shape shape = S->p->slots.at[slot].shape;
    const NodeId x = g_reshape(g, v->u.tensor->node, &shape, args->span);
    g_store(g, g_mark(g, x, ++S->marks, args->span), slot, args->span);
    vec_push(S->a, &S->updates, slot);
  }
  region_close(S);
  return val_nothing(S, args->span);
}

/* ---- save ----------------------------------------------------------------------------------------- */

static bool ends_with(const char *name, const char *end) {
  const size_t n = strlen(name), m = strlen(end);
  return n > m && strcmp(name + n - m, end) == 0;
}

static bool file_of(Sema *S, const Value *v, Saved *out) {
  if (v->kind != VAL_TEXT && !val_is_error(v)) {
    Diag *d = wrong_kind(S, v, "the file of `save`", "a text");
    if (d != NULL)
      diag_help(d, "the file stands first: `save(\"%s.safetensors\", %s)`",
                v->kind == VAL_OBJECT ? v->u.object->name : "weights", src_of_span(S, v->span));
    return false;
  }
  out->file = want_text(S, v, "the file of `save`");
  if (out->file == NULL) return false;
  static const char *const ends[] = {
      [SAVED_NPY] = ".npy", [SAVED_NPZ] = ".npz", [SAVED_SAFETENSORS] = ".safetensors", [SAVED_PNG] = ".png"};
  const int n = sizeof ends / sizeof *ends;
  int k = 0;
  while (k < n && !ends_with(out->file, ends[k])) k++;
  if (k == n || strchr(out->file, '/') != NULL || out->file[0] == '.') {
    Diag *d = say(S, DIAG_TYPE, v->span, "`save` writes .npy, .npz, .safetensors or .png, but this is \"%s\"",
                  out->file);
    const char *dot = strrchr(out->file, '.');
    if (k == n && dot != NULL && dot != out->file && strchr(out->file, '/') == NULL)
      diag_help(d, "weights are `\"%.*s.safetensors\"`, one tensor `\"%.*s.npy\"`", (int)(dot - out->file),
                out->file, (int)(dot - out->file), out->file);
    else diag_help(d, "a name without folders: it stands in `saved/` of the run's folder");
    return false;
  }
  out->format = (SavedFormat)k;
  for (int i = 0; i < S->p->saves.n; i++)
    if (strcmp(S->p->saves.at[i].file, out->file) == 0) {
      say(S, DIAG_REDECLARED, v->span, "\"%s\" is saved twice", out->file);
      return false;
    }
  return true;
}

static void save_slot(Sema *S, Saved *out, const char *name, int slot) {
  vec_push(S->a, &out->names, name);
  vec_push(S->a, &out->slots, slot);
}

static bool save_object(Sema *S, const Value *v, const char *as, Saved *out) {
  Load l = {.S = S, .object = want_object(S, v, "what `save` writes")};
  if (l.object == NULL) return false;
  kept_slots(l.object, S->a, &l.slots);
  for (int i = 0; i < l.slots.n; i++) {
    const char *name = short_name(&l, l.slots.at[i]);
    save_slot(S, out, as != NULL ? arena_printf(S->a, "%s.%s", as, name) : name, l.slots.at[i]);
  }
  if (l.slots.n > 0) return true;
  say(S, DIAG_NO_PATH, v->span, "`%s` has no weights to save", l.object->name);
  return false;
}

static bool save_value(Sema *S, const Value *v, const char *as, Saved *out) {
  if (v->kind == VAL_OBJECT) return save_object(S, v, as, out);
  if (!val_can_be_tensor(v)) {
    wrong_kind(S, v, "what `save` writes", "a circuit, a model or a value");
    return false;
  }
  const char *name = as != NULL ? as : "array";
  const int slot = value_slot(S, v, arena_printf(S->a, "save.%s", name));
  if (slot >= 0) save_slot(S, out, name, slot);
  return slot >= 0;
}

/* Whether a file of its format can hold what is saved. */
static bool fits_format(Sema *S, const Args *args, const Saved *out) {
  if (out->format == SAVED_NPY && out->slots.n != 1) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->v[0]->span, "a .npy file holds one array, but these are %d",
                  out->slots.n);
    diag_help(d, "several arrays, and weights, go to .npz or .safetensors");
    return false;
  }
  if (out->format != SAVED_PNG) return true;
  const Shape *s = &S->p->slots.at[out->slots.at[0]].shape;
  if (out->slots.n == 1 && (is_images(s) || s->rank == 2)) return true;
  if (out->slots.n != 1) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->v[0]->span,
                  "a .png file shows one array of images, but these are %d", out->slots.n);
    diag_help(d, "each has a file of its own; .npz holds several arrays");
    return false;
  }
  Diag *d = say(S, DIAG_SHAPE, args->span,
                "a .png file shows images [rows, h, w], [rows, channels, h, w] or one [h, w], not %s",
                sema_shape_text(S, s));
  diag_help(d, "there are 1 or 3 channels; `x[0..1]` is the first image of x, and .npy holds any array");
  return false;
}

/* save("x.npy", x), save("all.npz", x = a, y = b), save("G.safetensors", G), save("x.png", images) */
const Value *fn_save(Sema *S, Args *args, const Builtin *self) {
  Saved out = {0};
  (void)self;
  if (!at_top(S, args) || !file_of(S, args->v[0], &out)) return S->error;
  if (args->v[1] == NULL && args->n_free == 0) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->name_span, "`save` needs what it writes");
    diag_help(d, "`save(\"x.npy\", x)`, `save(\"all.npz\", x = a, y = b)`, `save(\"G.safetensors\", G)`");
    return S->error;
  }
  if (args->v[1] != NULL && !save_value(S, args->v[1], NULL, &out)) return S->error;
  for (int i = 0; i < args->n_free; i++)
    if (!save_value(S, args->free[i], args->free_name[i], &out)) return S->error;
  if (!fits_format(S, args, &out)) return S->error;
  vec_push(S->a, &S->p->saves, out);
  Stmt *s = block_push(S, STMT_SAVE, args->span);
  s->index = S->p->saves.n - 1;
  return val_nothing(S, args->span);
}
