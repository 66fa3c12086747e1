/* The grammar. Each action is one call of a constructor (lang/ast/ast_build.h): it looks nothing
 * up, checks nothing and prints nothing. Where a statement may stand is checked later, so that
 * `minimize` in a circuit gets a message about places and not about tokens.
 *
 * The tokens come from lang/parse/lex.c, which sends NL only after a token that can end a
 * statement and never inside ( ) or [ ]. Nothing is freed here: everything is in an arena. */
%require "3.8"
%define api.pure full
%define api.push-pull both
%define api.prefix {qgn_yy}
%define api.token.prefix {TOK_}
%define api.location.type {Span}
%define parse.error custom
%define parse.lac full
%locations
%expect 0
%lex-param {yyscan_t scanner}
%parse-param {yyscan_t scanner} {Parse *p}

%code requires {
#include "lang/parse/lex.h"
#ifndef YY_TYPEDEF_YY_SCANNER_T
#define YY_TYPEDEF_YY_SCANNER_T
typedef void *yyscan_t;
#endif
}

%code provides {
/* The token filter of lang/parse/lex.c. */
int qgn_yylex(QGN_YYSTYPE *value, Span *span, yyscan_t scanner);
}

%code {
#include "lang/base/mem.h"

#define YYMALLOC mem_alloc
#define YYREALLOC mem_realloc
#define YYFREE mem_free
/* A rule without symbols stands at the end of what came before it. */
#define YYLLOC_DEFAULT(Current, Rhs, N)                                                            \
  do {                                                                                             \
    if (N) (Current) = (Span){YYRHSLOC(Rhs, 1).begin, YYRHSLOC(Rhs, N).end};                       \
    else (Current) = (Span){YYRHSLOC(Rhs, 0).end, YYRHSLOC(Rhs, 0).end};                           \
  } while (0)

#define B (&p->ast)
static const AstWord no_word;
static void yyerror(const Span *span, yyscan_t scanner, Parse *p, const char *message);
}

%union {
  AstWord word;
  AstNode *node;
}

/* ---- tokens; the reserved words are those of keywords.def ---- */
%token YYEOF 0 "end of input"
%token <word> USE "use" AS "as" HYPER "hyper" WHERE "where" PARAM "param" LET "let" VAR "var" DEF "def"
%token <word> CIRCUIT "circuit" ON "on" MODEL "model" DATASET "dataset" TRAIN "train" STEP "step"
%token <word> EVERY "every" SWEEP "sweep" OVER "over" VARY "vary" REPORT "report" FOR "for" IN "in"
%token <word> REPEAT "repeat" IF "if" ELSE "else" RETURN "return" DRAW "draw" MINIMIZE "minimize"
%token <word> MAXIMIZE "maximize" PER "per" CLIP "clip" UPDATE "update" WITH "with" EXPECT "expect"
%token <word> ASSERT "assert" NEW "new" AND "and" OR "or" NOT "not" TRUE "true" FALSE "false"
%token <word> NAME "name" NUMBER "number" STRING "text"
%token NL "end of line"
%token ARROW "->" ASSIGN ":=" PIPE "|>" DOTS "..." RANGE ".." RANGE_TO "..="
%token CURSOR "cursor" /* never expected: where it comes, the parser says what is (next.c) */
%token EQ "==" NE "!=" LE "<=" GE ">=" PM "±"

%type <node> script stmts stmt block use path names decl action control if_stmt simple command
%type <node> operands operand params_opt params param patterns pattern type_opt type result_opt results
%type <node> result dims_opt dims dimlist dim group_opt clip_opt axes axis refs ref exprs_opt exprs expr
%type <node> primary group indices index args_opt args arg
%type <word> use_as

/* ---- binding, weakest first ---- */
%left "|>"
%left "or"
%left "and"
%precedence "not"
%nonassoc "==" "!=" '<' '>' "<=" ">=" "in"
%nonassoc ".." "..="
%nonassoc "±"
%left '+' '-'
%left '*' '/'
%precedence UMINUS
%right '^'

%start program
%%

/* ---- scripts and blocks ---- */
program
  : script                          { p->script = ast_group(B, AST_SCRIPT, @$, $script); }
  ;
/* Written out without an optional part before the first statement: the parser can then recover
 * inside a block whose first statement is wrong. */
script
  : %empty                          { $$ = NULL; }
  | seps                            { $$ = NULL; }
  | stmts seps_opt                  { $$ = $stmts; }
  | seps stmts seps_opt             { $$ = $stmts; }
  ;
stmts
  : stmt                            { $$ = ast_list(B, $stmt); }
  | stmts[list] seps stmt           { $$ = ast_append(B, $list, $stmt); }
  ;
