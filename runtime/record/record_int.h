/* Inside of the record: what its files share. Nothing outside runtime/record includes it. */
#ifndef QGN_RECORD_INT_H
#define QGN_RECORD_INT_H
#include "lang/base/io.h"
#include "runtime/record/record.h"
#include "runtime/record/statistics.h"
#include "runtime/record/text.h"

/* Where a train stands, and its stretch of time not yet in timing.jsonl. */
typedef struct RecordTrain {
  bool ended;
  bool loaded_final;    /* its end was loaded, nothing is left to do */
  bool from_memo;       /* and it was another run that came there */
  char key[65];         /* in the memo; "": none */
  int64_t from_epoch;   /* of this process */
  int64_t epoch, steps; /* finished; steps of this process */
  int slot;             /* 0 or 1: which of checkpoint-a, -b is written next */
  double stretch_clock; /* when the stretch began */
  int64_t stretch_epoch, stretch_steps;
} RecordTrain;

typedef enum EventKind { EVENT_TRAIN, EVENT_PRINT, EVENT_EXPECT, EVENT_CLAIM, EVENT_REPORT } EventKind;

/* One thing that happened, in order. */
typedef struct RecordEvent {
  EventKind kind;
  int index;
} RecordEvent;

typedef struct RecordPrint {
  const char *text, *shape, *line;
  const char *json;
} RecordPrint; /* json: its values */

typedef struct RecordExpect {
  const char *condition, *why, *op; /* op NULL: no comparison */
  double left, right;
  bool has_sides, holds, is_assert;
  int line;
} RecordExpect;

/* By index of Program.claims. */
typedef struct RecordClaim {
  ClaimVerdict verdict;
  const char *document, *measured;           /* for people */
  const char *document_json, *measured_json; /* arrays */
} RecordClaim;

typedef enum PartKind { PART_HEADING, PART_TEXT, PART_TABLE, PART_FIGURE } PartKind;
typedef struct PartRow {
  bool is_head;
  int n;
  const char **cells;
  const bool *numbers;
} PartRow;

/* A figure as files of figures/. */
typedef struct RecordFigure {
  const char *name; /* "result-1": stem of its files */
  const char *title, *caption;
  const char *image; /* a PNG as base64; NULL: it is no grid of images */
  const char *svg;   /* the picture's text; NULL if gnuplot did not draw it, and of images without labels */
  bool is_diagram;   /* an SVG file is all there is */
} RecordFigure;

/* A piece of the report, values already put in. */
typedef struct ReportPart {
  PartKind kind;
  const char *text;
  VEC(PartRow) rows;
  RecordFigure figure;
} ReportPart;

typedef struct RecordFailure {
  const char *name, *message;
  bool memory; /* not the disk: memory ran out */
} RecordFailure;

/* A data file (or folder) and the hash of what it holds. */
typedef struct RecordFile {
  const char *name; /* as in the script */
  char sha256[65];
} RecordFile;

struct Record {
  Arena *arena;
  RecordSpec spec;
  DiagSink *sink;
  const char *folder;
  char content[65]; /* hash of all that can change a result */
  char common[65];  /* hash of all that can but numbers of epochs */
  struct {
    const char *folder, *content;
    int64_t *epochs;     /* by train */
  } shorter;             /* a run to go on from; folder NULL: none */
  VEC(RecordFile) files; /* data, by name */
  int lock;              /* descriptor, -1: none */
  bool continues, out_of_time;
  struct Replay *replay; /* NULL: nothing is replayed */
  const char *memo;      /* folder of the memo, NULL: none; */
  bool memo_grew;        /* something was added */
  RecordTrain *trains;   /* by index of Program.trains */
  double last_save, save_cost;
  int64_t written_entries; /* of all series, in metrics.csv and .jsonl as they stand, plus 1 */
  VEC(RecordEvent) events;
  VEC(const char *) saved; /* what `save` wrote, as JSON */
  VEC(RecordPrint) prints;
  VEC(RecordExpect) expects;
  RecordClaim *claims; /* by index of Program.claims */
  VEC(ReportPart) parts;
  VEC(RecordFailure) failures;
  VEC(const char *) unsynced; /* files that results.json vouches for and the disk may not have yet */
  bool timed_setup;           /* setup_seconds stands in timing.jsonl */
  struct {
    bool on;          /* the page that is being made is of a run under way */
    int train, sweep; /* at work; -1: none */
    double last, cost;
  } live;
  const char *no_figures; /* why gnuplot drew nothing, NULL if it did */
};

static inline bool record_single(const Record *r) { return !r->spec.program->is_double; }

/* folder.c */
const char *record_path(const Record *r, const char *name);
/* Writes a file of the folder; a failure is reported once for each name and remembered. Only
 * results.json, which says that the rest is complete, waits for the disk: for all of them. */
