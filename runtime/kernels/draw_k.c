/* Random numbers: Philox4x32-10 and Box-Muller in vectors, as many blocks of four words at once
 * as there are lanes of 64 bits. Same bits as rng_uniform and rng_normal, rounded to Real. */
#if defined(__clang__)
#pragma STDC FP_CONTRACT OFF
#else
#pragma GCC optimize("fp-contract=off")
#endif
#include "runtime/kernels/kernel.h"
#include "runtime/kernels/philox_k.h"

DRAW_INLINE DrawVec root(DrawVec a) {
#if defined(QGN_ISA_avx512)
  return (DrawVec)_mm512_sqrt_pd((__m512d)a);
#elif defined(QGN_ISA_avx2)
  return (DrawVec)_mm256_sqrt_pd((__m256d)a);
#elif defined(__SSE2__)
  return (DrawVec)_mm_sqrt_pd((__m128d)a);
#else
  for (int i = 0; i < DRAW_LANES; i++) a[i] = __builtin_sqrt(a[i]);
  return a;
#endif
}

/* value[w]: element 4 q + w of each lane's row; only those below `wanted` are needed. */
DRAW_INLINE void values(const DrawWords word[4], bool normal, int64_t wanted, DrawVec value[4]) {
  if (!normal) {
    for (int w = 0; w < 4; w++) value[w] = draw_unit((DrawInt)word[w]);
    return;
  }
  for (int w = 0; w < 4; w += 2) {
    if (w >= wanted) return;
    DrawVec cosine, sine;
    DrawVec radius = root(draw_radius_squared(draw_unit((DrawInt)word[w])));
    draw_turn(draw_unit((DrawInt)word[w + 1]), &cosine, &sine);
    value[w] = radius * cosine;
    value[w + 1] = radius * sine;
  }
}

#define BELOW_ONE (1 - (Real)(sizeof(Real) == 4 ? 0x1p-24 : 0x1p-53))
static Real to_real(double x, bool normal) {
  Real y = (Real)x;
  return normal || y < 1 ? y : BELOW_ONE;
}

/* ---- blocks of one row side by side ---- */

#if VBYTES == 64
#define DRAW_LIST(F, x) F(0, x), F(1, x), F(2, x), F(3, x), F(4, x), F(5, x), F(6, x), F(7, x)
#elif VBYTES == 32
#define DRAW_LIST(F, x) F(0, x), F(1, x), F(2, x), F(3, x)
#else
#define DRAW_LIST(F, x) F(0, x), F(1, x)
#endif
#define DRAW_NUMBER(l, x) (l)
#define DRAW_ZIP(l, x) ((x) + (l) / 2 + (l) % 2 * DRAW_LANES)
#define ZIP_LOW(a, b) __builtin_shufflevector(a, b, DRAW_LIST(DRAW_ZIP, 0))
#define ZIP_HIGH(a, b) __builtin_shufflevector(a, b, DRAW_LIST(DRAW_ZIP, DRAW_LANES / 2))

typedef Real DrawReal __attribute__((vector_size(DRAW_LANES * sizeof(Real))));
typedef Real DrawRealAny
    __attribute__((vector_size(DRAW_LANES * sizeof(Real)), aligned(sizeof(Real)), may_alias));

DRAW_INLINE void put(Real *to, DrawVec x, bool normal) {
  DrawReal y = __builtin_convertvector(x, DrawReal);
  if (!normal) y += __builtin_convertvector(y >= 1, DrawReal) * (1 - BELOW_ONE); /* -1 where true */
  *(DrawRealAny *)to = y;
}

#if defined(QGN_ISA_avx512) && defined(QGN_SINGLE)
#define DRAW_AT_ONCE 1
/* (w + 1/2) 2^-32 rounded once to single precision, for 16 words: where the last place of the result is worth
 * 4 or more, all numbers between two even words are rounded alike, so w | 1 stands for w + 1/2; below that w
 * + 1/2 times 2^7 is a word. */
