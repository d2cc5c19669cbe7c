package report

import (
	"encoding/xml"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func writeJUnit(t *testing.T, b *sampleBatch) (text string, all junitSuites) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "junit.xml")
	sink, err := CreateJUnit(name)
	require.NoError(t, err)
	b.writeTo(t, sink)
	require.NoError(t, sink.Close())
	assert.ErrorIs(t, sink.Write(&judge.Record{}), os.ErrClosed)
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	require.NoError(t, xml.Unmarshal(data, &all))
	return string(data), all
}

func TestJUnitHasASuiteForEachTask(t *testing.T) {
	b := newSampleBatch(2, 10, 5)
	no := false
	b.records = append(b.records,
		&judge.Record{Kind: judge.KindSubmission, Task: "task-2", Submission: "broken.hs", Verdict: judge.JudgeError, Message: "ghc is missing", AsExpected: &no},
		&judge.Record{Kind: judge.KindSubmission, Task: "task-2", Submission: "late.c", Verdict: judge.Skipped, Reason: judge.ReasonCancelled, AsExpected: &no})
	text, all := writeJUnit(t, b)
	require.Len(t, all.Suites, 2)
	assert.Equal(t, []int{22, 2, 1, 1}, []int{all.Tests, all.Failures, all.Errors, all.Skipped})
	assert.Equal(t, []int{10, 1, 0, 0}, []int{all.Suites[0].Tests, all.Suites[0].Failures, all.Suites[0].Errors, all.Suites[0].Skipped})
	assert.Contains(t, text, `message="wrong-answer on test 04-case, expected accepted: line 3, column 1: expected &#34;17&#34;, found &#34;18&#34;" type="wrong-answer"`)
	assert.Contains(t, text, "--- standard output, 12 bytes\n3\n5 8\n18\n21\n")
	assert.Contains(t, text, `<error message="judge-error: ghc is missing" type="judge-error">`)
	assert.Contains(t, text, `<skipped message="skipped (cancelled)">`)
}

func TestJUnitOfHostileTextIsXML(t *testing.T) {
	text, all := writeJUnit(t, newSampleBatch(1, 0, 1).hostile())
	assert.Equal(t, 1, all.Failures)
	assert.NotContains(t, text, "\x1b")
	assert.NotContains(t, text, "\u202e")
	require.Len(t, all.Suites[0].Cases, 1)
	assert.Contains(t, all.Suites[0].Cases[0].Failure.Text, "]]></script>", "is text like any other")
}

func TestJUnitOfNothing(t *testing.T) {
	_, all := writeJUnit(t, newSampleBatch(0, 0, 0))
	assert.Zero(t, all.Tests)
}
