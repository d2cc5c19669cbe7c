//go:build linux

package isolate_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"

	"judge/isolate"
)

// A program that uses this package begins its main with isolate.Enter.
func Example() {
	sandbox, err := isolate.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()

	read, write, err := os.Pipe()
	if err != nil {
		log.Fatal(err)
	}
	defer read.Close()
	exit, err := sandbox.Run(context.Background(), isolate.Program{
		Path:   "echo",
		Args:   []string{"echo", "hello"},
		Env:    []string{"PATH=/usr/bin:/bin"},
		Stdout: write,
	}, nil)
	write.Close()
	if err != nil {
		log.Fatal(err)
	}
	output, err := io.ReadAll(read)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%sexit status %d\n", output, exit.Status.ExitStatus())
	// Output:
	// hello
	// exit status 0
}
