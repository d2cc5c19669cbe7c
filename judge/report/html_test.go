package report

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func writeReport(t testing.TB, b *sampleBatch) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "report.html")
	report, err := CreateHTML(name)
	require.NoError(t, err)
	b.writeTo(t, report)
	require.NoError(t, report.Close())
	assert.ErrorIs(t, report.Write(&judge.Record{}), os.ErrClosed)
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}

func TestReportRefersToNothingOutside(t *testing.T) {
	text := writeReport(t, newSampleBatch(2, 10, 5).hostile().interactive())
	assert.NotRegexp(t, `(?i)(src|href|action|poster)="(https?:)?//`, text)
	assert.NotRegexp(t, `(?i)@import|url\(|<link|<iframe|<img`, regexp.MustCompile(`(?s)<script.*?</script>`).ReplaceAllString(text, ""))
	assert.Contains(t, text, "default-src &#39;none&#39;")
}

// What is executed is our own, and ends where it should, whatever programs print.
func TestReportOfHostileTextHasOnlyOurScript(t *testing.T) {
	text := writeReport(t, newSampleBatch(0, 0, 0).hostile())
	assert.Equal(t, 1, strings.Count(text, "<script>"), "without a type: executed")
	assert.Equal(t, strings.Count(text, "<script"), strings.Count(text, "</script>"))
	assert.False(t, strings.ContainsAny(text, "\u2028\u2029\u202e\x00\x1b"))
}

// The overview, the matrix and the plots need no script.
func TestReportWithoutScript(t *testing.T) {
	text := regexp.MustCompile(`(?s)<script.*?</script>`).ReplaceAllString(writeReport(t, newSampleBatch(1, 10, 5)), "")
	assert.Contains(t, text, "✗ 1 not as expected")
	assert.Contains(t, text, `<td class="v-time-limit" data-r="`)
	assert.Equal(t, 3, strings.Count(text, `<svg class="plot"`))
}

// A service does not know what is to be expected of its clients' submissions.
func TestReportWithoutExpectations(t *testing.T) {
	b := newSampleBatch(1, 10, 5)
	for _, r := range b.records {
		r.Expected, r.AsExpected = nil, nil
	}
	text := regexp.MustCompile(`(?s)<(script|style).*?</(script|style)>`).ReplaceAllString(writeReport(t, b), "")
	assert.NotContains(t, text, "as expected")
	assert.NotContains(t, text, "unexpected</")
	assert.NotRegexp(t, `>[^<]*expected <`, text)
	assert.Regexp(t, `✗ \d+ not accepted`, text)
}

func TestReportOfNothing(t *testing.T) {
	assert.Contains(t, writeReport(t, newSampleBatch(0, 0, 0)), "nothing was judged")
}

// A batch that was ended in the middle of a submission has a report of those before it.
func TestReportOfAnInterruptedBatch(t *testing.T) {
	b := newSampleBatch(1, 2, 5)
	b.records = b.records[:len(b.records)-1]
	assert.Contains(t, writeReport(t, b), "✓ all as expected")
}

func TestCreateHTMLNamesWhatItCannotOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "no", "report.html")
	_, err := CreateHTML(name)
	assert.EqualError(t, err, "open "+name+": no such file or directory")
	assert.True(t, errors.Is(err, fs.ErrNotExist))
}

// Texts wait on the disk: what a run leaves in memory is bounded, however much it printed.
func TestReportKeepsNoTextsInMemory(t *testing.T) {
	report, err := CreateHTML(filepath.Join(t.TempDir(), "report.html"))
	require.NoError(t, err)
	defer report.Close()
	b := newSampleBatch(0, 0, 0)
	b.tests = 10
	const runs = 5000
	before := heap()
	for i := range runs {
		r := b.run("task", "a.py", "python", i%10, 0)
		r.Verdict = judge.WrongAnswer
		r.Stdout.Text, r.Stderr.Text = fmt.Sprint(i)+strings.Repeat("o", 4000), strings.Repeat("e", 4000)
		require.NoError(t, report.Write(r))
	}
	assert.Less(t, (heap()-before)/runs, int64(1000), "bytes for each run")
	runtime.KeepAlive(report)
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
