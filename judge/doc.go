// Package judge runs programs against test cases and concludes what happened.
//
// Load reads task files, Plan picks what to judge, Batch judges it, and a Sink gets the Records:
//
//	tasks.toml ─Load─> []Task ─Plan─> []Task ─Batch.Run─> Record ─> Sink
//
// A Task is a problem with limits and test cases, a Submission what is judged. Batch compiles each submission
// once, runs it on the tests within a sandbox (package isolate) and limits (package limits), and has a checker
// compare what it printed. Decide, a pure function, concludes from the facts of a run; so does DecideCompile.
// Records come in the order of the plan and do not depend on what finishes first.
//
// A process that judges many batches shares a Pool between them. LoadBundle and Task.NewSubmission are for tasks and
// programs that strangers have sent: package judge/judge/worker judges those of a queue.
//
// What a submission does is a Verdict and never an error. What our own machinery does wrong is the verdict
// judge-error, which never counts against a submission. A program that uses this package begins its main with
// isolate.Enter.
//
// The package does not print: package judge/judge/report has sinks that do.
package judge
