#define _GNU_SOURCE
#include "lang/base/io.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sha256.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "lang/base/mem.h"
#include "lang/base/vec.h"

#define PATH_CAP 4096

/* ---- system calls, each of which a test can make fail ---- */

static atomic_uint_fast64_t calls;
static atomic_uint_fast64_t fail_at;
static atomic_int fail_err;

void io_fail_after(uint64_t n, int err) {
  atomic_store(&fail_err, err);
  atomic_store(&fail_at, n ? atomic_load(&calls) + n : 0);
}

uint64_t io_calls(void) { return atomic_load(&calls); }

/* Counts a call; 0, or the error it has to end with. */
static int planned_error(void) {
  uint64_t call = atomic_fetch_add(&calls, 1) + 1;
  return call == atomic_load(&fail_at) ? atomic_load(&fail_err) : 0;
}

/* What a test asks for with IO_KILL: as by kill -9, so nothing is tidied up. */
static void die_if_planned(int err) {
  if (err == IO_KILL) raise(SIGKILL);
}

static bool refused(void) {
  int err = planned_error();
  die_if_planned(err);
  if (err <= 0) return false;
  errno = err;
  return true;
}

static int sys_open(const char *path, int flags) {
  int fd;
  do fd = refused() ? -1 : open(path, flags | O_CLOEXEC, 0666);
  while (fd < 0 && errno == EINTR);
  return fd;
}

static ssize_t sys_read(int fd, void *buf, size_t n) {
  ssize_t got;
  do {
    int err = planned_error();
    die_if_planned(err);
    if (err > 0) errno = err;
    got = err > 0 ? -1 : read(fd, buf, err == IO_SHORT && n ? 1 : n);
  } while (got < 0 && errno == EINTR);
  return got;
}

static ssize_t sys_write(int fd, const void *buf, size_t n) {
  ssize_t put;
  do {
    int err = planned_error();
    if (err > 0) errno = err;
    put = err > 0 ? -1 : write(fd, buf, err == IO_SHORT && n ? 1 : err == IO_KILL ? n / 2 : n);
    die_if_planned(err);
  } while (put < 0 && errno == EINTR);
  return put;
}

static int sys_fsync(int fd) {
  int r;
  do r = refused() ? -1 : fsync(fd);
  while (r != 0 && errno == EINTR);
  return r;
}

static int sys_truncate(int fd, off_t size) {
  int r;
  do r = refused() ? -1 : ftruncate(fd, size);
  while (r != 0 && errno == EINTR);
  return r;
}

/* The descriptor is gone whatever close says, so it is never tried again. */
static int sys_close(int fd) {
  bool fails = refused();
  int err = errno;
  int r = close(fd);
  if (!fails) return r;
  errno = err;
  return -1;
}

static int sys_fstat(int fd, struct stat *st) { return refused() ? -1 : fstat(fd, st); }
static int sys_lstat(const char *path, struct stat *st) { return refused() ? -1 : lstat(path, st); }
static int sys_rename(const char *from, const char *to) { return refused() ? -1 : rename(from, to); }
static int sys_mkdir(const char *path) { return refused() ? -1 : mkdir(path, 0777); }
static int sys_unlink(const char *path) { return refused() ? -1 : unlink(path); }
static int sys_symlink(const char *to, const char *at) { return refused() ? -1 : symlink(to, at); }

/* ---- errors ---- */

static IoKind kind_of(int err) {
  switch (err) {
  case ENOENT:
  case ENOTDIR: return IO_MISSING;
  case EACCES:
  case EPERM:
  case EROFS: return IO_DENIED;
  case EISDIR: return IO_FOLDER;
  case ENXIO: return IO_NOT_REGULAR; /* opening a FIFO or a socket for writing */
  case ENOSPC:
  case EDQUOT:
  case EFBIG: return IO_NO_SPACE;
  default: return IO_FAILED;
  }
}

/* Fills *e and returns false, so that callers can `return fail(...)`. */
static bool fail_as(IoError *e, IoKind kind, const char *doing, const char *path, int err) {
  *e = (IoError){.kind = kind, .err = err, .doing = doing};
  size_t n = strlen(path);
  if (n < sizeof e->path) memcpy(e->path, path, n + 1);
  else {
    memcpy(e->path, "...", 3);
    memcpy(e->path + 3, path + n - (sizeof e->path - 4), sizeof e->path - 3);
  }
  return false;
}

