#include "runtime/cli/cli.h"

int cli_verb_draw(Cli *c) {
  cli_later(c, "`qgn draw`");
  return 2;
}
