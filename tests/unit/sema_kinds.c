/* Every name of the library with values of every kind, in every place: whatever is refused is refused by a
 * message with a place, and never by a fault of the program. Without the lines that are refused, a script is
 * a sound program. Of the scripts every 3rd is tried, every 97th with QGN_QUICK, all with KINDS_STEP=1. */
#define _GNU_SOURCE /* open_memstream */
#include "lang/base/mem.h"
#include "lang/ir/channel.h"
#include "lang/ir/gate.h"
#include "lang/sema/library.h"
#include "tests/unit/sema_rig.h"

static const char *const kinds[] = {"missing",
                                    "3",
                                    "-1",
                                    "0",
                                    "1.5",
                                    "0.25",
                                    "\"text\"",
                                    "\"01\"",
                                    "true",
                                    "[1, 2]",
                                    "[[1, 0], [0, 1]]",
                                    "[]",
                                    "[v, v]",
                                    "(1, 2)",
                                    "0..3",
                                    "5ms",
                                    "90deg",
                                    "v",
                                    "m",
                                    "k",
                                    "v > 0",
                                    "c",
                                    "M",
                                    "new M",
                                    "d",
                                    "fit",
                                    "fit.loss",
                                    "weights(M)",
                                    "normal(0, 1)",
                                    "adam(0.1)",
                                    "tanh",
                                    "f",
                                    "image",
                                    "1e300",
                                    "10_000_000",
                                    "grad(sum(M([1, 2])), M)"};
#define N_KINDS ((int)(sizeof kinds / sizeof *kinds))

/* %s: the value that is tried. */
static const char *const arguments[] = {"",           "%s",       "v, %s",    "%s, v",
                                        "v, v, %s",   "%s, %s",   "d, %s",    "M, d, %s",
                                        "c, %s, 0.1", "m, 1, %s", "%s, 2, 3", "%s, 0.1, 0.2, 0.3"};
#define N_ARGUMENTS ((int)(sizeof arguments / sizeof *arguments))

static const char head[] =
    "edition = 1\n"
    "draw v[4] ~ normal(0, 1)\n"
    "draw m[2, 3] ~ normal(0, 1)\n"
    "draw image[3, 1, 8, 8] ~ normal(0, 1)\n"
    "draw k[4] ~ categorical([0.5, 0.5])\n"
    "def f(x) = 2 * x\n"
    "circuit c() on q[1] { param t[1] ~ uniform(0, 1); ry(t) q; return expval(Z(q)) }\n"
    "model M(x[2]) -> [1] { linear(3); a: tanh; linear(1) }\n"
    "dataset d { moons(20) }\n"
    "train fit { epochs = 2; optimizer c = adam(0.1); step { minimize sum(c()) over c } }\n"
    "def seen(a, b, e, g, h) = 1\n"
    "seen(f(1), v, m, k, M)\n"
    "mean(image)\n";

/* Places as they stand around a call; %d: a number that makes names different, %s: the call. */
static const char *const places[] = {
    "let a%d = %s\n",
    "report r%d { plot %s }\n",
    "report r%d { images %s }\n",
    "report r%d { table row(%s) }\n",
    "dataset d%d { moons(9); %s }\n",
    "dataset e%d { glyphs(9); %s }\n",
    "dataset s%d { %s; take(3) }\n",
    "model m%d(x[2]) -> [1] { %s; linear(1) }\n",
    "model i%d(x[1, 8, 8]) -> [1] { %s; flatten; linear(1) }\n",
    "circuit g%d(x[2]) on q[2] { %s q; return probs(q) }\n",
    "circuit p%d(x[2]) on q[3] { %s chain(q); return probs(q) }\n",
    "circuit w%d(x[2]) on q[2] { ry(x) q; return %s }\n",
    "circuit o%d(x[2]) on q[2] { ry(x) q; return expval(%s) }\n",
    "train t%d { epochs = 1; optimizer c = %s; step { minimize sum(c()) over c } }\n",
    "train u%d { epochs = 1; data = d; batch = 5; optimizer M = adam(0.1); step x[B, 2], label[B] { minimize mean(M(x)) * sum(%s) over M } }\n",
    "circuit n%d(x[2]) on q[2] { param t[2] ~ %s; ry(x + t) q; return probs(q) }\n",
};
#define N_PLACES ((int)(sizeof places / sizeof *places))

/* Names of the parameters that may be named in a call, "conv(x, out, k, stride =, pad =)": the n-th, or "".
 */
static const char *named(Arena *a, const char *call, int n) {
  const char *at = call;
  for (int i = 0; (at = strstr(at, " =")) != NULL; i++, at++) {
    const char *begin = at;
    while (begin > call && strchr(" (,", begin[-1]) == NULL) begin--;
    if (i == n && *begin != '*') return arena_strn(a, begin, (size_t)(at - begin));
  }
  return "";
}

