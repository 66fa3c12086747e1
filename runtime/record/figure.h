/* Inside of figures: a plot as layers of points, between what fills them from slots (figure.c) and what
 * writes them down for gnuplot (figure_write.c, and figure_map.c for maps).
 *
 * Invariants: layers share the bins of histograms; x and y of a layer are finite; a figure with `by` has
 * become a layer for each class. Owner: the record's arena. */
#ifndef QGN_FIGURE_H
#define QGN_FIGURE_H
#include "runtime/record/record_int.h"

#define MOST_LAYERS 64

typedef struct Layer {
  const Figure *figure;
  const char *label;
  int64_t n;
  double *x, *y, *low, *high; /* low and high: NULL without a band */
  int64_t each;               /* values in one point, of SERIES; every how many-th, of SCATTER */
  int64_t repeats;            /* that one point stands for, of CURVE and BARS */
  int column;                 /* of its x in the CSV file, from 1 */
  int color;
} Layer;

typedef struct Plot {
  Record *r;
  const Run *run;
  const char *name, *title;
  int n;
  Layer layers[MOST_LAYERS];
  const char *x_label, *y_label;
  double bin_width;
  int histograms, bars, scatters;
  int64_t not_finite; /* values left out */
  /* a map: values by rows, its least and largest */
  int64_t rows, columns;
  const double *map;
  double least, largest;
} Plot;

/* figure.c: room for n points, and for a band around them; the files of a plot whose layers are filled (false
 * if they are empty). */
void plot_points(Plot *p, Layer *l, int64_t n);
void plot_band(Plot *p, Layer *l, int64_t n);
bool plot_finish(Plot *p, RecordFigure *out);

/* Okabe and Ito's colours in an order that tells the first ones apart in grey too. */
const char *plot_color(int k);
/* A text for gnuplot: in single quotes, doubled inside; nothing in it is read as a command. */
void plot_quoted(Text *t, const char *s);
void plot_csv_text(Text *t, const char *s); /* in double quotes, doubled inside */
/* Terminals and outputs around the commands `body`: NAME.svg and NAME.png of w x h units. */
void plot_terminals(const Plot *p, int w, int h, const char *body, Text *t);
void plot_head(const Plot *p, Text *t); /* colours of the frame, names of the axes */
void plot_name(Text *t, const char *command,
               const char *s); /* "set COMMAND 's'"; nothing if s is NULL or empty */
void plot_put_csv(Plot *p, Text *t);
void plot_put_script(Plot *p, Text *t);
/* "set xtics (...)" of labels at 0, 1, ...; `axis` is x or y. Long ones are turned; returns how many pixels
 * those take. */
int plot_ticks(const Plot *p, char axis, const FigureLabels *labels, int64_t n, Text *t);

/* figure_map.c: heat maps and boundaries. False if there is nothing to draw. */
bool map_fill(Plot *p);
void map_put_csv(Plot *p, Text *t);
void map_put_points(Plot *p, Text *t); /* of a boundary: its rows */
void map_put_script(Plot *p, Text *t);
#endif
