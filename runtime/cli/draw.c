/* qgn draw: a circuit as text or SVG. */
#define _GNU_SOURCE
#include <string.h>
#include "lang/base/num.h"
#include "lang/draw/draw.h"
#include "runtime/cli/cli.h"

static bool text_width(Cli *c, int *out) {
  double n;
  *out = cli_width(100);
  const char *text = c->value[OPT_WIDTH];
  if (text == NULL) return true;
  if (!num_parse(text, strlen(text), &n) || n < 0 || n > 100000 || n != (double)(int)n || (n > 0 && n < 20))
    return cli_usage(c, c->line, "`--width` wants a whole number from 20 to 100000, or 0, not `%s`", text);
  *out = (int)n;
  return true;
}

int cli_verb_draw(Cli *c) {
  CliScript script;
  const CircuitView *view;
  int code;
  DrawStyle style = {.unicode = c->style.unicode && !c->given[OPT_ASCII]};
  if (!text_width(c, &style.width)) return 2;
  const Program *p = cli_load_circuit(c, &script, &view, false, &code);
  if (p == NULL) return code;
  const char *file = c->value[OPT_OUTPUT];
  const size_t n = file != NULL ? strlen(file) : 0;
  const bool svg = n > 4 && strcmp(file + n - 4, ".svg") == 0;
  cli_show(c);
  return cli_put_text(c, svg ? draw_svg(c->arena, p, view) : draw_text(c->arena, p, view, style));
}
