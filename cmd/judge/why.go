package main

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"judge/judge"
)

func newWhy() *cobra.Command {
	return &cobra.Command{
		Use:   "why RECORDS[:LINE] [TASK/SUBMISSION[/TEST]]",
		Short: "Tell in plain sentences how a verdict came about",
		Long: `Why reads records that judge run --out has written, and tells how a verdict came about:
which limit it was, what was observed and by which mechanism, what happened when, and why
tests were skipped. Without a line or a name it tells of each submission that did not come
out as expected.`,
		Example: `  judge run --out results.jsonl tasks.toml
  judge why results.jsonl
  judge why results.jsonl sum/solutions/slow.cpp
  judge why results.jsonl sum/solutions/slow.cpp/7-large
  judge why results.jsonl:12`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) < 1 || len(args) > 2 {
				return errors.New("why: want a file of records and perhaps a name, as in: judge why results.jsonl sum/solutions/slow.cpp")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			want := wantedRecord{}
			if len(args) == 2 {
				want.name = args[1]
			} else if name, line, ok := cutLine(args[0]); ok {
				args[0], want.line = name, line
			}
			text, err := why(args[0], want)
			if err != nil {
				return &failure{statusUsage, fmt.Errorf("why: %w", err)}
			}
			if _, err := io.WriteString(cmd.OutOrStdout(), text); err != nil {
				return &failure{statusHost, err}
			}
			return nil
		},
	}
}

// cutLine takes a line's number from the end of a file's name, unless there is a file of the whole name.
func cutLine(arg string) (name string, line int, ok bool) {
	if _, err := os.Stat(arg); err == nil {
		return arg, 0, false
	}
	at := strings.LastIndexByte(arg, ':')
	if at < 0 {
		return arg, 0, false
	}
	line, err := strconv.Atoi(arg[at+1:])
	return arg[:at], line, err == nil && line > 0
}

// wantedRecord says which record to tell about; the zero value: each submission that is not as expected.
type wantedRecord struct {
	line int
	name string // TASK/SUBMISSION[/TEST]
}

// why tells about records of a file.
func why(file string, want wantedRecord) (string, error) {
	var told []judge.Record
	submissions := 0
	var names []string // of submissions, the first few
	err := eachRecord(file, func(line int, r *judge.Record) {
		if r.Kind == judge.KindSubmission {
			if submissions++; submissions <= 3 {
				names = append(names, recordName(r))
			}
		}
		if want.picks(line, r) {
			told = append(told, *r)
		}
	})
	switch {
	case err != nil:
		return "", err
	case len(told) == 0 && want.line > 0:
		return "", fmt.Errorf("%s has no line %d", file, want.line)
	case len(told) == 0 && want.name != "":
		return "", fmt.Errorf("%s has no record of %q; it has such as %s", file, want.name, strings.Join(names, ", "))
	case len(told) == 0 && submissions == 0:
		return "", fmt.Errorf("%s has no record of a submission", file)
	case len(told) == 0:
		return fmt.Sprintf("All %s came out as expected. To know more of one: judge why %s %s\n",
			counted(submissions, "submission"), file, names[0]), nil
	}
	related, err := relatedTo(file, told)
	if err != nil {
		return "", err
	}
	stories := make([]string, len(told))
	for i := range told {
		stories[i] = tell(&told[i], related[[2]string{told[i].Task, told[i].Submission}])
	}
	return strings.Join(stories, "\n"), nil
}

func (w wantedRecord) picks(line int, r *judge.Record) bool {
	switch {
	case w.line > 0:
		return line == w.line
	case w.name != "":
		return r.Kind != judge.KindCompile && w.name == recordName(r)
	}
	return r.Kind == judge.KindSubmission && r.AsExpected != nil && !*r.AsExpected
}

func recordName(r *judge.Record) string { return path.Join(r.Task, r.Submission, testOf(r)) }

// relatedRecords are those that say how a submission was decided.
type relatedRecords struct {
	compiled *judge.Record   // nil: there is none
	deciding *judge.Record   // the run; nil: there is none
	skipped  []*judge.Record // runs that were not made
}

// relatedTo finds what is related to the submissions among what is told about, by task and submission.
func relatedTo(file string, told []judge.Record) (map[[2]string]*relatedRecords, error) {
	found := map[[2]string]*relatedRecords{}
	decided := map[[2]string]string{} // by which test
	for _, r := range told {
		if r.Kind == judge.KindSubmission {
			key := [2]string{r.Task, r.Submission}
			found[key], decided[key] = &relatedRecords{}, r.Test
		}
	}
	err := eachRecord(file, func(_ int, r *judge.Record) {
		key := [2]string{r.Task, r.Submission}
		of := found[key]
		switch {
		case of == nil:
		case r.Kind == judge.KindCompile:
			of.compiled = r
		case r.Kind == judge.KindRun && r.Test == decided[key]:
			of.deciding = r
		case r.Kind == judge.KindRun && r.Verdict == judge.Skipped:
			of.skipped = append(of.skipped, r)
		}
	})
	return found, err
}

// eachRecord reads a file of records, line by line.
func eachRecord(file string, do func(line int, r *judge.Record)) error {
	f, err := openRecords(file)
	if err != nil {
		return err
	}
	defer f.Close()
	reader := bufio.NewReaderSize(f, 1<<20)
	for line := 1; ; line++ {
		text, err := reader.ReadBytes('\n')
		if len(text) == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("read %s: %w", file, err)
		}
		var r judge.Record
		if err := json.Unmarshal(text, &r); err != nil {
			return fmt.Errorf("%s:%d: want a record, a JSON object: %w", file, line, err)
		}
		do(line, &r)
	}
}

// openRecords opens a file of records. The caller closes it.
func openRecords(name string) (*os.File, error) {
	f, err := os.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: no such file: want records that judge run --out has written", name)
	}
	return f, err
}

// testOf is the test of a run; a submission names the one that decided, which is no part of its name.
func testOf(r *judge.Record) string {
	if r.Kind == judge.KindRun {
		return r.Test
	}
	return ""
}
