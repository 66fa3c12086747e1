/* Where data files are found, in which order, and what may not be read. */
#include "data_mock.h"
#include <sys/stat.h>
#include "runtime/data/locate.h"

static DataPlaces places;

static int set_up_places(void **state) {
  IoError io;
  if (mock_set_up(state) != 0) return -1;
  static const char *const dirs[] = {"script/sub", "option/mnist", "env", "home/qgn", "outside"};
  for (size_t k = 0; k < sizeof dirs / sizeof *dirs; k++)
    if (!io_make_folder(arena_printf(a, "%s/%s", folder, dirs[k]), &io)) return -1;
  places = (DataPlaces){arena_printf(a, "%s/script", folder), arena_printf(a, "%s/option", folder),
                        arena_printf(a, "%s/env", folder), arena_printf(a, "%s/home", folder)};
  return 0;
}

static void finds(const char *name, const char *where) {
  DataFile f;
  must(data_locate(&error, &places, name, false, &f));
  assert_string_equal(f.name, name);
  assert_string_equal(f.path, io_real_path(a, arena_printf(a, "%s/%s/%s", folder, where, name)));
}

static void refuses(const char *name, bool is_folder, DiagCode code, const char *says) {
  DataFile f;
  assert_false(data_locate(&error, &places, name, is_folder, &f));
  const char *all = arena_printf(a, "%s | %s | %s | %s", error.text, error.expected ? error.expected : "",
                                 error.found ? error.found : "", error.help ? error.help : "");
  if (error.code != code || !strstr(all, says)) fail_msg("%s: `%s` does not say `%s`", name, all, says);
}

static void in_order(void **state) {
  (void)state;
  refuses("x.csv", false, DIAG_DATA_MISSING, "/script/x.csv, ");
  refuses("x.csv", false, DIAG_DATA_MISSING, "/home/qgn/x.csv");
  refuses("mnist/x.gz", false, DIAG_DATA_MISSING, "`make data`");
  refuses("x.csv", false, DIAG_DATA_MISSING, "--data DIR");
  put("home/qgn/x.csv", "1", 1);
  finds("x.csv", "home/qgn");
  put("env/x.csv", "1", 1);
  finds("x.csv", "env");
  put("option/x.csv", "1", 1);
  finds("x.csv", "option");
  put("script/x.csv", "1", 1);
  finds("x.csv", "script");
  put("script/sub/y.csv", "1", 1);
  finds("sub/y.csv", "script");
  DataFile f;
  must(data_locate(&error, &places, "mnist", true, &f));
  places = (DataPlaces){.env = ""};
  refuses("x.csv", false, DIAG_DATA_MISSING, "no place to look at");
}

static void names(void **state) {
  (void)state;
  static const char *const bad[] = {"",  "/etc/passwd", "../x",   "sub/../../x", "sub/..",  "..",
                                    ".", "./x",         "sub//y", "sub/",        "sub/./y", "//x"};
  for (size_t k = 0; k < sizeof bad / sizeof *bad; k++)
    refuses(bad[k], false, DIAG_DATA_BROKEN, "may not be read");
  put("script/..x", "1", 1);
  finds("..x", "script");
}

static void links_and_kinds(void **state) {
  (void)state;
  const char *at = places.script;
  put("outside/secret", "1", 1);
  put("script/sub/y", "1", 1);
  assert_int_equal(symlink("../outside/secret", arena_printf(a, "%s/out", at)), 0);
  assert_int_equal(symlink("../outside", arena_printf(a, "%s/dir", at)), 0);
  assert_int_equal(symlink("nowhere", arena_printf(a, "%s/dangling", at)), 0);
  assert_int_equal(symlink("loop", arena_printf(a, "%s/loop", at)), 0);
  assert_int_equal(symlink("sub/y", arena_printf(a, "%s/inside", at)), 0);
  assert_int_equal(symlink("../script2", arena_printf(a, "%s/prefix", at)), 0);
  put("script2", "1", 1);
  assert_int_equal(mkfifo(arena_printf(a, "%s/fifo", at), 0600), 0);
  refuses("out", false, DIAG_DATA_BROKEN, "/outside/secret");
  refuses("dir/secret", false, DIAG_DATA_BROKEN, "leads out of its folder");
  refuses("dangling", false, DIAG_DATA_BROKEN, "a link to nothing");
  refuses("loop", false, DIAG_DATA_BROKEN, "leads out of its folder");
  refuses("prefix", false, DIAG_DATA_BROKEN, "leads out of its folder");
  refuses("fifo", false, DIAG_DATA_BROKEN, "no regular file");
  refuses("sub", false, DIAG_DATA_BROKEN, "is a folder");
  refuses("sub/y", true, DIAG_DATA_BROKEN, "is no folder");
  DataFile f;
  must(data_locate(&error, &places, "inside", false, &f));
  assert_string_equal(f.path, io_real_path(a, arena_printf(a, "%s/sub/y", at)));
}

#define WITH_PLACES(test) cmocka_unit_test_setup_teardown(test, set_up_places, mock_tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {WITH_PLACES(in_order), WITH_PLACES(names), WITH_PLACES(links_and_kinds)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
