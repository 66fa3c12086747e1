/* Values as people read them: kets, bars, tables, images, the course of a series. What is short stays on one
 * line. */
#define _GNU_SOURCE
#include <math.h>
#include <string.h>
#include <unistd.h>
#include "runtime/cli/repl.h"
#include "runtime/record/record.h"
#include "runtime/record/text.h"

#define FLAT 8      /* values that one line shows in any case */
#define KETS 16     /* amplitudes and outcomes */
#define BARS 32     /* of counts */
#define ROWS 8      /* of a table */
#define LEAST 1e-12 /* probabilities below are rounding */
#define MOST_JSON 1000000

int repl_width(void) { return cli_width(100); }

/* ---- kets --------------------------------------------------------------------------------------------- */

/* Without the sign of what six digits show as 0. */
static double as_shown(double x) { return fabs(x) < 5e-7 ? 0 : x; }

typedef struct Largest {
  int64_t at[KETS];
  double size[KETS];
  int n;
} Largest;

/* Those of equal size, up to rounding, stay in the order in which they come. */
static void largest_add(Largest *l, int64_t i, double p) {
  if (l->n == KETS && p <= l->size[KETS - 1] * (1 + 1e-6)) return;
  int at = l->n;
  while (at > 0 && p > l->size[at - 1] * (1 + 1e-6)) at--;
  if (at == KETS) return;
  if (l->n < KETS) l->n++;
  for (int k = l->n - 1; k > at; k--) l->at[k] = l->at[k - 1], l->size[k] = l->size[k - 1];
  l->at[at] = i, l->size[at] = p;
}

static int qubits_of(int64_t n) {
  int qubits = 0;
  while ((int64_t)1 << qubits < n) qubits++;
  return qubits;
}

static const char *ket(const Repl *R, Arena *a, int64_t i, int qubits) {
  char bits[65] = {0};
  for (int q = 0; q < qubits; q++) bits[q] = i >> (qubits - 1 - q) & 1 ? '1' : '0';
  return arena_printf(a, "|%s%s", bits, R->cli->style.unicode ? "⟩" : ">");
}

static void say_order(const Largest *l, int64_t n, const char *what) {
  if (l->n == KETS && n > l->n) printf("the %d largest of %lld %s; ", l->n, (long long)n, what);
  puts("the first bit is that of qubit 0");
}

void repl_kets(Repl *R, const Run *run, const Stmt *s) {
  const int64_t n = run_slot_size(run, s->slot) / 2;
  Arena *a = arena_new();
  Largest l = {0};
  for (int64_t i = 0; i < n; i++) {
    const double re = run_slot_get(run, s->slot, 2 * i), im = run_slot_get(run, s->slot, 2 * i + 1);
    const double p = re * re + im * im;
    if (p >= LEAST) largest_add(&l, i, p);
  }
  for (int k = 0; k < l.n; k++) {
    const double re = as_shown(run_slot_get(run, s->slot, 2 * l.at[k])),
                 im = as_shown(run_slot_get(run, s->slot, 2 * l.at[k] + 1));
    printf("%s  %9.6f %c %8.6fi  %5.1f %%\n", ket(R, a, l.at[k], qubits_of(n)), re, im < 0 ? '-' : '+',
           fabs(im), 100 * l.size[k]);
  }
  say_order(&l, n, "amplitudes");
  arena_free(a);
}

/* ---- bars ------------------------------------------------------------------------------------------------
 */

/* A bar of x out of `most`, at most `width` columns wide, by eighths where there is Unicode. */
static const char *bar(const Repl *R, Arena *a, double x, double most, int width) {
  static const char *const parts[] = {"", "▏", "▎", "▍", "▌", "▋", "▊", "▉"};
  Text t = text_new(a);
  const int eighths = most > 0 && x > 0 ? (int)lround(8 * width * x / most) : 0;
  for (int i = 0; i < eighths / 8; i++) text_add(&t, R->cli->style.unicode ? "█" : "#");
  if (R->cli->style.unicode) text_add(&t, parts[eighths % 8]);
  else if (eighths % 8 >= 4) text_add(&t, "-");
  return text_str(&t);
}

static void put_bar(const char *name, const char *number, const char *line) {
  if (*line) printf("%s  %-10s %s\n", name, number, line);
  else printf("%s  %s\n", name, number);
}

