package selftest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestChanges(t *testing.T) {
	look := func(clock time.Duration, mounts, files []string) snapshot {
		return snapshot{clock: clock, things: []things{{"mount", mounts, unchanged}, {"file", files, noneNew}}}
	}
	before := look(time.Hour, []string{"a", "b"}, []string{"x", "y"})
	for name, c := range map[string]struct {
		now  snapshot
		want []string
	}{
		"nothing":             {before, nil},
		"gone where it may":   {look(time.Hour, []string{"a", "b"}, nil), nil},
		"gone where it must":  {look(time.Hour, []string{"a"}, nil), []string{"gone: mount: b"}},
		"new":                 {look(time.Hour, []string{"a", "b", "c"}, []string{"z"}), []string{"new: mount: c", "new: file: z"}},
		"many":                {look(time.Hour, []string{"a", "b"}, []string{"1", "2", "3", "4", "5"}), []string{"new: file: 1; 2; 3; and 2 more"}},
		"clock adjusted":      {look(time.Hour+time.Second, []string{"a", "b"}, nil), nil},
		"clock set back":      {look(time.Minute, []string{"a", "b"}, nil), []string{"the clock was set, by 59m0s"}},
		"order is no finding": {look(time.Hour, []string{"b", "a"}, nil), nil},
	} {
		t.Run(name, func(t *testing.T) { assert.Equal(t, c.want, before.changes(c.now)) })
	}
}
