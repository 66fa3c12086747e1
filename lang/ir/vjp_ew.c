/* Derivative rules of elementwise operations. A rule gets the cotangent g of its result y and
 * builds that of each input, in the input's shape (g_sum_to undoes stretching).
 *
 * Of the arguments of one call at most one makes a node that is no number: C leaves their order
 * open, and the order of nodes must not depend on the compiler.
 *
 * Where a derivative has a branch that is not taken, its argument is replaced before the division
 * or logarithm, not after: 0 * inf in the branch would spoil the second order. */
#include <math.h>
#include "lang/ir/vjp.h"

typedef struct Rule {
  Graph *g;
  const Node *n;
  NodeId y, gout;
  NodeId a, b; /* inputs 0 and 1 */
} Rule;

static Rule rule(Graph *g, NodeId self, const NodeId *gout) {
  const Node *n = g_node(g, self);
  return (Rule){g, n, self, gout[0], n->in[0], n->n_in > 1 ? n->in[1] : NODE_NONE};
}

static NodeId un(const Rule *r, OpId op, NodeId a) { return g_unary(r->g, op, a, r->n->span); }
static NodeId bin(const Rule *r, OpId op, NodeId a, NodeId b) { return g_binary(r->g, op, a, b, r->n->span); }
static NodeId num(const Rule *r, double v) { return g_scalar(r->g, v, r->n->span); }
static NodeId sel(const Rule *r, NodeId cond, NodeId yes, NodeId no) {
  return g_make(r->g, OP_SELECT, 3, (NodeId[]){cond, yes, no}, NULL, NULL, r->n->span, NULL);
}
static NodeId to(const Rule *r, NodeId v, NodeId like) {
  return g_sum_to(r->g, v, g_shape(r->g, like), r->n->span);
}

/* One input: `value` is the input's cotangent, in terms of r. */
#define VJP_UNARY(lower, value)                                                                              \
  const char *vjp_##lower(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {        \
    Rule rule_ = rule(g, self, gout), *r = &rule_;                                                           \
    (void)need;                                                                                              \
    gin[0] = value;                                                                                          \
    return NULL;                                                                                             \
  }

/* Two inputs that may be stretched. */
#define VJP_BINARY(lower, da, db)                                                                            \
  const char *vjp_##lower(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {        \
    Rule rule_ = rule(g, self, gout), *r = &rule_;                                                           \
    if (need[0]) gin[0] = to(r, da, r->a);                                                                   \
    if (need[1]) gin[1] = to(r, db, r->b);                                                                   \
    return NULL;                                                                                             \
  }

#define A r->a
#define B r->b
#define Y r->y
#define G r->gout

/* 1 / a, and 0 where a is below the normal numbers of single precision, for there it overflows. */
static NodeId safe_log_vjp(const Rule *r) {
  NodeId inside = bin(r, OP_LT, num(r, log(0x1p-126)), Y);
  return sel(r, inside, bin(r, OP_DIV, G, sel(r, inside, A, num(r, 1))), num(r, 0));
}

static NodeId leaky_vjp(const Rule *r, NodeId cotangent, NodeId result) {
  return g_make(r->g, OP_LEAKY_RELU_GRAD, 2, (NodeId[]){cotangent, result}, &r->n->attr, NULL, r->n->span,
                NULL);
}

/* d a^b / da = b a^(b-1), and 0 at a = b = 0, where it is 0 * inf. With a constant exponent (never 0
 * here) POW finds the cheap forms by itself. */
static NodeId pow_vjp_base(const Rule *r) {
  NodeId base = A;
  double c;
  if (!g_is_const(r->g, B, &c)) {
    NodeId zero_base = bin(r, OP_EQ, A, num(r, 0)), zero_exponent = bin(r, OP_EQ, B, num(r, 0));
    NodeId both = bin(r, OP_AND, zero_base, zero_exponent);
    base = sel(r, both, num(r, 1), A);
  }
  NodeId lower = bin(r, OP_POW, base, bin(r, OP_SUB, B, num(r, 1)));
  return bin(r, OP_MUL, G, bin(r, OP_MUL, lower, B));
}

/* d a^b / db = a^b log a, and 0 at a = 0. */
static NodeId pow_vjp_exponent(const Rule *r) {
  NodeId zero = bin(r, OP_EQ, A, num(r, 0));
  return bin(r, OP_MUL, G, bin(r, OP_MUL, Y, un(r, OP_LOG, sel(r, zero, num(r, 1), A))));
}

