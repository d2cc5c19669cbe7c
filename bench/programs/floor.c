/* floor N J PROGRAM: J loops at one time of posix_spawn (vfork + exec) and wait, N runs each.
   Prints the microseconds of each run of the first loop, one a line, then the runs a second of all. */
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e6 + t.tv_nsec / 1e3;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  int n = atoi(argv[1]), jobs = atoi(argv[2]);
  char *args[] = {argv[3], 0}, *env[] = {0};
  double *took = calloc(n, sizeof *took), start = now();
  for (int k = 0; k < jobs; k++) {
    if (k < jobs - 1 && fork()) continue;
    for (int i = 0; i < n; i++) {
      double t = now();
      pid_t pid;
      int status;
      if (posix_spawn(&pid, argv[3], 0, 0, args, env)) _exit(1);
      waitpid(pid, &status, 0);
      took[i] = now() - t;
    }
    if (k < jobs - 1) _exit(0);
  }
  while (wait(0) > 0);
  double rate = n * jobs / (now() - start) * 1e6;
  for (int i = 0; i < n; i++) printf("%.1f\n", took[i]);
  printf("%.1f\n", rate);
  return 0;
}
