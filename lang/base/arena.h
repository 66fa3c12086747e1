/* An arena is memory that is freed all at once. One exists for each stage of work (a source
 * unit's tree, an elaborated program, a graph, a REPL statement); nothing in it is freed alone.
 *
 * Pointers across arenas go only from short-lived to long-lived ones. Exhaustion is fatal
 * (mem.h), so arena_alloc never returns NULL. Every arena is in a global list until it is freed,
 * which keeps leak checkers exact after a fatal error. */
#ifndef QGN_ARENA_H
#define QGN_ARENA_H
#include <stdarg.h>
#include <stddef.h>

typedef struct Arena Arena;

Arena *arena_new(void);
void arena_free(Arena *a);                /* NULL is fine */
void *arena_alloc(Arena *a, size_t size); /* zeroed, 16-byte aligned */
/* The contents of old in new_size bytes, the rest zero. The old block stays valid until the end. */
void *arena_grow(Arena *a, void *old, size_t old_size, size_t new_size);
char *arena_str(Arena *a, const char *s);            /* copy of s */
char *arena_strn(Arena *a, const char *s, size_t n); /* copy of n bytes, NUL added */
char *arena_printf(Arena *a, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
char *arena_vprintf(Arena *a, const char *fmt, va_list ap) __attribute__((format(printf, 2, 0)));

#define ARENA_NEW(a, T) ((T *)arena_alloc((a), sizeof(T)))
#define ARENA_ARRAY(a, T, n) ((T *)arena_alloc((a), (size_t)(n) * sizeof(T)))
#endif