static bool fail(IoError *e, const char *doing, const char *path) {
  int err = errno;
  return fail_as(e, kind_of(err), doing, path, err);
}

/* English and the same everywhere; strerror follows the locale. */
static const char *error_text(int err) {
  switch (err) {
  case ENOENT: return "there is no such file or folder";
  case ENOTDIR: return "a part of the path is no folder";
  case EACCES:
  case EPERM: return "permission denied";
  case EROFS: return "the file system is read-only";
  case EISDIR: return "it is a folder";
  case ENXIO: return "it is no regular file";
  case ENOSPC: return "no space left on device";
  case EDQUOT: return "the disk quota is used up";
  case EFBIG: return "the file would be larger than allowed";
  case EIO: return "input/output error";
  case EMFILE:
  case ENFILE: return "too many open files";
  case ELOOP: return "too many symbolic links";
  case ENAMETOOLONG: return "the name is too long";
  case EEXIST: return "something else is there";
  case ENOTEMPTY: return "the folder is not empty";
  case EBUSY: return "it is in use";
  case EXDEV: return "it is on another file system";
  case EWOULDBLOCK: return "another process holds it";
  case EINVAL: return "the file system cannot do that";
  case ENOMEM: return "memory ran out";
  default: return NULL;
  }
}

/* `12 kB`, `3.4 GB`, in powers of 1000. */
static const char *bytes_text(Arena *a, uint64_t n) {
  static const char *const unit[] = {"bytes", "kB", "MB", "GB", "TB"};
  if (n < 1000) return arena_printf(a, "%llu bytes", (unsigned long long)n);
  int u = 1;
  while (u < 4 && n >= 1000000) n /= 1000, u++;
  if (n < 10000 && n % 1000 >= 100)
    return arena_printf(a, "%llu.%llu %s", (unsigned long long)(n / 1000),
                        (unsigned long long)(n % 1000 / 100), unit[u]);
  return arena_printf(a, "%llu %s", (unsigned long long)(n / 1000), unit[u]);
}

static const char *free_text(Arena *a, const char *path) {
  char folder[512];
  snprintf(folder, sizeof folder, "%s", path);
  struct statvfs fs;
  for (;;) {
    char *slash = strrchr(folder, '/');
    if (!slash) snprintf(folder, sizeof folder, ".");
    else if (slash == folder) snprintf(folder, sizeof folder, "/");
    else *slash = '\0';
    if (statvfs(folder, &fs) == 0)
      return arena_printf(a, " (%s free)", bytes_text(a, (uint64_t)fs.f_bavail * fs.f_frsize));
    if (!slash || slash == folder) return "";
  }
}

const char *io_message(Arena *a, const IoError *e) {
  const char *why = NULL, *more = "";
  switch (e->kind) {
  case IO_OK: return "no error";
  case IO_MISSING: why = error_text(e->err ? e->err : ENOENT); break;
  case IO_DENIED: why = error_text(e->err ? e->err : EACCES); break;
  case IO_FOLDER: why = "it is a folder"; break;
  case IO_NOT_REGULAR: why = "it is no regular file"; break;
  case IO_TOO_LARGE:
    why = arena_printf(a, "it has %s, more than the %s allowed", bytes_text(a, e->size),
                       bytes_text(a, e->limit));
    break;
  case IO_CHANGED: why = "it changed while it was read"; break;
  case IO_NO_SPACE:
    why = error_text(e->err);
    if (e->err == ENOSPC) more = free_text(a, e->path);
    break;
  case IO_FAILED: why = error_text(e->err); break;
  }
  if (!why) why = arena_printf(a, "system error %d", e->err);
  return arena_printf(a, "cannot %s %s: %s%s", e->doing, e->path, why, more);
}

/* ---- reading ---- */

/* The size of a regular file within the limit. */
static bool regular_size(int fd, const char *path, size_t limit, size_t *size, IoError *e) {
  struct stat st;
  if (sys_fstat(fd, &st) != 0) return fail(e, "read", path);
  if (S_ISDIR(st.st_mode)) return fail_as(e, IO_FOLDER, "read", path, 0);
  if (!S_ISREG(st.st_mode)) return fail_as(e, IO_NOT_REGULAR, "read", path, 0);
  if ((uint64_t)st.st_size > limit || (uint64_t)st.st_size >= SIZE_MAX) {
    fail_as(e, IO_TOO_LARGE, "read", path, 0);
    e->size = (uint64_t)st.st_size;
    e->limit = limit;
    return false;
  }
  *size = (size_t)st.st_size;
  return true;
}

