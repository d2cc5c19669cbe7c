#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
	double seconds = atof(argv[argc - 1]);
	while ((double)clock() / CLOCKS_PER_SEC < seconds)
		;
}
