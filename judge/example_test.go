package judge_test

import (
	"context"
	"fmt"
	"log"

	"judge/judge"
)

// A program that uses this package begins its main with isolate.Enter.
func Example() {
	tasks, err := judge.Load("testdata/example/tasks.toml")
	if err != nil {
		log.Fatal(err) // all mistakes of the file, with their lines
	}
	totals, err := judge.Batch{Jobs: 1}.Run(context.Background(), tasks, verdicts{})
	if err != nil {
		log.Fatal(err) // this host cannot isolate, or a sink failed: never what a submission did
	}
	fmt.Println(totals.Submissions, "submissions,", totals.Runs, "runs,", totals.AsExpected, "as expected")
	// Output:
	// double.sh 1 accepted
	// double.sh 2 accepted
	// wrong.sh 1 accepted
	// wrong.sh 2 wrong-answer
	// 2 submissions, 4 runs, 2 as expected
}

// verdicts is a judge.Sink that prints the verdict of each run.
type verdicts struct{}

func (verdicts) Write(r *judge.Record) error {
	if r.Kind == judge.KindRun {
		fmt.Println(r.Submission, r.Test, r.Verdict)
	}
	return nil
}

func (verdicts) Close() error { return nil }
