package limits

import (
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestParseCount(t *testing.T) {
	tests := []struct {
		name string
		file string
		want int64
		bad  bool
	}{
		{"number", "1234\n", 1234, false},
		{"no newline", "0", 0, false},
		{"max", "max\n", math.MaxInt64, false},
		{"largest", "9223372036854775807\n", math.MaxInt64, false},
		{"version 1 without a limit", "18446744073709551615\n", math.MaxInt64, false},
		{"empty", "", 0, true},
		{"only a newline", "\n", 0, true},
		{"negative", "-1\n", 0, true},
		{"two lines", "1\n2\n", 0, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := parseCount([]byte(tt.file))
			assert.Equal(t, tt.bad, err != nil, "%q: %v", tt.file, err)
			if !tt.bad {
				assert.Equal(t, tt.want, got, "%q", tt.file)
			}
		})
	}
}

func TestParseKey(t *testing.T) {
	const stat = "usage_usec 7100\nuser_usec 7000\nsystem_usec 100\n"
	const events = "low 0\nhigh 0\nmax 12\noom 3\noom_kill 2\noom_group_kill 1\n"
	tests := []struct {
		name, file, key string
		want            int64
		found           bool
	}{
		{"first line", stat, "usage_usec", 7100, true},
		{"last line", stat, "system_usec", 100, true},
		{"key that begins another", events, "oom", 3, true},
		{"key in the middle", events, "oom_kill", 2, true},
		{"no such key", events, "oom_", 0, false},
		{"no newline at the end", "max 4", "max", 4, true},
		{"not a number", "max many\n", "max", 0, false},
		{"empty", "", "max", 0, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, found := parseKey([]byte(tt.file), tt.key)
			assert.Equal(t, tt.found, found)
			assert.Equal(t, tt.want, got)
		})
	}
}

func TestParsersDoNotAllocate(t *testing.T) {
	file := []byte("usage_usec 7100\nuser_usec 7000\n")
	count := []byte("123456\n")
	assert.Zero(t, testing.AllocsPerRun(100, func() {
		_, _ = parseKey(file, "user_usec")
		_, _ = parseCount(count)
	}))
}

func FuzzParseCount(f *testing.F) {
	for _, seed := range []string{"0\n", "max\n", "9223372036854775808\n", "-1", "1e3", ""} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, file string) {
		got, err := parseCount([]byte(file))
		want, wantErr := strconv.ParseInt(strings.TrimSuffix(file, "\n"), 10, 64)
		if wantErr == nil && want >= 0 && !strings.HasPrefix(file, "+") && !strings.HasPrefix(file, "-") {
			assert.NoError(t, err)
			assert.Equal(t, want, got)
		}
		if err == nil {
			assert.GreaterOrEqual(t, got, int64(0))
		}
	})
}

func FuzzParseKey(f *testing.F) {
	f.Add("oom 1\noom_kill 2\n", "oom_kill")
	f.Add("oom_kill_disable 0\nunder_oom 0\noom_kill 3\n", "oom_kill")
	f.Add("", "")
	f.Add("  \n \n", "")
	f.Fuzz(func(t *testing.T, file, key string) {
		got, found := parseKey([]byte(file), key)
		assert.GreaterOrEqual(t, got, int64(0))
		if found {
			assert.Contains(t, file, key+" ")
		}
	})
}
