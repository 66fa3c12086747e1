/* A circuit as SVG. Lengths are whole pixels, colours those of a palette that the colour-blind can tell
 * apart. */
#include <string.h>
#include "lang/draw/svg.h"

#define ROW 44
#define TOP 28
#define BOX 30
#define NOTE_LEAST 480 /* width of a drawing with notes */
#define PHONE 480      /* a wider drawing is not made narrower than this, or it could not be read */
#define LETTER 8       /* width of a character at 13 px */

void svg_put(Svg *s, const char *fmt, ...) {
  va_list ap;
  va_start(ap, fmt);
  for (const char *c = arena_vprintf(s->a, fmt, ap); *c != '\0'; c++) vec_push(s->a, &s->t, *c);
  va_end(ap);
}

const char *svg_escaped(Arena *a, const char *s) {
  char *out = arena_alloc(a, 6 * strlen(s) + 1), *o = out;
  for (; *s != '\0'; s++) {
    const char *e = *s == '<'   ? "&lt;"
                    : *s == '>' ? "&gt;"
                    : *s == '&' ? "&amp;"
                    : *s == '"' ? "&quot;"
                                : NULL;
    if (e == NULL) *o++ = *s;
    else o = memcpy(o, e, strlen(e)), o += strlen(e);
  }
  return out;
}

void svg_open(Svg *s, int width, int height, int font, const char *title) {
  svg_put(
      s,
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d\" height=\"%d\" viewBox=\"0 0 %d %d\" "
      "style=\"max-width:%dpx;min-width:%dpx\" font-family=\"DejaVu Sans, Helvetica, Arial, sans-serif\" font-size=\"%d\">\n",
      width, height, width, height, width, width < PHONE ? width : PHONE, font);
  svg_put(s, "<title>%s</title>\n<rect width=\"100%%\" height=\"100%%\" fill=\"#ffffff\"/>\n",
          svg_escaped(s->a, title));
}

const char *svg_close(Svg *s) {
  svg_put(s, "</svg>\n");
  vec_push(s->a, &s->t, '\0');
  return s->t.at;
}

static int y_of(int row) { return TOP + row * ROW; }

static int cell_width(const DrawCell *c) {
  if (c->kind == CELL_BOX) return draw_width(c->label) * LETTER + 14;
  return c->kind == CELL_FOLD ? 16 : BOX - 6;
}

static const char *fill_of(const char *label) {
  if (strchr(label, '(') == NULL) return "#e8edf3"; /* fixed */
  return strstr(label, "[") != NULL ? "#d7e8fb" : "#fdebd0";
}

static void put_cell(Svg *s, const DrawCell *c, int x, int row, int width) {
  const int y = y_of(row);
  switch (c->kind) {
  case CELL_WIRE:
  case CELL_CROSS:
  case CELL_FOLD: break;
  case CELL_BOX:
    svg_put(s,
            "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"%s\" stroke=\"#33475b\"/>\n",
            x - width / 2, y - BOX / 2, width, BOX, fill_of(c->label));
    svg_put(s, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x, y + 5,
            svg_escaped(s->a, c->label));
    break;
  case CELL_CONTROL: svg_put(s, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"#33475b\"/>\n", x, y); break;
  case CELL_OPEN:
    svg_put(s, "<circle cx=\"%d\" cy=\"%d\" r=\"5\" fill=\"#ffffff\" stroke=\"#33475b\"/>\n", x, y);
    break;
  case CELL_X:
    svg_put(s, "<circle cx=\"%d\" cy=\"%d\" r=\"11\" fill=\"#ffffff\" stroke=\"#33475b\"/>\n", x, y);
    svg_put(s, "<path d=\"M%d %dv22M%d %dh22\" stroke=\"#33475b\"/>\n", x, y - 11, x - 11, y);
    break;
  case CELL_SWAP:
    svg_put(s, "<path d=\"M%d %dl12 12m0 -12l-12 12\" stroke=\"#33475b\" stroke-width=\"2\"/>\n", x - 6,
            y - 6);
    break;
  }
}

/* Vertical lines between the cells of one gate, below everything else. */
static void put_links(Svg *s, const Layout *l, int column, int x) {
  for (int q = 0; q + 1 < l->rows; q++) {
    const DrawCell *c = &l->at[column * l->rows + q], *d = c + 1;
    if (c->gate == 0 || c->gate != d->gate || c->kind == CELL_FOLD) continue;
    svg_put(s, "<path d=\"M%d %dV%d\" stroke=\"#33475b\"/>\n", x, y_of(q), y_of(q + 1));
  }
}