seps_opt
  : %empty
  | seps
  ;
seps
  : sep
  | seps sep
  ;
sep
  : NL
  | ';'
  ;
block
  : '{' script '}'                  { $$ = ast_group(B, AST_BLOCK, @$, $script); }
  ;
stmt
  : error                           { $$ = ast_node(B, AST_ERROR, @$, 0, NULL); yyerrok; }
  | error block                     { $$ = ast_node(B, AST_ERROR, @$, KIDS($block)); yyerrok; }
  | use
  | decl[s]                         { $$ = ast_documented(B, $s); }
  | action
  | control
  | simple[s]                       { $$ = ast_documented(B, $s); }
  ;

/* ---- declarations ---- */
use
  : "use" STRING[file] use_as       { $$ = ast_use(B, @$, ast_leaf(B, AST_TEXT, $file), $use_as, NULL); }
  | "use" STRING[file] ':' names    { $$ = ast_use(B, @$, ast_leaf(B, AST_TEXT, $file), no_word, $names); }
  | "use" path use_as               { $$ = ast_use(B, @$, $path, $use_as, NULL); }
  | "use" path ':' names            { $$ = ast_use(B, @$, $path, no_word, $names); }
  ;
use_as
  : %empty                          { $$ = no_word; }
  | "as" NAME                       { $$ = $NAME; }
  ;
path
  : NAME                            { $$ = ast_list(B, ast_leaf(B, AST_NAME, $NAME)); }
  | path[list] '.' NAME             { $$ = ast_append(B, $list, ast_leaf(B, AST_NAME, $NAME)); }
  ;
names
  : NAME                            { $$ = ast_list(B, ast_leaf(B, AST_NAME, $NAME)); }
  | names[list] ',' NAME            { $$ = ast_append(B, $list, ast_leaf(B, AST_NAME, $NAME)); }
  ;
decl
  : "hyper" NAME type_opt '=' expr  { $$ = ast_named(B, AST_HYPER, @$, $NAME, KIDS($type_opt, $expr, NULL)); }
  | "hyper" NAME type_opt '=' expr[value] "where" expr[cond]
                                    { $$ = ast_named(B, AST_HYPER, @$, $NAME, KIDS($type_opt, $value, $cond)); }
  | "let" patterns '=' expr         { $$ = ast_node(B, AST_LET, @$, KIDS($patterns, $expr)); }
  | "var" patterns '=' expr         { $$ = ast_node(B, AST_VAR, @$, KIDS($patterns, $expr)); }
  | "param" NAME dims_opt '~' expr  { $$ = ast_named_op(B, AST_PARAM, @$, $NAME, '~', KIDS($dims_opt, $expr)); }
  | "param" NAME dims_opt '=' expr  { $$ = ast_named_op(B, AST_PARAM, @$, $NAME, '=', KIDS($dims_opt, $expr)); }
  | "draw" NAME dims_opt '~' expr   { $$ = ast_named(B, AST_DRAW, @$, $NAME, KIDS($dims_opt, $expr)); }
  | "def" NAME '(' params_opt[in] ')' result_opt[out] '=' expr
                                    { $$ = ast_named_op(B, AST_DEF, @$, $NAME, '=', KIDS($in, $out, $expr)); }
  | "def" NAME '(' params_opt[in] ')' result_opt[out] block
                                    { $$ = ast_named_op(B, AST_DEF, @$, $NAME, '{', KIDS($in, $out, $block)); }
  | "circuit" NAME '(' params_opt[in] ')' result_opt[out] "on" patterns[registers] block
                                    { $$ = ast_named(B, AST_CIRCUIT, @$, $NAME, KIDS($in, $out, $registers, $block)); }
  | "model" NAME '(' params_opt[in] ')' result_opt[out] block
                                    { $$ = ast_named(B, AST_MODEL, @$, $NAME, KIDS($in, $out, $block)); }
  | "dataset" NAME block            { $$ = ast_named(B, AST_DATASET, @$, $NAME, KIDS($block)); }
  | "train" NAME block              { $$ = ast_named(B, AST_TRAIN, @$, $NAME, KIDS($block)); }
  | "sweep" NAME block              { $$ = ast_named(B, AST_SWEEP, @$, $NAME, KIDS(NULL, $block)); }
  | "sweep" NAME "over" refs block  { $$ = ast_named(B, AST_SWEEP, @$, $NAME, KIDS($refs, $block)); }
  | "report" NAME block             { $$ = ast_named(B, AST_REPORT, @$, $NAME, KIDS($block)); }
  ;
