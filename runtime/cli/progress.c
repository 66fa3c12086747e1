#define _GNU_SOURCE
#include "runtime/cli/progress.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "runtime/record/record.h"
#include "runtime/record/text.h"

#define REDRAW 0.1 /* seconds between two looks of the line, and of JSON objects */
#define BAR 20     /* cells */

void progress_init(Progress *p, const Cli *c) {
  const char *form = c->value[OPT_PROGRESS], *term = getenv("TERM");
  *p = (Progress){.color = c->style.color, .unicode = c->style.unicode, .width = c->style.width};
  bool terminal = isatty(STDERR_FILENO) == 1 && p->width > 0 && term && strcmp(term, "dumb") != 0;
  p->form = c->given[OPT_QUIET] ? PROGRESS_NONE : terminal ? PROGRESS_LINE : PROGRESS_PLAIN;
  if (form && strcmp(form, "line") == 0) p->form = PROGRESS_LINE;
  if (form && strcmp(form, "plain") == 0) p->form = PROGRESS_PLAIN;
  if (form && strcmp(form, "json") == 0) p->form = PROGRESS_JSON;
  if (form && strcmp(form, "none") == 0) p->form = PROGRESS_NONE;
  if (p->width <= 0) p->width = 80;
}

void progress_plan(Progress *p, Arena *a, const Run *run) {
  if (p->form != PROGRESS_NONE) left_plan(&p->left, a, run);
}

void progress_clear(Progress *p) {
  if (p->open) fputs("\r\033[K", stderr);
  p->open = false;
}

/* ---- pieces ------------------------------------------------------------------------------------ */

const char *progress_duration(Arena *a, double s) {
  if (s < 1) return arena_printf(a, "%.0f ms", 1e3 * s);
  if (s < 10) return arena_printf(a, "%.1f s", s);
  if (s < 100) return arena_printf(a, "%.0f s", s);
  int minutes = (int)(s / 60);
  if (minutes < 100) return arena_printf(a, "%d min %02d s", minutes, (int)s % 60);
  return arena_printf(a, "%d h %02d min", minutes / 60, minutes % 60);
}

/* "loss 0.013" or "D -0.012  G 0.045". */
static const char *losses(Arena *a, const RunProgress *at) {
  Text t = text_new(a);
  for (int i = 0; i < at->n_losses; i++)
    text_printf(&t, "%s%s %s", i ? "  " : "", *at->loss_name[i] ? at->loss_name[i] : "loss",
                text_short(a, (double)(float)at->loss[i]));
  return text_str(&t);
}

static double left_of(const Progress *p, const RunProgress *at, double seconds) {
  double done = (double)(at->epoch - p->from_epoch), rest = (double)(at->epochs - at->epoch);
  return done > 0 ? seconds / done * rest : 0;
}

/* Seconds for what the script has behind this train. */
static double behind(const Progress *p, const RunProgress *at, double seconds) {
  return left_behind(&p->left, false, at->train_index, at->epoch - p->from_epoch, seconds);
}

/* "12 s left", and where more follows "12 s left, about 3 min 05 s in all". */
static const char *left_text(Arena *a, const Progress *p, const RunProgress *at, double seconds) {
  const double left = left_of(p, at, seconds), rest = behind(p, at, seconds);
  return arena_printf(a, rest > 0 ? "%s left, about %s in all" : "%s left", progress_duration(a, left),
                      progress_duration(a, left + rest));
}

