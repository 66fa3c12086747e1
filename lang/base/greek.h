/* Greek letters in names are spellings of their English names: θ1 and theta1 are one name, and
 * look-alikes (µ and μ, ϕ and φ, ϵ and ε, ϑ and θ) are one letter. */
#ifndef QGN_GREEK_H
#define QGN_GREEK_H
#include <stddef.h>
#include <utf8proc.h>
#include "lang/base/arena.h"

/* English name of a Greek letter that may stand in a name; NULL for any other character. */
const char *greek_name(utf8proc_int32_t c);
/* The name with its Greek letters written out, in ASCII; letters that are neither are left out. */
const char *greek_fold(Arena *a, const char *s, size_t n);
#endif
