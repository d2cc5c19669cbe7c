// Command judge runs untrusted programs against tests and says what happened.
//
//	judge run tasks.toml
//
// Each subcommand has a file of its own; status.go says what their exit statuses mean.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"judge/isolate"
	"judge/judge"
)

func main() {
	isolate.Enter()
	judge.CalmSysmon()
	os.Exit(withLazyCollector(func() int { return run(os.Args[1:], os.Stdout, os.Stderr) }))
}

// run executes one command line and returns the exit status.
//
// The first SIGINT or SIGTERM cancels what is under way; a second one ends judge as if it had not been
// caught, and the kernel then ends the programs.
func run(args []string, stdout, stderr io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop)

	root := newRoot()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := oneDash(root, args)
	if err == nil {
		err = commandError(root, args, root.ExecuteContext(ctx))
	}
	if message := messageOf(err); message != "" {
		fmt.Fprintln(stderr, message)
	}
	return statusOf(err)
}
