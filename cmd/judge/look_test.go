package main

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"judge/judge"
)

func TestSpeaksUnicode(t *testing.T) {
	tests := []struct {
		name string
		env  map[string]string
		want bool
	}{
		{"nothing is said, as in a container", nil, true},
		{"UTF-8", map[string]string{"LANG": "de_DE.UTF-8"}, true},
		{"utf8", map[string]string{"LC_CTYPE": "C.utf8", "LANG": "C"}, true},
		{"C", map[string]string{"LANG": "C"}, false},
		{"LC_ALL first", map[string]string{"LC_ALL": "POSIX", "LANG": "en_US.UTF-8"}, false},
		{"Latin-1", map[string]string{"LANG": "de_DE.ISO-8859-1"}, false},
	}
	for _, tt := range tests {
		assert.Equal(t, tt.want, speaksUnicode(func(name string) string { return tt.env[name] }), tt.name)
	}
}

func TestCommandThatJudgesOnlyThis(t *testing.T) {
	tasks := []judge.Task{{Name: "sum", File: "a/tasks.toml"}, {Name: "sum/2", File: "it's.toml"}}
	tests := []struct {
		name     string
		flags    runFlags
		selector string
		want     string
	}{
		{"one file", runFlags{paths: []string{"x.toml"}}, "sum/a.c/1", "judge run --only sum/a.c/1 x.toml"},
		{"the task's file", runFlags{paths: []string{"b.toml", "a/tasks.toml"}}, "sum/a.c", "judge run --only sum/a.c a/tasks.toml"},
		{"its directory", runFlags{paths: []string{"b.toml", "a"}}, "sum/a.c", "judge run --only sum/a.c a"},
		{"included by one of them", runFlags{paths: []string{"b.toml", "c.toml"}}, "sum/a.c", "judge run --only sum/a.c b.toml c.toml"},
		{"quoted", runFlags{paths: []string{"it's.toml"}}, "sum/2/a b.c/*", `judge run --only 'sum/2/a b.c/*' 'it'\''s.toml'`},
		{"a file like a flag", runFlags{paths: []string{"-x.toml"}, degraded: true}, "sum/a.c", "judge run --degraded --only sum/a.c -- -x.toml"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, tt.flags.command(tasks, tt.selector))
		})
	}
}
