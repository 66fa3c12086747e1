#include "lang/ir/gate_steps.h"

#define PI 3.14159265358979323846

/* A number like 2, 0.5 or nothing (1). */
static const char *read_factor(const char *s, double *v) {
  if (*s < '0' || *s > '9') {
    *v = 1;
    return s;
  }
  double x = 0, unit = 1;
  while (*s >= '0' && *s <= '9') x = 10 * x + (*s++ - '0');
  if (*s == '.') {
    for (s++; *s >= '0' && *s <= '9'; s++) x += (unit /= 10) * (*s - '0');
  }
  *v = x;
  return s;
}

/* The sum up to the closing bracket: terms [+-][number][a..d or pi][/number]. */
static const char *read_angle(const char *s, GateStep *step) {
  while (*s != ')') {
    double sign = 1, v, div = 1, *to = &step->shift, unit = 1;
    if (*s == '-' || *s == '+') sign = *s++ == '-' ? -1 : 1;
    s = read_factor(s, &v);
    if (*s == 'p') {
      unit = PI;
      s += 2;
    } else if (*s >= 'a' && *s <= 'd') {
      to = &step->k[*s++ - 'a'];
    }
    if (*s == '/') s = read_factor(s + 1, &div);
    *to += sign * v * unit / div;
  }
  return s + 1;
}

int gate_steps(GateId gate, int n_targets, GateStep step[GATE_MAX_STEPS]) {
  const char *s = gate_info[gate].steps;
  int n = 0;
  while (*s != '\0') {
    GateStep *e = &step[n++];
    *e = (GateStep){.is_cx = *s == 'c'};
    if (e->is_cx) {
      e->control = s[2] - '0';
      e->target = s[3] - '0';
      s += 4;
    } else {
      int letters = 0;
      for (; *s != '(' && *s != '*'; s++) e->word[letters++] = *s;
      if (*s == '*') {
        while (letters < n_targets) e->word[letters] = e->word[letters - 1], letters++;
        s++;
      }
      s = read_angle(s + 1, e);
    }
    while (*s == ' ') s++;
  }
  return n;
}
