/* The record of a run, over a run made by hand: names, files, checkpoints, report. */
#define _GNU_SOURCE
#include "record_mock.h"
#include "runtime/record/safetensors.h"

typedef struct Bench {
  Arena *a;
  Run *run;
  RecordSpec spec;
  DiagSink *sink;
  Record *r;
  double weight[6];
  int64_t counters[4];
  StateItem items[2];
} Bench;

static int setup(void **state) {
  Bench *b = calloc(1, sizeof *b);
  mock_folder();
  b->a = arena_new();
  b->run = mock_run(b->a);
  b->spec = mock_spec(b->run);
  b->sink = diag_sink(b->a);
  b->items[0] = (StateItem){
      .name = "G.weight", .dtype = "F64", .rank = 1, .dims = {6}, .data = b->weight, .is_weight = true};
  b->items[1] =
      (StateItem){.name = "progress/counters", .dtype = "I64", .rank = 1, .dims = {4}, .data = b->counters};
  *state = b;
  return 0;
}

static int teardown(void **state) {
  Bench *b = *state;
  record_close(b->r);
  arena_free(b->a);
  src_clear();
  mock_remove();
  free(b);
  return 0;
}

static RecordState reopen(Bench *b, bool fresh, bool resume) {
  record_close(b->r);
  b->spec.fresh = fresh;
  b->spec.resume = resume;
  return record_open(b->a, &b->spec, b->sink, &b->r);
}

static void stand_at(Bench *b, int64_t epoch) {
  b->counters[0] = epoch;
  b->counters[2] = epoch;
  for (int i = 0; i < 6; i++) b->weight[i] = (double)epoch + i;
  RunProgress p = {.train = &b->run->program.trains.at[0], .epoch = epoch, .epochs = EPOCHS, .steps = epoch};
  record_epoch(b->r, &p);
}

static bool save_at(Bench *b, int64_t epoch, SaveReason why) {
  stand_at(b, epoch);
  return record_save(b->r, b->run, 0, why, b->items, 2);
}

/* Loads into cleared items; the epoch that came back, or what record_load said if it is not 1. */
static int64_t load(Bench *b) {
  memset(b->weight, 0, sizeof b->weight);
  memset(b->counters, 0, sizeof b->counters);
  int got = record_load(b->r, NULL, 0, b->items, 2);
  return got == 1 ? b->counters[0] : got;
}

static void test_names(void **state) {
  Bench *b = *state;
  static const char *const other[] = {"lr=1e-3", "seed=7"}, *const different[] = {"lr=1e-4", "seed=7"};
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  const char *first = record_folder(b->r);
  assert_memory_equal(first, "runs/gaussian-", 14);
  assert_int_equal(strlen(first), 22);
  b->spec.sets = other; /* another order, the same run */
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_string_equal(record_folder(b->r), first);
  b->spec.sets = different;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_string_not_equal(record_folder(b->r), first);
  b->spec.sets = other;
  b->spec.family = "another";
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_string_not_equal(record_folder(b->r), first);
  b->spec = mock_spec(b->run);
  b->spec.text = "edition = 1 ";
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_string_not_equal(record_folder(b->r), first);
  b->spec = mock_spec(b->run);
  b->spec.threads = 2; /* changes no bit */
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_string_equal(record_folder(b->r), first);
}

static void test_first_files(void **state) {
  Bench *b = *state;
  char link[64] = "";
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_string_equal(mock_file(b->r, "script.qgn"), "edition = 1\n");
  assert_non_null(strstr(mock_file(b->r, "qgn.lock"), "\"family\": \"test\""));
  assert_true(readlink("runs/latest", link, sizeof link - 1) > 0);
  assert_string_equal(link, record_folder(b->r) + 5);
  IoData lock;
  IoError e;
  assert_true(io_read_file(b->a, "qgn.lock", 1000, &lock, &e));
  assert_string_equal((const char *)lock.bytes,
                      "{\n  \"edition\": 1,\n  \"qgn\": \"0.0\",\n  \"imports\": {},\n  \"data\": {}\n}\n");
  b->spec.version = "9.9"; /* another version leaves the lock alone */
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_true(io_read_file(b->a, "qgn.lock", 1000, &lock, &e));
  assert_non_null(strstr((const char *)lock.bytes, "\"0.0\""));
}

static void test_locked(void **state) {
  Bench *b = *state;
  Record *second;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_int_equal(record_open(b->a, &b->spec, b->sink, &second), RECORD_REFUSED);
  assert_int_equal(b->sink->all.at[0]->code, DIAG_RUN_LOCKED);
}

/* Temporary files of a process that died go; a folder of another run with the same short name,
 * or a file in its place, stops the run. */
