package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"judge/judge"
)

func newCheck() *cobra.Command {
	var quiet bool
	var records string
	var ignored []string
	cmd := &cobra.Command{
		Use:   "check [flags] FILE|DIR...",
		Short: "Look for mistakes in tasks without running anything",
		Long: `Check loads task files as judge run does, and then looks for what is allowed but is
probably a mistake: answers with other line ends than the rest, or without a last one,
answers that are their input, empty files, tests that are there twice, limits that are
unusual or that no program can meet, expectations that say little, and files among the
tests that no test uses. With the records of a run it also says which limits are tight for
good submissions, and which none of them needs. Each finding ends with its name in
brackets, by which --ignore leaves out what is meant to be so.

Exit status: 0 nothing was found; 1 something was; 2 a task file is wrong.`,
		Example: `  judge check tasks.toml
  judge check -q tasks.toml || echo look again
  judge check --ignore answer-is-input --ignore all-accepted tasks.toml
  judge run --all-tests --out results.jsonl . && judge check --records results.jsonl .`,
		Args: wantTaskFiles,
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := wantFindings(ignored); err != nil {
				return err
			}
			in, err := openInputs(args)
			if err != nil {
				return err
			}
			defer in.Close()
			tasks, err := in.load()
			if err != nil {
				return err
			}
			var used map[string]*needs // by task; nil: it is not known
			if records != "" {
				if used, err = readNeeds(records); err != nil {
					return &failure{statusUsage, fmt.Errorf("check: --records: %w", err)}
				}
			}
			var found []finding
			tests := 0
			for i := range tasks {
				found = append(found, lint(&tasks[i], used[tasks[i].Name])...)
				tests += len(tasks[i].Tests)
			}
			found = slices.DeleteFunc(found, func(f finding) bool { return slices.Contains(ignored, f.name) })
			if !quiet {
				text := fmt.Sprintf("nothing found in %s with %s\n", counted(len(tasks), "task"), counted(tests, "test"))
				if len(found) > 0 {
					text = findingsText(found)
				}
				if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
					return &failure{statusHost, err}
				}
			}
			if len(found) > 0 {
				return &failure{status: statusUnexpected}
			}
			return nil
		},
	}
	cmd.Flags().BoolVarP(&quiet, "quiet", "q", false, "print nothing but mistakes of the task files themselves; the exit status says the rest")
	cmd.Flags().StringArrayVar(&ignored, "ignore", nil, "leave out findings of this `NAME`; may be repeated")
	cmd.Flags().StringVar(&records, "records", "", "compare limits with what was used, in `FILE` that judge run --out has written")
	return cmd
}

// finding is something in a task that is probably a mistake.
type finding struct {
	task  *judge.Task
	name  string // one of findingNames
	where string // "test 3", a file's name, or empty: the task as a whole
	what  string
}

// findingNames are what --ignore knows.
var findingNames = []string{
	"all-accepted", "answer-is-input", "answer-too-large", "blank", "byte-order-mark", "empty", "impossible-limit", "line-ends",
	"loose-limit", "no-answer", "no-last-line-end", "none-accepted", "not-utf8", "nul", "same-input", "same-test", "tight-limit",
	"unreadable", "unused-file", "unusual-limit",
}

// wantFindings checks names of findings.
func wantFindings(names []string) error {
	for _, name := range names {
		if !slices.Contains(findingNames, name) {
			return errors.New(didYouMean(fmt.Sprintf("check: --ignore %q: there is no finding of this name", name),
				similar(name, findingNames), "they are "+strings.Join(findingNames, ", ")))
		}
	}
	return nil
}

// findingsText shows findings, and of many of one kind in one task the first few.
func findingsText(found []finding) string {
	const shown = 3
	type kind struct{ task, name string }
	var p planPrinter
	seen := map[kind]int{}
	for _, f := range found {
		seen[kind{f.task.Name, f.name}]++
	}
	printed := map[kind]int{}
	for _, f := range found {
		k := kind{f.task.Name, f.name}
		if printed[k]++; printed[k] > shown {
			continue
		}
		where := judge.Visible(f.where)
		if where != "" {
			where += ": "
		}
		p.line("%s: task %q: %s%s [%s]", judge.Visible(f.task.File), f.task.Name, where, f.what, f.name)
		if printed[k] == shown && seen[k] > shown {
			p.line("%s: task %q: and %d more like it", judge.Visible(f.task.File), f.task.Name, seen[k]-shown)
		}
	}
	p.line("%s; what is meant to be so is left out by its name, as in --ignore %s", counted(len(found), "finding"), found[0].name)
	return p.String()
}

// linter looks at one task.
type linter struct {
	task  *judge.Task
	found []finding
}

// lint looks at a task, whose good submissions need so much of its limits; nil: that is not known.
func lint(t *judge.Task, used *needs) []finding {
	l := linter{task: t}
	l.tests()
	l.limits()
	l.needs(used)
	l.expectations()
	l.unused()
	return l.found
}

// find notes a finding.
func (l *linter) find(name, where, format string, args ...any) {
	l.found = append(l.found, finding{l.task, name, where, fmt.Sprintf(format, args...)})
}

// expectations looks at what the submissions are there for.
func (l *linter) expectations() {
	submissions := l.task.Submissions
	if len(submissions) < 2 || l.task.Source != nil {
		return
	}
	has := func(want func(s judge.Submission) bool) bool { return slices.ContainsFunc(submissions, want) }
	accepted := func(s judge.Submission) bool {
		return len(s.Expected) == 0 || slices.Contains(s.Expected, judge.Accepted)
	}
	if !has(accepted) {
		l.find("none-accepted", "", "no submission is expected to be accepted: who knows whether the tests can be solved?")
	}
	if !has(func(s judge.Submission) bool { return !accepted(s) || s.ExpectedScore != nil }) {
		l.find("all-accepted", "", "every submission is expected to be accepted: nothing shows that the tests find a wrong one; see expect")
	}
}
