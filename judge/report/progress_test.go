package report

import (
	"bytes"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"judge/judge"
)

func TestProgressLine(t *testing.T) {
	slow := []judge.Running{{Task: "sum", Submission: "solutions/slow.py", Test: "7"}, {Task: "sum", Submission: "a\x1b[2J.c"}}
	tests := []struct {
		name     string
		standing standing
		columns  int
		want     string
	}{
		{"nothing is known", standing{elapsed: 3 * time.Second}, 80, "0 runs  3s"},
		{"no rate yet", standing{Progress: judge.Progress{Runs: 1, AllRuns: 4}, elapsed: time.Second}, 80,
			"####............  1 of 4 runs  1s"},
		{"everything", standing{
			Progress: judge.Progress{Runs: 1250, AllRuns: 4560, Running: slow},
			first:    judge.Progress{Runs: 20, AllRuns: 4560},
			elapsed:  34 * time.Second, watched: 33 * time.Second,
		}, 100, "#####...............  1250 of 4560 runs  37/s  1m29s left  sum/solutions/slow.py/7 and 1 more"},
		{"narrow", standing{
			Progress: judge.Progress{Runs: 1250, AllRuns: 4560, Running: slow}, elapsed: 34 * time.Second, watched: 33 * time.Second,
		}, 79, "####...........  1250 of 4560 runs  38/s  1m27s left  ...s/slow.py/7 and 1 more"},
		{"very narrow", standing{Progress: judge.Progress{Runs: 1250, AllRuns: 4560, Running: slow}}, 20, "1250 of 4560 runs  0"},
		{"compiling, made visible", standing{Progress: judge.Progress{AllRuns: 1, Running: slow[1:]}}, 80,
			`................  0 of 1 run  0s  compiling sum/a\x1b[2J.c`},
		{"a source", standing{
			Progress: judge.Progress{Runs: 500, Submissions: 100, AllSubmissions: 300}, elapsed: time.Hour, watched: time.Hour,
		}, 100, "######..............  100 of 300 submissions, 500 runs  0.1/s  2h00m left"},
		{"no more than all", standing{Progress: judge.Progress{Runs: 5, AllRuns: 5}, elapsed: 2e9, watched: 2e9}, 40, "########  5 of 5 runs  2.5/s  2s"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.standing.line(tt.columns, false))
			assert.LessOrEqual(t, width(tt.standing.line(tt.columns, true)), tt.columns)
		})
	}
}

// screen is what a terminal shows of what was written to it: as much as we ask of one.
func screen(written string) string {
	lines, column := []string{""}, 0
	for written != "" {
		last := &lines[len(lines)-1]
		switch rest, erase := strings.CutPrefix(written, "\x1b[K"); {
		case erase:
			*last, written = (*last)[:column], rest
			continue
		case written[0] == '\r':
			column = 0
		case written[0] == '\n':
			lines, column = append(lines, ""), 0
		default:
			*last = (*last)[:column] + written[:1] + (*last)[min(column+1, len(*last)):]
			column++
		}
		written = written[1:]
	}
	return strings.Join(lines, "\n")
}

func TestProgressIsBelowWhatIsPrintedAndRemovedInTheEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var terminal bytes.Buffer
		var runs atomic.Int64
		p := StartProgress(&terminal, ProgressStyle{Width: func() int { return 40 }}, func() judge.Progress {
			return judge.Progress{Runs: int(runs.Load()), AllRuns: 9}
		})
		table := p.Above(&terminal)
		written := func() string {
			p.mu.Lock()
			defer p.mu.Unlock()
			return terminal.String()
		}
		pass := func(d time.Duration) {
			time.Sleep(d)
			synctest.Wait()
		}
		pass(999 * time.Millisecond)
		assert.Empty(t, written(), "what is quick goes without")
		pass(time.Millisecond)
		assert.Equal(t, "0 of 9 runs  1s", screen(written()))
		before := written()
		pass(200 * time.Millisecond)
		assert.Equal(t, before, written(), "nothing is drawn that is there already")
		runs.Store(4)
		pass(200 * time.Millisecond)
		assert.Equal(t, "4 of 9 runs  1s", screen(written()), "the shorter line is all that is there")
		table.Write([]byte("a table\nof two lines\n"))
		assert.Equal(t, "a table\nof two lines\n4 of 9 runs  1s", screen(written()))
		p.Stop()
		p.Stop()
		assert.Equal(t, "a table\nof two lines\n", screen(written()))
		table.Write([]byte("the end\n"))
		assert.Equal(t, "a table\nof two lines\nthe end\n", screen(written()))
	})
}

func TestNoProgress(t *testing.T) {
	var p *Progress
	var out bytes.Buffer
	assert.Same(t, &out, p.Above(&out))
	p.Stop()
}
