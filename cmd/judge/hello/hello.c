#include <stdio.h>

int main(void) {
	char name[16];
	if (scanf("%15s", name) != 1)
		return 1;
	printf("hello %s\n", name);
}
