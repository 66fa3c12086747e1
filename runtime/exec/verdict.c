#include "runtime/exec/run.h"

const char *claim_verdict_text(ClaimVerdict v) {
  switch (v) {
  case CLAIM_NOT_RUN: return "not run";
  case CLAIM_REPRODUCED: return "reproduced";
  case CLAIM_NOT_REPRODUCED: return "not reproduced";
  case CLAIM_OPPOSITE: return "opposite";
  case CLAIM_UNDECIDED: return "undecided";
  }
  return "";
}