/* `size` bytes from where fd stands; fewer are IO_CHANGED. */
static bool read_exactly(int fd, const char *path, unsigned char *bytes, size_t size, IoError *e) {
  for (size_t have = 0; have < size;) {
    ssize_t got = sys_read(fd, bytes + have, size - have);
    if (got < 0) return fail(e, "read", path);
    if (got == 0) return fail_as(e, IO_CHANGED, "read", path, 0);
    have += (size_t)got;
  }
  return true;
}

/* The rest of a file, which has `size` bytes and ends there. */
static bool read_to_end(int fd, const char *path, unsigned char *bytes, size_t size, IoError *e) {
  if (!read_exactly(fd, path, bytes, size, e)) return false;
  unsigned char beyond;
  ssize_t got = sys_read(fd, &beyond, 1);
  if (got < 0) return fail(e, "read", path);
  return got == 0 || fail_as(e, IO_CHANGED, "read", path, 0);
}

static int open_to_read(const char *path, IoError *e) {
  *e = (IoError){0};
  int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) fail(e, "read", path);
  return fd;
}

static bool close_read(int fd, const char *path, bool ok, IoError *e) {
  if (sys_close(fd) != 0 && ok) return fail(e, "read", path);
  return ok;
}

bool io_read_file(Arena *a, const char *path, size_t limit, IoData *out, IoError *e) {
  int fd = open_to_read(path, e);
  if (fd < 0) return false;
  size_t size;
  bool ok = regular_size(fd, path, limit, &size, e);
  if (ok) {
    unsigned char *bytes = arena_alloc(a, mem_add(size, 1));
    ok = read_to_end(fd, path, bytes, size, e);
    if (ok) *out = (IoData){bytes, size};
  }
  return close_read(fd, path, ok, e);
}

bool io_read_large(const char *path, size_t limit, IoData *out, IoError *e) {
  int fd = open_to_read(path, e);
  if (fd < 0) return false;
  size_t size;
  bool ok = regular_size(fd, path, limit, &size, e);
  if (ok) {
    unsigned char *bytes = mem_try_alloc(mem_add(size, 1));
    ok = bytes ? read_to_end(fd, path, bytes, size, e) : fail_as(e, IO_FAILED, "read", path, ENOMEM);
    if (ok) *out = (IoData){bytes, size};
    else mem_free_big(bytes, mem_add(size, 1));
  }
  if (close_read(fd, path, ok, e)) return true;
  if (ok) io_free_large(out);
  return false;
}

void io_free_large(IoData *d) {
  mem_free_big((void *)d->bytes, d->size + 1);
  *d = (IoData){0};
}

bool io_read_head(const char *path, void *bytes, size_t cap, size_t *got, uint64_t *size, IoError *e) {
  int fd = open_to_read(path, e);
  if (fd < 0) return false;
  size_t whole;
  bool ok = regular_size(fd, path, SIZE_MAX, &whole, e);
  if (ok) {
    *size = whole;
    *got = whole < cap ? whole : cap;
    ok = read_exactly(fd, path, bytes, *got, e);
  }
  return close_read(fd, path, ok, e);
}

