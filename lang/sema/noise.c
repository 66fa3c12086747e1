/* Noise: channels as lines of circuits (`depolarize(1%) q`) and as values, and `noisy`, a view of a circuit
 * or model with channels behind every gate. Channels are rows of lang/ir/channels.def. */
#include <math.h>
#include <string.h>
#include "lang/sema/builtins.h"

/* ---- channels as values ------------------------------------------------------------------------- */

static const char *param_name(Sema *S, ChannelId id, int k) {
  bool duration;
  int same;
  return channel_param(S->a, id, k, &duration, &same);
}

/* Constants are checked here, computed strengths at each step. */
static bool strengths_fit(Sema *S, const ChannelValue *c, Span span) {
  double v[CHANNEL_MAX_PARAMS] = {0};
  const int n = channel_n_params(c->id);
  for (int k = 0; k < n; k++) {
    if (!val_is_number(c->param[k])) return true;
    v[k] = c->param[k]->u.num;
  }
  const char *why = channel_refuses(c->id, v);
  if (why == NULL) return true;
  const Value *bad = NULL;
  for (int k = 0; k < n && bad == NULL; k++)
    if (!(v[k] >= 0 && v[k] <= 1) && c->id != CHANNEL_RELAX) bad = c->param[k];
  Diag *d;
  if (bad != NULL) d = say(S, DIAG_NOISE, bad->span, "%s, but this is %s", why, num_text(S, bad->u.num));
  else d = say(S, DIAG_NOISE, span, "`%s`: %s", channel_info[c->id].name, why);
  const bool whole = bad != NULL && bad->u.num > 1 && bad->u.num <= 100 && bad->u.num == floor(bad->u.num);
  if (whole) diag_help(d, "write `%s%%`", num_text(S, bad->u.num));
  return false;
}

static bool param_fits(Sema *S, ChannelId id, int k, bool duration, const Value **v) {
  const char *what = arena_printf(S->a, "`%s` of `%s`", param_name(S, id, k), channel_info[id].name);
  if (duration) {
    if ((*v)->kind == VAL_DURATION) {
      *v = val_real(S, (*v)->u.num, (*v)->span);
      return true;
    }
    Diag *d = wrong_kind(S, *v, what, "a duration");
    if (d != NULL) diag_help(d, "write it with its unit: `%s = 50us`", param_name(S, id, k));
    return false;
  }
  if (val_is_number(*v) || val_can_be_tensor(*v)) return true;
  wrong_kind(S, *v, what, "a probability");
  return false;
}

static bool flatten(Sema *S, const Value *v, double *out, int *at) {
  if (v->kind == VAL_LIST) {
    for (int i = 0; i < v->u.list.n; i++)
      if (!flatten(S, v->u.list.at[i], out, at)) return false;
    return true;
  }
  return want_real(S, v, "an element of an operator", &out[(*at)++]);
}

/* The sum of K^+ K is the identity, or E0333. */
static bool keeps_trace(Sema *S, const ChannelValue *c, int d, Span span) {
  for (int i = 0; i < d; i++)
    for (int j = 0; j < d; j++) {
      double re = 0, im = 0;
      for (int k = 0; k < c->n_kraus * d; k++) { /* rows of all operators, one below the other */
        const double *a = c->values + 2 * (k * d + i), *b = c->values + 2 * (k * d + j);
        re += a[0] * b[0] + a[1] * b[1];
        im += a[0] * b[1] - a[1] * b[0];
      }
      const double want = i == j ? 1 : 0;
      if (fabs(re - want) <= 1e-8 && fabs(im) <= 1e-8) continue;
      Diag *x = say(
          S, DIAG_NOISE, span,
          "these operators do not keep the trace: the sum of K^+ K has %s%s%s%s in row %d, column %d",
          num_text(S, re), im != 0 ? " + " : "", im != 0 ? num_text(S, im) : "", im != 0 ? "i" : "", i, j);
      diag_help(x, "it has to be the identity, to 1e-8");
      return false;
    }
  return true;
}

