/* The one allocator. Every allocation of the program, libraries' hooks included, comes through
 * here, so that tests can fail the N-th one and leaks and peaks can be counted.
 *
 * Running out of small memory is fatal in one place: mem_alloc and friends never return NULL.
 * They call the handler that the command line installed, which reports E0702 and leaves with
 * exit code 5 (unfinished files are temporary ones, so nothing is lost). Sizes that a user can
 * choose (tensors, states, file contents) are asked for with mem_try_alloc, which returns NULL,
 * after a check against the limit (mem_budget).
 *
 * Sizes are computed with the mem_mul/mem_add helpers, which saturate at SIZE_MAX; a saturated
 * size always fails. */
#ifndef QGN_MEM_H
#define QGN_MEM_H
#include <stddef.h>
#include <stdint.h>

void *mem_alloc(size_t size);            /* zeroed; fatal when there is none */
void *mem_realloc(void *p, size_t size); /* new part not zeroed; fatal when there is none */
void *mem_try_alloc(size_t size);        /* zeroed, 64-byte aligned; NULL when there is none */
void mem_free(void *p);                  /* of mem_alloc and mem_realloc; NULL is fine */
void mem_free_big(void *p, size_t size); /* of mem_try_alloc */

/* Memory in the C library's hands: what getline, open_memstream or a line editor gave is given back, and a
 * text that a line editor will free is made. */
void mem_give_back(void *p);
char *mem_hand_over(const char *s); /* fatal when there is none */

size_t mem_mul(size_t a, size_t b); /* saturating */
size_t mem_add(size_t a, size_t b); /* saturating */

/* Bytes that may still be allocated: the least of what RLIMIT_AS, the cgroups above this process
 * (version 2 or 1) and MemAvailable leave, times 0.9. A limit that cannot be read does not count.
 * mem_budget_at reads the kernel's files below another root folder, for tests. */
size_t mem_budget(void);
size_t mem_budget_at(const char *root);

/* Called when a small allocation fails; must not return (one that does ends in abort, as does a
 * failure without a handler). */
typedef void MemFatal(size_t size);
void mem_on_fatal(MemFatal *handler);

/* For tests: the n-th call from now fails (1 = the next); once, or that one and all after it.
 * 0 switches it off. mem_calls counts all calls since the start. */
void mem_fail_after(uint64_t n, int all_after);
uint64_t mem_calls(void);
uint64_t mem_live_bytes(void); /* bytes of mem_try_alloc that are held now */
#endif
