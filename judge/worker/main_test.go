package worker

import (
	"fmt"
	"os"
	"testing"

	"judge/isolate"
)

// TestMain makes the test binary play two parts beside the tests: an intermediate, and a worker to be killed.
func TestMain(m *testing.M) {
	isolate.Enter()
	if os.Getenv(killedEnv) != "" {
		if err := playWorker(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}