static void test_what_stands_there(void **state) {
  Bench *b = *state;
  IoError e;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_true(io_write_file(record_path(b->r, "results.json.tmp-77"), "x", 1, &e));
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_null(mock_file(b->r, "results.json.tmp-77"));
  assert_true(io_write_file(record_path(b->r, "qgn.lock"), "{\"content\": \"other\"}", 20, &e));
  assert_int_equal(reopen(b, false, false), RECORD_REFUSED);
  assert_int_equal(b->sink->all.at[0]->code, DIAG_RESUME);
  assert_int_equal(reopen(b, true, false), RECORD_READY);
  b->spec.name = "file";
  const char *folder = arena_printf(b->a, "runs/file-%.8s", b->r->content);
  assert_true(io_write_file(folder, "x", 1, &e));
  assert_int_equal(reopen(b, false, false), RECORD_REFUSED);
  assert_int_equal(b->sink->all.at[1]->code, DIAG_WRITE);
}

static void test_metrics_bytes(void **state) {
  Bench *b = *state;
  b->run->entries[0] = b->run->entries[1] = 2;
  b->run->entries[2] = 1;
  b->run->data[SLOT_LOSS_D][0] = -0.1;
  b->run->data[SLOT_LOSS_D][1] = NAN;
  b->run->data[SLOT_LOSS_G][0] = 0.25;
  b->run->data[SLOT_LOSS_G][1] = 1e-7;
  b->run->data[SLOT_MEAN][0] = 0.5;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  record_write_metrics(b->r, b->run);
  assert_string_equal(mock_file(b->r, "metrics.csv"), "series,unit,at,value\n"
                                                      "qgan.loss.D,epoch,1,-0.1\n"
                                                      "qgan.loss.D,epoch,2,nan\n"
                                                      "qgan.loss.G,epoch,1,0.25\n"
                                                      "qgan.loss.G,epoch,2,1e-7\n"
                                                      "qgan.mean,epoch,100,0.5\n");
  assert_string_equal(mock_file(b->r, "metrics.jsonl"),
                      "{\"train\": \"qgan\", \"epoch\": 1, \"loss.D\": -0.1, \"loss.G\": 0.25}\n"
                      "{\"train\": \"qgan\", \"epoch\": 2, \"loss.D\": null, \"loss.G\": 1e-7}\n"
                      "{\"train\": \"qgan\", \"epoch\": 100, \"mean\": 0.5}\n");
}

static void test_rolling_checkpoints(void **state) {
  Bench *b = *state;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  assert_int_equal(load(b), 0);
  record_train_begin(b->r, 0, 0);
  for (int64_t epoch = 10; epoch <= 50; epoch += 10) assert_true(save_at(b, epoch, SAVE_TIMED));
  assert_int_equal(reopen(b, false, false), RECORD_REFUSED); /* unfinished: neither lost nor mixed up */
  assert_int_equal(b->sink->all.at[0]->code, DIAG_RESUME);
  assert_int_equal(reopen(b, false, true), RECORD_READY);
  assert_int_equal(load(b), 50);
  assert_true(b->weight[5] == 55.0);
  record_train_begin(b->r, 0, 50);
  assert_true(save_at(b, 60, SAVE_TIMED)); /* over the older of the two */
  assert_int_equal(reopen(b, false, true), RECORD_READY);
  assert_int_equal(load(b), 60);
  assert_non_null(mock_file(b->r, "qgan.checkpoint-a.safetensors"));
  IoError e;
  assert_true(
      io_truncate(record_path(b->r, "qgan.checkpoint-b.safetensors"), 100, &e)); /* the newest, of epoch 60 */
  assert_int_equal(load(b), 50);
  assert_int_equal(b->sink->all.at[b->sink->all.n - 1]->code, DIAG_OLD_CHECKPOINT);
  assert_true(io_truncate(record_path(b->r, "qgan.checkpoint-a.safetensors"), 100, &e));
  assert_int_equal(load(b), -1);
  assert_int_equal(b->sink->all.at[b->sink->all.n - 1]->code, DIAG_CHECKPOINT);
  assert_int_equal(reopen(b, true, false), RECORD_READY); /* --fresh removes them */
  assert_null(mock_file(b->r, "qgan.checkpoint-a.safetensors"));
}

static void test_kept_and_final(void **state) {
  Bench *b = *state;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  record_train_begin(b->r, 0, 0);
  assert_true(save_at(b, 10, SAVE_TIMED));
  assert_true(save_at(b, 50, SAVE_KEPT));
  assert_non_null(mock_file(b->r, "qgan-000050.safetensors"));
  assert_int_equal(reopen(b, false, true), RECORD_READY);
  assert_int_equal(load(b), 50);
  record_train_begin(b->r, 0, 50);
  stand_at(b, EPOCHS);
  record_train_end(b->r, b->run, 0, EPOCHS, EPOCHS - 50);
  assert_true(save_at(b, EPOCHS, SAVE_FINAL));
  assert_null(mock_file(b->r, "qgan.checkpoint-a.safetensors"));
  StFile f;
  assert_null(st_read(b->a, record_path(b->r, "qgan.safetensors"), &f));
  assert_int_equal(f.tensors.n, 1); /* weights only */
  assert_int_equal(reopen(b, false, true), RECORD_READY);
  assert_int_equal(load(b), EPOCHS);
}

