/* Texts of a column of labels, each with a number: first in the order of appearance, at the end in the order
 * of their bytes. Keys point into the caller's bytes, which must live as long; names are copied to the
 * arena. Owner: class_free returns what the table holds. */
#ifndef QGN_CSV_CLASSES_H
#define QGN_CSV_CLASSES_H
#include <stddef.h>
#include <stdint.h>
#include "lang/base/arena.h"

typedef struct ClassTable ClassTable;
ClassTable *class_table(Arena *a);
/* The number of a text, a new one if it is new; -1 for one beyond DATA_MAX_CLASSES. */
int class_id(ClassTable *t, const char *text, size_t n);
/* Renumbers rows labels by the order of the texts; their names. */
void class_sort(ClassTable *t, int32_t *labels, int64_t rows, const char ***names, int *n);
void class_free(ClassTable *t); /* NULL is fine */
#endif
