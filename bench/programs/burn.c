/* burn MS [threads|forks N]: uses so much CPU time, in each of N threads or processes, and prints what it
   used altogether by the kernel's word, in milliseconds. */
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double want;

static double used(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void *burn(void *arg) {
  double start = used(CLOCK_THREAD_CPUTIME_ID);
  volatile unsigned x = 0;
  while (used(CLOCK_THREAD_CPUTIME_ID) - start < want)
    for (int i = 0; i < 20000; i++) x += i;
  return arg;
}

int main(int argc, char **argv) {
  if (argc != 2 && argc != 4) return 2;
  want = atof(argv[1]);
  int n = argc > 2 ? atoi(argv[3]) : 0;
  if (argc == 2) {
    burn(0);
  } else if (!strcmp(argv[2], "forks")) {
    for (int i = 0; i < n; i++)
      if (!fork()) {
        burn(0);
        _exit(0);
      }
    while (wait(0) > 0);
  } else {
    pthread_t threads[64];
    if (n > 64) return 2;
    for (int i = 0; i < n; i++) pthread_create(&threads[i], 0, burn, 0);
    for (int i = 0; i < n; i++) pthread_join(threads[i], 0);
  }
  struct rusage children;
  getrusage(RUSAGE_CHILDREN, &children);
  double ms = (children.ru_utime.tv_sec + children.ru_stime.tv_sec) * 1e3 +
              (children.ru_utime.tv_usec + children.ru_stime.tv_usec) / 1e3;
  printf("%.3f\n", used(CLOCK_PROCESS_CPUTIME_ID) + ms);
  return 0;
}
