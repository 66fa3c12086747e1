/* Interned names. A Symbol is a small number that stands for a text; equal texts have equal
 * symbols for the whole life of the process, so names are compared as integers and every table
 * can be indexed by them. Greek spellings are folded by the scanner before interning (θ1 and
 * theta1 are one symbol); the text that sym_text returns is the folded, ASCII one.
 *
 * Owner: the table lives as long as the process. Symbol 0 is "no name". Not thread safe: names
 * are interned on the main thread only. */
#ifndef QGN_INTERN_H
#define QGN_INTERN_H
#include <stddef.h>
#include <stdint.h>

typedef uint32_t Symbol;
#define SYM_NONE 0u

Symbol sym_intern(const char *s);
Symbol sym_intern_n(const char *s, size_t n);
const char *sym_text(Symbol s); /* "" for SYM_NONE */
void sym_clear(void);           /* frees the table; for tests and a clean exit */
#endif
