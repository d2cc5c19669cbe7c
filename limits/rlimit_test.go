package limits

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestRlimits(t *testing.T) {
	const mib = 1 << 20
	core := Rlimit{4, "RLIMIT_CORE", 0, 0}
	tests := []struct {
		name string
		l    Limits
		lack Lack
		hard map[int]uint64
		want []Rlimit
	}{
		{name: "no limits", want: []Rlimit{core}},
		{name: "everything",
			l: Limits{CPU: 1500 * time.Millisecond, Memory: 256 * mib, Output: 64 * mib, Processes: 64,
				Stack: 8 * mib, Disk: 32 * mib, OpenFiles: 100},
			want: []Rlimit{
				{0, "RLIMIT_CPU", 3, 4},
				{1, "RLIMIT_FSIZE", 64 * mib, 64 * mib},
				{3, "RLIMIT_STACK", 8 * mib, 8 * mib},
				core,
				{7, "RLIMIT_NOFILE", 100, 100},
			}},
		{name: "whole seconds are not rounded up", l: Limits{CPU: time.Second},
			want: []Rlimit{{0, "RLIMIT_CPU", 2, 3}, core}},
		{name: "the stack may use all memory", l: Limits{Memory: 512 * mib},
			want: []Rlimit{{3, "RLIMIT_STACK", 512 * mib, 512 * mib}, core}},
		{name: "output alone does not bound files", l: Limits{Output: mib}, want: []Rlimit{core}},
		{name: "rlimits alone", lack: Lack{CPU: true, Memory: true, Processes: true},
			l: Limits{CPU: time.Second, Memory: 64 * mib, Processes: 8},
			want: []Rlimit{
				{0, "RLIMIT_CPU", 1, 2},
				{3, "RLIMIT_STACK", 64 * mib, 64 * mib},
				core,
				{6, "RLIMIT_NPROC", 8, 8},
				{9, "RLIMIT_AS", 64 * mib, 64 * mib},
			}},
		{name: "nothing exceeds the current hard limit",
			l:    Limits{CPU: 10 * time.Second, Stack: 64 * mib, OpenFiles: 4096},
			hard: map[int]uint64{0: 11, 3: 8 * mib, 7: 1024},
			want: []Rlimit{
				{0, "RLIMIT_CPU", 11, 11},
				{3, "RLIMIT_STACK", 8 * mib, 8 * mib},
				core,
				{7, "RLIMIT_NOFILE", 1024, 1024},
			}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var hard func(int) uint64
			if tt.hard != nil {
				hard = func(resource int) uint64 { return tt.hard[resource] }
			}
			assert.Equal(t, tt.want, Rlimits(tt.l, tt.lack, hard))
		})
	}
}
