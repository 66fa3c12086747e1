/* Circuits from OpenQASM files, run from scripts: the small circuits of QASMBench ($QGN_DATA) against
 * tests/peer/qasmbench_small.json, and small texts whose distributions are known. */
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include <jansson.h>
#include "lang/base/io.h"
#include "lang/parse/parse.h"
#include "lang/sema/sema.h"
#include "runtime/exec/run.h"

#define MAX_VALUES 4096

typedef struct Result {
  int n;
  double value[MAX_VALUES];
  char message[400];
  int line;
} Result;

/* The text of the circuit file, or its path. */
typedef struct Circuit {
  const char *text, *path;
} Circuit;

static bool read_circuit(void *ctx, Arena *a, const char *from, const char *name, bool is_library,
                         SemaModule *out) {
  const Circuit *c = ctx;
  (void)from, (void)is_library;
  *out = (SemaModule){.id = name, .shown = name, .listed = name, .text = c->text};
  if (c->text != NULL) {
    out->size = strlen(c->text);
    return true;
  }
  IoData data;
  IoError e;
  if (!io_read_file(a, c->path, (size_t)1 << 24, &data, &e)) fail_msg("%s", io_message(a, &e));
  out->text = (const char *)data.bytes;
  out->size = data.size;
  return true;
}

static void take_print(void *ctx, const Run *r, const Stmt *s) {
  Result *out = ctx;
  if (s->slot < 0) return;
  out->n = (int)run_slot_size(r, s->slot);
  assert_true(out->n <= MAX_VALUES);
  for (int i = 0; i < out->n; i++) out->value[i] = run_slot_get(r, s->slot, i);
}

/* Runs the script; the value of its last printed line, or the first message and its line in the file. */
static void run_script(const char *script, const Circuit *circuit, Result *out) {
  Arena *a = arena_new();
  DiagSink *sink = diag_sink(a);
  AstNode *tree = NULL;
  *out = (Result){.n = -1};
  const SemaOptions options = {.read = read_circuit, .read_ctx = (void *)(uintptr_t)circuit};
  assert_int_equal(parse_source(a, src_add("test.qgn", script, strlen(script)), sink, false, &tree, NULL),
                   PARSE_OK);
  const Program *p = sema_elaborate(a, tree, &options, sink);
  const RunOptions run = {.threads = 1, .family = kernel_family()};
  Run *r = p != NULL ? run_new(a, p, &run, sink) : NULL;
  const RunHooks hooks = {.ctx = out, .print = take_print};
  if (r != NULL) assert_int_equal(run_execute(r, &hooks), RUN_DONE);
  run_free(r);
  for (int i = 0; i < sink->all.n && out->n < 0 && out->line == 0; i++) {
    const Source *src;
    int column;
    if (diag_info[sink->all.at[i]->code].severity != SEV_ERROR) continue;
    snprintf(out->message, sizeof out->message, "%s", sink->all.at[i]->text);
    (void)src_locate(sink->all.at[i]->span.begin, &src, &out->line, &column);
  }
  arena_free(a);
  src_clear();
}

/* ---- QASMBench ----------------------------------------------------------------------------------- */

static unsigned reversed(unsigned k, int bits) {
  unsigned out = 0;
  for (int i = 0; i < bits; i++) out |= (k >> i & 1) << (bits - 1 - i);
  return out;
}

static double worst; /* difference so far */

static void check_file(const char *path, json_t *want, int *accepted, int *refused) {
  char script[400];
  Result got;
  const Circuit file = {.path = path};
  const char *qiskit = json_string_value(json_object_get(want, "qiskit"));
  const bool at_end = json_is_true(json_object_get(want, "final_measure_only"));
  const int qubits = (int)json_integer_value(json_object_get(want, "qubits"));
  snprintf(script, sizeof script,
           "edition = 1\nprecision = \"double\"\nuse \"f.qasm\" as body\n"
           "circuit c() on q[%d] {\n  body q\n  return probs(%s)\n}\nc()\n",
           qubits > 0 ? qubits : 1, at_end ? "q" : "body.bits");
  run_script(script, &file, &got);
  if (strncmp(qiskit, "rejects", 7) == 0) {
    const char *at = strchr(qiskit, ':'), *place = strstr(at, "<input>:");
    assert_non_null(place);
    if (got.n >= 0) fail_msg("%s: taken, but it has an undefined register", path);
    assert_int_equal(got.line, atoi(place + 8));
    assert_non_null(strstr(got.message, "there is no qubit or register `q`"));
    ++*refused;
    return;
  }
  if (got.n < 0) fail_msg("%s:%d: %s", path, got.line, got.message);
  const int bits = at_end ? qubits : (int)json_integer_value(json_object_get(want, "clbits"));
  assert_int_equal(got.n, 1 << bits);
  json_t *dist = json_object_get(want, at_end ? "probabilities" : "dist");
  double sum = 0;
  for (unsigned k = 0; k < 1u << bits; k++) {
    char key[16];
    snprintf(key, sizeof key, "%u", k);
    const double p = json_number_value(json_object_get(dist, key)), q = got.value[reversed(k, bits)];
    if (fabs(p - q) > worst) worst = fabs(p - q);
    if (!(fabs(p - q) <= 1e-9)) fail_msg("%s: probability of %u is %.12g, not %.12g", path, k, q, p);
    sum += q;
  }
  assert_true(fabs(sum - 1) < 1e-9);
  ++*accepted;
}

