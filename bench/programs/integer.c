/* integer: arithmetic in registers, some 100 ms of it */
#include <stdint.h>

int main(void) {
  uint64_t x = 88172645463325252u, sum = 0;
  for (int i = 0; i < 60000000; i++) {
    x ^= x << 13;
    x ^= x >> 7;
    x ^= x << 17;
    sum += x * 0x9e3779b97f4a7c15u;
  }
  return sum == 1;
}