params_opt
  : %empty                          { $$ = NULL; }
  | params
  | params ','                      { $$ = $params; }
  ;
params
  : param                           { $$ = ast_list(B, $param); }
  | params[list] ',' param          { $$ = ast_append(B, $list, $param); }
  ;
param
  : pattern
  | NAME dims_opt type_opt '=' expr { $$ = ast_named(B, AST_PATTERN, @$, $NAME, KIDS($dims_opt, $type_opt, $expr)); }
  ;
patterns
  : pattern                         { $$ = ast_list(B, $pattern); }
  | patterns[list] ',' pattern      { $$ = ast_append(B, $list, $pattern); }
  ;
pattern
  : NAME dims_opt type_opt          { $$ = ast_named(B, AST_PATTERN, @$, $NAME, KIDS($dims_opt, $type_opt, NULL)); }
  ;
type_opt
  : %empty                          { $$ = NULL; }
  | ':' type                        { $$ = $type; }
  ;
type
  : NAME                            { $$ = ast_leaf(B, AST_TYPE, $NAME); }
  | "circuit"                       { $$ = ast_leaf(B, AST_TYPE, $1); }
  | "model"                         { $$ = ast_leaf(B, AST_TYPE, $1); }
  | "dataset"                       { $$ = ast_leaf(B, AST_TYPE, $1); }
  ;
result_opt
  : %empty                          { $$ = NULL; }
  | "->" results                    { $$ = $results; }
  ;
results
  : result                          { $$ = ast_list(B, $result); }
  | results[list] ',' result        { $$ = ast_append(B, $list, $result); }
  ;
result
  : dims                            { $$ = ast_node(B, AST_RESULT, @$, KIDS($dims)); }
  | NAME dims                       { $$ = ast_named(B, AST_RESULT, @$, $NAME, KIDS($dims)); }
  ;
dims_opt
  : %empty                          { $$ = NULL; }
  | dims
  ;
dims
  : '[' ']'                         { $$ = ast_group(B, AST_LIST, @$, NULL); }
  | '[' dimlist ']'                 { $$ = ast_group(B, AST_LIST, @$, $dimlist); }
  ;
dimlist
  : dim                             { $$ = ast_list(B, $dim); }
  | dimlist[list] ',' dim           { $$ = ast_append(B, $list, $dim); }
  ;
dim
  : expr
  | "..."                           { $$ = ast_node(B, AST_REST, @$, 0, NULL); }
  ;

/* ---- actions ---- */
action
  : "step" block                    { $$ = ast_node(B, AST_STEP, @$, KIDS(NULL, $block)); }
  | "step" patterns block           { $$ = ast_node(B, AST_STEP, @$, KIDS($patterns, $block)); }
  | "every" expr block              { $$ = ast_node(B, AST_EVERY, @$, KIDS($expr, $block)); }
  | "vary" axes                     { $$ = ast_node(B, AST_VARY, @$, KIDS($axes)); }
  | "minimize" expr "over" refs group_opt[per] clip_opt[clip]
                                    { $$ = ast_node_op(B, AST_MINIMIZE, @$, '-', KIDS($expr, $refs, $per, $clip)); }
  | "maximize" expr "over" refs group_opt[per] clip_opt[clip]
                                    { $$ = ast_node_op(B, AST_MINIMIZE, @$, '+', KIDS($expr, $refs, $per, $clip)); }
  | "update" ref "with" expr        { $$ = ast_node(B, AST_UPDATE, @$, KIDS($ref, $expr)); }
  | "expect" expr                   { $$ = ast_expect(B, @$, 'e', $expr, no_word); }
  | "expect" expr ',' STRING        { $$ = ast_expect(B, @$, 'e', $expr, $STRING); }
  | "assert" expr                   { $$ = ast_expect(B, @$, 'a', $expr, no_word); }
  | "assert" expr ',' STRING        { $$ = ast_expect(B, @$, 'a', $expr, $STRING); }
  | "return" exprs                  { $$ = ast_node(B, AST_RETURN, @$, KIDS($exprs)); }
  ;
group_opt
  : %empty                          { $$ = NULL; }
  | "per" names                     { $$ = $names; }
  ;
clip_opt
  : %empty                          { $$ = NULL; }
  | "clip" expr                     { $$ = $expr; }
  ;
axes
  : axis                            { $$ = ast_list(B, $axis); }
  | axes[list] ',' axis             { $$ = ast_append(B, $list, $axis); }
  ;
axis
  : NAME "in" expr                  { $$ = ast_named(B, AST_AXIS, @$, $NAME, KIDS($expr)); }
  | NAME '~' expr                   { $$ = ast_named_op(B, AST_AXIS, @$, $NAME, '~', KIDS($expr)); }
  ;
