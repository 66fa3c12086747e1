/* The file layer: whole reads, atomic writes, every kind of thing that is no file, and faults. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "lang/base/io.h"
#include "lang/base/mem.h"

static Arena *a;
static char folder[64];
static char path_buf[4][256];
static IoError e;

static const char *at(const char *name) {
  static int next;
  char *p = path_buf[next++ % 4];
  snprintf(p, sizeof path_buf[0], "%s/%s", folder, name);
  return p;
}

static int set_up(void **state) {
  (void)state;
  a = arena_new();
  snprintf(folder, sizeof folder, "/tmp/qgn-io-XXXXXX");
  return mkdtemp(folder) ? chmod(folder, 0777) : -1;
}

static int tear_down(void **state) {
  (void)state;
  io_fail_after(0, 0);
  arena_free(a);
  char command[128];
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

static void put(const char *path, const char *text) {
  assert_true(io_write_file(path, text, strlen(text), &e));
}

static void check_file(const char *path, const char *text) {
  IoData d;
  if (!io_read_file(a, path, 1000, &d, &e)) fail_msg("%s", io_message(a, &e));
  assert_int_equal(d.size, strlen(text));
  assert_string_equal((const char *)d.bytes, text);
}

static int files_in_folder(void) {
  char **names;
  int n;
  assert_true(io_list(a, folder, &names, &n, &e));
  return n;
}

static void write_and_read(void **state) {
  (void)state;
  put(at("x"), "one");
  check_file(at("x"), "one");
  put(at("x"), "");
  check_file(at("x"), "");
  assert_int_equal(files_in_folder(), 1);
  char *big = malloc(3000000);
  for (int i = 0; i < 3000000; i++) big[i] = (char)(i * 7);
  assert_true(io_write_file(at("big"), big, 3000000, &e));
  IoData d;
  assert_true(io_read_file(a, at("big"), 3000000, &d, &e));
  assert_int_equal(d.size, 3000000);
  assert_memory_equal(d.bytes, big, 3000000);
  assert_int_equal(d.bytes[3000000], 0);
  free(big);
}

static void check_refused(const char *path, IoKind kind, const char *text) {
  IoData d = {0};
  assert_false(io_read_file(a, path, 1000, &d, &e));
  assert_int_equal(e.kind, kind);
  assert_null(d.bytes);
  if (!strstr(io_message(a, &e), text)) fail_msg("`%s` does not say `%s`", io_message(a, &e), text);
  assert_non_null(strstr(io_message(a, &e), path));
}

static void what_is_no_file_is_refused(void **state) {
  (void)state;
  check_refused(at("none"), IO_MISSING, "cannot read /tmp/");
  check_refused(at("none/x"), IO_MISSING, "there is no such file");
  put(at("file"), "x");
  check_refused(at("file/x"), IO_MISSING, "a part of the path is no folder");
  check_refused(folder, IO_FOLDER, "it is a folder");
  check_refused("/dev/null", IO_NOT_REGULAR, "it is no regular file");
  check_refused("/dev/zero", IO_NOT_REGULAR, "it is no regular file");
  assert_int_equal(mkfifo(at("fifo"), 0666), 0);
  alarm(10); /* a FIFO without a writer must not block */
  check_refused(at("fifo"), IO_NOT_REGULAR, "it is no regular file");
  uint64_t size;
  assert_false(io_append(at("fifo"), "x", 1, &size, &e));
  assert_int_equal(e.kind, IO_NOT_REGULAR);
  assert_false(io_write_file(at("fifo"), "x", 1, &e));
  assert_int_equal(e.kind, IO_NOT_REGULAR);
  alarm(0);
  int s = socket(AF_UNIX, SOCK_STREAM, 0);
  struct sockaddr_un name = {.sun_family = AF_UNIX};
  snprintf(name.sun_path, sizeof name.sun_path, "%s/socket", folder);
  assert_int_equal(bind(s, (struct sockaddr *)&name, sizeof name), 0);
  check_refused(at("socket"), IO_NOT_REGULAR, "it is no regular file");
  close(s);
  assert_int_equal(symlink("loop", at("loop")), 0);
  check_refused(at("loop"), IO_FAILED, "too many symbolic links");
  assert_false(io_write_file(folder, "x", 1, &e));
  assert_int_equal(e.kind, IO_FOLDER);
  assert_false(io_write_file("/dev/null", "x", 1, &e));
  assert_int_equal(e.kind, IO_NOT_REGULAR);
  char lengthy[5000];
  memset(lengthy, 'y', sizeof lengthy);
  lengthy[0] = '/';
  lengthy[sizeof lengthy - 1] = '\0';
  IoData d;
  assert_false(io_read_file(a, lengthy, 10, &d, &e));
  assert_int_equal(e.kind, IO_FAILED);
  assert_non_null(strstr(io_message(a, &e), "...yyy"));
  assert_false(io_write_file(lengthy, "x", 1, &e));
  assert_false(io_make_folder(lengthy, &e));
}

