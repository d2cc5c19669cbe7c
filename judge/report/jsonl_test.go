package report

import (
	"bytes"
	"os"
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

func TestFullDiskIsAnError(t *testing.T) {
	if _, err := os.Stat("/dev/full"); err != nil {
		t.Skip(err)
	}
	sink, err := CreateJSONL("/dev/full")
	require.NoError(t, err)
	for range 2 {
		err = sink.Write(&judge.Record{})
		assert.ErrorIs(t, err, syscall.ENOSPC)
		assert.EqualError(t, err, "write /dev/full: no space left on device")
	}
	assert.NoError(t, sink.Close())
}

// A limit on the size of files stands in for a disk with little room.
func TestHalfALineIsTakenBack(t *testing.T) {
	name := filepath.Join(t.TempDir(), "results.jsonl")
	sink, err := CreateJSONL(name)
	require.NoError(t, err)
	defer sink.Close()
	r := &judge.Record{Task: "sum"}
	line, err := judge.AppendRecord(nil, r)
	require.NoError(t, err)

	limitFileSize(t, len(line)+len(line)/2)
	require.NoError(t, sink.Write(r))
	assert.ErrorIs(t, sink.Write(r), syscall.EFBIG)
	assert.ErrorIs(t, sink.Write(r), syscall.EFBIG)
	got, err := os.ReadFile(name)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(line, got), "%q", got)
}

func limitFileSize(t *testing.T, size int) {
	signal.Ignore(syscall.SIGXFSZ)
	t.Cleanup(func() { signal.Reset(syscall.SIGXFSZ) })
	var old syscall.Rlimit
	require.NoError(t, syscall.Getrlimit(syscall.RLIMIT_FSIZE, &old))
	require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: uint64(size), Max: old.Max}))
	t.Cleanup(func() { require.NoError(t, syscall.Setrlimit(syscall.RLIMIT_FSIZE, &old)) })
}