/* d atan2(a, b) = (b da - a db) / (a^2 + b^2). */
static NodeId atan2_vjp(const Rule *r, NodeId other) {
  NodeId a2 = un(r, OP_SQUARE, A), b2 = un(r, OP_SQUARE, B), size = bin(r, OP_ADD, a2, b2);
  NodeId safe = sel(r, bin(r, OP_EQ, size, num(r, 0)), num(r, 1), size);
  return bin(r, OP_MUL, G, bin(r, OP_DIV, other, safe));
}

VJP_UNARY(neg, un(r, OP_NEG, G))
VJP_UNARY(recip, un(r, OP_NEG, bin(r, OP_MUL, G, un(r, OP_SQUARE, Y))))
VJP_UNARY(square, bin(r, OP_MUL, bin(r, OP_MUL, G, A), num(r, 2)))
VJP_UNARY(sqrt, bin(r, OP_DIV, bin(r, OP_MUL, G, num(r, 0.5)), Y))
VJP_UNARY(exp, bin(r, OP_MUL, G, Y))
VJP_UNARY(log, bin(r, OP_DIV, G, A))
VJP_UNARY(safe_log, safe_log_vjp(r))
VJP_UNARY(abs, bin(r, OP_MUL, G, un(r, OP_SIGN, A)))
VJP_UNARY(expm1, bin(r, OP_ADD, bin(r, OP_MUL, G, Y), G))
VJP_UNARY(erf, bin(r, OP_MUL, G,
                   bin(r, OP_MUL, un(r, OP_EXP, un(r, OP_NEG, un(r, OP_SQUARE, A))),
                       num(r, 1.12837916709551257390))))
VJP_UNARY(sin, bin(r, OP_MUL, G, un(r, OP_COS, A)))
VJP_UNARY(cos, un(r, OP_NEG, bin(r, OP_MUL, G, un(r, OP_SIN, A))))
VJP_UNARY(tanh, bin(r, OP_MUL, G, bin(r, OP_SUB, num(r, 1), un(r, OP_SQUARE, Y))))
VJP_UNARY(sigmoid, bin(r, OP_MUL, G, bin(r, OP_SUB, Y, un(r, OP_SQUARE, Y))))
VJP_UNARY(softplus, bin(r, OP_MUL, G, un(r, OP_SIGMOID, A)))
VJP_UNARY(leaky_relu, leaky_vjp(r, G, Y))

VJP_BINARY(add, G, G)
VJP_BINARY(sub, G, un(r, OP_NEG, G))
VJP_BINARY(mul, bin(r, OP_MUL, G, B), bin(r, OP_MUL, G, A))
VJP_BINARY(div, bin(r, OP_DIV, G, B), un(r, OP_NEG, bin(r, OP_MUL, G, bin(r, OP_DIV, Y, B))))
VJP_BINARY(pow, pow_vjp_base(r), pow_vjp_exponent(r))
VJP_BINARY(maximum, sel(r, bin(r, OP_LE, B, A), G, num(r, 0)), sel(r, bin(r, OP_LE, B, A), num(r, 0), G))
VJP_BINARY(minimum, sel(r, bin(r, OP_LE, A, B), G, num(r, 0)), sel(r, bin(r, OP_LE, A, B), num(r, 0), G))
VJP_BINARY(atan2, atan2_vjp(r, B), un(r, OP_NEG, atan2_vjp(r, A)))
VJP_BINARY(mod, G, un(r, OP_NEG, bin(r, OP_MUL, G, un(r, OP_FLOOR, bin(r, OP_DIV, A, B)))))

/* Piecewise linear in the first input, constant in the second: no second derivative. */
const char *vjp_leaky_relu_grad(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  Rule r = rule(g, self, gout);
  if (need[0]) gin[0] = to(&r, leaky_vjp(&r, r.gout, r.b), r.a);
  return NULL;
}

/* Linear in the first input. */
const char *vjp_drop(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  Rule r = rule(g, self, gout);
  NodeId dropped = g_make(g, OP_DROP, 2, (NodeId[]){r.gout, r.b}, &r.n->attr, NULL, r.n->span, NULL);
  if (need[0]) gin[0] = to(&r, dropped, r.a);
  return NULL;
}

const char *vjp_select(Graph *g, NodeId self, const NodeId *gout, const bool *need, NodeId *gin) {
  Rule r = rule(g, self, gout);
  NodeId zero = num(&r, 0), c = r.n->in[2];
  if (need[1]) gin[1] = to(&r, sel(&r, r.a, r.gout, zero), r.b);
  if (need[2]) gin[2] = to(&r, sel(&r, r.a, zero, r.gout), c);
  return NULL;
}
