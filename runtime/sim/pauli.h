/* Pauli words, linear algebra over bits, and the frame that takes Clifford gates out of a circuit.
 *
 * A word is i^t X^x Z^z; bit q of x and z belongs to qubit q, and a basis state |k> has qubit q in
 * bit q of k: X^x Z^z |k> = (-1)^parity(k & z) |k ^ x>. It is Hermitian if t = parity(x & z) mod 2.
 *
 * The frame. Gates that permute basis states up to phases (x, y, z, s, cx, cy, cz, swap, iswap, ...)
 * cost nothing at run time: the state is psi = F phi with F the product of those gates, only phi
 * is stored, and a later exp(-i a P / 2) acts on phi as exp(-i a P' / 2), P' = F^+ P F, again a
 * word. The frame holds F^+ X_q F and F^+ Z_q F. F maps words of Z to words of Z up to sign, so
 * controls, diagonal gates and measured probabilities stay what they are: parities of bits of k. */
#ifndef QGN_SIM_PAULI_H
#define QGN_SIM_PAULI_H
#include <stdbool.h>
#include <stdint.h>
#include "lang/ir/circuit.h"

typedef struct Pauli {
  uint32_t x, z;
  int t; /* 0..3: factor i^t */
} Pauli;

typedef struct Frame {
  Pauli x[CIRCUIT_MAX_QUBITS], z[CIRCUIT_MAX_QUBITS];
} Frame;

static inline int bit_parity(uint32_t v) { return __builtin_parity(v); }

Pauli pauli_mul(Pauli a, Pauli b);
bool pauli_commute(Pauli a, Pauli b);
/* The Hermitian word with these bits and sign +: Y where both are set. */
Pauli pauli_word(uint32_t x, uint32_t z);

void frame_identity(Frame *f, int n_qubits);
/* F^+ P F for a Hermitian P. */
Pauli frame_image(const Frame *f, int n_qubits, Pauli p);
/* F becomes C F, for C = CX; C = P (any word); C = exp(-i sign pi/4 P) with P of Z only;
 * C = P controlled by qubit c being 1 (P not on c). */
void frame_cx(Frame *f, int c, int t);
void frame_pauli(Frame *f, int n_qubits, Pauli p);
void frame_quarter(Frame *f, int n_qubits, Pauli p, int sign);
void frame_controlled(Frame *f, int n_qubits, int c, Pauli p);

/* Vectors of bits: parity(k & mask) = value. */
typedef struct Parity {
  uint32_t mask;
  int value;
} Parity;

/* Solutions k < 2^dim of n equations: *base is one, basis[0..result-1] spans the differences, in
 * ascending order of their highest free bit. -1 if there are none. n <= 32. */
int gf2_solve(int dim, int n, const Parity *eq, uint32_t *base, uint32_t basis[32]);

/* A growing set of independent vectors with coordinates. */
typedef struct Span2 {
  int n;
  uint32_t vector[32];  /* as added */
  uint32_t reduced[32]; /* echelon form, with what it is made of */
  uint32_t made_of[32];
} Span2;

/* True if v is in the span; *coords then holds its coordinates. */
bool span2_find(const Span2 *s, uint32_t v, uint32_t *coords);
/* Adds v, which must not be in the span. */
void span2_add(Span2 *s, uint32_t v);
/* The dual basis: parity(vector[i] & dual[j]) = (i == j); s->n = dim vectors of dim bits. */
void span2_dual(const Span2 *s, int dim, uint32_t dual[32]);
#endif
