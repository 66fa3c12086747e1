/* Distributions, optimizers and schedules: values that describe, and compute nothing. */
#include "lang/sema/builtins.h"
#include <math.h>
#include <string.h>

/* Probabilities that are all known: none below 0, 1 together. */
static bool probabilities_fit(Sema *S, const Value *v) {
  double sum = 0;
  for (int i = 0; i < v->u.list.n; i++) {
    const Value *p = v->u.list.at[i];
    if (!val_is_number(p)) return true;
    if (p->u.num < 0) {
      say(S, DIAG_TYPE, p->span, "a probability is in 0..1, but this is %s", num_text(S, p->u.num));
      return false;
    }
    sum += p->u.num;
  }
  if (fabs(sum - 1) < 1e-6) return true;
  Diag *d = say(S, DIAG_TYPE, v->span, "the probabilities of `categorical` add up to %s, not to 1",
                num_text(S, sum));
  diag_help(d, "divide them by their sum");
  return false;
}

static const Value *dist_value(Sema *S, DistKind kind, const Value *a, const Value *b, Span span) {
  Value *v = val_new(S, VAL_DIST, span);
  v->u.dist = (DistValue){kind, a, b};
  return v;
}

static const Value *labels_dist(Sema *S, const Args *args, DistKind kind) {
  const Value *a = args->v[0];
  double rate;
  if (kind == DIST_POISSON) {
    if (!want_real(S, a, "the rate of `poisson`", &rate)) return S->error;
    if (!(rate >= 0 && rate <= 1000)) {
      say(S, DIAG_TYPE, a->span, "the rate of `poisson` is in 0..=1000, but this is %s", num_text(S, rate));
      return S->error;
    }
    return dist_value(S, kind, a, NULL, args->span);
  }
  Shape s;
  ElemKind elem;
  if (!val_can_be_tensor(a) || !val_shape(S, a, &s, &elem) || s.rank == 0) {
    Diag *d = wrong_kind(S, a, "the argument of `categorical`", "a list or tensor of probabilities");
    if (d != NULL && val_is_number(a)) diag_help(d, "one for each class: `categorical([0.5, 0.5])`");
    return S->error;
  }
  if (a->kind == VAL_LIST && !probabilities_fit(S, a)) return S->error;
  return dist_value(S, kind, a, NULL, args->span);
}

/* A number known now against what the distribution takes as its parameter number k. */
static bool number_fits(Sema *S, const Value *v, DistKind kind, int k) {
  const double x = v->u.num;
  if (kind == DIST_NORMAL && k == 1 && x < 0) {
    say(S, DIAG_TYPE, v->span, "the standard deviation of `normal` is at least 0, but this is %s",
        num_text(S, x));
    return false;
  }
  if (kind == DIST_LOG_UNIFORM && k == 0 && !(x > 0)) {
    Diag *d = say(S, DIAG_TYPE, v->span, "the lower end of `log_uniform` is above 0, but this is %s",
                  num_text(S, x));
    diag_help(d, "like `log_uniform(1e-4, 1e-1)`");
    return false;
  }
  if (kind == DIST_BERNOULLI && (x < 0 || x > 1)) {
    Diag *d = say(S, DIAG_TYPE, v->span, "a probability is in 0..1, but this is %s", num_text(S, x));
    if (x > 1 && x <= 100) diag_help(d, "write `%s%%`", num_text(S, x));
    return false;
  }
  return true;
}

static bool parameter_fits(Sema *S, const Value *v, const Builtin *self, int k) {
  if (val_is_number(v)) return number_fits(S, v, (DistKind)self->op, k);
  if (v->kind == VAL_LIST) {
    bool ok = true;
    for (int i = 0; ok && i < v->u.list.n; i++) ok = parameter_fits(S, v->u.list.at[i], self, k);
    return ok;
  }
  if (val_can_be_tensor(v)) return true;
  wrong_kind(S, v, arena_printf(S->a, "a parameter of `%s`", self->name), "a number or a tensor");
  return false;
}

