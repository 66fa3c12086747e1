/* A circuit as text: one line for each qubit. */
#include <string.h>
#include "lang/draw/layout.h"

typedef VEC(char) Text;

static void put(Arena *a, Text *t, const char *s) {
  for (; *s != '\0'; s++) vec_push(a, t, *s);
}
static void put_times(Arena *a, Text *t, const char *s, int n) {
  for (int i = 0; i < n; i++) put(a, t, s);
}

static const char *cell_text(const DrawCell *c, bool unicode) {
  switch (c->kind) {
  case CELL_WIRE: return unicode ? "─" : "-";
  case CELL_CROSS: return unicode ? "┼" : "|";
  case CELL_BOX:
  case CELL_FOLD: return c->label;
  case CELL_CONTROL: return unicode ? "●" : "@";
  case CELL_OPEN: return unicode ? "○" : "o";
  case CELL_X: return "X";
  case CELL_SWAP: return unicode ? "×" : "x";
  }
  return "";
}

static int column_width(const Layout *l, int c, bool unicode) {
  int w = 1;
  for (int q = 0; q < l->rows; q++) {
    const int k = draw_width(cell_text(&l->at[c * l->rows + q], unicode));
    w = k > w ? k : w;
  }
  return w;
}

/* Columns from..to of all rows. */
static void put_rows(Arena *a, Text *t, const Layout *l, bool unicode, int from, int to, int left) {
  const char *wire = unicode ? "─" : "-";
  for (int q = 0; q < l->rows; q++) {
    put_times(a, t, " ", left - draw_width(l->row_label[q]));
    put(a, t, l->row_label[q]);
    put(a, t, ": ");
    put(a, t, wire);
    for (int c = from; c < to; c++) {
      const char *s = cell_text(&l->at[c * l->rows + q], unicode);
      put(a, t, s);
      put_times(a, t, wire, column_width(l, c, unicode) - draw_width(s) + 1);
    }
    if (to < l->columns) put(a, t, unicode ? "…" : "...");
    else if (*l->end_label[q] != '\0') {
      put(a, t, unicode ? "┤ " : "| ");
      put(a, t, l->end_label[q]);
    }
    put(a, t, "\n");
  }
}

const char *draw_text(Arena *a, const Program *p, const CircuitView *v, DrawStyle style) {
  Layout l;
  Text t = {0};
  int left = 0, right = 3;
  draw_layout(a, p, v, style.unicode, &l);
  for (int q = 0; q < l.rows; q++) {
    const int w = draw_width(l.row_label[q]), e = draw_width(l.end_label[q]) + 2;
    left = w > left ? w : left;
    right = e > right ? e : right;
  }
  const int room = style.width > 0 ? style.width - left - 3 - right : 0;
  int from = 0;
  do {
    int to = from, used = 0;
    while (to < l.columns) {
      used += column_width(&l, to, style.unicode) + 1;
      if (style.width > 0 && used > room && to > from) break;
      to++;
    }
    if (from > 0) put(a, &t, "\n");
    put_rows(a, &t, &l, style.unicode, from, to, left);
    from = to;
  } while (from < l.columns);
  for (int i = 0; i < l.notes.n; i++) {
    const char *note = l.notes.at[i];
    for (bool first = true; *note != '\0'; first = false) {
      if (!first) put(a, &t, "  ");
      put(a, &t, draw_note_line(a, &note, style.width > 2 && !first ? style.width - 2 : style.width));
      put(a, &t, "\n");
    }
  }
  vec_push(a, &t, '\0');
  return t.at;
}
