#include "lang/sema/builtins.h"
#include <string.h>

const Builtin builtins[] = {
#define BUILTIN(name, KIND, function, signature, op, doc) {name, BI_##KIND, function, signature, op, doc},
#include "lang/sema/builtins.def"
#undef BUILTIN
#define CHANNEL(ID, name, aliases, qubits, kind, params, transfer, kraus, probes, doc, source)               \
  {name, BI_MEASURE, fn_channel, params, CHANNEL_##ID, doc},
#include "lang/ir/channels.def"
#undef CHANNEL
};
const int n_builtins = (int)(sizeof builtins / sizeof *builtins);

const Builtin *builtin_find(Symbol name) {
  const char *text = sym_text(name);
  for (int i = 0; i < n_builtins; i++)
    if (builtins[i].name[0] == text[0] && strcmp(builtins[i].name, text) == 0) return &builtins[i];
  return NULL;
}

const char *builtin_kind_text(BuiltinKind k) {
  switch (k) {
  case BI_FN: return "function";
  case BI_LAYER: return "layer";
  case BI_MEASURE: return "measurement";
  case BI_OP: return "operator";
  case BI_PAIRS: return "function of registers";
  case BI_DIST: return "distribution";
  case BI_OPTIM: return "optimizer";
  case BI_SCHED: return "schedule";
  case BI_SOURCE: return "source of data";
  case BI_DSTAGE: return "stage of datasets";
  case BI_FIGURE: return "figure";
  case BI_ACT: return "action";
  }
  return "name";
}
