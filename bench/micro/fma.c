/* What a second core gains on this machine, now: `fma` prints the time of a plain loop of multiply-adds on one thread,
 * twice, by the time of two threads that do it once each. 2 on idle cores of their own. Compile with -O3 -pthread. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define WIDTH 64
#define ROUNDS 2000000
#define REPEATS 9

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void *loop(void *arg) {
  float *x = arg;
  for (int i = 0; i < ROUNDS; i++) {
    for (int k = 0; k < WIDTH; k++) x[k] = x[k] * 0.999f + 0.001f;
  }
  return NULL;
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

int main(void) {
  static float x[2][WIDTH];
  double gain[REPEATS];
  for (int r = 0; r < REPEATS; r++) {
    double start = now();
    loop(x[0]);
    loop(x[0]);
    double one = now() - start;
    pthread_t other;
    start = now();
    if (pthread_create(&other, NULL, loop, x[1]) != 0) return 1;
    loop(x[0]);
    pthread_join(other, NULL);
    gain[r] = one / (now() - start);
  }
  qsort(gain, REPEATS, sizeof *gain, by_value);
  printf("%.3f\n", gain[REPEATS / 2]);
  return 0;
}
