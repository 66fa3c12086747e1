/* The prompt (`qgn` without a verb): a session is a script that grows.
 *
 * Central idea: at any time the statements that were taken, one after the other behind `edition = 1`, are a
 * script. A new statement is tried by checking and running that script with it; if anything fails,
 * nothing has changed. A train that was run keeps its state in memory and is not run again: its weights
 * and series are loaded where the script reaches it. Everything else is cheap and is computed anew, from the
 * same counted random streams. So what the session shows has the bits of `qgn run` on the saved session.
 *
 * A statement that declares a name again takes the place of the one before. Trains that used it, directly or
 * through others, are marked stale and keep their weights, until `:rerun` or `:keep`.
 *
 * Owner: texts of entries live in the session's arena; what elaboration and the run of the last statement
 * made lives in an arena of its own (ReplView), replaced by the next one that succeeds; states of trains
 * are counted references, because `:undo` keeps earlier sessions. */
#ifndef QGN_REPL_H
#define QGN_REPL_H
#include "runtime/cli/doc.h"
#include "runtime/cli/progress.h"
#include "runtime/exec/run.h"

/* ---- states of trains: repl_train.c ---------------------------------------------------------------- */
typedef struct ReplItem {
  const char *name, *dtype;
  size_t size; /* bytes in use */
  bool has_rows;
  int64_t rows;
  void *data;
} ReplItem;
typedef struct ReplTrain {
  Arena *arena; /* owns all of it */
  int references;
  VEC(ReplItem) items;
  bool is_stopped; /* by Ctrl-C */
} ReplTrain;

/* A copy of the state; counters say that the train has ended. */
ReplTrain *repl_train_copy(const StateItem *items, int n, bool is_stopped);
/* Writes what fits by name and size; the train counts as ended. False if something did not fit. */
bool repl_train_load(const ReplTrain *t, const StateItem *items, int n);
void repl_train_drop(ReplTrain *t); /* NULL is fine */
/* How many steps it took. */
int64_t repl_train_steps(const ReplTrain *t);

/* ---- the session: repl_session.c --------------------------------------------------------------------- */
typedef VEC(const char *) ReplNames;
typedef struct ReplEntry {
  const char *text;             /* one statement with its doc comment */
  ReplNames names, uses, inner; /* folded: what it declares; every name in it; those declared inside it */
  AstKind kind;
  ReplTrain *train;       /* of a train that was run; else NULL */
  bool is_stale, is_kept; /* is_kept: it was stale, and `:keep` let it be */
  bool is_unfit; /* what it reached did not fit when it was loaded: stale, which is still to be said */
} ReplEntry;
typedef VEC(ReplEntry) ReplEntries;

typedef struct Repl Repl;

/* A session before `what` changed it. */
typedef struct ReplPast {
  ReplEntries entries;
  const char *what, *base;
} ReplPast;

/* What the last statement that succeeded left. */
typedef struct ReplView {
  Arena *arena;
  uint32_t sources, sources_end; /* places of its texts (source.h), forgotten with it */
  const Source *source;
  AstNode *tree;
  Program *program;
  Run *run;
} ReplView;

#define REPL_LAST 16 /* numbers of the last value that are kept */

struct Repl {
  Cli *cli;
  Arena *arena; /* of the texts below; made anew by repl_tidy */
  Arena *keep;  /* as long as the session: the prelude's tree */
  const AstNode *prelude;
  /* Modules and data stand beside this script: the last one that was loaded before a statement named a file;
   * SRC_REPL: the folder of the process. base_taken: that of `entries`, until a load has ended well. */
  const char *base, *base_taken;
  int untidy; /* statements since repl_tidy */
  ReplEntries entries;
  VEC(ReplPast) undo; /* sessions before; the last is the newest */
  ReplView view;
  Progress progress;
  bool is_tty, timing, quit;
  bool json, echo;     /* `:mode json`; `--echo` */
  const char *pending; /* lines of the statement that is being typed; NULL: none */
  Arena *docs_arena;
  DocNames docs;          /* repl_docs */
  int step;               /* of the tutorial, from 1; 0: it is not on */
  double last[REPL_LAST]; /* the value shown last */
  int n_last;
  bool only_new;   /* statements that the session has word for word are left out */
  double spent[3]; /* seconds of the last trial: checking, planning, running */
  int code;        /* of the first error; the exit code where input is not a terminal */
  /* the statement that is being tried */
  uint32_t fresh_begin, fresh_end; /* offsets; only what stands here shows */
  ReplEntries *trial;
  void (*printer)(Repl *R, const Run *run, const Stmt *s); /* in place of the line of a print */
};

