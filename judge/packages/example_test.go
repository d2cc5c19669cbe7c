package packages_test

import (
	"fmt"

	"judge/judge"
	"judge/judge/packages"
)

// A package is loaded as if it were a task file.
func ExampleOpen() {
	p, err := packages.Open("../../fixtures/packages/guess")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer p.Close()
	tasks, err := judge.LoadFiles(p.TaskFile())
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, t := range tasks {
		fmt.Println(t.Name, len(t.Tests), "tests,", len(t.Submissions), "submissions,", t.Limits.CPU)
	}
	// Output: guess 4 tests, 11 submissions, 2s
}
