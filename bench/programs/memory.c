/* memory: follows pointers through 64 MiB in an order that no prefetcher guesses, some 100 ms */
#include <stdint.h>
#include <stdlib.h>

enum { N = 1 << 20, STEPS = 600000 };

struct line {
  uint32_t next;
  char rest[60];
};

int main(void) {
  struct line *p = calloc(N, sizeof *p);
  if (!p) return 2;
  for (uint32_t i = 0; i < N; i++) p[i].next = (i * 1664525u + 1013904223u) % N; /* one cycle through all */
  uint32_t at = 0;
  for (int i = 0; i < STEPS; i++) at = p[at].next;
  return at == N;
}
