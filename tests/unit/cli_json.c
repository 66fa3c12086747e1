/* What the program says as JSON, read by another program's reader. */
#define _GNU_SOURCE
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include <jansson.h>

static char folder[64];

static const char script[] = "edition = 1\n"
                             "circuit pair(x[2]) on q[2] {\n"
                             "  param θ[2] ~ uniform(0, 2pi)\n"
                             "  ry(x) q; ry(θ) q; cx q[0], q[1]; ctrl @ rx(θ[0]) q[0], q[1]\n"
                             "  return expval(Z(q[1]))\n"
                             "}\n"
                             "model m(x[2]) -> [1] { linear(2); pair; linear(1) }\n"
                             "train fit {\n"
                             "  epochs = 40\n"
                             "  optimizer m = adam(0.01)\n"
                             "  step { draw x[64, 2] ~ normal(0, 1); minimize mean((m(x) - 1)^2) over m }\n"
                             "}\n"
                             "claim(\"A.1\", 1 < 2, document = 0.5)\n";

static int make_folder(void **state) {
  char path[128];
  (void)state;
  strcpy(folder, "/tmp/qgn-json-XXXXXX");
  if (mkdtemp(folder) == NULL) return 1;
  snprintf(path, sizeof path, "%s/two.qgn", folder);
  FILE *f = fopen(path, "w");
  if (f == NULL) return 1;
  fputs(script, f);
  return fclose(f);
}

static int remove_folder(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf %s", folder);
  return system(command);
}

/* Standard output of the program with these arguments, run in the folder. */
static FILE *says(const char *arguments) {
  char command[1024];
  const char *program = getenv("QGN");
  assert_non_null(program);
  snprintf(command, sizeof command, "cd %s && '%s' %s", folder, program, arguments);
  FILE *f = popen(command, "r");
  assert_non_null(f);
  return f;
}

/* What it says, all of it one JSON text without a key twice; the caller gives it back. */
static json_t *said(const char *arguments) {
  json_error_t error;
  FILE *f = says(arguments);
  json_t *all = json_loadf(f, JSON_REJECT_DUPLICATES, &error);
  if (all == NULL) fail_msg("%s: line %d, column %d: %s", arguments, error.line, error.column, error.text);
  assert_int_equal(pclose(f), 0);
  return all;
}

static json_int_t whole(const json_t *object, const char *key) {
  const json_t *value = json_object_get(object, key);
  if (!json_is_integer(value)) fail_msg("`%s` is no integer", key);
  return json_integer_value(value);
}

static void plan(void **state) {
  (void)state;
  json_t *all = said("check two.qgn --plan --message-format=json");
  const json_t *circuit = json_array_get(json_object_get(all, "circuits"), 0);
  const json_t *train = json_array_get(json_object_get(all, "trains"), 0);
  const json_t *claims = json_object_get(all, "claims"), *bytes = json_object_get(all, "bytes"), *method;
  assert_int_equal(whole(train, "circuits_per_step"), 128);
  assert_int_equal(whole(train, "quantum_parameters"), 2);
  assert_int_equal(whole(circuit, "depth"), 4);
  assert_int_equal(json_array_size(claims), 1);
  assert_string_equal(json_string_value(json_array_get(claims, 0)), "A.1");
  assert_int_equal(whole(bytes, "total"), whole(bytes, "weights") + whole(bytes, "optimisers") +
                                              whole(bytes, "values") + whole(bytes, "scratch"));
  int used = 0;
  size_t k;
  json_array_foreach(json_object_get(train, "methods"), k, method) {
    if (!json_is_true(json_object_get(method, "used"))) continue;
    assert_string_equal(json_string_value(json_object_get(method, "name")), "adjoint");
    used++;
  }
  assert_int_equal(used, 1);
  json_decref(all);
}

/* The files of a run and what `show` makes of them. */
static void run(void **state) {
  static const char *const lines[] = {"metrics.jsonl", "log.jsonl", "timing.jsonl"};
  (void)state;
  assert_int_equal(pclose(says("run -q --fresh two.qgn >said.txt")), 0);
  json_t *all = said("show --json runs/latest");
  assert_string_equal(json_string_value(json_object_get(all, "script")), "two.qgn");
  json_decref(all);
  for (int k = 0; k < 3; k++) {
    char path[128], line[8192];
    int n = 0;
    snprintf(path, sizeof path, "%s/runs/latest/%s", folder, lines[k]);
    FILE *f = fopen(path, "r");
    if (f == NULL) fail_msg("there is no %s", path);
    for (; fgets(line, sizeof line, f) != NULL; n++) {
      json_error_t error;
      json_t *one = json_loads(line, JSON_REJECT_DUPLICATES, &error);
      if (!json_is_object(one)) fail_msg("%s:%d: %s", lines[k], n + 1, error.text);
      json_decref(one);
    }
    fclose(f);
    assert_true(n > 0);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(plan), cmocka_unit_test(run)};
  return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