static void put_fold(Svg *s, const Layout *l, const DrawCell *c, int x) {
  const int top = y_of(0) - BOX / 2 - 6, bottom = y_of(l->rows - 1) + BOX / 2 + 6,
            turn = c->label[0] == '[' ? 6 : -6;
  svg_put(s, "<path d=\"M%d %dh%dV%dh%d\" fill=\"none\" stroke=\"#b5651d\" stroke-width=\"2\"/>\n", x + turn,
          top, -turn, bottom, turn);
  if (c->label[0] == ']')
    svg_put(s, "<text x=\"%d\" y=\"%d\" fill=\"#b5651d\">%s</text>\n", x + 3, top + 4,
            svg_escaped(s->a, c->label + 1));
}

static void put_end(Svg *s, const Layout *l, int row, int x) {
  const char *label = l->end_label[row];
  if (*label == '\0') return;
  const int width = draw_width(label) * LETTER + 14;
  svg_put(
      s,
      "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" rx=\"4\" fill=\"#e3f1e3\" stroke=\"#2e6b34\"/>\n",
      x, y_of(row) - BOX / 2, width, BOX);
  svg_put(s, "<text x=\"%d\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x + width / 2, y_of(row) + 5,
          svg_escaped(s->a, label));
}

/* The notes in lines of so many letters below the circuit; s NULL: only their number. */
static int put_notes(Svg *s, const Layout *l, int left, int letters, Arena *a) {
  int lines = 0;
  for (int i = 0; i < l->notes.n; i++) {
    const char *note = l->notes.at[i];
    for (; *note != '\0'; lines++) {
      const char *line = draw_note_line(a, &note, letters);
      if (s != NULL)
        svg_put(s, "<text x=\"%d\" y=\"%d\">%s</text>\n", left, TOP + l->rows * ROW + lines * 20,
                svg_escaped(a, line));
    }
  }
  return lines;
}

const char *draw_svg(Arena *a, const Program *p, const CircuitView *v) {
  Layout l;
  Svg s = {.a = a};
  int left = 0, x = 0, end = 0;
  draw_layout(a, p, v, true, &l);
  int *center = ARENA_ARRAY(a, int, l.columns + 1);
  for (int q = 0; q < l.rows; q++) {
    const int w = draw_width(l.row_label[q]) * LETTER, e = draw_width(l.end_label[q]) * LETTER + 14;
    left = w > left ? w : left;
    end = *l.end_label[q] != '\0' && e > end ? e : end;
  }
  left += 20;
  x = left + 10;
  for (int c = 0; c < l.columns; c++) {
    int w = 0;
    for (int q = 0; q < l.rows; q++) {
      const int k = cell_width(&l.at[c * l.rows + q]);
      w = k > w ? k : w;
    }
    center[c] = x + w / 2;
    x += w + 12;
  }
  int width = x + end + 20;
  width = l.notes.n > 0 && width < NOTE_LEAST ? NOTE_LEAST : width;
  const int lines = put_notes(NULL, &l, left, (width - left) / LETTER, a),
            height = TOP + l.rows * ROW + lines * 20;
  svg_open(&s, width, height, 13, arena_printf(a, "circuit %s", v->name));
  for (int q = 0; q < l.rows; q++) {
    svg_put(&s, "<path d=\"M%d %dH%d\" stroke=\"#8796a5\"/>\n", left, y_of(q), x + 4);
    svg_put(&s, "<text x=\"%d\" y=\"%d\" text-anchor=\"end\">%s</text>\n", left - 8, y_of(q) + 5,
            svg_escaped(a, l.row_label[q]));
    put_end(&s, &l, q, x + 4);
  }
  for (int c = 0; c < l.columns; c++) {
    const DrawCell *first = &l.at[c * l.rows];
    put_links(&s, &l, c, center[c]);
    if (first->kind == CELL_FOLD) put_fold(&s, &l, first, center[c]);
    for (int q = 0; q < l.rows; q++) put_cell(&s, &first[q], center[c], q, cell_width(&first[q]));
  }
  (void)put_notes(&s, &l, left, (width - left) / LETTER, a);
  return svg_close(&s);
}
