package isolate

import (
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// intermediateName is the argument list of a re-executed binary that is to be an intermediate.
const intermediateName = "judge: sandbox"

// controlFD is where an intermediate or keeper finds the socket to its parent.
const controlFD = 3

// What else the binary links, a sandbox has no use for: its initialisation comes after ours, as a rule, and would take
// each intermediate milliseconds.
func init() { Enter() }

// Enter must be the first statement of main, and of TestMain: in an intermediate and in a
// keeper of mounts, which are this binary executed again, it does not return.
func Enter() {
	if len(os.Args) == 0 {
		return
	}
	serve := map[string]func() error{intermediateName: serveIntermediate, keeperName: serveKeeper}[os.Args[0]]
	if serve == nil {
		return
	}
	if err := serve(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", os.Args[0], err)
		unix.Exit(1)
	}
	unix.Exit(0) // at once: there is nothing to flush, and with the race detector os.Exit sleeps for a second
}