/* A checkpoint of another run, of another train, with another shape: never loaded. */
static void test_foreign_checkpoint(void **state) {
  Bench *b = *state;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  record_train_begin(b->r, 0, 0);
  assert_true(save_at(b, 10, SAVE_TIMED));
  assert_int_equal(reopen(b, false, true), RECORD_READY);
  b->items[0].dims[0] = 5;
  assert_int_equal(load(b), -1);
  b->items[0].dims[0] = 6;
  b->items[0].dtype = "I64";
  assert_int_equal(load(b), -1);
  b->items[0].dtype = "F64";
  b->r->content[0] ^= 1;
  assert_int_equal(load(b), -1);
  b->r->content[0] ^= 1;
  assert_int_equal(load(b), 10);
}

static void test_timing_covers_every_step(void **state) {
  Bench *b = *state;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  record_train_begin(b->r, 0, 0);
  assert_true(save_at(b, 10, SAVE_TIMED));
  assert_true(save_at(b, 25, SAVE_TIMED));
  record_train_end(b->r, b->run, 0, 25, 25);
  const char *timing = mock_file(b->r, "timing.jsonl");
  assert_non_null(strstr(timing, "\"from_epoch\":0,\"to_epoch\":10,\"steps\":10,"));
  const char *second = strstr(timing, "\"from_epoch\":10,\"to_epoch\":25,\"steps\":15,");
  assert_non_null(second);
  assert_null(strstr(second + 2, "from_epoch"));
}

static void test_full_disk(void **state) {
  Bench *b = *state;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  record_train_begin(b->r, 0, 0);
  assert_true(save_at(b, 10, SAVE_TIMED));
  stand_at(b, 20);
  b->r->trains[0].stretch_epoch =
      20; /* nothing for timing.jsonl, so that the first call is the checkpoint's */
  b->r->trains[0].stretch_steps = 20;
  io_fail_after(4, 28); /* ENOSPC in the middle of the write */
  assert_false(record_save(b->r, b->run, 0, SAVE_TIMED, b->items, 2));
  io_fail_after(0, 0);
  assert_int_equal(b->sink->all.at[0]->code, DIAG_UNSAVED);
  assert_int_equal(record_finish(b->r, b->run, RUN_STOPPED, 130), 3);
  assert_int_equal(reopen(b, false, true), RECORD_READY);
  assert_int_equal(load(b), 10); /* the one before is intact */
  record_train_begin(b->r, 0, 10);
  assert_true(save_at(b, 30, SAVE_FINAL));
  assert_int_equal(record_finish(b->r, b->run, RUN_DONE, 0), 0); /* what failed was written later */
}

static void run_all(Bench *b) {
  static const Cell left = {NULL, SLOT_SCALAR, 0}, right = {NULL, -1, 0.05};
  Stmt print = {.kind = STMT_PRINT, .text = "fake", .slot = SLOT_FAKE};
  Stmt expect = {
      .kind = STMT_EXPECT, .condition = "w1 < 0.05", .left = left, .right = right, .op = "<", .slot = -1};
  Stmt claim = {.kind = STMT_CLAIM, .index = 0}, report = {.kind = STMT_REPORT, .index = 0};
  record_train_begin(b->r, 0, 0);
  stand_at(b, EPOCHS);
  record_train_end(b->r, b->run, 0, EPOCHS, EPOCHS);
  assert_true(save_at(b, EPOCHS, SAVE_FINAL));
  const char *line = record_print(b->r, b->run, &print);
  assert_memory_equal(line, "fake  [10000, 1]  ", 18);
  record_expect(b->r, b->run, &expect, true);
  record_claim(b->r, b->run, &claim, CLAIM_REPRODUCED);
  record_report(b->r, b->run, &report);
  assert_int_equal(record_finish(b->r, b->run, RUN_DONE, 0), 0);
}

