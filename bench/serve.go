package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// clients are those of the load test.
const clients = 50

// work is a kind of submissions, each of them another program.
type work struct {
	name      string
	extension string
	source    string // with %d for what makes it another one
	tests     int
}

var (
	small    = work{"small", ".sh", "# %d\nread x; echo $((2 * x))\n", 2}
	ordinary = work{"ordinary", ".c", "// %d\n#include <stdio.h>\nint main(void) { int x; scanf(\"%%d\", &x); printf(\"%%d\\n\", 2 * x); }\n", 10}
)

// taskFile is the task's text; beside names where its submissions are, for `judge run`.
func (w work) taskFile(beside string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "[[task]]\nname = %q\nlimits = { time = \"10s\", wall = \"60s\" }\n%s", w.name, beside)
	for i := range w.tests {
		fmt.Fprintf(&b, "[[task.test]]\ninput = \"%d\"\nanswer = \"%d\"\n", i, 2*i)
	}
	return b.String()
}

// measureServe judges the same work with `judge run`, and with `judge serve` for clients who submit and wait, by turns.
func measureServe(ctx context.Context, l *lab) (err error) {
	s, err := l.startService(ctx)
	if err != nil {
		return err
	}
	defer func() {
		if ended := s.stop(); err == nil {
			err = ended
		}
	}()
	each := map[string]int{small.name: 200, ordinary.name: 24}
	if l.quick {
		each = map[string]int{small.name: 20, ordinary.name: 4}
	}
	var made int // submissions, of which no two are the same
	var queueing = map[string][]time.Duration{}
	var contenders []contender
	for _, w := range []work{small, ordinary} {
		task, err := s.putTask(ctx, w)
		if err != nil {
			return err
		}
		contenders = append(contenders,
			contender{name: w.name + "-run", round: func(ctx context.Context, n int) (round, error) {
				made += each[w.name]
				return l.runWork(ctx, w, made, each[w.name])
			}},
			contender{name: w.name + "-serve", round: func(ctx context.Context, n int) (round, error) {
				made += each[w.name]
				r, waited, err := s.load(ctx, w, task, made, each[w.name], clients)
				queueing[w.name] = append(queueing[w.name], waited...)
				return r, err
			}})
	}
	if _, err := interleave(ctx, 1, 0, contenders); err != nil { // for everybody to get ready
		return err
	}
	clear(queueing)
	begin := statusBytes(s.Process.Pid, "VmRSS")
	all, err := interleave(ctx, l.rounds(), 0, contenders)
	if err != nil {
		return err
	}
	end := statusBytes(s.Process.Pid, "VmRSS")
	rounds := 0
	for _, w := range []work{small, ordinary} {
		run, serve := all[w.name+"-run"], all[w.name+"-serve"]
		rounds += l.rounds() * each[w.name]
		for _, way := range []string{"-run", "-serve"} {
			l.add("serve/"+w.name+way+"/submissions_per_s", all[w.name+way].median(rate))
			l.add("serve/"+w.name+way+"/cpu_us", all[w.name+way].median(cpu))
		}
		part := "serve/" + w.name + "-serve"
		l.add(part+"/of_run_rate", serve.ratio(run, rate))
		l.add(part+"/queueing_median_ms", millis(quantile(queueing[w.name], 0.5)))
		l.add(part+"/queueing_p99_ms", millis(quantile(queueing[w.name], 0.99)))
		l.add(part+"/answer_p99_ms", millis(quantile(serve.took(), 0.99)))
		l.remark(part, fmt.Sprintf("%d clients, who wait for each of theirs; they take their share of the CPUs", clients))
		l.remark("serve/"+w.name+"-run", "judge run of as many, the whole process")
	}
	l.add("serve/clients", clients)
	l.add("serve/submissions", float64(rounds))
	l.add("serve/memory_begin_mib", float64(begin)/(1<<20))
	l.add("serve/memory_end_mib", float64(end)/(1<<20))
	l.add("serve/memory_growth_mib", float64(end-begin)/(1<<20))
	return l.measureLoneClient(ctx, s)
}

// measureLoneClient has one client with one submission at a time: what the service adds to it.
func (l *lab) measureLoneClient(ctx context.Context, s *service) error {
	task, err := s.putTask(ctx, small)
	if err != nil {
		return err
	}
	r, queueing, err := s.load(ctx, small, task, 1<<30, l.times(300), 1)
	if err != nil {
		return err
	}
	l.add("serve/lone-client/answer_median_ms", millis(quantile(r.took, 0.5)))
	l.add("serve/lone-client/answer_p99_ms", millis(quantile(r.took, 0.99)))
	l.add("serve/lone-client/queueing_median_ms", millis(quantile(queueing, 0.5)))
	l.add("serve/lone-client/queueing_p99_ms", millis(quantile(queueing, 0.99)))
	l.remark("serve/lone-client", "one after the other, of the small ones")
	return nil
}

// runWork judges n submissions with one `judge run`; they are numbered from a number on.
func (l *lab) runWork(ctx context.Context, w work, from, n int) (round, error) {
	dir, err := os.MkdirTemp(l.dir, "run-")
	if err != nil {
		return round{}, err
	}
	defer os.RemoveAll(dir)
	for i := range n {
		name := filepath.Join(dir, fmt.Sprintf("%d%s", from+i, w.extension))
		if err := os.WriteFile(name, fmt.Appendf(nil, w.source, from+i), 0o644); err != nil {
			return round{}, err
		}
	}
	text := w.taskFile(fmt.Sprintf("submissions = [\"*%s\"]\n", w.extension))
	if err := os.WriteFile(filepath.Join(dir, "tasks.toml"), []byte(text), 0o644); err != nil {
		return round{}, err
	}
	exe, err := l.judgeCommand()
	if err != nil {
		return round{}, err
	}
	cmd := exec.CommandContext(ctx, exe, "run", "--format", "none", "--out", filepath.Join(dir, "records.jsonl"), dir)
	cmd.Env = append(os.Environ(), "XDG_CACHE_HOME="+l.path("cache"))
	before, begin := machineCPU(), time.Now()
	if err := output(cmd); err != nil { // other than accepted is an error, too
		return round{}, err
	}
	return round{rate: float64(n) / time.Since(begin).Seconds(), cpu: (machineCPU() - before) / time.Duration(n)}, nil
}

// submission is what the service says of one.
type submission struct {
	ID        string    `json:"id"`
	State     string    `json:"state"`
	Verdict   string    `json:"verdict"`
	Message   string    `json:"message"`
	Submitted time.Time `json:"submitted"`
	Started   time.Time `json:"started"`
}

// request is the body of a submission.
func (w work) request(task string, number int) ([]byte, error) {
	return json.Marshal(map[string]any{
		"task": task, "sources": map[string]string{"main" + w.extension: fmt.Sprintf(w.source, number)},
	})
}
