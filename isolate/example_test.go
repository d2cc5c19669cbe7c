//go:build linux

package isolate_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"os"
	"time"

	"judge/isolate"
)

// A program that uses this package begins its main with isolate.Enter.
func Example() {
	sandbox, err := isolate.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()

	output, exit, err := sandbox.Output(context.Background(), isolate.Program{
		Path: "echo",
		Args: []string{"echo", "hello"},
		Env:  []string{"PATH=/usr/bin:/bin"},
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%sexit status %d\n", output, exit.Status.ExitStatus())
	// Output:
	// hello
	// exit status 0
}

// A sandbox of its own making: a user, files, a bound on what is printed and on the time that it takes.
func Example_configured() {
	sandbox, err := isolate.Config{Hostname: "box", IDs: isolate.IDs{User: 500, Group: 500}}.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()

	root := &isolate.Root{
		Size: 1 << 20,
		Create: []isolate.Entry{
			{Path: "/data", Mode: fs.ModeDir | 0o700, UID: 500, GID: 500},
			{Path: "/data/input", Content: "of the caller\n", UID: 500, GID: 500},
		},
	}
	printed := isolate.Buffer{Max: 1 << 10}
	program := isolate.Program{
		Path:   "sh",
		Args:   []string{"sh", "-c", "hostname; id -u; cat input"},
		Env:    []string{"PATH=/usr/bin:/bin"},
		Dir:    "/data",
		Root:   root,
		Stdout: &printed, Stderr: os.Stderr,
		Timeout: time.Minute,
	}
	exit, err := sandbox.Run(context.Background(), program, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s%v\n", &printed, exit.Cause)

	program.Args, program.Timeout = []string{"sh", "-c", "exec sleep 1000"}, time.Second/2
	exit, err = sandbox.Run(context.Background(), program, nil)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(exit.Cause)
	// Output:
	// box
	// 500
	// of the caller
	// <nil>
	// timeout
}

// A second program runs in the sandbox of the first one.
func ExampleProcess_Exec() {
	sandbox, err := isolate.New()
	if err != nil {
		log.Fatal(err)
	}
	defer sandbox.Close()
	env := []string{"PATH=/usr/bin:/bin"}
	first, err := sandbox.Start(context.Background(), isolate.Program{Path: "sleep", Args: []string{"sleep", "1000"}, Env: env}, nil)
	if err != nil {
		log.Fatal(err)
	}
	second, err := first.Exec(context.Background(), isolate.Program{
		Path: "sh", Args: []string{"sh", "-c", "echo process $$ says hello; exit 3"}, Env: env, Stdout: os.Stdout,
	}, nil)
	if err != nil {
		log.Fatal(err)
	}
	exit, err := second.Wait()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println("exit status", exit.Status.ExitStatus())
	first.Kill()
	exit, err = first.Wait()
	fmt.Println(exit.Cause, err)
	// Output:
	// process 3 says hello
	// exit status 3
	// killed <nil>
}
