#include "lang/base/greek.h"

#include <string.h>

static const char *const greek_upper[] = {
    "Alpha", "Beta",   "Gamma",   "Delta", "Epsilon", "Zeta",    "Eta",   "Theta", "Iota",
    "Kappa", "Lambda", "Mu",      "Nu",    "Xi",      "Omicron", "Pi",    "Rho",   NULL,
    "Sigma", "Tau",    "Upsilon", "Phi",   "Chi",     "Psi",     "Omega",
};
static const char *const greek_lower[] = {
    "alpha", "beta",   "gamma",   "delta", "epsilon", "zeta",    "eta",   "theta", "iota",
    "kappa", "lambda", "mu",      "nu",    "xi",      "omicron", "pi",    "rho",   "sigma",
    "sigma", "tau",    "upsilon", "phi",   "chi",     "psi",     "omega",
};

const char *greek_name(utf8proc_int32_t c) {
  if (c >= 0x391 && c <= 0x3A9) return greek_upper[c - 0x391];
  if (c >= 0x3B1 && c <= 0x3C9) return greek_lower[c - 0x3B1];
  switch (c) {
  case 0xB5: return "mu";
  case 0x3D1: return "theta";
  case 0x3D5: return "phi";
  case 0x3D6: return "pi";
  case 0x3F0: return "kappa";
  case 0x3F1: return "rho";
  case 0x3F5: return "epsilon";
  default: return NULL;
  }
}

const char *greek_fold(Arena *a, const char *s, size_t n) {
  char *out = arena_alloc(a, n * 4 + 1); /* the longest: 2 bytes become "epsilon", 7 */
  size_t m = 0;
  for (size_t i = 0; i < n;) {
    utf8proc_int32_t c;
    utf8proc_ssize_t used = utf8proc_iterate((const utf8proc_uint8_t *)s + i, (utf8proc_ssize_t)(n - i), &c);
    if (used <= 0) break;
    const char *greek = greek_name(c);
    if (greek) {
      size_t length = strlen(greek);
      memcpy(out + m, greek, length);
      m += length;
    } else if (used == 1) {
      out[m++] = s[i];
    }
    i += (size_t)used;
  }
  out[m] = '\0';
  return out;
}
