#include "lang/ir/channel.h"
#include <complex.h>
#include <math.h>
#include <string.h>

#define KIND_WORDS CHANNEL_WORDS
#define KIND_GENERAL CHANNEL_GENERAL
#define KIND_READOUT CHANNEL_READING
const ChannelInfo channel_info[CHANNEL_COUNT] = {
    [CHANNEL_NONE] =
        {.name = "", .aliases = "", .params = "", .transfer = "", .kraus = "", .probes = "", .doc = ""},
#define CHANNEL(ID, name, aliases, qubits, kind, params, transfer, kraus, probes, doc, source)               \
  [CHANNEL_##ID] = {name, aliases, qubits, KIND_##kind, params, transfer, kraus, probes, doc},
#include "lang/ir/channels.def"
#undef CHANNEL
};

/* ---- names ---- */

static bool in_list(const char *list, const char *word) {
  const size_t n = strlen(word);
  for (const char *s = list; *s != '\0';) {
    const size_t len = strcspn(s, " ");
    if (len == n && strncmp(s, word, n) == 0) return true;
    s += len;
    while (*s == ' ') s++;
  }
  return false;
}

ChannelId channel_find(const char *name) {
  for (int i = CHANNEL_NONE + 1; i < CHANNEL_COUNT; i++)
    if (strcmp(channel_info[i].name, name) == 0 || in_list(channel_info[i].aliases, name))
      return (ChannelId)i;
  return CHANNEL_NONE;
}

int channel_n_params(ChannelId id) {
  int n = 0;
  if (id == CHANNEL_KRAUS) return 0; /* its operators are no numbers */
  for (const char *s = channel_info[id].params; *s != '\0'; n++) {
    s += strcspn(s, " ");
    while (*s == ' ') s++;
  }
  return n;
}

/* The text of parameter k, "up=0". */
static const char *param_text(ChannelId id, int k, size_t *len) {
  const char *s = channel_info[id].params;
  for (; k > 0; k--) {
    s += strcspn(s, " ");
    while (*s == ' ') s++;
  }
  *len = strcspn(s, " ");
  return s;
}

const char *channel_param(Arena *a, ChannelId id, int k, bool *is_duration, int *same_as) {
  size_t len, of;
  const char *s = param_text(id, k, &len);
  const size_t name = strcspn(s, "= ");
  *is_duration = *s == 't';
  *same_as = -1;
  if (name < len) {
    *same_as = -2;
    for (int i = 0; i < k; i++) {
      const char *other = param_text(id, i, &of);
      if (of == len - name - 1 && strncmp(other, s + name + 1, of) == 0) *same_as = i;
    }
  }
  return arena_strn(a, s, name);
}

const char *channel_refuses(ChannelId id, const double *v) {
  const char *s = channel_info[id].params;
  double total = 0;
  if (channel_n_params(id) == 0) return NULL;
  for (int k = 0; *s != '\0'; k++) {
    total += v[k];
    if (*s == 't') {
      if (!(v[k] >= 0) || (v[k] == 0 && s[1] != 'i')) return "t1 and t2 are above 0, and time is at least 0";
    } else if (!(v[k] >= 0 && v[k] <= 1)) {
      return "a probability is in 0..1";
    }
    s += strcspn(s, " ");
    while (*s == ' ') s++;
  }
  if (id == CHANNEL_RELAX && v[1] > 2 * v[0]) return "t2 is at most 2 t1";
  if (id == CHANNEL_PAULIFLIP && total > 1) return "the three probabilities add up to at most 1";
  return NULL;
}

/* ---- formulas: sum = product {+- product}, product = factor {*\/ factor} ---- */

typedef struct Reader {
  const char *s;
  Formula *f;
} Reader;

static void emit(Reader *r, char op, double value) {
  r->f->step[r->f->n].op = op;
  r->f->step[r->f->n++].value = value;
}

static void skip_blanks(Reader *r) {
  while (*r->s == ' ') r->s++;
}

static void read_sum(Reader *r);

static void read_factor(Reader *r) {
  skip_blanks(r);
  if (*r->s == '-') {
    r->s++;
    read_factor(r);
    emit(r, 'm', 0);
  } else if (*r->s == '(') {
    r->s++;
    read_sum(r);
    r->s++;
  } else if (strncmp(r->s, "sqrt", 4) == 0 || strncmp(r->s, "exp", 3) == 0) {
    const char op = *r->s;
    r->s += op == 's' ? 4 : 3;
    read_factor(r);
    emit(r, op, 0);
  } else if (*r->s >= 'a' && *r->s <= 'd') {
    emit(r, *r->s++, 0);
  } else {
    double x = 0;
    while (*r->s >= '0' && *r->s <= '9') x = 10 * x + (*r->s++ - '0');
    emit(r, 'n', x);
  }
  skip_blanks(r);
}

static void read_product(Reader *r) {
  read_factor(r);
  while (*r->s == '*' || *r->s == '/') {
    const char op = *r->s++;
    read_factor(r);
    emit(r, op, 0);
  }
}

static void read_sum(Reader *r) {
  read_product(r);
  while (*r->s == '+' || *r->s == '-') {
    const char op = *r->s++;
    read_product(r);
    emit(r, op, 0);
  }
}

/* Reads a formula at s; returns what stands behind it. */
static const char *read_formula(const char *s, Formula *out) {
  Reader r = {s, out};
  out->n = 0;
  read_sum(&r);
  return r.s;
}

static Formula constant_formula(double x) {
  Formula f = {.n = 1};
  f.step[0].op = 'n';
  f.step[0].value = x;
  return f;
}

typedef struct Dual {
  double v, d[CHANNEL_MAX_PARAMS];
} Dual;

static Dual dual_binary(char op, Dual x, Dual y) {
  Dual r = {0};
  r.v = op == '+' ? x.v + y.v : op == '-' ? x.v - y.v : op == '*' ? x.v * y.v : x.v / y.v;
  for (int k = 0; k < CHANNEL_MAX_PARAMS; k++) {
    if (op == '+') r.d[k] = x.d[k] + y.d[k];
    else if (op == '-') r.d[k] = x.d[k] - y.d[k];
    else if (op == '*') r.d[k] = x.d[k] * y.v + x.v * y.d[k];
    else r.d[k] = (x.d[k] - r.v * y.d[k]) / y.v;
  }
  return r;
}

static Dual dual_unary(char op, Dual x) {
  Dual r = {.v = op == 'm' ? -x.v : op == 's' ? sqrt(x.v) : exp(x.v)};
  const double slope = op == 'm' ? -1 : op == 's' ? 0.5 / r.v : r.v;
  for (int k = 0; k < CHANNEL_MAX_PARAMS; k++) r.d[k] = x.d[k] == 0 ? 0 : slope * x.d[k];
  return r;
}

double formula_value(const Formula *f, int n, const double *v, double *d) {
  Dual stack[12] = {{0}};
  int top = 0;
  for (int i = 0; i < f->n; i++) {
    const char op = f->step[i].op;
    if (op == 'n') {
      stack[top++] = (Dual){.v = f->step[i].value};
    } else if (op >= 'a' && op <= 'd') {
      stack[top] = (Dual){.v = v[op - 'a']};
      stack[top++].d[op - 'a'] = 1;
    } else if (op == 'm' || op == 's' || op == 'e') {
      stack[top - 1] = dual_unary(op, stack[top - 1]);
    } else {
      top--;
      stack[top - 1] = dual_binary(op, stack[top - 1], stack[top]);
    }
  }
  for (int k = 0; d != NULL && k < n; k++) d[k] = stack[0].d[k];
  return stack[0].v;
}

/* ---- transfer ---- */

typedef double complex Cx;
#define J ((Cx)I)

static uint8_t letter_code(char c) { return c == 'X' ? 1 : c == 'Z' ? 2 : c == 'Y' ? 3 : 0; }

/* The matrix element <i| W |j> of a word. */
static Cx word_element(int word, int n_qubits, int i, int j) {
  Cx e = 1;
  for (int q = 0; q < n_qubits; q++) {
    const int letter = word >> (2 * q) & 3, a = i >> (n_qubits - 1 - q) & 1, b = j >> (n_qubits - 1 - q) & 1;
    if ((a ^ b) != (letter & 1)) return 0;
    if (letter == 2 && a) e = -e;
    if (letter == 3) e *= a ? J : -J;
  }
  return e;
}

/* Tr(R K C K^+) / 2^n, summed over the operators. */
static double kraus_entry(int n_qubits, int n, const double *kraus, int row, int col) {
  const int d = 1 << n_qubits;
  Cx sum = 0;
  for (int k = 0; k < n; k++) {
    const double *m = kraus + (ptrdiff_t)k * d * d * 2;
    for (int i = 0; i < d; i++)
      for (int j = 0; j < d; j++) {
        const Cx r = word_element(row, n_qubits, i, j);
        if (r == 0) continue;
        for (int p = 0; p < d; p++)
          for (int q = 0; q < d; q++) {
            const Cx c = word_element(col, n_qubits, p, q);
            if (c == 0) continue;
            const double *a = m + 2 * ((ptrdiff_t)j * d + p), *b = m + 2 * ((ptrdiff_t)i * d + q);
            sum += r * (a[0] + J * a[1]) * c * (b[0] - J * b[1]);
          }
      }
  }
  return creal(sum) / d;
}

static int kraus_transfer(Arena *a, int n_qubits, int n, const double *kraus, TransferEntry **out) {
  const int words = 1 << (2 * n_qubits);
  int entries = 0;
  *out = ARENA_ARRAY(a, TransferEntry, words * words);
  for (int r = 1; r < words; r++)
    for (int c = 0; c < words; c++) {
      const double v = kraus_entry(n_qubits, n, kraus, r, c);
      if (fabs(v) > 1e-15) (*out)[entries++] = (TransferEntry){(uint8_t)r, (uint8_t)c, constant_formula(v)};
    }
  return entries;
}

int channel_transfer(Arena *a, ChannelId id, int n_qubits, int n, const double *kraus, TransferEntry **out) {
  if (id == CHANNEL_KRAUS) return kraus_transfer(a, n_qubits, n, kraus, out);
  const char *s = channel_info[id].transfer;
  int entries = 0;
  *out = ARENA_ARRAY(a, TransferEntry, 16);
  while (*s != '\0') {
    TransferEntry e = {.row = letter_code(s[0]), .col = letter_code(s[1])};
    const bool all = *s == '*';
    s = read_formula(s + 3, &e.formula);
    for (int w = 1; all && w < 16; w++)
      (*out)[entries++] = (TransferEntry){(uint8_t)w, (uint8_t)w, e.formula};
    if (!all) (*out)[entries++] = e;
    while (*s == ';' || *s == ' ') s++;
  }
  return entries;
}

/* ---- operators ---- */

static const char *read_matrix(const char *s, KrausFormula *k) {
  s++;
  for (int i = 0; i < 4; i++) s = read_formula(s, &k->element[i]) + 1;
  return s;
}

static int read_words(const char **text, int n_qubits, const KrausFormula *before, int n, KrausFormula *out) {
  KrausFormula k = {0};
  int made = 0;
  const char *s = read_formula(*text, &k.probability);
  if (strncmp(s, "rest", 4) != 0) {
    for (int q = 0; q < n_qubits; q++) k.word = (uint8_t)(k.word | letter_code(s[q]) << (2 * q));
    *text = s + n_qubits;
    *out = k;
    return 1;
  }
  for (int w = 0; w < 1 << (2 * n_qubits); w++) {
    bool there = false;
    for (int i = 0; i < n; i++) there = there || before[i].word == w;
    k.word = (uint8_t)w;
    if (!there) out[made++] = k;
  }
  *text = s + 4;
  return made;
}

int channel_kraus(ChannelId id, KrausFormula out[CHANNEL_MAX_KRAUS]) {
  const ChannelInfo *info = &channel_info[id];
  const char *s = info->kraus;
  int n = 0;
  while (*s != '\0') {
    out[n] = (KrausFormula){0};
    if (*s == '[') {
      s = read_matrix(s, &out[n++]);
    } else {
      n += read_words(&s, info->n_qubits, out, n, out + n);
    }
    while (*s == '|' || *s == ' ') s++;
  }
  return n;
}

/* ---- probes ---- */

int channel_probes(ChannelId id, double out[CHANNEL_MAX_PROBES][CHANNEL_MAX_PARAMS]) {
  const char *s = channel_info[id].probes;
  int n = 0;
  while (*s != '\0') {
    Formula number;
    for (int k = 0; k < channel_n_params(id); k++) {
      s = read_formula(s, &number);
      out[n][k] = formula_value(&number, 0, NULL, NULL);
    }
    n++;
    while (*s == ';' || *s == ' ') s++;
  }
  return n;
}
