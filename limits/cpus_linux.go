package limits

import (
	"fmt"
	"os"
	"runtime"
	"strings"
)

// onlineCPUs counts the CPUs of the machine, which bound how fast a run can use CPU time. Those that
// this process may use would be too few: a program may be allowed more.
func onlineCPUs() int {
	b, err := os.ReadFile("/sys/devices/system/cpu/online")
	if n := countCPUs(strings.TrimSpace(string(b))); err == nil && n > 0 {
		return n
	}
	return runtime.NumCPU()
}

// countCPUs counts a list such as "0-3,8"; zero if it is not one.
func countCPUs(list string) int {
	n := 0
	for _, part := range strings.Split(list, ",") {
		var first, last int
		if _, err := fmt.Sscanf(part, "%d-%d", &first, &last); err != nil {
			if _, err := fmt.Sscanf(part, "%d", &first); err != nil {
				return 0
			}
			last = first
		}
		n += last - first + 1
	}
	return n
}