DRAW_INLINE void put_words(Real *to, DrawWords words) {
  const __m512i w = (__m512i)words;
  const __mmask16 small = _mm512_cmplt_epu32_mask(w, _mm512_set1_epi32(1 << 25));
  const __m512i moved = _mm512_or_si512(_mm512_slli_epi32(w, 7), _mm512_set1_epi32(64));
  const __m512i odd = _mm512_or_si512(w, _mm512_set1_epi32(1));
  const __m512 x = _mm512_cvtepu32_ps(_mm512_mask_blend_epi32(small, odd, moved));
  const __m512 unit = _mm512_mask_blend_ps(small, _mm512_set1_ps(0x1p-32f), _mm512_set1_ps(0x1p-39f));
  _mm512_storeu_ps(to, _mm512_min_ps(_mm512_mul_ps(x, unit), _mm512_set1_ps(BELOW_ONE)));
}

DRAW_INLINE void put_uniform(Real *to, const DrawWords word[4]) {
  const DrawWords even = word[0] | word[1] << 32, odd = word[2] | word[3] << 32;
  put_words(to, ZIP_LOW(even, odd));
  put_words(to + 2 * DRAW_LANES, ZIP_HIGH(even, odd));
}
#else
#define DRAW_AT_ONCE 0
DRAW_INLINE void put_uniform(Real *to, const DrawWords word[4]) { (void)to, (void)word; }
#endif

/* Elements 4 q .. 4 (q + DRAW_LANES) - 1 of a row, all of which are there. */
DRAW_INLINE void whole_blocks(const KCall *c, uint64_t row, uint64_t q, bool normal, Real *to) {
  DrawWords word[4] = {(DrawWords){DRAW_LIST(DRAW_NUMBER, 0)} + q, (DrawWords){0} + row,
                       (DrawWords){0} + c->clock->t, (DrawWords){0} + c->clock->repeat};
  DrawVec v[4];
  philox(c->op->key, word);
  if (DRAW_AT_ONCE && !normal) {
    put_uniform(to, word);
    return;
  }
  values(word, normal, 4, v);
  DrawVec even_low = ZIP_LOW(v[0], v[2]), even_high = ZIP_HIGH(v[0], v[2]);
  DrawVec odd_low = ZIP_LOW(v[1], v[3]), odd_high = ZIP_HIGH(v[1], v[3]);
  put(to, ZIP_LOW(even_low, odd_low), normal);
  put(to + DRAW_LANES, ZIP_HIGH(even_low, odd_low), normal);
  put(to + 2 * DRAW_LANES, ZIP_LOW(even_high, odd_high), normal);
  put(to + 3 * DRAW_LANES, ZIP_HIGH(even_high, odd_high), normal);
}

void KNAME(k_draw)(const KCall *c);
void KNAME(k_draw)(const KCall *c) {
  const KOp *op = c->op;
  bool normal = op->attr.i[0] == DRAW_NORMAL;
  int64_t rows = op->out.rank == 0 ? 1 : op->out_rows ? c->rows : op->out.d[0].n;
  int64_t width = op->out.rank == 0 ? 1 : shape_row_size(&op->out), row0 = op->out_rows ? c->row0 : 0;
  Real *out = c->out;
  int64_t row = 0, q = 0; /* the next block */
  while (row < rows && width > 0) {
    if (4 * (q + DRAW_LANES) <= width) {
      Real *to = out + row * width + 4 * q;
      if (normal) whole_blocks(c, (uint64_t)(row0 + row), (uint64_t)q, true, to);
      else whole_blocks(c, (uint64_t)(row0 + row), (uint64_t)q, false, to);
      if (4 * (q += DRAW_LANES) >= width) row++, q = 0;
      continue;
    }
    int64_t row_of[DRAW_LANES], q_of[DRAW_LANES];
    DrawWords word[4] = {{0}, {0}, {0}, {0}};
    int lanes = 0;
    for (; lanes < DRAW_LANES && row < rows; lanes++) {
      row_of[lanes] = row;
      q_of[lanes] = q;
      word[0][lanes] = (uint64_t)q;
      word[1][lanes] = (uint64_t)(row0 + row);
      if (4 * ++q >= width) row++, q = 0;
    }
    word[2] += c->clock->t;
    word[3] += c->clock->repeat;
    DrawVec value[4] = {{0}, {0}, {0}, {0}};
    philox(op->key, word);
    values(word, normal, width, value);
    for (int i = 0; i < lanes; i++) {
      Real *to = out + row_of[i] * width + 4 * q_of[i];
      int64_t count = width - 4 * q_of[i];
      for (int w = 0; w < 4 && w < count; w++) to[w] = to_real(value[w][i], normal);
    }
  }
}
