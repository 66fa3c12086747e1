/* What could be typed next: the parser says which words and kinds of names fit (parse_next), the session, the
 * library and the program of the last statement give the names. */
#define _GNU_SOURCE
#include <ctype.h>
#include <string.h>
#include "lang/base/greek.h"
#include "lang/base/io.h"
#include "lang/ir/circuit.h"
#include "lang/sema/library.h"
#include "runtime/cli/repl.h"

typedef struct Asking {
  Repl *R;
  Arena *a;
  const char *word, *folded; /* what is typed of it so far; Greek written out */
  ReplCompletions *out;
} Asking;

static void offer(Asking *q, const char *text, const char *doc, char append) {
  const char *folded = greek_fold(q->a, text, strlen(text));
  if (strncmp(text, q->word, strlen(q->word)) != 0 && strncmp(folded, q->folded, strlen(q->folded)) != 0)
    return;
  for (int i = 0; i < q->out->n; i++)
    if (strcmp(q->out->at[i].text, text) == 0) return;
  vec_push(q->a, q->out, ((ReplCompletion){.text = text, .doc = doc ? doc : "", .append = append}));
}

const DocNames *repl_docs(Repl *R) {
  if (!R->docs_arena) {
    R->docs_arena = arena_new();
    doc_names(R->docs_arena, &R->docs);
  }
  return &R->docs;
}

/* ---- names ----------------------------------------------------------------------------------------- */

static bool is_one_of(const char *word, const char *list) {
  for (const char *s = list; *s;) {
    const size_t n = strcspn(s, "|");
    if (strlen(word) == n && strncmp(s, word, n) == 0) return true;
    s += n + (s[n] == '|');
  }
  return false;
}

/* Names of the tables whose kind is in the list, which `|` divides; of the library those that need no `use`.
 */
static void offer_library(Asking *q, const char *kinds) {
  const DocNames *docs = repl_docs(q->R);
  for (int i = 0; i < docs->n; i++) {
    const DocName *d = &docs->at[i];
    if (d->module || !is_one_of(d->kind, kinds)) continue;
    const bool calls = strchr(d->call, '(') != NULL;
    const char *doc = calls ? arena_printf(q->a, "%s  %s", d->call, d->doc) : d->doc;
    offer(q, d->name, doc, calls ? '(' : ' ');
  }
}

/* What the session declares; `kinds` are words of statements, "" is every one. */
static void offer_session(Asking *q, const char *kinds) {
  for (int e = 0; e < q->R->entries.n; e++) {
    const ReplEntry *x = &q->R->entries.at[e];
    const char *kind = ast_kind_name[x->kind];
    if (*kinds && !is_one_of(kind, kinds)) continue;
    for (int k = 0; k < x->names.n; k++) {
      const char *first = arena_strn(q->a, x->text, strcspn(x->text, "\n"));
      offer(q, x->names.at[k], first, is_one_of(kind, "circuit|model|def") ? '(' : 0);
    }
  }
}

/* The part of a dotted name behind `owner.`, up to the next point. */
static void offer_member(Asking *q, const char *owner, const char *name, const char *doc) {
  const size_t n = strlen(owner);
  if (!name || strncmp(name, owner, n) != 0 || name[n] != '.' || !name[n + 1]) return;
  offer(q, arena_strn(q->a, name + n + 1, strcspn(name + n + 1, ".")), doc, 0);
}

static void offer_modules(Asking *q) {
  const DocNames *docs = repl_docs(q->R);
  for (int i = 0; i < docs->n; i++)
    if (docs->at[i].module) offer(q, docs->at[i].module, "a module of the library", 0);
}