/* Reads through the other two functions give what io_read_file gives, and their memory is returned. */
static void large_and_head(void **state) {
  (void)state;
  put(at("x"), "seven bytes");
  uint64_t live = mem_live_bytes(), whole;
  IoData d;
  assert_true(io_read_large(at("x"), 11, &d, &e));
  assert_int_equal(d.size, 11);
  assert_string_equal((const char *)d.bytes, "seven bytes");
  io_free_large(&d);
  assert_false(io_read_large(at("x"), 10, &d, &e));
  assert_int_equal(e.kind, IO_TOO_LARGE);
  for (uint64_t n = 1, calls = 5; n <= calls; n++) {
    io_fail_after(n, EIO);
    assert_false(io_read_large(at("x"), 11, &d, &e));
    assert_int_equal(e.err, EIO);
    io_fail_after(0, 0);
  }
  mem_fail_after(1, 0);
  assert_false(io_read_large(at("x"), 11, &d, &e));
  mem_fail_after(0, 0);
  assert_int_equal(e.err, ENOMEM);
  assert_int_equal(mem_live_bytes(), live);
  char head[20];
  size_t got;
  assert_true(io_read_head(at("x"), head, 5, &got, &whole, &e));
  assert_int_equal(got, 5);
  assert_int_equal(whole, 11);
  assert_memory_equal(head, "seven", 5);
  assert_true(io_read_head(at("x"), head, sizeof head, &got, &whole, &e));
  assert_int_equal(got, 11);
  assert_false(io_read_head(folder, head, sizeof head, &got, &whole, &e));
  assert_int_equal(e.kind, IO_FOLDER);
}

static void a_limit_is_kept(void **state) {
  (void)state;
  put(at("x"), "1234567890");
  IoData d;
  assert_true(io_read_file(a, at("x"), 10, &d, &e));
  assert_false(io_read_file(a, at("x"), 9, &d, &e));
  assert_int_equal(e.kind, IO_TOO_LARGE);
  assert_non_null(strstr(io_message(a, &e), "it has 10 bytes, more than the 9 bytes allowed"));
  int fd = open(at("huge"), O_CREAT | O_WRONLY, 0666);
  assert_int_equal(ftruncate(fd, (off_t)5 << 30), 0); /* a hole: known by its size, never read */
  close(fd);
  assert_false(io_read_file(a, at("huge"), (size_t)1 << 30, &d, &e));
  assert_int_equal(e.kind, IO_TOO_LARGE);
  assert_non_null(strstr(io_message(a, &e), "it has 5.3 GB, more than the 1 GB allowed"));
}

