package report

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

// manyTests are the records of submissions with so many tests, of which every seventh fails at its end.
func manyTests(submissions, tests int, message string) []*judge.Record {
	var records []*judge.Record
	for i := range submissions {
		name, expected, score := fmt.Sprintf("submissions/wrong/number-%d.py", i), i%7 != 0, 86.67
		last := judge.Accepted
		if !expected {
			last = judge.TimeLimit
		}
		for test := range tests {
			v := judge.Accepted
			if test == tests-2 {
				v = last
			}
			records = append(records, &judge.Record{
				Kind: judge.KindRun, Task: "many", Submission: name, Test: fmt.Sprintf("secret/%04d", test), Verdict: v,
				CPU: judge.Millis(500 * time.Millisecond), Memory: 100 << 20, Limits: &judge.RecordLimits{CPU: judge.Millis(2500 * time.Millisecond), Memory: 1 << 30},
			})
		}
		records = append(records, &judge.Record{
			Kind: judge.KindSubmission, Task: "many", Submission: name, Verdict: last, Reason: judge.ReasonIdle, Message: message, Score: &score,
			MaxScore: &score, Expected: []judge.Verdict{judge.Accepted}, AsExpected: &expected,
		})
	}
	return records
}

func TestTableFitsTheScreen(t *testing.T) {
	for _, unicode := range []bool{false, true} {
		for _, columns := range []int{80, 81, 100, 120, 160, 300} {
			for _, tests := range []int{0, 1, 5, 40, 1000} {
				for _, message := range []string{"", "short", strings.Repeat("very long ", 30)} {
					table := NewTable(nil, TableConfig{Width: columns, Unicode: unicode})
					table.task = "many"
					for _, r := range manyTests(8, tests, message) {
						table.next.add(r)
						if r.Kind == judge.KindSubmission {
							table.addRow(table.next)
							table.next = row{}
						}
					}
					for line := range strings.Lines(table.render()) {
						line = strings.TrimSuffix(line, "\n")
						require.LessOrEqual(t, width(line), columns, "%d tests, message %q, in %d columns:\n%s", tests, message, columns, line)
					}
				}
			}
		}
	}
}

// TestPipesGetWholeLines: what is read by grep has no use for the width of a screen.
func TestPipesGetWholeLines(t *testing.T) {
	long := strings.Repeat("very long ", 50) + "end"
	records := manyTests(1, 500, long)
	no := false
	last := records[len(records)-1]
	last.Submission, last.Test, last.AsExpected = strings.Repeat("directory/", 20)+"end.py", strings.Repeat("test", 20), &no
	for _, r := range records {
		r.Submission = last.Submission
	}
	var out strings.Builder
	table := NewTable(&out, TableConfig{})
	for _, r := range records {
		require.NoError(t, table.Write(r))
	}
	require.NoError(t, table.Close())
	assert.Contains(t, out.String(), "FAIL  "+last.Submission+"  time-limit (idle)")
	assert.Contains(t, out.String(), ".x498 T.")
	assert.Contains(t, out.String(), last.Test+": "+long+"\n")
	assert.Contains(t, out.String(), "\n  "+long+"\n")
	assert.NotContains(t, out.String(), "...")
}

// TestDuplicatesHaveTheFiguresOfTheirOriginal also wants no evidence twice.
func TestDuplicatesHaveTheFiguresOfTheirOriginal(t *testing.T) {
	records := manyTests(1, 2, "late")
	twin := *records[len(records)-1]
	twin.Submission, twin.SameAs = "twin.py", twin.Submission
	var out strings.Builder
	table := NewTable(&out, TableConfig{})
	for _, r := range append(records, &twin) {
		require.NoError(t, table.Write(r))
	}
	require.NoError(t, table.Close())
	assert.Regexp(t, `FAIL  twin.py +time-limit \(idle\) +86.67/86.67 +0.50/2.5s +0.1/1GiB  expected accepted; late; same as submissions/wrong/number-0.py\n`, out.String())
	assert.Contains(t, out.String(), "\nmany/twin.py: time-limit (idle), score 86.67/86.67, expected accepted\n  the same program as many/submissions/wrong/number-0.py\n")
}

