package report

import (
	"bytes"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func TestJSONLWritesEachLineAtOnce(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.jsonl")
	require.NoError(t, os.WriteFile(name, []byte("of the last batch\n"), 0o644))
	sink, err := CreateJSONL(name)
	require.NoError(t, err)
	var want []byte
	for _, r := range exampleRecords() {
		require.NoError(t, sink.Write(r))
		want, err = judge.AppendRecord(want, r)
		require.NoError(t, err)
		got, err := os.ReadFile(name)
		require.NoError(t, err)
		require.Equal(t, string(want), string(got))
	}
	require.NoError(t, sink.Close())
	require.NoError(t, sink.Close())
	assert.ErrorIs(t, sink.Write(&judge.Record{}), os.ErrClosed)
}

func TestCreateJSONLNamesWhatItCannotOpen(t *testing.T) {
	name := filepath.Join(t.TempDir(), "no", "results.jsonl")
	_, err := CreateJSONL(name)
	assert.EqualError(t, err, "open "+name+": no such file or directory")
}

func TestStandardOutputStaysOpen(t *testing.T) {
	sink, err := CreateJSONL("-")
	require.NoError(t, err)
	require.NoError(t, sink.Close())
	_, err = os.Stdout.Stat()
	assert.NoError(t, err)
}

// A limit on the size of files stands in for a disk with little room. It holds for the whole process, and
// so for what package testing writes itself: the test runs in one of its own.
func TestHalfALineIsTakenBack(t *testing.T) {
	const inChild = "JUDGE_TEST_FILE_SIZE_LIMIT"
	if os.Getenv(inChild) == "" {
		child := exec.Command(os.Args[0], "-test.run=^TestHalfALineIsTakenBack$", "-test.v")
		child.Env = append(os.Environ(), inChild+"=1")
		out, err := child.CombinedOutput()
		require.NoError(t, err, "%s", out)
		require.Contains(t, string(out), "--- PASS: TestHalfALineIsTakenBack")
		return
	}
	name := filepath.Join(t.TempDir(), "results.jsonl")
	sink, err := CreateJSONL(name)
	require.NoError(t, err)
	defer sink.Close()
	r := &judge.Record{Task: "sum"}
	line, err := judge.AppendRecord(nil, r)
	require.NoError(t, err)

	signal.Ignore(syscall.SIGXFSZ)
	size := uint64(len(line) + len(line)/2)
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: size, Max: size}))
	require.NoError(t, sink.Write(r))
	assert.ErrorIs(t, sink.Write(r), syscall.EFBIG)
	assert.ErrorIs(t, sink.Write(r), syscall.EFBIG)
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(line, got), "%q", got)
}

func TestResumedFileGoesOnAfterWhatIsKept(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.jsonl")
	sink, err := ResumeJSONL(name)
	require.NoError(t, err, "it need not exist")
	first, err := judge.AppendRecord(nil, &judge.Record{Task: "first"})
	require.NoError(t, err)
	require.NoError(t, sink.Write(&judge.Record{Task: "first"}))
	require.NoError(t, sink.Close())
	require.NoError(t, os.WriteFile(name, append(first, "half a li"...), 0o644))

	sink, err = ResumeJSONL(name)
	require.NoError(t, err)
	for _, open := range []func(string) (*JSONL, error){CreateJSONL, ResumeJSONL} {
		_, err = open(name)
		assert.EqualError(t, err, "open "+name+": another judge is writing it")
	}
	earlier, err := io.ReadAll(sink.Earlier())
	require.NoError(t, err)
	assert.Equal(t, string(first)+"half a li", string(earlier))
	require.NoError(t, sink.Keep(int64(len(first))))
	require.NoError(t, sink.Write(&judge.Record{Task: "second"}))
	require.NoError(t, sink.Close())
	second, err := judge.AppendRecord(first, &judge.Record{Task: "second"})
	require.NoError(t, err)
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.Equal(t, string(second), string(got))

	_, err = ResumeJSONL(os.DevNull)
	assert.EqualError(t, err, "open /dev/null: is not a regular file")
}
