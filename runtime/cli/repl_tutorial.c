/* `:tutorial`: ten steps from a number to a script. A step is passed by what the session then holds or
 * showed, not by the letters that were typed, so that whoever tries something else on the way gets on too. */
#define _GNU_SOURCE
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/cli/repl.h"

/* What a step looks at: the line, whether it succeeded, and the session. */
typedef struct Look {
  const Repl *R;
  const char *line;
  bool ok;
} Look;

static const ReplEntry *entry(const Look *l, const char *name, AstKind kind) {
  const int i = repl_find(&l->R->entries, name);
  return i >= 0 && l->R->entries.at[i].kind == kind ? &l->R->entries.at[i] : NULL;
}

static bool is_command(const Look *l, const char *name) {
  if (*l->line != ':' || !l->ok) return false;
  Arena *a = arena_new();
  const char *word = arena_strn(a, l->line + 1, strcspn(l->line + 1, " \t"));
  const ReplCommand *c = *word ? repl_command_named(word) : NULL;
  const bool same = c && strcmp(c->name, name) == 0;
  arena_free(a);
  return same;
}

static bool showed(const Look *l, int n, const double *want) {
  bool same = l->ok && l->R->n_last == n;
  for (int i = 0; i < n && same; i++) same = fabs(l->R->last[i] - want[i]) < 1e-4;
  return same;
}

static bool has_angle(const Look *l) { return entry(l, "a", AST_LET) != NULL; }

static bool has_bell(const Look *l) {
  const Program *p = l->R->view.program;
  if (!entry(l, "bell", AST_CIRCUIT)) return false;
  for (int i = 0; p && i < p->circuits.n; i++) {
    int qubits = 0;
    if (strcmp(p->circuits.at[i].name, "bell") != 0) continue;
    for (int k = 0; k < p->circuits.at[i].registers.n; k++) qubits += p->circuits.at[i].registers.at[k].n;
    return qubits == 2;
  }
  return false;
}

static bool drew(const Look *l) { return is_command(l, "draw"); }
static bool half_half(const Look *l) { return showed(l, 4, (const double[]){0.5, 0, 0, 0.5}); }
static bool saw_state(const Look *l) { return is_command(l, "state"); }

static bool has_gradient(const Look *l) {
  return strstr(l->line, "grad(") != NULL && showed(l, 1, (const double[]){0.43301270});
}

static bool has_weight(const Look *l) {
  const Program *p = l->R->view.program;
  for (int i = 0; p && i < p->objects.n; i++)
    if (strcmp(p->objects.at[i].name, "tilt") == 0 && p->objects.at[i].n_slots > 0) return true;
  return false;
}

static bool has_trained(const Look *l) {
  for (int i = 0; i < l->R->entries.n; i++)
    if (l->R->entries.at[i].kind == AST_TRAIN && l->R->entries.at[i].train) return true;
  return false;
}

static bool expected(const Look *l) {
  return l->ok && strncmp(l->line, "expect", 6) == 0 && l->R->n_last == 1 && l->R->last[0] == 1;
}

static bool saved(const Look *l) { return is_command(l, "save"); }

