/* The inside of lang/sema: one walk over the tree that checks and lowers at once. `Sema` is the
 * state of the walk (state.h); each file adds the rules of one part of the language:
 *
 *   sema.c       the entry: prelude, script, what is left to check
 *   scope.c      names: declare, find, did-you-mean (synonyms.def), hiding, unused
 *   value.c      making values, turning one kind into another
 *   say.c        messages: where they point, what things are called, where numbers come from
 *   region.c     graphs and blocks of the program; export of values by slots; sites
 *   const_eval.c arithmetic of numbers known now (units, ints that stay ints)
 *   arith.c      arithmetic and comparisons of tensors, with the hidden row axis
 *   bundle.c     one tensor for each weight; derivatives; across.c through values of other regions
 *   index.c      x[i], x[a..b], x[:]; expr.c all expressions
 *   args.c       arguments of calls against a signature; call.c calls: functions, circuits, models, pipelines
 *   builtins.c   the table of built-in names (builtins.def); fn_*.c and settings.c hold functions
 *   pattern.c    x[B, 3]: checking and naming sizes
 *   object.c     circuits and models as objects with weights
 *   circuit.c    bodies of circuits, angles; gates.c gates; measure.c operators and measurements
 *   noise.c      channels, noisy views of objects
 *   layers.c     layers of models; layers_images.c on images, layers_norm.c norms, dropout and what they do
 *                while training; inits.c `init =`
 *   kept.c       vars of the top level that a train changes
 *   stmt.c       statements that may stand in several places; var.c what a `var` keeps in `if` and `repeat`
 *   dataset.c, dataset_source.c, dataset_stage.c   data
 *   route.c      rows through one of two models; counted operations; group_values.c groups of rows as values
 *   judge.c      metrics of a model on a dataset; weights_file.c `load` and `save`
 *   train.c, minimize.c, report.c, sweep.c, toplevel.c   the other blocks
 *   watch.c, instruments.c   what a train validates and follows; what adversarial training records
 *   modules.c    `use`: modules, what they may hold, names from them; view.c circuits as drawn and exported
 *   file_block.c blocks from OpenQASM files; deferral.c measurement inside of circuits, outcome.c of scripts
 *   checks.c     places of statements, bodies never called, --set; types_dump.c `qgn dump --types`
 *
 * Everything is allocated in the arena of the program and freed with it. */
#ifndef QGN_SEMA_WALK_H
#define QGN_SEMA_WALK_H
#include "lang/sema/state.h"

/* ---- scope.c --------------------------------------------------------------------------- */
Scope *scope_push(Sema *S);             /* a nested block; returns the scope before, for scope_pop */
void scope_pop(Sema *S, Scope *before); /* warns about unused names */
void warn_unused(Sema *S);              /* at the end */
Scope *scope_new(Sema *S, Scope *parent, bool is_plain);
Binding *scope_find_here(const Scope *s, Symbol name);
Binding *scope_find(const Scope *s, Symbol name);
/* Binds a name in the present scope: E0102, W0105, W0107, and the line for dump --types. */
Binding *declare(Sema *S, Symbol name, Span span, BindKind kind, const Value *v);
/* Where the library has the name in a module: says which `use` takes it. False if it has not. */
bool help_use(Sema *S, Diag *d, const char *name);
/* The same where a module has a name that is like it. */
bool help_use_near(Sema *S, Diag *d, const char *name);
#define TRAINED "circuit or model"
/* E0101 with the nearest names; `what` like "name", "layer or function", TRAINED. */
void report_unknown(Sema *S, Symbol name, Span span, const char *what);
/* The name of another system's thing in ours, or NULL. */
const char *synonym_of(const char *name);
/* Whether it is another system's name of what this language does not have. */
bool is_absent(const char *name);
/* Says below `d` what stands here for such a name; false: it is none. */
bool report_absent(Sema *S, Diag *d, const char *name);