const Value *fn_dist(Sema *S, Args *args, const Builtin *self) {
  const Value *a = args->v[0], *b = args->v[1];
  if (self->op == DIST_CATEGORICAL || self->op == DIST_POISSON)
    return labels_dist(S, args, (DistKind)self->op);
  if (!parameter_fits(S, a, self, 0) || (b != NULL && !parameter_fits(S, b, self, 1))) return S->error;
  const DistKind kind = (DistKind)self->op;
  const bool ends = kind == DIST_UNIFORM || kind == DIST_LOG_UNIFORM;
  if (ends && val_is_number(a) && val_is_number(b) && a->u.num > b->u.num) {
    Diag *d = say(S, DIAG_TYPE, args->span, "`%s(%s, %s)` has its lower end above its upper end", self->name,
                  num_text(S, a->u.num), num_text(S, b->u.num));
    diag_help(d, "write `%s(%s, %s)`", self->name, num_text(S, b->u.num), num_text(S, a->u.num));
    return S->error;
  }
  return dist_value(S, kind, a, b, args->span);
}

/* ---- schedules ---------------------------------------------------------------------------------- */

bool schedule_of(Sema *S, const Value *v, const char *what, Schedule *out) {
  *out = (Schedule){.kind = SCHED_CONST, .slot = -1};
  if (v->kind == VAL_SCHEDULE) {
    *out = *v->u.schedule;
    return true;
  }
  if (v->kind == VAL_TENSOR) return slot_of_number(S, v, what, &out->slot);
  return want_real(S, v, what, &out->base);
}

static const Value *schedule_value(Sema *S, Schedule s, Span span) {
  Value *v = val_new(S, VAL_SCHEDULE, span);
  v->u.schedule = ARENA_NEW(S->a, Schedule);
  *v->u.schedule = s;
  return v;
}

const Value *fn_schedule(Sema *S, Args *args, const Builtin *self) {
  Schedule s = {.kind = (ScheduleKind)self->op, .slot = -1};
  const char *what = arena_printf(S->a, "the value of `%s`", self->name);
  if (!want_real(S, args->v[0], what, &s.base)) return S->error;
  if (s.kind == SCHED_COSINE && args->v[1] != NULL && !want_real(S, args->v[1], "`to` of `cosine`", &s.a))
    return S->error;
  if (s.kind == SCHED_EXPONENTIAL && !want_real(S, args->v[1], "`by` of `exponential`", &s.a))
    return S->error;
  if (s.kind == SCHED_STEPS) {
    s.a = 0.1;
    if (!want_int(S, args->v[1], "`each` of `steps`", &s.each)) return S->error;
    if (s.each < 1) {
      say(S, DIAG_TYPE, args->v[1]->span, "`each` of `steps` is at least 1 epoch, but this is %lld",
          (long long)s.each);
      return S->error;
    }
    if (args->v[2] != NULL && !want_real(S, args->v[2], "`by` of `steps`", &s.a)) return S->error;
  }
  return schedule_value(S, s, args->span);
}

static bool plateau_count(Sema *S, const Value *v, const char *name, int64_t *out) {
  if (v == NULL) return true;
  if (!want_int(S, v, arena_printf(S->a, "`%s` of `plateau`", name), out)) return false;
  if (*out >= 0) return true;
  say(S, DIAG_TYPE, v->span, "`%s` of `plateau` is at least 0 epochs, but this is %lld", name,
      (long long)*out);
  return false;
}

static bool plateau_number(Sema *S, const Value *v, const char *name, double low, double high, double *out) {
  if (v == NULL) return true;
  if (!want_real(S, v, arena_printf(S->a, "`%s` of `plateau`", name), out)) return false;
  if (*out >= low && *out < high) return true;
  say(S, DIAG_TYPE, v->span, "`%s` of `plateau` is at least %s and below %s, but this is %s", name,
      num_text(S, low), num_text(S, high), num_text(S, *out));
  return false;
}

