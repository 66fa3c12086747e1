/* `init =` of layers: how weights start (inits.def). */
#include "lang/sema/layers.h"
#include <math.h>
#include <string.h>

typedef struct Init {
  const char *name;
  StartKind kind;
  double factor, in, out;
} Init;

static const Init inits[] = {
#define INIT(name, kind, factor, in, out, doc) {name, START_##kind, factor, in, out},
#include "lang/sema/inits.def"
#undef INIT
};
#define N_INITS ((int)(sizeof inits / sizeof *inits))

Start start_uniform(double bound) { return (Start){.kind = START_UNIFORM, .a = -bound, .b = bound}; }
Start start_value(double value) { return (Start){.kind = START_CONST, .a = value}; }
Start bias_start(const Value *init, Start fallback) { return init != NULL ? start_value(0) : fallback; }

static Start start_of_row(const Init *r, double fan_in, double fan_out) {
  const double size = sqrt(r->factor / fmax(r->in * fan_in + r->out * fan_out, 1));
  if (r->kind == START_UNIFORM) return start_uniform(size);
  if (r->kind == START_NORMAL) return (Start){.kind = START_NORMAL, .b = size};
  return (Start){.kind = r->kind, .a = r->factor};
}

static bool named_init(Sema *S, const Value *v, double fan_in, double fan_out, Start *out) {
  const char *names[N_INITS];
  for (int i = 0; i < N_INITS; i++) {
    names[i] = inits[i].name;
    if (strcmp(inits[i].name, v->u.text) != 0) continue;
    *out = start_of_row(&inits[i], fan_in, fan_out);
    return true;
  }
  Diag *d = say(S, DIAG_TYPE, v->span, "there is no start \"%s\"", v->u.text);
  const char *near = synonym_of(v->u.text);
  if (near == NULL) near = diag_nearest(v->u.text, names, N_INITS);
  if (near != NULL) diag_mark(d, "did you mean \"%s\"?", near);
  else
    diag_help(d, "starts are \"he\", \"xavier\", \"lecun\", each also with `_normal`, \"orthogonal\", "
                 "\"zeros\", \"ones\", \"torch\", a number, `uniform(a, b)` and `normal(mean, std)`");
  return false;
}

bool start_of_init(Sema *S, const Value *v, double fan_in, double fan_out, Start fallback, Start *out) {
  *out = fallback;
  if (v == NULL) return true;
  if (v->kind == VAL_TEXT) return named_init(S, v, fan_in, fan_out, out);
  if (val_is_number(v)) {
    *out = start_value(v->u.num);
    return true;
  }
  const bool known = v->kind == VAL_DIST && (v->u.dist.kind == DIST_NORMAL || v->u.dist.kind == DIST_UNIFORM);
  if (!known) {
    if (v->kind == VAL_DIST) say(S, DIAG_TYPE, v->span, "weights start from `uniform` or `normal`");
    else wrong_kind(S, v, "`init`", "a text like \"he\", a number, or a distribution");
    return false;
  }
  out->kind = v->u.dist.kind == DIST_NORMAL ? START_NORMAL : START_UNIFORM;
  out->values = NULL;
  return want_real(S, v->u.dist.a, "a number of `init`", &out->a) &&
         want_real(S, v->u.dist.b, "a number of `init`", &out->b);
}
