package main

import (
	"errors"
	"slices"
	"strings"

	"judge/judge"
)

// Exit statuses. They are a contract: scripts branch on them.
const (
	statusExpected    = 0   // everything came out as expected
	statusUnexpected  = 1   // a submission did not
	statusUsage       = 2   // the command line or a task file is wrong; nothing was run
	statusHost        = 3   // this host cannot isolate, results cannot be written, or a judge-error is left
	statusInterrupted = 130 // SIGINT or SIGTERM, as a shell reports the former
)

// failure is an error with its exit status. Every other error is one of usage: cobra's own.
type failure struct {
	status int
	err    error // nil: all has been said
}

func (f *failure) Error() string {
	if f.err == nil {
		return ""
	}
	return f.err.Error()
}

func (f *failure) Unwrap() error { return f.err }

func statusOf(err error) int {
	var f *failure
	switch {
	case err == nil:
		return statusExpected
	case errors.As(err, &f):
		return f.status
	}
	return statusUsage
}

// messageOf is what to print for an error. Mistakes in task files begin with the file's name, as a
// compiler's messages do, so that editors find the place.
func messageOf(err error) string {
	if err == nil || err.Error() == "" {
		return ""
	}
	var input *judge.InputErrors
	if errors.As(err, &input) {
		return err.Error()
	}
	// What a sink could not write, it says at the end again.
	lines := strings.Split(err.Error(), "\n")
	return "judge: " + strings.Join(slices.Compact(lines), "\n")
}