/* A list of operators [d, d], or [d, d, 2] of real and imaginary parts. */
static bool kraus_operators(Sema *S, const Value *v, ChannelValue *c) {
  Shape s;
  ElemKind elem;
  if (v->kind != VAL_LIST) {
    Diag *d = wrong_kind(S, v, "what `kraus` is made of", "a list of matrices known before the run");
    if (d != NULL) diag_help(d, "write `kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]])`");
    return false;
  }
  if (!val_shape(S, v, &s, &elem)) {
    Diag *x = say(S, DIAG_NOISE, v->span,
                  "`kraus` takes up to %d matrices of 2 x 2 or 4 x 4, but this has no matrix or rows of "
                  "different sizes",
                  CHANNEL_MAX_KRAUS);
    diag_help(x, "write `kraus([[[1, 0], [0, 0.8]], [[0, 0.6], [0, 0]]])`");
    return false;
  }
  const bool complex = s.rank == 4 && s.d[3].n == 2;
  const int64_t n = s.rank > 0 ? s.d[0].n : 0, d = s.rank > 2 ? s.d[1].n : 0;
  if (!(s.rank == 3 || complex) || s.d[2].n != d || (d != 2 && d != 4) || n > CHANNEL_MAX_KRAUS) {
    Diag *x = say(S, DIAG_NOISE, v->span, "`kraus` takes up to %d matrices of 2 x 2 or 4 x 4, but this is %s",
                  CHANNEL_MAX_KRAUS, sema_shape_text(S, &s));
    diag_help(x, "a list of matrices is [n, d, d], with real and imaginary parts [n, d, d, 2]");
    return false;
  }
  const int count = (int)(n * d * d);
  double *given = ARENA_ARRAY(S->a, double, 2 * count), *out = ARENA_ARRAY(S->a, double, 2 * count);
  int at = 0;
  if (!flatten(S, v, given, &at)) return false;
  for (int i = 0; i < count; i++) {
    out[2 * i] = given[complex ? 2 * i : i];
    out[2 * i + 1] = complex ? given[2 * i + 1] : 0;
  }
  c->values = out;
  c->n_kraus = (int)n;
  c->n_qubits = d == 2 ? 1 : 2;
  return keeps_trace(S, c, (int)d, v->span);
}

/* The channel of matched arguments; NULL after an error. */
static const ChannelValue *channel_value(Sema *S, ChannelId id, Args *args) {
  ChannelValue *c = ARENA_NEW(S->a, ChannelValue);
  const int n = channel_n_params(id);
  bool ok = true;
  c->id = id;
  c->n_qubits = channel_info[id].n_qubits;
  if (id == CHANNEL_KRAUS) return kraus_operators(S, args->v[0], c) ? c : NULL;
  for (int k = 0; k < n; k++) {
    bool duration;
    int same;
    (void)channel_param(S->a, id, k, &duration, &same);
    c->param[k] = args->v[k];
    if (c->param[k] == NULL) c->param[k] = same >= 0 ? c->param[same] : val_real(S, 0, args->span);
    else ok = param_fits(S, id, k, duration, &c->param[k]) && ok;
  }
  return ok && strengths_fit(S, c, args->span) ? c : NULL;
}

const Value *fn_channel(Sema *S, Args *args, const Builtin *self) {
  const ChannelValue *c = channel_value(S, (ChannelId)self->op, args);
  if (c == NULL) return S->error;
  Value *v = val_new(S, VAL_CHANNEL, args->span);
  v->u.channel = c;
  return v;
}

const ChannelValue *channel_of_line(Sema *S, ChannelId id, const AstNode *list, Span span) {
  Args args = {.span = span, .name_span = span, .name = channel_info[id].name};
  args_eval(S, list, &args);
  if (args.broken || !args_match(S, &args, channel_info[id].params)) return NULL;
  return channel_value(S, id, &args);
}

/* ---- application --------------------------------------------------------------------------------- */

