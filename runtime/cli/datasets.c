/* qgn data: data files that are found; qgn data show: what one holds. */
#include <math.h>
#include <string.h>
#include "lang/base/io.h"
#include "lang/base/num.h"
#include "runtime/cli/json.h"
#include "runtime/data/table.h"

#define DEEPEST 3
#define PICTURES 6 /* of a grid, side by side */
#define MOST_CLASSES 20

static bool ends_with(const char *s, const char *end) {
  const size_t n = strlen(s), m = strlen(end);
  return n > m && strcmp(s + n - m, end) == 0;
}

/* Which reader a file is for; NULL: none. */
static const char *kind_of(const char *name) {
  static const char *const ends[][2] = {{".csv", "csv"}, {".csv.gz", "csv"}, {".npy", "npy"},
                                        {".npz", "npz"}, {"-ubyte", "idx"},  {"-ubyte.gz", "idx"},
                                        {".idx", "idx"}, {".idx.gz", "idx"}};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
    if (ends_with(name, ends[i][0])) return ends[i][1];
  return NULL;
}

/* ---- what is there ------------------------------------------------------------------------------------ */

static int list_below(Cli *c, const char *root, const char *below, int depth) {
  char **names;
  int n, found = 0, pictures = 0;
  IoError e;
  const char *folder = *below ? arena_printf(c->arena, "%s/%s", root, below) : root;
  if (!io_list(c->arena, folder, &names, &n, &e)) return 0;
  for (int i = 0; i < n; i++) {
    const char *name = *below ? arena_printf(c->arena, "%s/%s", below, names[i]) : names[i];
    const char *path = arena_printf(c->arena, "%s/%s", root, name);
    uint64_t size;
    double changed;
    if (names[i][0] == '.' || strcmp(names[i], "runs") == 0) continue;
    if (io_is_folder(path)) {
      if (depth < DEEPEST) found += list_below(c, root, name, depth + 1);
    } else if (kind_of(names[i]) && io_stat(path, &size, &changed)) {
      printf("  %-5s %10.1f kB  %s\n", kind_of(names[i]), (double)size / 1e3, name);
      found++;
    } else if (ends_with(names[i], ".png")) {
      pictures++;
    }
  }
  if (pictures > 0) printf("  %-5s %7d files  %s\n", "png", pictures, *below ? below : ".");
  return found + (pictures > 0);
}

static int list_data(Cli *c) {
  const DataPlaces p = cli_data_places(c, "x.qgn");
  const char *folders[] = {p.script, p.option, p.env,
                           p.home ? arena_printf(c->arena, "%s/qgn", p.home) : NULL};
  static const char *const names[] = {"here", "--data", "$QGN_DATA", "data home"};
  for (int i = 0; i < 4; i++) {
    if (!folders[i] || !*folders[i]) continue;
    printf("%s: %s%s\n", names[i], folders[i], io_is_folder(folders[i]) ? "" : " (not there)");
    if (io_is_folder(folders[i]) && list_below(c, folders[i], "", 0) == 0) printf("  no data files\n");
  }
  return 0;
}

/* ---- what one holds ------------------------------------------------------------------------------------ */

static bool read_table(DataError *e, const DataFile *f, DataTable *out) {
  if (io_is_folder(f->path)) return png_read(e, f, out);
  const char *kind = kind_of(f->name);
  if (kind == NULL) return data_fail(e, DIAG_DATA_MISSING, "`%s` is no data file that qgn reads", f->name);
  if (strcmp(kind, "npy") == 0) return npy_read(e, f, "x", out);
  if (strcmp(kind, "npz") == 0) return npz_read(e, f, out);
  if (strcmp(kind, "idx") == 0) return idx_read(e, f, NULL, 0, out);
  const CsvOptions options = {.header = true, .missing = CSV_DROP};
  return csv_read(e, f, &options, out);
}

static const char *number(Arena *a, double x) {
  char buf[NUM_MAX];
  num_print(buf, sizeof buf, x);
  return arena_str(a, buf);
}

