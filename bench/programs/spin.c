/* spin: burns CPU time until it is killed */
int main(void) {
  for (volatile unsigned x = 0;; x++);
}