const Value *fn_plateau(Sema *S, Args *args, const Builtin *self) {
  Schedule s = {.kind = SCHED_PLATEAU, .slot = -1, .a = 0.1, .patience = 10, .threshold = 1e-4, .series = -1};
  (void)self;
  bool ok = want_real(S, args->v[0], "the value of `plateau`", &s.base);
  ok = plateau_number(S, args->v[1], "by", 0, 1, &s.a) && ok;
  ok = plateau_count(S, args->v[2], "patience", &s.patience) && ok;
  ok = plateau_number(S, args->v[3], "threshold", 0, 1, &s.threshold) && ok;
  ok = plateau_count(S, args->v[4], "cooldown", &s.cooldown) && ok;
  ok = plateau_number(S, args->v[5], "least", 0, 1e300, &s.least) && ok;
  return ok ? schedule_value(S, s, args->span) : S->error;
}

const Value *fn_warmup(Sema *S, Args *args, const Builtin *self) {
  Schedule s;
  (void)self;
  if (!schedule_of(S, args->v[0], "what `warmup` wraps", &s)) return S->error;
  if (!want_int(S, args->v[1], "the epochs of `warmup`", &s.warmup)) return S->error;
  if (s.warmup < 0) {
    say(S, DIAG_TYPE, args->v[1]->span, "`warmup` takes at least 0 epochs, but this is %lld",
        (long long)s.warmup);
    return S->error;
  }
  return schedule_value(S, s, args->span);
}

/* ---- gradient methods --------------------------------------------------------------------------- */

bool gradient_of(Sema *S, const Value *v, int *out) {
  const char *text = want_text(S, v, "`gradient`"), *known[METHOD_COUNT], *list = "";
  if (text == NULL) return false;
  const CircuitMethod m = circuit_method_find(text);
  *out = (int)m + 1;
  if (m < METHOD_COUNT) return true;
  for (int i = 0; i < METHOD_COUNT; i++) {
    known[i] = circuit_method_name((CircuitMethod)i);
    list = arena_printf(S->a, "%s%s\"%s\"", list,
                        i == 0                 ? ""
                        : i + 1 < METHOD_COUNT ? ", "
                                               : " and ",
                        known[i]);
  }
  *out = 0;
  Diag *d = say(S, DIAG_ATTRIBUTE, v->span, "there is no gradient method \"%s\"", text);
  const char *near = synonym_of(text);
  if (near == NULL || circuit_method_find(near) == METHOD_COUNT)
    near = diag_nearest(text, known, METHOD_COUNT);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  else diag_help(d, "methods are %s", list);
  return false;
}

/* ---- optimizers ----------------------------------------------------------------------------------- */

static int hyper_index(const OptimInfo *info, const char *name) {
  for (int i = 0; i < OPTIM_MAX_HYPERS && info->hypers[i].name != NULL; i++)
    if (strcmp(info->hypers[i].name, name) == 0) return i;
  return -1;
}

static bool in_range(OptimRange range, double x) {
  switch (range) {
  case RANGE_ABOVE0: return x > 0 && isfinite(x);
  case RANGE_FROM0: return x >= 0 && isfinite(x);
  case RANGE_SHARE: return x >= 0 && x < 1;
  case RANGE_FLAG: return true;
  case RANGE_WHOLE: return x >= 1;
  case RANGE_COUNT: return x >= 0;
  }
  return false;
}

static bool out_of_range(Sema *S, const Value *v, const char *name, OptimRange range, double x) {
  static const char *const bounds[] = {
      [RANGE_ABOVE0] = "above 0",     [RANGE_FROM0] = "at least 0", [RANGE_SHARE] = "at least 0 and below 1",
      [RANGE_FLAG] = "true or false", [RANGE_WHOLE] = "at least 1", [RANGE_COUNT] = "at least 0"};
  if (strcmp(name, "lr") == 0)
    say(S, DIAG_TYPE, v->span, "a learning rate is %s, but this is %s", bounds[range], num_text(S, x));
  else say(S, DIAG_TYPE, v->span, "`%s` is %s, but this is %s", name, bounds[range], num_text(S, x));
  return false;
}