func TestCells(t *testing.T) {
	cellsOf := func(text string) cells {
		var c cells
		for _, letter := range text {
			for _, s := range symbols {
				if s.plain == string(letter) {
					c = c.add(s.Verdict)
				}
			}
		}
		return c
	}
	tests := []struct {
		name  string
		cells string
		room  int
		want  string
	}{
		{"none", "", 9, ""},
		{"room for each", "..W-TMOR!", 9, "..W-TMOR!"},
		{"in a row", strings.Repeat(".", 37) + "W" + strings.Repeat("-", 12), 20, ".x37 W -x12"},
		{"short stretches stay", strings.Repeat(".", 5) + "WW..." + strings.Repeat("T", 4), 13, ".x5 WW... Tx4"},
		{"in all", strings.Repeat(".W", 20) + "-", 10, "20. 20W 1-"},
		{"totals are not cut", strings.Repeat(".W", 20) + "-", 3, "20. 20W 1-"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			table := NewTable(nil, TableConfig{})
			assert.Equal(t, tt.want, table.cellsText(cellsOf(tt.cells), tt.room))
		})
	}
}

func TestUsage(t *testing.T) {
	const ms, mib = int64(time.Millisecond), int64(1 << 20)
	times := []struct {
		usage usage
		want  string
	}{
		{usage{}, ""},
		{usage{1234 * ms, 0}, "1.234s"},
		{usage{834 * ms, 1000 * ms}, "0.83/1s"},
		{usage{0, 1500 * ms}, "0.00/1.5s"},
		{usage{12 * ms, 500 * ms}, "0.012/0.5s"},
		{usage{12345 * ms, 10000 * ms}, "12.3/10s"},
	}
	for _, tt := range times {
		assert.Equal(t, tt.want, tt.usage.timeText())
	}
	memory := []struct {
		usage usage
		want  string
	}{
		{usage{}, ""},
		{usage{12 * mib, 0}, "12MiB"},
		{usage{500 << 10, 0}, "500KiB"},
		{usage{12 * mib, 256 * mib}, "12/256MiB"},
		{usage{mib / 2, 256 * mib}, "0.5/256MiB"},
		{usage{3*mib + mib/4, 64 * mib}, "3.2/64MiB"},
		{usage{100 * mib, 1 << 30}, "0.1/1GiB"},
		{usage{100 * mib, 3 << 29}, "0.1/1.5GiB"},
		{usage{0, 256 * mib}, "0/256MiB"},
		{usage{3*mib + mib/4, 2 << 30}, "3.2MiB/2GiB"},
		{usage{19 * mib, 3 << 29}, "19MiB/1.5GiB"},
		{usage{0, 2 << 30}, "0/2GiB"},
	}
	for _, tt := range memory {
		assert.Equal(t, tt.want, tt.usage.memoryText())
	}
	assert.Equal(t, usage{5, 10}, usage{8, 100}.worse(usage{5, 10}), "closer to its limit")
	assert.Equal(t, usage{8, 0}, usage{8, 0}.worse(usage{5, 0}))
}

func TestOnlySomeSurprisesAreToldInDetail(t *testing.T) {
	records := manyTests(100, 2, "late") // 15 of them surprise
	for _, test := range []struct {
		detail Detail
		want   int
	}{{Normal, maxDetails}, {Quiet, maxDetails}, {Verbose, 15}} {
		var out strings.Builder
		table := NewTable(&out, TableConfig{Detail: test.detail})
		for _, r := range records {
			require.NoError(t, table.Write(r))
		}
		require.NoError(t, table.Close())
		assert.Equal(t, test.want, strings.Count(out.String(), "\n  late\n"))
		assert.Equal(t, test.detail != Verbose, strings.Contains(out.String(), "\n5 submissions more not as expected; --verbose shows all\n"))
		assert.Equal(t, 15, strings.Count(out.String(), "\nFAIL  "))
		if test.detail == Quiet {
			assert.NotContains(t, out.String(), "\nok ")
		}
	}
}
