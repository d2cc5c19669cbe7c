/* branchy: branches that cannot be predicted, some 100 ms of them */
#include <stdint.h>

int main(void) {
  uint32_t x = 2463534242u;
  volatile uint32_t odd = 0, low = 0, high = 0;
  for (int i = 0; i < 15000000; i++) {
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    if (x & 16) odd++;
    else if (x & 256) low++;
    else high += 2;
  }
  return odd + low + high == 1;
}
