/* An HTTP server on localhost for data_fetch.sh: files of a folder, with the faults of real servers.
 *
 *   serve FOLDER LOG
 *
 * prints its port and answers GET /HOW/NAME, one call after another, until it is stopped. HOW says in which
 * manner the file NAME comes: `good`, `cut` (half of it, unless a range is asked for), `bad` (the first byte
 * is another one), `plain` (whole, whatever range is asked for). Each call that finds its file adds a line
 * `HOW NAME RANGE` to LOG. */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *folder, *log_path;

/* The file's bytes, to be freed; NULL if there is none. */
static char *contents(const char *name, size_t *n) {
  char path[512];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  FILE *f = fopen(path, "rb");
  if (f == NULL) return NULL;
  char *bytes = malloc(1 << 20);
  *n = bytes == NULL ? 0 : fread(bytes, 1, 1 << 20, f);
  fclose(f);
  return bytes;
}

static void send_all(int to, const char *bytes, size_t n) {
  for (ssize_t sent; n > 0 && (sent = send(to, bytes, n, 0)) > 0; bytes += sent) n -= (size_t)sent;
}

/* Answers one call, whose head is all in `call`. */
static void answer(int to, const char *call) {
  char how[16] = "", name[64] = "", range[64] = "-", head[256];
  size_t n = 0, begin = 0;
  sscanf(call, "GET /%15[a-z]/%63[a-z.]", how, name);
  const char *asked = strstr(call, "\r\nRange: ");
  if (asked != NULL) sscanf(asked, " Range: %63[a-z0-9=-]", range);
  char *bytes = contents(name, &n);
  if (bytes == NULL) {
    send_all(to, "HTTP/1.0 404 Not Found\r\n\r\n", 26);
    return;
  }
  FILE *log = fopen(log_path, "a");
  if (log != NULL) fprintf(log, "%s %s %s\n", how, name, range), fclose(log);
  if (asked != NULL && strcmp(how, "plain") != 0) sscanf(range, "bytes=%zu", &begin);
  if (begin > n) begin = n;
  if (begin > 0)
    snprintf(head, sizeof head, "HTTP/1.0 206 Partial Content\r\nContent-Range: bytes %zu-%zu/%zu\r\n", begin,
             n - 1, n);
  else snprintf(head, sizeof head, "HTTP/1.0 200 OK\r\n");
  send_all(to, head, strlen(head));
  snprintf(head, sizeof head, "Content-Length: %zu\r\n\r\n", n - begin);
  send_all(to, head, strlen(head));
  if (strcmp(how, "bad") == 0) bytes[begin] ^= 1;
  const int cut = strcmp(how, "cut") == 0 && asked == NULL;
  send_all(to, bytes + begin, cut ? n / 2 : n - begin);
  free(bytes);
}

int main(int argc, char **argv) {
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
  socklen_t size = sizeof at;
  if (argc != 3) return 2;
  folder = argv[1], log_path = argv[2];
  signal(SIGPIPE, SIG_IGN);
  const int listening = socket(AF_INET, SOCK_STREAM, 0);
  if (listening < 0 || bind(listening, (struct sockaddr *)&at, sizeof at) != 0 || listen(listening, 8) != 0 ||
      getsockname(listening, (struct sockaddr *)&at, &size) != 0) {
    perror("serve");
    return 1;
  }
  printf("%d\n", ntohs(at.sin_port));
  fflush(stdout);
  for (;;) {
    const int to = accept(listening, NULL, NULL);
    char call[4096];
    size_t n = 0;
    ssize_t got = 1;
    call[0] = '\0';
    while (to >= 0 && strstr(call, "\r\n\r\n") == NULL && n < sizeof call - 1 &&
           (got = recv(to, call + n, sizeof call - 1 - n, 0)) > 0)
      call[n += (size_t)got] = '\0';
    if (to < 0) continue;
    answer(to, call);
    close(to);
  }
}
