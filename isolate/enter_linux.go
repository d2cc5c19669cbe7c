package isolate

import (
	"fmt"
	"os"
)

// intermediateName is the argument list of a re-executed binary that is to be an intermediate.
const intermediateName = "judge: sandbox"

// controlFD is where an intermediate finds the socket to its parent.
const controlFD = 3

// Enter must be the first statement of main, and of TestMain: in an intermediate, which is this
// binary executed again, it does not return.
func Enter() {
	if len(os.Args) != 1 || os.Args[0] != intermediateName {
		return
	}
	if err := serveIntermediate(); err != nil {
		fmt.Fprintf(os.Stderr, "%s: %v\n", intermediateName, err)
		os.Exit(1)
	}
	os.Exit(0)
}
