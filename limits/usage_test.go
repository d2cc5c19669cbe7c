package limits

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestUsageDrawsConclusions(t *testing.T) {
	const mib = 1 << 20
	l := Limits{Memory: 64 * mib, Processes: 16}
	tests := []struct {
		name string
		c    counters
		want Usage
	}{
		{"nothing is known", counters{peak: -1, current: -1, processes: -1, oom: -1, oomKills: -1, refused: -1}, Usage{}},
		{"warm", counters{peak: 10 * mib, processes: 3},
			Usage{Memory: 10 * mib, HasMemory: true, Processes: 3, HasProcesses: true}},
		{"cold: page cache is not the program's", counters{peak: 30 * mib, current: 21 * mib, cache: 20 * mib, processes: -1},
			Usage{Memory: 10 * mib, HasMemory: true}},
		{"what is left and no cache is the floor", counters{peak: 30 * mib, current: 29 * mib, cache: 25 * mib, processes: -1},
			Usage{Memory: 5 * mib, HasMemory: true}},
		{"more cache at the end than at the peak", counters{peak: 20 * mib, current: 25 * mib, cache: 22 * mib, processes: -1},
			Usage{Memory: 3 * mib, HasMemory: true}},
		{"negative cache is none", counters{peak: 20 * mib, current: 5 * mib, cache: -4096, processes: -1},
			Usage{Memory: 20 * mib, HasMemory: true}},
		{"out of memory", counters{peak: 64 * mib, current: 2 * mib, cache: mib, oom: 2, oomKills: 1, processes: -1},
			Usage{Memory: 64 * mib, HasMemory: true, OOM: true, AtLimit: true}},
		{"out of memory, exited by itself", counters{peak: 63 * mib, oom: 1, processes: -1},
			Usage{Memory: 63 * mib, HasMemory: true, OOM: true, AtLimit: true}},
		{"killed because the machine was out of memory", counters{peak: 9 * mib, oomKills: 1, processes: -1},
			Usage{Memory: 9 * mib, HasMemory: true, HostOOM: true}},
		{"at the limit", counters{peak: 64*mib - 100, processes: -1},
			Usage{Memory: 64*mib - 100, HasMemory: true, AtLimit: true}},
		{"at the limit with page cache only", counters{peak: 64 * mib, current: 50 * mib, cache: 49 * mib, processes: -1},
			Usage{Memory: 15 * mib, HasMemory: true}},
		{"fork refused", counters{peak: -1, processes: 16, refused: 4},
			Usage{Processes: 16, HasProcesses: true, ProcessLimit: true}},
		{"out of memory, after a few refused forks", counters{peak: 64 * mib, oom: 1, processes: 16, refused: 1024},
			Usage{Memory: 64 * mib, HasMemory: true, OOM: true, AtLimit: true, Processes: 16, HasProcesses: true, ProcessLimit: true}},
		{"out of memory, as refused forks alone can be", counters{peak: 64 * mib, oom: 1, processes: 16, refused: 1025},
			Usage{Memory: 64 * mib, HasMemory: true, OOM: true, AtLimit: true, Processes: 16, HasProcesses: true, ProcessLimit: true, ForkFlood: true}},
		{"fork refused, peak unknown", counters{peak: -1, processes: -1, refused: 1},
			Usage{ProcessLimit: true}},
		{"fork refused by a limit further up", counters{peak: -1, processes: 5, refused: 1},
			Usage{Processes: 5, HasProcesses: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.c.usage(l))
		})
	}
}

func TestUsageWithoutLimitsIsNeverAtLimit(t *testing.T) {
	u := counters{peak: 1 << 40, processes: 1000, refused: 1}.usage(Limits{})
	assert.False(t, u.AtLimit)
	assert.False(t, u.ProcessLimit)
	assert.False(t, u.ForkFlood)
}

func TestOOMInVersion1IsAKillAtTheLimit(t *testing.T) {
	const limit = 64 << 20
	tests := []struct {
		name  string
		c     counters
		limit int64
		want  int64
	}{
		{"killed at the limit", counters{oomKills: 2, peak: limit}, limit, 2},
		{"killed just below it", counters{oomKills: 1, peak: limit - 32<<10}, limit, 1},
		{"told at the limit, and killed by us", counters{told: true, peak: limit}, limit, 1},
		{"told because a group above was out of memory", counters{told: true, peak: limit / 2}, limit, 0},
		{"at the limit with cache only", counters{peak: limit}, limit, 0},
		{"killed far from it", counters{oomKills: 1, peak: limit / 2}, limit, 0},
		{"killed without a limit", counters{oomKills: 1, peak: limit}, 0, 0},
		{"an old kernel that does not count", counters{oomKills: -1, peak: limit}, limit, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.c.oomInVersion1(tt.limit))
		})
	}
}