bool channel_push(Sema *S, GateUses *to, const ChannelValue *c, int i, int m, const int *qubits, Span span) {
  GateUse u = {.gate = GATE_ID, .channel = c->id, .n_targets = c->n_qubits, .span = span};
  for (int q = 0; q < c->n_qubits; q++) u.qubit[q] = (uint8_t)qubits[q];
  if (c->n_qubits == 2 && qubits[0] == qubits[1]) {
    Diag *d = say(S, DIAG_QUBIT, span, "qubit %d stands twice in one channel", qubits[0]);
    diag_note(d, "a channel on two qubits needs different ones");
    return false;
  }
  for (int k = 0; k < GATE_MAX_ANGLES; k++) u.angle[k].source = -1;
  for (int k = 0; k < channel_n_params(c->id); k++) {
    const Value *v = c->param[k];
    if (val_is_number(v)) {
      u.angle[k].shift = v->u.num;
      continue;
    }
    const Tensor *t = want_tensor(S, v, "the strength of a channel");
    if (t == NULL) return false;
    const Shape s = tensor_sample(t);
    const int64_t have = shape_capacity(&s);
    if (s.rank > 1 || (have != 1 && have != m)) {
      Diag *d = say(S, DIAG_GATE, v->span, "`%s` on %d qubit%s needs 1 strength or %d, but this is %s",
                    channel_info[c->id].name, m, m == 1 ? "" : "s", m, sema_shape_text(S, &s));
      label_origin(S, d, s.rank > 0 ? s.d[0] : dim_static(1));
      return false;
    }
    circuit_angle(S, t, have > 1 ? i : 0, &u.angle[k]);
  }
  u.values = c->values;
  u.n_kraus = c->n_kraus;
  vec_push(S->a, to, u);
  return true;
}

/* ---- noisy ---------------------------------------------------------------------------------------- */

/* A channel or a list of them. */
static bool channel_list(Sema *S, const Value *v, const char *what, ChannelList *out) {
  if (v == NULL) return true;
  const bool several = v->kind == VAL_LIST || v->kind == VAL_TUPLE;
  const int n = several ? v->u.list.n : 1;
  const ChannelValue **at = ARENA_ARRAY(S->a, const ChannelValue *, n + 1);
  const bool reading = strcmp(what, "readout") == 0;
  for (int i = 0; i < n; i++) {
    const Value *c = several ? v->u.list.at[i] : v;
    if (c->kind != VAL_CHANNEL) {
      Diag *d = wrong_kind(S, c, arena_printf(S->a, "`%s` of `noisy`", what),
                           reading ? "a channel like `readout(1%)`" : "a channel like `depolarize(1%)`");
      if (d != NULL && val_is_number(c) && c->u.num <= 1)
        diag_help(d, "write `%s(%s)`", reading ? "readout" : "depolarize", src_of_span(S, c->span));
      return false;
    }
    if ((c->u.channel->id == CHANNEL_READOUT) != reading) {
      Diag *d = say(S, DIAG_NOISE, c->span, "`%s` cannot be `%s` of `noisy`",
                    channel_info[c->u.channel->id].name, what);
      diag_help(d, reading ? "`readout = readout(2%%)` is the misreading of measured qubits"
                           : "the misreading of measured qubits is `readout = readout(2%%)`");
      return false;
    }
    if (strcmp(what, "gate1") == 0 && c->u.channel->n_qubits != 1) {
      say(S, DIAG_NOISE, c->span, "`%s` acts on two qubits, and `gate1` is the noise behind gates on one",
          channel_info[c->u.channel->id].name);
      return false;
    }
    at[i] = c->u.channel;
  }
  *out = (ChannelList){n, at};
  return true;
}

/* Those of the inner view stand next to the gate. */
static ChannelList channels_joined(Sema *S, ChannelList inner, ChannelList outer) {
  const ChannelValue **at = ARENA_ARRAY(S->a, const ChannelValue *, inner.n + outer.n + 1);
  for (int i = 0; i < inner.n; i++) at[i] = inner.at[i];
  for (int i = 0; i < outer.n; i++) at[inner.n + i] = outer.at[i];
  return (ChannelList){inner.n + outer.n, at};
}