/* ---- value.c --------------------------------------------------------------------------- */
Value *val_new(Sema *S, ValueKind kind, Span span);
const Value *val_int(Sema *S, int64_t i, Span span);
const Value *val_real(Sema *S, double x, Span span);
const Value *val_bool(Sema *S, bool b, Span span);
const Value *val_text(Sema *S, const char *text, Span span);
const Value *val_list(Sema *S, ValueKind kind, int n, const Value *const *at, Span span);
const Value *val_node(Sema *S, NodeId node, int lift,
                      Span span); /* a tensor in the open graph; NODE_NONE: error */
const Value *val_nothing(Sema *S, Span span);
const Value *val_at(Sema *S, const Value *v, Span span); /* the same value, seen at another place */
Shape tensor_sample(const Tensor *t);                    /* shape without the hidden axis */
const char *val_describe(Sema *S, const Value *v);       /* "[2, 3]", "the number 3", "a circuit" */
const char *val_kind_text(ValueKind k);                  /* "a number", "a dataset" */
const char *shape_of_value(Sema *S, const Value *v);
const char *sema_shape_text(Sema *S, const Shape *s);
const char *num_text(Sema *S, double x);
const char *src_of_span(Sema *S, Span s); /* the text of the script there, one line, cut at 72; */
const char *src_whole(Sema *S, Span s);   /* not cut */
bool val_shape(Sema *S, const Value *v, Shape *out,
               ElemKind *elem); /* sample shape of numbers, lists and tensors */
/* Kinds wanted: say E0201/E0202 and return false (or NULL) if it is none. `what` is "the number of epochs".
 */
bool want_int(Sema *S, const Value *v, const char *what, int64_t *out);
bool want_real(Sema *S, const Value *v, const char *what, double *out);
bool want_bool(Sema *S, const Value *v, const char *what, bool *out);
const char *want_text(Sema *S, const Value *v, const char *what);
bool want_dim(Sema *S, const Value *v, const char *what, Dim *out);   /* an int or a count */
const Tensor *want_tensor(Sema *S, const Value *v, const char *what); /* in the open graph */
bool val_can_be_tensor(const Value *v);
Diag *wrong_kind(Sema *S, const Value *v, const char *what, const char *wanted); /* NULL if v is an error */
Dim dim_of_int(Sema *S, const Value *v);                                         /* remembers its origin */
const Value *val_of_dim(Sema *S, Dim d, Span span);

/* ---- diagnostics (value.c) ---------------------------------------------------------------- */
/* A record at a place; inside the library the place is the call in the script. */
Diag *say(Sema *S, DiagCode code, Span span, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/* "known, but not built yet": E0998; later_rows: "... WHAT known only when run". */
const Value *later(Sema *S, Span span, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
const Value *later_rows(Sema *S, Span span, const char *what);
const Value *too_many_axes(Sema *S, Span span, int most); /* E0303 */
bool span_within(Span inner, Span outer);
void label_origin(Sema *S, Diag *d, Dim dim);
uint32_t origin_new(Sema *S, Span span, const char *text, uint32_t p1, uint32_t p2);

/* ---- region.c -------------------------------------------------------------------------- */
Graph *graph_now(Sema *S);                           /* of the open region; opens one */
void region_close(Sema *S);                          /* ends it: what follows is a new graph */
Stmt *block_push(Sema *S, StmtKind kind, Span span); /* closes the region; valid until the next push */
void block_pending(Sema *S, Stmt s);                 /* after the open region */
Stmt stmt_make(StmtKind kind, Span span);
const char **count_names(Sema *S);
int slot_new(Sema *S, SlotKind kind, const char *name, const Shape *shape, ElemKind elem, Span span);
int tensor_export(Sema *S, const Tensor *t, const char *name); /* its slot; stores it if need be */
NodeId tensor_here(Sema *S, const Tensor *t, Span span);       /* its node in the open graph */
int value_slot(Sema *S, const Value *v, const char *name);     /* a slot that holds v; -1 after an error */
bool value_cell(Sema *S, const Value *v, const char *name, Cell *out); /* constants stay constants */
int site_new(Sema *S, const char *leaf, Span span);
int site_of_shots(Sema *S, Span span);         /* by the calls that led here */
Path *path_of_call(Sema *S, const char *name); /* of the shots in an object that is called now */
const char *path_here(Sema *S, const char *leaf);
Path *path_enter(Sema *S, const char *name);                      /* returns the path before */
const char *unique_name(Sema *S, const char *name);               /* of a slot */
const int *node_deps(Sema *S, const Graph *g, NodeId id, int *n); /* weights it was computed with */

/* ---- const_eval.c ------------------------------------------------------------------------ */
const Value *number_literal(Sema *S, const AstNode *n);
/* Says that a division by this number, which is 0, was written; the error. */
const Value *by_zero(Sema *S, const Value *b);
const Value *static_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span);
const Value *static_compare(Sema *S, AstOp op, const Value *a, const Value *b, Span span);
const Value *static_unary(Sema *S, AstOp op, const Value *a, Span span);
bool val_equal_static(const Value *a, const Value *b);

/* ---- arith.c ------------------------------------------------------------------------------ */
const Value *tensor_unary(Sema *S, OpId op, const Value *a, Span span);
const Value *tensor_binary(Sema *S, OpId op, const char *sign, const Value *a, const Value *b, Span span);
const Value *arith_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span);
const Value *arith_in(Sema *S, const Value *x, const Value *set, Span span);
const Value *bundle_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span); /* bundle.c */
const Value *bundle_apply(Sema *S, OpId op, const Value *a, const Value *b, Span span);
const Value *bundle_unary(Sema *S, OpId op, const Value *b, Span span);
const NodeId *bundle_nodes(Sema *S, const Value *b); /* its tensors in the open graph */
const Value *bundle_norm(Sema *S, const Value *b, Span span);
/* The gradient of a loss by weights as a bundle; E0412, E0413. */
const Value *grad_of_objects(Sema *S, const Value *loss, int n, const int *slots, const char *name,
                             Span span);
