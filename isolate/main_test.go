//go:build linux

package isolate

import (
	"fmt"
	"os"
	"testing"
)

// TestMain also plays the judge that is killed, and fails if the tests leave anything behind: a
// process, a mount, a descriptor or a temporary file.
func TestMain(m *testing.M) {
	Enter()
	if os.Getenv(judgeVariable) != "" {
		serveKilledJudge()
	}
	os.Exit(runTests(m))
}

func runTests(m *testing.M) int {
	before, err := beforeTests()
	if err != nil {
		fmt.Fprintln(os.Stderr, "prepare the tests:", err)
		return 1
	}
	defer os.RemoveAll(before.temporary)
	code := m.Run()
	for _, what := range before.leftovers() {
		fmt.Fprintln(os.Stderr, "left after the tests:", what)
		code = max(code, 1)
	}
	return code
}