/* Root may read everything, so an unprivileged user tries. */
static void permissions(void **state) {
  (void)state;
  put(at("secret"), "x");
  chmod(at("secret"), 0);
  assert_true(io_make_folder(at("closed"), &e));
  chmod(at("closed"), 0555);
  pid_t child = fork();
  if (child == 0) {
    if (geteuid() == 0 && setuid(65534) != 0) _exit(9);
    IoData d;
    if (io_read_file(a, at("secret"), 10, &d, &e) || e.kind != IO_DENIED) _exit(1);
    if (!strstr(io_message(a, &e), "permission denied")) _exit(2);
    if (io_write_file(at("closed/x"), "x", 1, &e) || e.kind != IO_DENIED) _exit(3);
    if (io_append(at("closed/x"), "x", 1, NULL, &e) || e.kind != IO_DENIED) _exit(4);
    if (io_make_folder(at("closed/x"), &e) || e.kind != IO_DENIED) _exit(5);
    if (io_symlink("x", at("closed/x"), at("link.tmp"), &e) || e.kind != IO_DENIED) _exit(6);
    int fd;
    if (io_lock(at("closed/x"), &fd, &e) || e.kind != IO_DENIED) _exit(7);
    _exit(0);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
}

static void appending(void **state) {
  (void)state;
  uint64_t size = 0;
  assert_true(io_append(at("log"), "one\n", 4, &size, &e));
  assert_int_equal(size, 4);
  assert_true(io_append(at("log"), "two\n", 4, &size, &e));
  assert_int_equal(size, 8);
  assert_true(io_sync(at("log"), &e));
  check_file(at("log"), "one\ntwo\n");
  assert_true(io_truncate(at("log"), 4, &e));
  check_file(at("log"), "one\n");
  assert_false(io_truncate(at("none"), 4, &e));
  assert_int_equal(e.kind, IO_MISSING);
  assert_false(io_sync(at("none"), &e));
  assert_false(io_append(folder, "x", 1, NULL, &e));
  assert_int_equal(e.kind, IO_FOLDER);
}

/* A real full disk: RLIMIT_FSIZE, in a child that ignores the signal. */
static void a_full_disk(void **state) {
  (void)state;
  put(at("x"), "old");
  put(at("log"), "1234567890");
  pid_t child = fork();
  if (child == 0) {
    signal(SIGXFSZ, SIG_IGN);
    struct rlimit l = {100, 100};
    setrlimit(RLIMIT_FSIZE, &l);
    char much[1000] = {0};
    if (io_write_file(at("x"), much, sizeof much, &e) || e.kind != IO_NO_SPACE) _exit(1);
    if (!strstr(io_message(a, &e), "the file would be larger than allowed")) _exit(2);
    if (io_append(at("log"), much, sizeof much, NULL, &e) || e.kind != IO_NO_SPACE) _exit(3);
    _exit(0);
  }
  int status;
  waitpid(child, &status, 0);
  assert_true(WIFEXITED(status));
  assert_int_equal(WEXITSTATUS(status), 0);
  check_file(at("x"), "old");
  check_file(at("log"), "1234567890"); /* the part that had been written is taken back */
  assert_int_equal(files_in_folder(), 2);
}

/* Each system call of a write fails in turn, with each error: the old file stays, or the new one is
 * whole; no temporary file is left. */
static void every_fault_of_a_write(void **state) {
  (void)state;
  static const int errors[] = {EIO, ENOSPC, EACCES, EMFILE, EDQUOT};
  for (size_t k = 0; k < sizeof errors / sizeof *errors; k++) {
    put(at("x"), "old");
    int failures = 0;
    for (uint64_t n = 1;; n++) {
      io_fail_after(n, errors[k]);
      bool ok = io_write_file(at("x"), "newer", 5, &e);
      io_fail_after(0, 0);
      if (ok) break;
      failures++;
      assert_int_equal(e.err, errors[k]);
      IoKind want = errors[k] == ENOSPC || errors[k] == EDQUOT ? IO_NO_SPACE
                    : errors[k] == EACCES                      ? IO_DENIED
                                                               : IO_FAILED;
      assert_int_equal(e.kind, want);
      const char *message = io_message(a, &e);
      assert_non_null(strstr(message, "cannot write /tmp/"));
      if (errors[k] == ENOSPC) assert_non_null(strstr(message, "no space left on device ("));
      IoData d;
      assert_true(io_read_file(a, at("x"), 10, &d, &e));
      assert_true(strcmp((const char *)d.bytes, "old") == 0 || strcmp((const char *)d.bytes, "newer") == 0);
      assert_int_equal(files_in_folder(), 1);
      put(at("x"), "old");
    }
    assert_true(failures >=
                8); /* lstat, open, write, fsync, close, rename, and the folder's open, fsync, close */
    check_file(at("x"), "newer");
  }
}

static void every_fault_of_a_read(void **state) {
  (void)state;
  put(at("x"), "text");
  int failures = 0;
  for (uint64_t n = 1;; n++) {
    io_fail_after(n, EIO);
    IoData d;
    bool ok = io_read_file(a, at("x"), 10, &d, &e);
    io_fail_after(0, 0);
    if (ok) break;
    failures++;
    assert_int_equal(e.kind, IO_FAILED);
    assert_non_null(strstr(io_message(a, &e), "input/output error"));
  }
  assert_int_equal(failures, 5); /* open, fstat, read, read at the end, close */
}

static void every_fault_of_the_rest(void **state) {
  (void)state;
  for (int what = 0; what < 6; what++) {
    for (uint64_t n = 1;; n++) {
      assert_true(n < 20);
      put(at("gone"), "");
      put(at("log"), "12");
      char **names;
      int fd = -1, count;
      bool ok = false;
      io_fail_after(n, EIO);
      switch (what) {
      case 0: ok = io_append(at("log"), "3", 1, NULL, &e); break;
      case 1: ok = io_truncate(at("log"), 1, &e); break;
      case 2: ok = io_symlink("log", at("link"), at("link.tmp"), &e); break;
      case 3: ok = io_remove(at("gone"), &e); break;
      case 4: ok = io_list(a, folder, &names, &count, &e); break;
      case 5: ok = io_lock(at("lock"), &fd, &e); break;
      }
      io_fail_after(0, 0);
      if (fd >= 0) io_unlock(fd);
      if (ok) break;
      assert_int_equal(e.err, EIO);
      assert_non_null(strstr(io_message(a, &e), "input/output error"));
    }
  }
}

/* Interrupted calls are tried again; short reads and writes are continued. */
/* One call of each function, by number; false when it fails. The files are made anew before. */
static bool one_call(int what) {
  IoData d;
  char **names, head[8];
  int fd = -1, count;
  size_t got;
  uint64_t size;
  bool ok = false;
  switch (what) {
  case 0: return io_read_file(a, at("log"), 10, &d, &e);
  case 1:
    ok = io_read_large(at("log"), 10, &d, &e);
    if (ok) io_free_large(&d);
    return ok;
  case 2: return io_read_head(at("log"), head, sizeof head, &got, &size, &e);
  case 3: return io_write_file(at("log"), "123", 3, &e);
  case 4: return io_append(at("log"), "3", 1, NULL, &e);
  case 5: return io_truncate(at("log"), 1, &e);
  case 6: return io_sync(at("log"), &e);
  case 7: return io_symlink("log", at("link"), at("link.tmp"), &e);
  case 8: return io_remove(at("gone"), &e);
  case 9: return io_list(a, folder, &names, &count, &e);
  case 10: return io_make_folder(at("new/one"), &e);
  case 11: return io_remove(at("empty"), &e);
  default:
    ok = io_lock(at("lock"), &fd, &e);
    if (fd >= 0) io_unlock(fd);
    return ok;
  }
}

/* Every system call of every function fails in every way: what is told is of the kind of that error. */
static void every_kind_of_error(void **state) {
  (void)state;
  static const struct {
    int err;
    IoKind kind;
  } all[] = {{ENOENT, IO_MISSING},  {ENOTDIR, IO_MISSING},    {EACCES, IO_DENIED},     {EPERM, IO_DENIED},
             {EROFS, IO_DENIED},    {EISDIR, IO_FOLDER},      {ENXIO, IO_NOT_REGULAR}, {ENOSPC, IO_NO_SPACE},
             {EDQUOT, IO_NO_SPACE}, {EFBIG, IO_NO_SPACE},     {EIO, IO_FAILED},        {EINTR, IO_FAILED},
             {EINVAL, IO_FAILED},   {EWOULDBLOCK, IO_FAILED}, {IO_SHORT, IO_OK}};
  for (int what = 0; what < 13; what++)
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
      for (uint64_t n = 1, calls = 1; n <= calls; n++) {
        put(at("gone"), "");
        put(at("log"), "12");
        assert_true(io_make_folder(at("empty"), &e));
        const uint64_t before = io_calls();
        io_fail_after(n, all[k].err);
        const bool ok = one_call(what);
        io_fail_after(0, 0);
        calls = io_calls() - before;
        if (ok) continue; /* tried again, a missing file that may be missing, a sync that cannot be */
        const bool held = what == 12 && n == 2 && all[k].err == EWOULDBLOCK; /* the lock itself */
        assert_int_equal(e.err, all[k].err);
        assert_int_equal(e.kind, held ? IO_DENIED : all[k].kind);
        assert_non_null(strstr(io_message(a, &e), "cannot "));
      }
}

static void short_and_interrupted(void **state) {
  (void)state;
  static const int gentle[] = {EINTR, IO_SHORT};
  for (int k = 0; k < 2; k++)
    for (uint64_t n = 1; n < 14; n++) {
      put(at("x"), "old");
      io_fail_after(n, gentle[k]);
      bool ok = io_write_file(at("x"), "new text", 8, &e);
      io_fail_after(0, 0);
      if (ok) check_file(at("x"), "new text");
      else assert_int_equal(e.err, EINTR); /* of a call that the system never interrupts */
      put(at("x"), "new text");
      IoData d;
      io_fail_after(n, gentle[k]);
      if (io_read_file(a, at("x"), 10, &d, &e)) assert_string_equal((const char *)d.bytes, "new text");
      else assert_int_equal(e.err, EINTR);
      io_fail_after(0, 0);
    }
}

static void folders_and_names(void **state) {
  (void)state;
  assert_true(io_make_folder(at("a/b/c"), &e));
  assert_true(io_make_folder(at("a/b/c"), &e));
  assert_true(io_make_folder(at("a/b/d/"), &e));
  assert_true(io_is_folder(at("a/b/d")));
  put(at("file"), "x");
  assert_false(io_make_folder(at("file/x"), &e));
  assert_non_null(strstr(io_message(a, &e), "/file: something else is there"));
  assert_false(io_make_folder(at("file"), &e));
  assert_non_null(strstr(io_message(a, &e), "something else is there"));
  assert_false(io_make_folder("", &e));
  put(at("a/Z"), "");
  put(at("a/ä"), "");
  char **names;
  int n;
  assert_true(io_list(a, at("a"), &names, &n, &e));
  assert_int_equal(n, 3);
  assert_string_equal(names[0], "Z");
  assert_string_equal(names[1], "b");
  assert_string_equal(names[2], "ä");
  assert_false(io_list(a, at("none"), &names, &n, &e));
  assert_int_equal(e.kind, IO_MISSING);
  assert_true(io_remove(at("file"), &e));
  assert_true(io_remove(at("file"), &e));
  assert_false(io_exists(at("file")));
  assert_true(io_remove(at("a/b/c"), &e));
  assert_false(io_remove(at("a"), &e));
  assert_non_null(strstr(io_message(a, &e), "the folder is not empty"));
}

static void links(void **state) {
  (void)state;
  put(at("one"), "1");
  put(at("two"), "2");
  assert_true(io_symlink("one", at("latest"), at("link.tmp"), &e));
  check_file(at("latest"), "1");
  assert_true(io_symlink("two", at("latest"), at("link.tmp"), &e));
  check_file(at("latest"), "2");
  assert_int_equal(files_in_folder(), 3);
  assert_true(io_make_folder(at("real"), &e));
  assert_false(io_symlink("two", at("real"), at("link.tmp"), &e));
  assert_int_equal(files_in_folder(), 4);
  assert_true(io_symlink("nowhere", at("dangling"), at("link.tmp"), &e));
  assert_true(io_exists(at("dangling")));
  assert_null(io_real_path(a, at("dangling")));
  assert_null(io_real_path(a, at("none")));
  assert_string_equal(io_real_path(a, at("real/../latest")), io_real_path(a, at("two")));
  assert_true(io_remove(at("dangling"), &e));
}

static void locks(void **state) {
  (void)state;
  int fd, other;
  assert_true(io_lock(at("lock"), &fd, &e));
  assert_false(io_lock(at("lock"), &other, &e));
  assert_int_equal(e.kind, IO_DENIED);
  assert_int_equal(e.err, EWOULDBLOCK);
  assert_non_null(strstr(io_message(a, &e), "another process holds it"));
  pid_t child = fork();
  if (child == 0) _exit(io_lock(at("lock"), &other, &e) ? 1 : 0);
  int status;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  io_unlock(fd);
  assert_true(io_lock(at("lock"), &fd, &e));
  io_unlock(fd);
}

static void kernel_files(void **state) {
  (void)state;
  char text[64];
  assert_true(io_read_kernel("/proc/self/statm", text, sizeof text));
  assert_true(strlen(text) > 3);
  assert_true(io_read_kernel("/proc/self/status", text, sizeof text));
  assert_int_equal(strlen(text), 63);
  assert_false(io_read_kernel(at("none"), text, sizeof text));
}

/* English words for what systems say, and a number for what has none. */
static void every_error_has_its_words(void **state) {
  (void)state;
  static const struct {
    int err;
    const char *words;
  } all[] = {{ENOENT, "there is no such file or folder"},
             {ENOTDIR, "a part of the path is no folder"},
             {EACCES, "permission denied"},
             {EPERM, "permission denied"},
             {EROFS, "the file system is read-only"},
             {EISDIR, "it is a folder"},
             {ENXIO, "it is no regular file"},
             {ENOSPC, "no space left on device"},
             {EDQUOT, "the disk quota is used up"},
             {EFBIG, "the file would be larger than allowed"},
             {EIO, "input/output error"},
             {EMFILE, "too many open files"},
             {ENFILE, "too many open files"},
             {ELOOP, "too many symbolic links"},
             {ENAMETOOLONG, "the name is too long"},
             {EEXIST, "something else is there"},
             {ENOTEMPTY, "the folder is not empty"},
             {EBUSY, "it is in use"},
             {EXDEV, "it is on another file system"},
             {EINVAL, "the file system cannot do that"},
             {ENOMEM, "memory ran out"},
             {EPROTO, "system error "}};
  put(at("x"), "text");
  for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
    IoData d;
    io_fail_after(1, all[i].err);
    assert_false(io_read_file(a, at("x"), 10, &d, &e));
    io_fail_after(0, 0);
    assert_int_equal(e.err, all[i].err);
    assert_non_null(strstr(io_message(a, &e), all[i].words));
  }
  const IoError none = {.doing = "read"}, missing = {.kind = IO_MISSING, .doing = "read"},
                denied = {.kind = IO_DENIED, .doing = "read"},
                changed = {.kind = IO_CHANGED, .doing = "read"},
                full = {.kind = IO_NO_SPACE, .err = ENOSPC, .doing = "write", .path = "nowhere/at/all"};
  assert_string_equal(io_message(a, &none), "no error");
  assert_non_null(strstr(io_message(a, &missing), "there is no such file or folder"));
  assert_non_null(strstr(io_message(a, &denied), "permission denied"));
  assert_non_null(strstr(io_message(a, &changed), "it changed while it was read"));
  assert_non_null(strstr(io_message(a, &full), " free)")); /* of the nearest folder that is there */
}

