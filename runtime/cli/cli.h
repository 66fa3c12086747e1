/* The command line: the only code of the program that prints, reads the environment or ends the
 * process. It turns arguments into a Cli (args.c, from the tables verbs.def and options.def),
 * runs the verb, shows the diagnostics of all stages and returns the exit code:
 *
 *   0 ok · 1 an expect failed · 2 script or usage · 3 data or files · 4 numerics · 5 resources ·
 *   7 verification · 130 interrupted
 *
 * Results go to stdout, everything else to stderr. Owner: the Cli owns one arena that lives as
 * long as the verb; the sink and everything parsed are in it. */
#ifndef QGN_CLI_H
#define QGN_CLI_H
#include <stdint.h>
#include "lang/base/diag.h"
#include "lang/base/source.h"
#include "lang/ir/program.h"
#include "lang/parse/parse.h"
#include "lang/sema/sema.h"
#include "runtime/data/locate.h"

typedef enum CliVerb {
#define VERB(ID, ...) CLI_##ID,
#include "runtime/cli/verbs.def"
#undef VERB
  CLI_VERB_COUNT
} CliVerb;

typedef enum CliOption {
#define OPTION(ID, ...) OPT_##ID,
#include "runtime/cli/options.def"
#undef OPTION
  OPT_COUNT
} CliOption;

typedef struct VerbInfo {
  const char *name;
  bool later;
  const char *argument, *doc, *example;
} VerbInfo;
typedef struct OptionInfo {
  const char *name;
  char letter;
  const char *value;
  uint32_t verbs; /* bit k: verb k has it */
  bool later;
  const char *doc;
} OptionInfo;
extern const VerbInfo verb_info[CLI_VERB_COUNT];
extern const OptionInfo option_info[OPT_COUNT];

/* One `--set name=value`. `source` holds the text "--set name=value" for messages. */
typedef struct CliSet {
  const char *name, *text;
  Span name_span;
  const AstNode *value;
} CliSet;

typedef struct Cli {
  Arena *arena;
  DiagSink *sink;
  int shown; /* records of the sink already printed */
  DiagStyle style;
  CliVerb verb;
  bool has_verb;
  bool given[OPT_COUNT];
  const char *value[OPT_COUNT]; /* text of the last one given */
  VEC(CliSet) sets;
  VEC(const char *) operands;
  Span line; /* the whole command line, for messages */
  VEC(Span) operand_spans;
  SemaPoint *point; /* `--point K`: the sweep and its seed; NULL: the whole script */
  int point_number;
  int threads;     /* resolved */
  double started;  /* record_clock() at the start */
  double max_time; /* seconds, 0: none */
  int64_t sample;  /* --sample: steps to be executed again, at least */
} Cli;

/* Runs the program; the exit code. Never calls exit, so tests can call it. */
int cli_main(int argc, char **argv);