bool derive(Sema *S, NodeId loss, int n, const NodeId *wrt, NodeId *out, Span span);
bool slot_in(int slot, int n, const int *slots);
const char *slot_owner(const Sema *S, int slot);
/* Several sample tensors brought to one lift; rows is the common row axis. */
bool align_lift(Sema *S, int n, const Tensor *const *in, NodeId *out, int *lift, Span span);
const Value *val_to_scalar(Sema *S, const Value *v, const char *what); /* a tensor with one element as [] */
#define SCALAR_OF_GRAD "what `grad` derives" /* as `what`: its help speaks of rows */

/* ---- index.c ------------------------------------------------------------------------------ */
const Value *eval_index(Sema *S, const AstNode *n);

/* ---- expr.c ------------------------------------------------------------------------------- */
/* Counts `more` statements or values: false, and once E0701, after too many. */
bool may_go_on(Sema *S, int64_t more, Span span);
const Value *eval(Sema *S, const AstNode *n);       /* never NULL */
const Value *eval_stage(Sema *S, const AstNode *n); /* a line of a model or dataset: takes `it` */
const Value *eval_member(Sema *S, const AstNode *n);
const Value *eval_name(Sema *S, const AstNode *n);
bool eval_int(Sema *S, const AstNode *n, const char *what, int64_t *out);
/* Iterates a static range, list or tuple; items as values. NULL after an error. */
const Value *const *static_items(Sema *S, const Value *v, const char *what, int *n);

/* ---- args.c ------------------------------------------------------------------------------- */
#define ARGS_MAX 12
typedef struct Args {
  Span span, name_span; /* the call; its name */
  const char *name;
  int n_pos, n_named;
  const Value **pos; /* positional, then */
  const Value **named;
  const Symbol *names;
  const Span *named_span;
  const AstNode *const *pos_ast;
  const AstNode *const *named_ast;
  const Value *v[ARGS_MAX]; /* after args_match: by place in the signature */
  const AstNode *ast[ARGS_MAX];
  int n_rest; /* of a variadic last parameter */
  const Value **rest;
  int n_free; /* named ones beyond the signature, if it ends in `*=` */
  const char *free_name[ARGS_MAX];
  const Value *free[ARGS_MAX];
  Span free_span[ARGS_MAX]; /* of the names */
  bool broken;              /* an argument has an error */
} Args;
void args_eval(Sema *S, const AstNode *args, Args *out);
void args_prepend(Sema *S, Args *args, const Value *v);
/* Signature: "x axis= sizes..."; `$x` wants a tensor. False after saying E0206. */
bool args_match(Sema *S, Args *args, const char *signature);

