package limits

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"golang.org/x/sys/unix"
)

func TestRlimitNumbersAreThoseOfTheKernel(t *testing.T) {
	assert.Equal(t,
		[]int{unix.RLIMIT_CPU, unix.RLIMIT_FSIZE, unix.RLIMIT_STACK, unix.RLIMIT_CORE, unix.RLIMIT_NPROC, unix.RLIMIT_NOFILE, unix.RLIMIT_AS},
		[]int{rlimitCPU, rlimitFSize, rlimitStack, rlimitCore, rlimitNProc, rlimitNoFile, rlimitAS})
}