/* Columns of a text whose every character is one wide. */
static int columns(const char *s) {
  int n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

static void put_bar(const Progress *p, double share) {
  int full = (int)(share * BAR + 0.5);
  if (p->color) fputs("\033[32m", stderr);
  for (int i = 0; i < BAR; i++) {
    if (i == full && p->color) fputs("\033[2m", stderr);
    fputs(p->unicode ? (i < full ? "━" : "─") : i < full ? "#" : ".", stderr);
  }
  if (p->color) fputs("\033[0m", stderr);
}

/* One line, cut piece by piece to what the terminal shows. */
static void draw_line(Progress *p, const RunProgress *at, double seconds) {
  Arena *a = arena_new();
  double done = (double)(at->epoch - p->from_epoch);
  const char *name = at->train->name;
  const char *piece[4] = {
      arena_printf(a, "  %lld/%lld", (long long)at->epoch, (long long)at->epochs),
      arena_printf(a, "  %s", losses(a, at)),
      arena_printf(a, "  %s epochs/s", text_short(a, seconds > 0 ? floor(done / seconds + 0.5) : 0)),
      arena_printf(a, "  %s", left_text(a, p, at, seconds)),
  };
  int room = p->width - 1 - columns(name);
  fputs("\r\033[K", stderr);
  fputs(name, stderr);
  if (room > BAR + 24) {
    fputc(' ', stderr);
    put_bar(p, at->epochs > 0 ? (double)at->epoch / (double)at->epochs : 1);
    room -= BAR + 1;
  }
  for (int i = 0; i < 4; i++) {
    if (columns(piece[i]) > room) continue;
    fputs(piece[i], stderr);
    room -= columns(piece[i]);
  }
  fflush(stderr);
  p->open = true;
  arena_free(a);
}

static void draw_plain(const Progress *p, const RunProgress *at, double seconds) {
  Arena *a = arena_new();
  fprintf(stderr, "%s: epoch %lld of %lld (%d %%)  %s  %s", at->train->name, (long long)at->epoch,
          (long long)at->epochs, at->epochs > 0 ? (int)(100 * at->epoch / at->epochs) : 100, losses(a, at),
          progress_duration(a, seconds));
  if (at->epoch < at->epochs) fprintf(stderr, ", %s", left_text(a, p, at, seconds));
  fputc('\n', stderr);
  fflush(stderr);
  arena_free(a);
}

static void draw_json(const Progress *p, const RunProgress *at, double seconds) {
  Arena *a = arena_new();
  Text t = text_new(a);
  text_add(&t, "{\"train\": ");
  text_json_string(&t, at->train->name);
  text_printf(&t, ", \"epoch\": %lld, \"epochs\": %lld, \"losses\": {", (long long)at->epoch,
              (long long)at->epochs);
  for (int i = 0; i < at->n_losses; i++) {
    if (i) text_add(&t, ", ");
    text_json_string(&t, *at->loss_name[i] ? at->loss_name[i] : "loss");
    text_add(&t, ": ");
    text_json_number(&t, (double)(float)at->loss[i], true);
  }
  text_add(&t, "}, \"seconds\": ");
  text_json_number(&t, floor(seconds * 1e3) / 1e3, false);
  text_add(&t, ", \"left\": ");
  const double left = left_of(p, at, seconds);
  text_json_number(&t, floor(left * 1e3) / 1e3, false);
  text_add(&t, ", \"left_all\": ");
  text_json_number(&t, floor((left + behind(p, at, seconds)) * 1e3) / 1e3, false);
  text_add(&t, "}\n");
  fputs(text_str(&t), stderr);
  fflush(stderr);
  arena_free(a);
}

/* ---- entry --------------------------------------------------------------------------------------- */

void progress_begin(Progress *p, const Run *run, int train, int64_t from_epoch) {
  const char *name = run_program(run)->trains.at[train].name;
  const int64_t epochs = run_train_epochs(run, train);
  p->begin = record_clock();
  p->drawn = 0;
  p->from_epoch = from_epoch;
  p->tenth = epochs > 0 ? (int)(10 * from_epoch / epochs) + 1 : 10;
  if ((p->form != PROGRESS_PLAIN && p->form != PROGRESS_LINE) || run_train_is_over(run, train)) return;
  if (from_epoch > 0)
    fprintf(stderr, "%s: continues after epoch %lld of %lld\n", name, (long long)from_epoch,
            (long long)epochs);
  else if (p->form == PROGRESS_PLAIN) fprintf(stderr, "%s: %lld epochs\n", name, (long long)epochs);
  fflush(stderr);
}

void progress_epoch(Progress *p, const RunProgress *at) {
  if (p->form == PROGRESS_NONE) return;
  if (p->form == PROGRESS_PLAIN) {
    if (at->epochs > 0 && 10 * at->epoch < p->tenth * at->epochs) return;
    draw_plain(p, at, record_clock() - p->begin);
    p->tenth = at->epochs > 0 ? (int)(10 * at->epoch / at->epochs) + 1 : 11;
    return;
  }
  double now = record_clock();
  if (now - p->drawn < REDRAW && at->epoch < at->epochs) return;
  p->drawn = now;
  if (p->form == PROGRESS_LINE) draw_line(p, at, now - p->begin);
  else draw_json(p, at, now - p->begin);
}

void progress_end(Progress *p, const Run *run, int train, int64_t epochs, int64_t steps) {
  Arena *a = arena_new();
  const char *name = run_program(run)->trains.at[train].name;
  const double seconds = record_clock() - p->begin;
  if (steps > 0) left_did(&p->left, train, epochs - p->from_epoch, seconds);
  progress_clear(p);
  if (p->form == PROGRESS_LINE || p->form == PROGRESS_PLAIN) {
    const int64_t best = run_train_best(run, train), all = run_train_epochs(run, train);
    if (steps == 0 && run_train_is_over(run, train))
      fprintf(stderr, "%s: %lld epochs, loaded\n", name, (long long)epochs);
    else if (p->form == PROGRESS_LINE || best > 0 || (epochs < all && run_train_is_over(run, train)))
      fprintf(stderr, "%s: %lld of %lld epochs in %s%s\n", name, (long long)epochs, (long long)all,
              progress_duration(a, seconds),
              best > 0 ? arena_printf(a, ", the best is epoch %lld", (long long)best) : "");
  }
  fflush(stderr);
  arena_free(a);
}
