/* pump BYTES: writes so many bytes in lines; pump: reads to the end of its input */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv) {
  static char block[64 << 10];
  if (argc == 1) {
    ssize_t n;
    while ((n = read(0, block, sizeof block)) > 0);
    return n < 0;
  }
  memset(block, '7', sizeof block);
  for (size_t i = 63; i < sizeof block; i += 64) block[i] = '\n';
  for (long left = atol(argv[1]); left > 0;) {
    ssize_t n = write(1, block, left < (long)sizeof block ? left : (long)sizeof block);
    if (n < 0) return 1;
    left -= n;
  }
  return 0;
}