/* The value of one number, checked against its range in optims.def. */
static bool set_hyper(Sema *S, OptimValue *o, const char *name, const Value *v) {
  const OptimInfo *info = &optim_info[o->row];
  const int k = hyper_index(info, name);
  if (v == NULL || k < 0) return true;
  const OptimRange range = info->hypers[k].range;
  Schedule *at = &o->hypers[k];
  const char *what = arena_printf(S->a, "`%s` of `%s`", name, info->name);
  if (range == RANGE_FLAG) {
    bool yes = false;
    if (!want_bool(S, v, what, &yes)) return false;
    at->base = yes ? 1 : 0;
    return true;
  }
  if (range == RANGE_WHOLE || range == RANGE_COUNT) {
    int64_t n = 0;
    if (!want_int(S, v, what, &n)) return false;
    at->base = (double)n;
  } else if (!schedule_of(S, v, what, at)) return false;
  if (at->slot >= 0) return true;
  if (!in_range(range, at->base)) return out_of_range(S, v, name, range, at->base);
  if (at->kind == SCHED_COSINE && !in_range(RANGE_FROM0, at->a))
    return out_of_range(S, v, name, RANGE_FROM0, at->a);
  return true;
}

static bool set_betas(Sema *S, OptimValue *o, const Value *v) {
  if (v == NULL) return true;
  if ((v->kind != VAL_TUPLE && v->kind != VAL_LIST) || v->u.list.n != 2) {
    Diag *d = wrong_kind(S, v, "`betas`", "a pair of numbers");
    if (d != NULL) diag_help(d, "write `betas = (0.9, 0.999)`");
    return false;
  }
  return set_hyper(S, o, "beta1", v->u.list.at[0]) && set_hyper(S, o, "beta2", v->u.list.at[1]);
}

static void default_hypers(OptimValue *o) {
  const OptimInfo *info = &optim_info[o->row];
  for (o->n = 0; o->n < OPTIM_MAX_HYPERS && info->hypers[o->n].name != NULL; o->n++)
    o->hypers[o->n] = (Schedule){.kind = SCHED_CONST, .base = info->hypers[o->n].value, .slot = -1};
}

/* The value that the call gives for a parameter of the signature; NULL: not given. */
static const Value *given_as(const Args *args, const char *signature, const char *name) {
  const size_t len = strlen(name);
  int k = 0;
  for (const char *s = signature; *s != '\0'; k++) {
    if (strncmp(s, name, len) == 0 && (s[len] == '=' || s[len] == ' ' || s[len] == '\0')) return args->v[k];
    while (*s != ' ' && *s != '\0') s++;
    while (*s == ' ') s++;
  }
  return NULL;
}

/* Every argument of the signature is a number of the row in optims.def, but for `betas`, a pair, and
 * `amsgrad`, which picks another row; a unit test holds the two tables together. */
const Value *fn_optim(Sema *S, Args *args, const Builtin *self) {
  if (optim_info[self->op].status == OPTIM_IS_LATER)
    return later(S, args->name_span, "the optimizer `%s`", self->name);
  OptimValue *o = ARENA_NEW(S->a, OptimValue);
  o->row = self->op;
  const Value *amsgrad = given_as(args, self->signature, "amsgrad");
  bool largest = false, ok = amsgrad == NULL || want_bool(S, amsgrad, "`amsgrad`", &largest);
  if (largest) o->row = OPTIM_AMSGRAD;
  default_hypers(o);
  if (strcmp(self->name, "momentum") == 0) o->hypers[hyper_index(&optim_info[o->row], "momentum")].base = 0.9;
  for (int k = 0; k < o->n; k++) {
    const char *name = optim_info[o->row].hypers[k].name;
    ok = set_hyper(S, o, name, given_as(args, self->signature, name)) && ok;
  }
  ok = set_betas(S, o, given_as(args, self->signature, "betas")) && ok;
  const int nesterov = hyper_index(&optim_info[o->row], "nesterov");
  if (ok && nesterov >= 0 && o->hypers[nesterov].base != 0 && o->hypers[1].base == 0) {
    Diag *d = say(S, DIAG_TYPE, given_as(args, self->signature, "nesterov")->span,
                  "`nesterov` looks ahead along the momentum, but there is none");
    diag_help(d, "write `momentum = 0.9` beside it");
    ok = false;
  }
  if (!ok) return S->error;
  Value *v = val_new(S, VAL_OPTIM, args->span);
  v->u.optim = o;
  return v;
}
