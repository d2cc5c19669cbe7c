package main

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// displayTasks is a task file with a submission, and one test.
func displayTasks(t *testing.T, program string) string {
	t.Helper()
	file := writeTasks(t, `
		[[task]]
		name        = "show"
		submissions = ["a.sh"]
		limits      = { wall = "10m" }
		test        = [{ input = "", answer = "a" }]`)
	require.NoError(t, os.WriteFile(strings.TrimSuffix(file, "tasks.toml")+"a.sh", []byte(program), 0o644))
	return file
}

// plainEnv is an environment where nothing tells a terminal how to look.
var plainEnv = []string{"TERM=xterm", "LC_ALL=", "LC_CTYPE=", "LANG=", "NO_COLOR=", "COLUMNS="}

func TestTableLooksAsTheTerminalAllows(t *testing.T) {
	needsJudging(t)
	file := displayTasks(t, "echo a")
	tests := []struct {
		name           string
		env            []string
		args           []string
		color, unicode bool
	}{
		{"terminal", nil, nil, true, true},
		{"NO_COLOR", []string{"NO_COLOR=1"}, nil, false, true},
		{"the flag goes before", []string{"NO_COLOR=1"}, []string{"--color", "always"}, true, true},
		{"never", nil, []string{"--color=never"}, false, true},
		{"ascii", nil, []string{"--ascii"}, true, false},
		{"LANG=C", []string{"LANG=C"}, nil, true, false},
		{"LC_ALL goes before", []string{"LANG=C", "LC_ALL=C.UTF-8"}, nil, true, true},
		{"dumb", []string{"TERM=dumb"}, nil, false, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := sitWith(t, append(plainEnv, tt.env...), append([]string{"run", file}, tt.args...)...)
			screen := s.sees("1 submission, 1 run, all as expected")
			assert.Equal(t, statusExpected, s.status())
			screen = strings.ReplaceAll(screen, "\x1b[K", "") // of a progress line, when the machine is slow
			assert.Equal(t, tt.color, strings.Contains(screen, "\x1b["), screen)
			assert.Equal(t, tt.unicode, strings.Contains(screen, "✓"), screen)
			assert.Equal(t, !tt.unicode, strings.Contains(screen, "ok  a.sh") || strings.Contains(screen, "ok\x1b"), screen)
		})
	}
}

func TestProgressOnATerminalIsGoneAfterCtrlC(t *testing.T) {
	s := sitWith(t, append(plainEnv, "NO_COLOR=1"), "run", displayTasks(t, "sleep 500"))
	s.sees("0 of 1 run")
	s.sees("show/a.sh/1")
	s.typed("\x03")
	s.sees("\r\x1b[K") // what was there is removed before anything else is printed
	rest := s.sees("judge: interrupted")
	assert.Equal(t, statusInterrupted, s.status())
	assert.Contains(t, rest, "a.sh")
	_, last, _ := strings.Cut(rest, "0 runs, 1 not as expected")
	assert.Regexp(t, `\r\x1b\[K$`, last, "and is removed for good in the end")
}

func TestNoProgressAmongRecords(t *testing.T) {
	s := sitWith(t, plainEnv, "run", "--format", "jsonl", displayTasks(t, "sleep 1.5; echo a"))
	screen := s.sees(`"kind":"summary"`)
	assert.Equal(t, statusExpected, s.status())
	assert.NotContains(t, screen, "of 1 run")
	assert.NotContains(t, screen, "\x1b")
}
