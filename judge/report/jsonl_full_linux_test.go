package report

import (
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"judge/judge"
)

func TestFullDiskIsAnError(t *testing.T) {
	sink, err := CreateJSONL("/dev/full")
	require.NoError(t, err)
	for range 2 {
		err = sink.Write(&judge.Record{})
		assert.ErrorIs(t, err, syscall.ENOSPC)
		assert.EqualError(t, err, "write /dev/full: no space left on device")
	}
	assert.NoError(t, sink.Close())
}