const NoiseModel *noise_joined(Sema *S, const NoiseModel *inner, const NoiseModel *outer) {
  if (inner == NULL || outer == NULL) return inner != NULL ? inner : outer;
  NoiseModel *m = ARENA_NEW(S->a, NoiseModel);
  m->gate1 = channels_joined(S, inner->gate1, outer->gate1);
  m->gate2 = channels_joined(S, inner->gate2, outer->gate2);
  m->readout = channels_joined(S, inner->readout, outer->readout);
  m->shots = inner->shots > 0 ? inner->shots : outer->shots;
  m->span = outer->span;
  return m;
}

/* A view of a view has one number of shots. */
static bool shots_once(Sema *S, const NoiseModel *inner, const NoiseModel *outer, Span span) {
  if (inner == NULL || inner->shots == 0 || outer->shots == 0) return true;
  Diag *d =
      say(S, DIAG_NOISE, span, "`shots` for a view that has them: %s", num_text(S, (double)inner->shots));
  diag_label(d, inner->span, "this view");
  diag_help(d, "leave one of them out, or look at what this view looks at");
  return false;
}

const Value *fn_noisy(Sema *S, Args *args, const Builtin *self) {
  const Value *v = args->v[0];
  (void)self;
  if (v->kind != VAL_OBJECT || v->u.object->is_block) {
    wrong_kind(S, v, "what `noisy` looks at", "a circuit with `return` or a model");
    return S->error;
  }
  NoiseModel *m = ARENA_NEW(S->a, NoiseModel);
  m->span = args->span;
  if (args->v[4] != NULL && !shots_of(S, args->v[4], &m->shots)) return S->error;
  if (!channel_list(S, args->v[1], "gate1", &m->gate1) || !channel_list(S, args->v[2], "gate2", &m->gate2) ||
      !channel_list(S, args->v[3], "readout", &m->readout))
    return S->error;
  if (m->gate1.n + m->gate2.n + m->readout.n == 0 && m->shots == 0) {
    Diag *d = say(S, DIAG_ARGUMENTS, args->span, "`noisy` needs some noise");
    diag_help(d, "write `noisy(%s, gate1 = depolarize(0.1%%), gate2 = depolarize(1%%))`", v->u.object->name);
    return S->error;
  }
  if (args->v[4] != NULL && !shots_once(S, v->u.object->noise, m, args->v[4]->span)) return S->error;
  ObjectInfo *view = ARENA_NEW(S->a, ObjectInfo);
  ObjectInfo *root = object_root(v->u.object);
  *view = *root;
  view->view_of = root;
  view->noise = noise_joined(S, v->u.object->noise, m);
  Value *out = val_new(S, VAL_OBJECT, args->span);
  out->u.object = view;
  return out;
}

ObjectInfo *object_root(ObjectInfo *o) { return o->view_of != NULL ? o->view_of : o; }

/* The channels behind one gate. */
static bool noise_behind(Sema *S, const NoiseModel *m, const GateUse *u, GateUses *out) {
  const int n = u->n_controls + u->n_targets - u->n_kept;
  const ChannelList *list = n == 1 ? &m->gate1 : &m->gate2;
  for (int i = 0; i < list->n && n > 0; i++) {
    const ChannelValue *c = list->at[i];
    int qubits[GATE_MAX_QUBITS];
    for (int q = 0; q < n; q++) qubits[q] = u->qubit[u->n_kept + q];
    if (c->n_qubits == 2 && n != 2) {
      Diag *d = say(S, DIAG_NOISE, m->span, "`%s` acts on two qubits, but a gate of `%s` on %d",
                    channel_info[c->id].name, S->circuit->object->name, n);
      diag_label(d, u->span, "this gate");
      return false;
    }
    for (int q = 0; q < n; q += c->n_qubits)
      if (!channel_push(S, out, c, 0, 1, qubits + q, u->span)) return false;
  }
  return true;
}

/* E0333 for what stands behind a misreading of its qubit. */
static bool readings_last(Sema *S, const GateUses *gates) {
  Span read[CIRCUIT_MAX_QUBITS] = {{0}};
  uint64_t mask = 0;
  for (int i = 0; i < gates->n; i++) {
    const GateUse *u = &gates->at[i];
    for (int q = 0; q < u->n_controls + u->n_targets; q++) {
      const int at = u->qubit[q];
      if (u->channel == CHANNEL_READOUT) {
        mask |= 1ull << at;
        read[at] = u->span;
      } else if (mask >> at & 1) {
        Diag *d = say(S, DIAG_NOISE, u->span, "behind `readout` of a qubit only its measurement can stand");
        diag_label(d, read[at], "read here");
        diag_help(d, "`readout` is the misreading of a measurement; a flip of the qubit is `bitflip`");
        return false;
      }
    }
  }
  return true;
}