static void offer_members(Asking *q, const char *owner) {
  const Program *p = q->R->view.program;
  const char *folded = greek_fold(q->a, owner, strlen(owner));
  if (strcmp(owner, "std") == 0) offer_modules(q);
  if (!p) return;
  for (int i = 0; i < p->series.n; i++)
    offer_member(q, folded, p->series.at[i].name, "what the train recorded");
  for (int i = 0; i < p->slots.n; i++)
    if (p->slots.at[i].kind == SLOT_PARAM || p->slots.at[i].kind == SLOT_BUFFER)
      offer_member(q, folded, p->slots.at[i].name, "weights");
  for (int i = 0; i < p->trains.n; i++) {
    if (strcmp(p->trains.at[i].name, folded) != 0) continue;
    static const char *const ran[] = {"iterations", "epochs_run", "best_epoch", "circuit_runs"};
    for (int k = 0; k < RAN_NUMBERS; k++) offer(q, ran[k], "a number that is known at its end", 0);
  }
  for (int i = 0; i < p->datasets.n; i++) {
    const Dataset *d = &p->datasets.at[i];
    for (int k = 0; k < d->columns.n && strcmp(d->name, folded) == 0; k++)
      offer(q, d->columns.at[k].name, "a column", 0);
  }
}

/* ---- places ----------------------------------------------------------------------------------------- */

