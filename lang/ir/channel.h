/* What channels.def says, as C: noise channels by name, and their formulas as values with exact
 * derivatives.
 *
 * A channel acts on rho; the simulator sees it as a real matrix over words of I, X, Y, Z (its
 * *transfer*): entry (R, C) says how much of Tr(C rho) comes to Tr(R rho'). A word is a code with two
 * bits for each letter, 0 I, 1 X, 2 Z, 3 Y; the first letter is the lowest one. */
#ifndef QGN_CHANNEL_H
#define QGN_CHANNEL_H
#include <stdbool.h>
#include <stdint.h>
#include "lang/base/arena.h"
#include "lang/base/intern.h"

#define CHANNEL_MAX_PARAMS 4
#define CHANNEL_MAX_QUBITS 2
#define CHANNEL_MAX_KRAUS 16

typedef enum ChannelId {
  CHANNEL_NONE, /* a gate */
#define CHANNEL(ID, ...) CHANNEL_##ID,
#include "lang/ir/channels.def"
#undef CHANNEL
  CHANNEL_COUNT
} ChannelId;

typedef enum ChannelKind { CHANNEL_WORDS, CHANNEL_GENERAL, CHANNEL_READING } ChannelKind;

typedef struct ChannelInfo {
  const char *name, *aliases;
  int n_qubits; /* 0: as its operators say */
  ChannelKind kind;
  const char *params; /* "gamma up=0" */
  const char *transfer, *kraus, *probes, *doc;
} ChannelInfo;
extern const ChannelInfo channel_info[CHANNEL_COUNT];

/* By name or alias; CHANNEL_NONE if there is none. */
ChannelId channel_find(const char *name);
int channel_n_params(ChannelId id);
/* The name of parameter k, in `a`; *is_duration; *same_as: -1 must be given, -2 it is 0 if left out, else
 * it is that parameter then. */
const char *channel_param(Arena *a, ChannelId id, int k, bool *is_duration, int *same_as);

/* NULL if the parameters may have these values; else what is allowed, for the user. */
const char *channel_refuses(ChannelId id, const double *v);

/* A formula ready to be evaluated: postfix. */
typedef struct Formula {
  int n;
  struct {
    char op; /* n number, a..d parameter, + - * /, m minus, s sqrt, e exp */
    double value;
  } step[24];
} Formula;
/* Its value; d, if not NULL, gets the derivative in each of the n parameters. */
double formula_value(const Formula *f, int n, const double *v, double *d);

typedef struct TransferEntry {
  uint8_t row, col; /* codes */
  Formula formula;
} TransferEntry;

/* The entries of a channel but the identities' one, in `a`. For CHANNEL_KRAUS: of n operators given as
 * matrices of 2^n_qubits squared, row by row, re and im (first qubit most significant). Returns how many. */
int channel_transfer(Arena *a, ChannelId id, int n_qubits, int n, const double *kraus, TransferEntry **out);

#define CHANNEL_MAX_PROBES 4
/* The probes of a row, in out; returns how many. */
int channel_probes(ChannelId id, double out[CHANNEL_MAX_PROBES][CHANNEL_MAX_PARAMS]);

/* An operator of a channel: probability and word (WORDS), or a matrix. */
typedef struct KrausFormula {
  uint8_t word;        /* code; WORDS */
  Formula probability; /* WORDS */
  Formula element[4];  /* GENERAL */
} KrausFormula;
/* The operators of a row with formulas; returns how many. */
int channel_kraus(ChannelId id, KrausFormula out[CHANNEL_MAX_KRAUS]);
#endif