typedef struct Names {
  VEC(LibraryName) at;
} Names;

static Names all_names(Arena *a) {
  Names out = {0};
  for (int i = 0; i < library_count(); i++) vec_push(a, &out.at, library_at(a, i));
  for (int i = 0; i < GATE_COUNT; i++)
    vec_push(a, &out.at, ((LibraryName){.name = gate_info[i].name, .call = ""}));
  for (int i = 1; i < CHANNEL_COUNT; i++)
    vec_push(a, &out.at, ((LibraryName){.name = channel_info[i].name, .call = ""}));
  return out;
}

/* A name with the value in a form, of which there are N_ARGUMENTS, by name or not. */
static const char *call_of(Arena *a, const LibraryName *n, int number, const char *value) {
  const char *by_name = number % 3 == 0 ? named(a, n->call, number / 3 % 6) : "";
  const char *form = arguments[number % N_ARGUMENTS];
  const char *list = "";
  for (; *form != '\0'; form++) {
    if (form[0] == '%') list = arena_printf(a, "%s%s", list, value), form++;
    else list = arena_printf(a, "%s%c", list, *form);
  }
  if (*by_name != '\0')
    list = arena_printf(a, "%s%s%s = %s", list, *list != '\0' ? ", " : "", by_name, value);
  return arena_printf(a, "%s(%s)", n->name, list);
}

static void sound(void *ctx, const Graph *g, Span span) {
  (void)ctx, (void)span;
  const char *fault = g_verify(g);
  if (fault != NULL) fail_msg("%s", fault);
}

/* The script without the lines of which an error speaks. */
static const char *accepted(Arena *a, const char *text, const Rig *r) {
  char *out = arena_strn(a, text, strlen(text));
  for (int i = 0; i < r->sink->all.n; i++) {
    const Diag *d = r->sink->all.at[i];
    const Source *src = src_of(d->span.begin);
    if (diag_info[d->code].severity == SEV_WARNING || src == NULL || strcmp(src->name, "test.qgn") != 0)
      continue;
    size_t from = d->span.begin - src->base, to = from;
    while (from > 0 && text[from - 1] != '\n') from--;
    while (text[to] != '\0' && text[to] != '\n') to++;
    memset(out + from, ' ', to - from);
  }
  return out;
}

/* What is left of it when nothing is refused any more is a sound program. */
static void check(const char *text) {
  enum { TURNS = 4 }; /* an error may keep others quiet */
  Arena *a = arena_new();
  bool done = false;
  for (int turn = 0; turn < TURNS && !done; turn++) {
    Rig r = rig_new(text, NULL);
    done = r.program != NULL;
    assert_true(done == (r.sink->n_errors == 0));
    for (int i = 0; i < r.sink->all.n; i++) {
      const Diag *d = r.sink->all.at[i];
      if (d->code == DIAG_INTERNAL || d->text[0] == '\0') fail_msg("a fault: %s", d->text);
      assert_true(d->span.begin <= d->span.end);
    }
    if (done) program_each_region(r.program, sound, NULL);
    text = accepted(a, text, &r);
    rig_free(&r);
  }
  assert_true(done);
  arena_free(a);
}

static void every_kind_in_every_place(void **state) {
  Arena *a = arena_new();
  const Names names = all_names(a);
  const char *given = getenv("KINDS_STEP");
  const int step = given != NULL ? (int)strtol(given, NULL, 10) : getenv("QGN_QUICK") != NULL ? 97 : 3;
  (void)state;
  for (int turn = 0; turn < N_KINDS * N_PLACES; turn += step < 1 ? 1 : step) {
    const int place = turn % N_PLACES, kind = turn / N_PLACES, form = turn + kind; /* all with any step */
    char *text = NULL;
    size_t size = 0;
    FILE *out = open_memstream(&text, &size);
    assert_non_null(out);
    fputs(head, out);
    for (int i = 0; i < names.at.n; i++) {
      const char *call = call_of(a, &names.at.at[i], i + form, kinds[kind]),
                 *at = strstr(places[place], "%s");
      fprintf(out, "%.*s%d%.*s%s%s", (int)(strstr(places[place], "%d") - places[place]), places[place], i,
              (int)(at - strstr(places[place], "%d") - 2), strstr(places[place], "%d") + 2, call, at + 2);
    }
    fclose(out);
    if (given != NULL) fprintf(stderr, "script %d\n%s", turn, text);
    check(text);
    mem_give_back(text);
  }
  arena_free(a);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(every_kind_in_every_place)};
  const int status = cmocka_run_group_tests(tests, NULL, NULL);
  sym_clear();
  return status;
}
