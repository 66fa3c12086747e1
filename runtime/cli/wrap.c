/* Text for a terminal of any width. */
#define _GNU_SOURCE
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include "runtime/cli/cli.h"

#define LEAST 20 /* columns; what is narrower is shown as if it were so wide */

int cli_width(int otherwise) {
  struct winsize size;
  if (isatty(STDOUT_FILENO) != 1 || ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
    return otherwise;
  return size.ws_col > LEAST ? size.ws_col : LEAST;
}

int cli_columns(const char *s, size_t n) {
  int w = 0;
  for (size_t i = 0; i < n; i++) w += ((unsigned char)s[i] & 0xC0) != 0x80;
  return w;
}

void cli_put_wrapped(const char *text, int at, int from, int width) {
  bool begins = true; /* nothing stands on this line yet that a word could follow */
  for (const char *s = text; *s != '\0';) {
    const size_t n = strcspn(s, " \n");
    const int w = cli_columns(s, n);
    if (!begins && at + 1 + w > width) {
      printf("\n%*s", from, "");
      at = from, begins = true;
    }
    if (!begins) putchar(' '), at++;
    fwrite(s, 1, n, stdout);
    at += w;
    begins = false;
    s += n;
    if (*s == '\n') {
      printf("\n%*s", from, "");
      at = from, begins = true;
    }
    if (*s != '\0') s++;
  }
  putchar('\n');
}
