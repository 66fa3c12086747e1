/* Inside of the reader: words, the tree, and the state of the walk over it. */
#ifndef QGN_QASM_INT_H
#define QGN_QASM_INT_H
#include "lang/base/intern.h"
#include "lang/qasm/qasm.h"

/* ---- words ------------------------------------------------------------------------------------ */
typedef enum QTokKind { QT_END, QT_NAME, QT_INT, QT_REAL, QT_TIME, QT_TEXT, QT_SIGN, QT_ANNOTATION } QTokKind;
#define SIGN2(a, b) ((a) | (b) << 8)

typedef struct QTok {
  QTokKind kind;
  int sign; /* SIGN: its characters, the first in the lowest byte */
  Symbol name;
  double num;
  const char *text; /* TEXT: without quotes; NULL if it is not closed */
  Span span;
} QTok;

typedef struct QLex {
  Arena *a;
  DiagSink *sink;
  const Source *src;
  uint32_t pos;
  bool line_start; /* nothing but blanks stood in this line so far */
} QLex;
/* The next word; a mistake is said once and passed over. */
QTok qasm_lex(QLex *l);

/* ---- tree ------------------------------------------------------------------------------------- */
typedef enum QExprKind {
  QE_NUM,
  QE_NAME,
  QE_INDEX,  /* kids: what, then the indices */
  QE_RANGE,  /* kids: from, step, to; each may be NULL */
  QE_SET,    /* {a, b} */
  QE_UNARY,  /* op */
  QE_BINARY, /* op: a sign, '^' is a power */
  QE_CALL,   /* name(kids), functions and casts */
  QE_MEASURE /* measure kids[0] */
} QExprKind;

typedef struct QExpr QExpr;
struct QExpr {
  QExprKind kind;
  int op;
  bool is_int;
  double num;
  Symbol name;
  int n, depth; /* depth: of the tree below, bounded so that walks can recurse */
  QExpr **kids;
  Span span;
};

typedef enum QModKind { QM_CTRL, QM_NEGCTRL, QM_INV, QM_POW } QModKind;
typedef struct QMod {
  QModKind kind;
  QExpr *arg; /* NULL: none */
  Span span;
} QMod;

typedef enum QStmtKind {
  QS_INCLUDE,
  QS_QUBITS,
  QS_BITS,
  QS_CONST,
  QS_INPUT,
  QS_GATE,
  QS_OPAQUE,
  QS_CALL,
  QS_MEASURE,
  QS_RESET,
  QS_BARRIER,
  QS_IF,
  QS_ALIAS
} QStmtKind;

typedef VEC(QExpr *) QExprs;
typedef struct QStmt QStmt;
typedef VEC(QStmt *) QStmts;
struct QStmt {
  QStmtKind kind;
  Span span, name_span;
  Symbol name;
  const char *text;
  QExpr *value;  /* size, value, condition, what is measured */
  QExpr *target; /* MEASURE: where to, or NULL */
  VEC(QMod) mods;
  QExprs args, operands;
  VEC(Symbol) params; /* GATE: angles, then */
  VEC(Symbol) qubits;
  QStmts body, other;
};

#define QASM_MAX_DEPTH 200       /* brackets and operators that the parser is inside of */
#define QASM_MAX_EXPR_DEPTH 1000 /* of an expression, long sums included */
#define QASM_MAX_ERRORS 20

typedef struct QParse {
  Arena *a;
  DiagSink *sink;
  QLex lex;
  QTok tok, next; /* the word under way and the one behind */
  uint32_t last_end;
  int depth, version, errors;
  bool version_seen;
} QParse;

