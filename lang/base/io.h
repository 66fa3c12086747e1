/* The checked file layer: the only code that opens, reads, writes, renames or removes files.
 * Every call is checked; a failure is an IoError with the path, what was being done and errno's
 * text, never a printed line. Sizes are known before memory is taken.
 *
 * Writing is all or nothing: io_write_file writes PATH.tmp-PID, checks every write, fsyncs,
 * renames over PATH and fsyncs the folder. An interrupted write leaves the old file.
 *
 * Owner: io_read_file's data belongs to the caller's arena. */
#ifndef QGN_IO_H
#define QGN_IO_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "lang/base/arena.h"

typedef enum IoKind {
  IO_OK,
  IO_MISSING,     /* no such file */
  IO_DENIED,      /* no permission */
  IO_FOLDER,      /* it is a folder */
  IO_NOT_REGULAR, /* FIFO, device, socket */
  IO_TOO_LARGE,   /* beyond the limit given */
  IO_CHANGED,     /* size changed while it was read */
  IO_NO_SPACE,    /* ENOSPC, EDQUOT, EFBIG */
  IO_FAILED       /* anything else; see text */
} IoKind;

typedef struct IoError {
  IoKind kind;
  int err;           /* errno, 0 if none */
  const char *doing; /* "read", "write", "create", "remove", ... as it stands in the message */
  uint64_t size;     /* of the file, and */
  uint64_t limit;    /* the limit it exceeds: IO_TOO_LARGE */
  char path[512];    /* cut in front if longer */
} IoError;

typedef struct IoData {
  const unsigned char *bytes; /* NUL added behind the last byte */
  size_t size;
} IoData;

/* Whole regular file. Opened with O_NONBLOCK | O_CLOEXEC so a FIFO cannot hang; `limit` in bytes.
 * Memory is taken only after the size is known to be within the limit. */
bool io_read_file(Arena *a, const char *path, size_t limit, IoData *out, IoError *e);
/* The same for files whose size a user chooses, in memory of their own (mem_try_alloc): a lack of it is
 * IO_FAILED with ENOMEM. Freed with io_free_large. */
bool io_read_large(const char *path, size_t limit, IoData *out, IoError *e);
void io_free_large(IoData *d);
/* The first bytes of a regular file, at most cap, and the size of the whole. */
bool io_read_head(const char *path, void *bytes, size_t cap, size_t *got, uint64_t *size, IoError *e);
/* All or nothing, as said above. A path that is there and is no regular file (a folder, a device)
 * is refused. */
bool io_write_file(const char *path, const void *bytes, size_t size, IoError *e);
/* The same without waiting for the disk: old or new for every process, but after a power cut maybe
 * neither. For what can be made again, or is io_synced later. */
bool io_write_quick(const char *path, const void *bytes, size_t size, IoError *e);
/* Adds to an existing log (created if missing); size after the write in *new_size if not NULL.
 * A write that fails half-way is taken back. Not synced: see io_sync. */
bool io_append(const char *path, const void *bytes, size_t size, uint64_t *new_size, IoError *e);
bool io_truncate(const char *path, uint64_t size, IoError *e);
bool io_sync(const char *path, IoError *e);        /* what was appended is on the disk when this returns */
bool io_make_folder(const char *path, IoError *e); /* with parents; fine if it exists */
/* Replaced atomically: made as `temp`, a path in a folder that nobody else works in, and renamed. */
bool io_symlink(const char *target, const char *path, const char *temp, IoError *e);
bool io_remove(const char *path, IoError *e); /* a file, link or empty folder; a missing one is fine */
bool io_exists(const char *path);
/* Size and time of the last change, in seconds; false if there is no regular file. */
bool io_stat(const char *path, uint64_t *size, double *changed);
void io_touch(const char *path); /* changed now, if that can be; for caches */
bool io_is_folder(const char *path);
/* The absolute path without links, `.` and `..`, in the arena; NULL if there is nothing there. */
const char *io_real_path(Arena *a, const char *path);
/* Names in a folder, sorted by byte order, without "." and "..". */
bool io_list(Arena *a, const char *path, char ***names, int *n, IoError *e);
/* Text of a kernel file (/proc, /sys), whose size is not known before; at most cap - 1 bytes. */
bool io_read_kernel(const char *path, char *buf, size_t cap);
/* For a process between fork and exec: its input is empty, what it prints goes to a new file. */
bool io_redirect(const char *log);
/* A lock file held until io_unlock or the end of the process, however that ends; false with
 * IO_DENIED and err EWOULDBLOCK if somebody else holds it. */
bool io_lock(const char *path, int *fd, IoError *e);
void io_unlock(int fd);
/* One line: `cannot write runs/x/y: no space left on device (12 kB free)`. */
const char *io_message(Arena *a, const IoError *e);

/* For tests: the n-th system call of the layer from now fails with `err`; with IO_SHORT it is a
 * read or write that moves one byte only; with IO_KILL the process is killed (SIGKILL) in its place,
 * in the middle of a write with half of it done. n = 0 switches it off. io_calls counts all calls. */
#define IO_SHORT (-1)
#define IO_KILL (-2)
void io_fail_after(uint64_t n, int err);
uint64_t io_calls(void);

/* Lower-case hex SHA-256 (libmd), 64 characters and NUL. */
void io_sha256(const void *bytes, size_t size, char hex[65]);
#endif