/* ---- call.c ------------------------------------------------------------------------------- */
/* piped: the left side of `|>`; it: what a line of a model or dataset gives where an argument lacks. */
const Value *eval_call(Sema *S, const AstNode *n, const Value *piped, const Value *it);
const Value *val_mark(Sema *S, const Value *v, const char *name, bool again);
const Value *apply(Sema *S, const Value *callee, Args *args);
const Value *call_def(Sema *S, DefInfo *def, Args *args);
/* Arguments by position of the parameters: NULL where not given. False after E0206. */
bool match_params(Sema *S, Args *args, const AstNode *params, const ObjectInfo *of, const Value **out);
const Value *call_object(Sema *S, ObjectInfo *o, Args *args);

/* group_values.c: `[e for s in groups(...)]`, which only `sum` takes; x[s]; rows(s); the sum. */
const Value *groups_each(Sema *S, const AstNode *comprehension, const Value *groups);
const Value *groups_rows_of(Sema *S, const Value *x, const Value *group, Span span);
const Value *groups_count(Sema *S, const Value *group, Span span);
const Value *groups_sum(Sema *S, const Value *made, Span span);
/* judge.c: where a model and a dataset stand for predictions (and labels), these take their place among the
 * positional arguments. False after an error. */
bool judge_on_data(Sema *S, Args *args, bool labels);

/* ---- builtins ------------------------------------------------------------------------------ */
typedef enum BuiltinKind {
  BI_FN,
  BI_LAYER,
  BI_MEASURE,
  BI_OP,
  BI_PAIRS,
  BI_DIST,
  BI_OPTIM,
  BI_SCHED,
  BI_SOURCE,
  BI_DSTAGE,
  BI_FIGURE,
  BI_ACT
} BuiltinKind;
typedef const Value *BuiltinFn(Sema *S, Args *args, const Builtin *self);
struct Builtin {
  const char *name;
  BuiltinKind kind;
  BuiltinFn *fn; /* NULL: known, not built yet */
  const char *signature;
  int op; /* for rows that share a function: OpId, row of optims.def, ... */
  const char *doc;
};
extern const Builtin builtins[];
extern const int n_builtins;
const Builtin *builtin_find(Symbol name);
const char *builtin_kind_text(BuiltinKind k);

/* ---- pattern.c ---------------------------------------------------------------------------- */
/* Checks `v` against the pattern and names its sizes in the present scope. `rank` of the pattern
 * without `...`; -1 if it has no dims. */
int pattern_rank(const AstNode *pattern);
int input_rank(const AstNode *pattern); /* of a circuit's or model's: 0 for a plain name */
const Value *pattern_bind(Sema *S, const AstNode *pattern, const Value *v, Scope *lexical, const char *who);
/* A shape from dims that are all known; false after an error. */
bool dims_eval(Sema *S, const AstNode *dims, bool count_first, Shape *out);
/* True if all sizes of the pattern are known in the scope (numbers, visible names). */
bool pattern_is_known(Sema *S, const AstNode *pattern);
bool results_check(Sema *S, const AstNode *results, const Value *v, const Value **out, const char *who);

/* ---- object.c ----------------------------------------------------------------------------- */
void declare_object(Sema *S, const AstNode *n);
/* What `new` gave for this parameter; NULL: nothing. */
const Value *int_argument(const ObjectInfo *o, Symbol name);
const Value *object_new(Sema *S, const AstNode *n);
const Value *object_body(Sema *S, ObjectInfo *o, const Value *const *inputs, int n);
/* The slot of a weight: made at the first elaboration, found later. */
int object_weight(Sema *S, const char *key, const Shape *shape, Start start, Span span);
/* The same for a number that no optimizer changes: running statistics. Kept with the weights. */
int object_buffer(Sema *S, const char *key, const Shape *shape, double start, Span span);
void object_uses(Sema *S, ObjectInfo *part);
ObjectInfo *object_resolve(Sema *S, ObjectInfo *o); /* inside a copy: the copy of o */
const int *object_slots(Sema *S, const ObjectInfo *o, int *n);
int64_t object_size(Sema *S, const ObjectInfo *o);
bool object_holds(const ObjectInfo *o, const ObjectInfo *part); /* itself, or a part of a part */
bool in_model(Sema *S, const Args *args);                       /* a layer's place; layers.c */
/* Stores new running statistics of the batch norms whose weights are among the slots, as far as one of the
 * nodes depends on them; before the update. layers_norm.c */