/* Outcomes of a register: the 16 largest with their kets. */
static void put_outcomes(Repl *R, Arena *a, const Run *run, const Stmt *s) {
  const int64_t n = run_slot_size(run, s->slot);
  const int qubits = qubits_of(n), width = repl_width() - qubits - 18;
  Largest l = {0};
  for (int64_t i = 0; i < n; i++) {
    const double p = run_slot_get(run, s->slot, i);
    if (p >= LEAST) largest_add(&l, i, p);
  }
  for (int k = 0; k < l.n; k++)
    put_bar(ket(R, a, l.at[k], qubits), text_short(a, l.size[k]),
            bar(R, a, l.size[k], l.size[0],
                width < 8    ? 8
                : width > 40 ? 40
                             : width));
  say_order(&l, n, "outcomes");
}

static void put_counts(Repl *R, Arena *a, const Run *run, const Stmt *s) {
  const int64_t n = run_slot_size(run, s->slot);
  double most = 0;
  int width = repl_width() - 20;
  for (int64_t i = 0; i < n; i++) most = fmax(most, run_slot_get(run, s->slot, i));
  for (int64_t i = 0; i < n && i < BARS; i++) {
    const double x = run_slot_get(run, s->slot, i);
    put_bar(arena_printf(a, "%4lld", (long long)i), text_short(a, x),
            bar(R, a, x, most, width > 40 ? 40 : width));
  }
  if (n > BARS) printf("and %lld more\n", (long long)n - BARS);
}

/* ---- series -----------------------------------------------------------------------------------------------
 */

