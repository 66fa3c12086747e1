/* Numbers to text and back, independent of the locale, plus the number forms of the language
 * (LANGUAGE: 60_000, 1e-3, 50%, 10deg, 2pi). Shortest round-trip output: what num_print writes,
 * num_parse reads back to the same bits. */
#ifndef QGN_NUM_H
#define QGN_NUM_H
#include <stdbool.h>
#include <stddef.h>
#include "lang/base/arena.h"

/* The longest text that num_print writes, with its NUL. */
#define NUM_MAX 32

/* Plain decimal `-12.5e-3` (no underscores, no units), the whole of s[0..n). False, and *out left
 * alone, if it is none (nan and inf are none) or out of range: too large, or too small to be
 * told from 0. */
bool num_parse(const char *s, size_t n, double *out);
/* Shortest decimal that reads back as x (17 digits at most): `0.1`, `60000`, `1e-5`, `1.5e20`;
 * fixed from 1e-4 to below 1e16. Or `nan`, `inf`, `-inf`. Writes at most cap bytes with the NUL
 * and returns the length of the whole text. */
int num_print(char *buf, size_t cap, double x);
/* The same for a float: shortest that reads back as the same float. */
int num_print_single(char *buf, size_t cap, float x);

/* A size for people, with three digits: "512 B", "1.34 MB" (1 MB = 10^6 bytes). The text lives in `a`. */
const char *num_bytes(Arena *a, double bytes);
#endif
