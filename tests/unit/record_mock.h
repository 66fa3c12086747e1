/* A run made by hand, for tests of the record: a program with one train, two circuits' worth of
 * weights and four series, and the accessors of run.h over plain arrays. Define nothing else of
 * run.h, so that the executor is not linked. */
#ifndef QGN_RECORD_MOCK_H
#define QGN_RECORD_MOCK_H
#include <ftw.h>
#include <math.h>
#include <stdarg.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "lang/base/source.h"
#include "runtime/record/record_int.h"

enum { SLOT_WEIGHT, SLOT_LOSS_D, SLOT_LOSS_G, SLOT_MEAN, SLOT_FAKE, SLOT_TRUTH, SLOT_SCALAR, N_SLOTS };
#define EPOCHS 1000
#define ROWS 10000

struct Run {
  Program program;
  double *data[N_SLOTS];
  int64_t rows[N_SLOTS];
  int64_t entries[3];
};

const Program *run_program(const Run *r) { return &r->program; }
int64_t run_series_entries(const Run *r, int series) { return r->entries[series]; }
Shape run_slot_shape(const Run *r, int slot) {
  if (slot == SLOT_SCALAR) return shape_scalar();
  return shape_of(slot == SLOT_FAKE || slot == SLOT_TRUTH ? 2 : 1, (int64_t[]){r->rows[slot], 1});
}
int64_t run_slot_size(const Run *r, int slot) { return r->rows[slot]; }
double run_slot_get(const Run *r, int slot, int64_t i) { return (double)(float)r->data[slot][i]; }
int64_t run_data_rows(const Run *r, int dataset) { return r->program.datasets.at[dataset].rows; }
void run_train_key(const Run *r, int train, const char *salt, char hex[65]) {
  (void)r, (void)train, (void)salt;
  memset(hex, '0', 64);
  hex[64] = '\0';
}

double run_cell(const Run *r, const Cell *c) {
  return c->text ? (double)NAN : c->slot >= 0 ? run_slot_get(r, c->slot, 0) : c->value;
}

/* Numbers that look drawn and are the same everywhere. */
static double mock_noise(uint64_t *state) {
  double sum = 0;
  for (int i = 0; i < 12; i++) {
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    sum += (double)(*state >> 11) / 9007199254740992.0;
  }
  return sum - 6;
}

static Run *mock_run(Arena *a) {
  static const char *const names[N_SLOTS] = {"G.weight", "qgan.loss.D", "qgan.loss.G", "qgan.mean",
                                             "fake",     "truth",       "w1"};
  static const int64_t rows[N_SLOTS] = {6, EPOCHS, EPOCHS, EPOCHS / 100, ROWS, ROWS, 1};
  static const int weight[] = {SLOT_WEIGHT};
  Run *r = ARENA_NEW(a, Run);
  Program *p = &r->program;
  uint64_t state = 1;
  p->arena = a;
  p->doc = "Hybrid QGAN learns <N(0, 0.2)> & more\nagainst an MLP critic.";
  p->edition = 1;
  p->seed = 7;
  for (int s = 0; s < N_SLOTS; s++) {
    Slot slot = {.kind = s == SLOT_WEIGHT ? SLOT_PARAM
                         : s <= SLOT_MEAN ? SLOT_SERIES
                                          : SLOT_VALUE,
                 .name = names[s],
                 .series = s - SLOT_LOSS_D,
                 .object = -1,
                 .shape = shape_of(1, &rows[s])};
    vec_push(a, &p->slots, slot);
    r->rows[s] = rows[s];
    r->data[s] = ARENA_ARRAY(a, double, rows[s]);
  }
  for (int s = SLOT_LOSS_D; s <= SLOT_MEAN; s++) {
    Series series = {.name = names[s],
                     .slot = s,
                     .capacity = rows[s],
                     .per_epoch = true,
                     .first = s == SLOT_MEAN ? 100 : 1,
                     .stride = s == SLOT_MEAN ? 100 : 1,
                     .train = 0};
    vec_push(a, &p->series, series);
    r->entries[s - SLOT_LOSS_D] = rows[s];
  }
  for (int i = 0; i < EPOCHS; i++) {
    r->data[SLOT_LOSS_D][i] = -0.3 * exp(-i / 150.0) + 0.03 * mock_noise(&state);
    r->data[SLOT_LOSS_G][i] = 0.2 * exp(-i / 200.0) - 0.05 + 0.02 * mock_noise(&state);
  }
  for (int i = 0; i < EPOCHS / 100; i++) r->data[SLOT_MEAN][i] = 0.5 * exp(-i / 3.0);
  for (int i = 0; i < ROWS; i++) {
    r->data[SLOT_TRUTH][i] = 0.2 * mock_noise(&state);
    r->data[SLOT_FAKE][i] = 0.03 + 0.17 * mock_noise(&state);
  }
  for (int i = 0; i < 6; i++) r->data[SLOT_WEIGHT][i] = i / 10.0;
  r->data[SLOT_SCALAR][0] = 0.0123456789;
  Object object = {.name = "G", .n_slots = 1, .slots = weight};
  vec_push(a, &p->objects, object);
  Train train = {.name = "qgan", .dataset = -1, .batch = 64, .epochs = EPOCHS, .gradient = "adjoint"};
  for (int s = 0; s < 3; s++) vec_push(a, &train.series, s);
  vec_push(a, &p->trains, train);
  HyperValue hyper = {"lr", "1e-3", true};
  vec_push(a, &p->hypers, hyper);
  return r;
}