/* All statements of a source. Errors are in the sink; statements that have one are left out. */
void qasm_parse(QParse *p, const Source *src, QStmts *out);
void qp_take(QParse *p);
bool qp_sign(const QParse *p, int sign);
bool qp_word(const QParse *p, const char *word);
bool qp_accept(QParse *p, int sign);
bool qp_expect(QParse *p, int sign, const char *where);
/* Says what was found where something else was expected; returns false. */
bool qp_error(QParse *p, const char *expected);
Span qp_span(const QParse *p, uint32_t begin);
QExpr *qp_expr(QParse *p);    /* NULL after an error */
QExpr *qp_operand(QParse *p); /* a name with indices */
bool qp_list(QParse *p, int close, QExprs *out);

/* ---- the walk ----------------------------------------------------------------------------------- */
typedef enum QNameKind { QN_QUBITS, QN_BITS, QN_CONST, QN_INPUT, QN_GATE, QN_OPAQUE } QNameKind;
typedef struct QName {
  Symbol name;
  QNameKind kind;
  Span span;
  int node;          /* CONST, INPUT */
  int n;             /* QUBITS, BITS */
  const int *at;     /* their numbers */
  bool is_single;    /* a qubit or bit, not a register */
  const QStmt *decl; /* GATE: its definition; NULL for one of gates.def, which is `gate`, and for */
  const char *text;  /* one of names.def, whose definition is read when it is first used */
  GateId gate;
  bool library; /* GATE: declared by an include of ours; the file may have its own */
} QName;

/* The definition that is written out. */
typedef struct QEnv {
  const QStmt *gate;
  int order;        /* of the definition among the names: it uses what stands before it */
  bool library;     /* it is one of ours, and uses gates of gates.def */
  const int *angle; /* nodes */
  const int *qubit;
  Span span; /* of the call outside of all definitions */
} QEnv;

typedef struct QWalk {
  Arena *a;
  DiagSink *sink;
  QasmFile *f;
  QasmRead *read;
  void *ctx;
  VEC(QName) names;
  VEC(int) by_symbol; /* index into names + 1 */
  bool library;       /* what is declared now is ours */
  bool has_qelib1, has_stdgates;
  bool lacks_include; /* a file is not there, which was said */
  int condition, depth;
  long budget; /* operations and calls left; nodes have their own bound */
  bool full;   /* it was used up: said once */
  int errors;
  VEC(const char *) files; /* included, outermost first */
  const QStmts *script;    /* of the file itself */
} QWalk;

QName *qw_find(QWalk *w, Symbol name);
QName *qw_declare(QWalk *w, Symbol name, Span span, QNameKind kind);
Diag *qw_say(QWalk *w, DiagCode code, Span span, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
bool qw_spend(QWalk *w, long n, Span span); /* false when the file is too large */
void qw_stmts(QWalk *w, const QStmts *list);
/* The qubits that an operand names. In a definition (env) these are its own. */
bool qw_qubits(QWalk *w, const QExpr *e, const QEnv *env, int *n, const int **at, bool *is_single);
bool qw_bits(QWalk *w, const QExpr *e, int *n, const int **at, bool *is_single);
void qw_call(QWalk *w, const QStmt *s, const QEnv *env);
void qw_check_gate(QWalk *w, int name); /* the body of a definition, before any use */
void qw_library(QWalk *w, bool stdgates);
void qw_define(QWalk *w, QName *n); /* reads the definition of a name of the library */
/* Node of an expression; -1 after an error. */
int qw_node(QWalk *w, const QExpr *e, const QEnv *env);
int qw_number(QWalk *w, double x, bool is_int, Span span);
int qw_unary(QWalk *w, int op, int a, Span span);
int qw_binary(QWalk *w, int op, int a, int b, Span span);
int qw_add_node(QWalk *w, QasmNode n); /* -1 when there are too many */
/* A number that is known; false after saying E0201. */
bool qw_static(QWalk *w, const QExpr *e, const QEnv *env, const char *what, double *out);
bool qw_int(QWalk *w, const QExpr *e, const QEnv *env, const char *what, long lo, long hi, long *out);
/* The number of a condition of the file, -1 if it always holds, -2 if never or after an error. */
int qw_condition(QWalk *w, const QExpr *e, bool negated);
#endif
