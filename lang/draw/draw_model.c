/* A model as SVG: a box for each line with weights, what follows it without weights in the same box, the
 * shape on each arrow and the number of weights below the box. */
#include <string.h>
#include "lang/draw/svg.h"

#define WIDTH 350
#define ROW 26
#define GAP 30
#define LETTER 7 /* width of a character at 12 px */
#define LETTERS 44

typedef struct Box {
  VEC(const char *) lines;
  const char *shape;
  int64_t weights;
} Box;

static const char *shortened(Arena *a, const char *s) {
  const char *rest = s, *line = draw_note_line(a, &rest, LETTERS - 2);
  return *rest != '\0' ? arena_printf(a, "%s ...", line) : line;
}

static const char *count_text(Arena *a, int64_t n) {
  return n == 0 ? "" : arena_printf(a, "%lld weight%s", (long long)n, n == 1 ? "" : "s");
}

static void put_arrow(Svg *s, int y, const char *shape) {
  svg_put(s, "<path d=\"M%d %dv%d m-4 -6l4 6l4 -6\" fill=\"none\" stroke=\"#33475b\"/>\n", WIDTH / 2, y,
          GAP - 2);
  svg_put(s, "<text x=\"%d\" y=\"%d\" fill=\"#4a5866\">%s</text>\n", WIDTH / 2 + 10, y + GAP / 2 + 4,
          svg_escaped(s->a, shape));
}

const char *draw_model_svg(Arena *a, const Object *object) {
  VEC(Box) boxes = {0};
  Svg s = {.a = a};
  int64_t weights = 0;
  for (int i = 0; i < object->lines.n; i++) {
    const ModelLine *line = &object->lines.at[i];
    const Box new = {0};
    if (boxes.n == 0 || line->weights > 0 || boxes.at[boxes.n - 1].weights == 0) vec_push(a, &boxes, new);
    Box *box = &boxes.at[boxes.n - 1];
    vec_push(a, &box->lines, shortened(a, line->text));
    box->shape = line->shape;
    box->weights += line->weights;
    weights += line->weights;
  }
  int height = 34 + GAP;
  for (int i = 0; i < boxes.n; i++) height += boxes.at[i].lines.n * ROW + GAP;
  svg_open(&s, WIDTH, height, 12, arena_printf(a, "model %s", object->name));
  svg_put(&s, "<text x=\"%d\" y=\"20\" text-anchor=\"middle\" font-weight=\"600\">%s</text>\n", WIDTH / 2,
          svg_escaped(a, arena_printf(a, "%s: %s", object->name,
                                      *count_text(a, weights) ? count_text(a, weights) : "no weights")));
  int y = 30;
  put_arrow(&s, y, object->inputs);
  y += GAP;
  for (int i = 0; i < boxes.n; i++) {
    const Box *box = &boxes.at[i];
    const int h = box->lines.n * ROW;
    svg_put(&s,
            "<rect x=\"12\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"5\" fill=\"%s\" stroke=\"#33475b\"/>\n",
            y, WIDTH - 24, h, box->weights > 0 ? "#d7e8fb" : "#eef1f4");
    for (int k = 0; k < box->lines.n; k++)
      svg_put(&s, "<text x=\"24\" y=\"%d\">%s</text>\n", y + k * ROW + 17, svg_escaped(a, box->lines.at[k]));
    put_arrow(&s, y + h, box->shape);
    svg_put(&s, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\" fill=\"#4a5866\">%s</text>\n", WIDTH - 12,
            y + h + GAP / 2 + 4, count_text(a, box->weights));
    y += h + GAP;
  }
  return svg_close(&s);
}