/* What `report` and `claim` statements would have made. */
static void mock_report(Arena *a, Run *r) {
  static const Cell document[] = {{"closely <resembles>", -1, 0}}, measured[] = {{NULL, SLOT_SCALAR, 0}};
  Program *p = &r->program;
  Claim claims[2] = {{.id = "S1.20",
                      .text = "loss < 1",
                      .condition = -1,
                      .opposite = -1,
                      .n_document = 1,
                      .n_measured = 1,
                      .document = document,
                      .measured = measured},
                     {.id = "S1.21", .text = "false", .condition = -1, .opposite = -1}};
  vec_push(a, &p->claims, claims[0]);
  vec_push(a, &p->claims, claims[1]);
  Report report = {.name = "result"};
  ReportItem text = {.kind = REPORT_TEXT, .text = "w1 = {w1:.3f}, {{w1}} & <b>"},
             table = {.kind = REPORT_TABLE}, plot = {.kind = REPORT_PLOT}, curves = {.kind = REPORT_PLOT};
  Cell place = {NULL, SLOT_SCALAR, 0};
  vec_push(a, &text.places, place);
  static const Cell head[] = {{"quantity", -1, 0}, {"document", -1, 0}, {"measured", -1, 0}};
  static const Cell row[] = {{"w1 | x", -1, 0}, {NULL, -1, 0.2}, {NULL, SLOT_SCALAR, 0}};
  ReportRow rows[2] = {{3, head, true}, {3, row, false}};
  vec_push(a, &table.rows, rows[0]);
  vec_push(a, &table.rows, rows[1]);
  Figure truth = figure_make(FIGURE_HISTOGRAM, "truth"),
         fake = figure_make(FIGURE_HISTOGRAM, "it's `id` system(\"x\")");
  truth.x = SLOT_TRUTH, fake.x = SLOT_FAKE, truth.bins = fake.bins = 50;
  vec_push(a, &plot.figures, truth);
  vec_push(a, &plot.figures, fake);
  for (int s = SLOT_LOSS_D; s <= SLOT_MEAN; s++) {
    Figure f = figure_make(FIGURE_SERIES, r->program.slots.at[s].name);
    f.x = s;
    vec_push(a, &curves.figures, f);
  }
  vec_push(a, &report.items, text);
  vec_push(a, &report.items, table);
  vec_push(a, &report.items, plot);
  vec_push(a, &report.items, curves);
  vec_push(a, &p->reports, report);
}

static RecordSpec mock_spec(const Run *r) {
  static const char *const sets[] = {"seed=7", "lr=1e-3"};
  return (RecordSpec){.script = "main.qgn",
                      .name = "gaussian",
                      .text = "edition = 1\n",
                      .size = 12,
                      .n_sets = 2,
                      .sets = sets,
                      .family = "test",
                      .version = "0.0",
                      .libraries = "none",
                      .compiler = "none",
                      .program = &r->program,
                      .threads = 1};
}

/* A file of the record's folder; NULL if it is not there. */
static const char *mock_file(Record *r, const char *name) {
  IoData data;
  IoError e;
  return io_read_file(r->arena, record_path(r, name), (size_t)1 << 26, &data, &e) ? (const char *)data.bytes
                                                                                  : NULL;
}

static char mock_path[32];

/* A folder of its own for the test, which becomes the current one. */
static void mock_folder(void) {
  strcpy(mock_path, "/tmp/qgn-test-XXXXXX");
  assert_non_null(mkdtemp(mock_path));
  assert_int_equal(chdir(mock_path), 0);
}

static int mock_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
  (void)st, (void)type, (void)ftw;
  return remove(path);
}

static void mock_remove(void) {
  assert_int_equal(chdir("/"), 0);
  assert_int_equal(nftw(mock_path, mock_remove_one, 8, FTW_DEPTH | FTW_PHYS), 0);
}
#endif
