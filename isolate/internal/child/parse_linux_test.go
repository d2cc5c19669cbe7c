package child

import (
	"encoding/binary"
	"reflect"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseErrorReadsPhaseIndexAndErrno(t *testing.T) {
	var arg []byte
	for _, w := range []uint64{uint64(PhaseProgram), 3, uint64(syscall.EACCES)} {
		arg = binary.NativeEndian.AppendUint64(arg, w)
	}
	phase, index, errno, err := ParseError(arg)
	require.NoError(t, err)
	assert.Equal(t, PhaseProgram, phase)
	assert.Equal(t, 3, index)
	assert.Equal(t, syscall.EACCES, errno)
}

func TestParseErrorRefusesOtherSizes(t *testing.T) {
	for _, size := range []int{0, 1, 23, 25, 4096} {
		_, _, _, err := ParseError(make([]byte, size))
		assert.ErrorContains(t, err, "error message of ", "%d bytes", size)
	}
}

func TestParseExitReadsTheWordsOfInit(t *testing.T) {
	size := int(reflect.TypeFor[exitWords]().Size())
	arg := make([]byte, size)
	binary.NativeEndian.PutUint64(arg, 7<<8)     // status
	binary.NativeEndian.PutUint64(arg[8:], 3)    // seconds
	binary.NativeEndian.PutUint64(arg[16:], 250) // nanoseconds
	exit, err := ParseExit(arg)
	require.NoError(t, err)
	assert.Equal(t, 7, exit.Status.ExitStatus())
	assert.Equal(t, 3*time.Second+250, exit.Clock)
	for _, wrong := range []int{0, 8, size - 1, size + 1} {
		_, err := ParseExit(make([]byte, wrong))
		assert.ErrorContains(t, err, "exit message of ", "%d bytes", wrong)
	}
}