static const struct {
  const char *title, *text, *type;
  bool (*passed)(const Look *l);
  const char *makes; /* the name that later steps use; NULL: none */
} steps[] = {
    {"a name for a number",
     "Angles have units: deg, rad, turn. A name is given by `let`; a line of its own, such as "
     "`sin(a)`, shows its value.",
     "let a = 60deg", has_angle, "a"},
    {"a circuit",
     "Gates stand in front of their qubits. This one turns the first qubit and entangles the second with it; "
     "`x` is an input. Brackets may stay open: the prompt then shows which one.",
     "circuit bell(x) on q[2] { ry(x) q[0]; cx q[0], q[1]; return probs(q) }", has_bell, "bell"},
    {"its picture", "Commands begin with a colon; `:help` lists them. Time runs from left to right.",
     ":draw bell", drew, NULL},
    {"its outcomes",
     "A circuit is called like a function. By 90 degrees both qubits are found in 00 or in 11, half of the "
     "time each.",
     "bell(90deg)", half_half, NULL},
    {"its state", "Before it is measured a circuit has amplitudes, whose squares are the probabilities.",
     ":state bell(a)", saw_state, NULL},
    {"a gradient",
     "Everything that is computed has a derivative, circuits included: how fast does the probability of 11 "
     "grow with the angle?",
     "grad(bell(a)[3], a)", has_gradient, NULL},
    {"a weight",
     "A `param` is a number that training may change; it starts at random, with the same numbers for the same "
     "seed.",
     "circuit tilt() on q[1] { param t ~ uniform(0, 0.1); ry(t) q; return expval(Z(q)) }", has_weight,
     "tilt"},
    {"training",
     "The expectation of Z is to become -1: the qubit flips. Ctrl-C would end a long train and keep its "
     "weights.",
     "train flip { epochs = 100; optimizer tilt = adam(0.1); step { minimize tilt() over tilt } }",
     has_trained, "flip"},
    {"an expectation", "What must hold is written down. The course of the loss is in `flip.loss`.",
     "expect tilt() < -0.9", expected, NULL},
    {"a script", "The session is a script: saved, it runs with `qgn run` to the same bits.",
     ":save first.qgn", saved, NULL},
};
#define N_STEPS ((int)(sizeof steps / sizeof *steps))

static void put_wrapped(const char *text) {
  cli_put_wrapped(text, 0, 0, repl_width() < 80 ? repl_width() : 80);
}

static void say_step(const Repl *R) {
  const int i = R->step - 1;
  printf("step %d of %d: %s\n", R->step, N_STEPS, steps[i].title);
  put_wrapped(steps[i].text);
  printf("type:  %s\n", steps[i].type);
}

/* Before a step that was not reached one by one: what those before it would have made. */
static void make_up(Repl *R, int before) {
  for (int i = 0; i < before; i++) {
    const Look l = {R, "", true};
    if (!steps[i].makes || steps[i].passed(&l) || repl_find(&R->entries, steps[i].makes) >= 0) continue;
    printf("step %d for you:  %s\n", i + 1, steps[i].type);
    (void)repl_statements(R, steps[i].type, true);
  }
}

static void go_on(Repl *R) {
  if (R->step++ < N_STEPS) {
    say_step(R);
    return;
  }
  R->step = 0;
  put_wrapped(
      "That was the last step. docs/tutorial.md goes on from here: noise, a GAN, a report; `:doc NAME` documents "
      "any name, `?name` says what one is.");
}

void repl_tutorial_look(Repl *R, const char *line, bool ok) {
  const Look l = {R, line, ok};
  const int i = R->step - 1;
  if (is_command(&l, "tutorial") || is_command(&l, "help") || R->quit) return;
  if (steps[i].passed(&l)) {
    puts("well done");
    go_on(R);
  } else {
    printf("(step %d: type %s)\n", R->step, steps[i].type);
  }
}

bool repl_do_tutorial(Repl *R, const char *argument) {
  if (strcmp(argument, "stop") == 0) {
    R->step = 0;
    return true;
  }
  if (strcmp(argument, "skip") == 0) {
    if (R->step == 0) return repl_usage(R, "tutorial", "a tutorial that has begun");
    make_up(R, R->step);
    go_on(R);
    return true;
  }
  if (*argument) {
    const int n =
        argument[strspn(argument, "0123456789")] == '\0' && strlen(argument) < 4 ? atoi(argument) : 0;
    if (n < 1 || n > N_STEPS) return repl_usage(R, "tutorial", "a step from 1 to 10, skip or stop");
    make_up(R, n - 1);
    R->step = n;
  } else if (R->step == 0) {
    R->step = 1;
    puts("Ten steps; `:tutorial skip` goes to the next one, `:tutorial stop` ends it.");
  }
  say_step(R);
  return true;
}
