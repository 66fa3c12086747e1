#include "lang/base/source.h"
#include <string.h>
#include "lang/base/arena.h"
#include "lang/base/vec.h"

/* A source and the offsets (from its own start) at which its lines begin. */
typedef struct Loaded {
  Source source;
  uint32_t *line_start;
  int n_lines;
} Loaded;

static Arena *arena;
static VEC(Loaded *) loaded;   /* in the order of their bases */
static uint32_t next_base = 1; /* offset 0 belongs to no file */

static void find_lines(Loaded *l) {
  const char *text = l->source.text;
  uint32_t size = l->source.size;
  int n = 1;
  for (uint32_t i = 0; i < size; i++) n += text[i] == '\n';
  l->line_start = ARENA_ARRAY(arena, uint32_t, n);
  l->n_lines = n;
  int line = 1;
  for (uint32_t i = 0; i < size; i++)
    if (text[i] == '\n') l->line_start[line++] = i + 1;
}

const Source *src_add(const char *name, const char *text, size_t size) {
  if (size >= UINT32_MAX - next_base) return NULL;
  if (!arena) arena = arena_new();
  Loaded *l = ARENA_NEW(arena, Loaded);
  l->source = (Source){arena_str(arena, name), arena_strn(arena, text, size), (uint32_t)size, next_base};
  next_base += (uint32_t)size + 1; /* the end of a text has an offset of its own */
  find_lines(l);
  vec_push(arena, &loaded, l);
  return &l->source;
}

static const Loaded *loaded_of(uint32_t offset) {
  if (offset == 0 || offset >= next_base) return NULL;
  int low = 0, high = loaded.n;
  while (high - low > 1) {
    int mid = low + (high - low) / 2;
    if (loaded.at[mid]->source.base <= offset) low = mid;
    else high = mid;
  }
  return loaded.at[low];
}

const Source *src_of(uint32_t offset) {
  const Loaded *l = loaded_of(offset);
  return l ? &l->source : NULL;
}

bool src_locate(uint32_t offset, const Source **src, int *line, int *col) {
  const Loaded *l = loaded_of(offset);
  if (!l) return false;
  uint32_t at = offset - l->source.base;
  int low = 0, high = l->n_lines;
  while (high - low > 1) {
    int mid = low + (high - low) / 2;
    if (l->line_start[mid] <= at) low = mid;
    else high = mid;
  }
  int column = 1;
  for (uint32_t i = l->line_start[low]; i < at; i++)
    column += ((unsigned char)l->source.text[i + 1] & 0xC0) != 0x80;
  *src = &l->source;
  *line = low + 1;
  *col = column;
  return true;
}

const char *src_line(const Source *src, int line, size_t *len) {
  const Loaded *l = loaded_of(src->base);
  *len = 0;
  if (!l || line < 1 || line > l->n_lines) return "";
  uint32_t begin = l->line_start[line - 1];
  uint32_t end = line < l->n_lines ? l->line_start[line] - 1 : src->size;
  if (end > begin && src->text[end - 1] == '\r') end--;
  *len = end - begin;
  return src->text + begin;
}

const char *src_text(Span s, size_t *len) {
  const Loaded *l = loaded_of(s.begin);
  *len = 0;
  if (!l || s.end < s.begin) return "";
  uint32_t begin = s.begin - l->source.base, end = s.end - l->source.base;
  if (end > l->source.size) end = l->source.size;
  *len = end - begin;
  return l->source.text + begin;
}

void src_clear(void) {
  arena_free(arena);
  arena = NULL;
  loaded.at = NULL;
  loaded.n = loaded.cap = 0;
  next_base = 1;
}
