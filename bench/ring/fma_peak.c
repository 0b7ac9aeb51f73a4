// The most fused multiply-adds a second that this processor does in float32: independent chains in registers, nothing
// from memory. usage: fma_peak THREADS; takes turns as turns.py does, and says gigaflops (an FMA counts as two).
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if defined(__AVX512F__)
#define BYTES 64
#define CHAINS 16
#elif defined(__AVX__)
#define BYTES 32
#define CHAINS 12
#else
#define BYTES 16
#define CHAINS 16
#endif
#define LANES (BYTES / 4)
#define ROUNDS 20000000L

typedef float Vector __attribute__((vector_size(BYTES)));

static double seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec * 1e-9;
}

static void *multiply(void *result) {
  Vector chain[CHAINS], factor, addend;
  for (int i = 0; i < LANES; i++) factor[i] = 0.9999f, addend[i] = 1.0001f;
  for (int c = 0; c < CHAINS; c++)
    for (int i = 0; i < LANES; i++) chain[c][i] = c;
  for (long round = 0; round < ROUNDS; round++)
#pragma GCC unroll 16
    for (int c = 0; c < CHAINS; c++) chain[c] = chain[c] * factor + addend;
  float sum = 0;
  for (int c = 0; c < CHAINS; c++) sum += chain[c][c % LANES];
  // Used, so that the compiler must compute it.
  *(float *)result = sum;
  return NULL;
}

int main(int count, char **values) {
  int threads = count > 1 ? atoi(values[1]) : 1;
  if (threads < 1 || threads > 256) return 2;
  pthread_t thread[256];
  float result[256];
  char line[16];
  printf("{\"ready\": {\"lanes\": %d}}\n", LANES);
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) && strncmp(line, "run", 3) == 0) {
    double started = seconds();
    for (int t = 0; t < threads; t++) pthread_create(&thread[t], NULL, multiply, &result[t]);
    for (int t = 0; t < threads; t++) pthread_join(thread[t], NULL);
    double took = seconds() - started;
    double flops = 2.0 * LANES * CHAINS * ROUNDS * threads;
    printf("{\"ms\": %f, \"gigaflops\": %f, \"sum\": %f}\n", took * 1e3, flops / took * 1e-9, result[0]);
    fflush(stdout);
  }
  return 0;
}
