package judge

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseSyscall(t *testing.T) {
	calls := []map[int]callKind{
		{0: {waits: waitInput}, 7: {waits: waitEvent, timeout: 2}, 202: {waits: waitOther, timeout: 3, pointer: true}},
		{61: {waits: waitOther, timeout: -1}},
	}
	tests := []struct {
		name, line string
		want       waitState
	}{
		{"runs", "running\n", running},
		{"in a page fault", "-1 0x7ffc0 0x7f01\n", running},
		{"reads its input", "0 0x0 0x5000 0x400 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitInput},
		{"reads something else", "0 0x5 0x5000 0x400 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitOther},
		{"polls for ever", "7 0x7000 0x1 0xffffffff 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitEvent},
		{"polls for ever, with the sign extended", "7 0x7000 0x1 0xffffffffffffffff 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitEvent},
		{"polls for a second", "7 0x7000 0x1 0x3e8 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitTimed},
		{"waits for a thread", "202 0x7000 0x80 0x2 0x0 0x0 0xffffffff 0x7ffc0 0x7f01\n", waitOther},
		{"waits for a thread, but not for long", "202 0x7000 0x80 0x2 0x7fff 0x0 0xffffffff 0x7ffc0 0x7f01\n", waitSoon},
		{"waits for a child", "61 0xffffffffffffffff 0x0 0x0 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitOther},
		{"sleeps", "230 0x0 0x0 0x7000 0x0 0x0 0x0 0x7ffc0 0x7f01\n", waitSoon},
		{"empty", "", running},
		{"not a number", "a b c d e f g\n", running},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, parseSyscall(tt.line, calls, []int{0, 4}))
		})
	}
}

func TestGatherThreads(t *testing.T) {
	tests := []struct {
		name   string
		states []waitState
		want   threads
	}{
		{"no thread", nil, threads{}},
		{"one that reads", []waitState{waitInput}, threads{forever: true, input: true, asleep: true}},
		{"one reads, one runs", []waitState{waitInput, running}, threads{input: true, awake: true}},
		{"one reads, one polls now and then", []waitState{waitInput, waitTimed}, threads{input: true, asleep: true}},
		{"one reads, the others wait for it", []waitState{waitOther, waitInput, waitOther}, threads{forever: true, input: true, asleep: true}},
		{"they wait for each other", []waitState{waitOther, waitOther}, threads{asleep: true}},
		{"one reads, one sleeps", []waitState{waitInput, waitSoon}, threads{input: true, asleep: true}},
		{"one sleeps", []waitState{waitSoon}, threads{asleep: true}},
		{"one runs", []waitState{running}, threads{awake: true}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { assert.Equal(t, tt.want, gather(tt.states)) })
	}
}