static bool qubit_is_measured(const CircuitProgram *p, int q) {
  for (int i = 0; i < p->probs_qubits.n; i++)
    if (p->probs_qubits.at[i] == q) return true;
  for (int o = 0; o < p->observables.n; o++)
    for (int i = 0; i < p->observables.at[o].terms.n; i++)
      if ((p->observables.at[o].terms.at[i].x | p->observables.at[o].terms.at[i].z) >> q & 1) return true;
  return false;
}

/* The turns of measured bases stand behind the gates and before misreadings, behind which there is nothing
 * else. */
static void bases_before_readings(Sema *S, const CircuitProgram *p, GateUses *gates) {
  GateUses sorted = {0};
  for (int reading = 0; reading < 2; reading++) {
    for (int i = 0; i < gates->n; i++)
      if ((gates->at[i].channel == CHANNEL_READOUT) == (reading == 1)) vec_push(S->a, &sorted, gates->at[i]);
    for (int i = 0; reading == 0 && i < p->turns.n; i++) vec_push(S->a, &sorted, p->turns.at[i]);
  }
  *gates = sorted;
}

/* Two calls draw independently: their site is named after the place of the call. */
static int path_site(Sema *S, Span span) {
  Path *path = S->path;
  if (S->caller != NULL) S->path = S->caller;
  const int site = site_new(S, arena_printf(S->a, "%s.trajectories", S->circuit->object->name), span);
  S->path = path;
  return site;
}

bool noise_add(Sema *S, CircuitProgram *p, const GateUses *gates, Span span) {
  const NoiseModel *m = S->noise;
  GateUses out = {0};
  for (int i = 0; i < gates->n; i++) {
    const GateUse *u = &gates->at[i];
    vec_push(S->a, &out, *u);
    if (m == NULL || u->channel != CHANNEL_NONE || gate_info[u->gate].cls == GATE_OTHER ||
        (u->gate == GATE_GPHASE && u->n_controls == 0))
      continue;
    if (!noise_behind(S, m, u, &out)) return false;
  }
  if (!readings_last(S, &out)) return false;
  bases_before_readings(S, p, &out);
  for (int q = 0; m != NULL && q < p->n_qubits; q++)
    for (int i = 0; i < m->readout.n && qubit_is_measured(p, q); i++)
      if (!channel_push(S, &out, m->readout.at[i], 0, 1, &q, span)) return false;
  for (int i = 0; i < out.n; i++) {
    const GateUse *u = &out.at[i];
    vec_push(S->a, &p->gates, *u);
    p->mixed = p->mixed || u->channel != CHANNEL_NONE;
    p->jumps = p->jumps || (u->channel != CHANNEL_NONE && channel_info[u->channel].kind == CHANNEL_GENERAL);
    const bool words = channel_info[u->channel].kind == CHANNEL_WORDS;
    for (int k = 0; k < GATE_MAX_ANGLES && u->channel != CHANNEL_NONE; k++) {
      if (u->angle[k].source < 0 || u->angle[k].scale == 0) continue;
      p->open_noise = true;
      p->open_jumps = p->open_jumps || !words;
    }
  }
  if (p->mixed && S->by_paths) {
    p->trajectories = S->trajectories > 0 ? S->trajectories : 1000;
    p->path_site = path_site(S, span);
    return true;
  }
  if (p->mixed && p->n_qubits > DENSITY_MAX_QUBITS) {
    Diag *d = say(S, DIAG_TOO_LARGE, span,
                  "a circuit with noise on %d qubits: its density matrix is possible up to %d", p->n_qubits,
                  DENSITY_MAX_QUBITS);
    diag_help(d, "write `noise_method = \"trajectories\"` at the head of the script");
    return false;
  }
  return true;
}