static void times_and_logs(void **state) {
  (void)state;
  uint64_t size = 0;
  double changed = 0;
  assert_false(io_stat(at("x"), &size, &changed));
  assert_true(io_write_quick(at("x"), "1234", 4, &e));
  assert_true(io_stat(at("x"), &size, &changed));
  assert_int_equal(size, 4);
  assert_true(changed > 1e9);
  io_touch(at("x"));
  assert_true(io_stat(at("x"), &size, &changed));
  assert_false(io_stat(folder, &size, &changed));
  assert_false(io_write_quick(at("none/x"), "1", 1, &e));
  pid_t child = fork();
  if (child == 0) {
    const bool ok = io_redirect(at("said"));
    _exit(ok && getchar() == EOF && write(1, "one", 3) == 3 && write(2, "two", 3) == 3 ? 0 : 1);
  }
  int status;
  waitpid(child, &status, 0);
  assert_int_equal(status, 0);
  check_file(at("said"), "onetwo");
  char short_text[8];
  io_fail_after(2, EIO);
  assert_false(io_read_kernel("/proc/self/statm", short_text, sizeof short_text));
  io_fail_after(0, 0);
}

static void sha256(void **state) {
  (void)state;
  char hex[65];
  io_sha256("", 0, hex);
  assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  io_sha256("abc", 3, hex);
  assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void) {
  const struct CMUnitTest tests[] = {
      WITH_FOLDER(write_and_read),
      WITH_FOLDER(what_is_no_file_is_refused),
      WITH_FOLDER(large_and_head),
      WITH_FOLDER(a_limit_is_kept),
      WITH_FOLDER(permissions),
      WITH_FOLDER(appending),
      WITH_FOLDER(a_full_disk),
      WITH_FOLDER(every_fault_of_a_write),
      WITH_FOLDER(every_fault_of_a_read),
      WITH_FOLDER(every_fault_of_the_rest),
      WITH_FOLDER(every_kind_of_error),
      WITH_FOLDER(short_and_interrupted),
      WITH_FOLDER(folders_and_names),
      WITH_FOLDER(links),
      WITH_FOLDER(locks),
      WITH_FOLDER(kernel_files),
      WITH_FOLDER(every_error_has_its_words),
      WITH_FOLDER(times_and_logs),
      WITH_FOLDER(sha256),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