static void test_finished_run_is_found_again(void **state) {
  Bench *b = *state;
  mock_report(b->a, b->run);
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  run_all(b);
  const char *results = mock_file(b->r, "results.json"), *log = mock_file(b->r, "log.jsonl");
  assert_non_null(strstr(results, "\"complete\": true"));
  assert_non_null(strstr(
      results,
      "{\"id\": \"S1.20\", \"verdict\": \"reproduced\", \"document\": [\"closely <resembles>\"], \"measured\": [0.012345679], \"seeds\": [7]}"));
  assert_non_null(strstr(results, "{\"id\": \"S1.21\", \"verdict\": \"not run\""));
  assert_non_null(strstr(results, "\"G\": 6"));
  assert_non_null(strstr(log, "{\"event\": \"end\", \"train\": \"qgan\", \"epochs\": 1000}"));
  assert_int_equal(reopen(b, false, false), RECORD_COMPLETE);
  RecordStored stored;
  assert_true(record_stored(b->r, &stored));
  assert_int_equal(stored.exit_code, 0);
  assert_int_equal(stored.lines.n, 4);
  assert_string_equal(stored.lines.at[1],
                      "ok      w1 < 0.05                                     0.012346 < 0.05");
  assert_string_equal(stored.lines.at[3], "S1.21   not run");
  assert_int_equal(reopen(b, true, false), RECORD_READY);
  run_all(b);
  assert_string_equal(mock_file(b->r, "results.json"), results);
  assert_string_equal(mock_file(b->r, "log.jsonl"), log);
}

static void test_report(void **state) {
  Bench *b = *state;
  mock_report(b->a, b->run);
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  run_all(b);
  const char *html = mock_file(b->r, "report.html"), *gp = mock_file(b->r, "figures/result-1.gp");
  assert_non_null(strstr(html, "<title>Hybrid QGAN learns &lt;N(0, 0.2)&gt; &amp; more</title>"));
  assert_non_null(strstr(html, "w1 = 0.012, {w1} &amp; &lt;b&gt;"));
  assert_non_null(strstr(html, "closely &lt;resembles&gt;"));
  assert_non_null(strstr(html, "gnuplot is not installed"));
  assert_null(strstr(html, "<script"));
  assert_non_null(strstr(gp, "title 'it''s `id` system(\"x\")' noenhanced"));
  assert_non_null(strstr(mock_file(b->r, "report.md"), "| w1 \\| x | 0.2 | 0.012346 |"));
  assert_non_null(mock_file(b->r, "figures/result-2.csv"));
  assert_null(mock_file(b->r, "figures/qgan-1.csv")); /* the report draws the losses itself */
}

/* A script without a report gets the curves of its trains. */
static void test_default_report(void **state) {
  Bench *b = *state;
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  record_train_begin(b->r, 0, 0);
  stand_at(b, EPOCHS);
  record_train_end(b->r, b->run, 0, EPOCHS, EPOCHS);
  assert_true(save_at(b, EPOCHS, SAVE_FINAL));
  assert_int_equal(record_finish(b->r, b->run, RUN_DONE, 0), 0);
  const char *csv = mock_file(b->r, "figures/qgan-1.csv");
  static const char head[] = "\"epoch\",\"qgan.loss.D\",\"least of qgan.loss.D\",\"largest of qgan.loss.D\",";
  assert_memory_equal(csv, head, strlen(head));
  int rows = 0;
  for (; *csv; csv++) rows += *csv == '\n';
  assert_int_equal(rows, 1 + 200); /* 1000 epochs in pieces of 5 */
}

/* Areas of histograms are 1, over bins that both share. */
static void test_histogram(void **state) {
  Bench *b = *state;
  mock_report(b->a, b->run);
  assert_int_equal(reopen(b, false, false), RECORD_READY);
  run_all(b);
  const char *csv = mock_file(b->r, "figures/result-1.csv");
  double x = 0, previous = NAN, width = 0, area[2] = {0, 0};
  int rows = 0;
  for (const char *line = strchr(csv, '\n') + 1; *line; line = strchr(line, '\n') + 1) {
    double v[4];
    assert_int_equal(sscanf(line, "%lf,%lf,%lf,%lf", &v[0], &v[1], &v[2], &v[3]), 4);
    assert_true(v[0] == v[2]);
    x = v[0];
    if (rows++ == 1) width = x - previous;
    previous = x;
    area[0] += v[1];
    area[1] += v[3];
  }
  assert_int_equal(rows, 50);
  assert_true(fabs(area[0] * width - 1) < 1e-9);
  assert_true(fabs(area[1] * width - 1) < 1e-9);
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
  const struct CMUnitTest tests[] = {
      CASE(test_names),
      CASE(test_first_files),
      CASE(test_locked),
      CASE(test_what_stands_there),
      CASE(test_metrics_bytes),
      CASE(test_rolling_checkpoints),
      CASE(test_kept_and_final),
      CASE(test_foreign_checkpoint),
      CASE(test_timing_covers_every_step),
      CASE(test_full_disk),
      CASE(test_finished_run_is_found_again),
      CASE(test_report),
      CASE(test_default_report),
      CASE(test_histogram),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
