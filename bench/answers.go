package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"judge/judge"
)

// measureAnswers judges a model's answers to 20 problems from one JSONL file, four fifths in Python and one
// fifth in C++, most of them distinct by a comment only; then again, with the judge killed half-way and
// resumed: what was compiled is in the cache by then.
func measureAnswers(ctx context.Context, l *lab) error {
	n := 300
	switch {
	case l.quick:
		n = 40
	case l.only != "":
		n = 10_000
	}
	if err := l.writeAnswers(n); err != nil {
		return err
	}
	begin := time.Now()
	peak, err := l.judgeAnswers(ctx, "whole.jsonl", 0)
	if err != nil {
		return err
	}
	took := time.Since(begin)
	l.add("answers/answers", float64(n))
	l.add("answers/programs_per_s", float64(n)/took.Seconds())
	l.add("answers/memory_peak_mib", float64(peak)/(1<<20))
	whole, err := l.verdicts("whole.jsonl")
	if err != nil {
		return err
	}
	info, err := os.Stat(l.path("whole.jsonl"))
	if err != nil {
		return err
	}
	l.add("answers/records_mib", float64(info.Size())/(1<<20))
	if _, err := l.judgeAnswers(ctx, "resumed.jsonl", info.Size()/2); err != nil {
		return err
	}
	begin = time.Now()
	if _, err := l.judgeAnswers(ctx, "resumed.jsonl", 0); err != nil {
		return err
	}
	l.add("answers/resumed_programs_per_s", float64(n)/2/time.Since(begin).Seconds())
	resumed, err := l.verdicts("resumed.jsonl")
	if err != nil {
		return err
	}
	for _, name := range []string{"whole", "resumed"} {
		records, err := os.ReadFile(l.path(name + ".jsonl"))
		if err != nil {
			return err
		}
		l.add("answers/"+name+"/cache_hits", float64(bytes.Count(records, []byte(`"cached":true`))))
	}
	if resumed != whole {
		return errors.New("killed and resumed: other records than undisturbed")
	}
	return nil
}

// problems is how many there are.
const problems = 20

// writeAnswers writes the task file and the answers. Every fifth answer is the same as another one, every
// fourth is wrong.
func (l *lab) writeAnswers(n int) error {
	var tasks strings.Builder
	fmt.Fprint(&tasks, "[defaults]\nsource = { file = \"answers.jsonl\", task = \"problem\" }\nlimits = { time = \"10s\" }\n")
	fmt.Fprint(&tasks, "expect = { \"*-wrong\" = \"wrong-answer\" }\n")
	for p := range problems {
		fmt.Fprintf(&tasks, "[[task]]\nname = \"times %d\"\n", p)
		for i := range 3 {
			fmt.Fprintf(&tasks, "[[task.test]]\ninput = \"%d\"\nanswer = \"%d\"\n", i+1, (i+1)*p)
		}
	}
	if err := os.WriteFile(l.path("answers.toml"), []byte(tasks.String()), 0o644); err != nil {
		return err
	}
	file, err := os.Create(l.path("answers.jsonl"))
	if err != nil {
		return err
	}
	defer file.Close()
	out := bufio.NewWriter(file)
	encoder := json.NewEncoder(out)
	for i := range n {
		problem, round := i%problems, i/problems
		factor, id := strconv.Itoa(problem), strconv.Itoa(i)
		if round%4 == 3 {
			factor, id = factor+" + 1", id+"-wrong"
		}
		note := id
		if round%10 == 9 || round%10 == 6 {
			note = "the same"
		}
		answer := map[string]string{
			"id": id, "problem": fmt.Sprintf("times %d", problem), "language": "python",
			"code": fmt.Sprintf("# %s\nprint(int(input()) * (%s))\n", note, factor),
		}
		if round%5 == 1 {
			answer["language"] = "cpp"
			answer["code"] = fmt.Sprintf("// %s\n#include <iostream>\nint main() { int n; std::cin >> n; std::cout << n * (%s) << '\\n'; }\n", note, factor)
		}
		if err := encoder.Encode(answer); err != nil {
			return err
		}
	}
	return errors.Join(out.Flush(), file.Sync())
}

// judgeAnswers runs the judge command, which it kills when the records have so many bytes, if not 0. It
// returns the judge's own peak memory, in bytes.
func (l *lab) judgeAnswers(ctx context.Context, records string, kill int64) (peak int64, err error) {
	look := func(p *os.Process) bool {
		info, err := os.Stat(l.path(records))
		if kill == 0 || err != nil || info.Size() < kill {
			return false
		}
		return p.Kill() == nil
	}
	return l.runJudge(ctx, look, "--format", "none", "--resume", "--out", l.path(records), l.path("answers.toml"))
}

// verdicts is what does not change from one judging to the next in a file of records.
func (l *lab) verdicts(records string) (string, error) {
	file, err := os.Open(l.path(records))
	if err != nil {
		return "", err
	}
	defer file.Close()
	var b strings.Builder
	decoder := json.NewDecoder(bufio.NewReader(file))
	for {
		var r judge.Record
		switch err := decoder.Decode(&r); {
		case err == io.EOF:
			return b.String(), nil
		case err != nil:
			return "", err
		}
		fmt.Fprintln(&b, r.Kind, r.Task, r.Submission, r.SameAs, r.Test, r.Verdict, r.Reason, r.PassAt)
		if r.Totals != nil {
			fmt.Fprintln(&b, *r.Totals)
		}
	}
}
