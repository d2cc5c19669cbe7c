package judge

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
)

func TestNewCapture(t *testing.T) {
	tests := []struct {
		name  string
		head  string
		total int64
		limit int
		want  Capture
	}{
		{"all of it", "abc", 3, 4, Capture{Bytes: 3, Text: "abc"}},
		{"as long as the limit", "abcd", 4, 4, Capture{Bytes: 4, Text: "abcd"}},
		{"cut here", "abcde", 5, 4, Capture{Bytes: 5, Text: "abcd", Truncated: true}},
		{"cut by who read it", "abcd", 900, 4, Capture{Bytes: 900, Text: "abcd", Truncated: true}},
		{"cut inside a character", "abc€", 6, 4, Capture{Bytes: 6, Text: "abc", Truncated: true}},
		{"cut inside a character by who read it", "abc\xe2\x82", 900, 8, Capture{Bytes: 900, Text: "abc", Truncated: true}},
		{"ends inside a character", "abc\xe2\x82", 5, 8, Capture{Bytes: 5, Text: "abc\ufffd"}},
		{"invalid bytes", "a\xff\xfeb\xc0", 5, 8, Capture{Bytes: 5, Text: "a\ufffdb\ufffd"}},
		{"invalid bytes at the cut", "a\x80\x80\x80\x80\x80\x80", 7, 6, Capture{Bytes: 7, Text: "a\ufffd", Truncated: true}},
		{"control characters stay", "\x00\x1b[m\r\n", 6, 8, Capture{Bytes: 6, Text: "\x00\x1b[m\r\n"}},
		{"nothing", "", 0, 8, Capture{}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, &tt.want, NewCapture([]byte(tt.head), tt.total, tt.limit))
		})
	}
}

func TestVisible(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", `a "b" \c`, `a "b" \c`},
		{"letters of the world", "é 漢 ✓", "é 漢 ✓"},
		{"terminal escape", "\x1b]0;title\x07", `\x1b]0;title\a`},
		{"eight-bit escape", "\u009b2J", `\u009b2J`},
		{"lines", "a\r\n\tb", `a\r\n\tb`},
		{"reordering", "a\u202eb\u2066", `a\u202eb\u2066`},
		{"spaces that look alike", "a\u00a0b\u2028", `a\u00a0b\u2028`},
		{"invalid bytes", "a\xffb", `a\xffb`},
		{"replacement character", "a\ufffdb", "a\ufffdb"},
		{"NUL", "\x00", `\x00`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			assert.Equal(t, tt.want, Visible(tt.text))
		})
	}
}

func FuzzText(f *testing.F) {
	f.Add("a\xe2\x82", 2)
	f.Add("\xff\x00\u202e", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit = max(0, limit%100)
		capture := NewCapture([]byte(s), int64(len(s)), limit)
		assert.True(t, utf8.ValidString(capture.Text))
		assert.LessOrEqual(t, len(capture.Text), 3*limit)
		assert.Equal(t, len(s) > limit, capture.Truncated)
		if utf8.ValidString(s) {
			assert.True(t, strings.HasPrefix(s, capture.Text))
		}
		visible := Visible(s)
		assert.Equal(t, visible, Visible(visible))
	})
}

func TestVisibleLines(t *testing.T) {
	for text, want := range map[string]string{
		"":                        "",
		"a.c:1: error\n\tx\n":     "a.c:1: error\n\tx\n",
		"\x1b[31mred\x1b[0m\r\n":  `\x1b[31mred\x1b[0m\r` + "\n",
		"no newline\u202e\x00end": `no newline\u202e\x00end`,
	} {
		assert.Equal(t, want, VisibleLines(text))
	}
}