/* The statements of a block, among those that the grammar lets stand anywhere. */
static const char *statements_of(const char *block) {
  static const struct {
    const char *block, *words;
  } table[] = {
      {"", "assert|circuit|dataset|def|draw|expect|for|hyper|if|let|model|param|report|sweep|train|use|var"},
      {"circuit", "draw|for|if|let|param|repeat|return|var"},
      {"model", "draw|for|if|let|return|var"},
      {"def", "draw|for|if|let|repeat|return|var"},
      {"dataset", "draw|for|if|let"},
      {"train", "every|if|let|step"},
      {"step", "assert|draw|for|if|let|maximize|minimize|repeat|update|var"},
      {"every", "assert|draw|for|if|let|repeat|var"},
      {"sweep", "let|vary"},
      {"report", "for|if|let"},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (strcmp(table[i].block, block) == 0) return table[i].words;
  return "";
}

static void offer_words(Asking *q, const ParseNext *next) {
  const char *fits = statements_of(next->block);
  for (int i = 0; i < next->words.n; i++) {
    const char *word = next->words.at[i], *form = parse_form(word);
    if (!next->statement || (form && is_one_of(word, fits))) offer(q, word, form, ' ');
  }
}

static void offer_names(Asking *q, const ParseNext *next) {
  for (int i = next->names.n - 1; i >= 0; i--) {
    const char *name = next->names.at[i];
    bool known = false;
    for (int k = 0; k < repl_docs(q->R)->n && !known; k++) known = strcmp(q->R->docs.at[k].name, name) == 0;
    if (!known && !is_one_of(name, "optimizer|record|data|batch|epochs")) offer(q, name, "", 0);
  }
}

/* `lr =` and the like of what is called. */
static void offer_arguments(Asking *q, const char *call) {
  const DocNames *docs = repl_docs(q->R);
  for (int i = 0; i < docs->n; i++) {
    if (strcmp(docs->at[i].name, call) != 0) continue;
    const char *s = strchr(docs->at[i].call, '(');
    for (s = s ? s + 1 : ""; *s;) {
      s += strspn(s, " ,");
      const size_t n = strcspn(s, " ,[)");
      const char *rest = s + n + strspn(s + n, " ");
      if (*rest == '=' && n > 0) offer(q, arena_strn(q->a, s, n), docs->at[i].call, '=');
      s = strchr(s, ',') ? strchr(s, ',') : "";
    }
  }
}

static void offer_attributes(Asking *q, const char *block) {
  int n;
  const char *const *names = library_attributes(block, &n);
  for (int i = 0; i < n; i++) offer(q, names[i], *block ? "an attribute" : "an attribute of the script", ' ');
}

static void offer_list(Asking *q, const char *list, const char *doc, char append) {
  for (const char *s = list; *s;) {
    const size_t n = strcspn(s, "|");
    offer(q, arena_strn(q->a, s, n), doc, append);
    s += n + (s[n] == '|');
  }
}

/* The kinds of names that a value in this block is made of. */
static const char *value_kinds(const char *block) {
  if (strcmp(block, "circuit") == 0) return "function|def|measurement|operator|function of registers";
  if (strcmp(block, "dataset") == 0) return "source of data|stage of datasets|distribution|function|def";
  if (strcmp(block, "report") == 0) return "figure|function|def|function of registers";
  if (strcmp(block, "model") == 0) return "layer|function|def";
  return "function|def|action|measurement";
}

static void offer_statement(Asking *q, const ParseNext *next) {
  const char *block = next->block;
  if (strcmp(block, "circuit") == 0) {
    offer_library(q, "gate");
    offer_session(q, "circuit");
    offer_list(q, "ctrl|inv|negctrl|pow|when", "a modifier: `ctrl @ x a, b`", ' ');
    offer_library(q, "circuit");
  } else if (strcmp(block, "train") == 0) {
    offer_attributes(q, block);
    offer_list(q, "optimizer", "optimizer WEIGHTS = adam(1e-3)", ' ');
  } else if (strcmp(block, "sweep") == 0) {
    offer_attributes(q, block);
  } else if (strcmp(block, "report") == 0) {
    offer_list(q, "images|plot|table|text", "a part of the report", ' ');
  } else {
    if (strcmp(block, "step") == 0 || strcmp(block, "every") == 0)
      offer_list(q, "record", "record name = value", ' ');
    offer_session(q, "");
    offer_library(q, value_kinds(block));
    if (!*block) offer_attributes(q, block);
  }
}

static void offer_value(Asking *q, const ParseNext *next) {
  if (next->draws) {
    offer_library(q, "distribution");
  } else if (strcmp(next->attribute, "optimizer") == 0) {
    offer_library(q, "optimizer");
  } else if (strcmp(next->block, "train") == 0 && is_one_of(next->attribute, "data|validate")) {
    offer_session(q, "dataset");
  } else {
    offer_arguments(q, next->call);
    offer_session(q, strcmp(next->block, "dataset") == 0 ? "dataset|hyper|let|def" : "");
    offer_library(q, value_kinds(next->block));
    if (strcmp(next->block, "train") == 0) offer_library(q, "schedule");
  }
}

/* Behind a word of a block: qubits, weights, figures. */
static void offer_operand(Asking *q, const ParseNext *next) {
  if (strcmp(next->block, "report") == 0) {
    offer_library(q, "figure");
    offer_session(q, "");
  } else {
    offer_session(q, strcmp(next->block, "circuit") == 0 ? "let|hyper" : "circuit|model|var|hyper|train");
  }
}

/* Names of the text itself come first, but where a block wants words of its own. */
static bool wants_names(const ParseNext *next) {
  if (*next->attribute || (next->statement && is_one_of(next->block, "train|sweep|report|dataset")))
    return false;
  return next->statement || next->name || next->value;
}

/* True if files are asked for: the end is inside of a text. */
static bool offer_places(Asking *q, const char *text) {
  ParseNext next;
  parse_next(q->a, text, &next);
  if (!next.known || next.declares) return next.in_text;
  if (*next.owner) {
    offer_members(q, next.owner);
    return false;
  }
  if (wants_names(&next)) offer_names(q, &next);
  if (next.statement) offer_statement(q, &next);
  else if (next.value) offer_value(q, &next);
  else if (next.operand) offer_operand(q, &next);
  if (strncmp(text + strspn(text, " \t\n"), "use ", 4) == 0) offer_list(q, "std", "the library", '.');
  if (!next.draws && (!*next.attribute || !is_one_of(next.attribute, "optimizer|data|validate")))
    offer_words(q, &next);
  return false;
}

/* ---- commands ----------------------------------------------------------------------------------------- */

static void offer_commands(Asking *q, const char *before) {
  for (int i = 0; i < repl_n_commands; i++) {
    const ReplCommand *c = &repl_commands[i];
    offer(q, arena_printf(q->a, "%s%s", before, c->name),
          *c->argument ? arena_printf(q->a, "%s  %s", c->argument, c->doc) : c->doc, *c->argument ? ' ' : 0);
  }
}

static void offer_codes(Asking *q) {
  for (int i = 0; i < DIAG_COUNT; i++) offer(q, diag_info[i].code, diag_info[i].title, 0);
}

static void offer_documented(Asking *q) {
  const DocNames *docs = repl_docs(q->R);
  for (int i = 0; i < docs->n; i++) offer(q, docs->at[i].name, docs->at[i].doc, 0);
}

/* The argument of a command; true if files are asked for. */
static bool offer_argument(Asking *q, const char *line, const char *word) {
  const size_t n = strcspn(line, " \t");
  const ReplCommand *c = repl_command_named(arena_strn(q->a, line, n));
  const char *rest = arena_strn(q->a, line + n, word > line + n ? (size_t)(word - line) - n : 0);
  switch (c ? c->takes : REPL_NOTHING) {
  case REPL_NOTHING: break;
  case REPL_FILE: return true;
  case REPL_NAME: offer_session(q, ""); break;
  case REPL_TRAIN: offer_session(q, "train|sweep"); break;
  case REPL_HYPER: offer_session(q, "hyper"); break;
  case REPL_CIRCUIT: offer_session(q, "circuit"); break;
  case REPL_COMMAND: offer_commands(q, ""); break;
  case REPL_CODE: offer_codes(q); break;
  case REPL_DOC: offer_documented(q), offer_session(q, ""); break;
  case REPL_STATEMENT: return offer_places(q, rest);
  case REPL_WORD: offer_list(q, c->words, c->doc, 0); break;
  }
  return false;
}

static void offer_greek(Asking *q) {
  char text[3] = {0};
  for (int c = 0x391; c <= 0x3C9; c++) {
    const char *name = c == 0x3C2 ? NULL : greek_name(c);
    text[0] = (char)(0xC0 | c >> 6), text[1] = (char)(0x80 | (c & 0x3F));
    if (name && strncmp(name, q->word + 1, strlen(q->word + 1)) == 0)
      vec_push(q->a, q->out, ((ReplCompletion){.text = arena_str(q->a, text), .doc = name}));
  }
  for (int i = 0; i < q->out->n; i++) { /* \pi alone is meant where \pi and \pi... fit */
    if (strcmp(q->out->at[i].doc, q->word + 1) != 0) continue;
    q->out->at[0] = q->out->at[i];
    q->out->n = 1;
  }
}

static bool in_word(char c) { return isalnum((unsigned char)c) || c == '_' || (c & 0x80) != 0; }

bool repl_complete(Repl *R, Arena *a, const char *line, ReplCompletions *out, size_t *start) {
  const char *text = arena_printf(a, "%s%s", R->pending ? R->pending : "", line);
  const char *end = text + strlen(text), *word = end, *begin = end - strlen(line);
  const char *first = begin + strspn(begin, " \t");
  const bool is_command = !R->pending && (*first == ':' || *first == '?');
  while (word > begin && in_word(word[-1])) word--;
  if (word > begin && word[-1] == '\\') word--;
  *start = (size_t)(word - begin);
  Asking q = {R, a, word, greek_fold(a, word, strlen(word)), out};
  bool files = false;
  if (*word == '\\') {
    offer_greek(&q);
  } else if (is_command && *first == '?') {
    offer_documented(&q), offer_session(&q, "");
  } else if (is_command && strcspn(first, " \t") == strlen(first)) {
    q.word = q.folded = first;
    *start = (size_t)(first - begin);
    offer_commands(&q, ":");
  } else if (is_command) {
    files = offer_argument(&q, first + 1, word);
  } else {
    files = offer_places(&q, arena_strn(a, text, (size_t)(word - text)));
  }
  return files;
}

void repl_put_completion(FILE *out, const char *text, const char *doc, int wide) {
  const int length = (int)strlen(text), room = repl_width() - (length > wide ? length : wide) - 3;
  int n = (int)strcspn(doc, "\n");
  n = n > room ? room : n;
  while (n > 0 && ((unsigned char)doc[n] & 0xC0) == 0x80) n--;
  if (n > 0) fprintf(out, "%-*s  %.*s\n", wide, text, n, doc);
  else fprintf(out, "%s\n", text);
}
