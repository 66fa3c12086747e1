#include "lang/base/intern.h"
#include <stdbool.h>
#include <string.h>
#include "lang/base/arena.h"
#include "lang/base/mem.h"
#include "lang/base/vec.h"

#define uthash_malloc(size) mem_alloc(size)
#define uthash_free(p, size) mem_free(p)
#define uthash_bzero(p, n) memset((p), 0, (n))
#include <uthash.h>

typedef struct Name {
  const char *text;
  size_t size;
  Symbol symbol;
  UT_hash_handle hh;
} Name;

static Name *table;
static Arena *arena; /* of names, texts and by_symbol */
static VEC(const char *) by_symbol;

/* uthash's macros convert between int and unsigned. */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"
#pragma GCC diagnostic ignored "-Wshadow"
static Name *find(const char *s, size_t n) {
  Name *found;
  HASH_FIND(hh, table, s, n, found);
  return found;
}

static void add(Name *name) { HASH_ADD_KEYPTR(hh, table, name->text, name->size, name); }

static void clear(void) { HASH_CLEAR(hh, table); }
#pragma GCC diagnostic pop

Symbol sym_intern_n(const char *s, size_t n) {
  if (n == 0) return SYM_NONE;
  Name *name = find(s, n);
  if (name) return name->symbol;
  if (!arena) {
    arena = arena_new();
    vec_push(arena, &by_symbol, "");
  }
  name = ARENA_NEW(arena, Name);
  name->text = arena_strn(arena, s, n);
  name->size = n;
  name->symbol = (Symbol)by_symbol.n;
  vec_push(arena, &by_symbol, name->text);
  add(name);
  return name->symbol;
}

Symbol sym_intern(const char *s) { return sym_intern_n(s, strlen(s)); }

const char *sym_text(Symbol s) { return s < (Symbol)by_symbol.n ? by_symbol.at[s] : ""; }

void sym_clear(void) {
  clear();
  arena_free(arena);
  arena = NULL;
  by_symbol.at = NULL;
  by_symbol.n = by_symbol.cap = 0;
}
