/* Numbers to text and back, independent of the locale, plus the number forms of the language
 * (LANGUAGE: 60_000, 1e-3, 50%, 10deg, 2pi). Shortest round-trip output: what num_print writes,
 * num_parse reads back to the same bits. */
#ifndef QGN_NUM_H
#define QGN_NUM_H
#include <stdbool.h>
#include <stddef.h>

/* Plain C-locale decimal (no underscores, no units), whole text. False if it is none or out of range. */
bool num_parse(const char *s, size_t n, double *out);
/* Shortest decimal that reads back as x (17 digits at most), "nan", "inf", "-inf". Returns its length. */
int num_print(char *buf, size_t cap, double x);
/* The same for a float: shortest that reads back as the same float. */
int num_print_single(char *buf, size_t cap, float x);
#endif