bool io_read_kernel(const char *path, char *buf, size_t cap) {
  int fd = sys_open(path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return false;
  size_t have = 0;
  ssize_t got = 1;
  while (got > 0 && have + 1 < cap) {
    got = sys_read(fd, buf + have, cap - 1 - have);
    if (got > 0) have += (size_t)got;
  }
  buf[have] = '\0';
  return sys_close(fd) == 0 && got >= 0;
}

/* ---- writing ---- */

static bool write_all(int fd, const void *bytes, size_t size) {
  const unsigned char *p = bytes;
  while (size > 0) {
    ssize_t put = sys_write(fd, p, size);
    if (put <= 0) {
      if (put == 0) errno = EIO;
      return false;
    }
    p += put;
    size -= (size_t)put;
  }
  return true;
}

static bool temp_name(char out[PATH_CAP], const char *path, IoError *e) {
  int n = snprintf(out, PATH_CAP, "%s.tmp-%ld", path, (long)getpid());
  if (n > 0 && n < PATH_CAP) return true;
  errno = ENAMETOOLONG;
  return fail(e, "write", path);
}

/* The folder that holds `path` is synced, so that the new name is on the disk. */
static bool sync_folder(const char *path, IoError *e) {
  char folder[PATH_CAP];
  snprintf(folder, sizeof folder, "%s", path);
  char *slash = strrchr(folder, '/');
  if (!slash) snprintf(folder, sizeof folder, ".");
  else slash[slash == folder] = '\0';
  int fd = sys_open(folder, O_RDONLY | O_DIRECTORY);
  if (fd < 0) return fail(e, "write", path);
  bool ok = sys_fsync(fd) == 0 || errno == EINVAL; /* some file systems cannot sync folders */
  if (!ok) fail(e, "write", path);
  if (sys_close(fd) != 0 && ok) return fail(e, "write", path);
  return ok;
}

static bool write_whole(const char *path, const void *bytes, size_t size, bool durable, IoError *e) {
  *e = (IoError){0};
  struct stat st;
  if (sys_lstat(path, &st) == 0) {
    if (S_ISDIR(st.st_mode)) return fail_as(e, IO_FOLDER, "write", path, 0);
    if (!S_ISREG(st.st_mode) && !S_ISLNK(st.st_mode)) return fail_as(e, IO_NOT_REGULAR, "write", path, 0);
  } else if (errno != ENOENT) {
    return fail(e, "write", path);
  }
  char temp[PATH_CAP];
  if (!temp_name(temp, path, e)) return false;
  int fd = sys_open(temp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW);
  if (fd < 0) return fail(e, "write", path);
  bool ok = write_all(fd, bytes, size) && (!durable || sys_fsync(fd) == 0);
  if (!ok) fail(e, "write", path);
  if (sys_close(fd) != 0 && ok) ok = fail(e, "write", path);
  if (ok && sys_rename(temp, path) != 0) ok = fail(e, "write", path);
  if (!ok) {
    unlink(temp); /* not sys_unlink: the first error is the one to report */
    return false;
  }
  return !durable || sync_folder(path, e);
}

bool io_write_file(const char *path, const void *bytes, size_t size, IoError *e) {
  return write_whole(path, bytes, size, true, e);
}

bool io_write_quick(const char *path, const void *bytes, size_t size, IoError *e) {
  return write_whole(path, bytes, size, false, e);
}

static bool append_all(int fd, const char *path, const void *bytes, size_t size, uint64_t *new_size,
                       IoError *e) {
  struct stat st;
  if (sys_fstat(fd, &st) != 0) return fail(e, "write", path);
  if (!S_ISREG(st.st_mode)) return fail_as(e, IO_NOT_REGULAR, "write", path, 0);
  if (!write_all(fd, bytes, size)) {
    fail(e, "write", path);
    if (ftruncate(fd, st.st_size) != 0) e->kind = IO_FAILED; /* half a line stays: worse than a full disk */
    return false;
  }
  if (new_size) *new_size = (uint64_t)st.st_size + size;
  return true;
}

bool io_append(const char *path, const void *bytes, size_t size, uint64_t *new_size, IoError *e) {
  *e = (IoError){0};
  int fd = sys_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail(e, "write", path);
  bool ok = append_all(fd, path, bytes, size, new_size, e);
  if (sys_close(fd) != 0 && ok) return fail(e, "write", path);
  return ok;
}

/* Opens an existing file for writing, does `action` and closes it. */
static bool with_file(const char *path, int (*action)(int fd, off_t size), off_t size, IoError *e) {
  *e = (IoError){0};
  int fd = sys_open(path, O_WRONLY | O_NONBLOCK | O_NOCTTY);
  if (fd < 0) return fail(e, "write", path);
  bool ok = action(fd, size) == 0;
  if (!ok) fail(e, "write", path);
  if (sys_close(fd) != 0 && ok) return fail(e, "write", path);
  return ok;
}

static int cut(int fd, off_t size) { return sys_truncate(fd, size); }

static int sync_file(int fd, off_t size) {
  (void)size;
  return sys_fsync(fd);
}

bool io_truncate(const char *path, uint64_t size, IoError *e) { return with_file(path, cut, (off_t)size, e); }
bool io_sync(const char *path, IoError *e) { return with_file(path, sync_file, 0, e); }

/* ---- names ---- */

bool io_is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

bool io_exists(const char *path) {
  struct stat st;
  return lstat(path, &st) == 0;
}

bool io_redirect(const char *log) {
  const int in = open("/dev/null", O_RDONLY), out = open(log, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  return in >= 0 && out >= 0 && dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(out, 2) >= 0;
}

bool io_stat(const char *path, uint64_t *size, double *changed) {
  struct stat st;
  if (stat(path, &st) != 0 || !S_ISREG(st.st_mode)) return false;
  *size = (uint64_t)st.st_size;
  *changed = (double)st.st_mtim.tv_sec + 1e-9 * (double)st.st_mtim.tv_nsec;
  return true;
}

void io_touch(const char *path) { (void)utimensat(AT_FDCWD, path, NULL, 0); }

const char *io_real_path(Arena *a, const char *path) {
  char real[PATH_MAX];
  return refused() || !realpath(path, real) ? NULL : arena_str(a, real);
}

bool io_make_folder(const char *path, IoError *e) {
  *e = (IoError){0};
  char part[PATH_CAP];
  size_t n = strlen(path);
  if (n == 0 || n >= sizeof part) {
    errno = n ? ENAMETOOLONG : ENOENT;
    return fail(e, "create", path);
  }
  for (size_t i = 1; i <= n; i++) {
    if (path[i] != '/' && path[i] != '\0') continue;
    memcpy(part, path, i);
    part[i] = '\0';
    if (sys_mkdir(part) == 0) continue;
    int err = errno;
    if (!io_is_folder(part)) return fail_as(e, kind_of(err), "create", part, err);
  }
  return true;
}

bool io_symlink(const char *target, const char *path, const char *temp, IoError *e) {
  *e = (IoError){0};
  unlink(temp); /* left by a process that was killed */
  if (sys_symlink(target, temp) != 0) return fail(e, "create", path);
  if (sys_rename(temp, path) == 0) return true;
  fail(e, "create", path);
  unlink(temp);
  return false;
}

bool io_remove(const char *path, IoError *e) {
  *e = (IoError){0};
  if (sys_unlink(path) == 0 || errno == ENOENT) return true;
  if ((errno == EISDIR || errno == EPERM) && io_is_folder(path) && (refused() ? -1 : rmdir(path)) == 0)
    return true;
  return fail(e, "remove", path);
}

static int by_bytes(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool io_list(Arena *a, const char *path, char ***names, int *n, IoError *e) {
  *e = (IoError){0};
  DIR *dir = refused() ? NULL : opendir(path);
  if (!dir) return fail(e, "list", path);
  VEC(char *) found = {0};
  struct dirent *entry;
  while ((errno = 0, entry = refused() ? NULL : readdir(dir)) != NULL) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    vec_push(a, &found, arena_str(a, entry->d_name));
  }
  bool ok = errno == 0;
  if (!ok) fail(e, "list", path);
  closedir(dir);
  if (!ok) return false;
  if (found.n > 0) qsort(found.at, (size_t)found.n, sizeof *found.at, by_bytes);
  *names = found.at;
  *n = found.n;
  return true;
}

bool io_lock(const char *path, int *fd, IoError *e) {
  *e = (IoError){0};
  int got = sys_open(path, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY);
  if (got < 0) return fail(e, "lock", path);
  if ((refused() ? -1 : flock(got, LOCK_EX | LOCK_NB)) == 0) {
    *fd = got;
    return true;
  }
  int err = errno;
  close(got);
  return fail_as(e, err == EWOULDBLOCK ? IO_DENIED : kind_of(err), "lock", path, err);
}

void io_unlock(int fd) { close(fd); }

void io_sha256(const void *bytes, size_t size, char hex[65]) {
  static const char digit[] = "0123456789abcdef";
  uint8_t sum[SHA256_DIGEST_LENGTH];
  SHA2_CTX ctx;
  SHA256Init(&ctx);
  SHA256Update(&ctx, bytes, size);
  SHA256Final(sum, &ctx);
  for (int i = 0; i < 32; i++) {
    hex[2 * i] = digit[sum[i] >> 4];
    hex[2 * i + 1] = digit[sum[i] & 15];
  }
  hex[64] = '\0';
}