void norms_follow(Sema *S, int n_nodes, const NodeId *nodes, int n_slots, const int *slots, Span span);
/* Notes a line of the model under way, for drawings; `before`: its weights without the line. */
void object_note_line(Sema *S, const char *text, const Value *v, int64_t before);
/* "linear_1", or the label, which one layer of its line can have (E0102). */
const char *stage_key(Sema *S, const char *kind, Span at);
/* The label of a line with the turn of its loop, "block[0]"; E0102 where a label, a param or a layer without
 * a label has the name: weights would be shared that nobody meant to share. */
const char *label_key(Sema *S, const AstNode *n);
const char *object_signature(Sema *S, const ObjectInfo *o);
/* E0202: sizes that are not in the signature come from the first call; `why`: "to train it". */
const Value *sizes_unknown(Sema *S, Span span, const ObjectInfo *o, const char *why);
void walk_param(Sema *S, const AstNode *n);

/* ---- circuit.c, gates.c, measure.c -------------------------------------------------------- */
const Value *circuit_body(Sema *S, ObjectInfo *o, const Tensor *lifted);
bool circuit_is_known(Sema *S, const ObjectInfo *o); /* its registers have known sizes */
/* Of a circuit without return. */
const Value *block_check(Sema *S, ObjectInfo *o, const Value *const *inputs, int n);
void walk_command(Sema *S, const AstNode *n); /* COMMAND, MODIFIED in a circuit */
/* What a line of a circuit takes this name for, before it looks at names of the script; NULL: for nothing. */
const char *line_takes(const char *name);
void apply_block(Sema *S, ObjectInfo *o, const Value *const *inputs, int n_inputs, int n,
                 const QubitsValue *operands, Span span);
void view_add(Sema *S, const ObjectInfo *o); /* view.c: of the circuit under way, to Program.circuits */
bool circuit_angle(Sema *S, const Tensor *t, int64_t element, AngleRef *out);
int circuit_input(Sema *S, NodeId id, int lift); /* its number, appended if new; `lift`: it has rows */
/* True if the element is known before the run: *out. */
bool circuit_constant(Sema *S, const Tensor *t, int64_t element, double *out);
/* The word of `gradient = ...`: *out is CircuitMethod + 1. False after E0201, E0402. */
bool gradient_of(Sema *S, const Value *v, int *out);
const Value *op_binary(Sema *S, AstOp op, const Value *a, const Value *b, Span span);

/* ---- noise.c ----------------------------------------------------------------------------- */
/* The channel of a line with these arguments; NULL after an error. */
const ChannelValue *channel_of_line(Sema *S, ChannelId id, const AstNode *list, Span span);
/* Adds application i of m of a channel on its qubits. False after an error. */
bool channel_push(Sema *S, GateUses *to, const ChannelValue *c, int i, int m, const int *qubits, Span span);
/* The gates of a program from those of its body: with the noise of the view under way. */
bool noise_add(Sema *S, CircuitProgram *p, const GateUses *gates, Span span);
/* The noise of a view that is seen through another: channels of both, the inner ones first. NULL: none. */
const NoiseModel *noise_joined(Sema *S, const NoiseModel *inner, const NoiseModel *outer);
/* The circuit or model that a noisy view looks at; others are their own. */
ObjectInfo *object_root(ObjectInfo *o);

/* A number of shots; E0206 outside of 1 .. 10^7. measure_shots.c */
bool shots_of(Sema *S, const Value *v, int64_t *out);

/* ---- settings.c ------------------------------------------------------------------------- */
bool schedule_of(Sema *S, const Value *v, const char *what, Schedule *out); /* of a number or a schedule */