refs
  : ref                             { $$ = ast_list(B, $ref); }
  | refs[list] ',' ref              { $$ = ast_append(B, $list, $ref); }
  ;

/* ---- control ---- */
control
  : "for" names "in" expr block     { $$ = ast_node(B, AST_FOR, @$, KIDS($names, $expr, $block)); }
  | "repeat" expr block             { $$ = ast_node(B, AST_REPEAT, @$, KIDS($expr, $block)); }
  | if_stmt
  ;
if_stmt
  : "if" expr block                 { $$ = ast_node(B, AST_IF, @$, KIDS($expr, $block, NULL)); }
  | "if" expr block[then] "else" block[other]
                                    { $$ = ast_node(B, AST_IF, @$, KIDS($expr, $then, $other)); }
  | "if" expr block[then] "else" if_stmt[other]
                                    { $$ = ast_node(B, AST_IF, @$, KIDS($expr, $then, $other)); }
  ;

/* ---- simple statements: one look-ahead token tells a command's operand from an operator ---- */
simple
  : expr                            { $$ = ast_named(B, AST_STAGE, @$, no_word, KIDS($expr)); }
  | NAME ':' expr                   { $$ = ast_named(B, AST_STAGE, @$, $NAME, KIDS($expr)); }
  | ref ":=" expr                   { $$ = ast_node(B, AST_ASSIGN, @$, KIDS($ref, $expr)); }
  | ref '=' expr                    { $$ = ast_node(B, AST_ATTR, @$, KIDS($ref, NULL, $expr)); }
  | ref operands '=' expr           { $$ = ast_node(B, AST_ATTR, @$, KIDS($ref, $operands, $expr)); }
  | command
  ;
command
  : ref operands                    { $$ = ast_node(B, AST_COMMAND, @$, KIDS($ref, $operands)); }
  | ref '@' command[of]             { $$ = ast_node(B, AST_MODIFIED, @$, KIDS($ref, $of)); }
  ;
operands
  : operand                         { $$ = ast_list(B, $operand); }
  | operands[list] ',' operand      { $$ = ast_append(B, $list, $operand); }
  ;
operand
  : ref
  | STRING                          { $$ = ast_leaf(B, AST_TEXT, $STRING); }
  ;

/* ---- expressions ---- */
exprs
  : expr                            { $$ = ast_list(B, $expr); }
  | exprs[list] ',' expr            { $$ = ast_append(B, $list, $expr); }
  ;
exprs_opt
  : %empty                          { $$ = NULL; }
  | exprs
  | exprs ','                       { $$ = $exprs; }
  ;
expr
  : expr[a] "|>" expr[b]            { $$ = ast_binary(B, @$, AST_OP_PIPE, $a, $b); }
  | expr[a] "or" expr[b]            { $$ = ast_binary(B, @$, AST_OP_OR, $a, $b); }
  | expr[a] "and" expr[b]           { $$ = ast_binary(B, @$, AST_OP_AND, $a, $b); }
  | "not" expr[a]                   { $$ = ast_node_op(B, AST_UNARY, @$, AST_OP_NOT, KIDS($a)); }
  | expr[a] "==" expr[b]            { $$ = ast_binary(B, @$, AST_OP_EQ, $a, $b); }
  | expr[a] "!=" expr[b]            { $$ = ast_binary(B, @$, AST_OP_NE, $a, $b); }
  | expr[a] '<' expr[b]             { $$ = ast_binary(B, @$, AST_OP_LT, $a, $b); }
  | expr[a] '>' expr[b]             { $$ = ast_binary(B, @$, AST_OP_GT, $a, $b); }
  | expr[a] "<=" expr[b]            { $$ = ast_binary(B, @$, AST_OP_LE, $a, $b); }
  | expr[a] ">=" expr[b]            { $$ = ast_binary(B, @$, AST_OP_GE, $a, $b); }
  | expr[a] "in" expr[b]            { $$ = ast_binary(B, @$, AST_OP_IN, $a, $b); }
  | expr[a] ".." expr[b]            { $$ = ast_binary(B, @$, AST_OP_RANGE, $a, $b); }
  | expr[a] "..=" expr[b]           { $$ = ast_binary(B, @$, AST_OP_RANGE_TO, $a, $b); }
  | expr[a] "±" expr[b]             { $$ = ast_binary(B, @$, AST_OP_PM, $a, $b); }
  | expr[a] '+' expr[b]             { $$ = ast_binary(B, @$, AST_OP_ADD, $a, $b); }
  | expr[a] '-' expr[b]             { $$ = ast_binary(B, @$, AST_OP_SUB, $a, $b); }
  | expr[a] '*' expr[b]             { $$ = ast_binary(B, @$, AST_OP_MUL, $a, $b); }
  | expr[a] '/' expr[b]             { $$ = ast_binary(B, @$, AST_OP_DIV, $a, $b); }
  | expr[a] '^' expr[b]             { $$ = ast_binary(B, @$, AST_OP_POW, $a, $b); }
  | '-' expr[a]        %prec UMINUS { $$ = ast_node_op(B, AST_UNARY, @$, AST_OP_NEG, KIDS($a)); }
  | primary
  ;
