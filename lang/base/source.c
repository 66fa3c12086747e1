#include "lang/base/source.h"
#include <string.h>
#include "lang/base/mem.h"
#include "lang/base/vec.h"

/* A source and the offsets (from its own start) at which its lines begin; one block of memory with name and
 * text behind it. */
typedef struct Loaded {
  Source source;
  int n_lines;
  uint32_t line_start[];
} Loaded;

static Arena *arena;         /* of the list */
static VEC(Loaded *) loaded; /* in the order of their bases */

static uint32_t end_of(const Loaded *l) { return l->source.base + l->source.size + 1; }

/* Offset 0 belongs to no file; the end of a text has an offset of its own. */
uint32_t src_next(void) { return loaded.n ? end_of(loaded.at[loaded.n - 1]) : 1; }

/* Where a text can stand, and its place in the list; false if there is no room. */
static bool find_room(size_t size, uint32_t *base, int *place) {
  *base = src_next(), *place = loaded.n;
  if (size < UINT32_MAX - *base) return true;
  uint32_t from = 1;
  for (int i = 0; i < loaded.n; from = end_of(loaded.at[i++])) {
    if (size >= loaded.at[i]->source.base - from) continue;
    *base = from, *place = i;
    return true;
  }
  return false;
}

static Loaded *copy_of(const char *name, const char *text, size_t size) {
  int n = 1;
  for (size_t i = 0; i < size; i++) n += text[i] == '\n';
  const size_t lines = (size_t)n * sizeof(uint32_t), names = strlen(name) + 1;
  Loaded *l = mem_alloc(sizeof *l + lines + names + size + 1);
  char *name_copy = (char *)(l->line_start + n), *text_copy = name_copy + names;
  memcpy(name_copy, name, names);
  memcpy(text_copy, text, size);
  text_copy[size] = '\0';
  l->source = (Source){name_copy, text_copy, (uint32_t)size, 0};
  l->n_lines = n;
  l->line_start[0] = 0;
  int line = 1;
  for (uint32_t i = 0; i < size; i++)
    if (text[i] == '\n') l->line_start[line++] = i + 1;
  return l;
}

const Source *src_add(const char *name, const char *text, size_t size) {
  uint32_t base;
  int place;
  if (!find_room(size, &base, &place)) return NULL;
  if (!arena) arena = arena_new();
  vec_push(arena, &loaded, NULL); /* room first: what is behind the end is nobody's if the copy fails */
  loaded.n--;
  Loaded *l = copy_of(name, text, size);
  l->source.base = base;
  loaded.n++;
  memmove(loaded.at + place + 1, loaded.at + place, (size_t)(loaded.n - 1 - place) * sizeof *loaded.at);
  loaded.at[place] = l;
  return &l->source;
}

static const Loaded *loaded_of(uint32_t offset) {
  if (offset == 0 || offset >= src_next()) return NULL;
  int low = 0, high = loaded.n;
  while (high - low > 1) {
    int mid = low + (high - low) / 2;
    if (loaded.at[mid]->source.base <= offset) low = mid;
    else high = mid;
  }
  const Loaded *l = loaded.at[low];
  return offset >= l->source.base && offset < end_of(l) ? l : NULL;
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

void src_forget(uint32_t begin, uint32_t end) {
  int n = 0;
  for (int i = 0; i < loaded.n; i++) {
    Loaded *l = loaded.at[i];
    if (l->source.base >= begin && l->source.base < end) mem_free(l);
    else loaded.at[n++] = l;
  }
  loaded.n = n;
}

void src_clear(void) {
  src_forget(0, UINT32_MAX);
  arena_free(arena);
  arena = NULL;
  loaded.at = NULL;
  loaded.n = loaded.cap = 0;
}