/* repl.c: an empty session, and its end. A line or statement of it: a command or statements; false if one
 * failed. */
void repl_begin(Repl *R, Cli *c);
bool repl_carry_out(Repl *R, const char *text);
void repl_end(Repl *R);
/* Statements, each tried on its own, in order. False at the first that failed if `stops`, else if any did. */
bool repl_statements(Repl *R, const char *text, bool stops);
/* The session with these entries instead, run once more; trains whose state is NULL are run too. `what` is
 * the command that changes it (NULL: nothing does, only the view is renewed). */
bool repl_again(Repl *R, const ReplEntries *entries, const char *what);
/* Tries statements behind the session and forgets them; `printer` is called for what the last one prints. */
bool repl_look(Repl *R, int n, const char *const *texts,
               void (*printer)(Repl *R, const Run *run, const Stmt *s));
/* Takes the last change back and says what it was; NULL if there is nothing before. */
const char *repl_undo(Repl *R);
/* The entry that declares the name, or -1. */
int repl_find(const ReplEntries *e, const char *name);
/* Marks the trains that depend on these names, except entry `but`; prints which. */
void repl_mark_stale(Repl *R, ReplEntries *e, const ReplNames *names, int but);
/* The whole session as a script, as it is checked and run at the prompt. */
const char *repl_script(Arena *a, const ReplEntries *e);
/* repl_save.c: the session as a script that `qgn run` repeats: a train that Ctrl-C ended says after how many
 * steps. */