/* ---- stmt.c ------------------------------------------------------------------------------- */
void walk_block(Sema *S, const AstNode *block); /* in a scope of its own */
void walk_stmts(Sema *S, const AstNode *block); /* in the present scope */
void walk_stmt(Sema *S, const AstNode *n);
/* Under the name it is bound to; `again`: although it may have one (val_mark). */
const Value *named(Sema *S, const Value *v, Symbol name, bool again);
void bind_patterns(Sema *S, const AstNode *patterns, const Value *v, BindKind kind);
/* Gives every `var` from outside that a statement in `block` sets a slot of its own: before a block that is
 * run when the program runs. var.c */
void vars_settle(Sema *S, const AstNode *block);
/* A `var` with such a slot, as it is here: a value of its own, which later assignments leave alone. */
const Value *var_read(Sema *S, const Binding *b, Span span);
/* `name := v`. */
void var_assign(Sema *S, const AstNode *n, Binding *b, const Value *v);
/* What vars hold when a block begins is a number without derivative. */
void vars_forget(Sema *S);

/* ---- reach.c ------------------------------------------------------------------------------- */
void warn_reach(Sema *S, const ObjectInfo *o, const Graph *g); /* of its first elaboration in g */
void warn_cancelling(Sema *S, const CircuitProgram *body);

/* ---- advice.c ------------------------------------------------------------------------------ */
void advise_data(Sema *S);                        /* at the end: data to test with in trains */
void advise_angle(Sema *S, const AstNode *angle); /* as it is written: W0316 */

/* by_name.c: names that `grad`s directly in the block derive by, the value of such a `let`; then kept.c. */
Symbols block_derives_by(Sema *S, const AstNode *block);
const Value *value_derived_by(Sema *S, Symbol name, const Value *v);
void kept_declare(Sema *S, Binding *b); /* if a train sets this var of the top level */
const Value *kept_read(Sema *S, const Binding *b, Span span);
void kept_assign(Sema *S, const Binding *b, const Value *v, Span span);
const int *var_slots(const Binding *b, int *n); /* where a var is kept; none if it is not */
/* Where a number that is computed when run is read from at each update; false after an error. */
bool slot_of_number(Sema *S, const Value *v, const char *what, int *slot);

/* ---- the other blocks ---------------------------------------------------------------------- */
void declare_dataset(Sema *S, const AstNode *n);
void dataset_line(Sema *S, const AstNode *e);
const Value *dataset_member(Sema *S, const Value *data, const char *name, Span span);
const Value *dataset_rows(Sema *S, const Value *data, Span span); /* their number */
/* A name that is a column of the dataset whose stage is under way; NULL: it is none. */
const Value *dataset_name_value(Sema *S, const AstNode *n);
const Value *stage_input(Sema *S, const Value *v); /* a distribution before `|> take(10)` as a dataset */
/* False after saying that the first line of a dataset is a source. */
bool stage_has_rows(Sema *S, const Builtin *stage, const Value *it);
const char *dataset_columns_text(Sema *S, const Dataset *d); /* "`image`, `label`" */
void declare_train(Sema *S, const AstNode *n);
void declare_hyper(Sema *S, const AstNode *n);
void set_script_attribute(Sema *S, const char *name, const Value *v);
const char *const *top_attributes(int *n); /* and a script */
void walk_minimize(Sema *S, const AstNode *n);
void walk_update(Sema *S, const AstNode *n);
void walk_record(Sema *S, const AstNode *n);
void walk_attr(Sema *S, const AstNode *n);
void walk_train_attr(Sema *S, const AstNode *n);
const char *const *train_attributes(int *n);        /* what a train can be given by `name = value` */
const char *const *sweep_attributes(int *n);        /* and a sweep */
void train_keeps(Sema *S, int n, const int *slots); /* set by `:=`: part of the saved state */
void walk_step(Sema *S, const AstNode *n);
void walk_every(Sema *S, const AstNode *n);
void instruments_note(Sema *S, ObjectInfo *o, const Value *in, const Value *out); /* a call in a step */
/* watch.c: an attribute of a train that says what it validates and watches. */
void watch_attribute(Sema *S, const char *name, const Value *v);
bool can_validate(Sema *S, const AstNode *columns); /* E0402 if the train has nothing to validate */
void watch_settle(Sema *S, const AstNode *n);       /* the series that is watched, once all are known */
void walk_expect(Sema *S, const AstNode *n);
void walk_print(Sema *S, const AstNode *n);
void declare_report(Sema *S, const AstNode *n);
void walk_report_line(Sema *S, const AstNode *n);
int train_series(Sema *S, const char *name, const Shape *entry, int64_t capacity, bool per_epoch,
                 int64_t first, int64_t stride, Span span);