const char *repl_sparkline(Arena *a, const double *at, int64_t n, int most, bool unicode) {
  static const char *const blocks[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
  static const char *const ascii[] = {"_", ".", "-", "=", "+", "*", "%", "#"};
  Text t = text_new(a);
  const int64_t parts = n < most ? n : most;
  double low = INFINITY, high = -INFINITY;
  double *mean = ARENA_ARRAY(a, double, parts + 1);
  for (int64_t k = 0; k < parts; k++) {
    const int64_t from = k * n / parts, to = (k + 1) * n / parts;
    for (int64_t i = from; i < to; i++) mean[k] += at[i] / (double)(to - from);
    if (!isfinite(mean[k])) continue;
    low = fmin(low, mean[k]), high = fmax(high, mean[k]);
  }
  for (int64_t k = 0; k < parts; k++) {
    const double x = high > low ? (mean[k] - low) / (high - low) : 0;
    const int level = isfinite(x) ? (int)lround(7 * x) : -1;
    text_add(&t, level < 0 ? "?" : unicode ? blocks[level] : ascii[level]);
  }
  return text_str(&t);
}

double *repl_numbers(Arena *a, const Run *run, int slot, int64_t n) {
  double *x = ARENA_ARRAY(a, double, n + 1);
  for (int64_t i = 0; i < n; i++) x[i] = run_slot_get(run, slot, i);
  return x;
}

static int line_width(void) { return repl_width() < 60 ? repl_width() / 3 : 30; }

void repl_losses(Repl *R, const Program *p, const Run *run, const char *train) {
  Arena *a = arena_new();
  const char *loss = arena_printf(a, "%s.loss", train);
  for (int i = 0; i < p->series.n; i++) {
    const Series *s = &p->series.at[i];
    if (strncmp(s->name, loss, strlen(loss)) != 0 || s->entry.rank > 0) continue;
    const int64_t n = run_series_entries(run, i);
    if (n < 1) continue;
    const double *x = repl_numbers(a, run, s->slot, n);
    printf("  %s %s  %s\n", s->name + strlen(train) + 1, text_short(a, x[n - 1]),
           repl_sparkline(a, x, n, line_width(), R->cli->style.unicode));
  }
  arena_free(a);
}

static void put_series(Repl *R, Arena *a, const Run *run, const Stmt *s, int64_t n) {
  const double *x = repl_numbers(a, run, s->slot, n);
  int64_t low = 0, high = 0;
  for (int64_t i = 1; i < n; i++) {
    if (x[i] < x[low]) low = i;
    if (x[i] > x[high]) high = i;
  }
  printf("%s  [%lld]  %s %s %s\n", s->text, (long long)n, text_short(a, x[0]),
         repl_sparkline(a, x, n, line_width(), R->cli->style.unicode), text_short(a, x[n - 1]));
  printf("  least %s at %lld, largest %s at %lld\n", text_short(a, x[low]), (long long)low,
         text_short(a, x[high]), (long long)high);
}

/* ---- tables and images ------------------------------------------------------------------------------------
 */

static void put_table(Arena *a, const Run *run, const Stmt *s, int64_t rows, int64_t columns) {
  const int64_t fits = (repl_width() - 4) / 10, shown = columns <= fits ? columns : fits - 1;
  printf("%s  [%lld, %lld]\n", s->text, (long long)rows, (long long)columns);
  for (int64_t i = 0; i < rows; i++) {
    if (rows > ROWS && i == ROWS - 1) {
      printf("  ... %lld more rows\n", (long long)(rows - ROWS));
      i = rows - 1;
    }
    printf("  ");
    for (int64_t k = 0; k < shown; k++)
      printf("%10s", text_short(a, run_slot_get(run, s->slot, i * columns + k)));
    puts(shown < columns ? "  ..." : "");
  }
}

/* Grey of a pixel in 0..1 between the least and the largest value; 3 channels are averaged. */
typedef struct Pixels {
  const Run *run;
  int slot;
  int64_t channels, height, width;
  double low, high;
} Pixels;

static double grey(const Pixels *p, int64_t image, int64_t y, int64_t x) {
  if (y >= p->height) return 0;
  double sum = 0;
  for (int64_t c = 0; c < p->channels; c++)
    sum += run_slot_get(p->run, p->slot, ((image * p->channels + c) * p->height + y) * p->width + x);
  const double g = p->high > p->low ? (sum / (double)p->channels - p->low) / (p->high - p->low) : 0;
  return isfinite(g) ? fmin(fmax(g, 0), 1) : 0;
}

/* Two rows of pixels in one line: colours where the terminal has them, else shades of their mean. */
static void add_halves(const Repl *R, Text *t, const Pixels *p, int64_t image, int64_t y, bool color) {
  static const char *const shades[] = {" ", "░", "▒", "▓", "█"};
  static const char *const ascii[] = {" ", ".", ":", "-", "=", "+", "*", "#", "%", "@"};
  for (int64_t x = 0; x < p->width; x++) {
    const double up = grey(p, image, y, x), down = grey(p, image, y + 1, x), mean = (up + down) / 2;
    if (color)
      text_printf(t, "\033[38;5;%d;48;5;%dm▀", 232 + (int)lround(23 * up), 232 + (int)lround(23 * down));
    else text_add(t, R->cli->style.unicode ? shades[(int)lround(4 * mean)] : ascii[(int)lround(9 * mean)]);
  }
  if (color) text_add(t, "\033[0m");
}

static void put_images(Repl *R, const Run *run, const Stmt *s, const Shape *shape) {
  const int r = shape->rank;
  Pixels p = {.run = run, .slot = s->slot, .low = INFINITY, .high = -INFINITY};
  p.height = shape->d[r - 2].n, p.width = shape->d[r - 1].n, p.channels = shape->d[r - 3].n;
  const int64_t n = run_slot_size(run, s->slot) / (p.channels * p.height * p.width);
  for (int64_t i = 0; i < run_slot_size(run, s->slot); i++) {
    const double x = run_slot_get(run, s->slot, i);
    if (isfinite(x)) p.low = fmin(p.low, x), p.high = fmax(p.high, x);
  }
  int64_t beside = (repl_width() + 1) / (p.width + 1);
  beside = beside < 1 ? 1 : beside > n ? n : beside;
  const bool color = R->cli->style.color && R->cli->style.unicode && isatty(STDOUT_FILENO) == 1;
  Arena *a = arena_new();
  printf("%s  %lld image%s of %lld x %lld, from %s to %s\n", s->text, (long long)n, n == 1 ? "" : "s",
         (long long)p.height, (long long)p.width, text_short(a, p.low), text_short(a, p.high));
  for (int64_t y = 0; y < p.height; y += 2) {
    Text t = text_new(a);
    for (int64_t i = 0; i < beside; i++) {
      if (i > 0) text_add(&t, " ");
      add_halves(R, &t, &p, i, y, color);
    }
    while (t.n > 0 && t.at[t.n - 1] == ' ') t.at[--t.n] = '\0';
    puts(text_str(&t));
  }
  if (beside < n) printf("the first %lld; `:save FILE` and a report show all\n", (long long)beside);
  arena_free(a);
}

/* ---- the choice
 * ---------------------------------------------------------------------------------------------- */

/* Whether the line calls a circuit of the session that returns all of `measurement`, or the function itself.
 */
static bool is_call_of(const Repl *R, Arena *a, const char *text, const char *measurement) {
  const size_t n = strcspn(text, "( ");
  const char *name = arena_strn(a, text, n);
  const int e = repl_find(&R->entries, sym_text(sym_intern(name)));
  if (text[n] != '(' || text[strlen(text) - 1] != ')') return false;
  if (e < 0 || R->entries.at[e].kind != AST_CIRCUIT) return false;
  return strstr(R->entries.at[e].text, arena_printf(a, "return %s(", measurement)) != NULL;
}

static bool is_power_of_two(int64_t n) { return n > 1 && (n & (n - 1)) == 0; }

static void put_json(Arena *a, const Run *run, const Stmt *s) {
  Text t = text_new(a);
  text_add(&t, "{\"kind\": \"value\", \"text\": ");
  text_json_string(&t, s->text ? s->text : "");
  const Shape shape = s->slot >= 0 ? run_slot_shape(run, s->slot) : (Shape){0};
  text_add(&t, ", \"shape\": [");
  for (int k = 0; k < shape.rank; k++) text_printf(&t, "%s%lld", k ? ", " : "", (long long)shape.d[k].n);
  text_add(&t, "], \"data\": [");
  const int64_t n = s->slot >= 0 ? run_slot_size(run, s->slot) : 0;
  for (int64_t i = 0; i < n && i < MOST_JSON; i++) {
    if (i) text_add(&t, ", ");
    text_json_number(&t, run_slot_get(run, s->slot, i), !run_program(run)->is_double);
  }
  text_add(&t, n > MOST_JSON ? "], \"cut\": true}" : "]}");
  puts(text_str(&t));
}

/* A train or a sweep by its name: how it stands. */
static bool put_state_of(Repl *R, const Run *run, const char *text) {
  static const char *const kinds[] = {"the train `", "the sweep `"};
  for (int i = 0; i < 2; i++) {
    if (strncmp(text, kinds[i], strlen(kinds[i])) != 0) continue;
    Arena *a = arena_new();
    const char *name = text + strlen(kinds[i]);
    name = arena_strn(a, name, strcspn(name, "`"));
    const int at = repl_find(&R->entries, sym_text(sym_intern(name)));
    const bool stale = at >= 0 && R->entries.at[at].is_stale;
    if (at >= 0 && R->entries.at[at].train && i == 0)
      printf("train %s: %lld steps\n", name, (long long)repl_train_steps(R->entries.at[at].train));
    else printf("%s %s\n", i == 0 ? "train" : "sweep", name);
    if (i == 0) repl_losses(R, run_program(run), run, name);
    else repl_sweep_table(run_program(run), run, name);
    if (stale) printf("stale: what it uses changed after it ran; `:rerun %s` or `:keep %s`\n", name, name);
    arena_free(a);
    return true;
  }
  return false;
}

void repl_value(Repl *R, const Run *run, const Stmt *s) {
  Arena *a = arena_new();
  const int64_t n = s->slot >= 0 ? run_slot_size(run, s->slot) : 0;
  const Shape shape = s->slot >= 0 ? run_slot_shape(run, s->slot) : (Shape){0};
  const int r = shape.rank;
  const bool is_number = s->slot >= 0 && run_program(run)->slots.at[s->slot].elem != ELEM_BOOL;
  const char *text = s->text ? s->text : "";
  R->n_last = (int)(n < REPL_LAST ? n : REPL_LAST);
  for (int i = 0; i < R->n_last; i++) R->last[i] = run_slot_get(run, s->slot, i);
  if (R->json) put_json(a, run, s);
  else if (s->slot < 0 && put_state_of(R, run, text)) fflush(stdout);
  else if (n > FLAT && r == 1 && is_power_of_two(n) && is_call_of(R, a, text, "probs"))
    put_outcomes(R, a, run, s);
  else if (n > 1 && r == 1 && (strncmp(text, "counts(", 7) == 0 || strncmp(text, "counts_in(", 10) == 0))
    put_counts(R, a, run, s);
  else if (n > FLAT && r == 1 && run_program(run)->slots.at[s->slot].kind == SLOT_SERIES)
    put_series(R, a, run, s, n);
  else if (r >= 3 && n > 0 && shape.d[r - 1].n >= 6 && shape.d[r - 2].n >= 6 &&
           (shape.d[r - 3].n == 1 || shape.d[r - 3].n == 3))
    put_images(R, run, s, &shape);
  else if (r == 2 && n > FLAT && is_number && shape.d[0].n > 1)
    put_table(a, run, s, shape.d[0].n, shape.d[1].n);
  else puts(record_print_line(a, run, s));
  fflush(stdout);
  arena_free(a);
}
