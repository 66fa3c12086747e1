#include "lang/ir/gate.h"
#include <string.h>

#define STATUS_K false, false
#define STATUS_LATER true, false
#define STATUS_GIVEN false, true

const GateInfo gate_info[GATE_COUNT] = {
#define GATE(ID, name, aliases, qubits, angles, cls, inverse, spectrum, status, steps, doc)                  \
  [GATE_##ID] = {name, aliases, qubits, angles, GATE_##cls, inverse, spectrum, STATUS_##status, steps, doc},
#include "lang/ir/gates.def"
#undef GATE
};

/* True if `word` is one of the space separated words of `list`. */
static bool has_word(const char *list, const char *word) {
  size_t n = strlen(word);
  for (const char *at = list; *at;) {
    size_t len = strcspn(at, " ");
    if (len == n && n > 0 && memcmp(at, word, n) == 0) return true;
    at += len;
    at += strspn(at, " ");
  }
  return false;
}

GateId gate_find(const char *name) {
  for (int k = 0; k < GATE_COUNT; k++)
    if (strcmp(gate_info[k].name, name) == 0 || has_word(gate_info[k].aliases, name)) return (GateId)k;
  return GATE_COUNT;
}