const Value *series_value(Sema *S, int series, Span span);
const AstNode *setting_find(Sema *S, const char *name, Span *span); /* --set; NULL: not given */
void settings_check(Sema *S);                                       /* E0106 */

/* ---- sweep.c: sweeps, and the program of one of their points ------------------------------------ */
void declare_sweep(Sema *S, const AstNode *n);
void walk_vary(Sema *S, const AstNode *n);
void walk_sweep_attr(Sema *S, const AstNode *n);
const Value *sweep_member(Sema *S, const Value *v, const AstNode *n);                   /* S.name, S.hyper */
const Value *sweep_pick(Sema *S, const Value *v, const Value *value, const AstNode *n); /* S["qgan"]["acc"] */
const Value *sweep_call(Sema *S, const Value *v, const Args *args);                     /* S(qubits = 4) */
/* compare.c: whether these are a sweep with seeds, two of its arms and a record of one number. */
bool compare_fits(Sema *S, const Value *const *v);
/* Of the program of a point: without its prints, expects, claims and reports; random numbers of a repetition.
 */
void point_finish(Sema *S);

/* ---- modules.c ------------------------------------------------------------------------------- */
void walk_use(Sema *S, const AstNode *n);
/* The text of a file that a call names, listed with its hash like a module; NULL after E0501. */
const char *module_text(Sema *S, const char *name, Span span);
const Value *module_member(Sema *S, const ModuleInfo *m, const AstNode *n);
/* `use "f.qasm"`: reads it; S->error after an error. */
const Value *file_block_read(Sema *S, const AstNode *use, const char *name, const SemaModule *file);
/* Applies it to these registers, which together are its qubits; `controlled` if its line has controls. */
void file_block_apply(Sema *S, const FileBlock *b, const Args *args, int n, const QubitsValue *operands,
                      bool controlled, Span span);
const Value *file_block_member(Sema *S, const Value *v, const AstNode *n); /* b.angles, b.c */
/* Before the circuit is measured: copies of measured qubits that were changed since. x: qubits that are
 * measured in another basis than that of Z, as a bit mask. */
void held_settle(Sema *S, uint64_t x, Span span);
/* outcome.c: the outcome, or list of outcomes, of `draw m ~ measure(q)` in a circuit. */
const Value *outcome_draw(Sema *S, const AstNode *n);
/* Outcomes, to be measured at the end, as the qubits that hold them; any other value as it is. */
const Value *outcome_qubits(Sema *S, const Value *v);
/* Qubits and registers in brackets as the one register that they are together; anything else as it is. */
const Value *registers_joined(Sema *S, const Value *v);
void import_add(Sema *S, const SemaModule *file);      /* to the lock, once */
const char *module_path(Sema *S, const char *name);    /* "parts.name" inside the module `parts` */
const char *module_setting(Sema *S, const char *name); /* what --set calls a hyper */
bool span_in_library(Span s);                          /* say.c: prelude or std */

/* ---- why.c ---------------------------------------------------------------------------------- */
bool why_print(Sema *S, const char *name, FILE *out);
const char *why_nearest(const Sema *S, const char *name);

/* ---- checks.c, types_dump.c ---------------------------------------------------------------- */
bool check_place(Sema *S, const AstNode *n);
void check_def(Sema *S, const DefInfo *def); /* places and names of a body, called or not */
void check_names_in(Sema *S, const AstNode *n);
/* Places and names behind a line with an error, which are not elaborated. */
void check_following(Sema *S, const AstNode *decl, const AstNode *body, const AstNode *line);
void types_note(Sema *S, Span span, BindKind kind, Symbol name, const Value *v);
void types_print(Sema *S, FILE *out);
#endif