static void show_column(Cli *c, const DataTable *t, const DataColumn *x) {
  static const char *const elems[] = {[DATA_U8] = "bytes", [DATA_REAL] = "real", [DATA_LABEL] = "label"};
  const char *shape = "[";
  for (int k = 0; k < x->rank; k++)
    shape = arena_printf(c->arena, "%s%s%lld", shape, k ? ", " : "", (long long)x->dims[k]);
  double least = INFINITY, most = -INFINITY, sum = 0, squares = 0;
  const double n = (double)t->rows * (double)x->row_size;
  for (int64_t i = 0; i < t->rows; i++)
    for (size_t j = 0; j < x->row_size; j++) {
      const double v = column_value(x, i, j);
      least = v < least ? v : least, most = v > most ? v : most;
      sum += v, squares += v * v;
    }
  const double mean = sum / n, spread = sqrt(fmax(0, squares / n - mean * mean));
  printf("%-20s %s]  %s", x->name, shape, elems[x->elem]);
  if (x->elem != DATA_LABEL) {
    printf("  %s to %s, mean %.5g, std %.5g\n", number(c->arena, least), number(c->arena, most), mean,
           spread);
    return;
  }
  int64_t *count = ARENA_ARRAY(c->arena, int64_t, x->n_classes + 1);
  for (int64_t i = 0; i < t->rows; i++) count[column_label(x)[i]]++;
  printf("  %d classes\n", x->n_classes);
  for (int k = 0; k < x->n_classes && k < MOST_CLASSES; k++)
    printf("  %-18s %lld\n", x->classes ? x->classes[k] : arena_printf(c->arena, "%d", k),
           (long long)count[k]);
  if (x->n_classes > MOST_CLASSES) printf("  ... %d more\n", x->n_classes - MOST_CLASSES);
}

/* The first pictures side by side, two rows of pixels in a line of text. */
static void show_pictures(const DataTable *t, const DataColumn *x) {
  static const char shades[] = " .:-=+*#%@";
  const int64_t h = x->dims[0], w = x->dims[1], channels = x->rank > 2 ? x->dims[2] : 1;
  const int64_t step = w > 28 ? (w + 27) / 28 : 1;
  for (int64_t y = 0; y < h; y += 2 * step) {
    for (int64_t i = 0; i < t->rows && i < PICTURES; i++) {
      for (int64_t k = 0; k < w; k += step) {
        const double v = column_value(x, i, (size_t)((y * w + k) * channels));
        const double part = x->high > x->low ? (v - x->low) / (x->high - x->low) : 0;
        putchar(shades[(int)(part * 9.99)]);
      }
      putchar(' ');
    }
    putchar('\n');
  }
}

static int show_data(Cli *c, const char *name, Span at) {
  DataError e = {.arena = c->arena};
  const DataPlaces places = cli_data_places(c, "x.qgn");
  DataFile file = {name, name};
  DataTable t = {0};
  const bool there = io_exists(name) || data_locate(&e, &places, name, kind_of(name) == NULL, &file);
  if (!there || !read_table(&e, &file, &t)) {
    Diag *d = diag_add(c->sink, e.code, at, "%s", e.text);
    if (e.expected) diag_line(d, "expected", "%s", e.expected);
    if (e.found) diag_line(d, "found", "%s", e.found);
    if (e.help) diag_help(d, "%s", e.help);
    return cli_code(c);
  }
  printf("%s: %lld rows", file.path, (long long)t.rows);
  if (t.dropped > 0) printf(", %lld more lack a value", (long long)t.dropped);
  putchar('\n');
  for (int i = 0; i < t.n; i++) show_column(c, &t, &t.at[i]);
  for (int i = 0; i < t.n; i++)
    if (t.at[i].elem == DATA_U8 && t.at[i].rank >= 2) show_pictures(&t, &t.at[i]);
  table_free(&t);
  return 0;
}

int cli_verb_data(Cli *c) {
  if (c->operands.n == 0) return list_data(c);
  if (strcmp(c->operands.at[0], "show") == 0 && c->operands.n == 2)
    return show_data(c, c->operands.at[1], c->operand_spans.at[1]);
  cli_usage(c, c->operand_spans.at[0], "`qgn data` takes nothing, or `show` and a file");
  return 2;
}
