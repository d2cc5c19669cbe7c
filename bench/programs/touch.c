/* touch MIB: writes to every page of so many mebibytes */
#include <stdlib.h>

int main(int argc, char **argv) {
  if (argc != 2) return 2;
  size_t n = (size_t)atoi(argv[1]) << 20;
  if (!n) return 0;
  volatile char *p = malloc(n);
  if (!p) return 1;
  for (size_t i = 0; i < n; i += 4096) p[i] = 1;
  return p[n / 2] != 1 && p[n / 2] != 0;
}