primary
  : ref
  | group
  | NUMBER                          { $$ = ast_leaf(B, AST_NUMBER, $NUMBER); }
  | STRING                          { $$ = ast_leaf(B, AST_TEXT, $STRING); }
  | "true"                          { $$ = ast_leaf(B, AST_BOOL, $1); }
  | "false"                         { $$ = ast_leaf(B, AST_BOOL, $1); }
  | "new" ref                       { $$ = ast_node(B, AST_NEW, @$, KIDS($ref)); }
  ;
group
  : '(' exprs ')'                   { $$ = ast_parens(B, @$, $exprs); }
  | '[' exprs_opt ']'               { $$ = ast_group(B, AST_ARRAY, @$, $exprs_opt); }
  | '[' expr[value] "for" names "in" expr[range] ']'
                                    { $$ = ast_node(B, AST_COMPREHENSION, @$, KIDS($value, $names, $range)); }
  | group[of] '.' NAME              { $$ = ast_named(B, AST_MEMBER, @$, $NAME, KIDS($of)); }
  | group[of] '[' indices ']'       { $$ = ast_node(B, AST_INDEX, @$, KIDS($of, $indices)); }
  | group[of] '(' args_opt ')'      { $$ = ast_node(B, AST_CALL, @$, KIDS($of, $args_opt)); }
  ;
ref
  : NAME                            { $$ = ast_leaf(B, AST_NAME, $NAME); }
  | ref[of] '.' NAME                { $$ = ast_named(B, AST_MEMBER, @$, $NAME, KIDS($of)); }
  | ref[of] '[' indices ']'         { $$ = ast_node(B, AST_INDEX, @$, KIDS($of, $indices)); }
  | ref[of] '(' args_opt ')'        { $$ = ast_node(B, AST_CALL, @$, KIDS($of, $args_opt)); }
  ;
indices
  : index                           { $$ = ast_list(B, $index); }
  | indices[list] ',' index         { $$ = ast_append(B, $list, $index); }
  ;
index
  : expr
  | expr ".."                       { $$ = ast_node(B, AST_SLICE, @$, KIDS($expr, NULL)); }
  | ".." expr                       { $$ = ast_node(B, AST_SLICE, @$, KIDS(NULL, $expr)); }
  | ':'                             { $$ = ast_node(B, AST_SLICE, @$, KIDS(NULL, NULL)); }
  ;
args_opt
  : %empty                          { $$ = ast_group(B, AST_LIST, @$, NULL); }
  | args
  | args ','                        { $$ = $args; }
  ;
args
  : arg                             { $$ = ast_list(B, $arg); }
  | args[list] ',' arg              { $$ = ast_append(B, $list, $arg); }
  ;
arg
  : expr
  | NAME '=' expr                   { $$ = ast_named(B, AST_ARG, @$, $NAME, KIDS($expr)); }
  ;
%%

/* Symbols are private to the generated parser; messages work with token codes. */
static int token_of(yysymbol_kind_t symbol) {
  for (int code = 0; code <= TOK_PM; code++)
    if (YYTRANSLATE(code) == symbol) return code;
  return -1;
}

static int yyreport_syntax_error(const yypcontext_t *context, yyscan_t scanner, Parse *p) {
  (void)scanner;
  yysymbol_kind_t symbols[YYNTOKENS];
  int expected[YYNTOKENS];
  int n = yypcontext_expected_tokens(context, symbols, YYNTOKENS);
  if (n < 0) return n;
  for (int i = 0; i < n; i++) expected[i] = token_of(symbols[i]);
  if (yypcontext_token(context) == YYSYMBOL_CURSOR) {
    next_expected(p, expected, n);
    return 0;
  }
  syntax_error(p, token_of(yypcontext_token(context)), *yypcontext_location(context), expected, n);
  return 0;
}

/* Only reached when the parser's own stack is at its limit. */
static void yyerror(const Span *span, yyscan_t scanner, Parse *p, const char *message) {
  (void)scanner;
  (void)message;
  syntax_exhausted(p, *span);
}