static void test_qasmbench(void **state) {
  const char *data = getenv("QGN_DATA");
  char folder[1000], path[2000];
  (void)state;
  snprintf(folder, sizeof folder, "%s/qasm/qasmbench/small", data != NULL ? data : ".");
  if (!io_is_folder(folder)) skip();
  json_error_t error;
  json_t *want = json_load_file("tests/peer/qasmbench_small.json", 0, &error), *row;
  const char *name;
  int accepted = 0, refused = 0;
  assert_non_null(want);
  json_object_foreach(want, name, row) {
    snprintf(path, sizeof path, "%s/%s", data, name);
    check_file(path, row, &accepted, &refused);
  }
  json_decref(want);
  print_message("# qasmbench: %d files, %d refused, largest difference %.1e\n", accepted, refused, worst);
  assert_int_equal(accepted, 77);
  assert_int_equal(refused, 6);
}

/* ---- texts with known results -------------------------------------------------------------------- */

#define V2 "OPENQASM 2.0; include \"qelib1.inc\"; "
#define V3 "OPENQASM 3.0; include \"stdgates.inc\"; "

static const struct Known {
  const char *text;
  int qubits;
  const char *measured;
  int n;
  double want[16];
} known[] = {
    /* phases that controls see */
    {V3 "qubit[1] q; h q; ctrl @ gphase(pi) q[0]; h q;", 1, "probs(q)", 2, {0, 1}},
    {V3 "qubit[1] q; h q; negctrl @ gphase(pi/2) q[0]; s q; h q;", 1, "probs(q)", 2, {1, 0}},
    {V3 "qubit[2] q; h q; ctrl @ U(pi, 0, pi) q[0], q[1]; sdg q[0]; h q[0];", 2, "probs(q[0..1])", 2, {1, 0}},
    {V3 "qubit[2] q; h q[0]; x q[1]; ctrl @ u3(0, pi/2, pi/2) q[0], q[1]; sdg q[0]; h q[0];",
     2,
     "probs(q[0..1])",
     2,
     {1, 0}},
    {V3 "qubit[2] q; h q[0]; x q[1]; ctrl @ rz(pi) q[0], q[1]; sdg q[0]; h q[0];",
     2,
     "probs(q[0..1])",
     2,
     {1, 0}},
    {V3 "gate g(a) x { gphase(a); } qubit[2] q; h q[0]; inv @ ctrl @ g(pi/2) q[0], q[1]; s q[0]; h q[0];",
     2,
     "probs(q[0..1])",
     2,
     {1, 0}},
    /* powers */
    {V3 "qubit q; pow(0.5) @ x q; pow(1/2.0) @ x q;", 1, "probs(q)", 2, {0, 1}},
    {V3 "qubit[2] q; h q[0]; x q[1]; pow(0.5) @ ctrl @ z q[0], q[1]; sdg q[0]; h q[0];",
     2,
     "probs(q[0..1])",
     2,
     {1, 0}},
    {V3 "qubit q; pow(3) @ rx(0.5) q; pow(-1.5) @ rx(1) q;", 1, "probs(q)", 2, {1, 0}},
    {V3 "gate g a { h a; s a; } qubit q; pow(2) @ g q; pow(-2) @ g q;", 1, "probs(q)", 2, {1, 0}},
    {V3 "gate g a { h a; s a; } qubit q; inv @ pow(-1) @ inv @ g q; pow(0) @ g q; pow(1) @ inv @ g q;",
     1,
     "probs(q)",
     2,
     {0.5, 0.5}},
    {V2 "qreg q[1]; rx(2^2*pi/4) q; ry(-pi/2^0) q;", 1, "probs(q)", 2, {1, 0}},
    /* numbers and operands */
    {V3 "const int n = 2; qubit[n + 1] q; let all = q[{2, 0}] ++ q[1]; x all[0:1]; cx q[-1], q[1];",
     3,
     "probs(q)",
     8,
     {0, 0, 0, 0, 0, 0, 0, 1}},
    {V3 "qubit[4] q; x q[0:2:3]; bit[4] c = measure q;", 4, "probs(body.c)[10..11]", 1, {1}},
    {V2 "qreg a[2]; qreg b[2]; x a[1]; cx a, b; cx a[1], b;", 4, "probs(q)[4..8]", 4, {0, 0, 1, 0}},
    {V2 "gate g(a,b) x,y { rx(a+b) x; cx x,y; barrier x; } qreg q[2]; g(pi/2, sin(pi/2)*acos(0)) q[0],q[1];",
     2,
     "probs(q)",
     4,
     {0, 0, 0, 1}},
    {V2 "qreg q[5]; x q[0]; x q[1]; x q[2]; x q[3]; c4x q[0],q[1],q[2],q[3],q[4]; c3x q[1],q[2],q[3],q[0];",
     5,
     "probs(q[0..1])",
     2,
     {1, 0}},
    /* measured qubits that go on */
    {V2 "qreg q[1]; creg c[1]; h q; measure q -> c; h q;", 1, "probs(q)", 2, {0.5, 0.5}},
    {V2 "qreg q[1]; creg c[1]; h q; measure q -> c;", 1, "expval(X(q[0]))", 1, {0}},
    {V2 "qreg q[1]; creg c[1]; x q; measure q -> c; x q;", 1, "probs(body.c)", 2, {0, 1}},
    {V2 "qreg q[1]; creg c[2]; h q; measure q[0] -> c[0]; measure q[0] -> c[1];",
     1,
     "probs(body.c)",
     4,
     {0.5, 0, 0, 0.5}},
    {V2 "qreg q[1]; creg c[3]; x q; measure q[0] -> c[1];", 1, "probs(body.c)", 8, {0, 0, 1}},
    {V2 "qreg q[2]; creg c[1]; h q[0]; cx q[0],q[1]; measure q[0] -> c[0]; reset q[0]; if(c==1) x q[1];",
     2,
     "probs(q)",
     4,
     {1, 0, 0, 0}},
    {V2 "qreg q[1]; creg c[2]; h q; measure q[0] -> c[0]; if (c==1) x q[0]; measure q[0] -> c[1];",
     1,
     "probs(body.c)",
     4,
     {0.5, 0, 0.5, 0}},
    {V3 "qubit[1] q; reset q; x q; reset q; h q; reset q;", 1, "probs(q)", 2, {1, 0}},
    /* conditions */
    {V3
     "qubit[3] q; bit[2] c; bit d; h q[0]; h q[1]; c = measure q[0:1]; if (c[0] != c[1]) x q[2]; else { } d = measure q[2];",
     3,
     "probs(body.bits)",
     8,
     {0.25, 0, 0, 0.25, 0, 0.25, 0.25, 0}},
    {V3
     "qubit[3] q; bit[2] c; h q[0]; h q[1]; c = measure q[0:1]; if (c >= 1) { if (!c[1]) x q[2]; } else x q[2];",
     3,
     "probs(q[2..3])",
     2,
     {0.5, 0.5}},
    {V3 "qubit[3] q; bit[2] c; bit d; x q[0]; c[0] = measure q[0]; if ((c & 1) + d == 1 && ~c == 2) x q[2];",
     3,
     "probs(q[2..3])",
     2,
     {0, 1}},
    {V2
     "qreg q[9]; creg c[8]; x q; measure q[0]->c[0]; measure q[1]->c[1]; measure q[2]->c[2]; measure q[3]->c[3]; measure q[4]->c[4]; measure q[5]->c[5]; measure q[6]->c[6]; measure q[7]->c[7]; if (c==255) x q[8]; if (c==254) x q[8];",
     9,
     "probs(q[8..9])",
     2,
     {1, 0}},
};

static void test_known(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    char script[600];
    Result got;
    const Circuit file = {.text = known[i].text};
    snprintf(script, sizeof script,
             "edition = 1\nprecision = \"double\"\nuse \"f.qasm\" as body\n"
             "circuit c() on q[%d] {\n  body q\n  return %s\n}\nc()\n",
             known[i].qubits, known[i].measured);
    run_script(script, &file, &got);
    if (got.n < 0) fail_msg("%s: %s", known[i].text, got.message);
    assert_int_equal(got.n, known[i].n);
    for (int k = 0; k < got.n; k++)
      if (!(fabs(got.value[k] - known[i].want[k]) < 1e-12))
        fail_msg("%s: value %d is %.12g, not %.12g", known[i].text, k, got.value[k], known[i].want[k]);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known),
      cmocka_unit_test(test_qasmbench),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
