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
#include "runtime/cli/cli.h"
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

/* ---- the session: repl_session.c --------------------------------------------------------------------- */
typedef VEC(const char *) ReplNames;
typedef struct ReplEntry {
  const char *text;      /* one statement with its doc comment */
  ReplNames names, uses; /* folded: what it declares; every name in it */
  AstKind kind;
  ReplTrain *train; /* of a train that was run; else NULL */
  bool is_stale;
} ReplEntry;
typedef VEC(ReplEntry) ReplEntries;

typedef struct Repl Repl;

/* A session before `what` changed it. */
typedef struct ReplPast {
  ReplEntries entries;
  const char *what;
} ReplPast;

/* What the last statement that succeeded left. */
typedef struct ReplView {
  Arena *arena;
  const Source *source;
  AstNode *tree;
  Program *program;
  Run *run;
} ReplView;

struct Repl {
  Cli *cli;
  Arena *arena;
  ReplEntries entries;
  VEC(ReplPast) undo; /* sessions before; the last is the newest */
  ReplView view;
  Progress progress;
  bool is_tty, timing, quit;
  int code; /* of the first error; the exit code where input is not a terminal */
  /* the statement that is being tried */
  uint32_t fresh_begin, fresh_end; /* offsets; only what stands here shows */
  ReplEntries *trial;
  void (*printer)(Repl *R, const Run *run, const Stmt *s); /* in place of the line of a print */
};

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
/* The whole session as a script. */
const char *repl_script(Arena *a, const ReplEntries *e);
void repl_view_free(ReplView *v);
/* A message with the place of the prompt; counts as an error. */
void repl_complain(Repl *R, DiagCode code, const char *help, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- commands: repl_commands.c ----------------------------------------------------------------------- */
typedef struct ReplCommand {
  const char *name, *argument, *doc, *example;
  bool (*run)(Repl *R, const char *argument);
} ReplCommand;
extern const ReplCommand repl_commands[];
extern const int repl_n_commands;
/* A line that begins with `:` or `?`. */
bool repl_command(Repl *R, const char *line);

/* ---- lines: repl_line.c ------------------------------------------------------------------------------- */
void repl_line_init(Repl *R);
/* One line without its newline, in `a`; NULL at the end of the input. */
char *repl_line(Repl *R, Arena *a, const char *prompt);
void repl_line_end(Repl *R);
/* True once Ctrl-C was typed at the prompt since the last line. */
bool repl_line_cancelled(void);
/* Lines typed, oldest first. */
void repl_line_history(void);
#endif