/* args.c: reads the arguments. False if they cannot be understood; the sink says why. */
bool cli_args(Cli *c, int argc, char **argv);
/* E0998 with "`what` is not built yet" at the command line; returns false. */
bool cli_later(Cli *c, const char *what);
bool cli_usage(Cli *c, Span at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* `--set name=value` in place of one that was given. */
bool cli_replace_set(Cli *c, const char *name, const char *value);
/* Exactly one operand, named as in verbs.def; NULL and a message otherwise. */
const char *cli_one_operand(Cli *c);

/* Prints all records not printed yet: the first time sorted by place, later ones as they come. */
void cli_show(Cli *c);
/* Exit code of what is in the sink, warnings counted if `--deny warnings`. */
int cli_code(const Cli *c);

/* script.c: finds and reads a script; a folder stands for its main.qgn. */
typedef struct CliScript {
  const char *path; /* as shown: "examples/hello/main.qgn" */
  const char *name; /* of its runs: "hello" */
  const Source *source;
} CliScript;
bool cli_read_script(Cli *c, const char *path, CliScript *out);
/* Reads, parses, elaborates. NULL if there were errors (not shown yet). */
Program *cli_load(Cli *c, const char *path, CliScript *script, AstNode **tree);
/* The same of a script that was read. */
Program *cli_elaborate(Cli *c, const CliScript *script, AstNode **tree);
/* For a trial with other settings: an arena, a sink and settings of their own, so that what it leaves does
 * not count as used. Returns what `*c` is to become again. */
Cli cli_trial(Cli *c);
/* fit.c: false, and E0701 with the largest settings that would fit, where the program needs more memory than
 * there is; nothing of that size is allocated. */
bool cli_fits(Cli *c, const CliScript *script, const Program *p);
/* points.c: false, and the first error of a point, where a sweep has one at which the script does not hold.
 */
bool cli_points_hold(Cli *c, const CliScript *script, const AstNode *tree, const Program *p);
/* The name of the runs of a script: its stem, or its folder for main.qgn. */
const char *cli_run_name(Arena *a, const char *path);

/* common.c: the script's text without numbers of epochs, and the --sets that are none. */
const char *cli_common(const Cli *c, const CliScript *script, const AstNode *tree, int *n,
                       const char ***sets);

/* statements.c: SHA-256 of what an elaborated script and its modules say, without comments, layout and
 * reports. */
const char *cli_statements(Cli *c, const CliScript *script, const Program *p);
/* modules.c: the path of a script from the folder of its project, or as given. */
const char *cli_project_path(Arena *a, const char *path);

/* modules.c: SemaRead with the path of the script, as shown, as context. */
/* data.c: what elaboration needs from outside: --set, modules, heads of data files. */
SemaOptions cli_sema_options(const Cli *c, const char *script);
DataPlaces cli_data_places(const Cli *c, const char *script);
bool cli_read_module(void *script, Arena *a, const char *from, const char *name, bool is_library,
                     SemaModule *out);

/* circuits.c: SCRIPT [CIRCUIT] of a verb, loaded. NULL after an error, with *code set; the name may be left
 * out where there is one circuit. With `all`, *view is NULL for all of them. */
Program *cli_load_circuit(Cli *c, CliScript *script, const CircuitView **view, bool all, int *code);
/* Writes the text to the file of --output, or prints it. The exit code. */
int cli_put_text(Cli *c, const char *text);

/* wrap.c: columns of the terminal that standard output is, at least 20; `otherwise` if it is none. */
int cli_width(int otherwise);
/* Columns of n bytes whose every character is one wide. */
int cli_columns(const char *s, size_t n);
/* Words, and ends of lines, on standard output from column `at` (0 is the first), further lines from column
 * `from`, none beyond `width` that could be shorter; ends the line. */
void cli_put_wrapped(const char *text, int at, int from, int width);

/* json.c: removes a folder of runs with all in it, as far as that can be; a link `latest` is not followed. */
void cli_remove_folder(Arena *a, const char *path);

/* verbs */
int cli_verb_run(Cli *c);
int cli_verb_check(Cli *c);
int cli_verb_dump(Cli *c);
int cli_verb_fmt(Cli *c);
int cli_verb_fix(Cli *c);
/* Applies the sure changes of an elaborated script, again and again; the last text, *changed if it is another
 * one. */
const Source *cli_fix(Cli *c, CliScript *script, bool *changed);
int cli_verb_explain(Cli *c);
int cli_verb_doc(Cli *c);
int cli_verb_doctor(Cli *c);
int cli_verb_version(Cli *c);
int cli_verb_help(Cli *c);
int cli_verb_draw(Cli *c);
int cli_verb_export(Cli *c);
int cli_verb_specs(Cli *c);
int cli_verb_repl(Cli *c);
int cli_verb_list(Cli *c);
int cli_verb_show(Cli *c);
int cli_verb_diff(Cli *c);
int cli_verb_clean(Cli *c);
int cli_verb_verify(Cli *c);
int cli_verb_test(Cli *c);
int cli_verb_data(Cli *c);
int cli_verb_new(Cli *c);
int cli_verb_completion(Cli *c);
int cli_verb_man(Cli *c);
/* args.c: what an option takes where that is a list of words; NULL otherwise. */
const char *const *cli_choices(CliOption o, int *n);
/* The verb that a word names, CLI_VERB_COUNT if there is none. */
CliVerb cli_verb_named(const char *word);

/* machine.c: what the machine has. */
int cli_cores(void);                 /* that affinity and cgroup quota allow, at least 1 */
const char *cli_memo(Arena *a);      /* folder of the memo, made or not; NULL if there can be none */
const char *cli_stdlib(Arena *a);    /* folder of the library, NULL if it is not found */
const char *cli_family(Arena *a);    /* "avx2, OpenBLAS 0.3.21 (Haswell)": names the bits of a run */
const char *cli_libraries(Arena *a); /* "OpenBLAS 0.3.21, jansson 2.14, ..." */
const char *cli_compiler(void);
/* A program of PATH, as an absolute path; NULL if there is none. */
const char *cli_find_program(Arena *a, const char *name);

/* signals.c: SIGINT, SIGTERM, SIGHUP ask for a stop; a second SIGINT within 2 s ends at once. */
void cli_signals_install(void);
bool cli_stop_asked(void);  /* by a signal, or the time of --max-time is over */
bool cli_stop_hook(void *); /* the same, as RunHooks.stop */
bool cli_time_is_over(void);
void cli_deadline(double at); /* of record_clock(); 0: none */
int cli_stop_signal(void);    /* which signal asked; 0: none */
/* While on, such a signal ends a read that waits for input. */
void cli_signals_interrupt(bool on);
void cli_signals_clear(void); /* for tests */
#endif