const char *repl_saved(Arena *a, const ReplEntries *e);
bool repl_do_save(Repl *R, const char *argument);
/* The text of a train with another value of an attribute, which it may have or not. */
const char *repl_train_with(Arena *a, const char *text, const char *attribute, const char *value);
void repl_view_free(ReplView *v);
/* Between two statements: texts that no entry needs any more are given back. */
void repl_tidy(Repl *R);
/* The options of elaboration at the prompt. */
SemaOptions repl_sema_options(Repl *R);
/* Columns of what is printed: those of the terminal, else 100. */
int repl_width(void);
/* A message with the place of the prompt; counts as an error. */
void repl_complain(Repl *R, DiagCode code, const char *help, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- sweeps: repl_sweep.c ------------------------------------------------------------------------------ */
/* The records of a sweep: those that its entry keeps, else every point is run and they are kept. */
RunEnd repl_sweep(Repl *R, Run *run, int sweep);
/* Its numbers, a line for each run. */
void repl_sweep_table(const Program *p, const Run *run, const char *name);

/* ---- values: repl_values.c ----------------------------------------------------------------------------- */
/* The value of a line of its own, in the form that shows it best. */
void repl_value(Repl *R, const Run *run, const Stmt *s);
/* The 16 largest of 2^n amplitudes ([2^n, 2], `:state`). */
void repl_kets(Repl *R, const Run *run, const Stmt *s);
/* The first n numbers of a slot. */
double *repl_numbers(Arena *a, const Run *run, int slot, int64_t n);
/* repl_report.c: a report as text. */
void repl_report(Repl *R, const Run *run, const Stmt *s);
/* Below the line of a train: the last value of each loss and its course. */
void repl_losses(Repl *R, const Program *p, const Run *run, const char *train);
/* Eight or fewer levels for each of at most `most` parts of a series; without Unicode of ASCII. */
const char *repl_sparkline(Arena *a, const double *at, int64_t n, int most, bool unicode);

/* ---- commands: repl_commands.c, repl_tools.c, repl_state.c, repl_tutorial.c --------------------------- */
/* What the argument is, for completion. */
typedef enum ReplTakes {
  REPL_NOTHING,
  REPL_FILE,
  REPL_NAME,
  REPL_TRAIN, /* or a sweep */
  REPL_HYPER,
  REPL_CIRCUIT,
  REPL_COMMAND,
  REPL_CODE,
  REPL_DOC,
  REPL_STATEMENT,
  REPL_WORD /* one of `words` */
} ReplTakes;
typedef struct ReplCommand {
  const char *name, *argument, *doc, *example;
  bool (*run)(Repl *R, const char *argument);
  ReplTakes takes;
  const char *words; /* divided by | */
} ReplCommand;
extern const ReplCommand repl_commands[];
extern const int repl_n_commands;
/* A line that begins with `:` or `?`. */
bool repl_command(Repl *R, const char *line);
/* The command with this name or the only one that begins so; NULL. */
const ReplCommand *repl_command_named(const char *name);
/* E0901 with an example of the command; false. */
bool repl_usage(Repl *R, const char *command, const char *what);
/* The entry that declares a name as it was typed, Greek or not; -1 and a message if there is none. */
int repl_entry_named(Repl *R, const char *name);
/* The first word of an argument, and the rest. */
const char *repl_first_word(Arena *a, const char *s, const char **rest);
/* Carries out the statements of a file that the session has not word for word; `stops` as in repl_statements.
 */
bool repl_take_script(Repl *R, const char *file, bool stops);
/* repl_state.c */
bool repl_do_draw(Repl *R, const char *argument);
bool repl_do_state(Repl *R, const char *argument);
/* repl_tools.c: the errors alone, whose statements were warned of when they were taken; false if there are
 * any. */
bool repl_show_errors(Repl *R, DiagSink *sink);
bool repl_do_complete(Repl *R, const char *argument);
bool repl_do_doc(Repl *R, const char *argument);
bool repl_do_mode(Repl *R, const char *argument);
bool repl_do_plan(Repl *R, const char *argument);
bool repl_do_profile(Repl *R, const char *argument);
bool repl_do_seed(Repl *R, const char *argument);
bool repl_do_type(Repl *R, const char *argument);
bool repl_do_watch(Repl *R, const char *argument);
bool repl_do_why(Repl *R, const char *argument);
/* repl_tutorial.c */
bool repl_do_tutorial(Repl *R, const char *argument);
/* After a line was carried out: whether it was what the step of the tutorial asks for. */
void repl_tutorial_look(Repl *R, const char *line, bool ok);

/* ---- completion: repl_complete.c ------------------------------------------------------------------------
 */
typedef struct ReplCompletion {
  const char *text, *doc;
  char append; /* what follows it: ' ', '(', '='; 0: nothing */
} ReplCompletion;
typedef VEC(ReplCompletion) ReplCompletions;
/* What the word at the end of `line` may become, in the order of likelihood; *start is where it begins. True
 * if names of files are asked for, which are not in the list. */
bool repl_complete(Repl *R, Arena *a, const char *line, ReplCompletions *out, size_t *start);
/* A line that shows one: the word, at least `wide` columns, and as much of what is known about it as fits. */
void repl_put_completion(FILE *out, const char *text, const char *doc, int wide);
/* All names with documentation, read when first asked for. */
const DocNames *repl_docs(Repl *R);

/* ---- lines: repl_line.c ------------------------------------------------------------------------------- */
void repl_line_init(Repl *R);
/* One line without its newline, in `a`; NULL at the end of the input. Lines that were pasted together come
 * one after the other; of lines that begin with prompts only what was typed there comes. */
char *repl_line(Repl *R, Arena *a, const char *prompt);
void repl_line_end(Repl *R);
/* True once Ctrl-C was typed at the prompt since the last line. */
bool repl_line_cancelled(void);
/* Lines typed, oldest first. */
void repl_line_history(void);
#endif