bool record_write(Record *r, const char *name, const void *bytes, size_t size);
bool record_write_text(Record *r, const char *name, const Text *t);
void record_failed(Record *r, const char *name, const IoError *e);
void record_written(Record *r, const char *name); /* forgets a failure of that name */
void record_event(Record *r, EventKind kind, int index);

/* checkpoint.c */
/* "qgan-000050.safetensors" of train qgan: 50; -1 if the name is another. */
int64_t record_kept_epoch(const char *file, const char *train);
/* A checkpoint of this run into the items, all or nothing; NULL, or what is wrong with it. */
const char *record_load_file(Arena *a, Record *r, int train, const char *path, const StateItem *items, int n);

/* lock.c */
struct json_t;
struct json_t *record_json(Arena *a, const char *path); /* a file as JSON; NULL: none, or damaged */
const char *record_json_text(const struct json_t *root, const char *key); /* "" if it is no text */
bool record_hash_files(Record *r);                                        /* false: one could not be read */
bool record_check_lock(Record *r); /* E0807 if a data file is not the one in the script's lock */
void record_write_script_lock(Record *r);
bool record_write_run_lock(Record *r);

/* longer.c: the run of fewer epochs with the most of them, if there is one. */
void record_find_shorter(Record *r);
/* Whether the train takes what that run left; *longer: it has more epochs than there. */
bool record_goes_on(Record *r, int train, bool *longer);
bool record_may_go_on(Record *r, int train); /* E0804 if a long run would have begun in another way */

/* values.c: values as text. */
/* What stands for label x of a slot: the class's name, if a dataset has given it one, or the number; and
 * label i of several. */
const char *record_label(Record *r, const Run *run, int slot, double x);
const char *record_label_at(Record *r, const Run *run, const FigureLabels *labels, int64_t i);
/* "[10000, 1]", "" for a scalar. */
const char *record_shape(Record *r, const Run *run, int slot);
/* At most `most` elements: `0.5`, `0.5  -0.2  ... (mean 0.1, std 0.3, min -1, max 1)`. */
const char *record_values(Record *r, const Run *run, int slot, int most);
/* A cell for people: its text, its number, or a list. */
const char *record_cell(Record *r, const Run *run, const Cell *c);
void record_cell_json(Record *r, const Run *run, const Cell *c, Text *out);
/* Text with its {name} places filled; a format like {x:.2f} is followed. */
const char *record_fill(Record *r, const Run *run, const char *text, const Cell *places, int n);

void record_memo_finish(Record *r, bool complete); /* tidies up */

/* sweep.c */
void record_put_point(const Record *r, const Run *run, Text *t);
void record_put_sweeps(const Record *r, const Run *run, Text *t);
void record_sweep_rows(Record *r, const Run *run, int sweep, ReportPart *part);
bool record_sweep_is_number(const SweepRecord *x); /* one for each point and seed */
/* Mean and interval of a record over the seeds of one point that did not fail. */
MeanInterval record_sweep_at(Record *r, const Run *run, const Sweep *s, int record, int point);
/* figure_sweep.c: a record of all points as a figure. False if there is nothing to draw. */
bool record_sweep_figure(Record *r, const Run *run, int sweep, int record, int which, RecordFigure *out);
const char *record_sweep_best(Record *r, const Run *run, int sweep); /* a line; NULL: none */

/* metrics.c, results.c, report.c, html.c */
void record_write_metrics(Record *r, const Run *run);
void record_write_log(Record *r, const Run *run);
void record_write_results(Record *r, const Run *run, RunEnd end, int code);
void record_write_report(Record *r, const Run *run, RunEnd end);
void record_html(const Record *r, const Run *run, RunEnd end, Text *out);
void record_markdown(const Record *r, const Run *run, RunEnd end, Text *out);
const char *record_title(const Record *r);
bool record_is_loss(const Series *s);
const char *record_choice_kind(const Record *r, const ScriptChoice *c); /* "stated", "changed, x 0.5" */
void record_put_live(const Record *r, const Run *run, Text *t); /* live.c: the losses of the train at work */
/* "epoch"; abscissa of entry j is first + j * stride. */
int64_t series_at(const Series *s, int64_t j);
/* The entry at an abscissa, -1 if there is none. */
int64_t series_entry(const Run *run, int series, int64_t at);

/* figure.c: writes .csv and .gp of one plot (`n` figures) and has it drawn. False if there is nothing to
 * draw. */
bool record_figure(Record *r, const Run *run, const char *name, const char *title, const Figure *figures,
                   int n, RecordFigure *out);
/* gnuplot.c: runs gnuplot on a script of the folder, without a shell, at most 20 s. NULL, or why it failed.
 */
const char *gnuplot_run(Arena *a, const char *gnuplot, const char *folder, const char *script);
#endif
