/* A growing array in an arena: VEC(T) declares {T *at; int n, cap;}. Elements are moved when it
 * grows, so keep indices, not pointers, across a push. */
#ifndef QGN_VEC_H
#define QGN_VEC_H
#include "lang/base/arena.h"

#define VEC(T)                                                                                               \
  struct {                                                                                                   \
    T *at;                                                                                                   \
    int n;                                                                                                   \
    int cap;                                                                                                 \
  }

#define vec_push(arena, v, x)                                                                                \
  do {                                                                                                       \
    if ((v)->n == (v)->cap) {                                                                                \
      int vec_new_cap = (v)->cap ? 2 * (v)->cap : 8;                                                         \
      (v)->at = arena_grow((arena), (v)->at, (size_t)(v)->cap * sizeof *(v)->at,                             \
                           (size_t)vec_new_cap * sizeof *(v)->at);                                           \
      (v)->cap = vec_new_cap;                                                                                \
    }                                                                                                        \
    (v)->at[(v)->n++] = (x);                                                                                 \
  } while (0)
#endif
