/* floor N J PROGRAM [ARG...]: J loops at one time of posix_spawn (vfork + exec) and wait, N runs each.
   Prints the microseconds of each run of the first loop, one a line, then the runs a second of all. */
#define _GNU_SOURCE
#include <fcntl.h>
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
  if (argc < 4) return 2;
  int n = atoi(argv[1]), jobs = atoi(argv[2]), bad = 0;
  /* What the programs print is not ours. */
  FILE *out = fdopen(fcntl(1, F_DUPFD_CLOEXEC, 3), "w");
  dup2(open("/dev/null", O_WRONLY | O_CLOEXEC), 1);
  double *took = calloc(n, sizeof *took), start = now();
  for (int k = 0; k < jobs; k++) {
    if (k < jobs - 1 && fork()) continue;
    for (int i = 0; i < n; i++) {
      double t = now();
      pid_t pid;
      int status;
      if (posix_spawn(&pid, argv[3], 0, 0, argv + 3, environ)) _exit(1);
      waitpid(pid, &status, 0);
      if (status) _exit(1);
      took[i] = now() - t;
    }
    if (k < jobs - 1) _exit(0);
  }
  for (int status; wait(&status) > 0;) bad |= status;
  double rate = n * jobs / (now() - start) * 1e6;
  for (int i = 0; i < n; i++) fprintf(out, "%.1f\n", took[i]);
  fprintf(out, "%.1f\n", rate);
  return bad || fclose(out);
}
